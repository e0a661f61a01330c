//! A day's operations: shared, kept for what stops spend, and waited for with a word about how long.

use adops_e2e::given;
use adops_e2e::world::{CUSTOMER, World};
use adsim::{Effect, Fault, LedgerEntry, Match};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{OTHER, PROJECT, account, creates, markets, refused, shrinks};

/// The next midnight of the platform's day.
const MIDNIGHT: &str = "2027-02-25T08:00:00Z";

fn midnight() -> Timestamp {
    MIDNIGHT.parse().unwrap()
}

async fn wait_for(world: &mut World, at: Timestamp) {
    world.pass(at.duration_since(world.now())).await;
}

/// A quota that operator and platform agree on.
async fn limit(world: &World, operations: u64) {
    world.sim.set_operations_per_day(PROJECT, Some(operations));
    for account in world.look().await.accounts {
        let name = account.metadata.name.unwrap();
        world.patch_account(&name, json!({"dailyOperations": operations})).await;
    }
}

fn away() -> Fault {
    Fault::new(Match::default(), Effect::Status { status: 503, body: json!({}) })
}

/// The answer that a day's operations are used up, and open again after some seconds.
fn used_up(seconds: u32) -> Effect {
    let body = json!({ "error": { "code": 429, "message": "Resource has been exhausted (e.g. check quota).",
        "status": "RESOURCE_EXHAUSTED", "details": [{
            "@type": "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure",
            "errors": [{ "errorCode": { "quotaError": "RESOURCE_EXHAUSTED" },
                "message": format!("Too many requests. Retry in {seconds} seconds."),
                "details": { "quotaErrorDetails": { "rateScope": "DEVELOPER",
                    "rateName": "Number of operations for basic access", "retryDelay": format!("{seconds}s") } } }],
            "requestId": "none" }] } });
    Effect::Status { status: 429, body }
}

