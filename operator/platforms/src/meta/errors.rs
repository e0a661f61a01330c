//! What Meta's errors mean. Almost all come with HTTP 400; the code tells.

use adops_core::reason::Reason;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;

use super::usage::Usage;
use crate::error::PlatformError;

/// Longer messages of the platform are cut.
const MESSAGE_LIMIT: usize = 400;
/// How long to wait where neither error nor headers say it.
const DEFAULT_WAIT: SignedDuration = SignedDuration::from_mins(1);
/// How long a budget is locked that was changed too often.
pub(super) const BUDGET_LOCK: SignedDuration = SignedDuration::from_hours(1);

/// An error of the Graph API, and what it means.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    /// What it means.
    pub(super) error: PlatformError,
    /// `code`; 0 if it is not Meta's.
    pub(super) code: i64,
    /// `error_subcode`; 0 for none.
    pub(super) subcode: i64,
    /// The parameter that is blamed; empty if none is.
    pub(super) blamed: String,
    /// Whether it is a limit of the whole app and not of the account.
    pub(super) of_app: bool,
}

impl From<PlatformError> for Refusal {
    fn from(error: PlatformError) -> Self {
        Self { error, code: 0, subcode: 0, blamed: String::new(), of_app: false }
    }
}

impl Refusal {
    /// Whether the object is not there, or not for us.
    pub(super) fn is_gone(&self) -> bool {
        (self.code, self.subcode) == (100, 33)
    }

    /// Whether the content was refused, and nothing else is wrong.
    pub(super) fn is_rejected(&self) -> bool {
        matches!(self.error, PlatformError::Rejected { .. })
    }

    /// Whether labels were refused: one of them was removed.
    pub(super) fn is_about_labels(&self) -> bool {
        self.is_rejected() && self.blamed == "adlabels"
    }

