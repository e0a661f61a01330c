//! Places and languages, as `search` finds them.
//!
//! Countries are told by their ISO codes. The keys of US states follow the alphabet from 3843 on: those of California,
//! New York and Texas are in use in public code. The keys of DMAs are `DMA:` and Nielsen's number. Other regions' keys
//! are made up (assumed).

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::errors::GraphError;
use super::params::Params;
use crate::google::constants::places as google_places;

/// A place that can be targeted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Key in `geo_locations`.
    pub key: String,
    /// Name.
    pub name: String,
    /// `country`, `region` or `geo_market`.
    pub kind: &'static str,
    /// ISO 3166-1 alpha-2 code.
    pub country: String,
}

/// US states and the District of Columbia, in the order of their keys from 3843 on.
const STATES: &[&str] = &[
    "Alabama",
    "Alaska",
    "Arizona",
    "Arkansas",
    "California",
    "Colorado",
    "Connecticut",
    "Delaware",
    "Washington D. C.",
    "Florida",
    "Georgia",
    "Hawaii",
    "Idaho",
    "Illinois",
    "Indiana",
    "Iowa",
    "Kansas",
    "Kentucky",
    "Louisiana",
    "Maine",
    "Maryland",
    "Massachusetts",
    "Michigan",
    "Minnesota",
    "Mississippi",
    "Missouri",
    "Montana",
    "Nebraska",
    "Nevada",
    "New Hampshire",
    "New Jersey",
    "New Mexico",
    "New York",
    "North Carolina",
    "North Dakota",
    "Ohio",
    "Oklahoma",
    "Oregon",
    "Pennsylvania",
    "Rhode Island",
    "South Carolina",
    "South Dakota",
    "Tennessee",
    "Texas",
    "Utah",
    "Vermont",
    "Virginia",
    "Washington",
    "West Virginia",
    "Wisconsin",
    "Wyoming",
];

/// Regions outside the United States, with keys of the simulator's own.
const REGIONS: &[(&str, &str)] = &[
    ("CA", "Ontario"),
    ("CA", "Quebec"),
    ("CA", "British Columbia"),
    ("CA", "Alberta"),
    ("DE", "Bayern"),
    ("DE", "Berlin"),
    ("DE", "Nordrhein-Westfalen"),
    ("DE", "Baden-Württemberg"),
    ("DE", "Hessen"),
    ("FR", "Île-de-France"),
    ("FR", "Provence-Alpes-Côte d'Azur"),
    ("GB", "England"),
    ("GB", "Scotland"),
    ("GB", "Wales"),
    ("GB", "Northern Ireland"),
    ("AU", "New South Wales"),
    ("AU", "Victoria"),
    ("AU", "Queensland"),
    ("BR", "São Paulo (state)"),
    ("BR", "Rio de Janeiro (state)"),
    ("ES", "Cataluña"),
    ("ES", "Comunidad de Madrid"),
    ("IT", "Lombardia"),
    ("IT", "Lazio"),
    ("JP", "Tokyo"),
    ("JP", "Osaka"),
    ("MX", "Jalisco"),
    ("MX", "Ciudad de México"),
    ("IN", "Maharashtra"),
    ("IN", "Karnataka"),
];

/// All places.
pub fn places() -> &'static [Place] {
    static PLACES: OnceLock<Vec<Place>> = OnceLock::new();
    PLACES.get_or_init(|| {
        let place = |key: String, name: &str, kind, country: &str| Place {
            key,
            name: name.to_owned(),
            kind,
            country: country.to_owned(),
        };
        let known = google_places().values();
        let countries = known.clone().filter(|p| p.target_type == "Country");
        let markets = known.filter(|p| p.target_type == "DMA Region");
        let states = (3843..).zip(STATES).map(|(key, name)| place(key.to_string(), name, "region", "US"));
        let regions = (9_000_001..)
            .zip(REGIONS)
            .map(|(key, (country, name))| place(i64::to_string(&key), name, "region", country));
        countries
            .map(|p| place(p.country.to_owned(), p.name, "country", p.country))
            .chain(states)
            .chain(regions)
            .chain(markets.map(|p| place(format!("DMA:{}", p.id - 200_000), p.name, "geo_market", "US")))
            .collect()
    })
}

/// The place of a kind and key.
pub fn place(kind: &str, key: &str) -> Option<&'static Place> {
    places().iter().find(|place| place.kind == kind && place.key == key)
}

fn country_name(code: &str) -> &'static str {
    place("country", code).map_or("", |country| country.name.as_str())
}

fn row(place: &Place) -> Value {
    let is_country = place.kind == "country";
    let mut row = json!({
        "key": place.key,
        "name": place.name,
        "type": place.kind,
        "supports_region": is_country || place.kind == "region",
        "supports_city": is_country || place.kind == "region",
    });
    row["country_code"] = place.country.as_str().into();
    if !is_country {
        row["country_name"] = country_name(&place.country).into();
    }
    row
}

