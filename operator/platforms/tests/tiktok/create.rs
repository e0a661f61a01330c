//! Lines are chains: one that breaks is continued, and nothing of it is ever made twice.

use adops_core::campaign::observed::Delivery;
use adops_core::campaign::plan::Action;
use adops_core::campaign::settings::{Field, Value};
use adops_core::reason::Reason;
use adops_platforms::error::{Disposition, PlatformError};
use adops_platforms::port::{AdPlatform, Outcome};
use adsim::{Effect, Fault, Match, TikTokAction};

use crate::support::{WIDE_VIDEO, World, applied, market, markets, second_ad, words};

fn refuse(code: i64, message: &str) -> Effect {
    Effect::Error { category: message.to_owned(), code: code.to_string() }
}

fn create_of(kind: &str) -> Match {
    Match::path(&format!("smart_plus/{kind}/create"))
}

/// One line with two ads.
async fn one() -> World {
    let mut world = World::start().await;
    world.spec.markets = vec![market("US")];
    let second = second_ad(&world.spec, &[WIDE_VIDEO]);
    world.spec.ads.push(second);
    world
}

fn rejection(outcome: &Outcome) -> (Reason, &str) {
    match outcome {
        Outcome::Failed(PlatformError::Rejected { reason, message }) => (*reason, message),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_line_is_created_off_with_its_ads_on() {
    let mut world = one().await;
    let plan = world.plan().await;
    assert_eq!(applied(&world.apply(&plan).await), 1);
    let campaign = world.campaign("US");
    let group = &campaign.adgroups[0];
    assert!(!campaign.enabled && !group.enabled && group.ads.iter().all(|ad| ad.enabled));
    assert!(campaign.name.ends_with(" [paused]") && !group.name.contains("[paused]"));
    assert_eq!(
        (campaign.budget_mode.as_str(), campaign.budget_micros),
        ("BUDGET_MODE_DYNAMIC_DAILY_BUDGET", Some(6_000_000_000))
    );
    assert_eq!(group.fields["targeting_optimization_mode"], "MANUAL", "automatic targeting drops ages");
    assert_eq!(group.ads.len(), 2);
    assert_eq!(world.view().live_daily_budget_micros, 0);
}

#[tokio::test]
async fn a_chain_that_breaks_at_any_step_is_continued_and_never_begun_anew() {
    for (kind, passed, missing) in [("adgroup", 0, "complete"), ("ad", 0, "complete"), ("ad", 1, "set")] {
        for effect in [Effect::CutBefore, refuse(50_000, "System error"), refuse(40_100, "Too many requests.")] {
            let mut world = one().await;
            world.sim.faults().add(Fault::new(create_of(kind), effect.clone()).after(passed).times(1));
            let plan = world.plan().await;
            let outcomes = world.apply(&plan).await;
            assert_eq!(applied(&outcomes), 1, "{kind}: the topmost object is there");
            let seen = world.line("US").await;
            assert_eq!((seen.delivery, seen.marker.label), (Delivery::PausedByUs, true));
            assert_eq!(seen.missing.is_empty(), missing == "set", "{:?}", seen.missing);
            // What may still have its effect is waited for, by the machine's clock.
            world.restart();
            let plan = world.plan().await;
            assert_eq!(words(&plan), [missing], "{kind} {effect:?}");
            world.settle().await;
            let view = world.view();
            let campaign = &view.campaigns[0];
            assert_eq!((view.campaigns.len(), campaign.adgroups.len(), campaign.adgroups[0].ads.len()), (1, 1, 2));
            assert!(campaign.enabled && campaign.adgroups[0].enabled);
        }
    }
}

#[tokio::test]
async fn a_step_whose_answer_was_lost_is_found_and_not_made_twice() {
    for kind in ["campaign", "adgroup", "ad"] {
        let mut world = one().await;
        world.sim.faults().add(Fault::new(create_of(kind), Effect::CutAfter).times(1));
        let plan = world.plan().await;
        let outcomes = world.apply(&plan).await;
        let unknown = matches!(outcomes[..], [Outcome::Unknown(_)]);
        assert_eq!(unknown, kind == "campaign", "{outcomes:?}");
        world.restart();
        world.settle().await;
        let view = world.view();
        let campaign = &view.campaigns[0];
        assert_eq!(
            (view.campaigns.len(), campaign.adgroups.len(), campaign.adgroups[0].ads.len()),
            (1, 1, 2),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn a_chain_is_not_continued_while_a_part_of_it_may_still_come() {
    let mut world = one().await;
    world.sim.faults().add(Fault::new(create_of("adgroup"), Effect::HangAfter).times(1));
    let plan = world.plan().await;
    let line = crate::support::new_lines(&plan).remove(0);
    assert_eq!(applied(&world.apply(&plan).await), 1);
    let id = world.id("US");
    world.records.clear();
    let action = Action::Complete { id, line: Box::new(line), missing: ["ad group".to_owned()].into() };
    let outcome = world.change(action).await;
    let Outcome::Failed(PlatformError::Unavailable { message }) = &outcome else { panic!("{outcome:?}") };
    assert!(message.contains("no known outcome"), "{message}");
    assert_eq!(world.view().campaigns[0].adgroups.len(), 1);
}

#[tokio::test]
async fn a_repeated_request_is_not_taken_for_a_success_nor_for_a_failure() {
    let world = one().await;
    let line = world.new_lines().await.remove(0);
    assert_eq!(applied(&world.tiktok.create(std::slice::from_ref(&line)).await), 1);
    // Within seconds TikTok knows the request again.
    let again = world.tiktok.create(&[line]).await;
    assert!(matches!(again[..], [Outcome::Unknown(_)]), "{again:?}");
    assert_eq!(world.view().campaigns.len(), 1);
}

#[tokio::test]
async fn a_line_that_the_platform_refuses_takes_no_other_with_it() {
    let mut world = World::start().await;
    world.spec.markets = markets(40);
    let lines = world.new_lines().await;
    let Some(Value::Text(name)) = lines[17].settings.get(Field::Name) else { panic!() };
    world.sim.faults().add(Fault::new(
        Match::default().operation("campaign.create").contains(name),
        Effect::Reject { category: "campaign_name: Not allowed.".into(), code: "40002".into() },
    ));
    let outcomes = world.tiktok.create(&lines).await;
    assert_eq!(applied(&outcomes), 39);
    let (reason, message) = rejection(&outcomes[17]);
    assert_eq!(reason, Reason::PlatformRejected);
    assert!(message.starts_with("campaign_name: Not allowed. (40002, request "), "{message}");
    assert!(world.view().campaigns.iter().all(|campaign| !campaign.enabled));
}

#[tokio::test]
async fn after_an_unknown_outcome_nothing_more_is_sent() {
    let mut world = World::start().await;
    world.spec.markets = markets(60);
    let lines = world.new_lines().await;
    world
        .sim
        .faults()
        .add(Fault::new(create_of("campaign"), Effect::Status { status: 502, body: serde_json::Value::Null }));
    world.counter.reset();
    let outcomes = world.tiktok.create(&lines).await;
    assert!(world.counter.writes() <= 8, "only what was under way: {}", world.counter.writes());
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Outcome::Unknown(_))));
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Outcome::Failed(PlatformError::Unavailable { .. }))));
    assert_eq!(applied(&outcomes), 0);
}

