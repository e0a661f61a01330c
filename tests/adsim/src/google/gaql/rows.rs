//! Writes rows as JSON text. Rows of 10,000 campaigns are built for each poll, so no JSON values are built for them.

use std::fmt::Write;

use serde_json::Value;

use super::cell::Cell;
use super::plan::Column;
use crate::google::schema::Kind;

/// The shape of a row: the selected fields as a tree.
#[derive(Debug, Default)]
pub(super) struct Shape {
    children: Vec<(String, Node)>,
}

#[derive(Debug)]
enum Node {
    Leaf(usize),
    Inner(Shape),
}

impl Shape {
    /// The shape of a row with these columns.
    pub(super) fn new(columns: &[Column]) -> Shape {
        let mut shape = Shape::default();
        for (index, column) in columns.iter().enumerate() {
            shape.insert(&column.path, index);
        }
        shape
    }

    fn insert(&mut self, path: &[String], index: usize) {
        let Some((name, rest)) = path.split_first() else { return };
        let at = self.children.iter().position(|(n, _)| n == name);
        if rest.is_empty() {
            self.children.push((name.clone(), Node::Leaf(index)));
            return;
        }
        let at = at.unwrap_or_else(|| {
            self.children.push((name.clone(), Node::Inner(Shape::default())));
            self.children.len() - 1
        });
        if let Node::Inner(shape) = &mut self.children[at].1 {
            shape.insert(rest, index);
        }
    }

    /// Writes a row; messages without any set field are left out.
    pub(super) fn write(&self, columns: &[Column], cells: &[Cell<'_>], omit_zeros: bool) -> String {
        let mut out = String::with_capacity(256);
        if !self.write_into(&mut out, columns, cells, omit_zeros) {
            out.push_str("{}");
        }
        out
    }

    fn write_into(&self, out: &mut String, columns: &[Column], cells: &[Cell<'_>], omit_zeros: bool) -> bool {
        let start = out.len();
        out.push('{');
        let mut any = false;
        for (name, node) in &self.children {
            let before = out.len();
            if any {
                out.push(',');
            }
            out.push('"');
            out.push_str(name);
            out.push_str("\":");
            let written = match node {
                Node::Leaf(index) => write_cell(out, &cells[*index], columns[*index].kind, omit_zeros),
                Node::Inner(shape) => shape.write_into(out, columns, cells, omit_zeros),
            };
            if written {
                any = true;
            } else {
                out.truncate(before);
            }
        }
        if any {
            out.push('}');
        } else {
            out.truncate(start);
        }
        any
    }
}

fn write_cell(out: &mut String, cell: &Cell<'_>, kind: Kind, omit_zeros: bool) -> bool {
    match cell {
        Cell::Null => false,
        Cell::Int(0) if omit_zeros => false,
        Cell::Number(n) if omit_zeros && *n == 0.0 => false,
        Cell::Text(s) if s.is_empty() => false,
        Cell::List(list) if list.is_empty() => false,
        Cell::Int(i) => write!(out, "\"{i}\"").is_ok(),
        Cell::Number(n) => write_json(out, &Value::from(*n)),
        Cell::Text(s) => write_text(out, s),
        Cell::List(list) => {
            out.push('[');
            for (i, item) in list.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_text(out, item);
            }
            out.push(']');
            true
        }
        Cell::Json(value) if omit_zeros && is_zero(value, kind) => false,
        Cell::Json(value) => write_json(out, value),
    }
}

fn is_zero(value: &Value, kind: Kind) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(s) => {
            s.is_empty() || (kind == Kind::Int64 && s == "0") || (matches!(kind, Kind::Enum(_)) && s == "UNSPECIFIED")
        }
        Value::Number(n) => n.as_f64() == Some(0.0),
        Value::Array(list) => list.is_empty(),
        Value::Bool(true) | Value::Object(_) => false,
    }
}

fn write_json(out: &mut String, value: &Value) -> bool {
    match value {
        Value::String(s) => write_text(out, s),
        _ => write!(out, "{value}").is_ok(),
    }
}

fn write_text(out: &mut String, text: &str) -> bool {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                if write!(out, "\\u{:04x}", u32::from(c)).is_err() {
                    return false;
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    true
}
