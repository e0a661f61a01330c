//! What concerns several lines at once: an account's object limit and the Campaign's budget.

use std::collections::BTreeMap;

use super::filter;
use crate::campaign::line::LineKey;
use crate::campaign::observed::Delivery;
use crate::campaign::observed::{ExternalId, LineRecord, ObservedLine};
use crate::campaign::plan::{AccountView, Action, Change, Inputs, LinePlan, Plan, has_ended};
use crate::campaign::spec::BudgetPeriod;
use crate::reason::Reason;

/// An account never holds more objects than the platform allows: what would pass the limit is not begun.
pub(super) fn object_limits(inputs: &Inputs<'_>, plan: &mut Plan) {
    let is_create = |change: &Change| matches!(change.action, Action::Create(_));
    for (account, view) in inputs.accounts {
        let Some(count) = view.account.objects else { continue };
        let room = usize::try_from(count.limit.saturating_sub(count.live)).unwrap_or(usize::MAX);
        let on_it = |line: &&mut LinePlan| line.key.account == *account;
        let total = plan.lines.iter_mut().filter(on_it).flat_map(|line| &line.changes).filter(|c| is_create(c)).count();
        let message = format!(
            "the account {account} holds {} of {} objects: of the {total} that this Campaign would create {} fit",
            count.live,
            count.limit,
            room.min(total)
        );
        let mut begun = 0;
        for line in plan.lines.iter_mut().filter(on_it) {
            filter(&mut line.changes, &mut line.withheld, |change| {
                begun += usize::from(is_create(change));
                (is_create(change) && begun > room).then(|| (Reason::ObjectLimit, message.clone()))
            });
        }
    }
}

/// The most that may be spent a day, as far as is known, against the Campaign's budget.
pub(super) struct Bounds {
    cap: i64,
    sum: i64,
    by_object: BTreeMap<(String, ExternalId), i64>,
    /// Something may run of which the budget is not known.
    unknown: Option<String>,
}

impl Bounds {
    pub(super) fn new(inputs: &Inputs<'_>, plan: &Plan) -> Self {
        let mut bounds = Self { cap: cap(inputs), sum: 0, by_object: BTreeMap::new(), unknown: None };
        for line in &plan.lines {
            if let Some(object) = line.own() {
                bounds.add(inputs, &line.key.account, object);
            }
        }
        for retired in &plan.retired {
            bounds.add(inputs, &retired.account, &retired.object);
        }
        for (key, record) in inputs.records {
            bounds.add_unseen(inputs, key, record);
        }
        // Of what neither a listing nor a record tells, the share is kept free.
        let known = |key: &LineKey| inputs.records.get(key).is_some_and(|record| record.id.is_some());
        for (key, share) in &inputs.desired.budgets {
            if !inputs.accounts.contains_key(&key.account) && !known(key) {
                bounds.sum = bounds.sum.saturating_add(share.micros());
            }
        }
        // After a start a listing can miss what an earlier process did.
        let early = inputs.accounts.iter().find(|(_, view)| view.snapshot.began <= view.floor);
        if let Some((name, _)) = early {
            bounds.unknown = Some(format!("the account {name} was not listed since the operator took over"));
        }
        bounds
    }

    fn add(&mut self, inputs: &Inputs<'_>, account: &str, object: &ObservedLine) {
        let Some(view) = inputs.accounts.get(account) else { return };
        let bound = upper_bound(inputs, view, object);
        self.sum = self.sum.saturating_add(bound);
        self.by_object.insert((account.to_owned(), object.id.clone()), bound);
    }

    /// An account out of reach: the last that is known. What the listing does not show though a write
    /// of ours may have enabled it: that.
    fn add_unseen(&mut self, inputs: &Inputs<'_>, key: &LineKey, record: &LineRecord) {
        let Some(id) = &record.id else { return };
        let Some(view) = inputs.accounts.get(&key.account) else {
            if record.confirmed_enabled {
                if let Some(micros) = record.confirmed_budget {
                    self.sum = self.sum.saturating_add(micros);
                } else {
                    self.unknown = Some(format!("the budget of {key} is not known, its account is out of reach"));
                }
            }
            return;
        };
        let place = (key.account.clone(), id.clone());
        if view.snapshot.lines.contains_key(id) || self.by_object.contains_key(&place) {
            return;
        }
        let confirmed = record.confirmed_budget.filter(|_| record.confirmed_enabled).unwrap_or(0);
        let bound = view.upper_bounds.get(id).copied().unwrap_or(0).max(confirmed);
        self.sum = self.sum.saturating_add(bound);
        self.by_object.insert(place, bound);
    }

    /// Whether what runs passes the Campaign's budget.
    pub(super) fn passed(&self) -> bool {
        self.sum > self.cap
    }

    /// By how many micros a day a change can raise what is spent at once.
    fn growth(&self, line: &LinePlan, change: &Change) -> i64 {
        let then = match &change.action {
            Action::Enable { budget, .. } => {
                line.bound.as_ref().map_or(budget.micros(), |object| object.budget.micros().max(budget.micros()))
            }
            Action::SetBudget { to, live: true, .. } => to.micros(),
            _ => return 0,
        };
        let place = change.action.id().map(|id| (line.key.account.clone(), id.clone()));
        let now = place.and_then(|place| self.by_object.get(&place)).copied().unwrap_or(0);
        (then - now).max(0)
    }

    fn allow(&mut self, growth: i64) -> Option<(Reason, String)> {
        if growth <= 0 {
            return None;
        }
        if let Some(unknown) = &self.unknown {
            return Some((Reason::NotObserved, format!("nothing grows yet: {unknown}")));
        }
        if self.sum.saturating_add(growth) > self.cap {
            let message = "it waits until a decrease elsewhere in the Campaign is confirmed".to_owned();
            return Some((Reason::BudgetReached, message));
        }
        self.sum += growth;
        None
    }
}

fn upper_bound(inputs: &Inputs<'_>, view: &AccountView<'_>, object: &ObservedLine) -> i64 {
    let pending = view.upper_bounds.get(&object.id).copied().unwrap_or(0);
    let runs = object.delivery == Delivery::Enabled && !has_ended(view, object, inputs.now);
    if runs { object.budget.micros().max(pending) } else { pending }
}

/// S3: the sum of what may be spent a day, counted with upper bounds, never passes the Campaign's
/// budget by a change of ours. Decreases count when they are observed, not when they are sent.
pub(super) fn campaign_budget(plan: &mut Plan, mut bounds: Bounds) {
    let mut lines: Vec<&mut LinePlan> = plan.lines.iter_mut().collect();
    // Small increases first, so that a big one that does not fit holds up nobody else.
    lines.sort_by_key(|line| line.changes.iter().map(|change| bounds.growth(line, change)).sum::<i64>());
    for line in lines {
        let growths: Vec<i64> = line.changes.iter().map(|change| bounds.growth(line, change)).collect();
        let mut growths = growths.into_iter();
        filter(&mut line.changes, &mut line.withheld, |_| bounds.allow(growths.next().unwrap_or(0)));
    }
}

/// The Campaign's daily cap in micros; for a flight budget, today's paced sum.
fn cap(inputs: &Inputs<'_>) -> i64 {
    match inputs.spec.budget.period {
        BudgetPeriod::Daily => inputs.spec.budget.amount.micros(),
        BudgetPeriod::Flight => {
            inputs.desired.budgets.values().map(|money| money.micros()).fold(0, i64::saturating_add)
        }
    }
}
