//! What has no common meaning lives under the platform's name.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What only Google has.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct GoogleSettings {
    /// Where ads are shown. Search: beside search results. Default Search.
    #[serde(default)]
    pub channel: GoogleChannel,
    /// Keywords by locale, in Google's notation: spring series matches broadly, "spring series" as a phrase,
    /// [spring series] exactly. In YAML, put the last two into single quotes. At most 2000 a locale.
    #[schemars(schema_with = "crate::schema::keywords")]
    #[x_kube(
        validation = Rule::new(crate::common::NO_KEY_RULE).message(crate::common::NO_KEY_MESSAGE),
        validation = Rule::new(crate::common::LOCALE_KEYS_RULE).message(crate::common::LOCALE_KEYS_MESSAGE)
    )]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keywords: BTreeMap<String, Vec<String>>,
    /// Searches that ads are not shown for, by locale, in the same notation. At most 2000 a locale.
    #[schemars(schema_with = "crate::schema::keywords")]
    #[x_kube(
        validation = Rule::new(crate::common::NO_KEY_RULE).message(crate::common::NO_KEY_MESSAGE),
        validation = Rule::new(crate::common::LOCALE_KEYS_RULE).message(crate::common::LOCALE_KEYS_MESSAGE)
    )]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub negative_keywords: BTreeMap<String, Vec<String>>,
    /// How Google bids. Default: MaximizeClicks without a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bidding: Option<Bidding>,
    /// Where else search ads are shown. Default: nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub networks: Option<GoogleNetworks>,
}

/// Where ads are shown on Google.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum GoogleChannel {
    /// Beside search results.
    #[default]
    Search,
}

/// How Google bids.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.strategy != 'ManualCpc' || has(self.maxCpc)")
        .message("ManualCpc needs maxCpc").field_path(".maxCpc").reason(Reason::FieldValueRequired),
    validation = Rule::new("self.strategy != 'MaximizeConversions' || !has(self.maxCpc)")
        .message("is not for MaximizeConversions: use targetCpa").field_path(".maxCpc"),
    validation = Rule::new("self.strategy == 'MaximizeConversions' || !has(self.targetCpa)")
        .message("is only for MaximizeConversions").field_path(".targetCpa"),
)]
pub struct Bidding {
    /// MaximizeClicks, MaximizeConversions or ManualCpc. Default MaximizeClicks.
    #[serde(default)]
    pub strategy: BiddingStrategy,
    /// The most that a click may cost, in the budget's currency, a decimal in quotes. For example "1.20". For
    /// MaximizeClicks, and required for ManualCpc.
    #[schemars(length(max = 19))]
    #[x_kube(validation = Rule::new(crate::common::AMOUNT_RULE).message(crate::common::AMOUNT_MESSAGE))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cpc: Option<String>,
    /// What a conversion should cost on average, in the budget's currency, a decimal in quotes. For example "25.00".
    /// For MaximizeConversions.
    #[schemars(length(max = 19))]
    #[x_kube(validation = Rule::new(crate::common::AMOUNT_RULE).message(crate::common::AMOUNT_MESSAGE))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_cpa: Option<String>,
}

/// A bidding strategy of Google.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BiddingStrategy {
    /// As many clicks as the budget allows.
    #[default]
    MaximizeClicks,
    /// As many conversions as the budget allows.
    MaximizeConversions,
    /// A fixed highest bid for a click.
    ManualCpc,
}

/// Where else search ads are shown.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct GoogleNetworks {
    /// On the sites of Google's search partners too. Default false.
    #[serde(default)]
    pub search_partners: bool,
}

/// What only Meta has. Nothing yet.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct MetaSettings {}

/// What only TikTok has. Nothing yet.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct TikTokSettings {}
