//! What a user writes.

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ads::Ad;
use super::platforms::{GoogleSettings, MetaSettings, TikTokSettings};
use super::status::CampaignStatus;

/// What to advertise, where, to whom, when, and with which budget.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "adops.dev",
    version = "v1alpha1",
    kind = "Campaign",
    plural = "campaigns",
    singular = "campaign",
    shortname = "camp",
    category = "adops",
    namespaced,
    status = "CampaignStatus",
    derive = "PartialEq",
    doc = "A Campaign is one message, promoted for one objective during one flight, in a set of markets, on one or more ad accounts. Each market on each account is a line with its own share of the budget.",
    printcolumn(name = "State", type_ = "string", json_path = ".status.state"),
    printcolumn(name = "Lines", type_ = "string", json_path = ".status.linesReady"),
    printcolumn(name = "Delivering", type_ = "string", json_path = ".status.linesDelivering"),
    printcolumn(name = "Budget/Day", type_ = "string", json_path = ".status.budgetPerDay"),
    printcolumn(name = "Spend-7d", type_ = "string", json_path = ".status.spend7d"),
    printcolumn(name = "Pace", type_ = "string", json_path = ".status.pace"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.reason"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("size(self.accounts) * size(self.markets) <= 1000")
        .message("accounts x markets may be at most 1,000 lines: use several Campaigns, or groups of markets")
        .field_path(".markets"),
    validation = Rule::new("self.markets.all(m, !m.matches('^[a-z][a-z0-9-]*$') || m in ['true', 'false'] || (has(self.groups) && m in self.groups))")
        .message(Message::Expression(
            "'\"' + self.markets.filter(m, m.matches('^[a-z][a-z0-9-]*$') && !(has(self.groups) && m in self.groups))[0] \
             + '\" is not in spec.groups; a country is written in capitals, for example US'".into(),
        ))
        .field_path(".markets"),
    validation = Rule::new("!has(self.groups) || self.groups.all(g, g in self.markets || g in ['true', 'false'])")
        .message(Message::Expression(
            "'group \"' + self.groups.filter(g, !(g in self.markets))[0] + '\" is not in spec.markets'".into(),
        ))
        .field_path(".groups"),
    validation = Rule::new("!has(self.except) || self.except.all(e, !has(e.account) || e.account in self.accounts)")
        .message(Message::Expression(
            "'account \"' + self.except.map(e, has(e.account) && !(e.account in self.accounts), e.account)[0] \
             + '\" is not in spec.accounts'".into(),
        ))
        .field_path(".except"),
    validation = Rule::new("!has(self.except) || self.except.all(e, !has(e.market) || e.market in self.markets)")
        .message(Message::Expression(
            "'market \"' + self.except.map(e, has(e.market) && !(e.market in self.markets), e.market)[0] \
             + '\" is not in spec.markets'".into(),
        ))
        .field_path(".except"),
    validation = Rule::new("!has(self.overrides) || self.overrides.all(o, !has(o.accounts) || o.accounts.all(a, a in self.accounts))")
        .message(Message::Expression(
            "'account \"' + self.overrides.filter(o, has(o.accounts) && !o.accounts.all(a, a in self.accounts))[0]\
             .accounts.filter(a, !(a in self.accounts))[0] + '\" is not in spec.accounts'".into(),
        ))
        .field_path(".overrides"),
    validation = Rule::new("!has(self.overrides) || self.overrides.all(o, !has(o.markets) || o.markets.all(m, m in self.markets))")
        .message(Message::Expression(
            "'market \"' + self.overrides.filter(o, has(o.markets) && !o.markets.all(m, m in self.markets))[0]\
             .markets.filter(m, !(m in self.markets))[0] + '\" is not in spec.markets'".into(),
        ))
        .field_path(".overrides"),
    validation = Rule::new("!has(self.split) || !has(self.split.accounts) || self.split.accounts.all(a, a in self.accounts)")
        .message(Message::Expression(
            "'account \"' + self.split.accounts.filter(a, !(a in self.accounts))[0] + '\" is not in spec.accounts'".into(),
        ))
        .field_path(".split.accounts"),
    validation = Rule::new("!has(self.split) || !has(self.split.markets) || self.split.markets.all(m, m in self.markets || m in ['true', 'false'])")
        .message(Message::Expression(
            "'market \"' + self.split.markets.filter(m, !(m in self.markets))[0] + '\" is not in spec.markets'".into(),
        ))
        .field_path(".split.markets"),
    validation = Rule::new("!has(self.locales) || self.locales.all(m, m in self.markets || m in ['true', 'false'])")
        .message(Message::Expression(
            "'market \"' + self.locales.filter(m, !(m in self.markets))[0] + '\" is not in spec.markets'".into(),
        ))
        .field_path(".locales"),
    validation = Rule::new("!has(self.adopt) || self.adopt.all(a, a.account in self.accounts)")
        .message(Message::Expression(
            "'account \"' + self.adopt.map(a, !(a.account in self.accounts), a.account)[0] + '\" is not in spec.accounts'".into(),
        ))
        .field_path(".adopt"),
    validation = Rule::new("!has(self.adopt) || self.adopt.all(a, a.market in self.markets)")
        .message(Message::Expression(
            "'market \"' + self.adopt.map(a, !(a.market in self.markets), a.market)[0] + '\" is not in spec.markets'".into(),
        ))
        .field_path(".adopt"),
    validation = Rule::new("!has(self.adopt) || size(self.adopt) == 0 || self.adoptionPolicy == 'Adopt'")
        .message("needs adoptionPolicy: Adopt")
        .field_path(".adopt"),
    validation = Rule::new("!has(self.budget.exchangeRates) || self.budget.exchangeRates.all(r, r.date <= self.flight.end)")
        .message("a rate is of a day after the flight: write the day that it was found on")
        .field_path(".budget.exchangeRates"),
    validation = Rule::new(crate::common::RATE_AGE_RULE)
        .message("a rate is more than a year old when the flight begins: write a current one, with its date")
        .field_path(".budget.exchangeRates"),
)]
pub struct CampaignSpec {
    /// What the spend is for: Awareness, Traffic, Leads, Signups, Sales or AppInstalls. Cannot be changed, for
    /// platforms cannot change it.
    #[x_kube(validation = Rule::new("self == oldSelf").message("cannot be changed: create another Campaign"))]
    pub objective: Objective,
    /// The first and the last day of delivery.
    pub flight: Flight,
    /// The AdAccounts to advertise on, 1 to 16: a name in this namespace, or namespace/name of an account whose
    /// `allowedNamespaces` grants this one.
    #[schemars(length(min = 1, max = 16), inner(length(min = 1, max = 127)))]
    #[x_kube(
        merge_strategy = ListMerge::Set,
        validation = Rule::new(crate::common::ACCOUNTS_RULE)
            .message(Message::Expression(crate::common::ACCOUNTS_MESSAGE.into()))
    )]
    pub accounts: Vec<String>,
    /// The markets to advertise in, 1 to 250: a country (US), a subdivision (US-CA), a DMA (US-DMA-803), or the name of
    /// a group in `groups`. Write "NO" in quotes: YAML reads an unquoted NO as false.
    #[schemars(length(min = 1, max = 250), inner(length(min = 1, max = 40)))]
    #[x_kube(
        merge_strategy = ListMerge::Set,
        validation = Rule::new(crate::common::NO_KEY_RULE).message(crate::common::NO_KEY_MESSAGE),
        validation = Rule::new(crate::common::MARKETS_RULE)
            .message(Message::Expression(crate::common::MARKETS_MESSAGE.into()))
    )]
    pub markets: Vec<String>,
    /// Several places that are one market with one budget, by the name used in `markets`. Names are lower-case. For
    /// example `dach: [DE, AT, CH]`.
    #[schemars(schema_with = "crate::schema::groups")]
    #[x_kube(
        validation = Rule::new("self.all(g, g.matches('^[a-z][a-z0-9-]*$') && size(g) <= 40)")
            .message("the name of a group is lower-case letters, digits and -, at most 40"),
        validation = Rule::new(crate::common::PLACES_RULE).message(crate::common::PLACES_MESSAGE),
        validation = Rule::new(crate::common::NO_KEY_RULE).message(crate::common::NO_KEY_MESSAGE)
    )]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, Vec<String>>,
    /// Lines to leave out: a market on an account, a market on all accounts, or an account altogether.
    #[schemars(length(max = 250))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Exception>,
    /// Settings that differ on some accounts or in some markets. Of several that fit a line, the last wins, field by field.
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// What may be spent: per day, or over the flight.
    pub budget: Budget,
    /// How the budget is split over accounts and markets. Default: evenly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// The locale of a market's copy and keywords, where it is not the market's own language. For example `CH: de`.
    #[schemars(schema_with = "crate::schema::locales")]
    #[x_kube(
        validation = Rule::new(crate::common::NO_KEY_RULE).message(crate::common::NO_KEY_MESSAGE),
        validation = Rule::new(crate::common::LOCALE_VALUES_RULE).message(crate::common::LOCALE_VALUES_MESSAGE)
    )]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub locales: BTreeMap<String, String>,
    /// The locale for markets that have no copy in their own. For example en. Default: none, and such a market is an error.
    #[schemars(length(max = 35))]
    #[x_kube(validation = Rule::new(crate::common::LOCALE_RULE).message(crate::common::LOCALE_MESSAGE))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_locale: Option<String>,
    /// Whom to advertise to. Default: everybody in the markets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// The legal statements that platforms demand. They are yours to make: there is no default.
    pub declarations: Declarations,
    /// The ads, 1 to 50. Every line gets all of them.
    #[schemars(length(min = 1, max = 50))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub ads: Vec<Ad>,
    /// What only Google has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub google: Option<GoogleSettings>,
    /// What only Meta has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<MetaSettings>,
    /// What only TikTok has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tiktok: Option<TikTokSettings>,
    /// The conversion action to optimise for, by its name on the platform. Default: the AdAccount's.
    #[schemars(length(min = 1, max = 128))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion_action: Option<String>,
    /// Query parameters that every ad's URL gets. Placeholders: {platform} {account} {campaign} {market} {locale} {ad}.
    /// Default: the AdAccount's.
    #[schemars(length(max = 1024))]
    #[x_kube(validation = Rule::new(crate::common::URL_PARAMETERS_RULE).message(crate::common::URL_PARAMETERS_MESSAGE))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_parameters: Option<String>,
    /// How objects are named on the platform. Placeholders: {platform} {account} {campaign} {market}. A token that
    /// proves our ownership is added. Default: the AdAccount's.
    #[schemars(length(min = 1, max = 128))]
    #[x_kube(validation = Rule::new(crate::common::NAME_TEMPLATE_RULE).message(crate::common::NAME_TEMPLATE_MESSAGE))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_template: Option<String>,
    /// What happens when the platform differs from the spec. Correct: it is changed back. Report: it is left and shown
    /// as Drifted. Default Correct.
    #[serde(default)]
    pub drift_policy: DriftPolicy,
    /// What happens when someone pauses a line or cuts its budget on the platform. Keep: it stays so until the spec
    /// changes. Override: it is undone. Default Keep.
    #[serde(default)]
    pub stops_by_hand: StopsByHand,
    /// What happens on the platform when the Campaign, a market or an account is deleted. Pause: it is paused. Remove:
    /// it is removed for good. Retain: it is left as it is, and goes on spending. Default Pause.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// Whether objects that others made may be taken over. Never, or Adopt: those that `adopt` lists. Default Never.
    #[serde(default)]
    pub adoption_policy: AdoptionPolicy,
    /// The objects on the platform to take over, one for a line, each by its id or by its name. Only with
    /// `adoptionPolicy: Adopt`. `kubectl adops plan --live` shows what would change, before anything is written.
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["account".into(), "market".into()]))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adopt: Vec<AdoptLine>,
    /// What happens when a change needs a new object on the platform, which loses its learning and history. Refuse: the
    /// change is withheld and reported. Allow: the old one is paused, then a new one created. Default Refuse.
    #[serde(default)]
    pub on_replace: OnReplace,
    /// Fields that adops sets when it creates a line and then leaves to others: Name, Budget, Delivery, Start, End,
    /// Places, Languages, Ages, Genders, Keywords, NegativeKeywords, Ads, UrlSuffix, Bidding, Networks,
    /// ConversionAction.
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_fields: Vec<IgnorableField>,
    /// Active: ads are shown. Paused: everything is set up, and nothing is shown or spent. Default Active.
    #[serde(default)]
    pub state: DesiredState,
    /// Stops what adops writes for this Campaign, not its delivery: what spends goes on spending. Default false.
    #[serde(default)]
    pub suspend: bool,
}

