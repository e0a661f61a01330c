//! Mutate requests: parsed operations are applied one after the other, all or nothing unless `partialFailure` is set.
//!
//! A request works on the account itself and keeps an undo log; a failed or `validateOnly` request is rolled back. All
//! operations are checked even after one has failed, so that several errors are told at once, as the real service
//! does.

mod ad;
mod ad_group;
mod budget;
mod campaign;
mod criterion;
mod driver;
mod goal;
mod label;
mod mask;
mod request;
mod rules;

pub use ad::width;
pub use driver::{Applied, Outcome, apply_one, execute};
pub use request::{Action, Operation, Request};
pub(in crate::google) use rules::parse_own;
use rules::{Errors, check_status, check_url_fields, created_removed, default, fail, limit, removed};

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::account::Account;
use super::errors::AdsError;
use super::key::{Key, Kind};
use super::object::Object;
use super::schema::Doc;
use crate::config::GoogleConfig;

/// Ids that are unique over all accounts.
#[derive(Debug, Default)]
pub struct Ids {
    last: i64,
    keywords: HashMap<(String, String), i64>,
}

impl Ids {
    /// Ids from 20,000,000,001 on: they do not fit into 32 bits, as the real ones do not.
    pub fn new() -> Ids {
        Ids { last: 20_000_000_000, keywords: HashMap::new() }
    }

    fn next(&mut self) -> i64 {
        self.last += 1;
        self.last
    }
}

/// What a temporary id stands for.
#[derive(Debug, Clone, Copy)]
enum Temporary {
    Created(Key),
    Failed,
}

/// What the rules of an operation see and use.
pub struct Context<'a> {
    /// The account.
    pub account: &'a mut Account,
    /// Configuration.
    pub config: &'a GoogleConfig,
    /// Business time.
    pub now: Timestamp,
    ids: &'a mut Ids,
    temporary: HashMap<i64, Temporary>,
    /// Objects that change along with the operation's own.
    also: Vec<Object>,
    /// Objects that go along with the operation's own.
    also_delete: Vec<Key>,
}

impl<'a> Context<'a> {
    /// A context for one request.
    pub fn new(account: &'a mut Account, config: &'a GoogleConfig, ids: &'a mut Ids, now: Timestamp) -> Context<'a> {
        Context { account, config, now, ids, temporary: HashMap::new(), also: Vec::new(), also_delete: Vec::new() }
    }

    fn next_id(&mut self) -> i64 {
        self.ids.next()
    }

    /// A keyword of the same text and match type has the same criterion id everywhere.
    fn keyword_id(&mut self, text: &str, match_type: &str) -> i64 {
        let key = (text.trim().to_lowercase(), match_type.to_owned());
        if let Some(id) = self.ids.keywords.get(&key) {
            return *id;
        }
        let id = self.ids.next();
        self.ids.keywords.insert(key, id);
        id
    }

    /// The present day in the account's zone.
    fn today(&self) -> Date {
        self.now.to_zoned(self.account.zone.clone()).date()
    }

    /// The object that a resource name refers to; negative ids stand for objects created earlier in the request.
    fn resolve(&self, kind: Kind, name: &str) -> Result<Arc<Object>, AdsError> {
        let key = Key::parse(kind, self.account.id(), name)?;
        let key = Key { a: self.real(key.a, kind)?, b: self.real(key.b, kind)?, ..key };
        let key = if kind == Kind::Ad { self.account.ad_key(key.a).ok_or_else(AdsError::not_found)? } else { key };
        self.account.get(key).cloned().ok_or_else(AdsError::not_found)
    }

    fn real(&self, id: i64, kind: Kind) -> Result<i64, AdsError> {
        if id >= 0 {
            return Ok(id);
        }
        match self.temporary.get(&id) {
            Some(Temporary::Created(key)) if key.kind == kind || may_stand_for(kind, key.kind) => Ok(key.id()),
            Some(Temporary::Failed) => Err(AdsError::new(
                "newResourceCreationError",
                "TEMP_ID_RESOURCE_HAD_ERRORS",
                "The resource that the temporary id refers to had errors.",
            )),
            _ => Err(AdsError::not_found()),
        }
    }

    /// Reads a required resource name field of a document.
    fn reference(&self, doc: &Doc, json: &str, snake: &str, kind: Kind, errors: &mut Errors) -> Option<Arc<Object>> {
        let name = doc.get(json).and_then(serde_json::Value::as_str).unwrap_or_default();
        if name.is_empty() {
            errors.push(AdsError::required(snake));
            return None;
        }
        self.resolve(kind, name).map_err(|error| errors.push(error.at(snake).trigger(name))).ok()
    }
}

/// Whether an id in a name of `kind` may stand for an object of `part`.
fn may_stand_for(kind: Kind, part: Kind) -> bool {
    match kind {
        Kind::CampaignLabel => matches!(part, Kind::Campaign | Kind::Label),
        Kind::CampaignCriterion | Kind::GoalConfig => part == Kind::Campaign,
        Kind::AdGroupAd | Kind::AdGroupCriterion => part == Kind::AdGroup,
        Kind::Ad => part == Kind::AdGroupAd,
        _ => false,
    }
}
