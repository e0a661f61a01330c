//! What ads deliver, computed from what they were set to and when; nothing ticks.
//!
//! A budget spends evenly through the account's local day; the ads that may serve share it equally (assumed). What the
//! money buys is [`crate::delivery`]'s.
//!
//! A dynamic daily budget may spend up to 125% of itself in a day and seven times itself in a week, as documented: from
//! Monday on days come in pairs of which one is above and the other below. Other budgets are never exceeded.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::account::{Advertiser, AdvertiserStatus};
use super::config::TikTokConfig;
use super::object::{Kind, Object};
use super::review::is_disapproved;
use crate::config::DeliveryConfig;
use crate::delivery::{Bounds, Market, Metrics, unit};

/// What an ad was set to from an instant on.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// When it took effect.
    pub since: Timestamp,
    /// What it spends a day, in micros; none while it cannot serve.
    pub per_day: Option<f64>,
    /// Whether a day may lie above the budget.
    pub dynamic: bool,
    /// When it may start: its ad group's start or the end of its review, whichever is later.
    pub from: Option<Timestamp>,
    /// When it is over.
    pub until: Option<Timestamp>,
}

/// All settings of an ad, oldest first.
pub type History = Vec<Setting>;

/// What has been delivered on days that are over. It never changes, so it is computed once.
#[derive(Debug, Default)]
pub struct Past(Mutex<HashMap<u64, PastDays>>);

#[derive(Debug)]
struct PastDays {
    first: Date,
    days: Vec<Metrics>,
    sum: Metrics,
}

/// Records what the ads of a campaign are set to now.
pub fn record(account: &mut Advertiser, campaign: u64, config: &TikTokConfig, seed: u64, now: Timestamp) {
    let mut settings = Vec::new();
    if let Some(found) = account.get(Kind::Campaign, campaign).cloned() {
        let groups: Vec<_> = account.children(Kind::Adgroup, campaign, None).cloned().collect();
        let serving: Vec<Vec<u64>> = groups.iter().map(|g| serving_ads(account, &found, g, config)).collect();
        let all: usize = serving.iter().map(Vec::len).sum();
        for (group, serving) in groups.iter().zip(&serving) {
            let (holder, sharers) = if found.optimizes_budget() { (&found, all) } else { (group, serving.len()) };
            let per_day = share(account, holder, group, sharers, config, seed, now);
            for ad in account.children(Kind::Ad, group.id, None) {
                settings.push((
                    ad.id,
                    Setting {
                        since: now,
                        per_day: serving.contains(&ad.id).then_some(per_day),
                        dynamic: holder.text("budget_mode") == "BUDGET_MODE_DYNAMIC_DAILY_BUDGET",
                        from: group.instant("schedule_start_time").into_iter().chain(ad.reviewed_at).max(),
                        until: group.end(),
                    },
                ));
            }
        }
    }
    for (ad, setting) in settings {
        let history = account.histories.entry(ad).or_default();
        if history.last().is_some_and(|s| s.since == now) {
            history.pop();
        }
        if history.last().is_none_or(|s| Setting { since: now, ..s.clone() } != setting) {
            history.push(setting);
        }
    }
}

/// The ads of an ad group that serve as soon as their review and the schedule let them.
fn serving_ads(account: &Advertiser, campaign: &Object, group: &Object, config: &TikTokConfig) -> Vec<u64> {
    let pays = account.config.status == AdvertiserStatus::Enable && account.config.balance > 0.0;
    let runs = |object: &Object| object.enabled && !object.deleted;
    if !pays || !runs(campaign) || !runs(group) {
        return Vec::new();
    }
    account
        .children(Kind::Ad, group.id, None)
        .filter(|ad| runs(ad) && !is_disapproved(ad, config))
        .map(|ad| ad.id)
        .collect()
}

/// What each of the ads that share a budget spends a day.
#[allow(clippy::cast_precision_loss, reason = "budgets are far below 2^52")]
fn share(
    account: &Advertiser,
    holder: &Object,
    group: &Object,
    sharers: usize,
    config: &TikTokConfig,
    seed: u64,
    now: Timestamp,
) -> f64 {
    let mut budget = holder.budget.unwrap_or_default() as f64;
    if holder.text("budget_mode") == "BUDGET_MODE_TOTAL" {
        let spent = Reporter::new(account, &config.delivery, seed, now).total(holder).cost_micros as f64;
        let start = group.instant("schedule_start_time").unwrap_or(now).max(now);
        let seconds = group.end().map_or(86_400.0, |end| end.duration_since(start).as_secs_f64()).max(3_600.0);
        budget = (budget - spent).max(0.0) * 86_400.0 / seconds;
    }
    let market = Market { config: &config.delivery, seed, scale: account.currency.ratio };
    market.saturated(budget) / sharers.max(1) as f64
}

/// Computes figures of an account.
#[derive(Debug, Clone, Copy)]
pub struct Reporter<'a> {
    account: &'a Advertiser,
    config: &'a DeliveryConfig,
    seed: u64,
    now: Timestamp,
    today: Date,
}

