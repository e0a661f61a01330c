//! S12: whether a namespace may use an AdAccount of another one.

use adops_api::AdAccount;
use adops_api::Campaign;
use adops_api::account::{AllowedFrom, AllowedNamespaces};
use kube::core::{Selector, SelectorExt};

use crate::runtime::namespaces::Seen;
use crate::runtime::watch::{Key, Stored};
use crate::shared::Shared;

/// Why a namespace may not use an account. The first message is the same for an account that does not exist: a
/// tenant learns nothing of other namespaces by guessing names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotGranted {
    /// Nothing grants it.
    #[error(
        "the AdAccount {account} does not exist, or does not grant the namespace {namespace} (spec.allowedNamespaces)"
    )]
    Refused {
        /// The AdAccount.
        account: Key,
        /// The namespace of the Campaign.
        namespace: String,
    },
    /// A selector cannot be judged.
    #[error(
        "the AdAccount {0} grants namespaces by their labels, which this operator may not read (rbac.scope: \
         namespaces): a selector grants nothing there; its owner can set allowedNamespaces.from: All"
    )]
    Unreadable(Key),
    /// A selector contradicts itself.
    #[error("the AdAccount {0} grants nothing: its spec.allowedNamespaces.selector is not valid")]
    InvalidSelector(Key),
}

/// Whether Campaigns of `namespace` may use an account now.
pub fn check(shared: &Shared, namespace: &str, key: &Key, account: &AdAccount) -> Result<(), NotGranted> {
    if key.namespace == namespace {
        return Ok(());
    }
    judge(&account.spec.allowed_namespaces, namespace, key, || shared.namespaces.get(namespace))
}

/// The same for the account as it is stored at this moment, before something is sent that was planned earlier.
pub fn check_stored(shared: &Shared, namespace: &str, key: &Key) -> Result<(), NotGranted> {
    match shared.accounts.get(key) {
        Some(Stored::Valid(account)) => check(shared, namespace, key, &account),
        _ if key.namespace == namespace => Ok(()),
        _ => Err(NotGranted::Refused { account: key.clone(), namespace: namespace.to_owned() }),
    }
}

/// Whether a Campaign may use an account that it names.
pub fn covers(shared: &Shared, campaign: &Campaign, key: &Key, account: &AdAccount) -> bool {
    check(shared, campaign.metadata.namespace.as_deref().unwrap_or_default(), key, account).is_ok()
}

fn judge(
    allowed: &AllowedNamespaces,
    namespace: &str,
    key: &Key,
    labels: impl FnOnce() -> Seen,
) -> Result<(), NotGranted> {
    let refused = || NotGranted::Refused { account: key.clone(), namespace: namespace.to_owned() };
    match (allowed.from, &allowed.selector) {
        (AllowedFrom::All, _) => Ok(()),
        (AllowedFrom::Same, _) | (AllowedFrom::Selector, None) => Err(refused()),
        (AllowedFrom::Selector, Some(selector)) => {
            let selector =
                Selector::try_from(selector.clone()).map_err(|_| NotGranted::InvalidSelector(key.clone()))?;
            match labels() {
                Seen::Labels(labels) if selector.matches(&labels) => Ok(()),
                Seen::Labels(_) | Seen::Absent => Err(refused()),
                Seen::Unreadable => Err(NotGranted::Unreadable(key.clone())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

    use super::*;

    fn team(name: &str) -> Seen {
        Seen::Labels(BTreeMap::from([("team".to_owned(), name.to_owned())]))
    }

    #[test]
    fn a_grant_is_judged_by_what_is_known_and_doubt_grants_nothing() {
        let by_team = LabelSelector {
            match_labels: Some(BTreeMap::from([("team".to_owned(), "growth".to_owned())])),
            ..LabelSelector::default()
        };
        let wrong = LabelSelector {
            match_expressions: Some(vec![LabelSelectorRequirement {
                key: "team".into(),
                operator: "Near".into(),
                values: None,
            }]),
            ..LabelSelector::default()
        };
        let key = Key::new("ads", "google");
        let refused = || Err(NotGranted::Refused { account: key.clone(), namespace: "tenant".to_owned() });
        for (from, selector, seen, expected) in [
            (AllowedFrom::Same, None, team("growth"), refused()),
            (AllowedFrom::All, None, Seen::Unreadable, Ok(())),
            (AllowedFrom::Selector, Some(by_team.clone()), team("growth"), Ok(())),
            (AllowedFrom::Selector, Some(by_team.clone()), team("other"), refused()),
            (AllowedFrom::Selector, Some(by_team.clone()), Seen::Absent, refused()),
            (AllowedFrom::Selector, Some(by_team), Seen::Unreadable, Err(NotGranted::Unreadable(key.clone()))),
            (AllowedFrom::Selector, None, team("growth"), refused()),
            (AllowedFrom::Selector, Some(wrong), team("growth"), Err(NotGranted::InvalidSelector(key.clone()))),
        ] {
            let allowed = AllowedNamespaces { from, selector: selector.clone(), ..AllowedNamespaces::default() };
            assert_eq!(judge(&allowed, "tenant", &key, || seen.clone()), expected, "{from:?} {selector:?} {seen:?}");
        }
    }
}
