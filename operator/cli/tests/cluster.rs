//! The program against a real API server, as a user who may only read our kinds.
//!
//! Runs where `ADOPS_CLUSTER_BIN` names the control plane's binary (`cargo xtask test` sets it), and says so where it
//! does not.

// Helpers of tests are not in a function that clippy knows as a test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use support::{ACCOUNT, CAMPAIGN, account, delivered, with};

/// What the documentation asks for: get and list on our kinds, and nothing else.
const ROLE: &str = r"
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: growth}
rules: [{apiGroups: [adops.dev], resources: [campaigns, adaccounts], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: growth}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: marketers}]
";

struct Cluster {
    binary: OsString,
    directory: PathBuf,
    admin: String,
    user: String,
}

impl Cluster {
    fn start() -> Option<Self> {
        let Some(binary) = std::env::var_os("ADOPS_CLUSTER_BIN") else {
            println!("skipped: ADOPS_CLUSTER_BIN is not set");
            return None;
        };
        let directory = std::env::temp_dir().join(format!("adops-cli-{}", std::process::id()));
        let up = Command::new(&binary).args(["up", "--detach", "--dir"]).arg(&directory).output().unwrap();
        assert!(up.status.success(), "{}", text(&up));
        let ready: serde_json::Value = serde_json::from_slice(&up.stdout).unwrap();
        let path = |key: &str| ready[key].as_str().unwrap().to_owned();
        Some(Self { binary, directory, admin: path("kubeconfig"), user: path("userKubeconfig") })
    }

    fn kubectl(&self, args: &[&str], input: &str) -> String {
        let mut command = Command::new(&self.binary);
        let output = feed(command.arg("kubectl").args(args).env("KUBECONFIG", &self.admin), input);
        assert!(output.status.success(), "kubectl {args:?}: {}", text(&output));
        text(&output)
    }

    fn adops(&self, args: &[&str], input: &str) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-adops"));
        let output = feed(command.args(args).env("KUBECONFIG", &self.user), input);
        (output.status.code(), text(&output))
    }

    /// Stores an object together with its status.
    fn store(&self, object: &impl serde::Serialize) {
        let object = serde_json::to_string(object).unwrap();
        self.kubectl(&["apply", "--server-side", "-f", "-"], &object);
        self.kubectl(&["apply", "--server-side", "--subresource=status", "-f", "-"], &object);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let down = Command::new(&self.binary).args(["down", "--purge", "--dir"]).arg(&self.directory).output();
        if let Err(error) = down {
            eprintln!("{}: {error}", self.directory.display());
        }
    }
}

fn feed(command: &mut Command, input: &str) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn who_may_only_get_and_list_can_plan() {
    let Some(cluster) = Cluster::start() else { return };
    let (code, told) = cluster.adops(&["plan", "-f", "-"], CAMPAIGN);
    assert_eq!(code, Some(1), "{told}");

    let crds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crds").to_string_lossy().into_owned();
    cluster.kubectl(&["apply", "--server-side", "-f", &crds], "");
    cluster.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"], "");
    cluster.kubectl(&["create", "namespace", "growth"], "");

    let (code, told) = cluster.adops(&["plan", "-f", "-"], CAMPAIGN);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("the cluster refuses: campaigns.adops.dev \"spring\" is forbidden"), "{told}");
    cluster.kubectl(&["apply", "-f", "-"], ROLE);

    // Nothing is there: not even the account.
    let (code, told) = cluster.adops(&["plan", "-f", "-"], CAMPAIGN);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("AccountNotFound: there is no AdAccount growth/google-global"), "{told}");
    let (code, told) = cluster.adops(&["plan", "spring", "-n", "growth"], "");
    assert_eq!((code, told.as_str()), (Some(1), "error: Campaign growth/spring does not exist in the cluster\n"));

    // The account is observed, the Campaign is new.
    cluster.store(&account());
    let (code, told) = cluster.adops(&["plan", "-f", "-"], CAMPAIGN);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("Plan: 3 to create. Money a day: 0.00 → 600.00 EUR (+600.00)."), "{told}");

    // The Campaign is delivered.
    let mut campaign = delivered(CAMPAIGN);
    campaign.status.as_mut().unwrap().observed_generation = 1;
    campaign.metadata.generation = None;
    cluster.store(&campaign);
    let file = format!("{CAMPAIGN}---\n{ACCOUNT}");
    for args in [&["plan", "-f", "-"][..], &["plan", "spring", "-n", "growth"]] {
        let (code, told) = cluster.adops(args, &file);
        assert_eq!(code, Some(0), "{told}");
        assert!(told.contains("Plan: no change. Money a day: 600.00 EUR."), "{told}");
    }

    // A directory; an edited budget; something that cannot be changed.
    let folder = cluster.directory.join("manifests");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("spring.yaml"), with(CAMPAIGN, "600.00", "900.00")).unwrap();
    let (code, told) = cluster.adops(&["plan", "-o", "json", "-f", &folder.to_string_lossy()], "");
    assert_eq!(code, Some(2), "{told}");
    let json: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(json["money"], serde_json::json!([{"currency": "EUR", "from": "600.00", "to": "900.00"}]));
    let (code, told) = cluster.adops(&["plan", "-f", "-"], &with(CAMPAIGN, "Signups", "Sales"));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.starts_with("stdin:1: Campaign growth/spring: spec.objective: "), "{told}");

    resolving_needs_more_than_reading(&cluster);
}

fn resolving_needs_more_than_reading(cluster: &Cluster) {
    let resolve = ["resolve", "spring", "google-global/US=1002", "-n", "growth"];
    let (code, told) = cluster.adops(&resolve, "");
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("the cluster refuses:"), "{told}");

    cluster.kubectl(&["apply", "-f", "-"], &ROLE.replace("[get, list]", "[get, list, patch]"));
    let (code, told) = cluster.adops(&resolve, "");
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(
        told,
        "campaign growth/spring: google-global/US is 1002\n\
         campaign growth/spring annotated: adops.dev/resolve=google-global/US=1002\n"
    );
    let (code, told) = cluster.adops(&["resolve", "spring", "google-global/GB=7", "-n", "growth"], "");
    assert_eq!(code, Some(0), "{told}");
    let path = "jsonpath={.metadata.annotations.adops\\.dev/resolve}";
    let value = cluster.kubectl(&["get", "camp", "spring", "-n", "growth", "-o", path], "");
    assert_eq!(value, "google-global/GB=7,google-global/US=1002");

    let (code, told) = cluster.adops(&["resolve", "spring", "google-global/FR=7", "-n", "growth"], "");
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("the Campaign has no line google-global/FR; its lines are google-global/US,"), "{told}");
}
