//! Sending operations in as few requests as their number allows.
//!
//! A [`Unit`] is carried out as a whole or not at all. Units share requests; one that the platform
//! refuses is taken out by the index in the error, and the rest is sent again.

use serde_json::Value;

use super::client::{Client, OPERATIONS_PER_REQUEST};
use super::errors::ItemError;
use crate::error::PlatformError;

/// Operations that belong together.
#[derive(Debug, Clone, Default)]
pub(super) struct Unit {
    pub(super) operations: Vec<Value>,
}

/// What came of a unit.
#[derive(Debug, Clone)]
pub(super) enum Sent {
    /// It was carried out; the resource names by operation.
    Done(Vec<Option<String>>),
    /// It was refused: which of its operations, and why.
    Refused(Vec<(usize, ItemError)>),
    /// It was not carried out, for a reason that is not its own.
    Undone(PlatformError),
    /// Nobody knows.
    Unknown(PlatformError),
}

/// Sends units, each whole.
pub(super) async fn send(client: &Client, units: &[Unit]) -> Vec<Sent> {
    let mut sent: Vec<Option<Sent>> = vec![None; units.len()];
    let mut stop: Option<PlatformError> = None;
    for request in requests(units) {
        match &stop {
            Some(error) => {
                for &unit in &request {
                    sent[unit] = Some(Sent::Undone(error.clone()));
                }
            }
            None => stop = send_request(client, units, request, &mut sent).await,
        }
    }
    let unsent = || Sent::Undone(PlatformError::Unavailable { message: "it was not sent".to_owned() });
    sent.into_iter().map(|sent| sent.unwrap_or_else(unsent)).collect()
}

/// Which units go together into a request.
fn requests(units: &[Unit]) -> Vec<Vec<usize>> {
    let mut requests: Vec<Vec<usize>> = Vec::new();
    let mut room = 0;
    for (index, unit) in units.iter().enumerate() {
        let size = unit.operations.len();
        match requests.last_mut() {
            Some(last) if size <= room => last.push(index),
            _ => {
                requests.push(vec![index]);
                room = OPERATIONS_PER_REQUEST;
            }
        }
        room = room.saturating_sub(size);
    }
    requests
}

/// Sends one request, again without what was refused, until the rest is done or nothing is left. The
/// answer is why nothing more should be sent.
async fn send_request(
    client: &Client,
    units: &[Unit],
    mut left: Vec<usize>,
    sent: &mut [Option<Sent>],
) -> Option<PlatformError> {
    while !left.is_empty() {
        let operations: Vec<Value> = left.iter().flat_map(|&unit| units[unit].operations.iter().cloned()).collect();
        match client.mutate(&operations, false).await {
            Ok(mutated) => {
                let mut names = mutated.names.into_iter();
                for unit in left {
                    let names = names.by_ref().take(units[unit].operations.len()).collect();
                    sent[unit] = Some(Sent::Done(names));
                }
                return None;
            }
            Err(refusal) => {
                let own = matches!(refusal.error, PlatformError::Rejected { .. } | PlatformError::Unavailable { .. });
                let refused = if own { take_out(units, &left, refusal.items, sent) } else { Vec::new() };
                if refused.is_empty() {
                    let unknown = refusal.error.may_have_happened();
                    for unit in left {
                        let error = refusal.error.clone();
                        sent[unit] = Some(if unknown { Sent::Unknown(error) } else { Sent::Undone(error) });
                    }
                    return Some(match refusal.error {
                        error if unknown => PlatformError::Unavailable {
                            message: format!("not sent, for a request before it had no known outcome ({error})"),
                        },
                        error => error,
                    });
                }
                left.retain(|unit| !refused.contains(unit));
            }
        }
    }
    None
}

/// Files the errors with their units; the answer is which units were refused.
fn take_out(units: &[Unit], left: &[usize], items: Vec<ItemError>, sent: &mut [Option<Sent>]) -> Vec<usize> {
    let mut refused = Vec::new();
    for item in items {
        let Some((unit, operation)) = item.index.and_then(|index| owner(units, left, index)) else { continue };
        match &mut sent[unit] {
            Some(Sent::Refused(errors)) => errors.push((operation, item)),
            slot => {
                *slot = Some(Sent::Refused(vec![(operation, item)]));
                refused.push(unit);
            }
        }
    }
    refused
}

/// Which unit an operation of a request belongs to, and which of its operations it is.
fn owner(units: &[Unit], left: &[usize], mut index: usize) -> Option<(usize, usize)> {
    for &unit in left {
        let size = units[unit].operations.len();
        if index < size {
            return Some((unit, index));
        }
        index -= size;
    }
    None
}

/// Sends single operations, each for itself: `partialFailure`.
pub(super) async fn send_singly(client: &Client, operations: &[Value]) -> Vec<Sent> {
    let mut sent: Vec<Sent> = Vec::with_capacity(operations.len());
    let mut stop: Option<PlatformError> = None;
    for chunk in operations.chunks(OPERATIONS_PER_REQUEST) {
        if let Some(error) = &stop {
            sent.extend(chunk.iter().map(|_| Sent::Undone(error.clone())));
            continue;
        }
        match client.mutate(chunk, true).await {
            Ok(mutated) => {
                let mut results: Vec<Sent> = chunk
                    .iter()
                    .enumerate()
                    .map(|(index, _)| Sent::Done(vec![mutated.names.get(index).cloned().flatten()]))
                    .collect();
                for item in mutated.failed {
                    match item.index {
                        Some(index) if index < results.len() => results[index] = one_failure(item),
                        // An error that belongs to nothing may belong to anything.
                        _ => results.iter_mut().for_each(|result| *result = Sent::Unknown(item.error.clone())),
                    }
                }
                sent.extend(results);
            }
            Err(refusal) => {
                let error = refusal.error;
                let unknown = error.may_have_happened();
                let outcome = if unknown { Sent::Unknown(error.clone()) } else { Sent::Undone(error.clone()) };
                sent.extend(chunk.iter().map(|_| outcome.clone()));
                stop = Some(error);
            }
        }
    }
    sent
}

fn one_failure(item: ItemError) -> Sent {
    if item.error.may_have_happened() { Sent::Unknown(item.error) } else { Sent::Refused(vec![(0, item)]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(sizes: &[usize]) -> Vec<Unit> {
        sizes.iter().map(|size| Unit { operations: vec![Value::Null; *size] }).collect()
    }

    #[test]
    fn a_request_holds_whole_units() {
        let most = OPERATIONS_PER_REQUEST;
        assert_eq!(requests(&units(&[most / 2, most / 2, 1, most + 1, 1])), [vec![0, 1], vec![2], vec![3], vec![4]]);
        assert!(requests(&[]).is_empty());
    }

    #[test]
    fn an_index_leads_to_its_unit() {
        let units = units(&[3, 2, 4]);
        assert_eq!(owner(&units, &[0, 2], 2), Some((0, 2)));
        assert_eq!(owner(&units, &[0, 2], 3), Some((2, 0)));
        assert_eq!(owner(&units, &[0, 2], 7), None);
    }
}
