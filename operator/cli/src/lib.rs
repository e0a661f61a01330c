//! `kubectl adops`: what the operator would do, for people, before it does it.
//!
//! | module | what it does |
//! |---|---|
//! | [`args`] | the command line |
//! | [`load`] | manifests from files, with all that is wrong in them |
//! | [`cluster`] | what the cluster knows: `get` on Campaigns and AdAccounts, nothing else |
//! | [`accounts`] | what is known of the AdAccounts of a Campaign |
//! | [`observed`] | from a status to what the plan calls observed |
//! | [`flight`] | what a flight's budget comes to today |
//! | [`plan`] | the operator's plan and policies on all that; pure |
//! | [`show`], [`report`] | the plan as a document that is printed |
//! | [`print`](mod@print) | as text, JSON and Markdown |
//! | [`resolve`] | which object is a line's, said by a person |
//! | [`import`] | Campaigns for what runs on an account |
//! | [`live`] | what the platforms say of a plan |
//! | [`access`] | a platform, with credentials of one's own |

pub mod access;
pub mod accounts;
mod adopt;
pub mod args;
pub mod cluster;
pub mod flight;
pub mod import;
pub mod live;
pub mod load;
pub mod media;
pub mod observed;
pub mod plan;
pub mod print;
pub mod report;
pub mod resolve;
pub mod show;

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};

use adops_api::validate::{Origin, Problem};
use adops_platforms::allow::AllowList;
use adops_platforms::error::PlatformError;
use jiff::Timestamp;

use crate::access::AccessError;
use crate::args::{Cli, Command, Output, PlanArgs, ResolveArgs, Target};
use crate::cluster::{Cluster, ClusterError};
use crate::live::Live;
use crate::load::{Key, LoadError, Manifest, Manifests, Source};
use crate::plan::World;
use crate::report::Report;
use crate::resolve::ResolveError;

/// The exit codes of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Nothing would change.
    Unchanged = 0,
    /// An error: no plan could be made, or a line cannot run as it is written.
    Error = 1,
    /// Something would change.
    Changed = 2,
}

/// Why nothing could be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Files cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The cluster does not answer as it should.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A choice cannot be taken.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// Resources are not valid: all that is wrong with them.
    #[error("{}", told(.0))]
    Invalid(Vec<Problem>),
    /// An origin on the command line is none.
    #[error("--allow-endpoint: {0}")]
    Origin(String),
    /// A platform cannot be reached from here.
    #[error(transparent)]
    Access(Box<AccessError>),
    /// What the user says of media cannot be used.
    #[error(transparent)]
    Media(Box<import::media::MediaError>),
    /// A platform does not answer as it should.
    #[error("the AdAccount {0}: {1}")]
    Platform(Key, PlatformError),
    /// The output is closed.
    #[error("the output cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

fn told(problems: &[Problem]) -> String {
    let mut told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let count = problems.len();
    told.push(format!("error: {count} {}", if count == 1 { "problem" } else { "problems" }));
    told.join("\n")
}

/// Does what the command line says, and writes to `out` what it comes to.
pub async fn run(cli: Cli, out: &mut (impl Write + IsTerminal)) -> Result<Exit, Error> {
    match cli.command {
        Command::Plan(args) if args.offline => check(&cli.target, &args, out),
        Command::Plan(args) => {
            let report = self::report(&cli.target, &args).await?;
            let colours = out.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            out.write_all(rendered(&report, args.output, colours).as_bytes())?;
            out.flush()?;
            Ok(exit(&report))
        }
        Command::Resolve(args) => resolve(&cli.target, &args, out).await,
        Command::Import(args) => import::run(&cli.target, &args, out, &mut std::io::stderr()).await,
    }
}

/// The exit code that a report leads to. A line that cannot run as it is written is an error, whatever else would change.
pub fn exit(report: &Report) -> Exit {
    match report {
        report if report.counts.problems > 0 || report.counts.refused > 0 => Exit::Error,
        report if report.changed => Exit::Changed,
        _ => Exit::Unchanged,
    }
}

