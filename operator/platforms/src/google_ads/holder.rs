//! The account's holder on Google: a label `adops:holder:<number>` that hangs on nothing. Its description says the rest.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::client::Client;
use super::errors::Refusal;
use super::operations::update;
use super::wire::{Label, LabelRow};
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
    /// The number and the resource name of the record that counts.
    resource: Option<(u64, String)>,
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
    pub(super) fn saw(&self, labels: &[Label], began: Instant) {
        let mut book = self.book();
        let records: Vec<(Record, &Label)> =
            labels.iter().filter_map(|label| Some((record_of(label)?, label))).collect();
        let latest = records.iter().max_by_key(|(record, _)| record.number);
        if let Some((record, label)) = latest {
            book.resource = Some((record.number, label.resource_name.clone()));
        }
        book.known.saw(records.into_iter().map(|(record, _)| record), began);
    }

    /// Makes sure that the account is ours, and says until when that is known.
    pub(super) async fn confirm(&self, client: &Client) -> Result<Instant, PlatformError> {
        let _turn = self.turn.lock().await;
        for _ in 0..STEPS {
            let step = self.book().known.next(&self.hold, self.patience, Instant::now());
            match step {
                Step::Write { until } => return Ok(until),
                Step::Read => self.read(client).await?,
                Step::Claim(record) => self.write(client, record, None).await?,
                Step::Confirm(record) => {
                    let resource = self.book().resource.clone().filter(|(number, _)| *number == record.number);
                    let Some((_, resource)) = resource else {
                        self.book().known.forget();
                        continue;
                    };
                    self.write(client, record, Some(resource)).await?;
                }
                Step::Wait(left) => {
                    let wait = SignedDuration::try_from(left).unwrap_or(SignedDuration::MAX);
                    return Err(PlatformError::TakingOver { wait });
                }
                Step::Refuse(record) => {
                    return Err(PlatformError::HeldByAnotherCluster { holder: record.to_string() });
                }
            }
        }
        Err(PlatformError::Unavailable { message: "who holds the account changes all the time".to_owned() })
    }

    async fn read(&self, client: &Client) -> Result<(), PlatformError> {
        let began = Instant::now();
        let labels = labels(client).await?;
        self.saw(&labels, began);
        Ok(())
    }

    /// Writes a record: a new one, or the words of the one that there is.
    async fn write(&self, client: &Client, record: Record, there: Option<String>) -> Result<(), PlatformError> {
        tracing::info!(account = %client.customer, record = %record, waits = ?record.waits, "the account's holder");
        let operation = match there {
            Some(resource) => describe(resource, &record.text()),
            None => create(&record),
        };
        match client.mutate_as_anyone(&[operation]).await {
            Ok(name) => {
                let mut book = self.book();
                book.resource = name.map(|name| (record.number, name));
                book.known.wrote(record, Instant::now(), self.lag);
                Ok(())
            }
            Err(refusal) => {
                self.book().known.forget();
                Err(unwritten(refusal))
            }
        }
    }
}

fn unwritten(refusal: Refusal) -> PlatformError {
    if refusal.items.iter().any(|item| item.code == "DUPLICATE_NAME") {
        let message = "somebody else has just claimed the account, or we have: it is read again".to_owned();
        return PlatformError::Unavailable { message };
    }
    super::client::read_error(refusal.error, "recording who holds the account")
}

/// All labels of adops on the account.
pub(super) async fn labels(client: &Client) -> Result<Vec<Label>, PlatformError> {
    let query = "SELECT label.resource_name, label.name, label.text_label.description FROM label \
                 WHERE label.name LIKE 'adops:%' AND label.status = 'ENABLED'";
    let rows: Vec<LabelRow> = client.search(query).await?;
    Ok(rows.into_iter().map(|row| row.label).collect())
}

/// The record that a label is.
pub(super) fn record_of(label: &Label) -> Option<Record> {
    let (number, _) = marks::holder_number(&label.name).filter(|(_, rest)| rest.is_empty())?;
    Some(Record::read(number, &label.text_label.description))
}

fn create(record: &Record) -> Value {
    json!({ "labelOperation": { "create": {
        "name": marks::holder(record.number),
        "textLabel": { "description": record.text() },
    } } })
}

fn describe(resource: String, text: &str) -> Value {
    update("labelOperation", resource, json!({ "textLabel": { "description": text } }), "textLabel.description")
}
