//! From what was read to what core knows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use adops_core::campaign::observed::{Delivery, Existence, ObservedLine};
use adops_core::campaign::settings::{AdSettings, Field, Settings, Value};
use adops_core::marker::Installation;
use adops_core::market::Place;
use adops_core::money::{Currency, Money};
use adops_core::reason::Reason;
use jiff::Timestamp;
use jiff::civil::DateTime;

use super::goals::Goals;
use super::labels::LabelBook;
use super::places::Languages;
use super::text::{AGES, GENDERS, Group as Demographic, Keyword, Match, words};
use super::tree::{Group, Tree, ad_settings};
use super::wire::{AdGroupAd, AdGroupCriterion, Campaign, CampaignCriterion};
use crate::error::PlatformError;

/// Presence targeting, which is part of what a line's places mean.
pub(super) const PRESENCE: &str = "PRESENCE";

/// What the reading of a tree depends on besides the tree.
pub(super) struct Lens<'a> {
    pub(super) installation: &'a Installation,
    pub(super) labels: &'a LabelBook,
    pub(super) places: &'a HashMap<String, Place>,
    pub(super) languages: &'a Languages,
    pub(super) goals: &'a Goals,
    pub(super) seen: Timestamp,
}

/// The constants of all places in some trees.
pub(super) fn constants(trees: &BTreeMap<String, Tree>) -> BTreeSet<String> {
    trees
        .values()
        .flat_map(|tree| &tree.criteria)
        .filter(|criterion| criterion.kind == "LOCATION" && !criterion.negative)
        .map(|criterion| criterion.location.geo_target_constant.clone())
        .collect()
}

impl Lens<'_> {
    /// A tree as a line.
    pub(super) fn line(&self, tree: &Tree) -> Result<ObservedLine, PlatformError> {
        let delivered = tree.metrics.impressions > 0 || tree.metrics.cost_micros > 0;
        Ok(ObservedLine {
            id: tree.campaign.id.clone(),
            seen: self.seen,
            existence: if tree.is_live() { Existence::Live } else { Existence::Removed },
            marker: tree.marker(self.installation, self.labels),
            delivery: self.delivery(tree),
            budget: budget(tree)?,
            settings: self.settings(tree),
            // A line is created whole.
            missing: BTreeSet::new(),
            serving: serving(tree, delivered),
            delivered,
            spend: BTreeMap::new(),
        })
    }

    fn delivery(&self, tree: &Tree) -> Delivery {
        if tree.is_enabled() {
            Delivery::Enabled
        } else if tree.carries(self.labels.paused.as_ref()) {
            Delivery::PausedByUs
        } else {
            Delivery::PausedByOthers
        }
    }

    fn settings(&self, tree: &Tree) -> Settings {
        let campaign = &tree.campaign;
        let main = tree.main_group();
        let mut settings = Settings::default();
        settings.set(Field::Channel, Value::Text(channel(campaign)));
        settings.set(Field::Name, Value::Text(campaign.name.clone()));
        for (field, text) in [(Field::Start, &campaign.start_date_time), (Field::End, &campaign.end_date_time)] {
            if let Some(instant) = date_time(text) {
                settings.set(field, Value::Instant(instant));
            }
        }
        settings.set(Field::Places, Value::Places(self.places(tree)));
        settings.set(Field::Languages, Value::Set(self.languages(tree)));
        settings.set(Field::Ages, Value::Set(targeted(main, AGES, |c| &c.age_range.kind)));
        settings.set(Field::Genders, Value::Set(targeted(main, GENDERS, |c| &c.gender.kind)));
        settings.set(Field::Keywords, Value::Set(keywords(main)));
        settings.set(Field::NegativeKeywords, Value::Set(negative_keywords(tree)));
        settings.set(Field::Ads, Value::Ads(ads(tree)));
        settings.set(Field::UrlSuffix, Value::Text(campaign.final_url_suffix.clone()));
        settings.set(Field::Bidding, Value::Text(bidding(tree)));
        settings.set(Field::Networks, Value::Text(networks(campaign)));
        settings.set(Field::PoliticalAds, Value::Text(political(campaign)));
        let action = tree.goal.as_ref().map_or_else(String::new, |goal| self.goals.action(goal));
        settings.set(Field::ConversionAction, Value::Text(action));
        settings
    }

    fn places(&self, tree: &Tree) -> BTreeSet<Place> {
        let mut places: BTreeSet<Place> = tree.criteria.iter().filter_map(|criterion| self.place(criterion)).collect();
        let setting = &tree.campaign.geo_target_type_setting;
        // Whoever looks for a place without being there is not in the market.
        if setting.positive_geo_target_type != PRESENCE {
            places.insert(Place::PlatformOnly(setting.positive_geo_target_type.clone()));
        }
        places
    }

    fn place(&self, criterion: &CampaignCriterion) -> Option<Place> {
        let constant = &criterion.location.geo_target_constant;
        match (criterion.kind.as_str(), criterion.negative) {
            ("LOCATION", false) => {
                Some(self.places.get(constant).cloned().unwrap_or_else(|| Place::PlatformOnly(constant.clone())))
            }
            ("LOCATION", true) => Some(Place::PlatformOnly(format!("not {constant}"))),
            ("PROXIMITY", _) => Some(Place::PlatformOnly(format!("radius {}", criterion.criterion_id))),
            _ => None,
        }
    }

    fn languages(&self, tree: &Tree) -> BTreeSet<String> {
        tree.criteria
            .iter()
            .filter(|criterion| criterion.kind == "LANGUAGE")
            .map(|criterion| self.languages.code(&criterion.language.language_constant))
            .collect()
    }
}

