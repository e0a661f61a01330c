//! Changing what exists: in this order what stops, what shrinks, what grows, what else is set, what goes live, what goes
//! for good. Name and status are one item of a request, so that a pause and its mark are never apart.

use std::collections::BTreeMap;

use adops_core::campaign::observed::ExternalId;
use adops_core::campaign::plan::Action;
use adops_core::campaign::settings::Field;
use adops_core::reason::Reason;
use serde_json::{Map, Value as Json};

use super::Pinterest;
use super::batch::{Halt, Kind};
use super::blueprint::Dictionary;
use super::client::{Verb, read_error};
use super::create::{places_in, places_of};
use super::errors::rejected;
use super::listing::{self, Trees};
use super::wire::is_on;
use crate::error::PlatformError;
use crate::paused;
use crate::port::Outcome;

/// What one object becomes, for the sake of one change.
pub(super) struct Step {
    pub(super) index: usize,
    pub(super) id: ExternalId,
    pub(super) fields: Map<String, Json>,
}

/// Changes that are being carried out.
pub(super) struct Work<'a> {
    pub(super) pinterest: &'a Pinterest,
    pub(super) changes: &'a [Action],
    pub(super) dictionary: Dictionary,
    /// The lines, as they are after what was done so far.
    pub(super) trees: Trees,
    pub(super) halt: Halt,
    outcomes: Vec<Option<Result<(), PlatformError>>>,
}

impl Pinterest {
    pub(super) async fn change_objects(&self, changes: &[Action]) -> Vec<Outcome> {
        let (trees, dictionary) = match self.read_for(changes).await {
            Ok(read) => read,
            // Only reads have failed.
            Err(error) => {
                let error = read_error(error, "before anything was changed");
                return changes.iter().map(|_| Outcome::Failed(error.clone())).collect();
            }
        };
        let outcomes = changes.iter().map(|change| self.allowed(&trees, change).err().map(Err)).collect();
        let mut work = Work { pinterest: self, changes, dictionary, trees, halt: Halt::default(), outcomes };
        work.pause().await;
        work.set_budgets(true).await;
        work.set_budgets(false).await;
        work.edit().await;
        work.enable().await;
        work.remove().await;
        work.outcomes()
    }

    /// Reads what is to change: whatever is known of it may be old, and its marker decides.
    async fn read_for(&self, changes: &[Action]) -> Result<(Trees, Dictionary), PlatformError> {
        let trees = listing::bare(&self.client, &changes.iter().filter_map(Action::id).cloned().collect()).await?;
        let places = changes.iter().flat_map(|change| match change {
            Action::Set { field: Field::Places, to, .. } => places_in(Some(to)).cloned().collect(),
            Action::Complete { line, .. } => places_of(line).cloned().collect(),
            _ => Vec::new(),
        });
        Ok((trees, self.dictionary(places.collect()).await?))
    }

    fn allowed(&self, trees: &Trees, change: &Action) -> Result<(), PlatformError> {
        let Some(id) = change.id() else {
            return Err(rejected(Reason::Unsupported, "a line is created by create"));
        };
        let unseen = || rejected(Reason::RemovedOnPlatform, format!("the account has no campaign {id}"));
        trees.get(id).ok_or_else(unseen)?.allow(&self.installation, change)
    }
}

