//! What is on an account is listed for an import, whoever made it.

use adops_platforms::port::AdPlatform;
use adsim::MetaEditAction;

use crate::support::World;

#[tokio::test]
async fn every_campaign_is_listed_with_why_it_is_not_imported() {
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
    assert!(inventory.items.is_empty());
    let why = |wanted: &str| {
        let found = inventory.others.iter().filter(|(_, name, _)| name.contains(wanted));
        found.map(|(_, _, why)| why.clone()).collect::<Vec<_>>()
    };
    let lines = world.records.len();
    assert_eq!(inventory.others.len(), lines + 2, "{:?}", inventory.others);
    assert_eq!(why("[prod."), vec!["adops holds it already (the installation prod)"; lines]);
    assert_eq!(why("theirs"), ["adops holds it already (adops:other)"]);
    assert!(why("Brand")[0].starts_with("its images and videos are files in Meta's library"));
    assert_eq!(world.sim.ledger(), []);
}
