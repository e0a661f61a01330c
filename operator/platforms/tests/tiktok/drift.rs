//! What somebody changes by hand is seen as a difference, and corrected.

use std::collections::BTreeSet;

use adops_core::campaign::observed::{Delivery, Existence};
use adops_core::campaign::plan::Action;
use adops_core::campaign::settings::{AdSettings, Field, Value};
use adops_core::marker::Token;
use adops_core::platform::Manner;
use adops_core::reason::Reason;
use adops_platforms::port::Outcome;
use adsim::TikTokAction;
use serde_json::{Value as Json, json};

use crate::support::{ADVERTISER, TOKEN, World, fields, words};

/// Sends a request as a person with the same token would.
async fn post(world: &World, path: &str, mut body: Json) -> Json {
    body["advertiser_id"] = ADVERTISER.into();
    let url = format!("{}/v1.3/{path}/", world.sim.tiktok_url());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(url).header("Access-Token", TOKEN).header("Content-Type", "application/json");
    let answer = request.body(body.to_string()).send().await.unwrap();
    let answer: Json = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(answer["code"], 0, "{answer}");
    answer["data"].clone()
}

/// Edits a line by hand, expects differences in these fields, and that they are corrected on the same objects.
async fn corrected(
    edit: impl AsyncFnOnce(&World, &adsim::tiktok::view::TikTokCampaignView),
    expected: &[Field],
) -> World {
    let mut world = World::start().await;
    world.settle().await;
    let before = world.campaign("US");
    edit(&world, &before).await;
    let plan = world.plan().await;
    assert_eq!(fields(&plan), expected.iter().copied().collect::<BTreeSet<_>>(), "{plan:?}");
    world.settle().await;
    let after = world.campaign("US");
    assert_eq!((&after.id, &after.adgroups[0].id), (&before.id, &before.adgroups[0].id));
    assert_eq!(world.view().campaigns.len(), 3);
    world
}

#[tokio::test]
async fn places_and_the_end() {
    let world = corrected(
        async |world, campaign| {
            let group = &campaign.adgroups[0].id;
            let places = ["6252001", "2921044"].map(str::to_owned).to_vec();
            world.edit(TikTokAction::SetLocations { adgroup: group.clone(), location_ids: places });
            world.edit(TikTokAction::SetEnd { adgroup: group.clone(), schedule_end_time: None });
        },
        &[Field::Places, Field::End],
    )
    .await;
    let group = world.campaign("US").adgroups[0].clone();
    assert_eq!(
        (group.location_ids, group.schedule_end_time.as_deref()),
        (vec!["6252001".to_owned()], Some("2027-06-01 03:59:59"))
    );
}

#[tokio::test]
async fn automatic_targeting_and_interests() {
    for targeting in [
        json!({ "targeting_optimization_mode": "AUTOMATIC", "targeting_spec": { "location_ids": ["6252001"], "languages": ["en"] } }),
        json!({ "targeting_spec": {
            "location_ids": ["6252001"], "languages": ["en"], "gender": "GENDER_FEMALE",
            "age_groups": ["AGE_18_24", "AGE_25_34", "AGE_35_44", "AGE_45_54"], "interest_category_ids": ["12"],
        } }),
    ] {
        let automatic = targeting["targeting_optimization_mode"] == "AUTOMATIC";
        // Automatic targeting knows no genders either.
        let expected: &[Field] = if automatic { &[Field::Ages, Field::Genders] } else { &[Field::Ages] };
        let world = corrected(
            async |world, campaign| {
                let mut body = targeting.clone();
                body["adgroup_id"] = campaign.adgroups[0].id.as_str().into();
                post(world, "smart_plus/adgroup/update", body).await;
            },
            expected,
        )
        .await;
        let fields = world.campaign("US").adgroups[0].fields.clone();
        assert_eq!(fields["targeting_optimization_mode"], "MANUAL");
        assert_eq!(fields["targeting_spec"].get("interest_category_ids"), None);
    }
}

#[tokio::test]
async fn the_text_of_an_ad_and_an_ad_that_is_switched_off() {
    let world = corrected(
        async |world, campaign| {
            world.edit(TikTokAction::SetAdText {
                ad: campaign.adgroups[0].ads[0].id.clone(),
                text: "Buy now".to_owned(),
            });
        },
        &[Field::Ads],
    )
    .await;
    assert_eq!(world.campaign("US").adgroups[0].ads[0].texts, ["All episodes today.", "Start for free."]);
    let world = corrected(
        async |world, campaign| world.edit(TikTokAction::Pause { object: campaign.adgroups[0].ads[0].id.clone() }),
        &[Field::Ads],
    )
    .await;
    let ads = world.campaign("US").adgroups[0].ads.clone();
    assert!(ads.len() == 1 && ads[0].enabled, "the same ad is switched on again: {ads:?}");
}

