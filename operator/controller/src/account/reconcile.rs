//! One pass over an AdAccount: finalizer, claim, credentials, listing, spend, status.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use adops_api::{AdAccount, Campaign, FINALIZER};
use adops_core::campaign::observed::{ExternalId, Snapshot};
use adops_core::money::Money;
use adops_core::queue::Use;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::{AccountFacts, AdPlatform, Scope, Spend};
use adops_platforms::quota::spend;
use jiff::{SignedDuration, Timestamp, ToSpan};
use kube::ResourceExt;

use super::claim::claimed_by;
use super::credentials;
use super::grant;
use super::queue::{self, seed_of};
use super::report::{self, Seen};
use super::sought;
use super::spend as spending;
use super::state::{AccountState, Block, Connected};
use crate::campaign::quota;
use crate::campaign::reconcile::account_key;
use crate::runtime::backoff;
use crate::runtime::metrics::{Kind, Pass};
use crate::runtime::status::{self, WriteError};
use crate::runtime::watch::{Key, Stored};
use crate::shared::Shared;

/// How far back spend is read: what SPEND-7D shows, and the days whose figures may still change.
const SPEND_DAYS: i64 = 9;

/// Works on one AdAccount.
pub async fn reconcile(shared: &Arc<Shared>, key: Key) {
    let began = std::time::Instant::now();
    let outcome = pass(shared, &key).await;
    let reason = match &outcome {
        Ok(reason) => *reason,
        Err(WriteError::Conflict) => {
            shared.accounts_queue.add(key.clone());
            Reason::Updating
        }
        Err(WriteError::Gone) => Reason::Deleting,
        Err(error) => {
            tracing::warn!(account = %key, %error, "the AdAccount's object could not be written");
            let at = backoff::until(1, shared.clock.now(), seed_of(&key.to_string()));
            shared.accounts_queue.add_at(key.clone(), at);
            Reason::PlatformUnavailable
        }
    };
    shared.metrics.passes.get_or_create(&Pass { kind: "AdAccount", reason: reason.as_str() }).inc();
    let seconds = began.elapsed().as_secs_f64();
    shared.metrics.pass_seconds.get_or_create(&Kind { kind: "AdAccount" }).observe(seconds);
}

async fn pass(shared: &Arc<Shared>, key: &Key) -> Result<Reason, WriteError> {
    let account = match shared.accounts.get(key) {
        Some(Stored::Valid(account)) => account,
        Some(Stored::Malformed { meta, error }) => {
            shared.events.malformed::<AdAccount>(&meta, &error).await;
            tracing::warn!(account = %key, error, "the AdAccount cannot be read");
            wake(shared, users(shared, key));
            return Ok(Reason::Malformed);
        }
        None => {
            shared.forget_account(key);
            shared.accounts_queue.forget(key);
            wake(shared, users(shared, key));
            return Ok(Reason::Deleting);
        }
    };
    let Some(account) = finalize(shared, key, &account).await? else { return Ok(Reason::Deleting) };
    let state = shared.account_state(key);
    wake_on_new_generation(shared, &state, &account);

    let seen = match claimed_by(shared, key, &account) {
        Some(other) => {
            let mut known = state.known();
            known.connection = None;
            known.listed = None;
            shared.authority().forget(&spending::book(key));
            // Whether it is free is looked at again with the next poll.
            known.next_poll = shared.clock.now() + jittered(interval(shared, &account, None), key);
            drop(known);
            Seen::failed(
                Reason::AccountClaimed,
                format!(
                    "the AdAccount {other}, which is older, holds {:?} {}",
                    account.spec.platform, account.spec.account_id
                ),
            )
        }
        None => observe(shared, key, &account, &state).await,
    };
    let reason = seen.reason;
    report::write(shared, key, &account, &state, &seen).await?;
    // Who holds the account Campaigns have from this status: who came before it was written comes again.
    if reason == Reason::AccountClaimed && account.status.as_ref().and_then(|status| status.reason) != Some(reason) {
        wake(shared, users(shared, key));
    }
    let next = {
        let (known, now) = (state.known(), shared.clock.now());
        // A block that is over leads back here at once, for ever.
        known.block.as_ref().map(|block| block.until).filter(|until| *until > now).unwrap_or(known.next_poll)
    };
    shared.accounts_queue.add_at(key.clone(), next);
    Ok(reason)
}

