//! Figures as a table for people and as JSON for programs.

use serde::Serialize;

/// All that a bench has found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Which bench.
    pub bench: &'static str,
    /// Which platform's simulator.
    pub platform: &'static str,
    /// Where it ran.
    pub machine: Machine,
    /// What was measured.
    pub rows: Vec<Row>,
}

/// The machine.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// Cores.
    pub cores: usize,
    /// Its load when the bench began: what others took of the cores.
    pub load: String,
    /// Whether the binaries are optimised.
    pub optimised: bool,
}

impl Machine {
    /// This one.
    pub fn here() -> Self {
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            cores: std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
            optimised: !cfg!(debug_assertions),
        }
    }
}

/// One figure.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// How much of it.
    pub value: f64,
    /// In what.
    pub unit: &'static str,
    /// What it should be, if there is a target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<&'static str>,
}

impl Row {
    /// A figure without a target.
    pub fn new(what: impl Into<String>, value: f64, unit: &'static str) -> Self {
        let row = Self { what: what.into(), value, unit, target: None };
        println!("{}: {} {}", row.what, shown(value), unit);
        row
    }

    /// With a target.
    pub fn target(self, target: &'static str) -> Self {
        Self { target: Some(target), ..self }
    }
}

/// The table in Markdown.
pub fn markdown(figures: &Figures) -> String {
    let machine = &figures.machine;
    let mut lines = vec![
        format!(
            "`{}` on {}, {} cores, load {} when it began{}",
            figures.bench,
            figures.platform,
            machine.cores,
            machine.load,
            if machine.optimised { "" } else { ", debug binaries" }
        ),
        String::new(),
        "| what | figure | target |".to_owned(),
        "|---|---|---|".to_owned(),
    ];
    lines.extend(figures.rows.iter().map(|row| {
        format!("| {} | {} {} | {} |", row.what, shown(row.value), row.unit, row.target.unwrap_or_default())
    }));
    lines.join("\n")
}

fn shown(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        size if size >= 100.0 => 0,
        size if size >= 1.0 => 1,
        _ => 3,
    };
    format!("{value:.digits$}")
}
