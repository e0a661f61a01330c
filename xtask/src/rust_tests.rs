//! Every Rust test, with several test programs at a time.
//!
//! Cargo runs one test program after the other. Those that drive a control plane wait for it about as long as they
//! compute, and each ends with its slowest test alone; side by side they fill each other's gaps.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};

use crate::project::{self, Project};

/// What takes longest begins first, so that nothing is left to run alone in the end.
const LONGEST_FIRST: &[&str] = &[
    "attack",
    "kill_matrix",
    "soak",
    "import",
    "bad_input",
    "leadership",
    "safety",
    "queue",
    "recovery",
    "platforms",
    "meta",
    "tiktok",
    "campaign",
    "google",
];

/// How long one program may take before it is killed: several times what the slowest takes on two busy cores.
const LIMIT: Duration = Duration::from_mins(25);
/// The same with `--full`.
const LIMIT_OF_FULL: Duration = Duration::from_hours(3);
/// How often it is said of a program that it still runs.
const SAY_EVERY: Duration = Duration::from_mins(5);
/// How often is looked whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A program that runs tests.
struct Program {
    /// As Cargo would say it: `adsim --test google`.
    name: String,
    command: Command,
    /// Where it stands in [`LONGEST_FIRST`].
    rank: usize,
}

/// What came of one.
struct Report {
    log: String,
    end: End,
    counts: Counts,
    took: Duration,
}

/// How one ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Well,
    Failed,
    /// It took too long, and was killed.
    Killed,
}

/// How many tests passed, failed, and were ignored.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Counts([u64; 3]);

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [passed, failed, ignored] = self.0;
        write!(f, "{passed} passed, {failed} failed, {ignored} ignored")
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }
}

/// Builds every test of the workspace, and runs them. `prepare` gives each program its environment.
/// Answers how many passed; an error if one did not.
pub fn run(project: &Project, full: bool, prepare: impl Fn(&mut Command)) -> anyhow::Result<String> {
    let limit = if full { LIMIT_OF_FULL } else { LIMIT };
    let mut programs = build(project)?;
    programs.push(documentation(project));
    programs.sort_by_key(|program| program.rank);
    for program in &mut programs {
        prepare(&mut program.command);
    }
    let logs = project.path("target/test-logs");
    fs::create_dir_all(&logs).with_context(|| logs.display().to_string())?;

    let queue = Mutex::new(VecDeque::from(programs));
    let results = Mutex::new((Counts::default(), Vec::new()));
    let at_once = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    let work = || -> anyhow::Result<()> {
        loop {
            let next = queue.lock().map_err(|_| anyhow!("a test program's report was not read"))?.pop_front();
            let Some(mut program) = next else { return Ok(()) };
            println!("     Running {}", program.name);
            let report = program.run(&logs, limit)?;
            let mut results = results.lock().map_err(|_| anyhow!("a test program's report was not read"))?;
            print(&program.name, &report)?;
            results.0 += report.counts;
            match report.end {
                End::Well => {}
                End::Failed => results.1.push(program.name),
                End::Killed => results.1.push(format!("{} (killed after {} s)", program.name, limit.as_secs())),
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| anyhow!("a test program was lost"))?)
    })?;

    let (counts, failed) = results.into_inner().map_err(|_| anyhow!("a test program's report was not read"))?;
    if !failed.is_empty() {
        bail!("{counts}; failed:\n    {}", failed.join("\n    "));
    }
    Ok(counts.to_string())
}

/// All at once, so that no two lines of different programs are mixed.
fn print(name: &str, report: &Report) -> anyhow::Result<()> {
    let mut terminal = std::io::stdout().lock();
    let (seconds, counts) = (report.took.as_secs_f64(), report.counts);
    writeln!(terminal, "\n     Ran {name} in {seconds:.1} s ({counts})\n{}", report.log.trim())?;
    Ok(terminal.flush()?)
}

impl Program {
    fn run(&mut self, logs: &Path, limit: Duration) -> anyhow::Result<Report> {
        let path = logs.join(self.name.replace(' ', "_")).with_extension("log");
        let log = File::create(&path).with_context(|| path.display().to_string())?;
        let errors = log.try_clone().with_context(|| path.display().to_string())?;
        let started = Instant::now();
        let child = self.command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn();
        let mut child = child.with_context(|| project::describe(&self.command))?;
        let end = match self.wait(&mut child, limit).with_context(|| project::describe(&self.command))? {
            Some(status) if status.success() => End::Well,
            Some(_) => End::Failed,
            None => End::Killed,
        };
        let log = fs::read(&path).with_context(|| path.display().to_string())?;
        let log = String::from_utf8_lossy(&log).into_owned();
        let mut counts = Counts::default();
        log.lines().filter_map(|line| line.strip_prefix("test result: ")).for_each(|line| counts += read_counts(line));
        Ok(Report { log, end, counts, took: started.elapsed() })
    }

