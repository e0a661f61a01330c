//! What was created is seen as it was wanted.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::observed::Delivery;
use adops_core::campaign::plan::Action;
use adops_core::campaign::settings::{Field, Value};
use adops_core::campaign::spec::{AuctionBidding, CallToAction, Decimal, MetaPlacement, Objective};
use adops_core::catalog::media::MediaKind;
use adops_core::market::{Market, Place};
use adops_platforms::port::{AdPlatform, Scope};
use serde_json::json;

use crate::support::{ACCOUNT, World, applied, fields, file, markets, problems, words};

#[tokio::test]
async fn what_was_created_is_observed_exactly_as_rendered() {
    let mut world = World::start().await;
    let plan = world.plan().await;
    assert_eq!(words(&plan), ["create"; 3], "{:?}", problems(&plan));
    let outcomes = world.apply(&plan).await;
    assert_eq!(applied(&outcomes), 3, "{outcomes:?}");

    let (account, desired) = world.desired().await;
    for (key, line) in &desired.lines {
        let mut wanted = world.meta.rules().render(line, &account).unwrap();
        let seen = world.line(&key.market).await;
        let Some(Value::Text(name)) = seen.settings.get(Field::Name) else { panic!() };
        assert!(name.starts_with(&format!("spring {} [prod.", key.market)), "{name}");
        wanted.set(Field::Name, Value::Text(name.clone()));
        assert_eq!(seen.settings, wanted, "{key}");
        assert_eq!((seen.budget, seen.delivery), (line.budget, Delivery::PausedByUs));
        assert!(seen.marker.label && seen.marker.token.is_some() && seen.marker.token == seen.marker.inner_token);
        assert!(!seen.delivered && seen.missing.is_empty());
    }
    assert_eq!(words(&world.plan().await), ["enable"; 3], "nothing differs");
    world.settle().await;
    for market in ["US", "DE", "CA-ON"] {
        let campaign = world.campaign(market);
        assert_eq!(
            (campaign.object.status.as_str(), campaign.object.labels),
            ("ACTIVE", vec!["adops:prod".to_owned()])
        );
        let set = world.set(market);
        assert_eq!((set.object.status.as_str(), set.object.labels), ("ACTIVE", vec!["adops:prod".to_owned()]));
        assert_eq!((set.ads[0].object.status.as_str(), set.ads[0].object.labels.len()), ("ACTIVE", 1));
    }
    assert_eq!(world.view().live_daily_budget_micros, 600_000_000);
}

#[tokio::test]
async fn every_element_carries_its_marker_in_its_own_create_call() {
    let mut world = World::start().await;
    let plan = world.plan().await;
    world.apply(&plan).await;
    let view = world.view();
    let all = view
        .campaigns
        .iter()
        .flat_map(|c| {
            std::iter::once(&c.object).chain(
                c.ad_sets.iter().flat_map(|s| std::iter::once(&s.object).chain(s.ads.iter().map(|ad| &ad.object))),
            )
        })
        .collect::<Vec<_>>();
    assert_eq!(all.len(), 9);
    for object in all {
        assert_eq!(object.labels, ["adops:prod", "adops:prod:paused"], "{}", object.name);
        assert_eq!(object.status, "PAUSED", "{}", object.name);
        assert!(object.name.contains("[prod."), "{}", object.name);
    }
    assert_eq!(view.creatives.len(), 3);
    assert!(view.creatives.iter().all(|c| c.labels == ["adops:prod"] && c.name.contains("[prod.")));
    // The ledger has no update: labels came with the creates.
    assert!(world.sim.ledger().iter().all(|entry| entry.change == adsim::Change::Create), "{:#?}", world.sim.ledger());
}

#[tokio::test]
async fn a_read_back_by_ids_shows_the_same_as_a_listing() {
    let mut world = World::start().await;
    world.settle().await;
    let listed = world.observe().await.lines;
    let ids = listed.keys().cloned().collect();
    assert_eq!(world.meta.observe(&Scope::Ids(ids)).await.unwrap().lines, listed);
    let unknown = ["1".to_owned(), "not an id".to_owned()].into();
    assert!(world.meta.observe(&Scope::Ids(unknown)).await.unwrap().lines.is_empty());
}