#[tokio::test]
async fn a_throttled_account_stops_creating_and_says_how_long_to_wait() {
    let mut world = World::start().await;
    world.spec.markets = markets(60);
    let lines = world.new_lines().await;
    world.sim.faults().add(Fault::new(create_of("campaign"), refuse(40_133, "Advertiser's QPM reaches QPM limit")));
    world.counter.reset();
    let outcomes = world.tiktok.create(&lines).await;
    assert!(world.counter.writes() <= 8);
    for outcome in &outcomes {
        let Outcome::Failed(error) = outcome else { panic!("{outcome:?}") };
        let wait = world.sim.now() + jiff::SignedDuration::from_mins(5);
        assert_eq!(error.disposition(world.sim.now()), Disposition::RetryAt(wait), "{error:?}");
    }
}

#[tokio::test]
async fn what_tiktok_does_not_know_stops_its_lines_only_and_before_anything_is_made() {
    let mut world = World::start().await;
    // TikTok shows no ads in Afghanistan; no place has the code ZZ.
    world.spec.markets.extend([market("AF"), market("US-ZZ")]);
    world.spec.fallback_locale = Some("en".parse().unwrap());
    let mut lines = world.new_lines().await;
    let german = lines.iter_mut().find(|line| line.key.market == "DE").unwrap();
    german.settings.set(Field::Languages, Value::Set(["tlh".to_owned()].into()));
    world.counter.reset();
    let outcomes = world.tiktok.create(&lines).await;
    let told: Vec<String> = outcomes.iter().map(|outcome| format!("{outcome:?}")).collect();
    let has = |text: &str| told.iter().filter(|told| told.contains(text)).count();
    assert_eq!(
        (has("cannot target the language tlh"), has("UnknownMarket"), applied(&outcomes)),
        (1, 2, 2),
        "{told:?}"
    );
    assert_eq!(world.view().campaigns.len(), 2);
    assert!(told.iter().any(|told| told.contains("the place US-ZZ")), "{told:?}");
}

