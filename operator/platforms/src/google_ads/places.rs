//! Places and languages: from public codes to Google's constants, and back.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use adops_core::market::Place;

use super::client::{Client, list};
use super::wire::{GeoRow, GeoTargetConstant, LanguageRow};
use crate::error::PlatformError;
use crate::subdivisions;

/// How long Google is not asked again for a place that it did not know.
const UNKNOWN_FOR: Duration = Duration::from_hours(1);
/// Google numbers a designated market area by Nielsen's number.
const DMA_BASE: i64 = 200_000;
/// Kinds of places that ISO 3166-2 codes stand for.
const SUBDIVISION_TYPES: &[&str] = &[
    "Autonomous Community",
    "Canton",
    "Country",
    "County",
    "Department",
    "District",
    "Governorate",
    "Prefecture",
    "Province",
    "Region",
    "State",
    "Territory",
    "Union Territory",
];
const COUNTRY_TYPES: &[&str] = &["Country", "Region", "Territory"];
const FIELDS: &str = "SELECT geo_target_constant.resource_name, geo_target_constant.id, geo_target_constant.name, \
                      geo_target_constant.canonical_name, geo_target_constant.country_code, \
                      geo_target_constant.target_type FROM geo_target_constant \
                      WHERE geo_target_constant.status = 'ENABLED' AND ";

/// What is known of places and languages; it never changes, so it is asked for once.
#[derive(Debug, Default)]
pub(super) struct Atlas {
    known: Mutex<Known>,
    languages: tokio::sync::Mutex<Option<Languages>>,
}

#[derive(Debug, Default)]
struct Known {
    constants: BTreeMap<Place, String>,
    places: HashMap<String, Place>,
    unknown: HashMap<Place, Instant>,
}

/// Languages that can be targeted: code and constant.
#[derive(Debug, Clone, Default)]
pub(super) struct Languages {
    constants: BTreeMap<String, String>,
    codes: HashMap<String, String>,
}

impl Languages {
    /// The constant of a code.
    pub(super) fn constant(&self, code: &str) -> Option<&str> {
        self.constants.get(code).map(String::as_str)
    }

    /// The code of a constant; the constant itself if it has none.
    pub(super) fn code(&self, constant: &str) -> String {
        self.codes.get(constant).cloned().unwrap_or_else(|| constant.to_owned())
    }
}

impl Atlas {
    /// The constants of places; what Google does not know is absent.
    pub(super) async fn resolve(
        &self,
        client: &Client,
        places: &BTreeSet<Place>,
    ) -> Result<BTreeMap<Place, String>, PlatformError> {
        let missing = self.with(|known| known.missing(places));
        if !missing.is_empty() {
            self.look_up(client, &missing).await?;
        }
        Ok(self.with(|known| {
            let constant = |place: &Place| match place {
                Place::PlatformOnly(id) if id.starts_with("geoTargetConstants/") => Some(id.clone()),
                _ => known.constants.get(place).cloned(),
            };
            places.iter().filter_map(|place| Some((place.clone(), constant(place)?))).collect()
        }))
    }

    /// The places of constants; those without a public code stay what they are.
    pub(super) async fn places(
        &self,
        client: &Client,
        constants: &BTreeSet<String>,
    ) -> Result<HashMap<String, Place>, PlatformError> {
        let missing: Vec<String> =
            self.with(|known| constants.iter().filter(|id| !known.places.contains_key(*id)).cloned().collect());
        for chunk in missing.chunks(1_000) {
            let ids: Vec<&str> = chunk.iter().filter_map(|name| name.rsplit('/').next()).collect();
            let query = format!("{FIELDS} geo_target_constant.id IN ({})", ids.join(", "));
            let rows: Vec<GeoRow> = client.search(&query).await?;
            self.with(|known| {
                for row in &rows {
                    known.learn(&row.geo_target_constant);
                }
                for id in chunk {
                    known.places.entry(id.clone()).or_insert_with(|| Place::PlatformOnly(id.clone()));
                }
            });
        }
        Ok(self.with(|known| {
            constants.iter().filter_map(|id| Some((id.clone(), known.places.get(id)?.clone()))).collect()
        }))
    }

    /// All languages that can be targeted.
    pub(super) async fn languages(&self, client: &Client) -> Result<Languages, PlatformError> {
        let mut held = self.languages.lock().await;
        if let Some(languages) = held.as_ref() {
            return Ok(languages.clone());
        }
        let rows: Vec<LanguageRow> = client
            .search(
                "SELECT language_constant.resource_name, language_constant.code FROM language_constant \
                 WHERE language_constant.targetable = TRUE",
            )
            .await?;
        let mut languages = Languages::default();
        for LanguageRow { language_constant: language } in rows {
            languages.constants.insert(language.code.clone(), language.resource_name.clone());
            languages.codes.insert(language.resource_name, language.code);
        }
        Ok(held.insert(languages).clone())
    }

