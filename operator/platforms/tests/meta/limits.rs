//! Rate limits: HTTP 400 with a code, and headers that tell in minutes and seconds when it is over.

use std::sync::Arc;

use adops_core::campaign::plan::Action;
use adops_core::money::Money;
use adops_core::queue::Use;
use adops_core::reason::Reason;
use adops_platforms::error::{Disposition, PlatformError};
use adops_platforms::meta::Meta;
use adops_platforms::port::{AdPlatform, Connection, Outcome, Scope};
use adops_platforms::quota::spend;
use adsim::{Effect, Fault, Match, PlatformName};
use jiff::{SignedDuration, Timestamp};

use crate::support::{World, applied, config, connection, everything, markets, new_lines, words};

/// Others use the account up, each of whom has heard nothing yet. The last of them, and what it was told: the platform
/// has refused its request.
async fn used_up(world: &World) -> (Meta, PlatformError) {
    for _ in 0..100 {
        let other = Meta::new(connection(&world.sim, &world.counter)).unwrap();
        match spend(Use::Protect, other.account()).await.0 {
            Err(error @ PlatformError::RateLimited { .. }) => return (other, error),
            Ok(_) | Err(PlatformError::NotSent { .. }) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("the account is not used up: {:?}", world.counter.paths());
}

/// Nothing is sent before an instant, not even what stops spend, for it would be refused, too.
async fn is_silent_until(meta: &Meta, world: &World, until: Timestamp) {
    world.counter.reset();
    let (result, _) = spend(Use::Protect, meta.observe(&everything())).await;
    let Err(PlatformError::NotSent { reason: Reason::RateLimited, until: told, .. }) = result else {
        panic!("{result:?}")
    };
    assert_eq!((told, world.counter.reads()), (until, 0));
}

#[tokio::test]
async fn an_account_that_was_called_too_often_is_left_alone_until_the_headers_say() {
    let mut config = config();
    config.meta.quota.ads_management_per_hour = 12;
    let world = World::with(config).await;
    let (refused, error) = used_up(&world).await;
    let PlatformError::RateLimited { retry_after: Some(wait), .. } = &error else { panic!("{error:?}") };
    assert!(*wait >= SignedDuration::from_mins(55), "the header is in minutes: {wait:?}");
    let until = world.sim.now() + *wait;
    assert_eq!(error.disposition(world.sim.now()), Disposition::RetryAt(until));
    is_silent_until(&refused, &world, until).await;
    world.sim.set_now(until);
    refused.observe(&everything()).await.unwrap();
}

#[tokio::test]
async fn a_full_score_blocks_for_the_seconds_of_its_header_whatever_its_code() {
    for code in [(17, 2_446_079), (613, 1_487_742)] {
        let mut config = config();
        config.meta.quota.account_score = 20.0;
        config.meta.quota.block_seconds = 300;
        config.meta.quota.account_score_error = code;
        let world = World::with(config).await;
        let (refused, error) = used_up(&world).await;
        let PlatformError::RateLimited { retry_after: Some(wait), .. } = error else { panic!("{error:?}") };
        assert_eq!(wait, SignedDuration::from_secs(300), "{code:?}");
        let until = world.sim.now() + wait;
        is_silent_until(&refused, &world, until).await;
        world.sim.set_now(until);
        refused.observe(&everything()).await.unwrap();
    }
}

#[tokio::test]
async fn who_has_heard_how_much_is_used_stops_before_the_platform_refuses() {
    for (score, an_hour) in [(20.0, 100_000), (9_000.0, 12)] {
        let mut config = config();
        config.meta.quota.account_score = score;
        config.meta.quota.ads_management_per_hour = an_hour;
        let world = World::with(config).await;
        let mut observed = 0;
        let error = loop {
            match spend(Use::Observe, world.meta.observe(&everything())).await.0 {
                Ok(_) => observed += 1,
                Err(error) => break error,
            }
        };
        let PlatformError::NotSent { reason: Reason::RateLimited, until, .. } = error else { panic!("{error:?}") };
        assert!(observed > 0 && until > world.sim.now(), "{observed}, {until}");
        assert_eq!(world.view().blocks, 0, "the platform had to refuse nothing");
        // What is left is for what stops spend.
        spend(Use::Protect, world.meta.account()).await.0.unwrap();
        assert_eq!(world.view().blocks, 0);
    }
}

#[tokio::test]
async fn growth_waits_before_the_limit_is_reached_and_a_stop_does_not() {
    let mut config = config();
    config.meta.quota.account_score = 60.0;
    let mut world = World::with(config).await;
    let plan = world.plan().await;
    let outcomes = world.apply(&plan).await;
    assert!(applied(&outcomes) > 0, "{outcomes:?}");
    let campaigns = world.view().campaigns;
    assert!(!campaigns.is_empty());
    let id = campaigns[0].object.id.to_string();
    let (grown, _) = spend(Use::Grow, world.meta.create(&new_lines(&plan))).await;
    assert!(
        grown.iter().all(|o| matches!(o, Outcome::Failed(PlatformError::NotSent { reason: Reason::RateLimited, .. }))),
        "{grown:?}"
    );
    let (stopped, _) = spend(Use::Protect, world.meta.change(&[Action::Pause { id }])).await;
    assert_eq!(applied(&stopped), 1, "{stopped:?}");
    // What waited is done when there is room again, and nothing twice.
    for _ in 0..20 {
        world.tick(400);
        let plan = world.plan().await;
        if plan.is_empty() {
            break;
        }
        world.apply(&plan).await;
    }
    assert!(world.plan().await.is_empty(), "{:?}", words(&world.plan().await));
    assert_eq!(world.view().campaigns.len(), 3);
    assert_eq!(world.view().live_daily_budget_micros, 600_000_000);
    assert_eq!(world.view().blocks, 0, "the platform had to refuse nothing");
}

#[tokio::test]
async fn requests_are_as_large_as_there_is_room_for_and_chains_are_begun_that_can_be_ended() {
    let mut config = config();
    config.meta.quota.account_score = 200.0;
    config.meta.quota.block_seconds = 300;
    let mut world = World::with(config).await;
    world.spec.budget.amount = Money::parse("3000", "USD".parse().unwrap()).unwrap();
    world.spec.markets = markets(40);
    let mut rounds = 0;
    while !world.plan().await.is_empty() {
        let plan = world.plan().await;
        world.apply(&plan).await;
        let broken =
            world.view().campaigns.iter().filter(|c| c.ad_sets.first().is_none_or(|s| s.ads.is_empty())).count();
        assert_eq!(broken, 0, "a chain was begun that could not be ended");
        world.tick(150);
        rounds += 1;
        assert!(rounds < 40, "{} campaigns", world.view().campaigns.len());
    }
    assert_eq!((world.view().campaigns.len(), world.view().blocks), (40, 0));
    // 280 writes of three points, of which 75% of 200 go at once and half of that every 150 seconds.
    assert!(rounds >= 6, "{rounds} rounds");
}

#[tokio::test]
async fn a_connector_that_has_looked_once_at_an_account_with_room_sends_whole_batches() {
    let mut world = World::start().await;
    world.spec.budget.amount = Money::parse("60000", "USD".parse().unwrap()).unwrap();
    world.spec.markets = markets(200);
    let lines = new_lines(&world.plan().await);
    world.restart();
    world.meta.account().await.unwrap();
    world.observe().await;
    world.counter.reset();
    let (outcomes, _) = spend(Use::Grow, world.meta.create(&lines)).await;
    assert_eq!(applied(&outcomes), 200, "{outcomes:?}");
    // Two labels; campaigns, ad sets, creatives and ads, 45 of which are a batch.
    assert_eq!(world.counter.writes(), 2 + 4 * 200_usize.div_ceil(45), "{:?}", world.counter.paths());
}

#[tokio::test]
async fn a_limit_in_the_middle_of_a_chain_leaves_it_to_be_continued() {
    let mut world = World::start().await;
    world.spec.markets = markets(6);
    // Others have used the account up meanwhile.
    let limit = Effect::Reject { category: "80004".into(), code: "2446079".into() };
    let ad_set = Match::platform(PlatformName::Meta).operation("adset.create").contains("m0003");
    world.sim.faults().add(Fault::new(ad_set, limit).times(2));
    for _ in 0..30 {
        let scope = Scope::All { held: world.records.values().filter_map(|record| record.id.clone()).collect() };
        if let Ok(snapshot) = world.meta.observe(&scope).await {
            let plan = world.plan_of(&snapshot).await;
            if plan.is_empty() {
                break;
            }
            for outcome in world.apply(&plan).await {
                assert!(!matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
            }
        }
        world.tick(3_700);
    }
    let view = world.view();
    assert_eq!(view.campaigns.len(), 6);
    assert!(view.campaigns.iter().all(|c| c.ad_sets.len() == 1 && c.ad_sets[0].ads.len() == 1));
    assert_eq!(view.creatives.len(), 6);
}

#[tokio::test]
async fn insights_have_a_limit_of_their_own() {
    let mut config = config();
    config.meta.quota.ads_insights_per_hour = 1;
    let world = World::with(config).await;
    let since = jiff::civil::date(2027, 2, 20);
    world.meta.spend(since).await.unwrap();
    let error = world.meta.spend(since).await.unwrap_err();
    let PlatformError::RateLimited { retry_after: Some(wait), .. } = error else { panic!("{error:?}") };
    world.counter.reset();
    assert!(matches!(world.meta.spend(since).await, Err(PlatformError::NotSent { .. })));
    assert_eq!(world.counter.reads(), 0);
    world.meta.observe(&everything()).await.unwrap();
    world.sim.set_now(world.sim.now() + wait);
    world.meta.spend(since).await.unwrap();
}

#[tokio::test]
async fn a_limit_of_the_app_holds_all_its_accounts_back() {
    let mut config = config();
    config.meta.quota.app_calls_per_hour = Some(1);
    let world = World::with(config).await;
    let shared = connection(&world.sim, &Arc::default());
    let first = Meta::new(Connection { ..shared.clone() }).unwrap();
    let second = Meta::new(shared).unwrap();
    let place = |code: &str| std::collections::BTreeSet::from([code.parse().unwrap()]);
    first.resolve(&place("US")).await.unwrap();
    let held = first.resolve(&place("GB")).await.unwrap_err();
    assert!(matches!(held, PlatformError::NotSent { .. }), "the header said that it was the last: {held:?}");
    let (refused, _) = spend(Use::Protect, first.resolve(&place("GB"))).await;
    assert!(matches!(refused, Err(PlatformError::RateLimited { .. })), "{refused:?}");
    let (other, _) = spend(Use::Protect, second.account()).await;
    assert!(matches!(other, Err(PlatformError::QuotaExhausted { .. })), "{other:?}");
    world.tick(120);
    spend(Use::Protect, second.account()).await.0.unwrap();
}

#[tokio::test]
async fn changes_are_sent_no_faster_than_the_platform_takes_them() {
    let mut config = config();
    config.meta.quota.mutations_per_second = Some(100);
    let mut world = World::with(config).await;
    world.spec.budget.amount = Money::parse("30000", "USD".parse().unwrap()).unwrap();
    world.spec.markets = markets(60);
    let lines = new_lines(&world.plan().await);
    let outcomes = world.meta.create(&lines).await;
    assert_eq!(applied(&outcomes), 60, "{outcomes:?}");
    let view = world.view();
    assert!(view.campaigns.iter().all(|c| c.ad_sets.len() == 1 && c.ad_sets[0].ads.len() == 1), "no chain is broken");
}
