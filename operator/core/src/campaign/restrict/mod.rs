//! Policy: what of a plan may be done. Each guard looks at one change and either lets it pass or
//! says why not; a guard never adds a change. Nothing is dropped silently: what is taken out is kept
//! as [`Withheld`].

mod caps;
mod limits;
#[cfg(test)]
mod tests;
mod totals;

use std::collections::BTreeMap;

use self::caps::Caps;
pub use self::totals::totals;
use super::line::LineKey;
use super::observed::ExternalId;
use super::plan::{Action, Cause, Change, Inputs, Plan, Withheld};
use super::record::knows_changes;
use super::settings::{Field, Value};
use super::spec::{DriftPolicy, OnReplace, StopsByHand};
use crate::budget::authority::{Permit, SpendAuthority};
use crate::budget::brakes::{Attempt, BudgetChanges, braked};
use crate::platform::Manner;
use crate::reason::Reason;

/// A verdict of a guard: why not.
type Refusal = Option<(Reason, String)>;

/// What a guard sees.
struct Context<'a> {
    inputs: &'a Inputs<'a>,
    account: &'a str,
    /// Of which line; none for an object that is retired.
    line: Option<&'a LineKey>,
    stopped_by_hand: bool,
    /// Whether what runs passes the Campaign's budget, as far as is known.
    over_budget: bool,
}

type Guard = fn(&Context<'_>, &Change) -> Refusal;

/// The guards in order; the first that refuses names the reason.
const GUARDS: &[Guard] =
    &[account_stop, suspension, grant, kept_stop, replacement, drift_policy, contested, currency, brakes];

/// What the spend authority has granted to the changes of a plan, by the Campaign's name for the account and the object.
/// It is given back change by change: see [`SpendAuthority`].
#[derive(Debug, Default)]
#[must_use]
pub struct Permits(pub BTreeMap<(String, ExternalId), Permit>);

/// Filters a plan: [`policy`], then [`authorize`].
pub fn restrict(inputs: &Inputs<'_>, plan: Plan, authority: &mut SpendAuthority) -> (Plan, Permits) {
    let plan = policy(inputs, plan, authority);
    authorize(inputs, plan, authority)
}

/// Takes out what policy forbids.
#[must_use]
pub fn policy(inputs: &Inputs<'_>, mut plan: Plan, authority: &mut SpendAuthority) -> Plan {
    let over_budget = Caps::new(inputs, &plan, authority).passed(authority);
    for line in &mut plan.lines {
        let context = Context {
            inputs,
            account: &line.key.account,
            line: Some(&line.key),
            stopped_by_hand: line.stopped_by_hand,
            over_budget,
        };
        filter(&mut line.changes, &mut line.withheld, |change| GUARDS.iter().find_map(|guard| guard(&context, change)));
    }
    for retired in &mut plan.retired {
        let context = Context { inputs, account: &retired.account, line: None, stopped_by_hand: false, over_budget };
        filter(&mut retired.changes, &mut retired.withheld, |change| {
            // A deletion is carried out in spite of suspension and drift policy: S11.
            let guards: &[Guard] = if change.cause == Cause::Deleted { &[] } else { &[account_stop, suspension] };
            guards.iter().find_map(|guard| guard(&context, change))
        });
    }
    limits::objects(inputs, &mut plan);
    limits::ads(inputs, &mut plan);
    plan
}

/// Has what is left of a plan granted by the spend authority (S3), and takes out what is not: it comes last, so that
/// nothing is granted to a change that is not made.
pub fn authorize(inputs: &Inputs<'_>, mut plan: Plan, authority: &mut SpendAuthority) -> (Plan, Permits) {
    let caps = Caps::new(inputs, &plan, authority);
    let permits = caps::grant(inputs, &mut plan, &caps, authority);
    (plan, permits)
}

/// Whether policy leaves this difference as it is until the spec or the policy changes, so that
/// nothing else needs to wait for it. More money than wanted is always waited for.
pub(super) fn stays_withheld(inputs: &Inputs<'_>, account: &str, change: &Change) -> bool {
    let context = Context { inputs, account, line: None, stopped_by_hand: false, over_budget: false };
    let lasting: &[Guard] = &[replacement, drift_policy, contested];
    let harmless = match &change.action {
        Action::Set { .. } => true,
        Action::SetBudget { from, to, .. } => to > from,
        _ => false,
    };
    harmless && lasting.iter().any(|guard| guard(&context, change).is_some())
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
        (
            Reason::StoppedByAccount,
            format!("the account {} is stopped (spec.stop, or --stop of the operator)", context.account),
        )
    })
}

