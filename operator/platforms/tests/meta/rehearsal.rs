//! Rehearsals: Meta says what it would say, and nothing is written. What it cannot be asked about is told.

use std::collections::BTreeSet;
use std::sync::Arc;

use adops_core::campaign::plan::Action;
use adops_core::campaign::settings::{Field, Value};
use adops_core::catalog::media::MediaKind;
use adops_core::money::Money;
use adops_core::platform::Manner;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::meta::Meta;
use adops_platforms::port::{AdPlatform, Connection, Rehearsed};
use adsim::{Config, Effect, Fault, Match, MetaEditAction, PlatformName};
use serde_json::Value as Json;

use crate::support::{World, changes, config, connection, file, markets, new_lines};

fn stage(world: &World) -> Meta {
    Meta::new(Connection { rehearsal: true, ..connection(&world.sim, &world.counter) }).unwrap()
}

fn reject(operation: &str, contains: &str, subcode: &str) -> Fault {
    let effect = Effect::Reject { category: "100".into(), code: subcode.into() };
    Fault::new(Match::platform(PlatformName::Meta).operation(operation).contains(contains), effect)
}

fn usd(amount: &str) -> Money {
    Money::parse(amount, "USD".parse().unwrap()).unwrap()
}

fn set(id: &str, field: Field, to: Value) -> Action {
    Action::Set { id: id.to_owned(), field, from: None, to, manner: Manner::InPlace }
}

fn refused(verdict: &Result<Rehearsed, PlatformError>) -> Option<Reason> {
    match verdict {
        Err(PlatformError::Rejected { reason, .. }) => Some(*reason),
        _ => None,
    }
}

fn left_out(verdict: &Result<Rehearsed, PlatformError>) -> &str {
    verdict.as_ref().unwrap().left_out.as_deref().unwrap_or_default()
}

