//! A Campaign's spec, field by field.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use adops_core::campaign::line::CampaignId;
use adops_core::campaign::spec as domain;
use adops_core::locale::Locale;
use adops_core::market::{Market, Place};
use adops_core::money::{Currency, Money};
use adops_core::rates::{Rate, Rates};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::words::{adoptee, call_to_action, objective, policies, special_ad_category, split, state};
use super::{FieldProblem, InvalidSpec};
use crate::campaign::{self as api, Campaign};

impl TryFrom<&Campaign> for domain::CampaignSpec {
    type Error = InvalidSpec;

    /// Parses a Campaign. One without a namespace, as a file may hold it, is taken to lie in `default`: whoever knows
    /// better sets `metadata.namespace` before.
    fn try_from(campaign: &Campaign) -> Result<Self, Self::Error> {
        let mut parse = Parse::default();
        let spec = parse.campaign(campaign);
        match spec {
            Some(spec) if parse.problems.is_empty() => Ok(spec),
            _ => Err(InvalidSpec { problems: parse.problems }),
        }
    }
}

/// Parses fields and collects what is wrong with them.
#[derive(Default)]
pub(super) struct Parse {
    pub(super) problems: Vec<FieldProblem>,
}

impl Parse {
    fn campaign(&mut self, campaign: &Campaign) -> Option<domain::CampaignSpec> {
        let namespace = campaign.metadata.namespace.clone().unwrap_or_else(|| "default".to_owned());
        let spec = &*with_short_names(&campaign.spec, &namespace);
        self.accounts(&spec.accounts);
        let name = campaign.metadata.name.clone().unwrap_or_default();
        // Each is tried before any is given up on, so that all problems are told at once.
        let flight = self.flight(&spec.flight);
        let markets = self.markets(spec);
        let budget = self.budget(&spec.budget);
        let rates = budget.as_ref().map(|budget| self.rates(&spec.budget, budget.amount.currency(), flight.as_ref()));
        let locales = self.locales("spec.locales", &spec.locales);
        let fallback_locale = self.optional("spec.fallbackLocale", spec.fallback_locale.as_deref());
        let audience = self.audience("spec.audience", spec.audience.as_ref());
        let overrides = self.overrides(&spec.overrides);
        let ads = self.ads(&spec.ads);
        let google = self.google(spec.google.as_ref());
        let meta = self.meta(spec.meta.as_ref());
        let tiktok = self.tiktok(spec.tiktok.as_ref());
        Some(domain::CampaignSpec {
            id: CampaignId::new(namespace, name),
            objective: objective(spec.objective),
            flight: flight?,
            accounts: spec.accounts.clone(),
            markets,
            except: spec
                .except
                .iter()
                .map(|except| domain::Selector { account: except.account.clone(), market: except.market.clone() })
                .collect(),
            overrides,
            budget: budget?,
            rates: rates?,
            split: split(spec.split.as_ref()),
            locales,
            fallback_locale,
            audience,
            declarations: domain::Declarations {
                eu_political_ads: spec.declarations.eu_political_ads,
                special_ad_categories: spec
                    .declarations
                    .special_ad_categories
                    .iter()
                    .map(|category| special_ad_category(*category).to_owned())
                    .collect(),
            },
            ads,
            google,
            meta,
            tiktok,
            account_overrides: domain::AccountOverrides {
                conversion_action: spec.conversion_action.clone(),
                url_parameters: spec.url_parameters.clone(),
                name_template: spec.name_template.clone(),
            },
            policies: policies(spec),
            adopt: self.adoptions(spec),
            state: state(spec.state),
            suspend: spec.suspend,
        })
    }

    fn adoptions(&mut self, spec: &api::CampaignSpec) -> Vec<domain::Adoption> {
        if spec.adoption_policy == api::AdoptionPolicy::Never {
            return Vec::new();
        }
        let mut adoptions = Vec::new();
        for (at, adopt) in spec.adopt.iter().enumerate() {
            let Some(object) = adoptee(adopt) else {
                let message = "needs either externalId or name, not both".to_owned();
                self.problem(&format!("spec.adopt[{at}]"), message);
                continue;
            };
            let (account, market) = (adopt.account.clone(), adopt.market.clone());
            adoptions.push(domain::Adoption { account, market, object });
        }
        adoptions
    }

