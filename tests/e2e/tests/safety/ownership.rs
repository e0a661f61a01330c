//! S2: what is not ours is never changed, whatever a status says. S4: a dead operator cannot overspend.

use std::collections::BTreeSet;

use adops_e2e::given;
use adops_e2e::world::World;
use adsim::EditAction;
use jiff::SignedDuration;
use serde_json::json;

use crate::live;

/// Campaigns of others, some that look much like ours. Answers with the names of all that is theirs.
fn others(world: &World) -> BTreeSet<String> {
    for (name, labels) in [
        ("spring US", vec![]),
        ("spring GB [other.0000000000000000.00000000.0]", vec!["adops:other".to_owned()]),
        ("Brand", vec!["brand".to_owned()]),
    ] {
        world.by_hand(EditAction::AddForeignCampaign {
            name: name.into(),
            amount_micros: 10_000_000,
            enabled: true,
            labels,
            geo_target_ids: vec![2840],
        });
    }
    let mut theirs = BTreeSet::new();
    for object in world.on_platform() {
        theirs.insert(object.resource_name);
        theirs.extend(object.budget.map(|budget| budget.resource_name));
        for group in object.ad_groups {
            theirs.insert(group.resource_name);
            theirs.extend(group.ads.into_iter().map(|ad| ad.resource_name));
            theirs.extend(group.keywords.into_iter().map(|keyword| keyword.resource_name));
        }
    }
    theirs
}

/// What of others was changed, or asked to be changed: that the platform refuses it is no merit of ours.
fn touched(world: &World, theirs: &BTreeSet<String>) -> BTreeSet<String> {
    let mut touched: BTreeSet<String> =
        world.writes().into_iter().map(|entry| entry.resource_name).filter(|name| theirs.contains(name)).collect();
    for request in world.sim.requests().iter().filter(|request| request.path.contains(":mutate")) {
        let body = request.body.to_string();
        touched.extend(theirs.iter().filter(|name| body.contains(&format!("\"{name}\""))).cloned());
    }
    touched
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_whole_life_nothing_of_others_is_touched() {
    let Some(mut world) = given::world().await else { return };
    let theirs = others(&world);
    world.given("spring", json!({"deletionPolicy": "Remove"})).await;
    world.patch_campaign("spring", json!({"budget": {"daily": "60.00"}, "markets": ["US", "CA"]})).await;
    world.until_ready("spring").await;
    world.delete_campaign("spring").await;
    world.until_gone("spring").await;
    assert_eq!(touched(&world, &theirs), BTreeSet::new());
    assert_eq!(world.on_platform().iter().filter(|object| object.status == "ENABLED").count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_in_the_status_is_no_proof_of_ownership() {
    let Some(mut world) = given::world().await else { return };
    let theirs = others(&world);
    world.given("spring", json!({})).await;
    let foreign = world.on_platform().into_iter().find(|object| object.name == "Brand").unwrap().id.to_string();
    // Somebody restores a status of another time.
    world.kill_operator();
    let mut status = serde_json::to_value(world.campaign("spring").await.status).unwrap();
    let us = status["lines"].as_array_mut().unwrap().iter_mut().find(|line| line["key"] == "google-global/US").unwrap();
    us["id"] = foreign.into();
    let patch = json!({"status": {"lines": status["lines"]}}).to_string();
    let patched =
        world.as_admin(&["patch", "camp", "spring", "--subresource=status", "--type=merge", "-p", &patch], "");
    assert!(patched.status.success(), "{}", given::said(&patched));
    world.start_operator().await;
    world.patch_campaign("spring", json!({"budget": {"daily": "60.00"}})).await;
    world.poll().await;
    world.poll().await;
    world.delete_campaign("spring").await;
    world.until_gone("spring").await;
    assert_eq!(touched(&world, &theirs), BTreeSet::new());
    assert!(
        world
            .on_platform()
            .iter()
            .filter(|object| object.name.starts_with("spring US [test"))
            .all(|o| o.status == "PAUSED")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_object_has_its_end_on_the_platform_before_it_is_enabled() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({"flight": {"start": "2027-02-24", "end": "2027-02-25"}})).await;
    let requests = world.sim.requests();
    let creates: Vec<String> = requests
        .iter()
        .filter(|request| request.path.contains(":mutate"))
        .flat_map(|request| request.body["mutateOperations"].as_array().cloned().unwrap_or_default())
        .filter_map(|operation| Some(operation.get("campaignOperation")?.get("create")?.clone()))
        .map(|create| {
            format!("{} {}", create["status"].as_str().unwrap_or("?"), create["endDateTime"].as_str().unwrap_or("?"))
        })
        .collect();
    assert_eq!(creates, vec!["PAUSED 2027-02-25 23:59:59"; 2]);
    // Nobody is there any more, and the days go by.
    world.kill_operator();
    world.pass(SignedDuration::from_hours(24 * 10)).await;
    assert_eq!(live(&world), 0);
    let spent: i64 = world.on_platform().iter().map(|object| object.metrics.cost_micros).sum();
    assert!(spent > 0 && spent <= 200_000_000, "two days of 100 EUR: {spent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_was_taken_off_is_put_back_within_a_poll() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let id = world.object("spring", "US").id.to_string();
    world.by_hand(EditAction::SetEndDate { campaign: id, end_date_time: Some("2029-12-31 23:59:59".into()) });
    world.poll().await;
    world.until_ready("spring").await;
    assert_eq!(world.object("spring", "US").end_date_time.as_deref(), Some("2027-05-31 23:59:59"));
}
