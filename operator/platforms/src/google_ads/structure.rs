//! Changes of what hangs on a campaign: criteria, ad groups, ads.
//!
//! What is not wanted any more is removed where it can be made again without loss (criteria), and
//! paused where removing would lose history (ads, other ad groups). In a unit, what makes room comes
//! first.

use std::collections::BTreeSet;

use adops_core::campaign::observed::ExternalId;
use adops_core::campaign::plan::Action;
use adops_core::campaign::settings::{AdSettings, Field, Value};
use adops_core::reason::Reason;
use serde_json::{Map, Value as Json, json};

use super::blueprint::{excluded, keywords, rejected, unfit};
use super::change::Workshop;
use super::observe::{PRESENCE, keyword};
use super::operations::{
    TemporaryIds, add_ad, add_keyword, exclude_group, exclude_keyword, remove, set_status, target_language,
    target_place, update,
};
use super::text::{AGES, GENDERS, Group as Demographic, Keyword};
use super::tree::{Group, Tree, ad_settings};
use super::wire::{AdGroupAd, AdGroupCriterion};
use crate::error::PlatformError;

/// Ads, paused ones too, that an ad group keeps; Google takes 50.
const ADS_KEPT: usize = 40;

type Operations = Result<Vec<Json>, PlatformError>;

/// Whether a change needs an ad group to be made in.
pub(super) fn needs_group(change: &Action) -> bool {
    match change {
        Action::Set { field, .. } => {
            matches!(field, Field::Keywords | Field::Ads | Field::Ages | Field::Genders | Field::Bidding)
        }
        _ => false,
    }
}

/// The operations that give a field its value; none for a value that the field cannot have.
pub(super) fn set(workshop: &Workshop<'_>, tree: &Tree, field: Field, to: &Value) -> Option<Operations> {
    let group = tree.main_group();
    Some(match (field, to) {
        (Field::Places, Value::Places(_)) => places(workshop, tree, to),
        (Field::Languages, Value::Set(codes)) => languages(workshop, tree, codes),
        (Field::NegativeKeywords, Value::Set(texts)) => negative_keywords(workshop, tree, texts),
        (Field::Bidding, Value::Text(text)) => bidding(workshop, tree, text),
        (Field::Keywords, Value::Set(texts)) => positive_keywords(group?, texts),
        (Field::Ages, Value::Set(words)) => Ok(demographics(group?, words, AGES, "ageRange", |c| &c.age_range.kind)),
        (Field::Genders, Value::Set(words)) => Ok(demographics(group?, words, GENDERS, "gender", |c| &c.gender.kind)),
        (Field::Ads, Value::Ads(wanted)) => Ok(ads(tree, group?, wanted)),
        _ => return None,
    })
}

/// A new ad group with all that is wanted in it, for a campaign that has none.
pub(super) fn rebuild(
    workshop: &Workshop<'_>,
    id: &ExternalId,
    wanted: &[&Action],
    ids: &mut TemporaryIds,
) -> Operations {
    let unseen = || rejected(Reason::RemovedOnPlatform, format!("the account has no campaign {id}"));
    let tree = workshop.trees.get(id).ok_or_else(unseen)?;
    let mut operations = Vec::new();
    let mut bid = None;
    for (field, to) in sets(wanted) {
        if let (Field::Bidding, Value::Text(text)) = (field, to) {
            operations.extend(campaign_bid(workshop, tree, text)?);
            bid = workshop.dictionary.bid(text)?.group_bid();
        }
    }
    let campaign = workshop.writer.campaign_name(id);
    let group = workshop.writer.new_group(&campaign, &tree.campaign.name, bid, ids, &mut operations);
    for (field, to) in sets(wanted) {
        match (field, to) {
            (Field::Bidding, _) => {}
            (Field::Keywords, Value::Set(texts)) => {
                operations.extend(keywords(texts, field)?.iter().map(|keyword| add_keyword(&group, keyword)));
            }
            (Field::Ages, Value::Set(words)) => {
                operations.extend(excluded(words, AGES).into_iter().map(|age| exclude_group(&group, "ageRange", age)));
            }
            (Field::Genders, Value::Set(words)) => {
                operations.extend(excluded(words, GENDERS).into_iter().map(|g| exclude_group(&group, "gender", g)));
            }
            (Field::Ads, Value::Ads(wanted)) => operations.extend(wanted.iter().map(|ad| add_ad(&group, ad))),
            (field, _) => return Err(unfit(field)),
        }
    }
    Ok(operations)
}

