//! The operations of a day: how many a platform takes, and for what they are kept when they are scarce.
//!
//! Of a day's operations a twentieth is only for what stops or shrinks spend, and a fifth is for observing, as far as
//! the day has not gone by; growth has what is left. All of it is counted by the same midnight as the platform's.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::Use;

/// One part of so many is kept for what stops or shrinks spend.
const PROTECTED_PART: u64 = 20;
/// One part of so many is for observing.
const OBSERVED_PART: u64 = 5;
/// After a use was refused although there seemed to be room, it is tried again at the next full hour.
const HOUR: i64 = 3600;

/// Why an operation may not be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The platform has said that it takes nothing until then.
    Exhausted(Timestamp),
    /// What is left is kept for what is more important; there may be more then.
    Kept(Timestamp),
}

/// The operations of one scope of a platform's quota, day by day.
#[derive(Debug, Clone)]
pub struct Day {
    zone: TimeZone,
    started: Timestamp,
    declared: Option<u64>,
    learned: Option<u64>,
    date: Option<Date>,
    used: u64,
    observed: u64,
    assumed: bool,
    exhausted: Option<Timestamp>,
    closed: BTreeMap<Use, Timestamp>,
}

impl Day {
    /// Of a process that began at `started`; a day begins at midnight in `zone`.
    pub fn new(zone: TimeZone, started: Timestamp) -> Self {
        Self {
            zone,
            started,
            declared: None,
            learned: None,
            date: None,
            used: 0,
            observed: 0,
            assumed: true,
            exhausted: None,
            closed: BTreeMap::new(),
        }
    }

    /// Says how many operations a day has, if the user knows.
    pub fn declare(&mut self, size: Option<u64>) {
        self.declared = size;
    }

    /// How many operations a day has, if that is known.
    pub fn size(&self) -> Option<u64> {
        self.declared.or(self.learned)
    }

    /// The platform says that it takes nothing until then, and perhaps how many a day it takes.
    pub fn exhaust(&mut self, until: Timestamp, size: Option<u64>) {
        self.exhausted = self.exhausted.max(Some(until));
        if size.is_some() {
            self.learned = size;
        }
    }

