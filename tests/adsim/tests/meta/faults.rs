//! Faults: what the client sees and what took effect.

use adsim::{Effect, Fault, Match, PlatformName};
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Client, TOKEN, act, campaign, config, ids};

fn meta() -> Match {
    Match::platform(PlatformName::Meta).account(ACCOUNT)
}

#[tokio::test]
async fn a_cut_connection_leaves_the_client_in_doubt() {
    let client = Client::start().await;
    let creates = || meta().operation("campaign.create");
    client.sim.faults().add(Fault::new(creates(), Effect::CutBefore).times(1));
    assert!(client.send("POST", &act("campaigns"), &campaign("a")).await.is_err());
    assert!(client.sim.meta_account(ACCOUNT).campaigns.is_empty());
    client.sim.faults().add(Fault::new(creates(), Effect::CutAfter).times(1));
    assert!(client.send("POST", &act("campaigns"), &campaign("a")).await.is_err());
    assert_eq!(client.sim.meta_account(ACCOUNT).campaigns.len(), 1);
    // Names are not unique: creating it again makes another one.
    client.create("campaigns", campaign("a")).await;
    assert_eq!(client.sim.meta_account(ACCOUNT).campaigns.len(), 2);
}

#[tokio::test]
async fn errors_of_the_platform_and_of_what_lies_before_it() {
    let client = Client::start().await;
    let line = client.line("a").await;
    let error = |code: &str, subcode: &str| Effect::Error { category: code.into(), code: subcode.into() };
    for (effect, when, status, code) in [
        (error("2", ""), meta().method("GET"), 500, json!(2)),
        (error("80004", "2446079"), meta().operation("adset.read"), 400, json!(80_004)),
        (
            Effect::Status { status: 502, body: json!({"error": {"code": 0}}) },
            Match { path: Some("adsets".into()), ..meta() },
            502,
            json!(0),
        ),
        (Effect::Latency { millis: 1 }, meta(), 200, Value::Null),
    ] {
        client.sim.faults().add(Fault::new(when, effect.clone()).times(1));
        let (found, body) = client.call("GET", &act("adsets"), json!({})).await;
        assert_eq!((found, &body["error"]["code"]), (status, &code), "{effect:?}");
    }
    client.sim.faults().add(Fault::new(meta().operation("adset.update"), error("1", "")).times(1));
    assert_eq!(client.error("POST", &line.set, json!({"name": "b"})).await, (1, None));
}

#[tokio::test]
async fn one_call_of_a_batch_is_refused() {
    let client = Client::start().await;
    let reject = Effect::Reject { category: "100".into(), code: "1885272".into() };
    client.sim.faults().add(Fault::new(meta().operation("label.create").contains("bad"), reject));
    let batch: Vec<Value> = ["a", "bad", "c"]
        .iter()
        .map(|name| json!({"method": "POST", "relative_url": act("adlabels"), "body": format!("name={name}")}))
        .collect();
    let answers = client.ok("POST", "", json!({"batch": batch})).await;
    let codes: Vec<&Value> = answers.as_array().unwrap().iter().map(|a| &a["code"]).collect();
    assert_eq!(codes, [200, 400, 200]);
    assert_eq!(client.sim.meta_account(ACCOUNT).labels.len(), 2);
}

#[tokio::test]
async fn a_stale_read_does_not_see_what_is_new() {
    let client = Client::start().await;
    let id = client.create("campaigns", campaign("a")).await;
    client.sim.set_now(client.sim.now() + jiff::SignedDuration::from_secs(60));
    client.sim.faults().add(Fault::new(meta().method("GET"), Effect::Stale { seconds: 90 }).times(1));
    assert_eq!(client.get(&act("campaigns"), json!({})).await["data"], json!([]));
    assert_eq!(ids(&client.get(&act("campaigns"), json!({})).await), [id]);
}

#[tokio::test]
async fn requests_are_recorded_without_secrets() {
    let mut config = config();
    config.keep_requests = 10;
    let file = std::env::temp_dir().join(format!("adsim-meta-record-{}.jsonl", std::process::id()));
    config.record = Some(file.clone());
    let client = Client::with(config).await;
    client.create("campaigns", campaign("a")).await;
    client.create("campaigns", campaign("b")).await;
    let page = client.get(&act("campaigns"), json!({"limit": 1})).await;
    assert!(page["paging"]["next"].as_str().unwrap().contains(TOKEN));
    let relative = format!("{}?access_token={TOKEN}&limit=1", act("campaigns"));
    client.ok("POST", "", json!({"batch": [{"method": "GET", "relative_url": relative}]})).await;
    let requests = client.sim.requests();
    assert_eq!((requests.len(), requests[0].platform.as_str()), (4, "meta"));
    assert_eq!((&requests[0].body["name"], &requests[0].body["access_token"]), (&json!("a"), &json!("(secret)")));
    assert!(requests[2].path.contains("limit=1") && requests[2].path.contains("access_token=(secret)"));
    let lines = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(lines.lines().count(), 4);
    assert!(!lines.contains(TOKEN), "{lines}");
}
