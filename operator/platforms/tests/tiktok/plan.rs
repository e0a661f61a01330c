//! What was created is seen as it was wanted.

use adops_core::campaign::observed::Delivery;
use adops_core::campaign::plan::Action;
use adops_core::campaign::settings::{Field, Value};
use adops_core::campaign::spec::{AuctionBidding, Decimal, Objective, OnReplace, State};
use adops_core::marker::Token;
use adops_core::platform::Manner::{InPlace, Replace};
use adops_core::platform::PlatformRules;
use adops_core::reason::Reason;
use adops_platforms::port::{AdPlatform, Outcome, Scope};
use adops_platforms::tiktok::Rules;
use adsim::TikTokAction;

use crate::support::{TALL_IMAGE, WIDE_VIDEO, World, fields, market, markets, second_ad, words};

#[tokio::test]
async fn what_was_created_is_observed_exactly_as_rendered() {
    let mut world = World::start().await;
    world.spec.ads.push(second_ad(&world.spec, &[WIDE_VIDEO]));
    world.spec.ads[0].media.push(TALL_IMAGE.to_owned());
    let plan = world.plan().await;
    assert_eq!(words(&plan), ["create"; 3]);
    world.apply(&plan).await;

    let account = world.account().await;
    for (key, line) in &world.desired().await.lines {
        let mut wanted = Rules.render(line, &account).unwrap();
        let seen = world.line(&key.market).await;
        let Some(Value::Text(name)) = seen.settings.get(Field::Name) else { panic!() };
        assert!(name.starts_with(&format!("spring {} [prod.", key.market)), "{name}");
        wanted.set(Field::Name, Value::Text(name.clone()));
        assert_eq!(seen.settings, wanted, "{key}");
        assert_eq!((seen.budget, seen.delivery), (line.budget, Delivery::PausedByUs));
        assert!(seen.marker.label && seen.marker.token == seen.marker.inner_token);
        assert!(seen.missing.is_empty() && !seen.delivered);
    }
    assert_eq!(words(&world.plan().await), ["enable"; 3], "nothing differs");
    world.settle().await;
    for code in ["US", "DE", "US-CA"] {
        let campaign = world.campaign(code);
        assert!(
            campaign.enabled && campaign.adgroups[0].enabled && campaign.adgroups[0].ads.iter().all(|ad| ad.enabled)
        );
        assert!(!campaign.name.contains("[paused]"), "{}", campaign.name);
    }
}

