//! Places and languages: from public codes to TikTok's ids, and back.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use adops_core::market::Place;

use super::client::{Client, list};
use super::render::OBJECTIVE;
use super::rules::own_id;
use super::wire::{self, Region, Regions};
use crate::error::PlatformError;
use crate::subdivisions;

/// How long TikTok is not asked again for a place that it did not know.
const UNKNOWN_FOR: Duration = Duration::from_hours(1);

/// What is known of places and languages; it hardly ever changes, so it is asked for once.
#[derive(Debug, Default)]
pub(super) struct Atlas {
    known: Mutex<Option<Known>>,
    /// One question at a time.
    turn: tokio::sync::Mutex<()>,
    languages: tokio::sync::Mutex<Option<BTreeSet<String>>>,
}

/// All places where TikTok shows ads for this account.
#[derive(Debug, Clone)]
pub(super) struct Known {
    ids: BTreeMap<Place, String>,
    places: HashMap<String, Place>,
    read: Instant,
}

impl Known {
    fn of(regions: &[Region], read: Instant) -> Self {
        let mut known = Self { ids: BTreeMap::new(), places: HashMap::new(), read };
        for region in regions {
            let place = place_of(region, regions).unwrap_or_else(|| Place::PlatformOnly(region.location_id.clone()));
            known.places.insert(region.location_id.clone(), place.clone());
            known.ids.insert(place, region.location_id.clone());
        }
        known
    }

    fn id(&self, place: &Place) -> Option<&String> {
        match own_id(place) {
            // What only TikTok knows may have a public code, too.
            Some(id) => self.places.get_key_value(id).map(|(id, _)| id),
            None => self.ids.get(place),
        }
    }

    /// The place of an id; one without a public code stays what it is.
    pub(super) fn place(&self, id: &str) -> Place {
        self.places.get(id).cloned().unwrap_or_else(|| Place::PlatformOnly(id.to_owned()))
    }
}

impl Atlas {
    /// The ids of places; what TikTok does not know is absent.
    pub(super) async fn resolve(
        &self,
        client: &Client,
        places: &BTreeSet<Place>,
    ) -> Result<BTreeMap<Place, String>, PlatformError> {
        if places.is_empty() {
            return Ok(BTreeMap::new());
        }
        let found = |known: &Known| -> BTreeMap<Place, String> {
            places.iter().filter_map(|place| Some((place.clone(), known.id(place)?.clone()))).collect()
        };
        let known = self.read(client, |known| found(known).len() == places.len()).await?;
        Ok(found(&known))
    }

    /// What is known, to say what ids stand for.
    pub(super) async fn known(&self, client: &Client) -> Result<Known, PlatformError> {
        self.read(client, |_| true).await
    }

    /// What is known; read anew if that does not do and is not young.
    async fn read(&self, client: &Client, will_do: impl Fn(&Known) -> bool) -> Result<Known, PlatformError> {
        let _turn = self.turn.lock().await;
        if let Some(known) = self.held().clone().filter(|known| will_do(known) || known.read.elapsed() < UNKNOWN_FOR) {
            return Ok(known);
        }
        let read = Instant::now();
        let regions: Regions = client
            .get(
                "tool/region",
                &[
                    ("placements", list(["PLACEMENT_TIKTOK"])),
                    ("objective_type", OBJECTIVE.to_owned()),
                    ("level_range", "TO_PROVINCE".to_owned()),
                ],
            )
            .await?;
        let known = Known::of(&regions.region_info, read);
        *self.held() = Some(known.clone());
        Ok(known)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The codes of all languages that can be targeted.
    pub(super) async fn languages(&self, client: &Client) -> Result<BTreeSet<String>, PlatformError> {
        let mut held = self.languages.lock().await;
        if let Some(languages) = held.as_ref() {
            return Ok(languages.clone());
        }
        let answer: wire::Languages = client.get("tool/language", &[]).await?;
        let codes = answer.languages.into_iter().map(|language| language.code).collect();
        Ok(held.insert(codes).clone())
    }
}

/// The public code of a region, if it has one.
fn place_of(region: &Region, regions: &[Region]) -> Option<Place> {
    let country = if region.country_code.is_empty() { &region.region_code } else { &region.country_code };
    if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
        return None;
    }
    // A market area is told by Nielsen's number.
    if region.area_type.contains("DMA") {
        let number = region.location_id.parse::<u16>().ok().filter(|number| (100..1_000).contains(number))?;
        return Some(Place::Dma(country.clone(), number));
    }
    match region.level.as_str() {
        "COUNTRY" => Some(Place::Country(country.clone())),
        "PROVINCE" => {
            let below_country =
                regions.iter().any(|above| above.location_id == region.parent_id && above.level == "COUNTRY");
            let code = subdivisions::code(country, &region.name).filter(|_| below_country)?;
            Some(Place::Subdivision(country.clone(), code.to_owned()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(id: &str, name: &str, parent: &str, country: &str, level: &str, area: &str) -> Region {
        Region {
            location_id: id.to_owned(),
            name: name.to_owned(),
            parent_id: parent.to_owned(),
            region_code: country.to_owned(),
            country_code: country.to_owned(),
            area_type: area.to_owned(),
            level: level.to_owned(),
        }
    }

    #[test]
    fn regions_have_public_codes() {
        let regions = [
            region("6252001", "United States", "0", "US", "COUNTRY", "ADMIN"),
            region("5332921", "California", "6252001", "US", "PROVINCE", "ADMIN"),
            region("803", "Los Angeles CA", "6252001", "US", "PROVINCE", "METROPOLITAN_OR_DMA"),
            region("5368361", "Los Angeles", "5332921", "US", "CITY", "ADMIN"),
            region("42", "Nowhere", "6252001", "US", "PROVINCE", "ADMIN"),
        ];
        let known = Known::of(&regions, Instant::now());
        for (place, id) in [
            ("US", Some("6252001")),
            ("US-CA", Some("5332921")),
            ("US-DMA-803", Some("803")),
            ("platform:5368361", Some("5368361")),
            ("platform:42", Some("42")),
            ("platform:43", None),
            ("DE", None),
        ] {
            assert_eq!(known.id(&place.parse().unwrap()).map(String::as_str), id, "{place}");
        }
        assert_eq!(known.place("803").to_string(), "US-DMA-803");
        assert_eq!(known.place("5368361").to_string(), "platform:5368361");
        assert_eq!(known.place("99").to_string(), "platform:99");
    }
}
