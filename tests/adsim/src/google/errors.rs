//! `GoogleAdsFailure` and the HTTP answers that carry it.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::schema::Violation;

/// One `GoogleAdsError`.
#[derive(Debug, Clone, PartialEq)]
pub struct AdsError {
    /// The field of `ErrorCode`, such as `campaignError`.
    pub category: String,
    /// The enum value, such as `DUPLICATE_CAMPAIGN_NAME`.
    pub code: String,
    /// Text for humans.
    pub message: String,
    /// The value that caused it.
    pub trigger: Option<Box<str>>,
    /// Where in the request: names in `snake_case`, with an index for list elements.
    pub path: Vec<(String, Option<usize>)>,
    /// `ErrorDetails`.
    pub details: Option<Box<Value>>,
}

impl AdsError {
    /// An error without a place.
    pub fn new(category: &str, code: &str, message: impl Into<String>) -> AdsError {
        AdsError {
            category: category.to_owned(),
            code: code.to_owned(),
            message: message.into(),
            trigger: None,
            path: Vec::new(),
            details: None,
        }
    }

    /// A required field that is missing.
    pub fn required(field: &str) -> AdsError {
        AdsError::new("fieldError", "REQUIRED", "The required field was not present.").at(field)
    }

    /// An object that is not there.
    pub fn not_found() -> AdsError {
        AdsError::new("mutateError", "RESOURCE_NOT_FOUND", "Resource was not found.")
    }

    /// Puts the error at a field: dotted `snake_case` names, `headlines[3].text` for list elements.
    #[must_use]
    pub fn at(mut self, field: &str) -> AdsError {
        self.path.extend(field.split('.').filter(|p| !p.is_empty()).map(|part| match part.split_once('[') {
            Some((name, index)) => (name.to_owned(), index.trim_end_matches(']').parse().ok()),
            None => (part.to_owned(), None),
        }));
        self
    }

    /// Adds the value that caused the error.
    #[must_use]
    pub fn trigger(mut self, value: impl Into<String>) -> AdsError {
        self.trigger = Some(value.into().into());
        self
    }

    /// Adds details.
    #[must_use]
    pub fn details(mut self, details: Value) -> AdsError {
        self.details = Some(Box::new(details));
        self
    }

    /// Puts outer places before the error's own.
    #[must_use]
    pub fn within(mut self, outer: &[(String, Option<usize>)]) -> AdsError {
        self.path.splice(0..0, outer.iter().cloned());
        self
    }

    /// The JSON form.
    pub fn to_json(&self) -> Value {
        let mut error = Map::new();
        error.insert("errorCode".into(), json!({ self.category.clone(): self.code }));
        error.insert("message".into(), self.message.clone().into());
        if let Some(trigger) = &self.trigger {
            error.insert("trigger".into(), json!({ "stringValue": trigger }));
        }
        if !self.path.is_empty() {
            let elements: Vec<Value> = self
                .path
                .iter()
                .map(|(name, index)| match index {
                    Some(i) => json!({ "fieldName": name, "index": i }),
                    None => json!({ "fieldName": name }),
                })
                .collect();
            error.insert("location".into(), json!({ "fieldPathElements": elements }));
        }
        if let Some(details) = &self.details {
            error.insert("details".into(), Value::clone(details));
        }
        Value::Object(error)
    }
}

/// The `@type`d failure that goes into `details`.
pub fn failure(version: &str, errors: &[AdsError], request_id: &str) -> Value {
    json!({
        "@type": format!("type.googleapis.com/google.ads.googleads.{version}.errors.GoogleAdsFailure"),
        "errors": errors.iter().map(AdsError::to_json).collect::<Vec<_>>(),
        "requestId": request_id,
    })
}

/// An answer that is not 200.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// HTTP status.
    pub http: StatusCode,
    /// `google.rpc.Code` name.
    pub status: &'static str,
    /// Text of the outer error.
    pub message: String,
    /// Errors of the `GoogleAdsFailure`; none for errors from before the API proper.
    pub errors: Vec<AdsError>,
    /// Violations of the JSON form.
    pub violations: Vec<Violation>,
}

