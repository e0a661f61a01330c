//! Meta, by its Marketing API (v26.0).
//!
//! # A line on Meta
//! One campaign of its own without a budget, one ad set under it with the budget, places, ages, goal and pixel, and one ad
//! with its creative for each image or video of the spec's ads. Each of them carries our label and, in its name, the
//! line's token, both given in the call that creates it.
//!
//! # Reading
//! A listing brings whole trees ([`listing`], [`tree`]), so that a poll costs pages and not objects; what was read is
//! translated into core's words ([`observe`]). Anything that keeps a line from being what its settings say (another ad
//! set, a paused ad, an audience) shows as a difference in one of its settings.
//!
//! # Writing
//! A line is a chain of calls that each need what the one before has answered ([`chain`]). Chains run side by side and
//! share batches ([`desk`]). One that breaks is continued, never begun anew. Ad set and ads wait, paused, until the line is
//! enabled for the first time; afterwards only the campaign is paused and enabled.

mod account;
mod ads;
mod auth;
mod blueprint;
mod chain;
mod change;
mod client;
mod creative;
mod describe;
mod desk;
mod edit;
mod errors;
mod file;
mod headroom;
mod holder;
mod identity;
mod inventory;
mod labels;
mod library;
mod listing;
mod money;
mod needs;
mod objective;
mod observe;
mod pace;
mod places;
mod rehearsal;
mod render;
mod rules;
mod spend;
mod targeting;
mod tree;
mod usage;
mod wire;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use adops_core::campaign::observed::{ExternalId, ObservedLine, Snapshot};
use adops_core::campaign::plan::{Action, NewLine};
use adops_core::campaign::settings::{AdSettings, ContentHash, Field, Settings, Value};
use adops_core::catalog::media::MediaFacts;
use adops_core::marker::{CampaignHash, Installation, Token};
use adops_core::market::Place;
use adops_core::platform::{Platform, PlatformRules};
use async_trait::async_trait;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

pub use self::rules::Rules;

use self::account::{Basics, Memory};
use self::auth::Auth;
use self::client::{CALLS_PER_BATCH, Client};
use self::creative::Story;
use self::headroom::Headroom;
use self::labels::Labels;
use self::library::Library;
use self::money::Rounding;
use self::observe::Lens;
use self::pace::Pace;
use self::places::Atlas;
use self::tree::{Tree, Trees};
use crate::error::PlatformError;
use crate::port::{
    AccountFacts, AdPlatform, ConnectError, Connection, Inventory, Outcome, Rehearsed, Scope, Spend, Upload, Uploaded,
};
use crate::quota::{Meter, Quota};
use crate::transport::Transport;

/// Its name.
pub const PLATFORM: Platform = Platform::named("Meta");

const ENDPOINT: &str = "https://graph.facebook.com";
const VERSION: &str = "v26.0";
const READ_AFTER_WRITE_LAG: SignedDuration = SignedDuration::from_secs(5);
/// What a listing of an account costs as long as none was made: labels, campaigns by label and by name, spend.
const LISTING: u64 = 8;

/// One ad account of Meta's.
pub struct Meta {
    client: Client,
    request_timeout: Duration,
    installation: Installation,
    atlas: Atlas,
    labels: Labels,
    library: Library,
    basics: OnceLock<Basics>,
    /// The Page that ads are shown under.
    page: Option<String>,
    memory: tokio::sync::Mutex<Memory>,
    rounding: Mutex<Rounding>,
    /// What the last reading of each campaign said of how it is to be changed, and when it was read.
    known: Mutex<HashMap<ExternalId, (Instant, Arc<Tree>)>>,
}

impl Meta {
    /// A connector.
    pub fn new(connection: Connection) -> Result<Self, ConnectError> {
        let auth = Auth::new(&connection.credentials)?;
        let endpoint = connection.endpoint.as_deref().unwrap_or(ENDPOINT).trim_end_matches('/').to_owned();
        connection.allow.check_url(&endpoint).map_err(|error| match error {
            PlatformError::EndpointNotAllowed { url } => ConnectError::NotAllowed { url },
            _ => ConnectError::NotAllowed { url: "the endpoint".to_owned() },
        })?;
        let transport = Transport::of(&connection, rehearsal::is_dry_run)
            .map_err(|error| ConnectError::BadKey { key: "access_token".to_owned(), message: error.to_string() })?;
        let scope = CampaignHash::of(&format!("{endpoint} {}", auth.app()));
        let quota = connection.quotas.scope(&format!("meta/{scope}"), &TimeZone::UTC);
        let lag = READ_AFTER_WRITE_LAG.unsigned_abs();
        let client = Client {
            transport,
            auth,
            meter: Meter::new(quota, connection.clock.clone()),
            clock: connection.clock,
            base: format!("{endpoint}/{}", connection.api_version.as_deref().unwrap_or(VERSION)),
            account: connection.account_id.chars().filter(char::is_ascii_digit).collect(),
            // A rehearsal writes nothing, so it need not hold the account, and could not claim it.
            keeper: connection
                .hold
                .filter(|_| !connection.rehearsal)
                .map(|hold| holder::Keeper::new(hold, connection.request_timeout, lag)),
            pace: Pace::default(),
            headroom: Headroom::default(),
            rehearsal: connection.rehearsal,
        };
        Ok(Self {
            client,
            request_timeout: connection.request_timeout,
            installation: connection.installation,
            atlas: Atlas::default(),
            labels: Labels::default(),
            library: Library::default(),
            basics: OnceLock::new(),
            page: connection.identity.get("pageId").cloned(),
            memory: tokio::sync::Mutex::default(),
            rounding: Mutex::default(),
            known: Mutex::default(),
        })
    }

