//! What Google's errors mean: `GoogleAdsFailure` and what comes before it.

use adops_core::reason::Reason;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::error::PlatformError;

/// Longer messages of the platform are cut.
const MESSAGE_LIMIT: usize = 400;

/// An answer that is not the one that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    /// What it means for the whole request.
    pub(super) error: PlatformError,
    /// What the platform says of single operations.
    pub(super) items: Vec<ItemError>,
    /// Whether a new access token may help.
    pub(super) token_expired: bool,
}

impl Refusal {
    fn plain(error: PlatformError) -> Self {
        Self { error, items: Vec::new(), token_expired: false }
    }
}

impl From<PlatformError> for Refusal {
    fn from(error: PlatformError) -> Self {
        Self::plain(error)
    }
}

/// An error about one operation of a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ItemError {
    /// Which operation; none if the platform does not say.
    pub(super) index: Option<usize>,
    /// The error code, such as `DUPLICATE_CAMPAIGN_NAME`.
    pub(super) code: String,
    /// What it means.
    pub(super) error: PlatformError,
}

/// What the meaning of an error depends on besides itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances {
    /// Whether the request could change something.
    pub(super) write: bool,
    /// Business time.
    pub(super) now: Timestamp,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Envelope {
    error: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    message: String,
    details: Vec<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct AdsError {
    error_code: serde_json::Map<String, Value>,
    message: String,
    location: Location,
    details: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Location {
    field_path_elements: Vec<PathElement>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PathElement {
    field_name: String,
    index: Option<usize>,
}

/// The meaning of an HTTP answer that is not 200.
pub(super) fn refusal(http: u16, body: &[u8], circumstances: Circumstances) -> Refusal {
    let status = serde_json::from_slice::<Envelope>(body).map(|envelope| envelope.error).unwrap_or_default();
    let errors = ads_errors(&status);
    if errors.is_empty() {
        return Refusal { error: plain(http, &status, circumstances), items: Vec::new(), token_expired: http == 401 };
    }
    let items: Vec<ItemError> = errors.iter().map(|error| item(http, error, circumstances)).collect();
    // What concerns the whole account or project says more than what concerns an operation.
    let worst = items.iter().min_by_key(|item| importance(&item.error)).map(|item| item.error.clone());
    Refusal {
        error: worst.unwrap_or_else(|| plain(http, &status, circumstances)),
        // Whether the grant is revoked, too, the token endpoint says.
        token_expired: items.iter().any(|item| {
            matches!(item.code.as_str(), "OAUTH_TOKEN_EXPIRED" | "OAUTH_TOKEN_INVALID" | "OAUTH_TOKEN_REVOKED")
        }),
        items,
    }
}

/// The meaning of the errors in a 200 answer to a request with `partialFailure`.
pub(super) fn partial(status: &Status, circumstances: Circumstances) -> Vec<ItemError> {
    let errors = ads_errors(status);
    if errors.is_empty() {
        let error = PlatformError::Unreadable { message: cut(&status.message) };
        return vec![ItemError { index: None, code: String::new(), error }];
    }
    errors.iter().map(|error| item(200, error, circumstances)).collect()
}

fn importance(error: &PlatformError) -> u8 {
    match error {
        PlatformError::QuotaExhausted { .. } | PlatformError::NotSent { .. } => 0,
        PlatformError::RateLimited { .. } => 1,
        PlatformError::CredentialsRevoked { .. } | PlatformError::CredentialsInvalid { .. } => 2,
        PlatformError::AccountSuspended { .. } => 3,
        PlatformError::VersionSunset { .. } => 4,
        PlatformError::UnknownOutcome { .. } | PlatformError::Unreadable { .. } => 5,
        PlatformError::Unavailable { .. }
        | PlatformError::EndpointNotAllowed { .. }
        | PlatformError::HeldByAnotherCluster { .. }
        | PlatformError::TakingOver { .. } => 6,
        PlatformError::Rejected { .. } => 7,
    }
}

fn ads_errors(status: &Status) -> Vec<AdsError> {
    status
        .details
        .iter()
        .filter(|detail| detail["@type"].as_str().is_some_and(|name| name.ends_with(".GoogleAdsFailure")))
        .filter_map(|detail| Vec::<AdsError>::deserialize(&detail["errors"]).ok())
        .flatten()
        .collect()
}

/// The meaning of an answer without a `GoogleAdsFailure`.
fn plain(http: u16, status: &Status, circumstances: Circumstances) -> PlatformError {
    let said = if status.message.is_empty() { String::new() } else { format!(": {}", cut(&status.message)) };
    let message = format!("HTTP {http}{said}");
    match http {
        401 | 403 => PlatformError::CredentialsInvalid { message },
        // An API version that has ended is an address that does not exist.
        404 | 501 => PlatformError::VersionSunset { message },
        429 => PlatformError::RateLimited { retry_after: retry_info(status), message },
        409 => PlatformError::Unavailable { message },
        400..=499 => PlatformError::Rejected { reason: Reason::PlatformRejected, message },
        500..=599 if circumstances.write => PlatformError::UnknownOutcome { message },
        500..=599 => PlatformError::Unavailable { message },
        _ => PlatformError::Unreadable { message },
    }
}

fn item(http: u16, error: &AdsError, circumstances: Circumstances) -> ItemError {
    let (category, code) = error
        .error_code
        .iter()
        .next()
        .map(|(category, code)| (category.as_str(), code.as_str().unwrap_or_default()))
        .unwrap_or_default();
    let index = error
        .location
        .field_path_elements
        .first()
        .filter(|first| first.field_name == "mutate_operations" || first.field_name == "operations")
        .and_then(|first| first.index);
    ItemError {
        index,
        code: code.to_owned(),
        error: meaning(http, category, code, message(error, category, code), error, circumstances),
    }
}

fn meaning(
    http: u16,
    category: &str,
    code: &str,
    message: String,
    error: &AdsError,
    circumstances: Circumstances,
) -> PlatformError {
    let delay = error.details["quotaErrorDetails"]["retryDelay"].as_str().and_then(duration);
    match (category, code) {
        ("quotaError", "RESOURCE_EXHAUSTED") => match delay {
            Some(delay) => PlatformError::QuotaExhausted {
                until: circumstances.now + delay,
                size: error.details["quotaErrorDetails"]["rateName"].as_str().and_then(super::cost::size_of),
                message,
            },
            None => PlatformError::RateLimited { retry_after: None, message },
        },
        ("quotaError", "ACCESS_PROHIBITED") => PlatformError::CredentialsInvalid { message },
        ("quotaError", _) => PlatformError::RateLimited { retry_after: delay, message },
        ("authenticationError", "OAUTH_TOKEN_REVOKED") => PlatformError::CredentialsRevoked { message },
        ("authorizationError", "CUSTOMER_NOT_ENABLED" | "ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT") => {
            PlatformError::AccountSuspended { message }
        }
        ("authorizationError", "METRIC_ACCESS_DENIED" | "ACTION_NOT_PERMITTED") => {
            PlatformError::Rejected { reason: Reason::PlatformRejected, message }
        }
        ("authenticationError" | "authorizationError", _) => PlatformError::CredentialsInvalid { message },
        ("requestError", "UNSUPPORTED_VERSION") => PlatformError::VersionSunset { message },
        ("internalError", _) if circumstances.write => PlatformError::UnknownOutcome { message },
        ("internalError", _) | ("databaseError", "CONCURRENT_MODIFICATION") => PlatformError::Unavailable { message },
        _ if http == 501 => PlatformError::VersionSunset { message },
        _ if http >= 500 && circumstances.write => PlatformError::UnknownOutcome { message },
        _ if http >= 500 => PlatformError::Unavailable { message },
        _ => PlatformError::Rejected { reason: reason(category, code), message },
    }
}

/// The most fitting reason for a refusal of content.
fn reason(category: &str, code: &str) -> Reason {
    match (category, code) {
        ("campaignBudgetError", "BUDGET_BELOW_PER_DAY_MINIMUM" | "BUDGET_BELOW_TOTAL_MINIMUM") => {
            Reason::BudgetBelowMinimum
        }
        ("resourceCountLimitExceededError", "ACCOUNT_LIMIT" | "RESOURCE_LIMIT") => Reason::ObjectLimit,
        ("stringLengthError", "TOO_LONG") | ("criterionError", "KEYWORD_TEXT_TOO_LONG") => Reason::TextTooLong,
        ("criterionError", "INVALID_CRITERION_ID") => Reason::UnknownMarket,
        ("contextError", "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE") => Reason::RemovedOnPlatform,
        _ => Reason::PlatformRejected,
    }
}

/// `field.path: what is wrong (CODE)`. The value that caused it is left out: it may be a URL.
fn message(error: &AdsError, category: &str, code: &str) -> String {
    let path: Vec<String> = error
        .location
        .field_path_elements
        .iter()
        // Where in the request the operation stood, and its verb, say nothing to a person.
        .filter(|element| !element.field_name.ends_with("operations"))
        .filter(|element| !matches!(element.field_name.as_str(), "create" | "update" | "remove"))
        .map(|element| {
            let name = element.field_name.strip_suffix("_operation").unwrap_or(&element.field_name);
            element.index.map_or_else(|| name.to_owned(), |index| format!("{name}[{index}]"))
        })
        .collect();
    let path = path.join(".");
    let colon = if path.is_empty() { "" } else { ": " };
    format!("{path}{colon}{} ({category}.{code})", cut(&error.message))
}

pub(super) fn cut(text: &str) -> String {
    // Nothing behind a question mark of a URL belongs in an error.
    let words: Vec<&str> = text
        .split(' ')
        .map(|word| if word.contains("://") { word.split('?').next().unwrap_or_default() } else { word })
        .collect();
    adops_core::text::cut(&words.join(" "), MESSAGE_LIMIT)
}

fn retry_info(status: &Status) -> Option<SignedDuration> {
    status
        .details
        .iter()
        .find(|detail| detail["@type"].as_str().is_some_and(|name| name.ends_with("google.rpc.RetryInfo")))
        .and_then(|detail| duration(detail["retryDelay"].as_str()?))
}

/// A protobuf duration in JSON: seconds with an `s`, `40591s` or `1.5s`. Parts of a second count as one.
fn duration(text: &str) -> Option<SignedDuration> {
    let seconds = text.strip_suffix('s')?;
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let whole: i64 = whole.parse().ok()?;
    let rest = i64::from(fraction.bytes().any(|digit| digit != b'0'));
    Some(SignedDuration::from_secs(whole.checked_add(rest)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const READ: Circumstances = Circumstances { write: false, now: NOW };
    const WRITE: Circumstances = Circumstances { write: true, now: NOW };

    fn failure(code: u16, errors: &str) -> String {
        format!(
            r#"{{"error":{{"code":{code},"message":"Request contains an invalid argument.","status":"INVALID_ARGUMENT","details":[{{"@type":"type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure","errors":[{errors}],"requestId":"Ab"}}]}}}}"#
        )
    }

    #[test]
    fn a_missing_field_names_the_operation_and_the_path() {
        let body = failure(
            400,
            r#"{"errorCode":{"fieldError":"REQUIRED"},"message":"The required field was not present.","location":{"fieldPathElements":[{"fieldName":"mutate_operations","index":1},{"fieldName":"campaign_operation"},{"fieldName":"create"},{"fieldName":"contains_eu_political_advertising"}]}}"#,
        );
        let refusal = refusal(400, body.as_bytes(), WRITE);
        assert_eq!(refusal.items[0].index, Some(1));
        let PlatformError::Rejected { reason, message } = &refusal.error else { panic!("{refusal:?}") };
        assert_eq!(*reason, Reason::PlatformRejected);
        assert_eq!(
            message,
            "campaign.contains_eu_political_advertising: The required field was not present. (fieldError.REQUIRED)"
        );
    }

    #[test]
    fn a_daily_quota_says_until_when() {
        let body = failure(
            429,
            r#"{"errorCode":{"quotaError":"RESOURCE_EXHAUSTED"},"message":"Too many requests. Retry in 40591 seconds.","details":{"quotaErrorDetails":{"rateScope":"DEVELOPER","rateName":"Number of operations for basic access","retryDelay":"40591s"}}}"#,
        );
        let PlatformError::QuotaExhausted { until, .. } = refusal(429, body.as_bytes(), READ).error else { panic!() };
        assert_eq!(until, NOW + SignedDuration::from_secs(40_591));
    }

    #[test]
    fn each_error_means_what_it_should() {
        let meaning_of = |category: &str, code: &str, http: u16, circumstances| {
            let body = failure(http, &format!(r#"{{"errorCode":{{"{category}":"{code}"}},"message":"m"}}"#));
            refusal(http, body.as_bytes(), circumstances).error.reason()
        };
        for (category, code, http, expected) in [
            ("quotaError", "RESOURCE_TEMPORARILY_EXHAUSTED", 429, Reason::RateLimited),
            ("quotaError", "EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION", 429, Reason::RateLimited),
            ("authenticationError", "OAUTH_TOKEN_REVOKED", 401, Reason::CredentialsRevoked),
            ("authenticationError", "OAUTH_TOKEN_EXPIRED", 401, Reason::CredentialsInvalid),
            ("authorizationError", "USER_PERMISSION_DENIED", 403, Reason::CredentialsInvalid),
            ("authorizationError", "CUSTOMER_NOT_ENABLED", 403, Reason::AccountSuspended),
            ("authorizationError", "ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT", 403, Reason::AccountSuspended),
            ("authorizationError", "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION", 403, Reason::CredentialsInvalid),
            ("requestError", "UNSUPPORTED_VERSION", 400, Reason::VersionSunset),
            ("internalError", "TRANSIENT_ERROR", 503, Reason::PlatformUnavailable),
            ("databaseError", "CONCURRENT_MODIFICATION", 409, Reason::PlatformUnavailable),
            ("campaignBudgetError", "BUDGET_BELOW_PER_DAY_MINIMUM", 400, Reason::BudgetBelowMinimum),
            ("resourceCountLimitExceededError", "ACCOUNT_LIMIT", 400, Reason::ObjectLimit),
            ("stringLengthError", "TOO_LONG", 400, Reason::TextTooLong),
            ("campaignError", "DUPLICATE_CAMPAIGN_NAME", 400, Reason::PlatformRejected),
        ] {
            assert_eq!(meaning_of(category, code, http, READ), expected, "{code}");
        }
    }

    #[test]
    fn a_server_error_leaves_a_write_unknown_and_a_read_undone() {
        for body in
            ["", "<html>502</html>", &failure(500, r#"{"errorCode":{"internalError":"INTERNAL_ERROR"},"message":"m"}"#)]
        {
            assert!(refusal(500, body.as_bytes(), WRITE).error.may_have_happened(), "{body}");
            assert!(!refusal(500, body.as_bytes(), READ).error.may_have_happened(), "{body}");
        }
        assert!(matches!(refusal(501, b"", WRITE).error, PlatformError::VersionSunset { .. }));
        let concurrent = failure(409, r#"{"errorCode":{"databaseError":"CONCURRENT_MODIFICATION"},"message":"m"}"#);
        assert!(!refusal(409, concurrent.as_bytes(), WRITE).error.may_have_happened());
    }

    #[test]
    fn an_account_wide_error_outweighs_those_of_operations() {
        let body = failure(
            400,
            r#"{"errorCode":{"fieldError":"REQUIRED"},"message":"m"},{"errorCode":{"authorizationError":"CUSTOMER_NOT_ENABLED"},"message":"m"}"#,
        );
        assert!(matches!(refusal(403, body.as_bytes(), WRITE).error, PlatformError::AccountSuspended { .. }));
    }

    #[test]
    fn a_message_never_holds_the_query_of_a_url() {
        let body = failure(
            400,
            r#"{"errorCode":{"urlFieldError":"MALFORMED_FINAL_URL"},"message":"Bad https://x.example/a?token=secret here","trigger":{"stringValue":"https://x.example/?token=secret"}}"#,
        );
        let text = format!("{:?} {}", refusal(400, body.as_bytes(), WRITE), refusal(400, body.as_bytes(), WRITE).error);
        assert!(!text.contains("secret"), "{text}");
        assert!(text.contains("https://x.example/a here"));
    }
}
