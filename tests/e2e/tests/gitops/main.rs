//! What GitOps tools do with Campaigns: they wait for them, prune them, and bring them back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "tests")]

mod layout;
mod prune;
mod statuses;
