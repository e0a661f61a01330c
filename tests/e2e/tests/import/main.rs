//! `kubectl adops import`: what is written changes nothing when it is applied.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "tests")]

mod api;
mod by_name;
mod google;
mod meta;
mod meta_script;
mod script;
mod tiktok;
mod tiktok_script;

use std::collections::BTreeSet;
use std::fs::{self, File};

use adops_cli::Exit;
use adops_cli::access::Access;
use adops_cli::args::{Cli, Command, ImportArgs, Output, PlanArgs, Target};
use adops_e2e::given::said;
use adops_e2e::world::World;
use kube::ResourceExt;

/// What the program writes, and what it tells beside it.
async fn import(world: &World, account: &str) -> (String, String) {
    import_with(world, account, None).await
}

/// The same with a template of where files lie.
async fn import_with(world: &World, account: &str, template: Option<String>) -> (String, String) {
    let args = ImportArgs { account: account.to_owned(), media: None, media_url_template: template, access: access() };
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

/// Applies what was written, and waits until all of it is Ready.
async fn apply_all(world: &mut World, written: &str, count: usize) {
    let applied = world.as_admin(&["apply", "--server-side", "-f", "-"], written);
    assert!(applied.status.success(), "{}", said(&applied));
    world
        .until("all are Ready", |snapshot| {
            let is_ready = |campaign: &adops_api::Campaign| snapshot.is_ready(&campaign.name_any());
            snapshot.campaigns.len() == count && snapshot.campaigns.iter().all(is_ready)
        })
        .await;
}

/// What is not imported; all of it stands in the report by its id, once.
fn listed<'a>(written: &'a str, account: &str, count: usize) -> &'a str {
    let (_, list) = written.split_once(&format!("# not imported from {account}: ")).unwrap();
    let ids: BTreeSet<&str> = list.lines().filter_map(|line| line.strip_prefix("#     ")?.split(' ').next()).collect();
    assert!(ids.len() == count && list.starts_with(&format!("{count}\n")), "{list}");
    list
}

/// Names with a token behind them and labels were written, and nothing else.
fn only_marked(world: &World, kinds: &[&str]) {
    for change in world.changes() {
        assert!(kinds.contains(&change.kind.as_str()), "not a mark: {change:?}");
        let fields: Vec<&str> = change.after.keys().map(String::as_str).collect();
        let is_mark =
            |field: &&str| matches!(*field, "name" | "adlabels" | "campaign_name" | "adgroup_name" | "ad_name");
        assert!(
            matches!(change.kind.as_str(), "label" | "video") || fields.iter().all(is_mark),
            "not a mark: {change:?}"
        );
    }
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
