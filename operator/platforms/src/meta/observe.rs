//! From what was read to what core knows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use adops_core::campaign::observed::{Delivery, Existence, ObservedLine};
use adops_core::campaign::settings::{AdSettings, ContentHash, Field, Settings, Value};
use adops_core::marker::Installation;
use adops_core::market::Place;
use adops_core::money::Money;
use adops_core::reason::Reason;
use jiff::Timestamp;
use jiff::civil::DateTime;

use super::account::Basics;
use super::creative::Speaker;
use super::identity::{self, Identity};
use super::labels::Marks;
use super::library::Reference;
use super::objective::setting_of;
use super::tree::{Tree, Trees, shows, story, waits};
use super::wire::{Ad, AdSet};
use super::{money, targeting};
use crate::error::PlatformError;

/// What the reading of a tree depends on besides the tree.
pub(super) struct Lens<'a> {
    pub(super) installation: &'a Installation,
    pub(super) basics: &'a Basics,
    pub(super) places: &'a HashMap<String, Place>,
    pub(super) hashes: &'a HashMap<Reference, ContentHash>,
    pub(super) seen: Timestamp,
}

/// The keys of all places in some trees.
pub(super) fn keys(trees: &Trees) -> BTreeSet<String> {
    trees.values().flat_map(|tree| &tree.sets).flat_map(|set| targeting::keys(&set.targeting)).collect()
}

/// All images and videos in some trees.
pub(super) fn references(trees: &Trees) -> BTreeSet<Reference> {
    let ads = trees.values().flat_map(|tree| &tree.sets).flat_map(|set| &set.ads.data);
    ads.filter_map(|ad| story(ad).reference).collect()
}

