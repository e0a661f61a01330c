//! What happens by itself as time goes by: reviews, delivery, insights, ends.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Client, act, ad, ad_set, campaign, config, creative, with};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test]
async fn statuses_follow_parents_and_reviews() {
    let client = Client::start().await;
    let line = client.line("spring").await;
    let bad = client.create("adcreatives", creative("Please disapproveme")).await;
    let bad_ad = client.create("ads", ad(&line.set, &bad)).await;
    let status = async |id: &str| {
        let node = client.get(id, json!({"fields": "effective_status,configured_status,issues_info"})).await;
        (node["effective_status"].as_str().unwrap().to_owned(), node.get("issues_info").is_some())
    };
    assert_eq!(status(&line.ad).await, ("PENDING_REVIEW".into(), false));
    assert_eq!(client.sim.next_due(), Some(client.sim.now() + SignedDuration::from_mins(10)));
    client.sim.set_now(client.sim.now() + SignedDuration::from_mins(10));
    assert_eq!(status(&line.ad).await, ("ACTIVE".into(), false));
    assert_eq!(status(&bad_ad).await, ("DISAPPROVED".into(), true));
    assert_eq!(status(&line.set).await, ("ACTIVE".into(), false));
    client.ok("POST", &line.ad, json!({"status": "PAUSED"})).await;
    assert_eq!(status(&line.set).await, ("WITH_ISSUES".into(), true));
    assert_eq!(status(&line.campaign).await, ("WITH_ISSUES".into(), true));
    client.ok("POST", &line.set, json!({"status": "PAUSED"})).await;
    assert_eq!(status(&bad_ad).await.0, "ADSET_PAUSED");
    client.ok("POST", &line.campaign, json!({"status": "PAUSED"})).await;
    assert_eq!(status(&bad_ad).await.0, "CAMPAIGN_PAUSED");
    client.ok("POST", &line.set, json!({"status": "ACTIVE"})).await;
    assert_eq!(status(&line.set).await.0, "CAMPAIGN_PAUSED");
}

#[tokio::test]
async fn new_objects_are_in_process_for_a_while() {
    let mut config = config();
    config.meta.in_process = SignedDuration::from_secs(30);
    let client = Client::with(config).await;
    let id = client.create("campaigns", campaign("a")).await;
    let status = async || client.get(&id, json!({"fields": "effective_status"})).await["effective_status"].clone();
    assert_eq!(status().await, "IN_PROCESS");
    client.sim.set_now(client.sim.now() + SignedDuration::from_secs(30));
    assert_eq!(status().await, "ACTIVE");
}

fn daily(level: &str) -> Value {
    json!({
        "level": level,
        "time_increment": 1,
        "time_range": {"since": "2027-03-01", "until": "2027-03-04"},
        "fields": "campaign_id,adset_id,ad_id,impressions,clicks,spend,actions,action_values,account_currency",
    })
}

#[tokio::test]
async fn insights_show_what_was_delivered_day_by_day_in_the_accounts_zone() {
    let client = Client::start().await;
    let line = client.line("spring").await;
    assert_eq!(client.get(&act("insights"), daily("campaign")).await, json!({"data": []}));
    // Midnight in New York of 2 March, and an hour later.
    client.sim.set_now(at("2027-03-02T05:00:00Z"));
    let rows = client.get(&act("insights"), daily("campaign")).await["data"].clone();
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows:#}");
    client.sim.set_now(at("2027-03-03T06:00:00Z"));
    let rows = client.get(&act("insights"), daily("ad")).await["data"].clone();
    let days: Vec<&str> = rows.as_array().unwrap().iter().map(|r| r["date_start"].as_str().unwrap()).collect();
    assert_eq!(days, ["2027-03-01", "2027-03-02", "2027-03-03"]);
    let row = &rows[1];
    assert_eq!((&row["campaign_id"], &row["ad_id"]), (&json!(line.campaign), &json!(line.ad)));
    let spend: f64 = row["spend"].as_str().unwrap().parse().unwrap();
    assert!((40.0..=57.5).contains(&spend), "a day's spend in major units, up to 15% beside 50.00: {spend}");
    let purchases = |kind: &str| {
        let actions = row["actions"].as_array().unwrap();
        actions.iter().find(|a| a["action_type"] == kind).map(|a| a["value"].clone())
    };
    assert!(purchases("omni_purchase").is_some() && purchases("omni_purchase") == purchases("purchase"));
    let spent = client.get(&format!("act_{ACCOUNT}"), json!({"fields": "amount_spent"})).await;
    assert!(spent["amount_spent"].as_str().unwrap().parse::<i64>().unwrap() > 5_000, "in minor units");
}

