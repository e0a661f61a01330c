//! Budgets in all kinds of currencies, and what TikTok does not let become of them.

use adops_core::budget::brakes::Brakes;
use adops_core::campaign::plan::{Action, Cause};
use adops_core::money::{Currency, Money};
use adops_core::platform::PlatformRules;
use adops_core::rates::Rates;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::{AdPlatform, Outcome};
use adops_platforms::tiktok::Rules;
use jiff::civil::date;

use crate::support::{World, applied, market, usd, words};

async fn of_currency(code: &str, amount: &str) -> World {
    let mut world = World::configured(|config| config.advertisers[0].currency = code.into()).await;
    world.spec.markets = vec![market("US")];
    world.spec.budget.amount = Money::parse(amount, code.parse().unwrap()).unwrap();
    world.spec.rates = Rates::none(world.spec.budget.amount.currency());
    world
}

#[tokio::test]
async fn budgets_keep_every_digit_in_every_currency() {
    for (code, amount, micros) in [
        ("USD", "50.01", 50_010_000),
        ("USD", "9999999.99", 9_999_999_990_000),
        ("JPY", "12345", 12_345_000_000),
        ("KRW", "50000", 50_000_000_000),
        ("IDR", "99999999999", 99_999_999_999_000_000),
        ("HUF", "50", 50_000_000),
        ("PLN", "200.50", 200_500_000),
        ("TWD", "500", 500_000_000),
    ] {
        let mut world = of_currency(code, amount).await;
        world.settle().await;
        assert_eq!(world.campaign("US").budget_micros, Some(micros), "{code}");
        assert_eq!(world.line("US").await.budget.micros(), micros, "{code}");
    }
}

#[tokio::test]
async fn a_budget_has_the_step_of_its_currency() {
    for (code, unit, wished, given) in [
        ("HUF", 1_000_000, "500.50", 500_000_000),
        ("JPY", 1_000_000, "5001", 5_001_000_000),
        ("TWD", 1_000_000, "999.99", 999_000_000),
        ("EUR", 10_000, "100.019", 100_010_000),
    ] {
        let mut world = of_currency(code, wished).await;
        assert_eq!(world.account().await.budget_unit, unit, "{code}");
        world.settle().await;
        assert_eq!(world.campaign("US").budget_micros, Some(given), "{code}: rounded down");
    }
}

#[tokio::test]
async fn a_share_below_the_minimum_is_no_line() {
    for (code, amount, least) in
        [("USD", "49.99", "50.00 USD"), ("JPY", "4999", "5000 JPY"), ("IDR", "499999", "500000.00 IDR")]
    {
        let world = of_currency(code, amount).await;
        let currency: Currency = code.parse().unwrap();
        assert_eq!(Rules.minimum_daily_budget(currency).unwrap().to_string(), least);
        let plan = world.plan().await;
        assert_eq!(plan.lines[0].problem.as_ref().unwrap().reason, Reason::BudgetBelowMinimum);
        assert!(plan.is_empty());
    }
    assert!(Rules.minimum_daily_budget("KWD".parse().unwrap()).is_none(), "TikTok has no accounts in it");
}

#[tokio::test]
async fn a_minimum_that_only_tiktok_knows_is_told_as_such() {
    let world = of_currency("USD", "60").await;
    let mut line = world.new_lines().await.remove(0);
    line.budget = usd("49");
    let outcomes = world.tiktok.create(&[line]).await;
    let Outcome::Failed(error) = &outcomes[0] else { panic!("{outcomes:?}") };
    assert_eq!(error.reason(), Reason::BudgetBelowMinimum, "{error}");
}

#[tokio::test]
async fn a_budget_that_is_lower_than_what_was_spent_is_refused_and_core_pauses_instead() {
    let mut world = of_currency("USD", "1000").await;
    world.spec.flight.start = date(2027, 3, 1);
    world.settle().await;
    // Eleven in the evening in New York.
    world.tick(11 * 3_600);
    let id = world.id("US");
    let set = |to| Action::SetBudget { id: id.clone(), from: usd("1000"), to, live: true };
    let outcome = world.change(set(usd("60"))).await;
    let Outcome::Failed(PlatformError::Rejected { message, .. }) = &outcome else { panic!("{outcome:?}") };
    assert!(message.contains("105%"), "{message}");
    assert_eq!(world.campaign("US").budget_micros, Some(1_000_000_000));

    world.spec.budget.amount = usd("60");
    world.refused.insert(id.clone());
    let plan = world.plan().await;
    assert_eq!(words(&plan), ["pause"]);
    assert!(plan.changes().all(|change| change.cause == Cause::Cap));
    assert_eq!(applied(&world.apply(&plan).await), 1);
    assert!(!world.campaign("US").enabled);
    // At midnight in New York nothing of the day is spent.
    world.tick(3_600);
    assert!(matches!(world.change(set(usd("60"))).await, Outcome::Applied { .. }));
}

