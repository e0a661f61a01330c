//! What TikTok would hold for a line.
//!
//! Every field is always set: what a spec leaves out has a default, so that what a line holds depends on the last spec
//! alone and not on earlier ones. `ignoreFields` takes a field out of our care.

use std::collections::BTreeSet;

use adops_core::campaign::line::{DesiredAd, DesiredLine, LineProblem};
use adops_core::campaign::settings::{AdSettings, ContentHash, Field, Settings, Value};
use adops_core::campaign::spec::{AuctionBidding, CallToAction, Decimal};
use adops_core::catalog::media::{MediaKind, MediaState};
use adops_core::money::Money;
use adops_core::platform::Account;
use adops_core::reason::Reason;

use super::creative::{self, Piece};
use super::words::{self, Goal};
use super::{money, names};
use crate::text;

/// Texts of an ad.
const TEXTS: usize = 5;
/// Characters of a text.
const TEXT_LENGTH: usize = 100;
/// Creatives of an ad.
const CREATIVES: usize = 31;
/// The one objective of Smart+ campaigns that lead to websites.
pub(super) const OBJECTIVE: &str = "WEB_CONVERSIONS";

type Problems = Vec<LineProblem>;

/// Renders a line.
pub(super) fn render(line: &DesiredLine, account: &Account) -> Result<Settings, Problems> {
    let mut problems = Problems::new();
    let mut settings = Settings::default();
    let goal = goal(line, &mut problems);

    settings.set(Field::Name, Value::Text(name(line, account)));
    settings.set(Field::Start, Value::Instant(line.start));
    settings.set(Field::End, Value::Instant(line.end));
    settings.set(Field::Places, Value::Places(line.market.places.clone()));
    settings.set(Field::Languages, Value::Set(BTreeSet::from([words::language(&line.locale).to_owned()])));
    settings.set(Field::Ages, Value::Set(ages(line, &mut problems)));
    settings.set(Field::Genders, Value::Set(words::genders(&line.audience.genders)));
    settings.set(Field::Ads, Value::Ads(ads(line, account, &mut problems)));
    settings.set(Field::Bidding, Value::Text(bidding(line, account, &mut problems)));
    settings.set(Field::Objective, Value::Text(OBJECTIVE.to_owned()));
    settings.set(Field::Optimization, Value::Text(optimization(goal, account, &mut problems)));
    settings.set(Field::ConversionAction, Value::Text(event(line, account, goal, &mut problems)));
    settings.set(Field::Identity, Value::Text(identity(account, &mut problems)));
    settings.set(Field::SpecialAdCategories, Value::Set(special_industries(line, &mut problems)));
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

fn name(line: &DesiredLine, account: &Account) -> String {
    let name = names::plain(&text::name(line, account, names::LENGTH));
    if name.is_empty() { line.campaign.name.clone() } else { name }
}

fn goal(line: &DesiredLine, problems: &mut Problems) -> Goal {
    words::goal(line.spec.objective).unwrap_or_else(|| {
        let message = format!(
            "objective {:?}: on TikTok there are Traffic, Leads, Signups and Sales, for Smart+ campaigns lead to websites",
            line.spec.objective
        );
        problems.push(LineProblem::new(Reason::Unsupported, message));
        Goal::Clicks
    })
}

fn ages(line: &DesiredLine, problems: &mut Problems) -> BTreeSet<String> {
    words::ages(line.audience.ages).unwrap_or_else(|nearest| {
        let message = format!(
            "audience.ages: TikTok targets 18-24, 25-34, 35-44, 45-54 and 55+, and what these make together; the nearest \
             is {nearest}"
        );
        problems.push(LineProblem::new(Reason::Unsupported, message));
        BTreeSet::new()
    })
}

/// What is optimised for; conversions with the pixel that reports them.
fn optimization(goal: Goal, account: &Account, problems: &mut Problems) -> String {
    match (goal, account.identity.get("pixelId")) {
        (Goal::Clicks, _) => "CLICK".to_owned(),
        (Goal::Conversions(_), Some(pixel)) => format!("CONVERT pixel={pixel}"),
        (Goal::Conversions(_), None) => {
            let message = format!(
                "TikTok needs the pixel that reports conversions: set tiktok.pixelId of the AdAccount {}",
                account.name
            );
            problems.push(LineProblem::new(Reason::InvalidSpec, message));
            String::new()
        }
    }
}

/// The event that is optimised for, by TikTok's own word.
fn event(line: &DesiredLine, account: &Account, goal: Goal, problems: &mut Problems) -> String {
    let Goal::Conversions(usual) = goal else { return String::new() };
    let given = line.account_overrides.conversion_action.as_ref().or(account.conversion_action.as_ref());
    let event = given.map_or(usual, String::as_str);
    if event.is_empty() || !event.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') {
        let message = format!(
            "conversionAction `{event}`: TikTok's API has words such as ON_WEB_REGISTER, SHOPPING or FORM for events; \
             without one it would be {usual}"
        );
        problems.push(LineProblem::new(Reason::InvalidSpec, message));
    }
    event.to_owned()
}

