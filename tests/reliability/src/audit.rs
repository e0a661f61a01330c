//! An audit of the simulator's ledger: what must hold after every single request, whatever was killed meanwhile.
//!
//! The ledger is played back from its beginning. After each request of ours:
//! - S1: of each token at most one object is there, and of each line at most one is enabled;
//! - a campaign was created paused, with our labels, with a place, an end date and a token;
//! - what the request has left enabled has a place, an end date and our label;
//! - S2: nothing without our marker was touched;
//! - S3: the enabled budgets of a Campaign, over all accounts, do not pass its budget, and those of an account do not
//!   pass its ceiling, unless they did before and the request has not raised them.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::line::CampaignId;
use adops_core::marker::{CampaignHash, LineHash, Token};
use adsim::{Actor, AdSim, Change, LedgerEntry};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The label of the worlds' installation.
const LABEL: &str = "adops:test";
/// The label of what we have paused.
const PAUSED_LABEL: &str = "adops:test:paused";

/// A limit over time.
type Limits = Vec<(Timestamp, i64)>;

/// The limits of Campaigns and accounts over time, and what the ledger says of them.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    caps: BTreeMap<CampaignHash, Limits>,
    ceilings: BTreeMap<String, Limits>,
    outages: Vec<(Timestamp, Timestamp)>,
    /// An edit by hand may be unknown to us for so long: what it added to the enabled budgets does not count against a
    /// write of ours, and what it took from an object is not missed.
    pub blind_after_hand: SignedDuration,
}

impl Audit {
    /// A Campaign's budget from now on.
    pub fn cap(&mut self, namespace: &str, name: &str, now: Timestamp, micros: i64) {
        self.caps.entry(CampaignId::new(namespace, name).hash()).or_default().push((now, micros));
    }

    /// The ceiling of a platform account from now on.
    pub fn ceiling(&mut self, customer: &str, now: Timestamp, micros: i64) {
        self.ceilings.entry(customer.to_owned()).or_default().push((now, micros));
    }

    /// A span of time in which an operator could not know what was changed in the cluster.
    pub fn outage(&mut self, from: Timestamp, until: Timestamp) {
        self.outages.push((from, until));
    }

    /// The limit that counts at an instant. Business time stands still while a change is on its way: at the instant
    /// of a change the limit before it counts, too, and so it does as long as nobody can know of the change.
    fn limit_at(&self, limits: Option<&Limits>, at: Timestamp) -> Option<i64> {
        let limits = limits?;
        let outage = self.outages.iter().filter(|(from, until)| (*from..=*until).contains(&at)).map(|(from, _)| *from);
        let known = outage.min().unwrap_or(at);
        let before = limits.iter().rev().find(|(since, _)| *since < known).map(|(_, limit)| *limit);
        let now = limits.iter().filter(|(since, _)| (known..=at).contains(since)).map(|(_, limit)| *limit).max();
        before.max(now)
    }

    /// What is broken, in words.
    pub fn broken(&self, sim: &AdSim) -> Vec<String> {
        let ledger = sim.ledger();
        let mut accounts: BTreeMap<&str, Replay> = BTreeMap::new();
        let mut broken = Vec::new();
        for request in ledger.chunk_by(|a, b| !a.request_id.is_empty() && a.request_id == b.request_id) {
            let first = &request[0];
            let known = first.at - self.blind_after_hand;
            accounts.entry(&first.account).or_default();
            let sums_before = sums(&accounts, known);
            let replay = accounts.entry(&first.account).or_default();
            let wrong_before = replay.wrong(known);
            let lives_before = replay.lives();
            let created: BTreeSet<String> = request.iter().filter_map(|entry| replay.take(entry)).collect();
            if !by_us(first) {
                replay.note_hand(first.at, request, &lives_before);
                continue;
            }
            let mut found: Vec<String> = replay.wrong(known).difference(&wrong_before).cloned().collect();
            found.extend(created.iter().filter_map(|id| replay.incomplete(id, true)));
            found.extend(request.iter().filter_map(|entry| replay.foreign(entry)));
            for (of, sum) in sums(&accounts, known) {
                let grown = sum > sums_before.get(&of).copied().unwrap_or(0);
                let limit = match &of {
                    Of::Campaign(hash) => self.limit_at(self.caps.get(hash), first.at),
                    Of::Account(customer) => self.limit_at(self.ceilings.get(customer), first.at),
                };
                if let Some(limit) = limit.filter(|limit| grown && sum > *limit) {
                    found.push(format!("S3: {sum} micros are enabled of {of:?}, the limit is {limit}"));
                }
            }
            broken.extend(found.into_iter().map(|what| format!("#{} at {}: {what}", first.sequence, first.at)));
        }
        broken.extend(accounts.iter().filter_map(|(customer, replay)| replay.lost(sim, customer)));
        broken
    }
}

