//! Meta's Marketing API, v26.0.
//!
//! State lives in [`account`]. [`service`] is the API's surface, [`batch`] calls it several times; [`write`] and the
//! modules of the kinds hold the rules, [`changes`] makes what passes them final. [`edges`] and [`nodes`] read,
//! [`delivery`] computes what ad sets earn and cost, [`insights`] shows that. Everything is synchronous: one request at
//! a time works on the state.

pub mod account;
pub mod ads;
pub mod adsets;
pub mod auth;
pub mod batch;
pub mod budgets;
pub mod campaigns;
pub mod changes;
pub mod config;
pub mod delivery;
pub mod edges;
pub mod edits;
pub mod errors;
pub mod fields;
pub mod filters;
pub mod insights;
pub mod labels;
pub mod live;
pub mod media;
pub mod nodes;
pub mod object;
pub mod pages;
pub mod params;
pub mod places;
mod port;
pub mod schema;
pub mod service;
pub mod status;
pub mod targeting;
pub mod usage;
pub mod view;
pub mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::body::Bytes;
use jiff::{SignedDuration, Timestamp};

use crate::Error;
use account::Account;
use auth::Auth;
use config::MetaConfig;
use usage::Hour;

/// The first id of an object; ids are unique over all accounts and kinds.
const FIRST_ID: i64 = 120_200_000_000_001;

/// The simulated service: accounts, tokens, quotas.
#[derive(Debug)]
pub struct Meta {
    /// Configuration.
    pub config: MetaConfig,
    /// Seed of the delivery.
    pub seed: u64,
    /// Accounts by id, without `act_`.
    pub accounts: BTreeMap<String, Account>,
    /// Tokens.
    pub auth: Auth,
    /// Accounts that nobody may touch any more.
    pub denied: BTreeSet<String>,
    owners: HashMap<i64, String>,
    /// The contents of images, by hash.
    contents: HashMap<String, Bytes>,
    app_calls: Hour,
    last_id: i64,
    requests: u64,
}

impl Meta {
    /// The service of a configuration.
    pub fn new(config: MetaConfig, seed: u64) -> Result<Meta, Error> {
        let keep = config.read_lag.max(SignedDuration::from_hours(1));
        let mut accounts = BTreeMap::new();
        for account in &config.accounts {
            let made = Account::new(account.clone(), keep)
                .map_err(|error| Error::Config(format!("account act_{}: {error}", account.id)))?;
            accounts.insert(account.id.clone(), made);
        }
        Ok(Meta {
            config,
            seed,
            accounts,
            auth: Auth::default(),
            denied: BTreeSet::new(),
            owners: HashMap::new(),
            contents: HashMap::new(),
            app_calls: Hour::default(),
            last_id: FIRST_ID - 1,
            requests: 0,
        })
    }

    /// The account of an object.
    pub fn owner(&self, id: i64) -> Option<&str> {
        self.owners.get(&id).map(String::as_str)
    }

    /// The next id for an object of an account.
    fn new_id(&mut self, account: &str) -> i64 {
        self.last_id += 1;
        self.owners.insert(self.last_id, account.to_owned());
        self.last_id
    }

    /// The next `fbtrace_id`.
    fn trace_id(&mut self) -> String {
        self.requests += 1;
        let mixed = self.seed.wrapping_add(self.requests).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!("A{mixed:016x}{:03x}", self.requests & 0xFFF)
    }

    /// The next instant at which something happens by itself.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        self.accounts.values().filter_map(|a| a.next_due(now, self.config.read_lag)).min()
    }
}
