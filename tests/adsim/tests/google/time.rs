//! What happens by itself as business time goes on: reviews, visibility, flights, delivery.

use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::support::{CID, Client, config, line};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn enable(client: &Client, name: &str) {
    let campaign = client.sim.google_account(CID).campaign(name).unwrap().resource_name.clone();
    let update = json!({"resourceName": campaign, "status": "ENABLED"});
    client.mutate_ok(&json!([{"campaignOperation": {"update": update, "updateMask": "status"}}])).await;
}

fn status(client: &Client) -> (String, Vec<String>) {
    let campaign = client.sim.google_account(CID).campaigns.remove(0);
    (campaign.primary_status, campaign.primary_status_reasons)
}

#[tokio::test]
async fn ads_are_reviewed_and_campaigns_say_why_they_do_not_serve() {
    let client = Client::start().await;
    client.mutate_ok(&line("spring", "50000000", None)).await;
    assert_eq!(status(&client).0, "PAUSED");
    enable(&client, "spring").await;
    assert_eq!(status(&client), ("PENDING".into(), vec!["MOST_ADS_UNDER_REVIEW".into()]));
    let due = client.sim.next_due().unwrap();
    assert_eq!(due, at("2027-03-01T17:10:00Z"));
    client.sim.set_now(due);
    assert_eq!(status(&client).0, "ELIGIBLE");
    assert_eq!(client.sim.next_due(), None);
    let mut bad = line("bad", "50000000", None);
    bad[7]["adGroupAdOperation"]["create"]["ad"]["responsiveSearchAd"]["headlines"][0]["text"] =
        "DisapproveMe now".into();
    client.mutate_ok(&bad).await;
    enable(&client, "bad").await;
    client.sim.set_now(client.sim.next_due().unwrap());
    let view = client.sim.google_account(CID);
    let bad = view.campaign("bad").unwrap();
    assert_eq!(bad.primary_status_reasons, ["HAS_ADS_DISAPPROVED"]);
    assert_eq!(bad.ad_groups[0].ads[0].approval_status, "DISAPPROVED");
}

#[tokio::test]
async fn searches_lag_behind_writes() {
    let client = Client::start().await;
    client.sim.set_read_lag(SignedDuration::from_secs(60));
    client.mutate_ok(&line("spring", "50000000", None)).await;
    let query = "SELECT campaign.name, campaign.status, campaign_budget.amount_micros FROM campaign";
    assert!(client.rows(query).await.is_empty(), "written, but not visible yet");
    client.sim.set_now(client.sim.next_due().unwrap());
    assert_eq!(client.sim.now(), at("2027-03-01T17:01:00Z"));
    assert_eq!(client.rows(query).await[0]["campaign"]["status"], "PAUSED");
    enable(&client, "spring").await;
    assert_eq!(client.rows(query).await[0]["campaign"]["status"], "PAUSED", "as it was a minute ago");
    client.sim.set_now(client.sim.now() + 60.seconds());
    assert_eq!(client.rows(query).await[0]["campaign"]["status"], "ENABLED");
}

#[tokio::test]
async fn a_flight_begins_and_ends_at_the_accounts_midnight() {
    let client = Client::start().await;
    let mut operations = line("spring", "50000000", None);
    operations[1]["campaignOperation"]["create"]["startDateTime"] = "2027-03-02 00:00:00".into();
    operations[1]["campaignOperation"]["create"]["endDateTime"] = "2027-03-03 23:59:59".into();
    client.mutate_ok(&operations).await;
    enable(&client, "spring").await;
    client.sim.set_now(at("2027-03-02T04:59:59Z"));
    assert_eq!(status(&client).0, "PENDING");
    client.sim.set_now(at("2027-03-02T05:00:00Z"));
    assert_eq!(status(&client).0, "ELIGIBLE");
    client.sim.set_now(at("2027-03-04T05:00:00Z"));
    assert_eq!(status(&client), ("ENDED".into(), vec!["CAMPAIGN_ENDED".into()]));
    let view = client.sim.google_account(CID);
    assert_eq!(view.live_daily_budget_micros, 0);
    client.sim.set_now(at("2027-03-10T05:00:00Z"));
    assert_eq!(client.sim.google_account(CID).campaigns[0].metrics, view.campaigns[0].metrics, "nothing after the end");
}

