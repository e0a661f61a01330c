//! Back-off of one object. It lies in the object's status, so a restart does not begin a storm.

use jiff::{SignedDuration, Timestamp};

/// The first wait.
const FIRST: SignedDuration = SignedDuration::from_secs(5);
/// The longest wait.
const LONGEST: SignedDuration = SignedDuration::from_mins(10);

/// When to try again after `failures` failures in a row (1 for the first), jittered by `seed` so that
/// many objects do not come back at once.
pub fn until(failures: u32, now: Timestamp, seed: u64) -> Timestamp {
    let doubled = FIRST.as_secs().saturating_mul(1_i64 << failures.saturating_sub(1).min(20));
    let wait = doubled.min(LONGEST.as_secs());
    // Up to a fifth longer.
    let jitter = i64::try_from(seed % 1000).unwrap_or(0) * wait / 5000;
    now + SignedDuration::from_secs(wait + jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_ten_minutes() {
        let now = Timestamp::UNIX_EPOCH;
        let secs = |failures| until(failures, now, 0).as_second();
        assert_eq!([secs(1), secs(2), secs(3), secs(8), secs(60)], [5, 10, 20, 600, 600]);
        assert_eq!(until(1, now, 999).as_second(), 5);
        assert_eq!(until(9, now, 999).as_second(), 719);
    }
}
