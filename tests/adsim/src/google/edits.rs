//! Edits by hand, or by recommendations that the platform applies by itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Google;
use super::account::{Account, CustomerStatus};
use super::key::{Key, Kind};
use super::mutate::{Action, Applied, Context, Operation, apply_one, parse_own};
pub use crate::edits::EditError;
use crate::ledger::{Actor, LedgerEntry};

/// An edit of a Google Ads account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Edit {
    /// Account.
    pub customer: String,
    /// Who does it; a person if not told.
    #[serde(default)]
    pub actor: Actor,
    /// What is done.
    pub action: EditAction,
}

impl Edit {
    /// An edit by a person.
    pub fn by_hand(customer: &str, action: EditAction) -> Edit {
        Edit { customer: customer.to_owned(), actor: Actor::Hand, action }
    }

    /// An edit by a recommendation that the platform applied by itself.
    pub fn by_recommendation(customer: &str, action: EditAction) -> Edit {
        Edit { customer: customer.to_owned(), actor: Actor::Recommendation, action }
    }
}

/// What is done. Campaigns are told by id or by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "the names say it")]
pub enum EditAction {
    SetBudget {
        campaign: String,
        amount_micros: i64,
    },
    Pause {
        campaign: String,
    },
    Enable {
        campaign: String,
    },
    Rename {
        campaign: String,
        name: String,
    },
    RemoveCampaign {
        campaign: String,
    },
    /// `yyyy-MM-dd 23:59:59`; none lets the campaign run on.
    SetEndDate {
        campaign: String,
        end_date_time: Option<String>,
    },
    /// Puts a label on a campaign; the label is created if there is none of the name.
    AddLabel {
        campaign: String,
        label: String,
    },
    RemoveLabel {
        campaign: String,
        label: String,
    },
    AddLocation {
        campaign: String,
        geo_target_id: i64,
        #[serde(default)]
        negative: bool,
    },
    RemoveLocation {
        campaign: String,
        geo_target_id: i64,
    },
    /// Changes the texts of an ad.
    EditAd {
        ad: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        headlines: Option<Vec<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        descriptions: Option<Vec<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        final_url: Option<String>,
    },
    /// A Search campaign of somebody else's, with its own budget and one ad group with keyword and ad.
    AddForeignCampaign {
        name: String,
        amount_micros: i64,
        #[serde(default)]
        enabled: bool,
        #[serde(default)]
        labels: Vec<String>,
        #[serde(default)]
        geo_target_ids: Vec<i64>,
    },
    AddForeignLabel {
        name: String,
    },
    /// Any operations, in the form of `mutateOperations` of `googleAds:mutate`.
    Mutate {
        operations: Value,
    },
    SetAccountStatus {
        status: CustomerStatus,
    },
    /// Takes or gives back everybody's access to the account.
    SetAccess {
        allowed: bool,
    },
}

impl Google {
    /// Makes an edit and returns the ledger entries of what changed.
    pub fn edit(&mut self, edit: &Edit, now: Timestamp) -> Result<Vec<LedgerEntry>, EditError> {
        let unknown = || EditError(format!("there is no account {}", edit.customer));
        let account = self.accounts.get_mut(&edit.customer).ok_or_else(unknown)?;
        match &edit.action {
            EditAction::SetAccountStatus { status } => {
                account.status = *status;
                account.touch_all();
                return Ok(self.settle(&edit.customer, &[], &edit.actor, "", now));
            }
            EditAction::SetAccess { allowed } => {
                if *allowed {
                    self.denied.remove(&edit.customer);
                } else {
                    self.denied.insert(edit.customer.clone());
                }
                return Ok(Vec::new());
            }
            _ => {}
        }
        let operations = operations(account, &edit.action)?;
        let mut context = Context::new(account, &self.config, &mut self.ids, now);
        let applied = apply_all(&mut context, &operations)?;
        Ok(self.settle(&edit.customer, &applied, &edit.actor, "", now))
    }
}

fn apply_all(context: &mut Context<'_>, operations: &[Operation]) -> Result<Vec<Applied>, EditError> {
    let start = context.account.savepoint();
    let mut applied = Vec::new();
    for operation in operations {
        match apply_one(context, operation) {
            Ok((_, changes)) => applied.extend(changes),
            Err(errors) => {
                context.account.rollback(start, context.now);
                let first = errors.first().map(|e| e.to_json().to_string()).unwrap_or_default();
                return Err(EditError(format!("the platform refuses the edit: {first}")));
            }
        }
    }
    let live = context.account.live_daily_budget(context.now);
    for change in &mut applied {
        change.live = live;
    }
    Ok(applied)
}

