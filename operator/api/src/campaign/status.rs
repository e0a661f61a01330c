//! What the operator answers. A cache, but for unsettled creates ([`Line::attempt`]).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::common::{Backoff, never_observed};
use crate::condition::cut;

/// The longest message of a line, in bytes.
pub const MAX_LINE_MESSAGE: usize = 120;
/// The most entries in [`Retired::ids`] and [`CampaignStatus::withheld`].
pub const MAX_LISTED: usize = 20;

/// What the operator knows of a Campaign.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct CampaignStatus {
    /// The `metadata.generation` that this status speaks of. -1: not seen yet.
    #[serde(default = "never_observed")]
    pub observed_generation: i64,
    /// Ready and Delivering, and while they hold Reconciling, Stalled and Drifted.
    #[schemars(schema_with = "crate::schema::conditions")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// What the Campaign does, for people: Active, Paused, Suspended, Suspended (spending), Deleting.
    #[schemars(length(max = 32))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The one word that most needs attention.
    #[schemars(schema_with = "crate::schema::reason")]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::reason::lenient")]
    pub reason: Option<crate::reason::Reason>,
    /// Lines that are on the platform as asked, of all lines. For example 17/18.
    #[schemars(length(max = 16))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines_ready: Option<String>,
    /// Lines that serve, of all lines. For example 17/18.
    #[schemars(length(max = 16))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines_delivering: Option<String>,
    /// The sum of the daily budgets on the platforms. For example 6000.00 EUR.
    #[schemars(length(max = 32))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_per_day: Option<String>,
    /// What was spent in the last seven whole days. For example 40812.10 EUR.
    #[schemars(length(max = 32))]
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "spend7d")]
    pub spend_7d: Option<String>,
    /// What was spent, as a share of what the budget asks for the same time. For example 97%.
    #[schemars(length(max = 16))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<String>,
    /// The lines: one for each market on each account.
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    /// When the flight begins and ends on each account.
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flight: Vec<AccountFlight>,
    /// The rates by which the budget is applied to accounts of other currencies, as the spec has them.
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchange_rates: Vec<AppliedRate>,
    /// Objects of ours on the platforms that no line needs any more. They are paused or removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<Retired>,
    /// Changes that the spec asks and that were not made, and why. At most 20; `withheldCount` counts all.
    #[schemars(length(max = 20))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
    /// How many changes were withheld.
    #[schemars(range(min = 0))]
    #[serde(default, skip_serializing_if = "is_zero")]
    pub withheld_count: i32,
    /// Failures in a row, and when the next attempt is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,
    /// The oldest reading of an account that this status rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<Time>,
}

impl Default for CampaignStatus {
    fn default() -> Self {
        Self {
            observed_generation: never_observed(),
            conditions: Vec::new(),
            state: None,
            reason: None,
            lines_ready: None,
            lines_delivering: None,
            budget_per_day: None,
            spend_7d: None,
            pace: None,
            lines: Vec::new(),
            flight: Vec::new(),
            exchange_rates: Vec::new(),
            retired: None,
            withheld: Vec::new(),
            withheld_count: 0,
            backoff: None,
            observed_at: None,
        }
    }
}

// serde hands over a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &i32) -> bool {
    *number == 0
}

/// One market on one account. Names are short: a Campaign has up to 1,000 of them.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// account/market. For example google-global/US.
    #[schemars(length(max = 168))]
    pub key: String,
    /// The platform's id of its topmost object.
    #[schemars(length(max = 128))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Pending: not created yet. Creating: about to be created, or the outcome is not known. Staged: created, checked,
    /// not yet enabled. Live: enabled. Paused: paused, as asked. Stopped: paused or cut by hand, and kept so. Blocked: a
    /// problem, see reason. Removed: gone from the platform.
    pub state: LineState,
    /// Why, if there is something to say.
    #[schemars(schema_with = "crate::schema::reason")]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::reason::lenient")]
    pub reason: Option<crate::reason::Reason>,
    /// What exactly, cut at 120 bytes.
    #[schemars(length(max = 120))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The daily budget on the platform, in the account's currency.
    #[schemars(length(max = 20))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<String>,
    /// A hash of all other settings that were read back.
    #[schemars(length(max = 64))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// How often the line was replaced.
    #[schemars(range(min = 0))]
    #[serde(default, skip_serializing_if = "is_zero")]
    pub replacement: i32,
    /// When a create was begun whose outcome is not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Time>,
    /// The generation at which a stop by hand was first seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<i64>,
    /// The id of the object that a new one is about to replace.
    #[schemars(length(max = 128))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// How often its budget was changed lately, on accounts where that is limited.
    #[schemars(range(min = 0))]
    #[serde(default, skip_serializing_if = "is_zero")]
    pub budget_changes: i32,
    /// When its budget was last changed, on such accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_changed_at: Option<Time>,
}

impl Line {
    /// A line that is not on the platform yet.
    pub fn pending(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            id: None,
            state: LineState::Pending,
            reason: None,
            message: None,
            budget: None,
            hash: None,
            replacement: 0,
            attempt: None,
            stop: None,
            replaces: None,
            budget_changes: 0,
            budget_changed_at: None,
        }
    }

    /// Says why the line is as it is, with a message that is cut to its length.
    #[must_use]
    pub fn because(mut self, reason: crate::reason::Reason, message: &str) -> Self {
        self.reason = Some(reason);
        self.message = (!message.is_empty()).then(|| cut(message, MAX_LINE_MESSAGE));
        self
    }
}

/// Where a line is.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineState {
    /// Not created yet.
    Pending,
    /// The intent to create is written; the outcome is not known yet.
    Creating,
    /// Created and read back, paused, not yet enabled.
    Staged,
    /// Enabled.
    Live,
    /// Paused, as asked.
    Paused,
    /// Paused or cut by hand, and kept so.
    Stopped,
    /// A problem: see the reason.
    Blocked,
    /// Gone from the platform.
    Removed,
    /// A state of a newer version: to be found out anew.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// When the flight begins and ends on one account.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct AccountFlight {
    /// The AdAccount.
    #[schemars(length(max = 127))]
    pub account: String,
    /// The time zone that the days are meant in.
    #[schemars(length(max = 64))]
    pub time_zone: String,
    /// The first instant of the first day.
    pub start: Time,
    /// The first instant after the last day.
    pub end: Time,
}

/// A rate that is applied.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AppliedRate {
    /// The currency of accounts.
    #[schemars(length(max = 3))]
    pub to: String,
    /// How much of it one unit of the budget's currency buys.
    #[schemars(length(max = 19))]
    pub rate: String,
    /// The day that the rate is of.
    #[schemars(length(max = 10))]
    pub date: String,
    /// Since when it is applied.
    pub since: Time,
}

/// Objects of ours that no line needs any more.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct Retired {
    /// How many there are.
    #[schemars(range(min = 0))]
    pub count: i32,
    /// The ids of at most 20 of them.
    #[schemars(length(max = 20), inner(length(max = 128)))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
}

/// A change that was not made.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Withheld {
    /// The key of the line.
    #[schemars(length(max = 168))]
    pub line: String,
    /// What would have been done.
    #[schemars(length(max = 120))]
    pub change: String,
    /// Why it was not.
    #[schemars(schema_with = "crate::schema::reason")]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::reason::lenient")]
    pub reason: Option<crate::reason::Reason>,
    /// More about it.
    #[schemars(length(max = 240))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}
