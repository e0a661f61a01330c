//! Creating, updating and deleting: what comes back, what is left, and what the ledger says.

use adsim::{Actor, Change};
use serde_json::json;

use crate::support::{ACCOUNT, Client, act, ad, ad_set, campaign, creative, with};

#[tokio::test]
async fn a_line_is_created_step_by_step_and_becomes_live_with_its_ad() {
    let client = Client::start().await;
    client.line("spring").await;
    let ledger = client.sim.ledger();
    let seen: Vec<(&str, Change, i64)> =
        ledger.iter().map(|e| (e.kind.as_str(), e.change, e.live_daily_budget_micros)).collect();
    assert_eq!(
        seen,
        [
            ("campaign", Change::Create, 0),
            ("adset", Change::Create, 0),
            ("creative", Change::Create, 0),
            ("ad", Change::Create, 50_000_000),
        ]
    );
    assert!(ledger.iter().all(|e| e.platform == "meta" && e.actor == Actor::Api("122000000000001".into())));
    let view = client.sim.meta_account(ACCOUNT);
    assert_eq!(view.live_daily_budget_micros, 50_000_000);
    assert_eq!(view.campaign("spring").unwrap().ad_sets[0].object.daily_budget, Some(5000));
}

#[tokio::test]
async fn live_is_what_may_spend() {
    let client = Client::start().await;
    let line = client.line("spring").await;
    let live = || client.sim.meta_account(ACCOUNT).live_daily_budget_micros;
    let status = |id: &str, status: &str| (id.to_owned(), json!({"status": status}));
    for (change, expected) in [
        ((line.set.clone(), json!({"daily_budget": 6000})), 60_000_000),
        (status(&line.ad, "PAUSED"), 0),
        (status(&line.ad, "ACTIVE"), 60_000_000),
        (status(&line.set, "PAUSED"), 0),
        (status(&line.set, "ACTIVE"), 60_000_000),
        (status(&line.campaign, "PAUSED"), 0),
        (status(&line.campaign, "ACTIVE"), 60_000_000),
        (status(&line.campaign, "DELETED"), 0),
    ] {
        let body = client.ok("POST", &change.0, change.1.clone()).await;
        assert_eq!(body, json!({"success": true}));
        assert_eq!(live(), expected, "{change:?}");
        assert_eq!(client.sim.ledger().last().unwrap().live_daily_budget_micros, expected, "{change:?}");
    }
}

#[tokio::test]
async fn a_campaigns_budget_counts_once() {
    let client = Client::start().await;
    let budget = json!({"daily_budget": 9000, "bid_strategy": "LOWEST_COST_WITHOUT_CAP", "is_adset_budget_sharing_enabled": null});
    let id = client.create("campaigns", with(campaign("cbo"), budget)).await;
    let creative = client.create("adcreatives", creative("a")).await;
    for _ in 0..2 {
        let set = client.create("adsets", with(ad_set(&id), json!({"daily_budget": null}))).await;
        client.create("ads", ad(&set, &creative)).await;
    }
    assert_eq!(client.sim.meta_account(ACCOUNT).live_daily_budget_micros, 90_000_000);
}

#[tokio::test]
async fn a_dry_run_checks_and_changes_nothing() {
    let client = Client::start().await;
    let line = client.line("spring").await;
    let dry = json!({"execution_options": ["validate_only"]});
    let before = client.sim.ledger().len();
    for (path, params) in [
        (act("campaigns"), campaign("dry")),
        (act("adsets"), ad_set(&line.campaign)),
        (act("adcreatives"), creative("dry")),
        (act("ads"), ad(&line.set, &line.creative)),
        (line.set.clone(), json!({"daily_budget": 7000})),
    ] {
        assert_eq!(client.ok("POST", &path, with(params, dry.clone())).await, json!({"success": true}));
    }
    let wrong = with(ad_set(&line.campaign), json!({"daily_budget": 1, "execution_options": ["validate_only"]}));
    assert_eq!(client.error("POST", &act("adsets"), wrong).await, (100, Some(1_885_272)));
    assert_eq!(client.sim.ledger().len(), before);
}

#[tokio::test]
async fn deleted_objects_leave_edges_and_stay_readable_by_id() {
    let client = Client::start().await;
    let line = client.line("spring").await;
    assert_eq!(client.ok("DELETE", &line.campaign, json!({})).await, json!({"success": true}));
    for (edge, id) in [("campaigns", &line.campaign), ("adsets", &line.set), ("ads", &line.ad)] {
        assert_eq!(client.get(&act(edge), json!({})).await["data"], json!([]), "{edge}");
        let node = client.get(id, json!({"fields": "id,status,effective_status"})).await;
        assert_eq!(node["effective_status"], "DELETED", "{edge}");
    }
    assert_eq!(client.error("POST", &line.set, json!({"name": "a"})).await, (100, Some(1_487_056)));
    assert_eq!(client.error("DELETE", &line.campaign, json!({})).await, (100, Some(33)));
    let removed = client.sim.ledger().into_iter().filter(|e| e.change == Change::Remove).count();
    assert_eq!(removed, 3);
}

