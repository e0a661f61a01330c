//! Rules for campaign criteria (places, languages, negative keywords) and ad group criteria (keywords, excluded ages and
//! genders).

use super::{Context, Errors, check_url_fields, default, fail, limit, removed};
use crate::google::constants::{LANGUAGES, places};
use crate::google::errors::AdsError;
use crate::google::key::{Key, Kind};
use crate::google::object::Object;
use crate::google::schema::{Doc, schema};

/// The members of the `criterion` oneof that adsim has state for.
const CAMPAIGN_CRITERIA: &[&str] = &["location", "language", "keyword", "proximity"];

pub(super) fn create_for_campaign(ctx: &mut Context<'_>, mut doc: Doc) -> Result<Object, Errors> {
    let mut errors = Errors::new();
    default(&mut doc, "status", "ENABLED");
    let campaign = ctx.reference(&doc, "campaign", "campaign", Kind::Campaign, &mut errors);
    let target = campaign_target(ctx, &doc, &mut errors);
    let (Some(campaign), Some((id, kind, display))) = (campaign, target) else { return Err(errors) };
    if campaign.is_removed() {
        errors.push(removed().at("campaign"));
    }
    let negative = doc.get("negative").and_then(serde_json::Value::as_bool).unwrap_or_default();
    if negative && kind == "LANGUAGE" {
        errors.push(
            AdsError::new("campaignCriterionError", "CANNOT_EXCLUDE_CRITERIA_TYPE", "Languages cannot be excluded.")
                .at("negative"),
        );
    }
    if doc.contains_key("bidModifier") && negative {
        errors.push(
            AdsError::new(
                "criterionError",
                "CANNOT_BID_MODIFY_NEGATIVE_CRITERION",
                "Cannot modify bids of a negative criterion.",
            )
            .at("bid_modifier"),
        );
    }
    let key = Key::two(Kind::CampaignCriterion, campaign.key.id(), id);
    if let Some(present) = ctx.account.get(key).filter(|c| !c.is_removed()) {
        errors.push(if present.flag("negative") == negative {
            AdsError::new("mutateError", "RESOURCE_ALREADY_EXISTS", "Resource already exists.")
        } else {
            AdsError::new(
                "campaignCriterionError",
                "CANNOT_TARGET_AND_EXCLUDE",
                "Cannot target and exclude the same criterion.",
            )
        });
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    doc.insert("campaign".into(), campaign.key.name(ctx.account.id()).into());
    doc.insert("criterionId".into(), id.to_string().into());
    doc.insert("type".into(), kind.into());
    doc.insert("displayName".into(), display.into());
    doc.insert("negative".into(), negative.into());
    Ok(Object::new(key, doc))
}

/// Criterion id, type and display name.
type Target = (i64, &'static str, String);

fn campaign_target(ctx: &mut Context<'_>, doc: &Doc, errors: &mut Errors) -> Option<Target> {
    let message = schema().message("CampaignCriterion");
    let Some(member) = message.fields.iter().find(|f| f.oneof == Some("criterion") && doc.contains_key(&f.json)) else {
        errors.push(AdsError::new(
            "campaignCriterionError",
            "CONCRETE_TYPE_REQUIRED",
            "A concrete type of criterion is required.",
        ));
        return None;
    };
    if !CAMPAIGN_CRITERIA.contains(&member.json.as_str()) {
        errors.push(
            AdsError::new(
                "criterionError",
                "CANNOT_ADD_CRITERIA_TYPE",
                "adsim does not simulate this type of criterion.",
            )
            .at(member.name),
        );
        return None;
    }
    if member.name == "keyword" {
        if doc.get("negative").and_then(serde_json::Value::as_bool) != Some(true) {
            let message = "A campaign can exclude keywords, not target them.";
            errors.push(AdsError::new("criterionError", "CANNOT_ADD_CRITERIA_TYPE", message).at("keyword"));
            return None;
        }
        return keyword_target(ctx, doc, errors);
    }
    if member.name == "proximity" {
        return proximity_target(ctx, doc, errors);
    }
    let text = |path: &[&str]| {
        doc.get(path[0]).and_then(|v| v.get(path[1])).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    };
    let (field, name, collection) = if member.name == "location" {
        ("location.geo_target_constant", text(&["location", "geoTargetConstant"]), "geoTargetConstants/")
    } else {
        ("language.language_constant", text(&["language", "languageConstant"]), "languageConstants/")
    };
    if name.is_empty() {
        errors.push(AdsError::required(field));
        return None;
    }
    let Some(id) = name.strip_prefix(collection).and_then(|id| id.parse::<i64>().ok()) else {
        let message = format!("Resource name '{name}' is malformed: expected '{collection}{{criterion_id}}'.");
        errors.push(AdsError::new("requestError", "RESOURCE_NAME_MALFORMED", message).at(field));
        return None;
    };
    let found = if member.name == "location" {
        places().get(&id).map(|place| ("LOCATION", place.canonical))
    } else {
        LANGUAGES.iter().find(|l| l.0 == id).map(|l| ("LANGUAGE", l.2))
    };
    if found.is_none() {
        errors.push(
            AdsError::new("criterionError", "INVALID_CRITERION_ID", "The criterion ID is invalid.")
                .at(field)
                .trigger(name),
        );
    }
    found.map(|(kind, display)| (id, kind, display.to_owned()))
}

/// A circle around a point or an address. Each is a criterion of its own.
fn proximity_target(ctx: &mut Context<'_>, doc: &Doc, errors: &mut Errors) -> Option<Target> {
    let circle = doc.get("proximity");
    let radius = circle.and_then(|circle| circle.get("radius")).and_then(serde_json::Value::as_f64).unwrap_or_default();
    if radius <= 0.0 {
        errors.push(AdsError::required("proximity.radius"));
        return None;
    }
    Some((ctx.next_id(), "PROXIMITY", format!("radius {radius}")))
}

fn keyword_target(ctx: &mut Context<'_>, doc: &Doc, errors: &mut Errors) -> Option<Target> {
    let keyword = |name: &str| {
        doc.get("keyword").and_then(|k| k.get(name)).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    };
    let (text, match_type) = (keyword("text"), keyword("matchType"));
    let before = errors.len();
    check_keyword(&text, &match_type, errors);
    (errors.len() == before).then(|| (ctx.keyword_id(&text, &match_type), "KEYWORD", text))
}

/// Ages and genders, with their criterion ids.
const DEMOGRAPHICS: &[(&str, &str, i64)] = &[
    ("AGE_RANGE", "AGE_RANGE_18_24", 503_001),
    ("AGE_RANGE", "AGE_RANGE_25_34", 503_002),
    ("AGE_RANGE", "AGE_RANGE_35_44", 503_003),
    ("AGE_RANGE", "AGE_RANGE_45_54", 503_004),
    ("AGE_RANGE", "AGE_RANGE_55_64", 503_005),
    ("AGE_RANGE", "AGE_RANGE_65_UP", 503_006),
    ("AGE_RANGE", "AGE_RANGE_UNDETERMINED", 503_999),
    ("GENDER", "MALE", 10),
    ("GENDER", "FEMALE", 11),
    ("GENDER", "UNDETERMINED", 20),
];

fn demographic_target(member: &str, doc: &Doc, errors: &mut Errors) -> Option<Target> {
    let (kind, json) = if member == "age_range" { ("AGE_RANGE", "ageRange") } else { ("GENDER", "gender") };
    let value = doc.get(json).and_then(|d| d.get("type")).and_then(serde_json::Value::as_str).unwrap_or_default();
    let found = DEMOGRAPHICS.iter().find(|d| d.0 == kind && d.1 == value);
    if found.is_none() {
        errors.push(AdsError::required(&format!("{member}.type")));
    }
    found.map(|&(kind, name, id)| (id, kind, name.to_owned()))
}

pub(super) fn update_for_campaign(
    ctx: &Context<'_>,
    before: &Object,
    after: Object,
    paths: &[String],
) -> Result<Object, Errors> {
    if before.is_removed() || is_removed(ctx, Kind::Campaign, before.key.a) {
        return fail(removed());
    }
    if before.flag("negative") && !paths.is_empty() {
        return fail(AdsError::new(
            "campaignCriterionError",
            "CANNOT_UPDATE_NEGATIVE_CRITERION",
            "Cannot update a negative criterion.",
        ));
    }
    Ok(after)
}

pub(super) fn remove(ctx: &Context<'_>, before: &Object) -> Result<Option<Object>, Errors> {
    let parent = if before.key.kind == Kind::CampaignCriterion { Kind::Campaign } else { Kind::AdGroup };
    if is_removed(ctx, parent, before.key.a) {
        return fail(removed());
    }
    if before.is_removed() {
        return fail(AdsError::not_found());
    }
    let mut after = before.clone();
    after.doc.insert("status".into(), "REMOVED".into());
    Ok(Some(after))
}

pub(super) fn create_for_ad_group(ctx: &mut Context<'_>, mut doc: Doc) -> Result<Object, Errors> {
    let mut errors = Errors::new();
    default(&mut doc, "status", "ENABLED");
    let group = ctx.reference(&doc, "adGroup", "ad_group", Kind::AdGroup, &mut errors);
    let message = schema().message("AdGroupCriterion");
    let target = match message.fields.iter().find(|f| f.oneof == Some("criterion") && doc.contains_key(&f.json)) {
        None => {
            let message = "A concrete type of criterion is required.";
            errors.push(AdsError::new("adGroupCriterionError", "CONCRETE_TYPE_REQUIRED", message));
            None
        }
        Some(member) if member.name == "keyword" => keyword_target(ctx, &doc, &mut errors),
        Some(member) if matches!(member.name, "age_range" | "gender") => {
            demographic_target(member.name, &doc, &mut errors)
        }
        Some(member) => {
            let message = "adsim does not simulate this type of criterion.";
            errors.push(AdsError::new("adGroupCriterionError", "CANNOT_ADD_CRITERIA_TYPE", message).at(member.name));
            None
        }
    };
    check_url_fields(&doc, "", &mut errors);
    let Some((id, kind, text)) = target else { return Err(errors) };
    let Some(group) = group else { return Err(errors) };
    if group.is_removed() || is_removed(ctx, Kind::Campaign, group.reference("campaign")) {
        errors.push(removed().at("ad_group"));
    }
    let negative = doc.get("negative").and_then(serde_json::Value::as_bool).unwrap_or_default();
    let key = Key::two(Kind::AdGroupCriterion, group.key.id(), id);
    if let Some(present) = ctx.account.get(key).filter(|c| !c.is_removed()) {
        errors.push(if present.flag("negative") == negative {
            AdsError::new("mutateError", "RESOURCE_ALREADY_EXISTS", "Resource already exists.").trigger(text.clone())
        } else {
            AdsError::new(
                "adGroupCriterionError",
                "CANNOT_TARGET_AND_EXCLUDE",
                "Cannot target and exclude the same criterion.",
            )
        });
    }
    let count = ctx.account.children(Kind::AdGroupCriterion, group.key.id(), None).filter(|c| !c.is_removed()).count();
    let most = ctx.config.limits.criteria_per_ad_group;
    errors.extend(limit(&group.key.id().to_string(), "ADGROUP_LIMIT", "CRITERIA_PER_AD_GROUP", count, most));
    if !errors.is_empty() {
        return Err(errors);
    }
    doc.insert("adGroup".into(), group.key.name(ctx.account.id()).into());
    doc.insert("criterionId".into(), id.to_string().into());
    doc.insert("type".into(), kind.into());
    doc.insert("displayName".into(), text.into());
    doc.insert("negative".into(), negative.into());
    doc.insert("approvalStatus".into(), "APPROVED".into());
    doc.insert("systemServingStatus".into(), "ELIGIBLE".into());
    Ok(Object::new(key, doc))
}

fn check_keyword(text: &str, match_type: &str, errors: &mut Errors) {
    let error =
        |code: &str, message: &str| AdsError::new("criterionError", code, message).at("keyword.text").trigger(text);
    if text.trim().is_empty() {
        errors.push(AdsError::required("keyword.text"));
    } else if text.chars().count() > 80 {
        errors.push(error("KEYWORD_TEXT_TOO_LONG", "The keyword text is too long."));
    } else if text.split_whitespace().count() > 10 {
        errors.push(error("KEYWORD_HAS_TOO_MANY_WORDS", "The keyword has too many words."));
    } else if text
        .contains(['!', '@', '%', '^', '(', ')', '=', '{', '}', ';', '~', '`', '<', '>', '?', '\\', '|', ',', '*'])
    {
        errors.push(error("KEYWORD_HAS_INVALID_CHARS", "The keyword contains characters that are not allowed."));
    }
    if matches!(match_type, "" | "UNSPECIFIED" | "UNKNOWN") {
        errors.push(AdsError::required("keyword.match_type"));
    }
}

pub(super) fn update_for_ad_group(
    ctx: &Context<'_>,
    before: &Object,
    after: Object,
    paths: &[String],
) -> Result<Object, Errors> {
    if before.is_removed() || is_removed(ctx, Kind::AdGroup, before.key.a) {
        return fail(removed());
    }
    if before.flag("negative") && !paths.is_empty() {
        return fail(AdsError::new(
            "adGroupCriterionError",
            "CANT_UPDATE_NEGATIVE",
            "Negative criteria cannot be updated.",
        ));
    }
    let mut errors = Errors::new();
    super::check_status(&after, &mut errors);
    check_url_fields(&after.doc, "", &mut errors);
    if errors.is_empty() { Ok(after) } else { Err(errors) }
}

fn is_removed(ctx: &Context<'_>, kind: Kind, id: i64) -> bool {
    ctx.account.get(Key::one(kind, id)).is_none_or(|o| o.is_removed())
}
