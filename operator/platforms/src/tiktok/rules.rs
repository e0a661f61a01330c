//! TikTok's rules: the pure half of the connector.

use adops_core::campaign::import::{Description, Files};
use adops_core::campaign::line::{DesiredLine, LineProblem};
use adops_core::campaign::observed::ObservedLine;
use adops_core::campaign::settings::{Field, Settings, Value};
use adops_core::catalog::media::MediaFacts;
use adops_core::market::Place;
use adops_core::money::{Currency, Money};
use adops_core::platform::{Account, Manner, Platform, PlatformRules};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::{creative, money};

/// TikTok's rules.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules;

impl PlatformRules for Rules {
    fn platform(&self) -> Platform {
        super::PLATFORM
    }

    fn minimum_daily_budget(&self, currency: Currency) -> Option<Money> {
        money::least(currency)
    }

    fn budget_unit(&self, currency: Currency) -> i64 {
        money::step(currency)
    }

    fn uses_media(&self) -> bool {
        true
    }

    fn takes(&self, file: &MediaFacts) -> Result<(), String> {
        creative::takes(file)
    }

    fn render(&self, line: &DesiredLine, account: &Account) -> Result<Settings, Vec<LineProblem>> {
        super::render::render(line, account)
    }

    fn describe(&self, object: &ObservedLine, _account: &Account, files: &Files) -> Result<Description, Vec<String>> {
        super::describe::describe(object, files)
    }

    fn manner(&self, field: Field, from: Option<&Value>, to: &Value, _line: &ObservedLine, now: Timestamp) -> Manner {
        match (field, from, to) {
            (Field::Objective | Field::Optimization | Field::ConversionAction | Field::SpecialAdCategories, ..) => {
                Manner::Replace
            }
            (Field::Start, Some(Value::Instant(start)), _) if surely_past(*start, now) => Manner::Replace,
            // Once in the United States, an ad group stays there.
            (Field::Places, Some(from), to) if is_in_us(from) && !is_in_us(to) => Manner::Replace,
            (Field::Bidding, Some(Value::Text(from)), Value::Text(to)) if strategy(from) != strategy(to) => {
                Manner::Replace
            }
            (Field::Ads, ..) => Manner::Swap,
            _ => Manner::InPlace,
        }
    }

    /// TikTok takes no start that is long past: what should have begun begins when it is created. Civil times that are
    /// one instant, where clocks are put forward, are the same.
    fn satisfied(&self, field: Field, from: &Value, to: &Value, account: &Account, now: Timestamp) -> bool {
        if from == to {
            return true;
        }
        let (Value::Instant(from), Value::Instant(to)) = (from, to) else { return false };
        let (from, to) = (instant(*from, &account.time_zone), instant(*to, &account.time_zone));
        match field {
            Field::Start => from == to || from <= now && to <= now,
            Field::End => from == to || from <= now && to < now,
            _ => false,
        }
    }
}

/// The instant of a civil time.
pub(super) fn instant(at: DateTime, zone: &TimeZone) -> Timestamp {
    at.to_zoned(zone.clone()).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// Whether a civil time is over in every zone.
fn surely_past(at: DateTime, now: Timestamp) -> bool {
    at < now.to_zoned(TimeZone::UTC).datetime().saturating_sub(12.hours())
}

fn is_in_us(places: &Value) -> bool {
    matches!(places, Value::Places(places) if places.iter().any(|place| place.country() == Some("US")))
}

/// The word before the amount.
fn strategy(bidding: &str) -> &str {
    bidding.split(' ').next().unwrap_or_default()
}

/// Whether a place is one that only TikTok knows, told by its id.
pub(super) fn own_id(place: &Place) -> Option<&str> {
    match place {
        Place::PlatformOnly(id) if !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) => Some(id),
        _ => None,
    }
}
