//! Rate limits: how they are told, and when they are over.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Client, act, campaign, config};

fn header(answer: &reqwest::Response, name: &str) -> Value {
    serde_json::from_str(answer.headers()[name].to_str().unwrap()).unwrap()
}

#[tokio::test]
async fn each_answer_tells_what_was_used() {
    let client = Client::start().await;
    let answer = client.send("GET", &act("campaigns"), &json!({})).await.unwrap();
    assert_eq!(answer.headers()["facebook-api-version"], "v26.0");
    let business = header(&answer, "x-business-use-case-usage");
    assert_eq!(business["800000000000001"][0]["type"], "ads_management");
    assert_eq!(business["800000000000001"][0]["estimated_time_to_regain_access"], 0);
    assert_eq!(header(&answer, "x-ad-account-usage")["reset_time_duration"], 0);
    assert_eq!(header(&answer, "x-app-usage")["call_count"], 0);
    let answer = client.send("GET", &act("insights"), &json!({})).await.unwrap();
    assert_eq!(header(&answer, "x-business-use-case-usage")["800000000000001"][0]["type"], "ads_insights");
}

#[tokio::test]
async fn the_hourly_limit_is_told_in_minutes_with_status_400() {
    let mut config = config();
    config.meta.quota.ads_management_per_hour = 2;
    let client = Client::with(config).await;
    for _ in 0..2 {
        client.get(&act("campaigns"), json!({})).await;
    }
    let answer = client.send("GET", &act("campaigns"), &json!({})).await.unwrap();
    assert_eq!(answer.status(), 400);
    let usage = header(&answer, "x-business-use-case-usage");
    assert_eq!(usage["800000000000001"][0]["call_count"], 100);
    let minutes = usage["800000000000001"][0]["estimated_time_to_regain_access"].as_i64().unwrap();
    assert_eq!(minutes, 61);
    let body: Value = answer.json().await.unwrap();
    assert_eq!((&body["error"]["code"], &body["error"]["error_subcode"]), (&json!(80_004), &json!(2_446_079)));
    client.get(&act("insights"), json!({})).await;
    client.sim.set_now(client.sim.now() + SignedDuration::from_mins(minutes));
    client.get(&act("campaigns"), json!({})).await;
}

#[tokio::test]
async fn the_score_counts_writes_thrice_and_is_told_in_seconds() {
    let mut config = config();
    config.meta.quota.account_score = 7.0;
    config.meta.quota.account_score_error = (613, 1_487_742);
    let client = Client::with(config).await;
    client.create("campaigns", campaign("a")).await;
    client.create("campaigns", campaign("b")).await;
    let answer = client.send("POST", &act("campaigns"), &campaign("c")).await.unwrap();
    assert_eq!(header(&answer, "x-ad-account-usage")["reset_time_duration"], 60);
    let body: Value = answer.json().await.unwrap();
    assert_eq!((&body["error"]["code"], &body["error"]["error_subcode"]), (&json!(613), &json!(1_487_742)));
    client.sim.set_now(client.sim.now() + SignedDuration::from_secs(300));
    client.create("campaigns", campaign("c")).await;
}

#[tokio::test]
async fn calls_that_are_about_no_account_count_for_the_app() {
    let mut config = config();
    config.meta.quota.app_calls_per_hour = Some(1);
    let client = Client::with(config).await;
    client.get("me", json!({})).await;
    assert_eq!(client.error("GET", "me", json!({})).await, (4, Some(1_504_022)));
    client.get(&act("campaigns"), json!({})).await;
}

#[tokio::test]
async fn changes_a_second_are_limited_by_the_machines_clock() {
    let mut config = config();
    config.meta.quota.mutations_per_second = Some(1);
    let client = Client::with(config).await;
    let labels: Vec<Value> = (0..2)
        .map(|i| json!({"method": "POST", "relative_url": act("adlabels"), "body": format!("name=l{i}")}))
        .collect();
    let answers = client.ok("POST", "", json!({"batch": labels})).await;
    assert_eq!((&answers[0]["code"], &answers[1]["code"]), (&json!(200), &json!(400)));
    assert!(answers[1]["body"].as_str().unwrap().contains("5044001"));
}
