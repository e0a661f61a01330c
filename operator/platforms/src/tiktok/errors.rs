//! What TikTok's answers mean. Almost every failure is HTTP 200 with a code in the body; 0 is a success, 20001 one of
//! which a part has failed.

use adops_core::reason::Reason;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::error::PlatformError;

/// Longer messages of the platform are cut.
const MESSAGE_LIMIT: usize = 400;

/// A success.
pub(super) const OK: i64 = 0;
/// A success of which a part has failed.
pub(super) const PARTIAL: i64 = 20_001;
/// A create with a `request_id` that was used a moment ago.
pub(super) const DUPLICATE_REQUEST: i64 = 40_050;
/// A video is not there, or cannot be used.
pub(super) const INVALID_VIDEO: i64 = 40_053;
/// Something else writes to the same object at this moment.
pub(super) const CONFLICT: i64 = 40_202;
/// A file's name is taken.
pub(super) const DUPLICATE_NAME: i64 = 40_911;

/// After a limit of a minute TikTok asks to wait so long.
pub(super) const AFTER_MINUTE_LIMIT: SignedDuration = SignedDuration::from_mins(5);
/// After a limit of a second.
const AFTER_SECOND_LIMIT: SignedDuration = SignedDuration::from_secs(1);

/// What the meaning of an answer depends on besides itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances {
    /// Whether the request could change something.
    pub(super) write: bool,
    /// Whether the token was accepted before.
    pub(super) accepted_before: bool,
    /// Business time.
    pub(super) now: Timestamp,
}

/// A refusal: the code and what it means.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    /// Of TikTok; none where the answer has none.
    pub(super) code: Option<i64>,
    /// What it means.
    pub(super) error: PlatformError,
}

impl From<PlatformError> for Refusal {
    fn from(error: PlatformError) -> Self {
        Self { code: None, error }
    }
}

/// The meaning of a code that is no success.
pub(super) fn refusal(code: i64, message: &str, request: &str, circumstances: Circumstances) -> Refusal {
    let told = match request {
        "" => format!("{} ({code})", cut(message)),
        request => format!("{} ({code}, request {})", cut(message), cut(request)),
    };
    Refusal { code: Some(code), error: meaning(code, message, told, circumstances) }
}

fn meaning(code: i64, said: &str, message: String, circumstances: Circumstances) -> PlatformError {
    let Circumstances { write, accepted_before, now } = circumstances;
    match code {
        40_016 | 40_100 | 40_132 | 40_133 => limit(said, message, now),
        // TikTok's tokens live until they are revoked: one that worked and is not accepted any more was.
        40_105 if accepted_before => PlatformError::CredentialsRevoked { message },
        40_001 if said.contains("STATUS_") => PlatformError::AccountSuspended { message },
        40_300 => PlatformError::AccountSuspended { message },
        40_001 | 40_101..=40_119 | 40_124 | 40_125 | 40_301 | 41_000 => PlatformError::CredentialsInvalid { message },
        // An endpoint or a version that has ended.
        40_006 | 40_008 | 40_010 | 40_051 | 41_001 => PlatformError::VersionSunset { message },
        // Nothing was done.
        CONFLICT | 60_001 => PlatformError::Unavailable { message },
        DUPLICATE_REQUEST | 50_000..=59_999 if write => PlatformError::UnknownOutcome { message },
        50_000..=59_999 => PlatformError::Unavailable { message },
        _ => PlatformError::Rejected { reason: reason(code, said), message },
    }
}

/// TikTok names the window that is full, but not when there is room again; that its documentation says.
fn limit(said: &str, message: String, now: Timestamp) -> PlatformError {
    if said.contains("QPD") {
        let midnight = now
            .to_zoned(TimeZone::UTC)
            .start_of_day()
            .and_then(|day| day.checked_add(1.day()))
            .map_or(now + SignedDuration::from_hours(24), |day| day.timestamp());
        return PlatformError::QuotaExhausted { until: midnight, size: None, message };
    }
    let wait = if said.contains("QPM") { AFTER_MINUTE_LIMIT } else { AFTER_SECOND_LIMIT };
    PlatformError::RateLimited { retry_after: Some(wait), message }
}

/// The most fitting reason for a refusal of content.
fn reason(code: i64, said: &str) -> Reason {
    let said = said.to_ascii_lowercase();
    match code {
        40_502 => Reason::ObjectLimit,
        40_901 => Reason::MediaNotReady,
        INVALID_VIDEO | 40_900 | 40_904..=40_915 => Reason::MediaNotAccepted,
        _ if said.contains("budget must be at least") || said.contains("minimum budget") => Reason::BudgetBelowMinimum,
        _ if said.contains("maximum number of") => Reason::ObjectLimit,
        _ if said.contains("location_ids") && said.contains("not available") => Reason::UnknownMarket,
        _ if is_gone(&said) => Reason::RemovedOnPlatform,
        _ => Reason::PlatformRejected,
    }
}

/// Whether a message about one object says that it is not there any more.
pub(super) fn is_gone(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    said.contains("deleted") || said.contains("does not exist")
}

/// What is said of one object in an answer that is a success otherwise.
pub(super) fn of_item(message: &str) -> PlatformError {
    PlatformError::Rejected { reason: reason(0, message), message: cut(message) }
}

/// The meaning of an HTTP status that is not 200: the request did not come as far as the API.
pub(super) fn http(status: u16, body: &str, circumstances: Circumstances) -> PlatformError {
    let said = if body.trim().is_empty() { String::new() } else { format!(": {}", cut(body)) };
    let message = format!("HTTP {status}{said}");
    match status {
        401 | 403 => PlatformError::CredentialsInvalid { message },
        404 | 405 | 410 => PlatformError::VersionSunset { message },
        429 => PlatformError::RateLimited { retry_after: None, message },
        400..=499 => PlatformError::Rejected { reason: Reason::PlatformRejected, message },
        500..=599 if circumstances.write => PlatformError::UnknownOutcome { message },
        500..=599 => PlatformError::Unavailable { message },
        _ => PlatformError::Unreadable { message },
    }
}

