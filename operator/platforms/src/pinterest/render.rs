//! What Pinterest would hold for a line, and what it cannot.
//!
//! Every field is always set: what a spec leaves out has a default, so that what a line holds depends on the last spec
//! alone and not on earlier ones. `ignoreFields` takes a field out of our care.

use std::collections::BTreeSet;

use adops_core::campaign::line::{DesiredLine, LineProblem};
use adops_core::campaign::settings::{Field, Settings, Value};
use adops_core::campaign::spec::BudgetPeriod;
use adops_core::platform::Account;
use adops_core::reason::Reason;

use super::{listing, places, words};
use crate::text;

/// Characters of a name without its token.
const LENGTH: usize = 180;
/// What an account says whose ads people make.
const BY_HAND: (&str, &str) = ("ads", "ByHand");

type Problems = Vec<LineProblem>;

/// Renders a line.
pub(super) fn render(line: &DesiredLine, account: &Account) -> Result<Settings, Problems> {
    let problems = unsupported(line, account);
    let ages = words::ages(line.audience.ages);
    match (ages, words::objective(line.spec.objective), problems) {
        (Ok(ages), Some(objective), problems) if problems.is_empty() => Ok(settings(line, account, ages, objective)),
        (ages, objective, mut problems) => {
            let mut add = |message: String| problems.push(LineProblem::new(Reason::Unsupported, message));
            if let Err(message) = ages {
                add(format!("audience.ages: {message}"));
            }
            if objective.is_none() {
                add(format!(
                    "objective {:?}: on Pinterest adops has Awareness and Traffic; it knows no conversion tags there yet",
                    line.spec.objective
                ));
            }
            Err(problems)
        }
    }
}

fn settings(line: &DesiredLine, account: &Account, ages: BTreeSet<String>, objective: &str) -> Settings {
    let mut settings = Settings::default();
    settings.set(Field::Name, Value::Text(text::name(line, account, LENGTH)));
    settings.set(Field::Start, Value::Instant(line.start));
    settings.set(Field::End, Value::Instant(line.end));
    settings.set(Field::Places, Value::Places(line.market.places.clone()));
    // Whoever makes the ads chooses their language.
    settings.set(Field::Languages, Value::Set(BTreeSet::new()));
    settings.set(Field::Ages, Value::Set(ages));
    settings.set(Field::Genders, Value::Set(words::genders(&line.audience.genders)));
    settings.set(Field::Placements, Value::Set(BTreeSet::from([words::PLACEMENT.to_owned()])));
    settings.set(Field::Bidding, Value::Text(words::BIDDING.to_owned()));
    settings.set(Field::Objective, Value::Text(objective.to_owned()));
    settings
}

/// What of the spec cannot be done here.
fn unsupported(line: &DesiredLine, account: &Account) -> Problems {
    let mut problems = Problems::new();
    let mut add = |message: String| problems.push(LineProblem::new(Reason::Unsupported, message));
    if account.identity.get(BY_HAND.0).is_none_or(|who| who != BY_HAND.1) {
        add(format!(
            "ads: adops makes no ads on Pinterest yet; set pinterest.ads: ByHand of the AdAccount {} to have campaigns \
             and ad groups made, in which people make the ads",
            account.name
        ));
    }
    for place in line.market.places.iter().filter(|place| places::code(place).is_none()) {
        add(format!("markets: {place}: on Pinterest adops targets countries and the market areas (DMA) of the US"));
    }
    let days = line.end.date().duration_since(line.start.date()).as_hours() / 24;
    if matches!(line.spec.budget.period, BudgetPeriod::Flight) && days > listing::DAYS_BACK {
        add(format!(
            "budget: Pinterest tells the spend of {} days: a budget for a longer flight cannot be paced; use a daily one",
            listing::DAYS_BACK + 1
        ));
    }
    let declarations = &line.spec.declarations;
    if declarations.eu_political_ads {
        add("declarations.euPoliticalAds: Pinterest's API has no statement for political ads".to_owned());
    }
    if !declarations.special_ad_categories.is_empty() {
        add("declarations.specialAdCategories: Pinterest's API has no statement for them".to_owned());
    }
    problems
}
