//! What objects of several platforms have in common when they are said in a spec's words.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::import::Files;
use adops_core::campaign::settings::{AdSettings, Field, Settings, Value};
use adops_core::campaign::spec::{Ad, AuctionBidding, CallToAction, Copy, Decimal, Gender};
use adops_core::locale::{self, Locale};
use adops_core::market::Place;

/// The locale of words whose language nobody has said, where the places do not say more.
const ANY_LANGUAGE: &str = "en";

/// Fields that a spec cannot say, and why.
pub(crate) type Unsaid = BTreeMap<Field, String>;

/// The word or text of a field; empty if it has none.
pub(crate) fn word(settings: &Settings, field: Field) -> &str {
    match settings.get(field) {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

/// The words of a field.
pub(crate) fn set(settings: &Settings, field: Field) -> BTreeSet<String> {
    match settings.get(field) {
        Some(Value::Set(words)) => words.clone(),
        _ => BTreeSet::new(),
    }
}

/// The genders that are chosen; none where all are.
pub(crate) fn genders(settings: &Settings) -> BTreeSet<Gender> {
    let targeted = set(settings, Field::Genders);
    let genders = [("female", Gender::Female), ("male", Gender::Male)];
    let chosen: BTreeSet<Gender> =
        genders.into_iter().filter(|(word, _)| targeted.contains(*word)).map(|(_, gender)| gender).collect();
    if chosen.len() == 2 { BTreeSet::new() } else { chosen }
}

/// The ages of a group: `18-24`, or `65+`, which has no end.
pub(crate) fn age_bounds(group: &str) -> Option<(u8, Option<u8>)> {
    if let Some(from) = group.strip_suffix('+') {
        return Some((from.parse().ok()?, None));
    }
    let (from, to) = group.split_once('-')?;
    Some((from.parse().ok()?, Some(to.parse().ok()?)))
}

/// The language that is likely where an object is shown.
pub(crate) fn likely_locale(settings: &Settings) -> Locale {
    let places = match settings.get(Field::Places) {
        Some(Value::Places(places)) => places.clone(),
        _ => BTreeSet::new(),
    };
    let likely: BTreeSet<Locale> = places.iter().filter_map(Place::country).filter_map(locale::likely).collect();
    let only = likely.first().filter(|_| likely.len() == 1).and_then(|locale| locale.language().parse().ok());
    #[allow(clippy::expect_used)] // A constant.
    only.or_else(|| ANY_LANGUAGE.parse().ok()).expect("a valid locale")
}

/// How an auction is bid in, as `LowestCost`, `CostCap 1.20` or `BidCap 0.50` say it.
pub(crate) fn bidding(settings: &Settings, unsaid: &mut Unsaid) -> AuctionBidding {
    let text = word(settings, Field::Bidding);
    match text.split_once(' ') {
        None if text == "LowestCost" => return AuctionBidding::LowestCost,
        Some(("CostCap", amount)) if !amount.is_empty() => return AuctionBidding::CostCap(Decimal(amount.to_owned())),
        Some(("BidCap", amount)) if !amount.is_empty() => return AuctionBidding::BidCap(Decimal(amount.to_owned())),
        _ => {}
    }
    unsaid.insert(Field::Bidding, format!("a Campaign has no such strategy: {text}"));
    AuctionBidding::LowestCost
}

/// The ads of a line in a spec's words, and the button of them all.
pub(crate) struct Ads {
    pub(crate) ads: Vec<Ad>,
    /// None for what fits the objective.
    pub(crate) call_to_action: Option<CallToAction>,
}

/// How a platform's ads are said.
pub(crate) struct Shape<'a> {
    /// The locale of their words.
    pub(crate) locale: &'a Locale,
    /// The files that they show.
    pub(crate) files: &'a Files,
    /// The button that a spec has if it names none.
    pub(crate) usual: CallToAction,
    /// The platform's word for a button.
    pub(crate) button: fn(CallToAction) -> &'static str,
}

impl Shape<'_> {
    /// Says the ads of the line itself; what else is shown beside them, or is not exact, is left to others with all ads.
    ///
    /// # Errors
    ///
    /// Why there is no ad that can be said.
    pub(crate) fn ads(&self, settings: &Settings, unsaid: &mut Unsaid) -> Result<Ads, Vec<String>> {
        let Some(Value::Ads(all)) = settings.get(Field::Ads) else { return Err(vec![NONE.to_owned()]) };
        // What is not the line's own has a word before its URL: see `observe`.
        let (own, odd): (Vec<&AdSettings>, Vec<&AdSettings>) =
            all.iter().partition(|ad| ad.url.starts_with("http") && !ad.url.contains(' '));
        if own.is_empty() {
            return Err(vec![if odd.is_empty() { NONE.to_owned() } else { format!("it shows {}", told(&odd)) }]);
        }
        let mut why: BTreeSet<String> = BTreeSet::new();
        if !odd.is_empty() {
            why.insert(format!("it also shows {}", told(&odd)));
        }
        let call_to_action = self.call_to_action(&own, &mut why);
        let (mut grouped, mut wrong) = (BTreeMap::<_, Vec<String>>::new(), BTreeSet::new());
        for ad in own {
            let media = grouped.entry((&ad.url, &ad.headlines, &ad.descriptions)).or_default();
            if ad.media.is_empty() {
                wrong.insert("an ad of it shows no file of the account's library".to_owned());
            }
            for hash in &ad.media {
                match self.files.get(hash) {
                    Some(Ok(file)) => {
                        if !file.is_the_same {
                            why.insert("the platform does not tell what is in a file of its library".to_owned());
                        }
                        media.push(file.url.clone());
                    }
                    Some(Err(problem)) => _ = wrong.insert(problem.clone()),
                    None => _ = wrong.insert("it shows what is no file of the account's library".to_owned()),
                }
            }
        }
        if !wrong.is_empty() {
            return Err(wrong.into_iter().collect());
        }
        if !why.is_empty() {
            unsaid.insert(Field::Ads, why.into_iter().collect::<Vec<_>>().join("; "));
        }
        let named =
            |(index, ((url, headlines, descriptions), media)): (usize, ((&String, &Vec<_>, &Vec<_>), Vec<_>))| {
                let copy = Copy { headlines: headlines.clone(), descriptions: descriptions.clone(), paths: Vec::new() };
                Ad {
                    name: format!("ad-{}", index + 1),
                    url: url.clone(),
                    copy: BTreeMap::from([(self.locale.clone(), copy)]),
                    media,
                }
            };
        Ok(Ads { ads: grouped.into_iter().enumerate().map(named).collect(), call_to_action })
    }

    fn call_to_action(&self, ads: &[&AdSettings], why: &mut BTreeSet<String>) -> Option<CallToAction> {
        let words: BTreeSet<&str> = ads.iter().map(|ad| ad.call_to_action.as_str()).collect();
        let known = |word: &&str| CallToAction::ALL.into_iter().find(|call| (self.button)(*call) == *word);
        let told: Vec<&str> = words.iter().map(|word| if word.is_empty() { "none" } else { *word }).collect();
        if let Some(call) = words.first().filter(|_| words.len() == 1).and_then(known) {
            return Some(call).filter(|call| *call != self.usual);
        }
        why.insert(format!("a Campaign's ads have one button that it has a word for, here is {}", told.join(", ")));
        words.iter().find_map(known)
    }
}

const NONE: &str = "it shows no ad: it has none, or they are paused";

/// What ads are that are none of a spec's.
fn told(odd: &[&AdSettings]) -> String {
    let others: BTreeSet<&str> = odd
        .iter()
        .map(|ad| ad.url.split_once(": ").map_or("an ad that leads to several addresses", |(what, _)| what))
        .collect();
    others.into_iter().collect::<Vec<_>>().join(", ")
}
