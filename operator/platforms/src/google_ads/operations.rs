//! Operations of `googleAds:mutate`.

use adops_core::campaign::settings::AdSettings;
use serde_json::{Map, Value, json};

use super::blueprint::Blueprint;
use super::client::Client;
use super::labels::{OwnLabels, label_id};
use super::text::Keyword;

/// Temporary ids: negative, each used once in a request.
#[derive(Debug, Default)]
pub(super) struct TemporaryIds(i64);

impl TemporaryIds {
    fn next(&mut self) -> i64 {
        self.0 -= 1;
        self.0
    }
}

/// Writes operations for one account.
#[derive(Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) client: &'a Client,
}

/// The operations that make a line, and which of them makes its campaign.
pub(super) const CAMPAIGN_AT: usize = 1;

impl Writer<'_> {
    fn name(self, collection: &str, id: impl std::fmt::Display) -> String {
        self.client.name(collection, id)
    }

    /// The resource name of a campaign.
    pub(super) fn campaign_name(self, id: impl std::fmt::Display) -> String {
        self.name("campaigns", id)
    }

    /// A whole line: nothing of it refers to anything that is created after it.
    pub(super) fn line(self, line: &Blueprint, labels: &OwnLabels, ids: &mut TemporaryIds) -> Vec<Value> {
        let budget = self.name("campaignBudgets", ids.next());
        let campaign_id = ids.next();
        let campaign = self.campaign_name(campaign_id);
        let mut operations = vec![budget_of(line, &budget), campaign_of(line, &campaign, &budget)];
        operations.extend([&labels.ours, &labels.paused].map(|label| attach_label(&campaign, label)));
        operations.extend(line.places.iter().map(|place| target_place(&campaign, place)));
        operations.extend(line.languages.iter().map(|language| target_language(&campaign, language)));
        operations.extend(line.negative_keywords.iter().map(|keyword| exclude_keyword(&campaign, keyword)));
        let group = self.new_group(&campaign, &line.name, line.bid.group_bid(), ids, &mut operations);
        operations.extend(line.keywords.iter().map(|keyword| add_keyword(&group, keyword)));
        operations.extend(line.excluded_ages.iter().map(|age| exclude_group(&group, "ageRange", age)));
        operations.extend(line.excluded_genders.iter().map(|gender| exclude_group(&group, "gender", gender)));
        operations.extend(line.ads.iter().map(|ad| add_ad(&group, ad)));
        if let Some(goal) = &line.goal {
            operations.push(self.set_goal(campaign_id, Some(goal)));
        }
        operations
    }

    /// An enabled ad group; the answer is its temporary resource name.
    pub(super) fn new_group(
        self,
        campaign: &str,
        name: &str,
        bid: Option<i64>,
        ids: &mut TemporaryIds,
        operations: &mut Vec<Value>,
    ) -> String {
        let group = self.name("adGroups", ids.next());
        let mut create = object(json!({
            "resourceName": group,
            "campaign": campaign,
            "name": name,
            "status": "ENABLED",
            "type": "SEARCH_STANDARD",
        }));
        if let Some(bid) = bid {
            create.insert("cpcBidMicros".to_owned(), bid.to_string().into());
        }
        operations.push(json!({ "adGroupOperation": { "create": create } }));
        group
    }

    /// Which conversions a campaign counts: those of a goal, or the account's.
    pub(super) fn set_goal(self, campaign: impl std::fmt::Display, goal: Option<&str>) -> Value {
        let mut update = object(json!({
            "resourceName": self.name("conversionGoalCampaignConfigs", campaign),
            "goalConfigLevel": if goal.is_some() { "CAMPAIGN" } else { "CUSTOMER" },
        }));
        if let Some(goal) = goal {
            update.insert("customConversionGoal".to_owned(), goal.into());
        }
        json!({ "conversionGoalCampaignConfigOperation": {
            "update": update, "updateMask": "goalConfigLevel,customConversionGoal",
        } })
    }

    /// Takes a label off a campaign.
    pub(super) fn detach_label(self, campaign: &str, label: &str) -> Value {
        let link = self.name("campaignLabels", format_args!("{campaign}~{}", label_id(label)));
        json!({ "campaignLabelOperation": { "remove": link } })
    }

    /// Changes fields of a campaign.
    pub(super) fn update_campaign(self, id: &str, fields: Value, mask: &str) -> Value {
        update("campaignOperation", self.campaign_name(id), fields, mask)
    }

    /// Removes a campaign; the budget that it alone uses goes with it.
    pub(super) fn remove_campaign(self, id: &str) -> Value {
        json!({ "campaignOperation": { "remove": self.campaign_name(id) } })
    }
}

