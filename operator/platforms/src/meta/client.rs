//! Requests to the Marketing API: single ones, pages, batches, files.
//!
//! The token travels in a header, or in the body where there is one: no address holds it but the one that asks about
//! the token itself. Every answer's usage headers are heard before anything is made of the answer.

use std::time::Instant;

use adops_core::queue::Use;
use adops_core::reason::Reason;
use adops_core::secret::scrub;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::auth::Auth;
use super::errors::{self, Refusal, read_error};
use super::file::File;
use super::headroom::{Headroom, Passage, READ, WRITE};
use super::holder::Keeper;
use super::pace::Pace;
use super::usage::{HEADERS, Usage};
use super::wire::Page;
use crate::clock::SharedClock;
use crate::error::PlatformError;
use crate::quota::{Meter, current_use};
use crate::text::encode;
use crate::transport::{Answer, Transport};

/// Calls of a batch of reads at most, as Meta takes them. Batches of writes are as large as the pace asks for.
pub(super) const CALLS_PER_BATCH: usize = 50;
/// Parameters by name. Nested values are JSON text.
pub(super) type Params = Vec<(&'static str, String)>;

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Delete,
}

/// A call of the API.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) verb: Verb,
    /// Behind the version: `act_1/campaigns`.
    pub(super) path: String,
    pub(super) params: Params,
}

impl Call {
    /// A read.
    pub(super) fn get(path: impl Into<String>, params: Params) -> Self {
        Self { verb: Verb::Get, path: path.into(), params }
    }

    /// A create on an edge, or an update of a node.
    pub(super) fn post(path: impl Into<String>, params: Params) -> Self {
        Self { verb: Verb::Post, path: path.into(), params }
    }

    /// The end of an object.
    pub(super) fn delete(path: impl Into<String>) -> Self {
        Self { verb: Verb::Delete, path: path.into(), params: Params::new() }
    }

    /// Whether it can change something.
    pub(super) fn writes(&self) -> bool {
        self.verb != Verb::Get
    }

    /// As an item of a batch.
    pub(super) fn item(&self) -> Value {
        let query = form(&self.params);
        match self.verb {
            Verb::Get => json!({ "method": "GET", "relative_url": format!("{}?{query}", self.path) }),
            Verb::Post => json!({ "method": "POST", "relative_url": self.path, "body": query }),
            Verb::Delete => json!({ "method": "DELETE", "relative_url": self.path }),
        }
    }
}

/// A client for one ad account.
pub(super) struct Client {
    pub(super) transport: Transport,
    pub(super) auth: Auth,
    pub(super) clock: SharedClock,
    /// `https://host/v26.0`.
    pub(super) base: String,
    /// Digits, without `act_`.
    pub(super) account: String,
    /// Through which every request passes.
    pub(super) meter: Meter,
    /// Who holds the account; none where no record is kept.
    pub(super) keeper: Option<Keeper>,
    pub(super) pace: Pace,
    pub(super) headroom: Headroom,
    /// Whether nothing that is sent shall have an effect.
    pub(super) rehearsal: bool,
}

/// How a request is sent.
#[derive(Clone, Copy)]
struct Terms {
    write: bool,
    /// In calls.
    calls: usize,
    /// When what allows it is too old.
    not_after: Option<Instant>,
    insights: bool,
}

impl Terms {
    const READ: Self = Self { write: false, calls: 1, not_after: None, insights: false };
}

impl Client {
    /// An edge of the account.
    pub(super) fn edge(&self, name: &str) -> String {
        format!("act_{}/{name}", self.account)
    }

