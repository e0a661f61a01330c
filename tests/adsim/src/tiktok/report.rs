//! `report/integrated/get/`: basic reports of campaigns, ad groups and ads.

use std::cmp::Ordering;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::delivery::Reporter;
use super::errors::Refusal;
use super::money::{Currency, MICROS, decimal};
use super::object::{Kind, Object};
use super::query::Page;
use super::schema::{Doc, flag, text, texts};
use super::status::View;
use crate::delivery::Metrics;

/// Days of a report by day.
const MOST_DAYS: i64 = 30;
/// Days of a report without a time dimension.
const MOST_DAYS_AS_ONE: i64 = 365;
/// Objects of a report, as documented: what was created first is cut off.
const MOST_OBJECTS: usize = 20_000;
/// Metrics that are computed; names and meanings are TikTok's.
const METRICS: &[&str] = &[
    "spend",
    "impressions",
    "clicks",
    "ctr",
    "cpc",
    "cpm",
    "conversion",
    "cost_per_conversion",
    "conversion_rate",
    "complete_payment",
    "cost_per_complete_payment",
    "total_complete_payment_rate",
    "complete_payment_roas",
    "result",
    "cost_per_result",
    "currency",
    "campaign_name",
    "campaign_id",
    "adgroup_name",
    "adgroup_id",
    "ad_name",
    "objective_type",
    "budget",
    "campaign_automation_type",
];

/// How a report is cut in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    Whole,
    Days,
    Hours,
}

/// What is asked for.
struct Query<'a> {
    kind: Kind,
    id: &'static str,
    time: Time,
    lifetime: bool,
    days: (Date, Date),
    metrics: Vec<&'a str>,
}

/// A row before it is written.
struct Row<'a> {
    object: &'a Object,
    time: Option<String>,
    figures: Metrics,
}

/// Answers a report.
pub(crate) fn report(view: &View<'_>, doc: &Doc) -> Result<Value, Refusal> {
    let query = read(doc)?;
    let page = Page::of(doc, 10, 1_000)?;
    let reporter = Reporter::new(view.account, &view.config.delivery, view.seed, view.now - view.config.report_delay);
    let objects = objects(view, &query, doc)?;
    let mut rows = Vec::new();
    for object in &objects {
        add_rows(&mut rows, object, &query, &reporter);
    }
    sort(&mut rows, doc)?;
    let mut sum = Metrics::default();
    for row in &rows {
        sum.add(row.figures);
    }
    let (rows, info) = page.cut(rows);
    let list: Vec<Value> = rows.iter().map(|row| write(view, row, &query)).collect();
    let mut answer = json!({ "list": list, "page_info": info });
    if flag(doc, "enable_total_metrics") == Some(true) {
        answer["total_metrics"] = query
            .metrics
            .iter()
            .map(|name| {
                ((*name).to_owned(), Value::from(metric(name, sum, view.account.currency).unwrap_or("-".into())))
            })
            .collect();
    }
    Ok(answer)
}

fn read(doc: &Doc) -> Result<Query<'_>, Refusal> {
    for (name, only) in [("report_type", "BASIC"), ("service_type", "AUCTION"), ("query_mode", "REGULAR")] {
        let value = text(doc, name);
        if !value.is_empty() && value != only {
            return Err(Refusal::not_simulated(&format!("{name} {value}")));
        }
    }
    if doc.contains_key("advertiser_ids") {
        return Err(Refusal::not_simulated("reports of several advertisers"));
    }
    let (kind, id) = match text(doc, "data_level") {
        "AUCTION_CAMPAIGN" => (Kind::Campaign, "campaign_id"),
        "AUCTION_ADGROUP" => (Kind::Adgroup, "adgroup_id"),
        "AUCTION_AD" => (Kind::Ad, "ad_id"),
        "" => return Err(Refusal::missing("data_level")),
        other => return Err(Refusal::not_simulated(&format!("data_level {other}"))),
    };
    let dimensions = texts(doc, "dimensions");
    let time = match dimensions.iter().filter(|d| **d != id).copied().collect::<Vec<_>>()[..] {
        [] => Time::Whole,
        ["stat_time_day"] => Time::Days,
        ["stat_time_hour"] => Time::Hours,
        _ => return Err(Refusal::invalid(format!("dimensions: {} do not fit the data_level.", dimensions.join(", ")))),
    };
    if !dimensions.contains(&id) {
        return Err(Refusal::invalid(format!("dimensions: {id} is needed for the data_level.")));
    }
    let mut metrics = texts(doc, "metrics");
    if metrics.is_empty() {
        metrics = vec!["spend", "impressions"];
    }
    if let Some(unknown) = metrics.iter().find(|name| !METRICS.contains(name)) {
        return Err(Refusal::not_simulated(&format!("the metric {unknown}")));
    }
    let lifetime = flag(doc, "query_lifetime") == Some(true);
    if lifetime && time != Time::Whole {
        return Err(Refusal::invalid("query_lifetime: Not supported with a time dimension."));
    }
    let days = if lifetime { (Date::MIN, Date::MAX) } else { read_days(doc, time)? };
    Ok(Query { kind, id, time, lifetime, days, metrics })
}

