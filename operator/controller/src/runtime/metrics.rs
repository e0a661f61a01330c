//! Prometheus metrics.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use adops_core::campaign::plan::Importance;
use adops_core::queue::Use;
use adops_platforms::quota::{Quotas, UseObserver};
use adops_platforms::transport::{Call, Interceptor};
use async_trait::async_trait;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Labels of a reconcile.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Pass {
    /// `AdAccount` or `Campaign`.
    pub kind: &'static str,
    /// The reason of its end.
    pub reason: &'static str,
}

/// Labels of a platform change.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Changed {
    /// What was done.
    pub action: &'static str,
    /// `applied`, `failed` or `unknown`.
    pub outcome: &'static str,
}

/// Labels of a look at an image or video.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Fetch {
    /// `read`, `unchanged` or `failed`.
    pub outcome: &'static str,
}

/// Labels of a platform request.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Requested {
    /// `read` or `write`.
    pub kind: &'static str,
    /// The HTTP status, or `none`.
    pub status: String,
}

/// Labels by kind.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Kind {
    /// `AdAccount` or `Campaign`.
    pub kind: &'static str,
}

/// Labels of what waits in the queues of accounts.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Class {
    /// `stop`, `decrease`, `mark`, `increase` or `cosmetic`.
    pub class: &'static str,
}

impl Class {
    /// Of an importance.
    pub fn of(importance: Importance) -> Self {
        let class = match importance {
            Importance::Stop => "stop",
            Importance::Decrease => "decrease",
            Importance::Mark => "mark",
            Importance::Increase => "increase",
            Importance::Cosmetic => "cosmetic",
        };
        Self { class }
    }
}

/// Labels of a platform's quota.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Spent {
    /// The platform and a hash of the project or app.
    pub scope: String,
    /// `protect`, `observe`, `grow` or `polish`.
    pub purpose: &'static str,
}

/// Labels by scope of a platform's quota.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct OfScope {
    /// The platform and a hash of the project or app.
    pub scope: String,
}

