//! What controllers run on: clocks, work queues, watches, writes to the API server, and what the
//! process tells of itself.

pub mod activity;
pub mod backoff;
pub mod clock;
pub mod events;
pub mod health;
pub mod metrics;
pub mod queue;
pub mod status;
pub mod watch;