    /// What never changes on the account.
    async fn basics(&self) -> Result<Basics, PlatformError> {
        if let Some(basics) = self.basics.get() {
            return Ok(basics.clone());
        }
        let read = account::read_basics(&self.client).await?;
        Ok(self.basics.get_or_init(|| read).clone())
    }

    async fn read(&self, scope: &Scope) -> Result<Snapshot, PlatformError> {
        let began = self.client.clock.now();
        self.basics().await?;
        let trees = match scope {
            Scope::All { held } => {
                let labels = self.labels.read(&self.client, &self.installation).await?;
                listing::all(&self.client, &self.installation, &labels, held).await?
            }
            Scope::Ids(ids) => listing::of_ids(&self.client, ids).await?,
        };
        self.remember(&trees, matches!(scope, Scope::All { .. }));
        self.learn_rounding(&trees);
        Ok(Snapshot { began, lines: self.lines(&trees, began).await?, ..Snapshot::default() })
    }

    /// Trees as lines.
    async fn lines(&self, trees: &Trees, seen: Timestamp) -> Result<BTreeMap<ExternalId, ObservedLine>, PlatformError> {
        let basics = self.basics().await?;
        let places = self.atlas.places(&self.client, &observe::keys(trees)).await?;
        let hashes = self.library.hashes(&self.client, &observe::references(trees)).await?;
        let lens = Lens { installation: &self.installation, basics: &basics, places: &places, hashes: &hashes, seen };
        trees.iter().map(|(id, tree)| Ok((id.clone(), lens.line(tree)?))).collect()
    }

    /// What a tree says that was read for a change; what it refers to has been looked up before.
    fn seen(&self, tree: &Tree) -> Result<Settings, PlatformError> {
        let unread = || PlatformError::Unavailable { message: "the account was not read yet".to_owned() };
        let trees = Trees::from([(tree.campaign.id.clone(), tree.clone())]);
        let lens = Lens {
            installation: &self.installation,
            basics: self.basics.get().ok_or_else(unread)?,
            places: &self.atlas.known(&observe::keys(&trees)),
            hashes: &self.library.known_hashes(&observe::references(&trees)),
            seen: self.client.clock.now(),
        };
        Ok(lens.line(tree)?.settings)
    }

    /// The ad that a story shows.
    fn ad_of(&self, story: &Story) -> AdSettings {
        story.ad(&self.library.known_hashes(&story.reference.iter().cloned().collect()))
    }

    /// Keeps what is needed to change what was read; a full listing replaces all that was kept.
    fn remember(&self, trees: &Trees, full: bool) {
        let mut known = self.known();
        if full {
            known.clear();
        }
        let now = Instant::now();
        for (id, tree) in trees {
            known.insert(id.clone(), (now, Arc::new(tree.slim())));
        }
    }

    /// What is about to change must be read again before it is changed the next time.
    fn forget<'a>(&self, ids: impl Iterator<Item = &'a ExternalId>) {
        let mut known = self.known();
        ids.for_each(|id| _ = known.remove(id));
    }

    fn known(&self) -> MutexGuard<'_, HashMap<ExternalId, (Instant, Arc<Tree>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rounding(&self) -> MutexGuard<'_, Rounding> {
        self.rounding.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A budget was asked for, in minor units.
    fn asked(&self, object: &str, minor: i64) {
        if !self.client.rehearsal {
            self.rounding().asked(object, minor);
        }
    }

    fn learn_rounding(&self, trees: &Trees) {
        let mut rounding = self.rounding();
        for tree in trees.values() {
            let sets = tree.sets.iter().map(|set| (&set.id, &set.daily_budget));
            for (id, budget) in sets.chain([(&tree.campaign.id, &tree.campaign.daily_budget)]) {
                if let Some(minor) = budget.as_deref().and_then(|minor| minor.parse().ok()) {
                    rounding.saw(id, minor);
                }
            }
        }
    }
}

