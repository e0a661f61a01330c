//! A namespace that enforces the Pod Security Standard `restricted`.

use std::time::{Duration, Instant};

use adops_e2e::given::{kubectl, said};
use adops_e2e::helm::NAMESPACE;
use serde_json::{Value, json};

use crate::lifecycle::install;
use crate::{admin, empty_cluster};

#[test]
fn the_pod_is_admitted_where_restricted_is_enforced() {
    let Some(cluster) = empty_cluster("admission") else { return };
    admin(cluster, &["create", "namespace", NAMESPACE], "");
    admin(cluster, &["label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted"], "");
    install(cluster, &[]);
    // The Deployment's controllers are real: they create the pod, or cannot.
    let limit = Instant::now() + Duration::from_secs(30);
    let pod = loop {
        let pods = admin(cluster, &["get", "pods", "-l", "app.kubernetes.io/name=adops", "-o", "json"], "");
        let pods: Value = serde_json::from_str(&pods).unwrap();
        if let Some(pod) = pods["items"].get(0) {
            break pod.clone();
        }
        assert!(Instant::now() < limit, "no pod: {}", admin(cluster, &["get", "events"], ""));
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(pod["spec"]["serviceAccountName"], "adops-operator");

    // The same pod without what makes it so is refused: the namespace does enforce.
    let deployment = admin(cluster, &["get", "deployment", "adops-operator", "-o", "json"], "");
    let deployment: Value = serde_json::from_str(&deployment).unwrap();
    let template = &deployment["spec"]["template"]["spec"];
    let try_out = |changes: Value| {
        let mut spec = template.clone();
        for (key, value) in changes.as_object().unwrap() {
            spec[key] = value.clone();
        }
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "other"}, "spec": spec});
        said(&kubectl(
            &cluster.ready.kubeconfig,
            NAMESPACE,
            &["create", "--dry-run=server", "-f", "-"],
            &pod.to_string(),
        ))
    };
    assert!(try_out(json!({})).contains("created (server dry run)"));
    let container = &template["containers"][0];
    for weaker in [
        json!({"securityContext": {"runAsUser": 65532}}),
        json!({"securityContext": {"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}}}),
        json!({"containers": [without(container, "securityContext")]}),
        json!({"hostNetwork": true}),
    ] {
        let refused = try_out(weaker.clone());
        assert!(refused.contains("violates PodSecurity \"restricted"), "{weaker}: {refused}");
    }
}

fn without(object: &Value, key: &str) -> Value {
    let mut object = object.clone();
    object.as_object_mut().unwrap().remove(key);
    object
}
