//! Apply: what a restricted plan asks for is sent through the accounts' queues, and read back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use adops_api::CONFIRM_REMOVES_ANNOTATION;
use adops_core::budget::authority::Permit;
use adops_core::campaign::line::LineKey;
use adops_core::campaign::observed::{ExternalId, LineRecord};
use adops_core::campaign::plan::{Action, Cause, Change, Plan, Withheld, counts_budget_changes};
use adops_core::campaign::restrict::{authorize, needs_grant};
use adops_core::queue::Use;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::Outcome;
use futures::future::join_all;
use jiff::Timestamp;

use super::gather::Gathered;
use super::memory::{CampaignMemory, Rejection, fingerprint, retired_key};
use super::quota;
use crate::account::grant;
use crate::account::queue::{self, Who};
use crate::account::report as account;
use crate::account::state::{AccountState, Block};
use crate::runtime::backoff;
use crate::runtime::status::WriteError;
use crate::runtime::watch::Key;
use crate::shared::Shared;

/// One change on its way.
pub struct Item {
    /// On which account, by the Campaign's name for it.
    pub account: String,
    /// Of which line; none for a retired object.
    pub line: Option<LineKey>,
    /// What.
    pub change: Change,
    /// What the spend authority has granted to it.
    permit: Option<Permit>,
}

/// One change that was sent, and what came of it.
pub struct Done {
    /// What was sent.
    pub item: Item,
    /// What came of it.
    pub outcome: Outcome,
}

/// Takes out of the plan what cannot be sent now or is not granted, and answers with the rest.
pub fn select(shared: &Shared, gathered: &Gathered, plan: &mut Plan, memory: &Mutex<CampaignMemory>) -> Vec<Item> {
    {
        let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
        sift(gathered, plan, |known, key, change| {
            unreachable_now(shared, gathered, known, change).or_else(|| rejected(&memory, key, change, gathered.now))
        });
        memory.held_until = quota::hold_back(shared, gathered, plan);
        sift(gathered, plan, |known, _, change| brake(gathered, known, change));
        quota::announce(gathered, plan, &memory);
    }
    // S3: last, so that nothing is granted to what is not sent.
    let (granted, mut permits) =
        gathered.with_inputs(shared, |inputs| authorize(inputs, std::mem::take(plan), &mut shared.authority()));
    *plan = granted;
    let mut item = |account: &String, line: Option<&LineKey>, change: &Change| Item {
        account: account.clone(),
        line: line.cloned(),
        change: change.clone(),
        // Of an object at most one change grows.
        permit: change
            .action
            .id()
            .filter(|_| change.action.grows_spend())
            .and_then(|id| permits.0.remove(&(account.clone(), id.clone()))),
    };
    let mut items = Vec::new();
    for line in &plan.lines {
        items.extend(line.changes.iter().map(|change| item(&line.key.account, Some(&line.key), change)));
    }
    for retired in &plan.retired {
        items.extend(retired.changes.iter().map(|change| item(&retired.account, None, change)));
    }
    items
}

/// Withholds the changes that are refused.
fn sift(
    gathered: &Gathered,
    plan: &mut Plan,
    mut refused: impl FnMut(&super::gather::Known, &LineKey, &Change) -> Option<(Reason, String)>,
) {
    let lines = plan.lines.iter_mut().map(|line| (line.key.clone(), &mut line.changes, &mut line.withheld));
    let retired =
        plan.retired.iter_mut().map(|retired| (retired_key(retired), &mut retired.changes, &mut retired.withheld));
    for (key, changes, withheld) in lines.chain(retired) {
        let Some(known) = gathered.accounts.get(&key.account) else {
            changes.clear();
            continue;
        };
        changes.retain(|change| match refused(known, &key, change) {
            None => true,
            Some((reason, message)) => {
                withheld.push(Withheld { change: change.clone(), reason, message });
                false
            }
        });
    }
}

fn unreachable_now(
    shared: &Shared,
    gathered: &Gathered,
    known: &super::gather::Known,
    change: &Change,
) -> Option<(Reason, String)> {
    if shared.options.observe_only {
        return Some((Reason::Suspended, "the operator only observes (--observe)".to_owned()));
    }
    let block = known.block.as_ref().filter(|block| block.until > gathered.now && !passes_block(block, change))?;
    Some((block.reason, format!("{}; the next attempt is at {}", block.message, block.until)))
}

