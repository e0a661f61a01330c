//! `cargo xtask demo`: builds what the demo is made of and starts it.

use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use anyhow::Context;

use crate::project::{self, Project};
use crate::{chart, cluster};

/// The task. The demo's own flags go through to it.
pub fn run(project: &Project, args: &[&str]) -> anyhow::Result<ExitCode> {
    let (cluster, helm) = (cluster::build(project)?, chart::helm(project)?);
    eprintln!("building the operator, kubectl-adops, the simulator and the demo");
    let packages = ["-p", "adops-controller", "-p", "adops-cli", "-p", "adsim", "-p", "adops-e2e"];
    project::run(project.cargo(&["build", "--bins"]).args(packages))?;
    let binary = project.binaries().join("adops-demo");
    let mut demo = project.tool(&binary, args);
    if let Ok(directory) = std::env::current_dir() {
        // A relative `--record FILE` is meant from where the user is.
        demo.current_dir(directory);
    }
    demo.env("ADOPS_CLUSTER_BIN", cluster).env("ADOPS_HELM_BIN", helm).env("ADOPS_BIN_DIR", project.binaries());
    Err(demo.exec()).with_context(|| binary.display().to_string())
}
