//! Checks that are written in Python, in a virtual environment of their own.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;

use crate::project::{self, Project};

/// The environment's Python, with all that a file of requirements asks for. Made anew only when that file changes.
pub fn environment(project: &Project, name: &str, requirements: &str) -> anyhow::Result<PathBuf> {
    let folder = project.path(&format!("target/{name}-venv"));
    let python = folder.join("bin/python");
    let stamp = folder.join("requirements.stamp");
    let wanted = fs::read_to_string(project.path(requirements)).context(requirements.to_owned())?;
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    let mut command = project.tool("python3", &["-m", "venv", "--clear"]);
    project::run(command.arg(&folder)).context("Python 3 with its module venv is needed")?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements];
    project::run(&mut project.tool(&python, &install))?;
    fs::write(&stamp, wanted).with_context(|| stamp.display().to_string())?;
    Ok(python)
}
