//! S10: one bad object or account never delays another. S12: a namespace uses its own.

use std::time::{Duration, Instant};

use adops_e2e::given;
use adops_e2e::world::{CUSTOMER, World};
use adsim::{Effect, Fault, Match};
use serde_json::json;

use crate::{OTHER, two_accounts};

/// Waits for a Campaign without waiting for rest, which a request that hangs never lets come. The machine's
/// clock counts: what hangs does so for thirty seconds.
async fn soon_ready(world: &mut World, name: &str, within: Duration) {
    let began = Instant::now();
    while !world.look().await.is_ready(name) {
        assert!(began.elapsed() < within, "{name} is delayed: {:#?}", world.campaign(name).await.status);
        tokio::time::sleep(Duration::from_millis(30)).await;
        let next = world.now() + jiff::SignedDuration::from_secs(1);
        world.set_now(next);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_hangs_does_not_delay_another() {
    let Some(mut world) = two_accounts().await else { return };
    world.sim.faults().add(Fault::new(Match::default().account(CUSTOMER), Effect::HangBefore));
    world.start_operator().await;
    world.apply(&given::campaign("hangs", json!({}))).await.unwrap();
    world.apply(&given::campaign("works", json!({"accounts": ["google-other"]}))).await.unwrap();
    soon_ready(&mut world, "works", Duration::from_secs(15)).await;
    assert_eq!(world.sim.google_account(OTHER).live_daily_budget_micros, 100_000_000);
    assert_eq!(world.on_platform().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_campaigns_on_an_account_that_hangs_do_not_delay_one_on_another() {
    let Some(mut world) = two_accounts().await else { return };
    for number in 0..8 {
        world.given(&format!("hangs-{number}"), json!({"markets": ["US"], "budget": {"daily": "10.00"}})).await;
    }
    world.sim.faults().add(Fault::new(Match::default().account(CUSTOMER), Effect::HangBefore));
    for number in 0..8 {
        world.patch_campaign(&format!("hangs-{number}"), json!({"budget": {"daily": "8.00"}})).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.apply(&given::campaign("works", json!({"accounts": ["google-other"]}))).await.unwrap();
    soon_ready(&mut world, "works", Duration::from_secs(15)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_fails_does_not_stop_the_other_lines_of_the_same_campaign() {
    let Some(mut world) = two_accounts().await else { return };
    let away = Effect::Status { status: 503, body: json!({}) };
    let fault = world.sim.faults().add(Fault::new(Match::default().account(CUSTOMER), away));
    world.start_operator().await;
    world.apply(&given::campaign("spring", json!({"accounts": ["google-global", "google-other"]}))).await.unwrap();
    world
        .until("the lines on the other account work", |snapshot| {
            let status = snapshot.campaign("spring").and_then(|campaign| campaign.status.clone());
            status.is_some_and(|status| status.lines_ready.as_deref() == Some("2/4"))
        })
        .await;
    // What is out of reach keeps its share.
    assert_eq!(world.sim.google_account(OTHER).live_daily_budget_micros, 50_000_000);
    world.sim.faults().remove(fault);
    world.until_ready("spring").await;
    assert_eq!(world.on_platform().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_whose_every_change_is_rejected_does_not_delay_another() {
    let Some(mut world) = given::world().await else { return };
    world.start_operator().await;
    let reject = Effect::Reject { category: "policyFindingError".into(), code: "POLICY_FINDING".into() };
    world.sim.faults().add(Fault::new(Match::mutates().contains("example.com/bad"), reject));
    let bad = given::ad(json!({"url": "https://example.com/bad"}));
    world.apply(&given::campaign("bad", json!({"ads": bad}))).await.unwrap();
    world.apply(&given::campaign("good", json!({}))).await.unwrap();
    world.until_ready("good").await;
    world.until_condition("bad", "Stalled", "True", "PlatformRejected").await;
    assert_eq!(world.on_platform().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_another_namespace_must_grant_its_use() {
    let Some(mut world) = given::world().await else { return };
    let Some(tenant) = given::world().await else { return };
    assert!(tenant.as_admin(&["delete", "adaccount", "google-global"], "").status.success());
    let namespaces = vec![world.namespace.clone(), tenant.namespace.clone()];
    world.start_operator_with(None, |options| options.namespaces = namespaces).await;
    let theirs = format!("{}/google-global", world.namespace);
    tenant.apply(&given::campaign("spring", json!({"accounts": [theirs]}))).await.unwrap();
    let reason = async |tenant: &World| {
        let seen = tenant.look().await;
        seen.condition("spring", "Stalled").map(|(_, reason)| reason)
    };
    for _ in 0..200 {
        world.step().await;
        if reason(&tenant).await.is_some() {
            break;
        }
    }
    assert_eq!(reason(&tenant).await.as_deref(), Some("AccountNotGranted"));
    assert_eq!(world.on_platform().len(), 0);
    world.patch_account("google-global", json!({"allowedNamespaces": {"from": "All"}})).await;
    for _ in 0..200 {
        world.step().await;
        if tenant.look().await.is_ready("spring") {
            break;
        }
    }
    assert!(tenant.look().await.is_ready("spring"));
    // Revoked: what runs may shrink, and nothing grows.
    world.patch_account("google-global", json!({"allowedNamespaces": {"from": "Same"}})).await;
    world.poll().await;
    tenant.patch_campaign("spring", json!({"budget": {"daily": "500.00"}})).await;
    world.poll().await;
    assert_eq!(crate::live(&world), 100_000_000);
    tenant.patch_campaign("spring", json!({"budget": {"daily": "60.00"}})).await;
    world.poll().await;
    assert_eq!(crate::live(&world), 60_000_000);
    tenant.delete_campaign("spring").await;
    for _ in 0..200 {
        world.step().await;
        if tenant.names().await.is_empty() {
            break;
        }
    }
    assert_eq!((tenant.names().await.len(), crate::live(&world)), (0, 0));
}
