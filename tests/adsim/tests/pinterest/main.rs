//! The simulated Pinterest over HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]
#![allow(clippy::needless_pass_by_value, reason = "bodies are written where they are sent")]

use adsim::{
    AdSim, ClockConfig, Config, Effect, Fault, Match, PinterestAction, PinterestConfig, PinterestEdit, PlatformName,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

const ACCOUNT: &str = "549755885175";
const TOKEN: &str = "adsim-pinterest-token";

struct Client {
    sim: AdSim,
    http: reqwest::Client,
}

impl Client {
    async fn start() -> Client {
        Client::configured(|_| {}).await
    }

    async fn configured(change: impl FnOnce(&mut PinterestConfig)) -> Client {
        let start = "2027-03-01T17:00:00Z".parse().unwrap();
        let mut config = Config { clock: ClockConfig::Stepped { start }, ..Config::default() };
        change(&mut config.pinterest);
        // A process has one provider; the tests that come later find it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Client { sim: AdSim::start(config).await.unwrap(), http }
    }

    /// Status, the header that says how long to wait, and the body.
    async fn send(&self, method: &str, path: &str, body: Option<Value>, token: &str) -> (u16, Option<String>, Value) {
        let url = format!("{}/{path}", self.sim.pinterest_url());
        let mut request = self.http.request(method.parse().unwrap(), url).bearer_auth(token);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let reset = answer.headers().get("x-ratelimit-reset").map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), reset, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, _, body) = self.send("GET", &format!("v5/ad_accounts/{ACCOUNT}{path}"), None, TOKEN).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    async fn write(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let path = format!("v5/ad_accounts/{ACCOUNT}/{path}");
        let (status, _, body) = self.send(method, &path, Some(body), TOKEN).await;
        (status, body)
    }

    /// A campaign with an ad group: their ids.
    async fn line(&self, name: &str, status: &str) -> (String, String) {
        let (_, answer) = self.write("POST", "campaigns", json!([campaign(name, json!({ "status": status }))])).await;
        let campaign = answer["items"][0]["data"]["id"].as_str().unwrap().to_owned();
        let (_, answer) = self.write("POST", "ad_groups", json!([ad_group(&campaign, json!({}))])).await;
        let group = answer["items"][0]["data"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        (campaign, group)
    }

    fn live(&self) -> i64 {
        self.sim.pinterest_account(ACCOUNT).unwrap().live_daily_budget_micros
    }
}

fn with(mut base: Value, more: Value) -> Value {
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    base
}

fn campaign(name: &str, more: Value) -> Value {
    let base = json!({
        "ad_account_id": ACCOUNT,
        "name": name,
        "objective_type": "AWARENESS",
        "is_campaign_budget_optimization": true,
        "daily_spend_cap": 50_000_000,
    });
    with(base, more)
}

fn ad_group(campaign: &str, more: Value) -> Value {
    let base = json!({
        "campaign_id": campaign,
        "name": "ad group",
        "billable_event": "IMPRESSION",
        "bid_strategy_type": "AUTOMATIC_BID",
        "budget_type": "CBO_ADGROUP",
        "targeting_spec": { "LOCATION": ["US"] },
    });
    with(base, more)
}

fn messages(answer: &Value) -> Vec<&str> {
    let items = answer["items"].as_array().unwrap().iter();
    items.map(|item| item["exceptions"][0]["message"].as_str().unwrap_or_default()).collect()
}

#[tokio::test]
async fn each_item_of_a_request_has_data_or_exceptions_of_its_own() {
    let client = Client::start().await;
    let body = json!([
        campaign("a", json!({})),
        campaign("b", json!({ "daily_spend_cap": null })),
        campaign("c", json!({ "end_time": 1 })),
    ]);
    let (status, answer) = client.write("POST", "campaigns", body).await;
    assert_eq!(status, 200);
    assert_eq!(answer["items"][0]["data"]["name"], "a");
    let told = messages(&answer);
    assert!(told[0].is_empty() && told[1].contains("spend cap") && told[2].contains("end_time"), "{told:?}");
    assert_eq!(client.sim.pinterest_account(ACCOUNT).unwrap().campaigns.len(), 1);
}

#[tokio::test]
async fn what_does_not_fit_the_description_refuses_the_whole_request() {
    let client = Client::start().await;
    for (item, told) in [
        (campaign("a", json!({ "daily_budget": 1 })), "Additional properties"),
        (campaign("a", json!({ "daily_spend_cap": "1" })), "not an integer"),
        (campaign("a", json!({ "status": "ENABLED" })), "not one of"),
        (json!({ "name": "a" }), "required"),
    ] {
        let (status, answer) = client.write("POST", "campaigns", json!([campaign("x", json!({})), item])).await;
        assert_eq!(status, 400, "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(told), "{answer}");
    }
    let many: Vec<Value> = (0..31).map(|n| campaign(&n.to_string(), json!({}))).collect();
    assert_eq!(client.write("POST", "campaigns", json!(many)).await.0, 400);
    assert!(client.sim.pinterest_account(ACCOUNT).unwrap().campaigns.is_empty());
}

#[tokio::test]
async fn budget_and_schedule_are_either_the_campaigns_or_the_ad_groups() {
    let client = Client::start().await;
    let (_, answer) = client
        .write(
            "POST",
            "campaigns",
            json!([
                campaign("all", json!({})),
                campaign("each", json!({ "is_campaign_budget_optimization": false, "daily_spend_cap": null }))
            ]),
        )
        .await;
    let id = |index: usize| answer["items"][index]["data"]["id"].as_str().unwrap().to_owned();
    let (all, each) = (id(0), id(1));
    let own = json!({ "budget_type": "DAILY", "budget_in_micro_currency": 7_000_000 });
    let body = json!([
        ad_group(&all, json!({})),
        ad_group(&all, own.clone()),
        ad_group(&all, json!({ "end_time": 1_900_000_000 })),
        ad_group(&each, own.clone()),
        ad_group(&each, json!({})),
        ad_group(&all, json!({ "targeting_spec": { "LOCATION": ["ZZ"] } })),
        ad_group(&all, json!({ "targeting_spec": {} })),
    ]);
    let (_, answer) = client.write("POST", "ad_groups", body).await;
    let refused: Vec<bool> = messages(&answer).iter().map(|message| !message.is_empty()).collect();
    assert_eq!(refused, [false, true, true, false, true, true, true], "{answer}");
    assert_eq!(client.live(), 57_000_000);
}

#[tokio::test]
async fn lists_go_on_by_bookmark_and_hide_what_is_archived() {
    let client = Client::start().await;
    for name in ["a", "b", "c"] {
        client.line(name, "PAUSED").await;
    }
    let first = client.get("/campaigns?page_size=2").await;
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let bookmark = first["bookmark"].as_str().unwrap();
    let second = client.get(&format!("/campaigns?page_size=2&bookmark={bookmark}")).await;
    assert_eq!((second["items"][0]["name"].as_str(), second["bookmark"].is_null()), (Some("c"), true));
    let id = second["items"][0]["id"].as_str().unwrap();
    let archive = json!([{ "id": id, "ad_account_id": ACCOUNT, "status": "ARCHIVED" }]);
    client.write("PATCH", "campaigns", archive.clone()).await;
    assert_eq!(client.get("/campaigns").await["items"].as_array().unwrap().len(), 2);
    let asked = format!("/campaigns?campaign_ids={id}&entity_statuses=ARCHIVED&entity_statuses=ACTIVE");
    assert_eq!(client.get(&asked).await["items"][0]["summary_status"], "ARCHIVED");
    assert!(!messages(&client.write("PATCH", "campaigns", archive).await.1)[0].is_empty(), "it stays as it is");
}

#[tokio::test]
async fn spend_is_told_by_days_of_utc_and_not_further_back_than_ninety() {
    let client = Client::start().await;
    let (id, _) = client.line("a", "ACTIVE").await;
    client.sim.set_now(client.sim.now() + SignedDuration::from_hours(30));
    let columns = "columns=SPEND_IN_MICRO_DOLLAR,PAID_IMPRESSION&granularity=DAY";
    let path = format!("/campaigns/analytics?start_date=2027-03-01&end_date=2027-03-02&campaign_ids={id}&{columns}");
    let rows = client.get(&path).await;
    let spend: Vec<i64> =
        rows.as_array().unwrap().iter().map(|row| row["SPEND_IN_MICRO_DOLLAR"].as_i64().unwrap()).collect();
    assert_eq!((rows[0]["DATE"].as_str(), rows[1]["DATE"].as_str()), (Some("2027-03-01"), Some("2027-03-02")));
    assert!(spend[0] > 0 && spend[0] < spend[1] && spend[1] <= 50_000_000, "{spend:?}");
    let early = path.replace("start_date=2027-03-01", "start_date=2026-11-01");
    let (status, _, answer) = client.send("GET", &format!("v5/ad_accounts/{ACCOUNT}{early}"), None, TOKEN).await;
    assert_eq!(status, 400, "{answer}");
}

#[tokio::test]
async fn who_may_not_and_what_is_not_there_is_told_by_the_status() {
    let client = Client::start().await;
    let own = format!("v5/ad_accounts/{ACCOUNT}");
    for (path, token, status, code) in [
        (own.as_str(), "other", 401, 2),
        ("v5/ad_accounts/1", TOKEN, 404, 2),
        ("v4/ad_accounts/1", TOKEN, 404, 11),
        ("v5/resources/targeting/GENDER", TOKEN, 400, 1),
    ] {
        let (found, _, answer) = client.send("GET", path, None, token).await;
        assert_eq!((found, answer["code"].as_i64()), (status, Some(code)), "{path}: {answer}");
    }
    client.sim.expire_pinterest_tokens();
    assert_eq!(client.send("GET", &own, None, TOKEN).await.0, 401);
    client.sim.restore_pinterest_token(TOKEN);
    assert_eq!(client.send("GET", &own, None, TOKEN).await.0, 200);
}

#[tokio::test]
async fn a_full_minute_says_when_there_is_room_again() {
    let client = Client::configured(|config| config.requests_per_minute = Some(2)).await;
    let own = format!("v5/ad_accounts/{ACCOUNT}");
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let (status, reset, _) = client.send("GET", &own, None, TOKEN).await;
        statuses.push((status, reset));
    }
    assert_eq!(statuses, [(200, None), (200, None), (429, Some("60".to_owned()))]);
    // Writes have a limit of their own.
    assert_eq!(client.write("POST", "campaigns", json!([campaign("a", json!({}))])).await.0, 200);
    client.sim.set_now(client.sim.now() + SignedDuration::from_mins(1));
    assert_eq!(client.send("GET", &own, None, TOKEN).await.0, 200);
}

#[tokio::test]
async fn lists_lag_writes_and_figures_do_not_run_ahead() {
    let client = Client::configured(|config| config.read_lag = SignedDuration::from_secs(60)).await;
    client.line("a", "ACTIVE").await;
    assert!(client.get("/campaigns").await["items"].as_array().unwrap().is_empty());
    assert_eq!(client.sim.next_due(), Some(client.sim.now() + SignedDuration::from_secs(60)));
    client.sim.set_now(client.sim.now() + SignedDuration::from_secs(60));
    assert_eq!(client.get("/campaigns").await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn edits_by_hand_and_faults_are_in_the_ledger_as_they_are() {
    let client = Client::start().await;
    let (id, _) = client.line("a", "ACTIVE").await;
    assert_eq!(client.live(), 50_000_000);
    let set = PinterestAction::set(&id, "daily_spend_cap", 9_000_000);
    client.sim.edit_pinterest(&PinterestEdit::by_hand(ACCOUNT, set)).unwrap();
    assert_eq!(client.live(), 9_000_000);
    let last = client.sim.ledger().pop().unwrap();
    assert_eq!((last.live_daily_budget_micros, last.before["daily_spend_cap"].as_i64()), (9_000_000, Some(50_000_000)));
    let entries = client.sim.ledger().len();
    let when = || Match::platform(PlatformName::Pinterest).operation("campaign.update");
    client.sim.faults().add(Fault::new(when(), Effect::Error { category: String::new(), code: "429".into() }).times(1));
    let pause = json!([{ "id": id, "ad_account_id": ACCOUNT, "status": "PAUSED" }]);
    assert_eq!(client.write("PATCH", "campaigns", pause.clone()).await.0, 429);
    let reject = Effect::Reject { category: "No.".into(), code: "400".into() };
    client.sim.faults().add(Fault::new(when().contains("PAUSED"), reject).times(1));
    assert_eq!(messages(&client.write("PATCH", "campaigns", pause.clone()).await.1), ["No."]);
    assert_eq!((client.sim.ledger().len(), client.live()), (entries, 9_000_000));
    client.write("PATCH", "campaigns", pause).await;
    assert_eq!(client.live(), 0);
}
