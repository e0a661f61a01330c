//! What a spec becomes: lines, their states, their budgets, their problems.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use super::line::{self, Desired, LineKey};
use super::spec::{AccountOverrides, BudgetPeriod, CampaignSpec, Override, Selector, State};
use crate::budget::pacing::Spent;
use crate::market::Market;
use crate::money::Money;
use crate::platform::Account;
use crate::reason::Reason;
use crate::testing::{account, at, eur, key, market, rules, spec};

struct Case {
    spec: CampaignSpec,
    accounts: BTreeMap<String, Account>,
    minimum: Option<&'static str>,
    spent: BTreeMap<LineKey, Spent>,
    now: Timestamp,
}

fn case(markets: &[&str]) -> Case {
    Case {
        spec: spec(markets),
        accounts: BTreeMap::from([("a".to_owned(), account("a"))]),
        minimum: None,
        spent: BTreeMap::new(),
        now: at("2027-03-10T08:00:00Z"),
    }
}

impl Case {
    fn spread(&self) -> Desired {
        let rules = rules(self.minimum);
        let spec = Arc::new(self.spec.clone());
        line::spread(&spec, &self.accounts, &|_| Some(rules.clone()), &self.spent, &BTreeMap::new(), self.now)
    }

    fn flight(mut self, total: &str, start: Date, end: Date) -> Self {
        self.spec.budget.amount = eur(total);
        self.spec.budget.period = BudgetPeriod::Flight;
        self.spec.flight.start = start;
        self.spec.flight.end = end;
        self
    }
}

fn budgets(desired: &Desired) -> Vec<(String, String)> {
    desired.budgets.iter().map(|(key, money)| (key.to_string(), money.decimal())).collect()
}

fn shares(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(key, money)| ((*key).to_owned(), (*money).to_owned())).collect()
}

fn message(desired: &Desired, key: &LineKey) -> String {
    desired.problems[key].message.clone()
}

#[test]
fn lines_are_accounts_times_markets_without_exceptions() {
    let mut case = case(&["US", "GB"]);
    case.spec.accounts.push("b".to_owned());
    case.spec.except.push(Selector { account: Some("b".to_owned()), market: Some("US".to_owned()) });
    let keys: Vec<String> = line::keys(&case.spec).iter().map(LineKey::to_string).collect();
    assert_eq!(keys, ["a/US", "a/GB", "b/GB"]);
    let desired = case.spread();
    assert_eq!(desired.unknown, BTreeSet::from([key("b", "GB")]));
    assert_eq!(budgets(&desired), shares(&[("a/GB", "33.34"), ("a/US", "33.33"), ("b/GB", "33.33")]));
}

#[test]
fn weights_split_the_budget_by_account_and_market() {
    let mut case = case(&["US", "GB"]);
    case.accounts.insert("b".to_owned(), account("b"));
    case.spec.accounts.push("b".to_owned());
    case.spec.split.accounts.insert("a".to_owned(), 4);
    case.spec.split.markets.insert("US".to_owned(), 4);
    let expected = [("a/GB", "16.00"), ("a/US", "64.00"), ("b/GB", "4.00"), ("b/US", "16.00")];
    assert_eq!(budgets(&case.spread()), shares(&expected));
}

#[test]
fn a_group_is_one_line_with_its_places() {
    let mut case = case(&[]);
    let places = ["DE", "AT", "CH"].map(|code| code.parse().unwrap());
    case.spec.markets.push(Market { key: "dach".to_owned(), places: places.into() });
    let desired = case.spread();
    let line = &desired.lines[&key("a", "dach")];
    assert_eq!((line.market.places.len(), line.locale.as_str(), line.budget), (3, "de", eur("100")));
    assert_eq!(line.ads[0].url, "https://example.com/dach/spring?l=de");
}

#[test]
fn the_last_override_that_names_a_state_counts_unless_the_campaign_is_paused() {
    let given = |markets: &[&str], state| Override {
        accounts: BTreeSet::new(),
        markets: markets.iter().map(|&market| market.to_owned()).collect(),
        state,
        audience: None,
        account_overrides: AccountOverrides { name_template: Some("x".to_owned()), ..AccountOverrides::default() },
    };
    let mut case = case(&["US", "GB", "DE"]);
    case.spec.overrides =
        vec![given(&[], Some(State::Paused)), given(&["US", "GB"], Some(State::Active)), given(&["GB"], None)];
    let states = |case: &Case| -> Vec<State> { case.spread().lines.values().map(|line| line.state).collect() };
    assert_eq!(states(&case), [State::Paused, State::Active, State::Active]);
    assert_eq!(case.spread().lines[&key("a", "US")].account_overrides.name_template.as_deref(), Some("x"));
    case.spec.state = State::Paused;
    assert_eq!(states(&case), [State::Paused; 3]);
}

