//! The plan: what must change so that the platforms hold what the spec asks.
//!
//! For each line the object that is *bound* to it is found first (`bind`), then compared with what
//! is desired (`diff`); objects of the Campaign that no line wants are retired (`retire`).
//!
//! | record | seen with our marker | what happens |
//! |---|---|---|
//! | none | nothing | `Create` |
//! | none | one | it is taken up, paused or not |
//! | attempt, not settled | nothing | wait until a listing that began late enough |
//! | attempt, settled | nothing | `Create` again with the same token |
//! | attempt | one | it is taken up |
//! | any | several, none delivered | the lowest id is taken up, the rest is removed |
//! | any | several, one delivered | `CreateOutcomeUnknown`, until a person says which |
//! | id | it, whole | compare |
//! | id | it, marker damaged | the marker is restored, then compare |
//! | id | it, without any marker | `MarkerLost`, no change, until `adopt` names it |
//! | none, `adopt` gives a name | exactly one that is called so | it is marked, then compare |
//! | none, `adopt` gives a name | none or several that are called so | no change, and nothing is created |
//! | any | one with our token and a marker of somebody else | `ForeignMarker` or `ClaimedByAnotherCampaign`, no change |
//! | id | it, removed | `Create` with the next replacement number |
//! | id | not seen at all | wait: absence from a listing is no proof |
//! | attempt, not settled | only an older one that is being replaced | wait |
//! | attempt, settled | only an older one that is being replaced | compare it again |
//!
//! An object is of one line only. Where name, inner token and record disagree, the record counts if
//! one of the tokens bears it out, else the inner token, which people seldom edit.
//!
//! The plan is level-triggered: it depends on what is desired and seen now, not on how that came
//! about. A change that needs another one first (enable after a read-back, create after the old
//! object is paused) is planned when the first one has been *observed*.

mod bind;
mod change;
mod diff;
mod index;
mod retire;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub use self::change::{Action, Cause, Change, Importance, NewLine, Withheld};
pub(crate) use self::index::unsettled_until;
use self::index::{Index, has_evidence};
use super::line::{Desired, LineKey, LineProblem};
use super::observed::{Delivery, Existence, ExternalId, LineRecord, ObservedLine, Snapshot};
use super::settings::{Field, Settings, Value};
use super::spec::{Adoption, CampaignSpec};
use crate::marker::{Installation, Token};
use crate::money::Money;
use crate::platform::{Account, PlatformRules};
use crate::reason::Reason;

/// Everything that a plan depends on.
pub struct Inputs<'a> {
    /// Whose markers are ours.
    pub installation: &'a Installation,
    /// The spec.
    pub spec: &'a CampaignSpec,
    /// The spec's generation.
    pub generation: i64,
    /// Whether the spec is another one than that of the last report.
    pub spec_changed: bool,
    /// Whether the Campaign is being deleted.
    pub deleting: bool,
    /// The spec spread over the accounts.
    pub desired: &'a Desired,
    /// What is remembered of each line.
    pub records: &'a BTreeMap<LineKey, LineRecord>,
    /// What is known of each account: of those in the spec, and of those that records or retired
    /// objects are on.
    pub accounts: &'a BTreeMap<String, AccountView<'a>>,
    /// Lines for which a person has said which object is the right one.
    pub resolutions: &'a BTreeMap<LineKey, ExternalId>,
    /// Now.
    pub now: Timestamp,
}

/// What is known of one account.
pub struct AccountView<'a> {
    /// Its facts.
    pub account: &'a Account,
    /// Its rules.
    pub rules: Arc<dyn PlatformRules>,
    /// The last full listing.
    pub snapshot: &'a Snapshot,
    /// How long after an attempt began a listing must begin to settle it: request timeout + lag.
    pub settle_after: SignedDuration,
    /// Until when an observation of an object may miss a write of ours. Observations that began
    /// before it prove nothing by a difference.
    pub unsettled: &'a BTreeMap<ExternalId, Timestamp>,
    /// Before this, every observation may miss a write of an earlier process.
    pub floor: Timestamp,
    /// If what runs on the account passes its ceiling: the most that one object may have so that it fits.
    pub level: Option<Money>,
    /// Objects whose pause the platform has acknowledged, though no observation shows it yet.
    pub stopping: &'a BTreeSet<ExternalId>,
    /// Objects whose budget decrease the platform has refused.
    pub refused_decreases: &'a BTreeSet<ExternalId>,
    /// Fields that something keeps changing back.
    pub contested: &'a BTreeSet<(ExternalId, Field)>,
    /// Whether this namespace may (still) use the account.
    pub granted: bool,
}

