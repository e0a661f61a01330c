//! Rules of ads and their creatives.

use serde_json::{Map, Value, json};

use super::errors::GraphError;
use super::media::check_url;
use super::object::{Kind, Object};
use super::pages::check_new;
use super::params::Params;
use super::status;
use super::write::{Context, Draft};

/// What of a creative can change.
const MUTABLE: &[&str] = &["name", "status", "adlabels", "account_id"];

/// The document of a new creative.
pub fn create_creative(context: Context<'_>, params: &Params) -> Result<Map<String, Value>, GraphError> {
    let mut draft = Draft::create(Kind::Creative, context, params);
    draft.text("name");
    draft.labels()?;
    draft.json("object_story_spec")?;
    draft.json("asset_feed_spec")?;
    draft.text("object_story_id");
    let doc = draft.finish()?;
    check_creative(context, &doc)?;
    Ok(doc)
}

fn check_creative(context: Context<'_>, doc: &Map<String, Value>) -> Result<(), GraphError> {
    let spec = doc.get("object_story_spec");
    if spec.is_none() && !doc.contains_key("object_story_id") {
        let message = "A creative needs object_story_spec or object_story_id.";
        return Err(GraphError::invalid(1_443_120, "Creative Incomplete", message).at("object_story_spec"));
    }
    let creative = Object::new(Kind::Creative, 0, doc.clone(), context.now);
    if !context.account.config.pages.iter().any(|page| page == creative.page()) {
        let message = format!("The Page {} can't be used in ads of this account.", creative.page());
        return Err(GraphError::invalid(1_443_226, "Page Not Available", message).at("object_story_spec.page_id"));
    }
    let Some(spec) = spec else { return Ok(()) };
    let story = ["link_data", "video_data", "photo_data", "text_data", "template_data"]
        .iter()
        .find_map(|name| Some((*name, spec.get(name)?)));
    match story {
        None if doc.contains_key("asset_feed_spec") => Ok(()),
        None => {
            let message = "The story needs link_data, video_data, photo_data, text_data or template_data.";
            Err(GraphError::invalid(1_443_048, "Story Incomplete", message).at("object_story_spec"))
        }
        Some((name, data)) => check_story(context, name, data),
    }
}

