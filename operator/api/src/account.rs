//! AdAccount: one advertiser account on one platform.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, LabelSelector, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::common::{Backoff, DailyAmount, LocalReference, never_observed};

/// Which account it is, how to reach it, what may be spent there at most, and who may use it.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "adops.dev",
    version = "v1alpha1",
    kind = "AdAccount",
    plural = "adaccounts",
    singular = "adaccount",
    shortname = "adacct",
    category = "adops",
    namespaced,
    status = "AdAccountStatus",
    derive = "PartialEq",
    doc = "An AdAccount is one advertiser account on one ad platform: how to reach it, what may be spent there at most, and which namespaces may use it.",
    printcolumn(name = "Platform", type_ = "string", json_path = ".spec.platform"),
    printcolumn(name = "Account", type_ = "string", json_path = ".spec.accountId"),
    printcolumn(name = "Currency", type_ = "string", json_path = ".status.currency"),
    printcolumn(name = "Ceiling", type_ = "string", json_path = ".spec.ceiling.daily"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.reason"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new(
        "self.platform != 'Google' || self.accountId.matches('^([0-9]{10}|[0-9]{3}-[0-9]{3}-[0-9]{4})$')"
    ).message("a Google Ads account is 10 digits, for example \"123-456-7890\"").field_path(".accountId"),
    validation = Rule::new("self.platform != 'Meta' || self.accountId.matches('^(act_)?[0-9]+$')")
        .message("a Meta ad account is digits, with or without act_ before them, for example \"act_1234567890\"")
        .field_path(".accountId"),
    validation = Rule::new("self.platform != 'TikTok' || self.accountId.matches('^[0-9]+$')")
        .message("a TikTok advertiser is digits, for example \"7012345678901234567\"")
        .field_path(".accountId"),
    validation = Rule::new("self.platform != 'Pinterest' || self.accountId.matches('^[0-9]{1,18}$')")
        .message("a Pinterest ad account is up to 18 digits, for example \"549755885175\"")
        .field_path(".accountId"),
    validation = Rule::new(
        "self.platform != 'Google' || !has(self.managerId) || self.managerId.matches('^([0-9]{10}|[0-9]{3}-[0-9]{3}-[0-9]{4})$')"
    ).message("a Google Ads manager account is 10 digits, for example \"111-222-3333\"").field_path(".managerId"),
    validation = Rule::new("!has(self.meta) || self.platform == 'Meta'")
        .message("is only for platform Meta").field_path(".meta"),
    validation = Rule::new("!has(self.tiktok) || self.platform == 'TikTok'")
        .message("is only for platform TikTok").field_path(".tiktok"),
    validation = Rule::new("!has(self.pinterest) || self.platform == 'Pinterest'")
        .message("is only for platform Pinterest").field_path(".pinterest"),
)]
pub struct AdAccountSpec {
    /// The ad platform: Google, Meta, TikTok or Pinterest. Cannot be changed.
    #[x_kube(validation = Rule::new("self == oldSelf").message("cannot be changed: create another AdAccount"))]
    pub platform: Platform,
    /// The platform's id of the account, in quotes: Google "123-456-7890", Meta "act_1234567890", TikTok
    /// "7012345678901234567". Cannot be changed.
    #[schemars(length(min = 1, max = 40))]
    #[x_kube(validation = Rule::new("self == oldSelf").message("cannot be changed: create another AdAccount"))]
    pub account_id: String,
    /// The manager (Google), business (Meta) or business center (TikTok) account through which the account is reached.
    /// Leave it out if the credentials belong to the account itself.
    #[schemars(length(min = 1, max = 40))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager_id: Option<String>,
    /// The Secret in the same namespace with the credentials. Its keys for Google: client_id, client_secret and
    /// refresh_token, or key.json of a service account; developer_token where the project still needs one.
    pub credentials_secret_ref: LocalReference,
    /// The URL of the platform's API, for simulators and proxies. The operator must allow it. Default: the platform's own.
    #[schemars(length(max = 512))]
    #[x_kube(validation = Rule::new(crate::common::URL_RULE).message(crate::common::URL_MESSAGE))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The version of the platform's API. For example v26. Default: the newest that this operator knows.
    #[schemars(length(max = 16), regex(pattern = "^v[0-9]+([.][0-9]+)?$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// The hard limit: the sum of all daily budgets that adops has live on this account never passes it, whatever
    /// Campaigns and policies ask for.
    pub ceiling: DailyAmount,
    /// How often and how fast budgets may grow on this account. Default: as the platform lets. What lowers or stops is
    /// never braked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brakes: Option<Brakes>,
    /// The namespaces whose Campaigns may use this account. Default: only the account's own.
    #[serde(default)]
    pub allowed_namespaces: AllowedNamespaces,
    /// The conversion action (Google), pixel event (Meta, TikTok) to optimise for, by its name on the platform. For
    /// example signup. A Campaign may name another.
    #[schemars(length(min = 1, max = 128))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion_action: Option<String>,
    /// Query parameters that every ad's URL gets. Placeholders: {platform} {account} {campaign} {market} {locale} {ad}.
    /// For example "utm_source={platform}&utm_campaign={campaign}&utm_content={market}". A Campaign may set others.
    #[schemars(length(max = 1024))]
    #[x_kube(validation = Rule::new(crate::common::URL_PARAMETERS_RULE).message(crate::common::URL_PARAMETERS_MESSAGE))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_parameters: Option<String>,
    /// How objects are named on the platform. Placeholders: {platform} {account} {campaign} {market}. A token that
    /// proves our ownership is added. Default "{campaign} {market}".
    #[schemars(length(min = 1, max = 128))]
    #[x_kube(validation = Rule::new(crate::common::NAME_TEMPLATE_RULE).message(crate::common::NAME_TEMPLATE_MESSAGE))]
    #[serde(default = "default_name_template")]
    pub name_template: String,
    /// The stop switch: true pauses all that adops owns on this account before anything else, also for suspended
    /// Campaigns. False lets Campaigns deliver again. Default false.
    #[serde(default)]
    pub stop: bool,
    /// Takes the account over from another cluster: the name of the holder as `status.holder` shows it. Until it is
    /// named here, nothing is written to an account that another cluster holds.
    #[schemars(length(min = 1, max = 253))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takeover: Option<String>,
    /// How often the account is read to find changes by hand: a number with s, m or h. Stretched automatically to spare
    /// the platform's quota. Default: the operator's setting, 5m.
    #[schemars(length(max = 8), regex(pattern = "^[1-9][0-9]{0,5}(s|m|h)$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll_interval: Option<String>,
    /// How many operations a day the platform takes from the project or app that the credentials belong to, all accounts
    /// together: on Google 2880 with Explorer and 15000 with Basic access. Of accounts of one project the least number
    /// counts. Leave it out if there is no limit (Standard access), or to learn it from the platform's refusals.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_operations: Option<i64>,
    /// What only Meta has. Only for platform Meta.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<MetaIdentity>,
    /// What only TikTok has. Only for platform TikTok.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tiktok: Option<TikTokIdentity>,
    /// What only Pinterest has. Only for platform Pinterest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinterest: Option<PinterestSettings>,
}

