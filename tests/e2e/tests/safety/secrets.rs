//! S7: no secret leaves the process but to the platform that it is for.

use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use adops_e2e::given;
use adops_e2e::world::World;
use adsim::config::OAuthClient;
use adsim::{Effect, Fault, Match};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::ListParams;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// All that is logged in this process, in as many words as there are.
fn log() -> &'static Arc<Mutex<Vec<u8>>> {
    static LOG: OnceLock<Arc<Mutex<Vec<u8>>>> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Arc::new(Mutex::new(Vec::new()));
        let sink = log.clone();
        // Everybody's words, but of those that log bytes on a wire only what a person could ask for.
        let filter = EnvFilter::new("debug,adops=trace,adops_platforms=trace,adops_controller=trace,h2=info");
        let logs = tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(move || Sink(sink.clone()));
        let _ = logs.try_init();
        log
    })
}

struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const ID: &str = "s7-client";
const SECRET: &str = "s7-client-secret-9f3b";
const TOKEN: &str = "s7-refresh-token-77aa";
const WRONG: &str = "s7-wrong-secret-51cd";

/// What must be found nowhere: secrets as they are, as the API server holds them, and what they are exchanged for.
fn forbidden() -> Vec<String> {
    let mut all: Vec<String> = [SECRET, TOKEN, WRONG].into_iter().map(str::to_owned).collect();
    let encoded = |text: &str| {
        let json = serde_json::to_value(k8s_openapi::ByteString(text.as_bytes().to_vec())).unwrap();
        json.as_str().unwrap().trim_end_matches('=').to_owned()
    };
    all.extend([SECRET, TOKEN, WRONG].map(encoded));
    all.push("ya29.".to_owned());
    all
}

fn keys(secret: &str) -> Value {
    json!({"client_id": ID, "client_secret": secret, "refresh_token": TOKEN})
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_a_log_an_event_a_status_or_a_metric() {
    let log = log();
    let world = given::world_with(|config| {
        config.google.clients = vec![OAuthClient {
            client_id: ID.into(),
            client_secret: SECRET.into(),
            refresh_token: TOKEN.into(),
            ..OAuthClient::default()
        }];
    });
    let Some(mut world) = world.await else { return };
    // Wrong first, then right, then everything that can go wrong on the way.
    world.patch_secret("google-ads", keys(WRONG)).await;
    world.start_operator().await;
    world.apply(&given::campaign("spring", json!({}))).await.unwrap();
    world.until_account("google-global", "Stalled", "True", "CredentialsInvalid").await;
    world.patch_secret("google-ads", keys(SECRET)).await;
    world.until_ready("spring").await;
    for effect in [Effect::CutAfter, Effect::CutBefore, Effect::Status { status: 500, body: json!({"error": "x"}) }] {
        world.sim.faults().add(Fault::new(Match::default(), effect).times(3));
        world.sim.expire_tokens();
        world.patch_campaign("spring", json!({"budget": {"daily": "80.00"}})).await;
        world.poll().await;
    }
    world.sim.revoke_grant(TOKEN);
    world.until_account("google-global", "Stalled", "True", "CredentialsRevoked").await;
    world.patch_secret("google-ads", json!({"key.json": format!("{{\"private_key\": \"{WRONG}\"}}")})).await;
    world.until_account("google-global", "Stalled", "True", "CredentialsInvalid").await;

    let snapshot = world.look().await;
    let events = serde_json::to_string(&world.events().await).unwrap();
    assert!(!world.events().await.is_empty());
    let stored = format!(
        "{}{}",
        serde_json::to_string(&snapshot.campaigns).unwrap(),
        serde_json::to_string(&snapshot.accounts).unwrap()
    );
    let metrics = world.operator.as_ref().unwrap().shared.metrics.encode();
    assert!(metrics.contains("adops_platform_requests"));
    let logged = String::from_utf8_lossy(&log.lock().unwrap()).into_owned();
    assert!(logged.contains("CredentialsRevoked"), "the log is captured");
    for (place, text) in [("an Event", &events), ("an object", &stored), ("metrics", &metrics), ("the log", &logged)] {
        for word in forbidden() {
            let at = text.find(&word).map(|at| text[at.saturating_sub(300)..(at + 60).min(text.len())].to_owned());
            assert_eq!(at, None, "{word} is in {place}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_role_reads_secrets_by_name_only() {
    let Some(world) = given::world().await else { return };
    let client = world.cluster.client(&world.cluster.ready.operator_kubeconfig).await.unwrap();
    let secrets: Api<Secret> = Api::namespaced(client, &world.namespace);
    assert!(secrets.get("google-ads").await.is_ok());
    let listed = secrets.list(&ListParams::default()).await;
    assert!(matches!(&listed, Err(kube::Error::Api(status)) if status.code == 403), "{listed:?}");
}

/// A port of this machine under a name that is not on the allow-list, and whether somebody has come by.
async fn trap() -> (String, tokio::task::JoinHandle<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let visited =
        tokio::spawn(async move { tokio::time::timeout(Duration::from_secs(8), listener.accept()).await.is_ok() });
    (url, visited)
}

async fn until_refused(world: &mut World, url: &str) {
    world.until_account("google-global", "Stalled", "True", "EndpointNotAllowed").await;
    world.apply(&given::campaign("spring", json!({}))).await.unwrap();
    world.until_condition("spring", "Stalled", "True", "EndpointNotAllowed").await;
    let message = world.message("spring", "Ready").await;
    assert!(message.contains(url), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_not_allowed_gets_no_request() {
    let Some(mut world) = given::world().await else { return };
    let (url, visited) = trap().await;
    world.patch_account("google-global", json!({"endpoint": url})).await;
    world.start_operator().await;
    until_refused(&mut world, &url).await;
    world.poll().await;
    assert_eq!(world.sim.requests().len(), 0);
    assert!(!visited.await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_endpoint_that_is_not_allowed_gets_no_secret() {
    let Some(mut world) = given::world().await else { return };
    let (url, visited) = trap().await;
    world.patch_secret("google-ads", json!({"token_uri": format!("{url}/token")})).await;
    world.start_operator().await;
    until_refused(&mut world, &url).await;
    world.poll().await;
    assert!(!visited.await.unwrap());
}
