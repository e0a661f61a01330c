//! Readings: of a process from /proc, of the operator and of the API server from their metrics.

use std::time::Duration;

use anyhow::Context;
use http::Request;
use kube::Client;

/// Ticks of a second in /proc; Linux has the same for all programs.
const TICKS: f64 = 100.0;

/// What a process has used up to now.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Processor time.
    pub cpu: Duration,
    /// Memory now, in MB.
    pub resident: f64,
    /// The most memory that it had, in MB.
    pub peak: f64,
}

/// Reads what a process has used.
pub fn usage(process: u32) -> anyhow::Result<Usage> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in brackets, may have spaces in it.
    let fields: Vec<&str> = stat.rsplit(')').next().context("stat")?.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let megabytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kilobytes.unwrap_or(0.0) / 1024.0
    };
    Ok(Usage {
        cpu: Duration::from_secs_f64((ticks(11) + ticks(12)) / TICKS),
        resident: megabytes("VmRSS:"),
        peak: megabytes("VmHWM:"),
    })
}

/// The sum of the samples of a metric whose labels hold all of `labels`.
pub fn sum(metrics: &str, name: &str, labels: &[&str]) -> f64 {
    let samples = metrics.lines().filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with('{')));
    samples
        .filter(|line| labels.iter().all(|label| line.contains(label)))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

/// Writes that the API server has answered: of our kinds, and of Events.
#[derive(Debug, Clone, Copy)]
pub struct ApiWrites {
    /// Campaigns and AdAccounts, their statuses included.
    pub objects: f64,
    /// Events.
    pub events: f64,
}

impl ApiWrites {
    /// How many there are up to now.
    pub async fn now(admin: &Client) -> anyhow::Result<Self> {
        let metrics = admin.request_text(Request::get("/metrics").body(Vec::new())?).await?;
        let verbs = ["POST", "PUT", "PATCH", "APPLY", "DELETE"];
        let of = |group: &str| {
            let count = |verb: &&str| sum(&metrics, "apiserver_request_total", &[group, &format!("verb=\"{verb}\"")]);
            verbs.iter().map(count).sum()
        };
        Ok(Self { objects: of("group=\"adops.dev\""), events: of("group=\"events.k8s.io\"") })
    }

    /// How many there were since an earlier reading.
    pub fn since(self, before: Self) -> Self {
        Self { objects: self.objects - before.objects, events: self.events - before.events }
    }
}

/// The value below which a part of the samples lies.
pub fn percentile(samples: &mut [f64], part: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index of some hundred samples"
    )]
    let index = ((samples.len() as f64 * part).ceil() as usize).clamp(1, samples.len().max(1)) - 1;
    samples.get(index).copied().unwrap_or(f64::NAN)
}
