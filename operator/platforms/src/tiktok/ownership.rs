//! Whose a campaign is, and whether it may be changed.

use adops_core::campaign::observed::ExternalId;
use adops_core::campaign::plan::Action;
use adops_core::marker::Installation;
use adops_core::reason::Reason;

use super::blueprint::rejected;
use super::tree::Tree;
use crate::error::PlatformError;

/// What must be known of a campaign before it is paused, enabled, removed or given another budget.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) live: bool,
    /// Whether the campaign is switched on.
    pub(super) on: bool,
    /// Whether its budget is that of the campaign.
    pub(super) own_budget: bool,
    /// The line's ad group.
    pub(super) group: Option<String>,
    owner: Owner,
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
    pub(super) fn of(tree: &Tree, installation: &Installation) -> Self {
        let marker = tree.marker(installation);
        let ours = marker.tokens().any(|token| token.installation == *installation);
        let owner = match marker.foreign(installation) {
            Some(other) => Owner::Other(other),
            None if ours => Owner::Us,
            None => Owner::Nobody,
        };
        Self {
            name: tree.campaign.campaign_name.clone(),
            live: tree.is_live(),
            on: tree.is_on(),
            own_budget: tree.has_budget(),
            group: tree.main_group().map(|group| group.own.adgroup_id.clone()),
            owner,
        }
    }

    /// Whether it bears a marker of ours, and none of others.
    pub(super) fn is_ours(&self) -> bool {
        self.owner == Owner::Us
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
            _ if !self.live => refuse(Reason::RemovedOnPlatform, format!("campaign {id} is deleted")),
            _ => Ok(()),
        }
    }
}
