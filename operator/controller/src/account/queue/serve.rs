//! Sending: one request after the other, and what comes of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use adops_core::campaign::observed::ExternalId;
use adops_core::campaign::plan::{Action, NewLine};
use adops_core::queue::Use;
use adops_core::queue::demand::Asker;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::{AdPlatform, Outcome, Scope};
use adops_platforms::quota::spend;
use jiff::Timestamp;

use super::{Read, Task, block, ended, grows};
use crate::account::grant;
use crate::account::spend as spending;
use crate::account::state::{AccountState, Block};
use crate::runtime::metrics::Changed;
use crate::shared::Shared;

/// Operations of a request to an account that is not connected.
const UNCONNECTED: u64 = 1_000;

/// Serves an account's queue until it is closed.
pub async fn run(shared: Arc<Shared>, account: Arc<AccountState>) {
    tokio::join!(run_writes(&shared, &account), run_reads(&shared, &account));
}

async fn run_writes(shared: &Shared, account: &AccountState) {
    let most = || account.platform().map_or(UNCONNECTED, |platform| platform.operations_per_request());
    let now = || shared.clock.now();
    while let Some(batch) = account.queue.next(most, now).await {
        serve(shared, account, batch).await;
    }
}

async fn run_reads(shared: &Shared, account: &AccountState) {
    while let Some(reads) = account.queue.next_reads().await {
        serve_reads(shared, account, reads).await;
    }
}

/// One request: tasks of one use.
async fn serve(shared: &Shared, account: &AccountState, batch: Vec<Task>) {
    let Some(platform) = account.platform() else {
        for task in batch {
            task.answer(Outcome::Failed(unconnected()));
        }
        return;
    };
    let before = account.known().block.clone();
    let Some(batch) = unless_blocked(shared, before.as_ref(), batch) else { return };
    let batch = without_revoked(shared, account, batch);
    let (creates, changes): (Vec<Task>, Vec<Task>) =
        batch.into_iter().partition(|task| matches!(task.action, Action::Create(_)));
    serve_changes(shared, account, &platform, changes).await;
    if newly_blocked(account, before.as_ref()).is_none() {
        serve_creates(shared, account, &platform, creates).await;
    } else {
        for task in creates {
            task.answer(Outcome::Failed(not_sent_any_more()));
        }
    }
    look_at_block(shared, account, before.as_ref());
}

/// What was planned before the account was blocked and arrives after it waits like all else. Of a Secret that is lost the
/// plan knows what may still be sent.
fn unless_blocked(shared: &Shared, block: Option<&Block>, batch: Vec<Task>) -> Option<Vec<Task>> {
    let now = shared.clock.now();
    let Some(block) = block.filter(|block| block.until > now && !block.is_lost_credentials()) else {
        return Some(batch);
    };
    for task in batch {
        task.answer(Outcome::Failed(block.not_sent()));
    }
    None
}

/// S12: a grant may have gone while a change waited here. What grows is then not sent; the next plan says why.
fn without_revoked(shared: &Shared, account: &AccountState, batch: Vec<Task>) -> Vec<Task> {
    let mut granted = Vec::with_capacity(batch.len());
    for task in batch {
        match grant::check_stored(shared, &task.who.campaign.namespace, &account.key) {
            Err(gone) if task.action.grows_spend() => task.answer(Outcome::Failed(PlatformError::NotSent {
                reason: Reason::AccountNotGranted,
                until: shared.clock.now(),
                message: gone.to_string(),
            })),
            _ => granted.push(task),
        }
    }
    granted
}

/// Of a Secret that is lost the AdAccount tells by itself, and the connection that is left serves what must be stopped.
fn newly_blocked(account: &AccountState, before: Option<&Block>) -> Option<Block> {
    account.known().block.clone().filter(|block| Some(block) != before && !block.is_lost_credentials())
}

/// An account that can be reached no more: its AdAccount tells of it and looks again when the time has come, and nobody
/// waits here until then.
fn look_at_block(shared: &Shared, account: &AccountState, before: Option<&Block>) {
    if let Some(block) = newly_blocked(account, before) {
        shared.accounts_queue.add(account.key.clone());
        account.queue.turn_all_away(&block);
    }
}

async fn serve_changes(shared: &Shared, account: &AccountState, platform: &Arc<dyn AdPlatform>, tasks: Vec<Task>) {
    let Some(first) = tasks.first() else { return };
    let of = Use::of(first.action.importance());
    let actions: Vec<Action> = tasks.iter().map(|task| task.action.clone()).collect();
    let (results, _) = spend(of, platform.change(&actions)).await;
    let now = shared.clock.now();
    {
        let mut known = account.known();
        for (action, outcome) in actions.iter().zip(&results) {
            count(shared, action.word(), outcome);
            known.note(action, outcome, now, platform.read_after_write_lag(), platform.request_timeout());
        }
        judge(&mut known.block, &results, now, &account.key.to_string());
    }
    answer(shared, account, platform, tasks, results);
}

