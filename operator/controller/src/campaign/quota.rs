//! Quota: what the platforms leave no room for now waits, the less important first.

use std::collections::BTreeMap;

use adops_core::campaign::plan::{Action, Change, Importance, Plan, Withheld};
use adops_core::queue::Use;
use adops_core::queue::demand::{Asker, Demand, Granted, Wait};
use adops_core::reason::Reason;
use jiff::{SignedDuration, Timestamp};

use super::gather::{Gathered, Known};
use super::memory::{CampaignMemory, retired_key};
use crate::runtime::watch::Key;
use crate::shared::Shared;

/// What is done sooner is not worth a word.
const SOON: SignedDuration = SignedDuration::from_mins(10);
/// How long an AdAccount's status may be behind in telling what waits on it.
const TELL_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// Says to the platforms' quotas what the plan wants, and withholds what they do not grant now. Answers when to ask
/// again.
pub fn hold_back(shared: &Shared, gathered: &Gathered, plan: &mut Plan) -> Option<Timestamp> {
    let id = &gathered.spec.id;
    let mut again = None;
    let mut asked = BTreeMap::new();
    for (name, known) in &gathered.accounts {
        let Some(platform) = known.state.platform() else { continue };
        let account = known.state.key.to_string();
        let asker = Asker { namespace: id.namespace.clone(), account: account.clone(), campaign: id.name.clone() };
        let demand = demand(plan, name, |action| platform.cost(action));
        let granted = platform.quota().ask(&asker, &demand, gathered.now);
        asked.insert(account, platform.quota().name().to_owned());
        if granted.news {
            shared.accounts_queue.add_at(known.state.key.clone(), gathered.now + TELL_AFTER);
        }
        if let Some(wait) = &granted.wait {
            withhold(plan, name, &granted, (reason(wait, gathered.now), message(wait)));
            again = Some(again.map_or(wait.again, |earlier: Timestamp| earlier.min(wait.again)));
        }
    }
    for quota in shared.quotas.all() {
        let here = |account: &str| asked.get(account).is_some_and(|name| name == quota.name());
        quota.withdraw(&id.namespace, &id.name, here);
    }
    again
}

/// The word for what waits.
pub fn reason(wait: &Wait, now: Timestamp) -> Reason {
    if wait.done.duration_since(now) > SOON { Reason::QuotaLimited } else { Reason::Updating }
}

/// What waits, and for about how long.
pub fn message(wait: &Wait) -> String {
    format!(
        "{} changes wait for the platform's quota of {} operations a day; about {} all of them are made",
        wait.count, wait.size, wait.done
    )
}

/// Says to the accounts' queues when the plan's changes that stop or shrink spend are to be sent.
pub fn announce(gathered: &Gathered, plan: &Plan, memory: &CampaignMemory) {
    let campaign = Key::new(&gathered.spec.id.namespace, &gathered.spec.id.name);
    for (name, known) in &gathered.accounts {
        known.state.queue.announce(&campaign, stops_at(gathered, known, plan, name, memory), gathered.now);
    }
}

/// When something is to be sent to an account that stops or shrinks spend, the last of it: now, or as soon as the
/// account can be reached and the platform's rate has room.
fn stops_at(
    gathered: &Gathered,
    known: &Known,
    plan: &Plan,
    account: &str,
    memory: &CampaignMemory,
) -> Option<Timestamp> {
    let block = known.block.as_ref().filter(|block| block.until > gathered.now);
    let of_lines = plan.lines.iter().filter(|line| line.key.account == account);
    let of_lines = of_lines.map(|line| (line.key.clone(), &line.changes, &line.withheld));
    let retired = plan.retired.iter().filter(|retired| retired.account == account);
    let retired = retired.map(|retired| (retired_key(retired), &retired.changes, &retired.withheld));
    let stops = |change: &&Change| change.action.importance() < Importance::Increase;
    let mut at = None;
    for (key, changes, withheld) in of_lines.chain(retired) {
        at = at.max(changes.iter().find(stops).map(|_| gathered.now));
        for Withheld { change, reason, .. } in withheld.iter().filter(|withheld| stops(&&withheld.change)) {
            let blocked = block.filter(|block| block.reason == *reason).map(|block| block.until);
            let slowed = || memory.held(&key, &change.action, gathered.now).filter(|_| *reason == Reason::RateLimited);
            at = at.max(blocked.or_else(|| slowed().map(|held| held.retry)));
        }
    }
    at
}

/// What the plan wants on an account. What is begun is finished before more is created.
fn demand(plan: &mut Plan, account: &str, cost: impl Fn(&Action) -> u64) -> Demand {
    let mut demand = Demand::default();
    let mut creates = Vec::new();
    each(plan, account, |changes, _| {
        for change in changes.iter() {
            let cost = cost(&change.action);
            match Use::of(change.action.importance()) {
                Use::Protect => demand.protect.push(cost),
                Use::Grow | Use::Observe if matches!(change.action, Action::Create(_)) => creates.push(cost),
                Use::Grow | Use::Observe => demand.grow.push(cost),
                Use::Polish => demand.polish.push(cost),
            }
        }
    });
    demand.grow.append(&mut creates);
    demand
}

/// Withholds what was not granted.
fn withhold(plan: &mut Plan, account: &str, granted: &Granted, (reason, message): (Reason, String)) {
    let mut begun = 0;
    each(plan, account, |changes, _| begun += changes.iter().filter(|change| grows_what_is_there(change)).count());
    let mut left = [granted.protect, granted.grow.min(begun), granted.grow.saturating_sub(begun), granted.polish];
    each(plan, account, |changes, withheld| {
        changes.retain(|change| {
            let slot = match Use::of(change.action.importance()) {
                Use::Protect => 0,
                Use::Grow | Use::Observe if grows_what_is_there(change) => 1,
                Use::Grow | Use::Observe => 2,
                Use::Polish => 3,
            };
            let granted = left[slot] > 0;
            left[slot] = left[slot].saturating_sub(1);
            if !granted {
                withheld.push(Withheld { change: change.clone(), reason, message: message.clone() });
            }
            granted
        });
    });
}

fn grows_what_is_there(change: &Change) -> bool {
    Use::of(change.action.importance()) == Use::Grow && !matches!(change.action, Action::Create(_))
}

/// Changes of one account, line by line.
fn each(plan: &mut Plan, account: &str, mut visit: impl FnMut(&mut Vec<Change>, &mut Vec<Withheld>)) {
    for line in plan.lines.iter_mut().filter(|line| line.key.account == account) {
        visit(&mut line.changes, &mut line.withheld);
    }
    for retired in plan.retired.iter_mut().filter(|retired| retired.account == account) {
        visit(&mut retired.changes, &mut retired.withheld);
    }
}
