//! From its creation to its removal.

use std::collections::BTreeSet;

use adops_core::campaign::observed::{Delivery, Existence};
use adops_core::campaign::plan::Action;
use adops_core::campaign::settings::Field;
use adops_core::marker::Token;
use adops_platforms::port::{Outcome, Scope};

use crate::spec::{ACCOUNT, ad};
use crate::subject::{Feature, Subject};
use crate::world::{World, applied, money, split};

/// After the create all is there, with marker, paused; what was rendered is what is read.
pub async fn created_lines_are_paused_ours_and_as_rendered<S: Subject>() {
    let mut world = World::<S>::new().await;
    let new = world.new_lines().await;
    assert_eq!(new.len(), 3);
    let plan = world.plan().await;
    assert_eq!(applied(&world.apply(&plan).await), 3);
    assert_eq!(S::live_micros(&world.sim), 0, "nothing that was only created may spend");
    let seen = world.observe().await.unwrap();
    assert_eq!(seen.lines.len(), 3);
    for line in &new {
        let token = Token::find(&line.token).expect("a token");
        let seen = seen.lines.values().find(|seen| seen.marker.token.as_ref() == Some(&token)).expect("its token");
        assert!(seen.marker.is_whole(&token), "{:?}", seen.marker);
        assert_eq!((seen.existence, seen.delivery), (Existence::Live, Delivery::PausedByUs));
        assert_eq!(seen.budget, line.budget);
        assert!(seen.missing.is_empty(), "{:?}", seen.missing);
        assert!(!seen.delivered);
    }
    let left: BTreeSet<_> = world.plan().await.changes().map(|change| change.action.word()).collect();
    assert_eq!(left, BTreeSet::from(["enable"]), "all else is as it is to be");
}

/// The sum of what runs is the Campaign's budget.
pub async fn enabled_lines_may_spend_their_budgets_and_nothing_more<S: Subject>() {
    let mut world = World::<S>::new().await;
    world.settle().await;
    assert_eq!(S::live_micros(&world.sim), world.total());
    assert!(world.objects().iter().all(|object| object.enabled));
    let live: Vec<i64> = world.sim.ledger().iter().map(|entry| entry.live_daily_budget_micros).collect();
    assert!(live.iter().all(|live| *live <= world.total()), "{live:?}");
}

/// All that matters is on the platform.
pub async fn a_new_connector_sees_the_same_and_plans_nothing<S: Subject>() {
    let mut world = World::<S>::new().await;
    world.settle().await;
    let before = world.observe().await.unwrap();
    world.restart();
    world.records.clear();
    let after = world.observe().await.unwrap();
    let strip = |snapshot: &adops_core::campaign::observed::Snapshot| {
        snapshot.lines.values().map(|line| (line.id.clone(), line.settings.clone(), line.budget)).collect::<Vec<_>>()
    };
    assert_eq!(strip(&before), strip(&after));
    assert!(world.plan_of(&after).await.is_empty(), "{:#?}", world.plan_of(&after).await);
}

/// A read-back is as good as a listing.
pub async fn a_read_back_by_ids_shows_the_same_as_a_listing<S: Subject>() {
    let mut world = World::<S>::new().await;
    world.settle().await;
    let all = world.observe().await.unwrap();
    let ids: BTreeSet<_> = all.lines.keys().take(2).cloned().collect();
    let some = world.platform.observe(&Scope::Ids(ids.clone())).await.unwrap();
    assert_eq!(some.lines.keys().cloned().collect::<BTreeSet<_>>(), ids);
    for (id, line) in &some.lines {
        let listed = &all.lines[id];
        assert_eq!((&line.settings, &line.budget, &line.marker), (&listed.settings, &listed.budget, &listed.marker));
        assert_eq!((line.delivery, line.existence), (listed.delivery, listed.existence));
    }
}

/// Up and down, in place.
pub async fn a_budget_changes_on_the_same_object<S: Subject>() {
    let mut world = World::<S>::new().await;
    world.settle().await;
    let (ids, currency) = (ids(&world), world.spec.budget.amount.currency());
    for amount in [world.total() * 2, world.total() / 2] {
        world.spec.budget.amount = money(amount, currency);
        world.settle().await;
        assert_eq!(ids, self::ids(&world));
        assert_eq!(S::live_micros(&world.sim), amount);
        world.tick(3600);
    }
}

/// New creatives, not new lines.
pub async fn another_text_leaves_the_object_where_it_is<S: Subject>() {
    let mut world = World::<S>::new().await;
    world.settle().await;
    let before = ids(&world);
    let media = std::mem::take(&mut world.spec.ads[0].media);
    world.spec.ads = vec![ad("Now in colour")];
    world.spec.ads[0].media = media;
    world.tick(60);
    let plan = world.plan().await;
    if S::lacks().contains(&Feature::Ads) {
        assert!(plan.is_empty());
        return;
    }
    let fields: BTreeSet<_> = plan.changes().filter_map(|change| field(&change.action)).collect();
    assert_eq!(fields, BTreeSet::from([Field::Ads]));
    world.settle().await;
    assert_eq!(before, ids(&world));
    assert_eq!(S::live_micros(&world.sim), world.total());
}

