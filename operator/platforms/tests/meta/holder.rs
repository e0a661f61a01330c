//! S13: one cluster writes, as a label on the account says.

use std::time::Duration;

use adops_core::campaign::plan::Action;
use adops_platforms::error::PlatformError;
use adops_platforms::holder::{Hold, Holder};
use adops_platforms::port::{AdPlatform, Outcome};
use adsim::MetaEditAction;
use serde_json::json;

use crate::support::{World, everything, held, new_lines};

fn hold(cluster: &str, takeover: Option<&str>) -> Hold {
    let me = Holder { installation: "prod".to_owned(), cluster: cluster.to_owned() };
    Hold { me, takeover: takeover.map(str::to_owned), bound: Duration::from_secs(30) }
}

/// Until a claim is old enough to be relied on.
async fn claimed(meta: &adops_platforms::meta::Meta) {
    let Err(PlatformError::TakingOver { wait }) = meta.hold().await else { panic!("a claim is not relied on at once") };
    tokio::time::sleep(wait.unsigned_abs() + Duration::from_millis(50)).await;
}

#[tokio::test]
async fn an_account_is_claimed_by_the_first_write_and_another_cluster_is_refused() {
    let world = World::start().await;
    let lines = new_lines(&world.plan().await);
    let first = held(&world.sim, hold("a", None));
    first.observe(&everything()).await.unwrap();
    assert_eq!(first.holder(), None, "who only looks claims nothing");
    let outcomes = first.create(&lines).await;
    assert!(
        outcomes.iter().all(|o| matches!(o, Outcome::Failed(PlatformError::TakingOver { .. }))),
        "nobody can know yet whether another one was first: {outcomes:?}"
    );
    claimed(&first).await;
    let outcomes = first.create(&lines).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Applied { .. })), "{outcomes:?}");
    let second = held(&world.sim, hold("b", None));
    world.sim.reset_ledger();
    let Outcome::Applied { id } = &outcomes[0] else { panic!() };
    let refused = second.change(&[Action::Pause { id: id.clone() }]).await;
    let Outcome::Failed(PlatformError::HeldByAnotherCluster { holder }) = &refused[0] else { panic!("{refused:?}") };
    assert_eq!(holder, "prod@a#1");
    assert!(world.sim.ledger().is_empty());
    second.observe(&everything()).await.unwrap();
    assert_eq!(second.holder().as_deref(), Some("prod@a#1"), "it may still look");
}

#[tokio::test]
async fn of_two_that_claim_at_once_the_first_label_counts() {
    let world = World::start().await;
    let (first, second) = (held(&world.sim, hold("a", None)), held(&world.sim, hold("b", None)));
    // Both have seen a free account.
    for meta in [&first, &second] {
        assert!(matches!(
            meta.hold().await,
            Err(PlatformError::TakingOver { .. } | PlatformError::HeldByAnotherCluster { .. })
        ));
    }
    world.edit(MetaEditAction::Create {
        edge: "adlabels".into(),
        params: json!({"name": "adops:holder:1 prod@late 95000ms - do not change"}),
    });
    claimed(&first).await;
    first.hold().await.unwrap();
    let Err(PlatformError::HeldByAnotherCluster { holder }) = second.hold().await else { panic!() };
    assert_eq!(holder, "prod@a#1");
}

#[tokio::test]
async fn a_takeover_names_the_record_and_waits_for_its_holder() {
    let world = World::start().await;
    world.edit(MetaEditAction::Create {
        edge: "adlabels".into(),
        params: json!({"name": "adops:holder:4 prod@old 1000ms - do not change"}),
    });
    let wrong = held(&world.sim, hold("b", Some("prod@old#3")));
    assert!(matches!(wrong.hold().await, Err(PlatformError::HeldByAnotherCluster { .. })));
    let right = held(&world.sim, hold("b", Some("prod@old#4")));
    claimed(&right).await;
    let Err(PlatformError::TakingOver { wait }) = right.hold().await else { panic!("the former holder has its time") };
    assert!(wait <= jiff::SignedDuration::from_secs(1));
    tokio::time::sleep(wait.unsigned_abs() + Duration::from_millis(50)).await;
    right.hold().await.unwrap();
    right.observe(&everything()).await.unwrap();
    assert_eq!(right.holder().as_deref(), Some("prod@b#5"));
    assert!(matches!(
        held(&world.sim, hold("old", None)).hold().await,
        Err(PlatformError::HeldByAnotherCluster { .. })
    ));
}
