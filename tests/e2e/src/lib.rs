//! What end-to-end tests, the kill matrix and the demo stand on: a real control plane, a simulated
//! platform, an operator that can be killed at any point, and a driver of the stepped clock.
//!
//! A test gets a [`world::World`]: a namespace of its own on a control plane that all tests of a
//! process share, a simulator of its own, and an operator bound to that namespace. It waits on
//! conditions; the driver moves business time to the next timer whenever nobody has anything to do.

#![allow(clippy::missing_panics_doc, reason = "a fixture that cannot be set up ends the test")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "test support")]

pub mod cluster;
pub mod files;
pub mod given;
pub mod helm;
pub mod kill;
pub mod proxy;
pub mod reach;
pub mod world;
