//! What Google would hold for a line.
//!
//! Every field is always set: what a spec leaves out has a default, so that what a line holds depends
//! on the last spec alone and not on earlier ones. `ignoreFields` takes a field out of our care.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::line::{DesiredAd, DesiredLine, LineProblem};
use adops_core::campaign::settings::{AdSettings, Field, Settings, Value};
use adops_core::campaign::spec::{Bidding, Decimal, GoogleChannel};
use adops_core::locale::Locale;
use adops_core::money::Money;
use adops_core::platform::Account;
use adops_core::reason::Reason;
use jiff::ToSpan;
use jiff::civil::{DateTime, time};

use super::text::{self, Keyword};
use crate::text as names;

/// Characters of a campaign's name without its token; Google takes 255 in all.
pub(super) const NAME_LENGTH: usize = 200;
/// Responsive search ads that an ad group can show.
const ADS: usize = 3;

type Problems = Vec<LineProblem>;

/// A list of texts in an ad: how many Google takes, and how wide each may be.
struct Texts {
    what: &'static str,
    least: usize,
    most: usize,
    width: usize,
}

const HEADLINES: Texts = Texts { what: "headline", least: 3, most: 15, width: 30 };
const DESCRIPTIONS: Texts = Texts { what: "description", least: 2, most: 4, width: 90 };
const PATHS: Texts = Texts { what: "path", least: 0, most: 2, width: 15 };

