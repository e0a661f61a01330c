//! Rate limits and the headers that tell of them. Business time, but for the limit a second.
//!
//! Three limits of an account apply side by side: a score that decays (a read is 1, a write 3), calls an hour for a
//! business use case, and changes a second. All are answered with HTTP 400; the headers tell in minutes and in seconds
//! when it will be over.

use std::collections::VecDeque;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::config::MetaQuota;
use super::errors::GraphError;

/// What a call is, as far as limits go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Reads an account's objects.
    Read,
    /// Changes an account's objects.
    Write,
    /// Reads insights.
    Insights,
}

/// What an account, or an app, has used.
#[derive(Debug, Default)]
pub struct Usage {
    score: f64,
    scored_at: Option<Timestamp>,
    blocked_until: Option<Timestamp>,
    management: Hour,
    insights: Hour,
    second: Option<(Instant, u32)>,
    /// How often a call was refused for minutes: the limit a second is not among them.
    pub blocks: u64,
}

/// Calls of the last hour, by minute.
#[derive(Debug, Default)]
pub struct Hour(VecDeque<(i64, i64)>);

impl Hour {
    fn forget(&mut self, now: Timestamp) {
        let oldest = now.as_second().div_euclid(60) - 60;
        while self.0.front().is_some_and(|(minute, _)| *minute <= oldest) {
            self.0.pop_front();
        }
    }

    /// Calls in the last hour.
    fn count(&self) -> i64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    fn add(&mut self, now: Timestamp) {
        let minute = now.as_second().div_euclid(60);
        match self.0.back_mut() {
            Some((last, count)) if *last == minute => *count += 1,
            _ => self.0.push_back((minute, 1)),
        }
    }

    /// Takes a call. The error is the minutes until there is room for one again.
    pub fn take(&mut self, most: i64, now: Timestamp) -> Result<(), i64> {
        self.forget(now);
        if self.count() < most {
            self.add(now);
            return Ok(());
        }
        Err(self.minutes_to_wait(most, now))
    }

    fn minutes_to_wait(&self, most: i64, now: Timestamp) -> i64 {
        let mut left = self.count();
        if left < most {
            return 0;
        }
        for (minute, count) in &self.0 {
            left -= count;
            if left < most {
                return (minute + 61 - now.as_second().div_euclid(60)).max(1);
            }
        }
        60
    }
}

impl Usage {
    /// Takes a call, or refuses it.
    pub fn take(&mut self, cost: Cost, active_ads: usize, quota: &MetaQuota, now: Timestamp) -> Result<(), GraphError> {
        if cost == Cost::Write {
            self.take_second(quota)?;
        }
        let taken = self.take_longer(cost, active_ads, quota, now);
        self.blocks += u64::from(taken.is_err());
        taken
    }

    fn take_longer(
        &mut self,
        cost: Cost,
        active_ads: usize,
        quota: &MetaQuota,
        now: Timestamp,
    ) -> Result<(), GraphError> {
        self.take_score(if cost == Cost::Write { 3.0 } else { 1.0 }, quota, now)?;
        let (code, what) = if cost == Cost::Insights { (80_000, "ads-insights") } else { (80_004, "ad-account") };
        let most = limit(cost, active_ads, quota);
        self.hour(cost).take(most, now).map_err(|_| {
            let message = format!(
                "(#{code}) There have been too many calls to this {what}. Wait a bit and try again. For more info, \
                 please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting#ads-management."
            );
            GraphError::new(code, message).subcode(2_446_079)
        })
    }

    fn hour(&mut self, cost: Cost) -> &mut Hour {
        if cost == Cost::Insights { &mut self.insights } else { &mut self.management }
    }

    fn take_score(&mut self, cost: f64, quota: &MetaQuota, now: Timestamp) -> Result<(), GraphError> {
        self.decay(quota, now);
        if self.blocked_until.is_some_and(|until| until > now) {
            return Err(score_error(quota));
        }
        self.blocked_until = None;
        if self.score + cost > quota.account_score {
            self.blocked_until = now.checked_add(SignedDuration::from_secs(quota.block_seconds)).ok();
            return Err(score_error(quota));
        }
        self.score += cost;
        Ok(())
    }

    fn decay(&mut self, quota: &MetaQuota, now: Timestamp) {
        if let Some(at) = self.scored_at {
            #[allow(clippy::cast_precision_loss, reason = "a few minutes")]
            let rate = quota.account_score / quota.decay_seconds.max(1) as f64;
            self.score = (self.score - now.duration_since(at).as_secs_f64() * rate).max(0.0);
        }
        self.scored_at = Some(now);
    }

    fn take_second(&mut self, quota: &MetaQuota) -> Result<(), GraphError> {
        let Some(most) = quota.mutations_per_second else { return Ok(()) };
        let now = Instant::now();
        let (start, count) = self.second.get_or_insert((now, 0));
        if now.duration_since(*start).as_secs_f64() >= 1.0 {
            (*start, *count) = (now, 0);
        }
        if *count < most {
            *count += 1;
            return Ok(());
        }
        let message = "(#613) Calls to this api have exceeded the rate limit.";
        Err(GraphError::new(613, message).subcode(5_044_001))
    }