    /// One account under two names would be two lines for one thing.
    fn accounts(&mut self, accounts: &[String]) {
        let mut seen = BTreeSet::new();
        for name in accounts.iter().filter(|name| !seen.insert(name.as_str())) {
            self.problem("spec.accounts", format!("names the AdAccount {name} twice, with and without its namespace"));
        }
    }

    fn flight(&mut self, flight: &api::Flight) -> Option<domain::Flight> {
        let start: Option<Date> = self.parsed("spec.flight.start", &flight.start);
        let end: Option<Date> = self.parsed("spec.flight.end", &flight.end);
        let time_zone = flight.time_zone.as_deref().and_then(|name| self.time_zone(name));
        let flight = domain::Flight { start: start?, end: end?, time_zone };
        if flight.end < flight.start {
            self.problem("spec.flight.end", "end must not be before start".to_owned());
            return None;
        }
        Some(flight)
    }

    fn time_zone(&mut self, name: &str) -> Option<TimeZone> {
        let zone = TimeZone::get(name).ok();
        if zone.is_none() {
            let message = format!("\"{name}\" is not in the IANA time zone database; for example Europe/Berlin");
            self.problem("spec.flight.timeZone", message);
        }
        zone
    }

    fn markets(&mut self, spec: &api::CampaignSpec) -> Vec<Market> {
        let mut markets = Vec::with_capacity(spec.markets.len());
        for (index, key) in spec.markets.iter().enumerate() {
            let places = match spec.groups.get(key) {
                Some(places) => {
                    let field = format!("spec.groups.{key}");
                    places.iter().filter_map(|place| self.parsed::<Place>(&field, place)).collect()
                }
                None => self.parsed::<Place>(&format!("spec.markets[{index}]"), key).into_iter().collect(),
            };
            markets.push(Market { key: key.clone(), places });
        }
        markets
    }

    fn budget(&mut self, budget: &api::Budget) -> Option<domain::Budget> {
        let (period, field, amount) = match (&budget.daily, &budget.flight) {
            (Some(daily), None) => (domain::BudgetPeriod::Daily, "daily", daily),
            (None, Some(flight)) => (domain::BudgetPeriod::Flight, "flight", flight),
            _ => {
                self.problem("spec.budget", "needs either daily or flight".to_owned());
                return None;
            }
        };
        let amount = self.money("spec.budget", field, amount, &budget.currency)?;
        Some(domain::Budget { amount, period, redistribute: budget.redistribute })
    }

    fn rates(&mut self, budget: &api::Budget, base: Currency, flight: Option<&domain::Flight>) -> Rates {
        let mut rates = BTreeMap::new();
        for (index, given) in budget.exchange_rates.iter().enumerate() {
            let path = format!("spec.budget.exchangeRates[{index}]");
            let from: Option<Currency> = self.parsed(&format!("{path}.from"), &given.from);
            let to: Option<Currency> = self.parsed(&format!("{path}.to"), &given.to);
            let price = self.parsed(&format!("{path}.rate"), &given.rate);
            let date: Option<Date> = self.parsed(&format!("{path}.date"), &given.date);
            let (Some(from), Some(to), Some(price), Some(date)) = (from, to, price, date) else { continue };
            if from != base {
                self.problem(&format!("{path}.from"), format!("a rate from {from}: the budget is in {base}"));
            }
            if flight.is_some_and(|flight| date > flight.end) {
                self.problem(&format!("{path}.date"), format!("{date} is after the flight"));
            }
            if rates.insert(to, Rate { price, date }).is_some() {
                self.problem(&path, format!("a second rate to {to}"));
            }
        }
        Rates::new(base, rates)
    }

    pub(super) fn money(&mut self, path: &str, field: &str, amount: &str, currency: &str) -> Option<Money> {
        let currency = self.parsed(&format!("{path}.currency"), currency)?;
        match Money::parse(amount, currency) {
            Ok(money) => Some(money),
            Err(error) => {
                self.problem(&format!("{path}.{field}"), error.to_string());
                None
            }
        }
    }

