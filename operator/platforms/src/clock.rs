//! Business time for connectors: hints like "come back in 40591 s" and what happens on an account
//! day are in business time, HTTP timeouts and tokens are not.

use std::sync::Arc;

use jiff::Timestamp;

/// Tells the business time.
pub trait BusinessClock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// A shared clock.
pub type SharedClock = Arc<dyn BusinessClock>;

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl BusinessClock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
