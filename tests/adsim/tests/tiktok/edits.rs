//! Edits by hand, the ledger, and the admin API.

use adsim::{Actor, Change, TikTokAction, TikTokEdit};
use serde_json::{Value, json};

use crate::support::{ADVERTISER, Client, US};

#[tokio::test]
async fn edits_change_the_account_and_appear_in_the_ledger() {
    let client = Client::start().await;
    let (campaign, group, ad) = client.line("spring", 50.0).await;
    client.sim.reset_ledger();
    let object = || "spring".to_owned();
    for action in [
        TikTokAction::SetBudget { object: object(), budget_micros: 90_000_000 },
        TikTokAction::Pause { object: object() },
        TikTokAction::Enable { object: object() },
        TikTokAction::SetLocations { adgroup: group.clone(), location_ids: vec![US.into()] },
        TikTokAction::SetEnd { adgroup: group, schedule_end_time: Some("2027-05-31 00:00:00".into()) },
        TikTokAction::SetAdText { ad, text: "Edited".into() },
        TikTokAction::Rename { object: campaign, name: "renamed".into() },
    ] {
        let entries = client.sim.edit_tiktok(&TikTokEdit::by_hand(ADVERTISER, action.clone())).unwrap();
        assert_eq!((entries.len(), &entries[0].actor), (1, &Actor::Hand), "{action:?}");
    }
    let view = client.view();
    let found = view.campaign("renamed").unwrap();
    assert_eq!((found.budget_micros, found.enabled), (Some(90_000_000), true));
    assert_eq!(found.adgroups[0].location_ids, [US]);
    assert_eq!(found.adgroups[0].schedule_end_time.as_deref(), Some("2027-05-31 00:00:00"));
    assert_eq!(found.adgroups[0].ads[0].texts, ["Edited"]);
    let nothing = TikTokAction::Pause { object: "nothing".into() };
    assert!(client.sim.edit_tiktok(&TikTokEdit::by_hand(ADVERTISER, nothing)).is_err());
}

#[tokio::test]
async fn the_ledger_says_what_each_change_puts_at_stake() {
    let client = Client::start().await;
    let (campaign, group, _) = client.line("spring", 50.0).await;
    let update = json!({"advertiser_id": ADVERTISER, "campaign_id": campaign, "budget": 75.0});
    client.post_ok("smart_plus/campaign/update", &update).await;
    client.post_ok("smart_plus/campaign/update", &update).await;
    let delete = json!({"advertiser_id": ADVERTISER, "adgroup_ids": [group], "operation_status": "DELETE"});
    client.post_ok("smart_plus/adgroup/status/update", &delete).await;
    let ledger = client.sim.ledger();
    let told: Vec<(Change, &str, i64)> =
        ledger.iter().map(|e| (e.change, e.kind.as_str(), e.live_daily_budget_micros / 1_000_000)).collect();
    let wanted = [
        (Change::Create, "campaign", 0),
        (Change::Create, "adgroup", 50),
        (Change::Create, "ad", 50),
        (Change::Update, "campaign", 75),
        (Change::Remove, "adgroup", 0),
    ];
    assert_eq!(told, wanted, "a write that changes nothing has no entry");
    let entry = &ledger[3];
    assert_eq!((&entry.before["budget"], &entry.after["budget"]), (&json!(50.0), &json!(75.0)));
    assert_eq!(entry.resource_name, format!("campaign/{campaign}"));
    assert_eq!(entry.actor, Actor::Api("7300000000000000001".into()));
    assert!(!entry.request_id.is_empty());
    assert_eq!(ledger[1].after["campaign_id"], campaign);
}

#[tokio::test]
async fn foreign_campaigns_can_be_there_before() {
    let client = Client::start().await;
    let foreign = |name: &str, smart_plus| TikTokAction::AddForeignCampaign {
        name: name.into(),
        budget_micros: 80_000_000,
        enabled: true,
        smart_plus,
        location_ids: vec![],
    };
    for (name, smart_plus) in [("theirs", true), ("manual", false)] {
        client.sim.edit_tiktok(&TikTokEdit::by_hand(ADVERTISER, foreign(name, smart_plus))).unwrap();
    }
    assert_eq!(client.view().live_daily_budget_micros, 160_000_000);
    assert_eq!(client.rows("smart_plus/campaign/get", &json!({})).await.len(), 1);
    assert_eq!(client.rows("campaign/get", &json!({})).await.len(), 2);
    assert_eq!(client.rows("ad/get", &json!({})).await.len(), 2);
    client.sim.set_now("2027-03-03T00:00:00Z".parse().unwrap());
    assert!(client.view().campaigns.iter().all(|c| c.metrics.cost_micros > 0), "they spend");
}

#[tokio::test]
async fn the_admin_api_does_what_the_library_does() {
    let client = Client::start().await;
    client.campaign("spring", 50.0).await;
    let admin = client.sim.admin_url();
    let view: Value =
        client.http.get(format!("{admin}/accounts/{ADVERTISER}")).send().await.unwrap().json().await.unwrap();
    assert_eq!(view["campaigns"][0]["name"], "spring");
    let edit = json!({"platform": "tiktok", "advertiser": ADVERTISER, "action": {"pause": {"object": "spring"}}});
    let entries: Value =
        client.http.post(format!("{admin}/edits")).json(&edit).send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (&entries[0]["platform"], &entries[0]["after"]),
        (&json!("tiktok"), &json!({"operation_status": "DISABLE"}))
    );
    let accounts: Value = client.http.get(format!("{admin}/accounts")).send().await.unwrap().json().await.unwrap();
    assert!(accounts.as_array().unwrap().contains(&json!(ADVERTISER)));
}
