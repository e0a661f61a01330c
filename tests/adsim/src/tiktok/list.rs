//! The endpoints that list campaigns, ad groups and ads.

use std::sync::Arc;

use serde_json::{Value, json};

use super::errors::{Refusal, code};
use super::money::to_number;
use super::object::{Kind, Object, format_time, parse_time};
use super::query::Page;
use super::schema::{Doc, text, texts};
use super::status::View;

/// Ids of a filter.
const MOST_IDS: usize = 100;
/// Filters that are there but have no effect on what the simulator knows.
const WITHOUT_EFFECT: &[&str] = &["buying_types", "campaign_system_origins", "campaign_type", "split_test_enabled"];

/// `smart_plus/…/get/`, and `…/get/` of all kinds of campaigns. Newest first (assumed).
pub(crate) fn list(view: &View<'_>, kind: Kind, smart_plus: bool, query: &Doc) -> Result<Value, Refusal> {
    let most = if smart_plus && kind == Kind::Ad { 100 } else { 1_000 };
    let page = Page::of(query, 10, most)?;
    let none = Doc::new();
    let filter = query.get("filtering").and_then(Value::as_object).unwrap_or(&none);
    check_filter(filter)?;
    let mut found: Vec<&Arc<Object>> = Vec::new();
    for object in view.account.all(kind, view.as_of).rev() {
        if (object.smart_plus || !smart_plus) && passes(view, object, filter, smart_plus)? {
            found.push(object);
        }
    }
    let (found, info) = page.cut(found);
    let fields = texts(query, "fields");
    let rows = found.into_iter().map(|object| cut(render(view, object, smart_plus), &fields));
    Ok(json!({ "list": rows.collect::<Vec<Value>>(), "page_info": info }))
}

fn cut(row: Value, fields: &[&str]) -> Value {
    match row {
        Value::Object(doc) if !fields.is_empty() => {
            doc.into_iter().filter(|(name, _)| fields.contains(&name.as_str())).collect()
        }
        row => row,
    }
}

fn check_filter(filter: &Doc) -> Result<(), Refusal> {
    for (name, value) in filter {
        if let Some(ids) = value.as_array().filter(|_| name.ends_with("_ids"))
            && (ids.is_empty() || ids.len() > MOST_IDS)
        {
            let message = format!("filtering.{name}: Length must be between 1 and {MOST_IDS}.");
            return Err(Refusal::new(code::TOO_MANY_IDS, message));
        }
        if name.contains("_filter_") || name == "modified_after" {
            parse_time(value.as_str().unwrap_or_default()).ok_or_else(|| {
                Refusal::invalid(format!("filtering.{name}: Time format should be %Y-%m-%d %H:%M:%S."))
            })?;
        }
    }
    Ok(())
}

