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

/// What only Meta has.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct MetaSettings {
    /// Where ads are shown: Facebook, Instagram, Messenger, AudienceNetwork. Default: where Meta finds it best.
    #[schemars(length(max = 4))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placements: Vec<MetaPlacement>,
    /// How Meta bids. Default: LowestCost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bidding: Option<AuctionBidding>,
    /// What the ads' button says. Default: what fits the objective, for example SignUp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_to_action: Option<CallToAction>,
    /// Who the ads are for: the person or organisation, as Meta must show it in the EU. Required for markets in the EU.
    #[schemars(length(min = 1, max = 512))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beneficiary: Option<String>,
    /// Who pays for the ads, as Meta must show it in the EU. Default: the beneficiary.
    #[schemars(length(min = 1, max = 512))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payor: Option<String>,
}

/// A surface of Meta.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetaPlacement {
    /// Facebook.
    Facebook,
    /// Instagram.
    Instagram,
    /// Messenger.
    Messenger,
    /// Apps and sites of others.
    AudienceNetwork,
}

/// What only TikTok has.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.bidding) || self.bidding.strategy != 'BidCap'")
        .message("BidCap is only for Meta: use CostCap").field_path(".bidding.strategy"),
)]
pub struct TikTokSettings {
    /// How TikTok bids: LowestCost or CostCap. Default: LowestCost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bidding: Option<AuctionBidding>,
    /// What the ads' button says. Default: what fits the objective, for example SignUp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_to_action: Option<CallToAction>,
}

/// How a platform bids that sets the bids itself.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.strategy == 'LowestCost' || has(self.amount)")
        .message("CostCap and BidCap need an amount").field_path(".amount").reason(Reason::FieldValueRequired),
    validation = Rule::new("self.strategy != 'LowestCost' || !has(self.amount)")
        .message("is not for LowestCost").field_path(".amount"),
)]
pub struct AuctionBidding {
    /// LowestCost: as many results as the budget buys. CostCap: results at `amount` on average. BidCap: no bid above
    /// `amount`. Default LowestCost.
    #[serde(default)]
    pub strategy: AuctionStrategy,
    /// The cost or bid, in the budget's currency, a decimal in quotes. For example "25.00".
    #[schemars(length(max = 19))]
    #[x_kube(validation = Rule::new(crate::common::AMOUNT_RULE).message(crate::common::AMOUNT_MESSAGE))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
}

/// A strategy of a platform that sets the bids itself.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AuctionStrategy {
    /// As many results as the budget buys.
    #[default]
    LowestCost,
    /// Results at a cost on average.
    CostCap,
    /// No bid above an amount.
    BidCap,
}

/// What an ad's button says.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallToAction {
    /// Learn more.
    LearnMore,
    /// Sign up.
    SignUp,
    /// Shop now.
    ShopNow,
    /// Subscribe.
    Subscribe,
    /// Download.
    Download,
    /// Watch more.
    WatchMore,
    /// Contact us.
    ContactUs,
    /// Apply now.
    ApplyNow,
    /// Book now.
    BookNow,
}
