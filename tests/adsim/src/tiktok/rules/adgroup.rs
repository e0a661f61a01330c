//! Ad groups of website campaigns: goal, pixel, budget, schedule. Where they run is [`super::super::targeting`]'s.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::super::errors::{Refusal, code};
use super::super::money::LEAST_ADGROUP;
use super::super::object::{Kind, Object, parse_time};
use super::super::schema::{Doc, text};
use super::super::targeting;
use super::{Context, check_limit, check_name, check_request_id, is_enabled};

/// No start later than this.
const LAST_START: &str = "2028-01-01 00:00:00";
/// No end later than this.
const LAST_END: &str = "2038-01-01 00:00:00";
/// How far in the past a start may lie.
const PAST_START: SignedDuration = SignedDuration::from_hours(12);
/// What must be the same in all ad groups of a campaign.
const ALIKE: &[&str] = &["bid_type", "budget_mode"];
/// What must be so, too, if the campaign's budget pays.
const ALIKE_UNDER_CAMPAIGN_BUDGET: &[&str] = &[
    "optimization_goal",
    "optimization_event",
    "custom_conversion_id",
    "billing_event",
    "bid_price",
    "conversion_bid_price",
    "deep_bid_type",
    "roas_bid",
];

/// `smart_plus/adgroup/create/`.
pub fn create(context: &Context<'_>, mut doc: Doc) -> Result<Object, Refusal> {
    context.admits_writes()?;
    check_request_id(&doc)?;
    check_name(&doc, "adgroup_name")?;
    let campaign = context.find(Kind::Campaign, text(&doc, "campaign_id"))?;
    let count = context.account.adgroups(campaign.id).count();
    check_limit(count, context.config.limits.adgroups_per_campaign, code::INVALID, "ad groups of a campaign")?;
    match text(&doc, "promotion_type") {
        "WEBSITE" => {}
        other => return Err(Refusal::not_simulated(&format!("promotion_type {other}"))),
    }
    check_goal(context, &doc)?;
    let budget = budget_of_new(context, campaign, &mut doc)?;
    check_bid(campaign, &doc)?;
    check_schedule(&doc, campaign, context.now, true)?;
    check_dayparting(&doc)?;
    targeting::settle(&mut doc, context.config)?;
    check_alike(context, campaign, &doc)?;
    for field in ["advertiser_id", "request_id", "campaign_id"] {
        doc.remove(field);
    }
    let enabled = is_enabled(&mut doc);
    defaults(&mut doc);
    Ok(Object { budget, enabled, ..Object::new(Kind::Adgroup, campaign.id, doc, context.now) })
}

/// What the service fills in.
fn defaults(doc: &mut Doc) {
    let mut or = |field: &str, value: Value| {
        doc.entry(field).or_insert(value);
    };
    or("bid_type", "BID_TYPE_NO_BID".into());
    or("click_attribution_window", "SEVEN_DAYS".into());
    or("view_attribution_window", "ONE_DAY".into());
    or("attribution_event_count", "EVERY".into());
    or("comment_disabled", false.into());
    or("share_disabled", false.into());
    or("video_download_disabled", false.into());
    or("dayparting", "1".repeat(336).into());
    if text(doc, "placement_type") != "PLACEMENT_TYPE_NORMAL" {
        doc.insert("placement_type".into(), "PLACEMENT_TYPE_AUTOMATIC".into());
        doc.insert("placements".into(), vec!["PLACEMENT_TIKTOK", "PLACEMENT_PANGLE"].into());
    }
}

fn check_goal(context: &Context<'_>, doc: &Doc) -> Result<(), Refusal> {
    let goal = text(doc, "optimization_goal");
    let billing = if goal == "CLICK" { "CPC" } else { "OCPM" };
    if text(doc, "billing_event") != billing {
        let message = format!("billing_event: Must be {billing} when optimization_goal is {goal}.");
        return Err(Refusal::invalid(message));
    }
    if text(doc, "placement_type") == "PLACEMENT_TYPE_NORMAL" && !doc.contains_key("placements") {
        return Err(Refusal::missing("placements"));
    }
    match goal {
        "CLICK" | "TRAFFIC_LANDING_PAGE_VIEW" if doc.contains_key("pixel_id") => {
            Err(Refusal::invalid(format!("pixel_id: Not supported when optimization_goal is {goal}.")))
        }
        "CLICK" | "TRAFFIC_LANDING_PAGE_VIEW" => Ok(()),
        "CONVERT" | "VALUE" => check_pixel(context, doc, goal),
        other => Err(Refusal::not_simulated(&format!("optimization_goal {other}"))),
    }
}

