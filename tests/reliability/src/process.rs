//! The operator as a process of its own, which SIGKILL ends.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use adops_e2e::world::{INSTALLATION, Snapshot, World};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A running `adops-operator`. It is killed when this is dropped.
pub struct Process {
    child: Child,
    url: String,
    http: reqwest::Client,
}

/// The folder of the programs, as `cargo xtask test` tells it.
pub fn binary() -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("ADOPS_BIN_DIR")?).join("adops-operator");
    path.exists().then_some(path)
}

impl Process {
    /// Starts the only one of a world, at the world's time.
    pub fn start(world: &World) -> Self {
        Self::start_with(world, &world.cluster.ready.operator_kubeconfig, &["--leader-elect=false"])
    }

    /// Starts one of perhaps several, with a kubeconfig and flags of its own.
    pub fn start_with(world: &World, kubeconfig: &Path, flags: &[&str]) -> Self {
        let clock = format!("--clock=stepped:{}", world.now());
        let clock = Some(clock).filter(|_| !flags.iter().any(|flag| flag.starts_with("--clock")));
        let mut child = Command::new(binary().expect("ADOPS_BIN_DIR"))
            .env("KUBECONFIG", kubeconfig)
            .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "error".into()))
            .args(["--installation", INSTALLATION, "--allow-endpoint", "http://127.0.0.1"])
            .args(["--namespace", &world.namespace])
            .args(clock)
            .args(["--listen", "127.0.0.1:0", "--log-format", "text", "--exit-with-stdin"])
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("adops-operator");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its stdout")).read_line(&mut line).expect("its address");
        let ready: Value = serde_json::from_str(&line).expect("a line of JSON");
        let url = ready["listen"].as_str().expect("an address").to_owned();
        // One that is stopped does not answer.
        let http = reqwest::Client::builder().timeout(Duration::from_secs(2)).build().expect("a client");
        Self { child, url, http }
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends a signal: `STOP`, `CONT`, `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()), "SIG{name} could not be sent");
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let limit = Instant::now() + Duration::from_mins(1);
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < limit, "the operator does not end");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Whether it runs still.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// The HTTP status of a path.
    pub async fn status_of(&self, path: &str) -> Option<u16> {
        Some(self.http.get(format!("{}{path}", self.url)).send().await.ok()?.status().as_u16())
    }

    /// The sum of a metric over all its labels; 0 if it has not been counted yet.
    pub async fn metric(&self, name: &str) -> u64 {
        let url = format!("{}/metrics", self.url);
        let text = async { self.http.get(url).send().await.ok()?.text().await.ok() }.await.unwrap_or_default();
        let of = |line: &str| {
            let rest = line.strip_prefix(name).filter(|rest| rest.starts_with([' ', '{']))?;
            rest.rsplit(' ').next()?.split('.').next()?.parse::<u64>().ok()
        };
        text.lines().filter_map(of).sum()
    }

    /// Waits until it acts.
    pub async fn leads(&self) {
        let limit = Instant::now() + Duration::from_mins(1);
        while self.metric("adops_leader").await < 1 {
            assert!(Instant::now() < limit, "it does not come to lead");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Moves its clock.
    pub async fn set_clock(&self, to: Timestamp) {
        self.clock(Some(to)).await;
    }

    async fn clock(&self, set: Option<Timestamp>) -> Option<Value> {
        let url = format!("{}/clock", self.url);
        let request = match set {
            Some(now) => self.http.post(url).json(&json!({ "now": now })),
            None => self.http.get(url),
        };
        request.send().await.ok()?.json().await.ok()
    }

    /// Steps time until `dead` says that the moment has come to kill it (false), or what is waited for has come (true).
    pub async fn drive(
        &self,
        world: &mut World,
        dead: impl FnMut(&World) -> bool,
        done: impl FnMut(&Snapshot) -> bool,
    ) -> bool {
        drive(&[self], world, dead, done).await
    }
}

/// [`Process::drive`] with several processes; of those that do not answer nothing is waited for.
pub async fn drive(
    processes: &[&Process],
    world: &mut World,
    mut dead: impl FnMut(&World) -> bool,
    mut done: impl FnMut(&Snapshot) -> bool,
) -> bool {
    let limit = Instant::now() + Duration::from_mins(2);
    loop {
        let mut quiet = 0;
        let mut due = None;
        while quiet < 3 {
            if dead(world) {
                return false;
            }
            assert!(Instant::now() < limit, "it came to no end: {:#?}", world.look().await);
            let mut idle = world.sim.idle();
            due = None;
            for process in processes {
                let Some(clock) = process.clock(None).await else {
                    idle &= processes.len() > 1;
                    continue;
                };
                idle &= clock["idle"] == true;
                let own = clock["nextDue"].as_str().and_then(|due| due.parse::<Timestamp>().ok());
                due = [due, own].into_iter().flatten().min();
            }
            quiet = if idle { quiet + 1 } else { 0 };
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        if done(&world.look().await) {
            return true;
        }
        let due = [due, world.sim.next_due()].into_iter().flatten().filter(|due| *due > world.now()).min();
        if let Some(due) = due {
            world.set_now(due);
            for process in processes {
                process.clock(Some(due)).await;
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
