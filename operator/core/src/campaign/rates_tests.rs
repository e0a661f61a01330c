//! Budgets on accounts of other currencies.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::date;
use proptest::prelude::*;

use super::line::{self, Desired};
use super::spec::{BudgetPeriod, CampaignSpec, Decimal};
use crate::budget::pacing::Spent;
use crate::money::{Currency, Money};
use crate::platform::Account;
use crate::rates::{Rate, Rates};
use crate::reason::Reason;
use crate::testing::{World, account, at, changes, eur, key, rules, spec, withheld};

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn dollars(text: &str) -> Money {
    Money::parse(text, usd()).unwrap()
}

fn one_euro_buys(price: &str) -> Rates {
    let rate = Rate { price: price.parse().unwrap(), date: date(2027, 2, 20) };
    Rates::new(eur("1").currency(), [(usd(), rate)])
}

/// On `a` in euros and on `b` in dollars.
fn on_both(markets: &[&str], rates: Rates) -> CampaignSpec {
    CampaignSpec { accounts: vec!["a".to_owned(), "b".to_owned()], rates, ..spec(markets) }
}

fn american(unit: i64) -> Account {
    Account { currency: usd(), budget_unit: unit, ..account("b") }
}

fn spread(spec: &CampaignSpec, american: Account, minimum: Option<&str>, spent: &line::Spending) -> Desired {
    let accounts = BTreeMap::from([("a".to_owned(), account("a")), ("b".to_owned(), american)]);
    let rules = rules(None);
    let with_minimum: Arc<dyn crate::platform::PlatformRules> =
        Arc::new(crate::testing::Rules { minimum: minimum.map(dollars) });
    let rules_of =
        |account: &Account| Some(if account.currency == usd() { with_minimum.clone() } else { rules.clone() });
    line::spread(&Arc::new(spec.clone()), &accounts, &rules_of, spent, &BTreeMap::new(), at("2027-03-10T08:00:00Z"))
}

#[test]
fn each_account_gets_its_share_in_its_own_currency() {
    let spec = on_both(&["US", "GB"], one_euro_buys("1.0870"));
    let desired = spread(&spec, american(10_000), None, &BTreeMap::new());
    assert!(desired.problems.is_empty(), "{:?}", desired.problems);
    assert_eq!(desired.lines[&key("a", "US")].budget, eur("25"));
    assert_eq!(desired.lines[&key("b", "US")].budget, dollars("27.17"), "25.00 EUR are 27.175 USD");
    assert_eq!(desired.budgets[&key("b", "GB")], dollars("27.17"));
    // In whole dollars.
    let desired = spread(&spec, american(1_000_000), None, &BTreeMap::new());
    assert_eq!(desired.budgets[&key("b", "GB")], dollars("27"));
}

#[test]
fn bids_are_in_the_budgets_currency_too() {
    let spec = on_both(&["US"], one_euro_buys("1.0870"));
    let desired = spread(&spec, american(10_000), None, &BTreeMap::new());
    let bid = Decimal("1.50".to_owned());
    assert_eq!(desired.lines[&key("b", "US")].amount(&bid, &american(1)), Ok(dollars("1.6305")));
    assert_eq!(desired.lines[&key("a", "US")].amount(&bid, &account("a")), Ok(eur("1.50")));
}

#[test]
fn a_minimum_is_the_platforms_and_what_would_be_needed_is_told_in_the_budgets_currency() {
    let spec = on_both(&["US", "GB"], one_euro_buys("1.0870"));
    let desired = spread(&spec, american(10_000), Some("30"), &BTreeMap::new());
    let message = &desired.problems[&key("b", "US")].message;
    // 30.00 USD count with 27.598897 EUR.
    assert!(
        message.contains("30.00 USD a day") && message.contains("110.395588 EUR a day would be needed"),
        "{message}"
    );
    let enough = CampaignSpec { budget: super::spec::Budget { amount: eur("110.395588"), ..spec.budget }, ..spec };
    let desired = spread(&enough, american(10_000), Some("30"), &BTreeMap::new());
    assert!(desired.problems.is_empty(), "{:?}", desired.problems);
}

