//! What differs between a line's object and what is wanted.

use super::index::{Index, unsettled_until};
use super::{
    AccountView, Action, Cause, Change, Inputs, LinePlan, NewLine, Wait, Wanted, has_ended, has_evidence, is_enabled,
    token,
};
use crate::campaign::line::{self, LineProblem};
use crate::campaign::observed::{Delivery, Existence, LineRecord, ObservedLine};
use crate::campaign::restrict;
use crate::campaign::settings::{Field, Value};
use crate::campaign::spec::{DriftPolicy, OnReplace, State, StopsByHand};
use crate::marker::Token;
use crate::money::Money;
use crate::platform::Manner;
use crate::reason::Reason;

/// A line's object and what is known around it.
pub(super) struct Subject<'a> {
    pub(super) inputs: &'a Inputs<'a>,
    pub(super) index: &'a Index<'a>,
    pub(super) view: &'a AccountView<'a>,
    pub(super) record: &'a LineRecord,
    pub(super) object: &'a ObservedLine,
}

/// A line without an object. `removed`: it had one, which somebody else removed.
pub(super) fn absent(inputs: &Inputs<'_>, line: &mut LinePlan, removed: bool) {
    let Some(wanted) = &line.wanted else { return };
    if is_over(inputs, line) {
        line.problem = Some(LineProblem::new(Reason::FlightOver, "the flight is over; nothing is created"));
        return;
    }
    let cause = if removed { Cause::Drift } else { Cause::Spec };
    let create = create(inputs, line, wanted, line.replacement, cause);
    line.changes.push(create);
}

fn is_over(inputs: &Inputs<'_>, line: &LinePlan) -> bool {
    inputs.desired.lines.get(&line.key).is_some_and(|desired| desired.over)
}

fn create(inputs: &Inputs<'_>, line: &LinePlan, wanted: &Wanted, replacement: u32, cause: Cause) -> Change {
    let token = token(inputs, &line.key, replacement);
    let mut settings = wanted.full.clone();
    if let Some(name) = marked_name(wanted, &token) {
        settings.set(Field::Name, Value::Text(name));
    }
    let token = token.to_string();
    let new = NewLine { key: line.key.clone(), token, replacement, budget: wanted.budget, settings };
    Change { action: Action::Create(Box::new(new)), cause }
}

/// The name as the platform holds it: what the rules render, then the token.
fn marked_name(wanted: &Wanted, token: &Token) -> Option<String> {
    match wanted.full.get(Field::Name)? {
        Value::Text(name) => Some(format!("{name} {token}")),
        _ => None,
    }
}

/// The name that an object has, with this token and no other. One without any stays as it is, odd spaces included.
pub(super) fn kept_name(name: Option<&Value>, token: &Token) -> String {
    match name {
        Some(Value::Text(name)) if Token::find(name).is_none() => format!("{name} {token}"),
        Some(Value::Text(name)) => format!("{} {token}", Token::strip(name)).trim_start().to_owned(),
        _ => token.to_string(),
    }
}

/// A line with an object.
pub(super) fn present(subject: &Subject<'_>, line: &mut LinePlan) {
    line.stopped_by_hand = stopped_by_hand(subject, line.wanted.as_ref());
    let mut changes = Vec::new();
    mark(subject, line, &mut changes);
    if !has_evidence(subject.inputs, subject.object) {
        // An adoption. All else is changed when it is seen to be ours.
    } else if let Some(wanted) = line.wanted.clone() {
        if !subject.object.missing.is_empty() {
            complete(subject, &wanted, line, &mut changes);
        } else if !is_over(subject.inputs, line) {
            settings(subject, &wanted, line, &mut changes);
            budget(subject, &wanted, line, &mut changes);
        }
        // Going live comes last: only an observation that matches in everything else allows it.
        delivery(subject, &wanted, line, &mut changes);
    } else {
        without_wish(subject, line, &mut changes);
    }

    // An observation that began before our last write may just not show it.
    let until = unsettled_until(subject.view, &subject.object.id);
    if !changes.is_empty() && subject.object.seen <= until {
        line.wait = Some(Wait { reason: Reason::Updating, until: Some(until) });
        line.drift.clear();
        line.stopped_by_hand = counting_stop(subject).is_some();
        // Stopping is right on any evidence, once.
        let stopping = subject.view.stopping.contains(&subject.object.id);
        changes.retain(|change| matches!(change.action, Action::Pause { .. }) && !stopping);
    }
    line.changes = changes;
}

