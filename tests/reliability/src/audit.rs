//! An audit of the simulator's ledger: what must hold after every single request, whatever was killed meanwhile.
//!
//! The ledger is played back from its beginning. After each request of ours:
//! - S1: of each token at most one object is there, and of each line at most one is enabled;
//! - a campaign was created paused, with our labels, with a place, an end date and a token;
//! - whatever is enabled has a place, an end date and our label;
//! - S2: nothing without our marker was touched;
//! - S3: the enabled budgets of a Campaign do not pass its budget, unless they did before and the request has not
//!   raised them.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::line::CampaignId;
use adops_core::marker::{ShortHash, Token};
use adops_e2e::world::CUSTOMER;
use adsim::{Actor, AdSim, Change, LedgerEntry};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The label of the worlds' installation.
const LABEL: &str = "adops:test";
/// The label of what we have paused.
const PAUSED_LABEL: &str = "adops:test:paused";

/// The budgets of Campaigns over time, and what the ledger says of them.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    caps: BTreeMap<ShortHash, Vec<(Timestamp, i64)>>,
    /// After an edit by hand the sum may pass the cap, and what is enabled may lack something, until that is seen: so
    /// long neither is looked at.
    pub blind_after_hand: SignedDuration,
}

impl Audit {
    /// A Campaign's budget from now on.
    pub fn cap(&mut self, namespace: &str, name: &str, now: Timestamp, micros: i64) {
        self.caps.entry(CampaignId::new(namespace, name).hash()).or_default().push((now, micros));
    }

    /// The budget that counts at an instant. Business time stands still while a change is on its way: at the instant
    /// of a change the budget before it counts, too.
    fn cap_at(&self, campaign: ShortHash, at: Timestamp) -> Option<i64> {
        let caps = self.caps.get(&campaign)?;
        let before = caps.iter().rev().find(|(since, _)| *since < at).map(|(_, cap)| *cap);
        let now = caps.iter().filter(|(since, _)| *since == at).map(|(_, cap)| *cap).max();
        before.max(now)
    }

    /// What is broken, in words.
    pub fn broken(&self, sim: &AdSim) -> Vec<String> {
        let mut replay = Replay::default();
        let ledger = sim.ledger();
        let mut broken = Vec::new();
        let mut hand: Option<Timestamp> = None;
        for request in ledger.chunk_by(|a, b| !a.request_id.is_empty() && a.request_id == b.request_id) {
            let (first, before) = (&request[0], replay.sums());
            let mut created = BTreeSet::new();
            for entry in request {
                if let Some(id) = replay.take(entry) {
                    created.insert(id);
                }
            }
            if !matches!(first.actor, Actor::Api(_)) {
                hand = Some(first.at);
                continue;
            }
            let mut found = replay.twins();
            found.extend(created.iter().filter_map(|id| replay.incomplete(id, true)));
            found.extend(request.iter().filter_map(|entry| replay.foreign(entry)));
            if hand.is_none_or(|hand| first.at.duration_since(hand) >= self.blind_after_hand) {
                found.extend(replay.enabled().filter_map(|id| replay.incomplete(id, false)));
                for (campaign, sum) in replay.sums() {
                    let cap = self.cap_at(campaign, first.at);
                    let grown = sum > before.get(&campaign).copied().unwrap_or(0);
                    if let Some(cap) = cap.filter(|cap| sum > *cap && grown) {
                        found.push(format!("S3: {sum} micros are enabled, the budget is {cap}"));
                    }
                }
            }
            broken.extend(found.into_iter().map(|what| format!("#{} at {}: {what}", first.sequence, first.at)));
        }
        // An audit that has lost its way proves nothing.
        let account = sim.google_account(CUSTOMER);
        let there: Vec<_> = account.present().map(|one| (one.id.to_string(), &one.name, &one.status)).collect();
        let mut told: Vec<_> = replay.campaigns.iter().map(|(id, one)| (id.clone(), &one.name, &one.status)).collect();
        told.sort_by_key(|(id, ..)| id.parse::<i64>().unwrap_or_default());
        if there != told {
            broken.push(format!("the ledger tells of {told:?}, there are {there:?}"));
        }
        broken
    }
}

/// How many campaigns the ledger says that we have created.
pub fn creates(ledger: &[LedgerEntry]) -> usize {
    ledger.iter().filter(|entry| entry.kind == "campaign" && entry.change == Change::Create && by_us(entry)).count()
}

/// Whether a change was made through the API.
pub fn by_us(entry: &LedgerEntry) -> bool {
    matches!(entry.actor, Actor::Api(_))
}

#[derive(Debug, Default)]
struct Campaign {
    name: String,
    status: String,
    budget: String,
    ends: bool,
    labels: BTreeSet<String>,
    places: BTreeSet<String>,
}

impl Campaign {
    fn token(&self) -> Option<Token> {
        Token::find(&self.name)
    }
}

/// The account as the ledger tells it.
#[derive(Debug, Default)]
struct Replay {
    campaigns: BTreeMap<String, Campaign>,
    budgets: BTreeMap<String, i64>,
    labels: BTreeMap<String, String>,
    /// Names of campaigns that had no marker of ours when they were made by somebody else.
    others: BTreeSet<String>,
}

