//! The TikTok Business API, v1.3: smart+ campaigns for websites, and what a connector for them reads.
//!
//! State lives in [`account`]; [`rules`] say what may be written, [`writes`] writes it, [`list`] and [`report`] read it,
//! [`delivery`] computes what it earns and costs. [`service`] is the API's surface. Everything is synchronous: one
//! request at a time works on the state.
//!
//! Facts come from TikTok's official operation files and SDK (fields, types, enums), from its documentation as public
//! mirrors have it (rules, answers), and from public code. What is assumed says so.

pub mod account;
mod assets;
pub mod auth;
pub mod config;
pub mod delivery;
pub mod edits;
pub mod errors;
pub mod limits;
mod list;
pub mod media;
pub mod money;
pub mod object;
pub(crate) mod port;
mod query;
mod regions;
mod report;
pub mod review;
pub mod rules;
pub mod schema;
pub mod service;
pub mod status;
mod targeting;
pub mod view;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::Error;
use crate::ledger::{Actor, Change, LedgerEntry};
use account::Advertiser;
use auth::Auth;
use config::TikTokConfig;
use limits::Windows;
use object::{Kind, Object};
use rules::Context;
use status::View;

/// Ids have as many digits as the real ones.
const FIRST_ID: u64 = 1_770_000_000_000_000_000;

/// The simulated service: accounts, tokens, limits.
#[derive(Debug)]
pub struct TikTok {
    /// What is simulated. Lag, delays and rules can change at any time.
    pub config: TikTokConfig,
    /// Accounts by advertiser id.
    pub advertisers: BTreeMap<String, Advertiser>,
    /// Tokens.
    pub auth: Auth,
    seed: u64,
    pub(crate) windows: Windows,
    denied: BTreeSet<String>,
    last_id: u64,
    requests: u64,
}

/// A write that has been made.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) before: Option<Arc<Object>>,
    pub(crate) after: Object,
    pub(crate) live: i64,
}

impl TikTok {
    /// The service of a configuration.
    pub fn new(config: TikTokConfig, seed: u64) -> Result<TikTok, Error> {
        let keep = config.read_lag.max(SignedDuration::from_hours(1));
        let mut advertisers = BTreeMap::new();
        for advertiser in &config.advertisers {
            let account = Advertiser::new(advertiser.clone(), keep)
                .map_err(|error| Error::Config(format!("advertiser {}: {error}", advertiser.advertiser_id)))?;
            advertisers.insert(account.id().to_owned(), account);
        }
        Ok(TikTok {
            config,
            advertisers,
            auth: Auth::default(),
            seed,
            windows: Windows::default(),
            denied: BTreeSet::new(),
            last_id: FIRST_ID,
            requests: 0,
        })
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// The next request id.
    fn request_id(&mut self) -> String {
        self.requests += 1;
        let mixed = self.seed.wrapping_add(self.requests).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!("sim{mixed:016X}{:015X}", self.requests)
    }

    fn context<'a>(&'a self, account: &'a Advertiser, now: Timestamp) -> Context<'a> {
        Context { account, config: &self.config, seed: self.seed, now }
    }

    /// An account as it is now.
    fn present<'a>(&'a self, account: &'a Advertiser, now: Timestamp) -> View<'a> {
        View { account, config: &self.config, seed: self.seed, now, as_of: None }
    }

    /// Writes an object.
    fn write(&mut self, advertiser: &str, object: Object, now: Timestamp) -> Option<Written> {
        let account = self.advertisers.get_mut(advertiser)?;
        let before = account.get(object.kind, object.id).cloned();
        account.put(object.clone(), now);
        let campaign = account.campaign_of(&object);
        account.recount(campaign, now);
        delivery::record(account, campaign, &self.config, self.seed, now);
        let live = account.live_daily_budget(now);
        Some(Written { before, after: object, live })
    }

    /// Records anew what all ads are set to, as when the account's status has changed.
    fn touch_all(&mut self, advertiser: &str, now: Timestamp) {
        let Some(account) = self.advertisers.get_mut(advertiser) else { return };
        let campaigns: Vec<u64> = account.all(Kind::Campaign, None).map(|c| c.id).collect();
        for campaign in campaigns {
            delivery::record(account, campaign, &self.config, self.seed, now);
        }
    }
}

/// The ledger entries of writes. A write that changed nothing has none.
fn entries(advertiser: &str, written: &[Written], actor: &Actor, request_id: &str, now: Timestamp) -> Vec<LedgerEntry> {
    written
        .iter()
        .map(|write| LedgerEntry {
            sequence: 0,
            at: now,
            platform: "tiktok".into(),
            actor: actor.clone(),
            account: advertiser.to_owned(),
            change: match (&write.before, write.after.deleted) {
                (None, _) => Change::Create,
                (Some(_), true) => Change::Remove,
                _ => Change::Update,
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

/// The fields of one version that the other lacks or has otherwise; of a first version, what it lies in, too.
fn differences(of: Option<&Object>, from: Option<&Object>) -> BTreeMap<String, Value> {
    let Some(of) = of else { return BTreeMap::new() };
    let Some(from) = from.map(Object::fields) else {
        let parent = if of.kind == Kind::Ad { Kind::Adgroup } else { Kind::Campaign };
        let within = (of.parent != 0).then(|| (parent.id_field().to_owned(), of.parent.to_string().into()));
        return of.fields().into_iter().chain(within).collect();
    };
    of.fields().into_iter().filter(|(name, value)| from.get(name) != Some(value)).collect()
}
