//! The state of the simulated account in a form that can be compared between worlds: without ids, and by line.

use std::collections::BTreeMap;

use adops_core::marker::Token;
use adsim::google::view::{AccountView, CampaignView};
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
    /// What an account holds of ours; campaigns without a token are somebody else's.
    pub fn of(account: &AccountView) -> Self {
        let mut state = Self::default();
        for campaign in account.present() {
            let Some(token) = Token::find(&campaign.name) else { continue };
            let objects = state.0.entry(token.line.to_string()).or_default();
            if campaign.status == "ENABLED" {
                objects.enabled.push(settings(campaign));
            } else {
                objects.paused += 1;
            }
        }
        state
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
