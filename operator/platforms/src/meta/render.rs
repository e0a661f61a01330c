//! What Meta would hold for a line.
//!
//! Every field is always set: what a spec leaves out has a default, so that what a line holds depends on the last spec
//! alone and not on earlier ones. `ignoreFields` takes a field out of our care.

use std::collections::BTreeSet;

use adops_core::campaign::line::{DesiredAd, DesiredLine, LineProblem};
use adops_core::campaign::settings::{AdSettings, ContentHash, Field, Settings, Value};
use adops_core::campaign::spec::{AuctionBidding, CallToAction, Decimal};
use adops_core::catalog::media::{MediaState, Medium};
use adops_core::market::Place;
use adops_core::money::Money;
use adops_core::platform::Account;
use adops_core::reason::Reason;

use super::creative::Speaker;
use super::identity::Identity;
use super::objective::{Aim, Conversion, aim, button};
use super::{library, money, targeting};
use crate::text;

/// Characters of a name without its token.
pub(super) const NAME_LENGTH: usize = 200;
/// Ads of an ad set at most.
const ADS: usize = 50;
/// Descriptions that an ad shows: the text above it, and the one below its headline.
const DESCRIPTIONS: usize = 2;
/// Categories whose ads may not choose people by age or gender.
const PROTECTED: &[&str] = &["HOUSING", "EMPLOYMENT", "CREDIT", "FINANCIAL_PRODUCTS_SERVICES"];
/// Where ads must say who benefits from them and who pays: the EU with its territories, and the EEA.
const EU: &[&str] = &[
    "AT", "AX", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GF", "GP", "GR", "HR", "HU", "IE", "IS",
    "IT", "LI", "LT", "LU", "LV", "MF", "MQ", "MT", "NL", "NO", "PL", "PT", "RE", "RO", "SE", "SI", "SK", "YT",
];

type Problems = Vec<LineProblem>;

