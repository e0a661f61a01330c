//! S5: what is enabled, and how, depends on the last spec alone, not on the way there.

use adops_e2e::given::{self, ad, copy};
use adops_e2e::world::World;
use serde_json::{Value, json};

/// What is enabled, without what differs between two worlds: ids, tokens, namespaces.
fn enabled(world: &World) -> Vec<Value> {
    let mut all: Vec<Value> = world
        .on_platform()
        .into_iter()
        .filter(|object| object.status == "ENABLED")
        .map(|object| {
            let mut places: Vec<(String, bool)> = object
                .criteria
                .iter()
                .filter(|criterion| criterion.status != "REMOVED")
                .map(|criterion| (criterion.display_name.clone(), criterion.negative))
                .collect();
            places.sort();
            let mut groups: Vec<Value> = Vec::new();
            for group in object.ad_groups.iter().filter(|group| group.status == "ENABLED") {
                let mut keywords: Vec<String> = group
                    .keywords
                    .iter()
                    .filter(|k| k.status == "ENABLED")
                    .map(|k| format!("{} {}", k.text, k.match_type))
                    .collect();
                keywords.sort();
                let ads: Vec<(Vec<String>, Vec<String>)> = group
                    .ads
                    .iter()
                    .filter(|ad| ad.status == "ENABLED")
                    .map(|ad| (ad.headlines.clone(), ad.final_urls.clone()))
                    .collect();
                let mut people: Vec<String> = group
                    .demographics
                    .iter()
                    .filter(|d| d.negative && d.status != "REMOVED")
                    .map(|d| d.display_name.clone())
                    .collect();
                people.sort();
                groups.push(json!([keywords, ads, people]));
            }
            json!({
                "name": object.name.split(" [").next(),
                "budget": object.budget.as_ref().map(|budget| budget.amount_micros),
                "end": object.end_date_time,
                "suffix": object.fields["finalUrlSuffix"],
                "places": places,
                "groups": groups,
            })
        })
        .collect();
    all.sort_by_key(Value::to_string);
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_and_restarts_in_any_order_end_where_the_last_spec_alone_does() {
    let mut words = copy();
    words["headlines"][0] = "Summer is here".into();
    let last = json!({
        "markets": ["US", "CA", "GB"],
        "budget": {"daily": "90.00"},
        "split": {"markets": {"US": 4}},
        "audience": {"ages": "25-54"},
        "flight": {"end": "2027-06-30"},
        "ads": ad(json!({"copy": {"en": words}})),
    });
    let Some(mut straight) = given::world().await else { return };
    straight.given("spring", last.clone()).await;

    let Some(mut winding) = given::world().await else { return };
    winding.given("spring", json!({"budget": {"daily": "200.00"}})).await;
    winding.patch_campaign("spring", json!({"markets": ["US"], "state": "Paused"})).await;
    winding.kill_operator();
    winding
        .patch_campaign(
            "spring",
            json!({"markets": ["US", "IE", "CA"], "state": "Active", "audience": {"ages": "18-24"}}),
        )
        .await;
    winding.start_operator().await;
    winding.step().await;
    winding.kill_operator();
    winding.patch_campaign("spring", json!({"markets": ["CA"], "google": {"keywords": {"en": ["other words"]}}})).await;
    winding.start_operator().await;
    winding.until_ready("spring").await;
    winding.patch_campaign("spring", json!({"google": {"keywords": {"en": ["spring series"]}}})).await;
    winding.patch_campaign("spring", last).await;
    winding.kill_operator();
    winding.start_operator().await;
    winding.until_ready("spring").await;

    let (one, other) = (enabled(&straight), enabled(&winding));
    assert_eq!(one.len(), 3);
    assert_eq!(one, other);
    // What is left over is ours, paused and counted.
    let retired = winding.campaign("spring").await.status.unwrap().retired;
    let left = winding.on_platform().len() - 3;
    assert_eq!(retired.map_or(0, |retired| retired.count), i32::try_from(left).unwrap());
}
