//! What is on an account is listed for an import, whoever made it.

use adops_core::campaign::settings::{Field, Value};
use adops_platforms::port::AdPlatform;
use adsim::MetaEditAction;

use crate::support::World;

#[tokio::test]
async fn every_campaign_is_listed_whoever_holds_it() {
    let mut world = World::start().await;
    world.settle().await;
    for (name, labels) in [("Brand \"US\"", Vec::new()), ("theirs", vec!["adops:other".to_owned()])] {
        world.edit(MetaEditAction::AddForeignCampaign {
            name: name.to_owned(),
            daily_budget: 5_000,
            enabled: true,
            labels,
            countries: Vec::new(),
        });
    }
    world.sim.reset_ledger();
    let inventory = world.meta.inventory().await.unwrap();
    let items: Vec<_> = inventory.items.iter().map(|item| item.line.settings.get(Field::Name).unwrap()).collect();
    assert_eq!(items, [&Value::Text("Brand \"US\"".into())]);
    assert!(inventory.items[0].obstacles.is_empty());
    let why = |wanted: &str| {
        let found = inventory.others.iter().filter(|(_, name, _)| name.contains(wanted));
        found.map(|(_, _, why)| why.clone()).collect::<Vec<_>>()
    };
    let lines = world.records.len();
    assert_eq!(inventory.others.len(), lines + 1, "{:?}", inventory.others);
    assert_eq!(why("[prod."), vec!["adops holds it already (the installation prod)"; lines]);
    assert_eq!(why("theirs"), ["adops holds it already (adops:other)"]);
    assert_eq!(world.sim.ledger(), []);
}
