//! Programs and tests that are written in Go, each folder a module of its own.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::Context;

use crate::project::{self, Project};

/// The modules of the repository.
pub const MODULES: [&str; 2] = ["tests/cluster", "tests/helm"];

/// A program that is built from a module.
pub struct Program<'a> {
    /// The module's folder.
    pub module: &'a str,
    /// The package, as `go build` takes it.
    pub package: &'a str,
    /// Where the binary goes, below `target`.
    pub output: &'a str,
    /// What the linker is told.
    pub link_flags: String,
    /// What the first build takes, in words.
    pub first_build: &'a str,
}

/// A command of Go in the folder of a module.
pub fn command(project: &Project, module: &str, program: &str, args: &[&str]) -> Command {
    let mut command = project.tool(program, args);
    command.current_dir(project.path(module));
    command
}

/// Builds a program if its sources have changed, and says where it is.
///
/// Go would find out by itself that there is nothing to compile, but it links anew each time, which takes a minute.
pub fn build(project: &Project, program: &Program<'_>) -> anyhow::Result<PathBuf> {
    let binary = project.path("target").join(program.output);
    let stamp = binary.with_extension("stamp");
    let wanted = fingerprint(project, program)?;
    if binary.exists() && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(binary);
    }
    eprintln!("building {} (the first time {})", binary.display(), program.first_build);
    let started = Instant::now();
    let folder = binary.parent().unwrap_or(&binary);
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    // Beside it, then moved: somebody may be running the old one, and two builds may run at once.
    let fresh = binary.with_extension(std::process::id().to_string());
    let flags = ["build", "-buildvcs=false", "-trimpath", "-ldflags", &program.link_flags, "-o"];
    let mut go = command(project, program.module, "go", &flags);
    project::run(go.arg(&fresh).arg(program.package))?;
    fs::rename(&fresh, &binary).with_context(|| binary.display().to_string())?;
    fs::write(&stamp, wanted).with_context(|| stamp.display().to_string())?;
    eprintln!("built in {} s", started.elapsed().as_secs());
    Ok(binary)
}

/// Differs when anything that goes into the binary does.
fn fingerprint(project: &Project, program: &Program<'_>) -> anyhow::Result<String> {
    let mut hasher = DefaultHasher::new();
    project::output(&mut command(project, program.module, "go", &["env", "GOVERSION"]))?.hash(&mut hasher);
    program.link_flags.hash(&mut hasher);
    let mut files = Vec::new();
    collect(&project.path(program.module), &mut files)?;
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