    /// `X-Business-Use-Case-Usage`.
    pub fn business_header(
        &mut self,
        business: &str,
        cost: Cost,
        active_ads: usize,
        quota: &MetaQuota,
        now: Timestamp,
    ) -> String {
        let most = limit(cost, active_ads, quota);
        let hour = self.hour(cost);
        hour.forget(now);
        let percent = percent(hour.count(), most);
        let usage = json!({
            "type": if cost == Cost::Insights { "ads_insights" } else { "ads_management" },
            "call_count": percent,
            "total_cputime": percent / 4,
            "total_time": percent / 4,
            "estimated_time_to_regain_access": hour.minutes_to_wait(most, now),
            "ads_api_access_tier": quota.tier,
        });
        json!({ business: [usage] }).to_string()
    }

    /// `X-Ad-Account-Usage`.
    pub fn account_header(&mut self, quota: &MetaQuota, now: Timestamp) -> String {
        self.decay(quota, now);
        let blocked = self.blocked_until.filter(|until| *until > now);
        let used =
            if blocked.is_some() { 100.0 } else { (self.score / quota.account_score.max(1.0) * 100.0).min(100.0) };
        json!({
            "acc_id_util_pct": (used * 100.0).round() / 100.0,
            "reset_time_duration": blocked.map_or(0, |until| until.duration_since(now).as_secs()),
            "ads_api_access_tier": quota.tier,
        })
        .to_string()
    }
}

/// `X-App-Usage`.
pub fn app_header(hour: &mut Hour, quota: &MetaQuota, now: Timestamp) -> String {
    hour.forget(now);
    let used: i64 = quota.app_calls_per_hour.map_or(0, |most| percent(hour.count(), most));
    let usage: Value = json!({ "call_count": used, "total_cputime": used / 4, "total_time": used / 4 });
    usage.to_string()
}

/// The error of an app that has called too often.
pub fn app_error() -> GraphError {
    GraphError::new(4, "(#4) Application request limit reached").subcode(1_504_022)
}

fn score_error(quota: &MetaQuota) -> GraphError {
    let (code, subcode) = quota.account_score_error;
    let message = match code {
        17 => "User request limit reached".to_owned(),
        code => format!("(#{code}) There have been too many calls from this ad-account. Wait a bit and try again."),
    };
    GraphError::new(code, message).subcode(subcode)
}

fn limit(cost: Cost, active_ads: usize, quota: &MetaQuota) -> i64 {
    let ads = i64::try_from(active_ads).unwrap_or(i64::MAX);
    match cost {
        Cost::Insights => quota.ads_insights_per_hour.saturating_add(ads.saturating_mul(400)),
        _ => quota.ads_management_per_hour.saturating_add(ads.saturating_mul(40)),
    }
}

fn percent(used: i64, most: i64) -> i64 {
    (used * 100 / most.max(1)).min(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_803_920_400 + seconds).unwrap()
    }

    #[test]
    fn a_full_score_blocks_the_account_and_decays() {
        let quota = MetaQuota { account_score: 60.0, block_seconds: 300, ..MetaQuota::default() };
        let mut usage = Usage::default();
        for _ in 0..20 {
            usage.take(Cost::Write, 0, &quota, at(0)).unwrap();
        }
        let error = usage.take(Cost::Read, 0, &quota, at(0)).unwrap_err();
        assert_eq!((error.code, error.subcode), (17, Some(2_446_079)));
        let header: Value = serde_json::from_str(&usage.account_header(&quota, at(60))).unwrap();
        assert_eq!((&header["acc_id_util_pct"], &header["reset_time_duration"]), (&json!(100.0), &json!(240)));
        assert!(usage.take(Cost::Read, 0, &quota, at(299)).is_err());
        usage.take(Cost::Read, 0, &quota, at(300)).unwrap();
    }

    #[test]
    fn calls_an_hour_are_counted_for_each_use_case_and_told_in_minutes() {
        let quota = MetaQuota { ads_management_per_hour: 3, ..MetaQuota::default() };
        let mut usage = Usage::default();
        for minute in [0, 10, 20] {
            usage.take(Cost::Read, 0, &quota, at(minute * 60)).unwrap();
        }
        let error = usage.take(Cost::Write, 0, &quota, at(30 * 60)).unwrap_err();
        assert_eq!((error.code, error.subcode), (80_004, Some(2_446_079)));
        let header = usage.business_header("8", Cost::Write, 0, &quota, at(30 * 60));
        let header: Value = serde_json::from_str(&header).unwrap();
        assert_eq!(header["8"][0]["call_count"], 100);
        assert_eq!(header["8"][0]["estimated_time_to_regain_access"], 31);
        usage.take(Cost::Insights, 0, &quota, at(30 * 60)).unwrap();
        usage.take(Cost::Read, 1, &quota, at(30 * 60)).unwrap();
        usage.take(Cost::Read, 0, &quota, at(72 * 60)).unwrap();
    }

    #[test]
    fn changes_a_second_are_limited() {
        let quota = MetaQuota { mutations_per_second: Some(2), ..MetaQuota::default() };
        let mut usage = Usage::default();
        usage.take(Cost::Write, 0, &quota, at(0)).unwrap();
        usage.take(Cost::Write, 0, &quota, at(0)).unwrap();
        let error = usage.take(Cost::Write, 0, &quota, at(0)).unwrap_err();
        assert_eq!((error.code, error.subcode), (613, Some(5_044_001)));
        usage.take(Cost::Read, 0, &quota, at(0)).unwrap();
    }
}
