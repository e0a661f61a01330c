//! The program without a cluster: files, problems, exit codes.

// Helpers of tests are not in a function that clippy knows as a test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use support::{CAMPAIGN, with};

/// Runs it without any cluster to ask. Answers with the exit code, stdout and stderr.
fn adops(args: &[&str], input: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-adops"));
    let command = command.args(args).env("KUBECONFIG", "/nonexistent").env("HOME", "/nonexistent");
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // It may end before it has read all.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn all_that_is_wrong_in_files_is_told_with_its_place_before_a_cluster_is_asked() {
    let text = with(CAMPAIGN, "[US, GB, dach]", "\n  - US\n  - NO\n  - dach");
    let text = with(&text, "daily: \"600.00\"", "daily: 600.00");
    let expected = [
        "stdin:10: Campaign growth/spring: spec.markets[1]: Invalid value: \"boolean\": spec.markets[1] in body must be of \
         type string: \"boolean\" (write \"NO\" in quotes: YAML reads an unquoted NO as false)",
        "stdin:13: Campaign growth/spring: spec.budget.daily: Invalid value: \"integer\": spec.budget.daily in body must be \
         of type string: \"integer\" (write \"600.00\" in quotes)",
        "error: 2 problems",
    ];
    for args in [&["plan", "-f", "-"][..], &["plan", "--offline", "-f", "-"]] {
        let (code, out, told) = adops(args, &text);
        assert_eq!((code, out.as_str()), (1, ""));
        assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn what_only_a_conversion_finds_is_told_like_the_rest() {
    let text = with(CAMPAIGN, "end: 2027-05-31", "end: 2027-05-31, timeZone: Europe/Berlyn");
    let (code, _, told) = adops(&["plan", "--offline", "-f", "-"], &text);
    assert_eq!(code, 1);
    assert!(
        told.starts_with("stdin:1: Campaign growth/spring: spec.flight.timeZone: \"Europe/Berlyn\" is not in the IANA"),
        "{told}"
    );
}

#[test]
fn the_examples_are_valid_without_a_cluster() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let (code, out, told) = adops(&["plan", "--offline", "-f", &examples.to_string_lossy()], "");
    assert_eq!(code, 0, "{told}");
    assert!(out.starts_with("valid: "), "{out}");
}

#[test]
fn an_object_that_is_there_twice_or_elsewhere_is_refused() {
    let (_, _, told) = adops(&["plan", "--offline", "-f", "-"], &format!("{CAMPAIGN}---\n{CAMPAIGN}"));
    assert!(told.contains("Campaign growth/spring: is also in stdin:1"), "{told}");
    let (_, _, told) = adops(&["plan", "--offline", "-f", "-", "-n", "other"], CAMPAIGN);
    assert!(told.contains("the object is in the namespace \"growth\", the command line says \"other\""), "{told}");
}

#[test]
fn without_a_cluster_it_says_so_and_what_to_do() {
    let (code, _, told) = adops(&["plan", "-f", "-"], CAMPAIGN);
    assert_eq!(code, 1);
    assert!(told.starts_with("error: it is not known which cluster to ask: "), "{told}");
    assert!(told.contains("--offline checks files without a cluster"), "{told}");
}

#[test]
fn a_wrong_command_line_is_an_error_and_not_a_change() {
    for args in [&["plan"][..], &["plan", "spring", "-f", "x.yaml"], &["pland"], &["plan", "-o", "xml", "x"], &[]] {
        assert_eq!(adops(args, "").0, 1, "{args:?}");
    }
    let (code, _, told) = adops(&["plan", "-f", "/nonexistent/x.yaml"], "");
    assert_eq!((code, told.as_str()), (1, "error: /nonexistent/x.yaml: No such file or directory (os error 2)\n"));
    let (code, out, _) = adops(&["plan", "--help"], "");
    assert_eq!(code, 0);
    assert!(out.contains("Exit codes: 0 nothing would change, 2 something would, 1 an error"), "{out}");
}
