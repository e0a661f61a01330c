//! Status updates, and the words for why something does or does not run.

use adsim::{TikTokAction, TikTokEdit};
use serde_json::{Value, json};

use crate::support::{ADVERTISER, Client, ad, told};

fn update(field: &str, ids: &[&str], status: &str) -> Value {
    json!({"advertiser_id": ADVERTISER, field: ids, "operation_status": status})
}

#[tokio::test]
async fn each_object_fails_for_itself() {
    let client = Client::start().await;
    let (a, b) = (client.campaign("a", 50.0).await, client.campaign("b", 50.0).await);
    let path = "smart_plus/campaign/status/update";
    client.post_ok(path, &update("campaign_ids", &[&a], "DELETE")).await;
    let data = client.post_ok(path, &update("campaign_ids", &[&a, &b, "5"], "DISABLE")).await;
    let wanted = json!({
        "campaign_list": [{"campaign_id": b, "status": "DISABLE"}],
        "error_list": [
            {"campaign_id": a, "error_message": "The status of deleted campaigns cannot be modified."},
            {"campaign_id": "5", "error_message": "The campaign 5 does not exist."},
        ],
    });
    assert_eq!(data, wanted, "a success that hides two failures");
    client.sim.configure_tiktok(|config| config.partial_success_code = 20001);
    let answer = client.post(path, &update("campaign_ids", &[&a, &b], "ENABLE")).await;
    assert_eq!(told(&answer), (20001, "Partially successful."));
    assert!(client.view().campaigns[1].enabled);
    let many: Vec<String> = (0..21).map(|i| i.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(told(&client.post(path, &update("campaign_ids", &many, "DISABLE")).await).0, 40011);
    assert_eq!(told(&client.post(path, &update("campaign_ids", &[], "DISABLE")).await).0, 40002);
}

#[tokio::test]
async fn the_answer_for_ads_does_not_name_failures() {
    let client = Client::start().await;
    let (campaign, group, ad) = client.line("spring", 50.0).await;
    let path = "smart_plus/ad/status/update";
    let data = client.post_ok(path, &update("smart_plus_ad_ids", &[&ad, "5"], "DISABLE")).await;
    assert_eq!(data, json!({"smart_plus_ad_ids": [ad], "status": "DISABLE"}));
    assert_eq!(told(&client.post(path, &update("smart_plus_ad_ids", &["5"], "DISABLE")).await).0, 40007);
    let data = client.post_ok("smart_plus/adgroup/status/update", &update("adgroup_ids", &[&group], "DELETE")).await;
    assert_eq!(data, json!({"adgroup_list": [{"adgroup_id": group, "status": "DELETE"}], "error_list": []}));
    let answer = client.post(path, &update("smart_plus_ad_ids", &[&ad], "ENABLE")).await;
    assert_eq!(told(&answer).1, "The status of deleted ads cannot be modified.", "the ad group is gone");
    client.post_ok("smart_plus/campaign/status/update", &update("campaign_ids", &[&campaign], "DELETE")).await;
    let body = json!({"advertiser_id": ADVERTISER, "campaign_id": campaign, "budget": 60.0});
    let answer = client.post("smart_plus/campaign/update", &body).await;
    assert_eq!(told(&answer).1, format!("The campaign {campaign} has been deleted."), "deleting cannot be undone");
}

#[tokio::test]
async fn statuses_say_what_is_in_the_way() {
    let client = Client::start().await;
    let campaign = client.campaign("spring", 50.0).await;
    let future = json!({"schedule_start_time": "2027-03-02 17:00:00"});
    let group = client.adgroup(&campaign, "de", future).await;
    let status = || {
        let campaign = client.view().campaigns[0].clone();
        let group = campaign.adgroups[0].clone();
        let ad = group.ads.first().map(|ad| ad.secondary_status.clone()).unwrap_or_default();
        [campaign.secondary_status, group.secondary_status, ad]
    };
    assert_eq!(status(), ["CAMPAIGN_STATUS_ENABLE", "ADGROUP_STATUS_CREATE", ""]);
    let media = client.media().await;
    let made = client.ad(&group, "trailer", &media).await;
    assert_eq!(status()[1..], ["ADGROUP_STATUS_AUDIT", "AD_STATUS_AUDIT"]);
    client.sim.set_now(client.sim.next_due().unwrap());
    assert_eq!(status()[1..], ["ADGROUP_STATUS_NOT_START", "AD_STATUS_NOT_START"]);
    client.sim.set_now("2027-03-02T17:00:00Z".parse().unwrap());
    assert_eq!(status()[1..], ["ADGROUP_STATUS_DELIVERY_OK", "AD_STATUS_DELIVERY_OK"]);
    let edit = |action| client.sim.edit_tiktok(&TikTokEdit::by_hand(ADVERTISER, action)).unwrap();
    edit(TikTokAction::SetBalance { balance: 0.0 });
    assert_eq!(status()[1..], ["ADGROUP_STATUS_BALANCE_EXCEED", "AD_STATUS_BALANCE_EXCEED"]);
    edit(TikTokAction::SetBalance { balance: 100.0 });
    let bad = json!({"advertiser_id": ADVERTISER, "smart_plus_ad_id": made, "ad_text_list": [{"ad_text": "DisapproveMe now"}]});
    client.post_ok("smart_plus/ad/update", &bad).await;
    assert_eq!(status()[1..], ["ADGROUP_STATUS_AUDIT", "AD_STATUS_AUDIT"], "a new text is reviewed anew");
    let query = json!({"advertiser_id": ADVERTISER, "smart_plus_ad_ids": [made],
        "extra_info_setting": {"include_reject_info": true}});
    let review =
        async || client.get_ok("smart_plus/ad/review_info", &query).await["smart_plus_ad_review_infos"].clone();
    assert_eq!(review().await, json!([]), "no result yet");
    client.sim.set_now(client.sim.next_due().unwrap());
    assert_eq!(status()[1..], ["ADGROUP_STATUS_AUDIT_DENY", "AD_STATUS_AUDIT_DENY"]);
    let denied = review().await[0].clone();
    assert_eq!((&denied["smart_plus_ad_id"], &denied["review_status"]), (&json!(made), &json!("UNAVAILABLE")));
    let content = json!({"content_type": "ModeString", "text_content": "DisapproveMe now"});
    assert_eq!(denied["reject_info"][0]["content_info"], content);
    client.post_ok("smart_plus/ad/create", &ad(&group, "second", &media)).await;
    client.sim.set_now(client.sim.next_due().unwrap());
    assert_eq!(status()[1], "ADGROUP_STATUS_PARTIAL_AUDIT_DELIVERY_OK");
    edit(TikTokAction::Pause { object: campaign.clone() });
    assert_eq!(status()[..2], ["CAMPAIGN_STATUS_DISABLE", "ADGROUP_STATUS_CAMPAIGN_DISABLE"]);
    edit(TikTokAction::Pause { object: group });
    assert_eq!(status()[1], "ADGROUP_STATUS_DISABLE");
    edit(TikTokAction::Delete { object: campaign });
    assert_eq!(status(), ["CAMPAIGN_STATUS_DELETE", "ADGROUP_STATUS_CAMPAIGN_DELETE", "AD_STATUS_CAMPAIGN_DELETE"]);
}
