//! Edges: lists of objects, newest first, in pages.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::errors::GraphError;
use super::fields::{self, Field};
use super::filters::{self, Filter};
use super::nodes::{View, node};
use super::object::{Kind, Object};
use super::params::Params;
use crate::urlencoded;

/// Whose objects are listed.
#[derive(Debug, Clone)]
pub enum Source {
    /// All of the account.
    Account,
    /// Those below an object.
    Below(i64),
    /// Those with one of the labels, or with all of them.
    Labelled(Vec<i64>, bool),
}

/// Reads a page of an edge. `as_of` is the instant as of which objects are seen, `url` the edge's own address.
pub fn list(
    view: View<'_>,
    kind: Kind,
    source: &Source,
    as_of: Timestamp,
    params: &Params,
    url: &str,
) -> Result<Value, GraphError> {
    let fields = fields_of(params, kind)?;
    let filters = filters::read(params)?;
    let updated_since = params.int("updated_since")?;
    let limit = limit_of(params, view.config.limits.page_size, 25)?;
    let (after, before) = (cursor(params, "after")?, cursor(params, "before")?);
    let matches = |object: &&Arc<Object>| {
        is_listed(object, &filters)
            && has_labels(object, source)
            && updated_since.is_none_or(|since| object.updated.as_second() >= since)
            && filters.iter().all(|filter| filter.holds(view, object))
    };
    let seen = |id: i64| view.account.get_as_of(id, as_of);
    let ids = candidates(view, kind, source);
    let mut found: Vec<&Arc<Object>> = if let Some(before) = before {
        // Backwards: the objects right before the cursor in the order of the edge, which are newer ones.
        let newer = ids[ids.partition_point(|id| *id <= before)..].iter().copied();
        let mut found: Vec<_> = newer.filter_map(seen).filter(matches).take(limit).collect();
        found.reverse();
        found
    } else {
        let end = after.map_or(ids.len(), |after| ids.partition_point(|id| *id < after));
        ids[..end].iter().rev().copied().filter_map(seen).filter(matches).take(limit + 1).collect()
    };
    let more = found.len() > limit || before.is_some();
    found.truncate(limit);
    let rows: Vec<Value> = found.iter().map(|object| node(view, object, &fields)).collect::<Result<_, _>>()?;
    let mut answer = json!({ "data": rows });
    if let (Some(first), Some(last)) = (found.first(), found.last()) {
        let (first, last) = (encode(first.id), encode(last.id));
        answer["paging"] = json!({ "cursors": { "before": first, "after": last } });
        if more {
            answer["paging"]["next"] = page_url(url, params, "after", &last).into();
        }
        if after.is_some() {
            answer["paging"]["previous"] = page_url(url, params, "before", &first).into();
        }
    }
    if params.has("summary") && params.text("summary").as_deref() != Some("false") {
        let total = ids.iter().copied().filter_map(seen).filter(matches).count();
        answer["summary"] = json!({ "total_count": total });
    }
    Ok(answer)
}

/// Whether an edge shows an object at all: deleted ones never, archived ones if they are asked for.
fn is_listed(object: &Object, filters: &[Filter]) -> bool {
    match object.status() {
        "DELETED" => false,
        "ARCHIVED" => filters::want_archived(filters),
        _ => true,
    }
}

/// The ids that may be on an edge, oldest first.
fn candidates(view: View<'_>, kind: Kind, source: &Source) -> Vec<i64> {
    let Source::Below(id) = source else { return view.account.ids(kind).collect() };
    let below = |id: i64| view.account.children(id).map(|child| child.id);
    let node = view.account.get(*id).map(|node| node.kind);
    let mut ids: Vec<i64> = match (node, kind) {
        (Some(Kind::Campaign), Kind::Ad) => below(*id).flat_map(below).collect(),
        (Some(Kind::AdSet), Kind::Creative) => below(*id).filter_map(|ad| creative_of(view, ad)).collect(),
        (Some(Kind::Ad), Kind::Creative) => creative_of(view, *id).into_iter().collect(),
        _ => below(*id).collect(),
    };
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn creative_of(view: View<'_>, ad: i64) -> Option<i64> {
    view.account.get(ad).map(|ad| ad.reference("creative"))
}

fn has_labels(object: &Object, source: &Source) -> bool {
    let Source::Labelled(labels, all) = source else { return true };
    let has = |id: &i64| object.labels().any(|label| label == *id);
    if *all { labels.iter().all(has) } else { labels.iter().any(has) }
}

/// The fields of a call; labels show their name by themselves, all else only its id.
pub fn fields_of(params: &Params, kind: Kind) -> Result<Vec<Field>, GraphError> {
    match params.text("fields") {
        Some(text) => fields::parse(&text),
        None if kind == Kind::Label => Ok(["id", "name"].map(Field::plain).to_vec()),
        None if kind == Kind::Image => Ok(["id", "hash"].map(Field::plain).to_vec()),
        None if kind == Kind::Report => {
            Ok(["id", "account_id", "async_status", "async_percent_completion"].map(Field::plain).to_vec())
        }
        None => Ok(vec![Field::plain("id")]),
    }
}

/// How many rows a page has. More than allowed are refused, as the real service asks to reduce the amount of data.
pub fn limit_of(params: &Params, most: usize, default: usize) -> Result<usize, GraphError> {
    let Some(limit) = params.int("limit")? else { return Ok(default) };
    match usize::try_from(limit) {
        Ok(limit) if limit > most => {
            let message = "Please reduce the amount of data you're asking for, then retry your request";
            Err(GraphError::new(1, message))
        }
        Ok(limit) if limit > 0 => Ok(limit),
        _ => Err(GraphError::parameter("limit", "Param limit must be a positive integer")),
    }
}

fn encode(id: i64) -> String {
    format!("QVFI{id:x}ZD")
}

fn cursor(params: &Params, name: &str) -> Result<Option<i64>, GraphError> {
    let Some(text) = params.text(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let id = text.strip_prefix("QVFI").and_then(|t| t.strip_suffix("ZD")).and_then(|t| i64::from_str_radix(t, 16).ok());
    id.map(Some).ok_or_else(|| GraphError::parameter(name, "Invalid cursors values"))
}

/// The address of another page of the same edge.
pub fn page_url(url: &str, params: &Params, name: &str, cursor: &str) -> String {
    let pairs: Vec<(String, String)> = params
        .iter()
        .map(|(name, _)| name)
        .filter(|name| !matches!(*name, "after" | "before"))
        .filter_map(|name| Some((name.to_owned(), params.text(name)?)))
        .chain([(name.to_owned(), cursor.to_owned())])
        .collect();
    format!("{url}?{}", urlencoded::encode(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))))
}
