//! First sync, rest, latency and the cost of a change.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use adops_api::CampaignStatus;
use adops_api::campaign::Line;
use adsim::Change;
use anyhow::ensure;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::SignedDuration;
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::gauge::{ApiWrites, percentile};
use crate::load::{self, Load};
use crate::stage::Stage;
use crate::table::{Figures, Machine, Row};

/// What to measure.
#[derive(clap::Args)]
pub struct Args {
    /// How many lines, over five accounts.
    #[arg(long, default_value_t = 10_000)]
    lines: usize,
    /// How many changes are timed.
    #[arg(long, default_value_t = 100)]
    samples: usize,
    /// How many hours of business time are spent at rest.
    #[arg(long, default_value_t = 6)]
    hours: i64,
    /// How many seconds of the machine's time pass after the last poll before memory is read once more: so long are
    /// connections kept that nobody uses.
    #[arg(long, default_value_t = 100)]
    settle: u64,
    /// Where the JSON goes.
    #[arg(long, default_value = "target/bench/campaigns.json")]
    pub out: PathBuf,
}

/// Runs the bench.
pub async fn run(args: &Args, folder: &Path) -> anyhow::Result<Figures> {
    let machine = Machine::here();
    let load = Load::of(args.lines);
    println!(
        "{} lines: {} Campaigns of {} lines on {} accounts",
        load.lines(),
        load.campaigns,
        load.lines_each(),
        load::ACCOUNTS
    );
    let mut stage = Stage::set(folder).await?;
    let raw = raw_writes(&stage, load).await?;
    let mut rows = vec![Row::new(
        format!(
            "status writes of {} lines that the API server takes, 8 at once, nothing else running",
            load.lines_each()
        ),
        raw,
        "/s",
    )];
    rows.extend(first_sync(&mut stage, load, raw).await?);
    rows.extend(at_rest(&mut stage, args.hours, Duration::from_secs(args.settle)).await?);
    rows.extend(latency(&mut stage, args.samples).await?);
    rows.extend(one_line(&mut stage, load).await?);
    Ok(Figures { bench: "campaigns", platform: "Google Ads (simulated)", machine, rows })
}

/// The rate at which the API server takes statuses of the size of those that the operator writes.
async fn raw_writes(stage: &Stage, load: Load) -> anyhow::Result<f64> {
    let (objects, rounds) = (8, 12);
    let lines = (0..load.lines_each()).map(|index| {
        let mut line = Line::pending(format!("google-0/M{index:04}"));
        line.id = Some(format!("2000000{index:04}"));
        line.hash = Some("0123456789abcdef".to_owned());
        line.budget = Some("10.00".to_owned());
        line
    });
    let status = CampaignStatus { lines: lines.collect(), ..CampaignStatus::default() };
    let names: Vec<String> = (0..objects).map(|index| format!("raw-{index}")).collect();
    for name in &names {
        stage.apply(&load::campaign(name, load::ACCOUNTS, load.markets, &Value::Null)?).await?;
    }
    let began = Instant::now();
    let writers = names.iter().map(|name| {
        let (campaigns, status) = (stage.campaigns(), &status);
        async move {
            for round in 0..rounds {
                let status = CampaignStatus { observed_generation: round, ..status.clone() };
                let patch = json!({
                    "apiVersion": "adops.dev/v1alpha1",
                    "kind": "Campaign",
                    "metadata": { "name": name },
                    "status": status,
                });
                let params = PatchParams::apply("bench").force();
                campaigns.patch_status(name, &params, &Patch::Apply(patch)).await?;
            }
            Ok::<(), kube::Error>(())
        }
    });
    futures::future::try_join_all(writers).await?;
    let rate = f64::from(objects) * f64::from(i32::try_from(rounds)?) / began.elapsed().as_secs_f64();
    for name in &names {
        stage.campaigns().delete(name, &DeleteParams::default()).await?;
    }
    Ok(rate)
}

