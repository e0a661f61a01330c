//! Places and languages that the service knows.
//!
//! Ids of countries and US states are those of `GeoNames` (geonames.org, CC BY 4.0), as TikTok's are; those of DMAs are
//! Nielsen's numbers (assumed).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::config::TikTokConfig;
use super::errors::Refusal;
use super::schema::{Doc, text};

/// A place.
#[derive(Debug, Clone, Copy)]
pub struct Region {
    /// Location id.
    pub id: &'static str,
    /// Name.
    pub name: &'static str,
    /// Place above, `0` for countries.
    pub parent: &'static str,
    /// ISO 3166-1 alpha-2 code of the country.
    pub country: &'static str,
    /// `COUNTRY` or `PROVINCE`.
    pub level: &'static str,
    /// `ADMIN` or `METROPOLITAN_OR_DMA`.
    pub area: &'static str,
}

/// All places by id.
pub fn regions() -> &'static BTreeMap<&'static str, Region> {
    static REGIONS: OnceLock<BTreeMap<&'static str, Region>> = OnceLock::new();
    REGIONS.get_or_init(|| {
        include_str!("data/regions.csv").lines().filter_map(read_region).map(|region| (region.id, region)).collect()
    })
}

fn read_region(line: &'static str) -> Option<Region> {
    let columns: Vec<&str> = line.split('|').collect();
    let [id, name, parent, country, level, area] = columns[..] else { return None };
    Some(Region { id, name, parent, country, level, area })
}

/// The languages that can be targeted.
pub const LANGUAGES: &[(&str, &str)] = &[
    ("ar", "Arabic"),
    ("bn", "Bengali"),
    ("cs", "Czech"),
    ("da", "Danish"),
    ("de", "German"),
    ("el", "Greek"),
    ("en", "English"),
    ("es", "Spanish"),
    ("fi", "Finnish"),
    ("fr", "French"),
    ("he", "Hebrew"),
    ("hi", "Hindi"),
    ("hu", "Hungarian"),
    ("id", "Indonesian"),
    ("it", "Italian"),
    ("ja", "Japanese"),
    ("ko", "Korean"),
    ("ms", "Malay"),
    ("nl", "Dutch"),
    ("no", "Norwegian"),
    ("pl", "Polish"),
    ("pt", "Portuguese"),
    ("ro", "Romanian"),
    ("ru", "Russian"),
    ("sv", "Swedish"),
    ("th", "Thai"),
    ("tr", "Turkish"),
    ("uk", "Ukrainian"),
    ("vi", "Vietnamese"),
    ("zh", "Chinese"),
];

fn available(config: &TikTokConfig) -> impl Iterator<Item = &'static Region> {
    regions().values().filter(|region| !config.unavailable_countries.iter().any(|code| code == region.country))
}

/// Whether ads can be placed in all of some places, and none lies in another.
pub fn check(ids: &[&str], config: &TikTokConfig) -> Result<(), Refusal> {
    let known: BTreeSet<&str> = available(config).map(|region| region.id).collect();
    for id in ids {
        if !known.contains(id) {
            return Err(Refusal::invalid(format!("location_ids: {id} is not available.")));
        }
        if let Some(parent) = regions().get(id).map(|r| r.parent).filter(|parent| ids.contains(parent)) {
            return Err(Refusal::invalid(format!("location_ids: {id} overlaps with {parent}.")));
        }
    }
    Ok(())
}

/// Whether one of some places lies in the United States.
pub fn any_in_us(ids: &[&str]) -> bool {
    ids.iter().any(|id| regions().get(id).is_some_and(|region| region.country == "US"))
}

/// `tool/region/`.
pub fn tool_region(query: &Doc, config: &TikTokConfig) -> Value {
    let all = matches!(text(query, "level_range"), "" | "ALL" | "TO_PROVINCE" | "TO_CITY" | "TO_DISTRICT");
    let found: Vec<&Region> = available(config).filter(|region| all || region.level == "COUNTRY").collect();
    let mut below: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for region in &found {
        below.entry(region.parent).or_default().push(region.id);
    }
    let infos: Vec<Value> = found
        .iter()
        .map(|region| {
            json!({
                "location_id": region.id,
                "name": region.name,
                "parent_id": region.parent,
                "region_code": region.country,
                "country_code": region.country,
                "next_level_ids": below.get(region.id).cloned().unwrap_or_default(),
                "area_type": region.area,
                "level": region.level,
                "support_below_18": region.country != "US",
            })
        })
        .collect();
    let countries: BTreeSet<&str> = found.iter().map(|region| region.country).collect();
    json!({ "region_list": countries, "region_info": infos })
}

/// `search/region/`. The names of its answer's fields are third-party knowledge: the official description has none.
pub fn search_region(config: &TikTokConfig) -> Value {
    let list: Vec<Value> = available(config)
        .map(|region| {
            json!({
                "region_id": region.id,
                "region_name": region.name,
                "region_level": region.level,
                "country_code": region.country,
                "parent_id": region.parent,
                "area_type": region.area,
                "support_below_18": region.country != "US",
            })
        })
        .collect();
    json!({ "region_list": list })
}

/// `tool/language/`.
pub fn tool_language() -> Value {
    let list: Vec<Value> = LANGUAGES.iter().map(|(code, name)| json!({ "code": code, "name": name })).collect();
    json!({ "languages": list })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_and_states_have_tiktoks_ids() {
        for (id, name) in
            [("6252001", "United States"), ("2921044", "Germany"), ("1562822", "Vietnam"), ("501", "New York NY")]
        {
            assert_eq!(regions()[id].name, name);
        }
        assert!(regions().values().all(|r| r.parent == "0" || regions().contains_key(r.parent)));
    }

    #[test]
    fn places_must_be_available_and_not_overlap() {
        let config = TikTokConfig::default();
        for (ids, wanted) in [
            (&["6252001", "2921044"][..], None),
            (&["1"][..], Some("location_ids: 1 is not available.")),
            (&["1814991"][..], Some("location_ids: 1814991 is not available.")),
            (&["5332921", "6252001"][..], Some("location_ids: 5332921 overlaps with 6252001.")),
        ] {
            assert_eq!(check(ids, &config).err().map(|r| r.message).as_deref(), wanted);
        }
    }
}
