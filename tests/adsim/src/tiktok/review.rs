//! The review of ads.

use jiff::Timestamp;
use serde_json::Value;

use super::config::TikTokConfig;
use super::object::Object;

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
    let mut texts = Vec::new();
    for list in ["ad_text_list", "landing_page_url_list"] {
        collect(ad.doc.get(list), &mut texts);
    }
    texts.iter().any(|text| config.disapproved_words.iter().any(|word| text.contains(&word.to_lowercase())))
}

fn collect(value: Option<&Value>, texts: &mut Vec<String>) {
    match value {
        Some(Value::String(text)) => texts.push(text.to_lowercase()),
        Some(Value::Array(items)) => items.iter().for_each(|item| collect(Some(item), texts)),
        Some(Value::Object(fields)) => fields.values().for_each(|field| collect(Some(field), texts)),
        _ => {}
    }
}
