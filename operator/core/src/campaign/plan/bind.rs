//! Which object is a line's.

use super::{Inputs, Wait, is_live, ours, token};
use crate::campaign::line::{LineKey, LineProblem};
use crate::campaign::observed::{Existence, ExternalId, LineRecord, ObservedLine};
use crate::campaign::plan::AccountView;
use crate::marker::ShortHash;
use crate::reason::Reason;

/// What was found for a line.
pub(super) enum Binding<'a> {
    /// No object: one may be created with this replacement number.
    Nothing { replacement: u32 },
    /// This one.
    Bound { object: &'a ObservedLine, replacement: u32 },
    /// The object that the record or the spec names belongs to somebody else.
    Foreign { problem: LineProblem, object: Option<&'a ObservedLine> },
    /// Several, of which a person must choose.
    Several { problem: LineProblem },
    /// It cannot be said yet.
    Wait(Wait),
}

/// All live objects whose token names this line.
pub(super) fn candidates<'a>(inputs: &'a Inputs<'a>, key: &LineKey) -> Vec<&'a ObservedLine> {
    let Some(view) = inputs.accounts.get(&key.account) else { return Vec::new() };
    let line = ShortHash::of(&key.to_string());
    let mut found: Vec<&ObservedLine> = view
        .snapshot
        .lines
        .values()
        .filter(|object| is_live(object) && ours(inputs, object).is_some_and(|token| token.line == line))
        .collect();
    found.sort_by(|a, b| id_order(&a.id, &b.id));
    found
}

/// Numeric order of ids, which are numbers without leading zeros.
fn id_order(a: &str, b: &str) -> std::cmp::Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

pub(super) fn bind<'a>(
    inputs: &'a Inputs<'a>,
    key: &LineKey,
    record: &LineRecord,
    view: &'a AccountView<'a>,
) -> Binding<'a> {
    let replacement_of = |object: &ObservedLine| ours(inputs, object).map_or(0, |token| token.replacement);
    let found = candidates(inputs, key);
    if let Some(chosen) = inputs.resolutions.get(key)
        && let Some(object) = found.iter().find(|object| object.id == *chosen)
    {
        return Binding::Bound { object, replacement: replacement_of(object) };
    }
    let highest = found.iter().map(|object| replacement_of(object)).max();
    let newest: Vec<&ObservedLine> =
        found.iter().copied().filter(|object| Some(replacement_of(object)) == highest).collect();
    let held = record.id.as_ref().and_then(|id| view.snapshot.lines.get(id));

    match newest.as_slice() {
        [] => without_candidates(inputs, key, record, view, held),
        // The acknowledged object is newer than what the listing shows, or its token was edited away.
        [one] if held.is_some_and(|held| held.id != one.id && is_live(held)) && replacement_of(one) <= record.replacement => {
            match held {
                Some(held) => held_object(inputs, record, held),
                None => Binding::Bound { object: one, replacement: replacement_of(one) },
            }
        }
        // A newer object is being created: the older one that is seen is not bound, it is replaced.
        [one] if record.attempt.is_some() && replacement_of(one) < record.replacement => {
            attempt_or_nothing(record, view)
        }
        [one] => Binding::Bound { object: one, replacement: replacement_of(one) },
        several => {
            let live_in: Vec<&&ObservedLine> =
                several.iter().filter(|object| object.delivered || super::is_enabled(object)).collect();
            match live_in.as_slice() {
                // The lowest id is kept; the others are planned for removal by `retire`.
                [] => Binding::Bound { object: several[0], replacement: replacement_of(several[0]) },
                _ => Binding::Several { problem: several_problem(key, several) },
            }
        }
    }
}

fn several_problem(key: &LineKey, several: &[&ObservedLine]) -> LineProblem {
    let ids: Vec<&str> = several.iter().map(|object| object.id.as_str()).collect();
    LineProblem::new(
        Reason::CreateOutcomeUnknown,
        format!(
            "{key} has several objects ({}) and one of them has delivered: say which to keep with \
             `kubectl adops resolve CAMPAIGN {key}=ID`",
            ids.join(", ")
        ),
    )
}