/// S11, S14: without its Secret an account keeps the last good connection, for what must be stopped or deleted.
fn passes_block(block: &Block, change: &Change) -> bool {
    let stops = matches!(change.action, Action::Pause { .. } | Action::Remove { .. });
    block.is_lost_credentials() && stops && matches!(change.cause, Cause::Deleted | Cause::AccountStop)
}

fn rejected(memory: &CampaignMemory, key: &LineKey, change: &Change, now: Timestamp) -> Option<(Reason, String)> {
    memory.held(key, &change.action, now).map(|held| (held.reason, held.message.clone()))
}

/// S11: what cannot be undone is braked, unless a person has confirmed it. Surplus objects of an unknown outcome have
/// never delivered and are no loss.
fn brake(gathered: &Gathered, known: &super::gather::Known, change: &Change) -> Option<(Reason, String)> {
    if !matches!(change.action, Action::Remove { .. }) || change.cause == Cause::Duplicate || gathered.removes_confirmed
    {
        return None;
    }
    let next = known.state.known().take_remove(gathered.now).err()?;
    Some((
        Reason::RemoveBraked,
        format!(
            "removes cannot be undone: at most 20 an hour and account, the next one at {next}; to let all go, set \
             {CONFIRM_REMOVES_ANNOTATION} to the Campaign's uid"
        ),
    ))
}

/// Gives back what was granted to items that are not sent.
pub fn give_back(shared: &Shared, items: Vec<Item>) {
    let mut authority = shared.authority();
    items.into_iter().filter_map(|item| item.permit).for_each(|permit| authority.release(permit));
}

/// Notes in the records what is about to be sent; they are stored before it is.
pub fn intend(
    gathered: &Gathered,
    items: &[Item],
    records: &mut BTreeMap<LineKey, LineRecord>,
    memory: &Mutex<CampaignMemory>,
) {
    let now = gathered.now;
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    for item in items {
        let Some(key) = &item.line else { continue };
        let record = records.entry(key.clone()).or_default();
        record.intend(&item.change.action, now);
        let known = gathered.accounts.get(&item.account);
        if known.is_some_and(|known| counts_budget_changes(&known.account, known.rules.as_ref())) {
            record.count_budget_change(&item.change.action, now);
        }
        if let Action::Create(new) = &item.change.action {
            memory.attempts.insert(key.clone(), (new.replacement, now));
        }
    }
}

/// S11: how much of the accounts' allowances of removes is used is kept before it is used, for a new operator to know.
pub async fn keep_allowances(shared: &Shared, gathered: &Gathered, items: &[Item]) -> Result<(), WriteError> {
    let removes = items.iter().filter(|item| matches!(item.change.action, Action::Remove { .. }));
    let accounts: BTreeSet<&String> = removes.map(|item| &item.account).collect();
    for known in accounts.into_iter().filter_map(|account| gathered.accounts.get(account)) {
        account::keep_removes(shared, &known.state).await?;
    }
    Ok(())
}

/// Sends, and reads back what was changed.
pub async fn send(shared: &Shared, gathered: &Gathered, items: Vec<Item>) -> Vec<Done> {
    let mut by_account: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    let mut revoked = Vec::new();
    for mut item in items {
        match revocation(shared, gathered, &item) {
            None => by_account.entry(item.account.clone()).or_default().push(item),
            Some(refusal) => {
                if let Some(permit) = item.permit.take() {
                    shared.authority().release(permit);
                }
                revoked.push(Done { item, outcome: Outcome::Failed(refusal) });
            }
        }
    }
    let id = &gathered.spec.id;
    let who = Who { campaign: Key::new(&id.namespace, &id.name), generation: gathered.generation };
    let sends = by_account.into_iter().filter_map(|(account, items)| {
        let known = gathered.accounts.get(&account)?;
        Some(send_to(shared, known.state.clone(), &who, items))
    });
    let done = join_all(sends).await.into_iter().flatten().chain(revoked).collect();
    // The AdAccount tells whether it fits below its ceiling now.
    for known in gathered.accounts.values().filter(|known| known.is_over_ceiling()) {
        shared.accounts_queue.add(known.state.key.clone());
    }
    done
}

/// S12: a grant may have gone since the plan was made. What needs it is then not sent; the next plan says why.
fn revocation(shared: &Shared, gathered: &Gathered, item: &Item) -> Option<PlatformError> {
    let known = gathered.accounts.get(&item.account).filter(|_| needs_grant(&item.change))?;
    let gone = grant::check_stored(shared, &gathered.spec.id.namespace, &known.state.key).err()?;
    Some(PlatformError::Unavailable { message: format!("it was not sent: {gone}") })
}

