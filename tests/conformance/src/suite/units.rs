//! Money in the platform's own units.

use adops_core::reason::Reason;
use adops_platforms::port::Outcome;

use crate::spec::per_line;
use crate::subject::{Feature, Shape, Subject};
use crate::world::{World, money, start_time};

async fn in_currency<S: Subject>(lines: usize, currency: &'static str) -> World<S> {
    World::shaped(lines, &Shape { currency, ..Shape::default() }, start_time()).await
}

/// With 0, 2 and 3 decimals, and those of which a platform has its own opinion.
pub async fn budgets_of_all_currencies_go_there_and_back<S: Subject>() {
    let mut currencies = vec!["USD", "EUR", "JPY", "KRW", "CLP", "TWD", "HUF", "IDR", "COP"];
    if !S::lacks().contains(&Feature::ThreeDecimals) {
        currencies.push("KWD");
    }
    for currency in currencies.into_iter().filter(|code| S::has_currency(code)) {
        let mut world = in_currency::<S>(2, currency).await;
        world.settle().await;
        assert_eq!(S::live_micros(&world.sim), world.total(), "{currency}");
        for object in world.objects() {
            assert_eq!(object.budget, Some(per_line(currency) * 1_000_000), "{currency}");
        }
    }
}

/// Thirds are rounded down to the platform's step, and are then as they are.
pub async fn a_share_with_a_remainder_is_no_drift<S: Subject>() {
    for currency in ["EUR", "JPY", "TWD"].into_iter().filter(|code| S::has_currency(code)) {
        let mut world = in_currency::<S>(3, currency).await;
        let unit = world.account().await.budget_unit;
        let more = world.spec.budget.amount.micros() + 1_000_000;
        world.spec.budget.amount = money(more, world.spec.budget.amount.currency());
        world.settle().await;
        let live = S::live_micros(&world.sim);
        assert!(live <= more && live > more - 3 * unit, "{currency}: {live} of {more}, in steps of {unit}");
        assert!(world.objects().iter().all(|object| object.budget.is_some_and(|budget| budget % unit == 0)));
        world.restart();
        assert!(world.plan().await.is_empty(), "{currency}");
    }
}

/// By the plan where the minimum is known, else by the platform's refusal.
pub async fn a_budget_below_the_minimum_is_told_and_creates_nothing<S: Subject>() {
    let mut world = World::<S>::new().await;
    let currency = world.spec.budget.amount.currency();
    let unit = world.account().await.budget_unit;
    world.spec.budget.amount = money(unit * 3, currency);
    let mut reasons: Vec<Reason> = Vec::new();
    // What a platform says only of a part of the chain is told when that is made.
    for _ in 0..3 {
        let plan = world.plan().await;
        reasons.extend(plan.lines.iter().filter_map(|line| Some(line.problem.as_ref()?.reason)));
        reasons.extend(world.apply(&plan).await.iter().filter_map(|outcome| match outcome {
            Outcome::Failed(error) => Some(error.reason()),
            _ => None,
        }));
    }
    if world.objects().iter().any(|object| object.budget.is_some()) {
        // A platform whose minimum is a step of the budget has nothing to say.
        assert!(World::<S>::rules().minimum_daily_budget(currency).is_none_or(|minimum| minimum.micros() <= unit));
        return;
    }
    assert!(!reasons.is_empty() && reasons.iter().all(|reason| *reason == Reason::BudgetBelowMinimum), "{reasons:?}");
    assert_eq!(S::live_micros(&world.sim), 0);
}
