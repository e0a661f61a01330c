//! What goes out first, and whose.

use std::time::{Duration, Instant};

use adops_e2e::given;
use adops_e2e::world::World;
use adsim::{Effect, Fault, Match};
use serde_json::json;

use crate::{creates, markets, shrinks};

/// Lines of a large Campaign.
const LINES: usize = 120;

/// A Campaign of so many lines, each of which costs about ninety operations.
fn large(name: &str, lines: usize) -> String {
    let keywords: Vec<String> = (0..75).map(|number| format!("series {number}")).collect();
    let spec = json!({
        "markets": markets(lines),
        "fallbackLocale": "en",
        "budget": {"daily": "1000.00"},
        "google": {"keywords": {"en": keywords}},
    });
    given::campaign(name, spec)
}

fn created(world: &World) -> usize {
    world.writes().iter().filter(|entry| creates(entry)).count()
}

/// Waits, by the machine's clock: what is under way must not come to rest meanwhile.
async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_mins(3), "it never came to this: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Slow enough for something to happen between two requests.
fn slow_creates(world: &World) {
    let slow = Fault::new(Match::mutates().operation("campaign.create"), Effect::Latency { millis: 400 });
    world.sim.faults().add(slow);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_overtakes_creates_of_tens_of_thousands_of_operations() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.sim.reset_ledger();
    slow_creates(&world);
    for name in ["one", "two"] {
        world.apply(&large(name, LINES)).await.unwrap();
    }
    until("the creates have begun", || created(&world) > 0).await;
    world.patch_campaign("spring", json!({"state": "Paused"})).await;
    until("spring is paused", || !world.runs("spring", "US") && !world.runs("spring", "GB")).await;
    let writes = world.writes();
    let last_pause = writes.iter().rposition(shrinks).unwrap();
    let after = 2 * LINES - writes[..last_pause].iter().filter(|entry| creates(entry)).count();
    assert!(after >= LINES, "only {after} creates had to wait for the pause");
    for name in ["one", "two"] {
        world.until_ready(name).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_is_deleted_while_it_is_created_creates_no_more() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.sim.reset_ledger();
    slow_creates(&world);
    world.apply(&large("one", LINES)).await.unwrap();
    until("the creates have begun", || created(&world) > 0).await;
    world.delete_campaign("one").await;
    world.until_gone("one").await;
    let made = created(&world);
    assert!(made < LINES * 3 / 4, "{made} of {LINES} were created all the same");
    assert!(world.on_platform().iter().all(|object| object.status != "ENABLED" || object.name.starts_with("spring ")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_with_many_creates_does_not_delay_the_few_of_another() {
    let Some(mut world) = given::world().await else { return };
    let Some(tenant) = given::world().await else { return };
    assert!(tenant.as_admin(&["delete", "adaccount", "google-global"], "").status.success());
    let namespaces = vec![world.namespace.clone(), tenant.namespace.clone()];
    world.start_operator_with(None, |options| options.namespaces = namespaces).await;
    world.patch_account("google-global", json!({"allowedNamespaces": {"from": "All"}})).await;
    world.given("spring", json!({})).await;
    world.sim.reset_ledger();
    slow_creates(&world);
    for name in ["one", "two"] {
        world.apply(&large(name, LINES)).await.unwrap();
    }
    until("the creates have begun", || created(&world) > 0).await;
    let theirs = format!("{}/google-global", world.namespace);
    let few = json!({"accounts": [theirs], "markets": markets(5), "fallbackLocale": "en"});
    tenant.apply(&given::campaign("few", few)).await.unwrap();
    let of_few = |world: &World| world.on_platform().iter().filter(|object| object.name.starts_with("few ")).count();
    until("the few are created", || of_few(&world) == 5).await;
    let many = created(&world) - 5;
    assert!(many <= LINES, "the few had to wait for {many} creates");
    for name in ["one", "two"] {
        world.until_ready(name).await;
    }
    assert!(tenant.look().await.is_ready("few"));
}
