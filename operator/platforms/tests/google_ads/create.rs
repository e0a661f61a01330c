//! Lines are created whole or not at all, and never twice.

use std::sync::Arc;

use adops_core::campaign::observed::Delivery;
use adops_core::campaign::plan::{Action, NewLine, Plan};
use adops_core::campaign::settings::{Field, Value};
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::{AdPlatform, Outcome};
use adsim::{Effect, Fault, Match};

use crate::support::{CID, World, connect, markets, secrets};

fn new_lines(plan: &Plan) -> Vec<NewLine> {
    plan.changes()
        .filter_map(|change| match &change.action {
            Action::Create(line) => Some(NewLine::clone(line)),
            _ => None,
        })
        .collect()
}

fn applied(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Applied { .. })).count()
}

#[tokio::test]
async fn a_line_that_the_platform_refuses_takes_no_other_with_it() {
    let mut world = World::start().await;
    world.spec.markets = markets(200);
    let lines = new_lines(&world.plan().await);
    let refused = &lines[77];
    let Some(Value::Text(name)) = refused.settings.get(Field::Name) else { panic!() };
    let reject = Effect::Reject { category: "campaignError".into(), code: "INVALID_CAMPAIGN_NAME".into() };
    world.sim.faults().add(Fault::new(Match::mutates().operation("campaign.create").contains(name), reject));

    let outcomes = world.google.create(&lines).await;
    assert_eq!(applied(&outcomes), 199);
    let Outcome::Failed(PlatformError::Rejected { reason, message }) = &outcomes[77] else {
        panic!("{:?}", outcomes[77])
    };
    assert_eq!(*reason, Reason::PlatformRejected);
    assert!(message.starts_with("campaign"), "{message}");
    assert!(message.contains("INVALID_CAMPAIGN_NAME"), "{message}");
    assert_eq!(world.sim.google_account(CID).campaigns.len(), 199);
    assert!(world.sim.google_account(CID).campaigns.iter().all(|campaign| campaign.status == "PAUSED"));
    assert!(world.sim.requests().iter().all(|request| !request.body.to_string().contains("partialFailure")));
}

#[tokio::test]
async fn a_repeat_that_meets_its_own_name_is_the_earlier_attempt() {
    let world = World::start().await;
    let lines = new_lines(&world.plan().await);
    let first = world.google.create(&lines[..2]).await;
    let again = world.google.create(&lines).await;
    assert_eq!(first[..], again[..2]);
    assert_eq!(applied(&again), 3);
    assert_eq!(world.sim.google_account(CID).campaigns.len(), 3);
}

#[tokio::test]
async fn a_connection_cut_after_the_effect_leaves_the_outcome_unknown() {
    let world = World::start().await;
    let lines = new_lines(&world.plan().await);
    world.sim.faults().add(Fault::new(Match::mutates().operation("campaign.create"), Effect::CutAfter).times(1));
    let outcomes = world.google.create(&lines).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Unknown(_))), "{outcomes:?}");
    let again = world.google.create(&lines).await;
    assert_eq!(applied(&again), 3);
    assert_eq!(world.sim.google_account(CID).campaigns.len(), 3, "one object a line");
    let seen = world.observe().await;
    assert!(seen.lines.values().all(|line| line.delivery == Delivery::PausedByUs && line.marker.label));
}

#[tokio::test]
async fn after_an_unknown_outcome_nothing_more_is_sent() {
    let mut world = World::start().await;
    world.spec.markets = markets(200);
    let lines = new_lines(&world.plan().await);
    let status = Effect::Status { status: 502, body: serde_json::Value::Null };
    world.sim.faults().add(Fault::new(Match::mutates().operation("campaign.create"), status));
    world.counter.reset();
    let outcomes = world.google.create(&lines).await;
    assert_eq!(world.counter.writes(), 3, "the labels, the conversion goal, and one create");
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Outcome::Unknown(_))));
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Outcome::Failed(PlatformError::Unavailable { .. }))));
    assert_eq!(applied(&outcomes), 0);
}

#[tokio::test]
async fn two_clusters_that_create_the_labels_at_once_share_them() {
    let world = World::start().await;
    let other = Arc::new(connect(&world.sim, &world.counter, secrets(&world.sim)));
    let lines = new_lines(&world.plan().await);
    let (left, right) = tokio::join!(world.google.create(&lines[..1]), other.create(&lines[1..]));
    assert_eq!(applied(&left) + applied(&right), 3, "{left:?} {right:?}");
    assert_eq!(world.sim.google_account(CID).labels.len(), 2);
}

