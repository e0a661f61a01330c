//! The operator as a whole: what its controllers share, and how they are started and stopped.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adops_api::{AdAccount, Campaign};
use adops_core::campaign::line::CampaignId;
use adops_core::marker::{Installation, ShortHash};
use adops_platforms::allow::AllowList;
use adops_platforms::quota::Quotas;
use adops_platforms::transport::Interceptor;
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc, watch};
use tokio::task::JoinSet;

use crate::account::queue::{self, Queue};
use crate::account::reconcile as account;
use crate::account::state::AccountState;
use crate::campaign::memory::CampaignMemory;
use crate::campaign::reconcile as campaign;
use crate::runtime::activity::Activity;
use crate::runtime::clock::Clock;
use crate::runtime::events::Events;
use crate::runtime::health::{self, ClockState};
use crate::runtime::metrics::{CountingInterceptor, Metrics};
use crate::runtime::queue::WorkQueue;
use crate::runtime::watch::{Key, Store, Stored, watch as watch_kind};

/// How many passes of a kind may be under way: most of them wait for a platform, and one that hangs must not hold up
/// the others (S10).
const UNDER_WAY: usize = 512;

/// How an operator is set up.
#[derive(Clone)]
pub struct Options {
    /// Whose markers are ours.
    pub installation: Installation,
    /// Business time.
    pub clock: Clock,
    /// How often an account is listed.
    pub poll_interval: SignedDuration,
    /// How often spend is read and shown.
    pub measure_interval: SignedDuration,
    /// Which endpoints may be talked to.
    pub allow: AllowList,
    /// Plans for all accounts and writes to none.
    pub observe_only: bool,
    /// The installation's stop switch: all that we own is paused, on every account, before anything else (S14).
    pub stop: bool,
    /// Where health and metrics are served; none for not at all.
    pub listen: Option<SocketAddr>,
    /// Sees every platform request.
    pub interceptor: Option<Arc<dyn Interceptor>>,
    /// How many Campaigns are worked on at once, those not counted that wait for a platform.
    pub workers: usize,
    /// Which namespaces are worked on; empty means all.
    pub namespaces: Vec<String>,
}

/// What the controllers share.
pub struct Shared {
    /// The API server.
    pub client: Client,
    /// The set-up.
    pub options: Options,
    /// Business time.
    pub clock: Clock,
    /// Work under way beyond the queues.
    pub activity: Activity,
    /// Metrics.
    pub metrics: Metrics,
    /// Events.
    pub events: Events,
    /// What the platforms let us do, by the scopes in which they count.
    pub quotas: Arc<Quotas>,
    /// Counts platform requests.
    pub interceptor: Arc<dyn Interceptor>,
    /// All AdAccounts.
    pub accounts: Arc<Store<AdAccount>>,
    /// All Campaigns.
    pub campaigns: Arc<Store<Campaign>>,
    /// AdAccounts to work on.
    pub accounts_queue: Arc<WorkQueue<Key>>,
    /// Campaigns to work on.
    pub campaigns_queue: Arc<WorkQueue<Key>>,
    /// What is known of Campaigns beyond their status.
    pub memory: Mutex<HashMap<Key, Arc<Mutex<CampaignMemory>>>>,
    slots: Semaphore,
    states: Mutex<HashMap<Key, Arc<AccountState>>>,
    started: Timestamp,
    spawn: mpsc::UnboundedSender<Arc<AccountState>>,
}

impl Shared {
    /// The state of an account, made when it is first asked for.
    pub fn account_state(&self, key: &Key) -> Arc<AccountState> {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states
            .entry(key.clone())
            .or_insert_with(|| {
                let queue = Queue::new(self.metrics.clone());
                let state = Arc::new(AccountState::new(key.clone(), queue, self.started));
                let _ = self.spawn.send(state.clone());
                state
            })
            .clone()
    }

