//! `adopt` with a name: what is called exactly so is taken over, whatever else there is, and nothing is made instead.

use adops_cli::Exit;
use adops_conformance::subject::{Hand, Object};
use adops_e2e::given;
use adops_e2e::reach;
use adops_e2e::world::World;
use adsim::{LedgerEntry, PlatformName};
use serde_json::json;

use crate::plan;

const NAME: &str = "Brand \"US\" 100%";

#[tokio::test(flavor = "multi_thread")]
async fn on_google_a_campaign_is_taken_over_by_its_name() {
    taken_over(PlatformName::Google, "Traffic").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_meta_a_campaign_is_taken_over_by_its_name() {
    taken_over(PlatformName::Meta, "Traffic").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_tiktok_a_campaign_is_taken_over_by_its_name() {
    taken_over(PlatformName::TikTok, "Sales").await;
}

/// None, several, one; and then the one under another name.
async fn taken_over(platform: PlatformName, objective: &str) {
    let Some((mut world, files)) = given::everywhere().await else { return };
    let account = reach::adaccount(platform);
    let yaml = given::campaign(
        "brand",
        json!({
            "objective": objective,
            "accounts": [account],
            "markets": ["US"],
            "ads": given::ad(json!({"media": [format!("{}/a-1x1.jpg", files.url()), format!("{}/a-9x16.mp4", files.url())]})),
            "driftPolicy": "Report",
            "state": "Paused",
            "adoptionPolicy": "Adopt",
            "adopt": [{"account": account, "market": "US", "name": NAME}],
        }),
    );
    made_by_hand(&world, platform, "Brand");
    world.start_operator().await;
    world.apply(&yaml).await.unwrap();
    let none = format!("{account}/US: the account {account} has no object called {NAME:?}, which `adopt` names");
    until_withheld(&mut world, &none).await;

    // Google has a name only once.
    let is_google = platform == PlatformName::Google;
    if is_google {
        world.kill_operator();
    }
    let id = made_by_hand(&world, platform, NAME).id;
    if !is_google {
        let twin = made_by_hand(&world, platform, NAME).id;
        let ids = if id < twin { format!("({id}, {twin})") } else { format!("({twin}, {id})") };
        until_withheld(&mut world, &ids).await;
        let (exit, report) = plan(&world, &yaml, true).await;
        assert!(exit == Exit::Error && report.to_string().contains(&ids), "{report:#}");
        world.kill_operator();
        reach::by_hand(&world.sim, platform, &Hand::Rename(&twin, "twin"));
    }
    untouched(&world);

    let (exit, report) = plan(&world, &yaml, true).await;
    let line = &report["campaigns"][0]["lines"][0];
    assert_eq!(
        (exit, &line["id"], &line["changes"][0]["action"]),
        (Exit::Changed, &json!(id), &json!("mark")),
        "{line:#}"
    );
    let (_, report) = plan(&world, &yaml, false).await;
    let notes = report["campaigns"][0]["notes"].to_string();
    assert!(notes.contains("was not read from here") && notes.contains("nothing created"), "{notes}");

    world.start_operator().await;
    let held = |snapshot: &adops_e2e::world::Snapshot| {
        let status = snapshot.campaign("brand").and_then(|campaign| campaign.status.clone()).unwrap_or_default();
        status.lines.first().and_then(|line| line.id.clone())
    };
    let sim = world.sim.clone();
    let is_marked = || {
        let mut objects = reach::objects(&sim, platform).into_iter();
        objects.any(|object| object.id == id && object.name.contains("[test."))
    };
    world.until("it is taken over", |snapshot| held(&snapshot).as_ref() == Some(&id) && is_marked()).await;
    // The marker goes behind the name as it was; what the spec wants of names and all else comes after it.
    let marked = format!("{NAME} [test.");
    let names = |entry: &LedgerEntry| entry.after.values().any(|v| v.as_str().is_some_and(|v| v.starts_with(&marked)));
    assert!(world.changes().iter().any(names), "{:#?}", world.changes());

    // What is called so now is none of its business.
    reach::by_hand(&world.sim, platform, &Hand::Rename(&id, "another name"));
    made_by_hand(&world, platform, NAME);
    world.poll().await;
    world.poll().await;
    assert_eq!(held(&world.look().await).as_ref(), Some(&id));
    let ours = |object: &Object| object.name.contains("[test.");
    let objects = reach::objects(&world.sim, platform);
    assert!(objects.iter().all(|object| object.id == id || !ours(object)), "{objects:?}");
}

fn made_by_hand(world: &World, platform: PlatformName, name: &str) -> Object {
    let before: Vec<String> = reach::objects(&world.sim, platform).into_iter().map(|object| object.id).collect();
    reach::by_hand(&world.sim, platform, &Hand::Foreign(name, 50_000_000));
    let all = reach::objects(&world.sim, platform).into_iter();
    all.into_iter().find(|object| !before.contains(&object.id)).unwrap()
}

/// Nothing is written to campaigns, and none is created; files may be put into the library meanwhile.
fn untouched(world: &World) {
    let changes = world.changes();
    assert!(changes.iter().all(|change| matches!(change.kind.as_str(), "image" | "video")), "{changes:?}");
}

async fn until_withheld(world: &mut World, message: &str) {
    world
        .until(message, |snapshot| {
            let campaign = snapshot.campaign("brand").and_then(|campaign| campaign.status.clone()).unwrap_or_default();
            campaign
                .conditions
                .iter()
                .any(|one| one.type_ == "Stalled" && one.reason == "InvalidSpec" && one.message.contains(message))
        })
        .await;
}
