//! The API's surface: which call is what, who may do it, and what it answers.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::Meta;
use super::auth::token_of;
use super::changes::Writer;
use super::config::MetaToken;
use super::edges::{self, Source, fields_of};
use super::errors::GraphError;
use super::fields::{self, Field};
use super::insights;
use super::nodes::{self, View};
use super::object::{Kind, Object};
use super::params::Params;
use super::places;
use super::schema::check_params;
use super::status::is_reviewed;
use super::usage::{Cost, app_error};
use crate::ledger::{Actor, LedgerEntry};

/// A call.
#[derive(Debug, Clone)]
pub struct Call {
    /// HTTP method, after `method=` was taken into account.
    pub method: String,
    /// Path behind the version, without slashes at its ends.
    pub path: String,
    /// Parameters.
    pub params: Params,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// Base URL with the version, for addresses of further pages.
    pub base: String,
    /// Business time.
    pub now: Timestamp,
    /// Edges see accounts as they were this long ago.
    pub lag: SignedDuration,
    /// The request's `fbtrace_id`.
    pub trace: String,
}

/// What a call has come to.
pub type Outcome = Result<(Value, Vec<LedgerEntry>), GraphError>;

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An account.
    Account(String),
    /// An object of an account, if it is known.
    Object(i64),
    /// Something that belongs to no account.
    Other,
}

impl Call {
    /// The node and the edge of the path.
    pub fn parts(&self) -> (&str, &str) {
        self.path.split_once('/').unwrap_or((&self.path, ""))
    }

    /// What the path names.
    pub fn target(&self) -> Target {
        let node = self.parts().0;
        if let Some(id) = node.strip_prefix("act_") {
            return Target::Account(id.to_owned());
        }
        node.parse().map_or(Target::Other, Target::Object)
    }

    /// What the call costs.
    pub fn cost(&self) -> Cost {
        match (self.method.as_str(), self.parts().1) {
            (_, "insights") => Cost::Insights,
            ("GET", _) => Cost::Read,
            _ => Cost::Write,
        }
    }
}

impl Meta {
    /// The account that a call is about.
    pub fn account_of(&self, call: &Call) -> Option<String> {
        match call.target() {
            Target::Account(id) => Some(id),
            Target::Object(id) => self.owner(id).map(str::to_owned),
            Target::Other => {
                let ids = call.params.list("ids").ok().flatten()?;
                let first = ids.first()?;
                first
                    .strip_prefix("act_")
                    .map(str::to_owned)
                    .or_else(|| self.owner(first.parse().ok()?).map(str::to_owned))
            }
        }
    }

    /// What faults call the operation of a call: `campaign.create`, `adset.update`, `ad.delete`, `insights.read`.
    pub fn operation_of(&self, call: &Call) -> String {
        let (node, edge) = call.parts();
        let kind = match call.target() {
            Target::Object(id) => {
                let account = self.owner(id).and_then(|owner| self.accounts.get(owner));
                account.and_then(|account| account.get(id)).map_or("object", |object| object.kind.name())
            }
            Target::Account(_) => "account",
            Target::Other => node,
        };
        let on_edge = Kind::of_edge(edge).map_or(edge, |kind| kind.name());
        match (call.method.as_str(), edge) {
            ("GET", "") => format!("{kind}.read"),
            ("GET", _) => format!("{on_edge}.read"),
            ("DELETE", _) => format!("{kind}.delete"),
            (_, "") => format!("{kind}.update"),
            // Labels are put on objects by an edge, which changes the object.
            (_, "adlabels") if matches!(call.target(), Target::Object(_)) => format!("{kind}.update"),
            _ => format!("{on_edge}.create"),
        }
    }

    /// Answers a call. `refuse` lets faults refuse it.
    pub fn call(&mut self, call: &Call, refuse: &mut dyn FnMut(&Meta, &Call) -> Option<GraphError>) -> Outcome {
        let (node, edge) = call.parts();
        if node == "debug_token" {
            return Ok((self.auth.debug(&call.params, &self.config, call.now)?, Vec::new()));
        }
        let token = token_of(&call.params, call.authorization.as_deref());
        let caller = self.auth.caller(token.as_deref(), &call.params, &self.config, call.now)?.clone();
        if let Some(error) = refuse(self, call) {
            return Err(error);
        }
        match (call.method.as_str(), node, edge) {
            ("GET", "", "") if call.params.has("ids") => return self.many(call, &caller).map(unchanged),
            (_, "search", "") => {
                self.take_app_call(call.now)?;
                return places::search(&call.params).map(unchanged);
            }
            ("GET", "me", edge) => {
                self.take_app_call(call.now)?;
                return self.me(call, &caller, edge).map(unchanged);
            }
            _ => {}
        }
        let target = call.target();
        let Some(account) = self.account_of(call) else { return Err(missing(call, node)) };
        self.admit(call, &caller, &account)?;
        self.take(call, &account, 1)?;
        let writer =
            Writer { account, actor: Actor::Api(caller.user.clone()), request_id: call.trace.clone(), now: call.now };
        match target {
            Target::Account(_) => self.on_account(call, edge, &writer),
            Target::Object(id) => self.on_object(call, id, edge, &writer),
            Target::Other => Err(GraphError::unknown_path(&call.path)),
        }
    }

