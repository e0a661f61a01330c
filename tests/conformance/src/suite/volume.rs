//! Many objects.

use adops_platforms::error::PlatformError;
use adsim::{Effect, Fault};

use crate::subject::{Hand, Subject};
use crate::world::World;

/// All pages are read, and what others made is none of ours. Google takes no more than these in an account.
pub async fn ten_thousand_objects_of_others_are_paged_through_and_none_is_taken_for_ours<S: Subject>() {
    let mut world = World::<S>::new().await;
    for number in 0..4_998 {
        S::by_hand(&world.sim, &Hand::Foreign(&format!("others {number}"), 20_000_000));
    }
    world.settle().await;
    for number in 4_998..9_996 {
        S::by_hand(&world.sim, &Hand::Foreign(&format!("others {number}"), 20_000_000));
    }
    world.restart();
    world.counter.reset();
    let seen = world.observe().await.unwrap();
    assert_eq!(seen.lines.len(), 3, "ours are in the middle, and nobody else's is seen");
    let pages = 10_000_usize.div_ceil(S::PAGE);
    // Each of the levels is listed by itself; tokens, the account and its holder are read once.
    let most = 10 + 4 * pages;
    assert!(world.counter.reads() <= most, "{} requests, {most} at most", world.counter.reads());
    assert!(world.plan_of(&seen).await.is_empty());
}

/// Twice the lines are no more requests, as long as they fit on a page.
pub async fn a_poll_costs_pages_and_not_objects<S: Subject>() {
    let mut costs = Vec::new();
    for lines in [5, 50] {
        let mut world = World::<S>::of(lines).await;
        world.settle().await;
        world.observe().await.unwrap();
        world.counter.reset();
        let seen = world.observe().await.unwrap();
        assert_eq!(seen.lines.len(), lines);
        costs.push(world.counter.reads());
    }
    println!("{}: {} requests a poll for 5 lines, {} for 50", S::PLATFORM, costs[0], costs[1]);
    assert!(costs[1] <= costs[0] + 1, "{costs:?}");
    assert!(costs[1] < 50 / 2, "{costs:?}");
}

/// What is not in a listing is gone, or so it would seem.
pub async fn a_listing_that_breaks_off_is_an_error_and_no_smaller_listing<S: Subject>() {
    let mut world = World::<S>::new().await;
    world.settle().await;
    world.counter.reset();
    world.observe().await.unwrap();
    let requests = u64::try_from(world.counter.reads()).unwrap();
    for point in 0..requests {
        let effect = Effect::Status { status: 503, body: serde_json::Value::Null };
        world.sim.faults().add(Fault::new(S::listings(), effect).after(point).times(1));
        let result = world.observe().await;
        let struck = world.sim.faults().list().is_empty();
        world.sim.faults().clear();
        match result {
            Err(error) => assert!(
                matches!(error, PlatformError::Unavailable { .. } | PlatformError::UnknownOutcome { .. }),
                "{error:?}"
            ),
            Ok(seen) => {
                assert!(!struck, "request {point} failed, and the listing is none the worse");
                assert_eq!(seen.lines.len(), 3);
            }
        }
    }
    assert_eq!(world.observe().await.unwrap().lines.len(), 3);
}
