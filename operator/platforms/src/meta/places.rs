//! Places: from public codes to Meta's keys, and back.
//!
//! A place is held as Meta's kind and key: `country:US`, `region:3847`, `geo_market:DMA:803`. Countries and market areas
//! have keys that follow from their codes, and are only looked up to see whether Meta knows them; regions are searched
//! for by their names.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use adops_core::market::Place;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Call, Client};
use super::desk::{Desk, Program};
use super::wire::{Location, Page};
use crate::error::PlatformError;
use crate::subdivisions;

/// How long Meta is not asked again for a place that it did not know.
const UNKNOWN_FOR: Duration = Duration::from_hours(1);
/// Keys that are asked for together.
const TOGETHER: usize = 50;
/// Rows of a search for a region's name.
const ROWS: usize = 25;

/// A list of `geo_locations` and the kind of place in it.
pub(super) const LISTS: &[(&str, &str)] =
    &[("countries", "country"), ("regions", "region"), ("geo_markets", "geo_market")];

/// What is known of places; it never changes, so it is asked for once.
#[derive(Debug, Default)]
pub(super) struct Atlas(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    keys: BTreeMap<Place, String>,
    places: HashMap<String, Place>,
    unknown: HashMap<Place, Instant>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Meta {
    data: HashMap<String, Value>,
}

impl Atlas {
    /// The keys of places; what Meta does not know is absent.
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
            places.iter().filter_map(|place| Some((place.clone(), known.keys.get(place)?.clone()))).collect()
        }))
    }

    /// The places of keys; those without a public code stay what they are.
    pub(super) async fn places(
        &self,
        client: &Client,
        keys: &BTreeSet<String>,
    ) -> Result<HashMap<String, Place>, PlatformError> {
        let missing: Vec<String> =
            self.with(|known| keys.iter().filter(|key| !known.places.contains_key(*key)).cloned().collect());
        if !missing.is_empty() {
            let found = by_keys(client, &missing).await?;
            self.with(|known| {
                known.learn_all(&found);
                for key in missing {
                    known.places.entry(key.clone()).or_insert(Place::PlatformOnly(key));
                }
            });
        }
        Ok(self.known(keys))
    }

    /// The places of keys that were looked up before.
    pub(super) fn known(&self, keys: &BTreeSet<String>) -> HashMap<String, Place> {
        self.with(|known| keys.iter().filter_map(|key| Some((key.clone(), known.places.get(key)?.clone()))).collect())
    }

    async fn look_up(&self, client: &Client, missing: &BTreeSet<Place>) -> Result<(), PlatformError> {
        let coded: Vec<String> = missing.iter().filter_map(key_of_code).collect();
        let mut found = if coded.is_empty() { Vec::new() } else { by_keys(client, &coded).await? };
        let named: Vec<&Place> = missing.iter().filter(|place| matches!(place, Place::Subdivision(..))).collect();
        if !named.is_empty() {
            let desk = Desk::new(client);
            let programs = named.into_iter().map(|place| search(&desk, place)).collect();
            let lost = || Err(PlatformError::Unavailable { message: "a search for a place was not made".to_owned() });
            for location in desk.run(programs, lost).await {
                found.extend(location?);
            }
        }
        self.with(|known| {
            known.learn_all(&found);
            for place in missing {
                if !known.keys.contains_key(place) {
                    known.unknown.insert(place.clone(), Instant::now());
                }
            }
        });
        Ok(())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Known) -> T) -> T {
        // A panic while it was held has left it whole: it only ever grows.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Known {
    fn missing(&self, places: &BTreeSet<Place>) -> BTreeSet<Place> {
        places
            .iter()
            .filter(|place| !matches!(place, Place::PlatformOnly(_)) && !self.keys.contains_key(*place))
            .filter(|place| self.unknown.get(*place).is_none_or(|since| since.elapsed() > UNKNOWN_FOR))
            .cloned()
            .collect()
    }

    fn learn_all(&mut self, locations: &[Location]) {
        for location in locations {
            self.learn(location);
        }
    }

    fn learn(&mut self, location: &Location) {
        if let Some(place) = place_of(location) {
            let key = format!("{}:{}", location.kind, location.key);
            self.unknown.remove(&place);
            self.keys.insert(place.clone(), key.clone());
            self.places.insert(key, place);
        }
    }
}

