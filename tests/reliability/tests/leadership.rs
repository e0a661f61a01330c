//! S13 within a cluster, with real processes and a real Lease: who stands by writes nothing, who is killed or stopped is
//! followed by another one without a duplicate, and who cannot renew sends nothing that could outlive its lease.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::time::{Duration, Instant};

use adops_e2e::proxy::Proxy;
use adops_e2e::world::{CUSTOMER, World, apply_yaml, sim_config, start_time};
use adops_reliability::audit::{Audit, creates};
use adops_reliability::has_cluster;
use adops_reliability::process::{Process, binary, drive};
use adops_reliability::spec::Spec;
use adops_reliability::state::State;
use adsim::{Effect, Fault, Match};
use jiff::SignedDuration;
use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use serde_json::json;

const LEASE: Duration = Duration::from_secs(8);
const REQUEST: Duration = Duration::from_secs(3);

/// A world whose operators may hold a Lease, with a Campaign of three lines.
async fn world(test: &str) -> Option<(World, Audit)> {
    world_with(test, |_| {}).await
}

async fn world_with(test: &str, adjust: impl FnOnce(&mut adsim::Config)) -> Option<(World, Audit)> {
    if !has_cluster(test) {
        return None;
    }
    if binary().is_none() {
        println!("{test} is skipped: ADOPS_BIN_DIR has no adops-operator (`cargo xtask test` builds it)");
        return None;
    }
    let mut config = sim_config(start_time());
    adjust(&mut config);
    let world = World::with_sim(config).await;
    // Each world has its own Lease, so that they run side by side.
    let role = "apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: adops-operator}
rules: [{apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, update]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: adops-operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: adops-operator}
subjects: [{kind: ServiceAccount, name: adops-operator, namespace: adops-system}]
";
    apply_yaml(&world.admin, role, Some(&world.namespace)).await.unwrap();
    let mut audit = Audit::default();
    let spec = Spec::default();
    audit.cap(&world.namespace, &spec.name, world.now(), spec.micros());
    world.apply(&spec.yaml()).await.unwrap();
    Some((world, audit))
}

fn start_through(world: &World, kubeconfig: &std::path::Path, more: &[&str]) -> Process {
    let (lease, request) = (format!("{}s", LEASE.as_secs()), format!("{}s", REQUEST.as_secs()));
    let mut flags = vec!["--lease-namespace", world.namespace.as_str(), "--lease-duration", &lease];
    flags.extend(["--renew-interval", "1s", "--request-timeout", &request]);
    flags.extend(more);
    Process::start_with(world, kubeconfig, &flags)
}

fn start(world: &World) -> Process {
    start_through(world, &world.cluster.ready.operator_kubeconfig, &[])
}

async fn lease(world: &World) -> Lease {
    let leases: Api<Lease> = Api::namespaced(world.admin.clone(), &world.namespace);
    leases.get("adops-test-leader").await.unwrap()
}

