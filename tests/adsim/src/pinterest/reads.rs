//! Reading: accounts, lists by bookmark, targeting options, analytics.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};

use super::Pinterest;
use super::account::Account;
use super::delivery;
use super::errors::Refusal;
use super::object::{Kind, Object};
use super::query::Query;

const STATUSES: &[&str] = &["ACTIVE", "PAUSED", "ARCHIVED", "DRAFT", "DELETED_DRAFT"];
const COLUMNS: &[&str] = &["SPEND_IN_MICRO_DOLLAR", "PAID_IMPRESSION"];
/// Market areas of the United States that the simulator knows, by Nielsen's numbers.
const MARKET_AREAS: &[(&str, &str)] = &[("501", "U.S.: New York"), ("803", "U.S.: Los Angeles"), ("811", "U.S.: Reno")];
/// Days that analytics go back, and that a request may span.
const DAYS: i64 = 90;

/// `GET /ad_accounts/{id}`.
pub(super) fn account(account: &Account) -> Value {
    let config = &account.config;
    json!({
        "id": config.id,
        "name": config.name,
        "country": config.country,
        "currency": config.currency,
        "owner": { "username": "example" },
        "permissions": ["OWNER"],
    })
}

/// `GET /ad_accounts/{id}/campaigns` and `/ad_groups`.
pub(super) fn list(
    account: &Account,
    kind: Kind,
    query: &Query,
    now: Timestamp,
    lag: Option<Timestamp>,
) -> Result<Value, Refusal> {
    let campaigns: BTreeSet<u64> = query.ids("campaign_ids")?.into_iter().collect();
    let groups: BTreeSet<u64> = query.ids("ad_group_ids")?.into_iter().collect();
    if !campaigns.is_empty() && !groups.is_empty() {
        return Err(Refusal::invalid("Provide only campaign_ids or ad_group_ids."));
    }
    let statuses = query.many("entity_statuses", STATUSES.len())?;
    if let Some(unknown) = statuses.iter().find(|status| !STATUSES.contains(status)) {
        return Err(Refusal::invalid(format!("'{unknown}' is not one of entity_statuses.")));
    }
    let statuses = if statuses.is_empty() { vec!["ACTIVE", "PAUSED"] } else { statuses };
    let size: usize = query.one("page_size").unwrap_or("25").parse().unwrap_or_default();
    if !(1..=250).contains(&size) {
        return Err(Refusal::invalid("'page_size' must be from 1 to 250."));
    }
    let after = query.one("bookmark").map_or(Ok(0), str::parse).map_err(|_| Refusal::invalid("Invalid bookmark."))?;
    let wanted = |object: &&Arc<Object>| {
        (campaigns.is_empty() || campaigns.contains(&object.campaign()))
            && (groups.is_empty() || groups.contains(&object.id))
            && statuses.contains(&object.text("status"))
    };
    let found: Vec<&Arc<Object>> = account.beyond(kind, after, lag).filter(wanted).take(size + 1).collect();
    let page = &found[..found.len().min(size)];
    let bookmark = page.last().filter(|_| found.len() > size).map(|last| last.id.to_string());
    let items: Vec<Value> = page.iter().map(|object| row(account, object, now)).collect();
    Ok(json!({ "items": items, "bookmark": bookmark }))
}

/// An object as answers have it.
pub(super) fn row(account: &Account, object: &Object, now: Timestamp) -> Value {
    let mut row = object.doc.clone();
    row.insert("id".into(), object.id.to_string().into());
    row.insert("ad_account_id".into(), account.config.id.as_str().into());
    row.insert("type".into(), object.kind.name().into());
    row.insert("created_time".into(), object.created.as_second().into());
    row.insert("updated_time".into(), object.updated.as_second().into());
    row.insert("summary_status".into(), summary_status(account, object, now).into());
    if object.kind == Kind::AdGroup {
        row.insert("campaign_id".into(), object.parent.to_string().into());
    }
    Value::Object(row)
}

