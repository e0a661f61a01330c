//! What the chart renders.

use std::collections::BTreeSet;

use adops_e2e::helm::{self, one, render};
use serde_json::{Value, json};

use crate::has_helm;

fn args(objects: &[Value]) -> Vec<String> {
    let args = &one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"];
    args.as_array().unwrap().iter().map(|arg| arg.as_str().unwrap().to_owned()).collect()
}

fn kinds(objects: &[Value]) -> BTreeSet<String> {
    objects.iter().map(|object| object["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn values_become_arguments() {
    if !has_helm() {
        return;
    }
    let plain = args(&render(&[]));
    for wanted in ["--installation=test", "--poll-interval=5m", "--measure-interval=15m"] {
        assert!(plain.contains(&wanted.to_owned()), "{wanted}: {plain:?}");
    }
    assert!(plain.contains(&"--lease-namespace=adops-system".to_owned()), "{plain:?}");
    for unwanted in ["--cluster-id", "--observe", "--stop", "--namespace", "--allow-endpoint"] {
        assert!(!plain.iter().any(|arg| arg.starts_with(unwanted)), "{unwanted}: {plain:?}");
    }
    let set = args(&render(&[
        "operator.observe=true",
        "operator.stop=true",
        "operator.allowEndpoints={https://a.example.com,http://b.example.com:8080}",
        "rbac.scope=namespaces",
        "rbac.namespaces={growth,games}",
    ]));
    for wanted in [
        "--observe",
        "--stop",
        "--allow-endpoint=https://a.example.com",
        "--allow-endpoint=http://b.example.com:8080",
        "--namespace=growth",
        "--namespace=games",
    ] {
        assert!(set.contains(&wanted.to_owned()), "{wanted}: {set:?}");
    }
}

#[test]
fn what_needs_the_prometheus_operator_is_off_until_it_is_asked_for() {
    if !has_helm() {
        return;
    }
    let plain = kinds(&render(&[]));
    let always = ["Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount"];
    assert!(always.iter().all(|kind| plain.contains(*kind)), "{plain:?}");
    let extras = ["ServiceMonitor", "PrometheusRule", "ConfigMap"];
    assert!(extras.iter().all(|kind| !plain.contains(*kind)), "{plain:?}");
    let all = render(&[
        "monitoring.serviceMonitor.enabled=true",
        "monitoring.rules.enabled=true",
        "monitoring.dashboard.enabled=true",
    ]);
    assert!(extras.iter().all(|kind| kinds(&all).contains(*kind)), "{:?}", kinds(&all));
    assert!(one(&all, "PrometheusRule")["spec"]["groups"][0]["rules"].as_array().unwrap().len() > 3);
    let board = one(&all, "ConfigMap")["data"]["adops.json"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(board).unwrap()["title"], "adops");
}

#[test]
fn crds_are_kept_unless_one_says_otherwise_and_left_out_when_somebody_else_installs_them() {
    if !has_helm() {
        return;
    }
    let policy = |objects: &[Value]| -> Vec<Value> {
        let crds = objects.iter().filter(|object| object["kind"] == "CustomResourceDefinition");
        crds.map(|crd| crd["metadata"]["annotations"]["helm.sh/resource-policy"].clone()).collect()
    };
    let count = adops_api::crds().len();
    assert_eq!(policy(&render(&[])), vec![json!("keep"); count]);
    assert_eq!(policy(&render(&["crds.keep=false"])), vec![Value::Null; count]);
    assert_eq!(policy(&render(&["crds.install=false"])), Vec::<Value>::new());
}

#[test]
fn the_crds_of_the_chart_are_those_of_the_types_but_for_labels_and_annotations() {
    if !has_helm() {
        return;
    }
    let mut rendered = render(&[]);
    rendered.retain(|object| object["kind"] == "CustomResourceDefinition");
    for crd in &mut rendered {
        let metadata = crd["metadata"].as_object_mut().unwrap();
        assert!(metadata.remove("labels").is_some() && metadata.remove("annotations").is_some());
    }
    let mut wanted: Vec<Value> = adops_api::crds()
        .iter()
        .map(|crd| serde_yaml_ng::from_str(&adops_api::crd_yaml(crd).unwrap()).unwrap())
        .collect();
    let name = |crd: &Value| crd["metadata"]["name"].as_str().unwrap().to_owned();
    rendered.sort_by_key(name);
    wanted.sort_by_key(name);
    assert_eq!(rendered, wanted);
}

#[test]
fn the_notes_say_what_an_uninstall_leaves() {
    if !has_helm() {
        return;
    }
    let home = std::env::temp_dir();
    let chart = helm::chart().display().to_string();
    let notes = |setting: &str| {
        let output = std::process::Command::new(helm::binary().unwrap())
            .args(["install", "adops", &chart, "--dry-run=client", "--set", "installation=prod,image.repository=r"])
            .args(["--set", setting])
            .env("HOME", &home)
            .output()
            .unwrap();
        crate::done(&output)
    };
    assert!(notes("crds.keep=true").contains("leaves the CRDs, every AdAccount and every Campaign"));
    assert!(notes("crds.keep=false").contains("EVERY Campaign"));
    assert!(notes("operator.stop=true").contains("THE STOP SWITCH IS ON"));
}
