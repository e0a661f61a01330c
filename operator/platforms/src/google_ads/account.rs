//! The account's facts.

use adops_core::money::Currency;
use adops_core::platform::ObjectCount;
use jiff::tz::TimeZone;

use super::client::{Client, quote};
use super::wire::{CurrencyRow, Customer, CustomerRow};
use crate::error::PlatformError;
use crate::port::AccountFacts;

/// Campaigns, enabled and paused ones, that an account may hold (Google's system limits).
const CAMPAIGNS: u32 = 10_000;

/// What never changes on an account.
#[derive(Debug, Clone)]
pub(super) struct Basics {
    pub(super) currency: Currency,
    pub(super) time_zone: TimeZone,
    /// Micros of the smallest step of money.
    pub(super) unit: i64,
}

/// Reads the account's facts; `known` spares what never changes.
pub(super) async fn read(client: &Client, known: Option<Basics>) -> Result<(AccountFacts, Basics), PlatformError> {
    let customer = customer(client).await?;
    let basics = match known {
        Some(basics) => basics,
        None => basics(client, &customer).await?,
    };
    let live = client.count("SELECT campaign.id FROM campaign WHERE campaign.status != 'REMOVED'").await?;
    let facts = AccountFacts {
        currency: basics.currency,
        time_zone: basics.time_zone.clone(),
        name: customer.descriptive_name,
        enabled: customer.status == "ENABLED",
        status: customer.status,
        budget_unit: basics.unit,
        minimum_daily_budget: None,
        objects: Some(ObjectCount { live: u32::try_from(live).unwrap_or(u32::MAX), limit: CAMPAIGNS }),
        ads: None,
        credentials_expire: None,
    };
    Ok((facts, basics))
}

/// Reads what never changes.
pub(super) async fn read_basics(client: &Client) -> Result<Basics, PlatformError> {
    let customer = customer(client).await?;
    basics(client, &customer).await
}

async fn customer(client: &Client) -> Result<Customer, PlatformError> {
    let rows: Vec<CustomerRow> = client
        .search(
            "SELECT customer.currency_code, customer.time_zone, customer.descriptive_name, customer.status FROM customer",
        )
        .await?;
    let unreadable = || PlatformError::Unreadable { message: "the account does not describe itself".to_owned() };
    rows.into_iter().next().map(|row| row.customer).ok_or_else(unreadable)
}

async fn basics(client: &Client, customer: &Customer) -> Result<Basics, PlatformError> {
    let unreadable = |what: &str, value: &str| PlatformError::Unreadable { message: format!("{what} `{value}`") };
    let currency: Currency =
        customer.currency_code.parse().map_err(|_| unreadable("currency", &customer.currency_code))?;
    let time_zone = TimeZone::get(&customer.time_zone).map_err(|_| unreadable("time zone", &customer.time_zone))?;
    let query = format!(
        "SELECT currency_constant.code, currency_constant.billable_unit_micros FROM currency_constant \
         WHERE currency_constant.code = {}",
        quote(currency.as_str())
    );
    let rows: Vec<CurrencyRow> = client.search(&query).await?;
    let unit = rows.first().map_or(0, |row| row.currency_constant.billable_unit_micros);
    let unit = if unit > 0 { unit } else { currency.minor_unit_micros() };
    Ok(Basics { currency, time_zone, unit })
}
