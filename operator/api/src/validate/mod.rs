//! Validation without a cluster: the schemas, defaults and CEL rules of the CRDs, applied to YAML or JSON.
//!
//! [`load`] is what `kubectl adops plan` reads files with. An object that passes is accepted by an API server that has
//! the same CRDs, and what is wrong is said in the API server's own words, with the file and the line. Beyond these, a
//! hint is given where the words alone do not help: an unquoted `NO`, a number that must be in quotes, a misspelt field.
//!
//! Two things are judged by the API server alone: quotas and permissions. A key that is set twice is refused here and
//! taken (the last one) by kubectl.

mod kinds;
mod structural;
mod yaml;

use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::cel::{ErrorKind, ValidationError, ValidationErrors, Validator, apply_defaults};
use serde_json::Value;

use crate::{AdAccount, Campaign, GROUP, VERSION};
use kinds::Kind;
use structural::Finding;
use yaml::Document;

/// What was found in a text.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The valid resources of ours, defaults filled in, in the order of the text. Other kinds are passed over.
    pub resources: Vec<Located>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// A resource and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    /// The resource.
    pub resource: Resource,
    /// Where it was read from.
    pub origin: Origin,
}

/// Where a resource was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The name of the file, as given.
    pub file: String,
    /// The document in the file, from 1.
    pub document: usize,
    /// The line, from 1; 0 if not known.
    pub line: usize,
}

/// A resource of ours.
#[derive(Clone, Debug, PartialEq)]
pub enum Resource {
    /// An AdAccount.
    AdAccount(Box<AdAccount>),
    /// A Campaign.
    Campaign(Box<Campaign>),
}

/// Something wrong with a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub origin: Origin,
    /// The resource as `Campaign growth/spring`; empty if the text itself cannot be read.
    pub resource: String,
    /// The path of the field; empty if it is not about one.
    pub field: String,
    /// What is wrong, in the API server's words.
    pub message: String,
    /// What to do, where the words alone do not help.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.origin.file)?;
        if self.origin.line > 0 {
            write!(f, ":{}", self.origin.line)?;
        }
        for part in [&self.resource, &self.field].into_iter().filter(|part| !part.is_empty()) {
            write!(f, ": {part}")?;
        }
        write!(f, ": {}", self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

impl std::error::Error for Problem {}

/// Reads all resources of ours in a YAML or JSON text. `file` is what problems call it.
pub fn load(text: &str, file: &str) -> Loaded {
    let mut loaded = Loaded::default();
    match yaml::read(text) {
        Ok(documents) => documents.iter().for_each(|document| load_document(document, file, &mut loaded)),
        Err(error) => loaded.problems.push(Problem {
            origin: Origin { file: file.to_owned(), document: 0, line: error.line() },
            resource: String::new(),
            field: String::new(),
            message: error.to_string(),
            hint: None,
        }),
    }
    loaded
}

/// What an API server would refuse in a change from `old` to `new`, beyond what is wrong with `new` alone: fields that
/// cannot be changed.
pub fn check_update(new: &Located, old: &Resource) -> Vec<Problem> {
    let (Ok(new_value), Ok(old_value)) = (new.resource.to_value(), old.to_value()) else { return Vec::new() };
    let Some(kind) = kinds::find(new.resource.kind()) else { return Vec::new() };
    let object = Object { kind, value: new_value, places: None, origin: new.origin.clone(), path: String::new() };
    object.rules(Some(&old_value))
}

impl Resource {
    /// For example `Campaign`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::AdAccount(_) => "AdAccount",
            Self::Campaign(_) => "Campaign",
        }
    }

    fn from_value(kind: &str, value: Value) -> Result<Self, serde_json::Error> {
        match kind {
            "AdAccount" => Ok(Self::AdAccount(serde_json::from_value(value)?)),
            _ => Ok(Self::Campaign(serde_json::from_value(value)?)),
        }
    }

    fn to_value(&self) -> Result<Value, serde_json::Error> {
        match self {
            Self::AdAccount(account) => serde_json::to_value(account),
            Self::Campaign(campaign) => serde_json::to_value(campaign),
        }
    }
}