    /// Until when the platform takes nothing.
    pub fn exhausted_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.exhausted.filter(|until| *until > now)
    }

    /// Takes operations for a use, if they may be sent now.
    pub fn take(&mut self, of: Use, cost: u64, now: Timestamp) -> Result<(), Refusal> {
        if let Some(until) = self.exhausted_until(now) {
            return Err(Refusal::Exhausted(until));
        }
        if self.room(of, now) < cost {
            let again = self.again(now);
            self.closed.insert(of, again);
            return Err(Refusal::Kept(again));
        }
        self.used += cost;
        if of == Use::Observe {
            self.observed += cost;
        }
        Ok(())
    }

    /// How many operations a use may still have now.
    pub fn room(&mut self, of: Use, now: Timestamp) -> u64 {
        self.roll(now);
        let Some(size) = self.size() else { return u64::MAX };
        if self.exhausted_until(now).is_some() || self.closed.get(&of).is_some_and(|until| *until > now) {
            return 0;
        }
        let left = size.saturating_sub(self.used()).saturating_sub(self.assumed_used(size));
        let kept = match of {
            Use::Protect => 0,
            Use::Observe => protected(size),
            Use::Grow | Use::Polish => protected(size) + self.still_observed(size, now),
        };
        left.saturating_sub(kept)
    }

    /// What is kept for observing until the day ends.
    fn still_observed(&self, size: u64, now: Timestamp) -> u64 {
        let share = size / OBSERVED_PART;
        self.part_left(share, now).min(share.saturating_sub(self.observed))
    }

    /// Of an amount for the whole day, the part that the rest of the day has.
    pub fn part_left(&self, amount: u64, now: Timestamp) -> u64 {
        let (begin, end) = self.bounds(now);
        let whole = end.duration_since(begin).as_secs().max(1).unsigned_abs();
        let left = end.duration_since(now).as_secs().max(0).unsigned_abs();
        u64::try_from(u128::from(amount) * u128::from(left) / u128::from(whole)).unwrap_or(amount)
    }

    /// What growth has of a whole day.
    pub fn growth_of_a_day(&self) -> Option<u64> {
        let size = self.size()?;
        Some((size - size / OBSERVED_PART).saturating_sub(protected(size)).max(1))
    }

    /// Counts a day begun meanwhile from nothing.
    fn roll(&mut self, now: Timestamp) {
        let date = now.to_zoned(self.zone.clone()).date();
        let over = self.exhausted.is_some_and(|until| until <= now);
        if self.date.is_some_and(|before| before != date) || over {
            self.used = 0;
            self.observed = 0;
            self.assumed = false;
            self.closed.clear();
        }
        if over {
            self.exhausted = None;
        }
        self.date = Some(date);
    }

    /// Operations that were used today by this process.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// What is assumed to have been used before this process began: nobody tells, so it is as if the day had been used
    /// evenly.
    fn assumed_used(&self, size: u64) -> u64 {
        if self.assumed { size.saturating_sub(self.part_left(size, self.started)) } else { 0 }
    }

    /// When the present day ends.
    pub fn reset(&self, now: Timestamp) -> Timestamp {
        self.bounds(now).1
    }

    /// The end of the day that is `days` days after the present one.
    pub fn end_after(&self, days: u64, now: Timestamp) -> Timestamp {
        let days = i64::try_from(days).unwrap_or(i64::MAX).min(3650);
        let reset = self.reset(now).to_zoned(self.zone.clone());
        reset.checked_add(days.days()).map_or(Timestamp::MAX, |end| end.timestamp())
    }

    /// When it is worth asking again: at the next full hour, or when the day ends.
    pub fn again(&self, now: Timestamp) -> Timestamp {
        let seconds = now.as_second();
        let hour = (seconds.div_euclid(HOUR) + 1) * HOUR;
        let hour = now + SignedDuration::from_secs(hour - seconds);
        let hour = Timestamp::from_second(hour.as_second()).unwrap_or(hour);
        self.exhausted_until(now).unwrap_or_else(|| hour.min(self.reset(now)))
    }

    fn bounds(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        let local = now.to_zoned(self.zone.clone());
        let begin = local.start_of_day().map_or(now, |begin| begin.timestamp());
        let end = local.tomorrow().and_then(|next| next.start_of_day());
        (begin, end.map_or(now + SignedDuration::from_hours(24), |end| end.timestamp()))
    }

    /// How often an account may be observed when all observing together costs `cost` operations a round: so that a day
    /// of it stays within the share for observing. None for as often as is liked.
    pub fn observe_every(&self, cost: u64) -> Option<SignedDuration> {
        let share = self.size()? / OBSERVED_PART;
        // A day has one round more than intervals.
        let usable = share.checked_sub(cost).filter(|usable| *usable > 0).unwrap_or_else(|| share.max(1));
        let seconds = (u128::from(cost) * 86_400).div_ceil(u128::from(usable));
        Some(SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX).min(7 * 86_400)))
    }
}

