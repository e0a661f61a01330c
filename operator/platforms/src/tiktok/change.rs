//! Changing what exists: in this order what stops, what shrinks, what else is set, what goes live, what goes for good.
//!
//! Only switching takes many objects in one request. TikTok has no request for several steps, so the order of steps says
//! what a crash between them leaves: a pause is marked first, for a campaign that is off without the mark looks as if
//! somebody else had paused it, and one that is on with it is seen to be damaged; the mark of one that goes live is taken
//! off last, for the same reason.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::observed::ExternalId;
use adops_core::campaign::plan::Action;
use adops_core::money::Money;
use adops_core::reason::Reason;
use futures::future::join_all;
use futures::{StreamExt, stream};
use serde_json::{Value as Json, json};

use super::TikTok;
use super::blueprint::{amount, rejected};
use super::client::read_error;
use super::create::AT_ONCE;
use super::edit::{Edits, needs_of_line};
use super::errors::Refusal;
use super::halt::Halt;
use super::listing::{self, Trees};
use super::lookup::{Found, Needs};
use super::names;
use super::ownership::Known;
use super::status::{self, Kind, Switch};
use crate::error::PlatformError;
use crate::port::Outcome;

type KnownById = BTreeMap<ExternalId, Known>;

/// Outcomes of changes, by their index, as they come in.
struct Results<'a> {
    changes: &'a [Action],
    outcomes: Vec<Option<Outcome>>,
}

impl Results<'_> {
    fn file(&mut self, index: usize, result: Result<(), PlatformError>) {
        let id = self.changes[index].id().cloned().unwrap_or_default();
        self.outcomes[index] = Some(outcome(id, result));
    }

    /// Those that have no outcome yet and are wanted: index and object.
    fn left(&self, wanted: impl Fn(&Action) -> bool) -> Vec<(usize, ExternalId)> {
        self.changes
            .iter()
            .enumerate()
            .filter(|(index, change)| self.outcomes[*index].is_none() && wanted(change))
            .filter_map(|(index, change)| Some((index, change.id()?.clone())))
            .collect()
    }
}

fn outcome(id: ExternalId, result: Result<(), PlatformError>) -> Outcome {
    match result {
        Ok(()) => Outcome::Applied { id },
        Err(error) if error.may_have_happened() => Outcome::Unknown(error),
        Err(error) => Outcome::Failed(error),
    }
}

