//! The direction of dependencies: the domain knows no cluster, runtime, network or database.

use std::process::Command;

#[test]
fn the_domain_depends_on_no_kubernetes_runtime_network_or_database() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", "adops-core", "--edges", "normal", "--prefix", "none"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.starts_with("adops-core"), "{tree}");
    for line in tree.lines() {
        let name = line.split(' ').next().unwrap_or_default();
        assert!(!["kube", "k8s-openapi", "tokio", "reqwest", "hyper", "sqlx"].contains(&name), "{line}");
    }
}
