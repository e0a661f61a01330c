//! Business time: the system's, or stepped by a driver from one due timer to the next.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adops_platforms::clock::BusinessClock;
use jiff::Timestamp;
use tokio::sync::watch;

/// A clock of business time.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's time.
    System,
    /// Time that a driver moves.
    Stepped(Arc<Stepped>),
}

/// A stepped clock.
#[derive(Debug)]
pub struct Stepped {
    now: watch::Sender<Timestamp>,
    due: Mutex<BTreeMap<Timestamp, usize>>,
}

impl Clock {
    /// A stepped clock that begins at `start`.
    pub fn stepped(start: Timestamp) -> Self {
        Self::Stepped(Arc::new(Stepped { now: watch::Sender::new(start), due: Mutex::default() }))
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Stepped(stepped) => *stepped.now.borrow(),
        }
    }

    /// Waits until `until` has come.
    pub async fn sleep_until(&self, until: Timestamp) {
        match self {
            Self::System => {
                // In slices, so that a system clock that jumps is followed.
                loop {
                    let left = until.duration_since(Timestamp::now());
                    let Ok(left) = Duration::try_from(left) else { return };
                    if left.is_zero() {
                        return;
                    }
                    tokio::time::sleep(left.min(Duration::from_secs(30))).await;
                }
            }
            Self::Stepped(stepped) => {
                let _timer = Timer::new(stepped, until);
                let mut now = stepped.now.subscribe();
                // The sender lives as long as the clock.
                let _ = now.wait_for(|now| *now >= until).await;
            }
        }
    }
}

impl Stepped {
    /// Moves time forward; it never goes back.
    pub fn set(&self, to: Timestamp) {
        self.now.send_if_modified(|now| {
            let later = to > *now;
            if later {
                *now = to;
            }
            later
        });
    }

    /// The earliest timer that somebody waits for.
    pub fn next_due(&self) -> Option<Timestamp> {
        let due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        due.keys().next().copied()
    }
}

struct Timer<'a> {
    stepped: &'a Stepped,
    until: Timestamp,
}

impl<'a> Timer<'a> {
    fn new(stepped: &'a Stepped, until: Timestamp) -> Self {
        let mut due = stepped.due.lock().unwrap_or_else(PoisonError::into_inner);
        *due.entry(until).or_default() += 1;
        Self { stepped, until }
    }
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        let mut due = self.stepped.due.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = due.get_mut(&self.until) {
            *count -= 1;
            if *count == 0 {
                due.remove(&self.until);
            }
        }
    }
}

impl BusinessClock for Clock {
    fn now(&self) -> Timestamp {
        Clock::now(self)
    }
}
