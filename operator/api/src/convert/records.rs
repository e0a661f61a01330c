//! Between the lines of a status and the domain's records.

use std::collections::BTreeMap;

use adops_core::budget::brakes::BudgetChanges;
use adops_core::campaign::line::LineKey;
use adops_core::campaign::observed::LineRecord;
use adops_core::money::{Currency, Money};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::campaign::{CampaignStatus, Line, LineState};

/// The records that a status keeps. A line that cannot be read is as good as none: it is rebuilt.
pub fn records(status: &CampaignStatus) -> BTreeMap<LineKey, LineRecord> {
    status.lines.iter().filter_map(|line| Some((line.key.parse().ok()?, record(line)))).collect()
}

/// The record that a line keeps.
pub fn record(line: &Line) -> LineRecord {
    LineRecord {
        id: line.id.clone(),
        replacement: u32::try_from(line.replacement).unwrap_or(0),
        attempt: line.attempt.as_ref().map(|time| time.0),
        confirmed_budget: line.budget.as_deref().and_then(micros),
        confirmed_enabled: line.state == LineState::Live,
        confirmed_hash: line.hash.clone(),
        stop: line.stop,
        replaces: line.replaces.clone(),
        budget_changes: BudgetChanges::stored(
            u32::try_from(line.budget_changes).unwrap_or(u32::MAX),
            line.budget_changed_at.as_ref().map(|time| time.0),
        ),
    }
}

/// A decimal's micros; they do not depend on the currency.
fn micros(text: &str) -> Option<i64> {
    let any: Currency = "XXX".parse().ok()?;
    Money::parse(text, any).ok().map(Money::micros)
}

/// Writes a record into a line; its state says `Live` exactly if it may be enabled.
pub fn write_record(record: &LineRecord, currency: Option<Currency>, line: &mut Line) {
    line.id.clone_from(&record.id);
    line.replacement = i32::try_from(record.replacement).unwrap_or(i32::MAX);
    line.attempt = record.attempt.map(|at| Time(whole_seconds(at)));
    line.budget = record.confirmed_budget.and_then(|micros| {
        let currency = currency.or_else(|| "XXX".parse().ok())?;
        Money::from_micros(micros.unsigned_abs(), currency).ok().map(Money::decimal)
    });
    line.hash.clone_from(&record.confirmed_hash);
    line.stop = record.stop;
    line.replaces.clone_from(&record.replaces);
    line.budget_changes = i32::try_from(record.budget_changes.count()).unwrap_or(i32::MAX);
    line.budget_changed_at = record.budget_changes.last().map(|at| Time(whole_seconds(at)));
}

/// Times are stored to the second; an attempt must not look earlier than it was.
fn whole_seconds(at: Timestamp) -> Timestamp {
    let up = i64::from(at.subsec_nanosecond() > 0);
    Timestamp::from_second(at.as_second() + up).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_the_way_through_a_status() {
        let record = LineRecord {
            id: Some("88".to_owned()),
            replacement: 2,
            attempt: Some("2027-03-01T00:00:01.25Z".parse().unwrap()),
            confirmed_budget: Some(1_250_500_000),
            confirmed_enabled: true,
            confirmed_hash: Some("00ff".to_owned()),
            stop: Some(4),
            replaces: Some("77".to_owned()),
            budget_changes: BudgetChanges::stored(3, Some("2027-03-01T00:00:05Z".parse().unwrap())),
        };
        let mut line = Line::pending("google-global/US");
        write_record(&record, Some("EUR".parse().unwrap()), &mut line);
        line.state = LineState::Live;
        let json = serde_json::to_string(&line).unwrap();
        let status = CampaignStatus { lines: vec![serde_json::from_str(&json).unwrap()], ..CampaignStatus::default() };
        let back = records(&status);
        let later = LineRecord { attempt: Some("2027-03-01T00:00:02Z".parse().unwrap()), ..record };
        assert_eq!(back[&LineKey::new("google-global", "US")], later);
    }
}