#[test]
fn without_a_rate_or_with_one_of_tomorrow_nothing_is_created() {
    let pounds = Rate { price: "0.86".parse().unwrap(), date: date(2027, 2, 20) };
    let to_come = Rate { price: "1.087".parse().unwrap(), date: date(2072, 2, 20) };
    for (rates, told) in [
        (Rates::none(eur("1").currency()), "the account b is in USD: give a rate in spec.budget.exchangeRates"),
        (Rates::new(eur("1").currency(), [("GBP".parse().unwrap(), pounds)]), "the account b is in USD"),
        (Rates::new(eur("1").currency(), [(usd(), to_come)]), "is of 2072-02-20, which is yet to come"),
    ] {
        let mut world = World::new(on_both(&["US"], rates), at("2027-03-10T08:00:00Z"));
        world.accounts.insert("b".to_owned(), american(10_000));
        let plan = world.look();
        assert_eq!((changes(&plan).len(), withheld(&plan)), (0, vec!["US: create CurrencyMismatch".to_owned()]));
        let problem = plan.lines.iter().find_map(|line| line.problem.clone()).unwrap();
        assert_eq!(problem.reason, Reason::CurrencyMismatch);
        assert!(problem.message.contains(told), "{}", problem.message);
    }
}

#[test]
fn another_rate_lowers_before_it_raises() {
    let mut world = World::new(on_both(&["US"], one_euro_buys("1.0870")), at("2027-03-10T08:00:00Z"));
    world.accounts.insert("b".to_owned(), american(10_000));
    world.settle();
    let rates = |price: &str, amount: &str| CampaignSpec {
        budget: super::spec::Budget { amount: eur(amount), ..spec(&[]).budget },
        ..on_both(&["US"], one_euro_buys(price))
    };
    assert_eq!(changes(&world.look()), [""; 0]);
    // A dollar is worth more: what runs passes the budget until it is lowered, and the raise on `a` waits.
    let mut dearer = rates("0.9000", "100");
    dearer.split.accounts.insert("a".to_owned(), 2);
    world.edit(|spec| *spec = dearer.clone());
    let plan = world.look();
    assert_eq!(changes(&plan), ["US: budget Spec"], "the decrease in dollars");
    assert_eq!(withheld(&plan), ["US: budget BudgetReached"]);
    world.settle();
    assert_eq!(changes(&world.look()), [""; 0]);
    let held: Vec<Money> = world.platform.live().map(|(_, _, held)| held.budget).collect();
    assert_eq!(held, [eur("66.66"), dollars("30")]);
}

fn price() -> impl Strategy<Value = String> {
    prop_oneof![
        (1_u64..10, 0_u64..1_000_000_000).prop_map(|(whole, rest)| format!("{whole}.{rest:09}")),
        (1_u64..1_000_000_000).prop_map(|rest| format!("0.{rest:09}")),
        (1_u64..999_999).prop_map(|whole| whole.to_string()),
    ]
}

proptest! {
    #[test]
    fn whatever_the_rates_the_units_and_the_weights_the_shares_stay_below_the_budget(
        price in price(),
        micros in 1_u64..10_000_000_000_000,
        unit in prop::sample::select(vec![1_i64, 10_000, 1_000_000]),
        weights in prop::collection::btree_map(prop::sample::select(vec!["US", "GB", "DE", "FR"]), 0_u32..1000, 0..4),
        spent in prop::option::of(0_u64..10_000_000_000_000),
        redistribute in any::<bool>(),
    ) {
        let rates = one_euro_buys(&price);
        let mut spec = on_both(&["US", "GB", "DE", "FR"], rates.clone());
        spec.fallback_locale = Some("en".parse().unwrap());
        spec.budget.amount = Money::from_micros(micros, eur("1").currency()).unwrap();
        spec.budget.redistribute = redistribute;
        spec.split.markets = weights.into_iter().map(|(name, weight)| (name.to_owned(), weight)).collect();
        let spending = spent.map(|spent| {
            spec.budget.period = BudgetPeriod::Flight;
            let reported = Money::from_micros(spent, eur("1").currency()).unwrap();
            (key("b", "US"), Spent { reported, unreported: eur("0") })
        });
        let desired = spread(&spec, american(unit), None, &spending.clone().into_iter().collect());
        let most = spending.map_or(spec.budget.amount, |(_, spent)| spec.budget.amount.saturating_sub(spent.reported).unwrap());
        let mut sum = 0;
        for (line, share) in &desired.budgets {
            let is_american = line.account == "b";
            prop_assert_eq!(share.currency() == usd(), is_american);
            prop_assert_eq!(share.micros() % if is_american { unit } else { 10_000 }, 0);
            sum += i128::from(rates.count(*share).unwrap().micros());
        }
        prop_assert!(sum <= i128::from(most.micros()), "{} of {}", sum, most);
    }
}
