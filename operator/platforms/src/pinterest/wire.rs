//! Rows of Pinterest's answers: the fields that we read. What is not set comes as `null` or not at all.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::errors::Told;

/// Reads `null` as what a field is by default.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

macro_rules! rows {
    ($($(#[doc = $doc:literal])+ $name:ident { $($field:ident: $kind:ty,)+ })+) => {
        $($(#[doc = $doc])+
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(default)]
        pub(super) struct $name {
            $(#[serde(deserialize_with = "or_default")] pub(super) $field: $kind,)+
        })+
    };
}

rows! {
    /// An ad account.
    AdAccount {
        name: String,
        currency: String,
    }
    /// A campaign. Amounts are micros, times are Unix's.
    Campaign {
        id: String,
        name: String,
        status: String,
        summary_status: String,
        objective_type: String,
        daily_spend_cap: Option<u64>,
        lifetime_spend_cap: Option<u64>,
        is_campaign_budget_optimization: bool,
        start_time: Option<i64>,
        end_time: Option<i64>,
    }
    /// An ad group. Amounts are micros.
    AdGroup {
        id: String,
        campaign_id: String,
        name: String,
        status: String,
        summary_status: String,
        budget_in_micro_currency: Option<u64>,
        bid_in_micro_currency: Option<u64>,
        bid_strategy_type: String,
        placement_group: String,
        auto_targeting_enabled: Option<bool>,
        targeting_spec: Map<String, Value>,
    }
    /// Of what was written, so much as tells which it is.
    Written {
        id: String,
        name: String,
    }
    /// An item of an answer to a write.
    Item {
        data: Option<Written>,
        exceptions: Vec<Told>,
    }
    /// An answer to a write.
    Items {
        items: Vec<Item>,
    }
}

/// Whether an object's owner lets it run.
pub(super) fn is_on(status: &str) -> bool {
    status == "ACTIVE"
}

/// Whether a status says that something is gone for good.
pub(super) fn is_archived(status: &str) -> bool {
    matches!(status, "ARCHIVED" | "DELETED_DRAFT")
}

/// The texts of a part of a targeting specification.
pub(super) fn texts<'a>(targeting: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a str> {
    targeting.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}
