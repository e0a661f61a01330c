//! Update masks, and what a write may name at all.

use serde_json::Value;

use crate::google::errors::AdsError;
use crate::google::schema::{Doc, Field, Kind, schema};

/// Applies an update to a document: exactly the fields of the mask, which are cleared where the update lacks them.
/// Returns the new document and the changed paths in `snake_case`.
pub fn apply(message: &str, before: &Doc, update: &Doc, mask: &str) -> Result<(Doc, Vec<String>), Vec<AdsError>> {
    let mut after = before.clone();
    let mut paths = Vec::new();
    let mut errors = Vec::new();
    for path in mask.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        match find(message, path) {
            Ok(fields) if fields.last().is_some_and(|f| f.name == "resource_name") => {}
            Ok(fields) => {
                let name = fields.iter().map(|f| f.name).collect::<Vec<_>>().join(".");
                let json: Vec<&str> = fields.iter().map(|f| f.json.as_str()).collect();
                let (old, new) = (lookup(before, &json), lookup(update, &json));
                if fields.iter().any(|f| f.output) || (fields.iter().any(|f| f.immutable) && old != new) {
                    errors.push(
                        AdsError::new("fieldError", "IMMUTABLE_FIELD", "The field cannot be modified.").at(&name),
                    );
                    continue;
                }
                set(message, &mut after, &fields, new.cloned());
                paths.push(name);
            }
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok((after, paths)) } else { Err(errors) }
}

/// Refuses what the server alone may set. `id`s have an error of their own.
pub fn refuse_output(message: &str, doc: &Doc) -> Vec<AdsError> {
    let mut errors = Vec::new();
    collect_output(message, doc, "", &mut errors);
    errors
}

fn collect_output(message: &str, doc: &Doc, at: &str, errors: &mut Vec<AdsError>) {
    for (name, value) in doc {
        let Some(field) = schema().message(message).field(name) else { continue };
        let path = if at.is_empty() { field.name.to_owned() } else { format!("{at}.{}", field.name) };
        if field.output {
            let error = if field.name == "id" || field.name == "criterion_id" {
                AdsError::new(
                    "newResourceCreationError",
                    "CANNOT_SET_ID_FOR_CREATE",
                    "Do not set the id field while creating new resources.",
                )
            } else {
                AdsError::new(
                    "fieldError",
                    "VALUE_MUST_BE_UNSET",
                    "The field's value must be unset: it is output only.",
                )
            };
            errors.push(error.at(&path));
        } else if let (Kind::Message(inner), Value::Object(doc)) = (field.kind, value) {
            collect_output(inner, doc, &path, errors);
        }
    }
}

fn find(message: &str, path: &str) -> Result<Vec<&'static Field>, AdsError> {
    let not_found = || {
        AdsError::new(
            "fieldMaskError",
            "FIELD_NOT_FOUND",
            format!("The field mask contained an invalid field: '{path}'."),
        )
        .at("update_mask")
    };
    let mut fields: Vec<&'static Field> = Vec::new();
    let mut message = message;
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        let field = schema().message(message).field(name).ok_or_else(not_found)?;
        fields.push(field);
        match field.kind {
            Kind::Message(inner) if !field.repeated => {
                let has_subfields = !schema().message(inner).fields.is_empty();
                if names.peek().is_none() && has_subfields {
                    return Err(AdsError::new(
                        "fieldMaskError",
                        "FIELD_HAS_SUBFIELDS",
                        format!("The field mask updated a field with subfields: '{path}'."),
                    )
                    .at("update_mask"));
                }
                message = inner;
            }
            _ if names.peek().is_some() => return Err(not_found()),
            _ => {}
        }
    }
    Ok(fields)
}

fn lookup<'a>(doc: &'a Doc, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(doc.get(*first)?, |value, name| value.get(name))
}

fn set(message: &str, doc: &mut Doc, fields: &[&'static Field], value: Option<Value>) {
    let Some((field, rest)) = fields.split_first() else { return };
    if let Some(oneof) = field.oneof {
        // Naming one member of a oneof clears the others.
        for other in &schema().message(message).fields {
            if other.oneof == Some(oneof) && other.name != field.name {
                doc.remove(&other.json);
            }
        }
    }
    match (rest.is_empty(), value) {
        (true, Some(value)) => {
            doc.insert(field.json.clone(), value);
        }
        (true, None) => {
            doc.remove(&field.json);
        }
        (false, value) => {
            let Kind::Message(inner) = field.kind else { return };
            let inner_doc = doc.entry(field.json.clone()).or_insert_with(|| Value::Object(Doc::new()));
            if let Value::Object(inner_doc) = inner_doc {
                set(inner, inner_doc, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::google::constants::object;

    fn update(mask: &str, update: Value) -> Result<Value, Vec<String>> {
        let before = object(json!({"name": "a", "status": "PAUSED", "manualCpc": {},
            "networkSettings": {"targetGoogleSearch": true}, "advertisingChannelType": "SEARCH"}));
        apply("Campaign", &before, &object(update), mask)
            .map(|(doc, _)| Value::Object(doc))
            .map_err(|errors| errors.into_iter().map(|e| e.code).collect())
    }

    #[test]
    fn only_what_the_mask_names_changes_and_what_is_missing_is_cleared() {
        let after =
            update("name,network_settings.target_google_search", json!({"name": "b", "status": "ENABLED"})).unwrap();
        assert_eq!(after["name"], "b");
        assert_eq!(after["status"], "PAUSED");
        assert_eq!(after["networkSettings"], json!({}));
    }

    #[test]
    fn naming_another_bidding_strategy_clears_the_present_one() {
        let after =
            update("targetSpend.cpcBidCeilingMicros", json!({"targetSpend": {"cpcBidCeilingMicros": "5"}})).unwrap();
        assert!(after.get("manualCpc").is_none());
        assert_eq!(after["targetSpend"]["cpcBidCeilingMicros"], "5");
    }

    #[test]
    fn wrong_masks_are_refused() {
        for (mask, code) in [
            ("nme", "FIELD_NOT_FOUND"),
            ("network_settings", "FIELD_HAS_SUBFIELDS"),
            ("id", "IMMUTABLE_FIELD"),
            ("advertising_channel_type", "IMMUTABLE_FIELD"),
        ] {
            assert_eq!(update(mask, json!({"advertisingChannelType": "DISPLAY"})).unwrap_err(), [code], "{mask}");
        }
    }
}
