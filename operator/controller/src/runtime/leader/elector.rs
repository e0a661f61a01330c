//! Taking the Lease, keeping it, giving it back.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use adops_core::marker::Installation;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::PostParams;
use kube::{Api, Client};
use tokio::sync::oneshot;
use tokio::time::{sleep, sleep_until, timeout};

use super::fence::{Fence, Standing};
use super::lease::{self, Seen, Sightings};
use super::{Election, lease_name};

/// How often a candidate looks at most.
const LOOK: Duration = Duration::from_secs(2);

/// Why this process leads no more.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Somebody else has it.
    #[error("the lease was taken by {0}")]
    Taken(String),
    /// It has run out.
    #[error("the lease could not be renewed in time: {0}")]
    RunOut(String),
}

/// One process' part in the election.
pub struct Elector {
    leases: Api<Lease>,
    name: String,
    election: Election,
    request_timeout: Duration,
    fence: Arc<Fence>,
}

/// The Lease, taken or renewed.
struct Won {
    lease: Lease,
    /// When the request that won it was begun.
    began: Instant,
}

/// What came of an attempt to take it.
enum Attempt {
    /// It is ours; whoever held it may still be heard of for so long.
    Won(Box<Won>, Duration),
    /// Somebody else has it.
    Waits(Seen),
}

impl Won {
    fn until(&self, election: &Election) -> Instant {
        self.began + election.duration
    }
}

impl Elector {
    /// A candidate. `client` is not fenced.
    pub fn new(
        client: Client,
        installation: &Installation,
        election: Election,
        request_timeout: Duration,
        fence: Arc<Fence>,
    ) -> Self {
        let leases = Api::namespaced(client, &election.namespace);
        Self { leases, name: lease_name(installation), election, request_timeout, fence }
    }

    /// Takes the Lease when that is allowed, opens the fence and renews, until it is lost, which is the error, or until
    /// it is to be given back. `is_new` says whether nothing was ever done by this installation: then a Lease that is
    /// not there means that nobody has held it.
    pub async fn run(
        self,
        is_new: impl Fn() -> bool + Send,
        give_back: oneshot::Receiver<()>,
    ) -> Result<(), LeaseError> {
        let mut give_back = pin!(told(give_back));
        let (won, wait) = tokio::select! {
            won = self.take(is_new) => won,
            () = &mut give_back => return Ok(()),
        };
        let open_at = Instant::now() + wait;
        tracing::info!(lease = %self.name, identity = %self.election.identity, ?wait, "the lease is ours");
        let lease = self.keep(won, open_at, give_back).await;
        self.fence.set(Standing::Over);
        self.give_back(lease?).await;
        Ok(())
    }

    /// Waits for the Lease, and says how long whoever held it may still be heard of.
    async fn take(&self, is_new: impl Fn() -> bool) -> (Won, Duration) {
        let mut sightings = Sightings::default();
        let mut told: Option<Seen> = None;
        loop {
            match timeout(self.election.renew, self.attempt(&mut sightings, &is_new)).await {
                Ok(Ok(Attempt::Won(won, wait))) => return (*won, wait),
                Ok(Ok(Attempt::Waits(seen))) => {
                    if told.as_ref() != Some(&seen) {
                        tracing::info!(lease = %self.name, ?seen, "standing by");
                        told = Some(seen);
                    }
                }
                Ok(Err(error)) => tracing::warn!(lease = %self.name, %error, "the lease cannot be read or taken"),
                Err(_) => tracing::warn!(lease = %self.name, "the API server does not answer"),
            }
            sleep((self.election.renew / 4).min(LOOK)).await;
        }
    }

    async fn attempt(&self, sightings: &mut Sightings, is_new: impl Fn() -> bool) -> Result<Attempt, kube::Error> {
        let began = Instant::now();
        let lease = self.leases.get_opt(&self.name).await?;
        let seen = sightings.judge(lease.as_ref(), self.request_timeout, Instant::now());
        let all = self.election.duration + self.request_timeout;
        let wait = match &seen {
            Seen::Held { by } if *by != self.election.identity => return Ok(Attempt::Waits(seen)),
            Seen::Free => Duration::ZERO,
            Seen::Expired { request_timeout, .. } => *request_timeout,
            Seen::Absent if is_new() => Duration::ZERO,
            // Somebody has removed it, perhaps while its holder is at work; or an answer to this process was lost.
            Seen::Absent | Seen::Held { .. } => all,
        };
        let wanted = lease::held(lease, &self.name, &self.election, self.request_timeout);
        let taken = match seen {
            Seen::Absent => self.leases.create(&PostParams::default(), &wanted).await,
            _ => self.leases.replace(&self.name, &PostParams::default(), &wanted).await,
        };
        match taken {
            Ok(lease) => Ok(Attempt::Won(Box::new(Won { lease, began }), wait)),
            // Somebody else was faster.
            Err(error) if is_conflict(&error) => Ok(Attempt::Waits(Seen::Held { by: "another process".to_owned() })),
            Err(error) => Err(error),
        }
    }

