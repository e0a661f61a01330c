//! Business time: the system's, or stepped by a driver from one due timer to the next.
//!
//! It never goes back: what was seen, sent or settled earlier must look earlier. A system clock that is set back is
//! waited for at half its pace, so that timers go on; one that is set forward is followed at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use adops_platforms::clock::BusinessClock;
use jiff::{SignedDuration, Timestamp};
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
            Self::System => steady_now(),
            Self::Stepped(stepped) => *stepped.now.borrow(),
        }
    }

    /// Waits until `until` has come.
    pub async fn sleep_until(&self, until: Timestamp) {
        match self {
            Self::System => {
                // In slices, so that a system clock that jumps is followed.
                loop {
                    let left = until.duration_since(steady_now());
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

/// Time that never goes back, and when it was told.
#[derive(Debug, Clone, Copy)]
struct Steady {
    told: Timestamp,
    at: Instant,
}

impl Steady {
    /// The next time to tell, when the system's clock says `system` at the instant `at`.
    fn tell(self, system: Timestamp, at: Instant) -> Self {
        let passed = SignedDuration::try_from(at.saturating_duration_since(self.at)).unwrap_or(SignedDuration::ZERO);
        Self { told: system.max(self.told + passed / 2), at }
    }
}

/// The system's time, without its steps back.
fn steady_now() -> Timestamp {
    static STEADY: Mutex<Option<Steady>> = Mutex::new(None);
    let mut steady = STEADY.lock().unwrap_or_else(PoisonError::into_inner);
    let (system, at) = (Timestamp::now(), Instant::now());
    let next = steady.map_or(Steady { told: system, at }, |before| before.tell(system, at));
    *steady = Some(next);
    next.told
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_clock_that_is_set_back_is_waited_for_and_one_set_forward_is_followed() {
        let (start, at): (Timestamp, _) = ("2027-03-01T12:00:00Z".parse().unwrap(), Instant::now());
        let seconds = SignedDuration::from_secs;
        let instant = |after| at + Duration::from_secs(after);
        let steady = Steady { told: start, at };
        let forward = steady.tell(start + seconds(3_610), instant(10));
        assert_eq!(forward.told, start + seconds(3_610));
        // An hour back: the wall says 10 s more than at first.
        let back = forward.tell(start + seconds(20), instant(20));
        assert_eq!(back.told, start + seconds(3_615));
        let waited = back.tell(start + seconds(3_620), instant(3_620));
        assert_eq!(waited.told, start + seconds(3_615 + 1_800));
        let caught_up = waited.tell(start + seconds(7_220), instant(7_220));
        assert_eq!(caught_up.told, start + seconds(7_220));
    }
}
