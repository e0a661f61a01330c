//! What may be written. Fields, enums and which goes with which are the description's; lengths, and that an archived
//! object stays as it is, are assumed.

use jiff::Timestamp;
use serde_json::Value;

use super::account::Account;
use super::errors::Refusal;
use super::object::{Doc, Kind, Object};

/// Fields of a campaign that users can set.
const CAMPAIGN: &[&str] = &[
    "ad_account_id",
    "bid_options",
    "daily_spend_cap",
    "default_ad_group_budget_in_micro_currency",
    "end_time",
    "is_automated_campaign",
    "is_campaign_budget_optimization",
    "is_flexible_daily_budgets",
    "is_performance_plus",
    "lifetime_spend_cap",
    "name",
    "objective_type",
    "order_line_id",
    "start_time",
    "status",
    "tracking_urls",
];
/// Fields of an ad group that users can set.
const AD_GROUP: &[&str] = &[
    "auto_targeting_enabled",
    "bid_in_micro_currency",
    "bid_multiplier",
    "bid_strategy_type",
    "billable_event",
    "budget_in_micro_currency",
    "budget_type",
    "campaign_id",
    "end_time",
    "is_creative_optimization",
    "lifetime_frequency_cap",
    "name",
    "optimization_goal_metadata",
    "pacing_delivery_type",
    "placement_group",
    "promotion_application_level",
    "promotion_id",
    "start_time",
    "status",
    "targeting_spec",
    "targeting_template_ids",
    "tracking_urls",
];
const INTEGERS: &[&str] = &[
    "bid_in_micro_currency",
    "budget_in_micro_currency",
    "daily_spend_cap",
    "default_ad_group_budget_in_micro_currency",
    "end_time",
    "lifetime_spend_cap",
    "start_time",
];
const ENUMS: &[(&str, &[&str])] = &[
    ("billable_event", &["CLICKTHROUGH", "IMPRESSION", "VIDEO_V_50_MRC"]),
    ("bid_strategy_type", &["AUTOMATIC_BID", "MAX_BID", "TARGET_AVG"]),
    ("budget_type", &["DAILY", "LIFETIME", "CBO_ADGROUP"]),
    ("objective_type", &["AWARENESS", "CONSIDERATION", "WEB_CONVERSION", "CATALOG_SALES", "VIDEO_COMPLETION"]),
    ("pacing_delivery_type", &["STANDARD", "ACCELERATED"]),
    ("placement_group", &["ALL", "SEARCH", "BROWSE", "OTHER"]),
    ("status", &["ACTIVE", "PAUSED", "ARCHIVED", "DRAFT", "DELETED_DRAFT"]),
];
/// Characters of a name (assumed).
const NAME_LENGTH: usize = 255;
/// Ad groups of a campaign that has the budget for all of them.
const GROUPS: usize = 70;

/// Whether an item of a body fits the description; if not, the whole request is refused.
pub(super) fn fits(kind: Kind, item: &Doc, creates: bool) -> Result<(), Refusal> {
    let (known, required) = match (kind, creates) {
        (Kind::Campaign, true) => (CAMPAIGN, &["name", "objective_type", "ad_account_id"][..]),
        (Kind::Campaign, false) => (CAMPAIGN, &["id", "ad_account_id"][..]),
        (Kind::AdGroup, true) => (AD_GROUP, &["billable_event", "campaign_id", "name"][..]),
        (Kind::AdGroup, false) => (AD_GROUP, &["id"][..]),
    };
    if let Some(missing) = required.iter().find(|name| !item.contains_key(**name)) {
        return Err(Refusal::invalid(format!("'{missing}' is a required property.")));
    }
    for (name, value) in item {
        if !known.contains(&name.as_str()) && (creates || name != "id") {
            return Err(Refusal::invalid(format!("Additional properties are not allowed ('{name}').")));
        }
        if INTEGERS.contains(&name.as_str()) && !value.is_null() && value.as_i64().is_none() {
            return Err(Refusal::invalid(format!("'{name}' is not an integer.")));
        }
        let values = ENUMS.iter().find(|(field, _)| field == name).map(|(_, values)| *values);
        if values.is_some_and(|values| !value.as_str().is_some_and(|value| values.contains(&value))) {
            return Err(Refusal::invalid(format!("{value} is not one of the values of '{name}'.")));
        }
    }
    Ok(())
}