/// A suspended Campaign is not written to, but for the account's stop and for what its ceiling needs.
fn suspension(context: &Context<'_>, change: &Change) -> Refusal {
    let ceiling = change.cause == Cause::Cap
        && context.inputs.accounts.get(context.account).is_some_and(|view| view.level.is_some());
    (context.inputs.spec.suspend && change.cause != Cause::AccountStop && !ceiling)
        .then(|| (Reason::Suspended, "the Campaign is suspended".to_owned()))
}

/// Whether a change needs the account's grant (S12): all but what stops, shrinks or shortens, keeps our marker, or
/// brings back what the line had under the grant.
pub fn needs_grant(change: &Change) -> bool {
    match &change.action {
        Action::Set { .. } if change.cause == Cause::Drift => false,
        Action::Set { field: Field::End, from: Some(Value::Instant(from)), to: Value::Instant(to), .. } => to > from,
        Action::Set { .. } => true,
        action => action.grows_spend(),
    }
}

/// Without the account's grant nothing grows, and no ad leads elsewhere.
fn grant(context: &Context<'_>, change: &Change) -> Refusal {
    let granted = context.inputs.accounts.get(context.account).is_none_or(|view| view.granted);
    (!granted && needs_grant(change)).then(|| {
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

/// S6. The marker is ours and is written in spite of the policy, into the name that others gave; and
/// where a cap needs it, spending is stopped or lowered.
fn drift_policy(context: &Context<'_>, change: &Change) -> Refusal {
    let report = context.inputs.spec.policies.drift == DriftPolicy::Report;
    let needed = match &change.action {
        Action::Mark { .. } => true,
        Action::Pause { .. } => context.over_budget,
        Action::SetBudget { from, to, .. } => context.over_budget && to < from,
        _ => false,
    };
    (report && !needed && change.cause == Cause::Drift)
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

/// A Campaign one of whose accounts has another currency creates and raises nothing: its budget
/// cannot be compared with what is spent there.
fn currency(context: &Context<'_>, change: &Change) -> Refusal {
    let problem =
        context.inputs.desired.problems.values().find(|problem| problem.reason == Reason::CurrencyMismatch)?;
    change.action.grows_spend().then(|| (Reason::CurrencyMismatch, problem.message.clone()))
}

/// Each change of a budget passes the brakes: see [`crate::budget::brakes`].
fn brakes(context: &Context<'_>, change: &Change) -> Refusal {
    let view = context.inputs.accounts.get(context.account)?;
    let now = context.inputs.now;
    let record = context.line.and_then(|line| context.inputs.records.get(line));
    let (from, to, changes) = match &change.action {
        Action::Create(new) => (None, new.budget, BudgetChanges::default()),
        Action::SetBudget { id, from, to, .. } => {
            let known = record.filter(|record| knows_changes(record, id)).map(|record| record.budget_changes);
            (Some(*from), *to, known.unwrap_or(BudgetChanges::unknown(now)))
        }
        _ => return None,
    };
    let attempt = Attempt {
        from,
        to,
        changes,
        brakes: view.account.brakes,
        platform_changes_per_hour: view.rules.budget_changes_per_hour(),
        unit: view.account.budget_unit,
        minimum: view.account.minimum_daily_budget(view.rules.as_ref()),
        now,
    };
    braked(&attempt).map(|braked| (braked.reason, braked.message))
}

/// Whether a field of an object may be corrected at all; for callers that count corrections.
pub fn is_correction(change: &Change) -> Option<(String, Field)> {
    (change.cause == Cause::Drift).then(|| Some((change.action.id()?.clone(), change.action.field()?)))?
}
