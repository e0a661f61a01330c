//! Mutate requests as they come in.

use serde_json::Value;

use crate::google::errors::{AdsError, Refusal};
use crate::google::key::Kind;
use crate::google::schema::{Doc, schema};

/// What an operation does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Creates an object.
    Create(Doc),
    /// Updates the fields of a mask.
    Update(Doc, Option<String>),
    /// Removes the object of a resource name.
    Remove(String),
}

/// One operation, or why it is none.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The kind of object.
    pub kind: Kind,
    /// What it does.
    pub action: Result<Action, AdsError>,
}

impl Operation {
    /// `create`, `update` or `remove`.
    pub fn verb(&self) -> &'static str {
        match self.action {
            Ok(Action::Create(_)) => "create",
            Ok(Action::Update(..)) => "update",
            Ok(Action::Remove(_)) => "remove",
            Err(_) => "",
        }
    }

    /// All that the operation says, for faults that match on content.
    pub fn text(&self) -> String {
        match &self.action {
            Ok(Action::Create(doc) | Action::Update(doc, _)) => serde_json::to_string(doc).unwrap_or_default(),
            Ok(Action::Remove(name)) => name.clone(),
            Err(_) => String::new(),
        }
    }
}

/// A mutate request.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "they are the request's own, independent flags")]
pub struct Request {
    /// Operations in order.
    pub operations: Vec<Operation>,
    /// Good operations are kept when others fail.
    pub partial_failure: bool,
    /// Nothing is kept.
    pub validate_only: bool,
    /// Answers carry the objects, not just their names.
    pub full_content: bool,
    /// Whether this is `googleAds:mutate`, whose operations and answers are wrapped by kind.
    pub mixed: bool,
}

impl Request {
    /// Reads the body of `googleAds:mutate` (`kind` none) or of a kind's own mutate method.
    pub fn read(kind: Option<Kind>, body: &Value, customer: &str) -> Result<Request, Refusal> {
        let message = kind.map_or_else(|| "MutateGoogleAdsRequest".to_owned(), Kind::mutate_request);
        let mut doc = schema().parse(&message, body).map_err(Refusal::malformed)?;
        if doc.get("customerId").and_then(Value::as_str).is_some_and(|id| id != customer) {
            return Err(AdsError::new("requestError", "INVALID_CUSTOMER_ID", "Invalid customer ID.")
                .at("customer_id")
                .into());
        }
        let list = if kind.is_some() { "operations" } else { "mutateOperations" };
        let operations = match doc.remove(list) {
            Some(Value::Array(operations)) => operations,
            _ => Vec::new(),
        };
        if operations.is_empty() {
            return Err(AdsError::required(if kind.is_some() { "operations" } else { "mutate_operations" }).into());
        }
        let flag = |name: &str| doc.get(name).and_then(Value::as_bool).unwrap_or_default();
        Ok(Request {
            operations: operations.into_iter().map(|op| read_operation(kind, op)).collect(),
            partial_failure: flag("partialFailure"),
            validate_only: flag("validateOnly"),
            full_content: doc.get("responseContentType").and_then(Value::as_str) == Some("MUTABLE_RESOURCE"),
            mixed: kind.is_none(),
        })
    }

    /// The error location of an operation.
    pub fn place(&self, index: usize) -> Vec<(String, Option<usize>)> {
        if self.mixed {
            let operation = format!("{}_operation", self.operations[index].kind.snake());
            vec![("mutate_operations".into(), Some(index)), (operation, None)]
        } else {
            vec![("operations".into(), Some(index))]
        }
    }
}

fn read_operation(kind: Option<Kind>, operation: Value) -> Operation {
    let required = AdsError::new(
        "requestError",
        "OPERATION_REQUIRED",
        "Mutate operations must have 'create', 'update', or 'remove' specified.",
    );
    let Value::Object(mut operation) = operation else {
        return Operation { kind: kind.unwrap_or(Kind::Campaign), action: Err(required) };
    };
    let kind = if let Some(kind) = kind {
        kind
    } else {
        let found = Kind::ALL.into_iter().find_map(|kind| Some((kind, operation.remove(kind.operation())?)));
        let Some((kind, Value::Object(inner))) = found else {
            return Operation { kind: Kind::Campaign, action: Err(required) };
        };
        operation = inner;
        kind
    };
    let mask = operation.get("updateMask").and_then(Value::as_str).map(str::to_owned);
    let action = if let Some(Value::Object(doc)) = operation.remove("create") {
        if mask.is_some_and(|m| !m.is_empty()) {
            let message = "The field mask must be unset for CREATE operations.";
            Err(AdsError::new("fieldMaskError", "FIELD_MASK_NOT_ALLOWED", message).at("update_mask"))
        } else {
            Ok(Action::Create(doc))
        }
    } else if let Some(Value::Object(doc)) = operation.remove("update") {
        Ok(Action::Update(doc, mask))
    } else if let Some(Value::String(name)) = operation.remove("remove") {
        Ok(Action::Remove(name))
    } else {
        Err(required)
    };
    Operation { kind, action }
}