/// Whether a change lets more be spent.
fn grows(entry: &LedgerEntry) -> bool {
    let enabled = entry.after.get("status").and_then(Value::as_str) == Some("ENABLED");
    creates(entry) || entry.kind == "campaign" && enabled
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_tenth_of_what_is_needed_all_that_shrinks_goes_before_all_that_grows() {
    let Some(mut world) = given::world().await else { return };
    for number in 0..10 {
        world.given(&format!("runs-{number}"), json!({"budget": {"daily": "10.00"}})).await;
    }
    wait_for(&mut world, midnight() + SignedDuration::from_mins(1)).await;
    // All of it comes to wait while the platform is away.
    let outage = world.sim.faults().add(away());
    limit(&world, 300).await;
    world.pass(SignedDuration::from_mins(30)).await;
    for number in 0..20 {
        let spec = json!({"markets": markets(10), "fallbackLocale": "en", "budget": {"daily": "100.00"}});
        world.apply(&given::campaign(&format!("new-{number}"), spec)).await.unwrap();
    }
    for number in 0..10 {
        let spec = if number % 2 == 0 { json!({"state": "Paused"}) } else { json!({"budget": {"daily": "8.00"}}) };
        world.patch_campaign(&format!("runs-{number}"), spec).await;
    }
    world.rest().await;
    world.sim.reset_ledger();
    world.sim.faults().remove(outage);
    world.pass(SignedDuration::from_hours(20)).await;
    let writes = world.writes();
    let last_shrink = writes.iter().rposition(shrinks).expect("something shrinks");
    let first_growth = writes.iter().position(grows).expect("something grows");
    assert_eq!(writes.iter().filter(|entry| shrinks(entry)).count(), 20);
    assert!(last_shrink < first_growth, "{:#?} before {:#?}", writes[first_growth], writes[last_shrink]);
    assert_eq!(refused(&world), 0, "the platform had to refuse");
    let used = world.sim.quota_used(PROJECT);
    assert!((100..=300).contains(&used), "{used}");
    // It goes on the next day, and a stop that comes when growth has had its part goes at once.
    let before = writes.iter().filter(|entry| creates(entry)).count();
    world.pass(SignedDuration::from_hours(24)).await;
    assert!(world.writes().iter().filter(|entry| creates(entry)).count() > before);
    world.patch_campaign("runs-1", json!({"state": "Paused"})).await;
    world.pass(SignedDuration::from_mins(1)).await;
    assert!(!world.runs("runs-1", "US") && !world.runs("runs-1", "GB"));
    assert_eq!(refused(&world), 0, "the platform had to refuse");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_of_one_project_share_one_quota() {
    let world = given::world_with(|config| config.google.accounts.push(account(OTHER)));
    let Some(mut world) = world.await else { return };
    let other = world.account_yaml("google-other", "google-other-secret").replace("123-456-7890", OTHER);
    world.apply(&other).await.unwrap();
    limit(&world, 1_000).await;
    world.start_operator().await;
    for (name, account) in [("here", "google-global"), ("there", "google-other")] {
        let spec = json!({"accounts": [account], "markets": markets(200), "fallbackLocale": "en"});
        world.apply(&given::campaign(name, spec)).await.unwrap();
    }
    wait_for(&mut world, midnight() - SignedDuration::from_mins(10)).await;
    let used = world.sim.quota_used(PROJECT);
    assert!(used <= 1_000, "{used}");
    let on = |world: &World, customer: &str| world.sim.google_account(customer).present().count();
    let (here, there) = (on(&world, CUSTOMER), on(&world, OTHER));
    assert!(here.abs_diff(there) <= 5 && here >= 15, "{here} on one account, {there} on the other");
    world.pass(SignedDuration::from_hours(24)).await;
    assert_eq!(refused(&world), 0, "the platform had to refuse");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_away_leaves_its_project_to_the_others() {
    let world = given::world_with(|config| config.google.accounts.push(account(OTHER)));
    let Some(mut world) = world.await else { return };
    let other = world.account_yaml("google-other", "google-other-secret").replace("123-456-7890", OTHER);
    world.apply(&other).await.unwrap();
    limit(&world, 2_880).await;
    world.given("first", json!({})).await;
    for effect in [Effect::Status { status: 500, body: json!({}) }, Effect::transient_error(), Effect::CutAfter] {
        let fault = Fault::new(Match::default().account(CUSTOMER), effect);
        let fault = world.sim.faults().add(fault);
        let number = world.names().await.len();
        let away = json!({"markets": markets(30), "fallbackLocale": "en"});
        world.apply(&given::campaign(&format!("away-{number}"), away)).await.unwrap();
        let works = format!("works-{number}");
        world.apply(&given::campaign(&works, json!({"accounts": ["google-other"]}))).await.unwrap();
        let began = world.now();
        world.until_ready(&works).await;
        let took = world.now().duration_since(began);
        assert!(took < SignedDuration::from_mins(15), "it took {took:#}");
        world.sim.faults().remove(fault);
    }
    assert_eq!(refused(&world), 0, "the platform had to refuse");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_the_quota_says_for_how_long_and_comes_to_an_end() {
    let Some(mut world) = given::world().await else { return };
    limit(&world, 600).await;
    world.start_operator().await;
    let spec = json!({"markets": markets(60), "fallbackLocale": "en"});
    world.apply(&given::campaign("spring", spec)).await.unwrap();
    world.until_condition("spring", "Reconciling", "True", "QuotaLimited").await;
    let campaign = world.campaign("spring").await;
    let status = campaign.status.clone().unwrap();
    assert_eq!(status.reason.map(|reason| reason.to_string()).as_deref(), Some("QuotaLimited"));
    let message = world.message("spring", "Ready").await;
    assert!(
        message.contains("changes wait for the platform's quota of 600 operations a day; about 2027-02-2"),
        "{message}"
    );
    world.until_account("google-global", "Ready", "True", "QuotaLimited").await;
    let shown = world.as_admin(&["get", "camp,adacct"], "");
    assert_eq!(given::said(&shown).matches("QuotaLimited").count(), 2, "{}", given::said(&shown));
    let promised = message.split("about ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
    let promised: Timestamp = promised.parse().unwrap();
    world.until_ready("spring").await;
    assert!(world.now() > midnight(), "it was ready on the first day");
    // "About": enabling what was created, and reading it back, comes on top.
    let late = world.now().duration_since(promised);
    assert!(late <= SignedDuration::from_hours(24), "promised for {promised}, done at {}", world.now());
    world.poll().await;
    world.until_account("google-global", "Ready", "True", "Ready").await;
    assert_eq!(refused(&world), 0, "the platform had to refuse");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_explorer_access_a_day_of_polls_uses_a_fifth_of_the_quota_at_most() {
    let Some(mut world) = given::world().await else { return };
    limit(&world, 2_880).await;
    world.given("spring", json!({})).await;
    wait_for(&mut world, midnight()).await;
    world.poll().await;
    let account = world.look().await.accounts.remove(0);
    let shown = account.status.unwrap().poll_interval.unwrap();
    assert!(shown.ends_with('m') && shown != "5m", "{shown}");
    // From one midnight to the next.
    wait_for(&mut world, midnight() + SignedDuration::from_hours(24)).await;
    let reads = |world: &World| world.sim.requests().iter().filter(|r| r.path.contains("googleAds:search")).count();
    let (before, writes) = (reads(&world), world.writes().len());
    world.pass(SignedDuration::from_hours(24) - SignedDuration::from_secs(1)).await;
    let (a_day, used) = (reads(&world) - before, world.sim.quota_used(PROJECT));
    assert_eq!(world.writes().len(), writes, "nothing is written meanwhile");
    assert!((300..=576).contains(&a_day), "{a_day} reads a day");
    assert!(used <= 576, "{used} operations a day");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_nobody_named_is_learned_from_a_refusal_and_stops_go_first_when_it_opens() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let full = Fault::new(Match::path("googleAds"), used_up(40_591));
    let full = world.sim.faults().add(full);
    world.until_account("google-global", "Reconciling", "True", "QuotaExhausted").await;
    let until = world.look().await.accounts.remove(0).status.unwrap().quota_exhausted_until.unwrap().0;
    assert!(until >= world.now() + SignedDuration::from_secs(40_000), "{until}");
    let before = refused(&world);
    for number in 0..5 {
        world.apply(&given::campaign(&format!("new-{number}"), json!({"budget": {"daily": "10.00"}}))).await.unwrap();
    }
    world.patch_campaign("spring", json!({"state": "Paused"})).await;
    wait_for(&mut world, until - SignedDuration::from_secs(1)).await;
    assert_eq!(refused(&world), before, "it was asked although the platform had said when to come back");
    world.sim.faults().remove(full);
    world.sim.reset_ledger();
    for number in 0..5 {
        world.until_ready(&format!("new-{number}")).await;
    }
    let writes = world.writes();
    let last_shrink = writes.iter().rposition(shrinks).expect("spring is paused");
    assert!(last_shrink < writes.iter().position(grows).unwrap());
    let metrics = world.operator.as_ref().unwrap().shared.quotas.all();
    assert_eq!(metrics.iter().map(|quota| quota.size()).collect::<Vec<_>>(), [Some(15_000)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_opens_long_before_the_next_poll_is_used_and_keeps_nobody_busy() {
    let Some(mut world) = given::world().await else { return };
    world.start_operator_with(None, |options| options.poll_interval = SignedDuration::from_hours(4)).await;
    world.apply(&given::campaign("spring", json!({}))).await.unwrap();
    world.until_ready("spring").await;
    world.sim.faults().add(Fault::new(Match::mutates(), used_up(1_800)).times(1));
    world.patch_campaign("spring", json!({"budget": {"daily": "120.00"}})).await;
    world.until_account("google-global", "Reconciling", "True", "QuotaExhausted").await;
    let before = passes(&world);
    let began = world.now();
    world.until_ready("spring").await;
    assert_eq!(world.sim.google_account(CUSTOMER).live_daily_budget_micros, 120_000_000);
    world.pass(SignedDuration::from_mins(40) - world.now().duration_since(began)).await;
    assert!(passes(&world) - before < 50, "{} passes over the AdAccount", passes(&world) - before);
    assert!(world.look().await.accounts.remove(0).status.unwrap().quota_exhausted_until.is_none());
}

/// Passes over AdAccounts.
fn passes(world: &World) -> u64 {
    let text = world.operator.as_ref().unwrap().shared.metrics.encode();
    let ours = text.lines().filter(|line| line.starts_with("adops_reconcile_total{kind=\"AdAccount\""));
    ours.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}
