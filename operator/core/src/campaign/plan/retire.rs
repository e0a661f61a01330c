//! Objects of the Campaign that no line is bound to: of markets taken out, replaced ones, those of an
//! unknown outcome, and all of them when the Campaign is deleted.

use std::collections::{BTreeMap, BTreeSet};

use super::diff::{cut, kept_name, level};
use super::index::{Candidate, Index, id_order, unsettled_until};
use super::{AccountView, Action, Cause, Change, Inputs, LinePlan, RetiredPlan, Withheld, is_enabled, token};
use crate::campaign::line::{self, LineKey};
use crate::campaign::observed::{ExternalId, ObservedLine};
use crate::campaign::settings::Field;
use crate::campaign::spec::{DeletionPolicy, State};
use crate::reason::Reason;

pub(super) fn retire(inputs: &Inputs<'_>, index: &Index<'_>, lines: &[LinePlan]) -> Vec<RetiredPlan> {
    let bound: BTreeSet<(&str, &ExternalId)> =
        lines.iter().filter_map(|line| Some((line.key.account.as_str(), &line.bound.as_ref()?.id))).collect();
    let by_key: BTreeMap<&LineKey, &LinePlan> = lines.iter().map(|line| (&line.key, line)).collect();
    let mut retired = Vec::new();
    for (account, key, candidate) in index.all() {
        let Some(view) = inputs.accounts.get(account) else { continue };
        let object = candidate.object;
        if bound.contains(&(account, &object.id)) {
            continue;
        }
        let line = key.and_then(|key| by_key.get(key)).copied();
        let changes = changes(inputs, index, account, view, candidate, line);
        // A pause that is acknowledged is not sent again, and not over before it is seen.
        let (sent, changes) = changes
            .into_iter()
            .partition(|change| matches!(change.action, Action::Pause { .. }) && view.stopping.contains(&object.id));
        retired.push(RetiredPlan {
            account: account.to_owned(),
            object: object.clone(),
            changes,
            withheld: Vec::into_iter(sent).map(unseen).collect(),
        });
    }
    retired.sort_by(|a, b| a.account.cmp(&b.account).then_with(|| id_order(&a.object.id, &b.object.id)));
    retired
}

fn unseen(change: Change) -> Withheld {
    let message = "it was paused, and the platform does not show it yet".to_owned();
    Withheld { change, reason: Reason::Updating, message }
}

fn changes(
    inputs: &Inputs<'_>,
    index: &Index<'_>,
    account: &str,
    view: &AccountView<'_>,
    candidate: Candidate<'_>,
    line: Option<&LinePlan>,
) -> Vec<Change> {
    let object = candidate.object;
    let pause = |cause| {
        let pause = Change { action: Action::Pause { id: object.id.clone() }, cause };
        if is_enabled(object) { vec![pause] } else { Vec::new() }
    };
    if view.account.stop && is_enabled(object) {
        return pause(Cause::AccountStop);
    }
    let Some(line) = line else {
        let cause = if inputs.deleting { Cause::Deleted } else { Cause::Retired };
        let changes = match inputs.spec.policies.deletion {
            DeletionPolicy::Retain => Vec::new(),
            DeletionPolicy::Pause => pause(cause),
            DeletionPolicy::Remove => remove(object, cause),
        };
        if !changes.is_empty() {
            return changes;
        }
        // What is knowingly left counts below the account's ceiling, too.
        let cut = level(view, object).map(|to| cut(view, object, to));
        return cut.map_or_else(|| marked(inputs, account, object), |cut| vec![cut]);
    };
    if line.problem.as_ref().is_some_and(|problem| problem.reason == Reason::CreateOutcomeUnknown) {
        // A person must choose; that a line shall not run can be done with all of them.
        let paused = line::state_of(inputs.spec, &line.key) == State::Paused;
        return if paused { pause(Cause::Spec) } else { Vec::new() };
    }
    if line.bound.is_some() && is_surplus(index, view, &line.key, candidate) {
        // Never delivered, paused, ours: the one removal that needs no policy.
        return vec![Change { action: Action::Remove { id: object.id.clone() }, cause: Cause::Duplicate }];
    }
    // While it is not known which object is the line's, those that may be it stay.
    let replaced = candidate.replacement < line.replacement || line.bound.is_some();
    let remove_it = inputs.spec.policies.deletion == DeletionPolicy::Remove && line.bound.is_some();
    match (replaced, remove_it) {
        (false, _) => Vec::new(),
        (true, false) => pause(Cause::Replaced),
        (true, true) => remove(object, Cause::Replaced),
    }
}

/// First it stops, which is cheap and certain; then it goes.
fn remove(object: &ObservedLine, cause: Cause) -> Vec<Change> {
    let id = object.id.clone();
    let action = if is_enabled(object) { Action::Pause { id } } else { Action::Remove { id } };
    vec![Change { action, cause }]
}

/// An object that only a record leads to gets its token back, for records of lines that the spec does
/// not have are not kept for ever.
fn marked(inputs: &Inputs<'_>, account: &str, object: &ObservedLine) -> Vec<Change> {
    if object.marker.best_token().is_some() || inputs.deleting {
        return Vec::new();
    }
    let holder =
        inputs.records.iter().find(|(key, record)| key.account == account && record.id.as_ref() == Some(&object.id));
    let Some((key, record)) = holder else { return Vec::new() };
    let token = token(inputs, key, record.replacement);
    let name = kept_name(object.settings.get(Field::Name), &token);
    let action = Action::Mark { id: object.id.clone(), token: token.to_string(), name, paused: false };
    vec![Change { action, cause: Cause::Drift }]
}

/// Whether it is one of several equals of an unknown outcome, and not the one that is kept. All must
/// have been seen late enough: what is removed does not come back.
fn is_surplus(index: &Index<'_>, view: &AccountView<'_>, key: &LineKey, candidate: Candidate<'_>) -> bool {
    let equals: Vec<Candidate<'_>> =
        index.candidates(key).iter().copied().filter(|other| other.replacement == candidate.replacement).collect();
    equals.len() > 1
        && equals.iter().all(|other| {
            let object = other.object;
            !object.delivered && !is_enabled(object) && object.seen > unsettled_until(view, &object.id)
        })
}