#[test]
fn a_market_without_copy_keeps_its_share_and_says_what_is_missing() {
    let mut case = case(&["US", "FR"]);
    let desired = case.spread();
    assert_eq!(desired.problems[&key("a", "FR")].reason, Reason::CopyMissing);
    assert!(message(&desired, &key("a", "FR")).contains("fr-FR"));
    assert_eq!(desired.lines[&key("a", "US")].budget, eur("50"));
    case.spec.fallback_locale = Some("en".parse().unwrap());
    assert_eq!(case.spread().lines[&key("a", "FR")].locale.as_str(), "en");
    case.spec.locales.insert("FR".to_owned(), "de".parse().unwrap());
    assert_eq!(case.spread().lines[&key("a", "FR")].locale.as_str(), "de");
}

#[test]
fn a_share_below_the_minimum_names_the_lines_and_a_budget_that_really_suffices() {
    let mut case = case(&["US", "GB", "DE"]);
    case.spec.budget.amount = eur("10");
    case.spec.split.markets.insert("US".to_owned(), 7);
    case.minimum = Some("2.345");
    let desired = case.spread();
    assert_eq!(desired.problems.len(), 2);
    let text = message(&desired, &key("a", "GB"));
    assert!(text.contains("a/GB, a/DE") && text.contains("2.35 EUR a day"), "{text}");
    assert!(text.contains("a budget of 21.15 EUR a day would be needed"), "{text}");
    assert_eq!(desired.lines[&key("a", "US")].budget, eur("7.78"), "its share stays unspent");
    case.spec.budget.amount = eur("21.15");
    assert_eq!(case.spread().problems.len(), 0);
    case.spec.budget.amount = eur("21");
    assert!(!case.spread().problems.is_empty());
}

#[test]
fn what_an_account_says_of_its_least_budget_counts_before_what_is_said_of_its_platform() {
    let mut case = case(&["US", "GB"]);
    case.spec.budget.amount = eur("10");
    case.minimum = Some("1");
    assert_eq!(case.spread().problems.len(), 0);
    case.accounts.get_mut("a").unwrap().minimum_daily_budget = Some(eur("6"));
    let desired = case.spread();
    let text = message(&desired, &key("a", "GB"));
    assert!(text.contains("6.00 EUR a day") && text.contains("a budget of 12.00 EUR a day would be needed"), "{text}");
    case.minimum = Some("20");
    case.accounts.get_mut("a").unwrap().minimum_daily_budget = Some(eur("5"));
    assert_eq!(case.spread().problems.len(), 0, "the account knows better");
}

#[test]
fn a_weight_of_nothing_is_named_as_such() {
    let mut case = case(&["US", "GB"]);
    case.spec.split.markets.insert("GB".to_owned(), 0);
    let desired = case.spread();
    assert!(message(&desired, &key("a", "GB")).contains("weight of a/GB in `split` is 0"));
    assert_eq!(desired.lines[&key("a", "US")].budget, eur("100"));
}

#[test]
fn redistribute_gives_the_share_of_the_line_that_is_furthest_below_to_the_others() {
    let mut case = case(&["US", "GB", "DE"]);
    case.spec.budget.amount = eur("10");
    case.spec.budget.redistribute = true;
    case.spec.split.markets = BTreeMap::from([("US".to_owned(), 1), ("GB".to_owned(), 2), ("DE".to_owned(), 2)]);
    case.minimum = Some("4.50");
    let expected = [("a/DE", "5.00"), ("a/GB", "5.00"), ("a/US", "0.00")];
    let desired = case.spread();
    assert_eq!(budgets(&desired), shares(&expected));
    assert_eq!(desired.lines.len(), 2);
    // The order in which markets are written changes nothing.
    case.spec.markets.reverse();
    assert_eq!(budgets(&case.spread()), shares(&expected));
    case.minimum = Some("20");
    let desired = case.spread();
    assert_eq!((desired.lines.len(), desired.problems.len()), (0, 3));
    assert!(desired.budgets.values().all(|share| share.is_zero()));
}

