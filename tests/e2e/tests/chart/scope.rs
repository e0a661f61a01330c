//! `rbac.scope: namespaces`: the operator works where it was told to, and can do nothing elsewhere.

use adops_e2e::given::{kubectl, said};
use adops_e2e::world::{World, sim_config, start_time};

use crate::audit;
use crate::lifecycle::{install, installed, start, story};

#[tokio::test(flavor = "multi_thread")]
async fn in_one_namespace_it_does_its_work_and_elsewhere_it_may_do_nothing() {
    let Some(cluster) = installed("scope", &[]) else { return };
    let mut world = World::on(cluster, sim_config(start_time())).await;
    let namespace = world.namespace.clone();
    install(cluster, &["rbac.scope=namespaces", &format!("rbac.namespaces={{{namespace}}}")]);
    start(&mut world, false).await;
    story(&mut world).await;
    // Labels of namespaces are a matter of the cluster: asked for once, and done without.
    audit::nothing_was_forbidden_but(cluster, "/api/v1/namespaces");

    let pod = &cluster.ready.operator_kubeconfig;
    let may = |namespace: &str, args: &[&str]| kubectl(pod, namespace, args, "");
    assert!(may(&namespace, &["get", "secret", "google-ads"]).status.success());
    for (place, args) in [
        (namespace.as_str(), &["get", "namespace", &namespace][..]),
        ("default", &["get", "secret", "google-ads"]),
        ("default", &["get", "campaigns"]),
        ("default", &["get", "campaigns", "--all-namespaces"]),
        (namespace.as_str(), &["get", "secrets"]),
    ] {
        let said = said(&may(place, args));
        assert!(said.contains("Forbidden"), "{args:?} in {place}: {said}");
    }
}
