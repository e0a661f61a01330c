//! A world: a namespace, a simulator, an operator, and a clock that the driver steps.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use adops_api::{AdAccount, Campaign};
use adops_controller::media::MediaOptions;
use adops_controller::operator::{Operator, Options};
use adops_controller::runtime::clock::Clock;
use adops_controller::runtime::cluster::ClusterIdentity;
use adops_controller::runtime::watch::{Key, Store};
use adops_controller::shared::Shared;
use adops_platforms::allow::AllowList;
use adops_platforms::holder::Record;
use adops_platforms::port::REQUEST_TIMEOUT;
use adsim::config::{AccountConfig, Config as SimConfig, GoogleConfig, MetaAccountConfig, MetaConfig, TikTokConfig};
use adsim::{AdSim, AdvertiserConfig, MetaEdit, MetaEditAction, PlatformName, clock::ClockConfig};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::client::ClientBuilder;
use kube::core::{GroupVersionKind, TypeMeta};
use kube::discovery::ApiResource;
use kube::{Api, Client, Resource, ResourceExt};
use serde::Deserialize;
use tokio::sync::watch;

use crate::cluster::{self, Cluster};
use crate::kill::{KillLayer, KillSwitch};
use crate::reach::{self, META, TIKTOK};

/// The simulated account that worlds use.
pub const CUSTOMER: &str = "1234567890";
/// The installation id of worlds' operators.
pub const INSTALLATION: &str = "test";
/// Their cluster.
const CLUSTER: &str = "worlds";

/// One test's world.
pub struct World {
    /// The control plane.
    pub cluster: &'static Cluster,
    /// This world's namespace.
    pub namespace: String,
    /// A client that may do everything.
    pub admin: Client,
    /// The simulator.
    pub sim: AdSim,
    /// The operator, if one runs.
    pub operator: Option<RunningOperator>,
    /// Another way to the API server, which operators take if there is one.
    pub api_server: Option<http::Uri>,
    /// Who the operator is.
    pub operator_kubeconfig: PathBuf,
    now: Timestamp,
}

/// An operator in this process, on a runtime of its own: to kill it is to drop that.
pub struct RunningOperator {
    /// What its controllers share.
    pub shared: Arc<Shared>,
    runtime: Option<tokio::runtime::Runtime>,
    stop: watch::Sender<bool>,
    ended: tokio::sync::oneshot::Receiver<()>,
}

