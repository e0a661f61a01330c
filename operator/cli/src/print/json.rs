//! For programs: the [`Report`] as it is; its module documents the shape.

use crate::report::Report;

/// Prints a report.
pub fn print(report: &Report) -> String {
    match serde_json::to_string_pretty(report) {
        Ok(text) => format!("{text}\n"),
        // A report is made of texts and numbers: this cannot happen, and is told if it does.
        Err(error) => format!("{{\"error\": {:?}}}\n", error.to_string()),
    }
}
