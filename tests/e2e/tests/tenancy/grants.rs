//! Grants and their end.

use std::collections::BTreeMap;

use adops_api::account::AllowedFrom;
use adops_controller::runtime::namespaces::Seen;
use adops_controller::runtime::watch::{Key, Stored};
use adops_e2e::given;
use adops_e2e::kill::KillSwitch;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use serde_json::{Value, json};

use crate::{Tenancy, essence};

fn by_label() -> Value {
    json!({"from": "Selector", "selector": {"matchLabels": {"ads": "yes"}}})
}

async fn is_reported(tenancy: &Tenancy) -> bool {
    tenancy.line("spring", "US").await.reason.is_some_and(|reason| reason.as_str() == "AccountNotGranted")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_taken_from_a_namespace_freezes_what_grows_and_given_back_thaws_it() {
    let Some(mut tenancy) = Tenancy::start().await else { return };
    tenancy.grant(by_label()).await;
    tenancy.apply("spring", json!({})).await;
    tenancy.until_stalled("spring", "AccountNotGranted").await;
    assert_eq!(tenancy.owner.on_platform().len(), 0);
    tenancy.label(Some("yes")).await;
    tenancy.until("spring", "Ready", "True").await;
    tenancy.owner.apply(&given::campaign("own", json!({"markets": ["AU"]}))).await.unwrap();
    tenancy.owner.until_ready("own").await;

    // Known at once, by the watch: no time goes by.
    tenancy.label(None).await;
    tenancy.told("the label is gone", is_reported).await;
    tenancy.owner.sim.reset_ledger();
    tenancy.owner.poll().await;
    assert_eq!(tenancy.owner.writes(), [], "what runs runs on");
    assert!(tenancy.owner.runs("spring", "US"));

    // More money, a new market, another address: nothing of it is written.
    let ads = given::ad(json!({"url": "https://evil.example/{market}"}));
    let grown =
        json!({"budget": {"daily": "600.00"}, "markets": ["US", "GB", "CA"], "ads": ads, "deletionPolicy": "Remove"});
    tenancy.tenant.patch_campaign("spring", grown).await;
    tenancy.until_stalled("spring", "AccountNotGranted").await;
    tenancy.owner.poll().await;
    assert_eq!(tenancy.owner.writes(), []);
    let status = tenancy.tenant.campaign("spring").await.status.unwrap();
    let withheld: Vec<_> = status.withheld.iter().map(|w| w.reason.unwrap().as_str()).collect();
    assert!(withheld.len() >= 5 && withheld.iter().all(|reason| *reason == "AccountNotGranted"), "{withheld:?}");
    // Less money, a pause, a removal: all of it is.
    let shrunk = json!({"budget": {"daily": "60.00"}, "markets": ["US", "GB"]});
    tenancy.tenant.patch_campaign("spring", shrunk).await;
    tenancy.owner.poll().await;
    assert_eq!(tenancy.owner.budget("spring", "US"), 30_000_000);
    tenancy.tenant.patch_campaign("spring", json!({"overrides": [{"markets": ["US"], "state": "Paused"}]})).await;
    tenancy.owner.poll().await;
    assert!(!tenancy.owner.runs("spring", "US") && tenancy.owner.runs("spring", "GB"));
    tenancy.tenant.patch_campaign("spring", json!({"markets": ["US"]})).await;
    tenancy.owner.pass(jiff::SignedDuration::from_mins(12)).await;
    assert!(tenancy.owner.on_platform().iter().all(|object| !object.name.contains(" GB ")), "it is removed");
    // And a pause is not taken back.
    tenancy.tenant.patch_campaign("spring", json!({"overrides": null})).await;
    tenancy.owner.poll().await;
    assert!(!tenancy.owner.runs("spring", "US"));

    // Granted again: what the spec asks, and nothing else is touched.
    let theirs = tenancy.owner.object("own", "AU");
    let id = tenancy.owner.object("spring", "US").id;
    tenancy.label(Some("yes")).await;
    tenancy.until("spring", "Ready", "True").await;
    tenancy.told("the grant is back", async |tenancy| !is_reported(tenancy).await).await;
    let object = tenancy.owner.object("spring", "US");
    assert_eq!((object.id, object.status.as_str(), tenancy.owner.budget("spring", "US")), (id, "ENABLED", 60_000_000));
    assert_eq!(essence(&tenancy.owner.object("own", "AU")), essence(&theirs));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_ends_between_the_plan_and_its_execution_stops_what_was_planned() {
    let switch = KillSwitch::counting();
    let Some(mut tenancy) = Tenancy::with(Some(switch.clone()), |_| {}).await else { return };
    tenancy.grant(json!({"from": "All"})).await;
    tenancy.apply("spring", json!({})).await;
    tenancy.until("spring", "Ready", "True").await;
    tenancy.owner.sim.reset_ledger();

    // The plan is made and its intents are written. Then the owner takes the grant back.
    let hold = switch.hold("campaigns/spring/status");
    let grown = json!({"budget": {"daily": "600.00"}, "markets": ["US", "GB", "CA"], "overrides": [{"markets": ["GB"], "state": "Paused"}]});
    tenancy.tenant.patch_campaign("spring", grown).await;
    hold.reached().await;
    tenancy.grant(json!({"from": "Same"})).await;
    let account = Key::new(tenancy.owner.namespace.clone(), "google-global");
    let shared = tenancy.owner.operator.as_ref().unwrap().shared.clone();
    tenancy
        .told_somehow("the grant is gone", async |_| match shared.accounts.get(&account) {
            Some(Stored::Valid(account)) => account.spec.allowed_namespaces.from == AllowedFrom::Same,
            _ => false,
        })
        .await;
    hold.release();
    tenancy.until_stalled("spring", "AccountNotGranted").await;
    tenancy.owner.poll().await;
    let kinds: Vec<String> = tenancy.owner.writes().iter().map(|write| format!("{write:?}")).collect();
    assert_eq!(tenancy.owner.on_platform().len(), 2, "{kinds:#?}");
    assert_eq!(tenancy.owner.budget("spring", "US"), 50_000_000, "{kinds:#?}");
    assert!(!tenancy.owner.runs("spring", "GB"), "what stops is sent all the same");

    tenancy.grant(json!({"from": "All"})).await;
    tenancy.until("spring", "Ready", "True").await;
    assert_eq!((tenancy.owner.on_platform().len(), tenancy.owner.budget("spring", "US")), (3, 200_000_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_that_may_not_read_namespaces_grants_nothing_by_their_labels_and_says_so() {
    let user =
        |world: &mut adops_e2e::world::World| world.operator_kubeconfig = world.cluster.ready.user_kubeconfig.clone();
    let (Some(owner), Some(tenant)) = (given::world().await, given::world().await) else { return };
    // The operator's role, bound in two namespaces and not in the cluster, as the chart does with `rbac.scope: namespaces`.
    for world in [&owner, &tenant] {
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "operator"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "adops-operator"},
            "subjects": [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "marketers"}],
        });
        world.apply(&binding.to_string()).await.unwrap();
    }
    assert!(tenant.as_admin(&["delete", "adaccount", "google-global"], "").status.success());
    let mut tenancy = Tenancy { owner, tenant };
    user(&mut tenancy.owner);
    let namespaces = vec![tenancy.owner.namespace.clone(), tenancy.tenant.namespace.clone()];
    tenancy.owner.start_operator_with(None, |options| options.namespaces = namespaces).await;
    tenancy.label(Some("yes")).await;
    tenancy.grant(by_label()).await;
    tenancy.apply("spring", json!({})).await;
    tenancy.until_stalled("spring", "AccountNotGranted").await;
    let message = tenancy.tenant.message("spring", "Stalled").await;
    assert!(message.contains("may not read") && message.contains("allowedNamespaces.from: All"), "{message}");
    assert_eq!(tenancy.owner.on_platform().len(), 0);
    tenancy.grant(json!({"from": "All"})).await;
    tenancy.until("spring", "Ready", "True").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_ends_while_changes_wait_for_the_account_stops_those_that_grow() {
    let switch = KillSwitch::counting();
    let Some(mut tenancy) = Tenancy::with(Some(switch.clone()), |_| {}).await else { return };
    tenancy.grant(by_label()).await;
    tenancy.label(Some("yes")).await;
    tenancy.apply("spring", json!({})).await;
    tenancy.until("spring", "Ready", "True").await;
    tenancy.owner.given("own", json!({"markets": ["AU"]})).await;
    // Past the time in which a listing may miss our last writes: what is asked for then is sent at once.
    tenancy.owner.pass(jiff::SignedDuration::from_mins(1)).await;
    tenancy.owner.sim.reset_ledger();

    // A request of the owner is on its way; what the tenant asks for waits behind it.
    let hold = switch.hold("googleAds:mutate");
    tenancy.owner.patch_campaign("own", json!({"budget": {"daily": "80.00"}})).await;
    hold.reached().await;
    tenancy
        .tenant
        .patch_campaign("spring", json!({"budget": {"daily": "600.00"}, "markets": ["US", "GB", "CA"]}))
        .await;
    let shared = tenancy.owner.operator.as_ref().unwrap().shared.clone();
    let waits = || {
        shared.metrics.encode().lines().any(|line| line.starts_with("adops_queue_changes{") && !line.ends_with(" 0"))
    };
    tenancy.told_somehow("the changes wait", async |_| waits()).await;
    tenancy.label(None).await;
    tenancy
        .told_somehow("the label is gone", async |tenancy| {
            shared.namespaces.get(&tenancy.tenant.namespace) == Seen::Labels(labels_of(tenancy).await)
        })
        .await;
    hold.release();
    tenancy.until_stalled("spring", "AccountNotGranted").await;
    tenancy.owner.poll().await;
    assert_eq!((tenancy.owner.on_platform().len(), tenancy.owner.budget("spring", "US")), (3, 50_000_000));
    assert_eq!(tenancy.owner.budget("own", "AU"), 80_000_000);
}

/// The labels of the tenant's namespace as the API server has them.
async fn labels_of(tenancy: &Tenancy) -> BTreeMap<String, String> {
    let namespaces: Api<Namespace> = Api::all(tenancy.owner.admin.clone());
    namespaces.get(&tenancy.tenant.namespace).await.unwrap().metadata.labels.unwrap_or_default()
}
