//! From the domain's types to what a user would write: [`crate::convert`], backwards.

use std::collections::BTreeMap;

use adops_core::campaign::settings::Field;
use adops_core::campaign::spec as domain;
use adops_core::locale::Locale;
use adops_core::market::{Market, Place};
use adops_core::rates::Rates;

use crate::campaign as api;
use crate::convert::special_ad_category;

impl From<&domain::CampaignSpec> for api::CampaignSpec {
    fn from(spec: &domain::CampaignSpec) -> Self {
        let overrides = &spec.account_overrides;
        Self {
            objective: objective(spec.objective),
            flight: flight(&spec.flight),
            accounts: spec.accounts.clone(),
            markets: spec.markets.iter().map(|market| market.key.clone()).collect(),
            groups: spec.markets.iter().filter(|market| is_group(market)).map(group).collect(),
            except: spec.except.iter().map(exception).collect(),
            overrides: spec.overrides.iter().map(over).collect(),
            budget: budget(&spec.budget, &spec.rates),
            split: split(&spec.split),
            locales: spec.locales.iter().map(|(market, locale)| (market.clone(), locale.to_string())).collect(),
            fallback_locale: spec.fallback_locale.as_ref().map(Locale::to_string),
            audience: Some(audience(&spec.audience)).filter(|audience| *audience != api::Audience::default()),
            declarations: declarations(&spec.declarations),
            ads: spec.ads.iter().map(ad).collect(),
            google: Some(google(&spec.google)).filter(|google| *google != api::GoogleSettings::default()),
            meta: Some(meta(&spec.meta)).filter(|meta| *meta != api::MetaSettings::default()),
            tiktok: Some(tiktok(&spec.tiktok)).filter(|tiktok| *tiktok != api::TikTokSettings::default()),
            conversion_action: overrides.conversion_action.clone(),
            url_parameters: overrides.url_parameters.clone(),
            name_template: overrides.name_template.clone(),
            drift_policy: match spec.policies.drift {
                domain::DriftPolicy::Correct => api::DriftPolicy::Correct,
                domain::DriftPolicy::Report => api::DriftPolicy::Report,
            },
            stops_by_hand: match spec.policies.stops_by_hand {
                domain::StopsByHand::Keep => api::StopsByHand::Keep,
                domain::StopsByHand::Override => api::StopsByHand::Override,
            },
            deletion_policy: match spec.policies.deletion {
                domain::DeletionPolicy::Pause => api::DeletionPolicy::Pause,
                domain::DeletionPolicy::Remove => api::DeletionPolicy::Remove,
                domain::DeletionPolicy::Retain => api::DeletionPolicy::Retain,
            },
            adoption_policy: match spec.adopt.as_slice() {
                [] => api::AdoptionPolicy::Never,
                _ => api::AdoptionPolicy::Adopt,
            },
            adopt: spec.adopt.iter().map(adoption).collect(),
            on_replace: match spec.policies.on_replace {
                domain::OnReplace::Refuse => api::OnReplace::Refuse,
                domain::OnReplace::Allow => api::OnReplace::Allow,
            },
            ignore_fields: spec.policies.ignore_fields.iter().filter_map(|field| ignorable(*field)).collect(),
            state: state(spec.state),
            suspend: spec.suspend,
        }
    }
}

/// Whether a market is more than the place that its key is the code of.
fn is_group(market: &Market) -> bool {
    let only = market.places.iter().map(Place::to_string).eq(std::iter::once(market.key.clone()));
    !only
}

fn group(market: &Market) -> (String, Vec<String>) {
    (market.key.clone(), market.places.iter().map(Place::to_string).collect())
}

fn flight(flight: &domain::Flight) -> api::Flight {
    api::Flight {
        start: flight.start.to_string(),
        end: flight.end.to_string(),
        time_zone: flight.time_zone.as_ref().and_then(|zone| zone.iana_name().map(str::to_owned)),
    }
}

fn exception(except: &domain::Selector) -> api::Exception {
    api::Exception { account: except.account.clone(), market: except.market.clone() }
}

fn over(over: &domain::Override) -> api::Override {
    api::Override {
        accounts: over.accounts.iter().cloned().collect(),
        markets: over.markets.iter().cloned().collect(),
        state: over.state.map(state),
        audience: over.audience.as_ref().map(audience),
        url_parameters: over.account_overrides.url_parameters.clone(),
        conversion_action: over.account_overrides.conversion_action.clone(),
    }
}

