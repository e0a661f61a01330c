//! The kill matrix: the operator is killed at every platform call and every API-server write of a create, an update,
//! a replace and a delete, and started again. See [`adops_reliability::audit`] for what must hold at every instant;
//! in the end the platform must be as after an undisturbed run.
//!
//! By default every eighth point is tried, with `ADOPS_FULL=1` each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what cannot be set up ends the test")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use adops_e2e::kill::KillSwitch;
use adops_e2e::world::{CUSTOMER, Snapshot, World};
use adops_reliability::audit::Audit;
use adops_reliability::drive::{End, drive};
use adops_reliability::spec::Spec;
use adops_reliability::state::State;
use adops_reliability::{has_cluster, is_full};
use adsim::{AdSim, Edit, EditAction};
use jiff::SignedDuration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How many worlds run at once.
const AT_ONCE: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scenario {
    Create,
    Update,
    ReplaceByDate,
    RemovedByHand,
    DeletePause,
    DeleteRemove,
}

impl Scenario {
    fn first(self) -> Spec {
        let deletion = if self == Self::DeleteRemove { "Remove" } else { "Pause" };
        let start = if self == Self::ReplaceByDate { "2027-02-20" } else { "2027-03-01" };
        Spec { deletion: deletion.into(), start: start.into(), ..Spec::default() }
    }

    fn last(self) -> Spec {
        let first = self.first();
        match self {
            // One line grows, one shrinks, one goes, one comes, and all get other copy.
            Self::Update => Spec {
                markets: ["US", "GB", "FR"].map(str::to_owned).to_vec(),
                budget: 330,
                us_weight: 4,
                headline: "Summer is here".into(),
                keyword: "summer series".into(),
                ..first
            },
            // A start that is over cannot be changed.
            Self::ReplaceByDate => Spec { start: "2027-03-05".into(), ..first },
            _ => first,
        }
    }

    /// Brings the world to where the scenario begins.
    async fn prepare(self, world: &mut World, audit: &mut Audit, switch: &Arc<KillSwitch>) {
        let first = self.first();
        audit.cap(&world.namespace, &first.name, world.now(), first.micros());
        if self == Self::Create {
            world.apply(&first.yaml()).await.unwrap();
            return;
        }
        world.start_operator_with(Some(switch.clone()), |_| {}).await;
        world.apply(&first.yaml()).await.unwrap();
        world.until_ready(&first.name).await;
        if self == Self::ReplaceByDate {
            world.set_now(world.now() + SignedDuration::from_hours(50));
        }
        // Past the time in which a listing may miss our last writes.
        world.pass(SignedDuration::from_mins(6)).await;
    }

    /// Makes the change.
    async fn act(self, world: &mut World, audit: &mut Audit, switch: &Arc<KillSwitch>) {
        let last = self.last();
        match self {
            Self::Create => world.start_operator_with(Some(switch.clone()), |_| {}).await,
            Self::Update | Self::ReplaceByDate => {
                audit.cap(&world.namespace, &last.name, world.now(), last.micros());
                world.patch_campaign(&last.name, last.json()).await;
            }
            Self::RemovedByHand => {
                let account = world.sim.google_account(CUSTOMER);
                let one = account.present().find(|campaign| campaign.name.contains("GB")).expect("the line GB");
                let campaign = one.id.to_string();
                world.sim.edit(&Edit::by_hand(CUSTOMER, EditAction::RemoveCampaign { campaign })).unwrap();
            }
            Self::DeletePause | Self::DeleteRemove => world.delete_campaign(&last.name).await,
        }
    }

    fn is_done(self, snapshot: &Snapshot, sim: &AdSim) -> bool {
        let name = self.last().name;
        match self {
            Self::Create | Self::Update | Self::ReplaceByDate => snapshot.is_ready(&name),
            Self::RemovedByHand => {
                let enabled = State::of(&sim.google_account(CUSTOMER)).enabled_count();
                snapshot.is_ready(&name) && enabled == 3
            }
            Self::DeletePause | Self::DeleteRemove => snapshot.campaign(&name).is_none(),
        }
    }

