//! Listing campaigns in bulk: a request is a page of a kind of objects, never an object.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::observed::ExternalId;
use adops_core::marker::Installation;
use serde::de::DeserializeOwned;

use super::client::{Client, list, quote};
use super::goals::Goals;
use super::labels::LabelBook;
use super::tree::{Group, Tree};
use super::wire::{AdGroupAdRow, AdGroupCriterionRow, AdGroupRow, CampaignCriterionRow, CampaignRow, GoalConfigRow};
use crate::error::PlatformError;

/// Ids in one query.
const IDS_PER_QUERY: usize = 1_000;
/// Names in one query: they may have some hundred letters each.
const NAMES_PER_QUERY: usize = 100;

const CAMPAIGN: &str = "SELECT campaign.id, campaign.name, campaign.status, campaign.primary_status, \
    campaign.primary_status_reasons, campaign.serving_status, campaign.advertising_channel_type, \
    campaign.bidding_strategy_type, campaign.target_spend.cpc_bid_ceiling_micros, \
    campaign.maximize_conversions.target_cpa_micros, campaign.network_settings.target_google_search, \
    campaign.network_settings.target_search_network, campaign.network_settings.target_content_network, \
    campaign.network_settings.target_partner_search_network, \
    campaign.geo_target_type_setting.positive_geo_target_type, \
    campaign.geo_target_type_setting.negative_geo_target_type, campaign.labels, campaign.start_date_time, \
    campaign.end_date_time, campaign.final_url_suffix, campaign.contains_eu_political_advertising, \
    campaign_budget.resource_name, campaign_budget.amount_micros, campaign_budget.explicitly_shared, \
    customer.currency_code, metrics.impressions, metrics.cost_micros FROM campaign WHERE ";
const CRITERION: &str = "SELECT campaign.id, campaign_criterion.resource_name, campaign_criterion.criterion_id, \
    campaign_criterion.type, campaign_criterion.negative, campaign_criterion.location.geo_target_constant, \
    campaign_criterion.language.language_constant, campaign_criterion.keyword.text, \
    campaign_criterion.keyword.match_type FROM campaign_criterion \
    WHERE campaign_criterion.type IN ('LOCATION', 'PROXIMITY', 'LANGUAGE', 'KEYWORD') \
    AND campaign_criterion.status != 'REMOVED' AND ";
const AD_GROUP: &str = "SELECT campaign.id, ad_group.id, ad_group.name, ad_group.status, ad_group.cpc_bid_micros \
    FROM ad_group WHERE ad_group.status != 'REMOVED' AND ";
const AD_GROUP_CRITERION: &str = "SELECT campaign.id, ad_group.id, ad_group_criterion.resource_name, \
    ad_group_criterion.status, ad_group_criterion.type, ad_group_criterion.negative, \
    ad_group_criterion.keyword.text, ad_group_criterion.keyword.match_type, ad_group_criterion.age_range.type, \
    ad_group_criterion.gender.type FROM ad_group_criterion \
    WHERE ad_group_criterion.type IN ('KEYWORD', 'AGE_RANGE', 'GENDER') \
    AND ad_group_criterion.status != 'REMOVED' AND ad_group.status != 'REMOVED' AND ";
const AD: &str = "SELECT campaign.id, ad_group.id, ad_group_ad.resource_name, ad_group_ad.status, ad_group_ad.ad.id, \
    ad_group_ad.ad.type, ad_group_ad.ad.final_urls, ad_group_ad.ad.responsive_search_ad.headlines, \
    ad_group_ad.ad.responsive_search_ad.descriptions, ad_group_ad.ad.responsive_search_ad.path1, \
    ad_group_ad.ad.responsive_search_ad.path2, ad_group_ad.policy_summary.review_status, \
    ad_group_ad.policy_summary.approval_status FROM ad_group_ad \
    WHERE ad_group_ad.status != 'REMOVED' AND ad_group.status != 'REMOVED' AND ";
const GOAL: &str = "SELECT campaign.id, conversion_goal_campaign_config.goal_config_level, \
    conversion_goal_campaign_config.custom_conversion_goal FROM conversion_goal_campaign_config WHERE ";

type Trees = BTreeMap<ExternalId, Tree>;

