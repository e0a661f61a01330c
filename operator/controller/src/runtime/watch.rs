//! Watches: a store of all objects of a kind, which survives objects that cannot be read, and a wake-up
//! for what changed on purpose.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::DeserializeGuard;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event};
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;
use tokio::sync::Notify;

/// Annotations that wake us.
const OUR_ANNOTATIONS: &str = "adops.dev/";

/// Namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl Key {
    /// Of a namespace and a name.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    /// The key of an object.
    pub fn of(meta: &ObjectMeta) -> Self {
        Self::new(meta.namespace.clone().unwrap_or_default(), meta.name.clone().unwrap_or_default())
    }
}

/// An object as it was stored: read, or with the reason why it cannot be.
#[derive(Debug, Clone)]
pub enum Stored<K> {
    /// Read.
    Valid(Arc<K>),
    /// It cannot be read.
    Malformed {
        /// Its metadata.
        meta: Arc<ObjectMeta>,
        /// Why.
        error: String,
    },
}

impl<K: Resource> Stored<K> {
    /// Its metadata.
    pub fn meta(&self) -> &ObjectMeta {
        match self {
            Self::Valid(object) => object.meta(),
            Self::Malformed { meta, .. } => meta,
        }
    }
}

/// All objects of a kind.
pub struct Store<K> {
    objects: RwLock<HashMap<Key, Stored<K>>>,
    /// Namespaces whose first listing is complete; `None` stands for all.
    synced: RwLock<BTreeSet<Option<String>>>,
    expected: usize,
    on_sync: Notify,
}

impl<K> Store<K> {
    /// An empty store that `watches` watches fill.
    pub fn new(watches: usize) -> Self {
        Self { objects: RwLock::default(), synced: RwLock::default(), expected: watches, on_sync: Notify::new() }
    }
}

impl<K: Resource> Store<K> {
    /// One object.
    pub fn get(&self, key: &Key) -> Option<Stored<K>>
    where
        K: Clone,
    {
        self.objects.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// All that could be read.
    pub fn valid(&self) -> Vec<Arc<K>> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        objects
            .values()
            .filter_map(|stored| match stored {
                Stored::Valid(object) => Some(object.clone()),
                Stored::Malformed { .. } => None,
            })
            .collect()
    }

    /// All keys, of what cannot be read, too.
    pub fn keys(&self) -> Vec<Key> {
        self.objects.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// The metadata of all that could not be read.
    pub fn malformed(&self) -> Vec<Arc<ObjectMeta>> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        objects
            .values()
            .filter_map(|stored| match stored {
                Stored::Valid(_) => None,
                Stored::Malformed { meta, .. } => Some(meta.clone()),
            })
            .collect()
    }

    /// Puts an object that a write has answered with, unless a newer one is there.
    pub fn put_written(&self, object: K) {
        let key = Key::of(object.meta());
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = objects.get(&key)
            && version(there.meta()) < version(object.meta())
        {
            objects.insert(key, Stored::Valid(Arc::new(object)));
        }
    }

    /// Whether the first listings are complete.
    pub fn is_synced(&self) -> bool {
        self.synced.read().unwrap_or_else(PoisonError::into_inner).len() >= self.expected
    }

    /// Waits for the first listing.
    pub async fn synced(&self) {
        loop {
            let mut notified = std::pin::pin!(self.on_sync.notified());
            // Registered before the look, so that no notice is missed.
            notified.as_mut().enable();
            if self.is_synced() {
                return;
            }
            notified.await;
        }
    }
}

/// Resource versions of one kind are ordered numbers.
fn version(meta: &ObjectMeta) -> u64 {
    meta.resource_version.as_deref().and_then(|version| version.parse().ok()).unwrap_or(0)
}

/// What a change on purpose changes: everything but managed fields and what status says.
#[derive(PartialEq, Eq, Hash)]
struct Purpose {
    uid: Option<String>,
    generation: Option<i64>,
    deleting: bool,
    finalizers: Option<Vec<String>>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Vec<(String, String)>,
    malformed: bool,
    /// A status that somebody has wiped is written anew.
    reported: bool,
}

/// A kind on whose status we report.
pub trait Reported {
    /// Whether there is a report.
    fn is_reported(&self) -> bool;
}

impl Reported for adops_api::Campaign {
    fn is_reported(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.observed_generation >= 0)
    }
}

impl Reported for adops_api::AdAccount {
    fn is_reported(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.observed_generation >= 0)
    }
}