/// Connects and, if a listing is due, lists.
async fn observe(shared: &Arc<Shared>, key: &Key, account: &AdAccount, state: &Arc<AccountState>) -> Seen {
    let now = shared.clock.now();
    let current = state.known().connection.clone();
    if current.is_none() {
        let mut known = state.known();
        remember_backoff(account, &mut known.block, now);
        if let Some(removes) = account.status.as_ref().and_then(|status| status.removes.as_ref()) {
            known.remember_removes(usize::try_from(removes.count).unwrap_or(usize::MAX), removes.last.0);
        }
    }
    let changed = match credentials::connect(shared, key, account, current.as_ref()).await {
        Ok(connected) => {
            let changed = current.as_ref().is_some_and(|current| current.fingerprint != connected.fingerprint);
            join_quota(key, account, current.as_ref(), &connected);
            let mut known = state.known();
            known.floor =
                known.started + connected.platform.request_timeout() + connected.platform.read_after_write_lag();
            known.connection = Some(connected);
            drop(known);
            changed
        }
        Err(error) => {
            // The last good connection stays for what must be stopped or deleted (S11).
            let reason = error.reason();
            let message = error.to_string();
            fail(shared, key, state, reason, &message, now);
            return Seen::failed(reason, message);
        }
    };
    let due = {
        let mut known = state.known();
        if changed
            || known.block.as_ref().is_some_and(|block| block.reason != Reason::QuotaExhausted && block.until <= now)
        {
            known.next_poll = now;
        }
        let open = known.block.as_ref().is_none_or(|block| block.until <= now || changed);
        open && known.next_poll <= now
    };
    if !due {
        reopen(shared, key, state, now);
        return seen(shared, state);
    }
    match list(shared, key, account, state).await {
        Ok(()) => seen(shared, state),
        // What is left of the quota is kept for what is more important.
        Err(PlatformError::NotSent { until, .. }) => {
            state.known().next_poll = until;
            seen(shared, state)
        }
        Err(error) => {
            let mut known = state.known();
            queue::block(&mut known.block, &error, now, &key.to_string());
            let block = known.block.clone();
            drop(known);
            tracing::warn!(account = %key, reason = %error.reason(), %error, "the account could not be listed");
            wake(shared, users(shared, key));
            block.as_ref().map_or_else(|| Seen::failed(error.reason(), error.to_string()), Seen::blocked)
        }
    }
}

/// A quota that is open again is used by who has waited for it; the listing comes when it is due.
fn reopen(shared: &Shared, key: &Key, state: &AccountState, now: Timestamp) {
    let over = |block: &mut Block| block.reason == Reason::QuotaExhausted && block.until <= now;
    if state.known().block.take_if(over).is_some() {
        wake(shared, users(shared, key));
    }
}

/// What is to be said of an account that is connected.
fn seen(shared: &Shared, state: &AccountState) -> Seen {
    if let Some(block) = &state.known().block {
        return Seen::blocked(block);
    }
    let waiting = state.platform().and_then(|platform| platform.quota().waiting_on(&state.key.to_string()));
    let limited = waiting.filter(|wait| quota::reason(wait, shared.clock.now()) == Reason::QuotaLimited);
    limited.map_or_else(Seen::ready, |wait| Seen::limited(quota::message(&wait)))
}

/// The account counts in its scope of the platform's quota, and no longer in one of other credentials.
fn join_quota(key: &Key, account: &AdAccount, before: Option<&Connected>, now: &Connected) {
    let name = key.to_string();
    if let Some(before) = before.filter(|before| before.platform.quota().name() != now.platform.quota().name()) {
        before.platform.quota().leave(&name);
    }
    let operations = account.spec.daily_operations.and_then(|operations| u64::try_from(operations).ok());
    now.platform.quota().join(&name, operations);
}

