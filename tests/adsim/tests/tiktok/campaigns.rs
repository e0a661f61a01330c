//! Campaigns: what may be created and changed.

use adsim::tiktok::config::{AdvertiserConfig, RepeatedRequest};
use serde_json::{Value, json};

use crate::support::{ADVERTISER, Client, campaign, id, told, with};

const CREATE: &str = "smart_plus/campaign/create";
const UPDATE: &str = "smart_plus/campaign/update";

#[tokio::test]
async fn a_campaign_is_answered_as_it_is_listed() {
    let client = Client::start().await;
    let body = campaign("1", "adop ns spring 7f3c", json!({"budget": 50.5, "operation_status": "DISABLE"}));
    let created = client.post_ok(CREATE, &body).await;
    let wanted = json!({
        "advertiser_id": ADVERTISER,
        "campaign_id": created["campaign_id"],
        "campaign_name": "adop ns spring 7f3c",
        "objective_type": "WEB_CONVERSIONS",
        "sales_destination": "WEBSITE",
        "campaign_type": "REGULAR_CAMPAIGN",
        "budget_optimize_on": true,
        "budget_mode": "BUDGET_MODE_DYNAMIC_DAILY_BUDGET",
        "budget": 50.5,
        "operation_status": "DISABLE",
        "secondary_status": "CAMPAIGN_STATUS_DISABLE",
        "smart_plus_adgroup_mode": "MULTIPLE",
        "create_time": "2027-03-01 17:00:00",
        "modify_time": "2027-03-01 17:00:00",
    });
    assert_eq!(created, wanted);
    assert_eq!(client.rows("smart_plus/campaign/get", &json!({})).await, [wanted]);
}

#[tokio::test]
async fn creates_that_break_a_rule_are_refused() {
    let client = Client::configured(|config| {
        config.advertisers[0].country = "DE".into();
        config.limits.campaigns = Some(1);
    })
    .await;
    let good = || campaign("1", "spring", json!({"budget": 50}));
    for (more, code, message) in [
        (json!({"campaign_name": null}), 40002, "Missing required field(s): campaign_name."),
        (
            json!({"objective_type": null, "request_id": null}),
            40002,
            "Missing required field(s): objective_type, request_id.",
        ),
        (json!({"request_id": "abc"}), 40002, "request_id: Must be a string representation of a 64-bit integer."),
        (json!({"budgets": 50}), 40002, "budgets: Unknown field."),
        (json!({"budget": null}), 40002, "Missing required field(s): budget."),
        (json!({"budget": "50"}), 40002, "budget: Not a valid number."),
        (json!({"budget": 49.99}), 40002, "budget: The budget must be at least 50."),
        (json!({"budget": 50.001}), 40002, "budget: The precision of the currency is 0.01."),
        (json!({"budget": 10_000_000}), 40002, "budget: The budget must be less than 10000000."),
        (json!({"sales_destination": null}), 40002, "Missing required field(s): sales_destination."),
        (json!({"campaign_name": "spring 🌱"}), 40002, "campaign_name: Emoji is not supported."),
        (
            json!({"objective_type": "TRAFFIC"}),
            40002,
            "objective_type: TRAFFIC is not one of: APP_PROMOTION, LEAD_GENERATION, WEB_CONVERSIONS.",
        ),
        (
            json!({"budget_mode": "BUDGET_MODE_DAY"}),
            40002,
            "budget_mode: BUDGET_MODE_DAY is not supported when budget_optimize_on is true.",
        ),
        (
            json!({"budget_optimize_on": false}),
            40002,
            "budget: Not supported when budget_mode is BUDGET_MODE_INFINITE.",
        ),
        (
            json!({"special_industries": ["HOUSING"]}),
            40002,
            "special_industries: Only supported for advertisers who are registered in the US or Canada.",
        ),
    ] {
        let answer = client.post(CREATE, &with(good(), more.clone())).await;
        assert_eq!(told(&answer), (code, message), "{more}");
    }
    assert!(client.view().campaigns.is_empty());
    client.post_ok(CREATE, &good()).await;
    let answer = client.post(CREATE, &campaign("2", "spring", json!({"budget": 50}))).await;
    assert_eq!(told(&answer), (40002, "The maximum number of campaigns of an account is 1."));
}

#[tokio::test]
async fn a_request_id_works_once_in_its_window() {
    let client = Client::start().await;
    let body = campaign("1", "spring", json!({"budget": 50}));
    let first = client.post_ok(CREATE, &body).await;
    assert_eq!(told(&client.post(CREATE, &body).await), (40050, "Duplicated requests have been sent."));
    client.sim.configure_tiktok(|config| config.repeated_request = RepeatedRequest::Replay);
    assert_eq!(client.post_ok(CREATE, &body).await["campaign_id"], first["campaign_id"]);
    assert_eq!(client.view().campaigns.len(), 1);
    client.sim.configure_tiktok(|config| config.request_id_seconds = 0.0);
    let later = client.post_ok(CREATE, &body).await;
    assert_ne!(later["campaign_id"], first["campaign_id"], "after its window it makes another of the same name");
    assert_eq!(client.view().campaigns.len(), 2);
}

