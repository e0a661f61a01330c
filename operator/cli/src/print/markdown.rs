//! For a pull request.

use std::fmt::Write;

use super::{amounts, change, details, grouped, names, observed, summary, sums, total, verbs};
use crate::report::{CampaignReport, Kind, LineReport, Report};

/// How many lines of a Campaign are listed: a comment on a pull request holds 65,536 characters.
const ROWS: usize = 60;

/// Prints a report.
pub fn print(report: &Report) -> String {
    let mut text = String::new();
    let money = sums(report).map(|sums| format!(" Money a day: {sums}.")).unwrap_or_default();
    let _ = writeln!(text, "**Plan: {}.{money}**", summary(&report.counts));
    let quiet = |campaign: &&CampaignReport| {
        let silent = |line: &LineReport| line.kind == Kind::Unchanged && line.withheld.is_empty();
        campaign.lines.iter().all(silent) && campaign.notes.is_empty()
    };
    for campaign in report.campaigns.iter().filter(|campaign| !quiet(campaign)) {
        self::campaign(campaign, &mut text);
    }
    let unchanged: Vec<String> = report
        .campaigns
        .iter()
        .filter(quiet)
        .map(|campaign| format!("`{}/{}`", campaign.namespace, campaign.name))
        .collect();
    if !unchanged.is_empty() {
        let _ = writeln!(text, "\nNo change: {}", unchanged.join(", "));
    }
    list("Notes", report.notes.iter().map(|note| escape(note)), &mut text);
    text
}

fn campaign(campaign: &CampaignReport, text: &mut String) {
    let _ = writeln!(text, "\n### {}/{}\n", campaign.namespace, campaign.name);
    let file = campaign.file.as_ref().map(|file| format!("`{file}`, ")).unwrap_or_default();
    let money = campaign.money.as_ref().map(|money| format!(", money a day {}", total(money))).unwrap_or_default();
    let _ = writeln!(text, "{file}{}{money}", observed(campaign.exists, campaign.observed_at.as_deref()));

    let acting: Vec<&LineReport> =
        campaign.lines.iter().filter(|line| matches!(line.kind, Kind::Create | Kind::Change | Kind::Stop)).collect();
    if !acting.is_empty() {
        let _ = writeln!(text, "\n| Line | Change | Money a day |\n|---|---|---|");
    }
    for line in acting.iter().take(ROWS) {
        let mut told = vec![format!("**{}**", escape(&verbs(line)))];
        told.extend(details(line).iter().map(|detail| escape(detail)));
        let money = line.money.as_ref().map(amounts).unwrap_or_default();
        let _ = writeln!(text, "| `{}` | {} | {money} |", line.line, told.join("<br>"));
    }
    if acting.len() > ROWS {
        let _ = writeln!(text, "\n… and {} more lines.", acting.len() - ROWS);
    }
    let unchanged = campaign.lines.iter().filter(|line| line.kind == Kind::Unchanged).count();
    if unchanged > 0 {
        let _ = writeln!(text, "\n{unchanged} {} unchanged.", if unchanged == 1 { "line" } else { "lines" });
    }
    lists(campaign, text);
}

fn lists(campaign: &CampaignReport, text: &mut String) {
    let lines = &campaign.lines;
    let why = |why: &crate::report::Why| format!("**{}**: {}", why.reason, escape(&why.message));
    let item = |(lines, told): (Vec<&str>, String)| format!("`{}`: {told}", names(&lines));
    let withheld = grouped(
        lines,
        |line| line.withheld.iter().collect(),
        |withheld| format!("{}. {}", escape(&change(&withheld.change)), why(&withheld.why)),
    );
    let problems = grouped(lines, |line| line.problem.iter().collect(), |problem| why(problem));
    let unplanned =
        grouped(lines, |line| line.not_planned.iter().chain(&line.waits).collect(), |unplanned| why(unplanned));
    list("Withheld", withheld.into_iter().map(item), text);
    list("Problems", problems.into_iter().map(item), text);
    list("Not planned yet", unplanned.into_iter().map(item), text);
    list("Notes", campaign.notes.iter().map(|note| escape(note)), text);
}

fn list(title: &str, items: impl Iterator<Item = String>, text: &mut String) {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return;
    }
    let _ = writeln!(text, "\n**{title}**\n");
    for item in items {
        let _ = writeln!(text, "- {item}");
    }
}

/// What users wrote must not become a table cell, a link or a mention.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' => {
                escaped.push('\\');
                escaped.push(c);
            }
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '@' => escaped.push_str("&#64;"),
            '\n' | '\r' => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}
