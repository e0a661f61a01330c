//! Accounts of another currency than the budget: by the rates that the spec gives, or not at all.

use adops_api::campaign::AppliedRate;
use adops_e2e::given;
use adops_e2e::world::{CUSTOMER, World};
use adsim::config::AccountConfig;
use adsim::google::view::CampaignView;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// The account in dollars.
const AMERICAN: &str = "5556667777";

/// A world with a second AdAccount, `google-us`, in dollars.
async fn world() -> Option<World> {
    let world = given::world_with(|config| {
        config.google.accounts.push(AccountConfig {
            customer_id: AMERICAN.into(),
            currency_code: "USD".into(),
            time_zone: "America/New_York".into(),
            managers: vec!["1112223333".into()],
            ..AccountConfig::default()
        });
    })
    .await?;
    let account = world.account_yaml("google-us", "google-ads").replace("123-456-7890", "555-666-7777");
    world.apply(&account.replace("currency: EUR", "currency: USD")).await.unwrap();
    Some(world)
}

/// 100.00 EUR a day for one market on both accounts.
fn on_both(rates: &Value) -> Value {
    json!({
        "accounts": ["google-global", "google-us"],
        "markets": ["US"],
        "budget": {"daily": "100.00", "currency": "EUR", "exchangeRates": rates},
    })
}

fn one_euro_buys(rate: &str, date: &str) -> Value {
    json!([{"from": "EUR", "to": "USD", "rate": rate, "date": date}])
}

fn of(world: &World, account: &str) -> Vec<CampaignView> {
    world.sim.google_account(account).present().cloned().collect()
}

/// What is live in euros and in dollars, in micros.
fn live(world: &World) -> (i64, i64) {
    let of = |account| world.sim.google_account(account).live_daily_budget_micros;
    (of(CUSTOMER), of(AMERICAN))
}

/// Whether what is live is worth more than `limit` micros of a euro, exactly.
fn passes(world: &World, billionths: i128, limit: i64) -> bool {
    let (euros, dollars) = live(world);
    i128::from(euros) * billionths + i128::from(dollars) * 1_000_000_000 > i128::from(limit) * billionths
}

