//! A line's settings in TikTok's terms, ready to be written.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::plan::NewLine;
use adops_core::campaign::settings::{AdSettings, Field, Settings, Value};
use adops_core::market::Place;
use adops_core::money::Money;
use adops_core::reason::Reason;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use md5::{Digest, Md5};
use serde_json::{Map, Value as Json, json};

use super::account::Basics;
use super::library::Creative;
use super::render::OBJECTIVE;
use super::rules::instant;
use super::wire::Identity;
use super::words::{AGES, gender_to_wire};
use super::{money, names};
use crate::error::PlatformError;

/// What the words of settings stand for on an account.
pub(super) struct Dictionary<'a> {
    pub(super) basics: &'a Basics,
    pub(super) now: Timestamp,
    pub(super) places: &'a BTreeMap<Place, String>,
    pub(super) languages: &'a BTreeSet<String>,
    /// Identities by id, or why there is none.
    pub(super) identities: &'a BTreeMap<String, Result<Identity, PlatformError>>,
    /// Pixels' ids by what they are told by, or why there is none.
    pub(super) pixels: &'a BTreeMap<String, Result<String, PlatformError>>,
    /// What ads are made of, or why there is nothing.
    pub(super) creatives: &'a BTreeMap<AdSettings, Result<Vec<Creative>, PlatformError>>,
}

/// Something in settings that cannot be written.
pub(super) fn rejected(reason: Reason, message: impl Into<String>) -> PlatformError {
    PlatformError::Rejected { reason, message: message.into() }
}

/// A value that is not of its field's kind.
pub(super) fn unfit(field: Field) -> PlatformError {
    rejected(Reason::InvalidSpec, format!("{field} has no value that TikTok can hold"))
}

/// A whole line: the bodies of the requests that create its chain, but for the ids that earlier ones give.
#[derive(Debug, Clone)]
pub(super) struct Blueprint {
    pub(super) campaign: Json,
    pub(super) group: Json,
    pub(super) ads: Vec<(AdSettings, Json)>,
}

impl Blueprint {
    /// Of a new line.
    pub(super) fn new(line: &NewLine, dictionary: &Dictionary<'_>) -> Result<Self, PlatformError> {
        let settings = &line.settings;
        let name = text(settings, Field::Name)?.to_owned();
        if text(settings, Field::Objective)? != OBJECTIVE {
            return Err(unfit(Field::Objective));
        }
        let Some(Value::Ads(ads)) = settings.get(Field::Ads) else { return Err(unfit(Field::Ads)) };
        let identity = dictionary.identity(text(settings, Field::Identity)?)?;
        let ads = ads
            .iter()
            .map(|ad| {
                let mut body = dictionary.ad(ad, identity)?;
                body["ad_name"] = name.as_str().into();
                body["operation_status"] = "ENABLE".into();
                Ok((ad.clone(), body))
            })
            .collect::<Result<_, PlatformError>>()?;
        Ok(Self { campaign: campaign(line, &name, dictionary.now)?, group: dictionary.group(line, &name)?, ads })
    }
}

fn campaign(line: &NewLine, name: &str, now: Timestamp) -> Result<Json, PlatformError> {
    let mut body = json!({
        "request_id": request_id("campaign", &line.token, now),
        "campaign_name": names::paused(name),
        "objective_type": OBJECTIVE,
        "sales_destination": "WEBSITE",
        "budget_optimize_on": true,
        "budget_mode": "BUDGET_MODE_DYNAMIC_DAILY_BUDGET",
        "budget": amount(line.budget)?,
        "operation_status": "DISABLE",
    });
    let industries = set(&line.settings, Field::SpecialAdCategories)?;
    if !industries.is_empty() {
        body["special_industries"] = json!(industries);
    }
    Ok(body)
}

/// A number that a create is known by: a repeat within some seconds makes nothing twice. How long TikTok remembers it is
/// not certain; an hour later it is another one, so that what was deleted can be made again.
fn request_id(kind: &str, token: &str, now: Timestamp) -> String {
    let digest = Md5::digest(format!("{kind} {token} {}", now.as_second().div_euclid(3_600)));
    let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    (number >> 1).to_string()
}

/// An amount as TikTok's API takes it.
pub(super) fn amount(amount: Money) -> Result<Json, PlatformError> {
    money::write(amount).ok_or_else(|| unfit(Field::Budget))
}

