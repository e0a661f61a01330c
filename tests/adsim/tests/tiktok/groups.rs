//! Ad groups and ads: what may be created and changed.

use serde_json::{Value, json};

use crate::support::{ADVERTISER, Client, DE, US, ad, adgroup, told, with};

const CREATE: &str = "smart_plus/adgroup/create";
const UPDATE: &str = "smart_plus/adgroup/update";

#[tokio::test]
async fn ad_groups_that_break_a_rule_are_refused() {
    let client = Client::start().await;
    let campaign = client.campaign("spring", 50.0).await;
    let spec = |spec: Value| json!({ "targeting_spec": spec });
    for (more, code, message) in [
        (json!({"campaign_id": "5"}), 40007, "The campaign 5 does not exist."),
        (json!({"pixel_id": null}), 40002, "Missing required field(s): pixel_id."),
        (json!({"pixel_id": "5"}), 40002, "pixel_id: The pixel 5 does not exist."),
        (
            json!({"optimization_event": "FORM"}),
            40002,
            "optimization_event: FORM is not configured for the pixel 7100000000000000001.",
        ),
        (json!({"billing_event": "CPC"}), 40002, "billing_event: Must be OCPM when optimization_goal is CONVERT."),
        (
            json!({"optimization_goal": "CLICK", "billing_event": "CPC"}),
            40002,
            "pixel_id: Not supported when optimization_goal is CLICK.",
        ),
        (json!({"bid_type": "BID_TYPE_CUSTOM"}), 40002, "Missing required field(s): conversion_bid_price."),
        (
            json!({"schedule_start_time": "2027-03-01T17:00:00Z"}),
            40002,
            "schedule_start_time: Time format should be %Y-%m-%d %H:%M:%S. Please try again.",
        ),
        (
            json!({"schedule_start_time": "2027-03-01 04:59:59"}),
            40002,
            "schedule_start_time: Must be at most 12 hours ago and not later than 2028-01-01 00:00:00.",
        ),
        (json!({"schedule_type": "SCHEDULE_START_END"}), 40002, "Missing required field(s): schedule_end_time."),
        (
            json!({"schedule_type": "SCHEDULE_START_END", "schedule_end_time": "2027-03-01 17:00:00"}),
            40002,
            "schedule_end_time: Must be later than schedule_start_time and not later than 2038-01-01 00:00:00.",
        ),
        (json!({"dayparting": "101"}), 40002, "dayparting: Must be 336 characters of 0 and 1."),
        (spec(json!({})), 40002, "Missing required field(s): targeting_spec.location_ids."),
        (spec(json!({"location_ids": ["5"]})), 40002, "location_ids: 5 is not available."),
        (spec(json!({"location_ids": ["1814991"]})), 40002, "location_ids: 1814991 is not available."),
        (spec(json!({"location_ids": ["5332921", US]})), 40002, "location_ids: 5332921 overlaps with 6252001."),
        (
            spec(json!({"location_ids": [DE], "languages": ["xx"]})),
            40002,
            "targeting_spec.languages: xx is not supported.",
        ),
        (spec(json!({"location_ids": [DE], "places": []})), 40002, "targeting_spec.places: Unknown field."),
    ] {
        let answer = client.post(CREATE, &with(adgroup(&client.request_id(), &campaign, "de", json!({})), more)).await;
        assert_eq!(told(&answer), (code, message));
    }
    assert!(client.view().campaigns[0].adgroups.is_empty());
}