fn protected(size: u64) -> u64 {
    size.div_ceil(PROTECTED_PART)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn california() -> TimeZone {
        TimeZone::get("America/Los_Angeles").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A day of a size, known from its midnight on.
    fn day(size: u64) -> (Day, Timestamp) {
        let midnight = at("2027-02-24T08:00:00Z");
        let mut day = Day::new(california(), midnight);
        day.declare(Some(size));
        (day, midnight)
    }

    #[test]
    fn growth_leaves_what_stops_and_observing_need() {
        let (mut day, midnight) = day(2_880);
        assert_eq!(day.room(Use::Protect, midnight), 2_880);
        assert_eq!(day.room(Use::Grow, midnight), 2_880 - 144 - 576);
        let noon = midnight + SignedDuration::from_hours(12);
        assert_eq!(day.room(Use::Grow, noon), 2_880 - 144 - 288);
        day.take(Use::Grow, 2_448, noon).unwrap();
        assert_eq!(day.take(Use::Grow, 1, noon), Err(Refusal::Kept(noon + SignedDuration::from_hours(1))));
        day.take(Use::Observe, 288, noon).unwrap();
        assert!(day.take(Use::Observe, 1, noon).is_err());
        day.take(Use::Protect, 144, noon).unwrap();
        assert!(day.take(Use::Protect, 1, noon).is_err());
        // The next day has all of it again.
        let next = midnight + SignedDuration::from_hours(24);
        assert_eq!((day.reset(noon), day.room(Use::Protect, next)), (next, 2_880));
    }

    #[test]
    fn a_process_that_begins_late_in_the_day_takes_the_morning_for_used() {
        let started = at("2027-02-24T20:00:00Z");
        let mut day = Day::new(california(), started);
        assert_eq!(day.room(Use::Grow, started), u64::MAX);
        day.declare(Some(2_400));
        assert_eq!(day.room(Use::Protect, started), 1_200);
        assert_eq!(day.room(Use::Protect, at("2027-02-25T08:00:00Z")), 2_400);
    }

    #[test]
    fn what_the_platform_says_counts_until_then_and_teaches_the_size() {
        let (mut day, midnight) = (Day::new(california(), at("2027-02-24T08:00:00Z")), at("2027-02-24T08:00:00Z"));
        day.take(Use::Grow, 100_000, midnight).unwrap();
        let until = midnight + SignedDuration::from_secs(40_591);
        day.exhaust(until, Some(15_000));
        assert_eq!(day.take(Use::Protect, 1, midnight), Err(Refusal::Exhausted(until)));
        assert_eq!(day.again(midnight), until);
        // Whatever the zone says: by the platform's word another day has begun.
        day.take(Use::Protect, 15_000, until).unwrap();
        assert!(day.take(Use::Protect, 1, until).is_err());
    }

    #[test]
    fn a_day_of_observing_stays_within_its_fifth() {
        for (size, cost) in [(2_880, 17), (2_880, 34), (15_000, 17), (15_000, 170), (2_880, 500)] {
            let (day, _) = day(size);
            let every = day.observe_every(cost).unwrap();
            let rounds = 86_400 / every.as_secs().unsigned_abs() + 1;
            assert!(rounds * cost <= size / 5 || rounds == 1, "{size} {cost}: {rounds} rounds");
        }
        assert_eq!(Day::new(california(), Timestamp::UNIX_EPOCH).observe_every(17), None);
    }

    proptest! {
        /// Whatever is asked for and when: a day never takes more than it has, and when anything is refused to what
        /// stops spend, the whole day is used up.
        #[test]
        fn a_day_never_takes_more_than_it_has(
            size in 20..3_000_u64,
            asks in prop::collection::vec((0..4_usize, 1..80_u64, 0..4_000_i64), 1..200),
        ) {
            let (mut day, mut now) = day(size);
            let mut used = BTreeMap::<Date, (u64, u64)>::new();
            for (of, cost, later) in asks {
                now += SignedDuration::from_secs(later);
                let of = [Use::Protect, Use::Observe, Use::Grow, Use::Polish][of];
                let today = used.entry(now.to_zoned(california()).date()).or_default();
                match day.take(of, cost, now) {
                    Ok(()) => {
                        today.0 += cost;
                        if of > Use::Protect {
                            today.1 += cost;
                        }
                    }
                    // What was refused for want of room is not tried again within the hour.
                    Err(Refusal::Kept(again)) => prop_assert!(again > now),
                    Err(Refusal::Exhausted(_)) => prop_assert!(false),
                }
                prop_assert!(today.0 <= size);
                prop_assert!(today.1 <= size - size.div_ceil(20));
            }
        }
    }
}
