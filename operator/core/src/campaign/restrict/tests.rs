//! Each guard, and the caps.

use super::totals;
use crate::campaign::line::LineKey;
use crate::campaign::plan::{LinePlan, Plan};
use crate::campaign::settings::{Field, Value};
use crate::campaign::spec::{DriftPolicy, OnReplace, State, StopsByHand};
use crate::platform::ObjectCount;
use crate::reason::Reason;
use crate::testing::{Fate, Faults, World, another_bidding, at, changes, eur, key, market, settled, spec, withheld};

fn us() -> LineKey {
    key("a", "US")
}

fn line<'a>(plan: &'a Plan, market: &str) -> &'a LinePlan {
    plan.lines.iter().find(|line| line.key.market == market).unwrap()
}

fn nothing() -> Vec<String> {
    Vec::new()
}

/// US is 1001, with 100.00 a day.
fn one() -> World {
    settled(spec(&["US"]))
}

/// GB is 1001, US is 1002, each with 50.00 a day.
fn two() -> World {
    settled(spec(&["US", "GB"]))
}

fn pause_by_hand(world: &mut World) {
    world.platform.by_hand("a", "1001", world.now, |held| held.enabled = false);
}

fn cut_by_hand(world: &mut World) {
    world.platform.by_hand("a", "1001", world.now, |held| held.budget = eur("10"));
}

#[test]
fn a_suspended_campaign_is_not_written_to_but_the_account_stop_is_obeyed() {
    let mut world = two();
    world.edit(|spec| {
        spec.suspend = true;
        spec.budget.amount = eur("80");
        spec.markets = vec![market("US"), market("DE")];
    });
    let plan = world.look();
    assert_eq!(changes(&plan), nothing());
    assert_eq!(withheld(&plan), ["DE: create Suspended", "US: budget Suspended"]);
    assert_eq!(plan.retired[0].withheld[0].reason, Reason::Suspended);

    world.accounts.get_mut("a").unwrap().stop = true;
    assert_eq!(changes(&world.look()), ["US: pause AccountStop", "retired 1001: pause AccountStop"]);
    world.settle();
    assert_eq!(world.platform.enabled_sum(), 0);
    world.accounts.get_mut("a").unwrap().stop = false;
    assert_eq!(withheld(&world.look())[1], "US: budget Suspended");
}

#[test]
fn the_account_stop_pauses_whatever_the_spec_ignores_and_however_broken_a_line_is() {
    let mut world = one();
    world.edit(|spec| {
        spec.policies.ignore_fields.insert(Field::Delivery);
    });
    world.accounts.get_mut("a").unwrap().stop = true;
    assert_eq!(changes(&world.look()), ["US: pause AccountStop"]);

    let mut world = one();
    world.edit(|spec| spec.ads[0].copy.clear());
    world.accounts.get_mut("a").unwrap().stop = true;
    assert_eq!(changes(&world.look()), ["US: pause AccountStop"]);

    let mut world = one();
    world.accounts.get_mut("a").unwrap().stop = true;
    world.settle();
    world.edit(|spec| spec.markets.push(market("GB")));
    let plan = world.look();
    assert_eq!((changes(&plan), withheld(&plan)[0].as_str()), (nothing(), "GB: create StoppedByAccount"));
    world.accounts.get_mut("a").unwrap().stop = false;
    world.settle();
    assert_eq!(world.platform.enabled_sum(), 100_000_000);
}

#[test]
fn a_pause_by_hand_is_kept_until_the_spec_changes() {
    let mut world = one();
    pause_by_hand(&mut world);
    let plan = world.settle();
    assert_eq!(withheld(&plan), ["US: enable StoppedOnPlatform"]);
    assert!(line(&plan, "US").stopped_by_hand);

    world.restart();
    world.wipe_status();
    assert_eq!(withheld(&world.settle()), ["US: enable StoppedOnPlatform"], "nothing remembered, and kept");

    // A spec that asks for several steps before the object may run again.
    world.edit(|spec| {
        spec.budget.amount = eur("70");
        spec.audience.ages = Some(crate::campaign::spec::AgeRange { from: 30, to: None });
    });
    world.settle();
    assert!(world.platform.get("a", "1001").enabled);
    pause_by_hand(&mut world);
    assert_eq!(withheld(&world.settle()), ["US: enable StoppedOnPlatform"], "a new stop counts again");
}