impl Dictionary<'_> {
    fn group(&self, line: &NewLine, name: &str) -> Result<Json, PlatformError> {
        let settings = &line.settings;
        let (Some(Value::Instant(start)), Some(Value::Instant(end))) =
            (settings.get(Field::Start), settings.get(Field::End))
        else {
            return Err(unfit(Field::Start));
        };
        let goal = Goal::parse(text(settings, Field::Optimization)?).ok_or_else(|| unfit(Field::Optimization))?;
        let mut body = json!({
            "request_id": request_id("adgroup", &line.token, self.now),
            "adgroup_name": name,
            "promotion_type": "WEBSITE",
            "optimization_goal": goal.wire(),
            "billing_event": if matches!(goal, Goal::Clicks) { "CPC" } else { "OCPM" },
            "schedule_type": "SCHEDULE_START_END",
            "schedule_start_time": self.start(*start),
            "schedule_end_time": self.end(*end),
            // Automatic targeting drops ages and genders without a word.
            "targeting_optimization_mode": "MANUAL",
            "targeting_spec": {
                "location_ids": self.places(settings.get(Field::Places).ok_or_else(|| unfit(Field::Places))?)?,
                "languages": self.languages(set(settings, Field::Languages)?)?,
                "age_groups": age_groups(set(settings, Field::Ages)?)?,
                "gender": gender(set(settings, Field::Genders)?)?,
            },
            "operation_status": "DISABLE",
        });
        if let Goal::Conversions { pixel } = goal {
            body["pixel_id"] = self.pixel(pixel)?.into();
            body["optimization_event"] = text(settings, Field::ConversionAction)?.into();
        }
        match self.bid(text(settings, Field::Bidding)?)? {
            None => body["bid_type"] = "BID_TYPE_NO_BID".into(),
            Some(bid) => {
                body["bid_type"] = "BID_TYPE_CUSTOM".into();
                body[goal.bid_field()] = amount(bid)?;
            }
        }
        Ok(body)
    }

    /// What makes an ad; name, status and what it belongs to are not in it.
    pub(super) fn ad(&self, ad: &AdSettings, identity: &Identity) -> Result<Json, PlatformError> {
        let unseen = || Err(rejected(Reason::MediaNotReady, "the ad's media were not looked up"));
        let creatives = self.creatives.get(ad).cloned().unwrap_or_else(unseen)?;
        // TikTok's own accounts show an ad creative by creative, a name made up for ads shows the whole ad.
        let made_up = identity.identity_type == "CUSTOMIZED_USER";
        let list: Vec<Json> = creatives
            .iter()
            .map(|creative| {
                let mut info = Map::new();
                info.insert("ad_format".to_owned(), "SINGLE_VIDEO".into());
                info.insert("video_info".to_owned(), json!({ "video_id": creative.video }));
                info.insert("image_info".to_owned(), json!([{ "web_uri": creative.cover }]));
                if !made_up {
                    write_identity(identity, &mut info);
                }
                json!({ "creative_info": info })
            })
            .collect();
        let texts: Vec<Json> = ad.headlines.iter().map(|text| json!({ "ad_text": text })).collect();
        let mut body = json!({
            "creative_list": list,
            "ad_text_list": texts,
            "call_to_action_list": [{ "call_to_action": ad.call_to_action }],
            "landing_page_url_list": [{ "landing_page_url": ad.url }],
        });
        if made_up {
            let mut configuration = Map::new();
            write_identity(identity, &mut configuration);
            body["ad_configuration"] = configuration.into();
        }
        Ok(body)
    }

    pub(super) fn identity(&self, id: &str) -> Result<&Identity, PlatformError> {
        let unseen = || rejected(Reason::InvalidSpec, format!("the identity {id} was not looked up"));
        self.identities.get(id).ok_or_else(unseen)?.as_ref().map_err(Clone::clone)
    }

    fn pixel(&self, told: &str) -> Result<String, PlatformError> {
        let unseen = || Err(rejected(Reason::InvalidSpec, format!("the pixel {told} was not looked up")));
        self.pixels.get(told).cloned().unwrap_or_else(unseen)
    }

    /// TikTok takes no start that is long past: what should have begun begins now.
    pub(super) fn start(&self, start: DateTime) -> String {
        write_time(instant(start, &self.basics.time_zone).max(self.now))
    }

    /// When it ends.
    pub(super) fn end(&self, end: DateTime) -> String {
        write_time(instant(end, &self.basics.time_zone))
    }

    /// The ids of places.
    pub(super) fn places(&self, value: &Value) -> Result<Vec<String>, PlatformError> {
        let Value::Places(places) = value else { return Err(unfit(Field::Places)) };
        let unknown: Vec<String> =
            places.iter().filter(|place| !self.places.contains_key(*place)).map(Place::to_string).collect();
        if !unknown.is_empty() {
            let message = format!("TikTok does not know the place {}, or shows no ads there", unknown.join(", "));
            return Err(rejected(Reason::UnknownMarket, message));
        }
        if places.is_empty() {
            return Err(rejected(Reason::InvalidSpec, "a line needs a place"));
        }
        Ok(places.iter().filter_map(|place| self.places.get(place).cloned()).collect())
    }

    /// The codes of languages.
    pub(super) fn languages(&self, codes: &BTreeSet<String>) -> Result<Vec<String>, PlatformError> {
        match codes.iter().find(|code| !self.languages.contains(*code)) {
            Some(code) => Err(rejected(Reason::Unsupported, format!("TikTok cannot target the language {code}"))),
            None => Ok(codes.iter().cloned().collect()),
        }
    }

    /// The highest cost of a result; none if there is no limit.
    pub(super) fn bid(&self, text: &str) -> Result<Option<Money>, PlatformError> {
        match text.split_once(' ') {
            None if text == "LowestCost" => Ok(None),
            Some(("CostCap", decimal)) => {
                Money::parse(decimal, self.basics.currency).map(Some).map_err(|_| unfit(Field::Bidding))
            }
            _ => Err(unfit(Field::Bidding)),
        }
    }
}

