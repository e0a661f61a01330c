//! The daily budgets that can be spent now: what the audits of overspending look at.
//!
//! A budget is live if its campaign is set to be active and not over, and at least one of the campaign's ad sets is so,
//! too, and has an ad that is set to be active. Reviews do not matter: an ad may be approved at any time. A campaign's
//! own budget counts once, an ad set's for each such ad set. A lifetime budget counts as its share of a day between
//! start and end.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::account::Account;
use super::budgets::to_micros;
use super::object::{Kind, Object};

/// The live budgets of an account's campaigns, in micros.
#[derive(Debug, Default)]
pub struct Live {
    campaigns: HashMap<i64, i64>,
    ends: BTreeSet<(Timestamp, i64)>,
    sum: i64,
}

/// Takes a changed campaign into account.
pub fn refresh(account: &mut Account, campaign: i64, now: Timestamp) {
    let micros = of_campaign(account, campaign, now);
    let ends: Vec<Timestamp> = account
        .get(campaign)
        .into_iter()
        .flat_map(|c| {
            c.time("stop_time").into_iter().chain(account.children(campaign).filter_map(|s| s.time("end_time")))
        })
        .filter(|end| *end > now)
        .collect();
    account.live.ends.extend(ends.into_iter().map(|end| (end, campaign)));
    let before = account.live.campaigns.insert(campaign, micros).unwrap_or_default();
    account.live.sum += micros - before;
}

/// The sum of all live budgets at an instant, in micros.
pub fn sum(account: &mut Account, now: Timestamp) -> i64 {
    while let Some((end, campaign)) = account.live.ends.first().copied().filter(|(end, _)| *end <= now) {
        account.live.ends.remove(&(end, campaign));
        refresh(account, campaign, now);
    }
    account.live.sum
}

/// What a campaign can spend a day, in micros.
pub fn of_campaign(account: &Account, id: i64, now: Timestamp) -> i64 {
    let Some(campaign) = account.get_kind(Kind::Campaign, id) else { return 0 };
    if !runs(campaign, "stop_time", now) || account.status != 1 {
        return 0;
    }
    let sets = || account.children(id).filter(|set| serves(account, set, now));
    let currency = &account.config.currency;
    if has_budget(campaign) {
        return if sets().next().is_some() { to_micros(daily(campaign, "stop_time"), currency) } else { 0 };
    }
    sets().map(|set| to_micros(daily(set, "end_time"), currency)).sum()
}

/// Whether an ad set is active, not over, and has an ad that is active.
pub fn serves(account: &Account, set: &Object, now: Timestamp) -> bool {
    runs(set, "end_time", now) && account.children(set.id).any(|ad| ad.is_active())
}

/// Whether an object is active and not over.
pub fn runs(object: &Object, end: &str, now: Timestamp) -> bool {
    object.is_active() && object.time(end).is_none_or(|end| end > now)
}

/// Whether an object has a budget of its own.
pub fn has_budget(object: &Object) -> bool {
    object.int("daily_budget").is_some() || object.int("lifetime_budget").is_some()
}

/// The daily budget of an object in minor units.
pub fn daily(object: &Object, end: &str) -> i64 {
    if let Some(daily) = object.int("daily_budget") {
        return daily;
    }
    let Some(lifetime) = object.int("lifetime_budget") else { return 0 };
    let start = object.time("start_time").unwrap_or(object.created);
    let days = object.time(end).map_or(1, |end| (end.duration_since(start).as_secs() + 86_399) / 86_400);
    lifetime / days.max(1)
}
