//! Paths, versions, tokens, accounts, limits.

use adsim::tiktok::account::AdvertiserStatus;
use adsim::tiktok::config::{AdvertiserConfig, AppConfig, CallLimit, Tier, TokenConfig};
use adsim::{TikTokAction, TikTokEdit};
use serde_json::{Value, json};

use crate::support::{ADVERTISER, Client, TOKEN, campaign, told};

fn info() -> Value {
    json!({ "advertiser_ids": [ADVERTISER] })
}

#[tokio::test]
async fn a_path_without_its_slash_is_not_found() {
    let client = Client::start().await;
    let base = client.sim.tiktok_url();
    for (path, status) in [
        ("v1.3/advertiser/info", 404),
        ("v1.3/advertiser/infos/", 404),
        ("v1.3/smart_plus/campaign/create/", 405),
        (r#"v1.3/advertiser/info/?advertiser_ids=["7000000000000000001"]"#, 200),
    ] {
        let (found, text) = client.raw(client.http.get(format!("{base}/{path}"))).await;
        assert_eq!(found, status, "{path}: {text}");
    }
}

#[tokio::test]
async fn errors_are_successes_of_http_with_a_code() {
    let mut client = Client::start().await;
    let base = client.sim.tiktok_url();
    let (status, text) = client.raw(client.http.get(format!("{base}/v1.2/advertiser/info/"))).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, told(&answer)), (200, (40051, "Invalid API version.")));
    assert_eq!(answer["data"], json!({}));
    assert!(!answer["request_id"].as_str().unwrap().is_empty());
    client.sim.configure_tiktok(|config| config.versions = vec!["v1.4".into()]);
    assert_eq!(told(&client.get("advertiser/info", &info()).await).0, 40051, "v1.3 has been switched off");
    client.sim.configure_tiktok(|config| config.versions = vec!["v1.3".into()]);
    client.token = String::new();
    let empty = client.get("advertiser/info", &info()).await;
    assert_eq!(told(&empty), (40104, "Access token is null, you should set it in http header with key Access-Token."));
    client.token = "other".into();
    assert_eq!(told(&client.get("advertiser/info", &info()).await).0, 40105);
    let form = client.http.post(format!("{base}/v1.3/smart_plus/campaign/update/")).header("Access-Token", TOKEN);
    let answer: Value = form.form(&[("advertiser_id", ADVERTISER)]).send().await.unwrap().json().await.unwrap();
    assert_eq!(told(&answer), (40002, "The Content-Type must be application/json."));
}

#[tokio::test]
async fn tokens_end_and_are_revoked() {
    let client = Client::start().await;
    let code = async || told(&client.get("advertiser/info", &info()).await).0;
    assert_eq!(code().await, 0);
    client.sim.expire_tiktok_tokens();
    assert_eq!(code().await, 40102);
    client.sim.restore_tiktok_token(TOKEN);
    client.sim.revoke_tiktok_token(TOKEN);
    assert_eq!(code().await, 40105);
    client.sim.restore_tiktok_token(TOKEN);
    assert_eq!(code().await, 0);
    client.sim.configure_tiktok(|config| config.tokens[0].expires_at = Some("2027-03-01T17:00:00Z".parse().unwrap()));
    assert_eq!(code().await, 40102);
}

#[tokio::test]
async fn a_code_is_exchanged_for_a_token_once() {
    let mut client = Client::start().await;
    client.token = String::new();
    let app = AppConfig::default();
    let body = |secret: &str, code: &str| json!({"app_id": app.app_id, "secret": secret, "auth_code": code});
    let exchange = "oauth2/access_token";
    assert_eq!(told(&client.post(exchange, &body("wrong", "adsim-tiktok-code")).await).0, 40101);
    assert_eq!(told(&client.post(exchange, &body(&app.secret, "wrong")).await).0, 40110);
    let data = client.post_ok(exchange, &body(&app.secret, "adsim-tiktok-code")).await;
    assert_eq!(data["access_token"], TOKEN);
    assert_eq!(data["advertiser_ids"], json!([ADVERTISER]));
    assert_eq!(told(&client.post(exchange, &body(&app.secret, "adsim-tiktok-code")).await).0, 40110);
    client.token = TOKEN.into();
    let query = json!({"app_id": app.app_id, "secret": app.secret});
    let data = client.get_ok("oauth2/advertiser/get", &query).await;
    assert_eq!(data, json!({"list": [{"advertiser_id": ADVERTISER, "advertiser_name": "Example"}]}));
}

