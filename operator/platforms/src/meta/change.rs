//! Changing what exists: several changes of one campaign in a row, campaigns side by side.
//!
//! Labels are replaced as a whole list, so a list that is written must have been read a moment ago. What stops spend goes
//! first and waits for no look-up that only others need.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use adops_core::campaign::observed::ExternalId;
use adops_core::campaign::plan::Action;
use adops_core::reason::Reason;

use super::Meta;
use super::chain::{Workshop, lost, refused};
use super::desk::{Desk, Program};
use super::edit::Edit;
use super::errors::{Refusal, read_error, rejected};
use super::labels::OwnLabels;
use super::listing;
use super::needs;
use super::rehearsal::Notes;
use super::tree::{Tree, Trees};
use crate::error::PlatformError;
use crate::port::Outcome;

/// For how long what was read of labels may be written back.
const FRESH: Duration = Duration::from_secs(30);
/// From so many campaigns on a listing of all costs less than reading each.
const MANY: usize = 100;

impl Meta {
    pub(super) async fn change_objects(&self, changes: &[Action]) -> Vec<Outcome> {
        self.make_changes(changes).await.into_iter().map(|(outcome, _)| outcome).collect()
    }

    /// Changes objects, or rehearses that.
    pub(super) async fn make_changes(&self, changes: &[Action]) -> Vec<Made> {
        let mut outcomes: Vec<Option<Made>> = vec![None; changes.len()];
        let (first, then): (Vec<usize>, Vec<usize>) = (0..changes.len()).partition(|&at| is_urgent(&changes[at]));
        for indices in [first, then] {
            if !indices.is_empty() {
                self.change_together(changes, &indices, &mut outcomes).await;
            }
        }
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| made(lost()))).collect()
    }

    async fn change_together(&self, changes: &[Action], indices: &[usize], outcomes: &mut [Option<Made>]) {
        let mut groups: BTreeMap<&ExternalId, Vec<usize>> = BTreeMap::new();
        for &at in indices {
            if let Some(id) = changes[at].id() {
                groups.entry(id).or_default().push(at);
            } else {
                let error = rejected(Reason::Unsupported, "a line is created by create");
                outcomes[at] = Some(made(Outcome::Failed(error)));
            }
        }
        let wanted: Vec<Action> = indices.iter().map(|&at| changes[at].clone()).collect();
        let looked_up = async {
            let trees = self.trees_for(&wanted).await?;
            let mut needs = needs::of_changes(&wanted);
            needs.current(&trees, &wanted, self).await?;
            Ok::<_, PlatformError>((trees, self.prepare(&needs).await?))
        };
        let (trees, prepared) = match looked_up.await {
            Ok(found) => found,
            // Only reads have failed.
            Err(error) => {
                let error = read_error(error, "before anything was changed");
                for &at in indices {
                    outcomes[at] = Some(made(Outcome::Failed(error.clone())));
                }
                return;
            }
        };
        self.forget(groups.keys().copied());
        let none = OwnLabels { ours: String::new(), paused: String::new() };
        let dictionary = prepared.dictionary(self.client.clock.now());
        let labels = prepared.labels.as_ref().unwrap_or(&none);
        let workshop = Workshop { meta: self, dictionary: &dictionary, labels, creatives: &prepared.creatives };
        let missing = prepared.labels.as_ref().err();
        let desk = Desk::new(&self.client);
        let programs = groups
            .iter()
            .map(|(id, group)| {
                let actions: Vec<&Action> = group.iter().map(|&at| &changes[at]).collect();
                let tree = trees.get(*id).map(AsRef::as_ref);
                let mark = changes.iter().find(|change| is_mark(change) && change.id() == Some(*id));
                let mark = mark.filter(|_| self.client.rehearsal);
                carry_out(&workshop, &desk, Subject { id, tree, mark }, missing, actions)
            })
            .collect();
        let results = desk.run(programs, Vec::new).await;
        for (group, results) in groups.values().zip(results) {
            for (&at, outcome) in group.iter().zip(results) {
                outcomes[at] = Some(outcome);
            }
        }
    }

    /// The trees of all that is changed: read anew where more than labels and statuses is needed, or where what was read
    /// is too old.
    async fn trees_for(&self, changes: &[Action]) -> Result<BTreeMap<ExternalId, Arc<Tree>>, PlatformError> {
        let all: BTreeSet<ExternalId> = changes.iter().filter_map(Action::id).cloned().collect();
        let whole: BTreeSet<&ExternalId> =
            changes.iter().filter(|change| is_structural(change)).filter_map(Action::id).collect();
        let mut trees: BTreeMap<ExternalId, Arc<Tree>> = BTreeMap::new();
        let mut old: BTreeMap<ExternalId, Arc<Tree>> = BTreeMap::new();
        for (id, (read, tree)) in self.known().iter().filter(|(id, _)| all.contains(*id) && !whole.contains(id)) {
            let into = if read.elapsed() < FRESH { &mut trees } else { &mut old };
            into.insert(id.clone(), tree.clone());
        }
        let missing: BTreeSet<ExternalId> = all.iter().filter(|id| !trees.contains_key(*id)).cloned().collect();
        match self.read_trees(&missing).await {
            Ok(found) => {
                self.remember(&found, false);
                trees.extend(found.into_iter().map(|(id, tree)| (id, Arc::new(tree))));
                Ok(trees)
            }
            // A pause needs no more than to know whose it is.
            Err(_) if missing.iter().all(|id| old.contains_key(id)) && changes.iter().all(is_pause) => {
                trees.extend(old);
                Ok(trees)
            }
            Err(error) => Err(error),
        }
    }

    async fn read_trees(&self, ids: &BTreeSet<ExternalId>) -> Result<Trees, PlatformError> {
        if ids.len() <= MANY {
            return listing::of_ids(&self.client, ids).await;
        }
        let labels = self.labels.read(&self.client, &self.installation).await?;
        let mut trees = listing::all(&self.client, &self.installation, &labels, ids).await?;
        trees.retain(|id, _| ids.contains(id));
        Ok(trees)
    }
}

