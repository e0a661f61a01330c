//! Lines are created as chains that a refusal or a lost answer may break, and never twice.

use adops_core::campaign::observed::Delivery;
use adops_core::campaign::plan::Action;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::{AdPlatform, Outcome};
use adsim::{Effect, Fault, Match, PlatformName};

use crate::support::{World, applied, changes, markets, new_lines, words};

/// Of the hundred changes that Meta takes within a second the connector sends ninety at most, in two batches.
const WRITES_PER_BATCH: usize = 90 / 2;

fn reject(operation: &str, contains: &str, code: &str, subcode: &str) -> Fault {
    let effect = Effect::Reject { category: code.into(), code: subcode.into() };
    Fault::new(Match::platform(PlatformName::Meta).operation(operation).contains(contains), effect)
}

#[tokio::test]
async fn a_line_that_the_platform_refuses_takes_no_other_with_it() {
    let mut world = World::start().await;
    world.spec.budget.amount = adops_core::money::Money::parse("30000", "USD".parse().unwrap()).unwrap();
    world.spec.markets = markets(120);
    let lines = new_lines(&world.plan().await);
    world.sim.faults().add(reject("campaign.create", "m0077", "100", "1885621"));
    let outcomes = world.meta.create(&lines).await;
    assert_eq!(applied(&outcomes), 119);
    let Outcome::Failed(PlatformError::Rejected { reason, message }) = &outcomes[77] else {
        panic!("{:?}", outcomes[77])
    };
    assert_eq!(*reason, Reason::PlatformRejected);
    assert!(message.contains("100/1885621"), "{message}");
    assert_eq!(world.view().campaigns.len(), 119);
    assert_eq!(world.view().live_daily_budget_micros, 0);
}

#[tokio::test]
async fn lines_share_batches_and_each_step_is_a_few_requests() {
    let mut world = World::start().await;
    world.spec.budget.amount = adops_core::money::Money::parse("30000", "USD".parse().unwrap()).unwrap();
    world.spec.markets = markets(100);
    let lines = new_lines(&world.plan().await);
    world.counter.reset();
    let outcomes = world.meta.create(&lines).await;
    assert_eq!(applied(&outcomes), 100);
    // Two labels; a few batches for each of campaigns, ad sets, creatives and ads.
    let batches = 100_usize.div_ceil(WRITES_PER_BATCH);
    assert_eq!(world.counter.writes(), 2 + 4 * batches, "{:?}", world.counter.paths());
}

#[tokio::test]
async fn a_chain_that_is_refused_at_any_step_is_continued_and_never_begun_anew() {
    for (operation, missing) in
        [("adset.create", vec!["ad", "ad set"]), ("creative.create", vec!["ad"]), ("ad.create", vec!["ad"])]
    {
        let mut world = World::start().await;
        world.sim.faults().add(reject(operation, "", "100", "1487366").times(3));
        let plan = world.plan().await;
        let outcomes = world.apply(&plan).await;
        assert_eq!(applied(&outcomes), 3, "{operation}: the campaigns are there: {outcomes:?}");
        let line = world.line("US").await;
        assert_eq!(line.missing.iter().map(String::as_str).collect::<Vec<_>>(), missing, "{operation}");
        assert_eq!(line.delivery, Delivery::PausedByUs);
        let plan = world.plan().await;
        assert_eq!(words(&plan), ["complete"; 3], "{operation}");
        // The reason is that of the next attempt.
        world.sim.faults().add(reject(operation, "", "100", "1487366").times(3));
        let outcomes = world.apply(&plan).await;
        for outcome in &outcomes {
            let Outcome::Failed(PlatformError::Rejected { reason, .. }) = outcome else { panic!("{outcome:?}") };
            assert_eq!(*reason, Reason::ObjectLimit, "{operation}");
        }
        world.settle().await;
        let view = world.view();
        assert_eq!(view.campaigns.len(), 3, "{operation}");
        assert!(view.campaigns.iter().all(|c| c.ad_sets.len() == 1 && c.ad_sets[0].ads.len() == 1), "{operation}");
        assert_eq!(view.creatives.len(), 3, "{operation}: a creative that was there was used");
    }
}

#[tokio::test]
async fn a_lost_answer_at_any_step_leaves_the_outcome_unknown_and_one_of_each_in_the_end() {
    for operation in ["campaign.create", "adset.create", "creative.create", "ad.create"] {
        let mut world = World::start().await;
        let cut = Match::platform(PlatformName::Meta).operation(operation);
        world.sim.faults().add(Fault::new(cut, Effect::CutAfter).times(1));
        let plan = world.plan().await;
        let outcomes = world.apply(&plan).await;
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Unknown(_))), "{operation}: {outcomes:?}");
        world.settle().await;
        let view = world.view();
        assert_eq!(view.campaigns.len(), 3, "{operation}");
        assert!(view.campaigns.iter().all(|c| c.ad_sets.len() == 1 && c.ad_sets[0].ads.len() == 1), "{operation}");
        assert_eq!(view.creatives.len(), 3, "{operation}");
    }
}

