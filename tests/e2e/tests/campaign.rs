//! A Campaign's life on one account.

use adops_e2e::world::{CUSTOMER, World};

fn example(file: &str) -> String {
    std::fs::read_to_string(adops_e2e::cluster::repository().join("examples").join(file)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applied_campaign_is_on_the_platform_as_written() {
    let mut world = World::new().await;
    world.start_operator().await;
    world.apply(&example("campaign.yaml")).await.unwrap();
    world.until_ready("spring").await;

    let account = world.sim.google_account(CUSTOMER);
    assert_eq!(account.campaigns.len(), 6);
    assert!(account.campaigns.iter().all(|campaign| campaign.status == "ENABLED"));
    assert_eq!(account.live_daily_budget_micros, 6_000_000_000);
}