/// Why an object does not run, or that it does. Which reason goes before another is assumed.
pub(super) fn summary_status(account: &Account, object: &Object, now: Timestamp) -> &'static str {
    match object.text("status") {
        "ARCHIVED" => "ARCHIVED",
        "PAUSED" => "PAUSED",
        _ if account.config.disabled => "ADVERTISER_DISABLED",
        _ if object.time("end_time").is_some_and(|end| end <= now) => "COMPLETED",
        _ if object.time("start_time").is_some_and(|start| start > now) => "NOT_STARTED",
        _ => "RUNNING",
    }
}

impl Pinterest {
    /// `GET /resources/targeting/{type}`: ids with names, in one object.
    pub(super) fn targeting(&self, kind: &str) -> Result<Value, Refusal> {
        if kind != "LOCATION" {
            return Err(Refusal::invalid(format!("adsim does not simulate the targeting type {kind}")));
        }
        let countries = self.config.countries.iter().map(|code| (code.clone(), code.as_str().into()));
        let areas = MARKET_AREAS.iter().map(|(code, name)| ((*code).to_owned(), (*name).into()));
        let all: Map<String, Value> = countries.chain(areas).collect();
        Ok(json!([all]))
    }

    /// Whether a place can be targeted.
    pub(super) fn has_location(&self, code: &str) -> bool {
        self.config.countries.iter().any(|country| country == code)
            || MARKET_AREAS.iter().any(|(number, _)| *number == code)
    }

    /// `GET /ad_accounts/{id}/campaigns/analytics`: by day or as a whole, rows without figures left out (assumed).
    pub(super) fn analytics(&self, account: &Account, query: &Query, now: Timestamp) -> Result<Value, Refusal> {
        let date = |name: &str| -> Result<Date, Refusal> {
            query.required(name)?.parse().map_err(|_| Refusal::invalid(format!("'{name}' is not a date.")))
        };
        let (first, last) = (date("start_date")?, date("end_date")?);
        let today = now.to_zoned(TimeZone::UTC).date();
        if first < today.saturating_sub(DAYS.days()) {
            return Err(Refusal::invalid("start_date cannot be more than 90 days back from today."));
        }
        if last < first || last > first.saturating_add(DAYS.days()) {
            return Err(Refusal::invalid("end_date cannot be more than 90 days past start_date."));
        }
        let ids = query.ids("campaign_ids")?;
        if ids.is_empty() {
            return Err(Refusal::invalid("'campaign_ids' is a required parameter."));
        }
        let columns: Vec<&str> = query.required("columns")?.split(',').collect();
        if let Some(unknown) = columns.iter().find(|column| !COLUMNS.contains(column)) {
            return Err(Refusal::invalid(format!("adsim does not simulate the column {unknown}")));
        }
        let by_day = match query.required("granularity")? {
            "DAY" => true,
            "TOTAL" => false,
            other => return Err(Refusal::invalid(format!("adsim does not simulate the granularity {other}"))),
        };
        let until = now - self.config.read_lag;
        let mut rows = Vec::new();
        for id in ids.into_iter().filter(|id| account.get(Kind::Campaign, *id).is_some()) {
            let figures = |day| delivery::on(account, id, day, until, &self.config.delivery, self.seed);
            let days = std::iter::successors(Some(first), |day| day.tomorrow().ok()).take_while(|day| *day <= last);
            let mut sum = crate::delivery::Metrics::default();
            for day in days {
                let found = figures(day);
                sum.add(found);
                if by_day && !found.is_zero() {
                    rows.push(figures_row(id, Some(day), &columns, found));
                }
            }
            if !by_day && !sum.is_zero() {
                rows.push(figures_row(id, None, &columns, sum));
            }
        }
        Ok(Value::Array(rows))
    }
}

fn figures_row(id: u64, day: Option<Date>, columns: &[&str], figures: crate::delivery::Metrics) -> Value {
    let mut row = Map::new();
    row.insert("CAMPAIGN_ID".into(), id.to_string().into());
    if let Some(day) = day {
        row.insert("DATE".into(), day.to_string().into());
    }
    for column in columns {
        let value = match *column {
            "SPEND_IN_MICRO_DOLLAR" => figures.cost_micros,
            _ => figures.impressions,
        };
        row.insert((*column).into(), value.into());
    }
    Value::Object(row)
}