    async fn look_up(&self, client: &Client, missing: &BTreeSet<Place>) -> Result<(), PlatformError> {
        let countries: BTreeSet<&str> =
            missing.iter().filter(|place| matches!(place, Place::Country(_))).filter_map(Place::country).collect();
        let subdivided: BTreeSet<&str> =
            missing.iter().filter(|place| matches!(place, Place::Subdivision(..))).filter_map(Place::country).collect();
        let areas: BTreeSet<i64> = missing
            .iter()
            .filter_map(|place| match place {
                Place::Dma(_, code) => Some(DMA_BASE + i64::from(*code)),
                _ => None,
            })
            .collect();
        let mut found: Vec<GeoRow> = Vec::new();
        for (codes, types) in [(&countries, COUNTRY_TYPES), (&subdivided, SUBDIVISION_TYPES)] {
            if !codes.is_empty() {
                let query = format!(
                    "{FIELDS} geo_target_constant.country_code IN {} AND geo_target_constant.target_type IN {}",
                    list(codes),
                    list(types)
                );
                found.extend(client.search::<GeoRow>(&query).await?);
            }
        }
        if !areas.is_empty() {
            let ids: Vec<String> = areas.iter().map(i64::to_string).collect();
            let query = format!(
                "{FIELDS} geo_target_constant.target_type = 'DMA Region' AND geo_target_constant.id IN ({})",
                ids.join(", ")
            );
            found.extend(client.search::<GeoRow>(&query).await?);
        }
        self.with(|known| {
            for row in &found {
                known.learn(&row.geo_target_constant);
            }
            for place in missing {
                if !known.constants.contains_key(place) {
                    known.unknown.insert(place.clone(), Instant::now());
                }
            }
        });
        Ok(())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Known) -> T) -> T {
        // A panic while it was held has left it whole: it only ever grows.
        act(&mut self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl Known {
    fn missing(&self, places: &BTreeSet<Place>) -> BTreeSet<Place> {
        places
            .iter()
            .filter(|place| !matches!(place, Place::PlatformOnly(_)) && !self.constants.contains_key(*place))
            .filter(|place| self.unknown.get(*place).is_none_or(|since| since.elapsed() > UNKNOWN_FOR))
            .cloned()
            .collect()
    }

    fn learn(&mut self, constant: &GeoTargetConstant) {
        if let Some(place) = place_of(constant) {
            self.unknown.remove(&place);
            self.constants.insert(place.clone(), constant.resource_name.clone());
            self.places.insert(constant.resource_name.clone(), place);
        }
    }
}

/// The public code of a constant, if it has one.
fn place_of(constant: &GeoTargetConstant) -> Option<Place> {
    let country = constant.country_code.clone();
    if country.len() != 2 {
        return None;
    }
    let kind = constant.target_type.as_str();
    if kind == "DMA Region" {
        let code = u16::try_from(constant.id - DMA_BASE).ok().filter(|code| (100..1000).contains(code))?;
        return Some(Place::Dma(country, code));
    }
    // `California,United States`: what lies directly in a country has two parts, a country has one.
    let parts = constant.canonical_name.split(',').count();
    // Some countries have a comma in their name.
    let whole = parts == 1 || constant.canonical_name == constant.name;
    if whole && COUNTRY_TYPES.contains(&kind) {
        return Some(Place::Country(country));
    }
    if parts == 2 && SUBDIVISION_TYPES.contains(&kind) {
        let code = subdivisions::code(&country, &constant.name)?;
        return Some(Place::Subdivision(country, code.to_owned()));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant(id: i64, name: &str, canonical: &str, country: &str, kind: &str) -> GeoTargetConstant {
        GeoTargetConstant {
            resource_name: format!("geoTargetConstants/{id}"),
            id,
            name: name.to_owned(),
            canonical_name: canonical.to_owned(),
            country_code: country.to_owned(),
            target_type: kind.to_owned(),
        }
    }

    #[test]
    fn constants_have_public_codes() {
        for (constant, expected) in [
            (constant(2840, "United States", "United States", "US", "Country"), Some("US")),
            (
                constant(2535, "Bonaire, Sint Eustatius and Saba", "Bonaire, Sint Eustatius and Saba", "BQ", "Country"),
                Some("BQ"),
            ),
            (constant(21137, "California", "California,United States", "US", "State"), Some("US-CA")),
            (
                constant(200_803, "Los Angeles CA", "Los Angeles CA,United States", "US", "DMA Region"),
                Some("US-DMA-803"),
            ),
            (constant(20228, "Bavaria", "Bavaria,Germany", "DE", "State"), Some("DE-BY")),
            (constant(1, "Paris", "Paris,Paris,Ile-de-France,France", "FR", "City"), None),
            (constant(2, "New York", "New York,New York,United States", "US", "City"), None),
        ] {
            assert_eq!(place_of(&constant).map(|p| p.to_string()).as_deref(), expected, "{constant:?}");
        }
    }
}
