//! What is lost or late is recovered: lagging reads, answers that never came, errors, an exhausted quota, a wiped
//! status, re-created objects, an empty etcd, a namespace that is deleted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::time::{Duration, Instant};

use adops_api::{AdAccount, Campaign};
use adops_e2e::cluster::{self, Cluster};
use adops_e2e::kill::KillSwitch;
use adops_e2e::world::{CUSTOMER, World, sim_config, start_time};
use adops_reliability::audit::{Audit, by_us, creates};
use adops_reliability::drive::{End, drive};
use adops_reliability::has_cluster;
use adops_reliability::spec::Spec;
use adops_reliability::state::State;
use adsim::{Effect, Fault, Match};
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};

fn campaigns(world: &World) -> Api<Campaign> {
    Api::namespaced(world.admin.clone(), &world.namespace)
}

fn state(world: &World) -> State {
    State::of(&world.sim.google_account(CUSTOMER))
}

/// Waits until the Campaign is Ready with three enabled lines, then checks the ledger.
async fn settles(world: &mut World, audit: &Audit) {
    let sim = world.sim.clone();
    world
        .until("three lines are enabled", |snapshot| {
            snapshot.is_ready("spring") && State::of(&sim.google_account(CUSTOMER)).enabled_count() == 3
        })
        .await;
    world.pass(SignedDuration::from_mins(12)).await;
    assert_eq!((state(world).enabled_count(), state(world).paused_count()), (3, 0));
    assert_eq!(creates(&world.sim.ledger()), 3);
    let broken = audit.broken(&world.sim);
    assert!(broken.is_empty(), "{broken:#?}");
}

/// A world with a Campaign of three lines, on which no operator runs yet.
async fn applied() -> (World, Audit) {
    let world = World::new().await;
    let mut audit = Audit::default();
    let spec = Spec::default();
    audit.cap(&world.namespace, &spec.name, world.now(), spec.micros());
    world.apply(&spec.yaml()).await.unwrap();
    (world, audit)
}

