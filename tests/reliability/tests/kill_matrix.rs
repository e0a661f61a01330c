//! The kill matrix: the operator is killed at every platform call and every API-server write of a create, an update (of
//! budgets, copy and markets), a replace and a delete, on each platform and on all of them at once, and started again. See [`adops_reliability::audit`] for what must hold at every instant;
//! in the end the platform must be as after an undisturbed run.
//!
//! By default every eighth point is tried on Google and a few elsewhere; with `ADOPS_FULL=1` each, and each kind of point
//! that no whole run does without.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what cannot be set up ends the test")]

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

use adops_conformance::subject::Hand;
use adops_e2e::kill::{KillSwitch, kind};
use adops_e2e::reach;
use adops_e2e::world::{Snapshot, World};
use adops_reliability::audit::Audit;
use adops_reliability::drive::drive;
use adops_reliability::spec::Spec;
use adops_reliability::state::State;
use adops_reliability::{has_cluster, is_full};
use adsim::AdSim;
use adsim::PlatformName::{self, Google, Meta, TikTok};
use jiff::SignedDuration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How many worlds run at once.
const AT_ONCE: usize = 6;
/// How many points of a scenario are tried on other platforms than Google by default.
const FEW: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scenario {
    Create,
    Update,
    ReplaceByDate,
    RemovedByHand,
    DeletePause,
    DeleteRemove,
}

/// What is done, and where.
#[derive(Debug, Clone, Copy)]
struct Case {
    scenario: Scenario,
    platforms: &'static [PlatformName],
}

impl Case {
    fn first(self) -> Spec {
        let deletion = if self.scenario == Scenario::DeleteRemove { "Remove" } else { "Pause" };
        let start = if self.scenario == Scenario::ReplaceByDate { "2027-02-20" } else { "2027-03-01" };
        Spec { deletion: deletion.into(), start: start.into(), ..Spec::on(self.platforms) }
    }

    fn last(self) -> Spec {
        let first = self.first();
        match self.scenario {
            // One line grows, one shrinks, one goes, one comes, and all get other copy.
            Scenario::Update => Spec {
                markets: ["US", "GB", "FR"].map(str::to_owned).to_vec(),
                budget: 330,
                us_weight: 4,
                headline: "Summer is here".into(),
                keyword: "summer series".into(),
                ..first
            },
            // A start that is over cannot be changed.
            Scenario::ReplaceByDate => Spec { start: "2027-03-05".into(), ..first },
            _ => first,
        }
    }

    /// Brings the world to where the scenario begins.
    async fn prepare(self, world: &mut World, audit: &mut Audit, switch: &Arc<KillSwitch>) {
        let first = self.first();
        audit.cap(&world.namespace, &first.name, world.now(), first.micros());
        if self.platforms != [Google] {
            world.add_other_accounts().await;
            world.keep_accounts_on(self.platforms).await;
        }
        if self.scenario == Scenario::Create {
            world.apply(&first.yaml()).await.unwrap();
            return;
        }
        world.start_operator_with(Some(switch.clone()), |_| {}).await;
        world.apply(&first.yaml()).await.unwrap();
        world.until_ready(&first.name).await;
        if self.scenario == Scenario::ReplaceByDate {
            world.set_now(world.now() + SignedDuration::from_hours(50));
        }
        // Past the time in which a listing may miss our last writes.
        world.pass(SignedDuration::from_mins(6)).await;
    }

    /// Makes the change.
    async fn act(self, world: &mut World, audit: &mut Audit, switch: &Arc<KillSwitch>) {
        let last = self.last();
        match self.scenario {
            Scenario::Create => world.start_operator_with(Some(switch.clone()), |_| {}).await,
            Scenario::Update | Scenario::ReplaceByDate => {
                audit.cap(&world.namespace, &last.name, world.now(), last.micros());
                world.patch_campaign(&last.name, last.json()).await;
            }
            Scenario::RemovedByHand => {
                for platform in self.platforms {
                    let objects = reach::objects(&world.sim, *platform);
                    let one = objects.iter().find(|object| object.name.contains("GB")).expect("the line GB");
                    reach::by_hand(&world.sim, *platform, &Hand::Remove(&one.id));
                }
            }
            Scenario::DeletePause | Scenario::DeleteRemove => world.delete_campaign(&last.name).await,
        }
    }