fn without_candidates<'a>(
    inputs: &'a Inputs<'a>,
    key: &LineKey,
    record: &LineRecord,
    view: &'a AccountView<'a>,
    held: Option<&'a ObservedLine>,
) -> Binding<'a> {
    match (&record.id, held) {
        (Some(_), Some(object)) => held_object(inputs, record, object),
        // Not listed and not answered by id: that is no proof that it is gone.
        (Some(id), None) => Binding::Wait(Wait { reason: Reason::NotObserved, until: unsettled(view, id) }),
        (None, _) => match adoption(inputs, key, view) {
            Some(binding) => binding,
            None => attempt_or_nothing(record, view),
        },
    }
}

fn attempt_or_nothing<'a>(record: &LineRecord, view: &AccountView<'_>) -> Binding<'a> {
    match record.attempt {
        Some(attempt) if view.snapshot.began <= attempt + view.settle_after => {
            Binding::Wait(Wait { reason: Reason::Creating, until: Some(attempt + view.settle_after) })
        }
        _ => Binding::Nothing { replacement: record.replacement },
    }
}

fn unsettled(view: &AccountView<'_>, id: &ExternalId) -> Option<jiff::Timestamp> {
    view.unsettled.get(id).copied().filter(|until| *until >= view.snapshot.began)
}

/// The object whose id the record holds, though no token in the listing led to it.
fn held_object<'a>(inputs: &'a Inputs<'a>, record: &LineRecord, object: &'a ObservedLine) -> Binding<'a> {
    if object.existence == Existence::Removed {
        return Binding::Nothing { replacement: record.replacement + 1 };
    }
    match owner_problem(inputs, object) {
        Some(problem) => Binding::Foreign { problem, object: Some(object) },
        None if object.marker.label || ours(inputs, object).is_some() => {
            Binding::Bound { object, replacement: record.replacement }
        }
        None => Binding::Foreign {
            problem: LineProblem::new(
                Reason::MarkerLost,
                format!(
                    "the object {} that this line held carries no marker of ours any more; to take it over again, \
                     set adoptionPolicy: Adopt and name it in `adopt`",
                    object.id
                ),
            ),
            object: Some(object),
        },
    }
}

/// The marker of somebody else on an object, as a problem.
fn owner_problem(inputs: &Inputs<'_>, object: &ObservedLine) -> Option<LineProblem> {
    if let Some(foreign) = object.marker.foreign(inputs.installation) {
        return Some(LineProblem::new(
            Reason::ForeignMarker,
            format!("the object {} carries the marker of another installation: {foreign}", object.id),
        ));
    }
    let token = object.marker.best_token()?;
    (token.campaign != inputs.spec.id.hash()).then(|| {
        LineProblem::new(
            Reason::ClaimedByAnotherCampaign,
            format!("the object {} belongs to another Campaign of this installation ({token})", object.id),
        )
    })
}

fn adoption<'a>(inputs: &'a Inputs<'a>, key: &LineKey, view: &'a AccountView<'a>) -> Option<Binding<'a>> {
    let wish = inputs.spec.adopt.iter().find(|adopt| adopt.account == key.account && adopt.market == key.market)?;
    let Some(object) = view.snapshot.lines.get(&wish.external_id) else {
        return Some(Binding::Wait(Wait { reason: Reason::NotObserved, until: None }));
    };
    if object.existence == Existence::Removed {
        return Some(Binding::Foreign {
            problem: LineProblem::new(
                Reason::RemovedOnPlatform,
                format!("the object {} that `adopt` names is removed", object.id),
            ),
            object: None,
        });
    }
    // Whatever line of ours it was, the wish is explicit; another owner's marker is not overwritten.
    let problem = owner_problem(inputs, object);
    Some(match problem {
        Some(problem) => Binding::Foreign { problem, object: Some(object) },
        None => {
            let replacement = token(inputs, key, 0).replacement;
            Binding::Bound { object, replacement }
        }
    })
}
