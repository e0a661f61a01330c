//! Business time: the system's, or stepped by a driver.
//!
//! Flights, reviews, delivery, reports and quota windows run on this clock. Access tokens, latency and hangs run on
//! the machine's clock.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Which clock to use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClockConfig {
    /// The machine's time.
    #[default]
    System,
    /// Time stands still until it is set.
    Stepped {
        /// The first instant.
        start: Timestamp,
    },
}

/// A shared clock.
#[derive(Debug, Clone)]
pub struct Clock(Option<Arc<Mutex<Timestamp>>>);

impl Clock {
    /// The clock of a configuration.
    pub fn new(config: ClockConfig) -> Clock {
        match config {
            ClockConfig::System => Clock(None),
            ClockConfig::Stepped { start } => Clock(Some(Arc::new(Mutex::new(start)))),
        }
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            None => Timestamp::now(),
            Some(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a stepped clock forward. `false` if the clock is the system's or the instant lies in the past: then
    /// nothing changes.
    pub fn set(&self, to: Timestamp) -> bool {
        let Some(now) = &self.0 else { return false };
        let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
        if to < *now {
            return false;
        }
        *now = to;
        true
    }

    /// Whether time moves only when it is set.
    pub fn is_stepped(&self) -> bool {
        self.0.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stepped_time_moves_forward_only_when_told() {
        let start: Timestamp = "2027-03-01T00:00:00Z".parse().unwrap();
        let clock = Clock::new(ClockConfig::Stepped { start });
        assert_eq!(clock.now(), start);
        let later: Timestamp = "2027-03-02T00:00:00Z".parse().unwrap();
        assert!(clock.set(later));
        assert!(!clock.set(start), "time does not run backwards");
        assert_eq!(clock.now(), later);
    }
}