/// Everything of this installation that is not removed, and what is held by id, removed or not.
pub(super) async fn all(
    client: &Client,
    installation: &Installation,
    labels: &LabelBook,
    goals: &Goals,
    held: &BTreeSet<ExternalId>,
) -> Result<Trees, PlatformError> {
    let mut filters =
        ours(installation, labels).into_iter().map(|filter| format!("{filter} AND campaign.status != 'REMOVED'"));
    let tokens = filters.next().unwrap_or_default();
    let mut trees = Trees::new();
    if let Some(labelled) = filters.next() {
        subtrees(client, &labelled, goals, &mut trees).await?;
    }
    let mut strays = campaigns(client, &tokens).await?;
    let unseen: BTreeSet<ExternalId> =
        held.iter().filter(|id| !trees.contains_key(*id) && !strays.contains_key(*id)).cloned().collect();
    for filter in by_ids(&unseen) {
        strays.append(&mut campaigns(client, &filter).await?);
    }
    let live: BTreeSet<ExternalId> =
        strays.iter().filter(|(_, tree)| tree.is_live()).map(|(id, _)| id.clone()).collect();
    for filter in by_ids(&live) {
        children(client, &filter, goals, &mut strays).await?;
    }
    trees.append(&mut strays);
    Ok(trees)
}

/// Everything on the account, whoever made it: whole trees of what is live, the bare rest of what is removed.
pub(super) async fn everything(client: &Client, goals: &Goals) -> Result<Trees, PlatformError> {
    let mut trees = campaigns(client, &format!("campaign.status = 'REMOVED' AND {BASE}")).await?;
    subtrees(client, &format!("campaign.status != 'REMOVED' AND {BASE}"), goals, &mut trees).await?;
    Ok(trees)
}

/// Id and name of copies of campaigns that belong to experiments, and of whatever else is no campaign of its own.
pub(super) async fn copies(client: &Client) -> Result<BTreeMap<ExternalId, String>, PlatformError> {
    let query = "SELECT campaign.id, campaign.name FROM campaign WHERE campaign.status != 'REMOVED' \
                 AND campaign.experiment_type != 'BASE'";
    let rows: Vec<CampaignRow> = client.search(query).await?;
    Ok(rows.into_iter().map(|row| (row.campaign.id, row.campaign.name)).collect())
}

/// What has these ids, removed or not.
pub(super) async fn of_ids(client: &Client, goals: &Goals, ids: &BTreeSet<ExternalId>) -> Result<Trees, PlatformError> {
    let mut trees = Trees::new();
    for filter in by_ids(ids) {
        subtrees(client, &filter, goals, &mut trees).await?;
    }
    Ok(trees)
}

/// The campaigns of these ids without what hangs on them.
pub(super) async fn bare(client: &Client, ids: &BTreeSet<ExternalId>) -> Result<Trees, PlatformError> {
    let mut trees = Trees::new();
    for filter in by_ids(ids) {
        trees.append(&mut campaigns(client, &filter).await?);
    }
    Ok(trees)
}

/// The ids of the live campaigns of these names.
pub(super) async fn ids_of_names<'a>(
    client: &Client,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeMap<String, ExternalId>, PlatformError> {
    let names: Vec<&str> = names.into_iter().collect();
    let mut found = BTreeMap::new();
    for chunk in names.chunks(IDS_PER_QUERY) {
        let query = format!(
            "SELECT campaign.id, campaign.name FROM campaign WHERE campaign.name IN {} AND campaign.status != 'REMOVED'",
            list(chunk)
        );
        let rows: Vec<CampaignRow> = client.search(&query).await?;
        found.extend(rows.into_iter().map(|row| (row.campaign.name, row.campaign.id)));
    }
    Ok(found)
}

/// The ids of the live campaigns that are called exactly so, whoever made them.
pub(super) async fn called(
    client: &Client,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, BTreeSet<ExternalId>>, PlatformError> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut found: BTreeMap<String, BTreeSet<ExternalId>> = BTreeMap::new();
    for chunk in names.chunks(NAMES_PER_QUERY) {
        let query = format!(
            "SELECT campaign.id, campaign.name FROM campaign WHERE campaign.name IN {} AND campaign.status != 'REMOVED' \
             AND {BASE}",
            list(chunk)
        );
        let rows: Vec<CampaignRow> = client.search(&query).await?;
        // Google may take letters for alike that are not.
        for campaign in rows.into_iter().map(|row| row.campaign).filter(|row| names.contains(&row.name.as_str())) {
            found.entry(campaign.name).or_default().insert(campaign.id);
        }
    }
    Ok(found)
}

/// Copies of a campaign that belong to an experiment are not lines.
const BASE: &str = "campaign.experiment_type = 'BASE'";

