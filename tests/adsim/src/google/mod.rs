//! The Google Ads API, REST, v26.
//!
//! State lives in [`account`]; [`mutate`] changes it, [`gaql`] reads it, [`delivery`] computes what it earns and
//! costs. [`service`] is the API's surface. Everything is synchronous: one request at a time works on the state.

pub mod account;
pub mod auth;
pub mod config;
pub mod constants;
pub mod delivery;
pub mod edits;
pub mod errors;
pub mod gaql;
pub mod key;
pub mod mutate;
pub mod object;
mod pages;
pub(crate) mod port;
pub mod quota;
pub mod review;
pub mod schema;
pub mod service;
pub mod status;
pub mod suggest;
pub mod view;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::Error;
use crate::config::GoogleConfig;
use crate::ledger::{Actor, Change, LedgerEntry};
use account::Account;
use auth::Auth;
use mutate::{Applied, Ids};
use object::Object;
use pages::Pages;
use quota::Quota;

/// The simulated service: accounts, credentials, quotas.
#[derive(Debug)]
pub struct Google {
    /// Configuration.
    pub config: GoogleConfig,
    /// Seed of the delivery.
    pub seed: u64,
    /// Accounts by customer id.
    pub accounts: BTreeMap<String, Account>,
    /// Tokens.
    pub auth: Auth,
    /// Quotas.
    pub quota: Quota,
    /// Customers that nobody may touch any more.
    pub denied: BTreeSet<String>,
    ids: Ids,
    pages: Pages,
    requests: u64,
}

impl Google {
    /// The service of a configuration.
    pub fn new(config: GoogleConfig, seed: u64) -> Result<Google, Error> {
        let keep = config.read_lag.max(SignedDuration::from_hours(1));
        let mut accounts = BTreeMap::new();
        for account in &config.accounts {
            let account = Account::new(account.clone(), keep)
                .map_err(|error| Error::Config(format!("account {}: {error}", account.customer_id)))?;
            accounts.insert(account.id().to_owned(), account);
        }
        Ok(Google {
            config,
            seed,
            accounts,
            auth: Auth::default(),
            quota: Quota::default(),
            denied: BTreeSet::new(),
            ids: Ids::new(),
            pages: Pages::default(),
            requests: 0,
        })
    }

    /// The next request id.
    fn request_id(&mut self) -> String {
        self.requests += 1;
        let mixed = self.seed.wrapping_add(self.requests).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!("sim{mixed:016x}{:03x}", self.requests & 0xFFF)
    }

    /// Makes the changes of an account final and returns their ledger entries.
    fn settle(
        &mut self,
        customer: &str,
        applied: &[Applied],
        actor: &Actor,
        request_id: &str,
        now: Timestamp,
    ) -> Vec<LedgerEntry> {
        let Some(account) = self.accounts.get_mut(customer) else { return Vec::new() };
        let dirty = account.commit();
        delivery::record(account, dirty, &self.config, now);
        applied
            .iter()
            .map(|change| LedgerEntry {
                sequence: 0,
                at: now,
                platform: "google".into(),
                actor: actor.clone(),
                account: customer.to_owned(),
                change: kind_of_change(change),
                kind: change.key.kind.json().to_owned(),
                resource_name: change.key.name(customer),
                before: differences(change.before.as_deref(), change.after.as_deref()),
                after: differences(change.after.as_deref(), change.before.as_deref()),
                request_id: request_id.to_owned(),
                live_daily_budget_micros: change.live,
            })
            .collect()
    }
}

fn kind_of_change(change: &Applied) -> Change {
    let gone = |object: &Option<std::sync::Arc<Object>>| object.as_ref().is_none_or(|o| o.is_removed());
    match (gone(&change.before), gone(&change.after)) {
        (true, false) => Change::Create,
        (false, true) => Change::Remove,
        _ => Change::Update,
    }
}

/// The fields that tell what an object is, for the ledger entry of its creation.
const TELLING: &[&str] = &[
    "adGroup",
    "amountMicros",
    "campaign",
    "campaignBudget",
    "endDateTime",
    "keyword",
    "label",
    "language",
    "location",
    "name",
    "negative",
    "startDateTime",
    "status",
];

/// The fields of one version that the other lacks or has otherwise; of a first version, the telling ones.
fn differences(of: Option<&Object>, from: Option<&Object>) -> BTreeMap<String, Value> {
    let Some(of) = of else { return BTreeMap::new() };
    of.doc
        .iter()
        .filter(|(name, value)| match from {
            None => TELLING.contains(&name.as_str()),
            Some(from) => from.doc.get(*name) != Some(value),
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
