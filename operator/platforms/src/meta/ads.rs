//! The ads of an ad set.
//!
//! A creative cannot be changed: other content is a new creative, which takes the place of the old one on the same ad. The
//! platform may say that it has exchanged them and not do it, so that is read again; where it did not, a new ad is made.
//! Ads that are not wanted any more are paused, for removing them would lose their history.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::settings::AdSettings;

use super::chain::{NewAd, Stand};
use super::creative::{Speaker, name};
use super::edit::Edit;
use super::errors::Refusal;
use super::tree::{shows, story, waits};
use super::wire::{Ad, AdSet};

/// An ad set whose ads are to be as wanted.
pub(super) struct Ads<'a> {
    pub(super) edit: &'a Edit<'a>,
    pub(super) set: &'a AdSet,
    pub(super) speaker: &'a Speaker,
}

/// An ad that was given another creative.
struct Swap<'a> {
    ad: &'a Ad,
    settings: &'a AdSettings,
    creative: String,
}

/// What is to be done.
#[derive(Default)]
struct Work<'a> {
    /// Ads that show what is wanted, but are paused.
    resume: Vec<&'a Ad>,
    /// Ads that get other content.
    swap: Vec<(&'a Ad, &'a AdSettings)>,
    /// Content that needs a new ad.
    add: Vec<&'a AdSettings>,
    /// Ads that stop.
    stop: Vec<&'a Ad>,
}

impl<'a> Ads<'a> {
    /// Makes the ads what is wanted. An ad stops only when what takes its place is there.
    pub(super) async fn bring_about(&self, wanted: &BTreeSet<AdSettings>) -> Result<(), Refusal> {
        let (work, workshop, desk) = (self.work(wanted), self.edit.workshop, self.edit.desk);
        self.edit.own_labels()?;
        for ad in &work.resume {
            self.resume(ad).await?;
        }
        let unswapped = self.swap(&work.swap).await?;
        for settings in &work.add {
            workshop.add_ad(desk, self.new_ad(settings)).await?;
        }
        for swap in &unswapped {
            workshop.add_ad_of(desk, self.new_ad(swap.settings), &swap.creative).await?;
        }
        for ad in work.stop.iter().copied().chain(unswapped.iter().map(|swap| swap.ad)) {
            self.stop(ad).await?;
        }
        Ok(())
    }

    fn new_ad<'b>(&'b self, settings: &'b AdSettings) -> NewAd<'b> {
        let stand = if self.waits() { Stand::Waiting } else { Stand::Enabled };
        NewAd { set: &self.set.id, line: self.line(), settings, speaker: self.speaker, stand }
    }

    fn waits(&self) -> bool {
        waits(&self.set.status, self.edit.marks(&self.set.adlabels))
    }

    fn line(&self) -> &str {
        &self.edit.tree.campaign.name
    }

    fn work(&self, wanted: &'a BTreeSet<AdSettings>) -> Work<'a> {
        let meta = self.edit.workshop.meta;
        let mut work = Work::default();
        let mut missing: Vec<&AdSettings> = Vec::new();
        let mut at_hand: BTreeMap<&str, AdSettings> = BTreeMap::new();
        for ad in &self.set.ads.data {
            let story = story(ad);
            if story.speaker == *self.speaker {
                at_hand.insert(&ad.id, meta.ad_of(&story));
            }
        }
        let shown = |ad: &&Ad| shows(ad, self.set, &meta.installation);
        let (running, paused): (Vec<&Ad>, Vec<&Ad>) = self.set.ads.data.iter().partition(shown);
        let mut kept: BTreeSet<&str> = BTreeSet::new();
        for settings in wanted {
            let is_it = |ad: &&&Ad| at_hand.get(ad.id.as_str()) == Some(settings) && !kept.contains(ad.id.as_str());
            if let Some(ad) = running.iter().find(is_it) {
                kept.insert(&ad.id);
            } else if let Some(ad) = paused.iter().find(is_it) {
                kept.insert(&ad.id);
                work.resume.push(ad);
            } else {
                missing.push(settings);
            }
        }
        let mut surplus = running.into_iter().filter(|ad| !kept.contains(ad.id.as_str()));
        for settings in missing {
            match surplus.next() {
                Some(ad) => work.swap.push((ad, settings)),
                None => work.add.push(settings),
            }
        }
        work.stop.extend(surplus);
        work
    }

    async fn resume(&self, ad: &Ad) -> Result<(), Refusal> {
        let list = self.edit.marks(&ad.adlabels).list(self.edit.own_labels()?, false);
        self.edit.post(&ad.id, vec![("status", "ACTIVE".to_owned()), ("adlabels", list)]).await
    }

    async fn stop(&self, ad: &Ad) -> Result<(), Refusal> {
        let list = self.edit.marks(&ad.adlabels).list(self.edit.own_labels()?, false);
        self.edit.post(&ad.id, vec![("status", "PAUSED".to_owned()), ("adlabels", list)]).await
    }

    /// Exchanges creatives; the answer is where the platform did not do what it said.
    async fn swap<'b>(&self, swaps: &[(&'b Ad, &'b AdSettings)]) -> Result<Vec<Swap<'b>>, Refusal> {
        let mut exchanged: Vec<Swap<'b>> = Vec::new();
        for &(ad, settings) in swaps {
            let creative = self.edit.workshop.creative(self.edit.desk, self.line(), settings, self.speaker).await?;
            self.edit.swap(&ad.id, name(self.line(), settings, self.speaker), &creative).await?;
            exchanged.push(Swap { ad, settings, creative });
        }
        if exchanged.is_empty() || self.edit.workshop.rehearses() {
            return Ok(Vec::new());
        }
        let now = self.edit.read_again().await?;
        let ads: Vec<&Ad> = now.sets.iter().flat_map(|set| &set.ads.data).collect();
        let is_done = |swap: &Swap<'_>| ads.iter().any(|ad| ad.id == swap.ad.id && ad.creative.id == swap.creative);
        exchanged.retain(|swap| !is_done(swap));
        Ok(exchanged)
    }
}
