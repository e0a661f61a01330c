//! Rules for custom conversion goals, and for which goal a campaign optimises for.

use serde_json::{Value, json};

use super::{Context, Errors, fail, removed};
use crate::google::constants::object;
use crate::google::errors::AdsError;
use crate::google::key::{Key, Kind};
use crate::google::object::Object;
use crate::google::schema::Doc;
use crate::google::status::conversion_action_docs;

pub(super) fn create(ctx: &mut Context<'_>, mut doc: Doc) -> Result<Object, Errors> {
    super::default(&mut doc, "status", "ENABLED");
    let goal = Object::new(Key::one(Kind::CustomGoal, ctx.next_id()), doc);
    check(ctx, &goal)?;
    Ok(goal)
}

pub(super) fn update(ctx: &Context<'_>, before: &Object, after: Object) -> Result<Object, Errors> {
    if before.is_removed() {
        return fail(removed());
    }
    check(ctx, &after)?;
    Ok(after)
}

pub(super) fn remove(ctx: &Context<'_>, before: &Object) -> Result<Option<Object>, Errors> {
    if before.is_removed() {
        return fail(removed());
    }
    let id = before.key.id();
    if ctx.account.all(Kind::GoalConfig, None).any(|config| config.reference("customConversionGoal") == id) {
        return fail(goal_error(
            "CANNOT_REMOVE_LINKED_CUSTOM_CONVERSION_GOAL",
            "The custom conversion goal cannot be removed because it's linked to a campaign.",
        ));
    }
    let mut after = before.clone();
    after.doc.insert("status".into(), "REMOVED".into());
    Ok(Some(after))
}

/// The config that comes with every campaign: the customer's goals.
pub(super) fn of_campaign(customer: &str, campaign: i64) -> Object {
    let key = Key::one(Kind::GoalConfig, campaign);
    let doc = object(json!({
        "resourceName": key.name(customer),
        "campaign": Key::one(Kind::Campaign, campaign).name(customer),
        "goalConfigLevel": "CUSTOMER",
    }));
    Object::new(key, doc)
}

/// Changes which goal a campaign optimises for.
pub(super) fn configure(ctx: &Context<'_>, mut after: Object) -> Result<Object, Errors> {
    let campaign = ctx.account.get(Key::one(Kind::Campaign, after.key.id()));
    if campaign.is_none_or(|campaign| campaign.is_removed()) {
        return fail(removed());
    }
    let name = after.text("customConversionGoal").to_owned();
    if !name.is_empty() {
        let goal = ctx
            .resolve(Kind::CustomGoal, &name)
            .map_err(|error| vec![error.at("custom_conversion_goal").trigger(name)])?;
        if goal.is_removed() {
            return fail(removed().at("custom_conversion_goal"));
        }
        after.doc.insert("customConversionGoal".into(), goal.key.name(ctx.account.id()).into());
    }
    Ok(after)
}

fn check(ctx: &Context<'_>, goal: &Object) -> Result<(), Errors> {
    let name = goal.text("name");
    if name.trim().is_empty() {
        return fail(AdsError::required("name"));
    }
    if ctx.account.holder(Kind::CustomGoal, 0, name).is_some_and(|id| id != goal.key.id()) {
        let message = "Custom goal with the same name already exists.";
        return fail(goal_error("CUSTOM_GOAL_DUPLICATE_NAME", message).at("name").trigger(name));
    }
    let actions = actions(goal);
    let known = conversion_action_docs(ctx.account);
    let is_known =
        |action: &&str| known.iter().any(|doc| doc.get("resourceName").and_then(Value::as_str) == Some(*action));
    if actions.is_empty() || !actions.iter().all(is_known) {
        let message = "Cannot find a conversion action with the specified id.";
        return fail(goal_error("INVALID_CONVERSION_ACTION", message).at("conversion_actions"));
    }
    let mut others =
        ctx.account.all(Kind::CustomGoal, None).filter(|other| !other.is_removed() && other.key != goal.key);
    if others.any(|other| self::actions(other) == actions) {
        let message = "Custom goal with the same conversion action list already exists.";
        return fail(goal_error("DUPLICATE_CONVERSION_ACTION_LIST", message).at("conversion_actions"));
    }
    Ok(())
}

fn actions(goal: &Object) -> Vec<&str> {
    let list = goal.doc.get("conversionActions").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn goal_error(code: &str, message: &str) -> AdsError {
    AdsError::new("customConversionGoalError", code, message)
}
