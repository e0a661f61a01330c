//! The CRDs, the examples and the table of cases on a real API server.
//!
//! Runs where `ADOPS_CLUSTER_BIN` names the control plane's binary (`cargo xtask test` sets it), and says so where it
//! does not.

// Helpers of tests are not in a function that clippy knows as a test.
#![allow(clippy::unwrap_used, clippy::panic)]
// What names a kind is what people write.
#![allow(clippy::doc_markdown)]

mod cases;
mod large;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Cluster {
    binary: OsString,
    directory: PathBuf,
    kubeconfig: PathBuf,
}

impl Cluster {
    fn start() -> Option<Self> {
        let Some(binary) = std::env::var_os("ADOPS_CLUSTER_BIN") else {
            println!("skipped: ADOPS_CLUSTER_BIN is not set");
            return None;
        };
        let directory = std::env::temp_dir().join(format!("adops-api-{}", std::process::id()));
        let up = Command::new(&binary).args(["up", "--detach", "--dir"]).arg(&directory).output().unwrap();
        assert!(up.status.success(), "{}", text(&up));
        let ready: serde_json::Value = serde_json::from_slice(&up.stdout).unwrap();
        let kubeconfig = PathBuf::from(ready["kubeconfig"].as_str().unwrap());
        Some(Self { binary, directory, kubeconfig })
    }

    fn kubectl(&self, args: &[&str]) -> Output {
        Command::new(&self.binary).arg("kubectl").args(args).env("KUBECONFIG", &self.kubeconfig).output().unwrap()
    }

    fn must(&self, args: &[&str]) -> String {
        let output = self.kubectl(args);
        assert!(output.status.success(), "kubectl {args:?}: {}", text(&output));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let down = Command::new(&self.binary).args(["down", "--purge", "--dir"]).arg(&self.directory).output();
        if let Err(error) = down {
            eprintln!("{}: {error}", self.directory.display());
        }
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What kubectl says is wrong, by the file that it is about.
fn complaints(output: &str) -> BTreeMap<String, String> {
    let about = |line: &str| {
        let (file, complaint) = line.split_once("error when creating \"")?.1.split_once("\": ")?;
        let complaint = ["strict decoding error: ", " is invalid: "]
            .iter()
            .find_map(|before| complaint.split_once(before))
            .map_or(complaint, |(_, complaint)| complaint);
        let name = Path::new(file).file_stem()?.to_string_lossy().into_owned();
        Some((name, complaint.to_owned()))
    };
    output.lines().filter_map(about).collect()
}

/// What is left of a complaint without the expected ones. It may have them in any order, as `[a, b]`.
fn unexpected(complaint: &str, expected: &[String]) -> Vec<String> {
    let inner = complaint.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(complaint);
    let mut rest = inner.to_owned();
    let mut wrong = Vec::new();
    for one in expected {
        match rest.find(one.as_str()) {
            Some(at) => rest.replace_range(at..at + one.len(), ""),
            None => wrong.push(format!("not said: {one}")),
        }
    }
    // That CEL rules were left unchecked has no field, and is no news.
    let more = rest.split(", ").filter(|part| !part.is_empty() && !part.starts_with("<nil>"));
    wrong.extend(more.map(|part| format!("also said: {part}")));
    wrong
}

fn repository(folder: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder).to_string_lossy().into_owned()
}

#[test]
fn a_real_api_server_takes_the_crds_and_judges_as_the_local_validation_does() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.must(&["apply", "--server-side", "-f", &repository("crds")]);
    cluster.must(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"]);
    cluster.must(&["create", "namespace", "growth"]);

    every_case_is_judged_alike(&cluster);
    the_examples_are_taken_and_listed(&cluster);
    what_is_immutable_cannot_be_changed(&cluster);
    explain_reads_as_written(&cluster);
    the_largest_campaign_is_taken_with_its_status(&cluster);
}

fn every_case_is_judged_alike(cluster: &Cluster) {
    let folder = cluster.directory.join("cases");
    fs::create_dir_all(&folder).unwrap();
    for (number, case) in cases::CASES.iter().enumerate() {
        fs::write(folder.join(format!("{number}.yaml")), case.text()).unwrap();
    }
    // All in one call: a call costs more than the API server's work.
    let output = cluster.kubectl(&["apply", "--dry-run=server", "-f", &folder.to_string_lossy()]);
    let mut said = complaints(&text(&output));
    let mut failures = String::new();
    for (number, case) in cases::CASES.iter().enumerate() {
        let complaint = said.remove(&number.to_string()).unwrap_or_default();
        let wrong = unexpected(&complaint, &cases::local(&case.text()));
        if !wrong.is_empty() {
            let _ = write!(failures, "{} -> {}\n  {wrong:#?}\n", case.replace, case.with);
        }
    }
    assert!(failures.is_empty() && said.is_empty(), "{failures}{said:#?}");
}

fn the_examples_are_taken_and_listed(cluster: &Cluster) {
    // Twice: the second time nothing may be left to change, whatever was defaulted.
    cluster.must(&["apply", "-f", &repository("examples")]);
    let again = cluster.must(&["apply", "-f", &repository("examples")]);
    // A Secret's stringData is written anew by every apply.
    let mut ours = again.lines().filter(|line| !line.starts_with("secret/"));
    assert!(ours.all(|line| line.ends_with(" unchanged")), "{again}");

    let accounts = cluster.must(&["get", "adacct", "-n", "growth"]);
    assert_eq!(
        accounts.lines().next().unwrap().split_whitespace().collect::<Vec<_>>(),
        ["NAME", "PLATFORM", "ACCOUNT", "CURRENCY", "CEILING", "READY", "REASON", "AGE"]
    );
    let campaigns = cluster.must(&["get", "camp", "-n", "growth"]);
    assert_eq!(
        campaigns.lines().next().unwrap().split_whitespace().collect::<Vec<_>>(),
        ["NAME", "STATE", "LINES", "DELIVERING", "BUDGET/DAY", "SPEND-7D", "PACE", "READY", "REASON", "AGE"]
    );
    let files = fs::read_dir(repository("examples")).unwrap();
    let examples =
        files.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|end| end == "yaml")).count();
    assert!(cluster.must(&["get", "adops", "-n", "growth", "-o", "name"]).lines().count() >= examples);
    let generation =
        cluster.must(&["get", "camp", "minimal", "-n", "growth", "-o", "jsonpath={.status.observedGeneration}"]);
    assert_eq!(generation, "-1", "an object that nobody has seen yet must not look ready");
}

