//! The API's surface: which request is what, who may do it, and what it answers.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Google;
use super::account::{Account, CustomerStatus};
use super::auth::Caller;
use super::errors::{AdsError, Refusal};
use super::gaql::{self, View};
use super::key::Kind;
use super::mutate::{Context, Operation, Request, execute};
use super::pages::Pages;
use super::schema::{Violation, camel, schema};
use crate::config::AccessLevel;
use crate::ledger::{Actor, LedgerEntry};

/// A request to the API.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path without query.
    pub path: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `login-customer-id` header.
    pub login_customer: Option<&'a str>,
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
    /// Value of the `request-id` header.
    pub request_id: String,
    /// What the request changed.
    pub changes: Vec<LedgerEntry>,
}

/// A path of the API.
enum Route<'a> {
    ListAccessibleCustomers,
    Suggest,
    Search { customer: &'a str, stream: bool },
    Mutate { customer: &'a str, kind: Option<Kind> },
}

/// The account that a path names; empty if none.
pub fn account_of(path: &str) -> &str {
    path.split('/').skip_while(|p| *p != "customers").nth(1).unwrap_or_default()
}

/// The names of the operations in a mutate body, as faults know them: `campaign.create`.
pub fn operations_of(path: &str, body: &[u8]) -> Vec<String> {
    let Ok(Route::Mutate { customer, kind }) = route("POST", rest_of(path)) else { return Vec::new() };
    let Ok(body) = serde_json::from_slice(body) else { return Vec::new() };
    let request = Request::read(kind, &body, customer);
    request.map_or_else(|_| Vec::new(), |r| r.operations.iter().map(name_of).collect())
}

/// The name of an operation, as faults know it.
pub fn name_of(operation: &Operation) -> String {
    format!("{}.{}", operation.kind.json(), operation.verb())
}

fn rest_of(path: &str) -> &str {
    path.trim_start_matches('/').split_once('/').map_or("", |(_, rest)| rest)
}

fn route<'a>(method: &str, rest: &'a str) -> Result<Route<'a>, Refusal> {
    let not_found = || Refusal::plain(StatusCode::NOT_FOUND, "NOT_FOUND", "Requested entity was not found.");
    let post = method == "POST";
    match rest {
        "customers:listAccessibleCustomers" if method == "GET" => return Ok(Route::ListAccessibleCustomers),
        "geoTargetConstants:suggest" if post => return Ok(Route::Suggest),
        _ => {}
    }
    let mut parts = rest.split('/');
    let (Some("customers"), Some(customer), Some(verb), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(not_found());
    };
    let (collection, verb) = verb.split_once(':').ok_or_else(not_found)?;
    match (collection, verb) {
        ("googleAds", "search") if post => Ok(Route::Search { customer, stream: false }),
        ("googleAds", "searchStream") if post => Ok(Route::Search { customer, stream: true }),
        ("googleAds", "mutate") if post => Ok(Route::Mutate { customer, kind: None }),
        (collection, "mutate") if post => {
            let kind = Kind::of_collection(collection).ok_or_else(not_found)?;
            Ok(Route::Mutate { customer, kind: Some(kind) })
        }
        _ => Err(not_found()),
    }
}

impl Google {
    /// Answers a request. `reject` lets faults refuse single operations.
    pub fn call(&mut self, call: &Call<'_>, reject: &mut dyn FnMut(&Operation) -> Option<AdsError>) -> Answer {
        let request_id = self.request_id();
        let version = call.path.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
        match self.answer(call, &version, &request_id, reject) {
            Ok((body, changes)) => Answer { status: StatusCode::OK, body, request_id, changes },
            Err(refusal) => {
                let known = self.config.versions.iter().find(|v| **v == version).or(self.config.versions.last());
                let body = refusal.body(known.map_or("v26", String::as_str), &request_id).to_string();
                Answer { status: refusal.http, body, request_id, changes: Vec::new() }
            }
        }
    }

    /// The answer of a fault that names an error.
    pub fn refuse_with(&mut self, path: &str, error: AdsError) -> Answer {
        let request_id = self.request_id();
        let version = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        let refusal = Refusal::of(error);
        let body = refusal.body(version, &request_id).to_string();
        Answer { status: refusal.http, body, request_id, changes: Vec::new() }
    }

    fn answer(
        &mut self,
        call: &Call<'_>,
        version: &str,
        request_id: &str,
        reject: &mut dyn FnMut(&Operation) -> Option<AdsError>,
    ) -> Result<(String, Vec<LedgerEntry>), Refusal> {
        if !self.config.versions.iter().any(|v| v == version) {
            return Err(unsupported_version(version));
        }
        let route = route(call.method, rest_of(call.path))?;
        let caller = self.auth.caller(call.authorization)?;
        if let Some(login) = call.login_customer
            && (login.len() != 10 || login.bytes().any(|b| !b.is_ascii_digit()))
        {
            return Err(AdsError::new(
                "headerError",
                "INVALID_LOGIN_CUSTOMER_ID",
                "Login customer ID could not be validated.",
            )
            .into());
        }
        match route {
            Route::ListAccessibleCustomers => {
                let names: Vec<String> = self.direct(&caller).map(|id| format!("customers/{id}")).collect();
                Ok((json!({ "resourceNames": names }).to_string(), Vec::new()))
            }
            Route::Suggest => {
                self.quota.take(&caller.project, 1, &self.config, call.now)?;
                Ok((super::suggest::suggest(&read_json(call.body)?)?.to_string(), Vec::new()))
            }
            Route::Search { customer, stream } => {
                self.admit(&caller, customer, call.login_customer)?;
                let body = self.search(&caller, customer, stream, call, request_id)?;
                Ok((body, Vec::new()))
            }
            Route::Mutate { customer, kind } => {
                self.admit(&caller, customer, call.login_customer)?;
                self.mutate(&caller, customer, kind, call, (version, request_id), reject)
            }
        }
    }

