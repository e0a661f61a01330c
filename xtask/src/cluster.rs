//! `cargo xtask cluster`: a real control plane for tests and for people.

use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, bail};

use crate::project::{self, Project};

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
///
/// Go would find out by itself that there is nothing to compile, but it links anew each time, which takes a minute.
pub fn build(project: &Project) -> anyhow::Result<PathBuf> {
    let folder = project.path("target/cluster");
    let (binary, stamp) = (folder.join("adops-cluster"), folder.join("adops-cluster.stamp"));
    let wanted = fingerprint(project)?;
    if binary.exists() && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(binary);
    }
    eprintln!("building {} (the first time Go compiles Kubernetes: about five minutes)", binary.display());
    let started = Instant::now();
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    // Beside it, then moved: a cluster may be running from the old one, and two builds may run at once.
    let fresh = folder.join(format!("adops-cluster.{}", std::process::id()));
    let mut go = Command::new("go");
    go.args(["build", "-buildvcs=false", "-trimpath", "-ldflags", &link_flags(), "-o"]);
    project::run(go.arg(&fresh).arg(".").current_dir(sources(project)))?;
    fs::rename(&fresh, &binary).with_context(|| binary.display().to_string())?;
    fs::write(&stamp, wanted).with_context(|| stamp.display().to_string())?;
    eprintln!("built in {} s", started.elapsed().as_secs());
    Ok(binary)
}

/// The folder of the Go module.
pub fn sources(project: &Project) -> PathBuf {
    project.path("tests/cluster")
}

fn link_flags() -> String {
    let (version, major, minor) = RELEASE;
    let package = "k8s.io/component-base/version";
    format!("-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}")
}

/// Differs when anything that goes into the binary does.
fn fingerprint(project: &Project) -> anyhow::Result<String> {
    let mut hasher = DefaultHasher::new();
    project::output(project.tool("go", &["env", "GOVERSION"]).current_dir(sources(project)))?.hash(&mut hasher);
    link_flags().hash(&mut hasher);
    let mut files = Vec::new();
    collect(&sources(project), &mut files)?;
    files.sort();
    for file in files {
        file.strip_prefix(&project.root).unwrap_or(&file).hash(&mut hasher);
        fs::read(&file).with_context(|| file.display().to_string())?.hash(&mut hasher);
    }
    Ok(format!("{:016x}\n", hasher.finish()))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_go = path.extension().is_some_and(|extension| extension == "go");
        let is_source = is_go && !name.ends_with("_test.go") || name == "go.mod" || name == "go.sum";
        if path.is_dir() {
            collect(&path, files)?;
        } else if is_source {
            files.push(path);
        }
    }
    Ok(())
}
