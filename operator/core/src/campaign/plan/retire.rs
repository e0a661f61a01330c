//! Objects of the Campaign that no line wants: of markets taken out, replaced ones, surplus ones of
//! an unknown outcome, and all of them when the Campaign is deleted.

use std::collections::BTreeSet;

use super::{AccountView, Action, Cause, Change, Inputs, RetiredPlan, bind, is_enabled, is_live, ours};
use crate::campaign::line::{self, LineKey};
use crate::campaign::observed::{ExternalId, ObservedLine};
use crate::campaign::spec::DeletionPolicy;
use crate::marker::ShortHash;

pub(super) fn retire(inputs: &Inputs<'_>, bound: &BTreeSet<(String, ExternalId)>) -> Vec<RetiredPlan> {
    let mut retired = Vec::new();
    for (name, view) in inputs.accounts {
        for object in view.snapshot.lines.values() {
            let mine = ours(inputs, object).is_some() || held(inputs, name, object);
            if !is_live(object) || !mine || bound.contains(&(name.clone(), object.id.clone())) {
                continue;
            }
            let changes = changes(inputs, name, view, object);
            retired.push(RetiredPlan { account: name.clone(), object: object.clone(), changes, withheld: Vec::new() });
        }
    }
    retired
}

/// Whether a record holds it and its label says that it is ours, though its tokens are gone.
fn held(inputs: &Inputs<'_>, account: &str, object: &ObservedLine) -> bool {
    object.marker.label
        && object.marker.best_token().is_none()
        && inputs
            .records
            .iter()
            .any(|(key, record)| key.account == account && record.id.as_ref() == Some(&object.id))
}

fn changes(inputs: &Inputs<'_>, account: &str, view: &AccountView<'_>, object: &ObservedLine) -> Vec<Change> {
    let id = object.id.clone();
    let pause = |cause| {
        if is_enabled(object) { vec![Change { action: Action::Pause { id: id.clone() }, cause }] } else { Vec::new() }
    };
    if view.account.stop && is_enabled(object) {
        return pause(Cause::AccountStop);
    }
    if !inputs.deleting && line_of(inputs, account, object).is_some_and(|key| is_surplus(inputs, &key, object)) {
        // Never delivered, paused, ours: the one removal that needs no policy.
        return vec![Change { action: Action::Remove { id }, cause: Cause::Duplicate }];
    }
    let replaced = !inputs.deleting && line_of(inputs, account, object).is_some();
    let cause = match (inputs.deleting, replaced) {
        (true, _) => Cause::Deleted,
        (false, true) => Cause::Replaced,
        (false, false) => Cause::Retired,
    };
    match inputs.spec.policies.deletion {
        DeletionPolicy::Retain if !replaced => Vec::new(),
        DeletionPolicy::Pause | DeletionPolicy::Retain => pause(cause),
        // First it stops, which is cheap and certain; then it goes.
        DeletionPolicy::Remove if is_enabled(object) => pause(cause),
        DeletionPolicy::Remove => vec![Change { action: Action::Remove { id }, cause }],
    }
}

fn line_of(inputs: &Inputs<'_>, account: &str, object: &ObservedLine) -> Option<LineKey> {
    let token = ours(inputs, object)?;
    line::keys(inputs.spec)
        .into_iter()
        .find(|key| key.account == account && ShortHash::of(&key.to_string()) == token.line)
}

/// Whether it is one of several equals of an unknown outcome, and not the one that is kept.
fn is_surplus(inputs: &Inputs<'_>, key: &LineKey, object: &ObservedLine) -> bool {
    let replacement = ours(inputs, object).map(|token| token.replacement);
    let equals: Vec<&ObservedLine> = bind::candidates(inputs, key)
        .into_iter()
        .filter(|other| ours(inputs, other).map(|token| token.replacement) == replacement)
        .collect();
    equals.len() > 1 && equals.iter().all(|other| !other.delivered && !is_enabled(other))
}