/// Who has paused it is told from the platform alone.
pub async fn a_pause_is_ours_and_an_enable_takes_it_back<S: Subject>() {
    let mut world = World::<S>::new().await;
    world.settle().await;
    let id = world.id("US");
    let outcomes = world.platform.change(&[Action::Pause { id: id.clone() }]).await;
    assert_eq!(applied(&outcomes), 1, "{outcomes:?}");
    assert!(!world.object("US").enabled);
    world.restart();
    let line = world.line("US").await;
    assert_eq!(line.delivery, Delivery::PausedByUs);
    let enable = Action::Enable { id, budget: line.budget };
    assert_eq!(applied(&world.platform.change(&[enable]).await), 1);
    assert_eq!(world.line("US").await.delivery, Delivery::Enabled);
    assert_eq!(S::live_micros(&world.sim), world.total());
}

/// A change may be sent again: after a restart nobody knows whether it was.
pub async fn a_change_that_is_sent_twice_has_the_effect_of_once<S: Subject>() {
    let mut world = World::<S>::new().await;
    let plan = world.plan().await;
    world.apply(&plan).await;
    let (_, changes) = split(&world.plan().await);
    assert_eq!(changes.len(), 3);
    for _ in 0..2 {
        assert_eq!(applied(&world.platform.change(&changes).await), 3);
    }
    let (id, from) = (world.id("US"), world.line("US").await.budget);
    let to = money(from.micros() * 2, from.currency());
    let set = Action::SetBudget { id, from, to, live: true };
    for _ in 0..2 {
        let outcomes = world.platform.change(std::slice::from_ref(&set)).await;
        assert_eq!(applied(&outcomes), 1, "{outcomes:?}");
    }
    assert_eq!(world.line("US").await.budget, to);
    assert_eq!(S::live_micros(&world.sim), world.total() + from.micros());
    assert_eq!(world.objects().len(), 3);
}

/// Another number, another object; both are seen.
pub async fn a_replacement_lives_beside_what_it_replaces<S: Subject>() {
    let world = World::<S>::new().await;
    let first = world.new_lines().await.remove(0);
    world.resolve(std::slice::from_ref(&first)).await;
    let mut second = first.clone();
    second.replacement = 1;
    let token = Token { replacement: 1, ..Token::find(&first.token).unwrap() };
    second.token = token.to_string();
    let name = first.settings.get(Field::Name).cloned().unwrap();
    if let adops_core::campaign::settings::Value::Text(name) = name {
        let name = name.replace(&first.token, &second.token);
        second.settings.set(Field::Name, adops_core::campaign::settings::Value::Text(name));
    }
    for line in [first, second] {
        let outcomes = world.platform.create(&[line]).await;
        assert_eq!(applied(&outcomes), 1, "{outcomes:?}");
    }
    let seen = world.observe().await.unwrap();
    let numbers: BTreeSet<_> =
        seen.lines.values().filter_map(|line| Some(line.marker.token.as_ref()?.replacement)).collect();
    assert_eq!(numbers, BTreeSet::from([0, 1]));
    assert_eq!(world.objects().len(), 2);
}

/// A removal is for good, and has no second effect.
pub async fn what_is_removed_is_gone_and_removing_it_again_is_no_error<S: Subject>() {
    let mut world = World::<S>::new().await;
    world.settle().await;
    let id = world.id("US");
    for _ in 0..2 {
        let outcomes = world.platform.change(&[Action::Remove { id: id.clone() }]).await;
        if S::lacks().contains(&Feature::Remove) {
            assert!(matches!(&outcomes[..], [Outcome::Failed(_)]), "{outcomes:?}");
            return;
        }
        assert_eq!(applied(&outcomes), 1, "{outcomes:?}");
    }
    assert_eq!(world.objects().len(), 2);
    let seen = world.observe().await.unwrap();
    assert_eq!(seen.lines[&id].existence, Existence::Removed);
}

fn ids<S: Subject>(world: &World<S>) -> BTreeSet<String> {
    assert!(world.records.keys().all(|key| key.account == ACCOUNT));
    world.objects().into_iter().map(|object| object.id).collect()
}

fn field(action: &Action) -> Option<Field> {
    match action {
        Action::Set { field, .. } => Some(*field),
        Action::SetBudget { .. } => Some(Field::Budget),
        Action::Pause { .. } | Action::Enable { .. } => Some(Field::Delivery),
        _ => None,
    }
}
