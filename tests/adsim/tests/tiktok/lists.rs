//! Lists: pages, filters, fields, what is deleted, what lags.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{ADVERTISER, Client, told};

const LIST: &str = "smart_plus/campaign/get";

fn names(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["campaign_name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn lists_come_in_pages() {
    let client = Client::start().await;
    for i in 0..12 {
        client.campaign(&format!("c{i:02}"), 50.0).await;
    }
    let page = async |more: Value| {
        let query = crate::support::with(json!({"advertiser_id": ADVERTISER}), more);
        client.get(LIST, &query).await
    };
    let first = page(json!({})).await["data"].clone();
    assert_eq!(first["page_info"], json!({"page": 1, "page_size": 10, "total_number": 12, "total_page": 2}));
    assert_eq!(first["list"][0]["campaign_name"], "c11", "the newest first");
    let second = page(json!({"page": 2})).await["data"].clone();
    assert_eq!(names(second["list"].as_array().unwrap()), ["c01", "c00"]);
    assert_eq!(page(json!({"page": 3})).await["data"]["list"], json!([]));
    for more in [json!({"page": 0}), json!({"page_size": 1_001}), json!({"page_size": 0}), json!({"page_size": "x"})] {
        assert_eq!(told(&page(more.clone()).await).0, 40002, "{more}");
    }
    assert_eq!(
        told(&client.get("smart_plus/ad/get", &json!({"advertiser_id": ADVERTISER, "page_size": 101})).await).0,
        40002
    );
}

#[tokio::test]
async fn filters_are_json_text() {
    let client = Client::start().await;
    let (a, group, ad) = client.line("adop ns spring 7f3c", 50.0).await;
    let b = client.campaign("summer 7F3", 50.0).await;
    let status = json!({"advertiser_id": ADVERTISER, "campaign_ids": [b], "operation_status": "DELETE"});
    for (filter, wanted) in [
        (json!({}), vec!["summer 7F3", "adop ns spring 7f3c"]),
        (json!({"campaign_name": "7f3c"}), vec!["adop ns spring 7f3c"]),
        (json!({"campaign_name": "7f3"}), vec!["summer 7F3", "adop ns spring 7f3c"]),
        (json!({"campaign_ids": [a]}), vec!["adop ns spring 7f3c"]),
        (json!({"secondary_status": "CAMPAIGN_STATUS_DISABLE"}), vec![]),
        (json!({"creation_filter_start_time": "2027-03-01 17:00:00"}), vec!["summer 7F3"]),
        (json!({"creation_filter_end_time": "2027-03-01 17:05:00"}), vec!["adop ns spring 7f3c"]),
        (json!({"objective_type": "APP_PROMOTION"}), vec![]),
    ] {
        assert_eq!(names(&client.rows(LIST, &filter).await), wanted, "{filter}");
    }
    client.post_ok("smart_plus/campaign/status/update", &status).await;
    for (primary, wanted) in [
        ("STATUS_NOT_DELETE", vec!["adop ns spring 7f3c"]),
        ("STATUS_DELETE", vec!["summer 7F3"]),
        ("STATUS_ALL", vec!["summer 7F3", "adop ns spring 7f3c"]),
        ("STATUS_DELIVERY_OK", vec!["adop ns spring 7f3c"]),
        ("STATUS_DISABLE", vec![]),
    ] {
        let filter = json!({ "primary_status": primary });
        assert_eq!(names(&client.rows(LIST, &filter).await), wanted, "{primary}");
    }
    assert_eq!(client.rows(LIST, &json!({})).await.len(), 1, "what is deleted is hidden");
    assert_eq!(client.rows("smart_plus/adgroup/get", &json!({"campaign_ids": [a]})).await[0]["adgroup_id"], group);
    let ads = client.rows("smart_plus/ad/get", &json!({"adgroup_ids": [group], "smart_plus_ad_ids": [ad]})).await;
    assert_eq!((&ads[0]["smart_plus_ad_id"], &ads[0]["campaign_id"]), (&json!(ad), &json!(a)));
    for (filter, code) in [
        (json!("spring"), 40002),
        (json!({"campaign_ids": a}), 40002),
        (json!({"campaign_ids": vec!["1"; 101]}), 40011),
        (json!({"name": "x"}), 40002),
        (json!({"primary_status": "STATUS_X"}), 40002),
        (json!({"creation_filter_start_time": "yesterday"}), 40002),
    ] {
        let answer = client.get(LIST, &json!({"advertiser_id": ADVERTISER, "filtering": filter})).await;
        assert_eq!(told(&answer).0, code, "{filter}");
    }
}

#[tokio::test]
async fn only_the_fields_that_are_named_come() {
    let client = Client::start().await;
    client.line("spring", 50.0).await;
    let query = json!({"advertiser_id": ADVERTISER, "fields": ["campaign_id", "budget", "secondary_status"]});
    let row = client.get_ok(LIST, &query).await["list"][0].clone();
    let mut fields: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["budget", "campaign_id", "secondary_status"]);
    let group = client.rows("adgroup/get", &json!({})).await[0].clone();
    assert_eq!(group["location_ids"], json!([crate::support::DE]), "targeting lies at the top there");
    let ad = client.rows("ad/get", &json!({})).await[0].clone();
    assert_eq!(
        (&ad["ad_text"], &ad["landing_page_url"]),
        (&json!("Spring is here"), &json!("https://example.com/de/spring"))
    );
}

