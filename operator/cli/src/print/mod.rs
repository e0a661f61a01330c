//! The outputs of a report.

pub mod json;
pub mod markdown;
pub mod text;

use adops_core::campaign::plan::Cause;

use crate::report::{ChangeReport, Counts, LineReport, Money, Report, Shown, Verdict, VerdictKind};

/// What a plan comes to, in one sentence without money.
fn summary(counts: &Counts) -> String {
    let parts = [
        (counts.create, "to create"),
        (counts.change, "to change"),
        (counts.stop, "to stop"),
        (counts.not_planned, "not planned yet"),
        (counts.withheld, "withheld"),
        (counts.problems, if counts.problems == 1 { "problem" } else { "problems" }),
    ];
    let told: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if told.is_empty() { "no change".to_owned() } else { told.join(", ") }
}

/// Money a day of all Campaigns; nothing if nothing runs.
fn sums(report: &Report) -> Option<String> {
    let sums: Vec<String> = report.money.iter().map(total).collect();
    (!sums.is_empty()).then(|| sums.join(", "))
}

/// `5333.34 → 6000.00 EUR (+666.66)`
fn total(money: &Money) -> String {
    let difference = difference(money).map(|difference| format!(" ({difference})")).unwrap_or_default();
    format!("{}{difference}", amounts(money))
}

/// `5333.34 → 6000.00 EUR`
fn amounts(money: &Money) -> String {
    if money.from == money.to {
        format!("{} {}", money.to, money.currency)
    } else {
        format!("{} → {} {}", money.from, money.to, money.currency)
    }
}

fn difference(money: &Money) -> Option<String> {
    use adops_core::money::Money as Amount;
    let currency = money.currency.parse().ok()?;
    let (from, to) = (Amount::parse(&money.from, currency).ok()?, Amount::parse(&money.to, currency).ok()?);
    let sign = match to.cmp(&from) {
        std::cmp::Ordering::Equal => return None,
        std::cmp::Ordering::Greater => '+',
        std::cmp::Ordering::Less => '-',
    };
    let size = if to > from { to.saturating_sub(from) } else { from.saturating_sub(to) };
    Some(format!("{sign}{}", size.ok()?.decimal()))
}

/// What is done to a line, in a few words: `create`, `budget, Keywords`, `pause`.
fn verbs(line: &LineReport) -> String {
    let mut verbs: Vec<String> = Vec::new();
    for change in &line.changes {
        let verb = match (change.action, change.field) {
            ("set", Some(field)) => field.to_string(),
            (action, _) => action.to_owned(),
        };
        if !verbs.contains(&verb) {
            verbs.push(verb);
        }
    }
    if !line.settings_known {
        verbs.push("settings".to_owned());
    }
    verbs.join(", ")
}

/// What there is to say of a change beyond the line's verbs and money: each a line of its own.
fn details(line: &LineReport) -> Vec<String> {
    let mut told = Vec::new();
    for change in &line.changes {
        let parts = values(change);
        let name = change.field.map_or_else(|| change.action.to_owned(), |field| field.to_string());
        match change.action {
            "set" => told.extend(parts.iter().map(|part| format!("{name}: {part}"))),
            "mark" if change.cause == Cause::Spec => {
                told.push(format!("it is adopted: our marker is written on {}", parts.join(", ")));
            }
            "mark" => told.push(format!("our marker is written again: {}", parts.join(", "))),
            _ => {}
        }
        if let Some(why) = because(change.cause) {
            told.push(format!("{}: {why}", if change.action == "set" { name } else { change.action.to_owned() }));
        }
        if let Some(later) = &change.later {
            told.push(format!("later: {later}"));
        }
    }
    if !line.settings_known {
        told.push(
            "the settings on the platform were not confirmed, or are those of an older spec: which of them change is not known"
                .to_owned(),
        );
    }
    told.extend(verdicts(line));
    told.dedup();
    told
}

/// What the platform said of the changes; one word for all if it would take them.
fn verdicts(line: &LineReport) -> Vec<String> {
    if line.live.is_empty() {
        return Vec::new();
    }
    let is_taken = |verdict: &Verdict| verdict.verdict == VerdictKind::Accepted && verdict.message.is_none();
    if line.live.iter().all(is_taken) {
        return vec!["the platform would take it".to_owned()];
    }
    let told = |verdict: &Verdict| {
        let message = verdict.message.as_deref().unwrap_or_default();
        match verdict.verdict {
            VerdictKind::Accepted if message.is_empty() => format!("the platform would take {}", verdict.action),
            VerdictKind::Accepted => format!("the platform would take a part of {}; {message}", verdict.action),
            VerdictKind::Refused => format!("the platform would refuse {}: {message}", verdict.action),
            VerdictKind::NotAsked => format!("the platform was not asked: {message}"),
        }
    };
    line.live.iter().map(told).collect()
}

