//! Changing the names and settings of one line, and continuing its chain.

use std::collections::BTreeSet;

use adops_core::campaign::observed::ExternalId;
use adops_core::campaign::plan::{Action, NewLine};
use adops_core::campaign::settings::{AdSettings, Field, Value};
use adops_core::marker::Token;
use adops_core::reason::Reason;
use serde_json::{Value as Json, json};

use super::ads::{self, Shown};
use super::blueprint::{Blueprint, Dictionary, rejected, unfit};
use super::group::{self, Edit};
use super::halt::Halt;
use super::library::Library;
use super::lookup::Needs;
use super::names;
use super::ownership::Known;
use super::status::{Kind, Switch};
use super::tree::{Group, Tree};
use super::{TikTok, status};
use crate::error::PlatformError;

/// What came of changes, by their index.
type Done = Vec<(usize, Result<(), PlatformError>)>;

/// Of one line.
pub(super) struct Edits<'a> {
    pub(super) tiktok: &'a TikTok,
    pub(super) dictionary: &'a Dictionary<'a>,
    pub(super) halt: &'a Halt,
    /// Whether the campaign was just paused, after it was read.
    pub(super) pausing: bool,
}

/// What must be known to write the ads anew that are there: another identity goes onto all of them, and what changes in
/// them keeps the identity that they have.
pub(super) fn needs_of_line<'a>(
    tree: &Tree,
    changes: impl Iterator<Item = &'a Action>,
    library: &Library,
    needs: &mut Needs,
) {
    let fields: BTreeSet<Field> = changes
        .filter_map(|change| match change {
            Action::Set { field: field @ (Field::Ads | Field::Identity), .. } => Some(*field),
            _ => None,
        })
        .collect();
    for ad in tree.main_group().into_iter().flat_map(|group| ads::of(group, library)) {
        if fields.contains(&Field::Ads) {
            needs.identity(ad.identity);
        } else if fields.contains(&Field::Identity) && ad.on {
            needs.ads.insert(ad.settings);
        }
    }
}

