//! What several kinds share: patterns, money, references, backoff.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::Reason;

/// Name of a Kubernetes object: a DNS label.
pub(crate) const OBJECT_NAME: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
/// A zone of the IANA time zone database.
pub(crate) const TIME_ZONE: &str = "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$";

/// CEL: every account is a name, or namespace/name.
pub(crate) const ACCOUNTS_RULE: &str =
    "self.all(a, a.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?/)?[a-z0-9]([-a-z0-9]*[a-z0-9])?$'))";
/// CEL: what to say when [`ACCOUNTS_RULE`] is broken.
pub(crate) const ACCOUNTS_MESSAGE: &str = "'\"' + self.filter(a, !a.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?/)?[a-z0-9]([-a-z0-9]*[a-z0-9])?$'))[0] + '\" is not the name of an AdAccount, nor namespace/name'";
/// CEL: every market is a place or looks like the name of a group. What YAML made of an unquoted word has its own rule.
pub(crate) const MARKETS_RULE: &str =
    "self.all(m, m.matches('^([A-Z]{2}(-[A-Z0-9]{1,3}|-DMA-[0-9]{3})?|[a-z][a-z0-9-]*)$'))";
/// CEL: what to say when [`MARKETS_RULE`] is broken.
pub(crate) const MARKETS_MESSAGE: &str = "'\"' + self.filter(m, !m.matches('^([A-Z]{2}(-[A-Z0-9]{1,3}|-DMA-[0-9]{3})?|[a-z][a-z0-9-]*)$'))[0] + '\" is not a market: write a country (US), a subdivision (US-CA), a DMA (US-DMA-803) or the name of a group'";
/// CEL: every member of a group is a place.
pub(crate) const PLACES_RULE: &str =
    "self.all(g, self[g].all(p, p.matches('^[A-Z]{2}(-[A-Z0-9]{1,3}|-DMA-[0-9]{3})?$')))";
/// What to say when [`PLACES_RULE`] is broken.
pub(crate) const PLACES_MESSAGE: &str = "a place is a country (US), a subdivision (US-CA) or a DMA (US-DMA-803)";
/// CEL: a locale.
pub(crate) const LOCALE_RULE: &str = "self.matches('^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$')";
/// What to say when [`LOCALE_RULE`] is broken.
pub(crate) const LOCALE_MESSAGE: &str = "must be a locale, for example de or pt-BR";
/// CEL: a map whose values are locales.
pub(crate) const LOCALE_VALUES_RULE: &str = "self.all(k, self[k].matches('^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'))";
/// What to say when [`LOCALE_VALUES_RULE`] is broken.
pub(crate) const LOCALE_VALUES_MESSAGE: &str = "a value must be a locale, for example de or pt-BR";
/// CEL: a map whose keys are locales. What YAML made of an unquoted word has its own rule.
pub(crate) const LOCALE_KEYS_RULE: &str =
    "self.all(l, l in ['true', 'false'] || l.matches('^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'))";
/// What to say when [`LOCALE_KEYS_RULE`] is broken.
pub(crate) const LOCALE_KEYS_MESSAGE: &str = "a key must be a locale, for example en or pt-BR";
/// CEL: a URL of the web.
pub(crate) const URL_RULE: &str = "self.matches('^https?://[^ ]+$')";
/// What to say when [`URL_RULE`] is broken.
pub(crate) const URL_MESSAGE: &str = "must be a URL that begins with https:// or http://";
/// CEL: a positive amount of money, without a sign or an exponent, with at most six decimals.
pub(crate) const AMOUNT_RULE: &str = "self.matches('^[0-9]{1,12}([.][0-9]{1,6})?$') && self.matches('[1-9]')";
/// What [`AMOUNT_RULE`] says when it is broken.
pub(crate) const AMOUNT_MESSAGE: &str = "must be an amount above zero in quotes, for example \"1250.50\"";
/// CEL: a positive rate, without a sign or an exponent, with at most nine digits on each side of the point.
pub(crate) const RATE_RULE: &str = "self.matches('^[0-9]{1,9}([.][0-9]{1,9})?$') && self.matches('[1-9]')";
/// What [`RATE_RULE`] says when it is broken.
pub(crate) const RATE_MESSAGE: &str = "must be a rate above zero in quotes, for example \"1.0870\"";
/// CEL, of a Campaign's spec: no rate is more than a year older than the flight.
pub(crate) const RATE_AGE_RULE: &str = "!has(self.budget.exchangeRates) \
    || self.budget.exchangeRates.all(r, self.flight.start - r.date <= duration('8784h'))";
