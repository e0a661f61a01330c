//! One pass over a Campaign: gather, plan, restrict, apply, report, until nothing is left to do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use adops_api::condition::{ConditionType, Status};
use adops_api::{ABANDON_ANNOTATION, Campaign, CampaignStatus, Conditions, FINALIZER};
use adops_core::campaign::line::{self, LineKey};
use adops_core::campaign::observed::{ExternalId, LineRecord};
use adops_core::campaign::plan::{self, Cause, Plan};
use adops_core::campaign::record::remember;
use adops_core::campaign::restrict::policy;
use adops_core::campaign::spec::{BudgetPeriod, CampaignSpec};
use adops_core::queue::Use;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::Outcome;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{Resource, ResourceExt};

use super::apply::{self, Done};
use super::gather::{Gathered, gather};
use super::memory::CampaignMemory;
use super::report;
use crate::account::queue::{self, seed_of};
use crate::account::state::Block;
use crate::operator::Shared;
use crate::runtime::backoff;
use crate::runtime::metrics::{Kind, Pass};
use crate::runtime::status::{self, WriteError};
use crate::runtime::watch::{Key, Stored};

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
        tell_stops(shared, key, &campaign, &gathered, &records).await;
        tell_media(shared, key, &campaign).await;
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
        tell(shared, key, &campaign, &gathered, &done).await;
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
        tell_plan(shared, key, plan);
    }
    if gathered.deleting {
        return finish_deletion(shared, key, campaign, gathered, plan, records).await;
    }
    let mut after = report::status(gathered, plan, records);
    let reason = after.reason.unwrap_or(Reason::Ready);
    after.observed_at.clone_from(&gathered.status.observed_at);
    let mut before = gathered.status.clone();
    before.conditions = Conditions::new(&before.conditions, 0, Timestamp::now()).into_ours();
    if let Some(until) = held_back(shared, &before, &after) {
        shared.campaigns_queue.add_at(key.clone(), until);
    }
    write(shared, key, campaign, after).await?;
    schedule(shared, key, gathered, plan, records);
    Ok(reason)
}

/// What an operator that observes would do: told once, and counted.
fn tell_plan(shared: &Shared, key: &Key, plan: &Plan) {
    let lines = plan.lines.iter().flat_map(|line| line.withheld.iter().map(|one| (line.key.to_string(), one)));
    let retired = plan.retired.iter().flat_map(|retired| {
        retired.withheld.iter().map(|one| (format!("{}/{}", retired.account, retired.object.id), one))
    });
    let planned: Vec<String> = lines.chain(retired).map(|(at, one)| format!("{at}: {}", one.change.action)).collect();
    let memory = shared.campaign_memory(key);
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    if memory.planned != planned {
        tracing::info!(campaign = %key, changes = planned.len(), plan = ?planned, "what would be done");
        memory.planned = planned;
    }
}

/// Accounts with a line of which no observation has confirmed our last write yet.
fn unconfirmed<'a>(plan: &'a Plan, records: &'a BTreeMap<LineKey, LineRecord>) -> impl Iterator<Item = &'a str> {
    let lines = plan.lines.iter().filter(|line| line.own().is_some() && line.problem.is_none());
    lines
        .filter(|line| {
            let record = records.get(&line.key);
            record.is_some_and(|record| record.confirmed_hash.is_none() || record.confirmed_budget.is_none())
        })
        .map(|line| line.key.account.as_str())
}

/// Accounts on which a change is withheld until something else is seen: a decrease, a stop, a listing.
fn waits_for_caps(plan: &Plan) -> BTreeSet<&str> {
    let waits = |line: &&plan::LinePlan| {
        let reasons = line.withheld.iter().map(|withheld| withheld.reason);
        reasons
            .into_iter()
            .any(|reason| matches!(reason, Reason::BudgetReached | Reason::CeilingReached | Reason::NotObserved))
    };
    if !plan.lines.iter().any(|line| waits(&line)) {
        return BTreeSet::new();
    }
    // The Campaign's budget spans accounts: what one waits for may be on another.
    let lines = plan.lines.iter().map(|line| line.key.account.as_str());
    lines.chain(plan.retired.iter().map(|retired| retired.account.as_str())).collect()
}

