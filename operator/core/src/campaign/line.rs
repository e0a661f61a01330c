//! Lines: a Campaign spread over its accounts and markets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use jiff::civil::{DateTime, time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::shares;
use super::spec::{AccountOverrides, Ad, Audience, CampaignSpec, Copy, Decimal, State};
use crate::budget::pacing;
use crate::catalog::media::{MediaBook, MediaState, Medium};
use crate::locale::{self, Locale};
use crate::marker::{CampaignHash, LineHash};
use crate::market::Market;
use crate::money::{Money, MoneyError};
use crate::platform::{Account, PlatformRules};
use crate::reason::Reason;

/// Namespace and name of a Campaign.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CampaignId {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl CampaignId {
    /// Of a namespace and a name.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    /// The hash that a marker carries.
    pub fn hash(&self) -> CampaignHash {
        CampaignHash::of(&self.to_string())
    }
}

impl fmt::Display for CampaignId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// A line's key: `account/market`, unique in its Campaign.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LineKey {
    /// The AdAccount, as the Campaign names it.
    pub account: String,
    /// The market's key.
    pub market: String,
}

impl LineKey {
    /// Of an account's name and a market's key.
    pub fn new(account: impl Into<String>, market: impl Into<String>) -> Self {
        Self { account: account.into(), market: market.into() }
    }

    /// The hash that a marker carries.
    pub fn hash(&self) -> LineHash {
        LineHash::of(&self.to_string())
    }
}

impl fmt::Display for LineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.market)
    }
}

/// A text that is not `account/market`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a line key (account/market)")]
pub struct LineKeyError(String);

