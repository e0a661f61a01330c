//! The queue of an account (S10) and the platform's quota: what matters most goes first, shares are fair, and what is
//! scarce is kept for what stops spend.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "tests")]

mod order;
mod quota;
mod rate;
mod throttled;

use adops_e2e::world::World;
use adsim::{AccountConfig, Change, LedgerEntry};
use serde_json::Value;

/// The second simulated account.
const OTHER: &str = "2222222222";
/// The cloud project of the simulator's credentials.
const PROJECT: &str = "adsim";

/// A platform account like the usual one.
fn account(customer: &str) -> AccountConfig {
    AccountConfig {
        customer_id: customer.to_owned(),
        currency_code: "EUR".into(),
        time_zone: "Europe/Berlin".into(),
        managers: vec!["1112223333".into()],
        ..AccountConfig::default()
    }
}

/// Countries, as many as are wanted.
fn markets(count: usize) -> Vec<String> {
    let file = adops_e2e::cluster::repository().join("tests/adsim/src/google/data/geo.csv");
    let text = std::fs::read_to_string(file).unwrap();
    let countries = text.lines().filter(|line| line.ends_with("|Country"));
    let mut codes: Vec<String> = countries.filter_map(|line| Some(line.split('|').nth(4)?.to_owned())).collect();
    codes.sort();
    codes.truncate(count);
    codes
}

/// Whether a change made a new campaign.
fn creates(entry: &LedgerEntry) -> bool {
    entry.kind == "campaign" && entry.change == Change::Create
}

/// Whether a change paused a campaign or made a budget smaller.
fn shrinks(entry: &LedgerEntry) -> bool {
    let micros = |side: &std::collections::BTreeMap<String, Value>| {
        side.get("amountMicros").and_then(Value::as_str).and_then(|text| text.parse::<i64>().ok())
    };
    let paused = entry.kind == "campaign"
        && entry.change == Change::Update
        && entry.after.get("status").and_then(Value::as_str) == Some("PAUSED");
    paused || matches!((micros(&entry.before), micros(&entry.after)), (Some(before), Some(after)) if after < before)
}

/// How many answers said that the quota is used up.
fn refused(world: &World) -> usize {
    world.sim.requests().iter().filter(|request| request.status == 429).count()
}
