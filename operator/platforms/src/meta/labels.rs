//! The labels that mark what is ours.
//!
//! An object's labels are replaced as a whole list, and come with their names when they are read. Several labels may have
//! one name: each of them marks, and the first that was created is the one that is put on.

use std::cmp::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use adops_core::marker::Installation;
use serde_json::{Value, json};

use super::client::Client;
use super::errors::read_error;
use super::holder;
use super::rehearsal::STAND_IN;
use super::wire::{Id, Named};
use crate::error::PlatformError;
use crate::holder::Record;
use crate::marks;

/// The labels of one account, as last read: ids, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LabelBook {
    /// Labels of this installation.
    pub(super) ours: Vec<String>,
    /// This installation's paused labels.
    pub(super) paused: Vec<String>,
    /// Who writes to the account.
    pub(super) holder: Option<Record>,
}

/// Both labels, for writing.
#[derive(Debug, Clone)]
pub(super) struct OwnLabels {
    pub(super) ours: String,
    pub(super) paused: String,
}

/// The labels of the account, kept between calls.
#[derive(Debug, Default)]
pub(super) struct Labels(Mutex<LabelBook>);

impl Labels {
    /// Reads them anew.
    pub(super) async fn read(&self, client: &Client, installation: &Installation) -> Result<LabelBook, PlatformError> {
        let began = Instant::now();
        let labels = list(client).await?;
        if let Some(keeper) = &client.keeper {
            keeper.saw(&labels, began);
        }
        let named = |name: &str| {
            let mut ids: Vec<String> = labels.iter().filter(|l| l.name == name).map(|l| l.id.clone()).collect();
            ids.sort_by(|a, b| by_age(a, b));
            ids
        };
        let book = LabelBook {
            ours: named(&installation.label()),
            paused: named(&installation.paused_label()),
            holder: holder::latest(&labels),
        };
        self.keep(book.clone());
        Ok(book)
    }

    /// Both labels of this installation; what is missing is created, but for a rehearsal, where a stand-in takes its place.
    pub(super) async fn ensure(
        &self,
        client: &Client,
        installation: &Installation,
    ) -> Result<OwnLabels, PlatformError> {
        if let Some(own) = both(&self.book()) {
            return Ok(own);
        }
        let mut book = self.read(client, installation).await?;
        if client.rehearsal {
            let or_stand_in = |ids: &[String]| ids.first().cloned().unwrap_or_else(|| STAND_IN.to_owned());
            return Ok(OwnLabels { ours: or_stand_in(&book.ours), paused: or_stand_in(&book.paused) });
        }
        for (ids, name) in [(&mut book.ours, installation.label()), (&mut book.paused, installation.paused_label())] {
            if ids.is_empty() {
                // A second label of the name, should an answer be lost, marks as well as the first.
                let made: Result<Id, _> = client.post(&client.edge("adlabels"), &vec![("name", name)]).await;
                ids.push(made.map_err(|refusal| read_error(refusal.error, "creating the labels"))?.id);
            }
        }
        self.keep(book.clone());
        let unmade = || PlatformError::Unreadable { message: "a label that was created has no id".to_owned() };
        both(&book).ok_or_else(unmade)
    }

    /// Forgets them: one was removed on the platform.
    pub(super) fn forget(&self) {
        self.keep(LabelBook::default());
    }

    /// As last read.
    pub(super) fn book(&self) -> LabelBook {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, book: LabelBook) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = book;
    }
}

fn both(book: &LabelBook) -> Option<OwnLabels> {
    let first = |ids: &[String]| ids.first().filter(|id| !id.is_empty()).cloned();
    Some(OwnLabels { ours: first(&book.ours)?, paused: first(&book.paused)? })
}

/// All labels of adops on the account.
pub(super) async fn list(client: &Client) -> Result<Vec<Named>, PlatformError> {
    let filter = json!([{ "field": "name", "operator": "CONTAIN", "value": marks::PREFIX }]);
    let params = vec![("fields", "id,name".to_owned()), ("filtering", filter.to_string())];
    let labels: Vec<Named> = client.pages(&client.edge("adlabels"), &params, usize::MAX).await?;
    Ok(labels.into_iter().filter(|label| label.name.starts_with(marks::PREFIX)).collect())
}

/// The order of ids in which objects were created. They are numbers of growing length.
pub(super) fn by_age(a: &str, b: &str) -> Ordering {
    (a.len(), a).cmp(&(b.len(), b))
}

/// What labels say of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks<'a> {
    pub(super) labels: &'a [Named],
    pub(super) installation: &'a Installation,
}

impl Marks<'_> {
    /// Whether it is ours.
    pub(super) fn ours(self) -> bool {
        self.has(&self.installation.label())
    }

    /// Whether we paused it, or have not enabled it yet.
    pub(super) fn paused(self) -> bool {
        self.has(&self.installation.paused_label())
    }

    /// The label of another installation.
    pub(super) fn foreign(self) -> Option<String> {
        let own = [self.installation.label(), self.installation.paused_label()];
        let mut names = self.labels.iter().map(|label| &label.name);
        names.find(|name| marks::is_marker(name) && !own.contains(name)).cloned()
    }

    fn has(self, name: &str) -> bool {
        self.labels.iter().any(|label| label.name == name)
    }

    /// The list with our label and, as asked for, with our paused label or without: what is written.
    pub(super) fn list(self, own: &OwnLabels, paused: bool) -> String {
        let paused_name = self.installation.paused_label();
        let mut ids: Vec<&str> = Vec::new();
        for label in self.labels.iter().filter(|label| paused || label.name != paused_name) {
            ids.push(&label.id);
        }
        if !self.ours() {
            ids.push(&own.ours);
        }
        if paused && !self.paused() {
            ids.push(&own.paused);
        }
        list_of(&ids)
    }
}

/// A list of labels by their ids.
pub(super) fn list_of(ids: &[&str]) -> String {
    Value::from(ids.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(id: &str, name: &str) -> Named {
        Named { id: id.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn foreign_labels_stay_when_ours_are_changed() {
        let installation: Installation = "prod".parse().unwrap();
        let own = OwnLabels { ours: "1".to_owned(), paused: "2".to_owned() };
        let of = |labels: &[Named], paused| Marks { labels, installation: &installation }.list(&own, paused);
        let labels = [label("7", "spring"), label("1", "adops:prod"), label("2", "adops:prod:paused")];
        assert_eq!(of(&labels, false), r#"[{"id":"7"},{"id":"1"}]"#);
        assert_eq!(of(&labels, true), r#"[{"id":"7"},{"id":"1"},{"id":"2"}]"#);
        assert_eq!(of(&labels[..1], true), r#"[{"id":"7"},{"id":"1"},{"id":"2"}]"#);
        let marks = Marks { labels: &[label("9", "adops:test:paused")], installation: &installation };
        assert_eq!((marks.foreign().as_deref(), marks.ours()), (Some("adops:test:paused"), false));
    }

    #[test]
    fn a_younger_id_is_longer_or_greater() {
        let mut ids = ["100", "99", "101"];
        ids.sort_by(|a, b| by_age(a, b));
        assert_eq!(ids, ["99", "100", "101"]);
    }
}