    fn locales(&mut self, path: &str, locales: &BTreeMap<String, String>) -> BTreeMap<String, Locale> {
        locales
            .iter()
            .filter_map(|(market, locale)| Some((market.clone(), self.parsed(&format!("{path}.{market}"), locale)?)))
            .collect()
    }

    fn audience(&mut self, path: &str, audience: Option<&api::Audience>) -> domain::Audience {
        let Some(audience) = audience else { return domain::Audience::default() };
        let ages = audience.ages.as_deref().and_then(|text| {
            let ages = ages(text);
            if ages.is_none() {
                self.problem(&format!("{path}.ages"), format!("\"{text}\" is not like \"18-54\" or \"18+\""));
            }
            ages
        });
        let genders = audience.genders.iter().map(|gender| match gender {
            api::Gender::Female => domain::Gender::Female,
            api::Gender::Male => domain::Gender::Male,
        });
        domain::Audience { ages, genders: genders.collect() }
    }

    fn overrides(&mut self, overrides: &[api::Override]) -> Vec<domain::Override> {
        let convert = |(index, over): (usize, &api::Override)| domain::Override {
            accounts: over.accounts.iter().cloned().collect(),
            markets: over.markets.iter().cloned().collect(),
            state: over.state.map(state),
            audience: over
                .audience
                .as_ref()
                .map(|audience| self.audience(&format!("spec.overrides[{index}].audience"), Some(audience))),
            account_overrides: domain::AccountOverrides {
                conversion_action: over.conversion_action.clone(),
                url_parameters: over.url_parameters.clone(),
                name_template: None,
            },
        };
        overrides.iter().enumerate().map(convert).collect()
    }

    fn ads(&mut self, ads: &[api::Ad]) -> Vec<domain::Ad> {
        let mut converted = Vec::with_capacity(ads.len());
        for (index, ad) in ads.iter().enumerate() {
            let path = format!("spec.ads[{index}].copy");
            let copy = ad.copy.iter().filter_map(|(locale, copy)| {
                let copy = domain::Copy {
                    headlines: copy.headlines.clone(),
                    descriptions: copy.descriptions.clone(),
                    paths: copy.paths.clone(),
                };
                Some((self.parsed::<Locale>(&path, locale)?, copy))
            });
            converted.push(domain::Ad {
                name: ad.name.clone(),
                url: ad.url.clone(),
                copy: copy.collect(),
                media: ad.media.clone(),
            });
        }
        converted
    }

    fn google(&mut self, google: Option<&api::GoogleSettings>) -> domain::GoogleOptions {
        let Some(google) = google else { return domain::GoogleOptions::default() };
        let bidding = google.bidding.clone().unwrap_or_default();
        let decimal = |text: &Option<String>| text.clone().map(domain::Decimal);
        let bidding = match bidding.strategy {
            api::BiddingStrategy::MaximizeClicks => {
                domain::Bidding::MaximizeClicks { max_cpc: decimal(&bidding.max_cpc) }
            }
            api::BiddingStrategy::MaximizeConversions => {
                domain::Bidding::MaximizeConversions { target_cpa: decimal(&bidding.target_cpa) }
            }
            api::BiddingStrategy::ManualCpc => {
                if bidding.max_cpc.is_none() {
                    self.problem("spec.google.bidding.maxCpc", "ManualCpc needs maxCpc".to_owned());
                }
                domain::Bidding::ManualCpc { max_cpc: domain::Decimal(bidding.max_cpc.unwrap_or_default()) }
            }
        };
        domain::GoogleOptions {
            channel: match google.channel {
                api::GoogleChannel::Search => domain::GoogleChannel::Search,
            },
            keywords: self.keywords("spec.google.keywords", &google.keywords),
            negative_keywords: self.keywords("spec.google.negativeKeywords", &google.negative_keywords),
            bidding,
            search_partners: google.networks.is_some_and(|networks| networks.search_partners),
        }
    }