#[tokio::test]
async fn an_ad_and_an_ad_group_that_somebody_adds() {
    let world = corrected(
        async |world, campaign| {
            let fields = &campaign.adgroups[0].ads[0].fields;
            let mut body = json!({ "adgroup_id": campaign.adgroups[0].id, "ad_name": "mine" });
            for name in ["creative_list", "ad_text_list", "call_to_action_list", "ad_configuration"] {
                body[name] = fields[name].clone();
            }
            body["landing_page_url_list"] = json!([{ "landing_page_url": "https://elsewhere.example" }]);
            post(world, "smart_plus/ad/create", body.clone()).await;
            // One that equals ours was added twice.
            body["landing_page_url_list"] = fields["landing_page_url_list"].clone();
            post(world, "smart_plus/ad/create", body.clone()).await;
            let mut group = campaign.adgroups[0].fields.clone();
            let known = [
                "promotion_type",
                "optimization_goal",
                "billing_event",
                "pixel_id",
                "optimization_event",
                "bid_type",
                "schedule_type",
                "schedule_start_time",
                "schedule_end_time",
                "targeting_optimization_mode",
                "targeting_spec",
            ];
            group.as_object_mut().unwrap().retain(|name, _| known.contains(&name.as_str()));
            group["campaign_id"] = campaign.id.as_str().into();
            (group["adgroup_name"], group["request_id"]) = ("mine".into(), "42".into());
            let added = post(world, "smart_plus/adgroup/create", group).await;
            body["adgroup_id"] = added["adgroup_id"].clone();
            post(world, "smart_plus/ad/create", body).await;
        },
        &[Field::Ads],
    )
    .await;
    let campaign = world.campaign("US");
    let on = |index: usize| campaign.adgroups[index].ads.iter().filter(|ad| ad.enabled).count();
    assert_eq!((campaign.adgroups.len(), campaign.adgroups[0].ads.len(), on(0)), (2, 3, 1));
    assert!(campaign.adgroups[0].enabled && !campaign.adgroups[1].enabled, "nothing is deleted");
}

#[tokio::test]
async fn the_identity_and_the_video_of_an_ad() {
    let mut world = World::configured(|config| {
        let mut other = config.advertisers[0].identities[0].clone();
        (other.identity_id, other.identity_type) = ("7200000000000000002".into(), "TT_USER".into());
        config.advertisers[0].identities.push(other);
    })
    .await;
    world.settle().await;
    let ad = world.campaign("US").adgroups[0].ads[0].clone();
    let uploaded = post(
        &world,
        "file/video/ad/upload",
        json!({ "upload_type": "UPLOAD_BY_URL", "video_url": "https://elsewhere.example/other.mp4" }),
    )
    .await;
    world.tick(120);
    let mut creative = ad.fields["creative_list"].clone();
    creative[0]["creative_info"]["video_info"]["video_id"] = uploaded[0]["video_id"].clone();
    post(&world, "smart_plus/ad/update", json!({ "smart_plus_ad_id": ad.id, "creative_list": creative })).await;
    let Some(Value::Ads(ads)) = world.line("US").await.settings.get(Field::Ads).cloned() else { panic!() };
    let media = &ads.first().unwrap().media;
    assert!(media.iter().all(|hash| hash.0.starts_with("video v10033g5")), "{media:?}");
    assert_eq!(fields(&world.plan().await), [Field::Ads].into());
    world.settle().await;

    // Another identity is written on the same ad; one of TikTok's own accounts goes with each creative.
    world.identity.insert("identityId".to_owned(), "7200000000000000002".to_owned());
    assert_eq!(fields(&world.plan().await), [Field::Identity].into());
    world.settle().await;
    let after = world.campaign("US").adgroups[0].ads[0].clone();
    assert_eq!(after.id, ad.id);
    assert_eq!(after.fields["creative_list"][0]["creative_info"]["identity_type"], "TT_USER");
}

