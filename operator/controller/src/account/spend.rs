//! What the spend authority learns of an account.
//!
//! It is told under the lock of what is known of the account, so that it never knows less than a plan that rests on the
//! same reading. That lock is taken before the authority's, never after.

use adops_core::budget::authority::AccountRef;
use adops_core::campaign::observed::Snapshot;
use adops_core::money::Money;
use jiff::tz::TimeZone;

use super::state::{AccountState, Known};
use crate::runtime::watch::Key;
use crate::shared::Shared;

/// The book of an AdAccount.
pub fn book(key: &Key) -> AccountRef {
    AccountRef::new(&key.namespace, &key.name)
}

/// Tells of a full listing that was just taken.
pub fn listed(shared: &Shared, key: &Key, known: &Known) {
    let (Some(facts), Some(began)) = (&known.facts, known.listed) else { return };
    let (installation, now) = (&shared.options.installation, shared.clock.now());
    let readings = known.lines.values().map(|line| line.reading(installation, &facts.time_zone, now));
    shared.authority().take_listing(&book(key), facts.currency, (began, began > known.floor), readings);
}

/// Takes a read-back, and tells of it.
pub fn take_read_back(shared: &Shared, account: &AccountState, snapshot: Snapshot) {
    let mut known = account.known();
    let ids: Vec<String> = snapshot.lines.keys().cloned().collect();
    known.take_read_back(snapshot);
    let zone = known.facts.as_ref().map_or(TimeZone::UTC, |facts| facts.time_zone.clone());
    let now = shared.clock.now();
    let lines = ids.iter().filter_map(|id| known.lines.get(id));
    let readings = lines.map(|line| line.reading(&shared.options.installation, &zone, now));
    shared.authority().take_readings(&book(&account.key), readings);
}

/// If what runs on an account passes its ceiling: the most that one object may have. Objects of Campaigns that do not
/// exist any more are nobody's to cut, and are counted as they are.
pub fn level(shared: &Shared, key: &Key, ceiling: Money) -> Option<Money> {
    let campaigns = std::cell::OnceCell::new();
    let authority = shared.authority();
    authority.level(&book(key), ceiling, |owners| {
        let campaigns = campaigns.get_or_init(|| shared.campaigns_by_hash());
        owners.iter().any(|owner| campaigns.contains_key(owner))
    })
}
