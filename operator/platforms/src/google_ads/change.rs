//! Changing what exists.
//!
//! What belongs together is a [`Unit`]: a pause and its label, an ad group and its ads. Units are
//! carried out whole, so that no half of a change is ever left: a campaign that is paused without our
//! label would look as if somebody else had paused it, and one that is enabled with it would hide a
//! later pause by hand. Changes of a single operation are sent with `partialFailure`.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::observed::ExternalId;
use adops_core::campaign::plan::Action;
use adops_core::campaign::settings::{Field, Value};
use adops_core::market::Place;
use adops_core::reason::Reason;
use serde_json::json;

use super::GoogleAds;
use super::batch::{self, Sent, Unit};
use super::blueprint::{self, Dictionary, rejected, unfit};
use super::create::{first, is_lost_label};
use super::labels::{LabelBook, OwnLabels};
use super::listing;
use super::operations::{TemporaryIds, Writer, attach_label, update};
use super::ownership::Known;
use super::places::Languages;
use super::render::NAME_LENGTH;
use super::structure;
use super::tree::Tree;
use crate::error::PlatformError;
use crate::port::Outcome;

/// How often what is already as wanted is taken out of a unit before it is given up.
const ROUNDS: usize = 3;

/// What changes are made of: all that was looked up for them.
pub(super) struct Workshop<'a> {
    pub(super) writer: Writer<'a>,
    pub(super) dictionary: &'a Dictionary<'a>,
    /// Trees of the campaigns whose structure changes.
    pub(super) trees: &'a BTreeMap<ExternalId, Tree>,
    known: &'a BTreeMap<ExternalId, Known>,
    labels: &'a Result<OwnLabels, PlatformError>,
}

/// What came of a change, and whether it failed for want of a label of ours.
#[derive(Debug, Clone)]
struct Tried {
    outcome: Outcome,
    label_lost: bool,
}

impl Tried {
    fn of(outcome: Outcome) -> Self {
        Self { outcome, label_lost: false }
    }
}

/// A unit and the changes that it carries out.
struct Job {
    changes: Vec<usize>,
    unit: Unit,
}

impl GoogleAds {
    pub(super) async fn change_objects(&self, changes: &[Action]) -> Vec<Outcome> {
        let mut results = self.attempt(changes).await;
        // A label that was removed by hand is made again, and what needed it is sent once more: nothing that must
        // stop waits for the next pass.
        let lost: Vec<usize> = (0..changes.len()).filter(|&index| results[index].label_lost).collect();
        if !lost.is_empty() {
            self.labels.forget();
            let again: Vec<Action> = lost.iter().map(|&index| changes[index].clone()).collect();
            for (index, result) in lost.into_iter().zip(self.attempt(&again).await) {
                results[index] = result;
            }
        }
        results.into_iter().map(|result| result.outcome).collect()
    }

    async fn attempt(&self, changes: &[Action]) -> Vec<Tried> {
        let mut results: Vec<Option<Tried>> = vec![None; changes.len()];
        let mut jobs = match self.plan_jobs(changes, &mut results).await {
            Ok(jobs) => jobs,
            // Only reads have failed.
            Err(error) => {
                let error = super::client::read_error(error, "before anything was changed");
                return changes.iter().map(|_| Tried::of(Outcome::Failed(error.clone()))).collect();
            }
        };
        self.forget(changes);
        for job in &mut jobs {
            self.client.rehearsable(&mut job.unit);
        }
        let (empty, jobs): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(|job| job.unit.operations.is_empty());
        for job in empty {
            job.file(changes, Sent::Done(Vec::new()), &mut results);
        }
        let (single, whole): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(|job| job.unit.operations.len() == 1);
        self.carry_out(changes, whole, &mut results).await;
        self.carry_out_singly(changes, single, &mut results).await;
        let unsent = || Outcome::Failed(PlatformError::Unavailable { message: "it was not sent".to_owned() });
        results.into_iter().map(|result| result.unwrap_or_else(|| Tried::of(unsent()))).collect()
    }

