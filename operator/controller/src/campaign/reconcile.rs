//! One pass over a Campaign: gather, plan, restrict, apply, report, until nothing is left to do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use adops_api::{Campaign, CampaignStatus, Conditions, FINALIZER};
use adops_core::campaign::line::LineKey;
use adops_core::campaign::observed::{ExternalId, LineRecord};
use adops_core::campaign::plan::{self, Plan};
use adops_core::campaign::record::remember;
use adops_core::campaign::restrict::policy;
use adops_core::campaign::spec::CampaignSpec;
use adops_core::queue::Use;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::Outcome;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt;

use super::apply::{self, Done};
use super::gather::{Gathered, gather};
use super::memory::CampaignMemory;
use super::{deletion, report, tell, wake};
use crate::account::queue::{self, seed_of};
use crate::account::state::Block;
use crate::runtime::backoff;
use crate::runtime::metrics::{Kind, Pass};
use crate::runtime::status::{self, WriteError};
use crate::runtime::watch::{Key, Stored};
use crate::shared::Shared;

/// How often one run plans anew after it has applied something.
const ROUNDS: usize = 12;

/// The account that a Campaign means by a name: `name` in its own namespace, or `namespace/name`.
pub fn account_key(campaign: &Key, name: &str) -> Key {
    match name.split_once('/') {
        Some((namespace, name)) => Key::new(namespace, name),
        None => Key::new(&campaign.namespace, name),
    }
}

/// Works on one Campaign.
pub async fn reconcile(shared: &Arc<Shared>, key: Key) {
    let began = std::time::Instant::now();
    let reason = match run(shared, &key).await {
        Ok(reason) => reason,
        Err(WriteError::Conflict) => {
            // The watch brings the newer object; until then there is nothing to do.
            let soon = shared.clock.now() + SignedDuration::from_secs(1);
            shared.campaigns_queue.add_at(key.clone(), soon);
            Reason::Updating
        }
        Err(WriteError::Gone) => Reason::Deleting,
        Err(error) => {
            tracing::warn!(campaign = %key, %error, "the Campaign's object could not be written");
            let at = backoff::until(1, shared.clock.now(), seed_of(&key.to_string()));
            shared.campaigns_queue.add_at(key.clone(), at);
            Reason::PlatformUnavailable
        }
    };
    shared.wake_leaving_accounts();
    shared.metrics.passes.get_or_create(&Pass { kind: "Campaign", reason: reason.as_str() }).inc();
    let seconds = began.elapsed().as_secs_f64();
    shared.metrics.pass_seconds.get_or_create(&Kind { kind: "Campaign" }).observe(seconds);
}

async fn run(shared: &Arc<Shared>, key: &Key) -> Result<Reason, WriteError> {
    let campaign = match shared.campaigns.get(key) {
        Some(Stored::Valid(campaign)) => campaign,
        Some(Stored::Malformed { meta, error }) => {
            shared.events.malformed::<Campaign>(&meta, &error).await;
            tracing::warn!(campaign = %key, error, "the Campaign cannot be read; nothing is done for it");
            return Ok(Reason::Malformed);
        }
        None => {
            shared.forget_campaign(key);
            shared.campaigns_queue.forget(key);
            return Ok(Reason::Deleting);
        }
    };
    let deleting = campaign.metadata.deletion_timestamp.is_some();
    let ours = campaign.finalizers().iter().any(|finalizer| finalizer == FINALIZER);
    let campaign = match (ours, deleting) {
        (false, true) => return Ok(Reason::Deleting),
        (false, false) if !shared.fence.leads() => campaign,
        (false, false) => {
            let written = status::set_finalizer(&shared.client, campaign.as_ref(), FINALIZER, true).await?;
            shared.campaigns.put_written(written.clone());
            Arc::new(written)
        }
        (true, _) => campaign,
    };
    let spec = match CampaignSpec::try_from(campaign.as_ref()) {
        Ok(spec) => Arc::new(spec),
        Err(error) => return invalid(shared, key, &campaign, &error.to_string()).await,
    };
    let memory = shared.campaign_memory(key);
    new_generation(shared, key, &campaign, &memory);
    rounds(shared, key, campaign, spec, &memory).await
}

/// A spec that contradicts itself in a way that the CRD cannot see.
async fn invalid(shared: &Shared, key: &Key, campaign: &Arc<Campaign>, message: &str) -> Result<Reason, WriteError> {
    let generation = campaign.metadata.generation.unwrap_or(0);
    let before = campaign.status.clone().unwrap_or_default();
    let after = report::stalled(&before, generation, Reason::InvalidSpec, message);
    write(shared, key, campaign, after).await?;
    Ok(Reason::InvalidSpec)
}

