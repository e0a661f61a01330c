//! Writing campaigns and ad groups: thirty in a request, each with an outcome of its own.

use serde_json::Value as Json;

use super::client::{Client, Verb};
use super::errors::{after, of_item};
use super::wire::{Item, Items};
use crate::error::PlatformError;

/// Items in a request.
const ITEMS: usize = 30;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Campaign,
    AdGroup,
}

impl Kind {
    fn path(self) -> &'static str {
        match self {
            Self::Campaign => "campaigns",
            Self::AdGroup => "ad_groups",
        }
    }
}

/// Why nothing more is sent, if something says so: a request that fails for the whole account speaks for those that were
/// not sent yet.
#[derive(Debug, Default)]
pub(super) struct Halt(Option<PlatformError>);

impl Client {
    /// Writes items and answers with the id of each, or why it was not written, in order.
    pub(super) async fn write_items(
        &self,
        verb: Verb,
        kind: Kind,
        items: &[Json],
        halt: &mut Halt,
    ) -> Vec<Result<String, PlatformError>> {
        let mut results = Vec::with_capacity(items.len());
        for chunk in items.chunks(ITEMS) {
            let sent = self.write_some(verb, kind, chunk, halt).await;
            match sent {
                // One item that does not fit the description must not take the others with it. None was written.
                Err(PlatformError::Rejected { .. }) if chunk.len() > 1 => {
                    for item in chunk {
                        let alone = self.write_some(verb, kind, std::slice::from_ref(item), halt).await;
                        results.extend(each(alone, 1));
                    }
                }
                sent => results.extend(each(sent, chunk.len())),
            }
        }
        results
    }

    async fn write_some(
        &self,
        verb: Verb,
        kind: Kind,
        items: &[Json],
        halt: &mut Halt,
    ) -> Result<Vec<Result<String, PlatformError>>, PlatformError> {
        if let Some(error) = &halt.0 {
            return Err(after(error));
        }
        let answer: Result<Items, PlatformError> = self.write(verb, kind.path(), items).await;
        if let Err(error) = &answer
            && !matches!(error, PlatformError::Rejected { .. })
        {
            halt.0 = Some(error.clone());
        }
        let answer = answer?;
        if answer.items.len() != items.len() {
            let message = format!("{} items were sent, {} answered", items.len(), answer.items.len());
            return Err(PlatformError::Unreadable { message });
        }
        Ok(items.iter().zip(answer.items).map(|(item, answer)| outcome(item, answer)).collect())
    }
}

fn each(
    sent: Result<Vec<Result<String, PlatformError>>, PlatformError>,
    count: usize,
) -> Vec<Result<String, PlatformError>> {
    sent.unwrap_or_else(|error| vec![Err(error); count])
}

/// What an answer's item says of the item that was sent. That they come in the order in which they were sent, the
/// description does not say: it is checked.
fn outcome(sent: &Json, answer: Item) -> Result<String, PlatformError> {
    if !answer.exceptions.is_empty() {
        return Err(of_item(&answer.exceptions));
    }
    let unreadable = |message: &str| PlatformError::Unreadable { message: message.to_owned() };
    let data = answer.data.filter(|data| !data.id.is_empty());
    let data = data.ok_or_else(|| unreadable("an item of the answer has neither data nor exceptions"))?;
    let is_it = match sent["id"].as_str() {
        Some(id) => data.id == id,
        None => sent["name"].as_str() == Some(data.name.as_str()),
    };
    if is_it { Ok(data.id) } else { Err(unreadable("the answer's items are in another order than those sent")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_items_outcome_is_its_own() {
        let item = |value: Json| serde_json::from_value::<Item>(value).unwrap();
        let (new, old) = (json!({ "name": "a" }), json!({ "id": "7", "name": "a" }));
        let done = || item(json!({ "data": { "id": "7", "name": "a" }, "exceptions": [] }));
        assert_eq!((outcome(&new, done()), outcome(&old, done())), (Ok("7".to_owned()), Ok("7".to_owned())));
        let refused = item(json!({ "data": null, "exceptions": [{ "code": 1, "message": "No." }] }));
        assert!(matches!(outcome(&new, refused), Err(PlatformError::Rejected { .. })));
        for odd in [json!({}), json!({ "data": { "id": "8", "name": "b" } })] {
            assert!(outcome(&old, item(odd)).unwrap_err().may_have_happened());
        }
    }
}
