//! What is on an account is listed for an import, whoever made it.

use adops_core::campaign::settings::{Field, Value};
use adops_platforms::port::AdPlatform;
use adsim::TikTokAction;

use crate::support::World;

#[tokio::test]
async fn every_smart_plus_campaign_is_listed_whoever_holds_it() {
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
    let items: Vec<_> = inventory.items.iter().map(|item| item.line.settings.get(Field::Name).unwrap()).collect();
    assert_eq!(items, [&Value::Text("Brand \"US\"".into())]);
    assert!(inventory.items[0].obstacles.is_empty());
    let why: Vec<&str> = inventory.others.iter().map(|(_, _, why)| why.as_str()).collect();
    assert_eq!(why, ["adops holds it already (the installation other)"]);
    assert_eq!(world.sim.ledger(), []);
}
