//! Pinterest's rules: the pure half of the connector.

use adops_core::campaign::line::{DesiredLine, LineProblem};
use adops_core::campaign::observed::ObservedLine;
use adops_core::campaign::settings::{Field, Settings, Value};
use adops_core::money::{Currency, Money};
use adops_core::platform::{Account, Manner, Platform, PlatformRules};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Pinterest's rules.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules;

impl PlatformRules for Rules {
    fn platform(&self) -> Platform {
        super::PLATFORM
    }

    /// Its description names none: it would be told by a refusal.
    fn minimum_daily_budget(&self, _currency: Currency) -> Option<Money> {
        None
    }

    fn render(&self, line: &DesiredLine, account: &Account) -> Result<Settings, Vec<LineProblem>> {
        super::render::render(line, account)
    }

    fn manner(
        &self,
        field: Field,
        _from: Option<&Value>,
        _to: &Value,
        _line: &ObservedLine,
        _now: Timestamp,
    ) -> Manner {
        if field == Field::Objective { Manner::Replace } else { Manner::InPlace }
    }

    /// What should have begun in the past begins when it is created.
    fn satisfied(&self, field: Field, from: &Value, to: &Value, _account: &Account, now: Timestamp) -> bool {
        let (Value::Instant(from), Value::Instant(to)) = (from, to) else { return from == to };
        from == to
            || match field {
                Field::Start => instant(*from) <= now && instant(*to) <= now,
                Field::End => instant(*from) <= now && instant(*to) < now,
                _ => false,
            }
    }
}

/// The instant of a civil time.
pub(super) fn instant(at: DateTime) -> Timestamp {
    TimeZone::UTC.to_timestamp(at).unwrap_or(Timestamp::MAX)
}
