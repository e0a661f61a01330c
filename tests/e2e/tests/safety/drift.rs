//! S6: changes by hand are seen within one poll, then corrected, kept or reported.

use adops_api::campaign::LineState;
use adops_e2e::given;
use adops_e2e::world::World;
use adsim::{Edit, EditAction};
use jiff::SignedDuration;
use serde_json::json;

use crate::live;

fn us(world: &World) -> String {
    world.object("spring", "US").id.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_raised_by_hand_is_lowered_within_one_poll() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.poll().await;
    world.by_hand(EditAction::SetBudget { campaign: us(&world), amount_micros: 500_000_000 });
    world.poll().await;
    assert_eq!((world.budget("spring", "US"), live(&world)), (50_000_000, 100_000_000));
    let notes = world.notes("spring", "Drifted").await;
    assert!(notes.iter().any(|note| note.contains("US (budget 500.00 → 50.00 EUR a day)")), "{notes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recommendation_that_the_platform_applied_by_itself_is_corrected_too() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let action = EditAction::SetBudget { campaign: us(&world), amount_micros: 70_000_000 };
    world.sim.edit(&Edit::by_recommendation(adops_e2e::world::CUSTOMER, action)).unwrap();
    world.poll().await;
    assert_eq!(world.budget("spring", "US"), 50_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_added_by_hand_is_taken_out_again() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.by_hand(EditAction::AddLocation { campaign: us(&world), geo_target_id: 2276, negative: false });
    world.poll().await;
    world.until_ready("spring").await;
    let places = world.object("spring", "US").criteria;
    let places: Vec<&str> = places
        .iter()
        .filter(|place| place.kind == "LOCATION" && place.status != "REMOVED")
        .map(|place| place.display_name.as_str())
        .collect();
    assert_eq!(places, ["United States"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_by_hand_is_kept_and_told_until_the_spec_changes() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.by_hand(EditAction::Pause { campaign: us(&world) });
    world.poll().await;
    world.until_condition("spring", "Ready", "True", "StoppedOnPlatform").await;
    world.poll().await;
    // Also across a restart.
    world.kill_operator();
    world.start_operator().await;
    world.poll().await;
    world.poll().await;
    assert!(!world.runs("spring", "US") && world.runs("spring", "GB"));
    let line = world.line("spring", "google-global/US").await;
    assert_eq!((line.state, line.stop), (LineState::Stopped, Some(1)));
    assert_eq!(world.notes("spring", "StoppedOnPlatform").await.len(), 1);

    world.patch_campaign("spring", json!({"budget": {"daily": "90.00"}})).await;
    world
        .until("it runs again", |snapshot| {
            snapshot
                .condition("spring", "Ready")
                .is_some_and(|(ready, reason)| ready == "True" && reason != "StoppedOnPlatform")
        })
        .await;
    assert!(world.runs("spring", "US"));
    assert_eq!(world.budget("spring", "US"), 45_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_cut_by_hand_is_kept_until_the_spec_changes() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.by_hand(EditAction::SetBudget { campaign: us(&world), amount_micros: 5_000_000 });
    world.poll().await;
    world.until_condition("spring", "Ready", "True", "StoppedOnPlatform").await;
    world.poll().await;
    assert_eq!(world.budget("spring", "US"), 5_000_000);
    world.patch_campaign("spring", json!({"budget": {"daily": "90.00"}})).await;
    world.until_ready("spring").await;
    assert_eq!(world.budget("spring", "US"), 45_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_by_hand_minutes_after_a_change_of_ours_is_told_from_it() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.patch_campaign("spring", json!({"budget": {"daily": "90.00"}})).await;
    world.until_ready("spring").await;
    world.pass(SignedDuration::from_mins(1)).await;
    world.by_hand(EditAction::SetBudget { campaign: us(&world), amount_micros: 5_000_000 });
    world.poll().await;
    world.until_condition("spring", "Ready", "True", "StoppedOnPlatform").await;
    assert_eq!(world.budget("spring", "US"), 5_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_report_a_change_by_hand_minutes_after_one_of_ours_is_left_too() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({"driftPolicy": "Report"})).await;
    world.patch_campaign("spring", json!({"audience": {"ages": "18-54"}})).await;
    world.until_ready("spring").await;
    world.pass(SignedDuration::from_mins(1)).await;
    world.sim.reset_ledger();
    world.by_hand(EditAction::AddLocation { campaign: us(&world), geo_target_id: 2276, negative: false });
    world.poll().await;
    world.until_condition("spring", "Drifted", "True", "Drifted").await;
    assert_eq!(world.writes(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_override_a_pause_by_hand_is_undone() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({"stopsByHand": "Override"})).await;
    world.by_hand(EditAction::Pause { campaign: us(&world) });
    world.poll().await;
    world.until_ready("spring").await;
    assert!(world.runs("spring", "US"));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_report_a_change_by_hand_is_shown_and_left() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({"driftPolicy": "Report"})).await;
    world.sim.reset_ledger();
    world.by_hand(EditAction::AddLocation { campaign: us(&world), geo_target_id: 2276, negative: false });
    world.poll().await;
    world.until_condition("spring", "Drifted", "True", "Drifted").await;
    let message = world.message("spring", "Drifted").await;
    assert!(message.starts_with("google-global/US (") && !message.contains("GB"), "{message}");
    assert_eq!(world.condition("spring", "Ready").await.unwrap().status, "True", "it is the user's own choice");
    world.poll().await;
    assert_eq!(world.writes(), []);
    let status = world.campaign("spring").await.status.unwrap();
    assert_eq!(status.withheld.len(), 1);
    // With Correct it is corrected, and the condition goes.
    world.patch_campaign("spring", json!({"driftPolicy": "Correct"})).await;
    world
        .until("it is corrected", |snapshot| {
            snapshot.condition("spring", "Drifted").is_none() && snapshot.is_ready("spring")
        })
        .await;
    assert!(!world.writes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_report_a_raise_past_the_campaigns_budget_is_lowered_all_the_same() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({"driftPolicy": "Report"})).await;
    world.by_hand(EditAction::SetBudget { campaign: us(&world), amount_micros: 500_000_000 });
    world.poll().await;
    assert!(live(&world) <= 100_000_000, "the cap needs it: {}", live(&world));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_back_three_times_in_an_hour_is_left_and_told() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.poll().await;
    let id = us(&world);
    for _ in 0..3 {
        world.by_hand(EditAction::AddLocation { campaign: id.clone(), geo_target_id: 2276, negative: false });
        world.poll().await;
        let places = world.object("spring", "US").criteria;
        assert!(!places.iter().any(|p| p.display_name == "Germany" && p.status != "REMOVED"));
    }
    world.by_hand(EditAction::AddLocation { campaign: id, geo_target_id: 2276, negative: false });
    world.sim.reset_ledger();
    world.poll().await;
    world.until_condition("spring", "Ready", "True", "DriftContested").await;
    world.poll().await;
    assert_eq!(world.writes(), []);
    // A new spec tries again.
    world.patch_campaign("spring", json!({"budget": {"daily": "90.00"}})).await;
    world
        .until("it is corrected", |snapshot| {
            snapshot
                .condition("spring", "Ready")
                .is_some_and(|(ready, reason)| ready == "True" && reason != "DriftContested")
        })
        .await;
    let places = world.object("spring", "US").criteria;
    assert!(!places.iter().any(|p| p.display_name == "Germany" && p.status != "REMOVED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_raised_again_and_again_is_lowered_every_time_for_the_cap_needs_it() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let id = us(&world);
    for round in 0..5 {
        world.by_hand(EditAction::SetBudget { campaign: id.clone(), amount_micros: 500_000_000 });
        world.poll().await;
        assert_eq!(live(&world), 100_000_000, "round {round}");
    }
}
