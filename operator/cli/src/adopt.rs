//! Plans of adoptions: first our marker, then what the spec asks beyond it. The operator plans the second step when it
//! sees the first one done; a reader wants to know both before.

use std::collections::BTreeSet;

use adops_core::campaign::line::LineKey;
use adops_core::campaign::observed::{Delivery, MarkerEvidence};
use adops_core::campaign::plan::{Action, Plan};
use adops_core::campaign::settings::{Field, Value};
use adops_core::campaign::spec::CampaignSpec;
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
        let object = seen.get(&Key::account(campaign, &wish.account)).and_then(|all| all.get(&wish.external_id));
        if let (false, Some(object), Some(snapshot)) = (held, object, observed.snapshots.get_mut(&wish.account)) {
            snapshot.lines.insert(wish.external_id.clone(), object.clone());
            lines.insert(key);
        }
    }
    lines
}

/// Whether something that is to be adopted is not known.
pub(crate) fn unseen(spec: &CampaignSpec, observed: &Observed) -> bool {
    spec.adopt.iter().any(|wish| {
        let held = observed.records.get(&LineKey::new(&wish.account, &wish.market)).is_some_and(|r| r.id.is_some());
        let known = observed.snapshots.get(&wish.account).is_none_or(|all| all.lines.contains_key(&wish.external_id));
        !held && !known
    })
}

/// The same as if the objects carried our marker.
pub(crate) fn marked(observed: &Observed, lines: &BTreeSet<LineKey>, situation: &Situation<'_>) -> Observed {
    let mut observed = observed.clone();
    for wish in &situation.spec.adopt {
        let key = LineKey::new(&wish.account, &wish.market);
        let object = observed.snapshots.get_mut(&wish.account).and_then(|all| all.lines.get_mut(&wish.external_id));
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