    /// Looks up what is needed and turns changes into operations. Those that are refused or need no
    /// operation have their outcome at once.
    async fn plan_jobs(&self, changes: &[Action], results: &mut [Option<Tried>]) -> Result<Vec<Job>, PlatformError> {
        let trees = self.trees_for(changes).await?;
        let known = self.known_for(changes, &trees).await?;
        let labels = if changes
            .iter()
            .any(|change| matches!(change, Action::Pause { .. } | Action::Enable { .. } | Action::Mark { .. }))
        {
            self.labels.ensure(&self.client, &self.installation).await
        } else {
            Err(PlatformError::Unavailable { message: "no label was looked up".to_owned() })
        };
        let basics = self.basics().await?;
        let places = self.atlas.resolve(&self.client, &places_in(changes)).await?;
        let languages = if changes.iter().any(|change| is_set(change, Field::Languages)) {
            self.atlas.languages(&self.client).await?
        } else {
            Languages::default()
        };
        let goals = self.goals_of(actions_in(changes)).await?;
        let dictionary = Dictionary {
            basics: &basics,
            today: self.today(&basics),
            places: &places,
            languages: &languages,
            goals: &goals,
        };
        let workshop = Workshop {
            writer: Writer { client: &self.client },
            dictionary: &dictionary,
            trees: &trees,
            known: &known,
            labels: &labels,
        };
        Ok(workshop.jobs(changes, results))
    }

    /// Reads the campaigns whose structure changes.
    async fn trees_for(&self, changes: &[Action]) -> Result<BTreeMap<ExternalId, Tree>, PlatformError> {
        let ids: BTreeSet<ExternalId> =
            changes.iter().filter(|change| is_structural(change)).filter_map(Action::id).cloned().collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        // Which goal a campaign has is not needed to give it another.
        let trees = listing::of_ids(&self.client, &super::Goals::default(), &ids).await?;
        let labels = self.label_book().await?;
        self.remember(&trees, &labels, false);
        Ok(trees)
    }

    /// What is known of all that is changed; what is not kept is read.
    async fn known_for(
        &self,
        changes: &[Action],
        trees: &BTreeMap<ExternalId, Tree>,
    ) -> Result<BTreeMap<ExternalId, Known>, PlatformError> {
        let ids: BTreeSet<ExternalId> = changes.iter().filter_map(Action::id).cloned().collect();
        let missing: BTreeSet<ExternalId> = {
            let known = self.known();
            ids.iter().filter(|id| !known.contains_key(*id) && !trees.contains_key(*id)).cloned().collect()
        };
        if !missing.is_empty() {
            let labels = self.label_book().await?;
            let found = listing::bare(&self.client, &missing).await?;
            self.remember(&found, &labels, false);
        }
        let known = self.known();
        Ok(ids.into_iter().filter_map(|id| Some((id.clone(), known.get(&id)?.clone()))).collect())
    }

    async fn label_book(&self) -> Result<LabelBook, PlatformError> {
        self.labels.read(&self.client, &self.installation).await
    }

    /// What is about to change must be read again before it is changed the next time.
    fn forget(&self, changes: &[Action]) {
        let mut known = self.known();
        for id in changes.iter().filter_map(Action::id) {
            known.remove(id);
        }
    }

    async fn carry_out(&self, changes: &[Action], mut jobs: Vec<Job>, results: &mut [Option<Tried>]) {
        for _ in 0..ROUNDS {
            if jobs.is_empty() {
                return;
            }
            let units: Vec<Unit> = jobs.iter().map(|job| job.unit.clone()).collect();
            let sent = batch::send(&self.client, &units).await;
            let mut again = Vec::new();
            for (mut job, sent) in jobs.into_iter().zip(sent) {
                match sent {
                    Sent::Refused(errors) if job.drop_satisfied(&errors) => again.push(job),
                    other => job.file(changes, other, results),
                }
            }
            let (left, done): (Vec<Job>, Vec<Job>) = again.into_iter().partition(|job| !job.unit.operations.is_empty());
            for job in done {
                job.file(changes, Sent::Done(Vec::new()), results);
            }
            jobs = left;
        }
    }

