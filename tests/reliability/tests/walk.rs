//! A random walk of spec edits, restarts, kills, platform faults and edits by hand ends in the same platform state as
//! applying the last spec alone (S5), and at no time is there a duplicate or a half-made object.
//!
//! `ADOPS_SEED=N` walks one seed; by default two are walked, with `ADOPS_FULL=1` thirty.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::time::Instant;

use adops_e2e::kill::KillSwitch;
use adops_e2e::world::{CUSTOMER, World, sim_config};
use adops_reliability::audit::Audit;
use adops_reliability::dice::Dice;
use adops_reliability::spec::Spec;
use adops_reliability::state::State;
use adops_reliability::{has_cluster, is_full};
use adsim::{Edit, EditAction, Effect, Fault, Match};
use jiff::SignedDuration;
use std::sync::Arc;

/// Steps of a walk.
const STEPS: usize = 24;

fn edited(dice: &mut Dice, spec: &Spec, number: usize) -> Spec {
    let mut spec = spec.clone();
    match dice.below(8) {
        0 | 1 => {
            let all = ["US", "GB", "DE", "FR"];
            spec.markets = all.iter().filter(|_| dice.below(3) > 0).map(|&market| market.to_owned()).collect();
            if spec.markets.is_empty() {
                spec.markets.push("US".into());
            }
        }
        2 => spec.budget = *dice.of(&[120, 240, 300, 480]),
        3 => spec.us_weight = *dice.of(&[1, 2, 5]),
        4 => spec.headline = format!("Spring {number}"),
        5 => spec.keyword = format!("series {number}"),
        6 => spec.active = !spec.active,
        _ => spec.deletion = (*dice.of(&["Pause", "Remove"])).into(),
    }
    spec
}

/// Somebody edits one of our campaigns by hand.
fn by_hand(dice: &mut Dice, world: &World) -> String {
    let account = world.sim.google_account(CUSTOMER);
    let ids: Vec<String> = account.present().map(|campaign| campaign.id.to_string()).collect();
    if ids.is_empty() {
        return "nothing to edit".into();
    }
    let campaign = dice.of(&ids).clone();
    let action = match dice.below(7) {
        0 => EditAction::Pause { campaign },
        1 => EditAction::SetBudget { campaign, amount_micros: 7_000_000 },
        2 => EditAction::SetBudget { campaign, amount_micros: 900_000_000 },
        3 => EditAction::Rename { name: format!("by hand {campaign}"), campaign },
        4 => EditAction::RemoveCampaign { campaign },
        5 => EditAction::AddLocation { campaign, geo_target_id: 2392, negative: false },
        _ => EditAction::RemoveLabel { campaign, label: "adops:test".into() },
    };
    let told = format!("{action:?}");
    match world.sim.edit(&Edit::by_hand(CUSTOMER, action)) {
        Ok(_) => told,
        Err(error) => format!("{told}: {error}"),
    }
}

fn fault(dice: &mut Dice) -> Fault {
    let status = |status| Effect::Status { status, body: serde_json::Value::Null };
    let when = if dice.below(3) == 0 { Match::searches() } else { Match::mutates() };
    let effect = match dice.below(5) {
        0 => Effect::CutAfter,
        1 => Effect::CutBefore,
        2 => status(500),
        3 => status(503),
        _ => Effect::transient_error(),
    };
    Fault::new(when, effect).times(u64::try_from(1 + dice.below(2)).unwrap()).after(dice.below(2).try_into().unwrap())
}

/// Kills the operator: now, or at a point soon, and starts it again.
async fn killed(dice: &mut Dice, world: &mut World, switch: &mut Arc<KillSwitch>) {
    if dice.below(2) == 0 {
        switch.arm(dice.below(30));
        let limit = Instant::now() + std::time::Duration::from_secs(2);
        while !switch.is_dead() && Instant::now() < limit {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            if world.sim.idle() && world.operator.as_ref().is_some_and(|o| o.shared.clock_state().idle) {
                break;
            }
        }
    }
    world.kill_operator();
    *switch = KillSwitch::counting();
    world.start_operator_with(Some(switch.clone()), |_| {}).await;
}

async fn walk(seed: u64) {
    let began = Instant::now();
    let mut dice = Dice::new(seed);
    let mut world = World::new().await;
    let mut audit = Audit::default();
    audit.blind_after_hand = SignedDuration::from_mins(12);
    let mut spec = Spec::default();
    let mut switch = KillSwitch::counting();
    let mut story = vec![format!("seed {seed}")];
    audit.cap(&world.namespace, &spec.name, world.now(), spec.micros());
    world.apply(&spec.yaml()).await.unwrap();
    world.start_operator_with(Some(switch.clone()), |_| {}).await;
    for number in 0..STEPS {
        let told = match dice.below(10) {
            0..=3 => {
                spec = edited(&mut dice, &spec, number);
                audit.cap(&world.namespace, &spec.name, world.now(), spec.micros());
                world.patch_campaign(&spec.name, spec.json()).await;
                format!("{spec:?}")
            }
            4 => {
                killed(&mut dice, &mut world, &mut switch).await;
                "killed".into()
            }
            5 => {
                let fault = fault(&mut dice);
                let told = format!("{fault:?}");
                world.sim.faults().add(fault);
                told
            }
            6 => by_hand(&mut dice, &world),
            _ => {
                let span = *dice.of(&[1, 3, 7, 40, 400]);
                world.pass(SignedDuration::from_secs(span)).await;
                format!("{span} s pass")
            }
        };
        story.push(format!("{}: {told}", world.now()));
    }
    world.sim.faults().clear();
    // Another generation than all before it, under which no stop by hand is kept.
    let last = Spec { stops_by_hand: "Override".into(), headline: format!("Seed {seed}"), active: true, ..spec };
    audit.cap(&world.namespace, &last.name, world.now(), last.micros());
    world.patch_campaign(&last.name, last.json()).await;
    world.until_ready(&last.name).await;
    world.pass(SignedDuration::from_mins(12)).await;
    world.until_ready(&last.name).await;

    let mut alone = World::with_sim(sim_config(world.now())).await;
    alone.apply(&last.yaml()).await.unwrap();
    alone.start_operator().await;
    alone.until_ready(&last.name).await;
    let story = story.join("\n");
    let broken = audit.broken(&world.sim);
    assert!(broken.is_empty(), "{broken:#?}\n{story}");
    let ends = [&world, &alone].map(|world| State::of(&world.sim.google_account(CUSTOMER)).enabled());
    assert_eq!(ends[0], ends[1], "{story}");
    println!("seed {seed}: {} changes, {:.1} s", world.sim.ledger().len(), began.elapsed().as_secs_f64());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_ends_as_the_last_spec_alone() {
    if !has_cluster("the random walk") {
        return;
    }
    let one = std::env::var("ADOPS_SEED").ok().and_then(|seed| seed.parse::<u64>().ok());
    let seeds = one.map_or_else(|| (1..=if is_full() { 30 } else { 2 }).collect(), |seed| vec![seed]);
    let mut failed = Vec::new();
    for seed in seeds {
        if let Err(error) = tokio::spawn(walk(seed)).await {
            println!("seed {seed} failed (ADOPS_SEED={seed} walks it alone): {error}");
            failed.push(seed);
        }
    }
    assert!(failed.is_empty(), "seeds {failed:?} failed");
}