    /// Customers that a user has direct access to.
    fn direct(&self, caller: &Caller) -> impl Iterator<Item = &str> {
        self.accounts
            .values()
            .filter(|a| !self.denied.contains(a.id()))
            .filter(|a| a.config.users.is_empty() || a.config.users.contains(&caller.user))
            .map(Account::id)
    }

    /// Whether a caller may work on a customer at all.
    fn admit(&mut self, caller: &Caller, customer: &str, login: Option<&str>) -> Result<(), Refusal> {
        let error = |code: &str, message: &str| Refusal::of(AdsError::new("authorizationError", code, message));
        if customer.is_empty() || customer.bytes().any(|b| !b.is_ascii_digit()) {
            return Err(AdsError::new(
                "requestError",
                "INVALID_CUSTOMER_ID",
                format!("Invalid customer ID '{customer}'."),
            )
            .into());
        }
        let denied = || {
            error(
                "USER_PERMISSION_DENIED",
                "User doesn't have permission to access customer. Note: If you're accessing a client customer, the \
                 manager's customer id must be set in the 'login-customer-id' header. See \
                 https://developers.google.com/google-ads/api/docs/concepts/call-structure#cid",
            )
        };
        let Some(account) = self.accounts.get(customer).filter(|a| !self.denied.contains(a.id())) else {
            return Err(denied());
        };
        // Without the header the customer itself is the login customer.
        let login = login.unwrap_or(customer);
        if !self.direct(caller).any(|id| id == login) {
            return Err(denied());
        }
        if login != customer && !self.manages(login, customer) {
            return Err(denied());
        }
        let project = self.config.projects.iter().find(|p| p.id == caller.project);
        if project.is_some_and(|p| p.access == AccessLevel::Test) && !account.config.test_account {
            return Err(error(
                "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION",
                "The cloud project is approved for use with test accounts only.",
            ));
        }
        if matches!(account.status, CustomerStatus::Canceled | CustomerStatus::Closed) {
            return Err(error(
                "CUSTOMER_NOT_ENABLED",
                "The customer account can't be accessed because it is not yet enabled or has been deactivated.",
            ));
        }
        self.quota.take_rate(customer, &caller.project, &self.config)?;
        Ok(())
    }

    /// Whether a manager account is above a customer, at any distance.
    fn manages(&self, manager: &str, customer: &str) -> bool {
        let Some(account) = self.accounts.get(customer) else { return false };
        let mut open: Vec<&str> = account.config.managers.iter().map(String::as_str).collect();
        let mut seen = Vec::new();
        while let Some(above) = open.pop() {
            if above == manager {
                return true;
            }
            if !seen.contains(&above) {
                seen.push(above);
                open.extend(
                    self.accounts.get(above).into_iter().flat_map(|a| a.config.managers.iter().map(String::as_str)),
                );
            }
        }
        false
    }

