//! A campaign with its ad groups, as it was read: what it is, and whose.

use adops_core::campaign::observed::{ExternalId, MarkerEvidence};
use adops_core::campaign::plan::Action;
use adops_core::marker::{Installation, Token};
use adops_core::reason::Reason;

use super::errors::rejected;
use super::wire::{AdGroup, Campaign, is_archived, is_on};
use crate::error::PlatformError;
use crate::paused;

/// The word for what a chain can lack.
pub(super) const AD_GROUP: &str = "ad group";

/// A campaign and its ad groups; nothing that is archived, but maybe itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub(super) campaign: Campaign,
    pub(super) groups: Vec<AdGroup>,
    /// Whether it was shown or has spent as far back as figures go.
    pub(super) delivered: bool,
}

impl Tree {
    /// Whether it can be changed.
    pub(super) fn is_live(&self) -> bool {
        !is_archived(&self.campaign.status)
    }

    /// Whether the campaign is switched on.
    pub(super) fn is_on(&self) -> bool {
        is_on(&self.campaign.status)
    }

    /// Whether it may spend, as far as it is for its owner to say.
    pub(super) fn runs(&self) -> bool {
        self.is_on() && self.main_group().is_some_and(|group| is_on(&group.status))
    }

    /// Whether its name says that we have paused it.
    pub(super) fn says_paused(&self) -> bool {
        paused::is_paused(&self.campaign.name)
    }

    /// Whether Pinterest has stopped the advertiser.
    pub(super) fn is_disabled(&self) -> bool {
        let statuses = self.groups.iter().map(|group| group.summary_status.as_str());
        statuses.chain([self.campaign.summary_status.as_str()]).any(|status| status == "ADVERTISER_DISABLED")
    }

    /// The ad group that is the line's: the oldest of those that bear a token, else the oldest.
    pub(super) fn main_group(&self) -> Option<&AdGroup> {
        let by_age = |group: &&AdGroup| (group.id.len(), group.id.clone());
        let ours = self.groups.iter().filter(|group| Token::find(&group.name).is_some());
        ours.min_by_key(by_age).or_else(|| self.groups.iter().min_by_key(by_age))
    }

    /// Ad groups that are not the line's and are switched on.
    pub(super) fn other_groups(&self) -> impl Iterator<Item = &AdGroup> {
        let main = self.main_group().map(|group| group.id.as_str());
        self.groups.iter().filter(move |group| Some(group.id.as_str()) != main && is_on(&group.status))
    }

    /// What its chain lacks, if it lacks something.
    pub(super) fn missing(&self) -> Option<&'static str> {
        (self.is_live() && self.main_group().is_none()).then_some(AD_GROUP)
    }

    /// What it says of its owner. Where other platforms have a label, there are the names of campaign and ad group: the
    /// marker is whole if both bear the same token, and if the mark of a pause is not on what runs, where it would hide
    /// a later pause by hand.
    pub(super) fn marker(&self, installation: &Installation) -> MarkerEvidence {
        let token = Token::find(&self.campaign.name);
        let inner = self
            .groups
            .iter()
            .filter_map(|group| Token::find(&group.name))
            .min_by_key(|token| token.installation != *installation);
        let alike = self.main_group().is_none_or(|group| Token::find(&group.name) == token);
        let contradiction = self.is_on() && self.says_paused();
        let ours = token.as_ref().is_some_and(|token| token.installation == *installation);
        MarkerEvidence { label: ours && alike && !contradiction, token, inner_token: inner, foreign_label: None }
    }

    /// Whether a token of ours is on it.
    pub(super) fn is_ours(&self, installation: &Installation) -> bool {
        self.marker(installation).tokens().any(|token| token.installation == *installation)
    }

    /// S2: nothing is changed that is not ours, and nothing is taken from another owner.
    pub(super) fn allow(&self, installation: &Installation, action: &Action) -> Result<(), PlatformError> {
        let id: &ExternalId = &self.campaign.id;
        let refuse = |reason, message: String| Err(rejected(reason, message));
        if let Some(other) = self.marker(installation).foreign(installation) {
            let message =
                format!("campaign {id} carries the marker of another installation: {other}; it is not changed");
            return refuse(Reason::ForeignMarker, message);
        }
        if !self.is_ours(installation) && !matches!(action, Action::Mark { .. }) {
            let message = format!("campaign {id} carries no marker of this installation; it is not changed");
            return refuse(Reason::ForeignMarker, message);
        }
        if !self.is_live() && !matches!(action, Action::Remove { .. }) {
            return refuse(Reason::RemovedOnPlatform, format!("campaign {id} is archived"));
        }
        Ok(())
    }
}
