//! What must hold whatever happens: each test tries to break one of the rules of `docs/safety.md`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "tests")]

mod brakes;
mod ceiling;
mod drift;
mod holders;
mod isolation;
mod large;
mod observe;
mod ownership;
mod path;
mod rest;
mod secrets;
mod stops;

use adops_e2e::given;
use adops_e2e::world::{CUSTOMER, World};
use adsim::AccountConfig;

/// The second simulated account.
const OTHER: &str = "2222222222";

/// A world with a second platform account, of the AdAccount `google-other`.
async fn two_accounts() -> Option<World> {
    let world = given::world_with(|config| config.google.accounts.push(account(OTHER))).await?;
    world.apply(&other_account(&world, "google-other", OTHER)).await.unwrap();
    Some(world)
}

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

/// An AdAccount with a Secret of its own for another platform account.
fn other_account(world: &World, name: &str, customer: &str) -> String {
    world.account_yaml(name, &format!("{name}-secret")).replace("123-456-7890", customer)
}

/// What is live on the usual account, in micros.
fn live(world: &World) -> i64 {
    world.sim.google_account(CUSTOMER).live_daily_budget_micros
}
