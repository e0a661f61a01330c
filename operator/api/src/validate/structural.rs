//! The checks of a structural schema, with the API server's messages.
//!
//! They follow what `kube-apiserver` does on a create: nulls are dropped, unknown fields refused, the schema and then
//! list types checked. A test runs the same table of objects through here and through a real API server.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

/// Something wrong at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) path: String,
    pub(super) message: String,
    /// Whether the API server then leaves the CEL rules unchecked.
    pub(super) blocks: bool,
    /// What type was expected and what was found, of a wrong type that quotes could set right.
    pub(super) types: Option<(String, &'static str)>,
}

impl Finding {
    fn new(path: &str, message: String) -> Self {
        Self { path: path.to_owned(), message, blocks: false, types: None }
    }

    fn blocking(path: &str, message: String) -> Self {
        Self { blocks: true, ..Self::new(path, message) }
    }
}

/// Drops nulls, as the API server does where a schema has no `nullable`.
pub(super) fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// The paths of all fields that the schema does not know.
pub(super) fn unknown_fields(schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let path = child(path, key);
                match field_schema(schema, key) {
                    Some(schema) => unknown_fields(schema, value, &path, found),
                    None => found.push(path),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                unknown_fields(&schema["items"], item, &format!("{path}[{index}]"), found);
            }
        }
        _ => {}
    }
}

/// The names of the fields that the schema knows at a path of an object.
pub(super) fn known_fields<'s>(schema: &'s Value, path: &str) -> Vec<&'s str> {
    let mut node = schema;
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let (name, index) = part.split_once('[').map_or((part, None), |(name, index)| (name, Some(index)));
        let Some(next) = field_schema(node, name) else { return Vec::new() };
        node = if index.is_some() { &next["items"] } else { next };
    }
    node["properties"].as_object().map(|fields| fields.keys().map(String::as_str).collect()).unwrap_or_default()
}

fn field_schema<'s>(schema: &'s Value, key: &str) -> Option<&'s Value> {
    schema["properties"].get(key).or_else(|| schema.get("additionalProperties"))
}

/// Checks a value against a schema.
pub(super) fn check(schema: &Value, value: &Value, path: &str, found: &mut Vec<Finding>) {
    let format = schema["format"].as_str().unwrap_or_default();
    if let Some(mut finding) = wrong_type(schema["type"].as_str().unwrap_or_default(), format, value, path) {
        if schema["type"] == "string" && (!format.is_empty() || schema.get("enum").is_some()) {
            finding.types = None;
        }
        found.push(finding);
    }
    match value {
        Value::Object(fields) => check_object(schema, fields, path, found),
        Value::Array(items) => check_array(schema, items, path, found),
        Value::String(text) => check_string(schema, text, format, path, found),
        Value::Number(_) => check_number(schema, value, path, found),
        Value::Null | Value::Bool(_) => {}
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        let allowed: Vec<_> = allowed.iter().map(Value::to_string).collect();
        found.push(Finding::blocking(
            path,
            format!("Unsupported value: {value}: supported values: {}", allowed.join(", ")),
        ));
    }
}

fn wrong_type(type_: &str, format: &str, value: &Value, path: &str) -> Option<Finding> {
    let is = type_of(value);
    let fits = is == type_ || (is == "integer" && type_ == "number");
    // As the API server: what it calls the wanted and the found type depends on whether there is a format.
    let (wanted, got) = match value {
        _ if type_.is_empty() || fits => return None,
        Value::Null => (type_, "null"),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) if !format.is_empty() => (format, format_of(value)),
        Value::Array(_) if !format.is_empty() && type_ == "string" => return None,
        _ => (type_, is),
    };
    Some(Finding {
        types: Some((type_.to_owned(), is)),
        ..Finding::blocking(
            path,
            format!("Invalid value: \"{got}\": {path} in body must be of type {wanted}: \"{got}\""),
        )
    })
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn format_of(value: &Value) -> &'static str {
    match value {
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        _ => "",
    }
}

fn check_object(schema: &Value, fields: &Map<String, Value>, path: &str, found: &mut Vec<Finding>) {
    if schema["type"] != "object" {
        return;
    }
    if let Some(least) = schema["minProperties"].as_u64()
        && (fields.len() as u64) < least
    {
        let count = fields.len();
        found.push(Finding::new(
            path,
            format!("Invalid value: {count}: {path} in body should have at least {least} properties"),
        ));
    }
    too_many(schema["maxProperties"].as_u64(), fields.len(), path, found);
    for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(required) {
            found.push(Finding::blocking(&child(path, required), "Required value".to_owned()));
        }
    }
    for (key, value) in fields {
        if let Some(schema) = field_schema(schema, key) {
            check(schema, value, &child(path, key), found);
        }
    }
}

