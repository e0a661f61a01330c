//! The plan: what must change so that the platforms hold what the spec asks.
//!
//! For each line the object that is *bound* to it is found first ([`bind`]), then compared with what
//! is desired ([`diff`]); objects of the Campaign that no line wants are retired ([`retire`]).
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
//! | id | it, of somebody else | `ForeignMarker` or `ClaimedByAnotherCampaign`, no change |
//! | id | it, removed | `Create` with the next replacement number |
//! | id | not seen at all | wait: absence from a listing is no proof |
//!
//! The plan is level-triggered: it depends on what is desired and seen now, not on how that came
//! about. A change that needs another one first (enable after a read-back, create after the old
//! object is paused) is planned when the first one has been *observed*.

mod bind;
mod diff;
mod retire;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::line::{CampaignId, Desired, LineKey, LineProblem};
use super::observed::{Delivery, Existence, ExternalId, LineRecord, ObservedLine, Snapshot};
use super::settings::{Field, Settings, Value};
use super::spec::CampaignSpec;
use crate::marker::{Installation, Token};
use crate::money::Money;
use crate::platform::{Account, Manner, PlatformRules};
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
    /// What is known of each account.
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
    /// Upper bounds of budgets whose last change has an unknown outcome, in micros.
    pub upper_bounds: &'a BTreeMap<ExternalId, i64>,
    /// Objects whose budget decrease the platform has refused.
    pub refused_decreases: &'a BTreeSet<ExternalId>,
    /// Fields that something keeps changing back.
    pub contested: &'a BTreeSet<(ExternalId, Field)>,
    /// Whether this namespace may (still) use the account.
    pub granted: bool,
}

/// What is to be done for a Campaign.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// One for each line of the spec, by key.
    pub lines: Vec<LinePlan>,
    /// Objects of this Campaign that no line wants.
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

/// One change and its reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What is done.
    pub action: Action,
    /// Why.
    pub cause: Cause,
}

/// What can be done to a line's object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// A new object, paused.
    Create(Box<NewLine>),
    /// Our marker is written on an object.
    Mark {
        /// On which.
        id: ExternalId,
        /// The token.
        token: String,
        /// The whole name, token included.
        name: String,
        /// Whether our paused label goes on it, too (an object paused by others that we take over).
        paused: bool,
    },
    /// It stops.
    Pause {
        /// Which.
        id: ExternalId,
    },
    /// It goes live.
    Enable {
        /// Which.
        id: ExternalId,
        /// With which daily budget, for caps.
        budget: Money,
    },
    /// Another daily budget.
    SetBudget {
        /// Of which.
        id: ExternalId,
        /// Now.
        from: Money,
        /// Then.
        to: Money,
        /// Whether it is enabled, so that the change counts at once.
        live: bool,
    },
    /// Another setting.
    Set {
        /// Of which.
        id: ExternalId,
        /// Which setting.
        field: Field,
        /// Now; none if it is not there.
        from: Option<Value>,
        /// Then.
        to: Value,
        /// In which way.
        manner: Manner,
    },
    /// It is removed, which cannot be undone.
    Remove {
        /// Which.
        id: ExternalId,
    },
}

/// A line's object before it exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewLine {
    /// Which line.
    pub key: LineKey,
    /// The token in its name.
    pub token: String,
    /// Which object of the line it is.
    pub replacement: u32,
    /// Its daily budget.
    pub budget: Money,
    /// The rest.
    pub settings: Settings,
}

/// Why a change is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// The spec asks for it.
    Spec,
    /// Something other than us changed the platform.
    Drift,
    /// Nothing says who made the difference (status was lost).
    Unknown,
    /// The line is not in the spec any more.
    Retired,
    /// Another object has taken its place, or will.
    Replaced,
    /// An unknown outcome has left several.
    Duplicate,
    /// The Campaign is being deleted.
    Deleted,
    /// A cap needs it.
    Cap,
    /// The account is stopped.
    AccountStop,
}

/// A change that is not made, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Withheld {
    /// What would be done.
    pub change: Change,
    /// The one word.
    pub reason: Reason,
    /// What a person needs to know.
    pub message: String,
}

/// The order in which changes are sent when not all can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Importance {
    /// Spending stops.
    Stop,
    /// Spending shrinks.
    Decrease,
    /// Objects are recognised again.
    Mark,
    /// Spending begins or grows.
    Increase,
    /// All else.
    Cosmetic,
}

impl Action {
    /// The object it changes; none for a create.
    pub fn id(&self) -> Option<&ExternalId> {
        match self {
            Self::Create(_) => None,
            Self::Mark { id, .. }
            | Self::Pause { id }
            | Self::Enable { id, .. }
            | Self::SetBudget { id, .. }
            | Self::Set { id, .. }
            | Self::Remove { id } => Some(id),
        }
    }

