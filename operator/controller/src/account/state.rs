//! What is known of an account in memory. All of it can be rebuilt from the platform.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adops_core::campaign::observed::{Delivery, ExternalId, ObservedLine, Snapshot};
use adops_core::campaign::plan::Action;
use adops_core::campaign::settings::{Field, Pool};
use adops_core::marker::CampaignHash;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::{AccountFacts, AdPlatform, Outcome, Spend};
use jiff::{SignedDuration, Timestamp};

use super::queue::Queue;
use crate::runtime::watch::Key;

/// How often something may change a field back within an hour before it is left alone (S6).
const CONTESTED_AFTER: usize = 3;
/// The hour in which that is counted.
const CONTESTED_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// How long a new process may take to look at an account for the first time before its silence is worth a word.
const FIRST_LOOK: SignedDuration = SignedDuration::from_mins(5);

/// How many objects may be removed within an hour without a person's confirmation (S11): a remove cannot be undone.
const REMOVES: usize = 20;
/// The hour in which they are counted.
const REMOVES_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// An account in memory.
pub struct AccountState {
    /// The AdAccount.
    pub key: Key,
    /// Where writes and read-backs wait for their turn.
    pub queue: Queue,
    inner: Mutex<Known>,
}

/// Why nothing is sent to an account for now.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The one word.
    pub reason: Reason,
    /// What happened.
    pub message: String,
    /// When the next attempt is made.
    pub until: Timestamp,
    /// How many failures there were in a row.
    pub failures: u32,
    /// When the first of them was.
    pub since: Timestamp,
}

impl Block {
    /// Whether it is our credentials that are lost: the last good connection still reaches the account, for what must
    /// be stopped or deleted (S11).
    pub fn is_lost_credentials(&self) -> bool {
        matches!(self.reason, Reason::SecretNotFound | Reason::SecretKeyMissing | Reason::AccountNotReady)
    }

    /// What is told to a change that waits for its end.
    pub fn not_sent(&self) -> PlatformError {
        PlatformError::NotSent { reason: self.reason, until: self.until, message: self.message.clone() }
    }
}

/// What is known of an account.
pub struct Known {
    /// The connector and what it was made of.
    pub connection: Option<Connected>,
    /// The account's facts, as last read.
    pub facts: Option<AccountFacts>,
    /// Who the account's record names as the one that writes.
    pub holder: Option<String>,
    /// All lines that were seen.
    pub lines: HashMap<ExternalId, ObservedLine>,
    /// Values of their settings.
    pool: Pool,
    /// What was found of the names that Campaigns want to adopt, with the last full listing.
    pub named: BTreeMap<String, BTreeSet<ExternalId>>,
    /// When the last full listing began; none before the first one.
    pub listed: Option<Timestamp>,
    /// Ids by the Campaign that their token names.
    pub by_campaign: HashMap<CampaignHash, BTreeSet<ExternalId>>,
    /// Until when an observation may miss a write of ours.
    pub unsettled: BTreeMap<ExternalId, Timestamp>,
    /// Objects that this process has created, and until when a listing may not show them. What is seen of
    /// them is true: nothing but the create was written.
    pub created: BTreeMap<ExternalId, Timestamp>,
    /// When this process began.
    pub started: Timestamp,
    /// Up to this an observation may miss a write of an earlier process: its last request may have been
    /// sent just before this process began.
    pub floor: Timestamp,
    /// Objects whose pause was acknowledged and is not seen yet.
    pub stopping: BTreeSet<ExternalId>,
    /// Objects whose budget decrease was refused.
    pub refused_decreases: BTreeSet<ExternalId>,
    /// Fields that something keeps changing back.
    pub contested: BTreeSet<(ExternalId, Field)>,
    corrections: HashMap<(ExternalId, Field), Vec<Timestamp>>,
    removes: VecDeque<Timestamp>,
    /// Why nothing is sent now.
    pub block: Option<Block>,
    /// When the next full listing is due.
    pub next_poll: Timestamp,
    /// How often there is one.
    pub interval: Option<SignedDuration>,
    /// What was spent.
    pub spend: Spend,
    /// When that was last read.
    pub spend_read: Option<Timestamp>,
    /// Campaigns that wait for the next full listing.
    pub waiting: HashSet<Key>,
    /// The generation of the AdAccount that was last worked on.
    pub generation: Option<i64>,
}

/// A connector.
#[derive(Clone)]
pub struct Connected {
    /// It.
    pub platform: Arc<dyn AdPlatform>,
    /// A hash of all that it was made of.
    pub fingerprint: String,
}

