//! A line's settings as the parameters of Meta's calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use adops_core::campaign::plan::NewLine;
use adops_core::campaign::settings::{AdSettings, ContentHash, Field, Settings, Value};
use adops_core::market::Place;
use adops_core::money::Money;
use adops_core::reason::Reason;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use super::account::Basics;
use super::client::Params;
use super::creative::{Speaker, story};
use super::errors::rejected;
use super::identity::Identity;
use super::labels::{OwnLabels, list_of};
use super::library::{self, Medium};
use super::objective::Conversion;
use super::{money, targeting};
use crate::error::PlatformError;

/// What is over ends so much later than now: Meta takes no end in the past.
const SOON: SignedDuration = SignedDuration::from_mins(2);

/// What the words of settings stand for on an account.
pub(super) struct Dictionary<'a> {
    pub(super) basics: &'a Basics,
    pub(super) now: Timestamp,
    pub(super) keys: &'a BTreeMap<Place, String>,
    pub(super) shelf: &'a HashMap<ContentHash, Medium>,
}

/// A whole line: the parameters of each call, but for what an earlier one answers.
#[derive(Debug, Clone)]
pub(super) struct Blueprint {
    pub(super) campaign: Params,
    pub(super) set: Params,
    pub(super) ads: Vec<AdSettings>,
    pub(super) speaker: Speaker,
    /// In minor units.
    pub(super) budget: i64,
    /// Of the campaign, with its token.
    pub(super) name: String,
}

/// A value that is not of its field's kind.
pub(super) fn unfit(field: Field) -> PlatformError {
    rejected(Reason::InvalidSpec, format!("{field} has no value that Meta can hold"))
}