#[test]
fn a_budget_cut_by_hand_is_kept_until_the_spec_changes() {
    let mut world = one();
    cut_by_hand(&mut world);
    assert_eq!(withheld(&world.settle()), ["US: budget StoppedOnPlatform"]);
    world.restart();
    assert_eq!(withheld(&world.settle()), ["US: budget StoppedOnPlatform"]);
    world.edit(|spec| spec.budget.amount = eur("90"));
    world.settle();
    assert_eq!(world.platform.get("a", "1001").budget, eur("90"));
}

#[test]
fn a_cut_is_kept_though_the_spec_changes_elsewhere_before_it_is_seen() {
    let mut world = one();
    cut_by_hand(&mut world);
    world.edit(|spec| spec.audience.ages = Some(crate::campaign::spec::AgeRange { from: 30, to: None }));
    assert_eq!(withheld(&world.settle()), ["US: budget StoppedOnPlatform"]);
}

#[test]
fn a_stop_that_is_undone_by_hand_is_over() {
    let mut world = one();
    pause_by_hand(&mut world);
    world.settle();
    world.platform.by_hand("a", "1001", world.now, |held| held.enabled = true);
    world.settle();
    assert_eq!(world.record(&us()).stop, None);
    cut_by_hand(&mut world);
    world.settle();
    world.platform.by_hand("a", "1001", world.now, |held| held.budget = eur("100"));
    world.settle();
    assert_eq!(world.record(&us()).stop, None);
}

#[test]
fn a_stop_is_overridden_if_the_spec_says_so() {
    let stops: [fn(&mut World); 2] = [pause_by_hand, cut_by_hand];
    for stop in stops {
        let mut world = settled(crate::campaign::spec::CampaignSpec {
            policies: crate::campaign::spec::Policies { stops_by_hand: StopsByHand::Override, ..Default::default() },
            ..spec(&["US"])
        });
        stop(&mut world);
        assert!(!line(&world.look(), "US").stopped_by_hand);
        world.settle();
        assert_eq!(world.platform.enabled_sum(), 100_000_000);
    }
}

#[test]
fn our_own_decrease_that_nobody_confirmed_is_not_taken_for_a_cut_by_hand() {
    let mut world = two();
    world.edit(|spec| {
        spec.split.markets.insert("GB".to_owned(), 3);
    });
    world.advance(200);
    // US shrinks to 25; the answer is lost, and the process with it.
    world.pass(&Faults { fates: vec![Fate::Effect(5)], ..Faults::default() });
    world.restart();
    world.edit(|spec| {
        spec.split.markets.insert("GB".to_owned(), 1);
    });
    let plan = world.settle();
    assert!(plan.lines.iter().all(|line| !line.stopped_by_hand), "{:?}", withheld(&plan));
    assert_eq!(world.platform.get("a", "1002").budget, eur("50"));
}

#[test]
fn report_leaves_what_others_did_but_applies_the_spec() {
    let mut world = one();
    world.edit(|spec| spec.policies.drift = DriftPolicy::Report);
    world.settle();
    world.platform.by_hand("a", "1001", world.now, |held| {
        held.settings.set(Field::Ages, Value::Text("mine".to_owned()));
    });
    let plan = world.settle();
    assert_eq!(withheld(&plan), ["US: set Drifted"]);
    assert_eq!(line(&plan, "US").drift, [Field::Ages]);
    world.edit(|spec| spec.budget.amount = eur("90"));
    world.settle();
    assert_eq!(world.platform.get("a", "1001").budget, eur("90"));
    // What is only reported does not hold up that the line runs.
    world.edit(|spec| spec.state = State::Paused);
    world.settle();
    world.edit(|spec| spec.state = State::Active);
    world.settle();
    assert!(world.platform.get("a", "1001").enabled);
}

