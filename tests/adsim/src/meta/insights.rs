//! Insights: figures of an account, its campaigns, ad sets or ads, by day or in all.
//!
//! All numbers are text; spend is in major units. Days without delivery have no row.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::budgets::offset;
use super::delivery::Reporter;
use super::edges::{limit_of, page_url};
use super::errors::GraphError;
use super::filters;
use super::nodes::View;
use super::object::{Kind, Object};
use super::params::Params;
use super::schema::has_field;
use crate::delivery::Metrics;

/// Days of a range, both included.
type Days = (Date, Date);

/// Figures and actions of an object in a range.
#[derive(Debug, Default)]
struct Figures {
    metrics: Metrics,
    actions: BTreeMap<String, f64>,
    values: BTreeMap<String, f64>,
}

/// Reads a page of insights of what is below a node; of the whole account without one.
pub fn read(view: View<'_>, below: Option<&Object>, params: &Params, url: &str) -> Result<Value, GraphError> {
    let query = Query::of(view, below, params)?;
    let limit = limit_of(params, 5_000, 25)?;
    let start = cursor(params)?;
    let mut rows = Vec::new();
    let mut next = None;
    'objects: for (i, object) in query.objects.iter().enumerate().skip(start.0) {
        for (j, days) in query.ranges.iter().enumerate() {
            if (i, j) < start {
                continue;
            }
            let figures = query.figures(object.as_deref(), *days);
            if figures.metrics.is_zero() {
                continue;
            }
            if rows.len() == limit {
                next = Some((i, j));
                break 'objects;
            }
            rows.push(query.row(object.as_deref(), *days, &figures));
        }
    }
    let mut answer = json!({ "data": rows });
    if !rows.is_empty() {
        let encode = |(i, j): (usize, usize)| format!("{i}:{j}");
        let after = next.map_or_else(|| "end".to_owned(), encode);
        answer["paging"] = json!({ "cursors": { "before": encode(start), "after": after } });
        if next.is_some() {
            answer["paging"]["next"] = page_url(url, params, "after", &after).into();
        }
    }
    Ok(answer)
}

fn cursor(params: &Params) -> Result<(usize, usize), GraphError> {
    let Some(text) = params.text("after") else { return Ok((0, 0)) };
    if text == "end" {
        return Ok((usize::MAX, 0));
    }
    let parts = text.split_once(':').and_then(|(i, j)| Some((i.parse().ok()?, j.parse().ok()?)));
    parts.ok_or_else(|| GraphError::parameter("after", "Invalid cursors values"))
}

struct Query<'a> {
    view: View<'a>,
    reporter: Reporter<'a>,
    level: Option<Kind>,
    fields: Vec<String>,
    /// The objects that rows are about; nothing stands for the account.
    objects: Vec<Option<Arc<Object>>>,
    ranges: Vec<Days>,
}

