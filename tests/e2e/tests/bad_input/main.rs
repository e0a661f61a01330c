//! Bad input: what exactly a user is told, and that nothing is lost by it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "tests")]

mod accounts;
mod claims;
mod currencies;
mod gone;
mod media;
mod specs;