/// What the spend of a Campaign is for.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Objective {
    /// Be seen.
    Awareness,
    /// Visits.
    Traffic,
    /// Contacts.
    Leads,
    /// New accounts.
    Signups,
    /// Orders.
    Sales,
    /// Installed apps.
    AppInstalls,
}

/// The days of delivery.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.end >= self.start").message("end must not be before start").field_path(".end"))]
pub struct Flight {
    /// The first day, inclusive. For example 2027-03-01.
    #[schemars(length(max = 10), extend("format" = "date"))]
    pub start: String,
    /// The last day, inclusive. For example 2027-05-31. It is written to the platform, so that delivery ends even if
    /// nobody is there to stop it.
    #[schemars(length(max = 10), extend("format" = "date"))]
    pub end: String,
    /// The time zone that the days are meant in. For example Europe/Berlin. Default: each account's own.
    #[schemars(length(min = 1, max = 64), regex(pattern = crate::common::TIME_ZONE))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// Lines to leave out.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.account) || has(self.market)").message("needs an account, a market, or both"))]
pub struct Exception {
    /// The account. Default: all accounts.
    #[schemars(length(min = 1, max = 127))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The market. Default: all markets.
    #[schemars(length(min = 1, max = 40))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<String>,
}

/// Settings that differ on some accounts or in some markets.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.accounts) || has(self.markets)").message("needs accounts, markets, or both")
)]
pub struct Override {
    /// The accounts that it applies to. Default: all.
    #[schemars(length(min = 1, max = 16), inner(length(min = 1, max = 127)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// The markets that it applies to, at most 64. Default: all.
    #[schemars(length(min = 1, max = 64), inner(length(min = 1, max = 40)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub markets: Vec<String>,
    /// Active or Paused, instead of the Campaign's state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<DesiredState>,
    /// Whom to advertise to, instead of the Campaign's audience.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// Query parameters for the ads' URLs, instead of the Campaign's.
    #[schemars(length(max = 1024))]
    #[x_kube(validation = Rule::new(crate::common::URL_PARAMETERS_RULE).message(crate::common::URL_PARAMETERS_MESSAGE))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_parameters: Option<String>,
    /// The conversion action to optimise for, instead of the Campaign's.
    #[schemars(length(min = 1, max = 128))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion_action: Option<String>,
}

