//! Campaigns as documents, and what is to be said beside them.

use std::fmt::Write;

use adops_api::campaign::{Campaign, CampaignSpec as Written};
use adops_api::validate::{self, Resource};
use adops_core::campaign::import::Imported;
use adops_core::campaign::observed::ObservedLine;
use adops_core::campaign::spec::CampaignSpec;
use adops_core::platform::Account;
use serde_json::{Map, Value, json};

use super::{Import, name_of, yaml};

/// The order in which people write a Campaign.
const ORDER: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "spec",
    "name",
    "namespace",
    "objective",
    "flight",
    "start",
    "end",
    "accounts",
    "account",
    "markets",
    "market",
    "externalId",
    "groups",
    "budget",
    "daily",
    "currency",
    "split",
    "locales",
    "fallbackLocale",
    "audience",
    "declarations",
    "ads",
    "url",
    "copy",
    "headlines",
    "descriptions",
    "paths",
    "media",
    "google",
    "meta",
    "tiktok",
    "conversionAction",
    "urlParameters",
    "adoptionPolicy",
    "adopt",
    "ignoreFields",
    "state",
];
/// What need not be written, for it is the default.
const DEFAULTS: &[(&str, &str)] = &[
    ("driftPolicy", "Correct"),
    ("stopsByHand", "Keep"),
    ("deletionPolicy", "Pause"),
    ("onReplace", "Refuse"),
    ("state", "Active"),
    ("channel", "Search"),
    ("strategy", "MaximizeClicks"),
];
const FLAGS: &[&str] = &["suspend", "redistribute"];

/// A Campaign as a YAML document with what is to be known of it.
///
/// # Errors
///
/// What a CRD would refuse of it.
pub(super) fn document(imported: &Imported, line: &ObservedLine, account: &Account) -> Result<String, Vec<String>> {
    let spec = serde_json::to_value(Written::from(&imported.spec)).map_err(|error| vec![error.to_string()])?;
    let id = &imported.spec.id;
    let object = json!({
        "apiVersion": format!("{}/{}", adops_api::GROUP, adops_api::VERSION),
        "kind": "Campaign",
        "metadata": {"name": id.name, "namespace": id.namespace},
        "spec": without_defaults(spec),
    });
    let empty = Map::new();
    let body = yaml::block(object.as_object().unwrap_or(&empty), ORDER);
    read_again(&body, &imported.spec)?;
    let mut text = format!("# {} {} {}\n", account.platform, line.id, yaml::quoted(name_of(line)));
    let remarks = imported.remarks.iter().map(|remark| format!("note: {remark}"));
    let left = imported.left.iter().map(|(field, why)| format!("{field} stays as it is: {why}"));
    for comment in remarks.chain(left) {
        let _ = writeln!(text, "# {}", on_one_line(&comment));
    }
    text.push_str(&body);
    Ok(text)
}

/// Whether a Campaign says what it was meant to say, as the CRD and the operator read it.
fn read_again(body: &str, spec: &CampaignSpec) -> Result<(), Vec<String>> {
    let loaded = validate::load(body, "import");
    if !loaded.problems.is_empty() {
        return Err(loaded.problems.iter().map(|problem| format!("{}: {}", problem.field, problem.message)).collect());
    }
    let read = loaded.resources.into_iter().find_map(|located| match located.resource {
        Resource::Campaign(campaign) => Some(*campaign),
        Resource::AdAccount(_) => None,
    });
    let read = read.as_ref().map(|campaign: &Campaign| CampaignSpec::try_from(campaign));
    match read {
        Some(Ok(read)) if read == *spec => Ok(()),
        Some(Err(invalid)) => Err(vec![invalid.to_string()]),
        Some(Ok(_)) | None => Err(vec!["a Campaign cannot say it exactly".to_owned()]),
    }
}

fn without_defaults(mut value: Value) -> Value {
    match &mut value {
        Value::Object(map) => {
            map.retain(|key, value| {
                let word = DEFAULTS.iter().any(|(name, default)| name == key && value == default);
                let flag = FLAGS.contains(&key.as_str()) && *value == Value::Bool(false);
                !word && !flag
            });
            for value in map.values_mut() {
                *value = without_defaults(value.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = without_defaults(item.take());
            }
        }
        _ => {}
    }
    value
}

fn on_one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')).collect::<Vec<_>>().join(" ")
}

/// All documents, then what was not imported.
pub(super) fn report(import: &Import, account: &Account) -> String {
    let mut text = String::new();
    for warning in &import.warnings {
        let _ = writeln!(text, "# warning: {}", on_one_line(warning));
    }
    let documents: Vec<&str> = import.documents.values().map(String::as_str).collect();
    text.push_str(&documents.join("---\n"));
    if !import.unnamed.is_empty() {
        text.push_str("# files that are not known by any URL (--media, --media-url-template):\n");
        for (id, name) in &import.unnamed {
            let _ = writeln!(text, "#     {} {}", yaml::quoted(id), yaml::quoted(name));
        }
    }
    if import.others.is_empty() {
        return text;
    }
    let count: usize = import.others.values().map(std::collections::BTreeSet::len).sum();
    let _ = writeln!(text, "# not imported from {}: {count}", account.name);
    for (why, all) in &import.others {
        let _ = writeln!(text, "# - {}:", on_one_line(why));
        for (id, name) in all {
            let _ = writeln!(text, "#     {id} {}", yaml::quoted(name));
        }
    }
    text
}

/// What is told beside the documents.
pub(super) fn summary(import: &Import) -> String {
    let mut text = String::new();
    for warning in &import.warnings {
        let _ = writeln!(text, "warning: {warning}");
    }
    let _ = writeln!(text, "imported: {} Campaigns", import.documents.len());
    for (why, all) in &import.others {
        let _ = writeln!(text, "not imported: {} ({})", all.len(), on_one_line(why));
    }
    text
}
