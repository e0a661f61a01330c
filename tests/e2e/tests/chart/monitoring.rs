//! The alert rules and the dashboard ask for what the operator has.

use std::collections::{BTreeMap, BTreeSet};

use adops_controller::runtime::metrics::{Changed, Class, Fetch, Kind, Metrics, OfScope, Pass, Requested, Spent};
use adops_core::reason::Reason;
use adops_e2e::helm;
use serde_json::Value;

/// The names of the operator's samples, each with its labels.
fn exported() -> BTreeMap<String, BTreeSet<String>> {
    let metrics = Metrics::default();
    // A family is only shown when it has a member.
    metrics.passes.get_or_create(&Pass { kind: "k", reason: "r" }).inc();
    metrics.changes.get_or_create(&Changed { action: "a", outcome: "o" }).inc();
    metrics.requests.get_or_create(&Requested { kind: "k", status: "s".into() }).inc();
    metrics.status_writes.get_or_create(&Kind { kind: "k" }).inc();
    metrics.queue_depth.get_or_create(&Kind { kind: "k" }).set(1);
    metrics.pass_seconds.get_or_create(&Kind { kind: "k" }).observe(1.0);
    metrics.media_fetches.get_or_create(&Fetch { outcome: "o" }).inc();
    metrics.waiting.get_or_create(&Class { class: "c" }).inc();
    metrics.wait_seconds.get_or_create(&Class { class: "c" }).observe(1.0);
    metrics.operations.get_or_create(&Spent { scope: "s".into(), purpose: "p" }).inc();
    metrics.operations_today.get_or_create(&OfScope { scope: "s".into() }).inc();
    metrics.operations_per_day.get_or_create(&OfScope { scope: "s".into() }).inc();
    let text = metrics.encode();
    // A family that is left out here would not be missed in the dashboard.
    let families = text.lines().filter(|line| line.starts_with("# TYPE"));
    for family in families.filter_map(|line| line.split(' ').nth(2)) {
        assert!(text.lines().any(|line| !line.starts_with('#') && line.starts_with(family)), "{family} has no member");
    }
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let name = line.split(['{', ' ']).next().unwrap().to_owned();
            let labels =
                line.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map_or("", |(labels, _)| labels);
            let names = labels.split(',').filter_map(|label| label.split_once('=')).map(|(name, _)| name.to_owned());
            (name, names.collect())
        })
        .collect()
}

fn alerts() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(helm::chart().join("files/alerts.yaml")).unwrap();
    let file: Value = serde_yaml_ng::from_str(&text).unwrap();
    let groups = file["groups"].as_array().unwrap().iter();
    groups
        .flat_map(|group| group["rules"].as_array().unwrap())
        .map(|rule| (rule["alert"].as_str().unwrap().to_owned(), rule["expr"].as_str().unwrap().to_owned()))
        .collect()
}

fn panels() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(helm::chart().join("files/dashboard.json")).unwrap();
    let board: Value = serde_json::from_str(&text).unwrap();
    let mut all = Vec::new();
    for panel in board["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let expr = target["expr"].as_str().unwrap().replace("$__rate_interval", "5m");
            all.push((panel["title"].as_str().unwrap().to_owned(), expr));
        }
    }
    all
}

/// A metric of ours in an expression, with what its labels are matched with.
struct Selector {
    metric: String,
    matchers: Vec<(String, String)>,
}

/// Every selector of ours in an expression.
fn selectors(expr: &str) -> Vec<Selector> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins = expr.match_indices("adops_").filter(|(at, _)| !expr[..*at].ends_with(is_name));
    begins
        .map(|(at, _)| {
            let rest = &expr[at..];
            let (metric, rest) = rest.split_at(rest.find(|c| !is_name(c)).unwrap_or(rest.len()));
            let inside = rest.strip_prefix('{').map_or("", |rest| rest.split_once('}').expect("a }").0);
            // No value of ours has a comma or a quote in it.
            let matchers = inside.split(',').filter_map(|matcher| matcher.split_once('=')).map(|(label, value)| {
                (label.trim().trim_end_matches('!').to_owned(), value.trim_matches(['~', '"']).to_owned())
            });
            Selector { metric: metric.to_owned(), matchers: matchers.collect() }
        })
        .collect()
}

/// What a label may be; none for any text.
fn words(metric: &str, label: &str) -> Option<Vec<&'static str>> {
    match label {
        "reason" => Some(Reason::ALL.iter().map(|(reason, _)| reason.as_str()).collect()),
        "outcome" if metric.starts_with("adops_media") => Some(vec!["read", "unchanged", "failed"]),
        "outcome" => Some(vec!["applied", "failed", "unknown"]),
        "kind" if metric.starts_with("adops_platform_requests") => Some(vec!["read", "write"]),
        "kind" => Some(vec!["AdAccount", "Campaign"]),
        _ => None,
    }
}

#[test]
fn every_metric_label_and_word_in_alerts_and_dashboard_is_one_that_the_operator_exports() {
    let exported = exported();
    let mut used = BTreeSet::new();
    for (name, expr) in alerts().into_iter().chain(panels()) {
        let found = selectors(&expr);
        assert!(!found.is_empty(), "{name}: {expr}");
        for Selector { metric, matchers } in found {
            let labels = exported.get(&metric).unwrap_or_else(|| panic!("{name}: {metric} is not exported"));
            for (label, value) in matchers {
                assert!(labels.contains(&label), "{name}: {metric} has no label {label}");
                let Some(words) = words(&metric, &label) else { continue };
                for word in value.split('|') {
                    assert!(words.contains(&word), "{name}: {label} is never {word}");
                }
            }
            used.insert(metric);
        }
    }
    let base =
        |name: &String| name.trim_end_matches("_bucket").trim_end_matches("_sum").trim_end_matches("_count").to_owned();
    let shown: BTreeSet<String> = used.iter().map(base).collect();
    let all: BTreeSet<String> = exported.keys().map(base).collect();
    assert_eq!(shown, all, "the dashboard or an alert shows every metric");
}

#[test]
fn every_alert_says_what_is_wrong_and_what_to_do() {
    let text = std::fs::read_to_string(helm::chart().join("files/alerts.yaml")).unwrap();
    let file: Value = serde_yaml_ng::from_str(&text).unwrap();
    for rule in file["groups"][0]["rules"].as_array().unwrap() {
        let name = &rule["alert"];
        assert!(["critical", "warning"].contains(&rule["labels"]["severity"].as_str().unwrap_or_default()), "{name}");
        for part in ["summary", "description"] {
            assert!(rule["annotations"][part].as_str().is_some_and(|text| text.len() > 20), "{name}: {part}");
        }
    }
}
