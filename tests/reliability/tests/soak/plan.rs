//! What is asked for: a few Campaigns on two accounts, and how their specs change.

use adops_reliability::dice::Dice;
use serde_json::{Value, json};

/// The AdAccounts of a soak.
pub const ACCOUNTS: [&str; 2] = ["google-global", "google-second"];
/// The Campaigns of a soak.
pub const CAMPAIGNS: [&str; 3] = ["spring", "summer", "autumn"];

const MARKETS: [&str; 5] = ["US", "GB", "DE", "FR", "JP"];
const BUDGETS: [i64; 6] = [90, 120, 240, 300, 480, 720];

/// The spec of one Campaign.
#[derive(Debug, Clone)]
pub struct Plan {
    pub name: &'static str,
    pub accounts: Vec<&'static str>,
    pub markets: Vec<&'static str>,
    pub budget: i64,
    weights: [u32; 2],
    headlines: Vec<String>,
    keyword: String,
    end: &'static str,
    active: bool,
    suspend: bool,
    deletion: &'static str,
    stops_by_hand: &'static str,
    drift: &'static str,
}

impl Plan {
    /// A spec by chance.
    pub fn new(dice: &mut Dice, name: &'static str) -> Self {
        Self {
            name,
            accounts: dice.some_of(&ACCOUNTS),
            markets: dice.some_of(&MARKETS),
            budget: *dice.of(&BUDGETS),
            weights: [1, 1],
            headlines: vec![format!("{name} is here")],
            keyword: format!("{name} series"),
            end: "2027-05-31",
            active: true,
            suspend: false,
            deletion: "Pause",
            stops_by_hand: "Keep",
            drift: "Correct",
        }
    }

    /// Changes something; the answer is what.
    pub fn edit(&mut self, dice: &mut Dice, number: usize) -> String {
        match dice.below(13) {
            0 | 1 => self.markets = dice.some_of(&MARKETS),
            2 | 3 => self.budget = *dice.of(&BUDGETS),
            4 => self.accounts = dice.some_of(&ACCOUNTS),
            5 => self.weights = [*dice.of(&[1, 2, 5]), *dice.of(&[1, 3])],
            6 => {
                let ads = 1 + dice.below(2);
                self.headlines = (0..ads).map(|ad| format!("News {number} {ad}")).collect();
            }
            7 => self.keyword = format!("series {number}"),
            8 => self.active = !self.active,
            9 => self.suspend = !self.suspend,
            10 => self.deletion = *dice.of(&["Pause", "Remove"]),
            11 => self.end = *dice.of(&["2027-05-31", "2027-06-30", "2027-03-12"]),
            _ => {
                self.stops_by_hand = *dice.of(&["Keep", "Override"]);
                self.drift = *dice.of(&["Correct", "Correct", "Report"]);
            }
        }
        format!("{self:?}")
    }

    /// The spec under which nothing of what happened before may be left: no stop by hand is kept, no drift is let be,
    /// and it is another generation than all before it.
    pub fn last(&mut self) {
        self.suspend = false;
        self.stops_by_hand = "Override";
        self.drift = "Correct";
        self.end = "2027-07-31";
    }

    /// The budget in micros.
    pub fn micros(&self) -> i64 {
        self.budget * 1_000_000
    }

    fn spec(&self) -> Value {
        let mut split = json!({ "accounts": { self.accounts[0]: self.weights[1] } });
        // A map that a server-side apply empties becomes a null there, which no schema of an object takes: it is left out.
        if self.markets.contains(&"US") {
            split["markets"] = json!({ "US": self.weights[0] });
        }
        let ads: Vec<Value> = self.headlines.iter().enumerate().map(|(index, headline)| ad(index, headline)).collect();
        json!({
            "objective": "Signups",
            "flight": { "start": "2027-02-20", "end": self.end },
            "accounts": self.accounts,
            "markets": self.markets,
            "budget": { "daily": format!("{}.00", self.budget), "currency": "EUR" },
            "split": split,
            "fallbackLocale": "en",
            "declarations": { "euPoliticalAds": false, "specialAdCategories": [] },
            "ads": ads,
            "google": { "keywords": { "en": [self.keyword, "\"new series\""] } },
            "state": if self.active { "Active" } else { "Paused" },
            "suspend": self.suspend,
            "deletionPolicy": self.deletion,
            "stopsByHand": self.stops_by_hand,
            "driftPolicy": self.drift,
            "onReplace": "Allow",
        })
    }

    /// The Campaign as YAML (JSON is YAML), to be applied.
    pub fn yaml(&self) -> String {
        let (name, spec) = (self.name, self.spec());
        json!({ "apiVersion": "adops.dev/v1alpha1", "kind": "Campaign", "metadata": { "name": name }, "spec": spec })
            .to_string()
    }
}

fn ad(index: usize, headline: &str) -> Value {
    json!({
        "name": format!("ad-{index}"),
        "url": "https://example.com/{market}",
        "copy": { "en": {
            "headlines": [headline, "Watch now", "New season"],
            "descriptions": ["All episodes today.", "Start for free."],
        } },
    })
}
