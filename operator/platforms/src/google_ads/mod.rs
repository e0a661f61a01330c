//! Google Ads, by its REST API (v26).
//!
//! # A line on Google
//! One campaign budget of its own, one Search campaign with two labels, places (by presence) and
//! languages, one ad group with keywords and excluded demographic groups, and its responsive search
//! ads. The name of the campaign and of the ad group ends in the line's token.
//!
//! # Reading
//! Listings go kind by kind ([`listing`]), so that a poll costs pages and not objects; what was read
//! ([`tree`]) is translated into core's words ([`observe`]). Anything that keeps a line from being what
//! its settings say (an ad group paused or removed, an ad of another ad group, targeting by interest)
//! shows as a difference in one of its settings.
//!
//! # Writing
//! A line is created whole or not at all ([`create`]); changes that belong together are sent together
//! ([`change`], [`batch`]). `partialFailure` is used only where each operation stands for itself.

mod account;
mod auth;
mod batch;
mod bidding;
mod blueprint;
mod change;
mod client;
mod cost;
mod create;
mod describe;
mod errors;
mod goals;
mod holder;
mod inventory;
mod labels;
mod listing;
mod observe;
mod operations;
mod ownership;
mod places;
mod rehearsal;
mod render;
mod rules;
mod spend;
mod structure;
mod text;
mod tree;
mod wire;

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adops_core::campaign::observed::{ExternalId, ObservedLine, Snapshot};
use adops_core::campaign::plan::{Action, NewLine};
use adops_core::campaign::settings::Pool;
use adops_core::marker::{CampaignHash, Installation};
use adops_core::market::Place;
use adops_core::platform::{Platform, PlatformRules};
use adops_core::secret::Secret;
use async_trait::async_trait;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

pub use self::rules::Rules;

use self::account::Basics;
use self::auth::Auth;
use self::client::Client;
use self::goals::Goals;
use self::labels::{LabelBook, Labels};
use self::observe::Lens;
use self::ownership::Known;
use self::places::Atlas;
use self::tree::Tree;
use crate::error::PlatformError;
use crate::port::{AccountFacts, AdPlatform, ConnectError, Connection, Inventory, Outcome, Rehearsed, Scope, Spend};
use crate::quota::{Meter, Quota};
use crate::transport::Transport;

/// Its name.
pub const PLATFORM: Platform = Platform::named("Google");

const ENDPOINT: &str = "https://googleads.googleapis.com";
const VERSION: &str = "v26";
const READ_AFTER_WRITE_LAG: SignedDuration = SignedDuration::from_secs(5);

/// One Google Ads account.
pub struct GoogleAds {
    client: Client,
    request_timeout: Duration,
    installation: Installation,
    atlas: Atlas,
    labels: Labels,
    basics: tokio::sync::Mutex<Option<Basics>>,
    /// What the last reading of each campaign said of how it is to be changed.
    known: Mutex<HashMap<ExternalId, Known>>,
}

impl GoogleAds {
    /// A connector.
    pub fn new(connection: Connection) -> Result<Self, ConnectError> {
        let auth = Auth::new(&connection.credentials)?;
        let endpoint = connection.endpoint.as_deref().unwrap_or(ENDPOINT).trim_end_matches('/').to_owned();
        for url in [endpoint.as_str(), auth.token_uri()] {
            connection.allow.check_url(url).map_err(|error| match error {
                PlatformError::EndpointNotAllowed { url } => ConnectError::NotAllowed { url },
                _ => ConnectError::NotAllowed { url: "the endpoint".to_owned() },
            })?;
        }
        let transport = Transport::of(&connection, rehearsal::is_dry_run)
            .map_err(|error| ConnectError::BadKey { key: "token_uri".to_owned(), message: error.to_string() })?;
        let developer_token = connection
            .credentials
            .get("developer_token")
            .map(|token| Secret::new(token.reveal().trim()))
            .filter(|token| !token.reveal().is_empty());
        // Operations are counted by the cloud project of the credentials, at this endpoint.
        let scope = CampaignHash::of(&format!("{endpoint} {}", auth.project()));
        let quota = connection.quotas.scope(&format!("google/{scope}"), &cost::zone());
        let client = Client {
            transport,
            auth,
            meter: Meter::new(quota, connection.clock.clone()),
            clock: connection.clock,
            base: format!("{endpoint}/{}", connection.api_version.as_deref().unwrap_or(VERSION)),
            customer: digits(&connection.account_id),
            login: connection.manager_id.as_deref().map(digits),
            developer_token,
            keeper: connection.hold.map(|hold| {
                let lag = READ_AFTER_WRITE_LAG.unsigned_abs();
                holder::Keeper::new(hold, connection.request_timeout, lag)
            }),
            rehearsal: connection.rehearsal,
        };
        Ok(Self {
            client,
            request_timeout: connection.request_timeout,
            installation: connection.installation,
            atlas: Atlas::default(),
            labels: Labels::default(),
            basics: tokio::sync::Mutex::new(None),
            known: Mutex::new(HashMap::new()),
        })
    }

    /// What never changes on the account.
    async fn basics(&self) -> Result<Basics, PlatformError> {
        let mut held = self.basics.lock().await;
        if let Some(basics) = held.as_ref() {
            return Ok(basics.clone());
        }
        Ok(held.insert(account::read_basics(&self.client).await?).clone())
    }