/// The bodies of all calls of all batches that write.
fn writes(world: &World) -> Vec<String> {
    let requests = world.sim.requests().into_iter();
    let batches = requests.filter_map(|request| Some(request.body.get("batch")?.as_str()?.to_owned()));
    let calls = batches.flat_map(|batch| serde_json::from_str::<Vec<Json>>(&batch).unwrap());
    calls
        .filter(|call| call["method"] != "GET")
        .map(|call| call["body"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn creates_on_an_account_without_our_labels_are_checked_one_by_one_and_leave_nothing_behind() {
    let mut world = World::start().await;
    world.spec.budget.amount = usd("3000");
    world.spec.markets = markets(20);
    let lines = new_lines(&world.plan().await);
    world.sim.faults().add(reject("campaign.create", "m0007", "1885621"));
    world.sim.faults().add(reject("creative.create", "m0011", "1443226"));
    world.sim.reset_ledger();

    let verdicts = stage(&world).rehearse(&lines, &[]).await;
    assert_eq!(verdicts.len(), 20);
    let failed: Vec<usize> = (0..20).filter(|at| verdicts[*at].is_err()).collect();
    assert_eq!(failed, [7, 11], "{verdicts:?}");
    assert_eq!(
        (refused(&verdicts[7]), refused(&verdicts[11])),
        (Some(Reason::PlatformRejected), Some(Reason::PlatformRejected))
    );
    assert_eq!(
        left_out(&verdicts[0]),
        "the ad set with its budget and audience and an ad, for Meta checks that only where what it hangs on exists"
    );
    assert_eq!(world.sim.ledger(), [], "neither a line, nor a label");
    let bodies = writes(&world);
    assert_eq!(bodies.len(), 20 + 19, "a campaign of each line, and a creative of each that got so far");
    assert!(bodies.iter().all(|body| body.contains("execution_options=%5B%22validate_only%22%5D")), "{bodies:?}");
}

#[tokio::test]
async fn a_file_that_is_not_in_the_library_yet_is_told_and_the_rest_is_asked() {
    let mut world = World::start().await;
    let facts = file('b', MediaKind::Image);
    world.media.values_mut().for_each(|state| {
        *state = adops_core::catalog::media::MediaState::Known(facts.clone());
    });
    let lines = new_lines(&world.plan().await);
    let verdicts = stage(&world).rehearse(&lines, &[]).await;
    assert!(
        left_out(&verdicts[0]).ends_with("; a creative of files that are not in the account's library yet"),
        "{verdicts:?}"
    );
    assert_eq!(writes(&world).len(), lines.len());
}

#[tokio::test]
async fn changes_of_what_is_ours_are_checked_and_what_is_not_is_refused() {
    let mut config: Config = config();
    config.meta.accounts[0].minimum_daily_budget = Some(500);
    let mut world = World::with(config).await;
    world.settle().await;
    world.sim.reset_ledger();
    let id = world.id("US");
    let budget = |to: &str| Action::SetBudget { id: id.clone(), from: usd("200"), to: usd(to), live: true };
    let stage = stage(&world);
    let verdicts = stage
        .rehearse(
            &[],
            &[
                Action::Pause { id: id.clone() },
                budget("100"),
                set(&id, Field::Name, Value::Text("another".to_owned())),
                Action::Remove { id: id.clone() },
                Action::Pause { id: "1".to_owned() },
            ],
        )
        .await;
    assert_eq!(verdicts[..3], vec![Ok(Rehearsed::default()); 3], "{verdicts:?}");
    assert_eq!(refused(&verdicts[3]), Some(Reason::Unsupported), "{verdicts:?}");
    assert!(verdicts[3].as_ref().unwrap_err().to_string().contains("not rehearsed: the removal"), "{verdicts:?}");
    assert_eq!(refused(&verdicts[4]), Some(Reason::RemovedOnPlatform), "the account has no such campaign");
    let verdicts = stage.rehearse(&[], &[budget("2")]).await;
    assert_eq!(refused(&verdicts[0]), Some(Reason::BudgetBelowMinimum), "{verdicts:?}");
    assert_eq!(world.sim.ledger(), []);
    // Who was not made for it does not rehearse: it would write.
    let verdicts = Arc::clone(&world.meta).rehearse(&[], &[budget("100")]).await;
    assert_eq!(refused(&verdicts[0]), Some(Reason::Unsupported));
    assert_eq!(world.sim.ledger(), []);
}

#[tokio::test]
async fn another_text_has_its_creative_checked_and_the_exchange_is_told_to_be_left_out() {
    let mut world = World::start().await;
    world.settle().await;
    world.sim.reset_ledger();
    for copy in world.spec.ads[0].copy.values_mut() {
        copy.headlines = vec!["Winter".to_owned()];
    }
    let plan = world.plan().await;
    let planned = changes(&plan);
    let verdicts = stage(&world).rehearse(&[], &planned).await;
    assert_eq!(verdicts.len(), 3);
    for verdict in &verdicts {
        assert!(left_out(verdict).starts_with("an ad, for Meta checks"), "{verdict:?}");
    }
    world.sim.faults().add(reject("creative.create", "Winter", "1443048"));
    let verdicts = stage(&world).rehearse(&[], &planned).await;
    assert!(verdicts.iter().all(|verdict| refused(verdict) == Some(Reason::PlatformRejected)), "{verdicts:?}");
    assert_eq!(world.sim.ledger(), []);
}

#[tokio::test]
async fn what_is_to_be_adopted_is_rehearsed_as_if_it_were_marked() {
    let world = World::start().await;
    world.edit(MetaEditAction::AddForeignCampaign {
        name: "theirs".to_owned(),
        daily_budget: 5_000,
        enabled: true,
        labels: Vec::new(),
        countries: Vec::new(),
    });
    let id = world.view().campaign("theirs").unwrap().object.id.to_string();
    world.sim.reset_ledger();
    let mark =
        Action::Mark { id: id.clone(), token: "[token]".to_owned(), name: "theirs [token]".to_owned(), paused: false };
    let raise = Action::SetBudget { id: id.clone(), from: usd("50"), to: usd("60"), live: true };
    let stage = stage(&world);
    let verdicts = stage.rehearse(&[], &[mark, raise.clone()]).await;
    assert_eq!(verdicts, vec![Ok(Rehearsed::default()); 2]);
    let verdicts = stage.rehearse(&[], &[raise]).await;
    assert_eq!(refused(&verdicts[0]), Some(Reason::ForeignMarker), "without the mark it is somebody else's");
    assert_eq!(world.sim.ledger(), []);
}

#[tokio::test]
async fn a_chain_that_is_not_whole_is_checked_from_where_it_broke() {
    let mut world = World::start().await;
    world.sim.faults().add(reject("adset.create", "", "1487366").times(3));
    let plan = world.plan().await;
    world.apply(&plan).await;
    world.sim.faults().clear();
    let planned = changes(&world.plan().await);
    assert!(planned.iter().any(|change| matches!(change, Action::Complete { .. })), "{planned:?}");
    let ledger = world.sim.ledger().len();
    let verdicts = stage(&world).rehearse(&[], &planned).await;
    for verdict in &verdicts {
        assert!(left_out(verdict).starts_with("an ad, for Meta checks"), "the ad set was asked about: {verdict:?}");
    }
    assert_eq!(world.sim.ledger().len(), ledger);
    let sets =
        writes(&world).into_iter().filter(|body| body.contains("validate_only") && body.contains("campaign_id="));
    assert_eq!(sets.collect::<BTreeSet<_>>().len(), 3);
}
