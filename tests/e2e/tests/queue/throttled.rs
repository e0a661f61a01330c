//! Meta and TikTok with a tenth of the quota that is needed: what shrinks spend goes first, and no limit that lasts for
//! minutes is ever run into.

use adops_core::campaign::plan::Importance;
use adops_e2e::files::Files;
use adops_e2e::given;
use adops_e2e::reach::{self, META};
use adops_e2e::world::World;
use adsim::tiktok::config::CallLimit;
use adsim::{Change, Effect, Fault, LedgerEntry, Match, PlatformName};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// Campaigns that run before, each of two lines, and that are to shrink.
const RUNNING: usize = 10;
/// New ones.
const NEW: usize = 15;
/// Lines of each new one.
const LINES: usize = MARKETS.len();
/// Markets that all platforms know.
const MARKETS: [&str; 10] = ["US", "GB", "JP", "CA", "AU", "NZ", "CH", "NO", "BR", "MX"];

/// What a change does to spend: the first word of a ledger's entry that says it.
fn effect(entry: &LedgerEntry) -> Option<Importance> {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    let word = |name: &str| entry.after.get(name).and_then(Value::as_str);
    let budgets =
        ["daily_budget", "budget"].map(|name| (number(entry.before.get(name)), number(entry.after.get(name))));
    let shrank =
        budgets.iter().any(|(before, after)| matches!((before, after), (Some(before), Some(after)) if after < before));
    let grew =
        budgets.iter().any(|(before, after)| matches!((before, after), (Some(before), Some(after)) if after > before));
    let stopped = matches!(word("status"), Some("PAUSED")) || matches!(word("operation_status"), Some("DISABLE"));
    let started = matches!(word("status"), Some("ACTIVE")) || matches!(word("operation_status"), Some("ENABLE"));
    match (&entry.change, entry.kind.as_str()) {
        (Change::Create, "campaign") => Some(Importance::Increase),
        (Change::Update, "campaign") if stopped => Some(Importance::Stop),
        (Change::Update, "campaign") if started => Some(Importance::Increase),
        (Change::Update, _) if shrank => Some(Importance::Decrease),
        (Change::Update, _) if grew => Some(Importance::Increase),
        _ => None,
    }
}

fn writes(world: &World) -> Vec<LedgerEntry> {
    world.sim.ledger()
}

fn count(writes: &[LedgerEntry], wanted: Importance) -> usize {
    writes.iter().filter(|entry| effect(entry) == Some(wanted)).count()
}

fn spec(account: &str, files: &Files, lines: usize, budget: &str) -> Value {
    let media = [format!("{}/spring-en-9x16.mp4", files.url())];
    json!({
        "accounts": [account],
        "markets": MARKETS[..lines],
        "fallbackLocale": "en",
        "budget": {"daily": budget},
        "ads": given::ad(json!({"media": media})),
    })
}

/// Ten Campaigns run; the platform goes away; half of them are to be paused, half to be cut, and many new ones wait when
/// it comes back with little quota.
async fn pending(platform: PlatformName, budgets: [&str; 3], scarce: impl AsyncFnOnce(&World)) -> Option<World> {
    let (mut world, files) = given::everywhere().await?;
    world.start_operator().await;
    let account = reach::adaccount(platform);
    let [before, less, new] = budgets;
    for number in 0..RUNNING {
        let name = format!("runs-{number}");
        world.apply(&given::campaign(&name, spec(account, &files, 2, before))).await.unwrap();
        world.until_ready(&name).await;
    }
    // What was used so far is of another day.
    let midnight = (world.now() + SignedDuration::from_hours(24)).to_zoned(TimeZone::UTC).start_of_day().unwrap();
    let morning = midnight.timestamp() + SignedDuration::from_mins(1);
    world.pass(morning.duration_since(world.now())).await;
    let away = Fault::new(Match::platform(platform), Effect::Status { status: 503, body: json!({}) });
    let outage = world.sim.faults().add(away);
    scarce(&world).await;
    world.pass(SignedDuration::from_mins(30)).await;
    for number in 0..NEW {
        let text = given::campaign(&format!("new-{number}"), spec(account, &files, LINES, new));
        world.apply(&text).await.unwrap();
    }
    for number in 0..RUNNING {
        let spec = if number % 2 == 0 { json!({"state": "Paused"}) } else { json!({"budget": {"daily": less}}) };
        world.patch_campaign(&format!("runs-{number}"), spec).await;
    }
    world.rest().await;
    world.sim.reset_ledger();
    world.sim.faults().remove(outage);
    Some(world)
}

