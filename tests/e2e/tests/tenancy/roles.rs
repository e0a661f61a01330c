//! The roles that are shipped, asked of a real API server.

use adops_e2e::given;
use adops_e2e::kill::KillSwitch;
use serde_json::json;

/// `kubectl auth can-i` of whoever a kubeconfig is for.
fn can(kubeconfig: &std::path::Path, namespace: &str, what: &str) -> bool {
    let args: Vec<&str> = ["auth", "can-i"].into_iter().chain(what.split(' ')).collect();
    let said = given::said(&given::kubectl(kubeconfig, namespace, &args, ""));
    // A warning may stand beside the word.
    let has = |word: &str| said.lines().any(|line| line.trim() == word);
    assert!(has("yes") != has("no"), "{what}: {said}");
    has("yes")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_editor_writes_campaigns_and_accounts_of_its_namespace_and_no_status() {
    let (Some(world), Some(other)) = (given::world().await, given::world().await) else { return };
    world.let_the_user_in().await;
    let user = &world.cluster.ready.user_kubeconfig;
    for allowed in
        ["create campaigns", "patch campaigns", "delete campaigns", "create adaccounts", "get campaigns/status"]
    {
        assert!(can(user, &world.namespace, allowed), "{allowed}");
        assert!(!can(user, &other.namespace, allowed), "{allowed} elsewhere");
    }
    for refused in [
        "patch campaigns --subresource=status",
        "update campaigns --subresource=status",
        "patch adaccounts --subresource=status",
        "update adaccounts --subresource=status",
        "update campaigns --subresource=finalizers",
        "get secrets",
        "list secrets",
        "create namespaces",
        "patch namespaces",
        "create rolebindings",
    ] {
        assert!(!can(user, &world.namespace, refused), "{refused}");
    }
    // The API server's word on the act itself: an id that is not ours, written into a status.
    world.apply(&given::campaign("spring", json!({}))).await.unwrap();
    let forged = r#"{"status":{"lines":[{"key":"google-global/US","state":"Live","id":"1"}]}}"#;
    let patched = world.as_user(&["patch", "camp", "spring", "--subresource=status", "--type=merge", "-p", forged], "");
    assert!(!patched.status.success() && given::said(&patched).contains("forbidden"), "{}", given::said(&patched));
    // A status in what is created or applied is dropped.
    let status = format!(
        "{}{}",
        r#"{"status":{"observedGeneration":7,"lines":[]},"#,
        &given::campaign("forged", json!({}))[1..]
    );
    assert!(world.as_user(&["create", "-f", "-"], &status).status.success());
    assert_eq!(world.campaign("forged").await.status.unwrap_or_default().observed_generation, -1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_may_do_what_it_does_and_nothing_else() {
    let Some(world) = given::world().await else { return };
    let operator = &world.cluster.ready.operator_kubeconfig;
    for allowed in [
        "list campaigns --all-namespaces",
        "watch adaccounts --all-namespaces",
        "patch campaigns --subresource=status",
        "get secrets/google-ads",
        "list namespaces",
        "watch namespaces",
        "create events.events.k8s.io",
    ] {
        assert!(can(operator, &world.namespace, allowed), "{allowed}");
    }
    for refused in [
        "list secrets",
        "watch secrets",
        "create secrets",
        "patch secrets",
        "delete secrets",
        "create campaigns",
        "delete campaigns",
        "create adaccounts",
        "delete adaccounts",
        "patch namespaces",
        "create namespaces",
        "get pods",
        "create pods",
        "get configmaps",
        "create serviceaccounts --subresource=token",
        "create rolebindings",
        "impersonate users",
        "create tokenreviews.authentication.k8s.io",
    ] {
        assert!(!can(operator, &world.namespace, refused), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_but_finalizers_statuses_and_events_of_our_kinds() {
    let Some(mut world) = given::world().await else { return };
    let switch = KillSwitch::counting();
    world.start_operator_with(Some(switch.clone()), |_| {}).await;
    world.given("spring", json!({"deletionPolicy": "Remove"})).await;
    let spec = world.campaign("spring").await.spec;
    world.poll().await;
    assert_eq!(world.campaign("spring").await.spec, spec, "a spec is its owner's");
    world.delete_campaign("spring").await;
    world.until_gone("spring").await;
    let namespace = format!("/apis/adops.dev/v1alpha1/namespaces/{}", world.namespace);
    for name in switch.names().into_iter().filter(|name| name.contains(" /api")) {
        let (_, path) = name.rsplit_once(' ').unwrap();
        let ours = path.strip_prefix(&namespace).is_some_and(|rest| {
            [
                "/campaigns/spring",
                "/campaigns/spring/status",
                "/adaccounts/google-global",
                "/adaccounts/google-global/status",
            ]
            .contains(&rest)
        });
        assert!(ours && name.contains("PATCH"), "{name}");
    }
}
