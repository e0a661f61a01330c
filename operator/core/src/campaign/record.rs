//! What is remembered of a line across a write: the intent before it, its outcome after it, and what
//! an observation confirms.
//!
//! The order in a pass: [`remember`] takes over what the pass has observed; [`LineRecord::intend`] is
//! called for every change that will be sent; all records are written at once; the changes are sent;
//! [`LineRecord::acknowledge`] or [`LineRecord::refuse`] takes over each outcome that is known; the
//! records are written again.
//!
//! A record is written before a change is sent ([`LineRecord::intend`]). It then holds no confirmed
//! value of what the change touches, so that a difference which a write of ours may have made, in this
//! process or in an earlier one, is never taken for somebody else's.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::line::{self, LineKey};
use super::observed::{Delivery, Existence, ExternalId, LineRecord, ObservedLine};
use super::plan::{Action, Change, Inputs, LinePlan, Plan, unsettled_until};
use crate::budget::brakes::BudgetChanges;

impl LineRecord {
    /// Before a change is sent.
    pub fn intend(&mut self, action: &Action, now: Timestamp) {
        match action {
            Action::Create(new) => {
                *self = Self {
                    replacement: new.replacement,
                    attempt: Some(now),
                    replaces: self.id.take().or(self.replaces.take()),
                    ..Self::default()
                };
            }
            Action::Set { .. } | Action::Complete { .. } => self.confirmed_hash = None,
            Action::SetBudget { .. } => self.confirmed_budget = None,
            // What may run counts as running.
            Action::Enable { .. } => self.confirmed_enabled = true,
            Action::Mark { .. } | Action::Pause { .. } | Action::Remove { .. } => {}
        }
    }

    /// Before a change of a budget is sent, where their number is limited.
    pub fn count_budget_change(&mut self, action: &Action, now: Timestamp) {
        if matches!(action, Action::SetBudget { .. }) {
            self.budget_changes.add(now);
        }
    }

    /// The platform says that it was done. An unknown outcome changes nothing here.
    pub fn acknowledge(&mut self, action: &Action, id: &ExternalId) {
        match action {
            Action::Create(_) => {
                self.id = Some(id.clone());
                self.attempt = None;
            }
            // The stop is undone; the next one is another one.
            Action::Enable { .. } => self.stop = None,
            _ => {}
        }
    }

    /// It was surely not done.
    pub fn refuse(&mut self, action: &Action) {
        match action {
            Action::Create(_) => self.attempt = None,
            Action::Enable { .. } => self.confirmed_enabled = false,
            _ => {}
        }
    }
}

/// What is remembered after a pass: records of the spec's lines, and of others as long as they are
/// needed to find an object.
pub fn remember(inputs: &Inputs<'_>, plan: &Plan) -> BTreeMap<LineKey, LineRecord> {
    let keys = line::keys(inputs.spec);
    let keys: std::collections::BTreeSet<&LineKey> = keys.iter().filter(|_| !inputs.deleting).collect();
    let mut records: BTreeMap<LineKey, LineRecord> = inputs
        .records
        .iter()
        .filter(|(key, record)| keys.contains(key) || is_needed(inputs, key, record))
        .map(|(key, record)| (key.clone(), record.clone()))
        .collect();
    for retired in &plan.retired {
        let Some(view) = inputs.accounts.get(&retired.account) else { continue };
        let object = &retired.object;
        let is_its = |(key, record): &(&LineKey, &mut LineRecord)| {
            key.account == retired.account && record.id.as_ref() == Some(&object.id)
        };
        let record = records.iter_mut().find(is_its).map(|(_, record)| record);
        if let Some(record) = record.filter(|_| object.seen > unsettled_until(view, &object.id)) {
            record.confirmed_budget = Some(object.budget.micros());
            record.confirmed_enabled = object.delivery == Delivery::Enabled;
        }
    }
    for line in plan.lines.iter().filter(|_| !inputs.deleting) {
        let Some(view) = inputs.accounts.get(&line.key.account) else { continue };
        let Some(object) = line.own() else { continue };
        let record = records.entry(line.key.clone()).or_default();
        if view.counts_budget_changes() && !knows_changes(record, &object.id) {
            record.budget_changes = BudgetChanges::unknown(inputs.now);
        }
        record.id = Some(object.id.clone());
        record.replacement = line.replacement;
        record.attempt = None;
        record.replaces = None;
        if object.seen > unsettled_until(view, &object.id) {
            confirm(inputs, line, object, record);
        }
    }
    records
}

