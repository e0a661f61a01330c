//! What concerns several lines at once: what the spend authority grants.

use std::collections::{BTreeMap, BTreeSet};

use super::{Permits, filter};
use crate::budget::authority::{AccountRef, Cap, Claim, Members, ObjectRef, Permit, Refusal, Scope, SpendAuthority};
use crate::campaign::line::LineKey;
use crate::campaign::observed::{Delivery, ExternalId};
use crate::campaign::plan::{AccountView, Action, Change, Inputs, LinePlan, Plan};
use crate::campaign::spec::BudgetPeriod;
use crate::marker::CampaignHash;
use crate::money::Money;
use crate::rates::Rates;
use crate::reason::Reason;

/// The caps of a Campaign's changes.
pub(super) struct Caps {
    owner: CampaignHash,
    /// The Campaign's budget.
    budget: Cap,
    /// The ceilings of its accounts, by the Campaign's name for them.
    ceilings: BTreeMap<String, Cap>,
}

impl Caps {
    /// Of a Campaign. What the plan knows to be the Campaign's is entered into the books.
    pub(super) fn new(inputs: &Inputs<'_>, plan: &Plan, authority: &mut SpendAuthority) -> Self {
        let owner = inputs.spec.id.hash();
        let lines = plan.lines.iter().filter_map(|line| Some((&line.key.account, line.own()?)));
        let retired = plan.retired.iter().map(|retired| (&retired.account, &retired.object));
        for (account, object) in lines.chain(retired) {
            authority.enlist(&object_ref(inputs, account, &object.id), owner);
        }
        let (reserved, unknown) = unlisted(inputs, authority);
        let budget = Cap {
            scope: Scope::Campaign,
            members: Members::Campaigns(BTreeSet::from([owner])),
            limit: daily_budget(inputs),
            rates: inputs.spec.rates.clone(),
            accounts: inputs.accounts.keys().map(|name| AccountRef::of(&inputs.spec.id, name)).collect(),
            reserved,
            unknown,
        };
        let ceiling = |(name, view): (&String, &AccountView<'_>)| {
            let account = AccountRef::of(&inputs.spec.id, name);
            let limit = view.account.ceiling?;
            let cap = Cap {
                scope: Scope::Account,
                members: Members::Account(account.clone()),
                limit,
                rates: Rates::none(limit.currency()),
                accounts: BTreeSet::from([account]),
                reserved: Money::zero(limit.currency()),
                unknown: None,
            };
            Some((name.clone(), cap))
        };
        Self { owner, budget, ceilings: inputs.accounts.iter().filter_map(ceiling).collect() }
    }

    /// Whether what runs passes the Campaign's budget.
    pub(super) fn passed(&self, authority: &SpendAuthority) -> bool {
        authority.is_passed(&self.budget)
    }

    fn grant(
        &self,
        authority: &mut SpendAuthority,
        account: &str,
        object: ObjectRef,
        to: Money,
    ) -> Result<Permit, (Reason, String)> {
        let claim = Claim { object, owner: self.owner, to };
        let caps: Vec<Cap> = std::iter::once(&self.budget).chain(self.ceilings.get(account)).cloned().collect();
        authority.grant(claim, &caps).map_err(|refusal| match refusal {
            Refusal::NotListed(_) | Refusal::Unknown(_) => {
                (Reason::NotObserved, format!("nothing grows yet: {refusal}"))
            }
            Refusal::Currency(..) => (Reason::CurrencyMismatch, refusal.to_string()),
            Refusal::Reached { scope: Scope::Campaign, .. } => {
                (Reason::BudgetReached, "it waits until a decrease elsewhere in the Campaign is confirmed".to_owned())
            }
            Refusal::Reached { scope: Scope::Account, would_be, limit } => (
                Reason::CeilingReached,
                format!("with it {would_be} a day could be live on {account}, the account's ceiling is {limit}"),
            ),
        })
    }
}

fn object_ref(inputs: &Inputs<'_>, account: &str, id: &ExternalId) -> ObjectRef {
    ObjectRef { account: AccountRef::of(&inputs.spec.id, account), id: id.clone() }
}

