//! Steps that are run one after the other, with a table of what came of them.

use std::fmt::Write;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use crate::project::Project;

/// What a run is about.
pub struct Run<'a> {
    /// The checkout.
    pub project: &'a Project,
    /// Whether the long tests run, too.
    pub full: bool,
}

/// One thing that must pass.
pub struct Step {
    /// In a few words.
    pub name: &'static str,
    /// Does it.
    pub action: fn(&Run<'_>) -> anyhow::Result<Outcome>,
}

/// What came of a step that did not fail.
pub enum Outcome {
    /// It passed; perhaps with a word about it.
    Done(Option<String>),
    /// It was not done, and why.
    Skipped(String),
}

impl From<()> for Outcome {
    fn from((): ()) -> Self {
        Self::Done(None)
    }
}

struct Row {
    name: &'static str,
    word: &'static str,
    took: Option<Duration>,
    note: String,
}

/// Runs steps until the first that fails, or all of them. Prints a headed line for each, and a table in the end.
/// Answers whether all have passed.
pub fn run_all(steps: &[Step], run: &Run<'_>, keep_going: bool) -> bool {
    let mut rows: Vec<Row> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let failed_before = rows.iter().any(|row| row.word == FAILED);
        if failed_before && !keep_going {
            rows.push(Row { name: step.name, word: "not run", took: None, note: String::new() });
            continue;
        }
        println!("\n{}", bold(&format!("==> [{}/{}] {}", index + 1, steps.len(), step.name)));
        let started = Instant::now();
        let (word, note) = match (step.action)(run) {
            Ok(Outcome::Done(note)) => ("ok", note.unwrap_or_default()),
            Ok(Outcome::Skipped(why)) => ("skipped", why),
            Err(error) => {
                println!("{error:#}");
                (FAILED, String::new())
            }
        };
        let took = started.elapsed();
        println!("{}", bold(&format!("<== {}: {word} in {}{}", step.name, seconds(took), in_brackets(&note))));
        rows.push(Row { name: step.name, word, took: Some(took), note });
    }
    println!("\n{}", table(&rows));
    rows.iter().all(|row| row.word != FAILED)
}

const FAILED: &str = "FAILED";

fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        let took = row.took.map(seconds).unwrap_or_default();
        let line = format!("{:width$}  {:7}  {took:>8}  {}", row.name, row.word, row.note);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let total: Duration = rows.iter().filter_map(|row| row.took).sum();
    let _ = write!(text, "{:width$}  {:7}  {:>8}", "", "", seconds(total));
    text
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

fn in_brackets(note: &str) -> String {
    if note.is_empty() { String::new() } else { format!(" ({note})") }
}

fn bold(text: &str) -> String {
    if std::io::stdout().is_terminal() { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
}