#[tokio::test]
async fn insights_have_pages_filters_and_levels() {
    let client = Client::start().await;
    let (a, b) = (client.line("a").await, client.line("b").await);
    client.sim.set_now(at("2027-03-04T17:00:00Z"));
    let mut found = Vec::new();
    let mut params = with(daily("campaign"), json!({"limit": 3}));
    loop {
        let page = client.get(&act("insights"), params.clone()).await;
        found.extend(page["data"].as_array().unwrap().clone());
        if page["paging"].get("next").is_none() {
            break;
        }
        params["after"] = page["paging"]["cursors"]["after"].clone();
    }
    let keys: Vec<(&str, &str)> =
        found.iter().map(|r| (r["campaign_id"].as_str().unwrap(), r["date_start"].as_str().unwrap())).collect();
    assert_eq!(keys.len(), 8);
    assert!(keys.is_sorted() && keys[0].0 == a.campaign && keys[7].0 == b.campaign, "{keys:?}");
    let filter = json!([{"field": "campaign.id", "operator": "IN", "value": [b.campaign]}]);
    let only = client.get(&act("insights"), with(daily("adset"), json!({"filtering": filter}))).await;
    assert!(only["data"].as_array().unwrap().iter().all(|row| row["adset_id"] == b.set.as_str()));
    let all = client.get(&act("insights"), json!({"fields": "spend", "date_preset": "maximum"})).await;
    assert_eq!(all["data"].as_array().unwrap().len(), 1);
    let node =
        client.get(&format!("{}/insights", a.set), json!({"fields": "adset_id,spend", "date_preset": "maximum"})).await;
    assert_eq!(node["data"][0]["adset_id"], a.set.as_str());
    assert_eq!(client.error("GET", &act("insights"), json!({"fields": "costs"})).await, (100, None));
    let ancient = json!({"time_range": {"since": "2020-01-01", "until": "2020-01-02"}});
    assert_eq!(client.error("GET", &act("insights"), ancient).await, (3018, None));
}

#[tokio::test]
async fn a_report_runs_for_a_while() {
    let mut config = config();
    config.meta.report_delay = SignedDuration::from_mins(1);
    let client = Client::with(config).await;
    client.line("a").await;
    client.sim.set_now(at("2027-03-02T17:00:00Z"));
    let run = client.ok("POST", &act("insights"), daily("campaign")).await;
    let id = run["report_run_id"].as_str().unwrap();
    let fields = json!({"fields": "async_status,async_percent_completion"});
    assert_eq!(client.get(id, fields.clone()).await["async_status"], "Job Running");
    assert_eq!(client.error("GET", &format!("{id}/insights"), json!({})).await, (100, None));
    client.sim.set_now(at("2027-03-02T17:01:00Z"));
    assert_eq!(client.get(id, fields).await["async_percent_completion"], 100);
    let rows = client.get(&format!("{id}/insights"), json!({"limit": 1})).await;
    assert_eq!(rows["data"][0]["date_start"], "2027-03-01");
    assert!(rows["paging"]["next"].is_string());
}

#[tokio::test]
async fn nothing_is_live_or_spent_after_the_end() {
    let client = Client::start().await;
    let id = client.create("campaigns", campaign("a")).await;
    let end = json!({"end_time": "2027-03-02T00:00:00-0500"});
    let set = client.create("adsets", with(ad_set(&id), end)).await;
    let creative = client.create("adcreatives", creative("a")).await;
    client.create("ads", ad(&set, &creative)).await;
    assert_eq!(client.sim.meta_account(ACCOUNT).live_daily_budget_micros, 50_000_000);
    client.sim.set_now(at("2027-03-02T05:00:00Z"));
    assert_eq!(client.sim.meta_account(ACCOUNT).live_daily_budget_micros, 0);
    let spent = client.sim.meta_account(ACCOUNT).campaigns[0].metrics;
    client.sim.set_now(at("2027-03-05T05:00:00Z"));
    assert_eq!(client.sim.meta_account(ACCOUNT).campaigns[0].metrics, spent);
    // The running sum forgets it with the next change.
    client.ok("POST", &id, json!({"name": "b"})).await;
    assert_eq!(client.sim.ledger().last().unwrap().live_daily_budget_micros, 0);
}

#[tokio::test]
async fn a_budget_changes_four_times_an_hour_and_is_then_locked_for_one() {
    let client = Client::start().await;
    let line = client.line("spring").await;
    for budget in [5100, 5200, 5300, 5400] {
        client.ok("POST", &line.set, json!({"daily_budget": budget})).await;
    }
    // The same value again is no change, and a dry run is none either.
    client.ok("POST", &line.set, json!({"daily_budget": 5400})).await;
    let dry = json!({"daily_budget": 5500, "execution_options": ["validate_only"]});
    client.ok("POST", &line.set, dry).await;
    assert_eq!(client.error("POST", &line.set, json!({"daily_budget": 5500})).await, (613, Some(1_487_632)));
    client.ok("POST", &line.set, json!({"status": "PAUSED"})).await;
    client.sim.set_now(client.sim.now() + SignedDuration::from_mins(59));
    assert_eq!(client.error("POST", &line.set, json!({"daily_budget": 5500})).await.0, 613);
    client.sim.set_now(client.sim.now() + SignedDuration::from_mins(1));
    client.ok("POST", &line.set, json!({"daily_budget": 5500})).await;
    client.sim.configure_meta(|meta| meta.rules.budget_lock_error = (17, None));
    for budget in [5600, 5700, 5800] {
        client.ok("POST", &line.set, json!({"daily_budget": budget})).await;
    }
    assert_eq!(client.error("POST", &line.set, json!({"daily_budget": 5900})).await, (17, None));
    let set = client.get(&line.set, json!({"fields": "daily_budget"})).await;
    assert_eq!(set["daily_budget"], "5800");
}

#[tokio::test]
async fn significant_edits_begin_the_learning_anew() {
    let client = Client::start().await;
    let line = client.line("spring").await;
    let learning = async || {
        let node = client.get(&line.set, json!({"fields": "learning_stage_info"})).await;
        node["learning_stage_info"]["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(learning().await, "LEARNING");
    client.sim.set_now(client.sim.now() + SignedDuration::from_hours(7 * 24));
    assert_eq!(learning().await, "SUCCESS");
    client.ok("POST", &line.set, json!({"daily_budget": 5500})).await;
    assert_eq!(learning().await, "SUCCESS");
    client.ok("POST", &line.set, json!({"daily_budget": 8000})).await;
    assert_eq!(learning().await, "LEARNING");
}