/// A report as text.
pub fn rendered(report: &Report, output: Output, colours: bool) -> String {
    match output {
        Output::Text => print::text::print(report, colours),
        Output::Json => print::json::print(report),
        Output::Markdown => print::markdown::print(report),
    }
}

/// Plans what the command line names.
async fn report(target: &Target, args: &PlanArgs) -> Result<Report, Error> {
    // Files first: what is wrong with them is told without a cluster, too.
    let sources = load::sources(&args.files, args.recursive)?;
    let given = target.namespace.as_deref();
    let early = load::manifests(&sources, given, "default");
    if !early.problems.is_empty() {
        return Err(Error::Invalid(early.problems));
    }
    let cluster = Cluster::connect(target).await?;
    let manifests = if args.files.is_empty() {
        stored(&cluster, given.unwrap_or(&cluster.namespace), &args.names).await?
    } else {
        checked(load::manifests(&sources, given, &cluster.namespace))?
    };
    let keys: BTreeSet<Key> = manifests.campaigns.keys().cloned().collect();
    let mut world = World { campaigns: cluster.campaigns(&keys).await?, ..World::default() };
    let needed = plan::needed_accounts(&manifests, &world.campaigns);
    (world.accounts, world.unreadable) = cluster.accounts(&needed).await?;
    let allow = AllowList::new(&args.access.allow_endpoints).map_err(Error::Origin)?;
    world.files = media::read(media::needed(&manifests, &world.accounts), allow).await;
    let now = Timestamp::now();
    if !args.live {
        return plan::plan_all(&manifests, &world, now).map_err(Error::Invalid);
    }
    let live = Live::connect(&cluster, &args.access, args.installation.as_ref(), &world.accounts).await;
    world.seen = live.look(&manifests).await;
    live.recognize(&world.files, &mut world.seen).await;
    let planned = plan::plan_each(&manifests, &world, now).map_err(Error::Invalid)?;
    let mut report = show::report(&planned, &world.accounts);
    live.rehearse(&planned, &mut report).await;
    Ok(report)
}

/// Campaigns of the cluster, planned as they are stored.
async fn stored(cluster: &Cluster, namespace: &str, names: &[String]) -> Result<Manifests, Error> {
    let mut manifests = Manifests::default();
    for name in names {
        let key = Key::new(namespace, name);
        let object = cluster.campaign(&key).await?.ok_or_else(|| ClusterError::NotFound("Campaign", key.clone()))?;
        manifests.campaigns.insert(key, Manifest { object, origin: Origin::default() });
    }
    Ok(manifests)
}

fn checked(manifests: Manifests) -> Result<Manifests, Error> {
    if manifests.problems.is_empty() { Ok(manifests) } else { Err(Error::Invalid(manifests.problems)) }
}

/// `--offline`: only checks files.
fn check(target: &Target, args: &PlanArgs, out: &mut impl Write) -> Result<Exit, Error> {
    let sources: Vec<Source> = load::sources(&args.files, args.recursive)?;
    let mut manifests = load::manifests(&sources, target.namespace.as_deref(), "default");
    manifests.problems.extend(plan::refused(&manifests, &World::default()));
    let manifests = checked(manifests)?;
    writeln!(
        out,
        "valid: {} Campaigns, {} AdAccounts in {} files",
        manifests.campaigns.len(),
        manifests.accounts.len(),
        sources.len()
    )?;
    Ok(Exit::Unchanged)
}

async fn resolve(target: &Target, args: &ResolveArgs, out: &mut impl Write) -> Result<Exit, Error> {
    let cluster = Cluster::connect(target).await?;
    let key = Key::new(target.namespace.as_ref().unwrap_or(&cluster.namespace), &args.campaign);
    let campaign = cluster.campaign(&key).await?.ok_or_else(|| ClusterError::NotFound("Campaign", key.clone()))?;
    let resolution = resolve::resolve(&campaign, &args.choices)?;
    cluster.annotate(&campaign, &key, resolve::ANNOTATION, &resolution.value).await?;
    for told in resolution.told {
        writeln!(out, "campaign {key}: {told}")?;
    }
    writeln!(out, "campaign {key} annotated: {}={}", resolve::ANNOTATION, resolution.value)?;
    Ok(Exit::Unchanged)
}
