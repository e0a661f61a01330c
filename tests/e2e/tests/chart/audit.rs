//! What the API server has seen of the operator.

use std::collections::BTreeSet;

use adops_e2e::cluster::Cluster;
use serde_json::Value;

const OPERATOR: &str = "system:serviceaccount:adops-system:adops-operator";

/// Every request of the operator so far.
pub(crate) fn of_operator(cluster: &Cluster) -> Vec<Value> {
    let log = std::fs::read_to_string(cluster.ready.audit_log.as_ref().expect("--audit")).unwrap();
    let requests = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    requests.filter(|request| request["user"]["username"] == OPERATOR).collect()
}

/// What was done, as `verb resource`.
pub(crate) fn verbs(requests: &[Value]) -> BTreeSet<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let what = |request: &Value| {
        let subresource = request["objectRef"]["subresource"].as_str().map(|name| format!("/{name}"));
        let resource = text(&request["objectRef"]["resource"]);
        format!("{} {resource}{}", text(&request["verb"]), subresource.unwrap_or_default())
    };
    requests.iter().filter(|request| request["objectRef"].is_object()).map(what).collect()
}

/// Nothing was refused for a lack of rights, and the operator was at work at all.
#[track_caller]
pub(crate) fn nothing_was_forbidden(cluster: &Cluster) {
    nothing_was_forbidden_but(cluster, "nothing");
}

/// The same, but for what is under one path.
#[track_caller]
pub(crate) fn nothing_was_forbidden_but(cluster: &Cluster, path: &str) {
    let requests = of_operator(cluster);
    assert!(verbs(&requests).contains("patch campaigns/status"), "it did its work: {:?}", verbs(&requests));
    let refused = requests.iter().filter(|request| request["responseStatus"]["code"] == 403);
    let forbidden: Vec<&str> = refused
        .filter_map(|request| request["requestURI"].as_str())
        .filter(|uri| uri.split('?').next() != Some(path))
        .collect();
    assert!(forbidden.is_empty(), "{forbidden:?}");
}
