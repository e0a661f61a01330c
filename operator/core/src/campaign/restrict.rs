//! Policy: what of a plan may be done. Each guard looks at one change and either lets it pass or
//! says why not; a guard never adds a change. Nothing is dropped silently: what is taken out is kept
//! as [`Withheld`].

use std::collections::BTreeMap;

use super::plan::{Action, Cause, Change, Inputs, LinePlan, Plan, Withheld};
use super::settings::Field;
use super::spec::{BudgetPeriod, DriftPolicy, OnReplace, StopsByHand};
use crate::money::Money;
use crate::platform::Manner;
use crate::reason::Reason;

/// A verdict of a guard: why not.
type Refusal = Option<(Reason, String)>;

/// What a guard sees.
struct Context<'a> {
    inputs: &'a Inputs<'a>,
    account: &'a str,
    stopped_by_hand: bool,
}

type Guard = fn(&Context<'_>, &Change) -> Refusal;

/// The guards in order; the first that refuses names the reason.
const GUARDS: &[Guard] = &[
    account_stop,
    suspension,
    grant,
    kept_stop,
    replacement,
    drift_policy,
    contested,
    currency,
];

/// Filters a plan. Caps and limits that concern several lines come last and see what is left.
#[must_use]
pub fn restrict(inputs: &Inputs<'_>, mut plan: Plan) -> Plan {
    for line in &mut plan.lines {
        let context =
            Context { inputs, account: &line.key.account, stopped_by_hand: line.stopped_by_hand };
        filter(&mut line.changes, &mut line.withheld, |change| {
            GUARDS.iter().find_map(|guard| guard(&context, change))
        });
    }
    for retired in &mut plan.retired {
        let context = Context { inputs, account: &retired.account, stopped_by_hand: false };
        filter(&mut retired.changes, &mut retired.withheld, |change| {
            // A deletion is carried out in spite of suspension and drift policy: S11.
            let guards: &[Guard] = if change.cause == Cause::Deleted { &[] } else { &[account_stop, suspension] };
            guards.iter().find_map(|guard| guard(&context, change))
        });
    }
    object_limits(inputs, &mut plan);
    campaign_budget(inputs, &mut plan);
    plan
}

fn filter(changes: &mut Vec<Change>, withheld: &mut Vec<Withheld>, mut refuse: impl FnMut(&Change) -> Refusal) {
    changes.retain(|change| match refuse(change) {
        None => true,
        Some((reason, message)) => {
            withheld.push(Withheld { change: change.clone(), reason, message });
            false
        }
    });
}

/// S14: on a stopped account we only stop.
fn account_stop(context: &Context<'_>, change: &Change) -> Refusal {
    let stop = context.inputs.accounts.get(context.account).is_some_and(|view| view.account.stop);
    (stop && !matches!(change.action, Action::Pause { .. } | Action::Remove { .. })).then(|| {
        (Reason::StoppedByAccount, format!("spec.stop is set on the AdAccount {}", context.account))
    })
}

/// A suspended Campaign is not written to, but for the account's stop.
fn suspension(context: &Context<'_>, change: &Change) -> Refusal {
    (context.inputs.spec.suspend && change.cause != Cause::AccountStop)
        .then(|| (Reason::Suspended, "the Campaign is suspended".to_owned()))
}

/// Without the account's grant nothing grows.
fn grant(context: &Context<'_>, change: &Change) -> Refusal {
    let granted = context.inputs.accounts.get(context.account).is_none_or(|view| view.granted);
    (!granted && change.action.grows_spend()).then(|| {
        (
            Reason::AccountNotGranted,
            format!("the AdAccount {} does not grant this namespace (spec.allowedNamespaces)", context.account),
        )
    })
}

/// S6: a stop by hand stays until the spec changes.
fn kept_stop(context: &Context<'_>, change: &Change) -> Refusal {
    let keep = context.inputs.spec.policies.stops_by_hand == StopsByHand::Keep;
    (keep && context.stopped_by_hand && change.action.grows_spend()).then(|| {
        (
            Reason::StoppedOnPlatform,
            "stopped by hand on the platform; it stays so until the spec changes (stopsByHand: Keep)".to_owned(),
        )
    })
}

fn replacement(context: &Context<'_>, change: &Change) -> Refusal {
    let refuse = context.inputs.spec.policies.on_replace == OnReplace::Refuse;
    match &change.action {
        Action::Set { field, manner: Manner::Replace, .. } if refuse => Some((
            Reason::ReplaceNotAllowed,
            format!("{field} cannot be changed on the platform; a new object would be needed: set onReplace: Allow"),
        )),
        _ => None,
    }
}

fn drift_policy(context: &Context<'_>, change: &Change) -> Refusal {
    let report = context.inputs.spec.policies.drift == DriftPolicy::Report;
    (report && change.cause == Cause::Drift)
        .then(|| (Reason::Drifted, "the platform was changed by somebody else (driftPolicy: Report)".to_owned()))
}

/// S6: what something keeps changing back is left alone, unless a cap needs it.
fn contested(context: &Context<'_>, change: &Change) -> Refusal {
    let view = context.inputs.accounts.get(context.account)?;
    let (id, field) = (change.action.id()?, change.action.field()?);
    let cap = change.cause == Cause::Cap
        || matches!(&change.action, Action::SetBudget { from, to, .. } if to < from)
        || matches!(change.action, Action::Pause { .. });
    (!cap && view.contested.contains(&(id.clone(), field))).then(|| {
        (
            Reason::DriftContested,
            format!("{field} of {id} was changed back three times within an hour; it is left as it is"),
        )
    })
}

/// A Campaign one of whose accounts has another currency creates nothing.
fn currency(context: &Context<'_>, change: &Change) -> Refusal {
    let problem =
        context.inputs.desired.problems.values().find(|problem| problem.reason == Reason::CurrencyMismatch)?;
    matches!(change.action, Action::Create(_)).then(|| (Reason::CurrencyMismatch, problem.message.clone()))
}

/// An account never holds more objects than the platform allows: what would pass the limit is not begun.
fn object_limits(inputs: &Inputs<'_>, plan: &mut Plan) {
    let mut room: BTreeMap<String, (i64, u32)> = inputs
        .accounts
        .iter()
        .filter_map(|(name, view)| {
            let count = view.account.objects?;
            Some((name.clone(), (i64::from(count.limit) - i64::from(count.live), count.limit)))
        })
        .collect();
    let wanted = |plan: &Plan, account: &str| {
        plan.lines
            .iter()
            .filter(|line| line.key.account == account)
            .flat_map(|line| &line.changes)
            .filter(|change| matches!(change.action, Action::Create(_)))
            .count()
    };
    let totals: BTreeMap<String, usize> = room.keys().map(|name| (name.clone(), wanted(plan, name))).collect();
    for line in &mut plan.lines {
        let Some((left, limit)) = room.get_mut(&line.key.account) else { continue };
        let (account, total) = (&line.key.account, totals.get(&line.key.account).copied().unwrap_or(0));
        let before = *left;
        filter(&mut line.changes, &mut line.withheld, |change| {
            if !matches!(change.action, Action::Create(_)) {
                return None;
            }
            *left -= 1;
            (*left < 0).then(|| {
                (
                    Reason::ObjectLimit,
                    format!(
                        "the account {account} may hold {limit} campaigns; this Campaign would create {total} more, \
                         and {} fit",
                        before.max(0).min(i64::try_from(total).unwrap_or(i64::MAX))
                    ),
                )
            })
        });
    }
}

/// S3: the sum of what may be spent a day, counted with upper bounds, never passes the Campaign's
/// budget by a change of ours. Decreases count when they are observed, not when they are sent.
fn campaign_budget(inputs: &Inputs<'_>, plan: &mut Plan) {
    let Some(cap) = cap(inputs) else { return };
    let mut bound: i64 = upper_bounds(inputs, plan);
    let mut lines: Vec<&mut LinePlan> = plan.lines.iter_mut().collect();
    // Small increases first, so that a big one that does not fit holds up nobody else.
    lines.sort_by_key(|line| line.changes.iter().map(|change| growth(line, change)).sum::<i64>());
    for line in lines {
        let growths: Vec<i64> = line.changes.iter().map(|change| growth(line, change)).collect();
        let mut growths = growths.into_iter();
        filter(&mut line.changes, &mut line.withheld, |_| {
            let growth = growths.next().unwrap_or(0);
            if growth <= 0 {
                return None;
            }
            if bound + growth > cap {
                return Some((
                    Reason::BudgetReached,
                    "it waits until a decrease elsewhere in the Campaign is confirmed".to_owned(),
                ));
            }
            bound += growth;
            None
        });
    }
}

/// By how many micros a day a change can raise what is spent at once.
fn growth(line: &LinePlan, change: &Change) -> i64 {
    match &change.action {
        Action::Enable { budget, .. } => {
            line.bound.as_ref().map_or(budget.micros(), |object| object.budget.micros().max(budget.micros()))
        }
        Action::SetBudget { from, to, live: true, .. } => (to.micros() - from.micros()).max(0),
        _ => 0,
    }
}

/// The Campaign's daily cap in micros; for a flight budget, today's paced sum.
fn cap(inputs: &Inputs<'_>) -> Option<i64> {
    match inputs.spec.budget.period {
        BudgetPeriod::Daily => Some(inputs.spec.budget.amount.micros()),
        BudgetPeriod::Flight => inputs.desired.budgets.values().map(|m| m.micros()).try_fold(0_i64, i64::checked_add),
    }
}

fn upper_bounds(inputs: &Inputs<'_>, plan: &Plan) -> i64 {
    let of = |account: &str, object: &super::observed::ObservedLine| {
        let pending =
            inputs.accounts.get(account).and_then(|view| view.upper_bounds.get(&object.id)).copied().unwrap_or(0);
        match object.delivery {
            super::observed::Delivery::Enabled => object.budget.micros().max(pending),
            _ => pending,
        }
    };
    let lines = plan.lines.iter().filter_map(|line| Some(of(&line.key.account, line.bound.as_ref()?)));
    let retired = plan.retired.iter().map(|retired| of(&retired.account, &retired.object));
    lines.chain(retired).fold(0, i64::saturating_add)
}

/// Money a day before and after a plan, for people: the sum over enabled objects.
pub fn totals(plan: &Plan) -> Option<(Money, Money)> {
    let mut before: Option<Money> = None;
    let mut after: Option<Money> = None;
    let mut add = |to_after: bool, money: Money| {
        let slot = if to_after { &mut after } else { &mut before };
        *slot = match *slot {
            None => Some(money),
            Some(sum) => sum.checked_add(money).ok().or(Some(sum)),
        };
    };
    for line in &plan.lines {
        let enabled = line.bound.as_ref().is_some_and(|o| o.delivery == super::observed::Delivery::Enabled);
        let current = line.bound.as_ref().map(|object| object.budget);
        if let Some(current) = current.filter(|_| enabled) {
            add(false, current);
        }
        let mut then = current.filter(|_| enabled);
        for change in &line.changes {
            match &change.action {
                // A new line is enabled once it was read back.
                Action::Create(new) => {
                    then = line.wanted.as_ref().filter(|wanted| wanted.enabled).map(|_| new.budget);
                }
                Action::Enable { budget, .. } => then = Some(*budget),
                Action::SetBudget { to, .. } => then = then.map(|_| *to),
                Action::Pause { .. } => then = None,
                Action::Mark { .. } | Action::Set { .. } | Action::Remove { .. } => {}
            }
        }
        if let Some(then) = then {
            add(true, then);
        }
    }
    for retired in &plan.retired {
        if retired.object.delivery == super::observed::Delivery::Enabled {
            add(false, retired.object.budget);
            if retired.changes.is_empty() {
                add(true, retired.object.budget);
            }
        }
    }
    let currency = before.or(after)?.currency();
    Some((before.unwrap_or(Money::zero(currency)), after.unwrap_or(Money::zero(currency))))
}

/// Whether a field of an object may be corrected at all; for callers that count corrections.
pub fn is_correction(change: &Change) -> Option<(String, Field)> {
    (change.cause == Cause::Drift).then(|| Some((change.action.id()?.clone(), change.action.field()?)))?
}
