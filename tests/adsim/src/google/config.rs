//! What is simulated of Google Ads: accounts, credentials, quotas, limits.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::config::{DeliveryConfig, RateLimit};

/// The simulated Google Ads API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GoogleConfig {
    /// Versions that answer. Others are refused as unsupported.
    pub versions: Vec<String>,
    /// Customer accounts, manager accounts among them.
    pub accounts: Vec<AccountConfig>,
    /// OAuth clients with a refresh token.
    pub clients: Vec<OAuthClient>,
    /// Service accounts.
    pub service_accounts: Vec<ServiceAccount>,
    /// Cloud projects: the scope of the daily quota.
    pub projects: Vec<Project>,
    /// How long an access token lives, in real seconds.
    pub token_lifetime_seconds: u64,
    /// Rows a page of `search`.
    pub page_size: usize,
    /// Searches see the accounts as they were this long ago (business time).
    #[serde(with = "crate::config::seconds")]
    pub read_lag: SignedDuration,
    /// How long an ad is in review (business time).
    #[serde(with = "crate::config::seconds")]
    pub review_delay: SignedDuration,
    /// An ad whose texts or URLs contain one of these words, whatever the case, is disapproved.
    pub disapproved_words: Vec<String>,
    /// How long a campaign with automatic bidding is `LEARNING` after it was created or its strategy changed (business
    /// time).
    #[serde(with = "crate::config::seconds")]
    pub learning: SignedDuration,
    /// Short-term rate limit, per customer and project. None by default.
    pub rate_limit: Option<RateLimit>,
    /// Object limits.
    pub limits: Limits,
    /// Delivery.
    pub delivery: DeliveryConfig,
    /// Whether fields with a zero value are left out of answers.
    pub omit_zeros: bool,
}

impl Default for GoogleConfig {
    fn default() -> GoogleConfig {
        GoogleConfig {
            versions: vec!["v25".into(), "v26".into()],
            accounts: vec![
                AccountConfig {
                    customer_id: "1112223333".into(),
                    descriptive_name: "Manager".into(),
                    manager: true,
                    ..AccountConfig::default()
                },
                AccountConfig { managers: vec!["1112223333".into()], ..AccountConfig::default() },
            ],
            clients: vec![OAuthClient::default()],
            service_accounts: vec![ServiceAccount::default()],
            projects: vec![Project::default()],
            token_lifetime_seconds: 3599,
            page_size: 10_000,
            read_lag: SignedDuration::ZERO,
            review_delay: SignedDuration::from_mins(10),
            disapproved_words: vec!["disapproveme".into()],
            learning: SignedDuration::from_hours(7 * 24),
            rate_limit: None,
            limits: Limits::default(),
            delivery: DeliveryConfig::default(),
            omit_zeros: true,
        }
    }
}

/// A customer account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AccountConfig {
    /// Ten digits without dashes.
    pub customer_id: String,
    /// Name.
    pub descriptive_name: String,
    /// ISO 4217 code.
    pub currency_code: String,
    /// IANA time zone.
    pub time_zone: String,
    /// Whether this is a manager account.
    pub manager: bool,
    /// Whether this is a test account.
    pub test_account: bool,
    /// Manager accounts that this account is linked to.
    pub managers: Vec<String>,
    /// Users (refresh tokens' or service accounts' emails) with direct access. Empty: all users.
    pub users: Vec<String>,
    /// Names of conversion actions.
    pub conversion_actions: Vec<String>,
    /// Least daily budget, if it differs from the currency's.
    pub minimum_daily_budget_micros: Option<i64>,
}

impl Default for AccountConfig {
    fn default() -> AccountConfig {
        AccountConfig {
            customer_id: "1234567890".into(),
            descriptive_name: "Example".into(),
            currency_code: "USD".into(),
            time_zone: "America/New_York".into(),
            manager: false,
            test_account: false,
            managers: Vec::new(),
            users: Vec::new(),
            conversion_actions: vec!["signup".into(), "purchase".into()],
            minimum_daily_budget_micros: None,
        }
    }
}

/// An OAuth client and the refresh token that a user granted it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OAuthClient {
    /// Client id.
    pub client_id: String,
    /// Client secret.
    pub client_secret: String,
    /// Refresh token.
    pub refresh_token: String,
    /// The user who granted it.
    pub user: String,
    /// Number of the cloud project that the client belongs to.
    pub project: String,
}

impl Default for OAuthClient {
    fn default() -> OAuthClient {
        OAuthClient {
            client_id: "adsim-client".into(),
            client_secret: "adsim-secret".into(),
            refresh_token: "adsim-refresh".into(),
            user: "user@example.com".into(),
            project: "adsim".into(),
        }
    }
}

/// A service account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceAccount {
    /// `client_email` of its key.
    pub email: String,
    /// The cloud project that it belongs to.
    pub project: String,
}

impl Default for ServiceAccount {
    fn default() -> ServiceAccount {
        ServiceAccount { email: "adops@adsim.iam.gserviceaccount.com".into(), project: "adsim".into() }
    }
}

/// A cloud project.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Project {
    /// Id.
    pub id: String,
    /// Access level: what accounts it may touch and how often.
    pub access: AccessLevel,
    /// Operations a day, if they differ from the level's.
    pub operations_per_day: Option<u64>,
}

impl Default for Project {
    fn default() -> Project {
        Project { id: "adsim".into(), access: AccessLevel::Standard, operations_per_day: None }
    }
}

/// Access level of a cloud project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AccessLevel {
    /// Test accounts only, 15,000 operations a day.
    Test,
    /// 2,880 operations a day.
    Explorer,
    /// 15,000 operations a day.
    Basic,
    /// Unlimited.
    Standard,
}

impl AccessLevel {
    /// Operations a day.
    pub fn operations_per_day(self) -> Option<u64> {
        match self {
            AccessLevel::Test | AccessLevel::Basic => Some(15_000),
            AccessLevel::Explorer => Some(2_880),
            AccessLevel::Standard => None,
        }
    }
}

/// Object limits of an account, as documented for the real service.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Limits {
    /// Campaigns that are enabled or paused.
    pub campaigns_per_account: usize,
    /// Ad groups of a campaign that are not removed.
    pub ad_groups_per_campaign: usize,
    /// Criteria of an ad group.
    pub criteria_per_ad_group: usize,
    /// Enabled responsive search ads of an ad group.
    pub responsive_search_ads_per_ad_group: usize,
    /// Explicitly shared budgets.
    pub shared_budgets_per_account: usize,
    /// Labels of an account.
    pub labels_per_account: usize,
    /// Labels on a campaign.
    pub labels_per_campaign: usize,
    /// Operations of a mutate request.
    pub operations_per_request: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            campaigns_per_account: 10_000,
            ad_groups_per_campaign: 20_000,
            criteria_per_ad_group: 20_000,
            responsive_search_ads_per_ad_group: 3,
            shared_budgets_per_account: 11_000,
            labels_per_account: 100_000,
            labels_per_campaign: 50,
            operations_per_request: 10_000,
        }
    }
}
