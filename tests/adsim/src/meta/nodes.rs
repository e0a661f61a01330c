//! What nodes show of themselves.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::budgets::{Minimums, offset};
use super::config::MetaConfig;
use super::delivery::Reporter;
use super::errors::GraphError;
use super::fields::Field;
use super::live;
use super::object::{Kind, Object, show_time};
use super::schema::has_field;
use super::status;

/// An account at an instant, to be read.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The account.
    pub account: &'a Account,
    /// Configuration.
    pub config: &'a MetaConfig,
    /// Seed of the delivery.
    pub seed: u64,
    /// Business time.
    pub now: Timestamp,
}

/// Edges that can be read as fields, and what is on them.
const EDGES: &[(Kind, &str, Kind)] =
    &[(Kind::Campaign, "adsets", Kind::AdSet), (Kind::Campaign, "ads", Kind::Ad), (Kind::AdSet, "ads", Kind::Ad)];

/// A node with the fields that are asked for; the id is always there.
pub fn node(view: View<'_>, object: &Object, fields: &[Field]) -> Result<Value, GraphError> {
    let mut shown = Map::new();
    let mut has_id = false;
    for field in fields {
        has_id |= field.name == "id";
        if let Some(value) = value(view, object, field)? {
            shown.insert(field.name.clone(), value);
        }
    }
    if !has_id {
        shown.insert("id".into(), shown_id(view, object).into());
    }
    Ok(Value::Object(shown))
}

fn shown_id(view: View<'_>, object: &Object) -> String {
    match object.kind {
        Kind::Image => format!("{}:{}", view.account.config.id, object.text("hash")),
        _ => object.id.to_string(),
    }
}

fn value(view: View<'_>, object: &Object, field: &Field) -> Result<Option<Value>, GraphError> {
    let name = field.name.as_str();
    if let Some((_, _, kind)) = EDGES.iter().find(|(from, edge, _)| *from == object.kind && *edge == name) {
        return edge(view, object, *kind, field).map(Some);
    }
    if !has_field(object.kind.name(), name) {
        let message =
            format!("(#100) Tried accessing nonexisting field ({name}) on node type ({})", object.kind.node_type());
        return Err(GraphError::new(100, message));
    }
    let (account, config, now) = (view.account, view.config, view.now);
    let time = |at: Timestamp| Value::from(show_time(at, &account.zone));
    let parent = |id: i64, field: &Field| match account.get(id) {
        Some(parent) => node(view, parent, &or_id(&field.fields)).map(Some),
        None => Ok(None),
    };
    Ok(match name {
        "id" => Some(shown_id(view, object).into()),
        "account_id" => Some(account.config.id.as_str().into()),
        "created_time" => Some(time(object.created)),
        "updated_time" => Some(time(object.updated)),
        "start_time" | "stop_time" | "end_time" => object.time(name).map(time),
        "status" if object.kind == Kind::Video => Some(status::video(object, config, now)),
        // A picture out of the video, once it is processed.
        "picture" if object.kind == Kind::Video => {
            status::is_reviewed(object, now).then(|| format!("https://scontent.example/{}.jpg", object.id).into())
        }
        "status" | "configured_status" => Some(object.status().into()),
        "effective_status" => Some(status::effective(account, object, config, now).into()),
        "issues_info" => Some(status::issues(account, object, config, now)).filter(|i| !i.is_empty()).map(Value::from),
        "adlabels" => labels(view, object, field)?,
        "daily_budget" | "lifetime_budget" => budget(object, name),
        "budget_remaining" => Some(remaining(view, object).to_string().into()),
        "spend_cap" => object.int(name).map(|cap| cap.to_string().into()),
        "special_ad_category" => Some(super::campaigns::categories(&object.doc).next().unwrap_or("NONE").into()),
        "learning_stage_info" => Some(status::learning(object, config, now)),
        "ad_review_feedback" => status::review_feedback(account, object, config, now),
        "campaign_id" if object.kind == Kind::Ad => account.campaign_of(object).map(|id| id.to_string().into()),
        "campaign" => return parent(account.campaign_of(object).unwrap_or_default(), field),
        "adset" => return parent(object.parent(), field),
        "creative" => return parent(object.reference("creative"), field),
        "account" => Some(json!({ "account_id": account.config.id, "id": format!("act_{}", account.config.id) })),
        "async_status" => Some(if status::is_reviewed(object, now) { "Job Completed" } else { "Job Running" }.into()),
        "async_percent_completion" => Some(if status::is_reviewed(object, now) { 100 } else { 10 }.into()),
        "effective_object_story_id" => Some(format!("{}_{}", object.page(), object.id).into()),
        name => object.doc.get(name).cloned(),
    })
}

