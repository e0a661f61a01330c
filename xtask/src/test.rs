//! `cargo xtask test`: everything that must pass, what fails soonest first.

use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};

use crate::project::{self, Project};
use crate::steps::{Outcome, Run, Step, run_all};
use crate::{bench, chart, cluster, crds, deny, go, python, rust_tests};

const STEPS: &[Step] = &[
    Step { name: "Rust format", action: rust_format },
    Step { name: "Go format", action: go_format },
    Step { name: "direction of dependencies", action: dependencies },
    Step { name: "cargo deny", action: |run| deny::check(run.project, run.full) },
    Step { name: "CRDs are the types'", action: |run| crds::check(run.project).map(Into::into) },
    Step { name: "clippy", action: clippy },
    Step { name: "control plane", action: |run| cluster::build(run.project).map(|_| Outcome::Done(None)) },
    Step { name: "helm", action: |run| chart::helm(run.project).map(|_| Outcome::Done(None)) },
    Step { name: "chart", action: |run| chart::check(run.project).map(Into::into) },
    Step { name: "go vet", action: go_vet },
    Step { name: "binaries", action: binaries },
    Step { name: "Rust tests", action: rust },
    Step { name: "demo", action: demo },
    Step { name: "Go tests", action: go_tests },
    Step { name: "bench", action: bench::smoke },
    Step { name: "conformance", action: conformance },
];

/// What the domain must not know: Kubernetes, an async runtime, HTTP, a database.
const NOT_IN_CORE: &[&str] = &["kube", "k8s-openapi", "tokio", "reqwest", "hyper", "sqlx"];

/// The task.
pub fn run(project: &Project, args: &[&str]) -> anyhow::Result<ExitCode> {
    let (mut full, mut keep_going) = (false, false);
    for arg in args {
        match *arg {
            "--full" => full = true,
            "--keep-going" => keep_going = true,
            _ => bail!("usage: cargo xtask test [--full] [--keep-going]"),
        }
    }
    let passed = run_all(STEPS, &Run { project, full }, keep_going);
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn rust_format(run: &Run<'_>) -> anyhow::Result<Outcome> {
    project::run(&mut run.project.cargo(&["fmt", "--all", "--check"])).context("run `cargo fmt --all`")?;
    Ok(().into())
}

fn go_format(run: &Run<'_>) -> anyhow::Result<Outcome> {
    for module in go::MODULES {
        let unformatted = project::output(&mut go::command(run.project, module, "gofmt", &["-l", "."]))?;
        if !unformatted.is_empty() {
            bail!("not formatted:\n{unformatted}run `gofmt -w .` in {module}");
        }
    }
    Ok(().into())
}

/// `core` is pure: what it may not do it must not be able to do.
fn dependencies(run: &Run<'_>) -> anyhow::Result<Outcome> {
    let args = ["tree", "-p", "adops-core", "-e", "normal", "--prefix", "none", "--format", "{p}"];
    let tree = project::output(&mut run.project.cargo(&args))?;
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    let is_banned = |name: &&str| {
        NOT_IN_CORE
            .iter()
            .any(|banned| name.strip_prefix(banned).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
    };
    let found: std::collections::BTreeSet<&str> = names.filter(is_banned).collect();
    if !found.is_empty() {
        let found = found.into_iter().collect::<Vec<_>>().join(", ");
        bail!("adops-core depends on {found}; `cargo tree -p adops-core -e normal -i NAME` says through what");
    }
    Ok(().into())
}

fn clippy(run: &Run<'_>) -> anyhow::Result<Outcome> {
    project::run(&mut run.project.cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    Ok(().into())
}

fn go_vet(run: &Run<'_>) -> anyhow::Result<Outcome> {
    for module in go::MODULES {
        project::run(&mut go::command(run.project, module, "go", &["vet", "-trimpath", "./..."]))?;
    }
    Ok(().into())
}

/// Tests start the operator, the simulator and the command line as processes.
fn binaries(run: &Run<'_>) -> anyhow::Result<Outcome> {
    project::run(&mut run.project.cargo(&["build", "--workspace", "--bins"]))?;
    Ok(().into())
}

/// Where simulators record what tests send, for the step `conformance`.
const RECORDINGS: &str = "target/recordings";

fn rust(run: &Run<'_>) -> anyhow::Result<Outcome> {
    let recordings = run.project.path(RECORDINGS);
    // What earlier tests recorded must not stand in for these.
    if recordings.exists() {
        fs::remove_dir_all(&recordings).with_context(|| recordings.display().to_string())?;
    }
    fs::create_dir_all(&recordings).with_context(|| recordings.display().to_string())?;
    let counts = rust_tests::run(run.project, run.full, |program| {
        with_binaries(run, program).env("ADOPS_RECORD_DIR", &recordings);
    })?;
    Ok(Outcome::Done(Some(counts)))
}

/// The whole story, through the chart: it ends with 0 only if each step held.
fn demo(run: &Run<'_>) -> anyhow::Result<Outcome> {
    let mut command = run.project.tool(run.project.binaries().join("adops-demo"), &["--once"]);
    project::run(with_binaries(run, &mut command))?;
    Ok(().into())
}

/// The tests of the control plane itself take minutes.
fn go_tests(run: &Run<'_>) -> anyhow::Result<Outcome> {
    let modules = if run.full { &go::MODULES[..] } else { &["tests/helm"] };
    for module in modules {
        project::run(&mut go::command(run.project, module, "go", &["test", "-buildvcs=false", "-trimpath", "./..."]))?;
    }
    Ok(().into())
}

fn conformance(run: &Run<'_>) -> anyhow::Result<Outcome> {
    let python = python::environment(run.project, "conformance", "tests/conformance/requirements.txt")?;
    project::run(&mut run.project.tool(&python, &["-u", "tests/conformance/run.py", RECORDINGS]))?;
    // And the simulator is driven by a client that nobody here wrote.
    let mut drive = run.project.tool(python, &["-u", "tests/conformance/drive_meta.py"]);
    project::run(drive.arg(run.project.binaries().join("adsim")))?;
    Ok(().into())
}

/// Tells tests where the programs are that they start, and whether they shall take their time.
fn with_binaries<'c>(run: &Run<'_>, command: &'c mut Command) -> &'c mut Command {
    command.env("ADOPS_CLUSTER_BIN", run.project.path("target/cluster/adops-cluster"));
    command.env("ADOPS_HELM_BIN", run.project.path("target/helm/helm"));
    command.env("ADOPS_BIN_DIR", run.project.binaries());
    if run.full {
        command.env("ADOPS_FULL", "1");
    }
    command
}
