//! Google Ads on the platforms' port.

use std::collections::HashMap;

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Google;
use super::edits::Edit;
use super::errors::AdsError;
use super::mutate::Operation;
use super::service::{self, Call, account_of, name_of, operations_of};
use crate::edits::EditError;
use crate::faults::{Effect, Facts};
use crate::ledger::LedgerEntry;
use crate::platform::{Answer, Platform, PlatformName, Recordable, Request, World, parse_or_text};
use crate::urlencoded;

/// Path of the OAuth2 token endpoint.
pub(crate) const TOKEN_PATH: &str = "/token";

const OF_A_FAULT: &str = "A fault of the simulator.";

impl Platform for Google {
    fn account_of(&self, request: &Request) -> String {
        account_of(&request.path).to_owned()
    }

    fn operations_of(&self, request: &Request) -> Vec<String> {
        operations_of(&request.path, &request.body)
    }

    fn answer(&mut self, request: &Request, world: &World<'_>) -> Answer {
        if request.path == TOKEN_PATH {
            return self.token(request, world.url);
        }
        let lag = self.config.read_lag;
        self.config.read_lag = lag.max(world.stale);
        let answer = self.call_of(request, world).into();
        self.config.read_lag = lag;
        answer
    }

    fn refuse(&mut self, request: &Request, category: &str, code: &str) -> Answer {
        self.refuse_with(&request.path, AdsError::new(category, code, OF_A_FAULT)).into()
    }

    fn recordable(&self, request: &Request, response: &str) -> Recordable {
        let path = request.path_and_query();
        if request.path == TOKEN_PATH {
            let body = json!({ "grant_type": form(request).remove("grant_type") });
            return Recordable { path, body, response: Value::Null };
        }
        let body = parse_or_text(&String::from_utf8_lossy(&request.body));
        Recordable { path, body, response: parse_or_text(response) }
    }

    fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        self.accounts.values().filter_map(|a| a.next_due(now, self.config.read_lag)).min()
    }

    fn account_ids(&self) -> Vec<String> {
        self.accounts.keys().cloned().collect()
    }

    fn view_json(&self, account: &str, now: Timestamp) -> Option<Value> {
        serde_json::to_value(self.view(account, now)?).ok()
    }

    fn edit_json(&mut self, edit: Value, now: Timestamp) -> Result<Vec<LedgerEntry>, EditError> {
        let edit: Edit = serde_json::from_value(edit).map_err(|error| EditError(error.to_string()))?;
        self.edit(&edit, now)
    }

    fn set_read_lag(&mut self, lag: SignedDuration) {
        self.config.read_lag = lag;
    }

    fn expire_tokens(&mut self, _now: Timestamp) {
        self.auth.expire_tokens();
    }

    fn revoke(&mut self, grant: &str) {
        self.auth.revoke(grant);
    }

    fn restore(&mut self, grant: &str) {
        self.auth.restore(grant);
    }
}

impl Google {
    fn token(&mut self, request: &Request, url: &str) -> Answer {
        let (status, body) = if request.method == "POST" {
            self.auth.token(&form(request), &self.config, &format!("{url}{TOKEN_PATH}"))
        } else {
            (StatusCode::METHOD_NOT_ALLOWED, json!({ "error": "invalid_request" }))
        };
        Answer { status, body: body.to_string(), headers: Vec::new(), changes: Vec::new() }
    }

    fn call_of(&mut self, request: &Request, world: &World<'_>) -> service::Answer {
        let rejects = world.faults.rejects();
        let mut reject = |operation: &Operation| {
            if !rejects {
                return None;
            }
            let names = || vec![name_of(operation)];
            let text = operation.text();
            let facts = Facts {
                platform: PlatformName::Google,
                method: &request.method,
                path: &request.path,
                account: account_of(&request.path),
                operations: &names,
                text: &text,
            };
            match world.faults.reject(&facts) {
                Some(Effect::Reject { category, code }) => Some(AdsError::new(&category, &code, OF_A_FAULT)),
                _ => None,
            }
        };
        let call = Call {
            method: &request.method,
            path: &request.path,
            authorization: request.header("authorization"),
            login_customer: request.header("login-customer-id"),
            body: &request.body,
            now: world.now,
        };
        self.call(&call, &mut reject)
    }
}

impl From<service::Answer> for Answer {
    fn from(answer: service::Answer) -> Answer {
        let service::Answer { status, body, request_id, changes } = answer;
        Answer { status, body, headers: vec![("request-id", request_id)], changes }
    }
}

fn form(request: &Request) -> HashMap<String, String> {
    urlencoded::pairs(&String::from_utf8_lossy(&request.body)).into_iter().collect()
}