/// When to look again: when something waited for can be known, when an account can be reached, when a
/// day or the flight ends.
fn schedule(shared: &Shared, key: &Key, gathered: &Gathered, plan: &Plan, records: &BTreeMap<LineKey, LineRecord>) {
    let later = SignedDuration::from_millis(1);
    let mut wakes: Vec<Timestamp> = Vec::new();
    for line in &plan.lines {
        let Some(wait) = &line.wait else { continue };
        let account = gathered.accounts.get(&line.key.account);
        match (wait.until, &line.bound, account) {
            (Some(until), Some(_), _) if until >= gathered.now => wakes.push(until + later),
            // Only a listing can tell: it is asked for as early as it can.
            (until, _, Some(known)) => {
                let at = until.map_or(gathered.now, |until| until + later);
                let asked = until.is_some();
                let mut state = known.state.known();
                state.waiting.insert(key.clone());
                if asked && state.next_poll > at {
                    state.next_poll = at;
                    shared.accounts_queue.add_at(known.state.key.clone(), at);
                }
            }
            _ => {}
        }
    }
    for account in waits_for_caps(plan).into_iter().chain(unconfirmed(plan, records)) {
        let Some(known) = gathered.accounts.get(account) else { continue };
        known.state.known().waiting.insert(key.clone());
    }
    for known in gathered.accounts.values() {
        let unsettled = known.unsettled_until().map(|(_, until)| *until);
        wakes.extend(unsettled.filter(|until| *until >= gathered.now).map(|until| until + later));
        if let Some(block) = &known.block {
            wakes.push(block.until + later);
        }
        wakes.extend(known.state.known().next_remove().filter(|_| is_braked(plan)));
        wakes.extend(budgets_unbraked(plan, records, gathered.now).map(|until| until + later));
        let zone = &known.account.time_zone;
        if gathered.spec.budget.period == BudgetPeriod::Flight {
            wakes.push(line::next_day(zone, gathered.now));
        }
        let (start, end) = line::flight_in(&gathered.spec, zone);
        for edge in [start, end] {
            if let Ok(at) = edge.to_zoned(zone.clone()) {
                wakes.push(at.timestamp() + SignedDuration::from_secs(1));
            }
        }
    }
    // An account that cannot be planned on wakes us when it can; one that does not exist, when it appears.
    let problems = gathered.problems.keys().map(|name| account_key(key, name));
    for account in problems.filter(|account| shared.accounts.get(account).is_some()) {
        shared.account_state(&account).known().waiting.insert(key.clone());
    }
    let rejections = shared.campaign_memory(key);
    let rejections = rejections.lock().unwrap_or_else(PoisonError::into_inner);
    wakes.extend(rejections.rejections.values().map(|rejection| rejection.retry + later));
    wakes.extend(rejections.held_until.map(|until| until + later));
    if let Some(next) = wakes.into_iter().filter(|at| *at > gathered.now).min() {
        shared.campaigns_queue.add_at(key.clone(), next);
    }
}

/// When budgets that were changed too often may grow again.
fn budgets_unbraked<'a>(
    plan: &'a Plan,
    records: &'a BTreeMap<LineKey, LineRecord>,
    now: Timestamp,
) -> impl Iterator<Item = Timestamp> + 'a {
    let braked = |line: &&plan::LinePlan| line.withheld.iter().any(|held| held.reason == Reason::BudgetBraked);
    plan.lines.iter().filter(braked).filter_map(move |line| records.get(&line.key)?.budget_changes.until(now))
}

fn is_braked(plan: &Plan) -> bool {
    let mut withheld = plan.retired.iter().flat_map(|retired| &retired.withheld);
    withheld.any(|withheld| withheld.reason == Reason::RemoveBraked)
}

/// S11: the finalizer goes when spending has been seen to stop, or is knowingly left.
async fn finish_deletion(
    shared: &Arc<Shared>,
    key: &Key,
    campaign: &Arc<Campaign>,
    gathered: &Gathered,
    plan: &Plan,
    records: &BTreeMap<LineKey, LineRecord>,
) -> Result<Reason, WriteError> {
    let abandoned =
        campaign.annotations().get(ABANDON_ANNOTATION).is_some_and(|uid| Some(uid) == campaign.uid().as_ref());
    let open = open_ends(gathered, plan, records);
    if (open.is_empty() || abandoned) && shared.fence.leads() {
        let reason = if open.is_empty() { Reason::Deleting } else { Reason::AbandonedByUser };
        let note = if open.is_empty() {
            "spending has stopped, or is left as deletionPolicy asks".to_owned()
        } else {
            format!("given up by {ABANDON_ANNOTATION}: {}", open.join("; "))
        };
        shared.events.normal(&campaign.object_ref(&()), reason, "Delete", note).await;
        let written = status::set_finalizer(&shared.client, campaign.as_ref(), FINALIZER, false).await?;
        shared.campaigns.put_written(written);
        return Ok(reason);
    }
    let mut after = report::status(gathered, plan, records);
    let message = open.join("; ");
    let reason = gathered.problems.values().map(|(reason, _)| *reason).min().unwrap_or(Reason::Deleting);
    let mut conditions = Conditions::new(&gathered.status.conditions, gathered.generation, Timestamp::now());
    conditions.set(ConditionType::Ready, Status::False, reason, &message);
    conditions.set(ConditionType::Reconciling, Status::True, reason, &message);
    after.conditions = conditions.into_ours();
    after.reason = Some(reason);
    write(shared, key, campaign, after).await?;
    schedule(shared, key, gathered, plan, records);
    Ok(Reason::Deleting)
}

