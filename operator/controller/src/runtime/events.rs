//! Events: on a change or a failure, never once a pass. Repetitions are folded into series.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use adops_core::reason::Reason;
use adops_core::text::cut;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::{Client, Resource};

use super::allowance::Allowances;
use super::leader::Fence;

/// The longest note that the API server takes is 1 kB.
const NOTE: usize = 1000;

/// A recorder folds what has the same reason into one Event with the first one's note. Different notes shall all be
/// read, so each note has its recorder, chosen by its hash.
const RECORDERS: usize = 256;

/// Writes Events. A failure to write one is logged and nothing else: Events are a courtesy.
#[derive(Clone)]
pub struct Events {
    recorders: Arc<[Recorder]>,
    fence: Arc<Fence>,
    allowances: Arc<Mutex<Allowances>>,
}

impl Events {
    /// A recorder that reports as the operator, while it is the one that acts.
    pub fn new(client: &Client, fence: Arc<Fence>) -> Self {
        let reporter = Reporter { controller: "adops-operator".to_owned(), instance: None };
        let recorders = (0..RECORDERS).map(|_| Recorder::new(client.clone(), reporter.clone())).collect();
        Self { recorders, fence, allowances: Arc::default() }
    }

    /// An object cannot be read: its status cannot be written either, so that the Event is what a user sees.
    pub async fn malformed<K: Resource<DynamicType = ()>>(&self, meta: &ObjectMeta, error: &str) {
        let on = ObjectReference {
            api_version: Some(K::api_version(&()).into_owned()),
            kind: Some(K::kind(&()).into_owned()),
            name: meta.name.clone(),
            namespace: meta.namespace.clone(),
            uid: meta.uid.clone(),
            ..ObjectReference::default()
        };
        let note = format!("the stored object cannot be read, nothing is done for it: {error}");
        self.warning(&on, Reason::Malformed, "Read", note).await;
    }

    /// Something happened as it should.
    pub async fn normal(&self, on: &ObjectReference, reason: Reason, action: &str, note: String) {
        self.publish(on, EventType::Normal, reason, action, note).await;
    }

    /// Something needs attention.
    pub async fn warning(&self, on: &ObjectReference, reason: Reason, action: &str, note: String) {
        self.publish(on, EventType::Warning, reason, action, note).await;
    }

    async fn publish(&self, on: &ObjectReference, type_: EventType, reason: Reason, action: &str, note: String) {
        if !self.fence.leads() {
            return;
        }
        let object = on.uid.clone().unwrap_or_default();
        if !self.allowances.lock().unwrap_or_else(PoisonError::into_inner).take(&object, Instant::now()) {
            tracing::debug!(%object, note, "the object has caused so many Events that this one is not written");
            return;
        }
        let event = Event {
            type_,
            reason: reason.to_string(),
            note: Some(cut(&note, NOTE)),
            action: action.to_owned(),
            secondary: None,
        };
        let mut hasher = DefaultHasher::new();
        note.hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % self.recorders.len() as u64).unwrap_or_default();
        if let Err(error) = self.recorders[index].publish(&event, on).await {
            tracing::debug!(%error, "an Event could not be written");
        }
    }
}
