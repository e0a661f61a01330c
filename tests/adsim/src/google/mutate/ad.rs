//! Rules for ads. adsim simulates responsive search ads.

use serde_json::Value;

use super::{Context, Errors, check_url_fields, default, fail, limit, removed};
use crate::google::errors::AdsError;
use crate::google::key::{Key, Kind};
use crate::google::object::{Object, Status};
use crate::google::schema::{Doc, schema};

const HEADLINES: Texts = Texts { field: "headlines", least: 3, most: 15, width: 30 };
const DESCRIPTIONS: Texts = Texts { field: "descriptions", least: 2, most: 4, width: 90 };
const PATH_WIDTH: usize = 15;

/// A list of texts in an ad: how many, and how wide.
struct Texts {
    field: &'static str,
    least: usize,
    most: usize,
    width: usize,
}

pub(super) fn create(ctx: &mut Context<'_>, mut doc: Doc) -> Result<Object, Errors> {
    let mut errors = Errors::new();
    default(&mut doc, "status", "ENABLED");
    let group = ctx.reference(&doc, "adGroup", "ad_group", Kind::AdGroup, &mut errors);
    let Some(Value::Object(ad)) = doc.get_mut("ad") else {
        errors.push(AdsError::required("ad"));
        return Err(errors);
    };
    check_ad(ad, "ad.", &mut errors);
    let Some(group) = group else { return Err(errors) };
    let campaign = ctx.account.get(Key::one(Kind::Campaign, group.reference("campaign")));
    if group.is_removed() || campaign.is_none_or(|c| c.is_removed()) {
        errors.push(removed().at("ad_group"));
    }
    let count =
        ctx.account.children(Kind::AdGroupAd, group.key.id(), None).filter(|ad| ad.status() == Status::Enabled).count();
    let most = ctx.config.limits.responsive_search_ads_per_ad_group;
    if doc.get("status").and_then(Value::as_str) == Some("ENABLED") {
        let id = group.key.id().to_string();
        errors.extend(limit(&id, "ADGROUP_LIMIT", "RESPONSIVE_SEARCH_ADS_PER_AD_GROUP", count, most));
    }
    let id = ctx.next_id();
    if let Some(Value::Object(ad)) = doc.get_mut("ad") {
        ad.insert("id".into(), id.to_string().into());
        ad.insert("resourceName".into(), Key::one(Kind::Ad, id).name(ctx.account.id()).into());
        ad.insert("type".into(), "RESPONSIVE_SEARCH_AD".into());
    }
    doc.insert("adGroup".into(), group.key.name(ctx.account.id()).into());
    let mut ad = Object::new(Key::two(Kind::AdGroupAd, group.key.id(), id), doc);
    if ad.is_removed() {
        errors.push(super::created_removed());
    }
    ad.reviewed_at = Some(ctx.now + ctx.config.review_delay);
    if errors.is_empty() { Ok(ad) } else { Err(errors) }
}

/// Updates the ad within its ad group: its status.
pub(super) fn update(ctx: &Context<'_>, before: &Object, after: Object) -> Result<Object, Errors> {
    if before.is_removed() {
        return fail(operate_on_removed());
    }
    let mut errors = Errors::new();
    check_group(ctx, before, &mut errors);
    super::check_status(&after, &mut errors);
    if before.status() != Status::Enabled && after.status() == Status::Enabled {
        let group = before.key.a;
        let count =
            ctx.account.children(Kind::AdGroupAd, group, None).filter(|a| a.status() == Status::Enabled).count();
        let most = ctx.config.limits.responsive_search_ads_per_ad_group;
        errors.extend(limit(&group.to_string(), "ADGROUP_LIMIT", "RESPONSIVE_SEARCH_ADS_PER_AD_GROUP", count, most));
    }
    if errors.is_empty() { Ok(after) } else { Err(errors) }
}