#[test]
fn report_applies_a_spec_that_goes_back_before_the_first_change_was_confirmed() {
    let mut world = one();
    world.edit(|spec| spec.policies.drift = DriftPolicy::Report);
    world.settle();
    world.edit(|spec| spec.audience.ages = Some(crate::campaign::spec::AgeRange { from: 30, to: None }));
    world.advance(200);
    world.pass(&Faults::default());
    world.edit(|spec| spec.audience.ages = None);
    let plan = world.settle();
    assert_eq!(withheld(&plan), nothing());
}

#[test]
fn report_keeps_the_marker_whole_and_the_name_that_others_gave() {
    let mut world = one();
    world.edit(|spec| spec.policies.drift = DriftPolicy::Report);
    world.platform.by_hand("a", "1001", world.now, |held| held.name = "mine".to_owned());
    let plan = world.settle();
    assert!(world.platform.get("a", "1001").name.starts_with("mine [prod."));
    assert_eq!(withheld(&plan), ["US: set Drifted"]);
}

#[test]
fn report_does_not_let_a_hand_pass_the_budget() {
    let mut world = two();
    world.edit(|spec| spec.policies.drift = DriftPolicy::Report);
    world.settle();
    world.platform.by_hand("a", "1001", world.now, |held| held.budget = eur("60"));
    assert_eq!(changes(&world.look()), ["GB: budget Drift"]);
    world.settle();
    assert_eq!(world.platform.enabled_sum(), 100_000_000);
}

#[test]
fn what_something_keeps_changing_back_is_left_but_for_what_a_cap_needs() {
    let mut world = one();
    let now = world.now;
    world.platform.by_hand("a", "1001", now, |held| {
        held.settings.set(Field::Ages, Value::Text("mine".to_owned()));
        held.budget = eur("300");
    });
    for field in [Field::Ages, Field::Budget, Field::Delivery] {
        world.contested.insert(("1001".to_owned(), field));
    }
    let plan = world.look();
    assert_eq!(
        (changes(&plan), withheld(&plan)),
        (vec!["US: budget Drift".to_owned()], vec!["US: set DriftContested".to_owned()])
    );
    world.edit(|spec| spec.state = State::Paused);
    assert_eq!(changes(&world.look())[0], "US: pause Spec");
}

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

#[test]
fn an_increase_waits_until_the_decrease_is_seen() {
    let mut world = two();
    world.edit(|spec| {
        spec.split.markets.insert("US".to_owned(), 3);
    });
    let plan = world.look();
    assert_eq!(
        (changes(&plan), withheld(&plan)),
        (vec!["GB: budget Spec".to_owned()], vec!["US: budget BudgetReached".to_owned()])
    );
    world.pass(&Faults::default());
    // Sent and acknowledged, but not seen.
    world.advance(10);
    let plan = world.pass(&Faults { lag: 30, ..Faults::default() });
    assert_eq!(withheld(&plan), ["US: budget BudgetReached"]);
    assert_eq!(changes(&world.look()), ["US: budget Spec"]);
    world.settle();
    assert_eq!(world.platform.enabled_sum(), 100_000_000);
}

#[test]
fn an_unknown_increase_counts_as_done_and_an_unknown_decrease_as_not_done() {
    let mut world = two();
    world.edit(|spec| spec.budget.amount = eur("120"));
    world.advance(200);
    // Both grow to 60; nobody knows.
    world.pass(&Faults { fates: vec![Fate::NoEffect, Fate::NoEffect], ..Faults::default() });
    world.edit(|spec| {
        spec.markets.push(market("DE"));
        spec.budget.amount = eur("125");
    });
    world.advance(10);
    let plan = world.pass(&Faults::default());
    assert_eq!(changes(&plan), ["DE: create Spec"]);
    world.settle();
    assert_eq!(world.platform.broken, nothing());
}

