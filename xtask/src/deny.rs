//! cargo-deny: licenses, banned crates and sources, by `deny.toml`.

use std::path::PathBuf;

use crate::project::{self, Project};
use crate::steps::Outcome;

/// The step. cargo-deny takes minutes to compile, so a plain run uses it where it is, and `--full` (`install`)
/// installs it into `target/tools`.
///
/// Advisories are left out: they are fetched from a Git repository at each run, so that a test would fail without a
/// network, and for news that no commit has brought. `cargo deny check advisories` is for a scheduled run.
pub fn check(project: &Project, install: bool) -> anyhow::Result<Outcome> {
    let tools = project.path("target/tools");
    let own = tools.join("bin/cargo-deny");
    let program = if own.exists() {
        own
    } else if project.tool("cargo-deny", &["--version"]).output().is_ok_and(|output| output.status.success()) {
        PathBuf::from("cargo-deny")
    } else if install {
        println!("cargo-deny is not installed: compiling it into target/tools, once, about five minutes");
        let mut command = project.cargo(&["install", "cargo-deny", "--locked", "--root"]);
        project::run(command.arg(&tools))?;
        own
    } else {
        return Ok(Outcome::Skipped("cargo-deny is not installed; `--full` installs it".to_owned()));
    };
    let args = ["check", "--hide-inclusion-graph", "bans", "licenses", "sources"];
    project::run(&mut project.cargo_tool(program, &args))?;
    Ok(Outcome::Done(None))
}
