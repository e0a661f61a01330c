//! The operator as a whole: how its controllers are set up, started and stopped.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use adops_api::{AdAccount, Campaign};
use adops_core::marker::Installation;
use adops_platforms::allow::AllowList;
use adops_platforms::media::fetch::{FetchError, Fetcher};
use adops_platforms::quota::Quotas;
use adops_platforms::transport::Interceptor;
use jiff::SignedDuration;
use kube::Client;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::{JoinError, JoinHandle, JoinSet};

use crate::account::queue;
use crate::account::reconcile as account;
use crate::account::state::AccountState;
use crate::campaign::reconcile as campaign;
use crate::media::{Library, MediaOptions};
use crate::runtime::activity::Activity;
use crate::runtime::clock::Clock;
use crate::runtime::cluster::{ClusterError, ClusterIdentity};
use crate::runtime::events::Events;
use crate::runtime::health;
use crate::runtime::leader::{self, Election, Elector, Fence, LeaseError, Standing, TimesError};
use crate::runtime::metrics::{CountingInterceptor, Metrics};
use crate::runtime::namespaces::{self, Namespaces};
use crate::runtime::queue::WorkQueue;
use crate::runtime::watch::{Key, Store, Stored, watch as watch_kind};
use crate::shared::Shared;

/// How many passes of a kind may be under way: most of them wait for a platform, and one that hangs must not hold up
/// the others (S10).
const UNDER_WAY: usize = 512;