fn cost(row: &Value) -> i64 {
    row["metrics"]["costMicros"].as_str().map_or(0, |c| c.parse().unwrap())
}

#[tokio::test]
async fn campaigns_spend_about_their_budget_day_by_day() {
    let client = Client::start().await;
    client.mutate_ok(&line("spring", "100000000", None)).await;
    enable(&client, "spring").await;
    client.sim.set_now(at("2027-03-31T04:00:00Z"));
    let query = "SELECT segments.date, metrics.cost_micros, metrics.clicks, metrics.impressions, metrics.conversions, \
                 metrics.conversions_value FROM campaign WHERE segments.date BETWEEN '2027-02-20' AND '2027-04-20'";
    let days = client.rows(query).await;
    assert_eq!(days.len(), 30, "no rows for days without figures");
    assert_eq!(days[0]["segments"]["date"], "2027-03-01");
    let full: Vec<i64> = days[1..].iter().map(cost).collect();
    assert!(full.iter().all(|c| (80_000_000..=120_000_000).contains(c)), "{full:?}");
    let total: i64 = full.iter().sum();
    assert!((2_700_000_000..=2_900_000_000).contains(&total), "over 29 days about 29 budgets and not more: {total}");
    // The first day had 12 hours less the review.
    assert!((40_000_000..60_000_000).contains(&cost(&days[0])));
    let sum = client.rows("SELECT metrics.cost_micros FROM customer WHERE segments.date DURING LAST_7_DAYS").await;
    assert_eq!(cost(&sum[0]), full[22..].iter().sum::<i64>());
    let spent = client.sim.google_account(CID).campaigns[0].metrics.cost_micros;
    assert_eq!(spent, days.iter().map(cost).sum::<i64>());
}

#[tokio::test]
async fn spend_follows_budget_and_pauses_within_a_day() {
    let client = Client::with(config()).await;
    client.mutate_ok(&line("spring", "100000000", None)).await;
    enable(&client, "spring").await;
    client.sim.set_now(at("2027-03-02T11:00:00Z")); // 06:00 in New York
    let quarter = client.rows("SELECT metrics.cost_micros FROM campaign WHERE segments.date = '2027-03-02'").await;
    let campaign = client.sim.google_account(CID).campaigns.remove(0);
    let update = json!({"resourceName": campaign.resource_name, "status": "PAUSED"});
    client.mutate_ok(&json!([{"campaignOperation": {"update": update, "updateMask": "status"}}])).await;
    client.sim.set_now(at("2027-03-04T11:00:00Z"));
    let later = client.rows("SELECT metrics.cost_micros FROM campaign WHERE segments.date = '2027-03-02'").await;
    assert_eq!(cost(&quarter[0]), cost(&later[0]));
    assert!((20_000_000..30_000_000).contains(&cost(&later[0])), "{}", cost(&later[0]));
    assert_eq!(
        client
            .rows("SELECT segments.date, metrics.clicks FROM campaign WHERE segments.date = '2027-03-03'")
            .await
            .len(),
        0
    );
}

#[tokio::test]
async fn automatic_bidding_learns_for_a_week() {
    let client = Client::start().await;
    let mut operations = line("spring", "50000000", None);
    let campaign = operations[1]["campaignOperation"]["create"].as_object_mut().unwrap();
    campaign.remove("manualCpc");
    campaign.insert("maximizeConversions".into(), json!({}));
    client.mutate_ok(&operations).await;
    enable(&client, "spring").await;
    client.sim.set_now(at("2027-03-02T17:00:00Z"));
    assert_eq!(status(&client), ("LEARNING".into(), vec!["BIDDING_STRATEGY_LEARNING".into()]));
    client.sim.set_now(at("2027-03-08T17:00:00Z"));
    assert_eq!(status(&client).0, "ELIGIBLE");
}
