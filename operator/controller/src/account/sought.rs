//! Names of objects that Campaigns want to adopt: looked for with each listing of the account, until they are adopted.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use adops_api::campaign::AdoptLine;
use adops_api::{AdAccount, Campaign};
use adops_core::campaign::line::LineKey;
use adops_core::campaign::observed::ExternalId;
use adops_platforms::error::PlatformError;
use adops_platforms::port::AdPlatform;

use super::grant;
use crate::campaign::reconcile::account_key;
use crate::runtime::watch::Key;
use crate::shared::Shared;

/// Looks for the names that Campaigns want to adopt on the account; a name that nothing has is in the answer, too.
pub async fn look(
    shared: &Shared,
    key: &Key,
    account: &AdAccount,
    platform: &dyn AdPlatform,
) -> Result<BTreeMap<String, BTreeSet<ExternalId>>, PlatformError> {
    let mut names = BTreeSet::new();
    for campaign in shared.campaigns.valid() {
        let own = Key::of(&campaign.metadata);
        if own.namespace == key.namespace || grant::covers(shared, &campaign, key, account) {
            names.extend(of_campaign(&campaign, &own, key).cloned());
        }
    }
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut found = platform.named(&names).await?;
    for name in names {
        found.entry(name).or_default();
    }
    Ok(found)
}

/// Names on the account that lines of a Campaign want to adopt and have not adopted yet.
fn of_campaign<'a>(campaign: &'a Campaign, own: &'a Key, account: &'a Key) -> impl Iterator<Item = &'a String> {
    let holds = |adopt: &AdoptLine| {
        let line = LineKey::new(&adopt.account, &adopt.market).to_string();
        campaign.status.iter().flat_map(|status| &status.lines).any(|held| held.key == line && held.id.is_some())
    };
    let open = campaign.spec.adopt.iter().filter(move |adopt| !holds(adopt));
    open.filter(|adopt| account_key(own, &adopt.account) == *account).filter_map(|adopt| adopt.name.as_ref())
}

/// Names of which a look has found something else than the one before.
pub fn differing(
    before: &BTreeMap<String, BTreeSet<ExternalId>>,
    now: &BTreeMap<String, BTreeSet<ExternalId>>,
) -> BTreeSet<String> {
    now.iter().filter(|(name, ids)| before.get(*name) != Some(ids)).map(|(name, _)| name.clone()).collect()
}

/// Campaigns that want to adopt one of these names.
pub fn seekers(shared: &Shared, account: &Key, names: &BTreeSet<String>) -> HashSet<Key> {
    let mut found = HashSet::new();
    for campaign in shared.campaigns.valid().iter().filter(|_| !names.is_empty()) {
        let own = Key::of(&campaign.metadata);
        if of_campaign(campaign, &own, account).any(|name| names.contains(name)) {
            found.insert(own);
        }
    }
    found
}
