//! What was created is seen as it was wanted.

use adops_core::campaign::line;
use adops_core::campaign::observed::Delivery;
use adops_core::campaign::plan::Action;
use adops_core::campaign::settings::{Field, Value};
use adops_core::market::Place;
use adops_core::platform::PlatformRules;
use adops_platforms::google_ads::Rules;
use adops_platforms::port::{AdPlatform, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::support::{ACCOUNT, World, markets, problems, words};

#[tokio::test]
async fn what_was_created_is_observed_exactly_as_rendered() {
    let mut world = World::start().await;
    let plan = world.plan().await;
    assert_eq!(words(&plan), ["create"; 3]);
    world.apply(&plan).await;

    let account = world.account().await;
    let accounts = BTreeMap::from([(ACCOUNT.to_owned(), account.clone())]);
    let spec = Arc::new(world.spec.clone());
    let desired =
        line::spread(&spec, &accounts, &|_| Some(Arc::new(Rules)), &BTreeMap::new(), &BTreeMap::new(), world.sim.now());
    for (key, line) in &desired.lines {
        let mut wanted = Rules.render(line, &account).unwrap();
        let seen = world.line(&key.market).await;
        let Some(Value::Text(name)) = seen.settings.get(Field::Name) else { panic!() };
        assert!(name.starts_with(&format!("spring {} [prod.", key.market)), "{name}");
        wanted.set(Field::Name, Value::Text(name.clone()));
        assert_eq!(seen.settings, wanted, "{key}");
        assert_eq!((seen.budget, seen.delivery), (line.budget, Delivery::PausedByUs));
        assert!(seen.marker.label && seen.marker.token == seen.marker.inner_token);
        assert!(!seen.delivered);
    }
    assert_eq!(words(&world.plan().await), ["enable"; 3], "nothing differs");
    world.settle().await;
    for market in ["US", "DE", "US-CA"] {
        let campaign = world.campaign(market);
        assert_eq!((campaign.status.as_str(), campaign.labels.as_slice()), ("ENABLED", &["adops:prod".to_owned()][..]));
    }
}

#[tokio::test]
async fn a_flight_that_has_begun_leaves_no_difference() {
    let mut world = World::start().await;
    world.spec.flight.start = jiff::civil::date(2027, 2, 1);
    world.settle().await;
    assert_eq!(world.campaign("US").start_date_time.as_deref(), Some("2027-03-01 00:00:00"));
    world.tick(5 * 86_400);
    assert!(world.plan().await.is_empty());
}

#[tokio::test]
async fn every_way_of_bidding_goes_there_and_back() {
    use adops_core::campaign::spec::{Bidding, Decimal};
    let mut world = World::start().await;
    let amount = |text: &str| Decimal(text.to_owned());
    for bidding in [
        Bidding::ManualCpc { max_cpc: amount("0.40") },
        Bidding::MaximizeConversions { target_cpa: Some(amount("12")) },
        Bidding::MaximizeConversions { target_cpa: None },
        Bidding::MaximizeClicks { max_cpc: None },
        Bidding::ManualCpc { max_cpc: amount("0.5") },
    ] {
        world.spec.google.bidding = bidding;
        world.settle().await;
    }
}

#[tokio::test]
async fn a_poll_costs_the_same_number_of_requests_however_many_lines_there_are() {
    let mut costs = BTreeSet::new();
    for count in [20, 500] {
        let mut world = World::start().await;
        world.spec.markets = markets(count);
        let plan = world.plan().await;
        assert!(problems(&plan).is_empty(), "{:?}", problems(&plan));
        let outcomes = world.apply(&plan).await;
        assert_eq!(outcomes.iter().filter(|o| matches!(o, Outcome::Applied { .. })).count(), count);
        world.settle().await;
        world.counter.reset();
        assert_eq!(world.observe().await.lines.len(), count);
        costs.insert(world.counter.reads());
        assert_eq!(world.counter.writes(), 0);
    }
    assert_eq!(costs.len(), 1, "{costs:?}");
    assert!(costs.first() <= Some(&12), "{costs:?}");
}

#[tokio::test]
async fn pages_are_read_to_the_last() {
    let mut config = crate::support::config();
    config.google.page_size = 7;
    let mut world = World::with(config).await;
    world.spec.markets = markets(20);
    world.settle().await;
    assert_eq!(world.observe().await.lines.len(), 20);
    let facts = world.google.account().await.unwrap();
    assert_eq!(facts.objects.unwrap().live, 20);
}

#[tokio::test]
async fn settings_that_change_in_the_spec_are_changed_in_place() {
    let mut world = World::start().await;
    world.settle().await;
    let ids: Vec<String> = ["US", "DE", "US-CA"].iter().map(|market| world.id(market)).collect();
    let spec = &mut world.spec;
    spec.flight.start = jiff::civil::date(2027, 3, 12);
    spec.flight.end = jiff::civil::date(2027, 6, 30);
    spec.audience = adops_core::campaign::spec::Audience::default();
    spec.google.search_partners = true;
    spec.google.keywords.insert("en".parse().unwrap(), vec!["[spring]".into(), "new series".into()]);
    spec.google.negative_keywords.clear();
    spec.account_overrides.url_parameters = Some("utm_campaign={campaign}".into());
    spec.account_overrides.conversion_action = Some("purchase".into());
    spec.declarations.eu_political_ads = true;
    for copy in spec.ads[0].copy.values_mut() {
        copy.headlines[0].push('!');
    }
    spec.locales.insert("US".into(), "de".parse().unwrap());
    let plan = world.plan().await;
    assert!(plan.changes().all(|change| matches!(change.action, Action::Set { .. })));
    let fields = crate::support::fields(&plan);
    for field in [
        Field::Start,
        Field::End,
        Field::Ages,
        Field::Genders,
        Field::Networks,
        Field::Keywords,
        Field::NegativeKeywords,
        Field::UrlSuffix,
        Field::ConversionAction,
        Field::PoliticalAds,
        Field::Ads,
        Field::Languages,
    ] {
        assert!(fields.contains(&field), "{field}");
    }
    world.settle().await;
    assert_eq!(ids, ["US", "DE", "US-CA"].map(|market| world.id(market)));
    let ads = &world.campaign("DE").ad_groups[0].ads;
    assert_eq!(ads.iter().map(|ad| ad.status.as_str()).collect::<Vec<_>>(), ["PAUSED", "ENABLED"]);
    // Back again: the old ad is taken up, none is made anew.
    for copy in world.spec.ads[0].copy.values_mut() {
        copy.headlines[0].pop();
    }
    world.settle().await;
    let ads = &world.campaign("DE").ad_groups[0].ads;
    assert_eq!(ads.iter().map(|ad| ad.status.as_str()).collect::<Vec<_>>(), ["ENABLED", "PAUSED"]);
}

#[tokio::test]
async fn places_are_resolved_once_and_what_google_does_not_know_is_absent() {
    let world = World::start().await;
    let places: BTreeSet<Place> =
        ["US", "GB", "US-CA", "US-DMA-803", "US-ZZ", "US-DMA-999", "QQ"].iter().map(|p| p.parse().unwrap()).collect();
    let found = world.google.resolve(&places).await.unwrap();
    let found: BTreeMap<String, String> = found.into_iter().map(|(place, id)| (place.to_string(), id)).collect();
    let expected = [("US", 2840), ("GB", 2826), ("US-CA", 21137), ("US-DMA-803", 200_803)];
    assert_eq!(found, expected.map(|(place, id)| (place.to_owned(), format!("geoTargetConstants/{id}"))).into());
    world.counter.reset();
    world.google.resolve(&places).await.unwrap();
    assert_eq!(world.counter.reads(), 0);
}

#[tokio::test]
async fn groups_states_and_market_areas_go_there_and_back() {
    let mut world = World::start().await;
    let places = ["GB", "US-NY", "US-DMA-803"].iter().map(|place| place.parse().unwrap()).collect();
    world.spec.locales.insert("mixed".into(), "en".parse().unwrap());
    world.spec.markets = vec![adops_core::market::Market { key: "mixed".into(), places }];
    world.settle().await;
    world.restart();
    assert!(world.plan().await.is_empty());
}
