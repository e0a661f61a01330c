//! What each platform's connector asks for: an idle poll, and many budget changes, beside one call an object.

use std::path::PathBuf;
use std::time::Instant;

use adops_conformance::subject::{Google, Meta, TikTok};
use adops_conformance::world::money;
use adops_conformance::{Subject, World};
use adops_core::campaign::plan::Action;
use adops_platforms::port::Outcome;
use anyhow::ensure;

use crate::table::{Figures, Machine, Row};

/// What to measure.
#[derive(clap::Args)]
pub struct Args {
    /// How many lines are polled, on each platform.
    #[arg(long, default_value_t = 10_000)]
    lines: usize,
    /// How many budgets are changed.
    #[arg(long, default_value_t = 1_000)]
    changes: usize,
    /// Where the JSON goes.
    #[arg(long, default_value = "target/bench/platforms.json")]
    pub out: PathBuf,
}

/// Runs the bench.
pub async fn run(args: &Args) -> anyhow::Result<Figures> {
    let machine = Machine::here();
    let mut rows = of::<Google>(args).await?;
    rows.extend(of::<Meta>(args).await?);
    rows.extend(of::<TikTok>(args).await?);
    Ok(Figures { bench: "platforms", platform: "all platforms (simulated)", machine, rows })
}

async fn of<S: Subject>(args: &Args) -> anyhow::Result<Vec<Row>> {
    let (name, began) = (S::PLATFORM, Instant::now());
    let mut world = World::<S>::of(args.lines).await;
    // How many requests it takes is measured, and not how long one waits for an account's limits.
    world.sim.configure_meta(|meta| {
        meta.quota.account_score = 1e9;
        meta.quota.ads_management_per_hour = 1_000_000_000;
    });
    world.settle().await;
    println!("{name}: {} lines run after {:.0} s", args.lines, began.elapsed().as_secs_f64());

    world.counter.reset();
    let seen = world.observe().await?;
    ensure!(seen.lines.len() == args.lines, "{} lines of {} are seen", seen.lines.len(), args.lines);
    let poll = world.counter.reads();

    let changes: Vec<Action> = seen
        .lines
        .values()
        .take(args.changes)
        .map(|line| {
            let to = money(line.budget.micros() + 10_000_000, line.budget.currency());
            Action::SetBudget { id: line.id.clone(), from: line.budget, to, live: true }
        })
        .collect();
    world.counter.reset();
    let outcomes = world.platform.change(&changes).await;
    let failed = outcomes.iter().find(|outcome| !matches!(outcome, Outcome::Applied { .. }));
    ensure!(failed.is_none(), "a budget was not changed: {failed:?}");
    let (writes, reads) = (world.counter.writes(), world.counter.reads());

    let (lines, changes) = (args.lines, changes.len());
    Ok(vec![
        Row::new(
            format!("{name}: reads of an idle poll of {lines} lines; one call an object: {lines}"),
            count(poll),
            "requests",
        )
        .target("pages of the listing"),
        Row::new(
            format!("{name}: writes for {changes} changes of budgets; one call an object: {changes}"),
            count(writes),
            "requests",
        ),
        Row::new(format!("{name}: reads for them, before the read-back"), count(reads), "requests"),
    ])
}

fn count(requests: usize) -> f64 {
    f64::from(u32::try_from(requests).unwrap_or(u32::MAX))
}
