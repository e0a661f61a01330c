//! Applies the operations of a request in order and makes the answer.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Action, Context, Errors, Operation, Request, Temporary, ad, ad_group, budget, campaign, criterion, fail, goal,
    label, mask, removed,
};
use crate::google::errors::{AdsError, Refusal, failure};
use crate::google::key::{Key, Kind};
use crate::google::object::Object;
use crate::google::schema::{Doc, schema};

/// One object that a request changed.
#[derive(Debug, Clone)]
pub struct Applied {
    /// Its key.
    pub key: Key,
    /// What it was.
    pub before: Option<Arc<Object>>,
    /// What it is.
    pub after: Option<Arc<Object>>,
    /// Sum of the live daily budgets after this change, in micros.
    pub live: i64,
}

/// What a request came to.
#[derive(Debug)]
pub struct Outcome {
    /// The JSON answer.
    pub response: Value,
    /// What changed.
    pub applied: Vec<Applied>,
}

/// Carries out a request. `reject` lets faults refuse single operations.
pub fn execute(
    ctx: &mut Context<'_>,
    request: &Request,
    version: &str,
    request_id: &str,
    mut reject: impl FnMut(&Operation) -> Option<AdsError>,
) -> Result<Outcome, Refusal> {
    let most = ctx.config.limits.operations_per_request;
    if request.operations.len() > most {
        let message = format!("Too many mutate operations in request: at most {most} are allowed.");
        return Err(AdsError::new("requestError", "TOO_MANY_MUTATE_OPERATIONS", message).into());
    }
    let start = ctx.account.savepoint();
    let mut results = Vec::with_capacity(request.operations.len());
    let mut applied = Vec::new();
    let mut errors = Errors::new();
    for (index, operation) in request.operations.iter().enumerate() {
        let savepoint = ctx.account.savepoint();
        let done = match reject(operation) {
            Some(error) => fail(error),
            None => apply_one(ctx, operation),
        };
        match done {
            Ok((key, changes)) => {
                results.push(result(ctx, request, operation.kind, key));
                applied.extend(changes);
            }
            Err(found) => {
                ctx.account.rollback(savepoint, ctx.now);
                fail_temporary(ctx, operation);
                results.push(json!({}));
                let place = request.place(index);
                errors.extend(found.into_iter().map(|error| error.within(&place)));
            }
        }
    }
    if !errors.is_empty() && !request.partial_failure || request.validate_only {
        ctx.account.rollback(start, ctx.now);
        applied.clear();
    } else if !request.partial_failure {
        // Nobody can see the account between the operations of an atomic request.
        let live = ctx.account.live_daily_budget(ctx.now);
        for change in &mut applied {
            change.live = live;
        }
    }
    if !errors.is_empty() && !request.partial_failure {
        return Err(Refusal::invalid(errors));
    }
    let list = if request.mixed { "mutateOperationResponses" } else { "results" };
    let mut response = if request.validate_only { json!({}) } else { json!({ list: results }) };
    if !errors.is_empty() {
        let first = errors.first().map(|e| e.message.clone()).unwrap_or_default();
        response["partialFailureError"] = json!({
            "code": 3,
            "message": format!("Multiple errors in ‘details’. First error: {first}"),
            "details": [failure(version, &errors, request_id)],
        });
    }
    Ok(Outcome { response, applied })
}

/// Applies one operation to the account and returns what it concerned and all that changed.
pub fn apply_one(ctx: &mut Context<'_>, operation: &Operation) -> Result<(Key, Vec<Applied>), Errors> {
    ctx.also.clear();
    ctx.also_delete.clear();
    let action = operation.action.as_ref().map_err(|error| vec![error.clone()])?;
    let verb = operation.verb();
    let place = [(verb.to_owned(), None)];
    let within = |errors: Errors| -> Errors {
        // An update mask lies beside the object, not within it.
        errors
            .into_iter()
            .map(|e| if e.path.first().is_some_and(|p| p.0 == "update_mask") { e } else { e.within(&place) })
            .collect()
    };
    let (key, object) = match action {
        Action::Create(doc) => create(ctx, operation.kind, doc).map_err(within)?,
        Action::Update(doc, mask) => update(ctx, operation.kind, doc, mask.as_deref()).map_err(within)?,
        Action::Remove(name) => remove(ctx, operation.kind, name).map_err(within)?,
    };
    let mut changes = Vec::new();
    for object in std::mem::take(&mut ctx.also) {
        let key = object.key;
        let change = write(ctx, key, Some(object));
        // A campaign's goal config comes with the campaign; its birth is no change of its own.
        if key.kind != Kind::GoalConfig {
            changes.push(change);
        }
    }
    for key in std::mem::take(&mut ctx.also_delete) {
        changes.push(write(ctx, key, None));
    }
    changes.insert(0, write(ctx, key, object));
    Ok((key, changes))
}

