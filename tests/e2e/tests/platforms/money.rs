//! S3 and S11 over all platforms: a Campaign's budget holds at every instant, and deleting it stops all spend.

use std::collections::BTreeMap;

use adops_e2e::given;
use adops_e2e::reach;
use adops_e2e::world::World;
use adsim::Actor;
use kube::ResourceExt;
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

#[tokio::test(flavor = "multi_thread")]
async fn what_an_account_says_of_budgets_is_in_its_status_and_applies_before_anything_is_created() {
    let forints = |config: &mut adsim::Config| config.meta.accounts[0].currency = "HUF".to_owned();
    let Some((mut world, files)) = given::everywhere_with(forints).await else { return };
    world.patch_account("meta-global", json!({"ceiling": {"daily": "9000000.00", "currency": "HUF"}})).await;
    world.start_operator().await;
    let spec = |budget: &str| {
        given::campaign(
            "spring",
            json!({
                "accounts": ["meta-global"],
                "markets": ["US", "GB", "CA"],
                "budget": {"daily": budget, "currency": "HUF"},
                "ads": given::ad(json!({"media": [format!("{}/spring-en-1x1.jpg", files.url())]})),
            }),
        )
    };
    world.apply(&spec("1000.00")).await.unwrap();
    world.until_condition("spring", "Stalled", "True", "BudgetBelowMinimum").await;
    let message = world.message("spring", "Stalled").await;
    assert!(message.contains("360.00 HUF") && message.contains("1080.00 HUF a day would be needed"), "{message}");
    assert!(reach::objects(&world.sim, adsim::PlatformName::Meta).is_empty(), "Meta had not to refuse anything");
    let account = world.look().await.accounts.into_iter().find(|account| account.name_any() == "meta-global").unwrap();
    let status = account.status.unwrap();
    assert_eq!((status.minimum_daily_budget.as_deref(), status.budget_step), (Some("360.00 HUF"), None));

    // Thirds, in whole forints.
    world.apply(&spec("10000.00")).await.unwrap();
    world.until_ready("spring").await;
    let budgets =
        reach::objects(&world.sim, adsim::PlatformName::Meta).into_iter().map(|object| object.budget.unwrap());
    let mut budgets: Vec<i64> = budgets.collect();
    budgets.sort_unstable();
    assert_eq!(budgets, [3_333_000_000, 3_333_000_000, 3_334_000_000]);
}
