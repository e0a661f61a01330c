//! The TikTok connector against the simulated platform.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod access;
#[path = "../common/mod.rs"]
mod common;
mod create;
mod drift;
mod fixtures;
mod inventory;
mod media;
mod money;
mod plan;
mod render;
mod support;
mod walk;
mod writes;
