//! The account's facts.

use adops_core::money::Currency;
use jiff::tz::TimeZone;

use super::client::{Client, list};
use super::money;
use super::wire::{Advertiser, Advertisers};
use crate::error::PlatformError;
use crate::port::AccountFacts;

/// What never changes on an account.
#[derive(Debug, Clone)]
pub(super) struct Basics {
    pub(super) currency: Currency,
    pub(super) time_zone: TimeZone,
}

/// Reads the account's facts.
pub(super) async fn read(client: &Client) -> Result<(AccountFacts, Basics), PlatformError> {
    let fields = ["name", "status", "currency", "timezone", "display_timezone", "balance"];
    let query = [("advertiser_ids", list([&client.advertiser])), ("fields", list(fields))];
    let answer: Advertisers = client.get_as_is("advertiser/info", &query).await?;
    let unreadable = |what: String| PlatformError::Unreadable { message: what };
    let account =
        answer.list.into_iter().next().ok_or_else(|| unreadable("the account does not describe itself".to_owned()))?;
    let currency: Currency =
        account.currency.parse().map_err(|_| unreadable(format!("currency `{}`", account.currency)))?;
    let basics = Basics { currency, time_zone: zone(&account)? };
    let facts = AccountFacts {
        currency,
        time_zone: basics.time_zone.clone(),
        enabled: account.status == "STATUS_ENABLE",
        status: status(&account, currency),
        name: account.name,
        budget_unit: money::step(currency),
        minimum_daily_budget: None,
        objects: None,
        ads: None,
        credentials_expire: None,
    };
    Ok((facts, basics))
}

/// The account's zone. TikTok gives it by an offset (`Etc/GMT+5`) or a name, and the name that people see besides.
fn zone(account: &Advertiser) -> Result<TimeZone, PlatformError> {
    let names = [&account.display_timezone, &account.timezone];
    names
        .into_iter()
        .filter(|name| !name.is_empty())
        .find_map(|name| TimeZone::get(name).ok())
        .ok_or_else(|| PlatformError::Unreadable { message: format!("time zone `{}`", account.timezone) })
}

/// The status in TikTok's word. An account that is paid for in advance and has nothing left says so; one that is paid
/// for later has no balance either, so that it may still deliver.
fn status(account: &Advertiser, currency: Currency) -> String {
    let empty = money::read(&account.balance, currency).is_some_and(adops_core::money::Money::is_zero);
    if empty { format!("{}, balance 0", account.status) } else { account.status.clone() }
}
