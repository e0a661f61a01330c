//! Places: countries and the market areas of the United States are Pinterest's own codes; which of them it targets, it
//! says.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use adops_core::market::Place;

use super::client::Client;
use crate::error::PlatformError;

/// How long Pinterest is not asked again for a place that it did not know.
const UNKNOWN_FOR: Duration = Duration::from_hours(1);

/// The codes that can be targeted; they hardly ever change, so they are asked for once.
#[derive(Debug, Default)]
pub(super) struct Atlas(tokio::sync::Mutex<Option<(Instant, BTreeSet<String>)>>);

impl Atlas {
    /// The codes of places; what Pinterest does not know is absent.
    pub(super) async fn resolve(
        &self,
        client: &Client,
        places: &BTreeSet<Place>,
    ) -> Result<BTreeMap<Place, String>, PlatformError> {
        let mut held = self.0.lock().await;
        let found = |known: &BTreeSet<String>| -> BTreeMap<Place, String> {
            let codes = places.iter().filter_map(|place| Some((place.clone(), code(place)?)));
            codes.filter(|(_, code)| known.contains(code)).collect()
        };
        if let Some((read, known)) = held.as_ref() {
            let found = found(known);
            if found.len() == places.len() || read.elapsed() < UNKNOWN_FOR {
                return Ok(found);
            }
        }
        if places.is_empty() {
            return Ok(BTreeMap::new());
        }
        let read = Instant::now();
        let named: Option<Vec<HashMap<String, serde_json::Value>>> =
            client.get("resources/targeting/LOCATION", &[]).await?;
        let known = named.into_iter().flatten().flat_map(HashMap::into_keys).collect();
        let found = found(&known);
        *held = Some((read, known));
        Ok(found)
    }
}

/// Pinterest's code of a place, if it may have one.
pub(super) fn code(place: &Place) -> Option<String> {
    match place {
        Place::Country(country) => Some(country.clone()),
        Place::Dma(country, number) if country == "US" => Some(number.to_string()),
        Place::Dma(..) | Place::Subdivision(..) | Place::PlatformOnly(_) => None,
    }
}

/// The place of a code; one that is neither a country nor a market area stays what it is.
pub(super) fn place(code: &str) -> Place {
    let is_country = code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
    let area = code.parse().ok().filter(|number| (100..1_000_u16).contains(number));
    match area {
        _ if is_country => Place::Country(code.to_owned()),
        Some(number) => Place::Dma("US".to_owned(), number),
        None => Place::PlatformOnly(code.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_as_they_were_written() {
        for (text, expected) in [("DE", "DE"), ("US-DMA-803", "803")] {
            let given: Place = text.parse().unwrap();
            let code = code(&given).unwrap();
            assert_eq!((code.as_str(), place(&code)), (expected, given), "{text}");
        }
        assert_eq!(code(&"US-CA".parse().unwrap()), None);
        assert_eq!(place("36313"), Place::PlatformOnly("36313".to_owned()));
    }
}
