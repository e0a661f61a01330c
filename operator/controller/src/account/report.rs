//! An AdAccount's status: written only when it says something else than before.

use adops_api::account::{ObjectCount, Removes};
use adops_api::common::Backoff;
use adops_api::condition::{ConditionType, Conditions, Status};
use adops_api::{AdAccount, AdAccountStatus, convert};
use adops_core::money::Money;
use adops_core::reason::Reason;
use adops_core::text::cut;
use adops_platforms::port::AccountFacts;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::Resource;

use super::queue::needs_human;
use super::reconcile::ceiling;
use super::spend;
use super::state::{AccountState, Block, Connected};
use crate::runtime::metrics::Kind;
use crate::runtime::status::{self, WriteError};
use crate::runtime::watch::{Key, Stored};
use crate::shared::Shared;

/// A transient failure leaves Ready for this long.
pub const GRACE: SignedDuration = SignedDuration::from_mins(10);

/// What a pass over an account has found.
pub struct Seen {
    /// The one word.
    pub reason: Reason,
    message: String,
    block: Option<Block>,
}

impl Seen {
    /// All is well.
    pub fn ready() -> Self {
        Self { reason: Reason::Ready, message: "the account is observed".to_owned(), block: None }
    }

    /// All is well, but changes wait for the platform's quota.
    pub fn limited(message: String) -> Self {
        Self { reason: Reason::QuotaLimited, message, block: None }
    }

    /// Something is wrong.
    pub fn failed(reason: Reason, message: String) -> Self {
        Self { reason, message, block: None }
    }

    /// Nothing can be sent for now.
    pub fn blocked(block: &Block) -> Self {
        Self { reason: block.reason, message: block.message.clone(), block: Some(block.clone()) }
    }
}

/// Whether nothing is wrong with the account itself.
fn is_well(reason: Reason) -> bool {
    matches!(reason, Reason::Ready | Reason::QuotaLimited)
}

/// Writes the status if it has changed, with an Event if the reason has.
pub async fn write(
    shared: &Shared,
    key: &Key,
    account: &AdAccount,
    state: &AccountState,
    seen: &Seen,
) -> Result<(), WriteError> {
    let mut before = account.status.clone().unwrap_or_default();
    before.conditions = Conditions::new(&before.conditions, 0, Timestamp::now()).into_ours();
    let spending = Spending::of(shared, key, account);
    let mut after = compute(account, &before, state, seen, &spending, (shared.options.stop, shared.clock.now()));
    // When it was observed is told with the next change: at rest nothing is written (S9).
    after.observed_at.clone_from(&before.observed_at);
    if after == before || !shared.fence.reports() {
        return Ok(());
    }
    after.observed_at = state.known().listed.map(Time);
    let changed = after.reason != before.reason;
    let written = status::apply_status(&shared.client, account, &after).await?;
    shared.accounts.put_written(written);
    shared.metrics.status_writes.get_or_create(&Kind { kind: "AdAccount" }).inc();
    if changed {
        let on = account.object_ref(&());
        match seen.reason {
            Reason::Ready => shared.events.normal(&on, seen.reason, "Observe", seen.message.clone()).await,
            _ => shared.events.warning(&on, seen.reason, "Observe", seen.message.clone()).await,
        }
        tracing::info!(account = %key, reason = %seen.reason, "{}", seen.message);
    }
    Ok(())
}

/// Keeps how much of the hourly allowance of removes is used, where a new operator finds it.
pub async fn keep_removes(shared: &Shared, state: &AccountState) -> Result<(), WriteError> {
    let Some(Stored::Valid(account)) = shared.accounts.get(&state.key) else { return Ok(()) };
    let before = account.status.clone().unwrap_or_default();
    let mut after = before.clone();
    after.removes = removes(state);
    if after == before {
        return Ok(());
    }
    let written = status::apply_status(&shared.client, account.as_ref(), &after).await?;
    shared.accounts.put_written(written);
    shared.metrics.status_writes.get_or_create(&Kind { kind: "AdAccount" }).inc();
    Ok(())
}

fn removes(state: &AccountState) -> Option<Removes> {
    let (count, last) = state.known().removed_lately()?;
    Some(Removes { count: i32::try_from(count).unwrap_or(i32::MAX), last: Time(last) })
}

/// What may be spent there.
struct Spending {
    /// What runs.
    live: Option<Money>,
    /// That it passes the ceiling, in words.
    over: Option<String>,
}