/// Updates the ad itself: texts and URLs. It is reviewed anew.
pub(super) fn update_content(ctx: &Context<'_>, before: &Object, ad: Doc) -> Result<Object, Errors> {
    if before.is_removed() {
        return fail(operate_on_removed());
    }
    let mut errors = Errors::new();
    check_group(ctx, before, &mut errors);
    check_ad(&ad, "", &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut after = before.clone();
    let changed = after.doc.get("ad").and_then(Value::as_object) != Some(&ad);
    after.doc.insert("ad".into(), ad.into());
    if changed {
        after.reviewed_at = Some(ctx.now + ctx.config.review_delay);
    }
    Ok(after)
}

pub(super) fn remove(before: &Object) -> Result<Option<Object>, Errors> {
    if before.is_removed() {
        return fail(operate_on_removed());
    }
    let mut after = before.clone();
    after.doc.insert("status".into(), "REMOVED".into());
    Ok(Some(after))
}

fn check_group(ctx: &Context<'_>, ad: &Object, errors: &mut Errors) {
    let group = ctx.account.get(Key::one(Kind::AdGroup, ad.key.a));
    let campaign = group.and_then(|g| ctx.account.get(Key::one(Kind::Campaign, g.reference("campaign"))));
    if group.is_none_or(|g| g.is_removed()) || campaign.is_none_or(|c| c.is_removed()) {
        errors.push(removed());
    }
}

fn check_ad(ad: &Doc, at: &str, errors: &mut Errors) {
    let data = schema().message("Ad").fields.iter().find(|f| f.oneof == Some("ad_data") && ad.contains_key(&f.json));
    match data {
        Some(field) if field.name == "responsive_search_ad" => {}
        Some(field) => {
            errors.push(
                AdsError::new("adError", "INVALID_AD_TYPE", "adsim does not simulate this type of ad.")
                    .at(&format!("{at}{}", field.name)),
            );
            return;
        }
        None => {
            errors.push(AdsError::required(&format!("{at}ad_data")));
            return;
        }
    }
    if ad.get("finalUrls").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        errors.push(AdsError::required(&format!("{at}final_urls")));
    }
    check_url_fields(ad, at, errors);
    let Some(Value::Object(rsa)) = ad.get("responsiveSearchAd") else { return };
    let at = format!("{at}responsive_search_ad");
    check_texts(rsa, &HEADLINES, &at, errors);
    check_texts(rsa, &DESCRIPTIONS, &at, errors);
    let path = |name: &str| rsa.get(name).and_then(Value::as_str).unwrap_or_default();
    for name in ["path1", "path2"] {
        if width(path(name)) > PATH_WIDTH {
            errors.push(
                AdsError::new("stringLengthError", "TOO_LONG", "Too long.")
                    .at(&format!("{at}.{name}"))
                    .trigger(path(name)),
            );
        }
    }
    if !path("path2").is_empty() && path("path1").is_empty() {
        errors.push(
            AdsError::new("adError", "CANNOT_SET_PATH2_WITHOUT_PATH1", "Cannot set path2 without path1.")
                .at(&format!("{at}.path2")),
        );
    }
}

fn check_texts(rsa: &Doc, rule: &Texts, at: &str, errors: &mut Errors) {
    let at = format!("{at}.{}", rule.field);
    let empty = Vec::new();
    let list = rsa.get(rule.field).and_then(Value::as_array).unwrap_or(&empty);
    if list.len() < rule.least {
        errors.push(AdsError::new("collectionSizeError", "TOO_FEW", "Too few.").at(&at));
    } else if list.len() > rule.most {
        errors.push(AdsError::new("collectionSizeError", "TOO_MANY", "Too many.").at(&at));
    }
    let mut seen = std::collections::HashSet::new();
    for (i, asset) in list.iter().enumerate() {
        let text = asset.get("text").and_then(Value::as_str).unwrap_or_default();
        let at = format!("{at}[{i}].text");
        if text.trim().is_empty() {
            errors.push(
                AdsError::new(
                    "stringLengthError",
                    "EMPTY",
                    "The specified field should have a least one non-whitespace character in it.",
                )
                .at(&at),
            );
        } else if width(text) > rule.width {
            errors.push(AdsError::new("stringLengthError", "TOO_LONG", "Too long.").at(&at).trigger(text));
        } else if !seen.insert(text) {
            errors
                .push(AdsError::new("distinctError", "DUPLICATE_ELEMENT", "Duplicate element.").at(&at).trigger(text));
        }
    }
}

/// Width of a text as Google counts: wide characters (Chinese, Japanese, Korean) count two.
pub fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

fn is_wide(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{115F}' | '\u{2E80}'..='\u{303E}' | '\u{3041}'..='\u{33FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{A000}'..='\u{A4CF}' | '\u{AC00}'..='\u{D7A3}' | '\u{F900}'..='\u{FAFF}'
        | '\u{FE30}'..='\u{FE4F}' | '\u{FF00}'..='\u{FF60}' | '\u{FFE0}'..='\u{FFE6}' | '\u{20000}'..='\u{3FFFD}')
}

fn operate_on_removed() -> AdsError {
    AdsError::new("adGroupAdError", "CANNOT_OPERATE_ON_REMOVED_ADGROUPAD", "A removed ad cannot be operated on.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_count_two() {
        assert_eq!(width("Frühling ist da"), 15);
        assert_eq!(width("春が来た"), 8);
        assert_eq!(width("봄이 왔다"), 9);
    }
}