fn read_days(doc: &Doc, time: Time) -> Result<(Date, Date), Refusal> {
    let read = |name: &str| {
        let given = text(doc, name);
        if given.is_empty() {
            return Err(Refusal::missing(name));
        }
        let wrong = || Refusal::invalid(format!("{name}: Time format should be %Y-%m-%d. Please try again."));
        if given.len() == 10 { given.parse::<Date>().map_err(|_| wrong()) } else { Err(wrong()) }
    };
    let (first, last) = (read("start_date")?, read("end_date")?);
    let most = match time {
        Time::Whole => MOST_DAYS_AS_ONE,
        Time::Days => MOST_DAYS,
        Time::Hours => 1,
    };
    let days = last.duration_since(first).as_hours() / 24 + 1;
    if days < 1 {
        return Err(Refusal::invalid("start_date: Must not be later than end_date."));
    }
    if days > most {
        return Err(Refusal::invalid(format!("The time range cannot exceed {most} days.")));
    }
    Ok((first, last))
}

/// The objects of a report. Deleted ones are left out unless a filter asks for them.
fn objects<'a>(view: &View<'a>, query: &Query<'_>, doc: &Doc) -> Result<Vec<&'a Arc<Object>>, Refusal> {
    let mut ids: Option<(String, Vec<String>)> = None;
    let mut status = "STATUS_NOT_DELETE".to_owned();
    let own_status = format!("{}_status", query.kind.name());
    for filter in doc.get("filtering").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
        let (name, kind) = (text(filter, "field_name"), text(filter, "filter_type"));
        let values: Vec<String> = match kind {
            "IN" => serde_json::from_str(text(filter, "filter_value"))
                .map_err(|_| Refusal::invalid("filtering.filter_value: Must be the JSON text of a list of strings."))?,
            other => return Err(Refusal::not_simulated(&format!("filter_type {other}"))),
        };
        match name {
            "campaign_ids" | "adgroup_ids" | "ad_ids" => ids = Some((name.to_owned(), values)),
            name if name == own_status => status = values.first().cloned().unwrap_or_default(),
            other => return Err(Refusal::not_simulated(&format!("the filter {other}"))),
        }
    }
    let is_wanted = |object: &Object| {
        ids.as_ref().is_none_or(|(name, ids)| ids.contains(&id_at(view, object, name).to_string()))
            && view.has_primary(object, &status)
    };
    Ok(view.account.all(query.kind, view.as_of).rev().filter(|o| is_wanted(o)).take(MOST_OBJECTS).collect())
}

/// The id that a filter looks at.
fn id_at(view: &View<'_>, object: &Object, filter: &str) -> u64 {
    match (filter, object.kind) {
        ("campaign_ids", _) => view.account.campaign_of(object),
        ("adgroup_ids", Kind::Ad) => object.parent,
        ("adgroup_ids", Kind::Campaign) | ("ad_ids", Kind::Campaign | Kind::Adgroup) => 0,
        _ => object.id,
    }
}

/// With a time dimension, times without figures have no row, as documented; else every object has one.
fn add_rows<'a>(rows: &mut Vec<Row<'a>>, object: &'a Object, query: &Query<'_>, reporter: &Reporter<'_>) {
    let days = || {
        let last = query.days.1.min(reporter.today());
        query.days.0.series(1.day()).take_while(move |day| *day <= last)
    };
    match query.time {
        Time::Whole => {
            let figures = if query.lifetime {
                reporter.total(object)
            } else {
                days().fold(Metrics::default(), |mut sum, day| {
                    sum.add(reporter.day(object, day));
                    sum
                })
            };
            rows.push(Row { object, time: None, figures });
        }
        Time::Days => rows.extend(
            days()
                .map(|day| Row { object, time: Some(format!("{day} 00:00:00")), figures: reporter.day(object, day) })
                .filter(|row| !row.figures.is_zero()),
        ),
        Time::Hours => {
            for day in days() {
                let row = |hour| Row {
                    object,
                    time: Some(format!("{day} {hour:02}:00:00")),
                    figures: reporter.hour(object, day, hour),
                };
                rows.extend((0..24).map(row).filter(|row| !row.figures.is_zero()));
            }
        }
    }
}

