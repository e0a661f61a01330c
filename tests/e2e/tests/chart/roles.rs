//! Who may do what, by the roles of the chart.

use std::collections::BTreeSet;

use adops_e2e::helm::render;
use serde_json::Value;

use crate::has_helm;

/// The permissions of a role, as `verb resource`.
pub(crate) fn permissions(role: &Value) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        for verb in rule["verbs"].as_array().unwrap() {
            for resource in rule["resources"].as_array().unwrap() {
                all.insert(format!("{} {}", verb.as_str().unwrap(), resource.as_str().unwrap()));
            }
        }
    }
    all
}

fn role<'o>(objects: &'o [Value], kind: &str, name: &str) -> &'o Value {
    objects.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name).unwrap()
}

#[test]
fn people_cannot_write_a_status_and_nobody_has_a_wildcard() {
    if !has_helm() {
        return;
    }
    let objects = render(&[]);
    let editor = permissions(role(&objects, "ClusterRole", "adops-editor"));
    assert!(editor.contains("create campaigns") && editor.contains("patch adaccounts"), "{editor:?}");
    assert!(!editor.iter().any(|permission| permission.contains('/')), "no sub-resource: {editor:?}");
    let viewer = permissions(role(&objects, "ClusterRole", "adops-viewer"));
    assert!(viewer.iter().all(|p| ["get ", "list ", "watch "].iter().any(|verb| p.starts_with(verb))), "{viewer:?}");
    for name in ["adops-editor", "adops-viewer", "adops-operator"] {
        let all = permissions(role(&objects, "ClusterRole", name));
        assert!(!all.iter().any(|permission| permission.contains('*')), "{name}: {all:?}");
    }
}

#[test]
fn the_operator_reads_secrets_by_name_only_and_writes_no_spec_of_the_cluster() {
    if !has_helm() {
        return;
    }
    let objects = render(&[]);
    let operator = permissions(role(&objects, "ClusterRole", "adops-operator"));
    let secrets: Vec<&String> = operator.iter().filter(|permission| permission.contains("secrets")).collect();
    assert_eq!(secrets, ["get secrets"]);
    let writes = operator.iter().filter(|p| !["get ", "list ", "watch "].iter().any(|verb| p.starts_with(verb)));
    let foreign: Vec<&String> =
        writes.filter(|p| !["adaccounts", "campaigns", "events"].iter().any(|ours| p.contains(ours))).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[test]
fn with_the_scope_namespaces_nothing_of_the_operator_is_cluster_wide() {
    if !has_helm() {
        return;
    }
    let objects = render(&["rbac.scope=namespaces", "rbac.namespaces={growth,games}", "rbac.people=false"]);
    let wide: Vec<&Value> = objects.iter().filter(|o| o["kind"].as_str().unwrap().starts_with("ClusterRole")).collect();
    assert!(wide.is_empty(), "{wide:?}");
    let cluster = render(&[]);
    // Namespaces are read cluster-wide or not at all.
    let mut wanted = permissions(role(&cluster, "ClusterRole", "adops-operator"));
    wanted.retain(|permission| !permission.ends_with(" namespaces"));
    let mut namespaces = BTreeSet::new();
    for role in objects.iter().filter(|object| object["kind"] == "Role") {
        if permissions(role) == wanted {
            namespaces.insert(role["metadata"]["namespace"].as_str().unwrap());
        }
    }
    assert_eq!(namespaces, BTreeSet::from(["games", "growth"]));
}
