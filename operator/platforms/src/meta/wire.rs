//! What Meta answers, as far as we read it. Whatever is absent has its type's default.

use serde::Deserialize;
use serde_json::Value;

/// A page of an edge.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub(super) struct Page<T> {
    pub(super) data: Vec<T>,
    pub(super) paging: Paging,
    pub(super) summary: Summary,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { data: Vec::new(), paging: Paging::default(), summary: Summary::default() }
    }
}

/// Where a page stands among others.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Paging {
    pub(super) cursors: Cursors,
    /// The address of the next page. It is not followed, but tells that there is one.
    pub(super) next: Option<String>,
}

/// The ends of a page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Cursors {
    pub(super) after: String,
}

/// What was asked for with `summary`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct Summary {
    pub(super) total_count: Option<u32>,
}

/// Something with an id.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Id {
    pub(super) id: String,
}

/// A label, or anything else with an id and a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name: String,
}

/// A campaign with what hangs on it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Campaign {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) effective_status: String,
    pub(super) objective: String,
    /// In minor units.
    pub(super) daily_budget: Option<String>,
    /// In minor units.
    pub(super) lifetime_budget: Option<String>,
    pub(super) special_ad_categories: Vec<String>,
    pub(super) special_ad_category_country: Vec<String>,
    pub(super) adlabels: Vec<Named>,
    pub(super) issues_info: Vec<Issue>,
    pub(super) adsets: Page<AdSet>,
}

/// What keeps an object from delivering.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Issue {
    pub(super) level: String,
}

/// An ad set with its ads.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct AdSet {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: String,
    /// In minor units; `0` for none.
    pub(super) daily_budget: Option<String>,
    /// In minor units; `0` for none.
    pub(super) lifetime_budget: Option<String>,
    pub(super) bid_strategy: String,
    /// In minor units.
    pub(super) bid_amount: Value,
    pub(super) optimization_goal: String,
    pub(super) billing_event: String,
    pub(super) promoted_object: Value,
    pub(super) targeting: Value,
    pub(super) start_time: String,
    pub(super) end_time: String,
    pub(super) dsa_beneficiary: String,
    pub(super) dsa_payor: String,
    pub(super) adlabels: Vec<Named>,
    pub(super) learning_stage_info: Learning,
    pub(super) ads: Page<Ad>,
}

/// How far an ad set's delivery has learned.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Learning {
    pub(super) status: String,
}

/// An ad with its creative.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ad {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) effective_status: String,
    pub(super) adlabels: Vec<Named>,
    pub(super) creative: Creative,
}

/// A creative.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Creative {
    pub(super) id: String,
    pub(super) object_story_spec: Value,
}

/// An ad account.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) currency: String,
    pub(super) timezone_name: String,
    #[serde(rename = "account_status")]
    pub(super) status: i64,
    pub(super) disable_reason: i64,
}

/// The least budgets of a currency, in minor units.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct MinimumBudget {
    pub(super) currency: String,
    pub(super) min_daily_budget_imp: i64,
}

/// How many ads run, or are in review, under a Page, and how many may.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct AdVolume {
    #[serde(rename = "ads_running_or_in_review_count")]
    pub(super) count: Option<u32>,
    #[serde(rename = "limit_on_ads_running_or_in_review")]
    pub(super) limit: Option<u32>,
}

/// What `debug_token` tells.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct TokenFacts {
    pub(super) data: TokenData,
}

/// A token's facts. Times are seconds since 1970; 0 is never.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct TokenData {
    pub(super) expires_at: i64,
    pub(super) data_access_expires_at: i64,
}

/// An image of the library.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Image {
    pub(super) hash: String,
    pub(super) name: String,
    pub(super) status: String,
    /// An address that lasts.
    pub(super) permalink_url: String,
}

/// A video of the library.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Video {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) picture: String,
    pub(super) status: VideoStatus,
}

/// How far a video is processed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct VideoStatus {
    #[serde(rename = "video_status")]
    pub(super) word: String,
    pub(super) uploading_phase: Phase,
    pub(super) processing_phase: Phase,
}

/// A step of processing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Phase {
    pub(super) errors: Vec<PhaseError>,
}

/// Why a step failed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct PhaseError {
    pub(super) message: String,
}

/// A place that a search has found.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Location {
    pub(super) key: String,
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) country_code: String,
}

/// A row of insights.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Insight {
    pub(super) campaign_id: String,
    /// In major units.
    pub(super) spend: String,
    pub(super) date_start: String,
}
