//! Edits by hand, in Pinterest's own interface.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::account::Account;
use super::object::{Doc, Kind, Object};
use super::{Pinterest, Written, entries};
use crate::edits::EditError;
use crate::ledger::{Actor, LedgerEntry};

/// An edit of an ad account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PinterestEdit {
    /// Account.
    pub account: String,
    /// Who does it; a person if not told.
    #[serde(default)]
    pub actor: Actor,
    /// What is done.
    pub action: PinterestAction,
}

impl PinterestEdit {
    /// An edit by a person.
    pub fn by_hand(account: &str, action: PinterestAction) -> PinterestEdit {
        PinterestEdit { account: account.to_owned(), actor: Actor::Hand, action }
    }
}

/// What is done. Campaigns and ad groups are told by id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum PinterestAction {
    /// Sets fields as the API has them: status, name, `daily_spend_cap`, `targeting_spec`, ...
    Set {
        /// Id of a campaign or an ad group.
        object: String,
        /// Fields and their values.
        fields: Doc,
    },
    /// A campaign of somebody else's with an ad group.
    AddForeignCampaign {
        /// Its name.
        name: String,
        /// Its daily budget in micros.
        daily_spend_cap: i64,
        /// Whether it runs.
        active: bool,
    },
    /// Pinterest stops the advertiser, or lets it go on.
    SetDisabled {
        /// Whether it is stopped.
        disabled: bool,
    },
}

impl PinterestAction {
    /// Sets one field.
    pub fn set(object: &str, field: &str, value: impl Into<Value>) -> PinterestAction {
        let fields = Doc::from_iter([(field.to_owned(), value.into())]);
        PinterestAction::Set { object: object.to_owned(), fields }
    }
}

impl Pinterest {
    /// Makes an edit and returns the ledger entries of what changed.
    pub fn edit(&mut self, edit: &PinterestEdit, now: Timestamp) -> Result<Vec<LedgerEntry>, EditError> {
        let unknown = || EditError(format!("there is no account {}", edit.account));
        let account = self.accounts.get_mut(&edit.account).ok_or_else(unknown)?;
        let objects = match &edit.action {
            PinterestAction::SetDisabled { disabled } => {
                account.config.disabled = *disabled;
                self.touch_all(&edit.account, now);
                return Ok(Vec::new());
            }
            PinterestAction::Set { object, fields } => vec![changed(account, object, fields, now)?],
            PinterestAction::AddForeignCampaign { name, daily_spend_cap, active } => {
                let (campaign, group) = (self.next_id(), self.next_id());
                foreign(campaign, group, name, *daily_spend_cap, *active, now)
            }
        };
        let written: Vec<Written> =
            objects.into_iter().filter_map(|object| self.write(&edit.account, object, now)).collect();
        Ok(entries(&edit.account, &written, &edit.actor, "", now))
    }
}

fn changed(account: &Account, id: &str, fields: &Doc, now: Timestamp) -> Result<Object, EditError> {
    let missing = || EditError(format!("there is no {id}"));
    let number = id.parse().map_err(|_| missing())?;
    let found = account.get(Kind::Campaign, number).or_else(|| account.get(Kind::AdGroup, number));
    let found: &Arc<Object> = found.filter(|object| !object.is_archived()).ok_or_else(missing)?;
    let mut object = Object { updated: now, ..(**found).clone() };
    object.doc.extend(fields.clone());
    Ok(object)
}

fn foreign(campaign: u64, group: u64, name: &str, cap: i64, active: bool, now: Timestamp) -> Vec<Object> {
    let status = if active { "ACTIVE" } else { "PAUSED" };
    let object = |kind, id, parent, fields: Value| {
        let doc = fields.as_object().cloned().unwrap_or_default();
        Object { kind, id, parent, doc, created: now, updated: now }
    };
    vec![
        object(
            Kind::Campaign,
            campaign,
            0,
            json!({
                "name": name,
                "status": status,
                "objective_type": "AWARENESS",
                "daily_spend_cap": cap,
                "is_campaign_budget_optimization": true,
                "start_time": now.as_second(),
            }),
        ),
        object(
            Kind::AdGroup,
            group,
            campaign,
            json!({
                "name": "Ad group 1",
                "status": "ACTIVE",
                "budget_type": "CBO_ADGROUP",
                "billable_event": "IMPRESSION",
                "bid_strategy_type": "AUTOMATIC_BID",
                "auto_targeting_enabled": true,
                "targeting_spec": { "LOCATION": ["US"] },
            }),
        ),
    ]
}
