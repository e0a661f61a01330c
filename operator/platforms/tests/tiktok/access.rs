//! Credentials, limits, outages, and what the account says of itself.

use std::sync::Arc;

use adops_core::campaign::plan::Action;
use adops_core::queue::Use;
use adops_core::reason::Reason;
use adops_core::secret::Secret;
use adops_platforms::error::PlatformError;
use adops_platforms::port::{AdPlatform, ConnectError, Connection, Outcome, Scope};
use adops_platforms::quota;
use adops_platforms::tiktok::TikTok;
use adsim::tiktok::account::AdvertiserStatus;
use adsim::tiktok::config::CallLimit;
use adsim::{Effect, Fault, Match, TikTokAction};
use jiff::SignedDuration;

use crate::support::{Counter, TOKEN, World, connection, secrets, try_connect};

fn everything() -> Scope {
    Scope::All { held: [].into() }
}

async fn error_of(world: &World) -> PlatformError {
    world.tiktok.observe(&everything()).await.unwrap_err()
}

#[tokio::test]
async fn the_account_describes_itself() {
    let world = World::start().await;
    let facts = world.tiktok.account().await.unwrap();
    assert_eq!((facts.currency.as_str(), facts.name.as_str(), facts.enabled), ("USD", "Example", true));
    assert_eq!(facts.time_zone.iana_name(), Some("America/New_York"));
    assert_eq!((facts.budget_unit, facts.status.as_str(), facts.objects), (10_000, "STATUS_ENABLE", None));
    assert!(facts.credentials_expire.is_none(), "they live until they are revoked");
}

#[tokio::test]
async fn an_account_that_is_not_enabled_says_so_and_stops_no_pause() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    for (status, word) in [
        (AdvertiserStatus::Disable, "STATUS_DISABLE"),
        (AdvertiserStatus::Limit, "STATUS_LIMIT"),
        (AdvertiserStatus::PendingConfirm, "STATUS_PENDING_CONFIRM"),
    ] {
        world.edit(TikTokAction::SetAccountStatus { status });
        let facts = world.tiktok.account().await.unwrap();
        assert_eq!((facts.enabled, facts.status.as_str()), (false, word));
    }
    world.edit(TikTokAction::SetAccountStatus { status: AdvertiserStatus::Disable });
    assert!(world.line("US").await.serving.contains(&Reason::AccountSuspended));
    let outcome = world.change(Action::Enable { id: id.clone(), budget: crate::support::usd("2000") }).await;
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
    let lines = world.new_lines().await;
    assert!(lines.is_empty());
    world.spec.id.name = "autumn".to_owned();
    let created = world.tiktok.create(&world.new_lines().await).await;
    let suspended = |outcome: &Outcome| matches!(outcome, Outcome::Failed(PlatformError::AccountSuspended { .. }));
    assert!(created.iter().all(suspended), "{created:?}");
    assert!(matches!(world.change(Action::Pause { id }).await, Outcome::Applied { .. }));
}

#[tokio::test]
async fn an_account_without_money_does_not_serve() {
    let mut world = World::start().await;
    world.spec.flight.start = jiff::civil::date(2027, 3, 1);
    world.settle().await;
    world.tick(3_600);
    world.edit(TikTokAction::SetBalance { balance: 0.0 });
    let facts = world.tiktok.account().await.unwrap();
    assert_eq!((facts.enabled, facts.status.as_str()), (true, "STATUS_ENABLE, balance 0"));
    assert_eq!(world.line("US").await.serving, [Reason::PaymentFailed].into());
}

#[tokio::test]
async fn tokens_that_are_revoked_expired_or_wrong_are_told_apart() {
    let world = World::start().await;
    world.observe().await;
    world.sim.revoke_tiktok_token(TOKEN);
    let error = error_of(&world).await;
    assert!(matches!(error, PlatformError::CredentialsRevoked { .. }), "{error:?}");
    world.sim.restore_tiktok_token(TOKEN);
    world.sim.expire_tiktok_tokens();
    let error = error_of(&world).await;
    assert!(matches!(error, PlatformError::CredentialsInvalid { .. }), "{error:?}");
    assert!(error.to_string().contains("expired"), "{error}");
    world.sim.restore_tiktok_token(TOKEN);
    assert_eq!(world.observe().await.lines.len(), 0);

    let wrong = [("access_token".to_owned(), Secret::new("guessed-s3cret"))].into();
    let error = try_connect(&world.sim, wrong).unwrap().account().await.unwrap_err();
    assert!(matches!(error, PlatformError::CredentialsInvalid { .. }), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("s3cret"));
    world.edit(TikTokAction::SetAccess { allowed: false });
    let error = error_of(&world).await;
    assert!(matches!(error, PlatformError::CredentialsInvalid { .. }), "{error:?}");
}