/// What is optimised for, as settings have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal<'a> {
    Clicks,
    Conversions { pixel: &'a str },
}

impl<'a> Goal<'a> {
    /// Reads what `render` writes: `CLICK`, or `CONVERT pixel=7100`.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        match text.split_once(" pixel=") {
            None => (text == "CLICK").then_some(Self::Clicks),
            Some(("CONVERT", pixel)) => Some(Self::Conversions { pixel }),
            Some(_) => None,
        }
    }

    fn wire(self) -> &'static str {
        match self {
            Self::Clicks => "CLICK",
            Self::Conversions { .. } => "CONVERT",
        }
    }

    fn bid_field(self) -> &'static str {
        bid_field(self.wire())
    }
}

/// The field of an ad group that holds the bid, by its optimization goal.
pub(super) fn bid_field(goal: &str) -> &'static str {
    if goal == "CLICK" { "bid_price" } else { "conversion_bid_price" }
}

/// What names an identity.
fn write_identity(identity: &Identity, into: &mut Map<String, Json>) {
    into.insert("identity_id".to_owned(), identity.identity_id.as_str().into());
    into.insert("identity_type".to_owned(), identity.identity_type.as_str().into());
    if !identity.identity_authorized_bc_id.is_empty() {
        into.insert("identity_authorized_bc_id".to_owned(), identity.identity_authorized_bc_id.as_str().into());
    }
}

/// `2027-03-01 17:00:00`, in UTC.
fn write_time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Reads a time in UTC.
pub(super) fn read_time(text: &str) -> Option<Timestamp> {
    let time: DateTime = text.replacen(' ', "T", 1).parse().ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

/// TikTok's words for ages.
pub(super) fn age_groups(words: &BTreeSet<String>) -> Result<Vec<&'static str>, PlatformError> {
    let of = |word: &String| AGES.iter().find(|(known, _)| known == word).map(|(_, wire)| *wire);
    words.iter().map(|word| of(word).ok_or_else(|| unfit(Field::Ages))).collect()
}

/// TikTok's word for genders.
pub(super) fn gender(words: &BTreeSet<String>) -> Result<&'static str, PlatformError> {
    gender_to_wire(words).ok_or_else(|| unfit(Field::Genders))
}

pub(super) fn text(settings: &Settings, field: Field) -> Result<&str, PlatformError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_known_by_its_element_its_token_and_the_hour() {
        let of = |kind, minute: i64| {
            request_id(kind, "[prod.0123456789abcdef.01234567.0]", Timestamp::from_second(minute * 60).unwrap())
        };
        assert_eq!(of("campaign", 0), of("campaign", 59));
        assert_ne!(of("campaign", 0), of("campaign", 60));
        assert_ne!(of("campaign", 0), of("adgroup", 0));
        assert!(of("campaign", 0).parse::<i64>().is_ok());
    }

    #[test]
    fn times_are_told_in_utc() {
        let at = read_time("2027-03-10 04:00:00").unwrap();
        assert_eq!(at.to_string(), "2027-03-10T04:00:00Z");
        assert_eq!(write_time(at), "2027-03-10 04:00:00");
        assert_eq!(read_time("soon"), None);
    }

    #[test]
    fn goals_are_read_as_they_are_written() {
        assert_eq!(Goal::parse("CLICK"), Some(Goal::Clicks));
        assert_eq!(Goal::parse("CONVERT pixel=C0DE"), Some(Goal::Conversions { pixel: "C0DE" }));
        assert_eq!(Goal::parse("CONVERT"), None);
    }
}
