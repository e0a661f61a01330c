//! What a change of words or of files leads to: other creatives on the same ads.

use std::collections::BTreeMap;

use adops_e2e::given::{self, said};
use adops_e2e::reach::{META, TIKTOK};
use adops_e2e::world::World;
use adsim::Change;
use jiff::SignedDuration;

use crate::{counts, in_spring, spring};

/// The ads of a platform by their ids, with what they show.
fn ads_of_meta(world: &World) -> BTreeMap<i64, i64> {
    let account = world.sim.meta_account(META);
    let sets = account.present().flat_map(|campaign| &campaign.ad_sets);
    sets.flat_map(|set| &set.ads).filter(|ad| ad.object.is_present()).map(|ad| (ad.object.id, ad.creative)).collect()
}

fn ads_of_tiktok(world: &World) -> BTreeMap<String, String> {
    let account = world.sim.tiktok_account(TIKTOK).unwrap();
    let groups = account.present().flat_map(|campaign| &campaign.adgroups);
    let ads = groups.flat_map(|group| &group.ads).filter(|ad| !ad.deleted);
    ads.map(|ad| (ad.id.clone(), format!("{:?} {}", ad.texts, ad.fields["creative_list"]))).collect()
}

/// How many entries of two maps of the same keys differ.
fn changed<K: Ord + std::fmt::Debug, V: PartialEq>(before: &BTreeMap<K, V>, after: &BTreeMap<K, V>) -> usize {
    assert!(before.keys().eq(after.keys()), "{:?} became {:?}", before.keys(), after.keys());
    before.iter().filter(|(key, value)| after[key] != **value).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn other_words_are_another_creative_on_the_same_ads() {
    let Some((mut world, files)) = in_spring().await else { return };
    world.poll().await;
    let (meta, tiktok) = (ads_of_meta(&world), ads_of_tiktok(&world));
    assert_eq!((meta.len(), tiktok.len()), (12, 6));
    world.sim.reset_ledger();
    world.apply(&spring(&files).replace("All episodes today.", "All of it today.")).await.unwrap();
    world.until_ready("spring").await;
    world.poll().await;

    // The German words are as they were: those of one market.
    assert_eq!(changed(&meta, &ads_of_meta(&world)), 10);
    assert_eq!(changed(&tiktok, &ads_of_tiktok(&world)), 5);
    assert_eq!(counts(&world), [(6, 6); 3]);
    let made: Vec<String> = world.writes().into_iter().filter(|e| e.change == Change::Create).map(|e| e.kind).collect();
    let is_new = |kind: &String| matches!(kind.as_str(), "campaign" | "adset" | "adgroup");
    assert!(!made.iter().any(is_new), "{made:?}");
    let account = world.sim.meta_account(META);
    let texts = account.creatives.iter().filter(|creative| creative.fields.to_string().contains("All of it today."));
    assert!(texts.count() >= 2);
    assert!(ads_of_tiktok(&world).values().filter(|shown| shown.contains("All of it today.")).count() == 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_file_under_the_same_url_is_another_creative_on_the_same_ads() {
    let Some((mut world, files)) = in_spring().await else { return };
    world.poll().await;
    let (meta, tiktok) = (ads_of_meta(&world), ads_of_tiktok(&world));
    files.change("spring-de-9x16.mp4");
    // The next look, the second one that believes it, and what the platforms make of a video.
    world.pass(SignedDuration::from_hours(7)).await;
    world.until_ready("spring").await;

    assert_eq!(changed(&meta, &ads_of_meta(&world)), 1);
    assert_eq!(changed(&tiktok, &ads_of_tiktok(&world)), 1);
    assert_eq!(counts(&world), [(6, 6); 3]);
    assert_eq!(world.sim.meta_account(META).videos.len(), 3);
    assert_eq!(world.sim.tiktok_account(TIKTOK).unwrap().videos.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_there_holds_up_only_what_shows_it() {
    let Some((mut world, files)) = given::everywhere().await else { return };
    world.start_operator().await;
    let yaml = spring(&files).replace("1x1.jpg", "1x1.txt").replace("9x16.mp4", "9x16.mov");
    world.apply(&yaml).await.unwrap();
    world.until("Google's lines work", |snapshot| crate::lines_ready(&snapshot).as_deref() == Some("6/18")).await;
    assert_eq!(counts(&world), [(6, 6), (0, 0), (0, 0)]);
    let told = said(&world.as_admin(&["get", "campaign", "spring", "-o", "yaml"], ""));
    assert!(told.contains("MediaUnreachable") && told.contains("404"), "{told}");
    world.apply(&spring(&files)).await.unwrap();
    world.until_ready("spring").await;
    assert_eq!(counts(&world), [(6, 6); 3]);
}
