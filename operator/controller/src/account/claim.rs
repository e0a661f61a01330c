//! S12: one platform account is held by one AdAccount of an installation.
//!
//! Who has read the account holds it, for that takes its credentials; of several the oldest, and of those of one
//! second the first by namespace and name. An AdAccount that never could read it holds up nobody for longer than its
//! first try: a squatter that knows an account's number and not its secrets keeps no owner out. Creation times and
//! statuses are the API server's and the operator's: no tenant can write either.

use adops_api::AdAccount;
use adops_api::account::Platform;
use adops_core::reason::Reason;
use jiff::Timestamp;

use crate::runtime::watch::Key;
use crate::shared::Shared;

/// The AdAccount that holds the same platform account instead of this one.
pub fn claimed_by(shared: &Shared, key: &Key, account: &AdAccount) -> Option<Key> {
    let claim = |key: &Key, account: &AdAccount| {
        let read = shared.account_state(key).known().facts.is_some();
        Claim::of(key, account, read)
    };
    let own = claim(key, account);
    let others = shared.accounts.valid();
    let others = others.iter().map(|other| claim(&Key::of(&other.metadata), other));
    others
        .filter(|other| other.key != own.key && other.place == own.place && other.holds_up(&own))
        .min_by(|a, b| a.rank().cmp(&b.rank()))
        .map(|other| other.key)
}

/// Platform and number, in the one form in which two ways to write an account are the same.
fn place(account: &AdAccount) -> (Platform, String) {
    let digits: String = account.spec.account_id.chars().filter(char::is_ascii_digit).collect();
    (account.spec.platform, digits.trim_start_matches('0').to_owned())
}

/// What counts of an AdAccount when several want one platform account.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Claim {
    key: Key,
    place: (Platform, String),
    created: Option<Timestamp>,
    /// The account was read through it.
    proven: bool,
    /// It was tried and it could not.
    powerless: bool,
}

impl Claim {
    fn of(key: &Key, account: &AdAccount, read: bool) -> Self {
        let status = account.status.as_ref();
        let proven = read || status.is_some_and(|status| status.currency.is_some());
        let reason = status.and_then(|status| status.reason);
        Self {
            key: key.clone(),
            place: place(account),
            created: account.metadata.creation_timestamp.as_ref().map(|time| time.0),
            proven,
            powerless: !proven && reason.is_some_and(|reason| POWERLESS.contains(&reason)),
        }
    }

    fn holds_up(&self, own: &Self) -> bool {
        !self.powerless && self.rank() < own.rank()
    }

    fn rank(&self) -> (bool, Option<Timestamp>, &Key) {
        (!self.proven, self.created, &self.key)
    }
}

/// What says that an AdAccount cannot read its platform account, whatever the platform's state.
const POWERLESS: &[Reason] = &[
    Reason::SecretNotFound,
    Reason::SecretKeyMissing,
    Reason::CredentialsInvalid,
    Reason::CredentialsRevoked,
    Reason::EndpointNotAllowed,
    Reason::Unsupported,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(name: &str, id: &str, created: i64, proven: bool, reason: Option<Reason>) -> Claim {
        let account: AdAccount = serde_json::from_value(serde_json::json!({
            "apiVersion": "adops.dev/v1alpha1",
            "kind": "AdAccount",
            "metadata": {"namespace": "ads", "name": name},
            "spec": {
                "platform": "Meta",
                "accountId": id,
                "credentialsSecretRef": {"name": "s"},
                "ceiling": {"daily": "1", "currency": "EUR"},
            },
            "status": {"currency": proven.then_some("EUR"), "reason": reason},
        }))
        .unwrap();
        let created = Timestamp::from_second(created).ok();
        Claim { created, ..Claim::of(&Key::new("ads", name), &account, false) }
    }

    #[test]
    fn one_account_written_in_several_ways_is_one() {
        let places: Vec<_> =
            ["act_123", "123", "0123", "act_0123"].map(|id| claim("a", id, 0, false, None).place).to_vec();
        assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
        assert_ne!(claim("a", "1230", 0, false, None).place, places[0]);
    }

    #[test]
    fn who_has_read_it_holds_it_then_the_oldest_then_the_first_name() {
        let lost = Some(Reason::CredentialsRevoked);
        for (holder, other) in [
            (claim("b", "1", 1, false, None), claim("a", "1", 2, false, None)),
            (claim("a", "1", 1, false, None), claim("b", "1", 1, false, None)),
            // Created anew, older than the holder or restored in another order: the one in use stays.
            (claim("b", "1", 2, true, None), claim("a", "1", 1, false, None)),
            (claim("a", "1", 1, true, None), claim("b", "1", 2, true, None)),
            // A holder that has lost its access for a while does not lose the account.
            (claim("a", "1", 1, true, lost), claim("b", "1", 2, true, None)),
            (claim("b", "1", 2, true, lost), claim("a", "1", 1, false, None)),
            // A squatter without credentials keeps nobody out, nor does one that nobody has looked at pass it.
            (claim("b", "1", 2, false, None), claim("a", "1", 1, false, Some(Reason::SecretNotFound))),
        ] {
            assert!(holder.holds_up(&other) || other.powerless, "{holder:?} {other:?}");
            assert!(!other.holds_up(&holder), "{holder:?} {other:?}");
        }
    }
}
