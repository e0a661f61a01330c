//! What Google would hold for a line, and what it cannot hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use adops_core::campaign::line::{self, LineProblem};
use adops_core::campaign::settings::{Field, Settings, Value};
use adops_core::campaign::spec::{AgeRange, Bidding, CampaignSpec, Copy, Decimal};
use adops_core::platform::{Account, Platform, PlatformRules};
use adops_core::rates::{Rate, Rates};
use adops_core::reason::Reason;
use adops_platforms::google_ads::Rules;
use jiff::civil::date;
use jiff::tz::TimeZone;

use crate::support::{ACCOUNT, spec};

fn account() -> Account {
    Account {
        name: ACCOUNT.to_owned(),
        platform: Platform::named("Google"),
        currency: "EUR".parse().unwrap(),
        time_zone: TimeZone::get("America/New_York").unwrap(),
        budget_unit: 10_000,
        minimum_daily_budget: None,
        ceiling: None,
        brakes: adops_core::budget::brakes::Brakes::default(),
        stop: false,
        conversion_action: None,
        url_parameters: Some("utm_source={platform}&utm_campaign={campaign}&utm_content={market}-{locale}-{ad}".into()),
        name_template: None,
        identity: BTreeMap::new(),
        objects: None,
        ads: None,
    }
}

fn render_on(spec: &CampaignSpec, account: &Account, market: &str) -> Result<Settings, Vec<LineProblem>> {
    let accounts = BTreeMap::from([(ACCOUNT.to_owned(), account.clone())]);
    let now = "2027-03-01T17:00:00Z".parse().unwrap();
    let desired = line::spread(&Arc::new(spec.clone()), &accounts, &|_| None, &BTreeMap::new(), &BTreeMap::new(), now);
    let line = desired.lines.values().find(|line| line.key.market == market).unwrap();
    Rules.render(line, account)
}

fn render(spec: &CampaignSpec) -> Result<Settings, Vec<LineProblem>> {
    render_on(spec, &account(), "US")
}

fn field(spec: &CampaignSpec, field: Field) -> String {
    render(spec).unwrap().get(field).unwrap().to_string()
}

/// The only problem of a spec that was changed.
fn problem(change: impl FnOnce(&mut CampaignSpec)) -> (Reason, String) {
    let mut spec = spec();
    change(&mut spec);
    let problems = render(&spec).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    (problems[0].reason, problems[0].message.clone())
}

fn copy(spec: &mut CampaignSpec) -> &mut Copy {
    spec.ads[0].copy.get_mut(&"en".parse().unwrap()).unwrap()
}

fn headline(spec: &mut CampaignSpec, text: &str) {
    text.clone_into(&mut copy(spec).headlines[1]);
}

#[test]
fn a_line_has_all_fields_in_the_words_of_core() {
    let settings = render(&spec()).unwrap();
    for (field, expected) in [
        (Field::Channel, "Search"),
        (Field::Name, "spring US"),
        (Field::Start, "2027-03-10T00:00:00"),
        (Field::End, "2027-05-31T23:59:59"),
        (Field::Places, "[US]"),
        (Field::Languages, "[en]"),
        (Field::Ages, "[18-24, 25-34, 35-44, 45-54, unknown]"),
        (Field::Genders, "[female, unknown]"),
        (Field::Keywords, "[\"watch spring\", [spring], spring series]"),
        (Field::NegativeKeywords, "[[spring break], free]"),
        (Field::UrlSuffix, "utm_source=google&utm_campaign=spring&utm_content=US-en-trailer"),
        (Field::Bidding, "MaximizeClicks maxCpc=1.50"),
        (Field::Networks, "Search"),
        (Field::PoliticalAds, "No"),
        (Field::ConversionAction, ""),
    ] {
        assert_eq!(settings.get(field).unwrap().to_string(), expected, "{field}");
    }
    let Some(Value::Ads(ads)) = settings.get(Field::Ads) else { panic!() };
    assert_eq!(ads.first().unwrap().url, "https://example.com/US/spring");
}

#[test]
fn a_text_that_is_too_long_is_told_with_ad_locale_and_by_how_much() {
    let (reason, message) = problem(|spec| headline(spec, "This headline is far longer than thirty"));
    assert_eq!(reason, Reason::TextTooLong);
    assert_eq!(
        message,
        "ad `trailer`, en: headline 2 \"This headline is far longer than thirty\" is 9 too long (39 of 30)"
    );
    let (_, message) = problem(|spec| headline(spec, "春の新しいシリーズが始まります今すぐ"));
    assert!(message.ends_with("is 6 too long (36 of 30)"), "{message}");
    let (_, message) = problem(|spec| copy(spec).paths = vec!["a-path-that-is-long".into()]);
    assert!(message.contains("path 1") && message.ends_with("is 4 too long (19 of 15)"), "{message}");
}

