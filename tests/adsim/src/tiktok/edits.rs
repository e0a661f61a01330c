//! Edits by hand, in TikTok's own interface.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::account::{Advertiser, AdvertiserStatus};
use super::object::{Kind, Object, parse_time};
use super::regions;
use super::schema::Doc;
use super::{TikTok, Written, entries};
use crate::edits::EditError;
use crate::ledger::{Actor, LedgerEntry};

/// An edit of an advertiser account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TikTokEdit {
    /// Account.
    pub advertiser: String,
    /// Who does it; a person if not told.
    #[serde(default)]
    pub actor: Actor,
    /// What is done.
    pub action: TikTokAction,
}

impl TikTokEdit {
    /// An edit by a person.
    pub fn by_hand(advertiser: &str, action: TikTokAction) -> TikTokEdit {
        TikTokEdit { advertiser: advertiser.to_owned(), actor: Actor::Hand, action }
    }
}

/// What is done. Campaigns, ad groups and ads are told by id or by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "the names say it")]
pub enum TikTokAction {
    Pause {
        object: String,
    },
    Enable {
        object: String,
    },
    Delete {
        object: String,
    },
    Rename {
        object: String,
        name: String,
    },
    /// Of a campaign or an ad group that has a budget of its own.
    SetBudget {
        object: String,
        budget_micros: i64,
    },
    /// Where an ad group's ads run.
    SetLocations {
        adgroup: String,
        location_ids: Vec<String>,
    },
    /// `YYYY-MM-DD HH:MM:SS` in UTC; none lets the ad group run on.
    SetEnd {
        adgroup: String,
        schedule_end_time: Option<String>,
    },
    SetAdText {
        ad: String,
        text: String,
    },
    /// A campaign of somebody else's with an ad group and a reviewed ad, in US dollars or what the account has.
    AddForeignCampaign {
        name: String,
        budget_micros: i64,
        #[serde(default)]
        enabled: bool,
        #[serde(default)]
        smart_plus: bool,
        #[serde(default)]
        location_ids: Vec<String>,
    },
    SetAccountStatus {
        status: AdvertiserStatus,
    },
    /// Money left; at zero nothing is delivered.
    SetBalance {
        balance: f64,
    },
    /// Takes or gives back everybody's access to the account.
    SetAccess {
        allowed: bool,
    },
}

impl TikTok {
    /// Makes an edit and returns the ledger entries of what changed.
    pub fn edit(&mut self, edit: &TikTokEdit, now: Timestamp) -> Result<Vec<LedgerEntry>, EditError> {
        let unknown = || EditError(format!("there is no account {}", edit.advertiser));
        let account = self.advertisers.get_mut(&edit.advertiser).ok_or_else(unknown)?;
        match &edit.action {
            TikTokAction::SetAccountStatus { status } => account.config.status = *status,
            TikTokAction::SetBalance { balance } => account.config.balance = *balance,
            TikTokAction::SetAccess { allowed: true } => {
                self.denied.remove(&edit.advertiser);
            }
            TikTokAction::SetAccess { allowed: false } => {
                self.denied.insert(edit.advertiser.clone());
            }
            TikTokAction::AddForeignCampaign { name, budget_micros, enabled, smart_plus, location_ids } => {
                let campaign = foreign(name, *budget_micros, *enabled, *smart_plus, now);
                let written = self.add_foreign(&edit.advertiser, campaign, location_ids, now);
                return Ok(entries(&edit.advertiser, &written, &edit.actor, "", now));
            }
            action => {
                let object = Object { modified: now, ..changed(account, action)? };
                let written: Vec<Written> = self.write(&edit.advertiser, object, now).into_iter().collect();
                return Ok(entries(&edit.advertiser, &written, &edit.actor, "", now));
            }
        }
        self.touch_all(&edit.advertiser, now);
        Ok(Vec::new())
    }

