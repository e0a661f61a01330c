//! The API's surface: which request is what, who may make it, and what it answers.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;

use super::errors::Refusal;
use super::object::Kind;
use super::query::Query;
use super::writes::Reject;
use super::{Pinterest, entries, reads};
use crate::ledger::{Actor, LedgerEntry};

/// A request to the API.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path without query.
    pub path: &'a str,
    /// Query without the question mark.
    pub query: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
    /// Business time.
    pub now: Timestamp,
}

/// What the API answers.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// JSON text.
    pub body: String,
    /// Id of the request.
    pub request_id: String,
    /// Seconds until there is room again, for a limit.
    pub reset: Option<i64>,
    /// What the request changed.
    pub changes: Vec<LedgerEntry>,
}

/// An endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route<'a> {
    Account(&'a str),
    List(&'a str, Kind),
    Write(&'a str, Kind, bool),
    Analytics(&'a str),
    Targeting(&'a str),
}

impl<'a> Route<'a> {
    fn of(method: &str, path: &[&'a str]) -> Option<Route<'a>> {
        let kind = |name: &str| match name {
            "campaigns" => Some(Kind::Campaign),
            "ad_groups" => Some(Kind::AdGroup),
            _ => None,
        };
        match (method, path) {
            ("GET", ["ad_accounts", id]) => Some(Route::Account(id)),
            ("GET", ["ad_accounts", id, "campaigns", "analytics"]) => Some(Route::Analytics(id)),
            ("GET", ["ad_accounts", id, objects]) => Some(Route::List(id, kind(objects)?)),
            ("POST", ["ad_accounts", id, objects]) => Some(Route::Write(id, kind(objects)?, true)),
            ("PATCH", ["ad_accounts", id, objects]) => Some(Route::Write(id, kind(objects)?, false)),
            ("GET", ["resources", "targeting", kind]) => Some(Route::Targeting(kind)),
            _ => None,
        }
    }

    /// The account that it names; empty if none.
    fn account(self) -> &'a str {
        match self {
            Route::Account(id) | Route::List(id, _) | Route::Write(id, ..) | Route::Analytics(id) => id,
            Route::Targeting(_) => "",
        }
    }

    /// Of which limit it takes.
    fn category(self) -> &'static str {
        match self {
            Route::Write(..) => "ads_write",
            Route::Analytics(_) => "ads_analytics",
            _ => "ads_read",
        }
    }

    fn parameters(self) -> &'static [&'static str] {
        match self {
            Route::List(_, Kind::Campaign) => &["campaign_ids", "entity_statuses", "page_size", "order", "bookmark"],
            Route::List(_, Kind::AdGroup) => {
                &["campaign_ids", "ad_group_ids", "entity_statuses", "page_size", "order", "bookmark"]
            }
            Route::Analytics(_) => &["start_date", "end_date", "campaign_ids", "columns", "granularity"],
            Route::Targeting(_) => &["ad_account_id"],
            _ => &[],
        }
    }
}

/// The parts of a path: the version first.
fn parts(path: &str) -> Vec<&str> {
    path.trim_start_matches('/').split('/').collect()
}

/// Whether a path is Pinterest's: a version, then what only it has.
pub(crate) fn is_path(path: &str) -> bool {
    matches!(parts(path)[..], [version, "ad_accounts" | "resources", ..] if version.starts_with('v'))
}

/// The account that a path names; empty if none.
pub(super) fn account_of(path: &str) -> String {
    match parts(path)[..] {
        [_, "ad_accounts", id, ..] => id.to_owned(),
        _ => String::new(),
    }
}

/// What a request would do, as faults know it: `campaign.create`, `adgroup.update`, and for each of them `write`, for
/// creating and updating are different HTTP methods.
pub(super) fn operations_of(method: &str, path: &str) -> Vec<String> {
    match Route::of(method, parts(path).get(1..).unwrap_or_default()) {
        Some(Route::Write(_, kind, creates)) => {
            vec![format!("{}.{}", kind.name(), if creates { "create" } else { "update" }), "write".to_owned()]
        }
        _ => Vec::new(),
    }
}

impl Pinterest {
    /// Answers a request. `reject` lets faults refuse single items.
    pub(super) fn call(&mut self, call: &Call<'_>, reject: &mut Reject<'_>) -> Answer {
        let request_id = self.request_id();
        match self.respond(call, reject, &request_id) {
            Ok((body, changes)) => {
                Answer { status: StatusCode::OK, body: body.to_string(), request_id, reset: None, changes }
            }
            Err(refusal) => refused(&refusal, request_id),
        }
    }

    /// The answer of a fault that names an error.
    pub(super) fn refuse_with(&mut self, refusal: &Refusal) -> Answer {
        let request_id = self.request_id();
        refused(refusal, request_id)
    }

    fn respond(
        &mut self,
        call: &Call<'_>,
        reject: &mut Reject<'_>,
        request_id: &str,
    ) -> Result<(Value, Vec<LedgerEntry>), Refusal> {
        let parts = parts(call.path);
        let (version, path) = parts.split_first().map_or(("", &[][..]), |(version, path)| (*version, path));
        let route = Route::of(call.method, path).filter(|_| self.config.versions.iter().any(|known| known == version));
        // What a version that has ended answers is assumed.
        let unknown = || Refusal::new(StatusCode::NOT_FOUND, 11, "Endpoint not found.");
        let route = route.ok_or_else(unknown)?;
        let token = self.caller(call.authorization)?.to_owned();
        self.windows.take(route.category(), &token, self.config.requests_per_minute, call.now)?;
        let query = Query::read(call.query, route.parameters())?;
        let id = route.account();
        if let Route::Write(_, kind, creates) = route {
            self.accounts.get(id).ok_or_else(Refusal::no_account)?;
            let (answer, written) = self.write_items(id, kind, creates, call.body, call.now, reject)?;
            return Ok((answer, entries(id, &written, &Actor::Api(token), request_id, call.now)));
        }
        if let Route::Targeting(kind) = route {
            return Ok((self.targeting(kind)?, Vec::new()));
        }
        let account = self.accounts.get(id).ok_or_else(Refusal::no_account)?;
        let lag = (!self.config.read_lag.is_zero()).then(|| call.now - self.config.read_lag);
        let answer = match route {
            Route::List(_, kind) => reads::list(account, kind, &query, call.now, lag)?,
            Route::Analytics(_) => self.analytics(account, &query, call.now)?,
            _ => reads::account(account),
        };
        Ok((answer, Vec::new()))
    }

    /// The token that a request carries.
    fn caller(&self, authorization: Option<&str>) -> Result<&str, Refusal> {
        let given = authorization.and_then(|text| text.strip_prefix("Bearer ")).unwrap_or_default();
        let known = self.config.tokens.iter().find(|token| *token == given);
        known
            .filter(|token| !self.expired && !self.revoked.contains(*token))
            .map(String::as_str)
            .ok_or_else(Refusal::unauthenticated)
    }
}

fn refused(refusal: &Refusal, request_id: String) -> Answer {
    let body = refusal.body().to_string();
    Answer { status: refusal.status, body, request_id, reset: refusal.reset, changes: Vec::new() }
}