/// A message of the platform, fit to be shown.
pub(super) fn cut(text: &str) -> String {
    // Nothing behind a question mark of a URL belongs in an error.
    let words: Vec<&str> = text
        .split(' ')
        .map(|word| if word.contains("://") { word.split('?').next().unwrap_or_default() } else { word })
        .collect();
    adops_core::text::cut(&words.join(" "), MESSAGE_LIMIT)
}

/// Whether an error is of the whole account: what has not been sent yet would end the same way, or must wait.
pub(super) fn stops_all(error: &PlatformError) -> bool {
    !matches!(error, PlatformError::Rejected { .. })
}

/// The error of what was not sent because a request before it has failed for all.
pub(super) fn after(error: &PlatformError) -> PlatformError {
    match error {
        error if error.may_have_happened() => PlatformError::Unavailable {
            message: format!("not sent, for a request before it had no known outcome ({error})"),
        },
        error => error.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2027-03-01T17:00:00Z";

    fn circumstances(write: bool) -> Circumstances {
        Circumstances { write, accepted_before: false, now: NOW.parse().unwrap() }
    }

    fn of(code: i64, message: &str, write: bool) -> PlatformError {
        refusal(code, message, "2026", circumstances(write)).error
    }

    #[test]
    fn each_code_means_what_it_should() {
        for (code, message, expected) in [
            (40_100, "Too many requests.", Reason::RateLimited),
            (40_016, "Too many requests.", Reason::RateLimited),
            (40_133, "Advertiser (1)'s QPS (11) reaches QPS limit 10", Reason::RateLimited),
            (40_133, "Advertiser (1)'s QPD reaches QPD limit", Reason::QuotaExhausted),
            (40_102, "Access token has expired.", Reason::CredentialsInvalid),
            (40_104, "Access token is null", Reason::CredentialsInvalid),
            (40_105, "Access token is incorrect or has been revoked.", Reason::CredentialsInvalid),
            (40_118, "The app is not on the allowlist", Reason::CredentialsInvalid),
            (40_001, "No permission to operate advertiser 7", Reason::CredentialsInvalid),
            (40_001, "The account is not available: STATUS_DISABLE.", Reason::AccountSuspended),
            (40_300, "The advertiser does not exist or has been deleted.", Reason::AccountSuspended),
            (40_051, "Invalid API version.", Reason::VersionSunset),
            (41_001, "The interface is offline.", Reason::VersionSunset),
            (60_001, "maintenance", Reason::PlatformUnavailable),
            (40_202, "Write or update entity conflict.", Reason::PlatformUnavailable),
            (50_000, "System error", Reason::PlatformUnavailable),
            (40_002, "budget: The budget must be at least 50.", Reason::BudgetBelowMinimum),
            (40_002, "The new budget should be at least 105% of the current spend.", Reason::PlatformRejected),
            (40_002, "location_ids: 1 is not available.", Reason::UnknownMarket),
            (40_002, "The maximum number of campaigns of an account is 2.", Reason::ObjectLimit),
            (40_007, "The ad 1 does not exist.", Reason::RemovedOnPlatform),
            (40_901, "Video transcoding in process.", Reason::MediaNotReady),
            (40_502, "The maximum ad limit has been reached.", Reason::ObjectLimit),
            (40_700, "Internal service validation error.", Reason::PlatformRejected),
        ] {
            assert_eq!(of(code, message, false).reason(), expected, "{code} {message}");
        }
    }

    #[test]
    fn a_token_that_worked_and_is_not_accepted_any_more_was_revoked() {
        let before = Circumstances { accepted_before: true, ..circumstances(false) };
        assert!(matches!(refusal(40_105, "incorrect", "", before).error, PlatformError::CredentialsRevoked { .. }));
        assert!(matches!(refusal(40_102, "expired", "", before).error, PlatformError::CredentialsInvalid { .. }));
    }

    #[test]
    fn a_limit_says_how_long_to_wait() {
        let wait = |message: &str| match of(40_100, message, false) {
            PlatformError::RateLimited { retry_after, .. } => retry_after,
            other => panic!("{other:?}"),
        };
        assert_eq!(wait("reaches QPM limit"), Some(SignedDuration::from_mins(5)));
        assert_eq!(wait("reaches QPS limit"), Some(SignedDuration::from_secs(1)));
        let PlatformError::QuotaExhausted { until, .. } = of(40_133, "QPD", false) else { panic!() };
        assert_eq!(until.to_string(), "2027-03-02T00:00:00Z");
    }

    #[test]
    fn a_server_error_leaves_a_write_unknown_and_a_read_undone() {
        for code in [50_000, 50_002, 51_305] {
            assert!(of(code, "System error", true).may_have_happened());
            assert!(!of(code, "System error", false).may_have_happened());
        }
        assert!(http(502, "", circumstances(true)).may_have_happened());
        assert!(!http(502, "", circumstances(false)).may_have_happened());
        assert!(matches!(http(404, "404 page not found", circumstances(true)), PlatformError::VersionSunset { .. }));
        assert!(!of(60_001, "maintenance", true).may_have_happened());
        assert!(of(DUPLICATE_REQUEST, "Duplicated requests", true).may_have_happened());
    }

    #[test]
    fn a_message_never_holds_the_query_of_a_url() {
        let error = of(40_002, "Bad https://x.example/a?token=secret here", true);
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(error.to_string().contains("request 2026"), "{error}");
    }
}