/// Whether an object may become what it would be; if not, that is its own exception.
pub(super) fn allows(
    account: &Account,
    before: Option<&Object>,
    after: &Object,
    has_location: impl Fn(&str) -> bool,
    now: Timestamp,
) -> Result<(), Refusal> {
    if before.is_some_and(Object::is_archived) {
        return Err(exception("Archived entities cannot be changed."));
    }
    let length = after.name().chars().count();
    if length == 0 || length > NAME_LENGTH {
        return Err(exception("The name must have from 1 to 255 characters."));
    }
    let (start, end) = (after.time("start_time"), after.time("end_time"));
    if end.is_some_and(|end| end <= start.unwrap_or(now)) {
        return Err(exception("end_time must be after start_time."));
    }
    let starts_anew = start.filter(|_| before.is_none_or(|before| before.time("start_time") != start));
    if starts_anew.is_some_and(|start| start.as_second() + 60 < now.as_second()) {
        return Err(exception("start_time must not be in the past."));
    }
    match after.kind {
        Kind::Campaign => campaign(before, after),
        Kind::AdGroup => ad_group(account, before, after, has_location),
    }
}

fn campaign(before: Option<&Object>, after: &Object) -> Result<(), Refusal> {
    let caps = [after.number("daily_spend_cap"), after.number("lifetime_spend_cap")];
    if caps.iter().flatten().any(|cap| *cap <= 0) {
        return Err(exception("A spend cap must be greater than zero."));
    }
    match caps {
        [Some(_), Some(_)] => return Err(exception("daily_spend_cap and lifetime_spend_cap cannot both be set.")),
        [None, None] if after.has_budget_for_all() => {
            return Err(exception("A campaign with campaign budget optimization needs a spend cap."));
        }
        _ => {}
    }
    let changes = |name: &str| before.is_some_and(|before| before.doc.get(name) != after.doc.get(name));
    if changes("objective_type") {
        return Err(exception("The objective of a campaign can only be changed while it is a draft."));
    }
    Ok(())
}

fn ad_group(
    account: &Account,
    before: Option<&Object>,
    after: &Object,
    has_location: impl Fn(&str) -> bool,
) -> Result<(), Refusal> {
    let parent = account.get(Kind::Campaign, after.parent).ok_or_else(|| exception("Campaign not found."))?;
    if parent.is_archived() {
        return Err(exception("The campaign is archived."));
    }
    let for_all = parent.has_budget_for_all();
    if for_all && before.is_none() && account.groups(parent.id).count() >= GROUPS {
        return Err(exception("The campaign has the maximum number of ad groups."));
    }
    let budget = after.number("budget_in_micro_currency");
    match (for_all, after.text("budget_type"), budget) {
        (true, "CBO_ADGROUP", None) | (false, "DAILY" | "LIFETIME", Some(1..)) => {}
        (true, ..) => {
            let message = "An ad group of a campaign with campaign budget optimization has budget_type CBO_ADGROUP and \
                           no budget.";
            return Err(exception(message));
        }
        (false, ..) => return Err(exception("budget_in_micro_currency is required.")),
    }
    if for_all && (after.number("start_time").is_some() || after.number("end_time").is_some()) {
        // A closed beta lets some do it.
        return Err(exception("The schedule is that of the campaign."));
    }
    let event = (parent.text("objective_type"), after.text("billable_event"));
    let bids = matches!(event, ("AWARENESS", "IMPRESSION") | ("CONSIDERATION" | "CATALOG_SALES", "CLICKTHROUGH"));
    // That automatic bidding needs no bid is assumed.
    if bids && after.text("bid_strategy_type") != "AUTOMATIC_BID" && after.number("bid_in_micro_currency").is_none() {
        return Err(exception("bid_in_micro_currency is required."));
    }
    targeting(after, has_location)
}

fn targeting(after: &Object, has_location: impl Fn(&str) -> bool) -> Result<(), Refusal> {
    let spec = after.doc.get("targeting_spec").unwrap_or(&Value::Null);
    let list = |name: &str| spec[name].as_array().cloned().unwrap_or_default();
    let locations = list("LOCATION");
    if locations.is_empty() && list("GEO").is_empty() {
        return Err(exception("At least one of LOCATION or GEO must be specified."));
    }
    if let Some(unknown) = locations.iter().find(|code| !code.as_str().is_some_and(&has_location)) {
        return Err(exception(format!("LOCATION: {unknown} is not available.")));
    }
    if spec["MINIMUM_AGE"].is_null() != spec["MAXIMUM_AGE"].is_null() {
        return Err(exception("MINIMUM_AGE and MAXIMUM_AGE must be used together."));
    }
    Ok(())
}

/// An item's own refusal. Its code is assumed.
fn exception(message: impl Into<String>) -> Refusal {
    Refusal { code: 2_415, ..Refusal::invalid(message) }
}
