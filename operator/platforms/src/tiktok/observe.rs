//! From what was read to what core knows.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::observed::{Delivery, Existence, ObservedLine};
use adops_core::campaign::settings::{AdSettings, Field, Settings, Value};
use adops_core::marker::Installation;
use adops_core::market::Place;
use adops_core::money::Money;
use adops_core::reason::Reason;
use jiff::Timestamp;
use jiff::civil::DateTime;

use super::account::Basics;
use super::blueprint::{bid_field, read_time};
use super::library::Library;
use super::places::Known as Places;
use super::tree::{Group, Tree};
use super::wire::{Ad, AdGroup, Targeting, is_on};
use super::words::{AGES, gender_from_wire};
use super::{money, names};
use crate::error::PlatformError;

/// What the reading of a tree depends on besides the tree.
pub(super) struct Lens<'a> {
    pub(super) installation: &'a Installation,
    pub(super) basics: &'a Basics,
    pub(super) places: &'a Places,
    pub(super) library: &'a Library,
    /// The pixel that the user names: its id, and what it is told by.
    pub(super) pixel: Option<(&'a str, &'a str)>,
    pub(super) seen: Timestamp,
}

impl Lens<'_> {
    /// A tree as a line.
    pub(super) fn line(&self, tree: &Tree) -> Result<ObservedLine, PlatformError> {
        Ok(ObservedLine {
            id: tree.campaign.campaign_id.clone(),
            seen: self.seen,
            existence: if tree.is_live() { Existence::Live } else { Existence::Removed },
            marker: tree.marker(self.installation),
            delivery: delivery(tree),
            budget: self.budget(tree)?,
            settings: self.settings(tree),
            missing: tree.missing().into_iter().map(str::to_owned).collect(),
            serving: serving(tree),
            delivered: tree.delivered,
            spend: BTreeMap::new(),
        })
    }

    fn budget(&self, tree: &Tree) -> Result<Money, PlatformError> {
        let currency = self.basics.currency;
        let campaign = &tree.campaign;
        if tree.has_budget() {
            return money::read(&campaign.budget, currency).ok_or_else(|| PlatformError::Unreadable {
                message: format!("campaign {}: the budget {}", campaign.campaign_id, campaign.budget),
            });
        }
        // Each ad group has a budget of its own; together they may spend all of them.
        let budgets = tree.groups.iter().filter_map(|group| money::read(&group.own.budget, currency));
        Ok(budgets.fold(Money::zero(currency), |sum, budget| sum.checked_add(budget).unwrap_or(sum)))
    }

    fn settings(&self, tree: &Tree) -> Settings {
        let campaign = &tree.campaign;
        let mut settings = Settings::default();
        settings.set(Field::Name, Value::Text(names::bare(&campaign.campaign_name).to_owned()));
        let leads_to_website = campaign.sales_destination.is_empty() || campaign.sales_destination == "WEBSITE";
        let objective = if leads_to_website {
            campaign.objective_type.clone()
        } else {
            format!("{} to {}", campaign.objective_type, campaign.sales_destination)
        };
        settings.set(Field::Objective, Value::Text(objective));
        let industries = campaign.special_industries.iter().cloned().collect();
        settings.set(Field::SpecialAdCategories, Value::Set(industries));
        if let Some(group) = tree.main_group() {
            self.group_settings(&group.own, &mut settings);
            settings.set(Field::Ads, Value::Ads(self.ads(tree)));
            if let Some(identity) = identity(group) {
                settings.set(Field::Identity, Value::Text(identity));
            }
        }
        settings
    }

    fn group_settings(&self, group: &AdGroup, settings: &mut Settings) {
        let targeting = &group.targeting_spec;
        if let Some(start) = self.local(&group.schedule_start_time) {
            settings.set(Field::Start, Value::Instant(start));
        }
        if let Some(end) = self.local(&group.schedule_end_time).filter(|_| group.schedule_type == "SCHEDULE_START_END")
        {
            settings.set(Field::End, Value::Instant(end));
        }
        settings.set(Field::Places, Value::Places(self.places(targeting)));
        settings.set(Field::Languages, Value::Set(targeting.languages.iter().cloned().collect()));
        settings.set(Field::Ages, Value::Set(ages(group)));
        settings.set(Field::Genders, Value::Set(gender_from_wire(&targeting.gender)));
        settings.set(Field::Bidding, Value::Text(self.bidding(group)));
        settings.set(Field::Optimization, Value::Text(self.optimization(group)));
        settings.set(Field::ConversionAction, Value::Text(group.optimization_event.clone()));
    }

    /// A time in UTC as the account's wall clock shows it.
    fn local(&self, text: &str) -> Option<DateTime> {
        Some(read_time(text)?.to_zoned(self.basics.time_zone.clone()).datetime())
    }

    fn places(&self, targeting: &Targeting) -> BTreeSet<Place> {
        let codes = targeting.zipcode_ids.iter().map(|id| Place::PlatformOnly(format!("zip code {id}")));
        targeting.location_ids.iter().map(|id| self.places.place(id)).chain(codes).collect()
    }

    fn bidding(&self, group: &AdGroup) -> String {
        let amount = match bid_field(&group.optimization_goal) {
            "bid_price" => &group.bid_price,
            _ => &group.conversion_bid_price,
        };
        let amount = money::read(amount, self.basics.currency).filter(|amount| !amount.is_zero());
        match (group.bid_type.as_str(), amount) {
            ("BID_TYPE_NO_BID", _) => "LowestCost".to_owned(),
            ("BID_TYPE_CUSTOM", Some(amount)) => format!("CostCap {}", amount.decimal()),
            (other, _) => other.to_owned(),
        }
    }

    fn optimization(&self, group: &AdGroup) -> String {
        let pixel = match self.pixel {
            Some((id, told)) if id == group.pixel_id => told,
            _ => group.pixel_id.as_str(),
        };
        if pixel.is_empty() {
            group.optimization_goal.clone()
        } else {
            format!("{} pixel={pixel}", group.optimization_goal)
        }
    }

    /// The ads that can be shown. What another ad group shows is told apart, so that it is noticed; and so is a second
    /// ad that equals a first: it was added twice, because an answer was lost or a listing late.
    fn ads(&self, tree: &Tree) -> BTreeSet<AdSettings> {
        let mut ads = BTreeSet::new();
        let main = tree.main_group().map(|group| &group.ads);
        for ad in main.into_iter().flatten().filter(|ad| is_on(&ad.operation_status)) {
            if let Some(twin) = ads.replace(ad_settings(ad, self.library)) {
                ads.insert(AdSettings { url: format!("ad {}: {}", ad.smart_plus_ad_id, twin.url), ..twin });
            }
        }
        for group in tree.other_groups() {
            for ad in group.ads.iter().filter(|ad| is_on(&ad.operation_status)) {
                let ad = ad_settings(ad, self.library);
                ads.insert(AdSettings { url: format!("ad group {}: {}", group.own.adgroup_id, ad.url), ..ad });
            }
        }
        ads
    }
}