#[tokio::test]
async fn who_pays_decides_who_has_a_budget() {
    let client = Client::start().await;
    let of_campaign = client.campaign("spring", 50.0).await;
    let of_groups = client.campaign_of_groups("summer").await;
    let budget = |mode: &str, budget: f64| json!({"budget_mode": mode, "budget": budget});
    let dynamic = "BUDGET_MODE_DYNAMIC_DAILY_BUDGET";
    // The campaign pays: a budget of the ad group is ignored.
    client.adgroup(&of_campaign, "de", budget(dynamic, 1.0)).await;
    assert_eq!(client.view().campaigns[0].adgroups[0].budget_micros, None);
    for (more, message) in [
        (json!({}), "Missing required field(s): budget_mode."),
        (json!({"budget_mode": dynamic}), "Missing required field(s): budget."),
        (budget(dynamic, 19.99), "budget: The budget must be at least 20."),
        (
            budget("BUDGET_MODE_DAY", 20.0),
            "budget_mode: BUDGET_MODE_DAY is not one of: BUDGET_MODE_DYNAMIC_DAILY_BUDGET, BUDGET_MODE_TOTAL.",
        ),
        (budget("BUDGET_MODE_TOTAL", 20.0), "schedule_type: SCHEDULE_FROM_NOW needs BUDGET_MODE_DYNAMIC_DAILY_BUDGET."),
    ] {
        let answer = client.post(CREATE, &adgroup(&client.request_id(), &of_groups, "de", more)).await;
        assert_eq!(told(&answer), (40002, message));
    }
    let first = client.adgroup(&of_groups, "de", budget(dynamic, 20.0)).await;
    assert_eq!(client.view().live_daily_budget_micros, 70_000_000);
    let total = json!({"budget_mode": "BUDGET_MODE_TOTAL", "budget": 90.0, "schedule_type": "SCHEDULE_START_END",
        "schedule_end_time": "2027-03-04 17:00:00"});
    let answer = client.post(CREATE, &adgroup(&client.request_id(), &of_groups, "us", total)).await;
    assert_eq!(told(&answer).1, "budget_mode: Must be the same across all ad groups within the same campaign.");
    let update = |group: &str| json!({"advertiser_id": ADVERTISER, "adgroup_id": group, "budget": 30.0});
    client.post_ok(UPDATE, &update(&first)).await;
    let held = client.view().campaigns[0].adgroups[0].id.clone();
    let answer = client.post(UPDATE, &update(&held)).await;
    assert_eq!(told(&answer).1, "budget: Cannot be updated when budget_optimize_on is true.");
    assert_eq!(client.view().live_daily_budget_micros, 80_000_000);
    let body = json!({"advertiser_id": ADVERTISER, "campaign_id": of_groups, "budget": 60.0});
    let answer = client.post("smart_plus/campaign/update", &body).await;
    assert_eq!(told(&answer).1, "budget: The campaign has no budget of its own.");
}

#[tokio::test]
async fn ad_groups_of_one_campaign_are_alike() {
    let client = Client::start().await;
    let campaign = client.campaign("spring", 50.0).await;
    client.adgroup(&campaign, "de", json!({})).await;
    for (more, message) in [
        (
            json!({"optimization_event": "ON_WEB_REGISTER"}),
            "optimization_event: Must be the same across all ad groups within the same campaign.",
        ),
        (
            json!({"bid_type": "BID_TYPE_CUSTOM", "conversion_bid_price": 5.0}),
            "bid_type: Must be the same across all ad groups within the same campaign.",
        ),
    ] {
        let answer = client.post(CREATE, &adgroup(&client.request_id(), &campaign, "us", more)).await;
        assert_eq!(told(&answer), (40002, message));
    }
    client.adgroup(&campaign, "us", json!({"bid_type": null, "targeting_spec": {"location_ids": [US]}})).await;
}

#[tokio::test]
async fn automatic_targeting_drops_what_it_does_not_obey() {
    let client = Client::start().await;
    let campaign = client.campaign("spring", 50.0).await;
    let spec =
        json!({"location_ids": [DE], "age_groups": ["AGE_18_24"], "languages": ["de"], "spending_power": "HIGH"});
    for (mode, suggests, kept) in [
        (
            "MANUAL",
            false,
            json!({"location_ids": [DE], "age_groups": ["AGE_18_24"], "languages": ["de"], "spending_power": "HIGH"}),
        ),
        ("AUTOMATIC", false, json!({"location_ids": [DE], "languages": ["de"], "spc_audience_age": "OVER_EIGHTEEN"})),
        (
            "AUTOMATIC",
            true,
            json!({"location_ids": [DE], "age_groups": ["AGE_18_24"], "languages": ["de"], "spc_audience_age": "OVER_EIGHTEEN"}),
        ),
    ] {
        let more = json!({"targeting_optimization_mode": mode, "suggestion_audience_enabled": suggests, "targeting_spec": spec});
        let data = client.post_ok(CREATE, &adgroup(&client.request_id(), &campaign, "de", more)).await;
        assert_eq!(data["targeting_spec"], kept, "{mode} {suggests}");
    }
}

