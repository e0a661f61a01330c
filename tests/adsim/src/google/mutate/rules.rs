//! Checks that several kinds of objects share.

use serde_json::{Value, json};

use crate::google::errors::AdsError;
use crate::google::object::{Object, Status};
use crate::google::schema::{Doc, schema};

/// The errors of one operation.
pub(super) type Errors = Vec<AdsError>;

/// One error.
pub(super) fn fail<T>(error: AdsError) -> Result<T, Errors> {
    Err(vec![error])
}

/// The error for changes to what has been removed.
pub(super) fn removed() -> AdsError {
    AdsError::new(
        "contextError",
        "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE",
        "The operation is not allowed for removed resources.",
    )
}

/// The error for creating something as removed.
pub(super) fn created_removed() -> AdsError {
    AdsError::new(
        "operationAccessDeniedError",
        "CREATE_AS_REMOVED_NOT_PERMITTED",
        "A CREATE operation may not set the status to REMOVED.",
    )
    .at("status")
}

/// Sets a field that the request left out.
pub(super) fn default(doc: &mut Doc, name: &str, value: impl Into<Value>) {
    if !doc.contains_key(name) {
        doc.insert(name.to_owned(), value.into());
    }
}

/// Removal is an operation of its own, not a status.
pub(super) fn check_status(after: &Object, errors: &mut Errors) {
    if after.status() == Status::Removed || matches!(after.text("status"), "" | "UNSPECIFIED" | "UNKNOWN") {
        errors.push(
            AdsError::new("enumError", "ENUM_VALUE_NOT_PERMITTED", "The enum value is not permitted.")
                .at("status")
                .trigger(after.text("status")),
        );
    }
}

/// The error for one object too many. `count` is what there is already.
pub(super) fn limit(enclosing: &str, code: &str, limit_type: &str, count: usize, most: usize) -> Option<AdsError> {
    (count >= most).then(|| {
        let resource = match code {
            "CAMPAIGN_LIMIT" => "CAMPAIGN",
            "ADGROUP_LIMIT" => "AD_GROUP",
            _ => "CUSTOMER",
        };
        AdsError::new(
            "resourceCountLimitExceededError",
            code,
            "The request attempts to create more resources than allowed for the enclosing resource.",
        )
        .details(json!({
            "resourceCountDetails": {
                "enclosingId": enclosing,
                "enclosingResource": resource,
                "limit": i32::try_from(most).unwrap_or(i32::MAX),
                "limitType": limit_type,
                "existingCount": i32::try_from(count).unwrap_or(i32::MAX),
            }
        }))
    })
}

/// Checks final URLs, tracking template and URL suffix where an object has them.
pub(super) fn check_url_fields(doc: &Doc, at: &str, errors: &mut Errors) {
    let text = |name: &str| doc.get(name).and_then(Value::as_str).unwrap_or_default();
    for (field, name) in [("finalUrls", "final_urls"), ("finalMobileUrls", "final_mobile_urls")] {
        for (i, url) in doc.get(field).and_then(Value::as_array).into_iter().flatten().enumerate() {
            let url = url.as_str().unwrap_or_default();
            if let Some((code, message)) = url_problem(url) {
                let code =
                    if field == "finalUrls" { code.to_owned() } else { code.replace("FINAL_URL", "FINAL_MOBILE_URL") };
                errors
                    .push(AdsError::new("urlFieldError", &code, message).at(&format!("{at}{name}[{i}]")).trigger(url));
            }
        }
    }
    let template = text("trackingUrlTemplate");
    let has_landing_page = ["{lpurl", "{unescapedlpurl", "{escapedlpurl"].iter().any(|tag| template.contains(tag));
    if !template.is_empty() && !has_landing_page {
        errors.push(
            AdsError::new(
                "urlFieldError",
                "MISSING_TRACKING_URL_TEMPLATE_TAG",
                "The tracking url template must contain a landing page tag.",
            )
            .at(&format!("{at}tracking_url_template"))
            .trigger(template),
        );
    }
    let suffix = text("finalUrlSuffix");
    if suffix.starts_with(['?', '&', '#']) || suffix.contains(char::is_whitespace) {
        errors.push(
            AdsError::new("urlFieldError", "FINAL_URL_SUFFIX_MALFORMED", "The final url suffix is malformed.")
                .at(&format!("{at}final_url_suffix"))
                .trigger(suffix),
        );
    }
}

fn url_problem(url: &str) -> Option<(&'static str, &'static str)> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Some(("MISSING_PROTOCOL_IN_FINAL_URL", "The final url must contain a protocol."));
    };
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    if scheme != "http" && scheme != "https" {
        Some(("INVALID_PROTOCOL_IN_FINAL_URL", "The final url contains an invalid protocol."))
    } else if host.is_empty() {
        Some(("MISSING_HOST_IN_FINAL_URL", "The final url must contain a host."))
    } else if !host.contains('.') || host.starts_with('.') || host.ends_with('.') {
        Some(("INVALID_TLD_IN_FINAL_URL", "The final url contains an invalid top level domain."))
    } else if url.contains(char::is_whitespace) {
        Some(("MALFORMED_FINAL_URL", "The final url is malformed."))
    } else {
        None
    }
}

/// Brings a document that adsim itself makes into canonical form, as if a request had carried it.
pub(in crate::google) fn parse_own(message: &str, value: &Value) -> Result<Doc, AdsError> {
    schema().parse(message, value).map_err(|violations| {
        let text = violations.into_iter().map(|v| v.description).collect::<Vec<_>>().join("; ");
        AdsError::new("internalError", "INTERNAL_ERROR", text)
    })
}
