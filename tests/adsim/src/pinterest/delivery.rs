//! What campaigns deliver, computed from what they were set to and when; nothing ticks.
//!
//! A budget spends evenly through the day of UTC. What the money buys is [`crate::delivery`]'s.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::account::Account;
use super::object::Kind;
use crate::config::DeliveryConfig;
use crate::delivery::{Bounds, Market, Metrics};

/// What a campaign was set to from an instant on.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// When it took effect.
    pub since: Timestamp,
    /// What it spends a day, in micros; none while it cannot serve.
    pub per_day: Option<f64>,
    /// When it may start.
    pub from: Option<Timestamp>,
    /// When it is over.
    pub until: Option<Timestamp>,
}

/// All settings of a campaign, oldest first.
pub type History = Vec<Setting>;

/// Records what a campaign is set to now.
#[allow(clippy::cast_precision_loss, reason = "budgets are far below 2^52")]
pub fn record(account: &mut Account, campaign: u64, config: &DeliveryConfig, seed: u64, now: Timestamp) {
    let Some(found) = account.get(Kind::Campaign, campaign) else { return };
    let (worth, _) = account.worth(campaign, now);
    let market = Market { config, seed, scale: 1 };
    let serves = worth > 0 && !account.config.disabled;
    let setting = Setting {
        since: now,
        per_day: serves.then(|| market.saturated(worth as f64)),
        from: found.time("start_time"),
        until: found.time("end_time"),
    };
    let history = account.histories.entry(campaign).or_default();
    if history.last().is_some_and(|last| last.since == now) {
        history.pop();
    }
    if history.last().is_none_or(|last| Setting { since: now, ..last.clone() } != setting) {
        history.push(setting);
    }
}

/// Metrics of a campaign on a day, up to an instant.
pub fn on(
    account: &Account,
    campaign: u64,
    day: Date,
    until: Timestamp,
    config: &DeliveryConfig,
    seed: u64,
) -> Metrics {
    let (Some(history), Some(Bounds { dawn, dusk })) =
        (account.histories.get(&campaign), Bounds::of(&TimeZone::UTC, day))
    else {
        return Metrics::default();
    };
    let length = dusk.duration_since(dawn).as_secs_f64();
    let mut spend = 0.0;
    for (index, setting) in history.iter().enumerate() {
        let Some(per_day) = setting.per_day else { continue };
        let from = setting.since.max(setting.from.unwrap_or(dawn)).max(dawn);
        let next = history.get(index + 1).map_or(until, |next| next.since);
        let to = next.min(setting.until.unwrap_or(next)).min(dusk).min(until);
        if from < to {
            spend += per_day * to.duration_since(from).as_secs_f64() / length;
        }
    }
    Market { config, seed, scale: 1 }.bought(campaign.cast_signed(), spend)
}
