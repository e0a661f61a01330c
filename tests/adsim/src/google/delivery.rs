//! What campaigns deliver, computed from what they were set to and when; nothing ticks.
//!
//! A campaign spends evenly through the account's local day; what that makes is in [`crate::delivery`]. A campaign
//! without places targets the whole world, as on the real service, and spends.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::account::{Account, CustomerStatus};
use super::constants::currency_units;
use super::key::{Key, Kind};
use super::object::{Object, Status};
use super::review::is_disapproved;
use crate::config::{DeliveryConfig, GoogleConfig};
pub use crate::delivery::Metrics;
use crate::delivery::{Bounds, Market};

/// What a campaign was set to from an instant on.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// When it took effect.
    pub since: Timestamp,
    /// The budget that pays, and how many enabled campaigns draw on it; none while it cannot serve.
    pub budget: Option<(i64, i64)>,
    /// When it may start: the campaign's start or the end of its first ad's review, whichever is later.
    pub from: Option<Timestamp>,
    /// When it is over.
    pub until: Option<Timestamp>,
}

/// All settings of a campaign, oldest first.
pub type History = Vec<Setting>;

/// Records what campaigns are set to now.
pub fn record(account: &mut Account, campaigns: impl IntoIterator<Item = i64>, config: &GoogleConfig, now: Timestamp) {
    let mut budgets = HashMap::new();
    for id in campaigns {
        let Some(campaign) = account.get(Key::one(Kind::Campaign, id)).cloned() else { continue };
        let budget = campaign.reference("campaignBudget");
        if let Some(amount) = account.get(Key::one(Kind::Budget, budget)).map(|b| b.int("amountMicros")) {
            budgets.insert(budget, amount);
        }
        let setting = setting(account, &campaign, config, now);
        let history = account.histories.entry(id).or_default();
        if history.last().is_some_and(|s| s.since == now) {
            history.pop();
        }
        if history.last().is_none_or(|s| Setting { since: now, ..s.clone() } != setting) {
            history.push(setting);
        }
    }
    for (budget, amount) in budgets {
        let amounts = account.amounts.entry(budget).or_default();
        if amounts.last().is_some_and(|(since, _)| *since == now) {
            amounts.pop();
        }
        if amounts.last().is_none_or(|(_, a)| *a != amount) {
            amounts.push((now, amount));
        }
    }
}

fn setting(account: &Account, campaign: &Object, config: &GoogleConfig, now: Timestamp) -> Setting {
    let budget = campaign.reference("campaignBudget");
    let ads_from = first_servable_ad(account, campaign.key.id(), config);
    let serves = campaign.status() == Status::Enabled && account.status == CustomerStatus::Enabled;
    let sharers = account
        .users(budget)
        .filter(|id| account.get(Key::one(Kind::Campaign, *id)).is_some_and(|c| c.status() == Status::Enabled))
        .count();
    Setting {
        since: now,
        budget: (serves && ads_from.is_some()).then(|| (budget, i64::try_from(sharers).unwrap_or(1).max(1))),
        from: account.start_of(campaign).into_iter().chain(ads_from).max(),
        until: account.end_of(campaign),
    }
}

/// When the first ad that could serve has passed its review: an enabled one, not disapproved, in an enabled ad group
/// with an enabled keyword.
fn first_servable_ad(account: &Account, campaign: i64, config: &GoogleConfig) -> Option<Timestamp> {
    account
        .ad_groups_of(campaign, None)
        .filter(|group| group.status() == Status::Enabled)
        .filter(|group| {
            account
                .children(Kind::AdGroupCriterion, group.key.id(), None)
                .any(|k| k.status() == Status::Enabled && !k.flag("negative") && k.doc.contains_key("keyword"))
        })
        .flat_map(|group| account.children(Kind::AdGroupAd, group.key.id(), None))
        .filter(|ad| ad.status() == Status::Enabled && !is_disapproved(ad, config))
        .filter_map(|ad| ad.reviewed_at)
        .min()
}

/// What has been delivered on days that are over. It never changes, so it is computed once.
#[derive(Debug, Default)]
pub struct Past(Mutex<HashMap<i64, PastDays>>);

