//! An audit of the simulator's ledger: what must hold after every single request, whatever was killed meanwhile.
//!
//! The ledger is played back from its beginning. After each request of ours:
//! - S1: of each token at most one object is there, and of each line at most one is enabled;
//! - a campaign was created paused, with our labels, a token and, where that is one request, a place and an end date;
//! - what the request has left enabled has a place, an end date and our label;
//! - S2: nothing without our marker was touched;
//! - S3: the enabled budgets of a Campaign, over all accounts, do not pass its budget, and those of an account do not
//!   pass its ceiling, unless they did before and the request has not raised them.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::line::CampaignId;
use adops_core::marker::{CampaignHash, LineHash, Token};
use adops_e2e::reach;
use adsim::{AdSim, Change, LedgerEntry, PlatformName};
use jiff::{SignedDuration, Timestamp};

pub use crate::tree::by_us;
use crate::tree::{Reader, Said, Top, instants};

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
        let (mut replay, mut broken) = (Replay::default(), Vec::new());
        for instant in instants(&ledger) {
            let first = &instant[0];
            let known = first.at - self.blind_after_hand;
            let (sums_before, wrong_before, lives_before) = (replay.sums(known), replay.wrong(known), replay.lives());
            let said = replay.take(instant);
            if !by_us(first) {
                replay.note_hand(first.at, &said, &lives_before);
                continue;
            }
            let mut found: Vec<String> = replay.wrong(known).difference(&wrong_before).cloned().collect();
            let created = said.iter().filter(|(_, said)| *said == Said::Created);
            found.extend(created.filter_map(|(top, _)| replay.incomplete(top, true)));
            found.extend(replay.foreign(&said));
            for (of, sum) in replay.sums(known) {
                let grown = sum > sums_before.get(&of).copied().unwrap_or(0);
                let limit = match &of {
                    Of::Campaign(hash) => self.limit_at(self.caps.get(hash), first.at),
                    Of::Account(account) => self.limit_at(self.ceilings.get(account), first.at),
                };
                if let Some(limit) = limit.filter(|limit| grown && sum > *limit) {
                    found.push(format!("S3: {sum} micros are enabled of {of:?}, the limit is {limit}"));
                }
            }
            broken.extend(found.into_iter().map(|what| format!("#{} at {}: {what}", first.sequence, first.at)));
        }
        broken.extend(reach::ALL.into_iter().filter_map(|platform| replay.lost(sim, platform)));
        broken
    }
}

/// What a limit is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Campaign(CampaignHash),
    Account(String),
}

/// How many campaigns the ledger says that we have created.
pub fn creates(ledger: &[LedgerEntry]) -> usize {
    ledger.iter().filter(|entry| entry.kind == "campaign" && entry.change == Change::Create && by_us(entry)).count()
}

#[derive(Debug, Default)]
struct Campaign {
    name: String,
    enabled: bool,
    budget: i64,
    ends: bool,
    labels: BTreeSet<String>,
    placed: bool,
    /// The token that its name has, or had before somebody renamed it.
    marked: Option<Token>,
    /// Edits by hand, and what it could spend a day before each.
    hands: Vec<(Timestamp, i64)>,
}

impl Campaign {
    fn token(&self) -> Option<Token> {
        Token::find(&self.name)
    }

    /// What it may spend a day.
    fn live(&self) -> i64 {
        if self.enabled { self.budget } else { 0 }
    }

    /// What it could spend a day if the hands since `known` had added nothing.
    fn before_hands(&self, known: Timestamp) -> i64 {
        let unknown = self.hands.iter().filter(|(at, _)| *at > known).map(|(_, before)| *before);
        unknown.fold(self.live(), i64::min)
    }

    fn is_edited_since(&self, known: Timestamp) -> bool {
        self.hands.iter().any(|(at, _)| *at > known)
    }
}

/// The accounts as the ledger tells them.
#[derive(Debug, Default)]
struct Replay {
    reader: Reader,
    campaigns: BTreeMap<Top, Campaign>,
    /// Campaigns that had no marker of ours when they were made by somebody else.
    others: BTreeSet<Top>,
}

impl Replay {
    /// Takes the changes of an instant, and says what they were.
    fn take(&mut self, instant: &[LedgerEntry]) -> Vec<(Top, Said)> {
        let mut all = Vec::new();
        for entry in instant {
            let said = self.reader.read(entry);
            for (top, said) in &said {
                self.hear(top, said, entry);
            }
            all.extend(said);
        }
        all
    }

    fn hear(&mut self, top: &Top, said: &Said, entry: &LedgerEntry) {
        if *said == Said::Removed {
            self.campaigns.remove(top);
            return;
        }
        if *said == Said::Created {
            if !by_us(entry) {
                self.others.insert(top.clone());
            }
            self.campaigns.insert(top.clone(), Campaign::default());
        }
        let Some(campaign) = self.campaigns.get_mut(top) else { return };
        match said {
            Said::Named(name) => {
                campaign.name.clone_from(name);
                campaign.marked = campaign.token().or_else(|| campaign.marked.take());
            }
            Said::Enabled(enabled) => campaign.enabled = *enabled,
            Said::Budget(micros) => campaign.budget = *micros,
            Said::Ends(ends) => campaign.ends = *ends,
            Said::Placed(placed) => campaign.placed = *placed,
            Said::Labelled(labels) => campaign.labels.clone_from(labels),
            Said::Created | Said::Removed | Said::Touched => {}
        }
    }

