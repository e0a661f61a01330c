//! The review of ads.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::config::TikTokConfig;
use super::errors::Refusal;
use super::object::{Kind, Object};
use super::schema::{Doc, texts};
use super::status::View;

/// What a review has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Review {
    /// Not over yet.
    InProgress,
    /// May serve.
    Approved,
    /// May not serve.
    Denied,
}

/// How far the review of an ad is.
pub fn review(ad: &Object, config: &TikTokConfig, now: Timestamp) -> Review {
    if ad.reviewed_at.is_none_or(|due| due > now) {
        Review::InProgress
    } else if is_disapproved(ad, config) {
        Review::Denied
    } else {
        Review::Approved
    }
}

/// Whether the review of an ad ends, or has ended, badly: one of its texts or its landing page has a word that is not
/// allowed.
pub fn is_disapproved(ad: &Object, config: &TikTokConfig) -> bool {
    offence(ad, config).is_some()
}

/// The first text of an ad that is not allowed, with its type of content.
fn offence<'a>(ad: &'a Object, config: &TikTokConfig) -> Option<(&'static str, &'a str)> {
    let of = |list: &str, field: &'static str, kind: &'static str| {
        let items = ad.doc.get(list).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(move |item| Some((kind, item.get(field)?.as_str()?)))
    };
    let mut all = of("ad_text_list", "ad_text", "ModeString").chain(of(
        "landing_page_url_list",
        "landing_page_url",
        "LandingPage",
    ));
    all.find(|(_, text)| {
        let text = text.to_lowercase();
        config.disapproved_words.iter().any(|word| text.contains(&word.to_lowercase()))
    })
}

/// `smart_plus/ad/review_info/`. Ads that are still in review have no result (assumed).
pub(crate) fn review_info(view: &View<'_>, query: &Doc) -> Result<Value, Refusal> {
    let with_reasons = query
        .get("extra_info_setting")
        .and_then(|setting| setting.get("include_reject_info")?.as_bool())
        .unwrap_or_default();
    let mut infos = Vec::new();
    for id in texts(query, "smart_plus_ad_ids") {
        let ad = id.parse().ok().and_then(|number| view.account.get_at(Kind::Ad, number, view.as_of));
        let ad = ad.ok_or_else(|| Refusal::not_found(Kind::Ad.words(), id))?;
        let status = match review(ad, view.config, view.now) {
            Review::InProgress => continue,
            Review::Approved => "ALL_AVAILABLE",
            Review::Denied => "UNAVAILABLE",
        };
        let reasons = offence(ad, view.config).filter(|_| with_reasons).map(rejection);
        infos.push(json!({
            "smart_plus_ad_id": id,
            "review_status": status,
            "passed_locations": null,
            "appeal_status": "NOT_APPEALED",
            "appeal_reject_reasons": null,
            "reject_info": reasons.into_iter().collect::<Vec<Value>>(),
        }));
    }
    Ok(json!({ "smart_plus_ad_review_infos": infos, "material_review_infos": [] }))
}

fn rejection((kind, text): (&str, &str)) -> Value {
    json!({
        "reasons": ["The ad contains prohibited content."],
        "suggestion": "Remove the prohibited content and submit the ad again.",
        "forbidden_ages": [],
        "forbidden_locations": [],
        "forbidden_placements": [],
        "content_info": { "content_type": kind, "text_content": text },
    })
}
