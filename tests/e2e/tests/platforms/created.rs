//! What is on each platform after `kubectl apply`, and what a plan says before.

use std::collections::BTreeSet;
use std::process::Command;

use adops_e2e::given::{self, said};
use adops_e2e::reach::{self, ALL, META, TIKTOK};
use adsim::PlatformName::{Google, Meta, TikTok};

use crate::{counts, in_spring, live, object, spring};

/// In micros, of 6000.00 EUR by the weights 5:3:2 and 4:1:1:1:1:1.
const SHARES: [(adsim::PlatformName, i64, i64); 3] =
    [(Google, 1_333_330_000, 333_330_000), (Meta, 800_000_000, 200_000_000), (TikTok, 533_330_000, 133_330_000)];

#[tokio::test(flavor = "multi_thread")]
async fn the_example_has_eighteen_lines_on_three_platforms() {
    let Some((world, files)) = in_spring().await else { return };
    assert_eq!(counts(&world), [(6, 6); 3]);
    for (platform, american, other) in SHARES {
        let budget = |market| object(&world, platform, market).budget.unwrap();
        // The cents that are left over go to some of the lines.
        assert!((american..=american + 20_000).contains(&budget("US")), "{platform:?}: {}", budget("US"));
        assert!((other..=other + 10_000).contains(&budget("dach")), "{platform:?}: {}", budget("dach"));
    }
    assert!((5_999_800_000..=6_000_000_000).contains(&live(&world)), "{}", live(&world));

    let status = world.campaign("spring").await.status.unwrap();
    assert_eq!(status.lines_ready.as_deref(), Some("18/18"));
    assert_eq!(status.lines.len(), 18);
    let accounts: BTreeSet<&str> = status.lines.iter().filter_map(|line| line.key.split('/').next()).collect();
    assert_eq!(accounts, ALL.map(reach::adaccount).into());

    // Each file was sent once to each account.
    let meta = world.sim.meta_account(META);
    assert_eq!((meta.images.len(), meta.videos.len()), (2, 2), "{:?} {:?}", meta.images, meta.videos);
    let tiktok = world.sim.tiktok_account(TIKTOK).unwrap();
    assert_eq!((tiktok.images.len(), tiktok.videos.len()), (2, 2), "{:?} {:?}", tiktok.images, tiktok.videos);
    assert!(files.reads("spring-en-9x16.mp4") > 0 && files.reads("spring-de-1x1.jpg") > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_is_the_same_on_each_platform_in_its_own_words() {
    let Some((world, _)) = in_spring().await else { return };
    let meta = world.sim.meta_account(META);
    let of_meta = |market: &str| {
        let id = object(&world, Meta, market).id;
        let campaign = meta.present().find(|campaign| campaign.object.id.to_string() == id).unwrap().clone();
        assert_eq!(campaign.ad_sets.len(), 1);
        campaign.ad_sets[0].clone()
    };
    let dach = of_meta("dach");
    let countries: BTreeSet<&str> =
        dach.targeting["geo_locations"]["countries"].as_array().unwrap().iter().filter_map(|c| c.as_str()).collect();
    assert_eq!(countries, BTreeSet::from(["AT", "CH", "DE"]));
    assert_eq!(dach.ads.len(), 2, "one for the image, one for the video");
    let creative = meta.creatives.iter().find(|creative| creative.id == dach.ads[0].creative).unwrap();
    let text = creative.fields.to_string();
    assert!(text.contains("Alle Folgen ab heute.") && text.contains("https://example.com/dach/spring"), "{text}");

    let tiktok = world.sim.tiktok_account(TIKTOK).unwrap();
    let id = object(&world, TikTok, "dach").id;
    let campaign = tiktok.present().find(|campaign| campaign.id == id).unwrap();
    assert_eq!(campaign.adgroups.len(), 1);
    let group = &campaign.adgroups[0];
    assert_eq!(group.location_ids.len(), 3);
    assert!(group.schedule_end_time.is_some());
    assert_eq!(group.ads.len(), 1);
    assert_eq!(group.ads[0].texts, ["Alle Folgen ab heute.", "Kostenlos starten."]);
    assert!(group.ads[0].landing_page_url.starts_with("https://example.com/dach/spring"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_live_before_the_whole_line_was_made() {
    let Some((world, _)) = in_spring().await else { return };
    for platform in ALL {
        let id = reach::account_id(platform);
        let entries: Vec<_> = world.writes().into_iter().filter(|entry| entry.account == id).collect();
        let is_create = |entry: &adsim::LedgerEntry| {
            matches!(entry.kind.as_str(), "campaign" | "adset" | "adgroup" | "ad" | "campaignBudget")
                && entry.change == adsim::Change::Create
        };
        let first_live = entries.iter().position(|entry| entry.live_daily_budget_micros > 0).unwrap();
        let of_one = |entry: &adsim::LedgerEntry| entry.live_daily_budget_micros == 0;
        assert!(entries[..first_live].iter().all(of_one));
        assert!(!entries[..first_live].is_empty() && entries[..first_live].iter().any(is_create), "{platform:?}");
        // No create ever raises what is live.
        let mut before = 0;
        for entry in &entries {
            assert!(!is_create(entry) || entry.live_daily_budget_micros <= before, "{platform:?}: {entry:#?}");
            before = entry.live_daily_budget_micros;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_names_all_lines_and_then_none() {
    let Some(programs) = std::env::var_os("ADOPS_BIN_DIR") else { return };
    let Some((mut world, files)) = given::everywhere().await else { return };
    world.let_the_user_in().await;
    let file = std::env::temp_dir().join(format!("adops-reach-{}.yaml", std::process::id()));
    std::fs::write(&file, spring(&files)).unwrap();
    let plan = |world: &adops_e2e::world::World| {
        let output = Command::new(std::path::Path::new(&programs).join("kubectl-adops"))
            .args(["plan", "-n", &world.namespace, "-f"])
            .arg(&file)
            .args(["--allow-endpoint", "http://127.0.0.1"])
            .env("KUBECONFIG", &world.cluster.ready.user_kubeconfig)
            .output()
            .unwrap();
        (output.status.code(), said(&output))
    };
    world.start_operator().await;
    for platform in ALL {
        world.until_account(reach::adaccount(platform), "Ready", "True", "Ready").await;
    }
    let (code, told) = plan(&world);
    assert_eq!(code, Some(2), "{told}");
    assert_eq!(told.matches("  create  ").count(), 18, "{told}");
    assert!(told.contains("meta-global/dach") && told.contains("tiktok-global/US"), "{told}");

    world.apply(&spring(&files)).await.unwrap();
    world.until_ready("spring").await;
    let (code, told) = plan(&world);
    assert_eq!(code, Some(0), "{told}");
    let _ = std::fs::remove_file(&file);
}