/// The same when all is on the platform and at rest.
async fn at_rest() -> (World, Audit) {
    let (mut world, audit) = applied().await;
    world.start_operator().await;
    settles(&mut world, &audit).await;
    (world, audit)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_may_lag_as_long_as_they_like() {
    if !has_cluster("read lag") {
        return;
    }
    // The connector reckons with five seconds.
    for (lag, kill) in [(5, false), (5, true), (40, false), (40, true), (400, true)] {
        let (mut world, audit) = applied().await;
        world.sim.set_read_lag(SignedDuration::from_secs(lag));
        world.start_operator().await;
        let sim = world.sim.clone();
        if kill {
            world.until("something is created", |_| creates(&sim.ledger()) > 0).await;
            world.kill_operator();
            wipe(&world).await;
            world.start_operator().await;
        }
        println!("lag {lag} s{}", if kill { ", killed after the create, status wiped" } else { "" });
        settles(&mut world, &audit).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_that_late_reads_do_not_show_is_not_sent_again_and_again() {
    if !has_cluster("late pauses") {
        return;
    }
    let (mut world, audit) = at_rest().await;
    world.sim.set_read_lag(SignedDuration::from_secs(60));
    let before = world.sim.requests().len();
    world.delete_campaign("spring").await;
    let limit = Instant::now() + Duration::from_secs(20);
    while state(&world).enabled_count() > 0 && Instant::now() < limit {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.rest().await;
    let mutates = |world: &World, from: usize| {
        let requests = world.sim.requests();
        requests[from..].iter().filter(|request| request.path.ends_with(":mutate")).count()
    };
    assert_eq!(mutates(&world, before), 1, "time has not passed, and nothing new was seen");
    world.until("it is gone", |snapshot| snapshot.campaign("spring").is_none()).await;
    // Once more each time that the five seconds have passed that the connector reckons with: twelve times, each with a
    // request that is refused for the label that is there already.
    assert!(mutates(&world, before) <= 26, "{} requests", mutates(&world, before));
    let broken = audit.broken(&world.sim);
    assert!(broken.is_empty(), "{broken:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_whose_answer_is_lost_is_settled_to_one_object() {
    if !has_cluster("lost answers") {
        return;
    }
    for (effect, lag) in [(Effect::CutAfter, 0), (Effect::CutAfter, 5), (Effect::CutAfter, 60), (Effect::CutBefore, 0)]
    {
        let (mut world, audit) = applied().await;
        // Labels and goals are there from a first line: what is late is the lines alone.
        world.patch_campaign("spring", json!({ "markets": ["US"] })).await;
        world.start_operator().await;
        world.until_ready("spring").await;
        world.pass(SignedDuration::from_mins(6)).await;
        world.sim.set_read_lag(SignedDuration::from_secs(lag));
        world.sim.faults().add(Fault::new(Match::mutates().operation("campaign.create"), effect).times(1));
        world.patch_campaign("spring", json!({ "markets": ["US", "GB", "DE"] })).await;
        settles(&mut world, &audit).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_hangs_is_given_up_and_settled() {
    if !has_cluster("hanging requests") || !adops_reliability::is_full() {
        // The time-out is the machine's, half a minute.
        return;
    }
    for effect in [Effect::HangAfter, Effect::HangBefore] {
        let (mut world, audit) = applied().await;
        world.sim.faults().add(Fault::new(Match::mutates().operation("campaign.create"), effect).times(1));
        world.start_operator().await;
        world.rest().await;
        world.rest().await;
        settles(&mut world, &audit).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_the_platform_pass() {
    if !has_cluster("platform errors") {
        return;
    }
    let status = |status| Effect::Status { status, body: Value::Null };
    for effect in [status(500), status(503), Effect::transient_error(), Effect::concurrent_modification()] {
        let (mut world, audit) = applied().await;
        for when in [Match::mutates(), Match::searches(), Match::path("/token")] {
            world.sim.faults().add(Fault::new(when, effect.clone()).times(2));
        }
        world.start_operator().await;
        settles(&mut world, &audit).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exhausted_quota_is_shown_and_waited_for() {
    if !has_cluster("quota") {
        return;
    }
    let (mut world, audit) = applied().await;
    let failure = json!({ "error": {
        "code": 429,
        "message": "Resource has been exhausted (e.g. check quota).",
        "status": "RESOURCE_EXHAUSTED",
        "details": [{
            "@type": "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure",
            "errors": [{
                "errorCode": { "quotaError": "RESOURCE_EXHAUSTED" },
                "message": "Too many requests. Retry in 40591 seconds.",
                "details": { "quotaErrorDetails": {
                    "rateScope": "DEVELOPER",
                    "rateName": "Number of operations for basic access",
                    "retryDelay": "40591s",
                } },
            }],
            "requestId": "none",
        }],
    } });
    // In the middle of the create.
    let fault = Fault::new(Match::path("googleAds"), Effect::Status { status: 429, body: failure }).after(6);
    let fault = world.sim.faults().add(fault);
    let began = world.now();
    world.start_operator().await;
    world
        .until("QuotaExhausted is shown", |snapshot| {
            snapshot.account_condition("google-global", "Ready").is_some_and(|(_, reason)| reason == "QuotaExhausted")
        })
        .await;
    let accounts: Api<AdAccount> = Api::namespaced(world.admin.clone(), &world.namespace);
    let until = accounts.get("google-global").await.unwrap().status.unwrap().quota_exhausted_until.unwrap().0;
    assert!(until >= began + SignedDuration::from_secs(40_591), "{until}");
    assert!(until <= world.now() + SignedDuration::from_secs(40_591), "{until}");
    world.rest().await;
    let before = world.sim.requests().len();
    let wait = until.duration_since(world.now()) - SignedDuration::from_secs(1);
    world.pass(wait / 2).await;
    // The back-off lies in the status: a new operator does not begin by asking again.
    world.kill_operator();
    world.start_operator().await;
    world.pass(until.duration_since(world.now()) - SignedDuration::from_secs(1)).await;
    let requests = world.sim.requests().len() - before;
    assert_eq!(requests, 0, "requests although the quota is exhausted");
    world.sim.faults().remove(fault);
    settles(&mut world, &audit).await;
}

/// Wipes all status of the world.
async fn wipe(world: &World) {
    let patch = Patch::Merge(json!({ "status": null }));
    let accounts: Api<AdAccount> = Api::namespaced(world.admin.clone(), &world.namespace);
    for campaign in campaigns(world).list(&ListParams::default()).await.unwrap() {
        let name = campaign.metadata.name.unwrap();
        campaigns(world).patch_status(&name, &PatchParams::default(), &patch).await.unwrap();
    }
    for account in accounts.list(&ListParams::default()).await.unwrap() {
        let name = account.metadata.name.unwrap();
        accounts.patch_status(&name, &PatchParams::default(), &patch).await.unwrap();
    }
}

/// Nothing was written to the platform since, and all is as it was.
async fn nothing_is_written(world: &mut World, audit: &Audit, changes: usize) {
    settles(world, audit).await;
    let late = world.sim.ledger().split_off(changes);
    assert!(late.is_empty(), "{late:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wiped_status_is_rebuilt_without_a_write_to_the_platform() {
    if !has_cluster("wiped status") {
        return;
    }
    let (mut world, audit) = at_rest().await;
    let changes = world.sim.ledger().len();
    // While it runs.
    wipe(&world).await;
    nothing_is_written(&mut world, &audit, changes).await;
    // While it does not.
    world.operator.take().unwrap().stop().await;
    wipe(&world).await;
    world.start_operator().await;
    nothing_is_written(&mut world, &audit, changes).await;
    // And at once with its death.
    world.kill_operator();
    wipe(&world).await;
    world.start_operator().await;
    nothing_is_written(&mut world, &audit, changes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn campaigns_deleted_without_their_finalizers_and_applied_again_take_up_their_objects() {
    if !has_cluster("re-created Campaigns") {
        return;
    }
    let (mut world, audit) = at_rest().await;
    let changes = world.sim.ledger().len();
    let uid = world.campaign("spring").await.metadata.uid;
    world.operator.take().unwrap().stop().await;
    strip(&world).await;
    campaigns(&world).delete("spring", &DeleteParams::default()).await.unwrap();
    world.apply(&Spec::default().yaml()).await.unwrap();
    assert_ne!(world.campaign("spring").await.metadata.uid, uid);
    world.start_operator().await;
    nothing_is_written(&mut world, &audit, changes).await;
}

async fn strip(world: &World) {
    let patch = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
    campaigns(world).patch("spring", &PatchParams::default(), &patch).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paused_objects_of_a_deleted_campaign_are_taken_up_again() {
    if !has_cluster("taken up again") {
        return;
    }
    let (mut world, audit) = at_rest().await;
    world.delete_campaign("spring").await;
    world.until("the Campaign is gone", |snapshot| snapshot.campaign("spring").is_none()).await;
    assert_eq!((state(&world).enabled_count(), state(&world).paused_count()), (0, 3));
    world.apply(&Spec::default().yaml()).await.unwrap();
    settles(&mut world, &audit).await;
    // A market that is taken out and put back, too.
    world.patch_campaign("spring", json!({ "markets": ["US", "GB"] })).await;
    world.until_ready("spring").await;
    assert_eq!((state(&world).enabled_count(), state(&world).paused_count()), (2, 1));
    world.patch_campaign("spring", json!({ "markets": ["US", "GB", "DE"] })).await;
    settles(&mut world, &audit).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_etcd_filled_from_the_same_yaml_changes_nothing() {
    if !has_cluster("fresh etcd") {
        return;
    }
    let dir = std::env::temp_dir().join(format!("adops-fresh-{}", std::process::id()));
    let first: &'static Cluster = Box::leak(Box::new(Cluster::start(&dir).await.unwrap()));
    let mut world = World::on(first, sim_config(start_time())).await;
    let mut audit = Audit::default();
    let spec = Spec::default();
    audit.cap(&world.namespace, &spec.name, world.now(), spec.micros());
    world.apply(&spec.yaml()).await.unwrap();
    world.start_operator().await;
    settles(&mut world, &audit).await;
    let changes = world.sim.ledger().len();
    world.kill_operator();

    let down = std::process::Command::new(cluster::binary().unwrap()).args(["down", "--dir"]).arg(&dir).status();
    assert!(down.unwrap().success());
    let second: &'static Cluster = Box::leak(Box::new(Cluster::start_bare(&dir, &["--fresh-etcd"]).unwrap()));
    world.cluster = second;
    world.admin = second.client(&second.ready.kubeconfig).await.unwrap();
    cluster::install(&world.admin).await.unwrap();
    namespace(&world.admin, &world.namespace).await;
    world.apply(&world.account_yaml("google-global", "google-ads")).await.unwrap();
    world.apply(&spec.yaml()).await.unwrap();
    world.start_operator().await;
    nothing_is_written(&mut world, &audit, changes).await;
    world.kill_operator();
    let _ =
        std::process::Command::new(cluster::binary().unwrap()).args(["down", "--purge", "--dir"]).arg(&dir).status();
}

async fn namespace(client: &Client, name: &str) {
    let yaml = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } }).to_string();
    adops_e2e::world::apply_yaml(client, &yaml, None).await.unwrap();
}

async fn is_going(world: &World) -> bool {
    let campaign = campaigns(world).get_opt("spring").await.unwrap();
    campaign.is_none_or(|campaign| campaign.metadata.deletion_timestamp.is_some())
}

async fn until_secrets_are_gone(world: &World) {
    let secrets: Api<Secret> = Api::namespaced(world.admin.clone(), &world.namespace);
    let limit = Instant::now() + Duration::from_secs(30);
    while secrets.get_opt("google-ads").await.unwrap().is_some() && Instant::now() < limit {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The Secret goes with the namespace, at once. As long as the operator runs it has what it needs; an operator that
/// starts after that can reach nothing any more: it says what may be left, and gives it up when it is told to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_is_deleted_and_the_operator_restarted_in_the_middle() {
    if !has_cluster("deleted namespace") {
        return;
    }
    let began = Instant::now();
    // The last one is never reached: an operator that stays alive.
    let mut points = if adops_reliability::is_full() { (0..24).collect() } else { vec![0, 9] };
    points.push(usize::MAX);
    let (mut stopped, mut told) = (0, 0);
    for at in points {
        let (mut world, audit) = applied().await;
        let switch = KillSwitch::counting();
        world.start_operator_with(Some(switch.clone()), |_| {}).await;
        settles(&mut world, &audit).await;
        switch.arm(at);
        let namespaces: Api<Namespace> = Api::all(world.admin.clone());
        namespaces.delete(&world.namespace, &DeleteParams::default()).await.unwrap();
        // The control plane takes its seconds; time stands still meanwhile, so that no poll is among the points.
        while !switch.is_dead() && !is_going(&world).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let gone =
            |snapshot: &adops_e2e::world::Snapshot| snapshot.campaigns.is_empty() && snapshot.accounts.is_empty();
        if drive(&mut world, &switch, gone).await == End::Dead {
            world.kill_operator();
            until_secrets_are_gone(&world).await;
            world.start_operator().await;
        }
        let told_of = |campaign: &Campaign| {
            let conditions = campaign.status.iter().flat_map(|status| &status.conditions);
            let messages: Vec<&str> = conditions.map(|condition| condition.message.as_str()).collect();
            messages.iter().any(|message| message.contains("adops.dev/abandon") && message.contains("2027-05-31"))
        };
        world
            .until("it is gone, or says what is left", |snapshot| {
                gone(&snapshot) || snapshot.campaigns.iter().any(&told_of)
            })
            .await;
        let left = world.look().await;
        println!("killed at {at}: {}", if gone(&left) { "all is stopped" } else { "it says what may be left" });
        assert!(at < usize::MAX || gone(&left), "an operator that stays alive has what it needs: {left:#?}");
        if gone(&left) {
            stopped += 1;
            assert_eq!(state(&world).enabled_count(), 0, "killed at {at}: it is gone and spends");
        } else {
            told += 1;
            let campaign = world.campaign("spring").await;
            let message = format!("{:?}", campaign.status.as_ref().map(|status| &status.conditions));
            for object in world.sim.google_account(CUSTOMER).present().filter(|object| object.status == "ENABLED") {
                assert!(message.contains(&object.id.to_string()), "{} is not named: {message}", object.id);
            }
            let abandon = json!({ "metadata": { "annotations": { "adops.dev/abandon": campaign.metadata.uid } } });
            campaigns(&world).patch("spring", &PatchParams::default(), &Patch::Merge(abandon)).await.unwrap();
            world.until("it is gone", |snapshot| gone(&snapshot)).await;
        }
        let broken = audit.broken(&world.sim);
        assert!(broken.is_empty(), "{broken:#?}");
        assert!(world.sim.ledger().iter().all(by_us));
    }
    println!(
        "deleted namespace: stopped {stopped}, told of what is left {told}, {:.1} s",
        began.elapsed().as_secs_f64()
    );
    assert!(stopped > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_increase_waits_for_a_decrease_that_the_platform_refuses() {
    if !has_cluster("refused decreases") {
        return;
    }
    let (mut world, audit) = at_rest().await;
    // From 100 each to 200, 50 and 50: what would become 50 is refused.
    let refuse =
        Effect::Reject { category: "campaignBudgetError".into(), code: "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT".into() };
    let fault = Match::mutates().operation("campaignBudget.update").contains("\"50000000\"");
    let fault = world.sim.faults().add(Fault::new(fault, refuse));
    world.patch_campaign("spring", json!({ "split": { "markets": { "US": 4 } } })).await;
    world.pass(SignedDuration::from_mins(30)).await;
    let broken = audit.broken(&world.sim);
    assert!(broken.is_empty(), "{broken:#?}");
    world.sim.faults().remove(fault);
    settles(&mut world, &audit).await;
}
