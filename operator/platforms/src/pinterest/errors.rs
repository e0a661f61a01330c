//! What Pinterest's answers mean: an HTTP status, and a body of code and message. The description gives no list of codes,
//! so that the status decides, and the message only where nothing else tells.

use adops_core::reason::Reason;
use jiff::SignedDuration;
use serde::Deserialize;

use crate::error::PlatformError;

/// Longer messages of the platform are cut.
const MESSAGE_LIMIT: usize = 400;

/// A body, or an item's exception.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Told {
    pub(super) code: Option<i64>,
    pub(super) message: String,
}

impl Told {
    fn text(&self) -> String {
        match self.code {
            Some(code) => format!("{} ({code})", cut(&self.message)),
            None => cut(&self.message),
        }
    }
}

/// The meaning of a status that is no success; `wait` is how many seconds it says to wait.
pub(super) fn of(status: u16, body: &str, wait: Option<i64>, write: bool) -> PlatformError {
    let told: Option<Told> = serde_json::from_str(body).ok();
    let said = told.as_ref().map_or_else(|| cut(body.trim()), Told::text);
    let message = if said.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status}: {said}") };
    match status {
        401 | 403 => PlatformError::CredentialsInvalid { message },
        404 if said.contains("AdAccount") => PlatformError::CredentialsInvalid { message },
        404 | 405 | 410 => PlatformError::VersionSunset { message },
        429 => {
            let retry_after = wait.filter(|wait| *wait >= 0).map(SignedDuration::from_secs);
            PlatformError::RateLimited { retry_after, message }
        }
        400..=499 => PlatformError::Rejected { reason: reason(&said), message },
        500..=599 if write => PlatformError::UnknownOutcome { message },
        500..=599 => PlatformError::Unavailable { message },
        _ => PlatformError::Unreadable { message },
    }
}

/// What is said of one item in an answer that is a success otherwise.
pub(super) fn of_item(exceptions: &[Told]) -> PlatformError {
    let told: Vec<String> = exceptions.iter().map(Told::text).collect();
    let message = told.join("; ");
    PlatformError::Rejected { reason: reason(&message), message }
}

/// The most fitting reason for a refusal of content.
fn reason(said: &str) -> Reason {
    let said = said.to_ascii_lowercase();
    if said.contains("maximum number of") {
        Reason::ObjectLimit
    } else if said.contains("location") && said.contains("not available") {
        Reason::UnknownMarket
    } else if said.contains("minimum") && (said.contains("budget") || said.contains("spend_cap")) {
        Reason::BudgetBelowMinimum
    } else if said.contains("archived") {
        Reason::RemovedOnPlatform
    } else {
        Reason::PlatformRejected
    }
}

/// A message of the platform, fit to be shown.
fn cut(text: &str) -> String {
    // Nothing behind a question mark of a URL belongs in an error.
    let words: Vec<&str> = text
        .split(' ')
        .map(|word| if word.contains("://") { word.split('?').next().unwrap_or_default() } else { word })
        .collect();
    adops_core::text::cut(&words.join(" "), MESSAGE_LIMIT)
}

/// Something in settings that cannot be written.
pub(super) fn rejected(reason: Reason, message: impl Into<String>) -> PlatformError {
    PlatformError::Rejected { reason, message: message.into() }
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

    #[test]
    fn each_status_means_what_it_should() {
        let body = r#"{"code":2,"message":"Authentication failed."}"#;
        assert!(matches!(of(401, body, None, true), PlatformError::CredentialsInvalid { .. }));
        let body = r#"{"code":2,"message":"AdAccount not found."}"#;
        assert!(matches!(of(404, body, None, false), PlatformError::CredentialsInvalid { .. }));
        assert!(matches!(of(404, "", None, false), PlatformError::VersionSunset { .. }));
        let limited = of(429, r#"{"code":8,"message":"Slow down"}"#, Some(7), true);
        let wait = Some(SignedDuration::from_secs(7));
        assert!(matches!(limited, PlatformError::RateLimited { retry_after, .. } if retry_after == wait));
        assert!(of(503, "", None, true).may_have_happened() && !of(503, "", None, false).may_have_happened());
    }

    #[test]
    fn a_message_never_holds_the_query_of_a_url() {
        let error = of(400, r#"{"code":1,"message":"Bad https://x.example/a?token=secret here"}"#, None, true);
        assert!(error.to_string().contains("(1)") && !error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn an_items_exceptions_say_why() {
        let told = |message: &str| Told { code: Some(2_415), message: message.to_owned() };
        for (message, expected) in [
            ("LOCATION: \"ZZ\" is not available.", Reason::UnknownMarket),
            ("The campaign has the maximum number of ad groups.", Reason::ObjectLimit),
            ("The minimum budget is 5.", Reason::BudgetBelowMinimum),
            ("Archived entities cannot be changed.", Reason::RemovedOnPlatform),
            ("No.", Reason::PlatformRejected),
        ] {
            assert_eq!(of_item(&[told(message)]).reason(), expected, "{message}");
        }
    }
}
