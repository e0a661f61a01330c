//! Changes: whole, idempotent, and of nothing that is not ours.

use adops_core::campaign::observed::Delivery;
use adops_core::campaign::plan::Action;
use adops_core::campaign::settings::{Field, Value};
use adops_core::marker::Token;
use adops_core::money::Money;
use adops_core::platform::Manner;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::{AdPlatform, Outcome};
use adsim::{EditAction, Effect, Fault, Match};
use serde_json::json;

use crate::support::{CID, World};

fn eur(text: &str) -> Money {
    Money::parse(text, "EUR".parse().unwrap()).unwrap()
}

fn set_budget(id: &str, to: &str) -> Action {
    Action::SetBudget { id: id.to_owned(), from: eur("1"), to: eur(to), live: true }
}

#[tokio::test]
async fn a_pause_and_an_enable_carry_their_label() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    let (pause, enable) = (Action::Pause { id: id.clone() }, Action::Enable { id: id.clone(), budget: eur("2000") });
    for _ in 0..2 {
        assert_eq!(world.google.change(std::slice::from_ref(&pause)).await, [Outcome::Applied { id: id.clone() }]);
        assert_eq!(world.line("US").await.delivery, Delivery::PausedByUs);
    }
    for _ in 0..2 {
        assert_eq!(world.google.change(std::slice::from_ref(&enable)).await, [Outcome::Applied { id: id.clone() }]);
        assert_eq!(world.line("US").await.delivery, Delivery::Enabled);
        assert_eq!(world.campaign("US").labels, ["adops:prod"]);
    }
}

#[tokio::test]
async fn no_half_of_a_pause_or_an_enable_is_left() {
    let mut world = World::start().await;
    world.settle().await;
    let (us, de) = (world.id("US"), world.id("DE"));
    for operation in ["campaign.update", "campaignLabel.create"] {
        let reject = Effect::Reject { category: "databaseError".into(), code: "CONCURRENT_MODIFICATION".into() };
        let fault = world.sim.faults().add(Fault::new(Match::mutates().operation(operation).contains(&us), reject));
        let outcomes = world.google.change(&[Action::Pause { id: us.clone() }, Action::Pause { id: de.clone() }]).await;
        assert!(matches!(&outcomes[0], Outcome::Failed(PlatformError::Unavailable { .. })), "{outcomes:?}");
        assert_eq!(outcomes[1], Outcome::Applied { id: de.clone() }, "one bad object does not hold up another");
        assert_eq!(world.line("US").await.delivery, Delivery::Enabled);
        assert_eq!(world.campaign("US").labels, ["adops:prod"]);
        world.sim.faults().remove(fault);
        assert_eq!(world.google.change(&[Action::Enable { id: de.clone(), budget: eur("2000") }]).await.len(), 1);
    }
}

#[tokio::test]
async fn budgets_are_changed_together_and_one_that_is_refused_stops_no_other() {
    let mut world = World::start().await;
    world.settle().await;
    let (us, de) = (world.id("US"), world.id("DE"));
    world.counter.reset();
    // A part of a cent is no multiple of the billable unit.
    let outcomes = world.google.change(&[set_budget(&us, "12.345"), set_budget(&de, "34.50")]).await;
    assert_eq!(world.counter.writes(), 1);
    assert!(
        matches!(&outcomes[0], Outcome::Failed(PlatformError::Rejected { message, .. }) if message.contains("NON_MULTIPLE")),
        "{outcomes:?}"
    );
    assert_eq!(outcomes[1], Outcome::Applied { id: de });
    assert_eq!(world.line("DE").await.budget, eur("34.50"));
}

#[tokio::test]
async fn a_shared_budget_is_not_touched() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    let budget = format!("customers/{CID}/campaignBudgets/-1");
    world.edit_raw(json!([
        { "campaignBudgetOperation": { "create": { "resourceName": budget, "name": "shared", "amountMicros": "9000000" } } },
        { "campaignOperation": { "update": { "resourceName": format!("customers/{CID}/campaigns/{id}"),
            "campaignBudget": budget }, "updateMask": "campaign_budget" } },
    ]));
    world.observe().await;
    let outcomes = world.google.change(&[set_budget(&id, "5")]).await;
    let Outcome::Failed(PlatformError::Rejected { message, .. }) = &outcomes[0] else { panic!("{outcomes:?}") };
    assert!(message.contains("shared budget"), "{message}");
}

#[tokio::test]
async fn what_is_not_ours_is_never_changed() {
    let mut world = World::start().await;
    world.settle().await;
    for labels in [vec![], vec!["adops:staging".to_owned()]] {
        let name = format!("foreign {}", labels.len());
        world.edit(EditAction::AddForeignCampaign {
            name: name.clone(),
            amount_micros: 5_000_000,
            enabled: true,
            labels,
            geo_target_ids: vec![],
        });
        let foreign = world.sim.google_account(CID).campaign(&name).unwrap().clone();
        let id = foreign.id.to_string();
        assert!(!world.observe().await.lines.contains_key(&id));
        world.counter.reset();
        let actions = [
            Action::Pause { id: id.clone() },
            set_budget(&id, "7"),
            Action::Remove { id: id.clone() },
            Action::Set {
                id: id.clone(),
                field: Field::Keywords,
                from: None,
                to: Value::Set(["mine".to_owned()].into()),
                manner: Manner::InPlace,
            },
        ];
        let outcomes = world.google.change(&actions).await;
        assert_eq!(world.counter.writes(), 0);
        for outcome in outcomes {
            let Outcome::Failed(error) = outcome else { panic!("{outcome:?}") };
            assert_eq!(error.reason(), Reason::ForeignMarker);
        }
    }
}

