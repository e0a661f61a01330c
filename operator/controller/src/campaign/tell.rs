//! What people are told in Events and in the log.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use adops_api::Campaign;
use adops_core::campaign::line::LineKey;
use adops_core::campaign::observed::LineRecord;
use adops_core::campaign::plan::{Cause, Plan};
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::Outcome;
use kube::Resource;

use super::apply::Done;
use super::gather::Gathered;
use crate::runtime::watch::Key;
use crate::shared::Shared;

/// Events for what was done and what was refused, folded by account and kind of change.
pub async fn changes(shared: &Shared, key: &Key, campaign: &Campaign, gathered: &Gathered, done: &[Done]) {
    let on = campaign.object_ref(&());
    let mut applied: BTreeMap<(String, &str, bool), Vec<String>> = BTreeMap::new();
    let mut refused: BTreeMap<(String, &str, Reason, String), Vec<String>> = BTreeMap::new();
    for Done { item, outcome } in done {
        let what = item
            .line
            .as_ref()
            .map_or_else(|| item.change.action.id().cloned().unwrap_or_default(), |line| line.market.clone());
        let drift = item.change.cause == Cause::Drift;
        match outcome {
            Outcome::Applied { .. } => {
                let text = if drift { format!("{what} ({})", item.change.action) } else { what };
                applied.entry((item.account.clone(), item.change.action.word(), drift)).or_default().push(text);
            }
            Outcome::Failed(PlatformError::NotSent { .. }) => {}
            Outcome::Failed(error) | Outcome::Unknown(error) => {
                tracing::warn!(campaign = %key, reason = %error.reason(), account = item.account, line = what,
                    change = item.change.action.word(), %error, "a change was not made");
                // An account out of reach is told by the account, not once for each of its lines.
                if matches!(error, PlatformError::Rejected { .. }) {
                    let kind = (item.account.clone(), item.change.action.word(), error.reason(), error.to_string());
                    refused.entry(kind).or_default().push(what);
                }
            }
        }
    }
    // Lines that are refused for one reason are one Event.
    for ((account, word, reason, error), lines) in refused {
        let note = format!("{word} of {} on {account}: {error}", some(&lines));
        shared.events.warning(&on, reason, "Apply", note).await;
    }
    for ((account, word, drift), lines) in applied {
        let note = format!("{word} on {account}: {} ({})", lines.len(), lines.join(", "));
        let reason = if drift { Reason::Drifted } else { Reason::Applied };
        tracing::info!(campaign = %key, generation = gathered.generation, "{note}");
        shared.events.normal(&on, reason, "Apply", note).await;
    }
}

/// A stop by hand is told once, when it is first seen.
pub async fn stops(
    shared: &Shared,
    key: &Key,
    campaign: &Campaign,
    gathered: &Gathered,
    records: &BTreeMap<LineKey, LineRecord>,
) {
    for (line, record) in records {
        let known = gathered.records.get(line).is_some_and(|before| before.stop.is_some());
        if record.stop.is_some() && !known {
            let note = format!("{line} was stopped by hand on the platform; it stays so until the spec changes");
            tracing::info!(campaign = %key, "{note}");
            shared.events.warning(&campaign.object_ref(&()), Reason::StoppedOnPlatform, "Observe", note).await;
        }
    }
}

/// Another content under a URL is told once, when it is taken up, and when it does not settle.
pub async fn media(shared: &Shared, key: &Key, campaign: &Campaign) {
    for (reason, note) in shared.media.take_notes(key) {
        let on = campaign.object_ref(&());
        match reason {
            Reason::Applied => shared.events.normal(&on, reason, "Observe", note).await,
            _ => shared.events.warning(&on, reason, "Observe", note).await,
        }
    }
}

/// What an operator that observes would do: told once, and counted.
pub fn plan(shared: &Shared, key: &Key, plan: &Plan) {
    let lines = plan.lines.iter().flat_map(|line| line.withheld.iter().map(|one| (line.key.to_string(), one)));
    let retired = plan.retired.iter().flat_map(|retired| {
        retired.withheld.iter().map(|one| (format!("{}/{}", retired.account, retired.object.id), one))
    });
    let planned: Vec<String> = lines.chain(retired).map(|(at, one)| format!("{at}: {}", one.change.action)).collect();
    let memory = shared.campaign_memory(key);
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    if memory.planned != planned {
        tracing::info!(campaign = %key, changes = planned.len(), plan = ?planned, "what would be done");
        memory.planned = planned;
    }
}

/// Names with a comma between them; twenty, then how many more.
fn some(names: &[String]) -> String {
    let rest = names.len().saturating_sub(20);
    let shown = names[..names.len() - rest].join(", ");
    if rest == 0 { shown } else { format!("{shown} and {rest} more") }
}
