//! The one way out: HTTP with timeouts, without redirects, only to allowed endpoints.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::allow::AllowList;
use crate::error::PlatformError;
use crate::port::Connection;

/// Whether a platform takes a request with this body for a dry run, and carries out nothing of it.
pub type IsDryRun = fn(&[u8]) -> bool;

/// Of a platform that has no dry run.
pub const NO_DRY_RUN: IsDryRun = |_| false;

/// Sees requests before they are sent and after they were answered.
#[async_trait]
pub trait Interceptor: Send + Sync {
    /// Before a request is sent.
    async fn before(&self, call: &Call<'_>);
    /// After an answer has come, or the request has failed.
    async fn after(&self, call: &Call<'_>, status: Option<u16>);
}

/// Says whether a request may be started: the fence of a leader whose lease may run out (S13).
#[async_trait]
pub trait Gate: Send + Sync {
    /// Comes back when a request may be started that has ended after `timeout`, with the instant at which it must have;
    /// an error says that it must not be started.
    async fn pass(&self, call: &Call<'_>, timeout: Duration) -> Result<Instant, PlatformError>;
    /// A request had no answer: until then it may still have its effect.
    fn unanswered(&self, until: Instant);
}

/// What an interceptor may know of a request: no headers, no body.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// GET, POST, ...
    pub method: &'a str,
    /// The path.
    pub path: &'a str,
    /// Whether it can change something.
    pub write: bool,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value, if it is there once and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A client for one endpoint.
#[derive(Clone)]
pub struct Transport {
    client: reqwest::Client,
    allow: AllowList,
    timeout: Duration,
    interceptor: Option<Arc<dyn Interceptor>>,
    gate: Option<Arc<dyn Gate>>,
    /// Of a rehearsal: which writes may be sent.
    only: Option<IsDryRun>,
}

impl Transport {
    /// The way out of a connector. If it is made for rehearsals, writes that `is_dry_run` does not know are refused.
    pub fn of(connection: &Connection, is_dry_run: IsDryRun) -> Result<Self, PlatformError> {
        let Connection { allow, request_timeout, interceptor, gate, .. } = connection.clone();
        let only = connection.rehearsal.then_some(is_dry_run);
        Ok(Self { only, ..Self::new(allow, request_timeout, interceptor, gate)? })
    }

    /// A client whose requests end after `timeout`.
    pub fn new(
        allow: AllowList,
        timeout: Duration,
        interceptor: Option<Arc<dyn Interceptor>>,
        gate: Option<Arc<dyn Gate>>,
    ) -> Result<Self, PlatformError> {
        let client = reqwest::Client::builder()
            .timeout(timeout)
            .connect_timeout(timeout.min(Duration::from_secs(10)))
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(allow.resolver())
            .no_proxy()
            .user_agent(concat!("adops/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| PlatformError::Unavailable { message: error.without_url().to_string() })?;
        Ok(Self { client, allow, timeout, interceptor, gate, only: None })
    }

    /// Sends a request. An error before the request was written is `Unavailable`; after that its
    /// outcome is unknown.
    pub async fn send(
        &self,
        write: bool,
        build: impl FnOnce(&reqwest::Client) -> reqwest::RequestBuilder,
    ) -> Result<Answer, PlatformError> {
        self.send_until(None, write, build).await
    }

    /// Sends a request that must not be started once `not_after` has come.
    pub async fn send_until(
        &self,
        not_after: Option<Instant>,
        write: bool,
        build: impl FnOnce(&reqwest::Client) -> reqwest::RequestBuilder,
    ) -> Result<Answer, PlatformError> {
        let request = build(&self.client)
            .build()
            .map_err(|error| PlatformError::Unavailable { message: error.without_url().to_string() })?;
        self.allow.check_url(request.url().as_str())?;
        self.check_rehearsal(&request, write)?;
        let (method, path) = (request.method().to_string(), request.url().path().to_owned());
        let call = Call { method: &method, path: &path, write };
        if let Some(interceptor) = &self.interceptor {
            interceptor.before(&call).await;
        }
        let end = self.last_look(&call, not_after).await?;
        let result = self.exchange(request, end).await;
        if let (Some(gate), Err(PlatformError::UnknownOutcome { .. })) = (&self.gate, &result) {
            gate.unanswered(end);
        }
        if let Some(interceptor) = &self.interceptor {
            interceptor.after(&call, result.as_ref().ok().map(|answer| answer.status)).await;
        }
        result
    }

    fn check_rehearsal(&self, request: &reqwest::Request, write: bool) -> Result<(), PlatformError> {
        let body = || request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
        match self.only {
            Some(is_dry_run) if write && !is_dry_run(body()) => Err(PlatformError::only_rehearses()),
            _ => Ok(()),
        }
    }

    /// Right before a request leaves: whether this process may still act, and when the request must have ended.
    async fn last_look(&self, call: &Call<'_>, not_after: Option<Instant>) -> Result<Instant, PlatformError> {
        let end = match &self.gate {
            Some(gate) => gate.pass(call, self.timeout).await?,
            None => Instant::now() + self.timeout,
        };
        if not_after.is_some_and(|not_after| Instant::now() > not_after) {
            let message = "what allowed this request was read too long ago; it was not sent".to_owned();
            return Err(PlatformError::Unavailable { message });
        }
        Ok(end)
    }

    async fn exchange(&self, request: reqwest::Request, end: Instant) -> Result<Answer, PlatformError> {
        let failed = |error: reqwest::Error| {
            let connect = error.is_connect() || error.is_builder();
            // The URL may hold a token on some platforms.
            let message = chain(&error.without_url());
            if connect { PlatformError::Unavailable { message } } else { PlatformError::UnknownOutcome { message } }
        };
        let mut answering = Box::pin(async {
            let response = self.client.execute(request).await.map_err(failed)?;
            let status = response.status().as_u16();
            let headers = response.headers().clone();
            let body = response.bytes().await.map_err(failed)?.to_vec();
            Ok(Answer { status, headers, body })
        });
        // The client's timer may fire late: a process that was stopped looks at the clock before it goes on.
        poll_fn(|context| {
            if Instant::now() >= end {
                let message = "the request has taken too long".to_owned();
                return Poll::Ready(Err(PlatformError::UnknownOutcome { message }));
            }
            answering.as_mut().poll(context)
        })
        .await
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        text.push_str(": ");
        text.push_str(&next.to_string());
        source = next.source();
    }
    text
}