#[tokio::test]
async fn a_flight_that_has_begun_leaves_no_difference() {
    let mut world = World::start().await;
    world.spec.flight.start = jiff::civil::date(2027, 2, 1);
    world.settle().await;
    world.tick(5 * 86_400);
    assert!(world.plan().await.is_empty());
    // The end is written to the platform: the last second of the flight on the account's clock.
    let end = world.set("US").object.fields["end_time"].as_i64().unwrap();
    assert_eq!(end, "2027-05-31T23:59:59-04:00".parse::<jiff::Timestamp>().unwrap().as_second());
}

#[tokio::test]
async fn a_start_that_is_moved_into_the_past_is_now() {
    let mut world = World::start().await;
    world.settle().await;
    world.spec.flight.start = jiff::civil::date(2027, 2, 1);
    world.settle().await;
    let start = world.set("US").object.fields["start_time"].as_i64().unwrap();
    assert_eq!(start, world.sim.now().as_second());
    world.sim.reset_ledger();
    world.settle().await;
    assert!(world.sim.ledger().is_empty());
}

#[tokio::test]
async fn every_objective_goes_there_and_back() {
    for objective in [Objective::Awareness, Objective::Traffic, Objective::Leads, Objective::Signups, Objective::Sales]
    {
        let mut world = World::start().await;
        world.spec.objective = objective;
        world.settle().await;
        world.restart();
        assert!(world.plan().await.is_empty(), "{objective:?}");
    }
}

#[tokio::test]
async fn every_way_of_bidding_goes_there_and_back() {
    let amount = |text: &str| Decimal(text.to_owned());
    let mut world = World::start().await;
    for bidding in [
        AuctionBidding::CostCap(amount("12.5")),
        AuctionBidding::BidCap(amount("1.05")),
        AuctionBidding::CostCap(amount("3")),
        AuctionBidding::LowestCost,
    ] {
        world.spec.meta.bidding = bidding;
        world.settle().await;
    }
}

#[tokio::test]
async fn a_poll_costs_pages_and_not_objects() {
    let mut costs = Vec::new();
    for count in [20, 130] {
        let mut world = World::start().await;
        world.spec.budget.amount = adops_core::money::Money::parse("30000", "USD".parse().unwrap()).unwrap();
        world.spec.markets = markets(count);
        let plan = world.plan().await;
        assert!(problems(&plan).is_empty(), "{:?}", problems(&plan));
        let outcomes = world.apply(&plan).await;
        assert_eq!(applied(&outcomes), count);
        world.settle().await;
        world.counter.reset();
        assert_eq!(world.observe().await.lines.len(), count);
        costs.push(world.counter.reads());
        assert_eq!(world.counter.writes(), 0);
    }
    assert!(costs[0] <= 4 && costs[1] <= costs[0] + 2, "{costs:?}");
}

#[tokio::test]
async fn pages_are_read_to_the_last() {
    let mut config = crate::support::config();
    config.meta.limits.page_size = 500;
    let mut world = World::with(config).await;
    world.spec.budget.amount = adops_core::money::Money::parse("30000", "USD".parse().unwrap()).unwrap();
    world.spec.markets = markets(130);
    world.settle().await;
    assert_eq!(world.observe().await.lines.len(), 130);
}

#[tokio::test]
async fn what_is_too_much_for_the_platform_is_asked_for_in_smaller_pages_the_next_time() {
    let mut config = crate::support::config();
    config.meta.limits.page_size = 30;
    let world = World::with(config).await;
    let held = BTreeSet::new();
    let mut failures = 0;
    while let Err(error) = world.meta.observe(&Scope::All { held: held.clone() }).await {
        assert!(error.to_string().contains("reduce the amount of data"), "{error}");
        failures += 1;
        assert!(failures < 10);
    }
    assert!(failures > 0);
}

