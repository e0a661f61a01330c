//! HTTP: the platforms' port. Faults strike here, before and after the platform proper.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use http::{HeaderValue, StatusCode, header};
use jiff::SignedDuration;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::Inner;
use crate::faults::{Effect, Facts};
use crate::platform::{Answer, PlatformName, Request, World};
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

async fn handle(
    State(inner): State<Arc<Inner>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: axum::extract::Request,
) -> Response {
    let _in_flight = inner.in_flight();
    let (parts, body) = request.into_parts();
    if let Some(file) = file(&inner, &parts) {
        return Response::new(Body::from(file));
    }
    let body = match to_bytes(body, MOST_BYTES).await {
        Ok(body) => body,
        Err(error) => return response(plain(StatusCode::BAD_REQUEST, error.to_string())),
    };
    let request = Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    let platform = PlatformName::of(&request.path);
    let effects = strike(&inner, platform, &request);
    for effect in &effects {
        if let Effect::Latency { millis } = effect {
            tokio::time::sleep(Duration::from_millis(*millis)).await;
        }
    }
    if effects.contains(&Effect::HangBefore) {
        record(&inner, platform, &request, 0, "", false);
        return std::future::pending().await;
    }
    if effects.contains(&Effect::CutBefore) {
        record(&inner, platform, &request, 0, "", false);
        return sever(&cut);
    }
    let answer = answer(&inner, platform, &request, &effects);
    let hangs = effects.contains(&Effect::HangAfter);
    let cuts = effects.contains(&Effect::CutAfter);
    record(&inner, platform, &request, answer.status.as_u16(), &answer.body, !hangs && !cuts);
    if hangs {
        return std::future::pending().await;
    }
    if cuts {
        return sever(&cut);
    }
    response(answer)
}

/// A file of a platform's, which lies beside its API: no call, and on no record.
fn file(inner: &Inner, parts: &http::request::Parts) -> Option<Bytes> {
    let query = parts.uri.query().filter(|_| parts.method == http::Method::GET)?;
    inner.platforms.with(PlatformName::Meta, |p| p.file(parts.uri.path(), query))
}

fn strike(inner: &Inner, platform: PlatformName, request: &Request) -> Vec<Effect> {
    if inner.faults.is_empty() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&request.body);
    let account = inner.platforms.with(platform, |p| p.account_of(request));
    let operations = || inner.platforms.with(platform, |p| p.operations_of(request));
    inner.faults.strike(&Facts {
        platform,
        method: &request.method,
        path: &request.path,
        account: &account,
        operations: &operations,
        text: &text,
    })
}

/// Cuts the connection; the answer never leaves.
fn sever(cut: &Cut) -> Response {
    cut.0.store(true, Ordering::Release);
    response(plain(StatusCode::SERVICE_UNAVAILABLE, String::new()))
}

fn answer(inner: &Inner, platform: PlatformName, request: &Request, effects: &[Effect]) -> Answer {
    let mut stale = SignedDuration::ZERO;
    for effect in effects {
        match effect {
            Effect::Status { status, body } => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let text = match body {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    body => body.to_string(),
                };
                return plain(status, text);
            }
            Effect::Error { category, code } => {
                return inner.platforms.with(platform, |p| p.refuse(request, category, code));
            }
            Effect::Stale { seconds } => stale = stale.max(SignedDuration::from_secs(*seconds)),
            _ => {}
        }
    }
    let url = inner.url();
    let world = World { now: inner.clock.now(), url: &url, faults: &inner.faults, stale };
    inner.platforms.with(platform, |p| {
        let mut answer = p.answer(request, &world);
        // Under the platform's lock, so that the ledger has changes in the order in which they took effect.
        inner.ledger.add(std::mem::take(&mut answer.changes));
        answer
    })
}

fn plain(status: StatusCode, body: String) -> Answer {
    Answer { status, body, headers: Vec::new(), changes: Vec::new() }
}

fn response(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

fn record(inner: &Inner, platform: PlatformName, request: &Request, status: u16, text: &str, answered: bool) {
    if !inner.recorder.is_on() {
        return;
    }
    let recordable = inner.platforms.with(platform, |p| p.recordable(request, text));
    inner.recorder.add(RecordedRequest {
        platform: platform.as_str().to_owned(),
        method: request.method.clone(),
        path: recordable.path,
        headers: public_headers(&request.headers),
        body: recordable.body,
        status,
        response: recordable.response,
        answered,
    });
}