/// A campaign's days up to yesterday.
#[derive(Debug)]
struct PastDays {
    first: Date,
    days: Vec<Metrics>,
    sum: Metrics,
}

/// Answers how much campaigns of an account have delivered.
pub struct Reporter<'a> {
    account: &'a Account,
    market: Market<'a>,
    now: Timestamp,
    today: Date,
    bounds: Option<Bounds>,
}

impl<'a> Reporter<'a> {
    /// A reporter at an instant.
    pub fn new(account: &'a Account, seed: u64, config: &'a DeliveryConfig, now: Timestamp) -> Reporter<'a> {
        let today = now.to_zoned(account.zone.clone()).date();
        let scale = (currency_units(&account.config.currency_code).0 / 10_000).max(1);
        let bounds = Bounds::of(&account.zone, today);
        Reporter { account, market: Market { config, seed, scale }, now, today, bounds }
    }

    /// The present day in the account's zone.
    pub fn today(&self) -> Date {
        self.today
    }

    /// The day on which a campaign was created.
    pub fn first_day(&self, campaign: i64) -> Option<Date> {
        let first = self.account.histories.get(&campaign)?.first()?;
        Some(first.since.to_zoned(self.account.zone.clone()).date())
    }

    /// The figures of a campaign on a local day, as far as that day has gone by.
    pub fn on_day(&self, campaign: i64, day: Date) -> Metrics {
        if day >= self.today {
            return if day == self.today { self.compute(campaign, day, self.bounds) } else { Metrics::default() };
        }
        self.with_past(campaign, |past| {
            let index = usize::try_from(day.since(past.first).map_or(-1, |span| span.get_days())).ok();
            index.and_then(|i| past.days.get(i)).copied().unwrap_or_default()
        })
    }

    /// All figures of a campaign up to now.
    pub fn total(&self, campaign: i64) -> Metrics {
        let mut total = self.with_past(campaign, |past| past.sum);
        total.add(self.on_day(campaign, self.today));
        total
    }

    fn with_past(&self, campaign: i64, read: impl Fn(&PastDays) -> Metrics) -> Metrics {
        let mut past = self.account.past.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Vacant(entry) = past.entry(campaign) {
            let Some(first) = self.first_day(campaign) else { return Metrics::default() };
            entry.insert(PastDays { first, days: Vec::new(), sum: Metrics::default() });
        }
        let Some(past) = past.get_mut(&campaign) else { return Metrics::default() };
        let mut day = past.first.checked_add(i64::try_from(past.days.len()).unwrap_or_default().days());
        while let Ok(date) = day
            && date < self.today
        {
            let figures = self.compute(campaign, date, Bounds::of(&self.account.zone, date));
            past.sum.add(figures);
            past.days.push(figures);
            day = date.tomorrow();
        }
        read(past)
    }

    fn compute(&self, campaign: i64, day: Date, bounds: Option<Bounds>) -> Metrics {
        let (Some(history), Some(Bounds { dawn, dusk })) = (self.account.histories.get(&campaign), bounds) else {
            return Metrics::default();
        };
        let mut spend = 0.0;
        for (i, setting) in history.iter().enumerate() {
            let Some((budget, sharers)) = setting.budget else { continue };
            let from = setting.since.max(setting.from.unwrap_or(dawn)).max(dawn);
            let next = history.get(i + 1).map_or(self.now, |s| s.since);
            let until = next.min(setting.until.unwrap_or(next)).min(dusk).min(self.now);
            let amounts = self.account.amounts.get(&budget).map_or(&[][..], Vec::as_slice);
            for (j, (since, amount)) in amounts.iter().enumerate() {
                let from = from.max(*since);
                let until = amounts.get(j + 1).map_or(until, |(next, _)| until.min(*next));
                if from < until {
                    #[allow(clippy::cast_precision_loss, reason = "budgets are far below 2^52")]
                    let amount = (*amount / sharers) as f64;
                    let share = until.duration_since(from).as_secs_f64() / dusk.duration_since(dawn).as_secs_f64();
                    spend += self.market.saturated(amount) * share;
                }
            }
        }
        self.market.figures(campaign, day, spend)
    }
}