fn write(ctx: &mut Context<'_>, key: Key, object: Option<Object>) -> Applied {
    let before = ctx.account.get(key).cloned();
    match object {
        Some(object) => ctx.account.put(object, ctx.now),
        None => ctx.account.delete(key, ctx.now),
    }
    Applied { key, before, after: ctx.account.get(key).cloned(), live: ctx.account.live_daily_budget(ctx.now) }
}

fn create(ctx: &mut Context<'_>, kind: Kind, doc: &Doc) -> Result<(Key, Option<Object>), Errors> {
    let errors = mask::refuse_output(kind.message(), doc);
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut doc = doc.clone();
    let temporary = match doc.remove("resourceName").as_ref().and_then(Value::as_str) {
        None | Some("") => None,
        Some(name) => Some(temporary_id(ctx, kind, name)?),
    };
    let mut object = match kind {
        Kind::Budget => budget::create(ctx, doc),
        Kind::Campaign => campaign::create(ctx, doc),
        Kind::Label => label::create(ctx, doc),
        Kind::CampaignLabel => label::attach(ctx, &doc),
        Kind::CampaignCriterion => criterion::create_for_campaign(ctx, doc),
        Kind::AdGroup => ad_group::create(ctx, doc),
        Kind::AdGroupCriterion => criterion::create_for_ad_group(ctx, doc),
        Kind::AdGroupAd => ad::create(ctx, doc),
        Kind::CustomGoal => goal::create(ctx, doc),
        Kind::Ad | Kind::GoalConfig => fail(AdsError::new(
            "mutateError",
            "MUTATE_NOT_ALLOWED",
            "The mutate action is not allowed on this resource.",
        )),
    }?;
    let key = object.key;
    object.doc.insert("resourceName".into(), key.name(ctx.account.id()).into());
    if matches!(kind, Kind::Budget | Kind::Campaign | Kind::Label | Kind::AdGroup | Kind::CustomGoal) {
        object.doc.insert("id".into(), key.id().to_string().into());
    }
    if let Some(id) = temporary {
        ctx.temporary.insert(id, Temporary::Created(key));
    }
    Ok((key, Some(object)))
}

/// The negative id in the resource name of an object to be created.
fn temporary_id(ctx: &Context<'_>, kind: Kind, name: &str) -> Result<i64, Errors> {
    let key = Key::parse(kind, ctx.account.id(), name).map_err(|e| vec![e.at("resource_name")])?;
    let id = key.id();
    if id >= 0 {
        return fail(
            AdsError::new(
                "newResourceCreationError",
                "CANNOT_SET_ID_FOR_CREATE",
                "Do not set the id field while creating new resources.",
            )
            .at("resource_name"),
        );
    }
    if ctx.temporary.contains_key(&id) {
        return fail(
            AdsError::new(
                "newResourceCreationError",
                "DUPLICATE_TEMP_IDS",
                "Creating more than one resource with the same temp ID is not allowed.",
            )
            .at("resource_name")
            .trigger(name),
        );
    }
    Ok(id)
}

/// Remembers that what a temporary id should have stood for was not created.
fn fail_temporary(ctx: &mut Context<'_>, operation: &Operation) {
    let Ok(Action::Create(doc)) = &operation.action else { return };
    let Some(name) = doc.get("resourceName").and_then(Value::as_str) else { return };
    if let Ok(key) = Key::parse(operation.kind, ctx.account.id(), name)
        && key.id() < 0
    {
        ctx.temporary.entry(key.id()).or_insert(Temporary::Failed);
    }
}

