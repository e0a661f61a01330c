//! All campaigns of the account, whoever made them.

use adops_core::campaign::observed::ExternalId;

use super::Meta;
use super::listing;
use super::observe;
use super::tree::{Level, Tree};
use crate::error::PlatformError;
use crate::marks;
use crate::port::{Inventory, Item};

impl Meta {
    pub(super) async fn take_inventory(&self) -> Result<Inventory, PlatformError> {
        let began = self.client.clock.now();
        let mut trees = listing::everything(&self.client).await?;
        let others = trees.extract_if(.., |_, tree| unlike(tree).is_some()).map(|(id, tree)| {
            let why = unlike(&tree).unwrap_or_default();
            (id, tree.campaign.name, why)
        });
        let others = others.collect();
        let mut lines = self.lines(&trees, began).await?;
        let item =
            |(id, tree): (&ExternalId, &Tree)| Some(Item { line: lines.remove(id)?, obstacles: obstacles(tree) });
        let items = trees.iter().filter_map(item).collect();
        Ok(Inventory { items, others, files: self.library.shown(&observe::references(&trees)) })
    }
}

/// Why a campaign is nothing like a line.
fn unlike(tree: &Tree) -> Option<String> {
    let labels = tree.campaign.adlabels.iter().map(|label| label.name.as_str());
    if let Some(holder) = marks::held_by(&tree.campaign.name, labels) {
        return Some(format!("adops holds it already ({holder})"));
    }
    let has = |budget: &Option<String>| budget.as_deref().is_some_and(|minor| minor != "0");
    let has_lifetime = has(&tree.campaign.lifetime_budget) || tree.sets.iter().any(|set| has(&set.lifetime_budget));
    has_lifetime.then(|| "it has no daily budget".to_owned())
}

fn obstacles(tree: &Tree) -> Vec<String> {
    let mut obstacles = Vec::new();
    if tree.level() == Level::Campaign {
        obstacles
            .push("its budget is the campaign's, not its ad set's: change that on Meta, then import again".to_owned());
    }
    match tree.sets.as_slice() {
        [] => obstacles.push("it has no ad set".to_owned()),
        [only] if only.ads.data.is_empty() => obstacles.push("its ad set has no ad".to_owned()),
        [_] => {}
        several => obstacles.push(format!("it has {} ad sets, a line has one", several.len())),
    }
    obstacles
}
