//! Stops: the account's, those by hand, suspension and the flight's end.

use super::{cut_by_hand, line, nothing, one, pause_by_hand, two, us};
use crate::campaign::settings::{Field, Value};
use crate::campaign::spec::StopsByHand;
use crate::reason::Reason;
use crate::testing::{Fate, Faults, World, at, changes, eur, market, settled, spec, withheld};

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
