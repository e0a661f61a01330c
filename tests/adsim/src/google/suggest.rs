//! `geoTargetConstants:suggest`.

use serde_json::{Value, json};

use super::constants::{Place, places};
use super::errors::{AdsError, Refusal};
use super::schema::schema;

/// Names in one request at most.
const MOST_NAMES: usize = 25;

/// Answers a request for suggestions: by names or by ids.
pub fn suggest(body: &Value) -> Result<Value, Refusal> {
    let body = schema().parse("SuggestGeoTargetConstantsRequest", body).map_err(Refusal::malformed)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let list = |outer: &str, inner: &str| -> Option<Vec<String>> {
        let list = body.get(outer)?.get(inner)?.as_array()?;
        Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    };
    let locale = if text("locale").is_empty() { "en" } else { text("locale") };
    let country = text("countryCode");
    if !country.is_empty() && !places().values().any(|p| p.country == country) {
        return Err(error("INVALID_COUNTRY_CODE", "The country code is invalid.").at("country_code").into());
    }
    let mut found: Vec<(String, &Place)> = Vec::new();
    if let Some(names) = list("locationNames", "names") {
        if names.len() > MOST_NAMES {
            return Err(error("LOCATION_NAME_LIMIT", "At most 25 location names can be given in a suggest method.")
                .at("location_names")
                .into());
        }
        for name in names {
            let wanted = name.to_lowercase();
            let hits = places().values().filter(|p| country.is_empty() || p.country == country);
            found.extend(hits.filter(|p| p.canonical.to_lowercase().contains(&wanted)).map(|p| (name.clone(), p)));
        }
    } else if let Some(names) = list("geoTargets", "geoTargetConstants") {
        for name in names {
            let id = name.strip_prefix("geoTargetConstants/").and_then(|id| id.parse::<i64>().ok());
            found.extend(id.and_then(|id| places().get(&id)).map(|place| (name.clone(), place)));
        }
    } else {
        return Err(error(
            "REQUEST_PARAMETERS_UNSET",
            "A geo target constant suggestion request must have at least one parameter.",
        )
        .into());
    }
    let suggestions: Vec<Value> = found
        .into_iter()
        .map(|(term, place)| {
            let mut suggestion = json!({
                "locale": locale,
                "searchTerm": term,
                "geoTargetConstant": Value::Object(place.doc()),
            });
            if let Some(parent) = places().get(&place.parent) {
                suggestion["geoTargetConstantParents"] = json!([Value::Object(parent.doc())]);
            }
            suggestion
        })
        .collect();
    Ok(if suggestions.is_empty() { json!({}) } else { json!({ "geoTargetConstantSuggestions": suggestions }) })
}

fn error(code: &str, message: &str) -> AdsError {
    AdsError::new("geoTargetConstantSuggestionError", code, message)
}