fn check_array(schema: &Value, items: &[Value], path: &str, found: &mut Vec<Finding>) {
    if schema["type"] != "array" {
        return;
    }
    if let Some(least) = schema["minItems"].as_u64()
        && (items.len() as u64) < least
    {
        let count = items.len();
        found.push(Finding::new(
            path,
            format!("Invalid value: {count}: {path} in body should have at least {least} items"),
        ));
    }
    too_many(schema["maxItems"].as_u64(), items.len(), path, found);
    for (index, item) in items.iter().enumerate() {
        check(&schema["items"], item, &format!("{path}[{index}]"), found);
    }
    duplicates(schema, items, path, found);
}

fn too_many(most: Option<u64>, count: usize, path: &str, found: &mut Vec<Finding>) {
    if let Some(most) = most
        && count as u64 > most
    {
        found.push(Finding::blocking(path, format!("Too many: {count}: must have at most {most} items")));
    }
}

/// `x-kubernetes-list-type: set` and `map` have each item, or each key, once.
fn duplicates(schema: &Value, items: &[Value], path: &str, found: &mut Vec<Finding>) {
    let keys = schema["x-kubernetes-list-map-keys"].as_array();
    let identity = |item: &Value| match (schema["x-kubernetes-list-type"].as_str(), keys) {
        (Some("set"), _) => Some(item.to_string()),
        (Some("map"), Some(keys)) => {
            let fields = item.as_object()?;
            let keyed =
                keys.iter().filter_map(Value::as_str).map(|key| Some((key.to_owned(), fields.get(key)?.clone())));
            keyed.collect::<Option<Map<_, _>>>().map(|keyed| Value::Object(keyed).to_string())
        }
        _ => None,
    };
    let mut seen = HashSet::new();
    let mut told = HashSet::new();
    for (index, item) in items.iter().enumerate() {
        if let Some(identity) = identity(item)
            && !seen.insert(identity.clone())
            && told.insert(identity.clone())
        {
            found.push(Finding::new(&format!("{path}[{index}]"), format!("Duplicate value: {identity}")));
        }
    }
}

fn check_string(schema: &Value, text: &str, format: &str, path: &str, found: &mut Vec<Finding>) {
    if schema["type"] != "string" {
        return;
    }
    let value = Value::from(text);
    let length = text.chars().count() as u64;
    if let Some(most) = schema["maxLength"].as_u64()
        && length > most
    {
        found.push(Finding::blocking(path, format!("Too long: may not be more than {most} bytes")));
    }
    if let Some(least) = schema["minLength"].as_u64()
        && length < least
    {
        found.push(Finding::new(
            path,
            format!("Invalid value: {value}: {path} in body should be at least {least} chars long"),
        ));
    }
    if let Some(pattern) = schema["pattern"].as_str()
        && Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text))
    {
        found.push(Finding::new(path, format!("Invalid value: {value}: {path} in body should match '{pattern}'")));
    }
    if format == "date" && !is_date(text) || format == "date-time" && text.parse::<jiff::Timestamp>().is_err() {
        found.push(Finding::blocking(
            path,
            format!("Invalid value: {value}: {path} in body must be of type {format}: {value}"),
        ));
    }
}

fn is_date(text: &str) -> bool {
    static SHAPE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("^[0-9]{4}-[0-9]{2}-[0-9]{2}$").ok());
    SHAPE.as_ref().is_some_and(|shape| shape.is_match(text)) && text.parse::<jiff::civil::Date>().is_ok()
}

fn check_number(schema: &Value, value: &Value, path: &str, found: &mut Vec<Finding>) {
    let Some(number) = value.as_f64() else { return };
    if !matches!(schema["type"].as_str(), Some("integer" | "number")) {
        return;
    }
    if let Some(least) = schema["minimum"].as_f64()
        && number < least
    {
        found.push(Finding::new(
            path,
            format!("Invalid value: {value}: {path} in body should be greater than or equal to {least}"),
        ));
    }
    if let Some(most) = schema["maximum"].as_f64()
        && number > most
    {
        found.push(Finding::new(
            path,
            format!("Invalid value: {value}: {path} in body should be less than or equal to {most}"),
        ));
    }
}

fn child(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
