//! Pinterest's words for what settings say, and back.

use std::collections::BTreeSet;

use adops_core::campaign::spec::{AgeRange, Gender, Objective};
use serde_json::{Map, Value, json};

use super::wire::texts;

/// How every ad group bids: without a bid of ours.
pub(super) const BIDDING: &str = "AUTOMATIC_BID";
/// Where ads are shown.
pub(super) const PLACEMENT: &str = "ALL";
/// Everybody, whatever the age.
const ALL_AGES: &str = "all";
/// The oldest whose age Pinterest knows by itself.
const OLDEST: u8 = 65;
const YOUNGEST: u8 = 18;
const GENDERS: &[&str] = &["female", "male", "unknown"];
/// Parts of a targeting specification that narrow an audience besides places, languages, ages and genders.
const NARROWING: &[&str] =
    &["AGE_BUCKET", "APPTYPE", "AUDIENCE_EXCLUDE", "AUDIENCE_INCLUDE", "INTEREST", "SHOPPING_RETARGETING"];

/// Pinterest's objective and what is paid for; none for what needs a conversion tag, or is not there.
pub(super) fn objective(objective: Objective) -> Option<&'static str> {
    match objective {
        Objective::Awareness => Some("AWARENESS"),
        Objective::Traffic => Some("CONSIDERATION"),
        Objective::Leads | Objective::Signups | Objective::Sales | Objective::AppInstalls => None,
    }
}

/// What is paid for with an objective.
pub(super) fn billable_event(objective: &str) -> &'static str {
    if objective == "AWARENESS" { "IMPRESSION" } else { "CLICKTHROUGH" }
}

/// The word of a range of ages; an error says what Pinterest can do.
pub(super) fn ages(range: Option<AgeRange>) -> Result<BTreeSet<String>, String> {
    let Some(AgeRange { from, to }) = range else { return Ok(BTreeSet::from([ALL_AGES.to_owned()])) };
    let bounds = YOUNGEST..=OLDEST;
    let word = match to {
        _ if !bounds.contains(&from) => None,
        None => Some(format!("{from}+")),
        Some(to) => (bounds.contains(&to) && from <= to).then(|| format!("{from}-{to}")),
    };
    word.map(|word| BTreeSet::from([word]))
        .ok_or_else(|| format!("Pinterest targets ages from {YOUNGEST} to {OLDEST}, or without an end"))
}

/// The words of the genders that are targeted: all of them, those that are not known too, if none is given.
pub(super) fn genders(wanted: &BTreeSet<Gender>) -> BTreeSet<String> {
    let word = |gender: &Gender| match gender {
        Gender::Female => "female".to_owned(),
        Gender::Male => "male".to_owned(),
    };
    match wanted.len() {
        1 => wanted.iter().map(word).collect(),
        _ => GENDERS.iter().map(|word| (*word).to_owned()).collect(),
    }
}

/// Writes ages into a targeting specification; none if the words are no ages. What narrowed it besides is taken out.
pub(super) fn write_ages(targeting: &mut Map<String, Value>, words: &BTreeSet<String>) -> Option<()> {
    let [word] = words.iter().collect::<Vec<_>>()[..] else { return None };
    for name in NARROWING.iter().chain(&["MINIMUM_AGE", "MAXIMUM_AGE"]) {
        targeting.remove(*name);
    }
    if word == ALL_AGES {
        return Some(());
    }
    let (from, to) = match word.strip_suffix('+') {
        Some(from) => (from, format!("{OLDEST}+")),
        None => word.split_once('-').map(|(from, to)| (from, to.to_owned()))?,
    };
    targeting.insert("MINIMUM_AGE".to_owned(), from.into());
    targeting.insert("MAXIMUM_AGE".to_owned(), to.into());
    Some(())
}

/// The words of the ages that are targeted; whatever else narrows the audience is a word, too, so that it is noticed.
pub(super) fn read_ages(targeting: &Map<String, Value>) -> BTreeSet<String> {
    let bound = |name: &str| targeting.get(name).and_then(Value::as_str);
    let range = match (bound("MINIMUM_AGE"), bound("MAXIMUM_AGE")) {
        (None, None) => ALL_AGES.to_owned(),
        (from, Some("65+")) => format!("{}+", from.unwrap_or_default()),
        (from, to) => format!("{}-{}", from.unwrap_or_default(), to.unwrap_or_default()),
    };
    let is_set = |name: &&&str| targeting.get(**name).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    NARROWING.iter().filter(is_set).map(|name| format!("only {name}")).chain([range]).collect()
}

/// Writes genders into a targeting specification: nothing for all.
pub(super) fn write_genders(targeting: &mut Map<String, Value>, words: &BTreeSet<String>) {
    targeting.remove("GENDER");
    if words.len() < GENDERS.len() {
        targeting.insert("GENDER".to_owned(), json!(words));
    }
}

/// The words of the genders that are targeted.
pub(super) fn read_genders(targeting: &Map<String, Value>) -> BTreeSet<String> {
    let words: BTreeSet<String> = texts(targeting, "GENDER").map(str::to_owned).collect();
    if words.is_empty() { GENDERS.iter().map(|word| (*word).to_owned()).collect() } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_genders_come_back_as_they_were_written() {
        let range = |from, to| Some(AgeRange { from, to });
        for given in [None, range(18, None), range(18, Some(54)), range(25, Some(65))] {
            let words = ages(given).unwrap();
            let mut targeting = Map::from_iter([("INTEREST".to_owned(), json!(["1"]))]);
            assert!(read_ages(&targeting).contains("only INTEREST"));
            write_ages(&mut targeting, &words).unwrap();
            assert_eq!(read_ages(&targeting), words, "{given:?}");
        }
        for given in [range(13, None), range(18, Some(66)), range(40, Some(30))] {
            assert!(ages(given).is_err(), "{given:?}");
        }
        for given in [BTreeSet::new(), BTreeSet::from([Gender::Female]), BTreeSet::from([Gender::Male])] {
            let (words, mut targeting) = (genders(&given), Map::new());
            write_genders(&mut targeting, &words);
            assert_eq!((read_genders(&targeting), targeting.is_empty()), (words, given.is_empty()));
        }
    }
}
