//! Pinterest's API for advertising, v5: ad accounts, campaigns, ad groups, targeting options and analytics.
//!
//! State lives in [`account`]; [`rules`] say what may be written, `writes` writes it, `reads` reads it, [`delivery`]
//! computes what it costs. [`service`] is the API's surface. Everything is synchronous: one request at a time works on
//! the state.
//!
//! Facts come from Pinterest's official description (`v5/openapi.yaml`, 5.23.0): paths, fields, types, enums, sizes, which of
//! campaign and ad group has budget and schedule. It says nothing of what an answer lags, of minimum budgets, nor of
//! which refusals are an item's own; what is assumed says so. Ads are not simulated: each ad group counts as having some
//! that somebody has made by hand.

pub mod account;
pub mod config;
pub mod delivery;
pub mod edits;
pub mod errors;
mod limits;
pub mod object;
pub(crate) mod port;
mod query;
mod reads;
pub mod rules;
pub mod service;
pub mod view;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::Error;
use crate::ledger::{Actor, Change, LedgerEntry};
use account::Account;
use config::PinterestConfig;
use limits::Windows;
use object::Object;

/// Ids have as many digits as the real ones.
const FIRST_ID: u64 = 626_736_500_000;

/// The simulated service: accounts, tokens, limits.
#[derive(Debug)]
pub struct Pinterest {
    /// What is simulated. Lag, limits and versions can change at any time.
    pub config: PinterestConfig,
    /// Accounts by id.
    pub accounts: BTreeMap<String, Account>,
    seed: u64,
    revoked: BTreeSet<String>,
    expired: bool,
    windows: Windows,
    last_id: u64,
    requests: u64,
}

/// A write that has been made.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) before: Option<Arc<Object>>,
    pub(crate) after: Arc<Object>,
    pub(crate) live: i64,
}

impl Pinterest {
    /// The service of a configuration.
    pub fn new(config: PinterestConfig, seed: u64) -> Result<Pinterest, Error> {
        let keep = config.read_lag.max(SignedDuration::from_hours(1));
        let mut accounts = BTreeMap::new();
        for account in &config.accounts {
            let account = Account::new(account.clone(), keep)
                .map_err(|error| Error::Config(format!("ad account {}: {error}", account.id)))?;
            accounts.insert(account.config.id.clone(), account);
        }
        Ok(Pinterest {
            config,
            accounts,
            seed,
            revoked: BTreeSet::new(),
            expired: false,
            windows: Windows::default(),
            last_id: FIRST_ID,
            requests: 0,
        })
    }

    /// Revokes a token.
    pub fn revoke_token(&mut self, token: &str) {
        self.revoked.insert(token.to_owned());
    }

    /// Undoes a revocation, and the end of all tokens.
    pub fn restore_token(&mut self, token: &str) {
        self.revoked.remove(token);
        self.expired = false;
    }

    /// Ends all tokens until one is restored.
    pub fn end_tokens(&mut self) {
        self.expired = true;
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn request_id(&mut self) -> String {
        self.requests += 1;
        format!("pin-{:012}", self.requests)
    }

    /// Writes an object.
    fn write(&mut self, account: &str, object: Object, now: Timestamp) -> Option<Written> {
        let account = self.accounts.get_mut(account)?;
        let before = account.get(object.kind, object.id).cloned();
        let after = Arc::new(object);
        account.put(after.clone(), now);
        account.recount(after.campaign(), now);
        delivery::record(account, after.campaign(), &self.config.delivery, self.seed, now);
        let live = account.live_daily_budget(now);
        Some(Written { before, after, live })
    }

    /// Records anew what all campaigns are set to, as when the account's state has changed.
    fn touch_all(&mut self, account: &str, now: Timestamp) {
        let Some(account) = self.accounts.get_mut(account) else { return };
        let campaigns: Vec<u64> = account.all(object::Kind::Campaign, None).map(|campaign| campaign.id).collect();
        for campaign in campaigns {
            delivery::record(account, campaign, &self.config.delivery, self.seed, now);
        }
    }
}

/// The ledger entries of writes. A write that changed nothing has none.
fn entries(account: &str, written: &[Written], actor: &Actor, request_id: &str, now: Timestamp) -> Vec<LedgerEntry> {
    written
        .iter()
        .map(|write| LedgerEntry {
            sequence: 0,
            at: now,
            platform: "pinterest".into(),
            actor: actor.clone(),
            account: account.to_owned(),
            change: match &write.before {
                None => Change::Create,
                Some(before) if write.after.is_archived() && !before.is_archived() => Change::Remove,
                Some(_) => Change::Update,
            },
            kind: write.after.kind.name().to_owned(),
            resource_name: format!("{}/{}", write.after.kind.name(), write.after.id),
            before: differences(write.before.as_deref(), Some(&write.after)),
            after: differences(Some(&write.after), write.before.as_deref()),
            request_id: request_id.to_owned(),
            live_daily_budget_micros: write.live,
        })
        .filter(|entry| entry.change != Change::Update || !entry.before.is_empty() || !entry.after.is_empty())
        .collect()
}

/// The fields of one version that the other lacks or has otherwise.
fn differences(of: Option<&Object>, from: Option<&Object>) -> BTreeMap<String, Value> {
    let Some(of) = of else { return BTreeMap::new() };
    let fields = of.doc.iter().filter(|(name, value)| from.and_then(|from| from.doc.get(*name)) != Some(value));
    fields.map(|(name, value)| (name.clone(), value.clone())).collect()
}