/// Renders a line.
pub(super) fn render(line: &DesiredLine, account: &Account) -> Result<Settings, Problems> {
    let mut problems = Problems::new();
    let Some(aim) = aim(line.spec.objective) else {
        let message = "objective AppInstalls: ads on Meta lead to a website here, not to an app store";
        return Err(vec![LineProblem::new(Reason::Unsupported, message)]);
    };
    let mut settings = Settings::default();
    settings.set(Field::Objective, word(aim.objective));
    settings.set(Field::Optimization, word(aim.goal));
    settings.set(Field::Name, Value::Text(text::name(line, account, NAME_LENGTH)));
    settings.set(Field::Start, Value::Instant(line.start));
    settings.set(Field::End, Value::Instant(line.end));
    settings.set(Field::Places, Value::Places(places(line, &mut problems)));
    // The copy's language follows from the place; who reads another one there is still in the market.
    settings.set(Field::Languages, Value::Set(BTreeSet::new()));
    settings.set(Field::Ages, Value::Text(ages(line, &mut problems)));
    settings.set(Field::Genders, Value::Set(targeting::genders(&line.audience.genders)));
    settings.set(Field::Placements, Value::Set(targeting::placements(&line.spec.meta.placements)));
    settings.set(Field::Bidding, Value::Text(bidding(line, account, &mut problems)));
    settings.set(Field::ConversionAction, Value::Text(conversion(line, account, aim, &mut problems)));
    settings.set(Field::SpecialAdCategories, Value::Set(categories(line, &mut problems)));
    settings.set(Field::Identity, identity(line, account, &mut problems).value());
    settings.set(Field::Ads, Value::Ads(ads(line, account, &mut problems)));
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

fn word(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Meta takes no place within another one.
fn places(line: &DesiredLine, problems: &mut Problems) -> BTreeSet<Place> {
    let places = &line.market.places;
    let is_whole = |country: &str| places.contains(&Place::Country(country.to_owned()));
    for place in places.iter().filter(|place| !matches!(place, Place::Country(_))) {
        if let Some(country) = place.country().filter(|country| is_whole(country)) {
            let message =
                format!("the group {} has {country} and {place}, which lies in it: take one out", line.market.key);
            problems.push(LineProblem::new(Reason::Unsupported, message));
        }
    }
    places.clone()
}

fn ages(line: &DesiredLine, problems: &mut Problems) -> String {
    targeting::ages(line.audience.ages).unwrap_or_else(|nearest| {
        let message = format!(
            "audience.ages: Meta targets ages from 13 on and does not tell those from 65 on apart; the nearest is {nearest}"
        );
        problems.push(LineProblem::new(Reason::Unsupported, message));
        nearest
    })
}

fn bidding(line: &DesiredLine, account: &Account, problems: &mut Problems) -> String {
    let mut with = |strategy: &str, decimal: &Decimal| {
        let amount = amount(line, decimal, account).unwrap_or_else(|problem| {
            problems.push(problem);
            Money::zero(account.currency)
        });
        format!("{strategy} {}", amount.decimal())
    };
    match &line.spec.meta.bidding {
        AuctionBidding::LowestCost => "LowestCost".to_owned(),
        AuctionBidding::CostCap(cap) => with("CostCap", cap),
        AuctionBidding::BidCap(cap) => with("BidCap", cap),
    }
}

fn amount(line: &DesiredLine, decimal: &Decimal, account: &Account) -> Result<Money, LineProblem> {
    let problem = |message: String| LineProblem::new(Reason::InvalidSpec, format!("meta.bidding: {message}"));
    let amount = line.amount(decimal, account).map_err(|error| problem(error.to_string()))?;
    // What was converted is in whole steps by chance only.
    let is_converted = account.currency != line.spec.rates.base();
    let amount = if is_converted { amount.floor_to(money::unit(account.currency)) } else { amount };
    if amount.is_zero() {
        return Err(problem("the cap is nothing".to_owned()));
    }
    if amount.micros() % money::unit(account.currency) != 0 {
        return Err(problem(format!("{amount} has more digits than Meta takes")));
    }
    Ok(amount)
}

fn conversion(line: &DesiredLine, account: &Account, aim: Aim, problems: &mut Problems) -> String {
    let Some(default) = aim.event else { return String::new() };
    let given = line.account_overrides.conversion_action.as_ref().or(account.conversion_action.as_ref());
    let conversion = given.map_or_else(|| Ok(Conversion::Event(default.to_owned())), |given| Conversion::parse(given));
    let pixel = account.identity.get("pixelId");
    if pixel.is_none() {
        let message = format!("the objective needs a pixel: set spec.meta.pixelId of the AdAccount {}", account.name);
        problems.push(LineProblem::new(Reason::InvalidSpec, message));
    }
    match conversion {
        Ok(conversion) => conversion.setting(pixel.map_or("", String::as_str)),
        Err(message) => {
            problems.push(LineProblem::new(Reason::InvalidSpec, message));
            String::new()
        }
    }
}

fn categories(line: &DesiredLine, problems: &mut Problems) -> BTreeSet<String> {
    let categories = line.spec.declarations.special_ad_categories.clone();
    if let Some(category) = categories.iter().find(|category| PROTECTED.contains(&category.as_str())) {
        let all_genders = targeting::genders(&line.audience.genders) == targeting::genders(&BTreeSet::new());
        let all_ages = targeting::ages(line.audience.ages) == targeting::ages(None);
        if !all_genders || !all_ages {
            let message =
                format!("audience: ads about {category} may choose people neither by age nor by gender on Meta");
            problems.push(LineProblem::new(Reason::Unsupported, message));
        }
    }
    if line.spec.declarations.eu_political_ads && in_eu(line) {
        let message = "declarations.euPoliticalAds: Meta shows no political ads in the EU";
        problems.push(LineProblem::new(Reason::Unsupported, message));
    }
    categories
}

fn in_eu(line: &DesiredLine) -> bool {
    line.market.places.iter().filter_map(Place::country).any(|country| EU.contains(&country))
}

fn identity(line: &DesiredLine, account: &Account, problems: &mut Problems) -> Identity {
    let meta = &line.spec.meta;
    let beneficiary = meta.beneficiary.clone().filter(|_| in_eu(line));
    let payor = meta.payor.clone().filter(|_| in_eu(line)).or_else(|| beneficiary.clone());
    let page = account.identity.get("pageId").cloned().unwrap_or_default();
    if page.is_empty() {
        let message = format!("ads need a Facebook page: set spec.meta.pageId of the AdAccount {}", account.name);
        problems.push(LineProblem::new(Reason::InvalidSpec, message));
    }
    let speaker = Speaker { page, instagram: account.identity.get("instagramId").cloned() };
    Identity { speaker, beneficiary, payor, others: BTreeSet::new() }
}

fn ads(line: &DesiredLine, account: &Account, problems: &mut Problems) -> BTreeSet<AdSettings> {
    let before = problems.len();
    let all: Vec<AdSettings> = line.ads.iter().flat_map(|ad| of_one(line, account, ad, problems)).collect();
    let ads: BTreeSet<AdSettings> = all.iter().cloned().collect();
    let message = match all.len() {
        0 if line.ads.is_empty() => "a line needs an ad: add one to `ads`".to_owned(),
        many if many > ADS => {
            format!("an ad set holds at most {ADS} ads, one for each image or video; `ads` has {many}")
        }
        many if ads.len() < many && problems.len() == before => "two of `ads` are the same on Meta".to_owned(),
        _ => return ads,
    };
    problems.push(LineProblem::new(Reason::InvalidSpec, message));
    ads
}

/// The ads that one of a spec is here: one for each of its media.
fn of_one(line: &DesiredLine, account: &Account, ad: &DesiredAd, problems: &mut Problems) -> Vec<AdSettings> {
    let encoded = text::encode(&ad.name);
    let own = text::fill(&ad.url, line, account, &encoded);
    let parameters = text::url_parameters(line, account, &encoded);
    text::foreign_parameters(&own, &parameters, ad, problems);
    let action = line.spec.meta.call_to_action.unwrap_or_else(|| CallToAction::of(line.spec.objective));
    let ad_of = |media| AdSettings {
        url: text::append(&own, &parameters),
        headlines: texts(&ad.copy.headlines, 1),
        descriptions: texts(&ad.copy.descriptions, DESCRIPTIONS),
        paths: Vec::new(),
        call_to_action: button(action).to_owned(),
        media: BTreeSet::from([media]),
    };
    for (what, there) in [("headline", &ad.copy.headlines), ("description", &ad.copy.descriptions)] {
        if texts(there, 1).is_empty() {
            let message = format!("ad `{}`, {}: Meta needs a {what}, there is none", ad.name, line.locale);
            problems.push(LineProblem::new(Reason::InvalidSpec, message));
        }
    }
    media(ad, problems).into_iter().map(ad_of).collect()
}

/// The first texts that say something.
fn texts(given: &[String], most: usize) -> Vec<String> {
    given.iter().map(|given| text::tidy(given)).filter(|given| !given.is_empty()).take(most).collect()
}

/// The media that Meta takes. Those that it does not take are for other platforms, unless none is left.
fn media(ad: &DesiredAd, problems: &mut Problems) -> Vec<ContentHash> {
    let mut problem = |reason, message: String| {
        problems.push(LineProblem::new(reason, format!("ad `{}`: {message}", ad.name)));
    };
    if ad.media.is_empty() {
        problem(Reason::InvalidSpec, "an ad on Meta needs an image or a video: add one to its `media`".to_owned());
    }
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for Medium { url, state } in &ad.media {
        match state {
            MediaState::Known(facts) => match library::takes(facts) {
                Ok(()) => taken.push(facts.hash.clone()),
                Err(why) => refused.push(format!("{}: {why}", plain(url))),
            },
            MediaState::Pending => {
                problem(Reason::MediaNotReady, format!("{} is being fetched or processed", plain(url)));
            }
            MediaState::Unreachable(why) => problem(Reason::MediaUnreachable, format!("{}: {why}", plain(url))),
            MediaState::Unusable(why) => problem(Reason::MediaNotAccepted, format!("{}: {why}", plain(url))),
        }
    }
    if taken.is_empty() && !refused.is_empty() {
        problem(Reason::MediaNotAccepted, refused.join("; "));
    }
    taken
}

/// A URL without its query, which may hold what gives access.
fn plain(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}
