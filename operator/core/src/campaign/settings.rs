//! What a platform object holds, in words that all platforms share.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;

use jiff::civil::DateTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
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
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
///
/// An operator holds tens of thousands of them for as long as it runs: they lie in one piece, in the order of their
/// fields, and values can be shared with all that have the same ([`Settings::share`]).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings(Vec<(Field, Arc<Value>)>);

impl Settings {
    /// The value of a field.
    pub fn get(&self, field: Field) -> Option<&Value> {
        let place = self.place(field).ok()?;
        self.0.get(place).map(|(_, value)| value.as_ref())
    }

    /// How many ads there are.
    pub fn ad_count(&self) -> usize {
        match self.get(Field::Ads) {
            Some(Value::Ads(ads)) => ads.len(),
            _ => 0,
        }
    }

    /// Sets a field.
    pub fn set(&mut self, field: Field, value: Value) {
        let value = Arc::new(value);
        match self.place(field) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (field, value)),
        }
    }

    fn place(&self, field: Field) -> Result<usize, usize> {
        self.0.binary_search_by_key(&field, |(field, _)| *field)
    }

    /// Fields and values, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &Value)> {
        self.0.iter().map(|(field, value)| (*field, value.as_ref()))
    }

    /// This, without some fields.
    #[must_use]
    pub fn without(mut self, fields: &BTreeSet<Field>) -> Self {
        self.0.retain(|(field, _)| !fields.contains(field));
        self
    }

    /// Keeps no value that the pool has, but a pointer to that; and no room for more fields.
    pub fn share(&mut self, pool: &mut Pool) {
        for (_, value) in &mut self.0 {
            pool.share(value);
        }
        self.0.shrink_to_fit();
    }

    /// Forty bits in hexadecimal that differ when a setting differs.
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        for (field, value) in self.iter() {
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

impl Serialize for Settings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = BTreeMap::<Field, Value>::deserialize(deserializer)?;
        Ok(Self(fields.into_iter().map(|(field, value)| (field, Arc::new(value))).collect()))
    }
}

/// Values that several objects have: most lines of an account are alike in most fields.
#[derive(Debug, Default)]
pub struct Pool(HashSet<Arc<Value>>);

impl Pool {
    fn share(&mut self, value: &mut Arc<Value>) {
        match self.0.get(value) {
            Some(same) => *value = same.clone(),
            None => _ = self.0.insert(value.clone()),
        }
    }

    /// Forgets what nobody has any more.
    pub fn tidy(&mut self) {
        self.0.retain(|value| Arc::strong_count(value) > 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(name: &str) -> Settings {
        let mut settings = Settings::default();
        settings.set(Field::Languages, Value::Set(BTreeSet::from(["en".to_owned()])));
        settings.set(Field::Name, Value::Text("before".to_owned()));
        settings.set(Field::Name, Value::Text(name.to_owned()));
        settings
    }

    #[test]
    fn fields_come_in_their_order_with_the_value_set_last() {
        let found: Vec<(Field, String)> =
            settings("spring").iter().map(|(field, value)| (field, value.to_string())).collect();
        assert_eq!(found, [(Field::Name, "spring".to_owned()), (Field::Languages, "[en]".to_owned())]);
        assert_eq!(settings("spring").without(&BTreeSet::from([Field::Name])).get(Field::Name), None);
        let json = serde_json::to_value(settings("spring")).unwrap();
        assert_eq!(json["Name"], serde_json::json!({ "Text": "spring" }));
        assert_eq!(serde_json::from_value::<Settings>(json).unwrap(), settings("spring"));
    }

    #[test]
    fn what_is_shared_is_the_same_value_held_once_and_forgotten_with_its_last_holder() {
        let mut pool = Pool::default();
        let (mut one, mut other) = (settings("spring"), settings("summer"));
        one.share(&mut pool);
        other.share(&mut pool);
        assert_eq!((&one, &other), (&settings("spring"), &settings("summer")));
        assert!(Arc::ptr_eq(&one.0[1].1, &other.0[1].1), "one language");
        assert_eq!(pool.0.len(), 3);
        drop(other);
        pool.tidy();
        assert_eq!(pool.0.len(), 2);
        // To set a field of the one changes no other.
        let copy = one.clone();
        one.set(Field::Languages, Value::Set(BTreeSet::new()));
        assert_eq!(copy, settings("spring"));
    }
}
