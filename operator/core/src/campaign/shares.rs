//! What each line may spend a day: its share of the Campaign's budget, paced if that is for a flight.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::line::{self, Desired, LineKey, LineProblem, Spending};
use super::spec::{BudgetPeriod, CampaignSpec};
use crate::budget::{pacing, split};
use crate::money::{Currency, Money};
use crate::platform::{Account, PlatformRules};
use crate::reason::Reason;

/// What shares depend on.
pub(super) struct Inputs<'a> {
    pub(super) spec: &'a CampaignSpec,
    pub(super) accounts: &'a BTreeMap<String, Account>,
    pub(super) rules: &'a dyn Fn(&Account) -> Option<Arc<dyn PlatformRules>>,
    pub(super) spending: &'a Spending,
    pub(super) now: Timestamp,
}

/// A line whose share is below what its platform takes.
struct Below {
    key: LineKey,
    /// The platform's minimum, in whole steps of its budgets.
    minimum: Money,
    /// The whole budget with which the share would reach the minimum; none: no budget would do.
    needed: Option<u128>,
}

/// Sets the budget of every line. Lines that are below their minimum become problems; with
/// `redistribute` they leave one by one, that which needs the most first, for its share may lift the
/// others.
pub(super) fn set_budgets(inputs: &Inputs<'_>, desired: &mut Desired) {
    let spec = inputs.spec;
    let total = match spec.budget.period {
        BudgetPeriod::Daily => spec.budget.amount,
        BudgetPeriod::Flight => pacing::remaining(spec.budget.amount, inputs.spending.values()),
    };
    let mut parts: Vec<split::Part> = line::keys(spec)
        .into_iter()
        .map(|key| split::Part { weight: spec.split.weight(&key.account, &key.market), unit: inputs.unit(&key), key })
        .collect();
    loop {
        let below = inputs.set_shares(total, &parts, desired);
        if below.is_empty() {
            return;
        }
        if !spec.budget.redistribute {
            leave(spec, total, &below, desired);
            return;
        }
        let furthest = |below: &Below| (below.needed.is_none(), below.needed, below.key.clone());
        let Some(first) = below.into_iter().max_by_key(furthest) else { return };
        parts.retain(|part| part.key != first.key);
        desired.budgets.insert(first.key.clone(), Money::zero(inputs.currency(&first.key)));
        leave(spec, total, &[first], desired);
    }
}

impl Inputs<'_> {
    /// The currency that a line's budget is in.
    fn currency(&self, key: &LineKey) -> Currency {
        let of_account = self.accounts.get(&key.account).map(|account| account.currency);
        of_account.filter(|currency| self.spec.rates.know(*currency)).unwrap_or(self.spec.rates.base())
    }

    /// The smallest step of a line's budget, in micros of its account's currency.
    fn own_unit(&self, key: &LineKey) -> i64 {
        let fallback = self.spec.rates.base().minor_unit_micros();
        self.accounts.get(&key.account).map_or(fallback, |account| account.budget_unit)
    }

    /// The step in which the budget is split for it, in micros. A step of another currency is seldom a whole number of
    /// micros: what is converted is rounded afterwards.
    fn unit(&self, key: &LineKey) -> i64 {
        if self.currency(key) == self.spec.rates.base() { self.own_unit(key) } else { 1 }
    }

    /// A share of the budget in the currency of the line's account, in whole steps.
    fn own(&self, key: &LineKey, share: Money) -> Money {
        let given = self.spec.rates.give(share, self.currency(key)).unwrap_or(share);
        given.floor_to(self.own_unit(key))
    }

    /// Splits the total and returns the lines that are below their minimum.
    fn set_shares(&self, total: Money, parts: &[split::Part], desired: &mut Desired) -> Vec<Below> {
        let weights: u128 = parts.iter().map(|part| u128::from(part.weight)).sum();
        let mut below = Vec::new();
        for (part, (key, share)) in parts.iter().zip(split::split(total, parts)) {
            let (share, days) = self.daily(&key, share);
            let share = self.own(&key, share);
            desired.budgets.insert(key.clone(), share);
            let Some(line) = desired.lines.get_mut(&key) else { continue };
            line.budget = share;
            let minimum = self.minimum(&key, share);
            // A line of a flight that is over needs no budget.
            if line.over || share >= minimum {
                continue;
            }
            let least = self.spec.rates.count(minimum).unwrap_or(minimum).micros().unsigned_abs();
            let needed = u128::from(least) * u128::from(days.unsigned_abs()) * weights;
            let needed = (part.weight > 0).then(|| needed.div_ceil(u128::from(part.weight)));
            below.push(Below { key, minimum, needed });
        }
        below
    }

    /// A share as a daily budget, and the days that are left for it.
    fn daily(&self, key: &LineKey, share: Money) -> (Money, i32) {
        match self.spec.budget.period {
            BudgetPeriod::Daily => (share, 1),
            BudgetPeriod::Flight => {
                let zone = self.accounts.get(&key.account).map_or(TimeZone::UTC, |account| account.time_zone.clone());
                let (start, end) = line::flight_in(self.spec, &zone);
                let (start, end, today) = (start.date(), end.date(), self.now.to_zoned(zone).date());
                let daily = pacing::daily(share, start, end, today).floor_to(self.unit(key));
                (daily, pacing::days_left(start, end, today).max(1))
            }
        }
    }

    /// The least that a line can be given: what its platform takes, in whole steps, and never nothing.
    fn minimum(&self, key: &LineKey, share: Money) -> Money {
        let unit = self.own_unit(key).max(1);
        let of_platform = self
            .accounts
            .get(&key.account)
            .and_then(|account| account.minimum_daily_budget((self.rules)(account)?.as_ref()))
            .map_or(0, Money::micros);
        let steps = of_platform.max(1).unsigned_abs().div_ceil(unit.unsigned_abs());
        Money::from_micros(steps.saturating_mul(unit.unsigned_abs()), share.currency()).unwrap_or(share)
    }
}

/// Makes problems of lines that are below their minimum.
fn leave(spec: &CampaignSpec, total: Money, below: &[Below], desired: &mut Desired) {
    let needed = below.iter().map(|below| below.needed).max().flatten();
    let needed = needed.and_then(|micros| Money::from_micros(u64::try_from(micros).ok()?, total.currency()).ok());
    let shown = below.iter().take(5).map(|below| below.key.to_string()).collect::<Vec<_>>().join(", ");
    let more = below.len().saturating_sub(5);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    let period = match spec.budget.period {
        BudgetPeriod::Daily => "a day",
        BudgetPeriod::Flight => "for the rest of the flight",
    };
    for Below { key, minimum, needed: own } in below {
        desired.lines.remove(key);
        let message = if own.is_none() {
            format!("the weight of {key} in `split` is 0: it gets nothing; give it a weight, or name it in `except`")
        } else {
            let needed = needed.map_or_else(String::new, |n| format!("; a budget of {n} {period} would be needed"));
            format!(
                "the share of {total} {period} is below the platform's minimum of {minimum} a day for \
                 {shown}{rest}{needed}"
            )
        };
        desired.problems.insert(key.clone(), LineProblem::new(Reason::BudgetBelowMinimum, message));
    }
}
