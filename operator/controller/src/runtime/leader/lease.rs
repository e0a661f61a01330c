//! The Lease object, and what a candidate may conclude from having seen it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

use super::Election;

/// How long a request of the holder may take, in milliseconds: who takes over waits as long.
const TIMEOUT_ANNOTATION: &str = "adops.dev/request-timeout-ms";

/// What a candidate sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// There is none.
    Absent,
    /// Its holder gave it back.
    Free,
    /// Somebody holds it.
    Held {
        /// Who.
        by: String,
    },
    /// Its holder has not renewed it in time, and starts nothing any more. What it has started may go on for so long.
    Expired {
        /// Who held it.
        by: String,
        /// How long its requests may take.
        request_timeout: Duration,
    },
}

/// When a Lease was first seen as it is now.
#[derive(Debug, Default)]
pub(super) struct Sightings(Option<(String, Instant)>);

impl Sightings {
    /// Judges a Lease that was read not later than `now`. Only the time since it was last seen to change counts: the
    /// clocks of other machines say nothing.
    pub(super) fn judge(&mut self, lease: Option<&Lease>, own_timeout: Duration, now: Instant) -> Seen {
        let Some(lease) = lease else {
            self.0 = None;
            return Seen::Absent;
        };
        let Some(by) = holder(lease) else { return Seen::Free };
        // Every renewal changes it.
        let version = lease.metadata.resource_version.clone().unwrap_or_default();
        let since = match &self.0 {
            Some((before, since)) if *before == version => *since,
            _ => {
                self.0 = Some((version, now));
                now
            }
        };
        if now < since + duration(lease) {
            return Seen::Held { by };
        }
        Seen::Expired { by, request_timeout: request_timeout(lease).unwrap_or(own_timeout).max(own_timeout) }
    }
}

/// Who holds a Lease.
pub(super) fn holder(lease: &Lease) -> Option<String> {
    lease.spec.as_ref()?.holder_identity.clone().filter(|holder| !holder.is_empty())
}

fn duration(lease: &Lease) -> Duration {
    let seconds = lease.spec.as_ref().and_then(|spec| spec.lease_duration_seconds).unwrap_or(1);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(1).max(1))
}

fn request_timeout(lease: &Lease) -> Option<Duration> {
    let text = lease.metadata.annotations.as_ref()?.get(TIMEOUT_ANNOTATION)?;
    text.parse().ok().map(Duration::from_millis)
}

/// The Lease as a process that takes it, or renews it, writes it.
pub(super) fn held(before: Option<Lease>, name: &str, election: &Election, request_timeout: Duration) -> Lease {
    let now = MicroTime(Timestamp::now());
    let mut lease = before.unwrap_or_default();
    lease.metadata.name = Some(name.to_owned());
    lease.metadata.namespace = Some(election.namespace.clone());
    lease.metadata.managed_fields = None;
    let renews = holder(&lease).as_ref() == Some(&election.identity);
    let annotations = lease.metadata.annotations.get_or_insert_with(BTreeMap::new);
    annotations.insert(TIMEOUT_ANNOTATION.to_owned(), request_timeout.as_millis().to_string());
    let spec = lease.spec.get_or_insert_default();
    if !renews {
        spec.lease_transitions = Some(spec.lease_transitions.map_or(0, |transitions| transitions.saturating_add(1)));
        spec.acquire_time = Some(now.clone());
    }
    spec.holder_identity = Some(election.identity.clone());
    // Rounded up: others wait longer than we act.
    let seconds = election.duration.as_millis().div_ceil(1000);
    spec.lease_duration_seconds = Some(i32::try_from(seconds).unwrap_or(i32::MAX));
    spec.renew_time = Some(now);
    lease
}

/// The Lease as a holder gives it back.
pub(super) fn free(mut lease: Lease) -> Lease {
    lease.metadata.managed_fields = None;
    let before = lease.spec.take().unwrap_or_default();
    lease.spec = Some(LeaseSpec {
        lease_transitions: before.lease_transitions,
        renew_time: Some(MicroTime(Timestamp::now())),
        ..LeaseSpec::default()
    });
    lease
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(30);

    fn election(identity: &str) -> Election {
        Election {
            namespace: "adops-system".to_owned(),
            duration: Duration::from_millis(59_001),
            renew: Duration::from_secs(15),
            identity: identity.to_owned(),
        }
    }

    fn lease(version: &str, identity: &str) -> Lease {
        let mut lease = held(None, "adops-prod-leader", &election(identity), TIMEOUT);
        lease.metadata.resource_version = Some(version.to_owned());
        lease
    }

    #[test]
    fn a_holder_has_expired_when_nothing_was_seen_of_it_for_a_lease() {
        let (mut sightings, began) = (Sightings::default(), Instant::now());
        let at = |seconds| began + Duration::from_secs(seconds);
        let mut judge = |version, seconds| sightings.judge(Some(&lease(version, "a")), TIMEOUT, at(seconds));
        let is_held = Seen::Held { by: "a".to_owned() };
        assert_eq!([judge("1", 0), judge("1", 59), judge("2", 60), judge("2", 119)], [(); 4].map(|()| is_held.clone()));
        assert_eq!(judge("2", 120), Seen::Expired { by: "a".to_owned(), request_timeout: TIMEOUT });
    }

    #[test]
    fn what_the_holders_clock_says_does_not_count() {
        let mut old = lease("1", "a");
        let spec = old.spec.as_mut().unwrap();
        spec.renew_time = Some(MicroTime("2001-01-01T00:00:00Z".parse().unwrap()));
        let mut sightings = Sightings::default();
        assert_eq!(sightings.judge(Some(&old), TIMEOUT, Instant::now()), Seen::Held { by: "a".to_owned() });
    }

    #[test]
    fn the_longer_of_two_request_timeouts_is_waited_for() {
        let (mut sightings, began) = (Sightings::default(), Instant::now());
        let of = |own: u64, sightings: &mut Sightings| {
            let _ = sightings.judge(Some(&lease("1", "a")), Duration::from_secs(own), began);
            match sightings.judge(Some(&lease("1", "a")), Duration::from_secs(own), began + Duration::from_secs(99)) {
                Seen::Expired { request_timeout, .. } => request_timeout.as_secs(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!((of(5, &mut sightings), of(60, &mut sightings)), (30, 60));
    }

    #[test]
    fn a_lease_that_was_given_back_is_free_and_counts_its_holders() {
        let first = lease("1", "a");
        assert_eq!(first.spec.as_ref().unwrap().lease_transitions, Some(0));
        let back = free(first);
        assert_eq!(Sightings::default().judge(Some(&back), TIMEOUT, Instant::now()), Seen::Free);
        let second = held(Some(back), "adops-prod-leader", &election("b"), TIMEOUT);
        assert_eq!(second.spec.as_ref().unwrap().lease_transitions, Some(1));
        let renewed = held(Some(second.clone()), "adops-prod-leader", &election("b"), TIMEOUT);
        assert_eq!(renewed.spec.as_ref().unwrap().lease_transitions, Some(1));
        assert_eq!(renewed.spec.unwrap().acquire_time, second.spec.unwrap().acquire_time);
    }
}
