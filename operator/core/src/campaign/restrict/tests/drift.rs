//! What others change: reported, contested, ignored.

use super::{line, nothing, one, two};
use crate::campaign::settings::{Field, Value};
use crate::campaign::spec::{DriftPolicy, State};
use crate::testing::{Faults, changes, eur, settled, spec, withheld};

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
