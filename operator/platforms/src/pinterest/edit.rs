//! Changing the names and settings of lines, and continuing their chains.

use adops_core::campaign::observed::ExternalId;
use adops_core::campaign::plan::Action;
use adops_core::campaign::settings::{Field, Value};
use adops_core::reason::Reason;
use serde_json::{Map, Value as Json};

use super::batch::Kind;
use super::blueprint::{Blueprint, end, is_targeting, of_group, set, unfit};
use super::change::{Step, Work, fields};
use super::errors::rejected;
use super::tree::Tree;
use crate::error::PlatformError;
use crate::paused;

/// What one change asks of the objects of its line.
#[derive(Default)]
struct Parts {
    campaign: Map<String, Json>,
    group: Map<String, Json>,
    /// Ad groups that are not the line's and are to be switched off.
    others: Vec<ExternalId>,
}

impl Parts {
    fn is_empty(&self) -> bool {
        self.campaign.is_empty() && self.group.is_empty() && self.others.is_empty()
    }
}

impl Work<'_> {
    /// Campaigns, then ad groups, then what chains lack.
    pub(super) async fn edit(&mut self) {
        let (mut campaigns, mut groups) = (Vec::new(), Vec::new());
        for (index, id) in self.left(|change| matches!(change, Action::Mark { .. } | Action::Set { .. })) {
            let Some(tree) = self.trees.get_mut(&id) else { continue };
            let parts = match parts(tree, &self.changes[index], &self.dictionary) {
                Ok(parts) => parts,
                Err(error) => {
                    self.file(index, Err(error));
                    continue;
                }
            };
            if parts.is_empty() {
                // It is as it is to be.
                self.file(index, Ok(()));
                continue;
            }
            let group = tree.main_group().map(|group| group.id.clone());
            if !parts.campaign.is_empty() {
                campaigns.push(Step { index, id, fields: parts.campaign });
            }
            for id in parts.others {
                groups.push(Step { index, id, fields: fields([("status", "PAUSED".into())]) });
            }
            if let Some(id) = group.filter(|_| !parts.group.is_empty()) {
                groups.push(Step { index, id, fields: parts.group });
            }
        }
        self.send(Kind::Campaign, campaigns).await;
        self.send(Kind::AdGroup, groups).await;
        self.complete().await;
    }

    /// Continues chains. The topmost object is paused first, so that nothing of it runs before it is whole.
    async fn complete(&mut self) {
        let wanted = |change: &Action| matches!(change, Action::Complete { .. });
        let on: Vec<(usize, ExternalId)> =
            self.left(wanted).into_iter().filter(|(_, id)| self.trees.get(id).is_some_and(Tree::is_on)).collect();
        let pauses = on.iter().map(|(index, id)| self.pause_of(*index, id.clone())).collect();
        self.send(Kind::Campaign, pauses).await;
        for (index, _) in on {
            self.reopen(index);
        }
        let (mut indices, mut groups) = (Vec::new(), Vec::new());
        for (index, id) in self.left(wanted) {
            let Action::Complete { line, .. } = &self.changes[index] else { continue };
            let whole = self.trees.get(&id).is_some_and(|tree| tree.missing().is_none());
            let blueprint = || {
                self.pinterest.is_settled(&id)?;
                Blueprint::new(&self.pinterest.client.account, line, &self.dictionary)
            };
            match blueprint() {
                _ if whole => self.file(index, Ok(())),
                Ok(blueprint) => {
                    indices.push(index);
                    groups.push((id, blueprint.group));
                }
                Err(error) => self.file(index, Err(error)),
            }
        }
        let created = self.pinterest.create_groups(groups, &mut self.halt).await;
        for (index, (_, result)) in indices.into_iter().zip(created) {
            self.file(index, result);
        }
    }
}

/// What a change asks of each object. Targeting is written as a whole: what is taken together is kept in the tree.
fn parts(tree: &mut Tree, change: &Action, dictionary: &super::blueprint::Dictionary) -> Result<Parts, PlatformError> {
    let mut parts = Parts::default();
    match change {
        Action::Mark { name, paused, .. } => {
            rename(tree, name, *paused, &mut parts.campaign);
            let bare = paused::bare(name);
            if tree.main_group().is_some_and(|group| group.name != bare) {
                parts.group.insert("name".to_owned(), bare.into());
            }
        }
        Action::Set { field: Field::Name, to: Value::Text(name), .. } => {
            rename(tree, name, false, &mut parts.campaign);
        }
        Action::Set { field: Field::Start, to: Value::Instant(start), .. } => {
            parts.campaign.insert("start_time".to_owned(), dictionary.start(*start).into());
        }
        Action::Set { field: Field::End, to: Value::Instant(at), .. } => {
            parts.campaign.insert("end_time".to_owned(), end(*at).into());
        }
        Action::Set { field, to, .. } if of_group(*field) => {
            let id = tree.campaign.id.clone();
            let missing = || PlatformError::Unavailable { message: format!("campaign {id} has no ad group yet") };
            let main = tree.main_group().map(|group| group.id.clone()).ok_or_else(missing)?;
            if *field == Field::Places {
                parts.others = tree.other_groups().map(|group| group.id.clone()).collect();
            }
            let group = tree.groups.iter_mut().find(|group| group.id == main).ok_or_else(|| unfit(*field))?;
            let mut targeting = group.targeting_spec.clone();
            set(*field, to, dictionary, &mut parts.group, &mut targeting)?;
            if *field == Field::Bidding {
                // A bid of somebody's stays behind otherwise.
                parts.group.insert("bid_in_micro_currency".to_owned(), Json::Null);
            }
            if is_targeting(*field) {
                group.targeting_spec = targeting;
                parts.group.insert("targeting_spec".to_owned(), group.targeting_spec.clone().into());
            }
        }
        Action::Set { field, .. } => {
            let message = format!("{field} of a campaign cannot be changed on Pinterest");
            return Err(rejected(Reason::Unsupported, message));
        }
        _ => {}
    }
    Ok(parts)
}

/// Names a campaign; the mark of a pause stays with one that is paused, and goes from one that is not.
fn rename(tree: &mut Tree, name: &str, paused: bool, fields: &mut Map<String, Json>) {
    let name = paused::with(name, !tree.is_on() && (paused || tree.says_paused()));
    if name != tree.campaign.name {
        fields.insert("name".to_owned(), name.as_str().into());
        tree.campaign.name = name;
    }
}
