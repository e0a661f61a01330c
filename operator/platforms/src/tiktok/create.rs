//! Creating lines. A line is a chain: a campaign, its ad group, the ads, each created by a request of its own that
//! carries its marker. A chain that breaks is left as it is; it is seen to lack something, and then continued.

use std::collections::BTreeSet;

use adops_core::campaign::observed::ExternalId;
use adops_core::campaign::plan::NewLine;
use adops_core::campaign::settings::AdSettings;
use futures::StreamExt;
use futures::stream;
use serde_json::Value;

use super::blueprint::Blueprint;
use super::client::read_error;
use super::errors::{INVALID_VIDEO, Refusal};
use super::halt::Halt;
use super::lookup::Needs;
use super::wire::Created;
use super::{READ_AFTER_WRITE_LAG, TikTok};
use crate::error::PlatformError;
use crate::port::Outcome;

/// Chains that are created at the same time; each of them goes step by step.
pub(super) const AT_ONCE: usize = 8;

impl TikTok {
    pub(super) async fn create_lines(&self, lines: &[NewLine]) -> Vec<Outcome> {
        let found = match self.look_up(&Needs::of_lines(lines.iter())).await {
            Ok(found) => found,
            // Nothing was sent that could have made a line.
            Err(error) => {
                let error = read_error(error, "before anything was created");
                return lines.iter().map(|_| Outcome::Failed(error.clone())).collect();
            }
        };
        let dictionary = found.dictionary(self.client.clock.now());
        let halt = Halt::default();
        let blueprints: Vec<_> = lines.iter().map(|line| Blueprint::new(line, &dictionary)).collect();
        stream::iter(blueprints).map(|blueprint| self.create_line(blueprint, &halt)).buffered(AT_ONCE).collect().await
    }

    async fn create_line(&self, blueprint: Result<Blueprint, PlatformError>, halt: &Halt) -> Outcome {
        let blueprint = match blueprint.and_then(|blueprint| halt.check().map(|()| blueprint)) {
            Ok(blueprint) => blueprint,
            Err(error) => return Outcome::Failed(error),
        };
        let created = self.create_object("smart_plus/campaign/create", &blueprint.campaign, halt).await;
        let id = match created.and_then(|created| named(created.campaign_id, "campaign")) {
            Ok(id) => id,
            Err(error) if error.may_have_happened() => return Outcome::Unknown(error),
            Err(error) => return Outcome::Failed(error),
        };
        let wanted = blueprint.ads.iter().map(|(ad, _)| ad.clone()).collect();
        if let Err(error) = self.continue_chain(&id, &blueprint, None, &wanted, halt).await {
            // The topmost object is there, and leads to the rest: what is missing is seen and created then.
            tracing::info!(campaign = %id, %error, "a chain is not whole yet");
        }
        Outcome::Applied { id }
    }

    /// Creates what is missing below a campaign: an ad group, if there is none, and ads.
    pub(super) async fn continue_chain(
        &self,
        campaign: &ExternalId,
        blueprint: &Blueprint,
        group: Option<String>,
        wanted: &BTreeSet<AdSettings>,
        halt: &Halt,
    ) -> Result<(), PlatformError> {
        let result = self.create_below(campaign, blueprint, group, wanted, halt).await;
        if let Err(error) = &result
            && error.may_have_happened()
        {
            // What was sent may still have its effect, and it is not seen before that is over.
            let over = self.client.clock.now() + self.request_timeout + READ_AFTER_WRITE_LAG;
            self.open().insert(campaign.clone(), over);
        }
        result
    }

    async fn create_below(
        &self,
        campaign: &ExternalId,
        blueprint: &Blueprint,
        group: Option<String>,
        wanted: &BTreeSet<AdSettings>,
        halt: &Halt,
    ) -> Result<(), PlatformError> {
        let group = if let Some(group) = group {
            group
        } else {
            let mut body = blueprint.group.clone();
            body["campaign_id"] = campaign.as_str().into();
            let created = self.create_object("smart_plus/adgroup/create", &body, halt).await?;
            named(created.adgroup_id, "ad group")?
        };
        for (_, ad) in blueprint.ads.iter().filter(|(ad, _)| wanted.contains(ad)) {
            self.create_ad(&group, ad.clone(), halt).await?;
        }
        Ok(())
    }

    /// Creates an ad in a group.
    pub(super) async fn create_ad(&self, group: &str, mut body: Value, halt: &Halt) -> Result<(), PlatformError> {
        body["adgroup_id"] = group.into();
        let created = self.create_object("smart_plus/ad/create", &body, halt).await?;
        named(created.smart_plus_ad_id, "ad").map(|_| ())
    }

    async fn create_object(&self, path: &str, body: &Value, halt: &Halt) -> Result<Created, PlatformError> {
        halt.check()?;
        let created: Result<Created, Refusal> = self.client.post(path, body.clone()).await;
        created.map_err(|refusal| self.heard(refusal, halt))
    }

    /// Takes note of what a refusal means for others, and for what was found before.
    pub(super) fn heard(&self, refusal: Refusal, halt: &Halt) -> PlatformError {
        halt.note(&refusal);
        if refusal.code == Some(INVALID_VIDEO) || refusal.error.to_string().contains("web_uri") {
            // A file was removed from the library.
            self.library.forget();
        }
        refusal.error
    }
}

fn named(id: String, what: &str) -> Result<String, PlatformError> {
    if id.is_empty() {
        let message = format!("the answer does not name the {what} that was created");
        return Err(PlatformError::Unreadable { message });
    }
    Ok(id)
}
