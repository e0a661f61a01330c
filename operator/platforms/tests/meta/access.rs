//! Credentials, versions, and accounts that cannot be used.

use std::collections::BTreeMap;
use std::sync::Arc;

use adops_core::reason::Reason;
use adops_core::secret::Secret;
use adops_platforms::error::{Disposition, PlatformError};
use adops_platforms::meta::Meta;
use adops_platforms::port::{AdPlatform, ConnectError, Connection, Outcome};
use adops_platforms::registry;
use adsim::{Effect, Fault, Match, MetaEditAction, PlatformName};

use crate::support::{ACT, Counter, TOKEN, World, config, connection, everything, secrets};

#[tokio::test]
async fn the_accounts_facts_are_told() {
    let mut config = config();
    config.meta.accounts[0].currency = "JPY".into();
    config.meta.accounts[0].timezone_name = "Asia/Tokyo".into();
    let world = World::with(config).await;
    let facts = world.meta.account().await.unwrap();
    assert_eq!((facts.currency.as_str(), facts.time_zone.iana_name()), ("JPY", Some("Asia/Tokyo")));
    assert_eq!((facts.enabled, facts.status.as_str(), facts.budget_unit), (true, "ACTIVE", 1_000_000));
    assert_eq!(facts.credentials_expire, None);
    assert_eq!(facts.name, "Example");
}

#[tokio::test]
async fn an_account_that_is_disabled_or_has_not_paid_says_so_and_nothing_is_written_to_it() {
    let mut world = World::start().await;
    world.settle().await;
    world.edit(MetaEditAction::SetAccountStatus { status: 3, disable_reason: 0 });
    let facts = world.meta.account().await.unwrap();
    assert_eq!((facts.enabled, facts.status.as_str()), (false, "UNSETTLED"));
    world.edit(MetaEditAction::SetAccountStatus { status: 2, disable_reason: 1 });
    let facts = world.meta.account().await.unwrap();
    assert_eq!((facts.enabled, facts.status.as_str()), (false, "DISABLED, ADS_INTEGRITY_POLICY"));
    let pause = adops_core::campaign::plan::Action::Pause { id: world.id("US") };
    let outcomes = world.meta.change(&[pause]).await;
    let Outcome::Failed(error) = &outcomes[0] else { panic!("{outcomes:?}") };
    assert_eq!(error.reason(), Reason::AccountSuspended);
    assert_eq!(world.observe().await.lines.len(), 3, "it can still be read");
}

#[tokio::test]
async fn a_token_that_ends_is_told_beforehand_and_afterwards() {
    let mut config = config();
    let end = "2027-04-30T17:00:00Z".parse().unwrap();
    config.meta.tokens[0].expires_at = Some(end);
    config.meta.tokens[0].data_access_expires_at = Some("2027-05-30T17:00:00Z".parse().unwrap());
    let world = World::with(config).await;
    assert_eq!(world.meta.account().await.unwrap().credentials_expire, Some(end));
    world.counter.reset();
    world.meta.account().await.unwrap();
    assert_eq!(world.counter.reads(), 2, "of itself and its page; what the token is is not asked every time");
    world.sim.set_now(end);
    let error = world.meta.account().await.unwrap_err();
    assert_eq!(error.reason(), Reason::CredentialsInvalid);
    assert!(error.to_string().contains("expired"), "{error}");
    assert_eq!(error.disposition(end), Disposition::Backoff);
}

#[tokio::test]
async fn a_token_that_was_revoked_is_told_from_one_that_is_no_token() {
    let world = World::start().await;
    world.sim.revoke_meta_token(TOKEN);
    let error = world.meta.observe(&everything()).await.unwrap_err();
    assert_eq!(error.reason(), Reason::CredentialsRevoked);
    world.sim.restore_meta_token(TOKEN);
    world.meta.account().await.unwrap();
    let other = BTreeMap::from([("access_token".to_owned(), Secret::new("another-token"))]);
    let meta = Meta::new(Connection { credentials: other, ..connection(&world.sim, &Arc::default()) }).unwrap();
    assert_eq!(meta.account().await.unwrap_err().reason(), Reason::CredentialsInvalid);
}

#[tokio::test]
async fn an_app_that_asks_for_proofs_gets_them_with_every_request() {
    let mut config = config();
    config.meta.apps[0].require_proof = true;
    let mut world = World::with(config).await;
    world.settle().await;
    let bare = BTreeMap::from([("access_token".to_owned(), Secret::new(TOKEN))]);
    let meta = Meta::new(Connection { credentials: bare, ..connection(&world.sim, &Arc::default()) }).unwrap();
    let error = meta.account().await.unwrap_err();
    assert_eq!(error.reason(), Reason::CredentialsInvalid);
    assert!(error.to_string().contains("app_secret"), "{error}");
}

