//! A plan as it is shown: what all three outputs are made of, and what `-o json` prints as it is.
//!
//! # The JSON document
//! Fields are only ever added; `format` changes when one changes its meaning. Amounts are decimals in strings, always
//! beside their currency. Lists are sorted: Campaigns by namespace and name, lines by their key, changes by importance.
//!
//! ```json
//! {
//!   "format": "adops.dev/plan.v1",
//!   "changed": true,
//!   "counts": {"create": 1, "change": 1, "stop": 0, "withheld": 0, "problems": 0, "notPlanned": 0, "refused": 0, "unchanged": 4},
//!   "money": [{"currency": "EUR", "from": "5333.34", "to": "6000.00"}],
//!   "campaigns": [{
//!     "namespace": "growth", "name": "spring", "file": "spring.yaml:2",
//!     "exists": true, "deleting": false, "changed": true,
//!     "observedAt": "2027-03-01T10:00:00Z",
//!     "money": {"currency": "EUR", "from": "5333.34", "to": "6000.00"},
//!     "lines": [{
//!       "line": "google-global/US", "account": "google-global", "market": "US", "id": "1234567890",
//!       "kind": "Change",
//!       "money": {"currency": "EUR", "from": "2666.66", "to": "3000.00"},
//!       "changes": [{"action": "budget", "field": "Budget", "from": "2666.66", "to": "3000.00", "cause": "Spec"}],
//!       "withheld": [], "settingsKnown": true
//!     }],
//!     "notes": []
//!   }],
//!   "notes": []
//! }
//! ```
//!
//! A field that has nothing to say (`file`, `id`, `problem`, `notPlanned`, `waits`, ...) is left out.

use std::collections::BTreeMap;

use adops_core::campaign::plan::Cause;
use adops_core::campaign::settings::Field;
use adops_core::platform::Manner;
use adops_core::reason::Reason;
use serde::Serialize;

/// What [`Report::format`] says.
pub const FORMAT: &str = "adops.dev/plan.v1";

/// Plans of one or more Campaigns.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The shape of this document: [`FORMAT`].
    pub format: &'static str,
    /// Whether anything would change on a platform.
    pub changed: bool,
    /// How many lines.
    pub counts: Counts,
    /// Money a day before and after, for each currency.
    pub money: Vec<Money>,
    /// The Campaigns, by namespace and name.
    pub campaigns: Vec<CampaignReport>,
    /// What concerns several Campaigns.
    pub notes: Vec<String>,
}

/// How many lines there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// To be created.
    pub create: usize,
    /// To be changed.
    pub change: usize,
    /// To be stopped or removed.
    pub stop: usize,
    /// Changes that policy keeps back.
    pub withheld: usize,
    /// Lines that cannot run as they are written.
    pub problems: usize,
    /// Lines of which nothing can be said yet.
    pub not_planned: usize,
    /// Changes that a platform would refuse (`--live`).
    pub refused: usize,
    /// As they should be.
    pub unchanged: usize,
}

/// Money a day before and after: the sum over what is enabled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Money {
    /// ISO 4217.
    pub currency: String,
    /// Now, as observed.
    pub from: String,
    /// When the plan, and what follows from it by itself, is carried out.
    pub to: String,
}

/// The plan of one Campaign.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CampaignReport {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The file and line that it was read from; absent for one of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Whether the cluster has it.
    pub exists: bool,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Whether anything would change on a platform.
    pub changed: bool,
    /// When the platforms were read; absent if they were not yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<String>,
    /// Money a day; absent if nothing runs before or after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
    /// All lines by their key, and objects that no line needs any more.
    pub lines: Vec<LineReport>,
    /// What else a reader should know.
    pub notes: Vec<String>,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Kind {
    /// It is created.
    Create,
    /// It is changed.
    Change,
    /// It stops.
    Stop,
    /// Nothing changes.
    Unchanged,
    /// Nothing can be said yet, see `notPlanned`; or it must be waited for, see `waits`.
    NotPlanned,
    /// It cannot run as it is written, see `problem`, and nothing is done.
    Problem,
}

/// The plan of one line.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LineReport {
    /// account/market.
    pub line: String,
    /// The AdAccount, as the Campaign names it.
    pub account: String,
    /// The market.
    pub market: String,
    /// The platform's id, if it has an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What becomes of it.
    pub kind: Kind,
    /// Money a day; absent if it runs neither before nor after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
    /// What is done, the most important first.
    pub changes: Vec<ChangeReport>,
    /// What is kept back, and why.
    pub withheld: Vec<WithheldReport>,
    /// Why it cannot run as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Why>,
    /// Why nothing can be said yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_planned: Option<Why>,
    /// What must be waited for first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<Why>,
    /// False: the settings on the platform are neither those of the stored spec nor those of the plan, so some of them
    /// change, and it is not known which.
    pub settings_known: bool,
    /// What the platform says of the changes (`--live`), in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub live: Vec<Verdict>,
}

/// What a platform says of a change that it was asked about without carrying it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The change's action.
    pub action: String,
    /// The verdict.
    pub verdict: VerdictKind,
    /// More.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A verdict's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum VerdictKind {
    /// It would be taken, as far as the platform could be asked about it: the message says what it was not asked.
    Accepted,
    /// It would be refused.
    Refused,
    /// The platform was not or could not be asked.
    NotAsked,
}

/// A reason and what a person needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// The one word.
    pub reason: Reason,
    /// More.
    pub message: String,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeReport {
    /// create, budget, set, pause, enable, mark (our marker is restored) or remove.
    pub action: &'static str,
    /// Which setting, in the words of `ignoreFields`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
    /// Now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Shown>,
    /// Then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Shown>,
    /// In which way: `InPlace`, Swap, Replace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manner: Option<Manner>,
    /// Why: Spec, Drift, Retired, ...
    pub cause: Cause,
    /// All settings of a new object.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<Field, Shown>,
    /// What it must wait for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub later: Option<String>,
}

/// A value: one text, or several whose order says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Shown {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// A change that is kept back.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WithheldReport {
    /// What would be done.
    pub change: ChangeReport,
    /// Why it is not.
    #[serde(flatten)]
    pub why: Why,
}
