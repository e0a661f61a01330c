//! What several kinds share: patterns, money, references, backoff.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reason::Reason;

/// Name of a Kubernetes object that we refer to: a DNS label.
pub(crate) const OBJECT_NAME: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
/// An AdAccount that a Campaign names: `name`, or `namespace/name`.
pub(crate) const ACCOUNT_REFERENCE: &str = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?/)?[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
/// A market: a country, a subdivision, a DMA, or the name of a group.
pub(crate) const MARKET: &str = "^([A-Z]{2}(-[A-Z0-9]{1,3}|-DMA-[0-9]{3})?|[a-z][a-z0-9-]*)$";
/// A place: a market that is not a group.
pub(crate) const PLACE: &str = "^[A-Z]{2}(-[A-Z0-9]{1,3}|-DMA-[0-9]{3})?$";
/// A locale: a BCP 47 language tag.
pub(crate) const LOCALE: &str = "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$";
/// A URL of the web.
pub(crate) const URL: &str = "^https?://[^\\s]+$";
/// A zone of the IANA time zone database.
pub(crate) const TIME_ZONE: &str = "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$";

/// CEL: a positive amount of money, without a sign or an exponent, with at most six decimals.
pub(crate) const AMOUNT_RULE: &str = "self.matches('^[0-9]{1,12}([.][0-9]{1,6})?$') && self.matches('[1-9]')";
/// What [`AMOUNT_RULE`] says when it is broken.
pub(crate) const AMOUNT_MESSAGE: &str = "must be an amount above zero in quotes, for example \"1250.50\"";
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
pub(crate) const NAME_TEMPLATE_MESSAGE: &str = "knows the placeholders {platform} {account} {campaign} {market}";

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
    #[schemars(length(max = 3))]
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
