//! S9 over all platforms: at rest nothing is written, after a restart neither.

use adops_e2e::given;
use adops_e2e::kill::KillSwitch;
use jiff::SignedDuration;

use crate::{counts, live, spring};

#[tokio::test(flavor = "multi_thread")]
async fn hours_and_a_restart_write_nothing() {
    let Some((mut world, files)) = given::everywhere().await else { return };
    world.start_operator().await;
    // It spends from the first day on.
    world.apply(&spring(&files).replace("start: 2027-03-01", "start: 2027-02-20")).await.unwrap();
    world.until_ready("spring").await;
    world.pass(SignedDuration::from_mins(30)).await;
    world.sim.reset_ledger();
    let before = (counts(&world), live(&world));
    // Past a look at all files, and once more.
    for hours in [7, 2] {
        world.kill_operator();
        let switch = KillSwitch::counting();
        world.start_operator_with(Some(switch.clone()), |_| {}).await;
        world.pass(SignedDuration::from_hours(hours)).await;
        assert_eq!(world.writes(), []);
        assert_eq!((counts(&world), live(&world)), before);
        let points = switch.names();
        let posts: Vec<_> = points.iter().filter(|name| name.starts_with("before POST") && is_a_write(name)).collect();
        assert_eq!(posts, Vec::<&String>::new());
        // What is spent is read account by account, and told once in a quarter of an hour, the first one included.
        let told = points.iter().filter(|name| is_told(name)).count();
        assert!(told <= usize::try_from(hours * 4 + 1).unwrap(), "told {told} times in {hours} hours");
        assert!(hours == 2 || told > 7, "told {told} times in {hours} hours");
    }
}

fn is_told(point: &str) -> bool {
    point.starts_with("before PATCH") && point.contains("/campaigns/spring/status")
}

/// Whether a point is a request that changes something on a platform. Google lists, and Meta batches reads, by POST.
fn is_a_write(point: &str) -> bool {
    point.contains(":mutate") || point.contains("/create/") || point.contains("/update/") || point.contains("/upload/")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_the_middle_of_a_create_makes_nothing_twice() {
    let Some((mut world, files)) = given::everywhere().await else { return };
    let switch = KillSwitch::counting();
    world.start_operator_with(Some(switch.clone()), |_| {}).await;
    world.apply(&spring(&files)).await.unwrap();
    // Each operator lives a little longer than the one before.
    for at in [25, 60, 120, 200] {
        switch_off(&mut world, at).await;
    }
    world.until_ready("spring").await;
    assert_eq!(counts(&world), [(6, 6); 3]);
    assert!((5_999_800_000..=6_000_000_000).contains(&live(&world)), "{}", live(&world));
    let meta = world.sim.meta_account(adops_e2e::reach::META);
    assert_eq!((meta.images.len(), meta.videos.len()), (2, 2));
}

/// Starts a new operator in place of the one that runs and lets it work until it has passed so many points.
async fn switch_off(world: &mut adops_e2e::world::World, at: usize) {
    world.kill_operator();
    let switch = KillSwitch::at(at);
    world.start_operator_with(Some(switch.clone()), |_| {}).await;
    for _ in 0..40 {
        if switch.is_dead() || world.look().await.is_ready("spring") {
            break;
        }
        let next = [world.operator.as_ref().and_then(|o| o.shared.clock_state().next_due), world.sim.next_due()];
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        if let Some(due) = next.into_iter().flatten().filter(|due| *due > world.now()).min() {
            world.set_now(due);
        }
    }
    world.kill_operator();
    world.start_operator().await;
}
