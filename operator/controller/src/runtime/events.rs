//! Events: on a change or a failure, never once a pass. The recorder folds repetitions into series.

use adops_core::reason::Reason;
use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};

/// The longest note that the API server takes is 1 kB.
const NOTE: usize = 1000;

/// Writes Events. A failure to write one is logged and nothing else: Events are a courtesy.
#[derive(Clone)]
pub struct Events {
    recorder: Recorder,
}

impl Events {
    /// A recorder that reports as the operator.
    pub fn new(client: Client) -> Self {
        let reporter = Reporter { controller: "adops-operator".to_owned(), instance: None };
        Self { recorder: Recorder::new(client, reporter) }
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
        if let Err(error) = self.recorder.publish(&event, on).await {
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
