//! Locales, and which of the given copies a market takes.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use icu_locale::LanguageIdentifier;
use icu_locale::LocaleExpander;
use icu_locale::subtags::Region;
use serde::{Deserialize, Serialize};

use crate::market::{Market, Place};

/// A BCP 47 language tag as people write it: `en`, `de-CH`, `zh-Hant`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Locale(String);

impl Locale {
    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language alone: `de` of `de-CH`.
    pub fn language(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }

    /// This tag, then with its last part dropped, and so on: `zh-Hant-TW`, `zh-Hant`, `zh`.
    pub fn and_parents(&self) -> impl Iterator<Item = Locale> {
        let mut next = Some(self.0.as_str());
        std::iter::from_fn(move || {
            let current = next?;
            next = current.rsplit_once('-').map(|(parent, _)| parent);
            Some(Locale(current.to_owned()))
        })
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a locale.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a language tag such as en, de-CH or zh-Hant{hint}", hint = if matches!(self.0.as_str(), "false" | "true") { "; YAML reads an unquoted no as false: write \"no\"" } else { "" })]
pub struct LocaleError(pub String);

impl FromStr for Locale {
    type Err = LocaleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed: LanguageIdentifier = text.parse().map_err(|_| LocaleError(text.to_owned()))?;
        // `false` has the form of a five-letter language subtag.
        if parsed.language.is_unknown() || matches!(text, "false" | "true") {
            return Err(LocaleError(text.to_owned()));
        }
        Ok(Self(parsed.to_string()))
    }
}

impl TryFrom<String> for Locale {
    type Error = LocaleError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Locale> for String {
    fn from(locale: Locale) -> Self {
        locale.0
    }
}

/// Countries that CLDR's likely subtags do not name, for their language is the table's default, `en`.
/// Listed, so that a code which is no country gets no language.
const ENGLISH: &[&str] = &[
    "AG", "AI", "AQ", "AU", "BB", "BM", "BS", "BW", "BZ", "CA", "CK", "CX", "DM", "FJ", "FK", "FM", "GB", "GD", "GG",
    "GI", "GM", "GS", "GU", "GY", "HM", "IE", "IM", "IO", "JE", "JM", "KI", "KN", "KY", "LC", "LR", "MH", "MP", "MS",
    "MW", "NF", "NG", "NR", "NU", "NZ", "PN", "SB", "SG", "SH", "SL", "SX", "SZ", "TC", "TT", "UM", "VC", "VG", "VI",
    "ZA", "ZM",
];

/// The locale that CLDR's likely subtags give for a country: `de-AT` for `AT`, `nb-NO` for `NO`.
pub fn likely(country: &str) -> Option<Locale> {
    let region: Region = country.parse().ok()?;
    let mut tag = LanguageIdentifier::UNKNOWN;
    tag.region = Some(region);
    LocaleExpander::new_extended().maximize(&mut tag);
    if tag.language.is_unknown() {
        return ENGLISH.contains(&country).then(|| format!("en-{country}").parse().ok()).flatten();
    }
    // The script is dropped where the language implies it, so that `de-AT` finds the copy `de`.
    let full = tag.clone();
    LocaleExpander::new_extended().minimize(&mut tag);
    tag.region = full.region;
    tag.to_string().parse().ok()
}

/// Why no locale can be chosen for a market.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// The places of a group speak different languages.
    #[error(
        "the places of `{market}` have the likely languages {languages}: say which with `locales: {{{market}: …}}`"
    )]
    Ambiguous {
        /// The group's name.
        market: String,
        /// What its places would take, comma-separated.
        languages: String,
    },
    /// No copy for the market's language and no fallback.
    #[error(
        "no ad copy for `{market}`: its language is {wanted}, copy exists for {available}; add one, or set `fallbackLocale`"
    )]
    NoCopy {
        /// The market.
        market: String,
        /// The locale it wants.
        wanted: String,
        /// What there is, comma-separated.
        available: String,
    },
}

