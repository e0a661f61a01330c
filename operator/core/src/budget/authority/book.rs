//! What may be spent on one account.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Reading, money};
use crate::campaign::observed::ExternalId;
use crate::marker::CampaignHash;
use crate::money::{Currency, Money};

/// The objects of one account, and running totals of their upper bounds.
#[derive(Debug, Clone)]
pub(super) struct Book {
    currency: Currency,
    fresh: bool,
    objects: BTreeMap<ExternalId, Holding>,
    total: i128,
    by_owner: BTreeMap<CampaignHash, i128>,
}

/// What is known of one object, in micros.
#[derive(Debug, Clone, Default)]
struct Holding {
    owners: BTreeSet<CampaignHash>,
    seen: i64,
    seen_at: Option<Timestamp>,
    grants: Vec<Grant>,
}

#[derive(Debug, Clone)]
struct Grant {
    number: u64,
    to: i64,
    /// A reading that began later shows what came of it; none: the write may not have been sent yet.
    until: Option<Timestamp>,
}

impl Holding {
    fn bound(&self) -> i128 {
        self.grants.iter().map(|grant| grant.to).fold(self.seen, i64::max).into()
    }

    /// Forgets grants of which a reading that began at `seen` has told.
    fn observed(&mut self, at: Timestamp) {
        self.seen_at = Some(at);
        self.grants.retain(|grant| grant.until.is_none_or(|until| at <= until));
    }
}

impl Book {
    pub(super) fn new(currency: Currency) -> Self {
        Self { currency, fresh: false, objects: BTreeMap::new(), total: 0, by_owner: BTreeMap::new() }
    }

    pub(super) fn currency(&self) -> Currency {
        self.currency
    }

    pub(super) fn is_fresh(&self) -> bool {
        self.fresh
    }

    pub(super) fn has(&self, id: &ExternalId) -> bool {
        self.objects.contains_key(id)
    }

    /// The most that an object may spend a day.
    pub(super) fn bound(&self, id: &ExternalId) -> i128 {
        self.objects.get(id).map_or(0, Holding::bound)
    }

    /// The most that all may spend.
    pub(super) fn total(&self) -> i128 {
        self.total
    }

    /// The most that the objects of some Campaigns may spend. An object of several of them counts for each.
    pub(super) fn total_of(&self, campaigns: &BTreeSet<CampaignHash>) -> i128 {
        campaigns.iter().filter_map(|campaign| self.by_owner.get(campaign)).sum()
    }

    /// What was seen to run.
    pub(super) fn live(&self) -> Money {
        money(self.objects.values().map(|object| i128::from(object.seen)).sum(), self.currency)
    }

    pub(super) fn take_listing(
        &mut self,
        currency: Currency,
        began: Timestamp,
        fresh: bool,
        readings: impl IntoIterator<Item = Reading>,
    ) {
        self.currency = currency;
        self.fresh |= fresh;
        let before: Vec<ExternalId> = self.objects.keys().cloned().collect();
        let mut listed = BTreeSet::new();
        for reading in readings {
            listed.insert(reading.id.clone());
            self.take(reading);
        }
        // What is not there any more spends nothing, but for what a write on its way may do.
        for id in before.into_iter().filter(|id| !listed.contains(id)) {
            self.change(&id, |object| {
                object.seen = 0;
                object.observed(began);
            });
        }
        self.objects.retain(|id, object| listed.contains(id) || !object.grants.is_empty());
    }

    pub(super) fn take(&mut self, reading: Reading) {
        let Reading { id, owners, spends, seen } = reading;
        self.change(&id, |object| {
            // Whose grants are open is remembered until they are settled.
            if object.grants.is_empty() {
                object.owners.clear();
            }
            object.owners.extend(owners);
            object.seen = spends.micros();
            object.observed(seen);
        });
    }

    pub(super) fn enlist(&mut self, id: &ExternalId, owner: CampaignHash) {
        if self.objects.get(id).is_some_and(|object| !object.owners.contains(&owner)) {
            self.change(id, |object| _ = object.owners.insert(owner));
        }
    }

    pub(super) fn grant(&mut self, id: &ExternalId, owner: CampaignHash, number: u64, to: Money) {
        self.change(id, |object| {
            object.owners.insert(owner);
            object.grants.push(Grant { number, to: to.micros(), until: None });
        });
    }

    pub(super) fn release(&mut self, id: &ExternalId, number: u64) {
        self.change(id, |object| object.grants.retain(|grant| grant.number != number));
    }

    pub(super) fn settle(&mut self, id: &ExternalId, number: u64, until: Timestamp) {
        self.change(id, |object| {
            for grant in object.grants.iter_mut().filter(|grant| grant.number == number) {
                grant.until = Some(until);
            }
            if let Some(seen_at) = object.seen_at {
                object.observed(seen_at);
            }
        });
    }

    /// Changes an object and the totals with it.
    fn change(&mut self, id: &ExternalId, change: impl FnOnce(&mut Holding)) {
        let object = self.objects.entry(id.clone()).or_default();
        let (owners, before) = (object.owners.clone(), object.bound());
        change(object);
        let after = object.bound();
        self.total += after - before;
        for owner in owners {
            *self.by_owner.entry(owner).or_default() -= before;
        }
        for owner in &object.owners {
            *self.by_owner.entry(*owner).or_default() += after;
        }
    }

    /// See [`super::SpendAuthority::level`].
    pub(super) fn level(&self, limit: Money, cuttable: impl Fn(&BTreeSet<CampaignHash>) -> bool) -> Option<Money> {
        let limit_micros = i128::from(limit.micros());
        if i128::from(self.live().micros()) <= limit_micros {
            return None;
        }
        let (cut, kept): (Vec<&Holding>, Vec<&Holding>) =
            self.objects.values().filter(|object| object.seen > 0).partition(|object| cuttable(&object.owners));
        let kept: i128 = kept.iter().map(|object| i128::from(object.seen)).sum();
        let mut budgets: Vec<i128> = cut.iter().map(|object| i128::from(object.seen)).collect();
        budgets.sort_unstable();
        let (mut room, mut left) = ((limit_micros - kept).max(0), i128::try_from(budgets.len()).unwrap_or(i128::MAX));
        for budget in budgets {
            if budget.saturating_mul(left) > room {
                return Some(money(room / left, limit.currency()));
            }
            room -= budget;
            left -= 1;
        }
        None
    }
}

#[cfg(test)]
impl Book {
    pub(super) fn check_totals(&self) {
        let total: i128 = self.objects.values().map(Holding::bound).sum();
        assert_eq!(self.total, total);
        for (owner, sum) in &self.by_owner {
            let own = self.objects.values().filter(|object| object.owners.contains(owner));
            assert_eq!(*sum, own.map(Holding::bound).sum::<i128>());
        }
    }
}
