//! Rules of ad sets.

use serde_json::{Map, Value};

use super::budgets::{Minimums, check_minimum};
use super::campaigns::{both_levels, budgeted, check_limit, check_one_budget, check_switch};
use super::errors::GraphError;
use super::live::has_budget;
use super::object::{Kind, Object};
use super::params::Params;
use super::schema::check_enum;
use super::targeting;
use super::write::{Context, Draft};

/// Goals that need a pixel and one of its events.
const OF_A_PIXEL: &[&str] = &["OFFSITE_CONVERSIONS", "VALUE"];

/// Goals of objectives. The table is a part of the documented one.
const GOALS: &[(&str, &[&str])] = &[
    ("OUTCOME_AWARENESS", &["REACH", "IMPRESSIONS", "AD_RECALL_LIFT", "THRUPLAY"]),
    (
        "OUTCOME_TRAFFIC",
        &[
            "LINK_CLICKS",
            "LANDING_PAGE_VIEWS",
            "REACH",
            "IMPRESSIONS",
            "CONVERSATIONS",
            "QUALITY_CALL",
            "VISIT_INSTAGRAM_PROFILE",
            "PROFILE_VISIT",
        ],
    ),
    (
        "OUTCOME_ENGAGEMENT",
        &[
            "POST_ENGAGEMENT",
            "THRUPLAY",
            "PAGE_LIKES",
            "EVENT_RESPONSES",
            "CONVERSATIONS",
            "LINK_CLICKS",
            "LANDING_PAGE_VIEWS",
            "REACH",
            "IMPRESSIONS",
            "OFFSITE_CONVERSIONS",
            "QUALITY_CALL",
            "REMINDERS_SET",
        ],
    ),
    (
        "OUTCOME_LEADS",
        &[
            "OFFSITE_CONVERSIONS",
            "LEAD_GENERATION",
            "QUALITY_LEAD",
            "LINK_CLICKS",
            "LANDING_PAGE_VIEWS",
            "REACH",
            "IMPRESSIONS",
            "CONVERSATIONS",
            "QUALITY_CALL",
        ],
    ),
    (
        "OUTCOME_SALES",
        &[
            "OFFSITE_CONVERSIONS",
            "VALUE",
            "LINK_CLICKS",
            "LANDING_PAGE_VIEWS",
            "REACH",
            "IMPRESSIONS",
            "CONVERSATIONS",
            "QUALITY_CALL",
        ],
    ),
    (
        "OUTCOME_APP_PROMOTION",
        &["APP_INSTALLS", "APP_INSTALLS_AND_OFFSITE_CONVERSIONS", "LINK_CLICKS", "OFFSITE_CONVERSIONS", "VALUE"],
    ),
];

/// The document of a new ad set.
pub fn create(context: Context<'_>, params: &Params) -> Result<Map<String, Value>, GraphError> {
    let mut draft = Draft::create(Kind::AdSet, context, params);
    draft.need_text("name")?;
    draft.need_text("campaign_id")?;
    let campaign = campaign_of(context, &draft.doc)?;
    if !params.has("targeting") {
        return Err(GraphError::required("targeting"));
    }
    draft.need_choice("optimization_goal")?;
    draft.need_choice("billing_event")?;
    common(&mut draft, campaign)?;
    check_limit(context, Kind::AdSet)?;
    draft.doc.entry("start_time").or_insert_with(|| context.now.as_second().into());
    draft.finish()
}

/// The document of an updated ad set.
pub fn update(before: &Object, context: Context<'_>, params: &Params) -> Result<Map<String, Value>, GraphError> {
    let mut draft = Draft::update(before, context, params);
    draft.need_text("name")?;
    draft.choice("optimization_goal")?;
    draft.choice("billing_event")?;
    draft.fixed("billing_event")?;
    let campaign = campaign_of(context, &draft.doc)?;
    // A delete or a pause must always be possible, whatever rules have changed since.
    let only_status = params.iter().all(|(name, _)| matches!(name, "status" | "access_token" | "appsecret_proof"));
    if only_status {
        draft.status()?;
        return draft.finish();
    }
    common(&mut draft, campaign)?;
    check_switch(before, &draft.doc)?;
    if before.published && draft.changes("promoted_object") {
        let message = "You can't change the pixel or its event after the ad set was published. Create a new ad set.";
        return Err(GraphError::invalid(1_885_154, "Conversion Can't Be Edited", message).at("promoted_object"));
    }
    draft.finish()
}

fn campaign_of<'a>(context: Context<'a>, doc: &Map<String, Value>) -> Result<&'a Object, GraphError> {
    let id = doc.get("campaign_id").and_then(Value::as_str).unwrap_or_default();
    let found = id.parse().ok().and_then(|id| context.account.get_kind(Kind::Campaign, id));
    match found {
        Some(campaign) if campaign.is_present() => Ok(campaign),
        Some(_) => {
            let message = "The campaign has been deleted or archived.";
            Err(GraphError::invalid(1_487_056, "Campaign Not Available", message).at("campaign_id"))
        }
        None => Err(GraphError::parameter("campaign_id", format_args!("There is no campaign with ID {id}"))),
    }
}

