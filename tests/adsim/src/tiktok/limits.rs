//! Windows: how often an app and an account may call, which requests have just been made, which ads just written.
//!
//! Seconds and minutes are the machine's, days are business time's: short windows protect the service from machines,
//! and business time may stand still.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::config::{CallLimit, TikTokConfig};
use super::errors::{Refusal, code};

/// What has happened lately.
#[derive(Debug, Default)]
pub struct Windows {
    calls: HashMap<(String, String), Calls>,
    requests: HashMap<(String, &'static str, String), (Instant, u64)>,
    ad_writes: HashMap<u64, Instant>,
    /// How often a call was refused for minutes or for the rest of a day: the limit a second is not among them.
    pub blocks: u64,
}

#[derive(Debug, Default)]
struct Calls {
    times: VecDeque<Instant>,
    day: Option<(Date, u64)>,
}

impl Windows {
    /// Takes a call from the limits of an app and of an account. Calls that are refused count, too (assumed).
    pub fn take(
        &mut self,
        app: &str,
        advertiser: &str,
        path: &str,
        config: &TikTokConfig,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if let Some(limit) = config.app_limit
            && let Some(window) = self.call(app, path, limit, now)
        {
            self.blocks += u64::from(window != "QPS");
            let message = format!("Too many requests. Please retry in some time. ({window})");
            return Err(Refusal::new(code::THROTTLED, message));
        }
        if let Some(limit) = config.advertiser_limit
            && !advertiser.is_empty()
            && let Some(window) = self.call(advertiser, path, limit, now)
        {
            self.blocks += u64::from(window != "QPS");
            let message = format!(
                "Advertiser ({advertiser})'s {window} reaches {window} limit for current path, request is temporarily \
                 restricted."
            );
            return Err(Refusal::new(code::THROTTLED_ADVERTISER, message));
        }
        Ok(())
    }

    /// Counts a call; the window that it overflows, if any.
    fn call(&mut self, who: &str, path: &str, limit: CallLimit, now: Timestamp) -> Option<&'static str> {
        let calls = self.calls.entry((who.to_owned(), path.to_owned())).or_default();
        let instant = Instant::now();
        calls.times.push_back(instant);
        while calls.times.front().is_some_and(|t| instant.duration_since(*t) >= Duration::from_mins(1)) {
            calls.times.pop_front();
        }
        let today = now.to_zoned(TimeZone::UTC).date();
        let day = calls.day.get_or_insert((today, 0));
        *day = if day.0 == today { (today, day.1 + 1) } else { (today, 1) };
        let second = calls.times.iter().filter(|t| instant.duration_since(**t) < Duration::from_secs(1)).count();
        let over = |limit: Option<u64>, count: usize| {
            limit.is_some_and(|most| u64::try_from(count).unwrap_or(u64::MAX) > most)
        };
        if limit.per_day.is_some_and(|most| day.1 > most) {
            Some("QPD")
        } else if over(limit.per_minute, calls.times.len()) {
            Some("QPM")
        } else if over(limit.per_second, second) {
            Some("QPS")
        } else {
            None
        }
    }

    /// The object that a create with this id has just made.
    pub fn repeated(&self, advertiser: &str, kind: &'static str, request: &str, seconds: f64) -> Option<u64> {
        let key = (advertiser.to_owned(), kind, request.to_owned());
        self.requests.get(&key).filter(|(at, _)| at.elapsed().as_secs_f64() < seconds).map(|(_, id)| *id)
    }

    /// Remembers what a create has made.
    pub fn remember(&mut self, advertiser: &str, kind: &'static str, request: &str, id: u64, seconds: f64) {
        self.requests.retain(|_, (at, _)| at.elapsed().as_secs_f64() < seconds);
        self.requests.insert((advertiser.to_owned(), kind, request.to_owned()), (Instant::now(), id));
    }

    /// Takes a write from an ad. The code is assumed.
    pub fn write_ad(&mut self, ad: u64, seconds: f64) -> Result<(), Refusal> {
        self.ad_writes.retain(|_, at| at.elapsed().as_secs_f64() < seconds);
        if self.ad_writes.contains_key(&ad) {
            return Err(Refusal::new(
                code::CONFLICT,
                format!("Write or update entity conflict. The ad {ad} has just been changed."),
            ));
        }
        self.ad_writes.insert(ad, Instant::now());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_window_overflows_with_its_own_code() {
        let now: Timestamp = "2027-03-01T23:00:00Z".parse().unwrap();
        let limit = |second, minute, day| CallLimit { per_second: second, per_minute: minute, per_day: day };
        for (app, advertiser, wanted) in [
            (Some(limit(Some(1), None, None)), None, code::THROTTLED),
            (Some(limit(None, Some(1), None)), None, code::THROTTLED),
            (None, Some(limit(Some(1), None, None)), code::THROTTLED_ADVERTISER),
            (None, Some(limit(None, None, Some(1))), code::THROTTLED_ADVERTISER),
        ] {
            let config = TikTokConfig { app_limit: app, advertiser_limit: advertiser, ..TikTokConfig::default() };
            let mut windows = Windows::default();
            windows.take("app", "1", "a", &config, now).unwrap();
            windows.take("app", "1", "b", &config, now).unwrap();
            assert_eq!(windows.take("app", "1", "a", &config, now).unwrap_err().code, wanted);
        }
    }

    #[test]
    fn the_day_begins_anew_at_midnight_utc() {
        let limit = CallLimit { per_day: Some(1), ..CallLimit::default() };
        let config = TikTokConfig { app_limit: Some(limit), ..TikTokConfig::default() };
        let mut windows = Windows::default();
        let mut take = |at: &str| windows.take("app", "1", "a", &config, at.parse().unwrap());
        take("2027-03-01T23:00:00Z").unwrap();
        assert!(take("2027-03-01T23:59:59Z").is_err());
        take("2027-03-02T00:00:00Z").unwrap();
    }
}
