//! The demo: a real control plane, the operator as a process of its own, simulated Google Ads, Meta and TikTok, and a
//! story that is told and checked step by step. Started by `cargo xtask demo`.

mod show;
mod stage;
mod story;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::stage::Stage;

/// Shows adops at work on a control plane of its own.
#[derive(Parser)]
struct Args {
    /// End after the story; exit 0 only if every step really held.
    #[arg(long)]
    once: bool,
    /// Write every platform request and answer to this file, as JSON lines.
    #[arg(long)]
    record: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let folder = std::env::temp_dir().join(format!("adops-demo-{}", std::process::id()));
    let mut stage = Stage::set(&folder, args.record).await?;
    let told = story::tell(&mut stage).await;
    if let Err(error) = &told {
        show::failed(error);
        stage.explain();
    }
    if !args.once && told.is_ok() {
        stage.stay().await?;
    }
    stage.strike().await;
    let _ = std::fs::remove_dir_all(&folder);
    Ok(if told.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