/// A back-off that an earlier process has written holds for this one, too: a restart is no reason to ask again.
fn remember_backoff(account: &AdAccount, slot: &mut Option<Block>, now: Timestamp) {
    let status =
        account.status.as_ref().filter(|status| Some(status.observed_generation) == account.metadata.generation);
    let Some(status) = status else { return };
    let Some(backoff) = status.backoff.as_ref().filter(|backoff| slot.is_none() && backoff.until.0 > now) else {
        return;
    };
    let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready");
    *slot = Some(Block {
        reason: backoff.reason.unwrap_or(Reason::PlatformUnavailable),
        message: ready.map_or_else(String::new, |ready| ready.message.clone()),
        until: backoff.until.0,
        failures: u32::try_from(backoff.failures).unwrap_or(1),
        since: now,
    });
}

fn fail(shared: &Shared, key: &Key, state: &AccountState, reason: Reason, message: &str, now: Timestamp) {
    let mut known = state.known();
    let before = known.block.as_ref().filter(|block| block.reason == reason);
    let failures = before.map_or(1, |block| block.failures + 1);
    let since = before.map_or(now, |block| block.since);
    let until = backoff::until(failures, now, seed_of(&key.to_string()));
    let fresh = before.is_none();
    known.block = Some(Block { reason, message: message.to_owned(), until, failures, since });
    drop(known);
    if fresh {
        wake(shared, users(shared, key));
    }
}

/// One full listing, and the spend if that is due.
async fn list(
    shared: &Arc<Shared>,
    key: &Key,
    account: &AdAccount,
    state: &Arc<AccountState>,
) -> Result<(), PlatformError> {
    let Some(platform) = state.platform() else {
        return Err(PlatformError::Unavailable { message: "there is no connection".to_owned() });
    };
    let (listing, cost) = spend(Use::Observe, read(shared, key, account, state, &platform)).await;
    platform.quota().listed(&key.to_string(), cost);
    let listing = listing?;
    let (holds, _) = spend(Use::Observe, hold(shared, key, platform.as_ref())).await;
    let Listing { facts, snapshot, spend } = listing;
    let now = shared.clock.now();
    let (mut woken, waiting) = {
        let mut known = state.known();
        let was_blocked = match &holds {
            Ok(()) => known.block.take().is_some(),
            // Before anybody is woken: nothing is to be sent.
            Err(error) => {
                queue::block(&mut known.block, error, now, &key.to_string());
                false
            }
        };
        known.holder = platform.holder();
        let facts_changed = known.facts.as_ref() != Some(&facts) || was_blocked;
        known.facts = Some(facts);
        let first = known.listed.is_none();
        let names = sought::differing(&known.named, &snapshot.named);
        let (hashes, changed) = known.take_listing(snapshot);
        spending::listed(shared, key, &known);
        let mut woken: HashSet<Key> = HashSet::new();
        let by_hash = shared.campaigns_by_hash();
        woken.extend(hashes.iter().filter_map(|hash| by_hash.get(hash).cloned()));
        woken.extend(holders(shared, key, &changed));
        woken.extend(sought::seekers(shared, key, &names));
        if let Some(spend) = spend {
            if spend != known.spend {
                let ids: HashSet<ExternalId> = spend
                    .iter()
                    .filter(|(id, days)| known.spend.get(*id) != Some(days))
                    .map(|(id, _)| id.clone())
                    .collect();
                woken.extend(holders(shared, key, &ids));
            }
            known.spend = spend;
            known.spend_read = Some(now);
        }
        // What runs passes the ceiling: whoever has a line that is too large must cut it.
        if first || facts_changed || ceiling(account).is_some_and(|limit| spending::level(shared, key, limit).is_some())
        {
            woken.extend(users(shared, key));
        }
        let interval = interval(shared, account, Some(&platform));
        known.interval = Some(interval);
        known.next_poll = now + jittered(interval, key);
        shared.metrics.listing_interval.set(interval.as_secs());
        (woken, std::mem::take(&mut known.waiting))
    };
    woken.extend(waiting);
    #[allow(clippy::cast_precision_loss, reason = "seconds since 1970 fit a double")]
    shared.metrics.last_listing.set(now.as_second() as f64);
    wake(shared, woken);
    holds
}

/// S13: an account that another cluster holds is told as soon as it is read. A free one is claimed by the first write.
async fn hold(shared: &Shared, key: &Key, platform: &dyn AdPlatform) -> Result<(), PlatformError> {
    let is_free = platform.holder().is_none();
    if is_free || shared.cluster().is_none() || users(shared, key).is_empty() {
        return Ok(());
    }
    platform.hold().await
}

