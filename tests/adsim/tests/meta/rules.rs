//! What the service refuses: a table for each kind of object.

use serde_json::{Value, json};

use crate::support::{Client, PAGE, act, ad, ad_set, campaign, config, creative, with};

type Case = (Value, i64, Option<i64>, &'static str);

async fn refused(client: &Client, path: &str, cases: Vec<(Value, Case)>) {
    for (base, (changes, code, subcode, field)) in cases {
        let (status, body) = client.call("POST", path, with(base, changes.clone())).await;
        let error = &body["error"];
        assert_ne!(status, 200, "{changes:#}");
        assert_eq!(
            (error["code"].as_i64(), error["error_subcode"].as_i64()),
            (Some(code), subcode),
            "{changes:#}: {body:#}"
        );
        let blamed = error["error_data"]["blame_field_specs"].to_string();
        assert!(blamed.contains(field), "{changes:#}: {blamed}");
    }
}

#[tokio::test]
async fn campaigns() {
    let client = Client::start().await;
    let cases: Vec<Case> = vec![
        (json!({"name": null}), 100, None, "name"),
        (json!({"objective": null}), 100, None, "objective"),
        (json!({"objective": "OUTCOME_SALE"}), 100, None, "objective"),
        (json!({"objective": "CONVERSIONS"}), 100, Some(1_815_089), "objective"),
        (json!({"special_ad_categories": null}), 100, None, "special_ad_categories"),
        (json!({"special_ad_categories": ["CARS"]}), 100, None, "special_ad_categories"),
        (json!({"is_adset_budget_sharing_enabled": null}), 100, Some(4_834_011), "is_adset_budget_sharing_enabled"),
        (json!({"daily_budget": 99}), 100, Some(1_885_272), "daily_budget"),
        (json!({"daily_budget": "50.5"}), 100, None, "daily_budget"),
        (json!({"daily_budget": -5}), 100, None, "daily_budget"),
        (json!({"daily_budget": 5000, "lifetime_budget": 50000}), 100, Some(1_885_090), "daily_budget"),
        (json!({"bid_strategy": "COST_CAP"}), 100, None, "bid_strategy"),
        (json!({"status": "ARCHIVED"}), 100, None, "status"),
        (json!({"adlabels": [{"id": "7"}]}), 100, None, "adlabels"),
        (json!({"dayly_budget": 5000}), 100, None, "dayly_budget"),
    ];
    let base = campaign("a");
    refused(&client, &act("campaigns"), cases.into_iter().map(|case| (base.clone(), case)).collect()).await;
    let id = client.create("campaigns", base).await;
    let cases: Vec<Case> = vec![
        (json!({"objective": "OUTCOME_TRAFFIC"}), 100, None, "objective"),
        (json!({"buying_type": "RESERVED"}), 100, None, "buying_type"),
    ];
    refused(&client, &id, cases.into_iter().map(|case| (json!({}), case)).collect()).await;
    assert!(client.sim.ledger().len() == 1, "nothing of this left a trace");
}

#[tokio::test]
async fn ad_sets() {
    let client = Client::start().await;
    let plain = ad_set(&client.create("campaigns", campaign("a")).await);
    let targeting = |targeting: Value| json!({"targeting": targeting});
    let geo =
        |geo: Value| json!({"targeting": {"geo_locations": geo, "targeting_automation": {"advantage_audience": 0}}});
    let aged = |changes: Value| {
        let mut base = geo(json!({"countries": ["US"]}));
        base["targeting"] = with(base["targeting"].clone(), changes);
        base
    };
    let cases: Vec<Case> = vec![
        (json!({"campaign_id": "7"}), 100, None, "campaign_id"),
        (json!({"targeting": null}), 100, None, "targeting"),
        (targeting(json!({})), 100, Some(1_885_364), "geo_locations"),
        (geo(json!({"countries": ["XX"]})), 100, Some(1_487_084), "countries"),
        (geo(json!({"regions": [{"key": "1"}]})), 100, Some(1_487_084), "regions"),
        (geo(json!({"countries": ["US"], "geo_markets": [{"key": "DMA:807"}]})), 100, Some(1_487_756), "geo_locations"),
        (geo(json!({"country": ["US"]})), 100, None, "country"),
        (aged(json!({"age_min": 12})), 100, Some(1_885_366), "age_min"),
        (aged(json!({"age_min": 40, "age_max": 30})), 100, Some(1_885_366), "age_min"),
        (aged(json!({"locales": [4711]})), 100, Some(1_487_079), "locales"),
        (aged(json!({"targeting_automation": null})), 100, Some(1_870_227), "advantage_audience"),
        (
            aged(json!({"targeting_automation": {"advantage_audience": 1}, "age_max": 50})),
            100,
            Some(1_870_189),
            "age_max",
        ),
        (aged(json!({"age": 5})), 100, None, "age"),
        (geo(json!({"countries": ["DE"]})), 100, Some(3_858_079), "dsa_payor"),
        (with(geo(json!({"countries": ["DE"]})), json!({"dsa_payor": "a"})), 100, Some(3_858_081), "dsa_beneficiary"),
        (json!({"optimization_goal": null}), 100, None, "optimization_goal"),
        (json!({"optimization_goal": "APP_INSTALLS"}), 100, Some(2_490_408), "optimization_goal"),
        (json!({"billing_event": "VIEWS"}), 100, None, "billing_event"),
        (json!({"billing_event": "LINK_CLICKS"}), 100, Some(1_815_117), "billing_event"),
        (json!({"daily_budget": null}), 100, Some(1_885_650), "daily_budget"),
        (json!({"daily_budget": 99}), 100, Some(1_885_272), "daily_budget"),
        (
            json!({"optimization_goal": "LINK_CLICKS", "billing_event": "LINK_CLICKS", "daily_budget": 499}),
            100,
            Some(1_885_272),
            "daily_budget",
        ),
        (json!({"daily_budget": null, "lifetime_budget": 50000}), 100, Some(1_487_793), "end_time"),
        (json!({"end_time": "2027-02-01T00:00:00-0500"}), 100, Some(1_487_488), "end_time"),
        (json!({"start_time": "soon"}), 100, None, "start_time"),
        (json!({"bid_strategy": "LOWEST_COST_WITH_BID_CAP"}), 100, Some(1_815_857), "bid_amount"),
        (json!({"promoted_object": null}), 100, Some(1_885_014), "promoted_object"),
        (
            json!({"promoted_object": {"pixel_id": "1", "custom_event_type": "PURCHASE"}}),
            100,
            Some(1_815_045),
            "pixel_id",
        ),
        (json!({"promoted_object": {"pixel_id": "1", "custom_event_type": "BUY"}}), 100, None, "custom_event_type"),
    ];
    refused(&client, &act("adsets"), cases.into_iter().map(|case| (plain.clone(), case)).collect()).await;
    let eu = with(geo(json!({"countries": ["DE"]})), json!({"dsa_payor": "a", "dsa_beneficiary": "b"}));
    client.create("adsets", with(plain.clone(), eu)).await;
    let id = client.create("adsets", plain).await;
    let cases: Vec<Case> = vec![
        (json!({"billing_event": "LINK_CLICKS"}), 100, None, "billing_event"),
        (
            json!({"promoted_object": {"pixel_id": "600000000000001", "custom_event_type": "LEAD"}}),
            100,
            Some(1_885_154),
            "promoted_object",
        ),
        (json!({"lifetime_budget": 90000, "daily_budget": 0, "end_time": "2027-06-01"}), 100, None, "end_time"),
        (
            json!({"lifetime_budget": 90000, "daily_budget": 0, "end_time": "2027-06-01T00:00:00-0400"}),
            100,
            Some(1_885_090),
            "lifetime_budget",
        ),
    ];
    refused(&client, &id, cases.into_iter().map(|case| (json!({}), case)).collect()).await;
}

#[tokio::test]
async fn a_budget_is_on_one_level_only() {
    let client = Client::start().await;
    let budget = json!({"daily_budget": 9000, "is_adset_budget_sharing_enabled": null});
    let cbo = client.create("campaigns", with(campaign("cbo"), budget)).await;
    assert_eq!(client.error("POST", &act("adsets"), ad_set(&cbo)).await, (100, Some(1_885_621)));
    let abo = client.create("campaigns", campaign("abo")).await;
    client.create("adsets", ad_set(&abo)).await;
    assert_eq!(client.error("POST", &abo, json!({"daily_budget": 9000})).await, (100, Some(1_885_621)));
}

#[tokio::test]
async fn special_ad_categories_restrict_targeting() {
    let client = Client::start().await;
    let special = json!({"special_ad_categories": ["HOUSING"], "special_ad_category_country": ["US"]});
    let id = client.create("campaigns", with(campaign("homes"), special)).await;
    let base = ad_set(&id);
    let targeting = |changes: Value| json!({"targeting": with(base["targeting"].clone(), changes)});
    let cases: Vec<Case> = vec![
        (targeting(json!({"age_min": 25})), 100, Some(2_909_034), "age_min"),
        (targeting(json!({"genders": [1]})), 100, Some(2_909_034), "genders"),
        (targeting(json!({"geo_locations": {"zips": [{"key": "US:94304"}]}})), 100, Some(2_909_034), "zips"),
        (targeting(json!({"geo_locations": {"countries": ["CA"]}})), 100, Some(2_909_034), "geo_locations"),
    ];
    refused(&client, &act("adsets"), cases.into_iter().map(|case| (base.clone(), case)).collect()).await;
    client.create("adsets", base).await;
}

#[tokio::test]
async fn creatives_and_ads() {
    let client = Client::start().await;
    let line = client.line("spring").await;
    let story = |data: Value| json!({"object_story_spec": with(json!({"page_id": PAGE}), data)});
    let cases: Vec<Case> = vec![
        (json!({"object_story_spec": null}), 100, Some(1_443_120), "object_story_spec"),
        (
            json!({"object_story_spec": {"page_id": "1", "link_data": {"link": "https://a"}}}),
            100,
            Some(1_443_226),
            "page_id",
        ),
        (story(json!({})), 100, Some(1_443_048), "object_story_spec"),
        (story(json!({"link_data": {"message": "a"}})), 100, Some(1_443_049), "link"),
        (story(json!({"link_data": {"link": "https://a", "image_hash": "x"}})), 100, Some(1_487_212), "image_hash"),
        (
            story(json!({"link_data": {"link": "https://a", "picture": "https://unreachable.example/a.png"}})),
            100,
            Some(1_487_411),
            "picture",
        ),
        (story(json!({"video_data": {"video_id": "7"}})), 100, Some(1_443_051), "video_id"),
    ];
    let base = creative("a");
    refused(&client, &act("adcreatives"), cases.into_iter().map(|case| (base.clone(), case)).collect()).await;
    let cases: Vec<Case> = vec![
        (json!({"name": null}), 100, None, "name"),
        (json!({"adset_id": "7"}), 100, None, "adset_id"),
        (json!({"creative": null}), 100, None, "creative"),
        (json!({"creative": {"creative_id": "7"}}), 100, Some(1_487_194), "creative"),
    ];
    let base = ad(&line.set, &line.creative);
    refused(&client, &act("ads"), cases.into_iter().map(|case| (base.clone(), case)).collect()).await;
    let inline = with(base, json!({"creative": {"object_story_spec": creative("b")["object_story_spec"]}}));
    let id = client.create("ads", inline).await;
    let shown = client.get(&id, json!({"fields": "creative{object_story_spec}"})).await;
    assert_eq!(shown["creative"]["object_story_spec"]["link_data"]["message"], "b");
}

#[tokio::test]
async fn limits_of_ads_per_page_and_ad_set() {
    let mut config = config();
    config.meta.limits.ads_per_page = 2;
    config.meta.limits.ads_per_ad_set = 3;
    let client = Client::with(config).await;
    let line = client.line("a").await;
    let base = ad(&line.set, &line.creative);
    let second = client.create("ads", base.clone()).await;
    assert_eq!(client.error("POST", &act("ads"), base.clone()).await, (100, Some(2_490_303)));
    let paused = client.create("ads", with(base.clone(), json!({"status": "PAUSED"}))).await;
    assert_eq!(client.error("POST", &act("ads"), base).await, (100, Some(1_487_364)));
    assert_eq!(client.error("POST", &paused, json!({"status": "ACTIVE"})).await, (100, Some(2_490_303)));
    client.ok("POST", &second, json!({"status": "PAUSED"})).await;
    client.ok("POST", &paused, json!({"status": "ACTIVE"})).await;

    // What is paused above does not run, and does not come back when others have taken its place.
    let volume = async |params: Value| client.get(&act("ads_volume"), params).await["data"][0].clone();
    let fields = "actor_id,ads_running_or_in_review_count,limit_on_ads_running_or_in_review";
    let of_page = json!({"page_id": PAGE, "fields": fields});
    let counted = |count: i64| json!({"actor_id": PAGE, "ads_running_or_in_review_count": count, "limit_on_ads_running_or_in_review": 2});
    assert_eq!(volume(of_page.clone()).await, counted(2));
    client.ok("POST", &line.campaign, json!({"status": "PAUSED"})).await;
    assert_eq!(volume(of_page.clone()).await, counted(0));
    let other = client.line("b").await;
    assert_eq!(volume(json!({})).await, json!({"ads_running_or_in_review_count": 1}));
    assert_eq!(client.error("POST", &line.campaign, json!({"status": "ACTIVE"})).await, (100, Some(2_490_303)));
    client.ok("POST", &other.set, json!({"status": "PAUSED"})).await;
    client.ok("POST", &line.campaign, json!({"status": "ACTIVE"})).await;
    assert_eq!(volume(json!({"show_breakdown_by_actor": true})).await["actor_id"], PAGE);
    assert_eq!(client.error("GET", &act("ads_volume"), json!({"page_id": "9"})).await.0, 100);
}

#[tokio::test]
async fn budgets_are_in_metas_own_minor_units() {
    for (currency, amount, micros, least) in
        [("JPY", 5000, 5_000_000_000_i64, 150), ("KWD", 5000, 50_000_000, 100), ("HUF", 5000, 5_000_000_000, 360)]
    {
        let mut config = config();
        config.meta.accounts[0].currency = currency.into();
        let client = Client::with(config).await;
        let line = client.line("a").await;
        client.ok("POST", &line.set, json!({"daily_budget": amount})).await;
        let view = client.sim.meta_account(crate::support::ACCOUNT);
        assert_eq!(view.live_daily_budget_micros, micros, "{currency}");
        let minimums = client.get(&act("minimum_budgets"), json!({})).await;
        assert_eq!(minimums["data"][0]["min_daily_budget_imp"], least, "{currency}");
        assert_eq!(client.error("POST", &line.set, json!({"daily_budget": least - 1})).await, (100, Some(1_885_272)));
    }
}
