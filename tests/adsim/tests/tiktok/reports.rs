//! Reports, and what is delivered.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{ADVERTISER, Client, told, with};

fn report(more: Value) -> Value {
    let query = json!({
        "advertiser_id": ADVERTISER,
        "report_type": "BASIC",
        "data_level": "AUCTION_CAMPAIGN",
        "dimensions": ["campaign_id", "stat_time_day"],
        "metrics": ["spend", "impressions", "clicks", "conversion", "total_complete_payment_rate"],
        "start_date": "2027-03-01",
        "end_date": "2027-03-30",
        "page_size": 1000,
    });
    with(query, more)
}

async fn rows(client: &Client, more: Value) -> Vec<Value> {
    client.get_ok("report/integrated/get", &report(more)).await["list"].as_array().unwrap().clone()
}

fn number(row: &Value, metric: &str) -> f64 {
    row["metrics"][metric].as_str().unwrap().parse().unwrap()
}

fn clicks(row: &Value) -> i64 {
    row["metrics"]["clicks"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn days_are_the_accounts_and_figures_are_text() {
    let client = Client::start().await;
    let (campaign, ..) = client.line("spring", 100.0).await;
    assert!(rows(&client, json!({})).await.is_empty(), "a day without figures has no row");
    // Two weeks, up to a Monday's midnight in New York.
    client.sim.set_now("2027-03-15T04:00:00Z".parse().unwrap());
    let found = rows(&client, json!({})).await;
    let days: Vec<&str> = found.iter().map(|r| r["dimensions"]["stat_time_day"].as_str().unwrap()).collect();
    assert_eq!(days.first().copied(), Some("2027-03-01 00:00:00"));
    assert_eq!(days.len(), 14);
    assert!(found.iter().all(|r| r["dimensions"]["campaign_id"] == campaign));
    let spend: Vec<f64> = found.iter().map(|r| number(r, "spend")).collect();
    assert!(spend[0] < spend[1], "the first day was half over");
    assert!(spend.iter().all(|s| *s <= 125.0), "{spend:?}");
    assert!(spend[7..].iter().sum::<f64>() <= 700.0 && spend.iter().any(|s| *s > 100.0), "{spend:?}");
    let text = found[1]["metrics"]["spend"].as_str().unwrap();
    assert_eq!(text.split_once('.').unwrap().1.len(), 2, "{text}");
    let value = format!("{}.00", found[1]["metrics"]["conversion"].as_str().unwrap().parse::<i64>().unwrap() * 30);
    assert_eq!(found[1]["metrics"]["total_complete_payment_rate"], value, "it is a value");
    let late = "2027-03-16T04:10:00Z".parse().unwrap();
    client.sim.set_now(late);
    assert_eq!(rows(&client, json!({})).await.len(), 15, "Tuesday's first minutes are not known yet");
}

#[tokio::test]
async fn figures_add_up_over_levels_and_times() {
    let client = Client::start().await;
    let (campaign, group, ad) = client.line("spring", 500.0).await;
    client.sim.set_now("2027-03-03T05:10:00Z".parse().unwrap());
    let level = |level: &str, id: &str, time: &[&str]| {
        let mut dimensions = vec![id];
        dimensions.extend(time);
        json!({"data_level": level, "dimensions": dimensions, "end_date": "2027-03-02"})
    };
    let mut sums = Vec::new();
    for (name, id, own) in [
        ("AUCTION_CAMPAIGN", "campaign_id", &campaign),
        ("AUCTION_ADGROUP", "adgroup_id", &group),
        ("AUCTION_AD", "ad_id", &ad),
    ] {
        let whole = rows(&client, level(name, id, &[])).await;
        assert_eq!(whole[0]["dimensions"], json!({ id: own }));
        let days = rows(&client, level(name, id, &["stat_time_day"])).await;
        assert_eq!(days.iter().map(clicks).sum::<i64>(), clicks(&whole[0]));
        sums.push(whole[0]["metrics"].clone());
    }
    assert!(sums.iter().all(|s| *s == sums[0]), "{sums:?}");
    let hours =
        with(level("AUCTION_CAMPAIGN", "campaign_id", &["stat_time_hour"]), json!({"start_date": "2027-03-02"}));
    let hours = rows(&client, hours).await;
    let day = rows(
        &client,
        with(level("AUCTION_CAMPAIGN", "campaign_id", &["stat_time_day"]), json!({"start_date": "2027-03-02"})),
    )
    .await;
    assert_eq!(hours.len(), 24);
    assert_eq!(hours.iter().map(clicks).sum::<i64>(), clicks(&day[0]));
    let lifetime = json!({"dimensions": ["campaign_id"], "query_lifetime": true, "start_date": null, "end_date": null});
    assert!(clicks(&rows(&client, lifetime).await[0]) >= clicks(&day[0]));
    let totals = client.get_ok("report/integrated/get", &report(json!({"enable_total_metrics": true}))).await;
    let sum: i64 = totals["list"].as_array().unwrap().iter().map(clicks).sum();
    assert_eq!(totals["total_metrics"]["clicks"], sum.to_string());
}

#[tokio::test]
async fn attributes_are_texts_too() {
    let client = Client::start().await;
    client.line("spring", 100.0).await;
    let metrics = json!({"dimensions": ["campaign_id"], "end_date": "2027-03-02",
        "metrics": ["campaign_name", "currency", "objective_type", "budget", "ad_name", "ctr", "cpc", "campaign_automation_type"]});
    let row = rows(&client, metrics).await[0]["metrics"].clone();
    let wanted = json!({"campaign_name": "spring", "currency": "USD", "objective_type": "WEB_CONVERSIONS", "budget": "100.00",
        "ad_name": "-", "ctr": "0.00", "cpc": "0.00", "campaign_automation_type": "UPGRADED_SMART_PLUS"});
    assert_eq!(row, wanted);
}

#[tokio::test]
async fn deleted_campaigns_are_left_out_unless_asked_for() {
    let client = Client::start().await;
    let (campaign, ..) = client.line("spring", 500.0).await;
    client.sim.set_now("2027-03-03T05:10:00Z".parse().unwrap());
    let body = json!({"advertiser_id": ADVERTISER, "campaign_ids": [campaign], "operation_status": "DELETE"});
    client.post_ok("smart_plus/campaign/status/update", &body).await;
    assert!(rows(&client, json!({})).await.is_empty());
    let filter = |name: &str, value: &str| json!({"filtering": [{"field_name": name, "filter_type": "IN", "filter_value": value}]});
    assert_eq!(rows(&client, filter("campaign_status", r#"["STATUS_ALL"]"#)).await.len(), 2);
    let ids = format!(r#"["{campaign}"]"#);
    assert!(rows(&client, filter("campaign_ids", &ids)).await.is_empty());
}

#[tokio::test]
async fn reports_that_break_a_rule_are_refused() {
    let client = Client::start().await;
    for (more, message) in [
        (json!({"end_date": "2027-03-31"}), "The time range cannot exceed 30 days."),
        (json!({"dimensions": ["campaign_id"], "end_date": "2028-03-01"}), "The time range cannot exceed 365 days."),
        (json!({"dimensions": ["campaign_id", "stat_time_hour"]}), "The time range cannot exceed 1 days."),
        (json!({"end_date": "2027-02-28"}), "start_date: Must not be later than end_date."),
        (json!({"end_date": null}), "Missing required field(s): end_date."),
        (json!({"start_date": "2027-3-1"}), "start_date: Time format should be %Y-%m-%d. Please try again."),
        (json!({"data_level": null}), "Missing required field(s): data_level."),
        (json!({"dimensions": ["adgroup_id"]}), "dimensions: adgroup_id do not fit the data_level."),
        (json!({"dimensions": ["stat_time_day"]}), "dimensions: campaign_id is needed for the data_level."),
        (json!({"metrics": ["cost"]}), "adsim does not simulate the metric cost"),
        (
            json!({"report_type": "BASICS"}),
            "report_type: BASICS is not one of: AUDIENCE, BASIC, BC, CATALOG, PLAYABLE_MATERIAL, TT_SHOP.",
        ),
        (
            json!({"filtering": [{"field_name": "campaign_ids", "filter_type": "IN", "filter_value": "1"}]}),
            "filtering.filter_value: Must be the JSON text of a list of strings.",
        ),
    ] {
        let answer = client.get("report/integrated/get", &report(more)).await;
        assert_eq!(told(&answer), (40002, message));
    }
}

#[tokio::test]
async fn a_lifetime_budget_is_spent_over_its_schedule_and_no_further() {
    let client = Client::start().await;
    let campaign = client.campaign_of_groups("spring").await;
    let total = json!({"budget_mode": "BUDGET_MODE_TOTAL", "budget": 400.0, "schedule_type": "SCHEDULE_START_END",
        "schedule_end_time": "2027-03-05 17:00:00"});
    let group = client.adgroup(&campaign, "de", total).await;
    assert_eq!(client.view().live_daily_budget_micros, 100_000_000);
    let media = client.media().await;
    client.ad(&group, "trailer", &media).await;
    client.sim.set_now("2027-03-07T00:00:00Z".parse().unwrap());
    let spent = client.view().campaigns[0].metrics.cost_micros;
    assert!((350_000_000..=400_000_000).contains(&spent), "{spent}");
    client.sim.set_now(client.sim.now() + SignedDuration::from_hours(48));
    assert_eq!(client.view().campaigns[0].metrics.cost_micros, spent);
}

#[tokio::test]
async fn what_is_paused_or_unpaid_spends_nothing() {
    let client = Client::start().await;
    let (campaign, ..) = client.line("spring", 500.0).await;
    client.sim.set_now("2027-03-02T12:00:00Z".parse().unwrap());
    let spent = || client.view().campaigns[0].metrics.cost_micros;
    let before = spent();
    assert!(before > 0);
    let status =
        |status: &str| json!({"advertiser_id": ADVERTISER, "campaign_ids": [campaign], "operation_status": status});
    client.post_ok("smart_plus/campaign/status/update", &status("DISABLE")).await;
    client.sim.set_now("2027-03-03T12:00:00Z".parse().unwrap());
    assert_eq!(spent(), before);
    client.post_ok("smart_plus/campaign/status/update", &status("ENABLE")).await;
    let unpaid = adsim::TikTokAction::SetBalance { balance: 0.0 };
    client.sim.edit_tiktok(&adsim::TikTokEdit::by_hand(ADVERTISER, unpaid)).unwrap();
    client.sim.set_now("2027-03-04T12:00:00Z".parse().unwrap());
    assert_eq!(spent(), before);
    let paid = adsim::TikTokAction::SetBalance { balance: 9.0 };
    client.sim.edit_tiktok(&adsim::TikTokEdit::by_hand(ADVERTISER, paid)).unwrap();
    client.sim.set_now("2027-03-05T12:00:00Z".parse().unwrap());
    assert!(spent() > before);
}
