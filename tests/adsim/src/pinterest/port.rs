//! Pinterest on the platforms' port.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Pinterest;
use super::edits::PinterestEdit;
use super::errors::Refusal;
use super::service::{self, Call};
use crate::edits::EditError;
use crate::faults::{Effect, Facts};
use crate::ledger::LedgerEntry;
use crate::platform::{Answer, Platform, PlatformName, Recordable, Request, World, parse_or_text};

pub(crate) use super::service::is_path;

/// What is left of a minute that a fault says is full.
const RESET: i64 = 30;

impl Platform for Pinterest {
    fn account_of(&self, request: &Request) -> String {
        service::account_of(&request.path)
    }

    fn operations_of(&self, request: &Request) -> Vec<String> {
        service::operations_of(&request.method, &request.path)
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
        let body = parse_or_text(&String::from_utf8_lossy(&request.body));
        Recordable { path: request.path_and_query(), body, response: parse_or_text(response) }
    }

    fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        self.accounts.values().filter_map(|account| account.next_due(now, self.config.read_lag)).min()
    }

    fn account_ids(&self) -> Vec<String> {
        self.accounts.keys().cloned().collect()
    }

    fn view_json(&self, account: &str, now: Timestamp) -> Option<Value> {
        serde_json::to_value(self.view(account, now)?).ok()
    }

    fn edit_json(&mut self, edit: Value, now: Timestamp) -> Result<Vec<LedgerEntry>, EditError> {
        let edit: PinterestEdit = serde_json::from_value(edit).map_err(|error| EditError(error.to_string()))?;
        self.edit(&edit, now)
    }

    fn set_read_lag(&mut self, lag: SignedDuration) {
        self.config.read_lag = lag;
    }

    fn expire_tokens(&mut self, _now: Timestamp) {
        self.end_tokens();
    }

    fn revoke(&mut self, grant: &str) {
        self.revoke_token(grant);
    }

    fn restore(&mut self, grant: &str) {
        self.restore_token(grant);
    }
}

impl Pinterest {
    fn call_of(&mut self, request: &Request, world: &World<'_>) -> service::Answer {
        let rejects = world.faults.rejects();
        let account = service::account_of(&request.path);
        let mut reject = |operation: &str, text: &str| {
            if !rejects {
                return None;
            }
            let names = || vec![operation.to_owned()];
            let facts = Facts {
                platform: PlatformName::Pinterest,
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
            authorization: request.header("authorization"),
            body: &request.body,
            now: world.now,
        };
        self.call(&call, &mut reject)
    }
}

impl From<service::Answer> for Answer {
    fn from(answer: service::Answer) -> Answer {
        let service::Answer { status, body, request_id, reset, changes } = answer;
        let mut headers = vec![("x-pinterest-rid", request_id)];
        if let Some(reset) = reset {
            headers.push(("x-ratelimit-remaining", "0".to_owned()));
            headers.push(("x-ratelimit-reset", reset.to_string()));
        }
        Answer { status, body, headers, changes }
    }
}

/// The error that a fault names: its code is an HTTP status, such as `429`; its category may be a message.
fn of_fault(category: &str, code: &str) -> Refusal {
    let status = code.parse().ok().and_then(|code| StatusCode::from_u16(code).ok());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let refusal = match status {
        StatusCode::UNAUTHORIZED => Refusal::unauthenticated(),
        StatusCode::TOO_MANY_REQUESTS => Refusal::throttled(RESET),
        status => Refusal::new(status, 1, "An error of a fault."),
    };
    if category.is_empty() { refusal } else { Refusal { message: category.to_owned(), ..refusal } }
}