impl Spending {
    fn of(shared: &Shared, key: &Key, account: &AdAccount) -> Self {
        let live = shared.authority().live(&spend::book(key));
        let limit = ceiling(account);
        let over = limit.zip(live).filter(|(limit, live)| live > limit).map(|(limit, live)| {
            let then = match spend::level(shared, key, limit) {
                Some(level) => {
                    format!("lines with more than {level} a day are cut to that, or paused where they cannot be")
                }
                None => "all of it is of Campaigns that do not exist: pause it on the platform".to_owned(),
            };
            format!("{live} a day are live, the ceiling is {limit}: {then}")
        });
        Self { live, over }
    }
}

/// The step of budgets, if it is not what everybody knows of the platform.
fn step(facts: &AccountFacts, connected: &Connected) -> Option<String> {
    let usual = connected.platform.rules().budget_unit(facts.currency);
    let micros = u64::try_from(facts.budget_unit).ok().filter(|_| facts.budget_unit != usual)?;
    Some(Money::from_micros(micros, facts.currency).ok()?.to_string())
}

fn compute(
    account: &AdAccount,
    before: &AdAccountStatus,
    state: &AccountState,
    seen: &Seen,
    spending: &Spending,
    (stop, now): (bool, Timestamp),
) -> AdAccountStatus {
    let known = state.known();
    let generation = account.metadata.generation.unwrap_or(0);
    let mut status = before.clone();
    status.observed_generation = generation;
    if known.listed.is_some() {
        status.holder.clone_from(&known.holder);
    }
    if let Some(facts) = &known.facts {
        status.currency = Some(facts.currency.to_string());
        status.time_zone = facts.time_zone.iana_name().map(str::to_owned);
        status.external_name = Some(cut(&facts.name, 256));
        status.account_status = Some(cut(&facts.status, 64));
        status.credentials_expire_at = facts.credentials_expire.map(Time);
        status.poll_interval = known.interval.map(|interval| convert::written(interval.as_secs()));
        status.minimum_daily_budget = facts.minimum_daily_budget.map(|minimum| minimum.to_string());
        status.budget_step = known.connection.as_ref().and_then(|connected| step(facts, connected));
        let count = |count: adops_core::platform::ObjectCount| ObjectCount {
            live: count.live.into(),
            limit: count.limit.into(),
        };
        status.objects = facts.objects.map(count);
        status.ads = facts.ads.map(count);
    }
    if let Some(live) = spending.live {
        status.live_budget = Some(live.to_string());
    }
    let (mut reason, mut message) = (seen.reason, seen.message.clone());
    if is_well(reason) && account.metadata.deletion_timestamp.is_some() {
        reason = Reason::Deleting;
        "it is deleted when no Campaign uses it any more".clone_into(&mut message);
    } else if is_well(reason) && known.facts.as_ref().is_some_and(|facts| !facts.enabled) {
        reason = Reason::AccountSuspended;
        message = format!("the platform says: {}", status.account_status.as_deref().unwrap_or("not enabled"));
    } else if is_well(reason) && stop {
        reason = Reason::StoppedByAccount;
        "the operator runs with --stop: all that adops owns is paused".clone_into(&mut message);
    } else if is_well(reason) && account.spec.stop {
        reason = Reason::StoppedByAccount;
        "spec.stop is set: all that adops owns here is paused".clone_into(&mut message);
    } else if let Some(over) = spending.over.as_ref().filter(|_| reason == Reason::Ready) {
        reason = Reason::CeilingReached;
        message.clone_from(over);
    }
    status.reason = (reason != Reason::Ready).then_some(reason);
    status.quota_exhausted_until =
        seen.block.as_ref().filter(|block| block.reason == Reason::QuotaExhausted).map(|block| Time(block.until));
    status.backoff = seen.block.as_ref().map(|block| Backoff {
        failures: i32::try_from(block.failures).unwrap_or(i32::MAX),
        until: Time(block.until),
        reason: Some(block.reason),
    });
    let good = matches!(reason, Reason::Ready | Reason::QuotaLimited | Reason::StoppedByAccount | Reason::Deleting);
    let transient =
        seen.block.as_ref().is_some_and(|block| !needs_human(block.reason) && now.duration_since(block.since) < GRACE);
    let was_ready = before.conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True");
    let ready = good || (transient && was_ready);
    let mut conditions = Conditions::new(&before.conditions, generation, Timestamp::now());
    let word = if ready { Status::True } else { Status::False };
    conditions.set(ConditionType::Ready, word, reason, &message);
    conditions.clear(ConditionType::Reconciling).clear(ConditionType::Stalled);
    if needs_human(reason) {
        conditions.set(ConditionType::Stalled, Status::True, reason, &message);
    } else if !good {
        conditions.set(ConditionType::Reconciling, Status::True, reason, &message);
    }
    status.conditions = conditions.into_ours();
    status
}
