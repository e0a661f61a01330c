//! Budget brakes: small guards on a single change of a budget, closed when in doubt.
//!
//! The spend authority holds sums below their caps; a brake looks at one change and asks whether it is sane: as a whole
//! number of what the platform takes, not too small for it, not too often, not too large a step. What lowers or stops is
//! never braked for its number or size: a cap may need it.

use jiff::{SignedDuration, Timestamp};

use crate::money::Money;
use crate::reason::Reason;

/// The time within which changes are counted.
const WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// What an account asks of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Brakes {
    /// How often the budget of one object may be changed within an hour; none: as often as the platform lets.
    pub changes_per_hour: Option<u32>,
    /// By how many percent of itself a budget may grow in one change; none: by any.
    pub max_step_percent: Option<u32>,
}

/// How often the budget of an object was changed lately.
///
/// It is a count and one instant, so that a status can keep it for a thousand lines. The count begins anew an hour after
/// the *last* change: within any hour there are never more changes than allowed, and sometimes fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BudgetChanges {
    count: u32,
    last: Option<Timestamp>,
}

impl BudgetChanges {
    /// As it was stored.
    pub fn stored(count: u32, last: Option<Timestamp>) -> Self {
        Self { count, last }
    }

    /// Nobody knows what was changed up to now: as if it had been as much as possible.
    pub fn unknown(now: Timestamp) -> Self {
        Self { count: u32::MAX, last: Some(now) }
    }

    /// How many there were.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// When the last one was.
    pub fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// One more, about to be sent.
    pub fn add(&mut self, now: Timestamp) {
        self.count = if self.until(now).is_some() { self.count.saturating_add(1) } else { 1 };
        self.last = Some(now);
    }

    /// When the count begins anew; none: it does so now.
    pub fn until(&self, now: Timestamp) -> Option<Timestamp> {
        self.last.map(|last| last + WITHIN).filter(|until| *until > now)
    }
}

/// A change of a budget, and what is to be held against it.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// What the object has; none if it is a new one.
    pub from: Option<Money>,
    /// What it is to have.
    pub to: Money,
    /// How often it was changed.
    pub changes: BudgetChanges,
    /// What the account asks.
    pub brakes: Brakes,
    /// The platform's own limit of changes within an hour.
    pub platform_changes_per_hour: Option<u32>,
    /// Micros of the smallest step of a budget.
    pub unit: i64,
    /// The platform's smallest budget.
    pub minimum: Option<Money>,
    /// Now.
    pub now: Timestamp,
}

/// Why a change is not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Braked {
    /// The one word.
    pub reason: Reason,
    /// What a person needs to know.
    pub message: String,
    /// When it may be made, if that is a matter of time.
    pub until: Option<Timestamp>,
}

type Brake = fn(&Attempt) -> Option<Braked>;

/// The brakes in order; the first that holds names the reason.
const BRAKES: &[Brake] = &[unit, minimum, step, number];

/// Whether a change is braked.
pub fn braked(attempt: &Attempt) -> Option<Braked> {
    BRAKES.iter().find_map(|brake| brake(attempt))
}

impl Attempt {
    /// What an existing budget grows from. What is of another currency cannot be compared: it grows.
    fn grows_from(&self) -> Option<Money> {
        self.from.filter(|from| from.currency() != self.to.currency() || self.to > *from)
    }
}

/// What is no whole number of the platform's unit never leaves, in whatever direction.
fn unit(attempt: &Attempt) -> Option<Braked> {
    if attempt.unit > 0 && attempt.to.floor_to(attempt.unit) == attempt.to {
        return None;
    }
    let message =
        format!("{} is not a whole number of the platform's budget unit ({} micros)", attempt.to, attempt.unit);
    Some(Braked { reason: Reason::Unsupported, message, until: None })
}

/// What is below the platform's minimum, or nothing, never leaves.
fn minimum(attempt: &Attempt) -> Option<Braked> {
    let below = attempt.minimum.is_some_and(|least| least.currency() != attempt.to.currency() || attempt.to < least);
    let least = attempt.minimum.map_or_else(|| "more than nothing".to_owned(), |least| least.to_string());
    (below || attempt.to.is_zero()).then(|| Braked {
        reason: Reason::BudgetBelowMinimum,
        message: format!("{} a day is below what the platform takes: {least}", attempt.to),
        until: None,
    })
}

/// A typing error of one digit is not spent. A first budget is no step.
fn step(attempt: &Attempt) -> Option<Braked> {
    let (percent, from) = (attempt.brakes.max_step_percent?, attempt.grows_from()?);
    let most = i128::from(from.micros()) * (100 + i128::from(percent));
    if from.currency() == attempt.to.currency() && i128::from(attempt.to.micros()) * 100 <= most {
        return None;
    }
    let message = format!(
        "{from} → {} a day is more than brakes.maxStep of the account allows in one change ({percent}%): ask for less, or \
         raise it",
        attempt.to
    );
    Some(Braked { reason: Reason::BudgetStepTooLarge, message, until: None })
}