    /// Renews until the Lease is to be given back; the answer is it.
    async fn keep(
        &self,
        mut won: Won,
        open_at: Instant,
        mut give_back: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Lease, LeaseError> {
        loop {
            let until = won.until(&self.election);
            if Instant::now() >= open_at {
                self.fence.set(Standing::Leads { until });
            }
            // A renewal is due, or the wait for the former holder is over.
            let now = Instant::now();
            let mut next = won.began + self.election.renew;
            if open_at > now {
                next = next.min(open_at);
            }
            tokio::select! {
                () = sleep_until(next.into()) => {}
                () = &mut give_back => return Ok(won.lease),
            }
            if Instant::now() < won.began + self.election.renew {
                continue;
            }
            won = tokio::select! {
                renewed = self.renew(won, until) => renewed?,
                () = sleep_until(until.into()) => return Err(LeaseError::RunOut("no answer".to_owned())),
            };
        }
    }

    /// Renews once, with as many attempts as there is time for.
    async fn renew(&self, mut won: Won, until: Instant) -> Result<Won, LeaseError> {
        let attempt_for = (self.election.renew / 2).max(Duration::from_millis(100));
        loop {
            let began = Instant::now();
            if began >= until {
                return Err(LeaseError::RunOut("this process was not run in time".to_owned()));
            }
            let wanted = lease::held(Some(won.lease.clone()), &self.name, &self.election, self.request_timeout);
            let params = PostParams::default();
            match timeout(attempt_for, self.leases.replace(&self.name, &params, &wanted)).await {
                Ok(Ok(lease)) => return Ok(Won { lease, began }),
                Ok(Err(error)) if is_conflict(&error) || is_gone(&error) => won.lease = self.look_again().await?,
                Ok(Err(error)) => tracing::warn!(lease = %self.name, %error, "the lease could not be renewed"),
                Err(_) => tracing::warn!(lease = %self.name, "the API server does not answer a renewal"),
            }
            sleep((self.election.renew / 8).min(LOOK)).await;
        }
    }

    /// Somebody has written to the Lease, or removed it: whether it is still ours.
    async fn look_again(&self) -> Result<Lease, LeaseError> {
        loop {
            match self.leases.get_opt(&self.name).await {
                Ok(Some(lease)) if lease::holder(&lease).as_ref() == Some(&self.election.identity) => return Ok(lease),
                Ok(Some(lease)) => {
                    let holder = lease::holder(&lease).unwrap_or_else(|| "nobody: somebody has emptied it".to_owned());
                    return Err(LeaseError::Taken(holder));
                }
                // Nobody has taken it meanwhile if it can be created.
                Ok(None) => {
                    let wanted = lease::held(None, &self.name, &self.election, self.request_timeout);
                    if let Ok(lease) = self.leases.create(&PostParams::default(), &wanted).await {
                        return Ok(lease);
                    }
                }
                Err(error) => tracing::warn!(lease = %self.name, %error, "the lease could not be read"),
            }
            sleep((self.election.renew / 8).min(LOOK)).await;
        }
    }

    /// Gives the Lease back, so that the next one need not wait; not while a request may still have an effect.
    async fn give_back(&self, lease: Lease) {
        if self.fence.is_in_doubt() {
            tracing::info!(lease = %self.name, "a request is without an answer: the lease runs out by itself");
            return;
        }
        let (params, free) = (PostParams::default(), lease::free(lease));
        match timeout(self.election.renew, self.leases.replace(&self.name, &params, &free)).await {
            Ok(Ok(_)) => tracing::info!(lease = %self.name, "the lease is given back"),
            Err(_) => tracing::warn!(lease = %self.name, "the API server does not answer; the lease runs out"),
            Ok(Err(error)) => {
                tracing::warn!(lease = %self.name, %error, "the lease could not be given back; it runs out");
            }
        }
    }
}

/// Keeps the fence of an observer up to date: whether somebody leads, who writes the statuses then. `on_alone` is called
/// when nobody does any more.
pub async fn watch_for_observer(
    client: Client,
    installation: &Installation,
    election: &Election,
    fence: &Fence,
    on_alone: impl Fn() + Send,
) {
    let leases: Api<Lease> = Api::namespaced(client, &election.namespace);
    let name = lease_name(installation);
    let mut sightings = Sightings::default();
    loop {
        match leases.get_opt(&name).await {
            Ok(lease) => {
                let seen = sightings.judge(lease.as_ref(), Duration::ZERO, Instant::now());
                let alone = !matches!(seen, Seen::Held { .. });
                let was_silent = fence.standing() == Standing::Observes { alone: false };
                fence.set(Standing::Observes { alone });
                if alone && was_silent {
                    on_alone();
                }
            }
            Err(error) => {
                tracing::warn!(lease = %name, %error, "the lease cannot be read: no status is written");
                fence.set(Standing::Observes { alone: false });
            }
        }
        sleep((election.renew / 4).min(LOOK)).await;
    }
}

/// Waits until the Lease is to be given back. Who just goes away does not say so: work may be under way.
async fn told(give_back: oneshot::Receiver<()>) {
    if give_back.await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn is_conflict(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 409)
}

fn is_gone(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}
