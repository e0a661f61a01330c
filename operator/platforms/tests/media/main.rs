//! Images and videos: what is read from them, and from where.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "tests")]

mod fetch;
mod files;
mod probe;