impl AccountState {
    /// Of an account of which nothing is known, in a process that began at `started`.
    pub fn new(key: Key, queue: Queue, started: Timestamp) -> Self {
        let known = Known {
            connection: None,
            facts: None,
            holder: None,
            lines: HashMap::new(),
            pool: Pool::default(),
            named: BTreeMap::new(),
            listed: None,
            by_campaign: HashMap::new(),
            unsettled: BTreeMap::new(),
            created: BTreeMap::new(),
            started,
            floor: started,
            stopping: BTreeSet::new(),
            refused_decreases: BTreeSet::new(),
            contested: BTreeSet::new(),
            corrections: HashMap::new(),
            removes: VecDeque::new(),
            block: None,
            next_poll: started,
            interval: None,
            spend: Spend::new(),
            spend_read: None,
            waiting: HashSet::new(),
            generation: None,
        };
        Self { key, queue, inner: Mutex::new(known) }
    }

    /// What is known, for reading and changing. Never held across an await.
    pub fn known(&self) -> MutexGuard<'_, Known> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connector, if there is one.
    pub fn platform(&self) -> Option<Arc<dyn AdPlatform>> {
        self.known().connection.as_ref().map(|connected| connected.platform.clone())
    }
}

impl Known {
    /// Takes a full listing. Answers with the Campaigns (by hash) and ids that look different.
    pub fn take_listing(&mut self, snapshot: Snapshot) -> (HashSet<CampaignHash>, HashSet<ExternalId>) {
        let began = snapshot.began;
        let mut changed = HashSet::new();
        let mut lines: HashMap<ExternalId, ObservedLine> = HashMap::with_capacity(snapshot.lines.len());
        for (id, mut line) in snapshot.lines {
            line.settings.share(&mut self.pool);
            lines.insert(id, line);
        }
        // A read-back that began later than the listing knows better.
        for (id, line) in self.lines.drain() {
            if line.seen > began {
                lines.insert(id, line);
            } else if let Some(new) = lines.get(&id) {
                if !looks_like(&line, new) {
                    changed.insert(id);
                }
            } else {
                changed.insert(id);
            }
        }
        let before: HashSet<ExternalId> = self.by_campaign.values().flatten().cloned().collect();
        changed.extend(lines.keys().filter(|id| !before.contains(*id)).cloned());
        let mut hashes: HashSet<CampaignHash> = HashSet::new();
        for (hash, ids) in &self.by_campaign {
            if ids.iter().any(|id| changed.contains(id)) {
                hashes.insert(*hash);
            }
        }
        self.lines = lines;
        self.pool.tidy();
        self.named = snapshot.named;
        self.listed = Some(began);
        self.index();
        for (hash, ids) in &self.by_campaign {
            if ids.iter().any(|id| changed.contains(id)) {
                hashes.insert(*hash);
            }
        }
        self.settle();
        (hashes, changed)
    }

    /// Takes a read-back of some ids.
    pub fn take_read_back(&mut self, snapshot: Snapshot) {
        for (id, mut line) in snapshot.lines {
            let newer = self.lines.get(&id).is_none_or(|before| before.seen <= line.seen);
            if newer {
                for token in line.marker.tokens() {
                    self.by_campaign.entry(token.campaign).or_default().insert(id.clone());
                }
                line.settings.share(&mut self.pool);
                self.lines.insert(id, line);
            }
        }
        self.settle();
    }

    fn index(&mut self) {
        self.by_campaign.clear();
        for line in self.lines.values() {
            for token in line.marker.tokens() {
                self.by_campaign.entry(token.campaign).or_default().insert(line.id.clone());
            }
        }
    }

    /// Forgets what observations that began late enough have settled.
    fn settle(&mut self) {
        let lines = &self.lines;
        let listed = self.listed;
        self.unsettled.retain(|id, until| match lines.get(id) {
            Some(line) => line.seen <= *until,
            None => listed.is_none_or(|listed| listed <= *until),
        });
        self.created.retain(|_, until| listed.is_none_or(|listed| listed <= *until));
        let unsettled = &self.unsettled;
        self.stopping.retain(|id| unsettled.contains_key(id));
        self.refused_decreases.retain(|id| lines.get(id).is_some_and(|line| line.delivery == Delivery::Enabled));
    }

    /// Notes what came of a change, so that later observations are judged rightly.
    pub fn note(
        &mut self,
        action: &Action,
        outcome: &Outcome,
        now: Timestamp,
        lag: SignedDuration,
        timeout: SignedDuration,
    ) {
        let Some(id) = action.id().cloned() else { return };
        let until = match outcome {
            Outcome::Applied { .. } => now + lag,
            Outcome::Unknown(_) => now + timeout + lag,
            Outcome::Failed(_) => {
                if matches!(action, Action::SetBudget { from, to, .. } if to < from) {
                    let rejected =
                        matches!(outcome, Outcome::Failed(adops_platforms::error::PlatformError::Rejected { .. }));
                    if rejected {
                        self.refused_decreases.insert(id);
                    }
                }
                return;
            }
        };
        if matches!(outcome, Outcome::Applied { .. }) {
            self.count(action);
        }
        match (action, outcome) {
            (Action::Pause { .. }, Outcome::Applied { .. }) => _ = self.stopping.insert(id.clone()),
            (Action::Enable { .. }, _) => _ = self.stopping.remove(&id),
            _ => {}
        }
        let slot = self.unsettled.entry(id).or_insert(until);
        *slot = (*slot).max(until);
    }

