//! Delivery and measurement: time passes, money is spent, ads are looked at.

use adops_e2e::given::{self, ad};
use adops_e2e::world::{CUSTOMER, World};
use jiff::SignedDuration;
use serde_json::json;

/// An operator that polls once an hour, for tests in which days go by.
async fn hourly(world: &mut World) {
    world.start_operator_with(None, |options| options.poll_interval = SignedDuration::from_hours(1)).await;
}

fn amount(text: Option<&str>) -> f64 {
    text.and_then(|text| text.split(' ').next()?.parse().ok()).unwrap_or(-1.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn spend_and_pace_appear_as_days_go_by() {
    let Some(mut world) = given::world().await else { return };
    hourly(&mut world).await;
    world.given("spring", json!({})).await;
    world.pass(SignedDuration::from_hours(72)).await;
    let status = world.campaign("spring").await.status.unwrap();
    let spent = amount(status.spend_7d.as_deref());
    assert!(spent > 200.0 && spent <= 400.0, "about three days of 100 EUR: {:?}", status.spend_7d);
    let pace: i64 = status.pace.as_deref().and_then(|pace| pace.strip_suffix('%')?.parse().ok()).unwrap();
    assert!((80..=110).contains(&pace), "{pace}");
    // What the platform reports is what is shown.
    let reported: i64 = world.on_platform().iter().map(|object| object.metrics.cost_micros).sum();
    #[allow(clippy::cast_precision_loss, reason = "small")]
    let reported = reported as f64 / 1e6;
    assert!(reported >= spent - 0.01 && reported - spent < 15.0, "{reported} {spent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ads_in_review_are_ready_and_delivering_follows_when_they_are_approved() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    assert_eq!(world.condition("spring", "Ready").await.unwrap().status, "True");
    world.until_condition("spring", "Delivering", "True", "Delivering").await;
    assert_eq!(world.campaign("spring").await.status.unwrap().lines_delivering.as_deref(), Some("2/2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn disapproved_ads_are_told() {
    let Some(mut world) = given::world().await else { return };
    let bad = json!({"headlines": ["Disapproveme now", "Watch now", "New season"], "descriptions": ["All episodes today.", "Start for free."]});
    world.given("spring", json!({"ads": ad(json!({"copy": {"en": bad}}))})).await;
    world.until_condition("spring", "Delivering", "False", "AdsDisapproved").await;
    let status = world.campaign("spring").await.status.unwrap();
    assert_eq!(status.lines_delivering.as_deref(), Some("0/2"));
    assert_eq!(status.reason.map(|reason| reason.to_string()).as_deref(), Some("AdsDisapproved"));
    // The platform holds what is asked: waits end.
    assert_eq!(world.condition("spring", "Ready").await.unwrap().status, "True");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flight_that_ends_says_so_and_nothing_is_left_running() {
    let Some(mut world) = given::world().await else { return };
    hourly(&mut world).await;
    world.given("spring", json!({"flight": {"start": "2027-02-24", "end": "2027-02-25"}})).await;
    world.pass(SignedDuration::from_hours(48)).await;
    world.until_condition("spring", "Ready", "True", "FlightOver").await;
    let (status, _) = world.look().await.condition("spring", "Delivering").unwrap();
    assert_eq!(status, "False");
    assert_eq!(world.sim.google_account(CUSTOMER).live_daily_budget_micros, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flight_in_the_future_is_ready_and_says_that_it_has_not_started() {
    let Some(mut world) = given::world().await else { return };
    hourly(&mut world).await;
    world.given("spring", json!({"flight": {"start": "2027-03-01"}})).await;
    world.until_condition("spring", "Delivering", "False", "FlightNotStarted").await;
    world.pass(SignedDuration::from_hours(24 * 5)).await;
    let (status, _) = world.look().await.condition("spring", "Delivering").unwrap();
    assert_eq!(status, "True");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flight_budget_is_paced_to_its_end_and_never_passed() {
    let Some(mut world) = given::world().await else { return };
    let spec = json!({
        "flight": {"start": "2027-02-24", "end": "2027-03-02"},
        "budget": {"daily": null, "flight": "700.00", "currency": "EUR"},
    });
    hourly(&mut world).await;
    world.given("spring", spec).await;
    let first = world.budget("spring", "US") + world.budget("spring", "GB");
    assert!(first <= 100_000_000 && first > 99_000_000, "a seventh: {first}");
    world.pass(SignedDuration::from_hours(24 * 8)).await;
    let spent: i64 = world.on_platform().iter().map(|object| object.metrics.cost_micros).sum();
    assert!(spent <= 700_000_000, "{spent}");
    assert!(spent > 600_000_000, "{spent}");
    // Two lines, eight days, a budget for the day and one when the day before is settled.
    let writes = world.sim.ledger().iter().filter(|entry| entry.kind == "campaignBudget").count();
    assert!(writes <= 2 * 8 * 2 + 2, "{writes} writes of budgets");
}