    /// The account's day.
    fn today(&self, basics: &Basics) -> Date {
        self.client.clock.now().to_zoned(basics.time_zone.clone()).date()
    }

    async fn goals_of(
        &self,
        actions: BTreeSet<String>,
    ) -> Result<BTreeMap<String, Result<String, PlatformError>>, PlatformError> {
        goals::ensure(&self.client, actions).await
    }

    async fn read(&self, scope: &Scope) -> Result<Snapshot, PlatformError> {
        let began = self.client.clock.now();
        let (labels, goals) =
            tokio::join!(self.labels.read(&self.client, &self.installation), Goals::read(&self.client));
        let (labels, goals) = (labels?, goals?);
        let trees = match scope {
            Scope::All { held } => listing::all(&self.client, &self.installation, &labels, &goals, held).await?,
            Scope::Ids(ids) => listing::of_ids(&self.client, &goals, ids).await?,
        };
        self.remember(&trees, &labels, matches!(scope, Scope::All { .. }));
        let constants = observe::constants(&trees);
        let lines = self.lines(trees, &constants, &labels, &goals, began).await?;
        Ok(Snapshot { began, lines, ..Snapshot::default() })
    }

    /// Trees as lines, one after the other: a listing of thousands of them is not held in both forms.
    async fn lines<T: Borrow<Tree>>(
        &self,
        trees: impl IntoIterator<Item = (ExternalId, T)> + Send,
        constants: &BTreeSet<String>,
        labels: &LabelBook,
        goals: &Goals,
        seen: Timestamp,
    ) -> Result<BTreeMap<ExternalId, ObservedLine>, PlatformError> {
        let places = self.atlas.places(&self.client, constants).await?;
        let languages = self.atlas.languages(&self.client).await?;
        let (places, languages) = (&places, &languages);
        let lens = Lens { installation: &self.installation, labels, places, languages, goals, seen };
        let mut pool = Pool::default();
        let lines = trees.into_iter().map(|(id, tree)| {
            let mut line = lens.line(tree.borrow())?;
            line.settings.share(&mut pool);
            Ok((id, line))
        });
        lines.collect()
    }

    /// Keeps what is needed to change what was read; a full listing replaces all that was kept.
    fn remember(&self, trees: &BTreeMap<ExternalId, Tree>, labels: &LabelBook, full: bool) {
        let mut known = self.known();
        if full {
            known.clear();
        }
        for (id, tree) in trees {
            known.insert(id.clone(), Known::of(tree, &self.installation, labels));
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<ExternalId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl AdPlatform for GoogleAds {
    fn rules(&self) -> Arc<dyn PlatformRules> {
        Arc::new(Rules)
    }

    fn read_after_write_lag(&self) -> SignedDuration {
        READ_AFTER_WRITE_LAG
    }

    fn request_timeout(&self) -> SignedDuration {
        SignedDuration::try_from(self.request_timeout).unwrap_or(SignedDuration::MAX)
    }

    fn quota(&self) -> &Arc<Quota> {
        self.client.meter.quota()
    }

    fn cost(&self, change: &Action) -> u64 {
        cost::of(change)
    }

    fn cost_of_listing(&self) -> u64 {
        cost::LISTING
    }

    fn operations_per_request(&self) -> u64 {
        u64::try_from(client::OPERATIONS_PER_REQUEST).unwrap_or(u64::MAX)
    }

    async fn account(&self) -> Result<AccountFacts, PlatformError> {
        let mut held = self.basics.lock().await;
        let (facts, basics) = account::read(&self.client, held.clone()).await?;
        *held = Some(basics);
        Ok(facts)
    }

    async fn observe(&self, scope: &Scope) -> Result<Snapshot, PlatformError> {
        self.read(scope).await
    }

    async fn named(&self, names: &BTreeSet<String>) -> Result<BTreeMap<String, BTreeSet<ExternalId>>, PlatformError> {
        listing::called(&self.client, names).await
    }

    async fn inventory(&self) -> Result<Inventory, PlatformError> {
        self.take_inventory().await
    }

    fn holder(&self) -> Option<String> {
        self.labels.book().holder.map(|record| record.to_string())
    }

    async fn hold(&self) -> Result<(), PlatformError> {
        self.client.hold().await.map(|_| ())
    }

    async fn spend(&self, since: Date) -> Result<Spend, PlatformError> {
        let basics = self.basics().await?;
        let labels = self.labels.read(&self.client, &self.installation).await?;
        spend::read(&self.client, &self.installation, &labels, since, self.today(&basics)).await
    }

    async fn resolve(&self, places: &BTreeSet<Place>) -> Result<BTreeMap<Place, String>, PlatformError> {
        self.atlas.resolve(&self.client, places).await
    }

    async fn create(&self, lines: &[NewLine]) -> Vec<Outcome> {
        self.create_lines(lines).await
    }

    async fn rehearse(&self, lines: &[NewLine], changes: &[Action]) -> Vec<Result<Rehearsed, PlatformError>> {
        self.rehearse_all(lines, changes).await
    }

    async fn change(&self, changes: &[Action]) -> Vec<Outcome> {
        self.change_objects(changes).await
    }
}

/// A customer id without its dashes.
fn digits(id: &str) -> String {
    id.chars().filter(char::is_ascii_digit).collect()
}