#[tokio::test]
async fn a_secret_without_a_token_is_no_connection() {
    let world = World::start().await;
    for (value, wrong) in [(None, "lacks the key `access_token`"), (Some(" "), "lacks"), (Some("a b"), "a space")] {
        let credentials = value.map(|value| ("access_token".to_owned(), Secret::new(value))).into_iter().collect();
        let error = try_connect(&world.sim, credentials).err().unwrap();
        assert!(error.to_string().contains(wrong), "{error}");
    }
    let connection = Connection {
        endpoint: Some("https://evil.example/open_api".to_owned()),
        ..connection(&world.sim, &Arc::default())
    };
    let error = TikTok::new(connection).err().unwrap();
    assert_eq!(error, ConnectError::NotAllowed { url: "https://evil.example".to_owned() });
}

#[tokio::test]
async fn a_token_never_shows_in_an_error_nor_in_a_recording() {
    let world = World::start().await;
    let echo = Effect::Error { category: format!("The token {TOKEN} is odd"), code: "40002".into() };
    world.sim.faults().add(Fault::new(Match::path("smart_plus/campaign/get"), echo));
    let error = error_of(&world).await;
    let shown = format!("{error:?} {error}");
    assert!(shown.contains("(hidden) is odd") && !shown.contains(TOKEN), "{shown}");
    assert!(world.sim.requests().iter().all(|request| !request.path.contains(TOKEN)), "it is a header");
}

#[tokio::test]
async fn a_version_that_has_ended_is_told_and_another_can_be_set() {
    let world = World::start().await;
    world.sim.configure_tiktok(|config| config.versions = vec!["v1.4".into()]);
    assert_eq!(error_of(&world).await.reason(), Reason::VersionSunset);
    let of = |version: &str| {
        let version = Some(version.to_owned());
        let connection = Connection { api_version: version, ..connection(&world.sim, &Arc::new(Counter::default())) };
        TikTok::new(connection).unwrap()
    };
    world.sim.configure_tiktok(|config| config.versions = vec!["v1.3".into()]);
    assert!(of("v1.3").account().await.unwrap().enabled);
    assert_eq!(of("v1.2").account().await.unwrap_err().reason(), Reason::VersionSunset);
    // An endpoint that is switched off says so in its own words.
    let offline = Effect::Error { category: "The interface is offline.".into(), code: "41001".into() };
    world.sim.faults().add(Fault::new(Match::path("smart_plus/campaign/create"), offline));
    let outcomes = world.tiktok.create(&world.new_lines().await).await;
    assert!(
        outcomes.iter().all(|o| matches!(o, Outcome::Failed(error) if error.reason() == Reason::VersionSunset)),
        "{outcomes:?}"
    );
}

#[tokio::test]
async fn every_path_ends_in_a_slash() {
    let mut world = World::start().await;
    world.settle().await;
    world.tiktok.spend(jiff::civil::date(2027, 3, 1)).await.unwrap();
    let requests = world.sim.requests();
    assert!(requests.len() > 20);
    let path = |path: &str| path.split('?').next().unwrap().to_owned();
    assert!(requests.iter().all(|request| path(&request.path).ends_with('/') && request.status == 200));
}

#[tokio::test]
async fn errors_come_as_successes_of_http_and_are_no_successes() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    for (code, expected) in [
        (40_100, Reason::RateLimited),
        (40_016, Reason::RateLimited),
        (40_105, Reason::CredentialsRevoked),
        (40_118, Reason::CredentialsInvalid),
        (60_001, Reason::PlatformUnavailable),
        (40_700, Reason::PlatformRejected),
    ] {
        let effect = Effect::Error { category: String::new(), code: code.to_string() };
        let fault = world.sim.faults().add(Fault::new(Match::path("campaign/status/update"), effect).times(1));
        let outcome = world.change(Action::Pause { id: id.clone() }).await;
        let Outcome::Failed(error) = &outcome else { panic!("{code}: {outcome:?}") };
        assert_eq!(error.reason(), expected, "{code}");
        world.sim.faults().remove(fault);
        assert!(world.campaign("US").enabled);
    }
    let effect = Effect::Error { category: String::new(), code: "50000".into() };
    world.sim.faults().add(Fault::new(Match::path("campaign/status/update"), effect).times(1));
    assert!(matches!(world.change(Action::Pause { id: id.clone() }).await, Outcome::Unknown(_)));
}

