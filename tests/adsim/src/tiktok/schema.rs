//! The fields of each endpoint, from TikTok's own description (`data/v1.3.schema`, written by `tools/tiktok_schema.py`).

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::errors::{Refusal, code};

/// A JSON object.
pub type Doc = Map<String, Value>;

/// Type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    String,
    Number,
    Integer,
    Boolean,
    Object,
}

/// A field of a body, or a parameter of a query.
#[derive(Debug)]
pub struct Field {
    name: &'static str,
    kind: Type,
    list: bool,
    required: bool,
    /// Least and most items of a list.
    sizes: (usize, usize),
    /// Largest value.
    most: Option<i64>,
    values: Vec<&'static str>,
    fields: Vec<Field>,
}

/// An endpoint.
#[derive(Debug)]
pub struct Endpoint {
    /// HTTP method.
    pub method: &'static str,
    /// Path below the version, without slashes around it.
    pub path: &'static str,
    fields: Vec<Field>,
}

/// The endpoint of a path, if the simulator knows it.
pub fn endpoint(path: &str) -> Option<&'static Endpoint> {
    static ENDPOINTS: OnceLock<BTreeMap<&'static str, Endpoint>> = OnceLock::new();
    let endpoints = ENDPOINTS.get_or_init(|| {
        let lines: Vec<&str> = include_str!("data/v1.3.schema").lines().filter(|l| !l.starts_with('#')).collect();
        let mut at = 0;
        let mut found = BTreeMap::new();
        while let Some((method, path)) = lines.get(at).and_then(|line| line.split_once(' ')) {
            at += 1;
            let fields = read_fields(&lines, &mut at, 2);
            found.insert(path, Endpoint { method, path, fields });
        }
        found
    });
    endpoints.get(path)
}

/// The fields at a depth of indentation, from a line on.
fn read_fields(lines: &[&'static str], at: &mut usize, indent: usize) -> Vec<Field> {
    let mut fields = Vec::new();
    while let Some(line) = lines.get(*at) {
        if line.len() - line.trim_start().len() != indent {
            break;
        }
        *at += 1;
        let mut field = read_field(line.trim_start());
        field.fields = read_fields(lines, at, indent + 2);
        fields.push(field);
    }
    fields
}

fn read_field(line: &'static str) -> Field {
    let mut words = line.split(' ');
    let (name, kind) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut field = Field {
        name,
        kind: match kind.trim_end_matches("[]") {
            "number" => Type::Number,
            "integer" => Type::Integer,
            "boolean" => Type::Boolean,
            "object" => Type::Object,
            _ => Type::String,
        },
        list: kind.ends_with("[]"),
        required: false,
        sizes: (0, usize::MAX),
        most: None,
        values: Vec::new(),
        fields: Vec::new(),
    };
    for word in words {
        match word.split_once(':') {
            None => field.required = true,
            Some(("max", n)) => field.sizes.1 = n.parse().unwrap_or(usize::MAX),
            Some(("min", n)) => field.sizes.0 = n.parse().unwrap_or_default(),
            Some(("most", n)) => field.most = n.parse().ok(),
            Some((_, values)) => field.values = values.split(',').collect(),
        }
    }
    field
}

impl Endpoint {
    /// Whether a body or query fits. What is unknown is refused if the simulator is strict, else taken out.
    pub fn check(&self, doc: &mut Doc, strict: bool) -> Result<(), Refusal> {
        check(&self.fields, doc, "", strict)
    }

    /// The values of a query, by the types of its parameters. Lists and objects come as JSON text.
    pub fn read_query(&self, pairs: impl Iterator<Item = (String, String)>) -> Result<Doc, Refusal> {
        let mut doc = Doc::new();
        for (name, text) in pairs {
            let value = match self.fields.iter().find(|f| f.name == name) {
                Some(field) => field.read(&text)?,
                None => Value::String(text),
            };
            doc.insert(name, value);
        }
        Ok(doc)
    }
}

fn check(fields: &[Field], doc: &mut Doc, place: &str, strict: bool) -> Result<(), Refusal> {
    let missing: Vec<String> = fields
        .iter()
        .filter(|f| f.required && !doc.contains_key(f.name))
        .map(|f| format!("{place}{}", f.name))
        .collect();
    if !missing.is_empty() {
        return Err(Refusal::missing(&missing.join(", ")));
    }
    let unknown: Vec<String> = doc.keys().filter(|name| fields.iter().all(|f| f.name != *name)).cloned().collect();
    if strict && let Some(name) = unknown.first() {
        return Err(Refusal::invalid(format!("{place}{name}: Unknown field.")));
    }
    doc.retain(|name, _| !unknown.contains(name));
    for (name, value) in doc.iter_mut() {
        if let Some(field) = fields.iter().find(|f| f.name == name) {
            field.check(value, &format!("{place}{name}"), strict)?;
        }
    }
    Ok(())
}

impl Field {
    /// Reads a parameter of a query.
    fn read(&self, text: &str) -> Result<Value, Refusal> {
        let wrong = |what: &str| Refusal::invalid(format!("{}: Not a valid {what}.", self.name));
        if self.list || self.kind == Type::Object {
            return serde_json::from_str(text).map_err(|_| wrong("JSON text"));
        }
        match self.kind {
            Type::Integer => text.parse::<i64>().map(Value::from).map_err(|_| wrong("integer")),
            Type::Number => text.parse::<f64>().map(Value::from).map_err(|_| wrong("number")),
            Type::Boolean => text.parse::<bool>().map(Value::from).map_err(|_| wrong("boolean")),
            Type::String | Type::Object => Ok(text.into()),
        }
    }

    fn check(&self, value: &mut Value, place: &str, strict: bool) -> Result<(), Refusal> {
        if !self.list {
            return self.check_one(value, place, strict);
        }
        let Value::Array(items) = value else { return Err(Refusal::invalid(format!("{place}: Not a valid list."))) };
        let (least, most) = self.sizes;
        if items.len() > most && place.ends_with("_ids") {
            return Err(Refusal::new(
                code::TOO_MANY_IDS,
                format!("{place}: Too many IDs, at most {most} are allowed."),
            ));
        }
        if items.len() < least || items.len() > most {
            return Err(Refusal::invalid(format!("{place}: Length must be between {least} and {most}.")));
        }
        for (i, item) in items.iter_mut().enumerate() {
            self.check_one(item, &format!("{place}.{i}"), strict)?;
        }
        Ok(())
    }

    fn check_one(&self, value: &mut Value, place: &str, strict: bool) -> Result<(), Refusal> {
        let (fits, name) = match self.kind {
            Type::String => (value.is_string(), "string"),
            Type::Number => (value.is_number(), "number"),
            Type::Integer => (value.is_i64() || value.is_u64(), "integer"),
            Type::Boolean => (value.is_boolean(), "boolean"),
            Type::Object => (value.is_object(), "object"),
        };
        if !fits {
            return Err(Refusal::invalid(format!("{place}: Not a valid {name}.")));
        }
        if let (Some(most), Some(number)) = (self.most, value.as_i64())
            && number > most
        {
            return Err(Refusal::invalid(format!("{place}: Must be less than or equal to {most}.")));
        }
        if let Some(text) = value.as_str().filter(|t| !self.values.is_empty() && !self.values.contains(t)) {
            let values = self.values.join(", ");
            return Err(Refusal::invalid(format!("{place}: {text} is not one of: {values}.")));
        }
        match value {
            Value::Object(doc) if !self.fields.is_empty() => check(&self.fields, doc, &format!("{place}."), strict),
            _ => Ok(()),
        }
    }
}

/// A text field, empty if unset.
pub fn text<'a>(doc: &'a Doc, name: &str) -> &'a str {
    doc.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The texts of a list, none if unset.
