//! What a person with kubectl and the documented role sees and may do.

use adops_e2e::given::{self, example, said};
use serde_json::json;

/// The header in which kubectl shows Campaigns.
const COLUMNS: &str = "NAME STATE LINES DELIVERING BUDGET/DAY SPEND-7D PACE READY REASON AGE";

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_user_applies_waits_and_looks() {
    let Some(mut world) = given::world().await else { return };
    let shut = world.as_user(&["get", "camp"], "");
    assert!(said(&shut).contains("Forbidden"), "no role, no look: {}", said(&shut));
    world.let_the_user_in().await;
    world.start_operator().await;
    let applied = world.as_user(&["apply", "-f", "-"], &given::campaign("spring", json!({})));
    assert!(applied.status.success(), "{}", said(&applied));

    let user = world.cluster.ready.user_kubeconfig.clone();
    let namespace = world.namespace.clone();
    let waits = tokio::task::spawn_blocking(move || {
        given::kubectl(&user, &namespace, &["wait", "--for=condition=Ready", "campaign/spring", "--timeout=50s"], "")
    });
    world.until_ready("spring").await;
    let waited = waits.await.unwrap();
    assert!(waited.status.success(), "{}", said(&waited));

    world.until_condition("spring", "Delivering", "True", "Delivering").await;
    let shown = said(&world.as_user(&["get", "camp"], ""));
    let mut lines = shown.lines();
    let words = |line: Option<&str>| line.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words(lines.next()), COLUMNS);
    let row = words(lines.next());
    assert!(row.starts_with("spring Active 2/2 2/2 100.00 EUR "), "{row}");
    assert!(row.contains(" True "), "{row}");
    // The category lists both kinds.
    let all = said(&world.as_user(&["get", "adops"], ""));
    assert!(all.contains("adaccount.adops.dev/google-global") && all.contains("campaign.adops.dev/spring"), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_user_may_not_write_a_status_or_read_secrets() {
    let Some(world) = given::world().await else { return };
    world.let_the_user_in().await;
    world.apply(&given::campaign("spring", json!({}))).await.unwrap();
    let patch = [
        "patch",
        "camp",
        "spring",
        "--subresource=status",
        "--type=merge",
        "-p",
        "{\"status\":{\"observedGeneration\":9}}",
    ];
    assert!(said(&world.as_user(&patch, "")).contains("Forbidden"));
    assert!(said(&world.as_user(&["get", "secret", "google-ads"], "")).contains("Forbidden"));
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_has_words_for_every_field() {
    let Some(world) = given::world().await else { return };
    world.let_the_user_in().await;
    for path in ["campaign.spec", "campaign.spec.flight", "campaign.spec.ads", "campaign.status", "adaccount.spec"] {
        let text = said(&world.as_user(&["explain", path], ""));
        assert!(text.contains("DESCRIPTION:") && text.contains("FIELDS:"), "{path}: {text}");
        assert!(!text.contains("<no description>"), "{path}: {text}");
    }
    let text = said(&world.as_user(&["explain", "campaign.spec"], ""));
    for word in ["flight", "declarations", "unquoted NO as false", "stopsByHand"] {
        assert!(text.contains(word), "{word}: {text}");
    }
}

/// Applies an example as the plain user and waits until it is Ready or says why not.
async fn applied(yaml: String, name: &str) -> Option<(adops_e2e::world::World, String)> {
    let mut world = given::world().await?;
    world.let_the_user_in().await;
    world.start_operator().await;
    let answer = world.as_user(&["apply", "-f", "-"], &yaml);
    assert!(answer.status.success(), "{}", said(&answer));
    world
        .until(&format!("{name} is Ready or says why not"), |snapshot| {
            let stalled = snapshot.condition(name, "Stalled").is_some();
            snapshot.is_ready(name) || stalled
        })
        .await;
    let message = world.message(name, "Stalled").await;
    Some((world, message))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_campaign_becomes_ready() {
    let Some((world, message)) = applied(given::example_on_google(), "spring").await else { return };
    assert_eq!(message, "");
    assert_eq!(world.on_platform().len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_minimal_example_becomes_ready() {
    let Some((world, message)) = applied(example("minimal.yaml"), "minimal").await else { return };
    assert_eq!(message, "");
    assert_eq!(world.budget("minimal", "GB"), 50_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_with_a_budget_for_the_flight_becomes_ready() {
    let Some((world, message)) = applied(example("total-budget.yaml"), "launch-week").await else { return };
    assert_eq!(message, "");
    assert_eq!(world.on_platform().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_all_policies_says_what_object_it_waits_for() {
    let Some((mut world, message)) = applied(example("policies.yaml"), "evergreen").await else { return };
    // It adopts an object that nobody has made here; its other lines work.
    let expected = "google-global/US-CA: the account google-global has no object 1234567890, which `adopt` names";
    assert_eq!(message, expected);
    world
        .until("the others run", |snapshot| {
            let status = snapshot.campaign("evergreen").and_then(|campaign| campaign.status.clone());
            status.is_some_and(|status| status.lines_ready.as_deref() == Some("2/3"))
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_account_becomes_ready_once_its_secret_is_filled_in() {
    let Some(mut world) = given::world().await else { return };
    world.let_the_user_in().await;
    assert!(world.as_admin(&["delete", "adaccount", "google-global"], "").status.success());
    // Secrets are not the role's: an admin brings them.
    let yaml = example("account.yaml");
    let (secret, account) = yaml.split_once("---").unwrap();
    let secret = secret
        .replace("000000000000-example.apps.googleusercontent.com", "adsim-client")
        .replace("client_secret: replace-me", "client_secret: adsim-secret")
        .replace("refresh_token: replace-me", "refresh_token: adsim-refresh");
    let secret = format!("{}\n  token_uri: {}\n", secret.trim_end(), world.sim.token_url());
    let answer = world.as_admin(&["apply", "-f", "-"], &secret);
    assert!(answer.status.success(), "{}", said(&answer));
    let account =
        account.replace("  platform: Google", &format!("  platform: Google\n  endpoint: {}", world.sim.google_url()));
    let answer = world.as_user(&["apply", "-f", "-"], &account);
    assert!(answer.status.success(), "{}", said(&answer));
    world.start_operator().await;
    world.until_account("google-global", "Ready", "True", "Ready").await;
    let shown = said(&world.as_user(&["get", "adacct"], ""));
    let words: Vec<&str> = shown.split_whitespace().collect();
    assert_eq!(words[..8], ["NAME", "PLATFORM", "ACCOUNT", "CURRENCY", "CEILING", "READY", "REASON", "AGE"]);
    assert_eq!(words[8..14], ["google-global", "Google", "123-456-7890", "EUR", "20000.00", "True"]);
}