    /// Whether a budget was changed more often than an hour allows. Newer documentation has a code of its own for it,
    /// older one that of a full account.
    pub(super) fn is_budget_lock(&self) -> bool {
        (self.code, self.subcode) == (613, 1_487_632)
            || self.code == 17 && self.subcode != 2_446_079 && self.blamed.ends_with("budget")
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Envelope {
    error: GraphError,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct GraphError {
    message: String,
    code: i64,
    error_subcode: i64,
    error_user_title: String,
    error_user_msg: String,
    error_data: Value,
    is_transient: bool,
}

impl GraphError {
    /// The path of the parameter that is blamed. Its list comes as JSON, or as JSON in a text.
    fn blamed(&self) -> String {
        let parsed: Option<Value> = self.error_data.as_str().and_then(|text| serde_json::from_str(text).ok());
        let data = parsed.as_ref().unwrap_or(&self.error_data);
        let first = data["blame_field_specs"].get(0).and_then(Value::as_array);
        let parts =
            first.into_iter().flatten().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned));
        parts.collect::<Vec<_>>().join(".")
    }

    /// `targeting.geo_locations: what is wrong (100/1487084)`.
    fn message(&self, blamed: &str) -> String {
        let told = match (self.error_user_title.as_str(), self.error_user_msg.as_str()) {
            (_, "") => cut(&self.message),
            ("", message) => cut(message),
            (title, message) => format!("{}: {}", cut(title), cut(message)),
        };
        let at = if blamed.is_empty() { String::new() } else { format!("{blamed}: ") };
        let subcode = if self.error_subcode == 0 { String::new() } else { format!("/{}", self.error_subcode) };
        format!("{at}{told} ({}{subcode})", self.code)
    }
}

/// What an answer means that is not the one that was asked for.
pub(super) fn refusal(http: u16, body: &[u8], write: bool, usage: &Usage) -> Refusal {
    let error = match serde_json::from_slice::<Envelope>(body) {
        Ok(envelope) if envelope.error.code != 0 => envelope.error,
        _ => return plain(http, write).into(),
    };
    let blamed = error.blamed();
    let message = error.message(&blamed);
    let of_app = matches!(error.code, 4 | 341);
    let meaning = meaning(&error, http, write, usage, message);
    Refusal { error: meaning, code: error.code, subcode: error.error_subcode, blamed, of_app }
}

/// Whether a body is an error, whatever its status: a 200 may be one.
pub(super) fn is_error(body: &Value) -> bool {
    body["error"]["code"].is_i64()
}

fn plain(http: u16, write: bool) -> PlatformError {
    let message = format!("HTTP {http}");
    match http {
        401 | 403 => PlatformError::CredentialsInvalid { message },
        429 => PlatformError::RateLimited { retry_after: None, message },
        400..=499 => PlatformError::Rejected { reason: Reason::PlatformRejected, message },
        500..=599 if write => PlatformError::UnknownOutcome { message },
        500..=599 => PlatformError::Unavailable { message },
        _ => PlatformError::Unreadable { message },
    }
}

fn meaning(error: &GraphError, http: u16, write: bool, usage: &Usage, message: String) -> PlatformError {
    let limited = |wait: Option<SignedDuration>| PlatformError::RateLimited {
        retry_after: Some(wait.unwrap_or(DEFAULT_WAIT)),
        message: message.clone(),
    };
    match (error.code, error.error_subcode) {
        (190, 458 | 460 | 467) => PlatformError::CredentialsRevoked { message },
        (100, _) if error.message.contains("appsecret_proof") => PlatformError::CredentialsInvalid {
            message: format!("{message}: put the app's secret into the Secret, as `app_secret`"),
        },
        // The token, or what it may do.
        (3 | 10 | 102 | 104 | 190 | 200..=299, _) => PlatformError::CredentialsInvalid { message },
        (368, _) | (100, 1_487_534) => PlatformError::AccountSuspended { message },
        (12 | 2635, _) => PlatformError::VersionSunset { message },
        (613, 5_044_001) => limited(Some(SignedDuration::from_secs(1))),
        (80_000, _) => limited(usage.insights_blocked),
        (4 | 17 | 341 | 613 | 80_001..=80_014, _) => limited(usage.blocked),
        // The request was too large, and was not carried out.
        (1, _) if error.message.contains("reduce the amount of data") => PlatformError::Unavailable { message },
        (1 | 2, _) if write => PlatformError::UnknownOutcome { message },
        (1 | 2, _) => PlatformError::Unavailable { message },
        _ if http >= 500 && write => PlatformError::UnknownOutcome { message },
        _ if http >= 500 || error.is_transient => PlatformError::Unavailable { message },
        (code, subcode) => PlatformError::Rejected { reason: reason(code, subcode), message },
    }
}

/// The most fitting reason for a refusal of content.
fn reason(code: i64, subcode: i64) -> Reason {
    match (code, subcode) {
        (100, 33 | 1_487_056) => Reason::RemovedOnPlatform,
        (_, 1_885_272) => Reason::BudgetBelowMinimum,
        (_, 1_487_364 | 1_487_366 | 2_490_303 | 1_487_225) => Reason::ObjectLimit,
        (_, 1_487_084) => Reason::UnknownMarket,
        (_, 1_885_252) => Reason::MediaNotReady,
        (_, 1_443_051 | 1_487_212 | 1_487_411) => Reason::MediaNotAccepted,
        // Who benefits from ads and who pays for them must be told in the EU.
        (_, 3_858_079 | 3_858_081) => Reason::InvalidSpec,
        _ => Reason::PlatformRejected,
    }
}

pub(super) fn cut(text: &str) -> String {
    // Nothing behind a question mark of a URL belongs in an error.
    let words: Vec<&str> = text
        .split(' ')
        .map(|word| if word.contains("://") { word.split('?').next().unwrap_or_default() } else { word })
        .collect();
    adops_core::text::cut(&words.join(" "), MESSAGE_LIMIT)
}

/// Something that cannot be written.
pub(super) fn rejected(reason: Reason, message: impl Into<String>) -> PlatformError {
    PlatformError::Rejected { reason, message: message.into() }
}

/// A read that failed on the way has changed nothing.
pub(super) fn read_error(error: PlatformError, what: &str) -> PlatformError {
    match error {
        PlatformError::UnknownOutcome { message } => {
            PlatformError::Unavailable { message: format!("{what}: {message}") }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: i64, subcode: i64, write: bool) -> Refusal {
        let body = format!(r#"{{"error":{{"message":"m","code":{code},"error_subcode":{subcode}}}}}"#);
        refusal(if matches!(code, 1 | 2) { 500 } else { 400 }, body.as_bytes(), write, &Usage::default())
    }

    #[test]
    fn each_code_means_what_it_should() {
        for (code, subcode, expected) in [
            (190, 458, Reason::CredentialsRevoked),
            (190, 460, Reason::CredentialsRevoked),
            (190, 463, Reason::CredentialsInvalid),
            (190, 0, Reason::CredentialsInvalid),
            (10, 0, Reason::CredentialsInvalid),
            (200, 0, Reason::CredentialsInvalid),
            (294, 0, Reason::CredentialsInvalid),
            (2635, 0, Reason::VersionSunset),
            (368, 0, Reason::AccountSuspended),
            (4, 1_504_022, Reason::RateLimited),
            (17, 2_446_079, Reason::RateLimited),
            (613, 1_487_742, Reason::RateLimited),
            (613, 1996, Reason::RateLimited),
            (80_004, 2_446_079, Reason::RateLimited),
            (80_000, 2_446_079, Reason::RateLimited),
            (341, 0, Reason::RateLimited),
            (100, 1_885_272, Reason::BudgetBelowMinimum),
            (100, 2_490_303, Reason::ObjectLimit),
            (100, 33, Reason::RemovedOnPlatform),
            (100, 3_858_081, Reason::InvalidSpec),
            (100, 1_885_621, Reason::PlatformRejected),
        ] {
            assert_eq!(of(code, subcode, true).error.reason(), expected, "{code}/{subcode}");
        }
        assert!(matches!(of(2, 0, true).error, PlatformError::UnknownOutcome { .. }));
        assert!(matches!(of(2, 0, false).error, PlatformError::Unavailable { .. }));
        assert!(matches!(refusal(502, b"<html>", true, &Usage::default()).error, PlatformError::UnknownOutcome { .. }));
    }

    #[test]
    fn a_wait_is_that_of_the_headers() {
        let usage = Usage {
            blocked: Some(SignedDuration::from_mins(19)),
            insights_blocked: Some(SignedDuration::from_mins(2)),
            ..Usage::default()
        };
        let wait = |code: i64| {
            let body = format!(r#"{{"error":{{"message":"m","code":{code},"error_subcode":2446079}}}}"#);
            match refusal(400, body.as_bytes(), true, &usage).error {
                PlatformError::RateLimited { retry_after, .. } => retry_after,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(wait(80_004), Some(SignedDuration::from_mins(19)));
        assert_eq!(wait(80_000), Some(SignedDuration::from_mins(2)));
    }

    #[test]
    fn a_refusal_names_the_parameter_and_what_people_are_told() {
        for data in [
            r#"{"blame_field_specs":[["targeting","geo_locations"]]}"#,
            r#""{\"blame_field_specs\":[[\"targeting\",\"geo_locations\"]]}""#,
        ] {
            let body = format!(
                r#"{{"error":{{"message":"Invalid parameter","code":100,"error_subcode":1487756,"error_user_title":"Locations Overlap","error_user_msg":"Remove one.","error_data":{data}}}}}"#
            );
            let refusal = refusal(400, body.as_bytes(), true, &Usage::default());
            assert_eq!(
                refusal.error.to_string(),
                "the platform refuses it: targeting.geo_locations: Locations Overlap: Remove one. (100/1487756)"
            );
        }
    }

    #[test]
    fn a_locked_budget_is_told_from_a_full_account() {
        assert!(of(613, 1_487_632, true).is_budget_lock());
        assert!(!of(613, 1_487_742, true).is_budget_lock());
        assert!(!of(17, 2_446_079, true).is_budget_lock());
        let body = r#"{"error":{"message":"m","code":17,"error_data":{"blame_field_specs":[["daily_budget"]]}}}"#;
        assert!(refusal(400, body.as_bytes(), true, &Usage::default()).is_budget_lock());
    }
}