#[tokio::test]
async fn a_label_that_was_removed_is_made_again() {
    let world = World::start().await;
    let lines = new_lines(&world.plan().await);
    assert_eq!(applied(&world.google.create(&lines[..1]).await), 1);
    for label in world.sim.google_account(CID).labels {
        world.edit_raw(serde_json::json!([{ "labelOperation": { "remove": label.resource_name } }]));
    }
    let outcomes = world.google.create(&lines[1..]).await;
    assert!(
        outcomes.iter().all(|outcome| matches!(outcome, Outcome::Failed(PlatformError::Unavailable { .. }))),
        "{outcomes:?}"
    );
    assert_eq!(applied(&world.google.create(&lines[1..]).await), 2);
    let seen = world.observe().await;
    assert_eq!(seen.lines.values().filter(|line| line.marker.label).count(), 2);
    assert_eq!(seen.lines.len(), 3, "the first is found by its token");
}

#[tokio::test]
async fn places_languages_and_conversions_that_google_does_not_know_stop_their_lines_only() {
    let mut world = World::start().await;
    world.spec.markets.push(crate::support::market("US-ZZ"));
    let lines = new_lines(&world.plan().await);
    let outcomes = world.google.create(&lines).await;
    assert_eq!(applied(&outcomes), 3);
    let failed = outcomes.iter().find_map(|outcome| match outcome {
        Outcome::Failed(error) => Some(error.clone()),
        _ => None,
    });
    let Some(PlatformError::Rejected { reason: Reason::UnknownMarket, message }) = failed else { panic!("{failed:?}") };
    assert!(message.contains("US-ZZ"), "{message}");

    let mut line = lines[0].clone();
    line.settings.set(Field::ConversionAction, Value::Text("install".into()));
    let mut spoken = lines[1].clone();
    spoken.settings.set(Field::Languages, Value::Set(["tlh".to_owned()].into()));
    let outcomes = world.google.create(&[line, spoken]).await;
    let messages: Vec<String> = outcomes.iter().map(|outcome| format!("{outcome:?}")).collect();
    assert!(messages[0].contains("no enabled conversion action `install`"), "{messages:?}");
    assert!(messages[1].contains("cannot target the language tlh"), "{messages:?}");
}

#[tokio::test]
async fn an_account_that_is_full_says_so() {
    let mut config = crate::support::config();
    config.google.limits.campaigns_per_account = 2;
    let world = World::with(config).await;
    let lines = new_lines(&world.plan().await);
    let outcomes = world.google.create(&lines).await;
    assert_eq!(applied(&outcomes), 2);
    let full = |outcome: &&Outcome| matches!(outcome, Outcome::Failed(error) if error.reason() == Reason::ObjectLimit);
    assert_eq!(outcomes.iter().filter(full).count(), 1, "{outcomes:?}");
}

#[tokio::test]
async fn a_budget_below_googles_minimum_is_told_as_such() {
    let mut config = crate::support::config();
    config.google.accounts[1].minimum_daily_budget_micros = Some(5_000_000_000);
    let world = World::with(config).await;
    let outcomes = world.google.create(&new_lines(&world.plan().await)).await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Failed(error) if error.reason() == Reason::BudgetBelowMinimum))
    );
}

#[tokio::test]
async fn labels_and_goals_that_are_not_listed_yet_are_waited_for_and_never_made_twice() {
    let world = World::start().await;
    let lines = new_lines(&world.plan().await);
    world.sim.set_read_lag(jiff::SignedDuration::from_secs(10));
    let other = connect(&world.sim, &world.counter, secrets(&world.sim));
    let mut created = Vec::new();
    for _ in 0..3 {
        for (google, lines) in [(world.google.as_ref(), &lines[..1]), (&other, &lines[1..])] {
            created = google.create(lines).await;
            let waits = |outcome: &Outcome| {
                matches!(outcome, Outcome::Applied { .. } | Outcome::Failed(PlatformError::Unavailable { .. }))
            };
            assert!(created.iter().all(waits), "{created:?}");
        }
        world.tick(20);
    }
    assert_eq!(applied(&created), 2);
    assert_eq!(world.sim.google_account(CID).campaigns.len(), 3);
    let goals: usize = world.sim.ledger().iter().filter(|entry| entry.kind == "customConversionGoal").count();
    assert_eq!((world.sim.google_account(CID).labels.len(), goals), (2, 1));
}

#[tokio::test]
async fn a_name_that_ends_its_quotes_asks_for_nothing_else() {
    let mut world = World::start().await;
    world.edit(adsim::EditAction::AddForeignCampaign {
        name: "Brand".into(),
        amount_micros: 1_000_000,
        enabled: true,
        labels: Vec::new(),
        geo_target_ids: vec![2840],
    });
    let evil = r"it's \' OR campaign.status = 'ENABLED') AND campaign.name LIKE '% _ [x] {market}";
    world.spec.account_overrides.name_template = Some(evil.to_owned());
    let lines = new_lines(&world.plan().await);
    let first = world.google.create(&lines).await;
    // The names are asked for, since they are taken.
    let again = world.google.create(&lines).await;
    assert_eq!((applied(&first), &first), (3, &again));
    let named =
        world.sim.google_account(CID).campaigns.into_iter().filter(|campaign| campaign.name.starts_with("it's \\'"));
    assert_eq!(named.count(), 3);
    assert_eq!(world.observe().await.lines.len(), 3, "and the listing has what is ours");
}
