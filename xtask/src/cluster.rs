//! `cargo xtask cluster`: a real control plane for tests and for people.

use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};

use crate::go::{self, Program};
use crate::project::Project;

/// The Kubernetes release that the binary says it is. The code's is in `tests/cluster/go.mod`.
const RELEASE: (&str, &str, &str) = ("v1.36.3", "1", "36");

/// The task.
pub fn run(project: &Project, args: &[&str]) -> anyhow::Result<ExitCode> {
    let (command, args) = args.split_first().context("usage: cargo xtask cluster up|down|env|kubectl|build [ARGS]")?;
    let binary = build(project)?;
    let mut cluster = Command::new(&binary);
    match *command {
        "build" => {
            println!("{}", binary.display());
            return Ok(ExitCode::SUCCESS);
        }
        "up" => {
            cluster.arg("up").args(directory(project, args)).args(args);
            if !args.iter().any(|arg| matches!(*arg, "--detach" | "--exit-with-stdin")) {
                cluster.arg("--detach");
            }
            eprintln!("to use it: eval \"$(cargo xtask cluster env)\"");
        }
        "down" | "env" => {
            cluster.arg(command).args(directory(project, args)).args(args);
        }
        "kubectl" => {
            cluster.arg("kubectl").args(args);
            if std::env::var_os("KUBECONFIG").is_none() {
                cluster.env("KUBECONFIG", kubeconfig(project)?);
            }
        }
        other => bail!("there is no `cluster {other}`: up, down, env, kubectl or build"),
    }
    Err(cluster.exec()).with_context(|| binary.display().to_string())
}

/// The directory of the cluster, unless the user names one.
fn directory(project: &Project, args: &[&str]) -> Vec<OsString> {
    if args.iter().any(|arg| *arg == "--dir" || arg.starts_with("--dir=")) {
        return Vec::new();
    }
    vec!["--dir".into(), dev(project).into()]
}

fn dev(project: &Project) -> PathBuf {
    project.path("target/cluster/dev")
}

fn kubeconfig(project: &Project) -> anyhow::Result<String> {
    let file = dev(project).join("ready.json");
    let text = fs::read_to_string(&file).context("no cluster is up: start one with `cargo xtask cluster up`")?;
    let ready: serde_json::Value = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
    let path = ready["kubeconfig"].as_str().with_context(|| format!("{} names no kubeconfig", file.display()))?;
    Ok(path.to_owned())
}

/// Builds the control plane's binary if its sources have changed, and says where it is.
pub fn build(project: &Project) -> anyhow::Result<PathBuf> {
    let program = Program {
        module: "tests/cluster",
        package: ".",
        output: "cluster/adops-cluster",
        link_flags: link_flags(),
        first_build: "Go compiles Kubernetes: about five minutes",
    };
    go::build(project, &program)
}

fn link_flags() -> String {
    let (version, major, minor) = RELEASE;
    let package = "k8s.io/component-base/version";
    format!("-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}")
}