pub fn texts<'a>(doc: &'a Doc, name: &str) -> Vec<&'a str> {
    doc.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// A flag.
pub fn flag(doc: &Doc, name: &str) -> Option<bool> {
    doc.get(name).and_then(Value::as_bool)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(path: &str, body: Value, strict: bool) -> String {
        let Value::Object(mut doc) = body else { panic!("an object") };
        endpoint(path).unwrap().check(&mut doc, strict).err().map(|r| r.to_string()).unwrap_or_default()
    }

    #[test]
    fn bodies_are_held_against_the_description() {
        let update = "smart_plus/campaign/update";
        let ids = |n: usize| (0..n).map(|i| i.to_string()).collect::<Vec<_>>();
        let status = |n| json!({"advertiser_id": "1", "campaign_ids": ids(n), "operation_status": "DISABLE"});
        for (path, body, wanted) in [
            (update, json!({"advertiser_id": "1", "campaign_id": "2", "budget": 50.0}), ""),
            (update, json!({"advertiser_id": "1"}), "40002: Missing required field(s): campaign_id."),
            (update, json!({"advertiser_id": "1", "campaign_id": 2}), "40002: campaign_id: Not a valid string."),
            (
                update,
                json!({"advertiser_id": "1", "campaign_id": "2", "budget": "50"}),
                "40002: budget: Not a valid number.",
            ),
            (
                update,
                json!({"advertiser_id": "1", "campaign_id": "2", "objective_type": "WEB_CONVERSIONS"}),
                "40002: objective_type: Unknown field.",
            ),
            ("smart_plus/campaign/status/update", status(20), ""),
            ("smart_plus/campaign/status/update", status(0), "40002: campaign_ids: Length must be between 1 and 20."),
            (
                "smart_plus/campaign/status/update",
                status(21),
                "40011: campaign_ids: Too many IDs, at most 20 are allowed.",
            ),
        ] {
            assert_eq!(refusal(path, body, true), wanted);
        }
        assert_eq!(refusal(update, json!({"advertiser_id": "1", "campaign_id": "2", "x": 1}), false), "");
    }

    #[test]
    fn a_query_holds_json_text() {
        let endpoint = endpoint("smart_plus/campaign/get").unwrap();
        let pairs = [("filtering", r#"{"campaign_name":"a"}"#), ("page", "2")];
        let doc = endpoint.read_query(pairs.into_iter().map(|(k, v)| (k.into(), v.into()))).unwrap();
        assert_eq!(Value::Object(doc), json!({"filtering": {"campaign_name": "a"}, "page": 2}));
        let wrong = endpoint.read_query([("filtering".to_owned(), "campaign".to_owned())].into_iter());
        assert_eq!(wrong.unwrap_err().message, "filtering: Not a valid JSON text.");
    }
}
