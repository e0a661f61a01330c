//! Each guard, and the caps.

mod brakes;
mod caps;
mod drift;
mod limits;
mod stops;

use crate::campaign::line::LineKey;
use crate::campaign::plan::{LinePlan, Plan};
use crate::testing::{World, eur, key, settled, spec};

fn us() -> LineKey {
    key("a", "US")
}

fn line<'a>(plan: &'a Plan, market: &str) -> &'a LinePlan {
    plan.lines.iter().find(|line| line.key.market == market).unwrap()
}

fn nothing() -> Vec<String> {
    Vec::new()
}

/// US is 1001, with 100.00 a day.
fn one() -> World {
    settled(spec(&["US"]))
}

/// GB is 1001, US is 1002, each with 50.00 a day.
fn two() -> World {
    settled(spec(&["US", "GB"]))
}

fn pause_by_hand(world: &mut World) {
    world.platform.by_hand("a", "1001", world.now, |held| held.enabled = false);
}

fn cut_by_hand(world: &mut World) {
    world.platform.by_hand("a", "1001", world.now, |held| held.budget = eur("10"));
}
