//! Requests to TikTok's Business API: the header, the slash at the end of every path, the envelope, pages.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use adops_core::queue::Use;
use adops_core::secret::{Secret, scrub};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::errors::{self, Circumstances, OK, PARTIAL, Refusal};
use super::multipart::Form;
use crate::clock::SharedClock;
use crate::error::PlatformError;
use crate::quota::Meter;
use crate::text::encode;
use crate::transport::{Answer, Transport};

/// How often a listing that shrank while it was read is begun anew.
const READINGS: usize = 3;

/// A client for one advertiser account.
pub(super) struct Client {
    pub(super) transport: Transport,
    pub(super) clock: SharedClock,
    /// `https://host/open_api/v1.3`.
    pub(super) base: String,
    /// Digits.
    pub(super) advertiser: String,
    pub(super) token: Secret,
    /// Through which every request passes.
    pub(super) meter: Meter,
    /// Whether the token was ever accepted.
    pub(super) accepted: AtomicBool,
}

/// What every answer is wrapped in. One without a code is no answer of TikTok's API.
#[derive(Debug, Deserialize)]
struct Envelope {
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    request_id: String,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
struct Page<Row> {
    #[serde(default = "Vec::new")]
    list: Vec<Row>,
    #[serde(default)]
    page_info: PageInfo,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PageInfo {
    total_number: usize,
    total_page: usize,
}

enum Content {
    None,
    Json(Vec<u8>),
    Form(Form),
}

impl Client {
    /// Reads; the parameters besides the account's id. Lists and objects are JSON text.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<T, PlatformError> {
        let own = ("advertiser_id", self.advertiser.clone());
        let mut whole = vec![own];
        whole.extend(query.iter().cloned());
        self.get_as_is(path, &whole).await
    }

    /// Reads with these parameters and no others.
    pub(super) async fn get_as_is<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<T, PlatformError> {
        let mut url = format!("{}/{path}/", self.base);
        for (index, (name, value)) in query.iter().enumerate() {
            let _ = write!(url, "{}{name}={}", if index == 0 { '?' } else { '&' }, encode(value));
        }
        let data = self.send(&url, Content::None, false).await.map_err(|refusal| refusal.error)?;
        serde_json::from_value(data).map_err(|error| unreadable(&error))
    }

    /// All rows of a listing, to the last page, `size` in each.
    pub(super) async fn pages<Row: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
        size: usize,
    ) -> Result<Vec<Row>, PlatformError> {
        for _ in 0..READINGS {
            if let Some(rows) = self.read_through(path, query, size).await? {
                return Ok(rows);
            }
        }
        Err(PlatformError::Unavailable { message: "a listing shrinks all the time while it is read".to_owned() })
    }

