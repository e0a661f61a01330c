//! Condition types and how they are written.
//!
//! They follow kstatus, so `kubectl wait` and Flux understand them as they are: `Ready` is always there, the others
//! ("abnormal-true") are there only while they are true. `Reconciling` and `Stalled` exclude each other.

use std::collections::BTreeMap;
use std::fmt;

pub use adops_core::text::cut;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use crate::reason::Reason;

/// The types of conditions that we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConditionType {
    /// The platform holds what this generation asks; the user's own choices (suspended, paused, kept stops) included,
    /// so that waits end.
    Ready,
    /// It serves.
    Delivering,
    /// Only while true: the operator is at work, or waits for the platform.
    Reconciling,
    /// Only while true: a user must act.
    Stalled,
    /// Only while true: the platform differs from the spec.
    Drifted,
}

impl ConditionType {
    /// All types that we write.
    pub const ALL: &[Self] = &[Self::Ready, Self::Delivering, Self::Reconciling, Self::Stalled, Self::Drifted];

    /// The word in `type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Delivering => "Delivering",
            Self::Reconciling => "Reconciling",
            Self::Stalled => "Stalled",
            Self::Drifted => "Drifted",
        }
    }

    /// Whether the condition is there only while it is true.
    pub const fn only_while_true(self) -> bool {
        matches!(self, Self::Reconciling | Self::Stalled | Self::Drifted)
    }
}

impl fmt::Display for ConditionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a condition says of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It is not known.
    Unknown,
}

impl Status {
    /// The word in `status`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl From<bool> for Status {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// The longest message of a condition, in bytes. Longer ones are cut.
pub const MAX_MESSAGE: usize = 1024;

/// The conditions of one object, from those that it has to those that it shall have.
///
/// Guarantees: the result is sorted by type; `lastTransitionTime` changes only with `status`; conditions of other
/// writers stay as they are; of [`ConditionType::Reconciling`] and [`ConditionType::Stalled`] only the one set last
/// is there. What is neither set nor cleared stays as it was.
#[derive(Clone, Debug)]
pub struct Conditions {
    by_type: BTreeMap<String, Condition>,
    generation: i64,
    now: Timestamp,
}

impl Conditions {
    /// Begins with what the object has now. `generation` is the one that the new conditions speak of.
    pub fn new(existing: &[Condition], generation: i64, now: Timestamp) -> Self {
        let by_type = existing.iter().map(|condition| (condition.type_.clone(), condition.clone())).collect();
        Self { by_type, generation, now: whole_seconds(now) }
    }

    /// Sets a condition.
    pub fn set(&mut self, type_: ConditionType, status: Status, reason: Reason, message: &str) -> &mut Self {
        if type_.only_while_true() && status != Status::True {
            return self.clear(type_);
        }
        match type_ {
            ConditionType::Reconciling => self.by_type.remove(ConditionType::Stalled.as_str()),
            ConditionType::Stalled => self.by_type.remove(ConditionType::Reconciling.as_str()),
            _ => None,
        };
        let since = match self.by_type.get(type_.as_str()) {
            Some(before) if before.status == status.as_str() => before.last_transition_time.clone(),
            _ => Time(self.now),
        };
        self.by_type.insert(
            type_.as_str().to_owned(),
            Condition {
                type_: type_.as_str().to_owned(),
                status: status.as_str().to_owned(),
                reason: reason.as_str().to_owned(),
                message: cut(message, MAX_MESSAGE),
                observed_generation: Some(self.generation),
                last_transition_time: since,
            },
        );
        self
    }

    /// Takes a condition away.
    pub fn clear(&mut self, type_: ConditionType) -> &mut Self {
        self.by_type.remove(type_.as_str());
        self
    }

    /// All conditions, also those of other writers, sorted by type.
    pub fn into_vec(self) -> Vec<Condition> {
        self.by_type.into_values().collect()
    }

    /// Only those of our types, sorted by type: what a server-side apply sends, which keeps the others by itself.
    pub fn into_ours(self) -> Vec<Condition> {
        self.by_type.into_values().filter(|condition| is_ours(&condition.type_)).collect()
    }
}

/// The condition of a type, if it is there.
pub fn find(conditions: &[Condition], type_: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.type_ == type_.as_str())
}

fn is_ours(type_: &str) -> bool {
    ConditionType::ALL.iter().any(|ours| ours.as_str() == type_)
}

/// The API server keeps condition times to the second; anything finer would look like a change.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn foreign() -> Condition {
        Condition {
            type_: "example.com/Checked".into(),
            status: "True".into(),
            reason: "Checked".into(),
            message: String::new(),
            observed_generation: None,
            last_transition_time: Time(at(1)),
        }
    }

    #[test]
    fn the_transition_time_changes_only_with_the_status() {
        let mut first = Conditions::new(&[], 1, at(100));
        first.set(ConditionType::Ready, Status::False, Reason::Creating, "2 of 18 lines");
        let first = first.into_vec();

        let mut second = Conditions::new(&first, 2, at(200));
        second.set(ConditionType::Ready, Status::False, Reason::Creating, "9 of 18 lines");
        let second = second.into_vec();
        assert_eq!(second[0].last_transition_time, Time(at(100)));
        assert_eq!(second[0].message, "9 of 18 lines");
        assert_eq!(second[0].observed_generation, Some(2));

        let mut third = Conditions::new(&second, 2, at(300));
        third.set(ConditionType::Ready, Status::True, Reason::Ready, "");
        assert_eq!(third.into_vec()[0].last_transition_time, Time(at(300)));
    }

    #[test]
    fn they_are_sorted_and_those_of_others_stay() {
        let mut conditions = Conditions::new(&[foreign()], 1, at(100));
        conditions.set(ConditionType::Ready, Status::True, Reason::Ready, "").set(
            ConditionType::Delivering,
            Status::False,
            Reason::FlightNotStarted,
            "",
        );
        let ours: Vec<_> = conditions.clone().into_ours().into_iter().map(|c| c.type_).collect();
        assert_eq!(ours, ["Delivering", "Ready"]);
        let all: Vec<_> = conditions.into_vec().into_iter().map(|c| c.type_).collect();
        assert_eq!(all, ["Delivering", "Ready", "example.com/Checked"]);
    }

    #[test]
    fn reconciling_and_stalled_are_never_both_there_and_never_false() {
        let mut conditions = Conditions::new(&[], 1, at(100));
        conditions.set(ConditionType::Reconciling, Status::True, Reason::Updating, "").set(
            ConditionType::Stalled,
            Status::True,
            Reason::UnknownMarket,
            "",
        );
        assert!(find(&conditions.clone().into_vec(), ConditionType::Reconciling).is_none());
        conditions.set(ConditionType::Stalled, Status::False, Reason::Ready, "");
        assert!(conditions.into_vec().is_empty());
    }
}
