//! An account of 300 campaigns that a script has made: import, then apply, plans nothing.

use std::collections::{BTreeMap, BTreeSet};

use adops_cli::Exit;
use adops_e2e::given::{self, said};
use adsim::google::view::CampaignView;
use jiff::SignedDuration;
use kube::ResourceExt;
use serde_json::{Value, json};

use crate::script::{self, Kind, OBJECTS};
use crate::{import, plan};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_imported_from_an_account_of_300_objects_changes_nothing_but_marks_when_it_is_applied() {
    let Some(mut world) = given::world().await else { return };
    script::make(&world);
    world.patch_account("google-global", json!({"ceiling": {"daily": "100000.00", "currency": "EUR"}})).await;
    world.start_operator().await;
    // Some have ended meanwhile.
    world.pass(SignedDuration::from_hours(72)).await;
    world.sim.reset_ledger();
    let before = whole(&world.on_platform());

    let (written, told) = import(&world, "google-global").await;
    assert_eq!(world.writes(), [], "an import only reads");
    let again = import(&world, "google-global").await;
    assert_eq!((&written, &told), (&again.0, &again.1), "the same account, the same text");
    let held = script::count(Kind::Held);
    assert!(told.contains(&format!("imported: {held} Campaigns")), "{told}");
    listed(&written, &told, OBJECTS - held);

    let (exit, report) = plan(&world, &written, true).await;
    assert_eq!(world.writes(), [], "a plan writes nothing, and a rehearsal neither");
    assert_eq!(exit, Exit::Changed);
    announces_only_marks(&report, held);

    let applied = world.as_admin(&["apply", "--server-side", "-f", "-"], &written);
    assert!(applied.status.success(), "{}", said(&applied));
    world
        .until("all are Ready", |snapshot| {
            snapshot.campaigns.len() == held
                && snapshot.campaigns.iter().all(|campaign| snapshot.is_ready(&campaign.name_any()))
        })
        .await;
    only_marks(&world.changes());
    for (id, now) in whole(&world.on_platform()) {
        assert_eq!(now, before[&id], "status, budget, places, dates and all else is as it was");
    }

    world.sim.reset_ledger();
    world.poll().await;
    world.poll().await;
    assert_eq!(world.changes(), [], "nothing is left to be done");
    let (exit, report) = plan(&world, &written, true).await;
    assert_eq!(exit, Exit::Unchanged, "{}", report["counts"]);
    let (written, told) = import(&world, "google-global").await;
    assert!(!written.contains("kind: Campaign"), "what is held is not imported again: {told}");
}

/// The plan is a marker on each line and nothing else, and the platform would take all of them.
fn announces_only_marks(report: &Value, held: usize) {
    let campaigns = report["campaigns"].as_array().unwrap();
    let lines: Vec<&Value> = campaigns.iter().flat_map(|campaign| campaign["lines"].as_array().unwrap()).collect();
    assert_eq!(lines.len(), held);
    for line in lines {
        let actions: Vec<&Value> = line["changes"].as_array().unwrap().iter().map(|change| &change["action"]).collect();
        assert_eq!(actions, ["mark"], "{line:#}");
        assert_eq!(line["live"], json!([{"action": "mark", "verdict": "Accepted"}]), "{line:#}");
    }
}

/// All that is not imported stands in the report by its id, once.
fn listed(written: &str, told: &str, count: usize) {
    let (_, list) = written.split_once("# not imported from google-global: ").unwrap();
    let ids: BTreeSet<&str> = list.lines().filter_map(|line| line.strip_prefix("#     ")?.split(' ').next()).collect();
    assert_eq!(ids.len(), count, "{list}");
    assert!(list.starts_with(&format!("{count}\n")), "{list}");
    for why in [
        "its channel is DISPLAY",
        "its channel is PERFORMANCE_MAX",
        "it spends a shared budget",
        "it is removed",
        "adops holds it already (the installation other-one)",
        "adops holds it already (adops:other-one)",
        "none of its places is a country",
    ] {
        assert!(list.contains(why) && told.contains(why), "{why}: {told}");
    }
}

/// Names with a token behind them, and labels; nothing else, and only what was imported.
fn only_marks(changes: &[adsim::LedgerEntry]) {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for change in changes {
        let fields: Vec<&String> = change.after.keys().collect();
        let kind = match change.kind.as_str() {
            "label" | "campaignLabel" => change.kind.clone(),
            // A budget of a campaign's own is called as the campaign is, which Google does by itself.
            "campaign" | "adGroup" | "campaignBudget" => {
                assert_eq!(fields, ["name"], "{change:?}");
                let (before, after) = (change.before["name"].as_str().unwrap(), change.after["name"].as_str().unwrap());
                assert!(after.starts_with(&format!("{before} [test.")), "the name stays: {before:?} {after:?}");
                change.kind.clone()
            }
            _ => panic!("not a mark: {change:?}"),
        };
        *kinds.entry(kind).or_default() += 1;
    }
    let held = script::count(Kind::Held);
    assert_eq!((kinds["campaign"], kinds["adGroup"]), (held, held), "{kinds:?}");
    let paused = (0..OBJECTS).filter(|number| Kind::of(*number) == Kind::Held && number % 3 == 1).count();
    assert_eq!(kinds["campaignLabel"], held + paused, "one label each, a second one on what is paused");
}

/// Campaigns as they are, but for names and labels.
fn whole(campaigns: &[CampaignView]) -> BTreeMap<String, String> {
    campaigns
        .iter()
        .map(|campaign| {
            let mut all = serde_json::to_value(campaign).unwrap();
            without(&mut all, &["name", "labels", "metrics", "primaryStatus", "primaryStatusReasons"]);
            (campaign.id.to_string(), all.to_string())
        })
        .collect()
}

fn without(value: &mut Value, keys: &[&str]) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !keys.contains(&key.as_str()));
            map.values_mut().for_each(|value| without(value, keys));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| without(value, keys)),
        _ => {}
    }
}