    /// Enabled budgets by Campaign and by account; what hands have added since `known` is left out.
    fn sums(&self, known: Timestamp) -> BTreeMap<Of, i64> {
        let mut sums = BTreeMap::new();
        for (top, campaign) in &self.campaigns {
            let Some(token) = &campaign.marked else { continue };
            let live = campaign.before_hands(known);
            *sums.entry(Of::Campaign(token.campaign)).or_default() += live;
            *sums.entry(Of::Account(top.account.clone())).or_default() += live;
        }
        sums
    }

    fn lives(&self) -> BTreeMap<Top, i64> {
        self.campaigns.iter().map(|(top, campaign)| (top.clone(), campaign.live())).collect()
    }

    /// Notes what somebody has edited, and what it could spend before.
    fn note_hand(&mut self, at: Timestamp, said: &[(Top, Said)], before: &BTreeMap<Top, i64>) {
        let edited: BTreeSet<&Top> = said.iter().map(|(top, _)| top).collect();
        for top in edited {
            if let Some(campaign) = self.campaigns.get_mut(top) {
                campaign.hands.push((at, before.get(top).copied().unwrap_or(0)));
            }
        }
    }

    /// All that must not be: twins, and what is enabled and lacks something that no hand has taken since `known`.
    fn wrong(&self, known: Timestamp) -> BTreeSet<String> {
        let enabled = self.campaigns.iter().filter(|(_, campaign)| campaign.enabled && campaign.token().is_some());
        let judged = enabled.filter(|(_, campaign)| !campaign.is_edited_since(known));
        self.twins().into_iter().chain(judged.filter_map(|(top, _)| self.incomplete(top, false))).collect()
    }

    /// An audit that has lost its way proves nothing.
    fn lost(&self, sim: &AdSim, platform: PlatformName) -> Option<String> {
        let objects = reach::objects(sim, platform).into_iter();
        let there: BTreeMap<_, _> = objects.map(|object| (object.id, (object.name, object.enabled))).collect();
        // Worlds may have several accounts on Google; the audit follows all of them.
        let of = |top: &&Top| top.platform == platform.as_str() && top.account == reach::account_id(platform);
        let told = self.campaigns.iter().filter(|(top, _)| of(top));
        let told: BTreeMap<_, _> = told.map(|(top, one)| (top.id.clone(), (one.name.clone(), one.enabled))).collect();
        (there != told).then(|| format!("{platform:?}: the ledger tells of {told:?}, there are {there:?}"))
    }

    fn twins(&self) -> Vec<String> {
        let mut tokens: BTreeMap<Token, Vec<&str>> = BTreeMap::new();
        let mut lines: BTreeMap<(CampaignHash, LineHash), Vec<&str>> = BTreeMap::new();
        for (top, campaign) in &self.campaigns {
            let Some(token) = campaign.token() else { continue };
            if campaign.enabled {
                lines.entry((token.campaign, token.line)).or_default().push(&top.id);
            }
            tokens.entry(token).or_default().push(&top.id);
        }
        let twins = tokens.iter().filter(|(_, ids)| ids.len() > 1);
        let twice = lines.iter().filter(|(_, ids)| ids.len() > 1);
        twins
            .map(|(token, ids)| format!("S1: {token} is there {} times: {}", ids.len(), ids.join(", ")))
            .chain(twice.map(|((_, line), ids)| format!("S1: of {line} several are enabled: {}", ids.join(", "))))
            .collect()
    }

    /// What a campaign lacks. One that is made in several steps has its place and its end from a later one.
    fn incomplete(&self, top: &Top, new: bool) -> Option<String> {
        let campaign = self.campaigns.get(top)?;
        let (at_once, has_labels) = (top.platform == "google" || !new, top.platform != "tiktok");
        let mut lacks = Vec::new();
        for (lack, is) in [
            ("a token", campaign.token().is_none()),
            ("our label", has_labels && !campaign.labels.contains(LABEL)),
            ("a place", at_once && !campaign.placed),
            ("an end date", at_once && !campaign.ends),
            ("to be paused", new && campaign.enabled),
            ("the label of what is paused", new && has_labels && !campaign.labels.contains(PAUSED_LABEL)),
        ] {
            if is {
                lacks.push(lack);
            }
        }
        let how = if new { "was created" } else { "is enabled" };
        (!lacks.is_empty()).then(|| format!("campaign {} {how} and lacks {}", top.id, lacks.join(", ")))
    }

    /// Changes of campaigns that were never ours.
    fn foreign(&self, said: &[(Top, Said)]) -> BTreeSet<String> {
        let others = said.iter().map(|(top, _)| top).filter(|top| self.others.contains(top));
        others.map(|top| format!("S2: {} is not ours", top.id)).collect()
    }
}