fn budget_of(line: &Blueprint, resource: &str) -> Value {
    json!({ "campaignBudgetOperation": { "create": {
        "resourceName": resource,
        "name": line.name,
        "amountMicros": line.budget_micros.to_string(),
        "deliveryMethod": "STANDARD",
        "explicitlyShared": false,
    } } })
}

fn campaign_of(line: &Blueprint, resource: &str, budget: &str) -> Value {
    let mut create = object(json!({
        "resourceName": resource,
        "name": line.name,
        "status": "PAUSED",
        "advertisingChannelType": "SEARCH",
        "campaignBudget": budget,
        "networkSettings": {
            "targetGoogleSearch": true,
            "targetSearchNetwork": line.partners,
            "targetContentNetwork": false,
        },
        "geoTargetTypeSetting": { "positiveGeoTargetType": "PRESENCE", "negativeGeoTargetType": "PRESENCE" },
        "containsEuPoliticalAdvertising": line.political,
        "endDateTime": line.end,
    }));
    if let Some(start) = &line.start {
        create.insert("startDateTime".to_owned(), start.as_str().into());
    }
    if !line.url_suffix.is_empty() {
        create.insert("finalUrlSuffix".to_owned(), line.url_suffix.as_str().into());
    }
    line.bid.write(&mut create);
    json!({ "campaignOperation": { "create": create } })
}

/// Puts a label on a campaign.
pub(super) fn attach_label(campaign: &str, label: &str) -> Value {
    json!({ "campaignLabelOperation": { "create": { "campaign": campaign, "label": label } } })
}

/// Targets a place.
pub(super) fn target_place(campaign: &str, constant: &str) -> Value {
    criterion(campaign, json!({ "location": { "geoTargetConstant": constant } }))
}

/// Targets a language.
pub(super) fn target_language(campaign: &str, constant: &str) -> Value {
    criterion(campaign, json!({ "language": { "languageConstant": constant } }))
}

/// Keeps a campaign away from searches.
pub(super) fn exclude_keyword(campaign: &str, keyword: &Keyword) -> Value {
    criterion(campaign, json!({ "negative": true, "keyword": keyword_info(keyword) }))
}

fn criterion(campaign: &str, what: Value) -> Value {
    let mut create = object(what);
    create.insert("campaign".to_owned(), campaign.into());
    json!({ "campaignCriterionOperation": { "create": create } })
}

/// Shows an ad group's ads for searches.
pub(super) fn add_keyword(group: &str, keyword: &Keyword) -> Value {
    json!({ "adGroupCriterionOperation": { "create": {
        "adGroup": group, "status": "ENABLED", "keyword": keyword_info(keyword),
    } } })
}

fn keyword_info(keyword: &Keyword) -> Value {
    json!({ "text": keyword.text, "matchType": keyword.matching.as_wire() })
}

/// Keeps an ad group away from people of an age or a gender; `kind` is the criterion's field.
pub(super) fn exclude_group(group: &str, kind: &str, which: &str) -> Value {
    json!({ "adGroupCriterionOperation": { "create": { "adGroup": group, "negative": true, kind: { "type": which } } } })
}

/// Adds an ad.
pub(super) fn add_ad(group: &str, ad: &AdSettings) -> Value {
    let texts = |texts: &[String]| texts.iter().map(|text| json!({ "text": text })).collect::<Vec<_>>();
    let mut search_ad = object(json!({
        "headlines": texts(&ad.headlines),
        "descriptions": texts(&ad.descriptions),
    }));
    for (field, path) in ["path1", "path2"].into_iter().zip(&ad.paths) {
        search_ad.insert(field.to_owned(), path.as_str().into());
    }
    json!({ "adGroupAdOperation": { "create": {
        "adGroup": group,
        "status": "ENABLED",
        "ad": { "finalUrls": [ad.url], "responsiveSearchAd": search_ad },
    } } })
}

/// Changes fields of something that has a resource name.
pub(super) fn update(operation: &str, resource: String, fields: Value, mask: &str) -> Value {
    let mut update = object(fields);
    update.insert("resourceName".to_owned(), resource.into());
    json!({ operation: { "update": update, "updateMask": mask } })
}

/// Changes the status of something that has a resource name.
pub(super) fn set_status(operation: &str, resource: &str, status: &str) -> Value {
    update(operation, resource.to_owned(), json!({ "status": status }), "status")
}

/// Removes something that has a resource name.
pub(super) fn remove(operation: &str, resource: &str) -> Value {
    json!({ operation: { "remove": resource } })
}

/// The map of a JSON object; empty for anything else.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