    /// Waits for its end; none if it does not come, and the program had to be killed. What a program's tests have
    /// started ends with it.
    fn wait(&self, child: &mut Child, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
        let (started, mut said) = (Instant::now(), 0);
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            let elapsed = started.elapsed();
            if elapsed >= limit {
                println!("     Killing {} after {} s; its threads and children:", self.name, elapsed.as_secs());
                tell_of(child.id());
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
            if elapsed.as_secs() / SAY_EVERY.as_secs() > said {
                said += 1;
                println!("     Still running {}, for {} s", self.name, elapsed.as_secs());
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

/// What hangs there: a test's thread has the test's name.
fn tell_of(process: u32) {
    let process = process.to_string();
    for which in [["-T", "-p", &process], ["-H", "--ppid", &process]] {
        let _ = Command::new("ps").args(["-o", "pid,stat,etime,time,wchan:20,comm,args"]).args(which).status();
    }
}

fn build(project: &Project) -> anyhow::Result<Vec<Program>> {
    let mut command = project.cargo(&["test", "--workspace", "--no-run", "--message-format=json-render-diagnostics"]);
    let child = command.stdout(Stdio::piped()).spawn().with_context(|| project::describe(&command))?;
    let output = child.wait_with_output().with_context(|| project::describe(&command))?;
    if !output.status.success() {
        bail!("`{}` failed ({})", project::describe(&command), output.status);
    }
    let messages = String::from_utf8(output.stdout).context("Cargo's messages")?;
    let programs: Vec<Program> = messages.lines().filter_map(|line| program(project, line)).collect();
    if programs.is_empty() {
        bail!("Cargo built no tests");
    }
    Ok(programs)
}

/// The test program that a message of Cargo's is about, with the folder and variables that Cargo would give it.
fn program(project: &Project, message: &str) -> Option<Program> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
        return None;
    }
    let executable = message["executable"].as_str()?;
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?;
    let package = package_name(message["package_id"].as_str()?)?;
    let target = message["target"]["name"].as_str()?;
    let kind = match message["target"]["kind"][0].as_str()? {
        kind @ ("test" | "bin" | "bench" | "example") => format!(" --{kind} {target}"),
        _ => " --lib".to_owned(),
    };
    let mut command = project.cargo_tool(PathBuf::from(executable), &[]);
    command.current_dir(folder).env("CARGO_PKG_NAME", &package).env("CARGO_MANIFEST_DIR", folder);
    let rank = LONGEST_FIRST.iter().position(|name| *name == target).unwrap_or(LONGEST_FIRST.len());
    Some(Program { name: format!("{package}{kind}"), command, rank })
}

/// `path+file:///where/core#adops-core@0.1.0`, or, where the folder has the package's name, `…/adsim#0.1.0`.
fn package_name(id: &str) -> Option<String> {
    let (source, fragment) = id.rsplit_once('#')?;
    let name = match fragment.split_once('@') {
        Some((name, _)) => name,
        None => source.rsplit('/').next()?,
    };
    Some(name.to_owned())
}

/// Examples in documentation are built by rustdoc.
fn documentation(project: &Project) -> Program {
    let command = project.cargo(&["test", "--workspace", "--doc", "--no-fail-fast"]);
    Program { name: "documentation".to_owned(), command, rank: LONGEST_FIRST.len() }
}

/// `ok. 12 passed; 0 failed; 1 ignored; ...`.
fn read_counts(result: &str) -> Counts {
    let count = |word: &str| {
        let before = result.split(';').find_map(|part| part.strip_suffix(word));
        before.and_then(|part| part.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
    };
    Counts([count(" passed"), count(" failed"), count(" ignored")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_of_a_result_line_are_read() {
        let line = "ok. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.05s";
        assert_eq!(read_counts(line), Counts([12, 3, 1]));
        assert_eq!(read_counts(""), Counts::default());
    }

    #[test]
    fn a_program_that_does_not_end_is_killed() {
        let logs = std::env::temp_dir().join(format!("adops-xtask-{}", std::process::id()));
        fs::create_dir_all(&logs).unwrap();
        let run = |seconds: &str, limit| {
            let mut command = Command::new("sleep");
            command.arg(seconds);
            let mut program = Program { name: format!("sleep {seconds}"), command, rank: 0 };
            program.run(&logs, limit).unwrap().end
        };
        assert_eq!(run("600", Duration::from_millis(50)), End::Killed);
        assert_eq!(run("0", Duration::from_mins(1)), End::Well);
        assert_eq!(run("what", Duration::from_mins(1)), End::Failed);
        fs::remove_dir_all(&logs).unwrap();
    }

    #[test]
    fn a_message_of_cargos_names_the_program_and_its_package() {
        let project = Project::find();
        let message = r#"{"reason":"compiler-artifact","package_id":"path+file:///a/core#adops-core@0.1.0",
            "manifest_path":"/a/core/Cargo.toml","target":{"kind":["lib"],"name":"adops_core"},
            "profile":{"test":true},"executable":"/a/target/debug/deps/adops_core-1"}"#;
        let found = program(&project, message).unwrap();
        assert_eq!(found.name, "adops-core --lib");
        assert_eq!(found.command.get_current_dir(), Some(Path::new("/a/core")));
        assert!(program(&project, &message.replace(r#""test":true"#, r#""test":false"#)).is_none(), "not a test");
        assert_eq!(package_name("path+file:///a/tests/adsim#0.1.0").as_deref(), Some("adsim"));
    }
}
