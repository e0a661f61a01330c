//! All Smart+ campaigns of the account, whoever made them. They are listed, and none is imported: an ad of TikTok's is
//! made of files in the account's library, and a Campaign names its images and videos by URL.

use super::TikTok;
use super::listing;
use super::wire::{Campaign, is_deleted};
use crate::error::PlatformError;
use crate::marks;
use crate::port::Inventory;

const IN_LIBRARY: &str =
    "its images and videos are files in TikTok's library, and a Campaign names them by URL: write it by hand";

impl TikTok {
    pub(super) async fn take_inventory(&self) -> Result<Inventory, PlatformError> {
        let others = listing::campaigns(&self.client).await?.into_iter().map(|campaign| {
            let why = why(&campaign);
            (campaign.campaign_id, campaign.campaign_name, why)
        });
        Ok(Inventory { items: Vec::new(), others: others.collect() })
    }
}

fn why(campaign: &Campaign) -> String {
    match marks::held_by(&campaign.campaign_name, []) {
        Some(holder) => format!("adops holds it already ({holder})"),
        None if is_deleted(&campaign.secondary_status) => "it is removed".to_owned(),
        None => IN_LIBRARY.to_owned(),
    }
}
