//! What people do to a line on the platform is seen, and put right or kept.

use adops_core::campaign::observed::{Delivery, Existence};
use adops_core::campaign::plan::Action;
use adops_core::campaign::settings::Field;
use adops_core::reason::Reason;
use adops_platforms::port::AdPlatform;
use adsim::MetaEditAction;
use serde_json::json;

use crate::support::{PAGE, World, changes, config, everything, fields, words};

#[tokio::test]
async fn each_edit_by_hand_shows_in_its_field_and_is_put_right() {
    let mut world = World::start().await;
    world.settle().await;
    let set = world.set("US");
    let ad = set.ads[0].object.id;
    let targeting = |change: serde_json::Value| {
        let mut targeting = set.targeting.clone();
        for (name, value) in change.as_object().unwrap() {
            targeting[name] = value.clone();
        }
        json!({ "targeting": targeting })
    };
    let id = set.object.id;
    for (object, params, field) in [
        (id, json!({"end_time": "2027-06-05T00:00:00-0400"}), Field::End),
        (id, json!({"bid_strategy": "COST_CAP", "bid_amount": 500}), Field::Bidding),
        (id, json!({"optimization_goal": "LINK_CLICKS"}), Field::Optimization),
        (id, targeting(json!({"geo_locations": {"countries": ["US", "GB"]}})), Field::Places),
        (id, targeting(json!({"excluded_geo_locations": {"regions": [{"key": "3847"}]}})), Field::Places),
        (id, targeting(json!({"flexible_spec": [{"interests": [{"id": "6003"}]}]})), Field::Places),
        (id, targeting(json!({"age_max": 40})), Field::Ages),
        (id, targeting(json!({"genders": []})), Field::Genders),
        (id, targeting(json!({"publisher_platforms": ["facebook"]})), Field::Placements),
        (id, targeting(json!({"locales": [6]})), Field::Languages),
        (ad, json!({"status": "PAUSED"}), Field::Ads),
        (
            world.campaign("US").object.id,
            json!({"special_ad_categories": ["CREDIT"], "special_ad_category_country": ["US"]}),
            Field::SpecialAdCategories,
        ),
    ] {
        world.update(object, params.clone());
        assert_eq!(fields(&world.plan().await), [field].into(), "{params}");
        world.settle().await;
        let again = world.set("US");
        assert_eq!(again.ads[0].object.status, "ACTIVE");
        assert_eq!(again.targeting, set.targeting, "{params}");
    }
}

#[tokio::test]
async fn a_creative_that_was_exchanged_by_hand_is_exchanged_back() {
    let mut world = World::start().await;
    world.settle().await;
    let before = world.set("US").ads[0].creative;
    let story = json!({"page_id": PAGE, "link_data": {"link": "https://elsewhere.example/", "message": "Buy"}});
    world.edit(MetaEditAction::Create {
        edge: "adcreatives".into(),
        params: json!({"name": "theirs", "object_story_spec": story}),
    });
    let theirs = world.view().creatives.last().unwrap().id;
    let ad = world.set("US").ads[0].object.id;
    world.edit(MetaEditAction::SwapCreative { ad: ad.to_string(), creative: theirs.to_string() });
    assert_eq!(fields(&world.plan().await), [Field::Ads].into());
    world.settle().await;
    let set = world.set("US");
    assert_eq!(
        (set.ads.len(), set.ads[0].object.id, set.ads[0].creative),
        (1, ad, before),
        "the creative of before is used"
    );
}

#[tokio::test]
async fn an_exchange_that_the_platform_only_says_it_has_made_becomes_a_new_ad() {
    let mut world = World::start().await;
    world.settle().await;
    world.sim.configure_meta(|meta| meta.rules.creative_swap_is_ignored = true);
    for copy in world.spec.ads[0].copy.values_mut() {
        copy.headlines[0].push('!');
    }
    world.settle().await;
    let set = world.set("US");
    assert_eq!(set.ads.iter().map(|ad| ad.object.status.as_str()).collect::<Vec<_>>(), ["PAUSED", "ACTIVE"]);
    assert_eq!(world.view().creatives.len(), 6, "one new creative a line");
    world.sim.reset_ledger();
    world.settle().await;
    assert!(world.sim.ledger().is_empty(), "and it stays so");
    // Back again: the old ad is taken up, nothing is made anew.
    for copy in world.spec.ads[0].copy.values_mut() {
        copy.headlines[0].pop();
    }
    world.settle().await;
    let set = world.set("US");
    assert_eq!(set.ads.iter().map(|ad| ad.object.status.as_str()).collect::<Vec<_>>(), ["ACTIVE", "PAUSED"]);
    assert_eq!(world.view().creatives.len(), 6);
}

