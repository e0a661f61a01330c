//! Simulated ad platforms for tests and demos: real wire formats, real rules, faults on demand.
//!
//! [`AdSim::start`] binds two ports on 127.0.0.1: one speaks the platforms' APIs, the other the admin API. The handle
//! reaches the state directly, so that a test can look at accounts, edit them by hand and inject faults while a client
//! works against the platform port.
//!
//! A simulator that is kinder than the real service is a bug. What is known from the service's descriptions or seen
//! live is simulated as it is; what is assumed says so in a comment.
//!
//! Google Ads lives in [`google`], Meta in [`meta`], TikTok in [`tiktok`], Pinterest in [`pinterest`]. Platforms share port, clock, faults, ledger,
//! recorder and the admin API; what a platform has to offer for that is the trait in `platform.rs`.

mod admin;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod edits;
pub mod faults;
pub mod google;
pub mod ledger;
pub mod meta;
mod multipart;
pub mod pinterest;
pub mod platform;
pub mod record;
mod server;
pub mod tiktok;
mod urlencoded;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use clock::ClockConfig;
pub use config::{AccountConfig, Config, GoogleConfig, MetaAccountConfig, MetaConfig};
pub use edits::EditError;
pub use faults::{Effect, Fault, FaultId, Faults, Match};
pub use google::edits::{Edit, EditAction};
pub use google::view::AccountView;
pub use ledger::{Actor, Change, LedgerEntry};
pub use meta::edits::{MetaEdit, MetaEditAction};
pub use meta::view::MetaAccountView;
pub use pinterest::config::{PinterestAccountConfig, PinterestConfig};
pub use pinterest::edits::{PinterestAction, PinterestEdit};
pub use pinterest::view::PinterestAccountView;
pub use platform::PlatformName;
pub use record::RecordedRequest;
pub use tiktok::config::{AdvertiserConfig, TikTokConfig};
pub use tiktok::edits::{TikTokAction, TikTokEdit};
pub use tiktok::view::AdvertiserView;

use clock::Clock;
use google::Google;
use ledger::Ledger;
use platform::{Platform, Platforms};
use record::Recorder;

/// Why the simulator cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A port cannot be bound.
    #[error("cannot listen on 127.0.0.1: {0}")]
    Listen(#[source] std::io::Error),
    /// The file for recorded requests cannot be opened.
    #[error("cannot open the file for recorded requests: {0}")]
    Record(#[source] std::io::Error),
    /// The configuration makes no sense.
    #[error("configuration: {0}")]
    Config(String),
}

/// What handlers and handles share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) ledger: Ledger,
    pub(crate) recorder: Recorder,
    pub(crate) platforms: Platforms,
    requests: AtomicUsize,
    address: SocketAddr,
    admin_address: SocketAddr,
}

impl Inner {
    pub(crate) fn google(&self) -> MutexGuard<'_, Google> {
        self.platforms.google()
    }

    pub(crate) fn in_flight(self: &Arc<Self>) -> InFlight {
        self.requests.fetch_add(1, Ordering::AcqRel);
        InFlight(Arc::clone(self))
    }

    /// Base URL of the platforms' port.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn idle(&self) -> bool {
        self.requests.load(Ordering::Acquire) == 0
    }

    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let now = self.clock.now();
        self.platforms.each(|platform| platform.next_due(now)).into_iter().flatten().min()
    }

    /// Makes an edit of a platform, under its lock, and puts what it changed into the ledger.
    pub(crate) fn edit(
        &self,
        platform: PlatformName,
        edit: impl FnOnce(&mut dyn Platform, Timestamp) -> Result<Vec<LedgerEntry>, EditError>,
    ) -> Result<Vec<LedgerEntry>, EditError> {
        self.platforms.with(platform, |p| Ok(self.ledger.add(edit(p, self.clock.now())?)))
    }
}

