//! `kubectl adops import`: what is written changes nothing when it is applied.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "tests")]

mod google;
mod script;

use adops_cli::access::Access;
use adops_cli::args::{ImportArgs, Target};
use adops_e2e::world::World;

/// What the program writes, and what it tells beside it.
async fn import(world: &World, account: &str) -> (String, String) {
    let target = Target {
        namespace: Some(world.namespace.clone()),
        kubeconfig: Some(world.cluster.ready.kubeconfig.clone()),
        context: None,
    };
    let access = Access { credentials: None, allow_endpoints: vec!["http://127.0.0.1".to_owned()] };
    let args = ImportArgs { account: account.to_owned(), access };
    let (mut written, mut told) = (Vec::new(), Vec::new());
    adops_cli::import::run(&target, &args, &mut written, &mut told).await.unwrap();
    (String::from_utf8(written).unwrap(), String::from_utf8(told).unwrap())
}