/// What may be spent.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.daily) != has(self.flight)").message("needs either daily or flight"),
    validation = Rule::new("!has(self.exchangeRates) || self.exchangeRates.all(r, r.from == self.currency)")
        .message("`from` is the budget's currency: a rate says how much of `to` one unit of it buys")
        .field_path(".exchangeRates"),
    validation = Rule::new("!has(self.exchangeRates) || self.exchangeRates.all(r, r.to != self.currency)")
        .message("a rate from the budget's currency to itself says nothing: leave it out")
        .field_path(".exchangeRates"),
)]
pub struct Budget {
    /// The amount for one day over all lines, a decimal in quotes. For example "6000.00".
    #[schemars(length(max = 19))]
    #[x_kube(validation = Rule::new(crate::common::AMOUNT_RULE).message(crate::common::AMOUNT_MESSAGE))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily: Option<String>,
    /// The amount for the whole flight over all lines, a decimal in quotes. For example "90000.00". It is paced: what is
    /// left is spread over the days that are left.
    #[schemars(length(max = 19))]
    #[x_kube(validation = Rule::new(crate::common::AMOUNT_RULE).message(crate::common::AMOUNT_MESSAGE))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flight: Option<String>,
    /// The ISO 4217 code of the currency. Accounts of another one need a rate in `exchangeRates`. For example EUR.
    #[schemars(length(max = 8))]
    #[x_kube(validation = Rule::new(crate::common::CURRENCY_RULE).message(crate::common::CURRENCY_MESSAGE))]
    pub currency: String,
    /// What the budget is worth on accounts of other currencies, at most 16: one rate for each currency. They are applied as
    /// they stand here until you write others; none is looked up.
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["to".into()]))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchange_rates: Vec<ExchangeRate>,
    /// Whether the share of a line that is below the platform's minimum goes to the other lines. False: it stays
    /// unspent. Default false.
    #[serde(default)]
    pub redistribute: bool,
}

