//! Objects that others made, claimed, renamed or unlabelled; and stored objects that cannot be read.

use std::path::PathBuf;

use adops_e2e::cluster::{self, Cluster};
use adops_e2e::given;
use adops_e2e::world::{World, sim_config, start_time};
use adsim::EditAction;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;

fn made_by_hand(world: &World) -> String {
    world.by_hand(EditAction::AddForeignCampaign {
        name: "Brand US".into(),
        amount_micros: 10_000_000,
        enabled: false,
        labels: Vec::new(),
        geo_target_ids: vec![2840],
    });
    world.on_platform().into_iter().find(|object| object.name.starts_with("Brand US")).unwrap().id.to_string()
}

fn adopting(id: &str) -> serde_json::Value {
    json!({
        "markets": ["US"],
        "adoptionPolicy": "Adopt",
        "adopt": [{"account": "google-global", "market": "US", "externalId": id}],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_made_by_hand_is_adopted_when_the_spec_says_so() {
    let Some(mut world) = given::world().await else { return };
    let id = made_by_hand(&world);
    world.given("spring", adopting(&id)).await;
    assert_eq!(world.on_platform().len(), 1);
    let object = world.object("spring", "US");
    assert_eq!((object.id.to_string(), world.budget("spring", "US")), (id, 100_000_000));
    assert!(object.labels.contains(&"adops:test".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_campaigns_that_claim_one_object_the_second_is_told_and_writes_nothing() {
    let Some(mut world) = given::world().await else { return };
    let id = made_by_hand(&world);
    world.given("spring", adopting(&id)).await;
    world.sim.reset_ledger();
    world.apply(&given::campaign("summer", adopting(&id))).await.unwrap();
    world.until_condition("summer", "Stalled", "True", "ClaimedByAnotherCampaign").await;
    world.poll().await;
    let message = world.message("summer", "Stalled").await;
    assert!(message.contains(&id), "{message}");
    assert_eq!(world.writes(), []);
    assert!(world.look().await.is_ready("spring"));
    // And its end touches nothing of the other's.
    world.delete_campaign("summer").await;
    world.until_gone("summer").await;
    assert_eq!(world.writes(), []);
    assert!(world.runs("spring", "US"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_with_a_foreign_marker_is_not_touched() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let id = world.object("spring", "US").id.to_string();
    world.by_hand(EditAction::AddLabel { campaign: id.clone(), label: "adops:other".into() });
    world.sim.reset_ledger();
    world.until_condition("spring", "Stalled", "True", "ForeignMarker").await;
    let message = world.message("spring", "Stalled").await;
    assert!(message.contains(&id) && message.contains("other"), "{message}");
    // A new spec is for the other line only.
    world.patch_campaign("spring", json!({"budget": {"daily": "80.00"}})).await;
    world.until_condition("spring", "Stalled", "True", "ForeignMarker").await;
    world.poll().await;
    assert_eq!(world.budget("spring", "US"), 50_000_000);
    assert_eq!(world.on_platform().len(), 2, "and no second object");
    let ours = world.object("spring", "US").resource_name;
    let budget = world.object("spring", "US").budget.unwrap().resource_name;
    assert!(world.writes().iter().all(|entry| entry.resource_name != ours && entry.resource_name != budget));
    // Without it everything is as before.
    world.by_hand(EditAction::RemoveLabel { campaign: id, label: "adops:other".into() });
    world.until_ready("spring").await;
    assert_eq!(world.budget("spring", "US"), 40_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_that_was_taken_off_is_put_back_and_there_is_no_second_object() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let before = world.object("spring", "US");
    world.by_hand(EditAction::RemoveLabel { campaign: before.id.to_string(), label: "adops:test".into() });
    world.poll().await;
    world.until_ready("spring").await;
    let after = world.object("spring", "US");
    assert_eq!((after.id, after.labels), (before.id, vec!["adops:test".to_owned()]));
    assert_eq!(world.on_platform().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_without_our_token_gets_it_back_and_there_is_no_second_object() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let before = world.object("spring", "US");
    world.by_hand(EditAction::Rename { campaign: before.id.to_string(), name: "My campaign".into() });
    world.poll().await;
    world.until_ready("spring").await;
    let after = world.object("spring", "US");
    assert_eq!((after.id, after.name), (before.id, before.name));
    assert_eq!(world.on_platform().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn label_and_name_edited_while_the_operator_was_away_make_no_second_object_either() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let before = world.object("spring", "US");
    world.kill_operator();
    world.by_hand(EditAction::RemoveLabel { campaign: before.id.to_string(), label: "adops:test".into() });
    world.by_hand(EditAction::Rename { campaign: before.id.to_string(), name: "My campaign".into() });
    world.start_operator().await;
    world.poll().await;
    world.poll().await;
    assert_eq!(world.on_platform().len(), 2);
    let status = world.look().await;
    let (ready, reason) = status.condition("spring", "Ready").unwrap();
    assert!(ready == "True" || reason == "MarkerLost", "{ready} {reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_removed_by_hand_is_made_anew_once() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let before = world.object("spring", "US");
    world.by_hand(EditAction::RemoveCampaign { campaign: before.id.to_string() });
    world.poll().await;
    world.until_ready("spring").await;
    world.poll().await;
    assert_ne!(world.object("spring", "US").id, before.id);
    assert_eq!(world.on_platform().len(), 2);
}

/// A control plane of this test's own, for it changes the CRD.
async fn own_cluster() -> &'static Cluster {
    let dir: PathBuf = std::env::temp_dir().join(format!("adops-test-{}-malformed", std::process::id()));
    Box::leak(Box::new(Cluster::start(&dir).await.unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_object_that_cannot_be_read_holds_up_nobody_else() {
    if cluster::binary().is_none() {
        println!("skipped: {} is not set; `cargo xtask test` sets it", cluster::BINARY);
        return;
    }
    let mut world = World::on(own_cluster().await, sim_config(start_time())).await;
    world.given("spring", json!({})).await;
    world.given("broken", json!({"markets": ["FR"], "fallbackLocale": "en"})).await;

    // A schema that takes anything, as an older or newer version might have been.
    let crds: Api<CustomResourceDefinition> = Api::all(world.admin.clone());
    let lax = json!([{
        "op": "replace",
        "path": "/spec/versions/0/schema/openAPIV3Schema",
        "value": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    }]);
    let patch: Patch<()> = Patch::Json(serde_json::from_value(lax).unwrap());
    crds.patch("campaigns.adops.dev", &PatchParams::default(), &patch).await.unwrap();
    let mut broken = false;
    for _ in 0..200 {
        let spoil = ["patch", "campaign", "broken", "--type=merge", "-p", "{\"spec\":{\"markets\":5}}"];
        broken = world.as_admin(&spoil, "").status.success();
        if broken {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(broken, "it is stored");
    world.sim.reset_ledger();
    world.poll().await;

    // Others are worked on, also by an operator that finds it at its start.
    for (round, budget) in [("80.00", 40_000_000), ("60.00", 30_000_000)] {
        let patch = format!("{{\"spec\":{{\"budget\":{{\"daily\":\"{round}\"}}}}}}");
        assert!(world.as_admin(&["patch", "campaign", "spring", "--type=merge", "-p", &patch], "").status.success());
        let sim = world.sim.clone();
        world
            .until("the good Campaign is changed", move |_| {
                let account = sim.google_account(adops_e2e::world::CUSTOMER);
                let us = account.present().find(|o| o.name.starts_with("spring US")).and_then(|o| o.budget.clone());
                us.is_some_and(|b| b.amount_micros == budget)
            })
            .await;
        world.kill_operator();
        world.start_operator().await;
    }
    // Its status cannot be written; an Event tells what is wrong.
    let notes = world.notes("broken", "Malformed").await;
    assert!(notes.iter().any(|note| note.contains("cannot be read")), "{notes:?}");
    // What the broken one has on the platform is left alone.
    assert!(world.runs("broken", "FR"));
    assert!(world.writes().iter().all(|entry| entry.kind == "campaignBudget"));
}
