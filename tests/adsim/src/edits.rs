//! Edits by hand: what the platforms' edits have in common.

/// Why an edit could not be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct EditError(pub(crate) String);