impl Lens<'_> {
    /// A tree as a line.
    pub(super) fn line(&self, tree: &Tree) -> Result<ObservedLine, PlatformError> {
        let missing = tree.missing(self.installation);
        Ok(ObservedLine {
            id: tree.campaign.id.clone(),
            seen: self.seen,
            existence: if tree.is_live() { Existence::Live } else { Existence::Removed },
            marker: tree.marker(self.installation),
            delivery: self.delivery(tree, &missing),
            budget: self.budget(tree)?,
            settings: self.settings(tree),
            serving: self.serving(tree, &missing),
            delivered: self.was_published(tree),
            missing,
            spend: BTreeMap::new(),
        })
    }

    fn marks<'a>(&'a self, labels: &'a [super::wire::Named]) -> Marks<'a> {
        Marks { labels, installation: self.installation }
    }

    fn waits(&self, set: &AdSet) -> bool {
        waits(&set.status, self.marks(&set.adlabels))
    }

    /// An ad set that does not wait any more was enabled once, and may have delivered then.
    fn was_published(&self, tree: &Tree) -> bool {
        tree.main_set(self.installation).is_some_and(|set| !self.waits(set))
    }

    fn delivery(&self, tree: &Tree, missing: &BTreeSet<String>) -> Delivery {
        let Some(main) = tree.main_set(self.installation).filter(|_| missing.is_empty()) else {
            // What is not whole does not serve, unless others have put something there that does.
            let serves = tree.campaign.status == "ACTIVE" && tree.other_sets(self.installation).next().is_some();
            return if serves { Delivery::Enabled } else { Delivery::PausedByUs };
        };
        let runs = main.status == "ACTIVE" || tree.other_sets(self.installation).next().is_some();
        let by_hand = main.status != "ACTIVE" && !self.waits(main);
        match tree.campaign.status.as_str() {
            "ACTIVE" if runs => Delivery::Enabled,
            _ if by_hand => Delivery::PausedByOthers,
            "ACTIVE" => Delivery::PausedByUs,
            _ if tree.marks(self.installation).paused() => Delivery::PausedByUs,
            _ => Delivery::PausedByOthers,
        }
    }

    /// What may be spent a day: the campaign's budget, or those of its ad sets that can spend.
    fn budget(&self, tree: &Tree) -> Result<Money, PlatformError> {
        let of = |daily: &Option<String>, lifetime: &Option<String>| {
            let micros = |text: &Option<String>| match text.as_deref() {
                None | Some("") => Some(0),
                Some(minor) => money::micros(minor, self.basics.currency),
            };
            Some(micros(daily)?.saturating_add(micros(lifetime)?))
        };
        let campaign = &tree.campaign;
        let main = tree.main_set(self.installation);
        let sets = main.into_iter().chain(tree.other_sets(self.installation));
        let parts = [of(&campaign.daily_budget, &campaign.lifetime_budget)]
            .into_iter()
            .chain(sets.map(|set| of(&set.daily_budget, &set.lifetime_budget)));
        let total = parts.sum::<Option<u64>>().and_then(|total| Money::from_micros(total, self.basics.currency).ok());
        total.ok_or_else(|| PlatformError::Unreadable { message: format!("campaign {}: its budget", campaign.id) })
    }

    fn settings(&self, tree: &Tree) -> Settings {
        let campaign = &tree.campaign;
        let mut settings = Settings::default();
        settings.set(Field::Objective, Value::Text(campaign.objective.clone()));
        settings.set(Field::Name, Value::Text(campaign.name.clone()));
        let categories = campaign.special_ad_categories.iter().filter(|category| *category != "NONE");
        settings.set(Field::SpecialAdCategories, Value::Set(categories.cloned().collect()));
        let Some(set) = tree.main_set(self.installation) else { return settings };
        for (field, text) in [(Field::Start, &set.start_time), (Field::End, &set.end_time)] {
            if let Some(instant) = self.civil(text) {
                settings.set(field, Value::Instant(instant));
            }
        }
        targeting::read(&set.targeting, self.places, &mut settings);
        settings.set(Field::Bidding, Value::Text(self.bidding(set)));
        settings.set(Field::Optimization, Value::Text(optimization(set)));
        settings.set(Field::ConversionAction, Value::Text(setting_of(&set.promoted_object)));
        settings.set(Field::Identity, self.identity(tree, set).value());
        settings.set(Field::Ads, Value::Ads(self.ads(tree, set)));
        settings
    }

    /// An instant on the account's wall clock.
    fn civil(&self, text: &str) -> Option<DateTime> {
        let at = instant(text)?;
        Some(at.to_zoned(self.basics.time_zone.clone()).datetime())
    }

    fn bidding(&self, set: &AdSet) -> String {
        let minor = match &set.bid_amount {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let cap = || {
            let micros = money::micros(&minor, self.basics.currency)?;
            Money::from_micros(micros, self.basics.currency).ok().map(Money::decimal)
        };
        match set.bid_strategy.as_str() {
            "" | "LOWEST_COST_WITHOUT_CAP" => "LowestCost".to_owned(),
            "COST_CAP" => format!("CostCap {}", cap().unwrap_or_default()),
            "LOWEST_COST_WITH_BID_CAP" => format!("BidCap {}", cap().unwrap_or_default()),
            other => other.to_owned(),
        }
    }

    fn shown<'a>(&'a self, set: &'a AdSet) -> impl Iterator<Item = &'a Ad> {
        set.ads.data.iter().filter(move |ad| shows(ad, set, self.installation))
    }

    fn identity(&self, tree: &Tree, main: &AdSet) -> Identity {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let mut speakers: Vec<Speaker> = self.shown(main).map(|ad| story(ad).speaker).collect();
        // An ad set without an ad that shows speaks as its ads did.
        if speakers.is_empty() {
            speakers = main.ads.data.iter().map(|ad| story(ad).speaker).take(1).collect();
        }
        speakers.extend(tree.other_sets(self.installation).flat_map(|set| self.shown(set)).map(|ad| story(ad).speaker));
        let speaker = speakers.first().cloned().unwrap_or_default();
        let others = speakers.iter().filter(|other| **other != speaker).map(identity::other).collect();
        Identity { speaker, beneficiary: given(&main.dsa_beneficiary), payor: given(&main.dsa_payor), others }
    }

    /// The ads that can be shown. What another ad set shows is told apart, so that it is noticed; and so is a second ad
    /// that equals a first: it was added twice, because an answer was lost or a listing late.
    fn ads(&self, tree: &Tree, main: &AdSet) -> BTreeSet<AdSettings> {
        let mut ads = BTreeSet::new();
        for ad in self.shown(main) {
            let settings = story(ad).ad(self.hashes);
            if let Some(twin) = ads.replace(settings) {
                ads.insert(AdSettings { url: format!("ad {}: {}", ad.id, twin.url), ..twin });
            }
        }
        for set in tree.other_sets(self.installation) {
            for ad in self.shown(set) {
                let settings = story(ad).ad(self.hashes);
                ads.insert(AdSettings { url: format!("ad set {}: {}", set.id, settings.url), ..settings });
            }
        }
        ads
    }

    fn serving(&self, tree: &Tree, missing: &BTreeSet<String>) -> BTreeSet<Reason> {
        let mut serving = BTreeSet::new();
        let Some(set) = tree.main_set(self.installation) else { return serving };
        if self.delivery(tree, missing) != Delivery::Enabled {
            serving.insert(Reason::Paused);
        }
        let past = |text: &str| instant(text).map(|at| at <= self.seen);
        if past(&set.start_time) == Some(false) {
            serving.insert(Reason::FlightNotStarted);
        }
        if past(&set.end_time) == Some(true) {
            serving.insert(Reason::FlightOver);
        }
        if set.learning_stage_info.status == "LEARNING" && serving.is_empty() {
            serving.insert(Reason::Learning);
        }
        if tree.campaign.issues_info.iter().any(|issue| issue.level == "ACCOUNT") {
            serving.insert(Reason::PaymentFailed);
        }
        serving.extend(self.review(set));
        serving
    }

    /// What the review of the ads stops.
    fn review(&self, set: &AdSet) -> BTreeSet<Reason> {
        let ads: Vec<&str> = self.shown(set).map(|ad| ad.effective_status.as_str()).collect();
        let disapproved = |status: &&str| *status == "DISAPPROVED";
        let in_review = |status: &&str| matches!(*status, "PENDING_REVIEW" | "IN_PROCESS" | "PREAPPROVED");
        let mut reasons = BTreeSet::new();
        if ads.iter().any(&disapproved) {
            reasons.insert(Reason::AdsDisapproved);
        }
        if ads.iter().any(&in_review) && ads.iter().all(|status| in_review(status) || disapproved(status)) {
            reasons.insert(Reason::AdsInReview);
        }
        if ads.contains(&"PENDING_BILLING_INFO") {
            reasons.insert(Reason::PaymentFailed);
        }
        reasons
    }
}

/// What delivery is optimised for; and what is charged for, if it is not impressions.
fn optimization(set: &AdSet) -> String {
    match set.billing_event.as_str() {
        "" | "IMPRESSIONS" => set.optimization_goal.clone(),
        event => format!("{} charged by {event}", set.optimization_goal),
    }
}

/// Reads `2027-03-01T12:00:00-0500`.
fn instant(text: &str) -> Option<Timestamp> {
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", text).ok().or_else(|| text.parse().ok())
}
