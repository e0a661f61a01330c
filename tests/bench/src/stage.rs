//! Where a bench runs: a control plane, a simulator, the operator as a process, and business time that either goes with
//! the machine's or is stepped.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use adops_api::Campaign;
use adops_controller::runtime::health::ClockState;
use adops_e2e::cluster::Cluster;
use adops_e2e::world::{apply_yaml, sim_config};
use adsim::config::AccountConfig;
use adsim::{AdSim, LedgerEntry};
use anyhow::{Context, ensure};
use jiff::{SignedDuration, Timestamp};
use kube::{Api, Client};
use serde_json::json;

use crate::gauge::{self, Usage};
use crate::load;

/// The namespace of the bench.
pub const NAMESPACE: &str = "bench";

/// All that a bench works with.
pub struct Stage {
    /// The simulator.
    pub sim: AdSim,
    /// A client that may do everything.
    pub admin: Client,
    cluster: Cluster,
    folder: PathBuf,
    operator: Option<Process>,
    http: reqwest::Client,
    now: Timestamp,
    /// When business time was last moved along with the machine's.
    moved: Instant,
}

struct Process {
    child: Child,
    url: String,
}

impl Stage {
    /// Starts control plane and simulator, with accounts and no operator.
    pub async fn set(folder: &Path) -> anyhow::Result<Self> {
        let cluster = Cluster::start(&folder.join("cluster")).await?;
        let admin = cluster.client(&cluster.ready.kubeconfig).await?;
        let now = Timestamp::now();
        let mut config = sim_config(now);
        config.keep_requests = 0;
        config.google.accounts.extend((0..load::ACCOUNTS).map(|index| AccountConfig {
            customer_id: load::customer(index),
            currency_code: "EUR".into(),
            time_zone: "UTC".into(),
            managers: vec!["1112223333".into()],
            ..AccountConfig::default()
        }));
        let sim = AdSim::start(config).await?;
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } });
        apply_yaml(&admin, &namespace.to_string(), None).await?;
        for index in 0..load::ACCOUNTS {
            let yaml = load::account_yaml(index, &sim.google_url(), &sim.token_url());
            apply_yaml(&admin, &yaml, Some(NAMESPACE)).await?;
        }
        Ok(Self {
            sim,
            admin,
            cluster,
            folder: folder.to_owned(),
            operator: None,
            http: reqwest::Client::builder().no_proxy().build()?,
            now,
            moved: Instant::now(),
        })
    }

    /// Applies one object.
    pub async fn apply(&self, object: &serde_json::Value) -> anyhow::Result<()> {
        Ok(apply_yaml(&self.admin, &object.to_string(), Some(NAMESPACE)).await?)
    }

    /// Starts the operator with its usual settings, and just its own permissions.
    pub fn start_operator(&mut self) -> anyhow::Result<()> {
        let folder = PathBuf::from(std::env::var_os("ADOPS_BIN_DIR").context("ADOPS_BIN_DIR is not set")?);
        let log = std::fs::File::create(self.folder.join("operator.log"))?;
        let mut child = Command::new(folder.join("adops-operator"))
            .args(["--installation", "bench", "--listen", "127.0.0.1:0", "--exit-with-stdin"])
            .args(["--allow-endpoint", "http://127.0.0.1"])
            .arg("--leader-elect=false")
            .arg("--clock")
            .arg(format!("stepped:{}", self.now))
            .env("KUBECONFIG", &self.cluster.ready.operator_kubeconfig)
            // As the image has it.
            .envs([("MIMALLOC_PURGE_DELAY", "0"), ("MIMALLOC_ALLOW_THP", "0")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("adops-operator")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no stdout")?).read_line(&mut line)?;
        let listen: serde_json::Value = serde_json::from_str(&line).context("the operator did not start")?;
        let url = listen["listen"].as_str().context("no address")?.to_owned();
        self.operator = Some(Process { child, url });
        self.moved = Instant::now();
        Ok(())
    }

    fn process(&self) -> anyhow::Result<&Process> {
        self.operator.as_ref().context("no operator runs")
    }

    /// What the operator has used.
    pub fn usage(&self) -> anyhow::Result<Usage> {
        gauge::usage(self.process()?.child.id())
    }

    /// The processor time that everybody has used: operator, control plane, and simulator with the bench itself.
    pub fn everybody(&self) -> anyhow::Result<[Duration; 3]> {
        let others = [self.cluster.process(), std::process::id()];
        let [control_plane, simulator] = others.map(|process| gauge::usage(process).map(|usage| usage.cpu));
        let operator =
            self.operator.as_ref().map(|_| self.usage()).transpose()?.map_or(Duration::ZERO, |usage| usage.cpu);
        Ok([operator, control_plane?, simulator?])
    }

    /// The operator's metrics.
    pub async fn metrics(&self) -> anyhow::Result<String> {
        let url = format!("{}/metrics", self.process()?.url);
        Ok(self.http.get(url).send().await?.text().await?)
    }

    /// Requests that the operator has sent to the platform: `read` or `write`.
    pub async fn platform_requests(&self, kind: &str) -> anyhow::Result<f64> {
        let label = format!("kind=\"{kind}\"");
        Ok(gauge::sum(&self.metrics().await?, "adops_platform_requests_total", &[&label]))
    }

    async fn clock(&self, set: Option<Timestamp>) -> anyhow::Result<ClockState> {
        let url = format!("{}/clock", self.process()?.url);
        let request = match set {
            Some(now) => self.http.post(url).json(&json!({ "now": now })),
            None => self.http.get(url),
        };
        Ok(request.send().await?.json().await?)
    }

    async fn set_now(&mut self, to: Timestamp) -> anyhow::Result<ClockState> {
        self.now = to;
        self.sim.set_now(to);
        self.clock(Some(to)).await
    }

    /// Lets business time pass as the machine's has.
    pub async fn keep_time(&mut self) -> anyhow::Result<ClockState> {
        let passed = SignedDuration::try_from(self.moved.elapsed())?;
        self.moved = Instant::now();
        self.set_now(self.now + passed).await
    }

    /// Steps through a span of business time: whenever nobody has anything to do, to the next timer.
    pub async fn step_through(&mut self, span: SignedDuration) -> anyhow::Result<()> {
        let end = self.now + span;
        while self.now < end {
            let state = self.rest().await?;
            let due = [state.next_due, self.sim.next_due()].into_iter().flatten().filter(|due| *due > self.now).min();
            let to = due.map_or(end, |due| due.min(end));
            self.set_now(to).await?;
        }
        self.rest().await?;
        self.moved = Instant::now();
        Ok(())
    }

    async fn rest(&self) -> anyhow::Result<ClockState> {
        let limit = Instant::now() + Duration::from_mins(5);
        let mut quiet = 0;
        loop {
            let state = self.clock(None).await?;
            quiet = if state.idle && self.sim.idle() { quiet + 1 } else { 0 };
            if quiet == 3 {
                return Ok(state);
            }
            ensure!(Instant::now() < limit, "the operator does not come to rest");
            tokio::time::sleep(crate::LOOK).await;
        }
    }

    /// All Campaigns.
    pub fn campaigns(&self) -> Api<Campaign> {
        Api::namespaced(self.admin.clone(), NAMESPACE)
    }

    /// Lets time pass until the platform's ledger has something that `wanted` is; the answer is how long it took.
    /// The ledger should be empty before.
    pub async fn until_changed(&mut self, wanted: impl Fn(&[LedgerEntry]) -> bool) -> anyhow::Result<Duration> {
        let began = Instant::now();
        while !wanted(&self.sim.ledger()) {
            ensure!(began.elapsed() < Duration::from_mins(2), "the platform was not changed");
            tokio::time::sleep(Duration::from_millis(1)).await;
            if self.moved.elapsed() > Duration::from_millis(100) {
                self.keep_time().await?;
            }
        }
        Ok(began.elapsed())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
