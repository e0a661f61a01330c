//! Makes changes final: ids, side effects on other objects, live budgets, ledger entries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::errors::GraphError;
use super::object::{Kind, Object};
use super::params::Params;
use super::write::Context;
use super::{Meta, ads, adsets, campaigns, delivery, labels, live, media};
use crate::ledger::{Actor, Change, LedgerEntry};

/// Who changes something of which account, when, and in which request.
#[derive(Debug, Clone)]
pub struct Writer {
    /// The account's id, without `act_`.
    pub account: String,
    /// Who.
    pub actor: Actor,
    /// The request's `fbtrace_id`; empty for edits by hand.
    pub request_id: String,
    /// When.
    pub now: Timestamp,
}

/// An object before and after a change.
type Step = (Option<Arc<Object>>, Arc<Object>);

/// Fields that tell what an object is, for the ledger entry of its creation.
const TELLING: &[&str] = &[
    "name",
    "status",
    "objective",
    "campaign_id",
    "adset_id",
    "creative",
    "daily_budget",
    "lifetime_budget",
    "targeting",
    "adlabels",
    "start_time",
    "end_time",
    "stop_time",
];

impl Meta {
    fn context(&self, writer: &Writer) -> Result<Context<'_>, GraphError> {
        let account = self.accounts.get(&writer.account);
        let account = account.ok_or_else(|| GraphError::no_object(&format!("act_{}", writer.account), "post"))?;
        Ok(Context { account, config: &self.config, now: writer.now })
    }

    /// Creates an object. Nothing happens and no id comes back if the call only wants to be checked.
    pub fn create(
        &mut self,
        writer: &Writer,
        kind: Kind,
        params: &Params,
    ) -> Result<(Option<i64>, Vec<LedgerEntry>), GraphError> {
        let context = self.context(writer)?;
        let mut doc = match kind {
            Kind::Campaign => campaigns::create(context, params)?,
            Kind::AdSet => adsets::create(context, params)?,
            Kind::Ad => ads::create(context, params)?,
            Kind::Creative => ads::create_creative(context, params)?,
            Kind::Label => labels::create(context, params)?,
            Kind::Video => media::video(params)?,
            Kind::Image | Kind::Report => return Err(GraphError::unknown_path(kind.name())),
        };
        if params.validate_only()? {
            return Ok((None, Vec::new()));
        }
        if kind == Kind::Label
            && let Some(label) = context.account.label(doc.get("name").and_then(Value::as_str).unwrap_or_default())
        {
            return Ok((Some(label.id), Vec::new()));
        }
        let mut steps = Vec::new();
        self.make_missing(writer, &mut doc, &mut steps);
        let id = self.put_new(writer, kind, doc, &mut steps);
        Ok((Some(id), self.settle(writer, steps)))
    }

    /// Creates objects that were described inside of another: labels by name, a creative.
    fn make_missing(&mut self, writer: &Writer, doc: &mut Map<String, Value>, steps: &mut Vec<Step>) {
        if let Some(Value::Object(creative)) = doc.remove("(creative)") {
            let id = self.put_new(writer, Kind::Creative, creative, steps);
            doc.insert("creative".into(), id.to_string().into());
        }
        let Some(Value::Array(labels)) = doc.get_mut("adlabels") else { return };
        let mut ids = std::mem::take(labels);
        for label in &mut ids {
            if let Some(name) = label.get("name").cloned() {
                let doc = Map::from_iter([("name".to_owned(), name)]);
                *label = self.put_new(writer, Kind::Label, doc, steps).into();
            }
        }
        doc.insert("adlabels".into(), ids.into());
    }

    fn put_new(&mut self, writer: &Writer, kind: Kind, doc: Map<String, Value>, steps: &mut Vec<Step>) -> i64 {
        let id = self.new_id(&writer.account);
        let mut object = Object::new(kind, id, doc, writer.now);
        object.due = self.due(kind, writer.now);
        self.put(writer, object, steps);
        id
    }

    fn due(&self, kind: Kind, now: Timestamp) -> Option<Timestamp> {
        let delay = match kind {
            Kind::Ad => self.config.review_delay,
            Kind::Video => self.config.video_processing,
            Kind::Report => self.config.report_delay,
            _ => return None,
        };
        now.checked_add(delay).ok()
    }

    fn put(&mut self, writer: &Writer, object: Object, steps: &mut Vec<Step>) {
        let Some(account) = self.accounts.get_mut(&writer.account) else { return };
        let before = account.get(object.id).cloned();
        let id = object.id;
        account.put(object, writer.now);
        steps.extend(account.get(id).map(|after| (before, Arc::clone(after))));
    }

    /// Uploads images and answers what the edge answers.
    pub fn create_images(
        &mut self,
        writer: &Writer,
        params: &Params,
        origin: &str,
    ) -> Result<(Value, Vec<LedgerEntry>), GraphError> {
        let mut shown = Map::new();
        let mut steps = Vec::new();
        for (name, mut doc, content) in media::images(params)? {
            let image =
                ["hash", "url", "name", "width", "height"].iter().filter_map(|f| Some((*f, doc.get(*f)?.clone())));
            shown.insert(name, image.map(|(field, value)| (field.to_owned(), value)).collect());
            // The same content is the same image.
            let hash = doc.get("hash").and_then(Value::as_str).unwrap_or_default().to_owned();
            if self.context(writer)?.account.image(&hash).is_none() {
                doc.insert("permalink_url".into(), media::permalink(origin, &hash).into());
                self.contents.insert(hash, content.into());
                self.put_new(writer, Kind::Image, doc, &mut steps);
            }
        }
        Ok((json!({ "images": shown }), self.settle(writer, steps)))
    }

    /// Starts a run of a report; its parameters are kept.
    pub fn create_report(&mut self, writer: &Writer, params: &Params, node: Option<i64>) -> i64 {
        let kept = params.iter().filter(|(name, _)| !matches!(*name, "access_token" | "appsecret_proof"));
        let kept: Map<String, Value> = kept.map(|(name, value)| (name.to_owned(), value.clone())).collect();
        let doc = json!({ "(params)": kept, "(node)": node.map(|id| id.to_string()) });
        let doc = doc.as_object().cloned().unwrap_or_default();
        self.put_new(writer, Kind::Report, doc, &mut Vec::new())
    }

    /// Updates an object; does nothing if the call only wants to be checked. `by_hand` skips what only limits the API.
    pub fn update(
        &mut self,
        writer: &Writer,
        id: i64,
        params: &Params,
        by_hand: bool,
    ) -> Result<Vec<LedgerEntry>, GraphError> {
        let context = self.context(writer)?;
        let Some(before) = context.account.get(id).cloned() else {
            return Err(GraphError::no_object(&id.to_string(), "post"));
        };
        let mut doc = match before.kind {
            Kind::Campaign => campaigns::update(&before, context, params)?,
            Kind::AdSet => adsets::update(&before, context, params)?,
            Kind::Ad => ads::update(&before, context, params)?,
            Kind::Creative => ads::update_creative(&before, context, params)?,
            Kind::Label => labels::update(&before, context, params)?,
            Kind::Image | Kind::Video | Kind::Report => return Err(GraphError::no_object(&id.to_string(), "post")),
        };
        if params.validate_only()? {
            return Ok(Vec::new());
        }
        let mut after = Object { updated: writer.now, ..(*before).clone() };
        if !by_hand {
            self.count_budget_change(writer, &mut after, &doc)?;
        }
        let mut steps = Vec::new();
        self.make_missing(writer, &mut doc, &mut steps);
        after.doc = doc;
        after.published |= after.is_active();
        if learns_anew(&before, &after) {
            after.learning_since = writer.now;
        }
        if before.doc.get("creative") != after.doc.get("creative") {
            after.due = self.due(Kind::Ad, writer.now);
        }
        let fate = (before.status() != after.status() && !after.is_present()).then(|| after.status().to_owned());
        self.put(writer, after, &mut steps);
        if let Some(fate) = fate {
            self.bury(writer, &before, &fate, &mut steps);
        }
        Ok(self.settle(writer, steps))
    }

    /// Counts a change of a budget against the limit an hour. A refused change may lock the budget.
    fn count_budget_change(
        &mut self,
        writer: &Writer,
        object: &mut Object,
        doc: &Map<String, Value>,
    ) -> Result<(), GraphError> {
        let changed = ["daily_budget", "lifetime_budget"].iter().any(|name| object.doc.get(*name) != doc.get(*name));
        let braked = match object.kind {
            Kind::AdSet => true,
            Kind::Campaign => self.config.rules.budget_lock_of_campaigns,
            _ => false,
        };
        if !changed || !braked {
            return Ok(());
        }
        let result = object.brake.change(&self.config, writer.now);
        if result.is_err()
            && let Some(account) = self.accounts.get_mut(&writer.account)
            && let Some(known) = account.get(object.id)
        {
            let locked = Object { brake: object.brake.clone(), ..(**known).clone() };
            account.put(locked, writer.now);
        }
        result
    }

    /// Deletes an object and what is below it.
    pub fn delete(&mut self, writer: &Writer, id: i64) -> Result<Vec<LedgerEntry>, GraphError> {
        let context = self.context(writer)?;
        let found = context.account.get(id).filter(|object| object.status() != "DELETED").cloned();
        let Some(object) = found else { return Err(GraphError::no_object(&id.to_string(), "delete")) };
        let uses = |ad: &&Arc<Object>| ad.is_present() && ad.reference("creative") == id;
        if object.kind == Kind::Creative && context.account.all(Kind::Ad).any(|ad| uses(&ad)) {
            let message = "The creative is used by an ad.";
            return Err(GraphError::invalid(1_487_233, "Creative In Use", message));
        }
        let mut steps = Vec::new();
        self.mark(writer, &object, "DELETED", &mut steps);
        self.bury(writer, &object, "DELETED", &mut steps);
        Ok(self.settle(writer, steps))
    }

    /// What is below an object is deleted or archived with it.
    fn bury(&mut self, writer: &Writer, object: &Object, status: &str, steps: &mut Vec<Step>) {
        let Some(account) = self.accounts.get(&writer.account) else { return };
        let below: Vec<Arc<Object>> =
            campaigns::below(account, object).into_iter().filter_map(|id| account.get(id).cloned()).collect();
        for object in below {
            self.mark(writer, &object, status, steps);
        }
    }

    fn mark(&mut self, writer: &Writer, object: &Object, status: &str, steps: &mut Vec<Step>) {
        let mut after = Object { updated: writer.now, ..object.clone() };
        after.doc.insert("status".into(), status.into());
        self.put(writer, after, steps);
    }

    /// Takes changed campaigns into account and writes the ledger's entries.
    pub fn settle(&mut self, writer: &Writer, steps: Vec<Step>) -> Vec<LedgerEntry> {
        let Some(account) = self.accounts.get_mut(&writer.account) else { return Vec::new() };
        let campaigns: BTreeSet<i64> = steps.iter().filter_map(|(_, after)| account.campaign_of(after)).collect();
        for campaign in campaigns {
            live::refresh(account, campaign, writer.now);
            delivery::record(account, campaign, &self.config, writer.now);
        }
        let live = live::sum(account, writer.now);
        steps
            .into_iter()
            .map(|(before, after)| LedgerEntry {
                sequence: 0,
                at: writer.now,
                platform: "meta".into(),
                actor: writer.actor.clone(),
                account: writer.account.clone(),
                change: kind_of_change(before.as_deref(), &after),
                kind: after.kind.name().to_owned(),
                resource_name: after.id.to_string(),
                before: before.as_deref().map(|before| differences(before, Some(&after))).unwrap_or_default(),
                after: differences(&after, before.as_deref()),
                request_id: writer.request_id.clone(),
                live_daily_budget_micros: live,
            })
            .collect()
    }
}

