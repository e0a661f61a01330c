//! Money a day before and after a plan.

use crate::campaign::observed::Delivery;
use crate::campaign::plan::{Action, Cause, Change, LinePlan, Plan};
use crate::money::Money;
use crate::rates::Rates;

/// Money a day before and after a plan, for people: the sum over enabled objects as they are seen, and
/// as they will be when the plan, and what follows from it by itself, is carried out. What is of another currency is
/// converted by `rates`; what has no rate is left out. Without rates it is the currency of the first amount that counts,
/// for plans of one account. None if there is no money in it.
pub fn totals(plan: &Plan, rates: Option<&Rates>) -> Option<(Money, Money)> {
    let lines = plan.lines.iter().map(|line| (before(line), after(line)));
    let retired = plan.retired.iter().map(|retired| {
        let now = (retired.object.delivery == Delivery::Enabled).then_some(retired.object.budget);
        let stops = retired.changes.iter().any(|change| matches!(change.action, Action::Pause { .. }));
        (now, now.filter(|_| !stops))
    });
    let (before, after): (Vec<_>, Vec<_>) = lines.chain(retired).unzip();
    let first = before.iter().chain(&after).flatten().next()?;
    let rates = rates.cloned().unwrap_or(Rates::none(first.currency()));
    let sum = |all: &[Option<Money>]| {
        let counted = all.iter().flatten().filter_map(|money| rates.count(*money));
        let sum = counted.fold(Money::zero(rates.base()), |sum, money| sum.checked_add(money).unwrap_or(sum));
        sum.floor_to(rates.base().minor_unit_micros())
    };
    Some((sum(&before), sum(&after)))
}

fn before(line: &LinePlan) -> Option<Money> {
    line.own().filter(|object| object.delivery == Delivery::Enabled).map(|object| object.budget)
}

fn after(line: &LinePlan) -> Option<Money> {
    let wish = line.wanted.as_ref().filter(|wanted| wanted.enabled).map(|wanted| wanted.budget);
    // What is created, or replaced, is enabled once it was read back.
    let new = |change: &Change| matches!(change.action, Action::Create(_)) || change.cause == Cause::Replaced;
    if line.changes.iter().any(new) {
        return wish;
    }
    let object = line.own()?;
    let budget = line
        .changes
        .iter()
        .find_map(|change| match &change.action {
            Action::SetBudget { to, .. } => Some(*to),
            _ => None,
        })
        .unwrap_or(object.budget);
    if line.changes.iter().any(|change| matches!(change.action, Action::Pause { .. })) {
        return None;
    }
    let enabled = object.delivery == Delivery::Enabled;
    // An enable follows by itself when all else is done, unless something keeps it back.
    let will_be = wish.is_some() && line.withheld.is_empty() && !line.changes.is_empty() && !line.stopped_by_hand;
    (enabled || will_be).then_some(budget)
}
