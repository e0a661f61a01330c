//! Who may do what: tokens, proofs, permissions, versions.

use adsim::config::{MetaAccountConfig, MetaToken};
use adsim::{MetaEdit, MetaEditAction};
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Client, TOKEN, act, campaign, config};

#[tokio::test]
async fn a_token_comes_as_parameter_or_header() {
    let client = Client::start().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/v26.0/act_{ACCOUNT}?fields=name", client.sim.meta_url());
    let send = async |request: reqwest::RequestBuilder| {
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    assert_eq!(send(http.get(&url)).await.1["error"]["code"], 104);
    assert_eq!(send(http.get(&url).bearer_auth(TOKEN)).await.0, 200);
    assert_eq!(send(http.get(format!("{url}&access_token={TOKEN}"))).await.0, 200);
    let json = json!({"access_token": TOKEN, "name": "json"});
    let post = http.post(format!("{}/v26.0/act_{ACCOUNT}/adlabels", client.sim.meta_url())).json(&json);
    assert_eq!(send(post).await.0, 200);
}

#[tokio::test]
async fn dead_tokens_say_why_and_debug_token_tells_when() {
    let mut config = config();
    let expires = "2027-04-30T17:00:00Z".parse().unwrap();
    config.meta.tokens[0].expires_at = Some(expires);
    config.meta.tokens[0].data_access_expires_at = Some(expires);
    let client = Client::with(config).await;
    let debug = async |client: &Client| {
        client.get("debug_token", json!({"input_token": TOKEN, "access_token": TOKEN})).await["data"].clone()
    };
    let data = debug(&client).await;
    assert_eq!((&data["is_valid"], &data["expires_at"]), (&json!(true), &json!(expires.as_second())));
    assert_eq!(data["scopes"], json!(["ads_management", "ads_read", "business_management"]));
    client.sim.revoke_meta_token(TOKEN);
    assert_eq!(client.error("GET", "me", json!({})).await, (190, Some(458)));
    client.sim.restore_meta_token(TOKEN);
    client.get("me", json!({})).await;
    client.sim.set_now(expires);
    assert_eq!(client.error("GET", "me", json!({})).await, (190, Some(463)));
    let app = "700000000000001%7Cadsim-app-secret";
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/v26.0/debug_token?input_token={TOKEN}&access_token={app}", client.sim.meta_url());
    let answer = http.get(url).send().await.unwrap();
    let body: Value = answer.json().await.unwrap();
    assert_eq!((&body["data"]["is_valid"], &body["data"]["error"]["subcode"]), (&json!(false), &json!(463)));
}

#[tokio::test]
async fn an_app_may_require_a_proof() {
    let mut config = config();
    config.meta.apps[0].require_proof = true;
    let client = Client::with(config).await;
    assert_eq!(client.error("GET", "me", json!({})).await, (100, None));
    assert_eq!(client.error("GET", "me", json!({"appsecret_proof": "00"})).await, (100, None));
    let proof = adsim::meta::auth::proof_of(TOKEN, "adsim-app-secret");
    client.get("me", json!({"appsecret_proof": proof})).await;
}

#[tokio::test]
async fn permissions_are_those_of_token_account_and_scope() {
    let mut config = config();
    config.meta.accounts.push(MetaAccountConfig { id: "3".into(), ..MetaAccountConfig::default() });
    config.meta.tokens.push(MetaToken {
        token: "reader".into(),
        scopes: vec!["ads_read".into()],
        accounts: vec![ACCOUNT.into()],
        ..MetaToken::default()
    });
    let mut client = Client::with(config).await;
    client.token = "reader".into();
    client.get(&act("campaigns"), json!({})).await;
    assert_eq!(client.error("POST", &act("campaigns"), campaign("a")).await, (10, None));
    assert_eq!(client.error("GET", "act_3", json!({})).await, (200, None));
    assert_eq!(client.error("GET", "act_4", json!({})).await, (100, Some(33)));
    client.token = TOKEN.into();
    let access = |allowed| MetaEdit::by_hand(ACCOUNT, MetaEditAction::SetAccess { allowed });
    client.sim.edit_meta(&access(false)).unwrap();
    assert_eq!(client.error("GET", &act("campaigns"), json!({})).await, (200, None));
    client.sim.edit_meta(&access(true)).unwrap();
    client.get(&act("campaigns"), json!({})).await;
}

#[tokio::test]
async fn a_sunset_version_says_so() {
    let client = Client::start().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/v21.0/me?access_token={TOKEN}", client.sim.meta_url());
    let answer = http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["code"], 2635);
    assert!(body["error"]["message"].as_str().unwrap().ends_with("v26.0."));
}

#[tokio::test]
async fn a_disabled_account_can_be_read_and_not_changed() {
    let client = Client::start().await;
    let line = client.line("a").await;
    let status = |status| MetaEdit::by_hand(ACCOUNT, MetaEditAction::SetAccountStatus { status, disable_reason: 1 });
    client.sim.edit_meta(&status(2)).unwrap();
    let account = client.get(&format!("act_{ACCOUNT}"), json!({"fields": "account_status,disable_reason"})).await;
    assert_eq!((&account["account_status"], &account["disable_reason"]), (&json!(2), &json!(1)));
    assert_eq!(client.error("POST", &line.set, json!({"status": "PAUSED"})).await, (100, Some(1_487_534)));
    assert_eq!(client.sim.meta_account(ACCOUNT).live_daily_budget_micros, 0);
    // What is not paid can still be changed, and does not deliver.
    client.sim.edit_meta(&status(3)).unwrap();
    client.ok("POST", &line.set, json!({"name": "b"})).await;
    let set = client.get(&line.set, json!({"fields": "effective_status,issues_info"})).await;
    assert_eq!((&set["effective_status"], &set["issues_info"][0]["level"]), (&json!("WITH_ISSUES"), &json!("ACCOUNT")));
}
