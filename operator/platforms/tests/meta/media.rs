//! Images and videos are put into the library once, and found again by what they are.

use std::collections::BTreeSet;

use adops_core::campaign::settings::ContentHash;
use adops_core::catalog::media::MediaKind;
use adops_platforms::port::{AdPlatform, Outcome, Processing};
use adsim::MetaEditAction;
use serde_json::json;

use crate::support::{ACT, World, applied, file, new_lines, upload};

#[tokio::test]
async fn an_image_is_found_by_its_content_after_a_restart_and_kept_once() {
    let mut world = World::start().await;
    let image = file('c', MediaKind::Image);
    let Outcome::Applied { id } = world.meta.upload(&upload(&image)).await else { panic!() };
    assert!(matches!(world.meta.upload(&upload(&image)).await, Outcome::Applied { id: again } if again == id));
    assert_eq!(world.view().images.iter().filter(|hash| **hash == id).count(), 1);
    world.restart();
    let unknown = ContentHash("f".repeat(64));
    let found = world.meta.media(&BTreeSet::from([image.hash.clone(), unknown.clone()])).await.unwrap();
    assert_eq!((found[&image.hash].id.as_str(), &found[&image.hash].state), (id.as_str(), &Processing::Ready));
    assert!(!found.contains_key(&unknown));
    world.counter.reset();
    world.meta.media(&BTreeSet::from([image.hash])).await.unwrap();
    assert_eq!(world.counter.reads(), 0, "what is ready stays so");
}

#[tokio::test]
async fn a_video_is_processed_before_it_can_be_used() {
    let world = World::start().await;
    let video = file('d', MediaKind::Video);
    let wanted = BTreeSet::from([video.hash.clone()]);
    let Outcome::Applied { id } = world.meta.upload(&upload(&video)).await else { panic!() };
    let found = world.meta.media(&wanted).await.unwrap();
    assert_eq!((found[&video.hash].id.as_str(), &found[&video.hash].state), (id.as_str(), &Processing::Underway));
    world.tick(180);
    let found = world.meta.media(&wanted).await.unwrap();
    assert_eq!(found[&video.hash].state, Processing::Ready);
}

#[tokio::test]
async fn a_video_that_cannot_be_processed_says_why() {
    let world = World::start().await;
    let hash = ContentHash("e".repeat(64));
    let params = json!({"title": hash.0, "file_url": "https://unreachable.example/a.mp4"});
    world.edit(MetaEditAction::Create { edge: "advideos".into(), params });
    world.tick(180);
    let found = world.meta.media(&BTreeSet::from([hash.clone()])).await.unwrap();
    let Processing::Failed(why) = &found[&hash].state else { panic!("{found:?}") };
    assert!(why.contains("fetch"), "{why}");
}

#[tokio::test]
async fn an_upload_that_is_refused_or_lost_is_told() {
    let world = World::start().await;
    let mut broken = upload(&file('c', MediaKind::Image));
    broken.content = std::sync::Arc::new(b"no image".to_vec());
    let Outcome::Failed(error) = world.meta.upload(&broken).await else { panic!() };
    assert_eq!(error.reason(), adops_core::reason::Reason::MediaNotAccepted);
    let when = adsim::Match::path("adimages");
    world.sim.faults().add(adsim::Fault::new(when, adsim::Effect::CutAfter).times(1));
    let image = file('c', MediaKind::Image);
    assert!(matches!(world.meta.upload(&upload(&image)).await, Outcome::Unknown(_)));
    let found = world.meta.media(&BTreeSet::from([image.hash.clone()])).await.unwrap();
    assert_eq!(found[&image.hash].state, Processing::Ready, "it is found all the same");
}

#[tokio::test]
async fn the_library_is_read_in_pages_and_other_peoples_files_are_left_alone() {
    let world = World::start().await;
    for number in 0..30 {
        let params = json!({"title": format!("holiday {number}"), "file_url": "https://cdn.example.com/a.mp4"});
        world.edit(MetaEditAction::Create { edge: "advideos".into(), params });
    }
    world.sim.configure_meta(|meta| meta.limits.page_size = 500);
    let found = world.meta.media(&BTreeSet::from([ContentHash("a".repeat(64))])).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(world.sim.meta_account(ACT).videos.len(), 30);
}

#[tokio::test]
async fn a_line_whose_file_has_left_the_library_waits_for_it() {
    let mut world = World::start().await;
    let hash = world.view().images[0].clone();
    let lines = new_lines(&world.plan().await);
    world.restart();
    let image = world.sim.meta_account(ACT).images.len();
    assert_eq!(image, 1);
    // Somebody deletes the image.
    let client = reqwest_delete(&world, &hash).await;
    assert_eq!(client, 200);
    let outcomes = world.meta.create(&lines).await;
    for outcome in &outcomes {
        let Outcome::Failed(error) = outcome else { panic!("{outcome:?}") };
        assert_eq!(error.reason(), adops_core::reason::Reason::MediaNotReady);
    }
    assert!(world.view().campaigns.is_empty(), "nothing is begun that cannot be ended");
    world.meta.upload(&upload(&file('a', MediaKind::Image))).await;
    assert_eq!(applied(&world.meta.create(&lines).await), 3);
}

/// Deletes an image as its owner would.
async fn reqwest_delete(world: &World, hash: &str) -> u16 {
    use adops_platforms::allow::AllowList;
    use adops_platforms::transport::Transport;
    let allow = AllowList::new(&["http://127.0.0.1".to_owned()]).unwrap();
    let transport = Transport::new(allow, std::time::Duration::from_secs(5), None, None).unwrap();
    let url = format!("{}/v26.0/act_{ACT}/adimages?hash={hash}", world.sim.meta_url());
    let sent = transport.send(true, |client| client.delete(url).bearer_auth(crate::support::TOKEN)).await.unwrap();
    sent.status
}
