//! Creating lines: campaigns, thirty in a request, then their ad groups. A chain that breaks is left as it is; it is seen
//! to lack something, and then continued.

use std::collections::BTreeSet;

use adops_core::campaign::observed::ExternalId;
use adops_core::campaign::plan::NewLine;
use adops_core::campaign::settings::{Field, Value};
use adops_core::market::Place;
use serde_json::Value as Json;

use super::batch::{Halt, Kind};
use super::blueprint::{Blueprint, Dictionary};
use super::client::{Verb, read_error};
use super::{Pinterest, READ_AFTER_WRITE_LAG};
use crate::error::PlatformError;
use crate::port::Outcome;

impl Pinterest {
    pub(super) async fn create_lines(&self, lines: &[NewLine]) -> Vec<Outcome> {
        let dictionary = match self.dictionary(lines.iter().flat_map(places_of).cloned().collect()).await {
            Ok(dictionary) => dictionary,
            // Nothing was sent that could have made a line.
            Err(error) => return lines.iter().map(|_| Outcome::Failed(error.clone())).collect(),
        };
        let account = &self.client.account;
        let blueprints: Vec<_> = lines.iter().map(|line| Blueprint::new(account, line, &dictionary)).collect();
        let campaigns: Vec<Json> = blueprints.iter().flatten().map(|blueprint| blueprint.campaign.clone()).collect();
        let mut halt = Halt::default();
        let created = self.client.write_items(Verb::Post, Kind::Campaign, &campaigns, &mut halt).await;
        let mut created = created.into_iter();
        let mut groups = Vec::new();
        let mut outcomes = Vec::with_capacity(lines.len());
        for blueprint in blueprints {
            let unsent = || Err(PlatformError::Unavailable { message: "it was not sent".to_owned() });
            outcomes.push(
                match blueprint.and_then(|blueprint| Ok((blueprint, created.next().unwrap_or_else(unsent)?))) {
                    Ok((blueprint, id)) => {
                        groups.push((id.clone(), blueprint.group));
                        Outcome::Applied { id }
                    }
                    Err(error) if error.may_have_happened() => Outcome::Unknown(error),
                    Err(error) => Outcome::Failed(error),
                },
            );
        }
        for (id, result) in self.create_groups(groups, &mut halt).await {
            if let Err(error) = result {
                // The topmost object is there, and leads to the rest: what is missing is seen and created then.
                tracing::info!(campaign = %id, %error, "a chain is not whole yet");
            }
        }
        outcomes
    }

    /// Creates ad groups in campaigns.
    pub(super) async fn create_groups(
        &self,
        groups: Vec<(ExternalId, Json)>,
        halt: &mut Halt,
    ) -> Vec<(ExternalId, Result<(), PlatformError>)> {
        let with_campaign = |(id, group): &(ExternalId, Json)| {
            let mut item = group.clone();
            item["campaign_id"] = id.as_str().into();
            item
        };
        let items: Vec<Json> = groups.iter().map(with_campaign).collect();
        let results = self.client.write_items(Verb::Post, Kind::AdGroup, &items, halt).await;
        // What was sent may still have its effect, and it is not seen before that is over.
        let over = self.client.clock.now() + self.request_timeout + READ_AFTER_WRITE_LAG;
        let mut done = Vec::with_capacity(groups.len());
        for ((id, _), result) in groups.into_iter().zip(results) {
            if result.as_ref().is_err_and(PlatformError::may_have_happened) {
                self.open().insert(id.clone(), over);
            }
            done.push((id, result.map(|_| ())));
        }
        done
    }

    /// Whether a chain may be continued: not while a request that was to create a part of it may still have its effect.
    pub(super) fn is_settled(&self, id: &ExternalId) -> Result<(), PlatformError> {
        let mut open = self.open();
        let now = self.client.clock.now();
        open.retain(|_, until| *until > now);
        match open.get(id) {
            None => Ok(()),
            Some(_) => Err(PlatformError::Unavailable {
                message: "a request that was to create a part of it had no known outcome, which must be seen first"
                    .to_owned(),
            }),
        }
    }

    /// What words stand for, places among them.
    pub(super) async fn dictionary(&self, places: BTreeSet<Place>) -> Result<Dictionary, PlatformError> {
        let places = self.atlas.resolve(&self.client, &places).await;
        let places = places.map_err(|error| read_error(error, "before anything was written"))?;
        Ok(Dictionary { now: self.client.clock.now(), places })
    }
}

/// The places of a new line.
pub(super) fn places_of(line: &NewLine) -> impl Iterator<Item = &Place> {
    places_in(line.settings.get(Field::Places))
}

/// The places of a value.
pub(super) fn places_in(value: Option<&Value>) -> impl Iterator<Item = &Place> {
    let places = match value {
        Some(Value::Places(places)) => Some(places),
        _ => None,
    };
    places.into_iter().flatten()
}
