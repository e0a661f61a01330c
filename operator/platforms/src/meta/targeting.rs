//! Whom an ad set is for: settings to Meta's `targeting`, and back.
//!
//! `targeting` is written as a whole. Advantage+ audience is always off, for it goes beyond what the spec says.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use adops_core::campaign::settings::{Field, Settings, Value};
use adops_core::campaign::spec::{AgeRange, Gender, MetaPlacement};
use adops_core::market::Place;
use adops_core::reason::Reason;
use serde_json::{Map, Value as Json, json};

use super::errors::rejected;
use super::places::LISTS;
use crate::error::PlatformError;

/// The youngest that ads are shown to unless the spec says otherwise.
const ADULT: u8 = 18;
/// The youngest that Meta knows.
const YOUNGEST: u8 = 13;
/// From this age on Meta tells people apart no more.
const OLDEST: u8 = 65;
/// The word for all surfaces, as Meta chooses.
const AUTOMATIC: &str = "automatic";

/// Parts of `targeting` that leave people out whom the spec has in.
const NARROWING: &[&str] = &[
    "behaviors",
    "connections",
    "custom_audiences",
    "device_platforms",
    "dynamic_audience_ids",
    "education_statuses",
    "excluded_connections",
    "excluded_custom_audiences",
    "exclusions",
    "flexible_spec",
    "friends_of_connections",
    "income",
    "industries",
    "interests",
    "keywords",
    "life_events",
    "relationship_statuses",
    "user_device",
    "user_os",
    "wireless_carrier",
    "work_employers",
    "work_positions",
];

/// The words of an age range, or which range is the nearest that Meta can target.
pub(super) fn ages(range: Option<AgeRange>) -> Result<String, String> {
    let range = range.unwrap_or(AgeRange { from: ADULT, to: None });
    let from = range.from.clamp(YOUNGEST, OLDEST);
    let to = range.to.filter(|to| *to < OLDEST).map(|to| to.max(from));
    let written = word(from, to);
    let fits = from == range.from && range.to.is_none_or(|to| to < OLDEST && to >= from);
    if fits { Ok(written) } else { Err(written) }
}

fn word(from: u8, to: Option<u8>) -> String {
    to.map_or_else(|| format!("{from}+"), |to| format!("{from}-{to}"))
}

/// Youngest and oldest of a range's words.
fn bounds(words: &str) -> Option<(u8, u8)> {
    if let Some(from) = words.strip_suffix('+') {
        return Some((from.parse().ok()?, OLDEST));
    }
    let (from, to) = words.split_once('-')?;
    Some((from.parse().ok()?, to.parse().ok()?))
}

/// The words of genders; of all if none is given.
pub(super) fn genders(wanted: &BTreeSet<Gender>) -> BTreeSet<String> {
    let all = BTreeSet::from([Gender::Female, Gender::Male]);
    let wanted = if wanted.is_empty() { &all } else { wanted };
    let word = |gender: &Gender| match gender {
        Gender::Female => "female",
        Gender::Male => "male",
    };
    wanted.iter().map(|gender| word(gender).to_owned()).collect()
}

/// The words of surfaces.
pub(super) fn placements(wanted: &BTreeSet<MetaPlacement>) -> BTreeSet<String> {
    let word = |placement: &MetaPlacement| match placement {
        MetaPlacement::Facebook => "facebook",
        MetaPlacement::Instagram => "instagram",
        MetaPlacement::Messenger => "messenger",
        MetaPlacement::AudienceNetwork => "audience_network",
    };
    let words: BTreeSet<String> = wanted.iter().map(|placement| word(placement).to_owned()).collect();
    if words.is_empty() { BTreeSet::from([AUTOMATIC.to_owned()]) } else { words }
}

/// Whether a setting is a part of `targeting`.
pub(super) fn has(field: Field) -> bool {
    matches!(field, Field::Places | Field::Ages | Field::Genders | Field::Placements | Field::Languages)
}

/// `targeting` of settings; `keys` are those of their places.
pub(super) fn write(settings: &Settings, keys: &BTreeMap<Place, String>) -> Result<Json, PlatformError> {
    patch(&Json::Null, settings.iter().filter(|(field, _)| has(*field)), keys)
}

