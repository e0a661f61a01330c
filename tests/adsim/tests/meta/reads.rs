//! Reading: fields, edges, pages, filters.

use serde_json::{Value, json};

use crate::support::{ACCOUNT, Client, PIXEL, act, campaign, config, ids, with};

#[tokio::test]
async fn nodes_show_what_is_asked_for() {
    let client = Client::start().await;
    let line = client.line("spring").await;
    assert_eq!(client.get(&line.campaign, json!({})).await, json!({"id": line.campaign}));
    let set = client
        .get(
            &line.set,
            json!({"fields": "name,campaign_id,daily_budget,budget_remaining,configured_status,effective_status,\
                    start_time,created_time,promoted_object,targeting,campaign{name,objective},ads{id,creative{id}},\
                    learning_stage_info"}),
        )
        .await;
    assert_eq!(set["daily_budget"], "5000");
    assert_eq!(set["campaign"], json!({"name": "spring", "objective": "OUTCOME_SALES", "id": line.campaign}));
    assert_eq!(set["ads"]["data"][0]["creative"]["id"], line.creative.as_str());
    assert_eq!(set["promoted_object"]["pixel_id"], PIXEL);
    assert_eq!(set["created_time"], "2027-03-01T12:00:00-0500");
    assert_eq!(set["learning_stage_info"]["status"], "LEARNING");
    let (status, body) = client.call("GET", &line.set, json!({"fields": "budget"})).await;
    assert_eq!(status, 400);
    assert_eq!(body["error"]["message"], "(#100) Tried accessing nonexisting field (budget) on node type (AdSet)");
    assert_eq!(client.error("GET", "120299999999999", json!({})).await, (100, Some(33)));
    let both = client.get("", json!({"ids": [line.campaign, line.ad], "fields": "name"})).await;
    assert_eq!(both[&line.ad]["name"], "ad");
}

#[tokio::test]
async fn the_account_tells_of_itself() {
    let client = Client::start().await;
    let fields = "account_id,name,currency,timezone_name,timezone_offset_hours_utc,account_status,disable_reason,\
                  amount_spent,spend_cap,min_daily_budget";
    let account = client.get(&format!("act_{ACCOUNT}"), json!({"fields": fields})).await;
    assert_eq!(
        account,
        json!({
            "account_id": ACCOUNT, "id": format!("act_{ACCOUNT}"), "name": "Example", "currency": "USD",
            "timezone_name": "America/New_York", "timezone_offset_hours_utc": -5.0, "account_status": 1,
            "disable_reason": 0, "amount_spent": "0", "spend_cap": "0", "min_daily_budget": 100,
        })
    );
    let mine = client.get("me/adaccounts", json!({"fields": "id,currency"})).await;
    assert_eq!(mine["data"], json!([{"id": format!("act_{ACCOUNT}"), "currency": "USD"}]));
}

#[tokio::test]
async fn edges_have_pages_forth_and_back() {
    let client = Client::start().await;
    let mut made = Vec::new();
    for i in 0..5 {
        made.push(client.create("campaigns", campaign(&format!("c{i}"))).await);
    }
    made.reverse();
    let first = client.get(&act("campaigns"), json!({"limit": 2, "summary": true})).await;
    assert_eq!((ids(&first), &first["summary"]["total_count"]), (made[..2].to_vec(), &json!(5)));
    // The address of the next page is complete.
    let next = first["paging"]["next"].as_str().unwrap().to_owned();
    let second: Value =
        reqwest::Client::builder().no_proxy().build().unwrap().get(&next).send().await.unwrap().json().await.unwrap();
    assert_eq!(ids(&second), made[2..4]);
    let after = second["paging"]["cursors"]["after"].clone();
    let third = client.get(&act("campaigns"), json!({"limit": 2, "after": after})).await;
    assert_eq!(ids(&third), made[4..]);
    assert!(third["paging"].get("next").is_none());
    let before = third["paging"]["cursors"]["before"].clone();
    let back = client.get(&act("campaigns"), json!({"limit": 2, "before": before})).await;
    assert_eq!(ids(&back), made[2..4]);
    assert_eq!(client.error("GET", &act("campaigns"), json!({"after": "nonsense"})).await, (100, None));
    assert_eq!(client.error("GET", &act("campaigns"), json!({"limit": 100_000})).await, (1, None));
}

#[tokio::test]
async fn edges_are_filtered() {
    let client = Client::start().await;
    let a = client.line("alpha").await;
    let b = client.create("campaigns", with(campaign("beta"), json!({"status": "PAUSED"}))).await;
    let filter =
        |field: &str, operator: &str, value: Value| json!([{"field": field, "operator": operator, "value": value}]);
    for (edge, params, expected) in [
        ("campaigns", json!({"effective_status": ["PAUSED"]}), vec![&b]),
        ("campaigns", json!({"filtering": filter("name", "CONTAIN", json!("alp"))}), vec![&a.campaign]),
        ("campaigns", json!({"filtering": filter("campaign.id", "IN", json!([b]))}), vec![&b]),
        ("adsets", json!({"filtering": filter("campaign.id", "EQUAL", json!(a.campaign))}), vec![&a.set]),
        ("ads", json!({"filtering": filter("campaign.name", "EQUAL", json!("beta"))}), vec![]),
        ("ads", json!({"updated_since": 4_000_000_000_i64}), vec![]),
    ] {
        let found = client.get(&act(edge), params.clone()).await;
        assert_eq!(ids(&found).iter().collect::<Vec<_>>(), expected, "{edge} {params}");
    }
    assert_eq!(
        client.error("GET", &act("ads"), json!({"filtering": filter("weight", "EQUAL", json!(1))})).await,
        (100, None)
    );
    assert_eq!(ids(&client.get(&format!("{}/adsets", a.campaign), json!({})).await), [a.set.as_str()]);
    assert_eq!(ids(&client.get(&format!("{}/ads", a.campaign), json!({})).await), [a.ad.as_str()]);
    assert_eq!(ids(&client.get(&format!("{}/adcreatives", a.set), json!({})).await), [a.creative.as_str()]);
}

#[tokio::test]
async fn places_are_looked_up() {
    let client = Client::start().await;
    let found =
        client.get("search", json!({"type": "adgeolocation", "q": "California", "location_types": ["region"]})).await;
    assert_eq!(
        (&found["data"][0]["key"], &found["data"][0]["country_name"]),
        (&json!("3847"), &json!("United States"))
    );
    let locales = client.get("search", json!({"type": "adlocale", "q": "German"})).await;
    assert_eq!(locales["data"], json!([{"key": 5, "name": "German"}]));
    assert_eq!(client.error("GET", "search", json!({"type": "adcity"})).await, (100, None));
}

#[tokio::test]
async fn edges_lag_behind_and_nodes_do_not() {
    let mut config = config();
    config.meta.read_lag = jiff::SignedDuration::from_secs(60);
    let client = Client::with(config).await;
    let id = client.create("campaigns", campaign("a")).await;
    assert_eq!(client.get(&act("campaigns"), json!({})).await["data"], json!([]));
    assert_eq!(client.get(&id, json!({"fields": "name"})).await["name"], "a");
    assert_eq!(client.sim.next_due(), Some(client.sim.now() + jiff::SignedDuration::from_secs(60)));
    client.sim.set_now(client.sim.now() + jiff::SignedDuration::from_secs(60));
    assert_eq!(ids(&client.get(&act("campaigns"), json!({})).await), [id]);
}