impl RunningOperator {
    /// As SIGKILL does: whatever is under way is not finished.
    pub fn kill(mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// As SIGTERM does: what is under way comes to its end. Panics if it does not within a minute.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let ended = tokio::time::timeout(Duration::from_mins(1), &mut self.ended).await;
        assert!(ended.is_ok(), "it was told to stop and does not");
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for RunningOperator {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The simulator that worlds start with: one account in euros on each platform, without a read lag.
pub fn sim_config(start: Timestamp) -> SimConfig {
    let google = GoogleConfig {
        accounts: vec![
            AccountConfig { customer_id: "1112223333".into(), manager: true, ..AccountConfig::default() },
            AccountConfig {
                customer_id: CUSTOMER.into(),
                currency_code: "EUR".into(),
                time_zone: "Europe/Berlin".into(),
                managers: vec!["1112223333".into()],
                ..AccountConfig::default()
            },
        ],
        ..GoogleConfig::default()
    };
    SimConfig {
        google,
        meta: meta_config(),
        tiktok: tiktok_config(),
        clock: ClockConfig::Stepped { start },
        keep_requests: 20_000,
        ..SimConfig::default()
    }
}

fn meta_config() -> MetaConfig {
    let account = MetaAccountConfig {
        id: META.into(),
        currency: "EUR".into(),
        timezone_name: "Europe/Berlin".into(),
        default_dsa_beneficiary: Some("Example Ltd".into()),
        default_dsa_payor: Some("Example Ltd".into()),
        ..MetaAccountConfig::default()
    };
    let mut meta = MetaConfig { accounts: vec![account], ..MetaConfig::default() };
    // It runs on the machine's clock.
    meta.quota.mutations_per_second = None;
    meta
}

fn tiktok_config() -> TikTokConfig {
    let advertiser = AdvertiserConfig {
        advertiser_id: TIKTOK.into(),
        currency: "EUR".into(),
        timezone: "Europe/Berlin".into(),
        ..AdvertiserConfig::default()
    };
    // What runs on the machine's clock is left out.
    TikTokConfig {
        advertisers: vec![advertiser],
        ad_write_seconds: 0.0,
        request_id_seconds: 0.0,
        ..TikTokConfig::default()
    }
}

/// The instant at which worlds begin: a working day before the examples' flight.
pub fn start_time() -> Timestamp {
    "2027-02-24T09:00:00Z".parse().expect("an instant")
}

impl World {
    /// A world with an AdAccount `google-global` and nothing else; no operator runs yet.
    pub async fn new() -> Self {
        Self::with_sim(sim_config(start_time())).await
    }

    /// A world with a simulator of one's own.
    pub async fn with_sim(config: SimConfig) -> Self {
        let cluster = cluster::shared().await;
        Self::on(cluster, config).await
    }

    /// A world on a control plane of one's own.
    pub async fn on(cluster: &'static Cluster, config: SimConfig) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let namespace = format!("world-{}", NUMBER.fetch_add(1, Ordering::SeqCst));
        let admin = cluster.client(&cluster.ready.kubeconfig).await.expect("a client");
        let sim = AdSim::start(config).await.expect("a simulator");
        let now = sim.now();
        let operator_kubeconfig = cluster.ready.operator_kubeconfig.clone();
        let world = Self { cluster, namespace, admin, sim, operator: None, api_server: None, operator_kubeconfig, now };
        world.create_namespace().await;
        world.apply(&world.account_yaml("google-global", "google-ads")).await.expect("an account");
        world
    }

    /// Another namespace with an AdAccount for the same platform account: what another cluster would have.
    pub async fn beside(&self) -> Self {
        let mut config = sim_config(self.now);
        config.keep_requests = 0;
        let mut other = Self::on(self.cluster, config).await;
        std::mem::replace(&mut other.sim, self.sim.clone()).shutdown().await;
        other.apply(&other.account_yaml("google-global", "google-ads")).await.expect("an account");
        other
    }

    async fn create_namespace(&self) {
        let namespaces: Api<Namespace> = Api::all(self.admin.clone());
        let namespace = Namespace {
            metadata: kube::core::ObjectMeta { name: Some(self.namespace.clone()), ..Default::default() },
            ..Default::default()
        };
        namespaces.create(&PostParams::default(), &namespace).await.expect("a namespace");
    }

    /// A Secret and an AdAccount for the simulated account.
    pub fn account_yaml(&self, name: &str, secret: &str) -> String {
        format!(
            "apiVersion: v1
kind: Secret
metadata: {{name: {secret}}}
stringData:
  client_id: adsim-client
  client_secret: adsim-secret
  refresh_token: adsim-refresh
  token_uri: {token}
---
apiVersion: adops.dev/v1alpha1
kind: AdAccount
metadata: {{name: {name}}}
spec:
  platform: Google
  accountId: \"123-456-7890\"
  managerId: \"111-222-3333\"
  endpoint: {url}
  credentialsSecretRef: {{name: {secret}}}
  ceiling: {{daily: \"20000.00\", currency: EUR}}
  conversionAction: signup
  urlParameters: \"utm_source={{platform}}&utm_campaign={{campaign}}&utm_content={{market}}\"
",
            token = self.sim.token_url(),
            url = self.sim.google_url(),
        )
    }

    /// AdAccounts on Meta and TikTok, too. This cluster has written to that on Meta before: whoever claims one for the
    /// first time waits for some seconds by the machine's clock, until nobody else can have done so.
    pub async fn add_other_accounts(&self) {
        let record = Record {
            number: 1,
            holder: format!("{INSTALLATION}@{CLUSTER}"),
            patience: Duration::from_mins(2),
            waits: None,
        };
        let label = format!("adops:holder:{} {}", record.number, record.text());
        let params = serde_json::json!({ "name": label });
        let action = MetaEditAction::Create { edge: "adlabels".into(), params };
        self.sim.edit_meta(&MetaEdit::by_hand(META, action)).expect("a label");
        self.apply(&self.other_accounts_yaml()).await.expect("accounts");
    }

    /// Leaves the AdAccounts on these platforms alone, before an operator has seen the others.
    pub async fn keep_accounts_on(&self, platforms: &[PlatformName]) {
        let accounts: Api<AdAccount> = Api::namespaced(self.admin.clone(), &self.namespace);
        for platform in reach::ALL.iter().filter(|platform| !platforms.contains(platform)) {
            accounts.delete(reach::adaccount(*platform), &DeleteParams::default()).await.expect("a deletion");
        }
    }

    /// Secrets and AdAccounts for the simulated accounts on Meta and TikTok, named as in [`crate::reach::adaccount`].
    pub fn other_accounts_yaml(&self) -> String {
        let (meta, tiktok) = (self.sim.meta_url(), self.sim.tiktok_url());
        format!(
            "apiVersion: v1
kind: Secret
metadata: {{name: meta-ads}}
stringData: {{access_token: adsim-meta-token, app_id: \"700000000000001\", app_secret: adsim-app-secret}}
---
apiVersion: adops.dev/v1alpha1
kind: AdAccount
metadata: {{name: meta-global}}
spec:
  platform: Meta
  accountId: act_{META}
  endpoint: {meta}
  credentialsSecretRef: {{name: meta-ads}}
  ceiling: {{daily: \"20000.00\", currency: EUR}}
  meta: {{pageId: \"900000000000001\", pixelId: \"600000000000001\"}}
---
apiVersion: v1
kind: Secret
metadata: {{name: tiktok-ads}}
stringData: {{access_token: adsim-tiktok-token, app_id: \"7300000000000000001\"}}
---
apiVersion: adops.dev/v1alpha1
kind: AdAccount
metadata: {{name: tiktok-global}}
spec:
  platform: TikTok
  accountId: \"{TIKTOK}\"
  endpoint: {tiktok}
  credentialsSecretRef: {{name: tiktok-ads}}
  ceiling: {{daily: \"20000.00\", currency: EUR}}
  tiktok: {{identityId: \"7200000000000000001\", pixelId: C0EXAMPLE0PIXEL00000}}
"
        )
    }

    /// Starts an operator.
    pub async fn start_operator(&mut self) {
        self.start_operator_with(None, |_| {}).await;
    }

    /// Starts an operator whose platform calls and writes pass a kill switch.
    pub async fn start_operator_with(&mut self, switch: Option<Arc<KillSwitch>>, adjust: impl FnOnce(&mut Options)) {
        assert!(self.operator.is_none(), "one operator runs already");
        let mut config = cluster::config(&self.operator_kubeconfig).await.expect("a kubeconfig");
        config.cluster_url = self.api_server.clone().unwrap_or(config.cluster_url);
        let clock = Clock::stepped(self.now);
        let mut options = Options {
            installation: INSTALLATION.parse().expect("an installation id"),
            clock,
            poll_interval: SignedDuration::from_mins(5),
            measure_interval: SignedDuration::from_mins(15),
            allow: AllowList::new(&["http://127.0.0.1".to_owned()]).expect("an allow-list"),
            observe_only: false,
            stop: false,
            listen: None,
            interceptor: switch.clone().map(|switch| switch as _),
            workers: 4,
            namespaces: vec![self.namespace.clone()],
            election: None,
            request_timeout: REQUEST_TIMEOUT,
            // Some tests rebuild the cluster: it is the same one.
            cluster: Some(ClusterIdentity::Given(CLUSTER.parse().expect("a cluster"))),
            holder_bound: Duration::from_mins(1),
            media: MediaOptions::default(),
        };
        adjust(&mut options);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let (stop, stopped) = watch::channel(false);
        let (end, ended) = tokio::sync::oneshot::channel();
        let (hand_over, handed) = tokio::sync::oneshot::channel();
        runtime.spawn(async move {
            let builder = ClientBuilder::try_from(config).expect("a client");
            let client = match switch {
                Some(switch) => builder.with_layer(&KillLayer(switch)).build(),
                None => builder.build(),
            };
            let operator = Operator::new(client, options).await.expect("an operator");
            let _ = hand_over.send(operator.shared.clone());
            if let Err(error) = operator.run(stopped).await {
                eprintln!("the operator ended: {error}");
            }
            let _ = end.send(());
        });
        let shared = handed.await.expect("an operator");
        self.operator = Some(RunningOperator { shared, runtime: Some(runtime), stop, ended });
    }

    /// Kills the operator, if one runs.
    pub fn kill_operator(&mut self) {
        if let Some(operator) = self.operator.take() {
            operator.kill();
        }
    }

    /// Business time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Moves business time to an instant, for operator and simulator.
    pub fn set_now(&mut self, to: Timestamp) {
        if to <= self.now {
            return;
        }
        self.now = to;
        self.sim.set_now(to);
        if let Some(operator) = &self.operator
            && let Clock::Stepped(stepped) = &operator.shared.clock
        {
            stepped.set(to);
        }
    }

    /// Steps time until `done` says so. Panics with what is known after a minute of the machine's time.
    pub async fn until<F, R>(&mut self, what: &str, mut done: F)
    where
        F: FnMut(Snapshot) -> R,
        R: Into<bool>,
    {
        let limit = Instant::now() + Duration::from_mins(3);
        loop {
            let snapshot = self.look().await;
            if done(snapshot.clone()).into() {
                return;
            }
            assert!(
                Instant::now() < limit,
                "it never came to this: {what}\nnow: {}\ncampaigns: {:#?}\naccounts: {:#?}\nledger: {:#?}",
                self.now,
                snapshot.campaigns.iter().map(|c| (c.name_any(), &c.status)).collect::<Vec<_>>(),
                snapshot.accounts.iter().map(|a| (a.name_any(), &a.status)).collect::<Vec<_>>(),
                self.sim.ledger().iter().rev().take(10).collect::<Vec<_>>(),
            );
            self.step().await;
        }
    }

    /// Lets operator and simulator come to rest, then moves time to the next timer.
    pub async fn step(&mut self) {
        self.rest().await;
        let next = [self.next_due(), self.sim.next_due()].into_iter().flatten().filter(|due| *due > self.now).min();
        match next {
            Some(next) => self.set_now(next),
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }

    /// Steps through a span of business time. Panics when that takes ten minutes of the machine's time.
    pub async fn pass(&mut self, span: SignedDuration) {
        let (began, end) = (self.now, self.now + span);
        let limit = Instant::now() + Duration::from_mins(10);
        loop {
            self.rest().await;
            assert!(Instant::now() < limit, "from {began} to {end} it came no further than {}", self.now);
            let next = [self.next_due(), self.sim.next_due()].into_iter().flatten().filter(|due| *due > self.now).min();
            match next {
                Some(next) if next < end => self.set_now(next),
                _ => break,
            }
        }
        self.set_now(end);
        self.rest().await;
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.operator.as_ref()?.shared.clock_state().next_due
    }

    /// Waits until nobody has anything to do: three looks in a row, so that a watch that has just
    /// brought something is not overlooked.
    pub async fn rest(&self) {
        let limit = Instant::now() + Duration::from_secs(30);
        let mut quiet = 0;
        while quiet < 3 && Instant::now() < limit {
            let idle =
                self.sim.idle() && self.operator.as_ref().is_none_or(|operator| operator.shared.clock_state().idle);
            quiet = if idle { quiet + 1 } else { 0 };
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
    }

    /// What is there now.
    pub async fn look(&self) -> Snapshot {
        let campaigns: Api<Campaign> = Api::namespaced(self.admin.clone(), &self.namespace);
        let accounts: Api<AdAccount> = Api::namespaced(self.admin.clone(), &self.namespace);
        let all = ListParams::default();
        let (campaigns, accounts) = tokio::join!(campaigns.list(&all), accounts.list(&all));
        Snapshot {
            campaigns: campaigns.map(|list| list.items).unwrap_or_default(),
            accounts: accounts.map(|list| list.items).unwrap_or_default(),
        }
    }

    /// Applies YAML as the admin, in this world's namespace.
    pub async fn apply(&self, yaml: &str) -> kube::Result<()> {
        apply_yaml(&self.admin, yaml, Some(&self.namespace)).await
    }

    /// One Campaign.
    pub async fn campaign(&self, name: &str) -> Campaign {
        let campaigns: Api<Campaign> = Api::namespaced(self.admin.clone(), &self.namespace);
        campaigns.get(name).await.expect("a Campaign")
    }

    /// Changes a Campaign's spec by a merge patch.
    pub async fn patch_campaign(&self, name: &str, spec: serde_json::Value) {
        let campaigns: Api<Campaign> = Api::namespaced(self.admin.clone(), &self.namespace);
        let patch = Patch::Merge(serde_json::json!({ "spec": spec }));
        let written = campaigns.patch(name, &PatchParams::default(), &patch).await.expect("a patch");
        self.heard(|operator| &operator.campaigns, &written).await;
    }

    /// Waits until the operator, if there is one and its watch brings anything, has heard of a new generation: what
    /// rests before that does not rest.
    pub async fn heard<K: Resource + Clone>(&self, store: impl Fn(&Shared) -> &Store<K>, written: &K) {
        let limit = Instant::now() + Duration::from_secs(2);
        let key = Key::new(&self.namespace, written.name_any());
        let generation = written.meta().generation;
        while let Some(operator) = self.operator.as_ref().filter(|_| Instant::now() < limit) {
            if store(&operator.shared).get(&key).is_some_and(|stored| stored.meta().generation >= generation) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Sets an annotation of a Campaign.
    pub async fn annotate(&self, name: &str, annotation: &str, value: &str) {
        let campaigns: Api<Campaign> = Api::namespaced(self.admin.clone(), &self.namespace);
        let patch = Patch::Merge(serde_json::json!({ "metadata": { "annotations": { annotation: value } } }));
        campaigns.patch(name, &PatchParams::default(), &patch).await.expect("a patch");
    }

    /// Deletes a Campaign; it goes when its finalizer does.
    pub async fn delete_campaign(&self, name: &str) {
        let campaigns: Api<Campaign> = Api::namespaced(self.admin.clone(), &self.namespace);
        campaigns.delete(name, &DeleteParams::default()).await.expect("a deletion");
    }

    /// Writes a Secret's keys anew.
    pub async fn patch_secret(&self, name: &str, keys: serde_json::Value) {
        let secrets: Api<Secret> = Api::namespaced(self.admin.clone(), &self.namespace);
        let patch = Patch::Merge(serde_json::json!({ "stringData": keys }));
        secrets.patch(name, &PatchParams::default(), &patch).await.expect("a patch");
    }

    /// Waits until a Campaign is Ready at its present generation.
    pub async fn until_ready(&mut self, name: &str) {
        self.until(&format!("{name} is Ready"), |snapshot| snapshot.is_ready(name)).await;
    }
}

/// What is in a namespace at one instant.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// All Campaigns.
    pub campaigns: Vec<Campaign>,
    /// All AdAccounts.
    pub accounts: Vec<AdAccount>,
}

impl Snapshot {
    /// One Campaign.
    pub fn campaign(&self, name: &str) -> Option<&Campaign> {
        self.campaigns.iter().find(|campaign| campaign.name_any() == name)
    }

    /// Whether a Campaign is Ready at its present generation.
    pub fn is_ready(&self, name: &str) -> bool {
        self.condition(name, "Ready").is_some_and(|(status, _)| status == "True")
    }

    /// Status and reason of a Campaign's condition, if it is about the present generation.
    pub fn condition(&self, name: &str, type_: &str) -> Option<(String, String)> {
        let campaign = self.campaign(name)?;
        let status = campaign.status.as_ref()?;
        if Some(status.observed_generation) != campaign.metadata.generation {
            return None;
        }
        let condition = status.conditions.iter().find(|condition| condition.type_ == type_)?;
        Some((condition.status.clone(), condition.reason.clone()))
    }

    /// Status and reason of an AdAccount's condition.
    pub fn account_condition(&self, name: &str, type_: &str) -> Option<(String, String)> {
        let account = self.accounts.iter().find(|account| account.name_any() == name)?;
        let condition = account.status.as_ref()?.conditions.iter().find(|condition| condition.type_ == type_)?;
        Some((condition.status.clone(), condition.reason.clone()))
    }
}

/// Applies YAML documents by server-side apply; those without a namespace of a namespaced kind go to
/// `namespace`.
pub async fn apply_yaml(client: &Client, yaml: &str, namespace: Option<&str>) -> kube::Result<()> {
    // Read before anything is awaited: a reader of YAML must stay on its thread.
    let documents: Vec<serde_json::Value> = serde_yaml_ng::Deserializer::from_str(yaml)
        .map(|document| serde_json::Value::deserialize(document).expect("YAML"))
        .collect();
    for value in documents.into_iter().filter(|value| !value.is_null()) {
        let mut object: DynamicObject = serde_json::from_value(value).expect("an object");
        let types =
            object.types.clone().unwrap_or_else(|| TypeMeta { api_version: String::new(), kind: String::new() });
        let kind = GroupVersionKind::try_from(&types).expect("a kind");
        let resource = ApiResource::from_gvk(&kind);
        let cluster_wide = matches!(kind.kind.as_str(), "Namespace" | "ClusterRole" | "ClusterRoleBinding");
        let api: Api<DynamicObject> = if cluster_wide {
            Api::all_with(client.clone(), &resource)
        } else {
            let place = namespace.map(str::to_owned).or_else(|| object.namespace()).unwrap_or_else(|| "default".into());
            object.metadata.namespace = Some(place.clone());
            Api::namespaced_with(client.clone(), &place, &resource)
        };
        let params = PatchParams::apply("adops-tests").force();
        api.patch(&object.name_any(), &params, &Patch::Apply(&object)).await?;
    }
    Ok(())
}
