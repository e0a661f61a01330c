//! `filtering`: conditions on objects of an edge, or of insights.

use serde_json::Value;

use super::errors::GraphError;
use super::nodes::View;
use super::object::{Kind, Object};
use super::params::Params;
use super::status::effective;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    field: String,
    operator: String,
    values: Vec<String>,
}

const OPERATORS: &[&str] = &[
    "EQUAL",
    "NOT_EQUAL",
    "IN",
    "NOT_IN",
    "CONTAIN",
    "NOT_CONTAIN",
    "GREATER_THAN",
    "LESS_THAN",
    "GREATER_THAN_OR_EQUAL",
    "LESS_THAN_OR_EQUAL",
    "ANY",
    "ALL",
    "NONE",
];

const FIELDS: &[&str] = &[
    "id",
    "name",
    "status",
    "configured_status",
    "effective_status",
    "updated_time",
    "created_time",
    "objective",
    "adlabels",
];

/// The conditions of a call: those of `filtering`, and `effective_status`.
pub fn read(params: &Params) -> Result<Vec<Filter>, GraphError> {
    let mut filters = Vec::new();
    let list = params.json("filtering")?.unwrap_or(Value::Array(Vec::new()));
    for filter in list.as_array().into_iter().flatten() {
        filters.push(one(filter)?);
    }
    if let Some(values) = params.list("effective_status")? {
        filters.push(Filter { field: "effective_status".into(), operator: "IN".into(), values });
    }
    Ok(filters)
}

fn one(filter: &Value) -> Result<Filter, GraphError> {
    let wrong = |message: String| GraphError::parameter("filtering", message);
    let text = |name: &str| filter.get(name).and_then(Value::as_str).map(str::to_owned);
    let (Some(field), Some(operator)) = (text("field"), text("operator")) else {
        return Err(wrong("Filters need field, operator and value".into()));
    };
    let name = field.split('.').next_back().unwrap_or_default();
    if !FIELDS.contains(&name) {
        return Err(wrong(format!("Filtering field '{field}' is invalid")));
    }
    if !OPERATORS.contains(&operator.as_str()) {
        return Err(wrong(format!("Filtering operator '{operator}' is invalid")));
    }
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let values = match filter.get("value") {
        Some(Value::Array(values)) => values.iter().map(shown).collect(),
        Some(value) => vec![shown(value)],
        None => return Err(wrong("Filters need field, operator and value".into())),
    };
    Ok(Filter { field, operator, values })
}

/// Whether conditions ask for archived objects, too.
pub fn want_archived(filters: &[Filter]) -> bool {
    filters.iter().any(|f| f.field.ends_with("effective_status") && f.values.iter().any(|v| v == "ARCHIVED"))
}

impl Filter {
    /// Whether an object, or what it belongs to if the field says so, meets the condition.
    pub fn holds(&self, view: View<'_>, object: &Object) -> bool {
        let (prefix, name) = self.field.split_once('.').unwrap_or(("", &self.field));
        let wanted = match prefix {
            "campaign" => Some(Kind::Campaign),
            "adset" => Some(Kind::AdSet),
            "ad" => Some(Kind::Ad),
            _ => None,
        };
        let mut at = Some(object);
        while let Some(object) = at
            && wanted.is_some_and(|kind| kind != object.kind)
        {
            at = view.account.get(object.parent()).map(std::convert::AsRef::as_ref);
        }
        at.is_some_and(|object| self.holds_for(view, object, name))
    }

    fn holds_for(&self, view: View<'_>, object: &Object, name: &str) -> bool {
        if name == "adlabels" {
            let labels: Vec<String> = object
                .labels()
                .filter_map(|id| view.account.get(id))
                .flat_map(|label| [label.id.to_string(), label.text("name").to_owned()])
                .collect();
            let has = |value: &String| labels.contains(value);
            return match self.operator.as_str() {
                "ALL" => self.values.iter().all(has),
                "NONE" | "NOT_IN" | "NOT_CONTAIN" => !self.values.iter().any(has),
                _ => self.values.iter().any(has),
            };
        }
        let value = match name {
            "id" => object.id.to_string(),
            "effective_status" => effective(view.account, object, view.config, view.now).to_owned(),
            "status" | "configured_status" => object.status().to_owned(),
            "updated_time" => object.updated.as_second().to_string(),
            "created_time" => object.created.as_second().to_string(),
            name => object.text(name).to_owned(),
        };
        let first = self.values.first().map_or("", String::as_str);
        let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
        match self.operator.as_str() {
            "EQUAL" => value == first,
            "NOT_EQUAL" => value != first,
            "IN" | "ANY" => self.values.contains(&value),
            "NOT_IN" | "NONE" => !self.values.contains(&value),
            "CONTAIN" => value.to_lowercase().contains(&first.to_lowercase()),
            "NOT_CONTAIN" => !value.to_lowercase().contains(&first.to_lowercase()),
            "GREATER_THAN" => number(&value) > number(first),
            "GREATER_THAN_OR_EQUAL" => number(&value) >= number(first),
            "LESS_THAN" => number(&value) < number(first),
            "LESS_THAN_OR_EQUAL" => number(&value) <= number(first),
            _ => false,
        }
    }
}
