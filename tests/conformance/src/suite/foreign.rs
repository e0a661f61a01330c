//! What others do, and what is theirs.

use std::collections::BTreeSet;

use adops_core::campaign::observed::{Delivery, Existence};
use adops_core::campaign::plan::Action;
use adops_core::marker::Token;
use adops_platforms::port::{Outcome, Scope};

use crate::subject::{Feature, Hand, Subject};
use crate::world::{World, applied, money};

/// Not paused, not removed, not changed.
pub async fn what_others_made_is_not_seen_and_not_changed<S: Subject>() {
    let mut world = World::<S>::new().await;
    world.settle().await;
    S::by_hand(&world.sim, &Hand::Foreign("others", 20_000_000));
    let theirs = world.objects().into_iter().find(|object| object.name == "others").unwrap();
    assert_eq!(world.observe().await.unwrap().lines.len(), 3);
    // Asked for by its id it is seen, as nobody's.
    let seen = world.platform.observe(&Scope::Ids([theirs.id.clone()].into())).await.unwrap();
    let marker = &seen.lines[&theirs.id].marker;
    assert!(!marker.label && marker.best_token().is_none(), "{marker:?}");
    let (id, from) = (theirs.id.clone(), seen.lines[&theirs.id].budget);
    let to = money(from.micros() * 2, from.currency());
    let changes = [
        Action::Pause { id: id.clone() },
        Action::SetBudget { id: id.clone(), from, to, live: true },
        Action::Enable { id: id.clone(), budget: from },
        Action::Remove { id },
    ];
    for change in changes {
        let outcomes = world.platform.change(std::slice::from_ref(&change)).await;
        assert!(matches!(&outcomes[..], [Outcome::Failed(_)]), "{change:?}: {outcomes:?}");
    }
    assert_eq!(world.objects().into_iter().find(|object| object.id == theirs.id), Some(theirs));
}

/// Not by a part of it, nor by other letters; and not when it is gone.
pub async fn what_others_made_is_found_by_its_exact_name<S: Subject>() {
    let world = World::<S>::new().await;
    let name = "Brand \"US\" [1] 100%";
    for other in [name, "Brand", "brand \"us\" [1] 100%", "Brand \"US\" [1] 100% copy"] {
        S::by_hand(&world.sim, &Hand::Foreign(other, 20_000_000));
    }
    let id = world.objects().into_iter().find(|object| object.name == name).unwrap().id;
    let names: BTreeSet<String> = [name, "nobody"].map(str::to_owned).into();
    world.platform.account().await.unwrap();
    world.counter.reset();
    let found = world.platform.named(&names).await.unwrap();
    assert_eq!((found.get(name), found.get("nobody").map_or(0, BTreeSet::len)), (Some(&[id.clone()].into()), 0));
    assert!(world.counter.reads() <= 3, "queries by name, and no listing of what hangs on them");
    if !S::lacks().contains(&Feature::Remove) {
        S::by_hand(&world.sim, &Hand::Remove(&id));
        world.tick(60);
        let found = world.platform.named(&names).await.unwrap();
        assert_eq!(found.get(name).map_or(0, BTreeSet::len), 0);
    }
}

/// A token of another installation is no token of ours.
pub async fn what_another_installation_made_is_told<S: Subject>() {
    let world = World::<S>::new().await;
    let ours = world.new_lines().await.remove(0);
    let token = Token { installation: "staging".parse().unwrap(), ..Token::find(&ours.token).unwrap() };
    let name = format!("spring US {token}");
    S::by_hand(&world.sim, &Hand::Foreign(&name, 20_000_000));
    let id = world.objects().remove(0).id;
    let seen = world.platform.observe(&Scope::Ids([id.clone()].into())).await.unwrap();
    assert_eq!(
        seen.lines[&id].marker.foreign(&crate::world::INSTALLATION.parse().unwrap()),
        Some("staging".to_owned())
    );
    let outcomes = world.platform.change(&[Action::Pause { id }]).await;
    assert!(matches!(&outcomes[..], [Outcome::Failed(_)]), "{outcomes:?}");
    assert!(world.objects()[0].enabled);
}

/// It is found again without its name, by what else is on it or by its id.
pub async fn a_name_that_was_changed_by_hand_is_restored<S: Subject>() {
    let mut world = World::<S>::new().await;
    world.settle().await;
    let (id, name) = (world.id("US"), world.object("US").name);
    S::by_hand(&world.sim, &Hand::Rename(&id, "by hand"));
    world.settle().await;
    assert_eq!(world.object("US").name, name);
    assert_eq!((world.id("US"), world.objects().len()), (id, 3));
}

/// It is not ours to undo.
pub async fn a_pause_by_hand_is_told_from_ours<S: Subject>() {
    let mut world = World::<S>::new().await;
    world.settle().await;
    let (id, budget) = (world.id("US"), world.line("US").await.budget);
    S::by_hand(&world.sim, &Hand::Pause(&id));
    world.restart();
    assert_eq!(world.line("US").await.delivery, Delivery::PausedByOthers);
    // Ours over theirs leaves it paused, whosever it then is; and what was ours once is not ours for ever.
    let outcomes = world.platform.change(&[Action::Pause { id: id.clone() }]).await;
    assert_eq!(applied(&outcomes), 1, "{outcomes:?}");
    assert_ne!(world.line("US").await.delivery, Delivery::Enabled);
    world.platform.change(&[Action::Enable { id: id.clone(), budget }]).await;
    assert_eq!(world.line("US").await.delivery, Delivery::Enabled);
    S::by_hand(&world.sim, &Hand::Pause(&id));
    assert_eq!(world.line("US").await.delivery, Delivery::PausedByOthers);
}

/// To the micro.
pub async fn a_budget_by_hand_is_seen_as_it_is<S: Subject>() {
    let mut world = World::<S>::new().await;
    world.settle().await;
    let id = world.id("US");
    S::by_hand(&world.sim, &Hand::Budget(&id, 345_000_000));
    assert_eq!(world.line("US").await.budget.micros(), 345_000_000);
    world.tick(3600);
    world.settle().await;
    assert_eq!(S::live_micros(&world.sim), world.total());
}

/// Gone is what is told to be gone, not what is not listed.
pub async fn what_was_removed_by_hand_is_told_by_its_id<S: Subject>() {
    let mut world = World::<S>::new().await;
    world.settle().await;
    if S::lacks().contains(&Feature::Remove) {
        return;
    }
    let id = world.id("US");
    S::by_hand(&world.sim, &Hand::Remove(&id));
    world.restart();
    let line = world.line("US").await;
    assert_eq!(line.existence, Existence::Removed);
}
