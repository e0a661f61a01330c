//! What the controllers share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use adops_api::{AdAccount, Campaign};
use adops_core::budget::authority::SpendAuthority;
use adops_core::campaign::line::CampaignId;
use adops_core::marker::CampaignHash;
use adops_platforms::holder::ClusterId;
use adops_platforms::port::AdPlatform;
use adops_platforms::quota::Quotas;
use adops_platforms::transport::Interceptor;
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

use crate::account::queue::Queue;
use crate::account::spend;
use crate::account::state::AccountState;
use crate::campaign::memory::CampaignMemory;
use crate::campaign::reconcile::account_key;
use crate::media::{Library, Ways};
use crate::operator::Options;
use crate::runtime::activity::Activity;
use crate::runtime::clock::Clock;
use crate::runtime::events::Events;
use crate::runtime::health::ClockState;
use crate::runtime::leader::Fence;
use crate::runtime::metrics::Metrics;
use crate::runtime::namespaces::Namespaces;
use crate::runtime::queue::WorkQueue;
use crate::runtime::watch::{Key, Store, Stored};

/// What the controllers share.
pub struct Shared {
    /// The API server. Writes are sent only while this process may.
    pub client: Client,
    /// Whether this process may act.
    pub fence: Arc<Fence>,
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
    /// The labels of all Namespaces.
    pub namespaces: Namespaces,
    /// AdAccounts to work on.
    pub accounts_queue: Arc<WorkQueue<Key>>,
    /// Campaigns to work on.
    pub campaigns_queue: Arc<WorkQueue<Key>>,
    /// What is known of Campaigns beyond their status.
    pub memory: Mutex<HashMap<Key, Arc<Mutex<CampaignMemory>>>>,
    /// Images and videos.
    pub media: Library,
    pub(crate) authority: Mutex<SpendAuthority>,
    pub(crate) slots: Semaphore,
    pub(crate) states: Mutex<HashMap<Key, Arc<AccountState>>>,
    pub(crate) started: OnceLock<Timestamp>,
    pub(crate) cluster: OnceLock<ClusterId>,
    pub(crate) spawn: mpsc::UnboundedSender<Arc<AccountState>>,
}

impl Shared {
    /// The state of an account, made when it is first asked for.
    pub fn account_state(&self, key: &Key) -> Arc<AccountState> {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states
            .entry(key.clone())
            .or_insert_with(|| {
                let queue = Queue::new(self.metrics.clone());
                let state = Arc::new(AccountState::new(key.clone(), queue, self.started()));
                let _ = self.spawn.send(state.clone());
                state
            })
            .clone()
    }

    /// The accounts of which something is kept in memory, each with a task of its own.
    pub fn kept_accounts(&self) -> Vec<Key> {
        self.kept_states().iter().map(|state| state.key.clone()).collect()
    }

    /// All of them, so that no other lock is taken under this one.
    fn kept_states(&self) -> Vec<Arc<AccountState>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The one place that grants what can raise spend. The lock is never held across an await, nor while another one is
    /// taken.
    pub fn authority(&self) -> MutexGuard<'_, SpendAuthority> {
        self.authority.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When this process began to act, by business time: what others have done until then is not known.
    pub fn started(&self) -> Timestamp {
        *self.started.get_or_init(|| self.clock.now())
    }

    /// Which cluster this is; none where no record of it is kept.
    pub fn cluster(&self) -> Option<&ClusterId> {
        self.cluster.get()
    }

    /// Looks at everything again.
    pub(crate) fn wake_all(&self) {
        self.accounts.keys().into_iter().for_each(|key| self.accounts_queue.add(key));
        self.campaigns.keys().into_iter().for_each(|key| self.campaigns_queue.add(key));
    }