fn update(ctx: &mut Context<'_>, kind: Kind, doc: &Doc, mask: Option<&str>) -> Result<(Key, Option<Object>), Errors> {
    let name = doc.get("resourceName").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() {
        return fail(
            AdsError::new("requestError", "RESOURCE_NAME_MISSING", "Resource name is missing.").at("resource_name"),
        );
    }
    let Some(mask) = mask.filter(|m| !m.trim().is_empty()) else {
        return fail(
            AdsError::new(
                "fieldMaskError",
                "FIELD_MASK_MISSING",
                "The field mask must be provided for update operations.",
            )
            .at("update_mask"),
        );
    };
    let before = ctx.resolve(kind, name).map_err(|e| vec![e.at("resource_name").trigger(name)])?;
    if kind == Kind::Ad {
        let old = before.doc.get("ad").and_then(Value::as_object).cloned().unwrap_or_default();
        let (ad, _) = mask::apply(kind.message(), &old, doc, mask)?;
        let after = ad::update_content(ctx, &before, ad)?;
        return Ok((before.key, Some(after)));
    }
    let (doc, paths) = mask::apply(kind.message(), &before.doc, doc, mask)?;
    let after = Object { doc, ..Object::clone(&before) };
    let after = match kind {
        Kind::Budget => budget::update(ctx, &before, after, &paths),
        Kind::Campaign => campaign::update(ctx, &before, after, &paths),
        Kind::Label => label::update(ctx, &before, after),
        Kind::CampaignCriterion => criterion::update_for_campaign(ctx, &before, after, &paths),
        Kind::AdGroup => ad_group::update(ctx, &before, after),
        Kind::AdGroupCriterion => criterion::update_for_ad_group(ctx, &before, after, &paths),
        Kind::AdGroupAd => ad::update(ctx, &before, after),
        Kind::CustomGoal => goal::update(ctx, &before, after),
        Kind::GoalConfig => goal::configure(ctx, after),
        Kind::CampaignLabel | Kind::Ad => {
            fail(AdsError::new("operatorError", "OPERATOR_NOT_SUPPORTED", "Operator not supported."))
        }
    }?;
    Ok((before.key, Some(after)))
}

fn remove(ctx: &mut Context<'_>, kind: Kind, name: &str) -> Result<(Key, Option<Object>), Errors> {
    let before = ctx.resolve(kind, name).map_err(|e| vec![e.trigger(name)])?;
    let after = match kind {
        Kind::Budget => budget::remove(ctx, &before),
        Kind::Campaign => campaign::remove(ctx, &before),
        Kind::Label => label::remove(ctx, &before),
        Kind::CampaignLabel => Ok(None),
        Kind::CampaignCriterion | Kind::AdGroupCriterion => criterion::remove(ctx, &before),
        Kind::AdGroup => ad_group::remove(&before),
        Kind::AdGroupAd => ad::remove(&before),
        Kind::CustomGoal => goal::remove(ctx, &before),
        Kind::Ad | Kind::GoalConfig => fail(removed()),
    }?;
    Ok((before.key, after))
}

/// The answer to one operation.
fn result(ctx: &Context<'_>, request: &Request, kind: Kind, key: Key) -> Value {
    let key_of_name = if kind == Kind::Ad { Key::one(Kind::Ad, key.b) } else { key };
    let mut result = json!({ "resourceName": key_of_name.name(ctx.account.id()) });
    if request.full_content
        && let Some(object) = ctx.account.get(key)
    {
        let doc = if kind == Kind::Ad {
            object.doc.get("ad").cloned().unwrap_or_default()
        } else {
            Value::Object(object.doc.clone())
        };
        result[kind.json()] = mutable(kind.message(), doc);
    }
    if request.mixed { json!({ format!("{}Result", kind.json()): result }) } else { result }
}

/// A resource without its output-only fields.
fn mutable(message: &str, doc: Value) -> Value {
    let Value::Object(doc) = doc else { return doc };
    let keep = |name: &str| schema().message(message).field(name).is_some_and(|f| !f.output || f.name == "id");
    Value::Object(doc.into_iter().filter(|(name, _)| keep(name)).collect())
}
