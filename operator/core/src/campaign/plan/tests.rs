//! The truth table of the plan, and what becomes of objects whose line or marker is gone.

mod adoption;

use jiff::SignedDuration;

use super::{LinePlan, Plan};
use crate::campaign::line::LineKey;
use crate::campaign::settings::{Field, Value};
use crate::campaign::spec::{Adoptee, Adoption, DeletionPolicy, OnReplace, State};
use crate::marker::Token;
use crate::reason::Reason;
use crate::testing::{
    Fate, Faults, Held, World, another_bidding, at, changes, eur, installation, key, market, settled, spec, withheld,
};

fn us() -> LineKey {
    key("a", "US")
}

fn line<'a>(plan: &'a Plan, market: &str) -> &'a LinePlan {
    plan.lines.iter().find(|line| line.key.market == market).unwrap()
}

fn problem(plan: &Plan) -> Option<Reason> {
    line(plan, "US").problem.as_ref().map(|problem| problem.reason)
}

fn waits_for(plan: &Plan) -> Option<Reason> {
    line(plan, "US").wait.as_ref().map(|wait| wait.reason)
}

fn bound(plan: &Plan) -> Option<&str> {
    line(plan, "US").bound.as_ref().map(|object| object.id.as_str())
}

fn adoption(market: &str, object: Adoptee) -> Adoption {
    Adoption { account: "a".to_owned(), market: market.to_owned(), object }
}

fn adopt(market: &str, id: &str) -> Adoption {
    adoption(market, Adoptee::Id(id.to_owned()))
}

fn adopt_called(market: &str, name: &str) -> Adoption {
    adoption(market, Adoptee::Name(name.to_owned()))
}

fn nothing() -> Vec<String> {
    Vec::new()
}

fn token(replacement: u32) -> Token {
    Token::new(&installation(), &spec(&[]).id, &us(), replacement)
}

/// One line, live, as object 1001.
fn one() -> World {
    settled(spec(&["US"]))
}

/// The same, but the object was never enabled and nothing is remembered.
fn staged() -> World {
    let mut spec = spec(&["US"]);
    spec.state = State::Paused;
    let mut world = settled(spec);
    world.edit(|spec| spec.state = State::Active);
    world.wipe_status();
    world
}

fn copy_of(world: &mut World, id: &str, edit: impl FnOnce(&mut Held)) {
    let mut held = world.platform.get("a", "1001").clone();
    edit(&mut held);
    let now = world.now;
    world.platform.put("a", id, held, now);
}

#[test]
fn no_record_and_nothing_seen_creates() {
    let mut world = World::new(spec(&["US"]), at("2027-03-10T08:00:00Z"));
    let plan = world.look();
    assert_eq!(changes(&plan), ["US: create Spec"]);
}

#[test]
fn after_a_start_nothing_is_created_before_a_listing_that_shows_all_of_the_earlier_process() {
    let mut world = World::new(spec(&["US"]), at("2027-03-10T08:00:00Z"));
    let plan = world.pass(&Faults::default());
    assert_eq!((changes(&plan), waits_for(&plan)), (nothing(), Some(Reason::NotObserved)));
}

#[test]
fn no_record_and_one_seen_takes_it_up_running_or_paused() {
    let mut world = one();
    world.wipe_status();
    let plan = world.look();
    assert_eq!((changes(&plan), bound(&plan)), (nothing(), Some("1001")));
    assert_eq!(changes(&staged().look()), ["US: enable Spec"]);
}

#[test]
fn an_attempt_that_is_not_settled_is_waited_for_and_then_made_again_with_its_token() {
    let mut world = World::new(spec(&["US"]), at("2027-03-10T08:00:00Z"));
    world.advance(200);
    world.record(&us()).replacement = 3;
    world.record(&us()).attempt = Some(world.now);
    world.advance(80);
    let plan = world.pass(&Faults::default());
    assert_eq!((changes(&plan), waits_for(&plan)), (nothing(), Some(Reason::Creating)));
    assert_eq!(plan.wake_at(), Some(world.now + SignedDuration::from_secs(10)));
    let plan = world.look();
    assert_eq!(
        (changes(&plan).as_slice(), line(&plan, "US").replacement),
        (["US: create Spec".to_owned()].as_slice(), 3)
    );
}

