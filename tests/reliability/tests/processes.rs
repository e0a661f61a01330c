//! The kill matrix with real processes: `adops-operator` gets SIGKILL while a platform request of its hangs, before or
//! after the request has had its effect, and is started again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::time::Instant;

use adops_e2e::world::{CUSTOMER, Snapshot, World};
use adops_reliability::audit::Audit;
use adops_reliability::process::{Process, binary};
use adops_reliability::spec::Spec;
use adops_reliability::state::State;
use adops_reliability::{has_cluster, is_full};
use adsim::{Effect, Fault, Match};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scenario {
    Create,
    Update,
    Delete,
}

impl Scenario {
    fn last(self) -> Spec {
        match self {
            Self::Update => Spec {
                markets: ["US", "GB", "FR"].map(str::to_owned).to_vec(),
                budget: 330,
                us_weight: 4,
                headline: "Summer is here".into(),
                ..Spec::default()
            },
            _ => Spec::default(),
        }
    }

    fn is_done(self, snapshot: &Snapshot) -> bool {
        match self {
            Self::Create | Self::Update => snapshot.is_ready("spring"),
            Self::Delete => snapshot.campaign("spring").is_none(),
        }
    }
}

/// Runs a scenario; the operator is killed while the `at`-th platform request hangs. The answer is how many requests
/// there were, whether it was killed, and the end.
async fn run(scenario: Scenario, at: Option<(u64, Effect)>) -> (usize, bool, State) {
    let mut world = World::new().await;
    let mut audit = Audit::default();
    let first = Spec::default();
    audit.cap(&world.namespace, &first.name, world.now(), first.micros());
    world.apply(&first.yaml()).await.unwrap();
    let mut process = None;
    if scenario != Scenario::Create {
        let running = Process::start(&world);
        assert!(running.drive(&mut world, |_| false, |snapshot| snapshot.is_ready("spring")).await);
        process = Some(running);
    }
    let before = world.sim.requests().len();
    let hangs = at.is_some();
    if let Some((at, effect)) = at {
        world.sim.faults().add(Fault::new(Match::default(), effect).after(at).times(1));
    }
    match scenario {
        Scenario::Create => {}
        Scenario::Update => {
            let last = scenario.last();
            audit.cap(&world.namespace, &last.name, world.now(), last.micros());
            world.patch_campaign("spring", last.json()).await;
        }
        Scenario::Delete => world.delete_campaign("spring").await,
    }
    let running = process.unwrap_or_else(|| Process::start(&world));
    let struck = |world: &World| hangs && world.sim.faults().list().is_empty();
    let ended = running.drive(&mut world, struck, |snapshot| scenario.is_done(snapshot)).await;
    let requests = world.sim.requests().len() - before;
    running.kill();
    if !ended {
        let again = Process::start(&world);
        assert!(again.drive(&mut world, |_| false, |snapshot| scenario.is_done(snapshot)).await);
        again.kill();
    }
    let broken = audit.broken(&world.sim);
    assert!(broken.is_empty(), "{broken:#?}");
    let state = State::of(&world.sim.google_account(CUSTOMER));
    world.sim.shutdown().await;
    (requests, !ended, state)
}

async fn points(scenario: Scenario) {
    if !has_cluster(&format!("{scenario:?} with processes")) {
        return;
    }
    if binary().is_none() {
        println!(
            "{scenario:?} with processes is skipped: ADOPS_BIN_DIR has no adops-operator (`cargo xtask test` builds it)"
        );
        return;
    }
    let began = Instant::now();
    let (requests, _, undisturbed) = run(scenario, None).await;
    let wanted = if is_full() { 10 } else { 1 };
    let mut killed = 0;
    for point in 0..wanted {
        // From the first request to the last, before its effect and after it by turns.
        let at = if is_full() { point * requests / wanted } else { requests / 2 };
        let effect = if point % 2 == 0 { Effect::HangAfter } else { Effect::HangBefore };
        let at = u64::try_from(at).unwrap();
        let (_, dead, state) = run(scenario, Some((at, effect.clone()))).await;
        killed += usize::from(dead);
        assert_eq!(state, undisturbed, "{scenario:?}, killed at request {at} ({effect:?})");
    }
    println!(
        "{scenario:?} with processes: {requests} requests, killed at {killed} of {wanted}, {:.1} s",
        began.elapsed().as_secs_f64()
    );
    assert!(killed + 1 >= wanted, "only {killed} of {wanted} were killed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_by_a_signal_while_it_creates() {
    points(Scenario::Create).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_by_a_signal_while_it_updates() {
    points(Scenario::Update).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_by_a_signal_while_it_deletes() {
    points(Scenario::Delete).await;
}
