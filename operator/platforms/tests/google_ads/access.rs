//! Credentials, quotas and outages.

use std::sync::Arc;

use adops_core::campaign::plan::Action;
use adops_core::reason::Reason;
use adops_core::secret::Secret;
use adops_platforms::error::PlatformError;
use adops_platforms::port::{AdPlatform, ConnectError, Outcome, Scope};
use adsim::google::account::CustomerStatus;
use adsim::{EditAction, Effect, Fault, Match};
use jiff::SignedDuration;
use jiff::civil::date;
use serde_json::json;

use crate::support::{Counter, World, connect, secrets, try_connect};

#[tokio::test]
async fn the_account_describes_itself() {
    let world = World::start().await;
    let facts = world.google.account().await.unwrap();
    assert_eq!((facts.currency.as_str(), facts.name.as_str(), facts.enabled), ("EUR", "Example", true));
    assert_eq!(facts.time_zone.iana_name(), Some("America/New_York"));
    assert_eq!((facts.budget_unit, facts.objects.unwrap().live, facts.objects.unwrap().limit), (10_000, 0, 10_000));
}

#[tokio::test]
async fn a_token_is_fetched_once_and_again_when_it_has_ended() {
    let world = World::start().await;
    for _ in 0..3 {
        world.observe().await;
    }
    assert_eq!(world.counter.of("token"), 1);
    world.sim.expire_tokens();
    world.observe().await;
    assert_eq!(world.counter.of("token"), 2, "requests at once share one refresh");
}

#[tokio::test]
async fn a_revoked_grant_and_wrong_credentials_are_told_apart() {
    let world = World::start().await;
    world.google.observe(&Scope::All { held: [].into() }).await.unwrap();
    world.sim.revoke_grant("adsim-refresh");
    let error = world.google.observe(&Scope::All { held: [].into() }).await.unwrap_err();
    assert!(matches!(error, PlatformError::CredentialsRevoked { .. }), "{error:?}");
    // An access token that was revoked is not kept when the grant is good again.
    world.sim.restore_grant("adsim-refresh");
    world.google.observe(&Scope::All { held: [].into() }).await.unwrap();

    let mut wrong = secrets(&world.sim);
    wrong.insert("client_secret".to_owned(), Secret::new("guessed-s3cret"));
    let google = connect(&world.sim, &Arc::new(Counter::default()), wrong);
    let error = google.account().await.unwrap_err();
    assert!(matches!(error, PlatformError::CredentialsInvalid { .. }), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("s3cret"));
}

#[tokio::test]
async fn a_daily_quota_says_until_when_by_business_time() {
    let world = World::start().await;
    let body = json!({ "error": { "code": 429, "message": "Resource has been exhausted (e.g. check quota).",
        "status": "RESOURCE_EXHAUSTED", "details": [{
            "@type": "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure",
            "errors": [{ "errorCode": { "quotaError": "RESOURCE_EXHAUSTED" },
                "message": "Too many requests. Retry in 40591 seconds.",
                "details": { "quotaErrorDetails": { "rateScope": "DEVELOPER",
                    "rateName": "Number of operations for basic access", "retryDelay": "40591s" } } }],
            "requestId": "x" }] } });
    world.sim.faults().add(Fault::new(Match::path("googleAds"), Effect::Status { status: 429, body }));
    let error = world.google.observe(&Scope::All { held: [].into() }).await.unwrap_err();
    let PlatformError::QuotaExhausted { until, .. } = error else { panic!("{error:?}") };
    assert_eq!(until, world.sim.now() + SignedDuration::from_secs(40_591));
    let outcomes = world.google.change(&[Action::Pause { id: "1".into() }]).await;
    assert!(matches!(&outcomes[..], [Outcome::Failed(PlatformError::QuotaExhausted { .. })]), "{outcomes:?}");
}

#[tokio::test]
async fn a_suspended_account_and_a_lost_grant_are_told_apart() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    world.edit(EditAction::SetAccountStatus { status: CustomerStatus::Suspended });
    assert!(!world.google.account().await.unwrap().enabled);
    let outcomes = world.google.change(&[Action::Pause { id }]).await;
    assert!(matches!(&outcomes[..], [Outcome::Failed(PlatformError::AccountSuspended { .. })]), "{outcomes:?}");
    world.edit(EditAction::SetAccountStatus { status: CustomerStatus::Closed });
    let error = world.google.account().await.unwrap_err();
    assert!(matches!(error, PlatformError::AccountSuspended { .. }), "{error:?}");
    world.edit(EditAction::SetAccountStatus { status: CustomerStatus::Enabled });
    world.edit(EditAction::SetAccess { allowed: false });
    let error = world.google.account().await.unwrap_err();
    assert!(matches!(error, PlatformError::CredentialsInvalid { .. }), "{error:?}");
}

#[tokio::test]
async fn an_outage_leaves_reads_undone_and_a_listing_whole_or_none() {
    let mut world = World::start().await;
    world.settle().await;
    for effect in [Effect::transient_error(), Effect::CutBefore, Effect::CutAfter, Effect::concurrent_modification()] {
        let id = world.sim.faults().add(Fault::new(Match::searches(), effect).after(3));
        let error = world.google.observe(&Scope::All { held: [].into() }).await.unwrap_err();
        assert!(matches!(error, PlatformError::Unavailable { .. }), "{error:?}");
        world.sim.faults().remove(id);
    }
    assert_eq!(world.observe().await.lines.len(), 3);
}

#[tokio::test]
async fn a_version_that_has_ended_is_told() {
    let mut config = crate::support::config();
    config.google.versions = vec!["v27".into()];
    let world = World::with(config).await;
    let error = world.google.account().await.unwrap_err();
    assert_eq!(error.reason(), Reason::VersionSunset, "{error:?}");
}

#[tokio::test]
async fn an_endpoint_that_is_not_allowed_is_refused_before_anything_is_sent() {
    let world = World::start().await;
    let mut credentials = secrets(&world.sim);
    credentials.insert("token_uri".to_owned(), Secret::new("https://evil.example/token?x=y"));
    let error = try_connect(&world.sim, &world.counter, credentials).err().unwrap();
    assert_eq!(error, ConnectError::NotAllowed { url: "https://evil.example".to_owned() });
}

#[tokio::test]
async fn spend_is_told_by_account_day() {
    let mut world = World::start().await;
    world.spec.flight.start = date(2027, 3, 1);
    world.settle().await;
    world.tick(3 * 86_400);
    let spend = world.google.spend(date(2027, 3, 1)).await.unwrap();
    assert_eq!(spend.len(), 3);
    let us = &spend[&world.id("US")];
    assert!(us.keys().all(|day| (date(2027, 3, 1)..=date(2027, 3, 4)).contains(day)), "{us:?}");
    assert!(us.values().all(|micros| *micros > 0));
    assert!(world.line("US").await.delivered);
    assert!(world.google.spend(date(2027, 4, 1)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_service_account_signs_for_itself() {
    let world = World::start().await;
    let key = json!({
        "type": "service_account",
        "client_email": "adops@adsim.iam.gserviceaccount.com",
        "private_key": include_str!("service-account.pem"),
        "token_uri": world.sim.token_url(),
    });
    let credentials = [("key.json".to_owned(), Secret::new(key.to_string()))].into();
    let google = connect(&world.sim, &world.counter, credentials);
    assert!(google.account().await.unwrap().enabled);
}
