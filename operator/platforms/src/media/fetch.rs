//! Fetching a file by URL: with limits of size and time, without redirects, from where it is allowed.

use std::time::Duration;

use adops_core::catalog::media::MediaFacts;
use reqwest::header::{ETAG, IF_NONE_MATCH};
use reqwest::{Response, StatusCode};
use tokio::time::{Instant, timeout_at};

use super::probe::{ProbeError, probe};
use crate::allow::AllowList;
use crate::error::PlatformError;

/// How long a server may take to begin its answer.
const FIRST_BYTE: Duration = Duration::from_secs(30);
/// How long it may then be silent.
const SILENCE: Duration = Duration::from_secs(20);
/// What it must send a second on average; what is slower holds up others.
const BYTES_PER_SECOND: u64 = 64 * 1024;

/// Why a file cannot be fetched. No message holds a URL's query, which may be a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The URL is not one that may be asked.
    #[error("{0} may not be fetched from: media come by https from public hosts (--allow-media, --allow-endpoint)")]
    NotAllowed(String),
    /// The server is not there, or breaks off.
    #[error("the server does not answer: {0}")]
    NoAnswer(String),
    /// It answers too slowly.
    #[error("the server is too slow")]
    TooSlow,
    /// It leads elsewhere.
    #[error("the server leads elsewhere ({0}), which is not followed: give the address of the file itself")]
    Redirect(u16),
    /// It has no such file, or does not give it out.
    #[error("the server answers {0}")]
    Status(u16),
    /// It is larger than may be read.
    #[error("it is larger than {limit} bytes, the most that is read (--media-memory)")]
    TooLarge {
        /// In bytes.
        limit: u64,
    },
}

impl FetchError {
    /// Whether it may be there the next time though nobody has changed anything.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::NoAnswer(_) | Self::TooSlow => true,
            Self::Status(status) => *status == 429 || *status >= 500,
            Self::NotAllowed(_) | Self::Redirect(_) | Self::TooLarge { .. } => false,
        }
    }
}

/// What a server calls a version of a file: a strong entity tag (RFC 9110, 8.8.3). Times of change are not used: what is
/// put in place of a file may be older.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

/// A way to files.
#[derive(Clone)]
pub struct Fetcher {
    client: reqwest::Client,
    allow: AllowList,
}

/// What a server answers.
pub enum Opened {
    /// The version that is known.
    Unchanged,
    /// A file, of which nothing was read yet.
    Body(Body),
}

/// A file that is about to be read.
pub struct Body {
    response: Response,
    version: Option<Version>,
}

/// A file that was read.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// Its content.
    pub content: Vec<u8>,
    /// What the server calls it.
    pub version: Option<Version>,
}

impl Fetched {
    /// What it is.
    pub fn probe(&self) -> Result<MediaFacts, ProbeError> {
        probe(&self.content)
    }
}

impl Fetcher {
    /// A way to what is allowed.
    pub fn new(allow: AllowList) -> Result<Self, FetchError> {
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(allow.resolver())
            .no_proxy()
            .user_agent(concat!("adops/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| no_answer(&error.without_url()))?;
        Ok(Self { client, allow })
    }

    /// Asks for a file, unless it is the version that is `known` already. Its content is not read before
    /// [`Body::read`].
    pub async fn open(&self, url: &str, known: Option<&Version>) -> Result<Opened, FetchError> {
        self.allow.check_media_url(url).map_err(|refused| match refused {
            PlatformError::EndpointNotAllowed { url } => FetchError::NotAllowed(url),
            other => FetchError::NoAnswer(other.to_string()),
        })?;
        let mut request = self.client.get(url);
        if let Some(Version(tag)) = known {
            request = request.header(IF_NONE_MATCH, tag);
        }
        let answer = tokio::time::timeout(FIRST_BYTE, request.send()).await.map_err(|_| FetchError::TooSlow)?;
        let response = answer.map_err(|error| no_answer(&error.without_url()))?;
        match response.status() {
            StatusCode::NOT_MODIFIED if known.is_some() => Ok(Opened::Unchanged),
            StatusCode::OK => Ok(Opened::Body(Body { version: version(&response), response })),
            status if status.is_redirection() => Err(FetchError::Redirect(status.as_u16())),
            status => Err(FetchError::Status(status.as_u16())),
        }
    }
}

impl Body {
    /// How many bytes it has, if the server says so.
    pub fn length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// Reads it.
    ///
    /// # Errors
    /// It has more than `limit` bytes, of which no more are read.
    pub async fn read(mut self, limit: u64) -> Result<Fetched, FetchError> {
        let length = self.length();
        if length.is_some_and(|length| length > limit) {
            return Err(FetchError::TooLarge { limit });
        }
        let end = Instant::now() + SILENCE + Duration::from_secs(length.unwrap_or(limit) / BYTES_PER_SECOND);
        let expected = usize::try_from(length.unwrap_or(0)).unwrap_or(0);
        let mut content = Vec::with_capacity(expected);
        loop {
            let until = end.min(Instant::now() + SILENCE);
            let chunk = timeout_at(until, self.response.chunk()).await.map_err(|_| FetchError::TooSlow)?;
            let Some(chunk) = chunk.map_err(|error| no_answer(&error.without_url()))? else { break };
            if content.len() as u64 + chunk.len() as u64 > limit {
                return Err(FetchError::TooLarge { limit });
            }
            content.extend_from_slice(&chunk);
        }
        Ok(Fetched { content, version: self.version })
    }
}

fn version(response: &Response) -> Option<Version> {
    let tag = response.headers().get(ETAG)?.to_str().ok()?;
    tag.starts_with('"').then(|| Version(tag.to_owned()))
}

fn no_answer(error: &dyn std::error::Error) -> FetchError {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        text = next.to_string();
        source = next.source();
    }
    FetchError::NoAnswer(text)
}
