//! A random walk of spec edits, restarts, kills, platform faults and edits by hand ends in the same platform state as
//! applying the last spec alone (S5), on each platform and on all of them at once, and at no time is there a duplicate
//! or a half-made object.
//!
//! `ADOPS_SEED=N` walks one seed; by default one or two are walked, with `ADOPS_FULL=1` thirty.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::time::Instant;

use adops_conformance::subject::Hand;
use adops_e2e::kill::KillSwitch;
use adops_e2e::reach;
use adops_e2e::world::{CUSTOMER, World, sim_config, start_time};
use adops_reliability::audit::Audit;
use adops_reliability::dice::Dice;
use adops_reliability::spec::Spec;
use adops_reliability::state::State;
use adops_reliability::{has_cluster, is_full};
use adsim::PlatformName::{self, Google, Meta, TikTok};
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
        // On TikTok some of a line's shares are then below the minimum, and what runs must be paused.
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
fn by_hand(dice: &mut Dice, world: &World, platform: PlatformName) -> String {
    if platform == Google { on_google(dice, world) } else { elsewhere(dice, world, platform) }
}

fn elsewhere(dice: &mut Dice, world: &World, platform: PlatformName) -> String {
    let objects = reach::objects(&world.sim, platform);
    if objects.is_empty() {
        return "nothing to edit".into();
    }
    let id = dice.of(&objects).id.clone();
    let name = format!("by hand {id}");
    let hand = match dice.below(5) {
        0 => Hand::Pause(&id),
        1 => Hand::Budget(&id, 57_000_000),
        2 => Hand::Budget(&id, 900_000_000),
        3 => Hand::Rename(&id, &name),
        _ => Hand::Remove(&id),
    };
    let told = format!("{platform:?}: {hand:?}");
    reach::by_hand(&world.sim, platform, &hand);
    told
}

fn on_google(dice: &mut Dice, world: &World) -> String {
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

fn fault(dice: &mut Dice, platform: PlatformName) -> Fault {
    let status = |status| Effect::Status { status, body: serde_json::Value::Null };
    let when = match (dice.below(3) == 0, platform) {
        (true, Google) => Match::searches(),
        (true, _) => Match::platform(platform).method("GET"),
        (false, _) => reach::writes(platform),
    };
    let effect = match (dice.below(5), platform) {
        (0, _) => Effect::CutAfter,
        (1, _) => Effect::CutBefore,
        (2, _) => status(500),
        (4, Google) => Effect::transient_error(),
        _ => status(503),
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

/// A world with an AdAccount on each platform.
async fn world_at(config: adsim::Config) -> World {
    let world = World::with_sim(config).await;
    world.add_other_accounts().await;
    world
}

async fn walk(seed: u64, platforms: &'static [PlatformName]) {
    let began = Instant::now();
    let mut dice = Dice::new(seed);
    let mut world = world_at(sim_config(start_time())).await;
    let mut audit = Audit::default();
    audit.blind_after_hand = SignedDuration::from_mins(12);
    let mut spec = Spec::on(platforms);
    let mut switch = KillSwitch::counting();
    let mut story = vec![format!("seed {seed} on {platforms:?}")];
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
                let platform = *dice.of(platforms);
                let fault = fault(&mut dice, platform);
                let told = format!("{fault:?}");
                world.sim.faults().add(fault);
                told
            }
            6 => {
                let platform = *dice.of(platforms);
                by_hand(&mut dice, &world, platform)
            }
            _ => {
                let span = *dice.of(&[1, 3, 7, 40, 400]);
                world.pass(SignedDuration::from_secs(span)).await;
                format!("{span} s pass")
            }
        };
        story.push(format!("{}: {told}", world.now()));
    }
    world.sim.faults().clear();
    // Another generation than all before it, under which no stop by hand is kept, and no line is below a minimum.
    let budget = if platforms == [Google] { spec.budget } else { 480 };
    let last =
        Spec { stops_by_hand: "Override".into(), headline: format!("Seed {seed}"), active: true, budget, ..spec };
    audit.cap(&world.namespace, &last.name, world.now(), last.micros());
    world.patch_campaign(&last.name, last.json()).await;
    world.until_ready(&last.name).await;
    world.pass(SignedDuration::from_mins(12)).await;
    world.until_ready(&last.name).await;

    let mut alone = world_at(sim_config(world.now())).await;
    alone.apply(&last.yaml()).await.unwrap();
    alone.start_operator().await;
    alone.until_ready(&last.name).await;
    let story = story.join("\n");
    let broken = audit.broken(&world.sim);
    assert!(broken.is_empty(), "{broken:#?}\n{story}");
    let ends = [&world, &alone].map(|world| State::of_all(&world.sim).enabled());
    assert_eq!(ends[0], ends[1], "{story}");
    println!(
        "seed {seed} on {platforms:?}: {} changes, {:.1} s",
        world.sim.ledger().len(),
        began.elapsed().as_secs_f64()
    );
}

async fn walks(platforms: &'static [PlatformName], few: u64) {
    if !has_cluster("the random walk") {
        return;
    }
    let one = std::env::var("ADOPS_SEED").ok().and_then(|seed| seed.parse::<u64>().ok());
    let seeds = one.map_or_else(|| (1..=if is_full() { 30 } else { few }).collect(), |seed| vec![seed]);
    let mut failed = Vec::new();
    for seed in seeds {
        if let Err(error) = tokio::spawn(walk(seed, platforms)).await {
            println!("seed {seed} on {platforms:?} failed (ADOPS_SEED={seed} walks it alone): {error}");
            failed.push(seed);
        }
    }
    assert!(failed.is_empty(), "seeds {failed:?} failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_ends_as_the_last_spec_alone() {
    walks(&[Google], 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_on_meta_ends_as_the_last_spec_alone() {
    walks(&[Meta], 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_on_tiktok_ends_as_the_last_spec_alone() {
    walks(&[TikTok], 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_everywhere_ends_as_the_last_spec_alone() {
    walks(&reach::ALL, 1).await;
}
