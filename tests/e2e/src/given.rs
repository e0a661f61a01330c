//! Short words for what a test is given, does, and sees.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use adops_api::Campaign;
use adops_api::campaign::Line;
use adsim::google::view::CampaignView;
use adsim::{Actor, Edit, EditAction, LedgerEntry};
use jiff::SignedDuration;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use crate::cluster;
use crate::files::Files;
use crate::world::{CUSTOMER, World, sim_config, start_time};

/// A world, or none, with a word about it, where there is no control plane to test on.
pub async fn world() -> Option<World> {
    world_with(|_| {}).await
}

/// A world whose simulator is not the usual one.
pub async fn world_with(adjust: impl FnOnce(&mut adsim::Config)) -> Option<World> {
    if cluster::binary().is_none() {
        println!("skipped: {} is not set; `cargo xtask test` sets it", cluster::BINARY);
        return None;
    }
    let mut config = sim_config(start_time());
    adjust(&mut config);
    Some(World::with_sim(config).await)
}

/// A world with an AdAccount on each platform, and a server of what its Campaigns name as media.
pub async fn everywhere() -> Option<(World, Files)> {
    everywhere_with(|_| {}).await
}

/// The same with a simulator that is not the usual one.
pub async fn everywhere_with(adjust: impl FnOnce(&mut adsim::Config)) -> Option<(World, Files)> {
    let world = world_with(adjust).await?;
    world.add_other_accounts().await;
    Some((world, Files::start().expect("a server of files")))
}

/// A manifest of this repository's examples, without its namespace: it goes where the test is.
pub fn example(file: &str) -> String {
    let text = std::fs::read_to_string(cluster::repository().join("examples").join(file)).expect("an example");
    text.replace(", namespace: growth", "")
}

/// The example Campaign as if there were Google alone.
pub fn example_on_google() -> String {
    let text = example("campaign.yaml").replace("[google-global, meta-global, tiktok-global]", "[google-global]");
    text.replace("accounts: {google-global: 5, meta-global: 3, tiktok-global: 2}, ", "")
}

/// A Campaign of two lines whose flight has begun; `spec` is merged over it, and null takes a field out.
pub fn campaign(name: &str, spec: Value) -> String {
    let mut all = json!({
        "objective": "Traffic",
        "flight": {"start": "2027-02-24", "end": "2027-05-31"},
        "accounts": ["google-global"],
        "markets": ["US", "GB"],
        "budget": {"daily": "100.00", "currency": "EUR"},
        "declarations": {"euPoliticalAds": false, "specialAdCategories": []},
        "ads": [{
            "name": "main",
            "url": "https://example.com/{market}",
            "copy": {"en": copy()},
        }],
        "google": {"keywords": {"en": ["spring series"]}},
    });
    merge(&mut all, spec);
    json!({
        "apiVersion": "adops.dev/v1alpha1",
        "kind": "Campaign",
        "metadata": {"name": name},
        "spec": all,
    })
    .to_string()
}

/// The words of an ad.
pub fn copy() -> Value {
    json!({
        "headlines": ["Spring is here", "Watch now", "New season"],
        "descriptions": ["All episodes today.", "Start for free."],
    })
}

/// An ad like that of [`campaign`], with one of its fields changed.
pub fn ad(change: Value) -> Value {
    let mut ad = json!({"name": "main", "url": "https://example.com/{market}", "copy": {"en": copy()}});
    merge(&mut ad, change);
    json!([ad])
}

