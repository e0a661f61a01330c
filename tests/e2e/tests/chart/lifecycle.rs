//! Installed, at work, uninstalled, installed again.

use adops_e2e::cluster::{Cluster, repository};
use adops_e2e::helm::{self, Helm};
use adops_e2e::world::{CUSTOMER, World, sim_config, start_time};
use adsim::EditAction;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{admin, audit, done, empty_cluster, pod_kubeconfig};

/// An empty cluster with the chart in it. The operator's kubeconfig is that of its pod.
pub(crate) fn installed(name: &str, settings: &[&str]) -> Option<&'static Cluster> {
    let cluster = empty_cluster(name)?;
    install(cluster, settings);
    Some(cluster)
}

/// Installs or upgrades, until the kinds are served and the pod's token is known.
pub(crate) fn install(cluster: &Cluster, settings: &[&str]) {
    done(&Helm::of(cluster).upgrade(&helm::chart(), settings));
    let crds = repository().join("crds").display().to_string();
    admin(cluster, &["wait", "--for=condition=Established", "--timeout=30s", "-f", &crds], "");
    pod_kubeconfig(cluster);
}

/// Starts an operator with the rights of the chart's pod; in all namespaces, or in that of the world.
pub(crate) async fn start(world: &mut World, everywhere: bool) {
    let start = world.start_operator_with(None, |options| {
        if everywhere {
            options.namespaces.clear();
        }
    });
    start.await;
}

/// The core of the demo's story: created, drift corrected, another one deleted.
pub(crate) async fn story(world: &mut World) {
    world.given("spring", json!({})).await;
    world.given("summer", json!({"markets": ["FR"], "fallbackLocale": "en"})).await;
    let us = world.object("spring", "US");
    let wanted = world.budget("spring", "US");
    world.by_hand(EditAction::SetBudget { campaign: us.id.to_string(), amount_micros: wanted * 3 });
    world.poll().await;
    assert_eq!(world.budget("spring", "US"), wanted, "a change by hand is corrected");
    world.delete_campaign("summer").await;
    world.until_gone("summer").await;
    assert!(!world.runs("summer", "FR"), "a deleted Campaign is paused");
    assert!(world.runs("spring", "US") && world.runs("spring", "GB"));
}

/// What the platform says of our objects.
fn platform(world: &World) -> Value {
    serde_json::to_value(world.on_platform().iter().map(|o| (o.id, &o.name, &o.status)).collect::<Vec<_>>()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uninstall_keeps_all_campaigns_and_changes_nothing_on_a_platform_and_neither_does_a_new_install() {
    let Some(cluster) = installed("lifecycle", &[]) else { return };
    let mut world = World::on(cluster, sim_config(start_time())).await;
    start(&mut world, true).await;
    story(&mut world).await;
    audit::nothing_was_forbidden(cluster);

    let before = world.campaign("spring").await;
    let on_platform = platform(&world);
    world.sim.reset_ledger();
    done(&Helm::of(cluster).uninstall());
    world.operator.take().unwrap().stop().await;
    world.pass(SignedDuration::from_hours(24)).await;
    assert_eq!(world.writes(), [], "an uninstall changes nothing on a platform");
    let after = world.campaign("spring").await;
    assert_eq!((after.metadata.deletion_timestamp, after.metadata.uid), (None, before.metadata.uid.clone()));
    let left = admin(cluster, &["get", "deployments,serviceaccounts,clusterroles", "-o", "name"], "");
    assert!(!left.contains("adops"), "the rest is gone: {left}");

    install(cluster, &[]);
    start(&mut world, true).await;
    world.pass(SignedDuration::from_hours(2)).await;
    assert_eq!(world.writes(), [], "a new install takes all up as it is");
    assert!(world.look().await.is_ready("spring"));
    assert_eq!(platform(&world), on_platform);
    assert_eq!(world.campaign("spring").await.metadata.uid, before.metadata.uid);
    // It is at work again, and did not just look away.
    let us = world.object("spring", "US");
    world.by_hand(EditAction::SetBudget { campaign: us.id.to_string(), amount_micros: 1_000_000_000 });
    world.poll().await;
    assert_eq!(world.sim.google_account(CUSTOMER).live_daily_budget_micros, 100_000_000);
}