/// All metrics.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    /// Passes by kind and the reason of their end.
    pub passes: Family<Pass, Counter>,
    /// Platform changes by action and outcome.
    pub changes: Family<Changed, Counter>,
    /// Platform requests.
    pub requests: Family<Requested, Counter>,
    /// Looks at images and videos by URL.
    pub media_fetches: Family<Fetch, Counter>,
    /// Changes that wait for their turn, by class of importance.
    pub waiting: Family<Class, Gauge>,
    /// Seconds from when a change was ready to when it was sent.
    pub wait_seconds: Family<Class, Histogram>,
    /// Operations used of a platform's quota.
    pub operations: Family<Spent, Counter>,
    /// Operations used today, by this process.
    pub operations_today: Family<OfScope, Gauge>,
    /// Operations of a day, where that is known.
    pub operations_per_day: Family<OfScope, Gauge>,
    /// Status writes by kind.
    pub status_writes: Family<Kind, Counter>,
    /// Ready keys by kind.
    pub queue_depth: Family<Kind, Gauge>,
    /// Seconds of a pass.
    pub pass_seconds: Family<Kind, Histogram>,
    /// Unix time of the last full listing that was read to its end.
    pub last_listing: Gauge<f64, AtomicU64>,
    /// After how many seconds the account of that listing is listed again.
    pub listing_interval: Gauge,
    /// Whether this process acts.
    pub leader: Gauge,
    /// Changes that an operator which only observes would make.
    pub planned: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("adops");
        let passes = Family::default();
        let changes = Family::default();
        let requests = Family::default();
        let media_fetches = Family::default();
        let waiting = Family::default();
        let wait_seconds: Family<Class, Histogram> = Family::new_with_constructor(seconds);
        let operations = Family::default();
        let operations_today = Family::default();
        let operations_per_day = Family::default();
        let status_writes = Family::default();
        let queue_depth = Family::default();
        let pass_seconds: Family<Kind, Histogram> = Family::new_with_constructor(seconds);
        let last_listing = Gauge::default();
        let listing_interval: Gauge = Gauge::default();
        let leader: Gauge = Gauge::default();
        let planned: Gauge = Gauge::default();
        registry.register("reconcile", "Passes by kind and the reason of their end", passes.clone());
        registry.register("platform_changes", "Changes sent to a platform", changes.clone());
        registry.register("platform_requests", "Requests sent to a platform", requests.clone());
        registry.register("media_fetches", "Looks at images and videos by URL", media_fetches.clone());
        registry.register("queue_changes", "Changes that wait for their turn on an account", waiting.clone());
        registry.register(
            "queue_wait_seconds",
            "From when a change was ready to when it was sent",
            wait_seconds.clone(),
        );
        registry.register("quota_operations", "Operations used of a platform's quota", operations.clone());
        registry.register(
            "quota_operations_today",
            "Operations of a platform's quota used today by this process",
            operations_today.clone(),
        );
        registry.register(
            "quota_operations_per_day",
            "Operations that a platform takes a day, where that is known",
            operations_per_day.clone(),
        );
        registry.register("status_writes", "Writes of a status", status_writes.clone());
        registry.register("queue_depth", "Keys that wait for a worker", queue_depth.clone());
        registry.register("reconcile_seconds", "How long a pass takes", pass_seconds.clone());
        registry.register(
            "last_listing_timestamp_seconds",
            "When an account was last listed to the end",
            last_listing.clone(),
        );
        registry.register(
            "listing_interval_seconds",
            "After how long the account of the last listing is listed again",
            listing_interval.clone(),
        );
        registry.register("leader", "1 while this process acts, 0 while it stands by or observes", leader.clone());
        registry.register("planned_changes", "Changes that --observe withholds", planned.clone());
        Self {
            registry: Arc::new(registry),
            passes,
            changes,
            requests,
            media_fetches,
            waiting,
            wait_seconds,
            operations,
            operations_today,
            operations_per_day,
            status_writes,
            queue_depth,
            pass_seconds,
            last_listing,
            listing_interval,
            leader,
            planned,
        }
    }
}

impl Metrics {
    /// The text that Prometheus scrapes.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing into a String does not fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}

impl Metrics {
    /// Takes over what the quotas tell.
    pub fn show_quotas(&self, quotas: &Quotas) {
        let as_gauge = |operations: u64| i64::try_from(operations).unwrap_or(i64::MAX);
        for quota in quotas.all() {
            let scope = OfScope { scope: quota.name().to_owned() };
            self.operations_today.get_or_create(&scope).set(as_gauge(quota.used()));
            if let Some(size) = quota.size() {
                self.operations_per_day.get_or_create(&scope).set(as_gauge(size));
            }
        }
    }
}

impl UseObserver for Metrics {
    fn used(&self, scope: &str, of: Use, operations: u64) {
        let spent = Spent { scope: scope.to_owned(), purpose: of.as_str() };
        self.operations.get_or_create(&spent).inc_by(operations);
    }
}

fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 4.0, 9))
}

/// Counts requests, then asks the next interceptor.
pub struct CountingInterceptor {
    metrics: Metrics,
    next: Option<Arc<dyn Interceptor>>,
}

impl CountingInterceptor {
    /// Counts into `metrics`, then asks `next`.
    pub fn new(metrics: Metrics, next: Option<Arc<dyn Interceptor>>) -> Self {
        Self { metrics, next }
    }
}

#[async_trait]
impl Interceptor for CountingInterceptor {
    async fn before(&self, call: &Call<'_>) {
        if let Some(next) = &self.next {
            next.before(call).await;
        }
    }

    async fn after(&self, call: &Call<'_>, status: Option<u16>) {
        let kind = if call.write { "write" } else { "read" };
        let status_text = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        self.metrics.requests.get_or_create(&Requested { kind, status: status_text }).inc();
        if let Some(next) = &self.next {
            next.after(call, status).await;
        }
    }
}
