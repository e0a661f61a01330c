//! What differs between a line's object and what is wanted.

use super::{
    AccountView, Action, Cause, Change, Inputs, LinePlan, NewLine, Wait, Wanted, is_enabled, token,
};
use crate::campaign::line::LineProblem;
use crate::campaign::observed::{Delivery, LineRecord, ObservedLine};
use crate::campaign::settings::{Field, Value};
use crate::campaign::spec::StopsByHand;
use crate::money::Money;
use crate::platform::Manner;
use crate::reason::Reason;

/// A line without an object.
pub(super) fn absent(inputs: &Inputs<'_>, line: &mut LinePlan) {
    let Some(wanted) = &line.wanted else { return };
    let over = inputs.desired.lines.get(&line.key).is_some_and(|desired| desired.over);
    if over {
        line.problem = Some(LineProblem::new(Reason::FlightOver, "the flight is over; nothing is created"));
        return;
    }
    let create = create(inputs, line, wanted, line.replacement);
    line.changes.push(create);
}

fn create(inputs: &Inputs<'_>, line: &LinePlan, wanted: &Wanted, replacement: u32) -> Change {
    let token = token(inputs, &line.key, replacement).to_string();
    let mut settings = wanted.full.clone();
    if let Some(name) = marked_name(inputs, line, replacement) {
        settings.set(Field::Name, Value::Text(name));
    }
    let new = NewLine { key: line.key.clone(), token, replacement, budget: wanted.budget, settings };
    Change { action: Action::Create(Box::new(new)), cause: Cause::Spec }
}

/// The name as the platform holds it: what the rules render, then the token.
fn marked_name(inputs: &Inputs<'_>, line: &LinePlan, replacement: u32) -> Option<String> {
    match line.wanted.as_ref()?.full.get(Field::Name)? {
        Value::Text(name) => Some(format!("{name} {}", token(inputs, &line.key, replacement))),
        _ => None,
    }
}

/// A line with an object.
pub(super) fn present(
    inputs: &Inputs<'_>,
    view: &AccountView<'_>,
    record: &LineRecord,
    object: &ObservedLine,
    line: &mut LinePlan,
) {
    line.stopped_by_hand = stopped_by_hand(inputs, record, object, line.wanted.as_ref());
    let Some(wanted) = line.wanted.clone() else {
        without_wish(inputs, view, object, line);
        return;
    };
    let mut changes = Vec::new();
    mark(inputs, object, line, &mut changes);
    settings(inputs, view, record, object, &wanted, line, &mut changes);
    budget(inputs, view, record, object, &wanted, line, &mut changes);
    // Going live comes last: only an observation that matches in everything else allows it.
    let ready = changes.is_empty();
    delivery(inputs, record, object, &wanted, ready, line, &mut changes);

    // An observation that began before our last write may just not show it.
    let until = view.unsettled.get(&object.id).copied().unwrap_or(view.floor).max(view.floor);
    if !changes.is_empty() && object.seen <= until {
        line.wait = Some(Wait { reason: Reason::Updating, until: Some(until) });
        line.drift.clear();
        line.stopped_by_hand = record.stop.is_some();
        // Stopping is right on any evidence.
        changes.retain(|change| matches!(change.action, Action::Pause { .. }));
    }
    line.changes = changes;
}

/// A line that cannot be rendered keeps what it has, but never more money than its share.
fn without_wish(inputs: &Inputs<'_>, view: &AccountView<'_>, object: &ObservedLine, line: &mut LinePlan) {
    let Some(problem) = &line.problem else { return };
    let id = object.id.clone();
    if !is_enabled(object) {
        return;
    }
    if view.account.stop {
        line.changes.push(Change { action: Action::Pause { id }, cause: Cause::AccountStop });
        return;
    }
    match inputs.desired.budgets.get(&line.key) {
        _ if problem.reason == Reason::BudgetBelowMinimum => {
            line.changes.push(Change { action: Action::Pause { id }, cause: Cause::Cap });
        }
        Some(share) if *share < object.budget => {
            let action = if share.is_zero() || view.refused_decreases.contains(&object.id) {
                Action::Pause { id }
            } else {
                Action::SetBudget { id, from: object.budget, to: *share, live: true }
            };
            line.changes.push(Change { action, cause: Cause::Cap });
        }
        _ => {}
    }
}

fn mark(inputs: &Inputs<'_>, object: &ObservedLine, line: &mut LinePlan, changes: &mut Vec<Change>) {
    let token = token(inputs, &line.key, line.replacement);
    if object.marker.is_whole(&token) {
        return;
    }
    let Some(name) = marked_name(inputs, line, line.replacement) else { return };
    // Without any evidence of ours it is an adoption, which the spec asks for by name.
    let ours_before = object.marker.label || object.marker.best_token().is_some();
    if ours_before {
        line.drift.push(Field::Name);
    }
    changes.push(Change {
        action: Action::Mark {
            id: object.id.clone(),
            token: token.to_string(),
            name,
            paused: !ours_before && object.delivery == Delivery::PausedByOthers,
        },
        cause: if ours_before { Cause::Drift } else { Cause::Spec },
    });
}

