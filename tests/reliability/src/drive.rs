//! The driver of a world whose operator may be killed at a point of a switch.

use std::time::{Duration, Instant};

use adops_e2e::kill::KillSwitch;
use adops_e2e::world::{Snapshot, World};
use jiff::SignedDuration;

/// How a drive ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// What was waited for has come.
    Done,
    /// The operator stands at the point at which it shall die.
    Dead,
}

/// Steps time until what is waited for has come and nobody has anything to do, or the switch has struck.
pub async fn drive(world: &mut World, switch: &KillSwitch, mut done: impl FnMut(&Snapshot) -> bool) -> End {
    let limit = Instant::now() + Duration::from_mins(3);
    loop {
        assert!(Instant::now() < limit, "it neither came to an end nor to the point: {:#?}", world.look().await);
        if idle(world, switch).await == End::Dead {
            return End::Dead;
        }
        if done(&world.look().await) {
            return if switch.is_dead() { End::Dead } else { End::Done };
        }
        let operator = world.operator.as_ref().and_then(|operator| operator.shared.clock_state().next_due);
        let due = [operator, world.sim.next_due()].into_iter().flatten().filter(|due| *due > world.now()).min();
        if let Some(due) = due {
            world.set_now(due);
        }
    }
}

/// Steps through a span of time, or until the switch has struck. Panics when that takes ten minutes of the machine's time.
pub async fn pass(world: &mut World, switch: &KillSwitch, span: SignedDuration) -> End {
    let end = world.now() + span;
    let limit = Instant::now() + Duration::from_mins(10);
    loop {
        assert!(Instant::now() < limit, "it does not come to {end}: {}", in_short(world).await);
        if idle(world, switch).await == End::Dead {
            return End::Dead;
        }
        let operator = world.operator.as_ref().and_then(|operator| operator.shared.clock_state().next_due);
        let due = [operator, world.sim.next_due()].into_iter().flatten().filter(|due| *due > world.now()).min();
        if world.now() >= end {
            return End::Done;
        }
        world.set_now(due.filter(|due| *due < end).unwrap_or(end));
    }
}

/// Waits until nobody has anything to do, or the switch has struck.
async fn idle(world: &World, switch: &KillSwitch) -> End {
    let limit = Instant::now() + Duration::from_mins(3);
    let mut quiet = 0;
    while quiet < 3 {
        if switch.is_dead() {
            return End::Dead;
        }
        assert!(Instant::now() < limit, "it never rests: {}", in_short(world).await);
        let idle =
            world.sim.idle() && world.operator.as_ref().is_none_or(|operator| operator.shared.clock_state().idle);
        quiet = if idle { quiet + 1 } else { 0 };
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    End::Done
}

/// What is known of a world that does not come to rest.
async fn in_short(world: &World) -> String {
    let clock = world.operator.as_ref().map(|operator| operator.shared.clock_state());
    let mut lines = vec![format!("now {}, sim idle {}, operator {clock:?}", world.now(), world.sim.idle())];
    let snapshot = world.look().await;
    for campaign in snapshot.campaigns {
        let status = campaign.status.unwrap_or_default();
        lines.push(format!(
            "{:?} {:?} {:#?} {:#?}",
            campaign.metadata.name, status.reason, status.lines, status.withheld
        ));
    }
    for account in snapshot.accounts {
        let status = account.status.unwrap_or_default();
        lines.push(format!("{:?} {:?} {:?}", account.metadata.name, status.reason, status.live_budget));
    }
    lines.extend(world.sim.ledger().iter().rev().take(6).map(|entry| format!("{entry:?}")));
    let requests = world.sim.requests();
    lines.push(format!("{} requests", requests.len()));
    lines.extend(requests.iter().rev().take(4).map(|request| format!("{request:?}").chars().take(600).collect()));
    lines.join("\n")
}
