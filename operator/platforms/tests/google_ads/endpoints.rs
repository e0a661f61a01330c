//! S7: credentials go to the endpoints that are allowed and nowhere else.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use adops_core::secret::Secret;
use adops_platforms::allow::AllowList;
use adops_platforms::error::PlatformError;
use adops_platforms::port::{AdPlatform, ConnectError};
use adops_platforms::resolve::Lookup;
use adops_platforms::transport::Transport;
use async_trait::async_trait;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{Counter, World, connect, secrets, try_connect};

/// A server on a free port that gives everybody the same answer and counts who comes.
struct Server {
    address: SocketAddr,
    visits: Arc<AtomicUsize>,
}

impl Server {
    async fn start(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), visits: Arc::default() };
        let visits = server.visits.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                visits.fetch_add(1, Ordering::SeqCst);
                let answer = answer.clone();
                tokio::spawn(async move {
                    let _ = stream.read(&mut [0; 4096]).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        server
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }
}

fn answer(status: &str, headers: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n")
}

fn credentials(world: &World, change: &[(&str, String)]) -> BTreeMap<String, Secret> {
    let mut credentials = secrets(&world.sim);
    credentials.extend(change.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(value.clone()))));
    credentials
}

fn key_file(change: &serde_json::Value) -> String {
    let mut key = json!({
        "type": "service_account",
        "client_email": "adops@adsim.iam.gserviceaccount.com",
        "private_key": include_str!("service-account.pem"),
    });
    for (name, value) in change.as_object().unwrap() {
        key[name] = value.clone();
    }
    key.to_string()
}

#[tokio::test]
async fn a_redirect_is_followed_by_no_request_even_to_an_endpoint_that_is_allowed() {
    let world = World::start().await;
    for status in
        ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let second = Server::start(answer("200 OK", "")).await;
        let first = Server::start(answer(status, &format!("location: {}/steal\r\n", second.url()))).await;
        // Where tokens come from, then the API itself.
        let from_token = credentials(&world, &[("token_uri", format!("{}/token", first.url()))]);
        let google = connect(&world.sim, &world.counter, from_token);
        assert!(google.account().await.is_err(), "{status}");
        let transport = Transport::new(allow(&["http://127.0.0.1"]), Duration::from_secs(5), None, None).unwrap();
        let sent = transport.send(false, |client| client.post(first.url()).bearer_auth("a-token")).await.unwrap();
        assert!((300..400).contains(&sent.status));
        assert_eq!((first.visits(), second.visits()), (2, 0), "{status}");
    }
}

fn allow(origins: &[&str]) -> AllowList {
    AllowList::new(&origins.iter().map(|origin| (*origin).to_owned()).collect::<Vec<_>>()).unwrap()
}

#[tokio::test]
async fn a_key_file_that_leads_elsewhere_is_refused_before_anything_is_sent() {
    let world = World::start().await;
    let trap = Server::start(answer("200 OK", "")).await;
    let elsewhere = format!("http://localhost:{}", trap.address.port());
    for (change, expected) in [
        (json!({"token_uri": format!("{elsewhere}/token")}), elsewhere.as_str()),
        (json!({"token_uri": "https://oauth2.googleapis.com.evil.example/token"}), "evil.example"),
        (json!({"token_uri": "http://169.254.169.254/computeMetadata/v1/"}), "169.254.169.254"),
        (json!({"token_uri": "http://oauth2.googleapis.com/token"}), "http://oauth2.googleapis.com"),
        (json!({"universe_domain": "evil.example"}), "universe_domain"),
        (json!({"private_key": null, "type": "external_account", "token_url": elsewhere}), "service account"),
    ] {
        let only_key = BTreeMap::from([("key.json".to_owned(), Secret::new(key_file(&change)))]);
        let error = try_connect(&world.sim, &world.counter, only_key).err().unwrap();
        assert!(matches!(error, ConnectError::NotAllowed { .. } | ConnectError::BadKey { .. }), "{change}: {error:?}");
        assert!(error.to_string().contains(expected), "{change}: {error}");
    }
    let of_secret = credentials(&world, &[("token_uri", format!("{elsewhere}/token"))]);
    assert!(matches!(
        try_connect(&world.sim, &world.counter, of_secret).err(),
        Some(ConnectError::NotAllowed { url }) if url == elsewhere
    ));
    assert_eq!((trap.visits(), world.counter.reads()), (0, 0));
}

