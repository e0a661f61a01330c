//! A server with files, and a platform with a library, both of which do as they are told.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adops_core::campaign::line::{DesiredLine, LineProblem};
use adops_core::campaign::observed::{ExternalId, ObservedLine, Snapshot};
use adops_core::campaign::plan::{Action, NewLine};
use adops_core::campaign::settings::{ContentHash, Field, Settings, Value};
use adops_core::catalog::media::MediaFacts;
use adops_core::market::Place;
use adops_core::money::{Currency, Money};
use adops_core::platform::{Account, Manner, Platform, PlatformRules};
use adops_platforms::error::PlatformError;
use adops_platforms::port::{AccountFacts, AdPlatform, Outcome, Processing, Scope, Spend, Upload, Uploaded};
use adops_platforms::quota::{Quota, Quotas};
use async_trait::async_trait;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// What a server has under a path.
#[derive(Debug, Clone)]
pub(super) enum Behind {
    File(Vec<u8>),
    /// Another one each time.
    Changing,
    Status(u16),
    /// It takes the request and never answers.
    Hangs,
}

/// A server with files.
#[derive(Clone)]
pub(super) struct Server {
    address: SocketAddr,
    files: Arc<Mutex<BTreeMap<String, Behind>>>,
    visits: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl Server {
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), files: Arc::default(), visits: Arc::default() };
        let router = Router::new().route("/{name}", axum::routing::get(serve)).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    pub(super) fn put(&self, name: &str, behind: Behind) -> String {
        self.files.lock().unwrap().insert(name.to_owned(), behind);
        format!("http://{}/{name}", self.address)
    }

    pub(super) fn visits(&self, name: &str) -> u32 {
        self.visits.lock().unwrap().get(name).copied().unwrap_or(0)
    }
}

async fn serve(State(server): State<Server>, Path(name): Path<String>) -> Result<Vec<u8>, StatusCode> {
    let visit = {
        let mut visits = server.visits.lock().unwrap();
        let visit = visits.entry(name.clone()).or_default();
        *visit += 1;
        *visit
    };
    let behind = server.files.lock().unwrap().get(&name).cloned();
    match behind {
        Some(Behind::File(content)) => Ok(content),
        Some(Behind::Changing) => Ok(image(visit, 100)),
        Some(Behind::Status(status)) => Err(StatusCode::from_u16(status).unwrap()),
        Some(Behind::Hangs) => std::future::pending().await,
        None => Err(StatusCode::NOT_FOUND),
    }
}

/// A PNG of this many pixels each way, of `size` bytes more than it needs.
pub(super) fn image(pixels: u32, size: usize) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    file.extend(pixels.to_be_bytes());
    file.extend(pixels.to_be_bytes());
    file.extend(vec![0; size]);
    file
}

/// A platform with a library, and nothing else.
pub(super) struct Fake {
    pub(super) library: Mutex<BTreeMap<ContentHash, Processing>>,
    pub(super) uploads: Mutex<Vec<MediaFacts>>,
    pub(super) asked: Mutex<u32>,
    /// What comes of uploads; none: they are done.
    pub(super) fails: Mutex<Option<PlatformError>>,
    /// An upload arrives, and nobody is told.
    pub(super) loses_answers: Mutex<bool>,
    /// What it makes of an upload at first.
    pub(super) first: Mutex<Processing>,
    /// How long an upload takes.
    pub(super) takes: Mutex<Duration>,
    quota: Arc<Quota>,
}

impl Fake {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            library: Mutex::default(),
            uploads: Mutex::default(),
            asked: Mutex::default(),
            fails: Mutex::default(),
            loses_answers: Mutex::default(),
            first: Mutex::new(Processing::Ready),
            takes: Mutex::default(),
            quota: Quotas::new(Timestamp::UNIX_EPOCH, None).scope("fake", &TimeZone::UTC),
        })
    }

    /// The widths of the images that were uploaded.
    pub(super) fn uploaded(&self) -> Vec<u32> {
        self.uploads.lock().unwrap().iter().map(|facts| facts.width).collect()
    }

    pub(super) fn process(&self, to: &Processing) {
        self.library.lock().unwrap().values_mut().for_each(|state| *state = to.clone());
    }
}

/// Takes images of 50 pixels or more.
pub(super) struct FakeRules;

impl PlatformRules for FakeRules {
    fn platform(&self) -> Platform {
        Platform::named("Fake")
    }

    fn minimum_daily_budget(&self, _: Currency) -> Option<Money> {
        None
    }

    fn uses_media(&self) -> bool {
        true
    }

    fn takes(&self, file: &MediaFacts) -> Result<(), String> {
        if file.width < 50 { Err(format!("it is {} pixels wide, at least 50 are needed", file.width)) } else { Ok(()) }
    }

    fn render(&self, _: &DesiredLine, _: &Account) -> Result<Settings, Vec<LineProblem>> {
        Ok(Settings::default())
    }

    fn manner(&self, _: Field, _: Option<&Value>, _: &Value, _: &ObservedLine, _: Timestamp) -> Manner {
        Manner::InPlace
    }
}

#[async_trait]
impl AdPlatform for Fake {
    fn rules(&self) -> Arc<dyn PlatformRules> {
        Arc::new(FakeRules)
    }

    fn read_after_write_lag(&self) -> SignedDuration {
        SignedDuration::from_secs(5)
    }

    fn request_timeout(&self) -> SignedDuration {
        SignedDuration::from_secs(30)
    }

    fn quota(&self) -> &Arc<Quota> {
        &self.quota
    }

    async fn account(&self) -> Result<AccountFacts, PlatformError> {
        Err(unused())
    }

    async fn observe(&self, _: &Scope) -> Result<Snapshot, PlatformError> {
        Err(unused())
    }

    async fn named(&self, _: &BTreeSet<String>) -> Result<BTreeMap<String, BTreeSet<ExternalId>>, PlatformError> {
        Err(unused())
    }

    async fn spend(&self, _: Date) -> Result<Spend, PlatformError> {
        Err(unused())
    }

    async fn resolve(&self, _: &BTreeSet<Place>) -> Result<BTreeMap<Place, String>, PlatformError> {
        Err(unused())
    }

    async fn create(&self, _: &[NewLine]) -> Vec<Outcome> {
        Vec::new()
    }

    async fn change(&self, _: &[Action]) -> Vec<Outcome> {
        Vec::new()
    }

    async fn media(&self, wanted: &BTreeSet<ContentHash>) -> Result<BTreeMap<ContentHash, Uploaded>, PlatformError> {
        *self.asked.lock().unwrap() += 1;
        let library = self.library.lock().unwrap();
        let there = library.iter().filter(|(hash, _)| wanted.contains(hash));
        Ok(there.map(|(hash, state)| (hash.clone(), Uploaded { id: hash.0.clone(), state: state.clone() })).collect())
    }

    async fn upload(&self, file: &Upload) -> Outcome {
        let takes = *self.takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        if let Some(error) = self.fails.lock().unwrap().clone() {
            return Outcome::Failed(error);
        }
        self.uploads.lock().unwrap().push(file.facts.clone());
        let first = self.first.lock().unwrap().clone();
        self.library.lock().unwrap().insert(file.facts.hash.clone(), first);
        if *self.loses_answers.lock().unwrap() {
            return Outcome::Unknown(PlatformError::UnknownOutcome { message: "no answer".to_owned() });
        }
        Outcome::Applied { id: file.facts.hash.0.clone() }
    }
}

fn unused() -> PlatformError {
    PlatformError::Unavailable { message: "not a part of this test".to_owned() }
}
