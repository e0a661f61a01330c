//! Creating lines: whole ones, several in a request, and never half of one.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::observed::ExternalId;
use adops_core::campaign::plan::NewLine;
use adops_core::campaign::settings::{Field, Value};
use adops_core::market::Place;
use adops_core::reason::Reason;

use super::GoogleAds;
use super::batch::{self, Sent, Unit};
use super::blueprint::{Blueprint, Dictionary, rejected};
use super::errors::ItemError;
use super::labels::OwnLabels;
use super::listing;
use super::operations::{CAMPAIGN_AT, TemporaryIds, Writer};
use crate::error::PlatformError;
use crate::port::Outcome;

impl GoogleAds {
    pub(super) async fn create_lines(&self, lines: &[NewLine]) -> Vec<Outcome> {
        let (blueprints, labels) = match self.prepare(lines).await {
            Ok(prepared) => prepared,
            // Nothing was sent that could have made a line.
            Err(error) => {
                let error = super::client::read_error(error, "before anything was created");
                return lines.iter().map(|_| Outcome::Failed(error.clone())).collect();
            }
        };
        let mut outcomes: Vec<Option<Outcome>> = Vec::with_capacity(lines.len());
        let (mut ready, mut units) = (Vec::new(), Vec::new());
        let (writer, mut ids) = (Writer { client: &self.client }, TemporaryIds::default());
        for (index, blueprint) in blueprints.into_iter().enumerate() {
            match blueprint {
                Ok(blueprint) => {
                    let mut unit = Unit { operations: writer.line(&blueprint, &labels, &mut ids) };
                    self.client.rehearsable(&mut unit);
                    units.push(unit);
                    ready.push((index, blueprint.name));
                    outcomes.push(None);
                }
                Err(error) => outcomes.push(Some(Outcome::Failed(error))),
            }
        }
        let mut duplicates: BTreeMap<String, usize> = BTreeMap::new();
        let sent = batch::send(&self.client, &units).await;
        for (((index, name), unit), sent) in ready.into_iter().zip(&units).zip(sent) {
            match sent {
                Sent::Refused(errors) if errors.iter().any(|(_, e)| e.code == "DUPLICATE_CAMPAIGN_NAME") => {
                    duplicates.insert(name, index);
                }
                other => outcomes[index] = Some(self.created(unit, other)),
            }
        }
        self.settle(duplicates, &mut outcomes).await;
        let unsent = || Outcome::Failed(PlatformError::Unavailable { message: "it was not sent".to_owned() });
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(unsent)).collect()
    }

    /// Looks up all that the lines refer to.
    async fn prepare(
        &self,
        lines: &[NewLine],
    ) -> Result<(Vec<Result<Blueprint, PlatformError>>, OwnLabels), PlatformError> {
        let basics = self.basics().await?;
        let labels = self.labels.ensure(&self.client, &self.installation).await?;
        let languages = self.atlas.languages(&self.client).await?;
        let places = self.atlas.resolve(&self.client, &places_of(lines)).await?;
        let actions = lines.iter().filter_map(|line| match line.settings.get(Field::ConversionAction) {
            Some(Value::Text(action)) if !action.is_empty() => Some(action.clone()),
            _ => None,
        });
        let goals = self.goals_of(actions.collect()).await?;
        let today = self.today(&basics);
        let dictionary = Dictionary { basics: &basics, today, places: &places, languages: &languages, goals: &goals };
        Ok((lines.iter().map(|line| Blueprint::new(line, &dictionary)).collect(), labels))
    }

    fn created(&self, unit: &Unit, sent: Sent) -> Outcome {
        match sent {
            Sent::Done(names) => match names.get(CAMPAIGN_AT).cloned().flatten().as_deref().and_then(id_of) {
                Some(id) => Outcome::Applied { id },
                // A rehearsal makes nothing that could have an id.
                None if self.client.rehearsal => Outcome::Applied { id: ExternalId::new() },
                None => Outcome::Unknown(PlatformError::Unreadable {
                    message: "the answer does not name the campaign that was created".to_owned(),
                }),
            },
            Sent::Refused(errors) => {
                if errors.iter().any(|(at, error)| is_lost_label(&unit.operations[*at], error)) {
                    self.labels.forget();
                    let message = "a label of ours was removed on the platform; it is made again".to_owned();
                    return Outcome::Failed(PlatformError::Unavailable { message });
                }
                Outcome::Failed(first(errors))
            }
            Sent::Undone(error) => Outcome::Failed(error),
            Sent::Unknown(error) => Outcome::Unknown(error),
        }
    }

    /// A name with our token that is taken is an earlier attempt that had its effect.
    async fn settle(&self, duplicates: BTreeMap<String, usize>, outcomes: &mut [Option<Outcome>]) {
        if duplicates.is_empty() {
            return;
        }
        let found = listing::ids_of_names(&self.client, duplicates.keys().map(String::as_str)).await;
        for (name, index) in duplicates {
            let unknown = |message: String| Outcome::Unknown(PlatformError::UnknownOutcome { message });
            outcomes[index] = Some(match &found {
                Ok(ids) => match ids.get(&name) {
                    Some(id) => Outcome::Applied { id: id.clone() },
                    None => {
                        unknown(format!("Google says that the name `{name}` is taken, but lists no such campaign yet"))
                    }
                },
                Err(error) => {
                    unknown(format!("the name `{name}` is taken, and its campaign cannot be looked up: {error}"))
                }
            });
        }
    }
}

fn places_of(lines: &[NewLine]) -> BTreeSet<Place> {
    lines
        .iter()
        .filter_map(|line| match line.settings.get(Field::Places) {
            Some(Value::Places(places)) => Some(places.clone()),
            _ => None,
        })
        .flatten()
        .collect()
}

/// The id in a resource name.
fn id_of(resource: &str) -> Option<ExternalId> {
    resource.rsplit('/').next().filter(|id| !id.is_empty()).map(str::to_owned)
}

/// Whether an operation failed because a label of ours is gone.
pub(super) fn is_lost_label(operation: &serde_json::Value, error: &ItemError) -> bool {
    operation["campaignLabelOperation"].get("create").is_some()
        && matches!(error.code.as_str(), "RESOURCE_NOT_FOUND" | "CANNOT_APPLY_INACTIVE_LABEL")
}

/// The error of the earliest operation: later ones often fail because it did.
pub(super) fn first(errors: Vec<(usize, ItemError)>) -> PlatformError {
    errors
        .into_iter()
        .min_by_key(|(at, _)| *at)
        .map_or_else(|| rejected(Reason::PlatformRejected, "refused without a reason"), |(_, item)| item.error)
}