impl Refusal {
    /// 400 with `GoogleAds` errors.
    pub fn invalid(errors: Vec<AdsError>) -> Refusal {
        Refusal {
            http: StatusCode::BAD_REQUEST,
            status: "INVALID_ARGUMENT",
            message: "Request contains an invalid argument.".into(),
            errors,
            violations: Vec::new(),
        }
    }

    /// 400 for JSON that does not fit the schema.
    pub fn malformed(violations: Vec<Violation>) -> Refusal {
        let message = violations.iter().map(|v| v.description.as_str()).collect::<Vec<_>>().join("\n");
        Refusal { message, violations, ..Refusal::invalid(Vec::new()) }
    }

    /// A plain error without details.
    pub fn plain(http: StatusCode, status: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { http, status, message: message.into(), errors: Vec::new(), violations: Vec::new() }
    }

    /// The HTTP answer that the errors call for: by their category, as the real service maps them.
    pub fn of(error: AdsError) -> Refusal {
        let (http, status, message) = match (error.category.as_str(), error.code.as_str()) {
            ("authenticationError", _) => (
                StatusCode::UNAUTHORIZED,
                "UNAUTHENTICATED",
                "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or \
                 other valid authentication credential. See \
                 https://developers.google.com/identity/sign-in/web/devconsole-project.",
            ),
            ("authorizationError", _) => {
                (StatusCode::FORBIDDEN, "PERMISSION_DENIED", "The caller does not have permission")
            }
            ("quotaError", _) => {
                (StatusCode::TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).")
            }
            ("internalError", "TRANSIENT_ERROR") => {
                (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "The service is currently unavailable.")
            }
            ("internalError", "DEADLINE_EXCEEDED") => {
                (StatusCode::GATEWAY_TIMEOUT, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete.")
            }
            ("internalError", _) => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "Internal error encountered."),
            ("databaseError", "CONCURRENT_MODIFICATION") => {
                (StatusCode::CONFLICT, "ABORTED", "The operation was aborted.")
            }
            _ => return Refusal::invalid(vec![error]),
        };
        Refusal { http, status, message: message.into(), errors: vec![error], violations: Vec::new() }
    }

    /// The JSON body.
    pub fn body(&self, version: &str, request_id: &str) -> Value {
        let mut error = json!({ "code": self.http.as_u16(), "message": self.message, "status": self.status });
        let mut details = Vec::new();
        if !self.errors.is_empty() {
            details.push(failure(version, &self.errors, request_id));
        }
        if !self.violations.is_empty() {
            let violations: Vec<Value> = self
                .violations
                .iter()
                .map(|v| {
                    let mut violation = json!({ "description": v.description });
                    if !v.field.is_empty() {
                        violation["field"] = v.field.clone().into();
                    }
                    violation
                })
                .collect();
            details.push(json!({
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": violations,
            }));
        }
        if !details.is_empty() {
            error["details"] = Value::Array(details);
        }
        json!({ "error": error })
    }
}

impl From<AdsError> for Refusal {
    fn from(error: AdsError) -> Refusal {
        Refusal::of(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_of_a_validation_error_is_as_seen_on_the_real_service() {
        let outer = [("mutate_operations".to_owned(), Some(1)), ("campaign_operation".to_owned(), None)];
        let error = AdsError::required("contains_eu_political_advertising").within(&outer);
        let body = Refusal::of(error).body("v26", "Ab");
        assert_eq!(body["error"]["status"], "INVALID_ARGUMENT");
        assert_eq!(
            body["error"]["details"][0]["errors"][0],
            json!({
                "errorCode": {"fieldError": "REQUIRED"},
                "message": "The required field was not present.",
                "location": {"fieldPathElements": [
                    {"fieldName": "mutate_operations", "index": 1},
                    {"fieldName": "campaign_operation"},
                    {"fieldName": "contains_eu_political_advertising"},
                ]},
            })
        );
    }

    #[test]
    fn a_place_in_a_list_has_its_index() {
        let error = AdsError::required("ad.responsive_search_ad.headlines[3].text");
        assert_eq!(error.path[2], ("headlines".to_owned(), Some(3)));
    }
}