/// The operations that make up an edit.
fn operations(account: &Account, action: &EditAction) -> Result<Vec<Operation>, EditError> {
    let cid = account.id();
    let update = |kind: Kind, key: Key, mut fields: Value, mask: &str| {
        fields["resourceName"] = key.name(cid).into();
        operation(kind, "update", &fields, mask)
    };
    let update_campaign = |campaign: &str, fields: Value, mask: &str| -> Result<Vec<Operation>, EditError> {
        Ok(vec![update(Kind::Campaign, find(account, campaign)?, fields, mask)?])
    };
    match action {
        EditAction::SetBudget { campaign, amount_micros } => {
            let campaign = account.get(find(account, campaign)?).cloned();
            let budget = campaign.map_or(0, |c| c.reference("campaignBudget"));
            let fields = json!({ "amountMicros": amount_micros.to_string() });
            Ok(vec![update(Kind::Budget, Key::one(Kind::Budget, budget), fields, "amount_micros")?])
        }
        EditAction::Pause { campaign } => update_campaign(campaign, json!({ "status": "PAUSED" }), "status"),
        EditAction::Enable { campaign } => update_campaign(campaign, json!({ "status": "ENABLED" }), "status"),
        EditAction::Rename { campaign, name } => update_campaign(campaign, json!({ "name": name }), "name"),
        EditAction::SetEndDate { campaign, end_date_time } => {
            update_campaign(campaign, json!({ "endDateTime": end_date_time }), "end_date_time")
        }
        EditAction::RemoveCampaign { campaign } => Ok(vec![remove(Kind::Campaign, find(account, campaign)?.name(cid))]),
        EditAction::AddLabel { campaign, label } => {
            label_operations(account, &find(account, campaign)?.name(cid), label, -1)
        }
        EditAction::RemoveLabel { campaign, label } => {
            let campaign = find(account, campaign)?;
            let label =
                account.holder(Kind::Label, 0, label).ok_or_else(|| EditError(format!("there is no label {label}")))?;
            Ok(vec![remove(Kind::CampaignLabel, Key::two(Kind::CampaignLabel, campaign.a, label).name(cid))])
        }
        EditAction::AddLocation { campaign, geo_target_id, negative } => {
            Ok(vec![location(&find(account, campaign)?.name(cid), *geo_target_id, *negative)?])
        }
        EditAction::RemoveLocation { campaign, geo_target_id } => {
            let key = Key::two(Kind::CampaignCriterion, find(account, campaign)?.a, *geo_target_id);
            Ok(vec![remove(Kind::CampaignCriterion, key.name(cid))])
        }
        EditAction::EditAd { ad, headlines, descriptions, final_url } => {
            edit_ad(cid, *ad, headlines.as_deref(), descriptions.as_deref(), final_url.as_deref())
        }
        EditAction::AddForeignLabel { name } => {
            Ok(vec![operation(Kind::Label, "create", &json!({ "name": name }), "")?])
        }
        EditAction::AddForeignCampaign { name, amount_micros, enabled, labels, geo_target_ids } => {
            let mut operations = foreign_campaign(cid, name, *amount_micros, *enabled)?;
            let campaign = format!("customers/{cid}/campaigns/-2");
            for (i, label) in labels.iter().enumerate() {
                let temporary = -100 - i64::try_from(i).unwrap_or_default();
                operations.extend(label_operations(account, &campaign, label, temporary)?);
            }
            for id in geo_target_ids {
                operations.push(location(&campaign, *id, false)?);
            }
            Ok(operations)
        }
        EditAction::Mutate { operations } => {
            let body = json!({ "mutateOperations": operations });
            let request =
                super::mutate::Request::read(None, &body, cid).map_err(|refusal| EditError(refusal.message))?;
            Ok(request.operations)
        }
        EditAction::SetAccountStatus { .. } | EditAction::SetAccess { .. } => Ok(Vec::new()),
    }
}

/// The key of a campaign told by id or name.
fn find(account: &Account, campaign: &str) -> Result<Key, EditError> {
    let by_id = campaign.parse().ok().map(|id| Key::one(Kind::Campaign, id)).filter(|key| account.get(*key).is_some());
    by_id
        .or_else(|| account.holder(Kind::Campaign, 0, campaign).map(|id| Key::one(Kind::Campaign, id)))
        .ok_or_else(|| EditError(format!("there is no campaign {campaign}")))
}