    fn add_foreign(&mut self, advertiser: &str, campaign: Object, places: &[String], now: Timestamp) -> Vec<Written> {
        let smart_plus = campaign.smart_plus;
        let ids = [self.next_id(), self.next_id(), self.next_id()];
        let places = if places.is_empty() { vec!["6252001".to_owned()] } else { places.to_vec() };
        let group = doc(json!({
            "adgroup_name": "Ad group 1",
            "optimization_goal": "CLICK",
            "billing_event": "CPC",
            "schedule_type": "SCHEDULE_FROM_NOW",
            "schedule_start_time": super::object::format_time(now),
            "targeting_optimization_mode": "AUTOMATIC",
            "targeting_spec": { "location_ids": places },
        }));
        let ad = doc(json!({
            "ad_name": "Ad 1",
            "ad_text_list": [{ "ad_text": "Example" }],
            "landing_page_url_list": [{ "landing_page_url": "https://www.example.com/" }],
        }));
        let objects = [
            Object { id: ids[0], ..campaign },
            Object { id: ids[1], smart_plus, ..Object::new(Kind::Adgroup, ids[0], group, now) },
            Object { id: ids[2], smart_plus, reviewed_at: Some(now), ..Object::new(Kind::Ad, ids[1], ad, now) },
        ];
        objects.into_iter().filter_map(|object| self.write(advertiser, object, now)).collect()
    }
}

fn doc(value: Value) -> Doc {
    match value {
        Value::Object(doc) => doc,
        _ => Doc::new(),
    }
}

fn foreign(name: &str, budget: i64, enabled: bool, smart_plus: bool, now: Timestamp) -> Object {
    let fields = doc(json!({
        "campaign_name": name,
        "objective_type": "WEB_CONVERSIONS",
        "sales_destination": "WEBSITE",
        "campaign_type": "REGULAR_CAMPAIGN",
        "budget_optimize_on": true,
        "budget_mode": "BUDGET_MODE_DYNAMIC_DAILY_BUDGET",
    }));
    Object { budget: Some(budget), enabled, smart_plus, ..Object::new(Kind::Campaign, 0, fields, now) }
}

/// The object that an edit makes of one.
fn changed(account: &Advertiser, action: &TikTokAction) -> Result<Object, EditError> {
    let any = [Kind::Campaign, Kind::Adgroup, Kind::Ad];
    let wrong = |message: &str| Err(EditError(message.to_owned()));
    match action {
        TikTokAction::Pause { object } => Ok(Object { enabled: false, ..find(account, &any, object)? }),
        TikTokAction::Enable { object } => Ok(Object { enabled: true, ..find(account, &any, object)? }),
        TikTokAction::Delete { object } => Ok(Object { deleted: true, ..find(account, &any, object)? }),
        TikTokAction::Rename { object, name } => {
            let mut found = find(account, &any, object)?;
            found.doc.insert(found.kind.name_field().into(), name.as_str().into());
            Ok(found)
        }
        TikTokAction::SetBudget { object, budget_micros } => match find(account, &any[..2], object)? {
            found if found.budget.is_none() => wrong("it has no budget of its own"),
            found => Ok(Object { budget: Some(*budget_micros), ..found }),
        },
        TikTokAction::SetLocations { adgroup, location_ids } => {
            if let Some(id) = location_ids.iter().find(|id| !regions::regions().contains_key(id.as_str())) {
                return wrong(&format!("there is no place {id}"));
            }
            let mut found = find(account, &any[1..2], adgroup)?;
            found.doc.entry("targeting_spec").or_insert_with(|| json!({}))["location_ids"] = json!(location_ids);
            Ok(found)
        }
        TikTokAction::SetEnd { adgroup, schedule_end_time } => {
            let mut found = find(account, &any[1..2], adgroup)?;
            match schedule_end_time {
                Some(end) if parse_time(end).is_none() => return wrong("the end is no time"),
                Some(end) => {
                    found.doc.insert("schedule_type".into(), "SCHEDULE_START_END".into());
                    found.doc.insert("schedule_end_time".into(), end.as_str().into());
                }
                None => {
                    found.doc.insert("schedule_type".into(), "SCHEDULE_FROM_NOW".into());
                    found.doc.remove("schedule_end_time");
                }
            }
            Ok(found)
        }
        TikTokAction::SetAdText { ad, text } => {
            let mut found = find(account, &any[2..], ad)?;
            found.doc.insert("ad_text_list".into(), json!([{ "ad_text": text }]));
            Ok(found)
        }
        _ => wrong("it changes no object"),
    }
}

/// An object told by id, or by name among those that are not deleted.
fn find(account: &Advertiser, kinds: &[Kind], object: &str) -> Result<Object, EditError> {
    let number: Option<u64> = object.parse().ok();
    let by_id = || kinds.iter().find_map(|kind| account.get(*kind, number?));
    let by_name = || kinds.iter().find_map(|kind| account.all(*kind, None).find(|o| !o.deleted && o.name() == object));
    let found = by_id().or_else(by_name).ok_or_else(|| EditError(format!("there is no {object}")))?;
    if found.deleted { Err(EditError(format!("{object} has been deleted"))) } else { Ok((**found).clone()) }
}