#[tokio::test]
async fn an_account_that_the_token_may_not_touch_is_a_matter_of_credentials() {
    let world = World::start().await;
    world.edit(MetaEditAction::SetAccess { allowed: false });
    assert_eq!(world.meta.account().await.unwrap_err().reason(), Reason::CredentialsInvalid);
    let unknown = Connection { account_id: "act_1".to_owned(), ..connection(&world.sim, &Arc::default()) };
    let error = Meta::new(unknown).unwrap().account().await.unwrap_err();
    assert_eq!(error.reason(), Reason::CredentialsInvalid);
    assert!(error.to_string().contains("accountId"), "{error}");
}

#[tokio::test]
async fn a_version_that_has_ended_is_told_and_the_version_is_a_setting() {
    let world = World::start().await;
    let ended = Effect::Reject { category: "2635".into(), code: String::new() };
    world.sim.faults().add(Fault::new(Match::platform(PlatformName::Meta), ended).times(1));
    let error = world.meta.account().await.unwrap_err();
    assert!(matches!(error, PlatformError::VersionSunset { .. }), "{error:?}");
    assert_eq!(error.disposition(world.sim.now()), Disposition::NeedsHuman);
    // Nobody listens there: only the address is of interest.
    let counter = Arc::new(Counter::default());
    let nowhere = Some("http://127.0.0.1:9".to_owned());
    for (api_version, expected) in [(None, "v26.0"), (Some("v27.0".to_owned()), "v27.0")] {
        counter.reset();
        let other = Connection { api_version, endpoint: nowhere.clone(), ..connection(&world.sim, &counter) };
        Meta::new(other).unwrap().account().await.unwrap_err();
        assert_eq!(counter.paths(), [format!("/{expected}/act_{ACT}")]);
    }
}

#[tokio::test]
async fn the_registry_knows_the_connector_and_its_rules() {
    let world = World::start().await;
    let platform = registry::connect(connection(&world.sim, &Arc::default())).unwrap();
    let facts = platform.account().await.unwrap();
    assert_eq!(facts.name, "Example");
    let rules = registry::rules(adops_platforms::meta::PLATFORM).unwrap();
    assert!(rules.uses_media());
    assert_eq!(rules.minimum_daily_budget("USD".parse().unwrap()), None, "nothing is known without an account");
    assert_eq!(facts.minimum_daily_budget.unwrap().to_string(), "1.00 USD");
}

#[tokio::test]
async fn an_endpoint_that_is_not_allowed_and_a_secret_without_a_token_connect_to_nothing() {
    let world = World::start().await;
    let elsewhere =
        Connection { endpoint: Some("https://graph.evil.example".into()), ..connection(&world.sim, &Arc::default()) };
    assert!(matches!(Meta::new(elsewhere).err(), Some(ConnectError::NotAllowed { .. })));
    let mut credentials = secrets();
    credentials.remove("access_token");
    let bare = Connection { credentials, ..connection(&world.sim, &Arc::default()) };
    assert!(matches!(Meta::new(bare).err(), Some(ConnectError::MissingKey { key, .. }) if key == "access_token"));
    // The platform's own host needs no list.
    let own = Connection { endpoint: None, ..connection(&world.sim, &Arc::default()) };
    assert!(Meta::new(own).is_ok());
}

#[tokio::test]
async fn no_address_and_no_message_holds_a_secret() {
    let counter = Arc::new(Counter::default());
    let mut world = World::start().await;
    world.settle().await;
    let requests = serde_json::to_string(&world.sim.requests()).unwrap();
    assert!(!requests.contains(TOKEN) && !requests.contains("adsim-app-secret"));
    assert!(requests.contains("appsecret_proof=(secret)") || requests.contains("(secret)"));
    let said =
        serde_json::json!({"error": {"message": format!("no {TOKEN} \u{1b}[31m"), "code": 190, "error_subcode": 460}});
    let when = Match::path(&format!("act_{ACT}"));
    world.sim.faults().add(Fault::new(when, Effect::Status { status: 400, body: said }).times(1));
    let meta = Meta::new(connection(&world.sim, &counter)).unwrap();
    let error = meta.account().await.unwrap_err();
    assert_eq!(error.reason(), Reason::CredentialsRevoked);
    assert!(error.to_string().contains("(hidden)") && !error.to_string().contains('\u{1b}'), "{error}");
}

#[tokio::test]
async fn a_service_that_is_down_is_told_apart_from_a_refusal() {
    let world = World::start().await;
    for (effect, expected) in [
        (Effect::Status { status: 503, body: serde_json::Value::Null }, Reason::PlatformUnavailable),
        (Effect::CutBefore, Reason::PlatformUnavailable),
        (Effect::Reject { category: "2".into(), code: String::new() }, Reason::PlatformUnavailable),
    ] {
        world.sim.faults().add(Fault::new(Match::platform(PlatformName::Meta), effect).times(1));
        let error = world.meta.account().await.unwrap_err();
        assert_eq!(error.reason(), expected, "{error}");
        assert!(!error.may_have_happened(), "a read changes nothing: {error:?}");
    }
}