    /// Reads a node, or one page of an edge.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, params: &Params) -> Result<T, PlatformError> {
        self.fetch(path, params).await.map_err(|refusal| refusal.error)
    }

    async fn fetch<T: DeserializeOwned>(&self, path: &str, params: &Params) -> Result<T, Refusal> {
        let terms = Terms { insights: path.ends_with("/insights"), ..Terms::READ };
        if terms.insights {
            self.look_at_insights()?;
        }
        Ok(parse(self.ask(path, form(params), None, terms).await?)?)
    }

    /// All rows of an edge, to the last page; at most `rows` a page.
    pub(super) async fn pages<T: DeserializeOwned>(
        &self,
        path: &str,
        params: &Params,
        rows: usize,
    ) -> Result<Vec<T>, PlatformError> {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let rows = rows.min(self.pace.rows());
            let mut params = params.clone();
            params.push(("limit", rows.to_string()));
            if !after.is_empty() {
                params.push(("after", after.clone()));
            }
            let page: Page<T> = self.fetch(path, &params).await.map_err(|refusal| self.smaller(refusal, rows))?;
            found.extend(page.data);
            if page.paging.next.is_none() {
                return Ok(found);
            }
            let next = page.paging.cursors.after;
            if next.is_empty() || next == after {
                let message = format!("a page of {path} does not say where the next one begins");
                return Err(PlatformError::Unreadable { message });
            }
            after = next;
        }
    }

    /// What the platform calls too much is asked for in smaller pages the next time.
    fn smaller(&self, refusal: Refusal, rows: usize) -> PlatformError {
        if refusal.code == 1 {
            self.pace.fewer_rows(rows);
        }
        refusal.error
    }

    /// Makes sure that this cluster holds the account, and says until when that is known.
    pub(super) async fn hold(&self) -> Result<Option<Instant>, PlatformError> {
        match &self.keeper {
            Some(keeper) => keeper.confirm(self).await.map(Some),
            None => Ok(None),
        }
    }

    /// Writes, if this cluster holds the account.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, params: &Params) -> Result<T, Refusal> {
        let not_after = self.hold().await?;
        let terms = Terms { write: true, not_after, ..Terms::READ };
        Ok(parse(self.ask(path, String::new(), Some(Body::Form(form(params))), terms).await?)?)
    }

    /// Writes what claims the account.
    pub(super) async fn post_as_anyone<T: DeserializeOwned>(&self, path: &str, params: &Params) -> Result<T, Refusal> {
        let terms = Terms { write: true, ..Terms::READ };
        Ok(parse(self.ask(path, String::new(), Some(Body::Form(form(params))), terms).await?)?)
    }

    /// Puts a file on an edge, if this cluster holds the account.
    pub(super) async fn post_file<T: DeserializeOwned>(&self, path: &str, file: &File<'_>) -> Result<T, Refusal> {
        let not_after = self.hold().await?;
        let terms = Terms { write: true, not_after, ..Terms::READ };
        let body = Body::Multipart(file.multipart(&self.credentials()));
        Ok(parse(self.ask(path, String::new(), Some(body), terms).await?)?)
    }

    /// Sends calls together, at most [`CALLS_PER_BATCH`], of which all write or none. One answer for each, in order;
    /// an error is one of the whole request.
    pub(super) async fn batch(&self, calls: &[&Call]) -> Result<Vec<Result<Value, Refusal>>, Refusal> {
        let write = calls.iter().any(|call| call.writes());
        let not_after = if write { self.hold().await? } else { None };
        let terms = Terms { write, calls: calls.len(), not_after, insights: false };
        let items: Vec<Value> = calls.iter().map(|call| call.item()).collect();
        let params = vec![("batch", Value::from(items).to_string()), ("include_headers", "true".to_owned())];
        let (passage, mut heard) = (self.pass(terms)?, Usage::default());
        let answer = self.send("", String::new(), Some(Body::Form(form(&params))), terms, &mut heard).await?;
        let Value::Array(rows) = answer else {
            let message = "a batch is not answered by a list".to_owned();
            return Err(PlatformError::Unreadable { message }.into());
        };
        let mut rows = rows.into_iter();
        let answers =
            calls.iter().map(|_| self.of_batch(&rows.next().unwrap_or_default(), write, &mut heard)).collect();
        passage.heard(&heard, self.clock.now());
        Ok(answers)
    }

    fn pass(&self, terms: Terms) -> Result<Passage<'_>, PlatformError> {
        // What the platform has said is over at a known time; what is reckoned from percentages, perhaps before.
        self.meter.look(current_use())?;
        let points = if terms.write { WRITE } else { READ };
        self.headroom.pass(current_use(), terms.calls, points, self.clock.now())
    }

    /// One call's answer in that of a batch. A call that took too long has none.
    fn of_batch(&self, row: &Value, write: bool, heard: &mut Usage) -> Result<Value, Refusal> {
        let (Some(code), Some(body)) = (row["code"].as_u64(), row["body"].as_str()) else {
            let message = "a call of a batch has no answer".to_owned();
            let error = PlatformError::UnknownOutcome { message };
            return Err(if write { error } else { read_error(error, "Meta") }.into());
        };
        let mut usage = Usage::default();
        for header in row["headers"].as_array().into_iter().flatten() {
            let text = |of: &str| header[of].as_str().unwrap_or_default();
            usage.hear(text("name"), text("value"));
        }
        heard.join(&usage);
        self.judge(u16::try_from(code).unwrap_or_default(), body.as_bytes(), write, &usage)
    }

    /// Sends a request that is a call.
    async fn ask(&self, path: &str, query: String, body: Option<Body>, terms: Terms) -> Result<Value, Refusal> {
        let (passage, mut heard) = (self.pass(terms)?, Usage::default());
        let answer = self.send(path, query, body, terms, &mut heard).await;
        // An error on the way is no answer of the platform that could have said something.
        if answer.is_ok() || heard != Usage::default() {
            passage.heard(&heard, self.clock.now());
        }
        answer
    }

    /// Sends a request: a read without a body, a write with one.
    async fn send(
        &self,
        path: &str,
        query: String,
        body: Option<Body>,
        terms: Terms,
        heard: &mut Usage,
    ) -> Result<Value, Refusal> {
        let cost = u64::try_from(terms.calls).unwrap_or(u64::MAX);
        self.meter.before(cost).await?;
        if terms.write {
            self.pace.wait_for_writes(terms.calls).await;
        }
        let url = format!("{}/{path}{}", self.base, self.query(query, body.is_none()));
        let answer = self.exchange(&url, body, terms).await?;
        let mut usage = Usage::default();
        for name in HEADERS {
            answer.header(name).into_iter().for_each(|text| usage.hear(name, text));
        }
        heard.join(&usage);
        self.judge(answer.status, &answer.body, terms.write, &usage)
    }

    /// What a body carries to prove who sends it.
    fn credentials(&self) -> Vec<(&'static str, &str)> {
        let proof = self.auth.proof().map(|proof| ("appsecret_proof", proof.reveal()));
        std::iter::once(("access_token", self.auth.token().reveal())).chain(proof).collect()
    }

    async fn exchange(&self, url: &str, body: Option<Body>, terms: Terms) -> Result<Answer, PlatformError> {
        let token = self.auth.token().reveal();
        self.transport
            .send_until(terms.not_after, terms.write, |client| match body {
                None => client.get(url).bearer_auth(token),
                Some(Body::Form(form)) => {
                    let credentials = self.credentials();
                    let credentials: Vec<String> =
                        credentials.iter().map(|(name, value)| format!("&{name}={}", encode(value))).collect();
                    let kind = "application/x-www-form-urlencoded";
                    client.post(url).header("content-type", kind).body(form + &credentials.concat())
                }
                Some(Body::Multipart((boundary, content))) => {
                    let kind = format!("multipart/form-data; boundary={boundary}");
                    client.post(url).header("content-type", kind).body(content)
                }
            })
            .await
            .map_err(|error| if terms.write { error } else { read_error(error, "Meta") })
    }

    /// A read's query; a body has its own credentials.
    fn query(&self, query: String, is_read: bool) -> String {
        let mut query = query;
        // The proof is one of the account's own token.
        let own = is_read && !query.contains("access_token=");
        if let Some(proof) = self.auth.proof().filter(|_| own) {
            query = format!("{query}&appsecret_proof={}", proof.reveal());
        }
        let query = query.trim_start_matches('&');
        if query.is_empty() { String::new() } else { format!("?{query}") }
    }

    /// What an answer is, and what it says of limits.
    fn judge(&self, http: u16, body: &[u8], write: bool, usage: &Usage) -> Result<Value, Refusal> {
        let now = self.clock.now();
        if let Some(ease) = usage.ease {
            self.meter.hold_back(Use::Grow, now + ease);
        }
        if http == 200 {
            let body: Value = serde_json::from_slice(body)
                .map_err(|error| PlatformError::Unreadable { message: error.to_string() })?;
            if !errors::is_error(&body) {
                self.meter.taken();
                return Ok(body);
            }
        }
        let body = scrub(&String::from_utf8_lossy(body), self.auth.secrets());
        let refusal = errors::refusal(http, body.as_bytes(), write, usage);
        if !refusal.is_budget_lock() {
            self.heed(&refusal, now);
        }
        Err(refusal)
    }

    /// Holds requests back for as long as the platform will refuse them.
    fn heed(&self, refusal: &Refusal, now: Timestamp) {
        let PlatformError::RateLimited { retry_after: Some(wait), .. } = &refusal.error else { return };
        match (refusal.code, refusal.subcode) {
            (613, 5_044_001) => self.meter.limited(),
            (80_000, _) => self.pace.hold_insights(now + *wait),
            _ if refusal.of_app => self.meter.exhausted(now + *wait, None),
            _ => self.meter.hold_back(Use::Protect, now + *wait),
        }
    }

    fn look_at_insights(&self) -> Result<(), PlatformError> {
        match self.pace.insights_held(self.clock.now()) {
            None => Ok(()),
            Some(until) => Err(PlatformError::NotSent {
                reason: Reason::RateLimited,
                until,
                message: "Meta gives no more insights of this account until then".to_owned(),
            }),
        }
    }
}

/// What a write carries.
enum Body {
    Form(String),
    /// The boundary and the parts.
    Multipart((String, Vec<u8>)),
}

/// Parameters as a form, or a query.
fn form(params: &Params) -> String {
    params.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

pub(super) fn parse<T: DeserializeOwned>(body: Value) -> Result<T, PlatformError> {
    serde_json::from_value(body).map_err(|error| PlatformError::Unreadable { message: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_each_call_in_its_own_item() {
        let get = Call::get("1", vec![("fields", "id,name".to_owned())]);
        assert_eq!(get.item(), json!({"method": "GET", "relative_url": "1?fields=id%2Cname"}));
        let post = Call::post("1", vec![("name", "a & b".to_owned()), ("status", "PAUSED".to_owned())]);
        assert_eq!(
            post.item(),
            json!({"method": "POST", "relative_url": "1", "body": "name=a%20%26%20b&status=PAUSED"})
        );
        assert_eq!(Call::delete("1").item(), json!({"method": "DELETE", "relative_url": "1"}));
    }
}
