//! A platform that asks to slow down.

use adops_e2e::given;
use adsim::config::RateLimit;
use serde_json::json;

use crate::refused;

#[tokio::test(flavor = "multi_thread")]
async fn requests_slow_down_to_what_the_platform_takes() {
    let world = given::world_with(|config| {
        config.google.rate_limit = Some(RateLimit { per_second: 5.0, burst: 10.0 });
    });
    let Some(mut world) = world.await else { return };
    world.given("spring", json!({})).await;
    let first = refused(&world);
    assert!((1..=12).contains(&first), "{first} requests were refused before the pace was found");
    // The pace is kept: what follows is hardly ever refused.
    for (number, budget) in ["90.00", "80.00", "70.00"].into_iter().enumerate() {
        world.patch_campaign("spring", json!({"budget": {"daily": budget}})).await;
        world.until_ready("spring").await;
        assert!(refused(&world) <= first + 3 * (number + 1), "{} requests were refused", refused(&world));
    }
}