    async fn carry_out_singly(&self, changes: &[Action], jobs: Vec<Job>, results: &mut [Option<Tried>]) {
        let operations: Vec<_> = jobs.iter().flat_map(|job| job.unit.operations.iter().cloned()).collect();
        if operations.is_empty() {
            return;
        }
        let sent = batch::send_singly(&self.client, &operations).await;
        for (mut job, sent) in jobs.into_iter().zip(sent) {
            let sent = match sent {
                Sent::Refused(errors) if job.drop_satisfied(&errors) => Sent::Done(Vec::new()),
                other => other,
            };
            job.file(changes, sent, results);
        }
    }
}

impl Job {
    fn file(&self, changes: &[Action], sent: Sent, results: &mut [Option<Tried>]) {
        let mut label_lost = false;
        let failure = match sent {
            Sent::Done(_) => None,
            Sent::Unknown(error) => Some(Outcome::Unknown(error)),
            Sent::Undone(error) => Some(Outcome::Failed(error)),
            Sent::Refused(errors) => {
                label_lost = errors.iter().any(|(at, error)| is_lost_label(&self.unit.operations[*at], error));
                Some(Outcome::Failed(first(errors)))
            }
        };
        for &index in &self.changes {
            let id = changes[index].id().cloned().unwrap_or_default();
            let outcome = failure.clone().unwrap_or(Outcome::Applied { id });
            results[index] = Some(Tried { outcome, label_lost });
        }
    }

    /// Takes out operations whose effect is there already. Whether that is all that was wrong.
    fn drop_satisfied(&mut self, errors: &[(usize, super::errors::ItemError)]) -> bool {
        let satisfied: BTreeSet<usize> = errors
            .iter()
            .filter(|(at, error)| is_satisfied(&self.unit.operations[*at], &error.code))
            .map(|(at, _)| *at)
            .collect();
        if satisfied.is_empty() || errors.iter().any(|(at, _)| !satisfied.contains(at)) {
            return false;
        }
        let mut at = 0;
        self.unit.operations.retain(|_| {
            at += 1;
            !satisfied.contains(&(at - 1))
        });
        true
    }
}

/// Whether an error says that what an operation was to bring about is so already.
fn is_satisfied(operation: &serde_json::Value, code: &str) -> bool {
    let Some((kind, inner)) = operation.as_object().and_then(|map| map.iter().next()) else { return false };
    if inner.get("remove").is_some() {
        return matches!(
            code,
            "RESOURCE_NOT_FOUND" | "CAMPAIGN_LABEL_DOES_NOT_EXIST" | "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE"
        );
    }
    let can_be_twice =
        matches!(kind.as_str(), "campaignLabelOperation" | "campaignCriterionOperation" | "adGroupCriterionOperation");
    can_be_twice
        && inner.get("create").is_some()
        && matches!(code, "CAMPAIGN_LABEL_ALREADY_EXISTS" | "RESOURCE_ALREADY_EXISTS")
}

