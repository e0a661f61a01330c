//! Statuses as the operator really leaves them, for the tests of Argo CD's health checks and of kstatus, which are in Go
//! (`tests/helm`). What they read is committed; this test fails when the operator leaves something else, and with
//! `ADOPS_WRITE_STATUSES=1` writes it anew.

use std::collections::BTreeMap;

use adops_api::{AdAccount, Campaign};
use adops_e2e::cluster::repository;
use adops_e2e::given::{self, campaign};
use adops_e2e::world::World;
use adsim::{EditAction, Effect, Fault, Match};
use jiff::SignedDuration;
use kube::Api;
use serde_json::{Value, json};

const FILE: &str = "tests/helm/testdata/statuses.json";

/// What is recorded, by the names that the tests in Go have for it.
#[derive(Default)]
struct Recording(BTreeMap<&'static str, Value>);

impl Recording {
    async fn campaign(&mut self, name: &'static str, world: &World, campaign: &str) {
        let campaigns: Api<Campaign> = Api::namespaced(world.admin.clone(), &world.namespace);
        self.0.insert(name, essence(&serde_json::to_value(campaigns.get(campaign).await.unwrap()).unwrap()));
    }

    async fn account(&mut self, name: &'static str, world: &World, account: &str) {
        let accounts: Api<AdAccount> = Api::namespaced(world.admin.clone(), &world.namespace);
        self.0.insert(name, essence(&serde_json::to_value(accounts.get(account).await.unwrap()).unwrap()));
    }
}

/// What tools look at, without what differs from run to run: whether ads serve is a matter of minutes.
fn essence(object: &Value) -> Value {
    let keep = |from: &Value, keys: &[&str]| -> Value {
        keys.iter().filter(|key| !from[**key].is_null()).map(|key| ((*key).to_owned(), from[*key].clone())).collect()
    };
    let mut kept = keep(object, &["apiVersion", "kind"]);
    kept["metadata"] = keep(&object["metadata"], &["name", "generation"]);
    if !object["metadata"]["deletionTimestamp"].is_null() {
        kept["metadata"]["deletionTimestamp"] = json!("2027-03-01T00:00:00Z");
    }
    kept["spec"] = keep(&object["spec"], &["state", "suspend"]);
    kept["status"] = keep(&object["status"], &["observedGeneration"]);
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    let conditions = conditions.filter(|condition| condition["type"] != "Delivering");
    kept["status"]["conditions"] =
        conditions.map(|condition| keep(condition, &["type", "status", "reason", "observedGeneration"])).collect();
    kept
}

/// From nothing to Ready, changed, out of reach, and deleted.
async fn life(record: &mut Recording) -> Option<()> {
    let mut world = given::world().await?;
    world.apply(&campaign("spring", json!({}))).await.unwrap();
    record.account("a new AdAccount", &world, "google-global").await;
    record.campaign("a new Campaign", &world, "spring").await;
    let hang = world.sim.faults().add(Fault::new(Match::mutates().operation("campaign.create"), Effect::HangBefore));
    world.start_operator().await;
    world.until_condition("spring", "Reconciling", "True", "Creating").await;
    record.campaign("a Campaign that is being created", &world, "spring").await;
    world.sim.faults().remove(hang);
    world.until_ready("spring").await;
    world.pass(SignedDuration::from_mins(30)).await;
    record.account("an AdAccount that is ready", &world, "google-global").await;
    record.campaign("a Campaign that is ready", &world, "spring").await;

    let away = Effect::Status { status: 503, body: json!({}) };
    let away = world.sim.faults().add(Fault::new(Match::path("googleAds"), away));
    world.patch_campaign("spring", json!({"budget": {"daily": "110.00"}})).await;
    world.until_condition("spring", "Reconciling", "True", "PlatformUnavailable").await;
    record.campaign("a Campaign whose platform has been out for a minute", &world, "spring").await;
    world.pass(SignedDuration::from_hours(1)).await;
    record.account("an AdAccount whose platform has been out for an hour", &world, "google-global").await;
    record.campaign("a Campaign whose platform has been out for an hour", &world, "spring").await;
    world.delete_campaign("spring").await;
    world.pass(SignedDuration::from_mins(20)).await;
    record.campaign("a Campaign whose deletion waits for the platform", &world, "spring").await;
    world.sim.faults().remove(away);
    world.until_gone("spring").await;

    world.given("summer", json!({})).await;
    world.pass(SignedDuration::from_hours(1)).await;
    world.operator.take().unwrap().stop().await;
    world.patch_campaign("summer", json!({"budget": {"daily": "120.00"}})).await;
    record.campaign("a Campaign whose spec has changed", &world, "summer").await;
    Some(())
}

/// What the user has asked for, which is no fault.
async fn choices(record: &mut Recording) -> Option<()> {
    let mut world = given::world().await?;
    world.given("paused", json!({"state": "Paused"})).await;
    world.given("suspended", json!({"suspend": true})).await;
    world.given("future", json!({"flight": {"start": "2027-04-01", "end": "2027-05-31"}})).await;
    world.given("stopped", json!({})).await;
    let id = world.object("stopped", "US").id.to_string();
    world.by_hand(EditAction::Pause { campaign: id });
    world.until_condition("stopped", "Ready", "True", "StoppedOnPlatform").await;
    world.given("reported", json!({"driftPolicy": "Report"})).await;
    let id = world.object("reported", "US").id.to_string();
    world.by_hand(EditAction::AddLocation { campaign: id, geo_target_id: 2276, negative: false });
    world.until_condition("reported", "Drifted", "True", "Drifted").await;
    world.pass(SignedDuration::from_hours(1)).await;
    for (name, campaign) in [
        ("a Campaign that is paused", "paused"),
        ("a Campaign that is suspended", "suspended"),
        ("a Campaign whose flight has not begun", "future"),
        ("a Campaign that was stopped by hand", "stopped"),
        ("a Campaign whose drift is only reported", "reported"),
    ] {
        record.campaign(name, &world, campaign).await;
    }
    Some(())
}

/// Where somebody must act.
async fn faults(record: &mut Recording) -> Option<()> {
    let mut world = given::world().await?;
    world.start_operator().await;
    world.apply(&campaign("lost", json!({"accounts": ["google-nowhere"]}))).await.unwrap();
    world.until_condition("lost", "Stalled", "True", "AccountNotFound").await;
    record.campaign("a Campaign that names an AdAccount that is not there", &world, "lost").await;
    world.apply(&campaign("partly", json!({"markets": ["US", "US-DMA-999"]}))).await.unwrap();
    world.until_condition("partly", "Stalled", "True", "UnknownMarket").await;
    world.pass(SignedDuration::from_mins(10)).await;
    record.campaign("a Campaign of which one line cannot run", &world, "partly").await;

    let secretless = world.account_yaml("google-twin", "google-twin");
    world.apply(secretless.split("---\n").nth(1).unwrap()).await.unwrap();
    world.until_account("google-twin", "Stalled", "True", "AccountClaimed").await;
    record.account("an AdAccount that another one holds", &world, "google-twin").await;
    world.as_admin(&["delete", "secret", "google-ads"], "");
    world.until_account("google-global", "Stalled", "True", "SecretNotFound").await;
    record.account("an AdAccount without its Secret", &world, "google-global").await;
    Some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recorded_statuses_are_still_those_that_the_operator_leaves() {
    let mut record = Recording::default();
    for part in [life(&mut record).await, choices(&mut record).await, faults(&mut record).await] {
        if part.is_none() {
            return;
        }
    }
    let text = serde_json::to_string_pretty(&record.0).unwrap() + "\n";
    let file = repository().join(FILE);
    if std::env::var_os("ADOPS_WRITE_STATUSES").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        return;
    }
    let committed: BTreeMap<String, Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let names: Vec<&str> = committed.keys().map(String::as_str).collect();
    assert_eq!(names, record.0.keys().copied().collect::<Vec<_>>());
    for (name, object) in &record.0 {
        assert_eq!(committed[*name], *object, "{name}: run with ADOPS_WRITE_STATUSES=1, then `go test` in tests/helm");
    }
}