impl Purpose {
    fn of<K: Resource + Reported>(stored: &Stored<K>) -> Self {
        let meta = stored.meta();
        Self {
            uid: meta.uid.clone(),
            generation: meta.generation,
            deleting: meta.deletion_timestamp.is_some(),
            finalizers: meta.finalizers.clone(),
            labels: meta.labels.clone(),
            annotations: meta
                .annotations
                .iter()
                .flatten()
                .filter(|(key, _)| key.starts_with(OUR_ANNOTATIONS))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            malformed: matches!(stored, Stored::Malformed { .. }),
            reported: matches!(stored, Stored::Valid(object) if object.is_reported()),
        }
    }
}

/// Watches a kind, in one namespace or in all, into `store` and calls `wake` for what appears,
/// disappears, or changes on purpose. It ends only with an error that no retry mends.
pub async fn watch<K>(
    client: Client,
    namespace: Option<String>,
    store: Arc<Store<K>>,
    wake: impl Fn(Key) + Send,
) -> Result<(), watcher::Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Reported
        + Clone
        + Debug
        + DeserializeOwned
        + Send
        + Sync
        + 'static,
{
    let api: Api<DeserializeGuard<K>> = match &namespace {
        Some(namespace) => Api::namespaced(client, namespace),
        None => Api::all(client),
    };
    // The default listing is a consistent read: an older one might lack the intent of a create.
    let mut events =
        watcher::watcher(api, watcher::Config::default()).default_backoff().modify(drop_managed_fields).boxed();
    let mut listing: Option<HashMap<Key, Stored<K>>> = None;
    loop {
        let event = match events.try_next().await {
            Ok(Some(event)) => event,
            Ok(None) => return Ok(()),
            // The stream goes on by itself after its back-off.
            Err(error) => {
                tracing::warn!(kind = %K::kind(&()), %error, "the watch was interrupted");
                continue;
            }
        };
        match event {
            Event::Init => listing = Some(HashMap::new()),
            Event::InitApply(object) => {
                let (key, stored) = guarded(object);
                listing.get_or_insert_default().insert(key, stored);
            }
            Event::InitDone => replace(&store, namespace.as_deref(), listing.take().unwrap_or_default(), &wake),
            Event::Apply(object) => {
                let (key, stored) = guarded(object);
                let mut objects = store.objects.write().unwrap_or_else(PoisonError::into_inner);
                let before = objects.get(&key);
                // A write of ours may have been put here before the watch tells of it.
                if before.is_some_and(|before| version(before.meta()) > version(stored.meta())) {
                    continue;
                }
                let changed = before.is_none_or(|before| Purpose::of(before) != Purpose::of(&stored));
                objects.insert(key.clone(), stored);
                drop(objects);
                if changed {
                    wake(key);
                }
            }
            Event::Delete(object) => {
                let (key, _) = guarded(object);
                store.objects.write().unwrap_or_else(PoisonError::into_inner).remove(&key);
                wake(key);
            }
        }
    }
}

fn drop_managed_fields<K: Resource<DynamicType = ()>>(object: &mut DeserializeGuard<K>) {
    match &mut object.0 {
        Ok(object) => object.meta_mut().managed_fields = None,
        Err(invalid) => invalid.metadata.managed_fields = None,
    }
}

fn guarded<K: Resource>(object: DeserializeGuard<K>) -> (Key, Stored<K>) {
    match object.0 {
        Ok(object) => (Key::of(object.meta()), Stored::Valid(Arc::new(object))),
        Err(invalid) => {
            let error = invalid.error;
            (Key::of(&invalid.metadata), Stored::Malformed { meta: Arc::new(invalid.metadata), error })
        }
    }
}

/// A new listing takes the place of all that the store has of the same namespace, or of all.
fn replace<K: Resource + Reported>(
    store: &Store<K>,
    namespace: Option<&str>,
    listing: HashMap<Key, Stored<K>>,
    wake: &impl Fn(Key),
) {
    let mut woken = Vec::new();
    let covered = |key: &Key| namespace.is_none_or(|namespace| namespace == key.namespace);
    {
        let mut objects = store.objects.write().unwrap_or_else(PoisonError::into_inner);
        for (key, stored) in &listing {
            if objects.get(key).is_none_or(|before| Purpose::of(before) != Purpose::of(stored)) {
                woken.push(key.clone());
            }
        }
        woken.extend(objects.keys().filter(|key| covered(key) && !listing.contains_key(*key)).cloned());
        objects.retain(|key, _| !covered(key));
        objects.extend(listing);
    }
    let mut synced = store.synced.write().unwrap_or_else(PoisonError::into_inner);
    synced.insert(namespace.map(str::to_owned));
    drop(synced);
    store.on_sync.notify_waiters();
    woken.into_iter().for_each(wake);
}