impl Replay {
    /// Takes an entry; the answer is the id of a campaign that it creates.
    fn take(&mut self, entry: &LedgerEntry) -> Option<String> {
        let id = entry.resource_name.rsplit('/').next().unwrap_or_default().to_owned();
        let text = |name: &str| entry.after.get(name).and_then(Value::as_str).map(str::to_owned);
        match (entry.kind.as_str(), entry.change) {
            ("campaign", Change::Remove) => {
                self.campaigns.remove(&id);
            }
            ("campaign", change) => {
                let campaign = self.campaigns.entry(id.clone()).or_default();
                campaign.name = text("name").unwrap_or_else(|| std::mem::take(&mut campaign.name));
                campaign.status = text("status").unwrap_or_else(|| std::mem::take(&mut campaign.status));
                campaign.budget = text("campaignBudget").unwrap_or_else(|| std::mem::take(&mut campaign.budget));
                if entry.after.contains_key("endDateTime") || entry.before.contains_key("endDateTime") {
                    campaign.ends = entry.after.contains_key("endDateTime");
                }
                if change == Change::Create {
                    if !by_us(entry) {
                        self.others.insert(id);
                        return None;
                    }
                    return Some(id);
                }
            }
            ("campaignBudget", Change::Remove) => {
                self.budgets.remove(&entry.resource_name);
            }
            ("campaignBudget", _) => {
                if let Some(amount) = entry.after.get("amountMicros").and_then(number) {
                    self.budgets.insert(entry.resource_name.clone(), amount);
                }
            }
            ("label", Change::Create) => {
                self.labels.insert(id, text("name").unwrap_or_default());
            }
            ("campaignLabel" | "campaignCriterion", change) => {
                let (campaign, other) = id.split_once('~')?;
                let label = self.labels.get(other).cloned();
                let campaign = self.campaigns.get_mut(campaign)?;
                let is_label = entry.kind == "campaignLabel";
                let is_place = entry.after.contains_key("location")
                    && !entry.after.get("negative").and_then(Value::as_bool).unwrap_or(false);
                match (is_label, change) {
                    (true, Change::Remove) => _ = label.map(|label| campaign.labels.remove(&label)),
                    (true, _) => _ = label.map(|label| campaign.labels.insert(label)),
                    (false, Change::Remove) => _ = campaign.places.remove(other),
                    (false, _) if is_place => _ = campaign.places.insert(other.to_owned()),
                    (false, _) => {}
                }
            }
            _ => {}
        }
        None
    }

    fn enabled(&self) -> impl Iterator<Item = &String> {
        let ours = |campaign: &Campaign| campaign.status == "ENABLED" && campaign.token().is_some();
        self.campaigns.iter().filter(move |(_, campaign)| ours(campaign)).map(|(id, _)| id)
    }

    /// Enabled budgets by Campaign.
    fn sums(&self) -> BTreeMap<ShortHash, i64> {
        let mut sums = BTreeMap::new();
        for campaign in self.campaigns.values().filter(|campaign| campaign.status == "ENABLED") {
            let Some(token) = campaign.token() else { continue };
            *sums.entry(token.campaign).or_default() += self.budgets.get(&campaign.budget).copied().unwrap_or(0);
        }
        sums
    }

    fn twins(&self) -> Vec<String> {
        let mut tokens: BTreeMap<Token, Vec<&str>> = BTreeMap::new();
        let mut lines: BTreeMap<(ShortHash, ShortHash), Vec<&str>> = BTreeMap::new();
        for (id, campaign) in &self.campaigns {
            let Some(token) = campaign.token() else { continue };
            if campaign.status == "ENABLED" {
                lines.entry((token.campaign, token.line)).or_default().push(id);
            }
            tokens.entry(token).or_default().push(id);
        }
        let twins = tokens.iter().filter(|(_, ids)| ids.len() > 1);
        let twice = lines.iter().filter(|(_, ids)| ids.len() > 1);
        twins
            .map(|(token, ids)| format!("S1: {token} is there {} times: {}", ids.len(), ids.join(", ")))
            .chain(twice.map(|((_, line), ids)| format!("S1: of {line} several are enabled: {}", ids.join(", "))))
            .collect()
    }

    /// What a campaign lacks.
    fn incomplete(&self, id: &str, new: bool) -> Option<String> {
        let campaign = self.campaigns.get(id)?;
        let mut lacks = Vec::new();
        for (lack, is) in [
            ("a token", campaign.token().is_none()),
            ("our label", !campaign.labels.contains(LABEL)),
            ("a place", campaign.places.is_empty()),
            ("an end date", !campaign.ends),
            ("to be paused", new && campaign.status != "PAUSED"),
            ("the label of what is paused", new && !campaign.labels.contains(PAUSED_LABEL)),
        ] {
            if is {
                lacks.push(lack);
            }
        }
        let how = if new { "was created" } else { "is enabled" };
        (!lacks.is_empty()).then(|| format!("campaign {id} {how} and lacks {}", lacks.join(", ")))
    }

    /// A change of a campaign that was never ours.
    fn foreign(&self, entry: &LedgerEntry) -> Option<String> {
        let id = entry.resource_name.rsplit('/').next()?;
        let campaign = id.split('~').next()?;
        let about = matches!(entry.kind.as_str(), "campaign" | "campaignLabel" | "campaignCriterion");
        (about && self.others.contains(campaign)).then(|| format!("S2: {} is not ours", entry.resource_name))
    }
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}
