//! Campaigns and ad groups with their versions. Fields are kept as the API has them.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

/// Fields by name.
pub type Doc = Map<String, Value>;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A campaign.
    Campaign,
    /// An ad group.
    AdGroup,
}

impl Kind {
    /// The name, as answers and the ledger have it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Campaign => "campaign",
            Kind::AdGroup => "adgroup",
        }
    }
}

/// A version of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: u64,
    /// An ad group's campaign.
    pub parent: u64,
    /// What users set, defaults included.
    pub doc: Doc,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last written.
    pub updated: Timestamp,
}

impl Object {
    /// The campaign that it belongs to, itself included.
    pub fn campaign(&self) -> u64 {
        if self.kind == Kind::Campaign { self.id } else { self.parent }
    }

    /// A text; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.doc.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A whole number.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.doc.get(name).and_then(Value::as_i64)
    }

    /// A Unix time.
    pub fn time(&self, name: &str) -> Option<Timestamp> {
        Timestamp::from_second(self.number(name)?).ok()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.text("name")
    }

    /// Whether its owner lets it run.
    pub fn is_active(&self) -> bool {
        self.text("status") == "ACTIVE"
    }

    /// Whether it is gone for good (assumed of archiving).
    pub fn is_archived(&self) -> bool {
        self.text("status") == "ARCHIVED"
    }

    /// Whether a campaign has the budget, and not each of its ad groups.
    pub fn has_budget_for_all(&self) -> bool {
        self.doc.get("is_campaign_budget_optimization").and_then(Value::as_bool).unwrap_or_default()
    }
}

/// An object's versions.
#[derive(Debug)]
pub struct Row(Vec<(Timestamp, Arc<Object>)>);

impl Row {
    /// A first version.
    pub fn new(object: Arc<Object>, now: Timestamp) -> Row {
        Row(vec![(now, object)])
    }

    /// The version that was current at an instant; none stands for now.
    pub fn at(&self, instant: Option<Timestamp>) -> Option<&Arc<Object>> {
        let seen = |since: &Timestamp| instant.is_none_or(|instant| *since <= instant);
        self.0.iter().rev().find(|(since, _)| seen(since)).map(|(_, object)| object)
    }

    /// Adds a version; those that were replaced longer than `keep` ago are forgotten.
    pub fn push(&mut self, object: Arc<Object>, now: Timestamp, keep: SignedDuration) {
        if self.0.last().is_some_and(|(since, _)| *since == now) {
            self.0.pop();
        }
        self.0.push((now, object));
        let current = self.0.iter().rposition(|(since, _)| *since + keep <= now).unwrap_or_default();
        self.0.drain(..current);
    }
}