/// An ad in the form in which ads are compared.
pub(super) fn ad_settings(ad: &Ad, library: &Library) -> AdSettings {
    let calls: Vec<&str> = ad.call_to_action_list.iter().map(|call| call.call_to_action.as_str()).collect();
    let call_to_action = if calls.is_empty() { ad.ad_configuration.call_to_action_id.clone() } else { calls.join("+") };
    let urls: Vec<&str> = ad.landing_page_url_list.iter().map(|page| page.landing_page_url.as_str()).collect();
    AdSettings {
        url: urls.join(" "),
        headlines: ad.ad_text_list.iter().map(|text| text.ad_text.clone()).collect(),
        descriptions: Vec::new(),
        paths: Vec::new(),
        call_to_action,
        media: library.media_of(ad),
    }
}

/// A campaign runs when it and its ad group are on. A chain that lacks something does not serve, and counts as paused.
fn delivery(tree: &Tree) -> Delivery {
    if tree.runs() {
        Delivery::Enabled
    } else if tree.says_paused() || tree.is_on() && tree.missing().is_some() {
        Delivery::PausedByUs
    } else {
        Delivery::PausedByOthers
    }
}

/// The words of the ages that are targeted; whatever else narrows the audience is a word, too, so that it is noticed.
fn ages(group: &AdGroup) -> BTreeSet<String> {
    let targeting = &group.targeting_spec;
    let mut ages: BTreeSet<String> = if group.targeting_optimization_mode == "AUTOMATIC" {
        BTreeSet::from([format!("automatic {}", targeting.spc_audience_age).trim_end().to_owned()])
    } else if targeting.age_groups.is_empty() {
        AGES.iter().map(|(word, _)| (*word).to_owned()).collect()
    } else {
        let word = |wire: &String| AGES.iter().find(|(_, known)| known == wire).map(|(word, _)| (*word).to_owned());
        targeting.age_groups.iter().map(|wire| word(wire).unwrap_or_else(|| wire.clone())).collect()
    };
    ages.extend(targeting.narrowing().filter(|(_, values)| !values.is_empty()).map(|(name, _)| format!("only {name}")));
    ages
}

