//! Rehearsals: the same calls with `validate_only`, which Meta checks and carries out nothing of.
//!
//! What a line would make has no id for what hangs on it. A stand-in takes its place, and a call that refers to one is
//! not sent: Meta checks an ad set only below a campaign that exists, an ad only with its ad set and its creative. Nor is
//! a removal, which has no dry run. What is left out is noted, and told beside the verdict.

use adops_core::campaign::plan::{Action, NewLine};
use adops_core::reason::Reason;
use reqwest::Url;
use serde_json::Value;

use super::Meta;
use super::client::{Call, Verb};
use super::errors::rejected;
use crate::error::PlatformError;
use crate::port::{Outcome, Rehearsed};

/// The id of what does not exist yet.
pub(super) const STAND_IN: &str = "(not made in a rehearsal)";
/// The parameter that makes a call a dry run, and its value.
const DRY_RUN: (&str, &str) = ("execution_options", r#"["validate_only"]"#);

/// Something that Meta cannot be asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// An ad set below a campaign that does not exist.
    AdSet,
    /// An ad whose ad set or creative does not exist.
    Ad,
    /// A creative of a file that is not in the library.
    Creative,
    /// A removal.
    Removal,
}

/// What was asked in a rehearsal, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Notes {
    /// How many calls were sent.
    pub(super) asked: usize,
    pub(super) left_out: Vec<Part>,
}

impl Notes {
    fn count(&self, part: Part) -> usize {
        self.left_out.iter().filter(|other| **other == part).count()
    }