    fn meta(&mut self, meta: Option<&api::MetaSettings>) -> domain::MetaOptions {
        let Some(meta) = meta else { return domain::MetaOptions::default() };
        let placement = |placement: &api::MetaPlacement| match placement {
            api::MetaPlacement::Facebook => domain::MetaPlacement::Facebook,
            api::MetaPlacement::Instagram => domain::MetaPlacement::Instagram,
            api::MetaPlacement::Messenger => domain::MetaPlacement::Messenger,
            api::MetaPlacement::AudienceNetwork => domain::MetaPlacement::AudienceNetwork,
        };
        domain::MetaOptions {
            placements: meta.placements.iter().map(placement).collect(),
            bidding: self.auction("spec.meta.bidding.amount", meta.bidding.as_ref()),
            call_to_action: meta.call_to_action.map(call_to_action),
            beneficiary: meta.beneficiary.clone(),
            payor: meta.payor.clone(),
        }
    }

    fn tiktok(&mut self, tiktok: Option<&api::TikTokSettings>) -> domain::TikTokOptions {
        let Some(tiktok) = tiktok else { return domain::TikTokOptions::default() };
        domain::TikTokOptions {
            bidding: self.auction("spec.tiktok.bidding.amount", tiktok.bidding.as_ref()),
            call_to_action: tiktok.call_to_action.map(call_to_action),
        }
    }

    fn auction(&mut self, path: &str, bidding: Option<&api::AuctionBidding>) -> domain::AuctionBidding {
        let Some(bidding) = bidding else { return domain::AuctionBidding::default() };
        let amount = bidding.amount.clone().map(domain::Decimal);
        match (bidding.strategy, amount) {
            (api::AuctionStrategy::LowestCost, _) => domain::AuctionBidding::LowestCost,
            (api::AuctionStrategy::CostCap, Some(amount)) => domain::AuctionBidding::CostCap(amount),
            (api::AuctionStrategy::BidCap, Some(amount)) => domain::AuctionBidding::BidCap(amount),
            (_, None) => {
                self.problem(path, "CostCap and BidCap need an amount".to_owned());
                domain::AuctionBidding::default()
            }
        }
    }

    fn keywords(&mut self, path: &str, keywords: &BTreeMap<String, Vec<String>>) -> BTreeMap<Locale, Vec<String>> {
        keywords.iter().filter_map(|(locale, keywords)| Some((self.parsed(path, locale)?, keywords.clone()))).collect()
    }

    fn optional<T: FromStr<Err: fmt::Display>>(&mut self, field: &str, text: Option<&str>) -> Option<T> {
        text.and_then(|text| self.parsed(field, text))
    }

    fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, field: &str, text: &str) -> Option<T> {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(field, format!("{error}"));
                None
            }
        }
    }

    fn problem(&mut self, field: &str, message: String) {
        self.problems.push(FieldProblem { field: field.to_owned(), message });
    }
}

/// A spec in which an account of the Campaign's own namespace has one name, the short one: names are in markers, and
/// who adds or drops the namespace means the same account.
fn with_short_names<'a>(spec: &'a api::CampaignSpec, namespace: &str) -> Cow<'a, api::CampaignSpec> {
    let prefix = format!("{namespace}/");
    if !spec.accounts.iter().any(|name| name.starts_with(&prefix)) {
        return Cow::Borrowed(spec);
    }
    let shorten = |name: &mut String| {
        if let Some(short) = name.strip_prefix(&prefix) {
            *name = short.to_owned();
        }
    };
    let mut spec = spec.clone();
    spec.accounts.iter_mut().for_each(shorten);
    spec.except.iter_mut().filter_map(|except| except.account.as_mut()).for_each(shorten);
    spec.overrides.iter_mut().flat_map(|over| &mut over.accounts).for_each(shorten);
    spec.adopt.iter_mut().for_each(|adopt| shorten(&mut adopt.account));
    if let Some(split) = &mut spec.split {
        let weights = std::mem::take(&mut split.accounts).into_iter();
        split.accounts = weights
            .map(|(mut name, weight)| {
                shorten(&mut name);
                (name, weight)
            })
            .collect();
    }
    Cow::Owned(spec)
}

fn ages(text: &str) -> Option<domain::AgeRange> {
    let (from, to) = if let Some(from) = text.strip_suffix('+') {
        (from, None)
    } else {
        let (from, to) = text.split_once('-')?;
        (from, Some(to.parse().ok()?))
    };
    let from = from.parse().ok()?;
    to.is_none_or(|to| from <= to).then_some(domain::AgeRange { from, to })
}
