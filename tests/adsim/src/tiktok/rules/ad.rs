//! Ads: creatives, texts, landing page, identity.

use serde_json::Value;

use super::super::errors::{Refusal, code};
use super::super::object::{Kind, Object};
use super::super::schema::{Doc, text};
use super::{Context, check_limit, check_name, is_enabled};

/// Characters of a text.
const MOST_TEXT: usize = 100;
/// Fields whose change brings an ad into review again (assumed).
const REVIEWED: &[&str] =
    &["creative_list", "ad_text_list", "landing_page_url_list", "call_to_action_list", "ad_configuration"];

/// `smart_plus/ad/create/`.
pub fn create(context: &Context<'_>, mut doc: Doc) -> Result<Object, Refusal> {
    context.admits_writes()?;
    let group = context.find(Kind::Adgroup, text(&doc, "adgroup_id"))?;
    let count = context.account.children(Kind::Ad, group.id, None).filter(|ad| !ad.deleted).count();
    check_limit(count, context.config.limits.ads_per_adgroup, code::AD_LIMIT, "ads of an ad group")?;
    if text(&doc, "ad_name").is_empty() {
        // The service makes a name up.
        let name = format!("Ad{}", context.now.strftime("%Y%m%d%H%M%S"));
        doc.insert("ad_name".into(), name.into());
    }
    check_name(&doc, "ad_name")?;
    check_content(context, &doc)?;
    for field in ["advertiser_id", "adgroup_id"] {
        doc.remove(field);
    }
    let enabled = is_enabled(&mut doc);
    let reviewed_at = Some(context.now + context.config.review_delay);
    Ok(Object { enabled, reviewed_at, ..Object::new(Kind::Ad, group.id, doc, context.now) })
}

/// `smart_plus/ad/update/`. Only what is named changes; lists are replaced as a whole.
pub fn update(context: &Context<'_>, current: &Object, mut doc: Doc) -> Result<Object, Refusal> {
    context.admits_writes()?;
    let mut new = Object { modified: context.now, ..current.clone() };
    if doc.contains_key("ad_name") {
        check_name(&doc, "ad_name")?;
    }
    for field in ["advertiser_id", "smart_plus_ad_id"] {
        doc.remove(field);
    }
    new.doc.extend(doc);
    check_content(context, &new.doc)?;
    if REVIEWED.iter().any(|field| new.doc.get(*field) != current.doc.get(*field)) {
        new.reviewed_at = Some(context.now + context.config.review_delay);
    }
    Ok(new)
}

fn check_content(context: &Context<'_>, doc: &Doc) -> Result<(), Refusal> {
    check_landing_page(doc)?;
    let configured = doc.get("ad_configuration").and_then(Value::as_object);
    let outer = configured.map(|c| (text(c, "identity_type"), text(c, "identity_id"))).unwrap_or_default();
    let creatives: Vec<&Doc> = list(doc, "creative_list").filter_map(|c| c.get("creative_info")?.as_object()).collect();
    if creatives.is_empty() {
        return Err(Refusal::missing("creative_list"));
    }
    for creative in &creatives {
        let inner = (text(creative, "identity_type"), text(creative, "identity_id"));
        check_identity(context, if inner.0.is_empty() { outer } else { inner })?;
        check_creative(context, creative)?;
    }
    let posts = creatives.iter().all(|c| c.contains_key("tiktok_item_id"));
    check_texts(doc, posts)?;
    let action = configured.is_some_and(|c| !text(c, "call_to_action_id").is_empty());
    if !action && list(doc, "call_to_action_list").next().is_none() {
        return Err(Refusal::missing("call_to_action_list"));
    }
    Ok(())
}

fn list<'a>(doc: &'a Doc, name: &str) -> impl Iterator<Item = &'a Value> {
    doc.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn check_landing_page(doc: &Doc) -> Result<(), Refusal> {
    let urls: Vec<&str> =
        list(doc, "landing_page_url_list").filter_map(|u| u.get("landing_page_url")?.as_str()).collect();
    match urls[..] {
        [url] if url.starts_with("https://") || url.starts_with("http://") => Ok(()),
        [_] => Err(Refusal::invalid("landing_page_url_list.0.landing_page_url: Not a valid URL.")),
        _ => Err(Refusal::missing("landing_page_url_list")),
    }
}

fn check_identity(context: &Context<'_>, (kind, id): (&str, &str)) -> Result<(), Refusal> {
    if kind.is_empty() || id.is_empty() {
        return Err(Refusal::missing("identity_type, identity_id"));
    }
    let mut identities = context.account.config.identities.iter();
    if identities.any(|identity| identity.identity_type == kind && identity.identity_id == id) {
        Ok(())
    } else {
        Err(Refusal::invalid(format!("identity_id: The identity {id} of type {kind} does not exist.")))
    }
}

fn check_creative(context: &Context<'_>, creative: &Doc) -> Result<(), Refusal> {
    let library = &context.account.library;
    let images: Vec<&str> = list(creative, "image_info").filter_map(|i| i.get("web_uri")?.as_str()).collect();
    for image in &images {
        library.check_image(image)?;
    }
    match text(creative, "ad_format") {
        "SINGLE_VIDEO" if creative.contains_key("tiktok_item_id") => Ok(()),
        "SINGLE_VIDEO" => {
            let video = creative.get("video_info").and_then(|v| v.get("video_id")?.as_str());
            library.check_video(video.ok_or_else(|| Refusal::missing("video_info"))?, context.now)?;
            if images.is_empty() { Err(Refusal::missing("image_info")) } else { Ok(()) }
        }
        "CAROUSEL_ADS" if images.is_empty() => Err(Refusal::missing("image_info")),
        "CAROUSEL_ADS" if !creative.contains_key("music_info") => Err(Refusal::missing("music_info")),
        "CAROUSEL_ADS" => Ok(()),
        other => Err(Refusal::not_simulated(&format!("ad_format {other}"))),
    }
}

fn check_texts(doc: &Doc, posts: bool) -> Result<(), Refusal> {
    let texts: Vec<&str> = list(doc, "ad_text_list").filter_map(|t| t.get("ad_text")?.as_str()).collect();
    if texts.is_empty() && !posts {
        return Err(Refusal::missing("ad_text_list"));
    }
    match texts.iter().position(|t| t.trim().is_empty() || t.chars().count() > MOST_TEXT) {
        None => Ok(()),
        Some(i) => {
            Err(Refusal::invalid(format!("ad_text_list.{i}.ad_text: Length must be between 1 and {MOST_TEXT}.")))
        }
    }
}