fn budget(tree: &Tree) -> Result<Money, PlatformError> {
    let unreadable = |what: String| PlatformError::Unreadable { message: what };
    let currency: Currency =
        tree.currency.parse().map_err(|_| unreadable(format!("campaign {}: no currency", tree.campaign.id)))?;
    u64::try_from(tree.budget.amount_micros)
        .ok()
        .and_then(|micros| Money::from_micros(micros, currency).ok())
        .ok_or_else(|| unreadable(format!("campaign {}: a budget below nothing", tree.campaign.id)))
}

/// Reads `2027-03-01 00:00:00`.
pub(super) fn date_time(text: &str) -> Option<DateTime> {
    text.replacen(' ', "T", 1).parse().ok()
}

fn channel(campaign: &Campaign) -> String {
    match campaign.advertising_channel_type.as_str() {
        "SEARCH" => "Search".to_owned(),
        other => other.to_owned(),
    }
}

fn political(campaign: &Campaign) -> String {
    match campaign.contains_eu_political_advertising.as_str() {
        "CONTAINS_EU_POLITICAL_ADVERTISING" => "Yes".to_owned(),
        "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING" => "No".to_owned(),
        other => other.to_owned(),
    }
}

fn networks(campaign: &Campaign) -> String {
    let settings = &campaign.network_settings;
    let parts: Vec<&str> = [
        (settings.target_google_search, "Search"),
        (settings.target_search_network, "Partners"),
        (settings.target_content_network, "Display"),
        (settings.target_partner_search_network, "PartnerSearchNetwork"),
    ]
    .into_iter()
    .filter_map(|(on, name)| on.then_some(name))
    .collect();
    parts.join("+")
}

fn bidding(tree: &Tree) -> String {
    let campaign = &tree.campaign;
    let amount = |micros: i64| {
        let currency = tree.currency.parse().ok()?;
        Some(Money::from_micros(u64::try_from(micros).ok()?, currency).ok()?.decimal())
    };
    let with = |strategy: &str, field: &str, micros: i64| match amount(micros).filter(|_| micros > 0) {
        Some(amount) => format!("{strategy} {field}={amount}"),
        None => strategy.to_owned(),
    };
    match campaign.bidding_strategy_type.as_str() {
        "TARGET_SPEND" => with("MaximizeClicks", "maxCpc", campaign.target_spend.cpc_bid_ceiling_micros),
        "MAXIMIZE_CONVERSIONS" => {
            with("MaximizeConversions", "targetCpa", campaign.maximize_conversions.target_cpa_micros)
        }
        "MANUAL_CPC" => with("ManualCpc", "maxCpc", tree.main_group().map_or(0, |group| group.own.cpc_bid_micros)),
        other => other.to_owned(),
    }
}

/// The words of the groups that are not excluded.
fn targeted(
    main: Option<&Group>,
    groups: &[Demographic],
    kind: impl Fn(&AdGroupCriterion) -> &String,
) -> BTreeSet<String> {
    let mut targeted = words(groups);
    for criterion in main.iter().flat_map(|group| &group.criteria).filter(|criterion| criterion.negative) {
        if let Some((word, _)) = groups.iter().find(|(_, wire)| wire == kind(criterion)) {
            targeted.remove(*word);
        }
    }
    targeted
}

fn keywords(main: Option<&Group>) -> BTreeSet<String> {
    main.iter()
        .flat_map(|group| &group.criteria)
        .filter(|criterion| criterion.kind == "KEYWORD" && !criterion.negative && criterion.status == "ENABLED")
        .map(|criterion| keyword(&criterion.keyword).to_string())
        .collect()
}

