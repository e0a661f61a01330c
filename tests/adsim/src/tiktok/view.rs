//! A plain view of an account, for assertions.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::TikTok;
use super::account::{Advertiser, AdvertiserStatus};
use super::delivery::Reporter;
use super::media::Media;
use super::object::{Kind, Object};
use super::status::View;
use super::targeting::places;
use crate::delivery::Metrics;

/// An account.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct AdvertiserView {
    pub advertiser_id: String,
    pub currency: String,
    pub timezone: String,
    pub status: AdvertiserStatus,
    /// Sum of the daily budgets of all that may spend, in micros.
    pub live_daily_budget_micros: i64,
    /// All campaigns, deleted ones too, by id.
    pub campaigns: Vec<TikTokCampaignView>,
    pub images: Vec<MediaView>,
    pub videos: Vec<MediaView>,
}

impl AdvertiserView {
    /// The campaigns that are not deleted.
    pub fn present(&self) -> impl Iterator<Item = &TikTokCampaignView> {
        self.campaigns.iter().filter(|c| !c.deleted)
    }

    /// The first campaign of a name among those that are not deleted.
    pub fn campaign(&self, name: &str) -> Option<&TikTokCampaignView> {
        self.present().find(|c| c.name == name)
    }
}

/// A campaign with all that is in it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
#[allow(clippy::struct_excessive_bools, reason = "the API has them")]
pub struct TikTokCampaignView {
    pub id: String,
    pub name: String,
    pub smart_plus: bool,
    pub enabled: bool,
    pub deleted: bool,
    pub secondary_status: String,
    pub budget_mode: String,
    pub budget_optimize_on: bool,
    pub budget_micros: Option<i64>,
    pub adgroups: Vec<AdgroupView>,
    /// Figures since it was created.
    pub metrics: Metrics,
    /// The fields that users set, as the API has them.
    pub fields: Value,
}

/// An ad group.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct AdgroupView {
    pub id: String,
    pub name: String,
    pub enabled: bool,
    pub deleted: bool,
    pub secondary_status: String,
    pub budget_mode: String,
    pub budget_micros: Option<i64>,
    pub location_ids: Vec<String>,
    pub schedule_start_time: String,
    pub schedule_end_time: Option<String>,
    pub ads: Vec<TikTokAdView>,
    pub metrics: Metrics,
    pub fields: Value,
}

/// An ad.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct TikTokAdView {
    pub id: String,
    pub name: String,
    pub enabled: bool,
    pub deleted: bool,
    pub secondary_status: String,
    pub texts: Vec<String>,
    pub landing_page_url: String,
    pub metrics: Metrics,
    pub fields: Value,
}

/// An image or a video.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct MediaView {
    pub id: String,
    pub file_name: String,
    pub url: String,
    pub ready: bool,
}

impl TikTok {
    /// A view of an account as it is now.
    pub fn view(&self, advertiser: &str, now: Timestamp) -> Option<AdvertiserView> {
        let account = self.advertisers.get(advertiser)?;
        let view = self.present(account, now);
        let media = |media: &Media| MediaView {
            id: media.id.clone(),
            file_name: media.file_name.clone(),
            url: media.file.url.clone(),
            ready: media.ready_at <= now && !media.file.broken,
        };
        Some(AdvertiserView {
            advertiser_id: advertiser.to_owned(),
            currency: account.config.currency.clone(),
            timezone: account.config.timezone.clone(),
            status: account.config.status,
            live_daily_budget_micros: live(account, now),
            campaigns: account.all(Kind::Campaign, None).map(|c| campaign(c, &view)).collect(),
            images: account.library.images().map(media).collect(),
            videos: account.library.videos().map(media).collect(),
        })
    }
}

/// The live budget without the account's running sum, so that each holds the other to account in tests.
fn live(account: &Advertiser, now: Timestamp) -> i64 {
    account.all(Kind::Campaign, None).map(|c| account.worth(c.id, now).0).sum()
}

fn metrics(object: &Object, view: &View<'_>) -> Metrics {
    Reporter::new(view.account, &view.config.delivery, view.seed, view.now).total(object)
}

fn campaign(object: &Object, view: &View<'_>) -> TikTokCampaignView {
    TikTokCampaignView {
        id: object.id.to_string(),
        name: object.name().to_owned(),
        smart_plus: object.smart_plus,
        enabled: object.enabled,
        deleted: object.deleted,
        secondary_status: view.secondary_status(object).to_owned(),
        budget_mode: object.text("budget_mode").to_owned(),
        budget_optimize_on: object.optimizes_budget(),
        budget_micros: object.budget,
        adgroups: view.account.children(Kind::Adgroup, object.id, None).map(|g| adgroup(g, view)).collect(),
        metrics: metrics(object, view),
        fields: Value::Object(object.fields()),
    }
}

fn adgroup(object: &Object, view: &View<'_>) -> AdgroupView {
    AdgroupView {
        id: object.id.to_string(),
        name: object.name().to_owned(),
        enabled: object.enabled,
        deleted: object.deleted,
        secondary_status: view.secondary_status(object).to_owned(),
        budget_mode: object.text("budget_mode").to_owned(),
        budget_micros: object.budget,
        location_ids: places(&object.doc).unwrap_or_default().into_iter().map(str::to_owned).collect(),
        schedule_start_time: object.text("schedule_start_time").to_owned(),
        schedule_end_time: object.end().map(|_| object.text("schedule_end_time").to_owned()),
        ads: view.account.children(Kind::Ad, object.id, None).map(|a| ad(a, view)).collect(),
        metrics: metrics(object, view),
        fields: Value::Object(object.fields()),
    }
}

fn ad(object: &Object, view: &View<'_>) -> TikTokAdView {
    let list = |list: &str, field: &str| -> Vec<String> {
        let items = object.doc.get(list).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.get(field)?.as_str()).map(str::to_owned).collect()
    };
    TikTokAdView {
        id: object.id.to_string(),
        name: object.name().to_owned(),
        enabled: object.enabled,
        deleted: object.deleted,
        secondary_status: view.secondary_status(object).to_owned(),
        texts: list("ad_text_list", "ad_text"),
        landing_page_url: list("landing_page_url_list", "landing_page_url").concat(),
        metrics: metrics(object, view),
        fields: Value::Object(object.fields()),
    }
}
