//! Rules of campaigns.

use serde_json::{Map, Value};

use super::account::Account;
use super::budgets::{Minimums, check_minimum};
use super::errors::GraphError;
use super::live::has_budget;
use super::object::{Kind, Object};
use super::params::Params;
use super::schema::check_enum;
use super::write::{Context, Draft};

/// The document of a new campaign.
pub fn create(context: Context<'_>, params: &Params) -> Result<Map<String, Value>, GraphError> {
    let mut draft = Draft::create(Kind::Campaign, context, params);
    draft.need_text("name")?;
    draft.need_choice("objective")?;
    if !draft.doc.get("objective").and_then(Value::as_str).unwrap_or_default().starts_with("OUTCOME_") {
        let message = "The objective is no longer available for new campaigns. Use one that begins with OUTCOME_.";
        return Err(GraphError::invalid(1_815_089, "Objective Not Available", message).at("objective"));
    }
    if !params.has("special_ad_categories") {
        return Err(GraphError::required("special_ad_categories"));
    }
    common(&mut draft)?;
    draft.text("buying_type");
    draft.doc.entry("buying_type").or_insert_with(|| "AUCTION".into());
    if !budgeted(&draft.doc) && !draft.doc.contains_key("is_adset_budget_sharing_enabled") {
        let message = "Must specify True or False in is_adset_budget_sharing_enabled field if you are not using \
                       campaign budget.";
        return Err(GraphError::invalid(4_834_011, "Ad Set Budget Sharing Must Be Specified", message)
            .at("is_adset_budget_sharing_enabled"));
    }
    check_limit(context, Kind::Campaign)?;
    draft.finish()
}

/// The document of an updated campaign.
pub fn update(before: &Object, context: Context<'_>, params: &Params) -> Result<Map<String, Value>, GraphError> {
    let mut draft = Draft::update(before, context, params);
    draft.need_text("name")?;
    draft.choice("objective")?;
    draft.fixed("objective")?;
    common(&mut draft)?;
    check_switch(before, &draft.doc)?;
    if budgeted(&draft.doc) && context.account.children(before.id).any(|set| set.is_present() && has_budget(set)) {
        return Err(both_levels());
    }
    draft.finish()
}

fn common(draft: &mut Draft<'_>) -> Result<(), GraphError> {
    draft.status()?;
    draft.json("special_ad_categories")?;
    for category in categories(&draft.doc) {
        check_enum("campaign.special_ad_categories", category)?;
    }
    draft.json("special_ad_category_country")?;
    draft.flag("is_adset_budget_sharing_enabled")?;
    draft.budget("daily_budget")?;
    draft.budget("lifetime_budget")?;
    draft.amount("spend_cap")?;
    draft.choice("bid_strategy")?;
    draft.time("start_time")?;
    draft.time("stop_time")?;
    draft.labels()?;
    check_one_budget(&draft.doc)?;
    if draft.changes("bid_strategy") && draft.doc.contains_key("bid_strategy") && !budgeted(&draft.doc) {
        let message = "A campaign has a bid strategy only together with a budget; set it on the ad sets.";
        return Err(GraphError::parameter("bid_strategy", message));
    }
    // A campaign's budget is for ad sets that are charged for impressions, unless they say otherwise later.
    if let Some(amount) =
        draft.doc.get("daily_budget").and_then(Value::as_i64).filter(|_| draft.changes("daily_budget"))
    {
        let account = &draft.context.account.config;
        check_minimum("daily_budget", amount, Minimums::of(account).impressions, &account.currency)?;
    }
    Ok(())
}

/// The special ad categories of a campaign's document, `NONE` left out.
pub fn categories(doc: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let list = doc.get("special_ad_categories").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).filter(|category| *category != "NONE")
}

/// Whether a document has a budget.
pub fn budgeted(doc: &Map<String, Value>) -> bool {
    doc.contains_key("daily_budget") || doc.contains_key("lifetime_budget")
}

/// Refuses a daily and a lifetime budget side by side.
pub fn check_one_budget(doc: &Map<String, Value>) -> Result<(), GraphError> {
    if doc.contains_key("daily_budget") && doc.contains_key("lifetime_budget") {
        let message = "You can set either a daily budget or a lifetime budget, not both.";
        return Err(GraphError::invalid(1_885_090, "Daily And Lifetime Budget", message).at("daily_budget"));
    }
    Ok(())
}

/// Refuses a switch between daily and lifetime budget.
pub fn check_switch(before: &Object, doc: &Map<String, Value>) -> Result<(), GraphError> {
    for (from, to) in [("daily_budget", "lifetime_budget"), ("lifetime_budget", "daily_budget")] {
        if before.doc.contains_key(from) && doc.contains_key(to) {
            let message = "You can't change between a daily and a lifetime budget.";
            return Err(GraphError::invalid(1_885_090, "Budget Type Can't Be Changed", message).at(to));
        }
    }
    Ok(())
}

/// The error of budgets on campaign and ad set.
pub fn both_levels() -> GraphError {
    let message = "You can only set an ad set budget or a campaign budget. Please choose one of the two.";
    GraphError::invalid(1_885_621, "Can't Set Both Ad Set And Campaign Budget", message).at("daily_budget")
}

/// Refuses more objects of a kind than an account may have.
pub fn check_limit(context: Context<'_>, kind: Kind) -> Result<(), GraphError> {
    let most = context.config.limits.objects_per_account;
    if context.account.count(kind) < most {
        return Ok(());
    }
    let message = format!("The ad account has reached its limit of {most}. Archive or delete some.");
    Err(GraphError::invalid(1_487_366, "Ad Account Limit Reached", message))
}

/// The ids of everything below an object that is deleted or archived with it.
pub fn below(account: &Account, object: &Object) -> Vec<i64> {
    let children = account.children(object.id).filter(|child| child.is_present());
    children.flat_map(|child| std::iter::once(child.id).chain(below(account, child))).collect()
}