async fn first_sync(stage: &mut Stage, load: Load, raw: f64) -> anyhow::Result<Vec<Row>> {
    let stage_ref = &*stage;
    stream::iter(0..load.campaigns)
        .map(|index| async move {
            let object = load::campaign(&format!("campaign-{index}"), load::ACCOUNTS, load.markets, &Value::Null)?;
            stage_ref.apply(&object).await
        })
        .buffer_unordered(8)
        .try_collect::<Vec<()>>()
        .await?;
    let before = ApiWrites::now(&stage.admin).await?;
    let idle = stage.everybody()?;
    stage.start_operator()?;
    let began = Instant::now();
    let (mut first_write, mut all_enabled, mut used) = (None, None, idle);
    // `Ready` is asked of the API server seldom, for that costs the machine what it is to be measured with.
    let mut looked = Instant::now();
    loop {
        stage.keep_time().await?;
        if first_write.is_none() && stage.sim.ledger().iter().any(|entry| entry.kind == "campaign") {
            first_write = Some(began.elapsed());
        }
        if all_enabled.is_none() && enabled(stage) >= load.lines() {
            all_enabled = Some(began.elapsed());
            used = stage.everybody()?;
        }
        if all_enabled.is_some() && looked.elapsed() > Duration::from_millis(500) {
            if ready(stage).await? >= load.campaigns {
                break;
            }
            looked = Instant::now();
        }
        ensure!(began.elapsed() < Duration::from_mins(30), "the first sync does not end: {} run", enabled(stage));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // A process that has just begun waits until it must see whatever one before it may have sent last.
    let waited = first_write.unwrap_or_default();
    let synced = all_enabled.unwrap_or_default().saturating_sub(waited).as_secs_f64();
    let ready = began.elapsed().saturating_sub(waited).as_secs_f64();
    let writes = ApiWrites::now(&stage.admin).await?.since(before);
    let lines = number(load.lines());
    let rate = lines / synced;
    let [operator, control_plane, simulator] =
        [0, 1, 2].map(|who| used[who].saturating_sub(idle[who]).as_secs_f64() * 1000.0 / lines);
    let cores = (operator + control_plane + simulator) / 1000.0 * rate;
    Ok(vec![
        Row::new("from the operator's start to its first change of a platform", waited.as_secs_f64(), "s")
            .target("request timeout and lag: 35"),
        Row::new("first sync, from then until all lines run", rate, "lines/s").target("at least 500"),
        Row::new("first sync, from then until all Campaigns are Ready", lines / ready, "lines/s"),
        Row::new(
            "the same beside raw status writes (lines in a status × writes/s)",
            rate / (raw * number(load.lines_each())),
            "×",
        ),
        Row::new("API writes of a Campaign's first sync", writes.objects / number(load.campaigns), "writes"),
        Row::new("Events of a Campaign's first sync", writes.events / number(load.campaigns), "Events"),
        Row::new("CPU for a line's first sync: operator", operator, "ms"),
        Row::new("CPU for a line's first sync: control plane", control_plane, "ms"),
        Row::new("CPU for a line's first sync: simulator", simulator, "ms"),
        Row::new("cores busy with the three", cores, "cores"),
        Row::new("operator's memory at its peak", stage.usage()?.peak, "MB"),
    ])
}

fn enabled(stage: &Stage) -> usize {
    (0..load::ACCOUNTS).map(|index| stage.sim.google_enabled(&load::customer(index))).sum()
}

async fn ready(stage: &Stage) -> anyhow::Result<usize> {
    let campaigns = stage.campaigns().list(&ListParams::default()).await?;
    let is_ready = |campaign: &adops_api::Campaign| {
        let conditions = campaign.status.iter().flat_map(|status| &status.conditions);
        conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
    };
    Ok(campaigns.iter().filter(|campaign| is_ready(campaign)).count())
}

async fn at_rest(stage: &mut Stage, hours: i64, settle: Duration) -> anyhow::Result<Vec<Row>> {
    // Reviews end, confirmations come in.
    stage.step_through(SignedDuration::from_mins(30)).await?;
    let (usage, writes) = (stage.usage()?, ApiWrites::now(&stage.admin).await?);
    let (reads, changes) = (stage.platform_requests("read").await?, stage.platform_requests("write").await?);
    let passes = crate::gauge::sum(&stage.metrics().await?, "adops_reconcile_total", &["kind=\"AdAccount\""]);
    stage.step_through(SignedDuration::from_hours(hours)).await?;
    let span = number(usize::try_from(hours)?) * 3600.0;
    let polls = crate::gauge::sum(&stage.metrics().await?, "adops_reconcile_total", &["kind=\"AdAccount\""]) - passes;
    let after = stage.usage()?;
    let api = ApiWrites::now(&stage.admin).await?.since(writes);
    let reads = stage.platform_requests("read").await? - reads;
    let hour = number(usize::try_from(hours)?);
    // Hours have passed within seconds: what is given back after a while, between two polls of a real day, is still there.
    let until = Instant::now() + settle;
    while Instant::now() < until {
        tokio::time::sleep(settle.min(Duration::from_secs(10))).await;
        stage.metrics().await?;
    }
    let settled = stage.usage()?.resident;
    Ok(vec![
        Row::new("at rest: platform reads of a poll", reads / polls.max(1.0), "requests")
            .target("pages of the listing"),
        Row::new("at rest: platform writes", stage.platform_requests("write").await? - changes, "writes").target("0"),
        Row::new("at rest, money being spent: API writes an hour", (api.objects + api.events) / hour, "writes")
            .target("at most 4 a Campaign: measurement"),
        Row::new("at rest: CPU", after.cpu.saturating_sub(usage.cpu).as_secs_f64() * 100.0 / span, "% of one core")
            .target("below 1"),
        Row::new("at rest: memory", settled, "MB").target("below 150"),
        Row::new("at rest: memory, right after five listings at one instant", after.resident, "MB"),
    ])
}

/// From an apply to the platform's change, in an idle system.
async fn latency(stage: &mut Stage, samples: usize) -> anyhow::Result<Vec<Row>> {
    let spec = |number: usize| json!({ "urlParameters": format!("n={number}") });
    stage.apply(&load::campaign("small", 1, 1, &spec(0))?).await?;
    stage
        .until_changed(|ledger| {
            ledger.iter().any(|entry| entry.after.contains_key("finalUrlSuffix") || is_enable(entry))
        })
        .await?;
    stage.step_through(SignedDuration::from_mins(1)).await?;
    let mut milliseconds = Vec::new();
    for sample in 1..=samples {
        stage.sim.reset_ledger();
        let object = load::campaign("small", 1, 1, &spec(sample))?;
        let began = Instant::now();
        stage.apply(&object).await?;
        let applied = began.elapsed();
        let took = stage.until_changed(|ledger| !ledger.is_empty()).await?;
        milliseconds.push((applied + took).as_secs_f64() * 1000.0);
        // What was written is confirmed before the next one.
        stage.step_through(SignedDuration::from_secs(12)).await?;
    }
    Ok(vec![
        Row::new("apply to platform changed, p50", percentile(&mut milliseconds, 0.5), "ms").target("below 250"),
        Row::new("apply to platform changed, p99", percentile(&mut milliseconds, 0.99), "ms"),
    ])
}

fn is_enable(entry: &adsim::LedgerEntry) -> bool {
    entry.kind == "campaign"
        && entry.change == Change::Update
        && entry.after.get("status").and_then(Value::as_str) == Some("ENABLED")
}

/// What one changed line costs in a large Campaign.
async fn one_line(stage: &mut Stage, load: Load) -> anyhow::Result<Vec<Row>> {
    let lines = load.large * load::ACCOUNTS;
    stage.sim.reset_ledger();
    stage.apply(&load::campaign("large", load::ACCOUNTS, load.large, &Value::Null)?).await?;
    stage.until_changed(|ledger| ledger.iter().filter(|entry| is_enable(entry)).count() >= lines).await?;
    stage.step_through(SignedDuration::from_mins(30)).await?;
    let market = stage.campaigns().get("large").await?.spec.markets[0].clone();
    let change = json!({ "overrides": [{
        "accounts": [load::account(0)], "markets": [market], "urlParameters": "changed=1",
    }] });
    let object = load::campaign("large", load::ACCOUNTS, load.large, &change)?;
    let (usage, api) = (stage.usage()?, ApiWrites::now(&stage.admin).await?);
    let (reads, writes) = (stage.platform_requests("read").await?, stage.platform_requests("write").await?);
    stage.sim.reset_ledger();
    let began = Instant::now();
    stage.apply(&object).await?;
    let applied = began.elapsed();
    let took = applied + stage.until_changed(|ledger| !ledger.is_empty()).await?;
    stage.step_through(SignedDuration::from_secs(20)).await?;
    let campaign = stage.campaigns().get("large").await?;
    ensure!(campaign.name_any() == "large", "another Campaign");
    let bytes = serde_json::to_vec(&campaign.status)?.len();
    // Ours was one of them.
    let own = ApiWrites::now(&stage.admin).await?.since(api).objects - 1.0;
    let of = format!("one changed line of {lines}");
    Ok(vec![
        Row::new(format!("{of}: until the platform is changed"), took.as_secs_f64() * 1000.0, "ms"),
        Row::new(format!("{of}: changes on the platform"), number(stage.sim.ledger().len()), "objects"),
        Row::new(format!("{of}: platform writes"), stage.platform_requests("write").await? - writes, "requests"),
        Row::new(format!("{of}: platform reads"), stage.platform_requests("read").await? - reads, "requests"),
        Row::new(format!("{of}: API writes"), own, "writes"),
        Row::new(format!("{of}: bytes of a status"), number(bytes), "B").target("below 400,000"),
        Row::new(format!("{of}: CPU"), stage.usage()?.cpu.saturating_sub(usage.cpu).as_secs_f64() * 1000.0, "ms"),
    ])
}

#[allow(clippy::cast_precision_loss, reason = "counts of some thousands")]
fn number(count: usize) -> f64 {
    count as f64
}