impl<'a> Reporter<'a> {
    /// Metrics as they are known at an instant.
    pub fn new(account: &'a Advertiser, config: &'a DeliveryConfig, seed: u64, now: Timestamp) -> Reporter<'a> {
        Reporter { account, config, seed, now, today: now.to_zoned(account.zone.clone()).date() }
    }

    /// Today in the account's zone.
    pub fn today(&self) -> Date {
        self.today
    }

    /// The ads that an object consists of.
    pub fn ads_of(&self, object: &Object) -> Vec<u64> {
        match object.kind {
            Kind::Ad => vec![object.id],
            Kind::Adgroup => self.account.children(Kind::Ad, object.id, None).map(|ad| ad.id).collect(),
            Kind::Campaign => self
                .account
                .children(Kind::Adgroup, object.id, None)
                .flat_map(|group| self.account.children(Kind::Ad, group.id, None))
                .map(|ad| ad.id)
                .collect(),
        }
    }

    /// Metrics of an object since it was created.
    pub fn total(&self, object: &Object) -> Metrics {
        self.sum(object, |ad| {
            let mut sum = self.past(ad, |past| past.sum);
            sum.add(self.compute(ad, self.today, self.now));
            sum
        })
    }

    /// Metrics of an object on a day.
    pub fn day(&self, object: &Object, day: Date) -> Metrics {
        self.sum(object, |ad| self.ad_on(ad, day))
    }

    /// Metrics of an object in an hour of a day.
    pub fn hour(&self, object: &Object, day: Date, hour: i8) -> Metrics {
        let at = |hour: i8| {
            let time = day.at(hour, 0, 0, 0);
            time.to_zoned(self.account.zone.clone()).map_or(self.now, |z| z.timestamp())
        };
        let (from, to) = (at(hour), if hour == 23 { self.now.max(at(23)) } else { at(hour + 1) });
        self.sum(object, |ad| less(self.compute(ad, day, to.min(self.now)), self.compute(ad, day, from.min(self.now))))
    }

    fn sum(&self, object: &Object, figures: impl Fn(u64) -> Metrics) -> Metrics {
        let mut sum = Metrics::default();
        for ad in self.ads_of(object) {
            sum.add(figures(ad));
        }
        sum
    }

    fn ad_on(&self, ad: u64, day: Date) -> Metrics {
        if day >= self.today {
            return self.compute(ad, day, self.now);
        }
        self.past(ad, |past| {
            let hours = day.duration_since(past.first).as_hours();
            usize::try_from(hours / 24)
                .ok()
                .filter(|_| hours >= 0)
                .and_then(|i| past.days.get(i))
                .copied()
                .unwrap_or_default()
        })
    }

    fn past<T: Default>(&self, ad: u64, read: impl Fn(&PastDays) -> T) -> T {
        let mut past = self.account.past.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Vacant(entry) = past.entry(ad) {
            let Some(first) = self.account.histories.get(&ad).and_then(|h| h.first()) else { return T::default() };
            let first = first.since.to_zoned(self.account.zone.clone()).date();
            entry.insert(PastDays { first, days: Vec::new(), sum: Metrics::default() });
        }
        let Some(past) = past.get_mut(&ad) else { return T::default() };
        let mut day = past.first.checked_add(i64::try_from(past.days.len()).unwrap_or_default().days());
        while let Ok(date) = day
            && date < self.today
        {
            let figures = self.compute(ad, date, self.now);
            past.sum.add(figures);
            past.days.push(figures);
            day = date.tomorrow();
        }
        read(past)
    }

    /// Metrics of an ad on a day up to an instant.
    fn compute(&self, ad: u64, day: Date, until: Timestamp) -> Metrics {
        let (Some(history), Some(Bounds { dawn, dusk })) =
            (self.account.histories.get(&ad), Bounds::of(&self.account.zone, day))
        else {
            return Metrics::default();
        };
        let length = dusk.duration_since(dawn).as_secs_f64();
        let mut spend = 0.0;
        for (i, setting) in history.iter().enumerate() {
            let Some(per_day) = setting.per_day else { continue };
            let from = setting.since.max(setting.from.unwrap_or(dawn)).max(dawn);
            let next = history.get(i + 1).map_or(until, |s| s.since);
            let to = next.min(setting.until.unwrap_or(next)).min(dusk).min(until);
            if from < to {
                let swing = if setting.dynamic { swing(self.seed, ad, day) } else { 1.0 };
                spend += per_day * swing * to.duration_since(from).as_secs_f64() / length;
            }
        }
        let market = Market { config: self.config, seed: self.seed, scale: self.account.currency.ratio };
        market.bought(ad.cast_signed(), spend)
    }
}

fn less(of: Metrics, other: Metrics) -> Metrics {
    Metrics {
        cost_micros: of.cost_micros - other.cost_micros,
        impressions: of.impressions - other.impressions,
        clicks: of.clicks - other.clicks,
        conversions: of.conversions - other.conversions,
        conversions_value: of.conversions_value - other.conversions_value,
    }
}

/// A day's factor: Monday and Tuesday, Wednesday and Thursday, Friday and Saturday cancel out; Sunday is even.
fn swing(seed: u64, ad: u64, day: Date) -> f64 {
    let number = day.duration_since(Date::ZERO).as_hours() / 24;
    let weekday = i64::from(day.weekday().to_monday_zero_offset());
    if weekday == 6 {
        return 1.0;
    }
    let first = number - weekday % 2;
    let swing = 0.25 * unit(seed, ad.cast_signed(), first);
    if weekday % 2 == 0 { 1.0 + swing } else { 1.0 - swing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_spends_seven_budgets_and_no_day_more_than_a_quarter_above() {
        let monday: Date = "2027-03-01".parse().unwrap();
        let factors: Vec<f64> = (0..7).map(|i| swing(1, 7, monday.checked_add(i64::from(i).days()).unwrap())).collect();
        assert!((factors.iter().sum::<f64>() - 7.0).abs() < 1e-9, "{factors:?}");
        assert!(factors.iter().all(|f| (0.75..=1.25).contains(f)) && factors[0] > 1.0, "{factors:?}");
    }
}
