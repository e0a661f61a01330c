//! The review of ads.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::object::Object;
use crate::config::GoogleConfig;

/// What a review has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Review {
    /// Not over yet.
    InProgress,
    /// May serve.
    Approved,
    /// May not serve.
    Disapproved,
}

impl Review {
    /// `PolicyReviewStatus`.
    pub fn review_status(self) -> &'static str {
        if self == Review::InProgress { "REVIEW_IN_PROGRESS" } else { "REVIEWED" }
    }

    /// `PolicyApprovalStatus`. While a review is under way the real service answers `UNKNOWN` (assumed).
    pub fn approval_status(self) -> &'static str {
        match self {
            Review::InProgress => "UNKNOWN",
            Review::Approved => "APPROVED",
            Review::Disapproved => "DISAPPROVED",
        }
    }

    /// `AdGroupAdPolicySummary`.
    pub fn summary(self) -> Value {
        let mut summary = json!({
            "reviewStatus": self.review_status(),
            "approvalStatus": self.approval_status(),
        });
        if self == Review::Disapproved {
            summary["policyTopicEntries"] = json!([{ "topic": "PROHIBITED_CONTENT", "type": "PROHIBITED" }]);
        }
        summary
    }
}

/// How far the review of an ad is.
pub fn review(ad: &Object, config: &GoogleConfig, now: Timestamp) -> Review {
    if ad.reviewed_at.is_none_or(|due| due > now) {
        Review::InProgress
    } else if is_disapproved(ad, config) {
        Review::Disapproved
    } else {
        Review::Approved
    }
}

/// Whether the review of an ad ends, or has ended, badly.
pub fn is_disapproved(ad: &Object, config: &GoogleConfig) -> bool {
    let Some(ad) = ad.doc.get("ad") else { return false };
    config.disapproved_words.iter().any(|word| contains(ad, &word.to_lowercase()))
}

fn contains(value: &Value, word: &str) -> bool {
    match value {
        Value::String(text) => text.to_lowercase().contains(word),
        Value::Array(items) => items.iter().any(|item| contains(item, word)),
        Value::Object(fields) => fields.values().any(|field| contains(field, word)),
        _ => false,
    }
}
