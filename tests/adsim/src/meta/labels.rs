//! Labels.

use serde_json::{Value, json};

use super::account::Account;
use super::errors::GraphError;
use super::object::{Kind, Object};
use super::params::Params;
use super::write::{Context, Draft};

/// Longest name of a label (assumed).
const LONGEST: usize = 255;

/// The document of a new label. The name of a label that exists already gives that label (assumed).
pub fn create(context: Context<'_>, params: &Params) -> Result<serde_json::Map<String, Value>, GraphError> {
    let mut draft = Draft::create(Kind::Label, context, params);
    draft.need_text("name")?;
    let most = context.config.limits.labels_per_account;
    if context.account.count(Kind::Label) >= most {
        return Err(GraphError::parameter("name", format_args!("An account can have at most {most} labels")));
    }
    check_name(draft.doc.get("name").and_then(Value::as_str).unwrap_or_default())?;
    draft.finish()
}

/// The document of a renamed label.
pub fn update(
    before: &Object,
    context: Context<'_>,
    params: &Params,
) -> Result<serde_json::Map<String, Value>, GraphError> {
    let mut draft = Draft::update(before, context, params);
    draft.need_text("name")?;
    let name = draft.doc.get("name").and_then(Value::as_str).unwrap_or_default();
    check_name(name)?;
    if context.account.label(name).is_some_and(|label| label.id != before.id) {
        return Err(GraphError::parameter("name", format_args!("There is a label named {name} already")));
    }
    draft.finish()
}

fn check_name(name: &str) -> Result<(), GraphError> {
    if name.chars().count() > LONGEST {
        return Err(GraphError::parameter("name", format_args!("A label's name has at most {LONGEST} characters")));
    }
    Ok(())
}

/// The labels of a parameter: ids of labels of the account, or `{"name": ...}` for those to be created.
pub fn resolve(account: &Account, labels: &Value) -> Result<Vec<Value>, GraphError> {
    let wrong = || GraphError::parameter("adlabels", "Param adlabels must be an array of objects with id or name");
    let mut found: Vec<Value> = Vec::new();
    for label in labels.as_array().ok_or_else(wrong)? {
        let id = label.get("id").or(Some(label)).and_then(text_of).and_then(|id| id.parse::<i64>().ok());
        let value = match (id, label.get("name").and_then(Value::as_str)) {
            (Some(id), _) => match account.get_kind(Kind::Label, id).filter(|label| label.is_present()) {
                Some(label) => json!(label.id),
                None => return Err(GraphError::parameter("adlabels", format_args!("There is no label with ID {id}"))),
            },
            (None, Some(name)) => {
                check_name(name)?;
                account.label(name).map_or_else(|| json!({ "name": name }), |label| json!(label.id))
            }
            (None, None) => return Err(wrong()),
        };
        if !found.contains(&value) {
            found.push(value);
        }
    }
    Ok(found)
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
