//! The simulated Google Ads API over HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod access;
mod edits;
mod faults;
mod goals;
mod mutate;
mod rules;
mod scale;
mod search;
mod support;
mod time;