#[tokio::test]
async fn budgets_of_many_lines_change_each_by_itself() {
    let mut world = World::start().await;
    world.settle().await;
    let ids = ["US", "DE", "US-CA"].map(|code| world.id(code));
    let to = ["2500", "40", "1999.99"].map(usd);
    let changes: Vec<Action> = ids
        .iter()
        .zip(to)
        .map(|(id, to)| Action::SetBudget { id: id.clone(), from: usd("2000"), to, live: true })
        .collect();
    let outcomes = world.tiktok.change(&changes).await;
    assert_eq!(applied(&outcomes), 2);
    assert!(matches!(&outcomes[1], Outcome::Failed(error) if error.reason() == Reason::BudgetBelowMinimum));
    let budgets = ["US", "DE", "US-CA"].map(|code| world.campaign(code).budget_micros.unwrap());
    assert_eq!(budgets, [2_500_000_000, 2_000_000_000, 1_999_990_000]);
    let decreases_first: Vec<String> = world
        .sim
        .requests()
        .iter()
        .rev()
        .filter(|request| request.path.contains("campaign/update") && request.body["budget"].is_number())
        .take(3)
        .map(|request| request.body["budget"].to_string())
        .collect();
    assert_eq!(decreases_first[0], "2500.0", "what grows comes last");
}

#[tokio::test]
async fn a_budget_that_lies_on_ad_groups_is_not_ours_to_change() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    // Nothing limits how often TikTok lets a budget be changed.
    assert_eq!((Rules.budget_changes_per_hour(), Brakes::default()), (None, world.account().await.brakes));
    let unknown = Action::SetBudget { id: "1770000000000000099".to_owned(), from: usd("1"), to: usd("60"), live: true };
    assert!(
        matches!(world.change(unknown).await, Outcome::Failed(error) if error.reason() == Reason::RemovedOnPlatform)
    );
    assert!(world.campaign_of(&id).budget_optimize_on);
}

#[tokio::test]
async fn spend_is_told_by_account_day_whatever_the_zone() {
    for (zone, first) in [("America/New_York", date(2027, 3, 1)), ("Asia/Tokyo", date(2027, 3, 2))] {
        let mut world = World::configured(|config| config.advertisers[0].timezone = zone.to_owned()).await;
        world.spec.flight.start = date(2027, 3, 1);
        world.settle().await;
        world.tick(3 * 86_400);
        let spend = world.tiktok.spend(date(2027, 2, 1)).await.unwrap();
        assert_eq!(spend.len(), 3);
        let us = &spend[&world.id("US")];
        assert_eq!(us.keys().next(), Some(&first), "{zone}: {us:?}");
        assert!(us.values().all(|micros| *micros > 0 && micros % 10_000 == 0));
        assert!(world.line("US").await.delivered);
        assert!(world.tiktok.spend(date(2027, 4, 1)).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn spend_goes_back_as_far_as_is_asked_and_counts_what_was_deleted_but_nothing_of_others() {
    let mut world = World::start().await;
    world.spec.flight.start = date(2027, 3, 1);
    world.spec.markets = vec![market("US")];
    world.settle().await;
    world.edit(adsim::TikTokAction::AddForeignCampaign {
        name: "Brand".into(),
        budget_micros: 100_000_000,
        enabled: true,
        smart_plus: false,
        location_ids: Vec::new(),
    });
    let id = world.id("US");
    world.tick(40 * 86_400);
    world.edit(adsim::TikTokAction::Delete { object: id.clone() });
    world.tick(3_600);
    world.counter.reset();
    let spend = world.tiktok.spend(date(2027, 2, 20)).await.unwrap();
    assert_eq!(spend.keys().collect::<Vec<_>>(), [&id]);
    assert_eq!(world.counter.of("report/integrated/get"), 2, "thirty days in a report");
    assert!(spend[&id].len() >= 40 && spend[&id].keys().next() == Some(&date(2027, 3, 1)));
    // One whose name was changed is known from the listing.
    let mut world = World::start().await;
    world.spec.flight.start = date(2027, 3, 1);
    world.settle().await;
    world.edit(adsim::TikTokAction::Rename { object: world.id("US"), name: "mine".to_owned() });
    world.tick(86_400);
    world.observe().await;
    assert_eq!(world.tiktok.spend(date(2027, 3, 1)).await.unwrap().len(), 3);
}
