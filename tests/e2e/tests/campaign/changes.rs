//! Changes of the spec, each with what it touches and what it does not.

use std::collections::BTreeSet;

use adops_api::campaign::LineState;
use adops_e2e::given::{self, ad};
use adops_e2e::world::World;
use jiff::SignedDuration;
use serde_json::json;

fn kinds(world: &World) -> BTreeSet<String> {
    world.writes().into_iter().map(|entry| entry.kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_budget_moves_budgets_and_nothing_else() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.sim.reset_ledger();
    world.patch_campaign("spring", json!({"budget": {"daily": "60.00"}, "split": {"markets": {"US": 2}}})).await;
    world.until_ready("spring").await;
    assert_eq!((world.budget("spring", "US"), world.budget("spring", "GB")), (40_000_000, 20_000_000));
    assert_eq!(kinds(&world), BTreeSet::from(["campaignBudget".to_owned()]));
    assert_eq!(world.campaign("spring").await.status.unwrap().budget_per_day.as_deref(), Some("60.00 EUR"));

    // Up again: at no instant more than the cap of the time.
    world.sim.reset_ledger();
    world.patch_campaign("spring", json!({"budget": {"daily": "90.00"}, "split": {"markets": {"US": 1}}})).await;
    world.until_ready("spring").await;
    assert_eq!((world.budget("spring", "US"), world.budget("spring", "GB")), (45_000_000, 45_000_000));
    assert!(world.writes().iter().all(|entry| entry.live_daily_budget_micros <= 90_000_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shift_between_lines_lowers_before_it_raises() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.sim.reset_ledger();
    world.patch_campaign("spring", json!({"split": {"markets": {"GB": 9}}})).await;
    world.until_ready("spring").await;
    assert_eq!((world.budget("spring", "US"), world.budget("spring", "GB")), (10_000_000, 90_000_000));
    let most = world.writes().iter().map(|entry| entry.live_daily_budget_micros).max();
    assert!(most <= Some(100_000_000), "the cap held at every instant: {most:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn new_copy_is_swapped_in_on_the_same_objects() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let before = world.object("spring", "US");
    world.sim.reset_ledger();
    let copy = json!({"headlines": ["Summer is here", "Watch now", "New season"], "descriptions": ["All episodes today.", "Start for free."]});
    world.patch_campaign("spring", json!({"ads": ad(json!({"copy": {"en": copy}}))})).await;
    world.until_ready("spring").await;

    let after = world.object("spring", "US");
    assert_eq!(
        (after.id, after.ad_groups[0].id, after.status.as_str()),
        (before.id, before.ad_groups[0].id, "ENABLED")
    );
    let shown: Vec<&str> =
        after.ad_groups[0].ads.iter().filter(|ad| ad.status == "ENABLED").map(|ad| ad.headlines[0].as_str()).collect();
    assert_eq!(shown, ["Summer is here"]);
    assert!(!kinds(&world).contains("campaign"), "{:?}", kinds(&world));
    assert!(!kinds(&world).contains("campaignBudget"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_taken_out_is_paused_and_counted_and_put_back_it_is_the_same_object() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let gb = world.object("spring", "GB");
    world.patch_campaign("spring", json!({"markets": ["US"]})).await;
    world.until_ready("spring").await;
    assert_eq!(world.object("spring", "GB").status, "PAUSED");
    assert_eq!(world.budget("spring", "US"), 100_000_000);
    let status = world.campaign("spring").await.status.unwrap();
    let retired = status.retired.unwrap();
    assert_eq!((retired.count, retired.ids), (1, vec![gb.id.to_string()]));
    assert_eq!(status.lines_ready.as_deref(), Some("1/1"));

    world.sim.reset_ledger();
    world.patch_campaign("spring", json!({"markets": ["US", "GB"]})).await;
    world.until_ready("spring").await;
    let again = world.object("spring", "GB");
    assert_eq!((again.id, again.status.as_str()), (gb.id, "ENABLED"));
    assert_eq!(world.on_platform().len(), 2);
    assert!(world.writes().iter().all(|entry| entry.live_daily_budget_micros <= 100_000_000));
    assert_eq!(world.campaign("spring").await.status.unwrap().retired, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn state_paused_stops_delivery_and_active_takes_it_up() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.patch_campaign("spring", json!({"state": "Paused"})).await;
    world.until_condition("spring", "Ready", "True", "Paused").await;
    assert!(!world.runs("spring", "US") && !world.runs("spring", "GB"));
    let status = world.campaign("spring").await.status.unwrap();
    assert_eq!((status.state.as_deref(), status.budget_per_day.as_deref()), (Some("Paused"), Some("0.00 EUR")));
    assert_eq!(world.condition("spring", "Delivering").await.unwrap().status, "False");
    assert_eq!(world.line("spring", "google-global/US").await.state, LineState::Paused);

    world.patch_campaign("spring", json!({"state": "Active"})).await;
    world.until_ready("spring").await;
    assert!(world.runs("spring", "US") && world.runs("spring", "GB"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_of_a_campaign_can_be_paused_alone() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.patch_campaign("spring", json!({"overrides": [{"markets": ["GB"], "state": "Paused"}]})).await;
    world.until_ready("spring").await;
    assert!(world.runs("spring", "US") && !world.runs("spring", "GB"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_campaign_is_not_written_to_and_says_that_it_spends() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.sim.reset_ledger();
    world.patch_campaign("spring", json!({"suspend": true, "budget": {"daily": "10.00"}, "markets": ["US", "GB", "FR"], "fallbackLocale": "en"})).await;
    world.until_condition("spring", "Ready", "True", "SuspendedSpending").await;
    world.poll().await;
    assert_eq!(world.writes(), []);
    let status = world.campaign("spring").await.status.unwrap();
    assert_eq!(status.state.as_deref(), Some("Suspended (spending)"));
    assert!(status.withheld_count > 0);

    world.patch_campaign("spring", json!({"suspend": false})).await;
    world.until_ready("spring").await;
    assert_eq!(world.on_platform().len(), 3);
    assert_eq!((world.budget("spring", "FR"), world.budget("spring", "US")), (3_340_000, 3_330_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_account_pauses_everything_and_lets_it_go_on_afterwards() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.patch_account("google-global", json!({"stop": true})).await;
    world.until_account("google-global", "Ready", "True", "StoppedByAccount").await;
    let sim = world.sim.clone();
    world
        .until("all is paused", move |_| sim.google_account(adops_e2e::world::CUSTOMER).live_daily_budget_micros == 0)
        .await;
    world.until_condition("spring", "Ready", "True", "StoppedByAccount").await;

    world.patch_account("google-global", json!({"stop": false})).await;
    let sim = world.sim.clone();
    world
        .until("all runs", move |_| {
            sim.google_account(adops_e2e::world::CUSTOMER).live_daily_budget_micros == 100_000_000
        })
        .await;
    world.until_ready("spring").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_installations_stop_switch_pauses_suspended_campaigns_too() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.patch_campaign("spring", json!({"suspend": true})).await;
    world.until_condition("spring", "Ready", "True", "SuspendedSpending").await;
    world.kill_operator();
    world.start_operator_with(None, |options| options.stop = true).await;
    let sim = world.sim.clone();
    world
        .until("all is paused", move |_| sim.google_account(adops_e2e::world::CUSTOMER).live_daily_budget_micros == 0)
        .await;
    world.until_account("google-global", "Ready", "True", "StoppedByAccount").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declaration_is_changed_in_place() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let before = world.object("spring", "US");
    world.patch_campaign("spring", json!({"declarations": {"euPoliticalAds": true}})).await;
    world.until_ready("spring").await;
    let after = world.object("spring", "US");
    assert_eq!(after.id, before.id);
    assert_eq!(after.fields["containsEuPoliticalAdvertising"], "CONTAINS_EU_POLITICAL_ADVERTISING");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_immutable_field_waits_for_consent_and_is_then_replaced() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    // The start of a flight that is under way cannot be moved any more.
    world.pass(SignedDuration::from_hours(14)).await;
    let before = world.object("spring", "US");
    let later = json!({"flight": {"start": "2027-03-20", "end": "2027-05-31"}});
    world.patch_campaign("spring", later).await;
    world
        .until("the replacement is asked for", |snapshot| {
            snapshot.condition("spring", "Ready").is_some_and(|(_, reason)| reason == "ReplaceNotAllowed")
        })
        .await;
    let after = world.object("spring", "US");
    assert_eq!((after.id, &after.fields["startDateTime"]), (before.id, &before.fields["startDateTime"]));
    world.patch_campaign("spring", json!({"onReplace": "Allow"})).await;
    world.until_ready("spring").await;
    let all: Vec<_> = world.on_platform().into_iter().filter(|o| o.name.starts_with("spring US [")).collect();
    assert_eq!(all.len(), 2);
    let enabled: Vec<_> = all.iter().filter(|object| object.status == "ENABLED").collect();
    assert_eq!(enabled.len(), 1);
    assert_ne!(enabled[0].id, before.id);
}