#[tokio::test]
async fn archived_objects_can_be_renamed_or_deleted_and_show_on_demand() {
    let client = Client::start().await;
    let line = client.line("spring").await;
    client.ok("POST", &line.campaign, json!({"status": "ARCHIVED"})).await;
    assert_eq!(client.get(&act("campaigns"), json!({})).await["data"], json!([]));
    let archived = client.get(&act("campaigns"), json!({"effective_status": ["ARCHIVED"]})).await;
    assert_eq!(archived["data"][0]["id"], line.campaign.as_str());
    assert_eq!(client.error("POST", &line.campaign, json!({"status": "ACTIVE"})).await, (100, Some(1_487_056)));
    client.ok("POST", &line.campaign, json!({"name": "old"})).await;
    client.ok("POST", &line.campaign, json!({"status": "DELETED"})).await;
}

#[tokio::test]
async fn labels_are_given_with_an_object_and_found_again() {
    let client = Client::start().await;
    let label = client.create("adlabels", json!({"name": "adops"})).await;
    assert_eq!(client.create("adlabels", json!({"name": "adops"})).await, label);
    let labelled = with(campaign("a"), json!({"adlabels": [{"id": label}, {"name": "new"}]}));
    let a = client.create("campaigns", labelled).await;
    client.create("campaigns", campaign("b")).await;
    let found =
        client.get(&act("campaignsbylabels"), json!({"ad_label_ids": [label], "fields": "id,adlabels{id,name}"})).await;
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    assert_eq!((&found["data"][0]["id"], &found["data"][0]["adlabels"][1]["name"]), (&json!(a), &json!("new")));
    // Only ad sets have a DELETE for labels; elsewhere the whole list is given anew.
    assert_eq!(
        client.error("DELETE", &format!("{a}/adlabels"), json!({"adlabels": [{"id": label}]})).await,
        (100, None)
    );
    client.ok("POST", &a, json!({"adlabels": [{"name": "new"}]})).await;
    let found = client.get(&act("campaignsbylabels"), json!({"ad_label_ids": [label]})).await;
    assert_eq!(found["data"], json!([]));
    client.ok("POST", &format!("{a}/adlabels"), json!({"adlabels": [{"id": label}]})).await;
    assert_eq!(client.get(&format!("{label}/campaigns"), json!({})).await["data"][0]["id"], a);
    let set = client.create("adsets", with(ad_set(&a), json!({"adlabels": [{"id": label}]}))).await;
    client.ok("DELETE", &format!("{set}/adlabels"), json!({"adlabels": [{"id": label}]})).await;
    assert_eq!(client.get(&set, json!({"fields": "adlabels"})).await, json!({"id": set}));
    let many: Vec<_> = (0..51).map(|i| json!({"name": format!("l{i}")})).collect();
    assert_eq!(client.error("POST", &a, json!({"adlabels": many})).await, (100, None));
}

#[tokio::test]
async fn an_ads_creative_is_swapped_unless_the_service_ignores_it() {
    let client = Client::start().await;
    let line = client.line("spring").await;
    let other = client.create("adcreatives", creative("Summer is here")).await;
    let given = client.get(&line.ad, json!({"fields": "creative{id}"})).await;
    assert_eq!(given["creative"]["id"], line.creative.as_str());
    assert_eq!(client.error("POST", &line.creative, json!({"body": "x"})).await, (100, None));
    client.ok("POST", &line.creative, json!({"name": "renamed"})).await;
    let swap = json!({"creative": {"creative_id": other}});
    client.sim.configure_meta(|meta| meta.rules.creative_swap_is_ignored = true);
    assert_eq!(client.ok("POST", &line.ad, swap.clone()).await, json!({"success": true}));
    assert_eq!(client.get(&line.ad, json!({"fields": "creative"})).await["creative"]["id"], line.creative.as_str());
    client.sim.configure_meta(|meta| meta.rules.creative_swap_is_ignored = false);
    client.ok("POST", &line.ad, swap).await;
    let ad = client.get(&line.ad, json!({"fields": "creative,effective_status"})).await;
    assert_eq!((&ad["creative"]["id"], &ad["effective_status"]), (&json!(other), &json!("PENDING_REVIEW")));
    assert_eq!(client.error("DELETE", &other, json!({})).await, (100, Some(1_487_233)));
}

#[tokio::test]
async fn a_budget_is_rounded_silently_if_told_so() {
    let mut config = crate::support::config();
    config.meta.rules.budget_rounding = 100;
    let client = Client::with(config).await;
    let line = client.line("spring").await;
    client.ok("POST", &line.set, json!({"daily_budget": 5099})).await;
    let set = client.get(&line.set, json!({"fields": "daily_budget,lifetime_budget"})).await;
    assert_eq!((&set["daily_budget"], &set["lifetime_budget"]), (&json!("5000"), &json!("0")));
}