#[tokio::test]
async fn a_name_that_was_changed_is_found_by_the_ad_group_and_written_again() {
    let mut world = World::start().await;
    world.settle().await;
    let (id, name) = (world.id("US"), world.campaign("US").name);
    let group = world.campaign("US").adgroups[0].id.clone();
    for (object, new) in [(&id, "mine"), (&group, "group"), (&id, "spring US [other words] ")] {
        world.edit(TikTokAction::Rename { object: object.clone(), name: new.to_owned() });
        world.records.clear();
        let plan = world.plan().await;
        assert_eq!(words(&plan), ["mark"], "{new}");
        world.settle().await;
        let campaign = world.campaign_of(&id);
        assert_eq!((&campaign.name, &campaign.adgroups[0].name), (&name, &name));
    }
    assert_eq!(world.view().campaigns.len(), 3);
}

#[tokio::test]
async fn a_paused_line_that_is_renamed_stays_paused_by_us() {
    let mut world = World::start().await;
    world.spec.state = adops_core::campaign::spec::State::Paused;
    world.settle().await;
    let id = world.id("US");
    let kept = world.campaign("US").name.replace("spring US", "my spring");
    world.edit(TikTokAction::Rename { object: id.clone(), name: kept });
    assert_eq!(fields(&world.plan().await), [Field::Name].into());
    world.settle().await;
    assert!(
        world.campaign("US").name.starts_with("spring US [prod.") && world.campaign("US").name.ends_with(" [paused]")
    );
    assert_eq!(world.line("US").await.delivery, Delivery::PausedByUs);
}

#[tokio::test]
async fn names_without_any_token_are_found_by_the_record_only() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    let group = world.campaign("US").adgroups[0].id.clone();
    for object in [id.clone(), group] {
        world.edit(TikTokAction::Rename { object, name: "mine".to_owned() });
    }
    let plan = world.plan().await;
    let us = plan.lines.iter().find(|line| line.key.market == "US").unwrap();
    assert_eq!(us.problem.as_ref().unwrap().reason, Reason::MarkerLost);
    assert!(us.changes.is_empty());
}

#[tokio::test]
async fn a_marker_of_another_installation_is_left_alone() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    let name = world.campaign("US").name.replace("[prod.", "[other.");
    world.edit(TikTokAction::Rename { object: id.clone(), name: name.clone() });
    let plan = world.plan().await;
    let us = plan.lines.iter().find(|line| line.key.market == "US").unwrap();
    assert_eq!(us.problem.as_ref().unwrap().reason, Reason::ForeignMarker);
    let outcome = world.change(Action::Pause { id: id.clone() }).await;
    assert!(matches!(outcome, Outcome::Failed(error) if error.reason() == Reason::ForeignMarker));
    assert_eq!((world.campaign("US").name, Token::find(&name).unwrap().installation.as_str()), (name.clone(), "other"));
}

#[tokio::test]
async fn a_campaign_that_was_deleted_is_made_again_with_the_next_number() {
    let mut world = World::start().await;
    world.settle().await;
    let old = world.id("US");
    world.edit(TikTokAction::Delete { object: old.clone() });
    assert_eq!(world.observe().await.lines[&old].existence, Existence::Removed);
    assert_eq!(words(&world.plan().await), ["create"]);
    world.settle().await;
    assert_ne!(world.id("US"), old);
    assert_eq!(Token::find(&world.campaign("US").name).unwrap().replacement, 1);
}

#[tokio::test]
async fn a_budget_that_was_raised_is_lowered_again() {
    let mut world = World::start().await;
    world.settle().await;
    world.edit(TikTokAction::SetBudget { object: world.id("US"), budget_micros: 9_000_000_000 });
    assert_eq!(words(&world.plan().await), ["budget"]);
    world.settle().await;
    assert_eq!(world.campaign("US").budget_micros, Some(2_000_000_000));
}

#[tokio::test]
async fn what_an_ad_group_cannot_change_is_said() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    let set = |field, to| Action::Set { id: id.clone(), field, from: None, to, manner: Manner::InPlace };
    for (field, to) in [
        (Field::Objective, Value::Text("TRAFFIC".into())),
        (Field::Optimization, Value::Text("CLICK".into())),
        (Field::Bidding, Value::Text("CostCap 12.00".into())),
        (Field::Channel, Value::Text("Search".into())),
    ] {
        let outcome = world.change(set(field, to)).await;
        let unsupported = matches!(&outcome, Outcome::Failed(error) if error.reason() == Reason::Unsupported);
        assert!(unsupported, "{field}: {outcome:?}");
    }
    let unknown: BTreeSet<AdSettings> = BTreeSet::new();
    let outcome = world.change(set(Field::Ads, Value::Ads(unknown))).await;
    assert!(matches!(outcome, Outcome::Applied { .. }), "no ad at all is a wish like any other: {outcome:?}");
}
