//! The chain that a line is: a campaign, its ad set, creatives, ads. Each is created paused, with its own marker in its
//! own call, after what it hangs on; so whatever is there when it breaks is known as ours and can be continued.

use std::collections::HashMap;

use adops_core::campaign::observed::ExternalId;
use adops_core::campaign::plan::NewLine;
use adops_core::campaign::settings::AdSettings;
use adops_core::marker::Installation;

use super::Meta;
use super::blueprint::{Blueprint, Dictionary};
use super::client::{Call, Client};
use super::creative::{Speaker, name};
use super::desk::{Desk, Program};
use super::errors::Refusal;
use super::labels::{OwnLabels, list_of};
use super::rehearsal::{Notes, Part, STAND_IN};
use super::wire::{Id, Named};
use crate::error::PlatformError;
use crate::port::Outcome;

/// What lines are made with: all that was looked up for them.
pub(super) struct Workshop<'a> {
    pub(super) meta: &'a Meta,
    pub(super) dictionary: &'a Dictionary<'a>,
    pub(super) labels: &'a OwnLabels,
    /// Creatives that are there already, by their names.
    pub(super) creatives: &'a HashMap<String, String>,
}

/// An ad that is to be created.
#[derive(Clone, Copy)]
pub(super) struct NewAd<'a> {
    /// The id of its ad set.
    pub(super) set: &'a str,
    /// The name of its campaign, with the line's token.
    pub(super) line: &'a str,
    pub(super) settings: &'a AdSettings,
    pub(super) speaker: &'a Speaker,
    pub(super) stand: Stand,
}

/// How a new ad is to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// Paused until its ad set is enabled for the first time.
    Waiting,
    /// Enabled, below an ad set that was enabled before.
    Enabled,
}

impl Meta {
    pub(super) async fn create_lines(&self, lines: &[NewLine]) -> Vec<Outcome> {
        self.make_lines(lines).await.into_iter().map(|(outcome, _)| outcome).collect()
    }

    /// Creates lines, or rehearses that.
    pub(super) async fn make_lines(&self, lines: &[NewLine]) -> Vec<(Outcome, Notes)> {
        let failed = |error: &PlatformError| (Outcome::Failed(error.clone()), Notes::default());
        let needs = super::needs::of_lines(lines);
        let prepared = match self.prepare(&needs).await {
            Ok(prepared) => prepared,
            // Nothing was sent that could have made a line.
            Err(error) => {
                let error = super::errors::read_error(error, "before anything was created");
                return lines.iter().map(|_| failed(&error)).collect();
            }
        };
        let labels = match &prepared.labels {
            Ok(labels) => labels,
            Err(error) => return lines.iter().map(|_| failed(error)).collect(),
        };
        let dictionary = prepared.dictionary(self.client.clock.now());
        let creatives = HashMap::new();
        let workshop = Workshop { meta: self, dictionary: &dictionary, labels, creatives: &creatives };
        let desk = Desk::new(&self.client);
        let (mut made, mut rest) = (Vec::with_capacity(lines.len()), lines);
        // A line is begun if it can be brought to its end. The answers say how much room there is for the next ones.
        while !rest.is_empty() {
            let calls = rest.iter().map(|line| super::calls_of(&line.settings));
            let (now, later) = rest.split_at(self.client.lines_that_fit(calls));
            if now.is_empty() {
                made.extend(later.iter().map(|_| failed(&self.client.no_room())));
                break;
            }
            let programs = now.iter().map(|line| workshop.create(&desk, line)).collect();
            made.extend(desk.run(programs, || (lost(), Notes::default())).await);
            rest = later;
        }
        made
    }
}

/// What is said of a chain that was given up.
pub(super) fn lost() -> Outcome {
    Outcome::Unknown(PlatformError::UnknownOutcome { message: "what came of it was not waited for".to_owned() })
}

/// What a refusal makes of a change.
pub(super) fn refused(refusal: Refusal) -> Outcome {
    if refusal.error.may_have_happened() { Outcome::Unknown(refusal.error) } else { Outcome::Failed(refusal.error) }
}

