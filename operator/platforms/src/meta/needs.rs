//! What lines and changes need to be looked up before they are written.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use adops_core::campaign::plan::{Action, NewLine};
use adops_core::campaign::settings::{AdSettings, ContentHash, Field, Settings, Value};
use adops_core::market::Place;
use jiff::Timestamp;

use super::Meta;
use super::account::Basics;
use super::blueprint::Dictionary;
use super::labels::OwnLabels;
use super::library::Medium;
use crate::error::PlatformError;

/// What is needed.
#[derive(Debug, Default)]
pub(super) struct Needs {
    pub(super) places: BTreeSet<Place>,
    pub(super) media: BTreeSet<ContentHash>,
    pub(super) labels: bool,
    /// Whether creatives may be created that are there already.
    pub(super) creatives: bool,
}

/// What was found.
pub(super) struct Prepared {
    basics: Basics,
    keys: BTreeMap<Place, String>,
    shelf: HashMap<ContentHash, Medium>,
    pub(super) labels: Result<OwnLabels, PlatformError>,
    pub(super) creatives: HashMap<String, String>,
}

impl Prepared {
    /// What the words of settings stand for.
    pub(super) fn dictionary(&self, now: Timestamp) -> Dictionary<'_> {
        Dictionary { basics: &self.basics, now, keys: &self.keys, shelf: &self.shelf }
    }
}

impl Needs {
    fn settings(&mut self, settings: &Settings) {
        for (field, value) in settings.iter() {
            self.value(field, value);
        }
    }

    fn value(&mut self, field: Field, value: &Value) {
        match (field, value) {
            (Field::Places, Value::Places(places)) => self.places.extend(places.iter().cloned()),
            (Field::Ads, Value::Ads(ads)) => self.ads(ads),
            _ => {}
        }
    }

    /// Ads that may be created.
    pub(super) fn ads(&mut self, ads: &BTreeSet<AdSettings>) {
        self.media.extend(ads.iter().flat_map(|ad| ad.media.iter().cloned()));
        self.creatives = true;
    }
}

/// What new lines need. None of their creatives is there yet.
pub(super) fn of_lines(lines: &[NewLine]) -> Needs {
    let mut needs = Needs { labels: true, ..Needs::default() };
    for line in lines {
        needs.settings(&line.settings);
    }
    needs.creatives = false;
    needs
}

/// What changes need.
pub(super) fn of_changes(changes: &[Action]) -> Needs {
    let mut needs = Needs::default();
    for change in changes {
        match change {
            Action::Complete { line, .. } => {
                needs.labels = true;
                needs.settings(&line.settings);
            }
            Action::Pause { .. } | Action::Enable { .. } | Action::Mark { .. } => needs.labels = true,
            Action::Set { field, to, .. } => {
                needs.labels |= matches!(field, Field::Ads | Field::Identity);
                needs.creatives |= *field == Field::Identity;
                needs.value(*field, to);
            }
            Action::Create(_) | Action::SetBudget { .. } | Action::Remove { .. } => {}
        }
    }
    needs
}

impl Meta {
    /// Looks up what is needed.
    pub(super) async fn prepare(&self, needs: &Needs) -> Result<Prepared, PlatformError> {
        let basics = self.basics().await?;
        let labels = if needs.labels {
            self.labels.ensure(&self.client, &self.installation).await
        } else {
            Err(PlatformError::Unavailable { message: "no label was looked up".to_owned() })
        };
        let keys = self.atlas.resolve(&self.client, &needs.places).await?;
        let shelf = if needs.media.is_empty() {
            HashMap::new()
        } else {
            self.library.shelf(&self.client, &needs.media).await?
        };
        let creatives = if needs.creatives {
            super::chain::creatives(&self.client, &self.labels.book().ours, &self.installation).await?
        } else {
            HashMap::new()
        };
        Ok(Prepared { basics, keys, shelf, labels, creatives })
    }
}
