//! What a daily budget buys, the same on all platforms; nothing ticks.
//!
//! Money is spent evenly through the account's local day at a rate that the budget and the configured capacity give.
//! Clicks are whole numbers that grow with time, so that a day's figures only ever rise; cost is clicks times the cost
//! per click. Days lie up to 15% above or below the budget, in pairs that cancel out.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::config::DeliveryConfig;

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

/// The first instant of a local day and of the day after.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// First instant of the day.
    pub dawn: Timestamp,
    /// First instant of the next day.
    pub dusk: Timestamp,
}

impl Bounds {
    /// The bounds of a day in a zone.
    pub fn of(zone: &TimeZone, day: Date) -> Option<Bounds> {
        let midnight = |day: Date| day.to_zoned(zone.clone()).map(|z| z.timestamp()).ok();
        Some(Bounds { dawn: midnight(day)?, dusk: midnight(day.tomorrow().ok()?)? })
    }
}

/// What money buys.
#[derive(Debug, Clone, Copy)]
pub struct Market<'a> {
    /// Capacity, prices and rates.
    pub config: &'a DeliveryConfig,
    /// Seed of what varies.
    pub seed: u64,
    /// Money in the configuration is for currencies with cents; others have it scaled.
    pub scale: i64,
}

impl Market<'_> {
    /// What is spent a day of a daily budget, both in micros.
    pub fn saturated(&self, amount: f64) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "capacities are far below 2^52")]
        let capacity = (self.config.capacity_micros * self.scale).max(1) as f64;
        capacity * (1.0 - (-amount / capacity).exp())
    }

    /// The figures of an object that has spent so much of a day, before the day's swing.
    pub fn figures(&self, id: i64, day: Date, spend: f64) -> Metrics {
        self.bought(id, spend * swing(self.seed, id, day))
    }

    /// What an object gets for its money.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn bought(&self, id: i64, spend: f64) -> Metrics {
        let config = self.config;
        let vary = |rate: f64, salt: i64| rate * (0.75 + 0.5 * unit(self.seed, id, salt));
        let price = vary((config.cost_per_click_micros * self.scale) as f64, -1).max(1.0).round();
        let clicks = (spend / price).floor();
        if clicks < 1.0 {
            return Metrics::default();
        }
        let conversions = (clicks * vary(config.conversion_rate, -3)).floor();
        Metrics {
            cost_micros: (clicks * price) as i64,
            impressions: (clicks / vary(config.click_through_rate, -2).max(0.0001)).ceil() as i64,
            clicks: clicks as i64,
            conversions,
            conversions_value: conversions * config.conversion_value,
        }
    }
}

/// A day's factor: 1 + x on even days and 1 - x on the day after.
fn swing(seed: u64, id: i64, day: Date) -> f64 {
    let number = day.duration_since(Date::ZERO).as_hours() / 24;
    let swing = 0.15 * unit(seed, id, number.div_euclid(2));
    if number.rem_euclid(2) == 0 { 1.0 + swing } else { 1.0 - swing }
}

/// A number in 0..1 that depends on nothing but its arguments (`SplitMix64`).
pub(crate) fn unit(seed: u64, id: i64, salt: i64) -> f64 {
    let mut z = seed
        .wrapping_add(id.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15))
        .wrapping_add(salt.cast_unsigned().wrapping_mul(0xD1B5_4A32_D192_ED03));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
    let unit = ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0;
    unit
}