/// A `targeting` with other values of some settings; all that others have put there besides goes with its setting.
pub(super) fn patch<'a>(
    targeting: &Json,
    parts: impl IntoIterator<Item = (Field, &'a Value)>,
    keys: &BTreeMap<Place, String>,
) -> Result<Json, PlatformError> {
    let mut all = targeting.as_object().cloned().unwrap_or_default();
    // What the platform makes of it is not ours to write.
    all.retain(|name, _| !name.starts_with("effective_"));
    for (field, value) in parts {
        match (field, value) {
            (Field::Places, Value::Places(places)) => {
                all.retain(|name, _| name != "excluded_geo_locations" && !NARROWING.contains(&name.as_str()));
                all.insert("geo_locations".to_owned(), geo(places, keys)?);
                all.insert("targeting_automation".to_owned(), json!({ "advantage_audience": 0 }));
            }
            (Field::Ages, Value::Text(words)) => {
                let (youngest, oldest) = bounds(words).ok_or_else(|| unfit(Field::Ages))?;
                all.remove("age_range");
                all.insert("age_min".to_owned(), youngest.into());
                all.insert("age_max".to_owned(), oldest.into());
            }
            (Field::Genders, Value::Set(words)) => {
                all.remove("genders");
                if words.len() == 1 {
                    let number = if words.contains("male") { 1 } else { 2 };
                    all.insert("genders".to_owned(), json!([number]));
                }
            }
            (Field::Placements, Value::Set(words)) => {
                all.retain(|name, _| name != "publisher_platforms" && !name.ends_with("_positions"));
                if !words.contains(AUTOMATIC) {
                    all.insert("publisher_platforms".to_owned(), words.iter().cloned().collect::<Vec<_>>().into());
                }
            }
            (Field::Languages, Value::Set(locales)) if locales.is_empty() => {
                all.remove("locales");
            }
            (field, _) => return Err(unfit(field)),
        }
    }
    Ok(all.into())
}

fn unfit(field: Field) -> PlatformError {
    rejected(Reason::InvalidSpec, format!("{field} has no value that Meta can hold"))
}

fn geo(places: &BTreeSet<Place>, keys: &BTreeMap<Place, String>) -> Result<Json, PlatformError> {
    let unknown: Vec<String> = places.iter().filter(|place| !keys.contains_key(*place)).map(Place::to_string).collect();
    if !unknown.is_empty() {
        return Err(rejected(Reason::UnknownMarket, format!("Meta does not know the place {}", unknown.join(", "))));
    }
    if places.is_empty() {
        return Err(rejected(Reason::InvalidSpec, "a line without places cannot be shown anywhere"));
    }
    let mut geo = Map::new();
    for (list, kind) in LISTS {
        let of_kind = places.iter().filter_map(|place| keys.get(place)?.split_once(':')).filter(|(k, _)| k == kind);
        let items: Vec<Json> =
            of_kind.map(|(_, key)| if *kind == "country" { key.into() } else { json!({ "key": key }) }).collect();
        if !items.is_empty() {
            geo.insert((*list).to_owned(), items.into());
        }
    }
    Ok(geo.into())
}

/// The keys of all places of a `targeting` that have a public code.
pub(super) fn keys(targeting: &Json) -> BTreeSet<String> {
    locations(&targeting["geo_locations"]).filter_map(|(_, key)| key.ok()).collect()
}