/// The account's ceiling, if it can be read.
pub fn ceiling(account: &AdAccount) -> Option<Money> {
    adops_api::convert::ceiling(&account.spec.ceiling).ok()
}

/// What one listing reads.
struct Listing {
    facts: AccountFacts,
    snapshot: Snapshot,
    spend: Option<Spend>,
}

async fn read(
    shared: &Shared,
    key: &Key,
    account: &AdAccount,
    state: &AccountState,
    platform: &Arc<dyn AdPlatform>,
) -> Result<Listing, PlatformError> {
    let facts = platform.account().await?;
    let mut held = held_ids(shared, key, account);
    let named = sought::look(shared, key, account, platform.as_ref()).await?;
    held.extend(named.values().flatten().cloned());
    let snapshot = Snapshot { named, ..platform.observe(&Scope::All { held }).await? };
    let now = shared.clock.now();
    let measure = {
        let known = state.known();
        known.spend_read.is_none_or(|read| now.duration_since(read) >= shared.options.measure_interval)
    };
    let since = now.to_zoned(facts.time_zone.clone()).date();
    let since = spend_since(shared, key, account, since);
    let spend = if measure { Some(platform.spend(since).await?) } else { None };
    Ok(Listing { facts, snapshot, spend })
}

/// The first day whose spend is of use: nine days back, or the first day of the longest flight budget.
fn spend_since(shared: &Shared, key: &Key, account: &AdAccount, today: jiff::civil::Date) -> jiff::civil::Date {
    let recent = today.checked_sub(SPEND_DAYS.days()).unwrap_or(today);
    shared
        .campaigns
        .valid()
        .iter()
        .filter(|campaign| campaign.spec.budget.flight.is_some() && uses(campaign, key))
        .filter(|campaign| grant::covers(shared, campaign, key, account))
        .filter_map(|campaign| campaign.spec.flight.start.parse().ok())
        .fold(recent, Ord::min)
}

/// How often the account is listed: as asked, or less often, so that listings use a fifth of the quota at most.
fn interval(shared: &Shared, account: &AdAccount, platform: Option<&Arc<dyn AdPlatform>>) -> SignedDuration {
    let own = account.spec.poll_interval.as_deref().and_then(adops_api::convert::poll_interval);
    let asked = own.and_then(|own| own.try_into().ok()).unwrap_or(shared.options.poll_interval);
    let least = platform.and_then(|platform| platform.quota().list_every(platform.cost_of_listing()));
    // In whole minutes, so that a request more or less does not show.
    let least = least.map(|least| SignedDuration::from_mins((least.as_secs() + 59) / 60));
    least.map_or(asked, |least| least.max(asked))
}

/// With a tenth of jitter that is the account's own.
fn jittered(asked: SignedDuration, key: &Key) -> SignedDuration {
    let jitter = i64::try_from(seed_of(&key.to_string()) % 100).unwrap_or(0) * asked.as_secs() / 1000;
    asked + SignedDuration::from_secs(jitter)
}

/// Adds the finalizer while Campaigns use the account, takes it when none does. `None`: the account goes.
async fn finalize(shared: &Shared, key: &Key, account: &Arc<AdAccount>) -> Result<Option<Arc<AdAccount>>, WriteError> {
    let has = account.finalizers().iter().any(|finalizer| finalizer == FINALIZER);
    let deleting = account.metadata.deletion_timestamp.is_some();
    let used = is_used(shared, key, account) || used_by_malformed(shared, key);
    // Who only observes leaves finalizers to who acts.
    match (has, used, deleting) {
        _ if !shared.fence.leads() => Ok((has || !deleting).then(|| account.clone())),
        (true, false, _) => {
            let written = status::set_finalizer(&shared.client, account.as_ref(), FINALIZER, false).await?;
            if deleting {
                return Ok(None);
            }
            shared.accounts.put_written(written.clone());
            Ok(Some(Arc::new(written)))
        }
        (false, true, false) => {
            let written = status::set_finalizer(&shared.client, account.as_ref(), FINALIZER, true).await?;
            shared.accounts.put_written(written.clone());
            Ok(Some(Arc::new(written)))
        }
        (false, _, true) => Ok(None),
        (true, true, _) | (false, false, false) => Ok(Some(account.clone())),
    }
}

