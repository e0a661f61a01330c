//! What is generated or shown to users is what the types say.

use std::fs;
use std::path::{Path, PathBuf};

use adops_api::campaign::{Campaign, CampaignStatus, Line, LineState, MAX_LISTED, Retired, Withheld};
use adops_api::validate::{self, Resource};
use adops_api::{ConditionType, Conditions, Reason, condition, crd_yaml, crds};
use adops_core::campaign::spec::CampaignSpec;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

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
fn crds_are_those_of_the_types() {
    let generated: Vec<_> =
        crds().iter().map(|crd| (format!("{}.yaml", crd.spec.names.plural), crd_yaml(crd).unwrap())).collect();
    assert!(
        yaml_files("crds") == generated,
        "crds/ is not what the types say: run `cargo run -p adops-api --bin crdgen crds`"
    );
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
    let campaign = thousand_lines();
    let lines = &campaign.status.as_ref().unwrap().lines;
    let per_line = lines.iter().map(bytes).sum::<usize>() / lines.len();
    assert!(per_line <= 330, "{per_line} bytes a line, all of them with a full message");
    let quiet: Vec<_> = lines.iter().map(|line| Line { reason: None, message: None, ..line.clone() }).collect();
    let per_quiet_line = quiet.iter().map(bytes).sum::<usize>() / quiet.len();
    assert!(per_quiet_line <= 250, "{per_quiet_line} bytes a line");
    let whole = bytes(&campaign);
    assert!(whole < 400_000, "{whole} bytes");
}

/// A Campaign of 1,000 lines, each in trouble, with all that status can hold.
fn thousand_lines() -> Campaign {
    let markets: Vec<String> = (0..250).map(|i| format!("US-DMA-{:03}", 500 + i)).collect();
    let accounts: Vec<String> = (0..4).map(|i| format!("google-account-{i}")).collect();
    let text = format!(
        "apiVersion: adops.dev/v1alpha1\nkind: Campaign\nmetadata: {{name: large, namespace: growth}}\nspec:\n  \
         objective: Signups\n  flight: {{start: 2027-03-01, end: 2027-05-31}}\n  accounts: [{}]\n  markets: [{}]\n  \
         budget: {{daily: \"60000.00\", currency: EUR}}\n  declarations: {{euPoliticalAds: false, \
         specialAdCategories: []}}\n  ads:\n  - name: main\n    url: https://example.com\n    copy:\n      en: \
         {{headlines: [A, B, C]}}\n",
        accounts.join(", "),
        markets.join(", ")
    );
    let mut loaded = validate::load(&text, "large.yaml");
    assert_eq!(loaded.problems, []);
    let Resource::Campaign(campaign) = loaded.resources.remove(0).resource else { panic!("not a Campaign") };
    let mut campaign = *campaign;
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let long = "The platform refused a change: ".repeat(100);
    let line = |account: &String, market: &String, number: usize| {
        let mut line = Line::pending(format!("{account}/{market}")).because(Reason::BudgetBelowMinimum, &long);
        line.id = Some(format!("customers/1234567890/campaigns/2{number:010}"));
        line.state = LineState::Live;
        line.budget = Some("60.00".into());
        line.hash = Some("0123456789abcdef".into());
        line.replacement = 1;
        line
    };
    let keys = accounts.iter().flat_map(|account| markets.iter().map(move |market| (account, market)));
    let lines = keys.enumerate().map(|(number, (account, market))| line(account, market, number)).collect();
    let mut conditions = Conditions::new(&[], 1, now);
    for type_ in ConditionType::ALL {
        conditions.set(*type_, condition::Status::True, Reason::PlatformRejected, &long);
    }
    campaign.status = Some(CampaignStatus {
        observed_generation: 1,
        conditions: conditions.into_vec(),
        lines,
        retired: Some(Retired {
            count: 900,
            ids: vec!["customers/1234567890/campaigns/20000000000".into(); MAX_LISTED],
        }),
        withheld: vec![
            Withheld {
                line: "google-account-1/US-DMA-500".into(),
                change: "x".repeat(120),
                reason: Some(Reason::ReplaceNotAllowed),
                message: Some("x".repeat(240)),
            };
            MAX_LISTED
        ],
        withheld_count: 1000,
        observed_at: Some(Time(now)),
        ..CampaignStatus::default()
    });
    campaign
}