impl Workshop<'_> {
    fn jobs(&self, changes: &[Action], results: &mut [Option<Tried>]) -> Vec<Job> {
        let mut ids = TemporaryIds::default();
        let mut jobs = Vec::new();
        // Changes that need a new ad group share it.
        let mut rebuilds: BTreeMap<&ExternalId, Vec<usize>> = BTreeMap::new();
        for (index, change) in changes.iter().enumerate() {
            let Some(id) = change.id() else {
                results[index] =
                    Some(Tried::of(Outcome::Failed(rejected(Reason::Unsupported, "a line is created by create"))));
                continue;
            };
            if structure::needs_group(change) && self.trees.get(id).is_some_and(|tree| tree.main_group().is_none()) {
                match self.allowed(id, change) {
                    Ok(_) => rebuilds.entry(id).or_default().push(index),
                    Err(error) => results[index] = Some(Tried::of(Outcome::Failed(error))),
                }
                continue;
            }
            match self.operations(id, change) {
                Ok(operations) if operations.is_empty() => {
                    results[index] = Some(Tried::of(Outcome::Applied { id: id.clone() }));
                }
                Ok(operations) => jobs.push(Job { changes: vec![index], unit: Unit { operations } }),
                Err(error) => results[index] = Some(Tried::of(Outcome::Failed(error))),
            }
        }
        for (id, indices) in rebuilds {
            let wanted: Vec<&Action> = indices.iter().map(|&index| &changes[index]).collect();
            match structure::rebuild(self, id, &wanted, &mut ids) {
                Ok(operations) => jobs.push(Job { changes: indices, unit: Unit { operations } }),
                Err(error) => {
                    for index in indices {
                        results[index] = Some(Tried::of(Outcome::Failed(error.clone())));
                    }
                }
            }
        }
        jobs
    }

    fn allowed(&self, id: &ExternalId, change: &Action) -> Result<&Known, PlatformError> {
        let unseen = || rejected(Reason::RemovedOnPlatform, format!("the account has no campaign {id}"));
        let known = self.known.get(id).ok_or_else(unseen)?;
        known.allow(id, change)?;
        Ok(known)
    }

    fn operations(&self, id: &ExternalId, change: &Action) -> Result<Vec<serde_json::Value>, PlatformError> {
        let known = self.allowed(id, change)?;
        let writer = &self.writer;
        let campaign = writer.campaign_name(id);
        let status = |status: &str| writer.update_campaign(id, json!({ "status": status }), "status");
        Ok(match change {
            Action::Create(_) | Action::Complete { .. } => Vec::new(),
            Action::Pause { .. } => {
                let mut operations = vec![status("PAUSED")];
                // Without a label it still must stop.
                if let (false, Ok(labels)) = (known.paused_label, self.labels) {
                    operations.push(attach_label(&campaign, &labels.paused));
                }
                operations
            }
            Action::Enable { .. } => {
                let labels = self.labels.as_ref().map_err(Clone::clone)?;
                let mut operations = vec![status("ENABLED")];
                if known.paused_label {
                    operations.insert(0, writer.detach_label(id, &labels.paused));
                }
                operations
            }
            Action::SetBudget { to, .. } => {
                if known.budget_shared {
                    let message = format!(
                        "campaign {id} uses a shared budget, which other campaigns spend, too: give it a budget of its own"
                    );
                    return Err(rejected(Reason::PlatformRejected, message));
                }
                let amount = json!({ "amountMicros": to.micros().to_string() });
                vec![update("campaignBudgetOperation", known.budget.clone(), amount, "amountMicros")]
            }
            Action::Mark { name, token, paused, .. } => self.mark(id, (name, token), known.is_nobodys(), *paused)?,
            Action::Remove { .. } if !known.live => Vec::new(),
            Action::Remove { .. } => vec![writer.remove_campaign(id)],
            Action::Set { field, to, .. } => self.set(id, *field, to)?,
        })
    }

    /// An ad group that has the token keeps its name. One that has not is called as the campaign is or, if it is
    /// `adopted`, by its own name with the token behind it.
    fn mark(
        &self,
        id: &ExternalId,
        (name, token): (&str, &str),
        adopted: bool,
        paused: bool,
    ) -> Result<Vec<serde_json::Value>, PlatformError> {
        let labels = self.labels.as_ref().map_err(Clone::clone)?;
        let unseen = || rejected(Reason::RemovedOnPlatform, format!("the account has no campaign {id}"));
        let tree = self.trees.get(id).ok_or_else(unseen)?;
        let campaign = self.writer.campaign_name(id);
        let mut operations = Vec::new();
        if tree.campaign.name != name {
            operations.push(self.writer.update_campaign(id, json!({ "name": name }), "name"));
        }
        if !tree.carries(Some(&labels.ours)) {
            operations.push(attach_label(&campaign, &labels.ours));
        }
        match tree.carries(Some(&labels.paused)) {
            false if paused => operations.push(attach_label(&campaign, &labels.paused)),
            // Enabled and "paused by us" at once is a damaged marker.
            true if tree.is_enabled() => operations.push(self.writer.detach_label(id, &labels.paused)),
            _ => {}
        }
        if let Some(group) = tree.main_group().filter(|group| !group.own.name.contains(token)) {
            let own: String = group.own.name.chars().take(NAME_LENGTH).collect();
            let name = if adopted { format!("{own} {token}") } else { name.to_owned() };
            let resource = group.own.resource_name.clone();
            operations.push(update("adGroupOperation", resource, json!({ "name": name }), "name"));
        }
        Ok(operations)
    }

    fn set(&self, id: &ExternalId, field: Field, to: &Value) -> Result<Vec<serde_json::Value>, PlatformError> {
        let campaign = |fields, mask| Ok(vec![self.writer.update_campaign(id, fields, mask)]);
        match (field, to) {
            (Field::Name, Value::Text(name)) => campaign(json!({ "name": name }), "name"),
            (Field::Start, Value::Instant(start)) => {
                campaign(json!({ "startDateTime": self.dictionary.start(*start) }), "startDateTime")
            }
            (Field::End, Value::Instant(end)) => {
                campaign(json!({ "endDateTime": self.dictionary.end(*end) }), "endDateTime")
            }
            (Field::UrlSuffix, Value::Text(suffix)) => campaign(json!({ "finalUrlSuffix": suffix }), "finalUrlSuffix"),
            (Field::Networks, Value::Text(networks)) => campaign(
                json!({ "networkSettings": {
                    "targetGoogleSearch": true,
                    "targetSearchNetwork": blueprint::partners(networks)?,
                    "targetContentNetwork": false,
                    "targetPartnerSearchNetwork": false,
                } }),
                "networkSettings.targetGoogleSearch,networkSettings.targetSearchNetwork,\
                 networkSettings.targetContentNetwork,networkSettings.targetPartnerSearchNetwork",
            ),
            (Field::PoliticalAds, Value::Text(statement)) => campaign(
                json!({ "containsEuPoliticalAdvertising": blueprint::political(statement)? }),
                "containsEuPoliticalAdvertising",
            ),
            (Field::ConversionAction, Value::Text(action)) => {
                let goal = self.dictionary.goal(action)?;
                Ok(vec![self.writer.set_goal(id, goal.as_deref())])
            }
            (Field::Delivery | Field::Budget | Field::Channel, _) => {
                Err(rejected(Reason::Unsupported, format!("{field} of a campaign cannot be changed on Google Ads")))
            }
            (_, to) => {
                let unseen = || rejected(Reason::RemovedOnPlatform, format!("the account has no campaign {id}"));
                let tree = self.trees.get(id).ok_or_else(unseen)?;
                structure::set(self, tree, field, to).ok_or_else(|| unfit(field))?
            }
        }
    }
}

