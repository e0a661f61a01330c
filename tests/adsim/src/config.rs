//! What is simulated: the clock, the recorder, and each platform in a section of its own.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::clock::ClockConfig;
pub use crate::google::config::{
    AccessLevel, AccountConfig, GoogleConfig, Limits, OAuthClient, Project, ServiceAccount,
};
pub use crate::meta::config::{MetaAccountConfig, MetaApp, MetaConfig, MetaLimits, MetaQuota, MetaRules, MetaToken};
pub use crate::pinterest::config::{PinterestAccountConfig, PinterestConfig};
pub use crate::tiktok::config::TikTokConfig;

/// The whole simulator's configuration. The default has one Google Ads account of 10 digits, in US dollars and New
/// York time, reachable directly and through a manager account, with Standard access, and one ad account of Meta's.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Config {
    /// Seed of everything that looks random.
    pub seed: u64,
    /// Port of the platforms on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Port of the admin API on 127.0.0.1; 0 takes a free one.
    pub admin_port: u16,
    /// Business clock.
    pub clock: ClockConfig,
    /// Google Ads.
    pub google: GoogleConfig,
    /// Meta.
    pub meta: MetaConfig,
    /// TikTok.
    pub tiktok: TikTokConfig,
    /// Pinterest.
    pub pinterest: PinterestConfig,
    /// File to which each request and its answer is appended as one JSON line. Without it, one in the folder that the
    /// environment variable `ADOPS_RECORD_DIR` names, if any.
    pub record: Option<PathBuf>,
    /// How many of the latest requests are kept in memory for `requests()`. 0 keeps none.
    pub keep_requests: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            seed: 1,
            port: 0,
            admin_port: 0,
            clock: ClockConfig::System,
            google: GoogleConfig::default(),
            meta: MetaConfig::default(),
            tiktok: TikTokConfig::default(),
            pinterest: PinterestConfig::default(),
            record: None,
            keep_requests: 0,
        }
    }
}

/// How campaigns spend. The model saturates: `spend = capacity * (1 - exp(-budget / capacity))`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeliveryConfig {
    /// What a campaign could spend a day at most, in micros of the account's currency.
    pub capacity_micros: i64,
    /// Cost of a click, in micros; campaigns vary around it.
    pub cost_per_click_micros: i64,
    /// Clicks an impression.
    pub click_through_rate: f64,
    /// Conversions a click.
    pub conversion_rate: f64,
    /// Value of a conversion in currency units.
    pub conversion_value: f64,
}

impl Default for DeliveryConfig {
    fn default() -> DeliveryConfig {
        DeliveryConfig {
            capacity_micros: 5_000_000_000,
            cost_per_click_micros: 500_000,
            click_through_rate: 0.04,
            conversion_rate: 0.05,
            conversion_value: 30.0,
        }
    }
}

/// A token bucket in real time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimit {
    /// Requests a second.
    pub per_second: f64,
    /// Requests at once.
    pub burst: f64,
}

/// Durations as whole seconds.
pub(crate) mod seconds {
    use jiff::SignedDuration;
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    pub(crate) fn serialize<S: Serializer>(duration: &SignedDuration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(duration.as_secs())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SignedDuration, D::Error> {
        Ok(SignedDuration::from_secs(i64::deserialize(from)?))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_configuration_file_says_only_what_differs() {
        let yaml = "seed: 7\nclock: !stepped {start: 2027-03-01T00:00:00Z}\ngoogle: {readLag: 60, pageSize: 5}\n";
        let config: Config = serde_yaml_ng::from_str(yaml).unwrap();
        assert_eq!(config.google.read_lag, SignedDuration::from_secs(60));
        assert_eq!(config.google.token_lifetime_seconds, 3599);
        assert!(matches!(config.clock, ClockConfig::Stepped { .. }));
        let json = r#"{"clock": {"stepped": {"start": "2027-03-01T00:00:00Z"}}}"#;
        assert!(serde_json::from_str::<Config>(json).is_ok());
    }
}
