//! All campaigns of the account, whoever made them. They are listed, and none is imported: an ad of Meta's is made of
//! files in the account's library, and a Campaign names its images and videos by URL.

use super::Meta;
use super::wire::Campaign;
use crate::error::PlatformError;
use crate::marks;
use crate::port::Inventory;

/// Campaigns of a page.
const PAGE: usize = 100;
const IN_LIBRARY: &str =
    "its images and videos are files in Meta's library, and a Campaign names them by URL: write it by hand";

impl Meta {
    pub(super) async fn take_inventory(&self) -> Result<Inventory, PlatformError> {
        let fields = "id,name,status,daily_budget,lifetime_budget,adlabels{id,name}";
        let params = vec![("fields", fields.to_owned())];
        let campaigns: Vec<Campaign> = self.client.pages(&self.client.edge("campaigns"), &params, PAGE).await?;
        let others = campaigns.into_iter().map(|campaign| {
            let why = why(&campaign);
            (campaign.id, campaign.name, why)
        });
        Ok(Inventory { items: Vec::new(), others: others.collect() })
    }
}

fn why(campaign: &Campaign) -> String {
    let labels = campaign.adlabels.iter().map(|label| label.name.as_str());
    if let Some(holder) = marks::held_by(&campaign.name, labels) {
        return format!("adops holds it already ({holder})");
    }
    let has_lifetime = campaign.lifetime_budget.as_deref().is_some_and(|minor| minor != "0");
    if has_lifetime { "it has no daily budget".to_owned() } else { IN_LIBRARY.to_owned() }
}
