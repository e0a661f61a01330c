//! Where a soak takes place: two accounts, an operator that can be killed, a control plane that can be out of reach,
//! and the clock.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adops_controller::runtime::watch::{Key, Store};
use adops_controller::shared::Shared;
use adops_e2e::kill::KillSwitch;
use adops_e2e::world::{CUSTOMER, World, sim_config};
use adops_reliability::proxy::Proxy;
use adsim::config::{AccountConfig, OAuthClient};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde_json::json;

/// The platform accounts.
pub const CUSTOMERS: [&str; 2] = [CUSTOMER, "2345678901"];
/// Their Secrets.
pub const SECRETS: [&str; 2] = ["google-ads", "google-second"];
/// The refresh tokens in them.
pub const GRANTS: [&str; 2] = ["adsim-refresh", "adsim-refresh-second"];

/// A world, and what its operator is made with.
pub struct Stage {
    pub world: World,
    pub proxy: Proxy,
    pub switch: Arc<KillSwitch>,
    pub poll: SignedDuration,
    /// How often the operator was killed at a point.
    pub kills: usize,
    /// How often time was moved.
    pub steps: usize,
}

/// A world with two accounts, at an instant.
pub async fn world_at(start: Timestamp) -> World {
    let mut config = sim_config(start);
    let first = config.google.accounts.last().expect("an account").clone();
    config.google.accounts.push(AccountConfig { customer_id: CUSTOMERS[1].into(), ..first });
    config.google.clients =
        (0..2).map(|of| OAuthClient { refresh_token: GRANTS[of].into(), ..OAuthClient::default() }).collect();
    // Nobody looks at them, and a month has many.
    config.keep_requests = 0;
    let world = World::with_sim(config).await;
    let second = world.account_yaml("google-second", SECRETS[1]).replace("123-456-7890", "234-567-8901");
    world.apply(&second.replace(GRANTS[0], GRANTS[1])).await.expect("a second account");
    world
}

/// Writes a Secret with a refresh token.
pub async fn write_secret(world: &World, of: usize, token: &str) {
    world.patch_secret(SECRETS[of], json!({ "refresh_token": token })).await;
}

impl Stage {
    /// A stage without an operator.
    pub async fn new(start: Timestamp, poll: SignedDuration) -> Self {
        let mut world = world_at(start).await;
        let proxy = Proxy::to(&world.cluster.ready.server).await;
        world.api_server = Some(proxy.uri());
        Self { world, proxy, switch: KillSwitch::counting(), poll, kills: 0, steps: 0 }
    }

    /// Starts the operator, or kills it and starts it again.
    pub async fn restart(&mut self) {
        self.world.kill_operator();
        // An operator cannot start without a control plane.
        self.proxy.mend();
        self.switch = KillSwitch::counting();
        let poll = self.poll;
        self.world
            .start_operator_with(Some(self.switch.clone()), |options| {
                options.poll_interval = poll;
                options.measure_interval = SignedDuration::from_hours(6);
            })
            .await;
    }

    fn shared(&self) -> Option<&Arc<Shared>> {
        self.world.operator.as_ref().map(|operator| &operator.shared)
    }

    fn is_idle(&self) -> bool {
        self.world.sim.idle() && self.shared().is_none_or(|shared| shared.clock_state().idle)
    }

    fn state(&self) -> String {
        let operator = self.shared().map(|shared| {
            let depths = (shared.accounts_queue.depth(), shared.campaigns_queue.depth());
            let synced = (shared.accounts.is_synced(), shared.campaigns.is_synced());
            let busy = !shared.activity.is_idle();
            format!(
                "{:?}, queued {depths:?}, synced {synced:?}, busy {busy}, longest {:?} {:?}",
                shared.clock_state(),
                shared.accounts_queue.longest_run(),
                shared.campaigns_queue.longest_run()
            )
        });
        format!("simulator idle {}, proxy cut {}, operator {operator:?}", self.world.sim.idle(), self.proxy.is_cut())
    }

    /// Waits until nobody has anything to do; an operator that has come to the point at which it dies is started again.
    pub async fn rest(&mut self) {
        let limit = Instant::now() + Duration::from_mins(1);
        let mut quiet = 0;
        while quiet < 3 {
            if self.switch.is_dead() {
                self.kills += 1;
                self.restart().await;
                self.informed().await;
            }
            assert!(Instant::now() < limit, "it does not come to rest: {}", self.state());
            tokio::time::sleep(Duration::from_millis(1)).await;
            quiet = if self.is_idle() { quiet + 1 } else { 0 };
        }
    }

    /// Waits until the operator knows all that is in the cluster. Business time does not pass before: a real operator
    /// knows within milliseconds, and what it does before that it does rightly.
    pub async fn informed(&self) {
        let limit = Instant::now() + Duration::from_secs(40);
        while !self.proxy.is_cut() && !self.switch.is_dead() && !self.learns_all().await {
            assert!(Instant::now() < limit, "the operator does not learn what is in the cluster");
        }
    }

    /// Whether the operator learns of what is there now, within a while in which it is the same.
    async fn learns_all(&self) -> bool {
        let Some(shared) = self.shared() else { return true };
        let there = self.world.look().await;
        let campaigns = there.campaigns.iter().map(|one| purpose(&one.metadata)).collect();
        let accounts = there.accounts.iter().map(|one| purpose(&one.metadata)).collect();
        for _ in 0..50 {
            // Without the namespaces' labels no Campaign is worked on: who is cut off before they are there waits.
            let labels = shared.namespaces.is_settled();
            if labels && known(&shared.campaigns) == campaigns && known(&shared.accounts) == accounts {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        false
    }

    /// Steps through a span of business time. Panics when that takes ten minutes of the machine's time.
    pub async fn pass(&mut self, span: SignedDuration) {
        let end = self.world.now() + span;
        let limit = Instant::now() + Duration::from_mins(10);
        loop {
            assert!(Instant::now() < limit, "it does not come to {end}: {}", self.state());
            self.rest().await;
            let operator = self.shared().and_then(|shared| shared.clock_state().next_due);
            let now = self.world.now();
            let due = [operator, self.world.sim.next_due()].into_iter().flatten().filter(|due| *due > now).min();
            self.steps += 1;
            match due {
                Some(due) if due < end => self.world.set_now(due),
                _ => break,
            }
        }
        self.world.set_now(end);
        self.rest().await;
    }
}

/// What of an object is not the operator's: its identity, its generation, whether it goes, its annotations.
type Purpose = (Option<String>, Option<i64>, bool, Option<BTreeMap<String, String>>);

fn purpose(meta: &ObjectMeta) -> (Key, Purpose) {
    let deleting = meta.deletion_timestamp.is_some();
    (Key::of(meta), (meta.uid.clone(), meta.generation, deleting, meta.annotations.clone()))
}

fn known<K: Resource + Clone>(store: &Store<K>) -> BTreeMap<Key, Purpose> {
    store.keys().iter().filter_map(|key| store.get(key)).map(|stored| purpose(stored.meta())).collect()
}
