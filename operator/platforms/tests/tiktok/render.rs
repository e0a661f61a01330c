//! What a spec asks for in TikTok's terms, and what it cannot ask for.

use std::collections::BTreeSet;

use adops_core::campaign::line::LineProblem;
use adops_core::campaign::settings::{Field, Settings, Value};
use adops_core::campaign::spec::{AgeRange, AuctionBidding, Audience, CallToAction, CampaignSpec, Decimal, Objective};
use adops_core::market::Place;
use adops_core::platform::PlatformRules;
use adops_core::reason::Reason;
use adops_platforms::tiktok::Rules;

use crate::support::{TALL_IMAGE, TALL_VIDEO, WIDE_VIDEO, World, config, hash};

/// The first line (DE) of a changed spec.
async fn rendered(change: impl FnOnce(&mut World)) -> Result<Settings, Vec<LineProblem>> {
    let mut world = World::without_media(config()).await;
    change(&mut world);
    let account = world.account().await;
    let desired = world.desired().await;
    Rules.render(desired.lines.values().next().unwrap(), &account)
}

async fn problem(change: impl FnOnce(&mut World)) -> (Reason, String) {
    let problems = rendered(change).await.unwrap_err();
    let problem = problems.into_iter().min().unwrap();
    (problem.reason, problem.message)
}

fn text(settings: &Settings, field: Field) -> &str {
    match settings.get(field) {
        Some(Value::Text(text)) => text,
        other => panic!("{field}: {other:?}"),
    }
}

#[tokio::test]
async fn everything_has_a_value() {
    let settings = rendered(|_| {}).await.unwrap();
    let Some(Value::Ads(ads)) = settings.get(Field::Ads) else { panic!() };
    let ad = ads.first().unwrap();
    assert_eq!(ad.url, "https://example.com/DE/spring?utm_source=tiktok&utm_campaign=spring&utm_content=DE");
    assert_eq!(ad.headlines, ["Alle Folgen ab heute.", "Kostenlos starten."]);
    assert_eq!((ad.call_to_action.as_str(), &ad.media), ("SIGN_UP", &BTreeSet::from([hash(TALL_VIDEO)])));
    for (field, expected) in [
        (Field::Name, "spring DE"),
        (Field::Objective, "WEB_CONVERSIONS"),
        (Field::Optimization, "CONVERT pixel=7100000000000000001"),
        (Field::ConversionAction, "ON_WEB_REGISTER"),
        (Field::Bidding, "LowestCost"),
        (Field::Identity, "7200000000000000001"),
    ] {
        assert_eq!(text(&settings, field), expected);
    }
    let set = |words: &[&str]| Value::Set(words.iter().map(|word| (*word).to_owned()).collect());
    assert_eq!(settings.get(Field::Ages), Some(&set(&["18-24", "25-34", "35-44", "45-54"])));
    assert_eq!(settings.get(Field::Genders), Some(&set(&["female"])));
    assert_eq!(settings.get(Field::Languages), Some(&set(&["de"])));
    assert_eq!(settings.get(Field::SpecialAdCategories), Some(&set(&[])));
    assert_eq!(settings.get(Field::Places), Some(&Value::Places([Place::Country("DE".into())].into())));
}

#[tokio::test]
async fn everybody_is_everybody_from_eighteen_on() {
    let settings = rendered(|world| world.spec.audience = Audience::default()).await.unwrap();
    let Some(Value::Set(ages)) = settings.get(Field::Ages) else { panic!() };
    let Some(Value::Set(genders)) = settings.get(Field::Genders) else { panic!() };
    assert_eq!((ages.len(), genders.len()), (5, 2));
}

#[tokio::test]
async fn what_tiktok_cannot_do_is_said_with_what_to_do() {
    type Change = fn(&mut CampaignSpec);
    let cases: [(Change, Reason, &str); 8] = [
        (|spec| spec.objective = Objective::Awareness, Reason::Unsupported, "objective Awareness"),
        (|spec| spec.objective = Objective::AppInstalls, Reason::Unsupported, "Traffic, Leads, Signups and Sales"),
        (|spec| spec.audience.ages = Some(AgeRange { from: 13, to: None }), Reason::Unsupported, "the nearest is 18+"),
        (|spec| spec.tiktok.bidding = AuctionBidding::BidCap(Decimal("1".into())), Reason::Unsupported, "use CostCap"),
        (
            |spec| spec.tiktok.bidding = AuctionBidding::CostCap(Decimal("1.005".into())),
            Reason::InvalidSpec,
            "too many digits",
        ),
        (|spec| spec.declarations.eu_political_ads = true, Reason::Unsupported, "no political ads"),
        (
            |spec| _ = spec.declarations.special_ad_categories.insert("ONLINE_GAMBLING_AND_GAMING".into()),
            Reason::Unsupported,
            "ONLINE_GAMBLING_AND_GAMING",
        ),
        (|spec| spec.ads.push(spec.ads[0].clone()), Reason::InvalidSpec, "the same on TikTok"),
    ];
    for (change, reason, words) in cases {
        let found = problem(|world| change(&mut world.spec)).await;
        assert_eq!(found.0, reason, "{words}: {found:?}");
        assert!(found.1.contains(words), "{found:?}");
    }
}

