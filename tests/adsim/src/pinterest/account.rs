//! One ad account: its objects, what they are worth a day, and what they have been set to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::config::{CURRENCIES, PinterestAccountConfig};
use super::delivery::History;
use super::object::{Kind, Object, Row};

/// An ad account.
#[derive(Debug)]
pub struct Account {
    /// What it was configured as; whether it is disabled changes.
    pub config: PinterestAccountConfig,
    /// What each campaign has been set to.
    pub histories: HashMap<u64, History>,
    rows: BTreeMap<(Kind, u64), Row>,
    groups: BTreeSet<(u64, u64)>,
    live: HashMap<u64, i64>,
    live_sum: i64,
    ends: BTreeSet<(Timestamp, u64)>,
    last_write: Option<Timestamp>,
    keep: SignedDuration,
}

impl Account {
    /// An empty account. Earlier versions of its objects are kept for `keep`.
    pub fn new(config: PinterestAccountConfig, keep: SignedDuration) -> Result<Account, String> {
        if !CURRENCIES.contains(&config.currency.as_str()) {
            return Err(format!("Pinterest has no accounts in {}", config.currency));
        }
        Ok(Account {
            config,
            histories: HashMap::new(),
            rows: BTreeMap::new(),
            groups: BTreeSet::new(),
            live: HashMap::new(),
            live_sum: 0,
            ends: BTreeSet::new(),
            last_write: None,
            keep,
        })
    }

    /// The present version of an object.
    pub fn get(&self, kind: Kind, id: u64) -> Option<&Arc<Object>> {
        self.get_at(kind, id, None)
    }

    /// The version of an object at an instant; none stands for now.
    pub fn get_at(&self, kind: Kind, id: u64, at: Option<Timestamp>) -> Option<&Arc<Object>> {
        self.rows.get(&(kind, id))?.at(at)
    }

    /// All objects of a kind, by id, as they were at an instant.
    pub fn all(&self, kind: Kind, at: Option<Timestamp>) -> impl Iterator<Item = &Arc<Object>> {
        self.beyond(kind, 0, at)
    }

    /// The objects of a kind whose ids are greater than one, by id, as they were at an instant.
    pub fn beyond(&self, kind: Kind, id: u64, at: Option<Timestamp>) -> impl Iterator<Item = &Arc<Object>> {
        self.rows.range((kind, id + 1)..=(kind, u64::MAX)).filter_map(move |(_, row)| row.at(at))
    }

    /// The ad groups of a campaign that are not archived.
    pub fn groups(&self, campaign: u64) -> impl Iterator<Item = &Arc<Object>> {
        let ids = self.groups.range((campaign, 0)..=(campaign, u64::MAX));
        ids.filter_map(|(_, id)| self.get(Kind::AdGroup, *id)).filter(|group| !group.is_archived())
    }

    /// Writes an object. [`Account::recount`] must follow for its campaign.
    pub fn put(&mut self, object: Arc<Object>, now: Timestamp) {
        if object.kind == Kind::AdGroup {
            self.groups.insert((object.parent, object.id));
        }
        match self.rows.get_mut(&(object.kind, object.id)) {
            Some(row) => row.push(object, now, self.keep),
            None => _ = self.rows.insert((object.kind, object.id), Row::new(object, now)),
        }
        self.last_write = Some(now);
    }

    /// Recounts what a campaign may spend a day.
    pub fn recount(&mut self, campaign: u64, now: Timestamp) {
        let (amount, end) = self.worth(campaign, now);
        self.ends.extend(end.map(|end| (end, campaign)));
        let before = self.live.insert(campaign, amount).unwrap_or_default();
        self.live_sum += amount - before;
    }

    /// Sum of the daily budgets, in micros, of all that may spend.
    pub fn live_daily_budget(&mut self, now: Timestamp) -> i64 {
        while let Some(&(end, campaign)) = self.ends.first().filter(|(end, _)| *end <= now) {
            self.ends.remove(&(end, campaign));
            self.recount(campaign, now);
        }
        self.live_sum
    }

    /// What a campaign may spend a day in micros, and when that may change by itself.
    pub fn worth(&self, campaign: u64, now: Timestamp) -> (i64, Option<Timestamp>) {
        let is_over = |object: &Object| object.time("end_time").is_some_and(|end| end <= now);
        let found = self.get(Kind::Campaign, campaign).filter(|found| found.is_active() && !is_over(found));
        let Some(found) = found else { return (0, None) };
        let groups = || self.groups(campaign).filter(|group| group.is_active() && !is_over(group));
        let end = found.time("end_time").into_iter().chain(groups().filter_map(|group| group.time("end_time"))).min();
        if groups().next().is_none() {
            return (0, end);
        }
        let cap = found.number("daily_spend_cap");
        let amount = match cap {
            Some(cap) if found.has_budget_for_all() => cap,
            _ => {
                let sum = groups().filter_map(|group| group.number("budget_in_micro_currency")).sum::<i64>();
                cap.map_or(sum, |cap| sum.min(cap))
            }
        };
        (amount, end)
    }

    /// The first instant after `now` at which something happens by itself: a write becomes visible.
    pub fn next_due(&self, now: Timestamp, lag: SignedDuration) -> Option<Timestamp> {
        self.last_write.map(|written| written + lag).filter(|visible| *visible > now)
    }
}
