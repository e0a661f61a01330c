//! A line's settings in Google's terms, ready to be written.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::plan::NewLine;
use adops_core::campaign::settings::{AdSettings, Field, Settings, Value};
use adops_core::market::Place;
use adops_core::reason::Reason;
use jiff::civil::{Date, DateTime, time};

use super::account::Basics;
use super::bidding::Bid;
use super::places::Languages;
use super::text::{AGES, GENDERS, Group, Keyword};
use crate::error::PlatformError;

/// What the words of settings stand for on an account.
pub(super) struct Dictionary<'a> {
    pub(super) basics: &'a Basics,
    pub(super) today: Date,
    pub(super) places: &'a BTreeMap<Place, String>,
    pub(super) languages: &'a Languages,
    /// Conversion actions by name: the goal that counts each, or why there is none.
    pub(super) goals: &'a BTreeMap<String, Result<String, PlatformError>>,
}

/// A whole line.
#[derive(Debug, Clone)]
pub(super) struct Blueprint {
    pub(super) name: String,
    pub(super) budget_micros: i64,
    pub(super) start: Option<String>,
    pub(super) end: String,
    pub(super) places: Vec<String>,
    pub(super) languages: Vec<String>,
    pub(super) excluded_ages: Vec<&'static str>,
    pub(super) excluded_genders: Vec<&'static str>,
    pub(super) keywords: Vec<Keyword>,
    pub(super) negative_keywords: Vec<Keyword>,
    pub(super) ads: Vec<AdSettings>,
    pub(super) url_suffix: String,
    pub(super) bid: Bid,
    pub(super) partners: bool,
    pub(super) political: &'static str,
    pub(super) goal: Option<String>,
}

/// Something in settings that cannot be written.
pub(super) fn rejected(reason: Reason, message: impl Into<String>) -> PlatformError {
    PlatformError::Rejected { reason, message: message.into() }
}

/// A value that is not of its field's kind.
pub(super) fn unfit(field: Field) -> PlatformError {
    rejected(Reason::InvalidSpec, format!("{field} has no value that Google Ads can hold"))
}

impl Blueprint {
    /// Of a new line.
    pub(super) fn new(line: &NewLine, dictionary: &Dictionary<'_>) -> Result<Self, PlatformError> {
        let settings = &line.settings;
        let end = match settings.get(Field::End) {
            Some(Value::Instant(end)) => dictionary.end(*end),
            _ => return Err(unfit(Field::End)),
        };
        let start = match settings.get(Field::Start) {
            Some(Value::Instant(start)) => dictionary.start(*start),
            _ => return Err(unfit(Field::Start)),
        };
        if text(settings, Field::Channel)? != "Search" {
            return Err(unfit(Field::Channel));
        }
        Ok(Self {
            name: text(settings, Field::Name)?.to_owned(),
            budget_micros: line.budget.micros(),
            start: Some(start),
            end,
            places: dictionary.places(settings.get(Field::Places).ok_or_else(|| unfit(Field::Places))?)?,
            languages: dictionary.languages(set(settings, Field::Languages)?)?,
            excluded_ages: excluded(set(settings, Field::Ages)?, AGES),
            excluded_genders: excluded(set(settings, Field::Genders)?, GENDERS),
            keywords: keywords(set(settings, Field::Keywords)?, Field::Keywords)?,
            negative_keywords: keywords(set(settings, Field::NegativeKeywords)?, Field::NegativeKeywords)?,
            ads: match settings.get(Field::Ads) {
                Some(Value::Ads(ads)) => ads.iter().cloned().collect(),
                _ => return Err(unfit(Field::Ads)),
            },
            url_suffix: text(settings, Field::UrlSuffix)?.to_owned(),
            bid: dictionary.bid(text(settings, Field::Bidding)?)?,
            partners: partners(text(settings, Field::Networks)?)?,
            political: political(text(settings, Field::PoliticalAds)?)?,
            goal: dictionary.goal(text(settings, Field::ConversionAction).unwrap_or_default())?,
        })
    }
}

