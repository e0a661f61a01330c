//! The driver of a world whose operator may be killed at a point of a switch.

use std::time::{Duration, Instant};

use adops_e2e::kill::KillSwitch;
use adops_e2e::world::{Snapshot, World};

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
    let limit = Instant::now() + Duration::from_mins(1);
    loop {
        let mut quiet = 0;
        while quiet < 3 {
            if switch.is_dead() {
                return End::Dead;
            }
            assert!(Instant::now() < limit, "it neither came to an end nor to the point: {:#?}", world.look().await);
            let idle =
                world.sim.idle() && world.operator.as_ref().is_none_or(|operator| operator.shared.clock_state().idle);
            quiet = if idle { quiet + 1 } else { 0 };
            tokio::time::sleep(Duration::from_millis(3)).await;
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