/// How much of another currency one unit of the budget's currency buys. For example
/// `{from: EUR, to: USD, rate: "1.0870", date: 2027-02-20}`: one euro buys 1.0870 dollars.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeRate {
    /// The budget's currency, so that a rate never stays when that changes. For example EUR.
    #[schemars(length(max = 8))]
    #[x_kube(validation = Rule::new(crate::common::CURRENCY_RULE).message(crate::common::CURRENCY_MESSAGE))]
    pub from: String,
    /// The currency of accounts. For example USD.
    #[schemars(length(max = 8))]
    #[x_kube(validation = Rule::new(crate::common::CURRENCY_RULE).message(crate::common::CURRENCY_MESSAGE))]
    pub to: String,
    /// How much of `to` one unit of `from` buys, a decimal in quotes, with at most nine digits on each side of the point.
    #[schemars(length(max = 19))]
    #[x_kube(validation = Rule::new(crate::common::RATE_RULE).message(crate::common::RATE_MESSAGE))]
    pub rate: String,
    /// The day that the rate is of: at most a year before the flight begins, and not after it ends. For example 2027-02-20.
    #[schemars(length(max = 10), extend("format" = "date"))]
    pub date: String,
}

/// How the budget is split. Weights need no sum: 2 gets twice what 1 gets.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct Split {
    /// Weights of accounts, 1 to 10000, by name. Those not named weigh 1.
    #[schemars(schema_with = "crate::schema::account_weights")]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accounts: BTreeMap<String, i32>,
    /// Weights of markets, 1 to 10000, by name. Those not named weigh 1.
    #[schemars(schema_with = "crate::schema::market_weights")]
    #[x_kube(validation = Rule::new(crate::common::NO_KEY_RULE).message(crate::common::NO_KEY_MESSAGE))]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub markets: BTreeMap<String, i32>,
}

