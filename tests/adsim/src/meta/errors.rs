//! Errors as the Graph API sends them.

use http::StatusCode;
use serde_json::{Value, json};

/// An error of the Graph API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphError {
    /// `code`.
    pub code: i64,
    /// `error_subcode`.
    pub subcode: Option<i64>,
    /// `message`.
    pub message: String,
    /// `type`.
    pub kind: &'static str,
    /// `error_user_title` and `error_user_msg`.
    pub user: Option<Box<(String, String)>>,
    /// `error_data.blame_field_specs`.
    pub blame: Vec<String>,
}

impl GraphError {
    /// An error with a code.
    pub fn new(code: i64, message: impl Into<String>) -> GraphError {
        GraphError {
            code,
            subcode: None,
            message: message.into(),
            kind: "OAuthException",
            user: None,
            blame: Vec::new(),
        }
    }

    /// A parameter is wrong: code 100 with a message that begins with `(#100)`.
    pub fn parameter(name: &str, message: impl std::fmt::Display) -> GraphError {
        GraphError::new(100, format!("(#100) {message}")).at(name)
    }

    /// A parameter is missing.
    pub fn required(name: &str) -> GraphError {
        GraphError::parameter(name, format_args!("The parameter {name} is required"))
    }

    /// A rule of the ads is broken: code 100, with what people are told.
    pub fn invalid(subcode: i64, title: &str, message: impl Into<String>) -> GraphError {
        let mut error = GraphError::new(100, "Invalid parameter").subcode(subcode);
        error.user = Some(Box::new((title.to_owned(), message.into())));
        error
    }

    /// The object does not exist, or not for the caller.
    pub fn no_object(id: &str, verb: &str) -> GraphError {
        let message = format!(
            "Unsupported {verb} request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
             permissions, or does not support this operation. Please read the Graph API documentation at \
             https://developers.facebook.com/docs/graph-api"
        );
        GraphError { kind: "GraphMethodException", ..GraphError::new(100, message).subcode(33) }
    }

    /// The path means nothing.
    pub fn unknown_path(components: &str) -> GraphError {
        GraphError::new(2500, format!("Unknown path components: /{components}"))
    }

    /// With a subcode.
    #[must_use]
    pub fn subcode(self, subcode: i64) -> GraphError {
        GraphError { subcode: Some(subcode), ..self }
    }

    /// Blames a field, such as `targeting.geo_locations`.
    #[must_use]
    pub fn at(mut self, field: &str) -> GraphError {
        self.blame.push(field.to_owned());
        self
    }

    /// The HTTP status. Almost all is 400; that permissions are 403 and unknown errors 500 is assumed.
    pub fn status(&self) -> StatusCode {
        match self.code {
            1 | 2 => StatusCode::INTERNAL_SERVER_ERROR,
            10 | 200..=299 => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The body.
    pub fn body(&self, trace: &str, data_is_text: bool) -> Value {
        let mut error = json!({
            "message": self.message,
            "type": self.kind,
            "code": self.code,
            "fbtrace_id": trace,
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        if let Some((title, message)) = self.user.as_deref() {
            error["error_user_title"] = title.as_str().into();
            error["error_user_msg"] = message.as_str().into();
        }
        if self.user.is_some() || matches!(self.code, 1 | 2) {
            error["is_transient"] = matches!(self.code, 1 | 2).into();
        }
        if !self.blame.is_empty() {
            let specs: Vec<Vec<&str>> = self.blame.iter().map(|f| f.split('.').collect()).collect();
            let data = json!({ "blame_field_specs": specs });
            error["error_data"] = if data_is_text { data.to_string().into() } else { data };
        }
        json!({ "error": error })
    }
}

/// The error of a fault: a code and, if not empty, a subcode.
pub fn of_fault(code: &str, subcode: &str) -> GraphError {
    let code: i64 = code.parse().unwrap_or(1);
    let message = match code {
        1 => "An unknown error occurred".to_owned(),
        2 => "Service temporarily unavailable".to_owned(),
        code => format!("(#{code}) A fault of the simulator."),
    };
    let error = GraphError::new(code, message);
    subcode.parse().map_or(error.clone(), |subcode| error.subcode(subcode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_of_a_validation_error_is_as_documented() {
        let error = GraphError::invalid(1_885_621, "Budgets on two levels", "Only one may have it.").at("daily_budget");
        let body = error.body("A1", false);
        assert_eq!(
            body["error"],
            json!({
                "message": "Invalid parameter",
                "type": "OAuthException",
                "code": 100,
                "error_subcode": 1_885_621,
                "is_transient": false,
                "error_user_title": "Budgets on two levels",
                "error_user_msg": "Only one may have it.",
                "error_data": {"blame_field_specs": [["daily_budget"]]},
                "fbtrace_id": "A1",
            })
        );
        assert_eq!(error.status(), StatusCode::BAD_REQUEST);
        let text = error.body("A1", true);
        assert_eq!(text["error"]["error_data"], r#"{"blame_field_specs":[["daily_budget"]]}"#);
    }

    #[test]
    fn a_fault_names_code_and_subcode() {
        let error = of_fault("80004", "2446079");
        assert_eq!((error.code, error.subcode), (80_004, Some(2_446_079)));
        let error = of_fault("2", "");
        assert_eq!((error.subcode, error.status()), (None, StatusCode::INTERNAL_SERVER_ERROR));
        assert_eq!(error.body("", false)["error"]["is_transient"], true);
    }
}