/// Whether a change needs to see what hangs on a campaign.
fn is_structural(change: &Action) -> bool {
    match change {
        Action::Mark { .. } => true,
        Action::Set { field, .. } => matches!(
            field,
            Field::Places
                | Field::Languages
                | Field::Ages
                | Field::Genders
                | Field::Keywords
                | Field::NegativeKeywords
                | Field::Ads
                | Field::Bidding
        ),
        Action::Create(_)
        | Action::Complete { .. }
        | Action::Pause { .. }
        | Action::Enable { .. }
        | Action::SetBudget { .. }
        | Action::Remove { .. } => false,
    }
}

fn is_set(change: &Action, wanted: Field) -> bool {
    matches!(change, Action::Set { field, .. } if *field == wanted)
}

fn places_in(changes: &[Action]) -> BTreeSet<Place> {
    changes
        .iter()
        .filter_map(|change| match change {
            Action::Set { to: Value::Places(places), .. } => Some(places.clone()),
            _ => None,
        })
        .flatten()
        .collect()
}

fn actions_in(changes: &[Action]) -> BTreeSet<String> {
    changes
        .iter()
        .filter_map(|change| match change {
            Action::Set { field: Field::ConversionAction, to: Value::Text(action), .. } if !action.is_empty() => {
                Some(action.clone())
            }
            _ => None,
        })
        .collect()
}