/// The key that follows from a code.
fn key_of_code(place: &Place) -> Option<String> {
    match place {
        Place::Country(code) => Some(format!("country:{code}")),
        Place::Dma(country, number) if country == "US" => Some(format!("geo_market:DMA:{number}")),
        Place::Dma(..) | Place::Subdivision(..) | Place::PlatformOnly(_) => None,
    }
}

/// What Meta knows of keys.
async fn by_keys(client: &Client, keys: &[String]) -> Result<Vec<Location>, PlatformError> {
    let mut found = Vec::new();
    for chunk in keys.chunks(TOGETHER) {
        let mut params = vec![("type", "adgeolocationmeta".to_owned())];
        for (list, kind) in LISTS {
            let keys: Vec<&str> =
                chunk.iter().filter_map(|key| key.split_once(':').filter(|(k, _)| k == kind)).map(|(_, k)| k).collect();
            if !keys.is_empty() {
                params.push((list, Value::from(keys).to_string()));
            }
        }
        let meta: Meta = client.get("search", &params).await?;
        for (list, kind) in LISTS {
            // A list of which nothing is known may come as an empty array.
            let rows = meta.data.get(*list).and_then(Value::as_object).into_iter().flatten();
            found.extend(rows.filter_map(|(key, row)| {
                let mut location = Location::deserialize(row).ok()?;
                (*kind).clone_into(&mut location.kind);
                location.key.clone_from(key);
                if *kind == "country" {
                    location.country_code.clone_from(key);
                }
                Some(location)
            }));
        }
    }
    Ok(found)
}

/// Searches for a subdivision by each of its names, until one is found.
fn search<'a>(desk: &'a Desk<'_>, place: &'a Place) -> Program<'a, Result<Option<Location>, PlatformError>> {
    Box::pin(async move {
        let Place::Subdivision(country, code) = place else { return Ok(None) };
        for name in subdivisions::names(country, code) {
            let params = vec![
                ("type", "adgeolocation".to_owned()),
                ("location_types", json!(["region"]).to_string()),
                ("country_code", country.clone()),
                ("q", name.to_owned()),
                ("limit", ROWS.to_string()),
            ];
            let page: Page<Location> = desk.read(Call::get("search", params)).await.map_err(|refusal| refusal.error)?;
            let found = page.data.into_iter().find(|location| place_of(location).as_ref() == Some(place));
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    })
}

/// The public code of what Meta knows, if it has one.
fn place_of(location: &Location) -> Option<Place> {
    let country = &location.country_code;
    if country.len() != 2 {
        return None;
    }
    match location.kind.as_str() {
        "country" => Some(Place::Country(country.clone())),
        "geo_market" => {
            let number = location.key.strip_prefix("DMA:")?.parse().ok()?;
            Some(Place::Dma(country.clone(), number))
        }
        "region" => {
            let code = code_of(country, &location.name)?;
            Some(Place::Subdivision(country.clone(), code.to_owned()))
        }
        _ => None,
    }
}

/// The code of a region by its name, of which Meta sometimes says in brackets what it is.
fn code_of(country: &str, name: &str) -> Option<&'static str> {
    let plain = name.split_once(" (").map_or(name, |(plain, _)| plain);
    subdivisions::code(country, name).or_else(|| subdivisions::code(country, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_have_public_codes() {
        for (kind, key, name, country, expected) in [
            ("country", "US", "United States", "US", Some("US")),
            ("region", "3847", "California", "US", Some("US-CA")),
            ("region", "3851", "Washington D. C.", "US", Some("US-DC")),
            ("region", "9", "São Paulo (state)", "BR", Some("BR-SP")),
            ("region", "9", "Bayern", "DE", Some("DE-BY")),
            ("geo_market", "DMA:803", "Los Angeles", "US", Some("US-DMA-803")),
            ("region", "1", "Atlantis", "US", None),
            ("city", "2", "California", "US", None),
        ] {
            let location = Location {
                key: key.to_owned(),
                name: name.to_owned(),
                kind: kind.to_owned(),
                country_code: country.to_owned(),
            };
            assert_eq!(place_of(&location).map(|p| p.to_string()).as_deref(), expected, "{name}");
        }
    }
}
