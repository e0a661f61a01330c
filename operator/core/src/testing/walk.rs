//! Random walks: whatever happens, the rules hold at every step, and the end depends on the last spec
//! alone.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::model::{Held, is_chained, is_ours, line_token};
use super::{Fate, Faults, World, another_bidding, at, cases, eur, market, spec};
use crate::campaign::plan::{Importance, Plan};
use crate::campaign::settings::{Field, Settings, Value};
use crate::campaign::spec::{
    AgeRange, CampaignSpec, DeletionPolicy, DriftPolicy, OnReplace, Override, State, StopsByHand,
};
use crate::marker::{CampaignHash, LineHash, Token};
use crate::money::Money;
use crate::reason::Reason;

/// A spec by its choices.
// Each is a choice of its own.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone)]
struct Choices {
    markets: BTreeSet<usize>,
    accounts: usize,
    budget: usize,
    weight: u32,
    state: bool,
    pause_one: bool,
    ages: u8,
    bidding: bool,
    fallback: bool,
    redistribute: bool,
    suspend: bool,
    report: bool,
    overrule: bool,
    allow: bool,
    deletion: usize,
}

const MARKETS: [&str; 4] = ["US", "GB", "DE", "FR"];

impl Choices {
    fn spec(&self) -> CampaignSpec {
        let mut spec = spec(&[]);
        spec.markets = self.markets.iter().map(|index| market(MARKETS[*index])).collect();
        spec.accounts = [vec!["a"], vec!["b"], vec!["a", "b"]][self.accounts].iter().map(|&a| a.to_owned()).collect();
        spec.budget.amount = eur(["7", "50", "100", "300"][self.budget]);
        spec.budget.redistribute = self.redistribute;
        spec.split.markets.insert("US".to_owned(), self.weight);
        spec.state = if self.state { State::Active } else { State::Paused };
        if self.pause_one {
            spec.overrides.push(Override {
                accounts: BTreeSet::new(),
                markets: BTreeSet::from(["GB".to_owned()]),
                state: Some(State::Paused),
                audience: None,
                account_overrides: crate::campaign::spec::AccountOverrides::default(),
            });
        }
        spec.audience.ages = Some(AgeRange { from: self.ages, to: None });
        if self.bidding {
            spec.google.bidding = another_bidding();
        }
        spec.fallback_locale = self.fallback.then(|| "en".parse().unwrap());
        spec.suspend = self.suspend;
        let policies = &mut spec.policies;
        policies.drift = if self.report { DriftPolicy::Report } else { DriftPolicy::Correct };
        policies.stops_by_hand = if self.overrule { StopsByHand::Override } else { StopsByHand::Keep };
        policies.on_replace = if self.allow { OnReplace::Allow } else { OnReplace::Refuse };
        policies.deletion = [DeletionPolicy::Pause, DeletionPolicy::Remove, DeletionPolicy::Retain][self.deletion];
        spec
    }

    /// The same with policies under which the end cannot depend on the way.
    fn last(&self) -> CampaignSpec {
        Self { report: false, allow: true, fallback: true, suspend: false, deletion: self.deletion % 2, ..self.clone() }
            .spec()
    }
}

prop_compose! {
    fn choices()(
        markets in prop::collection::btree_set(0_usize..4, 0..4),
        accounts in 0_usize..3,
        budget in 0_usize..4,
        weight in 0_u32..4,
        state in prop::bool::weighted(0.8),
        pause_one in prop::bool::weighted(0.2),
        ages in 18_u8..21,
        bidding in any::<bool>(),
        fallback in prop::bool::weighted(0.7),
        redistribute in prop::bool::weighted(0.3),
        suspend in prop::bool::weighted(0.1),
        report in prop::bool::weighted(0.2),
        overrule in prop::bool::weighted(0.3),
        allow in any::<bool>(),
        deletion in 0_usize..3,
    ) -> Choices {
        Choices {
            markets, accounts, budget, weight, state, pause_one, ages, bidding, fallback, redistribute, suspend,
            report, overrule, allow, deletion,
        }
    }
}

/// What somebody does on the platform.
#[derive(Debug, Clone, Copy)]
enum Hand {
    Pause,
    Enable,
    Budget(u8),
    Rename,
    Unlabel,
    Ages,
    Remove,
    RemovePart,
}

#[derive(Debug, Clone)]
enum Step {
    Spec(Choices),
    Pass { wait: u8, faults: Faults },
    Hand(Hand, prop::sample::Index),
    Restart,
    Wipe,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Done),
        2 => Just(Fate::NoEffect),
        2 => (0_u8..60).prop_map(Fate::Effect),
        1 => Just(Fate::Refused),
    ]
}