    fn take_app_call(&mut self, now: Timestamp) -> Result<(), GraphError> {
        let most = self.config.quota.app_calls_per_hour.unwrap_or(i64::MAX);
        self.app_calls.take(most, now).map_err(|_| app_error())
    }

    /// Whether a caller may do that to an account at all.
    fn admit(&self, call: &Call, caller: &MetaToken, id: &str) -> Result<(), GraphError> {
        let account = self.accounts.get(id);
        let assigned = caller.accounts.is_empty() || caller.accounts.iter().any(|account| account == id);
        let Some(account) = account else { return Err(missing(call, call.parts().0)) };
        if !assigned || self.denied.contains(id) {
            let message = "(#200) Ad account owner has NOT grant ads_management or ads_read permission";
            return Err(GraphError::new(200, message));
        }
        let scoped = |scope: &str| caller.scopes.iter().any(|s| s == scope);
        let reads = matches!(call.cost(), Cost::Read | Cost::Insights);
        if !(scoped("ads_management") || reads && scoped("ads_read")) {
            return Err(GraphError::new(10, "(#10) Application does not have permission for this action"));
        }
        // That a disabled account can be read but not changed is assumed.
        if account.status == 2 && !reads {
            let message = "The ad account is disabled. Its ads can't be changed.";
            return Err(GraphError::invalid(1_487_534, "Ad Account Is Disabled", message));
        }
        Ok(())
    }

    fn take(&mut self, call: &Call, account: &str, calls: usize) -> Result<(), GraphError> {
        let Some(account) = self.accounts.get_mut(account) else { return Ok(()) };
        let ads = account.active_ads();
        (0..calls).try_for_each(|_| account.usage.take(call.cost(), ads, &self.config.quota, call.now))
    }

