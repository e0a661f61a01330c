//! The table of cases, through the validation that needs no cluster.

// Helpers of tests are not in a function that clippy knows as a test.
#![allow(clippy::unwrap_used, clippy::panic)]
// What names a kind is what people write.
#![allow(clippy::doc_markdown)]

mod cases;

use std::fmt::Write;

use adops_api::validate::{self, Located, Resource};

#[test]
fn valid_objects_are_valid() {
    for text in [cases::CAMPAIGN, cases::ACCOUNT] {
        let loaded = validate::load(text, "file.yaml");
        assert_eq!(loaded.problems, [], "{text}");
        assert_eq!(loaded.resources.len(), 1);
    }
}

#[test]
fn every_case_is_judged_as_the_table_says() {
    let mut failures = String::new();
    for case in cases::CASES {
        let mut wrong = cases::local(&case.text());
        let mut expected: Vec<_> = case.wrong.iter().map(ToString::to_string).collect();
        wrong.sort();
        expected.sort();
        if wrong != expected {
            let _ =
                write!(failures, "{} -> {}\n  here:  {wrong:#?}\n  table: {expected:#?}\n", case.replace, case.with);
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn defaults_are_filled_in() {
    let Resource::Campaign(campaign) = one(cases::CAMPAIGN).resource else { panic!("not a Campaign") };
    let value = serde_json::to_value(&campaign.spec).unwrap();
    for (field, default) in [
        ("state", "Active"),
        ("driftPolicy", "Correct"),
        ("stopsByHand", "Keep"),
        ("deletionPolicy", "Pause"),
        ("adoptionPolicy", "Never"),
        ("onReplace", "Refuse"),
    ] {
        assert_eq!(value[field], default, "{field}");
    }
    assert_eq!(campaign.status.unwrap().observed_generation, -1);
    let Resource::AdAccount(account) = one(cases::ACCOUNT).resource else { panic!("not an AdAccount") };
    assert_eq!(account.spec.name_template, "{campaign} {market}");
}

#[test]
fn a_problem_says_where_it_is_and_what_to_do() {
    let text = format!("---\n{}---\n{}", cases::ACCOUNT, cases::CAMPAIGN);
    for (replace, with, expected) in [
        (
            "markets: [US, GB, dach]",
            "markets:\n  - US\n  - NO\n  - dach",
            "dir/file.yaml:20: Campaign growth/c: spec.markets[1]: Invalid value: \"boolean\": spec.markets[1] in body \
             must be of type string: \"boolean\" (write \"NO\" in quotes: YAML reads an unquoted NO as false)",
        ),
        (
            "daily: \"6000.00\"",
            "daily: 6000.00",
            "dir/file.yaml:20: Campaign growth/c: spec.budget.daily: Invalid value: \"integer\": spec.budget.daily in \
             body must be of type string: \"integer\" (write \"6000.00\" in quotes)",
        ),
        (
            "euPoliticalAds: false",
            "euPoliticalAds: \"false\"",
            "dir/file.yaml:21: Campaign growth/c: spec.declarations.euPoliticalAds: Invalid value: \"string\": \
             spec.declarations.euPoliticalAds in body must be of type boolean: \"string\" (write false without quotes)",
        ),
    ] {
        let loaded = validate::load(&text.replacen(replace, with, 1), "dir/file.yaml");
        let told: Vec<_> = loaded.problems.iter().map(ToString::to_string).collect();
        assert_eq!(told, [expected]);
        assert_eq!(loaded.resources.len(), 1, "the other document is still read");
    }
}

#[test]
fn a_misspelt_field_is_recognised() {
    let loaded = validate::load(&cases::CAMPAIGN.replace("objective:", "objektive:"), "f.yaml");
    let told: Vec<_> = loaded.problems.iter().map(ToString::to_string).collect();
    assert_eq!(told[0], "f.yaml:5: Campaign growth/c: unknown field \"spec.objektive\" (did you mean \"objective\"?)");
    assert_eq!(told[1], "f.yaml:4: Campaign growth/c: spec.objective: Required value");
}

#[test]
fn other_kinds_are_passed_over_and_lists_opened() {
    let text = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n---\napiVersion: v1\nkind: List\nitems:\n- {}",
        cases::ACCOUNT.replace('\n', "\n  ")
    );
    let loaded = validate::load(&text, "f.yaml");
    assert_eq!(loaded.problems, []);
    assert_eq!(loaded.resources.len(), 1);
}

#[test]
fn what_is_no_kind_of_ours_is_told() {
    let loaded = validate::load(&cases::CAMPAIGN.replace("kind: Campaign", "kind: Campain"), "f.yaml");
    assert_eq!(
        loaded.problems[0].to_string(),
        "f.yaml:1: Campain growth/c: no matches for kind \"Campain\" in version \"adops.dev/v1alpha1\" (kinds of \
         adops.dev/v1alpha1: AdAccount, Campaign)"
    );
}

#[test]
fn a_text_that_cannot_be_read_says_where() {
    let text = cases::CAMPAIGN.replace("spec:\n", "spec:\n  objective: Sales\n");
    assert_eq!(validate::load(&text, "f.yaml").problems[0].to_string(), "f.yaml:6: key \"objective\" is already set");
}

#[test]
fn what_cannot_be_changed_is_refused() {
    let old = one(cases::CAMPAIGN).resource;
    let new = one(&cases::CAMPAIGN.replace("Signups", "Sales"));
    let told: Vec<_> = validate::check_update(&new, &old).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "f.yaml:1: Campaign growth/c: spec.objective: Invalid value: \"Sales\": cannot be changed: create another Campaign"
        ]
    );
    assert_eq!(validate::check_update(&one(cases::CAMPAIGN), &old), []);
}

fn one(text: &str) -> Located {
    let mut loaded = validate::load(text, "f.yaml");
    assert_eq!(loaded.problems, []);
    loaded.resources.remove(0)
}
