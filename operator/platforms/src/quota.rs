//! What a platform lets us do, by the scope that it counts in.
//!
//! A connector names its scope (a cloud project, an app) in a [`Meter`] and lets every request pass it: what it costs is
//! taken before it is sent, and what the platform says of its limits is noted after it. All accounts whose credentials
//! belong to one scope share one [`Quota`]. Three kinds of limits have their place here:
//!
//! - *Operations a day* (Google): [`Day`](adops_core::queue::day::Day), of a size that the user declares or an answer
//!   teaches. A platform that counts requests a day (TikTok) uses it as it is, with a cost of one.
//! - *Requests a second or minute*, of which platforms complain (Google, TikTok): [`Pace`], one an account.
//! - *Use in percent and minutes to wait* (Meta's headers): of the whole scope the connector tells it with
//!   [`Meter::exhausted`], of one account with [`Meter::hold_back`]: what is less important waits before the limit is
//!   reached, and everything when it is.
//!
//! What operations are used for is said by whoever calls the port, with [`spend`]; a request of which nobody has said it
//! counts as growth.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adops_core::queue::Use;
use adops_core::queue::day::Refusal;
use adops_core::queue::demand::{Asker, Demand, Granted, Quota as Books, Wait};
use adops_core::queue::pace::Pace;
use adops_core::reason::Reason;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::clock::SharedClock;
use crate::error::PlatformError;

tokio::task_local! {
    static SPENDING: Spending;
}

#[derive(Clone)]
struct Spending {
    of: Use,
    operations: Arc<AtomicU64>,
}

/// Says what the operations of a call are used for, and counts them.
pub async fn spend<F: Future>(of: Use, call: F) -> (F::Output, u64) {
    let operations = Arc::new(AtomicU64::new(0));
    let output = SPENDING.scope(Spending { of, operations: operations.clone() }, call).await;
    (output, operations.load(Ordering::Relaxed))
}

/// What the operations of this call are used for, as [`spend`] has said.
pub(crate) fn current_use() -> Use {
    SPENDING.try_with(|spending| spending.of).unwrap_or(Use::Grow)
}

/// Sees what is used, for metrics.
pub trait UseObserver: Send + Sync {
    /// Operations of a scope were used.
    fn used(&self, scope: &str, of: Use, operations: u64);
}

/// All scopes of all platforms.
pub struct Quotas {
    scopes: Mutex<HashMap<String, Arc<Quota>>>,
    started: Mutex<Timestamp>,
    observer: Option<Arc<dyn UseObserver>>,
}

impl Quotas {
    /// Of a process that began at `started`.
    pub fn new(started: Timestamp, observer: Option<Arc<dyn UseObserver>>) -> Arc<Self> {
        Arc::new(Self { scopes: Mutex::default(), started: Mutex::new(started), observer })
    }

