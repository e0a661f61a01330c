//! YAML as kubectl reads it.
//!
//! kubectl turns YAML into JSON with a YAML 1.1 reader: an unquoted `NO` is false, `010` is 8, `6000.00` is the number
//! 6000. A reader of YAML 1.2 would see strings and find nothing wrong, so the resolution of plain scalars is done here.
//! Where each value stands, and how it was written, is kept for messages.

use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span};
use serde_json::{Map, Number, Value};

/// Deeper nesting is refused.
const MAX_DEPTH: usize = 64;
/// More values in one text are refused: aliases could make them grow without end.
const MAX_VALUES: usize = 2_000_000;

/// One document of a text.
#[derive(Debug)]
pub(super) struct Document {
    /// Its place in the text, from 1.
    pub(super) number: usize,
    /// What it says.
    pub(super) value: Value,
    /// Where its values stand, by path (`spec.markets[1]`).
    pub(super) places: HashMap<String, Place>,
}

/// Where a value stands.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The line, from 1.
    pub(super) line: usize,
    /// The text of a scalar without quotes, as written.
    pub(super) plain: Option<String>,
}

/// Why a text cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum YamlError {
    #[error("{}", .0.info())]
    Syntax(#[from] ScanError),
    #[error("a key must be a word or a number")]
    Key(usize),
    #[error("key {key:?} is already set")]
    DuplicateKey { line: usize, key: String },
    #[error("{text} is not a number that JSON can hold")]
    Number { line: usize, text: String },
    #[error("the value of << must be a mapping")]
    Merge(usize),
    #[error("nested more than {MAX_DEPTH} deep, or too large")]
    TooLarge(usize),
}

impl YamlError {
    pub(super) fn line(&self) -> usize {
        match self {
            Self::Syntax(error) => error.marker().line(),
            Self::Key(line)
            | Self::Merge(line)
            | Self::TooLarge(line)
            | Self::DuplicateKey { line, .. }
            | Self::Number { line, .. } => *line,
        }
    }
}

/// Reads all documents of a text. Empty ones are left out.
pub(super) fn read(text: &str) -> Result<Vec<Document>, YamlError> {
    if text.trim_start().starts_with('{')
        && let Ok(value) = serde_json::from_str::<Value>(text)
    {
        return Ok(vec![Document { number: 1, value: integral(value), places: HashMap::new() }]);
    }
    Reader::new(text).documents()
}

/// JSON's `2.0` is the integer 2 for the API server.
fn integral(value: Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if !number.is_i64() && !number.is_u64() => json_number(float).unwrap_or(Value::Number(number)),
            _ => Value::Number(number),
        },
        Value::Array(items) => items.into_iter().map(integral).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, integral(value))).collect(),
        other => other,
    }
}

struct Reader<'input> {
    events: Parser<'input, granit_parser::StrInput<'input>>,
    anchors: HashMap<usize, Value>,
    places: HashMap<String, Place>,
    values: usize,
}

impl<'input> Reader<'input> {
    fn new(text: &'input str) -> Self {
        let mut options = Options::default();
        options.emit_comments = false;
        Self {
            events: Parser::new_from_str_with_options(text, options),
            anchors: HashMap::new(),
            places: HashMap::new(),
            values: 0,
        }
    }

    fn documents(mut self) -> Result<Vec<Document>, YamlError> {
        let mut documents = Vec::new();
        let mut number = 0;
        while let Some(next) = self.events.next() {
            let (event, span) = next?;
            match event {
                Event::DocumentStart(..) => {
                    number += 1;
                    self.anchors.clear();
                    self.places.clear();
                }
                Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
                node => {
                    let value = self.node(node, span, "", 0)?;
                    if !value.is_null() {
                        documents.push(Document { number, value, places: std::mem::take(&mut self.places) });
                    }
                }
            }
        }
        Ok(documents)
    }