impl FromStr for LineKey {
    type Err = LineKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // An account may be `namespace/name`; a market never holds a slash.
        match text.rsplit_once('/') {
            Some((account, market)) if !account.is_empty() && !market.is_empty() => Ok(Self::new(account, market)),
            _ => Err(LineKeyError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for LineKey {
    type Error = LineKeyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<LineKey> for String {
    fn from(key: LineKey) -> Self {
        key.to_string()
    }
}

/// What a line cannot run for, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct LineProblem {
    /// The one word.
    pub reason: Reason,
    /// What is wrong, where, and what to do.
    pub message: String,
}

impl LineProblem {
    /// A problem.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}

/// One line as the spec wants it, before its platform renders it.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredLine {
    /// Which.
    pub key: LineKey,
    /// The Campaign's name, for names and URLs.
    pub campaign: CampaignId,
    /// Where.
    pub market: Market,
    /// The locale of its copy.
    pub locale: Locale,
    /// The languages that are targeted: that of the copy.
    pub languages: BTreeSet<String>,
    /// Whether it shall deliver now, by the spec's state.
    pub state: State,
    /// The daily budget in the account's currency.
    pub budget: Money,
    /// The first instant, in the account's zone.
    pub start: DateTime,
    /// The last instant, in the account's zone.
    pub end: DateTime,
    /// Whether `now` is past the end.
    pub over: bool,
    /// Whom it is for.
    pub audience: Audience,
    /// Its ads with the copy of its locale.
    pub ads: Vec<DesiredAd>,
    /// What the Campaign says otherwise than the account, merged.
    pub account_overrides: AccountOverrides,
    /// The spec, for a platform's own block.
    pub spec: std::sync::Arc<CampaignSpec>,
}

impl DesiredLine {
    /// An amount that the spec names in the budget's currency (a bid, a target), in that of the line's account, rounded
    /// down.
    pub fn amount(&self, decimal: &Decimal, account: &Account) -> Result<Money, MoneyError> {
        let rates = &self.spec.rates;
        let amount = Money::parse(&decimal.0, rates.base())?;
        rates.give(amount, account.currency).ok_or(MoneyError::Mixed(account.currency, rates.base()))
    }
}

/// An ad with the copy of one locale, placeholders filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredAd {
    /// The ad's name in the spec.
    pub name: String,
    /// Where it leads to.
    pub url: String,
    /// Its words.
    pub copy: Copy,
    /// Its media.
    pub media: Vec<Medium>,
}

/// What a Campaign wants now: lines that can run, and those that cannot with the reason.
#[derive(Debug, Clone, Default)]
pub struct Desired {
    /// Lines that can run.
    pub lines: BTreeMap<LineKey, DesiredLine>,
    /// Lines that cannot, each with why.
    pub problems: BTreeMap<LineKey, LineProblem>,
    /// Lines of accounts about which too little is known yet.
    pub unknown: BTreeSet<LineKey>,
    /// The daily share of every line, of those with a problem, too: in the currency of its account; in that of the budget
    /// where the account's is not known, or has no rate.
    pub budgets: BTreeMap<LineKey, Money>,
}

/// What was spent, as far as pacing needs it.
pub type Spending = BTreeMap<LineKey, pacing::Spent>;

/// Spreads a spec over the accounts that are known. `media` says what is known of the files that ads name.
///
/// A line whose account is absent from `accounts` is `unknown`: nothing is planned for it, and it
/// keeps its share of the budget. `rules` gives a platform's minimum budget.
pub fn spread(
    spec: &std::sync::Arc<CampaignSpec>,
    accounts: &BTreeMap<String, Account>,
    rules: &dyn Fn(&Account) -> Option<std::sync::Arc<dyn PlatformRules>>,
    spending: &Spending,
    media: &MediaBook,
    now: Timestamp,
) -> Desired {
    let mut desired = Desired::default();
    for key in keys(spec) {
        let Some(account) = accounts.get(&key.account) else {
            desired.unknown.insert(key);
            continue;
        };
        if let Err(problem) = convertible(spec, account, now) {
            desired.problems.insert(key, problem);
            continue;
        }
        match line(spec, &key, account, media, now) {
            Ok(line) => {
                desired.lines.insert(key, line);
            }
            Err(problem) => {
                desired.problems.insert(key, problem);
            }
        }
    }
    shares::set_budgets(&shares::Inputs { spec, accounts, rules, spending, now }, &mut desired);
    desired
}

/// Whether the budget can be given to an account of this currency.
fn convertible(spec: &CampaignSpec, account: &Account, now: Timestamp) -> Result<(), LineProblem> {
    let (base, currency) = (spec.rates.base(), account.currency);
    if currency == base {
        return Ok(());
    }
    let problem = |message: String| Err(LineProblem::new(Reason::CurrencyMismatch, message));
    let Some(rate) = spec.rates.get(currency) else {
        return problem(format!(
            "the budget is in {base}, the account {} is in {currency}: give a rate in spec.budget.exchangeRates, or an \
             account of the budget's currency",
            account.name
        ));
    };
    // A day is over elsewhere before it is over here.
    let tomorrow = now.to_zoned(TimeZone::UTC).date().tomorrow();
    if tomorrow.is_ok_and(|tomorrow| rate.date > tomorrow) {
        return problem(format!(
            "the rate from {base} to {currency} in spec.budget.exchangeRates is of {}, which is yet to come",
            rate.date
        ));
    }
    Ok(())
}

/// The keys of all lines, in the order of the spec.
pub fn keys(spec: &CampaignSpec) -> Vec<LineKey> {
    let mut keys = Vec::new();
    for account in &spec.accounts {
        for market in &spec.markets {
            if !spec.except.iter().any(|except| except.matches(account, &market.key)) {
                keys.push(LineKey::new(account, &market.key));
            }
        }
    }
    keys
}

fn line(
    spec: &std::sync::Arc<CampaignSpec>,
    key: &LineKey,
    account: &Account,
    media: &MediaBook,
    now: Timestamp,
) -> Result<DesiredLine, LineProblem> {
    let market = spec
        .markets
        .iter()
        .find(|market| market.key == key.market)
        .ok_or_else(|| LineProblem::new(Reason::UnknownMarket, format!("no market {}", key.market)))?
        .clone();
    let locale = locale_of(spec, &market)?;
    let (start, end) = flight_in(spec, &account.time_zone);
    let mut audience = spec.audience.clone();
    let mut account_overrides = spec.account_overrides.clone();
    for given in spec.overrides.iter().filter(|o| o.matches(&key.account, &key.market)) {
        if let Some(other) = &given.audience {
            audience = other.clone();
        }
        let from = &given.account_overrides;
        account_overrides.conversion_action = from.conversion_action.clone().or(account_overrides.conversion_action);
        account_overrides.url_parameters = from.url_parameters.clone().or(account_overrides.url_parameters);
        account_overrides.name_template = from.name_template.clone().or(account_overrides.name_template);
    }
    let ads = spec.ads.iter().map(|ad| desired_ad(ad, key, &locale, media)).collect::<Result<_, _>>()?;
    Ok(DesiredLine {
        key: key.clone(),
        campaign: spec.id.clone(),
        market,
        languages: BTreeSet::from([locale.language().to_owned()]),
        locale,
        state: state_of(spec, key),
        budget: Money::zero(account.currency),
        start,
        end,
        over: is_past(end, &account.time_zone, now),
        audience,
        ads,
        account_overrides,
        spec: spec.clone(),
    })
}

/// The state that a spec asks for a line. A Campaign that is paused stays so; of an active one the
/// last override that names a state counts.
pub fn state_of(spec: &CampaignSpec, key: &LineKey) -> State {
    if spec.state == State::Paused {
        return State::Paused;
    }
    let mut overrides = spec.overrides.iter().rev().filter(|given| given.matches(&key.account, &key.market));
    overrides.find_map(|given| given.state).unwrap_or(State::Active)
}

/// Whether a civil time of a zone is over.
pub(crate) fn is_past(at: DateTime, zone: &TimeZone, now: Timestamp) -> bool {
    at.to_zoned(zone.clone()).is_ok_and(|at| at.timestamp() < now)
}

fn locale_of(spec: &CampaignSpec, market: &Market) -> Result<Locale, LineProblem> {
    // A locale is usable if every ad has copy for it or for one of its parents.
    let mut available: Option<BTreeSet<Locale>> = None;
    for ad in &spec.ads {
        let own: BTreeSet<Locale> = ad.copy.keys().cloned().collect();
        available = Some(match available {
            None => own,
            Some(before) => before
                .union(&own)
                .filter(|l| [&before, &own].iter().all(|set| l.and_parents().any(|p| set.contains(&p))))
                .cloned()
                .collect(),
        });
    }
    locale::choose(market, spec.locales.get(&market.key), spec.fallback_locale.as_ref(), &available.unwrap_or_default())
        .map_err(|error| LineProblem::new(Reason::CopyMissing, error.to_string()))
}

fn desired_ad(ad: &Ad, key: &LineKey, locale: &Locale, book: &MediaBook) -> Result<DesiredAd, LineProblem> {
    let copy = locale.and_parents().find_map(|l| ad.copy.get(&l)).ok_or_else(|| {
        LineProblem::new(Reason::CopyMissing, format!("the ad `{}` has no copy for {locale}", ad.name))
    })?;
    let fill = |text: &String| text.replace("{market}", &key.market).replace("{locale}", locale.as_str());
    Ok(DesiredAd {
        name: ad.name.clone(),
        url: fill(&ad.url),
        copy: copy.clone(),
        media: ad.media.iter().map(fill).map(|url| medium(&key.account, url, book)).collect(),
    })
}

fn medium(account: &str, url: String, book: &MediaBook) -> Medium {
    let place = (account.to_owned(), url);
    let state = book.get(&place).cloned().unwrap_or(MediaState::Pending);
    Medium { url: place.1, state }
}

/// The URLs of all media that a spec's lines on an account may need, placeholders filled in.
pub fn media_urls(spec: &CampaignSpec, account: &str) -> BTreeSet<String> {
    let mut urls = BTreeSet::new();
    if spec.ads.iter().all(|ad| ad.media.is_empty()) {
        return urls;
    }
    let left_out = |market: &Market| spec.except.iter().any(|except| except.matches(account, &market.key));
    for market in spec.markets.iter().filter(|market| !left_out(market)) {
        let Ok(locale) = locale_of(spec, market) else { continue };
        let fill = |text: &String| text.replace("{market}", &market.key).replace("{locale}", locale.as_str());
        urls.extend(spec.ads.iter().flat_map(|ad| &ad.media).map(fill));
    }
    urls
}

/// The first and the last second of the flight, as the account's wall clock shows them.
pub fn flight_in(spec: &CampaignSpec, account_zone: &TimeZone) -> (DateTime, DateTime) {
    let first = spec.flight.start.to_datetime(time(0, 0, 0, 0));
    let last = spec.flight.end.to_datetime(time(23, 59, 59, 0));
    match &spec.flight.time_zone {
        None => (first, last),
        Some(zone) => {
            let shift = |at: DateTime| {
                at.to_zoned(zone.clone()).map_or(at, |zoned| zoned.with_time_zone(account_zone.clone()).datetime())
            };
            (shift(first), shift(last))
        }
    }
}

/// When the account's day of `now` ends: budgets that depend on the day are planned anew then.
pub fn next_day(zone: &TimeZone, now: Timestamp) -> Timestamp {
    now.to_zoned(zone.clone())
        .start_of_day()
        .and_then(|day| day.checked_add(1.day()))
        .map_or(now + 24.hours(), |day| day.timestamp())
}
