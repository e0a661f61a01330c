//! `adops-bench campaigns`: a real control plane, a simulated platform and the operator as a process of its own.
//! `adops-bench platforms`: the connectors alone. Each prints a table and writes the same as JSON. Benches print figures;
//! they do not judge.

mod campaigns;
mod gauge;
mod load;
mod platforms;
mod stage;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

/// What the operator costs.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// First sync, rest and change of many lines over five accounts.
    Campaigns(campaigns::Args),
    /// Requests of an idle poll and of budget changes, on each platform.
    Platforms(platforms::Args),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Args::parse().bench {
        Bench::Campaigns(args) => {
            let folder = std::env::temp_dir().join(format!("adops-bench-{}", std::process::id()));
            let result = campaigns::run(&args, &folder).await;
            // The control plane has ended with the run.
            let _ = std::fs::remove_dir_all(&folder);
            let figures = result?;
            println!("\n{}", table::markdown(&figures));
            write(&args.out, &figures)
        }
        Bench::Platforms(args) => {
            let figures = platforms::run(&args).await?;
            println!("\n{}", table::markdown(&figures));
            write(&args.out, &figures)
        }
    }
}

fn write(out: &PathBuf, figures: &table::Figures) -> anyhow::Result<()> {
    if let Some(folder) = out.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(out, serde_json::to_string_pretty(figures)? + "\n")?;
    println!("\nwritten: {}", out.display());
    Ok(())
}

/// How often something that is waited for is looked at.
const LOOK: Duration = Duration::from_millis(2);
