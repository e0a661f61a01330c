//! One suite that every connector passes, whatever its platform: what the port promises, held against the simulator.
//!
//! A [`Subject`] says what a platform has for the things that the suite speaks of: an object, a pause by hand, a
//! revoked token. [`conformance_suite!`] makes a test of each promise; what a platform has not it says in
//! [`Subject::lacks`], and the tests of that say so instead of passing silently.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]
#![allow(clippy::missing_panics_doc, reason = "a test panics when it fails")]

pub mod spec;
pub mod subject;
pub mod suite;
pub mod world;

pub use subject::Subject;
pub use world::World;