fn check_pixel(context: &Context<'_>, doc: &Doc, goal: &str) -> Result<(), Refusal> {
    for field in ["pixel_id", "optimization_event"] {
        if text(doc, field).is_empty() {
            return Err(Refusal::missing(field));
        }
    }
    let (id, event) = (text(doc, "pixel_id"), text(doc, "optimization_event"));
    let pixel = context.account.config.pixels.iter().find(|pixel| pixel.pixel_id == id);
    let pixel = pixel.ok_or_else(|| Refusal::invalid(format!("pixel_id: The pixel {id} does not exist.")))?;
    if goal == "VALUE" && event != "SHOPPING" {
        return Err(Refusal::invalid("optimization_event: Must be SHOPPING when optimization_goal is VALUE."));
    }
    if !pixel.optimization_events.iter().any(|e| e == event) {
        return Err(Refusal::invalid(format!("optimization_event: {event} is not configured for the pixel {id}.")));
    }
    Ok(())
}

/// Mode and amount, if the campaign's budget does not pay; then they are ignored, as documented.
fn budget_of_new(context: &Context<'_>, campaign: &Object, doc: &mut Doc) -> Result<Option<i64>, Refusal> {
    if campaign.optimizes_budget() {
        doc.remove("budget");
        doc.remove("budget_mode");
        return Ok(None);
    }
    let mode = text(doc, "budget_mode");
    let allowed: &[&str] = match campaign.text("budget_mode") {
        "BUDGET_MODE_DAY" => &["BUDGET_MODE_DYNAMIC_DAILY_BUDGET"],
        _ => &["BUDGET_MODE_DYNAMIC_DAILY_BUDGET", "BUDGET_MODE_TOTAL"],
    };
    if mode.is_empty() {
        return Err(Refusal::missing("budget_mode"));
    }
    if !allowed.contains(&mode) {
        return Err(Refusal::invalid(format!("budget_mode: {mode} is not one of: {}.", allowed.join(", "))));
    }
    let value = doc.remove("budget").ok_or_else(|| Refusal::missing("budget"))?;
    context.account.currency.budget(&value, LEAST_ADGROUP, context.config.round_budgets).map(Some)
}

fn check_bid(campaign: &Object, doc: &Doc) -> Result<(), Refusal> {
    if text(doc, "bid_type") != "BID_TYPE_CUSTOM" {
        return Ok(());
    }
    let field = if text(doc, "optimization_goal") == "CLICK" { "bid_price" } else { "conversion_bid_price" };
    if !doc.contains_key(field) {
        return Err(Refusal::missing(field));
    }
    if is_daily(campaign, doc) {
        Ok(())
    } else {
        Err(Refusal::invalid("bid_type: BID_TYPE_CUSTOM needs BUDGET_MODE_DYNAMIC_DAILY_BUDGET."))
    }
}

/// Whether what pays is a dynamic daily budget.
fn is_daily(campaign: &Object, doc: &Doc) -> bool {
    let mode = if campaign.optimizes_budget() { campaign.text("budget_mode") } else { text(doc, "budget_mode") };
    mode == "BUDGET_MODE_DYNAMIC_DAILY_BUDGET"
}

/// Times are told in UTC.
fn check_schedule(doc: &Doc, campaign: &Object, now: Timestamp, new: bool) -> Result<(), Refusal> {
    let read = |field: &str| {
        let wrong = || Refusal::invalid(format!("{field}: Time format should be %Y-%m-%d %H:%M:%S. Please try again."));
        match text(doc, field) {
            "" => Ok(None),
            time => parse_time(time).map(Some).ok_or_else(wrong),
        }
    };
    let (start, end) = (read("schedule_start_time")?, read("schedule_end_time")?);
    let start = start.ok_or_else(|| Refusal::missing("schedule_start_time"))?;
    if (new && start < now - PAST_START) || Some(start) > parse_time(LAST_START) {
        let message = format!("schedule_start_time: Must be at most 12 hours ago and not later than {LAST_START}.");
        return Err(Refusal::invalid(message));
    }
    match text(doc, "schedule_type") {
        "SCHEDULE_FROM_NOW" if !is_daily(campaign, doc) => {
            Err(Refusal::invalid("schedule_type: SCHEDULE_FROM_NOW needs BUDGET_MODE_DYNAMIC_DAILY_BUDGET."))
        }
        "SCHEDULE_FROM_NOW" => Ok(()),
        _ => {
            let end = end.ok_or_else(|| Refusal::missing("schedule_end_time"))?;
            if end <= start || Some(end) > parse_time(LAST_END) {
                return Err(Refusal::invalid(format!(
                    "schedule_end_time: Must be later than schedule_start_time and not later than {LAST_END}."
                )));
            }
            if end <= now {
                return Err(Refusal::invalid("schedule_end_time: Must be later than the current time."));
            }
            Ok(())
        }
    }
}

