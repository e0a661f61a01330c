//! `adops-operator`: keeps the ad platforms as the Campaigns say.

use std::net::SocketAddr;
use std::time::Duration;

use adops_controller::media::MediaOptions;
use adops_controller::operator::{Operator, Options};
use adops_controller::runtime::clock::Clock;
use adops_controller::runtime::cluster::ClusterIdentity;
use adops_controller::runtime::leader::{self, Election};
use adops_core::marker::Installation;
use adops_platforms::allow::AllowList;
use adops_platforms::holder::ClusterId;
use anyhow::Context;
use clap::{ArgAction, Parser};
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The adops operator.
#[derive(Parser)]
#[command(version)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
struct Args {
    /// The id of this installation, which marks every object of ours on the platforms. Never change it, and never give
    /// it to two installations: objects are found again by it.
    #[arg(long, env = "ADOPS_INSTALLATION")]
    installation: Installation,
    /// How often an account is listed.
    #[arg(long, default_value = "5m", value_parser = duration)]
    poll_interval: SignedDuration,
    /// How often spend is read and shown.
    #[arg(long, default_value = "15m", value_parser = duration)]
    measure_interval: SignedDuration,
    /// An endpoint beside the platforms' own that AdAccounts may name, as scheme, host and, if only one is meant, port.
    /// May be given several times.
    #[arg(long)]
    allow_endpoint: Vec<String>,
    /// An origin that images and videos of ads may come from, as scheme, host and, if only one is meant, port. May be
    /// given several times. Default: every public host, by https.
    #[arg(long)]
    allow_media: Vec<String>,
    /// How much of images and videos may be in memory at once, in MiB; one file may have half of it.
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u64).range(2..=65_536))]
    media_memory: u64,
    /// How often it is looked whether another image or video lies under the same URL.
    #[arg(long, default_value = "6h", value_parser = duration)]
    media_recheck: SignedDuration,
    /// Plan for all accounts and write to none.
    #[arg(long)]
    observe: bool,
    /// Act only while holding the installation's Lease, so that several replicas may run. With `false` there must be
    /// no other process.
    #[arg(long, default_value_t = true, action = ArgAction::Set)]
    leader_elect: bool,
    /// How long a renewal of the Lease lasts: who takes over waits as long, plus the request timeout.
    #[arg(long, default_value = "60s", value_parser = real_duration)]
    lease_duration: Duration,
    /// How often the Lease is renewed.
    #[arg(long, default_value = "15s", value_parser = real_duration)]
    renew_interval: Duration,
    /// Where the Lease lies. Default: the namespace of the pod.
    #[arg(long, env = "POD_NAMESPACE")]
    lease_namespace: Option<String>,
    /// The name of this cluster in the accounts' records of who writes to them. Default: the UID of the namespace
    /// kube-system. Needed where that may not be read, and for a cluster that is rebuilt under the same name.
    #[arg(long, env = "ADOPS_CLUSTER_ID")]
    cluster_id: Option<ClusterId>,
    /// How long a request to a platform may take.
    #[arg(long, default_value = "30s", value_parser = real_duration)]
    request_timeout: Duration,
    /// The stop switch of the whole installation: pause all that adops owns, on every account, before anything else.
    #[arg(long, env = "ADOPS_STOP")]
    stop: bool,
    /// Where /healthz, /readyz and /metrics are served.
    #[arg(long, default_value = "0.0.0.0:8080")]
    listen: SocketAddr,
    /// Passes at once, for each kind.
    #[arg(long, default_value_t = 8)]
    workers: usize,
    /// Work on these namespaces only; may be given several times. Default: all.
    #[arg(long)]
    namespace: Vec<String>,
    /// Business time: `system`, or `stepped:TIME` for demos and tests, moved through /clock.
    #[arg(long, default_value = "system", value_parser = clock)]
    clock: Clock,
    /// Logs as `text` or `json`.
    #[arg(long, default_value = "json", value_parser = ["json", "text"])]
    log_format: String,
    /// End when standard input ends: for a parent that may be killed.
    #[arg(long, hide = true)]
    exit_with_stdin: bool,
}

fn duration(text: &str) -> Result<SignedDuration, String> {
    text.parse().map_err(|error| format!("{error}"))
}

fn real_duration(text: &str) -> Result<Duration, String> {
    duration(text)?.try_into().map_err(|_| "a duration is not negative".to_owned())
}

fn clock(text: &str) -> Result<Clock, String> {
    match text.strip_prefix("stepped:") {
        Some(start) => start.parse::<Timestamp>().map(Clock::stepped).map_err(|error| error.to_string()),
        None if text == "system" => Ok(Clock::System),
        None => Err("`system` or `stepped:2027-03-01T00:00:00Z`".to_owned()),
    }
}

#[tokio::main]
async fn main() {
    let ended = run(Args::parse()).await;
    if let Err(error) = &ended {
        tracing::error!("{error:#}");
    }
    // At once: a read of standard input may still block a thread, and who leads no more has nothing to finish.
    std::process::exit(i32::from(ended.is_err()))
}

async fn run(args: Args) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,kube=warn"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if args.log_format == "json" {
        logs.json().init();
    } else {
        logs.with_target(false).init();
    }
    // kube and reqwest use the same provider; a second installation is no error.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::try_default().await.context("no way to a Kubernetes API server")?;
    let allow = AllowList::new(&args.allow_endpoint).and_then(|list| list.with_media(&args.allow_media));
    let allow = allow.map_err(anyhow::Error::msg)?;
    let election = args.leader_elect.then(|| Election {
        namespace: leader::namespace(args.lease_namespace),
        duration: args.lease_duration,
        renew: args.renew_interval,
        identity: leader::identity(),
    });
    let options = Options {
        installation: args.installation,
        clock: args.clock,
        poll_interval: args.poll_interval,
        measure_interval: args.measure_interval,
        allow,
        observe_only: args.observe,
        stop: args.stop,
        listen: Some(args.listen),
        interceptor: None,
        workers: args.workers,
        namespaces: args.namespace,
        election,
        request_timeout: args.request_timeout,
        cluster: Some(args.cluster_id.map_or(ClusterIdentity::Namespace, ClusterIdentity::Given)),
        holder_bound: args.lease_duration,
        media: MediaOptions { memory: args.media_memory << 20, recheck: args.media_recheck },
    };
    let operator = Operator::new(client, options).await?;
    if let Some(address) = operator.address() {
        // One line for those who started us on a free port.
        println!("{{\"listen\":\"http://{address}\"}}");
    }
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        wait_for_end(args.exit_with_stdin).await;
        let _ = stop.send(true);
    });
    operator.run(stopped).await.context("the operator ends")
}

async fn wait_for_end(with_stdin: bool) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = stdin_end(with_stdin) => {}
    }
}

async fn stdin_end(wanted: bool) {
    if !wanted {
        return std::future::pending().await;
    }
    let ended = tokio::task::spawn_blocking(|| {
        let mut sink = std::io::sink();
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut sink);
    });
    let _ = ended.await;
}
