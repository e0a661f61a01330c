//! The admin API: all that the library can do, as JSON over HTTP on a port of its own.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Inner;
use crate::faults::{Fault, FaultId};
use crate::platform::PlatformName;

type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;

/// The admin router.
pub(crate) fn router(inner: Arc<Inner>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/ledger", get(ledger).delete(reset_ledger))
        .route("/accounts", get(accounts))
        .route("/accounts/{id}", get(account))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/faults/{id}", delete(remove_fault))
        .route("/edits", post(edit))
        .route("/clock", get(clock).post(set_clock))
        .route("/idle", get(idle))
        .route("/requests", get(requests))
        .route("/tokens/expire", post(expire_tokens))
        .route("/grants/revoke", post(revoke))
        .route("/grants/restore", post(restore))
        .route("/readLag", post(set_read_lag))
        .with_state(inner)
}

fn refuse(status: StatusCode, message: impl Into<String>) -> (StatusCode, Json<Value>) {
    (status, Json(json!({ "error": message.into() })))
}

fn to_json(value: impl serde::Serialize) -> Answer {
    serde_json::to_value(value).map(Json).map_err(|e| refuse(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))
}

async fn ledger(State(inner): State<Arc<Inner>>) -> Answer {
    to_json(inner.ledger.entries())
}

async fn reset_ledger(State(inner): State<Arc<Inner>>) -> Answer {
    inner.ledger.reset();
    Ok(Json(json!({})))
}

async fn accounts(State(inner): State<Arc<Inner>>) -> Answer {
    to_json(inner.platforms.each(|platform| platform.account_ids()).concat())
}

async fn account(State(inner): State<Arc<Inner>>, Path(id): Path<String>) -> Answer {
    let now = inner.clock.now();
    let view = inner.platforms.each(|platform| platform.view_json(&id, now)).into_iter().flatten().next();
    to_json(view.ok_or_else(|| refuse(StatusCode::NOT_FOUND, format!("there is no account {id}")))?)
}

async fn faults(State(inner): State<Arc<Inner>>) -> Answer {
    let faults: Vec<Value> =
        inner.faults.list().into_iter().map(|(id, fault)| json!({ "id": id, "fault": fault })).collect();
    to_json(faults)
}

async fn add_fault(State(inner): State<Arc<Inner>>, Json(fault): Json<Fault>) -> Answer {
    Ok(Json(json!({ "id": inner.faults.add(fault) })))
}

async fn clear_faults(State(inner): State<Arc<Inner>>) -> Answer {
    inner.faults.clear();
    Ok(Json(json!({})))
}

async fn remove_fault(State(inner): State<Arc<Inner>>, Path(id): Path<FaultId>) -> Answer {
    if inner.faults.remove(id) {
        Ok(Json(json!({})))
    } else {
        Err(refuse(StatusCode::NOT_FOUND, format!("there is no fault {id}")))
    }
}

/// An edit in its platform's form.
#[derive(Deserialize)]
struct AnyEdit {
    /// Google if not told.
    #[serde(default)]
    platform: PlatformName,
    #[serde(flatten)]
    edit: Value,
}

async fn edit(State(inner): State<Arc<Inner>>, Json(AnyEdit { platform, edit }): Json<AnyEdit>) -> Answer {
    match inner.edit(platform, |p, now| p.edit_json(edit, now)) {
        Ok(entries) => to_json(entries),
        Err(error) => Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())),
    }
}

fn clock_json(inner: &Inner) -> Value {
    json!({ "now": inner.clock.now(), "idle": inner.idle(), "nextDue": inner.next_due(), "stepped": inner.clock.is_stepped() })
}

async fn clock(State(inner): State<Arc<Inner>>) -> Answer {
    Ok(Json(clock_json(&inner)))
}

#[derive(Deserialize)]
struct SetClock {
    now: Timestamp,
}

async fn set_clock(State(inner): State<Arc<Inner>>, Json(body): Json<SetClock>) -> Answer {
    if inner.clock.set(body.now) {
        Ok(Json(clock_json(&inner)))
    } else {
        Err(refuse(StatusCode::CONFLICT, "the clock is the system's, or it would run backwards"))
    }
}

async fn idle(State(inner): State<Arc<Inner>>) -> Answer {
    Ok(Json(json!({ "idle": inner.idle() })))
}

async fn requests(State(inner): State<Arc<Inner>>) -> Answer {
    to_json(inner.recorder.kept())
}

async fn expire_tokens(State(inner): State<Arc<Inner>>) -> Answer {
    let now = inner.clock.now();
    inner.platforms.each(|platform| platform.expire_tokens(now));
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
struct Grant {
    /// Google: a refresh token or a service account's email. Others: an access token.
    grant: String,
}

async fn revoke(State(inner): State<Arc<Inner>>, Json(body): Json<Grant>) -> Answer {
    inner.platforms.each(|platform| platform.revoke(&body.grant));
    Ok(Json(json!({})))
}

async fn restore(State(inner): State<Arc<Inner>>, Json(body): Json<Grant>) -> Answer {
    inner.platforms.each(|platform| platform.restore(&body.grant));
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
struct ReadLag {
    seconds: i64,
}

async fn set_read_lag(State(inner): State<Arc<Inner>>, Json(body): Json<ReadLag>) -> Answer {
    let lag = jiff::SignedDuration::from_secs(body.seconds.max(0));
    inner.platforms.each(|platform| platform.set_read_lag(lag));
    Ok(Json(json!({})))
}
