//! Our kinds with their schemas and compiled rules, made once from the types.

use std::collections::HashSet;
use std::sync::LazyLock;

use kube::core::cel::{self, CompiledSchema};
use serde_json::Value;

use crate::common::{RATE_AGE_RULE, RATE_AGE_RULE_OF_TEXTS};
use crate::schema::crds;

pub(super) struct Kind {
    /// For example `Campaign`.
    pub(super) name: String,
    /// The schema of the whole object.
    pub(super) schema: Value,
    /// Its CEL rules.
    pub(super) rules: CompiledSchema,
    /// The rules that name the field they judge: for them the API server shows no value.
    pub(super) rules_with_path: HashSet<String>,
}

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let schemas = crds().into_iter().filter_map(|crd| {
        let version = crd.spec.versions.into_iter().next()?;
        let schema = serde_json::to_value(version.schema?.open_api_v3_schema?).ok()?;
        Some((crd.spec.names.kind, schema))
    });
    schemas.map(|(name, schema)| Kind::new(name, schema)).collect()
});

impl Kind {
    fn new(name: String, schema: Value) -> Self {
        let mut rules_with_path = HashSet::new();
        let judged = with_dates_as_texts(schema.clone());
        collect_rules_with_path(&judged, &mut rules_with_path);
        Self { name, rules: cel::compile_schema(&judged), rules_with_path, schema }
    }
}

/// An API server calculates with dates, the interpreter that judges here has them as texts.
fn with_dates_as_texts(mut schema: Value) -> Value {
    for rule in schema["properties"]["spec"]["x-kubernetes-validations"].as_array_mut().into_iter().flatten() {
        if rule["rule"] == RATE_AGE_RULE {
            rule["rule"] = RATE_AGE_RULE_OF_TEXTS.into();
        }
    }
    schema
}

/// The kind of a name.
pub(super) fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The names of all kinds.
pub(super) fn names() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.name.as_str()).collect()
}

fn collect_rules_with_path(schema: &Value, found: &mut HashSet<String>) {
    for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
        if let (Some(rule), Some(_)) = (rule["rule"].as_str(), rule["fieldPath"].as_str()) {
            found.insert(rule.to_owned());
        }
    }
    let children = schema["properties"].as_object().into_iter().flat_map(serde_json::Map::values);
    for child in children.chain(schema.get("items")).chain(schema.get("additionalProperties")) {
        collect_rules_with_path(child, found);
    }
}