fn sort(rows: &mut [Row<'_>], doc: &Doc) -> Result<(), Refusal> {
    let key: fn(&Metrics) -> i64 = match text(doc, "order_field") {
        "" => return Ok(()),
        "spend" => |f| f.cost_micros,
        "impressions" => |f| f.impressions,
        "clicks" => |f| f.clicks,
        "conversion" => |f| whole(f.conversions),
        other => return Err(Refusal::not_simulated(&format!("order_field {other}"))),
    };
    let ascending = text(doc, "order_type") == "ASC";
    rows.sort_by(|a, b| {
        let order: Ordering = key(&a.figures).cmp(&key(&b.figures));
        if ascending { order } else { order.reverse() }
    });
    Ok(())
}

fn write(view: &View<'_>, row: &Row<'_>, query: &Query<'_>) -> Value {
    let mut dimensions = json!({ query.id: row.object.id.to_string() });
    match (query.time, &row.time) {
        (Time::Days, Some(time)) => dimensions["stat_time_day"] = time.as_str().into(),
        (Time::Hours, Some(time)) => dimensions["stat_time_hour"] = time.as_str().into(),
        _ => {}
    }
    let metrics: Doc = query
        .metrics
        .iter()
        .map(|name| {
            let value = metric(name, row.figures, view.account.currency);
            let value = value.unwrap_or_else(|| attribute(view, row.object, name));
            ((*name).to_owned(), value.into())
        })
        .collect();
    json!({ "dimensions": dimensions, "metrics": metrics })
}

/// A figure as text: amounts at the currency's precision, rates with two decimals.
fn metric(name: &str, figures: Metrics, currency: Currency) -> Option<String> {
    let Metrics { cost_micros, impressions, clicks, .. } = figures;
    let (conversions, value_micros) = (whole(figures.conversions), whole(figures.conversions_value * 1e6));
    let per = |amount: i64, count: i64| currency.text(if count == 0 { 0 } else { amount / count });
    let rate = |part: i64, whole: i64| if whole == 0 { "0.00".into() } else { decimal(part * MICROS / whole, 2) };
    Some(match name {
        "spend" => currency.text(cost_micros),
        "impressions" => impressions.to_string(),
        "clicks" => clicks.to_string(),
        "conversion" | "complete_payment" | "result" => conversions.to_string(),
        "ctr" => rate(clicks * 100, impressions),
        "conversion_rate" => rate(conversions * 100, clicks),
        "cpc" => per(cost_micros, clicks),
        "cpm" => per(cost_micros * 1_000, impressions),
        "cost_per_conversion" | "cost_per_complete_payment" | "cost_per_result" => per(cost_micros, conversions),
        // A value, whatever its name says.
        "total_complete_payment_rate" => currency.text(value_micros),
        "complete_payment_roas" => rate(value_micros, cost_micros),
        _ => return None,
    })
}

#[allow(clippy::cast_possible_truncation, reason = "counts are far below 2^52")]
fn whole(number: f64) -> i64 {
    number.round() as i64
}

/// What an object is, `-` where that does not apply.
fn attribute(view: &View<'_>, object: &Object, name: &str) -> String {
    let account = view.account;
    let group = match object.kind {
        Kind::Ad => account.get(Kind::Adgroup, object.parent).map(Arc::as_ref),
        Kind::Adgroup => Some(object),
        Kind::Campaign => None,
    };
    let campaign = account.get(Kind::Campaign, account.campaign_of(object));
    let found = match name {
        "currency" => Some(account.config.currency.clone()),
        "campaign_name" => campaign.map(|c| c.name().to_owned()),
        "campaign_id" => campaign.map(|c| c.id.to_string()),
        "objective_type" => campaign.map(|c| c.text(name).to_owned()),
        "campaign_automation_type" => {
            campaign.map(|c| if c.smart_plus { "UPGRADED_SMART_PLUS" } else { "MANUAL" }.to_owned())
        }
        "adgroup_name" => group.map(|g| g.name().to_owned()),
        "adgroup_id" => group.map(|g| g.id.to_string()),
        "ad_name" => Some(object).filter(|o| o.kind == Kind::Ad).map(|o| o.name().to_owned()),
        "budget" => object.budget.map(|budget| account.currency.text(budget)),
        _ => None,
    };
    found.unwrap_or_else(|| "-".into())
}
