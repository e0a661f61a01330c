//! What a platform object holds, in words that all platforms share.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::market::Place;

/// A thing that can be set on a line. Delivery and budget are kept apart from the other
/// [`Settings`], for they have rules of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Field {
    /// Whether it is enabled.
    Delivery,
    /// The daily budget.
    Budget,
    /// The name.
    Name,
    /// The first instant, in the account's zone.
    Start,
    /// The last instant, in the account's zone.
    End,
    /// Where.
    Places,
    /// In which languages.
    Languages,
    /// For which ages.
    Ages,
    /// For which genders.
    Genders,
    /// For which searches.
    Keywords,
    /// For which searches not.
    NegativeKeywords,
    /// The ads.
    Ads,
    /// What is appended to URLs.
    UrlSuffix,
    /// How it bids.
    Bidding,
    /// Where on the platform's network.
    Networks,
    /// The kind of advertising.
    Channel,
    /// Which conversion counts.
    ConversionAction,
    /// The statement on EU political ads.
    PoliticalAds,
    /// What the advertising is for, in the platform's words.
    Objective,
    /// What the platform optimises delivery for.
    Optimization,
    /// Where on the platform's surfaces.
    Placements,
    /// Under which page, profile or brand the ads are shown.
    Identity,
    /// The statement on kinds of ads with special rules.
    SpecialAdCategories,
}

impl Field {
    /// The word as users write it in `ignoreFields`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivery => "Delivery",
            Self::Budget => "Budget",
            Self::Name => "Name",
            Self::Start => "Start",
            Self::End => "End",
            Self::Places => "Places",
            Self::Languages => "Languages",
            Self::Ages => "Ages",
            Self::Genders => "Genders",
            Self::Keywords => "Keywords",
            Self::NegativeKeywords => "NegativeKeywords",
            Self::Ads => "Ads",
            Self::UrlSuffix => "UrlSuffix",
            Self::Bidding => "Bidding",
            Self::Networks => "Networks",
            Self::Channel => "Channel",
            Self::ConversionAction => "ConversionAction",
            Self::PoliticalAds => "PoliticalAds",
            Self::Objective => "Objective",
            Self::Optimization => "Optimization",
            Self::Placements => "Placements",
            Self::Identity => "Identity",
            Self::SpecialAdCategories => "SpecialAdCategories",
        }
    }

    /// Whether `ignoreFields` may name it.
    pub fn may_be_left(self) -> bool {
        !matches!(
            self,
            Self::Channel
                | Self::PoliticalAds
                | Self::Objective
                | Self::Optimization
                | Self::Placements
                | Self::Identity
                | Self::SpecialAdCategories
        )
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// A word or text.
    Text(String),
    /// Words whose order says nothing.
    Set(BTreeSet<String>),
    /// An instant in the account's zone.
    Instant(DateTime),
    /// Places whose order says nothing.
    Places(BTreeSet<Place>),
    /// Ads whose order says nothing.
    Ads(BTreeSet<AdSettings>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = |items: &mut dyn Iterator<Item = String>| {
            f.write_str("[")?;
            for (index, item) in items.enumerate() {
                write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
            }
            f.write_str("]")
        };
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Instant(instant) => write!(f, "{instant}"),
            Self::Set(set) => list(&mut set.iter().cloned()),
            Self::Places(places) => list(&mut places.iter().map(Place::to_string)),
            Self::Ads(ads) => list(&mut ads.iter().map(|ad| {
                let headlines = ad.headlines.join(" | ");
                format!("{} → {}", headlines, ad.url)
            })),
        }
    }
}

/// A hash of an image's or a video's content: SHA-256, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContentHash(pub String);

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An ad as a platform holds it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AdSettings {
    /// Where it leads to.
    pub url: String,
    /// Headlines in order.
    pub headlines: Vec<String>,
    /// Descriptions in order.
    pub descriptions: Vec<String>,
    /// Words after the domain.
    pub paths: Vec<String>,
    /// What its button says, in the platform's word; empty where there is none.
    pub call_to_action: String,
    /// Its images and videos by the hash of their content.
    pub media: BTreeSet<ContentHash>,
}

/// All that is set on a line but delivery and budget. A field that is absent is not managed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Settings(pub BTreeMap<Field, Value>);

impl Settings {
    /// The value of a field.
    pub fn get(&self, field: Field) -> Option<&Value> {
        self.0.get(&field)
    }

    /// Sets a field.
    pub fn set(&mut self, field: Field, value: Value) {
        self.0.insert(field, value);
    }

    /// This, without some fields.
    #[must_use]
    pub fn without(mut self, fields: &BTreeSet<Field>) -> Self {
        self.0.retain(|field, _| !fields.contains(field));
        self
    }

    /// Forty bits in hexadecimal that differ when a setting differs.
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        for (field, value) in &self.0 {
            hasher.update(field.as_str().as_bytes());
            hasher.update([0]);
            hasher.update(value.to_string().as_bytes());
            // `Display` joins an ad's parts; their full content is in the debug form.
            if let Value::Ads(ads) = value {
                hasher.update(format!("{ads:?}").as_bytes());
            }
            hasher.update([1]);
        }
        hasher.finalize().iter().take(5).fold(String::new(), |mut hex, byte| {
            use fmt::Write;
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}
