//! Namespaces that name an account without a grant.

use adops_api::AdAccount;
use adops_controller::runtime::watch::Key;
use kube::Api;
use kube::api::DeleteParams;
use serde_json::json;

use crate::Tenancy;

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_learns_nothing_of_an_account_not_even_whether_it_exists() {
    let Some(mut tenancy) = Tenancy::start().await else { return };
    // Something to be learned: the account is broken.
    tenancy.owner.patch_secret("google-ads", json!({"client_secret": ""})).await;
    tenancy.owner.until_account("google-global", "Stalled", "True", "SecretKeyMissing").await;
    let missing = tenancy.account().replace("global", "nowhere");
    tenancy.apply("asks", json!({})).await;
    tenancy.tenant.apply(&adops_e2e::given::campaign("guesses", json!({"accounts": [missing]}))).await.unwrap();
    tenancy.until_stalled("asks", "AccountNotGranted").await;
    tenancy.until_stalled("guesses", "AccountNotGranted").await;
    let asked = tenancy.tenant.message("asks", "Stalled").await;
    let guessed = tenancy.tenant.message("guesses", "Stalled").await;
    assert_eq!(asked, guessed.replace("nowhere", "global"));
    assert!(!asked.contains("client_secret"), "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_that_names_an_account_neither_keeps_it_from_being_deleted_nor_costs_it_reads() {
    let Some(mut tenancy) = Tenancy::start().await else { return };
    let spec = json!({
        "markets": ["US"],
        "adoptionPolicy": "Adopt",
        "adopt": [{"account": tenancy.account(), "market": "US", "externalId": "987654321"}],
        "flight": {"start": "1990-01-01"},
        "budget": {"daily": null, "flight": "100.00"},
    });
    tenancy.apply("stranger", spec).await;
    tenancy.until_stalled("stranger", "AccountNotGranted").await;
    tenancy.owner.pass(jiff::SignedDuration::from_mins(20)).await;
    let asked: String = tenancy.owner.sim.requests().iter().map(|request| request.body.to_string()).collect();
    assert!(asked.contains("FROM campaign") && !asked.contains("987654321") && !asked.contains("1990"));

    let accounts: Api<AdAccount> = Api::namespaced(tenancy.owner.admin.clone(), &tenancy.owner.namespace);
    let finalizers = accounts.get("google-global").await.unwrap().metadata.finalizers;
    assert_eq!(finalizers.unwrap_or_default(), Vec::<String>::new());
    accounts.delete("google-global", &DeleteParams::default()).await.unwrap();
    assert!(accounts.get_opt("google-global").await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn account_names_that_somebody_makes_up_fill_no_memory() {
    let Some(mut tenancy) = Tenancy::start().await else { return };
    let elsewhere = tenancy.account().replace("global", "nowhere");
    for round in 0..5 {
        let made_up = [format!("mine-{round}"), format!("{elsewhere}-{round}"), format!("ns-{round}/account")];
        let accounts: Vec<String> = made_up.into_iter().chain([tenancy.account()]).collect();
        tenancy.tenant.apply(&adops_e2e::given::campaign("asks", json!({"accounts": accounts}))).await.unwrap();
        tenancy.until("asks", "Ready", "False").await;
        tenancy.owner.poll().await;
    }
    let real = Key::new(tenancy.owner.namespace.clone(), "google-global");
    assert_eq!(tenancy.owner.operator.as_ref().unwrap().shared.kept_accounts(), [real]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_under_two_names_is_told_and_the_long_name_means_the_short_one() {
    let Some(mut tenancy) = Tenancy::start().await else { return };
    let long = tenancy.account();
    tenancy.owner.given("spring", json!({})).await;
    let id = tenancy.owner.object("spring", "US").id;
    tenancy.owner.sim.reset_ledger();
    tenancy.owner.patch_campaign("spring", json!({"accounts": [long]})).await;
    tenancy.owner.until_ready("spring").await;
    assert_eq!((tenancy.owner.object("spring", "US").id, tenancy.owner.writes()), (id, vec![]));
    tenancy.owner.patch_campaign("spring", json!({"accounts": [long, "google-global"]})).await;
    tenancy.owner.until_condition("spring", "Stalled", "True", "InvalidSpec").await;
    tenancy.owner.poll().await;
    assert_eq!(tenancy.owner.writes(), []);
    let state = Key::new(tenancy.owner.namespace.clone(), "google-global");
    assert!(tenancy.owner.operator.as_ref().unwrap().shared.accounts.get(&state).is_some());
}