#[tokio::test]
async fn what_the_account_lacks_is_said_with_where_it_goes() {
    let (reason, message) = problem(|world| _ = world.identity.remove("identityId")).await;
    assert_eq!(reason, Reason::InvalidSpec);
    assert!(message.contains("tiktok.identityId of the AdAccount tiktok-global"), "{message}");
    let (_, message) = problem(|world| _ = world.identity.remove("pixelId")).await;
    assert!(message.contains("tiktok.pixelId"), "{message}");
    // Clicks need no pixel.
    let clicks = rendered(|world| {
        world.spec.objective = Objective::Traffic;
        world.identity.remove("pixelId");
    });
    let settings = clicks.await.unwrap();
    assert_eq!((text(&settings, Field::Optimization), text(&settings, Field::ConversionAction)), ("CLICK", ""));
}

#[tokio::test]
async fn events_have_tiktoks_own_words() {
    for (objective, given, expected) in [
        (Objective::Signups, None, "ON_WEB_REGISTER"),
        (Objective::Leads, None, "FORM"),
        (Objective::Sales, None, "SHOPPING"),
        (Objective::Sales, Some("INITIATE_ORDER"), "INITIATE_ORDER"),
    ] {
        let settings = rendered(|world| {
            world.spec.objective = objective;
            world.conversion_action = given.map(str::to_owned);
        });
        assert_eq!(text(&settings.await.unwrap(), Field::ConversionAction), expected);
    }
    let (reason, message) = problem(|world| world.conversion_action = Some("signup".to_owned())).await;
    assert_eq!(reason, Reason::InvalidSpec);
    assert!(message.contains("`signup`") && message.contains("ON_WEB_REGISTER"), "{message}");
}

#[tokio::test]
async fn texts_are_checked_where_they_stand() {
    let descriptions = |texts: Vec<String>| {
        move |world: &mut World| {
            for copy in world.spec.ads[0].copy.values_mut() {
                copy.descriptions.clone_from(&texts);
            }
        }
    };
    let (reason, message) = problem(descriptions(vec!["x".repeat(103)])).await;
    assert_eq!(reason, Reason::TextTooLong);
    assert!(message.contains("description 1") && message.contains("is 3 too long (103 of 100)"), "{message}");
    let (_, message) = problem(descriptions((0..6).map(|n| n.to_string()).collect())).await;
    assert!(message.contains("takes 5 descriptions, there are 6"), "{message}");
    let (_, message) = problem(descriptions(vec!["a".into(), " a ".into()])).await;
    assert!(message.contains("is there twice"), "{message}");
    let settings = rendered(descriptions(Vec::new())).await.unwrap();
    let Some(Value::Ads(ads)) = settings.get(Field::Ads) else { panic!() };
    assert_eq!(ads.first().unwrap().headlines, ["Der Frühling ist da", "Jetzt ansehen"], "else the headlines");
}

#[tokio::test]
async fn an_ad_needs_a_video_and_has_covers_of_its_shape_only() {
    let media = |urls: &[&str]| urls.iter().map(|url| (*url).to_owned()).collect::<Vec<_>>();
    let (reason, message) = problem(|world| world.spec.ads[0].media = media(&[TALL_IMAGE])).await;
    assert_eq!(reason, Reason::InvalidSpec);
    assert!(message.contains("TikTok shows videos"), "{message}");
    for (urls, expected) in
        [(vec![TALL_VIDEO, TALL_IMAGE], vec![TALL_VIDEO, TALL_IMAGE]), (vec![WIDE_VIDEO, TALL_IMAGE], vec![WIDE_VIDEO])]
    {
        let settings = rendered(|world| world.spec.ads[0].media = media(&urls)).await.unwrap();
        let Some(Value::Ads(ads)) = settings.get(Field::Ads) else { panic!() };
        assert_eq!(ads.first().unwrap().media, expected.into_iter().map(hash).collect());
    }
}

#[tokio::test]
async fn buttons_and_special_ads_have_tiktoks_words() {
    let settings = rendered(|world| {
        world.spec.tiktok.call_to_action = Some(CallToAction::WatchMore);
        world.spec.declarations.special_ad_categories =
            ["HOUSING", "FINANCIAL_PRODUCTS_SERVICES"].map(str::to_owned).into();
    });
    let settings = settings.await.unwrap();
    let Some(Value::Ads(ads)) = settings.get(Field::Ads) else { panic!() };
    assert_eq!(ads.first().unwrap().call_to_action, "WATCH_NOW");
    let industries = Value::Set(["CREDIT", "HOUSING"].map(str::to_owned).into());
    assert_eq!(settings.get(Field::SpecialAdCategories), Some(&industries));
}

#[tokio::test]
async fn a_name_has_no_emoji_and_urls_keep_what_they_say() {
    let settings = rendered(|world| {
        world.spec.account_overrides.name_template = Some("🌱 {campaign} {locale}  {market}".to_owned());
        world.spec.ads[0].url = "https://example.com/{market}?utm_source=tiktok#top".to_owned();
    });
    let settings = settings.await.unwrap();
    assert_eq!(text(&settings, Field::Name), "spring de DE");
    let Some(Value::Ads(ads)) = settings.get(Field::Ads) else { panic!() };
    assert_eq!(
        ads.first().unwrap().url,
        "https://example.com/DE?utm_source=tiktok&utm_campaign=spring&utm_content=DE#top"
    );
    let foreign = problem(|world| world.spec.ads[0].url = "https://example.com/?utm_campaign=other".to_owned()).await;
    assert_eq!(foreign.0, Reason::UrlParametersForeign);
}
