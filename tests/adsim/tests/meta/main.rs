//! The simulated Marketing API of Meta over HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod access;
mod batch;
mod edits;
mod faults;
mod media;
mod quota;
mod reads;
mod rules;
mod support;
mod time;
mod writes;