fn check_dayparting(doc: &Doc) -> Result<(), Refusal> {
    let parts = text(doc, "dayparting");
    if parts.is_empty() || (parts.len() == 48 * 7 && parts.bytes().all(|b| b == b'0' || b == b'1')) {
        Ok(())
    } else {
        Err(Refusal::invalid("dayparting: Must be 336 characters of 0 and 1."))
    }
}

fn check_alike(context: &Context<'_>, campaign: &Object, doc: &Doc) -> Result<(), Refusal> {
    let Some(first) = context.account.adgroups(campaign.id).next() else { return Ok(()) };
    let under = if campaign.optimizes_budget() { ALIKE_UNDER_CAMPAIGN_BUDGET } else { &[] };
    let default = |field: &str| if field == "bid_type" { Some(Value::from("BID_TYPE_NO_BID")) } else { None };
    for field in ALIKE.iter().chain(under) {
        let (is, was) = (doc.get(*field).cloned().or_else(|| default(field)), first.doc.get(*field).cloned());
        if is != was {
            let message = format!("{field}: Must be the same across all ad groups within the same campaign.");
            return Err(Refusal::invalid(message));
        }
    }
    Ok(())
}

/// `smart_plus/adgroup/update/`. Only what is named changes; `targeting_spec` is replaced as a whole (assumed).
pub fn update(context: &Context<'_>, current: &Object, mut doc: Doc) -> Result<Object, Refusal> {
    context.admits_writes()?;
    let mut new = Object { modified: context.now, ..current.clone() };
    if doc.contains_key("adgroup_name") {
        check_name(&doc, "adgroup_name")?;
    }
    let campaign = context.account.get(Kind::Campaign, current.parent);
    let campaign = campaign.ok_or_else(|| Refusal::not_found("campaign", &current.parent.to_string()))?;
    if let Some(value) = doc.remove("budget") {
        if campaign.optimizes_budget() {
            return Err(Refusal::invalid("budget: Cannot be updated when budget_optimize_on is true."));
        }
        let budget = context.account.currency.budget(&value, LEAST_ADGROUP, context.config.round_budgets)?;
        context.check_spent(current, budget)?;
        new.budget = Some(budget);
    }
    if doc.contains_key("schedule_type") && !doc.contains_key("schedule_start_time") {
        return Err(Refusal::missing("schedule_start_time"));
    }
    let reschedules = doc.keys().any(|field| field.starts_with("schedule_"));
    let retargets = doc.contains_key("targeting_spec");
    for field in ["advertiser_id", "adgroup_id"] {
        doc.remove(field);
    }
    if text(&doc, "schedule_type") == "SCHEDULE_FROM_NOW" {
        new.doc.remove("schedule_end_time");
    }
    new.doc.extend(doc);
    if reschedules {
        check_reschedule(context, current, &new, campaign)?;
    }
    check_dayparting(&new.doc)?;
    if retargets {
        targeting::settle(&mut new.doc, context.config)?;
        targeting::check_move(&current.doc, &new.doc)?;
    }
    Ok(new)
}

/// A start that has passed stays as it is.
fn check_reschedule(context: &Context<'_>, current: &Object, new: &Object, campaign: &Object) -> Result<(), Refusal> {
    let (was, is) = (current.instant("schedule_start_time"), new.instant("schedule_start_time"));
    if was != is && was.is_some_and(|start| start <= context.now) {
        return Err(Refusal::invalid("schedule_start_time: Cannot be changed after the ad group has started."));
    }
    check_schedule(&new.doc, campaign, context.now, was != is)
}