impl Targeting {
    /// What narrows an audience besides places, languages, ages and genders.
    pub(super) fn narrowing(&self) -> impl Iterator<Item = (&'static str, &Vec<serde_json::Value>)> {
        [
            ("audience_ids", &self.audience_ids),
            ("excluded_audience_ids", &self.excluded_audience_ids),
            ("interest_category_ids", &self.interest_category_ids),
            ("interest_keyword_ids", &self.interest_keyword_ids),
            ("purchase_intention_keyword_ids", &self.purchase_intention_keyword_ids),
            ("actions", &self.actions),
            ("household_income", &self.household_income),
            ("device_model_ids", &self.device_model_ids),
            ("operating_systems", &self.operating_systems),
        ]
        .into_iter()
    }
}

/// The identity of an ad; of its first creative if each has its own.
pub(super) fn identity_of(ad: &Ad) -> &str {
    let own = ad.creative_list.iter().map(|creative| creative.creative_info.identity_id.as_str());
    own.chain([ad.ad_configuration.identity_id.as_str()]).find(|id| !id.is_empty()).unwrap_or_default()
}

/// Under whom the ads of a group are shown, or would be if none is on.
fn identity(group: &Group) -> Option<String> {
    let none = group.ads.iter().all(|ad| !is_on(&ad.operation_status));
    let shown = group.ads.iter().filter(|ad| none || is_on(&ad.operation_status));
    let identities: BTreeSet<&str> = shown.map(identity_of).collect();
    (!identities.is_empty()).then(|| identities.into_iter().collect::<Vec<_>>().join("+"))
}

fn serving(tree: &Tree) -> BTreeSet<Reason> {
    let main = tree.main_group();
    let group = main.map(|group| group.own.secondary_status.as_str());
    let mut serving: BTreeSet<Reason> = [Some(tree.campaign.secondary_status.as_str()), group]
        .into_iter()
        .flatten()
        .filter_map(serving_reason)
        .collect();
    serving.extend(review(main.map_or(&[], |group| group.ads.as_slice())));
    if serving.is_empty() && tree.runs() && !tree.delivered {
        serving.insert(Reason::NoImpressions);
    }
    serving
}

fn serving_reason(status: &str) -> Option<Reason> {
    match status {
        "CAMPAIGN_STATUS_DISABLE" | "ADGROUP_STATUS_DISABLE" | "ADGROUP_STATUS_CAMPAIGN_DISABLE" => {
            Some(Reason::Paused)
        }
        "CAMPAIGN_STATUS_BUDGET_EXCEED" | "ADGROUP_STATUS_BUDGET_EXCEED" | "ADGROUP_STATUS_CAMPAIGN_EXCEED" => {
            Some(Reason::LimitedByBudget)
        }
        "ADGROUP_STATUS_BALANCE_EXCEED" => Some(Reason::PaymentFailed),
        "ADGROUP_STATUS_NOT_START" => Some(Reason::FlightNotStarted),
        "ADGROUP_STATUS_TIME_DONE" => Some(Reason::FlightOver),
        status if status.contains("ADVERTISER_") => Some(Reason::AccountSuspended),
        _ => None,
    }
}

/// What the review of the ads stops.
fn review(ads: &[Ad]) -> BTreeSet<Reason> {
    let shown: Vec<&str> =
        ads.iter().filter(|ad| is_on(&ad.operation_status)).map(|ad| ad.secondary_status.as_str()).collect();
    let disapproved = |status: &&&str| status.ends_with("_AUDIT_DENY");
    let in_review = |status: &&&str| matches!(**status, "AD_STATUS_AUDIT" | "AD_STATUS_REAUDIT");
    let mut reasons = BTreeSet::new();
    if shown.iter().any(|status| disapproved(&status)) {
        reasons.insert(Reason::AdsDisapproved);
    }
    let none_serves = shown.iter().all(|status| in_review(&status) || disapproved(&status));
    if none_serves && shown.iter().any(|status| in_review(&status)) {
        reasons.insert(Reason::AdsInReview);
    }
    reasons
}
