//! Changes of objects: whole ones, idempotent, and never of what is not ours.

use adops_core::campaign::observed::Delivery;
use adops_core::campaign::plan::Action;
use adops_core::campaign::settings::{Field, Value};
use adops_core::campaign::spec::{DeletionPolicy, State};
use adops_core::platform::Manner;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::{AdPlatform, Outcome};
use adsim::{Effect, Fault, Match, TikTokAction};

use crate::support::{World, applied, markets, paths, usd, words};

async fn settled() -> World {
    let mut world = World::start().await;
    world.settle().await;
    world
}

fn pause(id: &str) -> Action {
    Action::Pause { id: id.to_owned() }
}

fn enable(id: &str) -> Action {
    Action::Enable { id: id.to_owned(), budget: usd("2000") }
}

#[tokio::test]
async fn a_pause_is_marked_and_an_enable_takes_the_mark_off() {
    let world = settled().await;
    let id = world.id("US");
    for _ in 0..2 {
        assert!(matches!(world.change(pause(&id)).await, Outcome::Applied { .. }));
        let campaign = world.campaign("US");
        assert!(!campaign.enabled && campaign.name.ends_with("] [paused]"), "{}", campaign.name);
        assert_eq!(world.line("US").await.delivery, Delivery::PausedByUs);
    }
    for _ in 0..2 {
        assert!(matches!(world.change(enable(&id)).await, Outcome::Applied { .. }));
        let campaign = world.campaign("US");
        assert!(campaign.enabled && campaign.adgroups[0].enabled && campaign.name.ends_with(']'));
        assert!(!campaign.name.contains("paused"));
    }
}

#[tokio::test]
async fn a_pause_by_hand_is_told_from_our_own_and_stays_theirs() {
    let mut world = settled().await;
    let id = world.id("US");
    world.edit(TikTokAction::Pause { object: id.clone() });
    assert_eq!(world.line("US").await.delivery, Delivery::PausedByOthers);
    world.change(pause(&id)).await;
    assert_eq!(world.line("US").await.delivery, Delivery::PausedByOthers, "we have not paused it");
    world.spec_changed = false;
    for record in world.records.values_mut() {
        record.confirmed_enabled = true;
    }
    let plan = world.plan().await;
    let us = plan.lines.iter().find(|line| line.key.market == "US").unwrap();
    assert!(us.stopped_by_hand, "{us:?}");
    // Switching the ad group off stops it just as well.
    let group = world.campaign("DE").adgroups[0].id.clone();
    world.edit(TikTokAction::Pause { object: group });
    assert_eq!(world.line("DE").await.delivery, Delivery::PausedByOthers);
}

#[tokio::test]
async fn twenty_campaigns_are_paused_by_one_request_and_marked_before_it() {
    let mut world = World::start().await;
    world.spec.markets = markets(45);
    world.settle().await;
    let ids: Vec<String> = world.records.values().filter_map(|record| record.id.clone()).collect();
    let pauses: Vec<Action> = ids.iter().map(|id| pause(id)).collect();
    world.counter.reset();
    assert_eq!(applied(&world.tiktok.change(&pauses).await), 45);
    assert_eq!(world.counter.of("smart_plus/campaign/status/update"), 3);
    let paths = paths(&world.counter);
    assert!(paths[..20].iter().all(|path| path == "smart_plus/campaign/update"), "{paths:?}");
    assert_eq!((paths[20].as_str(), world.counter.reads()), ("smart_plus/campaign/status/update", 0));
    assert_eq!(world.view().live_daily_budget_micros, 0);
}

#[tokio::test]
async fn the_campaign_goes_live_last() {
    let mut world = World::start().await;
    let plan = world.plan().await;
    world.apply(&plan).await;
    world.observe().await;
    let ids = ["US", "DE"].map(|code| world.id(code));
    world.counter.reset();
    assert_eq!(applied(&world.tiktok.change(&ids.clone().map(|id| enable(&id))).await), 2);
    let paths = paths(&world.counter);
    assert_eq!(paths[..2], ["smart_plus/adgroup/status/update", "smart_plus/campaign/status/update"]);
    // An ad group that cannot go live keeps its campaign off.
    let group = world.campaign("US-CA").adgroups[0].id.clone();
    let reject = Effect::Reject { category: "Not now.".into(), code: "40002".into() };
    world.sim.faults().add(Fault::new(Match::default().operation("adgroup.enable").contains(&group), reject));
    let outcome = world.change(enable(&world.id("US-CA"))).await;
    assert!(matches!(outcome, Outcome::Failed(PlatformError::Rejected { .. })), "{outcome:?}");
    assert!(!world.campaign("US-CA").enabled);
}

