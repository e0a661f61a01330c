//! TikTok on the platforms' port.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::TikTok;
use super::edits::TikTokEdit;
use super::errors::{Refusal, message_of};
use super::service::{self, Call, account_of, operations_of};
use crate::edits::EditError;
use crate::faults::{Effect, Facts};
use crate::ledger::LedgerEntry;
use crate::platform::{Answer, Platform, PlatformName, Recordable, Request, World, parse_or_text};
use crate::urlencoded::pairs;

/// What the answers and queries of no recording show.
const SECRET: &str = "(secret)";
/// Parameters that are secret.
const SECRETS: &[&str] = &["secret", "auth_code", "access_token", "Access-Token"];

/// Whether a path is TikTok's.
pub(crate) fn is_path(path: &str) -> bool {
    path.starts_with(service::ROOT)
}

impl Platform for TikTok {
    fn account_of(&self, request: &Request) -> String {
        account_of(&request.query, content_type(request), &request.body)
    }

    fn operations_of(&self, request: &Request) -> Vec<String> {
        operations_of(&request.path, &request.body)
    }

    fn answer(&mut self, request: &Request, world: &World<'_>) -> Answer {
        let lag = self.config.read_lag;
        self.config.read_lag = lag.max(world.stale);
        let answer = self.call_of(request, world).into();
        self.config.read_lag = lag;
        answer
    }

    fn refuse(&mut self, _request: &Request, category: &str, code: &str) -> Answer {
        self.refuse_with(&of_fault(category, code)).into()
    }

    fn recordable(&self, request: &Request, response: &str) -> Recordable {
        let mut body = match service::form_of(content_type(request), &request.body) {
            Some(fields) => Value::Object(fields),
            None => parse_or_text(&String::from_utf8_lossy(&request.body)),
        };
        let mut response = parse_or_text(response);
        for value in [Some(&mut body), response.get_mut("data")].into_iter().flatten() {
            mask(value);
        }
        let mut path = request.path.clone();
        if !request.query.is_empty() {
            path = format!("{path}?{}", masked_query(&request.query));
        }
        Recordable { path, body, response }
    }

    fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        self.advertisers.values().filter_map(|a| a.next_due(now, self.config.read_lag)).min()
    }

    fn account_ids(&self) -> Vec<String> {
        self.advertisers.keys().cloned().collect()
    }

    fn view_json(&self, account: &str, now: Timestamp) -> Option<Value> {
        serde_json::to_value(self.view(account, now)?).ok()
    }

    fn edit_json(&mut self, edit: Value, now: Timestamp) -> Result<Vec<LedgerEntry>, EditError> {
        let edit: TikTokEdit = serde_json::from_value(edit).map_err(|error| EditError(error.to_string()))?;
        self.edit(&edit, now)
    }

    fn set_read_lag(&mut self, lag: SignedDuration) {
        self.config.read_lag = lag;
    }

    fn expire_tokens(&mut self, _now: Timestamp) {
        self.auth.expire();
    }

    fn revoke(&mut self, grant: &str) {
        self.auth.revoke(grant);
    }

    fn restore(&mut self, grant: &str) {
        self.auth.restore(grant);
    }
}

fn content_type(request: &Request) -> &str {
    request.header("content-type").unwrap_or_default()
}

impl TikTok {
    fn call_of(&mut self, request: &Request, world: &World<'_>) -> service::Answer {
        let rejects = world.faults.rejects();
        let account = if rejects { self.account_of(request) } else { String::new() };
        let mut reject = |operation: &str, text: &str| {
            if !rejects {
                return None;
            }
            let names = || vec![operation.to_owned()];
            let facts = Facts {
                platform: PlatformName::TikTok,
                method: &request.method,
                path: &request.path,
                account: &account,
                operations: &names,
                text,
            };
            match world.faults.reject(&facts) {
                Some(Effect::Reject { category, code }) => Some(of_fault(&category, &code)),
                _ => None,
            }
        };
        let call = Call {
            method: &request.method,
            path: &request.path,
            query: &request.query,
            token: request.header("access-token"),
            content_type: request.header("content-type"),
            body: &request.body,
            now: world.now,
        };
        self.call(&call, &mut reject)
    }
}

impl From<service::Answer> for Answer {
    fn from(answer: service::Answer) -> Answer {
        let service::Answer { status, body, request_id, changes } = answer;
        Answer { status, body, headers: vec![("x-tt-logid", request_id)], changes }
    }
}

/// The error that a fault names: its code is a number, such as `40100`; its category may be a message.
fn of_fault(category: &str, code: &str) -> Refusal {
    let code = code.parse().unwrap_or(50_000);
    Refusal::new(code, if category.is_empty() { message_of(code) } else { category })
}

fn mask(value: &mut Value) {
    let Value::Object(fields) = value else { return };
    for (name, value) in fields {
        if SECRETS.contains(&name.as_str()) {
            *value = json!(SECRET);
        }
    }
}

/// A query as it came, but for its secrets.
fn masked_query(query: &str) -> String {
    if pairs(query).iter().all(|(name, _)| !SECRETS.contains(&name.as_str())) {
        return query.to_owned();
    }
    let masked = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if SECRETS.contains(&name) => format!("{name}={SECRET}"),
        _ => pair.to_owned(),
    });
    masked.collect::<Vec<_>>().join("&")
}
