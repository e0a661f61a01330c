//! TikTok's words for what settings say, and back.

use std::collections::BTreeSet;

use adops_core::campaign::spec::{AgeRange, CallToAction, Gender, Objective};
use adops_core::locale::Locale;

/// A demographic group: our word, TikTok's.
type Group = (&'static str, &'static str);

/// Ages as TikTok has them for ads that lead to websites.
pub(super) const AGES: &[Group] = &[
    ("18-24", "AGE_18_24"),
    ("25-34", "AGE_25_34"),
    ("35-44", "AGE_35_44"),
    ("45-54", "AGE_45_54"),
    ("55+", "AGE_55_100"),
];

const STARTS: &[u8] = &[18, 25, 35, 45, 55];
const ENDS: &[u8] = &[24, 34, 44, 54];

/// The words of the groups that a range covers; all without one. An error says which range is the nearest.
pub(super) fn ages(range: Option<AgeRange>) -> Result<BTreeSet<String>, String> {
    let Some(range) = range else { return Ok(AGES.iter().map(|(word, _)| (*word).to_owned()).collect()) };
    let first = STARTS.iter().position(|start| *start == range.from);
    let last = match range.to {
        None => Some(STARTS.len() - 1),
        Some(to) => ENDS.iter().position(|end| *end == to),
    };
    match (first, last) {
        (Some(first), Some(last)) if first <= last => {
            Ok(AGES[first..=last].iter().map(|(word, _)| (*word).to_owned()).collect())
        }
        _ => Err(nearest(range)),
    }
}

fn nearest(range: AgeRange) -> String {
    let closest = |choices: &[u8], wanted: u8| {
        choices.iter().copied().min_by_key(|choice| choice.abs_diff(wanted)).unwrap_or(wanted)
    };
    let from = closest(STARTS, range.from);
    match range.to {
        Some(to) if to < 60 && from < 55 => format!("{from}-{}", closest(ENDS, to.max(from.saturating_add(6)))),
        _ => format!("{from}+"),
    }
}

/// The words of the given genders; of both if none is given.
pub(super) fn genders(wanted: &BTreeSet<Gender>) -> BTreeSet<String> {
    let all = [(Gender::Female, "female"), (Gender::Male, "male")];
    let targeted = all.iter().filter(|(gender, _)| wanted.is_empty() || wanted.contains(gender));
    targeted.map(|(_, word)| (*word).to_owned()).collect()
}

/// TikTok's word for a set of genders; none if it has none.
pub(super) fn gender_to_wire(words: &BTreeSet<String>) -> Option<&'static str> {
    match (words.contains("female"), words.contains("male"), words.len()) {
        (true, true, 2) => Some("GENDER_UNLIMITED"),
        (true, false, 1) => Some("GENDER_FEMALE"),
        (false, true, 1) => Some("GENDER_MALE"),
        _ => None,
    }
}

/// The words of TikTok's gender; unset is everybody.
pub(super) fn gender_from_wire(gender: &str) -> BTreeSet<String> {
    let words: &[&str] = match gender {
        "GENDER_FEMALE" => &["female"],
        "GENDER_MALE" => &["male"],
        "" | "GENDER_UNLIMITED" => &["female", "male"],
        other => &[other],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// TikTok's code of the language of a locale.
pub(super) fn language(locale: &Locale) -> &str {
    match locale.language() {
        "nb" | "nn" | "no" => "no",
        "iw" => "he",
        other => other,
    }
}

/// What an ad's button says.
pub(super) fn call_to_action(call: CallToAction) -> &'static str {
    match call {
        CallToAction::LearnMore => "LEARN_MORE",
        CallToAction::SignUp => "SIGN_UP",
        CallToAction::ShopNow => "SHOP_NOW",
        CallToAction::Subscribe => "SUBSCRIBE",
        CallToAction::Download => "DOWNLOAD_NOW",
        CallToAction::WatchMore => "WATCH_NOW",
        CallToAction::ContactUs => "CONTACT_US",
        CallToAction::ApplyNow => "APPLY_NOW",
        CallToAction::BookNow => "BOOK_NOW",
    }
}

/// What TikTok optimises delivery for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// Clicks.
    Clicks,
    /// A pixel's event; the one that is meant if nobody names another.
    Conversions(&'static str),
}

/// The goal of an objective; none for what Smart+ campaigns that lead to websites cannot do.
pub(super) fn goal(objective: Objective) -> Option<Goal> {
    match objective {
        Objective::Traffic => Some(Goal::Clicks),
        Objective::Leads => Some(Goal::Conversions("FORM")),
        Objective::Signups => Some(Goal::Conversions("ON_WEB_REGISTER")),
        Objective::Sales => Some(Goal::Conversions("SHOPPING")),
        Objective::Awareness | Objective::AppInstalls => None,
    }
}

/// TikTok's word for a kind of ads with special rules, by Meta's; none for what it does not have.
pub(super) fn special_industry(category: &str) -> Option<&'static str> {
    match category {
        "HOUSING" => Some("HOUSING"),
        "EMPLOYMENT" => Some("EMPLOYMENT"),
        "CREDIT" | "FINANCIAL_PRODUCTS_SERVICES" => Some("CREDIT"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_tiktoks_groups_or_the_nearest_is_named() {
        let range = |from, to| Some(AgeRange { from, to });
        assert_eq!(ages(range(18, Some(34))).unwrap().into_iter().collect::<Vec<_>>(), ["18-24", "25-34"]);
        assert_eq!(ages(range(55, None)).unwrap().into_iter().collect::<Vec<_>>(), ["55+"]);
        assert_eq!(ages(None).unwrap().len(), 5);
        for (from, to, near) in [
            (18, Some(55), "18-54"),
            (13, Some(54), "18-54"),
            (20, None, "18+"),
            (18, Some(99), "18+"),
            (18, Some(64), "18+"),
            (35, Some(36), "35-44"),
            (64, Some(66), "55+"),
        ] {
            assert_eq!(ages(range(from, to)).unwrap_err(), near, "{from}-{to:?}");
        }
    }

    #[test]
    fn genders_come_back_as_they_were_written() {
        for wanted in [BTreeSet::new(), BTreeSet::from([Gender::Female]), BTreeSet::from([Gender::Male])] {
            let words = genders(&wanted);
            assert_eq!(gender_from_wire(gender_to_wire(&words).unwrap()), words);
        }
        assert_eq!(gender_to_wire(&BTreeSet::from(["other".to_owned()])), None);
    }
}
