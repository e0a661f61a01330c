//! The changes of one campaign.

use adops_core::campaign::plan::{Action, NewLine};
use adops_core::campaign::settings::{Field, Value};
use adops_core::money::Money;
use adops_core::reason::Reason;
use serde_json::json;

use super::ads::Ads;
use super::blueprint::categories;
use super::chain::{Stand, Workshop};
use super::client::{Call, Params};
use super::desk::Desk;
use super::errors::{BUDGET_LOCK, Refusal, rejected};
use super::identity::Identity;
use super::labels::{Marks, OwnLabels};
use super::listing;
use super::tree::{Level, Tree, waits};
use super::wire::{AdSet, Campaign, Named};
use super::{money, targeting};
use crate::error::PlatformError;

type Done = Result<(), Refusal>;

/// A campaign that is changed.
#[derive(Clone, Copy)]
pub(super) struct Edit<'a> {
    pub(super) workshop: &'a Workshop<'a>,
    pub(super) desk: &'a Desk<'a>,
    pub(super) tree: &'a Tree,
    /// Both labels, or why there are none.
    pub(super) labels: Result<&'a OwnLabels, &'a PlatformError>,
}

/// A part of an ad set's update: which of the settings it is, and its parameters.
type Part = (Vec<usize>, Params);

impl<'a> Edit<'a> {
    /// Makes a change that stands for itself.
    pub(super) async fn one(&self, action: &Action) -> Done {
        match action {
            Action::Pause { .. } => self.pause().await,
            Action::Enable { .. } => self.enable().await,
            Action::SetBudget { from, to, .. } => self.set_budget(*from, *to).await,
            Action::Mark { name, paused, .. } => self.mark(name, *paused).await,
            Action::Complete { line, .. } => self.complete(line).await,
            Action::Remove { .. } => self.remove().await,
            Action::Set { field, to, .. } => self.set(&[(*field, to)]).await.pop().unwrap_or(Ok(())),
            Action::Create(_) => Err(rejected(Reason::Unsupported, "a line is created by create").into()),
        }
    }

