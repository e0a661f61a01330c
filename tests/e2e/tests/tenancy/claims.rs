//! One platform account, several AdAccounts.

use std::time::Duration;

use adops_e2e::given;
use adops_e2e::kill::KillSwitch;
use serde_json::json;

use crate::Tenancy;

#[tokio::test(flavor = "multi_thread")]
async fn an_account_in_use_is_not_stolen_by_another_namespace_with_the_same_credentials() {
    let Some(mut tenancy) = Tenancy::start().await else { return };
    tenancy.owner.given("spring", json!({})).await;
    tenancy.owner.sim.reset_ledger();
    // The same number without its dashes, by credentials that work.
    let twin = tenancy.owner.account_yaml("twin", "google-ads").replace("123-456-7890", "1234567890");
    tenancy.tenant.apply(&twin).await.unwrap();
    tenancy.tenant.apply(&given::campaign("thief", json!({"accounts": ["twin"]}))).await.unwrap();
    tenancy.until_stalled("thief", "AccountClaimed").await;

    // The owner's goes while it is used: it stays the holder until its Campaign has let go.
    assert!(tenancy.owner.as_admin(&["delete", "adaccount", "google-global", "--wait=false"], "").status.success());
    tenancy.owner.pass(jiff::SignedDuration::from_mins(15)).await;
    tenancy.until_stalled("thief", "AccountClaimed").await;
    assert_eq!(tenancy.owner.writes(), []);
    assert!(tenancy.owner.runs("spring", "US"));
}

/// The Campaign is looked at before its AdAccount says who holds the account.
#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_was_too_early_hears_that_its_account_is_claimed() {
    let (Some(mut owner), Some(tenant)) = (given::world().await, given::world().await) else { return };
    let (switch, namespaces) = (KillSwitch::counting(), vec![owner.namespace.clone(), tenant.namespace.clone()]);
    owner.start_operator_with(Some(switch.clone()), |options| options.namespaces = namespaces).await;
    let mut tenancy = Tenancy { owner, tenant };
    tenancy.owner.given("spring", json!({})).await;
    let hold = switch.hold("adaccounts/twin/status");
    let twin = tenancy.owner.account_yaml("twin", "google-ads").replace("123-456-7890", "1234567890");
    tenancy.tenant.apply(&twin).await.unwrap();
    hold.reached().await;
    tenancy.tenant.apply(&given::campaign("thief", json!({"accounts": ["twin"]}))).await.unwrap();
    let early = Some(("True".to_owned(), "AccountNotReady".to_owned()));
    let told = async |tenancy: &Tenancy| tenancy.tenant.look().await.condition("thief", "Reconciling") == early;
    tenancy.told_somehow("it is too early", told).await;
    hold.release();
    tenancy.until_stalled("thief", "AccountClaimed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_an_accounts_number_and_not_its_secrets_keeps_no_owner_out() {
    let (Some(mut owner), Some(tenant)) = (given::world().await, given::world().await) else { return };
    assert!(owner.as_admin(&["delete", "adaccount", "google-global"], "").status.success());
    // The squatter was first. It has the number, and credentials that are refused.
    tenant.patch_secret("google-ads", json!({"client_secret": "guessed"})).await;
    tenant.apply(&owner.account_yaml("google-global", "google-ads").replace("adsim-secret", "guessed")).await.unwrap();
    let namespaces = vec![owner.namespace.clone(), tenant.namespace.clone()];
    owner.start_operator_with(None, |options| options.namespaces = namespaces).await;
    let mut tenancy = Tenancy { owner, tenant };
    // Creation times have whole seconds.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    tenancy.owner.apply(&tenancy.owner.account_yaml("google-global", "google-ads")).await.unwrap();
    tenancy.owner.apply(&given::campaign("spring", json!({}))).await.unwrap();
    tenancy.owner.until_ready("spring").await;

    // And when it has found them out, it is too late.
    tenancy.tenant.patch_secret("google-ads", json!({"client_secret": "adsim-secret"})).await;
    tenancy.owner.pass(jiff::SignedDuration::from_mins(30)).await;
    let seen = tenancy.tenant.look().await.account_condition("google-global", "Stalled");
    assert_eq!(seen, Some(("True".to_owned(), "AccountClaimed".to_owned())));
    assert_eq!(tenancy.owner.look().await.account_condition("google-global", "Ready").unwrap().0, "True");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_created_within_one_second_one_holds_and_keeps_holding_after_restarts() {
    let Some(mut owner) = given::world().await else { return };
    owner.apply(&owner.account_yaml("a-twin", "google-ads")).await.unwrap();
    owner.start_operator().await;
    let stalled = |owner: &adops_e2e::world::Snapshot| {
        ["a-twin", "google-global"].map(|name| owner.account_condition(name, "Stalled").is_some())
    };
    owner.until("one holds it", |seen| stalled(&seen).iter().filter(|stalled| **stalled).count() == 1).await;
    let first = stalled(&owner.look().await);
    for _ in 0..3 {
        owner.kill_operator();
        owner.start_operator().await;
        owner.poll().await;
        assert_eq!(stalled(&owner.look().await), first);
    }
}