    fn view(&self, account: &str, now: Timestamp) -> Result<View<'_>, GraphError> {
        let found = self.accounts.get(account).ok_or_else(|| GraphError::no_object(account, "get"))?;
        Ok(View { account: found, config: &self.config, seed: self.seed, now })
    }

    fn me(&self, call: &Call, caller: &MetaToken, edge: &str) -> Result<Value, GraphError> {
        match edge {
            "" => Ok(json!({ "id": caller.user, "name": "System user" })),
            "adaccounts" => {
                let fields = match call.params.text("fields") {
                    Some(text) => fields::parse(&text)?,
                    None => ["account_id", "id"].map(Field::plain).to_vec(),
                };
                let is_mine = |id: &&String| {
                    !self.denied.contains(*id) && (caller.accounts.is_empty() || caller.accounts.contains(id))
                };
                let mine = self.accounts.keys().filter(is_mine);
                let rows: Vec<Value> = mine
                    .map(|id| nodes::account(self.view(id, call.now)?, &fields))
                    .collect::<Result<_, GraphError>>()?;
                Ok(json!({ "data": rows, "paging": { "cursors": { "before": "QVFIZD", "after": "QVFIZD" } } }))
            }
            _ => Err(GraphError::unknown_path(&call.path)),
        }
    }

    /// `GET /?ids=`: each id counts as a call.
    fn many(&mut self, call: &Call, caller: &MetaToken) -> Result<Value, GraphError> {
        let ids = call.params.list("ids")?.unwrap_or_default();
        if ids.len() > 50 {
            return Err(GraphError::parameter(
                "ids",
                "Too many IDs. Maximum: 50. Provided: ".to_owned() + &ids.len().to_string(),
            ));
        }
        let mut shown = Map::new();
        for id in ids {
            let one = Call { path: id.clone(), ..call.clone() };
            let account = self.account_of(&one).ok_or_else(|| missing(&one, &id))?;
            self.admit(&one, caller, &account)?;
            self.take(&one, &account, 1)?;
            let view = self.view(&account, call.now)?;
            let node = match one.target() {
                Target::Object(number) => {
                    let object = view.account.get(number).ok_or_else(|| missing(&one, &id))?;
                    nodes::node(view, object, &fields_of(&call.params, object.kind)?)?
                }
                _ => nodes::account(view, &account_fields(&call.params)?)?,
            };
            shown.insert(id, node);
        }
        Ok(Value::Object(shown))
    }

    fn on_account(&mut self, call: &Call, edge: &str, writer: &Writer) -> Outcome {
        let (method, shown) = (call.method.as_str(), if edge.is_empty() { "." } else { edge });
        self.check(&format!("{method} act {shown}"), &call.params)?;
        let url = format!("{}/{}", call.base, call.path);
        let as_of = call.now.checked_sub(call.lag).unwrap_or(call.now);
        match (method, edge) {
            ("GET", "") => {
                let fields = account_fields(&call.params)?;
                nodes::account(self.view(&writer.account, call.now)?, &fields).map(unchanged)
            }
            ("POST", "") => Ok(unchanged(self.update_account(call, writer))),
            ("GET", "insights") => {
                insights::read(self.view(&writer.account, call.now)?, None, &call.params, &url).map(unchanged)
            }
            ("POST", "insights") => Ok(report(self.create_report(writer, &call.params, None))),
            ("GET", "minimum_budgets") => {
                let account = self.view(&writer.account, call.now)?.account;
                let minimums = super::budgets::Minimums::of(&account.config);
                Ok(unchanged(json!({ "data": [minimums.to_json(&account.config.currency)] })))
            }
            ("GET", "ads_volume") => {
                let account = self.view(&writer.account, call.now)?.account;
                super::pages::volume(account, &self.config, &call.params).map(unchanged)
            }
            ("POST", "adimages") => {
                let origin = call.base.rsplit_once('/').map_or("", |(origin, _)| origin).to_owned();
                self.create_images(writer, &call.params, &origin)
            }
            ("DELETE", "adimages") => {
                let hash = call.params.need("hash")?;
                let image = self.view(&writer.account, call.now)?.account.image(&hash).map(|image| image.id);
                let id = image.ok_or_else(|| GraphError::no_object(&hash, "delete"))?;
                Ok((json!({ "success": true }), self.delete(writer, id)?))
            }
            ("GET", edge) => {
                let view = self.view(&writer.account, call.now)?;
                let (kind, source) = match edge.strip_suffix("bylabels") {
                    Some(plural) => (Kind::of_edge(plural), labelled(&call.params)?),
                    None => (Kind::of_edge(edge), Source::Account),
                };
                let kind = kind.ok_or_else(|| GraphError::unknown_path(&call.path))?;
                edges::list(view, kind, &source, as_of, &call.params, &url).map(unchanged)
            }
            ("POST", edge) => {
                let kind = Kind::of_edge(edge).ok_or_else(|| GraphError::unknown_path(&call.path))?;
                let (id, entries) = self.create(writer, kind, &call.params)?;
                Ok((id.map_or_else(|| json!({ "success": true }), |id| json!({ "id": id.to_string() })), entries))
            }
            _ => Err(GraphError::unknown_path(&call.path)),
        }
    }

    fn update_account(&mut self, call: &Call, writer: &Writer) -> Value {
        let Some(account) = self.accounts.get_mut(&writer.account) else { return Value::Null };
        if let Some(name) = call.params.text("name") {
            account.config.name = name;
        }
        account.config.default_dsa_beneficiary =
            call.params.text("default_dsa_beneficiary").or_else(|| account.config.default_dsa_beneficiary.take());
        account.config.default_dsa_payor =
            call.params.text("default_dsa_payor").or_else(|| account.config.default_dsa_payor.take());
        json!({ "success": true })
    }

    fn on_object(&mut self, call: &Call, id: i64, edge: &str, writer: &Writer) -> Outcome {
        let account = self.view(&writer.account, call.now)?.account;
        let object = account.get(id).cloned().ok_or_else(|| missing(call, &id.to_string()))?;
        let (method, shown) = (call.method.as_str(), if edge.is_empty() { "." } else { edge });
        self.check(&format!("{method} {} {shown}", object.kind.name()), &call.params)?;
        let url = format!("{}/{}", call.base, call.path);
        let success = |entries| (json!({ "success": true }), entries);
        match (method, edge) {
            ("GET", "") => {
                let fields = fields_of(&call.params, object.kind)?;
                nodes::node(self.view(&writer.account, call.now)?, &object, &fields).map(unchanged)
            }
            ("POST", "") => self.update(writer, id, &call.params, false).map(success),
            ("DELETE", "") => self.delete(writer, id).map(success),
            ("GET", "insights") => self.insights_of(call, &object, writer, &url).map(unchanged),
            ("POST", "insights") => Ok(report(self.create_report(writer, &call.params, Some(id)))),
            ("POST" | "DELETE", "adlabels") => self.relabel(call, &object, writer).map(success),
            ("GET", edge) => {
                let kind = Kind::of_edge(edge).ok_or_else(|| GraphError::unknown_path(&call.path))?;
                let source =
                    if object.kind == Kind::Label { Source::Labelled(vec![id], false) } else { Source::Below(id) };
                let as_of = call.now.checked_sub(call.lag).unwrap_or(call.now);
                let view = self.view(&writer.account, call.now)?;
                edges::list(view, kind, &source, as_of, &call.params, &url).map(unchanged)
            }
            _ => Err(GraphError::unknown_path(&call.path)),
        }
    }

    fn insights_of(&self, call: &Call, object: &Object, writer: &Writer, url: &str) -> Result<Value, GraphError> {
        let view = self.view(&writer.account, call.now)?;
        if object.kind != Kind::Report {
            return insights::read(view, Some(object), &call.params, url);
        }
        if !is_reviewed(object, call.now) {
            return Err(GraphError::new(100, "The report is not ready").at("id"));
        }
        let mut params = Params::default();
        for (name, value) in object.doc.get("(params)").and_then(Value::as_object).into_iter().flatten() {
            params.set(name, value.clone());
        }
        for name in ["access_token", "limit", "after"] {
            if let Some(text) = call.params.text(name) {
                params.set(name, text.into());
            }
        }
        let node = view.account.get(object.reference("(node)"));
        insights::read(view, node.map(AsRef::as_ref), &params, url)
    }

    /// Puts labels on an object, or takes them off.
    fn relabel(&mut self, call: &Call, object: &Object, writer: &Writer) -> Result<Vec<LedgerEntry>, GraphError> {
        let given = call.params.json("adlabels")?.ok_or_else(|| GraphError::required("adlabels"))?;
        let account = self.view(&writer.account, call.now)?.account;
        let given = super::labels::resolve(account, &given)?;
        let mut labels: Vec<Value> = object.labels().map(Value::from).collect();
        if call.method == "DELETE" {
            labels.retain(|label| !given.contains(label));
        } else {
            labels.extend(given.into_iter().filter(|label| !object.labels().any(|id| label == id)));
        }
        let shown: Vec<Value> = labels
            .into_iter()
            .map(|label| label.as_i64().map_or(label, |id| json!({ "id": id.to_string() })))
            .collect();
        let mut params = Params::default();
        params.set("adlabels", shown.into());
        self.update(writer, object.id, &params, false)
    }

    fn check(&self, call: &str, params: &Params) -> Result<(), GraphError> {
        if self.config.rules.strict_parameters { check_params(call, params) } else { Ok(()) }
    }
}