fn what_is_immutable_cannot_be_changed(cluster: &Cluster) {
    for (kind, name, patch, expected) in [
        (
            "campaign",
            "minimal",
            r#"{"spec":{"objective":"Sales"}}"#,
            "spec.objective: Invalid value: \"Sales\": cannot be changed: create another Campaign",
        ),
        (
            "adaccount",
            "google-global",
            r#"{"spec":{"accountId":"1234567890"}}"#,
            "spec.accountId: Invalid value: \"1234567890\": cannot be changed: create another AdAccount",
        ),
        (
            "adaccount",
            "google-global",
            r#"{"spec":{"platform":"Meta","accountId":"1"}}"#,
            "spec.platform: Invalid value: \"Meta\": cannot be changed: create another AdAccount",
        ),
    ] {
        let output = cluster.kubectl(&["patch", kind, name, "-n", "growth", "--type=merge", "-p", patch]);
        assert!(!output.status.success());
        assert!(text(&output).contains(expected), "{}", text(&output));
    }
}

fn explain_reads_as_written(cluster: &Cluster) {
    let explained = cluster.must(&["explain", "campaign.spec.budget"]);
    let words = explained.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        "What may be spent: per day, or over the flight.",
        "daily <string> The amount for one day over all lines, a decimal in quotes. For example \"6000.00\".",
        "currency <string> -required- The ISO 4217 code of the currency",
    ] {
        assert!(words.contains(expected), "{explained}");
    }
}

fn the_largest_campaign_is_taken_with_its_status(cluster: &Cluster) {
    let file = cluster.directory.join("large.json");
    fs::write(&file, serde_json::to_string(&large::thousand_lines()).unwrap()).unwrap();
    let file = file.to_string_lossy();
    cluster.must(&["create", "-f", &file]);
    cluster.must(&["apply", "--server-side", "--subresource=status", "-f", &file]);
    let count = cluster.must(&["get", "camp", "large", "-n", "growth", "-o", "jsonpath={.status.lines[*].key}"]);
    assert_eq!(count.split_whitespace().count(), 1000);
}