impl Dictionary<'_> {
    /// Of a new line, all of it paused.
    pub(super) fn line(&self, line: &NewLine, labels: &OwnLabels) -> Result<Blueprint, PlatformError> {
        let settings = &line.settings;
        let name = text(settings, Field::Name)?.to_owned();
        let both = list_of(&[&labels.ours, &labels.paused]);
        let paused = |name: &str| -> Params {
            vec![("name", name.to_owned()), ("status", "PAUSED".to_owned()), ("adlabels", both.clone())]
        };
        let mut campaign = paused(&name);
        campaign.push(("objective", text(settings, Field::Objective)?.to_owned()));
        campaign.push(("buying_type", "AUCTION".to_owned()));
        // The budget is the ad set's, and no other ad set may have a part of it.
        campaign.push(("is_adset_budget_sharing_enabled", "false".to_owned()));
        campaign.extend(categories(settings.get(Field::SpecialAdCategories), settings.get(Field::Places))?);
        let mut set = paused(&name);
        set.push(("daily_budget", money::minor(line.budget).to_string()));
        set.push(("billing_event", "IMPRESSIONS".to_owned()));
        set.push(("targeting", targeting::write(settings, self.keys)?.to_string()));
        for field in
            [Field::Optimization, Field::ConversionAction, Field::Bidding, Field::Start, Field::End, Field::Identity]
        {
            set.extend(self.of_set(field, settings.get(field).ok_or_else(|| unfit(field))?)?);
        }
        let Some(Value::Ads(ads)) = settings.get(Field::Ads) else { return Err(unfit(Field::Ads)) };
        let speaker = Identity::of(settings.get(Field::Identity).ok_or_else(|| unfit(Field::Identity))?).speaker;
        if text(settings, Field::Objective)? == "OUTCOME_AWARENESS" {
            set.push(("promoted_object", json!({ "page_id": speaker.page }).to_string()));
        }
        let budget = money::minor(line.budget);
        Ok(Blueprint { campaign, set, ads: ads.iter().cloned().collect(), speaker, budget, name })
    }

    /// Whether all files that a line shows are there and ready.
    pub(super) fn has_media_of(&self, line: &Blueprint) -> Result<(), PlatformError> {
        line.ads.iter().try_for_each(|ad| self.medium(ad).map(|_| ()))
    }

    /// The parameters of an ad set that a setting is; none for one that is not written there.
    pub(super) fn of_set(&self, field: Field, to: &Value) -> Result<Params, PlatformError> {
        Ok(match (field, to) {
            (Field::Optimization, Value::Text(goal)) => vec![("optimization_goal", goal.clone())],
            (Field::ConversionAction, Value::Text(conversion)) if conversion.is_empty() => Vec::new(),
            (Field::ConversionAction, Value::Text(text)) => {
                let (conversion, pixel) = Conversion::of_setting(text).ok_or_else(|| unfit(field))?;
                vec![("promoted_object", conversion.promoted(pixel).to_string())]
            }
            (Field::Bidding, Value::Text(bid)) => self.bid(bid)?,
            // What should have begun begins now.
            (Field::Start, Value::Instant(start)) => {
                vec![("start_time", self.time(self.instant(*start)?.max(self.now)))]
            }
            (Field::End, Value::Instant(end)) => {
                let end = self.instant(*end)?.max(self.now + SOON);
                vec![("end_time", self.time(end))]
            }
            (Field::Identity, identity) => {
                let Identity { beneficiary, payor, .. } = Identity::of(identity);
                let given = [("dsa_beneficiary", beneficiary), ("dsa_payor", payor)];
                given.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
            }
            (field, _) => return Err(unfit(field)),
        })
    }

    fn bid(&self, bid: &str) -> Result<Params, PlatformError> {
        let with = |strategy: &str, amount: &str| -> Result<Params, PlatformError> {
            let cap = Money::parse(amount, self.basics.currency).map_err(|_| unfit(Field::Bidding))?;
            Ok(vec![("bid_strategy", strategy.to_owned()), ("bid_amount", money::minor(cap).to_string())])
        };
        match bid.split_once(' ') {
            None if bid == "LowestCost" => Ok(vec![("bid_strategy", "LOWEST_COST_WITHOUT_CAP".to_owned())]),
            Some(("CostCap", amount)) => with("COST_CAP", amount),
            Some(("BidCap", amount)) => with("LOWEST_COST_WITH_BID_CAP", amount),
            _ => Err(unfit(Field::Bidding)),
        }
    }

    fn instant(&self, at: DateTime) -> Result<Timestamp, PlatformError> {
        let zoned = at.to_zoned(self.basics.time_zone.clone());
        zoned.map(|zoned| zoned.timestamp()).map_err(|_| rejected(Reason::InvalidSpec, format!("{at} is no time")))
    }

    fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.basics.time_zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%z").to_string()
    }

    fn medium(&self, ad: &AdSettings) -> Result<&Medium, PlatformError> {
        let hash =
            ad.media.first().ok_or_else(|| rejected(Reason::InvalidSpec, "an ad on Meta needs an image or a video"))?;
        self.shelf.get(hash).ok_or_else(|| library::not_there(hash, self.now))
    }

    /// A new creative.
    pub(super) fn creative(
        &self,
        name: &str,
        ad: &AdSettings,
        speaker: &Speaker,
        labels: &OwnLabels,
    ) -> Result<Params, PlatformError> {
        let story = story(ad, self.medium(ad)?, speaker);
        Ok(vec![
            ("name", name.to_owned()),
            ("object_story_spec", story.to_string()),
            ("adlabels", list_of(&[&labels.ours])),
        ])
    }
}

/// The statement on special ad categories, and the countries that it holds for.
pub(super) fn categories(categories: Option<&Value>, places: Option<&Value>) -> Result<Params, PlatformError> {
    let (Some(Value::Set(categories)), Some(Value::Places(places))) = (categories, places) else {
        return Err(unfit(Field::SpecialAdCategories));
    };
    let json = |words: &mut dyn Iterator<Item = &str>| Json::from(words.collect::<Vec<_>>()).to_string();
    let mut params = vec![("special_ad_categories", json(&mut categories.iter().map(String::as_str)))];
    if !categories.is_empty() {
        let countries: BTreeSet<&str> = places.iter().filter_map(Place::country).collect();
        params.push(("special_ad_category_country", json(&mut countries.into_iter())));
    }
    Ok(params)
}

fn text(settings: &Settings, field: Field) -> Result<&str, PlatformError> {
    match settings.get(field) {
        Some(Value::Text(text)) => Ok(text),
        _ => Err(unfit(field)),
    }
}
