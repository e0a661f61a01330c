//! What somebody changes by hand is seen as a difference, and corrected.

use std::collections::BTreeSet;

use adops_core::campaign::observed::{Delivery, Existence};
use adops_core::campaign::settings::Field;
use adsim::EditAction;
use serde_json::json;

use crate::support::{CID, World, fields, words};

/// Edits a line by hand, expects differences in these fields, and that they are corrected on the same object.
async fn corrected(edit: impl FnOnce(&World, &str), expected: &[Field]) -> World {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    edit(&world, &id);
    let plan = world.plan().await;
    assert_eq!(fields(&plan), expected.iter().copied().collect::<BTreeSet<_>>());
    world.settle().await;
    assert_eq!(world.id("US"), id);
    assert_eq!(world.sim.google_account(CID).campaigns.len(), 3);
    world
}

fn group(world: &World) -> adsim::google::view::AdGroupView {
    world.campaign("US").ad_groups.into_iter().next().unwrap()
}

#[tokio::test]
async fn places_end_and_targeting_by_interest() {
    corrected(
        |world, id| {
            world.edit(EditAction::AddLocation { campaign: id.into(), geo_target_id: 2276, negative: false });
            world.edit(EditAction::AddLocation { campaign: id.into(), geo_target_id: 21137, negative: true });
            world.edit(EditAction::SetEndDate { campaign: id.into(), end_date_time: None });
            world.edit_raw(json!([{ "campaignOperation": { "update": {
                "resourceName": format!("customers/{CID}/campaigns/{id}"),
                "geoTargetTypeSetting": { "positiveGeoTargetType": "PRESENCE_OR_INTEREST" },
                "networkSettings": { "targetContentNetwork": true },
            }, "updateMask": "geo_target_type_setting.positive_geo_target_type,network_settings.target_content_network" } }]));
        },
        &[Field::Places, Field::End, Field::Networks],
    )
    .await;
}

#[tokio::test]
async fn a_place_that_was_taken_away() {
    let world = corrected(
        |world, id| world.edit(EditAction::RemoveLocation { campaign: id.into(), geo_target_id: 2840 }),
        &[Field::Places],
    )
    .await;
    let live = |c: &&adsim::google::view::CriterionView| c.kind == "LOCATION" && c.status == "ENABLED";
    assert_eq!(world.campaign("US").criteria.iter().filter(live).count(), 1);
}

#[tokio::test]
async fn an_ad_that_was_added_twice() {
    let world = corrected(
        |world, _| {
            let group = group(world);
            let ad = &group.ads[0];
            let texts = |texts: &[String]| texts.iter().map(|text| json!({ "text": text })).collect::<Vec<_>>();
            world.edit_raw(json!([{ "adGroupAdOperation": { "create": {
                "adGroup": group.resource_name,
                "status": "ENABLED",
                "ad": {
                    "finalUrls": ad.final_urls,
                    "responsiveSearchAd": {
                        "headlines": texts(&ad.headlines),
                        "descriptions": texts(&ad.descriptions),
                        "path1": "watch",
                    },
                },
            } } }]));
        },
        &[Field::Ads],
    )
    .await;
    let (running, stopped): (Vec<_>, Vec<_>) = group(&world).ads.into_iter().partition(|ad| ad.status == "ENABLED");
    assert_eq!((running.len(), stopped.len()), (1, 1));
    assert!(running[0].id < stopped[0].id, "the first one has the history");
}

#[tokio::test]
async fn an_ad_that_was_edited() {
    let world = corrected(
        |world, _| {
            let ad = group(world).ads[0].id;
            let headlines = Some(["Buy now", "Watch now", "New season"].map(str::to_owned).to_vec());
            world.edit(EditAction::EditAd { ad, headlines, descriptions: None, final_url: None });
        },
        &[Field::Ads],
    )
    .await;
    let ads = group(&world).ads;
    let enabled: Vec<_> = ads.iter().filter(|ad| ad.status == "ENABLED").collect();
    assert_eq!(enabled.len(), 1);
    assert_eq!(enabled[0].headlines[0], "Spring is here");
}

#[tokio::test]
async fn an_ad_that_was_paused_or_removed() {
    for status in ["PAUSED", "REMOVED"] {
        corrected(
            |world, _| {
                let name = group(world).ads[0].resource_name.clone();
                let operation = match status {
                    "PAUSED" => {
                        json!({ "update": { "resourceName": name, "status": "PAUSED" }, "updateMask": "status" })
                    }
                    _ => json!({ "remove": name }),
                };
                world.edit_raw(json!([{ "adGroupAdOperation": operation }]));
            },
            &[Field::Ads],
        )
        .await;
    }
}

#[tokio::test]
async fn keywords_that_were_added_removed_and_paused() {
    let world = corrected(
        |world, _| {
            let group = group(world);
            world.edit_raw(json!([
                { "adGroupCriterionOperation": { "create": { "adGroup": group.resource_name,
                    "keyword": { "text": "cheap series", "matchType": "BROAD" } } } },
                { "adGroupCriterionOperation": { "create": { "adGroup": group.resource_name, "negative": true,
                    "keyword": { "text": "torrent", "matchType": "BROAD" } } } },
                { "adGroupCriterionOperation": { "remove": group.keywords[0].resource_name } },
                { "adGroupCriterionOperation": { "update": {
                    "resourceName": group.keywords[1].resource_name, "status": "PAUSED" }, "updateMask": "status" } },
            ]));
        },
        &[Field::Keywords, Field::NegativeKeywords],
    )
    .await;
    let live: BTreeSet<String> =
        group(&world).keywords.iter().filter(|k| k.status == "ENABLED").map(|k| k.text.clone()).collect();
    assert_eq!(live, ["spring series", "watch spring", "spring"].map(str::to_owned).into());
}

