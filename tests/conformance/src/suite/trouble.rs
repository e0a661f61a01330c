//! What is told when something does not work.

use std::collections::BTreeSet;
use std::time::Duration;

use adops_core::marker::Token;
use adops_core::market::Place;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::Outcome;
use adsim::{Effect, Fault};

use crate::subject::{Feature, Hand, Subject};
use crate::world::{POINTS, World, applied};

fn is_throttle(error: &PlatformError) -> bool {
    matches!(
        error,
        PlatformError::RateLimited { .. } | PlatformError::QuotaExhausted { .. } | PlatformError::NotSent { .. }
    )
}

/// It is not an unknown outcome, and not a refusal.
pub async fn a_throttled_write_is_told_and_was_not_made<S: Subject>() {
    let mut world = World::<S>::new().await;
    let plan = world.plan().await;
    world.sim.faults().add(Fault::new(S::writes(), S::throttled()));
    let outcomes = world.apply(&plan).await;
    assert_eq!(outcomes.len(), 3);
    for outcome in &outcomes {
        assert!(matches!(outcome, Outcome::Failed(error) if is_throttle(error)), "{outcome:?}");
    }
    assert!(world.objects().is_empty());
    world.sim.faults().clear();
    world.tick(600);
    world.settle_through().await;
    assert_eq!(S::live_micros(&world.sim), world.total());
}

/// A person must act, and when she has, nothing else is needed.
pub async fn a_revoked_access_is_told_and_given_back_is_used<S: Subject>() {
    let mut world = World::<S>::new().await;
    world.settle().await;
    S::revoke(&world.sim);
    for error in [world.observe().await.unwrap_err(), world.platform.account().await.unwrap_err()] {
        let told = matches!(error, PlatformError::CredentialsRevoked { .. } | PlatformError::CredentialsInvalid { .. });
        assert!(told, "{error:?}");
    }
    S::restore(&world.sim);
    world.restart();
    assert!(world.plan().await.is_empty());
}

/// While each write in turn is under way: it still has its effect, and the next request comes with what has ended.
pub async fn a_token_that_expires_midway_leaves_one_object_a_line<S: Subject>() {
    let mut between = 0;
    for point in 0..POINTS {
        let mut world = World::<S>::of(2).await;
        let late = Effect::Latency { millis: 50 };
        world.sim.faults().add(Fault::new(S::writes(), late).after(point).times(1));
        let sim = world.sim.clone();
        let expires = tokio::spawn(async move {
            while !sim.faults().list().is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            S::expire(&sim);
        });
        let refused = until_refused(&mut world).await;
        if expires.is_finished() {
            between += usize::from(refused);
            assert!(!(refused && S::RENEWS), "expired at {point}: a renewed token is no reason to fail");
        }
        // It must be over before the faults are: that they are gone is what it waits for.
        expires.abort();
        let _ = expires.await;
        world.sim.faults().clear();
        if !S::RENEWS {
            S::restore(&world.sim);
            world.restart();
        }
        world.tick(61);
        world.settle_through().await;
        let tokens: BTreeSet<_> = world.objects().iter().filter_map(|object| Token::find(&object.name)).collect();
        assert_eq!((world.objects().len(), tokens.len()), (2, 2), "expired at {point}");
        assert_eq!(S::live_micros(&world.sim), world.total(), "expired at {point}");
    }
    assert!(S::RENEWS || between >= 2, "a token has ended between two writes {between} times only");
}

/// Plans and applies until nothing is left or something fails; whether something has.
async fn until_refused<S: Subject>(world: &mut World<S>) -> bool {
    for _ in 0..8 {
        let Ok(seen) = world.observe().await else { return true };
        let plan = world.plan_of(&seen).await;
        if plan.is_empty() {
            break;
        }
        if world.apply(&plan).await.iter().any(|outcome| !matches!(outcome, Outcome::Applied { .. })) {
            return true;
        }
    }
    false
}

/// By its facts, or by its lines.
pub async fn a_suspended_account_says_so<S: Subject>() {
    let mut world = World::<S>::new().await;
    assert!(world.platform.account().await.unwrap().enabled);
    if S::lacks().contains(&Feature::AccountStatus) {
        world.settle().await;
    }
    S::by_hand(&world.sim, &Hand::Suspend(true));
    if S::lacks().contains(&Feature::AccountStatus) {
        let seen = world.observe().await.unwrap();
        assert!(seen.lines.values().all(|line| line.serving.contains(&Reason::AccountSuspended)), "{seen:?}");
    }
    match world.platform.account().await {
        Ok(facts) => assert!(!facts.enabled, "{facts:?}"),
        Err(error) => assert!(matches!(error, PlatformError::AccountSuspended { .. }), "{error:?}"),
    }
    S::by_hand(&world.sim, &Hand::Suspend(false));
    world.observe().await.unwrap();
    assert!(world.platform.account().await.unwrap().enabled);
}

/// Not as an outage, and not as a lost access.
pub async fn a_version_that_has_ended_is_told<S: Subject>() {
    let error = World::<S>::outlived().await.account().await.unwrap_err();
    assert!(matches!(error, PlatformError::VersionSunset { .. }), "{error:?}");
}

/// Its neighbours are there.
pub async fn a_place_that_is_not_known_is_absent<S: Subject>() {
    let world = World::<S>::new().await;
    let places: BTreeSet<Place> = ["US", "DE", "US-ZZ"].map(|place| place.parse().unwrap()).into();
    let found = world.platform.resolve(&places).await.unwrap();
    let known: Vec<String> = found.keys().map(ToString::to_string).collect();
    assert_eq!(known, ["DE", "US"]);
    assert!(found.values().all(|id| !id.is_empty()));
}

/// Not done, or not known: never done.
pub async fn an_outage_leaves_outcomes_that_are_not_guessed<S: Subject>() {
    let mut world = World::<S>::new().await;
    let plan = world.plan().await;
    world.sim.faults().add(Fault::new(S::writes(), Effect::Status { status: 503, body: serde_json::Value::Null }));
    let outcomes = world.apply(&plan).await;
    assert_eq!((outcomes.len(), applied(&outcomes)), (3, 0), "{outcomes:?}");
    for outcome in outcomes {
        let (Outcome::Failed(error) | Outcome::Unknown(error)) = &outcome else { unreachable!() };
        let told = matches!(error, PlatformError::Unavailable { .. } | PlatformError::UnknownOutcome { .. });
        assert!(told, "{outcome:?}");
    }
    world.sim.faults().clear();
    world.tick(61);
    world.settle_through().await;
    assert_eq!(world.objects().len(), 3);
}
