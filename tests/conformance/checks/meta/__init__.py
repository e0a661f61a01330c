"""Checks of Meta's Marketing API, against the Python package `facebook-business`."""
