//! Switching campaigns, ad groups and ads on and off, and deleting them: twenty in a request, each for itself. What
//! fails of them is told inside of a success.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::TikTok;
use super::errors::{is_gone, of_item};
use super::halt::Halt;
use super::wire::StatusAnswer;
use crate::error::PlatformError;

/// Ids in a request.
pub(super) const IDS: usize = 20;

/// What is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Campaign,
    AdGroup,
    Ad,
}

impl Kind {
    fn path(self) -> &'static str {
        match self {
            Self::Campaign => "smart_plus/campaign/status/update",
            Self::AdGroup => "smart_plus/adgroup/status/update",
            Self::Ad => "smart_plus/ad/status/update",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Campaign => "campaign_id",
            Self::AdGroup => "adgroup_id",
            Self::Ad => "smart_plus_ad_id",
        }
    }
}

/// In which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    On,
    Off,
    Delete,
}

impl Switch {
    fn word(self) -> &'static str {
        match self {
            Self::On => "ENABLE",
            Self::Off => "DISABLE",
            Self::Delete => "DELETE",
        }
    }
}

/// What came of each.
pub(super) type Switched = BTreeMap<String, Result<(), PlatformError>>;

impl TikTok {
    /// Switches objects of a kind.
    pub(super) async fn switch(&self, kind: Kind, switch: Switch, ids: &[String], halt: &Halt) -> Switched {
        let mut switched = Switched::new();
        for chunk in ids.chunks(IDS) {
            switched.append(&mut self.switch_some(kind, switch, chunk, halt).await);
        }
        switched
    }

    async fn switch_some(&self, kind: Kind, switch: Switch, ids: &[String], halt: &Halt) -> Switched {
        let all = |error: PlatformError| ids.iter().map(|id| (id.clone(), Err(error.clone()))).collect();
        if let Err(error) = halt.check() {
            return all(error);
        }
        let body = json!({ format!("{}s", kind.field()): ids, "operation_status": switch.word() });
        match self.client.post::<StatusAnswer>(kind.path(), body).await {
            Ok(answer) => ids.iter().map(|id| (id.clone(), answer.of(kind, switch, id))).collect(),
            Err(refusal) => all(self.heard(refusal, halt)),
        }
    }
}

impl StatusAnswer {
    /// What it says of one object.
    fn of(&self, kind: Kind, switch: Switch, id: &str) -> Result<(), PlatformError> {
        let is_it = |row: &&Map<String, Value>| row.get(kind.field()).and_then(Value::as_str) == Some(id);
        if let Some(failed) = self.error_list.iter().find(is_it) {
            let message = failed.get("error_message").and_then(Value::as_str).unwrap_or("refused without a reason");
            // What is to go and is not there any more is gone.
            return if switch == Switch::Delete && is_gone(message) { Ok(()) } else { Err(of_item(message)) };
        }
        let done = match kind {
            Kind::Campaign => self.campaign_list.iter().any(|row| is_it(&row)),
            Kind::AdGroup => self.adgroup_list.iter().any(|row| is_it(&row)),
            Kind::Ad => self.smart_plus_ad_ids.iter().any(|done| done == id),
        };
        if done {
            return Ok(());
        }
        // It is neither among what was done nor among what failed.
        Err(PlatformError::Unreadable { message: format!("the answer does not say what came of {id}") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_speaks_for_each_object() {
        let answer: StatusAnswer = serde_json::from_value(json!({
            "campaign_list": [{ "campaign_id": "1", "status": "DELETE" }],
            "error_list": [
                { "campaign_id": "2", "error_message": "The status of deleted campaigns cannot be modified." },
                { "campaign_id": "3", "error_message": "No." },
            ],
        }))
        .unwrap();
        let of = |switch, id| answer.of(Kind::Campaign, switch, id);
        assert_eq!(of(Switch::Delete, "1"), Ok(()));
        assert_eq!(of(Switch::Delete, "2"), Ok(()), "it is gone");
        assert!(of(Switch::Off, "2").is_err());
        assert!(matches!(of(Switch::Off, "3"), Err(PlatformError::Rejected { .. })));
        assert!(of(Switch::Off, "4").unwrap_err().may_have_happened(), "nobody knows");
    }
}