/// Whether a Campaign may use the account, or has something there. To name it without a grant holds nothing up.
fn is_used(shared: &Shared, key: &Key, account: &AdAccount) -> bool {
    shared.campaigns.valid().iter().any(|campaign| {
        uses(campaign, key) && grant::covers(shared, campaign, key, account) || has_something(campaign, key)
    })
}

/// Whether a Campaign's status tells of an object, or of the attempt to make one, on the account.
fn has_something(campaign: &Campaign, account: &Key) -> bool {
    let own = Key::of(&campaign.metadata);
    let mut lines = campaign.status.iter().flat_map(|status| &status.lines);
    lines.any(|line| {
        let there = line.id.is_some() || line.attempt.is_some();
        there && line.key.rsplit_once('/').is_some_and(|(name, _)| account_key(&own, name) == *account)
    })
}

/// A Campaign that cannot be read may use any account of its namespace.
fn used_by_malformed(shared: &Shared, key: &Key) -> bool {
    shared.campaigns.malformed().iter().any(|meta| {
        meta.namespace.as_deref() == Some(&key.namespace)
            && meta.finalizers.iter().flatten().any(|finalizer| finalizer == FINALIZER)
    })
}

/// Campaigns that name the account.
pub fn users(shared: &Shared, key: &Key) -> Vec<Key> {
    shared
        .campaigns
        .valid()
        .iter()
        .filter(|campaign| uses(campaign, key))
        .map(|campaign| Key::of(&campaign.metadata))
        .collect()
}

fn uses(campaign: &Campaign, account: &Key) -> bool {
    let own = Key::of(&campaign.metadata);
    campaign.spec.accounts.iter().any(|name| account_key(&own, name) == *account)
}

/// Ids that Campaigns hold on the account, or may want to adopt there.
fn held_ids(shared: &Shared, key: &Key, account: &AdAccount) -> BTreeSet<ExternalId> {
    let mut ids = BTreeSet::new();
    for campaign in shared.campaigns.valid() {
        let own = Key::of(&campaign.metadata);
        if own.namespace == key.namespace || grant::covers(shared, &campaign, key, account) {
            ids.extend(ids_of(&campaign, &own, key).into_iter().map(|(id, _)| id));
        } else if has_something(&campaign, key) {
            ids.extend(status_ids(&campaign, &own, key));
        }
    }
    ids
}

fn ids_of(campaign: &Campaign, own: &Key, account: &Key) -> Vec<(ExternalId, Key)> {
    let wishes = campaign.spec.adopt.iter().filter(|adopt| account_key(own, &adopt.account) == *account);
    let wished = wishes.filter_map(|adopt| adopt.external_id.clone());
    status_ids(campaign, own, account).chain(wished).map(|id| (id, own.clone())).collect()
}

fn status_ids<'a>(campaign: &'a Campaign, own: &'a Key, account: &'a Key) -> impl Iterator<Item = ExternalId> + 'a {
    campaign.status.iter().flat_map(|status| &status.lines).filter_map(|line| {
        let (name, _) = line.key.rsplit_once('/')?;
        line.id.clone().filter(|_| account_key(own, name) == *account)
    })
}

/// Campaigns that hold one of these ids.
fn holders(shared: &Shared, account: &Key, changed: &HashSet<ExternalId>) -> HashSet<Key> {
    let mut found = HashSet::new();
    if changed.is_empty() {
        return found;
    }
    for campaign in shared.campaigns.valid() {
        let own = Key::of(&campaign.metadata);
        if ids_of(&campaign, &own, account).iter().any(|(id, _)| changed.contains(id)) {
            found.insert(own);
        }
    }
    found
}

fn wake_on_new_generation(shared: &Shared, state: &AccountState, account: &AdAccount) {
    let changed = {
        let mut known = state.known();
        let changed = known.generation != account.metadata.generation;
        known.generation = account.metadata.generation;
        changed
    };
    if changed {
        // It may be stopped, or have another ceiling: all is planned anew.
        state.queue.withdraw_growth(shared.clock.now());
        wake(shared, users(shared, &state.key));
    }
}

fn wake(shared: &Shared, keys: impl IntoIterator<Item = Key>) {
    keys.into_iter().for_each(|key| shared.campaigns_queue.add(key));
}
