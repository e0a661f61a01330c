//! Edits by hand.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Meta;
use super::account::Account;
use super::changes::Writer;
use super::errors::GraphError;
use super::object::{Kind, Object};
use super::params::Params;
use super::{delivery, live};
use crate::edits::EditError;
use crate::ledger::{Actor, LedgerEntry};

/// An edit of an ad account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetaEdit {
    /// Account, without `act_`.
    pub account: String,
    /// Who does it; a person if not told.
    #[serde(default)]
    pub actor: Actor,
    /// What is done.
    pub action: MetaEditAction,
}

impl MetaEdit {
    /// An edit by a person.
    pub fn by_hand(account: &str, action: MetaEditAction) -> MetaEdit {
        MetaEdit { account: account.to_owned(), actor: Actor::Hand, action }
    }
}

/// What is done. Objects are told by id, or by name, which gives the first campaign, ad set or ad of that name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "the names say it")]
pub enum MetaEditAction {
    /// Sets the daily budget of a campaign or an ad set, in minor units.
    SetBudget {
        object: String,
        daily_budget: i64,
    },
    Pause {
        object: String,
    },
    Enable {
        object: String,
    },
    Archive {
        object: String,
    },
    Delete {
        object: String,
    },
    Rename {
        object: String,
        name: String,
    },
    /// Puts a label on an object; the label is created if there is none of the name.
    AddLabel {
        object: String,
        label: String,
    },
    RemoveLabel {
        object: String,
        label: String,
    },
    SetTargeting {
        ad_set: String,
        targeting: Value,
    },
    SwapCreative {
        ad: String,
        creative: String,
    },
    /// Any parameters of an update.
    Update {
        object: String,
        params: Value,
    },
    /// An object of an account's edge, such as `campaigns`, with any parameters.
    Create {
        edge: String,
        params: Value,
    },
    /// A campaign of somebody else's with one ad set and one ad.
    AddForeignCampaign {
        name: String,
        daily_budget: i64,
        #[serde(default)]
        enabled: bool,
        #[serde(default)]
        labels: Vec<String>,
        #[serde(default)]
        countries: Vec<String>,
    },
    /// `account_status`: 1 is active, 2 disabled, 3 unsettled.
    SetAccountStatus {
        status: i64,
        #[serde(default)]
        disable_reason: i64,
    },
    /// Takes or gives back everybody's access to the account.
    SetAccess {
        allowed: bool,
    },
}

impl Meta {
    /// Makes an edit and returns the ledger entries of what changed.
    pub fn edit(&mut self, edit: &MetaEdit, now: Timestamp) -> Result<Vec<LedgerEntry>, EditError> {
        let writer =
            Writer { account: edit.account.clone(), actor: edit.actor.clone(), request_id: String::new(), now };
        let account = self.accounts.get_mut(&edit.account);
        let account = account.ok_or_else(|| EditError(format!("there is no account {}", edit.account)))?;
        match &edit.action {
            MetaEditAction::SetAccountStatus { status, disable_reason } => {
                (account.status, account.disable_reason) = (*status, *disable_reason);
                let campaigns: Vec<i64> = account.ids(Kind::Campaign).collect();
                for campaign in campaigns {
                    live::refresh(account, campaign, now);
                    delivery::record(account, campaign, &self.config, now);
                }
                Ok(Vec::new())
            }
            MetaEditAction::SetAccess { allowed } => {
                if *allowed {
                    self.denied.remove(&edit.account);
                } else {
                    self.denied.insert(edit.account.clone());
                }
                Ok(Vec::new())
            }
            MetaEditAction::Delete { object } => {
                let id = find(account, object)?.id;
                self.delete(&writer, id).map_err(refused)
            }
            MetaEditAction::Create { edge, params } => {
                let kind = Kind::of_edge(edge).ok_or_else(|| EditError(format!("there is no edge {edge}")))?;
                self.create(&writer, kind, &params_of(params)).map(|(_, entries)| entries).map_err(refused)
            }
            MetaEditAction::AddForeignCampaign { name, daily_budget, enabled, labels, countries } => {
                let foreign = Foreign { name, daily_budget: *daily_budget, enabled: *enabled, labels, countries };
                self.add_foreign(&writer, &foreign).map_err(refused)
            }
            action => {
                let (object, params) = update(account, action)?;
                self.update(&writer, object, &params_of(&params), true).map_err(refused)
            }
        }
    }

