//! Rehearsals: Google says what it would say, and nothing is written.

use std::collections::BTreeSet;
use std::sync::Arc;

use adops_core::campaign::plan::{Action, NewLine};
use adops_core::campaign::settings::{Field, Value};
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::google_ads::GoogleAds;
use adops_platforms::port::{AdPlatform, Connection, Rehearsed};
use adsim::{Effect, Fault, Match};

use crate::support::{World, connection, markets, secrets};

fn stage(world: &World) -> GoogleAds {
    GoogleAds::new(Connection { rehearsal: true, ..connection(&world.sim, &world.counter, secrets(&world.sim)) })
        .unwrap()
}

async fn new_lines(world: &World) -> Vec<NewLine> {
    let plan = world.plan().await;
    let new = plan.changes().filter_map(|change| match &change.action {
        Action::Create(line) => Some(NewLine::clone(line)),
        _ => None,
    });
    new.collect()
}

#[tokio::test]
async fn creates_on_an_account_without_our_labels_are_checked_one_by_one_and_leave_nothing_behind() {
    let mut world = World::start().await;
    world.spec.markets = markets(20);
    let lines = new_lines(&world).await;
    let Some(Value::Text(name)) = lines[7].settings.get(Field::Name) else { panic!() };
    let reject = Effect::Reject { category: "campaignError".into(), code: "INVALID_CAMPAIGN_NAME".into() };
    world.sim.faults().add(Fault::new(Match::mutates().operation("campaign.create").contains(name), reject));

    let verdicts = stage(&world).rehearse(&lines, &[]).await;
    assert_eq!(verdicts.len(), 20);
    let refused: Vec<usize> = (0..20).filter(|at| verdicts[*at].is_err()).collect();
    assert_eq!(refused, [7], "{verdicts:?}");
    assert!(
        matches!(&verdicts[7], Err(PlatformError::Rejected { reason: Reason::PlatformRejected, message })
            if message.contains("INVALID_CAMPAIGN_NAME")),
        "{:?}",
        verdicts[7]
    );
    assert_eq!(world.sim.ledger(), [], "neither a line, nor a label, nor a goal");
    let mutates = world.sim.requests().into_iter().filter(|request| request.path.ends_with("googleAds:mutate"));
    let bodies: Vec<_> = mutates.map(|request| request.body).collect();
    assert!(!bodies.is_empty() && bodies.iter().all(|body| body["validateOnly"] == true));
}

#[tokio::test]
async fn changes_of_what_is_ours_are_checked_and_what_is_not_is_refused() {
    let mut world = World::start().await;
    world.settle().await;
    world.sim.reset_ledger();
    let id = world.id("US");
    let set = |field, to| Action::Set {
        id: id.clone(),
        field,
        from: None,
        to,
        manner: adops_core::platform::Manner::InPlace,
    };
    let changes = [
        Action::Pause { id: id.clone() },
        set(Field::Keywords, Value::Set(BTreeSet::from(["winter series".to_owned()]))),
        Action::Pause { id: "1".to_owned() },
    ];
    let verdicts = stage(&world).rehearse(&[], &changes).await;
    assert_eq!(verdicts[..2], [Ok(Rehearsed::default()), Ok(Rehearsed::default())]);
    assert!(verdicts[2].is_err(), "the account has no such campaign");
    assert_eq!(world.sim.ledger(), []);
    // Who was not made for it does not rehearse: it would write.
    let google = Arc::clone(&world.google);
    let verdicts = google.rehearse(&[], &changes).await;
    assert!(
        verdicts
            .iter()
            .all(|verdict| { matches!(verdict, Err(PlatformError::Rejected { reason: Reason::Unsupported, .. })) })
    );
    assert_eq!(world.sim.ledger(), []);
}