impl AccountView<'_> {
    /// Whether it is of interest how often a budget was changed.
    pub fn counts_budget_changes(&self) -> bool {
        counts_budget_changes(self.account, self.rules.as_ref())
    }
}

/// Whether an account, or its platform, limits how often a budget is changed.
pub fn counts_budget_changes(account: &Account, rules: &dyn PlatformRules) -> bool {
    account.brakes.changes_per_hour.is_some() || rules.budget_changes_per_hour().is_some()
}

/// What is to be done for a Campaign.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// One for each line of the spec, by key. In a deletion: those that must be waited for.
    pub lines: Vec<LinePlan>,
    /// Objects of this Campaign that no line is bound to.
    pub retired: Vec<RetiredPlan>,
}

/// What is to be done for a line.
#[derive(Debug, Clone, PartialEq)]
pub struct LinePlan {
    /// Which line.
    pub key: LineKey,
    /// The object that is bound to it, as seen.
    pub bound: Option<ObservedLine>,
    /// Which object of the line that is, or would be.
    pub replacement: u32,
    /// What the platform should hold.
    pub wanted: Option<Wanted>,
    /// What is to be done, the most important first.
    pub changes: Vec<Change>,
    /// What was taken out, and why.
    pub withheld: Vec<Withheld>,
    /// What stops the line.
    pub problem: Option<LineProblem>,
    /// Until when nothing can be said.
    pub wait: Option<Wait>,
    /// Whether spending was stopped by hand and the stop counts.
    pub stopped_by_hand: bool,
    /// Differences that something other than us made.
    pub drift: Vec<Field>,
}

/// What the platform should hold for a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Whether it shall be enabled.
    pub enabled: bool,
    /// Its daily budget.
    pub budget: Money,
    /// The rest, as far as it is managed; the name is without its token.
    pub settings: Settings,
    /// The rest with the fields that are written by a create and ignored afterwards.
    pub full: Settings,
}

/// An object that no line wants.
#[derive(Debug, Clone, PartialEq)]
pub struct RetiredPlan {
    /// The account it is on.
    pub account: String,
    /// The object as seen.
    pub object: ObservedLine,
    /// What is to be done with it.
    pub changes: Vec<Change>,
    /// What was taken out, and why.
    pub withheld: Vec<Withheld>,
}

/// Something that must be waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// What for.
    pub reason: Reason,
    /// Until when, if that is known; else until the next observation.
    pub until: Option<Timestamp>,
}

impl Plan {
    /// All changes, of lines and of retired objects.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.lines.iter().flat_map(|line| &line.changes).chain(self.retired.iter().flat_map(|r| &r.changes))
    }

    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.changes().next().is_none()
    }

    /// The earliest instant at which something that is waited for can be known.
    pub fn wake_at(&self) -> Option<Timestamp> {
        self.lines.iter().filter_map(|line| line.wait.as_ref()?.until).min()
    }
}

/// Plans a Campaign. Nothing is filtered yet: see [`super::restrict`].
pub fn plan(inputs: &Inputs<'_>) -> Plan {
    let mut plan = Plan::default();
    let index = Index::new(inputs);
    if inputs.deleting {
        plan.lines = unknown_leftovers(inputs);
        plan.retired = retire::retire(inputs, &index, &[]);
        return plan;
    }
    let desired = inputs.desired;
    let keys: BTreeSet<&LineKey> =
        desired.lines.keys().chain(desired.problems.keys()).chain(&desired.unknown).collect();
    plan.lines = keys.into_iter().map(|key| plan_line(inputs, &index, key)).collect();
    plan.retired = retire::retire(inputs, &index, &plan.lines);
    plan
}

/// What a deletion must wait for: objects that may exist and are not seen yet.
fn unknown_leftovers(inputs: &Inputs<'_>) -> Vec<LinePlan> {
    let wait = |key: &LineKey, record: &LineRecord| {
        let Some(view) = inputs.accounts.get(&key.account) else {
            let may_exist = record.id.is_some() || record.attempt.is_some();
            return may_exist.then_some(Wait { reason: Reason::AccountNotReady, until: None });
        };
        let attempt = record.attempt.map(|attempt| attempt + view.settle_after);
        let unseen = record.id.as_ref().filter(|id| !view.snapshot.lines.contains_key(*id));
        let until = attempt.max(unseen.map(|id| unsettled_until(view, id)))?;
        (view.snapshot.began <= until).then_some(Wait { reason: Reason::Deleting, until: Some(until) })
    };
    let lines = inputs.records.iter().filter_map(|(key, record)| {
        let mut line = LinePlan::new(key, record);
        line.wait = Some(wait(key, record)?);
        Some(line)
    });
    lines.collect()
}

