//! The one way to write to an account: what several Campaigns want at once is put into few requests,
//! and what stops spend goes first.

use std::collections::BTreeSet;
use std::sync::Arc;

use adops_core::campaign::observed::ExternalId;
use adops_core::campaign::plan::{Action, Importance, NewLine};
use adops_core::reason::Reason;
use adops_platforms::error::{Disposition, PlatformError};
use adops_platforms::port::{AdPlatform, Outcome, Scope};
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::state::{AccountState, Block};
use crate::operator::Shared;
use crate::runtime::activity::Working;
use crate::runtime::backoff;
use crate::runtime::metrics::Changed;

/// Where outcomes go, one for each item.
type Outcomes = oneshot::Sender<Vec<Outcome>>;
/// Where it goes whether a read-back worked.
type ReadBack = oneshot::Sender<Result<(), PlatformError>>;

/// What can be asked of a gateway.
pub enum Request {
    /// Make new objects.
    Create {
        /// The lines.
        lines: Vec<NewLine>,
        /// One outcome for each.
        reply: Outcomes,
        /// Work that is under way until the answer is there.
        working: Working,
    },
    /// Change objects.
    Change {
        /// The changes.
        actions: Vec<Action>,
        /// One outcome for each.
        reply: Outcomes,
        /// Work that is under way until the answer is there.
        working: Working,
    },
    /// Read objects back.
    Read {
        /// Which.
        ids: BTreeSet<ExternalId>,
        /// Whether it worked.
        reply: ReadBack,
        /// Work that is under way until the answer is there.
        working: Working,
    },
}

/// Sends changes and waits for their outcomes.
pub async fn change(shared: &Shared, account: &AccountState, actions: Vec<Action>) -> Vec<Outcome> {
    let (reply, answer) = oneshot::channel();
    let count = actions.len();
    let working = shared.activity.begin();
    let _ = account.gateway.send(Request::Change { actions, reply, working });
    answer.await.unwrap_or_else(|_| vec![closed(); count])
}

/// Sends creates and waits for their outcomes.
pub async fn create(shared: &Shared, account: &AccountState, lines: Vec<NewLine>) -> Vec<Outcome> {
    let (reply, answer) = oneshot::channel();
    let count = lines.len();
    let working = shared.activity.begin();
    let _ = account.gateway.send(Request::Create { lines, reply, working });
    answer.await.unwrap_or_else(|_| vec![closed(); count])
}

/// Reads objects back into what is known of the account.
pub async fn read(shared: &Shared, account: &AccountState, ids: BTreeSet<ExternalId>) -> Result<(), PlatformError> {
    let (reply, answer) = oneshot::channel();
    let working = shared.activity.begin();
    let _ = account.gateway.send(Request::Read { ids, reply, working });
    answer.await.unwrap_or_else(|_| Err(PlatformError::Unavailable { message: "the operator stops".to_owned() }))
}

fn closed() -> Outcome {
    Outcome::Failed(PlatformError::Unavailable { message: "the operator stops".to_owned() })
}

/// Serves an account's requests until nobody can send any more.
pub async fn run(shared: Arc<Shared>, account: Arc<AccountState>, mut requests: mpsc::UnboundedReceiver<Request>) {
    while let Some(first) = requests.recv().await {
        let mut batch = vec![first];
        while let Ok(next) = requests.try_recv() {
            batch.push(next);
        }
        serve(&shared, &account, batch).await;
    }
}

#[derive(Default)]
struct Batch {
    creates: Vec<(Vec<NewLine>, Outcomes, Working)>,
    changes: Vec<(Vec<Action>, Outcomes, Working)>,
    reads: Vec<(BTreeSet<ExternalId>, ReadBack, Working)>,
}

async fn serve(shared: &Shared, account: &AccountState, requests: Vec<Request>) {
    let mut batch = Batch::default();
    for request in requests {
        match request {
            Request::Create { lines, reply, working } => batch.creates.push((lines, reply, working)),
            Request::Change { actions, reply, working } => batch.changes.push((actions, reply, working)),
            Request::Read { ids, reply, working } => batch.reads.push((ids, reply, working)),
        }
    }
    let Some(platform) = account.platform() else {
        let error = || PlatformError::Unavailable { message: "there is no connection".to_owned() };
        for (lines, reply, _) in batch.creates {
            let _ = reply.send(lines.iter().map(|_| Outcome::Failed(error())).collect());
        }
        for (actions, reply, _) in batch.changes {
            let _ = reply.send(actions.iter().map(|_| Outcome::Failed(error())).collect());
        }
        for (_, reply, _) in batch.reads {
            let _ = reply.send(Err(error()));
        }
        return;
    };
    let before = account.known().block.clone();
    serve_changes(shared, account, &platform, batch.changes, batch.creates).await;
    serve_reads(shared, account, &platform, batch.reads).await;
    // The AdAccount tells of it, and looks again when the time has come.
    if account.known().block != before {
        shared.accounts_queue.add(account.key.clone());
    }
}

