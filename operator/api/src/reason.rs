//! The closed set of reasons, as status carries it.
//!
//! One PascalCase word says why: the same word is the reason of a condition, the reason of an Event, the label of a
//! metric and the REASON column. The set itself is the domain's: [`Reason`].

use std::borrow::Cow;

pub use adops_core::reason::Reason;
use serde::{Deserialize, Deserializer};

/// The reason that a word stands for; none for a word that this version does not know.
pub fn parse(word: &str) -> Option<Reason> {
    Reason::ALL.iter().map(|(reason, _)| *reason).find(|reason| reason.as_str() == word)
}

/// Reads a reason from status. An unknown word is none: what a newer version wrote must stay readable.
pub(crate) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Reason>, D::Error> {
    let word = Option::<Cow<'de, str>>::deserialize(deserializer)?;
    Ok(word.as_deref().and_then(parse))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::Line;

    #[test]
    fn every_reason_reads_back_as_itself_and_is_a_word() {
        for (reason, explanation) in Reason::ALL {
            assert_eq!(parse(reason.as_str()), Some(*reason));
            assert!(reason.as_str().len() <= 64 && reason.as_str().chars().all(|c| c.is_ascii_alphabetic()));
            assert!(!explanation.trim().is_empty(), "{reason}");
        }
    }

    #[test]
    fn a_word_of_a_newer_version_does_not_make_status_unreadable() {
        let line: Line = serde_json::from_str(r#"{"key":"a/US","state":"Teleported","reason":"Teleported"}"#).unwrap();
        assert_eq!((line.reason, line.state), (None, crate::campaign::LineState::Unknown));
    }
}
