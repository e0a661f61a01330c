//! What is on an account is listed for an import, whoever made it.

use adops_platforms::port::AdPlatform;
use adsim::TikTokAction;

use crate::support::World;

#[tokio::test]
async fn every_smart_plus_campaign_is_listed_with_why_it_is_not_imported() {
    let world = World::start().await;
    for name in ["Brand \"US\"", "theirs [other.0123456789abcdef.01234567.0]"] {
        world.edit(TikTokAction::AddForeignCampaign {
            name: name.to_owned(),
            budget_micros: 100_000_000,
            enabled: true,
            smart_plus: true,
            location_ids: Vec::new(),
        });
    }
    world.sim.reset_ledger();
    let inventory = world.tiktok.inventory().await.unwrap();
    assert!(inventory.items.is_empty());
    let mut why: Vec<&str> = inventory.others.iter().map(|(_, _, why)| why.as_str()).collect();
    why.sort_unstable();
    assert_eq!(why.len(), 2, "{:?}", inventory.others);
    assert_eq!(why[0], "adops holds it already (the installation other)");
    assert!(why[1].starts_with("its images and videos are files in TikTok's library"));
    assert_eq!(world.sim.ledger(), []);
}
