//! Campaigns.

use serde_json::Value;

use super::super::errors::{Refusal, code};
use super::super::money::LEAST_CAMPAIGN;
use super::super::object::{Kind, Object};
use super::super::schema::{Doc, flag, text, texts};
use super::{Context, check_limit, check_name, check_request_id, is_enabled};

/// `smart_plus/campaign/create/`.
pub fn create(context: &Context<'_>, mut doc: Doc) -> Result<Object, Refusal> {
    context.admits_writes()?;
    check_request_id(&doc)?;
    check_name(&doc, "campaign_name")?;
    check_room(context)?;
    match text(&doc, "objective_type") {
        "WEB_CONVERSIONS" if text(&doc, "sales_destination").is_empty() => {
            return Err(Refusal::missing("sales_destination"));
        }
        "WEB_CONVERSIONS" => {}
        other => return Err(Refusal::not_simulated(&format!("objective_type {other}"))),
    }
    if flag(&doc, "catalog_enabled") == Some(true) {
        return Err(Refusal::not_simulated("catalogs"));
    }
    let abroad = !matches!(context.account.config.country.as_str(), "US" | "CA");
    if abroad && !texts(&doc, "special_industries").is_empty() {
        let message = "special_industries: Only supported for advertisers who are registered in the US or Canada.";
        return Err(Refusal::invalid(message));
    }
    let budget = budget_of_new(context, &mut doc)?;
    doc.entry("campaign_type").or_insert_with(|| "REGULAR_CAMPAIGN".into());
    Ok(finish(context, doc, budget, true))
}

/// `campaign/create/`, for campaigns that are not smart+. Only the campaign itself is simulated.
pub fn create_manual(context: &Context<'_>, mut doc: Doc) -> Result<Object, Refusal> {
    context.admits_writes()?;
    check_name(&doc, "campaign_name")?;
    check_room(context)?;
    let name = text(&doc, "campaign_name");
    if doc.contains_key("request_id") {
        check_request_id(&doc)?;
    } else if context.account.all(Kind::Campaign, None).any(|c| !c.deleted && c.name() == name) {
        return Err(Refusal::invalid("campaign_name: Campaign name already exists. Please try another one."));
    }
    let mode = text(&doc, "budget_mode").to_owned();
    let budget = match mode.as_str() {
        "BUDGET_MODE_INFINITE" => None,
        "" => return Err(Refusal::missing("budget_mode")),
        _ => Some(read_budget(context, &mut doc)?),
    };
    doc.entry("budget_optimize_on").or_insert(false.into());
    Ok(finish(context, doc, budget, false))
}

fn finish(context: &Context<'_>, mut doc: Doc, budget: Option<i64>, smart_plus: bool) -> Object {
    for field in ["advertiser_id", "request_id", "budget"] {
        doc.remove(field);
    }
    let enabled = is_enabled(&mut doc);
    Object { smart_plus, budget, enabled, ..Object::new(Kind::Campaign, 0, doc, context.now) }
}

fn check_room(context: &Context<'_>) -> Result<(), Refusal> {
    let Some(most) = context.config.limits.campaigns else { return Ok(()) };
    let count = context.account.all(Kind::Campaign, None).filter(|c| !c.deleted).count();
    check_limit(count, Some(most), code::INVALID, "campaigns of an account")
}

/// Mode and amount. The campaign's budget pays unless `budget_optimize_on` is false; then it is at most a limit.
fn budget_of_new(context: &Context<'_>, doc: &mut Doc) -> Result<Option<i64>, Refusal> {
    let optimizes = flag(doc, "budget_optimize_on").unwrap_or(true);
    doc.insert("budget_optimize_on".into(), optimizes.into());
    let default = if optimizes { "BUDGET_MODE_DYNAMIC_DAILY_BUDGET" } else { "BUDGET_MODE_INFINITE" };
    let mode = doc.entry("budget_mode").or_insert_with(|| default.into()).as_str().unwrap_or_default().to_owned();
    match (optimizes, mode.as_str()) {
        (true, "BUDGET_MODE_DYNAMIC_DAILY_BUDGET" | "BUDGET_MODE_TOTAL")
        | (false, "BUDGET_MODE_DAY" | "BUDGET_MODE_TOTAL") => Ok(Some(read_budget(context, doc)?)),
        (false, "BUDGET_MODE_INFINITE") if doc.contains_key("budget") => {
            Err(Refusal::invalid("budget: Not supported when budget_mode is BUDGET_MODE_INFINITE."))
        }
        (false, "BUDGET_MODE_INFINITE") => Ok(None),
        _ => Err(Refusal::invalid(format!(
            "budget_mode: {mode} is not supported when budget_optimize_on is {optimizes}."
        ))),
    }
}

fn read_budget(context: &Context<'_>, doc: &mut Doc) -> Result<i64, Refusal> {
    let value: Value = doc.remove("budget").ok_or_else(|| Refusal::missing("budget"))?;
    context.account.currency.budget(&value, LEAST_CAMPAIGN, context.config.round_budgets)
}

/// `smart_plus/campaign/update/`. Only what is named changes.
pub fn update(context: &Context<'_>, current: &Object, mut doc: Doc) -> Result<Object, Refusal> {
    context.admits_writes()?;
    let mut new = Object { modified: context.now, ..current.clone() };
    if doc.contains_key("campaign_name") {
        check_name(&doc, "campaign_name")?;
    }
    if doc.contains_key("budget") {
        if current.budget.is_none() {
            return Err(Refusal::invalid("budget: The campaign has no budget of its own."));
        }
        let budget = read_budget(context, &mut doc)?;
        context.check_spent(current, budget)?;
        new.budget = Some(budget);
    }
    for field in ["campaign_name", "po_number"] {
        if let Some(value) = doc.remove(field) {
            new.doc.insert(field.into(), value);
        }
    }
    Ok(new)
}
