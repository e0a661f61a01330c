//! The closed set of reasons: the same word is a condition's reason, an Event's reason and a
//! metric's label.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// Why something is as it is, in one word.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Reason {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Reason {
            /// All of them, with what they mean.
            pub const ALL: &[(Reason, &str)] = &[$((Reason::$name, concat!($($doc),+))),+];

            /// The word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }
        }
    };
}

reasons! {
    // The order is that of need: of several, the first is shown in the REASON column.
    /// The platform account is suspended or closed.
    AccountSuspended,
    /// The platform could not charge the account.
    PaymentFailed,
    /// The platform has revoked the access; new credentials are needed.
    CredentialsRevoked,
    /// The platform does not accept the credentials.
    CredentialsInvalid,
    /// The Secret does not exist.
    SecretNotFound,
    /// The Secret lacks a key.
    SecretKeyMissing,
    /// A URL is not on the operator's allow-list.
    EndpointNotAllowed,
    /// The AdAccount does not exist.
    AccountNotFound,
    /// The AdAccount does not grant this namespace.
    AccountNotGranted,
    /// Another AdAccount, which is older, holds this platform account.
    AccountClaimed,
    /// Another cluster writes to this platform account.
    HeldByAnotherCluster,
    /// The platform has ended the API version in use.
    VersionSunset,
    /// The stored object cannot be read.
    Malformed,
    /// The spec contradicts itself.
    InvalidSpec,
    /// The budget and an account have different currencies, and no rate between them is given.
    CurrencyMismatch,
    /// A create may have made several objects, of which one has delivered.
    CreateOutcomeUnknown,
    /// The object carries the marker of another installation.
    ForeignMarker,
    /// Another Campaign holds this object.
    ClaimedByAnotherCampaign,
    /// The platform has refused a change.
    PlatformRejected,
    /// The platform does not know the market.
    UnknownMarket,
    /// There is no ad copy in the market's language.
    CopyMissing,
    /// A text is longer than the platform takes.
    TextTooLong,
    /// An image or video cannot be fetched.
    MediaUnreachable,
    /// The platform would not take an image or video: its kind, shape, length or size.
    MediaNotAccepted,
    /// The platform cannot do what the spec asks.
    Unsupported,
    /// URL parameters name another Campaign.
    UrlParametersForeign,
    /// The share of a line is below the platform's minimum.
    BudgetBelowMinimum,
    /// The platform account would hold more objects than it may.
    ObjectLimit,
    /// A change needs a new object, and `onReplace` refuses that.
    ReplaceNotAllowed,
    /// A budget would grow by more than `brakes.maxStep` of the account in one change.
    BudgetStepTooLarge,
    /// The account's ceiling leaves no room.
    CeilingReached,
    /// The Campaign's budget leaves no room until a decrease is confirmed.
    BudgetReached,
    /// `AdAccount.spec.stop` is set.
    StoppedByAccount,
    /// Spending is stopped on the platform by hand and stays so until the spec changes.
    StoppedOnPlatform,
    /// Something keeps changing a field back.
    DriftContested,
    /// The platform differs from the spec.
    Drifted,
    /// Our marker was taken from an object.
    MarkerLost,
    /// An object of ours was removed on the platform.
    RemovedOnPlatform,
    /// Irreversible removes wait for their hourly allowance.
    RemoveBraked,
    /// A budget was changed as often as it may be within an hour.
    BudgetBraked,
    /// The daily quota is used up.
    QuotaExhausted,
    /// Changes wait for the platform's quota; the message says for about how long.
    QuotaLimited,
    /// The platform asks to slow down.
    RateLimited,
    /// The platform does not answer.
    PlatformUnavailable,
    /// The account is taken over from another cluster, which must have noticed before anything is written.
    TakingOver,
    /// The AdAccount is not ready.
    AccountNotReady,
    /// The account was not yet observed.
    NotObserved,
    /// Writes are stopped by `suspend`, and the Campaign spends.
    SuspendedSpending,
    /// Writes are stopped by `suspend`.
    Suspended,
    /// The credentials expire soon.
    CredentialsExpiring,
    /// The platform does not show an ad.
    AdsDisapproved,
    /// The platform reviews the ads.
    AdsInReview,
    /// An image or video is being fetched, or processed by the platform.
    MediaNotReady,
    /// Another image or video lies under the same URL at every look; the ads keep the one that they have.
    MediaUnsettled,
    /// The object is being created.
    Creating,
    /// Changes are under way.
    Updating,
    /// The object is being deleted.
    Deleting,
    /// The user gave up what the operator cannot reach.
    AbandonedByUser,
    /// The flight has not begun.
    FlightNotStarted,
    /// The flight is over.
    FlightOver,
    /// The Campaign or line is paused by its spec.
    Paused,
    /// An experiment holds the line out.
    HeldOut,
    /// More budget would be spent.
    LimitedByBudget,
    /// The platform's bidding is learning.
    Learning,
    /// It is enabled and nobody sees it.
    NoImpressions,
    /// It serves.
    Delivering,
    /// A change was made.
    Applied,
    /// All is as it should be.
    Ready,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
