//! What must be looked up before something can be written.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::plan::{Action, NewLine};
use adops_core::campaign::settings::{AdSettings, Field, Settings, Value};
use adops_core::market::Place;
use jiff::Timestamp;

use super::TikTok;
use super::account::Basics;
use super::blueprint::{Dictionary, Goal};
use super::errors::stops_all;
use super::library::Creative;
use super::wire::Identity;
use crate::error::PlatformError;

/// What is needed.
#[derive(Debug, Default)]
pub(super) struct Needs {
    places: BTreeSet<Place>,
    languages: bool,
    identities: BTreeSet<String>,
    pixels: BTreeSet<String>,
    pub(super) ads: BTreeSet<AdSettings>,
}

impl Needs {
    /// For new lines.
    pub(super) fn of_lines<'a>(lines: impl Iterator<Item = &'a NewLine>) -> Self {
        let mut needs = Self::default();
        for line in lines {
            needs.add_settings(&line.settings);
        }
        needs
    }

    /// For changes.
    pub(super) fn of_changes(changes: &[Action]) -> Self {
        let mut needs = Self::default();
        for change in changes {
            match change {
                Action::Set { field, to, .. } => needs.add(*field, to),
                Action::Complete { line, .. } => needs.add_settings(&line.settings),
                _ => {}
            }
        }
        needs
    }

    fn add_settings(&mut self, settings: &Settings) {
        for (field, value) in settings.iter() {
            self.add(field, value);
        }
    }

    fn add(&mut self, field: Field, value: &Value) {
        match (field, value) {
            (Field::Places, Value::Places(places)) => self.places.extend(places.iter().cloned()),
            (Field::Languages, _) => self.languages = true,
            (Field::Ads, Value::Ads(ads)) => self.ads.extend(ads.iter().cloned()),
            (Field::Identity, Value::Text(identity)) => _ = self.identities.insert(identity.clone()),
            (Field::Optimization, Value::Text(goal)) => {
                if let Some(Goal::Conversions { pixel }) = Goal::parse(goal) {
                    self.pixels.insert(pixel.to_owned());
                }
            }
            _ => {}
        }
    }

    /// An identity that is on the platform already.
    pub(super) fn identity(&mut self, identity: String) {
        self.identities.insert(identity);
    }
}

/// What was found.
pub(super) struct Found {
    basics: Basics,
    places: BTreeMap<Place, String>,
    languages: BTreeSet<String>,
    identities: BTreeMap<String, Result<Identity, PlatformError>>,
    pixels: BTreeMap<String, Result<String, PlatformError>>,
    creatives: BTreeMap<AdSettings, Result<Vec<Creative>, PlatformError>>,
}

impl Found {
    pub(super) fn dictionary(&self, now: Timestamp) -> Dictionary<'_> {
        Dictionary {
            basics: &self.basics,
            now,
            places: &self.places,
            languages: &self.languages,
            identities: &self.identities,
            pixels: &self.pixels,
            creatives: &self.creatives,
        }
    }
}

impl TikTok {
    /// Looks up what is needed. What one line lacks is no error of the others.
    pub(super) async fn look_up(&self, needs: &Needs) -> Result<Found, PlatformError> {
        let client = &self.client;
        let languages = if needs.languages { self.atlas.languages(client).await? } else { BTreeSet::new() };
        let mut identities = BTreeMap::new();
        for id in &needs.identities {
            let found = self.assets.identity(client, id, self.business_center.as_deref()).await;
            identities.insert(id.clone(), of_its_own(found)?);
        }
        let mut pixels = BTreeMap::new();
        for told in &needs.pixels {
            pixels.insert(told.clone(), of_its_own(self.assets.pixel(client, told).await)?);
        }
        Ok(Found {
            basics: self.basics().await?,
            places: self.atlas.resolve(client, &needs.places).await?,
            languages,
            identities,
            pixels,
            creatives: self.library.creatives(client, needs.ads.iter()).await?,
        })
    }
}

/// An error of the whole account is none of one thing that was looked up.
fn of_its_own<T>(found: Result<T, PlatformError>) -> Result<Result<T, PlatformError>, PlatformError> {
    match found {
        Err(error) if stops_all(&error) => Err(error),
        found => Ok(found),
    }
}