#[tokio::test]
async fn what_fails_inside_of_a_success_is_told_of_the_one_it_is_about() {
    for code in [0, 20_001] {
        let mut world = World::configured(|config| config.partial_success_code = code).await;
        world.settle().await;
        let ids = ["US", "DE", "US-CA"].map(|code| world.id(code));
        let reject = Effect::Reject { category: "The campaign is being reviewed.".into(), code: "40002".into() };
        world.sim.faults().add(Fault::new(Match::default().operation("campaign.disable").contains(&ids[1]), reject));
        let outcomes = world.tiktok.change(&ids.clone().map(|id| pause(&id))).await;
        assert_eq!(applied(&outcomes), 2, "{code}");
        let Outcome::Failed(PlatformError::Rejected { message, .. }) = &outcomes[1] else { panic!("{outcomes:?}") };
        assert_eq!(message, "The campaign is being reviewed.");
        assert!(world.campaign("DE").enabled && !world.campaign("US").enabled);
    }
}

#[tokio::test]
async fn a_crash_between_two_steps_leaves_what_is_seen_and_healed() {
    // A pause that was only marked: it runs, its marker is damaged, and both are put right.
    let mut world = settled().await;
    world.spec.state = State::Paused;
    world.sim.faults().add(Fault::new(Match::path("campaign/status/update"), Effect::CutBefore).times(1));
    let plan = world.plan().await;
    let outcomes = world.apply(&plan).await;
    assert!(outcomes.iter().all(|outcome| !matches!(outcome, Outcome::Applied { .. })), "{outcomes:?}");
    let seen = world.line("US").await;
    assert_eq!((seen.delivery, seen.marker.label), (Delivery::Enabled, false));
    world.restart();
    let plan = world.plan().await;
    assert_eq!(words(&plan).iter().filter(|word| **word == "pause").count(), 3);
    world.settle().await;
    assert!(world.view().campaigns.iter().all(|campaign| !campaign.enabled && campaign.name.ends_with(" [paused]")));

    // One that went live with the mark still on it.
    let mut world = World::start().await;
    let plan = world.plan().await;
    world.apply(&plan).await;
    world.sim.faults().add(Fault::new(Match::path("smart_plus/campaign/update"), Effect::CutBefore));
    let plan = world.plan().await;
    assert_eq!(applied(&world.apply(&plan).await), 3, "it is live, whatever its name says");
    world.sim.faults().clear();
    world.restart();
    assert_eq!(words(&world.plan().await), ["mark"; 3]);
    world.settle().await;
    assert!(world.view().campaigns.iter().all(|campaign| campaign.enabled && !campaign.name.contains("paused")));
}

#[tokio::test]
async fn without_the_mark_it_still_stops() {
    let world = settled().await;
    let id = world.id("US");
    world.sim.faults().add(Fault::new(Match::path("smart_plus/campaign/update"), Effect::CutBefore));
    assert!(matches!(world.change(pause(&id)).await, Outcome::Applied { .. }));
    assert!(!world.campaign("US").enabled);
}

#[tokio::test]
async fn what_must_stop_does_not_wait_for_what_cannot_be_read() {
    let world = settled().await;
    let (us, de) = (world.id("US"), world.id("DE"));
    world.sim.faults().add(Fault::new(Match::path("/get/"), Effect::CutBefore));
    let mark = Action::Mark { id: us.clone(), token: String::new(), name: "x".to_owned(), paused: false };
    let unknown = "1770000000000000099";
    let outcomes = world.tiktok.change(&[mark, pause(&us), pause(&de), pause(unknown)]).await;
    let undone = |outcome: &Outcome| matches!(outcome, Outcome::Failed(PlatformError::Unavailable { .. }));
    assert!(undone(&outcomes[0]) && undone(&outcomes[3]), "{outcomes:?}");
    assert_eq!(applied(&outcomes[1..3]), 2);
    assert!(!world.campaign("US").enabled && !world.campaign("DE").enabled);
}

#[tokio::test]
async fn a_marker_that_was_taken_since_the_last_look_is_respected() {
    let world = settled().await;
    let id = world.id("US");
    let name = world.campaign("US").name.replace("[prod.", "[other.");
    world.edit(TikTokAction::Rename { object: id.clone(), name });
    let to = Value::Set(["18-24".to_owned()].into());
    let set = Action::Set { id, field: Field::Ages, from: None, to, manner: Manner::InPlace };
    let outcome = world.change(set).await;
    assert!(matches!(&outcome, Outcome::Failed(error) if error.reason() == Reason::ForeignMarker), "{outcome:?}");
}