    fn next(&mut self) -> Result<(Event<'input>, Span), YamlError> {
        // The parser ends a stream only after every structure, so the end cannot come in the middle of one.
        match self.events.next() {
            Some(next) => Ok(next?),
            None => Ok((Event::StreamEnd, Span::empty(granit_parser::Marker::new(0, 0, 0)))),
        }
    }

    fn node(&mut self, event: Event<'input>, span: Span, path: &str, depth: usize) -> Result<Value, YamlError> {
        let line = span.start.line();
        self.values += 1;
        if depth > MAX_DEPTH || self.values > MAX_VALUES {
            return Err(YamlError::TooLarge(line));
        }
        let place = self.places.entry(path.to_owned()).or_insert(Place { line, plain: None });
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                if plain {
                    place.plain = Some(text.to_string());
                }
                let as_text = !plain && tag.as_ref().is_none_or(|tag| tag.is_yaml_core_schema_tag("str"));
                let value = if as_text { Value::String(text.into_owned()) } else { resolve(&text, line)? };
                self.remember(anchor, &value);
                Ok(value)
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                loop {
                    let (event, span) = self.next()?;
                    if matches!(event, Event::SequenceEnd | Event::StreamEnd) {
                        break;
                    }
                    items.push(self.node(event, span, &format!("{path}[{}]", items.len()), depth + 1)?);
                }
                let value = Value::Array(items);
                self.remember(anchor, &value);
                Ok(value)
            }
            Event::MappingStart(_, anchor, _) => {
                let value = Value::Object(self.mapping(path, depth)?);
                self.remember(anchor, &value);
                Ok(value)
            }
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned().unwrap_or(Value::Null);
                self.values += count(&value);
                Ok(value)
            }
            _ => Ok(Value::Null),
        }
    }

    fn mapping(&mut self, path: &str, depth: usize) -> Result<Map<String, Value>, YamlError> {
        let mut fields = Map::new();
        let mut merged = Map::new();
        loop {
            let (event, span) = self.next()?;
            let line = span.start.line();
            let key = match event {
                Event::MappingEnd | Event::StreamEnd => break,
                Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<" => {
                    let (event, span) = self.next()?;
                    let value = self.node(event, span, &format!("{path}.<<"), depth + 1)?;
                    merge(&mut merged, value, line)?;
                    continue;
                }
                Event::Scalar(text, ScalarStyle::Plain, _, None) => key_text(&resolve(&text, line)?, line)?,
                Event::Scalar(text, ..) => text.into_owned(),
                Event::Alias(anchor) => key_text(self.anchors.get(&anchor).unwrap_or(&Value::Null), line)?,
                _ => return Err(YamlError::Key(line)),
            };
            let child = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            // The place of a value is that of its key: for a list or a mapping, that is where people look.
            self.places.insert(child.clone(), Place { line, plain: None });
            let (event, span) = self.next()?;
            let value = self.node(event, span, &child, depth + 1)?;
            if fields.insert(key.clone(), value).is_some() {
                return Err(YamlError::DuplicateKey { line, key });
            }
        }
        for (key, value) in merged {
            fields.entry(key).or_insert(value);
        }
        Ok(fields)
    }

    fn remember(&mut self, anchor: usize, value: &Value) {
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
    }
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// Of several mappings merged, the first has precedence.
fn merge(into: &mut Map<String, Value>, value: Value, line: usize) -> Result<(), YamlError> {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                into.entry(key).or_insert(value);
            }
            Ok(())
        }
        Value::Array(items) => items.into_iter().try_for_each(|item| merge(into, item, line)),
        _ => Err(YamlError::Merge(line)),
    }
}

fn key_text(value: &Value, line: usize) -> Result<String, YamlError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        _ => Err(YamlError::Key(line)),
    }
}

