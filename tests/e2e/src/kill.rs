//! Killing an operator at a chosen point: every platform call and every API-server write passes here,
//! before it is sent and after it was answered.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use adops_platforms::transport::{Call, Interceptor};
use async_trait::async_trait;
use futures::future::BoxFuture;
use http::{Method, Request, Response};
use tokio::sync::watch;
use tower::{Layer, Service};

/// Counts points and stops everything at one of them.
#[derive(Default)]
pub struct KillSwitch {
    passed: AtomicUsize,
    at: AtomicUsize,
    armed: AtomicBool,
    dead: AtomicBool,
    struck: Mutex<Option<String>>,
    names: Mutex<Vec<String>>,
    at_kind: Mutex<Option<String>>,
    hold: Mutex<Option<Arc<Hold>>>,
}

/// What kind of point a name is of: that name without the numbers of accounts and objects.
pub fn kind(name: &str) -> String {
    let pieces = name.split(['/', ':', ' ']);
    let words = pieces.map(|piece| if piece.chars().any(|c| c.is_ascii_digit()) { "N" } else { piece });
    words.collect::<Vec<_>>().join("/")
}

/// A point at which everything that comes by waits until it is let go.
pub struct Hold {
    part: &'static str,
    reached: watch::Sender<bool>,
    released: watch::Sender<bool>,
}

impl Hold {
    /// Waits until the point was reached. Panics if it is not within a minute of the machine's time.
    ///
    /// # Panics
    ///
    /// If nothing comes by.
    pub async fn reached(&self) {
        let mut reached = self.reached.subscribe();
        let come = tokio::time::timeout(Duration::from_mins(1), reached.wait_for(|reached| *reached)).await;
        assert!(come.is_ok(), "nothing came to {}", self.part);
    }

    /// Lets go what waits, and all that comes later.
    pub fn release(&self) {
        self.released.send_replace(true);
    }

    async fn pass(&self) {
        self.reached.send_replace(true);
        let _ = self.released.subscribe().wait_for(|released| *released).await;
    }
}

impl KillSwitch {
    /// A switch that only counts.
    pub fn counting() -> Arc<Self> {
        Arc::default()
    }

    /// A switch that stops everything at the `at`-th point, counted from 0.
    pub fn at(at: usize) -> Arc<Self> {
        let switch = Self::default();
        switch.at.store(at, Ordering::SeqCst);
        switch.armed.store(true, Ordering::SeqCst);
        Arc::new(switch)
    }

    /// Counts from here on, at the `at`-th point.
    pub fn arm(&self, at: usize) {
        self.passed.store(0, Ordering::SeqCst);
        self.at.store(at, Ordering::SeqCst);
        self.armed.store(true, Ordering::SeqCst);
    }

    /// Stops everything at the first point of this [`kind`] from here on.
    pub fn arm_kind(&self, kind: &str) {
        *self.at_kind.lock().unwrap_or_else(PoisonError::into_inner) = Some(kind.to_owned());
    }

    /// Only counts from here on.
    pub fn disarm(&self) {
        self.armed.store(false, Ordering::SeqCst);
        self.at_kind.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Holds everything at points whose name contains `part`.
    pub fn hold(&self, part: &'static str) -> Arc<Hold> {
        let hold = Arc::new(Hold { part, reached: watch::Sender::new(false), released: watch::Sender::new(false) });
        *self.hold.lock().unwrap_or_else(PoisonError::into_inner) = Some(hold.clone());
        hold
    }

    /// How many points were passed.
    pub fn passed(&self) -> usize {
        self.passed.load(Ordering::SeqCst)
    }

    /// Whether the point was reached.
    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// The name of the point at which it struck.
    pub fn struck(&self) -> Option<String> {
        self.struck.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the points were.
    pub fn names(&self) -> Vec<String> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Passes a point, or never comes back.
    pub async fn point(&self, name: impl FnOnce() -> String) {
        let index = self.passed.fetch_add(1, Ordering::SeqCst);
        let name = name();
        let hold = self.hold.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let hold = hold.filter(|hold| name.contains(hold.part));
        let at_kind = self.at_kind.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.names.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
        if let Some(hold) = hold {
            hold.pass().await;
        }
        let here = self.armed.load(Ordering::SeqCst) && index == self.at.load(Ordering::SeqCst);
        if here || at_kind.is_some_and(|at| at == kind(&name)) {
            self.struck.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(name);
            self.dead.store(true, Ordering::SeqCst);
        }
        if self.is_dead() {
            // The runtime is dropped while this waits.
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Interceptor for KillSwitch {
    async fn before(&self, call: &Call<'_>) {
        self.point(|| format!("before {} {}", call.method, call.path)).await;
    }

    async fn after(&self, call: &Call<'_>, _status: Option<u16>) {
        self.point(|| format!("after {} {}", call.method, call.path)).await;
    }
}

/// A layer of the Kubernetes client whose writes are points. Events are left out: nothing hangs on them.
#[derive(Clone)]
pub struct KillLayer(pub Arc<KillSwitch>);

impl<S> Layer<S> for KillLayer {
    type Service = KillService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        KillService { inner: Arc::new(tokio::sync::Mutex::new(inner)), switch: self.0.clone() }
    }
}

/// See [`KillLayer`].
pub struct KillService<S> {
    inner: Arc<tokio::sync::Mutex<S>>,
    switch: Arc<KillSwitch>,
}

impl<S, A, B> Service<Request<A>> for KillService<S>
where
    S: Service<Request<A>, Response = Response<B>> + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    A: Send + 'static,
    B: Send,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let (inner, switch) = (self.inner.clone(), self.switch.clone());
        let path = request.uri().path().to_owned();
        let method = request.method().clone();
        let write = method != Method::GET && !path.contains("/events");
        Box::pin(async move {
            if write {
                switch.point(|| format!("before {method} {path}")).await;
            }
            let answer = {
                let mut inner = inner.lock().await;
                std::future::poll_fn(|context| inner.poll_ready(context)).await?;
                inner.call(request)
            };
            let answer = answer.await;
            if write {
                switch.point(|| format!("after {method} {path}")).await;
            }
            answer
        })
    }
}