/// Renders a line.
pub(super) fn render(line: &DesiredLine, account: &Account) -> Result<Settings, Problems> {
    let mut problems = Problems::new();
    let mut settings = Settings::default();
    let (start, end) = whole_days(line.start, line.end);
    let suffix = url_suffix(line, account);
    let google = &line.spec.google;
    let political = if line.spec.declarations.eu_political_ads { "Yes" } else { "No" };
    let GoogleChannel::Search = google.channel;

    settings.set(Field::Channel, word("Search"));
    settings.set(Field::Name, Value::Text(names::name(line, account, NAME_LENGTH)));
    settings.set(Field::Start, Value::Instant(start));
    settings.set(Field::End, Value::Instant(end));
    settings.set(Field::Places, Value::Places(line.market.places.clone()));
    settings.set(Field::Languages, Value::Set(BTreeSet::from([language(&line.locale).to_owned()])));
    settings.set(Field::Genders, Value::Set(text::genders(&line.audience.genders)));
    settings.set(Field::Ages, Value::Set(ages(line, &mut problems)));
    settings.set(Field::Keywords, Value::Set(keywords(line, &mut problems)));
    settings.set(Field::NegativeKeywords, Value::Set(negative_keywords(line, &mut problems)));
    settings.set(Field::Ads, Value::Ads(ads(line, account, &suffix, &mut problems)));
    settings.set(Field::UrlSuffix, Value::Text(suffix));
    settings.set(Field::Bidding, Value::Text(bidding(line, account, &mut problems)));
    settings.set(Field::Networks, word(if google.search_partners { "Search+Partners" } else { "Search" }));
    settings.set(Field::PoliticalAds, word(political));
    settings.set(Field::ConversionAction, Value::Text(conversion_action(line, account)));
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

fn word(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Search campaigns run by whole days of the account. A flight in another zone takes the days of the
/// account that it overlaps the most: both ends are moved alike, so that it keeps its length.
fn whole_days(start: DateTime, end: DateTime) -> (DateTime, DateTime) {
    let to_midnight = |at: DateTime| {
        let noon = at.date().to_datetime(time(12, 0, 0, 0));
        let date = if at < noon { at.date() } else { at.date().saturating_add(1.days()) };
        date.to_datetime(time(0, 0, 0, 0))
    };
    let (first, after) = (to_midnight(start), to_midnight(end.saturating_add(1.second())));
    let last = after.date().saturating_sub(1.days()).max(first.date());
    (first, last.to_datetime(time(23, 59, 59, 0)))
}

/// Google's code of the language of a locale.
fn language(locale: &Locale) -> &str {
    match locale.language() {
        "nb" | "nn" | "no" => "no",
        "he" => "iw",
        "fil" => "tl",
        "zh" if ["Hant", "TW", "HK", "MO"].iter().any(|part| locale.as_str().split('-').any(|p| p == *part)) => "zh_TW",
        "zh" => "zh_CN",
        other => other,
    }
}

fn ages(line: &DesiredLine, problems: &mut Problems) -> BTreeSet<String> {
    text::ages(line.audience.ages).unwrap_or_else(|nearest| {
        let message = format!(
            "audience.ages: Google targets 18-24, 25-34, 35-44, 45-54, 55-64 and 65+, and what these make together; \
             the nearest is {nearest}"
        );
        problems.push(LineProblem::new(Reason::Unsupported, message));
        BTreeSet::new()
    })
}

fn keywords(line: &DesiredLine, problems: &mut Problems) -> BTreeSet<String> {
    let google = &line.spec.google;
    let keywords = parse_keywords(&google.keywords, "google.keywords", line, problems);
    if keywords.is_empty() {
        let message =
            format!("a Search line needs keywords: add `google.keywords: {{{}: [...]}}`", line.locale.language());
        problems.push(LineProblem::new(Reason::InvalidSpec, message));
    }
    keywords
}

fn negative_keywords(line: &DesiredLine, problems: &mut Problems) -> BTreeSet<String> {
    parse_keywords(&line.spec.google.negative_keywords, "google.negativeKeywords", line, problems)
}

fn parse_keywords(
    by_locale: &BTreeMap<Locale, Vec<String>>,
    path: &str,
    line: &DesiredLine,
    problems: &mut Problems,
) -> BTreeSet<String> {
    let Some((locale, list)) = line.locale.and_parents().find_map(|locale| by_locale.get_key_value(&locale)) else {
        return BTreeSet::new();
    };
    let mut keywords = BTreeSet::new();
    for (index, written) in list.iter().enumerate() {
        match Keyword::parse(written) {
            Ok(keyword) => {
                keywords.insert(keyword.to_string());
            }
            Err(wrong) => {
                let message = format!("{path}.{locale}[{index}] `{written}`: {wrong}");
                problems.push(LineProblem::new(Reason::InvalidSpec, message));
            }
        }
    }
    keywords
}

fn ads(line: &DesiredLine, account: &Account, suffix: &str, problems: &mut Problems) -> BTreeSet<AdSettings> {
    let ads: BTreeSet<AdSettings> = line.ads.iter().map(|ad| one_ad(line, account, ad, suffix, problems)).collect();
    let message = match line.ads.len() {
        0 => "a Search line needs an ad: add one to `ads`".to_owned(),
        many if many > ADS => format!("Google shows at most {ADS} responsive search ads, `ads` has {many}"),
        many if ads.len() < many => "two of `ads` are the same on Google".to_owned(),
        _ => return ads,
    };
    problems.push(LineProblem::new(Reason::InvalidSpec, message));
    ads
}

fn one_ad(line: &DesiredLine, account: &Account, ad: &DesiredAd, suffix: &str, problems: &mut Problems) -> AdSettings {
    let url = names::fill(&ad.url, line, account, &names::encode(&ad.name));
    names::foreign_parameters(&url, suffix, ad, problems);
    let mut texts = |texts: &[String], rule: &Texts| check_texts(texts, rule, ad, &line.locale, problems);
    AdSettings {
        url,
        headlines: texts(&ad.copy.headlines, &HEADLINES),
        descriptions: texts(&ad.copy.descriptions, &DESCRIPTIONS),
        paths: texts(&ad.copy.paths, &PATHS),
        call_to_action: String::new(),
        media: BTreeSet::new(),
    }
}

fn check_texts(
    texts: &[String],
    rule: &Texts,
    ad: &DesiredAd,
    locale: &Locale,
    problems: &mut Problems,
) -> Vec<String> {
    let texts: Vec<String> = texts.iter().map(|text| names::tidy(text)).collect();
    let (name, what) = (&ad.name, rule.what);
    let mut problem = |reason, message| problems.push(LineProblem::new(reason, message));
    if texts.len() < rule.least {
        let message = format!("ad `{name}`, {locale}: Google needs {} {what}s, there are {}", rule.least, texts.len());
        problem(Reason::InvalidSpec, message);
    }
    if texts.len() > rule.most {
        let message = format!("ad `{name}`, {locale}: Google takes {} {what}s, there are {}", rule.most, texts.len());
        problem(Reason::InvalidSpec, message);
    }
    for (index, text) in texts.iter().enumerate() {
        let (number, width) = (index + 1, text::width(text));
        if width > rule.width {
            let message = format!(
                "ad `{name}`, {locale}: {what} {number} \"{text}\" is {} too long ({width} of {})",
                width - rule.width,
                rule.width
            );
            problem(Reason::TextTooLong, message);
        }
        if text.is_empty() {
            problem(Reason::InvalidSpec, format!("ad `{name}`, {locale}: {what} {number} is empty"));
        } else if what != PATHS.what && texts[..index].contains(text) {
            problem(Reason::InvalidSpec, format!("ad `{name}`, {locale}: {what} {number} \"{text}\" is there twice"));
        }
    }
    texts
}

/// What is appended to the URL of every ad. Google's own placeholders (`{keyword}`) stay as they are.
fn url_suffix(line: &DesiredLine, account: &Account) -> String {
    // A suffix is of the whole campaign: with several ads, Google's number of the ad tells them apart.
    let ad = match line.ads.as_slice() {
        [only] => names::encode(&only.name),
        _ => "{creative}".to_owned(),
    };
    names::url_parameters(line, account, &ad)
}

fn bidding(line: &DesiredLine, account: &Account, problems: &mut Problems) -> String {
    let mut with = |strategy: &str, limit: Option<(&str, &Decimal)>| match limit {
        None => strategy.to_owned(),
        Some((field, decimal)) => {
            let amount = amount(line, decimal, field, account).unwrap_or_else(|problem| {
                problems.push(problem);
                Money::zero(account.currency)
            });
            format!("{strategy} {field}={}", amount.decimal())
        }
    };
    match &line.spec.google.bidding {
        Bidding::MaximizeClicks { max_cpc } => with("MaximizeClicks", max_cpc.as_ref().map(|cpc| ("maxCpc", cpc))),
        Bidding::MaximizeConversions { target_cpa } => {
            with("MaximizeConversions", target_cpa.as_ref().map(|cpa| ("targetCpa", cpa)))
        }
        Bidding::ManualCpc { max_cpc } => with("ManualCpc", Some(("maxCpc", max_cpc))),
    }
}

fn amount(line: &DesiredLine, decimal: &Decimal, field: &str, account: &Account) -> Result<Money, LineProblem> {
    let problem = |message: String| LineProblem::new(Reason::InvalidSpec, format!("google.bidding.{field}: {message}"));
    let money = line.amount(decimal, account).map_err(|error| problem(error.to_string()))?;
    let unit = account.budget_unit.max(1);
    // What was converted is in whole steps by chance only.
    let money = if account.currency == line.spec.rates.base() { money } else { money.floor_to(unit) };
    if money.is_zero() {
        return Err(problem("it is nothing".to_owned()));
    }
    if money.micros() % unit != 0 {
        let step = u64::try_from(unit).ok().and_then(|unit| Money::from_micros(unit, account.currency).ok());
        let step = step.map_or_else(String::new, |step| step.to_string());
        return Err(problem(format!("{money} is not a multiple of {step}")));
    }
    Ok(money)
}

fn conversion_action(line: &DesiredLine, account: &Account) -> String {
    let given = line.account_overrides.conversion_action.as_ref().or(account.conversion_action.as_ref());
    given.cloned().unwrap_or_default()
}