    /// Keeps right, until they are read again, the counts of what the platform limits.
    pub fn count(&mut self, action: &Action) {
        let Some(facts) = &mut self.facts else { return };
        let objects = facts.objects.as_mut();
        match action {
            Action::Create(_) => objects.into_iter().for_each(|count| count.live = count.live.saturating_add(1)),
            Action::Remove { .. } => objects.into_iter().for_each(|count| count.live = count.live.saturating_sub(1)),
            Action::Enable { id, .. } | Action::Pause { id } => {
                let line = self.lines.get(id);
                let (Some(ads), Some(line)) = (&mut facts.ads, line) else { return };
                let many = u32::try_from(line.settings.ad_count()).unwrap_or(u32::MAX);
                ads.live = match (action, line.delivery) {
                    (Action::Enable { .. }, Delivery::PausedByUs | Delivery::PausedByOthers) => {
                        ads.live.saturating_add(many)
                    }
                    (Action::Pause { .. }, Delivery::Enabled) => ads.live.saturating_sub(many),
                    _ => ads.live,
                };
            }
            _ => {}
        }
    }

    /// Until when a new process may take to look at the account for the first time, if it has not yet and nothing is in
    /// its way.
    pub fn first_look_until(&self) -> Option<Timestamp> {
        (self.listed.is_none() && self.block.is_none()).then(|| self.started + FIRST_LOOK)
    }

    /// Takes one remove out of the hourly allowance, or says when there will be one again.
    pub fn take_remove(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        while self.removes.front().is_some_and(|at| now.duration_since(*at) >= REMOVES_WITHIN) {
            self.removes.pop_front();
        }
        if self.removes.len() >= REMOVES {
            return Err(self.removes.front().map_or(now, |oldest| *oldest + REMOVES_WITHIN));
        }
        self.removes.push_back(now);
        Ok(())
    }

    /// How many removes are counted, and when the last one was.
    pub fn removed_lately(&self) -> Option<(usize, Timestamp)> {
        self.removes.back().map(|last| (self.removes.len(), *last))
    }

    /// What an earlier process has removed counts as if all of it had been as late as the last.
    pub fn remember_removes(&mut self, count: usize, last: Timestamp) {
        if self.removes.is_empty() {
            self.removes = std::iter::repeat_n(last, count.min(REMOVES)).collect();
        }
    }

    /// When an account whose allowance is used up has one remove again.
    pub fn next_remove(&self) -> Option<Timestamp> {
        self.removes.front().filter(|_| self.removes.len() >= REMOVES).map(|oldest| *oldest + REMOVES_WITHIN)
    }

    /// Counts a correction of a field; from the third within an hour on the field is contested.
    pub fn count_correction(&mut self, id: &ExternalId, field: Field, now: Timestamp) {
        let key = (id.clone(), field);
        let times = self.corrections.entry(key.clone()).or_default();
        times.retain(|time| now.duration_since(*time) < CONTESTED_WITHIN);
        times.push(now);
        if times.len() >= CONTESTED_AFTER {
            self.contested.insert(key);
        }
    }

    /// Forgets that fields of an object are contested: the spec has changed, or they match again.
    pub fn uncontest(&mut self, id: &ExternalId, still_differs: impl Fn(Field) -> bool) {
        self.contested.retain(|(other, field)| other != id || still_differs(*field));
    }

    /// Until when an observation of an object may miss a write of ours, for all objects that this may be
    /// so for.
    pub fn unsettled_now(&self) -> impl Iterator<Item = (&ExternalId, &Timestamp)> {
        let unseen = self.created.iter().filter(|(id, _)| !self.lines.contains_key(*id));
        unseen.chain(&self.unsettled)
    }

    /// What concerns one Campaign: objects with its token, these ids, and what is called so.
    pub fn of_campaign(
        &self,
        campaign: CampaignHash,
        ids: &BTreeSet<ExternalId>,
        names: &BTreeSet<String>,
    ) -> Snapshot {
        let own = self.by_campaign.get(&campaign);
        let named: BTreeMap<String, BTreeSet<ExternalId>> =
            names.iter().filter_map(|name| Some((name.clone(), self.named.get(name)?.clone()))).collect();
        let lines = own
            .into_iter()
            .flatten()
            .chain(ids)
            .chain(named.values().flatten())
            .filter_map(|id| Some((id.clone(), self.lines.get(id)?.clone())))
            .collect();
        Snapshot { began: self.listed.unwrap_or_default(), lines, named }
    }
}

/// Whether two observations say the same, but for when and for measurements.
fn looks_like(a: &ObservedLine, b: &ObservedLine) -> bool {
    a.existence == b.existence
        && a.marker == b.marker
        && a.delivery == b.delivery
        && a.budget == b.budget
        && a.settings == b.settings
        && a.serving == b.serving
        && a.delivered == b.delivered
}