/// Each place of `geo_locations`: its list, and its key, or what it is where no public code can stand for it.
fn locations(geo: &Json) -> impl Iterator<Item = (&str, Result<String, String>)> {
    let lists = geo.as_object().into_iter().flatten();
    lists.filter(|(list, _)| *list != "location_types").flat_map(|(list, items)| {
        let kind = LISTS.iter().find(|(known, _)| known == list).map(|(_, kind)| *kind);
        items.as_array().into_iter().flatten().map(move |item| {
            let key = match item.get("key").unwrap_or(item) {
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            let known = kind.map(|kind| format!("{kind}:{key}")).ok_or_else(|| format!("{list}:{key}"));
            (list.as_str(), known)
        })
    })
}

/// Puts what a `targeting` says into settings; `places` are those of its keys.
pub(super) fn read(targeting: &Json, places: &HashMap<String, Place>, settings: &mut Settings) {
    settings.set(Field::Places, Value::Places(read_places(targeting, places)));
    settings.set(Field::Ages, Value::Text(read_ages(targeting)));
    settings.set(Field::Genders, Value::Set(read_genders(&targeting["genders"])));
    settings.set(Field::Placements, Value::Set(read_placements(&targeting["publisher_platforms"])));
    let locales = targeting["locales"].as_array().into_iter().flatten();
    settings.set(Field::Languages, Value::Set(locales.map(|locale| format!("locale:{locale}")).collect()));
}

fn read_places(targeting: &Json, known: &HashMap<String, Place>) -> BTreeSet<Place> {
    let mut places: BTreeSet<Place> = locations(&targeting["geo_locations"])
        .map(|(_, key)| match key {
            Ok(key) => known.get(&key).cloned().unwrap_or(Place::PlatformOnly(key)),
            Err(other) => Place::PlatformOnly(other),
        })
        .collect();
    let excluded = locations(&targeting["excluded_geo_locations"]);
    places.extend(excluded.map(|(_, key)| Place::PlatformOnly(format!("not {}", key.unwrap_or_else(|other| other)))));
    // Who is in the place, but not among these people, does not see the ads; nor must anybody who is not in it.
    let narrowing = NARROWING.iter().filter(|part| !is_empty(&targeting[**part]));
    places.extend(narrowing.map(|part| Place::PlatformOnly(format!("only {part}"))));
    if targeting["targeting_automation"]["advantage_audience"] == 1 {
        places.insert(Place::PlatformOnly("beyond advantage_audience".to_owned()));
    }
    places
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
        Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

fn read_ages(targeting: &Json) -> String {
    let age =
        |name: &str, default: u8| targeting[name].as_u64().and_then(|age| u8::try_from(age).ok()).unwrap_or(default);
    let to = age("age_max", OLDEST);
    word(age("age_min", ADULT), Some(to).filter(|to| *to < OLDEST))
}

fn read_genders(genders: &Json) -> BTreeSet<String> {
    let numbers: BTreeSet<u64> = genders.as_array().into_iter().flatten().filter_map(Json::as_u64).collect();
    let all = !numbers.contains(&1) && !numbers.contains(&2);
    let words = [(1, "male"), (2, "female")].into_iter().filter(|(number, _)| all || numbers.contains(number));
    words.map(|(_, word)| word.to_owned()).collect()
}

fn read_placements(platforms: &Json) -> BTreeSet<String> {
    let words: BTreeSet<String> =
        platforms.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect();
    if words.is_empty() { placements(&BTreeSet::new()) } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_metas_or_the_nearest_is_named() {
        let range = |from, to| Some(AgeRange { from, to });
        for (given, expected) in [
            (None, Ok("18+")),
            (range(18, Some(54)), Ok("18-54")),
            (range(21, Some(21)), Ok("21-21")),
            (range(65, None), Ok("65+")),
            (range(18, Some(65)), Err("18+")),
            (range(10, Some(20)), Err("13-20")),
            (range(70, None), Err("65+")),
        ] {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(ages(given), expected, "{given:?}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let place = |text: &str| text.parse::<Place>().unwrap();
        let keys = BTreeMap::from([
            (place("GB"), "country:GB".to_owned()),
            (place("US-CA"), "region:3847".to_owned()),
            (place("US-DMA-501"), "geo_market:DMA:501".to_owned()),
        ]);
        let mut settings = Settings::default();
        settings.set(Field::Places, Value::Places(keys.keys().cloned().collect()));
        settings.set(Field::Ages, Value::Text("18-54".to_owned()));
        settings.set(Field::Genders, Value::Set(genders(&BTreeSet::from([Gender::Female]))));
        settings.set(Field::Placements, Value::Set(placements(&BTreeSet::from([MetaPlacement::Instagram]))));
        settings.set(Field::Languages, Value::Set(BTreeSet::new()));
        let written = write(&settings, &keys).unwrap();
        assert_eq!(written["genders"], json!([2]));
        assert_eq!(super::keys(&written), keys.values().cloned().collect());
        let places = keys.into_iter().map(|(place, key)| (key, place)).collect();
        let mut again = Settings::default();
        read(&written, &places, &mut again);
        assert_eq!(again, settings);
    }

    #[test]
    fn what_others_have_narrowed_or_widened_shows() {
        let targeting = json!({
            "geo_locations": { "countries": ["US"], "cities": [{ "key": "7", "radius": 10 }], "location_types": ["home"] },
            "excluded_geo_locations": { "regions": [{ "key": "3847" }] },
            "flexible_spec": [{ "interests": [{ "id": "1" }] }],
            "custom_audiences": [],
            "locales": [6],
            "targeting_automation": { "advantage_audience": 1 },
        });
        let mut settings = Settings::default();
        read(&targeting, &HashMap::from([("country:US".to_owned(), "US".parse().unwrap())]), &mut settings);
        let places = settings.get(Field::Places).unwrap().to_string();
        assert_eq!(
            places,
            "[US, platform:beyond advantage_audience, platform:cities:7, platform:not region:3847, platform:only flexible_spec]"
        );
        assert_eq!(settings.get(Field::Languages).unwrap().to_string(), "[locale:6]");
        assert_eq!(settings.get(Field::Genders).unwrap().to_string(), "[female, male]");
    }
}
