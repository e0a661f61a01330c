//! Budget brakes: how often and how fast budgets grow, and how many objects are removed, also after a restart.

use adops_e2e::given;
use adops_e2e::world::World;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::live;

fn daily(amount: &str) -> Value {
    json!({"budget": {"daily": amount, "currency": "EUR"}})
}

async fn restart(world: &mut World) {
    world.kill_operator();
    world.start_operator().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_that_was_changed_too_often_waits_and_a_new_operator_knows() {
    let Some(mut world) = given::world().await else { return };
    world.patch_account("google-global", json!({"brakes": {"changesPerHour": 2}})).await;
    world.given("spring", json!({})).await;
    for amount in ["110.00", "120.00"] {
        world.patch_campaign("spring", daily(amount)).await;
        world.until_ready("spring").await;
        world.poll().await;
    }
    let second = world.now();
    world.patch_campaign("spring", daily("130.00")).await;
    world.until_condition("spring", "Ready", "False", "BudgetBraked").await;
    restart(&mut world).await;
    world.poll().await;
    world.poll().await;
    assert_eq!(live(&world), 120_000_000);
    let message = world.message("spring", "Ready").await;
    assert!(message.contains("2 times an hour"), "{message}");

    // Less is never too often.
    world.patch_campaign("spring", daily("80.00")).await;
    world.until_ready("spring").await;
    assert_eq!(live(&world), 80_000_000);
    world.patch_campaign("spring", daily("130.00")).await;
    world.until_ready("spring").await;
    assert_eq!(live(&world), 130_000_000);
    assert!(world.now().duration_since(second) >= SignedDuration::from_hours(1), "{}", world.now());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digit_too_many_is_told_and_not_spent() {
    let Some(mut world) = given::world().await else { return };
    world.patch_account("google-global", json!({"brakes": {"maxStep": "100%"}})).await;
    world.given("spring", json!({})).await;
    world.patch_campaign("spring", daily("1000.00")).await;
    world.until_condition("spring", "Stalled", "True", "BudgetStepTooLarge").await;
    assert_eq!(live(&world), 100_000_000);
    world.patch_campaign("spring", daily("200.00")).await;
    world.until_ready("spring").await;
    assert_eq!(live(&world), 200_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_allowance_of_removes_is_not_new_for_a_new_operator() {
    let Some(mut world) = given::world().await else { return };
    let markets = ["AT", "BE", "CA", "CH", "CZ", "DE", "DK", "ES", "FI", "FR", "GB", "IE", "IT", "JP", "NL", "PL"];
    let spec = |markets: &[&str]| {
        json!({
            "markets": markets, "fallbackLocale": "en", "deletionPolicy": "Remove",
            "budget": {"daily": "900.00", "currency": "EUR"},
        })
    };
    world.given("spring", spec(&markets)).await;
    world.given("summer", spec(&markets)).await;
    world.delete_campaign("spring").await;
    world.until_gone("spring").await;
    let removed = world.now();
    restart(&mut world).await;
    world.delete_campaign("summer").await;
    world.pass(SignedDuration::from_mins(30)).await;
    assert_eq!((live(&world), world.on_platform().len()), (0, 12), "4 of 16: the allowance is 20");
    world.until_gone("summer").await;
    assert!(world.now().duration_since(removed) >= SignedDuration::from_mins(55), "{}", world.now());
}
