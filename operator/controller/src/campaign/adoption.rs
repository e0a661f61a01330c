//! Which of the objects that `adopt` names a Campaign may take over (S2, S12). What carries a marker is judged by
//! the plan; here is what no marker tells: whose account it is, and who else remembers the object.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adops_core::campaign::line::{Desired, LineKey, LineProblem};
use adops_core::campaign::observed::{ExternalId, LineRecord};
use adops_core::campaign::spec::{Adoption, CampaignSpec};
use adops_core::reason::Reason;

use super::reconcile::account_key;
use crate::account::grant;
use crate::operator::Shared;
use crate::runtime::watch::{Key, Stored};

/// Wishes that are not fulfilled, by their line.
pub type Refused = BTreeMap<LineKey, LineProblem>;

/// Takes what may not be taken over out of the spec, and says why.
pub fn admit(
    shared: &Shared,
    key: &Key,
    spec: Arc<CampaignSpec>,
    records: &BTreeMap<LineKey, LineRecord>,
) -> (Arc<CampaignSpec>, Refused) {
    let line = |wish: &Adoption| LineKey::new(wish.account.clone(), wish.market.clone());
    // What the line holds already is no adoption any more.
    let holds =
        |wish: &Adoption| records.get(&line(wish)).is_some_and(|record| record.id.as_ref() == Some(&wish.external_id));
    let open: Vec<&Adoption> = spec.adopt.iter().filter(|wish| !holds(wish)).collect();
    if open.is_empty() {
        return (spec, Refused::new());
    }
    let held = held_by_others(shared, key, &open);
    let refused: Refused = open
        .into_iter()
        .filter_map(|wish| {
            let account = account_key(key, &wish.account);
            let problem = not_granted(shared, key, &account).or_else(|| {
                let other = held.get(&(account, wish.external_id.clone()))?;
                let message = format!("the object {} is held by the Campaign {other}", wish.external_id);
                Some(LineProblem::new(Reason::ClaimedByAnotherCampaign, message))
            })?;
            Some((line(wish), problem))
        })
        .collect();
    if refused.is_empty() {
        return (spec, refused);
    }
    let mut admitted = (*spec).clone();
    admitted.adopt.retain(|wish| !refused.contains_key(&line(wish)));
    (Arc::new(admitted), refused)
}

/// Stops the lines whose wish was refused: another object is no substitute.
pub fn stop(refused: Refused, desired: &mut Desired) {
    for (key, problem) in refused {
        if desired.lines.remove(&key).is_some() {
            desired.problems.insert(key, problem);
        }
    }
}

/// S12: a grant is for objects of one's own; what others made on the account is its owner's to give.
fn not_granted(shared: &Shared, key: &Key, account: &Key) -> Option<LineProblem> {
    if account.namespace == key.namespace {
        return None;
    }
    let refusal = match shared.accounts.get(account) {
        Some(Stored::Valid(object)) if object.spec.allowed_namespaces.adopt => {
            grant::check(shared, &key.namespace, account, &object).err()?.to_string()
        }
        _ => format!(
            "the AdAccount {account} does not let other namespaces take over objects (spec.allowedNamespaces.adopt)"
        ),
    };
    Some(LineProblem::new(Reason::AccountNotGranted, refusal))
}

/// Campaigns whose status holds one of the objects, though its marker may be gone for the moment.
fn held_by_others(shared: &Shared, key: &Key, wishes: &[&Adoption]) -> BTreeMap<(Key, ExternalId), Key> {
    let wanted: BTreeSet<&str> = wishes.iter().map(|wish| wish.external_id.as_str()).collect();
    let mut held = BTreeMap::new();
    for campaign in shared.campaigns.valid() {
        let own = Key::of(&campaign.metadata);
        if own == *key {
            continue;
        }
        for line in campaign.status.iter().flat_map(|status| &status.lines) {
            let id = line.id.iter().find(|id| wanted.contains(id.as_str()));
            if let (Some(id), Some((account, _))) = (id, line.key.rsplit_once('/')) {
                held.insert((account_key(&own, account), id.clone()), own.clone());
            }
        }
    }
    held
}
