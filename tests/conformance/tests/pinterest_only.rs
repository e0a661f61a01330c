//! What only Pinterest has, in the suite's world: what it cannot do is said, and thirty in a request are thirty.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::BTreeMap;
use std::sync::Arc;

use adops_conformance::spec::ACCOUNT;
use adops_conformance::subject::{Object, Pinterest};
use adops_conformance::world::applied;
use adops_core::campaign::line;
use adops_core::campaign::observed::Delivery;
use adops_core::campaign::plan::Action;
use adops_core::campaign::spec::{AgeRange, BudgetPeriod, CampaignSpec, Objective};
use adops_core::catalog::media::MediaBook;
use adops_core::market::Market;
use adops_core::platform::Account;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::Outcome;
use adsim::{Effect, Fault, Match, PinterestAction, PinterestEdit, PlatformName};
use jiff::SignedDuration;
use jiff::civil::date;
use serde_json::json;

type World = adops_conformance::World<Pinterest>;

const AD_ACCOUNT: &str = "549755885175";

fn of(operation: &str) -> Match {
    Match::platform(PlatformName::Pinterest).operation(operation)
}

fn by_hand(world: &World, action: PinterestAction) {
    world.sim.edit_pinterest(&PinterestEdit::by_hand(AD_ACCOUNT, action)).unwrap();
}

/// The id of a line's ad group, and its fields.
fn group(world: &World, market: &str) -> (String, serde_json::Value) {
    let id = world.id(market);
    let account = world.sim.pinterest_account(AD_ACCOUNT).unwrap();
    let campaign = account.campaigns.iter().find(|campaign| campaign.id == id).unwrap();
    (campaign.ad_groups[0]["id"].as_str().unwrap().to_owned(), campaign.ad_groups[0].clone())
}

/// A change of what is asked.
type Change = fn(&mut CampaignSpec, &mut Account);

/// What is said of the first line of a spec.
async fn problems(change: impl FnOnce(&mut CampaignSpec, &mut Account)) -> Vec<String> {
    let mut world = World::of(1).await;
    let mut account = world.account().await;
    change(&mut world.spec, &mut account);
    let rules = World::rules();
    let accounts = BTreeMap::from([(ACCOUNT.to_owned(), account.clone())]);
    let spec = Arc::new(world.spec.clone());
    let by_account = |_: &Account| Some(rules.clone());
    let desired = line::spread(&spec, &accounts, &by_account, &BTreeMap::new(), &MediaBook::new(), world.sim.now());
    let line = desired.lines.values().next().unwrap();
    let problems = rules.render(line, &account).err().unwrap_or_default();
    assert!(problems.iter().all(|problem| problem.reason == Reason::Unsupported), "{problems:?}");
    problems.into_iter().map(|problem| problem.message).collect()
}

#[tokio::test]
async fn what_pinterest_cannot_do_is_unsupported_and_says_so() {
    assert!(problems(|_, _| {}).await.is_empty());
    let cases: &[(Change, &str)] = &[
        (|_, account| account.identity.clear(), "pinterest.ads: ByHand"),
        (|spec, _| spec.objective = Objective::Signups, "Signups"),
        (|spec, _| spec.markets = vec![Market::of("US-CA".parse().unwrap())], "US-CA"),
        (|spec, _| spec.audience.ages = Some(AgeRange { from: 13, to: None }), "audience.ages"),
        (|spec, _| spec.declarations.eu_political_ads = true, "euPoliticalAds"),
        (|spec, _| _ = spec.declarations.special_ad_categories.insert("HOUSING".to_owned()), "specialAdCategories"),
        (
            |spec, _| {
                spec.budget.period = BudgetPeriod::Flight;
                spec.flight.end = date(2027, 6, 30);
            },
            "90 days",
        ),
    ];
    for (change, told) in cases {
        let said = problems(*change).await;
        assert!(matches!(&said[..], [one] if one.contains(told)), "{told}: {said:?}");
    }
}

