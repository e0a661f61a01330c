//! Which object is a line's.

use super::index::{Candidate, Index, has_evidence, owner_problem, unsettled_until};
use super::{AccountView, Inputs, Wait, is_enabled, is_live};
use crate::campaign::line::{LineKey, LineProblem};
use crate::campaign::observed::{Existence, ExternalId, LineRecord, ObservedLine};
use crate::campaign::settings::{Field, Value};
use crate::campaign::spec::{Adoptee, Adoption};
use crate::reason::Reason;

/// What was found for a line.
pub(super) enum Binding<'a> {
    /// No object: one may be created with this replacement number. `removed`: there was one, and
    /// somebody else removed it.
    Nothing { replacement: u32, removed: bool },
    /// This one.
    Bound { object: &'a ObservedLine, replacement: u32 },
    /// The object that the record or the spec names belongs to somebody else.
    Foreign { problem: LineProblem, object: Option<&'a ObservedLine> },
    /// Several, of which a person must choose.
    Several { problem: LineProblem },
    /// It cannot be said yet.
    Wait(Wait),
}

impl<'a> From<Candidate<'a>> for Binding<'a> {
    fn from(candidate: Candidate<'a>) -> Self {
        Self::Bound { object: candidate.object, replacement: candidate.replacement }
    }
}

pub(super) fn bind<'a>(
    inputs: &'a Inputs<'a>,
    index: &Index<'a>,
    key: &LineKey,
    record: &LineRecord,
    view: &'a AccountView<'a>,
) -> Binding<'a> {
    let found = index.candidates(key);
    let highest = found.iter().map(|candidate| candidate.replacement).max();
    // A newer object of ours on which somebody has put a marker of their own.
    let taken =
        index.disputed(key).iter().find(|disputed| highest.is_none_or(|highest| disputed.replacement > highest));
    if let Some(taken) = taken
        && let Some(problem) = owner_problem(inputs, inputs.spec.id.hash(), taken.object)
    {
        return Binding::Foreign { problem, object: Some(taken.object) };
    }
    let held = record.id.as_ref().and_then(|id| view.snapshot.lines.get(id));
    let Some(highest) = highest else { return without_candidates(inputs, index, key, record, view, held) };
    if let Some(other) = instead_of(inputs, index, key, record, view, highest) {
        return other;
    }
    let newest: Vec<Candidate<'a>> =
        found.iter().copied().filter(|candidate| candidate.replacement == highest).collect();
    if let Some(chosen) = inputs.resolutions.get(key)
        && let Some(candidate) = newest.iter().find(|candidate| candidate.object.id == *chosen)
    {
        return (*candidate).into();
    }
    match newest.as_slice() {
        [first, _, ..] if newest.iter().any(|one| one.object.delivered || is_enabled(one.object)) => {
            Binding::Several { problem: several_problem(key, first.object, &newest) }
        }
        // Of several the lowest id is kept; the others are planned for removal by `retire`.
        [first, ..] => (*first).into(),
        [] => Binding::Wait(Wait { reason: Reason::NotObserved, until: None }),
    }
}

/// What is to be done instead of binding the newest object that is seen, if the record knows of a
/// newer one.
fn instead_of<'a>(
    inputs: &'a Inputs<'a>,
    index: &Index<'a>,
    key: &LineKey,
    record: &LineRecord,
    view: &'a AccountView<'a>,
    highest: u32,
) -> Option<Binding<'a>> {
    // A newer one may be on its way. If the listing is late enough to say that it is not, the older
    // one is compared again, and replaced again if it must be.
    if record.attempt.is_some() {
        return (highest < record.replacement).then(|| open_attempt(record, view)).flatten().map(Binding::Wait);
    }
    let id = record.id.as_ref()?;
    let seen = index.candidates(key).iter().any(|candidate| candidate.object.id == *id);
    if seen || highest > record.replacement {
        return None;
    }
    match view.snapshot.lines.get(id) {
        None if highest < record.replacement || view.snapshot.began <= unsettled_until(view, id) => {
            Some(Binding::Wait(Wait { reason: Reason::NotObserved, until: open(view, id) }))
        }
        // The marker is the proof, the record only a memory: one with the right token is taken up.
        None => None,
        Some(held) if !is_live(held) => (highest < record.replacement)
            .then(|| Binding::Nothing { replacement: record.replacement.saturating_add(1), removed: true }),
        Some(held) => Some(held_object(inputs, index, key, record, view, held)),
    }
}