#[tokio::test]
async fn places_and_schedules_change_within_limits() {
    let client = Client::start().await;
    let campaign = client.campaign("spring", 50.0).await;
    let group = client.adgroup(&campaign, "us", json!({"targeting_spec": {"location_ids": ["5332921"]}})).await;
    let update = |more: Value| with(json!({"advertiser_id": ADVERTISER, "adgroup_id": group}), more);
    client.post_ok(UPDATE, &update(json!({"targeting_spec": {"location_ids": [US, DE]}}))).await;
    let answer = client.post(UPDATE, &update(json!({"targeting_spec": {"location_ids": [DE]}}))).await;
    assert_eq!(told(&answer), (40002, "targeting_spec.location_ids: The US cannot be removed."));
    let end = json!({"schedule_type": "SCHEDULE_START_END", "schedule_start_time": "2027-03-01 17:00:00",
        "schedule_end_time": "2027-03-05 00:00:00"});
    client.post_ok(UPDATE, &update(end.clone())).await;
    assert_eq!(client.view().campaigns[0].adgroups[0].schedule_end_time.as_deref(), Some("2027-03-05 00:00:00"));
    let answer = client.post(UPDATE, &update(with(end, json!({"schedule_start_time": "2027-03-02 00:00:00"})))).await;
    assert_eq!(told(&answer).1, "schedule_start_time: Cannot be changed after the ad group has started.");
    for field in ["pixel_id", "optimization_goal", "billing_event", "placements", "request_id"] {
        let answer = client.post(UPDATE, &update(json!({ field: "x" }))).await;
        assert_eq!(told(&answer), (40002, format!("{field}: Unknown field.").as_str()));
    }
    assert_eq!(client.view().live_daily_budget_micros, 50_000_000);
    client.sim.set_now("2027-03-05T00:00:00Z".parse().unwrap());
    assert_eq!(client.view().live_daily_budget_micros, 0, "the only ad group is over");
    assert_eq!(client.view().campaigns[0].adgroups[0].secondary_status, "ADGROUP_STATUS_TIME_DONE");
}

#[tokio::test]
async fn ads_that_break_a_rule_are_refused() {
    let client = Client::start().await;
    let campaign = client.campaign("spring", 50.0).await;
    let group = client.adgroup(&campaign, "de", json!({})).await;
    let media = client.media().await;
    let good = || ad(&group, "trailer", &media);
    let video = |id: &str| {
        json!({"creative_list": [{"creative_info": {"ad_format": "SINGLE_VIDEO",
        "video_info": {"video_id": id}, "image_info": [{"web_uri": media.1}]}}]})
    };
    for (more, code, message) in [
        (json!({"adgroup_id": "5"}), 40007, "The ad group 5 does not exist."),
        (video("v5"), 40053, "The Video ID v5 is invalid."),
        (json!({"creative_list": []}), 40002, "creative_list: Length must be between 1 and 31."),
        (json!({"ad_text_list": null}), 40002, "Missing required field(s): ad_text_list."),
        (
            json!({"ad_text_list": [{"ad_text": "x".repeat(101)}]}),
            40002,
            "ad_text_list.0.ad_text: Length must be between 1 and 100.",
        ),
        (json!({"landing_page_url_list": null}), 40002, "Missing required field(s): landing_page_url_list."),
        (
            json!({"landing_page_url_list": [{"landing_page_url": "example.com"}]}),
            40002,
            "landing_page_url_list.0.landing_page_url: Not a valid URL.",
        ),
        (json!({"call_to_action_list": null}), 40002, "Missing required field(s): call_to_action_list."),
        (json!({"ad_configuration": null}), 40002, "Missing required field(s): identity_type, identity_id."),
        (
            json!({"ad_configuration": {"identity_type": "CUSTOMIZED_USER", "identity_id": "5"}}),
            40002,
            "identity_id: The identity 5 of type CUSTOMIZED_USER does not exist.",
        ),
    ] {
        assert_eq!(told(&client.post("smart_plus/ad/create", &with(good(), more)).await), (code, message));
    }
    client.sim.configure_tiktok(|config| config.limits.ads_per_adgroup = Some(1));
    client.post_ok("smart_plus/ad/create", &with(good(), json!({"ad_name": ""}))).await;
    assert_eq!(client.view().campaigns[0].adgroups[0].ads[0].name, "Ad20270301170100");
    assert_eq!(told(&client.post("smart_plus/ad/create", &good()).await).0, 40502);
}

#[tokio::test]
async fn an_ad_is_not_written_twice_in_a_moment() {
    let client = Client::start().await;
    let (_, _, ad) = client.line("spring", 50.0).await;
    client.sim.configure_tiktok(|config| config.ad_write_seconds = 3_600.0);
    let rename = |name: &str| json!({"advertiser_id": ADVERTISER, "smart_plus_ad_id": ad, "ad_name": name});
    // Its creation was the last write.
    assert_eq!(told(&client.post("smart_plus/ad/update", &rename("a")).await).0, 40202);
    client.sim.configure_tiktok(|config| config.ad_write_seconds = 0.0);
    client.post_ok("smart_plus/ad/update", &rename("b")).await;
    assert_eq!(client.view().campaigns[0].adgroups[0].ads[0].name, "b");
}
