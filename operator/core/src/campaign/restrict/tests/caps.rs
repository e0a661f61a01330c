//! S3: increases and decreases under a cap.

use super::super::totals;
use super::{nothing, one, two};
use crate::campaign::plan::Plan;
use crate::campaign::settings::Field;
use crate::campaign::spec::{CampaignSpec, DriftPolicy, OnReplace, State};
use crate::testing::{Fate, Faults, World, another_bidding, at, changes, eur, market, settled, spec, withheld};

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

#[test]
fn what_a_hand_has_raised_above_a_ceiling_is_cut_though_the_spec_asks_for_less_and_policy_would_leave_it() {
    type Edit = fn(&mut CampaignSpec);
    // What is cut is the hand's no more: where only drift is left alone, the spec's amount follows.
    let policies: [(Edit, &str); 3] = [
        (|spec| spec.policies.drift = DriftPolicy::Report, "50"),
        (|spec| spec.suspend = true, "70"),
        (|spec| _ = spec.policies.ignore_fields.insert(Field::Budget), "70"),
    ];
    for (policy, end) in policies {
        let mut world = two();
        world.edit(policy);
        world.settle();
        // One line rests, so that the other has room below the Campaign's budget.
        world.platform.by_hand("a", "1002", world.now, |held| held.enabled = false);
        world.settle();
        world.accounts.get_mut("a").unwrap().ceiling = Some(eur("70"));
        world.platform.by_hand("a", "1001", world.now, |held| held.budget = eur("90"));
        assert_eq!(changes(&world.look()), ["GB: budget Cap"]);
        world.settle();
        assert_eq!(world.platform.get("a", "1001").budget, eur(end));
    }
}
