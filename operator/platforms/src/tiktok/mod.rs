//! TikTok, by its Business API (v1.3).
//!
//! # A line on TikTok
//! A chain: one Smart+ campaign with a daily budget, one ad group under it with places, audience and schedule, and its
//! ads, each with its videos. TikTok has no labels: the name of every one of them bears the line's token, in the request
//! that creates it, and a campaign that *we* have paused or not yet enabled has ` [paused]` at the end of its name. Ads
//! are created enabled, campaign and ad group are not, and the campaign goes live last.
//!
//! Who holds the account cannot be recorded: there is nothing to write it on that is not an advertisement. Two clusters
//! on one TikTok account must be told apart by their installation ids. Campaigns that are not Smart+ are neither seen nor
//! adopted: their endpoints are about to end.
//!
//! # Reading
//! Listings go kind by kind ([`listing`]), so that a poll costs pages and not objects; what was read ([`tree`]) is
//! translated into core's words ([`observe`]). Images and videos are found again by the hash of their content, which is
//! their name in the account's library ([`library`]).
//!
//! # Writing
//! Each object is written by a request of its own, only switching takes twenty ([`status`]). A line whose chain broke is
//! continued ([`create`]); the order of the steps of a change says what a crash leaves ([`change`]).

mod account;
mod ads;
mod assets;
mod blueprint;
mod change;
mod client;
mod cost;
mod create;
mod creative;
mod describe;
mod edit;
mod errors;
mod group;
mod halt;
mod inventory;
mod library;
mod listing;
mod lookup;
mod money;
mod multipart;
mod names;
mod observe;
mod ownership;
mod places;
mod render;
mod rules;
mod spend;
mod status;
mod tree;
mod wire;
mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adops_core::campaign::observed::{ExternalId, ObservedLine, Snapshot};
use adops_core::campaign::plan::{Action, NewLine};
use adops_core::campaign::settings::ContentHash;
use adops_core::catalog::media::MediaFacts;
use adops_core::marker::{CampaignHash, Installation};
use adops_core::market::Place;
use adops_core::platform::{Platform, PlatformRules};
use adops_core::secret::Secret;
use async_trait::async_trait;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

pub use self::rules::Rules;

use self::account::Basics;
use self::assets::Assets;
use self::client::Client;
use self::library::Library;
use self::listing::Trees;
use self::observe::Lens;
use self::ownership::Known;
use self::places::Atlas;
use crate::error::PlatformError;
use crate::port::{
    AccountFacts, AdPlatform, ConnectError, Connection, Inventory, Outcome, Scope, Spend, Upload, Uploaded,
};
use crate::quota::{Meter, Quota};
use crate::transport::{NO_DRY_RUN, Transport};

/// Its name.
pub const PLATFORM: Platform = Platform::named("TikTok");

const ENDPOINT: &str = "https://business-api.tiktok.com/open_api";
const VERSION: &str = "v1.3";
/// TikTok does not say how long a listing may not show a write.
const READ_AFTER_WRITE_LAG: SignedDuration = SignedDuration::from_secs(10);

/// One TikTok advertiser account.
pub struct TikTok {
    client: Client,
    request_timeout: Duration,
    installation: Installation,
    /// The Business Center through which identities are found.
    business_center: Option<String>,
    /// The pixel that the user names, by its id or its code.
    pixel: Option<String>,
    atlas: Atlas,
    assets: Assets,
    library: Library,
    basics: tokio::sync::Mutex<Option<Basics>>,
    /// What the last reading of each campaign said of how it is to be changed.
    known: Mutex<HashMap<ExternalId, Known>>,
    /// Until when, by business time, a request for a part of a chain may still have its effect without being seen.
    open: Mutex<HashMap<ExternalId, Timestamp>>,
}

