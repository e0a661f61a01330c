//! The Meta connector against the simulated platform.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod access;
#[path = "../common/mod.rs"]
mod common;
mod create;
mod drift;
mod fixtures;
mod holder;
mod inventory;
mod limits;
mod media;
mod plan;
mod rehearsal;
mod render;
mod spend;
mod support;
mod writes;