async fn send_to(shared: &Shared, state: Arc<AccountState>, who: &Who, items: Vec<Item>) -> Vec<Done> {
    let actions: Vec<Action> = items.iter().map(|item| item.change.action.clone()).collect();
    let of = actions.iter().map(|action| Use::of(action.importance())).min().unwrap_or(Use::Polish);
    let outcomes = queue::send(shared, &state, who, actions).await;
    let mut done: Vec<Done> = items.into_iter().zip(outcomes).map(|(item, outcome)| Done { item, outcome }).collect();
    settle_permits(shared, &state, &mut done);
    // A success answer is no proof.
    let ids: BTreeSet<ExternalId> = done.iter().filter_map(touched).collect();
    if !ids.is_empty() {
        // If it fails, the account is blocked and the next listing tells.
        let _ = queue::read(shared, &state, ids, of).await;
    }
    done
}

/// S3: what surely failed is given back; all else counts until a reading tells what came of it.
fn settle_permits(shared: &Shared, state: &AccountState, done: &mut [Done]) {
    let unsettled = state.known().unsettled.clone();
    let now = shared.clock.now();
    let mut authority = shared.authority();
    for Done { item, outcome } in done {
        let Some(permit) = item.permit.take() else { continue };
        match outcome {
            Outcome::Failed(_) => authority.release(permit),
            Outcome::Applied { .. } | Outcome::Unknown(_) => {
                let until = item.change.action.id().and_then(|id| unsettled.get(id)).copied();
                authority.settle(permit, until.unwrap_or(now));
            }
        }
    }
}

fn touched(done: &Done) -> Option<ExternalId> {
    match &done.outcome {
        Outcome::Applied { id } => Some(id.clone()),
        Outcome::Failed(PlatformError::NotSent { .. }) => None,
        Outcome::Unknown(_) | Outcome::Failed(_) => done.item.change.action.id().cloned(),
    }
}

/// Takes outcomes into the records and the memory.
pub fn settle(
    gathered: &Gathered,
    done: &[Done],
    records: &mut BTreeMap<LineKey, LineRecord>,
    memory: &Mutex<CampaignMemory>,
) {
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    for Done { item, outcome } in done {
        let action = &item.change.action;
        if let (Cause::Drift, Some(known)) = (item.change.cause, gathered.accounts.get(&item.account))
            && let (Outcome::Applied { .. }, Some(id), Some(field)) = (outcome, action.id(), action.field())
        {
            known.state.known().count_correction(id, field, gathered.now);
        }
        let memory_key = item
            .line
            .clone()
            .unwrap_or_else(|| LineKey::new(item.account.clone(), action.id().cloned().unwrap_or_default()));
        let rejection_key = (memory_key.clone(), fingerprint(action));
        match outcome {
            Outcome::Applied { id } => {
                memory.rejections.remove(&rejection_key);
                if let Some(record) = item.line.as_ref().and_then(|key| records.get_mut(key)) {
                    record.acknowledge(action, id);
                }
            }
            Outcome::Failed(error) => {
                memory.attempts.remove(&memory_key);
                if let Some(record) = item.line.as_ref().and_then(|key| records.get_mut(key)) {
                    record.refuse(action);
                }
                let failures = memory.rejections.get(&rejection_key).map_or(0, |rejection| rejection.failures);
                let held = match error {
                    // The same content is refused again, most likely: six waits of the usual back-off.
                    PlatformError::Rejected { reason, .. } => {
                        let retry = backoff::until(failures + 7, gathered.now, queue::seed_of(&rejection_key.1));
                        Some((*reason, retry, failures + 1))
                    }
                    // All else that was not sent may go as soon as what held it up is over.
                    PlatformError::NotSent {
                        reason:
                            reason @ (Reason::RateLimited | Reason::QuotaLimited | Reason::BudgetBraked | Reason::Updating),
                        until,
                        ..
                    } => Some((*reason, *until, failures)),
                    _ => None,
                };
                if let Some((reason, retry, failures)) = held {
                    let rejection = Rejection { reason, message: error.to_string(), retry, failures };
                    memory.rejections.insert(rejection_key, rejection);
                }
            }
            Outcome::Unknown(_) => {}
        }
    }
}
