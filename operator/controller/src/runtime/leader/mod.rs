//! Leadership (S13): within a cluster one process of an installation acts at a time.
//!
//! # Flow
//! 1. A candidate watches, warms its stores and writes nothing. It takes the Lease when nobody holds it, or when it has
//!    not seen it change for as long as its holder said that it lasts. What another machine's clock says is never
//!    compared with one's own.
//! 2. Unless the Lease was given back, it waits for the former holder's request timeout before it acts: what that one
//!    has started has then ended. Its first act is a fresh listing.
//! 3. A leader renews; each renewal lets it act for one lease duration from when the renewal was *begun*, by its own
//!    monotonic clock. One that cannot renew in time ends its process.
//! 4. A leader that is told to end gives the Lease back after all its work.
//!
//! # Guarantees
//! - No platform request is started later than lease expiry minus request timeout ([`Fence`], asked by the transport
//!   right before a request leaves).
//! - No write to the API server is started after lease expiry ([`fenced`]); each carries a resource version, too.
//!
//! # Caveats
//! A process that is stopped between the look at the clock and the system call that sends can send late. `docs/safety.md`
//! says what holds then.

mod elector;
mod fence;
mod lease;

pub use elector::{Elector, LeaseError, watch_for_observer};
pub use fence::{Fence, Standing, fenced};

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;
use std::time::Duration;

use adops_core::marker::Installation;

/// Where a pod finds its namespace.
const NAMESPACE_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
/// The namespace of the manifests that come with the operator.
const DEFAULT_NAMESPACE: &str = "adops-system";

/// How the election is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Election {
    /// Where the Lease lies.
    pub namespace: String,
    /// How long a renewal lasts.
    pub duration: Duration,
    /// How often the Lease is renewed.
    pub renew: Duration,
    /// Who this process is; no two processes have the same.
    pub identity: String,
}

/// Times that do not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "--lease-duration ({duration:?}) must be longer than --renew-interval ({renew:?}) and --request-timeout \
     ({request_timeout:?}) together: no request is started that could outlive the lease"
)]
pub struct TimesError {
    duration: Duration,
    renew: Duration,
    request_timeout: Duration,
}

impl Election {
    /// Refuses times with which a leader could not send.
    pub fn check(&self, request_timeout: Duration) -> Result<(), TimesError> {
        let fits = !self.renew.is_zero() && self.duration > self.renew.saturating_add(request_timeout);
        let (duration, renew) = (self.duration, self.renew);
        if fits { Ok(()) } else { Err(TimesError { duration, renew, request_timeout }) }
    }
}

/// The name of an installation's Lease.
pub fn lease_name(installation: &Installation) -> String {
    // An installation's id may end in a dash; a name may not.
    format!("adops-{installation}-leader")
}

/// The namespace that the operator runs in: the one given, the pod's, or that of the manifests.
pub fn namespace(given: Option<String>) -> String {
    let own = || std::fs::read_to_string(Path::new(NAMESPACE_FILE)).ok().map(|text| text.trim().to_owned());
    given.or_else(own).filter(|name| !name.is_empty()).unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned())
}

/// A name for this process: the host's, which is the pod's, and something random.
pub fn identity() -> String {
    let host = std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty());
    let host = host.or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok());
    let host = host.as_deref().map_or("adops-operator", str::trim).to_owned();
    // The standard library seeds its maps from the system's source of randomness.
    format!("{host}_{:016x}", RandomState::new().build_hasher().finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_must_fit_between_two_renewals_and_the_end_of_the_lease() {
        let election = |duration, renew| Election {
            namespace: "adops-system".to_owned(),
            duration: Duration::from_secs(duration),
            renew: Duration::from_secs(renew),
            identity: "a".to_owned(),
        };
        let timeout = Duration::from_secs(30);
        assert!(election(60, 15).check(timeout).is_ok());
        assert!(election(45, 15).check(timeout).is_err());
        assert!(election(60, 0).check(timeout).is_err());
    }

    #[test]
    fn no_two_processes_have_one_identity() {
        assert_ne!(identity(), identity());
    }
}