fn check_story(context: Context<'_>, name: &str, data: &Value) -> Result<(), GraphError> {
    let at = |field: &str| format!("object_story_spec.{name}.{field}");
    let text = |field: &str| data.get(field).and_then(Value::as_str);
    if name == "link_data" && text("link").is_none() {
        return Err(GraphError::invalid(1_443_049, "Link Missing", "link_data needs a link.").at(&at("link")));
    }
    if let Some(hash) = text("image_hash")
        && context.account.image(hash).is_none()
    {
        let message = format!("There is no image with the hash {hash} in this ad account.");
        return Err(GraphError::invalid(1_487_212, "Image Not Found", message).at(&at("image_hash")));
    }
    for field in ["picture", "image_url"] {
        text(field).map_or(Ok(()), |url| check_url(context, &at(field), url))?;
    }
    if name != "video_data" {
        return Ok(());
    }
    let id =
        data.get("video_id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)).unwrap_or_default();
    let found = id.parse().ok().and_then(|id| context.account.get_kind(Kind::Video, id));
    let Some(video) = found else {
        let message = format!("There is no video with ID {id} in this ad account.");
        return Err(GraphError::invalid(1_443_051, "Video Not Found", message).at(&at("video_id")));
    };
    if status::video(video, context.config, context.now)["video_status"] != "ready" {
        let message = "The video isn't ready yet. Wait until it has been processed.";
        return Err(GraphError::invalid(1_885_252, "Video Not Ready", message).at(&at("video_id")));
    }
    if text("image_hash").is_none() && text("image_url").is_none() {
        let message = "The ad needs a thumbnail: image_hash or image_url in video_data.";
        return Err(GraphError::invalid(1_443_226, "Thumbnail Missing", message).at(&at("image_url")));
    }
    Ok(())
}

/// The document of an updated creative: its story cannot change.
pub fn update_creative(
    before: &Object,
    context: Context<'_>,
    params: &Params,
) -> Result<Map<String, Value>, GraphError> {
    let mut draft = Draft::update(before, context, params);
    draft.text("name");
    draft.labels()?;
    let doc = draft.finish()?;
    let fixed =
        doc.iter().find(|(name, value)| !MUTABLE.contains(&name.as_str()) && before.doc.get(*name) != Some(value));
    fixed.map_or(Ok(()), |(name, _)| {
        let message = "A creative can't be changed after it was created. Create a new one and give it to the ad.";
        Err(GraphError::invalid(1_815_573, "Creative Can't Be Edited", message).at(name))
    })?;
    Ok(doc)
}

/// The document of a new ad. A creative that is described in place is in the field `(creative)`.
pub fn create(context: Context<'_>, params: &Params) -> Result<Map<String, Value>, GraphError> {
    let mut draft = Draft::create(Kind::Ad, context, params);
    draft.need_text("name")?;
    draft.need_text("adset_id")?;
    draft.status()?;
    draft.labels()?;
    let set = ad_set_of(context, &draft.doc)?;
    if context.account.children(set.id).filter(|ad| ad.is_present()).count() >= context.config.limits.ads_per_ad_set {
        let message = format!("An ad set can have at most {} ads.", context.config.limits.ads_per_ad_set);
        return Err(GraphError::invalid(1_487_364, "Too Many Ads", message).at("adset_id"));
    }
    if !params.has("creative") {
        return Err(GraphError::required("creative"));
    }
    give_creative(&mut draft)?;
    check_new(context, &draft.doc)?;
    draft.finish()
}

/// The document of an updated ad. Another creative is reviewed anew.
pub fn update(before: &Object, context: Context<'_>, params: &Params) -> Result<Map<String, Value>, GraphError> {
    let mut draft = Draft::update(before, context, params);
    draft.need_text("name")?;
    draft.status()?;
    draft.labels()?;
    draft.text("adset_id");
    draft.fixed("adset_id")?;
    if params.has("creative") {
        give_creative(&mut draft)?;
    }
    let mut doc = draft.finish()?;
    if context.config.rules.creative_swap_is_ignored {
        doc.insert("creative".into(), before.doc.get("creative").cloned().unwrap_or_default());
        doc.remove("(creative)");
    }
    Ok(doc)
}

fn ad_set_of<'a>(context: Context<'a>, doc: &Map<String, Value>) -> Result<&'a Object, GraphError> {
    let id = doc.get("adset_id").and_then(Value::as_str).unwrap_or_default();
    let found = id.parse().ok().and_then(|id| context.account.get_kind(Kind::AdSet, id));
    match found {
        Some(set) if set.is_present() => Ok(set),
        Some(_) => {
            let message = "The ad set has been deleted or archived.";
            Err(GraphError::invalid(1_487_056, "Ad Set Not Available", message).at("adset_id"))
        }
        None => Err(GraphError::parameter("adset_id", format_args!("There is no ad set with ID {id}"))),
    }
}

fn give_creative(draft: &mut Draft<'_>) -> Result<(), GraphError> {
    draft.json("creative")?;
    let given = draft.doc.remove("creative").unwrap_or_default();
    let id = given.get("creative_id").or_else(|| given.get("id"));
    let Some(id) = id.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)) else {
        let doc = given.as_object().cloned().unwrap_or_default();
        check_creative(draft.context, &doc)?;
        draft.doc.insert("(creative)".into(), json!(doc));
        return Ok(());
    };
    let found = id.parse().ok().and_then(|id| draft.context.account.get_kind(Kind::Creative, id));
    if !found.is_some_and(|creative| creative.is_present()) {
        let message = format!("There is no creative with ID {id} in this ad account.");
        return Err(GraphError::invalid(1_487_194, "Creative Not Found", message).at("creative"));
    }
    draft.doc.insert("creative".into(), id.into());
    Ok(())
}