impl Work<'_> {
    /// Those that have no outcome yet and are wanted: index and object.
    pub(super) fn left(&self, wanted: impl Fn(&Action) -> bool) -> Vec<(usize, ExternalId)> {
        let changes = self.changes.iter().enumerate();
        changes
            .filter(|(index, change)| self.outcomes[*index].is_none() && wanted(change))
            .filter_map(|(index, change)| Some((index, change.id()?.clone())))
            .collect()
    }

    /// Files what came of a change; of several parts the first failure counts.
    pub(super) fn file(&mut self, index: usize, result: Result<(), PlatformError>) {
        let held = &mut self.outcomes[index];
        if !matches!(held, Some(Err(_))) {
            *held = Some(result);
        }
    }

    /// Only a part of a change is done.
    pub(super) fn reopen(&mut self, index: usize) {
        self.outcomes[index].take_if(|result| result.is_ok());
    }

    /// Sends steps; those of one object are one item.
    pub(super) async fn send(&mut self, kind: Kind, steps: Vec<Step>) {
        let mut merged: BTreeMap<ExternalId, (Vec<usize>, Map<String, Json>)> = BTreeMap::new();
        for step in steps {
            let (indices, fields) = merged.entry(step.id).or_default();
            indices.push(step.index);
            fields.extend(step.fields);
        }
        let account = &self.pinterest.client.account;
        let item = |(id, (_, fields)): (&ExternalId, &(Vec<usize>, Map<String, Json>))| {
            let mut item = fields.clone();
            item.insert("id".to_owned(), id.as_str().into());
            if kind == Kind::Campaign {
                item.insert("ad_account_id".to_owned(), account.as_str().into());
            }
            Json::Object(item)
        };
        let items: Vec<Json> = merged.iter().map(item).collect();
        let client = &self.pinterest.client;
        let results = client.write_items(Verb::Patch, kind, &items, &mut self.halt).await;
        for ((id, (indices, fields)), result) in merged.into_iter().zip(results) {
            if result.is_ok() {
                self.know(kind, &id, &fields);
            }
            let result = result.map(|_| ());
            for index in indices {
                self.file(index, result.clone());
            }
        }
    }

    /// Takes note of a name or a status that was written.
    fn know(&mut self, kind: Kind, id: &ExternalId, fields: &Map<String, Json>) {
        let text = |name: &str| fields.get(name).and_then(Json::as_str).map(str::to_owned);
        let (name, status) = (text("name"), text("status"));
        if kind == Kind::Campaign {
            if let Some(tree) = self.trees.get_mut(id) {
                tree.campaign.name = name.unwrap_or_else(|| tree.campaign.name.clone());
                tree.campaign.status = status.unwrap_or_else(|| tree.campaign.status.clone());
            }
        } else if let Some(group) =
            self.trees.values_mut().flat_map(|tree| &mut tree.groups).find(|group| group.id == *id)
        {
            group.name = name.unwrap_or_else(|| group.name.clone());
            group.status = status.unwrap_or_else(|| group.status.clone());
        }
    }

    async fn pause(&mut self) {
        let steps = self.left(|change| matches!(change, Action::Pause { .. }));
        let steps = steps.into_iter().map(|(index, id)| self.pause_of(index, id)).collect();
        self.send(Kind::Campaign, steps).await;
    }

    /// A pause with its mark; what somebody else has paused stays theirs.
    pub(super) fn pause_of(&self, index: usize, id: ExternalId) -> Step {
        let mut fields = fields([("status", "PAUSED".into())]);
        if let Some(tree) = self.trees.get(&id).filter(|tree| tree.is_on()) {
            fields.insert("name".to_owned(), paused::paused(&tree.campaign.name).into());
        }
        Step { index, id, fields }
    }

    async fn set_budgets(&mut self, shrinks: bool) {
        let wanted = self.left(|change| match change {
            Action::SetBudget { from, to, .. } => (to < from) == shrinks,
            _ => false,
        });
        let mut steps = Vec::new();
        for (index, id) in wanted {
            let Action::SetBudget { to, .. } = &self.changes[index] else { continue };
            if self.trees.get(&id).is_some_and(|tree| !tree.campaign.is_campaign_budget_optimization) {
                let message = format!(
                    "the ad groups of campaign {id} have budgets of their own: switch on campaign budget optimization"
                );
                self.file(index, Err(rejected(Reason::PlatformRejected, message)));
                continue;
            }
            let caps = fields([("daily_spend_cap", to.micros().into()), ("lifetime_spend_cap", Json::Null)]);
            steps.push(Step { index, id, fields: caps });
        }
        self.send(Kind::Campaign, steps).await;
    }

    /// The ad group first, the campaign, which is the topmost, after it, together with the end of the mark.
    async fn enable(&mut self) {
        let mut groups = Vec::new();
        for (index, id) in self.left(is_enable) {
            let group = self.trees.get(&id).and_then(super::tree::Tree::main_group);
            match group.map(|group| (group.id.clone(), is_on(&group.status))) {
                Some((_, true)) => {}
                Some((group, false)) => {
                    groups.push(Step { index, id: group, fields: fields([("status", "ACTIVE".into())]) });
                }
                None => {
                    let message = format!("campaign {id} has no ad group yet");
                    self.file(index, Err(PlatformError::Unavailable { message }));
                }
            }
        }
        let waiting: Vec<usize> = groups.iter().map(|step| step.index).collect();
        self.send(Kind::AdGroup, groups).await;
        for index in waiting {
            self.reopen(index);
        }
        let mut steps = Vec::new();
        for (index, id) in self.left(is_enable) {
            let mut on = fields([("status", "ACTIVE".into())]);
            if let Some(tree) = self.trees.get(&id).filter(|tree| tree.says_paused()) {
                on.insert("name".to_owned(), paused::bare(&tree.campaign.name).into());
            }
            steps.push(Step { index, id, fields: on });
        }
        self.send(Kind::Campaign, steps).await;
    }

    async fn remove(&mut self) {
        let mut steps = Vec::new();
        for (index, id) in self.left(|change| matches!(change, Action::Remove { .. })) {
            // What is gone already is gone.
            if self.trees.get(&id).is_some_and(super::tree::Tree::is_live) {
                steps.push(Step { index, id, fields: fields([("status", "ARCHIVED".into())]) });
            } else {
                self.file(index, Ok(()));
            }
        }
        self.send(Kind::Campaign, steps).await;
    }

    fn outcomes(self) -> Vec<Outcome> {
        let unsent = || Err(PlatformError::Unavailable { message: "it was not sent".to_owned() });
        let results = self.outcomes.into_iter().map(|result| result.unwrap_or_else(unsent));
        let ids = self.changes.iter().map(|change| change.id().cloned().unwrap_or_default());
        let outcome = |(result, id): (Result<(), PlatformError>, ExternalId)| match result {
            Ok(()) => Outcome::Applied { id },
            Err(error) if error.may_have_happened() => Outcome::Unknown(error),
            Err(error) => Outcome::Failed(error),
        };
        results.zip(ids).map(outcome).collect()
    }
}

fn is_enable(change: &Action) -> bool {
    matches!(change, Action::Enable { .. })
}

/// Fields of an item.
pub(super) fn fields<const N: usize>(pairs: [(&str, Json); N]) -> Map<String, Json> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
