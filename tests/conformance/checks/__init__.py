"""Checks of recorded requests and answers against the platforms' own message definitions."""
