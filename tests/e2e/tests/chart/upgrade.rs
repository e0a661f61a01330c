//! Upgrades of the CRDs with objects in them.

use std::path::{Path, PathBuf};

use adops_e2e::cluster::{Cluster, repository};
use adops_e2e::given::{campaign, kubectl, said};
use adops_e2e::helm::{self, Helm};
use serde_json::{Value, json};

use crate::{admin, copy, done, empty_cluster};

/// A field of a Campaign's spec that the older version does not know yet.
const NEW_FIELD: &str = "ignoreFields";

/// The chart as it might have been before that field was there.
fn older_chart(cluster: &Cluster) -> PathBuf {
    let folder = cluster.dir.join("older-chart");
    copy(&helm::chart(), &folder);
    edit(&folder.join("Chart.yaml"), |text| text.replace("version: 0.1.0", "version: 0.0.9"));
    edit(&folder.join("templates/crds/campaigns.yaml"), |text| without_field(&text, NEW_FIELD));
    folder
}

fn edit(file: &Path, change: impl FnOnce(String) -> String) {
    let before = std::fs::read_to_string(file).unwrap();
    let after = change(before.clone());
    assert_ne!(before, after, "{} is changed", file.display());
    std::fs::write(file, after).unwrap();
}

/// Takes a key out of a YAML text, with all that is deeper than it.
fn without_field(text: &str, field: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut inside = None;
    let kept = text.lines().filter(|line| {
        if inside
            .is_some_and(|depth| indent(line) > depth || line.trim_start().starts_with("- ") && indent(line) == depth)
        {
            return false;
        }
        inside = (line.trim() == format!("{field}:")).then(|| indent(line));
        inside.is_none()
    });
    kept.collect::<Vec<_>>().join("\n") + "\n"
}

fn stored(cluster: &Cluster) -> Value {
    let mut object: Value =
        serde_json::from_str(&admin(cluster, &["get", "campaign", "spring", "-o", "json"], "")).unwrap();
    object["metadata"].as_object_mut().unwrap().remove("managedFields");
    object
}

#[test]
fn an_upgrade_from_older_crds_keeps_what_is_stored_and_brings_the_new_field() {
    let Some(cluster) = empty_cluster("upgrade") else { return };
    let helm = Helm::of(cluster);
    done(&helm.upgrade(&older_chart(cluster), &[]));
    let crds = repository().join("crds").display().to_string();
    admin(cluster, &["wait", "--for=condition=Established", "--timeout=30s", "-f", &crds], "");
    admin(cluster, &["apply", "-f", "-"], &campaign("spring", json!({})));
    let with_field = campaign("spring", json!({ NEW_FIELD: ["Bidding"] }));
    let refused = kubectl(&cluster.ready.kubeconfig, helm::NAMESPACE, &["apply", "-f", "-"], &with_field);
    assert!(said(&refused).contains("unknown field \"spec.ignoreFields\""), "{}", said(&refused));
    let before = stored(cluster);

    done(&helm.upgrade(&helm::chart(), &[]));
    assert_eq!(stored(cluster), before, "nothing stored has changed");
    let applied = || kubectl(&cluster.ready.kubeconfig, helm::NAMESPACE, &["apply", "-f", "-"], &with_field);
    // The API server takes a moment until it serves a new schema.
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !applied().status.success() {
        assert!(std::time::Instant::now() < limit, "{}", said(&applied()));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let after = stored(cluster);
    assert_eq!(after["spec"][NEW_FIELD], json!(["Bidding"]));
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"]);
}

#[test]
fn crds_that_came_without_helm_are_taken_over_only_when_one_says_so() {
    let Some(cluster) = empty_cluster("takeover") else { return };
    let crds = repository().join("crds").display().to_string();
    admin(cluster, &["apply", "--server-side", "-f", &crds], "");
    admin(cluster, &["create", "namespace", helm::NAMESPACE], "");
    admin(cluster, &["wait", "--for=condition=Established", "--timeout=30s", "-f", &crds], "");
    admin(cluster, &["apply", "-f", "-"], &campaign("spring", json!({})));
    let before = stored(cluster);
    let helm = Helm::of(cluster);
    let refused = said(&helm.upgrade(&helm::chart(), &[]));
    assert!(refused.contains("adaccounts.adops.dev") && refused.contains("ownership"), "{refused}");
    let chart = helm::chart().display().to_string();
    let values = "installation=test,image.repository=r";
    done(&helm.run(&[
        "upgrade",
        "--install",
        "adops",
        &chart,
        "-n",
        helm::NAMESPACE,
        "--set",
        values,
        "--take-ownership",
    ]));
    assert_eq!(stored(cluster), before);
}
