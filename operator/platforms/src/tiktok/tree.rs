//! A campaign with what hangs on it, as it was read.

use adops_core::campaign::observed::MarkerEvidence;
use adops_core::marker::{Installation, Token};

use super::names;
use super::wire::{Ad, AdGroup, Campaign, is_deleted, is_on};

/// The words for what a chain can lack.
pub(super) const AD_GROUP: &str = "ad group";
pub(super) const AD: &str = "ad";

/// A campaign and its ad groups; nothing that is deleted, but maybe itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub(super) campaign: Campaign,
    pub(super) groups: Vec<Group>,
    /// Whether it was ever shown.
    pub(super) delivered: bool,
}

/// An ad group and its ads.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    pub(super) own: AdGroup,
    pub(super) ads: Vec<Ad>,
}

impl Tree {
    /// Whether it can be changed.
    pub(super) fn is_live(&self) -> bool {
        !is_deleted(&self.campaign.secondary_status)
    }

    /// Whether the campaign is switched on.
    pub(super) fn is_on(&self) -> bool {
        is_on(&self.campaign.operation_status)
    }

    /// Whether it may spend, as far as it is for its owner to say.
    pub(super) fn runs(&self) -> bool {
        self.is_on() && self.missing().is_none() && self.main_group().is_some_and(Group::is_on)
    }

    /// Whether the campaign has a budget, and not each of its ad groups. An answer that does not say so has the amount.
    pub(super) fn has_budget(&self) -> bool {
        let has_amount = || self.campaign.budget.as_f64().is_some_and(|amount| amount > 0.0);
        self.campaign.budget_optimize_on.unwrap_or_else(has_amount)
    }

    /// Whether its name says that we have paused it.
    pub(super) fn says_paused(&self) -> bool {
        names::is_paused(&self.campaign.campaign_name)
    }

    /// The ad group that is the line's: with a token, else the oldest.
    pub(super) fn main_group(&self) -> Option<&Group> {
        let by_age = |group: &&Group| (group.own.adgroup_id.len(), group.own.adgroup_id.clone());
        let ours = self.groups.iter().filter(|group| Token::find(&group.own.adgroup_name).is_some());
        ours.min_by_key(by_age).or_else(|| self.groups.iter().min_by_key(by_age))
    }

    /// Ad groups that are not the line's and are switched on.
    pub(super) fn other_groups(&self) -> impl Iterator<Item = &Group> {
        let main = self.main_group().map(|group| group.own.adgroup_id.as_str());
        self.groups.iter().filter(move |group| Some(group.own.adgroup_id.as_str()) != main && group.is_on())
    }

    /// What its chain lacks, if it lacks something.
    pub(super) fn missing(&self) -> Option<&'static str> {
        match self.main_group() {
            _ if !self.is_live() => None,
            None => Some(AD_GROUP),
            Some(group) if group.ads.is_empty() => Some(AD),
            Some(_) => None,
        }
    }

    /// What it says of its owner. Where other platforms have a label, TikTok has the names of all parts of the chain:
    /// the marker is whole if campaign and ad group bear the same token.
    pub(super) fn marker(&self, installation: &Installation) -> MarkerEvidence {
        let token = Token::find(&self.campaign.campaign_name);
        let inner = self
            .groups
            .iter()
            .filter_map(|group| Token::find(&group.own.adgroup_name))
            .min_by_key(|token| token.installation != *installation);
        let below = self.main_group().map(|group| Token::find(&group.own.adgroup_name));
        let alike = below.is_none_or(|below| below == token);
        // A campaign that is on and says "paused by us" would hide a later pause by hand: such a marker is damaged, and
        // writing it again takes the mark off.
        let contradiction = self.is_on() && self.says_paused();
        let ours = token.as_ref().is_some_and(|token| token.installation == *installation);
        MarkerEvidence { label: ours && alike && !contradiction, token, inner_token: inner, foreign_label: None }
    }
}

impl Group {
    /// Whether it is switched on.
    pub(super) fn is_on(&self) -> bool {
        is_on(&self.own.operation_status)
    }
}