/// Filters that together find every campaign of this installation once: by its name where it lacks our
/// labels, and by its labels.
pub(super) fn ours(installation: &Installation, labels: &LabelBook) -> Vec<String> {
    let own: Vec<&String> = [&labels.ours, &labels.paused].into_iter().flatten().collect();
    // In LIKE a bracket stands in brackets.
    let pattern = format!("%{}%", installation.token_prefix().replace('[', "[[]"));
    let named = format!("campaign.name LIKE {} AND {BASE}", quote(&pattern));
    if own.is_empty() {
        return vec![named];
    }
    let own = list(own);
    vec![
        format!("{named} AND campaign.labels CONTAINS NONE {own}"),
        format!("campaign.labels CONTAINS ANY {own} AND {BASE}"),
    ]
}

fn by_ids(ids: &BTreeSet<ExternalId>) -> Vec<String> {
    // An id that is no number is none of Google's.
    let ids: Vec<&str> =
        ids.iter().map(String::as_str).filter(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())).collect();
    ids.chunks(IDS_PER_QUERY).map(|chunk| format!("campaign.id IN ({})", chunk.join(", "))).collect()
}

async fn campaigns(client: &Client, filter: &str) -> Result<Trees, PlatformError> {
    let rows: Vec<CampaignRow> = client.search(&format!("{CAMPAIGN}{filter}")).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let tree = Tree {
                campaign: row.campaign,
                budget: row.campaign_budget,
                currency: row.customer.currency_code,
                metrics: row.metrics,
                ..Tree::default()
            };
            (tree.campaign.id.clone(), tree)
        })
        .collect())
}

async fn subtrees(client: &Client, filter: &str, goals: &Goals, into: &mut Trees) -> Result<(), PlatformError> {
    let (found, parts) = tokio::join!(campaigns(client, filter), Parts::read(client, filter, goals));
    into.append(&mut found?);
    parts?.hang_on(into);
    Ok(())
}

async fn children(client: &Client, filter: &str, goals: &Goals, on: &mut Trees) -> Result<(), PlatformError> {
    Parts::read(client, filter, goals).await?.hang_on(on);
    Ok(())
}

/// What hangs on campaigns, kind by kind.
struct Parts {
    criteria: Vec<CampaignCriterionRow>,
    groups: Vec<AdGroupRow>,
    group_criteria: Vec<AdGroupCriterionRow>,
    ads: Vec<AdGroupAdRow>,
    goals: Vec<GoalConfigRow>,
}

impl Parts {
    async fn read(client: &Client, filter: &str, goals: &Goals) -> Result<Self, PlatformError> {
        let (criteria, groups, group_criteria, ads, goals) = tokio::join!(
            rows(client, CRITERION, filter),
            rows(client, AD_GROUP, filter),
            rows(client, AD_GROUP_CRITERION, filter),
            rows(client, AD, filter),
            async {
                // Without a custom goal in the account no campaign can have one.
                if goals.is_empty() { Ok(Vec::new()) } else { rows(client, GOAL, filter).await }
            },
        );
        Ok(Self { criteria: criteria?, groups: groups?, group_criteria: group_criteria?, ads: ads?, goals: goals? })
    }

    fn hang_on(self, trees: &mut Trees) {
        for row in self.criteria {
            if let Some(tree) = trees.get_mut(&row.campaign.id) {
                tree.criteria.push(row.campaign_criterion);
            }
        }
        for row in self.groups {
            if let Some(tree) = trees.get_mut(&row.campaign.id) {
                tree.groups.push(Group { own: row.ad_group, ..Group::default() });
            }
        }
        for row in self.group_criteria {
            if let Some(group) = group(trees, &row.campaign.id, &row.ad_group.id) {
                group.criteria.push(row.ad_group_criterion);
            }
        }
        for row in self.ads {
            if let Some(group) = group(trees, &row.campaign.id, &row.ad_group.id) {
                group.ads.push(row.ad_group_ad);
            }
        }
        for row in self.goals {
            let config = row.conversion_goal_campaign_config;
            if let Some(tree) = trees.get_mut(&row.campaign.id)
                && config.goal_config_level == "CAMPAIGN"
                && !config.custom_conversion_goal.is_empty()
            {
                tree.goal = Some(config.custom_conversion_goal);
            }
        }
    }
}

async fn rows<Row: DeserializeOwned>(client: &Client, query: &str, filter: &str) -> Result<Vec<Row>, PlatformError> {
    client.search(&format!("{query}{filter}")).await
}

fn group<'a>(trees: &'a mut Trees, campaign: &str, group: &str) -> Option<&'a mut Group> {
    trees.get_mut(campaign)?.groups.iter_mut().find(|candidate| candidate.own.id == group)
}