/// A line that cannot be rendered keeps what it has, but never more money than its share, and never
/// against the spec's state.
fn without_wish(subject: &Subject<'_>, line: &LinePlan, changes: &mut Vec<Change>) {
    let Subject { inputs, view, object, .. } = subject;
    if !is_enabled(object) {
        return;
    }
    let id = object.id.clone();
    let pause = |cause| Change { action: Action::Pause { id: id.clone() }, cause };
    let below_minimum = line.problem.as_ref().is_some_and(|problem| problem.reason == Reason::BudgetBelowMinimum);
    let ignored = inputs.spec.policies.ignore_fields.contains(&Field::Delivery);
    let share = inputs.desired.budgets.get(&line.key).filter(|share| share.currency() == object.budget.currency());
    let over =
        line::is_past(line::flight_in(inputs.spec, &view.account.time_zone).1, &view.account.time_zone, inputs.now);
    let stopped =
        line::state_of(inputs.spec, &line.key) == State::Paused || over && !has_ended(view, object, inputs.now);
    if view.account.stop {
        changes.push(pause(Cause::AccountStop));
    } else if stopped && !ignored {
        changes.push(pause(Cause::Spec));
    } else if below_minimum {
        changes.push(pause(Cause::Cap));
    } else {
        let share = share.copied().filter(|share| line.problem.is_some() && *share < object.budget);
        let to = [share, level(view, object)].into_iter().flatten().min();
        changes.extend(to.map(|to| cut(view, object, to)));
    }
}

/// A chain that is not whole is continued, never begun anew. Settings and budget are compared when it is.
fn complete(subject: &Subject<'_>, wanted: &Wanted, line: &mut LinePlan, changes: &mut Vec<Change>) {
    let Subject { inputs, record, object, .. } = subject;
    if is_over(inputs, line) {
        line.problem = Some(LineProblem::new(Reason::FlightOver, "the flight is over; nothing is created"));
        return;
    }
    let cause = if record.confirmed_hash.is_some() { Cause::Drift } else { Cause::Spec };
    let Action::Create(new) = create(inputs, line, wanted, line.replacement, cause).action else { return };
    let action = Action::Complete { id: object.id.clone(), line: new, missing: object.missing.clone() };
    changes.push(Change { action, cause });
}

/// S3: the most that an object may have because what runs on its account passes the ceiling, if that is less than it
/// has.
pub(super) fn level(view: &AccountView<'_>, object: &ObservedLine) -> Option<Money> {
    let counts = is_enabled(object) && object.existence == Existence::Live;
    view.level.filter(|level| counts && level.currency() == object.budget.currency() && *level < object.budget)
}

/// A cap needs that an object has no more than `to`. What cannot be lowered to it is paused.
pub(super) fn cut(view: &AccountView<'_>, object: &ObservedLine, to: Money) -> Change {
    let id = object.id.clone();
    let to = to.floor_to(view.account.budget_unit);
    let minimum = view.account.minimum_daily_budget(view.rules.as_ref());
    let too_small = to.is_zero() || minimum.is_some_and(|minimum| to < minimum);
    let action = if too_small || view.refused_decreases.contains(&id) {
        Action::Pause { id }
    } else {
        Action::SetBudget { id, from: object.budget, to, live: true }
    };
    Change { action, cause: Cause::Cap }
}