fn default_name_template() -> String {
    "{campaign} {market}".to_owned()
}

/// An ad platform.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// Google Ads.
    Google,
    /// Meta: Facebook and Instagram.
    Meta,
    /// TikTok.
    TikTok,
    /// Pinterest.
    Pinterest,
}

/// What an AdAccount asks of changes of budgets.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct Brakes {
    /// How often the budget of one line may be changed within an hour before its next increase waits. Default: the
    /// platform's own limit; Google has none.
    #[schemars(range(min = 1, max = 1000))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes_per_hour: Option<i32>,
    /// By how much of itself a line's budget may grow in one change. For example 100%: it may double. A larger step is not
    /// made, and told. A new line's first budget is no step. Default: no limit.
    #[schemars(length(max = 5), regex(pattern = "^[1-9][0-9]{0,3}%$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_step: Option<String>,
}

/// Which namespaces may use an AdAccount.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.from != 'Selector' || has(self.selector)")
        .message("from: Selector needs a selector").field_path(".selector").reason(Reason::FieldValueRequired),
    validation = Rule::new("self.from == 'Selector' || !has(self.selector)")
        .message("a selector needs from: Selector").field_path(".from"),
)]
pub struct AllowedNamespaces {
    /// Same: only the account's own namespace. All: every namespace. Selector: those whose labels match the selector,
    /// and the account's own. Default Same.
    #[serde(default)]
    pub from: AllowedFrom,
    /// The labels of the namespaces that may use the account. Only with from: Selector.
    #[schemars(schema_with = "crate::schema::label_selector")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
    /// Whether Campaigns of other namespaces may also take over (`spec.adopt`) what others made on the account. False:
    /// they manage what they create themselves. Default false.
    #[serde(default)]
    pub adopt: bool,
}

/// Where Campaigns that use an AdAccount may lie.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AllowedFrom {
    /// In the account's own namespace.
    #[default]
    Same,
    /// In any namespace.
    All,
    /// In namespaces that a selector chooses.
    Selector,
}

