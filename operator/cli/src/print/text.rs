//! For a terminal.

use std::fmt::Write;

use super::{amounts, change, details, grouped, names, observed, summary, sums, total, verbs};
use crate::report::{CampaignReport, Kind, LineReport, Report};

/// Prints a report; with colours if `colours`.
pub fn print(report: &Report, colours: bool) -> String {
    let style = Style { colours };
    let mut text = String::new();
    for campaign in &report.campaigns {
        self::campaign(campaign, &style, &mut text);
        text.push('\n');
    }
    for note in &report.notes {
        let _ = writeln!(text, "Note: {note}");
    }
    let money = sums(report).map(|sums| format!(" Money a day: {sums}.")).unwrap_or_default();
    let _ = writeln!(text, "{}", style.bold(&format!("Plan: {}.{money}", summary(&report.counts))));
    text
}

fn campaign(campaign: &CampaignReport, style: &Style, text: &mut String) {
    let file = campaign.file.as_ref().map(|file| format!("  {file}")).unwrap_or_default();
    let observed = observed(campaign.exists, campaign.observed_at.as_deref());
    let title = style.bold(&format!("Campaign {}/{}", campaign.namespace, campaign.name));
    let _ = writeln!(text, "{title}{file}  ({observed})");

    let acting: Vec<&LineReport> = campaign.lines.iter().filter(|line| acts(line)).collect();
    let width = |of: &dyn Fn(&LineReport) -> usize| acting.iter().map(|line| of(line)).max().unwrap_or(0);
    let (key_width, verb_width) =
        (width(&|line| line.line.chars().count()), width(&|line| verbs(line).chars().count()).min(40));
    for line in &acting {
        let money = line.money.as_ref().map(|money| format!("{} a day", amounts(money))).unwrap_or_default();
        let row = format!("  {} {:key_width$}  {:verb_width$}  {money}", symbol(line), line.line, verbs(line));
        let _ = writeln!(text, "{}", style.by_kind(line.kind, row.trim_end()));
        for detail in details(line) {
            let _ = writeln!(text, "      {detail}");
        }
    }
    match campaign.lines.iter().filter(|line| line.kind == Kind::Unchanged).count() {
        0 => {}
        unchanged if acting.is_empty() && unchanged == campaign.lines.len() => {
            let _ = writeln!(text, "  no change");
        }
        unchanged => {
            let _ = writeln!(text, "    {unchanged} {} unchanged", if unchanged == 1 { "line" } else { "lines" });
        }
    }
    lists(campaign, style, text);
    if let Some(money) = &campaign.money {
        let _ = writeln!(text, "  Money a day: {}", total(money));
    }
}

fn lists(campaign: &CampaignReport, style: &Style, text: &mut String) {
    let lines = &campaign.lines;
    let why = |why: &crate::report::Why| format!("{}: {}", why.reason, why.message);
    let withheld = grouped(
        lines,
        |line| line.withheld.iter().collect(),
        |withheld| format!(" {}\n      {}", change(&withheld.change), why(&withheld.why)),
    );
    let problems = grouped(lines, |line| line.problem.iter().collect(), |problem| format!("\n      {}", why(problem)));
    let unplanned = grouped(
        lines,
        |line| line.not_planned.iter().chain(&line.waits).collect(),
        |unplanned| format!("\n      {}", why(unplanned)),
    );
    for (title, list) in [
        (style.yellow("Withheld"), withheld),
        (style.red("Problems"), problems),
        (style.yellow("Not planned yet"), unplanned),
    ] {
        if list.is_empty() {
            continue;
        }
        let _ = writeln!(text, "  {title}");
        for (lines, told) in list {
            let _ = writeln!(text, "    {}:{told}", names(&lines));
        }
    }
    for note in &campaign.notes {
        let _ = writeln!(text, "  Note: {note}");
    }
}

fn acts(line: &LineReport) -> bool {
    matches!(line.kind, Kind::Create | Kind::Change | Kind::Stop)
}

fn symbol(line: &LineReport) -> char {
    match line.kind {
        Kind::Create => '+',
        Kind::Stop => '-',
        _ => '~',
    }
}

struct Style {
    colours: bool,
}

impl Style {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    fn red(&self, text: &str) -> String {
        self.paint("31", text)
    }

    fn yellow(&self, text: &str) -> String {
        self.paint("33", text)
    }

    fn by_kind(&self, kind: Kind, text: &str) -> String {
        match kind {
            Kind::Create => self.paint("32", text),
            Kind::Stop => self.red(text),
            _ => self.yellow(text),
        }
    }
}