fn several_problem(key: &LineKey, first: &ObservedLine, several: &[Candidate<'_>]) -> LineProblem {
    let ids: Vec<&str> = several.iter().map(|candidate| candidate.object.id.as_str()).collect();
    LineProblem::new(
        Reason::CreateOutcomeUnknown,
        format!(
            "{key} has several objects ({}) and one of them has delivered or is enabled: say which to keep, for \
             example with `kubectl adops resolve CAMPAIGN {key}={}`",
            ids.join(", "),
            first.id
        ),
    )
}

fn without_candidates<'a>(
    inputs: &'a Inputs<'a>,
    index: &Index<'a>,
    key: &LineKey,
    record: &LineRecord,
    view: &'a AccountView<'a>,
    held: Option<&'a ObservedLine>,
) -> Binding<'a> {
    match (&record.id, held) {
        (Some(_), Some(object)) => held_object(inputs, index, key, record, view, object),
        // Not listed and not answered by id: that is no proof that it is gone.
        (Some(id), None) => Binding::Wait(Wait { reason: Reason::NotObserved, until: open(view, id) }),
        (None, _) => match open_attempt(record, view) {
            Some(wait) => Binding::Wait(wait),
            None => match super::wish(inputs, key) {
                Some(wish) => adoption(inputs, index, wish, view),
                None => nothing(record, view),
            },
        },
    }
}

/// The wait for an attempt that no listing has settled yet.
fn open_attempt(record: &LineRecord, view: &AccountView<'_>) -> Option<Wait> {
    // An earlier process may have had another clock: what its attempt did is not seen before the floor either.
    let settled = (record.attempt? + view.settle_after).max(view.floor);
    (view.snapshot.began <= settled).then_some(Wait { reason: Reason::Creating, until: Some(settled) })
}

/// Nothing is there, if the listing is young enough to show what an earlier process did.
fn nothing<'a>(record: &LineRecord, view: &AccountView<'_>) -> Binding<'a> {
    if view.snapshot.began <= view.floor {
        return Binding::Wait(Wait { reason: Reason::NotObserved, until: Some(view.floor) });
    }
    Binding::Nothing { replacement: record.replacement, removed: false }
}

fn open(view: &AccountView<'_>, id: &ExternalId) -> Option<jiff::Timestamp> {
    Some(unsettled_until(view, id)).filter(|until| *until >= view.snapshot.began)
}

/// The object whose id the record holds, though no token in the listing led to it.
fn held_object<'a>(
    inputs: &'a Inputs<'a>,
    index: &Index<'a>,
    key: &LineKey,
    record: &LineRecord,
    view: &'a AccountView<'a>,
    object: &'a ObservedLine,
) -> Binding<'a> {
    if object.existence == Existence::Removed {
        return match (record.attempt, open_attempt(record, view)) {
            (_, Some(wait)) => Binding::Wait(wait),
            (Some(_), None) => nothing(record, view),
            (None, None) => Binding::Nothing { replacement: record.replacement.saturating_add(1), removed: true },
        };
    }
    if let Some(problem) = owner_problem(inputs, inputs.spec.id.hash(), object) {
        return Binding::Foreign { problem, object: Some(object) };
    }
    if let Some(wish) = super::wish(inputs, key).filter(|wish| is_meant(wish, object)) {
        return take_over(inputs, index, wish, view, &object.id);
    }
    let whose = match index.line_of(&key.account, &object.id) {
        Some(other) => format!("carries the marker of the line {other}"),
        None if has_evidence(inputs, object) => "carries the marker of a line that the spec does not have".to_owned(),
        None => "carries no marker of ours any more".to_owned(),
    };
    let message = format!(
        "the object {} that this line held {whose}; to take it over again, set adoptionPolicy: Adopt and name it \
         in `adopt`",
        object.id
    );
    Binding::Foreign { problem: LineProblem::new(Reason::MarkerLost, message), object: Some(object) }
}

