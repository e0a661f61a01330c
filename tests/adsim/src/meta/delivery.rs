//! What ad sets deliver, computed from what they were set to and when; nothing ticks.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::account::Account;
use super::budgets::{offset, to_micros};
use super::config::MetaConfig;
use super::live;
use super::object::{Kind, Object};
use super::status::is_disapproved;
use crate::delivery::{Bounds, Market, Metrics};

/// What an ad set was set to from an instant on.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// When it took effect.
    pub since: Timestamp,
    /// Micros a day and the ad that they are spent on; none while it cannot serve.
    pub spends: Option<(i64, i64)>,
    /// When it may start: the ad set's start or the end of its first ad's review, whichever is later.
    pub from: Option<Timestamp>,
    /// When it is over.
    pub until: Option<Timestamp>,
}

/// All settings of an ad set, oldest first.
pub type History = Vec<Setting>;

/// Records what the ad sets of a campaign are set to now.
pub fn record(account: &mut Account, campaign: i64, config: &MetaConfig, now: Timestamp) {
    let Some(campaign) = account.get_kind(Kind::Campaign, campaign).cloned() else { return };
    let sets: Vec<Arc<Object>> = account.children(campaign.id).cloned().collect();
    let sharers = sets.iter().filter(|set| live::serves(account, set, now)).count();
    for set in sets {
        let setting = setting(account, &campaign, &set, sharers, config, now);
        let history = account.histories.entry(set.id).or_default();
        if history.last().is_some_and(|s| s.since == now) {
            history.pop();
        }
        if history.last().is_none_or(|s| Setting { since: now, ..s.clone() } != setting) {
            history.push(setting);
        }
    }
}

fn setting(
    account: &Account,
    campaign: &Object,
    set: &Object,
    sharers: usize,
    config: &MetaConfig,
    now: Timestamp,
) -> Setting {
    let ad = account
        .children(set.id)
        .filter(|ad| ad.is_active() && !is_disapproved(account, ad, config))
        .filter_map(|ad| Some((ad.due?, ad.id)))
        .min();
    let runs = account.status == 1 && live::runs(campaign, "stop_time", now) && live::runs(set, "end_time", now);
    let amount = if live::has_budget(campaign) {
        live::daily(campaign, "stop_time") / i64::try_from(sharers).unwrap_or(1).max(1)
    } else {
        live::daily(set, "end_time")
    };
    let ends = [campaign.time("stop_time"), set.time("end_time")];
    let starts = [campaign.time("start_time"), set.time("start_time"), ad.map(|(reviewed, _)| reviewed)];
    Setting {
        since: now,
        spends: ad.filter(|_| runs).map(|(_, ad)| (to_micros(amount, &account.config.currency), ad)),
        from: starts.into_iter().flatten().max(),
        until: ends.into_iter().flatten().min(),
    }
}

/// Answers how much ad sets of an account have delivered.
pub struct Reporter<'a> {
    account: &'a Account,
    market: Market<'a>,
    now: Timestamp,
}

impl<'a> Reporter<'a> {
    /// A reporter at an instant.
    pub fn new(account: &'a Account, config: &'a MetaConfig, seed: u64, now: Timestamp) -> Reporter<'a> {
        // Prices in the configuration are for currencies with hundredths.
        let scale = if offset(&account.config.currency) == 1 { 100 } else { 1 };
        Reporter { account, market: Market { config: &config.delivery, seed, scale }, now }
    }

    /// The present day in the account's zone.
    pub fn today(&self) -> Date {
        self.now.to_zoned(self.account.zone.clone()).date()
    }

    /// The figures of an ad set on a local day, as far as that day has gone by, and the ad that earned them.
    pub fn on_day(&self, set: i64, day: Date) -> (Metrics, i64) {
        let (Some(history), Some(bounds)) = (self.account.histories.get(&set), Bounds::of(&self.account.zone, day))
        else {
            return (Metrics::default(), 0);
        };
        let (mut spend, mut ad) = (0.0, 0);
        for (i, setting) in history.iter().enumerate() {
            let Some((micros, on)) = setting.spends else { continue };
            let from = setting.since.max(setting.from.unwrap_or(bounds.dawn)).max(bounds.dawn);
            let next = history.get(i + 1).map_or(self.now, |s| s.since);
            let until = next.min(setting.until.unwrap_or(next)).min(bounds.dusk).min(self.now);
            if from < until {
                #[allow(clippy::cast_precision_loss, reason = "budgets are far below 2^52")]
                let daily = self.market.saturated(micros as f64);
                let day = bounds.dusk.duration_since(bounds.dawn).as_secs_f64();
                spend += daily * until.duration_since(from).as_secs_f64() / day;
                ad = on;
            }
        }
        (self.market.figures(set, day, spend), ad)
    }

    /// The first local day on which an ad set existed.
    pub fn first_day(&self, set: i64) -> Option<Date> {
        let first = self.account.histories.get(&set)?.first()?;
        Some(first.since.to_zoned(self.account.zone.clone()).date())
    }

    /// All figures of an ad set up to now.
    pub fn total(&self, set: i64) -> Metrics {
        let mut total = Metrics::default();
        let mut day = self.first_day(set);
        while let Some(date) = day.filter(|date| *date <= self.today()) {
            total.add(self.on_day(set, date).0);
            day = date.tomorrow().ok();
        }
        total
    }

    /// What an account has spent in all, in micros.
    pub fn spent(&self) -> i64 {
        self.account.histories.keys().map(|set| self.total(*set).cost_micros).sum()
    }
}
