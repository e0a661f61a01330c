//! What is generated or shown to users is what the types say.

// Helpers of tests are not in a function that clippy knows as a test.
#![allow(clippy::unwrap_used, clippy::panic)]
// What names a kind is what people write.
#![allow(clippy::doc_markdown)]

mod large;

use std::fs;
use std::path::{Path, PathBuf};

use adops_api::campaign::Line;
use adops_api::validate::{self, Resource};
use adops_api::{crd_template, crd_yaml, crds};
use adops_core::campaign::spec::CampaignSpec;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn yaml_files(folder: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(repository().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn crds_are_those_of_the_types_in_the_chart_too() {
    let generated = |render: fn(&_) -> Result<String, _>| -> Vec<_> {
        crds().iter().map(|crd| (format!("{}.yaml", crd.spec.names.plural), render(crd).unwrap())).collect()
    };
    for (folder, wanted) in [("crds", generated(crd_yaml)), ("charts/adops/templates/crds", generated(crd_template))] {
        assert!(yaml_files(folder) == wanted, "{folder} is not what the types say: run `cargo xtask crds`");
    }
}

#[test]
fn every_example_is_valid_and_becomes_a_domain_spec() {
    let mut campaigns = 0;
    for (name, text) in yaml_files("examples") {
        let loaded = validate::load(&text, &name);
        assert_eq!(loaded.problems, [], "{name}");
        assert!(!loaded.resources.is_empty(), "{name} holds nothing of ours");
        for located in loaded.resources {
            if let Resource::Campaign(campaign) = located.resource {
                CampaignSpec::try_from(campaign.as_ref()).unwrap_or_else(|error| panic!("{name}: {error}"));
                campaigns += 1;
            }
        }
    }
    assert!(campaigns >= 4);
}

#[test]
fn what_only_the_domain_can_judge_is_told_by_field_and_all_at_once() {
    let (_, text) = yaml_files("examples").into_iter().find(|(name, _)| name == "total-budget.yaml").unwrap();
    let text =
        text.replace("Europe/Berlin", "Europe/Atlantis").replace("  split:", "  fallbackLocale: de-12\n  split:");
    let Resource::Campaign(campaign) = validate::load(&text, "f").resources.remove(0).resource else {
        panic!("not a Campaign")
    };
    let error = CampaignSpec::try_from(campaign.as_ref()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "spec.flight.timeZone: \"Europe/Atlantis\" is not in the IANA time zone database; for example Europe/Berlin; \
         spec.fallbackLocale: `de-12` is not a language tag such as en, de-CH or zh-Hant"
    );
}

fn bytes(value: &impl serde::Serialize) -> usize {
    serde_json::to_string(value).unwrap().len()
}

#[test]
fn a_campaign_of_1000_lines_stays_below_400_kb() {
    let campaign = large::thousand_lines();
    let lines = &campaign.status.as_ref().unwrap().lines;
    let per_line = lines.iter().map(bytes).sum::<usize>() / lines.len();
    assert!(per_line <= 330, "{per_line} bytes a line, all of them with a full message");
    let quiet: Vec<_> = lines.iter().map(|line| Line { reason: None, message: None, ..line.clone() }).collect();
    let per_quiet_line = quiet.iter().map(bytes).sum::<usize>() / quiet.len();
    assert!(per_quiet_line <= 250, "{per_quiet_line} bytes a line");
    let whole = bytes(&campaign);
    assert!(whole < 400_000, "{whole} bytes");
}
