//! What the API's messages look like, read from `data/v26.schema`.
//!
//! Requests are parsed against it as strictly as Google's JSON transcoder does, update masks and GAQL fields are
//! looked up in it, and a test holds every error that adsim sends to the error enums in it.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::{Map, Value};

/// A JSON object that has been checked against a message: lowerCamelCase names, int64 as strings, no nulls.
pub type Doc = Map<String, Value>;

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    String,
    /// A 64-bit integer, a string in JSON.
    Int64,
    /// A 32-bit integer.
    Int32,
    /// A floating-point number.
    Double,
    /// True or false.
    Bool,
    /// A field mask: paths joined by commas.
    Mask,
    /// Anything (`google.protobuf.Any` and maps).
    Any,
    /// One of an enum's names.
    Enum(&'static str),
    /// A message, by name.
    Message(&'static str),
    /// Known to the real service but not to adsim.
    Unsupported,
}

/// A field of a message.
#[derive(Debug)]
pub struct Field {
    /// `snake_case` name, as in protobuf, GAQL and error locations.
    pub name: &'static str,
    /// `lowerCamelCase` name, as in JSON.
    pub json: String,
    /// Type.
    pub kind: Kind,
    /// A list.
    pub repeated: bool,
    /// Name of the oneof that the field belongs to.
    pub oneof: Option<&'static str>,
    /// Set by the server only.
    pub output: bool,
    /// Cannot change after creation.
    pub immutable: bool,
}

/// A message: its fields by name.
#[derive(Debug, Default)]
pub struct Message {
    /// Fields in the order of the definition.
    pub fields: Vec<Field>,
    by_name: HashMap<String, usize>,
}

impl Message {
    /// The field with a `snake_case` or `lowerCamelCase` name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.by_name.get(name).map(|&i| &self.fields[i])
    }
}

/// All messages and enums.
#[derive(Debug, Default)]
pub struct Schema {
    messages: HashMap<&'static str, Message>,
    enums: HashMap<&'static str, Vec<&'static str>>,
}

/// The schema of the newest version.
pub fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| Schema::read(include_str!("data/v26.schema")))
}

/// A part of a request that does not fit the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where, as Google's transcoder writes it (`operations[0].create`).
    pub field: String,
    /// What is wrong.
    pub description: String,
}

