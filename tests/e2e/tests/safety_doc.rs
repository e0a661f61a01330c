//! `docs/safety.md` names the tests that try to break each rule. A list of tests that are gone would be a promise that
//! nobody keeps.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use adops_e2e::cluster::repository;

/// Files whose every test is an attack, so that none is left out of the list.
const ATTACKS: &[&str] = &["tests/e2e/tests/tenancy", "operator/platforms/tests/google_ads/endpoints.rs"];

fn page() -> String {
    fs::read_to_string(repository().join("docs/safety.md")).unwrap()
}

/// The rows of the table below a heading, cell by cell.
fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let section = page.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading}")).1;
    let rows = section.lines().take_while(|line| !line.starts_with('#')).filter(|line| line.starts_with('|'));
    rows.skip(2).map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// The `path::name` of a cell, in backticks.
fn tests(cell: &str) -> Vec<(String, String)> {
    let quoted = cell.split('`').skip(1).step_by(2);
    quoted.filter_map(|word| word.rsplit_once("::")).map(|(path, name)| (path.to_owned(), name.to_owned())).collect()
}

/// Whether a file has a test of this name.
fn exists(path: &str, name: &str) -> bool {
    let Ok(source) = fs::read_to_string(repository().join(path)) else { return false };
    all_tests(&source).contains(name)
}

/// The names of the functions that an attribute marks as tests, and of those of `proptest!`.
fn all_tests(source: &str) -> BTreeSet<String> {
    let mut marked = false;
    let mut found = BTreeSet::new();
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
        } else if let Some(rest) = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn ")) {
            if marked {
                found.extend(rest.split_once('(').map(|(name, _)| name.to_owned()));
            }
            marked = false;
        }
    }
    found
}

#[test]
fn every_test_that_the_page_names_is_there() {
    let page = page();
    let mut missing = Vec::new();
    let mut named = 0;
    for (path, name) in page.lines().filter(|line| line.starts_with('|')).flat_map(tests) {
        named += 1;
        if !exists(&path, &name) {
            missing.push(format!("{path}::{name}"));
        }
    }
    assert!(missing.is_empty(), "docs/safety.md names what is not there:\n{}", missing.join("\n"));
    assert!(named > 60, "only {named} tests were found in the page");
}

#[test]
fn every_rule_and_every_attack_has_a_test() {
    let page = page();
    let rules: BTreeMap<String, Vec<String>> = table(&page, "## Rules")
        .into_iter()
        .map(|row| (row[0].split(' ').next().unwrap_or_default().to_owned(), row))
        .collect();
    for number in 1..=14 {
        let row = rules.get(&format!("S{number}")).unwrap_or_else(|| panic!("S{number} is not in the table"));
        let open = row.iter().any(|cell| cell.contains("not built yet"));
        assert!(open || !tests(&row[2]).is_empty(), "S{number} names no test");
    }
    let attacks = table(&page, "## Attacks");
    assert!(attacks.len() > 30);
    for row in attacks {
        assert_eq!(row.len(), 3, "{row:?}");
        assert!(!tests(&row[2]).is_empty(), "no test: {row:?}");
    }
}

#[test]
fn every_attack_that_is_tested_is_on_the_page() {
    let page = page();
    let named: BTreeSet<(String, String)> = page.lines().filter(|line| line.starts_with('|')).flat_map(tests).collect();
    for place in ATTACKS {
        let path = repository().join(place);
        let files: Vec<String> = if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            entries.map(|file| format!("{place}/{file}")).collect()
        } else {
            vec![(*place).to_owned()]
        };
        for file in files {
            for name in all_tests(&fs::read_to_string(repository().join(&file)).unwrap()) {
                assert!(named.contains(&(file.clone(), name.clone())), "{file}::{name} is not in docs/safety.md");
            }
        }
    }
}
