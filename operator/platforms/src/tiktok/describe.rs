//! What a campaign that somebody else made is in a Campaign's words: `render`, backwards. Where a spec cannot say what
//! is there, the nearest is said and the field is left to others.

use adops_core::campaign::import::{Description, Files};
use adops_core::campaign::observed::ObservedLine;
use adops_core::campaign::settings::{Field, Settings};
use adops_core::campaign::spec::{
    AgeRange, Audience, CallToAction, Declarations, GoogleOptions, MetaOptions, Objective, TikTokOptions,
};
use adops_core::locale::Locale;

use super::names;
use super::render::OBJECTIVE;
use super::words::{self, Goal};
use crate::describe::{Shape, Unsaid, age_bounds, bidding, genders, likely_locale, set, word};

/// Describes a campaign.
pub(super) fn describe(object: &ObservedLine, files: &Files) -> Result<Description, Vec<String>> {
    let settings = &object.settings;
    let (goal, event) = (word(settings, Field::Optimization), word(settings, Field::ConversionAction));
    let objective = match (word(settings, Field::Objective), goal) {
        (OBJECTIVE, "CLICK") => Objective::Traffic,
        (OBJECTIVE, goal) if goal.starts_with("CONVERT ") => of_event(event),
        (objective, goal) => {
            return Err(vec![format!(
                "a Campaign on TikTok is for nothing like its objective {objective} with the goal {goal}"
            )]);
        }
    };
    let mut wrong = Vec::new();
    let letters = word(settings, Field::Name).chars().count();
    if letters > names::LENGTH {
        let most = names::LENGTH;
        wrong.push(format!("its name of {letters} characters has no room for a marker: shorten it to {most}"));
    }
    let mut unsaid = Unsaid::new();
    let locale = locale(settings, &mut unsaid);
    let button = words::call_to_action;
    let shape = Shape { locale: &locale, files, usual: CallToAction::of(objective), button };
    let ads = shape.ads(settings, &mut unsaid);
    let bidding = bidding(settings, &mut unsaid);
    match ads {
        Ok(ads) if wrong.is_empty() => Ok(Description {
            objective,
            audience: Audience { ages: ages(settings), genders: genders(settings) },
            declarations: Declarations {
                eu_political_ads: false,
                special_ad_categories: set(settings, Field::SpecialAdCategories),
            },
            ads: ads.ads,
            google: GoogleOptions::default(),
            meta: MetaOptions::default(),
            tiktok: TikTokOptions { bidding, call_to_action: ads.call_to_action },
            conversion_action: Some(event.to_owned()).filter(|event| !event.is_empty()),
            url_parameters: Some(String::new()),
            unsaid,
            remarks: vec![
                "TikTok takes no political ads: that it is none is yours to state (declarations.euPoliticalAds)"
                    .to_owned(),
                "the covers of its videos stay as they are until its ads change".to_owned(),
            ],
            locale,
        }),
        Ok(_) => Err(wrong),
        Err(why) => Err(wrong.into_iter().chain(why).collect()),
    }
}

/// The objective whose usual event this is; else sales, which any event is good for.
fn of_event(event: &str) -> Objective {
    let is_usual = |objective: &Objective| words::goal(*objective) == Some(Goal::Conversions(usual(event)));
    [Objective::Leads, Objective::Signups].into_iter().find(is_usual).unwrap_or(Objective::Sales)
}

fn usual(event: &str) -> &'static str {
    ["FORM", "ON_WEB_REGISTER"].into_iter().find(|usual| *usual == event).unwrap_or("SHOPPING")
}

/// The locale of a campaign in one language; of one in several or in all, that of its places.
fn locale(settings: &Settings, unsaid: &mut Unsaid) -> Locale {
    let languages: Vec<String> = set(settings, Field::Languages).into_iter().collect();
    if let [only] = languages.as_slice() {
        let tag = if only == "no" { "nb" } else { only };
        if let Ok(locale) = tag.parse::<Locale>()
            && words::language(&locale) == only
        {
            return locale;
        }
    }
    let shown = if languages.is_empty() { "all languages".to_owned() } else { languages.join(", ") };
    unsaid.insert(Field::Languages, format!("a line is in one language, this is in {shown}"));
    likely_locale(settings)
}

/// The range that covers just these groups; none if there is none, or if it is everybody.
fn ages(settings: &Settings) -> Option<AgeRange> {
    let targeted = set(settings, Field::Ages);
    let groups: Vec<(u8, Option<u8>)> = targeted.iter().filter_map(|word| age_bounds(word)).collect();
    let from = groups.iter().map(|(from, _)| *from).min()?;
    let to = groups.iter().map(|(_, to)| to.unwrap_or(u8::MAX)).max().filter(|to| *to != u8::MAX);
    let covers = |range| words::ages(range).is_ok_and(|covered| covered == targeted);
    Some(AgeRange { from, to }).filter(|range| !covers(None) && covers(Some(*range)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use adops_core::campaign::settings::Value;

    use super::*;

    #[test]
    fn an_event_says_what_conversions_are_for() {
        for (event, objective) in [
            ("FORM", Objective::Leads),
            ("ON_WEB_REGISTER", Objective::Signups),
            ("SHOPPING", Objective::Sales),
            ("ON_WEB_CART", Objective::Sales),
        ] {
            assert_eq!(of_event(event), objective, "{event}");
        }
    }

    #[test]
    fn age_groups_that_are_a_range_are_said_as_one() {
        for (words, expected) in [
            (vec!["18-24", "25-34"], Some(AgeRange { from: 18, to: Some(34) })),
            (vec!["45-54", "55+"], Some(AgeRange { from: 45, to: None })),
            (vec!["18-24", "25-34", "35-44", "45-54", "55+"], None),
            (vec!["18-24", "55+"], None),
            (vec!["automatic AGE_18_24"], None),
        ] {
            let mut settings = Settings::default();
            let set: BTreeSet<String> = words.iter().map(|word| (*word).to_owned()).collect();
            settings.set(Field::Ages, Value::Set(set));
            assert_eq!(ages(&settings), expected, "{words:?}");
        }
    }
}
