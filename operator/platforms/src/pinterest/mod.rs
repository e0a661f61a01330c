//! Pinterest, by its API v5: campaigns and ad groups. Ads are not covered: people make them.
//!
//! # A line on Pinterest
//! A chain: one campaign with a daily spend cap for all that is in it (campaign budget optimization) and the schedule, and
//! one ad group under it with places, audience and bidding. Pinterest has no labels for everybody: the name of both
//! bears the line's token, and a campaign that *we* have paused or not yet enabled has ` [paused]` at the end of its
//! name. Name and status are changed by the same item of a request. The ad group is created active, the campaign is not
//! and goes live last.
//!
//! A line is rendered only if the AdAccount says that its ads are made by hand (`pinterest.ads: ByHand`); without that it
//! is `Unsupported`, for nothing would be shown. Who holds the account cannot be recorded.
//!
//! # Days
//! An ad account has no time zone of its own in the API, and figures are by days of UTC: UTC is its zone.
//!
//! # Reading and writing
//! Listings go kind by kind ([`listing`]) and are translated into core's words ([`observe`]). Campaigns and ad groups are
//! written thirty in a request, each with an outcome of its own ([`batch`]).

mod account;
mod batch;
mod blueprint;
mod change;
mod client;
mod cost;
mod create;
mod edit;
mod errors;
mod listing;
mod observe;
mod places;
mod render;
mod rules;
mod spend;
mod tree;
mod wire;
mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adops_core::campaign::observed::{ExternalId, Snapshot};
use adops_core::campaign::plan::{Action, NewLine};
use adops_core::marker::{CampaignHash, Installation};
use adops_core::market::Place;
use adops_core::money::Currency;
use adops_core::platform::{Platform, PlatformRules};
use adops_core::secret::Secret;
use async_trait::async_trait;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

pub use self::rules::Rules;

use self::client::Client;
use self::listing::Trees;
use self::observe::Lens;
use self::places::Atlas;
use crate::error::PlatformError;
use crate::port::{AccountFacts, AdPlatform, ConnectError, Connection, Outcome, Scope, Spend};
use crate::quota::{Meter, Quota};
use crate::transport::{NO_DRY_RUN, Transport};

/// Its name.
pub const PLATFORM: Platform = Platform::named("Pinterest");

const ENDPOINT: &str = "https://api.pinterest.com";
const VERSION: &str = "v5";
/// Pinterest does not say how long a listing may not show a write.
const READ_AFTER_WRITE_LAG: SignedDuration = SignedDuration::from_secs(10);

/// One Pinterest ad account.
pub struct Pinterest {
    client: Client,
    request_timeout: Duration,
    installation: Installation,
    atlas: Atlas,
    currency: tokio::sync::Mutex<Option<Currency>>,
    /// Campaigns that were ours when they were read, under whatever name.
    ours: Mutex<BTreeSet<ExternalId>>,
    /// Whether the last listing said that Pinterest has stopped the advertiser: the account itself does not say it.
    disabled: AtomicBool,
    /// Until when, by business time, a request for a part of a chain may still have its effect without being seen.
    open: Mutex<HashMap<ExternalId, Timestamp>>,
}

impl Pinterest {
    /// A connector.
    pub fn new(connection: Connection) -> Result<Self, ConnectError> {
        let token = token(&connection.credentials)?;
        let endpoint = connection.endpoint.as_deref().unwrap_or(ENDPOINT).trim_end_matches('/').to_owned();
        connection.allow.check_url(&endpoint).map_err(|error| match error {
            PlatformError::EndpointNotAllowed { url } => ConnectError::NotAllowed { url },
            _ => ConnectError::NotAllowed { url: "the endpoint".to_owned() },
        })?;
        let transport = Transport::of(&connection, NO_DRY_RUN)
            .map_err(|error| ConnectError::BadKey { key: "access_token".to_owned(), message: error.to_string() })?;
        let scope = CampaignHash::of(&format!("{endpoint} {}", token.reveal()));
        let quota = connection.quotas.scope(&format!("pinterest/{scope}"), &TimeZone::UTC);
        let client = Client {
            transport,
            meter: Meter::new(quota, connection.clock.clone()),
            clock: connection.clock,
            base: format!("{endpoint}/{}", connection.api_version.as_deref().unwrap_or(VERSION)),
            account: connection.account_id.trim().to_owned(),
            token,
        };
        Ok(Self {
            client,
            request_timeout: connection.request_timeout,
            installation: connection.installation,
            atlas: Atlas::default(),
            currency: tokio::sync::Mutex::new(None),
            ours: Mutex::default(),
            disabled: AtomicBool::new(false),
            open: Mutex::default(),
        })
    }

