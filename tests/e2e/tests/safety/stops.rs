//! S11: deleting stops spend before the object goes. S14: the stop switch stops everything first.

use adops_e2e::given;
use adsim::{Effect, Fault, Match};
use jiff::SignedDuration;
use serde_json::json;

use crate::live;

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_waits_for_a_platform_that_is_away_and_says_so() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let fault = world.sim.faults().add(Fault::new(Match::default(), Effect::Status { status: 503, body: json!({}) }));
    world.delete_campaign("spring").await;
    world.pass(SignedDuration::from_mins(30)).await;
    assert_eq!(world.names().await, ["spring"], "it stays until its spend was seen to stop");
    let status = world.campaign("spring").await.status.unwrap();
    assert_eq!(status.state.as_deref(), Some("Deleting"));
    assert!(live(&world) > 0);
    world.sim.faults().remove(fault);
    world.until_gone("spring").await;
    assert_eq!(live(&world), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_was_answered_but_not_seen_is_no_reason_to_go() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    // The answers are lost, the effects not.
    world.sim.faults().add(Fault::new(Match::mutates(), Effect::CutAfter).times(1));
    world.delete_campaign("spring").await;
    world.until_gone("spring").await;
    assert_eq!(live(&world), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_campaign_that_is_deleted_stops_too() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.patch_campaign("spring", json!({"suspend": true})).await;
    world.delete_campaign("spring").await;
    world.until_gone("spring").await;
    assert_eq!(live(&world), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stop_switch_pauses_everything_also_of_suspended_campaigns_and_before_anything_else() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.given("summer", json!({"markets": ["FR"], "fallbackLocale": "en", "driftPolicy": "Report"})).await;
    world.patch_campaign("summer", json!({"suspend": true})).await;
    world.poll().await;
    world.sim.reset_ledger();
    // A stop and a new spec at the same time.
    world.patch_account("google-global", json!({"stop": true})).await;
    world.patch_campaign("spring", json!({"budget": {"daily": "900.00"}, "markets": ["US", "GB", "CA"]})).await;
    world.poll().await;
    assert_eq!(live(&world), 0);
    let writes = world.writes();
    let pauses =
        writes.iter().filter(|e| e.kind == "campaign" && e.after.get("status") == Some(&json!("PAUSED"))).count();
    assert_eq!(pauses, 3, "{writes:#?}");
    // Nothing but pauses, and the marks that say that they are ours.
    assert!(
        writes.iter().all(|entry| matches!(entry.kind.as_str(), "campaign" | "campaignLabel" | "label")),
        "{writes:#?}"
    );
    assert!(!writes.iter().any(|entry| entry.kind == "campaign" && entry.change == adsim::Change::Create));

    world.patch_account("google-global", json!({"stop": false})).await;
    world.until("the one that is not suspended runs", |snapshot| snapshot.is_ready("spring")).await;
    world.until_ready("spring").await;
    world.poll().await;
    assert!(world.runs("spring", "CA"));
    assert!(!world.runs("summer", "FR"), "suspended: it is not written to");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stop_switch_works_without_the_secret() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    assert!(world.as_admin(&["delete", "secret", "google-ads"], "").status.success());
    world.until_account("google-global", "Stalled", "True", "SecretNotFound").await;
    world.patch_account("google-global", json!({"stop": true})).await;
    let sim = world.sim.clone();
    world
        .until("all is paused", move |_| sim.google_account(adops_e2e::world::CUSTOMER).live_daily_budget_micros == 0)
        .await;
}