#[tokio::test]
async fn a_marker_is_written_where_the_spec_names_the_object_but_not_over_anothers() {
    let mut world = World::start().await;
    world.settle().await;
    let id_of = |world: &World, name: &str| world.sim.google_account(CID).campaign(name).unwrap().id.to_string();
    for (name, labels) in [("old", vec![]), ("theirs", vec!["adops:staging".to_owned()])] {
        world.edit(EditAction::AddForeignCampaign {
            name: name.into(),
            amount_micros: 5_000_000,
            enabled: false,
            labels,
            geo_target_ids: vec![2840],
        });
    }
    let mark = |id: &str| Action::Mark {
        id: id.to_owned(),
        token: "[prod.0000000000000000.00000000.0]".into(),
        name: "old [prod.0000000000000000.00000000.0]".into(),
        paused: true,
    };
    let (old, theirs) = (id_of(&world, "old"), id_of(&world, "theirs"));
    let outcomes = world.google.change(&[mark(&old), mark(&theirs)]).await;
    assert_eq!(outcomes[0], Outcome::Applied { id: old.clone() });
    assert!(matches!(&outcomes[1], Outcome::Failed(error) if error.reason() == Reason::ForeignMarker));
    let seen = world.observe().await.lines[&old].clone();
    assert!(seen.marker.label && seen.marker.token.is_some() && seen.marker.inner_token == seen.marker.token);
    assert_eq!(seen.delivery, Delivery::PausedByUs);
}

#[tokio::test]
async fn an_ad_group_that_has_the_token_keeps_its_name_when_a_renamed_campaign_is_marked_anew() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    let names = |world: &World| {
        let view = world.sim.google_account(CID);
        let campaign = view.present().find(|campaign| campaign.id.to_string() == id).unwrap();
        (campaign.name.clone(), campaign.ad_groups[0].name.clone())
    };
    let (_, group) = names(&world);
    let token = Token::find(&group).unwrap().to_string();
    world.edit(EditAction::Rename { campaign: id.clone(), name: "by hand".to_owned() });
    let name = format!("by hand {token}");
    let mark = Action::Mark { id: id.clone(), token, name: name.clone(), paused: false };
    assert_eq!(world.google.change(&[mark]).await, [Outcome::Applied { id: id.clone() }]);
    assert_eq!(names(&world), (name, group));
}

#[tokio::test]
async fn a_campaign_is_removed_with_its_budget_and_removing_it_again_changes_nothing() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    let remove = Action::Remove { id: id.clone() };
    for _ in 0..2 {
        assert_eq!(world.google.change(std::slice::from_ref(&remove)).await, [Outcome::Applied { id: id.clone() }]);
    }
    let campaign = world.campaign("US");
    assert_eq!((campaign.status.as_str(), campaign.budget.unwrap().status.as_str()), ("REMOVED", "REMOVED"));
    let outcomes = world.google.change(&[Action::Enable { id, budget: eur("1") }]).await;
    assert!(matches!(&outcomes[0], Outcome::Failed(error) if error.reason() == Reason::RemovedOnPlatform));
}

#[tokio::test]
async fn an_outcome_that_nobody_knows_is_told_as_such() {
    let mut world = World::start().await;
    world.settle().await;
    let (us, de) = (world.id("US"), world.id("DE"));
    world.sim.faults().add(Fault::new(Match::mutates(), Effect::CutAfter).times(2));
    let outcomes = world.google.change(&[set_budget(&us, "7"), Action::Pause { id: de }]).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Unknown(_))), "{outcomes:?}");
    assert_eq!(world.line("US").await.budget, eur("7"), "it happened");
    assert_eq!(world.line("DE").await.delivery, Delivery::PausedByUs);
}

#[tokio::test]
async fn an_end_in_the_past_ends_today() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    let end = jiff::civil::date(2027, 2, 1).at(23, 59, 59, 0);
    let set = Action::Set { id, field: Field::End, from: None, to: Value::Instant(end), manner: Manner::InPlace };
    world.spec.flight.start = jiff::civil::date(2027, 3, 1);
    world.settle().await;
    assert!(matches!(&world.google.change(&[set]).await[..], [Outcome::Applied { .. }]));
    assert_eq!(world.campaign("US").end_date_time.as_deref(), Some("2027-03-01 23:59:59"));
}

#[tokio::test]
async fn a_pause_does_not_wait_for_a_label_that_was_removed() {
    let mut world = World::start().await;
    world.settle().await;
    for label in world.sim.google_account(CID).labels {
        world.edit_raw(json!([{ "labelOperation": { "remove": label.resource_name } }]));
    }
    let id = world.id("US");
    // Known by its token, for its label fell off with the one that was removed.
    assert_eq!(world.google.change(&[Action::Pause { id: id.clone() }]).await, [Outcome::Applied { id: id.clone() }]);
    assert_eq!(world.line("US").await.delivery, Delivery::PausedByUs);
}
