//! What is simulated of TikTok: advertiser accounts, tokens, limits, and what is only assumed of the real service.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::account::AdvertiserStatus;
use crate::config::{DeliveryConfig, seconds};

/// The simulated TikTok Business API. The default has one advertiser account in US dollars and New York time, and a
/// token that may use it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TikTokConfig {
    /// Versions that answer. Others are refused as invalid.
    pub versions: Vec<String>,
    /// Advertiser accounts.
    pub advertisers: Vec<AdvertiserConfig>,
    /// Developers' apps.
    pub apps: Vec<AppConfig>,
    /// Access tokens. They live until they are revoked, unless they say when they expire.
    pub tokens: Vec<TokenConfig>,
    /// Whether fields that the official description does not name are refused. The real service is said to ignore
    /// them; refusing shows a client its typing errors.
    pub strict: bool,
    /// Whether `campaign/create/`, for campaigns that are not smart+, still answers. It is reported to end with 2026.
    pub manual_create: bool,
    /// Lists and reports see the accounts as they were this long ago (business time).
    #[serde(with = "seconds")]
    pub read_lag: SignedDuration,
    /// Reports lack the latest figures for this long (business time). About ten minutes, as documented.
    #[serde(with = "seconds")]
    pub report_delay: SignedDuration,
    /// How long an ad is in review (business time).
    #[serde(with = "seconds")]
    pub review_delay: SignedDuration,
    /// An ad whose texts or landing page contain one of these words, whatever the case, is not approved.
    pub disapproved_words: Vec<String>,
    /// How long a video is processed (business time).
    #[serde(with = "seconds")]
    pub video_processing: SignedDuration,
    /// Media files by URL. Those that are not named are videos of 1080 x 1920 and 15 seconds, or images of 1080 x 1080
    /// if their URL ends as one.
    pub media: Vec<MediaFile>,
    /// How long a `request_id` of a create is remembered, in real seconds. Ten seconds are documented for sibling
    /// endpoints.
    pub request_id_seconds: f64,
    /// What a create answers whose `request_id` has just been used.
    pub repeated_request: RepeatedRequest,
    /// Real seconds that must lie between two writes to the same smart+ ad.
    pub ad_write_seconds: f64,
    /// Code of a status update of which some objects failed: 0 or 20001. Both are in use; 0 is the one that hides the
    /// failures.
    pub partial_success_code: i64,
    /// Whether a budget with too many decimals is rounded instead of refused (assumed: it is refused).
    pub round_budgets: bool,
    /// Limit of an app, per endpoint. None by default; [`Tier::limit`] has the documented ones.
    pub app_limit: Option<CallLimit>,
    /// Limit of an advertiser account, per endpoint. None by default.
    pub advertiser_limit: Option<CallLimit>,
    /// Object limits.
    pub limits: TikTokLimits,
    /// Codes of countries where TikTok places no ads (assumed).
    pub unavailable_countries: Vec<String>,
    /// Delivery; money is in US dollars, or what the ratio of the currency makes of them.
    pub delivery: DeliveryConfig,
}

impl Default for TikTokConfig {
    fn default() -> TikTokConfig {
        TikTokConfig {
            versions: vec!["v1.3".into()],
            advertisers: vec![AdvertiserConfig::default()],
            apps: vec![AppConfig::default()],
            tokens: vec![TokenConfig::default()],
            strict: true,
            manual_create: false,
            read_lag: SignedDuration::ZERO,
            report_delay: SignedDuration::from_mins(10),
            review_delay: SignedDuration::from_mins(10),
            disapproved_words: vec!["disapproveme".into()],
            video_processing: SignedDuration::from_mins(1),
            media: Vec::new(),
            request_id_seconds: 10.0,
            repeated_request: RepeatedRequest::Refuse,
            ad_write_seconds: 5.0,
            partial_success_code: 0,
            round_budgets: false,
            app_limit: None,
            advertiser_limit: None,
            limits: TikTokLimits::default(),
            unavailable_countries: ["AF", "CN", "CU", "IN", "IR", "KP", "SY"].map(str::to_owned).into(),
            delivery: DeliveryConfig::default(),
        }
    }
}

/// An advertiser account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AdvertiserConfig {
    /// Id: up to 19 digits.
    pub advertiser_id: String,
    /// Name.
    pub name: String,
    /// ISO 4217 code.
    pub currency: String,
    /// IANA time zone.
    pub timezone: String,
    /// ISO 3166-1 alpha-2 code of the country that it is registered in.
    pub country: String,
    /// Status.
    pub status: AdvertiserStatus,
    /// Money left, in currency units. At zero nothing is delivered.
    pub balance: f64,
    /// Pixels.
    pub pixels: Vec<PixelConfig>,
    /// Identities: who the ads are by.
    pub identities: Vec<IdentityConfig>,
}

impl Default for AdvertiserConfig {
    fn default() -> AdvertiserConfig {
        AdvertiserConfig {
            advertiser_id: "7000000000000000001".into(),
            name: "Example".into(),
            currency: "USD".into(),
            timezone: "America/New_York".into(),
            country: "US".into(),
            status: AdvertiserStatus::Enable,
            balance: 1_000_000.0,
            pixels: vec![PixelConfig::default()],
            identities: vec![IdentityConfig::default()],
        }
    }
}