#[tokio::test]
async fn what_is_not_ours_is_not_changed() {
    let mut world = settled().await;
    let add = |name: &str| TikTokAction::AddForeignCampaign {
        name: name.to_owned(),
        budget_micros: 100_000_000,
        enabled: true,
        smart_plus: true,
        location_ids: Vec::new(),
    };
    let ours = world.campaign("US").name;
    world.edit(add("Brand"));
    world.edit(add(&ours.replace("[prod.", "[other.")));
    let before = world.view();
    let others: Vec<&str> =
        before.campaigns.iter().filter(|c| !c.name.contains("[prod.")).map(|c| c.id.as_str()).collect();
    assert_eq!((others.len(), world.observe().await.lines.len()), (2, 3), "they are not even listed");
    for id in others {
        let set = Action::Set {
            id: id.to_owned(),
            field: Field::Ages,
            from: None,
            to: Value::Set(["18-24".to_owned()].into()),
            manner: Manner::InPlace,
        };
        let budget = Action::SetBudget { id: id.to_owned(), from: usd("100"), to: usd("60"), live: true };
        for action in [pause(id), enable(id), Action::Remove { id: id.to_owned() }, set, budget] {
            let outcome = world.change(action).await;
            assert!(
                matches!(&outcome, Outcome::Failed(error) if error.reason() == Reason::ForeignMarker),
                "{outcome:?}"
            );
        }
    }
    let after = world.view();
    assert!(before.campaigns.iter().zip(&after.campaigns).all(|(a, b)| (a.enabled, &a.name) == (b.enabled, &b.name)));
    world.settle().await;
}

#[tokio::test]
async fn a_remove_is_final_and_twice_the_same() {
    let mut world = settled().await;
    let id = world.id("US");
    let remove = Action::Remove { id: id.clone() };
    for _ in 0..2 {
        assert!(matches!(world.change(remove.clone()).await, Outcome::Applied { .. }));
        assert!(world.campaign_of(&id).deleted);
    }
    let held = world.observe().await.lines;
    assert_eq!(held[&id].existence, adops_core::campaign::observed::Existence::Removed);
    let outcome = world.change(enable(&id)).await;
    assert!(matches!(&outcome, Outcome::Failed(error) if error.reason() == Reason::RemovedOnPlatform), "{outcome:?}");
    world.spec.policies.deletion = DeletionPolicy::Remove;
    world.settle().await;
    assert_ne!(world.id("US"), id, "it is made again");
}

#[tokio::test]
async fn changes_of_one_ad_group_are_one_request() {
    let world = settled().await;
    let id = world.id("DE");
    let set = |field, to| Action::Set { id: id.clone(), field, from: None, to, manner: Manner::InPlace };
    let words = |words: &[&str]| Value::Set(words.iter().map(|word| (*word).to_owned()).collect());
    world.counter.reset();
    let outcomes = world
        .tiktok
        .change(&[
            set(Field::Ages, words(&["18-24", "55+"])),
            set(Field::Genders, words(&["male"])),
            set(Field::Languages, words(&["tlh"])),
            set(Field::Places, Value::Places(["AT".parse().unwrap()].into())),
            set(Field::End, Value::Instant("2027-06-30T23:59:59".parse().unwrap())),
        ])
        .await;
    assert_eq!((applied(&outcomes), world.counter.writes()), (4, 1), "{outcomes:?}");
    assert!(matches!(&outcomes[2], Outcome::Failed(error) if error.reason() == Reason::Unsupported));
    let group = world.campaign("DE").adgroups[0].clone();
    let targeting = &group.fields["targeting_spec"];
    assert_eq!(targeting["age_groups"], serde_json::json!(["AGE_18_24", "AGE_55_100"]));
    assert_eq!((&targeting["gender"], &targeting["languages"]), (&"GENDER_MALE".into(), &serde_json::json!(["de"])));
    assert_eq!(group.schedule_end_time.as_deref(), Some("2027-07-01 03:59:59"));
    assert_eq!(group.location_ids, ["2782113"]);
}

#[tokio::test]
async fn what_is_not_ours_is_marked_by_its_name_alone() {
    let mut world = World::start().await;
    world.edit(TikTokAction::AddForeignCampaign {
        name: "Brand".into(),
        budget_micros: 100_000_000,
        enabled: false,
        smart_plus: true,
        location_ids: vec!["6252001".to_owned()],
    });
    let id = world.view().campaigns[0].id.clone();
    let mark = Action::Mark {
        id: id.clone(),
        token: String::new(),
        name: "Brand [prod.0123456789abcdef.01234567.0]".to_owned(),
        paused: true,
    };
    assert!(matches!(world.change(mark).await, Outcome::Applied { .. }));
    world.records.clear();
    let seen = world.observe().await.lines[&id].clone();
    assert_eq!(seen.delivery, Delivery::PausedByUs);
    assert!(seen.marker.label && seen.marker.token.is_some() && seen.marker.token == seen.marker.inner_token);
    assert_eq!(seen.settings.get(Field::Name), Some(&Value::Text("Brand [prod.0123456789abcdef.01234567.0]".into())));
}
