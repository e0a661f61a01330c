//! Budgets of a flight: what was spent is not in a status, so today's budgets are taken from what runs.

use std::sync::Arc;

use adops_api::CampaignStatus;
use adops_core::budget::pacing::Spent;
use adops_core::campaign::line::{Desired, LineKey, Spending};
use adops_core::campaign::spec::{BudgetPeriod, CampaignSpec};
use adops_core::money::Money;

/// What is desired, with budgets that rest on an estimate of what was spent.
pub struct Estimate {
    /// It.
    pub desired: Desired,
    /// What a reader should know of it.
    pub note: String,
}

/// Estimates, where a flight's budget is already being spent; none where nothing was spent, or not by the flight.
///
/// `desired` is what the planned spec asks for if nothing was spent, `spread` asks anew.
pub fn estimate(
    planned: &Arc<CampaignSpec>,
    stored: Option<&CampaignSpec>,
    status: &CampaignStatus,
    desired: &Desired,
    spread: &dyn Fn(&Arc<CampaignSpec>, &Spending) -> Desired,
) -> Option<Estimate> {
    let stored = stored?;
    if planned.budget.period != BudgetPeriod::Flight || stored.budget.period != BudgetPeriod::Flight {
        return None;
    }
    let as_stored = spread(&Arc::new(stored.clone()), &Spending::new());
    let total = stored.budget.amount;
    // What runs, beside what would run if nothing had been spent.
    let (mut runs, mut unspent) = (0_i128, 0_i128);
    for line in &status.lines {
        let (Ok(key), Some(budget)) = (line.key.parse::<LineKey>(), &line.budget) else { continue };
        let Some(share) = as_stored.budgets.get(&key).copied() else { continue };
        let Ok(budget) = Money::parse(budget, share.currency()) else { continue };
        let (Some(budget), Some(share)) = (stored.rates.count(budget), stored.rates.count(share)) else { continue };
        runs += i128::from(budget.micros());
        unspent += i128::from(share.micros());
    }
    if unspent == 0 || runs == unspent {
        return None;
    }
    let same = planned.budget == stored.budget
        && planned.rates == stored.rates
        && planned.flight == stored.flight
        && planned.split == stored.split
        && as_stored.budgets.keys().eq(desired.budgets.keys());
    if same {
        return Some(Estimate { desired: as_observed(desired.clone(), status, total), note: KEPT.to_owned() });
    }
    let rest = i128::from(total.micros()) * runs / unspent;
    let spent = i128::from(total.micros()).saturating_sub(rest).max(0);
    let spent = u64::try_from(spent).ok().and_then(|micros| Money::from_micros(micros, total.currency()).ok())?;
    let spent = spent.floor_to(total.currency().minor_unit_micros());
    let all = Spent { reported: spent, unreported: Money::zero(total.currency()) };
    let spending = Spending::from([(LineKey::new("all", "all"), all)]);
    let note = format!(
        "about {spent} of the flight's budget was spent, by what runs today: the new budgets rest on that estimate, and \
         the operator will use what the platforms report"
    );
    Some(Estimate { desired: spread(planned, &spending), note })
}

const KEPT: &str = "budgets of a flight are paced anew each day from what was spent; they are shown as they are today";

/// The budgets that run today.
fn as_observed(mut desired: Desired, status: &CampaignStatus, total: Money) -> Desired {
    for line in &status.lines {
        let (Ok(key), Some(budget)) = (line.key.parse::<LineKey>(), &line.budget) else { continue };
        let currency = desired.budgets.get(&key).map_or(total.currency(), |share| share.currency());
        let Ok(budget) = Money::parse(budget, currency) else { continue };
        if let Some(wanted) = desired.lines.get_mut(&key) {
            wanted.budget = budget;
        }
        desired.budgets.insert(key, budget);
    }
    desired
}
