//! What nobody knows the outcome of, is not done twice.

use std::collections::BTreeMap;

use adops_core::marker::Token;
use adops_platforms::port::Outcome;
use adsim::{Effect, Fault};

use crate::subject::Subject;
use crate::world::{POINTS, World};

/// The lines are made of as many objects as there are lines, each with its own token.
fn assert_one_each<S: Subject>(world: &World<S>, told: &str) {
    let mut tokens = BTreeMap::<_, usize>::new();
    for object in world.objects() {
        let token = Token::find(&object.name).unwrap_or_else(|| panic!("{told}: no token in {}", object.name));
        *tokens.entry(token).or_default() += 1;
    }
    assert_eq!(tokens.len(), world.spec.markets.len(), "{told}: {tokens:?}");
    assert!(tokens.values().all(|count| *count == 1), "{told}: {tokens:?}");
    assert_eq!(S::live_micros(&world.sim), world.total(), "{told}");
}

/// The same create again, as after a crash that has lost the answer.
pub async fn a_create_that_is_cut_off_after_its_effect_is_not_made_twice<S: Subject>() {
    let mut world = World::<S>::new().await;
    let plan = world.plan().await;
    world.sim.faults().add(Fault::new(S::writes(), Effect::CutAfter).times(1));
    let outcomes = world.apply(&plan).await;
    assert!(outcomes.iter().all(|outcome| !matches!(outcome, Outcome::Failed(error) if error.may_have_happened())));
    world.settle_through().await;
    assert_one_each(&world, "cut once");
}

/// At each request in turn.
pub async fn wherever_the_connection_is_cut_there_is_one_object_a_line<S: Subject>() {
    for effect in [Effect::CutAfter, Effect::CutBefore] {
        at_each_write::<S>(&effect).await;
    }
}

/// At each request in turn.
pub async fn wherever_an_answer_is_an_error_there_is_one_object_a_line<S: Subject>() {
    let status = |status| Effect::Status { status, body: serde_json::Value::Null };
    for effect in [status(500), status(502)] {
        at_each_write::<S>(&effect).await;
    }
}

async fn at_each_write<S: Subject>(effect: &Effect) {
    let mut whole = World::<S>::of(2).await;
    whole.counter.reset();
    whole.settle_through().await;
    let (writes, mut struck) = (whole.counter.writes(), 0);
    for point in 0..POINTS {
        let mut world = World::<S>::of(2).await;
        world.sim.faults().add(Fault::new(S::writes(), effect.clone()).after(point).times(1));
        world.settle_through().await;
        struck += usize::from(world.sim.faults().list().is_empty());
        assert_one_each(&world, &format!("{effect:?} at {point}"));
    }
    assert!(writes >= 2, "two lines are made with {writes} writes");
    assert!(
        struck >= writes.min(usize::try_from(POINTS).unwrap()),
        "the fault has struck {struck} times of {writes} writes"
    );
}

/// Where a line is a chain: what is there stays, what is missing is added.
pub async fn a_chain_that_was_cut_is_continued_and_not_restarted<S: Subject>() {
    let mut broken = 0;
    for point in 0..POINTS {
        let mut world = World::<S>::of(1).await;
        // Everything fails from a point on: the process is as good as gone.
        world.sim.faults().add(Fault::new(S::writes(), Effect::CutBefore).after(point));
        let plan = world.plan().await;
        world.apply(&plan).await;
        world.sim.faults().clear();
        let before = world.objects();
        world.restart();
        world.tick(61);
        world.settle_through().await;
        let after = world.objects();
        assert_eq!(after.len(), 1, "cut at {point}: {after:?}");
        if let [there] = &before[..] {
            assert_eq!(there.id, after[0].id, "cut at {point}");
            assert!(!there.enabled, "cut at {point}: enabled before it was whole");
            broken += usize::from(there.elements < after[0].elements);
        }
        assert_one_each(&world, &format!("cut at {point}"));
    }
    // Google makes a line with one request; elsewhere some point must have left half a chain.
    println!("{}: {broken} of {POINTS} points have left half a chain", S::PLATFORM);
    assert_eq!(broken > 0, S::IS_CHAIN);
}