/// What may be spent on objects that no book has: the last that is known of them, and the share of lines of which
/// neither a listing nor a record tells. `Err`: why that cannot be said.
fn unlisted(inputs: &Inputs<'_>, authority: &SpendAuthority) -> (Money, Option<String>) {
    let (rates, currency) = (&inputs.spec.rates, inputs.spec.rates.base());
    let (mut sum, mut unknown) = (0_i64, None);
    for (key, record) in inputs.records {
        let Some(id) = record.id.as_ref().filter(|_| record.confirmed_enabled) else { continue };
        if authority.has(&object_ref(inputs, &key.account, id)) {
            continue;
        }
        match record.confirmed_budget {
            Some(micros) => {
                let view = inputs.accounts.get(&key.account);
                let counted = view.and_then(|view| rates.count_micros(micros.into(), view.account.currency));
                let counted = counted.and_then(|micros| i64::try_from(micros).ok());
                // A record does not tell its currency.
                sum = sum.saturating_add(counted.unwrap_or_else(|| rates.count_most(micros).micros()));
            }
            // A listing that does not have it says that it does not run.
            None if inputs.accounts.contains_key(&key.account) => {}
            None => unknown = Some(format!("the budget of {key} is not known, its account is out of reach")),
        }
    }
    let known = |key: &LineKey| inputs.records.get(key).is_some_and(|record| record.id.is_some());
    for (key, share) in &inputs.desired.budgets {
        if !inputs.accounts.contains_key(&key.account) && !known(key) {
            sum = sum.saturating_add(rates.count(*share).map_or(i64::MAX, Money::micros));
        }
    }
    let sum = Money::from_micros(sum.unsigned_abs(), currency);
    (sum.unwrap_or(Money::zero(currency)), unknown)
}

/// What a change lets its object spend a day at once, if that may be more than now.
fn wish(line: &LinePlan, change: &Change) -> Option<Money> {
    match &change.action {
        Action::Enable { budget, .. } => {
            let held = line.bound.as_ref().map(|object| object.budget);
            Some(held.filter(|held| held.currency() == budget.currency()).map_or(*budget, |held| held.max(*budget)))
        }
        Action::SetBudget { from, to, live: true, .. } if to > from => Some(*to),
        _ => None,
    }
}

/// S3: what can raise spend is granted by the authority, or withheld.
pub(super) fn grant(inputs: &Inputs<'_>, plan: &mut Plan, caps: &Caps, authority: &mut SpendAuthority) -> Permits {
    let mut permits = Permits::default();
    let mut lines: Vec<&mut LinePlan> = plan.lines.iter_mut().collect();
    // Small increases first, so that a big one that does not fit holds up nobody else.
    lines.sort_by_key(|line| line.changes.iter().filter_map(|change| growth(line, change)).sum::<i64>());
    for line in lines {
        let wishes: Vec<Option<Money>> = line.changes.iter().map(|change| wish(line, change)).collect();
        let mut wishes = wishes.into_iter();
        let account = line.key.account.clone();
        filter(&mut line.changes, &mut line.withheld, |change| {
            let (to, id) = wishes.next().flatten().zip(change.action.id())?;
            match caps.grant(authority, &account, object_ref(inputs, &account, id), to) {
                Ok(permit) => {
                    permits.0.insert((account.clone(), id.clone()), permit);
                    None
                }
                Err(refusal) => Some(refusal),
            }
        });
    }
    permits
}

/// By how much a change raises what was seen of its object.
fn growth(line: &LinePlan, change: &Change) -> Option<i64> {
    let now =
        line.own().filter(|object| object.delivery == Delivery::Enabled).map_or(0, |object| object.budget.micros());
    Some(wish(line, change)?.micros().saturating_sub(now))
}

/// The Campaign's daily cap; for a flight budget, today's paced sum.
fn daily_budget(inputs: &Inputs<'_>) -> Money {
    let budget = &inputs.spec.budget;
    match budget.period {
        BudgetPeriod::Daily => budget.amount,
        BudgetPeriod::Flight => {
            let zero = Money::zero(budget.amount.currency());
            let mut shares = inputs.desired.budgets.values().map(|share| inputs.spec.rates.count(*share));
            // A sum that does not fit leaves no room.
            shares.try_fold(zero, |sum, share| sum.checked_add(share?).ok()).unwrap_or(zero)
        }
    }
}
