//! What is simulated of Pinterest: ad accounts, tokens, limits, and what is only assumed of the real service.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::config::{DeliveryConfig, seconds};

/// The simulated API. The default has one ad account in US dollars and a token that may use it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PinterestConfig {
    /// Versions that answer. Others are not found (assumed).
    pub versions: Vec<String>,
    /// Ad accounts.
    pub accounts: Vec<PinterestAccountConfig>,
    /// Access tokens, each of which may use all accounts.
    pub tokens: Vec<String>,
    /// Countries that can be targeted.
    pub countries: Vec<String>,
    /// Lists and figures see the accounts as they were this long ago (business time). The description says nothing of it.
    #[serde(with = "seconds")]
    pub read_lag: SignedDuration,
    /// Requests a minute of business time in each category of the description (`ads_read`, `ads_write`,
    /// `ads_analytics`), for each token. None by default.
    pub requests_per_minute: Option<u32>,
    /// How campaigns spend.
    pub delivery: DeliveryConfig,
}

impl Default for PinterestConfig {
    fn default() -> PinterestConfig {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        PinterestConfig {
            versions: texts(&["v5"]),
            accounts: vec![PinterestAccountConfig::default()],
            tokens: texts(&["adsim-pinterest-token"]),
            countries: texts(&[
                "AT", "AU", "BR", "CA", "CH", "DE", "ES", "FR", "GB", "IE", "IT", "JP", "MX", "NL", "US",
            ]),
            read_lag: SignedDuration::ZERO,
            requests_per_minute: None,
            delivery: DeliveryConfig::default(),
        }
    }
}

/// An ad account. It has no time zone of its own: days are UTC's.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PinterestAccountConfig {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// One of [`CURRENCIES`].
    pub currency: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Whether Pinterest has stopped the advertiser. The account does not say so, its campaigns do.
    pub disabled: bool,
}

impl Default for PinterestAccountConfig {
    fn default() -> PinterestAccountConfig {
        PinterestAccountConfig {
            id: "549755885175".into(),
            name: "Example Ltd".into(),
            currency: "USD".into(),
            country: "US".into(),
            disabled: false,
        }
    }
}

/// The currencies that accounts can have, as the description lists them.
pub const CURRENCIES: &[&str] = &[
    "USD", "GBP", "CAD", "EUR", "AUD", "NZD", "SEK", "ILS", "CHF", "HKD", "JPY", "SGD", "KRW", "NOK", "DKK", "PLN",
    "RON", "HUF", "CZK", "BRL", "MXN", "ARS", "CLP", "COP", "INR", "TRY",
];