impl Schema {
    fn read(text: &'static str) -> Schema {
        let mut schema = Schema::default();
        let (mut message, mut enumeration) = (None, None);
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("message ") {
                (message, enumeration) = (Some(name), None);
                schema.messages.insert(name, Message::default());
            } else if let Some(name) = line.strip_prefix("enum ") {
                (message, enumeration) = (None, Some(name));
            } else if let Some(words) = line.strip_prefix("  ") {
                if let Some(name) = enumeration {
                    schema.enums.insert(name, words.split(' ').collect());
                } else if let Some(m) = message.and_then(|m| schema.messages.get_mut(m)) {
                    let field = read_field(words);
                    m.by_name.insert(field.name.to_owned(), m.fields.len());
                    m.by_name.insert(field.json.clone(), m.fields.len());
                    m.fields.push(field);
                }
            }
        }
        schema
    }

    /// The message of a name. A name that does not exist is a mistake in adsim; it is treated as an empty message.
    pub fn message(&self, name: &str) -> &Message {
        static EMPTY: OnceLock<Message> = OnceLock::new();
        self.messages.get(name).unwrap_or_else(|| EMPTY.get_or_init(Message::default))
    }

    /// The values of an enum.
    pub fn values(&self, name: &str) -> &[&'static str] {
        self.enums.get(name).map_or(&[], Vec::as_slice)
    }

    /// Checks a JSON value against a message and brings it into canonical form.
    pub fn parse(&self, message: &str, value: &Value) -> Result<Doc, Vec<Violation>> {
        let mut violations = Vec::new();
        let doc = self.parse_message(message, value, "", &mut violations);
        if violations.is_empty() { Ok(doc) } else { Err(violations) }
    }

    fn parse_message(&self, name: &str, value: &Value, at: &str, violations: &mut Vec<Violation>) -> Doc {
        let mut doc = Doc::new();
        let Value::Object(object) = value else {
            violations.push(invalid(at, &format!("type.googleapis.com/{name}"), value));
            return doc;
        };
        let message = self.message(name);
        let mut oneofs: HashMap<&str, &str> = HashMap::new();
        for (key, value) in object {
            let Some(field) = message.field(key) else {
                let place = if at.is_empty() { String::new() } else { format!(" at '{at}'") };
                violations.push(Violation {
                    field: at.to_owned(),
                    description: format!(
                        "Invalid JSON payload received. Unknown name \"{key}\"{place}: Cannot find field."
                    ),
                });
                continue;
            };
            if value.is_null() {
                continue;
            }
            let path = if at.is_empty() { snake_path(field) } else { format!("{at}.{}", field.name) };
            if let Some(oneof) = field.oneof
                && let Some(first) = oneofs.insert(oneof, field.name)
            {
                violations.push(Violation {
                    field: at.to_owned(),
                    description: format!(
                        "Invalid value at '{at}' (oneof), oneof field '{oneof}' is already set. Cannot set \
                         '{}' (already set: '{first}')",
                        field.json
                    ),
                });
                continue;
            }
            if doc.contains_key(&field.json) {
                violations.push(Violation {
                    field: path.clone(),
                    description: format!("Invalid JSON payload received. Duplicate name \"{key}\"."),
                });
            }
            let parsed = if field.repeated {
                self.parse_list(field, value, &path, violations)
            } else {
                self.parse_one(field, value, &path, violations)
            };
            if let Some(parsed) = parsed {
                doc.insert(field.json.clone(), parsed);
            }
        }
        doc
    }

    fn parse_list(&self, field: &Field, value: &Value, at: &str, violations: &mut Vec<Violation>) -> Option<Value> {
        // The transcoder takes a single value for a list of one.
        let Value::Array(items) = value else {
            return self.parse_one(field, value, &format!("{at}[0]"), violations).map(|v| Value::Array(vec![v]));
        };
        let mut list = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            list.extend(self.parse_one(field, item, &format!("{at}[{i}]"), violations));
        }
        Some(Value::Array(list))
    }

    fn parse_one(&self, field: &Field, value: &Value, at: &str, violations: &mut Vec<Violation>) -> Option<Value> {
        let parsed = match field.kind {
            Kind::Message(name) => return Some(Value::Object(self.parse_message(name, value, at, violations))),
            Kind::Any => Some(value.clone()),
            Kind::String | Kind::Mask => value.as_str().map(|s| Value::String(s.to_owned())),
            Kind::Bool => value.as_bool().map(Value::Bool),
            Kind::Int64 => integer(value).map(|i| Value::String(i.to_string())),
            Kind::Int32 => integer(value).and_then(|i| i32::try_from(i).ok()).map(Value::from),
            Kind::Double => match value {
                Value::String(s) => s.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number),
                _ => value.as_f64().map(Value::from),
            },
            Kind::Enum(name) => value
                .as_str()
                .and_then(|s| self.values(name).iter().find(|v| **v == s))
                .map(|v| Value::String((*v).to_owned())),
            Kind::Unsupported => {
                violations.push(Violation {
                    field: at.to_owned(),
                    description: format!("adsim does not simulate '{}'", field.name),
                });
                return None;
            }
        };
        if parsed.is_none() {
            violations.push(invalid(at, type_name(field.kind), value));
        }
        parsed
    }
}

fn snake_path(field: &Field) -> String {
    field.name.to_owned()
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::String(s) => s.parse().ok(),
        Value::Number(n) => n.as_i64().or_else(|| {
            // `50000000.0` is an integer to the transcoder.
            let f = n.as_f64()?;
            #[allow(clippy::cast_possible_truncation, reason = "checked to be a whole number below 2^53")]
            (f.fract() == 0.0 && f.abs() < 9_007_199_254_740_992.0).then_some(f as i64)
        }),
        _ => None,
    }
}

fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "TYPE_STRING",
        Kind::Int64 => "TYPE_INT64",
        Kind::Int32 => "TYPE_INT32",
        Kind::Double => "TYPE_DOUBLE",
        Kind::Bool => "TYPE_BOOL",
        Kind::Mask => "type.googleapis.com/google.protobuf.FieldMask",
        Kind::Enum(name) | Kind::Message(name) => name,
        Kind::Any | Kind::Unsupported => "any",
    }
}

fn invalid(at: &str, kind: &str, value: &Value) -> Violation {
    Violation { field: at.to_owned(), description: format!("Invalid value at '{at}' ({kind}), {value}") }
}