    /// Leave to work on a Campaign, to be given back before waiting for a platform; none only when the operator ends.
    pub async fn slot(&self) -> Option<SemaphorePermit<'_>> {
        self.slots.acquire().await.ok()
    }

    /// Forgets an account that is gone.
    pub fn forget_account(&self, key: &Key) {
        let state = self.states.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        if let Some(state) = state {
            state.queue.close();
            if let Some(platform) = state.platform() {
                platform.quota().leave(&key.to_string());
            }
        }
    }

    /// What is remembered of a Campaign.
    pub fn campaign_memory(&self, key: &Key) -> Arc<Mutex<CampaignMemory>> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.entry(key.clone()).or_default().clone()
    }

    /// Forgets a Campaign that is gone.
    pub fn forget_campaign(&self, key: &Key) {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        for quota in self.quotas.all() {
            quota.withdraw(&key.namespace, &key.name, |_| false);
        }
    }

    /// Takes back what a Campaign has not sent yet of what an earlier spec asked for.
    pub fn withdraw_stale(&self, key: &Key) {
        let generation = match self.campaigns.get(key) {
            Some(Stored::Valid(campaign)) if campaign.metadata.deletion_timestamp.is_none() => {
                campaign.metadata.generation
            }
            _ => None,
        };
        let states: Vec<_> = self.states.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        for state in states {
            state.queue.withdraw(key, generation, self.clock.now());
        }
    }

    /// Campaigns by the hash in their markers.
    pub fn campaigns_by_hash(&self) -> HashMap<ShortHash, Key> {
        let hash = |key: &Key| CampaignId::new(&key.namespace, &key.name).hash();
        self.campaigns.keys().into_iter().map(|key| (hash(&key), key)).collect()
    }

    /// Business time, whether nothing is under way, and the next timer.
    pub fn clock_state(&self) -> ClockState {
        let next_due = match &self.clock {
            Clock::System => None,
            Clock::Stepped(stepped) => stepped.next_due(),
        };
        let idle = self.campaigns.is_synced()
            && self.accounts.is_synced()
            && self.accounts_queue.is_idle()
            && self.campaigns_queue.is_idle()
            && self.activity.is_idle();
        ClockState { now: self.clock.now(), idle, next_due }
    }
}

