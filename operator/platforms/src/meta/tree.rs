//! A campaign with all that hangs on it, as it was read.

use std::collections::BTreeSet;

use adops_core::campaign::observed::{ExternalId, MarkerEvidence};
use adops_core::campaign::plan::Action;
use adops_core::marker::{Installation, Token};
use adops_core::reason::Reason;
use serde_json::Value;

use super::creative::Story;
use super::errors::rejected;
use super::labels::{Marks, by_age};
use super::wire::{Ad, AdSet, Campaign};
use crate::error::PlatformError;

/// The words for parts of a chain.
pub(super) const AD_SET: &str = "ad set";
pub(super) const AD: &str = "ad";

/// A campaign, its ad sets and their ads; nothing that is deleted or archived, but maybe itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub(super) campaign: Campaign,
    /// Those that are there, the oldest first.
    pub(super) sets: Vec<AdSet>,
}

/// On which level a line's budget lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Campaign,
    AdSet,
}

impl Tree {
    /// Of what was read.
    pub(super) fn new(mut campaign: Campaign) -> Self {
        let mut sets: Vec<AdSet> =
            std::mem::take(&mut campaign.adsets.data).into_iter().filter(|set| is_there(&set.status)).collect();
        for set in &mut sets {
            set.ads.data.retain(|ad| is_there(&ad.status));
            set.ads.data.sort_by(|a, b| by_age(&a.id, &b.id));
        }
        sets.sort_by(|a, b| by_age(&a.id, &b.id));
        Self { campaign, sets }
    }

    /// What is needed to pause it and to enable it, without what it shows to whom.
    pub(super) fn slim(&self) -> Self {
        let mut slim = self.clone();
        for set in &mut slim.sets {
            set.targeting = Value::Null;
            set.promoted_object = Value::Null;
            for ad in &mut set.ads.data {
                ad.creative.object_story_spec = Value::Null;
            }
        }
        slim
    }

    /// Whether the campaign can be changed.
    pub(super) fn is_live(&self) -> bool {
        is_there(&self.campaign.status)
    }

    /// What the campaign's labels say.
    pub(super) fn marks<'a>(&'a self, installation: &'a Installation) -> Marks<'a> {
        Marks { labels: &self.campaign.adlabels, installation }
    }

    /// The ad set that is the line: the oldest of ours, or the oldest where none is.
    pub(super) fn main_set(&self, installation: &Installation) -> Option<&AdSet> {
        let ours = |set: &&AdSet| {
            let labelled = Marks { labels: &set.adlabels, installation }.ours();
            labelled || Token::find(&set.name).is_some_and(|token| token.installation == *installation)
        };
        self.sets.iter().find(ours).or_else(|| self.sets.first())
    }

    /// Ad sets that are not the line's and can spend.
    pub(super) fn other_sets<'a>(&'a self, installation: &Installation) -> impl Iterator<Item = &'a AdSet> {
        let main = self.main_set(installation).map(|set| set.id.clone());
        self.sets.iter().filter(move |set| Some(&set.id) != main.as_ref() && set.status == "ACTIVE")
    }

    /// Parts of the chain that are not there.
    pub(super) fn missing(&self, installation: &Installation) -> BTreeSet<String> {
        let parts: &[&str] = match self.main_set(installation) {
            None => &[AD_SET, AD],
            Some(set) if set.ads.data.is_empty() => &[AD],
            Some(_) => &[],
        };
        parts.iter().map(|part| (*part).to_owned()).collect()
    }

    /// On which level its budget lies.
    pub(super) fn level(&self) -> Level {
        let has = |budget: &Option<String>| budget.as_deref().is_some_and(|minor| minor != "0");
        let of_campaign = has(&self.campaign.daily_budget) || has(&self.campaign.lifetime_budget);
        if of_campaign { Level::Campaign } else { Level::AdSet }
    }

    /// What proves whose it is.
    pub(super) fn marker(&self, installation: &Installation) -> MarkerEvidence {
        let marks = self.marks(installation);
        MarkerEvidence {
            label: marks.ours(),
            token: Token::find(&self.campaign.name),
            inner_token: self.main_set(installation).and_then(|set| Token::find(&set.name)),
            foreign_label: marks.foreign(),
        }
    }

    /// S2: nothing is changed that is not ours, and nothing is taken from another owner.
    pub(super) fn allow(&self, installation: &Installation, action: &Action) -> Result<(), PlatformError> {
        let id = &self.campaign.id;
        let refuse = |reason, message: String| Err(rejected(reason, message));
        let marker = self.marker(installation);
        let ours = marker.label || marker.tokens().any(|token| token.installation == *installation);
        match (marker.foreign(installation), action) {
            (Some(other), _) => refuse(
                Reason::ForeignMarker,
                format!("campaign {id} carries the marker of another installation: {other}; it is not changed"),
            ),
            (None, action) if !ours && !matches!(action, Action::Mark { .. }) => refuse(
                Reason::ForeignMarker,
                format!("campaign {id} carries no marker of this installation; it is not changed"),
            ),
            (_, Action::Remove { .. }) => Ok(()),
            _ if !self.is_live() => refuse(Reason::RemovedOnPlatform, format!("campaign {id} is removed")),
            _ => Ok(()),
        }
    }
}

/// The ids of trees, for errors and maps.
pub(super) type Trees = std::collections::BTreeMap<ExternalId, Tree>;

fn is_there(status: &str) -> bool {
    !matches!(status, "DELETED" | "ARCHIVED")
}

/// Whether an ad set or ad waits to be enabled for the first time.
pub(super) fn waits(status: &str, marks: Marks<'_>) -> bool {
    status == "PAUSED" && marks.paused()
}

/// Whether an ad shows: it is enabled, or waits together with its ad set.
pub(super) fn shows(ad: &Ad, set: &AdSet, installation: &Installation) -> bool {
    let of = |labels| Marks { labels, installation };
    ad.status == "ACTIVE" || waits(&ad.status, of(&ad.adlabels)) && waits(&set.status, of(&set.adlabels))
}

/// What an ad shows.
pub(super) fn story(ad: &Ad) -> Story {
    Story::read(&ad.creative.object_story_spec, &ad.creative.id)
}