/// What came of a change, and what a rehearsal has noted.
type Made = (Outcome, Notes);

fn made(outcome: Outcome) -> Made {
    (outcome, Notes::default())
}

/// What is changed.
#[derive(Clone, Copy)]
struct Subject<'a> {
    id: &'a str,
    tree: Option<&'a Tree>,
    /// The mark that a rehearsal takes for made: what follows it is about something that is ours.
    mark: Option<&'a Action>,
}

/// What stops spend, or makes it less, or needs no look-up.
fn is_urgent(change: &Action) -> bool {
    matches!(change, Action::Pause { .. } | Action::SetBudget { .. } | Action::Remove { .. })
}

fn is_mark(change: &Action) -> bool {
    matches!(change, Action::Mark { .. })
}

fn is_pause(change: &Action) -> bool {
    matches!(change, Action::Pause { .. })
}

/// Whether a change needs to see what an ad set shows to whom.
fn is_structural(change: &Action) -> bool {
    matches!(change, Action::Set { .. } | Action::Complete { .. } | Action::Mark { .. })
}

/// The order in which changes of one campaign are made: what goes live comes last.
fn rank(change: &Action) -> u8 {
    match change {
        Action::Pause { .. } => 0,
        Action::SetBudget { from, to, .. } if to < from => 1,
        Action::Mark { .. } => 2,
        Action::Complete { .. } => 3,
        Action::Set { .. } => 4,
        Action::SetBudget { .. } => 5,
        Action::Remove { .. } => 6,
        Action::Enable { .. } | Action::Create(_) => 7,
    }
}

/// Makes the changes of one campaign; one outcome for each, in the order in which they were given.
fn carry_out<'a>(
    workshop: &'a Workshop<'a>,
    desk: &'a Desk<'a>,
    subject: Subject<'a>,
    missing: Option<&'a PlatformError>,
    actions: Vec<&'a Action>,
) -> Program<'a, Vec<Made>> {
    Box::pin(async move {
        let Subject { id, tree, mark } = subject;
        let Some(tree) = tree else {
            let error = rejected(Reason::RemovedOnPlatform, format!("the account has no campaign {id}"));
            return actions.iter().map(|_| made(Outcome::Failed(error.clone()))).collect();
        };
        let installation = &workshop.meta.installation;
        let allow = |action| tree.allow(installation, mark.unwrap_or(action));
        let mut results: Vec<Option<Result<(), Refusal>>> =
            actions.iter().map(|action| allow(action).err().map(|error| Err(error.into()))).collect();
        let mut notes = vec![Notes::default(); actions.len()];
        let edit = Edit { workshop, desk, tree, labels: missing.map_or(Ok(workshop.labels), Err) };
        let mut order: Vec<usize> = (0..actions.len()).filter(|&at| results[at].is_none()).collect();
        order.sort_by_key(|&at| rank(actions[at]));
        let sets: Vec<usize> = order.iter().copied().filter(|&at| matches!(actions[at], Action::Set { .. })).collect();
        for at in order {
            if results[at].is_some() {
                continue;
            }
            match actions[at] {
                Action::Set { .. } => {
                    let parts: Vec<_> = sets.iter().filter_map(|&at| part(actions[at])).collect();
                    let done = edit.set(&parts).await;
                    let noted = desk.take_notes();
                    for (&at, result) in sets.iter().zip(done) {
                        (results[at], notes[at]) = (Some(result), noted.clone());
                    }
                }
                Action::Enable { .. } if results.iter().flatten().any(Result::is_err) => {
                    let message = "it is not enabled, for a change before it failed".to_owned();
                    results[at] = Some(Err(PlatformError::Unavailable { message }.into()));
                }
                action => (results[at], notes[at]) = (Some(edit.one(action).await), desk.take_notes()),
            }
        }
        results
            .into_iter()
            .map(|result| match result {
                Some(Ok(())) => Outcome::Applied { id: id.to_owned() },
                Some(Err(refusal)) => refused(refusal),
                None => lost(),
            })
            .zip(notes)
            .collect()
    })
}

fn part(action: &Action) -> Option<(adops_core::campaign::settings::Field, &adops_core::campaign::settings::Value)> {
    match action {
        Action::Set { field, to, .. } => Some((*field, to)),
        _ => None,
    }
}
