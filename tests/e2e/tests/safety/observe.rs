//! `--observe`: plans for all accounts and writes to none.

use adops_api::AdAccount;
use adops_e2e::given::{campaign, world};
use adops_e2e::world::World;
use jiff::SignedDuration;
use kube::Api;
use serde_json::json;

async fn observe(world: &mut World) {
    world.start_operator_with(None, |options| options.observe_only = true).await;
}

fn edits_of_labels(world: &World) -> Vec<String> {
    world.writes().iter().map(|entry| format!("{} {}", entry.kind, entry.resource_name)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_that_observes_shows_what_it_would_do_and_does_nothing() {
    let Some(mut world) = world().await else { return };
    observe(&mut world).await;
    world.apply(&campaign("spring", json!({}))).await.unwrap();
    world
        .until("the plan is shown as withheld", |snapshot| {
            snapshot.campaign("spring").and_then(|one| one.status.as_ref()).is_some_and(|s| s.withheld_count == 2)
        })
        .await;
    let status = world.campaign("spring").await.status.unwrap();
    assert!(status.withheld.iter().all(|one| one.message.as_ref().unwrap().contains("--observe")), "{status:#?}");
    world.pass(SignedDuration::from_mins(30)).await;
    assert_eq!(edits_of_labels(&world), Vec::<String>::new());
    let spring = world.campaign("spring").await;
    assert_eq!(spring.metadata.finalizers, None);
    let accounts: Api<AdAccount> = Api::namespaced(world.admin.clone(), &world.namespace);
    let account = accounts.get("google-global").await.unwrap();
    assert_eq!(account.metadata.finalizers, None);
    assert_eq!(account.status.unwrap().holder, None);
    assert!(world.events().await.is_empty());
    assert_eq!(world.operator.as_ref().unwrap().shared.planned_changes(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_operator_has_made_another_one_only_observes() {
    let Some(mut world) = world().await else { return };
    world.given("spring", json!({})).await;
    world.operator.take().unwrap().stop().await;
    let changes = world.writes().len();
    observe(&mut world).await;
    world.patch_campaign("spring", json!({"budget": {"daily": "50.00"}})).await;
    world
        .until("the change is shown as withheld", |snapshot| {
            snapshot.campaign("spring").and_then(|one| one.status.as_ref()).is_some_and(|s| s.withheld_count == 2)
        })
        .await;
    // A deletion waits for one that acts.
    world.delete_campaign("spring").await;
    world.pass(SignedDuration::from_mins(20)).await;
    assert!(!world.campaign("spring").await.metadata.finalizers.unwrap().is_empty());
    assert_eq!(world.writes().len(), changes);
    world.operator.take().unwrap().stop().await;
    world.start_operator().await;
    world.until_gone("spring").await;
    assert!(world.on_platform().iter().all(|object| object.status == "PAUSED"));
}
