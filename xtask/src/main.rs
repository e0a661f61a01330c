//! The project's tasks: `cargo xtask <task>`.

mod bench;
mod chart;
mod cluster;
mod crds;
mod demo;
mod deny;
mod go;
mod project;
mod python;
mod rust_tests;
mod steps;
mod test;

use std::process::ExitCode;

use project::Project;

const HELP: &str = "\
The project's tasks.

Usage: cargo xtask <TASK>

  test [--full] [--keep-going]   everything that must pass; --full adds the long fault matrices
  demo [--once] [--record FILE]  the whole system in this terminal, from a fresh clone
  crds [--check]                 writes crds/ and the chart's from the types; --check only tells whether they differ
  chart [--check]                writes deploy/rbac.yaml from the chart; --check tells whether it differs, and lints
  bench campaigns [--lines N]    what the operator costs, with a real API server: a table, and JSON in target/bench
  bench platforms [--lines N]    what each connector asks its platform for: a poll, and many changes
  cluster up [ARGS]              a real control plane in target/cluster/dev (or --dir DIR), in the background
  cluster down [ARGS]            stops it; --purge removes it, too
  cluster env [ARGS]             how to reach it: eval \"$(cargo xtask cluster env)\"
  cluster kubectl ARGS           kubectl of the same version, as the admin of that cluster
  cluster build                  builds target/cluster/adops-cluster, if its sources have changed
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> anyhow::Result<ExitCode> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let Some((task, args)) = args.split_first() else {
        eprint!("{HELP}");
        return Ok(ExitCode::FAILURE);
    };
    let project = Project::find();
    match *task {
        "test" => test::run(&project, args),
        "demo" => demo::run(&project, args),
        "bench" => bench::run(&project, args),
        "crds" => crds::run(&project, args),
        "chart" => chart::run(&project, args),
        "cluster" => cluster::run(&project, args),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        other => anyhow::bail!("there is no task `{other}`\n\n{HELP}"),
    }
}