fn read_field(words: &'static str) -> Field {
    let mut words = words.split(' ');
    let name = words.next().unwrap_or_default();
    let kind = match words.next().unwrap_or_default() {
        "string" => Kind::String,
        "int64" => Kind::Int64,
        "int32" => Kind::Int32,
        "double" | "float" => Kind::Double,
        "bool" => Kind::Bool,
        "mask" => Kind::Mask,
        "unsupported" => Kind::Unsupported,
        other => match other.split_once(':') {
            Some(("enum", name)) => Kind::Enum(name),
            Some(("message", name)) => Kind::Message(name),
            _ => Kind::Any,
        },
    };
    let mut field =
        Field { name, json: camel(name), kind, repeated: false, oneof: None, output: false, immutable: false };
    for word in words {
        match word {
            "repeated" => field.repeated = true,
            "output" => field.output = true,
            "immutable" => field.immutable = true,
            _ => field.oneof = field.oneof.or(word.strip_prefix("oneof=")),
        }
    }
    field
}

/// `amount_micros` -> `amountMicros`.
pub fn camel(snake: &str) -> String {
    let mut out = String::with_capacity(snake.len());
    let mut upper = false;
    for c in snake.chars() {
        if c == '_' {
            upper = true;
        } else if upper {
            out.extend(c.to_uppercase());
            upper = false;
        } else {
            out.push(c);
        }
    }
    out
}

/// `amountMicros` -> `amount_micros`.
pub fn snake(camel: &str) -> String {
    let mut out = String::with_capacity(camel.len() + 4);
    for c in camel.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
            out.push(c.to_ascii_lowercase());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(value: &Value) -> Result<Doc, Vec<Violation>> {
        schema().parse("CampaignBudget", value)
    }

    #[test]
    fn both_name_styles_are_accepted_and_int64_becomes_a_string() {
        let doc = parse(&json!({"amount_micros": 5, "deliveryMethod": "STANDARD", "name": null})).unwrap();
        assert_eq!(Value::Object(doc), json!({"amountMicros": "5", "deliveryMethod": "STANDARD"}));
    }

    #[test]
    fn unknown_names_wrong_types_and_unknown_enum_values_are_all_reported() {
        let violations = parse(&json!({"amount": 5, "deliveryMethod": "FAST", "explicitlyShared": "no"})).unwrap_err();
        assert_eq!(violations.len(), 3);
        assert_eq!(
            violations[0].description,
            "Invalid JSON payload received. Unknown name \"amount\": Cannot find field."
        );
        assert!(violations[1].description.starts_with("Invalid value at 'delivery_method'"), "{violations:?}");
    }

    #[test]
    fn two_members_of_a_oneof_are_refused() {
        let campaign = json!({"manualCpc": {}, "targetSpend": {}});
        assert!(schema().parse("Campaign", &campaign).is_err());
    }

    #[test]
    fn every_error_that_adsim_sends_is_one_of_the_services() {
        let direct = regex::Regex::new(r#"AdsError::new\(\s*"(\w+)",\s*"([A-Z_0-9]+)""#).unwrap();
        let query = regex::Regex::new(r#"QueryError::new\(\s*"([A-Z_0-9]+)""#).unwrap();
        let helper = regex::Regex::new(r#"\berror\(\s*"([A-Z_0-9]+)""#).unwrap();
        let category = regex::Regex::new(r#"AdsError::new\("(\w+)", code, message\)"#).unwrap();
        let mut found = Vec::new();
        let mut open = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            if path.extension().is_none_or(|e| e != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let pair = |a: &str, b: &str| (path.clone(), a.to_owned(), b.to_owned());
            found.extend(direct.captures_iter(&text).map(|c| pair(&c[1], &c[2])));
            found.extend(query.captures_iter(&text).map(|c| pair("queryError", &c[1])));
            if let Some(category) = category.captures(&text) {
                found.extend(helper.captures_iter(&text).map(|c| pair(&category[1], &c[1])));
            }
        }
        assert!(found.len() > 100, "{}", found.len());
        for (path, category, code) in found {
            let name = format!("{}{}", category[..1].to_uppercase(), &category[1..]);
            assert!(schema().values(&name).contains(&code.as_str()), "{}: {name}.{code}", path.display());
        }
    }

    #[test]
    fn output_only_and_immutable_are_known() {
        let campaign = schema().message("Campaign");
        assert!(campaign.field("primary_status").unwrap().output);
        assert!(campaign.field("advertisingChannelType").unwrap().immutable);
        assert!(!campaign.field("name").unwrap().immutable);
    }
}
