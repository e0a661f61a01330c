//! A values file with a typo, and what else cannot be meant.

use adops_e2e::helm;

use crate::has_helm;

/// Renders with a values file and answers with what helm has against it.
fn refusal(values: &str) -> String {
    let file = std::env::temp_dir().join(format!("adops-values-{}-{:x}.yaml", std::process::id(), hash(values)));
    std::fs::write(&file, values).unwrap();
    let rendered = helm::template(&["-f", &file.display().to_string()]);
    let _ = std::fs::remove_file(&file);
    rendered.expect_err("these values must be refused")
}

fn hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn what_cannot_be_meant_is_refused_and_named() {
    if !has_helm() {
        return;
    }
    let good = "installation: prod\nimage: {repository: r}\n";
    for (values, named) in [
        // A typo at every depth.
        ("operater: {stop: true}", "'operater' not allowed"),
        ("operator: {stpo: true}", "'stpo' not allowed"),
        ("monitoring: {rules: {enable: true}}", "'enable' not allowed"),
        ("crds: {kepp: false}", "'kepp' not allowed"),
        ("resources: {limit: {memory: 1Gi}}", "'limit' not allowed"),
        // A switch that YAML makes a text or a number.
        ("operator: {stop: \"true\"}", "/operator/stop"),
        ("operator: {pollInterval: 5}", "/operator/pollInterval"),
        ("operator: {pollInterval: 5 minutes}", "/operator/pollInterval"),
        ("operator: {allowEndpoints: https://proxy.example.com}", "/operator/allowEndpoints"),
        ("operator: {allowEndpoints: [proxy.example.com]}", "/operator/allowEndpoints/0"),
        ("rbac: {scope: Cluster}", "/rbac/scope"),
        // Namespaces without a scope would be ignored, a scope without namespaces means nothing.
        ("rbac: {namespaces: [growth]}", "/rbac/namespaces"),
        ("rbac: {scope: namespaces}", "/rbac/namespaces"),
        ("leaderElection: {leaseDuration: 60}", "/leaderElection/leaseDuration"),
        // Shorter than the operator takes to end.
        ("terminationGracePeriodSeconds: 10", "/terminationGracePeriodSeconds"),
    ] {
        let said = refusal(&format!("{good}{values}\n"));
        assert!(said.contains(named), "{values}: {said}");
    }
}

#[test]
fn an_installation_id_is_required_and_is_one_that_the_operator_takes() {
    if !has_helm() {
        return;
    }
    let said = refusal("image: {repository: r}\n");
    assert!(said.contains("/installation"), "{said}");
    for id in
        ["prod", "a", "a-1", "abcdefghij0123456789", "Prod", "1a", "-a", "abcdefghij0123456789x", "a_b", "a.b", "é"]
    {
        let setting = format!("installation={id}");
        let takes = helm::template(&["--set", "image.repository=r", "--set-string", &setting]).is_ok();
        assert_eq!(takes, id.parse::<adops_core::marker::Installation>().is_ok(), "{id}");
    }
    let said = refusal("installation: prod\n");
    assert!(said.contains("/image/repository"), "{said}");
}
