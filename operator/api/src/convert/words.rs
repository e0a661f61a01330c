//! Words of the API in the domain's words.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::settings::Field;
use adops_core::campaign::spec as domain;

use crate::campaign as api;

pub(super) fn split(split: Option<&api::Split>) -> domain::Split {
    let Some(split) = split else { return domain::Split::default() };
    let weights = |weights: &BTreeMap<String, i32>| {
        weights.iter().map(|(name, weight)| (name.clone(), u32::try_from(*weight).unwrap_or(1))).collect()
    };
    domain::Split { accounts: weights(&split.accounts), markets: weights(&split.markets) }
}

/// Which object an adoption is of; none for what the CRD refuses.
pub(super) fn adoptee(adopt: &api::AdoptLine) -> Option<domain::Adoptee> {
    match (&adopt.external_id, &adopt.name) {
        (Some(id), None) => Some(domain::Adoptee::Id(id.clone())),
        (None, Some(name)) => Some(domain::Adoptee::Name(name.clone())),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

pub(super) fn policies(spec: &api::CampaignSpec) -> domain::Policies {
    domain::Policies {
        drift: match spec.drift_policy {
            api::DriftPolicy::Correct => domain::DriftPolicy::Correct,
            api::DriftPolicy::Report => domain::DriftPolicy::Report,
        },
        stops_by_hand: match spec.stops_by_hand {
            api::StopsByHand::Keep => domain::StopsByHand::Keep,
            api::StopsByHand::Override => domain::StopsByHand::Override,
        },
        deletion: match spec.deletion_policy {
            api::DeletionPolicy::Pause => domain::DeletionPolicy::Pause,
            api::DeletionPolicy::Remove => domain::DeletionPolicy::Remove,
            api::DeletionPolicy::Retain => domain::DeletionPolicy::Retain,
        },
        on_replace: match spec.on_replace {
            api::OnReplace::Refuse => domain::OnReplace::Refuse,
            api::OnReplace::Allow => domain::OnReplace::Allow,
        },
        ignore_fields: spec.ignore_fields.iter().map(|field| ignored(*field)).collect::<BTreeSet<_>>(),
    }
}

fn ignored(field: api::IgnorableField) -> Field {
    match field {
        api::IgnorableField::Name => Field::Name,
        api::IgnorableField::Budget => Field::Budget,
        api::IgnorableField::Delivery => Field::Delivery,
        api::IgnorableField::Start => Field::Start,
        api::IgnorableField::End => Field::End,
        api::IgnorableField::Places => Field::Places,
        api::IgnorableField::Languages => Field::Languages,
        api::IgnorableField::Ages => Field::Ages,
        api::IgnorableField::Genders => Field::Genders,
        api::IgnorableField::Keywords => Field::Keywords,
        api::IgnorableField::NegativeKeywords => Field::NegativeKeywords,
        api::IgnorableField::Ads => Field::Ads,
        api::IgnorableField::UrlSuffix => Field::UrlSuffix,
        api::IgnorableField::Bidding => Field::Bidding,
        api::IgnorableField::Networks => Field::Networks,
        api::IgnorableField::ConversionAction => Field::ConversionAction,
    }
}

pub(super) fn objective(objective: api::Objective) -> domain::Objective {
    match objective {
        api::Objective::Awareness => domain::Objective::Awareness,
        api::Objective::Traffic => domain::Objective::Traffic,
        api::Objective::Leads => domain::Objective::Leads,
        api::Objective::Signups => domain::Objective::Signups,
        api::Objective::Sales => domain::Objective::Sales,
        api::Objective::AppInstalls => domain::Objective::AppInstalls,
    }
}

pub(super) fn state(state: api::DesiredState) -> domain::State {
    match state {
        api::DesiredState::Active => domain::State::Active,
        api::DesiredState::Paused => domain::State::Paused,
    }
}

pub(super) fn call_to_action(action: api::CallToAction) -> domain::CallToAction {
    match action {
        api::CallToAction::LearnMore => domain::CallToAction::LearnMore,
        api::CallToAction::SignUp => domain::CallToAction::SignUp,
        api::CallToAction::ShopNow => domain::CallToAction::ShopNow,
        api::CallToAction::Subscribe => domain::CallToAction::Subscribe,
        api::CallToAction::Download => domain::CallToAction::Download,
        api::CallToAction::WatchMore => domain::CallToAction::WatchMore,
        api::CallToAction::ContactUs => domain::CallToAction::ContactUs,
        api::CallToAction::ApplyNow => domain::CallToAction::ApplyNow,
        api::CallToAction::BookNow => domain::CallToAction::BookNow,
    }
}

/// The word of Meta's API, which has names for all of them.
pub(crate) fn special_ad_category(category: api::SpecialAdCategory) -> &'static str {
    match category {
        api::SpecialAdCategory::Housing => "HOUSING",
        api::SpecialAdCategory::Employment => "EMPLOYMENT",
        api::SpecialAdCategory::FinancialProducts => "FINANCIAL_PRODUCTS_SERVICES",
        api::SpecialAdCategory::Politics => "ISSUES_ELECTIONS_POLITICS",
        api::SpecialAdCategory::Gambling => "ONLINE_GAMBLING_AND_GAMING",
    }
}
