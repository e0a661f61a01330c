//! The limit of ads that run, or are in review, under a Page. A Page is advertised by one account here.
//!
//! An ad counts when it, its ad set and its campaign are active; one that is paused anywhere above does not.
//! Source: <https://developers.facebook.com/documentation/ads-commerce/marketing-api/insights-api/ads-volume>.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::account::Account;
use super::config::MetaConfig;
use super::errors::GraphError;
use super::object::{Kind, Object};
use super::params::Params;
use super::schema::has_field;
use super::write::Context;

/// How many ads of a Page run or are in review.
fn running(account: &Account, page: &str) -> usize {
    account.ads_of_page(page).filter(|ad| runs_above(account, ad)).count()
}

/// Whether what is above an ad, or an ad set, is active.
fn runs_above(account: &Account, object: &Object) -> bool {
    let parent = account.get(object.parent());
    parent.is_some_and(|parent| parent.is_active() && (parent.kind == Kind::Campaign || runs_above(account, parent)))
}

/// Refuses to activate what would bring more ads under a Page than may run there: an object that was paused.
pub fn check_activation(context: Context<'_>, before: &Object) -> Result<(), GraphError> {
    let account = context.account;
    if before.is_active() || before.kind != Kind::Campaign && !runs_above(account, before) {
        return Ok(());
    }
    let active = |id: i64| account.children(id).filter(|child| child.is_active());
    let mut pages: BTreeMap<&str, usize> = BTreeMap::new();
    let mut begin = |ad: &Object| {
        if let Some(creative) = account.get(ad.reference("creative")) {
            *pages.entry(creative.page()).or_default() += 1;
        }
    };
    match before.kind {
        Kind::Campaign => active(before.id).flat_map(|set| active(set.id)).for_each(|ad| begin(ad)),
        Kind::AdSet => active(before.id).for_each(|ad| begin(ad)),
        _ => begin(before),
    }
    pages.into_iter().try_for_each(|(page, more)| check(context, page, more))
}

/// Refuses a new ad that would be one too many.
pub fn check_new(context: Context<'_>, doc: &Map<String, Value>) -> Result<(), GraphError> {
    let text = |name: &str| doc.get(name).and_then(Value::as_str);
    let set = text("adset_id").and_then(|id| context.account.get(id.parse().ok()?));
    let runs = set.is_some_and(|set| set.is_active() && runs_above(context.account, set));
    if text("status") != Some("ACTIVE") || !runs {
        return Ok(());
    }
    let in_place = doc.get("(creative)").and_then(|creative| creative["object_story_spec"]["page_id"].as_str());
    let of_id = || context.account.get(text("creative")?.parse().ok()?).map(|creative| creative.page());
    in_place.or_else(of_id).map_or(Ok(()), |page| check(context, page, 1))
}

fn check(context: Context<'_>, page: &str, more: usize) -> Result<(), GraphError> {
    let most = context.config.limits.ads_per_page;
    // Those that are set to be active are counted quickly, and are at least as many as those that run.
    let may_pass = context.account.ads_of_page(page).count() + more > most;
    if !may_pass || running(context.account, page) + more <= most {
        return Ok(());
    }
    let message = format!("The Page has reached its limit of {most} ads that run or are in review.");
    Err(GraphError::invalid(2_490_303, "Page Ad Limit Reached", message).at("creative"))
}

/// The edge `ads_volume` of an account: of one Page, of each, or in sum.
pub fn volume(account: &Account, config: &MetaConfig, params: &Params) -> Result<Value, GraphError> {
    let pages: Vec<String> = match (params.text("page_id"), params.flag("show_breakdown_by_actor")?) {
        (Some(page), _) if account.config.pages.contains(&page) => vec![page],
        (Some(page), _) => {
            return Err(GraphError::parameter("page_id", format_args!("The page {page} is not available")));
        }
        (None, Some(true)) => account.config.pages.clone(),
        (None, _) => {
            let sum: usize = account.config.pages.iter().map(|page| running(account, page)).sum();
            return Ok(json!({ "data": [{ "ads_running_or_in_review_count": sum }] }));
        }
    };
    let asked = params.text("fields").unwrap_or_else(|| {
        "actor_id,ads_running_or_in_review_count,current_account_ads_running_or_in_review_count,recommendations".into()
    });
    let row = |page: &String| -> Result<Value, GraphError> {
        let count = running(account, page);
        let mut row = Map::new();
        for field in asked.split(',') {
            if !has_field("volume", field) {
                let message =
                    format!("(#100) Tried accessing nonexisting field ({field}) on node type (AdAccountAdVolume)");
                return Err(GraphError::new(100, message));
            }
            let value = match field {
                "actor_id" => json!(page),
                "actor_name" => json!("Example"),
                "ads_running_or_in_review_count" | "current_account_ads_running_or_in_review_count" => json!(count),
                "limit_on_ads_running_or_in_review" => json!(config.limits.ads_per_page),
                "recommendations" => json!([]),
                _ => continue,
            };
            row.insert(field.to_owned(), value);
        }
        Ok(Value::Object(row))
    };
    Ok(json!({ "data": pages.iter().map(row).collect::<Result<Vec<_>, _>>()? }))
}