/// Languages: key and name. Those of English, German, French, Spanish and Italian are in use in public code; the others
/// are assumed.
const LOCALES: &[(i64, &str)] = &[
    (1, "Catalan"),
    (2, "Czech"),
    (4, "Welsh"),
    (3, "Danish"),
    (5, "German"),
    (6, "English (US)"),
    (7, "Spanish (Spain)"),
    (8, "Finnish"),
    (9, "French (France)"),
    (10, "Italian"),
    (11, "Japanese"),
    (12, "Korean"),
    (13, "Norwegian (bokmal)"),
    (14, "Dutch"),
    (15, "Polish"),
    (16, "Portuguese (Brazil)"),
    (17, "Russian"),
    (18, "Swedish"),
    (19, "Turkish"),
    (20, "Simplified Chinese (China)"),
    (21, "Traditional Chinese (Hong Kong)"),
    (22, "Traditional Chinese (Taiwan)"),
    (23, "Spanish"),
    (24, "English (UK)"),
    (25, "Arabic"),
    (29, "Hebrew"),
    (30, "Hungarian"),
    (31, "Portuguese (Portugal)"),
    (32, "Romanian"),
    (35, "Indonesian"),
    (36, "Malay"),
    (37, "Vietnamese"),
    (38, "Thai"),
    (39, "Greek"),
    (44, "French (Canada)"),
    (46, "Hindi"),
    (1001, "English (All)"),
    (1002, "Spanish (All)"),
    (1003, "French (All)"),
];

/// Whether there is a language of a key.
pub fn is_locale(key: i64) -> bool {
    LOCALES.iter().any(|(k, _)| *k == key)
}

/// `GET /search`.
pub fn search(params: &Params) -> Result<Value, GraphError> {
    match params.need("type")?.as_str() {
        "adgeolocation" => geolocation(params),
        "adgeolocationmeta" => geolocation_meta(params),
        "adlocale" => {
            let q = params.text("q").unwrap_or_default().to_lowercase();
            let found = LOCALES.iter().filter(|(_, name)| name.to_lowercase().contains(&q));
            let rows: Vec<Value> = found.map(|(key, name)| json!({ "key": key, "name": name })).collect();
            Ok(json!({ "data": rows }))
        }
        other => Err(GraphError::parameter(
            "type",
            format_args!(
                "Param type must be one of {{adgeolocation, adgeolocationmeta, adlocale}} here - got \"{other}\""
            ),
        )),
    }
}

fn geolocation(params: &Params) -> Result<Value, GraphError> {
    let q = params.text("q").unwrap_or_default().to_lowercase();
    let kinds = params.list("location_types")?.unwrap_or_default();
    let country = params.text("country_code").unwrap_or_default();
    let limit = usize::try_from(params.int("limit")?.unwrap_or(8)).unwrap_or(8);
    let matches = |place: &&Place| {
        let code = params.flag("match_country_code").ok().flatten() == Some(true)
            && place.kind == "country"
            && place.key.to_lowercase() == q;
        (kinds.is_empty() || kinds.iter().any(|kind| kind == place.kind))
            && (country.is_empty() || place.country.eq_ignore_ascii_case(&country))
            && (code
                || place.name.to_lowercase().starts_with(&q)
                || place.name.to_lowercase().contains(&format!(" {q}")))
    };
    let mut found: Vec<&Place> = places().iter().filter(matches).collect();
    found.sort_by_key(|place| (place.name.to_lowercase() != q, !place.name.to_lowercase().starts_with(&q)));
    let rows: Vec<Value> = found.into_iter().take(limit).map(row).collect();
    Ok(json!({ "data": rows }))
}

fn geolocation_meta(params: &Params) -> Result<Value, GraphError> {
    let mut data = json!({});
    for (list, kind) in [("countries", "country"), ("regions", "region"), ("geo_markets", "geo_market")] {
        for key in params.list(list)?.unwrap_or_default() {
            // What is not known is left out.
            if let Some(found) = place(kind, &key) {
                data[list][key] = row(found);
            }
        }
    }
    Ok(json!({ "data": data }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_by_name_and_kind() {
        let keys = |query: &str| -> Vec<String> {
            let found = search(&Params::read(query, "", b"").unwrap()).unwrap();
            found["data"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect()
        };
        for (query, expected) in [
            ("type=adgeolocation&q=Germany&location_types=[\"country\"]", "DE"),
            ("type=adgeolocation&q=California&location_types=[\"region\"]", "3847"),
            ("type=adgeolocation&q=Texas&location_types=[\"region\"]&country_code=US", "3886"),
            ("type=adgeolocation&q=San Francisco&location_types=[\"geo_market\"]", "DMA:807"),
            ("type=adgeolocation&q=us&match_country_code=true&location_types=[\"country\"]", "US"),
        ] {
            assert_eq!(keys(query).first().map(String::as_str), Some(expected), "{query}");
        }
        assert!(keys("type=adgeolocation&q=Atlantis").is_empty());
    }

    #[test]
    fn the_meta_call_leaves_out_what_is_unknown() {
        let query =
            "type=adgeolocationmeta&countries=[\"DE\",\"XX\"]&regions=[3875]&geo_markets=[\"DMA:501\",\"DMA:1\"]";
        let found = search(&Params::read(query, "", b"").unwrap()).unwrap();
        assert_eq!(found["data"]["countries"]["DE"]["name"], "Germany");
        assert_eq!(found["data"]["regions"]["3875"]["name"], "New York");
        assert!(found["data"]["geo_markets"].get("DMA:1").is_none());
    }
}
