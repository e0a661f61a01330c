//! `kubectl adops import`: what is written changes nothing when it is applied.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "tests")]

mod by_name;
mod google;
mod script;

use std::fs::{self, File};

use adops_cli::Exit;
use adops_cli::access::Access;
use adops_cli::args::{Cli, Command, ImportArgs, Output, PlanArgs, Target};
use adops_e2e::world::World;

/// What the program writes, and what it tells beside it.
async fn import(world: &World, account: &str) -> (String, String) {
    let args = ImportArgs { account: account.to_owned(), access: access() };
    let (mut written, mut told) = (Vec::new(), Vec::new());
    adops_cli::import::run(&target(world), &args, &mut written, &mut told).await.unwrap();
    (String::from_utf8(written).unwrap(), String::from_utf8(told).unwrap())
}

/// What `plan` says of a text, as JSON.
async fn plan(world: &World, text: &str, live: bool) -> (Exit, serde_json::Value) {
    let folder = std::env::temp_dir().join(format!("adops-import-{}-{}", std::process::id(), world.namespace));
    fs::create_dir_all(&folder).unwrap();
    let (manifests, said) = (folder.join("campaigns.yaml"), folder.join("plan.json"));
    fs::write(&manifests, text).unwrap();
    let args = PlanArgs {
        files: vec![manifests.to_string_lossy().into_owned()],
        output: Output::Json,
        live,
        access: access(),
        ..PlanArgs::default()
    };
    let cli = Cli { target: target(world), command: Command::Plan(args) };
    let exit = adops_cli::run(cli, &mut File::create(&said).unwrap()).await.unwrap();
    let json = serde_json::from_str(&fs::read_to_string(&said).unwrap()).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    (exit, json)
}

fn target(world: &World) -> Target {
    Target {
        namespace: Some(world.namespace.clone()),
        kubeconfig: Some(world.cluster.ready.kubeconfig.clone()),
        context: None,
    }
}

fn access() -> Access {
    Access { credentials: None, allow_endpoints: vec!["http://127.0.0.1".to_owned()] }
}