/// Whether a record tells how often the budget of an object was changed: it has held it before, or has just made it.
pub(super) fn knows_changes(record: &LineRecord, id: &ExternalId) -> bool {
    record.id.as_ref() == Some(id) || record.attempt.is_some()
}

/// Whether the record of a line that the spec does not have is still needed.
fn is_needed(inputs: &Inputs<'_>, key: &LineKey, record: &LineRecord) -> bool {
    let Some(view) = inputs.accounts.get(&key.account) else { return true };
    let attempt = record.attempt.is_some_and(|attempt| view.snapshot.began <= attempt + view.settle_after);
    let object = record.id.as_ref().is_some_and(|id| match view.snapshot.lines.get(id) {
        // While it may run, its account could go out of reach: then the record is all that is known.
        Some(object) if object.existence == Existence::Live => {
            let found_by_token = object.marker.best_token().is_some() || !object.marker.label;
            let settled = object.seen > unsettled_until(view, id);
            !found_by_token || object.delivery == Delivery::Enabled || !settled
        }
        Some(_) => false,
        None => view.snapshot.began <= unsettled_until(view, id),
    });
    attempt || object
}

/// Takes over what an observation shows that no write of ours can have changed since.
fn confirm(inputs: &Inputs<'_>, line: &LinePlan, object: &ObservedLine, record: &mut LineRecord) {
    // What is not whole says nothing of what was confirmed.
    if !object.missing.is_empty() {
        return;
    }
    stop(inputs, line, object, record);
    let enabled = object.delivery == Delivery::Enabled;
    let budget = object.budget.micros();
    if record.confirmed_budget.is_none() || line.stopped_by_hand {
        record.confirmed_budget = Some(budget);
    }
    if line.stopped_by_hand {
        record.confirmed_enabled = enabled;
    }
    let Some(wanted) = &line.wanted else { return };
    if wanted.budget.micros() == budget {
        record.confirmed_budget = Some(budget);
    }
    if wanted.enabled == enabled {
        record.confirmed_enabled = enabled;
    }
    let over = inputs.desired.lines.get(&line.key).is_some_and(|desired| desired.over);
    let differs = |change: &Change| {
        matches!(change.action, Action::Set { .. } | Action::Mark { .. } | Action::Create(_) | Action::Complete { .. })
            || change.cause == super::plan::Cause::Replaced
    };
    let withheld = line.withheld.iter().map(|withheld| &withheld.change);
    if !over && !line.changes.iter().chain(withheld).any(differs) {
        record.confirmed_hash = Some(wanted.settings.hash());
    }
}

/// A stop by hand is remembered with its generation until it is undone: by us after the spec has
/// changed, or by hand.
fn stop(inputs: &Inputs<'_>, line: &LinePlan, object: &ObservedLine, record: &mut LineRecord) {
    if line.stopped_by_hand {
        record.stop = Some(inputs.generation);
        return;
    }
    let Some(generation) = record.stop else { return };
    let below = line.wanted.as_ref().is_some_and(|wanted| object.budget < wanted.budget);
    let by_hand = !record.confirmed_enabled
        || record.confirmed_budget.is_some_and(|confirmed| object.budget.micros() > confirmed);
    let undone = match object.delivery {
        Delivery::PausedByOthers => false,
        Delivery::PausedByUs => generation != inputs.generation,
        Delivery::Enabled => !below && (generation != inputs.generation || by_hand),
    };
    if undone {
        record.stop = None;
    }
}

#[cfg(test)]
mod tests {
    use crate::campaign::spec::{CampaignSpec, State};
    use crate::testing::{Fate, Faults, World, account, changes, eur, key, market, settled, spec};

    /// US on the accounts `a` and `b`, 50.00 a day each.
    fn both(edit: impl FnOnce(&mut CampaignSpec)) -> World {
        let mut spec = spec(&["US"]);
        spec.accounts.push("b".to_owned());
        edit(&mut spec);
        settled(spec)
    }

