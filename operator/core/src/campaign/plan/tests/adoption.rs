//! Objects that `adopt` names.

use super::*;

#[test]
fn an_object_without_any_marker_is_left_alone_and_not_made_again_until_it_is_adopted() {
    let mut world = one();
    let bare = |held: &mut Held| (held.label, held.inner, held.name) = (false, None, "mine".to_owned());
    world.platform.by_hand("a", "1001", world.now, bare);
    let plan = world.look();
    assert_eq!((problem(&plan), changes(&plan)), (Some(Reason::MarkerLost), nothing()));
    world.edit(|spec| {
        spec.adopt = vec![adopt("US", "1001")];
    });
    let plan = world.settle();
    assert_eq!((problem(&plan), bound(&plan)), (None, Some("1001")));
    assert!(world.platform.get("a", "1001").label);
}

#[test]
fn an_adopted_object_is_marked_first_then_made_as_the_spec_asks() {
    let mut world = World::new(spec(&["US"]), at("2027-03-10T08:00:00Z"));
    let now = world.now;
    world.platform.put("a", "7", Held { enabled: false, ..Held::foreign("brand", eur("500")) }, now);
    world.edit(|spec| {
        spec.adopt = vec![adopt("US", "7")];
        spec.policies.on_replace = OnReplace::Allow;
    });
    assert_eq!(changes(&world.look()), ["US: mark Spec"]);
    let plan = world.settle();
    assert!(!line(&plan, "US").stopped_by_hand);
    // The made-up platform cannot change bidding, so that the adopted one was replaced.
    assert_eq!(bound(&plan), Some("1001"));
    assert!(world.platform.get("a", "1001").enabled && !world.platform.get("a", "7").enabled);
}

#[test]
fn an_adoption_by_name_is_of_the_one_that_is_called_so_and_never_creates_another() {
    let mut world = World::new(spec(&["US"]), at("2027-03-10T08:00:00Z"));
    let held = |name: &str| Held { enabled: false, ..Held::foreign(name, eur("500")) };
    let (now, brand) = (world.now, " Brand ");
    // Not quite called so, and removed.
    world.platform.put("a", "5", held("Brand"), now);
    world.platform.put("a", "6", Held { removed: true, ..held(brand) }, now);
    world.edit(|spec| spec.adopt = vec![adopt_called("US", brand)]);
    let message = |plan: &Plan| line(plan, "US").problem.clone().map(|problem| (problem.reason, problem.message));
    let none = "the account a has no object called \" Brand \", which `adopt` names; none is created in its place";
    let plan = world.settle();
    assert_eq!((message(&plan), changes(&plan)), (Some((Reason::InvalidSpec, none.to_owned())), nothing()));

    for id in ["7", "8"] {
        world.platform.put("a", id, held(brand), now);
    }
    let several =
        "the account a has 2 objects called \" Brand \" (7, 8): say which one `adopt` means by its externalId";
    let plan = world.settle();
    assert_eq!((message(&plan), changes(&plan)), (Some((Reason::InvalidSpec, several.to_owned())), nothing()));

    world.platform.by_hand("a", "8", now, |held| held.name = "another".to_owned());
    assert_eq!(changes(&world.look()), ["US: mark Spec"]);
    let plan = world.settle();
    assert_eq!((bound(&plan), line(&plan, "US").stopped_by_hand), (Some("7"), false));
    // From now on it is known by its id, whatever it and others are called.
    let now = world.now;
    world.platform.put("a", "9", held(brand), now);
    world.platform.by_hand("a", "7", now, |held| held.name = held.name.replace(brand, "mine"));
    let plan = world.settle();
    assert_eq!((problem(&plan), bound(&plan)), (None, Some("7")));
    assert!(!world.platform.get("a", "9").label && !world.platform.get("a", "5").label);
    world.wipe_status();
    assert_eq!(bound(&world.settle()), Some("7"));
}

#[test]
fn an_adoption_by_name_takes_nothing_from_others() {
    let mut world = World::new(spec(&["US", "GB"]), at("2027-03-10T08:00:00Z"));
    let now = world.now;
    let foreign = Held { foreign_label: Some("other".to_owned()), ..Held::foreign("theirs", eur("5")) };
    world.platform.put("a", "8", foreign, now);
    world.edit(|spec| spec.adopt = vec![adopt_called("US", "theirs"), adopt_called("GB", "theirs")]);
    let plan = world.look();
    assert_eq!((problem(&plan), changes(&plan)), (Some(Reason::ForeignMarker), nothing()));
    assert_eq!(line(&plan, "GB").problem.as_ref().unwrap().reason, Reason::InvalidSpec, "one object is one line's");

    world.platform.put("a", "9", Held::foreign("brand", eur("5")), now);
    world.edit(|spec| spec.adopt = vec![adopt("US", "9"), adopt_called("GB", "brand")]);
    let plan = world.look();
    assert_eq!(line(&plan, "GB").problem.as_ref().unwrap().reason, Reason::InvalidSpec, "nor by its id and its name");
}

#[test]
fn an_adoption_takes_nothing_from_others() {
    let mut world = settled(spec(&["US"]));
    world.edit(|spec| {
        spec.markets.push(market("GB"));
        spec.adopt = vec![adopt("GB", "1001")];
    });
    let plan = world.look();
    assert_eq!(line(&plan, "GB").problem.as_ref().unwrap().reason, Reason::InvalidSpec);

    let now = world.now;
    world.platform.put("a", "7", Held::foreign("brand", eur("5")), now);
    world.edit(|spec| {
        spec.markets = vec![market("GB"), market("DE")];
        spec.adopt = vec![adopt("GB", "7"), adopt("DE", "7")];
    });
    let plan = world.look();
    assert_eq!(line(&plan, "DE").problem.as_ref().unwrap().reason, Reason::InvalidSpec);
    assert_eq!(changes(&plan), ["GB: mark Spec", "retired 1001: pause Retired"]);

    let foreign = Held { foreign_label: Some("other".to_owned()), ..Held::foreign("theirs", eur("5")) };
    world.platform.put("a", "8", foreign, now);
    world.edit(|spec| spec.adopt = vec![adopt("GB", "8")]);
    let plan = world.look();
    assert_eq!(line(&plan, "GB").problem.as_ref().unwrap().reason, Reason::ForeignMarker);
}