#[tokio::test]
async fn a_stop_by_hand_of_campaign_or_ad_set_is_a_stop() {
    for of_set in [false, true] {
        let mut world = World::start().await;
        world.settle().await;
        let object = if of_set { world.set("US").object.id } else { world.campaign("US").object.id };
        world.edit(MetaEditAction::Pause { object: object.to_string() });
        assert_eq!(world.line("US").await.delivery, Delivery::PausedByOthers, "{of_set}");
        let plan = world.plan().await;
        assert!(plan.lines.iter().any(|line| line.stopped_by_hand));
        let id = world.id("US");
        let enable = Action::Enable { id: id.clone(), budget: world.line("US").await.budget };
        world.meta.change(&[enable]).await;
        assert_eq!(world.line("US").await.delivery, Delivery::Enabled);
    }
}

#[tokio::test]
async fn an_ad_set_that_somebody_adds_counts_in_the_budget_and_is_stopped() {
    let mut world = World::start().await;
    world.settle().await;
    let campaign = world.id("US");
    world.edit(MetaEditAction::Create {
        edge: "adsets".into(),
        params: json!({
            "name": "more", "campaign_id": campaign, "daily_budget": 30_000, "billing_event": "IMPRESSIONS",
            "optimization_goal": "LINK_CLICKS",
            "targeting": {"geo_locations": {"countries": ["US"]}, "targeting_automation": {"advantage_audience": 0}},
        }),
    });
    let more = world.campaign("US").ad_sets.iter().map(|set| set.object.id).max().unwrap();
    let story = json!({"page_id": PAGE, "link_data": {"link": "https://example.com/", "message": "Hello"}});
    world.edit(MetaEditAction::Create {
        edge: "ads".into(),
        params: json!({"name": "ad", "adset_id": more.to_string(), "creative": {"name": "c", "object_story_spec": story}}),
    });
    assert_eq!(world.line("US").await.budget.micros(), 500_000_000);
    let plan = world.plan().await;
    assert!(fields(&plan).contains(&Field::Ads) && words(&plan).contains(&"budget"), "{:?}", words(&plan));
    world.settle().await;
    let sets = world.campaign("US").ad_sets;
    assert_eq!(sets.iter().map(|set| set.object.status.as_str()).collect::<Vec<_>>(), ["ACTIVE", "PAUSED"]);
    assert_eq!(world.view().live_daily_budget_micros, 600_000_000);
}

#[tokio::test]
async fn a_budget_by_hand_is_seen_in_minor_units_and_put_right() {
    let mut world = World::start().await;
    world.settle().await;
    let set = world.set("US").object.id;
    world.edit(MetaEditAction::SetBudget { object: set.to_string(), daily_budget: 30_000 });
    assert_eq!(world.line("US").await.budget.micros(), 300_000_000);
    world.settle().await;
    assert_eq!(world.set("US").object.daily_budget, Some(20_000));
    assert_eq!(world.account().await.budget_unit, 10_000, "no rounding is learned from it");
}

#[tokio::test]
async fn a_renamed_campaign_keeps_its_label_and_a_stripped_one_its_name() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    world.edit(MetaEditAction::Rename { object: id.clone(), name: "Summer".into() });
    world.records.clear();
    let seen = world.observe().await;
    assert!(seen.lines[&id].marker.label && seen.lines[&id].marker.token.is_none());
    assert!(seen.lines[&id].marker.inner_token.is_some());
    let plan = world.plan().await;
    world.apply(&plan).await;
    assert!(world.plan().await.is_empty());

    world.edit(MetaEditAction::RemoveLabel { object: id.clone(), label: "adops:prod".into() });
    let seen = world.observe().await;
    assert!(!seen.lines[&id].marker.label && seen.lines[&id].marker.token.is_some());
    assert_eq!(words(&world.plan().await), ["mark"]);
    let plan = world.plan().await;
    world.apply(&plan).await;
    assert!(world.observe().await.lines[&id].marker.label);
    assert!(world.plan().await.is_empty());
}