    fn weights(world: &mut World, a: u32, b: u32) {
        world.edit(|spec| spec.split.accounts = [("a".to_owned(), a), ("b".to_owned(), b)].into());
    }

    fn without(account: &str) -> Faults {
        Faults { out_of_reach: [account.to_owned()].into(), ..Faults::default() }
    }

    fn nothing_grows_while_it_is_out_of_reach(world: &mut World, account: &str) {
        for _ in 0..4 {
            world.advance(100);
            world.pass(&without(account));
            assert_eq!(world.platform.broken, Vec::<String>::new());
        }
        world.settle();
        assert_eq!((world.platform.broken.len(), world.platform.enabled_sum()), (0, 100_000_000));
    }

    #[test]
    fn an_increase_of_an_earlier_process_that_no_listing_shows_yet_is_counted() {
        let mut world = both(|_| {});
        weights(&mut world, 3, 1);
        world.settle();
        weights(&mut world, 1, 3);
        world.advance(200);
        world.pass(&Faults::default());
        world.advance(200);
        let plan = world.pass(&Faults { fates: vec![Fate::Effect(50)], ..Faults::default() });
        assert_eq!(changes(&plan), ["US: budget Spec"]);
        world.restart();
        weights(&mut world, 3, 1);
        world.advance(10);
        world.pass(&Faults::default());
        nothing_grows_while_it_is_out_of_reach(&mut world, "b");
    }

    #[test]
    fn an_enable_that_a_crash_left_unconfirmed_is_counted() {
        let mut world = both(|spec| {
            spec.overrides.push(crate::campaign::spec::Override {
                accounts: ["b".to_owned()].into(),
                markets: [].into(),
                state: Some(State::Paused),
                audience: None,
                account_overrides: crate::campaign::spec::AccountOverrides::default(),
            });
        });
        world.edit(|spec| spec.overrides.clear());
        world.advance(200);
        let plan = world.pass(&Faults { crash_after: Some(2), ..Faults::default() });
        assert_eq!(changes(&plan), ["US: enable Spec"]);
        weights(&mut world, 3, 1);
        nothing_grows_while_it_is_out_of_reach(&mut world, "b");
    }

    #[test]
    fn what_was_taken_out_and_may_still_run_is_counted_after_a_restart() {
        let mut world = settled(spec(&["US"]));
        world.edit(|spec| spec.accounts = vec!["b".to_owned()]);
        world.advance(200);
        let plan = world.pass(&Faults { fates: vec![Fate::NoEffect], ..Faults::default() });
        assert_eq!(changes(&plan)[0], "US: create Spec");
        world.advance(200);
        world.pass(&Faults { fates: vec![Fate::NoEffect; 2], ..Faults::default() });
        world.restart();
        nothing_grows_while_it_is_out_of_reach(&mut world, "a");
        assert!(!world.status.records.contains_key(&key("a", "US")), "it is paused now, and forgotten");
    }

    #[test]
    fn an_attempt_is_remembered_though_its_market_was_taken_out() {
        let mut world = World::new(spec(&["US"]), crate::testing::at("2027-03-10T08:00:00Z"));
        world.advance(200);
        world.pass(&Faults { fates: vec![Fate::Effect(50)], ..Faults::default() });
        world.edit(|spec| spec.markets = vec![market("GB")]);
        world.advance(10);
        world.pass(&Faults::default());
        assert!(world.status.records[&key("a", "US")].attempt.is_some());
        world.edit(|spec| spec.markets = vec![market("US")]);
        world.settle();
        assert_eq!(world.platform.live().filter(|(_, _, held)| held.name.contains(" US ")).count(), 1);
    }

    #[test]
    fn one_account_that_never_answered_holds_up_no_other() {
        let mut spec = spec(&["US"]);
        spec.accounts.push("b".to_owned());
        let mut world = World::new(spec, crate::testing::at("2027-03-10T08:00:00Z"));
        assert_eq!(account("b").currency, eur("1").currency());
        for _ in 0..4 {
            world.advance(200);
            world.pass(&without("b"));
        }
        assert_eq!(world.platform.enabled_sum(), 50_000_000);
    }
}
