//! Accounts, Secrets and credentials that are missing or wrong.

use adops_e2e::given;
use adsim::config::OAuthClient;
use serde_json::{Value, json};

const GOOD: [(&str, &str); 3] =
    [("client_id", "adsim-client"), ("client_secret", "adsim-secret"), ("refresh_token", "adsim-refresh")];

fn keys(of: &[(&str, &str)]) -> Value {
    Value::Object(of.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_whose_account_is_missing_says_which_and_goes_on_when_it_appears() {
    let Some(mut world) = given::world().await else { return };
    world.start_operator().await;
    world.apply(&given::campaign("spring", json!({"accounts": ["google-globall"]}))).await.unwrap();
    world.until_condition("spring", "Stalled", "True", "AccountNotFound").await;
    let message = world.message("spring", "Ready").await;
    assert!(message.contains(&format!("the AdAccount {}/google-globall does not exist", world.namespace)), "{message}");
    assert_eq!(world.on_platform().len(), 0);

    assert!(world.as_admin(&["delete", "adaccount", "google-global"], "").status.success());
    world.apply(&world.account_yaml("google-globall", "google-ads")).await.unwrap();
    world.until_ready("spring").await;
    assert_eq!(world.on_platform().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_accounts_only_the_missing_one_is_held_up() {
    let Some(mut world) = given::world().await else { return };
    world.start_operator().await;
    world.apply(&given::campaign("spring", json!({"accounts": ["google-global", "nobody"]}))).await.unwrap();
    world.until_condition("spring", "Stalled", "True", "AccountNotFound").await;
    world
        .until("the other two lines work", |snapshot| {
            let status = snapshot.campaign("spring").and_then(|campaign| campaign.status.clone());
            status.is_some_and(|status| status.lines_ready.as_deref() == Some("2/4"))
        })
        .await;
    // The missing account keeps its share.
    assert_eq!(world.budget("spring", "US"), 25_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_secret_is_named_and_looked_for_again() {
    let Some(mut world) = given::world().await else { return };
    assert!(world.as_admin(&["delete", "secret", "google-ads"], "").status.success());
    world.start_operator().await;
    world.apply(&given::campaign("spring", json!({}))).await.unwrap();
    world.until_account("google-global", "Stalled", "True", "SecretNotFound").await;
    world.until_condition("spring", "Stalled", "True", "SecretNotFound").await;
    let message = world.message("spring", "Ready").await;
    assert!(message.contains(&format!("the Secret {}/google-ads does not exist", world.namespace)), "{message}");

    world.apply(&world.account_yaml("google-global", "google-ads")).await.unwrap();
    world.until_ready("spring").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_key_of_the_secret_is_named() {
    let Some(mut world) = given::world().await else { return };
    world.patch_secret("google-ads", json!({"refresh_token": ""})).await;
    world.start_operator().await;
    world.apply(&given::campaign("spring", json!({}))).await.unwrap();
    world.until_account("google-global", "Stalled", "True", "SecretKeyMissing").await;
    world.until_condition("spring", "Stalled", "True", "SecretKeyMissing").await;
    let message = world.message("spring", "Ready").await;
    assert!(message.contains("google-ads") && message.contains("refresh_token"), "{message}");
    assert!(!message.contains("adsim-secret"), "{message}");

    world.patch_secret("google-ads", keys(&GOOD)).await;
    world.until_ready("spring").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_told_and_right_ones_are_found_without_a_restart() {
    let Some(mut world) = given::world().await else { return };
    world.patch_secret("google-ads", json!({"client_secret": "wrong"})).await;
    world.start_operator().await;
    world.apply(&given::campaign("spring", json!({}))).await.unwrap();
    world.until_account("google-global", "Stalled", "True", "CredentialsInvalid").await;
    world.until_condition("spring", "Stalled", "True", "CredentialsInvalid").await;
    assert_eq!(world.on_platform().len(), 0);

    world.patch_secret("google-ads", keys(&GOOD)).await;
    world.until_ready("spring").await;
    world.until_account("google-global", "Ready", "True", "Ready").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_told_what_runs_runs_on_and_a_new_secret_mends_it() {
    let second = [("client_id", "second"), ("client_secret", "second-secret"), ("refresh_token", "second-refresh")];
    let world = given::world_with(|config| {
        config.google.clients.push(OAuthClient {
            client_id: second[0].1.into(),
            client_secret: second[1].1.into(),
            refresh_token: second[2].1.into(),
            ..OAuthClient::default()
        });
    });
    let Some(mut world) = world.await else { return };
    world.given("spring", json!({})).await;
    world.sim.revoke_grant("adsim-refresh");
    world.sim.reset_ledger();
    world.until_account("google-global", "Stalled", "True", "CredentialsRevoked").await;
    world.patch_campaign("spring", json!({"budget": {"daily": "80.00"}})).await;
    world.until_condition("spring", "Stalled", "True", "CredentialsRevoked").await;
    assert!(world.runs("spring", "US") && world.writes().is_empty());
    // What is known stays known.
    let line = world.line("spring", "google-global/US").await;
    assert_eq!(line.id, Some(world.object("spring", "US").id.to_string()));

    world.patch_secret("google-ads", keys(&second)).await;
    world.until_ready("spring").await;
    assert_eq!(world.budget("spring", "US"), 40_000_000);
    assert_eq!(world.on_platform().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_that_ended_early_is_fetched_again_and_nobody_notices() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    world.sim.expire_tokens();
    world.patch_campaign("spring", json!({"budget": {"daily": "80.00"}})).await;
    world.until_ready("spring").await;
    assert_eq!(world.budget("spring", "US"), 40_000_000);
    assert_eq!(world.look().await.account_condition("google-global", "Ready").unwrap().0, "True");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_accounts_for_one_platform_account_the_younger_is_told() {
    let Some(mut world) = given::world().await else { return };
    // Creation times have whole seconds.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    world.apply(&world.account_yaml("google-twin", "google-ads")).await.unwrap();
    world.given("spring", json!({})).await;
    world.until_account("google-twin", "Stalled", "True", "AccountClaimed").await;
    world.apply(&given::campaign("summer", json!({"accounts": ["google-twin"]}))).await.unwrap();
    world.until_condition("summer", "Stalled", "True", "AccountClaimed").await;
    assert_eq!(world.on_platform().len(), 2);

    // The older one goes: the other takes over, objects of the Campaign that used it are still its own.
    world.delete_campaign("spring").await;
    world.until_gone("spring").await;
    assert!(world.as_admin(&["delete", "adaccount", "google-global"], "").status.success());
    world.until_ready("summer").await;
    assert!(world.runs("summer", "US") && !world.runs("spring", "US"));
}
