//! The stage: processes, clients and the stepped clock.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use adops_api::Campaign;
use adops_controller::runtime::health::ClockState;
use adops_e2e::cluster::{self, Cluster};
use adops_e2e::files::Files;
use adops_e2e::helm::{self, Helm};
use adops_e2e::reach;
use adops_e2e::world::sim_config;
use adsim::AdSim;
use anyhow::{Context, bail, ensure};
use jiff::{SignedDuration, Timestamp};
use kube::{Api, Client};

/// The namespace of the examples.
pub const NAMESPACE: &str = "growth";

/// Everything that the story needs.
pub struct Stage {
    /// The simulated platforms.
    pub sim: AdSim,
    /// Where the Campaign's images and videos are.
    pub files: Files,
    /// A client that may do everything.
    pub admin: Client,
    cluster: Cluster,
    operator: Option<OperatorProcess>,
    kubectl: PathBuf,
    http: reqwest::Client,
    folder: PathBuf,
    now: Timestamp,
}

struct OperatorProcess {
    child: Child,
    url: String,
}

impl Stage {
    /// Starts the control plane and the platforms; the operator comes later.
    pub async fn set(folder: &Path, record: Option<PathBuf>) -> anyhow::Result<Self> {
        println!(
            "starting a Kubernetes control plane (etcd, kube-apiserver, controllers) and simulated Google Ads, Meta and TikTok ..."
        );
        let cluster = Cluster::start_bare(&folder.join("cluster"), &[])?;
        let admin = cluster.client(&cluster.ready.kubeconfig).await?;
        let start: Timestamp = "2027-02-26T08:00:00Z".parse()?;
        let mut config = sim_config(start);
        config.record = record;
        let sim = AdSim::start(config).await?;
        // kubectl and its plugin, by the names that a user has on the PATH.
        let bin = folder.join("bin");
        std::fs::create_dir_all(&bin)?;
        let kubectl = bin.join("kubectl");
        std::os::unix::fs::symlink(cluster::binary().context("the control plane's binary")?, &kubectl)?;
        std::os::unix::fs::symlink(binaries()?.join("kubectl-adops"), bin.join("kubectl-adops"))?;
        Ok(Self {
            sim,
            files: Files::start()?,
            admin,
            cluster,
            operator: None,
            kubectl,
            http: reqwest::Client::builder().no_proxy().build()?,
            folder: folder.to_owned(),
            now: start,
        })
    }

    /// Business time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A file of the demo's own.
    pub fn write(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        let path = self.folder.join(name);
        std::fs::write(&path, text)?;
        Ok(path)
    }

    /// helm, as the admin.
    pub fn helm(&self) -> anyhow::Result<Helm> {
        ensure!(helm::binary().is_some(), "{} is not set: run `cargo xtask demo`", helm::BINARY);
        Ok(Helm::of(&self.cluster))
    }

