//! Where an ad group's ads run, and for whom.

use serde_json::Value;

use super::config::TikTokConfig;
use super::errors::Refusal;
use super::regions::{self, LANGUAGES};
use super::schema::{Doc, flag, texts};

/// What automatic targeting obeys.
const CONTROLS: &[&str] =
    &["location_ids", "spc_audience_age", "languages", "operating_systems", "excluded_audience_ids"];
/// What it takes as suggestions.
const SUGGESTIONS: &[&str] = &[
    "age_groups",
    "gender",
    "audience_ids",
    "interest_category_ids",
    "interest_keyword_ids",
    "purchase_intention_keyword_ids",
    "actions",
];

/// Checks the targeting of an ad group and takes out what its mode ignores, without an error, as documented.
pub fn settle(doc: &mut Doc, config: &TikTokConfig) -> Result<(), Refusal> {
    let mode = doc.entry("targeting_optimization_mode").or_insert_with(|| "AUTOMATIC".into()).clone();
    let suggests = flag(doc, "suggestion_audience_enabled") == Some(true);
    let Some(Value::Object(spec)) = doc.get_mut("targeting_spec") else {
        return Err(Refusal::missing("targeting_spec"));
    };
    if spec.contains_key("zipcode_ids") {
        return Err(Refusal::invalid("targeting_spec.zipcode_ids: Not supported for this campaign."));
    }
    let places = texts(spec, "location_ids");
    if places.is_empty() {
        return Err(Refusal::missing("targeting_spec.location_ids"));
    }
    if places.len() > 3_000 {
        return Err(Refusal::invalid("targeting_spec.location_ids: At most 3000 locations are allowed."));
    }
    regions::check(&places, config)?;
    if let Some(language) = texts(spec, "languages").iter().find(|l| LANGUAGES.iter().all(|(code, _)| code != *l)) {
        return Err(Refusal::invalid(format!("targeting_spec.languages: {language} is not supported.")));
    }
    if texts(spec, "age_groups").contains(&"AGE_13_17") {
        return Err(Refusal::invalid("targeting_spec.age_groups: AGE_13_17 is not supported for this campaign."));
    }
    if mode == "AUTOMATIC" {
        spec.retain(|field, _| {
            CONTROLS.contains(&field.as_str()) || (suggests && SUGGESTIONS.contains(&field.as_str()))
        });
        spec.entry("spc_audience_age").or_insert_with(|| "OVER_EIGHTEEN".into());
    } else {
        spec.remove("spc_audience_age");
    }
    Ok(())
}

/// Once somewhere in the United States, an ad group stays there.
pub fn check_move(before: &Doc, after: &Doc) -> Result<(), Refusal> {
    let in_us = |doc: &Doc| places(doc).is_some_and(|places| regions::any_in_us(&places));
    if in_us(before) && !in_us(after) {
        return Err(Refusal::invalid("targeting_spec.location_ids: The US cannot be removed."));
    }
    Ok(())
}

/// The places of an ad group.
pub fn places(doc: &Doc) -> Option<Vec<&str>> {
    doc.get("targeting_spec").and_then(Value::as_object).map(|spec| texts(spec, "location_ids"))
}
