//! What creating and updating objects have in common: a draft is a document with the parameters of a call put in.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::config::MetaConfig;
use super::errors::GraphError;
use super::object::{Kind, Object, read_time};
use super::params::Params;
use super::schema::check_enum;

/// Parameters that say how to call, not what to set.
const NOT_SET: &[&str] = &[
    "access_token",
    "appsecret_proof",
    "fields",
    "format",
    "method",
    "locale",
    "suppress_http_code",
    "debug",
    "pretty",
    "execution_options",
    "date_format",
    "include_demolink_hashes",
];

/// What rules look at.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The account.
    pub account: &'a Account,
    /// Configuration.
    pub config: &'a MetaConfig,
    /// Business time.
    pub now: Timestamp,
}

/// An object that is being created or updated.
pub struct Draft<'a> {
    /// What rules look at.
    pub context: Context<'a>,
    /// The call's parameters.
    pub params: &'a Params,
    /// The object as it was; none when it is created.
    pub before: Option<&'a Object>,
    /// The document as it shall be.
    pub doc: Map<String, Value>,
    kind: Kind,
    handled: Vec<&'static str>,
}

impl<'a> Draft<'a> {
    /// The draft of a new object.
    pub fn create(kind: Kind, context: Context<'a>, params: &'a Params) -> Draft<'a> {
        Draft { context, params, before: None, doc: Map::new(), kind, handled: Vec::new() }
    }

    /// The draft of an object's update.
    pub fn update(before: &'a Object, context: Context<'a>, params: &'a Params) -> Draft<'a> {
        let (kind, doc) = (before.kind, before.doc.clone());
        Draft { context, params, before: Some(before), doc, kind, handled: Vec::new() }
    }

    /// Whether the call sets a field to another value than it had.
    pub fn changes(&self, name: &str) -> bool {
        self.before.is_none_or(|before| before.doc.get(name) != self.doc.get(name))
    }

    /// A text that must not be empty, and must be given for a new object.
    pub fn need_text(&mut self, name: &'static str) -> Result<(), GraphError> {
        self.handled.push(name);
        if self.before.is_none() || self.params.has(name) {
            self.doc.insert(name.to_owned(), self.params.need(name)?.into());
        }
        Ok(())
    }

    /// A text.
    pub fn text(&mut self, name: &'static str) {
        self.handled.push(name);
        if let Some(text) = self.params.text(name) {
            self.doc.insert(name.to_owned(), text.into());
        }
    }

    /// A value of the kind's enum of that name.
    pub fn choice(&mut self, name: &'static str) -> Result<(), GraphError> {
        self.text(name);
        match self.doc.get(name).and_then(Value::as_str) {
            Some(value) => check_enum(&format!("{}.{name}", self.kind.name()), value),
            None => Ok(()),
        }
    }

    /// A value of the kind's enum that must be given for a new object.
    pub fn need_choice(&mut self, name: &'static str) -> Result<(), GraphError> {
        if self.before.is_none() {
            self.params.need(name)?;
        }
        self.choice(name)
    }

    /// A field that cannot change once it is there.
    pub fn fixed(&self, name: &str) -> Result<(), GraphError> {
        if self.before.is_some_and(|before| before.doc.contains_key(name)) && self.changes(name) {
            return Err(GraphError::parameter(name, format_args!("The field {name} cannot be changed")));
        }
        Ok(())
    }

    /// Yes or no.
    pub fn flag(&mut self, name: &'static str) -> Result<(), GraphError> {
        self.handled.push(name);
        if let Some(flag) = self.params.flag(name)? {
            self.doc.insert(name.to_owned(), flag.into());
        }
        Ok(())
    }

    /// A whole number of at least 0.
    pub fn amount(&mut self, name: &'static str) -> Result<(), GraphError> {
        self.handled.push(name);
        let Some(amount) = self.params.int(name)? else { return Ok(()) };
        if amount < 0 {
            return Err(GraphError::parameter(name, format_args!("Param {name} must be an unsigned integer")));
        }
        self.doc.insert(name.to_owned(), amount.into());
        Ok(())
    }

    /// A budget: a whole number of minor units. 0 takes it away.
    pub fn budget(&mut self, name: &'static str) -> Result<(), GraphError> {
        self.amount(name)?;
        let rounding = self.context.config.rules.budget_rounding.max(1);
        match self.doc.get(name).and_then(Value::as_i64) {
            Some(0) => {
                self.doc.remove(name);
            }
            Some(amount) if self.changes(name) => {
                self.doc.insert(name.to_owned(), (amount - amount % rounding).into());
            }
            _ => {}
        }
        Ok(())
    }

    /// A point in time. 0 takes it away.
    pub fn time(&mut self, name: &'static str) -> Result<(), GraphError> {
        self.handled.push(name);
        let Some(text) = self.params.text(name) else { return Ok(()) };
        if text == "0" {
            self.doc.remove(name);
            return Ok(());
        }
        let time = read_time(&text, &self.context.account.zone)
            .ok_or_else(|| GraphError::parameter(name, format_args!("Invalid {name}: '{text}'")))?;
        self.doc.insert(name.to_owned(), time.as_second().into());
        Ok(())
    }

    /// A nested value.
    pub fn json(&mut self, name: &'static str) -> Result<(), GraphError> {
        self.handled.push(name);
        if let Some(value) = self.params.json(name)? {
            self.doc.insert(name.to_owned(), value);
        }
        Ok(())
    }

    /// The status. New objects are active unless told otherwise.
    pub fn status(&mut self) -> Result<(), GraphError> {
        self.choice("status")?;
        if let Some(before) = self.before
            && self.doc.get("status") == Some(&json!("ACTIVE"))
        {
            super::pages::check_activation(self.context, before)?;
        }
        if self.before.is_none() {
            let status = self.doc.entry("status").or_insert_with(|| "ACTIVE".into());
            if !matches!(status.as_str(), Some("ACTIVE" | "PAUSED")) {
                return Err(GraphError::parameter("status", "A new object is ACTIVE or PAUSED"));
            }
        }
        Ok(())
    }

    /// The labels: ids, or names. A label that does not exist is created with its object.
    pub fn labels(&mut self) -> Result<(), GraphError> {
        self.handled.push("adlabels");
        let Some(labels) = self.params.json("adlabels")? else { return Ok(()) };
        let labels = super::labels::resolve(self.context.account, &labels)?;
        let most = self.context.config.limits.labels_per_object;
        if labels.len() > most {
            return Err(GraphError::parameter("adlabels", format_args!("An object can have at most {most} labels")));
        }
        self.doc.insert("adlabels".into(), Value::Array(labels));
        Ok(())
    }

    /// Takes all other parameters as they are, and checks what an object's status forbids.
    pub fn finish(mut self) -> Result<Map<String, Value>, GraphError> {
        for (name, value) in self.params.iter() {
            if self.handled.contains(&name) || NOT_SET.contains(&name) {
                continue;
            }
            let nested = value.as_str().filter(|text| text.starts_with(['{', '[']));
            let value = nested.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| value.clone());
            self.doc.insert(name.to_owned(), value);
        }
        if let Some(before) = self.before {
            check_frozen(before, &self.doc)?;
        }
        Ok(self.doc)
    }
}

/// What is deleted stays as it is; what is archived can only be renamed or deleted.
fn check_frozen(before: &Object, doc: &Map<String, Value>) -> Result<(), GraphError> {
    let changed =
        || doc.iter().filter(|(name, value)| before.doc.get(*name) != Some(value)).map(|(name, _)| name.as_str());
    let refused = |title: &str, message: &str| Err(GraphError::invalid(1_487_056, title, message));
    match before.status() {
        "DELETED" => refused("Deleted Objects Can't Be Edited", "The object has been deleted and cannot be changed."),
        "ARCHIVED" => {
            let to_deleted = doc.get("status") == Some(&json!("DELETED"));
            if changed().all(|name| name == "name" || (name == "status" && to_deleted)) {
                return Ok(());
            }
            refused("Archived Objects Can't Be Edited", "Only the name of an archived object can be changed.")
        }
        _ => Ok(()),
    }
}
