//! The parts of Google's messages that are read, as `proto3` JSON writes them: 64-bit integers are
//! strings, and what is zero or unset is absent.

use serde::{Deserialize, Deserializer};

/// An answer of `googleAds:search`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SearchAnswer<Row> {
    #[serde(default = "Vec::new")]
    pub(super) results: Vec<Row>,
    #[serde(default)]
    pub(super) next_page_token: String,
    #[serde(default, deserialize_with = "int")]
    pub(super) total_results_count: i64,
}

/// An answer of `googleAds:mutate`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct MutateAnswer {
    pub(super) mutate_operation_responses: Vec<serde_json::Map<String, serde_json::Value>>,
    pub(super) partial_failure_error: Option<super::errors::Status>,
}

/// A 64-bit integer: a string, or a number where a proxy was helpful.
fn int<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Number(i64),
    }
    match Either::deserialize(from)? {
        Either::Text(text) => text.parse().map_err(serde::de::Error::custom),
        Either::Number(number) => Ok(number),
    }
}

macro_rules! messages {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[$meta:meta])* $field:ident: $type:ty,)* })+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Default, PartialEq, Deserialize)]
        #[allow(clippy::struct_field_names, reason = "the names are Google's")]
        #[serde(rename_all = "camelCase", default)]
        pub(super) struct $name { $($(#[$meta])* pub(super) $field: $type,)* }
    )+};
}

