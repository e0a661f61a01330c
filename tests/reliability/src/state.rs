//! The state of the simulated accounts in a form that can be compared between worlds: without ids, and by line.

use std::collections::BTreeMap;

use adops_core::marker::Token;
use adops_e2e::reach::{META, TIKTOK};
use adops_e2e::world::CUSTOMER;
use adsim::AdSim;
use adsim::google::view::{AccountView, CampaignView};
use adsim::meta::view::{MetaAccountView, MetaCampaignView};
use adsim::tiktok::view::{AdvertiserView, TikTokCampaignView};
use serde_json::{Value, json};

/// Fields of a campaign that differ between worlds: names of other objects, and what the platform says by itself.
const OWN_TO_A_WORLD: &[&str] =
    &["resourceName", "id", "name", "campaignBudget", "labels", "status", "baseCampaign", "goalConfig"];

/// The objects of each line that are not removed, by the hash of the line's key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State(pub BTreeMap<String, Objects>);

/// The objects of one line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Objects {
    /// All that is set on those that are enabled.
    pub enabled: Vec<Value>,
    /// How many are paused.
    pub paused: usize,
}

impl State {
    /// What an account on Google holds of ours; campaigns without a token are somebody else's.
    pub fn of(account: &AccountView) -> Self {
        let mut state = Self::default();
        for campaign in account.present() {
            state.add(&campaign.name, campaign.status == "ENABLED", || settings(campaign));
        }
        state
    }

    /// What the worlds' accounts on all platforms hold of ours.
    pub fn of_all(sim: &AdSim) -> Self {
        let mut state = Self::of(&sim.google_account(CUSTOMER));
        let meta = sim.meta_account(META);
        for campaign in meta.present() {
            let enabled = campaign.object.status == "ACTIVE";
            state.add(&campaign.object.name, enabled, || settings_on_meta(&meta, campaign));
        }
        let tiktok = sim.tiktok_account(TIKTOK);
        for campaign in tiktok.iter().flat_map(AdvertiserView::present) {
            state.add(&campaign.name, campaign.enabled, || settings_on_tiktok(campaign));
        }
        state
    }

    fn add(&mut self, name: &str, enabled: bool, settings: impl FnOnce() -> Value) {
        let Some(token) = Token::find(name) else { return };
        let objects = self.0.entry(token.line.to_string()).or_default();
        if enabled {
            objects.enabled.push(settings());
        } else {
            objects.paused += 1;
        }
    }

    /// The enabled objects alone: what S5 speaks of.
    #[must_use]
    pub fn enabled(&self) -> BTreeMap<String, Vec<Value>> {
        let enabled = self.0.iter().filter(|(_, objects)| !objects.enabled.is_empty());
        enabled.map(|(line, objects)| (line.clone(), objects.enabled.clone())).collect()
    }

    /// How many objects are enabled.
    pub fn enabled_count(&self) -> usize {
        self.0.values().map(|objects| objects.enabled.len()).sum()
    }

    /// How many objects are paused.
    pub fn paused_count(&self) -> usize {
        self.0.values().map(|objects| objects.paused).sum()
    }
}

/// All that is set on a campaign, without what is own to its world.
pub fn settings(campaign: &CampaignView) -> Value {
    let mut fields = campaign.fields.clone();
    if let Some(fields) = fields.as_object_mut() {
        for name in OWN_TO_A_WORLD {
            fields.remove(*name);
        }
    }
    let mut criteria: Vec<Value> = campaign
        .criteria
        .iter()
        .filter(|criterion| criterion.status != "REMOVED")
        .map(|criterion| json!([criterion.kind, criterion.criterion_id, criterion.display_name, criterion.negative]))
        .collect();
    criteria.sort_by_key(Value::to_string);
    let groups: Vec<Value> = campaign
        .ad_groups
        .iter()
        .filter(|group| group.status == "ENABLED")
        .map(|group| {
            let mut keywords: Vec<Value> = group
                .keywords
                .iter()
                .filter(|keyword| keyword.status == "ENABLED")
                .map(|keyword| json!([keyword.text, keyword.match_type, keyword.negative]))
                .collect();
            keywords.sort_by_key(Value::to_string);
            let mut ads: Vec<Value> = group
                .ads
                .iter()
                // The ads of an earlier copy stay, paused.
                .filter(|ad| ad.status == "ENABLED")
                .map(|ad| json!([ad.headlines, ad.descriptions, ad.final_urls]))
                .collect();
            ads.sort_by_key(Value::to_string);
            json!({ "name": Token::strip(&group.name), "keywords": keywords, "ads": ads })
        })
        .collect();
    json!({
        "name": Token::strip(&campaign.name),
        "budget": campaign.budget.as_ref().map(|budget| budget.amount_micros),
        "labels": campaign.labels,
        "criteria": criteria,
        "adGroups": groups,
        "fields": fields,
    })
}

/// Fields of Meta's and TikTok's objects that differ between worlds: ids, and what follows from when something was made.
const OF_ONE_WORLD: &[&str] = &[
    "id",
    "name",
    "campaign_id",
    "adset_id",
    "adgroup_id",
    "creative",
    "adlabels",
    "video_id",
    "image_id",
    "image_url",
    "web_uri",
    "material_id",
    "start_time",
    "schedule_start_time",
    "campaign_name",
    "adgroup_name",
    "ad_name",
    "request_id",
];

/// A value without what is own to its world.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !OF_ONE_WORLD.contains(&name.as_str()));
            kept.map(|(name, value)| (name.clone(), comparable(value))).collect()
        }
        Value::Array(values) => values.iter().map(comparable).collect(),
        Value::String(text) => Token::strip(text).into(),
        other => other.clone(),
    }
}

fn sorted(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut values: Vec<Value> = values.collect();
    values.sort_by_key(Value::to_string);
    values
}

fn settings_on_meta(account: &MetaAccountView, campaign: &MetaCampaignView) -> Value {
    let creative = |id: i64| account.creatives.iter().find(|creative| creative.id == id);
    let sets = campaign.ad_sets.iter().filter(|set| set.object.is_present()).map(|set| {
        let ads = set.ads.iter().filter(|ad| ad.object.status == "ACTIVE");
        let shown = ads.map(|ad| creative(ad.creative).map_or(Value::Null, |creative| comparable(&creative.fields)));
        json!({ "fields": comparable(&set.object.fields), "ads": sorted(shown) })
    });
    json!({
        "name": Token::strip(&campaign.object.name),
        "labels": campaign.object.labels,
        "fields": comparable(&campaign.object.fields),
        "sets": sorted(sets),
    })
}

fn settings_on_tiktok(campaign: &TikTokCampaignView) -> Value {
    let groups = campaign.adgroups.iter().filter(|group| !group.deleted).map(|group| {
        let ads = group.ads.iter().filter(|ad| ad.enabled && !ad.deleted).map(|ad| comparable(&ad.fields));
        json!({ "fields": comparable(&group.fields), "ads": sorted(ads) })
    });
    json!({
        "name": Token::strip(&campaign.name),
        "fields": comparable(&campaign.fields),
        "groups": sorted(groups),
    })
}