/// A change's values: `a → b`, or what comes and goes of a list.
fn values(change: &ChangeReport) -> Vec<String> {
    match (&change.from, &change.to) {
        (Some(Shown::Many(from)), Some(Shown::Many(to))) => {
            let gone = from.iter().filter(|one| !to.contains(one)).map(|one| format!("- {one}"));
            let come = to.iter().filter(|one| !from.contains(one)).map(|one| format!("+ {one}"));
            gone.chain(come).collect()
        }
        (Some(from), Some(to)) => vec![format!("{} → {}", plain(from), plain(to))],
        (None, Some(to)) => vec![format!("→ {}", plain(to))],
        _ => Vec::new(),
    }
}

fn plain(value: &Shown) -> String {
    match value {
        Shown::One(text) if text.is_empty() => "(nothing)".to_owned(),
        Shown::One(text) => text.clone(),
        Shown::Many(texts) if texts.is_empty() => "(nothing)".to_owned(),
        Shown::Many(texts) => texts.join(", "),
    }
}

/// A change as one text, for lists.
fn change(change: &ChangeReport) -> String {
    let values = values(change).join(", ");
    match (change.action, change.field) {
        ("set", Some(field)) => format!("{field} {values}"),
        ("budget", _) => format!("budget {values}"),
        (action, _) => action.to_owned(),
    }
}

fn because(cause: Cause) -> Option<&'static str> {
    match cause {
        Cause::Spec | Cause::Unknown => None,
        Cause::Drift => Some("somebody else changed the platform"),
        Cause::Retired => Some("it is not in the spec any more"),
        Cause::Replaced => Some("a new object takes its place"),
        Cause::Duplicate => Some("it is a duplicate"),
        Cause::Deleted => Some("the Campaign is being deleted"),
        Cause::Cap => Some("a cap needs it"),
        Cause::AccountStop => Some("the AdAccount is stopped (spec.stop)"),
    }
}

/// When the platforms were read.
fn observed(exists: bool, at: Option<&str>) -> String {
    match (exists, at) {
        (false, _) => "not in the cluster yet".to_owned(),
        (true, Some(at)) => format!("as observed at {at}"),
        (true, None) => "not observed yet".to_owned(),
    }
}

/// The same messages of several lines, told once: the lines and the text.
fn grouped<'a, T>(
    lines: &'a [LineReport],
    of: impl Fn(&'a LineReport) -> Vec<T>,
    text: impl Fn(&T) -> String,
) -> Vec<(Vec<&'a str>, String)> {
    let mut groups: Vec<(Vec<&str>, String)> = Vec::new();
    for line in lines {
        for one in of(line) {
            let text = text(&one);
            match groups.iter_mut().find(|(_, told)| *told == text) {
                Some((names, _)) => names.push(&line.line),
                None => groups.push((vec![&line.line], text)),
            }
        }
    }
    groups
}

/// Names of lines: five, then how many more.
fn names(lines: &[&str]) -> String {
    let shown = lines.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    match lines.len().saturating_sub(5) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Kind;

    fn told(live: &[(&str, VerdictKind, Option<&str>)]) -> Vec<String> {
        let verdict = |(action, verdict, message): &(&str, VerdictKind, Option<&str>)| Verdict {
            action: (*action).to_owned(),
            verdict: *verdict,
            message: message.map(str::to_owned),
        };
        verdicts(&LineReport {
            line: "meta/US".to_owned(),
            account: "meta".to_owned(),
            market: "US".to_owned(),
            id: None,
            kind: Kind::Create,
            money: None,
            changes: Vec::new(),
            withheld: Vec::new(),
            problem: None,
            not_planned: None,
            waits: None,
            settings_known: true,
            live: live.iter().map(verdict).collect(),
        })
    }

    #[test]
    fn what_was_rehearsed_in_part_is_not_told_as_what_was_rehearsed_as_a_whole() {
        assert_eq!(told(&[("budget", VerdictKind::Accepted, None)]), ["the platform would take it"]);
        assert_eq!(
            told(&[("create", VerdictKind::Accepted, Some("not rehearsed: the ad set"))]),
            ["the platform would take a part of create; not rehearsed: the ad set"]
        );
        assert_eq!(
            told(&[
                ("budget", VerdictKind::Accepted, None),
                ("remove", VerdictKind::NotAsked, Some("it has no dry run"))
            ]),
            ["the platform would take budget", "the platform was not asked: it has no dry run"]
        );
    }
}