fn faults() -> impl Strategy<Value = Faults> {
    let out = prop_oneof![8 => Just(None), 1 => Just(Some("a")), 1 => Just(Some("b"))];
    let crash = prop_oneof![5 => Just(None), 1 => (0_usize..8).prop_map(Some)];
    (0_u8..=30, out, prop::collection::vec(fate(), 0..8), crash).prop_map(|(lag, out, fates, crash_after)| Faults {
        lag,
        out_of_reach: out.into_iter().map(str::to_owned).collect(),
        fates,
        crash_after,
    })
}

fn hand() -> impl Strategy<Value = Hand> {
    prop_oneof![
        Just(Hand::Pause),
        Just(Hand::Enable),
        (1_u8..200).prop_map(Hand::Budget),
        Just(Hand::Rename),
        Just(Hand::Unlabel),
        Just(Hand::Ages),
        Just(Hand::Remove),
        Just(Hand::RemovePart),
    ]
}

fn step(by_hand: u32) -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => choices().prop_map(Step::Spec),
        12 => (1_u8..150, faults()).prop_map(|(wait, faults)| Step::Pass { wait, faults }),
        by_hand => (hand(), any::<prop::sample::Index>()).prop_map(|(hand, which)| Step::Hand(hand, which)),
        1 => Just(Step::Restart),
        1 => Just(Step::Wipe),
    ]
}

/// A platform with objects of others on it.
fn world(spec: CampaignSpec) -> World {
    let mut world = World::new(spec, at("2027-03-10T08:00:00Z"));
    world.minimum = Some("2");
    let now = world.now;
    let token = |installation: &str, campaign: &str| Token {
        installation: installation.parse().unwrap(),
        campaign: CampaignHash::of(campaign),
        line: super::key("a", "US").hash(),
        replacement: 0,
    };
    let plain = Held::foreign("brand", eur("500"));
    let labelled = |token: Token, foreign: Option<&str>| Held {
        name: format!("spring US {token}"),
        label: foreign.is_none(),
        foreign_label: foreign.map(str::to_owned),
        ..plain.clone()
    };
    world.platform.put("a", "1", plain.clone(), now);
    world.platform.put("a", "2", labelled(token("other", "growth/spring"), Some("other")), now);
    world.platform.put("a", "3", labelled(token("prod", "growth/autumn"), None), now);
    // Our token, copied onto something that another installation holds.
    world.platform.put("b", "4", labelled(token("prod", "growth/spring"), Some("other")), now);
    world
}

fn do_by_hand(world: &mut World, hand: Hand, which: prop::sample::Index) {
    let live: Vec<(String, String)> =
        world.platform.live().map(|(account, id, _)| (account.to_owned(), id.clone())).collect();
    if live.is_empty() {
        return;
    }
    let (account, id) = which.get(&live);
    world.platform.by_hand(account, id, world.now, |held| match hand {
        Hand::Pause => held.enabled = false,
        Hand::Enable => held.enabled = true,
        Hand::Budget(whole) => held.budget = eur(&whole.to_string()),
        Hand::Rename => held.name = "my campaign".to_owned(),
        Hand::Unlabel => held.label = false,
        Hand::Ages => held.settings.set(Field::Ages, Value::Text("mine".to_owned())),
        Hand::Remove => held.removed = true,
        Hand::RemovePart if is_chained(account) => held.lose_part(),
        Hand::RemovePart => {}
    });
}

/// What is enabled: the line, its budget and settings, the name without its token.
type Enabled = BTreeMap<(String, LineHash), (Money, Settings, String)>;

fn enabled(world: &World, except: &BTreeSet<(String, LineHash)>) -> Enabled {
    let mut enabled = Enabled::new();
    for (account, id, held) in world.platform.live().filter(|(_, _, held)| held.enabled) {
        let line = (account.to_owned(), line_token(held).unwrap().line);
        if except.contains(&line) {
            continue;
        }
        let of_line = (held.budget, held.settings.clone(), Token::strip(&held.name));
        let twin = enabled.insert(line, of_line);
        assert!(twin.is_none(), "two enabled objects of the line of {id}");
    }
    enabled
}

fn ordered(plan: &Plan) {
    let importance = |changes: &[crate::campaign::plan::Change]| -> Vec<Importance> {
        changes.iter().map(|change| change.action.importance()).collect()
    };
    for changes in plan.lines.iter().map(|line| &line.changes).chain(plan.retired.iter().map(|r| &r.changes)) {
        assert!(importance(changes).is_sorted(), "{changes:?}");
    }
}

/// Walks, then applies the last spec and lets all come to rest.
fn walk(first: &Choices, steps: &[Step], last: &CampaignSpec) -> (World, Plan) {
    let mut world = world(first.spec());
    let others: Vec<(String, String, Held)> = others(&world);
    for step in steps {
        match step {
            Step::Spec(choices) => world.apply_spec(choices.spec()),
            Step::Pass { wait, faults } => {
                world.advance(i64::from(*wait));
                let suspended = world.spec.suspend;
                let plan = world.pass(faults);
                ordered(&plan);
                assert!(!suspended || plan.is_empty(), "a suspended Campaign writes");
            }
            Step::Hand(hand, which) => do_by_hand(&mut world, *hand, *which),
            Step::Restart => world.restart(),
            Step::Wipe => world.wipe_status(),
        }
        assert_eq!(world.platform.broken, Vec::<String>::new());
    }
    world.apply_spec(last.clone());
    let plan = world.settle();
    assert_eq!(world.platform.broken, Vec::<String>::new());
    assert_eq!(self::others(&world), others, "S2");
    (world, plan)
}

