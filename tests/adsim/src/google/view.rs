//! A plain view of an account, for assertions.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::Google;
use super::account::{Account, CustomerStatus};
use super::delivery::{Metrics, Reporter};
use super::gaql::View;
use super::key::{Key, Kind};
use super::object::Object;
use super::review::review;
use super::status::campaign_status;

/// An account.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct AccountView {
    pub customer_id: String,
    pub currency_code: String,
    pub time_zone: String,
    pub status: CustomerStatus,
    /// Sum of the daily budgets of campaigns that are enabled and not over.
    pub live_daily_budget_micros: i64,
    /// All campaigns, removed ones too, by id.
    pub campaigns: Vec<CampaignView>,
    /// All labels, removed ones too.
    pub labels: Vec<LabelView>,
    /// All budgets, removed and unused ones too.
    pub budgets: Vec<BudgetView>,
}

impl AccountView {
    /// The campaigns that are not removed.
    pub fn present(&self) -> impl Iterator<Item = &CampaignView> {
        self.campaigns.iter().filter(|c| c.status != "REMOVED")
    }

    /// The campaign of a name among those that are not removed.
    pub fn campaign(&self, name: &str) -> Option<&CampaignView> {
        self.present().find(|c| c.name == name)
    }
}

/// A campaign with all that hangs on it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct CampaignView {
    pub id: i64,
    pub resource_name: String,
    pub name: String,
    pub status: String,
    pub primary_status: String,
    pub primary_status_reasons: Vec<String>,
    pub start_date_time: Option<String>,
    pub end_date_time: Option<String>,
    pub budget: Option<BudgetView>,
    /// Names of the labels on it.
    pub labels: Vec<String>,
    /// Places and languages, removed ones too.
    pub criteria: Vec<CriterionView>,
    pub ad_groups: Vec<AdGroupView>,
    /// Figures since it was created.
    pub metrics: Metrics,
    /// The campaign's settable fields as the API has them.
    pub fields: Value,
}

/// A budget.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct BudgetView {
    pub id: i64,
    pub resource_name: String,
    pub name: String,
    pub status: String,
    pub amount_micros: i64,
    pub explicitly_shared: bool,
    /// Campaigns, not removed, that use it.
    pub reference_count: usize,
}

/// A label.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct LabelView {
    pub id: i64,
    pub resource_name: String,
    pub name: String,
    pub status: String,
}

/// A place or language of a campaign.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct CriterionView {
    pub resource_name: String,
    /// `LOCATION` or `LANGUAGE`.
    pub kind: String,
    pub criterion_id: i64,
    pub display_name: String,
    pub negative: bool,
    pub status: String,
}

/// An ad group.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct AdGroupView {
    pub id: i64,
    pub resource_name: String,
    pub name: String,
    pub status: String,
    pub keywords: Vec<KeywordView>,
    /// Ages and genders.
    pub demographics: Vec<CriterionView>,
    pub ads: Vec<AdView>,
}

/// A keyword.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct KeywordView {
    pub resource_name: String,
    pub text: String,
    pub match_type: String,
    pub negative: bool,
    pub status: String,
}

/// An ad.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct AdView {
    pub id: i64,
    pub resource_name: String,
    pub status: String,
    pub review_status: String,
    pub approval_status: String,
    pub headlines: Vec<String>,
    pub descriptions: Vec<String>,
    pub final_urls: Vec<String>,
    /// The ad's fields as the API has them.
    pub fields: Value,
}

impl Google {
    /// A view of an account as it is now.
    pub fn view(&self, customer: &str, now: Timestamp) -> Option<AccountView> {
        let account = self.accounts.get(customer)?;
        let view = View { account, config: &self.config, seed: self.seed, now, as_of: None };
        Some(AccountView {
            customer_id: customer.to_owned(),
            currency_code: account.config.currency_code.clone(),
            time_zone: account.config.time_zone.clone(),
            status: account.status,
            live_daily_budget_micros: live(account, now),
            campaigns: account.all(Kind::Campaign, None).map(|c| campaign(c, &view)).collect(),
            labels: account.all(Kind::Label, None).map(|l| label(l)).collect(),
            budgets: account.all(Kind::Budget, None).map(|b| budget(b, account)).collect(),
        })
    }

    /// How many campaigns of an account are enabled.
    pub fn enabled_campaigns(&self, customer: &str) -> usize {
        let enabled = |c: &Object| c.status() == super::object::Status::Enabled;
        self.accounts
            .get(customer)
            .map_or(0, |account| account.all(Kind::Campaign, None).filter(|c| enabled(c)).count())
    }
}

