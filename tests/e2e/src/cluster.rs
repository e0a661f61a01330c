//! A real control plane: etcd, kube-apiserver and controllers in one process (`tests/cluster`).

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::wait::{await_condition, conditions};
use kube::{Api, Client, Config};
use serde::Deserialize;

/// Where the binary of the control plane is, as `cargo xtask` tells.
pub const BINARY: &str = "ADOPS_CLUSTER_BIN";

/// A running control plane. It ends when this is dropped, and when this process ends, however it does.
pub struct Cluster {
    /// What it says of itself.
    pub ready: Ready,
    /// Its folder.
    pub dir: PathBuf,
    child: Child,
}

/// What a control plane says when it is ready.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ready {
    /// The API server's URL.
    pub server: String,
    /// The admin's kubeconfig.
    pub kubeconfig: PathBuf,
    /// A plain user's kubeconfig: `marketer` of the group `marketers`.
    pub user_kubeconfig: PathBuf,
    /// The operator's kubeconfig, with just the permissions of `deploy/rbac.yaml`.
    pub operator_kubeconfig: PathBuf,
    /// Every request, if the cluster was started with `--audit`.
    pub audit_log: Option<PathBuf>,
}

/// The binary, if the environment names one.
pub fn binary() -> Option<PathBuf> {
    std::env::var_os(BINARY).map(PathBuf::from)
}

impl Cluster {
    /// Starts one in `dir`, with the CRDs and roles of this repository.
    pub async fn start(dir: &Path) -> anyhow::Result<Self> {
        let cluster = Self::start_bare(dir, &[])?;
        let admin = cluster.client(&cluster.ready.kubeconfig).await?;
        install(&admin).await?;
        Ok(cluster)
    }

    /// Starts one in `dir` with nothing in it, or with what is in `dir` from before.
    pub fn start_bare(dir: &Path, flags: &[&str]) -> anyhow::Result<Self> {
        let binary = binary().ok_or_else(|| anyhow::anyhow!("{BINARY} is not set: run `cargo xtask test`"))?;
        let mut child = Command::new(binary)
            .args(["up", "--exit-with-stdin", "--dir"])
            .arg(dir)
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| anyhow::anyhow!("no stdout"))?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        if line.is_empty() {
            let _ = child.wait();
            anyhow::bail!("the control plane did not start; see {}", dir.display());
        }
        let ready = serde_json::from_str(&line)?;
        Ok(Self { ready, dir: dir.to_owned(), child })
    }

    /// The process that it runs in.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// A client with a kubeconfig of this cluster.
    pub async fn client(&self, kubeconfig: &Path) -> anyhow::Result<Client> {
        Ok(Client::try_from(config(kubeconfig).await?)?)
    }
}

/// The client configuration of a kubeconfig file.
pub async fn config(kubeconfig: &Path) -> anyhow::Result<Config> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let file = Kubeconfig::read_from(kubeconfig)?;
    Ok(Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?)
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Its stdin ends, and so does it.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The folder of this repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map(Path::to_owned).unwrap_or_default()
}

/// Applies `crds/` and `deploy/` and waits until the kinds are served.
pub async fn install(admin: &Client) -> anyhow::Result<()> {
    for crd in adops_api::crds() {
        let api: Api<CustomResourceDefinition> = Api::all(admin.clone());
        let name = crd.metadata.name.clone().unwrap_or_default();
        api.patch(&name, &PatchParams::apply("adops-tests").force(), &Patch::Apply(&crd)).await?;
        await_condition(api, &name, conditions::is_crd_established()).await?;
    }
    let roles = std::fs::read_to_string(repository().join("deploy/rbac.yaml"))?;
    crate::world::apply_yaml(admin, &roles, None).await?;
    Ok(())
}

/// What the folders of shared control planes are called, before the number of their process.
const FOLDER: &str = "adops-test-";

/// Removes the folders of processes that have ended: a shared control plane ends with its process, which
/// leaves nobody to clean up after it.
fn remove_leftovers() {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(FOLDER)?.parse::<u32>().ok());
        if process.is_some_and(|process| !Path::new("/proc").join(process.to_string()).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// The control plane that all tests of this process share. It ends with the process.
pub async fn shared() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    static STARTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _one = STARTING.lock().await;
    if let Some(cluster) = SHARED.get() {
        return cluster;
    }
    remove_leftovers();
    let dir = std::env::temp_dir().join(format!("{FOLDER}{}", std::process::id()));
    let cluster = Cluster::start(&dir).await.expect("a control plane");
    SHARED.get_or_init(|| cluster)
}
