//! A plain view of an account, for assertions.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::Meta;
use super::account::Account;
use super::delivery::Reporter;
use super::live;
use super::object::{Kind, Object};
use super::status::effective;
use crate::delivery::Metrics;

/// An ad account.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct MetaAccountView {
    /// Without `act_`.
    pub id: String,
    pub currency: String,
    pub timezone_name: String,
    /// 1 is active; 0 if there is no such account.
    pub account_status: i64,
    /// Sum of the daily budgets that can be spent now; the module `live` says which those are.
    pub live_daily_budget_micros: i64,
    /// How often a call was refused because of a limit that lasts for minutes.
    pub blocks: u64,
    /// All campaigns, deleted ones too, by id.
    pub campaigns: Vec<MetaCampaignView>,
    /// All creatives, deleted ones too.
    pub creatives: Vec<MetaObjectView>,
    /// Labels that are not deleted.
    pub labels: Vec<MetaLabelView>,
    /// Hashes of the images.
    pub images: Vec<String>,
    /// Ids of the videos.
    pub videos: Vec<i64>,
}

impl MetaAccountView {
    /// The campaigns that are neither deleted nor archived.
    pub fn present(&self) -> impl Iterator<Item = &MetaCampaignView> {
        self.campaigns.iter().filter(|campaign| campaign.object.is_present())
    }

    /// The first campaign of a name among those that are present.
    pub fn campaign(&self, name: &str) -> Option<&MetaCampaignView> {
        self.present().find(|campaign| campaign.object.name == name)
    }
}

/// What all objects have.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct MetaObjectView {
    pub id: i64,
    pub name: String,
    /// As it was set.
    pub status: String,
    pub effective_status: String,
    /// Minor units.
    pub daily_budget: Option<i64>,
    /// Minor units.
    pub lifetime_budget: Option<i64>,
    /// Names of the labels on it.
    pub labels: Vec<String>,
    /// All that was set: budgets in minor units, times in seconds since 1970, labels as ids.
    pub fields: Value,
}

impl MetaObjectView {
    /// Whether it is neither deleted nor archived.
    pub fn is_present(&self) -> bool {
        !matches!(self.status.as_str(), "DELETED" | "ARCHIVED")
    }
}

/// A campaign with all that is below it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct MetaCampaignView {
    #[serde(flatten)]
    pub object: MetaObjectView,
    pub ad_sets: Vec<MetaAdSetView>,
    /// Figures since it was created.
    pub metrics: Metrics,
}

/// An ad set with its ads.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct MetaAdSetView {
    #[serde(flatten)]
    pub object: MetaObjectView,
    pub targeting: Value,
    pub ads: Vec<MetaAdView>,
    /// Figures since it was created.
    pub metrics: Metrics,
}

/// An ad.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct MetaAdView {
    #[serde(flatten)]
    pub object: MetaObjectView,
    pub creative: i64,
}

/// A label.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct MetaLabelView {
    pub id: i64,
    pub name: String,
}

impl Meta {
    /// A view of an account as it is now.
    pub fn account_view(&self, id: &str, now: Timestamp) -> Option<MetaAccountView> {
        let account = self.accounts.get(id)?;
        let viewer = Viewer { meta: self, account, now };
        let present = |kind| account.all(kind).filter(|object| object.is_present());
        Some(MetaAccountView {
            id: id.to_owned(),
            currency: account.config.currency.clone(),
            timezone_name: account.config.timezone_name.clone(),
            account_status: account.status,
            // Without the account's running sum, so that each holds the other to account in tests.
            blocks: account.usage.blocks,
            live_daily_budget_micros: account.ids(Kind::Campaign).map(|c| live::of_campaign(account, c, now)).sum(),
            campaigns: account.all(Kind::Campaign).map(|campaign| viewer.campaign(campaign)).collect(),
            creatives: account.all(Kind::Creative).map(|creative| viewer.object(creative)).collect(),
            labels: present(Kind::Label)
                .map(|label| MetaLabelView { id: label.id, name: label.text("name").to_owned() })
                .collect(),
            images: present(Kind::Image).map(|image| image.text("hash").to_owned()).collect(),
            videos: present(Kind::Video).map(|video| video.id).collect(),
        })
    }
}

struct Viewer<'a> {
    meta: &'a Meta,
    account: &'a Account,
    now: Timestamp,
}

impl Viewer<'_> {
    fn object(&self, object: &Object) -> MetaObjectView {
        let labels = object.labels().filter_map(|id| self.account.get(id)).filter(|label| label.is_present());
        MetaObjectView {
            id: object.id,
            name: object.text("name").to_owned(),
            status: object.status().to_owned(),
            effective_status: effective(self.account, object, &self.meta.config, self.now).to_owned(),
            daily_budget: object.int("daily_budget"),
            lifetime_budget: object.int("lifetime_budget"),
            labels: labels.map(|label| label.text("name").to_owned()).collect(),
            fields: Value::Object(object.doc.clone()),
        }
    }

    fn campaign(&self, campaign: &Object) -> MetaCampaignView {
        let ad_sets: Vec<MetaAdSetView> = self.account.children(campaign.id).map(|set| self.ad_set(set)).collect();
        let mut metrics = Metrics::default();
        for set in &ad_sets {
            metrics.add(set.metrics);
        }
        MetaCampaignView { object: self.object(campaign), ad_sets, metrics }
    }

    fn ad_set(&self, set: &Object) -> MetaAdSetView {
        let ad =
            |ad: &std::sync::Arc<Object>| MetaAdView { object: self.object(ad), creative: ad.reference("creative") };
        MetaAdSetView {
            object: self.object(set),
            targeting: set.doc.get("targeting").cloned().unwrap_or_default(),
            ads: self.account.children(set.id).map(ad).collect(),
            metrics: Reporter::new(self.account, &self.meta.config, self.meta.seed, self.now).total(set.id),
        }
    }
}
