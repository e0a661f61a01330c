//! Where things are, and how tools are called.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// The checkout.
pub struct Project {
    /// The workspace's folder.
    pub root: PathBuf,
    /// Where Cargo builds.
    pub target: PathBuf,
}

impl Project {
    /// The checkout that this program was built in.
    pub fn find() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.parent().unwrap_or(here).to_owned();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            // Cargo takes a relative one from the folder it is called in, which for its children is `root`.
            Some(directory) => std::env::current_dir().unwrap_or_else(|_| root.clone()).join(directory),
            None => root.join("target"),
        };
        Self { root, target }
    }

    /// Where debug binaries are.
    pub fn binaries(&self) -> PathBuf {
        self.target.join("debug")
    }

    /// A file or folder of the checkout.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The same Cargo that called this program, in the root.
    pub fn cargo(&self, args: &[&str]) -> Command {
        self.cargo_tool(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), args)
    }

    /// Cargo, or a program that calls it, in the root, as if it were called by hand.
    ///
    /// `cargo run` describes this package to us in variables. Build scripts that watch them (ring's) would run again and
    /// rebuild half of the tree each time that somebody changes between `cargo xtask` and plain Cargo.
    pub fn cargo_tool(&self, program: impl AsRef<OsStr>, args: &[&str]) -> Command {
        let mut command = self.tool(program, args);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|prefix| text.starts_with(prefix)) {
                command.env_remove(&name);
            }
        }
        command.env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// Any other program, in the root.
    pub fn tool(&self, program: impl AsRef<OsStr>, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).current_dir(&self.root);
        command
    }
}

/// Runs a command that writes to this terminal; an error if it fails.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    if !status.success() {
        bail!("`{}` failed ({status})", describe(command));
    }
    Ok(())
}

/// What a command prints; an error with all that it said if it fails.
pub fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| cannot_start(command))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed ({})\n{text}{errors}", describe(command), output.status);
    }
    Ok(text)
}

/// A command as one would type it, without its environment.
pub fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut text = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}

fn cannot_start(command: &Command) -> String {
    format!("`{}` cannot be started: is it installed?", command.get_program().to_string_lossy())
}
