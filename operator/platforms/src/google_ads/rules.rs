//! Google Ads' rules: the pure half of the connector.

use adops_core::campaign::import::{Description, Files};
use adops_core::campaign::line::{DesiredLine, LineProblem};
use adops_core::campaign::observed::ObservedLine;
use adops_core::campaign::settings::{Field, Settings, Value};
use adops_core::money::{Currency, Money};
use adops_core::platform::{Account, Manner, Platform, PlatformRules};
use jiff::civil::DateTime;
use jiff::{Timestamp, ToSpan};

/// Google Ads' rules.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules;

impl PlatformRules for Rules {
    fn platform(&self) -> Platform {
        super::PLATFORM
    }

    /// Google tells its minimum only by refusing what is below; it is one billable unit or a little more.
    fn minimum_daily_budget(&self, _currency: Currency) -> Option<Money> {
        None
    }

    fn render(&self, line: &DesiredLine, account: &Account) -> Result<Settings, Vec<LineProblem>> {
        super::render::render(line, account)
    }

    fn describe(&self, object: &ObservedLine, account: &Account, _files: &Files) -> Result<Description, Vec<String>> {
        super::describe::describe(object, account)
    }

    fn manner(&self, field: Field, from: Option<&Value>, _to: &Value, _line: &ObservedLine, now: Timestamp) -> Manner {
        match (field, from) {
            (Field::Channel, _) => Manner::Replace,
            (Field::Start, Some(Value::Instant(start))) if surely_past(*start, now) => Manner::Replace,
            _ => Manner::InPlace,
        }
    }

    /// Google takes no date in the past: a flight that began before its campaign was made starts on the
    /// day on which it was made, and one that is over ends today at the earliest.
    fn satisfied(&self, field: Field, from: &Value, to: &Value, account: &Account, now: Timestamp) -> bool {
        if from == to {
            return true;
        }
        let today = now.to_zoned(account.time_zone.clone()).date();
        match (field, from, to) {
            (Field::Start, Value::Instant(from), Value::Instant(to)) => from.date() <= today && to.date() <= today,
            (Field::End, Value::Instant(from), Value::Instant(to)) => from.date() <= today && to.date() < today,
            _ => false,
        }
    }
}

/// Whether a civil time is over in every zone.
fn surely_past(at: DateTime, now: Timestamp) -> bool {
    let latest = now.to_zoned(jiff::tz::TimeZone::UTC).datetime().saturating_sub(12.hours());
    at < latest
}