#[test]
fn an_attempt_and_one_seen_takes_it_up() {
    let mut world = staged();
    world.record(&us()).attempt = Some(world.now + SignedDuration::from_secs(199));
    let plan = world.look();
    assert_eq!((changes(&plan), bound(&plan)), (vec!["US: enable Spec".to_owned()], Some("1001")));
}

#[test]
fn of_several_that_never_delivered_the_lowest_stays_and_is_not_enabled_before_the_others_are_gone() {
    let mut world = staged();
    copy_of(&mut world, "999", |_| {});
    copy_of(&mut world, "2000", |_| {});
    let plan = world.look();
    assert_eq!(bound(&plan), Some("999"));
    assert_eq!(changes(&plan), ["retired 1001: remove Duplicate", "retired 2000: remove Duplicate"]);
    world.settle();
    let live: Vec<&String> = world.platform.live().map(|(_, id, _)| id).collect();
    assert_eq!(live, ["999"]);
    assert!(world.platform.get("a", "999").enabled);
}

#[test]
fn of_several_one_of_which_delivered_a_person_chooses_and_all_can_still_be_stopped() {
    let mut world = one();
    copy_of(&mut world, "2000", |_| {});
    let plan = world.look();
    assert_eq!((problem(&plan), changes(&plan)), (Some(Reason::CreateOutcomeUnknown), nothing()));
    let message = &line(&plan, "US").problem.as_ref().unwrap().message;
    assert!(message.contains("1001, 2000"), "{message}");

    world.accounts.get_mut("a").unwrap().stop = true;
    let stop = ["retired 1001: pause AccountStop", "retired 2000: pause AccountStop"];
    assert_eq!(changes(&world.look()), stop);
    world.accounts.get_mut("a").unwrap().stop = false;
    world.edit(|spec| spec.state = State::Paused);
    assert_eq!(changes(&world.look()), ["retired 1001: pause Spec", "retired 2000: pause Spec"]);
    world.edit(|spec| spec.state = State::Active);

    world.resolutions.insert(us(), "2000".to_owned());
    let plan = world.look();
    assert_eq!((bound(&plan), problem(&plan)), (Some("2000"), None));
    assert_eq!(changes(&plan), ["retired 1001: pause Replaced"]);
    world.settle();
    assert!(world.platform.get("a", "2000").enabled && !world.platform.get("a", "1001").enabled);
}

#[test]
fn a_resolution_does_not_bring_back_what_was_replaced() {
    let mut world = one();
    copy_of(&mut world, "2000", |_| {});
    world.resolutions.insert(us(), "2000".to_owned());
    world.settle();
    world.edit(|spec| {
        spec.google.bidding = another_bidding();
        spec.policies.on_replace = OnReplace::Allow;
    });
    let plan = world.settle();
    assert_eq!(bound(&plan), Some("1002"));
    assert_eq!(world.platform.live().filter(|(_, _, held)| held.enabled).count(), 1);
}

#[test]
fn a_damaged_marker_is_restored() {
    type Damage = fn(&mut Held);
    let damages: [(&str, Damage); 4] = [
        ("label", |held| held.label = false),
        ("name", |held| held.name = "mine".to_owned()),
        ("both", |held| (held.label, held.name) = (false, "mine".to_owned())),
        ("all tokens", |held| (held.inner, held.name) = (None, "mine".to_owned())),
    ];
    for (what, damage) in damages {
        let mut world = one();
        world.platform.by_hand("a", "1001", world.now, damage);
        let plan = world.look();
        assert_eq!(changes(&plan), ["US: mark Drift"], "{what}");
        assert_eq!(line(&plan, "US").drift, [Field::Name], "{what}");
        world.settle();
        let held = world.platform.get("a", "1001");
        assert!(held.label && held.name == format!("spring US {}", token(0)), "{what}: {held:?}");
        assert_eq!(world.platform.live().count(), 1);
    }
}

