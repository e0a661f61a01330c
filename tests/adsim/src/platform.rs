//! What the platforms' port asks of a platform. One more platform is an implementation of [`Platform`], a field of
//! [`Platforms`], and a place in [`PlatformName`].

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Config;
use crate::edits::EditError;
use crate::faults::Faults;
use crate::google::Google;
use crate::ledger::LedgerEntry;
use crate::meta::Meta;
use crate::pinterest::{self, Pinterest};
use crate::tiktok::{self, TikTok};

/// The platforms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlatformName {
    /// Google Ads.
    #[default]
    Google,
    /// Meta's Marketing API.
    Meta,
    /// TikTok.
    TikTok,
    /// Pinterest.
    Pinterest,
}

impl PlatformName {
    /// All platforms.
    pub const ALL: &[PlatformName] =
        &[PlatformName::Google, PlatformName::Meta, PlatformName::TikTok, PlatformName::Pinterest];

    /// The name as ledger and recordings have it.
    pub fn as_str(self) -> &'static str {
        match self {
            PlatformName::Google => "google",
            PlatformName::Meta => "meta",
            PlatformName::TikTok => "tiktok",
            PlatformName::Pinterest => "pinterest",
        }
    }

    /// The platform that a path belongs to. Meta's begin with a version that has a dot in it. What belongs to nobody
    /// is Google's, which answers that it is not found.
    pub(crate) fn of(path: &str) -> PlatformName {
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        let version = first.strip_prefix('v').and_then(|version| version.split_once('.'));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if version.is_some_and(|(major, minor)| is_number(major) && is_number(minor)) {
            PlatformName::Meta
        } else if tiktok::port::is_path(path) {
            PlatformName::TikTok
        } else if pinterest::port::is_path(path) {
            PlatformName::Pinterest
        } else {
            PlatformName::Google
        }
    }
}

/// A request that has been read.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Path with query.
    pub(crate) fn path_and_query(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }
}

/// What a platform answers.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// JSON text.
    pub(crate) body: String,
    /// Headers besides the content type.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// What the request changed.
    pub(crate) changes: Vec<LedgerEntry>,
}

/// What surrounds a request.
pub(crate) struct World<'a> {
    /// Business time.
    pub(crate) now: Timestamp,
    /// Base URL of the platforms' port.
    pub(crate) url: &'a str,
    /// The faults in force, for those that refuse a part of a request.
    pub(crate) faults: &'a Faults,
    /// A fault lets reads see accounts as they were this long ago.
    pub(crate) stale: SignedDuration,
}

/// A request as it may be recorded: without secrets.
pub(crate) struct Recordable {
    /// Path with query.
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) response: Value,
}

/// A simulated platform.
pub(crate) trait Platform: Send + std::fmt::Debug {
    /// The account that a request is about; empty if none.
    fn account_of(&self, request: &Request) -> String;

    /// The operations in a request, as faults know them: `campaign.create`.
    fn operations_of(&self, request: &Request) -> Vec<String>;

    /// Answers a request.
    fn answer(&mut self, request: &Request, world: &World<'_>) -> Answer;

    /// A file that anybody may read, without asking the API.
    fn file(&self, _path: &str, _query: &str) -> Option<Bytes> {
        None
    }

    /// The answer of a fault that names an error of the platform's own.
    fn refuse(&mut self, request: &Request, category: &str, code: &str) -> Answer;

    /// A request and its answer as they may be recorded.
    fn recordable(&self, request: &Request, response: &str) -> Recordable;

    /// The next instant at which something happens by itself.
    fn next_due(&self, now: Timestamp) -> Option<Timestamp>;

    /// The ids of all accounts.
    fn account_ids(&self) -> Vec<String>;

    /// A view of an account.
    fn view_json(&self, account: &str, now: Timestamp) -> Option<Value>;

    /// Makes an edit by hand, told as JSON, and returns what it changed.
    fn edit_json(&mut self, edit: Value, now: Timestamp) -> Result<Vec<LedgerEntry>, EditError>;

    /// Reads see accounts as they were this long ago, from now on.
    fn set_read_lag(&mut self, lag: SignedDuration);

    /// Lets all access tokens expire.
    fn expire_tokens(&mut self, now: Timestamp);

    /// Revokes what an access token rests on, or the token itself.
    fn revoke(&mut self, grant: &str);

    /// Undoes a revocation.
    fn restore(&mut self, grant: &str);
}

/// All simulated platforms.
#[derive(Debug)]
pub(crate) struct Platforms {
    google: Mutex<Google>,
    meta: Mutex<Meta>,
    tiktok: Mutex<TikTok>,
    pinterest: Mutex<Pinterest>,
}

impl Platforms {
    /// The platforms of a configuration.
    pub(crate) fn new(config: &Config) -> Result<Platforms, crate::Error> {
        Ok(Platforms {
            google: Mutex::new(Google::new(config.google.clone(), config.seed)?),
            meta: Mutex::new(Meta::new(config.meta.clone(), config.seed)?),
            tiktok: Mutex::new(TikTok::new(config.tiktok.clone(), config.seed)?),
            pinterest: Mutex::new(Pinterest::new(config.pinterest.clone(), config.seed)?),
        })
    }

    /// Google Ads.
    pub(crate) fn google(&self) -> MutexGuard<'_, Google> {
        self.google.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Meta.
    pub(crate) fn meta(&self) -> MutexGuard<'_, Meta> {
        self.meta.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// TikTok.
    pub(crate) fn tiktok(&self) -> MutexGuard<'_, TikTok> {
        self.tiktok.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pinterest.
    pub(crate) fn pinterest(&self) -> MutexGuard<'_, Pinterest> {
        self.pinterest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works with a platform.
    pub(crate) fn with<R>(&self, name: PlatformName, work: impl FnOnce(&mut dyn Platform) -> R) -> R {
        match name {
            PlatformName::Google => work(&mut *self.google()),
            PlatformName::Meta => work(&mut *self.meta()),
            PlatformName::TikTok => work(&mut *self.tiktok()),
            PlatformName::Pinterest => work(&mut *self.pinterest()),
        }
    }

    /// Does the same with each platform.
    pub(crate) fn each<R>(&self, mut work: impl FnMut(&mut dyn Platform) -> R) -> Vec<R> {
        PlatformName::ALL.iter().map(|name| self.with(*name, &mut work)).collect()
    }
}

/// Text as JSON, or as a string where it is none.
pub(crate) fn parse_or_text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { serde_json::from_str(text).unwrap_or_else(|_| text.into()) }
}
