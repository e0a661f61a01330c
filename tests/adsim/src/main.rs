//! The simulator as a process. Prints one JSON line with its URLs when it is ready.

use std::path::PathBuf;

use adsim::{AdSim, ClockConfig, Config};
use anyhow::{Context, Result, bail};
use clap::Parser;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};

/// Simulated ad platforms.
#[derive(Debug, Parser)]
#[command(name = "adsim", version)]
struct Args {
    /// Port of the platforms; 0 takes a free one.
    #[arg(long, env = "ADSIM_PORT")]
    port: Option<u16>,
    /// Port of the admin API; 0 takes a free one.
    #[arg(long, env = "ADSIM_ADMIN_PORT")]
    admin_port: Option<u16>,
    /// `system`, or `stepped:` and an RFC 3339 instant.
    #[arg(long)]
    clock: Option<String>,
    /// Seed of everything that looks random.
    #[arg(long)]
    seed: Option<u64>,
    /// File to which requests and answers are appended.
    #[arg(long)]
    record: Option<PathBuf>,
    /// How many of the latest requests the admin API can show.
    #[arg(long)]
    keep_requests: Option<usize>,
    /// Configuration: accounts, credentials, quotas, rules. JSON or YAML.
    #[arg(long)]
    config: Option<PathBuf>,
    /// End when standard input reaches its end, so that no simulator outlives a parent that crashed.
    #[arg(long)]
    exit_with_stdin: bool,
}

fn configuration(args: &Args) -> Result<Config> {
    let mut config = match &args.config {
        None => Config::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            let is_json = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
            let config = if is_json {
                serde_json::from_str(&text).map_err(anyhow::Error::from)
            } else {
                serde_yaml_ng::from_str(&text).map_err(anyhow::Error::from)
            };
            config.with_context(|| format!("{} is no configuration", path.display()))?
        }
    };
    config.port = args.port.unwrap_or(config.port);
    config.admin_port = args.admin_port.unwrap_or(config.admin_port);
    config.seed = args.seed.unwrap_or(config.seed);
    config.record = args.record.clone().or(config.record);
    config.keep_requests = args.keep_requests.unwrap_or(config.keep_requests);
    if let Some(clock) = &args.clock {
        config.clock = match clock.split_once(':') {
            None if clock == "system" => ClockConfig::System,
            Some(("stepped", start)) => ClockConfig::Stepped {
                start: start.parse().with_context(|| format!("{start} is no RFC 3339 instant"))?,
            },
            _ => bail!("--clock takes `system` or `stepped:<RFC 3339 instant>`, not `{clock}`"),
        };
    }
    Ok(config)
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let args = Args::parse();
    let sim = AdSim::start(configuration(&args)?).await?;
    let urls = json!({
        "google": sim.google_url(),
        "meta": sim.meta_url(),
        "tiktok": sim.tiktok_url(),
        "pinterest": sim.pinterest_url(),
        "token": sim.token_url(),
        "admin": sim.admin_url(),
    });
    println!("{urls}");
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = stdin_ends(), if args.exit_with_stdin => {}
    }
    sim.shutdown().await;
    // A blocking read of standard input would keep the runtime alive.
    std::process::exit(0);
}

async fn stdin_ends() {
    let mut stdin = tokio::io::stdin();
    let mut buffer = [0; 256];
    while stdin.read(&mut buffer).await.is_ok_and(|n| n > 0) {}
}