#[tokio::test]
async fn a_lost_answer_while_a_chain_is_continued_makes_no_second_part() {
    for operation in ["adset.create", "creative.create", "ad.create"] {
        let mut world = World::start().await;
        world.sim.faults().add(reject("adset.create", "", "100", "1487366").times(3));
        let plan = world.plan().await;
        world.apply(&plan).await;
        let cut = Match::platform(PlatformName::Meta).operation(operation);
        world.sim.faults().add(Fault::new(cut, Effect::CutAfter).times(1));
        let plan = world.plan().await;
        let outcomes = world.apply(&plan).await;
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Unknown(_))), "{operation}: {outcomes:?}");
        world.settle().await;
        let view = world.view();
        assert!(view.campaigns.iter().all(|c| c.ad_sets.len() == 1 && c.ad_sets[0].ads.len() == 1), "{operation}");
        assert_eq!((view.campaigns.len(), view.creatives.len()), (3, 3), "{operation}");
    }
}

#[tokio::test]
async fn after_a_lost_answer_nothing_more_is_sent() {
    let mut world = World::start().await;
    world.spec.budget.amount = adops_core::money::Money::parse("30000", "USD".parse().unwrap()).unwrap();
    world.spec.markets = markets(120);
    let lines = new_lines(&world.plan().await);
    let cut = Match::platform(PlatformName::Meta).operation("campaign.create");
    world.sim.faults().add(Fault::new(cut, Effect::CutAfter).times(1));
    let outcomes = world.meta.create(&lines).await;
    let unknown = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Unknown(_))).count();
    let unsent = outcomes.iter().filter(|o| matches!(o, Outcome::Failed(PlatformError::Unavailable { .. }))).count();
    assert_eq!((unknown, unsent), (WRITES_PER_BATCH, 120 - WRITES_PER_BATCH));
    assert_eq!(world.view().campaigns.len(), WRITES_PER_BATCH);
}

#[tokio::test]
async fn a_part_that_somebody_deleted_is_created_again_below_a_paused_campaign() {
    let mut world = World::start().await;
    world.settle().await;
    let set = world.set("US").object.id;
    world.edit(adsim::MetaEditAction::Delete { object: set.to_string() });
    let plan = world.plan().await;
    assert_eq!(words(&plan), ["complete"]);
    world.sim.reset_ledger();
    let outcomes = world.apply(&plan).await;
    assert_eq!(applied(&outcomes), 1, "{outcomes:?}");
    let ledger = world.sim.ledger();
    assert_eq!((ledger[0].kind.as_str(), &ledger[0].after["status"]), ("campaign", &"PAUSED".into()));
    assert!(ledger.iter().all(|entry| entry.live_daily_budget_micros <= 400_000_000));
    world.settle().await;
    assert_ne!(world.set("US").object.id, set);
    assert_eq!(world.view().live_daily_budget_micros, 600_000_000);
}

#[tokio::test]
async fn a_part_that_is_enabled_comes_before_what_it_hangs_on() {
    let mut world = World::start().await;
    let plan = world.plan().await;
    world.apply(&plan).await;
    world.sim.reset_ledger();
    let plan = world.plan().await;
    let enable: Vec<Action> = changes(&plan).into_iter().take(1).collect();
    world.meta.change(&enable).await;
    let kinds: Vec<String> = world.sim.ledger().into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, ["ad", "adset", "campaign"]);
}

#[tokio::test]
async fn a_place_that_meta_does_not_know_makes_nothing() {
    let world = World::start().await;
    let mut lines = new_lines(&world.plan().await);
    let place = "US-ZZ".parse().unwrap();
    lines[1].settings.set(
        adops_core::campaign::settings::Field::Places,
        adops_core::campaign::settings::Value::Places([place].into()),
    );
    let outcomes = world.meta.create(&lines).await;
    assert_eq!(applied(&outcomes), 2);
    let Outcome::Failed(PlatformError::Rejected { reason: Reason::UnknownMarket, message }) = &outcomes[1] else {
        panic!("{:?}", outcomes[1])
    };
    assert!(message.contains("US-ZZ"), "{message}");
    assert_eq!(world.view().campaigns.len(), 2);
}
