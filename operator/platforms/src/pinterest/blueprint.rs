//! A line's settings in Pinterest's terms, ready to be written.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::plan::NewLine;
use adops_core::campaign::settings::{Field, Settings, Value};
use adops_core::market::Place;
use adops_core::reason::Reason;
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Map, Value as Json, json};

use super::errors::rejected;
use super::rules::instant;
use super::words;
use crate::error::PlatformError;
use crate::paused;

/// What the words of settings stand for.
#[derive(Debug)]
pub(super) struct Dictionary {
    pub(super) now: Timestamp,
    pub(super) places: BTreeMap<Place, String>,
}

/// A value that is not of its field's kind.
pub(super) fn unfit(field: Field) -> PlatformError {
    rejected(Reason::InvalidSpec, format!("{field} has no value that Pinterest can hold"))
}

/// A whole line: the items that create its chain; the ad group's lacks the campaign's id.
#[derive(Debug, Clone)]
pub(super) struct Blueprint {
    pub(super) campaign: Json,
    pub(super) group: Json,
}

impl Blueprint {
    /// Of a new line.
    pub(super) fn new(account: &str, line: &NewLine, dictionary: &Dictionary) -> Result<Self, PlatformError> {
        let settings = &line.settings;
        let (name, objective) = (text(settings, Field::Name)?, text(settings, Field::Objective)?);
        let time = |field| match settings.get(field) {
            Some(Value::Instant(at)) => Ok(*at),
            _ => Err(unfit(field)),
        };
        let campaign = json!({
            "ad_account_id": account,
            "name": paused::paused(name),
            "status": "PAUSED",
            "objective_type": objective,
            "is_campaign_budget_optimization": true,
            "is_flexible_daily_budgets": false,
            "daily_spend_cap": line.budget.micros(),
            "start_time": dictionary.start(time(Field::Start)?),
            "end_time": end(time(Field::End)?),
        });
        let mut group = Map::from_iter([
            ("name".to_owned(), name.into()),
            ("status".to_owned(), "ACTIVE".into()),
            ("billable_event".to_owned(), words::billable_event(objective).into()),
            ("budget_type".to_owned(), "CBO_ADGROUP".into()),
            ("pacing_delivery_type".to_owned(), "STANDARD".into()),
            // It would show ads to others than the audience.
            ("auto_targeting_enabled".to_owned(), false.into()),
        ]);
        let mut targeting = Map::new();
        for (field, value) in settings.iter().filter(|(field, _)| of_group(*field)) {
            set(field, value, dictionary, &mut group, &mut targeting)?;
        }
        group.insert("targeting_spec".to_owned(), targeting.into());
        Ok(Self { campaign, group: group.into() })
    }
}

/// Whether a field is one of the ad group.
pub(super) fn of_group(field: Field) -> bool {
    is_targeting(field) || matches!(field, Field::Bidding | Field::Placements)
}

/// Whether a field is in the targeting specification.
pub(super) fn is_targeting(field: Field) -> bool {
    matches!(field, Field::Places | Field::Languages | Field::Ages | Field::Genders)
}

/// Writes a field of the ad group.
pub(super) fn set(
    field: Field,
    to: &Value,
    dictionary: &Dictionary,
    group: &mut Map<String, Json>,
    targeting: &mut Map<String, Json>,
) -> Result<(), PlatformError> {
    match (field, to) {
        (Field::Places, Value::Places(places)) => {
            targeting.remove("GEO");
            targeting.insert("LOCATION".to_owned(), json!(dictionary.codes(places)?));
        }
        (Field::Languages, Value::Set(none)) if none.is_empty() => _ = targeting.remove("LOCALE"),
        (Field::Ages, Value::Set(ages)) => {
            words::write_ages(targeting, ages).ok_or_else(|| unfit(field))?;
            group.insert("auto_targeting_enabled".to_owned(), false.into());
        }
        (Field::Genders, Value::Set(genders)) => words::write_genders(targeting, genders),
        (Field::Bidding, Value::Text(strategy)) => {
            group.insert("bid_strategy_type".to_owned(), strategy.as_str().into());
        }
        (Field::Placements, Value::Set(placements)) => {
            let [placement] = placements.iter().collect::<Vec<_>>()[..] else { return Err(unfit(field)) };
            group.insert("placement_group".to_owned(), placement.as_str().into());
        }
        (field, _) => return Err(unfit(field)),
    }
    Ok(())
}

impl Dictionary {
    /// A start that is not in the past: such a one would be refused, and begins now as well.
    pub(super) fn start(&self, start: DateTime) -> i64 {
        instant(start).max(self.now).as_second()
    }

    fn codes(&self, places: &BTreeSet<Place>) -> Result<Vec<&str>, PlatformError> {
        let code = |place: &Place| {
            let unknown = || rejected(Reason::UnknownMarket, format!("Pinterest does not target {place}"));
            self.places.get(place).map(String::as_str).ok_or_else(unknown)
        };
        places.iter().map(code).collect()
    }
}

/// An end in seconds.
pub(super) fn end(end: DateTime) -> i64 {
    instant(end).as_second()
}

fn text(settings: &Settings, field: Field) -> Result<&str, PlatformError> {
    match settings.get(field) {
        Some(Value::Text(text)) => Ok(text),
        _ => Err(unfit(field)),
    }
}
