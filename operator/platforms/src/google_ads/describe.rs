//! What a campaign that somebody else made is in a Campaign's words: `render`, backwards. Where a spec cannot say what
//! is there, the nearest is said and the field is left to others.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::import::Description;
use adops_core::campaign::observed::ObservedLine;
use adops_core::campaign::settings::{AdSettings, Field, Settings, Value};
use adops_core::campaign::spec::{
    Ad, AgeRange, Audience, Bidding, Copy, Decimal, Declarations, GoogleChannel, GoogleOptions, MetaOptions, Objective,
    TikTokOptions,
};
use adops_core::locale::{self, Locale};
use adops_core::market::Place;
use adops_core::platform::Account;

use super::bidding::Bid;
use super::render::NAME_LENGTH;
use super::text::{self, Keyword, UNKNOWN};
use crate::describe::{Unsaid, age_bounds, genders, set, word};

/// The locale of what is shown in no one language, where its places do not say more.
const ANY_LANGUAGE: &str = "en";
/// What a text ends in that is pinned to a place: see `tree`.
const PINNED: &str = " (pinned to ";

/// Describes a campaign.
pub(super) fn describe(object: &ObservedLine, account: &Account) -> Result<Description, Vec<String>> {
    let settings = &object.settings;
    let mut wrong = Vec::new();
    let channel = word(settings, Field::Channel);
    if channel != "Search" {
        return Err(vec![format!("its channel is {channel}: a Campaign holds Search campaigns only")]);
    }
    let letters = word(settings, Field::Name).chars().count();
    if letters > NAME_LENGTH {
        wrong.push(format!("its name of {letters} characters has no room for a marker: shorten it to {NAME_LENGTH}"));
    }
    let political = match word(settings, Field::PoliticalAds) {
        "Yes" => true,
        "No" => false,
        _ => {
            wrong.push(
                "nobody has stated whether it contains EU political ads, and adops does not state it for you"
                    .to_owned(),
            );
            false
        }
    };
    let mut unsaid = Unsaid::new();
    let locale = locale(settings, &mut unsaid);
    let ads = ads(settings, &locale, &mut unsaid);
    if ads.is_empty() {
        wrong.push("it shows no responsive search ad: it has none, or they or its ad group are paused".to_owned());
    }
    let bidding = bidding(settings, account, &mut unsaid);
    let objective = match bidding {
        Bidding::MaximizeConversions { .. } => Objective::Sales,
        Bidding::MaximizeClicks { .. } | Bidding::ManualCpc { .. } => Objective::Traffic,
    };
    let mut by_locale = |field| {
        let keywords = keywords(settings, field, &mut unsaid);
        BTreeMap::from_iter((!keywords.is_empty()).then(|| (locale.clone(), keywords)))
    };
    let google = GoogleOptions {
        channel: GoogleChannel::Search,
        keywords: by_locale(Field::Keywords),
        negative_keywords: by_locale(Field::NegativeKeywords),
        bidding,
        search_partners: word(settings, Field::Networks) == "Search+Partners",
    };
    if google.keywords.is_empty() {
        wrong.push("it has no enabled keyword in its oldest ad group".to_owned());
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(Description {
        objective,
        audience: audience(settings),
        declarations: Declarations { eu_political_ads: political, special_ad_categories: BTreeSet::new() },
        ads,
        google,
        meta: MetaOptions::default(),
        tiktok: TikTokOptions::default(),
        conversion_action: Some(word(settings, Field::ConversionAction).to_owned()).filter(|action| !action.is_empty()),
        url_parameters: Some(word(settings, Field::UrlSuffix).to_owned()),
        unsaid,
        remarks: vec!["Google does not tell the objective: change it before you apply this, not afterwards".to_owned()],
        locale,
    })
}

/// The keywords that can be written in Google's notation; it has no way to write a quotation mark, for example.
fn keywords(settings: &Settings, field: Field, unsaid: &mut Unsaid) -> Vec<String> {
    let can_be_written = |written: &String| Keyword::parse(written).is_ok_and(|read| read.to_string() == *written);
    let (keywords, odd): (Vec<_>, Vec<_>) = set(settings, field).into_iter().partition(can_be_written);
    if !odd.is_empty() {
        unsaid.insert(field, format!("Google's notation cannot write {}", odd.join(", ")));
    }
    keywords
}

/// The locale of a campaign in one language; of one in several or in all, that of its places.
fn locale(settings: &Settings, unsaid: &mut Unsaid) -> Locale {
    let languages: Vec<String> = set(settings, Field::Languages).into_iter().collect();
    if let [only] = languages.as_slice()
        && let Some(locale) = locale_of(only)
    {
        return locale;
    }
    let shown = if languages.is_empty() { "all languages".to_owned() } else { languages.join(", ") };
    unsaid.insert(Field::Languages, format!("a line is in one language, this is in {shown}"));
    let places = match settings.get(Field::Places) {
        Some(Value::Places(places)) => places.clone(),
        _ => BTreeSet::new(),
    };
    let likely: BTreeSet<Locale> = places.iter().filter_map(Place::country).filter_map(locale::likely).collect();
    let language = likely.iter().map(Locale::language).next().filter(|language| {
        likely.len() == 1 && (languages.is_empty() || languages.iter().any(|code| code == language))
    });
    let first = languages.iter().find_map(|code| locale_of(code));
    let any = || ANY_LANGUAGE.parse().ok();
    #[allow(clippy::expect_used)] // A constant.
    language.and_then(|language| language.parse().ok()).or(first).or_else(any).expect("a valid locale")
}

/// The locale of one of Google's codes.
fn locale_of(code: &str) -> Option<Locale> {
    let tag = match code {
        "no" => "nb",
        "iw" => "he",
        "tl" => "fil",
        "zh_TW" => "zh-Hant",
        "zh_CN" => "zh-Hans",
        other => other,
    };
    tag.parse().ok()
}

fn audience(settings: &Settings) -> Audience {
    Audience { ages: age_range(&set(settings, Field::Ages)), genders: genders(settings) }
}

/// The range that covers just these groups; none if there is none, or if it is everybody.
fn age_range(targeted: &BTreeSet<String>) -> Option<AgeRange> {
    let groups: Vec<(u8, Option<u8>)> =
        targeted.iter().filter(|word| *word != UNKNOWN).filter_map(|word| age_bounds(word)).collect();
    let from = groups.iter().map(|(from, _)| *from).min()?;
    let to = groups.iter().map(|(_, to)| to.unwrap_or(u8::MAX)).max().filter(|to| *to != u8::MAX);
    let range = AgeRange { from, to };
    let covers = |range| text::ages(range).is_ok_and(|covered| covered == *targeted);
    (!covers(None) && covers(Some(range))).then_some(range)
}

fn bidding(settings: &Settings, account: &Account, unsaid: &mut Unsaid) -> Bidding {
    let text = word(settings, Field::Bidding);
    let limit = || text.split_once('=').map(|(_, amount)| Decimal(amount.to_owned()));
    let whole = |micros: Option<i64>| micros.is_none_or(|micros| micros % account.budget_unit.max(1) == 0);
    match Bid::parse(text, account.currency) {
        Some(Bid::MaximizeClicks { ceiling }) if whole(ceiling) => Bidding::MaximizeClicks { max_cpc: limit() },
        Some(Bid::MaximizeConversions { target }) if whole(target) => {
            Bidding::MaximizeConversions { target_cpa: limit() }
        }
        Some(Bid::ManualCpc { bid }) if whole(Some(bid)) && bid > 0 => {
            Bidding::ManualCpc { max_cpc: limit().unwrap_or_else(|| Decimal(String::new())) }
        }
        Some(_) => {
            unsaid.insert(Field::Bidding, format!("`{text}` is not in whole steps of the account's currency"));
            Bidding::default()
        }
        None => {
            unsaid.insert(Field::Bidding, format!("a Campaign has no such strategy: {text}"));
            Bidding::default()
        }
    }
}

/// The ads of the line's own ad group; what another ad group shows, or shows twice, is left to others with all ads.
fn ads(settings: &Settings, locale: &Locale, unsaid: &mut Unsaid) -> Vec<Ad> {
    let Some(Value::Ads(all)) = settings.get(Field::Ads) else { return Vec::new() };
    // Those of other ad groups and second ones have a word before their URL: see `observe`.
    let (own, odd): (Vec<&AdSettings>, Vec<&AdSettings>) = all.iter().partition(|ad| ad.url.starts_with("http"));
    let mut why: Vec<String> = Vec::new();
    if !odd.is_empty() {
        let others: BTreeSet<&str> =
            odd.iter().filter_map(|ad| ad.url.split_once(": ").map(|(what, _)| what)).collect();
        why.push(format!("a line has one ad group and no ad twice, here is also {}", join(others)));
    }
    let (texts, other): (Vec<&AdSettings>, Vec<&AdSettings>) = own.into_iter().partition(|ad| !ad.headlines.is_empty());
    if !other.is_empty() {
        why.push(format!("{} of its ads are of another type than responsive search ads", other.len()));
    }
    let is_pinned = |ad: &&AdSettings| ad.headlines.iter().chain(&ad.descriptions).any(|text| text.contains(PINNED));
    if texts.iter().any(is_pinned) {
        why.push("a Campaign pins no text to a place".to_owned());
    }
    if !why.is_empty() {
        unsaid.insert(Field::Ads, why.join("; "));
    }
    let named = |(index, ad): (usize, &AdSettings)| Ad {
        name: format!("ad-{}", index + 1),
        url: ad.url.clone(),
        copy: BTreeMap::from([(locale.clone(), copy(ad))]),
        media: Vec::new(),
    };
    texts.into_iter().enumerate().map(named).collect()
}

fn copy(ad: &AdSettings) -> Copy {
    let plain = |texts: &[String]| {
        texts.iter().map(|text| text.split(PINNED).next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    Copy { headlines: plain(&ad.headlines), descriptions: plain(&ad.descriptions), paths: ad.paths.clone() }
}

fn join(words: BTreeSet<&str>) -> String {
    words.into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_groups_that_are_a_range_are_said_as_one() {
        let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
        let range = |from, to| Some(AgeRange { from, to });
        for (targeted, expected) in [
            (set(&["18-24", "25-34", UNKNOWN]), range(18, Some(34))),
            (set(&["55-64", "65+", UNKNOWN]), range(55, None)),
            (text::words(text::AGES), None),
            // Gaps and unknown ages that are left out are no range.
            (set(&["18-24", "65+", UNKNOWN]), None),
            (set(&["18-24", "25-34"]), None),
            (set(&[]), None),
        ] {
            assert_eq!(age_range(&targeted), expected, "{targeted:?}");
        }
    }

    #[test]
    fn googles_codes_of_languages_have_locales_that_lead_back_to_them() {
        for (code, locale) in [("de", "de"), ("no", "nb"), ("iw", "he"), ("tl", "fil"), ("zh_TW", "zh-Hant")] {
            assert_eq!(locale_of(code).unwrap().as_str(), locale);
        }
        assert_eq!(locale_of("languageConstants/1"), None);
    }
}