/// The live budget without the account's running sum, so that each holds the other to account in tests.
fn live(account: &Account, now: Timestamp) -> i64 {
    let mut budgets: Vec<i64> = account
        .all(Kind::Campaign, None)
        .filter(|c| c.status() == super::object::Status::Enabled)
        .filter(|c| account.end_of(c).is_none_or(|end| end > now))
        .map(|c| c.reference("campaignBudget"))
        .collect();
    budgets.sort_unstable();
    budgets.dedup();
    budgets.into_iter().filter_map(|id| account.get(Key::one(Kind::Budget, id))).map(|b| b.int("amountMicros")).sum()
}

fn status_of(object: &Object) -> String {
    match object.text("status") {
        "" => "ENABLED".into(),
        status => status.into(),
    }
}

fn campaign(object: &Object, view: &View<'_>) -> CampaignView {
    let account = view.account;
    let id = object.key.id();
    let (primary, reasons) = campaign_status(object, view);
    let date = |name: &str| Some(object.text(name).to_owned()).filter(|d| !d.is_empty());
    CampaignView {
        id,
        resource_name: object.key.name(account.id()),
        name: object.text("name").to_owned(),
        status: status_of(object),
        primary_status: primary.to_owned(),
        primary_status_reasons: reasons.into_iter().map(str::to_owned).collect(),
        start_date_time: date("startDateTime"),
        end_date_time: date("endDateTime"),
        budget: account.get(Key::one(Kind::Budget, object.reference("campaignBudget"))).map(|b| budget(b, account)),
        labels: account
            .children(Kind::CampaignLabel, id, None)
            .filter_map(|link| account.get(Key::one(Kind::Label, link.key.b)))
            .map(|l| l.text("name").to_owned())
            .collect(),
        criteria: account.children(Kind::CampaignCriterion, id, None).map(|c| criterion(c, account)).collect(),
        ad_groups: account.ad_groups_of(id, None).map(|g| ad_group(g, view)).collect(),
        metrics: Reporter::new(account, view.seed, &view.config.delivery, view.now).total(id),
        fields: Value::Object(object.doc.clone()),
    }
}

fn budget(object: &Object, account: &Account) -> BudgetView {
    BudgetView {
        id: object.key.id(),
        resource_name: object.key.name(account.id()),
        name: object.text("name").to_owned(),
        status: status_of(object),
        amount_micros: object.int("amountMicros"),
        explicitly_shared: object.flag("explicitlyShared"),
        reference_count: account.users(object.key.id()).count(),
    }
}

fn label(object: &Object) -> LabelView {
    LabelView {
        id: object.key.id(),
        resource_name: object.text("resourceName").to_owned(),
        name: object.text("name").to_owned(),
        status: status_of(object),
    }
}

fn criterion(object: &Object, account: &Account) -> CriterionView {
    CriterionView {
        resource_name: object.key.name(account.id()),
        kind: object.text("type").to_owned(),
        criterion_id: object.key.id(),
        display_name: object.text("displayName").to_owned(),
        negative: object.flag("negative"),
        status: status_of(object),
    }
}

fn ad_group(object: &Object, view: &View<'_>) -> AdGroupView {
    let account = view.account;
    let id = object.key.id();
    let keyword = |k: &std::sync::Arc<Object>| {
        let text = |name: &str| k.get(&["keyword", name]).and_then(Value::as_str).unwrap_or_default().to_owned();
        KeywordView {
            resource_name: k.key.name(account.id()),
            text: text("text"),
            match_type: text("matchType"),
            negative: k.flag("negative"),
            status: status_of(k),
        }
    };
    let criteria = |keywords: bool| {
        let all = account.children(Kind::AdGroupCriterion, id, None);
        all.filter(move |c| c.doc.contains_key("keyword") == keywords)
    };
    AdGroupView {
        id,
        resource_name: object.key.name(account.id()),
        name: object.text("name").to_owned(),
        status: status_of(object),
        keywords: criteria(true).map(keyword).collect(),
        demographics: criteria(false).map(|c| criterion(c, account)).collect(),
        ads: account.children(Kind::AdGroupAd, id, None).map(|a| ad(a, view)).collect(),
    }
}

fn ad(object: &Object, view: &View<'_>) -> AdView {
    let found = review(object, view.config, view.now);
    let texts = |name: &str| -> Vec<String> {
        let list = object.get(&["ad", "responsiveSearchAd", name]).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(|a| a.get("text")?.as_str()).map(str::to_owned).collect()
    };
    let urls = object.get(&["ad", "finalUrls"]).and_then(Value::as_array);
    AdView {
        id: object.key.id(),
        resource_name: object.key.name(view.account.id()),
        status: status_of(object),
        review_status: found.review_status().to_owned(),
        approval_status: found.approval_status().to_owned(),
        headlines: texts("headlines"),
        descriptions: texts("descriptions"),
        final_urls: urls.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
        fields: object.doc.get("ad").cloned().unwrap_or_default(),
    }
}
