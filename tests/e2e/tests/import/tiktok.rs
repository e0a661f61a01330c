//! A TikTok account of 60 campaigns that a script has made: import, then apply, plans nothing.

use adops_cli::Exit;
use adops_e2e::given;
use adops_e2e::reach::TIKTOK;
use adsim::Change;
use jiff::SignedDuration;
use serde_json::json;

use crate::tiktok_script::{self as script, Kind, OBJECTS};
use crate::{apply_all, import, import_with, listed, only_marked, plan};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_imported_from_a_tiktok_account_changes_nothing_but_marks_when_it_is_applied() {
    let instantly = |config: &mut adsim::Config| config.tiktok.video_processing = SignedDuration::ZERO;
    let Some((mut world, files)) = given::everywhere_with(instantly).await else { return };
    script::make(&world, &files).await;
    world.patch_account("tiktok-global", json!({"ceiling": {"daily": "100000.00", "currency": "EUR"}})).await;
    world.start_operator().await;
    world.pass(SignedDuration::from_hours(1)).await;
    world.sim.reset_ledger();
    let videos = world.sim.tiktok_account(TIKTOK).unwrap().videos;

    // Its own addresses do not last.
    let (written, told) = import(&world, "tiktok-global").await;
    let without_ad = script::count(Kind::NoAd);
    assert!(!written.contains("kind: Campaign") && told.contains("imported: 0 Campaigns"), "{told}");
    assert!(written.contains("\"by-hand-0-9x16.mp4\"") && without_ad > 0, "the files are listed: {written}");

    let template = Some(format!("{}/{{name}}", files.url()));
    let (written, told) = import_with(&world, "tiktok-global", template.clone()).await;
    assert_eq!(world.writes(), [], "an import only reads");
    let again = import_with(&world, "tiktok-global", template).await;
    assert_eq!((&written, &told), (&again.0, &again.1), "the same account, the same text");
    let held = script::count(Kind::Held);
    assert!(told.contains(&format!("imported: {held} Campaigns")), "{told}");
    let list = listed(&written, "tiktok-global", OBJECTS - held);
    for why in [
        "it has 2 ad groups, a line has one",
        "it has no daily budget",
        "adops holds it already (the installation other-one)",
        "its ad group has no ad",
        "is not known to be",
    ] {
        assert!(list.contains(why) && told.contains(why), "{why}: {told}");
    }

    let (exit, report) = plan(&world, &written, true).await;
    assert_eq!(exit, Exit::Changed, "{report:#}");
    for line in report["campaigns"].as_array().unwrap().iter().flat_map(|one| one["lines"].as_array().unwrap()) {
        let actions: Vec<_> = line["changes"].as_array().unwrap().iter().map(|change| &change["action"]).collect();
        assert_eq!(actions, ["mark"], "{line:#}");
    }
    assert_eq!(world.writes(), [], "a plan writes nothing");
    apply_all(&mut world, &written, held).await;
    only_marked(&world, &["campaign", "adgroup"]);
    assert_eq!(world.sim.tiktok_account(TIKTOK).unwrap().videos.len(), videos.len(), "no video was uploaded");
    assert!(world.changes().iter().all(|entry| entry.change != Change::Create));

    world.sim.reset_ledger();
    world.poll().await;
    world.poll().await;
    assert_eq!(world.changes(), [], "nothing is left to be done");
    for live in [false, true] {
        let (exit, report) = plan(&world, &written, live).await;
        assert_eq!(exit, Exit::Unchanged, "live: {live}: {report:#}");
    }
}