#[tokio::test]
async fn a_throttled_account_slows_down_and_gets_through() {
    let world = World::start().await;
    let limit = CallLimit { per_second: Some(1), per_minute: None, per_day: None };
    world.observe().await;
    world.sim.configure_tiktok(|config| config.advertiser_limit = Some(limit));
    let mut limited = 0;
    for _ in 0..6 {
        match world.tiktok.observe(&everything()).await {
            Ok(_) => {}
            Err(PlatformError::RateLimited { retry_after, message }) => {
                assert_eq!(retry_after, Some(SignedDuration::from_secs(1)), "{message}");
                limited += 1;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!((1..6).contains(&limited), "the pace adapts: {limited}");
}

#[tokio::test]
async fn after_a_limit_of_a_minute_all_waits_but_what_stops_spend() {
    let mut world = World::start().await;
    world.settle().await;
    let effect = Effect::Error { category: "Advertiser's QPM reaches QPM limit".into(), code: "40133".into() };
    world.sim.faults().add(Fault::new(Match::path("smart_plus/campaign/get"), effect).times(1));
    let error = error_of(&world).await;
    assert!(matches!(error, PlatformError::RateLimited { .. }), "{error:?}");
    let error = error_of(&world).await;
    let PlatformError::NotSent { until, .. } = error else { panic!("{error:?}") };
    assert_eq!(until, world.sim.now() + SignedDuration::from_mins(5));
    let pause = [Action::Pause { id: world.id("US") }];
    let (outcomes, _) = quota::spend(Use::Protect, world.tiktok.change(&pause)).await;
    assert!(matches!(outcomes[0], Outcome::Applied { .. }), "{outcomes:?}");
    world.tick(301);
    world.observe().await;
}

#[tokio::test]
async fn a_days_requests_end_at_midnight_utc_and_nothing_is_sent_before() {
    let world = World::start().await;
    world.observe().await;
    let limit = CallLimit { per_second: None, per_minute: None, per_day: Some(1) };
    world.sim.configure_tiktok(|config| config.app_limit = Some(limit));
    // Each endpoint is counted for itself.
    world.observe().await;
    let error = error_of(&world).await;
    let PlatformError::QuotaExhausted { until, .. } = error else { panic!("{error:?}") };
    assert_eq!(until.to_string(), "2027-03-02T00:00:00Z");
    world.counter.reset();
    let outcome = world.change(Action::Pause { id: "1770000000000000004".to_owned() }).await;
    assert!(matches!(outcome, Outcome::Failed(PlatformError::QuotaExhausted { .. })), "{outcome:?}");
    assert_eq!(world.counter.reads() + world.counter.writes(), 0, "it is not asked again");
}

#[tokio::test]
async fn every_request_is_counted_where_tiktok_counts_it() {
    let world = World::start().await;
    world.counter.reset();
    let before = world.tiktok.quota().used();
    let (snapshot, used) = quota::spend(Use::Observe, world.tiktok.observe(&everything())).await;
    snapshot.unwrap();
    let sent = u64::try_from(world.counter.reads()).unwrap();
    assert_eq!((used, world.tiktok.quota().used() - before), (sent, sent));
    // Two accounts of one app share its quota; without the app's id each token is its own.
    let of = |app: Option<&str>, token: &str| {
        let mut credentials = secrets();
        credentials.insert("access_token".to_owned(), Secret::new(token));
        credentials.extend(app.map(|app| ("app_id".to_owned(), Secret::new(app))));
        let connection = Connection { credentials, ..connection(&world.sim, &Arc::default()) };
        TikTok::new(connection).unwrap().quota().name().to_owned()
    };
    assert_eq!(of(Some("7300"), "a"), of(Some("7300"), "b"));
    assert_ne!(of(None, "a"), of(None, "b"));
    assert!(!of(Some("7300"), "a").contains("7300") && !of(None, TOKEN).contains(TOKEN));
}

#[tokio::test]
async fn an_outage_leaves_reads_undone_and_a_listing_whole_or_none() {
    let mut world = World::start().await;
    world.settle().await;
    let server = Effect::Error { category: String::new(), code: "50002".into() };
    for effect in [server, Effect::CutBefore, Effect::CutAfter, Effect::Status { status: 502, body: "<html>".into() }] {
        let id = world.sim.faults().add(Fault::new(Match::path("/get/"), effect).after(3));
        let error = error_of(&world).await;
        assert!(matches!(error, PlatformError::Unavailable { .. }), "{error:?}");
        world.sim.faults().remove(id);
    }
    assert_eq!(world.observe().await.lines.len(), 3);
}

#[tokio::test]
async fn places_are_looked_up_by_one_call_and_what_is_unknown_is_absent() {
    let world = World::start().await;
    let places = ["US", "DE", "US-CA", "US-DMA-501", "AF", "US-ZZ", "US-DMA-999", "platform:6252001", "platform:1"];
    let asked = places.iter().map(|place| place.parse().unwrap()).collect();
    world.counter.reset();
    let found = world.tiktok.resolve(&asked).await.unwrap();
    let known: Vec<String> = found.iter().map(|(place, id)| format!("{place} {id}")).collect();
    assert_eq!(known, ["DE 2921044", "US 6252001", "US-CA 5332921", "US-DMA-501 501", "platform:6252001 6252001"],);
    world.tiktok.resolve(&asked).await.unwrap();
    assert_eq!(world.counter.of("tool/region"), 1, "what is unknown is not asked for again at once");
    assert!(world.tiktok.resolve(&[].into()).await.unwrap().is_empty());
}

#[tokio::test]
async fn nothing_tells_who_holds_the_account() {
    let world = World::start().await;
    assert_eq!(world.tiktok.holder(), None);
    world.counter.reset();
    world.tiktok.hold().await.unwrap();
    assert_eq!(world.counter.reads() + world.counter.writes(), 0);
}
