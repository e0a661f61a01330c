//! Faults: what the client sees and what took effect. Recordings without secrets.

use adsim::{Effect, Fault, Match, PlatformName};
use serde_json::{Value, json};

use crate::support::{ADVERTISER, Client, TOKEN, campaign, config, told};

const CREATE: &str = "smart_plus/campaign/create";

fn error(code: &str) -> Effect {
    Effect::Error { category: String::new(), code: code.into() }
}

#[tokio::test]
async fn errors_of_the_service_come_as_it_tells_them() {
    let client = Client::start().await;
    for (code, message) in [
        (40100, "Too many requests. Please retry in some time."),
        (40016, "Too many requests. Please retry in some time."),
        (40202, "Write or update entity conflict."),
        (50000, "System error"),
        (51305, "Satellite service error."),
        (60001, "The system is in maintenance."),
    ] {
        let when = Match::platform(PlatformName::TikTok).operation("campaign.create").account(ADVERTISER);
        client.sim.faults().add(Fault::new(when, error(&code.to_string())).times(1));
        let answer = client.post(CREATE, &campaign("1", "spring", json!({"budget": 50}))).await;
        assert_eq!(told(&answer), (code, message));
    }
    assert!(client.view().campaigns.is_empty());
    client
        .sim
        .faults()
        .add(Fault::new(Match::path("v1.3/advertiser"), Effect::Status { status: 502, body: Value::Null }).times(1));
    let url = format!("{}/v1.3/advertiser/info/", client.sim.tiktok_url());
    assert_eq!(client.raw(client.http.get(url)).await.0, 502);
}

#[tokio::test]
async fn a_cut_connection_leaves_the_client_in_doubt() {
    let client = Client::start().await;
    let url = format!("{}/v1.3/{CREATE}/", client.sim.tiktok_url());
    let send = async |request_id: &str| {
        let body = campaign(request_id, "spring", json!({"budget": 50}));
        client.http.post(&url).header("Access-Token", TOKEN).json(&body).send().await
    };
    let when = || Match::platform(PlatformName::TikTok).operation("campaign");
    client.sim.faults().add(Fault::new(when(), Effect::CutBefore).times(1));
    assert!(send("1").await.is_err());
    assert!(client.view().campaigns.is_empty());
    client.sim.faults().add(Fault::new(when(), Effect::CutAfter).times(1));
    assert!(send("1").await.is_err());
    assert_eq!(client.view().campaigns.len(), 1);
    let again: Value = send("1").await.unwrap().json().await.unwrap();
    assert_eq!(told(&again).0, 40050, "within the window it is not made twice, nor is its id told");
    let other: Value = send("2").await.unwrap().json().await.unwrap();
    assert_eq!(told(&other).0, 0, "another request_id makes another campaign of the same name");
    assert_eq!(client.view().campaigns.len(), 2);
}

#[tokio::test]
async fn one_object_of_many_is_refused() {
    let client = Client::start().await;
    let (a, b) = (client.campaign("a", 50.0).await, client.campaign("b", 50.0).await);
    let reject = Effect::Reject { category: "Not now.".into(), code: "40700".into() };
    client.sim.faults().add(Fault::new(Match::path("status").operation("campaign.disable").contains(&b), reject));
    let body = json!({"advertiser_id": ADVERTISER, "campaign_ids": [a, b], "operation_status": "DISABLE"});
    let data = client.post_ok("smart_plus/campaign/status/update", &body).await;
    assert_eq!(data["campaign_list"], json!([{"campaign_id": a, "status": "DISABLE"}]));
    assert_eq!(data["error_list"], json!([{"campaign_id": b, "error_message": "Not now."}]));
    let enabled: Vec<bool> = client.view().campaigns.iter().map(|c| c.enabled).collect();
    assert_eq!(enabled, [false, true]);
}

#[tokio::test]
async fn reads_can_be_stale_for_once() {
    let client = Client::start().await;
    client.campaign("spring", 50.0).await;
    client.sim.faults().add(Fault::new(Match::path("campaign/get"), Effect::Stale { seconds: 60 }).times(1));
    assert!(client.rows("smart_plus/campaign/get", &json!({})).await.is_empty());
    assert_eq!(client.rows("smart_plus/campaign/get", &json!({})).await.len(), 1);
}

#[tokio::test]
async fn requests_are_recorded_without_secrets() {
    let mut config = config();
    config.keep_requests = 10;
    let file = std::env::temp_dir().join(format!("adsim-tiktok-record-{}.jsonl", std::process::id()));
    config.record = Some(file.clone());
    let client = Client::with(config).await;
    let secrets =
        json!({"app_id": "7300000000000000001", "secret": "adsim-tiktok-secret", "auth_code": "adsim-tiktok-code"});
    client.post_ok("oauth2/access_token", &secrets).await;
    client
        .get_ok("oauth2/advertiser/get", &json!({"app_id": "7300000000000000001", "secret": "adsim-tiktok-secret"}))
        .await;
    client.post_ok(CREATE, &campaign("1", "spring", json!({"budget": 50}))).await;
    let requests = client.sim.requests();
    assert!(requests.iter().all(|r| r.platform == "tiktok" && r.headers["access-token"] == "(secret)"));
    assert_eq!(requests[0].body["auth_code"], "(secret)");
    assert_eq!(requests[0].response["data"]["access_token"], "(secret)");
    assert_eq!(requests[1].path, "/open_api/v1.3/oauth2/advertiser/get/?app_id=7300000000000000001&secret=(secret)");
    assert_eq!(requests[2].body["campaign_name"], "spring");
    let lines = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(lines.lines().count(), 3);
    for secret in [TOKEN, "adsim-tiktok-secret", "adsim-tiktok-code"] {
        assert!(!lines.contains(secret), "{secret}");
    }
}
