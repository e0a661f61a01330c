//! Whatever breaks, and whenever: no line is there twice, and nothing runs that nobody asked for.

use adops_core::campaign::spec::State;
use adsim::{Effect, Fault, Match};

use crate::support::{World, config, market, problems, second_ad, usd};

/// Each write breaks with this chance, before or after its effect.
const CHANCE: f64 = 0.25;
const ROUNDS: u32 = 14;

fn faults(world: &World) {
    let error = |code: &str| Effect::Error { category: String::new(), code: code.to_owned() };
    for effect in [Effect::CutBefore, Effect::CutAfter, error("50002"), error("40202"), error("60001")] {
        let writes = Match::path("/smart_plus/").method("POST");
        world.sim.faults().add(Fault::new(writes, effect).with_probability(CHANCE / 5.0));
    }
}

#[tokio::test]
async fn no_line_is_there_twice_and_each_is_whole_in_the_end() {
    for seed in 1..=8 {
        let mut config = config();
        config.seed = seed;
        // A repeat by the same number is refused in a moment, which here is not waited for.
        config.tiktok.request_id_seconds = 0.0;
        let mut world = World::with(config).await;
        let second = second_ad(&world.spec, &[crate::support::WIDE_VIDEO]);
        world.spec.ads.push(second);
        faults(&world);
        for round in 0..ROUNDS {
            match round {
                4 => world.spec.budget.amount = usd("3000"),
                6 => world.spec.state = State::Paused,
                8 => world.spec.state = State::Active,
                10 => world.spec.ads[0].url = "https://example.com/new".to_owned(),
                11 => world.spec.markets.push(market("GB")),
                _ => {}
            }
            let plan = world.plan().await;
            assert!(problems(&plan).is_empty(), "{:?}", problems(&plan));
            world.apply(&plan).await;
            let live = world.view().live_daily_budget_micros;
            assert!(
                live <= if round < 8 { 6_000_000_000 } else { 3_000_000_000 },
                "seed {seed}, round {round}: {live}"
            );
            // The process dies, and nothing but what the platform holds and the records say is left.
            world.restart();
            world.tick(60);
        }
        world.sim.faults().clear();
        world.settle().await;
        let view = world.view();
        assert_eq!((view.campaigns.len(), view.live_daily_budget_micros), (4, 3_000_000_000), "seed {seed}");
        for campaign in &view.campaigns {
            let live: Vec<_> = campaign.adgroups.iter().filter(|group| group.enabled && !group.deleted).collect();
            assert_eq!(live.len(), 1, "seed {seed}");
            assert_eq!(live[0].ads.iter().filter(|ad| ad.enabled && !ad.deleted).count(), 2, "seed {seed}");
            assert!(campaign.enabled && !campaign.name.contains("[paused]"), "seed {seed}: {}", campaign.name);
        }
    }
}