impl Workshop<'_> {
    fn create<'b>(&'b self, desk: &'b Desk<'_>, line: &'b NewLine) -> Program<'b, (Outcome, Notes)> {
        Box::pin(async move { (self.create_line(desk, line).await, desk.take_notes()) })
    }

    async fn create_line(&self, desk: &Desk<'_>, line: &NewLine) -> Outcome {
        let blueprint = match self.blueprint(line) {
            Ok(blueprint) => blueprint,
            Err(error) => return Outcome::Failed(error),
        };
        let path = self.meta.client.edge("campaigns");
        let id = match self.made(desk, Call::post(path, blueprint.campaign.clone())).await {
            Ok(id) => id,
            Err(refusal) => return refused(refusal),
        };
        match self.continue_from(desk, &id, &blueprint).await {
            Ok(()) => Outcome::Applied { id },
            Err(refusal) if refusal.error.may_have_happened() => Outcome::Unknown(refusal.error),
            Err(refusal) if self.rehearses() => Outcome::Failed(refusal.error),
            // The campaign is there: what it lacks is seen, and created when it is; and what refuses it says so then.
            Err(refusal) => {
                tracing::info!(campaign = %id, error = %refusal.error, "a line was not created to its end");
                Outcome::Applied { id }
            }
        }
    }

    pub(super) fn rehearses(&self) -> bool {
        self.meta.client.rehearsal
    }

    /// The parameters of a line. Nothing of it is made as long as a file that it shows is not there.
    pub(super) fn blueprint(&self, line: &NewLine) -> Result<Blueprint, PlatformError> {
        let blueprint = self.dictionary.line(line, self.labels)?;
        if !self.rehearses() {
            self.dictionary.has_media_of(&blueprint)?;
        }
        Ok(blueprint)
    }

    async fn continue_from(&self, desk: &Desk<'_>, campaign: &str, blueprint: &Blueprint) -> Result<(), Refusal> {
        let set = self.add_set(desk, campaign, blueprint).await?;
        self.add_ads(desk, &set, blueprint, Stand::Waiting).await
    }

    /// Creates the ads of a line.
    pub(super) async fn add_ads(
        &self,
        desk: &Desk<'_>,
        set: &str,
        blueprint: &Blueprint,
        stand: Stand,
    ) -> Result<(), Refusal> {
        let (line, speaker) = (&blueprint.name, &blueprint.speaker);
        for settings in &blueprint.ads {
            self.add_ad(desk, NewAd { set, line, settings, speaker, stand }).await?;
        }
        Ok(())
    }

    /// Creates the ad set of a line; the answer is its id.
    pub(super) async fn add_set(
        &self,
        desk: &Desk<'_>,
        campaign: &str,
        blueprint: &Blueprint,
    ) -> Result<String, Refusal> {
        let mut params = blueprint.set.clone();
        params.push(("campaign_id", campaign.to_owned()));
        let set = self.made(desk, Call::post(self.meta.client.edge("adsets"), params)).await?;
        self.meta.asked(&set, blueprint.budget);
        Ok(set)
    }

    /// Creates an ad and, unless it is there already, its creative.
    pub(super) async fn add_ad(&self, desk: &Desk<'_>, ad: NewAd<'_>) -> Result<(), Refusal> {
        let creative = self.creative(desk, ad.line, ad.settings, ad.speaker).await?;
        self.add_ad_of(desk, ad, &creative).await
    }

    /// Creates an ad of a creative.
    pub(super) async fn add_ad_of(&self, desk: &Desk<'_>, ad: NewAd<'_>, creative: &str) -> Result<(), Refusal> {
        let (status, labels) = match ad.stand {
            Stand::Waiting => ("PAUSED", list_of(&[&self.labels.ours, &self.labels.paused])),
            Stand::Enabled => ("ACTIVE", list_of(&[&self.labels.ours])),
        };
        let params = vec![
            ("name", name(ad.line, ad.settings, ad.speaker)),
            ("adset_id", ad.set.to_owned()),
            ("creative", serde_json::json!({ "creative_id": creative }).to_string()),
            ("status", status.to_owned()),
            ("adlabels", labels),
        ];
        self.made(desk, Call::post(self.meta.client.edge("ads"), params)).await.map(|_| ())
    }

    /// The creative of an ad: one that is there, or a new one.
    pub(super) async fn creative(
        &self,
        desk: &Desk<'_>,
        line: &str,
        ad: &AdSettings,
        speaker: &Speaker,
    ) -> Result<String, Refusal> {
        let name = name(line, ad, speaker);
        if let Some(id) = self.creatives.get(&name) {
            return Ok(id.clone());
        }
        let params = match self.dictionary.creative(&name, ad, speaker, self.labels) {
            Err(PlatformError::NotSent { .. }) if self.rehearses() => {
                desk.leave_out(Part::Creative);
                return Ok(STAND_IN.to_owned());
            }
            params => params?,
        };
        let made = self.made(desk, Call::post(self.meta.client.edge("adcreatives"), params)).await;
        if let Err(refusal) = &made
            && matches!(refusal.subcode, 1_443_051 | 1_487_212)
        {
            // Somebody has taken the file out of the library.
            self.meta.library.forget(&ad.media);
        }
        made
    }

    /// Creates something; the answer is its id.
    async fn made(&self, desk: &Desk<'_>, call: Call) -> Result<String, Refusal> {
        match desk.read::<Id>(call).await {
            Ok(_) if self.rehearses() => Ok(STAND_IN.to_owned()),
            Ok(made) if made.id.is_empty() => {
                let message = "the answer does not name what was created".to_owned();
                Err(PlatformError::Unreadable { message }.into())
            }
            Ok(made) => Ok(made.id),
            Err(refusal) => Err(self.heed(refusal)),
        }
    }

    /// A label of ours that was removed on the platform is made again before the next attempt.
    pub(super) fn heed(&self, refusal: Refusal) -> Refusal {
        if !refusal.is_about_labels() {
            return refusal;
        }
        self.meta.labels.forget();
        let message = "a label of ours was removed on the platform; it is made again".to_owned();
        Refusal { error: PlatformError::Unavailable { message }, ..refusal }
    }
}

/// All creatives of ours, by their names; of several the one that was created first.
pub(super) async fn creatives(
    client: &Client,
    label_ids: &[String],
    installation: &Installation,
) -> Result<HashMap<String, ExternalId>, PlatformError> {
    let mut found: HashMap<String, ExternalId> = HashMap::new();
    if label_ids.is_empty() {
        return Ok(found);
    }
    let ids = serde_json::Value::from(label_ids.to_vec()).to_string();
    let params = vec![("ad_label_ids", ids), ("operator", "ANY".to_owned()), ("fields", "id,name".to_owned())];
    let all: Vec<Named> = client.pages(&client.edge("adcreativesbylabels"), &params, usize::MAX).await?;
    let prefix = installation.token_prefix();
    for creative in all.into_iter().filter(|creative| creative.name.contains(&prefix)) {
        let known = found.entry(creative.name).or_insert_with(|| creative.id.clone());
        if super::labels::by_age(&creative.id, known).is_lt() {
            *known = creative.id;
        }
    }
    Ok(found)
}