    /// The account's currency, which never changes.
    async fn currency(&self) -> Result<Currency, PlatformError> {
        let mut held = self.currency.lock().await;
        if let Some(currency) = *held {
            return Ok(currency);
        }
        Ok(*held.insert(account::read(&self.client).await?.currency))
    }

    async fn read(&self, scope: &Scope) -> Result<Snapshot, PlatformError> {
        let began = self.client.clock.now();
        let currency = self.currency().await?;
        let trees = match scope {
            Scope::All { held } => listing::all(&self.client, &self.installation, held).await?,
            Scope::Ids(ids) => listing::of_ids(&self.client, ids).await?,
        };
        if matches!(scope, Scope::All { .. }) {
            self.remember(&trees);
        }
        let lens = Lens { installation: &self.installation, currency, seen: began };
        let lines =
            trees.iter().map(|(id, tree)| Ok((id.clone(), lens.line(tree)?))).collect::<Result<_, PlatformError>>()?;
        Ok(Snapshot { began, lines, ..Snapshot::default() })
    }

    fn remember(&self, trees: &Trees) {
        self.disabled.store(trees.values().any(tree::Tree::is_disabled), Ordering::Relaxed);
        let ours = trees.iter().filter(|(_, tree)| tree.is_ours(&self.installation)).map(|(id, _)| id.clone());
        self.ours().extend(ours);
    }

    fn ours(&self) -> MutexGuard<'_, BTreeSet<ExternalId>> {
        self.ours.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<ExternalId, Timestamp>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl AdPlatform for Pinterest {
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
        cost::AT_A_TIME
    }

    async fn account(&self) -> Result<AccountFacts, PlatformError> {
        let found = account::read(&self.client).await?;
        *self.currency.lock().await = Some(found.currency);
        Ok(found.facts(self.disabled.load(Ordering::Relaxed)))
    }

    async fn observe(&self, scope: &Scope) -> Result<Snapshot, PlatformError> {
        self.read(scope).await
    }

    async fn named(&self, names: &BTreeSet<String>) -> Result<BTreeMap<String, BTreeSet<ExternalId>>, PlatformError> {
        listing::called(&self.client, names).await
    }

    async fn spend(&self, since: Date) -> Result<Spend, PlatformError> {
        let listed = self.ours().clone();
        spend::read(&self.client, &self.installation, listed, since).await
    }

    async fn resolve(&self, places: &BTreeSet<Place>) -> Result<BTreeMap<Place, String>, PlatformError> {
        self.atlas.resolve(&self.client, places).await
    }

    async fn create(&self, lines: &[NewLine]) -> Vec<Outcome> {
        self.create_lines(lines).await
    }

    async fn change(&self, changes: &[Action]) -> Vec<Outcome> {
        self.change_objects(changes).await
    }
}

fn token(credentials: &BTreeMap<String, Secret>) -> Result<Secret, ConnectError> {
    let key = "access_token".to_owned();
    let hint = "an access token of a Pinterest app with the scopes ads:read and ads:write";
    let token = credentials.get(&key).map(|token| token.reveal().trim()).filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| ConnectError::MissingKey { key: key.clone(), hint: hint.to_owned() })?;
    if token.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(Secret::new(token));
    }
    Err(ConnectError::BadKey { key, message: "it holds a space or what is no ASCII".to_owned() })
}
