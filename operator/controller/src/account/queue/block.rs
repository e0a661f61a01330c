//! Why nothing is sent to an account for now.

use adops_core::reason::Reason;
use adops_platforms::error::{Disposition, PlatformError};
use jiff::Timestamp;

use crate::account::state::Block;
use crate::runtime::backoff;

/// Blocks the account if the error is about the account or the way to it, not about one object
/// and not ours.
pub fn block(slot: &mut Option<Block>, error: &PlatformError, now: Timestamp, seed: &str) {
    if matches!(error, PlatformError::Rejected { .. } | PlatformError::NotSent { .. }) {
        return;
    }
    // Several outcomes of one request are one failure.
    let before = slot.as_ref().filter(|block| block.reason == error.reason());
    let failures = match before {
        Some(block) if block.until > now => block.failures,
        Some(block) => block.failures + 1,
        None => 1,
    };
    let until = match error.disposition(now) {
        Disposition::RetryAt(at) => at,
        Disposition::Backoff | Disposition::AwaitChange | Disposition::NeedsHuman => {
            backoff::until(failures, now, seed_of(seed))
        }
    };
    let since = before.map_or(now, |block| block.since);
    *slot = Some(Block { reason: error.reason(), message: error.to_string(), until, failures, since });
}

/// A number from a name, for jitter.
pub fn seed_of(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Blocks that a person must end.
pub fn needs_human(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::CredentialsInvalid
            | Reason::CredentialsRevoked
            | Reason::SecretNotFound
            | Reason::SecretKeyMissing
            | Reason::EndpointNotAllowed
            | Reason::AccountSuspended
            | Reason::AccountClaimed
            | Reason::VersionSunset
            | Reason::HeldByAnotherCluster
            | Reason::Unsupported
    )
}
