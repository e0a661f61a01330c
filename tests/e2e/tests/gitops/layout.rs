//! The repository layout of `docs/gitops.md`.

use std::path::Path;

use adops_e2e::cluster::repository;
use adops_e2e::given::{self, said};
use adops_e2e::helm;
use adops_e2e::world::World;

/// What kustomize makes of a folder of the example, in this world's namespace and on its simulator.
fn built(world: &World, folder: &str) -> String {
    let folder = repository().join("examples/gitops").join(folder).display().to_string();
    let output = world.as_admin(&["kustomize", &folder], "");
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_team_has_in_git_is_applied_and_becomes_ready() {
    let Some(mut world) = given::world().await else { return };
    let text = built(&world, "teams/growth")
        .replace("namespace: growth", &format!("namespace: {}", world.namespace))
        .replace("name: growth", &format!("name: {}", world.namespace))
        .replace("  platform: Google\n", &format!("  platform: Google\n  endpoint: {}\n", world.sim.google_url()));
    planned(&world, &text);
    let applied = world.as_admin(&["apply", "--server-side", "--force-conflicts", "-f", "-"], &text);
    assert!(applied.status.success(), "{}", said(&applied));
    world.start_operator().await;
    for name in ["spring", "evergreen"] {
        world.until_ready(name).await;
    }
    let markets: Vec<String> = world.on_platform().iter().map(|object| object.name.clone()).collect();
    assert_eq!(markets.len(), 4, "{markets:?}");
}

/// The plan of a pull request, with the rights of the role `adops-viewer`.
fn planned(world: &World, text: &str) {
    let Some(programs) = std::env::var_os("ADOPS_BIN_DIR") else { return };
    let bind = ["create", "rolebinding", "reviewers", "--clusterrole=adops-viewer", "--user=marketer"];
    assert!(world.as_admin(&bind, "").status.success());
    let file = std::env::temp_dir().join(format!("adops-plan-{}.yaml", std::process::id()));
    // The namespace and the account come with the Campaigns, and are of no concern to a plan.
    std::fs::write(&file, text).unwrap();
    let output = std::process::Command::new(Path::new(&programs).join("kubectl-adops"))
        .args(["plan", "-o", "markdown", "-f"])
        .arg(&file)
        .env("KUBECONFIG", &world.cluster.ready.user_kubeconfig)
        .output()
        .unwrap();
    let _ = std::fs::remove_file(&file);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).starts_with("**Plan: "), "{}", said(&output));
}

#[test]
fn the_values_of_the_operator_are_the_charts() {
    if helm::binary().is_none() {
        println!("skipped: {} is not set; `cargo xtask test` sets it", helm::BINARY);
        return;
    }
    let values = repository().join("examples/gitops/operator/values.yaml").display().to_string();
    let objects = helm::template(&["-f", &values]).unwrap();
    assert!(helm::one(&objects, "Deployment").to_string().contains("--installation=prod"));
}