    /// What was left out, in words; none if nothing was.
    fn told(&self) -> Option<String> {
        let some = |count: usize, one: &str, more: &str| match count {
            0 => None,
            1 => Some(one.to_owned()),
            count => Some(format!("{count} {more}")),
        };
        let below = [
            some(self.count(Part::AdSet), "the ad set with its budget and audience", "ad sets"),
            some(self.count(Part::Ad), "an ad", "ads"),
        ];
        let below: Vec<String> = below.into_iter().flatten().collect();
        let below = (!below.is_empty())
            .then(|| format!("{}, for Meta checks that only where what it hangs on exists", below.join(" and ")));
        let files = some(self.count(Part::Creative), "a creative", "creatives")
            .map(|creatives| format!("{creatives} of files that are not in the account's library yet"));
        let removal =
            self.left_out.contains(&Part::Removal).then(|| "the removal, of which Meta has no dry run".to_owned());
        let all: Vec<String> = [below, files, removal].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// The verdict that an outcome is.
    fn verdict(&self, outcome: Outcome) -> Result<Rehearsed, PlatformError> {
        match (outcome, self.told()) {
            (Outcome::Failed(error) | Outcome::Unknown(error), _) => Err(error),
            (Outcome::Applied { .. }, Some(told)) if self.asked == 0 => {
                Err(rejected(Reason::Unsupported, format!("not rehearsed: {told}")))
            }
            (Outcome::Applied { .. }, left_out) => Ok(Rehearsed { left_out }),
        }
    }
}

impl Call {
    /// The dry run of a call that writes; the error is what cannot be asked about.
    pub(super) fn rehearsed(mut self) -> Result<Self, Part> {
        if self.verb == Verb::Delete {
            return Err(Part::Removal);
        }
        // Labels of ours that are missing would be made before, and nothing else depends on them.
        self.params.retain(|(name, value)| *name != "adlabels" || !value.contains(STAND_IN));
        if self.params.iter().any(|(_, value)| value.contains(STAND_IN)) {
            return Err(if self.path.ends_with("/adsets") { Part::AdSet } else { Part::Ad });
        }
        self.params.push((DRY_RUN.0, DRY_RUN.1.to_owned()));
        Ok(self)
    }
}

/// Whether Meta takes a request for a dry run: a batch of which each call is one, or a read.
pub(super) fn is_dry_run(body: &[u8]) -> bool {
    let Some(batch) = std::str::from_utf8(body).ok().and_then(|body| parameter(body, "batch")) else { return false };
    let calls: Vec<Value> = serde_json::from_str(&batch).unwrap_or_default();
    let is_dry = |call: &Value| {
        let options = call["body"].as_str().and_then(|body| parameter(body, DRY_RUN.0));
        call["method"] == "GET" || call["method"] == "POST" && options.as_deref() == Some(DRY_RUN.1)
    };
    !calls.is_empty() && calls.iter().all(is_dry)
}

/// A parameter of a form.
fn parameter(form: &str, name: &str) -> Option<String> {
    let mut url = Url::parse("form:").ok()?;
    url.set_query(Some(form));
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

impl Meta {
    pub(super) async fn rehearse_all(
        &self,
        lines: &[NewLine],
        changes: &[Action],
    ) -> Vec<Result<Rehearsed, PlatformError>> {
        if !self.client.rehearsal {
            let refusal = rejected(Reason::Unsupported, "this connector was not made for rehearsals");
            return vec![Err(refusal); lines.len() + changes.len()];
        }
        let mut outcomes = self.make_lines(lines).await;
        outcomes.extend(self.make_changes(changes).await);
        outcomes.into_iter().map(|(outcome, notes)| notes.verdict(outcome)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(calls: &[Call]) -> String {
        let items: Vec<Value> = calls.iter().map(Call::item).collect();
        format!("batch={}&access_token=t", crate::text::encode(&Value::from(items).to_string()))
    }

    #[test]
    fn only_what_is_wholly_a_dry_run_is_taken_for_one() {
        let pause = || Call::post("1", vec![("status", "PAUSED".to_owned()), ("name", "a & b".to_owned())]);
        let dry = || pause().rehearsed().unwrap();
        let is_dry = |calls: &[Call]| is_dry_run(batch(calls).as_bytes());
        assert!(is_dry(&[dry(), Call::get("1", Vec::new()), dry()]));
        assert!(!is_dry(&[dry(), pause()]));
        assert!(!is_dry(&[dry(), Call::delete("1")]));
        assert!(!is_dry(&[]));
        assert!(!is_dry_run(b"name=a&execution_options=%5B%22validate_only%22%5D"), "all that is rehearsed is batched");
        let fake = Call::post("1", vec![("name", r#"execution_options=["validate_only"]"#.to_owned())]);
        assert!(!is_dry(&[fake]));
    }

    #[test]
    fn what_needs_something_that_does_not_exist_is_left_out_and_labels_are_spared() {
        let post = |path: &str, name, value: &str| Call::post(path, vec![(name, value.to_owned())]).rehearsed();
        assert_eq!(post("act_1/adsets", "campaign_id", STAND_IN), Err(Part::AdSet));
        assert_eq!(post("act_1/ads", "creative", &format!(r#"{{"creative_id":"{STAND_IN}"}}"#)), Err(Part::Ad));
        assert_eq!(Call::delete("1").rehearsed(), Err(Part::Removal));
        let labelled = post("act_1/campaigns", "adlabels", &format!(r#"[{{"id":"{STAND_IN}"}}]"#)).unwrap();
        assert_eq!(labelled.params, [(DRY_RUN.0, DRY_RUN.1.to_owned())]);
    }

    #[test]
    fn what_was_left_out_is_told_and_nothing_that_was_not_asked_about_passes() {
        let done = || Outcome::Applied { id: "1".to_owned() };
        let notes = Notes { asked: 2, left_out: vec![Part::AdSet, Part::Ad, Part::Ad] };
        let told = notes.verdict(done()).unwrap().left_out.unwrap();
        assert!(told.starts_with("the ad set with its budget and audience and 2 ads, for Meta checks"), "{told}");
        let removal = Notes { asked: 0, left_out: vec![Part::Removal] };
        assert!(matches!(removal.verdict(done()), Err(PlatformError::Rejected { reason: Reason::Unsupported, .. })));
        assert_eq!(Notes { asked: 1, left_out: Vec::new() }.verdict(done()), Ok(Rehearsed::default()));
    }
}