#[tokio::test]
async fn what_is_held_and_was_deleted_or_archived_is_seen_as_removed() {
    let mut world = World::start().await;
    world.settle().await;
    let (us, de) = (world.id("US"), world.id("DE"));
    world.edit(MetaEditAction::Delete { object: us.clone() });
    world.edit(MetaEditAction::Archive { object: de.clone() });
    let seen = world.observe().await;
    assert_eq!(seen.lines[&us].existence, Existence::Removed);
    assert_eq!(seen.lines[&de].existence, Existence::Removed);
    let unheld = world.meta.observe(&everything()).await.unwrap();
    assert_eq!(unheld.lines.len(), 1, "an edge shows neither");
    let plan = world.plan().await;
    assert_eq!(words(&plan), ["create"; 2]);
}

#[tokio::test]
async fn a_listing_that_lags_does_not_hide_what_is_held() {
    let mut config = config();
    config.meta.read_lag = jiff::SignedDuration::from_secs(30);
    let mut world = World::with(config).await;
    world.tick(60);
    let plan = world.plan().await;
    let outcomes = world.apply(&plan).await;
    assert_eq!(crate::support::applied(&outcomes), 3);
    assert_eq!(world.observe().await.lines.len(), 3);
    assert!(changes(&world.plan().await).iter().all(|action| matches!(action, Action::Enable { .. })));
}

#[tokio::test]
async fn reviews_and_issues_are_told_as_reasons() {
    let mut world = World::start().await;
    world.spec.flight.start = jiff::civil::date(2027, 2, 1);
    world.settle().await;
    assert!(world.line("US").await.serving.contains(&Reason::AdsInReview));
    world.tick(700);
    assert_eq!(world.line("US").await.serving, [Reason::Learning].into());
    for copy in world.spec.ads[0].copy.values_mut() {
        copy.descriptions[0] = "disapproveme".to_owned();
    }
    world.settle().await;
    world.tick(700);
    assert!(world.line("US").await.serving.contains(&Reason::AdsDisapproved));
    world.edit(MetaEditAction::SetAccountStatus { status: 3, disable_reason: 0 });
    assert!(world.line("US").await.serving.contains(&Reason::PaymentFailed));
}

#[tokio::test]
async fn a_page_that_changes_is_a_new_creative_on_the_same_ad() {
    let mut config = config();
    config.meta.accounts[0].pages.push("900000000000002".into());
    let mut world = World::with(config).await;
    world.settle().await;
    let ad = world.set("US").ads[0].object.id;
    world.identity.insert("pageId".into(), "900000000000002".into());
    let plan = world.plan().await;
    assert_eq!(fields(&plan), [Field::Identity].into());
    world.settle().await;
    let set = world.set("US");
    assert_eq!((set.ads.len(), set.ads[0].object.id), (1, ad));
    let creative = set.ads[0].creative;
    let creative = world.view().creatives.into_iter().find(|c| c.id == creative).unwrap();
    assert_eq!(creative.fields["object_story_spec"]["page_id"], "900000000000002");
}

#[tokio::test]
async fn a_second_ad_that_equals_a_first_is_stopped() {
    let mut world = World::start().await;
    world.settle().await;
    let set = world.set("US");
    let twin = json!({
        "name": "again", "adset_id": set.object.id.to_string(),
        "creative": {"creative_id": set.ads[0].creative.to_string()},
    });
    world.edit(MetaEditAction::Create { edge: "ads".into(), params: twin });
    assert_eq!(fields(&world.plan().await), [Field::Ads].into());
    world.settle().await;
    let ads = world.set("US").ads;
    assert_eq!(ads.iter().map(|ad| ad.object.status.as_str()).collect::<Vec<_>>(), ["ACTIVE", "PAUSED"]);
}

#[tokio::test]
async fn an_ad_that_is_taken_out_of_the_spec_stops_and_is_taken_up_again() {
    let mut world = World::start().await;
    let second = adops_core::campaign::spec::Ad {
        name: "teaser".to_owned(),
        url: "https://example.com/teaser".to_owned(),
        ..world.spec.ads[0].clone()
    };
    world.spec.ads.push(second.clone());
    world.settle().await;
    assert_eq!(world.set("US").ads.len(), 2);
    world.spec.ads.pop();
    world.settle().await;
    let active = |world: &World| world.set("US").ads.iter().filter(|ad| ad.object.status == "ACTIVE").count();
    assert_eq!((world.set("US").ads.len(), active(&world)), (2, 1));
    world.spec.ads.push(second);
    world.settle().await;
    assert_eq!((world.set("US").ads.len(), active(&world)), (2, 2));
    assert_eq!(world.view().creatives.len(), 6);
}