fn load_document(document: &Document, file: &str, loaded: &mut Loaded) {
    let origin = Origin { file: file.to_owned(), document: document.number, line: 0 };
    let line = document.places.get("").map_or(0, |place| place.line);
    let is_list = document.value["apiVersion"] == "v1" && document.value["kind"] == "List";
    if is_list && let Some(items) = document.value["items"].as_array() {
        for (index, item) in items.iter().enumerate() {
            let path = format!("items[{index}]");
            load_object(item.clone(), Some(document), Origin { line, ..origin.clone() }, path, loaded);
        }
    } else {
        load_object(document.value.clone(), Some(document), Origin { line, ..origin }, String::new(), loaded);
    }
}

fn load_object(value: Value, places: Option<&Document>, origin: Origin, path: String, loaded: &mut Loaded) {
    let api_version = value["apiVersion"].as_str().unwrap_or_default();
    let Some((GROUP, version)) = api_version.split_once('/') else { return };
    let kind_name = value["kind"].as_str().unwrap_or_default().to_owned();
    let kind = kinds::find(&kind_name).filter(|_| version == VERSION);
    let Some(kind) = kind else {
        loaded.problems.push(Problem {
            origin,
            resource: describe(&value),
            field: String::new(),
            message: format!("no matches for kind \"{kind_name}\" in version \"{api_version}\""),
            hint: Some(format!("kinds of {GROUP}/{VERSION}: {}", kinds::names().join(", "))),
        });
        return;
    };
    let object = Object { kind, value, places, origin, path };
    match object.validate() {
        Ok(located) => loaded.resources.push(located),
        Err(problems) => loaded.problems.extend(problems),
    }
}

fn describe(value: &Value) -> String {
    let metadata = &value["metadata"];
    let name = metadata["name"].as_str().or_else(|| metadata["generateName"].as_str()).unwrap_or("(no name)");
    let kind = value["kind"].as_str().unwrap_or_default();
    match metadata["namespace"].as_str() {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}

/// One object under validation.
struct Object<'a> {
    kind: &'static Kind,
    value: Value,
    places: Option<&'a Document>,
    origin: Origin,
    /// Its path in the document, of an item of a List.
    path: String,
}

