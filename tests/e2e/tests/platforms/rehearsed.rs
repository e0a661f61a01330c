//! `kubectl adops plan --live`: each platform is asked what it can be asked, what it was not asked is told, and nothing
//! is written.

use adops_cli::access::Access;
use adops_cli::args::{Cli, Command, Output, PlanArgs, Target};
use adops_e2e::given;
use adops_e2e::reach::{self, ALL};
use adops_e2e::world::World;
use serde_json::Value;

use crate::spring;

/// What the plan of a text says, as JSON.
async fn plan(world: &World, text: &str) -> Value {
    let folder = std::env::temp_dir().join(format!("adops-rehearsed-{}-{}", std::process::id(), world.namespace));
    std::fs::create_dir_all(&folder).unwrap();
    let (manifests, said) = (folder.join("campaign.yaml"), folder.join("plan.json"));
    std::fs::write(&manifests, text).unwrap();
    let args = PlanArgs {
        files: vec![manifests.to_string_lossy().into_owned()],
        output: Output::Json,
        live: true,
        access: Access { credentials: None, allow_endpoints: vec!["http://127.0.0.1".to_owned()] },
        ..PlanArgs::default()
    };
    let kubeconfig = Some(world.cluster.ready.kubeconfig.clone());
    let target = Target { namespace: Some(world.namespace.clone()), kubeconfig, context: None };
    let cli = Cli { target, command: Command::Plan(args) };
    adops_cli::run(cli, &mut std::fs::File::create(&said).unwrap()).await.unwrap();
    let json = serde_json::from_str(&std::fs::read_to_string(&said).unwrap()).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    json
}

/// The verdicts on an account's lines: kind and message.
fn verdicts(report: &Value, account: &str) -> Vec<(String, String)> {
    let campaigns = report["campaigns"].as_array().unwrap();
    let lines = campaigns.iter().flat_map(|campaign| campaign["lines"].as_array().unwrap());
    let verdicts = lines.filter(|line| line["account"] == account).filter_map(|line| line["live"].as_array());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    verdicts.flatten().map(|verdict| (text(&verdict["verdict"]), text(&verdict["message"]))).collect()
}

fn all(verdicts: &[(String, String)], count: usize, kind: &str, message: &str) {
    assert_eq!(verdicts.len(), count, "{verdicts:?}");
    let is_it = |(verdict, said): &(String, String)| verdict == kind && said.contains(message);
    assert!(verdicts.iter().all(is_it), "{verdicts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_platform_is_asked_what_it_can_be_asked_and_nothing_is_written() {
    let Some((mut world, files)) = given::everywhere().await else { return };
    world.start_operator().await;
    for platform in ALL {
        world.until_account(reach::adaccount(platform), "Ready", "True", "Ready").await;
    }
    let text = spring(&files).replace("namespace: growth", &format!("namespace: {}", world.namespace));
    world.sim.reset_ledger();
    let report = plan(&world, &text).await;
    all(&verdicts(&report, "google-global"), 6, "Accepted", "");
    all(&verdicts(&report, "meta-global"), 6, "Accepted", "not rehearsed: the ad set with its budget and audience");
    all(&verdicts(&report, "tiktok-global"), 6, "NotAsked", "TikTok has no dry run");
    assert_eq!(world.sim.ledger(), [], "a rehearsal writes nothing");

    world.apply(&text).await.unwrap();
    world.until_ready("spring").await;
    world.sim.reset_ledger();
    let report = plan(&world, &text.replace("6000.00", "5400.00")).await;
    let meta = verdicts(&report, "meta-global");
    all(&meta, 6, "Accepted", "");
    assert!(meta.iter().all(|(_, message)| message.is_empty()), "a budget is asked about as a whole: {meta:?}");
    assert_eq!(world.sim.ledger(), [], "a rehearsal writes nothing");
}