#[test]
fn the_object_of_somebody_else_is_not_touched_and_none_is_made_beside_it() {
    let other = |campaign: &str, installation: &str| {
        let mut token = token(0);
        token.campaign = crate::marker::CampaignHash::of(campaign);
        token.installation = installation.parse().unwrap();
        format!("spring US {token}")
    };
    let names = [
        (other("growth/spring", "other"), None, Reason::ForeignMarker),
        (other("growth/autumn", "prod"), None, Reason::ClaimedByAnotherCampaign),
        (format!("spring US {}", token(0)), Some("other".to_owned()), Reason::ForeignMarker),
    ];
    for (name, label, reason) in names {
        for wiped in [false, true] {
            let mut world = one();
            world.platform.by_hand("a", "1001", world.now, |held| {
                held.name.clone_from(&name);
                held.foreign_label.clone_from(&label);
            });
            if wiped {
                world.wipe_status();
            }
            let plan = world.look();
            assert_eq!((problem(&plan), changes(&plan)), (Some(reason), nothing()), "{name} {wiped}");
            world.edit(|spec| spec.markets.clear());
            assert_eq!(changes(&world.look()), nothing(), "{name}: it is not retired either");
        }
    }
}

#[test]
fn what_was_removed_by_hand_is_made_again_with_the_next_number() {
    let mut world = one();
    world.platform.by_hand("a", "1001", world.now, |held| held.removed = true);
    let plan = world.look();
    assert_eq!((changes(&plan), line(&plan, "US").replacement), (vec!["US: create Drift".to_owned()], 1));
    world.edit(|spec| spec.policies.drift = crate::campaign::spec::DriftPolicy::Report);
    assert_eq!(withheld(&world.look()), ["US: create Drifted"]);
}

#[test]
fn absence_from_a_listing_is_no_proof() {
    let mut world = World::new(spec(&["US"]), at("2027-03-10T08:00:00Z"));
    world.record(&us()).id = Some("1001".to_owned());
    let plan = world.look();
    assert_eq!((changes(&plan), waits_for(&plan)), (nothing(), Some(Reason::NotObserved)));
}

#[test]
fn an_older_object_is_not_taken_for_the_newer_one_that_is_not_seen() {
    let mut world = one();
    world.platform.by_hand("a", "1001", world.now, |held| held.enabled = false);
    *world.record(&us()) =
        crate::campaign::observed::LineRecord { id: Some("1002".to_owned()), replacement: 1, ..Default::default() };
    let plan = world.look();
    assert_eq!((changes(&plan), bound(&plan), waits_for(&plan)), (nothing(), None, Some(Reason::NotObserved)));
}

#[test]
fn a_record_with_a_wrong_id_gives_way_to_the_marker() {
    let mut world = one();
    world.record(&us()).id = Some("77".to_owned());
    let plan = world.look();
    assert_eq!((changes(&plan), bound(&plan)), (nothing(), Some("1001")));
}

#[test]
fn two_lines_never_share_an_object_though_one_was_renamed_to_the_other() {
    for wiped in [false, true] {
        let mut spec = spec(&["US", "GB"]);
        spec.state = State::Paused;
        let mut world = settled(spec);
        let (gb, us) = ("1001", "1002");
        assert!(world.platform.get("a", gb).name.contains(" GB "));
        let name = world.platform.get("a", us).name.clone();
        world.platform.by_hand("a", gb, world.now, |held| held.name = name);
        if wiped {
            world.wipe_status();
        }
        let plan = world.look();
        assert_eq!(changes(&plan), ["GB: mark Drift"], "wiped: {wiped}");
        assert_eq!(bound(&plan), Some(us));
    }
}

#[test]
fn a_marker_that_is_lost_is_written_again_where_the_name_says_so() {
    let mut world = one();
    let bare = |held: &mut Held| (held.label, held.inner, held.name) = (false, None, "mine".to_owned());
    world.platform.by_hand("a", "1001", world.now, bare);
    world.edit(|spec| spec.adopt = vec![adopt_called("US", "yours")]);
    assert_eq!(problem(&world.look()), Some(Reason::MarkerLost));
    world.edit(|spec| spec.adopt = vec![adopt_called("US", "mine")]);
    let plan = world.settle();
    assert_eq!((problem(&plan), bound(&plan)), (None, Some("1001")));
}