#[tokio::test]
async fn a_token_opens_its_own_accounts() {
    let client = Client::configured(|config| {
        let other =
            AdvertiserConfig { advertiser_id: "2".into(), currency: "JPY".into(), ..AdvertiserConfig::default() };
        config.advertisers.push(other);
        config.tokens = vec![
            TokenConfig { advertisers: vec![ADVERTISER.into()], ..TokenConfig::default() },
            TokenConfig { token: "all".into(), ..TokenConfig::default() },
        ];
    })
    .await;
    for (id, code) in [(ADVERTISER, 0), ("2", 40001), ("3", 40300)] {
        let answer = client.get("smart_plus/campaign/get", &json!({ "advertiser_id": id })).await;
        assert_eq!(told(&answer).0, code, "{answer}");
    }
    let fields = json!({"advertiser_ids": [ADVERTISER], "fields": ["currency", "timezone", "status", "balance"]});
    let row = client.get_ok("advertiser/info", &fields).await["list"][0].clone();
    let wanted = json!({"advertiser_id": ADVERTISER, "currency": "USD", "timezone": "America/New_York",
        "status": "STATUS_ENABLE", "balance": 1_000_000.0});
    assert_eq!(row, wanted);
    let edit = |allowed| TikTokEdit::by_hand(ADVERTISER, TikTokAction::SetAccess { allowed });
    client.sim.edit_tiktok(&edit(false)).unwrap();
    assert_eq!(told(&client.get("smart_plus/campaign/get", &json!({"advertiser_id": ADVERTISER})).await).0, 40001);
}

#[tokio::test]
async fn smart_plus_may_have_to_be_allowed() {
    let client = Client::configured(|config| config.apps[0].smart_plus = false).await;
    let query = json!({"advertiser_id": ADVERTISER});
    assert_eq!(told(&client.get("smart_plus/campaign/get", &query).await).0, 40118);
    assert_eq!(told(&client.get("campaign/get", &query).await).0, 0);
}

#[tokio::test]
async fn limits_have_no_hint_of_when_to_come_back() {
    let minute = CallLimit { per_minute: Some(1), ..Tier::Basic.limit() };
    let client = Client::configured(|config| config.app_limit = Some(minute)).await;
    assert_eq!(told(&client.get("advertiser/info", &info()).await).0, 0);
    let answer = client.get("advertiser/info", &info()).await;
    assert_eq!(told(&answer), (40100, "Too many requests. Please retry in some time. (QPM)"));
    let limit = CallLimit { per_day: Some(1), ..CallLimit::default() };
    client.sim.configure_tiktok(|config| (config.app_limit, config.advertiser_limit) = (None, Some(limit)));
    let list = json!({"advertiser_id": ADVERTISER});
    assert_eq!(told(&client.get("smart_plus/campaign/get", &list).await).0, 0);
    let (code, message) = {
        let answer = client.get("smart_plus/campaign/get", &list).await;
        (told(&answer).0, told(&answer).1.to_owned())
    };
    assert_eq!(code, 40133);
    assert!(message.starts_with(&format!("Advertiser ({ADVERTISER})'s QPD reaches QPD limit")), "{message}");
    assert_eq!(told(&client.get("adgroup/get", &list).await).0, 0, "each endpoint has its own window");
}

#[tokio::test]
async fn an_account_that_is_not_approved_only_stops() {
    let client = Client::start().await;
    let id = client.campaign("spring", 50.0).await;
    let set = |status| TikTokEdit::by_hand(ADVERTISER, TikTokAction::SetAccountStatus { status });
    client.sim.edit_tiktok(&set(AdvertiserStatus::Limit)).unwrap();
    let update = json!({"advertiser_id": ADVERTISER, "campaign_id": id, "budget": 60.0});
    for (path, body, code) in [
        ("smart_plus/campaign/create", campaign("99", "other", json!({"budget": 50.0})), 40001),
        ("smart_plus/campaign/update", update, 40001),
        ("smart_plus/campaign/status/update", status(&id, "DISABLE"), 0),
    ] {
        assert_eq!(told(&client.post(path, &body).await).0, code, "{path}");
    }
    let enabled = client.post("smart_plus/campaign/status/update", &status(&id, "ENABLE")).await;
    assert_eq!(enabled["data"]["error_list"][0]["campaign_id"], id);
    assert_eq!(client.view().campaigns[0].secondary_status, "ADVERTISER_ACCOUNT_PUNISH");
    let row = client.get_ok("advertiser/info", &info()).await["list"][0].clone();
    assert_eq!(row["status"], "STATUS_LIMIT");
}

fn status(id: &str, status: &str) -> Value {
    json!({"advertiser_id": ADVERTISER, "campaign_ids": [id], "operation_status": status})
}
