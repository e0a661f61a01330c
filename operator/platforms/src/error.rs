//! What can go wrong on a platform, and what to do about it.

use adops_core::reason::Reason;
use jiff::{SignedDuration, Timestamp};

/// An error of a platform, or on the way to it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlatformError {
    /// The request was surely not carried out: it was not sent, or the platform said no before acting.
    #[error("the platform did not answer: {message}")]
    Unavailable {
        /// What happened.
        message: String,
    },
    /// The request was sent and its outcome is not known (a timeout, a cut connection, a 5xx).
    #[error("the outcome of the request is not known: {message}")]
    UnknownOutcome {
        /// What happened.
        message: String,
    },
    /// A short-term rate limit.
    #[error("the platform asks to slow down: {message}")]
    RateLimited {
        /// How long to wait, if the platform says.
        retry_after: Option<SignedDuration>,
        /// The platform's words.
        message: String,
    },
    /// The daily quota is used up.
    #[error("the daily quota is used up until {until}: {message}")]
    QuotaExhausted {
        /// When the platform takes requests again, by business time.
        until: Timestamp,
        /// How many operations a day it takes, if it says.
        size: Option<u64>,
        /// The platform's words.
        message: String,
    },
    /// It was not sent, for a reason that is ours: what is scarce is kept for what is more important, or it is not
    /// wanted any more.
    #[error("it was not sent: {message}")]
    NotSent {
        /// The reason for conditions.
        reason: Reason,
        /// When to ask again, by business time.
        until: Timestamp,
        /// Why.
        message: String,
    },
    /// The credentials are not accepted.
    #[error("the credentials are not accepted: {message}")]
    CredentialsInvalid {
        /// The platform's words; no secret.
        message: String,
    },
    /// The access was revoked.
    #[error("the access was revoked: {message}")]
    CredentialsRevoked {
        /// The platform's words.
        message: String,
    },
    /// The account cannot be used (suspended, closed, not enabled).
    #[error("the account cannot be used: {message}")]
    AccountSuspended {
        /// The platform's words.
        message: String,
    },
    /// Another cluster writes to the account.
    #[error(
        "{holder} holds the account, and nothing is written to it; to take it over, stop that one and set \
         `takeover: \"{holder}\"` in the AdAccount's spec"
    )]
    HeldByAnotherCluster {
        /// Its record.
        holder: String,
    },
    /// The account was taken over, and its former holder may still write.
    #[error("the account is taken over; nothing is written before its former holder must have noticed")]
    TakingOver {
        /// How long that may take.
        wait: SignedDuration,
    },
    /// The API version has ended.
    #[error("the API version is no longer served: {message}")]
    VersionSunset {
        /// The platform's words.
        message: String,
    },
    /// A URL is not on the allow-list.
    #[error("{url} is not on the operator's allow-list (--allow-endpoint)")]
    EndpointNotAllowed {
        /// The URL's scheme, host and port.
        url: String,
    },
    /// The platform has refused the content of a request.
    #[error("the platform refuses it: {message}")]
    Rejected {
        /// The reason for conditions.
        reason: Reason,
        /// The platform's words, with the field.
        message: String,
    },
    /// The platform answered with something that we cannot read.
    #[error("the platform's answer cannot be read: {message}")]
    Unreadable {
        /// What is wrong with it.
        message: String,
    },
}

/// What to do after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// At this instant, by business time, not before.
    RetryAt(Timestamp),
    /// After the object's own back-off.
    Backoff,
    /// When the spec, the Secret or the platform changes.
    AwaitChange,
    /// When a person has done something.
    NeedsHuman,
}

impl PlatformError {
    /// Something would be written through a connector that is for rehearsals.
    pub fn only_rehearses() -> Self {
        let message = "this connector only reads and rehearses: nothing is written through it".to_owned();
        Self::Rejected { reason: Reason::Unsupported, message }
    }

    /// The one word.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Unavailable { .. } | Self::UnknownOutcome { .. } | Self::Unreadable { .. } => {
                Reason::PlatformUnavailable
            }
            Self::RateLimited { .. } => Reason::RateLimited,
            Self::QuotaExhausted { .. } => Reason::QuotaExhausted,
            Self::CredentialsInvalid { .. } => Reason::CredentialsInvalid,
            Self::CredentialsRevoked { .. } => Reason::CredentialsRevoked,
            Self::AccountSuspended { .. } => Reason::AccountSuspended,
            Self::HeldByAnotherCluster { .. } => Reason::HeldByAnotherCluster,
            Self::TakingOver { .. } => Reason::TakingOver,
            Self::VersionSunset { .. } => Reason::VersionSunset,
            Self::EndpointNotAllowed { .. } => Reason::EndpointNotAllowed,
            Self::Rejected { reason, .. } | Self::NotSent { reason, .. } => *reason,
        }
    }

    /// What to do.
    pub fn disposition(&self, now: Timestamp) -> Disposition {
        match self {
            Self::RateLimited { retry_after: Some(wait), .. } | Self::TakingOver { wait } => {
                Disposition::RetryAt(now + *wait)
            }
            Self::QuotaExhausted { until, .. } | Self::NotSent { until, .. } => Disposition::RetryAt(*until),
            Self::Unavailable { .. }
            | Self::UnknownOutcome { .. }
            | Self::Unreadable { .. }
            | Self::RateLimited { retry_after: None, .. }
            // A Secret is never watched, so a new one is found by looking again.
            | Self::CredentialsInvalid { .. }
            | Self::CredentialsRevoked { .. }
            | Self::AccountSuspended { .. } => Disposition::Backoff,
            Self::VersionSunset { .. } | Self::EndpointNotAllowed { .. } | Self::HeldByAnotherCluster { .. } => Disposition::NeedsHuman,
            Self::Rejected { .. } => Disposition::AwaitChange,
        }
    }

    /// Whether a write may have been carried out all the same.
    pub fn may_have_happened(&self) -> bool {
        matches!(self, Self::UnknownOutcome { .. } | Self::Unreadable { .. })
    }
}