/// What an ad set has to learn from: its targeting, its goal, its bid, or a budget that changes by more than a fifth
/// (assumed: the real service says that it depends on the size of the change).
fn learns_anew(before: &Object, after: &Object) -> bool {
    if before.kind != Kind::AdSet {
        return false;
    }
    let changed = |name: &str| before.doc.get(name) != after.doc.get(name);
    let (old, new) = (before.int("daily_budget").unwrap_or(0), after.int("daily_budget").unwrap_or(0));
    ["targeting", "optimization_goal", "bid_amount", "bid_strategy"].iter().any(|name| changed(name))
        || (new - old).abs() * 5 > old
}

fn kind_of_change(before: Option<&Object>, after: &Object) -> Change {
    match before {
        None => Change::Create,
        Some(before) if before.is_present() && !after.is_present() => Change::Remove,
        Some(_) => Change::Update,
    }
}

/// The fields of one version that the other lacks or has otherwise; of a first version, the telling ones.
fn differences(of: &Object, from: Option<&Object>) -> BTreeMap<String, Value> {
    let differs = |name: &String, value: &Value| match from {
        None => TELLING.contains(&name.as_str()),
        Some(from) => from.doc.get(name) != Some(value),
    };
    of.doc.iter().filter(|(name, value)| differs(name, value)).map(|(n, v)| (n.clone(), v.clone())).collect()
}