fn settings(
    inputs: &Inputs<'_>,
    view: &AccountView<'_>,
    record: &LineRecord,
    object: &ObservedLine,
    wanted: &Wanted,
    line: &mut LinePlan,
    changes: &mut Vec<Change>,
) {
    let marked = changes.iter().any(|change| matches!(change.action, Action::Mark { .. }));
    let cause = cause(inputs, record.confirmed_hash.as_deref(), &wanted.settings.hash());
    let mut replace = false;
    for (field, plain) in &wanted.settings.0 {
        let to = match field {
            // The marker was written with the whole name already.
            Field::Name if marked => continue,
            Field::Name => match marked_name(inputs, line, line.replacement) {
                Some(name) => Value::Text(name),
                None => continue,
            },
            _ => plain.clone(),
        };
        let from = object.settings.get(*field);
        if from.is_some_and(|from| view.rules.satisfied(*field, from, &to, view.account, inputs.now)) {
            continue;
        }
        if cause == Cause::Drift {
            line.drift.push(*field);
        }
        let manner = view.rules.manner(*field, from, &to, object, inputs.now);
        replace |= manner == Manner::Replace;
        let action =
            Action::Set { id: object.id.clone(), field: *field, from: from.cloned(), to, manner };
        changes.push(Change { action, cause });
    }
    if replace {
        self::replace(inputs, object, wanted, line, changes);
    }
}

/// An immutable field: the old object is paused; when it is seen paused, a new one is created.
/// `restrict` keeps the `Set` with its `Replace` where `onReplace` refuses.
fn replace(
    inputs: &Inputs<'_>,
    object: &ObservedLine,
    wanted: &Wanted,
    line: &LinePlan,
    changes: &mut Vec<Change>,
) {
    if inputs.spec.policies.on_replace == crate::campaign::spec::OnReplace::Refuse {
        return;
    }
    let next = if is_enabled(object) {
        Change { action: Action::Pause { id: object.id.clone() }, cause: Cause::Replaced }
    } else {
        let mut create = create(inputs, line, wanted, line.replacement + 1);
        create.cause = Cause::Replaced;
        create
    };
    // The old object is not changed any more, it only stops.
    *changes = vec![next];
}

/// Who made a difference: if what is wanted now is what was confirmed before, it was not us.
fn cause(inputs: &Inputs<'_>, confirmed: Option<&str>, wanted: &str) -> Cause {
    match confirmed {
        Some(confirmed) if confirmed == wanted => Cause::Drift,
        Some(_) => Cause::Spec,
        None if inputs.spec_changed => Cause::Spec,
        None => Cause::Unknown,
    }
}

fn budget(
    inputs: &Inputs<'_>,
    view: &AccountView<'_>,
    record: &LineRecord,
    object: &ObservedLine,
    wanted: &Wanted,
    line: &mut LinePlan,
    changes: &mut Vec<Change>,
) {
    let (from, to) = (object.budget, wanted.budget);
    let replaced = changes.iter().any(|change| change.cause == Cause::Replaced);
    if from == to || to.is_zero() || replaced || inputs.spec.policies.ignore_fields.contains(&Field::Budget) {
        return;
    }
    // The platform holds another budget than we confirmed, and the spec is the same.
    let by_others = !inputs.spec_changed && record.confirmed_budget.is_some_and(|micros| micros != from.micros());
    if by_others {
        line.drift.push(Field::Budget);
    }
    let cause = if by_others { Cause::Drift } else { Cause::Spec };
    let id = object.id.clone();
    if to < from && view.refused_decreases.contains(&id) && is_enabled(object) {
        changes.push(Change { action: Action::Pause { id }, cause: Cause::Cap });
        return;
    }
    changes.push(Change { action: Action::SetBudget { id, from, to, live: is_enabled(object) }, cause });
}

fn delivery(
    inputs: &Inputs<'_>,
    record: &LineRecord,
    object: &ObservedLine,
    wanted: &Wanted,
    ready: bool,
    line: &mut LinePlan,
    changes: &mut Vec<Change>,
) {
    let id = object.id.clone();
    let over = inputs.desired.lines.get(&line.key).is_some_and(|desired| desired.over);
    // After the creation an ignored delivery is the platform's affair.
    let ignored = inputs.spec.policies.ignore_fields.contains(&Field::Delivery);
    match (is_enabled(object), wanted.enabled) {
        (true, false) if !over && !ignored => {
            let stop = inputs.accounts.get(&line.key.account).is_some_and(|view| view.account.stop);
            let by_others = !inputs.spec_changed && !record.confirmed_enabled && record.confirmed_hash.is_some();
            let cause = match (stop, by_others) {
                (true, _) => Cause::AccountStop,
                (false, true) => Cause::Drift,
                (false, false) => Cause::Spec,
            };
            if cause == Cause::Drift {
                line.drift.push(Field::Delivery);
            }
            changes.retain(|change| !matches!(change.action, Action::Pause { .. }));
            changes.push(Change { action: Action::Pause { id }, cause });
        }
        (false, true) if ready && !(ignored && record.confirmed_enabled) => {
            let by_others = object.delivery == Delivery::PausedByOthers;
            if by_others {
                line.drift.push(Field::Delivery);
            }
            let cause = if by_others && line.stopped_by_hand { Cause::Drift } else { Cause::Spec };
            let cause = if by_others && inputs.spec.policies.stops_by_hand == StopsByHand::Override {
                Cause::Drift
            } else {
                cause
            };
            changes.push(Change { action: Action::Enable { id, budget: wanted.budget }, cause });
        }
        _ => {}
    }
}

/// Whether somebody paused the object or cut its budget since this spec was reported.
fn stopped_by_hand(
    inputs: &Inputs<'_>,
    record: &LineRecord,
    object: &ObservedLine,
    wanted: Option<&Wanted>,
) -> bool {
    let paused = object.delivery == Delivery::PausedByOthers;
    let below = |limit: Money| object.budget < limit;
    let cut = wanted.is_some_and(|wanted| below(wanted.budget))
        && (record.stop.is_some() || record.confirmed_budget.is_some_and(|micros| object.budget.micros() < micros));
    if !paused && !cut {
        return false;
    }
    match record.stop {
        // Seen before: it counts as long as the spec is the one it was made against.
        Some(generation) => generation == inputs.generation,
        None if paused => true,
        None => !inputs.spec_changed,
    }
}
