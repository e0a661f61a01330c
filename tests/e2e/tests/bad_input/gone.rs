//! What is deleted while it is used.

use adops_e2e::given;
use adops_e2e::world::{CUSTOMER, World};
use jiff::SignedDuration;
use serde_json::json;

fn stopped(world: &World) -> bool {
    world.sim.google_account(CUSTOMER).live_daily_budget_micros == 0
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_in_use_stays_until_its_last_campaign_is_gone() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    assert!(world.as_admin(&["delete", "adaccount", "google-global", "--wait=false"], "").status.success());
    world.until_account("google-global", "Ready", "True", "Deleting").await;
    // It still works.
    world.patch_campaign("spring", json!({"budget": {"daily": "80.00"}})).await;
    world.until_ready("spring").await;
    assert_eq!(world.budget("spring", "US"), 40_000_000);
    world.delete_campaign("spring").await;
    world.until_gone("spring").await;
    assert!(stopped(&world));
    // At once, not with the next poll: no time goes by.
    world.rest().await;
    assert!(world.look().await.accounts.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_goes_at_once_when_its_last_campaign_uses_another_one() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    assert!(world.as_admin(&["delete", "adaccount", "google-global", "--wait=false"], "").status.success());
    world.until_account("google-global", "Ready", "True", "Deleting").await;
    world.patch_campaign("spring", json!({"accounts": ["another"]})).await;
    world
        .until("nothing of it is known there any more", |snapshot| {
            let status = snapshot.campaign("spring").and_then(|campaign| campaign.status.clone()).unwrap_or_default();
            status.lines.iter().all(|line| !line.key.starts_with("google-global/"))
        })
        .await;
    world.rest().await;
    assert!(world.look().await.accounts.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_secret_a_deletion_still_stops_spend() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    assert!(world.as_admin(&["delete", "secret", "google-ads"], "").status.success());
    world.until_account("google-global", "Stalled", "True", "SecretNotFound").await;
    world.delete_campaign("spring").await;
    world.until_gone("spring").await;
    assert!(stopped(&world));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_secret_a_deletion_is_confirmed_when_reads_lag() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.sim.set_read_lag(SignedDuration::from_secs(4));
    assert!(world.as_admin(&["delete", "secret", "google-ads"], "").status.success());
    world.until_account("google-global", "Stalled", "True", "SecretNotFound").await;
    world.delete_campaign("spring").await;
    world.until_gone("spring").await;
    assert!(stopped(&world));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_secret_after_a_restart_a_deletion_says_what_is_left_and_waits_for_it() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let ids: Vec<String> = world.on_platform().iter().map(|object| object.id.to_string()).collect();
    world.kill_operator();
    assert!(world.as_admin(&["delete", "secret", "google-ads"], "").status.success());
    world.delete_campaign("spring").await;
    world.start_operator().await;
    world.until_condition("spring", "Ready", "False", "SecretNotFound").await;
    let message = world.message("spring", "Ready").await;
    for part in ids.iter().map(String::as_str).chain(["2027-05-31", "adops.dev/abandon"]) {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(!stopped(&world));
    // The Secret returns: it is finished.
    world.apply(&world.account_yaml("google-global", "google-ads")).await.unwrap();
    world.until_gone("spring").await;
    assert!(stopped(&world));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_can_give_up_what_cannot_be_reached() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.kill_operator();
    assert!(world.as_admin(&["delete", "secret", "google-ads"], "").status.success());
    world.delete_campaign("spring").await;
    world.start_operator().await;
    world.until_condition("spring", "Ready", "False", "SecretNotFound").await;
    world.patch_metadata("spring", json!({"annotations": {"adops.dev/abandon": "not-its-uid"}})).await;
    world.poll().await;
    assert_eq!(world.names().await, ["spring"]);
    let uid = world.campaign("spring").await.metadata.uid.unwrap();
    world.patch_metadata("spring", json!({"annotations": {"adops.dev/abandon": uid}})).await;
    world.until_gone("spring").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_policy_can_still_be_changed_while_deleting() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.kill_operator();
    world.delete_campaign("spring").await;
    world.patch_campaign("spring", json!({"deletionPolicy": "Remove"})).await;
    world.start_operator().await;
    world.until_gone("spring").await;
    assert_eq!(world.on_platform().len(), 0);
}

fn delete_namespace(world: &World) {
    let answer = world.as_admin(&["delete", "namespace", &world.namespace, "--wait=false"], "");
    assert!(answer.status.success(), "{}", given::said(&answer));
}

fn namespace_is_there(world: &World) -> bool {
    world.as_admin(&["get", "namespace", &world.namespace], "").status.success()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_namespace_takes_its_spend_with_it() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.given("summer", json!({"deletionPolicy": "Remove", "markets": ["FR"], "fallbackLocale": "en"})).await;
    delete_namespace(&world);
    world.until("all is gone", |snapshot| snapshot.campaigns.is_empty() && snapshot.accounts.is_empty()).await;
    assert!(stopped(&world));
    let left: Vec<String> = world.on_platform().into_iter().map(|object| object.name).collect();
    assert!(left.iter().all(|name| name.starts_with("spring ")), "{left:?}");
    for _ in 0..100 {
        if !namespace_is_there(&world) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the namespace is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_deleted_while_the_operator_was_away_says_what_is_left_and_can_be_given_up() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let id = world.object("spring", "US").id.to_string();
    world.kill_operator();
    delete_namespace(&world);
    // The Secret has no finalizer: it goes at once.
    for _ in 0..100 {
        if !world.as_admin(&["get", "secret", "google-ads"], "").status.success() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    world.start_operator().await;
    world.until_condition("spring", "Ready", "False", "SecretNotFound").await;
    let message = world.message("spring", "Ready").await;
    assert!(message.contains(&id) && message.contains("2027-05-31"), "{message}");
    let uid = world.campaign("spring").await.metadata.uid.unwrap();
    world.patch_metadata("spring", json!({"annotations": {"adops.dev/abandon": uid}})).await;
    world.until("all is gone", |snapshot| snapshot.campaigns.is_empty() && snapshot.accounts.is_empty()).await;
}