#[test]
fn ads_need_as_many_texts_as_google_does() {
    type Change = fn(&mut Copy);
    let table: [(Change, &str); 5] = [
        (|copy| copy.headlines.truncate(2), "needs 3 headlines, there are 2"),
        (|copy| copy.descriptions.truncate(1), "needs 2 descriptions, there are 1"),
        (|copy| copy.descriptions.extend((0..3).map(|i| format!("More {i}."))), "takes 4 descriptions, there are 5"),
        (|copy| copy.paths = vec!["a".into(), "b".into(), "c".into()], "takes 2 paths, there are 3"),
        (|copy| copy.headlines[1] = copy.headlines[0].clone(), "headline 2 \"Spring is here\" is there twice"),
    ];
    for (change, expected) in table {
        let (reason, message) = problem(|spec| change(copy(spec)));
        assert_eq!(reason, Reason::InvalidSpec);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn keywords_fall_back_to_the_language_and_are_asked_for_where_there_are_none() {
    let mut regional = spec();
    regional.locales.insert("US".into(), "en-US".parse().unwrap());
    assert_eq!(field(&regional, Field::Keywords), "[\"watch spring\", [spring], spring series]");
    let (reason, message) = problem(|spec| {
        spec.google.keywords.remove(&"en".parse().unwrap());
    });
    assert_eq!(reason, Reason::InvalidSpec);
    assert_eq!(message, "a Search line needs keywords: add `google.keywords: {en: [...]}`");
    let (_, message) = problem(|spec| {
        spec.google.keywords.insert("en".parse().unwrap(), vec!["spring".into(), "a, b".into()]);
    });
    assert_eq!(message, "google.keywords.en[1] `a, b`: Google takes no `,` in a keyword");
}

#[test]
fn ages_that_google_does_not_have_name_the_nearest() {
    let (reason, message) = problem(|spec| spec.audience.ages = Some(AgeRange { from: 20, to: Some(50) }));
    assert_eq!(reason, Reason::Unsupported);
    assert!(message.ends_with("the nearest is 18-54"), "{message}");
}

#[test]
fn a_url_with_another_campaigns_parameters_is_refused_and_one_with_its_own_is_not() {
    let (reason, message) =
        problem(|spec| spec.ads[0].url = "https://example.com/{market}?utm_campaign=winter&x=1#top".into());
    assert_eq!(reason, Reason::UrlParametersForeign);
    assert!(message.contains("utm_campaign=winter") && message.contains("utm_campaign=spring"), "{message}");
    let mut own = spec();
    own.ads[0].url = "https://example.com/?utm_campaign=spring&x=1".into();
    assert!(render(&own).is_ok());
}

#[test]
fn bids_are_decimals_of_the_account() {
    let (_, message) = problem(|spec| {
        spec.google.bidding = Bidding::MaximizeClicks { max_cpc: Some(Decimal("1.555".into())) };
    });
    assert_eq!(message, "google.bidding.maxCpc: 1.555 EUR is not a multiple of 0.01 EUR");
    let mut free = spec();
    free.google.bidding = Bidding::MaximizeConversions { target_cpa: Some(Decimal("12".into())) };
    assert_eq!(field(&free, Field::Bidding), "MaximizeConversions targetCpa=12.00");
}

#[test]
fn a_flight_in_another_zone_takes_the_accounts_days_that_it_overlaps_most() {
    let mut spec = spec();
    spec.flight.start = date(2027, 3, 10);
    spec.flight.end = date(2027, 3, 10);
    for (zone, day) in
        [("Europe/Berlin", "2027-03-10"), ("Asia/Tokyo", "2027-03-09"), ("America/Los_Angeles", "2027-03-10")]
    {
        spec.flight.time_zone = Some(TimeZone::get(zone).unwrap());
        assert_eq!(field(&spec, Field::Start), format!("{day}T00:00:00"), "{zone}");
        assert_eq!(field(&spec, Field::End), format!("{day}T23:59:59"), "{zone}");
    }
}

#[test]
fn names_follow_the_template_and_leave_room_for_the_token() {
    let mut account = account();
    account.name_template = Some("{platform} | {account} | {campaign} {market}".into());
    let name = |account: &Account| render_on(&spec(), account, "US").unwrap().get(Field::Name).unwrap().to_string();
    assert_eq!(name(&account), "Google | google-global | spring US");
    account.name_template = Some("{campaign} ".repeat(60));
    assert!(name(&account).chars().count() <= 200);
}

#[test]
fn languages_are_those_that_google_targets() {
    let mut spec = spec();
    for (tag, code) in [("nb", "no"), ("he", "iw"), ("zh-Hant", "zh_TW"), ("zh", "zh_CN"), ("fr-CA", "fr")] {
        let copy = spec.ads[0].copy[&"en".parse().unwrap()].clone();
        spec.ads[0].copy.insert(tag.parse().unwrap(), copy);
        spec.google.keywords.insert(tag.parse().unwrap(), vec!["spring".into()]);
        spec.locales.insert("US".into(), tag.parse().unwrap());
        assert_eq!(field(&spec, Field::Languages), format!("[{code}]"), "{tag}");
    }
}

#[test]
fn a_bid_on_an_account_of_another_currency_is_converted_and_in_whole_steps() {
    let mut spec = spec();
    let rate = Rate { price: "1.0870".parse().unwrap(), date: date(2027, 2, 20) };
    spec.rates = Rates::new("EUR".parse().unwrap(), [("USD".parse().unwrap(), rate)]);
    let american = Account { currency: "USD".parse().unwrap(), ..account() };
    let bidding = |spec: &CampaignSpec| {
        render_on(spec, &american, "US").map(|settings| settings.get(Field::Bidding).unwrap().to_string())
    };
    assert_eq!(bidding(&spec), Ok("MaximizeClicks maxCpc=1.63".to_owned()), "1.50 EUR are 1.6305 USD");
    spec.google.bidding = Bidding::ManualCpc { max_cpc: Decimal("0.009".to_owned()) };
    assert_eq!(bidding(&spec).unwrap_err()[0].message, "google.bidding.maxCpc: it is nothing");
}