    fn search(
        &mut self,
        caller: &Caller,
        customer: &str,
        stream: bool,
        call: &Call<'_>,
        request_id: &str,
    ) -> Result<String, Refusal> {
        let message = if stream { "SearchGoogleAdsStreamRequest" } else { "SearchGoogleAdsRequest" };
        let body = schema().parse(message, &read_json(call.body)?).map_err(Refusal::malformed)?;
        if body.contains_key("pageSize") {
            return Err(AdsError::new(
                "requestError",
                "PAGE_SIZE_NOT_SUPPORTED",
                "Setting the page size is not supported. Search Responses will have fixed page size of '10000' rows.",
            )
            .at("page_size")
            .into());
        }
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let setting = |name: &str| {
            body.get("searchSettings").and_then(|s| s.get(name)).and_then(Value::as_bool).unwrap_or_default()
        };
        if setting("returnSummaryRow") || text("summaryRowSetting").starts_with("SUMMARY_ROW") {
            let description = "adsim does not simulate summary rows".to_owned();
            return Err(Refusal::malformed(vec![Violation { field: "search_settings".into(), description }]));
        }
        let (query, token) = (text("query").to_owned(), text("pageToken").to_owned());
        if query.trim().is_empty() {
            return Err(AdsError::required("query").into());
        }
        let Some(account) = self.accounts.get(customer) else { return Err(AdsError::not_found().into()) };
        let today = call.now.to_zoned(account.zone.clone()).date();
        let parsed = gaql::parse(&query).map_err(AdsError::from)?;
        let plan = gaql::plan(&parsed, today).map_err(AdsError::from)?;
        if account.config.manager && plan.metrics {
            return Err(AdsError::new("queryError", "REQUESTED_METRICS_FOR_MANAGER", "Metrics cannot be requested for a manager account. To retrieve metrics, issue separate requests against each client account under the manager account.").into());
        }
        let mask: Vec<String> = plan.columns[..plan.asked]
            .iter()
            .map(|c| c.name.split('.').map(camel).collect::<Vec<_>>().join("."))
            .collect();
        let mask = mask.join(",");
        // The pages after the first belong to the search that has been counted.
        if token.is_empty() {
            self.quota.take(&caller.project, 1, &self.config, call.now)?;
        }
        if body.get("validateOnly").and_then(Value::as_bool) == Some(true) {
            return Ok(json!({ "fieldMask": mask }).to_string());
        }
        let size = self.config.page_size;
        if !token.is_empty() {
            let (rows, next) = self.pages.page(&token, customer, &query, size)?;
            let page = page(rows, next.as_deref(), &mask, None, None);
            if next.is_none() {
                self.pages.close(&token);
            }
            return Ok(page);
        }
        let lag = self.config.read_lag;
        let view = View {
            account,
            config: &self.config,
            seed: self.seed,
            now: call.now,
            as_of: (!lag.is_zero()).then(|| call.now - lag),
        };
        let rows = gaql::run(&plan, &view);
        if stream {
            let chunks: Vec<String> = if rows.is_empty() {
                Vec::new()
            } else {
                rows.chunks(size).map(|chunk| page(chunk, None, &mask, Some(request_id), None)).collect()
            };
            return Ok(format!("[{}]", chunks.join(",\n")));
        }
        let count = setting("returnTotalResultsCount").then_some(rows.len());
        if setting("omitResults") {
            return Ok(page(&[], None, &mask, None, count));
        }
        if rows.len() <= size {
            return Ok(page(&rows, None, &mask, None, count));
        }
        let first = rows[..size].to_vec();
        let id = self.pages.open(customer, &query, rows);
        Ok(page(&first, Some(&Pages::token(id, size)), &mask, None, count))
    }

    fn mutate(
        &mut self,
        caller: &Caller,
        customer: &str,
        kind: Option<Kind>,
        call: &Call<'_>,
        (version, request_id): (&str, &str),
        reject: &mut dyn FnMut(&Operation) -> Option<AdsError>,
    ) -> Result<(String, Vec<LedgerEntry>), Refusal> {
        let request = Request::read(kind, &read_json(call.body)?, customer)?;
        let operations = u64::try_from(request.operations.len()).unwrap_or(u64::MAX);
        self.quota.take(&caller.project, operations, &self.config, call.now)?;
        let Some(account) = self.accounts.get_mut(customer) else { return Err(AdsError::not_found().into()) };
        if account.config.manager && request.operations.iter().any(|o| o.kind != Kind::Label) {
            return Err(AdsError::new(
                "requestError",
                "CANNOT_BE_EXECUTED_BY_MANAGER_ACCOUNT",
                "This operation cannot be executed by a manager account.",
            )
            .into());
        }
        if account.status == CustomerStatus::Suspended {
            return Err(AdsError::new(
                "authorizationError",
                "ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT",
                "Action not permitted for suspended account.",
            )
            .into());
        }
        let mut context = Context::new(account, &self.config, &mut self.ids, call.now);
        let outcome = execute(&mut context, &request, version, request_id, reject)?;
        let actor = Actor::Api(caller.user.clone());
        let changes = self.settle(customer, &outcome.applied, &actor, request_id, call.now);
        Ok((outcome.response.to_string(), changes))
    }
}

fn unsupported_version(version: &str) -> Refusal {
    let is_version = version.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    if !is_version {
        return Refusal::plain(StatusCode::NOT_FOUND, "NOT_FOUND", "Requested entity was not found.");
    }
    AdsError::new(
        "requestError",
        "UNSUPPORTED_VERSION",
        format!("Version {version} is deprecated. Requests to this version will be blocked."),
    )
    .into()
}

fn read_json(body: &[u8]) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(body).map_err(|error| {
        Refusal::plain(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", format!("Invalid JSON payload received. {error}"))
    })
}

fn page(rows: &[String], next: Option<&str>, mask: &str, request_id: Option<&str>, count: Option<usize>) -> String {
    let mut out = String::with_capacity(rows.iter().map(|r| r.len() + 2).sum::<usize>() + 256);
    out.push('{');
    if !rows.is_empty() {
        out.push_str("\"results\":[");
        out.push_str(&rows.join(",\n"));
        out.push_str("],");
    }
    for (name, value) in [("nextPageToken", next), ("requestId", request_id), ("fieldMask", Some(mask))] {
        out.extend(value.map(|value| format!("\"{name}\":\"{value}\",")));
    }
    out.extend(count.map(|count| format!("\"totalResultsCount\":\"{count}\",")));
    out + &format!("\"queryResourceConsumption\":\"{}\"}}", 200 + rows.len())
}
