//! A Campaign, its AdAccount, and the status that the operator would have written.

// Not every test that shares this uses all of it, and helpers of tests are not in a function that clippy knows as one.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;

use adops_api::campaign::{Line, LineState};
use adops_api::{AdAccount, Campaign, CampaignStatus};
use adops_cli::load::{self, Key, Manifests, Source};
use adops_cli::plan::{World, plan_all};
use adops_cli::report::Report;
use adops_core::campaign::line;
use adops_core::campaign::spec::CampaignSpec;
use adops_core::platform::{Account, Platform};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// Three markets, one of them a group.
pub const CAMPAIGN: &str = r#"apiVersion: adops.dev/v1alpha1
kind: Campaign
metadata: {name: spring, namespace: growth}
spec:
  objective: Signups
  flight: {start: 2027-03-01, end: 2027-05-31}
  accounts: [google-global]
  markets: [US, GB, dach]
  groups: {dach: [DE, AT]}
  budget: {daily: "600.00", currency: EUR}
  split: {markets: {US: 4}}
  declarations: {euPoliticalAds: false, specialAdCategories: []}
  ads:
  - name: trailer
    url: https://example.com/{market}
    copy:
      en: {headlines: [Spring is here, Watch now, New season], descriptions: [All episodes today., Start for free.]}
      de: {headlines: [Frühling, Jetzt ansehen, Neue Staffel], descriptions: [Alle Folgen ab heute., Kostenlos starten.]}
  google:
    keywords: {en: [spring series], de: [frühling serie]}
"#;

/// Its account.
pub const ACCOUNT: &str = r#"apiVersion: adops.dev/v1alpha1
kind: AdAccount
metadata: {name: google-global, namespace: growth}
spec:
  platform: Google
  accountId: "123-456-7890"
  credentialsSecretRef: {name: google-ads}
  ceiling: {daily: "20000.00", currency: EUR}
"#;

/// When the account was read.
pub const OBSERVED: &str = "2027-03-10T10:00:00Z";

/// The time of a text.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Manifests of texts, as of files.
pub fn manifests(texts: &[&str]) -> Manifests {
    let sources: Vec<Source> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| Source { name: format!("{index}.yaml"), text: (*text).to_owned() })
        .collect();
    load::manifests(&sources, None, "default")
}

/// The Campaign of a text.
pub fn campaign(text: &str) -> Campaign {
    let manifests = manifests(&[text]);
    assert_eq!(manifests.problems, []);
    manifests.campaigns.into_values().next().unwrap().object
}

/// The account, as the operator has observed it.
pub fn account() -> AdAccount {
    let manifests = manifests(&[ACCOUNT]);
    let mut account = manifests.accounts.into_values().next().unwrap().object;
    let status = account.status.get_or_insert_default();
    status.currency = Some("EUR".to_owned());
    status.time_zone = Some("Europe/Berlin".to_owned());
    status.observed_at = Some(Time(at(OBSERVED)));
    status.live_budget = Some("600.00 EUR".to_owned());
    account
}

/// The Campaign of a text as it is stored when the platform holds all that it asks for.
pub fn delivered(text: &str) -> Campaign {
    let mut campaign = campaign(text);
    campaign.metadata.generation = Some(3);
    campaign.status = Some(status(&campaign));
    campaign
}

fn status(campaign: &Campaign) -> CampaignStatus {
    let spec = Arc::new(CampaignSpec::try_from(campaign).unwrap());
    let rules = adops_platforms::registry::rules(Platform::named("Google")).unwrap();
    let account = Account {
        name: "google-global".to_owned(),
        platform: Platform::named("Google"),
        currency: "EUR".parse().unwrap(),
        time_zone: jiff::tz::TimeZone::get("Europe/Berlin").unwrap(),
        budget_unit: 10_000,
        minimum_daily_budget: None,
        ceiling: None,
        brakes: adops_core::budget::brakes::Brakes::default(),
        stop: false,
        conversion_action: None,
        url_parameters: None,
        name_template: Some("{campaign} {market}".to_owned()),
        identity: BTreeMap::new(),
        objects: None,
        ads: None,
    };
    let accounts = BTreeMap::from([(account.name.clone(), account.clone())]);
    let desired =
        line::spread(&spec, &accounts, &|_| Some(rules.clone()), &BTreeMap::new(), &BTreeMap::new(), at(OBSERVED));
    let mut status = CampaignStatus { observed_generation: 3, ..CampaignStatus::default() };
    for (number, (key, line)) in desired.lines.iter().enumerate() {
        let settings = rules.render(line, &account).unwrap().without(&spec.policies.ignore_fields);
        status.lines.push(Line {
            id: Some(format!("{}", 1001 + number)),
            state: LineState::Live,
            budget: Some(line.budget.decimal()),
            hash: Some(settings.hash()),
            ..Line::pending(key.to_string())
        });
    }
    status
}

/// A line of a status.
pub fn line<'a>(campaign: &'a mut Campaign, market: &str) -> &'a mut Line {
    let key = format!("google-global/{market}");
    campaign.status.as_mut().unwrap().lines.iter_mut().find(|line| line.key == key).unwrap()
}

/// A cluster with the account and a Campaign.
pub fn world(stored: Option<Campaign>) -> World {
    let key = |name: &str| Key::new("growth", name);
    World {
        campaigns: stored.into_iter().map(|campaign| (key("spring"), campaign)).collect(),
        accounts: BTreeMap::from([(key("google-global"), account())]),
        unreadable: BTreeMap::new(),
        files: BTreeMap::new(),
        seen: BTreeMap::new(),
    }
}

/// The plan of a text against a cluster.
pub fn planned(text: &str, world: &World) -> Report {
    let manifests = manifests(&[text]);
    assert_eq!(manifests.problems, []);
    plan_all(&manifests, world, at(OBSERVED)).unwrap()
}

/// A text with something replaced in it.
pub fn with(text: &str, replace: &str, by: &str) -> String {
    assert!(text.contains(replace), "{replace}");
    text.replacen(replace, by, 1)
}
