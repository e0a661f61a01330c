//! The closed set of reasons.
//!
//! One PascalCase word says why: the same word is the reason of a condition, the reason of an Event, the label of a
//! metric and the REASON column. A reason is added here and nowhere else.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! reasons {
    ($( $group:literal: $( #[doc = $doc:literal] $name:ident, )+ )+) => {
        /// Why something is as it is, in one word. The doc comment of each is what the documentation says of it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $( $( #[doc = $doc] $name, )+ )+
            /// A word that a newer version wrote and this one does not know.
            Unknown,
        }

        impl Reason {
            /// All reasons, in the order of their groups, without [`Reason::Unknown`].
            pub const ALL: &[Self] = &[$( $( Self::$name, )+ )+];

            /// The word itself.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( $( Self::$name => stringify!($name), )+ )+
                    Self::Unknown => "Unknown",
                }
            }

            /// The group that the documentation lists it under.
            pub const fn group(self) -> &'static str {
                match self {
                    $( $( Self::$name )|+ => $group, )+
                    Self::Unknown => "",
                }
            }

            /// What it means and what to do, in a sentence or two.
            pub const fn explanation(self) -> &'static str {
                match self {
                    $( $( Self::$name => $doc.trim_ascii(), )+ )+
                    Self::Unknown => "A newer version of the operator wrote this.",
                }
            }
        }
    };
}

reasons! {
    "Going as planned":
    /// The platform holds what this generation asks.
    Ready,
    /// Planned, and nothing written yet: the operator only observes, or waits for its turn.
    Planned,
    /// Objects are being created.
    Creating,
    /// Objects are being changed.
    Updating,
    /// What is on the platform is being stopped, because the object is being deleted.
    Deleting,

    "The user's own choice":
    /// `suspend: true`: nothing is written. Nothing of it spends.
    Suspended,
    /// `suspend: true`: nothing is written, and it goes on spending. Use `state: Paused` to stop the spend.
    SuspendedSpending,
    /// `state: Paused`.
    Paused,
    /// The AdAccount's stop switch is on: all of it is paused.
    StoppedByAccount,
    /// Someone paused it or cut its budget on the platform, and `stopsByHand: Keep` leaves it so until the spec changes.
    StoppedOnPlatform,
    /// An Experiment holds the market out.
    HeldOut,
    /// The platform differs from the spec, and `driftPolicy: Report` leaves it so.
    Drifted,
    /// The object was given up with the annotation `adops.dev/abandon`: what was left on the platform is now the user's.
    AbandonedByUser,

    "Delivery":
    /// It serves.
    Delivering,
    /// The flight begins later.
    FlightNotStarted,
    /// The flight has ended.
    FlightOver,
    /// The platform reviews the ads.
    AdsInReview,
    /// The platform has disapproved ads: change them, or appeal there.
    AdsDisapproved,
    /// It serves less than it could, for the budget is used up.
    LimitedByBudget,
    /// The platform is still learning how to deliver.
    Learning,
    /// All is set, and nobody was shown an ad for two days: look at bids, audience and keywords.
    NoImpressions,
    /// The platform could not charge the account: correct its billing there.
    PaymentFailed,
    /// The platform has suspended or closed the account.
    AccountSuspended,

    "The spec":
    /// The spec cannot be carried out as written: the message says which field and why.
    InvalidSpec,
    /// The stored object cannot be read as its kind: correct it with kubectl.
    Malformed,
    /// The platform does not know a market, or cannot target it.
    UnknownMarket,
    /// A market has no copy in its locale, and there is no `fallbackLocale`.
    CopyMissing,
    /// A text is longer than the platform allows: the message says which, and by how much.
    TextTooLong,
    /// An ad carries URL parameters of another campaign.
    UrlParametersForeign,
    /// The platform or its connector cannot do what the spec asks.
    Unsupported,
    /// The change needs a replacement, and `onReplace: Refuse` forbids it.
    ReplaceNotAllowed,

    "Money":
    /// The share of a line is below the platform's minimum: the message names the lines and the total needed.
    BudgetBelowMinimum,
    /// Budget or ceiling have another currency than the account.
    CurrencyMismatch,
    /// The AdAccount's ceiling leaves no room for more.
    CeilingReached,

    "Ownership":
    /// A create was cut off and may or may not have had an effect: `kubectl adops resolve` shows what was found.
    CreateOutcomeUnknown,
    /// Something keeps changing a field back: it is left as it is.
    DriftContested,
    /// Our marker was removed from an object that is ours. It is put back.
    MarkerLost,
    /// The object carries the marker of another installation or owner: it is not touched.
    ForeignMarker,
    /// Another Campaign owns the object on the platform.
    ClaimedByAnotherCampaign,
    /// An older AdAccount of this installation holds the same account.
    AccountClaimed,
    /// Another cluster writes to the account: name it in the AdAccount's `takeover` to take over.
    HeldByAnotherCluster,
    /// Too many irreversible removes in an hour: the rest follows later, or after a confirmation.
    RemoveBraked,
    /// The account may not hold more objects: nothing was created.
    ObjectLimit,

    "Accounts and credentials":
    /// There is no AdAccount of this name in the namespace, and none that grants its use.
    AccountNotFound,
    /// The AdAccount is not Ready: see its own conditions.
    AccountNotReady,
    /// The AdAccount does not allow this namespace.
    AccountNotGranted,
    /// The Secret with the credentials does not exist.
    SecretNotFound,
    /// The Secret has no such key, or it is empty.
    SecretKeyMissing,
    /// The platform does not accept the credentials.
    CredentialsInvalid,
    /// The credentials were revoked: make new ones and put them into the Secret.
    CredentialsRevoked,
    /// The credentials stop working soon: renew them.
    CredentialsExpiring,
    /// The endpoint is not on the operator's list of allowed ones.
    EndpointNotAllowed,

    "The platform":
    /// The platform takes no more calls from us for a while: the message says until when.
    QuotaExhausted,
    /// The platform asks to slow down.
    RateLimited,
    /// The platform cannot be reached, or fails.
    PlatformUnavailable,
    /// The platform refused a change: the message has its words.
    PlatformRejected,
    /// The platform no longer serves this version of its API: set another `apiVersion`, or update the operator.
    VersionSunset,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word is not one of ours.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a known reason")]
pub struct UnknownReason(String);

impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == word).ok_or_else(|| UnknownReason(word.to_owned()))
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.as_str().to_owned()
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Reason {
    /// An unknown word becomes [`Reason::Unknown`]: a status that a newer version wrote must stay readable.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = Cow::<'de, str>::deserialize(deserializer)?;
        Ok(word.parse().unwrap_or(Self::Unknown))
    }
}

impl JsonSchema for Reason {
    fn schema_name() -> Cow<'static, str> {
        "Reason".into()
    }

    fn inline_schema() -> bool {
        true
    }

    /// A word, not an enum: a new reason is no change of the CRD.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "maxLength": 64, "pattern": "^[A-Za-z]+$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_reads_back_as_itself_and_explains_itself() {
        for reason in Reason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(*reason));
            assert!(reason.as_str().chars().all(|c| c.is_ascii_alphabetic()));
            assert!(reason.explanation().ends_with('.'), "{reason}");
            assert!(!reason.group().is_empty());
        }
    }

    #[test]
    fn a_word_of_a_newer_version_is_unknown_and_no_error() {
        assert_eq!(serde_json::from_str::<Reason>("\"Teleported\"").unwrap(), Reason::Unknown);
    }
}