/// What a limit is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Campaign(CampaignHash),
    Account(String),
}

/// Enabled budgets by Campaign and by account; what hands have added since `known` is left out.
fn sums(accounts: &BTreeMap<&str, Replay>, known: Timestamp) -> BTreeMap<Of, i64> {
    let mut sums = BTreeMap::new();
    for (customer, replay) in accounts {
        for (id, campaign) in &replay.campaigns {
            let Some(token) = &campaign.marked else { continue };
            let live = campaign.before_hands(replay.live(id), known);
            *sums.entry(Of::Campaign(token.campaign)).or_default() += live;
            *sums.entry(Of::Account((*customer).to_owned())).or_default() += live;
        }
    }
    sums
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
    /// The token that its name has, or had before somebody renamed it.
    marked: Option<Token>,
    /// Edits by hand, and what it could spend a day before each.
    hands: Vec<(Timestamp, i64)>,
}

impl Campaign {
    fn token(&self) -> Option<Token> {
        Token::find(&self.name)
    }

    fn is_enabled(&self) -> bool {
        self.status == "ENABLED"
    }

    /// What it could spend a day if the hands since `known` had added nothing.
    fn before_hands(&self, live: i64, known: Timestamp) -> i64 {
        let unknown = self.hands.iter().filter(|(at, _)| *at > known).map(|(_, before)| *before);
        unknown.fold(live, i64::min)
    }

    fn is_edited_since(&self, known: Timestamp) -> bool {
        self.hands.iter().any(|(at, _)| *at > known)
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
                campaign.marked = campaign.token().or_else(|| campaign.marked.take());
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

    /// What a campaign may spend a day.
    fn live(&self, id: &str) -> i64 {
        let campaign = self.campaigns.get(id).filter(|campaign| campaign.is_enabled());
        campaign.and_then(|campaign| self.budgets.get(&campaign.budget)).copied().unwrap_or(0)
    }

    fn lives(&self) -> BTreeMap<String, i64> {
        self.campaigns.keys().map(|id| (id.clone(), self.live(id))).collect()
    }

    /// Notes what somebody has edited, and what it could spend before.
    fn note_hand(&mut self, at: Timestamp, edit: &[LedgerEntry], before: &BTreeMap<String, i64>) {
        let mut edited: BTreeSet<String> = edit.iter().filter_map(campaign_of).collect();
        edited.extend(before.iter().filter(|(id, live)| self.live(id) != **live).map(|(id, _)| id.clone()));
        for id in edited {
            if let Some(campaign) = self.campaigns.get_mut(&id) {
                campaign.hands.push((at, before.get(&id).copied().unwrap_or(0)));
            }
        }
    }

    /// All that must not be: twins, and what is enabled and lacks something that no hand has taken since `known`.
    fn wrong(&self, known: Timestamp) -> BTreeSet<String> {
        let enabled = self.campaigns.iter().filter(|(_, campaign)| campaign.is_enabled() && campaign.token().is_some());
        let judged = enabled.filter(|(_, campaign)| !campaign.is_edited_since(known));
        self.twins().into_iter().chain(judged.filter_map(|(id, _)| self.incomplete(id, false))).collect()
    }

    /// An audit that has lost its way proves nothing.
    fn lost(&self, sim: &AdSim, customer: &str) -> Option<String> {
        let account = sim.google_account(customer);
        let there: Vec<_> = account.present().map(|one| (one.id.to_string(), &one.name, &one.status)).collect();
        let mut told: Vec<_> = self.campaigns.iter().map(|(id, one)| (id.clone(), &one.name, &one.status)).collect();
        told.sort_by_key(|(id, ..)| id.parse::<i64>().unwrap_or_default());
        (there != told).then(|| format!("the ledger tells of {told:?}, there are {there:?}"))
    }

    fn twins(&self) -> Vec<String> {
        let mut tokens: BTreeMap<Token, Vec<&str>> = BTreeMap::new();
        let mut lines: BTreeMap<(CampaignHash, LineHash), Vec<&str>> = BTreeMap::new();
        for (id, campaign) in &self.campaigns {
            let Some(token) = campaign.token() else { continue };
            if campaign.is_enabled() {
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
        let campaign = campaign_of(entry)?;
        self.others.contains(&campaign).then(|| format!("S2: {} is not ours", entry.resource_name))
    }
}

/// The campaign that an entry is about, if it is about one.
fn campaign_of(entry: &LedgerEntry) -> Option<String> {
    let about = matches!(entry.kind.as_str(), "campaign" | "campaignLabel" | "campaignCriterion");
    let id = entry.resource_name.rsplit('/').next()?;
    about.then(|| id.split('~').next().unwrap_or(id).to_owned())
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}
