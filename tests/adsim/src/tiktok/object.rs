//! Campaigns, ad groups and ads, with their past.

use std::sync::Arc;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::money::to_number;
use super::schema::{Doc, text};

/// Kind of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Kind {
    Campaign,
    Adgroup,
    Ad,
}

impl Kind {
    /// Name in ledger entries and faults.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Campaign => "campaign",
            Kind::Adgroup => "adgroup",
            Kind::Ad => "ad",
        }
    }

    /// Name in messages.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Campaign => "campaign",
            Kind::Adgroup => "ad group",
            Kind::Ad => "ad",
        }
    }

    /// The field with the id of a smart+ object.
    pub fn id_field(self) -> &'static str {
        match self {
            Kind::Campaign => "campaign_id",
            Kind::Adgroup => "adgroup_id",
            Kind::Ad => "smart_plus_ad_id",
        }
    }

    /// The field with the name.
    pub fn name_field(self) -> &'static str {
        match self {
            Kind::Campaign => "campaign_name",
            Kind::Adgroup => "adgroup_name",
            Kind::Ad => "ad_name",
        }
    }
}

/// One version of an object.
#[derive(Debug, Clone)]
pub struct Object {
    /// Kind.
    pub kind: Kind,
    /// Id.
    pub id: u64,
    /// Campaign of an ad group, ad group of an ad; 0 for campaigns.
    pub parent: u64,
    /// Whether it belongs to a smart+ campaign.
    pub smart_plus: bool,
    /// The fields that users set, but for those below.
    pub doc: Doc,
    /// Budget in micros.
    pub budget: Option<i64>,
    /// Whether its owner lets it run.
    pub enabled: bool,
    /// Whether it has been deleted.
    pub deleted: bool,
    /// When it came to be.
    pub created: Timestamp,
    /// When it was changed last.
    pub modified: Timestamp,
    /// When the review of an ad ends.
    pub reviewed_at: Option<Timestamp>,
}

impl Object {
    /// An object that is created now.
    pub fn new(kind: Kind, parent: u64, doc: Doc, now: Timestamp) -> Object {
        Object {
            kind,
            id: 0,
            parent,
            smart_plus: true,
            doc,
            budget: None,
            enabled: true,
            deleted: false,
            created: now,
            modified: now,
            reviewed_at: None,
        }
    }

    /// A text field.
    pub fn text(&self, name: &str) -> &str {
        text(&self.doc, name)
    }

    /// Name.
    pub fn name(&self) -> &str {
        self.text(self.kind.name_field())
    }

    /// Whether the campaign's budget pays for its ad groups.
    pub fn optimizes_budget(&self) -> bool {
        self.doc.get("budget_optimize_on").and_then(Value::as_bool) == Some(true)
    }

    /// An instant that is told in UTC.
    pub fn instant(&self, field: &str) -> Option<Timestamp> {
        parse_time(self.text(field))
    }

    /// When an ad group's schedule ends.
    pub fn end(&self) -> Option<Timestamp> {
        self.instant("schedule_end_time").filter(|_| self.text("schedule_type") == "SCHEDULE_START_END")
    }

    /// All fields that users can set, for the ledger and for views.
    pub fn fields(&self) -> Doc {
        let mut doc = self.doc.clone();
        if let Some(budget) = self.budget {
            doc.insert("budget".into(), to_number(budget));
        }
        let status = match (self.deleted, self.enabled) {
            (true, _) => "DELETE",
            (_, true) => "ENABLE",
            _ => "DISABLE",
        };
        doc.insert("operation_status".into(), status.into());
        doc
    }
}

/// Reads `YYYY-MM-DD HH:MM:SS` in UTC, exactly.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let shape = text.len() == 19 && text.as_bytes()[10] == b' ' && !text.contains('T');
    let time: DateTime = if shape { text.parse().ok()? } else { return None };
    TimeZone::UTC.to_timestamp(time).ok()
}

/// Writes `YYYY-MM-DD HH:MM:SS` in UTC.
pub fn format_time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// An object's versions.
#[derive(Debug, Clone)]
pub struct Row {
    /// Each version with the instant from which it is current; oldest first, never empty.
    versions: Vec<(Timestamp, Arc<Object>)>,
}

impl Row {
    /// A first version.
    pub fn new(object: Object, now: Timestamp) -> Row {
        Row { versions: vec![(now, Arc::new(object))] }
    }

    /// The present version.
    pub fn now(&self) -> Option<&Arc<Object>> {
        self.versions.last().map(|(_, object)| object)
    }

    /// The version that was current at an instant.
    pub fn at(&self, instant: Timestamp) -> Option<&Arc<Object>> {
        self.versions.iter().rev().find(|(since, _)| *since <= instant).map(|(_, object)| object)
    }

    /// Adds a version; those that were replaced longer than `keep` ago are forgotten.
    pub fn push(&mut self, object: Object, now: Timestamp, keep: SignedDuration) {
        if self.versions.last().is_some_and(|(since, _)| *since == now) {
            self.versions.pop();
        }
        self.versions.push((now, Arc::new(object)));
        let current = self.versions.iter().rposition(|(since, _)| *since + keep <= now).unwrap_or_default();
        self.versions.drain(..current);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(s: i64) -> Timestamp {
        Timestamp::from_second(s).unwrap()
    }

    fn object(id: u64) -> Object {
        Object { id, ..Object::new(Kind::Campaign, 0, Doc::new(), second(0)) }
    }

    #[test]
    fn a_row_knows_what_it_was_and_forgets_what_is_too_old() {
        let mut row = Row::new(object(1), second(10));
        let keep = SignedDuration::from_secs(5);
        row.push(object(2), second(20), keep);
        assert!(row.at(second(9)).is_none());
        assert_eq!((row.at(second(19)).unwrap().id, row.at(second(20)).unwrap().id), (1, 2));
        row.push(object(3), second(40), keep);
        assert_eq!((row.at(second(39)).unwrap().id, row.now().unwrap().id), (2, 3));
        assert!(row.at(second(19)).is_none(), "the first version has been forgotten");
    }

    #[test]
    fn only_the_documented_form_is_a_time() {
        assert_eq!(parse_time("2027-03-01 00:00:00").map(format_time).as_deref(), Some("2027-03-01 00:00:00"));
        for wrong in ["2027-03-01", "2027-03-01T00:00:00", "2027-02-30 00:00:00", "2027-3-1 00:00:00"] {
            assert!(parse_time(wrong).is_none(), "{wrong}");
        }
    }
}