messages! {
    /// `Customer`.
    Customer { currency_code: String, time_zone: String, descriptive_name: String, status: String, }
    /// `Campaign`.
    Campaign {
        resource_name: String,
        id: String,
        name: String,
        status: String,
        primary_status: String,
        primary_status_reasons: Vec<String>,
        serving_status: String,
        advertising_channel_type: String,
        bidding_strategy_type: String,
        target_spend: TargetSpend,
        maximize_conversions: MaximizeConversions,
        network_settings: NetworkSettings,
        geo_target_type_setting: GeoTargetTypeSetting,
        labels: Vec<String>,
        start_date_time: String,
        end_date_time: String,
        final_url_suffix: String,
        contains_eu_political_advertising: String,
    }
    /// `TargetSpend`.
    TargetSpend { #[serde(deserialize_with = "int")] cpc_bid_ceiling_micros: i64, }
    /// `MaximizeConversions`.
    MaximizeConversions { #[serde(deserialize_with = "int")] target_cpa_micros: i64, }
    /// `NetworkSettings`.
    NetworkSettings {
        target_google_search: bool,
        target_search_network: bool,
        target_content_network: bool,
        target_partner_search_network: bool,
    }
    /// `GeoTargetTypeSetting`.
    GeoTargetTypeSetting { positive_geo_target_type: String, negative_geo_target_type: String, }
    /// `CampaignBudget`.
    CampaignBudget {
        resource_name: String,
        #[serde(deserialize_with = "int")] amount_micros: i64,
        explicitly_shared: bool,
    }
    /// `Metrics`.
    Metrics {
        #[serde(deserialize_with = "int")] impressions: i64,
        #[serde(deserialize_with = "int")] cost_micros: i64,
    }
    /// `Segments`.
    Segments { date: String, }
    /// `Label`.
    Label { resource_name: String, name: String, text_label: TextLabel, }
    /// `TextLabel`.
    TextLabel { description: String, }
    /// `CampaignCriterion`.
    CampaignCriterion {
        resource_name: String,
        #[serde(deserialize_with = "int")] criterion_id: i64,
        #[serde(rename = "type")] kind: String,
        negative: bool,
        location: Location,
        language: Language,
        keyword: Keyword,
    }
    /// `LocationInfo`.
    Location { geo_target_constant: String, }
    /// `LanguageInfo`.
    Language { language_constant: String, }
    /// `KeywordInfo`.
    Keyword { text: String, match_type: String, }
    /// `AdGroup`.
    AdGroup {
        resource_name: String,
        id: String,
        name: String,
        status: String,
        #[serde(deserialize_with = "int")] cpc_bid_micros: i64,
    }
    /// `AdGroupCriterion`.
    AdGroupCriterion {
        resource_name: String,
        status: String,
        #[serde(rename = "type")] kind: String,
        negative: bool,
        keyword: Keyword,
        age_range: AgeRange,
        gender: Gender,
    }
    /// `AgeRangeInfo`.
    AgeRange { #[serde(rename = "type")] kind: String, }
    /// `GenderInfo`.
    Gender { #[serde(rename = "type")] kind: String, }
    /// `AdGroupAd`.
    AdGroupAd { resource_name: String, status: String, ad: Ad, policy_summary: PolicySummary, }
    /// `Ad`.
    Ad {
        id: String,
        #[serde(rename = "type")] kind: String,
        final_urls: Vec<String>,
        responsive_search_ad: ResponsiveSearchAd,
    }
    /// `ResponsiveSearchAdInfo`.
    ResponsiveSearchAd { headlines: Vec<AdText>, descriptions: Vec<AdText>, path1: String, path2: String, }
    /// `AdTextAsset`.
    AdText { text: String, pinned_field: String, }
    /// `AdGroupAdPolicySummary`.
    PolicySummary { review_status: String, approval_status: String, }
    /// `GeoTargetConstant`.
    GeoTargetConstant {
        resource_name: String,
        #[serde(deserialize_with = "int")] id: i64,
        name: String,
        canonical_name: String,
        country_code: String,
        target_type: String,
    }
    /// `LanguageConstant`.
    LanguageConstant { resource_name: String, code: String, }
    /// `CurrencyConstant`.
    CurrencyConstant { #[serde(deserialize_with = "int")] billable_unit_micros: i64, }
    /// `ConversionAction`.
    ConversionAction { resource_name: String, name: String, }
    /// `CustomConversionGoal`.
    CustomConversionGoal { resource_name: String, name: String, conversion_actions: Vec<String>, }
    /// `ConversionGoalCampaignConfig`.
    ConversionGoalCampaignConfig { goal_config_level: String, custom_conversion_goal: String, }

    /// What something hangs on; of many thousand rows only its id is kept.
    Parent { id: String, }

    /// A row `FROM customer`.
    CustomerRow { customer: Customer, }
    /// A row `FROM currency_constant`.
    CurrencyRow { currency_constant: CurrencyConstant, }
    /// A row `FROM label`.
    LabelRow { label: Label, }
    /// A row `FROM campaign`.
    CampaignRow {
        campaign: Campaign,
        campaign_budget: CampaignBudget,
        customer: Customer,
        metrics: Metrics,
        segments: Segments,
    }
    /// A row `FROM campaign_criterion`.
    CampaignCriterionRow { campaign: Parent, campaign_criterion: CampaignCriterion, }
    /// A row `FROM ad_group`.
    AdGroupRow { campaign: Parent, ad_group: AdGroup, }
    /// A row `FROM ad_group_criterion`.
    AdGroupCriterionRow { campaign: Parent, ad_group: Parent, ad_group_criterion: AdGroupCriterion, }
    /// A row `FROM ad_group_ad`.
    AdGroupAdRow { campaign: Parent, ad_group: Parent, ad_group_ad: AdGroupAd, }
    /// A row `FROM geo_target_constant`.
    GeoRow { geo_target_constant: GeoTargetConstant, }
    /// A row `FROM language_constant`.
    LanguageRow { language_constant: LanguageConstant, }
    /// A row `FROM conversion_action`.
    ConversionActionRow { conversion_action: ConversionAction, }
    /// A row `FROM custom_conversion_goal`.
    CustomGoalRow { custom_conversion_goal: CustomConversionGoal, }
    /// A row `FROM conversion_goal_campaign_config`.
    GoalConfigRow { campaign: Parent, conversion_goal_campaign_config: ConversionGoalCampaignConfig, }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_answer_is_read_with_its_strings_and_gaps() {
        let body = r#"{"results":[{"campaign":{"resourceName":"customers/1/campaigns/88","id":"88","status":"PAUSED","labels":["customers/1/labels/5"]},
            "campaignBudget":{"amountMicros":"50000000"},"customer":{"currencyCode":"USD"}}],"fieldMask":"campaign.id","queryResourceConsumption":"12"}"#;
        let answer: SearchAnswer<CampaignRow> = serde_json::from_str(body).unwrap();
        assert_eq!(answer.results[0].campaign_budget.amount_micros, 50_000_000);
        assert_eq!(answer.results[0].metrics.impressions, 0);
        assert!(answer.next_page_token.is_empty());
    }
}
