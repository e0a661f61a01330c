//! S3: an account's ceiling holds for all its Campaigns together, also when it is lowered below what runs.

use adops_e2e::given;
use adsim::{Effect, Fault, Match};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::live;

/// A merge patch of an AdAccount.
fn ceiling(daily: &str) -> Value {
    json!({"ceiling": {"daily": daily, "currency": "EUR"}})
}

/// spring has 2 lines of 50.00 EUR, summer one of 20.00, which is suspended.
async fn two_campaigns() -> Option<adops_e2e::world::World> {
    let mut world = given::world().await?;
    world.given("spring", json!({})).await;
    let summer = json!({"markets": ["FR"], "fallbackLocale": "en", "budget": {"daily": "20.00", "currency": "EUR"}});
    world.given("summer", summer).await;
    world.poll().await;
    assert_eq!(live(&world), 120_000_000);
    Some(world)
}

#[tokio::test(flavor = "multi_thread")]
async fn below_a_lowered_ceiling_the_largest_lines_are_cut_and_come_back_with_it() {
    let Some(mut world) = two_campaigns().await else { return };
    world.patch_campaign("spring", json!({"suspend": true})).await;
    world.poll().await;
    world.sim.reset_ledger();
    world.patch_account("google-global", ceiling("80.00")).await;
    world.poll().await;
    // 50, 50 and 20: the level is 30, and who is suspended is no exception.
    let budgets = [world.budget("spring", "US"), world.budget("spring", "GB"), world.budget("summer", "FR")];
    assert_eq!(budgets, [30_000_000, 30_000_000, 20_000_000]);
    world.until_account("google-global", "Ready", "True", "Ready").await;

    world.patch_campaign("spring", json!({"suspend": false})).await;
    world.until_condition("spring", "Stalled", "True", "CeilingReached").await;
    let message = world.message("spring", "Stalled").await;
    assert!(
        message.contains("100.00 EUR a day could be live on google-global, the account's ceiling is 80.00"),
        "{message}"
    );
    let writes = world.sim.ledger().len();
    world.pass(SignedDuration::from_mins(30)).await;
    assert_eq!(world.sim.ledger().len(), writes, "it is at rest");

    world.patch_account("google-global", ceiling("20000.00")).await;
    world.until_ready("spring").await;
    assert_eq!(live(&world), 120_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_that_the_platform_refuses_becomes_a_pause() {
    let Some(mut world) = two_campaigns().await else { return };
    let refusal = Effect::Reject { category: "campaignBudgetError".into(), code: "MONEY_AMOUNT_TOO_LARGE".into() };
    world.sim.faults().add(Fault::new(Match::mutates().operation("campaignBudget.update"), refusal));
    world.patch_account("google-global", ceiling("80.00")).await;
    world.poll().await;
    world.poll().await;
    assert!(live(&world) <= 80_000_000, "{}", live(&world));
    assert!(world.runs("summer", "FR"), "it is below the level");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_may_cut_is_told_with_figures() {
    let Some(mut world) = two_campaigns().await else { return };
    world.patch_campaign("summer", json!({"deletionPolicy": "Retain"})).await;
    world.delete_campaign("summer").await;
    world.until_gone("summer").await;
    world.patch_account("google-global", ceiling("15.00")).await;
    world.until_account("google-global", "Ready", "False", "CeilingReached").await;
    world.poll().await;
    assert_eq!(live(&world), 20_000_000, "what was knowingly left runs on, all else stopped");
    let account = world.look().await.accounts.remove(0);
    let ready = account.status.unwrap().conditions.into_iter().find(|one| one.type_ == "Ready").unwrap();
    assert!(ready.message.contains("20.00 EUR a day are live, the ceiling is 15.00 EUR"), "{}", ready.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_campaigns_that_grow_at_the_same_time_do_not_pass_the_ceiling_together() {
    let Some(mut world) = two_campaigns().await else { return };
    world.patch_account("google-global", ceiling("200.00")).await;
    world.poll().await;
    world.sim.reset_ledger();
    let asked = json!({"budget": {"daily": "180.00", "currency": "EUR"}});
    tokio::join!(world.patch_campaign("spring", asked.clone()), world.patch_campaign("summer", asked));
    world.poll().await;
    world.poll().await;
    assert!(world.writes().iter().all(|write| write.live_daily_budget_micros <= 200_000_000), "{:#?}", world.writes());
    assert!(live(&world) > 120_000_000);
    let reasons = [world.campaign("spring").await, world.campaign("summer").await].map(|it| it.status.unwrap().reason);
    assert!(reasons.contains(&Some(adops_api::Reason::CeilingReached)), "{reasons:?}");
}
