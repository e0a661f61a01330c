//! S10: what is wrong with one platform, one market or one line delays no other.

use adops_conformance::subject::Hand;
use adops_e2e::given;
use adops_e2e::reach::{self, ALL};
use adsim::PlatformName::{self, Google, Meta, TikTok};
use adsim::{Effect, Fault, Match};
use serde_json::Value;

use crate::{counts, in_spring, lines_ready, live, object, spring};

/// The Campaign is asked for more while a platform is out; the others have their part of it.
async fn the_others_grow(broken: PlatformName, break_it: impl Fn(&adsim::AdSim), mend: impl Fn(&adsim::AdSim)) {
    let Some((mut world, files)) = in_spring().await else { return };
    world.poll().await;
    break_it(&world.sim);
    world.poll().await;
    world
        .apply(&spring(&files).replace("\"6000.00\"", "\"7000.00\"").replace("Start for free.", "Free."))
        .await
        .unwrap();
    let before = object(&world, broken, "GB").budget;
    let grown = |sim: &adsim::AdSim, platform| {
        reach::objects(sim, platform).iter().any(|object| {
            object.name.starts_with("spring US ")
                && object.budget >= Some([1_555_000_000, 933_000_000, 622_000_000][platform as usize])
        })
    };
    let sim = world.sim.clone();
    world
        .until(&format!("all but {broken:?} have grown"), |_| {
            ALL.into_iter().filter(|platform| *platform != broken).all(|platform| grown(&sim, platform))
        })
        .await;
    assert_eq!(object(&world, broken, "GB").budget, before);
    assert!(!world.look().await.is_ready("spring"));
    assert!(
        reach::live(&world.sim, Google) + reach::live(&world.sim, Meta) + reach::live(&world.sim, TikTok)
            <= 7_000_000_000
    );
    mend(&world.sim);
    // An account is asked again by itself; a revoked token's Secret is looked at again, too.
    world.until_ready("spring").await;
    assert!((6_999_800_000..=7_000_000_000).contains(&live(&world)), "{}", live(&world));
    assert_eq!(counts(&world), [(6, 6); 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_on_meta_delays_nobody_else() {
    the_others_grow(Meta, |sim| reach::revoke(sim, Meta), |sim| reach::restore(sim, Meta)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_on_tiktok_delays_nobody_else() {
    the_others_grow(TikTok, |sim| reach::revoke(sim, TikTok), |sim| reach::restore(sim, TikTok)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_does_not_answer_delays_nobody_else() {
    let away = || Fault::new(Match::platform(Meta), Effect::Status { status: 503, body: Value::Null });
    the_others_grow(Meta, |sim| _ = sim.faults().add(away()), |sim| sim.faults().clear()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_disabled_is_told_and_the_others_deliver() {
    for platform in [Meta, TikTok] {
        let Some((mut world, files)) = in_spring().await else { return };
        world.poll().await;
        reach::by_hand(&world.sim, platform, &Hand::Suspend(true));
        let name = reach::adaccount(platform);
        world
            .until(&format!("{name} is said to be suspended"), |snapshot| {
                snapshot.account_condition(name, "Ready").is_some_and(|(_, reason)| reason == "AccountSuspended")
                    || snapshot
                        .condition("spring", "Delivering")
                        .is_some_and(|(_, reason)| reason == "AccountSuspended")
            })
            .await;
        world.apply(&spring(&files).replace("\"6000.00\"", "\"6600.00\"")).await.unwrap();
        let sim = world.sim.clone();
        let least = Some(1_460_000_000);
        world
            .until("Google has grown", |_| {
                reach::objects(&sim, Google).iter().any(|o| o.name.starts_with("spring US ") && o.budget >= least)
            })
            .await;
        assert_eq!(counts(&world)[0], (6, 6));
        reach::by_hand(&world.sim, platform, &Hand::Suspend(false));
        world.until_ready("spring").await;
        assert!((6_599_800_000..=6_600_000_000).contains(&live(&world)), "{}", live(&world));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_below_the_minimum_is_told_and_not_made() {
    let Some((mut world, files)) = given::everywhere().await else { return };
    world.start_operator().await;
    // 2000.00 EUR: on TikTok 177.77 for the United States, and 44.44 for each other market, of at least 50.00.
    world.apply(&spring(&files).replace("\"6000.00\"", "\"2000.00\"")).await.unwrap();
    world.until_condition("spring", "Stalled", "True", "BudgetBelowMinimum").await;
    world.until("the others work", |snapshot| lines_ready(&snapshot).as_deref() == Some("13/18")).await;
    assert_eq!(counts(&world), [(6, 6), (6, 6), (1, 1)]);
    let message = world.message("spring", "Stalled").await;
    assert!(message.contains("tiktok-global/GB") && message.contains("50.00 EUR"), "{message}");
    // Its share stays unspent.
    assert!((1_777_000_000..=1_778_000_000).contains(&live(&world)), "{}", live(&world));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_without_words_in_its_language_is_told_for_each_platform() {
    let Some((mut world, files)) = given::everywhere().await else { return };
    world.start_operator().await;
    world.apply(&spring(&files).replace("  fallbackLocale: en\n", "")).await.unwrap();
    world.until_condition("spring", "Stalled", "True", "CopyMissing").await;
    // The United States, Great Britain and the German-speaking countries.
    world.until("the others work", |snapshot| lines_ready(&snapshot).as_deref() == Some("9/18")).await;
    assert_eq!(counts(&world), [(3, 3); 3]);
    for platform in ALL {
        let line = world.line("spring", &format!("{}/JP", reach::adaccount(platform))).await;
        assert_eq!(line.reason.map(|reason| reason.to_string()).as_deref(), Some("CopyMissing"));
    }
}