    /// Looks again at accounts that are being deleted: they go as soon as no Campaign uses them any more, or has anything
    /// there.
    pub(crate) fn wake_leaving_accounts(&self) {
        for account in self.accounts.valid() {
            if account.metadata.deletion_timestamp.is_some() {
                self.accounts_queue.add(Key::of(&account.metadata));
            }
        }
    }

    /// How many changes an operator that only observes would make.
    pub fn planned_changes(&self) -> usize {
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.values().map(|one| one.lock().unwrap_or_else(PoisonError::into_inner).planned.len()).sum()
    }

    /// Whether nothing was ever reported by this installation: nobody has acted before.
    pub(crate) fn is_new(&self) -> bool {
        let reported = self.accounts.valid().iter().any(|account| account.status.is_some())
            || self.campaigns.valid().iter().any(|campaign| campaign.status.is_some());
        !reported && self.accounts.malformed().is_empty() && self.campaigns.malformed().is_empty()
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
        self.authority().forget(&spend::book(key));
    }

    /// What is remembered of a Campaign.
    pub fn campaign_memory(&self, key: &Key) -> Arc<Mutex<CampaignMemory>> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.entry(key.clone()).or_default().clone()
    }

    /// Forgets a Campaign that is gone.
    pub fn forget_campaign(&self, key: &Key) {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        self.media.forget(key);
        for quota in self.quotas.all() {
            quota.withdraw(&key.namespace, &key.name, |_| false);
        }
        // What it had announced nobody sends any more.
        for state in self.kept_states() {
            state.queue.announce(key, None, self.clock.now());
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
        for state in self.kept_states() {
            state.queue.withdraw(key, generation, self.clock.now());
        }
    }

    /// Campaigns by the hash in their markers.
    pub fn campaigns_by_hash(&self) -> HashMap<CampaignHash, Key> {
        let hash = |key: &Key| CampaignId::new(&key.namespace, &key.name).hash();
        self.campaigns.keys().into_iter().map(|key| (hash(&key), key)).collect()
    }

    /// Wakes the Campaigns of a namespace that use accounts of others: their grants hang on its labels (S12).
    pub(crate) fn wake_guests(&self, namespace: &str) {
        for campaign in self.campaigns.valid() {
            let key = Key::of(&campaign.metadata);
            if key.namespace != namespace {
                continue;
            }
            let accounts = campaign.spec.accounts.iter().map(|name| account_key(&key, name));
            let of_others: Vec<Key> = accounts.filter(|account| account.namespace != namespace).collect();
            // What was planned under the old labels and waits is planned anew.
            for account in of_others.iter().filter(|account| self.accounts.get(account).is_some()) {
                self.account_state(account).queue.withdraw(&key, None, self.clock.now());
            }
            if !of_others.is_empty() {
                self.campaigns_queue.add(key);
            }
        }
    }

    /// Business time, whether nothing is under way, and the next timer.
    pub fn clock_state(&self) -> ClockState {
        let next_due = match &self.clock {
            Clock::System => None,
            Clock::Stepped(stepped) => stepped.next_due(),
        };
        let synced = self.campaigns.is_synced() && self.accounts.is_synced() && self.namespaces.is_settled();
        let queues = self.accounts_queue.is_idle() && self.campaigns_queue.is_idle() && self.media.is_idle();
        let rests = queues && self.activity.is_idle();
        // Who stands by has nothing to do.
        let idle = synced && (rests || self.fence.stands_by());
        ClockState { now: self.clock.now(), idle, next_due }
    }
}

impl Ways for Shared {
    fn way(&self, account: &Key) -> Result<Arc<dyn AdPlatform>, Timestamp> {
        let (state, now) = (self.account_state(account), self.clock.now());
        let known = state.known();
        if let Some(block) = known.block.as_ref().filter(|block| block.until > now) {
            return Err(block.until);
        }
        // The AdAccount's own pass connects.
        let soon = now + SignedDuration::from_mins(1);
        known.connection.as_ref().map(|connected| connected.platform.clone()).ok_or(soon)
    }
}
