//! From what was read to what core knows.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::observed::{Delivery, Existence, ObservedLine};
use adops_core::campaign::settings::{Field, Settings, Value};
use adops_core::marker::Installation;
use adops_core::market::Place;
use adops_core::money::{Currency, Money};
use adops_core::reason::Reason;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::places::place;
use super::tree::Tree;
use super::wire::{AdGroup, is_on, texts};
use super::words;
use crate::error::PlatformError;
use crate::paused;

/// What the reading of a tree depends on besides the tree.
pub(super) struct Lens<'a> {
    pub(super) installation: &'a Installation,
    pub(super) currency: Currency,
    pub(super) seen: Timestamp,
}

impl Lens<'_> {
    /// A tree as a line.
    pub(super) fn line(&self, tree: &Tree) -> Result<ObservedLine, PlatformError> {
        Ok(ObservedLine {
            id: tree.campaign.id.clone(),
            seen: self.seen,
            existence: if tree.is_live() { Existence::Live } else { Existence::Removed },
            marker: tree.marker(self.installation),
            delivery: delivery(tree),
            budget: self.budget(tree)?,
            settings: settings(tree),
            missing: tree.missing().into_iter().map(str::to_owned).collect(),
            serving: serving(tree),
            delivered: tree.delivered,
            spend: BTreeMap::new(),
        })
    }

    /// The most that it may spend a day. A cap for the campaign's whole life may be spent in one.
    fn budget(&self, tree: &Tree) -> Result<Money, PlatformError> {
        let campaign = &tree.campaign;
        let cap = campaign.daily_spend_cap.or(campaign.lifetime_spend_cap);
        let micros = match cap {
            Some(cap) if campaign.is_campaign_budget_optimization => cap,
            _ => {
                let groups = tree.groups.iter().filter(|group| is_on(&group.status));
                let sum = groups.filter_map(|group| group.budget_in_micro_currency).fold(0, u64::saturating_add);
                cap.map_or(sum, |cap| sum.min(cap))
            }
        };
        let message = || format!("campaign {}: a budget of {micros} micros", campaign.id);
        Money::from_micros(micros, self.currency).map_err(|_| PlatformError::Unreadable { message: message() })
    }
}

fn settings(tree: &Tree) -> Settings {
    let campaign = &tree.campaign;
    let mut settings = Settings::default();
    settings.set(Field::Name, Value::Text(paused::bare(&campaign.name).to_owned()));
    settings.set(Field::Objective, Value::Text(campaign.objective_type.clone()));
    for (field, time) in [(Field::Start, campaign.start_time), (Field::End, campaign.end_time)] {
        if let Some(at) = time.and_then(|seconds| Timestamp::from_second(seconds).ok()) {
            settings.set(field, Value::Instant(at.to_zoned(TimeZone::UTC).datetime()));
        }
    }
    if let Some(group) = tree.main_group() {
        let targeting = &group.targeting_spec;
        settings.set(Field::Places, Value::Places(places(tree, group)));
        settings.set(Field::Languages, Value::Set(texts(targeting, "LOCALE").map(str::to_owned).collect()));
        settings.set(Field::Ages, Value::Set(ages(group)));
        settings.set(Field::Genders, Value::Set(words::read_genders(targeting)));
        settings.set(Field::Placements, Value::Set(BTreeSet::from([placement(group).to_owned()])));
        settings.set(Field::Bidding, Value::Text(bidding(group)));
    }
    settings
}

/// Where it is shown. What another ad group in the same campaign targets is not known: that it is there, is told.
fn places(tree: &Tree, group: &AdGroup) -> BTreeSet<Place> {
    let codes = texts(&group.targeting_spec, "LOCATION").map(place);
    let regions = texts(&group.targeting_spec, "GEO").map(|code| Place::PlatformOnly(format!("GEO {code}")));
    let others = tree.other_groups().map(|group| Place::PlatformOnly(format!("ad group {}", group.id)));
    codes.chain(regions).chain(others).collect()
}

fn ages(group: &AdGroup) -> BTreeSet<String> {
    // It is on if nobody has switched it off.
    let expanded = group.auto_targeting_enabled.unwrap_or(true).then(|| "expanded".to_owned());
    words::read_ages(&group.targeting_spec).into_iter().chain(expanded).collect()
}

fn placement(group: &AdGroup) -> &str {
    if group.placement_group.is_empty() { words::PLACEMENT } else { &group.placement_group }
}

fn bidding(group: &AdGroup) -> String {
    match group.bid_in_micro_currency.filter(|_| group.bid_strategy_type != words::BIDDING) {
        Some(bid) => format!("{} {bid}", group.bid_strategy_type),
        None => group.bid_strategy_type.clone(),
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

fn serving(tree: &Tree) -> BTreeSet<Reason> {
    let group = tree.main_group().map(|group| group.summary_status.as_str());
    let statuses = [Some(tree.campaign.summary_status.as_str()), group];
    let mut serving: BTreeSet<Reason> = statuses.into_iter().flatten().filter_map(serving_reason).collect();
    if serving.is_empty() && tree.runs() && !tree.delivered {
        serving.insert(Reason::NoImpressions);
    }
    serving
}

fn serving_reason(status: &str) -> Option<Reason> {
    match status {
        "PAUSED" => Some(Reason::Paused),
        "NOT_STARTED" => Some(Reason::FlightNotStarted),
        "COMPLETED" => Some(Reason::FlightOver),
        "ADVERTISER_DISABLED" => Some(Reason::AccountSuspended),
        _ => None,
    }
}