#[test]
fn a_refused_decrease_becomes_a_pause() {
    let mut world = one();
    world.edit(|spec| spec.budget.amount = eur("40"));
    world.advance(200);
    world.pass(&Faults { fates: vec![Fate::Refused], ..Faults::default() });
    assert_eq!(changes(&world.look()), ["US: pause Cap"]);
}

#[test]
fn after_a_start_nothing_grows_before_all_accounts_were_listed_anew() {
    let mut spec = spec(&["US"]);
    spec.accounts.push("b".to_owned());
    let mut world = settled(spec);
    world.platform.by_hand("a", "1001", world.now, |held| held.paused_label = true);
    world.platform.by_hand("a", "1001", world.now, |held| held.enabled = false);
    world.restart();
    let plan = world.pass(&Faults::default());
    assert_eq!(changes(&plan), nothing());
    world.settle();
    assert_eq!(world.platform.enabled_sum(), 100_000_000);
}

#[test]
fn an_account_out_of_reach_counts_with_what_was_last_known() {
    let mut spec = spec(&["US"]);
    spec.accounts.push("b".to_owned());
    let mut world = settled(spec);
    world.restart();
    world.edit(|spec| {
        spec.split.accounts.insert("a".to_owned(), 3);
    });
    let out = Faults { out_of_reach: ["b".to_owned()].into(), ..Faults::default() };
    for _ in 0..4 {
        world.advance(200);
        assert_eq!(changes(&world.pass(&out)), nothing());
    }
    world.settle();
    assert_eq!(world.platform.broken, nothing());
    assert_eq!(world.platform.get("a", "1001").budget, eur("75"));
}

#[test]
fn a_line_with_a_problem_runs_on_but_never_above_its_share_or_against_the_spec() {
    let mut world = two();
    let no_copy = |world: &mut World| world.edit(|spec| spec.ads[0].copy.clear());
    no_copy(&mut world);
    assert_eq!(changes(&world.look()), nothing(), "CopyMissing");
    world.edit(|spec| spec.budget.amount = eur("60"));
    assert_eq!(changes(&world.look()), ["GB: budget Cap", "US: budget Cap"]);
    world.edit(|spec| spec.budget.amount = eur("200"));
    assert_eq!(changes(&world.look()), nothing(), "it does not grow");
    world.edit(|spec| spec.state = State::Paused);
    assert_eq!(changes(&world.look()), ["GB: pause Spec", "US: pause Spec"]);

    let mut world = two();
    world.minimum = Some("60");
    assert_eq!(changes(&world.look()), ["GB: pause Cap", "US: pause Cap"]);
}

#[test]
fn a_flight_that_is_cut_short_stops_and_one_that_ends_by_itself_is_left() {
    let mut world = one();
    world.now = at("2027-06-01T00:10:00Z");
    assert_eq!(changes(&world.look()), nothing(), "the end is on the platform");

    for copy in [true, false] {
        let mut world = one();
        world.edit(|spec| {
            spec.flight.end = jiff::civil::date(2027, 3, 9);
            if !copy {
                spec.ads[0].copy.clear();
            }
        });
        assert_eq!(changes(&world.look()), ["US: pause Spec"]);
        world.edit(|spec| spec.flight.end = jiff::civil::date(2027, 3, 31));
        assert_eq!(changes(&world.look()).len(), usize::from(copy), "the end is set");
    }

    let mut world = one();
    world.platform.by_hand("a", "1001", world.now, |held| {
        held.settings.set(Field::End, Value::Instant(jiff::civil::date(2028, 1, 1).at(0, 0, 0, 0)));
    });
    world.now = at("2027-06-01T00:10:00Z");
    assert_eq!(changes(&world.look()), ["US: pause Spec"], "the end was moved by hand");
}