/// The identities that ads on Meta are shown under.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct MetaIdentity {
    /// The Facebook page that the ads are shown for: its id, in quotes.
    #[schemars(length(max = 40), regex(pattern = "^[0-9]+$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_id: Option<String>,
    /// The pixel (dataset) that reports conversions: its id, in quotes.
    #[schemars(length(max = 40), regex(pattern = "^[0-9]+$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixel_id: Option<String>,
    /// The Instagram account that the ads are shown for: its id, in quotes.
    #[schemars(length(max = 40), regex(pattern = "^[0-9]+$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instagram_id: Option<String>,
}

/// The identities that ads on TikTok are shown under.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct TikTokIdentity {
    /// The identity (the account that the ads are shown for): its id, in quotes.
    #[schemars(length(max = 64), regex(pattern = "^[A-Za-z0-9_-]+$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<String>,
    /// The pixel that reports conversions: its code, in quotes.
    #[schemars(length(max = 64), regex(pattern = "^[A-Za-z0-9_-]+$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixel_id: Option<String>,
}

/// What an AdAccount on Pinterest must say.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct PinterestSettings {
    /// Who makes the ads: ByHand. adops makes no ads on Pinterest yet: with ByHand it makes campaigns and ad groups, in
    /// which people make the ads; without it every line there is Unsupported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ads: Option<PinterestAds>,
}

/// Who makes the ads on Pinterest.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinterestAds {
    /// People, in the campaigns and ad groups that adops makes.
    ByHand,
}

/// What the operator knows of an AdAccount.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct AdAccountStatus {
    /// The `metadata.generation` that this status speaks of. -1: not seen yet.
    #[serde(default = "never_observed")]
    pub observed_generation: i64,
    /// Ready, and while they hold Reconciling and Stalled.
    #[schemars(schema_with = "crate::schema::conditions")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The one word that most needs attention.
    #[schemars(schema_with = "crate::schema::reason")]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::reason::lenient")]
    pub reason: Option<crate::reason::Reason>,
    /// The account's currency on the platform.
    #[schemars(length(max = 3))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The account's time zone on the platform. For example Europe/Berlin.
    #[schemars(length(max = 64))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// The account's name on the platform.
    #[schemars(length(max = 256))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_name: Option<String>,
    /// What the platform says of the account itself, in its own word. For example ENABLED.
    #[schemars(length(max = 64))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_status: Option<String>,
    /// When the credentials stop working, if the platform says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_expire_at: Option<Time>,
    /// Until when the platform takes no more calls from us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_exhausted_until: Option<Time>,
    /// How often the account is read now: as asked, or less often to spare the platform's quota. For example 45m.
    #[schemars(length(max = 16))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll_interval: Option<String>,
    /// The smallest daily budget of a line, where the account says one of its own. For example "1.00 USD".
    #[schemars(length(max = 32))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_daily_budget: Option<String>,
    /// The smallest step of a budget, where the account has another than its currency has on the platform. For example
    /// "10.00 JPY".
    #[schemars(length(max = 32))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_step: Option<String>,
    /// How many objects the account holds, and how many it may hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<ObjectCount>,
    /// How many ads run, or are in review, under the account's page, and how many may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ads: Option<ObjectCount>,
    /// The sum of the daily budgets that adops has live on the account. For example "6000.00 EUR".
    #[schemars(length(max = 32))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_budget: Option<String>,
    /// Who writes to the account: the installation and the cluster, as recorded on the platform.
    #[schemars(length(max = 253))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Failures in a row, and when the next attempt is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,
    /// How many objects were lately removed, and when the last one was: what is left of the hourly allowance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removes: Option<Removes>,
    /// When the account was last read to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<Time>,
}

impl Default for AdAccountStatus {
    fn default() -> Self {
        Self {
            observed_generation: never_observed(),
            conditions: Vec::new(),
            reason: None,
            currency: None,
            time_zone: None,
            external_name: None,
            account_status: None,
            credentials_expire_at: None,
            quota_exhausted_until: None,
            poll_interval: None,
            minimum_daily_budget: None,
            budget_step: None,
            objects: None,
            ads: None,
            live_budget: None,
            holder: None,
            backoff: None,
            removes: None,
            observed_at: None,
        }
    }
}

/// Removes within an hour; a new operator takes all of them for as late as the last one.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Removes {
    /// How many.
    #[schemars(range(min = 0))]
    pub count: i32,
    /// When the last one was.
    pub last: Time,
}

/// How many objects an account holds of those that the platform limits.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct ObjectCount {
    /// Objects that count towards the limit now, whoever made them.
    #[schemars(range(min = 0))]
    pub live: i64,
    /// The platform's limit.
    #[schemars(range(min = 0))]
    pub limit: i64,
}
