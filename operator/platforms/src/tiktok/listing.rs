//! Listing campaigns in bulk: a request is a page of a kind of objects, never an object.
//!
//! All Smart+ campaigns and ad groups are listed and looked at here, not by TikTok: its search by name is a fuzzy one,
//! and an object that it misses would be created a second time.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::observed::ExternalId;
use adops_core::marker::{Installation, Token};
use serde_json::{Value, json};

use super::client::{Client, filtering, list};
use super::tree::{Group, Tree};
use super::wire::{Ad, AdGroup, Campaign, ReportRow};
use crate::error::PlatformError;

/// Rows of a page: TikTok's most.
const PAGE: usize = 1_000;
/// Ads of a page.
const ADS_OF_A_PAGE: usize = 100;
/// Ids in a filter.
const IDS: usize = 100;

const CAMPAIGNS: &str = "smart_plus/campaign/get";
const AD_GROUPS: &str = "smart_plus/adgroup/get";
const ADS: &str = "smart_plus/ad/get";
pub(super) const REPORT: &str = "report/integrated/get";

pub(super) type Trees = BTreeMap<ExternalId, Tree>;

/// Everything of this installation that is not deleted, and what is held by id, deleted or not.
pub(super) async fn all(
    client: &Client,
    installation: &Installation,
    held: &BTreeSet<ExternalId>,
) -> Result<Trees, PlatformError> {
    let (campaigns, groups, shown) = tokio::join!(
        client.pages::<Campaign>(CAMPAIGNS, &[], PAGE),
        client.pages::<AdGroup>(AD_GROUPS, &[], PAGE),
        shown(client, &[]),
    );
    let (mut trees, shown) = (hang(campaigns?, groups?), shown?);
    trees.retain(|id, tree| held.contains(id) || is_marked(tree, installation));
    let unseen: BTreeSet<ExternalId> = held.iter().filter(|id| !trees.contains_key(*id)).cloned().collect();
    trees.append(&mut bare(client, &unseen).await?);
    add_ads(client, &mut trees).await?;
    for (id, tree) in &mut trees {
        tree.delivered = shown.contains(id);
    }
    Ok(trees)
}

/// Everything that is not deleted, whoever made it; whether it was shown is not asked.
pub(super) async fn everything(client: &Client) -> Result<Trees, PlatformError> {
    let (campaigns, groups) =
        tokio::join!(client.pages::<Campaign>(CAMPAIGNS, &[], PAGE), client.pages::<AdGroup>(AD_GROUPS, &[], PAGE),);
    let mut trees = hang(campaigns?, groups?);
    add_ads(client, &mut trees).await?;
    Ok(trees)
}

/// All campaigns that are not deleted, whoever made them, without what hangs on them.
pub(super) async fn campaigns(client: &Client) -> Result<Vec<Campaign>, PlatformError> {
    client.pages(CAMPAIGNS, &[], PAGE).await
}