fn budget(budget: &domain::Budget, rates: &Rates) -> api::Budget {
    let amount = Some(budget.amount.decimal());
    let (daily, flight) = match budget.period {
        domain::BudgetPeriod::Daily => (amount, None),
        domain::BudgetPeriod::Flight => (None, amount),
    };
    let rate = |(to, rate): (_, adops_core::rates::Rate)| api::ExchangeRate {
        from: rates.base().to_string(),
        to: format!("{to}"),
        rate: rate.price.to_string(),
        date: rate.date.to_string(),
    };
    api::Budget {
        daily,
        flight,
        currency: budget.amount.currency().to_string(),
        exchange_rates: rates.iter().map(rate).collect(),
        redistribute: budget.redistribute,
    }
}

fn split(split: &domain::Split) -> Option<api::Split> {
    let weights = |weights: &BTreeMap<String, u32>| {
        weights.iter().map(|(name, weight)| (name.clone(), i32::try_from(*weight).unwrap_or(i32::MAX))).collect()
    };
    (*split != domain::Split::default())
        .then(|| api::Split { accounts: weights(&split.accounts), markets: weights(&split.markets) })
}

fn audience(audience: &domain::Audience) -> api::Audience {
    let ages = |range: &domain::AgeRange| match range.to {
        None => format!("{}+", range.from),
        Some(to) => format!("{}-{to}", range.from),
    };
    let gender = |gender: &domain::Gender| match gender {
        domain::Gender::Female => api::Gender::Female,
        domain::Gender::Male => api::Gender::Male,
    };
    api::Audience { ages: audience.ages.as_ref().map(ages), genders: audience.genders.iter().map(gender).collect() }
}

fn declarations(declarations: &domain::Declarations) -> api::Declarations {
    let is_stated =
        |category: &api::SpecialAdCategory| declarations.special_ad_categories.contains(special_ad_category(*category));
    let all = [
        api::SpecialAdCategory::Housing,
        api::SpecialAdCategory::Employment,
        api::SpecialAdCategory::FinancialProducts,
        api::SpecialAdCategory::Politics,
        api::SpecialAdCategory::Gambling,
    ];
    api::Declarations {
        eu_political_ads: declarations.eu_political_ads,
        special_ad_categories: all.into_iter().filter(is_stated).collect(),
    }
}

fn ad(ad: &domain::Ad) -> api::Ad {
    let copy = |copy: &domain::Copy| api::AdCopy {
        headlines: copy.headlines.clone(),
        descriptions: copy.descriptions.clone(),
        paths: copy.paths.clone(),
    };
    api::Ad {
        name: ad.name.clone(),
        url: ad.url.clone(),
        copy: ad.copy.iter().map(|(locale, words)| (locale.to_string(), copy(words))).collect(),
        media: ad.media.clone(),
    }
}

fn google(google: &domain::GoogleOptions) -> api::GoogleSettings {
    let keywords = |keywords: &BTreeMap<Locale, Vec<String>>| {
        keywords.iter().map(|(locale, all)| (locale.to_string(), all.clone())).collect()
    };
    let decimal = |decimal: &Option<domain::Decimal>| decimal.as_ref().map(|decimal| decimal.0.clone());
    let (strategy, max_cpc, target_cpa) = match &google.bidding {
        domain::Bidding::MaximizeClicks { max_cpc } => (api::BiddingStrategy::MaximizeClicks, decimal(max_cpc), None),
        domain::Bidding::MaximizeConversions { target_cpa } => {
            (api::BiddingStrategy::MaximizeConversions, None, decimal(target_cpa))
        }
        domain::Bidding::ManualCpc { max_cpc } => (api::BiddingStrategy::ManualCpc, Some(max_cpc.0.clone()), None),
    };
    let bidding = api::Bidding { strategy, max_cpc, target_cpa };
    api::GoogleSettings {
        channel: match google.channel {
            domain::GoogleChannel::Search => api::GoogleChannel::Search,
        },
        keywords: keywords(&google.keywords),
        negative_keywords: keywords(&google.negative_keywords),
        bidding: Some(bidding).filter(|bidding| *bidding != api::Bidding::default()),
        networks: google.search_partners.then_some(api::GoogleNetworks { search_partners: true }),
    }
}

fn meta(meta: &domain::MetaOptions) -> api::MetaSettings {
    let placement = |placement: &domain::MetaPlacement| match placement {
        domain::MetaPlacement::Facebook => api::MetaPlacement::Facebook,
        domain::MetaPlacement::Instagram => api::MetaPlacement::Instagram,
        domain::MetaPlacement::Messenger => api::MetaPlacement::Messenger,
        domain::MetaPlacement::AudienceNetwork => api::MetaPlacement::AudienceNetwork,
    };
    api::MetaSettings {
        placements: meta.placements.iter().map(placement).collect(),
        bidding: auction(&meta.bidding),
        call_to_action: meta.call_to_action.map(call_to_action),
        beneficiary: meta.beneficiary.clone(),
        payor: meta.payor.clone(),
    }
}

