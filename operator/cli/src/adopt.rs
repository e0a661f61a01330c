//! Plans of adoptions: first our marker, then what the spec asks beyond it. The operator plans the second step when it
//! sees the first one done; a reader wants to know both before.

use std::collections::BTreeSet;

use adops_core::campaign::line::LineKey;
use adops_core::campaign::observed::{Delivery, MarkerEvidence};
use adops_core::campaign::plan::{Action, Plan};
use adops_core::campaign::settings::{Field, Value};
use adops_core::campaign::spec::{Adoptee, Adoption, CampaignSpec};
use adops_core::marker::Token;

use crate::live::Seen;
use crate::load::Key;
use crate::observed::Observed;
use crate::plan::Situation;

/// Puts objects that are to be adopted, and that no line holds yet, among what was observed; the answer is their lines.
pub(crate) fn see(campaign: &Key, spec: &CampaignSpec, seen: &Seen, observed: &mut Observed) -> BTreeSet<LineKey> {
    let mut lines = BTreeSet::new();
    for wish in &spec.adopt {
        let key = LineKey::new(&wish.account, &wish.market);
        let held = observed.records.get(&key).is_some_and(|record| record.id.is_some());
        let seen = seen.get(&Key::account(campaign, &wish.account));
        let (false, Some(seen), Some(snapshot)) = (held, seen, observed.snapshots.get_mut(&wish.account)) else {
            continue;
        };
        if let Adoptee::Name(name) = &wish.object
            && let Some(ids) = seen.named.get(name)
        {
            snapshot.named.insert(name.clone(), ids.clone());
        }
        if let Some(object) = seen.meant(&wish.object).and_then(|id| seen.lines.get(id)) {
            snapshot.lines.insert(object.id.clone(), object.clone());
            lines.insert(key);
        }
    }
    lines
}

/// What a plan cannot say of adoptions whose objects were not read.
pub(crate) fn unread(spec: &CampaignSpec, observed: &Observed) -> Option<String> {
    let unread = |wish: &&Adoption| {
        let held = observed.records.get(&LineKey::new(&wish.account, &wish.market)).is_some_and(|r| r.id.is_some());
        let known = observed.snapshots.get(&wish.account).is_none_or(|all| match &wish.object {
            Adoptee::Id(id) => all.lines.contains_key(id),
            Adoptee::Name(name) => all.named.contains_key(name),
        });
        !held && !known
    };
    let unread: Vec<&Adoption> = spec.adopt.iter().filter(unread).collect();
    let names: Vec<String> = unread
        .iter()
        .filter_map(|wish| match &wish.object {
            Adoptee::Id(_) => None,
            Adoptee::Name(name) => Some(format!("{name:?}")),
        })
        .collect();
    let told = "what `adopt` names was not read from here: with --live it is";
    if unread.is_empty() {
        None
    } else if names.is_empty() {
        Some(told.to_owned())
    } else {
        let names = names.join(", ");
        Some(format!("{told}. If not exactly one object is called {names}, nothing is taken over and nothing created"))
    }
}

/// The same as if the objects carried our marker.
pub(crate) fn marked(observed: &Observed, lines: &BTreeSet<LineKey>, situation: &Situation<'_>) -> Observed {
    let mut observed = observed.clone();
    for wish in &situation.spec.adopt {
        let key = LineKey::new(&wish.account, &wish.market);
        let object = observed.snapshots.get_mut(&wish.account).and_then(|all| {
            let id = all.meant(&wish.object)?.clone();
            all.lines.get_mut(&id)
        });
        let Some(object) = object.filter(|object| lines.contains(&key) && object.marker == MarkerEvidence::default())
        else {
            continue;
        };
        let token = Token::new(situation.installation, &situation.spec.id, &key, 0);
        // Its name is written together with the marker.
        if let Some(Value::Text(name)) = object.settings.get(Field::Name) {
            let name = format!("{name} {token}");
            object.settings.set(Field::Name, Value::Text(name));
        }
        if object.delivery == Delivery::PausedByOthers {
            object.delivery = Delivery::PausedByUs;
        }
        object.marker =
            MarkerEvidence { label: true, token: Some(token.clone()), inner_token: Some(token), foreign_label: None };
    }
    observed
}

/// Adds to a plan what follows on the markers.
pub(crate) fn append(plan: &mut Plan, later: Plan, lines: &BTreeSet<LineKey>) {
    for (line, later) in plan.lines.iter_mut().zip(later.lines) {
        let is_adoption = line.changes.iter().any(|change| matches!(change.action, Action::Mark { .. }));
        if line.key == later.key && lines.contains(&line.key) && is_adoption {
            // The name goes with the marker.
            let named =
                |action: &Action| matches!(action, Action::Set { field: Field::Name, .. } | Action::Mark { .. });
            line.changes.extend(later.changes.into_iter().filter(|change| !named(&change.action)));
            line.withheld.extend(later.withheld);
        }
    }
}
