//! `cargo xtask bench`: builds what a bench is made of, optimised, and starts it.

use std::process::{Command, ExitCode};

use crate::cluster;
use crate::project::{self, Project};
use crate::steps::{Outcome, Run};

/// The task. The bench's own flags go through to it; `--debug` measures debug binaries.
pub fn run(project: &Project, args: &[&str]) -> anyhow::Result<ExitCode> {
    let (debug, args): (Vec<&str>, Vec<&str>) = args.iter().partition(|arg| **arg == "--debug");
    let profile = if debug.is_empty() { "release" } else { "debug" };
    let cluster = cluster::build(project)?;
    let mut build = project.cargo(&["build", "--bins", "-p", "adops-controller", "-p", "adops-bench"]);
    if debug.is_empty() {
        build.arg("--release");
    }
    project::run(&mut build)?;
    project::run(bench(project, profile, &args).env("ADOPS_CLUSTER_BIN", cluster))?;
    Ok(ExitCode::SUCCESS)
}

/// Small benches with debug binaries, so that they do not rot.
pub fn smoke(run: &Run<'_>) -> anyhow::Result<Outcome> {
    if !run.full {
        return Ok(Outcome::Skipped("only with --full".to_owned()));
    }
    let benches: [&[&str]; 2] = [
        &["campaigns", "--lines", "60", "--samples", "3", "--hours", "1", "--settle", "1"],
        &["platforms", "--lines", "60", "--changes", "20"],
    ];
    for args in benches {
        let out = run.project.target.join(format!("bench/smoke-{}.json", args[0])).display().to_string();
        let mut command = bench(run.project, "debug", &[args, &["--out", &out]].concat());
        project::run(command.env("ADOPS_CLUSTER_BIN", run.project.path("target/cluster/adops-cluster")))?;
    }
    Ok(Outcome::Done(None))
}

fn bench(project: &Project, profile: &str, args: &[&str]) -> Command {
    let folder = project.target.join(profile);
    let mut command = project.tool(folder.join("adops-bench"), args);
    command.env("ADOPS_BIN_DIR", folder);
    command
}
