//! Rules for campaigns.

use jiff::civil::{DateTime, time};

use super::{Context, Errors, check_url_fields, default, fail, limit, removed};
use crate::google::errors::AdsError;
use crate::google::key::{Key, Kind};
use crate::google::object::{Object, Status, parse_date_time};
use crate::google::schema::{Doc, schema};

/// Bidding strategies and the `biddingStrategyType` that each gives.
const STRATEGIES: &[(&str, &str)] = &[
    ("commission", "COMMISSION"),
    ("fixedCpm", "FIXED_CPM"),
    ("manualCpa", "MANUAL_CPA"),
    ("manualCpc", "MANUAL_CPC"),
    ("manualCpm", "MANUAL_CPM"),
    ("manualCpv", "MANUAL_CPV"),
    ("maximizeConversionValue", "MAXIMIZE_CONVERSION_VALUE"),
    ("maximizeConversions", "MAXIMIZE_CONVERSIONS"),
    ("percentCpc", "PERCENT_CPC"),
    ("targetCpa", "TARGET_CPA"),
    ("targetCpc", "TARGET_CPC"),
    ("targetCpm", "TARGET_CPM"),
    ("targetCpv", "TARGET_CPV"),
    ("targetImpressionShare", "TARGET_IMPRESSION_SHARE"),
    ("targetRoas", "TARGET_ROAS"),
    ("targetSpend", "TARGET_SPEND"),
];

/// What Search campaigns can bid by (assumed from the help pages; the API's own table is not public).
const SEARCH_STRATEGIES: &[&str] = &[
    "MANUAL_CPC",
    "MAXIMIZE_CONVERSIONS",
    "MAXIMIZE_CONVERSION_VALUE",
    "TARGET_CPA",
    "TARGET_IMPRESSION_SHARE",
    "TARGET_ROAS",
    "TARGET_SPEND",
];

pub(super) fn create(ctx: &mut Context<'_>, mut doc: Doc) -> Result<Object, Errors> {
    let mut errors = Errors::new();
    default(&mut doc, "status", "ENABLED");
    default(&mut doc, "adServingOptimizationStatus", "OPTIMIZE");
    default(&mut doc, "paymentMode", "CLICKS");
    let today = ctx.today();
    default(&mut doc, "startDateTime", format!("{today} 00:00:00"));
    let geo = doc.entry("geoTargetTypeSetting").or_insert_with(|| Doc::new().into());
    if let Some(geo) = geo.as_object_mut() {
        default(geo, "positiveGeoTargetType", "PRESENCE_OR_INTEREST");
        default(geo, "negativeGeoTargetType", "PRESENCE");
    }
    doc.insert("experimentType".into(), "BASE".into());
    let key = Key::one(Kind::Campaign, ctx.next_id());
    let mut campaign = Object::new(key, doc);

    if campaign.is_removed() {
        errors.push(super::created_removed());
    }
    for (field, name) in [
        ("advertisingChannelType", "advertising_channel_type"),
        ("containsEuPoliticalAdvertising", "contains_eu_political_advertising"),
    ] {
        if matches!(campaign.text(field), "" | "UNSPECIFIED" | "UNKNOWN") {
            errors.push(AdsError::required(name));
        }
    }
    check_name(ctx, &campaign, &mut errors);
    check_network(&campaign, &mut errors);
    check_budget(ctx, &mut campaign, &mut errors);
    check_bidding(&mut campaign, &mut errors);
    check_dates(ctx, None, &campaign, &mut errors);
    check_url_fields(&campaign.doc, "", &mut errors);
    let (count, most) = (ctx.account.count(Kind::Campaign), ctx.config.limits.campaigns_per_account);
    errors.extend(limit(ctx.account.id(), "ACCOUNT_LIMIT", "CAMPAIGNS_PER_CUSTOMER", count, most));
    if !errors.is_empty() {
        return Err(errors);
    }
    campaign.learning_since = Some(ctx.now);
    sync_budget_name(ctx, &campaign);
    ctx.also.push(super::goal::of_campaign(ctx.account.id(), campaign.key.id()));
    Ok(campaign)
}

