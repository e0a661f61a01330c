//! All Smart+ campaigns of the account, whoever made them.

use adops_core::campaign::observed::ExternalId;

use super::TikTok;
use super::listing;
use super::tree::Tree;
use crate::error::PlatformError;
use crate::marks;
use crate::port::{Inventory, Item};

/// Modes of budgets by the day.
const DAILY: &[&str] = &["BUDGET_MODE_DAY", "BUDGET_MODE_DYNAMIC_DAILY_BUDGET"];

impl TikTok {
    pub(super) async fn take_inventory(&self) -> Result<Inventory, PlatformError> {
        let began = self.client.clock.now();
        let mut trees = listing::everything(&self.client).await?;
        let others = trees.extract_if(.., |_, tree| unlike(tree).is_some()).map(|(id, tree)| {
            let why = unlike(&tree).unwrap_or_default();
            (id, tree.campaign.campaign_name, why)
        });
        let others = others.collect();
        let mut lines = self.lines(&trees, began).await?;
        let item =
            |(id, tree): (&ExternalId, &Tree)| Some(Item { line: lines.remove(id)?, obstacles: obstacles(tree) });
        let items = trees.iter().filter_map(item).collect();
        let ads = trees.values().flat_map(|tree| &tree.groups).flat_map(|group| &group.ads);
        Ok(Inventory { items, others, files: self.library.shown(ads) })
    }
}

/// Why a campaign is nothing like a line.
fn unlike(tree: &Tree) -> Option<String> {
    if let Some(holder) = marks::held_by(&tree.campaign.campaign_name, []) {
        return Some(format!("adops holds it already ({holder})"));
    }
    if !tree.is_live() {
        return Some("it is removed".to_owned());
    }
    let group = tree.main_group().map(|group| &group.own);
    let mode = if tree.has_budget() { Some(&tree.campaign.budget_mode) } else { group.map(|group| &group.budget_mode) };
    let has_other = mode.is_some_and(|mode| !mode.is_empty() && !DAILY.contains(&mode.as_str()));
    has_other.then(|| "it has no daily budget".to_owned())
}

fn obstacles(tree: &Tree) -> Vec<String> {
    let mut obstacles = Vec::new();
    match tree.groups.as_slice() {
        [] => obstacles.push("it has no ad group".to_owned()),
        [only] if only.ads.is_empty() => obstacles.push("its ad group has no ad".to_owned()),
        [_] => {}
        several => obstacles.push(format!("it has {} ad groups, a line has one", several.len())),
    }
    obstacles
}
