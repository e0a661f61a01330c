//! Rows of TikTok's answers: the fields that we read. What is not set comes as `null` or not at all.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Reads `null` as what a field is by default.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

macro_rules! rows {
    ($($(#[doc = $doc:literal])+ $name:ident { $($field:ident: $kind:ty,)+ })+) => {
        $($(#[doc = $doc])+
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(default)]
        #[allow(clippy::struct_field_names, reason = "the names are TikTok's")]
        pub(super) struct $name {
            $(#[serde(deserialize_with = "or_default")] pub(super) $field: $kind,)+
        })+
    };
}

rows! {
    /// An advertiser account.
    Advertiser {
        name: String,
        status: String,
        currency: String,
        timezone: String,
        display_timezone: String,
        balance: Value,
    }
    /// A campaign.
    Campaign {
        campaign_id: String,
        campaign_name: String,
        operation_status: String,
        secondary_status: String,
        objective_type: String,
        sales_destination: String,
        budget: Value,
        budget_mode: String,
        budget_optimize_on: Option<bool>,
        special_industries: Vec<String>,
    }
    /// An ad group.
    AdGroup {
        adgroup_id: String,
        campaign_id: String,
        adgroup_name: String,
        operation_status: String,
        secondary_status: String,
        budget: Value,
        budget_mode: String,
        optimization_goal: String,
        optimization_event: String,
        pixel_id: String,
        bid_type: String,
        bid_price: Value,
        conversion_bid_price: Value,
        schedule_type: String,
        schedule_start_time: String,
        schedule_end_time: String,
        targeting_optimization_mode: String,
        targeting_spec: Targeting,
    }
    /// Where and for whom an ad group's ads are.
    Targeting {
        location_ids: Vec<String>,
        zipcode_ids: Vec<String>,
        languages: Vec<String>,
        age_groups: Vec<String>,
        gender: String,
        spc_audience_age: String,
        audience_ids: Vec<Value>,
        excluded_audience_ids: Vec<Value>,
        interest_category_ids: Vec<Value>,
        interest_keyword_ids: Vec<Value>,
        purchase_intention_keyword_ids: Vec<Value>,
        actions: Vec<Value>,
        household_income: Vec<Value>,
        device_model_ids: Vec<Value>,
        operating_systems: Vec<Value>,
    }
    /// An ad.
    Ad {
        smart_plus_ad_id: String,
        adgroup_id: String,
        campaign_id: String,
        ad_name: String,
        operation_status: String,
        secondary_status: String,
        creative_list: Vec<Creative>,
        ad_text_list: Vec<AdText>,
        call_to_action_list: Vec<CallToAction>,
        landing_page_url_list: Vec<LandingPage>,
        ad_configuration: AdConfiguration,
    }
    /// One of an ad's creatives.
    Creative {
        creative_info: CreativeInfo,
    }
    /// What a creative is made of.
    CreativeInfo {
        ad_format: String,
        tiktok_item_id: String,
        identity_id: String,
        video_info: VideoInfo,
        image_info: Vec<ImageInfo>,
    }
    /// A creative's video.
    VideoInfo {
        video_id: String,
    }
    /// A creative's image, or the cover of its video.
    ImageInfo {
        web_uri: String,
    }
    /// One of an ad's texts.
    AdText {
        ad_text: String,
    }
    /// What an ad's button says.
    CallToAction {
        call_to_action: String,
    }
    /// Where an ad leads to.
    LandingPage {
        landing_page_url: String,
    }
    /// What is set on an ad as a whole.
    AdConfiguration {
        identity_id: String,
        call_to_action_id: String,
    }
    /// What a status update says: of campaigns and ad groups each that it changed and each that it did not, of ads
    /// those that it changed.
    StatusAnswer {
        campaign_list: Vec<Map<String, Value>>,
        adgroup_list: Vec<Map<String, Value>>,
        smart_plus_ad_ids: Vec<String>,
        error_list: Vec<Map<String, Value>>,
    }
    /// The id of what was created.
    Created {
        campaign_id: String,
        adgroup_id: String,
        smart_plus_ad_id: String,
    }
    /// A row of a report.
    ReportRow {
        dimensions: BTreeMap<String, Value>,
        metrics: BTreeMap<String, Value>,
    }
    /// An image or a video of the library.
    File {
        image_id: String,
        video_id: String,
        file_name: String,
        signature: String,
        width: u32,
        height: u32,
        displayable: Option<bool>,
        create_time: String,
    }
    /// A frame that TikTok suggests as the cover of a video.
    Cover {
        id: String,
        width: u32,
        height: u32,
    }
    /// A place.
    Region {
        location_id: String,
        name: String,
        parent_id: String,
        region_code: String,
        country_code: String,
        area_type: String,
        level: String,
    }
    /// A language.
    Language {
        code: String,
    }
    /// Under whom ads are shown.
    Identity {
        identity_id: String,
        identity_type: String,
        identity_authorized_bc_id: String,
    }
    /// A pixel.
    Pixel {
        pixel_id: String,
        pixel_code: String,
    }
    /// A list without pages.
    Regions {
        region_info: Vec<Region>,
    }
    /// Languages.
    Languages {
        languages: Vec<Language>,
    }
    /// Identities.
    Identities {
        identity_list: Vec<Identity>,
    }
    /// Pixels.
    Pixels {
        pixels: Vec<Pixel>,
    }
    /// Accounts.
    Advertisers {
        list: Vec<Advertiser>,
    }
    /// Files.
    Files {
        list: Vec<File>,
    }
    /// Covers.
    Covers {
        list: Vec<Cover>,
    }
}

/// Whether an object's owner lets it run.
pub(super) fn is_on(operation_status: &str) -> bool {
    operation_status == "ENABLE"
}

/// Whether a status says that something is deleted.
pub(super) fn is_deleted(secondary_status: &str) -> bool {
    secondary_status.ends_with("_STATUS_DELETE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_null_is_what_is_not_there() {
        let row = r#"{"adgroup_id":"1","targeting_spec":{"location_ids":null,"gender":"GENDER_MALE"},"pixel_id":null}"#;
        let group: AdGroup = serde_json::from_str(row).unwrap();
        assert_eq!((group.adgroup_id.as_str(), group.pixel_id.as_str()), ("1", ""));
        assert!(group.targeting_spec.location_ids.is_empty() && group.targeting_spec.gender == "GENDER_MALE");
    }
}
