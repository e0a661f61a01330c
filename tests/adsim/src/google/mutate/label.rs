//! Rules for labels and labels on campaigns.

use super::{Context, Errors, fail, limit, removed};
use crate::google::errors::AdsError;
use crate::google::key::{Key, Kind};
use crate::google::object::Object;
use crate::google::schema::Doc;

pub(super) fn create(ctx: &mut Context<'_>, mut doc: Doc) -> Result<Object, Errors> {
    let mut errors = Errors::new();
    doc.insert("status".into(), "ENABLED".into());
    let label = Object::new(Key::one(Kind::Label, ctx.next_id()), doc);
    check(ctx, &label, &mut errors);
    let (count, most) = (ctx.account.count(Kind::Label), ctx.config.limits.labels_per_account);
    errors.extend(limit(ctx.account.id(), "ACCOUNT_LIMIT", "OWNED_LABELS_PER_CUSTOMER", count, most));
    if errors.is_empty() { Ok(label) } else { Err(errors) }
}

pub(super) fn update(ctx: &mut Context<'_>, before: &Object, after: Object) -> Result<Object, Errors> {
    if before.is_removed() {
        return fail(removed());
    }
    let mut errors = Errors::new();
    check(ctx, &after, &mut errors);
    if errors.is_empty() { Ok(after) } else { Err(errors) }
}

/// Removes a label; it falls off all that carries it (assumed).
pub(super) fn remove(ctx: &mut Context<'_>, before: &Object) -> Result<Option<Object>, Errors> {
    if before.is_removed() {
        return fail(removed());
    }
    let id = before.key.id();
    let links: Vec<Key> =
        ctx.account.all(Kind::CampaignLabel, None).map(|link| link.key).filter(|key| key.b == id).collect();
    ctx.also_delete.extend(links);
    let mut after = before.clone();
    after.doc.insert("status".into(), "REMOVED".into());
    Ok(Some(after))
}

pub(super) fn attach(ctx: &mut Context<'_>, doc: &Doc) -> Result<Object, Errors> {
    let mut errors = Errors::new();
    let campaign = ctx.reference(doc, "campaign", "campaign", Kind::Campaign, &mut errors);
    let label = ctx.reference(doc, "label", "label", Kind::Label, &mut errors);
    let (Some(campaign), Some(label)) = (campaign, label) else { return Err(errors) };
    if campaign.is_removed() {
        errors.push(removed().at("campaign"));
    }
    if label.is_removed() {
        errors.push(
            AdsError::new("labelError", "CANNOT_APPLY_INACTIVE_LABEL", "An inactive label cannot be applied.")
                .at("label"),
        );
    }
    let key = Key::two(Kind::CampaignLabel, campaign.key.id(), label.key.id());
    if ctx.account.get(key).is_some() {
        errors.push(AdsError::new(
            "campaignError",
            "CAMPAIGN_LABEL_ALREADY_EXISTS",
            "The label is already attached to the campaign.",
        ));
    }
    let count = ctx.account.children(Kind::CampaignLabel, campaign.key.id(), None).count();
    let most = ctx.config.limits.labels_per_campaign;
    errors.extend(limit(&campaign.key.id().to_string(), "CAMPAIGN_LIMIT", "LABELS_PER_CAMPAIGN", count, most));
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut doc = Doc::new();
    doc.insert("campaign".into(), campaign.key.name(ctx.account.id()).into());
    doc.insert("label".into(), label.key.name(ctx.account.id()).into());
    Ok(Object::new(key, doc))
}

fn check(ctx: &Context<'_>, label: &Object, errors: &mut Errors) {
    let name = label.text("name");
    if name.is_empty() {
        errors.push(AdsError::required("name"));
    } else if name.chars().count() > 80 {
        errors.push(AdsError::new("stringLengthError", "TOO_LONG", "Too long.").at("name").trigger(name));
    } else if ctx.account.holder(Kind::Label, 0, name).is_some_and(|id| id != label.key.id()) {
        errors.push(
            AdsError::new("labelError", "DUPLICATE_NAME", "A label with this name already exists.")
                .at("name")
                .trigger(name),
        );
    }
    let color = label.get(&["textLabel", "backgroundColor"]).and_then(serde_json::Value::as_str).unwrap_or_default();
    let is_color =
        |c: &str| matches!(c.len(), 4 | 7) && c.starts_with('#') && c[1..].bytes().all(|b| b.is_ascii_hexdigit());
    if !color.is_empty() && !is_color(color) {
        errors.push(
            AdsError::new("stringFormatError", "INVALID_FORMAT", "The input string value contains invalid format.")
                .at("text_label.background_color")
                .trigger(color),
        );
    }
    let description = label.get(&["textLabel", "description"]).and_then(serde_json::Value::as_str).unwrap_or_default();
    if description.chars().count() > 200 {
        errors.push(AdsError::new("stringLengthError", "TOO_LONG", "Too long.").at("text_label.description"));
    }
}