/// The same where a date is a text: months count as 31 days.
pub(crate) const RATE_AGE_RULE_OF_TEXTS: &str = "!has(self.budget.exchangeRates) || self.budget.exchangeRates.all(r, \
    int(self.flight.start.substring(0, 4)) * 372 + int(self.flight.start.substring(5, 7)) * 31 \
    + int(self.flight.start.substring(8, 10)) <= int(r.date.substring(0, 4)) * 372 \
    + int(r.date.substring(5, 7)) * 31 + int(r.date.substring(8, 10)) + 372)";
/// CEL: an ISO 4217 currency.
pub(crate) const CURRENCY_RULE: &str = "self.matches('^[A-Z]{3}$')";
/// What [`CURRENCY_RULE`] says when it is broken.
pub(crate) const CURRENCY_MESSAGE: &str = "must be an ISO 4217 currency code, for example EUR";
/// CEL: no key that YAML made of an unquoted word.
pub(crate) const NO_KEY_RULE: &str = "!('false' in self) && !('true' in self)";
/// What [`NO_KEY_RULE`] says when it is broken.
pub(crate) const NO_KEY_MESSAGE: &str =
    "write \"NO\" in quotes: YAML reads an unquoted NO (or no, on, off, yes) as false or true";

/// CEL: query parameters, without the question mark that the URL brings.
pub(crate) const URL_PARAMETERS_RULE: &str = "self.matches('^[^?# ]*$') && !self.startsWith('&')";
/// What [`URL_PARAMETERS_RULE`] says when it is broken.
pub(crate) const URL_PARAMETERS_MESSAGE: &str =
    "must be query parameters without ? or # or spaces, for example \"utm_source={platform}&utm_content={market}\"";
/// CEL: a name with our placeholders only.
pub(crate) const NAME_TEMPLATE_RULE: &str = "self.matches('^([^{}]|[{](platform|account|campaign|market)[}])*$')";
/// What [`NAME_TEMPLATE_RULE`] says when it is broken.
pub(crate) const NAME_TEMPLATE_MESSAGE: &str = "the placeholders are {platform} {account} {campaign} {market}";

/// The value of `observedGeneration` before the operator has seen an object for the first time.
pub(crate) fn never_observed() -> i64 {
    -1
}

/// An upper bound for the spend of one day.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct DailyAmount {
    /// The amount of money for one day, a decimal in quotes, in the currency beside it. For example "20000.00".
    #[schemars(length(max = 19))]
    #[x_kube(validation = Rule::new(crate::common::AMOUNT_RULE).message(crate::common::AMOUNT_MESSAGE))]
    pub daily: String,
    /// The ISO 4217 code of the currency. For example EUR.
    #[schemars(length(max = 8))]
    #[x_kube(validation = Rule::new(crate::common::CURRENCY_RULE).message(crate::common::CURRENCY_MESSAGE))]
    pub currency: String,
}

/// The name of an object in the same namespace.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct LocalReference {
    /// The object's name. It lies in the namespace of the object that refers to it.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// Failures in a row, kept in status so that a restart of the operator does not begin a retry storm.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Backoff {
    /// How many attempts failed in a row. Back to none after a success or a new generation.
    #[schemars(range(min = 0))]
    pub failures: i32,
    /// The time of the next attempt.
    pub until: Time,
    /// Why the last attempt failed.
    #[schemars(schema_with = "crate::schema::reason")]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::reason::lenient")]
    pub reason: Option<Reason>,
}
