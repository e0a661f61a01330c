//! Meta on the platforms' port.

use std::sync::OnceLock;

use axum::body::Bytes;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use regex::Regex;
use serde_json::Value;

use super::edits::MetaEdit;
use super::errors::{GraphError, of_fault};
use super::params::Params;
use super::service::Call;
use super::usage::{Cost, app_header};
use super::{Meta, batch, media};
use crate::edits::EditError;
use crate::faults::{Effect, Facts};
use crate::ledger::LedgerEntry;
use crate::platform::{Answer, Platform, PlatformName, Recordable, Request, World, parse_or_text};

/// Parameters whose values are never recorded.
const SECRET: &[&str] = &["access_token", "appsecret_proof", "input_token"];

impl Platform for Meta {
    fn account_of(&self, request: &Request) -> String {
        let calls = all_calls(request);
        calls.iter().find_map(|call| Meta::account_of(self, call)).unwrap_or_default()
    }

    fn operations_of(&self, request: &Request) -> Vec<String> {
        all_calls(request).iter().map(|call| self.operation_of(call)).collect()
    }

    fn answer(&mut self, request: &Request, world: &World<'_>) -> Answer {
        let trace = self.trace_id();
        let call = self.read(request, world, &trace);
        let usage = call.as_ref().ok().cloned();
        let outcome = call.and_then(|call| self.dispatch(request, &call, world));
        let mut answer = self.finish(outcome, &trace);
        if let Some(call) = usage {
            answer.headers.extend(self.usage_headers(&call));
            answer.headers.push(("facebook-api-version", version(&request.path).to_owned()));
        }
        answer
    }

    fn file(&self, path: &str, query: &str) -> Option<Bytes> {
        self.contents.get(media::hash_of(path, query)?).cloned()
    }

    fn refuse(&mut self, _request: &Request, category: &str, code: &str) -> Answer {
        let trace = self.trace_id();
        self.finish(Err(of_fault(category, code)), &trace)
    }

    fn recordable(&self, request: &Request, response: &str) -> Recordable {
        let path = if request.query.is_empty() {
            request.path.clone()
        } else {
            format!("{}?{}", request.path, masked(&request.query))
        };
        let kind = request.header("content-type").unwrap_or_default();
        let body = match Params::read("", kind, &request.body) {
            Ok(params) => params.iter().map(|(name, value)| (name.to_owned(), public(name, value))).collect(),
            Err(_) => Value::Null,
        };
        // Addresses of further pages carry the token.
        let mut response = parse_or_text(response);
        mask_urls(&mut response);
        Recordable { path, body, response }
    }

    fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        Meta::next_due(self, now)
    }

    fn account_ids(&self) -> Vec<String> {
        self.accounts.keys().cloned().collect()
    }

    fn view_json(&self, account: &str, now: Timestamp) -> Option<Value> {
        serde_json::to_value(self.account_view(account, now)?).ok()
    }

    fn edit_json(&mut self, edit: Value, now: Timestamp) -> Result<Vec<LedgerEntry>, EditError> {
        let edit: MetaEdit = serde_json::from_value(edit).map_err(|error| EditError(error.to_string()))?;
        self.edit(&edit, now)
    }

    fn set_read_lag(&mut self, lag: SignedDuration) {
        self.config.read_lag = lag;
    }

    fn expire_tokens(&mut self, _now: Timestamp) {
        self.auth.expire_all(&self.config);
    }

    fn revoke(&mut self, grant: &str) {
        self.auth.revoke(grant);
    }

    fn restore(&mut self, grant: &str) {
        self.auth.restore(grant);
    }
}

impl Meta {
    fn read(&self, request: &Request, world: &World<'_>, trace: &str) -> Result<Call, GraphError> {
        let version = version(&request.path);
        if !self.config.versions.iter().any(|v| v == version) {
            let latest = self.config.versions.last().map_or("v26.0", String::as_str);
            let message = format!(
                "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: {latest}."
            );
            return Err(GraphError::new(2635, message));
        }
        let mut call = call_of(request)?;
        call.base = format!("{}/{version}", world.url);
        call.now = world.now;
        call.lag = self.config.read_lag.max(world.stale);
        trace.clone_into(&mut call.trace);
        Ok(call)
    }