/// Another spec: what was contested or refused is tried again.
fn new_generation(shared: &Shared, key: &Key, campaign: &Campaign, memory: &Mutex<CampaignMemory>) {
    let generation = campaign.metadata.generation.unwrap_or(0);
    let changed = memory.lock().unwrap_or_else(PoisonError::into_inner).begin(generation, shared.clock.now());
    if changed {
        shared.media.look_again(key);
        for line in campaign.status.iter().flat_map(|status| &status.lines) {
            if let (Some(id), Some((account, _))) = (&line.id, line.key.rsplit_once('/')) {
                shared.account_state(&account_key(key, account)).known().uncontest(id, |_| false);
            }
        }
    }
}

async fn rounds(
    shared: &Arc<Shared>,
    key: &Key,
    mut campaign: Arc<Campaign>,
    spec: Arc<CampaignSpec>,
    memory: &Mutex<CampaignMemory>,
) -> Result<Reason, WriteError> {
    let mut read_back = false;
    for round in 0..ROUNDS {
        let slot = shared.slot().await;
        let gathered = gather(shared, key, &campaign, spec.clone(), memory);
        let mut plan = plan(shared, &gathered);
        let mut records = gathered.with_inputs(shared, |inputs| remember(inputs, &plan));
        forget_settled(memory, &gathered);
        let items = apply::select(shared, &gathered, &mut plan, memory);
        tell::stops(shared, key, &campaign, &gathered, &records).await;
        tell::media(shared, key, &campaign).await;
        if items.is_empty() {
            drop(slot);
            if !read_back && read_stale(shared, &gathered, &plan).await {
                read_back = true;
                continue;
            }
            return finish(shared, key, &campaign, &gathered, &plan, &records).await;
        }
        read_back = false;
        apply::intend(&gathered, &items, &mut records, memory);
        let written = write(shared, key, &campaign, report::status(&gathered, &plan, &records)).await;
        let kept = apply::keep_allowances(shared, &gathered, &items).await;
        campaign = match written.and_then(|written| kept.map(|()| written)) {
            Ok(written) => written,
            Err(error) => {
                apply::give_back(shared, items);
                return Err(error);
            }
        };
        // S10: who waits for a platform holds up nobody.
        drop(slot);
        let done = apply::send(shared, &gathered, items).await;
        apply::settle(&gathered, &done, &mut records, memory);
        doubt_media(shared, &gathered, &done);
        tell::changes(shared, key, &campaign, &gathered, &done).await;
        // Ids are kept at once: the next round may fail for reasons of its own.
        campaign = write(shared, key, &campaign, report::status(&gathered, &plan, &records)).await?;
        if round + 1 == ROUNDS {
            // Not at once: whatever does not come to an end must not become a storm.
            let soon = shared.clock.now() + SignedDuration::from_secs(1);
            shared.campaigns_queue.add_at(key.clone(), soon);
        }
    }
    Ok(Reason::Updating)
}

/// What is to be done after policy; the spend authority is asked when all else is known: see [`apply::select`].
fn plan(shared: &Shared, gathered: &Gathered) -> Plan {
    gathered.with_inputs(shared, |inputs| policy(inputs, plan::plan(inputs), &mut shared.authority()))
}

/// An attempt is remembered until a listing that began late enough has told of it: should the status be
/// lost before, it is all that keeps the line from being created twice.
fn forget_settled(memory: &Mutex<CampaignMemory>, gathered: &Gathered) {
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    memory.attempts.retain(|key, (_, at)| {
        gathered.accounts.get(&key.account).is_none_or(|known| known.snapshot.began <= *at + known.settle_after)
    });
}

