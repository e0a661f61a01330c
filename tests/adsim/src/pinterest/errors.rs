//! Errors as Pinterest tells them: an HTTP status, and a body of code and message.

use http::StatusCode;
use serde_json::{Value, json};

/// Why a request is refused, or one of the items in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// HTTP status.
    pub status: StatusCode,
    /// Code in the body. The description has examples only; numbers are from them, or from memory.
    pub code: i64,
    /// What the service says.
    pub message: String,
    /// Seconds until there is room again, for a limit.
    pub reset: Option<i64>,
}

impl Refusal {
    /// A refusal.
    pub fn new(status: StatusCode, code: i64, message: impl Into<String>) -> Refusal {
        Refusal { status, code, message: message.into(), reset: None }
    }

    /// Parameters or a body that do not fit the description.
    pub fn invalid(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, 1, message)
    }

    /// A token that is missing, unknown, expired or revoked.
    pub fn unauthenticated() -> Refusal {
        Refusal::new(StatusCode::UNAUTHORIZED, 2, "Authentication failed.")
    }

    /// An account that is not there.
    pub fn no_account() -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, 2, "AdAccount not found.")
    }

    /// Too many requests.
    pub fn throttled(reset: i64) -> Refusal {
        let message = "This request exceeded the rate limit.";
        Refusal { reset: Some(reset), ..Refusal::new(StatusCode::TOO_MANY_REQUESTS, 8, message) }
    }

    /// The body of an answer, or an item's exception.
    pub fn body(&self) -> Value {
        json!({ "code": self.code, "message": self.message })
    }
}