impl Object<'_> {
    fn validate(mut self) -> Result<Located, Vec<Problem>> {
        let mut problems = self.unknown_fields();
        problems.extend(self.metadata());
        structural::drop_nulls(&mut self.value);
        self.value = apply_defaults(&self.kind.schema, &self.value);
        let mut findings = Vec::new();
        structural::check(&self.kind.schema, &self.value, "", &mut findings);
        let blocked = findings.iter().any(|finding| finding.blocks);
        problems.extend(findings.into_iter().map(|finding| self.finding(finding)));
        if !blocked {
            problems.extend(self.rules(None));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        match Resource::from_value(&self.kind.name, self.value.clone()) {
            Ok(resource) => Ok(Located { resource, origin: self.origin }),
            Err(error) => Err(vec![self.problem("", error.to_string(), None)]),
        }
    }

    fn unknown_fields(&self) -> Vec<Problem> {
        let mut schema = self.kind.schema.clone();
        for standard in ["apiVersion", "kind"] {
            schema["properties"][standard] = serde_json::json!({"type": "string"});
        }
        let fields = METADATA.iter().map(|field| ((*field).to_owned(), Value::Bool(true))).collect();
        schema["properties"]["metadata"] = serde_json::json!({"properties": Value::Object(fields)});
        let mut value = self.value.clone();
        // What is inside a field of metadata is not a matter of our schema.
        if let Some(metadata) = value["metadata"].as_object_mut() {
            metadata.values_mut().for_each(|value| *value = Value::Null);
        }
        let mut found = Vec::new();
        structural::unknown_fields(&schema, &value, "", &mut found);
        let problem = |field: String| {
            let (parent, name) = field.rsplit_once('.').unwrap_or(("", &field));
            let known = structural::known_fields(&schema, parent);
            let hint = closest(name, &known).map(|known| format!("did you mean \"{known}\"?"));
            Problem { field: String::new(), ..self.problem(&field, format!("unknown field \"{field}\""), hint) }
        };
        found.into_iter().map(problem).collect()
    }

    fn metadata(&self) -> Vec<Problem> {
        let metadata = &self.value["metadata"];
        if let Err(error) = serde_json::from_value::<ObjectMeta>(metadata.clone()) {
            return vec![self.problem("metadata", format!("Invalid value: {error}"), None)];
        }
        match metadata["name"].as_str() {
            None if metadata["generateName"].is_string() => Vec::new(),
            None => {
                vec![self.problem("metadata.name", "Required value: name or generateName is required".to_owned(), None)]
            }
            Some(name) if is_subdomain(name) => Vec::new(),
            Some(name) => {
                let message = format!(
                    "Invalid value: {name:?}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
                     characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
                     'example.com', regex used for validation is \
                     '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
                );
                vec![self.problem("metadata.name", message, None)]
            }
        }
    }

    fn rules(&self, old: Option<&Value>) -> Vec<Problem> {
        let result = Validator::new().validate_compiled(&self.kind.rules, &self.value, old);
        let errors = result.err().map(ValidationErrors::into_vec).unwrap_or_default();
        errors.into_iter().map(|error| self.rule_problem(&error)).collect()
    }

    fn rule_problem(&self, error: &ValidationError) -> Problem {
        let value = self.at(&error.field_path);
        let shown = match error.reason.as_deref() {
            Some("FieldValueRequired") => "Required value: ".to_owned(),
            Some("FieldValueForbidden") => "Forbidden: ".to_owned(),
            _ => match value {
                Some(value)
                    if !value.is_object() && !value.is_array() && !self.kind.rules_with_path.contains(&error.rule) =>
                {
                    format!("Invalid value: {value}: ")
                }
                _ => "Invalid value: ".to_owned(),
            },
        };
        let hint = (error.kind != ErrorKind::ValidationFailure)
            .then(|| "this rule could not be evaluated here: the API server may see it differently".to_owned());
        self.problem(&error.field_path, format!("{shown}{}", error.message), hint)
    }

    fn finding(&self, finding: Finding) -> Problem {
        let hint = finding.types.as_ref().and_then(|(wanted, found)| self.type_hint(&finding.path, wanted, found));
        self.problem(&finding.path, finding.message, hint)
    }

    fn type_hint(&self, path: &str, wanted: &str, found: &str) -> Option<String> {
        let written = || self.places?.places.get(&self.full_path(path))?.plain.clone();
        match (wanted, found) {
            ("string", "boolean") => {
                let (written, value) = (written()?, self.at(path)?);
                Some(format!("write \"{written}\" in quotes: YAML reads an unquoted {written} as {value}"))
            }
            ("string", "integer" | "number") => Some(format!("write \"{}\" in quotes", written()?)),
            ("boolean" | "integer", "string") => {
                let text = self.at(path)?.as_str()?;
                let bare = matches!(text, "true" | "false") && wanted == "boolean"
                    || text.parse::<i64>().is_ok() && wanted == "integer";
                bare.then(|| format!("write {text} without quotes"))
            }
            _ => None,
        }
    }

    fn problem(&self, field: &str, message: String, hint: Option<String>) -> Problem {
        let mut origin = self.origin.clone();
        if let Some(line) = self.line(field) {
            origin.line = line;
        }
        Problem { origin, resource: describe(&self.value), field: field.to_owned(), message, hint }
    }

    /// The line of a field, or of the nearest thing around it.
    fn line(&self, field: &str) -> Option<usize> {
        let places = &self.places?.places;
        let mut path = self.full_path(field);
        loop {
            if let Some(place) = places.get(&path) {
                return Some(place.line);
            }
            let end = path.rfind(['.', '['])?;
            path.truncate(end);
        }
    }

    fn full_path(&self, field: &str) -> String {
        match (self.path.is_empty(), field.is_empty()) {
            (true, _) => field.to_owned(),
            (false, true) => self.path.clone(),
            (false, false) => format!("{}.{field}", self.path),
        }
    }

    fn at(&self, path: &str) -> Option<&Value> {
        let pointer = format!("/{}", path.replace("].", "/").replace(['.', '['], "/").replace(']', ""));
        self.value.pointer(&pointer)
    }
}

/// The fields of `metadata`.
const METADATA: &[&str] = &[
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

fn is_subdomain(name: &str) -> bool {
    let is_label = |label: &str| {
        let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !label.is_empty() && label.chars().all(inside) && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// The known word that is nearest to a misspelt one, if it is near enough.
fn closest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let near = |candidate: &&str| distance(&word.to_ascii_lowercase(), &candidate.to_ascii_lowercase());
    let best = known.iter().copied().min_by_key(near)?;
    (near(&best) <= 1 + word.len() / 4).then_some(best)
}

/// Edit distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(from != *to)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}
