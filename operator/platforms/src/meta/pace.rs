//! How much is asked for at once, and how fast.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Rows that a page of an edge is asked for at most. Fewer, once the platform has asked for less.
const ROWS: usize = 500;
/// Fewer rows are never asked for.
const LEAST_ROWS: usize = 5;
/// Meta takes a hundred changes of an account within a second, whatever else its headers say is free: that limit is
/// documented (613/5044001), and no header tells of it. Some are left to others.
const WRITES: usize = 90;
/// Calls of a batch of writes at most: two of them are what may be sent within a second.
pub(super) const WRITES_PER_BATCH: usize = WRITES / 2;
/// A second, and what requests may come closer together on their way.
const WINDOW: Duration = Duration::from_millis(1_100);

/// What a client has learned of how much it may ask for, and when.
#[derive(Debug)]
pub(super) struct Pace {
    rows: AtomicUsize,
    insights_from: Mutex<Option<Timestamp>>,
    /// The changes of the latest second: when they were sent, and how many.
    writes: Mutex<VecDeque<(Instant, usize)>>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { rows: AtomicUsize::new(ROWS), insights_from: Mutex::new(None), writes: Mutex::default() }
    }
}

impl Pace {
    /// Rows that a page may have.
    pub(super) fn rows(&self) -> usize {
        self.rows.load(Ordering::Relaxed)
    }

    /// A page of so many rows was too much: the next time it is asked for fewer.
    pub(super) fn fewer_rows(&self, rows: usize) {
        self.rows.store((rows / 2).max(LEAST_ROWS), Ordering::Relaxed);
    }

    /// No insights are given before.
    pub(super) fn hold_insights(&self, until: Timestamp) {
        *self.insights_from.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    /// Until when no insights are given.
    pub(super) fn insights_held(&self, now: Timestamp) -> Option<Timestamp> {
        self.insights_from.lock().unwrap_or_else(PoisonError::into_inner).filter(|until| *until > now)
    }

    /// Waits until so many changes may be sent.
    pub(super) async fn wait_for_writes(&self, changes: usize) {
        while let Some(at) = self.turn(changes, Instant::now()) {
            tokio::time::sleep_until(at.into()).await;
        }
    }

    /// Takes the turn of so many changes; or says when to ask again.
    fn turn(&self, changes: usize, now: Instant) -> Option<Instant> {
        let mut writes = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
        while writes.front().is_some_and(|(at, _)| *at + WINDOW <= now) {
            writes.pop_front();
        }
        let sent: usize = writes.iter().map(|(_, changes)| changes).sum();
        match writes.front() {
            Some((first, _)) if sent + changes > WRITES => Some(*first + WINDOW),
            _ => {
                writes.push_back((now, changes));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_a_second_no_more_is_sent_than_is_taken() {
        let (pace, start) = (Pace::default(), Instant::now());
        let (mut now, mut sent) = (start, Vec::new());
        for changes in [45, 10, 45, 30, 45, 45, 1, 45] {
            while let Some(later) = pace.turn(changes, now) {
                assert!(later > now);
                now = later;
            }
            sent.push((now, changes));
        }
        for (at, _) in &sent {
            let within = sent.iter().filter(|(other, _)| other >= at && *other < *at + WINDOW);
            assert!(within.map(|(_, changes)| changes).sum::<usize>() <= WRITES);
        }
        assert!(now - start < Duration::from_secs(5));
    }
}