fn unchanged(value: Value) -> (Value, Vec<LedgerEntry>) {
    (value, Vec::new())
}

fn report(id: i64) -> (Value, Vec<LedgerEntry>) {
    unchanged(json!({ "report_run_id": id.to_string() }))
}

fn missing(call: &Call, id: &str) -> GraphError {
    if id.is_empty() || matches!(call.target(), Target::Other) && call.parts().0 == id {
        return GraphError::unknown_path(&call.path);
    }
    GraphError::no_object(id, &call.method.to_lowercase())
}

fn account_fields(params: &Params) -> Result<Vec<Field>, GraphError> {
    match params.text("fields") {
        Some(text) => fields::parse(&text),
        None => Ok(vec![Field::plain("account_id"), Field::plain("id")]),
    }
}

fn labelled(params: &Params) -> Result<Source, GraphError> {
    let ids = params.list("ad_label_ids")?.ok_or_else(|| GraphError::required("ad_label_ids"))?;
    let all = match params.text("operator").as_deref() {
        None | Some("ANY") => false,
        Some("ALL") => true,
        Some(other) => {
            let message = format!("Param operator must be one of {{ALL, ANY}} - got \"{other}\".");
            return Err(GraphError::parameter("operator", message));
        }
    };
    Ok(Source::Labelled(ids.iter().filter_map(|id| id.parse().ok()).collect(), all))
}