impl Edits<'_> {
    /// Carries out all changes of a line that its present state allows.
    pub(super) async fn carry_out(
        &self,
        id: &ExternalId,
        tree: Option<&Tree>,
        changes: &[Action],
        indices: &[usize],
    ) -> Done {
        let Some(tree) = tree else {
            let unseen = || rejected(Reason::RemovedOnPlatform, format!("the account has no campaign {id}"));
            return indices.iter().map(|&index| (index, Err(unseen()))).collect();
        };
        let known = Known::of(tree, &self.tiktok.installation);
        let mut done = Done::new();
        let (mut of_group, mut of_ads) = (Vec::new(), Vec::new());
        for &index in indices {
            if let Err(error) = known.allow(id, &changes[index]) {
                done.push((index, Err(error)));
                continue;
            }
            match &changes[index] {
                Action::Set { field, to, .. } if group::holds(*field) => of_group.push((index, *field, to)),
                Action::Set { field: field @ (Field::Ads | Field::Identity), to, .. } => {
                    of_ads.push((index, *field, to));
                }
                Action::Set { field: Field::Name, to: Value::Text(name), .. } => {
                    done.push((index, self.name_campaign(tree, name, false).await));
                }
                Action::Mark { name, paused, .. } => done.push((index, self.mark(tree, name, *paused).await)),
                Action::Complete { line, .. } => done.push((index, self.complete(tree, line).await)),
                Action::Set { field, .. } => {
                    let message = format!("{field} of a campaign cannot be changed on TikTok");
                    done.push((index, Err(rejected(Reason::Unsupported, message))));
                }
                _ => {}
            }
        }
        done.extend(self.change_group(tree, of_group).await);
        done.extend(self.change_ads(tree, of_ads).await);
        done
    }

    async fn mark(&self, tree: &Tree, name: &str, paused: bool) -> Result<(), PlatformError> {
        self.name_campaign(tree, name, paused).await?;
        let bare = names::bare(name);
        match tree.main_group().map(|group| &group.own).filter(|group| group.adgroup_name != bare) {
            Some(group) => {
                let body = json!({ "adgroup_id": group.adgroup_id, "adgroup_name": bare });
                self.post("smart_plus/adgroup/update", body).await
            }
            None => Ok(()),
        }
    }

    /// Names a campaign; the mark of a pause stays with one that is paused, and goes from one that is not.
    async fn name_campaign(&self, tree: &Tree, name: &str, paused: bool) -> Result<(), PlatformError> {
        let off = self.pausing || !tree.is_on();
        let name = names::with(name, off && (paused || self.pausing || tree.says_paused()));
        if name == tree.campaign.campaign_name && !self.pausing {
            return Ok(());
        }
        self.halt.check()?;
        let renamed = self.tiktok.rename(&tree.campaign.campaign_id, name).await;
        renamed.map_err(|refusal| self.tiktok.heard(refusal, self.halt))
    }

    /// Continues a chain. The topmost object is paused first, so that nothing of it runs before it is whole.
    async fn complete(&self, tree: &Tree, line: &NewLine) -> Result<(), PlatformError> {
        let id = &tree.campaign.campaign_id;
        self.tiktok.is_settled(id)?;
        let blueprint = Blueprint::new(line, self.dictionary)?;
        if tree.is_on() && !self.pausing {
            let known = Known::of(tree, &self.tiktok.installation);
            let mut switched = self.tiktok.pause(&[(id, &known)], self.halt).await;
            switched.remove(id).unwrap_or(Ok(()))?;
        }
        let group = tree.main_group();
        let there = group.map_or_else(Vec::new, |group| ads::of(group, &self.tiktok.library));
        let wanted = ads::missing(&there, blueprint.ads.iter().map(|(ad, _)| ad));
        let group = group.map(|group| group.own.adgroup_id.clone());
        self.tiktok.continue_chain(id, &blueprint, group, &wanted, self.halt).await
    }

    async fn change_group(&self, tree: &Tree, changes: Vec<(usize, Field, &Value)>) -> Done {
        let mut done = Done::new();
        if changes.is_empty() {
            return done;
        }
        let Some(group) = tree.main_group() else { return all(changes, &chainless(tree)) };
        let mut edit = Edit::of(&group.own);
        let mut taken = Vec::new();
        for (index, field, to) in changes {
            match edit.set(field, to, self.dictionary) {
                Ok(()) => taken.push(index),
                Err(error) => done.push((index, Err(error))),
            }
        }
        if !taken.is_empty() {
            let result = self.post("smart_plus/adgroup/update", edit.body()).await;
            done.extend(taken.into_iter().map(|index| (index, result.clone())));
        }
        done
    }

    /// Ads and the identity that they are shown under are one thing on TikTok.
    async fn change_ads(&self, tree: &Tree, changes: Vec<(usize, Field, &Value)>) -> Done {
        if changes.is_empty() {
            return Done::new();
        }
        let Some(group) = tree.main_group() else { return all(changes, &chainless(tree)) };
        let result = self.ads_of(tree, group, &changes).await;
        changes.into_iter().map(|(index, ..)| (index, result.clone())).collect()
    }

    async fn ads_of(
        &self,
        tree: &Tree,
        group: &Group,
        changes: &[(usize, Field, &Value)],
    ) -> Result<(), PlatformError> {
        let there = ads::of(group, &self.tiktok.library);
        let shown = || there.iter().filter(|ad| ad.on);
        let wanted: BTreeSet<AdSettings> = match changes.iter().find(|(_, field, _)| *field == Field::Ads) {
            Some((.., Value::Ads(ads))) => ads.clone(),
            Some(_) => return Err(unfit(Field::Ads)),
            None => shown().map(|ad| ad.settings.clone()).collect(),
        };
        let identity: String = match changes.iter().find(|(_, field, _)| *field == Field::Identity) {
            Some((.., Value::Text(identity))) => identity.clone(),
            Some(_) => return Err(unfit(Field::Identity)),
            None => shown().chain(&there).map(|ad| ad.identity.clone()).next().unwrap_or_default(),
        };
        self.show(tree, group, &there, &wanted, &identity).await
    }

    /// Makes a group show just these ads.
    async fn show(
        &self,
        tree: &Tree,
        group: &Group,
        there: &[Shown],
        wanted: &BTreeSet<AdSettings>,
        identity: &str,
    ) -> Result<(), PlatformError> {
        let steps = ads::steps(there, wanted, identity);
        let name = ad_name(tree);
        // All bodies are made before the first is sent, so that what cannot be written changes nothing.
        let writable = || self.dictionary.identity(identity);
        let changed = steps.change.iter().map(|(id, ad)| {
            let mut body = self.dictionary.ad(ad, writable()?)?;
            (body["smart_plus_ad_id"], body["ad_name"]) = (id.as_str().into(), name.as_str().into());
            Ok(body)
        });
        let changed: Vec<Json> = changed.collect::<Result<_, PlatformError>>()?;
        let created = steps.create.iter().map(|ad| {
            let mut body = self.dictionary.ad(ad, writable()?)?;
            (body["operation_status"], body["ad_name"]) = ("ENABLE".into(), name.as_str().into());
            Ok(body)
        });
        let created: Vec<Json> = created.collect::<Result<_, PlatformError>>()?;
        for body in changed {
            self.post("smart_plus/ad/update", body).await?;
        }
        for body in created {
            self.tiktok.is_settled(&tree.campaign.campaign_id)?;
            self.tiktok.create_ad(&group.own.adgroup_id, body, self.halt).await?;
        }
        self.switch(Kind::Ad, Switch::On, &steps.enable).await?;
        self.switch(Kind::Ad, Switch::Off, &steps.disable).await?;
        let others: Vec<String> = tree.other_groups().map(|group| group.own.adgroup_id.clone()).collect();
        self.switch(Kind::AdGroup, Switch::Off, &others).await
    }

    async fn switch(&self, kind: Kind, switch: Switch, ids: &[String]) -> Result<(), PlatformError> {
        let switched: status::Switched = self.tiktok.switch(kind, switch, ids, self.halt).await;
        switched.into_values().collect()
    }

    async fn post(&self, path: &str, body: Json) -> Result<(), PlatformError> {
        self.halt.check()?;
        let sent = self.tiktok.client.post::<Json>(path, body).await;
        sent.map(|_| ()).map_err(|refusal| self.tiktok.heard(refusal, self.halt))
    }
}

fn all(changes: Vec<(usize, Field, &Value)>, error: &PlatformError) -> Done {
    changes.into_iter().map(|(index, ..)| (index, Err(error.clone()))).collect()
}

fn chainless(tree: &Tree) -> PlatformError {
    let message = format!("campaign {} has no ad group yet", tree.campaign.campaign_id);
    PlatformError::Unavailable { message }
}

/// The name of a line's ads: that of the campaign, so that they bear its token.
fn ad_name(tree: &Tree) -> String {
    let of_group = tree.main_group().map(|group| group.own.adgroup_name.clone());
    let names = [Some(names::bare(&tree.campaign.campaign_name).to_owned()), of_group];
    let marked = names.into_iter().flatten().find(|name| Token::find(name).is_some());
    marked.unwrap_or_else(|| tree.campaign.campaign_name.clone())
}