    /// What an undisturbed run must come to: enabled and paused objects.
    fn objects(self) -> (usize, usize) {
        match self {
            Self::Create | Self::RemovedByHand => (3, 0),
            Self::Update => (3, 1),
            Self::ReplaceByDate => (3, 3),
            Self::DeletePause => (0, 3),
            Self::DeleteRemove => (0, 0),
        }
    }
}

struct Run {
    points: Vec<String>,
    end: End,
    state: State,
}

/// Runs a scenario with a kill at a point, or with none.
async fn run(scenario: Scenario, at: Option<usize>) -> Run {
    let mut world = World::new().await;
    let mut audit = Audit::default();
    let switch = KillSwitch::counting();
    scenario.prepare(&mut world, &mut audit, &switch).await;
    let before = switch.names().len();
    switch.arm(at.unwrap_or(usize::MAX));
    scenario.act(&mut world, &mut audit, &switch).await;
    let sim = world.sim.clone();
    let end = drive(&mut world, &switch, |snapshot| scenario.is_done(snapshot, &sim)).await;
    let points = switch.names().split_off(before);
    if end == End::Dead {
        world.kill_operator();
        world.start_operator().await;
        world.until(&format!("{scenario:?} is done"), |snapshot| scenario.is_done(&snapshot, &sim)).await;
    }
    let state = State::of(&sim.google_account(CUSTOMER));
    let changes = sim.ledger().len();
    world.pass(SignedDuration::from_mins(12)).await;
    let late: Vec<_> = sim.ledger().split_off(changes);
    assert!(late.is_empty(), "it was not at rest: {late:#?}");
    let broken = audit.broken(&sim);
    assert!(broken.is_empty(), "{broken:#?}");
    world.kill_operator();
    sim.shutdown().await;
    Run { points, end, state }
}

/// Runs all points, or some of them, of a scenario.
async fn matrix(scenario: Scenario) {
    if !has_cluster(&format!("{scenario:?}")) {
        return;
    }
    let began = Instant::now();
    let undisturbed = run(scenario, None).await;
    let (enabled, paused) = (undisturbed.state.enabled_count(), undisturbed.state.paused_count());
    assert_eq!((enabled, paused), scenario.objects(), "{:#?}", undisturbed.state);
    let count = undisturbed.points.len();
    let step = if is_full() { 1 } else { (count / 4).clamp(1, 8) };
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut runs = JoinSet::new();
    let mut names = std::collections::HashMap::new();
    for at in (0..count).step_by(step) {
        let slots = slots.clone();
        let task = runs.spawn(async move {
            let _slot = slots.acquire().await;
            let run = run(scenario, Some(at)).await;
            (at, run)
        });
        names.insert(task.id(), at);
    }
    let (mut killed, mut failed) = (0, Vec::new());
    while let Some(joined) = runs.join_next_with_id().await {
        match joined {
            Ok((_, (at, run))) => {
                killed += usize::from(run.end == End::Dead);
                if run.state != undisturbed.state {
                    let point = run.points.get(at).cloned().unwrap_or_default();
                    failed.push(format!("{at} ({point}): {:#?}\ninstead of {:#?}", run.state, undisturbed.state));
                }
            }
            Err(error) => {
                let at = names.get(&error.id()).copied().unwrap_or_default();
                failed.push(format!("{at} ({}): {error}", undisturbed.points.get(at).cloned().unwrap_or_default()));
            }
        }
    }
    let took = began.elapsed();
    println!("{scenario:?}: {count} points, killed at {killed}, {} failed, {:.1} s", failed.len(), took.as_secs_f64());
    assert!(failed.is_empty(), "{scenario:?}, killed at\n{}", failed.join("\n"));
    // Runs are not equal to the point: the last ones may not be reached. All but a few must be.
    assert!(killed * 10 >= count.div_ceil(step) * 8, "only {killed} of {} were killed", count.div_ceil(step));
    assert!(took < Duration::from_mins(30), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_creates() {
    matrix(Scenario::Create).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_updates() {
    matrix(Scenario::Update).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_replaces_what_cannot_be_changed() {
    matrix(Scenario::ReplaceByDate).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_replaces_what_was_removed_by_hand() {
    matrix(Scenario::RemovedByHand).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_pauses_for_a_deletion() {
    matrix(Scenario::DeletePause).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_removes_for_a_deletion() {
    matrix(Scenario::DeleteRemove).await;
}
