//! `secondary_status`: why something does or does not run, in TikTok's words; and the filters on primary status.

use jiff::Timestamp;

use super::account::{Advertiser, AdvertiserStatus};
use super::config::TikTokConfig;
use super::delivery::Reporter;
use super::object::{Kind, Object};
use super::review::{Review, review};

/// An account as it is read at an instant.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The account.
    pub account: &'a Advertiser,
    /// Configuration.
    pub config: &'a TikTokConfig,
    /// Seed.
    pub seed: u64,
    /// Business time.
    pub now: Timestamp,
    /// Objects are read as they were at this instant; none stands for now.
    pub as_of: Option<Timestamp>,
}

impl View<'_> {
    /// Why an object does or does not run.
    pub fn secondary_status(&self, object: &Object) -> &'static str {
        match object.kind {
            Kind::Campaign => self.campaign(object),
            Kind::Adgroup => self.adgroup(object),
            Kind::Ad => self.ad(object),
        }
    }

    fn campaign(&self, campaign: &Object) -> &'static str {
        if campaign.deleted {
            return "CAMPAIGN_STATUS_DELETE";
        }
        match self.account.config.status {
            AdvertiserStatus::Enable => {}
            AdvertiserStatus::Disable | AdvertiserStatus::Limit => return "ADVERTISER_ACCOUNT_PUNISH",
            AdvertiserStatus::PendingConfirm => return "CAMPAIGN_STATUS_ADVERTISER_AUDIT",
            AdvertiserStatus::ConfirmFail => return "CAMPAIGN_STATUS_ADVERTISER_AUDIT_DENY",
            AdvertiserStatus::ContractPending => return "ADVERTISER_CONTRACT_PENDING",
        }
        if !campaign.enabled {
            "CAMPAIGN_STATUS_DISABLE"
        } else if self.is_spent(campaign) {
            "CAMPAIGN_STATUS_BUDGET_EXCEED"
        } else {
            "CAMPAIGN_STATUS_ENABLE"
        }
    }

    fn adgroup(&self, group: &Object) -> &'static str {
        let campaign = self.account.get_at(Kind::Campaign, group.parent, self.as_of);
        if group.deleted {
            return "ADGROUP_STATUS_DELETE";
        }
        if campaign.is_some_and(|c| c.deleted) {
            return "ADGROUP_STATUS_CAMPAIGN_DELETE";
        }
        match self.account.config.status {
            AdvertiserStatus::Enable => {}
            AdvertiserStatus::Disable => return "ADVERTISER_ACCOUNT_INVALID",
            AdvertiserStatus::Limit => return "ADVERTISER_ACCOUNT_PUNISH",
            AdvertiserStatus::PendingConfirm => return "ADGROUP_STATUS_ADVERTISER_AUDIT",
            AdvertiserStatus::ConfirmFail => return "ADGROUP_STATUS_ADVERTISER_AUDIT_DENY",
            AdvertiserStatus::ContractPending => return "ADVERTISER_CONTRACT_PENDING",
        }
        if group.end().is_some_and(|end| end <= self.now) {
            return "ADGROUP_STATUS_TIME_DONE";
        }
        if !group.enabled {
            return "ADGROUP_STATUS_DISABLE";
        }
        if campaign.is_some_and(|c| !c.enabled) {
            return "ADGROUP_STATUS_CAMPAIGN_DISABLE";
        }
        if self.account.config.balance <= 0.0 {
            return "ADGROUP_STATUS_BALANCE_EXCEED";
        }
        self.by_ads(group)
    }

    fn by_ads(&self, group: &Object) -> &'static str {
        let ads = self.account.children(Kind::Ad, group.id, self.as_of).filter(|ad| !ad.deleted);
        let reviews: Vec<Review> = ads.map(|ad| review(ad, self.config, self.now)).collect();
        let all = |wanted| reviews.iter().all(|r| *r == wanted);
        if reviews.is_empty() {
            "ADGROUP_STATUS_CREATE"
        } else if all(Review::Denied) {
            "ADGROUP_STATUS_AUDIT_DENY"
        } else if !reviews.contains(&Review::Approved) {
            "ADGROUP_STATUS_AUDIT"
        } else if group.instant("schedule_start_time").is_some_and(|start| start > self.now) {
            "ADGROUP_STATUS_NOT_START"
        } else if self.is_spent(group) {
            "ADGROUP_STATUS_BUDGET_EXCEED"
        } else if all(Review::Approved) {
            "ADGROUP_STATUS_DELIVERY_OK"
        } else {
            "ADGROUP_STATUS_PARTIAL_AUDIT_DELIVERY_OK"
        }
    }

    fn ad(&self, ad: &Object) -> &'static str {
        if ad.deleted {
            return "AD_STATUS_DELETE";
        }
        let Some(group) = self.account.get_at(Kind::Adgroup, ad.parent, self.as_of) else { return "AD_STATUS_DELETE" };
        match self.adgroup(group) {
            "ADGROUP_STATUS_DELETE" => return "AD_STATUS_ADGROUP_DELETE",
            "ADGROUP_STATUS_CAMPAIGN_DELETE" => return "AD_STATUS_CAMPAIGN_DELETE",
            "ADGROUP_STATUS_TIME_DONE" => return "AD_STATUS_DONE",
            "ADGROUP_STATUS_ADVERTISER_AUDIT" => return "AD_STATUS_ADVERTISER_AUDIT",
            "ADGROUP_STATUS_ADVERTISER_AUDIT_DENY" => return "AD_STATUS_ADVERTISER_AUDIT_DENY",
            "ADVERTISER_CONTRACT_PENDING" => return "ADVERTISER_CONTRACT_PENDING",
            "ADVERTISER_ACCOUNT_PUNISH" | "ADVERTISER_ACCOUNT_INVALID" => return "ADVERTISER_ACCOUNT_PUNISH",
            _ => {}
        }
        match review(ad, self.config, self.now) {
            Review::InProgress => return "AD_STATUS_AUDIT",
            Review::Denied => return "AD_STATUS_AUDIT_DENY",
            Review::Approved => {}
        }
        if !ad.enabled {
            return "AD_STATUS_DISABLE";
        }
        match self.adgroup(group) {
            "ADGROUP_STATUS_CAMPAIGN_DISABLE" => "AD_STATUS_CAMPAIGN_DISABLE",
            "ADGROUP_STATUS_DISABLE" => "AD_STATUS_ADGROUP_DISABLE",
            "ADGROUP_STATUS_BALANCE_EXCEED" => "AD_STATUS_BALANCE_EXCEED",
            "ADGROUP_STATUS_BUDGET_EXCEED" => "AD_STATUS_BUDGET_EXCEED",
            "ADGROUP_STATUS_NOT_START" => "AD_STATUS_NOT_START",
            _ => "AD_STATUS_DELIVERY_OK",
        }
    }

    /// Whether a lifetime budget is used up, but for less than a click.
    fn is_spent(&self, holder: &Object) -> bool {
        if holder.text("budget_mode") != "BUDGET_MODE_TOTAL" {
            return false;
        }
        let spent = Reporter::new(self.account, &self.config.delivery, self.seed, self.now).total(holder).cost_micros;
        holder.budget.is_some_and(|budget| budget > 0 && spent >= budget)
    }

    /// Whether an object passes a filter on primary status. The statuses of what lies in something deleted count as
    /// deleted (assumed).
    pub fn has_primary(&self, object: &Object, wanted: &str) -> bool {
        let status = self.secondary_status(object);
        let deleted = status.ends_with("_DELETE");
        match wanted {
            "STATUS_ALL" => true,
            "" | "STATUS_NOT_DELETE" => !deleted,
            "STATUS_DELETE" => deleted,
            "STATUS_DISABLE" => !deleted && !object.enabled,
            "STATUS_DELIVERY_OK" => {
                status.ends_with("DELIVERY_OK") || (object.kind == Kind::Campaign && status.ends_with("_ENABLE"))
            }
            "STATUS_TIME_DONE" => matches!(status, "ADGROUP_STATUS_TIME_DONE" | "AD_STATUS_DONE"),
            "STATUS_NOT_DELIVERY" => {
                !deleted
                    && object.enabled
                    && !self.has_primary(object, "STATUS_DELIVERY_OK")
                    && !self.has_primary(object, "STATUS_TIME_DONE")
            }
            _ => false,
        }
    }
}
