//! A campaign with all that hangs on it, as it was read.

use std::collections::BTreeSet;

use adops_core::campaign::observed::MarkerEvidence;
use adops_core::campaign::settings::AdSettings;
use adops_core::marker::{Installation, Token};

use super::labels::{LabelBook, label_id};
use super::wire::{
    AdGroup, AdGroupAd, AdGroupCriterion, Campaign, CampaignBudget, CampaignCriterion, Metrics, ResponsiveSearchAd,
};
use crate::text::tidy;

/// A campaign, its budget, its criteria and its ad groups; nothing that is removed, but maybe itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub(super) campaign: Campaign,
    pub(super) budget: CampaignBudget,
    pub(super) currency: String,
    pub(super) metrics: Metrics,
    pub(super) criteria: Vec<CampaignCriterion>,
    pub(super) groups: Vec<Group>,
    /// The custom conversion goal that it optimises for.
    pub(super) goal: Option<String>,
}

/// An ad group and what is in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    pub(super) own: AdGroup,
    pub(super) criteria: Vec<AdGroupCriterion>,
    pub(super) ads: Vec<AdGroupAd>,
}

impl Tree {
    /// Whether it can be changed.
    pub(super) fn is_live(&self) -> bool {
        self.campaign.status != "REMOVED"
    }

    /// Whether it is enabled.
    pub(super) fn is_enabled(&self) -> bool {
        self.campaign.status == "ENABLED"
    }

    /// Whether a label is on it.
    pub(super) fn carries(&self, label: Option<&String>) -> bool {
        label.is_some_and(|label| self.campaign.labels.iter().any(|link| label_id(link) == label_id(label)))
    }

    /// The ad group that is the line's: with our token, else the oldest.
    pub(super) fn main_group(&self) -> Option<&Group> {
        let by_age = |group: &&Group| (group.own.id.len(), group.own.id.clone());
        let ours = self.groups.iter().filter(|group| Token::find(&group.own.name).is_some()).min_by_key(by_age);
        ours.or_else(|| self.groups.iter().min_by_key(by_age))
    }

    /// Enabled ad groups that are not the line's.
    pub(super) fn other_groups(&self) -> impl Iterator<Item = &Group> {
        let main = self.main_group().map(|group| group.own.id.as_str());
        self.groups.iter().filter(move |group| Some(group.own.id.as_str()) != main && group.is_enabled())
    }

    /// What it says of its owner.
    pub(super) fn marker(&self, installation: &Installation, labels: &LabelBook) -> MarkerEvidence {
        let token = Token::find(&self.campaign.name);
        // An enabled campaign that says "paused by us" would hide a later pause by hand: such a marker
        // is damaged, and writing it again takes the label off.
        let contradiction = self.is_enabled() && self.carries(labels.paused.as_ref()) && token.is_some();
        MarkerEvidence {
            label: self.carries(labels.ours.as_ref()) && !contradiction,
            inner_token: self
                .groups
                .iter()
                .filter_map(|group| Token::find(&group.own.name))
                .min_by_key(|token| token.installation != *installation),
            foreign_label: labels
                .foreign
                .iter()
                .find(|(resource, _)| self.carries(Some(resource)))
                .map(|(_, name)| name.clone()),
            token,
        }
    }
}

impl Group {
    /// Whether it can show ads.
    pub(super) fn is_enabled(&self) -> bool {
        self.own.status == "ENABLED"
    }
}

/// An ad in the form in which ads are compared.
pub(super) fn ad_settings(ad: &AdGroupAd) -> AdSettings {
    let ResponsiveSearchAd { headlines, descriptions, path1, path2 } = &ad.ad.responsive_search_ad;
    let texts =
        |texts: &[super::wire::AdText]| texts.iter().map(|text| pinned(&text.text, &text.pinned_field)).collect();
    AdSettings {
        url: ad.ad.final_urls.first().cloned().unwrap_or_default(),
        headlines: texts(headlines),
        descriptions: texts(descriptions),
        paths: [path1, path2].into_iter().filter(|path| !path.is_empty()).cloned().collect(),
        call_to_action: String::new(),
        media: BTreeSet::new(),
    }
}

/// A text; one that somebody has pinned to a place is another one.
fn pinned(text: &str, field: &str) -> String {
    match field {
        "" | "UNSPECIFIED" => tidy(text),
        field => format!("{} (pinned to {field})", tidy(text)),
    }
}
