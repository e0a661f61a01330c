//! Whose a campaign is, and whether it may be changed.

use adops_core::campaign::observed::ExternalId;
use adops_core::campaign::plan::Action;
use adops_core::marker::Installation;
use adops_core::reason::Reason;

use super::blueprint::rejected;
use super::labels::LabelBook;
use super::tree::Tree;
use crate::error::PlatformError;

/// What must be known of a campaign before it is changed.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) live: bool,
    owner: Owner,
    /// Its budget's resource name.
    pub(super) budget: String,
    pub(super) budget_shared: bool,
    /// Whether our paused label is on it.
    pub(super) paused_label: bool,
}

/// Whose a campaign is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Owner {
    Us,
    Nobody,
    Other(String),
}

impl Known {
    /// What a tree says.
    pub(super) fn of(tree: &Tree, installation: &Installation, labels: &LabelBook) -> Self {
        let marker = tree.marker(installation, labels);
        let ours = marker.label || marker.tokens().any(|token| token.installation == *installation);
        let owner = match marker.foreign(installation) {
            Some(other) => Owner::Other(other),
            None if ours => Owner::Us,
            None => Owner::Nobody,
        };
        Self {
            live: tree.is_live(),
            owner,
            budget: tree.budget.resource_name.clone(),
            budget_shared: tree.budget.explicitly_shared,
            paused_label: tree.carries(labels.paused.as_ref()),
        }
    }

    /// Whether nobody's marker is on it: to mark it is to adopt it.
    pub(super) fn is_nobodys(&self) -> bool {
        self.owner == Owner::Nobody
    }

    /// S2: nothing is changed that is not ours, and nothing is taken from another owner.
    pub(super) fn allow(&self, id: &ExternalId, action: &Action) -> Result<(), PlatformError> {
        let refuse = |reason, message: String| Err(rejected(reason, message));
        match (&self.owner, action) {
            (Owner::Other(other), _) => refuse(
                Reason::ForeignMarker,
                format!("campaign {id} carries the marker of another installation: {other}; it is not changed"),
            ),
            (Owner::Nobody, action) if !matches!(action, Action::Mark { .. }) => refuse(
                Reason::ForeignMarker,
                format!("campaign {id} carries no marker of this installation; it is not changed"),
            ),
            (_, Action::Remove { .. }) => Ok(()),
            _ if !self.live => refuse(Reason::RemovedOnPlatform, format!("campaign {id} is removed")),
            _ => Ok(()),
        }
    }
}
