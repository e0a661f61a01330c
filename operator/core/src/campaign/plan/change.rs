//! What can be done to a line's object, and why.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::campaign::line::LineKey;
use crate::campaign::observed::ExternalId;
use crate::campaign::settings::{Field, Settings, Value};
use crate::money::Money;
use crate::platform::Manner;
use crate::reason::Reason;

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
    /// A chain that is not whole is continued: what is there stays, what is missing is created, paused.
    Complete {
        /// The topmost object.
        id: ExternalId,
        /// The whole line.
        line: Box<NewLine>,
        /// What is missing, in the platform's words.
        missing: BTreeSet<String>,
    },
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
            Self::Complete { id, .. }
            | Self::Mark { id, .. }
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
            Self::Create(_) | Self::Complete { .. } | Self::Enable { .. } | Self::SetBudget { .. } => {
                Importance::Increase
            }
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
            Self::Create(_) | Self::Complete { .. } | Self::Remove { .. } => None,
        }
    }

    /// One word for Events, metrics and tables.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Create(_) => "create",
            Self::Complete { .. } => "complete",
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
            Self::Complete { line, missing, .. } => {
                let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
                write!(f, "create the missing {} with {} a day", missing.join(", "), line.budget)
            }
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