#[tokio::test]
async fn budgets_follow_the_currency() {
    let client = Client::configured(|config| {
        let of = |id: &str, currency: &str| AdvertiserConfig {
            advertiser_id: id.into(),
            currency: currency.into(),
            ..AdvertiserConfig::default()
        };
        config.advertisers.extend([of("2", "JPY"), of("3", "IDR"), of("4", "EUR")]);
    })
    .await;
    for (advertiser, budget, code) in [
        ("2", json!(4_999), 40002),
        ("2", json!(5_000.5), 40002),
        ("2", json!(5_000), 0),
        ("3", json!(500_000), 0),
        ("4", json!(50.01), 0),
    ] {
        let body = campaign(&client.request_id(), "spring", json!({"advertiser_id": advertiser, "budget": budget}));
        assert_eq!(told(&client.post(CREATE, &body).await).0, code, "{advertiser} {budget}");
    }
    client.sim.configure_tiktok(|config| config.round_budgets = true);
    let body = campaign(&client.request_id(), "summer", json!({"budget": 50.126}));
    assert_eq!(client.post_ok(CREATE, &body).await["budget"], 50.13, "it may also round without a word");
}

#[tokio::test]
async fn an_update_takes_few_fields() {
    let client = Client::start().await;
    let campaign = client.campaign("spring", 50.0).await;
    let update = |more: Value| with(json!({"advertiser_id": ADVERTISER, "campaign_id": campaign}), more);
    for (more, code, message) in [
        (json!({"objective_type": "WEB_CONVERSIONS"}), 40002, "objective_type: Unknown field."),
        (json!({"budget_mode": "BUDGET_MODE_TOTAL"}), 40002, "budget_mode: Unknown field."),
        (json!({"campaign_id": "5"}), 40007, "The campaign 5 does not exist."),
        (json!({"budget": 49}), 40002, "budget: The budget must be at least 50."),
        (json!({"campaign_name": ""}), 40002, "campaign_name: Length must be between 1 and 512."),
    ] {
        assert_eq!(told(&client.post(UPDATE, &update(more)).await), (code, message));
    }
    let data = client.post_ok(UPDATE, &update(json!({"budget": 75.0, "campaign_name": "renamed"}))).await;
    assert_eq!((&data["budget"], &data["campaign_name"]), (&json!(75.0), &json!("renamed")));
}

#[tokio::test]
async fn a_new_budget_covers_what_has_been_spent() {
    let client = Client::start().await;
    let (campaign, ..) = client.line("spring", 1_000.0).await;
    client.sim.set_now("2027-03-02T04:00:00Z".parse().unwrap());
    let spent = client.view().campaigns[0].metrics.cost_micros;
    assert!(spent > 200_000_000, "{spent}");
    let update = |cents: i64| {
        let amount = format!("{}.{:02}", cents / 100, cents % 100).parse::<f64>().unwrap();
        json!({"advertiser_id": ADVERTISER, "campaign_id": campaign, "budget": amount})
    };
    let least = (spent * 105 / 100).div_euclid(10_000);
    let refused = client.post(UPDATE, &update(least - 1)).await;
    assert_eq!(told(&refused), (40002, "budget: The new budget should be at least 105% of the current spend."));
    client.post_ok(UPDATE, &update(least + 1)).await;
    // Another day, another period.
    client.sim.set_now("2027-03-02T05:00:01Z".parse().unwrap());
    client.post_ok(UPDATE, &update(5_000)).await;
}

#[tokio::test]
async fn the_endpoint_of_other_campaigns_may_be_gone() {
    let client = Client::start().await;
    let body = json!({"advertiser_id": ADVERTISER, "campaign_name": "manual", "objective_type": "WEB_CONVERSIONS",
        "budget_mode": "BUDGET_MODE_DAY", "budget": 60.0});
    assert_eq!(told(&client.post("campaign/create", &body).await), (41001, "The interface is offline."));
    client.sim.configure_tiktok(|config| config.manual_create = true);
    let manual = id(&client.post_ok("campaign/create", &body).await["campaign_id"]);
    let again = client.post("campaign/create", &body).await;
    assert_eq!(told(&again).1, "campaign_name: Campaign name already exists. Please try another one.");
    client.post_ok("campaign/create", &with(body, json!({"request_id": "5"}))).await;
    let update = json!({"advertiser_id": ADVERTISER, "campaign_id": manual, "budget": 70.0});
    let refused = client.post(UPDATE, &update).await;
    assert_eq!(told(&refused).1, format!("The campaign {manual} is not an Upgraded Smart+ campaign."));
    assert!(client.rows("smart_plus/campaign/get", &json!({})).await.is_empty());
    assert_eq!(client.rows("campaign/get", &json!({})).await.len(), 2);
}