/// Negative keywords of the campaign, and those that somebody has put on an ad group: they do the same.
fn negative_keywords(tree: &Tree) -> BTreeSet<String> {
    let on_campaign = tree.criteria.iter().filter(|c| c.kind == "KEYWORD" && c.negative).map(|c| &c.keyword);
    let main = tree.main_group();
    let on_group =
        main.iter().flat_map(|g| &g.criteria).filter(|c| c.kind == "KEYWORD" && c.negative).map(|c| &c.keyword);
    on_campaign.chain(on_group).map(|k| keyword(k).to_string()).collect()
}

/// A keyword in its one form.
pub(super) fn keyword(keyword: &super::wire::Keyword) -> Keyword {
    Keyword::new(&keyword.text, Match::from_wire(&keyword.match_type))
}

/// The ads that can be shown. What another ad group shows is told apart, so that it is noticed; and so is a second ad
/// that equals a first: it was added twice, because an answer was lost or a listing late.
fn ads(tree: &Tree) -> BTreeSet<AdSettings> {
    let shown = |group: &Group| {
        let enabled = group.is_enabled();
        let shown = group.ads.iter().filter(move |ad| enabled && ad.status == "ENABLED");
        shown.map(|ad| (ad.ad.id.clone(), ad_settings(ad))).collect::<Vec<_>>()
    };
    let mut ads = BTreeSet::new();
    for (id, ad) in tree.main_group().map_or_else(Vec::new, shown) {
        if let Some(twin) = ads.replace(ad) {
            ads.insert(AdSettings { url: format!("ad {id}: {}", twin.url), ..twin });
        }
    }
    let others = tree.other_groups().flat_map(|group| {
        shown(group)
            .into_iter()
            .map(|(_, ad)| AdSettings { url: format!("ad group {}: {}", group.own.id, ad.url), ..ad })
    });
    ads.extend(others);
    ads
}

fn serving(tree: &Tree, delivered: bool) -> BTreeSet<Reason> {
    let campaign = &tree.campaign;
    let mut serving: BTreeSet<Reason> =
        campaign.primary_status_reasons.iter().filter_map(|reason| serving_reason(reason)).collect();
    serving.extend(match campaign.primary_status.as_str() {
        "PAUSED" => Some(Reason::Paused),
        "PENDING" => Some(Reason::FlightNotStarted),
        "ENDED" => Some(Reason::FlightOver),
        "LEARNING" => Some(Reason::Learning),
        _ => None,
    });
    if campaign.serving_status == "SUSPENDED" {
        serving.insert(Reason::AccountSuspended);
    }
    serving.extend(review(tree));
    if serving.is_empty() && tree.is_enabled() && !delivered {
        serving.insert(Reason::NoImpressions);
    }
    serving
}

fn serving_reason(reason: &str) -> Option<Reason> {
    match reason {
        "CAMPAIGN_PAUSED" => Some(Reason::Paused),
        "CAMPAIGN_PENDING" => Some(Reason::FlightNotStarted),
        "CAMPAIGN_ENDED" => Some(Reason::FlightOver),
        "BIDDING_STRATEGY_LEARNING" => Some(Reason::Learning),
        "BUDGET_CONSTRAINED" => Some(Reason::LimitedByBudget),
        "HAS_ADS_DISAPPROVED" => Some(Reason::AdsDisapproved),
        "MOST_ADS_UNDER_REVIEW" => Some(Reason::AdsInReview),
        _ => None,
    }
}

/// What the review of the ads stops.
fn review(tree: &Tree) -> BTreeSet<Reason> {
    let ads: Vec<&AdGroupAd> = tree
        .main_group()
        .filter(|group| group.is_enabled())
        .iter()
        .flat_map(|group| &group.ads)
        .filter(|ad| ad.status == "ENABLED")
        .collect();
    let disapproved = |ad: &&&AdGroupAd| ad.policy_summary.approval_status == "DISAPPROVED";
    let in_review = |ad: &&&AdGroupAd| {
        ad.policy_summary.review_status == "REVIEW_IN_PROGRESS"
            && !ad.policy_summary.approval_status.starts_with("APPROVED")
    };
    let mut reasons = BTreeSet::new();
    if ads.iter().any(|ad| disapproved(&ad)) {
        reasons.insert(Reason::AdsDisapproved);
    }
    if !ads.is_empty() && ads.iter().all(|ad| in_review(&ad) || disapproved(&ad)) && ads.iter().any(|ad| in_review(&ad))
    {
        reasons.insert(Reason::AdsInReview);
    }
    reasons
}
