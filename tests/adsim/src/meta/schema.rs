//! Which parameters a call takes, which fields a node has, and which values an enum: read from the data that
//! `tools/meta_schema.py` writes.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use super::errors::GraphError;
use super::params::Params;

/// Parameters that any call may have.
const ANYWHERE: &[&str] = &[
    "access_token",
    "appsecret_proof",
    "fields",
    "format",
    "method",
    "locale",
    "suppress_http_code",
    "debug",
    "pretty",
];
/// Parameters that any edge may have besides.
const OF_EDGES: &[&str] = &["limit", "after", "before", "filtering", "summary", "sort", "effective_status"];
/// Parameters in use that the package does not list.
const UNLISTED: &[(&str, &[&str])] = &[
    ("GET act insights", &["offset"]),
    ("POST act adimages", &["filename", "name"]),
    ("POST act advideos", &["name", "filename", "source"]),
    ("POST act adcreatives", &["status"]),
    ("POST ad .", &["adset_id"]),
];

type Names = HashSet<&'static str>;

#[derive(Debug, Default)]
struct Schema {
    params: HashMap<&'static str, Names>,
    fields: HashMap<&'static str, Names>,
    enums: HashMap<&'static str, Names>,
}

fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let mut schema = Schema::default();
        for line in include_str!("data/v26.schema").lines() {
            let Some((head, names)) = line.split_once('|') else { continue };
            let Some((what, key)) = head.split_once(' ') else { continue };
            let into = match what {
                "params" => &mut schema.params,
                "fields" => &mut schema.fields,
                _ => &mut schema.enums,
            };
            into.insert(key, names.split(' ').collect());
        }
        schema
    })
}

/// Refuses calls, such as `POST act campaigns`, that there are not, and parameters that a call does not know.
pub fn check_params(call: &str, params: &Params) -> Result<(), GraphError> {
    let Some(known) = schema().params.get(call) else {
        return Err(GraphError::new(100, format!("Unsupported request: there is no {call}")));
    };
    let unlisted = UNLISTED.iter().find(|(c, _)| *c == call).map_or(&[][..], |(_, names)| names);
    let is_edge_read = call.starts_with("GET ") && !call.ends_with(" .");
    let is_known = |name: &&str| {
        known.contains(name)
            || unlisted.contains(name)
            || ANYWHERE.contains(name)
            || (is_edge_read && OF_EDGES.contains(name))
    };
    let unknown = params.iter().map(|(name, _)| name).find(|name| !is_known(name));
    // The real service ignores most of what it does not know.
    unknown.map_or(Ok(()), |name| {
        Err(GraphError::parameter(name, format_args!("The simulator is strict: {call} has no parameter {name}")))
    })
}

/// Whether nodes of a kind have a field.
pub fn has_field(node: &str, field: &str) -> bool {
    schema().fields.get(node).is_some_and(|names| names.contains(field))
}

/// Refuses a value that an enum, such as `adset.billing_event`, does not have.
pub fn check_enum(name: &str, value: &str) -> Result<(), GraphError> {
    let Some(values) = schema().enums.get(name) else { return Ok(()) };
    if values.contains(value) {
        return Ok(());
    }
    let mut all: Vec<&str> = values.iter().copied().collect();
    all.sort_unstable();
    let param = name.split('.').next_back().unwrap_or(name);
    Err(GraphError::parameter(
        param,
        format_args!("Param {param} must be one of {{{}}} - got \"{value}\".", all.join(", ")),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_shows() {
        let params = |query| Params::read(query, "", b"").unwrap();
        assert!(check_params("POST act campaigns", &params("name=a&special_ad_categories=[]&access_token=x")).is_ok());
        assert!(check_params("POST act campaigns", &params("special_ad_category=[]")).is_err());
        assert!(check_params("GET act campaigns", &params("limit=5&after=x&fields=id")).is_ok());
        assert!(check_params("GET act campaigns", &params("limits=5")).is_err());
        assert!(check_params("DELETE campaign adlabels", &params("")).is_err(), "only ad sets have it");
        assert!(has_field("campaign", "daily_budget") && !has_field("campaign", "budget"));
        assert!(check_enum("adset.billing_event", "IMPRESSIONS").is_ok());
        assert!(
            check_enum("adset.billing_event", "VIEWS").unwrap_err().message.contains("must be one of {APP_INSTALLS")
        );
    }
}
