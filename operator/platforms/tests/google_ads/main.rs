//! The Google Ads connector against the simulated platform.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod access;
#[path = "../common/mod.rs"]
mod common;
mod create;
mod drift;
mod endpoints;
mod plan;
mod rehearsal;
mod render;
mod support;
mod writes;
