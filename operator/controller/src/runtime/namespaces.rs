//! The labels of Namespaces, which grants are judged by (S12): one watch of their metadata, so that a pass
//! asks nobody, and a label that is taken off wakes whom it concerns.
//!
//! A watch that is interrupted keeps what was known: an API server that does not answer has revoked nothing.
//! An operator that may not read Namespaces (`rbac.scope: namespaces`) knows that it does not know.

use std::collections::{BTreeMap, HashMap};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::Namespace;
use kube::core::PartialObjectMeta;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event};
use kube::{Api, Client, ResourceExt};
use tokio::sync::Notify;

/// The permission may seem missing while an API server starts; after this long it is.
const REFUSED_AFTER: Duration = Duration::from_mins(10);

/// Labels by name.
type Labels = BTreeMap<String, String>;

/// What is known of a Namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Its labels.
    Labels(Labels),
    /// There is none of this name.
    Absent,
    /// This operator may not read Namespaces.
    Unreadable,
}

/// All Namespaces.
#[derive(Default)]
pub struct Namespaces {
    state: RwLock<State>,
    settled: Notify,
}

#[derive(Default)]
struct State {
    labels: HashMap<String, Labels>,
    synced: bool,
    refused: Option<Instant>,
}

impl Namespaces {
    /// What is known of one.
    pub fn get(&self, name: &str) -> Seen {
        let state = self.read();
        if !state.is_readable() {
            return Seen::Unreadable;
        }
        state.labels.get(name).cloned().map_or(Seen::Absent, Seen::Labels)
    }

    /// Whether the first listing is complete, or was refused.
    pub fn is_settled(&self) -> bool {
        let state = self.read();
        state.synced || state.refused.is_some()
    }

    /// Waits for that.
    pub async fn settled(&self) {
        loop {
            let mut notified = std::pin::pin!(self.settled.notified());
            // Registered before the look, so that no notice is missed.
            notified.as_mut().enable();
            if self.is_settled() {
                return;
            }
            notified.await;
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a complete listing. Answers with the names of those whose labels are others than before.
    fn replace(&self, listing: HashMap<String, Labels>) -> Vec<String> {
        let mut state = self.write();
        let mut changed: Vec<String> =
            listing.iter().filter(|(name, labels)| state.labels.get(*name) != Some(labels)).map(named).collect();
        changed.extend(state.labels.iter().filter(|(name, _)| !listing.contains_key(*name)).map(named));
        state.labels = listing;
        state.synced = true;
        state.refused = None;
        drop(state);
        self.settled.notify_waiters();
        changed
    }

    /// Takes the labels of one, or that it is gone. Answers whether that is news.
    fn put(&self, name: &str, labels: Option<&Labels>) -> bool {
        let mut state = self.write();
        state.refused = None;
        let before = match labels {
            Some(labels) => state.labels.insert(name.to_owned(), labels.clone()),
            None => state.labels.remove(name),
        };
        before.as_ref() != labels
    }

    /// Notes that the API server refuses. Answers whether that is news.
    fn refuse(&self) -> bool {
        let mut state = self.write();
        let news = state.refused.is_none();
        state.refused.get_or_insert_with(Instant::now);
        drop(state);
        self.settled.notify_waiters();
        news
    }
}

impl State {
    fn is_readable(&self) -> bool {
        self.synced && self.refused.is_none_or(|since| since.elapsed() < REFUSED_AFTER)
    }
}

fn named((name, _): (&String, &Labels)) -> String {
    name.clone()
}

/// Watches Namespaces into `store` and calls `wake` with the name of each whose labels have changed. It ends only
/// with the process.
pub async fn watch(client: Client, store: &Namespaces, wake: impl Fn(&str)) {
    let api: Api<PartialObjectMeta<Namespace>> = Api::all(client);
    let mut events = watcher::watcher(api, watcher::Config::default()).default_backoff().boxed();
    let mut listing: Option<HashMap<String, Labels>> = None;
    loop {
        match events.try_next().await {
            Ok(Some(Event::Init)) => listing = Some(HashMap::new()),
            Ok(Some(Event::InitApply(object))) => {
                listing.get_or_insert_default().insert(object.name_any(), labels(object));
            }
            Ok(Some(Event::InitDone)) => {
                store.replace(listing.take().unwrap_or_default()).iter().for_each(|name| wake(name));
            }
            Ok(Some(Event::Apply(object))) => {
                let name = object.name_any();
                if store.put(&name, Some(&labels(object))) {
                    wake(&name);
                }
            }
            Ok(Some(Event::Delete(object))) => {
                let name = object.name_any();
                if store.put(&name, None) {
                    wake(&name);
                }
            }
            Ok(None) => return,
            Err(error) if is_refusal(&error) => {
                if store.refuse() {
                    tracing::warn!(%error, "Namespaces cannot be read: a selector in allowedNamespaces grants nothing");
                }
            }
            Err(error) => tracing::warn!(kind = "Namespace", %error, "the watch was interrupted"),
        }
    }
}

fn labels(object: PartialObjectMeta<Namespace>) -> Labels {
    object.metadata.labels.unwrap_or_default()
}

fn is_refusal(error: &watcher::Error) -> bool {
    let source = match error {
        watcher::Error::InitialListFailed(source)
        | watcher::Error::WatchStartFailed(source)
        | watcher::Error::WatchFailed(source) => source,
        watcher::Error::WatchError(status) => return status.code == 403,
        watcher::Error::NoResourceVersion => return false,
    };
    matches!(source, kube::Error::Api(status) if status.code == 403)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(team: &str) -> Labels {
        BTreeMap::from([("team".to_owned(), team.to_owned())])
    }

    #[test]
    fn an_interrupted_watch_keeps_what_was_known_and_a_listing_tells_what_is_news() {
        let store = Namespaces::default();
        assert_eq!((store.is_settled(), store.get("a")), (false, Seen::Unreadable));
        let first = HashMap::from([("a".to_owned(), labels("x")), ("b".to_owned(), labels("y"))]);
        assert_eq!(store.replace(first.clone()).len(), 2);
        assert_eq!(store.replace(first), Vec::<String>::new());
        let second = HashMap::from([("a".to_owned(), labels("z"))]);
        let mut news = store.replace(second);
        news.sort();
        assert_eq!(news, ["a", "b"]);
        assert_eq!((store.get("a"), store.get("b")), (Seen::Labels(labels("z")), Seen::Absent));
        assert!(!store.put("a", Some(&labels("z"))) && store.put("a", None) && !store.put("a", None));
    }

    #[test]
    fn a_permission_that_is_missing_for_a_moment_takes_nothing_back_and_one_that_was_never_there_is_told() {
        let store = Namespaces::default();
        assert!(store.refuse() && !store.refuse());
        assert_eq!((store.is_settled(), store.get("a")), (true, Seen::Unreadable));
        store.replace(HashMap::from([("a".to_owned(), labels("x"))]));
        assert!(store.refuse());
        assert_eq!(store.get("a"), Seen::Labels(labels("x")));
        store.write().refused = Instant::now().checked_sub(REFUSED_AFTER);
        assert_eq!(store.get("a"), Seen::Unreadable);
    }
}
