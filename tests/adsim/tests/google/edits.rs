//! Edits by hand and by recommendations, and the admin API.

use adsim::{Actor, Edit, EditAction};
use serde_json::{Value, json};

use crate::support::{CID, Client, line};

#[tokio::test]
async fn edits_change_the_account_and_appear_in_the_ledger() {
    let client = Client::start().await;
    client.mutate_ok(&line("spring", "50000000", None)).await;
    client.sim.reset_ledger();
    let campaign = || "spring".to_owned();
    for action in [
        EditAction::SetBudget { campaign: campaign(), amount_micros: 90_000_000 },
        EditAction::Enable { campaign: campaign() },
        EditAction::SetEndDate { campaign: campaign(), end_date_time: Some("2027-05-31 23:59:59".into()) },
        EditAction::AddLabel { campaign: campaign(), label: "theirs".into() },
        EditAction::AddLocation { campaign: campaign(), geo_target_id: 2276, negative: true },
        EditAction::RemoveLocation { campaign: campaign(), geo_target_id: 2840 },
        EditAction::Rename { campaign: campaign(), name: "renamed".into() },
    ] {
        client.sim.edit(&Edit::by_hand(CID, action)).unwrap();
    }
    let view = client.sim.google_account(CID);
    let found = view.campaign("renamed").unwrap();
    assert_eq!(found.budget.as_ref().unwrap().amount_micros, 90_000_000);
    assert_eq!((found.status.as_str(), found.labels.as_slice()), ("ENABLED", &["theirs".to_owned()][..]));
    assert_eq!(found.end_date_time.as_deref(), Some("2027-05-31 23:59:59"));
    let places: Vec<_> = found.criteria.iter().map(|c| (c.criterion_id, c.negative, c.status.as_str())).collect();
    assert!(places.contains(&(2276, true, "ENABLED")) && places.contains(&(2840, false, "REMOVED")), "{places:?}");
    let ad = found.ad_groups[0].ads[0].id;
    let headlines = Some(vec!["x".into(), "y".into(), "z".into()]);
    client
        .sim
        .edit(&Edit::by_hand(CID, EditAction::EditAd { ad, headlines, descriptions: None, final_url: None }))
        .unwrap();
    let cut = EditAction::SetBudget { campaign: found.id.to_string(), amount_micros: 10_000 };
    let entries = client.sim.edit(&Edit::by_recommendation(CID, cut)).unwrap();
    assert_eq!(entries[0].actor, Actor::Recommendation);
    assert_eq!(entries[0].live_daily_budget_micros, 10_000);
    assert!(client.sim.ledger().iter().any(|e| e.actor == Actor::Hand));
    assert!(client.sim.edit(&Edit::by_hand(CID, EditAction::Pause { campaign: "nothing".into() })).is_err());
}

#[tokio::test]
async fn foreign_campaigns_can_be_there_before() {
    let client = Client::start().await;
    let action = EditAction::AddForeignCampaign {
        name: "theirs".into(),
        amount_micros: 5_000_000,
        enabled: true,
        labels: vec!["agency".into()],
        geo_target_ids: vec![2276],
    };
    client.sim.edit(&Edit::by_hand(CID, action)).unwrap();
    let view = client.sim.google_account(CID);
    assert_eq!(view.live_daily_budget_micros, 5_000_000);
    assert_eq!(view.campaigns[0].labels, ["agency"]);
    assert_eq!(view.campaigns[0].ad_groups[0].ads.len(), 1);
}

#[tokio::test]
async fn the_admin_api_does_what_the_library_does() {
    let client = Client::start().await;
    client.mutate_ok(&line("spring", "50000000", None)).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let admin = client.sim.admin_url();
    let get =
        async |path: &str| -> Value { http.get(format!("{admin}{path}")).send().await.unwrap().json().await.unwrap() };
    let post = async |path: &str, body: Value| -> (u16, Value) {
        let answer = http.post(format!("{admin}{path}")).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    };
    assert_eq!(get("/ledger").await.as_array().unwrap().len(), 9, "eight objects and the budget's name");
    assert_eq!(get(&format!("/accounts/{CID}")).await["campaigns"][0]["name"], "spring");
    let edit = json!({"customer": CID, "action": {"setBudget": {"campaign": "spring", "amountMicros": 10000}}});
    assert_eq!(post("/edits", edit).await.1[0]["actor"], "hand");
    let (status, _) = post("/edits", json!({"customer": CID, "action": {"pause": {"campaign": "x"}}})).await;
    assert_eq!(status, 422);
    let fault = json!({"when": {"path": ":mutate"}, "effect": {"latency": {"millis": 5}}, "times": 3});
    assert_eq!(post("/faults", fault).await, (200, json!({"id": 1})));
    assert_eq!(post("/faults", json!({"effect": "cutAfter"})).await.1["id"], 2);
    assert_eq!(get("/faults").await.as_array().unwrap().len(), 2);
    http.delete(format!("{admin}/faults")).send().await.unwrap();
    assert!(client.sim.faults().list().is_empty());
    assert_eq!(get("/clock").await["nextDue"], "2027-03-01T17:10:00Z");
    assert_eq!(post("/clock", json!({"now": "2027-03-02T00:00:00Z"})).await.1["now"], "2027-03-02T00:00:00Z");
    assert_eq!(post("/clock", json!({"now": "2027-03-01T00:00:00Z"})).await.0, 409);
    assert_eq!(get("/idle").await, json!({"idle": true}));
    assert_eq!(http.get(format!("{admin}/healthz")).send().await.unwrap().status(), 200);
}