#[tokio::test]
async fn an_ad_group_that_was_paused() {
    corrected(
        |world, _| {
            let name = group(world).resource_name;
            world.edit_raw(json!([{ "adGroupOperation": {
                "update": { "resourceName": name, "status": "PAUSED" }, "updateMask": "status" } }]));
        },
        &[Field::Ads],
    )
    .await;
}

#[tokio::test]
async fn an_ad_group_that_was_removed_is_built_again() {
    let world = corrected(
        |world, _| {
            world.edit_raw(json!([{ "adGroupOperation": { "remove": group(world).resource_name } }]));
        },
        &[Field::Ads, Field::Keywords, Field::Ages, Field::Genders],
    )
    .await;
    let groups = world.campaign("US").ad_groups;
    assert_eq!(groups.iter().filter(|group| group.status == "ENABLED").count(), 1);
    let seen = world.line("US").await;
    assert_eq!(seen.marker.inner_token, seen.marker.token);
}

#[tokio::test]
async fn an_ad_group_of_somebody_elses_is_paused() {
    let world = corrected(
        |world, id| {
            let ours = group(world).ads[0].clone();
            let group = format!("customers/{CID}/adGroups/-1");
            let ad = json!({ "finalUrls": ours.final_urls,
                "responsiveSearchAd": ours.fields["responsiveSearchAd"] });
            world.edit_raw(json!([
                { "adGroupOperation": { "create": { "resourceName": group, "name": "by hand",
                    "campaign": format!("customers/{CID}/campaigns/{id}") } } },
                { "adGroupAdOperation": { "create": { "adGroup": group, "status": "ENABLED", "ad": ad } } },
            ]));
        },
        &[Field::Ads],
    )
    .await;
    let groups = world.campaign("US").ad_groups;
    assert_eq!(groups.iter().map(|g| g.status.as_str()).collect::<Vec<_>>(), ["ENABLED", "PAUSED"]);
}

#[tokio::test]
async fn excluded_ages_that_were_let_in() {
    corrected(
        |world, _| {
            for criterion in group(world).demographics {
                world.edit_raw(json!([{ "adGroupCriterionOperation": { "remove": criterion.resource_name } }]));
            }
        },
        &[Field::Ages, Field::Genders],
    )
    .await;
}

#[tokio::test]
async fn the_conversion_that_counts() {
    corrected(
        |world, id| {
            world.edit_raw(json!([{ "conversionGoalCampaignConfigOperation": { "update": {
                "resourceName": format!("customers/{CID}/conversionGoalCampaignConfigs/{id}"),
                "goalConfigLevel": "CUSTOMER" }, "updateMask": "goal_config_level" } }]));
        },
        &[Field::ConversionAction],
    )
    .await;
}

#[tokio::test]
async fn a_name_and_a_label_that_were_taken_away_are_restored() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    world.edit(EditAction::Rename { campaign: id.clone(), name: "My campaign".into() });
    assert!(world.line("US").await.marker.inner_token.is_some());
    assert_eq!(words(&world.plan().await), ["mark"]);
    world.settle().await;
    world.edit(EditAction::RemoveLabel { campaign: id.clone(), label: "adops:prod".into() });
    assert_eq!(words(&world.plan().await), ["mark"]);
    world.settle().await;
    assert_eq!(world.campaign("US").labels, ["adops:prod"]);
    // Both at once: only the id that is held leads to it, and the token in the ad group.
    world.edit(EditAction::Rename { campaign: id.clone(), name: "My campaign".into() });
    world.edit(EditAction::RemoveLabel { campaign: id.clone(), label: "adops:prod".into() });
    assert_eq!(words(&world.plan().await), ["mark"]);
    world.settle().await;
    assert_eq!(world.sim.google_account(CID).campaigns.len(), 3);
}

#[tokio::test]
async fn a_campaign_that_was_removed_is_told_by_its_id() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    world.edit(EditAction::RemoveCampaign { campaign: id.clone() });
    assert_eq!(world.line("US").await.existence, Existence::Removed);
    assert_eq!(words(&world.plan().await), ["create"]);
    world.settle().await;
    assert_ne!(world.id("US"), id);
}

#[tokio::test]
async fn a_pause_by_hand_is_told_from_ours() {
    let mut world = World::start().await;
    world.settle().await;
    assert_eq!(world.line("US").await.delivery, Delivery::Enabled);
    world.edit(EditAction::Pause { campaign: world.id("US") });
    assert_eq!(world.line("US").await.delivery, Delivery::PausedByOthers);
}

#[tokio::test]
async fn an_enable_by_hand_does_not_hide_a_later_pause_by_hand() {
    let mut world = World::start().await;
    let plan = world.plan().await;
    world.apply(&plan).await;
    let id = world.id("US");
    world.edit(EditAction::Enable { campaign: id.clone() });
    // The paused label is still on it; the marker counts as damaged and is written anew.
    assert!(words(&world.plan().await).contains(&"mark"));
    world.settle().await;
    world.edit(EditAction::Pause { campaign: id });
    assert_eq!(world.line("US").await.delivery, Delivery::PausedByOthers);
}
