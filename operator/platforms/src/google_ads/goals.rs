//! Conversion actions. A Search campaign counts one of them by a custom conversion goal that holds that
//! action alone, bound in its `ConversionGoalCampaignConfig`. (`selective_optimization`, which names
//! actions directly, is for app campaigns only.)

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::json;

use super::blueprint::rejected;
use super::client::{Client, read_error};
use super::wire::{ConversionActionRow, CustomConversionGoal, CustomGoalRow};
use crate::error::PlatformError;
use adops_core::reason::Reason;

/// Custom conversion goals of the account: resource name, and the names of their actions.
#[derive(Debug, Clone, Default)]
pub(super) struct Goals {
    actions: HashMap<String, String>,
}

impl Goals {
    /// Reads them.
    pub(super) async fn read(client: &Client) -> Result<Self, PlatformError> {
        let goals = custom_goals(client).await?;
        if goals.is_empty() {
            return Ok(Self::default());
        }
        let names: HashMap<String, String> =
            actions(client).await?.into_iter().map(|(name, resource)| (resource, name)).collect();
        let name_of = |resource: &String| names.get(resource).cloned().unwrap_or_else(|| resource.clone());
        let actions = goals
            .into_iter()
            .map(|goal| {
                let names: Vec<String> = goal.conversion_actions.iter().map(name_of).collect();
                (goal.resource_name, names.join(", "))
            })
            .collect();
        Ok(Self { actions })
    }

    /// Whether the account has none.
    pub(super) fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// The name of what a goal counts.
    pub(super) fn action(&self, goal: &str) -> String {
        self.actions.get(goal).cloned().unwrap_or_else(|| goal.to_owned())
    }
}

/// The goal that counts each action, created where there is none; an action that the account does not
/// have is told.
pub(super) async fn ensure(
    client: &Client,
    wanted: BTreeSet<String>,
) -> Result<BTreeMap<String, Result<String, PlatformError>>, PlatformError> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let known = actions(client).await?;
    let goals = custom_goals(client).await?;
    let mut found = BTreeMap::new();
    let mut missing = Vec::new();
    for name in wanted {
        let Some(action) = known.get(&name) else {
            let message = format!("the Google Ads account has no enabled conversion action `{name}`");
            found.insert(name, Err(rejected(Reason::InvalidSpec, message)));
            continue;
        };
        if let Some(goal) = goals.iter().find(|goal| goal.conversion_actions == [action.as_str()]) {
            found.insert(name, Ok(goal.resource_name.clone()));
        } else {
            missing.push((name, action.clone()));
        }
    }
    if !missing.is_empty() {
        found.extend(create(client, missing).await?);
    }
    Ok(found)
}

/// Creates the goals of actions, told by name and resource name.
async fn create(
    client: &Client,
    missing: Vec<(String, String)>,
) -> Result<BTreeMap<String, Result<String, PlatformError>>, PlatformError> {
    if client.rehearsal {
        let stand_in = client.stand_in("customConversionGoals");
        return Ok(missing.into_iter().map(|(name, _)| (name, Ok(stand_in.clone()))).collect());
    }
    let operations: Vec<_> = missing
        .iter()
        .map(|(name, action)| {
            json!({ "customConversionGoalOperation": { "create": {
                "name": goal_name(name), "conversionActions": [action], "status": "ENABLED",
            } } })
        })
        .collect();
    match client.mutate(&operations, false).await {
        Ok(mutated) => {
            let unread =
                || PlatformError::Unavailable { message: "a conversion goal that was created has no name".to_owned() };
            let names = mutated.names.into_iter().chain(std::iter::repeat(None));
            Ok(missing.into_iter().zip(names).map(|((name, _), goal)| (name, goal.ok_or_else(unread))).collect())
        }
        // Somebody else, or a request of ours that seemed lost, has created one meanwhile.
        Err(refusal) if refusal.items.iter().any(|item| is_duplicate(&item.code)) => {
            let goals = custom_goals(client).await?;
            Ok(missing.into_iter().map(|(name, action)| (name.clone(), existing(&goals, &name, &action))).collect())
        }
        Err(refusal) => Err(read_error(refusal.error, "creating a conversion goal")),
    }
}

fn goal_name(action: &str) -> String {
    format!("adops: {action}")
}

fn is_duplicate(code: &str) -> bool {
    matches!(code, "CUSTOM_GOAL_DUPLICATE_NAME" | "DUPLICATE_CONVERSION_ACTION_LIST")
}

/// The goal that counts an action alone.
fn existing(goals: &[CustomConversionGoal], name: &str, action: &str) -> Result<String, PlatformError> {
    if let Some(goal) = goals.iter().find(|goal| goal.conversion_actions == [action]) {
        return Ok(goal.resource_name.clone());
    }
    let own = goal_name(name);
    if goals.iter().any(|goal| goal.name == own) {
        let message = format!("the conversion goal `{own}` counts something else than `{name}`: rename or correct it");
        return Err(rejected(Reason::PlatformRejected, message));
    }
    Err(PlatformError::Unavailable { message: format!("the conversion goal `{own}` is not listed yet") })
}

/// Enabled conversion actions: name and resource name.
async fn actions(client: &Client) -> Result<BTreeMap<String, String>, PlatformError> {
    let rows: Vec<ConversionActionRow> = client
        .search(
            "SELECT conversion_action.resource_name, conversion_action.name FROM conversion_action \
             WHERE conversion_action.status = 'ENABLED'",
        )
        .await?;
    Ok(rows.into_iter().map(|row| (row.conversion_action.name, row.conversion_action.resource_name)).collect())
}

async fn custom_goals(client: &Client) -> Result<Vec<CustomConversionGoal>, PlatformError> {
    let rows: Vec<CustomGoalRow> = client
        .search(
            "SELECT custom_conversion_goal.resource_name, custom_conversion_goal.name, \
             custom_conversion_goal.conversion_actions \
             FROM custom_conversion_goal WHERE custom_conversion_goal.status = 'ENABLED'",
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.custom_conversion_goal).collect())
}
