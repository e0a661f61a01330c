//! How fast requests follow each other: without a limit until the platform asks to slow down, then additive increase
//! and multiplicative decrease (Chiu and Jain 1989), so that all who share a limit come to equal parts of it.

use std::time::Duration;

/// Requests a second after the first complaint, before it is halved.
const FIRST: f64 = 8.0;
/// The slowest: for longer than between two requests at this rate the account is blocked, by what the platform says.
const LEAST: f64 = 1.0;
/// What each request that was taken adds to the requests a second.
const STEP: f64 = 0.05;
/// From here on there is no limit any more.
const UNLIMITED: f64 = 40.0;

/// The pace of one account's requests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pace {
    /// Requests a second; none while the platform has not complained.
    rate: Option<f64>,
    /// When the next request may go.
    next: Duration,
}

impl Pace {
    /// When a request may be sent, on the same clock as `now`; that time is then taken.
    pub fn slot(&mut self, now: Duration) -> Duration {
        let Some(rate) = self.rate else { return now };
        let at = self.next.max(now);
        self.next = at + Duration::from_secs_f64(1.0 / rate);
        at
    }

    /// The platform has asked to slow down.
    pub fn limited(&mut self, now: Duration) {
        let rate = (self.rate.unwrap_or(FIRST) / 2.0).max(LEAST);
        self.rate = Some(rate);
        self.next = self.next.max(now + Duration::from_secs_f64(1.0 / rate));
    }

    /// The platform has taken a request.
    pub fn taken(&mut self) {
        self.rate = self.rate.map(|rate| rate + STEP).filter(|rate| *rate < UNLIMITED);
    }

    /// Requests a second, if they are limited.
    pub fn rate(&self) -> Option<f64> {
        self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_halves_when_told_grows_when_not_and_is_never_nothing() {
        let mut pace = Pace::default();
        let now = Duration::from_secs(100);
        assert_eq!((pace.slot(now), pace.slot(now)), (now, now));
        pace.limited(now);
        assert_eq!(pace.rate(), Some(4.0));
        assert_eq!(pace.slot(now), now + Duration::from_millis(250));
        assert_eq!(pace.slot(now), now + Duration::from_millis(500));
        for _ in 0..20 {
            pace.limited(now);
        }
        assert_eq!(pace.rate(), Some(LEAST));
        for _ in 0..1_000 {
            pace.taken();
        }
        assert_eq!(pace.rate(), None);
    }

    #[test]
    fn two_who_share_a_limit_come_to_equal_parts() {
        let mut paces = [Pace { rate: Some(30.0), ..Pace::default() }, Pace { rate: Some(2.0), ..Pace::default() }];
        for _ in 0..400 {
            let sum: f64 = paces.iter().filter_map(Pace::rate).sum();
            for pace in &mut paces {
                if sum > 20.0 {
                    pace.limited(Duration::ZERO);
                } else {
                    (0..4).for_each(|_| pace.taken());
                }
            }
        }
        let [a, b] = paces.map(|pace| pace.rate().unwrap());
        assert!((a - b).abs() < 1.0, "{a} {b}");
    }
}
