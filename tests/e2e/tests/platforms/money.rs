//! S3 and S11 over all platforms: a Campaign's budget holds at every instant, and deleting it stops all spend.

use std::collections::BTreeMap;

use adops_e2e::world::World;
use adsim::Actor;
use serde_json::json;

use crate::{counts, in_spring, live};

/// The most that was live at once over all platforms after any write of ours, in micros.
fn most(world: &World) -> i64 {
    let mut live: BTreeMap<String, i64> = BTreeMap::new();
    let mut most = 0;
    for entry in world.sim.ledger() {
        live.insert(entry.account.clone(), entry.live_daily_budget_micros);
        if matches!(entry.actor, Actor::Api(_)) {
            most = most.max(live.values().sum());
        }
    }
    most
}

#[tokio::test(flavor = "multi_thread")]
async fn the_budget_holds_over_all_platforms_at_every_instant() {
    let Some((mut world, _)) = in_spring().await else { return };
    assert!((5_999_800_000..=6_000_000_000).contains(&most(&world)), "{}", most(&world));
    // Money moves from one platform to another: what is lowered comes first, wherever it is.
    for (weights, markets) in [([2, 3, 5], 4), ([1, 8, 1], 1), ([5, 3, 2], 9)] {
        let accounts = json!({ "google-global": weights[0], "meta-global": weights[1], "tiktok-global": weights[2] });
        // Meta changes a budget four times an hour at most.
        world.pass(jiff::SignedDuration::from_mins(61)).await;
        world
            .patch_campaign("spring", json!({ "split": { "accounts": accounts, "markets": { "US": markets } } }))
            .await;
        world.until_ready("spring").await;
        assert!(most(&world) <= 6_000_000_000, "{}", most(&world));
        assert!((5_999_800_000..=6_000_000_000).contains(&live(&world)), "{}", live(&world));
    }

    // 42.85 EUR for each of TikTok's smaller lines, where 50.00 is the least: what cannot be lowered is paused.
    world.patch_campaign("spring", json!({ "budget": { "daily": "3000.00" } })).await;
    world.until_condition("spring", "Stalled", "True", "BudgetBelowMinimum").await;
    let sim = world.sim.clone();
    let smaller = [(6, 6), (6, 6), (6, 1)];
    world.until("what is too small is paused", |_| crate::counts_of(&sim) == smaller).await;
    world.poll().await;
    assert_eq!(counts(&world), smaller);
    assert!((2_780_000_000..=3_000_000_000).contains(&live(&world)), "{}", live(&world));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_campaign_spends_nothing_on_any_platform() {
    let Some((mut world, _)) = in_spring().await else { return };
    world.delete_campaign("spring").await;
    world.until_gone("spring").await;
    assert_eq!(live(&world), 0);
    assert_eq!(counts(&world), [(6, 0); 3]);
    world.poll().await;
    assert_eq!(counts(&world), [(6, 0); 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_comes_back_takes_up_its_paused_objects_everywhere() {
    let Some((mut world, files)) = in_spring().await else { return };
    world.delete_campaign("spring").await;
    world.until_gone("spring").await;
    world.poll().await;
    world.sim.reset_ledger();
    world.apply(&crate::spring(&files)).await.unwrap();
    world.until_ready("spring").await;
    assert_eq!(counts(&world), [(6, 6); 3]);
    let is_new = |entry: &adsim::LedgerEntry| entry.change == adsim::Change::Create && entry.kind == "campaign";
    assert!(!world.writes().iter().any(is_new));
}