pub(super) fn update(
    ctx: &mut Context<'_>,
    before: &Object,
    mut after: Object,
    paths: &[String],
) -> Result<Object, Errors> {
    if before.is_removed() {
        return fail(removed());
    }
    let mut errors = Errors::new();
    let named = |field: &str| paths.iter().any(|p| p == field || p.starts_with(&format!("{field}.")));
    super::check_status(&after, &mut errors);
    if named("name") {
        check_name(ctx, &after, &mut errors);
    }
    if named("contains_eu_political_advertising")
        && matches!(after.text("containsEuPoliticalAdvertising"), "" | "UNSPECIFIED" | "UNKNOWN")
    {
        errors.push(AdsError::required("contains_eu_political_advertising"));
    }
    if named("network_settings") {
        check_network(&after, &mut errors);
    }
    if named("campaign_budget") {
        check_budget(ctx, &mut after, &mut errors);
    }
    check_bidding(&mut after, &mut errors);
    check_dates(ctx, Some(before), &after, &mut errors);
    check_url_fields(&after.doc, "", &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    if before.text("biddingStrategyType") != after.text("biddingStrategyType") {
        after.learning_since = Some(ctx.now);
    }
    sync_budget_name(ctx, &after);
    Ok(after)
}

/// Removes a campaign and, as documented, the budget that it alone uses.
pub(super) fn remove(ctx: &mut Context<'_>, before: &Object) -> Result<Option<Object>, Errors> {
    if before.is_removed() {
        return fail(removed());
    }
    let mut after = before.clone();
    after.doc.insert("status".into(), "REMOVED".into());
    let budget = Key::one(Kind::Budget, before.reference("campaignBudget"));
    if let Some(budget) = ctx.account.get(budget).filter(|b| !b.flag("explicitlyShared")) {
        let mut budget = Object::clone(budget);
        budget.doc.insert("status".into(), "REMOVED".into());
        ctx.also.push(budget);
    }
    Ok(Some(after))
}

fn check_name(ctx: &Context<'_>, campaign: &Object, errors: &mut Errors) {
    let name = campaign.text("name");
    if name.trim().is_empty() {
        errors.push(AdsError::required("name"));
    } else if name.contains(['\0', '\n', '\r']) {
        errors.push(error("INVALID_CAMPAIGN_NAME", "The campaign name is invalid.").at("name").trigger(name));
    } else if name.chars().count() > 255 {
        errors.push(AdsError::new("stringLengthError", "TOO_LONG", "Too long.").at("name").trigger(name));
    } else if ctx.account.holder(Kind::Campaign, 0, name).is_some_and(|id| id != campaign.key.id()) {
        errors.push(
            error(
                "DUPLICATE_CAMPAIGN_NAME",
                "The campaign name is already being used by another campaign that is not removed.",
            )
            .at("name")
            .trigger(name),
        );
    }
}

fn check_network(campaign: &Object, errors: &mut Errors) {
    if campaign.text("advertisingChannelType") != "SEARCH" {
        return;
    }
    let Some(network) = campaign.doc.get("networkSettings") else {
        errors.push(AdsError::required("network_settings"));
        return;
    };
    let on = |name: &str| network.get(name).and_then(serde_json::Value::as_bool).unwrap_or_default();
    if !["targetGoogleSearch", "targetSearchNetwork", "targetContentNetwork"].into_iter().any(on) {
        errors.push(
            error("CAMPAIGN_MUST_TARGET_AT_LEAST_ONE_NETWORK", "The campaign must target at least one network.")
                .at("network_settings"),
        );
    } else if on("targetSearchNetwork") && !on("targetGoogleSearch") {
        errors.push(
            error("CANNOT_TARGET_SEARCH_NETWORK_WITHOUT_GOOGLE_SEARCH", "The search network needs Google Search.")
                .at("network_settings.target_search_network"),
        );
    }
    if on("targetPartnerSearchNetwork") {
        errors.push(
            error(
                "CANNOT_TARGET_PARTNER_SEARCH_NETWORK",
                "The partner search network is open to selected accounts only.",
            )
            .at("network_settings.target_partner_search_network"),
        );
    }
}

fn check_budget(ctx: &mut Context<'_>, campaign: &mut Object, errors: &mut Errors) {
    let name = campaign.text("campaignBudget").to_owned();
    if name.is_empty() {
        errors.push(AdsError::required("campaign_budget"));
        return;
    }
    let budget = match ctx.resolve(Kind::Budget, &name) {
        Ok(budget) => budget,
        Err(error) => {
            errors.push(error.at("campaign_budget").trigger(name));
            return;
        }
    };
    campaign.doc.insert("campaignBudget".into(), budget.key.name(ctx.account.id()).into());
    let shared = budget.flag("explicitlyShared");
    let refusal = if budget.is_removed() {
        ("CAMPAIGN_BUDGET_REMOVED", "The requested campaign budget has been removed.")
    } else if !shared && ctx.account.users(budget.key.id()).any(|id| id != campaign.key.id()) {
        (
            "CANNOT_USE_IMPLICITLY_SHARED_CAMPAIGN_BUDGET_WITH_MULTIPLE_CAMPAIGNS",
            "An implicitly shared campaign budget cannot be used by several campaigns.",
        )
    } else {
        return;
    };
    errors.push(AdsError::new("campaignBudgetError", refusal.0, refusal.1).at("campaign_budget"));
}

fn check_bidding(campaign: &mut Object, errors: &mut Errors) {
    if campaign.doc.contains_key("biddingStrategy") {
        // adsim has no portfolio strategies, so none can be found.
        errors.push(AdsError::not_found().at("bidding_strategy"));
        return;
    }
    let Some((field, strategy)) = STRATEGIES.iter().find(|(field, _)| campaign.doc.contains_key(*field)) else {
        errors.push(AdsError::required("campaign_bidding_strategy"));
        return;
    };
    let name = schema().message("Campaign").field(field).map_or(*field, |f| f.name);
    if campaign.text("advertisingChannelType") == "SEARCH" && !SEARCH_STRATEGIES.contains(strategy) {
        errors.push(
            AdsError::new(
                "biddingError",
                "CANNOT_CREATE_CAMPAIGN_WITH_BIDDING_STRATEGY",
                "Search campaigns cannot use this bidding strategy.",
            )
            .at(name),
        );
    }
    campaign.doc.insert("biddingStrategyType".into(), (*strategy).into());
}

fn check_dates(ctx: &Context<'_>, before: Option<&Object>, after: &Object, errors: &mut Errors) {
    let now = ctx.now.to_zoned(ctx.account.zone.clone()).datetime();
    let changed = |field: &str| before.is_none_or(|b| b.text(field) != after.text(field));
    let start = read_date(after, "startDateTime", "start_date_time", errors);
    let end = read_date(after, "endDateTime", "end_date_time", errors);
    if after.text("advertisingChannelType") == "SEARCH" {
        check_whole_days(start, end, errors);
    }
    if changed("startDateTime") {
        let started = before.and_then(|b| b.date_time("startDateTime")).is_some_and(|old| {
            old.date() < now.date() || (old <= now && before.is_some_and(|b| b.status() == Status::Enabled))
        });
        if started {
            errors.push(
                error(
                    "CANNOT_MODIFY_START_DATE_IF_ALREADY_STARTED",
                    "Cannot modify the start date if the campaign has already started.",
                )
                .at("start_date_time"),
            );
        } else if start.is_some_and(|start| start.date() < now.date()) {
            errors.push(past("start_date_time"));
        }
    }
    if changed("endDateTime") && end.is_some_and(|end| end < now) {
        errors.push(past("end_date_time"));
    }
    if let (Some(start), Some(end)) = (start, end)
        && end < start
    {
        errors.push(
            AdsError::new("dateRangeError", "START_DATE_AFTER_END_DATE", "The start date was after the end date.")
                .at("end_date_time"),
        );
    }
}

fn read_date(campaign: &Object, field: &str, name: &str, errors: &mut Errors) -> Option<DateTime> {
    let text = campaign.text(field);
    if text.is_empty() {
        return None;
    }
    let date = parse_date_time(text);
    if date.is_none() {
        errors.push(
            AdsError::new(
                "dateError",
                "INVALID_STRING_DATE_TIME_SECONDS",
                "The string date time's format should be yyyy-mm-dd hh:mm:ss.",
            )
            .at(name)
            .trigger(text),
        );
    }
    date
}

/// Search campaigns run by whole days.
fn check_whole_days(start: Option<DateTime>, end: Option<DateTime>, errors: &mut Errors) {
    if start.is_some_and(|start| start.time() != time(0, 0, 0, 0)) {
        let code = "DATE_RANGE_ERROR_START_TIME_MUST_BE_THE_START_OF_A_DAY";
        errors
            .push(AdsError::new("dateError", code, "The start time must be the start of a day.").at("start_date_time"));
    }
    if end.is_some_and(|end| end.time() != time(23, 59, 59, 0)) {
        let code = "DATE_RANGE_ERROR_END_TIME_MUST_BE_THE_END_OF_A_DAY";
        errors.push(AdsError::new("dateError", code, "The end time must be the end of a day.").at("end_date_time"));
    }
}

/// A budget that is not shared takes the name of its campaign.
fn sync_budget_name(ctx: &mut Context<'_>, campaign: &Object) {
    let key = Key::one(Kind::Budget, campaign.reference("campaignBudget"));
    let Some(budget) = ctx.account.get(key) else { return };
    if !budget.flag("explicitlyShared") && budget.text("name") != campaign.text("name") {
        let mut budget = Object::clone(budget);
        budget.doc.insert("name".into(), campaign.text("name").into());
        ctx.also.push(budget);
    }
}

fn past(field: &str) -> AdsError {
    AdsError::new("dateRangeError", "CANNOT_SET_DATE_TO_PAST", "Cannot set date to past.").at(field)
}

fn error(code: &str, message: &str) -> AdsError {
    AdsError::new("campaignError", code, message)
}