fn plan_line(inputs: &Inputs<'_>, index: &Index<'_>, key: &LineKey) -> LinePlan {
    let record = inputs.records.get(key).cloned().unwrap_or_default();
    let mut line = LinePlan::new(key, &record);
    line.problem = inputs.desired.problems.get(key).cloned();
    let Some(view) = inputs.accounts.get(&key.account) else {
        line.wait = Some(Wait { reason: Reason::AccountNotReady, until: None });
        return line;
    };
    line.wanted = match inputs.desired.lines.get(key) {
        None => None,
        Some(desired) => match view.rules.render(desired, view.account).map(|settings| unmarked(inputs, settings)) {
            Ok(settings) => Some(Wanted {
                enabled: desired.state == super::spec::State::Active && !view.account.stop && !desired.over,
                budget: desired.budget,
                settings: settings.clone().without(&inputs.spec.policies.ignore_fields),
                full: settings,
            }),
            Err(problems) => {
                line.problem = problems.into_iter().min();
                None
            }
        },
    };
    match bind::bind(inputs, index, key, &record, view) {
        bind::Binding::Nothing { replacement, removed } => {
            line.replacement = replacement;
            diff::absent(inputs, &mut line, removed);
        }
        bind::Binding::Bound { object, replacement } => {
            line.replacement = replacement;
            line.bound = Some(object.clone());
            diff::present(&diff::Subject { inputs, index, view, record: &record, object }, &mut line);
        }
        bind::Binding::Foreign { problem, object } => {
            line.bound = object.cloned();
            line.problem = Some(problem);
        }
        bind::Binding::Several { problem } => line.problem = Some(problem),
        bind::Binding::Wait(wait) => line.wait = Some(wait),
    }
    line.changes.sort_by_key(|change| change.action.importance());
    line
}

/// What a template says is never a marker: only the plan writes tokens.
fn unmarked(inputs: &Inputs<'_>, mut settings: Settings) -> Settings {
    if let Some(Value::Text(name)) = settings.get(Field::Name) {
        let plain = Token::strip(name);
        if plain != *name {
            let name = if plain.is_empty() { inputs.spec.id.name.clone() } else { plain };
            settings.set(Field::Name, Value::Text(name));
        }
    }
    settings
}

impl LinePlan {
    fn new(key: &LineKey, record: &LineRecord) -> Self {
        Self {
            key: key.clone(),
            bound: None,
            replacement: record.replacement,
            wanted: None,
            changes: Vec::new(),
            withheld: Vec::new(),
            problem: None,
            wait: None,
            stopped_by_hand: false,
            drift: Vec::new(),
        }
    }

    /// The bound object, if it is ours beyond doubt.
    pub fn own(&self) -> Option<&ObservedLine> {
        let foreign = [Reason::ForeignMarker, Reason::ClaimedByAnotherCampaign, Reason::MarkerLost];
        self.bound.as_ref().filter(|_| self.problem.as_ref().is_none_or(|problem| !foreign.contains(&problem.reason)))
    }
}

/// What the spec says of the object that a line takes over.
fn wish<'a>(inputs: &'a Inputs<'_>, key: &LineKey) -> Option<&'a Adoption> {
    inputs.spec.adopt.iter().find(|adopt| adopt.account == key.account && adopt.market == key.market)
}

/// Whether the platform has ended an object by itself: its end, in the account's zone, is over.
pub(crate) fn has_ended(view: &AccountView<'_>, object: &ObservedLine, now: Timestamp) -> bool {
    object.has_ended(&view.account.time_zone, now)
}

/// The token of a line's object.
fn token(inputs: &Inputs<'_>, key: &LineKey, replacement: u32) -> Token {
    Token::new(inputs.installation, &inputs.spec.id, key, replacement)
}

fn is_live(object: &ObservedLine) -> bool {
    object.existence == Existence::Live
}

fn is_enabled(object: &ObservedLine) -> bool {
    object.delivery == Delivery::Enabled
}
