//! Rules for ad groups.

use super::{Context, Errors, check_url_fields, default, fail, limit, removed};
use crate::google::constants::currency_units;
use crate::google::errors::AdsError;
use crate::google::key::{Key, Kind};
use crate::google::object::Object;
use crate::google::schema::Doc;

pub(super) fn create(ctx: &mut Context<'_>, mut doc: Doc) -> Result<Object, Errors> {
    let mut errors = Errors::new();
    default(&mut doc, "status", "ENABLED");
    let campaign = ctx.reference(&doc, "campaign", "campaign", Kind::Campaign, &mut errors);
    let Some(campaign) = campaign else { return Err(errors) };
    if campaign.is_removed() {
        errors.push(removed().at("campaign"));
    }
    doc.insert("campaign".into(), campaign.key.name(ctx.account.id()).into());
    let natural = match campaign.text("advertisingChannelType") {
        "SEARCH" => "SEARCH_STANDARD",
        "DISPLAY" => "DISPLAY_STANDARD",
        _ => "",
    };
    default(&mut doc, "type", natural);
    let group = Object::new(Key::one(Kind::AdGroup, ctx.next_id()), doc);
    if group.is_removed() {
        errors.push(super::created_removed());
    }
    if group.text("type") != natural && !(natural == "SEARCH_STANDARD" && group.text("type") == "SEARCH_DYNAMIC_ADS") {
        errors.push(
            error(
                "AD_GROUP_TYPE_NOT_VALID_FOR_ADVERTISING_CHANNEL_TYPE",
                "The ad group type is not valid for the campaign's channel.",
            )
            .at("type"),
        );
    }
    check(ctx, &group, campaign.key.id(), &mut errors);
    let count = ctx.account.ad_groups_of(campaign.key.id(), None).filter(|g| !g.is_removed()).count();
    let most = ctx.config.limits.ad_groups_per_campaign;
    errors.extend(limit(&campaign.key.id().to_string(), "CAMPAIGN_LIMIT", "AD_GROUPS_PER_CAMPAIGN", count, most));
    if errors.is_empty() { Ok(group) } else { Err(errors) }
}

pub(super) fn update(ctx: &mut Context<'_>, before: &Object, after: Object) -> Result<Object, Errors> {
    let campaign = before.reference("campaign");
    let gone = ctx.account.get(Key::one(Kind::Campaign, campaign)).is_none_or(|c| c.is_removed());
    if before.is_removed() || gone {
        return fail(removed());
    }
    let mut errors = Errors::new();
    super::check_status(&after, &mut errors);
    check(ctx, &after, campaign, &mut errors);
    if errors.is_empty() { Ok(after) } else { Err(errors) }
}

pub(super) fn remove(before: &Object) -> Result<Option<Object>, Errors> {
    if before.is_removed() {
        return fail(removed());
    }
    let mut after = before.clone();
    after.doc.insert("status".into(), "REMOVED".into());
    Ok(Some(after))
}

fn check(ctx: &Context<'_>, group: &Object, campaign: i64, errors: &mut Errors) {
    let name = group.text("name");
    if name.trim().is_empty() {
        errors.push(AdsError::required("name"));
    } else if name.contains(['\0', '\n', '\r']) {
        errors.push(error("INVALID_ADGROUP_NAME", "The ad group name is invalid.").at("name").trigger(name));
    } else if name.chars().count() >= 255 {
        errors.push(AdsError::new("stringLengthError", "TOO_LONG", "Too long.").at("name").trigger(name));
    } else if ctx.account.holder(Kind::AdGroup, campaign, name).is_some_and(|id| id != group.key.id()) {
        errors.push(
            error("DUPLICATE_ADGROUP_NAME", "AdGroup with the same name already exists for the campaign.")
                .at("name")
                .trigger(name),
        );
    }
    let (unit, _) = currency_units(&ctx.account.config.currency_code);
    for (field, name) in [("cpcBidMicros", "cpc_bid_micros"), ("targetCpaMicros", "target_cpa_micros")] {
        if group.int(field) % unit != 0 {
            errors.push(
                AdsError::new(
                    "currencyError",
                    "VALUE_NOT_MULTIPLE_OF_BILLABLE_UNIT",
                    "The value is not a multiple of the currency's billable unit.",
                )
                .at(name)
                .trigger(group.text(field)),
            );
        }
    }
    check_url_fields(&group.doc, "", errors);
}

fn error(code: &str, message: &str) -> AdsError {
    AdsError::new("adGroupError", code, message)
}