/// Counts a request for as long as it lives.
pub(crate) struct InFlight(Arc<Inner>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A running simulator. Clones are handles to the same one.
#[derive(Debug, Clone)]
pub struct AdSim {
    inner: Arc<Inner>,
    stop: watch::Sender<bool>,
    tasks: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl AdSim {
    /// Binds the ports and serves until [`AdSim::shutdown`], on the runtime that this is called on.
    pub async fn start(config: Config) -> Result<AdSim, Error> {
        let listen = async |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(Error::Listen);
        let (platforms, admin) = (listen(config.port).await?, listen(config.admin_port).await?);
        let record = config.record.clone().or_else(record::file_of_tests);
        let inner = Arc::new(Inner {
            clock: Clock::new(config.clock),
            faults: Faults::new(config.seed),
            ledger: Ledger::default(),
            recorder: Recorder::new(record.as_deref(), config.keep_requests).map_err(Error::Record)?,
            platforms: Platforms::new(&config)?,
            requests: AtomicUsize::new(0),
            address: platforms.local_addr().map_err(Error::Listen)?,
            admin_address: admin.local_addr().map_err(Error::Listen)?,
        });
        let (stop, stopped) = watch::channel(false);
        let service = server::router(Arc::clone(&inner)).into_make_service_with_connect_info::<server::Cut>();
        let admin_service = admin::router(Arc::clone(&inner));
        let (until, admin_until) = (stopped.clone(), stopped);
        let tasks = vec![
            tokio::spawn(async move {
                let serving = axum::serve(server::Cuttable(platforms), service);
                end(serving.into_future(), until).await;
            }),
            tokio::spawn(async move {
                end(axum::serve(admin, admin_service).into_future(), admin_until).await;
            }),
        ];
        Ok(AdSim { inner, stop, tasks: Arc::new(Mutex::new(tasks)) })
    }

    /// Base URL of the Google Ads API; paths begin with the version.
    pub fn google_url(&self) -> String {
        self.inner.url()
    }

    /// Base URL of Meta's Graph API; paths begin with the version.
    pub fn meta_url(&self) -> String {
        self.inner.url()
    }

    /// Base URL of the TikTok Business API; paths begin with the version.
    pub fn tiktok_url(&self) -> String {
        format!("{}/open_api", self.inner.url())
    }

    /// Base URL of Pinterest's API; paths begin with the version.
    pub fn pinterest_url(&self) -> String {
        self.inner.url()
    }

    /// URL of Google's OAuth2 token endpoint.
    pub fn token_url(&self) -> String {
        format!("{}{}", self.inner.url(), google::port::TOKEN_PATH)
    }

    /// Base URL of the admin API.
    pub fn admin_url(&self) -> String {
        format!("http://{}", self.inner.admin_address)
    }

    /// All changes since the start or the last reset.
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.inner.ledger.entries()
    }

    /// Forgets all changes; numbers go on.
    pub fn reset_ledger(&self) {
        self.inner.ledger.reset();
    }

    /// The latest requests with their answers; `Config::keep_requests` says how many.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.inner.recorder.kept()
    }

    /// Business time.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Moves a stepped clock forward. Does nothing if the clock is the system's or would run backwards.
    pub fn set_now(&self, now: Timestamp) {
        self.inner.clock.set(now);
    }

    /// The next instant at which something happens by itself: an ad's review ends, or a write becomes visible to
    /// lagging searches.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.inner.next_due()
    }

    /// Whether no request is in flight.
    pub fn idle(&self) -> bool {
        self.inner.idle()
    }

    /// The faults in force.
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    /// Makes an edit of a Google Ads account by hand and returns what it changed.
    pub fn edit(&self, edit: &Edit) -> Result<Vec<LedgerEntry>, EditError> {
        let mut google = self.inner.google();
        Ok(self.inner.ledger.add(google.edit(edit, self.inner.clock.now())?))
    }

    /// A view of a Google Ads account. An account that does not exist has an empty view with status `CLOSED`.
    pub fn google_account(&self, customer_id: &str) -> AccountView {
        self.inner.google().view(customer_id, self.inner.clock.now()).unwrap_or_else(|| AccountView {
            customer_id: customer_id.to_owned(),
            currency_code: String::new(),
            time_zone: String::new(),
            status: google::account::CustomerStatus::Closed,
            live_daily_budget_micros: 0,
            campaigns: Vec::new(),
            labels: Vec::new(),
            budgets: Vec::new(),
        })
    }

    /// How many campaigns of a Google Ads account are enabled; much cheaper than a view.
    pub fn google_enabled(&self, customer_id: &str) -> usize {
        self.inner.google().enabled_campaigns(customer_id)
    }

    /// A view of an ad account of Meta's, told by its id without `act_`. An account that does not exist has an empty
    /// view.
    pub fn meta_account(&self, id: &str) -> MetaAccountView {
        self.inner.platforms.meta().account_view(id, self.inner.clock.now()).unwrap_or_default()
    }

    /// Makes an edit of an ad account of Meta's by hand and returns what it changed.
    pub fn edit_meta(&self, edit: &MetaEdit) -> Result<Vec<LedgerEntry>, EditError> {
        let mut meta = self.inner.platforms.meta();
        Ok(self.inner.ledger.add(meta.edit(edit, self.inner.clock.now())?))
    }

    /// Changes Meta's configuration while it runs: limits, switches, delays. Accounts and tokens cannot be added.
    pub fn configure_meta(&self, change: impl FnOnce(&mut MetaConfig)) {
        change(&mut self.inner.platforms.meta().config);
    }

    /// Revokes an access token of Meta's.
    pub fn revoke_meta_token(&self, token: &str) {
        self.inner.platforms.meta().auth.revoke(token);
    }

    /// Undoes the revocation or expiry of an access token of Meta's.
    pub fn restore_meta_token(&self, token: &str) {
        self.inner.platforms.meta().auth.restore(token);
    }

    /// Makes an edit of a TikTok advertiser account by hand and returns what it changed.
    pub fn edit_tiktok(&self, edit: &TikTokEdit) -> Result<Vec<LedgerEntry>, EditError> {
        let mut tiktok = self.inner.platforms.tiktok();
        Ok(self.inner.ledger.add(tiktok.edit(edit, self.inner.clock.now())?))
    }

    /// A view of a TikTok advertiser account, if there is one.
    pub fn tiktok_account(&self, advertiser_id: &str) -> Option<AdvertiserView> {
        self.inner.platforms.tiktok().view(advertiser_id, self.inner.clock.now())
    }

    /// How often the simulated TikTok has refused a call because of a limit that lasts for minutes or a day.
    pub fn tiktok_blocks(&self) -> u64 {
        self.inner.platforms.tiktok().windows.blocks
    }

    /// Changes the rules of the simulated TikTok: delays, limits, versions, what is assumed. Accounts stay as they are.
    pub fn configure_tiktok(&self, change: impl FnOnce(&mut TikTokConfig)) {
        change(&mut self.inner.platforms.tiktok().config);
    }

    /// Lets all of TikTok's access tokens expire, until one is restored.
    pub fn expire_tiktok_tokens(&self) {
        self.inner.platforms.tiktok().auth.expire();
    }

    /// Revokes one of TikTok's access tokens.
    pub fn revoke_tiktok_token(&self, token: &str) {
        self.inner.platforms.tiktok().auth.revoke(token);
    }

    /// Undoes a revocation, or the end of all tokens.
    pub fn restore_tiktok_token(&self, token: &str) {
        self.inner.platforms.tiktok().auth.restore(token);
    }

    /// Makes an edit of a Pinterest ad account by hand and returns what it changed.
    pub fn edit_pinterest(&self, edit: &PinterestEdit) -> Result<Vec<LedgerEntry>, EditError> {
        let mut pinterest = self.inner.platforms.pinterest();
        Ok(self.inner.ledger.add(pinterest.edit(edit, self.inner.clock.now())?))
    }

    /// A view of a Pinterest ad account, if there is one.
    pub fn pinterest_account(&self, id: &str) -> Option<PinterestAccountView> {
        self.inner.platforms.pinterest().view(id, self.inner.clock.now())
    }

    /// Changes the rules of the simulated Pinterest: lag, limits, versions. Accounts stay as they are.
    pub fn configure_pinterest(&self, change: impl FnOnce(&mut PinterestConfig)) {
        change(&mut self.inner.platforms.pinterest().config);
    }

    /// Lets all of Pinterest's access tokens expire, until one is restored.
    pub fn expire_pinterest_tokens(&self) {
        self.inner.platforms.pinterest().end_tokens();
    }

    /// Revokes one of Pinterest's access tokens.
    pub fn revoke_pinterest_token(&self, token: &str) {
        self.inner.platforms.pinterest().revoke_token(token);
    }

    /// Undoes a revocation, or the end of all tokens.
    pub fn restore_pinterest_token(&self, token: &str) {
        self.inner.platforms.pinterest().restore_token(token);
    }

    /// Google's searches see accounts as they were this long ago, from now on.
    pub fn set_read_lag(&self, lag: SignedDuration) {
        self.inner.google().config.read_lag = lag;
    }

    /// Lets all of Google's access tokens expire.
    pub fn expire_tokens(&self) {
        self.inner.google().auth.expire_tokens();
    }

    /// Revokes a refresh token, or a service account told by its email, and all access tokens.
    pub fn revoke_grant(&self, grant: &str) {
        self.inner.google().auth.revoke(grant);
    }

    /// Undoes a revocation. Access tokens stay revoked.
    pub fn restore_grant(&self, grant: &str) {
        self.inner.google().auth.restore(grant);
    }

    /// Operations that a cloud project has used today.
    pub fn quota_used(&self, project: &str) -> u64 {
        self.inner.google().quota.used(project)
    }

    /// From now on a cloud project has so many operations a day; what it has used today counts.
    pub fn set_operations_per_day(&self, project: &str, operations: Option<u64>) {
        let mut google = self.inner.google();
        if let Some(project) = google.config.projects.iter_mut().find(|p| p.id == project) {
            project.operations_per_day = operations;
        }
    }

    /// Stops serving; open connections are closed.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            if let Err(error) = task.await {
                tracing::debug!(%error, "a server task did not end well");
            }
        }
    }
}

/// Serves until told to stop.
async fn end(serving: impl Future<Output = std::io::Result<()>>, mut stopped: watch::Receiver<bool>) {
    tokio::select! {
        result = serving => {
            if let Err(error) = result {
                tracing::error!(%error, "a server ended");
            }
        }
        // All handles gone is no reason to stop: the harness may only hold the URLs.
        () = async { if stopped.wait_for(|stop| *stop).await.is_err() { std::future::pending::<()>().await; } } => {}
    }
}
