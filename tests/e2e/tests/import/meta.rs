//! A Meta account of 60 campaigns that a script has made: import, then apply, plans nothing.

use adops_cli::Exit;
use adops_e2e::given;
use adops_e2e::reach::META;
use adsim::Change;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::meta_script::{self as script, Kind, OBJECTS};
use crate::{apply_all, import, import_with, listed, only_marked, plan};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_imported_from_a_meta_account_changes_nothing_but_marks_when_it_is_applied() {
    let instantly = |config: &mut adsim::Config| config.meta.video_processing = SignedDuration::ZERO;
    let Some((mut world, files)) = given::everywhere_with(instantly).await else { return };
    script::make(&world, &files).await;
    world.patch_account("meta-global", json!({"ceiling": {"daily": "100000.00", "currency": "EUR"}})).await;
    world.start_operator().await;
    world.pass(SignedDuration::from_hours(1)).await;
    world.sim.reset_ledger();
    let images = world.sim.meta_account(META).images;

    let (written, told) = import(&world, "meta-global").await;
    assert_eq!(world.writes(), [], "an import only reads");
    let again = import(&world, "meta-global").await;
    assert_eq!((&written, &told), (&again.0, &again.1), "the same account, the same text");
    let held = script::count(Kind::Held);
    assert!(told.contains(&format!("imported: {held} Campaigns")), "{told}");
    let list = listed(&written, "meta-global", OBJECTS - held);
    for why in [
        "it has 2 ad sets, a line has one",
        "it shows files that are at no address that lasts",
        "its budget is the campaign's",
        "it has no daily budget",
        "adops holds it already (the installation other-one)",
        "nothing like its objective OUTCOME_TRAFFIC with the goal LANDING_PAGE_VIEWS",
        "it shows creative ",
    ] {
        assert!(list.contains(why) && told.contains(why), "{why}: {told}");
    }
    assert!(written.contains("/ads/image/?d="), "images are named by Meta's own lasting address");

    // With an address for its video, that can be said; what is in it Meta does not tell, so the ads are left as they are.
    let template = format!("{}/{{name}}-9x16.mp4", files.url());
    let (with_videos, told) = import_with(&world, "meta-global", Some(template)).await;
    let videos = script::count(Kind::Video);
    assert!(told.contains(&format!("imported: {} Campaigns", held + videos)), "{told}");
    assert!(with_videos.contains("the platform does not tell what is in a file of its library"), "{with_videos}");

    only_marks(&plan(&world, &with_videos, true).await, held + videos);
    assert_eq!(world.writes(), [], "a plan writes nothing");
    apply_all(&mut world, &with_videos, held + videos).await;
    only_marked(&world, &["label", "campaign", "adset", "video"]);
    assert_eq!(world.sim.meta_account(META).images, images, "no image was uploaded");
    // The video that nobody can compare is put into the library once more, where it waits for a change of the ads.
    let made = world.changes().into_iter().filter(|entry| entry.change == Change::Create && entry.kind != "label");
    assert_eq!(made.map(|entry| entry.kind).collect::<Vec<_>>(), ["video"]);

    world.sim.reset_ledger();
    world.poll().await;
    world.poll().await;
    assert_eq!(world.changes(), [], "nothing is left to be done");
    for live in [false, true] {
        let (exit, report) = plan(&world, &with_videos, live).await;
        assert_eq!(exit, Exit::Unchanged, "live: {live}: {report:#}");
    }
    let (written, told) = import(&world, "meta-global").await;
    assert!(!written.contains("kind: Campaign"), "what is held is not imported again: {told}");
}

fn only_marks((exit, report): &(Exit, Value), held: usize) {
    assert_eq!(*exit, Exit::Changed, "{report:#}");
    let campaigns = report["campaigns"].as_array().unwrap();
    let lines: Vec<&Value> = campaigns.iter().flat_map(|campaign| campaign["lines"].as_array().unwrap()).collect();
    assert_eq!(lines.len(), held);
    for line in lines {
        let actions: Vec<&Value> = line["changes"].as_array().unwrap().iter().map(|change| &change["action"]).collect();
        assert_eq!(actions, ["mark"], "{line:#}");
    }
}
