//! Events: on a change or a failure, never once a pass. Repetitions are folded into series.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use adops_core::reason::Reason;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::{Client, Resource};

/// The longest note that the API server takes is 1 kB.
const NOTE: usize = 1000;

/// A recorder folds what has the same reason into one Event with the first one's note. Different notes shall all be
/// read, so each note has its recorder, chosen by its hash.
const RECORDERS: usize = 256;

/// Writes Events. A failure to write one is logged and nothing else: Events are a courtesy.
#[derive(Clone)]
pub struct Events {
    recorders: Arc<[Recorder]>,
}

impl Events {
    /// A recorder that reports as the operator.
    pub fn new(client: &Client) -> Self {
        let reporter = Reporter { controller: "adops-operator".to_owned(), instance: None };
        let recorders = (0..RECORDERS).map(|_| Recorder::new(client.clone(), reporter.clone())).collect();
        Self { recorders }
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

/// The text, cut to at most `limit` bytes at a character's end.
pub fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut end = limit.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}