/// What moved spend, a line for each write.
fn told(writes: &[LedgerEntry]) -> String {
    let line = |(index, entry): (usize, &LedgerEntry)| {
        let effect = effect(entry)?;
        let live = entry.live_daily_budget_micros / 1_000_000;
        Some(format!("#{index} {} {effect:?} {} live {live}", entry.at, entry.resource_name))
    };
    writes.iter().enumerate().filter_map(line).collect::<Vec<_>>().join("\n")
}

fn shrinks_first(writes: &[LedgerEntry]) {
    let shrinks = |entry: &LedgerEntry| effect(entry).is_some_and(|effect| effect < Importance::Increase);
    let grows = |entry: &LedgerEntry| effect(entry) == Some(Importance::Increase);
    assert_eq!((count(writes, Importance::Stop), count(writes, Importance::Decrease)), (RUNNING, RUNNING));
    let last = writes.iter().rposition(shrinks).expect("something shrinks");
    let first = writes.iter().position(grows).expect("something grows");
    assert!(last < first, "#{first} before #{last} of\n{}", told(writes));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_meta_with_a_tenth_of_what_is_needed_all_that_shrinks_goes_first_and_no_limit_is_run_into() {
    // A new line is seven writes of three points: all of them are 3,150 points.
    let world = pending(PlatformName::Meta, ["10.00", "8.00", "100.00"], async |world| {
        world.sim.configure_meta(|meta| {
            meta.quota.account_score = 300.0;
            meta.quota.block_seconds = 300;
            meta.quota.ads_management_per_hour = 300;
        });
    });
    let Some(mut world) = world.await else { return };
    world.pass(SignedDuration::from_hours(1)).await;
    let first = writes(&world);
    shrinks_first(&first);
    let view = world.sim.meta_account(META);
    assert_eq!(view.blocks, 0, "a limit was run into");
    world.pass(SignedDuration::from_hours(10)).await;
    let view = world.sim.meta_account(META);
    assert_eq!(view.blocks, 0, "a limit was run into");
    let made = |writes: &[LedgerEntry]| count(writes, Importance::Increase);
    assert!(made(&writes(&world)) > made(&first), "it goes on as there is room");
    // A stop that comes when growth has had its part goes at once.
    world.patch_campaign("runs-1", json!({"state": "Paused"})).await;
    world.pass(SignedDuration::from_mins(1)).await;
    let begins = |name: &str| {
        reach::objects(&world.sim, PlatformName::Meta)
            .into_iter()
            .filter(|o| o.name.starts_with(name))
            .collect::<Vec<_>>()
    };
    let paused = begins("runs-1 ");
    assert_eq!(paused.len(), 2);
    let status = world.campaign("runs-1").await.status;
    assert!(paused.iter().all(|object| !object.enabled), "{paused:?} at {}: {status:#?}", world.now());
    assert_eq!(world.sim.meta_account(META).blocks, 0, "a limit was run into");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_tiktok_with_a_tenth_of_what_is_needed_all_that_shrinks_goes_first_and_no_limit_is_run_into() {
    // A new line is at least five requests.
    const A_DAY: u64 = 80;
    let world = pending(PlatformName::TikTok, ["120.00", "110.00", "600.00"], async |world| {
        world.sim.configure_tiktok(|tiktok| {
            let limit = CallLimit { per_second: Some(5), per_minute: Some(300), per_day: Some(A_DAY) };
            tiktok.app_limit = Some(limit);
        });
        world.patch_account(reach::adaccount(PlatformName::TikTok), json!({"dailyOperations": A_DAY})).await;
    });
    let Some(mut world) = world.await else { return };
    world.pass(SignedDuration::from_hours(20)).await;
    let first = writes(&world);
    shrinks_first(&first);
    assert_eq!(world.sim.tiktok_blocks(), 0, "a limit was run into");
    world.pass(SignedDuration::from_hours(24)).await;
    let made = |writes: &[LedgerEntry]| count(writes, Importance::Increase);
    assert!(made(&writes(&world)) > made(&first), "it goes on the next day");
    assert_eq!(world.sim.tiktok_blocks(), 0, "a limit was run into");
}
