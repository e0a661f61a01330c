//! Who may do what, and how often.

use adsim::config::{AccessLevel, AccountConfig, Project};
use adsim::google::account::CustomerStatus;
use adsim::{Edit, EditAction};
use serde_json::json;

use crate::support::{CID, Client, codes, config, line, search};

const QUERY: &str = "SELECT customer.id FROM customer";

#[tokio::test]
async fn tokens_expire_and_grants_are_revoked() {
    let mut client = Client::start().await;
    assert_eq!(client.post("googleAds:search", &search(QUERY)).await.0, 200);
    client.sim.expire_tokens();
    let (status, body) = client.post("googleAds:search", &search(QUERY)).await;
    assert_eq!((status, body["error"]["status"].as_str().unwrap()), (401, "UNAUTHENTICATED"));
    assert_eq!(codes(&body), ["OAUTH_TOKEN_EXPIRED"]);
    client.authorize().await;
    assert_eq!(client.post("googleAds:search", &search(QUERY)).await.0, 200);
    client.sim.revoke_grant("adsim-refresh");
    assert_eq!(codes(&client.post("googleAds:search", &search(QUERY)).await.1), ["OAUTH_TOKEN_REVOKED"]);
    client.authorize().await;
    assert_eq!(
        codes(&client.post("googleAds:search", &search(QUERY)).await.1),
        ["OAUTH_TOKEN_HEADER_INVALID"],
        "no token at all"
    );
    client.sim.restore_grant("adsim-refresh");
    client.authorize().await;
    assert_eq!(client.post("googleAds:search", &search(QUERY)).await.0, 200);
}

#[tokio::test]
async fn a_client_account_is_reached_directly_or_through_its_manager() {
    let mut config = config();
    config.google.accounts = vec![
        AccountConfig {
            customer_id: "1112223333".into(),
            manager: true,
            users: vec!["user@example.com".into()],
            ..AccountConfig::default()
        },
        AccountConfig {
            managers: vec!["1112223333".into()],
            users: vec!["owner@example.com".into()],
            ..AccountConfig::default()
        },
        AccountConfig {
            customer_id: "9999999999".into(),
            users: vec!["owner@example.com".into()],
            ..AccountConfig::default()
        },
    ];
    let client = Client::with(config).await;
    let ask = async |customer: &str, login: Option<&str>| {
        let path = format!("/v26/customers/{customer}/googleAds:search");
        let (status, body) = client.send_to(&path, &search(QUERY), login).await.unwrap();
        (status, codes(&body).into_iter().next())
    };
    let denied = (403, Some("USER_PERMISSION_DENIED".to_owned()));
    assert_eq!(ask(CID, None).await, denied);
    assert_eq!(ask(CID, Some("1112223333")).await, (200, None));
    assert_eq!(ask("9999999999", Some("1112223333")).await, denied);
    assert_eq!(ask("5555555555", Some("1112223333")).await, denied);
    assert_eq!(ask(CID, Some("111-222-3333")).await, (400, Some("INVALID_LOGIN_CUSTOMER_ID".into())));
    assert_eq!(ask("123-456-7890", None).await, (400, Some("INVALID_CUSTOMER_ID".into())));
    let metrics = search("SELECT metrics.clicks FROM customer");
    let (_, body) = client.send_to("/v26/customers/1112223333/googleAds:search", &metrics, None).await.unwrap();
    assert_eq!(codes(&body), ["REQUESTED_METRICS_FOR_MANAGER"]);
}

#[tokio::test]
async fn a_project_with_test_access_reaches_test_accounts_only() {
    let mut config = config();
    config.google.projects = vec![Project { access: AccessLevel::Test, ..Project::default() }];
    config.google.accounts.push(AccountConfig {
        customer_id: "7777777777".into(),
        test_account: true,
        ..AccountConfig::default()
    });
    let client = Client::with(config).await;
    let (status, body) = client.post("googleAds:search", &search(QUERY)).await;
    assert_eq!((status, codes(&body)), (403, vec!["CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION".to_owned()]));
    let (status, _) = client.send_to("/v26/customers/7777777777/googleAds:search", &search(QUERY), None).await.unwrap();
    assert_eq!(status, 200);
}

#[tokio::test]
async fn each_search_and_each_operation_counts_against_the_day() {
    let mut config = config();
    config.google.projects =
        vec![Project { operations_per_day: Some(10), access: AccessLevel::Basic, ..Project::default() }];
    let client = Client::with(config).await;
    client.mutate_ok(&line("a", "50000000", None)).await;
    assert_eq!(client.sim.quota_used("adsim"), 8);
    client.rows(QUERY).await;
    let (status, body) = client.mutate(&line("b", "50000000", None)).await;
    assert_eq!((status, body["error"]["status"].as_str().unwrap()), (429, "RESOURCE_EXHAUSTED"));
    let error = &body["error"]["details"][0]["errors"][0];
    assert_eq!(error["errorCode"], json!({"quotaError": "RESOURCE_EXHAUSTED"}));
    let details = &error["details"]["quotaErrorDetails"];
    assert_eq!(details["rateScope"], "DEVELOPER");
    assert_eq!(details["rateName"], "Number of operations for basic access");
    // Midnight in California is 15 hours after noon in New York.
    assert_eq!(details["retryDelay"], "54000s");
    assert_eq!(error["message"], "Too many requests. Retry in 54000 seconds.");
    assert_eq!(client.sim.google_account(CID).campaigns.len(), 1);
    client.sim.set_now("2027-03-02T08:00:00Z".parse().unwrap());
    client.mutate_ok(&line("b", "50000000", None)).await;
}

#[tokio::test]
async fn versions_come_and_go() {
    let client = Client::start().await;
    let ask = async |version: &str| {
        let path = format!("/{version}/customers/{CID}/googleAds:search");
        client.send_to(&path, &search(QUERY), None).await.unwrap()
    };
    assert_eq!(ask("v25").await.0, 200);
    let (status, body) = ask("v19").await;
    assert_eq!((status, codes(&body)), (400, vec!["UNSUPPORTED_VERSION".to_owned()]));
    assert_eq!(ask("latest").await.0, 404);
}

#[tokio::test]
async fn a_suspended_account_can_be_read_a_closed_one_cannot() {
    let client = Client::start().await;
    let set = |status| client.sim.edit(&Edit::by_hand(CID, EditAction::SetAccountStatus { status })).unwrap();
    set(CustomerStatus::Suspended);
    let rows = client.rows("SELECT customer.status FROM customer").await;
    assert_eq!(rows[0]["customer"]["status"], "SUSPENDED");
    let (status, body) = client.mutate(&line("a", "50000000", None)).await;
    assert_eq!((status, codes(&body)), (403, vec!["ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT".to_owned()]));
    set(CustomerStatus::Closed);
    assert_eq!(codes(&client.post("googleAds:search", &search(QUERY)).await.1), ["CUSTOMER_NOT_ENABLED"]);
    set(CustomerStatus::Enabled);
    client.sim.edit(&Edit::by_hand(CID, EditAction::SetAccess { allowed: false })).unwrap();
    assert_eq!(codes(&client.post("googleAds:search", &search(QUERY)).await.1), ["USER_PERMISSION_DENIED"]);
}
