//! `cargo xtask chart`: what is generated from the Helm chart; and the helm that does it.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};

use crate::go::{self, Program};
use crate::project::{self, Project};

/// The roles of the chart as plain YAML.
const ROLES: &str = "deploy/rbac.yaml";

const HEADER: &str = "\
# Generated from charts/adops by `cargo xtask chart`: what the operator may do, and the roles of the people who use it, as
# the chart renders them for the release adops in adops-system. For tests, and for clusters without Helm.
apiVersion: v1
kind: Namespace
metadata: {name: adops-system}
";

/// Labels that are true of a release only.
const RELEASE_LABELS: [&str; 3] = ["app.kubernetes.io/version:", "app.kubernetes.io/managed-by:", "helm.sh/chart:"];

/// The task.
pub fn run(project: &Project, args: &[&str]) -> anyhow::Result<ExitCode> {
    match args {
        [] => fs::write(project.path(ROLES), roles(project)?).context(ROLES)?,
        ["--check"] => check(project)?,
        _ => bail!("usage: cargo xtask chart [--check]"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Fails if the plain roles are not the chart's, or if helm's linter does not like the chart.
pub fn check(project: &Project) -> anyhow::Result<()> {
    let helm = helm(project)?;
    project::output(&mut project.tool(helm, &["lint", "--strict", "--quiet", "charts/adops", "--set", VALUES]))?;
    if fs::read_to_string(project.path(ROLES)).context(ROLES)? != roles(project)? {
        bail!("{ROLES} is not what the chart renders: run `cargo xtask chart` and commit the result");
    }
    Ok(())
}

/// What must be set.
const VALUES: &str = "installation=prod,image.repository=adops-operator";

fn roles(project: &Project) -> anyhow::Result<String> {
    let mut command = project.tool(helm(project)?, &["template", "adops", "charts/adops", "-n", "adops-system"]);
    for template in ["serviceaccount.yaml", "rbac/*.yaml"] {
        command.args(["--show-only", &format!("templates/{template}")]);
    }
    let rendered = project::output(command.args(["--set", VALUES]))?;
    let is_of_release = |line: &str| RELEASE_LABELS.iter().any(|label| line.trim_start().starts_with(label));
    let lines =
        rendered.lines().filter(|line| !line.is_empty() && !is_of_release(line) && !line.starts_with("# Source: "));
    Ok(lines.fold(HEADER.to_owned(), |text, line| text + line + "\n"))
}

/// Builds helm, as pinned in `tests/helm/go.mod`, if it is not there, and says where it is.
pub fn helm(project: &Project) -> anyhow::Result<PathBuf> {
    let program = Program {
        module: "tests/helm",
        package: "helm.sh/helm/v4/cmd/helm",
        output: "helm/helm",
        link_flags: "-s -w".to_owned(),
        first_build: "Go compiles it: about three minutes",
    };
    go::build(project, &program)
}