async fn rates(world: &World) -> Vec<(String, String, String)> {
    let status = world.campaign("spring").await.status.unwrap_or_default();
    status.exchange_rates.into_iter().map(|AppliedRate { to, rate, date, .. }| (to, rate, date)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_rate_nothing_is_created_on_any_account_and_with_one_each_gets_its_own_budget() {
    let Some(mut world) = world().await else { return };
    world.start_operator().await;
    world.apply(&given::campaign("spring", on_both(&Value::Null))).await.unwrap();
    world.until_condition("spring", "Stalled", "True", "CurrencyMismatch").await;
    let message = world.message("spring", "Stalled").await;
    assert!(message.contains("the budget is in EUR, the account google-us is in USD"), "{message}");
    assert!(message.contains("spec.budget.exchangeRates"), "{message}");
    world.pass(SignedDuration::from_hours(1)).await;
    assert_eq!((of(&world, CUSTOMER).len(), of(&world, AMERICAN).len()), (0, 0));
    assert_eq!(rates(&world).await, []);

    world.patch_campaign("spring", on_both(&one_euro_buys("1.0870", "2027-02-20"))).await;
    world.until_ready("spring").await;
    assert_eq!(live(&world), (50_000_000, 54_350_000), "50.00 EUR, and 54.35 USD");
    assert_eq!(rates(&world).await, [("USD".to_owned(), "1.087".to_owned(), "2027-02-20".to_owned())]);
    let status = world.campaign("spring").await.status.unwrap();
    assert_eq!(status.budget_per_day.as_deref(), Some("100.00 EUR"));
    assert_eq!(world.line("spring", "google-us/US").await.budget.as_deref(), Some("54.35"));

    // S9: the day goes by, and nothing is applied anew.
    world.poll().await;
    world.sim.reset_ledger();
    let since = world.campaign("spring").await.status.unwrap().exchange_rates;
    world.pass(SignedDuration::from_hours(36)).await;
    assert_eq!(world.changes().len(), 0);
    assert_eq!(world.campaign("spring").await.status.unwrap().exchange_rates, since);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_that_is_no_rate_is_refused_at_apply() {
    let Some(world) = world().await else { return };
    world.let_the_user_in().await;
    for (rates, told) in [
        (one_euro_buys("0", "2027-02-20"), "must be a rate above zero in quotes"),
        (one_euro_buys("-1.087", "2027-02-20"), "must be a rate above zero in quotes"),
        (one_euro_buys("about 1.1", "2027-02-20"), "must be a rate above zero in quotes"),
        (one_euro_buys("1.0870", "2025-02-20"), "more than a year old when the flight begins"),
        (one_euro_buys("1.0870", "2072-02-20"), "of a day after the flight"),
        (json!([{"from": "EUR", "to": "USD", "rate": "1.0870"}]), "date: Required value"),
        (
            json!([{"from": "USD", "to": "EUR", "rate": "0.92", "date": "2027-02-20"}]),
            "`from` is the budget's currency",
        ),
        (json!([{"from": "EUR", "to": "USD", "rate": 1.087, "date": "2027-02-20"}]), "must be of type string"),
    ] {
        let output = world.as_user(&["apply", "-f", "-"], &given::campaign("spring", on_both(&rates)));
        let said = given::said(&output);
        assert!(!output.status.success() && said.contains(told) && said.contains("exchangeRates"), "{rates}: {said}");
    }
    assert_eq!(world.names().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_rate_is_recorded_and_no_write_on_the_way_to_it_passes_the_budget() {
    let Some(mut world) = world().await else { return };
    world.given("spring", on_both(&one_euro_buys("1.0870", "2027-02-20"))).await;
    assert_eq!(live(&world), (50_000_000, 54_350_000));
    // A dollar is worth more, and the euros get more of the budget: what is lowered comes first.
    let mut spec = on_both(&one_euro_buys("0.9", "2027-02-24"));
    spec["split"] = json!({"accounts": {"google-global": 3, "google-us": 1}});
    world.patch_campaign("spring", spec).await;
    world.until("the new budgets are there", |snapshot| snapshot.is_ready("spring")).await;
    world.poll().await;
    assert_eq!(live(&world), (75_000_000, 22_500_000));
    assert_eq!(rates(&world).await, [("USD".to_owned(), "0.9".to_owned(), "2027-02-24".to_owned())]);
    let raised = world.writes().into_iter().position(|write| write.live_daily_budget_micros == 75_000_000);
    let lowered = world.writes().into_iter().position(|write| write.live_daily_budget_micros == 22_500_000);
    assert!(lowered.is_some() && lowered < raised, "{lowered:?} {raised:?}");

    // And back, by every step of the clock.
    let mut spec = on_both(&one_euro_buys("1.25", "2027-02-24"));
    spec["split"] = Value::Null;
    world.patch_campaign("spring", spec).await;
    for _ in 0..40 {
        world.step().await;
        assert!(!passes(&world, 1_250_000_000, 100_000_000), "{:?}", live(&world));
    }
    world.until_ready("spring").await;
    assert_eq!(live(&world), (50_000_000, 62_500_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_that_is_taken_away_stops_growth_and_leaves_what_runs() {
    let Some(mut world) = world().await else { return };
    world.given("spring", on_both(&one_euro_buys("1.0870", "2027-02-20"))).await;
    world.poll().await;
    world.sim.reset_ledger();
    let mut spec = on_both(&Value::Null);
    spec["budget"]["daily"] = "500.00".into();
    world.patch_campaign("spring", spec).await;
    world.until_condition("spring", "Stalled", "True", "CurrencyMismatch").await;
    world.poll().await;
    assert_eq!(live(&world), (50_000_000, 54_350_000));
    assert_eq!(world.changes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_budget_of_a_flight_counts_what_was_spent_in_every_currency() {
    let Some(mut world) = world().await else { return };
    for account in ["google-global", "google-us"] {
        world.patch_account(account, json!({"pollInterval": "1h"})).await;
    }
    let mut spec = on_both(&one_euro_buys("1.0870", "2027-02-20"));
    spec["budget"] = json!({
        "daily": null, "flight": "300.00", "currency": "EUR", "exchangeRates": one_euro_buys("1.0870", "2027-02-20"),
    });
    spec["flight"] = json!({"start": "2027-02-24", "end": "2027-02-26"});
    world.given("spring", spec).await;
    assert_eq!(live(&world), (50_000_000, 54_350_000), "100.00 EUR a day for three days");
    world.pass(SignedDuration::from_hours(24 * 4)).await;
    let spent = |account| -> i128 {
        let view = world.sim.google_account(account);
        view.campaigns.iter().map(|campaign| i128::from(campaign.metrics.cost_micros)).sum()
    };
    let (euros, dollars) = (spent(CUSTOMER), spent(AMERICAN));
    let worth = euros * 1_087 + dollars * 1_000;
    assert!(dollars > 0 && worth <= 300_000_000 * 1_087, "{euros} and {dollars} micros");
}
