//! Budgets that change too often or by too much.

use super::{line, one};
use crate::testing::{Faults, World, changes, eur, market, withheld};

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
