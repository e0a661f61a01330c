//! What controllers run on: clocks, work queues, watches, writes to the API server, and what the
//! process tells of itself.

pub mod activity;
pub mod allowance;
pub mod backoff;
pub mod clock;
pub mod cluster;
pub mod events;
pub mod health;
pub mod leader;
pub mod metrics;
pub mod namespaces;
pub mod queue;
pub mod status;
pub mod watch;