#[test]
fn a_market_taken_out_follows_the_deletion_policy_and_put_back_its_object_is_used_again() {
    for (policy, first, live) in [
        (DeletionPolicy::Pause, vec!["retired 1001: pause Retired"], Some(false)),
        (DeletionPolicy::Remove, vec!["retired 1001: pause Retired"], None),
        (DeletionPolicy::Retain, vec![], Some(true)),
    ] {
        let mut world = settled(spec(&["US"]));
        world.edit(|spec| {
            spec.markets = vec![market("GB")];
            spec.policies.deletion = policy;
        });
        let plan = world.look();
        let retired: Vec<String> = changes(&plan).into_iter().filter(|change| change.starts_with("retired")).collect();
        assert_eq!(retired, first);
        if policy != DeletionPolicy::Retain {
            world.settle();
        }
        let held = world.platform.get("a", "1001");
        assert_eq!((!held.removed).then_some(held.enabled), live, "{policy:?}");
        world.edit(|spec| spec.markets = vec![market("US")]);
        let plan = world.settle();
        let again = if policy == DeletionPolicy::Remove { "1003" } else { "1001" };
        assert_eq!(bound(&plan), Some(again), "{policy:?}");
        assert!(world.platform.get("a", again).enabled);
    }
}

#[test]
fn a_deletion_stops_all_even_when_suspended_and_waits_for_what_may_still_appear() {
    let mut world = settled(spec(&["US", "GB"]));
    world.edit(|spec| spec.suspend = true);
    world.deleting = true;
    assert_eq!(changes(&world.look()), ["retired 1001: pause Deleted", "retired 1002: pause Deleted"]);
    world.settle();
    assert_eq!(world.platform.enabled_sum(), 0);

    let mut world = World::new(spec(&["US"]), at("2027-03-10T08:00:00Z"));
    world.advance(200);
    world.pass(&Faults { fates: vec![Fate::Effect(50)], ..Faults::default() });
    world.deleting = true;
    world.advance(40);
    let plan = world.pass(&Faults::default());
    assert_eq!((waits_for(&plan), plan.retired.len()), (Some(Reason::Deleting), 0));
    assert_eq!(world.settle().retired.len(), 1);
}

#[test]
fn an_immutable_field_pauses_then_creates_then_enables() {
    let mut world = one();
    world.edit(|spec| spec.google.bidding = another_bidding());
    assert_eq!(withheld(&world.look()), ["US: set ReplaceNotAllowed"]);
    world.edit(|spec| spec.policies.on_replace = OnReplace::Allow);
    let mut seen = Vec::new();
    for _ in 0..4 {
        world.advance(200);
        seen.extend(changes(&world.pass(&Faults::default())));
    }
    assert_eq!(seen, ["US: pause Replaced", "US: create Replaced", "US: enable Spec"]);
    assert_eq!(Token::find(&world.platform.get("a", "1002").name), Some(token(1)));
}

#[test]
fn a_replaced_object_that_is_enabled_by_hand_is_stopped_before_the_new_one_runs() {
    let mut world = one();
    world.edit(|spec| {
        spec.google.bidding = another_bidding();
        spec.policies.on_replace = OnReplace::Allow;
    });
    for _ in 0..2 {
        world.advance(200);
        world.pass(&Faults::default());
    }
    world.platform.by_hand("a", "1001", world.now, |held| held.enabled = true);
    assert_eq!(changes(&world.look()), ["retired 1001: pause Replaced"]);
    world.settle();
    assert!(world.platform.get("a", "1002").enabled && !world.platform.get("a", "1001").enabled);
}

#[test]
fn a_replacement_that_is_taken_back_uses_the_old_object_again() {
    let mut world = one();
    world.edit(|spec| {
        spec.google.bidding = another_bidding();
        spec.policies.on_replace = OnReplace::Allow;
    });
    world.advance(200);
    world.pass(&Faults::default());
    world.advance(200);
    world.pass(&Faults { fates: vec![Fate::NoEffect], ..Faults::default() });
    world.edit(|spec| spec.google = crate::campaign::spec::GoogleOptions::default());
    assert_eq!(bound(&world.settle()), Some("1001"));
    assert_eq!(world.platform.live().count(), 1);
}

#[test]
fn a_replace_of_a_paused_line_creates_a_paused_object() {
    let mut world = one();
    world.edit(|spec| spec.state = State::Paused);
    world.settle();
    world.edit(|spec| {
        spec.google.bidding = another_bidding();
        spec.policies.on_replace = OnReplace::Allow;
    });
    let plan = world.settle();
    assert_eq!((bound(&plan), world.platform.enabled_sum()), (Some("1002"), 0));
}

