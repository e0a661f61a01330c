//! Changing an ad group. What belongs together on the wire (targeting, schedule) is written as a whole.

use adops_core::campaign::settings::{Field, Value};
use serde_json::{Value as Json, json};

use super::blueprint::{Dictionary, age_groups, amount, bid_field, gender, rejected, unfit};
use super::wire::{AdGroup, Targeting};
use crate::error::PlatformError;
use adops_core::reason::Reason;

/// Whether a field is one of the ad group.
pub(super) fn holds(field: Field) -> bool {
    matches!(
        field,
        Field::Start | Field::End | Field::Places | Field::Languages | Field::Ages | Field::Genders | Field::Bidding
    )
}

/// An ad group that is being changed.
pub(super) struct Edit<'a> {
    group: &'a AdGroup,
    targeting: Targeting,
    manual: bool,
    targets: bool,
    start: Option<String>,
    end: Option<String>,
    bid: Option<Json>,
}

impl<'a> Edit<'a> {
    pub(super) fn of(group: &'a AdGroup) -> Self {
        let manual = group.targeting_optimization_mode != "AUTOMATIC";
        let targeting = group.targeting_spec.clone();
        Self { group, targeting, manual, targets: false, start: None, end: None, bid: None }
    }

    /// Takes a change of a field.
    pub(super) fn set(&mut self, field: Field, to: &Value, dictionary: &Dictionary<'_>) -> Result<(), PlatformError> {
        match (field, to) {
            (Field::Start, Value::Instant(start)) => self.start = Some(dictionary.start(*start)),
            (Field::End, Value::Instant(end)) => self.end = Some(dictionary.end(*end)),
            (Field::Places, to) => {
                self.targeting.location_ids = dictionary.places(to)?;
                self.targeting.zipcode_ids = Vec::new();
                self.targets = true;
            }
            (Field::Languages, Value::Set(codes)) => {
                self.targeting.languages = dictionary.languages(codes)?;
                self.targets = true;
            }
            (Field::Ages, Value::Set(words)) => {
                let groups = age_groups(words)?.into_iter().map(str::to_owned).collect();
                let Targeting { location_ids, zipcode_ids, languages, gender, .. } = self.targeting.clone();
                // What narrows the audience besides is not wanted.
                self.targeting = Targeting {
                    location_ids,
                    zipcode_ids,
                    languages,
                    gender,
                    age_groups: groups,
                    ..Targeting::default()
                };
                (self.manual, self.targets) = (true, true);
            }
            (Field::Genders, Value::Set(words)) => {
                gender(words)?.clone_into(&mut self.targeting.gender);
                (self.manual, self.targets) = (true, true);
            }
            (Field::Bidding, Value::Text(text)) => {
                let custom = self.group.bid_type == "BID_TYPE_CUSTOM";
                let bid = dictionary.bid(text)?.filter(|_| custom).ok_or_else(|| {
                    rejected(Reason::Unsupported, "the kind of bidding of an ad group cannot be changed on TikTok")
                })?;
                self.bid = Some(amount(bid)?);
            }
            (field, _) => return Err(unfit(field)),
        }
        Ok(())
    }

    /// The request's body.
    pub(super) fn body(&self) -> Json {
        let mut body = json!({ "adgroup_id": self.group.adgroup_id });
        if self.targets {
            body["targeting_optimization_mode"] = if self.manual { "MANUAL" } else { "AUTOMATIC" }.into();
            body["targeting_spec"] = self.targeting_spec();
        }
        if self.start.is_some() || self.end.is_some() {
            let start = self.start.as_ref().unwrap_or(&self.group.schedule_start_time);
            let end = self.end.as_ref().unwrap_or(&self.group.schedule_end_time);
            body["schedule_start_time"] = start.as_str().into();
            // One that has no end gets none by a change of its start.
            body["schedule_type"] = if end.is_empty() { "SCHEDULE_FROM_NOW" } else { "SCHEDULE_START_END" }.into();
            if !end.is_empty() {
                body["schedule_end_time"] = end.as_str().into();
            }
        }
        if let Some(bid) = &self.bid {
            body[bid_field(&self.group.optimization_goal)] = bid.clone();
        }
        body
    }

    fn targeting_spec(&self) -> Json {
        let targeting = &self.targeting;
        let mut spec = json!({ "location_ids": targeting.location_ids, "languages": targeting.languages });
        if self.manual {
            spec["age_groups"] = json!(targeting.age_groups);
            spec["gender"] = if targeting.gender.is_empty() { "GENDER_UNLIMITED" } else { &targeting.gender }.into();
        } else {
            spec["spc_audience_age"] = targeting.spc_audience_age.as_str().into();
        }
        if !targeting.zipcode_ids.is_empty() {
            spec["zipcode_ids"] = json!(targeting.zipcode_ids);
        }
        for (name, values) in targeting.narrowing().filter(|(_, values)| !values.is_empty()) {
            spec[name] = json!(values);
        }
        spec
    }
}