/// Whoever may not change it any more must not raise it: the last change of an hour would be one that cannot be undone.
fn number(attempt: &Attempt) -> Option<Braked> {
    attempt.grows_from()?;
    let allowed = attempt.brakes.changes_per_hour.into_iter().chain(attempt.platform_changes_per_hour).min()?;
    let until = attempt.changes.until(attempt.now).filter(|_| attempt.changes.count >= allowed)?;
    let message = format!("its budget may be changed {allowed} times an hour; the next increase is made at {until}");
    Some(Braked { reason: Reason::BudgetBraked, message, until: Some(until) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, cases, eur};
    use proptest::prelude::*;

    fn now() -> Timestamp {
        at("2027-03-01T12:00:00Z")
    }

    fn word(from: Option<&str>, to: &str, edit: impl FnOnce(&mut Attempt)) -> Option<Reason> {
        let changes = BudgetChanges::default();
        let mut attempt = Attempt {
            from: from.map(eur),
            to: eur(to),
            changes,
            brakes: Brakes::default(),
            platform_changes_per_hour: None,
            unit: 10_000,
            minimum: Some(eur("1")),
            now: now(),
        };
        edit(&mut attempt);
        braked(&attempt).map(|braked| braked.reason)
    }

    #[test]
    fn what_the_platform_cannot_take_never_leaves_in_whatever_direction() {
        for from in [None, Some("5"), Some("500")] {
            assert_eq!(word(from, "50.005", |_| {}), Some(Reason::Unsupported));
            assert_eq!(word(from, "0.50", |_| {}), Some(Reason::BudgetBelowMinimum));
            assert_eq!(word(from, "0", |attempt| attempt.minimum = None), Some(Reason::BudgetBelowMinimum));
            assert_eq!(word(from, "50", |_| {}), None);
            // A unit that is none is no licence.
            assert_eq!(word(from, "50", |attempt| attempt.unit = 0), Some(Reason::Unsupported));
        }
        let usd = Money::parse("1", "USD".parse().unwrap()).unwrap();
        assert_eq!(word(None, "50", |attempt| attempt.minimum = Some(usd)), Some(Reason::BudgetBelowMinimum));
    }

    #[test]
    fn a_step_is_limited_upwards_only_and_a_first_budget_is_none() {
        let half = |attempt: &mut Attempt| attempt.brakes.max_step_percent = Some(50);
        assert_eq!(word(Some("100"), "150", half), None);
        assert_eq!(word(Some("100"), "150.01", half), Some(Reason::BudgetStepTooLarge));
        assert_eq!(word(Some("100"), "1", half), None);
        assert_eq!(word(None, "9000", half), None);
        assert_eq!(word(Some("100"), "9000", |_| {}), None, "it is off unless it is set");
    }

    #[test]
    fn increases_wait_when_there_were_too_many_changes_and_decreases_do_not() {
        let mut changes = BudgetChanges::default();
        for minutes in [0, 20, 40, 50] {
            changes.add(now() + SignedDuration::from_mins(minutes));
        }
        let at = |minutes, from: &str, to: &str, limit| {
            let mut until = None;
            let mut attempt = Attempt {
                from: Some(eur(from)),
                to: eur(to),
                changes,
                brakes: Brakes::default(),
                platform_changes_per_hour: limit,
                unit: 10_000,
                minimum: None,
                now: now() + SignedDuration::from_mins(minutes),
            };
            attempt.brakes.changes_per_hour = Some(60);
            if let Some(braked) = braked(&attempt) {
                until = braked.until;
            }
            until
        };
        assert_eq!(at(55, "10", "20", Some(4)), Some(now() + SignedDuration::from_mins(110)));
        assert_eq!(at(109, "10", "20", Some(4)), Some(now() + SignedDuration::from_mins(110)));
        assert_eq!(at(110, "10", "20", Some(4)), None);
        assert_eq!(at(55, "20", "10", Some(4)), None, "a decrease");
        assert_eq!(at(55, "10", "20", Some(5)), None);
        assert_eq!(at(55, "10", "20", None), None, "the account's own limit is 60");
    }

    #[test]
    fn of_what_nobody_knows_nothing_is_raised_for_an_hour() {
        let changes = BudgetChanges::unknown(now());
        let word = |minutes| {
            word(Some("10"), "20", |attempt| {
                attempt.changes = changes;
                attempt.platform_changes_per_hour = Some(1_000_000);
                attempt.now = now() + SignedDuration::from_mins(minutes);
            })
        };
        assert_eq!((word(59), word(60)), (Some(Reason::BudgetBraked), None));
    }

    proptest! {
        #![proptest_config(cases(300))]

        #[test]
        fn within_no_hour_more_increases_leave_than_allowed(
            allowed in 1_u32..6,
            gaps in prop::collection::vec(1_i64..2_400, 1..60),
        ) {
            let (mut changes, mut sent, mut time) = (BudgetChanges::default(), Vec::new(), now());
            for gap in gaps {
                time += SignedDuration::from_secs(gap);
                let attempt = Attempt {
                    from: Some(eur("10")),
                    to: eur("11"),
                    changes,
                    brakes: Brakes { changes_per_hour: Some(allowed), max_step_percent: None },
                    platform_changes_per_hour: None,
                    unit: 10_000,
                    minimum: None,
                    now: time,
                };
                if braked(&attempt).is_none() {
                    changes.add(time);
                    sent.push(time);
                }
                let within = sent.iter().filter(|at| time.duration_since(**at) < WITHIN).count();
                prop_assert!(within <= allowed as usize, "{} within an hour", within);
            }
        }
    }
}
