//! Writing YAML that every reader reads alike. A text is plain only if no version of YAML makes anything else of it, and
//! in double quotes, which are JSON's, otherwise.

use std::fmt::Write;

use serde_json::{Map, Value};

/// The most characters of a list that is written on one line.
const LINE: usize = 100;

/// Writes a map as a block.
pub(super) fn block(map: &Map<String, Value>, order: &[&str]) -> String {
    let mut out = String::new();
    write_map(&mut out, map, order, 0);
    out
}

fn write_map(out: &mut String, map: &Map<String, Value>, order: &[&str], indent: usize) {
    let place = |key: &str| order.iter().position(|known| *known == key).unwrap_or(order.len());
    let mut keys: Vec<&String> = map.keys().collect();
    keys.sort_by_key(|key| (place(key), key.as_str()));
    for key in keys {
        let _ = write!(out, "{:indent$}{}:", "", text(key));
        write_value(out, &map[key.as_str()], order, indent);
    }
}

fn write_value(out: &mut String, value: &Value, order: &[&str], indent: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            write_map(out, map, order, indent + 2);
        }
        Value::Array(items) if !items.is_empty() => write_list(out, items, order, indent),
        other => {
            out.push(' ');
            out.push_str(&scalar(other));
            out.push('\n');
        }
    }
}

fn write_list(out: &mut String, items: &[Value], order: &[&str], indent: usize) {
    let flat = items.iter().all(|item| !item.is_object() && !item.is_array());
    let line = format!(" [{}]\n", items.iter().map(scalar).collect::<Vec<_>>().join(", "));
    if flat && line.chars().count() <= LINE {
        out.push_str(&line);
        return;
    }
    out.push('\n');
    for item in items {
        let mut block = String::new();
        match item {
            Value::Object(map) => write_map(&mut block, map, order, indent + 2),
            other => {
                let _ = writeln!(block, "{:1$}{2}", "", indent + 2, scalar(other));
            }
        }
        // The dash stands where the first key's indentation is.
        let _ = write!(out, "{:indent$}- {}", "", block.trim_start());
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(string) => text(string),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
        other => other.to_string(),
    }
}

/// A text, in quotes unless it can be nothing else.
pub(super) fn text(text: &str) -> String {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ' ' | '/' | '.');
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(letters)
        && !text.ends_with(' ')
        && !is_word(text);
    if plain { text.to_owned() } else { quoted(text) }
}

/// Words that some YAML takes for a boolean, nothing or a number.
fn is_word(text: &str) -> bool {
    const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"];
    WORDS.contains(&text.to_lowercase().as_str())
}

/// A text in double quotes.
pub(super) fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    json.chars().fold(String::new(), |mut out, c| {
        // What YAML does not take for printable, or for the end of a line.
        if matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read_again_whatever_stands_in_it() {
        let odd = [
            "NO",
            "no",
            "on",
            "~",
            "null",
            "1e3",
            "0x10",
            "012",
            "2027-03-01",
            "12:30:45",
            "- a",
            "# c",
            "a: b",
            "a #b",
            "\"q\" 'q'",
            "[x]",
            "{y}",
            "*a",
            "&a",
            "!t",
            "%d",
            "@at",
            "`",
            "|",
            ">",
            " lead",
            "trail ",
            "tab\there",
            "",
            "back\\slash",
            "🚀 émoji",
            "nl\nx",
            "\u{feff}bom",
            "\u{85}nel",
            "\u{2028}ls",
            "spring series",
            "true",
            "=",
        ];
        let value = json!({
            "texts": odd.to_vec(),
            "keys": odd.iter().filter(|text| !text.is_empty()).map(|t| ((*t).to_owned(), json!(1))).collect::<Map<_, _>>(),
            "nested": [{"name": "a", "list": [{"x": []}, {"y": {}}]}, {"flag": true, "list": ["a", "b"]}],
        });
        let written = block(value.as_object().unwrap(), &["nested"]);
        let read: Value = serde_yaml_ng::from_str(&written).unwrap();
        assert_eq!(read, value, "{written}");
        assert!(written.starts_with("nested:\n- list:\n  - x: []\n"), "{written}");
    }
}
