//! Errors as TikTok tells them: almost always HTTP 200, with a code in the body.

use serde_json::{Value, json};

/// Codes of the service.
#[allow(missing_docs, reason = "the names say it")]
pub mod code {
    pub const OK: i64 = 0;
    pub const PARTIAL: i64 = 20001;
    pub const NO_PERMISSION: i64 = 40001;
    pub const INVALID: i64 = 40002;
    pub const NOT_FOUND: i64 = 40007;
    pub const TOO_MANY_IDS: i64 = 40011;
    pub const DUPLICATE_REQUEST: i64 = 40050;
    pub const INVALID_VERSION: i64 = 40051;
    pub const INVALID_VIDEO: i64 = 40053;
    pub const THROTTLED: i64 = 40100;
    pub const THROTTLED_ADVERTISER: i64 = 40133;
    pub const BAD_AUTH: i64 = 40101;
    pub const TOKEN_EXPIRED: i64 = 40102;
    pub const TOKEN_EMPTY: i64 = 40104;
    pub const TOKEN_INVALID: i64 = 40105;
    pub const AUTH_CODE: i64 = 40110;
    pub const NO_APP: i64 = 40113;
    pub const NOT_ALLOWLISTED: i64 = 40118;
    pub const CONFLICT: i64 = 40202;
    pub const NO_ADVERTISER: i64 = 40300;
    pub const AD_LIMIT: i64 = 40502;
    pub const WRONG_SIGNATURE: i64 = 40900;
    pub const TRANSCODING: i64 = 40901;
    pub const UNREACHABLE_URL: i64 = 40902;
    pub const UNREACHABLE_IMAGE: i64 = 40913;
    pub const DUPLICATE_NAME: i64 = 40911;
    pub const BAD_FILE: i64 = 40915;
    pub const OFFLINE: i64 = 41001;
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// Code in the body.
    pub code: i64,
    /// What the service says.
    pub message: String,
}

impl Refusal {
    /// A refusal with a code.
    pub fn new(code: i64, message: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into() }
    }

    /// A parameter that is wrong: 40002.
    pub fn invalid(message: impl Into<String>) -> Refusal {
        Refusal::new(code::INVALID, message)
    }

    /// Required fields that are missing.
    pub fn missing(fields: &str) -> Refusal {
        Refusal::invalid(format!("Missing required field(s): {fields}."))
    }

    /// An object that is not there.
    pub fn not_found(kind: &str, id: &str) -> Refusal {
        Refusal::new(code::NOT_FOUND, format!("The {kind} {id} does not exist."))
    }

    /// What the simulator does not know, though the service does.
    pub fn not_simulated(what: &str) -> Refusal {
        Refusal::invalid(format!("adsim does not simulate {what}"))
    }
}

/// The body of an answer.
pub fn envelope(code: i64, message: &str, request_id: &str, data: &Value) -> String {
    json!({ "code": code, "message": message, "request_id": request_id, "data": data }).to_string()
}

/// What the service says to a code that a fault names.
pub fn message_of(code: i64) -> &'static str {
    match code {
        // The wording of 40016 and 40100 is from memory.
        40016 | code::THROTTLED => "Too many requests. Please retry in some time.",
        code::THROTTLED_ADVERTISER => {
            "Advertiser's QPS reaches QPS limit for current path, request is temporarily restricted."
        }
        code::NO_PERMISSION => "No permission to perform the related operation.",
        code::TOKEN_EXPIRED => "Access token has expired.",
        code::TOKEN_INVALID => "Access token is incorrect or has been revoked.",
        code::CONFLICT => "Write or update entity conflict.",
        50000 => "System error",
        50002 => "Error processing request on TikTok side. Please see error message for details.",
        51305 => "Satellite service error.",
        60001 => "The system is in maintenance.",
        _ => "A fault of the simulator.",
    }
}
