//! A mass prune, and its `git revert`.

use std::collections::BTreeMap;

use adops_api::Campaign;
use adops_e2e::given::{self, campaign};
use adops_e2e::world::World;
use jiff::SignedDuration;
use serde_json::json;

/// A folder of Campaigns, as it lies in Git.
fn in_git() -> Vec<(String, String)> {
    let markets = [["US", "GB"], ["FR", "DE"], ["JP", "AT"], ["IE", "CH"]];
    let spec = |markets: &[&str; 2], number: usize| {
        json!({
            "markets": markets,
            "fallbackLocale": "en",
            "budget": {"daily": format!("{}.00", 100 + number)},
            "deletionPolicy": "Pause",
        })
    };
    let named = markets.iter().enumerate().map(|(number, markets)| (format!("team-{number}"), spec(markets, number)));
    named.map(|(name, spec)| (name.clone(), campaign(&name, spec))).collect()
}

/// What is on the platform, by its ID: name, status, budget.
fn platform(world: &World) -> BTreeMap<i64, (String, String, i64)> {
    let objects = world.on_platform().into_iter();
    objects
        .map(|object| {
            let budget = object.budget.map_or(0, |budget| budget.amount_micros);
            (object.id, (object.name, object.status, budget))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_mass_prune_and_its_revert_the_platform_is_as_before_with_the_same_ids() {
    let Some(mut world) = given::world().await else { return };
    world.start_operator().await;
    for (_, yaml) in in_git() {
        world.apply(&yaml).await.unwrap();
    }
    for (name, _) in in_git() {
        world.until_ready(&name).await;
    }
    world.pass(SignedDuration::from_mins(30)).await;
    let before = platform(&world);
    assert_eq!(before.len(), 8);
    assert!(before.values().all(|(_, status, _)| status == "ENABLED"));

    // All at once, as a tool prunes a folder that has lost its content.
    let said = world.as_admin(&["delete", "campaigns", "--all", "--wait=false"], "");
    assert!(said.status.success());
    for (name, _) in in_git() {
        world.until_gone(&name).await;
    }
    let pruned = platform(&world);
    assert!(pruned.values().all(|(_, status, _)| status == "PAUSED"), "nothing spends: {pruned:#?}");
    assert_eq!(pruned.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "nothing is removed");
    world.pass(SignedDuration::from_mins(30)).await;

    world.sim.reset_ledger();
    for (_, yaml) in in_git() {
        world.apply(&yaml).await.unwrap();
    }
    for (name, _) in in_git() {
        world.until_ready(&name).await;
    }
    world.pass(SignedDuration::from_mins(30)).await;
    assert_eq!(platform(&world), before);
}

/// Applies again and again, as a tool does, until what was being deleted has gone and is there anew.
async fn apply_until_there(world: &mut World, name: &str, yaml: &str) {
    loop {
        let applied = world.apply(yaml).await;
        let stays = |campaign: &Campaign| campaign.metadata.deletion_timestamp.is_none();
        if applied.is_ok() && world.look().await.campaign(name).is_some_and(stays) {
            return;
        }
        world.step().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revert_that_comes_before_the_prune_is_done_ends_the_same() {
    let Some(mut world) = given::world().await else { return };
    world.start_operator().await;
    for (_, yaml) in in_git() {
        world.apply(&yaml).await.unwrap();
    }
    for (name, _) in in_git() {
        world.until_ready(&name).await;
    }
    let before = platform(&world);
    world.as_admin(&["delete", "campaigns", "--all", "--wait=false"], "");
    for (name, yaml) in in_git() {
        apply_until_there(&mut world, &name, &yaml).await;
    }
    for (name, _) in in_git() {
        world.until_ready(&name).await;
    }
    world.pass(SignedDuration::from_mins(30)).await;
    assert_eq!(platform(&world), before);
}
