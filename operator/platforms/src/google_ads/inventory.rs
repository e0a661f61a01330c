//! All campaigns of the account, whoever made them.

use super::GoogleAds;
use super::goals::Goals;
use super::listing;
use super::observe;
use super::tree::Tree;
use crate::error::PlatformError;
use crate::port::{Inventory, Item};

impl GoogleAds {
    pub(super) async fn take_inventory(&self) -> Result<Inventory, PlatformError> {
        let began = self.client.clock.now();
        let (labels, goals) =
            tokio::join!(self.labels.read(&self.client, &self.installation), Goals::read(&self.client));
        let (labels, goals) = (labels?, goals?);
        let (trees, copies) = tokio::join!(listing::everything(&self.client, &goals), listing::copies(&self.client));
        let (mut trees, copies) = (trees?, copies?);
        // A campaign without a daily budget runs on one for all its days.
        let without_budget: Vec<_> = trees.extract_if(.., |_, tree| tree.budget.amount_micros <= 0).collect();
        let constants = observe::constants(&trees);
        let borrowed = trees.iter().map(|(id, tree)| (id.clone(), tree));
        let mut lines = self.lines(borrowed, &constants, &labels, &goals, began).await?;
        let item = |(id, tree): (&String, &Tree)| Some(Item { line: lines.remove(id)?, obstacles: obstacles(tree) });
        let items = trees.iter().filter_map(item).collect();
        let copy = "it belongs to an experiment of Google's";
        let mut others: Vec<_> = copies.into_iter().map(|(id, name)| (id, name, copy.to_owned())).collect();
        others.extend(
            without_budget.into_iter().map(|(id, tree)| (id, tree.campaign.name, unbudgeted(&tree.campaign.status))),
        );
        Ok(Inventory { items, others, ..Inventory::default() })
    }
}

fn unbudgeted(status: &str) -> String {
    match status {
        "REMOVED" => "it is removed".to_owned(),
        _ => "it has no daily budget".to_owned(),
    }
}

fn obstacles(tree: &Tree) -> Vec<String> {
    let mut obstacles = Vec::new();
    if tree.is_live() && tree.budget.explicitly_shared {
        obstacles.push(
            "it spends a shared budget: a line has its own; give it one on Google first, then import again".to_owned(),
        );
    }
    obstacles
}
