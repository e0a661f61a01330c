//! The spend authority of an account: the one place that grants what can raise the account's spend,
//! below its ceiling (S3).
//!
//! It sums upper bounds: what an object was last confirmed to hold, or what a write in flight may
//! have made of it, whichever is more. A decrease counts when it is confirmed.

use std::collections::BTreeMap;

/// A grant that was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("live budgets could reach {would_be} micros a day, the ceiling is {ceiling}")]
pub struct CeilingReached {
    /// The sum of upper bounds with the refused growth.
    pub would_be: i64,
    /// The ceiling.
    pub ceiling: i64,
}

/// Upper bounds of what each live object may spend a day, in micros of the account's currency.
#[derive(Debug, Clone, Default)]
pub struct SpendAuthority {
    confirmed: BTreeMap<String, i64>,
    granted: BTreeMap<String, i64>,
    known: bool,
}

impl SpendAuthority {
    /// Takes a fresh full listing: the budgets of enabled objects of ours. Grants whose writes the
    /// listing is too old to show (`still_open`) stay.
    pub fn confirm(&mut self, live: BTreeMap<String, i64>, still_open: impl Fn(&str) -> bool) {
        self.confirmed = live;
        self.granted.retain(|id, _| still_open(id));
        self.known = true;
    }

    /// Confirms one object by a reading that began after its last write was acknowledged.
    pub fn confirm_one(&mut self, id: &str, live_budget: i64) {
        self.confirmed.insert(id.to_owned(), live_budget);
        self.granted.remove(id);
    }

    /// Grants that `id` may hold `budget` micros a day while enabled, if the sum of upper bounds stays
    /// at or below `ceiling`. Before the first full listing nothing is granted below a ceiling; without one
    /// there is nothing to hold, and grants are only noted.
    pub fn grant(&mut self, id: &str, budget: i64, ceiling: Option<i64>) -> Result<(), CeilingReached> {
        let current = self.upper_bound(id);
        let would_be = self.sum().saturating_sub(current).saturating_add(current.max(budget));
        if let Some(ceiling) = ceiling
            && (!self.known || (budget > current && would_be > ceiling))
        {
            return Err(CeilingReached { would_be, ceiling });
        }
        self.granted.insert(id.to_owned(), current.max(budget));
        Ok(())
    }

    /// The most that an object may spend a day, as far as is known.
    pub fn upper_bound(&self, id: &str) -> i64 {
        let of = |map: &BTreeMap<String, i64>| map.get(id).copied().unwrap_or(0);
        of(&self.confirmed).max(of(&self.granted))
    }

    /// The sum of all upper bounds.
    pub fn sum(&self) -> i64 {
        let ids: std::collections::BTreeSet<&String> = self.confirmed.keys().chain(self.granted.keys()).collect();
        ids.into_iter().map(|id| self.upper_bound(id)).fold(0, i64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_granted_before_a_listing_and_nothing_above_the_ceiling() {
        let mut authority = SpendAuthority::default();
        assert!(authority.grant("1", 10, Some(100)).is_err());
        authority.confirm(BTreeMap::from([("1".to_owned(), 60)]), |_| false);
        assert!(authority.grant("2", 41, Some(100)).is_err());
        authority.grant("2", 40, Some(100)).unwrap();
        assert!(authority.grant("3", 1, Some(100)).is_err());
    }

    #[test]
    fn a_decrease_makes_room_only_when_it_is_confirmed() {
        let mut authority = SpendAuthority::default();
        authority.confirm(BTreeMap::from([("1".to_owned(), 100)]), |_| false);
        authority.grant("1", 50, Some(100)).unwrap();
        assert!(authority.grant("2", 50, Some(100)).is_err());
        authority.confirm_one("1", 50);
        authority.grant("2", 50, Some(100)).unwrap();
    }

    #[test]
    fn what_is_above_the_ceiling_already_may_still_shrink() {
        let mut authority = SpendAuthority::default();
        authority.confirm(BTreeMap::from([("1".to_owned(), 300)]), |_| false);
        authority.grant("1", 200, Some(100)).unwrap();
        assert!(authority.grant("1", 301, Some(100)).is_err());
    }
}
