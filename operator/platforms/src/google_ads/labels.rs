//! The labels that mark what is ours.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use adops_core::marker::Installation;
use serde_json::json;

use super::client::Client;
use super::{holder, rehearsal};
use crate::error::PlatformError;
use crate::holder::Record;
use crate::marks;

/// The labels of one account, as last read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LabelBook {
    /// Resource name of the label of this installation.
    pub(super) ours: Option<String>,
    /// Resource name of this installation's paused label.
    pub(super) paused: Option<String>,
    /// Labels of other installations: resource name and name.
    pub(super) foreign: BTreeMap<String, String>,
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
        let labels = holder::labels(client).await?;
        if let Some(keeper) = &client.keeper {
            keeper.saw(&labels, began);
        }
        let holder = labels.iter().filter_map(holder::record_of).max_by_key(|record| record.number);
        let mut book = LabelBook { holder, ..LabelBook::default() };
        for label in labels {
            if label.name == installation.label() {
                book.ours = Some(label.resource_name);
            } else if label.name == installation.paused_label() {
                book.paused = Some(label.resource_name);
            } else if marks::is_marker(&label.name) {
                book.foreign.insert(label.resource_name, label.name);
            }
        }
        self.keep(book.clone());
        Ok(book)
    }

    /// Both labels of this installation; what is missing is created.
    pub(super) async fn ensure(
        &self,
        client: &Client,
        installation: &Installation,
    ) -> Result<OwnLabels, PlatformError> {
        if let Some(own) = both(&self.book()) {
            return Ok(own);
        }
        let book = self.read(client, installation).await?;
        if let Some(own) = both(&book) {
            return Ok(own);
        }
        if client.rehearsal {
            return Ok(rehearsal::labels(client, &book));
        }
        let wanted = [
            (book.ours.is_none(), installation.label(), "Made by adops: do not remove"),
            (book.paused.is_none(), installation.paused_label(), "Paused by adops: do not remove"),
        ];
        let operations: Vec<_> = wanted
            .into_iter()
            .filter(|(missing, ..)| *missing)
            .map(|(_, name, description)| {
                json!({ "labelOperation": { "create": { "name": name, "textLabel": { "description": description } } } })
            })
            .collect();
        if let Err(refusal) = client.mutate(&operations, false).await {
            // Somebody else, or a request of ours that seemed lost, has created one meanwhile.
            if !refusal.items.iter().any(|item| item.code == "DUPLICATE_NAME") {
                return Err(super::client::read_error(refusal.error, "creating the labels"));
            }
        }
        let unseen = || PlatformError::Unavailable { message: "the labels are created but not listed yet".to_owned() };
        both(&self.read(client, installation).await?).ok_or_else(unseen)
    }

    /// Forgets them: one was removed on the platform.
    pub(super) fn forget(&self) {
        self.keep(LabelBook::default());
    }

    /// As last read.
    pub(super) fn book(&self) -> LabelBook {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn keep(&self, book: LabelBook) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = book;
    }
}

fn both(book: &LabelBook) -> Option<OwnLabels> {
    Some(OwnLabels { ours: book.ours.clone()?, paused: book.paused.clone()? })
}

/// The id of the label in a resource name: of the label itself, or of its link to a campaign.
pub(super) fn label_id(resource: &str) -> &str {
    let last = resource.rsplit('/').next().unwrap_or_default();
    last.rsplit('~').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_known_by_its_own_name_and_by_that_of_its_link() {
        assert_eq!(label_id("customers/1/labels/555"), "555");
        assert_eq!(label_id("customers/1/campaignLabels/88~555"), "555");
    }
}
