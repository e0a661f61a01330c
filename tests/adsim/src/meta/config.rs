//! What is simulated of Meta: apps, tokens, ad accounts, quotas, limits, and switches for what is not known for sure.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::DeliveryConfig;

/// The simulated Marketing API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MetaConfig {
    /// Versions that answer. Others are refused as deprecated, with code 2635.
    pub versions: Vec<String>,
    /// Apps.
    pub apps: Vec<MetaApp>,
    /// Access tokens.
    pub tokens: Vec<MetaToken>,
    /// Ad accounts.
    pub accounts: Vec<MetaAccountConfig>,
    /// Edges see the accounts as they were this long ago (business time); reads by id do not lag.
    #[serde(with = "crate::config::seconds")]
    pub read_lag: SignedDuration,
    /// How long an ad is in review (business time).
    #[serde(with = "crate::config::seconds")]
    pub review_delay: SignedDuration,
    /// An ad whose creative contains one of these words, whatever the case, is disapproved.
    pub disapproved_words: Vec<String>,
    /// How long a new object is `IN_PROCESS` (business time).
    #[serde(with = "crate::config::seconds")]
    pub in_process: SignedDuration,
    /// How long a video is processed (business time).
    #[serde(with = "crate::config::seconds")]
    pub video_processing: SignedDuration,
    /// Videos and images whose URL contains one of these words cannot be fetched or processed.
    pub broken_media_words: Vec<String>,
    /// How long an asynchronous report runs (business time).
    #[serde(with = "crate::config::seconds")]
    pub report_delay: SignedDuration,
    /// How long an ad set is `LEARNING` after it was created or changed significantly (business time).
    #[serde(with = "crate::config::seconds")]
    pub learning: SignedDuration,
    /// Rate limits.
    pub quota: MetaQuota,
    /// Object limits.
    pub limits: MetaLimits,
    /// Switches.
    pub rules: MetaRules,
    /// Delivery.
    pub delivery: DeliveryConfig,
}

impl Default for MetaConfig {
    fn default() -> MetaConfig {
        MetaConfig {
            versions: vec!["v26.0".into()],
            apps: vec![MetaApp::default()],
            tokens: vec![MetaToken::default()],
            accounts: vec![MetaAccountConfig::default()],
            read_lag: SignedDuration::ZERO,
            review_delay: SignedDuration::from_mins(10),
            disapproved_words: vec!["disapproveme".into()],
            in_process: SignedDuration::ZERO,
            video_processing: SignedDuration::from_mins(2),
            broken_media_words: vec!["unreachable".into()],
            report_delay: SignedDuration::ZERO,
            learning: SignedDuration::from_hours(7 * 24),
            quota: MetaQuota::default(),
            limits: MetaLimits::default(),
            rules: MetaRules::default(),
            delivery: DeliveryConfig::default(),
        }
    }
}

/// An app.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MetaApp {
    /// Id.
    pub id: String,
    /// Secret: the key of `appsecret_proof`.
    pub secret: String,
    /// Whether calls need `appsecret_proof`.
    pub require_proof: bool,
}

impl Default for MetaApp {
    fn default() -> MetaApp {
        MetaApp { id: "700000000000001".into(), secret: "adsim-app-secret".into(), require_proof: false }
    }
}

/// A system user's access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MetaToken {
    /// The token.
    pub token: String,
    /// Id of its app.
    pub app: String,
    /// Id of the system user.
    pub user: String,
    /// Granted permissions.
    pub scopes: Vec<String>,
    /// Accounts that the user is assigned to, without `act_`. Empty: all.
    pub accounts: Vec<String>,
    /// When it expires (business time); none never does.
    pub expires_at: Option<Timestamp>,
    /// When access to data expires, which only shows in `debug_token` (business time).
    pub data_access_expires_at: Option<Timestamp>,
}

impl Default for MetaToken {
    fn default() -> MetaToken {
        MetaToken {
            token: "adsim-meta-token".into(),
            app: "700000000000001".into(),
            user: "122000000000001".into(),
            scopes: vec!["ads_management".into(), "ads_read".into(), "business_management".into()],
            accounts: Vec::new(),
            expires_at: None,
            data_access_expires_at: None,
        }
    }
}

/// An ad account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MetaAccountConfig {
    /// Digits, without `act_`.
    pub id: String,
    /// Name.
    pub name: String,
    /// ISO 4217 code.
    pub currency: String,
    /// IANA time zone.
    pub timezone_name: String,
    /// Id of the business that owns it.
    pub business: String,
    /// Pages that may be advertised.
    pub pages: Vec<String>,
    /// Pixels that may be optimised for.
    pub pixels: Vec<String>,
    /// Least daily budget in minor units, if it differs from the currency's.
    pub minimum_daily_budget: Option<i64>,
    /// Who benefits from ads that reach the EU, for ad sets that do not say it.
    pub default_dsa_beneficiary: Option<String>,
    /// Who pays for ads that reach the EU, for ad sets that do not say it.
    pub default_dsa_payor: Option<String>,
}

