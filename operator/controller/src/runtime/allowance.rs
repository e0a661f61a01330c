//! How many Events an object may cause: a tenant that edits without end, or whose thousand lines are refused one by
//! one, must not fill the API server.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// So many at once.
const BURST: u32 = 50;
/// And then one in this time.
const REFILL: Duration = Duration::from_mins(1);
/// More objects than this are looked through for those whose allowance is whole again.
const REMEMBERED: usize = 10_000;

/// Allowances by object.
#[derive(Debug, Default)]
pub struct Allowances {
    by_object: HashMap<String, Allowance>,
}

#[derive(Debug)]
struct Allowance {
    left: u32,
    since: Instant,
}

impl Allowances {
    /// Takes one out of an object's allowance; false if there is none.
    pub fn take(&mut self, object: &str, now: Instant) -> bool {
        if self.by_object.len() >= REMEMBERED && !self.by_object.contains_key(object) {
            self.by_object.retain(|_, allowance| {
                allowance.refill(now);
                allowance.left < BURST
            });
        }
        let allowance =
            self.by_object.entry(object.to_owned()).or_insert_with(|| Allowance { left: BURST, since: now });
        allowance.refill(now);
        let some = allowance.left > 0;
        allowance.left = allowance.left.saturating_sub(1);
        some
    }
}

impl Allowance {
    fn refill(&mut self, now: Instant) {
        let whole = now.saturating_duration_since(self.since).as_secs() / REFILL.as_secs();
        let whole = u32::try_from(whole).unwrap_or(BURST);
        self.since += REFILL * whole.min(BURST);
        self.left = self.left.saturating_add(whole).min(BURST);
        if self.left == BURST {
            self.since = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_that_causes_events_without_end_gets_few_and_another_one_all_of_its_own() {
        let (mut allowances, start) = (Allowances::default(), Instant::now());
        let given = |allowances: &mut Allowances, object: &str, at: Instant, tries: usize| {
            (0..tries).filter(|_| allowances.take(object, at)).count()
        };
        assert_eq!(given(&mut allowances, "noisy", start, 1000), 50);
        assert_eq!(given(&mut allowances, "quiet", start, 3), 3);
        assert_eq!(given(&mut allowances, "noisy", start + REFILL * 3, 1000), 3);
        assert_eq!(given(&mut allowances, "noisy", start + REFILL * 500, 1000), 50);
    }

    #[test]
    fn objects_without_number_are_not_remembered_for_ever() {
        let (mut allowances, start) = (Allowances::default(), Instant::now());
        for number in 0..REMEMBERED * 2 {
            let at = start + REFILL * u32::try_from(number / 1000).unwrap();
            assert!(allowances.take(&number.to_string(), at));
        }
        assert!(allowances.by_object.len() <= REMEMBERED);
    }
}