/// What a plain scalar is, by the rules of YAML 1.1 as kubectl has them.
fn resolve(text: &str, line: usize) -> Result<Value, YamlError> {
    let refuse = || YamlError::Number { line, text: text.to_owned() };
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Ok(Value::Bool(true));
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Ok(Value::Bool(false));
        }
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf"
        | "-.INF" => return Err(refuse()),
        _ => {}
    }
    if !text.starts_with(['+', '-', '.']) && !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(Value::String(text.to_owned()));
    }
    let digits = text.replace('_', "");
    if let Some(number) = integer(&digits) {
        return Ok(Value::Number(number));
    }
    if is_float(&digits) {
        return digits.parse().ok().and_then(json_number).ok_or_else(refuse);
    }
    Ok(Value::String(text.to_owned()))
}

/// An integer with Go's prefixes: `0x`, `0o`, `0b`, and a leading 0 for octal.
fn integer(text: &str) -> Option<Number> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative { 0_i64.checked_sub_unsigned(magnitude).map(Number::from) } else { Some(Number::from(magnitude)) }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_float(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

/// A float as JSON has it after kubectl: `6000.00` is written as 6000 and read as an integer.
fn json_number(float: f64) -> Option<Value> {
    /// Integers up to here are exact in a float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if float.fract() == 0.0 && float.abs() <= EXACT {
        // Exact by the test above.
        #[allow(clippy::cast_possible_truncation)]
        return Some(Value::Number(Number::from(float as i64)));
    }
    Number::from_f64(float).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_scalars_are_what_kubectl_makes_of_them() {
        for (text, value) in [
            ("NO", json!(false)),
            ("no", json!(false)),
            ("on", json!(true)),
            ("US", json!("US")),
            ("\"NO\"", json!("NO")),
            ("'no'", json!("no")),
            ("!!str NO", json!("NO")),
            ("~", Value::Null),
            ("6000.00", json!(6000)),
            ("1.5", json!(1.5)),
            ("1e3", json!(1000)),
            ("010", json!(8)),
            ("08", json!(8)),
            ("0x1F", json!(31)),
            ("1_000", json!(1000)),
            ("-5", json!(-5)),
            ("2027-03-01", json!("2027-03-01")),
            ("123-456-7890", json!("123-456-7890")),
            ("18-54", json!("18-54")),
            ("18+", json!("18+")),
            ("v26", json!("v26")),
            (".5", json!(0.5)),
            ("y", json!(true)),
        ] {
            let documents = read(&format!("a: {text}")).unwrap();
            assert_eq!(documents[0].value["a"], value, "{text}");
        }
    }

    #[test]
    fn keys_are_resolved_too_and_their_lines_are_kept() {
        let documents = read("---\nsplit:\n  NO: 4\n---\n# nothing\n---\na: [x,\n  NO]\n").unwrap();
        assert_eq!(documents.len(), 2);
        assert_eq!(documents[0].value, json!({"split": {"false": 4}}));
        assert_eq!(documents[1].number, 3);
        let place = &documents[1].places["a[1]"];
        assert_eq!((place.line, place.plain.as_deref()), (8, Some("NO")));
    }

    #[test]
    fn anchors_and_merges_are_followed() {
        let documents = read("a: &a {v: 1, w: 2}\nb: {<<: *a, w: 3}\nc: *a\n").unwrap();
        assert_eq!(documents[0].value["b"], json!({"v": 1, "w": 3}));
        assert_eq!(documents[0].value["c"], json!({"v": 1, "w": 2}));
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        for (text, line, message) in [
            ("a: 1\na: 2\n", 2, "key \"a\" is already set"),
            ("a: .inf\n", 1, ".inf is not a number that JSON can hold"),
            ("? [a]\n: 1\n", 1, "a key must be a word or a number"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!((error.line(), error.to_string().as_str()), (line, message));
        }
        assert!(read("a: [\n").is_err());
    }

    #[test]
    fn aliases_cannot_make_a_text_grow_without_end() {
        use std::fmt::Write;
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..12 {
            writeln!(text, "a{i}: &a{i} [{}]", vec![format!("*a{}", i - 1); 10].join(", ")).unwrap();
        }
        assert!(matches!(read(&text), Err(YamlError::TooLarge(_))));
    }
}