fn identity(account: &Account, problems: &mut Problems) -> String {
    account.identity.get("identityId").cloned().unwrap_or_else(|| {
        let message =
            format!("TikTok shows ads under an identity: set tiktok.identityId of the AdAccount {}", account.name);
        problems.push(LineProblem::new(Reason::InvalidSpec, message));
        String::new()
    })
}

fn special_industries(line: &DesiredLine, problems: &mut Problems) -> BTreeSet<String> {
    let declarations = &line.spec.declarations;
    if declarations.eu_political_ads {
        let message = "declarations.euPoliticalAds: TikTok takes no political ads".to_owned();
        problems.push(LineProblem::new(Reason::Unsupported, message));
    }
    let mut industries = BTreeSet::new();
    for category in &declarations.special_ad_categories {
        if let Some(industry) = words::special_industry(category) {
            industries.insert(industry.to_owned());
        } else {
            let message = format!(
                "declarations.specialAdCategories: {category}: TikTok has housing, employment and financial products"
            );
            problems.push(LineProblem::new(Reason::Unsupported, message));
        }
    }
    industries
}

fn ads(line: &DesiredLine, account: &Account, problems: &mut Problems) -> BTreeSet<AdSettings> {
    let ads: BTreeSet<AdSettings> = line.ads.iter().map(|ad| one_ad(line, account, ad, problems)).collect();
    let message = match line.ads.len() {
        0 => "a line on TikTok needs an ad: add one to `ads`",
        many if ads.len() < many => "two of `ads` are the same on TikTok",
        _ => return ads,
    };
    // Ads with a problem may be alike for want of what they lack.
    if problems.is_empty() {
        problems.push(LineProblem::new(Reason::InvalidSpec, message));
    }
    ads
}

fn one_ad(line: &DesiredLine, account: &Account, ad: &DesiredAd, problems: &mut Problems) -> AdSettings {
    let name = text::encode(&ad.name);
    let url = text::fill(&ad.url, line, account, &name);
    let parameters = text::url_parameters(line, account, &name);
    text::foreign_parameters(&url, &parameters, ad, problems);
    let call = line.spec.tiktok.call_to_action.unwrap_or_else(|| CallToAction::of(line.spec.objective));
    AdSettings {
        url: text::append(&url, &parameters),
        // TikTok has one kind of texts: what stands below a video.
        headlines: texts(line, ad, problems),
        descriptions: Vec::new(),
        paths: Vec::new(),
        call_to_action: words::call_to_action(call).to_owned(),
        media: media(ad, problems),
    }
}

/// The longer texts of an ad, or its headlines if it has no others.
fn texts(line: &DesiredLine, ad: &DesiredAd, problems: &mut Problems) -> Vec<String> {
    let (what, given) = match ad.copy.descriptions.as_slice() {
        [] => ("headline", &ad.copy.headlines),
        _ => ("description", &ad.copy.descriptions),
    };
    let (name, locale) = (&ad.name, &line.locale);
    let texts: Vec<String> = given.iter().map(|text| text::tidy(text)).collect();
    let mut problem = |reason, message| problems.push(LineProblem::new(reason, message));
    if texts.is_empty() {
        problem(Reason::InvalidSpec, format!("ad `{name}`, {locale}: TikTok needs a description or a headline"));
    }
    if texts.len() > TEXTS {
        let message = format!("ad `{name}`, {locale}: TikTok takes {TEXTS} {what}s, there are {}", texts.len());
        problem(Reason::InvalidSpec, message);
    }
    for (index, text) in texts.iter().enumerate() {
        let (number, length) = (index + 1, text.chars().count());
        if length > TEXT_LENGTH {
            let message = format!(
                "ad `{name}`, {locale}: {what} {number} \"{text}\" is {} too long ({length} of {TEXT_LENGTH})",
                length - TEXT_LENGTH
            );
            problem(Reason::TextTooLong, message);
        }
        if text.is_empty() {
            problem(Reason::InvalidSpec, format!("ad `{name}`, {locale}: {what} {number} is empty"));
        } else if texts[..index].contains(text) {
            problem(Reason::InvalidSpec, format!("ad `{name}`, {locale}: {what} {number} \"{text}\" is there twice"));
        }
    }
    texts
}

