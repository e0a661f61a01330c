//! One request that fails for the whole account speaks for those that were not sent yet.

use std::sync::{Mutex, PoisonError};

use super::errors::{CONFLICT, DUPLICATE_REQUEST, Refusal, after, stops_all};
use crate::error::PlatformError;

/// Why nothing more is sent, if something says so.
#[derive(Debug, Default)]
pub(super) struct Halt(Mutex<Option<PlatformError>>);

impl Halt {
    /// Takes note of a refusal.
    pub(super) fn note(&self, refusal: &Refusal) {
        let of_one = matches!(refusal.code, Some(CONFLICT | DUPLICATE_REQUEST));
        if !of_one && stops_all(&refusal.error) {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            held.get_or_insert_with(|| refusal.error.clone());
        }
    }

    /// Whether something may be sent; if not, the error of what is not sent.
    pub(super) fn check(&self) -> Result<(), PlatformError> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(error) => Err(after(error)),
            None => Ok(()),
        }
    }
}