/// The locale whose copy a market takes: the one asked for, or the likely one of its places, looked
/// up in `available` from the most special to the language alone, then `fallback`.
pub fn choose(
    market: &Market,
    asked: Option<&Locale>,
    fallback: Option<&Locale>,
    available: &BTreeSet<Locale>,
) -> Result<Locale, ChoiceError> {
    let wanted: BTreeSet<Locale> = match asked {
        Some(locale) => BTreeSet::from([locale.clone()]),
        None => market.places.iter().filter_map(Place::country).filter_map(likely).collect(),
    };
    let found: BTreeSet<Option<Locale>> =
        wanted.iter().map(|locale| locale.and_parents().find(|candidate| available.contains(candidate))).collect();
    let list = |set: &BTreeSet<Locale>| set.iter().map(Locale::as_str).collect::<Vec<_>>().join(", ");
    let mut found = found.into_iter();
    match (found.next().flatten(), found.next()) {
        (Some(one), None) => Ok(one),
        (_, Some(_)) => Err(ChoiceError::Ambiguous { market: market.key.clone(), languages: list(&wanted) }),
        (None, None) => {
            let fallback = fallback.filter(|locale| available.contains(*locale));
            fallback.cloned().ok_or_else(|| ChoiceError::NoCopy {
                market: market.key.clone(),
                wanted: list(&wanted),
                available: list(available),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locales(tags: &[&str]) -> BTreeSet<Locale> {
        tags.iter().map(|tag| tag.parse().unwrap()).collect()
    }

    fn market(key: &str, places: &[&str]) -> Market {
        Market { key: key.to_owned(), places: places.iter().map(|p| p.parse().unwrap()).collect() }
    }

    #[test]
    fn a_country_takes_its_likely_language() {
        for (country, tag) in [
            ("US", "en-US"),
            ("GB", "en-GB"),
            ("CA", "en-CA"),
            ("AU", "en-AU"),
            ("AT", "de-AT"),
            ("NO", "nb-NO"),
            ("JP", "ja-JP"),
            ("TW", "zh-TW"),
        ] {
            assert_eq!(likely(country).unwrap().as_str(), tag);
        }
        for country in ENGLISH {
            assert_eq!(likely(country).unwrap().as_str(), format!("en-{country}"));
        }
        assert_eq!(likely("QQ").map(|l| l.to_string()), None);
    }

    #[test]
    fn a_market_takes_the_most_special_copy_there_is() {
        let available = locales(&["en", "de", "de-AT"]);
        let choose = |m: &Market| choose(m, None, None, &available).map(|l| l.to_string());
        assert_eq!(choose(&market("AT", &["AT"])).unwrap(), "de-AT");
        assert_eq!(choose(&market("DE", &["DE"])).unwrap(), "de");
        assert_eq!(choose(&market("US-CA", &["US-CA"])).unwrap(), "en");
        assert!(matches!(choose(&market("FR", &["FR"])), Err(ChoiceError::NoCopy { .. })));
    }

    #[test]
    fn a_group_of_one_language_is_one_and_of_two_is_asked_about() {
        let available = locales(&["en", "de", "fr"]);
        let dach = market("dach", &["DE", "AT", "CH"]);
        assert_eq!(choose(&dach, None, None, &available).unwrap().as_str(), "de");
        let mixed = market("mixed", &["DE", "FR"]);
        assert!(matches!(choose(&mixed, None, None, &available), Err(ChoiceError::Ambiguous { .. })));
        let fr: Locale = "fr".parse().unwrap();
        assert_eq!(choose(&mixed, Some(&fr), None, &available).unwrap().as_str(), "fr");
    }

    #[test]
    fn the_fallback_is_taken_only_where_nothing_fits() {
        let (available, en) = (locales(&["en", "de"]), "en".parse().unwrap());
        assert_eq!(choose(&market("JP", &["JP"]), None, Some(&en), &available).unwrap().as_str(), "en");
        assert_eq!(choose(&market("DE", &["DE"]), None, Some(&en), &available).unwrap().as_str(), "de");
        assert!("false".parse::<Locale>().unwrap_err().to_string().contains("\"no\""));
    }
}