impl TikTok {
    pub(super) async fn change_objects(&self, changes: &[Action]) -> Vec<Outcome> {
        let (known, unread) = self.known_for(changes).await;
        let mut results = Results { changes, outcomes: vec![None; changes.len()] };
        for (index, change) in changes.iter().enumerate() {
            if let Err(error) = allowed(&known, change) {
                let missing = change.id().is_some_and(|id| !known.contains_key(id));
                let error = unread.clone().filter(|_| missing).unwrap_or(error);
                results.outcomes[index] = Some(Outcome::Failed(error));
            }
        }
        self.forget(changes);
        let halt = Halt::default();
        self.pause_all(&known, &mut results, &halt).await;
        self.shrink_or_grow(&known, &mut results, &halt).await;
        self.edit_all(&mut results, &halt).await;
        self.enable_all(&known, &mut results, &halt).await;
        self.remove_all(&mut results, &halt).await;
        let unsent = || Outcome::Failed(PlatformError::Unavailable { message: "it was not sent".to_owned() });
        results.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(unsent)).collect()
    }

    /// What is known of all that is changed; what is not kept is read. An error of that reading is none of what is known
    /// already: what must stop does not wait for it.
    async fn known_for(&self, changes: &[Action]) -> (KnownById, Option<PlatformError>) {
        let ids: BTreeSet<ExternalId> = changes.iter().filter_map(Action::id).cloned().collect();
        let missing: BTreeSet<ExternalId> = {
            let known = self.known();
            ids.iter().filter(|id| !known.contains_key(*id)).cloned().collect()
        };
        let mut unread = None;
        if !missing.is_empty() {
            match listing::bare(&self.client, &missing).await {
                Ok(trees) => self.remember(&trees, false),
                Err(error) => unread = Some(read_error(error, "before anything was changed")),
            }
        }
        let known = self.known();
        let found = ids.into_iter().filter_map(|id| Some((id.clone(), known.get(&id)?.clone()))).collect();
        (found, unread)
    }

    /// What is about to change must be read again before it is changed the next time.
    fn forget(&self, changes: &[Action]) {
        let mut known = self.known();
        for id in changes.iter().filter_map(Action::id) {
            known.remove(id);
        }
    }

    async fn pause_all(&self, known: &KnownById, results: &mut Results<'_>, halt: &Halt) {
        let pauses = results.left(|change| matches!(change, Action::Pause { .. }));
        for chunk in pauses.chunks(status::IDS) {
            let campaigns: Vec<(&ExternalId, &Known)> =
                chunk.iter().filter_map(|(_, id)| Some((id, known.get(id)?))).collect();
            let switched = self.pause(&campaigns, halt).await;
            for (index, id) in chunk {
                results.file(*index, of(&switched, id));
            }
        }
    }

    /// Pauses up to twenty campaigns.
    pub(super) async fn pause(&self, campaigns: &[(&ExternalId, &Known)], halt: &Halt) -> status::Switched {
        // What somebody else has paused stays theirs.
        let unmarked = campaigns.iter().filter(|(_, known)| known.on && !names::is_paused(&known.name));
        let marks = unmarked.map(|(id, known)| self.rename(id, names::paused(&known.name)));
        for result in join_all(marks).await {
            // Without the mark it still must stop.
            if let Err(refusal) = result {
                tracing::warn!(error = %refusal.error, "a campaign is paused without the mark that says so");
            }
        }
        let ids: Vec<String> = campaigns.iter().map(|(id, _)| (*id).clone()).collect();
        self.switch(Kind::Campaign, Switch::Off, &ids, halt).await
    }

    /// Gives a campaign another name, mark of a pause included.
    pub(super) async fn rename(&self, id: &str, name: String) -> Result<(), Refusal> {
        let body = json!({ "campaign_id": id, "campaign_name": name });
        self.client.post::<Json>("smart_plus/campaign/update", body).await.map(|_| ())
    }

    /// Budgets: those that shrink first.
    async fn shrink_or_grow(&self, known: &KnownById, results: &mut Results<'_>, halt: &Halt) {
        for shrinks in [true, false] {
            let wanted = results.left(|change| match change {
                Action::SetBudget { from, to, .. } => (to < from) == shrinks,
                _ => false,
            });
            let changes = results.changes;
            let requests = wanted.into_iter().map(|(index, id)| async move {
                let Action::SetBudget { to, .. } = &changes[index] else { return (index, Ok(())) };
                (index, self.set_budget(known.get(&id), &id, *to, halt).await)
            });
            let done: Vec<_> = stream::iter(requests).buffer_unordered(AT_ONCE).collect().await;
            for (index, result) in done {
                results.file(index, result);
            }
        }
    }

    async fn set_budget(&self, known: Option<&Known>, id: &str, to: Money, halt: &Halt) -> Result<(), PlatformError> {
        halt.check()?;
        if known.is_some_and(|known| !known.own_budget) {
            let message = format!(
                "the ad groups of campaign {id} have budgets of their own: switch on campaign budget optimization"
            );
            return Err(rejected(Reason::PlatformRejected, message));
        }
        let body = json!({ "campaign_id": id, "budget": amount(to)? });
        let sent = self.client.post::<Json>("smart_plus/campaign/update", body).await;
        sent.map(|_| ()).map_err(|refusal| self.heard(refusal, halt))
    }

    /// Names, settings, and chains that are continued; all of one line one after the other.
    async fn edit_all(&self, results: &mut Results<'_>, halt: &Halt) {
        let mut by_line: BTreeMap<ExternalId, Vec<usize>> = BTreeMap::new();
        for (index, id) in results.left(is_structural) {
            by_line.entry(id).or_default().push(index);
        }
        if by_line.is_empty() {
            return;
        }
        let (trees, found) = match self.look_into(&by_line, results.changes).await {
            Ok(found) => found,
            // Only reads have failed.
            Err(error) => {
                let error = read_error(error, "before it was changed");
                for index in by_line.into_values().flatten() {
                    results.file(index, Err(error.clone()));
                }
                return;
            }
        };
        let dictionary = found.dictionary(self.client.clock.now());
        let changes = results.changes;
        let pausing: BTreeSet<&ExternalId> =
            changes.iter().filter(|change| matches!(change, Action::Pause { .. })).filter_map(Action::id).collect();
        let trees = &trees;
        let lines = by_line.into_iter().map(|(id, indices)| {
            let edits = Edits { tiktok: self, dictionary: &dictionary, halt, pausing: pausing.contains(&id) };
            async move { edits.carry_out(&id, trees.get(&id), changes, &indices).await }
        });
        let done: Vec<_> = stream::iter(lines).buffer_unordered(AT_ONCE).collect().await;
        for (index, result) in done.into_iter().flatten() {
            results.file(index, result);
        }
    }

    /// Reads the campaigns whose structure changes, and all that their changes refer to.
    async fn look_into(
        &self,
        by_line: &BTreeMap<ExternalId, Vec<usize>>,
        changes: &[Action],
    ) -> Result<(Trees, Found), PlatformError> {
        let trees = listing::whole(&self.client, &by_line.keys().cloned().collect()).await?;
        let ads = trees.values().flat_map(|tree| &tree.groups).flat_map(|group| &group.ads);
        self.library.learn(&self.client, ads).await?;
        let mut needs = Needs::of_changes(changes);
        for (id, indices) in by_line {
            if let Some(tree) = trees.get(id) {
                needs_of_line(tree, indices.iter().map(|&index| &changes[index]), &self.library, &mut needs);
            }
        }
        let found = self.look_up(&needs).await?;
        Ok((trees, found))
    }

    /// The ad group first, the campaign, which is the topmost, after it; at last the mark of the pause goes.
    async fn enable_all(&self, known: &KnownById, results: &mut Results<'_>, halt: &Halt) {
        let wanted = results.left(|change| matches!(change, Action::Enable { .. }));
        let group = |id: &ExternalId| known.get(id).and_then(|known| known.group.as_ref());
        let ids: Vec<String> = wanted.iter().filter_map(|(_, id)| group(id).cloned()).collect();
        let below = self.switch(Kind::AdGroup, Switch::On, &ids, halt).await;
        let mut ready = Vec::new();
        for (index, id) in wanted {
            let result = match group(&id) {
                Some(group) => of(&below, group),
                None => Err(PlatformError::Unavailable { message: format!("campaign {id} has no ad group yet") }),
            };
            match result {
                Ok(()) => ready.push((index, id)),
                Err(error) => results.file(index, Err(error)),
            }
        }
        let ids: Vec<String> = ready.iter().map(|(_, id)| id.clone()).collect();
        let switched = self.switch(Kind::Campaign, Switch::On, &ids, halt).await;
        let mut marked = Vec::new();
        for (index, id) in ready {
            let result = of(&switched, &id);
            if result.is_ok() {
                let marked_one = known.get(&id).filter(|known| names::is_paused(&known.name));
                marked.extend(marked_one.map(|known| (id, names::bare(&known.name).to_owned())));
            }
            results.file(index, result);
        }
        let renames = marked.into_iter().map(|(id, name)| async move { self.rename(&id, name).await });
        let done: Vec<_> = stream::iter(renames).buffer_unordered(AT_ONCE).collect().await;
        for refusal in done.into_iter().filter_map(Result::err) {
            // It is live all the same; the next look at it sees that its marker is damaged.
            tracing::warn!(error = %refusal.error, "a campaign that is on still says that it is paused");
        }
    }

    async fn remove_all(&self, results: &mut Results<'_>, halt: &Halt) {
        let wanted = results.left(|change| matches!(change, Action::Remove { .. }));
        let ids: Vec<String> = wanted.iter().map(|(_, id)| id.clone()).collect();
        let switched = self.switch(Kind::Campaign, Switch::Delete, &ids, halt).await;
        for (index, id) in wanted {
            results.file(index, of(&switched, &id));
        }
    }

    /// Whether a chain may be continued: not while a request that was to create a part of it may still have its effect.
    pub(super) fn is_settled(&self, id: &ExternalId) -> Result<(), PlatformError> {
        let mut open = self.open();
        let now = self.client.clock.now();
        open.retain(|_, until| *until > now);
        match open.get(id) {
            None => Ok(()),
            Some(_) => Err(PlatformError::Unavailable {
                message: "a request that was to create a part of it had no known outcome, which must be seen first"
                    .to_owned(),
            }),
        }
    }
}

fn allowed(known: &KnownById, change: &Action) -> Result<(), PlatformError> {
    let Some(id) = change.id() else {
        return Err(rejected(Reason::Unsupported, "a line is created by create"));
    };
    let unseen = || rejected(Reason::RemovedOnPlatform, format!("the account has no campaign {id}"));
    known.get(id).ok_or_else(unseen)?.allow(id, change)
}

fn of(switched: &status::Switched, id: &str) -> Result<(), PlatformError> {
    let unsent = || Err(PlatformError::Unavailable { message: "it was not sent".to_owned() });
    switched.get(id).cloned().unwrap_or_else(unsent)
}

/// Whether a change needs to see what hangs on a campaign.
fn is_structural(change: &Action) -> bool {
    match change {
        Action::Mark { .. } | Action::Set { .. } | Action::Complete { .. } => true,
        Action::Create(_)
        | Action::Pause { .. }
        | Action::Enable { .. }
        | Action::SetBudget { .. }
        | Action::Remove { .. } => false,
    }
}