#[test]
fn nothing_is_created_for_a_flight_that_is_over_and_all_before_it_starts() {
    let mut world = World::new(spec(&["US"]), at("2027-06-01T08:00:00Z"));
    let plan = world.look();
    assert_eq!(changes(&plan), nothing());
    assert_eq!(line(&plan, "US").problem.as_ref().unwrap().reason, Reason::FlightOver);
    let mut world = World::new(spec(&["US"]), at("2027-02-01T08:00:00Z"));
    world.settle();
    assert_eq!(world.platform.enabled_sum(), 100_000_000);
}

#[test]
fn ignored_fields_are_written_once_and_then_left_to_others() {
    let mut ignoring = spec(&["US"]);
    ignoring.policies.ignore_fields.extend([Field::Delivery, Field::Budget, Field::Name]);
    let mut world = settled(ignoring);
    assert!(world.platform.get("a", "1001").enabled);
    world.platform.by_hand("a", "1001", world.now, |held| {
        held.enabled = false;
        held.budget = eur("30");
    });
    for _ in 0..2 {
        let plan = world.settle();
        assert_eq!((withheld(&plan), plan.is_empty()), (nothing(), true));
        world.wipe_status();
    }
    world.edit(|spec| spec.audience.ages = Some(crate::campaign::spec::AgeRange { from: 30, to: None }));
    world.settle();
    assert_eq!((world.platform.get("a", "1001").enabled, world.platform.get("a", "1001").budget), (false, eur("30")));
}

#[test]
fn totals_tell_what_will_run_in_the_end() {
    let money = |plan: &Plan| totals(plan, None).map(|(before, after)| (before.decimal(), after.decimal()));
    let both = |before: &str, after: &str| Some((before.to_owned(), after.to_owned()));
    let mut world = World::new(spec(&["US"]), at("2027-03-10T08:00:00Z"));
    assert_eq!(money(&world.look()), both("0.00", "100.00"));
    world.settle();
    assert_eq!(money(&world.look()), both("100.00", "100.00"));
    world.edit(|spec| spec.budget.amount = eur("60"));
    assert_eq!(money(&world.look()), both("100.00", "60.00"));
    world.edit(|spec| {
        spec.google.bidding = another_bidding();
        spec.policies.on_replace = OnReplace::Allow;
    });
    assert_eq!(money(&world.look()), both("100.00", "60.00"), "a replacement");
    world.edit(|spec| spec.state = State::Paused);
    assert_eq!(money(&world.look()), both("100.00", "0.00"));
    world.settle();
    world.edit(|spec| {
        spec.state = State::Active;
        spec.budget.amount = eur("70");
    });
    assert_eq!(money(&world.look()), both("0.00", "70.00"), "the budget first, then it runs");
    world.edit(|spec| spec.markets.clear());
    assert_eq!(money(&world.look()), None);
}

/// US with 100.00 a day, which may be changed twice an hour.
fn twice_an_hour() -> World {
    let mut world = one();
    world.accounts.get_mut("a").unwrap().brakes.changes_per_hour = Some(2);
    world
}

fn budget(world: &mut World, amount: &str) {
    world.edit(|spec| spec.budget.amount = eur(amount));
    world.advance(200);
    world.pass(&Faults::default());
}