#[tokio::test]
async fn a_part_that_somebody_deleted_is_made_again_before_the_line_runs() {
    for part in ["group", "ad"] {
        let mut world = one().await;
        world.settle().await;
        // TikTok knows a repeated request for some seconds only; a person needs longer.
        world.sim.configure_tiktok(|config| config.request_id_seconds = 0.0);
        let group = world.campaign("US").adgroups[0].clone();
        if part == "group" {
            world.edit(TikTokAction::Delete { object: group.id.clone() });
        } else {
            for ad in &group.ads {
                world.edit(TikTokAction::Delete { object: ad.id.clone() });
            }
        }
        let seen = world.line("US").await;
        assert_eq!((seen.delivery, seen.missing.len()), (Delivery::PausedByUs, 1), "it counts as paused");
        let plan = world.plan().await;
        assert_eq!(words(&plan), ["complete"]);
        assert_eq!(applied(&world.apply(&plan).await), 1);
        assert!(!world.campaign("US").enabled, "the topmost object is off until the chain is whole");
        world.settle().await;
        let campaign = world.campaign("US");
        let live: Vec<_> = campaign.adgroups.iter().filter(|group| !group.deleted).collect();
        assert!(campaign.enabled && live.len() == 1 && live[0].enabled);
        assert_eq!(live[0].ads.iter().filter(|ad| !ad.deleted && ad.enabled).count(), 2);
    }
}

#[tokio::test]
async fn a_part_that_tiktok_refuses_says_why_and_leaves_the_line_off() {
    let mut world = one().await;
    // The pixel does not report it.
    world.conversion_action = Some("FORM".to_owned());
    let plan = world.plan().await;
    assert_eq!(applied(&world.apply(&plan).await), 1);
    for _ in 0..2 {
        let plan = world.plan().await;
        assert_eq!(words(&plan), ["complete"]);
        let outcomes = world.apply(&plan).await;
        let (reason, message) = rejection(&outcomes[0]);
        assert_eq!(reason, Reason::PlatformRejected);
        assert!(message.starts_with("optimization_event: FORM is not configured for the pixel"), "{message}");
    }
    world.conversion_action = None;
    world.settle().await;
    assert_eq!((world.view().campaigns.len(), world.campaign("US").enabled), (1, true));
}

#[tokio::test]
async fn an_account_that_is_full_says_so() {
    let world = World::configured(|config| config.limits.campaigns = Some(2)).await;
    let outcomes = world.tiktok.create(&world.new_lines().await).await;
    assert_eq!(applied(&outcomes), 2);
    let full = |outcome: &&Outcome| matches!(outcome, Outcome::Failed(error) if error.reason() == Reason::ObjectLimit);
    assert_eq!(outcomes.iter().filter(full).count(), 1, "{outcomes:?}");
}

#[tokio::test]
async fn a_listing_that_lags_shows_a_line_later_and_it_is_the_same() {
    let mut world = one().await;
    world.sim.configure_tiktok(|config| config.read_lag = jiff::SignedDuration::from_secs(8));
    world.tick(10);
    let lag = world.tiktok.read_after_write_lag();
    assert!(lag >= jiff::SignedDuration::from_secs(8) && world.tiktok.request_timeout() > jiff::SignedDuration::ZERO);
    let plan = world.plan().await;
    world.apply(&plan).await;
    assert!(world.observe().await.lines.is_empty());
    world.tick(lag.as_secs());
    assert_eq!(world.observe().await.lines.len(), 1);
    assert_eq!(words(&world.plan().await), ["enable"]);
}
