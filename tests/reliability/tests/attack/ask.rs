//! A Campaign of the attack, edited up and down.

use adops_reliability::dice::Dice;
use serde_json::{Value, json};

use crate::field::Field;

const MARKETS: [&str; 4] = ["US", "GB", "DE", "FR"];

/// A Campaign as it is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) name: &'static str,
    field: &'static Field,
    accounts: Vec<&'static str>,
    markets: Vec<&'static str>,
    /// In whole euros.
    pub(crate) budget: i64,
    us: u32,
    first: u32,
    active: bool,
    pub(crate) suspend: bool,
    report: bool,
}

impl Ask {
    pub(crate) fn new(dice: &mut Dice, name: &'static str, field: &'static Field) -> Self {
        let mut ask = Self {
            name,
            field,
            accounts: Vec::new(),
            markets: Vec::new(),
            budget: 0,
            us: 1,
            first: 1,
            active: true,
            suspend: false,
            report: dice.below(6) == 0,
        };
        ask.accounts = match dice.below(4) {
            0 => vec![field.accounts[0].name],
            _ => field.accounts.iter().map(|account| account.name).collect(),
        };
        ask.choose_markets(dice);
        ask.choose_budget(dice);
        ask
    }

    fn choose_markets(&mut self, dice: &mut Dice) {
        self.markets = MARKETS.into_iter().filter(|_| dice.below(2) == 0).collect();
        if self.markets.is_empty() {
            self.markets.push("US");
        }
    }

    fn choose_budget(&mut self, dice: &mut Dice) {
        self.budget = *dice.of(&[40, 90, 120, 200, 300]) * self.field.scale;
    }

    pub(crate) fn edit(&mut self, dice: &mut Dice) {
        match dice.below(9) {
            0..=2 => self.choose_budget(dice),
            3 => self.us = *dice.of(&[1, 2, 5]),
            4 | 5 => self.first = *dice.of(&[1, 3, 8]),
            6 => self.choose_markets(dice),
            7 => self.active = !self.active,
            _ => self.suspend = !self.suspend,
        }
    }

    pub(crate) fn spec(&self) -> Value {
        let of = |key: &str, named: bool, weight: u32| json!({ key: if named { json!(weight) } else { Value::Null } });
        json!({
            "objective": "Signups",
            "flight": { "start": "2027-02-20", "end": "2027-05-31" },
            "accounts": self.accounts,
            "markets": self.markets,
            "budget": { "daily": format!("{}.00", self.budget), "currency": "EUR" },
            "split": {
                "markets": of("US", self.markets.contains(&"US"), self.us),
                "accounts": { self.field.accounts[0].name: self.first },
            },
            "fallbackLocale": "en",
            "declarations": { "euPoliticalAds": false, "specialAdCategories": [] },
            "ads": [{
                "name": "main",
                "url": "https://example.com/{market}",
                "copy": { "en": {
                    "headlines": ["Spring is here", "Watch now", "New season"],
                    "descriptions": ["All episodes today.", "Start for free."],
                } },
                "media": self.field.media(),
            }],
            "google": { "keywords": { "en": ["series"] } },
            "state": if self.active { "Active" } else { "Paused" },
            "suspend": self.suspend,
            "driftPolicy": if self.report { "Report" } else { "Correct" },
        })
    }

    pub(crate) fn yaml(&self) -> String {
        let mut spec = self.spec();
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
}
