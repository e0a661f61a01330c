//! The Helm chart, with the real helm: what it renders and refuses, and its life on a real API server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "tests")]

mod admission;
mod audit;
mod lifecycle;
mod monitoring;
mod rendered;
mod roles;
mod scope;
mod upgrade;
mod values;

use std::path::{Path, PathBuf};
use std::process::Output;

use adops_e2e::cluster::{self, Cluster};
use adops_e2e::given::{kubectl, said};
use adops_e2e::helm::{self, NAMESPACE};

/// Whether there is a helm to test with; says so if not.
fn has_helm() -> bool {
    let has = helm::binary().is_some();
    if !has {
        println!("skipped: {} is not set; `cargo xtask test` sets it", helm::BINARY);
    }
    has
}

/// A control plane of its own with nothing in it, for the chart has objects that a cluster holds once. It lasts as long
/// as this process.
fn empty_cluster(name: &str) -> Option<&'static Cluster> {
    if !has_helm() {
        return None;
    }
    if cluster::binary().is_none() {
        println!("skipped: {} is not set; `cargo xtask test` sets it", cluster::BINARY);
        return None;
    }
    let dir = std::env::temp_dir().join(format!("adops-test-{}-{name}", std::process::id()));
    Some(Box::leak(Box::new(Cluster::start_bare(&dir, &["--audit"]).unwrap())))
}

/// What a command said, which must have worked.
#[track_caller]
fn done(output: &Output) -> String {
    let said = said(output);
    assert!(output.status.success(), "{said}");
    said
}

/// kubectl as the admin of a cluster, in the release's namespace; it must work.
#[track_caller]
fn admin(cluster: &Cluster, args: &[&str], stdin: &str) -> String {
    done(&kubectl(&cluster.ready.kubeconfig, NAMESPACE, args, stdin))
}

/// A kubeconfig with a token of the chart's service account, as its pod would be given.
fn pod_kubeconfig(cluster: &Cluster) -> PathBuf {
    let token = admin(cluster, &["create", "token", "adops-operator"], "");
    let text = std::fs::read_to_string(&cluster.ready.user_kubeconfig).unwrap();
    let lines = text.lines().map(|line| match line.split_once("token: ") {
        Some((before, _)) => format!("{before}token: {}", token.trim()),
        None => line.to_owned(),
    });
    let path = cluster.dir.join("pod.kubeconfig");
    std::fs::write(&path, lines.collect::<Vec<_>>().join("\n")).unwrap();
    path
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
