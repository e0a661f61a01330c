//! Places and markets: where a budget is split over.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A place that every platform can be asked for, by a public code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Place {
    /// ISO 3166-1 alpha-2, for example `US`.
    Country(String),
    /// ISO 3166-2, for example `US-CA`: country and subdivision code.
    Subdivision(String, String),
    /// A Nielsen designated market area of a country, for example `US-DMA-803`.
    Dma(String, u16),
    /// A place that only its platform knows, seen on a platform object that somebody edited.
    PlatformOnly(String),
}

impl Place {
    /// The country it lies in, where known.
    pub fn country(&self) -> Option<&str> {
        match self {
            Self::Country(country) | Self::Subdivision(country, _) | Self::Dma(country, _) => Some(country),
            Self::PlatformOnly(_) => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Country(country) => f.write_str(country),
            Self::Subdivision(country, code) => write!(f, "{country}-{code}"),
            Self::Dma(country, code) => write!(f, "{country}-DMA-{code}"),
            Self::PlatformOnly(id) => write!(f, "platform:{id}"),
        }
    }
}

/// Why a text is not a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a place: write a country (US), a subdivision (US-CA) or a DMA (US-DMA-803){hint}", hint = if matches!(self.0.as_str(), "false" | "true") { "; YAML reads an unquoted NO as false: write \"NO\"" } else { "" })]
pub struct PlaceError(pub String);

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || PlaceError(text.to_owned());
        if let Some(id) = text.strip_prefix("platform:") {
            return Ok(Self::PlatformOnly(id.to_owned()));
        }
        let mut parts = text.split('-');
        let country = parts.next().unwrap_or_default();
        if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(refuse());
        }
        match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => Ok(Self::Country(country.to_owned())),
            (Some("DMA"), Some(code), None) if code.len() == 3 => {
                Ok(Self::Dma(country.to_owned(), code.parse().map_err(|_| refuse())?))
            }
            (Some(code), None, _)
                if (1..=3).contains(&code.len())
                    && code != "DMA"
                    && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) =>
            {
                Ok(Self::Subdivision(country.to_owned(), code.to_owned()))
            }
            _ => Err(refuse()),
        }
    }
}

impl TryFrom<String> for Place {
    type Error = PlaceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}

/// One market of a Campaign: a place, or a named group of places that share one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Market {
    /// What the user calls it: the place's code or the group's name.
    pub key: String,
    /// The places it stands for; never empty.
    pub places: BTreeSet<Place>,
}

impl Market {
    /// A market that is one place.
    pub fn of(place: Place) -> Self {
        Self { key: place.to_string(), places: BTreeSet::from([place]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_and_printed_alike() {
        for text in ["US", "NO", "US-CA", "GB-ENG", "US-DMA-803", "FR-75"] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
        for text in ["", "us", "USA", "US-", "US-ca", "US-DMA", "US-DMA-80", "US-DMA-8x3", "US-CA-1"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_unquoted_no_is_told_to_be_quoted() {
        assert!("false".parse::<Place>().unwrap_err().to_string().contains("write \"NO\""));
    }
}
