//! The real helm, and the chart of this repository.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize;
use serde_json::Value;

use crate::cluster::{Cluster, repository};
use crate::given::said;

/// Where helm is, as `cargo xtask` tells.
pub const BINARY: &str = "ADOPS_HELM_BIN";

/// The release and the namespace that the operator's kubeconfig of a cluster is for.
pub const RELEASE: &str = "adops";
/// The namespace of the release.
pub const NAMESPACE: &str = "adops-system";

/// The binary, if the environment names one.
pub fn binary() -> Option<PathBuf> {
    std::env::var_os(BINARY).map(PathBuf::from)
}

/// The folder of the chart.
pub fn chart() -> PathBuf {
    repository().join("charts/adops")
}

/// helm, as the admin of a cluster.
pub struct Helm {
    kubeconfig: PathBuf,
    home: PathBuf,
}

impl Helm {
    /// For a cluster.
    pub fn of(cluster: &Cluster) -> Self {
        Self { kubeconfig: cluster.ready.kubeconfig.clone(), home: cluster.dir.join("helm") }
    }

    /// Runs it.
    pub fn run(&self, args: &[&str]) -> Output {
        command(&self.home).env("KUBECONFIG", &self.kubeconfig).args(args).output().expect("helm")
    }

    /// Installs or upgrades the release from a chart, with settings as `--set` takes them.
    pub fn upgrade(&self, chart: &Path, settings: &[&str]) -> Output {
        let chart = chart.display().to_string();
        let mut args = vec!["upgrade", "--install", RELEASE, &chart, "-n", NAMESPACE, "--create-namespace"];
        args.extend(with_required(settings).iter().flat_map(|setting| ["--set", *setting]));
        self.run(&args)
    }

    /// Removes the release.
    pub fn uninstall(&self) -> Output {
        self.run(&["uninstall", RELEASE, "-n", NAMESPACE])
    }
}

/// Renders the chart without a cluster: its objects, or what helm has against it.
pub fn template(args: &[&str]) -> Result<Vec<Value>, String> {
    let home = std::env::temp_dir().join(format!("adops-helm-{}", std::process::id()));
    let chart = chart().display().to_string();
    let output = command(&home)
        .args(["template", RELEASE, &chart, "-n", NAMESPACE])
        .args(args)
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(said(&output));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let documents = serde_yaml_ng::Deserializer::from_str(&text)
        .map(|document| Value::deserialize(document).map_err(|error| error.to_string()));
    documents.filter(|document| document.as_ref().is_ok_and(|value| !value.is_null())).collect()
}

/// Renders the chart with settings that must be right.
pub fn render(settings: &[&str]) -> Vec<Value> {
    let settings = with_required(settings);
    let args: Vec<&str> = settings.iter().flat_map(|setting| ["--set", *setting]).collect();
    template(&args).expect("the chart renders")
}

/// The one object of a kind.
pub fn one<'o>(objects: &'o [Value], kind: &str) -> &'o Value {
    let mut found = objects.iter().filter(|object| object["kind"] == kind);
    let first = found.next().expect("an object of the kind");
    assert!(found.next().is_none(), "more than one {kind}");
    first
}

fn with_required<'s>(settings: &[&'s str]) -> Vec<&'s str> {
    [&["installation=test", "image.repository=registry.example.com/adops-operator"], settings].concat()
}

/// helm with folders of its own, so that nobody's plugins or repositories play a part.
fn command(home: &Path) -> Command {
    let mut command = Command::new(binary().expect("helm"));
    command.env_remove("KUBECONFIG").env("HOME", home);
    for (name, folder) in [("HELM_CACHE_HOME", "cache"), ("HELM_CONFIG_HOME", "config"), ("HELM_DATA_HOME", "data")] {
        command.env(name, home.join(folder));
    }
    command
}