/// Why an operator ended.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// A task that must not end has ended.
    #[error("the task `{0}` has ended; the process ends, too, so that it is started again")]
    TaskEnded(&'static str),
    /// The health port.
    #[error("the health port: {0}")]
    Health(#[from] std::io::Error),
}

/// An operator that can be started.
pub struct Operator {
    /// What its controllers share.
    pub shared: Arc<Shared>,
    listener: Option<TcpListener>,
    spawn: mpsc::UnboundedReceiver<Arc<AccountState>>,
}

impl Operator {
    /// Sets an operator up; nothing runs yet.
    pub async fn new(client: Client, options: Options) -> Result<Self, OperatorError> {
        let metrics = Metrics::default();
        let clock = options.clock.clone();
        let (spawn, receiver) = mpsc::unbounded_channel();
        let listener = match options.listen {
            Some(address) => Some(health::bind(address).await?),
            None => None,
        };
        let shared = Shared {
            events: Events::new(&client),
            client,
            clock: clock.clone(),
            activity: Activity::default(),
            quotas: Quotas::new(clock.now(), Some(Arc::new(metrics.clone()))),
            interceptor: Arc::new(CountingInterceptor::new(metrics.clone(), options.interceptor.clone())),
            metrics,
            accounts: Arc::new(Store::new(options.namespaces.len().max(1))),
            campaigns: Arc::new(Store::new(options.namespaces.len().max(1))),
            accounts_queue: WorkQueue::new(clock.clone()),
            campaigns_queue: WorkQueue::new(clock.clone()),
            memory: Mutex::default(),
            slots: Semaphore::new(options.workers.max(1)),
            states: Mutex::default(),
            started: clock.now(),
            spawn,
            options,
        };
        Ok(Self { shared: Arc::new(shared), listener, spawn: receiver })
    }

    /// Where health and metrics are served.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Runs until `stop` says true, then lets what is under way come to its end, 25 s at most.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), OperatorError> {
        let shared = self.shared;
        let mut tasks: JoinSet<&'static str> = JoinSet::new();
        if let Some(listener) = self.listener {
            let shared = shared.clone();
            tasks.spawn(async move {
                let _ = health::serve(listener, shared).await;
                "health"
            });
        }
        spawn_watches(&shared, &mut tasks);
        let mut workers: JoinSet<()> = JoinSet::new();
        let mut spawn = self.spawn;
        {
            let shared = shared.clone();
            tasks.spawn(async move {
                // Dropped with this task, which ends the queues.
                let mut queues = JoinSet::new();
                loop {
                    tokio::select! {
                        state = spawn.recv() => match state {
                            Some(state) => queues.spawn(queue::run(shared.clone(), state)),
                            None => return "account queues",
                        },
                        Some(ended) = queues.join_next() => match ended {
                            Ok(()) => continue,
                            Err(_) => return "an account's queue",
                        },
                    };
                }
            });
        }
        for queue in [shared.accounts_queue.clone(), shared.campaigns_queue.clone()] {
            workers.spawn(async move { queue.run_timers().await });
        }
        // Campaigns are worked on when both listings are there: an AdAccount that is not read yet is not missing.
        for _ in 0..UNDER_WAY {
            let accounts = shared.clone();
            workers.spawn(async move {
                accounts.accounts.synced().await;
                accounts.campaigns.synced().await;
                accounts.accounts_queue.run_worker(|key| account::reconcile(&accounts, key)).await;
            });
            let campaigns = shared.clone();
            workers.spawn(async move {
                campaigns.accounts.synced().await;
                campaigns.campaigns.synced().await;
                campaigns.campaigns_queue.run_worker(|key| campaign::reconcile(&campaigns, key)).await;
            });
        }
        tokio::select! {
            ended = tasks.join_next() => {
                let name = ended.and_then(Result::ok).unwrap_or("a task that panicked");
                return Err(OperatorError::TaskEnded(name));
            }
            _ = workers.join_next() => return Err(OperatorError::TaskEnded("worker")),
            _ = stop.wait_for(|stop| *stop) => {}
        }
        shared.accounts_queue.close();
        shared.campaigns_queue.close();
        let drained = async { while workers.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(25), drained).await.is_err() {
            tracing::warn!("what was under way did not end in time; its intents are settled after the next start");
        }
        Ok(())
    }
}

fn spawn_watches(shared: &Arc<Shared>, tasks: &mut JoinSet<&'static str>) {
    let all = shared.options.namespaces.iter().cloned().map(Some);
    let namespaces: Vec<Option<String>> = if all.len() == 0 { vec![None] } else { all.collect() };
    for namespace in namespaces {
        let (store, queue, client) = (shared.accounts.clone(), shared.accounts_queue.clone(), shared.client.clone());
        let accounts_in = namespace.clone();
        tasks.spawn(async move {
            let _ = watch_kind::<AdAccount>(client, accounts_in, store, move |key| queue.add(key)).await;
            "watch of AdAccounts"
        });
        let (store, client, woken) = (shared.campaigns.clone(), shared.client.clone(), shared.clone());
        tasks.spawn(async move {
            let wake = move |key: Key| {
                // An AdAccount's finalizer depends on who uses it.
                if let Some(Stored::Valid(campaign)) = woken.campaigns.get(&key) {
                    for name in &campaign.spec.accounts {
                        woken.accounts_queue.add(campaign::account_key(&key, name));
                    }
                }
                woken.withdraw_stale(&key);
                woken.campaigns_queue.add(key);
            };
            let _ = watch_kind::<Campaign>(client, namespace, store, wake).await;
            "watch of Campaigns"
        });
    }
}
