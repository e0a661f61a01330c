//! The simulated TikTok Business API over HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]
#![allow(clippy::needless_pass_by_value, reason = "bodies are written where they are sent")]

mod access;
mod campaigns;
mod edits;
mod faults;
mod groups;
mod lists;
mod media;
mod reports;
mod scale;
mod statuses;
mod support;
