//! Money: Meta's own minor units, least budgets, and the brake on changes.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::config::{MetaAccountConfig, MetaConfig};
use super::errors::GraphError;

/// Currencies whose smallest unit is the major one in this API, whatever ISO 4217 says. All others have hundredths.
const WITHOUT_HUNDREDTHS: &[&str] = &["CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"];

/// Rough worth of a US dollar in currencies in which a budget of a dollar would be nothing; for least budgets (assumed).
const ROUGHLY_A_DOLLAR: &[(&str, i64)] = &[
    ("CLP", 900),
    ("COP", 4000),
    ("CRC", 520),
    ("HUF", 360),
    ("ISK", 140),
    ("IDR", 16_000),
    ("JPY", 150),
    ("KRW", 1_350),
    ("PYG", 7_500),
    ("TWD", 32),
    ("VND", 25_000),
    ("INR", 85),
    ("MXN", 18),
    ("BRL", 5),
    ("THB", 35),
    ("PHP", 57),
    ("TRY", 35),
    ("CZK", 23),
    ("DKK", 7),
    ("NOK", 11),
    ("SEK", 10),
    ("PLN", 4),
];

/// Minor units in a major one.
pub fn offset(currency: &str) -> i64 {
    if WITHOUT_HUNDREDTHS.contains(&currency) { 1 } else { 100 }
}

/// Minor units as micros.
pub fn to_micros(minor: i64, currency: &str) -> i64 {
    minor.saturating_mul(1_000_000 / offset(currency))
}

/// The least daily budgets of an account, as its edge `minimum_budgets` shows them. The figures are assumed; only their
/// order is documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minimums {
    /// Charged for impressions.
    pub impressions: i64,
    /// Charged for frequent events, such as clicks.
    pub high_frequency: i64,
    /// Charged for rare events, such as app installs.
    pub low_frequency: i64,
    /// Charged for video views.
    pub video_views: i64,
}

impl Minimums {
    /// The minimums of an account.
    pub fn of(account: &MetaAccountConfig) -> Minimums {
        let worth = ROUGHLY_A_DOLLAR.iter().find(|(code, _)| *code == account.currency).map_or(1, |(_, worth)| *worth);
        let dollar = account.minimum_daily_budget.unwrap_or(offset(&account.currency) * worth);
        Minimums {
            impressions: dollar,
            high_frequency: dollar * 5,
            low_frequency: dollar * 40,
            video_views: dollar * 5,
        }
    }

    /// What must be given a day for a billing event.
    pub fn for_billing(self, event: &str) -> i64 {
        match event {
            "LINK_CLICKS" | "CLICKS" | "POST_ENGAGEMENT" | "PAGE_LIKES" => self.high_frequency,
            "APP_INSTALLS" | "OFFER_CLAIMS" | "PURCHASE" => self.low_frequency,
            "THRUPLAY" => self.video_views,
            _ => self.impressions,
        }
    }

    /// The edge's row.
    pub fn to_json(self, currency: &str) -> Value {
        json!({
            "currency": currency,
            "min_daily_budget_imp": self.impressions,
            "min_daily_budget_high_freq": self.high_frequency,
            "min_daily_budget_low_freq": self.low_frequency,
            "min_daily_budget_video_views": self.video_views,
        })
    }
}

/// Refuses a budget that is too low.
pub fn check_minimum(field: &str, amount: i64, least: i64, currency: &str) -> Result<(), GraphError> {
    if amount >= least {
        return Ok(());
    }
    let shown = if offset(currency) == 1 {
        format!("{least} {currency}")
    } else {
        format!("{}.{:02} {currency}", least / 100, least % 100)
    };
    let message = format!(
        "The budget must be at least {shown}. Please edit your budget in your ad set to enable delivery of your ads."
    );
    Err(GraphError::invalid(1_885_272, "Budget Is Too Low", message).at(field))
}

/// When a budget was changed, to hold it to so many changes an hour.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Brake {
    changes: Vec<Timestamp>,
    locked_until: Option<Timestamp>,
}

impl Brake {
    /// Counts a change, or refuses it: the change over the limit locks the budget for an hour.
    pub fn change(&mut self, config: &MetaConfig, now: Timestamp) -> Result<(), GraphError> {
        let hour = SignedDuration::from_hours(1);
        self.changes.retain(|at| now.duration_since(*at) < hour);
        if self.locked_until.is_some_and(|until| until <= now) {
            self.locked_until = None;
            self.changes.clear();
        }
        if self.locked_until.is_none() && self.changes.len() < config.limits.budget_changes_per_hour {
            self.changes.push(now);
            return Ok(());
        }
        if self.locked_until.is_none() {
            self.locked_until = now.checked_add(hour).ok();
        }
        let (code, subcode) = config.rules.budget_lock_error;
        let message = format!("(#{code}) Calls to this api have exceeded the rate limit.");
        let mut error = GraphError::new(code, message).at("daily_budget");
        error.subcode = subcode;
        error.user = Some(Box::new((
            "Ad Set Budget Changed Too Often".into(),
            "You can only change an ad set's budget 4 times an hour. Wait an hour before you change it again.".into(),
        )));
        Err(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_follow_metas_own_table() {
        for (currency, minor, micros) in [
            ("USD", 5_000, 50_000_000),
            ("JPY", 5_000, 5_000_000_000),
            ("HUF", 100, 100_000_000),
            ("KWD", 100, 1_000_000),
        ] {
            assert_eq!(to_micros(minor, currency), micros, "{currency}");
        }
        let account = MetaAccountConfig { currency: "JPY".into(), ..MetaAccountConfig::default() };
        assert_eq!(Minimums::of(&account).for_billing("LINK_CLICKS"), 750);
        let error = check_minimum("daily_budget", 99, 100, "USD").unwrap_err();
        assert!(error.user.unwrap().1.contains("1.00 USD"));
    }

    #[test]
    fn the_fifth_change_in_an_hour_locks_the_budget_for_an_hour() {
        let config = MetaConfig::default();
        let mut brake = Brake::default();
        let start: Timestamp = "2027-03-01T00:00:00Z".parse().unwrap();
        let at = |minutes| start + SignedDuration::from_mins(minutes);
        for minute in [0, 10, 20, 30] {
            brake.change(&config, at(minute)).unwrap();
        }
        let error = brake.change(&config, at(40)).unwrap_err();
        assert_eq!((error.code, error.subcode), (613, Some(1_487_632)));
        assert!(brake.change(&config, at(65)).is_err(), "the lock lasts an hour, though the first change is over");
        brake.change(&config, at(100)).unwrap();
    }
}
