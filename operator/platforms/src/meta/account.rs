//! The account's facts.

use adops_core::money::{Currency, Money};
use adops_core::platform::ObjectCount;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::client::Client;
use super::money;
use super::wire::{Account, AdVolume, MinimumBudget, Page, TokenFacts};
use crate::error::PlatformError;
use crate::port::AccountFacts;

/// For how long it is taken for known when the token ends.
const TOKEN_FACTS_FOR: SignedDuration = SignedDuration::from_hours(1);

/// What never changes on an account.
#[derive(Debug, Clone)]
pub(super) struct Basics {
    pub(super) currency: Currency,
    pub(super) time_zone: TimeZone,
    /// The least daily budget of an ad set that is charged for impressions.
    pub(super) minimum: Option<Money>,
}

/// When the token ends, and when that was asked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TokenEnd {
    asked: Option<Timestamp>,
    end: Option<Timestamp>,
}

/// What is remembered from one reading of the facts to the next.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    token: TokenEnd,
    /// How many ads run, or are in review, under the Page, and how many may.
    ads: Option<ObjectCount>,
}

/// Reads the account's facts; `known` spares what never changes. `step` is the unit of budgets in minor units, `page` the
/// Page that its ads are shown under.
pub(super) async fn read(
    client: &Client,
    known: Option<Basics>,
    memory: &mut Memory,
    step: i64,
    page: Option<&str>,
) -> Result<(AccountFacts, Basics), PlatformError> {
    let account = account(client).await?;
    let basics = match known {
        Some(basics) => basics,
        None => basics(client, &account).await?,
    };
    memory.token = token_end(client, memory.token).await;
    memory.ads = ads_of_page(client, page, memory.ads).await;
    let facts = AccountFacts {
        currency: basics.currency,
        time_zone: basics.time_zone.clone(),
        name: account.name.clone(),
        enabled: is_enabled(account.status),
        status: status(&account),
        budget_unit: money::unit(basics.currency) * step,
        minimum_daily_budget: basics.minimum,
        // The limits on other objects are told only by refusing what is beyond.
        objects: None,
        ads: memory.ads,
        credentials_expire: memory.token.end,
    };
    Ok((facts, basics))
}

/// Reads what never changes.
pub(super) async fn read_basics(client: &Client) -> Result<Basics, PlatformError> {
    let account = account(client).await?;
    basics(client, &account).await
}

/// How many ads of any account run, or are in review, under the Page, and how many may. A Page that the token may not
/// ask about has no figures; what is beyond its limit is then told by refusing it. What cannot be read now is as before.
async fn ads_of_page(client: &Client, page: Option<&str>, known: Option<ObjectCount>) -> Option<ObjectCount> {
    let fields = "ads_running_or_in_review_count,limit_on_ads_running_or_in_review".to_owned();
    let params = vec![("page_id", page?.to_owned()), ("fields", fields)];
    match client.get::<Page<AdVolume>>(&client.edge("ads_volume"), &params).await {
        Ok(volume) => volume.data.first().and_then(|row| Some(ObjectCount { live: row.count?, limit: row.limit? })),
        Err(PlatformError::Rejected { .. } | PlatformError::CredentialsInvalid { .. }) => None,
        Err(_) => known,
    }
}

async fn account(client: &Client) -> Result<Account, PlatformError> {
    let fields = "name,currency,timezone_name,account_status,disable_reason".to_owned();
    let path = format!("act_{}", client.account);
    client.get(&path, &vec![("fields", fields)]).await.map_err(|error| match error {
        // An account that is not there cannot be told from one that the token may not see.
        PlatformError::Rejected { message, .. } => PlatformError::CredentialsInvalid {
            message: format!("{message}: check accountId, and that the token's system user is assigned to it"),
        },
        other => other,
    })
}

async fn basics(client: &Client, account: &Account) -> Result<Basics, PlatformError> {
    let unreadable = |what: &str, value: &str| PlatformError::Unreadable { message: format!("{what} `{value}`") };
    let currency: Currency =
        account.currency.parse().map_err(|_| unreadable("the account's currency", &account.currency))?;
    let time_zone = TimeZone::get(&account.timezone_name)
        .map_err(|_| unreadable("the account's time zone", &account.timezone_name))?;
    let page: Page<MinimumBudget> = client.get(&client.edge("minimum_budgets"), &Vec::new()).await?;
    let of_currency = page.data.into_iter().find(|minimum| minimum.currency == account.currency);
    let minimum = of_currency.and_then(|minimum| {
        let minor = minimum.min_daily_budget_imp;
        let micros = u64::try_from(minor.checked_mul(money::unit(currency))?).ok()?;
        Money::from_micros(micros, currency).ok().filter(|minimum| !minimum.is_zero())
    });
    Ok(Basics { currency, time_zone, minimum })
}

/// When the token ends. What cannot be asked is not known; the account itself says when a token is dead.
async fn token_end(client: &Client, known: TokenEnd) -> TokenEnd {
    let now = client.clock.now();
    if known.asked.is_some_and(|asked| now.duration_since(asked) < TOKEN_FACTS_FOR) {
        return known;
    }
    let asking = client.auth.app_token().unwrap_or_else(|| client.auth.token().reveal().to_owned());
    let params = vec![("input_token", client.auth.token().reveal().to_owned()), ("access_token", asking)];
    let Ok(facts) = client.get::<TokenFacts>("debug_token", &params).await else { return known };
    let ends = [facts.data.expires_at, facts.data.data_access_expires_at];
    let end = ends.into_iter().filter(|at| *at > 0).filter_map(|at| Timestamp::from_second(at).ok()).min();
    TokenEnd { asked: Some(now), end }
}

/// Whether an account's ads are delivered: it is active, or has not paid yet and is given time.
fn is_enabled(status: i64) -> bool {
    matches!(status, 1 | 9)
}

/// Meta's words for its numbers.
fn status(account: &Account) -> String {
    let word = match account.status {
        1 => "ACTIVE",
        2 => "DISABLED",
        3 => "UNSETTLED",
        7 => "PENDING_RISK_REVIEW",
        8 => "PENDING_SETTLEMENT",
        9 => "IN_GRACE_PERIOD",
        100 => "PENDING_CLOSURE",
        101 => "CLOSED",
        other => return format!("account_status {other}"),
    };
    match account.disable_reason {
        0 => word.to_owned(),
        reason => format!("{word}, {}", disable_reason(reason)),
    }
}

fn disable_reason(reason: i64) -> String {
    let word = match reason {
        1 => "ADS_INTEGRITY_POLICY",
        2 => "ADS_IP_REVIEW",
        3 => "RISK_PAYMENT",
        4 => "GRAY_ACCOUNT_SHUT_DOWN",
        5 => "ADS_AFC_REVIEW",
        6 => "BUSINESS_INTEGRITY_RAR",
        7 => "PERMANENT_CLOSE",
        8 => "UNUSED_RESELLER_ACCOUNT",
        9 => "UNUSED_ACCOUNT",
        other => return format!("disable_reason {other}"),
    };
    word.to_owned()
}
