//! Requests to Pinterest's API: the header, pages by bookmark, errors.

use std::fmt::Write as _;

use adops_core::secret::{Secret, scrub};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::errors;
use crate::clock::SharedClock;
use crate::error::PlatformError;
use crate::quota::Meter;
use crate::text::encode;
use crate::transport::{Answer, Transport};

/// Rows of a page: Pinterest's most.
const PAGE: usize = 250;

/// A client for one ad account.
pub(super) struct Client {
    pub(super) transport: Transport,
    pub(super) clock: SharedClock,
    /// `https://host/v5`.
    pub(super) base: String,
    /// Digits.
    pub(super) account: String,
    pub(super) token: Secret,
    /// Through which every request passes.
    pub(super) meter: Meter,
}

/// How a request writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Post,
    Patch,
}

#[derive(Deserialize)]
struct Page<Row> {
    items: Vec<Row>,
    #[serde(default)]
    bookmark: Option<String>,
}

impl Client {
    /// The path of what belongs to the account: `campaigns`, or nothing for the account itself.
    pub(super) fn own(&self, path: &str) -> String {
        let slash = if path.is_empty() { "" } else { "/" };
        format!("ad_accounts/{}{slash}{path}", encode(&self.account))
    }

    /// Reads. A list is a parameter for each item.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<T, PlatformError> {
        let mut url = format!("{}/{path}", self.base);
        for (index, (name, value)) in query.iter().enumerate() {
            let _ = write!(url, "{}{name}={}", if index == 0 { '?' } else { '&' }, encode(value));
        }
        let sent = self.send(false, |client| client.get(url)).await;
        let answer = sent.map_err(|error| read_error(error, "Pinterest"))?;
        serde_json::from_slice(&answer.body).map_err(|error| unreadable(&error))
    }

    /// All rows of a listing, to the last page. In ascending order, what is new comes at its end.
    pub(super) async fn pages<Row: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Vec<Row>, PlatformError> {
        let path = self.own(path);
        let mut rows = Vec::new();
        let mut bookmark: Option<String> = None;
        loop {
            let mut whole = query.to_vec();
            whole.push(("page_size", PAGE.to_string()));
            whole.push(("order", "ASCENDING".to_owned()));
            whole.extend(bookmark.iter().map(|bookmark| ("bookmark", bookmark.clone())));
            let page: Page<Row> = self.get(&path, &whole).await?;
            rows.extend(page.items);
            match page.bookmark.filter(|next| !next.is_empty()) {
                None => return Ok(rows),
                next if next == bookmark => {
                    let message = "a listing leads from a page to the same page".to_owned();
                    return Err(PlatformError::Unreadable { message });
                }
                next => bookmark = next,
            }
        }
    }

    /// Writes items.
    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        verb: Verb,
        path: &str,
        items: &[Json],
    ) -> Result<T, PlatformError> {
        let body = serde_json::to_vec(items).map_err(|error| PlatformError::Unavailable {
            message: format!("the request cannot be written: {error}"),
        })?;
        let url = format!("{}/{}", self.base, self.own(path));
        let build = |client: &reqwest::Client| {
            let request = match verb {
                Verb::Post => client.post(url),
                Verb::Patch => client.patch(url),
            };
            request.header("content-type", "application/json").body(body)
        };
        let answer = self.send(true, build).await?;
        // Whatever it says, it was carried out.
        serde_json::from_slice(&answer.body).map_err(|error| unreadable(&error))
    }

    /// A request that is counted, and of which the meter hears what it says of limits.
    async fn send(
        &self,
        write: bool,
        build: impl FnOnce(&reqwest::Client) -> reqwest::RequestBuilder,
    ) -> Result<Answer, PlatformError> {
        self.meter.before(1).await?;
        let authorized = |client: &reqwest::Client| build(client).bearer_auth(self.token.reveal());
        let result = self.transport.send(write, authorized).await.and_then(|answer| self.judge(answer, write));
        match &result {
            Ok(_) => self.meter.taken(),
            Err(error) => self.meter.heard(error),
        }
        result
    }

    fn judge(&self, answer: Answer, write: bool) -> Result<Answer, PlatformError> {
        if answer.status == 200 {
            return Ok(answer);
        }
        let wait = answer.header("x-ratelimit-reset").or(answer.header("retry-after"));
        let wait = wait.and_then(|seconds| seconds.trim().parse().ok());
        let body = scrub(&String::from_utf8_lossy(&answer.body), [&self.token]);
        Err(errors::of(answer.status, &body, wait, write))
    }
}

/// A read that failed on the way has changed nothing.
pub(super) fn read_error(error: PlatformError, what: &str) -> PlatformError {
    match error {
        PlatformError::UnknownOutcome { message } | PlatformError::Unreadable { message } => {
            PlatformError::Unavailable { message: format!("{what}: {message}") }
        }
        other => other,
    }
}

fn unreadable(error: &serde_json::Error) -> PlatformError {
    PlatformError::Unreadable { message: error.to_string() }
}
