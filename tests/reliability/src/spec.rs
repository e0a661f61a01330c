//! The Campaign that the tests work with.

use std::sync::OnceLock;

use adops_e2e::files::Files;
use adops_e2e::reach;
use adsim::PlatformName;
use serde_json::{Value, json};

/// A server of media that all worlds of a process share.
fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| Files::start().expect("a server of files"))
}

/// What ads on these platforms are made of beside words.
pub fn media(platforms: &[PlatformName]) -> Vec<String> {
    let shown = platforms.iter().any(|platform| *platform != PlatformName::Google);
    let paths = ["spring-9x16.mp4", "spring-9x16.jpg"].into_iter().filter(|_| shown);
    paths.map(|path| format!("{}/{path}", files().url())).collect()
}

/// The parts of a Campaign that the tests change.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Its name.
    pub name: String,
    /// Where it runs.
    pub platforms: Vec<PlatformName>,
    /// First day of the flight.
    pub start: String,
    /// Markets, each a line.
    pub markets: Vec<String>,
    /// Daily budget in whole euros, for each platform.
    pub budget: i64,
    /// The weight of `US`.
    pub us_weight: u32,
    /// The first headline.
    pub headline: String,
    /// A keyword.
    pub keyword: String,
    /// Whether it is active.
    pub active: bool,
    /// `Pause` or `Remove`.
    pub deletion: String,
    /// `Keep` or `Override`.
    pub stops_by_hand: String,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            name: "spring".into(),
            platforms: vec![PlatformName::Google],
            start: "2027-03-01".into(),
            markets: ["US", "GB", "DE"].map(str::to_owned).to_vec(),
            budget: 300,
            us_weight: 1,
            headline: "Spring is here".into(),
            keyword: "spring series".into(),
            active: true,
            deletion: "Pause".into(),
            stops_by_hand: "Keep".into(),
        }
    }
}

impl Spec {
    /// The usual one, on these platforms.
    #[must_use]
    pub fn on(platforms: &[PlatformName]) -> Self {
        Self { platforms: platforms.to_vec(), ..Self::default() }
    }

    /// The Campaign's spec, as a merge patch.
    pub fn json(&self) -> Value {
        let weighs = self.markets.iter().any(|market| market == "US");
        // A merge patch takes out what is null.
        let weight = if weighs { json!(self.us_weight) } else { Value::Null };
        json!({
            "objective": "Signups",
            "flight": { "start": self.start, "end": "2027-05-31" },
            "accounts": self.platforms.iter().map(|platform| reach::adaccount(*platform)).collect::<Vec<_>>(),
            "markets": self.markets,
            "budget": { "daily": format!("{}.00", self.total()), "currency": "EUR" },
            "split": { "markets": { "US": weight } },
            "fallbackLocale": "en",
            "declarations": { "euPoliticalAds": false, "specialAdCategories": [] },
            "ads": [{
                "name": "main",
                "url": "https://example.com/{market}",
                "copy": { "en": {
                    "headlines": [self.headline, "Watch now", "New season"],
                    // TikTok shows these alone.
                    "descriptions": [format!("{}.", self.headline), "Start for free."],
                } },
                "media": media(&self.platforms),
            }],
            "google": { "keywords": { "en": [self.keyword, "\"new series\""] } },
            "state": if self.active { "Active" } else { "Paused" },
            "deletionPolicy": self.deletion,
            "stopsByHand": self.stops_by_hand,
            "onReplace": "Allow",
        })
    }

    /// The Campaign as YAML (JSON is YAML).
    pub fn yaml(&self) -> String {
        let mut spec = self.json();
        if let Some(weights) = spec["split"]["markets"].as_object_mut() {
            weights.retain(|_, weight| !weight.is_null());
        }
        json!({
            "apiVersion": "adops.dev/v1alpha1",
            "kind": "Campaign",
            "metadata": { "name": self.name },
            "spec": spec,
        })
        .to_string()
    }

    /// The budget in whole euros.
    fn total(&self) -> i64 {
        self.budget * i64::try_from(self.platforms.len()).expect("a few platforms")
    }

    /// The budget in micros.
    pub fn micros(&self) -> i64 {
        self.total() * 1_000_000
    }
}
