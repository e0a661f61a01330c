//! The operator as a process of its own, which SIGKILL ends.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
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
    /// Starts one for a world, at the world's time.
    pub fn start(world: &World) -> Self {
        let mut child = Command::new(binary().expect("ADOPS_BIN_DIR"))
            .env("KUBECONFIG", &world.cluster.ready.operator_kubeconfig)
            .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "error".into()))
            .args(["--installation", INSTALLATION, "--allow-endpoint", "http://127.0.0.1"])
            .args(["--namespace", &world.namespace, "--clock", &format!("stepped:{}", world.now())])
            .args(["--listen", "127.0.0.1:0", "--log-format", "text", "--exit-with-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("adops-operator");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its stdout")).read_line(&mut line).expect("its address");
        let ready: Value = serde_json::from_str(&line).expect("a line of JSON");
        let url = ready["listen"].as_str().expect("an address").to_owned();
        Self { child, url, http: reqwest::Client::new() }
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
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
                let clock = self.clock(None).await.unwrap_or_default();
                let idle = world.sim.idle() && clock["idle"] == true;
                due = clock["nextDue"].as_str().and_then(|due| due.parse::<Timestamp>().ok());
                quiet = if idle { quiet + 1 } else { 0 };
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
            if done(&world.look().await) {
                return true;
            }
            let due = [due, world.sim.next_due()].into_iter().flatten().filter(|due| *due > world.now()).min();
            if let Some(due) = due {
                world.set_now(due);
                self.clock(Some(due)).await;
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