#[tokio::test]
async fn settings_that_change_in_the_spec_are_changed_on_the_same_objects() {
    let mut world = World::start().await;
    world.settle().await;
    let ids = ["US", "DE", "CA-ON"].map(|market| world.id(market));
    let ads = ["US", "DE", "CA-ON"].map(|market| world.set(market).ads[0].object.id);
    let spec = &mut world.spec;
    spec.flight.start = jiff::civil::date(2027, 3, 12);
    spec.flight.end = jiff::civil::date(2027, 6, 30);
    spec.audience = adops_core::campaign::spec::Audience::default();
    spec.meta.placements = BTreeSet::from([MetaPlacement::Facebook, MetaPlacement::Instagram]);
    spec.meta.bidding = AuctionBidding::CostCap(Decimal("9".to_owned()));
    spec.meta.call_to_action = Some(CallToAction::WatchMore);
    spec.meta.payor = Some("Somebody else".to_owned());
    for copy in spec.ads[0].copy.values_mut() {
        copy.headlines[0].push('!');
    }
    let plan = world.plan().await;
    assert!(plan.changes().all(|change| matches!(change.action, Action::Set { .. })));
    let fields = fields(&plan);
    for field in [
        Field::Start,
        Field::End,
        Field::Ages,
        Field::Genders,
        Field::Placements,
        Field::Bidding,
        Field::Ads,
        Field::Identity,
    ] {
        assert!(fields.contains(&field), "{field}");
    }
    world.settle().await;
    assert_eq!(ids, ["US", "DE", "CA-ON"].map(|market| world.id(market)));
    assert_eq!(ads, ["US", "DE", "CA-ON"].map(|market| world.set(market).ads[0].object.id), "the same ads");
    let set = world.set("DE");
    assert_eq!(set.object.fields["dsa_payor"], "Somebody else");
    assert_eq!(set.targeting["publisher_platforms"], json!(["facebook", "instagram"]));
}

#[tokio::test]
async fn places_are_resolved_once_and_what_meta_does_not_know_is_absent() {
    let world = World::start().await;
    let places: BTreeSet<Place> =
        ["US", "GB", "US-CA", "US-DC", "BR-SP", "DE-BY", "US-DMA-803", "US-ZZ", "US-DMA-999", "QQ"]
            .iter()
            .map(|place| place.parse().unwrap())
            .collect();
    let found = world.meta.resolve(&places).await.unwrap();
    let found: BTreeMap<String, String> = found.into_iter().map(|(place, key)| (place.to_string(), key)).collect();
    assert_eq!(found["US-CA"], "region:3847");
    assert_eq!(found["US-DC"], "region:3851");
    assert_eq!(found["US-DMA-803"], "geo_market:DMA:803");
    assert_eq!(found["GB"], "country:GB");
    assert_eq!(found.keys().collect::<Vec<_>>(), ["BR-SP", "DE-BY", "GB", "US", "US-CA", "US-DC", "US-DMA-803"]);
    world.counter.reset();
    world.meta.resolve(&places).await.unwrap();
    assert_eq!(world.counter.reads(), 0);
}

#[tokio::test]
async fn groups_regions_and_market_areas_go_there_and_back() {
    let mut world = World::start().await;
    let places = ["GB", "US-NY", "US-DMA-803", "CA-QC"].iter().map(|place| place.parse().unwrap()).collect();
    world.spec.locales.insert("mixed".into(), "en".parse().unwrap());
    world.spec.markets = vec![Market { key: "mixed".into(), places }];
    world.settle().await;
    world.restart();
    assert!(world.plan().await.is_empty());
    let geo = &world.set("mixed").targeting["geo_locations"];
    assert_eq!(geo["countries"], json!(["GB"]));
    assert_eq!(geo["geo_markets"], json!([{"key": "DMA:803"}]));
}

#[tokio::test]
async fn an_ad_with_several_media_is_an_ad_for_each() {
    let mut world = World::start().await;
    let video = "https://cdn.example.com/spring.mp4";
    world.provide(video, &file('b', MediaKind::Video)).await;
    world.tick(180);
    world.spec.ads[0].media.push(video.to_owned());
    world.settle().await;
    let set = world.set("US");
    assert_eq!(set.ads.len(), 2);
    world.restart();
    assert!(world.plan().await.is_empty(), "videos are known again by their titles");
    let line = world.line("US").await;
    let Some(Value::Ads(ads)) = line.settings.get(Field::Ads) else { panic!() };
    assert!(ads.iter().all(|ad| ad.url == "https://example.com/US/spring?utm_source=meta&utm_campaign=spring&utm_content=trailer"));
    assert_eq!(ads.iter().map(|ad| ad.media.first().unwrap().0.chars().next().unwrap()).collect::<String>(), "ab");
    assert!(world.records.keys().all(|key| key.account == ACCOUNT));
}
