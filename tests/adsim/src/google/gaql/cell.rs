//! Values of fields, and how conditions and ORDER BY compare them.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::parser::Op;
use super::plan::{Column, Test};
use crate::google::schema::Kind;

/// The value of a field in a row.
#[derive(Debug, Clone)]
pub(super) enum Cell<'a> {
    /// Unset.
    Null,
    /// Any JSON value; int64 as strings.
    Json(Cow<'a, Value>),
    /// Text.
    Text(Cow<'a, str>),
    /// A 64-bit integer.
    Int(i64),
    /// A floating-point number.
    Number(f64),
    /// A list of texts.
    List(Vec<String>),
}

impl Cell<'_> {
    fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Cell::Text(s) => Some(Cow::Borrowed(s)),
            Cell::Json(value) => match value.as_ref() {
                Value::String(s) => Some(Cow::Borrowed(s)),
                Value::Bool(b) => Some(Cow::Borrowed(if *b { "TRUE" } else { "FALSE" })),
                Value::Number(n) => Some(Cow::Owned(n.to_string())),
                _ => None,
            },
            Cell::Int(i) => Some(Cow::Owned(i.to_string())),
            Cell::Number(n) => Some(Cow::Owned(n.to_string())),
            Cell::Null | Cell::List(_) => None,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            #[allow(clippy::cast_precision_loss, reason = "used for ordering of figures below 2^52 only")]
            Cell::Int(i) => Some(*i as f64),
            Cell::Number(n) => Some(*n),
            _ => self.text()?.parse().ok(),
        }
    }

    fn is_null(&self) -> bool {
        match self {
            Cell::Null => true,
            Cell::List(list) => list.is_empty(),
            Cell::Json(value) => value.is_null() || value.as_array().is_some_and(Vec::is_empty),
            _ => false,
        }
    }

    fn contains(&self, wanted: &str) -> bool {
        match self {
            Cell::List(list) => list.iter().any(|item| item == wanted),
            Cell::Json(value) => {
                value.as_array().is_some_and(|list| list.iter().any(|item| item.as_str() == Some(wanted)))
            }
            _ => false,
        }
    }

    /// Whether a condition holds.
    pub(super) fn meets(&self, test: &Test, column: &Column) -> bool {
        let values = &test.values;
        match test.op {
            Op::IsNull => self.is_null(),
            Op::IsNotNull => !self.is_null(),
            Op::ContainsAny => values.iter().any(|v| self.contains(v)),
            Op::ContainsAll => values.iter().all(|v| self.contains(v)),
            Op::ContainsNone => !values.iter().any(|v| self.contains(v)),
            Op::Eq => self.equals(&values[0], column),
            Op::Ne => !self.equals(&values[0], column),
            Op::In => values.iter().any(|v| self.equals(v, column)),
            Op::NotIn => !values.iter().any(|v| self.equals(v, column)),
            Op::Like | Op::RegexpMatch => self.matches(test),
            Op::NotLike | Op::NotRegexpMatch => !self.matches(test),
            Op::Gt => self.order(&values[0], column) == Some(Ordering::Greater),
            Op::Ge => self.order(&values[0], column).is_some_and(Ordering::is_ge),
            Op::Lt => self.order(&values[0], column) == Some(Ordering::Less),
            Op::Le => self.order(&values[0], column).is_some_and(Ordering::is_le),
            Op::Between | Op::During => {
                self.order(&values[0], column).is_some_and(Ordering::is_ge)
                    && self.order(&values[1], column).is_some_and(Ordering::is_le)
            }
        }
    }

    fn matches(&self, test: &Test) -> bool {
        test.pattern.as_ref().zip(self.text()).is_some_and(|(pattern, text)| pattern.is_match(&text))
    }

    #[allow(clippy::float_cmp, reason = "an equality in a query means equality")]
    fn equals(&self, value: &str, column: &Column) -> bool {
        match column.kind {
            Kind::Int64 | Kind::Int32 | Kind::Double => {
                self.number().unwrap_or_default() == value.parse().unwrap_or(f64::NAN)
            }
            Kind::Bool => self.text().as_deref().unwrap_or("FALSE").eq_ignore_ascii_case(value),
            _ => self.text().as_deref().unwrap_or_default() == value,
        }
    }

    fn order(&self, value: &str, column: &Column) -> Option<Ordering> {
        if column.is_number() {
            self.number().unwrap_or_default().partial_cmp(&value.parse().ok()?)
        } else {
            self.text().map(|text| text.as_ref().cmp(value))
        }
    }

    /// Order of two values of a field; unset ones first.
    pub(super) fn compare(&self, other: &Cell<'_>, column: &Column) -> Ordering {
        if column.is_number() {
            let (a, b) = (self.number().unwrap_or_default(), other.number().unwrap_or_default());
            a.partial_cmp(&b).unwrap_or(Ordering::Equal)
        } else {
            self.text().cmp(&other.text())
        }
    }
}

/// The regular expression of a LIKE pattern: `%` is any text, `_` any character, `[x]` the character itself.
pub(super) fn like(pattern: &str) -> String {
    let mut out = String::from("(?is)^");
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            '[' => {
                let inner: String = chars.by_ref().take_while(|c| *c != ']').collect();
                out.push_str(&regex::escape(&inner));
            }
            '\\' => out.extend(chars.next().map(|c| regex::escape(&c.to_string()))),
            c => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    out.push('$');
    out
}
