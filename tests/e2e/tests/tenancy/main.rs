//! S12: what one namespace can do to another, through everything that it may write. The attacks of `docs/safety.md`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "tests")]

mod adoption;
mod claims;
mod grants;
mod markers;
mod roles;
mod strangers;

use adops_api::campaign::Line;
use adops_e2e::given;
use adops_e2e::kill::KillSwitch;
use adops_e2e::world::World;
use adsim::google::view::CampaignView;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

/// What of an object nobody but its owner may change.
fn essence(object: &CampaignView) -> (i64, String, String, Vec<String>, i64) {
    let budget = object.budget.as_ref().map_or(0, |budget| budget.amount_micros);
    (object.id, object.name.clone(), object.status.clone(), object.labels.clone(), budget)
}

/// Two namespaces of one installation: the one that has the account, and a tenant with Campaigns and no account.
struct Tenancy {
    owner: World,
    tenant: World,
}

impl Tenancy {
    /// Both, and an operator that works on both.
    async fn start() -> Option<Self> {
        Self::with(None, |_| {}).await
    }

    /// The same with an operator whose calls and writes pass a switch, and another start.
    async fn with(switch: Option<std::sync::Arc<KillSwitch>>, adjust: impl FnOnce(&mut World)) -> Option<Self> {
        let (mut owner, tenant) = (given::world().await?, given::world().await?);
        assert!(tenant.as_admin(&["delete", "adaccount", "google-global"], "").status.success());
        adjust(&mut owner);
        let namespaces = vec![owner.namespace.clone(), tenant.namespace.clone()];
        owner.start_operator_with(switch, |options| options.namespaces = namespaces).await;
        Some(Self { owner, tenant })
    }

    /// The owner's account, as the tenant names it.
    fn account(&self) -> String {
        format!("{}/google-global", self.owner.namespace)
    }

    /// A Campaign of the tenant on the owner's account.
    async fn apply(&self, name: &str, mut spec: Value) {
        spec["accounts"] = json!([self.account()]);
        self.tenant.apply(&given::campaign(name, spec)).await.unwrap();
    }

    async fn grant(&self, allowed: Value) {
        // A merge patch keeps what it does not name.
        let whole = json!({"from": "Same", "selector": null, "adopt": false});
        let mut patch = whole;
        patch.as_object_mut().unwrap().extend(allowed.as_object().unwrap().clone());
        self.owner.patch_account("google-global", json!({"allowedNamespaces": patch})).await;
    }

    /// Grants by a label, and puts that on the tenant's namespace or takes it off.
    async fn label(&self, value: Option<&str>) {
        let namespaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(self.owner.admin.clone());
        let patch = Patch::Merge(json!({"metadata": {"labels": {"ads": value}}}));
        namespaces.patch(&self.tenant.namespace, &PatchParams::default(), &patch).await.unwrap();
    }

    /// Steps until a Campaign of the tenant has a condition at its present generation.
    async fn until(&mut self, name: &str, type_: &str, status: &str) {
        for _ in 0..400 {
            let seen = self.tenant.look().await.condition(name, type_);
            if seen.as_ref().is_some_and(|(seen, _)| seen == status) {
                return;
            }
            self.owner.step().await;
        }
        let status_now = self.tenant.campaign(name).await.status;
        panic!("{name} never had {type_}={status}: {status_now:#?}");
    }

    async fn until_stalled(&mut self, name: &str, reason: &str) {
        self.until(name, "Stalled", "True").await;
        let (_, seen) = self.tenant.look().await.condition(name, "Stalled").unwrap();
        assert_eq!(seen, reason, "{}", self.tenant.message(name, "Stalled").await);
    }

    async fn line(&self, name: &str, market: &str) -> Line {
        self.tenant.line(name, &format!("{}/{market}", self.account())).await
    }

    /// Lets the operator see what was written, without business time going by: a watch must have told.
    async fn told(&self, what: &str, seen: impl AsyncFn(&Self) -> bool) {
        self.told_somehow(what, seen).await;
        self.owner.rest().await;
    }

    /// The same while something is held, so that nothing comes to rest.
    async fn told_somehow(&self, what: &str, seen: impl AsyncFn(&Self) -> bool) {
        for _ in 0..1000 {
            if seen(self).await {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("nobody told that {what}");
    }
}