/// Answers each question with the next of its addresses.
struct Rebinding {
    answers: Vec<SocketAddr>,
    asked: AtomicUsize,
}

#[async_trait]
impl Lookup for Rebinding {
    async fn lookup(&self, _name: &str) -> std::io::Result<Vec<SocketAddr>> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(vec![self.answers[asked.min(self.answers.len() - 1)]])
    }
}

async fn visit(allow: AllowList, answers: &[SocketAddr], port: u16) -> Vec<Result<u16, PlatformError>> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let lookup = Arc::new(Rebinding { answers: answers.to_vec(), asked: AtomicUsize::new(0) });
    let transport = Transport::new(allow.with_lookup(lookup), Duration::from_secs(5), None, None).unwrap();
    let mut outcomes = Vec::new();
    for _ in answers {
        let url = format!("http://ads.example:{port}/token");
        outcomes.push(transport.send(false, |client| client.post(url)).await.map(|answer| answer.status));
    }
    outcomes
}

#[tokio::test]
async fn what_a_name_resolves_to_is_judged_at_each_connection() {
    let inside = Server::start(answer("200 OK", "")).await;
    let port = inside.address.port();
    let local: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let metadata: SocketAddr = "169.254.169.254:0".parse().unwrap();
    let mapped: SocketAddr = "[::ffff:127.0.0.1]:0".parse().unwrap();
    // The name is on the list, what it resolves to is not.
    for address in [local, metadata, mapped] {
        let outcomes = visit(allow(&["http://ads.example"]), &[address], port).await;
        assert!(
            matches!(&outcomes[..], [Err(PlatformError::Unavailable { message })] if message.contains("no public address")),
            "{outcomes:?}"
        );
    }
    assert_eq!(inside.visits(), 0);
    // A name that first answers with an address on the list, then with another: only the first is visited.
    let other = SocketAddr::from(([127, 0, 0, 2], 0));
    let outcomes = visit(allow(&["http://ads.example", "http://127.0.0.1"]), &[local, other], port).await;
    assert!(matches!(&outcomes[..], [Ok(200), Err(PlatformError::Unavailable { .. })]), "{outcomes:?}");
    assert_eq!(inside.visits(), 1);
}

/// Set for a process that this test has started.
const CHILD: &str = "ADOPS_TEST_BEHIND_PROXY";

#[tokio::test]
async fn a_proxy_of_the_environment_sees_no_credential() {
    if std::env::var_os(CHILD).is_some() {
        let world = World::start().await;
        assert!(world.google.account().await.unwrap().enabled);
        return;
    }
    let proxy = Server::start(answer("200 OK", "")).await;
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "endpoints::a_proxy_of_the_environment_sees_no_credential"]).env(CHILD, "1");
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, proxy.url());
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    assert_eq!(proxy.visits(), 0);
}

#[tokio::test]
async fn what_a_platform_repeats_of_a_secret_is_not_told_and_its_words_are_plain() {
    let world = World::start().await;
    let said = json!({
        "error": "invalid_grant",
        "error_description": format!("\u{1b}[31mno grant for adsim-refresh by adsim-secret{}", "!".repeat(5000)),
    });
    let effect = adsim::Effect::Status { status: 400, body: said };
    world.sim.faults().add(adsim::Fault::new(adsim::Match::path("token"), effect).times(1));
    let message = world.google.account().await.unwrap_err().to_string();
    assert!(message.contains("no grant for (hidden) by (hidden)"), "{message}");
    assert!(message.len() < 1000 && !message.contains('\u{1b}'), "{message}");

    let google = connect(
        &world.sim,
        &Arc::new(Counter::default()),
        credentials(&world, &[("developer_token", "dev-t0ken-77".into())]),
    );
    let said = json!({"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "the developer token dev-t0ken-77 is\u{7} not approved"}});
    let effect = adsim::Effect::Status { status: 403, body: said };
    world.sim.faults().add(adsim::Fault::new(adsim::Match::path("googleAds"), effect));
    let message = google.account().await.unwrap_err().to_string();
    assert!(message.contains("(hidden) is  not approved"), "{message}");
}
