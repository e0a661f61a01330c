//! What campaigns deliver, computed from what they were set to and when; nothing ticks.
//!
//! A campaign spends evenly through the account's local day at a rate that its budget and the configured capacity
//! give. Clicks are whole numbers that grow with time, so that a day's figures only ever rise; cost is clicks times
//! the campaign's cost per click. Days lie up to 15% above or below the budget, in pairs that cancel out.

use std::collections::HashMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use super::account::{Account, CustomerStatus};
use super::key::{Key, Kind};
use super::object::{Object, Status};
use super::review::is_disapproved;
use crate::config::{DeliveryConfig, GoogleConfig};

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

/// Figures of a campaign on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// Spend in micros.
    pub cost_micros: i64,
    /// Impressions.
    pub impressions: i64,
    /// Clicks.
    pub clicks: i64,
    /// Conversions that the platform attributes to itself.
    pub conversions: f64,
    /// Their value in currency units.
    pub conversions_value: f64,
}

impl Metrics {
    /// Adds another day's or campaign's figures.
    pub fn add(&mut self, other: Metrics) {
        self.cost_micros += other.cost_micros;
        self.impressions += other.impressions;
        self.clicks += other.clicks;
        self.conversions += other.conversions;
        self.conversions_value += other.conversions_value;
    }

    /// Whether there is nothing.
    pub fn is_zero(&self) -> bool {
        *self == Metrics::default()
    }
}

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

/// The figures of a campaign on a local day, as far as that day has gone by.
pub fn on_day(
    account: &Account,
    campaign: i64,
    day: Date,
    seed: u64,
    config: &DeliveryConfig,
    now: Timestamp,
) -> Metrics {
    let Some(history) = account.histories.get(&campaign) else { return Metrics::default() };
    let midnight = |d: Date| d.to_zoned(account.zone.clone()).map(|z| z.timestamp()).ok();
    let (Some(dawn), Some(dusk)) = (midnight(day), day.checked_add(1.day()).ok().and_then(midnight)) else {
        return Metrics::default();
    };
    let mut spend = 0.0;
    for (i, setting) in history.iter().enumerate() {
        let Some((budget, sharers)) = setting.budget else { continue };
        let from = setting.since.max(setting.from.unwrap_or(dawn)).max(dawn);
        let next = history.get(i + 1).map_or(now, |s| s.since);
        let until = next.min(setting.until.unwrap_or(next)).min(dusk).min(now);
        let amounts = account.amounts.get(&budget).map_or(&[][..], Vec::as_slice);
        for (j, (since, amount)) in amounts.iter().enumerate() {
            let from = from.max(*since);
            let until = amounts.get(j + 1).map_or(until, |(next, _)| until.min(*next));
            if from < until {
                #[allow(clippy::cast_precision_loss, reason = "budgets and days are far below 2^52")]
                let (amount, share) = (
                    (*amount / sharers) as f64,
                    until.duration_since(from).as_secs_f64() / dusk.duration_since(dawn).as_secs_f64(),
                );
                spend += saturated(amount, config) * share;
            }
        }
    }
    figures(spend * swing(seed, campaign, day), seed, campaign, config)
}

fn saturated(amount: f64, config: &DeliveryConfig) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "capacities are far below 2^52")]
    let capacity = config.capacity_micros as f64;
    capacity * (1.0 - (-amount / capacity).exp())
}

/// A day's factor: 1 + x on even days and 1 - x on the day after.
fn swing(seed: u64, campaign: i64, day: Date) -> f64 {
    let number = day.duration_since(Date::ZERO).as_hours() / 24;
    let swing = 0.15 * unit(seed, campaign, number.div_euclid(2));
    if number.rem_euclid(2) == 0 { 1.0 + swing } else { 1.0 - swing }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn figures(spend: f64, seed: u64, campaign: i64, config: &DeliveryConfig) -> Metrics {
    let price = (config.cost_per_click_micros as f64 * (0.75 + 0.5 * unit(seed, campaign, -1))).max(1.0).round();
    let clicks = (spend / price).floor();
    if clicks < 1.0 {
        return Metrics::default();
    }
    let rate = config.click_through_rate * (0.75 + 0.5 * unit(seed, campaign, -2));
    let conversions = (clicks * config.conversion_rate * (0.75 + 0.5 * unit(seed, campaign, -3))).floor();
    Metrics {
        cost_micros: (clicks * price) as i64,
        impressions: (clicks / rate.max(0.0001)).ceil() as i64,
        clicks: clicks as i64,
        conversions,
        conversions_value: conversions * config.conversion_value,
    }
}

/// A number in 0..1 that depends on nothing but its arguments (`SplitMix64`).
fn unit(seed: u64, campaign: i64, salt: i64) -> f64 {
    let mut z = seed
        .wrapping_add(campaign.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15))
        .wrapping_add(salt.cast_unsigned().wrapping_mul(0xD1B5_4A32_D192_ED03));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
    let unit = ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0;
    unit
}