    /// One reading of a listing; none if it shrank meanwhile: what moved to a page that was read before would be missed.
    async fn read_through<Row: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
        size: usize,
    ) -> Result<Option<Vec<Row>>, PlatformError> {
        let mut rows = Vec::new();
        let (mut page, mut total) = (1_usize, 0);
        loop {
            let mut query = query.to_vec();
            query.push(("page", page.to_string()));
            query.push(("page_size", size.to_string()));
            let answer: Page<Row> = self.get(path, &query).await?;
            if answer.page_info.total_number < total {
                return Ok(None);
            }
            total = answer.page_info.total_number;
            rows.extend(answer.list);
            if page >= answer.page_info.total_page {
                break;
            }
            page += 1;
        }
        Ok(Some(rows).filter(|rows| rows.len() >= total))
    }

    /// Writes. The account's id is added.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, mut body: Value) -> Result<T, Refusal> {
        body["advertiser_id"] = self.advertiser.clone().into();
        let body = serde_json::to_vec(&body).map_err(|error| PlatformError::Unavailable {
            message: format!("the request cannot be written: {error}"),
        })?;
        let url = format!("{}/{path}/", self.base);
        let data = self.send(&url, Content::Json(body), true).await?;
        // Whatever it says, it was carried out.
        serde_json::from_value(data).map_err(|error| unreadable(&error).into())
    }

    /// Uploads a file.
    pub(super) async fn upload<T: DeserializeOwned>(&self, path: &str, form: Form) -> Result<T, Refusal> {
        let form = form.text("advertiser_id", &self.advertiser);
        let url = format!("{}/{path}/", self.base);
        let data = self.send(&url, Content::Form(form), true).await?;
        serde_json::from_value(data).map_err(|error| unreadable(&error).into())
    }

    /// A request that is counted, and of which the meter hears what it says of limits.
    async fn send(&self, url: &str, content: Content, write: bool) -> Result<Value, Refusal> {
        self.meter.before(1).await?;
        let result = self.attempt(url, content, write).await;
        match &result {
            Ok(_) => {
                self.meter.taken();
                self.accepted.store(true, Ordering::Relaxed);
            }
            Err(refusal) => self.hear(&refusal.error),
        }
        result
    }

    /// A limit of a minute is over only after minutes: till then the account's requests wait, but for those that stop
    /// spend.
    fn hear(&self, error: &PlatformError) {
        self.meter.heard(error);
        if let PlatformError::RateLimited { retry_after: Some(wait), .. } = error
            && *wait >= errors::AFTER_MINUTE_LIMIT
        {
            self.meter.hold_back(Use::Observe, self.clock.now() + *wait);
        }
    }

    async fn attempt(&self, url: &str, content: Content, write: bool) -> Result<Value, Refusal> {
        let sent = self.transport.send(write, |client| {
            let request = match content {
                Content::None => client.get(url),
                Content::Json(body) => client.post(url).header("content-type", "application/json").body(body),
                Content::Form(form) => {
                    client.post(url).header("content-type", Form::content_type()).body(form.into_body())
                }
            };
            request.header("Access-Token", self.token.reveal())
        });
        let answer = sent.await.map_err(|error| if write { error } else { read_error(error, "TikTok") })?;
        self.open(&answer, write)
    }

    /// Takes an answer out of its envelope.
    fn open(&self, answer: &Answer, write: bool) -> Result<Value, Refusal> {
        let circumstances =
            Circumstances { write, accepted_before: self.accepted.load(Ordering::Relaxed), now: self.clock.now() };
        if answer.status != 200 {
            let body = scrub(&String::from_utf8_lossy(&answer.body), [&self.token]);
            return Err(errors::http(answer.status, &body, circumstances).into());
        }
        let envelope: Envelope = serde_json::from_slice(&answer.body).map_err(|error| unreadable(&error))?;
        match envelope.code {
            OK | PARTIAL => Ok(envelope.data),
            code => {
                let message = scrub(&envelope.message, [&self.token]);
                Err(errors::refusal(code, &message, &envelope.request_id, circumstances))
            }
        }
    }
}

/// A filter, as a parameter.
pub(super) fn filtering(filter: &Value) -> (&'static str, String) {
    ("filtering", filter.to_string())
}

/// Texts as the JSON text of a list.
pub(super) fn list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| text.as_ref().to_owned()).collect();
    json!(texts).to_string()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_a_code_is_none() {
        let read = |text: &str| serde_json::from_str::<Envelope>(text);
        assert_eq!(read(r#"{"code":0,"message":"OK"}"#).unwrap().code, OK);
        assert_eq!(read(r#"{"code":40105,"message":"no","request_id":"1","data":{}}"#).unwrap().code, 40_105);
        for text in ["", "<html>", "{}", r#"{"data":{}}"#, "[]", r#"{"code":"0"}"#] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lists_are_json_text() {
        assert_eq!(list(["a", "b\"c"]), r#"["a","b\"c"]"#);
        assert_eq!(filtering(&json!({ "campaign_ids": ["1"] })), ("filtering", r#"{"campaign_ids":["1"]}"#.to_owned()));
    }
}