/// The ids of the campaigns that are called exactly so, whoever made them. All of them are listed and looked at here:
/// what TikTok's search missed could be a second one of that name.
pub(super) async fn called(
    client: &Client,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, BTreeSet<ExternalId>>, PlatformError> {
    let mut found: BTreeMap<String, BTreeSet<ExternalId>> = BTreeMap::new();
    if names.is_empty() {
        return Ok(found);
    }
    for campaign in campaigns(client).await? {
        if names.contains(&campaign.campaign_name) {
            found.entry(campaign.campaign_name).or_default().insert(campaign.campaign_id);
        }
    }
    Ok(found)
}

/// What has these ids, deleted or not.
pub(super) async fn of_ids(client: &Client, ids: &BTreeSet<ExternalId>) -> Result<Trees, PlatformError> {
    let mut trees = whole(client, ids).await?;
    for chunk in chunks(ids) {
        let ours = json!([{ "field_name": "campaign_ids", "filter_type": "IN", "filter_value": list(&chunk) }]);
        for id in shown(client, &[filtering(&ours)]).await? {
            if let Some(tree) = trees.get_mut(&id) {
                tree.delivered = true;
            }
        }
    }
    Ok(trees)
}

/// The campaigns of these ids with all that hangs on them, deleted or not; whether they were shown is not asked.
pub(super) async fn whole(client: &Client, ids: &BTreeSet<ExternalId>) -> Result<Trees, PlatformError> {
    let mut trees = bare(client, ids).await?;
    add_ads(client, &mut trees).await?;
    Ok(trees)
}

/// The campaigns of these ids with their ad groups, deleted or not.
pub(super) async fn bare(client: &Client, ids: &BTreeSet<ExternalId>) -> Result<Trees, PlatformError> {
    let mut trees = Trees::new();
    for chunk in chunks(ids) {
        let all = [filtering(&json!({ "campaign_ids": chunk, "primary_status": "STATUS_ALL" }))];
        let live = [filtering(&json!({ "campaign_ids": chunk }))];
        let (campaigns, groups) =
            tokio::join!(client.pages(CAMPAIGNS, &all, PAGE), client.pages(AD_GROUPS, &live, PAGE));
        trees.append(&mut hang(campaigns?, groups?));
    }
    Ok(trees)
}

/// Chunks of ids that a filter can hold. An id that is no number is none of TikTok's.
fn chunks(ids: &BTreeSet<ExternalId>) -> Vec<Vec<&str>> {
    let is_number = |id: &&str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    let ids: Vec<&str> = ids.iter().map(String::as_str).filter(is_number).collect();
    ids.chunks(IDS).map(<[&str]>::to_vec).collect()
}

fn hang(campaigns: Vec<Campaign>, groups: Vec<AdGroup>) -> Trees {
    // A listing that moved on while it was read may have a row twice.
    let mut trees: Trees = campaigns
        .into_iter()
        .map(|campaign| (campaign.campaign_id.clone(), Tree { campaign, ..Tree::default() }))
        .collect();
    for own in groups {
        if let Some(tree) = trees.get_mut(&own.campaign_id)
            && tree.groups.iter().all(|group| group.own.adgroup_id != own.adgroup_id)
        {
            tree.groups.push(Group { own, ads: Vec::new() });
        }
    }
    trees
}

/// Whether the name of the campaign or of one of its ad groups has a token of ours.
fn is_marked(tree: &Tree, installation: &Installation) -> bool {
    tree.marker(installation).tokens().any(|token: &Token| token.installation == *installation)
}

async fn add_ads(client: &Client, trees: &mut Trees) -> Result<(), PlatformError> {
    let with_groups: BTreeSet<ExternalId> =
        trees.iter().filter(|(_, tree)| !tree.groups.is_empty()).map(|(id, _)| id.clone()).collect();
    for chunk in chunks(&with_groups) {
        let ads: Vec<Ad> = client.pages(ADS, &[filtering(&json!({ "campaign_ids": chunk }))], ADS_OF_A_PAGE).await?;
        for ad in ads {
            let groups = trees.get_mut(&ad.campaign_id).map(|tree| &mut tree.groups);
            let group = groups.and_then(|groups| groups.iter_mut().find(|g| g.own.adgroup_id == ad.adgroup_id));
            if let Some(group) = group
                && group.ads.iter().all(|other| other.smart_plus_ad_id != ad.smart_plus_ad_id)
            {
                group.ads.push(ad);
            }
        }
    }
    Ok(())
}

/// The campaigns that were ever shown.
async fn shown(client: &Client, filter: &[(&str, String)]) -> Result<BTreeSet<ExternalId>, PlatformError> {
    let mut query = vec![
        ("report_type", "BASIC".to_owned()),
        ("data_level", "AUCTION_CAMPAIGN".to_owned()),
        ("dimensions", list(["campaign_id"])),
        ("metrics", list(["spend", "impressions"])),
        ("query_lifetime", Value::from(true).to_string()),
    ];
    query.extend(filter.iter().cloned());
    let rows: Vec<ReportRow> = client.pages(REPORT, &query, PAGE).await?;
    // A figure is a text, `-` where it says nothing.
    let is_some = |row: &ReportRow, metric: &str| {
        let figure = row.metrics.get(metric).and_then(Value::as_str).unwrap_or_default();
        figure.bytes().any(|b| (b'1'..=b'9').contains(&b))
    };
    Ok(rows
        .into_iter()
        .filter(|row| is_some(row, "impressions") || is_some(row, "spend"))
        .filter_map(|row| Some(row.dimensions.get("campaign_id")?.as_str()?.to_owned()))
        .collect())
}
