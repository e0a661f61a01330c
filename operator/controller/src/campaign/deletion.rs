//! The end of a Campaign.

use std::collections::BTreeMap;
use std::sync::Arc;

use adops_api::condition::{ConditionType, Status};
use adops_api::{ABANDON_ANNOTATION, Campaign, Conditions, FINALIZER};
use adops_core::campaign::line::LineKey;
use adops_core::campaign::observed::LineRecord;
use adops_core::campaign::plan::Plan;
use adops_core::reason::Reason;
use jiff::Timestamp;
use kube::{Resource, ResourceExt};

use super::gather::Gathered;
use super::reconcile::write;
use super::report;
use super::wake::schedule;
use crate::runtime::status::{self, WriteError};
use crate::runtime::watch::Key;
use crate::shared::Shared;

/// S11: the finalizer goes when spending has been seen to stop, or is knowingly left.
pub async fn finish(
    shared: &Arc<Shared>,
    key: &Key,
    campaign: &Arc<Campaign>,
    gathered: &Gathered,
    plan: &Plan,
    records: &BTreeMap<LineKey, LineRecord>,
) -> Result<Reason, WriteError> {
    let abandoned =
        campaign.annotations().get(ABANDON_ANNOTATION).is_some_and(|uid| Some(uid) == campaign.uid().as_ref());
    let open = open_ends(gathered, plan, records);
    if (open.is_empty() || abandoned) && shared.fence.leads() {
        let reason = if open.is_empty() { Reason::Deleting } else { Reason::AbandonedByUser };
        let note = if open.is_empty() {
            "spending has stopped, or is left as deletionPolicy asks".to_owned()
        } else {
            format!("given up by {ABANDON_ANNOTATION}: {}", open.join("; "))
        };
        shared.events.normal(&campaign.object_ref(&()), reason, "Delete", note).await;
        let written = status::set_finalizer(&shared.client, campaign.as_ref(), FINALIZER, false).await?;
        shared.campaigns.put_written(written);
        return Ok(reason);
    }
    let mut after = report::status(gathered, plan, records);
    let message = open.join("; ");
    let reason = gathered.problems.values().map(|(reason, _)| *reason).min().unwrap_or(Reason::Deleting);
    let mut conditions = Conditions::new(&gathered.status.conditions, gathered.generation, Timestamp::now());
    conditions.set(ConditionType::Ready, Status::False, reason, &message);
    conditions.set(ConditionType::Reconciling, Status::True, reason, &message);
    after.conditions = conditions.into_ours();
    after.reason = Some(reason);
    write(shared, key, campaign, after).await?;
    schedule(shared, key, gathered, plan, records);
    Ok(Reason::Deleting)
}

/// What a deletion still waits for, in words that name objects and the date that their end is on.
fn open_ends(gathered: &Gathered, plan: &Plan, records: &BTreeMap<LineKey, LineRecord>) -> Vec<String> {
    let mut open = Vec::new();
    for retired in &plan.retired {
        let waiting = retired.withheld.iter().map(|withheld| withheld.message.clone()).next();
        if !retired.changes.is_empty() || waiting.is_some() {
            let why = waiting.unwrap_or_else(|| "not stopped yet".to_owned());
            open.push(format!("{} on {}: {why}", retired.object.id, retired.account));
        }
    }
    for line in &plan.lines {
        if line.wait.is_some() && gathered.accounts.contains_key(&line.key.account) {
            open.push(format!("{}: a create or change of unknown outcome", line.key));
        }
    }
    for (account, (_, message)) in &gathered.problems {
        let held: Vec<String> = records
            .iter()
            .filter(|(key, _)| key.account == *account)
            .flat_map(|(_, record)| {
                record
                    .id
                    .iter()
                    .chain(&record.replaces)
                    .cloned()
                    .chain(record.attempt.map(|_| "an unfinished create".to_owned()))
            })
            .collect();
        // Without any record it cannot be said that nothing is there, unless the status tells that nothing was made.
        let never = !gathered.status.lines.is_empty() || gathered.status.observed_generation < 0;
        if held.is_empty() && never {
            continue;
        }
        let shown = if held.is_empty() { "objects that are not known".to_owned() } else { held.join(", ") };
        open.push(format!(
            "{account} is out of reach ({message}); left there: {shown}; the platform ends them after {}; set {ABANDON_ANNOTATION} to the Campaign's uid to give them up",
            gathered.spec.flight.end
        ));
    }
    open
}
