//! What a campaign that somebody else made is in a Campaign's words: `render`, backwards. Where a spec cannot say what
//! is there, the nearest is said and the field is left to others.

use std::collections::BTreeSet;

use adops_core::campaign::import::{Description, Files};
use adops_core::campaign::observed::ObservedLine;
use adops_core::campaign::settings::{Field, Settings};
use adops_core::campaign::spec::{
    AgeRange, Audience, CallToAction, Declarations, GoogleOptions, MetaOptions, MetaPlacement, TikTokOptions,
};

use super::objective::{button, conversion_of, objective_of};
use super::render::NAME_LENGTH;
use super::targeting;
use crate::describe::{Shape, Unsaid, age_bounds, bidding, genders, likely_locale, set, word};

/// The category of ads that are political somewhere: what is to be stated of them is their owner's to state.
const POLITICAL: &str = "ISSUES_ELECTIONS_POLITICS";

/// Describes a campaign.
pub(super) fn describe(object: &ObservedLine, files: &Files) -> Result<Description, Vec<String>> {
    let settings = &object.settings;
    let (goal, conversion) = (word(settings, Field::Optimization), word(settings, Field::ConversionAction));
    let objective = word(settings, Field::Objective);
    let Some(objective) = objective_of(objective, goal, conversion) else {
        return Err(vec![format!(
            "a Campaign on Meta is for nothing like its objective {objective} with the goal {goal}"
        )]);
    };
    let categories = set(settings, Field::SpecialAdCategories);
    let mut wrong = Vec::new();
    if categories.contains(POLITICAL) {
        wrong.push("it is about issues, elections or politics, and adops states nothing on that for you".to_owned());
    }
    let letters = word(settings, Field::Name).chars().count();
    if letters > NAME_LENGTH {
        wrong.push(format!("its name of {letters} characters has no room for a marker: shorten it to {NAME_LENGTH}"));
    }
    let mut unsaid = Unsaid::new();
    let locale = likely_locale(settings);
    let shape = Shape { locale: &locale, files, usual: CallToAction::of(objective), button };
    let ads = shape.ads(settings, &mut unsaid);
    let bidding = bidding(settings, &mut unsaid);
    match ads {
        Ok(ads) if wrong.is_empty() => Ok(Description {
            objective,
            audience: Audience { ages: ages(settings), genders: genders(settings) },
            declarations: Declarations { eu_political_ads: false, special_ad_categories: categories },
            ads: ads.ads,
            google: GoogleOptions::default(),
            meta: MetaOptions {
                placements: placements(settings),
                bidding,
                call_to_action: ads.call_to_action,
                ..MetaOptions::default()
            },
            tiktok: TikTokOptions::default(),
            conversion_action: conversion_of(conversion),
            url_parameters: Some(String::new()),
            unsaid,
            remarks: vec![
                "Meta shows no political ads in the EU: that it is none is yours to state (declarations.euPoliticalAds)"
                    .to_owned(),
            ],
            locale,
        }),
        Ok(_) => Err(wrong),
        Err(why) => Err(wrong.into_iter().chain(why).collect()),
    }
}

/// None for what a spec means if it says nothing.
fn ages(settings: &Settings) -> Option<AgeRange> {
    let (from, to) = age_bounds(word(settings, Field::Ages))?;
    let range = AgeRange { from, to };
    Some(range).filter(|range| targeting::ages(Some(*range)) != targeting::ages(None))
}

fn placements(settings: &Settings) -> BTreeSet<MetaPlacement> {
    let words = set(settings, Field::Placements);
    let all =
        [MetaPlacement::Facebook, MetaPlacement::Instagram, MetaPlacement::Messenger, MetaPlacement::AudienceNetwork];
    all.into_iter().filter(|placement| targeting::placements(&BTreeSet::from([*placement])).is_subset(&words)).collect()
}
