//! When a Campaign is looked at again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use adops_core::campaign::line::{self, LineKey};
use adops_core::campaign::observed::LineRecord;
use adops_core::campaign::plan::{self, Plan};
use adops_core::campaign::spec::BudgetPeriod;
use adops_core::reason::Reason;
use jiff::{SignedDuration, Timestamp};

use super::gather::Gathered;
use super::reconcile::account_key;
use crate::runtime::watch::Key;
use crate::shared::Shared;

/// When to look again: when something waited for can be known, when an account can be reached, when a
/// day or the flight ends.
pub fn schedule(shared: &Shared, key: &Key, gathered: &Gathered, plan: &Plan, records: &BTreeMap<LineKey, LineRecord>) {
    let later = SignedDuration::from_millis(1);
    let mut wakes: Vec<Timestamp> = Vec::new();
    for line in &plan.lines {
        let Some(wait) = &line.wait else { continue };
        let account = gathered.accounts.get(&line.key.account);
        match (wait.until, &line.bound, account) {
            (Some(until), Some(_), _) if until >= gathered.now => wakes.push(until + later),
            // Only a listing can tell: it is asked for as early as it can.
            (until, _, Some(known)) => {
                let at = until.map_or(gathered.now, |until| until + later);
                let asked = until.is_some();
                let mut state = known.state.known();
                state.waiting.insert(key.clone());
                if asked && state.next_poll > at {
                    state.next_poll = at;
                    shared.accounts_queue.add_at(known.state.key.clone(), at);
                }
            }
            _ => {}
        }
    }
    for account in waits_for_caps(plan).into_iter().chain(unconfirmed(plan, records)) {
        let Some(known) = gathered.accounts.get(account) else { continue };
        known.state.known().waiting.insert(key.clone());
    }
    for known in gathered.accounts.values() {
        let unsettled = known.unsettled_until().map(|(_, until)| *until);
        wakes.extend(unsettled.filter(|until| *until >= gathered.now).map(|until| until + later));
        if let Some(block) = &known.block {
            wakes.push(block.until + later);
        }
        wakes.extend(known.state.known().next_remove().filter(|_| is_braked(plan)));
        wakes.extend(budgets_unbraked(plan, records, gathered.now).map(|until| until + later));
        let zone = &known.account.time_zone;
        if gathered.spec.budget.period == BudgetPeriod::Flight {
            wakes.push(line::next_day(zone, gathered.now));
        }
        let (start, end) = line::flight_in(&gathered.spec, zone);
        for edge in [start, end] {
            if let Ok(at) = edge.to_zoned(zone.clone()) {
                wakes.push(at.timestamp() + SignedDuration::from_secs(1));
            }
        }
    }
    // An account that cannot be planned on wakes us when it can; one that does not exist, when it appears.
    let problems = gathered.problems.keys().map(|name| account_key(key, name));
    for account in problems.filter(|account| shared.accounts.get(account).is_some()) {
        shared.account_state(&account).known().waiting.insert(key.clone());
    }
    let rejections = shared.campaign_memory(key);
    let rejections = rejections.lock().unwrap_or_else(PoisonError::into_inner);
    wakes.extend(rejections.rejections.values().map(|rejection| rejection.retry + later));
    wakes.extend(rejections.held_until.map(|until| until + later));
    if let Some(next) = wakes.into_iter().filter(|at| *at > gathered.now).min() {
        shared.campaigns_queue.add_at(key.clone(), next);
    }
}

/// Accounts with a line of which no observation has confirmed our last write yet.
fn unconfirmed<'a>(plan: &'a Plan, records: &'a BTreeMap<LineKey, LineRecord>) -> impl Iterator<Item = &'a str> {
    let lines = plan.lines.iter().filter(|line| line.own().is_some() && line.problem.is_none());
    lines
        .filter(|line| {
            let record = records.get(&line.key);
            record.is_some_and(|record| record.confirmed_hash.is_none() || record.confirmed_budget.is_none())
        })
        .map(|line| line.key.account.as_str())
}

/// Accounts on which a change is withheld until something else is seen: a decrease, a stop, a listing.
fn waits_for_caps(plan: &Plan) -> BTreeSet<&str> {
    let waits = |line: &&plan::LinePlan| {
        let reasons = line.withheld.iter().map(|withheld| withheld.reason);
        reasons
            .into_iter()
            .any(|reason| matches!(reason, Reason::BudgetReached | Reason::CeilingReached | Reason::NotObserved))
    };
    if !plan.lines.iter().any(|line| waits(&line)) {
        return BTreeSet::new();
    }
    // The Campaign's budget spans accounts: what one waits for may be on another.
    let lines = plan.lines.iter().map(|line| line.key.account.as_str());
    lines.chain(plan.retired.iter().map(|retired| retired.account.as_str())).collect()
}

/// When budgets that were changed too often may grow again.
fn budgets_unbraked<'a>(
    plan: &'a Plan,
    records: &'a BTreeMap<LineKey, LineRecord>,
    now: Timestamp,
) -> impl Iterator<Item = Timestamp> + 'a {
    let braked = |line: &&plan::LinePlan| line.withheld.iter().any(|held| held.reason == Reason::BudgetBraked);
    plan.lines.iter().filter(braked).filter_map(move |line| records.get(&line.key)?.budget_changes.until(now))
}

fn is_braked(plan: &Plan) -> bool {
    let mut withheld = plan.retired.iter().flat_map(|retired| &retired.withheld);
    withheld.any(|withheld| withheld.reason == Reason::RemoveBraked)
}
