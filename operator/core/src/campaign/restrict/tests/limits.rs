//! Grants, currencies and the platforms' limits on objects.

use super::{nothing, one, two};
use crate::campaign::settings::{Field, Value};
use crate::campaign::spec::State;
use crate::platform::ObjectCount;
use crate::reason::Reason;
use crate::testing::{World, at, changes, eur, market, spec, withheld};

#[test]
fn without_the_grant_nothing_grows() {
    let mut world = two();
    world.granted = false;
    world.edit(|spec| {
        spec.markets.push(market("DE"));
        spec.budget.amount = eur("60");
        spec.split.markets.insert("US".to_owned(), 8);
    });
    let plan = world.look();
    assert_eq!(changes(&plan), ["GB: budget Spec", "US: budget Spec"]);
    assert_eq!(withheld(&plan), ["DE: create AccountNotGranted"]);
}

#[test]
fn without_the_grant_no_ad_leads_elsewhere_and_what_ran_under_it_is_kept_as_it_was() {
    let mut world = one();
    world.granted = false;
    world.edit(|spec| {
        spec.ads[0].url = "https://evil.example/".to_owned();
        spec.audience.ages = Some(crate::campaign::spec::AgeRange { from: 13, to: None });
        spec.flight.end = spec.flight.end.tomorrow().unwrap();
    });
    let frozen = withheld(&world.look());
    assert!(frozen.len() >= 3 && frozen.iter().all(|why| why == "US: set AccountNotGranted"), "{frozen:?}");
    assert_eq!(changes(&world.look()), nothing());

    // A shorter flight, and what somebody has changed by hand.
    let mut world = one();
    world.granted = false;
    world.edit(|spec| spec.flight.end = spec.flight.end.yesterday().unwrap());
    assert_eq!(changes(&world.look()), ["US: set End Spec"]);
    let mut world = one();
    world.granted = false;
    world
        .platform
        .by_hand("a", "1001", world.now, |held| held.settings.set(Field::Ages, Value::Text("mine".to_owned())));
    assert_eq!(changes(&world.look()), ["US: set Ages Drift"]);
}

#[test]
fn a_currency_that_does_not_fit_creates_and_raises_nothing_anywhere() {
    let mut world = one();
    world.accounts.get_mut("b").unwrap().currency = "USD".parse().unwrap();
    world.edit(|spec| {
        spec.accounts.push("b".to_owned());
        spec.markets.push(market("GB"));
    });
    let plan = world.look();
    assert_eq!(changes(&plan), ["US: budget Spec"], "a decrease");
    assert_eq!(withheld(&plan), ["GB: create CurrencyMismatch"]);
    let problems = plan
        .lines
        .iter()
        .filter(|line| line.problem.as_ref().is_some_and(|problem| problem.reason == Reason::CurrencyMismatch));
    assert_eq!(problems.count(), 2);

    let mut world = one();
    world.accounts.get_mut("a").unwrap().currency = "USD".parse().unwrap();
    assert_eq!(changes(&world.look()), nothing(), "an amount of another currency is never written");
}

#[test]
fn an_object_limit_is_said_before_the_first_create() {
    let mut world = World::new(spec(&["US", "GB", "DE"]), at("2027-03-10T08:00:00Z"));
    world.accounts.get_mut("a").unwrap().objects = Some(ObjectCount { live: 8, limit: 10 });
    let plan = world.look();
    assert_eq!(changes(&plan).len(), 2);
    let held = plan.lines.iter().find_map(|line| line.withheld.first()).unwrap();
    assert_eq!(held.reason, Reason::ObjectLimit);
    assert!(held.message.contains("8 of 10") && held.message.contains("of the 3") && held.message.contains("2 fit"));
    world.accounts.get_mut("a").unwrap().objects = Some(ObjectCount { live: 12, limit: 10 });
    assert_eq!(withheld(&world.look()).len(), 3);
}

#[test]
fn a_limit_of_ads_under_a_page_is_said_before_the_first_create() {
    let mut world = World::new(spec(&["US", "GB", "DE"]), at("2027-03-10T08:00:00Z"));
    let limit = |world: &mut World, live| {
        world.accounts.get_mut("a").unwrap().ads = Some(ObjectCount { live, limit: 10 });
    };
    limit(&mut world, 8);
    let plan = world.look();
    assert_eq!(changes(&plan).len(), 2);
    let held = plan.lines.iter().find_map(|line| line.withheld.first()).unwrap();
    assert_eq!(held.reason, Reason::ObjectLimit);
    assert!(held.message.contains("8 of 10") && held.message.contains("of the 3") && held.message.contains("2 fit"));

    // What stands paused is not enabled either; stops and budgets are not concerned.
    let mut world = two();
    world.edit(|spec| spec.state = State::Paused);
    world.settle();
    world.edit(|spec| spec.state = State::Active);
    limit(&mut world, 10);
    assert_eq!(withheld(&world.look()), ["GB: enable ObjectLimit", "US: enable ObjectLimit"]);
    limit(&mut world, 9);
    assert_eq!((changes(&world.look()).len(), withheld(&world.look()).len()), (1, 1));
}