fn operation(kind: Kind, verb: &str, fields: &Value, mask: &str) -> Result<Operation, EditError> {
    let doc = parse_own(kind.message(), fields).map_err(|error| EditError(error.message))?;
    let action = if verb == "create" { Action::Create(doc) } else { Action::Update(doc, Some(mask.to_owned())) };
    Ok(Operation { kind, action: Ok(action) })
}

fn remove(kind: Kind, name: String) -> Operation {
    Operation { kind, action: Ok(Action::Remove(name)) }
}

fn location(campaign: &str, id: i64, negative: bool) -> Result<Operation, EditError> {
    let fields = json!({
        "campaign": campaign,
        "location": { "geoTargetConstant": format!("geoTargetConstants/{id}") },
        "negative": negative,
    });
    operation(Kind::CampaignCriterion, "create", &fields, "")
}

/// Puts a label on a campaign, creating it under a temporary id if there is none of the name.
fn label_operations(
    account: &Account,
    campaign: &str,
    label: &str,
    temporary: i64,
) -> Result<Vec<Operation>, EditError> {
    let mut operations = Vec::new();
    let id = if let Some(id) = account.holder(Kind::Label, 0, label) {
        id
    } else {
        let name = Key::one(Kind::Label, temporary).name(account.id());
        operations.push(operation(Kind::Label, "create", &json!({ "resourceName": name, "name": label }), "")?);
        temporary
    };
    let link = json!({ "campaign": campaign, "label": Key::one(Kind::Label, id).name(account.id()) });
    operations.push(operation(Kind::CampaignLabel, "create", &link, "")?);
    Ok(operations)
}

fn edit_ad(
    cid: &str,
    ad: i64,
    headlines: Option<&[String]>,
    descriptions: Option<&[String]>,
    final_url: Option<&str>,
) -> Result<Vec<Operation>, EditError> {
    let mut fields = json!({ "resourceName": Key::one(Kind::Ad, ad).name(cid) });
    let mut mask = Vec::new();
    for (name, texts) in [("headlines", headlines), ("descriptions", descriptions)] {
        if let Some(texts) = texts {
            fields["responsiveSearchAd"][name] = texts.iter().map(|t| json!({ "text": t })).collect();
            mask.push(format!("responsive_search_ad.{name}"));
        }
    }
    if let Some(url) = final_url {
        fields["finalUrls"] = json!([url]);
        mask.push("final_urls".to_owned());
    }
    Ok(vec![operation(Kind::Ad, "update", &fields, &mask.join(","))?])
}

fn foreign_campaign(cid: &str, name: &str, amount_micros: i64, enabled: bool) -> Result<Vec<Operation>, EditError> {
    let texts = |texts: &[&str]| texts.iter().map(|t| json!({ "text": t })).collect::<Value>();
    let temporary = |kind: Kind, id: i64| Key::one(kind, id).name(cid);
    Ok(vec![
        operation(
            Kind::Budget,
            "create",
            &json!({
                "resourceName": temporary(Kind::Budget, -1),
                "amountMicros": amount_micros.to_string(),
                "explicitlyShared": false,
            }),
            "",
        )?,
        operation(
            Kind::Campaign,
            "create",
            &json!({
                "resourceName": temporary(Kind::Campaign, -2),
                "name": name,
                "status": if enabled { "ENABLED" } else { "PAUSED" },
                "advertisingChannelType": "SEARCH",
                "campaignBudget": temporary(Kind::Budget, -1),
                "manualCpc": {},
                "networkSettings": { "targetGoogleSearch": true },
                "containsEuPoliticalAdvertising": "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING",
            }),
            "",
        )?,
        operation(
            Kind::AdGroup,
            "create",
            &json!({
                "resourceName": temporary(Kind::AdGroup, -3),
                "name": "Ad group 1",
                "campaign": temporary(Kind::Campaign, -2),
                "cpcBidMicros": "1000000",
            }),
            "",
        )?,
        operation(
            Kind::AdGroupCriterion,
            "create",
            &json!({
                "adGroup": temporary(Kind::AdGroup, -3),
                "keyword": { "text": "example", "matchType": "BROAD" },
            }),
            "",
        )?,
        operation(
            Kind::AdGroupAd,
            "create",
            &json!({
                "adGroup": temporary(Kind::AdGroup, -3),
                "ad": {
                    "finalUrls": ["https://www.example.com/"],
                    "responsiveSearchAd": {
                        "headlines": texts(&["Headline 1", "Headline 2", "Headline 3"]),
                        "descriptions": texts(&["Description 1", "Description 2"]),
                    },
                },
            }),
            "",
        )?,
    ])
}