fn passes(view: &View<'_>, object: &Object, filter: &Doc, smart_plus: bool) -> Result<bool, Refusal> {
    if !view.has_primary(object, text(filter, "primary_status")) {
        return Ok(false);
    }
    for (name, value) in filter {
        let text = value.as_str().unwrap_or_default();
        let ids = || texts(filter, name);
        let holds = match name.as_str() {
            "primary_status" => true,
            "secondary_status" => text.ends_with("_STATUS_ALL") || view.secondary_status(object) == text,
            "campaign_ids" => ids().contains(&campaign_id(view, object).as_str()),
            "adgroup_ids" => ids().contains(&adgroup_id(object).as_str()),
            "smart_plus_ad_ids" | "ad_ids" => ids().contains(&object.id.to_string().as_str()),
            // Fuzzy: a part of the name, whatever the case (assumed).
            "campaign_name" | "adgroup_name" => object.name().to_lowercase().contains(&text.to_lowercase()),
            "objective_type" => campaign(view, object).is_some_and(|c| c.text("objective_type") == text),
            "optimization_goal" | "promotion_type" => object.text(name) == text,
            "sales_destination" => campaign(view, object).is_some_and(|c| c.text(name) == text),
            "creation_filter_start_time" => parse_time(text).is_some_and(|from| object.created > from),
            "creation_filter_end_time" => parse_time(text).is_some_and(|to| object.created < to),
            "modified_after" => parse_time(text).is_some_and(|from| object.modified > from),
            "is_smart_performance_campaign" => value.as_bool() == Some(object.smart_plus),
            other if WITHOUT_EFFECT.contains(&other) && !smart_plus => true,
            other => return Err(Refusal::not_simulated(&format!("the filter {other}"))),
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

fn campaign<'a>(view: &View<'a>, object: &Object) -> Option<&'a Arc<Object>> {
    let id = match object.kind {
        Kind::Campaign => object.id,
        Kind::Adgroup => object.parent,
        Kind::Ad => view.account.get_at(Kind::Adgroup, object.parent, view.as_of)?.parent,
    };
    view.account.get_at(Kind::Campaign, id, view.as_of)
}

fn campaign_id(view: &View<'_>, object: &Object) -> String {
    campaign(view, object).map(|c| c.id.to_string()).unwrap_or_default()
}

fn adgroup_id(object: &Object) -> String {
    match object.kind {
        Kind::Ad => object.parent.to_string(),
        _ => object.id.to_string(),
    }
}

/// An object as it is listed, and as its create and update answer.
pub(crate) fn render(view: &View<'_>, object: &Object, smart_plus: bool) -> Value {
    let mut doc = object.doc.clone();
    let mut put = |name: &str, value: Value| {
        doc.insert(name.to_owned(), value);
    };
    put("advertiser_id", view.account.id().into());
    put("operation_status", if object.enabled { "ENABLE" } else { "DISABLE" }.into());
    put("secondary_status", view.secondary_status(object).into());
    put("create_time", format_time(object.created).into());
    put("modify_time", format_time(object.modified).into());
    if let Some(campaign) = campaign(view, object) {
        put("campaign_id", campaign.id.to_string().into());
        put("campaign_name", campaign.name().into());
    }
    match object.kind {
        Kind::Campaign => {
            put("budget", object.budget.map_or_else(|| 0.0.into(), to_number));
            if object.smart_plus && smart_plus {
                put("smart_plus_adgroup_mode", "MULTIPLE".into());
            } else {
                put("is_smart_performance_campaign", object.smart_plus.into());
            }
        }
        Kind::Adgroup => {
            put("adgroup_id", object.id.to_string().into());
            put("budget", object.budget.map_or_else(|| 0.0.into(), to_number));
        }
        Kind::Ad => {
            put("adgroup_id", object.parent.to_string().into());
            if let Some(group) = view.account.get_at(Kind::Adgroup, object.parent, view.as_of) {
                put("adgroup_name", group.name().into());
            }
            put("smart_plus_ad_id", object.id.to_string().into());
        }
    }
    if smart_plus { Value::Object(doc) } else { Value::Object(flatten(object, doc)) }
}

/// The endpoints that are not smart+'s have targeting and creatives at the top.
fn flatten(object: &Object, mut doc: Doc) -> Doc {
    if let Some(Value::Object(targeting)) = doc.remove("targeting_spec") {
        doc.extend(targeting);
    }
    if object.kind == Kind::Ad {
        // The real service lists an ad for each creative; the simulator one for each smart+ ad (assumed).
        doc.remove("smart_plus_ad_id");
        doc.insert("ad_id".into(), object.id.to_string().into());
        let first = |list: &str, field: &str| object.doc.get(list)?.get(0)?.get(field).cloned();
        let copies = [
            ("ad_text", first("ad_text_list", "ad_text")),
            ("landing_page_url", first("landing_page_url_list", "landing_page_url")),
            ("call_to_action", first("call_to_action_list", "call_to_action")),
        ];
        for list in
            ["ad_text_list", "landing_page_url_list", "call_to_action_list", "creative_list", "ad_configuration"]
        {
            doc.remove(list);
        }
        doc.extend(copies.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    doc
}