/// How many calls it takes to create a line: its campaign and ad set, and a creative and an ad for each of its ads.
fn calls_of(settings: &Settings) -> usize {
    let ads = match settings.get(Field::Ads) {
        Some(Value::Ads(ads)) => ads.len(),
        _ => 0,
    };
    2 + 2 * ads
}

impl needs::Needs {
    /// What the trees refer to that are changed: looked up here, so that it is known when the changes are made.
    async fn current(
        &mut self,
        trees: &BTreeMap<ExternalId, Arc<Tree>>,
        changes: &[Action],
        meta: &Meta,
    ) -> Result<(), PlatformError> {
        let sets = changes.iter().filter_map(|change| match change {
            Action::Set { id, field, .. } => Some((id, *field)),
            _ => None,
        });
        let mut whole = Trees::new();
        let mut spoken_for = BTreeSet::new();
        for (id, field) in sets {
            let Some(tree) = trees.get(id) else { continue };
            whole.insert(id.clone(), Tree::clone(tree));
            if field == Field::Identity {
                spoken_for.insert(id.clone());
            }
        }
        if whole.is_empty() {
            return Ok(());
        }
        meta.basics().await?;
        meta.atlas.places(&meta.client, &observe::keys(&whole)).await?;
        meta.library.hashes(&meta.client, &observe::references(&whole)).await?;
        // Under another name all ads are made anew.
        for id in spoken_for {
            if let Some(Value::Ads(ads)) = meta.seen(&whole[&id])?.get(Field::Ads) {
                self.ads(ads);
            }
        }
        Ok(())
    }
}

#[async_trait]
impl AdPlatform for Meta {
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

    /// In calls.
    fn cost(&self, change: &Action) -> u64 {
        let calls = match change {
            Action::Create(line) | Action::Complete { line, .. } => calls_of(&line.settings),
            Action::Set { to: Value::Ads(ads), .. } => 2 * ads.len(),
            Action::Enable { .. } => 3,
            Action::Mark { .. } => 2,
            Action::Pause { .. } | Action::SetBudget { .. } | Action::Set { .. } | Action::Remove { .. } => 1,
        };
        u64::try_from(calls).unwrap_or(u64::MAX)
    }

    fn cost_of_listing(&self) -> u64 {
        LISTING
    }

    /// Enough chains side by side to fill the batches of each step; it takes two or three seconds.
    fn operations_per_request(&self) -> u64 {
        u64::try_from(4 * CALLS_PER_BATCH).unwrap_or(u64::MAX)
    }

    async fn account(&self) -> Result<AccountFacts, PlatformError> {
        let step = self.rounding().step();
        let mut memory = self.memory.lock().await;
        let (known, page) = (self.basics.get().cloned(), self.page.as_deref());
        let (facts, basics) = account::read(&self.client, known, &mut memory, step, page).await?;
        self.basics.get_or_init(|| basics);
        Ok(facts)
    }

    async fn observe(&self, scope: &Scope) -> Result<Snapshot, PlatformError> {
        self.read(scope).await
    }

    async fn named(&self, names: &BTreeSet<String>) -> Result<BTreeMap<String, BTreeSet<ExternalId>>, PlatformError> {
        listing::called(&self.client, names).await
    }

    fn holder(&self) -> Option<String> {
        self.labels.book().holder.map(|record| record.to_string())
    }

    async fn hold(&self) -> Result<(), PlatformError> {
        self.client.hold().await.map(|_| ())
    }

    async fn inventory(&self) -> Result<Inventory, PlatformError> {
        self.take_inventory().await
    }

    async fn spend(&self, since: Date) -> Result<Spend, PlatformError> {
        let basics = self.basics().await?;
        let today = self.client.clock.now().to_zoned(basics.time_zone.clone()).date();
        let unnamed = {
            let known = self.known();
            let named = |tree: &Tree| {
                Token::find(&tree.campaign.name).is_some_and(|token| token.installation == self.installation)
            };
            known.iter().filter(|(_, (_, tree))| !named(tree)).map(|(id, _)| id.clone()).collect()
        };
        spend::read(&self.client, &self.installation, &basics, &unnamed, since, today).await
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

    async fn media(&self, wanted: &BTreeSet<ContentHash>) -> Result<BTreeMap<ContentHash, Uploaded>, PlatformError> {
        self.library.find(&self.client, wanted).await
    }

    fn recognize(&self, url: &str, facts: &MediaFacts) -> BTreeSet<ContentHash> {
        self.library.recognize(url, facts)
    }

    async fn upload(&self, file: &Upload) -> Outcome {
        self.library.upload(&self.client, file).await
    }
}
