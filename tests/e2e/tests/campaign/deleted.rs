//! `kubectl delete`, with each deletion policy.

use adops_e2e::given;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_campaign_stops_spending_before_it_goes() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.delete_campaign("spring").await;
    world.until_gone("spring").await;
    let left = world.on_platform();
    assert_eq!(left.len(), 2);
    assert!(left.iter().all(|object| object.status == "PAUSED"));
    // The account is free again.
    world
        .until("the account has no finalizer", |snapshot| {
            snapshot.accounts.iter().all(|a| a.metadata.finalizers.is_none())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_remove_the_objects_are_removed() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({"deletionPolicy": "Remove"})).await;
    world.delete_campaign("spring").await;
    world.until_gone("spring").await;
    assert_eq!(world.on_platform().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_retain_they_go_on() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({"deletionPolicy": "Retain"})).await;
    world.sim.reset_ledger();
    world.delete_campaign("spring").await;
    world.until_gone("spring").await;
    assert_eq!(world.writes(), []);
    assert!(world.on_platform().iter().all(|object| object.status == "ENABLED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn applied_again_a_deleted_campaign_takes_its_paused_objects_up() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let before = world.object("spring", "US");
    world.delete_campaign("spring").await;
    world.until_gone("spring").await;
    world.given("spring", json!({})).await;
    assert_eq!(world.on_platform().len(), 2);
    let again = world.object("spring", "US");
    assert_eq!((again.id, again.status.as_str()), (before.id, "ENABLED"));
}

/// 25 lines of one account, for more removes than an hour allows.
fn many() -> serde_json::Value {
    json!({
        "deletionPolicy": "Remove",
        "markets": [
            "US", "GB", "FR", "DE", "AT", "CH", "JP", "NO", "SE", "DK", "FI", "NL", "BE", "LU", "IE", "ES", "PT", "IT",
            "PL", "CZ", "SK", "HU", "RO", "BG", "GR",
        ],
        "fallbackLocale": "en",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_twenty_removes_an_hour_wait_and_spend_stops_at_once() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", many()).await;
    world.delete_campaign("spring").await;
    world
        .until("it says what it waits for", |snapshot| {
            snapshot.campaign("spring").and_then(|c| c.status.as_ref()).is_some_and(|status| {
                status.withheld.iter().any(|withheld| withheld.reason == Some(adops_api::Reason::RemoveBraked))
            })
        })
        .await;
    let left = world.on_platform();
    assert_eq!(left.len(), 5);
    assert!(left.iter().all(|object| object.status == "PAUSED"), "what waits does not spend");
    let braked = world.now();
    world.until_gone("spring").await;
    assert_eq!(world.on_platform().len(), 0);
    assert!(world.now().duration_since(braked).as_mins() >= 55, "the rest went an hour later");
}

#[tokio::test(flavor = "multi_thread")]
async fn confirmed_removes_are_not_braked() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", many()).await;
    let uid = world.campaign("spring").await.metadata.uid.unwrap();
    world.annotate("spring", adops_api::CONFIRM_REMOVES_ANNOTATION, &uid).await;
    let before = world.now();
    world.delete_campaign("spring").await;
    world.until_gone("spring").await;
    assert_eq!(world.on_platform().len(), 0);
    assert!(world.now().duration_since(before).as_mins() < 30);
}
