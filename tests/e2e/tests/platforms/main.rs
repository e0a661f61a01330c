//! One Campaign over Google, Meta and TikTok through the whole operator: `examples/campaign.yaml`, its media served here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "tests")]

mod apart;
mod changed;
mod created;
mod money;
mod rehearsed;
mod rest;

use adops_conformance::subject::Object;
use adops_e2e::files::Files;
use adops_e2e::given;
use adops_e2e::reach::{self, ALL};
use adops_e2e::world::{Snapshot, World};
use adsim::{AdSim, PlatformName};

/// The example as the tests have it: its media lie on the loopback.
fn spring(files: &Files) -> String {
    files.instead_of_the_cdn(&given::example("campaign.yaml"))
}

/// A world in which the example is Ready.
async fn in_spring() -> Option<(World, Files)> {
    let (mut world, files) = given::everywhere().await?;
    world.start_operator().await;
    world.apply(&spring(&files)).await.unwrap();
    world.until_ready("spring").await;
    Some((world, files))
}

/// The objects of a platform by their market, as their names begin with it.
fn object(world: &World, platform: PlatformName, market: &str) -> Object {
    let begin = format!("spring {market} ");
    let mut found = reach::objects(&world.sim, platform);
    found.retain(|object| object.name.starts_with(&begin));
    assert_eq!(found.len(), 1, "{platform:?} {market}: {found:?}");
    found.remove(0)
}

/// How many objects there are on each platform, and how many of them are enabled.
fn counts(world: &World) -> [(usize, usize); 3] {
    counts_of(&world.sim)
}

fn counts_of(sim: &AdSim) -> [(usize, usize); 3] {
    ALL.map(|platform| {
        let objects = reach::objects(sim, platform);
        (objects.len(), objects.iter().filter(|object| object.enabled).count())
    })
}

/// What can be spent a day on all platforms, in micros.
fn live(world: &World) -> i64 {
    ALL.into_iter().map(|platform| reach::live(&world.sim, platform)).sum()
}

/// What the status says of how many lines are as they should be.
fn lines_ready(snapshot: &Snapshot) -> Option<String> {
    snapshot.campaign("spring")?.status.as_ref()?.lines_ready.clone()
}
