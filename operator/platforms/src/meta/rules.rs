//! Meta's rules: the pure half of the connector.

use adops_core::campaign::import::{Description, Files};
use adops_core::campaign::line::{DesiredLine, LineProblem};
use adops_core::campaign::observed::ObservedLine;
use adops_core::campaign::settings::{Field, Settings, Value};
use adops_core::catalog::media::MediaFacts;
use adops_core::money::{Currency, Money};
use adops_core::platform::{Account, Manner, Platform, PlatformRules};
use jiff::civil::DateTime;
use jiff::{Timestamp, ToSpan};

use super::identity::Identity;
use super::{library, money, render};

/// How often an hour a budget may be changed before it is locked.
const BUDGET_CHANGES: u32 = 4;

/// Meta's rules.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules;

impl PlatformRules for Rules {
    fn platform(&self) -> Platform {
        super::PLATFORM
    }

    /// An account tells its own; without an account nothing is known of it.
    fn minimum_daily_budget(&self, _currency: Currency) -> Option<Money> {
        None
    }

    fn budget_unit(&self, currency: Currency) -> i64 {
        money::unit(currency)
    }

    fn budget_changes_per_hour(&self) -> Option<u32> {
        Some(BUDGET_CHANGES)
    }

    fn uses_media(&self) -> bool {
        true
    }

    fn takes(&self, file: &MediaFacts) -> Result<(), String> {
        library::takes(file)
    }

    fn render(&self, line: &DesiredLine, account: &Account) -> Result<Settings, Vec<LineProblem>> {
        render::render(line, account)
    }

    fn describe(&self, object: &ObservedLine, _account: &Account, files: &Files) -> Result<Description, Vec<String>> {
        super::describe::describe(object, files)
    }

    fn manner(&self, field: Field, from: Option<&Value>, to: &Value, line: &ObservedLine, now: Timestamp) -> Manner {
        match (field, from) {
            (Field::Objective, _) => Manner::Replace,
            // The pixel and its event are locked once the ad set was published.
            (Field::ConversionAction, _) if line.delivered => Manner::Replace,
            (Field::Start, Some(Value::Instant(start))) if surely_past(*start, now) => Manner::Replace,
            (Field::Ads, _) => Manner::Swap,
            (Field::Identity, Some(from)) if Identity::of(from).speaker != Identity::of(to).speaker => Manner::Swap,
            _ => Manner::InPlace,
        }
    }

    /// Meta takes no date in the past: what should have begun begins when it is made. Who benefits and who pays is the
    /// account's affair where the spec does not say it.
    fn satisfied(&self, field: Field, from: &Value, to: &Value, account: &Account, now: Timestamp) -> bool {
        if from == to {
            return true;
        }
        let now = now.to_zoned(account.time_zone.clone()).datetime();
        match (field, from, to) {
            (Field::Start | Field::End, Value::Instant(from), Value::Instant(to)) => *from <= now && *to <= now,
            (Field::Identity, from, to) => Identity::of(from).serves(&Identity::of(to)),
            _ => false,
        }
    }
}

/// Whether a civil time is over in every zone.
fn surely_past(at: DateTime, now: Timestamp) -> bool {
    let latest = now.to_zoned(jiff::tz::TimeZone::UTC).datetime().saturating_sub(12.hours());
    at < latest
}