fn sets<'a>(wanted: &'a [&'a Action]) -> impl Iterator<Item = (Field, &'a Value)> {
    wanted.iter().filter_map(|action| match action {
        Action::Set { field, to, .. } => Some((*field, to)),
        _ => None,
    })
}

fn places(workshop: &Workshop<'_>, tree: &Tree, to: &Value) -> Operations {
    let wanted: BTreeSet<String> = workshop.dictionary.places(to)?.into_iter().collect();
    let campaign = &tree.campaign.resource_name;
    let mut operations = Vec::new();
    let mut present = BTreeSet::new();
    for criterion in tree.criteria.iter().filter(|c| matches!(c.kind.as_str(), "LOCATION" | "PROXIMITY")) {
        let constant = &criterion.location.geo_target_constant;
        if criterion.kind == "LOCATION" && !criterion.negative && wanted.contains(constant) {
            present.insert(constant.clone());
        } else {
            operations.push(remove("campaignCriterionOperation", &criterion.resource_name));
        }
    }
    operations.extend(wanted.difference(&present).map(|constant| target_place(campaign, constant)));
    if tree.campaign.geo_target_type_setting.positive_geo_target_type != PRESENCE {
        operations.push(update(
            "campaignOperation",
            campaign.clone(),
            json!({ "geoTargetTypeSetting": { "positiveGeoTargetType": PRESENCE } }),
            "geoTargetTypeSetting.positiveGeoTargetType",
        ));
    }
    Ok(operations)
}

fn languages(workshop: &Workshop<'_>, tree: &Tree, codes: &BTreeSet<String>) -> Operations {
    let wanted: BTreeSet<String> = workshop.dictionary.languages(codes)?.into_iter().collect();
    let present = tree.criteria.iter().filter(|criterion| criterion.kind == "LANGUAGE");
    let (kept, surplus): (Vec<_>, Vec<_>) = present.partition(|c| wanted.contains(&c.language.language_constant));
    let kept: BTreeSet<String> = kept.into_iter().map(|c| c.language.language_constant.clone()).collect();
    // A campaign without a language would be shown in all: the new ones come first.
    let campaign = &tree.campaign.resource_name;
    let mut operations: Vec<Json> = wanted.difference(&kept).map(|c| target_language(campaign, c)).collect();
    operations.extend(surplus.into_iter().map(|c| remove("campaignCriterionOperation", &c.resource_name)));
    Ok(operations)
}

fn negative_keywords(workshop: &Workshop<'_>, tree: &Tree, texts: &BTreeSet<String>) -> Operations {
    let wanted: BTreeSet<Keyword> = keywords(texts, Field::NegativeKeywords)?.into_iter().collect();
    let campaign = workshop.writer.campaign_name(&tree.campaign.id);
    let mut operations = Vec::new();
    let mut present = BTreeSet::new();
    for criterion in tree.criteria.iter().filter(|c| c.kind == "KEYWORD" && c.negative) {
        let keyword = keyword(&criterion.keyword);
        if !wanted.contains(&keyword) || !present.insert(keyword) {
            operations.push(remove("campaignCriterionOperation", &criterion.resource_name));
        }
    }
    let on_group = tree.main_group().into_iter().flat_map(|group| &group.criteria);
    for criterion in on_group.filter(|c| c.kind == "KEYWORD" && c.negative) {
        if !wanted.contains(&keyword(&criterion.keyword)) {
            operations.push(remove("adGroupCriterionOperation", &criterion.resource_name));
        }
    }
    operations.extend(wanted.difference(&present).map(|keyword| exclude_keyword(&campaign, keyword)));
    Ok(operations)
}

fn bidding(workshop: &Workshop<'_>, tree: &Tree, text: &str) -> Operations {
    let mut operations = campaign_bid(workshop, tree, text)?;
    if let (Some(bid), Some(group)) = (workshop.dictionary.bid(text)?.group_bid(), tree.main_group()) {
        let bid = json!({ "cpcBidMicros": bid.to_string() });
        operations.push(update("adGroupOperation", group.own.resource_name.clone(), bid, "cpcBidMicros"));
    }
    Ok(operations)
}