/// Whom to advertise to.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct Audience {
    /// Ages in years, both inclusive: "18-54", or "18+". Platforms round to the ranges that they know. Default: all.
    #[schemars(length(max = 5))]
    #[x_kube(
        validation = Rule::new("self.matches('^(1[3-9]|[2-9][0-9])([+]|-(1[3-9]|[2-9][0-9]))$')")
            .message("must be like \"18-54\" or \"18+\", from 13 on"),
        validation = Rule::new("size(self) != 5 || self.substring(0, 2) <= self.substring(3, 5)")
            .message("the first age must not be above the second")
    )]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ages: Option<String>,
    /// Female, Male. Default: everybody, also those whose gender the platform does not know.
    #[schemars(length(min = 1, max = 2))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub genders: Vec<Gender>,
}

/// A gender as the platforms know it.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gender {
    /// Women.
    Female,
    /// Men.
    Male,
}

/// The legal statements that platforms demand.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Declarations {
    /// Whether the ads are political advertising in the sense of the EU's Regulation 2024/900.
    pub eu_political_ads: bool,
    /// Whether the ads are of a kind with special rules: Housing, Employment, FinancialProducts, Politics, Gambling. An
    /// empty list states that they are not.
    #[schemars(length(max = 5))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub special_ad_categories: Vec<SpecialAdCategory>,
}