/// The videos of an ad and the images that are their covers. Other files are for other platforms.
fn media(ad: &DesiredAd, problems: &mut Problems) -> BTreeSet<ContentHash> {
    let (mut pieces, mut unfit) = (BTreeSet::new(), Vec::new());
    let before = problems.len();
    for medium in &ad.media {
        let (url, name) = (&medium.url, &ad.name);
        let mut problem =
            |reason, wrong: &str| problems.push(LineProblem::new(reason, format!("ad `{name}`: {url}: {wrong}")));
        match &medium.state {
            MediaState::Known(facts) => match creative::takes(facts) {
                Ok(()) => _ = pieces.insert(Piece::from(facts)),
                Err(wrong) if facts.kind == MediaKind::Video => unfit.push(format!("{url}: {wrong}")),
                Err(_) => {}
            },
            MediaState::Pending => problem(Reason::MediaNotReady, "it is being fetched or processed"),
            MediaState::Unreachable(wrong) => problem(Reason::MediaUnreachable, wrong),
            MediaState::Unusable(wrong) => problem(Reason::MediaNotAccepted, wrong),
        }
    }
    let pairs = creative::pair(&pieces);
    if problems.len() == before && (pairs.is_empty() || pairs.len() > CREATIVES) {
        let (reason, message) = match (pairs.len(), unfit.is_empty()) {
            (0, true) => (Reason::InvalidSpec, format!("ad `{}`: TikTok shows videos: add one to `media`", ad.name)),
            (0, false) => (Reason::MediaNotAccepted, format!("ad `{}`: {}", ad.name, unfit.join("; "))),
            (many, _) => {
                (Reason::InvalidSpec, format!("ad `{}`: TikTok takes {CREATIVES} videos, there are {many}", ad.name))
            }
        };
        problems.push(LineProblem::new(reason, message));
    }
    pairs.into_iter().flat_map(|(video, cover)| [Some(video), cover]).flatten().map(|p| p.hash.clone()).collect()
}

fn bidding(line: &DesiredLine, account: &Account, problems: &mut Problems) -> String {
    match &line.spec.tiktok.bidding {
        AuctionBidding::LowestCost => "LowestCost".to_owned(),
        AuctionBidding::CostCap(decimal) => match amount(line, decimal, account) {
            Ok(amount) => format!("CostCap {}", amount.decimal()),
            Err(problem) => {
                problems.push(problem);
                String::new()
            }
        },
        AuctionBidding::BidCap(_) => {
            let message = "tiktok.bidding: TikTok has no BidCap: use CostCap".to_owned();
            problems.push(LineProblem::new(Reason::Unsupported, message));
            String::new()
        }
    }
}

fn amount(line: &DesiredLine, decimal: &Decimal, account: &Account) -> Result<Money, LineProblem> {
    let problem = |message: String| LineProblem::new(Reason::InvalidSpec, format!("tiktok.bidding.amount: {message}"));
    let amount = line.amount(decimal, account).map_err(|error| problem(error.to_string()))?;
    // What was converted is in whole steps by chance only.
    let is_converted = account.currency != line.spec.rates.base();
    let amount = if is_converted { amount.floor_to(money::step(account.currency)) } else { amount };
    if amount.is_zero() {
        return Err(problem("it is nothing".to_owned()));
    }
    if amount.micros() % money::step(account.currency) != 0 {
        return Err(problem(format!("TikTok cannot write {amount}: it has too many digits")));
    }
    Ok(amount)
}
