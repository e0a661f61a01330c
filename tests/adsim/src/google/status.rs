//! Fields that the service computes.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::account::{Account, CustomerStatus};
use super::constants::object;
use super::gaql::View;
use super::key::{Key, Kind};
use super::object::{Object, Status};
use super::review::{Review, review};
use super::schema::Doc;

/// A computed value.
pub enum Computed {
    /// An enum value.
    Text(&'static str),
    /// A number.
    Int(i64),
    /// A list of names.
    List(Vec<String>),
    /// Anything else.
    Json(Value),
}

/// The value of a computed field, if the field is one.
pub fn computed(object: &Arc<Object>, path: &[String], view: &View<'_>) -> Option<Computed> {
    let name = path.first()?.as_str();
    match (object.key.kind, name) {
        (Kind::Campaign, "primaryStatus") => Some(Computed::Text(campaign_status(object, view).0)),
        (Kind::Campaign, "primaryStatusReasons") => Some(Computed::List(strings(campaign_status(object, view).1))),
        (Kind::Campaign, "servingStatus") => Some(Computed::Text(serving_status(object, view))),
        (Kind::Campaign, "biddingStrategySystemStatus") => {
            Some(Computed::Text(if is_learning(object, view) { "LEARNING_NEW" } else { "ENABLED" }))
        }
        (Kind::Campaign, "labels") => Some(Computed::List(
            view.account
                .children(Kind::CampaignLabel, object.key.id(), view.as_of)
                .map(|link| Key::one(Kind::Label, link.key.b).name(view.account.id()))
                .collect(),
        )),
        (Kind::Budget, "referenceCount") => {
            let count = view.account.users(object.key.id()).count();
            Some(Computed::Int(i64::try_from(count).unwrap_or(i64::MAX)))
        }
        (Kind::AdGroup, "primaryStatus") => Some(Computed::Text(ad_group_status(object, view).0)),
        (Kind::AdGroup, "primaryStatusReasons") => Some(Computed::List(strings(ad_group_status(object, view).1))),
        (Kind::AdGroupAd, "primaryStatus") => Some(Computed::Text(ad_status(object, view).0)),
        (Kind::AdGroupAd, "primaryStatusReasons") => Some(Computed::List(strings(ad_status(object, view).1))),
        (Kind::AdGroupAd, "adStrength") => Some(Computed::Text("AVERAGE")),
        (Kind::AdGroupAd, "policySummary") => {
            let found = review_of(object, view);
            match path.get(1).map(String::as_str) {
                Some("reviewStatus") => Some(Computed::Text(found.review_status())),
                Some("approvalStatus") => Some(Computed::Text(found.approval_status())),
                Some("policyTopicEntries") => found.summary().get("policyTopicEntries").cloned().map(Computed::Json),
                _ => None,
            }
        }
        (Kind::AdGroupCriterion, "primaryStatus") => Some(Computed::Text(match object.status() {
            Status::Enabled => "ELIGIBLE",
            Status::Paused => "PAUSED",
            Status::Removed => "REMOVED",
        })),
        _ => None,
    }
}

fn strings(reasons: Vec<&'static str>) -> Vec<String> {
    reasons.into_iter().map(str::to_owned).collect()
}

fn review_of(ad: &Object, view: &View<'_>) -> Review {
    review(ad, view.config, view.as_of.unwrap_or(view.now))
}

/// `primary_status` and its reasons.
pub fn campaign_status(campaign: &Object, view: &View<'_>) -> (&'static str, Vec<&'static str>) {
    let now = view.as_of.unwrap_or(view.now);
    match campaign.status() {
        Status::Removed => return ("REMOVED", vec!["CAMPAIGN_REMOVED"]),
        Status::Paused => return ("PAUSED", vec!["CAMPAIGN_PAUSED"]),
        Status::Enabled => {}
    }
    if has_ended(view.account, campaign, now) {
        return ("ENDED", vec!["CAMPAIGN_ENDED"]);
    }
    if view.account.start_of(campaign).is_some_and(|start| start > now) {
        return ("PENDING", vec!["CAMPAIGN_PENDING"]);
    }
    let groups: Vec<&Arc<Object>> =
        view.account.ad_groups_of(campaign.key.id(), view.as_of).filter(|g| !g.is_removed()).collect();
    if groups.is_empty() {
        return ("NOT_ELIGIBLE", vec!["NO_AD_GROUPS"]);
    }
    let enabled: Vec<&Arc<Object>> = groups.into_iter().filter(|g| g.status() == Status::Enabled).collect();
    if enabled.is_empty() {
        return ("NOT_ELIGIBLE", vec!["AD_GROUPS_PAUSED"]);
    }
    let mut reasons = Vec::new();
    if campaign.text("advertisingChannelType") == "SEARCH" {
        reasons.extend(missing(view, &enabled, Kind::AdGroupCriterion, "NO_KEYWORDS", "KEYWORDS_PAUSED"));
    }
    reasons.extend(missing(view, &enabled, Kind::AdGroupAd, "NO_AD_GROUP_ADS", "AD_GROUP_ADS_PAUSED"));
    if !reasons.is_empty() {
        return ("NOT_ELIGIBLE", reasons);
    }
    let reviews: Vec<Review> = enabled
        .iter()
        .flat_map(|g| view.account.children(Kind::AdGroupAd, g.key.id(), view.as_of))
        .filter(|ad| ad.status() == Status::Enabled)
        .map(|ad| review_of(ad, view))
        .collect();
    let count = |wanted: Review| reviews.iter().filter(|r| **r == wanted).count();
    if count(Review::Disapproved) == reviews.len() {
        return ("NOT_ELIGIBLE", vec!["HAS_ADS_DISAPPROVED"]);
    }
    if count(Review::Approved) == 0 {
        return ("PENDING", vec!["MOST_ADS_UNDER_REVIEW"]);
    }
    if count(Review::Disapproved) > 0 {
        return ("LIMITED", vec!["HAS_ADS_DISAPPROVED"]);
    }
    if is_learning(campaign, view) {
        return ("LEARNING", vec!["BIDDING_STRATEGY_LEARNING"]);
    }
    ("ELIGIBLE", Vec::new())
}

/// The reason why no object of a kind serves in ad groups: none is there, or all are paused.
fn missing(
    view: &View<'_>,
    groups: &[&Arc<Object>],
    kind: Kind,
    none: &'static str,
    paused: &'static str,
) -> Option<&'static str> {
    let mut any = false;
    for group in groups {
        for object in view.account.children(kind, group.key.id(), view.as_of) {
            let other = kind == Kind::AdGroupCriterion && !object.doc.contains_key("keyword");
            if object.is_removed() || object.flag("negative") || other {
                continue;
            }
            if object.status() == Status::Enabled {
                return None;
            }
            any = true;
        }
    }
    Some(if any { paused } else { none })
}