fn mark(subject: &Subject<'_>, line: &mut LinePlan, changes: &mut Vec<Change>) {
    let Subject { inputs, object, .. } = subject;
    let token = token(inputs, &line.key, line.replacement);
    if object.marker.is_whole(&token) {
        return;
    }
    // Who may name it says how: the marker goes into any name.
    let policies = &inputs.spec.policies;
    let named_by_others = policies.drift == DriftPolicy::Report || policies.ignore_fields.contains(&Field::Name);
    let rendered = line.wanted.as_ref().filter(|_| !named_by_others).and_then(|wanted| marked_name(wanted, &token));
    let name = rendered.unwrap_or_else(|| kept_name(object.settings.get(Field::Name), &token));
    // Without any evidence of ours it is an adoption, which the spec asks for by name.
    let ours_before = has_evidence(inputs, object);
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

fn settings(subject: &Subject<'_>, wanted: &Wanted, line: &mut LinePlan, changes: &mut Vec<Change>) {
    let Subject { inputs, view, record, object, .. } = subject;
    let marked = !changes.is_empty();
    let cause = cause(inputs, record.confirmed_hash.as_deref(), &wanted.settings.hash());
    let mut replace = false;
    for (field, plain) in wanted.settings.iter() {
        let to = match field {
            // The marker was written with the whole name already.
            Field::Name if marked => continue,
            Field::Name => match marked_name(wanted, &token(inputs, &line.key, line.replacement)) {
                Some(name) => Value::Text(name),
                None => continue,
            },
            _ => plain.clone(),
        };
        let from = object.settings.get(field);
        if from.is_some_and(|from| view.rules.satisfied(field, from, &to, view.account, inputs.now)) {
            continue;
        }
        if cause == Cause::Drift {
            line.drift.push(field);
        }
        let manner = view.rules.manner(field, from, &to, object, inputs.now);
        replace |= manner == Manner::Replace;
        let action = Action::Set { id: object.id.clone(), field, from: from.cloned(), to, manner };
        changes.push(Change { action, cause });
    }
    if replace {
        self::replace(subject, wanted, line, changes);
    }
}

/// An immutable field: the old object is paused; when it is seen paused, a new one is created.
/// `restrict` keeps the `Set` with its `Replace` where `onReplace` refuses.
fn replace(subject: &Subject<'_>, wanted: &Wanted, line: &LinePlan, changes: &mut Vec<Change>) {
    let Subject { inputs, object, .. } = subject;
    if inputs.spec.policies.on_replace == OnReplace::Refuse {
        return;
    }
    // The old object is not changed any more, it only stops; and it must be recognised ever after.
    changes.retain(|change| matches!(change.action, Action::Mark { .. }));
    if is_enabled(object) {
        changes.push(Change { action: Action::Pause { id: object.id.clone() }, cause: Cause::Replaced });
    } else if changes.is_empty() {
        changes.push(create(inputs, line, wanted, line.replacement.saturating_add(1), Cause::Replaced));
    }
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

fn budget(subject: &Subject<'_>, wanted: &Wanted, line: &mut LinePlan, changes: &mut Vec<Change>) {
    let Subject { inputs, view, record, object, .. } = subject;
    let (from, to) = (object.budget, wanted.budget);
    let replaced = changes.iter().any(|change| change.cause == Cause::Replaced);
    let policies = &inputs.spec.policies;
    let kept = to.is_zero() || policies.ignore_fields.contains(&Field::Budget);
    // The platform holds another budget than we confirmed, and the spec is the same.
    let by_others = !inputs.spec_changed && record.confirmed_budget.is_some_and(|micros| micros != from.micros());
    // Whoever made the difference, and whatever is ignored, reported or suspended: a ceiling holds for all. Where policy
    // leaves what the spec asks for undone, that it asks for less is no help.
    let left = kept || inputs.spec.suspend || by_others && policies.drift == DriftPolicy::Report;
    if let Some(level) = level(view, object).filter(|level| left || *level < to) {
        changes.push(cut(view, object, level));
        return;
    }
    if from == to || replaced || kept {
        return;
    }
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

fn delivery(subject: &Subject<'_>, wanted: &Wanted, line: &mut LinePlan, changes: &mut Vec<Change>) {
    let Subject { inputs, object, .. } = subject;
    match (is_enabled(object), wanted.enabled) {
        (true, false) => {
            let Some(cause) = reason_to_pause(subject, line) else { return };
            if cause == Cause::Drift {
                line.drift.push(Field::Delivery);
            }
            changes.retain(|change| !matches!(change.action, Action::Pause { .. }));
            changes.push(Change { action: Action::Pause { id: object.id.clone() }, cause });
        }
        (false, true) => {
            let by_others = object.delivery == Delivery::PausedByOthers;
            // After the creation an ignored delivery is the platform's affair.
            let ignored = by_others && inputs.spec.policies.ignore_fields.contains(&Field::Delivery);
            // What policy leaves as it is for good is not waited for.
            let ready = changes.iter().all(|change| restrict::stays_withheld(inputs, &line.key.account, change));
            if ignored || !ready {
                return;
            }
            if let Some(wait) = sibling(subject, line) {
                line.wait = Some(wait);
                return;
            }
            let overridden = by_others && inputs.spec.policies.stops_by_hand == StopsByHand::Override;
            let cause = if by_others && line.stopped_by_hand || overridden { Cause::Drift } else { Cause::Spec };
            if by_others {
                line.drift.push(Field::Delivery);
            }
            let action = Action::Enable { id: object.id.clone(), budget: wanted.budget };
            changes.push(Change { action, cause });
        }
        _ => {}
    }
}

/// Why an enabled object must stop, though it can be rendered; none if it may run on.
fn reason_to_pause(subject: &Subject<'_>, line: &LinePlan) -> Option<Cause> {
    let Subject { inputs, view, record, object, .. } = subject;
    if view.account.stop {
        return Some(Cause::AccountStop);
    }
    if inputs.spec.policies.ignore_fields.contains(&Field::Delivery) {
        return None;
    }
    if is_over(inputs, line) {
        // The end on the platform does it; where that is another one, we do.
        return (!has_ended(view, object, inputs.now)).then_some(Cause::Spec);
    }
    let by_others = !inputs.spec_changed && !record.confirmed_enabled && record.confirmed_hash.is_some();
    Some(if by_others { Cause::Drift } else { Cause::Spec })
}

/// Another live object of the line that runs, may run or is a twin: until it is gone, this one is not
/// enabled.
fn sibling(subject: &Subject<'_>, line: &LinePlan) -> Option<Wait> {
    let others = subject.index.candidates(&line.key).iter().filter(|other| other.object.id != subject.object.id);
    let mut waits = others.filter_map(|other| {
        let until = unsettled_until(subject.view, &other.object.id);
        let open = (other.object.seen <= until).then_some(until);
        let bars = is_enabled(other.object) || other.replacement == line.replacement || open.is_some();
        // One that was chosen by a person has twins for good.
        let chosen = subject.inputs.resolutions.get(&line.key) == Some(&subject.object.id);
        let bars = if chosen { is_enabled(other.object) || open.is_some() } else { bars };
        bars.then_some(Wait { reason: Reason::Updating, until: open })
    });
    waits.next()
}

/// The generation of a stop that still counts.
fn counting_stop(subject: &Subject<'_>) -> Option<i64> {
    subject.record.stop.filter(|generation| *generation == subject.inputs.generation)
}

/// Whether somebody paused the object or cut its budget since this spec was reported.
fn stopped_by_hand(subject: &Subject<'_>, wanted: Option<&Wanted>) -> bool {
    let Subject { inputs, record, object, .. } = subject;
    let policies = &inputs.spec.policies;
    let is_whole = object.missing.is_empty();
    if policies.stops_by_hand == StopsByHand::Override || !has_evidence(inputs, object) || !is_whole {
        return false;
    }
    let paused = object.delivery == Delivery::PausedByOthers;
    let below = wanted.filter(|wanted| {
        !policies.ignore_fields.contains(&Field::Budget) && object.budget < wanted.budget && !wanted.budget.is_zero()
    });
    match record.stop {
        // Seen before: it counts as long as the spec is the one it was made against.
        Some(_) => (paused || below.is_some()) && counting_stop(subject).is_some(),
        None if paused => true,
        // Cut below what was confirmed, and the spec does not ask for another budget at the same time.
        None => below.zip(record.confirmed_budget).is_some_and(|(wanted, confirmed)| {
            object.budget.micros() < confirmed && (!inputs.spec_changed || wanted.budget.micros() == confirmed)
        }),
    }
}
