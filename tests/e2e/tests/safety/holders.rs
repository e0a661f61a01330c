//! S13 between clusters: one writes to an account, as recorded on the platform.

use std::time::{Duration, Instant};

use adops_controller::runtime::cluster::ClusterIdentity;
use adops_e2e::given::{campaign, world};
use adops_e2e::world::{CUSTOMER, World};
use adsim::{Change, Effect, Fault, LedgerEntry, Match};
use serde_json::{Value, json};

const BOUND: Duration = Duration::from_secs(2);
const REQUEST: Duration = Duration::from_secs(2);
/// What the connector reckons with for reads after writes.
const LAG: Duration = Duration::from_secs(5);

/// Starts a world's operator as that of a cluster.
async fn start(world: &mut World, cluster: &str) {
    let identity = ClusterIdentity::Given(cluster.parse().unwrap());
    world
        .start_operator_with(None, |options| {
            options.cluster = Some(identity);
            options.holder_bound = BOUND;
            options.request_timeout = REQUEST;
        })
        .await;
}

/// Steps two worlds that share a platform until both say that it is enough.
async fn both(a: &mut World, b: &mut World, what: &str, mut done: impl AsyncFnMut(&World, &World) -> bool) {
    let limit = Instant::now() + Duration::from_mins(2);
    loop {
        a.rest().await;
        b.rest().await;
        if done(a, b).await {
            return;
        }
        assert!(Instant::now() < limit, "{what}: {:#?} {:#?}", a.look().await, b.look().await);
        let due = |world: &World| world.operator.as_ref().and_then(|one| one.shared.clock_state().next_due);
        let next = [due(a), due(b), a.sim.next_due()].into_iter().flatten().filter(|due| *due > a.now()).min();
        if let Some(next) = next {
            a.set_now(next);
            b.set_now(next);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn is_ready(world: &World, name: &str) -> bool {
    world.look().await.is_ready(name)
}

async fn holder(world: &World) -> Option<String> {
    world.look().await.accounts.first()?.status.as_ref()?.holder.clone()
}

async fn is_held(world: &World) -> bool {
    let held = Some(("True".to_owned(), "HeldByAnotherCluster".to_owned()));
    world.look().await.account_condition("google-global", "Stalled") == held
}

async fn message(world: &World) -> String {
    let account = world.look().await.accounts.remove(0);
    let conditions = account.status.unwrap().conditions;
    conditions.into_iter().find(|condition| condition.type_ == "Stalled").unwrap().message
}

/// The records that were written.
fn records(world: &World) -> Vec<LedgerEntry> {
    let is_record = |entry: &LedgerEntry| {
        let name = entry.after.get("name").and_then(Value::as_str).unwrap_or_default();
        entry.change == Change::Create && name.starts_with("adops:holder:")
    };
    world.writes().into_iter().filter(is_record).collect()
}

fn created(world: &World, name: &str) -> usize {
    let named = |entry: &LedgerEntry| entry.after.get("name").is_some_and(|found| format!("{found}").contains(name));
    let all = world.writes();
    all.iter().filter(|entry| entry.kind == "campaign" && entry.change == Change::Create && named(entry)).count()
}

/// Two clusters over one account; the first one holds it and has a Campaign there.
async fn held() -> Option<(World, World)> {
    let mut a = world().await?;
    start(&mut a, "a").await;
    a.given("first", json!({})).await;
    // It was claimed with the first write; the next look shows it.
    a.poll().await;
    assert_eq!(holder(&a).await.as_deref(), Some("test@a#1"));
    let mut b = a.beside().await;
    b.set_now(a.now());
    Some((a, b))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_cluster_with_the_same_installation_writes_nothing_and_says_what_to_do() {
    let Some((mut a, mut b)) = held().await else { return };
    let changes = a.sim.ledger().len();
    start(&mut b, "b").await;
    b.apply(&campaign("second", json!({}))).await.unwrap();
    both(&mut a, &mut b, "the second is told", async |_, b| {
        is_held(b).await && b.look().await.condition("second", "Stalled").is_some()
    })
    .await;
    assert_eq!(holder(&b).await.as_deref(), Some("test@a#1"));
    assert!(message(&b).await.contains("takeover: \"test@a#1\""), "{}", message(&b).await);
    let reason = b.look().await.condition("second", "Stalled");
    assert_eq!(reason, Some(("True".to_owned(), "HeldByAnotherCluster".to_owned())));
    // Not even what must stop, or go.
    b.patch_account("google-global", json!({"stop": true})).await;
    b.delete_campaign("second").await;
    let later = b.now() + jiff::SignedDuration::from_mins(40);
    both(&mut a, &mut b, "time passes", async |a, _| a.now() >= later).await;
    assert_eq!(a.sim.ledger().len(), changes, "{:#?}", a.sim.ledger().split_off(changes));
    assert!(is_ready(&a, "first").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_takeover_waits_until_the_former_holder_must_have_noticed_and_that_one_stops() {
    let Some((mut a, mut b)) = held().await else { return };
    start(&mut b, "b").await;
    b.apply(&campaign("second", json!({}))).await.unwrap();
    both(&mut a, &mut b, "the second is told", async |_, b| is_held(b).await).await;
    // Another record than the one that there is gives nothing.
    b.patch_account("google-global", json!({"takeover": "test@a#7"})).await;
    both(&mut a, &mut b, "the second is told again", async |_, b| is_held(b).await).await;
    assert_eq!(records(&a).len(), 1);

    b.patch_account("google-global", json!({"takeover": "test@a#1"})).await;
    both(&mut a, &mut b, "the record is written", async |a, _| records(a).len() == 2).await;
    let taken = Instant::now();
    both(&mut a, &mut b, "the second writes", async |a, _| created(a, "second") > 0).await;
    let waited = taken.elapsed();
    println!("the first write came {waited:?} after the takeover");
    assert!(waited + Duration::from_millis(500) > BOUND + REQUEST + LAG, "{waited:?}");
    both(&mut a, &mut b, "the second is Ready", async |_, b| is_ready(b, "second").await).await;
    let shown = Some("test@b#2".to_owned());
    both(&mut a, &mut b, "the new holder is shown", async |_, b| holder(b).await == shown).await;

    // The first one has a wish, and the platform is not asked for it.
    let changes = a.sim.ledger().len();
    a.patch_campaign("first", json!({"budget": {"daily": "50.00"}})).await;
    both(&mut a, &mut b, "the first is told", async |a, _| is_held(a).await).await;
    assert_eq!(a.sim.ledger().len(), changes, "{:#?}", a.sim.ledger().split_off(changes));
    assert!(message(&a).await.contains("takeover: \"test@b#2\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_clusters_that_claim_a_free_account_at_once_one_holds_it() {
    let Some(mut a) = world().await else { return };
    let mut b = a.beside().await;
    // Both have read that nobody holds it before either has said that it does.
    let late = Fault::new(Match::mutates().contains("adops:holder"), Effect::Latency { millis: 700 });
    a.sim.faults().add(late.times(2));
    a.apply(&campaign("first", json!({}))).await.unwrap();
    b.apply(&campaign("second", json!({}))).await.unwrap();
    start(&mut a, "a").await;
    start(&mut b, "b").await;
    both(&mut a, &mut b, "one holds it, the other is told", async |a, b| {
        (is_ready(a, "first").await && is_held(b).await) || (is_ready(b, "second").await && is_held(a).await)
    })
    .await;
    assert_eq!(records(&a).len(), 1);
    let made = (created(&a, "first"), created(&a, "second"));
    assert!(made == (2, 0) || made == (0, 2), "{made:?}");
    let labels = a.sim.google_account(CUSTOMER).labels;
    assert_eq!(format!("{labels:?}").matches("adops:holder:").count(), 1, "{labels:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_rest_a_record_costs_no_request() {
    let Some((mut a, _)) = held().await else { return };
    let mut costs = Vec::new();
    for cluster in ["a", ""] {
        a.kill_operator();
        a.start_operator_with(None, |options| {
            options.cluster = cluster.parse().ok().map(ClusterIdentity::Given);
        })
        .await;
        a.poll().await;
        let before = a.sim.requests().len();
        a.poll().await;
        costs.push(a.sim.requests().len() - before);
    }
    assert_eq!(costs[0], costs[1], "a poll costs more with a record than without");
}
