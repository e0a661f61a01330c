//! Requests to the Google Ads API: headers, paging, one new token when the old one has ended.

use std::time::Instant;

use adops_core::secret::{Secret, scrub};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::auth::Auth;
use super::errors::{self, Circumstances, ItemError, Refusal};
use super::holder::Keeper;
use super::wire::{MutateAnswer, SearchAnswer};
use crate::clock::SharedClock;
use crate::error::PlatformError;
use crate::quota::Meter;
use crate::transport::{Answer, Transport};

/// Operations of a mutate request at most. Google takes 10,000, but not within our timeout.
pub(super) const OPERATIONS_PER_REQUEST: usize = 2_000;

/// A client for one customer account.
pub(super) struct Client {
    pub(super) transport: Transport,
    pub(super) auth: Auth,
    pub(super) clock: SharedClock,
    /// `https://host/v26`.
    pub(super) base: String,
    /// Ten digits.
    pub(super) customer: String,
    /// The manager account through which access goes.
    pub(super) login: Option<String>,
    pub(super) developer_token: Option<Secret>,
    /// Through which every request passes.
    pub(super) meter: Meter,
    /// Who holds the account; none where no record is kept.
    pub(super) keeper: Option<Keeper>,
    /// Whether nothing that is sent shall have an effect.
    pub(super) rehearsal: bool,
}

/// What came of a mutate request that was accepted as a whole.
#[derive(Debug, Default)]
pub(super) struct Mutated {
    /// The resource name that each operation gave or changed; none where it failed.
    pub(super) names: Vec<Option<String>>,
    /// Operations that failed, with `partialFailure` only.
    pub(super) failed: Vec<ItemError>,
}

/// A request that is ready but for its token.
#[derive(Clone, Copy)]
struct Prepared<'a> {
    url: &'a str,
    body: &'a [u8],
    write: bool,
    /// In operations.
    cost: u64,
    /// When what allows it is too old.
    not_after: Option<Instant>,
}

impl Client {
    /// The resource name of something of this account.
    pub(super) fn name(&self, collection: &str, id: impl std::fmt::Display) -> String {
        format!("customers/{}/{collection}/{id}", self.customer)
    }

    /// All rows of a query, to the last page.
    pub(super) async fn search<Row: DeserializeOwned>(&self, query: &str) -> Result<Vec<Row>, PlatformError> {
        let mut rows = Vec::new();
        let mut page = String::new();
        loop {
            let mut body = json!({ "query": query });
            if !page.is_empty() {
                body["pageToken"] = page.clone().into();
            }
            let answer: SearchAnswer<Row> = self.read("googleAds:search", &body).await?;
            rows.extend(answer.results);
            if answer.next_page_token.is_empty() {
                return Ok(rows);
            }
            if answer.next_page_token == page {
                return Err(PlatformError::Unreadable {
                    message: "a page of a listing names itself as the next".to_owned(),
                });
            }
            page = answer.next_page_token;
        }
    }

    /// How many rows a query has, without fetching them.
    pub(super) async fn count(&self, query: &str) -> Result<i64, PlatformError> {
        let body = json!({
            "query": query,
            "searchSettings": { "omitResults": true, "returnTotalResultsCount": true },
        });
        let answer: SearchAnswer<Value> = self.read("googleAds:search", &body).await?;
        Ok(answer.total_results_count)
    }

    /// Makes sure that this cluster holds the account, and says until when that is known.
    pub(super) async fn hold(&self) -> Result<Option<Instant>, PlatformError> {
        match &self.keeper {
            Some(keeper) => keeper.confirm(self).await.map(Some),
            None => Ok(None),
        }
    }

    /// Sends the operation that claims the account; the answer is the resource name that it gave or changed.
    pub(super) async fn mutate_as_anyone(&self, operations: &[Value]) -> Result<Option<String>, Refusal> {
        let mutated = self.send_operations(operations, false, None).await?;
        Ok(mutated.names.into_iter().next().flatten())
    }

    /// Sends operations, if this cluster holds the account. Without `partial` all are carried out or none.
    pub(super) async fn mutate(&self, operations: &[Value], partial: bool) -> Result<Mutated, Refusal> {
        let not_after = self.hold().await?;
        self.send_operations(operations, partial, not_after).await
    }

