//! A plain view of an account, for assertions.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::Pinterest;
use super::account::Account;
use super::object::{Kind, Object};
use super::reads::row;

/// An account.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PinterestAccountView {
    /// Its id.
    pub id: String,
    /// Its currency.
    pub currency: String,
    /// Sum of the daily budgets of all that may spend, in micros.
    pub live_daily_budget_micros: i64,
    /// All campaigns, archived ones too, by id.
    pub campaigns: Vec<PinterestCampaignView>,
}

impl PinterestAccountView {
    /// The campaigns that are not archived.
    pub fn present(&self) -> impl Iterator<Item = &PinterestCampaignView> {
        self.campaigns.iter().filter(|campaign| !campaign.archived)
    }
}

/// A campaign with its ad groups.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PinterestCampaignView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether its owner lets it run.
    pub active: bool,
    /// Whether it is gone for good.
    pub archived: bool,
    /// Its daily budget, if it has one.
    pub daily_spend_cap: Option<i64>,
    /// Its fields, as the API has them.
    pub fields: Value,
    /// The fields of its ad groups that are not archived.
    pub ad_groups: Vec<Value>,
}

impl Pinterest {
    /// A view of an account as it is now.
    pub fn view(&self, account: &str, now: Timestamp) -> Option<PinterestAccountView> {
        let account = self.accounts.get(account)?;
        Some(PinterestAccountView {
            id: account.config.id.clone(),
            currency: account.config.currency.clone(),
            // Without the account's running sum, so that each holds the other to account in tests.
            live_daily_budget_micros: account.all(Kind::Campaign, None).map(|c| account.worth(c.id, now).0).sum(),
            campaigns: account.all(Kind::Campaign, None).map(|found| campaign(account, found, now)).collect(),
        })
    }
}

fn campaign(account: &Account, found: &Object, now: Timestamp) -> PinterestCampaignView {
    PinterestCampaignView {
        id: found.id.to_string(),
        name: found.name().to_owned(),
        active: found.is_active(),
        archived: found.is_archived(),
        daily_spend_cap: found.number("daily_spend_cap"),
        fields: row(account, found, now),
        ad_groups: account.groups(found.id).map(|group| row(account, group, now)).collect(),
    }
}