#[tokio::test]
async fn a_line_that_is_refused_takes_no_other_with_it() {
    let mut world = World::of(3).await;
    let plan = world.plan().await;
    let reject = Effect::Reject { category: "No.".into(), code: "400".into() };
    world.sim.faults().add(Fault::new(of("campaign.create").contains("spring GB"), reject).times(1));
    let outcomes = world.apply(&plan).await;
    assert_eq!(applied(&outcomes), 2, "{outcomes:?}");
    let refused = |outcome: &&Outcome| matches!(outcome, Outcome::Failed(PlatformError::Rejected { .. }));
    assert_eq!(outcomes.iter().filter(refused).count(), 1);
    // One item that does not fit the description refuses a whole request: then each goes alone.
    let status = Effect::Status { status: 400, body: json!({ "code": 1, "message": "No." }) };
    world.sim.faults().add(Fault::new(of("campaign.update"), status).times(1));
    world.settle().await;
    assert_eq!(world.objects().iter().filter(|object| object.enabled).count(), 3);
}

#[tokio::test]
async fn a_hundred_lines_are_made_and_enabled_in_requests_of_thirty() {
    let mut world = World::of(100).await;
    let plan = world.plan().await;
    world.counter.reset();
    assert_eq!(applied(&world.apply(&plan).await), 100);
    assert_eq!(world.counter.writes(), 8, "campaigns and ad groups");
    let plan = world.plan().await;
    world.counter.reset();
    assert_eq!(applied(&world.apply(&plan).await), 100);
    assert_eq!(world.counter.writes(), 4);
    assert!(world.plan().await.is_empty());
}

#[tokio::test]
async fn what_was_set_by_hand_on_the_ad_group_is_set_back() {
    let mut world = World::of(1).await;
    world.settle().await;
    let (id, before) = group(&world, "US");
    let targeting = json!({ "LOCATION": ["DE"], "GENDER": ["female"], "INTEREST": ["925056443165"], "LOCALE": ["de"] });
    for (field, value) in [
        ("targeting_spec", targeting),
        ("auto_targeting_enabled", json!(true)),
        ("placement_group", json!("SEARCH")),
        ("bid_strategy_type", json!("MAX_BID")),
        ("bid_in_micro_currency", json!(1_000_000)),
    ] {
        by_hand(&world, PinterestAction::set(&id, field, value));
    }
    world.settle().await;
    let after = group(&world, "US").1;
    for field in ["targeting_spec", "auto_targeting_enabled", "placement_group", "bid_strategy_type"] {
        assert_eq!(after[field], before[field], "{field}");
    }
}

#[tokio::test]
async fn an_ad_group_that_was_paused_by_hand_is_a_stop_and_goes_on_with_an_enable() {
    let mut world = World::of(1).await;
    world.settle().await;
    let (id, _) = group(&world, "US");
    by_hand(&world, PinterestAction::set(&id, "status", "PAUSED"));
    let line = world.line("US").await;
    assert_eq!(line.delivery, Delivery::PausedByOthers);
    let enable = Action::Enable { id: line.id, budget: line.budget };
    assert_eq!(applied(&world.platform.change(&[enable]).await), 1);
    assert_eq!(world.line("US").await.delivery, Delivery::Enabled);
}

#[tokio::test]
async fn a_late_listing_makes_nothing_twice() {
    let mut world = World::of(2).await;
    world.sim.configure_pinterest(|config| config.read_lag = SignedDuration::from_secs(10));
    let plan = world.plan().await;
    world.sim.faults().add(Fault::new(of("adgroup.create"), Effect::CutAfter).times(1));
    assert_eq!(applied(&world.apply(&plan).await), 2, "the campaigns are certain");
    world.tick(11);
    // The ad groups are seen by now; before, a second one would have been refused.
    world.settle_through().await;
    let whole = |object: &Object| object.elements == 2 && object.enabled;
    assert!(world.objects().len() == 2 && world.objects().iter().all(whole), "{:?}", world.objects());
}

#[tokio::test]
async fn a_full_minute_says_how_long_to_wait() {
    let world = World::of(1).await;
    world.sim.configure_pinterest(|config| config.requests_per_minute = Some(1));
    world.platform.account().await.unwrap();
    let error = world.platform.account().await.unwrap_err();
    let wait = Some(SignedDuration::from_mins(1));
    assert!(matches!(&error, PlatformError::RateLimited { retry_after, .. } if *retry_after == wait), "{error:?}");
}
