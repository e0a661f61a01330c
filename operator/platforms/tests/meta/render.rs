//! What a spec asks for in Meta's words, and what Meta cannot do.

use std::collections::BTreeSet;

use adops_core::campaign::settings::{Field, Value};
use adops_core::campaign::spec::{AgeRange, AuctionBidding, Decimal, Objective};
use adops_core::catalog::media::{MediaKind, MediaState};
use adops_core::market::Market;
use adops_core::reason::Reason;
use adops_platforms::port::AdPlatform;

use crate::support::{ACCOUNT, World, file};

/// The problems of the line of the US, or of the first market.
async fn told(world: &World) -> Vec<(Reason, String)> {
    let (account, desired) = world.desired().await;
    let Some(line) = desired.lines.values().next() else {
        return desired.problems.values().map(|problem| (problem.reason, problem.message.clone())).collect();
    };
    let problems = world.meta.rules().render(line, &account).err().unwrap_or_default();
    problems.into_iter().map(|problem| (problem.reason, problem.message)).collect()
}

async fn only(world: &World, reason: Reason, part: &str) {
    let told = told(world).await;
    assert!(told.len() == 1 && told[0].0 == reason && told[0].1.contains(part), "{told:?}");
}

async fn world_of(market: &str) -> World {
    let mut world = World::start().await;
    world.spec.markets = vec![crate::support::market(market)];
    world
}

#[tokio::test]
async fn what_meta_cannot_do_is_told_with_what_to_do() {
    let mut world = world_of("US").await;
    world.spec.objective = Objective::AppInstalls;
    only(&world, Reason::Unsupported, "AppInstalls").await;

    let mut world = world_of("US").await;
    world.spec.audience.ages = Some(AgeRange { from: 10, to: Some(20) });
    only(&world, Reason::Unsupported, "the nearest is 13-20").await;

    let mut world = world_of("US").await;
    world.identity.remove("pageId");
    only(&world, Reason::InvalidSpec, "spec.meta.pageId").await;

    let mut world = world_of("US").await;
    world.identity.remove("pixelId");
    only(&world, Reason::InvalidSpec, "spec.meta.pixelId").await;
    world.spec.objective = Objective::Traffic;
    assert!(told(&world).await.is_empty(), "visits need no pixel");

    let mut world = world_of("US").await;
    world.conversion_action = Some("signup".to_owned());
    only(&world, Reason::InvalidSpec, "CompleteRegistration").await;

    let mut world = world_of("US").await;
    world.spec.declarations.special_ad_categories = BTreeSet::from(["HOUSING".to_owned()]);
    only(&world, Reason::Unsupported, "neither by age nor by gender").await;

    let mut world = world_of("DE").await;
    world.spec.declarations.eu_political_ads = true;
    only(&world, Reason::Unsupported, "political").await;

    let mut world = world_of("US").await;
    let places = ["US", "US-CA"].iter().map(|place| place.parse().unwrap()).collect();
    world.spec.markets = vec![Market { key: "both".to_owned(), places }];
    only(&world, Reason::Unsupported, "US-CA, which lies in it").await;

    let mut world = world_of("US").await;
    world.spec.meta.bidding = AuctionBidding::CostCap(Decimal("1.234".to_owned()));
    only(&world, Reason::InvalidSpec, "more digits").await;

    let mut world = world_of("US").await;
    for copy in world.spec.ads[0].copy.values_mut() {
        copy.headlines.clear();
    }
    only(&world, Reason::InvalidSpec, "needs a headline").await;
}

#[tokio::test]
async fn media_are_needed_known_and_taken() {
    let mut world = world_of("US").await;
    world.spec.ads[0].media.clear();
    only(&world, Reason::InvalidSpec, "needs an image or a video").await;

    let mut world = world_of("US").await;
    let (png, other) = (world.spec.ads[0].media[0].clone(), "https://cdn.example.com/other?token=s3cret");
    world.spec.ads[0].media.push(other.to_owned());
    only(&world, Reason::MediaNotReady, "being fetched").await;
    for (state, reason) in [
        (MediaState::Unreachable("404".to_owned()), Reason::MediaUnreachable),
        (MediaState::Unusable("no image".to_owned()), Reason::MediaNotAccepted),
    ] {
        world.media.insert((ACCOUNT.to_owned(), other.to_owned()), state);
        only(&world, reason, "https://cdn.example.com/other").await;
        assert!(!told(&world).await[0].1.contains("s3cret"));
    }
    // What Meta does not take is for others, as long as something is left.
    let webp = adops_core::catalog::media::MediaFacts { format: "webp".to_owned(), ..file('d', MediaKind::Image) };
    world.media.insert((ACCOUNT.to_owned(), other.to_owned()), MediaState::Known(webp));
    assert!(told(&world).await.is_empty());
    world.spec.ads[0].media.retain(|url| *url != png);
    only(&world, Reason::MediaNotAccepted, "webp").await;
}

#[tokio::test]
async fn urls_have_their_parameters_and_another_campaigns_are_refused() {
    let mut world = world_of("US").await;
    world.spec.ads[0].url = "https://example.com/{market}?a=b#top".to_owned();
    let (account, desired) = world.desired().await;
    let settings = world.meta.rules().render(desired.lines.values().next().unwrap(), &account).unwrap();
    let Some(Value::Ads(ads)) = settings.get(Field::Ads) else { panic!() };
    let url = &ads.first().unwrap().url;
    assert_eq!(url, "https://example.com/US?a=b&utm_source=meta&utm_campaign=spring&utm_content=trailer#top");
    world.spec.ads[0].url = "https://example.com/?utm_campaign=autumn".to_owned();
    only(&world, Reason::UrlParametersForeign, "utm_campaign=autumn").await;
}

#[tokio::test]
async fn names_follow_the_template() {
    let mut world = world_of("US").await;
    world.spec.account_overrides.name_template = Some("{platform} {campaign} {market} {locale}".to_owned());
    let plan = world.plan().await;
    world.apply(&plan).await;
    let campaign = world.campaign("US");
    assert!(campaign.object.name.starts_with("Meta spring US en [prod."), "{}", campaign.object.name);
    assert_eq!(campaign.ad_sets[0].object.name, campaign.object.name);
    let ad = &campaign.ad_sets[0].ads[0].object.name;
    assert!(ad.starts_with("Meta spring US en ") && ad.contains("[prod."), "{ad}");
}

#[tokio::test]
async fn who_benefits_is_said_where_the_eu_asks_for_it_and_a_default_of_the_account_is_no_difference() {
    let mut world = World::start().await;
    world.settle().await;
    assert_eq!(world.set("DE").object.fields["dsa_beneficiary"], "Example Ltd");
    assert_eq!(world.set("DE").object.fields["dsa_payor"], "Example Ltd");
    assert!(world.set("US").object.fields.get("dsa_beneficiary").is_none());

    let mut world = world_of("DE").await;
    world.spec.meta.beneficiary = None;
    let plan = world.plan().await;
    let outcomes = world.apply(&plan).await;
    assert!(outcomes.iter().all(|o| matches!(o, adops_platforms::port::Outcome::Applied { .. })), "{outcomes:?}");
    let plan = world.plan().await;
    let outcomes = world.apply(&plan).await;
    let adops_platforms::port::Outcome::Failed(error) = &outcomes[0] else { panic!("{outcomes:?}") };
    assert_eq!(error.reason(), Reason::InvalidSpec);
    assert!(error.to_string().contains("who pays"), "{error}");
}