fn common(draft: &mut Draft<'_>, campaign: &Object) -> Result<(), GraphError> {
    draft.status()?;
    draft.json("targeting")?;
    draft.json("promoted_object")?;
    draft.budget("daily_budget")?;
    draft.budget("lifetime_budget")?;
    draft.amount("bid_amount")?;
    draft.choice("bid_strategy")?;
    draft.choice("destination_type")?;
    draft.time("start_time")?;
    draft.time("end_time")?;
    draft.text("dsa_beneficiary");
    draft.text("dsa_payor");
    draft.labels()?;
    // A cap goes with the strategy that needed it (assumed).
    if draft.before.is_some() && draft.changes("bid_strategy") && !draft.params.has("bid_amount") && !is_capped(draft) {
        draft.doc.remove("bid_amount");
    }
    check_goal(draft, campaign)?;
    check_times(draft)?;
    check_budget(draft, campaign)?;
    check_bid(draft, campaign)?;
    check_promoted(draft)?;
    targeting::check(draft, campaign)
}

fn is_capped(draft: &Draft<'_>) -> bool {
    matches!(field(draft, "bid_strategy"), "LOWEST_COST_WITH_BID_CAP" | "COST_CAP")
}

fn field<'d>(draft: &'d Draft<'_>, name: &str) -> &'d str {
    draft.doc.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn check_goal(draft: &Draft<'_>, campaign: &Object) -> Result<(), GraphError> {
    let (goal, event) = (field(draft, "optimization_goal"), field(draft, "billing_event"));
    let goals = GOALS.iter().find(|(objective, _)| *objective == campaign.text("objective"));
    if goals.is_some_and(|(_, goals)| !goals.contains(&goal)) {
        let message = format!("{goal} isn't available for the objective {}.", campaign.text("objective"));
        return Err(GraphError::invalid(2_490_408, "Performance Goal Isn't Available", message).at("optimization_goal"));
    }
    // Impressions can always be paid for; anything else only if it is what is optimised for.
    if event == "IMPRESSIONS" || event == goal {
        return Ok(());
    }
    let message = format!("{event} can't be charged for when {goal} is optimised for.");
    Err(GraphError::invalid(1_815_117, "Billing Event Isn't Available", message).at("billing_event"))
}

fn check_times(draft: &Draft<'_>) -> Result<(), GraphError> {
    let seconds = |name: &str| draft.doc.get(name).and_then(Value::as_i64);
    let (now, start) = (draft.context.now.as_second(), seconds("start_time"));
    if let Some(end) = seconds("end_time")
        && draft.changes("end_time")
        && end <= start.unwrap_or(now).max(now)
    {
        let message = "The end time must be later than the start time and the present.";
        return Err(GraphError::invalid(1_487_488, "Invalid End Time", message).at("end_time"));
    }
    if draft.doc.contains_key("lifetime_budget") && seconds("end_time").is_none() {
        let message = "A lifetime budget needs an end time.";
        return Err(GraphError::invalid(1_487_793, "End Time Missing", message).at("end_time"));
    }
    Ok(())
}

fn check_budget(draft: &Draft<'_>, campaign: &Object) -> Result<(), GraphError> {
    check_one_budget(&draft.doc)?;
    match (has_budget(campaign), budgeted(&draft.doc)) {
        (true, true) => return Err(both_levels()),
        (false, false) => {
            let message = "The campaign has no budget, so the ad set needs a daily or a lifetime budget.";
            return Err(GraphError::invalid(1_885_650, "Budget Missing", message).at("daily_budget"));
        }
        _ => {}
    }
    let Some(amount) = draft.doc.get("daily_budget").and_then(Value::as_i64) else { return Ok(()) };
    if !draft.changes("daily_budget") {
        return Ok(());
    }
    let account = &draft.context.account.config;
    let least = Minimums::of(account).for_billing(field(draft, "billing_event"));
    check_minimum("daily_budget", amount, least, &account.currency)
}

fn check_bid(draft: &Draft<'_>, campaign: &Object) -> Result<(), GraphError> {
    let own = field(draft, "bid_strategy");
    let strategy = if own.is_empty() { campaign.text("bid_strategy") } else { own };
    let capped = matches!(strategy, "LOWEST_COST_WITH_BID_CAP" | "COST_CAP");
    if capped && !draft.doc.contains_key("bid_amount") {
        let message = format!("The bid strategy {strategy} needs a bid amount.");
        return Err(GraphError::invalid(1_815_857, "Bid Amount Required", message).at("bid_amount"));
    }
    if !capped
        && strategy != "LOWEST_COST_WITH_MIN_ROAS"
        && draft.doc.contains_key("bid_amount")
        && !strategy.is_empty()
    {
        let message = format!("The bid strategy {strategy} has no bid amount.");
        return Err(GraphError::invalid(1_885_737, "Bid Amount Not Allowed", message).at("bid_amount"));
    }
    Ok(())
}

fn check_promoted(draft: &Draft<'_>) -> Result<(), GraphError> {
    let promoted = draft.doc.get("promoted_object");
    let text = |name: &str| {
        let value = promoted.and_then(|object| object.get(name));
        value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let (pixel, event) = (text("pixel_id"), text("custom_event_type"));
    if OF_A_PIXEL.contains(&field(draft, "optimization_goal")) && (pixel.is_none() || event.is_none()) {
        let message = "To optimise for conversions, the promoted object needs pixel_id and custom_event_type.";
        return Err(GraphError::invalid(1_885_014, "Promoted Object Required", message).at("promoted_object"));
    }
    if let Some(event) = event {
        check_enum("promoted_object.custom_event_type", &event)?;
    }
    match pixel {
        Some(pixel) if draft.changes("promoted_object") && !draft.context.account.config.pixels.contains(&pixel) => {
            let message = format!("The pixel {pixel} doesn't exist or the ad account may not use it.");
            Err(GraphError::invalid(1_815_045, "Pixel Not Available", message).at("promoted_object.pixel_id"))
        }
        _ => Ok(()),
    }
}