/// Waits until the Campaign is Ready, then checks that there is one object for each market and that nothing was ever
/// broken.
async fn settles(processes: &[&Process], world: &mut World, audit: &Audit) {
    assert!(drive(processes, world, |_| false, |snapshot| snapshot.is_ready("spring")).await);
    let state = State::of(&world.sim.google_account(CUSTOMER));
    let lines = world.campaign("spring").await.spec.markets.len();
    assert_eq!((state.enabled_count(), state.paused_count()), (lines, 0));
    assert_eq!(creates(&world.sim.ledger()), lines);
    let broken = audit.broken(&world.sim);
    assert!(broken.is_empty(), "{broken:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_acts_and_when_it_is_killed_in_the_middle_of_a_create_the_other_finishes() {
    let Some((mut world, audit)) = world("a leader that is killed").await else { return };
    // The create takes effect, and its answer never comes.
    let fault = Fault::new(Match::mutates().operation("campaign.create"), Effect::HangAfter);
    world.sim.faults().add(fault.times(1));
    let first = start(&world);
    first.leads().await;
    let second = start(&world);
    let hangs = |world: &World| creates(&world.sim.ledger()) > 0;
    assert!(!drive(&[&first, &second], &mut world, hangs, |_| false).await);
    assert_eq!(second.status_of("/readyz").await, Some(200));
    assert_eq!(second.metric("adops_platform_requests_total").await, 0);
    assert_eq!(second.metric("adops_reconcile_total").await, 0);
    let killed = Instant::now();
    first.kill();
    second.leads().await;
    // The last renewal may have been a second before the death, and it lasts for eight; then come three for the
    // requests of the dead.
    assert!(killed.elapsed() + Duration::from_secs(2) > LEASE + REQUEST, "it did not wait: {:?}", killed.elapsed());
    settles(&[&second], &mut world, &audit).await;
    assert_eq!(lease(&world).await.spec.unwrap().lease_transitions, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_is_given_back_is_taken_at_once() {
    let Some((mut world, audit)) = world("a leader that ends").await else { return };
    let mut first = start(&world);
    settles(&[&first], &mut world, &audit).await;
    let changes = world.sim.ledger().len();
    let second = start(&world);
    while second.status_of("/readyz").await != Some(200) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    first.signal("TERM");
    assert!(first.ended().await.success());
    let ended = Instant::now();
    second.leads().await;
    assert!(ended.elapsed() < LEASE, "it has waited for a lease that was given back: {:?}", ended.elapsed());
    settles(&[&second], &mut world, &audit).await;
    assert_eq!(world.sim.ledger().len(), changes, "the next one has changed something");
}

/// The create of a stopped leader reaches the platform while it is stopped: before the next one acts, or after that one
/// has created the same lines.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_stopped_in_the_middle_of_a_create_and_resumed_makes_no_duplicate_and_ends() {
    for held in [LEASE / 2, LEASE + REQUEST + Duration::from_secs(8)] {
        let Some((mut world, audit)) = world("a leader that is stopped").await else { return };
        let late = Effect::Latency { millis: u64::try_from(held.as_millis()).unwrap() };
        let fault = Fault::new(Match::mutates().operation("campaign.create"), late).times(1);
        world.sim.faults().add(fault);
        let mut first = start(&world);
        first.leads().await;
        let second = start(&world);
        let struck = |world: &World| world.sim.faults().list().is_empty();
        assert!(!drive(&[&first, &second], &mut world, struck, |_| false).await);
        first.signal("STOP");
        second.leads().await;
        settles(&[&second], &mut world, &audit).await;
        while !world.sim.idle() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (changes, requests) = (world.sim.ledger().len(), world.sim.requests().len());
        let version = world.campaign("spring").await.metadata.resource_version;
        first.signal("CONT");
        let status = first.ended().await;
        assert!(!status.success(), "who has lost its lease ends with an error, not with {status}");
        assert_eq!(world.sim.ledger().len(), changes);
        assert_eq!(world.sim.requests().len(), requests, "it has sent something after it was resumed");
        assert_eq!(world.campaign("spring").await.metadata.resource_version, version);
        let later = world.now() + SignedDuration::from_mins(12);
        assert!(!drive(&[&second], &mut world, |world| world.now() >= later, |_| false).await);
        settles(&[&second], &mut world, &audit).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_renew_sends_nothing_that_could_outlive_its_lease_and_ends() {
    for silent in [false, true] {
        // A listing is a long row of requests, one after the other.
        let pages = |config: &mut adsim::Config| config.google.page_size = 1;
        let Some((mut world, audit)) = world_with("a leader without an API server", pages).await else { return };
        let markets = ["US", "GB", "DE", "FR", "IT", "ES", "AT", "CH", "SE"];
        world.patch_campaign("spring", json!({ "markets": markets })).await;
        let proxy = Proxy::start(&world.cluster.ready.operator_kubeconfig).await;
        let mut process = start_through(&world, &proxy.kubeconfig, &[]);
        settles(&[&process], &mut world, &audit).await;
        // It takes longer than the lease, though each of them is quick enough.
        let slow = world.sim.faults().add(Fault::new(Match::searches(), Effect::Latency { millis: 500 }));
        let before = world.sim.requests().len();
        let asked = |world: &World| world.sim.requests().len() > before;
        assert!(!drive(&[&process], &mut world, asked, |_| false).await);
        if silent {
            proxy.silence();
        } else {
            proxy.cut();
        }
        let cut = Instant::now();
        let (mut seen, mut last) = (world.sim.requests().len(), cut);
        while process.runs() {
            let now = world.sim.requests().len();
            if now > seen {
                // A request is recorded when it is answered: it began that much earlier.
                (seen, last) = (now, Instant::now());
            }
            assert!(cut.elapsed() < LEASE * 3, "it goes on without a lease");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let ended = cut.elapsed();
        assert!(!process.ended().await.success());
        let latest = last.duration_since(cut).saturating_sub(Duration::from_millis(500));
        println!(
            "silent: {silent}; the last request began {latest:?} after the cut, the process ended after {ended:?}"
        );
        assert!(latest > REQUEST, "nothing was under way any more when the lease came to its end");
        // Half a second for a machine that is busy.
        assert!(latest + REQUEST <= LEASE + Duration::from_millis(500), "a request began {latest:?} after the cut");
        // The next one takes over by itself.
        world.sim.faults().remove(slow);
        let next = start(&world);
        next.leads().await;
        settles(&[&next], &mut world, &audit).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_server_that_is_away_for_ten_minutes_is_waited_for() {
    let Some((mut world, mut audit)) = world("an API server that is away").await else { return };
    let proxy = Proxy::start(&world.cluster.ready.operator_kubeconfig).await;
    let process = Process::start_with(&world, &proxy.kubeconfig, &["--leader-elect=false"]);
    settles(&[&process], &mut world, &audit).await;
    let (changes, requests) = (world.sim.ledger().len(), world.sim.requests().len());
    proxy.cut();
    let spec = Spec { budget: 330, ..Spec::default() };
    audit.cap(&world.namespace, &spec.name, world.now(), spec.micros());
    world.patch_campaign("spring", spec.json()).await;
    let back = world.now() + SignedDuration::from_mins(10);
    let away = |world: &World| world.now() >= back;
    assert!(!drive(&[&process], &mut world, away, |_| false).await);
    assert_eq!(world.sim.ledger().len(), changes, "it has changed something without an API server");
    let asked = world.sim.requests().len() - requests;
    assert!(asked < 60, "{asked} requests in ten minutes without an API server");
    proxy.restore();
    settles(&[&process], &mut world, &audit).await;
    let account = world.sim.google_account(CUSTOMER);
    let sum: i64 = account.present().filter_map(|object| object.budget.as_ref()).map(|b| b.amount_micros).sum();
    assert_eq!(sum, spec.micros());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_observes_beside_a_leader_writes_nothing_at_all() {
    let Some((mut world, audit)) = world("an observer beside a leader").await else { return };
    let leader = start(&world);
    settles(&[&leader], &mut world, &audit).await;
    let observer = start_through(&world, &world.cluster.ready.operator_kubeconfig, &["--observe"]);
    let changes = world.sim.ledger().len();
    let later = world.now() + SignedDuration::from_mins(30);
    assert!(!drive(&[&leader, &observer], &mut world, |world| world.now() >= later, |_| false).await);
    assert!(observer.metric("adops_platform_requests_total").await > 0);
    assert_eq!(observer.metric("adops_status_writes_total").await, 0);
    assert_eq!(observer.metric("adops_leader").await, 0);
    assert_eq!(world.sim.ledger().len(), changes);
}

/// A process before had a clock that was an hour ahead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_was_ahead_leads_neither_to_a_duplicate_nor_to_a_wait() {
    let Some((mut world, audit)) = world("a clock that jumps back").await else { return };
    let fault = Fault::new(Match::mutates().operation("campaign.create"), Effect::HangAfter);
    world.sim.faults().add(fault.times(1));
    let ahead = world.now() + SignedDuration::from_hours(1);
    let kubeconfig = &world.cluster.ready.operator_kubeconfig;
    let first = Process::start_with(&world, kubeconfig, &["--leader-elect=false", &format!("--clock=stepped:{ahead}")]);
    let mut clock = ahead;
    while creates(&world.sim.ledger()) == 0 {
        clock += SignedDuration::from_secs(40);
        first.set_clock(clock).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    first.kill();
    let began = world.now();
    let second = Process::start(&world);
    settles(&[&second], &mut world, &audit).await;
    let took = world.now().duration_since(began);
    assert!(took < SignedDuration::from_mins(10), "it took {took:#} to settle what was made an hour ahead");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_ahead_costs_one_look_and_no_more_money() {
    let Some((mut world, audit)) = world("a clock that jumps ahead").await else { return };
    let process = Process::start(&world);
    settles(&[&process], &mut world, &audit).await;
    let requests = world.sim.requests().len();
    for _ in 0..3 {
        let to = world.now() + SignedDuration::from_hours(9 * 24);
        world.set_now(to);
        process.set_clock(to).await;
        let later = to + SignedDuration::from_mins(11);
        assert!(!drive(&[&process], &mut world, |world| world.now() >= later, |_| false).await);
        settles(&[&process], &mut world, &audit).await;
    }
    let asked = world.sim.requests().len() - requests;
    assert!(asked < 250, "{asked} requests for three jumps");
}