fn or_id(fields: &[Field]) -> Vec<Field> {
    if fields.is_empty() { vec![Field::plain("id")] } else { fields.to_vec() }
}

fn edge(view: View<'_>, object: &Object, kind: Kind, field: &Field) -> Result<Value, GraphError> {
    let direct: Vec<_> = view.account.children(object.id).cloned().collect();
    let all = match (object.kind, kind) {
        (Kind::Campaign, Kind::Ad) => direct.iter().flat_map(|set| view.account.children(set.id)).cloned().collect(),
        _ => direct,
    };
    let shown = all.iter().filter(|child| child.is_present()).take(field.limit.unwrap_or(25));
    let rows: Result<Vec<Value>, GraphError> = shown.map(|child| node(view, child, &or_id(&field.fields))).collect();
    Ok(json!({ "data": rows? }))
}

fn labels(view: View<'_>, object: &Object, field: &Field) -> Result<Option<Value>, GraphError> {
    let fields = if field.fields.is_empty() { ["id", "name"].map(Field::plain).to_vec() } else { field.fields.clone() };
    let present = object.labels().filter_map(|id| view.account.get(id)).filter(|label| label.is_present());
    let rows: Vec<Value> = present.map(|label| node(view, label, &fields)).collect::<Result<_, _>>()?;
    Ok(Some(rows).filter(|rows| !rows.is_empty()).map(Value::from))
}

/// Budgets are minor units as text. An ad set shows 0 for what it does not have (assumed), a campaign nothing.
fn budget(object: &Object, name: &str) -> Option<Value> {
    let amount = object.int(name).or((object.kind == Kind::AdSet).then_some(0));
    amount.map(|amount| amount.to_string().into())
}

/// What is left of today's budget, or of the whole one, in minor units.
fn remaining(view: View<'_>, object: &Object) -> i64 {
    let reporter = Reporter::new(view.account, view.config, view.seed, view.now);
    let sets: Vec<i64> = match object.kind {
        Kind::Campaign => view.account.children(object.id).map(|set| set.id).collect(),
        _ => vec![object.id],
    };
    let daily = object.int("daily_budget").is_some();
    let spent: i64 = sets
        .into_iter()
        .map(|set| if daily { reporter.on_day(set, reporter.today()).0 } else { reporter.total(set) }.cost_micros)
        .sum();
    let budget = object.int("daily_budget").or(object.int("lifetime_budget")).unwrap_or_default();
    if !live::has_budget(object) {
        return 0;
    }
    (budget - spent / (1_000_000 / offset(&view.account.config.currency))).max(0)
}

/// The account itself.
pub fn account(view: View<'_>, fields: &[Field]) -> Result<Value, GraphError> {
    let (account, config) = (view.account, &view.account.config);
    let mut shown = Map::new();
    for field in fields {
        let name = field.name.as_str();
        if !has_field("act", name) {
            let message = format!("(#100) Tried accessing nonexisting field ({name}) on node type (AdAccount)");
            return Err(GraphError::new(100, message));
        }
        let local = view.now.to_zoned(account.zone.clone());
        let value = match name {
            "account_id" => json!(config.id),
            "name" => json!(config.name),
            "currency" => json!(config.currency),
            "timezone_name" => json!(config.timezone_name),
            "timezone_id" => json!(1),
            "timezone_offset_hours_utc" => json!(f64::from(local.offset().seconds()) / 3600.0),
            "account_status" => json!(account.status),
            "disable_reason" => json!(account.disable_reason),
            "amount_spent" => {
                let spent = Reporter::new(account, view.config, view.seed, view.now).spent();
                json!((spent / (1_000_000 / offset(&config.currency))).to_string())
            }
            "balance" | "spend_cap" => json!("0"),
            "min_daily_budget" => json!(Minimums::of(config).impressions),
            "business" => json!({ "id": config.business, "name": "Business" }),
            "default_dsa_beneficiary" => json!(config.default_dsa_beneficiary),
            "default_dsa_payor" => json!(config.default_dsa_payor),
            _ => Value::Null,
        };
        if !value.is_null() {
            shown.insert(name.to_owned(), value);
        }
    }
    shown.insert("id".into(), format!("act_{}", config.id).into());
    Ok(Value::Object(shown))
}
