//! The life of a Campaign on Google Ads: created, changed, delivering, measured, deleted; and what a
//! plain user with kubectl sees of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "tests")]

mod changes;
mod created;
mod deleted;
mod delivery;
mod people;