#[test]
fn a_stale_observation_only_ever_stops() {
    let mut world = one();
    world.edit(|spec| spec.budget.amount = eur("50"));
    world.advance(200);
    world.pass(&Faults::default());
    world.edit(|spec| spec.budget.amount = eur("80"));
    world.advance(10);
    let plan = world.pass(&Faults { lag: 30, ..Faults::default() });
    assert_eq!((changes(&plan), waits_for(&plan)), (nothing(), Some(Reason::Updating)));
    assert_eq!((line(&plan, "US").drift.len(), line(&plan, "US").stopped_by_hand), (0, false));
    world.edit(|spec| spec.state = State::Paused);
    world.advance(10);
    assert_eq!(changes(&world.pass(&Faults { lag: 30, ..Faults::default() })), ["US: pause Spec"]);
}

#[test]
fn a_name_token_with_the_highest_number_is_survived() {
    let mut world = one();
    let mut last = token(0);
    last.replacement = u32::MAX;
    world.platform.by_hand("a", "1001", world.now, |held| held.name = format!("x {last}"));
    world.edit(|spec| {
        spec.google.bidding = another_bidding();
        spec.policies.on_replace = OnReplace::Allow;
    });
    world.look();
}

#[test]
fn an_account_that_is_not_known_makes_its_lines_wait_and_no_others() {
    let mut world = World::new(spec(&["US"]), at("2027-03-10T08:00:00Z"));
    world.edit(|spec| spec.accounts.push("nowhere".to_owned()));
    let plan = world.settle();
    let waiting = plan.lines.iter().find(|line| line.key.account == "nowhere").unwrap();
    assert_eq!(waiting.wait.as_ref().unwrap().reason, Reason::AccountNotReady);
    assert!(world.platform.get("a", "1001").enabled);
    assert_eq!(world.platform.get("a", "1001").budget, eur("50"), "the other half stays reserved");
}

#[test]
fn a_value_that_was_changed_by_hand_is_drift() {
    let mut world = one();
    world.platform.by_hand("a", "1001", world.now, |held| held.settings.set(Field::Ages, Value::Text("x".to_owned())));
    let plan = world.look();
    assert_eq!((changes(&plan), &line(&plan, "US").drift), (vec!["US: set Ages Drift".to_owned()], &vec![Field::Ages]));
    world.edit(|spec| spec.policies.ignore_fields.insert(Field::Ages).then_some(()).unwrap());
    assert_eq!(changes(&world.look()), nothing());
}

fn chained() -> World {
    let mut spec = spec(&["US", "GB"]);
    spec.accounts = vec!["b".to_owned()];
    let mut world = World::new(spec, at("2027-03-10T08:00:00Z"));
    world.advance(200);
    world
}

#[test]
fn a_chain_that_broke_is_continued_and_never_begun_anew() {
    let mut world = chained();
    let plan = world.pass(&Faults::default());
    assert_eq!(changes(&plan), ["GB: create Spec", "US: create Spec"]);
    world.advance(200);
    let plan = world.pass(&Faults::default());
    assert_eq!(changes(&plan), ["GB: complete Spec", "US: enable Spec"], "GB came to a stop after its first object");
    world.settle();
    let creates = world.platform.ledger.iter().filter(|(_, what)| what.contains("create with")).count();
    assert_eq!((creates, world.platform.enabled_sum()), (2, 100_000_000));
}

#[test]
fn a_part_that_somebody_removed_is_made_again_before_the_line_goes_live() {
    let mut world = chained();
    world.settle();
    let id = world.platform.live().map(|(_, id, _)| id.clone()).next().unwrap();
    let now = world.now;
    world.platform.by_hand("b", &id, now, Held::lose_part);
    world.advance(200);
    let first = world.pass(&Faults::default());
    assert_eq!(changes(&first), ["GB: complete Drift"]);
    world.advance(200);
    let second = world.pass(&Faults::default());
    assert_eq!(changes(&second), ["GB: enable Spec"]);
    world.settle();
    assert_eq!(world.platform.enabled_sum(), 100_000_000);
}
