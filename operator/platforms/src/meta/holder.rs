//! The account's holder on Meta: a label that hangs on nothing, `adops:holder:<number> <what the record says>`.
//!
//! Names of labels are not unique here, so of two labels with one number the one with the lower id counts: it was
//! created first. A listing may lag behind what was written, so whoever has claimed an account waits that long and reads
//! again before it writes anything.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::SignedDuration;

use super::client::Client;
use super::errors::read_error;
use super::labels::{self, by_age};
use super::wire::{Id, Named};
use crate::error::PlatformError;
use crate::holder::{Hold, Known, Record, Step};
use crate::marks;

/// A claim is at most: read, claim, confirm, and a look at it.
const STEPS: usize = 5;

/// What a client must know of the account's holder.
#[derive(Debug)]
pub(super) struct Keeper {
    hold: Hold,
    patience: Duration,
    lag: Duration,
    known: std::sync::Mutex<Book>,
    /// One claim at a time.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Book {
    known: Known,
    /// The number and the label's id of the record that counts.
    label: Option<(u64, String)>,
    /// When we claimed the account; nobody knows yet whether somebody else did so before.
    claimed: Option<Instant>,
}

impl Keeper {
    pub(super) fn new(hold: Hold, request_timeout: Duration, lag: Duration) -> Self {
        let patience = hold.bound + request_timeout + lag;
        Self { hold, patience, lag, known: std::sync::Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Takes labels that were read.
    pub(super) fn saw(&self, labels: &[Named], began: Instant) {
        let mut book = self.book();
        if book.claimed.is_some_and(|claimed| began < claimed + self.lag) {
            return;
        }
        book.claimed = None;
        let records = records(labels);
        book.label = records.last_key_value().map(|(number, (_, id))| (*number, id.clone()));
        book.known.saw(records.into_values().map(|(record, _)| record), began);
    }

    /// Makes sure that the account is ours, and says until when that is known.
    pub(super) async fn confirm(&self, client: &Client) -> Result<Instant, PlatformError> {
        let _turn = self.turn.lock().await;
        for _ in 0..STEPS {
            self.look_at_claim()?;
            let step = self.book().known.next(&self.hold, self.patience, Instant::now());
            match step {
                Step::Write { until } => return Ok(until),
                Step::Read => {
                    let began = Instant::now();
                    self.saw(&labels::list(client).await?, began);
                }
                Step::Claim(record) => self.claim(client, &record).await?,
                Step::Confirm(record) => {
                    let label = self.book().label.clone().filter(|(number, _)| *number == record.number);
                    match label {
                        Some((_, label)) => self.rewrite(client, &label, record).await?,
                        None => self.book().known.forget(),
                    }
                }
                Step::Wait(left) => return Err(PlatformError::TakingOver { wait: signed(left) }),
                Step::Refuse(record) => {
                    return Err(PlatformError::HeldByAnotherCluster { holder: record.to_string() });
                }
            }
        }
        Err(PlatformError::Unavailable { message: "who holds the account changes all the time".to_owned() })
    }

    /// Whether a claim of ours is so young that another one before it may not be seen yet.
    fn look_at_claim(&self) -> Result<(), PlatformError> {
        let claimed = self.book().claimed;
        let left = claimed.map(|claimed| (claimed + self.lag).saturating_duration_since(Instant::now()));
        match left.filter(|left| !left.is_zero()) {
            Some(left) => Err(PlatformError::TakingOver { wait: signed(left) }),
            None => Ok(()),
        }
    }

    async fn claim(&self, client: &Client, record: &Record) -> Result<(), PlatformError> {
        tracing::info!(account = %client.account, record = %record, waits = ?record.waits, "the account is claimed");
        let written = client.post_as_anyone::<Id>(&client.edge("adlabels"), &vec![("name", name(record))]).await;
        // Whether it was written or not is seen when it is read.
        {
            let mut book = self.book();
            book.claimed = Some(Instant::now());
            book.known.forget();
        }
        written.map(|_| ()).map_err(|refusal| unwritten(refusal.error))
    }

    async fn rewrite(&self, client: &Client, label: &str, record: Record) -> Result<(), PlatformError> {
        tracing::info!(account = %client.account, record = %record, "the account is taken over");
        match client.post_as_anyone::<serde_json::Value>(label, &vec![("name", name(&record))]).await {
            Ok(_) => {
                self.book().known.wrote(record, Instant::now(), self.lag);
                Ok(())
            }
            Err(refusal) => {
                self.book().known.forget();
                Err(unwritten(refusal.error))
            }
        }
    }
}

fn signed(wait: Duration) -> SignedDuration {
    SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX)
}

fn unwritten(error: PlatformError) -> PlatformError {
    read_error(error, "recording who holds the account")
}

fn name(record: &Record) -> String {
    format!("{} {}", marks::holder(record.number), record.text())
}

/// The records among labels, each with the id of its label; of several with one number the first that was created.
fn records(labels: &[Named]) -> BTreeMap<u64, (Record, String)> {
    let mut sorted: Vec<&Named> = labels.iter().collect();
    sorted.sort_by(|a, b| by_age(&a.id, &b.id));
    let mut records = BTreeMap::new();
    for label in sorted {
        if let Some((number, text)) = marks::holder_number(&label.name) {
            records.entry(number).or_insert_with(|| (Record::read(number, text), label.id.clone()));
        }
    }
    records
}

/// The record that counts among labels.
pub(super) fn latest(labels: &[Named]) -> Option<Record> {
    records(labels).pop_last().map(|(_, (record, _))| record)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(id: &str, number: u64, holder: &str) -> Named {
        Named { id: id.to_owned(), name: format!("adops:holder:{number} {holder} 95000ms - do not change") }
    }

    #[test]
    fn of_two_claims_of_one_number_the_first_counts() {
        let labels = [label("100", 2, "prod@late"), label("99", 2, "prod@first"), label("98", 1, "prod@old")];
        assert_eq!(latest(&labels).unwrap().to_string(), "prod@first#2");
        assert_eq!(latest(&[]), None);
    }

    #[test]
    fn a_record_survives_its_way_over_a_labels_name() {
        let patience = Duration::from_secs(95);
        for waits in [None, Some(patience)] {
            let record = Record { number: 7, holder: "prod@a".to_owned(), patience, waits };
            let label = Named { id: "1".to_owned(), name: name(&record) };
            assert!(label.name.len() < 200);
            assert_eq!(latest(&[label]), Some(record));
        }
    }
}
