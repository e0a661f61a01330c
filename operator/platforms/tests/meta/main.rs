//! The Meta connector against the simulated platform.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod create;
mod drift;
mod plan;
mod support;
mod writes;