    fn is_done(self, snapshot: &Snapshot, sim: &AdSim) -> bool {
        let name = self.last().name;
        match self.scenario {
            Scenario::Create | Scenario::Update | Scenario::ReplaceByDate => snapshot.is_ready(&name),
            Scenario::RemovedByHand => {
                snapshot.is_ready(&name) && State::of_all(sim).enabled_count() == 3 * self.platforms.len()
            }
            Scenario::DeletePause | Scenario::DeleteRemove => snapshot.campaign(&name).is_none(),
        }
    }

    /// What an undisturbed run must come to: enabled and paused objects.
    fn objects(self) -> (usize, usize) {
        let (enabled, paused) = match self.scenario {
            Scenario::Create | Scenario::RemovedByHand => (3, 0),
            Scenario::Update => (3, 1),
            Scenario::ReplaceByDate => (3, 3),
            Scenario::DeletePause => (0, 3),
            Scenario::DeleteRemove => (0, 0),
        };
        (enabled * self.platforms.len(), paused * self.platforms.len())
    }

    /// Which of so many points are tried.
    fn points(self, count: usize) -> impl Iterator<Item = usize> {
        let (from, step) = match self.platforms {
            _ if is_full() => (0, 1),
            [Google] => (0, (count / 4).clamp(1, 8)),
            _ => (count / FEW / 2, (count / FEW).max(1)),
        };
        (from..count).step_by(step)
    }
}

struct Run {
    points: Vec<String>,
    /// The point at which it was killed.
    killed_at: Option<String>,
    state: State,
}

/// Where a run is killed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kill {
    Never,
    /// At the point of this index.
    At(usize),
    /// At the first point of this kind.
    AtKind(String),
}

/// Runs a scenario with a kill at a point, or with none.
async fn run(case: Case, kill: &Kill) -> Run {
    let mut world = World::new().await;
    let mut audit = Audit::default();
    let switch = KillSwitch::counting();
    case.prepare(&mut world, &mut audit, &switch).await;
    let before = switch.names().len();
    match kill {
        Kill::Never => {}
        Kill::At(index) => switch.arm(*index),
        Kill::AtKind(kind) => switch.arm_kind(kind),
    }
    case.act(&mut world, &mut audit, &switch).await;
    let sim = world.sim.clone();
    drive(&mut world, &switch, |snapshot| case.is_done(snapshot, &sim)).await;
    switch.disarm();
    let points = switch.names().split_off(before);
    let killed_at = switch.struck();
    if killed_at.is_some() {
        world.kill_operator();
        world.start_operator().await;
        world.until(&format!("{case:?} is done"), |snapshot| case.is_done(&snapshot, &sim)).await;
    }
    let state = State::of_all(&sim);
    let changes = sim.ledger().len();
    world.pass(SignedDuration::from_mins(12)).await;
    let late: Vec<_> = sim.ledger().split_off(changes);
    assert!(late.is_empty(), "it was not at rest: {late:#?}");
    let broken = audit.broken(&sim);
    assert!(broken.is_empty(), "{broken:#?}");
    world.kill_operator();
    sim.shutdown().await;
    Run { points, killed_at, state }
}

/// What came of the runs of a matrix.
#[derive(Default)]
struct Tally {
    killed: usize,
    kinds: BTreeSet<String>,
    failed: Vec<String>,
}

/// Runs with each of these kills, and adds what came of them.
async fn sweep(case: Case, kills: Vec<Kill>, undisturbed: &Run, tally: &mut Tally) {
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut runs = JoinSet::new();
    let mut kill_of = HashMap::new();
    for kill in kills {
        let (slots, its) = (slots.clone(), kill.clone());
        let task = runs.spawn(async move {
            let _slot = slots.acquire().await;
            run(case, &its).await
        });
        kill_of.insert(task.id(), kill);
    }
    while let Some(joined) = runs.join_next_with_id().await {
        let (id, run) = match joined {
            Ok((id, run)) => (id, Ok(run)),
            Err(error) => (error.id(), Err(error)),
        };
        let kill = &kill_of[&id];
        match run {
            Ok(Run { killed_at: Some(point), state, .. }) => {
                tally.killed += 1;
                tally.kinds.insert(kind(&point));
                if state != undisturbed.state {
                    tally.failed.push(format!("{kill:?} ({point}): {state:#?}\ninstead of {:#?}", undisturbed.state));
                }
            }
            Ok(run) => {
                // Runs are not equal to the point: a busy machine batches otherwise, and the last ones may not be
                // reached, or only after the end.
                let passed = match kill {
                    Kill::Never => false,
                    Kill::At(index) => run.points.len() > index + 1,
                    Kill::AtKind(wanted) => run.points.iter().any(|name| kind(name) == *wanted),
                };
                if passed {
                    tally.failed.push(format!("{kill:?}: it was passed, and nothing was killed: {:#?}", run.points));
                }
                if run.state != undisturbed.state {
                    tally.failed.push(format!("{kill:?}, not reached: {:#?}", run.state));
                }
            }
            Err(error) => tally.failed.push(format!("{kill:?}: {error}")),
        }
    }
}

