//! Which of the objects that `adopt` names a Campaign may take over (S2, S12). What carries a marker is judged by
//! the plan; here is what no marker tells: whose account it is, and who else remembers the object.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adops_core::campaign::line::{Desired, LineKey, LineProblem};
use adops_core::campaign::observed::{ExternalId, LineRecord};
use adops_core::campaign::spec::{Adoptee, Adoption, CampaignSpec};
use adops_core::reason::Reason;

use super::reconcile::account_key;
use crate::account::grant;
use crate::runtime::watch::{Key, Stored};
use crate::shared::Shared;

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
    // What the line holds already is no adoption any more; one by name is none as soon as the line holds anything.
    let holds = |wish: &Adoption| {
        let held = records.get(&line(wish)).and_then(|record| record.id.as_ref());
        match &wish.object {
            Adoptee::Id(id) => held == Some(id),
            Adoptee::Name(_) => held.is_some(),
        }
    };
    let open: Vec<&Adoption> = spec.adopt.iter().filter(|wish| !holds(wish)).collect();
    if open.is_empty() {
        return (spec, Refused::new());
    }
    let held = held_by_others(shared, key, &meant(shared, key, &open));
    let refused: Refused = open
        .into_iter()
        .filter_map(|wish| {
            let account = account_key(key, &wish.account);
            let problem = not_granted(shared, key, &account).or_else(|| {
                let id = id_of(shared, &account, wish)?;
                let other = held.get(&(account, id.clone()))?;
                let message = format!("the object {id} is held by the Campaign {other}");
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

/// The objects that wishes stand for, as far as they are known.
fn meant(shared: &Shared, key: &Key, wishes: &[&Adoption]) -> BTreeSet<ExternalId> {
    wishes.iter().filter_map(|wish| id_of(shared, &account_key(key, &wish.account), wish)).collect()
}

/// The object that a wish stands for; none if its name was not looked for, or is not that of exactly one.
fn id_of(shared: &Shared, account: &Key, wish: &Adoption) -> Option<ExternalId> {
    match &wish.object {
        Adoptee::Id(id) => Some(id.clone()),
        Adoptee::Name(name) => {
            let state = shared.account_state(account);
            let known = state.known();
            known.named.get(name).filter(|ids| ids.len() == 1)?.first().cloned()
        }
    }
}

/// Campaigns whose status holds one of the objects, though its marker may be gone for the moment.
fn held_by_others(shared: &Shared, key: &Key, wanted: &BTreeSet<ExternalId>) -> BTreeMap<(Key, ExternalId), Key> {
    let mut held = BTreeMap::new();
    for campaign in shared.campaigns.valid() {
        let own = Key::of(&campaign.metadata);
        if own == *key {
            continue;
        }
        for line in campaign.status.iter().flat_map(|status| &status.lines) {
            let id = line.id.iter().find(|id| wanted.contains(*id));
            if let (Some(id), Some((account, _))) = (id, line.key.rsplit_once('/')) {
                held.insert((account_key(&own, account), id.clone()), own.clone());
            }
        }
    }
    held
}