#[test]
fn redistribution_over_a_thousand_lines_is_quick() {
    let mut case = case(&[]);
    let code = |index: u8| char::from(b'A' + index);
    for (first, second) in (0..26).flat_map(|first| (0..26).map(move |second| (first, second))) {
        case.spec.markets.push(market(&format!("US-{}{}", code(first), code(second))));
    }
    case.spec.budget.amount = eur("100");
    case.spec.budget.redistribute = true;
    case.minimum = Some("1");
    let started = std::time::Instant::now();
    assert_eq!(case.spread().lines.len(), 100);
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[test]
fn a_flight_budget_is_spread_over_the_days_that_are_left_of_it() {
    let case = case(&["US"]).flight("1000", date(2027, 3, 11), date(2027, 3, 20));
    let daily = |case: &Case| case.spread().budgets[&key("a", "US")].decimal();
    assert_eq!(daily(&case), "100.00", "it starts tomorrow");
    let case = Case { now: at("2027-03-16T08:00:00Z"), ..case };
    assert_eq!(daily(&case), "200.00");
    let spent = Spent { reported: eur("400"), unreported: eur("100") };
    // A market that was taken out has spent, too.
    let case = Case { spent: BTreeMap::from([(key("a", "GB"), spent)]), ..case };
    assert_eq!(daily(&case), "100.00");
    let spent = Spent { reported: eur("1000"), unreported: eur("0") };
    let case = Case { spent: BTreeMap::from([(key("a", "US"), spent)]), ..case };
    assert_eq!(case.spread().problems[&key("a", "US")].reason, Reason::BudgetBelowMinimum);
}

#[test]
fn a_flight_ends_in_each_account_by_its_own_zone_and_is_never_overspent() {
    let mut case = case(&["US"]).flight("1000", date(2027, 3, 1), date(2027, 3, 10));
    let tokyo = Account { time_zone: TimeZone::get("Asia/Tokyo").unwrap(), ..account("b") };
    case.accounts.insert("b".to_owned(), tokyo);
    case.spec.accounts.push("b".to_owned());
    case.now = at("2027-03-10T20:00:00Z");
    let desired = case.spread();
    assert!(desired.lines[&key("b", "US")].over && !desired.lines[&key("a", "US")].over);
    assert_eq!(budgets(&desired), shares(&[("a/US", "500.00"), ("b/US", "0.00")]));
    assert!(desired.problems.is_empty(), "what is over lacks no budget");
}

#[test]
fn a_flight_in_a_zone_of_its_own_begins_and_ends_at_one_instant_everywhere() {
    let mut case = case(&["US"]);
    case.spec.flight.time_zone = Some(TimeZone::get("America/New_York").unwrap());
    let line = &case.spread().lines[&key("a", "US")];
    assert_eq!(
        (line.start.to_string(), line.end.to_string()),
        ("2027-03-01T05:00:00".to_owned(), "2027-06-01T03:59:59".to_owned())
    );
}

#[test]
fn a_minimum_of_a_flight_counts_the_days() {
    let mut case = case(&["US", "GB"]).flight("30", date(2027, 3, 10), date(2027, 3, 19));
    case.minimum = Some("2");
    let desired = case.spread();
    let text = message(&desired, &key("a", "GB"));
    assert!(text.contains("a budget of 40.00 EUR for the rest of the flight would be needed"), "{text}");
    case.spec.budget.amount = eur("40");
    assert_eq!(case.spread().problems.len(), 0);
}

#[test]
fn accounts_of_another_currency_are_a_problem_of_their_lines() {
    let mut case = case(&["US"]);
    case.accounts.insert("b".to_owned(), Account { currency: "USD".parse().unwrap(), ..account("b") });
    case.spec.accounts.push("b".to_owned());
    let desired = case.spread();
    assert_eq!(desired.problems[&key("b", "US")].reason, Reason::CurrencyMismatch);
    assert_eq!(desired.lines[&key("a", "US")].budget, eur("50"));
    assert!(desired.budgets.values().all(|money: &Money| money.currency() == eur("1").currency()));
}