/// A pixel.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PixelConfig {
    /// Id.
    pub pixel_id: String,
    /// Code in the website.
    pub pixel_code: String,
    /// Name.
    pub name: String,
    /// Events that it reports, by the names that ads use: `ON_WEB_REGISTER`, `SHOPPING`.
    pub optimization_events: Vec<String>,
}

impl Default for PixelConfig {
    fn default() -> PixelConfig {
        PixelConfig {
            pixel_id: "7100000000000000001".into(),
            pixel_code: "C0EXAMPLE0PIXEL00000".into(),
            name: "example.com".into(),
            optimization_events: vec!["ON_WEB_REGISTER".into(), "SHOPPING".into()],
        }
    }
}

/// An identity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct IdentityConfig {
    /// Id.
    pub identity_id: String,
    /// `CUSTOMIZED_USER`, `AUTH_CODE`, `TT_USER` or `BC_AUTH_TT`.
    pub identity_type: String,
    /// Business Center of a `BC_AUTH_TT`.
    pub identity_authorized_bc_id: Option<String>,
    /// Name that users see.
    pub display_name: String,
}

impl Default for IdentityConfig {
    fn default() -> IdentityConfig {
        IdentityConfig {
            identity_id: "7200000000000000001".into(),
            identity_type: "CUSTOMIZED_USER".into(),
            identity_authorized_bc_id: None,
            display_name: "Example".into(),
        }
    }
}

/// A developer's app.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AppConfig {
    /// Id.
    pub app_id: String,
    /// Secret.
    pub secret: String,
    /// Whether it may use the smart+ endpoints.
    pub smart_plus: bool,
    /// Codes that can be exchanged for a token, once each: code and token.
    pub auth_codes: Vec<(String, String)>,
}

impl Default for AppConfig {
    fn default() -> AppConfig {
        AppConfig {
            app_id: "7300000000000000001".into(),
            secret: "adsim-tiktok-secret".into(),
            smart_plus: true,
            auth_codes: vec![("adsim-tiktok-code".into(), "adsim-tiktok-token".into())],
        }
    }
}

/// An access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TokenConfig {
    /// The token.
    pub token: String,
    /// The app that it was issued to.
    pub app_id: String,
    /// Advertiser accounts that it may use. Empty: all.
    pub advertisers: Vec<String>,
    /// When it expires (business time). Real tokens of advertisers do not.
    pub expires_at: Option<Timestamp>,
}

impl Default for TokenConfig {
    fn default() -> TokenConfig {
        TokenConfig {
            token: "adsim-tiktok-token".into(),
            app_id: AppConfig::default().app_id,
            advertisers: Vec::new(),
            expires_at: None,
        }
    }
}

/// What a create answers whose `request_id` has just been used. The documentation says that "only one will succeed".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RepeatedRequest {
    /// Code 40050, without the object's id (assumed).
    Refuse,
    /// The first answer again.
    Replay,
}

/// A media file behind a URL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MediaFile {
    /// URL.
    pub url: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Seconds; 0 for an image.
    pub seconds: f64,
    /// Bytes.
    pub bytes: u64,
    /// Stands for the content: files with the same one have the same MD5.
    pub content: String,
    /// Whether the URL leads nowhere.
    pub unreachable: bool,
    /// Whether the video's processing fails.
    pub broken: bool,
}

impl Default for MediaFile {
    fn default() -> MediaFile {
        MediaFile {
            url: String::new(),
            width: 1080,
            height: 1920,
            seconds: 15.0,
            bytes: 4_000_000,
            content: String::new(),
            unreachable: false,
            broken: false,
        }
    }
}

/// Requests in a window. None: no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CallLimit {
    /// In a second (real time).
    pub per_second: Option<u64>,
    /// In a minute (real time).
    pub per_minute: Option<u64>,
    /// In a day that begins at 00:00 UTC (business time).
    pub per_day: Option<u64>,
}

/// Access tier of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are TikTok's")]
pub enum Tier {
    Basic,
    Advanced,
    Premium,
    Ultimate,
}

impl Tier {
    /// The documented limit, a second and a minute.
    pub fn limit(self) -> CallLimit {
        let (second, minute) = match self {
            Tier::Basic => (10, 600),
            Tier::Advanced => (20, 1_200),
            Tier::Premium => (30, 1_800),
            Tier::Ultimate => (50, 3_000),
        };
        CallLimit { per_second: Some(second), per_minute: Some(minute), per_day: None }
    }
}

/// Object limits. None: no limit.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TikTokLimits {
    /// Campaigns of an account that are not deleted.
    pub campaigns: Option<usize>,
    /// Ad groups of a campaign that are not deleted.
    pub adgroups_per_campaign: Option<usize>,
    /// Ads of an ad group that are not deleted.
    pub ads_per_adgroup: Option<usize>,
}