/// Reads objects back whose last observation was too early to tell of our last write, once that can be
/// told. Answers whether something was read.
async fn read_stale(shared: &Shared, gathered: &Gathered, plan: &Plan) -> bool {
    let mut ids: BTreeMap<&str, BTreeSet<ExternalId>> = BTreeMap::new();
    for line in &plan.lines {
        let (Some(wait), Some(object)) = (&line.wait, &line.bound) else { continue };
        if wait.until.is_some_and(|until| until < gathered.now) {
            ids.entry(&line.key.account).or_default().insert(object.id.clone());
        }
    }
    // What was read back too early to count is read once more: what is withheld may wait for it, and only what is
    // confirmed can be told from a change by hand.
    for (name, known) in &gathered.accounts {
        let settled = known.unsettled_until().filter(|(_, until)| **until < gathered.now).map(|(id, _)| id.clone());
        ids.entry(name).or_default().extend(settled);
    }
    ids.retain(|_, ids| !ids.is_empty());
    let mut read = false;
    for (account, ids) in ids {
        let Some(known) = gathered.accounts.get(account) else { continue };
        let stops = gathered.deleting || known.account.stop;
        let passes = |block: &Block| stops && block.is_lost_credentials();
        if known.block.as_ref().is_some_and(|block| block.until > gathered.now && !passes(block)) {
            continue;
        }
        read |= queue::read(shared, &known.state, ids, Use::Observe).await.is_ok();
    }
    read
}

/// Nothing is left to send: the last word of this run, and when the next one is.
async fn finish(
    shared: &Arc<Shared>,
    key: &Key,
    campaign: &Arc<Campaign>,
    gathered: &Gathered,
    plan: &Plan,
    records: &BTreeMap<LineKey, LineRecord>,
) -> Result<Reason, WriteError> {
    if shared.options.observe_only {
        tell::plan(shared, key, plan);
    }
    if gathered.deleting {
        return deletion::finish(shared, key, campaign, gathered, plan, records).await;
    }
    let mut after = report::status(gathered, plan, records);
    let reason = after.reason.unwrap_or(Reason::Ready);
    if let Some(until) = gathered.first_look_until.filter(|_| !gathered.spec_changed) {
        // S9: what an earlier process has said stays said while this one has not looked.
        wake::schedule(shared, key, gathered, plan, records);
        shared.campaigns_queue.add_at(key.clone(), until);
        return Ok(reason);
    }
    after.observed_at.clone_from(&gathered.status.observed_at);
    let mut before = gathered.status.clone();
    before.conditions = Conditions::new(&before.conditions, 0, Timestamp::now()).into_ours();
    if let Some(until) = held_back(shared, &before, &after) {
        shared.campaigns_queue.add_at(key.clone(), until);
    }
    write(shared, key, campaign, after).await?;
    wake::schedule(shared, key, gathered, plan, records);
    Ok(reason)
}

/// S9: until when a new measurement waits, if it is all that a status says anew and the last write is too young.
fn held_back(shared: &Shared, before: &CampaignStatus, after: &CampaignStatus) -> Option<Timestamp> {
    let until = before.observed_at.as_ref()?.0 + shared.options.measure_interval;
    let measured = CampaignStatus {
        spend_7d: after.spend_7d.clone(),
        pace: after.pace.clone(),
        observed_at: after.observed_at.clone(),
        ..before.clone()
    };
    let news = before.spend_7d != after.spend_7d || before.pace != after.pace;
    (news && measured == *after && until > shared.clock.now()).then_some(until)
}

/// Writes the status if it says something else than before. Answers with the object as it is then.
pub(super) async fn write(
    shared: &Shared,
    key: &Key,
    campaign: &Arc<Campaign>,
    mut after: CampaignStatus,
) -> Result<Arc<Campaign>, WriteError> {
    let mut before = campaign.status.clone().unwrap_or_default();
    before.conditions = Conditions::new(&before.conditions, 0, Timestamp::now()).into_ours();
    after.observed_at.clone_from(&before.observed_at);
    if held_back(shared, &before, &after).is_some() {
        return Ok(campaign.clone());
    }
    if campaign.status.is_some() && after == before || !shared.fence.reports() {
        return Ok(campaign.clone());
    }
    after.observed_at = Some(Time(shared.clock.now()));
    let changed = after.reason != before.reason;
    let reason = after.reason;
    let written = status::apply_status(&shared.client, campaign.as_ref(), &after).await?;
    shared.metrics.status_writes.get_or_create(&Kind { kind: "Campaign" }).inc();
    shared.campaigns.put_written(written.clone());
    if changed {
        tracing::info!(campaign = %key, reason = reason.map_or("Ready", Reason::as_str), "the Campaign's status");
    }
    Ok(Arc::new(written))
}

/// Somebody has taken a file out of an account's library: it is put there again, and the line waits.
fn doubt_media(shared: &Shared, gathered: &Gathered, done: &[Done]) {
    for Done { item, outcome } in done {
        let Outcome::Failed(PlatformError::NotSent { reason: Reason::MediaNotReady, .. }) = outcome else { continue };
        if let Some(known) = gathered.accounts.get(&item.account) {
            shared.media.doubt(&known.state.key);
        }
    }
}