fn campaign_bid(workshop: &Workshop<'_>, tree: &Tree, text: &str) -> Operations {
    let mut fields = Map::new();
    let mask = workshop.dictionary.bid(text)?.write(&mut fields);
    Ok(vec![workshop.writer.update_campaign(&tree.campaign.id, Json::Object(fields), mask)])
}

fn positive_keywords(group: &Group, texts: &BTreeSet<String>) -> Operations {
    let wanted: BTreeSet<Keyword> = keywords(texts, Field::Keywords)?.into_iter().collect();
    let mut operations = Vec::new();
    let mut present = BTreeSet::new();
    for criterion in group.criteria.iter().filter(|c| c.kind == "KEYWORD" && !c.negative) {
        let keyword = keyword(&criterion.keyword);
        if !wanted.contains(&keyword) || !present.insert(keyword) {
            operations.push(remove("adGroupCriterionOperation", &criterion.resource_name));
        } else if criterion.status != "ENABLED" {
            operations.push(set_status("adGroupCriterionOperation", &criterion.resource_name, "ENABLED"));
        }
    }
    let name = &group.own.resource_name;
    operations.extend(wanted.difference(&present).map(|keyword| add_keyword(name, keyword)));
    Ok(operations)
}

fn demographics(
    group: &Group,
    words: &BTreeSet<String>,
    groups: &'static [Demographic],
    field: &str,
    kind: impl Fn(&AdGroupCriterion) -> &String,
) -> Vec<Json> {
    let wanted = excluded(words, groups);
    let is_one = |c: &AdGroupCriterion| groups.iter().any(|(_, wire)| wire == kind(c));
    let present: Vec<&AdGroupCriterion> = group.criteria.iter().filter(|c| is_one(c)).collect();
    let mut operations: Vec<Json> = present
        .iter()
        // A group that is bid on must be let go before it can be excluded.
        .filter(|c| c.negative != wanted.contains(&kind(c).as_str()))
        .map(|c| remove("adGroupCriterionOperation", &c.resource_name))
        .collect();
    let excluded_now = |wire: &&&str| present.iter().any(|c| c.negative && kind(c) == **wire);
    let name = &group.own.resource_name;
    operations.extend(wanted.iter().filter(|wire| !excluded_now(wire)).map(|wire| exclude_group(name, field, wire)));
    operations
}

fn ads(tree: &Tree, group: &Group, wanted: &BTreeSet<AdSettings>) -> Vec<Json> {
    let mut operations: Vec<Json> = tree
        .other_groups()
        .filter(|other| other.ads.iter().any(|ad| ad.status == "ENABLED"))
        .map(|other| set_status("adGroupOperation", &other.own.resource_name, "PAUSED"))
        .collect();
    let mut present = BTreeSet::new();
    let (mut resume, mut kept) = (Vec::new(), Vec::new());
    // Enabled ones first, so that of two equal ads the one that runs is kept.
    let mut all: Vec<&AdGroupAd> = group.ads.iter().collect();
    all.sort_by_key(|ad| (ad.status != "ENABLED", ad.ad.id.len(), ad.ad.id.clone()));
    for ad in all {
        let settings = ad_settings(ad);
        let is_wanted = wanted.contains(&settings) && present.insert(settings);
        match (is_wanted, ad.status.as_str()) {
            (true, "ENABLED") => {}
            (true, _) => resume.push(set_status("adGroupAdOperation", &ad.resource_name, "ENABLED")),
            (false, "ENABLED") => operations.push(set_status("adGroupAdOperation", &ad.resource_name, "PAUSED")),
            (false, _) => kept.push(ad),
        }
    }
    let new: Vec<&AdSettings> = wanted.difference(&present).collect();
    // Paused ads are kept for their history, but not without end.
    let surplus = (group.ads.len() + new.len()).saturating_sub(ADS_KEPT);
    operations.extend(kept.iter().take(surplus).map(|ad| remove("adGroupAdOperation", &ad.resource_name)));
    operations.extend(resume);
    if !group.is_enabled() {
        operations.push(set_status("adGroupOperation", &group.own.resource_name, "ENABLED"));
    }
    operations.extend(new.into_iter().map(|ad| add_ad(&group.own.resource_name, ad)));
    operations
}
