//! Reading campaigns with all that hangs on them, in bulk.
//!
//! One listing brings whole trees, a hundred a page, so that a poll costs pages and not objects. Edges do not show what is
//! deleted or archived; what is held and not listed is read by its id, which shows it whatever became of it.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::observed::ExternalId;
use adops_core::marker::Installation;
use serde_json::{Value, json};

use super::client::{Call, Client, Params};
use super::desk::{Desk, Program};
use super::labels::LabelBook;
use super::tree::{Tree, Trees};
use super::wire::{AdSet, Campaign, Named};
use crate::error::PlatformError;

/// Trees of a page.
const TREES: usize = 100;
/// Ad sets of a campaign that come with it; a line has one. Where there are more, they are read by themselves.
const SETS: usize = 10;
/// Ads that an ad set can have.
const ADS: usize = 50;

/// The fields of an ad set with its ads.
fn set_fields() -> String {
    format!(
        "id,name,status,daily_budget,lifetime_budget,bid_strategy,bid_amount,optimization_goal,billing_event,\
         promoted_object,targeting,start_time,end_time,dsa_beneficiary,dsa_payor,adlabels{{id,name}},\
         learning_stage_info,ads.limit({ADS}){{id,name,status,effective_status,adlabels{{id,name}},\
         creative{{id,object_story_spec}}}}"
    )
}

/// The fields of a campaign with its ad sets and their ads.
fn fields() -> (&'static str, String) {
    let fields = format!(
        "id,name,status,effective_status,objective,daily_budget,lifetime_budget,special_ad_categories,\
         special_ad_category_country,adlabels{{id,name}},issues_info,adsets.limit({SETS}){{{}}}",
        set_fields()
    );
    ("fields", fields)
}

/// All campaigns that carry our marker, and these.
pub(super) async fn all(
    client: &Client,
    installation: &Installation,
    labels: &LabelBook,
    held: &BTreeSet<ExternalId>,
) -> Result<Trees, PlatformError> {
    let mut campaigns: Vec<Campaign> = Vec::new();
    if !labels.ours.is_empty() {
        let params = vec![
            ("ad_label_ids", Value::from(labels.ours.clone()).to_string()),
            ("operator", "ANY".to_owned()),
            fields(),
        ];
        campaigns = client.pages(&client.edge("campaignsbylabels"), &params, TREES).await?;
    }
    let mut trees = Trees::new();
    for campaign in campaigns {
        let tree = whole(client, campaign).await?;
        trees.insert(tree.campaign.id.clone(), tree);
    }
    // Somebody may have taken our label off.
    let mut others = named(client, installation).await?;
    others.extend(held.iter().cloned());
    others.retain(|id| !trees.contains_key(id));
    trees.extend(of_ids(client, &others).await?);
    Ok(trees)
}

/// Everything that is neither deleted nor archived, whoever made it.
pub(super) async fn everything(client: &Client) -> Result<Trees, PlatformError> {
    let campaigns: Vec<Campaign> = client.pages(&client.edge("campaigns"), &vec![fields()], TREES).await?;
    let mut trees = Trees::new();
    for campaign in campaigns {
        let tree = whole(client, campaign).await?;
        trees.insert(tree.campaign.id.clone(), tree);
    }
    Ok(trees)
}

/// The ids of campaigns whose name has a token of this installation.
async fn named(client: &Client, installation: &Installation) -> Result<BTreeSet<ExternalId>, PlatformError> {
    let filter = json!([{ "field": "name", "operator": "CONTAIN", "value": installation.token_prefix() }]);
    let params = vec![("fields", "id,name".to_owned()), ("filtering", filter.to_string())];
    let found: Vec<Named> = client.pages(&client.edge("campaigns"), &params, usize::MAX).await?;
    let prefix = installation.token_prefix();
    Ok(found.into_iter().filter(|campaign| campaign.name.contains(&prefix)).map(|campaign| campaign.id).collect())
}

/// The ids of the campaigns that are called exactly so, whoever made them; deleted and archived ones are not listed.
pub(super) async fn called(
    client: &Client,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, BTreeSet<ExternalId>>, PlatformError> {
    let mut found: BTreeMap<String, BTreeSet<ExternalId>> = BTreeMap::new();
    for name in names {
        // What contains the name is a few more than what is called so.
        let filter = json!([{ "field": "name", "operator": "CONTAIN", "value": name }]);
        let params = vec![("fields", "id,name".to_owned()), ("filtering", filter.to_string())];
        let campaigns: Vec<Named> = client.pages(&client.edge("campaigns"), &params, usize::MAX).await?;
        let called = campaigns.into_iter().filter(|campaign| campaign.name == *name).map(|campaign| campaign.id);
        found.entry(name.clone()).or_default().extend(called);
    }
    Ok(found)
}

/// Campaigns by their ids. What the account does not have is absent.
pub(super) async fn of_ids(client: &Client, ids: &BTreeSet<ExternalId>) -> Result<Trees, PlatformError> {
    let mut trees = Trees::new();
    if ids.is_empty() {
        return Ok(trees);
    }
    let desk = Desk::new(client);
    let lost = || Err(PlatformError::Unavailable { message: "a campaign was not read".to_owned() });
    let programs = ids.iter().map(|id| read(&desk, id)).collect();
    for campaign in desk.run(programs, lost).await {
        if let Some(campaign) = campaign? {
            let tree = whole(client, campaign).await?;
            trees.insert(tree.campaign.id.clone(), tree);
        }
    }
    Ok(trees)
}

fn read<'a>(desk: &'a Desk<'_>, id: &'a str) -> Program<'a, Result<Option<Campaign>, PlatformError>> {
    Box::pin(async move {
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        match desk.read::<Campaign>(call(id)).await {
            Ok(campaign) => Ok(Some(campaign)),
            Err(refusal) if refusal.is_gone() => Ok(None),
            // The id is that of something else, which has no such fields.
            Err(refusal) if refusal.is_rejected() => Ok(None),
            Err(refusal) => Err(refusal.error),
        }
    })
}

/// The call that reads a campaign with what hangs on it.
pub(super) fn call(id: &str) -> Call {
    Call::get(id, vec![fields()])
}

/// A campaign's tree. Where its ad sets have not all come with it, they are read to the last.
async fn whole(client: &Client, mut campaign: Campaign) -> Result<Tree, PlatformError> {
    let is_cut = campaign.adsets.paging.next.is_some() || campaign.adsets.data.len() >= SETS;
    if is_cut {
        let params: Params = vec![("fields", set_fields())];
        let sets: Vec<AdSet> = client.pages(&format!("{}/adsets", campaign.id), &params, TREES).await?;
        campaign.adsets.data = sets;
    }
    Ok(Tree::new(campaign))
}