    fn add_foreign(&mut self, writer: &Writer, foreign: &Foreign<'_>) -> Result<Vec<LedgerEntry>, GraphError> {
        let status = if foreign.enabled { "ACTIVE" } else { "PAUSED" };
        let labels: Vec<Value> = foreign.labels.iter().map(|name| json!({ "name": name })).collect();
        let countries = if foreign.countries.is_empty() { vec!["US".to_owned()] } else { foreign.countries.to_vec() };
        let page = self.accounts.get(&writer.account).and_then(|a| a.config.pages.first().cloned()).unwrap_or_default();
        let mut entries = Vec::new();
        let mut create = |kind, params: Value| -> Result<String, GraphError> {
            let (id, changes) = self.create(writer, kind, &params_of(&params))?;
            entries.extend(changes);
            Ok(id.unwrap_or_default().to_string())
        };
        let campaign = create(
            Kind::Campaign,
            json!({
                "name": foreign.name,
                "objective": "OUTCOME_TRAFFIC",
                "status": status,
                "special_ad_categories": [],
                "is_adset_budget_sharing_enabled": false,
                "adlabels": labels,
            }),
        )?;
        let set = create(
            Kind::AdSet,
            json!({
                "name": "Ad set 1",
                "campaign_id": campaign,
                "daily_budget": foreign.daily_budget,
                "billing_event": "IMPRESSIONS",
                "optimization_goal": "LINK_CLICKS",
                "targeting": {
                    "geo_locations": { "countries": countries },
                    "targeting_automation": { "advantage_audience": 0 },
                },
                "dsa_beneficiary": "Somebody",
                "dsa_payor": "Somebody",
            }),
        )?;
        let story = json!({ "page_id": page, "link_data": { "link": "https://www.example.com/", "message": "Hello" } });
        let creative = json!({ "name": "Creative 1", "object_story_spec": story });
        create(Kind::Ad, json!({ "name": "Ad 1", "adset_id": set, "creative": creative }))?;
        Ok(entries)
    }
}

/// A campaign of somebody else's.
struct Foreign<'a> {
    name: &'a str,
    daily_budget: i64,
    enabled: bool,
    labels: &'a [String],
    countries: &'a [String],
}

/// The object and the parameters of an edit that is an update.
fn update(account: &Account, action: &MetaEditAction) -> Result<(i64, Value), EditError> {
    use MetaEditAction as Action;
    let status = |object: &str, status: &str| Ok((find(account, object)?.id, json!({ "status": status })));
    match action {
        Action::SetBudget { object, daily_budget } => {
            Ok((find(account, object)?.id, json!({ "daily_budget": daily_budget })))
        }
        Action::Pause { object } => status(object, "PAUSED"),
        Action::Enable { object } => status(object, "ACTIVE"),
        Action::Archive { object } => status(object, "ARCHIVED"),
        Action::Rename { object, name } => Ok((find(account, object)?.id, json!({ "name": name }))),
        Action::SetTargeting { ad_set, targeting } => {
            Ok((find(account, ad_set)?.id, json!({ "targeting": targeting })))
        }
        Action::SwapCreative { ad, creative } => {
            Ok((find(account, ad)?.id, json!({ "creative": { "creative_id": creative } })))
        }
        Action::Update { object, params } => Ok((find(account, object)?.id, params.clone())),
        Action::AddLabel { object, label } => {
            let object = find(account, object)?;
            let mut labels = labels_of(object, None);
            labels.push(json!({ "name": label }));
            Ok((object.id, json!({ "adlabels": labels })))
        }
        Action::RemoveLabel { object, label } => {
            let object = find(account, object)?;
            let id = account.label(label).map(|label| label.id);
            Ok((object.id, json!({ "adlabels": labels_of(object, id) })))
        }
        other => Err(EditError(format!("{other:?} is no update"))),
    }
}

fn labels_of(object: &Object, without: Option<i64>) -> Vec<Value> {
    let kept = object.labels().filter(|id| Some(*id) != without);
    kept.map(|id| json!({ "id": id.to_string() })).collect()
}

/// The object of an id, or the first one of a name.
fn find<'a>(account: &'a Account, object: &str) -> Result<&'a Object, EditError> {
    let by_id = object.parse().ok().and_then(|id| account.get(id));
    let named = || {
        let mut all = [Kind::Campaign, Kind::AdSet, Kind::Ad].into_iter().flat_map(|kind| account.all(kind));
        all.find(|o| o.is_present() && o.text("name") == object)
    };
    let found = by_id.or_else(named).map(AsRef::as_ref);
    found.ok_or_else(|| EditError(format!("there is no object {object}")))
}

fn params_of(params: &Value) -> Params {
    let mut read = Params::default();
    for (name, value) in params.as_object().into_iter().flatten() {
        read.set(name, value.clone());
    }
    read
}

fn refused(error: GraphError) -> EditError {
    let told = error.user.map_or(error.message, |user| user.1);
    EditError(format!("the platform refuses the edit: {told}"))
}