/// Runs all points, or some of them, of a scenario.
async fn matrix(scenario: Scenario, platforms: &'static [PlatformName]) {
    let case = Case { scenario, platforms };
    if !has_cluster(&format!("{case:?}")) {
        return;
    }
    let began = Instant::now();
    let undisturbed = run(case, &Kill::Never).await;
    let (enabled, paused) = (undisturbed.state.enabled_count(), undisturbed.state.paused_count());
    assert_eq!((enabled, paused), case.objects(), "{:#?}", undisturbed.state);
    let count = undisturbed.points.len();
    let kinds: BTreeSet<String> = undisturbed.points.iter().map(|name| kind(name)).collect();
    let kills: Vec<_> = case.points(count).map(Kill::At).collect();
    let tried = kills.len();
    let mut tally = Tally::default();
    sweep(case, kills, &undisturbed, &mut tally).await;
    let by_index = tally.killed;
    if is_full() {
        // What the order of points of one run and another has hidden is aimed at by its kind. A kind that a whole run
        // does without, as a poll that happened to be due, is no part of the scenario.
        let missed = kinds.difference(&tally.kinds).cloned().map(Kill::AtKind).collect();
        sweep(case, missed, &undisturbed, &mut tally).await;
    }
    println!(
        "{case:?}: {count} points of {} kinds; {} runs killed, at {} kinds; {} failed, {:.1} s",
        kinds.len(),
        tally.killed,
        tally.kinds.len(),
        tally.failed.len(),
        began.elapsed().as_secs_f64()
    );
    assert!(tally.failed.is_empty(), "{case:?}, killed at\n{}", tally.failed.join("\n"));
    assert!(by_index * 2 > tried, "only {by_index} of {tried} were killed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_creates() {
    matrix(Scenario::Create, &[Google]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_updates() {
    matrix(Scenario::Update, &[Google]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_replaces_what_cannot_be_changed() {
    matrix(Scenario::ReplaceByDate, &[Google]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_replaces_what_was_removed_by_hand() {
    matrix(Scenario::RemovedByHand, &[Google]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_pauses_for_a_deletion() {
    matrix(Scenario::DeletePause, &[Google]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_removes_for_a_deletion() {
    matrix(Scenario::DeleteRemove, &[Google]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_creates_on_meta() {
    matrix(Scenario::Create, &[Meta]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_updates_on_meta() {
    matrix(Scenario::Update, &[Meta]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_replaces_on_meta_what_was_removed_by_hand() {
    matrix(Scenario::RemovedByHand, &[Meta]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_pauses_on_meta_for_a_deletion() {
    matrix(Scenario::DeletePause, &[Meta]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_removes_on_meta_for_a_deletion() {
    matrix(Scenario::DeleteRemove, &[Meta]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_creates_on_tiktok() {
    matrix(Scenario::Create, &[TikTok]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_updates_on_tiktok() {
    matrix(Scenario::Update, &[TikTok]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_replaces_on_tiktok_what_was_removed_by_hand() {
    matrix(Scenario::RemovedByHand, &[TikTok]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_pauses_on_tiktok_for_a_deletion() {
    matrix(Scenario::DeletePause, &[TikTok]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_removes_on_tiktok_for_a_deletion() {
    matrix(Scenario::DeleteRemove, &[TikTok]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_creates_everywhere() {
    matrix(Scenario::Create, &reach::ALL).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_updates_everywhere() {
    matrix(Scenario::Update, &reach::ALL).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_pauses_everywhere_for_a_deletion() {
    matrix(Scenario::DeletePause, &reach::ALL).await;
}