    /// Starts the operator with just the permissions that the chart gives. No machine of this control plane runs pods, so
    /// it runs beside it.
    pub fn start_operator(&mut self) -> anyhow::Result<()> {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join("operator.log"))?;
        let mut child = Command::new(binaries()?.join("adops-operator"))
            .args(["--installation", "demo", "--listen", "127.0.0.1:0", "--log-format", "text", "--exit-with-stdin"])
            .args(["--allow-endpoint", "http://127.0.0.1", "--poll-interval", "15m"])
            // There is one, and when it is killed the next one shall not have to wait for its lease.
            .arg("--leader-elect=false")
            .arg("--clock")
            .arg(format!("stepped:{}", self.now))
            .env("KUBECONFIG", &self.cluster.ready.operator_kubeconfig)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no stdout")?).read_line(&mut line)?;
        let listen: serde_json::Value = serde_json::from_str(&line).context("the operator did not start")?;
        let url = listen["listen"].as_str().context("no address")?.to_owned();
        self.operator = Some(OperatorProcess { child, url });
        Ok(())
    }

    /// SIGKILL.
    pub fn kill_operator(&mut self) -> anyhow::Result<()> {
        let mut operator = self.operator.take().context("no operator runs")?;
        operator.child.kill()?;
        operator.child.wait()?;
        Ok(())
    }

    /// SIGTERM, as a pod gets it when its Deployment goes.
    pub fn stop_operator(&mut self) -> anyhow::Result<()> {
        let mut operator = self.operator.take().context("no operator runs")?;
        // Its stdin ends, and it comes to a graceful end.
        drop(operator.child.stdin.take());
        operator.child.wait()?;
        Ok(())
    }

    /// Runs kubectl as the admin or as the plain user and answers with what it printed.
    pub fn kubectl(&self, admin: bool, args: &[&str]) -> anyhow::Result<Output> {
        Ok(self.kubectl_command(admin).args(args).output()?)
    }

    fn kubectl_command(&self, admin: bool) -> Command {
        let ready = &self.cluster.ready;
        let mut command = Command::new(&self.kubectl);
        let path = std::env::var("PATH").unwrap_or_default();
        let own = self.kubectl.parent().unwrap_or(Path::new("/")).display().to_string();
        command
            .env("KUBECONFIG", if admin { &ready.kubeconfig } else { &ready.user_kubeconfig })
            .env("KUBECACHEDIR", self.folder.join("cache"))
            .env("PATH", format!("{own}:{path}"))
            .current_dir(cluster::repository());
        command
    }

    /// Runs kubectl as the plain user, shows it, and wants it to work.
    pub fn user(&self, args: &[&str]) -> anyhow::Result<String> {
        let output = self.kubectl(false, args)?;
        let text = printed(&output);
        crate::show::command(&format!("kubectl {}", args.join(" ")), &text);
        ensure!(output.status.success(), "kubectl {} failed", args.join(" "));
        Ok(text)
    }

    /// Runs kubectl as the plain user while time is stepped.
    pub async fn user_waits(&mut self, args: &[&str]) -> anyhow::Result<()> {
        let mut child = self.kubectl_command(false).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let limit = Instant::now() + Duration::from_mins(2);
        while child.try_wait()?.is_none() {
            ensure!(Instant::now() < limit, "kubectl {} did not end", args.join(" "));
            self.step().await?;
        }
        let output = child.wait_with_output()?;
        crate::show::command(&format!("kubectl {}", args.join(" ")), &printed(&output));
        ensure!(output.status.success(), "kubectl {} failed", args.join(" "));
        Ok(())
    }

    /// One Campaign.
    pub async fn campaign(&self, name: &str) -> anyhow::Result<Option<Campaign>> {
        let campaigns: Api<Campaign> = Api::namespaced(self.admin.clone(), NAMESPACE);
        Ok(campaigns.get_opt(name).await?)
    }

    /// Steps time until `done` says so.
    pub async fn until(
        &mut self,
        what: &str,
        mut done: impl AsyncFnMut(&Self) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let limit = Instant::now() + Duration::from_mins(2);
        while !done(self).await? {
            ensure!(Instant::now() < limit, "it never came to this: {what}");
            self.step().await?;
        }
        crate::show::holds(what);
        Ok(())
    }

    /// Waits until nobody has anything to do, then moves time to the next timer.
    pub async fn step(&mut self) -> anyhow::Result<()> {
        let state = self.rest().await?;
        let due = [state.and_then(|state| state.next_due), self.sim.next_due()];
        if let Some(next) = due.into_iter().flatten().filter(|due| *due > self.now).min() {
            self.set_now(next).await?;
        }
        Ok(())
    }

    /// Steps through a span of business time.
    pub async fn pass(&mut self, span: SignedDuration) -> anyhow::Result<()> {
        let end = self.now + span;
        loop {
            let state = self.rest().await?;
            let due = [state.and_then(|state| state.next_due), self.sim.next_due()];
            match due.into_iter().flatten().filter(|due| *due > self.now).min() {
                Some(next) if next < end => self.set_now(next).await?,
                _ => break,
            }
        }
        self.set_now(end).await?;
        self.rest().await?;
        Ok(())
    }

    async fn rest(&self) -> anyhow::Result<Option<ClockState>> {
        let limit = Instant::now() + Duration::from_secs(30);
        let mut quiet = 0;
        loop {
            let state = self.clock_state().await?;
            let idle = self.sim.idle() && state.as_ref().is_none_or(|state| state.idle);
            quiet = if idle { quiet + 1 } else { 0 };
            if quiet >= 2 || Instant::now() > limit {
                return Ok(state);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn clock_state(&self) -> anyhow::Result<Option<ClockState>> {
        let Some(operator) = &self.operator else { return Ok(None) };
        let answer = self.http.get(format!("{}/clock", operator.url)).send().await.context("the operator has ended")?;
        Ok(Some(answer.json().await?))
    }

    async fn set_now(&mut self, to: Timestamp) -> anyhow::Result<()> {
        self.now = to;
        self.sim.set_now(to);
        if let Some(operator) = &self.operator {
            let state = ClockState { now: to, idle: false, next_due: None };
            self.http.post(format!("{}/clock", operator.url)).json(&state).send().await?;
        }
        Ok(())
    }

    /// After the story: everything stays up, and time goes on, a minute each second.
    pub async fn stay(&mut self) -> anyhow::Result<()> {
        println!("\nEverything stays up until Ctrl-C. Business time goes on, a minute each second. Try:");
        println!(
            "  export KUBECONFIG={} PATH={}:$PATH",
            self.cluster.ready.user_kubeconfig.display(),
            self.folder.join("bin").display()
        );
        println!("  kubectl get adops -n {NAMESPACE}");
        for platform in reach::ALL {
            println!("  curl -s {}/accounts/{}    # its own view", self.sim.admin_url(), reach::account_id(platform));
        }
        println!("  the simulator's faults, edits and ledger are there, too");
        println!("  the operator's log: {}", self.folder.join("operator.log").display());
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        loop {
            tokio::select! {
                _ = &mut interrupt => return Ok(()),
                () = tokio::time::sleep(Duration::from_secs(1)) => self.set_now(self.now + SignedDuration::from_mins(1)).await?,
            }
        }
    }

    /// What helps to understand a step that did not hold.
    pub fn explain(&self) {
        if let Ok(output) = self.kubectl(true, &["get", "adops", "-A", "-o", "yaml"]) {
            println!("{}", printed(&output));
        }
        let log = std::fs::read_to_string(self.folder.join("operator.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        println!("the end of the operator's log:\n{}", lines[lines.len().saturating_sub(40)..].join("\n"));
    }

    /// Ends everything.
    pub async fn strike(mut self) {
        if self.operator.is_some() {
            let _ = self.stop_operator();
        }
        self.sim.shutdown().await;
        drop(self.cluster);
    }
}

fn binaries() -> anyhow::Result<PathBuf> {
    match std::env::var_os("ADOPS_BIN_DIR") {
        Some(folder) => Ok(folder.into()),
        None => bail!("ADOPS_BIN_DIR is not set: run `cargo xtask demo`"),
    }
}

/// What a command printed, on both streams.
pub fn printed(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text
}