fn tiktok(tiktok: &domain::TikTokOptions) -> api::TikTokSettings {
    api::TikTokSettings { bidding: auction(&tiktok.bidding), call_to_action: tiktok.call_to_action.map(call_to_action) }
}

fn auction(bidding: &domain::AuctionBidding) -> Option<api::AuctionBidding> {
    let (strategy, amount) = match bidding {
        domain::AuctionBidding::LowestCost => return None,
        domain::AuctionBidding::CostCap(amount) => (api::AuctionStrategy::CostCap, amount),
        domain::AuctionBidding::BidCap(amount) => (api::AuctionStrategy::BidCap, amount),
    };
    Some(api::AuctionBidding { strategy, amount: Some(amount.0.clone()) })
}

fn adoption(adoption: &domain::Adoption) -> api::AdoptLine {
    let (external_id, name) = match &adoption.object {
        domain::Adoptee::Id(id) => (Some(id.clone()), None),
        domain::Adoptee::Name(name) => (None, Some(name.clone())),
    };
    api::AdoptLine { account: adoption.account.clone(), market: adoption.market.clone(), external_id, name }
}

/// The word of `ignoreFields`; none for a field that is never left to others.
fn ignorable(field: Field) -> Option<api::IgnorableField> {
    Some(match field {
        Field::Name => api::IgnorableField::Name,
        Field::Budget => api::IgnorableField::Budget,
        Field::Delivery => api::IgnorableField::Delivery,
        Field::Start => api::IgnorableField::Start,
        Field::End => api::IgnorableField::End,
        Field::Places => api::IgnorableField::Places,
        Field::Languages => api::IgnorableField::Languages,
        Field::Ages => api::IgnorableField::Ages,
        Field::Genders => api::IgnorableField::Genders,
        Field::Keywords => api::IgnorableField::Keywords,
        Field::NegativeKeywords => api::IgnorableField::NegativeKeywords,
        Field::Ads => api::IgnorableField::Ads,
        Field::UrlSuffix => api::IgnorableField::UrlSuffix,
        Field::Bidding => api::IgnorableField::Bidding,
        Field::Networks => api::IgnorableField::Networks,
        Field::ConversionAction => api::IgnorableField::ConversionAction,
        Field::Channel
        | Field::PoliticalAds
        | Field::Objective
        | Field::Optimization
        | Field::Placements
        | Field::Identity
        | Field::SpecialAdCategories => return None,
    })
}

fn objective(objective: domain::Objective) -> api::Objective {
    match objective {
        domain::Objective::Awareness => api::Objective::Awareness,
        domain::Objective::Traffic => api::Objective::Traffic,
        domain::Objective::Leads => api::Objective::Leads,
        domain::Objective::Signups => api::Objective::Signups,
        domain::Objective::Sales => api::Objective::Sales,
        domain::Objective::AppInstalls => api::Objective::AppInstalls,
    }
}

fn state(state: domain::State) -> api::DesiredState {
    match state {
        domain::State::Active => api::DesiredState::Active,
        domain::State::Paused => api::DesiredState::Paused,
    }
}

fn call_to_action(action: domain::CallToAction) -> api::CallToAction {
    match action {
        domain::CallToAction::LearnMore => api::CallToAction::LearnMore,
        domain::CallToAction::SignUp => api::CallToAction::SignUp,
        domain::CallToAction::ShopNow => api::CallToAction::ShopNow,
        domain::CallToAction::Subscribe => api::CallToAction::Subscribe,
        domain::CallToAction::Download => api::CallToAction::Download,
        domain::CallToAction::WatchMore => api::CallToAction::WatchMore,
        domain::CallToAction::ContactUs => api::CallToAction::ContactUs,
        domain::CallToAction::ApplyNow => api::CallToAction::ApplyNow,
        domain::CallToAction::BookNow => api::CallToAction::BookNow,
    }
}

#[cfg(test)]
mod tests {
    use crate::Campaign;
    use crate::validate::{self, Resource};

    use super::*;

    #[test]
    fn what_was_read_from_an_example_is_written_as_it_stands_there() {
        for text in
            [include_str!("../../../examples/campaign.yaml"), include_str!("../../../examples/two-currencies.yaml")]
        {
            let loaded = validate::load(text, "an example");
            let campaigns = loaded.resources.into_iter().filter_map(|located| match located.resource {
                Resource::Campaign(campaign) => Some(*campaign),
                Resource::AdAccount(_) => None,
            });
            for campaign in campaigns {
                let parsed = domain::CampaignSpec::try_from(&campaign).unwrap();
                let written = Campaign { spec: api::CampaignSpec::from(&parsed), ..campaign.clone() };
                assert_eq!(domain::CampaignSpec::try_from(&written).unwrap(), parsed);
            }
        }
    }
}
