//! The account's facts.

use adops_core::money::Currency;
use jiff::tz::TimeZone;

use super::client::Client;
use super::wire::AdAccount;
use crate::error::PlatformError;
use crate::port::AccountFacts;

/// What an account says of itself.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) currency: Currency,
    name: String,
}

/// Reads the account.
pub(super) async fn read(client: &Client) -> Result<Found, PlatformError> {
    let account: AdAccount = client.get(&client.own(""), &[]).await?;
    let unknown = |_| PlatformError::Unreadable { message: format!("currency `{}`", account.currency) };
    Ok(Found { currency: account.currency.parse().map_err(unknown)?, name: account.name })
}

impl Found {
    /// The facts; whether Pinterest has stopped the advertiser is known from its campaigns alone.
    pub(super) fn facts(self, disabled: bool) -> AccountFacts {
        AccountFacts {
            currency: self.currency,
            time_zone: TimeZone::UTC,
            name: self.name,
            enabled: !disabled,
            status: if disabled { "ADVERTISER_DISABLED" } else { "" }.to_owned(),
            budget_unit: self.currency.minor_unit_micros(),
            minimum_daily_budget: None,
            objects: None,
            ads: None,
            credentials_expire: None,
        }
    }
}
