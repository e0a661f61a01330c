//! Statuses that the platform computes: effective status, issues, reviews, learning.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::account::Account;
use super::config::MetaConfig;
use super::object::{Kind, Object};

/// `effective_status`.
pub fn effective(account: &Account, object: &Object, config: &MetaConfig, now: Timestamp) -> &'static str {
    match object.status() {
        "DELETED" => return "DELETED",
        "ARCHIVED" => return "ARCHIVED",
        "PAUSED" => return "PAUSED",
        _ => {}
    }
    let parent_pauses = |id: i64| account.get(id).is_some_and(|parent| !parent.is_active());
    match object.kind {
        Kind::AdSet if parent_pauses(object.parent()) => "CAMPAIGN_PAUSED",
        Kind::Ad if account.campaign_of(object).is_some_and(parent_pauses) => "CAMPAIGN_PAUSED",
        Kind::Ad if parent_pauses(object.parent()) => "ADSET_PAUSED",
        Kind::Ad if is_disapproved(account, object, config) && is_reviewed(object, now) => "DISAPPROVED",
        Kind::Ad if !is_reviewed(object, now) => "PENDING_REVIEW",
        Kind::Ad if account.status != 1 => "PENDING_BILLING_INFO",
        Kind::Campaign | Kind::AdSet if account.status != 1 => "WITH_ISSUES",
        Kind::Campaign | Kind::AdSet if now.duration_since(object.created) < config.in_process => "IN_PROCESS",
        Kind::Campaign | Kind::AdSet if !issues(account, object, config, now).is_empty() => "WITH_ISSUES",
        _ => "ACTIVE",
    }
}

/// Whether an ad's review is over.
pub fn is_reviewed(ad: &Object, now: Timestamp) -> bool {
    ad.due.is_some_and(|due| due <= now)
}

/// Whether the review of an ad ends, or has ended, badly.
pub fn is_disapproved(account: &Account, ad: &Object, config: &MetaConfig) -> bool {
    let Some(creative) = account.get(ad.reference("creative")) else { return false };
    config.disapproved_words.iter().any(|word| {
        let word = word.to_lowercase();
        creative.doc.values().any(|value| contains(value, &word))
    })
}

fn contains(value: &Value, word: &str) -> bool {
    match value {
        Value::String(text) => text.to_lowercase().contains(word),
        Value::Array(items) => items.iter().any(|item| contains(item, word)),
        Value::Object(fields) => fields.values().any(|field| contains(field, word)),
        _ => false,
    }
}

/// `issues_info`: what keeps an object from delivering, besides pauses.
pub fn issues(account: &Account, object: &Object, config: &MetaConfig, now: Timestamp) -> Vec<Value> {
    let issue = |level: &str, code: i64, summary: &str, message: &str| {
        json!({
            "level": level,
            "error_code": code,
            "error_summary": summary,
            "error_message": message,
            "error_type": "HARD_ERROR",
        })
    };
    if account.status != 1 && object.is_present() {
        let message = "Your ad account is disabled or has an unpaid balance.";
        return vec![issue("ACCOUNT", 1_815_137, "Ad Account Can't Deliver", message)];
    }
    let disapproved = |ad: &Object| ad.is_active() && is_reviewed(ad, now) && is_disapproved(account, ad, config);
    let rejected = || issue("AD", 1_815_869, "Ad Rejected", "The ad doesn't comply with our Advertising Policies.");
    let ads_fail = |set: &Object| {
        let mut ads = account.children(set.id).filter(|ad| ad.is_active()).peekable();
        ads.peek().is_some() && ads.all(|ad| disapproved(ad))
    };
    match object.kind {
        Kind::Ad if disapproved(object) => vec![rejected()],
        Kind::AdSet if ads_fail(object) => vec![rejected()],
        Kind::Campaign => {
            let mut sets = account.children(object.id).filter(|set| set.is_active()).peekable();
            if sets.peek().is_some() && sets.all(|set| ads_fail(set)) { vec![rejected()] } else { Vec::new() }
        }
        _ => Vec::new(),
    }
}

/// `ad_review_feedback` of a disapproved ad.
pub fn review_feedback(account: &Account, ad: &Object, config: &MetaConfig, now: Timestamp) -> Option<Value> {
    (is_reviewed(ad, now) && is_disapproved(account, ad, config)).then(|| {
        json!({ "global": { "Unacceptable Business Practices": "This ad promotes something that is not allowed." } })
    })
}

/// `learning_stage_info`. An ad set leaves learning after a time; the real service wants about 50 conversions in a
/// week.
pub fn learning(set: &Object, config: &MetaConfig, now: Timestamp) -> Value {
    let learns = now.duration_since(set.learning_since) < config.learning;
    json!({
        "status": if learns { "LEARNING" } else { "SUCCESS" },
        "conversions": 0,
        "last_sig_edit_ts": set.learning_since.as_second(),
        "attribution_windows": ["1d_click", "7d_click"],
    })
}

/// `status` of a video.
pub fn video(video: &Object, config: &MetaConfig, now: Timestamp) -> Value {
    let url = video.text("file_url").to_lowercase();
    if config.broken_media_words.iter().any(|word| url.contains(&word.to_lowercase())) && is_reviewed(video, now) {
        return json!({
            "video_status": "error",
            "processing_progress": 0,
            "uploading_phase": { "status": "error", "errors": [{ "code": 389, "message": "Unable to fetch video file from URL." }] },
        });
    }
    let ready = is_reviewed(video, now);
    json!({
        "video_status": if ready { "ready" } else { "processing" },
        "processing_progress": if ready { 100 } else { 50 },
        "uploading_phase": { "status": "complete" },
        "processing_phase": { "status": if ready { "complete" } else { "in_progress" } },
        "publishing_phase": { "status": if ready { "complete" } else { "not_started" } },
    })
}