    pub(super) fn marks<'b>(&self, labels: &'b [Named]) -> Marks<'b>
    where
        'a: 'b,
    {
        Marks { labels, installation: &self.workshop.meta.installation }
    }

    fn main(&self) -> Option<&'a AdSet> {
        self.tree.main_set(&self.workshop.meta.installation)
    }

    pub(super) fn own_labels(&self) -> Result<&'a OwnLabels, Refusal> {
        self.labels.map_err(|error| error.clone().into())
    }

    /// Writes to an object.
    pub(super) async fn post(&self, id: &str, params: Params) -> Done {
        match self.desk.ask(Call::post(id, params)).await {
            Ok(_) => Ok(()),
            Err(refusal) => Err(self.workshop.heed(refusal)),
        }
    }

    async fn pause(&self) -> Done {
        let campaign = &self.tree.campaign;
        let status = || ("status", "PAUSED".to_owned());
        if let Ok(labels) = self.labels {
            let list = self.marks(&campaign.adlabels).list(labels, true);
            let answer = self.desk.ask(Call::post(&campaign.id, vec![status(), ("adlabels", list)])).await;
            match answer {
                Ok(_) => return Ok(()),
                Err(refusal) if refusal.is_about_labels() => _ = self.workshop.heed(refusal),
                Err(refusal) => return Err(refusal),
            }
        }
        // Without a label it still must stop.
        self.post(&campaign.id, vec![status()]).await
    }

    /// From below: ads that wait, the ad set, the campaign.
    async fn enable(&self) -> Done {
        let labels = self.own_labels()?;
        let enabled = |own: &[Named]| -> Params {
            vec![("status", "ACTIVE".to_owned()), ("adlabels", self.marks(own).list(labels, false))]
        };
        if let Some(set) = self.main() {
            for ad in set.ads.data.iter().filter(|ad| waits(&ad.status, self.marks(&ad.adlabels))) {
                self.post(&ad.id, enabled(&ad.adlabels)).await?;
            }
            if set.status != "ACTIVE" || self.marks(&set.adlabels).paused() {
                self.post(&set.id, enabled(&set.adlabels)).await?;
            }
        }
        self.post(&self.tree.campaign.id, enabled(&self.tree.campaign.adlabels)).await
    }

    /// Ad sets that others have put there stop first: what they spend is a part of the line's budget.
    async fn set_budget(&self, from: Money, to: Money) -> Done {
        self.stop_others().await?;
        let campaign = &self.tree.campaign;
        let (id, lifetime) = match (self.tree.level(), self.main()) {
            (Level::Campaign, _) => (&campaign.id, &campaign.lifetime_budget),
            (Level::AdSet, Some(set)) => (&set.id, &set.lifetime_budget),
            (Level::AdSet, None) => {
                return Err(rejected(Reason::RemovedOnPlatform, "the ad set, which has the budget, is gone").into());
            }
        };
        if lifetime.as_deref().is_some_and(|minor| minor != "0") {
            let message = "it has a lifetime budget, which Meta does not let be changed into a daily one";
            return Err(rejected(Reason::Unsupported, message).into());
        }
        let minor = money::minor(to);
        match self.desk.ask(Call::post(id, vec![("daily_budget", minor.to_string())])).await {
            Ok(_) => {
                self.workshop.meta.asked(id, minor);
                Ok(())
            }
            Err(refusal) if refusal.is_budget_lock() => Err(locked(refusal, to < from, self.workshop.dictionary.now)),
            Err(refusal) => Err(refusal),
        }
    }

    async fn stop_others(&self) -> Done {
        for set in self.tree.other_sets(&self.workshop.meta.installation) {
            self.post(&set.id, vec![("status", "PAUSED".to_owned())]).await?;
        }
        Ok(())
    }

    async fn mark(&self, name: &str, paused: bool) -> Done {
        let (labels, campaign) = (self.own_labels()?, &self.tree.campaign);
        let marks = self.marks(&campaign.adlabels);
        // Enabled and "paused by us" at once is a damaged marker.
        let list = marks.list(labels, paused || marks.paused() && campaign.status != "ACTIVE");
        self.post(&campaign.id, vec![("name", name.to_owned()), ("adlabels", list)]).await?;
        let Some(set) = self.main() else { return Ok(()) };
        let marks = self.marks(&set.adlabels);
        // An ad set that is taken over paused waits as one of our own.
        let waits = set.status != "ACTIVE" && (paused || marks.paused());
        if set.name != name || !marks.ours() || marks.paused() != waits {
            let list = marks.list(labels, waits);
            self.post(&set.id, vec![("name", name.to_owned()), ("adlabels", list)]).await?;
        }
        Ok(())
    }

    /// Continues a chain that is not whole, by what is there now.
    async fn complete(&self, line: &NewLine) -> Done {
        let workshop = self.workshop;
        self.own_labels()?;
        if self.tree.campaign.status == "ACTIVE" {
            self.pause().await?;
        }
        let blueprint = workshop.blueprint(line)?;
        let (set, ads) = match self.main() {
            Some(set) => (set.id.clone(), set.ads.data.len()),
            None => (workshop.add_set(self.desk, &self.tree.campaign.id, &blueprint).await?, 0),
        };
        if ads > 0 {
            return Ok(());
        }
        // Below an ad set that was enabled before nothing waits.
        let waiting = self.main().is_none_or(|set| waits(&set.status, self.marks(&set.adlabels)));
        let stand = if waiting { Stand::Waiting } else { Stand::Enabled };
        workshop.add_ads(self.desk, &set, &blueprint, stand).await
    }

    async fn remove(&self) -> Done {
        if !self.tree.is_live() {
            return Ok(());
        }
        match self.desk.ask(Call::delete(&self.tree.campaign.id)).await {
            Err(refusal) if !refusal.is_gone() => Err(refusal),
            _ => Ok(()),
        }
    }

    /// Gives settings their values; one result for each. What goes into one call is refused together only if each of it
    /// is refused by itself.
    pub(super) async fn set(&self, fields: &[(Field, &Value)]) -> Vec<Done> {
        let mut results: Vec<Done> = fields.iter().map(|_| Ok(())).collect();
        if let Err(refusal) = self.set_campaign(fields, &mut results).await {
            return fields.iter().map(|_| Err(refusal.clone())).collect();
        }
        let parts = self.parts(fields, &mut results);
        match self.main() {
            Some(set) if !parts.is_empty() => self.update_set(set, parts, &mut results).await,
            _ => {}
        }
        self.set_ads(fields, &mut results).await;
        results
    }

    async fn set_campaign(&self, fields: &[(Field, &Value)], results: &mut [Done]) -> Done {
        let id = &self.tree.campaign.id;
        for (at, (field, to)) in fields.iter().enumerate() {
            let done = match (field, to) {
                (Field::Name, Value::Text(name)) => self.post(id, vec![("name", name.clone())]).await,
                (Field::SpecialAdCategories, categories) => self.declare(Some(*categories), fields).await,
                // The declaration names the countries.
                (Field::Places, _) if self.has_categories() && !has(fields, Field::SpecialAdCategories) => {
                    self.declare(None, fields).await
                }
                _ => Ok(()),
            };
            match done {
                Err(refusal) if refusal.error.may_have_happened() => return Err(refusal),
                done => results[at] = done,
            }
        }
        Ok(())
    }

    fn has_categories(&self) -> bool {
        self.tree.campaign.special_ad_categories.iter().any(|category| category != "NONE")
    }

    async fn declare(&self, given: Option<&Value>, fields: &[(Field, &Value)]) -> Done {
        let current = self.workshop.meta.seen(self.tree)?;
        let places = fields.iter().find(|(field, _)| *field == Field::Places).map(|(_, to)| *to);
        let statement = given.or_else(|| current.get(Field::SpecialAdCategories));
        let params = categories(statement, places.or_else(|| current.get(Field::Places)))?;
        self.post(&self.tree.campaign.id, params).await
    }

    /// The parts of the ad set's update.
    fn parts(&self, fields: &[(Field, &Value)], results: &mut [Done]) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let targeted: Vec<usize> =
            (0..fields.len()).filter(|&at| targeting::has(fields[at].0) && results[at].is_ok()).collect();
        if let Some(set) = self.main().filter(|_| !targeted.is_empty()) {
            let wanted = targeted.iter().map(|&at| fields[at]);
            match targeting::patch(&set.targeting, wanted, self.workshop.dictionary.keys) {
                Ok(targeting) => parts.push((targeted, vec![("targeting", targeting.to_string())])),
                Err(error) => targeted.iter().for_each(|&at| results[at] = Err(error.clone().into())),
            }
        }
        for (at, (field, to)) in fields.iter().enumerate() {
            match field {
                Field::Start
                | Field::End
                | Field::Bidding
                | Field::Optimization
                | Field::ConversionAction
                | Field::Identity => match self.workshop.dictionary.of_set(*field, to) {
                    Ok(params) if params.is_empty() => {}
                    Ok(params) => parts.push((vec![at], params)),
                    Err(error) => results[at] = Err(error.into()),
                },
                Field::Name | Field::SpecialAdCategories | Field::Ads => {}
                field if targeting::has(*field) => {}
                field => {
                    let message = format!("{field} of a campaign cannot be changed on Meta");
                    results[at] = Err(rejected(Reason::Unsupported, message).into());
                }
            }
        }
        parts
    }

    async fn update_set(&self, set: &AdSet, parts: Vec<Part>, results: &mut [Done]) {
        let all: Params = parts.iter().flat_map(|(_, params)| params.clone()).collect();
        let together = self.post(&set.id, all).await;
        let singly = parts.len() > 1 && together.as_ref().is_err_and(Refusal::is_rejected);
        for (indices, params) in parts {
            let done = if singly { self.post(&set.id, params).await } else { together.clone() };
            for at in indices {
                results[at].clone_from(&done);
            }
        }
    }

    async fn set_ads(&self, fields: &[(Field, &Value)], results: &mut [Done]) {
        let at =
            |wanted: Field| fields.iter().position(|(field, _)| *field == wanted).filter(|&at| results[at].is_ok());
        let (ads, identity) = (at(Field::Ads), at(Field::Identity));
        let done = async {
            let (Some(set), current) = (self.main(), self.workshop.meta.seen(self.tree)?) else { return Ok(()) };
            let held = current.get(Field::Identity).map(Identity::of).unwrap_or_default();
            let speaker = identity.map_or_else(|| held.speaker.clone(), |at| Identity::of(fields[at].1).speaker);
            if ads.is_none() && speaker == held.speaker && held.others.is_empty() {
                return Ok(());
            }
            let wanted = ads.map(|at| fields[at].1).or_else(|| current.get(Field::Ads));
            let Some(Value::Ads(wanted)) = wanted else { return Ok(()) };
            self.stop_others().await?;
            Ads { edit: self, set, speaker: &speaker }.bring_about(wanted).await
        };
        if ads.is_none() && identity.is_none() {
            return;
        }
        let done: Done = done.await;
        for at in [ads, identity].into_iter().flatten() {
            results[at].clone_from(&done);
        }
    }

    /// Reads the ad set's ads again.
    pub(super) async fn read_again(&self) -> Result<Tree, Refusal> {
        let campaign: Campaign = self.desk.read(listing::call(&self.tree.campaign.id)).await?;
        Ok(Tree::new(campaign))
    }

    /// Gives an ad another creative, and its name with it.
    pub(super) async fn swap(&self, ad: &str, name: String, creative: &str) -> Done {
        self.post(ad, vec![("name", name), ("creative", json!({ "creative_id": creative }).to_string())]).await
    }
}

fn has(fields: &[(Field, &Value)], wanted: Field) -> bool {
    fields.iter().any(|(field, _)| *field == wanted)
}

/// A budget that was changed too often. What cannot grow is tried again when it can; what cannot shrink is told as
/// refused, so that it is paused if a cap needs it.
fn locked(refusal: Refusal, shrinks: bool, now: jiff::Timestamp) -> Refusal {
    let reason = Reason::BudgetBraked;
    let message =
        format!("Meta lets a budget be changed four times an hour, then locks it for an hour: {}", refusal.error);
    let error = if shrinks {
        rejected(reason, message)
    } else {
        PlatformError::NotSent { reason, until: now + BUDGET_LOCK, message }
    };
    Refusal { error, ..refusal }
}
