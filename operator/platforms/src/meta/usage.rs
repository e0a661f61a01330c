//! What the headers of an answer say of limits. They come with every answer, with those of a batch's calls, too.

use jiff::SignedDuration;
use serde_json::Value;

/// The headers.
pub(super) const HEADERS: [&str; 3] = ["x-business-use-case-usage", "x-ad-account-usage", "x-app-usage"];
/// What percentages are given of.
const PARTS: [&str; 3] = ["call_count", "total_cputime", "total_time"];
/// From how many percent of an app's limit on growth waits.
const NEAR: f64 = 75.0;
/// How long it waits then.
const PAUSE: SignedDuration = SignedDuration::from_secs(90);
/// From how many percent on it waits longer.
const VERY_NEAR: f64 = 90.0;
/// How long it waits then.
const LONG_PAUSE: SignedDuration = SignedDuration::from_mins(5);

/// What was heard of limits; of several times the longest.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Usage {
    /// How long nothing is taken that concerns the account's objects.
    pub(super) blocked: Option<SignedDuration>,
    /// How long no insights are given.
    pub(super) insights_blocked: Option<SignedDuration>,
    /// Percent of the account's score that are used.
    pub(super) score: Option<f64>,
    /// Percent of its calls an hour.
    pub(super) management: Option<f64>,
    /// How long growth should wait, so that the app's limit is not reached.
    pub(super) ease: Option<SignedDuration>,
}

impl Usage {
    /// Takes a header into account. What cannot be read says nothing.
    pub(super) fn hear(&mut self, name: &str, text: &str) {
        let Ok(said) = serde_json::from_str::<Value>(text) else { return };
        match name.to_ascii_lowercase().as_str() {
            "x-business-use-case-usage" => {
                let uses = said.as_object().into_iter().flat_map(|by_business| by_business.values());
                uses.filter_map(Value::as_array).flatten().for_each(|of| self.business(of));
            }
            "x-ad-account-usage" => {
                longer(&mut self.blocked, seconds(&said["reset_time_duration"], 1));
                self.score = greater(self.score, said["acc_id_util_pct"].as_f64());
            }
            "x-app-usage" => PARTS.iter().for_each(|part| self.app(&said[*part])),
            _ => {}
        }
    }

    fn business(&mut self, of: &Value) {
        let wait = seconds(&of["estimated_time_to_regain_access"], 60);
        if of["type"] == "ads_insights" {
            longer(&mut self.insights_blocked, wait);
            return;
        }
        longer(&mut self.blocked, wait);
        for part in PARTS {
            self.management = greater(self.management, of[part].as_f64());
        }
    }

    /// Takes over what the call of another answer heard.
    pub(super) fn join(&mut self, other: &Self) {
        self.score = greater(self.score, other.score);
        self.management = greater(self.management, other.management);
    }

    fn app(&mut self, used: &Value) {
        let used = used.as_f64().unwrap_or_default();
        if used >= VERY_NEAR {
            longer(&mut self.ease, Some(LONG_PAUSE));
        } else if used >= NEAR {
            longer(&mut self.ease, Some(PAUSE));
        }
    }
}

fn greater(known: Option<f64>, heard: Option<f64>) -> Option<f64> {
    match (known, heard) {
        (Some(known), Some(heard)) => Some(known.max(heard)),
        (known, heard) => known.or(heard),
    }
}

fn longer(known: &mut Option<SignedDuration>, heard: Option<SignedDuration>) {
    *known = (*known).max(heard);
}

/// A number of units of so many seconds; none for nothing.
fn seconds(value: &Value, unit: i64) -> Option<SignedDuration> {
    let number = value.as_i64().or_else(|| value.as_str()?.parse().ok()).filter(|number| *number > 0)?;
    Some(SignedDuration::from_secs(number.checked_mul(unit)?.min(7 * 86_400)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(name: &str, text: &str) -> Usage {
        let mut usage = Usage::default();
        usage.hear(name, text);
        usage
    }

    #[test]
    fn a_business_use_case_is_told_in_minutes_and_the_account_in_seconds() {
        let header = r#"{"8":[{"type":"ads_management","call_count":100,"total_cputime":25,"total_time":25,"estimated_time_to_regain_access":19,"ads_api_access_tier":"standard_access"}]}"#;
        let usage = heard("X-Business-Use-Case-Usage", header);
        assert_eq!(usage.blocked, Some(SignedDuration::from_mins(19)));
        let usage = heard("x-ad-account-usage", r#"{"acc_id_util_pct":100,"reset_time_duration":300}"#);
        assert_eq!(usage.blocked, Some(SignedDuration::from_secs(300)));
    }

    #[test]
    fn insights_have_a_limit_of_their_own() {
        let header = r#"{"8":[{"type":"ads_insights","call_count":100,"estimated_time_to_regain_access":3}]}"#;
        let usage = heard("x-business-use-case-usage", header);
        assert_eq!((usage.blocked, usage.insights_blocked), (None, Some(SignedDuration::from_mins(3))));
    }

    #[test]
    fn an_accounts_percentages_are_kept_apart() {
        assert_eq!(heard("x-ad-account-usage", r#"{"acc_id_util_pct":9.67}"#).score, Some(9.67));
        let header = r#"{"8":[{"type":"ads_management","call_count":3,"total_cputime":25,"total_time":7}]}"#;
        let mut usage = heard("x-business-use-case-usage", header);
        assert_eq!((usage.score, usage.management), (None, Some(25.0)));
        usage.join(&Usage { management: Some(30.0), ..Usage::default() });
        assert_eq!(usage.management, Some(30.0));
        let insights = r#"{"8":[{"type":"ads_insights","call_count":90}]}"#;
        assert_eq!(heard("x-business-use-case-usage", insights).management, None);
    }

    #[test]
    fn growth_waits_before_a_limit_is_reached() {
        for (percent, ease) in [("10", None), ("76.5", Some(PAUSE)), ("91", Some(LONG_PAUSE))] {
            let usage = heard("x-app-usage", &format!(r#"{{"call_count":{percent}}}"#));
            assert_eq!((usage.ease, usage.blocked), (ease, None), "{percent}");
        }
        assert_eq!(heard("x-app-usage", "<html>"), Usage::default());
    }
}