fn others(world: &World) -> Vec<(String, String, Held)> {
    let others = world.platform.all().filter(|(_, _, held)| !is_ours(held));
    others.map(|(account, id, held)| (account.to_owned(), id.clone(), held.clone())).collect()
}

/// At rest every object of ours is whole, known, and alone in its place.
fn nothing_is_left_over(world: &World, plan: &Plan) {
    let known: BTreeSet<(&str, &str)> = plan
        .lines
        .iter()
        .filter_map(|line| Some((line.key.account.as_str(), line.own()?.id.as_str())))
        .chain(plan.retired.iter().map(|retired| (retired.account.as_str(), retired.object.id.as_str())))
        .collect();
    let mut tokens = BTreeSet::new();
    for (account, id, held) in world.platform.live() {
        assert!(known.contains(&(account, id.as_str())), "S1: {id} is an orphan: {held:?}");
        let unknown = plan
            .lines
            .iter()
            .any(|line| line.problem.as_ref().is_some_and(|problem| problem.reason == Reason::CreateOutcomeUnknown));
        let token = line_token(held).unwrap();
        assert!(tokens.insert((account.to_owned(), token)) || unknown, "S1: {id} has a twin");
    }
}

fn same_as_alone(world: &World, plan: &Plan, last: &CampaignSpec) {
    let mut alone = self::world(last.clone());
    alone.settle();
    let excepted: BTreeSet<(String, LineHash)> = plan
        .lines
        .iter()
        .filter(|line| {
            let unknown = |p: &crate::campaign::line::LineProblem| p.reason == Reason::CreateOutcomeUnknown;
            line.stopped_by_hand || line.problem.as_ref().is_some_and(unknown)
        })
        .map(|line| (line.key.account.clone(), line.key.hash()))
        .collect();
    assert_eq!(enabled(world, &excepted), enabled(&alone, &excepted), "S5");
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn without_hand_edits_a_walk_ends_as_the_last_spec_alone(
        first in choices(),
        steps in prop::collection::vec(step(0), 0..30),
        last in choices(),
    ) {
        let last = last.last();
        let (world, plan) = walk(&first, &steps, &last);
        nothing_is_left_over(&world, &plan);
        prop_assert!(plan.lines.iter().all(|line| !line.stopped_by_hand), "a stop that nobody made");
        same_as_alone(&world, &plan, &last);
    }

    #[test]
    fn with_hand_edits_too_but_for_kept_stops(
        first in choices(),
        steps in prop::collection::vec(step(4), 0..30),
        last in choices(),
    ) {
        let last = last.last();
        let (world, plan) = walk(&first, &steps, &last);
        nothing_is_left_over(&world, &plan);
        same_as_alone(&world, &plan, &last);
    }

    #[test]
    fn at_rest_a_wiped_status_and_a_restart_change_nothing(first in choices(), report in any::<bool>()) {
        let mut spec = first.last();
        spec.policies.drift = if report { DriftPolicy::Report } else { DriftPolicy::Correct };
        let mut world = world(spec);
        world.settle();
        let writes = world.platform.ledger.len();
        world.wipe_status();
        world.settle();
        world.wipe_status();
        world.restart();
        world.settle();
        prop_assert_eq!(&world.platform.ledger[writes..], &[]);
    }
}

/// An enable that is under way while the budget is raised, and used, takes its effect below the new budget.
#[test]
fn a_late_write_is_held_to_the_budgets_since_it_was_sent() {
    let small = Choices {
        markets: [1, 2].into(),
        accounts: 1,
        budget: 0,
        weight: 0,
        state: true,
        pause_one: false,
        ages: 18,
        bidding: false,
        fallback: false,
        redistribute: false,
        suspend: false,
        report: false,
        overrule: false,
        allow: false,
        deletion: 0,
    };
    let pass =
        |wait: u8, fates: &[Fate]| Step::Pass { wait, faults: Faults { fates: fates.to_vec(), ..Faults::default() } };
    let larger = Choices { markets: [1].into(), accounts: 2, budget: 1, state: false, ..small.clone() };
    let steps = [
        pass(91, &[]),
        pass(91, &[]),
        pass(87, &[]),
        pass(4, &[Fate::Effect(36)]),
        Step::Spec(larger.clone()),
        pass(1, &[Fate::NoEffect]),
    ];
    walk(&small, &steps, &larger.last());
}