impl Dictionary<'_> {
    /// Google takes no start in the past: what should have begun begins today.
    pub(super) fn start(&self, start: DateTime) -> String {
        write_date_time(start.max(self.today.to_datetime(time(0, 0, 0, 0))))
    }

    /// Google takes no end in the past: what should be over ends today.
    pub(super) fn end(&self, end: DateTime) -> String {
        write_date_time(end.max(self.today.to_datetime(time(23, 59, 59, 0))))
    }

    /// The constants of places.
    pub(super) fn places(&self, value: &Value) -> Result<Vec<String>, PlatformError> {
        let Value::Places(places) = value else { return Err(unfit(Field::Places)) };
        let unknown: Vec<String> =
            places.iter().filter(|place| !self.places.contains_key(*place)).map(Place::to_string).collect();
        if !unknown.is_empty() {
            return Err(rejected(
                Reason::UnknownMarket,
                format!("Google Ads does not know the place {}", unknown.join(", ")),
            ));
        }
        if places.is_empty() {
            return Err(rejected(Reason::InvalidSpec, "a line without places would be shown in the whole world"));
        }
        Ok(places.iter().filter_map(|place| self.places.get(place).cloned()).collect())
    }

    /// The constants of languages.
    pub(super) fn languages(&self, codes: &BTreeSet<String>) -> Result<Vec<String>, PlatformError> {
        codes
            .iter()
            .map(|code| {
                let unknown = || rejected(Reason::Unsupported, format!("Google Ads cannot target the language {code}"));
                self.languages.constant(code).map(str::to_owned).ok_or_else(unknown)
            })
            .collect()
    }

    /// How a line bids.
    pub(super) fn bid(&self, text: &str) -> Result<Bid, PlatformError> {
        Bid::parse(text, self.basics.currency).ok_or_else(|| unfit(Field::Bidding))
    }

    /// The goal of a conversion action; none for the account's own goals.
    pub(super) fn goal(&self, action: &str) -> Result<Option<String>, PlatformError> {
        if action.is_empty() {
            return Ok(None);
        }
        self.goals.get(action).cloned().transpose()
    }
}

fn write_date_time(at: DateTime) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn text(settings: &Settings, field: Field) -> Result<&str, PlatformError> {
    match settings.get(field) {
        Some(Value::Text(text)) => Ok(text),
        _ => Err(unfit(field)),
    }
}

fn set(settings: &Settings, field: Field) -> Result<&BTreeSet<String>, PlatformError> {
    match settings.get(field) {
        Some(Value::Set(set)) => Ok(set),
        _ => Err(unfit(field)),
    }
}

/// Google's words for the groups that are not wanted.
pub(super) fn excluded(wanted: &BTreeSet<String>, groups: &'static [Group]) -> Vec<&'static str> {
    groups.iter().filter(|(word, _)| !wanted.contains(*word)).map(|(_, wire)| *wire).collect()
}

/// Keywords in the notation in which `render` writes them.
pub(super) fn keywords(texts: &BTreeSet<String>, field: Field) -> Result<Vec<Keyword>, PlatformError> {
    let unfit = |text: &str, wrong: &str| rejected(Reason::InvalidSpec, format!("{field} `{text}`: {wrong}"));
    texts.iter().map(|text| Keyword::parse(text).map_err(|wrong| unfit(text, &wrong))).collect()
}

/// Whether search partners are wanted.
pub(super) fn partners(networks: &str) -> Result<bool, PlatformError> {
    match networks {
        "Search" => Ok(false),
        "Search+Partners" => Ok(true),
        _ => Err(unfit(Field::Networks)),
    }
}

/// Google's word for the statement on EU political ads.
pub(super) fn political(statement: &str) -> Result<&'static str, PlatformError> {
    match statement {
        "Yes" => Ok("CONTAINS_EU_POLITICAL_ADVERTISING"),
        "No" => Ok("DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING"),
        _ => Err(unfit(Field::PoliticalAds)),
    }
}