fn merge(into: &mut Value, patch: Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                if value.is_null() {
                    into.remove(&key);
                } else {
                    merge(into.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (into, patch) => *into = patch,
    }
}

/// How long a command may take that a test waits for. Business time stands still meanwhile: what waits for it never ends.
const LIMIT: Duration = Duration::from_mins(2);

/// kubectl, as whoever a kubeconfig is for.
///
/// # Panics
///
/// If it does not end within two minutes.
pub fn kubectl(kubeconfig: &Path, namespace: &str, args: &[&str], stdin: &str) -> Output {
    let binary = cluster::binary().expect("a control plane");
    let mut child = Command::new(binary)
        .args(["kubectl", "--namespace", namespace])
        .args(args)
        .env("KUBECONFIG", kubeconfig)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kubectl");
    child.stdin.take().expect("stdin").write_all(stdin.as_bytes()).expect("stdin");
    let process = child.id().to_string();
    let (reply, output) = std::sync::mpsc::channel();
    std::thread::spawn(move || reply.send(child.wait_with_output()));
    output.recv_timeout(LIMIT).map_or_else(
        |_| {
            let _ = Command::new("kill").args(["-KILL", &process]).status();
            panic!("kubectl {} does not end", args.join(" "))
        },
        |output| output.expect("kubectl"),
    )
}

/// What a command has said.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

impl World {
    /// A Campaign of this world, applied and Ready; the operator runs.
    pub async fn given(&mut self, name: &str, spec: Value) {
        if self.operator.is_none() {
            self.start_operator().await;
        }
        self.apply(&campaign(name, spec)).await.expect("a Campaign");
        self.until_ready(name).await;
    }

    /// What is on the account, without what was removed.
    pub fn on_platform(&self) -> Vec<CampaignView> {
        self.sim.google_account(CUSTOMER).present().cloned().collect()
    }

    /// The one object of a market that is not removed.
    pub fn object(&self, campaign: &str, market: &str) -> CampaignView {
        let begin = format!("{campaign} {market} [");
        let mut found: Vec<CampaignView> =
            self.on_platform().into_iter().filter(|object| object.name.starts_with(&begin)).collect();
        assert_eq!(found.len(), 1, "objects of {begin}: {:?}", found.iter().map(|o| &o.name).collect::<Vec<_>>());
        found.remove(0)
    }

    /// Whether the object of a market is enabled.
    pub fn runs(&self, campaign: &str, market: &str) -> bool {
        self.object(campaign, market).status == "ENABLED"
    }

    /// The daily budget of a market, in micros.
    pub fn budget(&self, campaign: &str, market: &str) -> i64 {
        self.object(campaign, market).budget.map_or(0, |budget| budget.amount_micros)
    }

    /// What the operator has changed since the ledger was last reset.
    pub fn writes(&self) -> Vec<LedgerEntry> {
        self.sim.ledger().into_iter().filter(|entry| matches!(entry.actor, Actor::Api(_))).collect()
    }

    /// The same, but for the record of who writes to the account.
    pub fn changes(&self) -> Vec<LedgerEntry> {
        let is_record = |entry: &LedgerEntry| {
            let name = entry.after.get("name").and_then(serde_json::Value::as_str).unwrap_or_default();
            name.starts_with("adops:holder:")
        };
        self.writes().into_iter().filter(|entry| !is_record(entry)).collect()
    }

    /// An edit in the platform's own interface.
    pub fn by_hand(&self, action: EditAction) {
        self.sim.edit(&Edit::by_hand(CUSTOMER, action)).expect("an edit");
    }

    /// One poll goes by.
    pub async fn poll(&mut self) {
        self.pass(SignedDuration::from_mins(6)).await;
    }

    /// Waits for a condition of a Campaign at its present generation.
    pub async fn until_condition(&mut self, name: &str, type_: &str, status: &str, reason: &str) {
        let wanted = Some((status.to_owned(), reason.to_owned()));
        self.until(&format!("{name}: {type_} is {status}, {reason}"), |snapshot| {
            snapshot.condition(name, type_) == wanted
        })
        .await;
    }

    /// Waits for a condition of an AdAccount.
    pub async fn until_account(&mut self, name: &str, type_: &str, status: &str, reason: &str) {
        let wanted = Some((status.to_owned(), reason.to_owned()));
        self.until(&format!("the account {name}: {type_} is {status}, {reason}"), |snapshot| {
            snapshot.account_condition(name, type_) == wanted
        })
        .await;
    }

    /// Waits until a Campaign is gone.
    pub async fn until_gone(&mut self, name: &str) {
        self.until(&format!("{name} is gone"), |snapshot| snapshot.campaign(name).is_none()).await;
    }

    /// A condition of a Campaign.
    pub async fn condition(&self, name: &str, type_: &str) -> Option<Condition> {
        let status = self.campaign(name).await.status?;
        status.conditions.into_iter().find(|condition| condition.type_ == type_)
    }

    /// The message of a Campaign's condition; empty if it has none of the type.
    pub async fn message(&self, name: &str, type_: &str) -> String {
        self.condition(name, type_).await.map(|condition| condition.message).unwrap_or_default()
    }

    /// A line of a Campaign's status.
    pub async fn line(&self, campaign: &str, key: &str) -> Line {
        let status = self.campaign(campaign).await.status.unwrap_or_default();
        status.lines.into_iter().find(|line| line.key == key).expect("a line")
    }

    /// Changes an AdAccount's spec by a merge patch.
    pub async fn patch_account(&self, name: &str, spec: Value) {
        let accounts: Api<adops_api::AdAccount> = Api::namespaced(self.admin.clone(), &self.namespace);
        let patch = Patch::Merge(json!({ "spec": spec }));
        let written = accounts.patch(name, &PatchParams::default(), &patch).await.expect("a patch");
        self.heard(|operator| &operator.accounts, &written).await;
    }

    /// Changes a Campaign's metadata by a merge patch.
    pub async fn patch_metadata(&self, name: &str, metadata: Value) {
        let campaigns: Api<Campaign> = Api::namespaced(self.admin.clone(), &self.namespace);
        let patch = Patch::Merge(json!({ "metadata": metadata }));
        campaigns.patch(name, &PatchParams::default(), &patch).await.expect("a patch");
    }

    /// All Events of the namespace.
    pub async fn events(&self) -> Vec<Event> {
        let events: Api<Event> = Api::namespaced(self.admin.clone(), &self.namespace);
        events.list(&ListParams::default()).await.expect("Events").items
    }

    /// The notes of the Events about one object, with a reason.
    pub async fn notes(&self, about: &str, reason: &str) -> Vec<String> {
        let is_about = |event: &Event| event.regarding.as_ref().and_then(|r| r.name.as_deref()) == Some(about);
        let events = self.events().await.into_iter();
        events
            .filter(|event| is_about(event) && event.reason.as_deref() == Some(reason))
            .filter_map(|event| event.note)
            .collect()
    }

    /// Lets the plain user work with adops in this namespace, and nowhere else.
    pub async fn let_the_user_in(&self) {
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "marketers"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "adops-editor"},
            "subjects": [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "marketers"}],
        });
        self.apply(&binding.to_string()).await.expect("a binding");
    }

    /// kubectl as the plain user.
    pub fn as_user(&self, args: &[&str], stdin: &str) -> Output {
        kubectl(&self.cluster.ready.user_kubeconfig, &self.namespace, args, stdin)
    }

    /// kubectl as the admin.
    pub fn as_admin(&self, args: &[&str], stdin: &str) -> Output {
        kubectl(&self.cluster.ready.kubeconfig, &self.namespace, args, stdin)
    }

    /// The names of the Campaigns that are there.
    pub async fn names(&self) -> Vec<String> {
        self.look().await.campaigns.iter().map(ResourceExt::name_any).collect()
    }
}
