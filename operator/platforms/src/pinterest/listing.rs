//! Listing campaigns in bulk: a request is a page of a kind of objects, never an object.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::observed::ExternalId;
use adops_core::marker::Installation;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::client::Client;
use super::tree::Tree;
use super::wire::{AdGroup, Campaign};
use crate::error::PlatformError;

/// Ids in a request. Pinterest takes 250, but a URL should not be longer than some thousand characters.
const IDS: usize = 100;
/// Days before today that figures go back.
pub(super) const DAYS_BACK: i64 = 89;

const CAMPAIGNS: &str = "campaigns";
const AD_GROUPS: &str = "ad_groups";
const LIVE: &[&str] = &["ACTIVE", "PAUSED"];
const EVERY: &[&str] = &["ACTIVE", "PAUSED", "ARCHIVED"];

pub(super) type Trees = BTreeMap<ExternalId, Tree>;
/// A parameter.
type Parameter = (&'static str, String);

/// Everything of this installation that is not archived, and what is held by id, archived or not.
pub(super) async fn all(
    client: &Client,
    installation: &Installation,
    held: &BTreeSet<ExternalId>,
) -> Result<Trees, PlatformError> {
    let live = statuses(LIVE);
    let (campaigns, groups) = tokio::join!(client.pages(CAMPAIGNS, &live), client.pages(AD_GROUPS, &live));
    let mut trees = hang(campaigns?, groups?);
    trees.retain(|id, tree| held.contains(id) || tree.is_ours(installation));
    let unseen: BTreeSet<ExternalId> = held.iter().filter(|id| !trees.contains_key(*id)).cloned().collect();
    trees.append(&mut bare(client, &unseen).await?);
    tell_delivered(client, &mut trees).await?;
    Ok(trees)
}

/// What has these ids, archived or not.
pub(super) async fn of_ids(client: &Client, ids: &BTreeSet<ExternalId>) -> Result<Trees, PlatformError> {
    let mut trees = bare(client, ids).await?;
    tell_delivered(client, &mut trees).await?;
    Ok(trees)
}

/// The campaigns of these ids with their ad groups, archived or not; whether they were shown is not asked.
pub(super) async fn bare(client: &Client, ids: &BTreeSet<ExternalId>) -> Result<Trees, PlatformError> {
    let mut trees = Trees::new();
    for chunk in chunks(ids) {
        let with = |some: &[&str]| -> Vec<Parameter> { campaign_ids(&chunk).chain(statuses(some)).collect() };
        let (every, live) = (with(EVERY), with(LIVE));
        let (campaigns, groups) = tokio::join!(client.pages(CAMPAIGNS, &every), client.pages(AD_GROUPS, &live));
        trees.append(&mut hang(campaigns?, groups?));
    }
    Ok(trees)
}

/// All campaigns, archived or not, without their ad groups.
pub(super) async fn campaigns(client: &Client) -> Result<Vec<Campaign>, PlatformError> {
    client.pages(CAMPAIGNS, &statuses(EVERY)).await
}

/// The ids of the live campaigns that are called exactly so, whoever made them. Pinterest does not filter by name.
pub(super) async fn called(
    client: &Client,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, BTreeSet<ExternalId>>, PlatformError> {
    let mut found: BTreeMap<String, BTreeSet<ExternalId>> = BTreeMap::new();
    if names.is_empty() {
        return Ok(found);
    }
    let live: Vec<Campaign> = client.pages(CAMPAIGNS, &statuses(LIVE)).await?;
    for campaign in live.into_iter().filter(|campaign| names.contains(&campaign.name)) {
        found.entry(campaign.name).or_default().insert(campaign.id);
    }
    Ok(found)
}

/// Figures of campaigns, by day or as a whole. Rows have `CAMPAIGN_ID`, and `DATE` by day.
pub(super) async fn figures(
    client: &Client,
    ids: &BTreeSet<ExternalId>,
    (first, last): (Date, Date),
    columns: &[&str],
    granularity: &str,
) -> Result<Vec<Map<String, Value>>, PlatformError> {
    let mut rows = Vec::new();
    for chunk in chunks(ids) {
        let fixed = [
            ("start_date", first.to_string()),
            ("end_date", last.to_string()),
            ("columns", columns.join(",")),
            ("granularity", granularity.to_owned()),
        ];
        let query: Vec<Parameter> = campaign_ids(&chunk).chain(fixed).collect();
        let mut found: Vec<Map<String, Value>> = client.get(&client.own("campaigns/analytics"), &query).await?;
        rows.append(&mut found);
    }
    Ok(rows)
}

/// Today, and the first day of which there are figures.
pub(super) fn days(client: &Client) -> (Date, Date) {
    let today = client.clock.now().to_zoned(TimeZone::UTC).date();
    (today.saturating_sub(DAYS_BACK.days()), today)
}

async fn tell_delivered(client: &Client, trees: &mut Trees) -> Result<(), PlatformError> {
    let ids = trees.keys().cloned().collect();
    let columns = ["PAID_IMPRESSION", "SPEND_IN_MICRO_DOLLAR"];
    for row in figures(client, &ids, days(client), &columns, "TOTAL").await? {
        let is_some = |column: &&str| row.get(*column).and_then(Value::as_f64).is_some_and(|figure| figure > 0.0);
        let tree = row.get("CAMPAIGN_ID").and_then(Value::as_str).and_then(|id| trees.get_mut(id));
        if let Some(tree) = tree.filter(|_| columns.iter().any(is_some)) {
            tree.delivered = true;
        }
    }
    Ok(())
}

/// Chunks of ids that a request can hold. An id that is no number is none of Pinterest's.
fn chunks(ids: &BTreeSet<ExternalId>) -> Vec<Vec<String>> {
    let is_number = |id: &&String| !id.is_empty() && id.len() <= 18 && id.bytes().all(|b| b.is_ascii_digit());
    let ids: Vec<String> = ids.iter().filter(is_number).cloned().collect();
    ids.chunks(IDS).map(<[String]>::to_vec).collect()
}

fn campaign_ids(ids: &[String]) -> impl Iterator<Item = Parameter> {
    ids.iter().map(|id| ("campaign_ids", id.clone()))
}

fn statuses(some: &[&str]) -> Vec<Parameter> {
    some.iter().map(|status| ("entity_statuses", (*status).to_owned())).collect()
}

fn hang(campaigns: Vec<Campaign>, groups: Vec<AdGroup>) -> Trees {
    let mut trees: Trees =
        campaigns.into_iter().map(|campaign| (campaign.id.clone(), Tree { campaign, ..Tree::default() })).collect();
    for group in groups {
        // A listing that moved on while it was read may have a row twice.
        if let Some(tree) = trees.get_mut(&group.campaign_id)
            && tree.groups.iter().all(|other| other.id != group.id)
        {
            tree.groups.push(group);
        }
    }
    trees
}