impl TikTok {
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
        // Requests are counted by the app that the token was issued to; without its id each token stands for its own.
        let app = connection.credentials.get("app_id").unwrap_or(&token);
        let scope = CampaignHash::of(&format!("{endpoint} {}", app.reveal().trim()));
        let quota = connection.quotas.scope(&format!("tiktok/{scope}"), &TimeZone::UTC);
        let client = Client {
            transport,
            meter: Meter::new(quota, connection.clock.clone()),
            clock: connection.clock,
            base: format!("{endpoint}/{}", connection.api_version.as_deref().unwrap_or(VERSION)),
            advertiser: connection.account_id.trim().to_owned(),
            token,
            accepted: AtomicBool::new(false),
        };
        Ok(Self {
            client,
            request_timeout: connection.request_timeout,
            installation: connection.installation,
            business_center: connection.manager_id,
            pixel: connection.identity.get("pixelId").cloned(),
            atlas: Atlas::default(),
            assets: Assets::default(),
            library: Library::default(),
            basics: tokio::sync::Mutex::new(None),
            known: Mutex::default(),
            open: Mutex::default(),
        })
    }

    /// What never changes on the account.
    async fn basics(&self) -> Result<Basics, PlatformError> {
        let mut held = self.basics.lock().await;
        if let Some(basics) = held.as_ref() {
            return Ok(basics.clone());
        }
        let (_, basics) = account::read(&self.client).await?;
        Ok(held.insert(basics).clone())
    }

    async fn read(&self, scope: &Scope) -> Result<Snapshot, PlatformError> {
        let began = self.client.clock.now();
        let trees = match scope {
            Scope::All { held } => listing::all(&self.client, &self.installation, held).await?,
            Scope::Ids(ids) => listing::of_ids(&self.client, ids).await?,
        };
        self.remember(&trees, matches!(scope, Scope::All { .. }));
        Ok(Snapshot { began, lines: self.lines(&trees, began).await?, ..Snapshot::default() })
    }

    /// Trees as lines.
    async fn lines(&self, trees: &Trees, seen: Timestamp) -> Result<BTreeMap<ExternalId, ObservedLine>, PlatformError> {
        let basics = self.basics().await?;
        let ads = trees.values().flat_map(|tree| &tree.groups).flat_map(|group| &group.ads);
        self.library.learn(&self.client, ads).await?;
        let places = self.atlas.known(&self.client).await?;
        let pixel = self.named_pixel().await?;
        let lens = Lens {
            installation: &self.installation,
            basics: &basics,
            places: &places,
            library: &self.library,
            pixel: pixel.as_ref().map(|(id, told)| (id.as_str(), told.as_str())),
            seen,
        };
        trees.iter().map(|(id, tree)| Ok((id.clone(), lens.line(tree)?))).collect()
    }

    /// The pixel that the user names: its id, and what it is told by. One that is not there keeps nobody from looking.
    async fn named_pixel(&self) -> Result<Option<(String, String)>, PlatformError> {
        let Some(told) = &self.pixel else { return Ok(None) };
        match self.assets.pixel(&self.client, told).await {
            Ok(id) => Ok(Some((id, told.clone()))),
            Err(PlatformError::Rejected { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps what is needed to change what was read; a full listing replaces all that was kept.
    fn remember(&self, trees: &Trees, full: bool) {
        let mut known = self.known();
        if full {
            known.clear();
        }
        for (id, tree) in trees {
            known.insert(id.clone(), Known::of(tree, &self.installation));
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<ExternalId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<ExternalId, Timestamp>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl AdPlatform for TikTok {
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
        let (facts, basics) = account::read(&self.client).await?;
        *self.basics.lock().await = Some(basics);
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

    async fn spend(&self, since: Date) -> Result<Spend, PlatformError> {
        let basics = self.basics().await?;
        let today = self.client.clock.now().to_zoned(basics.time_zone).date();
        let listed: BTreeSet<ExternalId> =
            self.known().iter().filter(|(_, known)| known.is_ours()).map(|(id, _)| id.clone()).collect();
        spend::read(&self.client, &self.installation, basics.currency, &listed, since, today).await
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

    async fn media(&self, wanted: &BTreeSet<ContentHash>) -> Result<BTreeMap<ContentHash, Uploaded>, PlatformError> {
        self.library.find(&self.client, wanted).await
    }

    fn recognize(&self, _url: &str, facts: &MediaFacts) -> BTreeSet<ContentHash> {
        self.library.recognize(facts)
    }

    async fn upload(&self, file: &Upload) -> Outcome {
        self.library.upload(&self.client, file).await
    }
}

fn token(credentials: &BTreeMap<String, Secret>) -> Result<Secret, ConnectError> {
    let key = "access_token".to_owned();
    let hint = "the long-lived access token of a TikTok for Business app that may use the account";
    let token = credentials.get(&key).map(|token| token.reveal().trim()).filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| ConnectError::MissingKey { key: key.clone(), hint: hint.to_owned() })?;
    if token.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(Secret::new(token));
    }
    Err(ConnectError::BadKey { key, message: "it holds a space or what is no ASCII".to_owned() })
}