/// A kind of ads with special rules.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpecialAdCategory {
    /// Homes, to rent or to buy.
    Housing,
    /// Jobs.
    Employment,
    /// Credit, insurance, investment.
    FinancialProducts,
    /// Social issues, elections, politics.
    Politics,
    /// Gambling and games for money.
    Gambling,
}

/// What happens when the platform differs from the spec.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DriftPolicy {
    /// It is changed back.
    #[default]
    Correct,
    /// It is left as it is, and shown.
    Report,
}

/// What happens with a pause or a budget cut that was made by hand.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum StopsByHand {
    /// It stays until the spec changes.
    #[default]
    Keep,
    /// It is undone.
    Override,
}

/// What happens on the platform to what is deleted here.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DeletionPolicy {
    /// It is paused.
    #[default]
    Pause,
    /// It is removed for good.
    Remove,
    /// It is left as it is.
    Retain,
}

/// Whether objects that others made may be taken over.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AdoptionPolicy {
    /// No.
    #[default]
    Never,
    /// Those that `adopt` lists.
    Adopt,
}

/// What happens when a change needs a new object on the platform.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OnReplace {
    /// The change is withheld and reported.
    #[default]
    Refuse,
    /// The old one is paused, then a new one created.
    Allow,
}

/// Whether ads shall be shown.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DesiredState {
    /// They shall.
    #[default]
    Active,
    /// They shall not.
    Paused,
}

/// An object on the platform to take over.
#[derive(Serialize, Deserialize, KubeSchema, Clone, Debug, PartialEq, Eq)]
#[x_kube(validation = Rule::new("has(self.externalId) != has(self.name)")
    .message("needs either externalId or name, not both"))]
#[serde(rename_all = "camelCase")]
pub struct AdoptLine {
    /// The account of the line.
    #[schemars(length(min = 1, max = 127))]
    pub account: String,
    /// The market of the line.
    #[schemars(length(min = 1, max = 40))]
    pub market: String,
    /// The platform's id of its campaign, in quotes. For example "1234567890".
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Za-z0-9_-]+$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The name of its campaign, exactly as the platform has it. If none is called so, or several are, nothing is taken
    /// over and nothing created; the message names the ids. Once taken over it is known by its id, whatever it is called.
    #[schemars(length(min = 1, max = 512))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A field that can be left to others after a line was created.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IgnorableField {
    /// The name, but for our token.
    Name,
    /// The daily budget.
    Budget,
    /// Whether it is enabled or paused.
    Delivery,
    /// The first day.
    Start,
    /// The last day.
    End,
    /// The places of the market.
    Places,
    /// The languages.
    Languages,
    /// The ages.
    Ages,
    /// The genders.
    Genders,
    /// The keywords.
    Keywords,
    /// The negative keywords.
    NegativeKeywords,
    /// The ads.
    Ads,
    /// The query parameters of the ads' URLs.
    UrlSuffix,
    /// The bidding strategy and its targets.
    Bidding,
    /// The networks.
    Networks,
    /// The conversion action.
    ConversionAction,
}
