//! The ledger: every change of every simulated account, by whom, and what it did to the money at stake.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who changed something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Actor {
    /// A client of the API: the user that its credentials belong to.
    Api(String),
    /// A person in the platform's own interface.
    #[default]
    Hand,
    /// A recommendation that the platform applied by itself.
    Recommendation,
}

/// What kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// The object is new, or was removed before.
    Create,
    /// Fields changed.
    Update,
    /// The object was removed.
    Remove,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LedgerEntry {
    /// Number, from 1 on, over all accounts.
    pub sequence: u64,
    /// Business time.
    pub at: Timestamp,
    /// Platform, such as `google`.
    pub platform: String,
    /// Who did it.
    pub actor: Actor,
    /// Account.
    pub account: String,
    /// What kind of change.
    pub change: Change,
    /// Kind of object in the platform's words, such as `campaignBudget`.
    pub kind: String,
    /// Name of the object.
    pub resource_name: String,
    /// Changed fields before, in the platform's words.
    pub before: BTreeMap<String, Value>,
    /// Changed fields after; of what is new, the fields that tell what it is.
    pub after: BTreeMap<String, Value>,
    /// Id of the request that did it; empty for edits.
    pub request_id: String,
    /// Sum of the daily budgets of all that is enabled and not over in the account, after the change, in micros. The
    /// changes of an atomic request all carry the sum after the request.
    pub live_daily_budget_micros: i64,
}

/// All changes so far.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: u64,
    entries: Vec<LedgerEntry>,
}

impl Ledger {
    /// Adds changes, numbers them, and returns them with their numbers.
    pub fn add(&self, mut entries: Vec<LedgerEntry>) -> Vec<LedgerEntry> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in &mut entries {
            state.last += 1;
            entry.sequence = state.last;
        }
        state.entries.extend_from_slice(&entries);
        entries
    }

    /// A copy of all changes.
    pub fn entries(&self) -> Vec<LedgerEntry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entries.clone()
    }

    /// Forgets all changes; numbers go on.
    pub fn reset(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entries.clear();
    }
}
