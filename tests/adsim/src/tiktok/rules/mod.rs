//! What may be created and changed: the service's rules beyond the form of a request.

pub mod ad;
pub mod adgroup;
pub mod campaign;

use jiff::Timestamp;

use super::account::{Advertiser, AdvertiserStatus};
use super::config::TikTokConfig;
use super::delivery::Reporter;
use super::errors::{Refusal, code};
use super::object::{Kind, Object};
use super::schema::{Doc, text};

/// Characters of a name.
const MOST_NAME: usize = 512;
/// A new budget must be at least this share of what has been spent, in percent.
const LEAST_OF_SPENT: i128 = 105;

/// What rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The account.
    pub account: &'a Advertiser,
    /// Configuration.
    pub config: &'a TikTokConfig,
    /// Seed.
    pub seed: u64,
    /// Business time.
    pub now: Timestamp,
}

impl Context<'_> {
    /// An object that is there, is not deleted and belongs to a smart+ campaign.
    pub fn find(&self, kind: Kind, id: &str) -> Result<&Object, Refusal> {
        let found = id.parse().ok().and_then(|number| self.account.get(kind, number));
        let found = found.ok_or_else(|| Refusal::not_found(kind.words(), id))?;
        if !found.smart_plus {
            return Err(Refusal::invalid(format!(
                "The {} {id} is not an Upgraded Smart+ {}.",
                kind.words(),
                kind.words()
            )));
        }
        if self.is_gone(found) {
            return Err(Refusal::invalid(format!("The {} {id} has been deleted.", kind.words())));
        }
        Ok(found)
    }

    /// Whether an object or what it lies in has been deleted.
    pub fn is_gone(&self, object: &Object) -> bool {
        let above = match object.kind {
            Kind::Campaign => None,
            Kind::Adgroup => self.account.get(Kind::Campaign, object.parent),
            Kind::Ad => self.account.get(Kind::Adgroup, object.parent),
        };
        object.deleted || above.is_some_and(|above| self.is_gone(above))
    }

    /// Whether the account may create, change or enable anything (assumed: pausing and deleting always work).
    pub fn admits_writes(&self) -> Result<(), Refusal> {
        match self.account.config.status {
            AdvertiserStatus::Enable => Ok(()),
            status => {
                let status = serde_json::to_value(status).unwrap_or_default();
                let status = status.as_str().unwrap_or_default();
                let message = format!("The advertiser account is not available for this operation: {status}.");
                Err(Refusal::new(code::NO_PERMISSION, message))
            }
        }
    }

    /// Whether a budget may become this: at least 105% of what has been spent in its period.
    pub fn check_spent(&self, holder: &Object, budget: i64) -> Result<(), Refusal> {
        let reporter = Reporter::new(self.account, &self.config.delivery, self.seed, self.now);
        let spent = if holder.text("budget_mode") == "BUDGET_MODE_TOTAL" {
            reporter.total(holder)
        } else {
            reporter.day(holder, reporter.today())
        };
        if i128::from(budget) * 100 < i128::from(spent.cost_micros) * LEAST_OF_SPENT {
            return Err(Refusal::invalid("budget: The new budget should be at least 105% of the current spend."));
        }
        Ok(())
    }
}

/// Checks a name. Wide characters count twice.
pub fn check_name(doc: &Doc, field: &str) -> Result<(), Refusal> {
    let name = text(doc, field);
    let width: usize = name.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum();
    if name.trim().is_empty() || width > MOST_NAME {
        return Err(Refusal::invalid(format!("{field}: Length must be between 1 and {MOST_NAME}.")));
    }
    if name.chars().any(is_emoji) {
        return Err(Refusal::invalid(format!("{field}: Emoji is not supported.")));
    }
    Ok(())
}

fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115F}' | '\u{2E80}'..='\u{A4CF}' | '\u{AC00}'..='\u{D7A3}' | '\u{F900}'..='\u{FAFF}'
        | '\u{FE30}'..='\u{FE4F}' | '\u{FF00}'..='\u{FF60}' | '\u{FFE0}'..='\u{FFE6}')
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{FE0F}')
}

/// Checks the `request_id` of a create: a 64-bit integer as text.
pub fn check_request_id(doc: &Doc) -> Result<(), Refusal> {
    match text(doc, "request_id").parse::<i64>() {
        Ok(_) => Ok(()),
        Err(_) => Err(Refusal::invalid("request_id: Must be a string representation of a 64-bit integer.")),
    }
}

/// Whether another object may be added to some.
pub fn check_limit(count: usize, most: Option<usize>, code: i64, what: &str) -> Result<(), Refusal> {
    match most {
        Some(most) if count >= most => Err(Refusal::new(code, format!("The maximum number of {what} is {most}."))),
        _ => Ok(()),
    }
}

/// The `operation_status` of a create: on unless it says otherwise.
pub fn is_enabled(doc: &mut Doc) -> bool {
    doc.remove("operation_status").is_none_or(|status| status == "ENABLE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_length_and_no_emoji() {
        for (name, wanted) in [
            ("adop ns spring 7f3c".to_owned(), true),
            ("a".repeat(512), true),
            ("a".repeat(513), false),
            ("春".repeat(256), true),
            ("春".repeat(257), false),
            (" ".to_owned(), false),
            ("spring 🌱".to_owned(), false),
        ] {
            let doc = Doc::from_iter([("ad_name".to_owned(), name.clone().into())]);
            assert_eq!(check_name(&doc, "ad_name").is_ok(), wanted, "{name}");
        }
    }
}