    async fn send_operations(
        &self,
        operations: &[Value],
        partial: bool,
        not_after: Option<Instant>,
    ) -> Result<Mutated, Refusal> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Request<'a> {
            mutate_operations: &'a [Value],
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            partial_failure: bool,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            validate_only: bool,
        }
        let request =
            Request { mutate_operations: operations, partial_failure: partial, validate_only: self.rehearsal };
        let cost = u64::try_from(operations.len()).unwrap_or(u64::MAX);
        let answer = self.post("googleAds:mutate", &request, true, cost, not_after).await?;
        // Whatever it says, it was carried out.
        let answer: MutateAnswer = parse(&answer.body)?;
        let names = answer
            .mutate_operation_responses
            .iter()
            .map(|response| {
                let result = response.values().next()?;
                Some(result["resourceName"].as_str()?.to_owned())
            })
            .collect();
        let failed = answer.partial_failure_error.map_or_else(Vec::new, |status| {
            errors::partial(&status, Circumstances { write: true, now: self.clock.now() })
        });
        Ok(Mutated { names, failed })
    }

    async fn read<T: DeserializeOwned>(&self, method: &str, body: &Value) -> Result<T, PlatformError> {
        let answer = self.post(method, body, false, 1, None).await.map_err(|refusal| refusal.error)?;
        parse(&answer.body)
    }

    async fn post(
        &self,
        method: &str,
        body: &impl Serialize,
        write: bool,
        cost: u64,
        not_after: Option<Instant>,
    ) -> Result<Answer, Refusal> {
        let url = format!("{}/customers/{}/{method}", self.base, self.customer);
        let body = serde_json::to_vec(body).map_err(|error| PlatformError::Unavailable {
            message: format!("the request cannot be written: {error}"),
        })?;
        let token = self.auth.token(&self.transport).await?;
        let request = Prepared { url: &url, body: &body, write, cost, not_after };
        match self.metered(request, &token).await {
            Err(refusal) if refusal.token_expired => {
                self.auth.forget(&token).await;
                let token = self.auth.token(&self.transport).await?;
                self.metered(request, &token).await
            }
            other => other,
        }
    }

    /// An attempt that is counted, and of which the meter hears what it says of limits.
    async fn metered(&self, request: Prepared<'_>, token: &Secret) -> Result<Answer, Refusal> {
        self.meter.before(request.cost).await?;
        let result = self.attempt(request, token).await;
        match &result {
            Ok(_) => self.meter.taken(),
            Err(refusal) => self.meter.heard(&refusal.error),
        }
        result
    }

    async fn attempt(&self, request: Prepared<'_>, token: &Secret) -> Result<Answer, Refusal> {
        let Prepared { url, body, write, not_after, .. } = request;
        let answer = self
            .transport
            .send_until(not_after, write, |client| {
                let mut request = client
                    .post(url)
                    .bearer_auth(token.reveal())
                    .header("content-type", "application/json")
                    .body(body.to_vec());
                if let Some(login) = &self.login {
                    request = request.header("login-customer-id", login);
                }
                if let Some(developer_token) = &self.developer_token {
                    request = request.header("developer-token", developer_token.reveal());
                }
                request
            })
            .await
            .map_err(|error| if write { error } else { read_error(error, "Google Ads") })?;
        match answer.status {
            200 => Ok(answer),
            status => {
                let circumstances = Circumstances { write, now: self.clock.now() };
                let secrets = self.auth.secrets().into_iter().chain(&self.developer_token).chain([token]);
                let body = scrub(&String::from_utf8_lossy(&answer.body), secrets);
                Err(errors::refusal(status, body.as_bytes(), circumstances))
            }
        }
    }
}

/// A read that failed on the way has changed nothing.
pub(super) fn read_error(error: PlatformError, what: &str) -> PlatformError {
    match error {
        PlatformError::UnknownOutcome { message } => {
            PlatformError::Unavailable { message: format!("{what}: {message}") }
        }
        other => other,
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, PlatformError> {
    serde_json::from_slice(body).map_err(|error| PlatformError::Unreadable { message: error.to_string() })
}

/// A text as a GAQL literal.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Several texts as a GAQL list.
pub(super) fn list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<String> = texts.into_iter().map(|text| quote(text.as_ref())).collect();
    format!("({})", quoted.join(", "))
}