    /// This process acts from `now` on: what others used until then is not known. To be called before the first scope is
    /// asked for.
    pub fn begin(&self, now: Timestamp) {
        *self.started.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// The quota of a scope, made when it is first asked for; its day begins at midnight in `zone`. The name must hold
    /// no secret: it is shown.
    pub fn scope(&self, name: &str, zone: &TimeZone) -> Arc<Quota> {
        let started = *self.started.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        let quota = scopes.entry(name.to_owned()).or_insert_with(|| {
            Arc::new(Quota {
                name: name.to_owned(),
                books: Mutex::new(Books::new(zone.clone(), started)),
                accounts: Mutex::default(),
                observer: self.observer.clone(),
            })
        });
        quota.clone()
    }

    /// All of them.
    pub fn all(&self) -> Vec<Arc<Quota>> {
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// What is known of one account of a scope.
#[derive(Debug, Clone, Default)]
struct OfAccount {
    declared: Option<u64>,
    /// What the latest listings cost.
    listings: Vec<u64>,
}

/// How many listings an account's cost is the highest of.
const LISTINGS: usize = 16;

/// One scope's quota, shared by all accounts whose credentials belong to it.
pub struct Quota {
    name: String,
    books: Mutex<Books>,
    accounts: Mutex<BTreeMap<String, OfAccount>>,
    observer: Option<Arc<dyn UseObserver>>,
}

impl Quota {
    /// The scope's name; no secret.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accounts(&self) -> MutexGuard<'_, BTreeMap<String, OfAccount>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An account uses this scope; perhaps its user knows how many operations a day there are. Of several numbers the
    /// least counts.
    pub fn join(&self, account: &str, operations: Option<u64>) {
        let mut accounts = self.accounts();
        accounts.entry(account.to_owned()).or_default().declared = operations;
        self.books().day.declare(least(&accounts));
    }

    /// An account uses it no more.
    pub fn leave(&self, account: &str) {
        let mut accounts = self.accounts();
        accounts.remove(account);
        self.books().day.declare(least(&accounts));
    }

    /// How many operations a day there are, if that is known.
    pub fn size(&self) -> Option<u64> {
        self.books().day.size()
    }

    /// How many were used today, by this process.
    pub fn used(&self) -> u64 {
        self.books().day.used()
    }

    /// Says what somebody wants to send and answers what of it may be sent now.
    pub fn ask(&self, asker: &Asker, demand: &Demand, now: Timestamp) -> Granted {
        self.books().ask(asker, demand, now)
    }

    /// Forgets what a Campaign wants, but for the accounts named.
    pub fn withdraw(&self, namespace: &str, campaign: &str, but: impl Fn(&str) -> bool) {
        self.books().withdraw(namespace, campaign, but);
    }

    /// Counts an item that was sent into what somebody has had of today's growth.
    pub fn had(&self, asker: &Asker, cost: u64, now: Timestamp) {
        self.books().had(asker, cost, now);
    }

    /// What waits on an account.
    pub fn waiting_on(&self, account: &str) -> Option<Wait> {
        self.books().waiting_on(account)
    }

    /// A listing of an account has cost so many operations.
    pub fn listed(&self, account: &str, cost: u64) {
        let mut accounts = self.accounts();
        let listings = &mut accounts.entry(account.to_owned()).or_default().listings;
        if listings.len() == LISTINGS {
            listings.remove(0);
        }
        listings.push(cost);
    }

    /// How often each account may be listed, so that all listings of a day stay within their share of the quota; none
    /// for as often as is liked. Before an account was listed it is taken to cost `guess`.
    pub fn list_every(&self, guess: u64) -> Option<SignedDuration> {
        let cost = self.accounts().values().map(|of| of.listings.iter().max().copied().unwrap_or(guess)).sum();
        self.books().day.observe_every(cost)
    }
}

fn least(accounts: &BTreeMap<String, OfAccount>) -> Option<u64> {
    accounts.values().filter_map(|of| of.declared).min()
}

/// Through which every request of one connector passes.
pub struct Meter {
    quota: Arc<Quota>,
    clock: SharedClock,
    pace: Mutex<Paced>,
    /// Until when the account's requests wait that are as important as this, or less.
    held: Mutex<BTreeMap<Use, Timestamp>>,
}

/// So long after the last complaint of a platform its limit is not known any more: what was throttled by others may be
/// free, and few requests would take hours to find that out one by one.
const CALM: SignedDuration = SignedDuration::from_mins(10);

struct Paced {
    pace: Pace,
    /// When the platform last complained, by business time.
    complained: Option<Timestamp>,
    /// Requests that stop spend and wait for their turn.
    urgent: usize,
    since: Instant,
}

impl Meter {
    /// Of a connector whose credentials belong to a scope.
    pub fn new(quota: Arc<Quota>, clock: SharedClock) -> Self {
        let pace = Mutex::new(Paced { pace: Pace::default(), complained: None, urgent: 0, since: Instant::now() });
        Self { quota, clock, pace, held: Mutex::default() }
    }

    /// The scope's quota.
    pub fn quota(&self) -> &Arc<Quota> {
        &self.quota
    }

    fn paced(&self) -> MutexGuard<'_, Paced> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Before a request is sent: takes what it costs and waits for its turn. An error: it must not be sent.
    pub async fn before(&self, cost: u64) -> Result<(), PlatformError> {
        let spending = SPENDING.try_with(Clone::clone).ok();
        let of = spending.as_ref().map_or(Use::Grow, |spending| spending.of);
        self.look(of)?;
        self.take(of, cost)?;
        if let Some(spending) = spending {
            spending.operations.fetch_add(cost, Ordering::Relaxed);
        }
        if let Some(observer) = &self.quota.observer {
            observer.used(&self.quota.name, of, cost);
        }
        self.turn(of == Use::Protect).await;
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<Use, Timestamp>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether requests of a use are held back: an error says until when.
    pub fn look(&self, of: Use) -> Result<(), PlatformError> {
        let now = self.clock.now();
        let mut held = self.held();
        held.retain(|_, until| *until > now);
        let Some(until) = held.range(..=of).map(|(_, until)| *until).max() else { return Ok(()) };
        let message = "by what the platform says of the account's limits, it is too early for it".to_owned();
        Err(PlatformError::NotSent { reason: Reason::RateLimited, until, message })
    }

    fn take(&self, of: Use, cost: u64) -> Result<(), PlatformError> {
        let mut books = self.quota.books();
        books.day.take(of, cost, self.clock.now()).map_err(|refusal| match refusal {
            Refusal::Exhausted(until) => PlatformError::QuotaExhausted {
                until,
                size: None,
                message: "the platform has said so before".to_owned(),
            },
            Refusal::Kept(until) => PlatformError::NotSent {
                reason: Reason::QuotaLimited,
                until,
                message: format!(
                    "of the platform's quota of {} operations a day what is left is kept for what is more important",
                    books.day.size().unwrap_or_default()
                ),
            },
        })
    }

    /// Waits until the pace lets a request go; what stops spend goes before what has waited longer.
    async fn turn(&self, urgent: bool) {
        let _urgent = urgent.then(|| Urgent::new(self));
        loop {
            let (at, since) = {
                let mut paced = self.paced();
                if paced.complained.is_none_or(|at| self.clock.now().duration_since(at) >= CALM) {
                    paced.pace = Pace::default();
                }
                if paced.pace.rate().is_none() {
                    return;
                }
                let since = paced.since;
                if urgent || paced.urgent == 0 {
                    let now = since.elapsed();
                    let at = paced.pace.slot(now);
                    (Some(at).filter(|at| *at > now), since)
                } else {
                    (Some(since.elapsed() + Duration::from_millis(100)), since)
                }
            };
            match at {
                None => return,
                Some(at) => tokio::time::sleep_until(since + at).await,
            }
            if urgent || self.paced().urgent == 0 {
                return;
            }
        }
    }

    /// The platform has taken a request.
    pub fn taken(&self) {
        self.paced().pace.taken();
    }

    /// The platform has asked to slow down.
    pub fn limited(&self) {
        let mut paced = self.paced();
        let now = paced.since.elapsed();
        paced.pace.limited(now);
        paced.complained = Some(self.clock.now());
    }

    /// The platform takes nothing of this scope until then, and perhaps has said how many operations a day it takes.
    pub fn exhausted(&self, until: Timestamp, size: Option<u64>) {
        self.quota.books().day.exhaust(until, size);
    }

    /// By what the platform says, requests of this account that are as important as `from`, or less, wait until then.
    /// A longer wait that was told before stays.
    pub fn hold_back(&self, from: Use, until: Timestamp) {
        let mut held = self.held();
        let known = held.entry(from).or_insert(until);
        *known = until.max(*known);
    }

    /// Notes what an error says of limits.
    pub fn heard(&self, error: &PlatformError) {
        match error {
            PlatformError::RateLimited { .. } => self.limited(),
            PlatformError::QuotaExhausted { until, size, .. } => self.exhausted(*until, *size),
            _ => {}
        }
    }
}

struct Urgent<'a>(&'a Meter);

impl<'a> Urgent<'a> {
    fn new(meter: &'a Meter) -> Self {
        meter.paced().urgent += 1;
        Self(meter)
    }
}

impl Drop for Urgent<'_> {
    fn drop(&mut self) {
        self.0.paced().urgent -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::BusinessClock;

    struct Hands(Mutex<Timestamp>);

    impl BusinessClock for Hands {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }
    }

    #[tokio::test]
    async fn a_pace_is_kept_while_the_platform_complains_and_forgotten_ten_minutes_after() {
        let start: Timestamp = "2027-03-01T00:00:00Z".parse().unwrap();
        let clock = Arc::new(Hands(Mutex::new(start)));
        let meter = Meter::new(Quotas::new(start, None).scope("app", &TimeZone::UTC), clock.clone());
        let rate_at = async |seconds: i64| {
            *clock.0.lock().unwrap() = start + SignedDuration::from_secs(seconds);
            meter.before(1).await.unwrap();
            meter.paced().pace.rate()
        };
        assert_eq!(rate_at(0).await, None);
        meter.limited();
        assert_eq!(rate_at(0).await, Some(4.0));
        assert_eq!(rate_at(599).await, Some(4.0));
        meter.limited();
        assert_eq!(rate_at(600).await, Some(2.0), "it has complained again");
        assert_eq!(rate_at(1198).await, Some(2.0));
        assert_eq!(rate_at(1199).await, None);
        meter.limited();
        assert_eq!(rate_at(1199).await, Some(4.0), "as the first time");
    }

    #[tokio::test]
    async fn what_is_held_back_waits_until_the_platforms_time_and_what_is_more_important_does_not() {
        let start: Timestamp = "2027-03-01T00:00:00Z".parse().unwrap();
        let clock = Arc::new(Hands(Mutex::new(start)));
        let quotas = Quotas::new(start, None);
        let meter = |scope| Meter::new(quotas.scope(scope, &TimeZone::UTC), clock.clone());
        let (one, other) = (meter("app"), meter("app"));
        let (soon, later) = (start + SignedDuration::from_mins(5), start + SignedDuration::from_mins(19));
        one.hold_back(Use::Grow, later);
        one.hold_back(Use::Grow, soon);
        let ask = async |meter: &Meter, of| spend(of, meter.before(1)).await.0;
        for of in [Use::Grow, Use::Polish] {
            let Err(PlatformError::NotSent { until, .. }) = ask(&one, of).await else { panic!("{of}") };
            assert_eq!(until, later, "a shorter wait does not end a longer one");
            assert!(ask(&other, of).await.is_ok(), "another account of the scope goes on");
        }
        assert!(ask(&one, Use::Protect).await.is_ok() && ask(&one, Use::Observe).await.is_ok());
        one.hold_back(Use::Protect, soon);
        assert!(ask(&one, Use::Protect).await.is_err());
        *clock.0.lock().unwrap() = soon;
        assert!(ask(&one, Use::Protect).await.is_ok() && ask(&one, Use::Grow).await.is_err());
        *clock.0.lock().unwrap() = later;
        assert!(ask(&one, Use::Polish).await.is_ok());
    }
}
