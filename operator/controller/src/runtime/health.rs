//! What the process tells of itself over HTTP: `/healthz`, `/readyz`, `/metrics`, and with a stepped
//! clock `/clock`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use super::clock::Clock;
use crate::shared::Shared;

/// A pass that takes longer is taken for stuck.
const STUCK: Duration = Duration::from_mins(10);

/// What `/clock` tells and takes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClockState {
    /// Business time.
    pub now: Timestamp,
    /// Whether nothing is under way.
    #[serde(default)]
    pub idle: bool,
    /// The next timer.
    #[serde(default)]
    pub next_due: Option<Timestamp>,
}

/// Serves until the listener fails.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>) -> std::io::Result<()> {
    let mut router =
        Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz)).route("/metrics", get(metrics));
    if matches!(shared.clock, Clock::Stepped(_)) {
        router = router.route("/clock", get(clock).post(set_clock));
    }
    axum::serve(listener, router.with_state(shared)).await
}

/// Binds the address.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Liveness follows the work: a worker that is stuck, or a task that ended, is not alive. (A task that
/// ends also ends the process.)
async fn healthz(State(shared): State<Arc<Shared>>) -> (StatusCode, String) {
    let passes = shared.accounts_queue.longest_run().max(shared.campaigns_queue.longest_run());
    let longest = passes.max(shared.media.shelves.longest_run());
    if longest > STUCK {
        return (StatusCode::INTERNAL_SERVER_ERROR, format!("a pass has taken {} s", longest.as_secs()));
    }
    (StatusCode::OK, "ok".to_owned())
}

async fn readyz(State(shared): State<Arc<Shared>>) -> (StatusCode, &'static str) {
    if shared.campaigns.is_synced() && shared.accounts.is_synced() {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the first listing is not complete")
    }
}

async fn metrics(State(shared): State<Arc<Shared>>) -> String {
    use super::metrics::Kind;
    let depth = &shared.metrics.queue_depth;
    let as_gauge = |depth: usize| i64::try_from(depth).unwrap_or(i64::MAX);
    depth.get_or_create(&Kind { kind: "AdAccount" }).set(as_gauge(shared.accounts_queue.depth()));
    depth.get_or_create(&Kind { kind: "Campaign" }).set(as_gauge(shared.campaigns_queue.depth()));
    shared.metrics.show_quotas(&shared.quotas);
    shared.metrics.leader.set(shared.fence.leads().into());
    shared.metrics.planned.set(as_gauge(shared.planned_changes()));
    shared.metrics.encode()
}

async fn clock(State(shared): State<Arc<Shared>>) -> Json<ClockState> {
    Json(shared.clock_state())
}

async fn set_clock(State(shared): State<Arc<Shared>>, Json(wanted): Json<ClockState>) -> Json<ClockState> {
    if let Clock::Stepped(stepped) = &shared.clock {
        stepped.set(wanted.now);
    }
    Json(shared.clock_state())
}