/// How many images and videos may be fetched at once; how many of them are in memory is bounded by their size.
const FETCHES: usize = 128;

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
    /// How the one process that acts is chosen; none means that there is no other.
    pub election: Option<Election>,
    /// How long a platform request may take.
    pub request_timeout: Duration,
    /// Which cluster this is, for the accounts' records of who writes to them; none keeps no record.
    pub cluster: Option<ClusterIdentity>,
    /// How long a reading of such a record lets this process write.
    pub holder_bound: Duration,
    /// How images and videos are handled.
    pub media: MediaOptions,
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
    /// The client for images and videos.
    #[error("the client for images and videos: {0}")]
    Media(#[from] FetchError),
    /// Another process may act now.
    #[error("this process leads no more")]
    Lease(#[from] LeaseError),
    /// Which cluster this is cannot be told.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Times of the election that do not fit.
    #[error(transparent)]
    Times(#[from] TimesError),
}

/// An operator that can be started.
pub struct Operator {
    /// What its controllers share.
    pub shared: Arc<Shared>,
    /// The API server, for the Lease.
    client: Client,
    listener: Option<TcpListener>,
    spawn: Spawned,
}

/// Accounts that were met for the first time, whose queue is to be served.
type Spawned = mpsc::UnboundedReceiver<Arc<AccountState>>;

impl Operator {
    /// Sets an operator up; nothing runs yet.
    pub async fn new(client: Client, options: Options) -> Result<Self, OperatorError> {
        if let Some(election) = &options.election {
            election.check(options.request_timeout)?;
        }
        let fence = Fence::new(first_standing(&options));
        let unfenced = client;
        let client = leader::fenced(unfenced.clone(), fence.clone());
        let metrics = Metrics::default();
        let clock = options.clock.clone();
        let (spawn, receiver) = mpsc::unbounded_channel();
        let listener = match options.listen {
            Some(address) => Some(health::bind(address).await?),
            None => None,
        };
        let campaigns_queue = WorkQueue::new(clock.clone());
        let media = Library::new(
            Fetcher::new(options.allow.clone())?,
            campaigns_queue.clone(),
            clock.clone(),
            metrics.clone(),
            options.media.clone(),
            options.observe_only,
        );
        let shared = Shared {
            events: Events::new(&client, fence.clone()),
            client,
            fence,
            clock: clock.clone(),
            activity: Activity::default(),
            quotas: Quotas::new(clock.now(), Some(Arc::new(metrics.clone()))),
            interceptor: Arc::new(CountingInterceptor::new(metrics.clone(), options.interceptor.clone())),
            metrics,
            accounts: Arc::new(Store::new(options.namespaces.len().max(1))),
            campaigns: Arc::new(Store::new(options.namespaces.len().max(1))),
            namespaces: Namespaces::default(),
            accounts_queue: WorkQueue::new(clock.clone()),
            campaigns_queue,
            memory: Mutex::default(),
            media,
            authority: Mutex::default(),
            slots: Semaphore::new(options.workers.max(1)),
            states: Mutex::default(),
            started: OnceLock::new(),
            cluster: OnceLock::new(),
            spawn,
            options,
        };
        Ok(Self { shared: Arc::new(shared), client: unfenced, listener, spawn: receiver })
    }

    /// Where health and metrics are served.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Stands by until this process may act, then acts until `stop` says true, then lets what is under way come to its
    /// end, 25 s at most, and gives the lease back.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), OperatorError> {
        let Self { shared, client, listener, spawn } = self;
        let mut tasks: JoinSet<&'static str> = JoinSet::new();
        if let Some(listener) = listener {
            let shared = shared.clone();
            tasks.spawn(async move {
                let _ = health::serve(listener, shared).await;
                "health"
            });
        }
        spawn_watches(&shared, &mut tasks);
        let (give_back, to_give_back) = oneshot::channel();
        let mut election = Task(tokio::spawn(elect(shared.clone(), client, to_give_back)));
        tokio::select! {
            ended = tasks.join_next() => return Err(task_ended(ended)),
            lost = &mut election.0 => return Err(lease_lost(lost)),
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            ready = prepare(&shared) => ready?,
        }
        shared.quotas.begin(shared.started());
        tracing::info!(started = %shared.started(), "this process acts");
        let mut workers = spawn_work(&shared, spawn, &mut tasks);
        tokio::select! {
            ended = tasks.join_next() => return Err(task_ended(ended)),
            lost = &mut election.0 => return Err(lease_lost(lost)),
            _ = workers.join_next() => return Err(OperatorError::TaskEnded("worker")),
            _ = stop.wait_for(|stop| *stop) => {}
        }
        shared.accounts_queue.close();
        shared.campaigns_queue.close();
        shared.media.close();
        let drained = async { while workers.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(25), drained).await.is_err() {
            tracing::warn!("what was under way did not end in time; its intents are settled after the next start");
            return Ok(());
        }
        if give_back.send(()).is_ok() {
            let _ = (&mut election.0).await;
        }
        Ok(())
    }
}

/// Waits until this process may act, and learns which cluster this is.
async fn prepare(shared: &Shared) -> Result<(), OperatorError> {
    shared.fence.open().await;
    if let Some(identity) = shared.options.cluster.as_ref().filter(|_| !shared.options.observe_only) {
        let cluster = identity.resolve(&shared.client).await?;
        tracing::info!(%cluster, "accounts are held for this cluster");
        let _ = shared.cluster.set(cluster);
    }
    Ok(())
}

/// A task that ends when this is dropped.
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn task_ended(ended: Option<Result<&'static str, JoinError>>) -> OperatorError {
    OperatorError::TaskEnded(ended.and_then(Result::ok).unwrap_or("a task that panicked"))
}

fn lease_lost(ended: Result<Result<(), LeaseError>, JoinError>) -> OperatorError {
    match ended {
        Ok(Err(lost)) => lost.into(),
        _ => OperatorError::TaskEnded("election"),
    }
}

fn first_standing(options: &Options) -> Standing {
    match (options.observe_only, &options.election) {
        (false, None) => Standing::Alone,
        (true, None) => Standing::Observes { alone: true },
        // Whether anybody leads is looked up first.
        (_, Some(_)) => Standing::Standby,
    }
}

/// This process' part in the election. It ends with the loss of the lease, or when the lease was given back.
async fn elect(shared: Arc<Shared>, client: Client, give_back: oneshot::Receiver<()>) -> Result<(), LeaseError> {
    // Only who could begin at once is a candidate.
    shared.accounts.synced().await;
    shared.campaigns.synced().await;
    let options = &shared.options;
    match &options.election {
        Some(election) if options.observe_only => {
            tokio::select! {
                () = leader::watch_for_observer(client, &options.installation, election, &shared.fence, || {
                    shared.wake_all();
                }) => {}
                _ = give_back => {}
            }
            Ok(())
        }
        Some(election) => {
            let (election, timeout) = (election.clone(), options.request_timeout);
            let elector = Elector::new(client, &options.installation, election, timeout, shared.fence.clone());
            elector.run(|| shared.is_new(), give_back).await
        }
        None => {
            let _ = give_back.await;
            Ok(())
        }
    }
}

/// Starts all that acts: the accounts' queues, the timers and the workers.
fn spawn_work(shared: &Arc<Shared>, mut spawn: Spawned, tasks: &mut JoinSet<&'static str>) -> JoinSet<()> {
    let of_queues = shared.clone();
    tasks.spawn(async move {
        // Dropped with this task, which ends the queues.
        let mut queues = JoinSet::new();
        loop {
            tokio::select! {
                state = spawn.recv() => match state {
                    Some(state) => queues.spawn(queue::run(of_queues.clone(), state)),
                    None => return "account queues",
                },
                Some(ended) = queues.join_next() => match ended {
                    Ok(()) => continue,
                    Err(_) => return "an account's queue",
                },
            };
        }
    });
    let mut workers = JoinSet::new();
    for queue in [shared.accounts_queue.clone(), shared.campaigns_queue.clone(), shared.media.shelves.clone()] {
        workers.spawn(async move { queue.run_timers().await });
    }
    let files = shared.media.files.clone();
    workers.spawn(async move { files.run_timers().await });
    for _ in 0..FETCHES {
        let files = shared.clone();
        workers.spawn(async move { files.media.files.run_worker(|file| files.media.look(file)).await });
    }
    // Campaigns are worked on when the listings are there: an AdAccount that is not read yet is not missing, and a
    // label that is not read yet revokes nothing.
    for _ in 0..UNDER_WAY {
        let accounts = shared.clone();
        workers.spawn(async move {
            accounts.accounts.synced().await;
            accounts.campaigns.synced().await;
            accounts.accounts_queue.run_worker(|key| account::reconcile(&accounts, key)).await;
        });
        let shelves = shared.clone();
        workers.spawn(async move {
            shelves.media.shelves.run_worker(|account| shelves.media.tend(account, shelves.as_ref())).await;
        });
        let campaigns = shared.clone();
        workers.spawn(async move {
            campaigns.accounts.synced().await;
            campaigns.campaigns.synced().await;
            campaigns.namespaces.settled().await;
            campaigns.campaigns_queue.run_worker(|key| campaign::reconcile(&campaigns, key)).await;
        });
    }
    workers
}

fn spawn_watches(shared: &Arc<Shared>, tasks: &mut JoinSet<&'static str>) {
    let labels = shared.clone();
    tasks.spawn(async move {
        let wake = |namespace: &str| labels.wake_guests(namespace);
        namespaces::watch(labels.client.clone(), &labels.namespaces, wake).await;
        "watch of Namespaces"
    });
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