#[test]
fn a_budget_that_was_changed_too_often_waits_to_grow_and_a_restart_is_no_way_around() {
    let mut world = twice_an_hour();
    budget(&mut world, "110");
    budget(&mut world, "120");
    world.edit(|spec| spec.budget.amount = eur("130"));
    assert_eq!(withheld(&world.look()), ["US: budget BudgetBraked"]);
    world.restart();
    world.advance(200);
    assert_eq!(withheld(&world.look()), ["US: budget BudgetBraked"]);
    // A decrease goes through, and counts.
    budget(&mut world, "60");
    assert_eq!(world.platform.get("a", "1001").budget, eur("60"));
    world.edit(|spec| spec.budget.amount = eur("130"));
    world.advance(3_000);
    assert_eq!(withheld(&world.look()), ["US: budget BudgetBraked"]);
    world.advance(3_600);
    world.settle();
    assert_eq!(world.platform.get("a", "1001").budget, eur("130"));
}

#[test]
fn without_a_memory_of_changes_nothing_grows_for_an_hour_where_they_are_limited() {
    let mut world = twice_an_hour();
    world.wipe_status();
    world.settle();
    world.edit(|spec| spec.budget.amount = eur("110"));
    assert_eq!(withheld(&world.look()), ["US: budget BudgetBraked"]);
    world.advance(3_600);
    world.settle();
    assert_eq!(world.platform.get("a", "1001").budget, eur("110"));
}

#[test]
fn what_a_cap_needs_is_never_braked() {
    let mut world = twice_an_hour();
    world.wipe_status();
    world.settle();
    world.accounts.get_mut("a").unwrap().brakes.max_step_percent = Some(1);
    world.accounts.get_mut("a").unwrap().ceiling = Some(eur("40"));
    assert_eq!(changes(&world.look()), ["US: budget Cap"]);
    world.settle();
    assert_eq!(world.platform.get("a", "1001").budget, eur("40"));
    world.edit(|spec| spec.budget.amount = eur("10"));
    world.settle();
    assert_eq!(world.platform.get("a", "1001").budget, eur("10"));
    // And what it cannot be lowered to is paused, not written.
    world.minimum = Some("5");
    world.accounts.get_mut("a").unwrap().ceiling = Some(eur("4"));
    assert_eq!(changes(&world.look()), ["US: pause Cap"]);
}

#[test]
fn a_step_that_is_too_large_is_told_and_a_new_line_is_none() {
    let mut world = one();
    world.accounts.get_mut("a").unwrap().brakes.max_step_percent = Some(50);
    world.edit(|spec| spec.budget.amount = eur("1000"));
    let plan = world.look();
    assert_eq!(withheld(&plan), ["US: budget BudgetStepTooLarge"]);
    assert!(line(&plan, "US").withheld[0].message.contains("100.00 EUR → 1000.00 EUR a day"));
    world.edit(|spec| spec.budget.amount = eur("150"));
    world.settle();
    assert_eq!(world.platform.get("a", "1001").budget, eur("150"));
    world.edit(|spec| {
        spec.budget.amount = eur("300");
        spec.markets.push(market("GB"));
    });
    world.settle();
    assert_eq!(world.platform.enabled_sum(), 300_000_000);
}

#[test]
fn below_a_ceiling_lowered_under_what_runs_the_largest_lines_are_cut() {
    let mut world = two();
    world.edit(|spec| _ = spec.split.markets.insert("US".to_owned(), 4));
    world.settle();
    world.accounts.get_mut("a").unwrap().ceiling = Some(eur("70"));
    let plan = world.look();
    assert_eq!(changes(&plan), ["US: budget Cap"], "GB has 20, US 80: the level is 50");
    let plan = world.settle();
    assert_eq!(
        (world.platform.get("a", "1001").budget, world.platform.get("a", "1002").budget),
        (eur("20"), eur("50"))
    );
    assert_eq!(withheld(&plan), ["US: budget CeilingReached"]);
    // Neither suspension nor ignored fields keep more than the ceiling.
    world.edit(|spec| {
        spec.suspend = true;
        spec.policies.ignore_fields.insert(Field::Budget);
    });
    world.accounts.get_mut("a").unwrap().ceiling = Some(eur("30"));
    world.settle();
    assert!(world.platform.enabled_sum() <= 30_000_000, "{}", world.platform.enabled_sum());
}