#[tokio::test]
async fn a_list_may_lag_behind_a_create() {
    let client = Client::configured(|config| config.read_lag = SignedDuration::from_secs(30)).await;
    let campaign = client.campaign("spring", 50.0).await;
    assert!(client.rows(LIST, &json!({})).await.is_empty());
    client.adgroup(&campaign, "de", json!({})).await;
    let due = client.sim.next_due().unwrap();
    assert_eq!(due, client.sim.now() + SignedDuration::from_secs(30));
    client.sim.set_now(due);
    assert_eq!(client.rows(LIST, &json!({})).await.len(), 1);
    let update = json!({"advertiser_id": ADVERTISER, "campaign_id": campaign, "budget": 60.0});
    client.post_ok("smart_plus/campaign/update", &update).await;
    assert_eq!(client.rows(LIST, &json!({})).await[0]["budget"], 50.0, "the old budget for a while");
    client.sim.set_now(client.sim.next_due().unwrap());
    assert_eq!(client.rows(LIST, &json!({})).await[0]["budget"], 60.0);
}

#[tokio::test]
async fn places_pixels_and_identities_are_looked_up() {
    let client = Client::start().await;
    let query =
        json!({"advertiser_id": ADVERTISER, "placements": ["PLACEMENT_TIKTOK"], "objective_type": "WEB_CONVERSIONS"});
    let data = client.get_ok("tool/region", &query).await;
    let find = |code: &str, level: &str| {
        let mut infos = data["region_info"].as_array().unwrap().iter();
        infos.find(|r| r["region_code"] == code && r["level"] == level).cloned()
    };
    assert_eq!(find("US", "COUNTRY").unwrap()["location_id"], "6252001");
    assert_eq!(find("US", "PROVINCE").unwrap()["parent_id"], "6252001");
    assert_eq!(find("IN", "COUNTRY"), None, "TikTok is not there");
    assert!(data["region_list"].as_array().unwrap().contains(&json!("DE")));
    let countries =
        client.get_ok("tool/region", &crate::support::with(query, json!({"level_range": "TO_COUNTRY"}))).await;
    assert!(countries["region_info"].as_array().unwrap().iter().all(|r| r["level"] == "COUNTRY"));
    let account = json!({ "advertiser_id": ADVERTISER });
    let regions = client.get_ok("search/region", &account).await;
    assert!(regions["region_list"].as_array().unwrap().iter().any(|r| r["region_id"] == "2921044"));
    let languages = client.get_ok("tool/language", &account).await;
    assert!(languages["languages"].as_array().unwrap().contains(&json!({"code": "de", "name": "German"})));
    let pixels = client.get_ok("pixel/list", &account).await;
    assert_eq!(pixels["pixels"][0]["events"][1]["optimization_event"], "SHOPPING");
    assert_eq!(told(&client.get("pixel/list", &json!({"advertiser_id": ADVERTISER, "page_size": 21})).await).0, 40002);
    let identities =
        client.get_ok("identity/get", &json!({"advertiser_id": ADVERTISER, "identity_type": "CUSTOMIZED_USER"})).await;
    assert_eq!(identities["identity_list"][0]["identity_id"], "7200000000000000001");
}