impl Default for MetaAccountConfig {
    fn default() -> MetaAccountConfig {
        MetaAccountConfig {
            id: "2345678901".into(),
            name: "Example".into(),
            currency: "USD".into(),
            timezone_name: "America/New_York".into(),
            business: "800000000000001".into(),
            pages: vec!["900000000000001".into()],
            pixels: vec!["600000000000001".into()],
            minimum_daily_budget: None,
            default_dsa_beneficiary: None,
            default_dsa_payor: None,
        }
    }
}

/// Rate limits. Windows run on business time, the limit a second on the machine's clock.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MetaQuota {
    /// The access tier as headers name it.
    pub tier: String,
    /// Most score of an account; a read is 1, a write 3. 60 in the lower tier.
    pub account_score: f64,
    /// Time in which a full score decays.
    pub decay_seconds: i64,
    /// How long an account is blocked when its score is full. 300 in the lower tier.
    pub block_seconds: i64,
    /// The error of a full score: code and subcode. 17/2446079 and 613/1487742 are both documented.
    pub account_score_error: (i64, i64),
    /// Calls an hour to manage the ads of an account, plus 40 for each active ad. 300 in the lower tier.
    pub ads_management_per_hour: i64,
    /// Calls an hour for insights of an account, plus 400 for each active ad. 600 in the lower tier.
    pub ads_insights_per_hour: i64,
    /// Calls an hour of an app that are not about an account; none by default.
    pub app_calls_per_hour: Option<i64>,
    /// Changes a second and account.
    pub mutations_per_second: Option<u32>,
}

impl Default for MetaQuota {
    fn default() -> MetaQuota {
        MetaQuota {
            tier: "standard_access".into(),
            account_score: 9_000.0,
            decay_seconds: 300,
            block_seconds: 60,
            account_score_error: (17, 2_446_079),
            ads_management_per_hour: 100_000,
            ads_insights_per_hour: 190_000,
            app_calls_per_hour: None,
            mutations_per_second: Some(100),
        }
    }
}

/// Object limits.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MetaLimits {
    /// Ads of a Page that run or are in review.
    pub ads_per_page: usize,
    /// Ads of an ad set that are not archived or deleted.
    pub ads_per_ad_set: usize,
    /// Campaigns, and ad sets, of an account that are not archived or deleted (assumed for both).
    pub objects_per_account: usize,
    /// Labels of an account.
    pub labels_per_account: usize,
    /// Labels on an object.
    pub labels_per_object: usize,
    /// Calls in a batch.
    pub calls_per_batch: usize,
    /// Most objects a page of an edge (assumed).
    pub page_size: usize,
    /// Changes of an ad set's budget an hour, before it is locked for an hour.
    pub budget_changes_per_hour: usize,
}

impl Default for MetaLimits {
    fn default() -> MetaLimits {
        MetaLimits {
            ads_per_page: 20_000,
            ads_per_ad_set: 50,
            objects_per_account: 50_000,
            labels_per_account: 100_000,
            labels_per_object: 50,
            calls_per_batch: 50,
            page_size: 1_000,
            budget_changes_per_hour: 4,
        }
    }
}

/// Switches for behaviour that is not known for sure, or that happens now and then.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "switches")]
pub struct MetaRules {
    /// Unknown parameters are errors. The real service ignores most of them; here a typo shall show.
    pub strict_parameters: bool,
    /// The error of a fifth change of a budget within an hour: 613/1487632 is reported, older documentation says 17.
    pub budget_lock_error: (i64, Option<i64>),
    /// Whether the limit of budget changes holds for campaigns' budgets, too (assumed).
    pub budget_lock_of_campaigns: bool,
    /// Answers success to the exchange of an ad's creative and changes nothing.
    pub creative_swap_is_ignored: bool,
    /// Budgets are rounded down to a multiple of this many minor units, silently.
    pub budget_rounding: i64,
    /// `error_data` is JSON in a string instead of an object. Both are seen.
    pub error_data_is_text: bool,
    /// Ad sets must say `targeting_automation.advantage_audience`, as from v23 on.
    pub require_advantage_audience: bool,
}

impl Default for MetaRules {
    fn default() -> MetaRules {
        MetaRules {
            strict_parameters: true,
            budget_lock_error: (613, Some(1_487_632)),
            budget_lock_of_campaigns: true,
            creative_swap_is_ignored: false,
            budget_rounding: 1,
            error_data_is_text: false,
            require_advantage_audience: true,
        }
    }
}
