//! The fence: whether this process may act now.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use adops_platforms::error::PlatformError;
use adops_platforms::transport::{Call, Gate};
use async_trait::async_trait;
use futures::future::{BoxFuture, Either, Ready, ready};
use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use tokio::sync::watch;
use tower::{BoxError, Service};

/// What this process is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Everything: there is no election.
    Alone,
    /// Nothing yet.
    Standby,
    /// Everything, until then.
    Leads {
        /// The end of the lease, by this process' monotonic clock.
        until: Instant,
    },
    /// To read. Statuses are written only while no leader does.
    Observes {
        /// Whether nobody leads.
        alone: bool,
    },
    /// Nothing any more.
    Over,
}

/// A write to the API server that this process may not make now.
#[derive(Debug, thiserror::Error)]
#[error("this process does not lead: {method} {path} is not sent")]
pub struct NotAllowed {
    method: Method,
    path: String,
}

/// Holds what this process is allowed.
#[derive(Debug)]
pub struct Fence {
    standing: watch::Sender<Standing>,
    unanswered: Mutex<Option<Instant>>,
}

impl Fence {
    /// A fence that begins with a standing.
    pub fn new(standing: Standing) -> Arc<Self> {
        Arc::new(Self { standing: watch::Sender::new(standing), unanswered: Mutex::default() })
    }

    /// What this process is allowed now.
    pub fn standing(&self) -> Standing {
        *self.standing.borrow()
    }

    /// Changes what this process is allowed. What is over stays so.
    pub(super) fn set(&self, to: Standing) {
        self.standing.send_if_modified(|standing| {
            let changes = *standing != Standing::Over && *standing != to;
            if changes {
                *standing = to;
            }
            changes
        });
    }

    /// Whether this process stands by.
    pub fn stands_by(&self) -> bool {
        self.standing() == Standing::Standby
    }

    /// Whether this process is the one that acts.
    pub fn leads(&self) -> bool {
        match self.standing() {
            Standing::Alone => true,
            Standing::Leads { until } => Instant::now() < until,
            Standing::Standby | Standing::Observes { .. } | Standing::Over => false,
        }
    }

    /// Whether statuses may be written.
    pub fn reports(&self) -> bool {
        self.leads() || self.standing() == Standing::Observes { alone: true }
    }

    /// Waits until this process may act, or read.
    pub async fn open(&self) {
        let mut standing = self.standing.subscribe();
        // The sender lives as long as the fence.
        let _ = standing.wait_for(|standing| !matches!(standing, Standing::Standby | Standing::Over)).await;
    }

    /// Whether a request without an answer may still have an effect.
    pub fn is_in_doubt(&self) -> bool {
        let until = *self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn permits(&self, method: &Method, path: &str) -> bool {
        *method == Method::GET || self.leads() || (path.ends_with("/status") && self.reports())
    }
}

#[async_trait]
impl Gate for Fence {
    async fn pass(&self, call: &Call<'_>, timeout: Duration) -> Result<Instant, PlatformError> {
        let refuse = |message: &str| Err(PlatformError::Unavailable { message: message.to_owned() });
        let mut standing = self.standing.subscribe();
        loop {
            let present = *standing.borrow_and_update();
            // One look at the clock: what it allows is counted from then, however late this task goes on.
            let now = Instant::now();
            let end = now + timeout;
            match present {
                Standing::Alone => return Ok(end),
                Standing::Observes { .. } if !call.write => return Ok(end),
                Standing::Observes { .. } => return refuse("the operator only observes (--observe)"),
                Standing::Standby | Standing::Over => return refuse("this process does not lead; nothing was sent"),
                Standing::Leads { until } => {
                    if end <= until {
                        return Ok(end);
                    }
                    if now >= until {
                        return refuse("the lease has run out; nothing was sent");
                    }
                    // The request could outlive the lease: it waits for the next renewal.
                    let _ = tokio::time::timeout(until - now, standing.changed()).await;
                }
            }
        }
    }

    fn unanswered(&self, until: Instant) {
        let mut latest = self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        *latest = Some(latest.map_or(until, |latest| latest.max(until)));
    }
}

/// A client whose writes pass the fence: one that may not be made now is not sent.
pub fn fenced(client: Client, fence: Arc<Fence>) -> Client {
    let namespace = client.default_namespace().to_owned();
    Client::new(Fenced { inner: client, fence }, namespace)
}

struct Fenced {
    inner: Client,
    fence: Arc<Fence>,
}

impl Service<Request<Body>> for Fenced {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Either<Ready<Result<Response<Body>, BoxError>>, BoxFuture<'static, Result<Response<Body>, BoxError>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        if !self.fence.permits(&method, &path) {
            return Either::Left(ready(Err(Box::new(NotAllowed { method, path }))));
        }
        let client = self.inner.clone();
        Either::Right(Box::pin(async move { client.send(request).await.map_err(Into::into) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Call<'static> = Call { method: "POST", path: "/search", write: false };
    const WRITE: Call<'static> = Call { method: "POST", path: "/mutate", write: true };

    fn leads(seconds: u64) -> Standing {
        Standing::Leads { until: Instant::now() + Duration::from_secs(seconds) }
    }

    #[tokio::test]
    async fn a_request_that_could_outlive_the_lease_waits_for_its_renewal() {
        let fence = Fence::new(leads(20));
        assert!(fence.pass(&WRITE, Duration::from_secs(10)).await.is_ok());
        let waiting = tokio::spawn({
            let fence = fence.clone();
            async move { fence.pass(&WRITE, Duration::from_secs(30)).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        fence.set(leads(60));
        assert!(waiting.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn without_a_renewal_it_is_never_sent() {
        let fence = Fence::new(Standing::Leads { until: Instant::now() + Duration::from_millis(30) });
        assert!(fence.pass(&READ, Duration::from_secs(1)).await.is_err());
        assert!(!fence.leads());
        assert!(!fence.permits(&Method::PATCH, "/x/status"));
        assert!(fence.permits(&Method::GET, "/x"));
    }

    #[tokio::test]
    async fn who_stands_by_or_has_ended_sends_nothing_and_who_observes_only_reads() {
        for standing in [Standing::Standby, Standing::Over] {
            let fence = Fence::new(standing);
            assert!(fence.pass(&READ, Duration::ZERO).await.is_err());
        }
        let fence = Fence::new(Standing::Observes { alone: false });
        assert!(fence.pass(&READ, Duration::ZERO).await.is_ok());
        assert!(fence.pass(&WRITE, Duration::ZERO).await.is_err());
        assert!(!fence.permits(&Method::PATCH, "/x/status"));
        fence.set(Standing::Observes { alone: true });
        assert!(fence.permits(&Method::PATCH, "/x/status") && !fence.permits(&Method::PATCH, "/x"));
    }

    #[test]
    fn what_is_over_stays_over() {
        let fence = Fence::new(Standing::Standby);
        fence.set(Standing::Over);
        fence.set(leads(60));
        assert!(!fence.leads());
    }

    #[test]
    fn a_request_without_an_answer_is_in_doubt_until_its_timeout() {
        let fence = Fence::new(leads(60));
        assert!(!fence.is_in_doubt());
        fence.unanswered(Instant::now() + Duration::from_secs(9));
        fence.unanswered(Instant::now());
        assert!(fence.is_in_doubt());
    }
}