impl<'a> Query<'a> {
    fn of(view: View<'a>, below: Option<&Object>, params: &Params) -> Result<Query<'a>, GraphError> {
        let level = level(below, params)?;
        if params.list("breakdowns")?.is_some_and(|b| !b.is_empty()) {
            return Err(GraphError::parameter("breakdowns", "The simulator has no breakdowns"));
        }
        let fields = params.list("fields")?.unwrap_or_else(|| vec!["impressions".into(), "spend".into()]);
        if let Some(field) = fields.iter().find(|field| !has_field("insights", field)) {
            let message = format!(
                "{field} is not valid for fields param. please check https://developers.facebook.com/docs/marketing-api/reference/ads-insights/ for all valid values"
            );
            return Err(GraphError::parameter("fields", message));
        }
        let filters = filters::read(params)?;
        let reporter = Reporter::new(view.account, view.config, view.seed, view.now);
        let ranges = ranges(reporter.today(), params)?;
        let objects = match level {
            None => vec![None],
            Some(kind) => view
                .account
                .all(kind)
                .filter(|object| below.is_none_or(|node| is_below(view, object, node)))
                .filter(|object| filters.iter().all(|filter| filter.holds(view, object)))
                .map(|object| Some(Arc::clone(object)))
                .collect(),
        };
        Ok(Query { view, reporter, level, fields, objects, ranges })
    }

    fn figures(&self, object: Option<&Object>, days: Days) -> Figures {
        let account = self.view.account;
        let (sets, ad): (Vec<&Object>, Option<i64>) = match object {
            None => (account.all(Kind::AdSet).map(AsRef::as_ref).collect(), None),
            Some(campaign) if campaign.kind == Kind::Campaign => {
                (account.children(campaign.id).map(AsRef::as_ref).collect(), None)
            }
            Some(set) if set.kind == Kind::AdSet => (vec![set], None),
            Some(ad) => (account.get(ad.parent()).map(AsRef::as_ref).into_iter().collect(), Some(ad.id)),
        };
        let mut figures = Figures::default();
        for set in sets {
            let mut metrics = Metrics::default();
            let first = self.reporter.first_day(set.id).map_or(days.1, |first| first.max(days.0));
            let mut day = Some(first);
            while let Some(date) = day.filter(|date| *date <= days.1.min(self.reporter.today())) {
                let (on_day, by) = self.reporter.on_day(set.id, date);
                if ad.is_none_or(|ad| ad == by) {
                    metrics.add(on_day);
                }
                day = date.tomorrow().ok();
            }
            figures.add(set, metrics);
        }
        figures
    }

    fn row(&self, object: Option<&Object>, days: Days, figures: &Figures) -> Value {
        let mut row = Map::new();
        for field in &self.fields {
            if let Some(value) = self.value(object, field, figures) {
                row.insert(field.clone(), value);
            }
        }
        row.insert("date_start".into(), days.0.to_string().into());
        row.insert("date_stop".into(), days.1.to_string().into());
        Value::Object(row)
    }

    fn value(&self, object: Option<&Object>, field: &str, figures: &Figures) -> Option<Value> {
        let account = self.view.account;
        let config = &account.config;
        let campaign = object.and_then(|o| account.campaign_of(o)).and_then(|id| account.get(id));
        let set = object.and_then(|o| match o.kind {
            Kind::AdSet => account.get(o.id),
            Kind::Ad => account.get(o.parent()),
            _ => None,
        });
        let ad = object.filter(|o| o.kind == Kind::Ad);
        let id = |o: Option<&Object>| o.map(|o| Value::from(o.id.to_string()));
        let text = |o: Option<&Object>, name: &str| o.map(|o| Value::from(o.text(name)));
        let (campaign, set) = (campaign.map(AsRef::as_ref), set.map(AsRef::as_ref));
        let m = &figures.metrics;
        #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
        let (spend, clicks, views) = (m.cost_micros as f64 / 1e6, m.clicks as f64, m.impressions as f64);
        match field {
            "account_id" => Some(config.id.as_str().into()),
            "account_name" => Some(config.name.as_str().into()),
            "account_currency" => Some(config.currency.as_str().into()),
            "campaign_id" => id(campaign),
            "campaign_name" => text(campaign, "name"),
            "objective" => text(campaign, "objective"),
            "adset_id" => id(set),
            "adset_name" => text(set, "name"),
            "optimization_goal" => text(set, "optimization_goal"),
            "ad_id" => id(ad),
            "ad_name" => text(ad, "name"),
            "impressions" | "reach" => Some(m.impressions.to_string().into()),
            "frequency" => Some("1".into()),
            "clicks" | "inline_link_clicks" => Some(m.clicks.to_string().into()),
            "spend" => Some(money(m.cost_micros, &config.currency).into()),
            "cpc" => Some(format!("{:.6}", spend / clicks.max(1.0)).into()),
            "cpm" => Some(format!("{:.6}", spend / views.max(1.0) * 1000.0).into()),
            "ctr" => Some(format!("{:.6}", clicks / views.max(1.0) * 100.0).into()),
            "actions" => list(&figures.actions, false),
            "action_values" => list(&figures.values, true),
            "attribution_setting" => Some("7d_click_1d_view".into()),
            _ => None,
        }
        .filter(|_| self.level.is_some() || !matches!(field, "campaign_id" | "campaign_name" | "objective"))
    }
}

impl Figures {
    fn add(&mut self, set: &Object, metrics: Metrics) {
        self.metrics.add(metrics);
        if metrics.is_zero() {
            return;
        }
        #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
        let clicks = metrics.clicks as f64;
        *self.actions.entry("link_click".into()).or_default() += clicks;
        let event = set.doc.get("promoted_object").and_then(|p| p.get("custom_event_type")).and_then(Value::as_str);
        let Some(event) = event.map(str::to_lowercase).filter(|_| metrics.conversions > 0.0) else { return };
        // The same conversions appear under several types.
        for kind in [event.clone(), format!("omni_{event}"), format!("offsite_conversion.fb_pixel_{event}")] {
            *self.actions.entry(kind.clone()).or_default() += metrics.conversions;
            *self.values.entry(kind).or_default() += metrics.conversions_value;
        }
    }
}

fn list(actions: &BTreeMap<String, f64>, decimals: bool) -> Option<Value> {
    let shown = |value: f64| if decimals { format!("{value:.2}") } else { format!("{value:.0}") };
    let rows: Vec<Value> =
        actions.iter().map(|(kind, value)| json!({ "action_type": kind, "value": shown(*value) })).collect();
    Some(rows).filter(|rows| !rows.is_empty()).map(Value::from)
}

/// Micros as major units, with as many decimals as the currency has here.
fn money(micros: i64, currency: &str) -> String {
    if offset(currency) == 1 {
        return ((micros + 500_000) / 1_000_000).to_string();
    }
    let cents = (micros + 5_000) / 10_000;
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn is_below(view: View<'_>, object: &Object, node: &Object) -> bool {
    object.id == node.id || object.parent() == node.id || view.account.campaign_of(object) == Some(node.id)
}

fn level(below: Option<&Object>, params: &Params) -> Result<Option<Kind>, GraphError> {
    match params.text("level").as_deref() {
        None => Ok(below.map(|node| node.kind)),
        Some("account") => Ok(None),
        Some("campaign") => Ok(Some(Kind::Campaign)),
        Some("adset") => Ok(Some(Kind::AdSet)),
        Some("ad") => Ok(Some(Kind::Ad)),
        Some(other) => Err(GraphError::parameter(
            "level",
            format_args!("Param level must be one of {{ad, adset, campaign, account}} - got \"{other}\"."),
        )),
    }
}

fn ranges(today: Date, params: &Params) -> Result<Vec<Days>, GraphError> {
    let (first, last) = range(today, params)?;
    let step = match params.text("time_increment").as_deref() {
        None | Some("all_days") => return Ok(vec![(first, last)]),
        Some(days) => days.parse::<i64>().ok().filter(|days| (1..=90).contains(days)).ok_or_else(|| {
            GraphError::parameter("time_increment", "Param time_increment must be between 1 and 90, or all_days")
        })?,
    };
    let mut ranges = Vec::new();
    let mut day = Some(first);
    while let Some(from) = day.filter(|day| *day <= last) {
        let next = from.checked_add(step.days()).ok();
        let to = next.and_then(|next| next.yesterday().ok()).unwrap_or(last).min(last);
        ranges.push((from, to));
        day = next;
    }
    Ok(ranges)
}

fn range(today: Date, params: &Params) -> Result<Days, GraphError> {
    let ago = |days: i64| today.checked_sub(days.days()).unwrap_or(today);
    if let Some(range) = params.json("time_range")? {
        let day = |name: &str| range.get(name).and_then(Value::as_str).and_then(|day| day.parse::<Date>().ok());
        let (Some(first), Some(last)) = (day("since"), day("until")) else {
            return Err(GraphError::parameter("time_range", "Must be a time range with since and until"));
        };
        if first > last {
            return Err(GraphError::parameter("time_range", "since is after until"));
        }
        if first < today.checked_sub(37.months()).unwrap_or(first) {
            let message = "(#3018) The start date of the time range cannot be beyond 37 months from the current date";
            return Err(GraphError::new(3018, message));
        }
        return Ok((first, last));
    }
    match params.text("date_preset").as_deref() {
        None | Some("last_30d") => Ok((ago(30), ago(1))),
        Some("last_7d") => Ok((ago(7), ago(1))),
        Some("last_14d") => Ok((ago(14), ago(1))),
        Some("yesterday") => Ok((ago(1), ago(1))),
        Some("today") => Ok((today, today)),
        Some("maximum") => Ok((today.checked_sub(37.months()).unwrap_or(today), today)),
        Some(other) => {
            Err(GraphError::parameter("date_preset", format_args!("The simulator has no date_preset {other}")))
        }
    }
}