async fn serve_creates(shared: &Shared, account: &AccountState, platform: &Arc<dyn AdPlatform>, tasks: Vec<Task>) {
    if tasks.is_empty() {
        return;
    }
    let lines: Vec<NewLine> = tasks
        .iter()
        .filter_map(|task| match &task.action {
            Action::Create(line) => Some((**line).clone()),
            _ => None,
        })
        .collect();
    let (results, _) = spend(Use::Grow, platform.create(&lines)).await;
    let now = shared.clock.now();
    {
        let mut known = account.known();
        for (line, outcome) in lines.into_iter().zip(&results) {
            count(shared, "create", outcome);
            if let Outcome::Applied { id } = outcome {
                known.count(&Action::Create(Box::new(line)));
                known.created.insert(id.clone(), now + platform.read_after_write_lag());
            }
        }
        judge(&mut known.block, &results, now, &account.key.to_string());
    }
    answer(shared, account, platform, tasks, results);
}

/// Whether what was sent is done, or refused for what it says: it is not simply sent again.
fn is_final(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Applied { .. } | Outcome::Failed(PlatformError::Rejected { .. }))
}

/// Answers who has asked, after what they have had of the day's growth is counted.
fn answer(
    shared: &Shared,
    account: &AccountState,
    platform: &Arc<dyn AdPlatform>,
    tasks: Vec<Task>,
    results: Vec<Outcome>,
) {
    let now = shared.clock.now();
    let outcomes = tasks.iter().zip(&results).filter(|(task, _)| !grows(task));
    account.queue.arrived(outcomes.map(|(task, outcome)| (&task.who.campaign, is_final(outcome))), now);
    let mut results = results.into_iter();
    for task in tasks {
        let outcome = results.next().unwrap_or_else(ended);
        let sent = !matches!(outcome, Outcome::Failed(PlatformError::NotSent { .. }));
        if sent && Use::of(task.action.importance()) == Use::Grow {
            platform.quota().had(&asker(account, &task), task.cost, now);
        }
        task.answer(outcome);
    }
}

fn asker(account: &AccountState, task: &Task) -> Asker {
    Asker {
        namespace: task.who.campaign.namespace.clone(),
        account: account.key.to_string(),
        campaign: task.who.campaign.name.clone(),
    }
}

fn count(shared: &Shared, action: &'static str, outcome: &Outcome) {
    let outcome = match outcome {
        Outcome::Applied { .. } => "applied",
        Outcome::Failed(PlatformError::NotSent { .. }) => return,
        Outcome::Failed(_) => "failed",
        Outcome::Unknown(_) => "unknown",
    };
    shared.metrics.changes.get_or_create(&Changed { action, outcome }).inc();
}

/// All read-backs that wait, in one reading.
async fn serve_reads(shared: &Shared, account: &AccountState, reads: Vec<Read>) {
    let ids: BTreeSet<ExternalId> = reads.iter().flat_map(|read| read.ids.iter().cloned()).collect();
    let of = reads.iter().map(|read| read.of).min().unwrap_or(Use::Observe);
    let before = account.known().block.clone();
    let result = if ids.is_empty() { Ok(()) } else { read_back(shared, account, ids, of).await };
    look_at_block(shared, account, before.as_ref());
    for read in reads {
        let _ = read.reply.send(result.clone());
        drop(read.working);
    }
}

async fn read_back(
    shared: &Shared,
    account: &AccountState,
    ids: BTreeSet<ExternalId>,
    of: Use,
) -> Result<(), PlatformError> {
    let platform = account.platform().ok_or_else(unconnected)?;
    match spend(of, platform.observe(&Scope::Ids(ids))).await.0 {
        Ok(snapshot) => {
            spending::take_read_back(shared, account, snapshot);
            Ok(())
        }
        Err(error) => {
            block(&mut account.known().block, &error, shared.clock.now(), &account.key.to_string());
            Err(error)
        }
    }
}

/// Blocks the account if an outcome concerns all of it.
fn judge(slot: &mut Option<Block>, results: &[Outcome], now: Timestamp, seed: &str) {
    for outcome in results {
        if let Outcome::Failed(error) | Outcome::Unknown(error) = outcome {
            block(slot, error, now, seed);
        }
    }
}

fn unconnected() -> PlatformError {
    PlatformError::Unavailable { message: "there is no connection".to_owned() }
}

fn not_sent_any_more() -> PlatformError {
    PlatformError::Unavailable { message: "not sent, for the request before it has failed".to_owned() }
}