    fn dispatch(
        &mut self,
        request: &Request,
        call: &Call,
        world: &World<'_>,
    ) -> Result<(Value, Vec<LedgerEntry>), GraphError> {
        let rejects = world.faults.rejects();
        let mut refuse = |meta: &Meta, call: &Call| {
            if !rejects {
                return None;
            }
            let operations = || vec![meta.operation_of(call)];
            let text: Vec<String> = call.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let facts = Facts {
                platform: PlatformName::Meta,
                method: &call.method,
                path: &request.path,
                account: &Meta::account_of(meta, call).unwrap_or_default(),
                operations: &operations,
                text: &text.join("&"),
            };
            match world.faults.reject(&facts) {
                Some(Effect::Reject { category, code }) => Some(of_fault(&category, &code)),
                _ => None,
            }
        };
        match batch::calls(call)? {
            Some(items) => self.batch(call, &items, &mut refuse),
            None => self.call(call, &mut refuse),
        }
    }

    fn finish(&self, outcome: Result<(Value, Vec<LedgerEntry>), GraphError>, trace: &str) -> Answer {
        let headers = vec![("x-fb-trace-id", trace.to_owned())];
        match outcome {
            Ok((body, changes)) => Answer { status: StatusCode::OK, body: body.to_string(), headers, changes },
            Err(error) => {
                let body = error.body(trace, self.config.rules.error_data_is_text).to_string();
                Answer { status: error.status(), body, headers, changes: Vec::new() }
            }
        }
    }

    /// The headers that tell what was used.
    pub fn usage_headers(&mut self, call: &Call) -> Vec<(&'static str, String)> {
        let app = app_header(&mut self.app_calls, &self.config.quota, call.now);
        let mut headers = vec![("x-app-usage", app)];
        let account = Meta::account_of(self, call).and_then(|id| self.accounts.get_mut(&id));
        if let Some(account) = account {
            let (ads, business) = (account.active_ads(), account.config.business.clone());
            let (quota, cost) = (&self.config.quota, call.cost());
            headers.push((
                "x-business-use-case-usage",
                account.usage.business_header(&business, cost, ads, quota, call.now),
            ));
            headers.push(("x-ad-account-usage", account.usage.account_header(quota, call.now)));
            if cost == Cost::Insights {
                let used = r#"{"app_id_util_pct":0,"acc_id_util_pct":0,"ads_api_access_tier":"standard_access"}"#;
                headers.push(("x-fb-ads-insights-throttle", used.to_owned()));
            }
        }
        headers
    }
}

/// The calls in a request, for faults.
fn all_calls(request: &Request) -> Vec<Call> {
    let Ok(call) = call_of(request) else { return Vec::new() };
    match batch::calls(&call) {
        Ok(Some(items)) => {
            items.iter().filter_map(|item| batch::single(&call, item, &batch::Answers::new()).ok()).collect()
        }
        _ => vec![call],
    }
}

/// The version in a path.
fn version(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

fn call_of(request: &Request) -> Result<Call, GraphError> {
    let kind = request.header("content-type").unwrap_or_default();
    let params = Params::read(&request.query, kind, &request.body)?;
    let method = params.text("method").unwrap_or_else(|| request.method.clone()).to_uppercase();
    let path = request.path.trim_start_matches('/').split_once('/').map_or("", |(_, rest)| rest);
    Ok(Call {
        method,
        path: path.trim_matches('/').to_owned(),
        params,
        authorization: request.header("authorization").map(str::to_owned),
        base: String::new(),
        now: Timestamp::UNIX_EPOCH,
        lag: SignedDuration::ZERO,
        trace: String::new(),
    })
}

fn public(name: &str, value: &Value) -> Value {
    let (secret, large) = (SECRET.contains(&name), name == "bytes");
    if secret || large {
        return if secret { "(secret)" } else { "(content)" }.into();
    }
    match value {
        // A batch's calls may carry tokens of their own.
        Value::String(text) if name == "batch" => masked(text).into(),
        value => value.clone(),
    }
}

/// Text with the values of secret parameters taken out, wherever it has a query or form in it.
fn masked(text: &str) -> String {
    static SECRETS: OnceLock<Option<Regex>> = OnceLock::new();
    let secrets = SECRETS.get_or_init(|| Regex::new(&format!(r#"({})=[^&"\\\s]*"#, SECRET.join("|"))).ok());
    secrets.as_ref().map_or_else(String::new, |secrets| secrets.replace_all(text, "$1=(secret)").into_owned())
}

fn mask_urls(value: &mut Value) {
    match value {
        Value::String(text) => *text = masked(text),
        Value::Array(items) => items.iter_mut().for_each(mask_urls),
        Value::Object(fields) => fields.values_mut().for_each(mask_urls),
        _ => {}
    }
}
