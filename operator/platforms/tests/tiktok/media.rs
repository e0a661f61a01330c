//! Images and videos: into the library, found again, and what ads are made of them.

use adops_core::campaign::line::LineProblem;
use adops_core::catalog::media::MediaState;
use adops_core::platform::PlatformRules;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::{AdPlatform, Outcome, Processing};
use adops_platforms::tiktok::Rules;
use adsim::{Effect, Fault, Match};

use crate::support::{ACCOUNT, TALL_IMAGE, TALL_VIDEO, WIDE_VIDEO, World, applied, config, hash, market, upload};

fn id_of(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Applied { id } => id.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_video_is_uploaded_processed_and_found_again_by_its_hash() {
    let world = World::without_media(config()).await;
    let wanted = [hash(TALL_VIDEO), hash(TALL_IMAGE), hash(WIDE_VIDEO)].into();
    assert!(world.tiktok.media(&wanted).await.unwrap().is_empty());
    let video = id_of(&world.tiktok.upload(&upload(TALL_VIDEO)).await);
    let image = id_of(&world.tiktok.upload(&upload(TALL_IMAGE)).await);
    let found = world.tiktok.media(&wanted).await.unwrap();
    assert_eq!((found.len(), &found[&hash(TALL_VIDEO)].id, &found[&hash(TALL_IMAGE)].id), (2, &video, &image));
    assert_eq!(found[&hash(TALL_VIDEO)].state, Processing::Underway);
    assert_eq!(found[&hash(TALL_IMAGE)].state, Processing::Ready);
    world.tick(120);
    let found = world.tiktok.media(&[hash(TALL_VIDEO)].into()).await.unwrap();
    assert_eq!(found[&hash(TALL_VIDEO)].state, Processing::Ready);
    let sent = world.sim.requests();
    let form = sent.iter().find(|request| request.path.contains("file/video/ad/upload")).unwrap();
    assert_eq!(form.body["upload_type"], "UPLOAD_BY_FILE");
    assert_eq!(form.body["file_name"], format!("{}.mp4", "1".repeat(64)));
    assert_eq!(form.body["video_signature"], "6ce1a133fa63d64306c463bdd3122598");
}

#[tokio::test]
async fn a_library_is_listed_once_for_what_is_ready() {
    let world = World::start().await;
    let wanted = [hash(TALL_VIDEO), hash(TALL_IMAGE)].into();
    world.tiktok.media(&wanted).await.unwrap();
    world.counter.reset();
    assert_eq!(world.tiktok.media(&wanted).await.unwrap().len(), 2);
    assert_eq!(world.counter.reads(), 0);
}

#[tokio::test]
async fn a_large_library_is_read_by_pages() {
    let world = World::start().await;
    for digit in 10..130_u32 {
        let mut file = upload(TALL_IMAGE);
        file.facts.hash.0 = format!("{digit:064x}");
        id_of(&world.tiktok.upload(&file).await);
    }
    world.counter.reset();
    let wanted = [hash(TALL_IMAGE), hash("broken")].into();
    assert_eq!(world.tiktok.media(&wanted).await.unwrap().len(), 1);
    assert_eq!(world.counter.of("file/image/ad/search"), 2);
}

#[tokio::test]
async fn a_file_is_never_there_twice_though_an_answer_was_lost() {
    let world = World::without_media(config()).await;
    world.sim.faults().add(Fault::new(Match::path("file/video/ad/upload"), Effect::CutAfter).times(1));
    let lost = world.tiktok.upload(&upload(TALL_VIDEO)).await;
    assert!(matches!(lost, Outcome::Unknown(_)), "{lost:?}");
    let again = id_of(&world.tiktok.upload(&upload(TALL_VIDEO)).await);
    assert_eq!((world.view().videos.len(), &world.view().videos[0].id), (1, &again), "its name is its content");
    let refused = Effect::Error { category: String::new(), code: "40907".into() };
    world.sim.faults().add(Fault::new(Match::path("file/video/ad/upload"), refused).times(1));
    let outcome = world.tiktok.upload(&upload(WIDE_VIDEO)).await;
    let not_accepted = matches!(&outcome, Outcome::Failed(error) if error.reason() == Reason::MediaNotAccepted);
    assert!(not_accepted, "{outcome:?}");
}

#[tokio::test]
async fn a_video_whose_processing_fails_is_said_to_have_failed() {
    let world = World::without_media(config()).await;
    id_of(&world.tiktok.upload(&upload("broken")).await);
    world.tick(600);
    let state = async || world.tiktok.media(&[hash("broken")].into()).await.unwrap()[&hash("broken")].state.clone();
    assert_eq!(state().await, Processing::Underway);
    world.tick(3_600);
    assert!(matches!(state().await, Processing::Failed(_)));
}

#[tokio::test]
async fn a_video_has_the_image_of_its_shape_for_its_cover_else_one_made_from_it() {
    for (media, cover) in [(vec![TALL_VIDEO, TALL_IMAGE], "ad-site-i18n/"), (vec![WIDE_VIDEO, TALL_IMAGE], "tos-adsim")]
    {
        let mut world = World::start().await;
        world.spec.markets = vec![market("US")];
        world.spec.ads[0].media = media.iter().map(|url| (*url).to_owned()).collect();
        world.settle().await;
        let creative = world.campaign("US").adgroups[0].ads[0].fields["creative_list"][0]["creative_info"].clone();
        let found = creative["image_info"][0]["web_uri"].as_str().unwrap().to_owned();
        assert!(found.starts_with(cover), "{found}");
        world.restart();
        assert!(world.plan().await.is_empty());
    }
}

#[tokio::test]
async fn an_ad_shows_all_videos_that_fit() {
    let mut world = World::start().await;
    world.spec.markets = vec![market("US")];
    world.spec.ads[0].media = vec![TALL_VIDEO.to_owned(), WIDE_VIDEO.to_owned()];
    world.settle().await;
    let creatives = world.campaign("US").adgroups[0].ads[0].fields["creative_list"].clone();
    assert_eq!(creatives.as_array().unwrap().len(), 2);
    assert!(world.plan().await.is_empty());
}

#[tokio::test]
async fn a_line_waits_for_its_media_and_is_not_half_made() {
    let mut world = World::without_media(config()).await;
    let lines = world.new_lines().await;
    let not_ready = |outcomes: &[Outcome]| {
        outcomes.iter().all(|o| matches!(o, Outcome::Failed(error) if error.reason() == Reason::MediaNotReady))
    };
    let outcomes = world.tiktok.create(&lines).await;
    assert!(not_ready(&outcomes), "not in the library: {outcomes:?}");
    id_of(&world.tiktok.upload(&upload(TALL_VIDEO)).await);
    let outcomes = world.tiktok.create(&lines).await;
    assert!(not_ready(&outcomes), "still processed: {outcomes:?}");
    assert!(world.view().campaigns.is_empty());
    world.tick(120);
    assert_eq!(applied(&world.tiktok.create(&lines).await), 3);
    world.settle().await;
}

#[tokio::test]
async fn what_is_not_known_of_a_file_is_said_on_the_line() {
    let world = World::start().await;
    let account = world.account().await;
    let place = (ACCOUNT.to_owned(), TALL_VIDEO.to_owned());
    for (state, reason) in [
        (MediaState::Pending, Reason::MediaNotReady),
        (MediaState::Unreachable("HTTP 404".to_owned()), Reason::MediaUnreachable),
        (MediaState::Unusable("it is a page".to_owned()), Reason::MediaNotAccepted),
    ] {
        let mut world = World::without_media(config()).await;
        world.media.insert(place.clone(), state);
        let desired = world.desired().await;
        let problems: Vec<LineProblem> = Rules.render(desired.lines.values().next().unwrap(), &account).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].reason, reason);
        assert!(problems[0].message.contains(TALL_VIDEO), "{problems:?}");
    }
}

#[tokio::test]
async fn an_account_that_fails_while_it_is_looked_into_makes_nothing() {
    let world = World::start().await;
    let lines = world.new_lines().await;
    world.sim.faults().add(Fault::new(Match::path("file/video/suggestcover"), Effect::CutBefore));
    let outcomes = world.tiktok.create(&lines).await;
    let undone = |outcome: &Outcome| matches!(outcome, Outcome::Failed(PlatformError::Unavailable { .. }));
    assert!(outcomes.iter().all(undone), "{outcomes:?}");
    assert!(world.view().campaigns.is_empty());
}
