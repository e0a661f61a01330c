//! Rehearsals: the same requests with `validateOnly`, which Google checks and carries out nothing of.
//!
//! What a create needs and does not exist yet (our labels, a conversion goal) cannot be made in a rehearsal. It stands
//! in as a resource that no account has, and operations that refer to it are left out.

use adops_core::campaign::plan::{Action, NewLine};
use adops_core::reason::Reason;
use serde_json::Value;

use super::GoogleAds;
use super::batch::Unit;
use super::blueprint::rejected;
use super::client::Client;
use super::labels::{LabelBook, OwnLabels};
use crate::error::PlatformError;
use crate::port::{Outcome, Rehearsed};

/// The last part of the name of what does not exist yet.
const STAND_IN: &str = "(not made in a rehearsal)";

impl Client {
    /// The name of something that a rehearsal would have to make.
    pub(super) fn stand_in(&self, collection: &str) -> String {
        self.name(collection, STAND_IN)
    }

    /// Leaves out what a rehearsal cannot show.
    pub(super) fn rehearsable(&self, unit: &mut Unit) {
        if self.rehearsal {
            unit.operations.retain(|operation| !refers_to_stand_in(operation));
        }
    }
}

fn refers_to_stand_in(value: &Value) -> bool {
    match value {
        Value::String(text) => text.ends_with(STAND_IN),
        Value::Array(items) => items.iter().any(refers_to_stand_in),
        Value::Object(map) => map.values().any(refers_to_stand_in),
        _ => false,
    }
}

/// Our labels, with stand-ins for those that the account lacks.
pub(super) fn labels(client: &Client, book: &LabelBook) -> OwnLabels {
    let stand_in = || client.stand_in("labels");
    OwnLabels { ours: book.ours.clone().unwrap_or_else(stand_in), paused: book.paused.clone().unwrap_or_else(stand_in) }
}

/// Whether Google takes a request for a dry run.
pub(super) fn is_dry_run(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|body| body["validateOnly"] == true)
}

impl GoogleAds {
    pub(super) async fn rehearse_all(
        &self,
        lines: &[NewLine],
        changes: &[Action],
    ) -> Vec<Result<Rehearsed, PlatformError>> {
        if !self.client.rehearsal {
            let refusal = rejected(Reason::Unsupported, "this connector was not made for rehearsals");
            return vec![Err(refusal); lines.len() + changes.len()];
        }
        let mut outcomes = self.create_lines(lines).await;
        outcomes.extend(self.change_objects(changes).await);
        outcomes.into_iter().map(verdict).collect()
    }
}

fn verdict(outcome: Outcome) -> Result<Rehearsed, PlatformError> {
    match outcome {
        Outcome::Applied { .. } => Ok(Rehearsed::default()),
        Outcome::Failed(error) | Outcome::Unknown(error) => Err(error),
    }
}
