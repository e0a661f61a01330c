//! HTTP: the platforms' port. Faults strike here, before and after the platform proper.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::Inner;
use crate::faults::{Effect, Facts};
use crate::google::errors::AdsError;
use crate::google::mutate::Operation;
use crate::google::service::{Answer, Call, account_of, name_of, operations_of};
use crate::record::{RecordedRequest, public_headers};

/// Largest body that is read.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// A connection that a fault can cut.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    cut: Arc<AtomicBool>,
}

impl Connection {
    fn check(&self) -> io::Result<()> {
        if self.cut.load(Ordering::Acquire) { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A listener whose connections can be cut.
pub(crate) struct Cuttable(pub(crate) TcpListener);

impl Listener for Cuttable {
    type Io = Connection;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.0.accept().await {
                Ok((stream, address)) => {
                    // Requests and answers are small and alternate: waiting for more to send costs 40 ms each.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "cannot set TCP_NODELAY");
                    }
                    return (Connection { stream, cut: Arc::default() }, address);
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// The switch that cuts a request's connection.
#[derive(Debug, Clone)]
pub(crate) struct Cut(Arc<AtomicBool>);

impl Connected<IncomingStream<'_, Cuttable>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Cuttable>) -> Cut {
        Cut(Arc::clone(&stream.io().cut))
    }
}

/// The platforms' router.
pub(crate) fn router(inner: Arc<Inner>) -> Router {
    Router::new().fallback(handle).with_state(inner)
}

/// A request that has been read.
struct Incoming {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

async fn handle(State(inner): State<Arc<Inner>>, ConnectInfo(cut): ConnectInfo<Cut>, request: Request) -> Response {
    let _in_flight = inner.in_flight();
    let (parts, body) = request.into_parts();
    let body = match to_bytes(body, MOST_BYTES).await {
        Ok(body) => body,
        Err(error) => return response(StatusCode::BAD_REQUEST, error.to_string(), None),
    };
    let incoming = Incoming {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    let effects = strike(&inner, &incoming);
    for effect in &effects {
        if let Effect::Latency { millis } = effect {
            tokio::time::sleep(Duration::from_millis(*millis)).await;
        }
    }
    if effects.contains(&Effect::HangBefore) {
        record(&inner, &incoming, 0, "", false);
        return std::future::pending().await;
    }
    if effects.contains(&Effect::CutBefore) {
        record(&inner, &incoming, 0, "", false);
        return sever(&cut);
    }
    let (status, text, request_id) = answer(&inner, &incoming, &effects);
    let hangs = effects.contains(&Effect::HangAfter);
    let cuts = effects.contains(&Effect::CutAfter);
    record(&inner, &incoming, status.as_u16(), &text, !hangs && !cuts);
    if hangs {
        return std::future::pending().await;
    }
    if cuts {
        return sever(&cut);
    }
    response(status, text, request_id)
}

fn strike(inner: &Inner, incoming: &Incoming) -> Vec<Effect> {
    let text = String::from_utf8_lossy(&incoming.body);
    let operations = || operations_of(&incoming.path, &incoming.body);
    inner.faults.strike(&Facts {
        method: &incoming.method,
        path: &incoming.path,
        account: account_of(&incoming.path),
        operations: &operations,
        text: &text,
    })
}

/// Cuts the connection; the answer never leaves.
fn sever(cut: &Cut) -> Response {
    cut.0.store(true, Ordering::Release);
    response(StatusCode::SERVICE_UNAVAILABLE, String::new(), None)
}

fn answer(inner: &Inner, incoming: &Incoming, effects: &[Effect]) -> (StatusCode, String, Option<String>) {
    for effect in effects {
        match effect {
            Effect::Status { status, body } => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let text = match body {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    body => body.to_string(),
                };
                return (status, text, None);
            }
            Effect::Error { category, code } => {
                let error = AdsError::new(category, code, "A fault of the simulator.");
                let answer = inner.google().refuse(&incoming.path, error);
                return (answer.status, answer.body, Some(answer.request_id));
            }
            _ => {}
        }
    }
    if incoming.path == "/token" {
        let (status, body) = token(inner, incoming);
        return (status, body.to_string(), None);
    }
    let Answer { status, body, request_id, changes } = call(inner, incoming);
    inner.ledger.add(changes);
    (status, body, Some(request_id))
}

fn token(inner: &Inner, incoming: &Incoming) -> (StatusCode, Value) {
    if incoming.method != "POST" {
        return (StatusCode::METHOD_NOT_ALLOWED, json!({ "error": "invalid_request" }));
    }
    let form = form(&incoming.body);
    let url = inner.token_url();
    let mut google = inner.google();
    let google = &mut *google;
    google.auth.token(&form, &google.config, &url)
}

fn call(inner: &Inner, incoming: &Incoming) -> Answer {
    let header = |name: &str| incoming.headers.get(name).and_then(|v| v.to_str().ok());
    let rejects = inner.faults.rejects();
    let mut reject = |operation: &Operation| {
        if !rejects {
            return None;
        }
        let names = || vec![name_of(operation)];
        let text = operation.text();
        let facts = Facts {
            method: &incoming.method,
            path: &incoming.path,
            account: account_of(&incoming.path),
            operations: &names,
            text: &text,
        };
        match inner.faults.reject(&facts) {
            Some(Effect::Reject { category, code }) => {
                Some(AdsError::new(&category, &code, "A fault of the simulator."))
            }
            _ => None,
        }
    };
    let call = Call {
        method: &incoming.method,
        path: &incoming.path,
        authorization: header("authorization"),
        login_customer: header("login-customer-id"),
        body: &incoming.body,
        now: inner.clock.now(),
    };
    inner.google().call(&call, &mut reject)
}

/// Reads `application/x-www-form-urlencoded`.
fn form(body: &[u8]) -> HashMap<String, String> {
    let text = String::from_utf8_lossy(body);
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(k, v)| (percent_decode(k), percent_decode(v)))
        .collect()
}

fn percent_decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let hex: Vec<u8> = bytes.by_ref().take(2).collect();
                let value = std::str::from_utf8(&hex).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
                out.push(value.unwrap_or(b'?'));
            }
            byte => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn response(status: StatusCode, body: String, request_id: Option<String>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
    if let Some(id) = request_id.and_then(|id| HeaderValue::from_str(&id).ok()) {
        headers.insert("request-id", id);
    }
    response
}

fn record(inner: &Inner, incoming: &Incoming, status: u16, text: &str, answered: bool) {
    if !inner.recorder.is_on() {
        return;
    }
    let is_token = incoming.path == "/token";
    let body = if is_token {
        json!({ "grant_type": form(&incoming.body).remove("grant_type") })
    } else {
        parse_or_text(&String::from_utf8_lossy(&incoming.body))
    };
    let path =
        if incoming.query.is_empty() { incoming.path.clone() } else { format!("{}?{}", incoming.path, incoming.query) };
    inner.recorder.add(RecordedRequest {
        platform: "google".into(),
        method: incoming.method.clone(),
        path,
        headers: public_headers(&incoming.headers),
        body,
        status,
        response: if is_token { Value::Null } else { parse_or_text(text) },
        answered,
    });
}

fn parse_or_text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { serde_json::from_str(text).unwrap_or_else(|_| text.into()) }
}