/// Whether a wish stands for an object that the line holds already: its name is not looked for any more.
fn is_meant(wish: &Adoption, object: &ObservedLine) -> bool {
    match &wish.object {
        Adoptee::Id(id) => *id == object.id,
        Adoptee::Name(name) => {
            matches!(object.settings.get(Field::Name), Some(Value::Text(called)) if called == name)
        }
    }
}

/// A line without an object takes over the one that the spec says, or waits. Nothing is created in its place.
fn adoption<'a>(
    inputs: &'a Inputs<'a>,
    index: &Index<'a>,
    wish: &'a Adoption,
    view: &'a AccountView<'a>,
) -> Binding<'a> {
    let unseen = Binding::Wait(Wait { reason: Reason::NotObserved, until: None });
    if let Some(id) = view.snapshot.meant(&wish.object) {
        return take_over(inputs, index, wish, view, id);
    }
    let Adoptee::Name(name) = &wish.object else { return unseen };
    let Some(found) = view.snapshot.named.get(name) else { return unseen };
    let ids: Vec<&str> = found.iter().map(String::as_str).collect();
    invalid(if ids.is_empty() {
        format!(
            "the account {} has no object called {name:?}, which `adopt` names; none is created in its place",
            wish.account
        )
    } else {
        format!(
            "the account {} has {} objects called {name:?} ({}): say which one `adopt` means by its externalId",
            wish.account,
            ids.len(),
            ids.join(", ")
        )
    })
}

fn invalid<'a>(message: String) -> Binding<'a> {
    Binding::Foreign { problem: LineProblem::new(Reason::InvalidSpec, message), object: None }
}

fn take_over<'a>(
    inputs: &'a Inputs<'a>,
    index: &Index<'a>,
    wish: &'a Adoption,
    view: &'a AccountView<'a>,
    id: &ExternalId,
) -> Binding<'a> {
    let same = |other: &&Adoption| {
        let is_it = view.snapshot.meant(&other.object).is_some_and(|other| other == id);
        other.account == wish.account && (other.object == wish.object || is_it)
    };
    let first = inputs.spec.adopt.iter().find(same).filter(|first| first.market != wish.market);
    if let Some(first) = first {
        return invalid(format!("`adopt` names the object {id} for {}, too", first.market));
    }
    let Some(object) = view.snapshot.lines.get(id) else {
        return Binding::Wait(Wait { reason: Reason::NotObserved, until: None });
    };
    if object.existence == Existence::Removed {
        return Binding::Foreign {
            problem: LineProblem::new(
                Reason::RemovedOnPlatform,
                format!("the object {} that `adopt` names is removed", object.id),
            ),
            object: None,
        };
    }
    let line = |line: &LineKey| line.account == wish.account && line.market == wish.market;
    if let Some(other) = index.line_of(&wish.account, &object.id).filter(|other| !line(other)) {
        return invalid(format!("the object {} that `adopt` names is that of the line {other}", object.id));
    }
    // Another owner's marker is not overwritten; an object of a line that was taken out may be taken over.
    match owner_problem(inputs, inputs.spec.id.hash(), object) {
        Some(problem) => Binding::Foreign { problem, object: Some(object) },
        None => Binding::Bound { object, replacement: 0 },
    }
}
