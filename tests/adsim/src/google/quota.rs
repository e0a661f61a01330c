//! Quotas: operations a day and cloud project, and a short-term rate.

use std::collections::HashMap;
use std::time::Instant;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::json;

use super::errors::AdsError;
use crate::config::{AccessLevel, GoogleConfig};

/// What has been used.
#[derive(Debug, Default)]
pub struct Quota {
    days: HashMap<String, (Date, u64)>,
    buckets: HashMap<(String, String), (Instant, f64)>,
}

impl Quota {
    /// Takes operations from a project's day. The day begins at midnight in California, as the real one is said to
    /// (assumed).
    pub fn take(
        &mut self,
        project: &str,
        operations: u64,
        config: &GoogleConfig,
        now: Timestamp,
    ) -> Result<(), AdsError> {
        let Some(found) = config.projects.iter().find(|p| p.id == project) else { return Ok(()) };
        let Some(most) = found.operations_per_day.or_else(|| found.access.operations_per_day()) else { return Ok(()) };
        let zone = TimeZone::get("America/Los_Angeles").unwrap_or(TimeZone::UTC);
        let local = now.to_zoned(zone);
        let used = self.days.entry(project.to_owned()).or_insert((local.date(), 0));
        if used.0 != local.date() {
            *used = (local.date(), 0);
        }
        if used.1 + operations <= most {
            used.1 += operations;
            return Ok(());
        }
        let midnight = local.start_of_day().and_then(|day| day.checked_add(1.day()));
        let wait = midnight.map_or(86_400, |end| end.timestamp().duration_since(now).as_secs()).max(1);
        let level = match found.access {
            AccessLevel::Test => "test",
            AccessLevel::Explorer => "explorer",
            AccessLevel::Basic => "basic",
            AccessLevel::Standard => "standard",
        };
        Err(AdsError::new("quotaError", "RESOURCE_EXHAUSTED", format!("Too many requests. Retry in {wait} seconds."))
            .details(json!({
                "quotaErrorDetails": {
                    "rateScope": "DEVELOPER",
                    "rateName": format!("Number of operations for {level} access"),
                    "retryDelay": format!("{wait}s"),
                }
            })))
    }

    /// Operations that a project has used on its present day.
    pub fn used(&self, project: &str) -> u64 {
        self.days.get(project).map_or(0, |(_, used)| *used)
    }

    /// Takes one request from the short-term rate, if there is one.
    pub fn take_rate(&mut self, customer: &str, project: &str, config: &GoogleConfig) -> Result<(), AdsError> {
        let Some(rate) = config.rate_limit else { return Ok(()) };
        let now = Instant::now();
        let key = (customer.to_owned(), project.to_owned());
        let (last, tokens) = self.buckets.entry(key).or_insert((now, rate.burst));
        *tokens = (*tokens + now.duration_since(*last).as_secs_f64() * rate.per_second).min(rate.burst);
        *last = now;
        if *tokens >= 1.0 {
            *tokens -= 1.0;
            return Ok(());
        }
        let wait = ((1.0 - *tokens) / rate.per_second.max(0.001)).ceil();
        Err(AdsError::new(
            "quotaError",
            "RESOURCE_TEMPORARILY_EXHAUSTED",
            format!("Too many requests. Retry in {wait} seconds."),
        )
        .details(json!({
            "quotaErrorDetails": {
                "rateScope": "ACCOUNT",
                "rateName": "Requests per second per customer",
                "retryDelay": format!("{wait}s"),
            }
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Project, RateLimit};

    #[test]
    fn the_day_is_used_up_and_begins_anew_at_midnight_in_california() {
        let config = GoogleConfig {
            projects: vec![Project { id: "p".into(), access: AccessLevel::Explorer, operations_per_day: None }],
            ..GoogleConfig::default()
        };
        let mut quota = Quota::default();
        // 12:43:29 in California, 11 h 16 min 31 s before midnight.
        let now: Timestamp = "2026-11-24T20:43:29Z".parse().unwrap();
        quota.take("p", 2_880, &config, now).unwrap();
        let error = quota.take("p", 1, &config, now).unwrap_err();
        assert_eq!(error.message, "Too many requests. Retry in 40591 seconds.");
        assert_eq!(error.details.unwrap()["quotaErrorDetails"]["retryDelay"], "40591s");
        quota.take("p", 1, &config, "2026-11-25T08:00:00Z".parse().unwrap()).unwrap();
        assert_eq!(quota.used("p"), 1);
    }

    #[test]
    fn the_short_term_rate_is_a_token_bucket() {
        let config =
            GoogleConfig { rate_limit: Some(RateLimit { per_second: 0.001, burst: 2.0 }), ..GoogleConfig::default() };
        let mut quota = Quota::default();
        quota.take_rate("1", "p", &config).unwrap();
        quota.take_rate("1", "p", &config).unwrap();
        assert_eq!(quota.take_rate("1", "p", &config).unwrap_err().code, "RESOURCE_TEMPORARILY_EXHAUSTED");
        quota.take_rate("2", "p", &config).unwrap();
    }
}
