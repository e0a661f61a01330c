//! What was seen on a platform.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::line;
use super::settings::{AdSettings, ContentHash, Field, Settings, Value};
use super::spec::Adoptee;
use crate::budget::authority::Reading;
use crate::budget::brakes::BudgetChanges;
use crate::marker::{Installation, Token};
use crate::money::Money;
use crate::reason::Reason;

/// The platform's id of a line's topmost object.
pub type ExternalId = String;

/// Everything that carries our marker on one account, plus what was asked for by id.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// When the first request was sent. The snapshot says nothing about what happened later.
    pub began: Timestamp,
    /// By id.
    pub lines: BTreeMap<ExternalId, ObservedLine>,
    /// The live objects of each name that was looked for, whoever made them. A name that nobody looked for is absent.
    pub named: BTreeMap<String, BTreeSet<ExternalId>>,
}

impl Snapshot {
    /// Tells files by other hashes, in what ads show.
    pub fn rename_media(&mut self, names: &BTreeMap<ContentHash, ContentHash>) {
        if names.is_empty() {
            return;
        }
        for line in self.lines.values_mut() {
            let Some(Value::Ads(ads)) = line.settings.get(Field::Ads) else { continue };
            if !ads.iter().flat_map(|ad| &ad.media).any(|hash| names.contains_key(hash)) {
                continue;
            }
            let renamed = |hash: &ContentHash| names.get(hash).unwrap_or(hash).clone();
            let ads = ads.iter().map(|ad| AdSettings { media: ad.media.iter().map(renamed).collect(), ..ad.clone() });
            let ads = Value::Ads(ads.collect());
            line.settings.set(Field::Ads, ads);
        }
    }

    /// The id of an object that is to be adopted; none if nobody looked, or if not exactly one is called so.
    pub fn meant<'a>(&'a self, object: &'a Adoptee) -> Option<&'a ExternalId> {
        match object {
            Adoptee::Id(id) => Some(id),
            Adoptee::Name(name) => self.named.get(name).filter(|ids| ids.len() == 1)?.first(),
        }
    }
}

/// One object that is or was a line.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedLine {
    /// The platform's id.
    pub id: ExternalId,
    /// When the reading of it began.
    pub seen: Timestamp,
    /// Whether it still exists.
    pub existence: Existence,
    /// What proves whose it is.
    pub marker: MarkerEvidence,
    /// Whether it is enabled.
    pub delivery: Delivery,
    /// Its daily budget.
    pub budget: Money,
    /// The rest of what is set on it.
    pub settings: Settings,
    /// Parts of its chain that are not there, in the platform's words (`ad set`): it was not created to the end, or
    /// somebody has removed them. Such an object does not serve, and counts as paused.
    pub missing: BTreeSet<String>,
    /// What the platform says of its serving; empty means that it serves.
    pub serving: BTreeSet<Reason>,
    /// Whether it has ever delivered.
    pub delivered: bool,
    /// What it spent, by account day, in micros.
    pub spend: BTreeMap<Date, i64>,
}

impl ObservedLine {
    /// Whether the platform has ended it by itself: its end, in the account's zone, is over.
    pub fn has_ended(&self, zone: &TimeZone, now: Timestamp) -> bool {
        match self.settings.get(Field::End) {
            Some(Value::Instant(end)) => line::is_past(*end, zone, now),
            _ => false,
        }
    }

    /// For the spend authority: what it may spend a day as it is, and whose marker it carries.
    pub fn reading(&self, ours: &Installation, zone: &TimeZone, now: Timestamp) -> Reading {
        let runs = self.existence == Existence::Live && self.delivery == Delivery::Enabled;
        let spends = if runs && !self.has_ended(zone, now) { self.budget } else { Money::zero(self.budget.currency()) };
        let foreign = self.marker.foreign(ours).is_some();
        let owners = self.marker.tokens().filter(|_| !foreign).map(|token| token.campaign).collect();
        Reading { id: self.id.clone(), owners, spends, seen: self.seen }
    }
}

/// Whether an object exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existence {
    /// It can be changed.
    Live,
    /// It is removed for good.
    Removed,
}

/// Whether an object is enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It is enabled.
    Enabled,
    /// We paused it, or have not enabled it yet: it carries our paused label.
    PausedByUs,
    /// Somebody else paused it.
    PausedByOthers,
}

/// What an object says of its owner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarkerEvidence {
    /// Our installation's label is on it.
    pub label: bool,
    /// The token in its name.
    pub token: Option<Token>,
    /// The token in a part of it that people seldom rename.
    pub inner_token: Option<Token>,
    /// The label of another installation is on it.
    pub foreign_label: Option<String>,
}

impl MarkerEvidence {
    /// The token that counts: the one in the name, else the inner one.
    pub fn best_token(&self) -> Option<&Token> {
        self.token.as_ref().or(self.inner_token.as_ref())
    }

    /// Both tokens: that in the name, then the inner one.
    pub fn tokens(&self) -> impl Iterator<Item = &Token> {
        self.token.iter().chain(&self.inner_token)
    }

    /// Whether label and name token are as we write them for `token`.
    pub fn is_whole(&self, token: &Token) -> bool {
        self.label && self.token.as_ref() == Some(token)
    }

    /// The other installation that claims it, if one does.
    pub fn foreign(&self, ours: &Installation) -> Option<String> {
        if let Some(label) = &self.foreign_label {
            return Some(label.clone());
        }
        self.tokens().find(|token| token.installation != *ours).map(|token| token.installation.to_string())
    }
}

/// What the operator remembers of a line (from the Campaign's status): a cache, but for `attempt`. How it
/// changes: see [`super::record`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineRecord {
    /// The id that was acknowledged.
    pub id: Option<ExternalId>,
    /// Which object of the line this is; 0 is the first.
    pub replacement: u32,
    /// When a create was begun whose outcome is not known yet.
    pub attempt: Option<Timestamp>,
    /// The budget as last confirmed, in micros. None from the moment before we change it until it was
    /// read back.
    pub confirmed_budget: Option<i64>,
    /// Whether it was confirmed enabled; true from the moment before we enable it.
    pub confirmed_enabled: bool,
    /// The settings' hash as last confirmed. None from the moment before we change one until they were
    /// read back.
    pub confirmed_hash: Option<String>,
    /// The generation of the spec at which a stop by hand was first seen. It stays until the stop is
    /// undone, so that a new generation is known from a new stop.
    pub stop: Option<i64>,
    /// The object that the one being created replaces; it was seen paused before.
    pub replaces: Option<ExternalId>,
    /// How often its budget was changed lately, where that is limited.
    pub budget_changes: BudgetChanges,
}