#[tokio::test]
async fn every_element_of_a_line_bears_its_token() {
    let mut world = World::start().await;
    world.settle().await;
    for code in ["US", "DE", "US-CA"] {
        let campaign = world.campaign(code);
        let group = &campaign.adgroups[0];
        let tokens: Vec<_> =
            [&campaign.name, &group.name, &group.ads[0].name].map(|name| Token::find(name)).into_iter().collect();
        assert!(tokens[0].is_some() && tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
    }
}

#[tokio::test]
async fn a_listing_costs_pages_and_no_object_has_a_request_of_its_own() {
    let mut world = World::start().await;
    world.spec.markets = markets(120);
    world.spec.budget.amount = crate::support::usd("12000");
    world.settle().await;
    assert_eq!(world.view().present().count(), 120);
    world.observe().await;
    world.counter.reset();
    let seen = world.observe().await;
    assert_eq!(seen.lines.len(), 120);
    // Campaigns, ad groups and figures in one page each; ads of a hundred campaigns in one.
    assert_eq!((world.counter.reads(), world.counter.writes()), (5, 0), "{:?}", world.counter.paths());
    world.restart();
    world.counter.reset();
    world.observe().await;
    // The account, places and the files of the ads are looked up once.
    assert!(world.counter.reads() <= 9, "{:?}", world.counter.paths());
}

#[tokio::test]
async fn all_pages_are_read_and_one_that_fails_leaves_no_smaller_snapshot() {
    let mut world = World::start().await;
    world.spec.markets = markets(30);
    world.settle().await;
    for index in 0..1_100 {
        world.edit(TikTokAction::AddForeignCampaign {
            name: format!("Brand {index}"),
            budget_micros: 100_000_000,
            enabled: false,
            smart_plus: true,
            location_ids: Vec::new(),
        });
    }
    world.counter.reset();
    // Ours are the oldest, and on the second page.
    assert_eq!(world.observe().await.lines.len(), 30);
    assert_eq!(world.counter.of("smart_plus/campaign/get"), 2, "{:?}", world.counter.paths());
    let fault = adsim::Fault::new(adsim::Match::path("smart_plus/adgroup/get"), adsim::Effect::CutBefore).after(1);
    world.sim.faults().add(fault);
    let error = world.tiktok.observe(&Scope::All { held: [].into() }).await.unwrap_err();
    assert_eq!(error.reason(), Reason::PlatformUnavailable, "{error:?}");
}

#[tokio::test]
async fn a_flight_that_has_begun_leaves_no_difference() {
    let mut world = World::start().await;
    world.spec.flight.start = jiff::civil::date(2027, 2, 1);
    world.settle().await;
    // Noon in New York.
    assert_eq!(world.campaign("US").adgroups[0].schedule_start_time, "2027-03-01 17:00:00");
    world.tick(5 * 86_400);
    assert!(world.plan().await.is_empty());
}

#[tokio::test]
async fn days_are_the_accounts_and_told_in_utc() {
    for (zone, start, end) in [
        ("America/New_York", "2027-03-10 05:00:00", "2027-06-01 03:59:59"),
        ("Asia/Tokyo", "2027-03-09 15:00:00", "2027-05-31 14:59:59"),
        ("Etc/GMT+5", "2027-03-10 05:00:00", "2027-06-01 04:59:59"),
    ] {
        let mut world = World::configured(|config| config.advertisers[0].timezone = zone.to_owned()).await;
        world.settle().await;
        let group = world.campaign("US").adgroups[0].clone();
        assert_eq!(
            (group.schedule_start_time.as_str(), group.schedule_end_time.as_deref()),
            (start, Some(end)),
            "{zone}"
        );
        assert!(world.plan().await.is_empty());
    }
}

#[tokio::test]
async fn a_flight_is_moved_in_place_until_it_has_begun() {
    use jiff::civil::date;
    let mut world = World::start().await;
    world.settle().await;
    let before = world.id("US");
    (world.spec.flight.start, world.spec.flight.end) = (date(2027, 3, 12), date(2027, 6, 30));
    assert_eq!(fields(&world.plan().await), [Field::Start, Field::End].into());
    world.settle().await;
    let group = world.campaign("US").adgroups[0].clone();
    let times = (group.schedule_start_time.as_str(), group.schedule_end_time.as_deref());
    assert_eq!((world.id("US"), times), (before, ("2027-03-12 05:00:00", Some("2027-07-01 03:59:59"))));
    // Once it has begun, another start needs another ad group, and another end does not.
    world.tick(14 * 86_400);
    (world.spec.flight.start, world.spec.flight.end) = (date(2027, 4, 1), date(2027, 5, 31));
    let plan = world.plan().await;
    let manner = |wanted| {
        plan.changes().find_map(|change| match &change.action {
            Action::Set { field, manner, .. } if *field == wanted => Some(*manner),
            _ => None,
        })
    };
    assert_eq!((manner(Field::Start), manner(Field::End)), (Some(Replace), Some(InPlace)));
}

#[tokio::test]
async fn a_pixel_is_told_by_its_code_and_an_identity_by_its_business_center() {
    let mut config = crate::support::config();
    let center = "7400000000000000001";
    config.tiktok.advertisers[0].identities = vec![adsim::tiktok::config::IdentityConfig {
        identity_id: "7200000000000000003".into(),
        identity_type: "BC_AUTH_TT".into(),
        identity_authorized_bc_id: Some(center.into()),
        display_name: "Brand".into(),
    }];
    let mut world = World::with(config).await;
    world.identity.insert("pixelId".to_owned(), "C0EXAMPLE0PIXEL00000".to_owned());
    world.identity.insert("identityId".to_owned(), "7200000000000000003".to_owned());
    world.manager = Some(center.to_owned());
    world.restart();
    world.settle().await;
    let group = world.campaign("US").adgroups[0].clone();
    assert_eq!(group.fields["pixel_id"], crate::support::PIXEL);
    let creative = group.ads[0].fields["creative_list"][0]["creative_info"].clone();
    assert_eq!(
        (&creative["identity_type"], &creative["identity_authorized_bc_id"]),
        (&"BC_AUTH_TT".into(), &center.into())
    );
    world.identity.insert("identityId".to_owned(), "7200000000000000009".to_owned());
    let plan = world.plan().await;
    assert_eq!(fields(&plan), [Field::Identity].into());
    let outcomes = world.apply(&plan).await;
    let unknown =
        |outcome: &Outcome| matches!(outcome, Outcome::Failed(error) if error.to_string().contains("no identity"));
    assert!(outcomes.iter().all(unknown), "{outcomes:?}");
}

#[tokio::test]
async fn every_objective_and_way_of_bidding_goes_there_and_back() {
    let cost = AuctionBidding::CostCap(Decimal("12.50".to_owned()));
    for (objective, bidding, event) in [
        (Objective::Traffic, AuctionBidding::LowestCost, None),
        (Objective::Traffic, cost.clone(), None),
        (Objective::Sales, AuctionBidding::LowestCost, None),
        (Objective::Signups, cost, Some("SHOPPING")),
    ] {
        let mut world = World::start().await;
        world.spec.objective = objective;
        world.spec.tiktok.bidding = bidding.clone();
        world.conversion_action = event.map(str::to_owned);
        world.settle().await;
        let group = world.campaign("US").adgroups[0].fields.clone();
        let goal = if objective == Objective::Traffic { "CLICK" } else { "CONVERT" };
        assert_eq!(group["optimization_goal"], goal);
        let event = if objective == Objective::Traffic { serde_json::Value::Null } else { "SHOPPING".into() };
        assert_eq!(group["optimization_event"], event, "{objective:?}");
        assert!(world.plan().await.is_empty(), "{objective:?} {bidding:?}");
    }
}

#[tokio::test]
async fn a_cost_cap_is_changed_in_place_and_a_way_of_bidding_is_not() {
    let mut world = World::start().await;
    world.spec.tiktok.bidding = AuctionBidding::CostCap(Decimal("12".to_owned()));
    world.settle().await;
    let before = world.id("US");
    world.spec.tiktok.bidding = AuctionBidding::CostCap(Decimal("15".to_owned()));
    world.settle().await;
    assert_eq!(
        (world.id("US"), &world.campaign("US").adgroups[0].fields["conversion_bid_price"]),
        (before, &15.0.into())
    );
    world.spec.tiktok.bidding = AuctionBidding::LowestCost;
    let plan = world.plan().await;
    let replaces = |change: &adops_core::campaign::plan::Change| {
        matches!(
            change.action,
            Action::Set { field: Field::Bidding, manner: adops_core::platform::Manner::Replace, .. }
        )
    };
    assert!(plan.changes().all(replaces), "{plan:?}");
}

#[tokio::test]
async fn what_cannot_be_changed_is_replaced_by_a_new_chain() {
    let mut world = World::start().await;
    world.spec.markets = vec![market("US")];
    world.settle().await;
    let old = world.id("US");
    world.spec.policies.on_replace = OnReplace::Allow;
    world.spec.objective = Objective::Traffic;
    world.settle().await;
    let new = world.id("US");
    assert_ne!(old, new);
    let (old, new) = (world.campaign_of(&old), world.campaign_of(&new));
    assert!(!old.enabled && !old.deleted && new.enabled);
    assert_eq!(Token::find(&new.name).unwrap().replacement, 1);
    assert_eq!(world.view().live_daily_budget_micros, 6_000_000_000);
}

#[tokio::test]
async fn an_ad_group_does_not_leave_the_united_states_but_may_go_elsewhere_too() {
    let mut world = World::start().await;
    world.settle().await;
    let (us, de) = (world.line("US").await, world.line("DE").await);
    let place = |code: &str| Value::Places([code.parse().unwrap()].into());
    let both = Value::Places(["US".parse().unwrap(), "DE".parse().unwrap()].into());
    let manner = |line, from: &Value, to: &Value| Rules.manner(Field::Places, Some(from), to, line, world.sim.now());
    assert_eq!(manner(&us, &place("US"), &place("DE")), Replace);
    assert_eq!(manner(&us, &place("US-CA"), &place("DE")), Replace);
    assert_eq!(manner(&us, &place("US"), &both), InPlace);
    assert_eq!(manner(&de, &place("DE"), &place("US")), InPlace);
    let to = both;
    let set = |to| Action::Set { id: us.id.clone(), field: Field::Places, from: None, to, manner: InPlace };
    assert!(matches!(world.change(set(to)).await, Outcome::Applied { .. }));
    assert!(matches!(world.change(set(place("DE"))).await, Outcome::Failed(_)), "the platform refuses it, too");
}

#[tokio::test]
async fn a_paused_campaign_is_created_and_stays_off() {
    let mut world = World::start().await;
    world.spec.state = State::Paused;
    world.settle().await;
    assert!(world.view().campaigns.iter().all(|campaign| !campaign.enabled && campaign.name.ends_with("] [paused]")));
    assert_eq!(world.line("US").await.serving, [Reason::Paused, Reason::AdsInReview].into());
    world.spec.state = State::Active;
    assert_eq!(words(&world.plan().await), ["enable"; 3]);
}

#[tokio::test]
async fn texts_and_pages_are_changed_on_the_same_ad() {
    let mut world = World::start().await;
    world.settle().await;
    let before = world.campaign("US").adgroups[0].ads[0].id.clone();
    world.spec.ads[0].url = "https://example.com/new".to_owned();
    let plan = world.plan().await;
    assert_eq!(fields(&plan), [Field::Ads].into());
    let swaps = |change: &adops_core::campaign::plan::Change| {
        matches!(change.action, Action::Set { manner: adops_core::platform::Manner::Swap, .. })
    };
    assert!(plan.changes().all(swaps));
    world.settle().await;
    let ads = world.campaign("US").adgroups[0].ads.clone();
    assert_eq!((ads.len(), &ads[0].id), (1, &before));
    assert_eq!(ads[0].landing_page_url, "https://example.com/new?utm_source=tiktok&utm_campaign=spring&utm_content=US");
}

#[tokio::test]
async fn an_ad_that_is_added_is_created_and_one_that_is_taken_out_is_switched_off() {
    let mut world = World::start().await;
    world.settle().await;
    let second = second_ad(&world.spec, &[WIDE_VIDEO]);
    world.spec.ads.push(second);
    world.settle().await;
    let on = |world: &World| world.campaign("US").adgroups[0].ads.iter().filter(|ad| ad.enabled).count();
    assert_eq!(on(&world), 2);
    world.spec.ads.pop();
    world.settle().await;
    let ads = world.campaign("US").adgroups[0].ads.clone();
    assert_eq!((ads.len(), on(&world)), (2, 1), "it is not deleted");
    let second = second_ad(&world.spec, &[WIDE_VIDEO]);
    world.spec.ads.push(second);
    world.settle().await;
    assert_eq!((world.campaign("US").adgroups[0].ads.len(), on(&world)), (2, 2), "it is used again");
}