fn has_ended(account: &Account, campaign: &Object, now: Timestamp) -> bool {
    account.end_of(campaign).is_some_and(|end| end <= now)
}

fn is_learning(campaign: &Object, view: &View<'_>) -> bool {
    let automatic = !matches!(campaign.text("biddingStrategyType"), "MANUAL_CPC" | "MANUAL_CPM" | "MANUAL_CPV");
    automatic && campaign.learning_since.is_some_and(|since| since + view.config.learning > view.now)
}

fn serving_status(campaign: &Object, view: &View<'_>) -> &'static str {
    let now = view.as_of.unwrap_or(view.now);
    if view.account.status == CustomerStatus::Suspended {
        "SUSPENDED"
    } else if has_ended(view.account, campaign, now) {
        "ENDED"
    } else if view.account.start_of(campaign).is_some_and(|start| start > now) {
        "PENDING"
    } else if campaign.status() == Status::Enabled {
        "SERVING"
    } else {
        "NONE"
    }
}

fn ad_group_status(group: &Object, view: &View<'_>) -> (&'static str, Vec<&'static str>) {
    match group.status() {
        Status::Removed => return ("REMOVED", vec!["AD_GROUP_REMOVED"]),
        Status::Paused => return ("PAUSED", vec!["AD_GROUP_PAUSED"]),
        Status::Enabled => {}
    }
    let key = Key::one(Kind::Campaign, group.reference("campaign"));
    match view.account.get_at(key, view.as_of).map(|c| campaign_status(c, view)) {
        Some(("REMOVED", _)) => ("REMOVED", vec!["CAMPAIGN_REMOVED"]),
        Some(("PAUSED", _)) => ("NOT_ELIGIBLE", vec!["CAMPAIGN_PAUSED"]),
        Some(("ENDED", _)) => ("NOT_ELIGIBLE", vec!["CAMPAIGN_ENDED"]),
        Some(("PENDING", reasons)) if reasons == ["CAMPAIGN_PENDING"] => ("PENDING", reasons),
        Some(("NOT_ELIGIBLE", reasons)) => ("NOT_ELIGIBLE", reasons),
        _ => ("ELIGIBLE", Vec::new()),
    }
}

fn ad_status(ad: &Object, view: &View<'_>) -> (&'static str, Vec<&'static str>) {
    match ad.status() {
        Status::Removed => return ("REMOVED", vec!["AD_GROUP_AD_REMOVED"]),
        Status::Paused => return ("PAUSED", vec!["AD_GROUP_AD_PAUSED"]),
        Status::Enabled => {}
    }
    match review_of(ad, view) {
        Review::InProgress => return ("PENDING", vec!["AD_GROUP_AD_UNDER_REVIEW"]),
        Review::Disapproved => return ("NOT_ELIGIBLE", vec!["AD_GROUP_AD_DISAPPROVED"]),
        Review::Approved => {}
    }
    let group = view.account.get_at(Key::one(Kind::AdGroup, ad.key.a), view.as_of);
    match group.map(|g| ad_group_status(g, view)) {
        Some(("PAUSED" | "REMOVED" | "NOT_ELIGIBLE", reasons)) => ("NOT_ELIGIBLE", reasons),
        _ => ("ELIGIBLE", Vec::new()),
    }
}

/// The `Customer`.
pub fn customer_doc(account: &Account) -> Doc {
    let status = serde_json::to_value(account.status).unwrap_or_default();
    object(json!({
        "resourceName": format!("customers/{}", account.id()),
        "id": account.id(),
        "descriptiveName": account.config.descriptive_name,
        "currencyCode": account.config.currency_code,
        "timeZone": account.config.time_zone,
        "manager": account.config.manager,
        "testAccount": account.config.test_account,
        "autoTaggingEnabled": true,
        "status": status,
    }))
}

/// The `ConversionAction`s. Their ids follow their order.
pub fn conversion_action_docs(account: &Account) -> Vec<Doc> {
    let owner = format!("customers/{}", account.id());
    let actions = account.config.conversion_actions.iter().enumerate();
    actions
        .map(|(i, name)| {
            let id = 700_000_001 + i;
            let category = match name.as_str() {
                "signup" => "SIGNUP",
                "purchase" => "PURCHASE",
                _ => "DEFAULT",
            };
            object(json!({
                "resourceName": format!("{owner}/conversionActions/{id}"),
                "id": id.to_string(),
                "name": name,
                "status": "ENABLED",
                "type": "WEBPAGE",
                "category": category,
                "ownerCustomer": owner,
                "primaryForGoal": true,
                "includeInConversionsMetric": true,
                "countingType": "ONE_PER_CLICK",
                "clickThroughLookbackWindowDays": "30",
            }))
        })
        .collect()
}
