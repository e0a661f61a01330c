//! Parameters: from the query, a form, JSON or parts of a multipart body; nested values come as JSON text.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::errors::GraphError;
use crate::urlencoded;

/// The parameters of a call by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Params {
    values: BTreeMap<String, Value>,
    file: Option<Vec<u8>>,
}

impl Params {
    /// Reads query and body.
    pub fn read(query: &str, content_type: &str, body: &[u8]) -> Result<Params, GraphError> {
        let mut params = Params::default();
        params.add_form(query);
        if content_type.starts_with("multipart/form-data") {
            params.add_multipart(content_type, body);
        } else if content_type.starts_with("application/json") && !body.is_empty() {
            let object: Map<String, Value> =
                serde_json::from_slice(body).map_err(|_| GraphError::new(100, "(#100) The body is no JSON object"))?;
            params.values.extend(object);
        } else {
            params.add_form(&String::from_utf8_lossy(body));
        }
        Ok(params)
    }

    /// Adds the pairs of a form or query.
    pub fn add_form(&mut self, text: &str) {
        self.values.extend(urlencoded::pairs(text).into_iter().map(|(name, value)| (name, value.into())));
    }

    fn add_multipart(&mut self, content_type: &str, body: &[u8]) {
        let Some(boundary) = content_type.split("boundary=").nth(1) else { return };
        let boundary = format!("--{}", boundary.trim_matches('"'));
        for part in split(body, boundary.as_bytes()) {
            let Some(at) = find(part, b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&part[..at]).into_owned();
            let content = part[at + 4..].strip_suffix(b"\r\n").unwrap_or(&part[at + 4..]);
            let attribute = |name: &str| {
                let start = head.find(&format!("{name}=\""))? + name.len() + 2;
                Some(head[start..].split('"').next().unwrap_or_default().to_owned())
            };
            // `filename="` contains `name="`, but comes after it.
            let Some(name) = attribute(" name") else { continue };
            if let Some(file) = attribute("filename") {
                self.values.insert("filename".into(), file.into());
                self.file = Some(content.to_vec());
            } else {
                self.values.insert(name, String::from_utf8_lossy(content).into_owned().into());
            }
        }
    }

    /// The content of an uploaded file.
    pub fn file(&self) -> Option<&[u8]> {
        self.file.as_deref()
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there is such a parameter.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Sets a parameter.
    pub fn set(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// Takes a parameter out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.values.remove(name)
    }

    /// A parameter's text; nested values are JSON text.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.values.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            value => Some(value.to_string()),
        }
    }

    /// A text that must be there and not be empty.
    pub fn need(&self, name: &str) -> Result<String, GraphError> {
        self.text(name).filter(|text| !text.trim().is_empty()).ok_or_else(|| GraphError::required(name))
    }

    /// A whole number.
    pub fn int(&self, name: &str) -> Result<Option<i64>, GraphError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.trim()
            .parse()
            .map(Some)
            .map_err(|_| GraphError::parameter(name, format_args!("Param {name} must be an integer")))
    }

    /// Yes or no.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, GraphError> {
        match self.text(name).map(|t| t.to_lowercase()).as_deref() {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(_) => Err(GraphError::parameter(name, format_args!("Param {name} must be a boolean"))),
        }
    }

    /// A nested value.
    pub fn json(&self, name: &str) -> Result<Option<Value>, GraphError> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text)
                .map(Some)
                .map_err(|_| GraphError::parameter(name, format_args!("Param {name} must be valid JSON"))),
            Some(value) => Ok(Some(value.clone())),
        }
    }

    /// A list: JSON, or words between commas.
    pub fn list(&self, name: &str) -> Result<Option<Vec<String>>, GraphError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        if !text.starts_with('[') {
            return Ok(Some(text.split(',').map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect()));
        }
        let items = self.json(name)?.and_then(|v| v.as_array().cloned()).unwrap_or_default();
        Ok(Some(items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()))
    }

    /// Whether the call shall only be checked.
    pub fn validate_only(&self) -> Result<bool, GraphError> {
        let options = self.list("execution_options")?.unwrap_or_default();
        let known = ["validate_only", "include_recommendations", "synchronous_ad_review"];
        match options.iter().find(|option| !known.contains(&option.as_str())) {
            Some(option) => Err(GraphError::parameter(
                "execution_options",
                format_args!("Param execution_options[0] must be one of {{{}}} - got {option}", known.join(", ")),
            )),
            None if options.iter().any(|option| option == "validate_only") => Ok(true),
            // What else there is says how to validate, and should not be used by itself.
            None if !options.is_empty() => Err(GraphError::parameter(
                "execution_options",
                "The simulator is strict: execution_options mean something together with validate_only only",
            )),
            None => Ok(false),
        }
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn split<'a>(mut text: &'a [u8], separator: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    while let Some(at) = find(text, separator) {
        parts.push(&text[..at]);
        text = &text[at + separator.len()..];
    }
    parts.push(text);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_of_sending_parameters_say_the_same() {
        let read = |query, kind, body: &str| {
            let params = Params::read(query, kind, body.as_bytes()).unwrap();
            (params.text("name"), params.int("daily_budget").unwrap(), params.json("special_ad_categories").unwrap())
        };
        let expected = (Some("a b".to_owned()), Some(500), Some(serde_json::json!(["NONE"])));
        let form = "name=a+b&daily_budget=500&special_ad_categories=%5B%22NONE%22%5D";
        assert_eq!(read(form, "", ""), expected);
        assert_eq!(read("", "application/x-www-form-urlencoded", form), expected);
        let json = r#"{"name": "a b", "daily_budget": 500, "special_ad_categories": ["NONE"]}"#;
        assert_eq!(read("", "application/json", json), expected);
        let multipart = "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\na b\r\n--x\r\nContent-Disposition: \
                         form-data; name=\"daily_budget\"\r\n\r\n500\r\n--x\r\nContent-Disposition: form-data; \
                         name=\"special_ad_categories\"\r\n\r\n[\"NONE\"]\r\n--x--\r\n";
        assert_eq!(read("", "multipart/form-data; boundary=x", multipart), expected);
    }

    #[test]
    fn values_are_checked_for_their_kind() {
        let params = Params::read("daily_budget=50.5&flag=maybe&json=%7B&ids=1,2&options=%5B1%5D", "", b"").unwrap();
        assert_eq!(params.int("daily_budget").unwrap_err().message, "(#100) Param daily_budget must be an integer");
        assert_eq!(params.flag("flag").unwrap_err().blame, ["flag"]);
        assert_eq!(params.json("json").unwrap_err().code, 100);
        assert_eq!(params.list("ids").unwrap().unwrap(), ["1", "2"]);
        assert_eq!(params.list("options").unwrap().unwrap(), ["1"]);
        assert_eq!(params.need("name").unwrap_err().message, "(#100) The parameter name is required");
    }
}