/// What a deletion still waits for, in words that name objects and the date that their end is on.
fn open_ends(gathered: &Gathered, plan: &Plan, records: &BTreeMap<LineKey, LineRecord>) -> Vec<String> {
    let mut open = Vec::new();
    for retired in &plan.retired {
        let waiting = retired.withheld.iter().map(|withheld| withheld.message.clone()).next();
        if !retired.changes.is_empty() || waiting.is_some() {
            let why = waiting.unwrap_or_else(|| "not stopped yet".to_owned());
            open.push(format!("{} on {}: {why}", retired.object.id, retired.account));
        }
    }
    for line in &plan.lines {
        if line.wait.is_some() && gathered.accounts.contains_key(&line.key.account) {
            open.push(format!("{}: a create or change of unknown outcome", line.key));
        }
    }
    for (account, (_, message)) in &gathered.problems {
        let held: Vec<String> = records
            .iter()
            .filter(|(key, _)| key.account == *account)
            .flat_map(|(_, record)| {
                record
                    .id
                    .iter()
                    .chain(&record.replaces)
                    .cloned()
                    .chain(record.attempt.map(|_| "an unfinished create".to_owned()))
            })
            .collect();
        // Without any record it cannot be said that nothing is there, unless the status tells that nothing was made.
        let never = !gathered.status.lines.is_empty() || gathered.status.observed_generation < 0;
        if held.is_empty() && never {
            continue;
        }
        let shown = if held.is_empty() { "objects that are not known".to_owned() } else { held.join(", ") };
        open.push(format!(
            "{account} is out of reach ({message}); left there: {shown}; the platform ends them after {}; set {ABANDON_ANNOTATION} to the Campaign's uid to give them up",
            gathered.spec.flight.end
        ));
    }
    open
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
async fn write(
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

/// A stop by hand is told once, when it is first seen.
async fn tell_stops(
    shared: &Shared,
    key: &Key,
    campaign: &Campaign,
    gathered: &Gathered,
    records: &BTreeMap<LineKey, LineRecord>,
) {
    for (line, record) in records {
        let known = gathered.records.get(line).is_some_and(|before| before.stop.is_some());
        if record.stop.is_some() && !known {
            let note = format!("{line} was stopped by hand on the platform; it stays so until the spec changes");
            tracing::info!(campaign = %key, "{note}");
            shared.events.warning(&campaign.object_ref(&()), Reason::StoppedOnPlatform, "Observe", note).await;
        }
    }
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

/// Another content under a URL is told once, when it is taken up, and when it does not settle.
async fn tell_media(shared: &Shared, key: &Key, campaign: &Campaign) {
    for (reason, note) in shared.media.take_notes(key) {
        let on = campaign.object_ref(&());
        match reason {
            Reason::Applied => shared.events.normal(&on, reason, "Observe", note).await,
            _ => shared.events.warning(&on, reason, "Observe", note).await,
        }
    }
}

/// Events for what was done and what was refused, folded by account and kind of change.
async fn tell(shared: &Shared, key: &Key, campaign: &Campaign, gathered: &Gathered, done: &[Done]) {
    let on = campaign.object_ref(&());
    let mut applied: BTreeMap<(String, &str, bool), Vec<String>> = BTreeMap::new();
    let mut refused: BTreeMap<(String, &str, Reason, String), Vec<String>> = BTreeMap::new();
    for Done { item, outcome } in done {
        let what = item
            .line
            .as_ref()
            .map_or_else(|| item.change.action.id().cloned().unwrap_or_default(), |line| line.market.clone());
        let drift = item.change.cause == Cause::Drift;
        match outcome {
            Outcome::Applied { .. } => {
                let text = if drift { format!("{what} ({})", item.change.action) } else { what };
                applied.entry((item.account.clone(), item.change.action.word(), drift)).or_default().push(text);
            }
            Outcome::Failed(PlatformError::NotSent { .. }) => {}
            Outcome::Failed(error) | Outcome::Unknown(error) => {
                tracing::warn!(campaign = %key, reason = %error.reason(), account = item.account, line = what,
                    change = item.change.action.word(), %error, "a change was not made");
                // An account out of reach is told by the account, not once for each of its lines.
                if matches!(error, PlatformError::Rejected { .. }) {
                    let kind = (item.account.clone(), item.change.action.word(), error.reason(), error.to_string());
                    refused.entry(kind).or_default().push(what);
                }
            }
        }
    }
    // Lines that are refused for one reason are one Event.
    for ((account, word, reason, error), lines) in refused {
        let note = format!("{word} of {} on {account}: {error}", some(&lines));
        shared.events.warning(&on, reason, "Apply", note).await;
    }
    for ((account, word, drift), lines) in applied {
        let note = format!("{word} on {account}: {} ({})", lines.len(), lines.join(", "));
        let reason = if drift { Reason::Drifted } else { Reason::Applied };
        tracing::info!(campaign = %key, generation = gathered.generation, "{note}");
        shared.events.normal(&on, reason, "Apply", note).await;
    }
}

/// Names with a comma between them; twenty, then how many more.
fn some(names: &[String]) -> String {
    let rest = names.len().saturating_sub(20);
    let shown = names[..names.len() - rest].join(", ");
    if rest == 0 { shown } else { format!("{shown} and {rest} more") }
}