    /// When it is sent, if not all can be.
    pub fn importance(&self) -> Importance {
        match self {
            Self::Pause { .. } => Importance::Stop,
            Self::SetBudget { from, to, .. } if to < from => Importance::Decrease,
            Self::Mark { .. } => Importance::Mark,
            Self::Create(_) | Self::Enable { .. } | Self::SetBudget { .. } => Importance::Increase,
            Self::Set { .. } | Self::Remove { .. } => Importance::Cosmetic,
        }
    }

    /// Whether more could be spent by it.
    pub fn grows_spend(&self) -> bool {
        self.importance() == Importance::Increase
    }

    /// The field it is about, in the words of `ignoreFields`.
    pub fn field(&self) -> Option<Field> {
        match self {
            Self::Pause { .. } | Self::Enable { .. } => Some(Field::Delivery),
            Self::SetBudget { .. } => Some(Field::Budget),
            Self::Set { field, .. } => Some(*field),
            Self::Mark { .. } => Some(Field::Name),
            Self::Create(_) | Self::Remove { .. } => None,
        }
    }

    /// One word for Events, metrics and tables.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Create(_) => "create",
            Self::Mark { .. } => "mark",
            Self::Pause { .. } => "pause",
            Self::Enable { .. } => "enable",
            Self::SetBudget { .. } => "budget",
            Self::Set { .. } => "set",
            Self::Remove { .. } => "remove",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(new) => write!(f, "create with {} a day", new.budget),
            Self::Mark { name, .. } => write!(f, "restore the marker: {name}"),
            Self::Pause { .. } => f.write_str("pause"),
            Self::Enable { budget, .. } => write!(f, "enable with {budget} a day"),
            Self::SetBudget { from, to, .. } => write!(f, "budget {} → {to} a day", from.decimal()),
            Self::Set { field, from: Some(from), to, .. } => write!(f, "{field} {from} → {to}"),
            Self::Set { field, from: None, to, .. } => write!(f, "{field} → {to}"),
            Self::Remove { .. } => f.write_str("remove"),
        }
    }
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
    let mut bound_ids: BTreeSet<(String, ExternalId)> = BTreeSet::new();
    let keys: BTreeSet<&LineKey> = if inputs.deleting {
        BTreeSet::new()
    } else {
        let desired = inputs.desired;
        desired.lines.keys().chain(desired.problems.keys()).chain(&desired.unknown).collect()
    };
    for key in keys {
        let line = plan_line(inputs, key);
        if let Some(bound) = &line.bound {
            bound_ids.insert((key.account.clone(), bound.id.clone()));
        }
        // Objects that a person must choose from, or that an attempt may yet bring, are nobody's to retire.
        if line.problem.as_ref().is_some_and(|p| p.reason == Reason::CreateOutcomeUnknown) {
            for object in bind::candidates(inputs, key) {
                bound_ids.insert((key.account.clone(), object.id.clone()));
            }
        }
        plan.lines.push(line);
    }
    plan.retired = retire::retire(inputs, &bound_ids);
    plan
}

fn plan_line(inputs: &Inputs<'_>, key: &LineKey) -> LinePlan {
    let record = inputs.records.get(key).cloned().unwrap_or_default();
    let mut line = LinePlan {
        key: key.clone(),
        bound: None,
        replacement: record.replacement,
        wanted: None,
        changes: Vec::new(),
        withheld: Vec::new(),
        problem: inputs.desired.problems.get(key).cloned(),
        wait: None,
        stopped_by_hand: false,
        drift: Vec::new(),
    };
    let Some(view) = inputs.accounts.get(&key.account) else {
        line.wait = Some(Wait { reason: Reason::AccountNotReady, until: None });
        return line;
    };
    line.wanted = match inputs.desired.lines.get(key) {
        None => None,
        Some(desired) => match view.rules.render(desired, view.account) {
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
    match bind::bind(inputs, key, &record, view) {
        bind::Binding::Nothing { replacement } => {
            line.replacement = replacement;
            diff::absent(inputs, &mut line);
        }
        bind::Binding::Bound { object, replacement } => {
            line.replacement = replacement;
            line.bound = Some(object.clone());
            diff::present(inputs, view, &record, object, &mut line);
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

/// The token of a line's object.
fn token(inputs: &Inputs<'_>, key: &LineKey, replacement: u32) -> Token {
    Token::new(inputs.installation, &inputs.spec.id, key, replacement)
}

fn ours<'a>(inputs: &'a Inputs<'_>, object: &'a ObservedLine) -> Option<&'a Token> {
    let campaign: &CampaignId = &inputs.spec.id;
    object
        .marker
        .best_token()
        .filter(|token| token.installation == *inputs.installation && token.campaign == campaign.hash())
}

fn is_live(object: &ObservedLine) -> bool {
    object.existence == Existence::Live
}

fn is_enabled(object: &ObservedLine) -> bool {
    object.delivery == Delivery::Enabled
}
