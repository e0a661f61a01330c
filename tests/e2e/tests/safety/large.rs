//! A Campaign of a thousand lines.

use std::time::Instant;

use adops_e2e::given;
use jiff::SignedDuration;
use serde_json::json;

use crate::rest::Traffic;
use crate::{account, other_account};

const ACCOUNTS: [(&str, &str); 4] =
    [("google-a", "3000000001"), ("google-b", "3000000002"), ("google-c", "3000000003"), ("google-d", "3000000004")];

/// As many markets as a Campaign may have: countries, then states of the USA.
fn markets() -> Vec<String> {
    let file = adops_e2e::cluster::repository().join("tests/adsim/src/google/data/geo.csv");
    let text = std::fs::read_to_string(file).unwrap();
    let countries = text.lines().filter(|line| line.ends_with("|Country"));
    let mut codes: Vec<String> = countries.filter_map(|line| Some(line.split('|').nth(4)?.to_owned())).collect();
    codes.sort();
    codes.truncate(248);
    codes.extend(["US-CA".to_owned(), "US-NY".to_owned()]);
    codes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_of_a_thousand_lines_works_is_small_and_rests() {
    let world = given::world_with(|config| {
        config.google.accounts.extend(ACCOUNTS.map(|(_, customer)| account(customer)));
        config.keep_requests = 0;
    });
    let Some(mut world) = world.await else { return };
    for (name, customer) in ACCOUNTS {
        world.apply(&other_account(&world, name, customer)).await.unwrap();
    }
    let began = Instant::now();
    let mut traffic = Traffic::counted(&mut world).await;
    let spec = json!({
        "accounts": ACCOUNTS.map(|(name, _)| name),
        "markets": markets(),
        "fallbackLocale": "en",
        "budget": {"daily": "10000.00"},
    });
    world.apply(&given::campaign("large", spec)).await.unwrap();
    world.until_ready("large").await;
    println!("1,000 lines are Ready after {:.1} s", began.elapsed().as_secs_f64());
    let enabled = |world: &adops_e2e::world::World| {
        let on = |customer: &str| {
            let account = world.sim.google_account(customer);
            assert!(account.live_daily_budget_micros <= 2_500_000_000);
            account.present().filter(|object| object.status == "ENABLED").count()
        };
        ACCOUNTS.map(|(_, customer)| on(customer)).iter().sum::<usize>()
    };
    assert_eq!(enabled(&world), 1000);
    let stored = world.as_admin(&["get", "camp", "large", "-o", "json", "--show-managed-fields"], "").stdout.len();
    // kubectl indents; as it is stored it is about half of that.
    let compact = serde_json::to_vec(&world.campaign("large").await).unwrap().len();
    println!("its object has {compact} bytes ({stored} as kubectl shows it)");
    assert!(compact < 400_000, "{compact}");

    world.pass(SignedDuration::from_mins(20)).await;
    traffic.begin();
    world.sim.reset_ledger();
    world.pass(SignedDuration::from_mins(45)).await;
    assert_eq!(traffic.platform_writes(), Vec::<String>::new());
    let writes = traffic.api_writes();
    assert!(writes.len() <= 3 && writes.iter().all(|write| write.ends_with("/campaigns/large/status")), "{writes:?}");
    // A restart finds everything as it is.
    world.kill_operator();
    let mut traffic = Traffic::counted(&mut world).await;
    traffic.begin();
    world.pass(SignedDuration::from_mins(30)).await;
    assert_eq!(traffic.platform_writes(), Vec::<String>::new());
    assert_eq!(enabled(&world), 1000);
}