/// First what stops or shrinks spend and what restores our marks, then creates, then the rest.
async fn serve_changes(
    shared: &Shared,
    account: &AccountState,
    platform: &Arc<dyn AdPlatform>,
    changes: Vec<(Vec<Action>, Outcomes, Working)>,
    creates: Vec<(Vec<NewLine>, Outcomes, Working)>,
) {
    let mut flat: Vec<(usize, usize, Action)> = Vec::new();
    for (asker, (actions, ..)) in changes.iter().enumerate() {
        flat.extend(actions.iter().cloned().enumerate().map(|(index, action)| (asker, index, action)));
    }
    flat.sort_by_key(|(.., action)| action.importance());
    let later = flat.split_off(flat.partition_point(|(.., action)| action.importance() < Importance::Increase));

    let mut outcomes: Vec<Vec<Option<Outcome>>> =
        changes.iter().map(|(actions, ..)| vec![None; actions.len()]).collect();
    let mut creates = Some(creates);
    for part in [flat, later] {
        if !part.is_empty() {
            let actions: Vec<Action> = part.iter().map(|(.., action)| action.clone()).collect();
            let results = platform.change(&actions).await;
            note(shared, account, platform, &actions, &results);
            for ((asker, index, _), outcome) in part.into_iter().zip(results) {
                outcomes[asker][index] = Some(outcome);
            }
        }
        if let Some(creates) = creates.take() {
            serve_creates(shared, account, platform, creates).await;
        }
    }
    for ((_, reply, _), outcomes) in changes.into_iter().zip(outcomes) {
        let _ = reply.send(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(closed)).collect());
    }
}

async fn serve_creates(
    shared: &Shared,
    account: &AccountState,
    platform: &Arc<dyn AdPlatform>,
    creates: Vec<(Vec<NewLine>, Outcomes, Working)>,
) {
    if creates.is_empty() {
        return;
    }
    let all: Vec<NewLine> = creates.iter().flat_map(|(lines, ..)| lines.iter().cloned()).collect();
    let results = platform.create(&all).await;
    let now = shared.clock.now();
    {
        let mut known = account.known();
        for outcome in &results {
            count(shared, "create", outcome);
            if let Outcome::Applied { id } = outcome {
                known.created.insert(id.clone(), now + platform.read_after_write_lag());
            }
        }
        judge(&mut known.block, &results, now, &account.key.to_string());
    }
    let mut results = results.into_iter();
    for (lines, reply, _) in creates {
        let own = lines.iter().map(|_| results.next().unwrap_or_else(closed)).collect();
        let _ = reply.send(own);
    }
}

fn note(
    shared: &Shared,
    account: &AccountState,
    platform: &Arc<dyn AdPlatform>,
    actions: &[Action],
    results: &[Outcome],
) {
    let now = shared.clock.now();
    let mut known = account.known();
    for (action, outcome) in actions.iter().zip(results) {
        count(shared, action.word(), outcome);
        known.note(action, outcome, now, platform.read_after_write_lag(), platform.request_timeout());
    }
    judge(&mut known.block, results, now, &account.key.to_string());
}

fn count(shared: &Shared, action: &'static str, outcome: &Outcome) {
    let outcome = match outcome {
        Outcome::Applied { .. } => "applied",
        Outcome::Failed(_) => "failed",
        Outcome::Unknown(_) => "unknown",
    };
    shared.metrics.changes.get_or_create(&Changed { action, outcome }).inc();
}

async fn serve_reads(
    shared: &Shared,
    account: &AccountState,
    platform: &Arc<dyn AdPlatform>,
    reads: Vec<(BTreeSet<ExternalId>, ReadBack, Working)>,
) {
    let ids: BTreeSet<ExternalId> = reads.iter().flat_map(|(ids, ..)| ids.iter().cloned()).collect();
    if ids.is_empty() {
        for (_, reply, _) in reads {
            let _ = reply.send(Ok(()));
        }
        return;
    }
    let result = match platform.observe(&Scope::Ids(ids)).await {
        Ok(snapshot) => {
            account.known().take_read_back(snapshot);
            Ok(())
        }
        Err(error) => {
            block(&mut account.known().block, &error, shared.clock.now(), &account.key.to_string());
            Err(error)
        }
    };
    for (_, reply, _) in reads {
        let _ = reply.send(result.clone());
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

/// Blocks the account if the error is about the account or the way to it, not about one object.
pub fn block(slot: &mut Option<Block>, error: &PlatformError, now: Timestamp, seed: &str) {
    if matches!(error, PlatformError::Rejected { .. }) {
        return;
    }
    // Several outcomes of one request are one failure.
    let before = slot.as_ref().filter(|block| block.reason == error.reason());
    let failures = match before {
        Some(block) if block.until > now => block.failures,
        Some(block) => block.failures + 1,
        None => 1,
    };
    let until = match error.disposition(now) {
        Disposition::RetryAt(at) => at,
        Disposition::Backoff | Disposition::AwaitChange | Disposition::NeedsHuman => {
            backoff::until(failures, now, seed_of(seed))
        }
    };
    let since = before.map_or(now, |block| block.since);
    *slot = Some(Block { reason: error.reason(), message: error.to_string(), until, failures, since });
}

/// A number from a name, for jitter.
pub fn seed_of(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Blocks that a person must end.
pub fn needs_human(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::CredentialsInvalid
            | Reason::CredentialsRevoked
            | Reason::SecretNotFound
            | Reason::SecretKeyMissing
            | Reason::EndpointNotAllowed
            | Reason::AccountSuspended
            | Reason::AccountClaimed
            | Reason::VersionSunset
            | Reason::HeldByAnotherCluster
            | Reason::Unsupported
    )
}
