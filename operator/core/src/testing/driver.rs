//! Does what the controller does: observe, plan, restrict, remember, intend, apply, acknowledge.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::model::{Decision, Model};
use super::{account, installation, rules};
use crate::budget::authority::{AccountRef, Permit, SpendAuthority};
use crate::campaign::line::{self, Desired, LineKey};
use crate::campaign::observed::{Delivery, ExternalId, LineRecord, Snapshot};
use crate::campaign::plan::{AccountView, Action, Inputs, Plan, plan};
use crate::campaign::record::remember;
use crate::campaign::restrict::{Permits, restrict};
use crate::campaign::settings::Field;
use crate::campaign::spec::{Adoptee, CampaignSpec};
use crate::platform::Account;

pub(crate) const TIMEOUT: SignedDuration = SignedDuration::from_secs(60);
pub(crate) const LAG: SignedDuration = SignedDuration::from_secs(30);

/// What becomes of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is done and acknowledged.
    Done,
    /// The request is lost, and so is the answer.
    NoEffect,
    /// It is done so many seconds later; the answer is lost.
    Effect(u8),
    /// The platform refuses.
    Refused,
}

/// What goes wrong in a pass.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    /// How old the listing is, in seconds, at most `LAG`.
    pub(crate) lag: u8,
    /// Accounts that do not answer.
    pub(crate) out_of_reach: BTreeSet<String>,
    /// What becomes of the first writes; later ones are done.
    pub(crate) fates: Vec<Fate>,
    /// The process dies after so many steps: a status write, a platform write, another one, ...
    pub(crate) crash_after: Option<usize>,
}

/// What is lost with the process.
#[derive(Default)]
struct Memory {
    floor: BTreeMap<String, Timestamp>,
    snapshots: BTreeMap<String, Snapshot>,
    unsettled: BTreeMap<String, BTreeMap<ExternalId, Timestamp>>,
    authority: SpendAuthority,
    attempts: BTreeMap<LineKey, (u32, Timestamp)>,
    stopping: BTreeMap<String, BTreeSet<ExternalId>>,
    refused_decreases: BTreeMap<String, BTreeSet<ExternalId>>,
}

/// What the API server keeps.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) records: BTreeMap<LineKey, LineRecord>,
    pub(crate) observed_generation: i64,
}

impl Default for Status {
    fn default() -> Self {
        Self { records: BTreeMap::new(), observed_generation: -1 }
    }
}

/// A Campaign, its operator and the platform.
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) spec: Arc<CampaignSpec>,
    pub(crate) generation: i64,
    pub(crate) deleting: bool,
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) minimum: Option<&'static str>,
    pub(crate) contested: BTreeSet<(ExternalId, Field)>,
    pub(crate) resolutions: BTreeMap<LineKey, ExternalId>,
    pub(crate) granted: bool,
    pub(crate) platform: Model,
    pub(crate) status: Status,
    /// Whether the status was wiped and not written since. Then every account is in reach: what neither
    /// a record nor a listing tells of cannot be counted.
    forgotten: bool,
    memory: Memory,
}

impl World {
    pub(crate) fn new(spec: CampaignSpec, now: Timestamp) -> Self {
        let mut world = Self {
            now,
            spec: Arc::new(spec),
            generation: 1,
            deleting: false,
            accounts: ["a", "b"].into_iter().map(|name| (name.to_owned(), account(name))).collect(),
            minimum: None,
            contested: BTreeSet::new(),
            resolutions: BTreeMap::new(),
            granted: true,
            platform: Model::default(),
            status: Status::default(),
            forgotten: false,
            memory: Memory::default(),
        };
        world.restart();
        world
    }

    pub(crate) fn apply_spec(&mut self, spec: CampaignSpec) {
        if *self.spec != spec {
            self.generation += 1;
            self.platform.caps.push((self.now, spec.budget.amount.micros()));
            self.spec = Arc::new(spec);
        }
    }

    /// The process dies and another one starts.
    pub(crate) fn restart(&mut self) {
        let floor = self.now + TIMEOUT + LAG;
        let floor = self.accounts.keys().map(|name| (name.clone(), floor)).collect();
        self.memory = Memory { floor, ..Memory::default() };
    }

    pub(crate) fn wipe_status(&mut self) {
        self.status = Status::default();
        self.forgotten = true;
    }

    pub(crate) fn advance(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        self.platform.advance(self.now);
    }

    /// What is called as an adoption by name of a line without an object says.
    fn look_for(&self, account: &str, lag: SignedDuration) -> BTreeMap<String, BTreeSet<ExternalId>> {
        let open = self.spec.adopt.iter().filter(|adopt| {
            let record = self.status.records.get(&LineKey::new(&adopt.account, &adopt.market));
            adopt.account == account && record.is_none_or(|record| record.id.is_none())
        });
        let names = open.filter_map(|adopt| match &adopt.object {
            Adoptee::Id(_) => None,
            Adoptee::Name(name) => Some(name),
        });
        names.map(|name| (name.clone(), self.platform.called(account, name, self.now - lag))).collect()
    }

    fn observe(&mut self, faults: &Faults) {
        let lag = SignedDuration::from_secs(i64::from(faults.lag)).min(LAG);
        for name in self.accounts.keys().filter(|name| self.forgotten || !faults.out_of_reach.contains(*name)) {
            let held = self.status.records.iter().filter(|(key, _)| key.account == *name);
            let held = held.filter_map(|(_, record)| record.id.clone());
            let named = self.look_for(name, lag);
            let wished = self.spec.adopt.iter().filter_map(|adopt| match &adopt.object {
                Adoptee::Id(id) => Some(id.clone()),
                Adoptee::Name(_) => None,
            });
            let held = held.chain(wished).chain(named.values().flatten().cloned()).collect();
            let snapshot = Snapshot { named, ..self.platform.list(name, self.now, lag, &held) };
            let open = self.memory.unsettled.entry(name.clone()).or_default();
            open.retain(|_, until| snapshot.began <= *until);
            self.memory.stopping.entry(name.clone()).or_default().retain(|id| open.contains_key(id));
            let account = &self.accounts[name];
            let fresh = snapshot.began > self.memory.floor[name];
            let readings =
                snapshot.lines.values().map(|line| line.reading(&installation(), &account.time_zone, self.now));
            let book = AccountRef::of(&self.spec.id, name);
            self.memory.authority.take_listing(&book, account.currency, (snapshot.began, fresh), readings);
            self.memory.snapshots.insert(name.clone(), snapshot);
        }
        let began = |key: &LineKey| self.memory.snapshots.get(&key.account).map(|snapshot| snapshot.began);
        self.memory.attempts.retain(|key, (_, at)| began(key).is_none_or(|began| began <= *at + TIMEOUT + LAG));
    }

    /// What the status says, and what this process knows besides.
    fn records(&self) -> BTreeMap<LineKey, LineRecord> {
        let mut records = self.status.records.clone();
        for (key, (replacement, at)) in &self.memory.attempts {
            let record = records.entry(key.clone()).or_default();
            if record.id.is_none() && record.attempt.is_none() && record.replacement <= *replacement {
                record.replacement = *replacement;
                record.attempt = Some(*at);
            }
        }
        records
    }

    pub(crate) fn desired(&self) -> Desired {
        let rules = rules(self.minimum);
        let known = self.accounts.iter().filter(|(name, _)| self.spec.accounts.contains(name));
        let known = known.map(|(name, account)| (name.clone(), account.clone())).collect();
        line::spread(&self.spec, &known, &|_| Some(rules.clone()), &BTreeMap::new(), &BTreeMap::new(), self.now)
    }

    /// Looks and plans, and gives the plan to `use_it` with what it rests on. Nothing is granted.
    pub(crate) fn with_plan<T>(&self, use_it: impl FnOnce(&Inputs<'_>, &Plan) -> T) -> T {
        self.with_grants(&mut self.memory.authority.clone(), |inputs, plan, _| use_it(inputs, plan))
    }

    fn with_grants<T>(
        &self,
        authority: &mut SpendAuthority,
        use_it: impl FnOnce(&Inputs<'_>, &Plan, Permits) -> T,
    ) -> T {
        let desired = self.desired();
        let records = self.records();
        let ids = BTreeMap::new();
        let none = BTreeSet::new();
        let installation = installation();
        let views: BTreeMap<String, AccountView<'_>> = self
            .accounts
            .iter()
            .filter_map(|(name, account)| {
                let view = AccountView {
                    account,
                    rules: rules(self.minimum),
                    snapshot: self.memory.snapshots.get(name)?,
                    settle_after: TIMEOUT + LAG,
                    unsettled: self.memory.unsettled.get(name).unwrap_or(&ids),
                    floor: self.memory.floor[name],
                    level: account.ceiling.and_then(|ceiling| {
                        let book = AccountRef::of(&self.spec.id, name);
                        self.memory.authority.level(&book, ceiling, |_| true)
                    }),
                    stopping: self.memory.stopping.get(name).unwrap_or(&none),
                    refused_decreases: self.memory.refused_decreases.get(name).unwrap_or(&none),
                    contested: &self.contested,
                    granted: self.granted,
                };
                Some((name.clone(), view))
            })
            .collect();
        let inputs = Inputs {
            installation: &installation,
            spec: &self.spec,
            generation: self.generation,
            spec_changed: self.status.observed_generation != self.generation,
            deleting: self.deleting,
            desired: &desired,
            records: &records,
            accounts: &views,
            resolutions: &self.resolutions,
            now: self.now,
        };
        let (plan, permits) = restrict(&inputs, plan(&inputs), authority);
        use_it(&inputs, &plan, permits)
    }

    /// Looks and plans, and does nothing.
    pub(crate) fn look(&mut self) -> Plan {
        self.advance(200);
        self.observe(&Faults::default());
        self.with_plan(|_, plan| plan.clone())
    }

    /// Changes the spec.
    pub(crate) fn edit(&mut self, edit: impl FnOnce(&mut CampaignSpec)) {
        let mut spec = (*self.spec).clone();
        edit(&mut spec);
        self.apply_spec(spec);
    }

    pub(crate) fn record(&mut self, key: &LineKey) -> &mut LineRecord {
        self.status.records.entry(key.clone()).or_default()
    }

    /// One pass of the controller. Returns the restricted plan that it followed.
    pub(crate) fn pass(&mut self, faults: &Faults) -> Plan {
        self.observe(faults);
        let mut authority = self.memory.authority.clone();
        let (plan, mut records, mut permits) =
            self.with_grants(&mut authority, |inputs, plan, permits| (plan.clone(), remember(inputs, plan), permits));
        self.memory.authority = authority;
        let mut steps = 0;
        let mut dies = || {
            steps += 1;
            faults.crash_after.is_some_and(|after| steps > after)
        };
        let mut todo: Vec<(String, LineKey, Action)> = Vec::new();
        for line in &plan.lines {
            let of_line = line.changes.iter().map(|change| change.action.clone());
            todo.extend(of_line.map(|action| (line.key.account.clone(), line.key.clone(), action)));
        }
        for retired in &plan.retired {
            let nobody = LineKey::new(retired.account.clone(), "");
            let of_it = retired.changes.iter().map(|change| change.action.clone());
            todo.extend(of_it.map(|action| (retired.account.clone(), nobody.clone(), action)));
        }
        todo.sort_by_key(|(_, _, action)| action.importance());
        for (_, key, action) in todo.iter().filter(|(_, key, _)| !key.market.is_empty()) {
            let record = records.entry(key.clone()).or_default();
            record.intend(action, self.now);
            if self.accounts[&key.account].brakes.changes_per_hour.is_some() {
                record.count_budget_change(action, self.now);
            }
        }
        if dies() {
            self.restart();
            return plan;
        }
        self.status = Status { records: records.clone(), observed_generation: self.generation };
        // A status that was rebuilt says nothing of what runs outside of the spec.
        self.forgotten &= plan.retired.iter().any(|retired| retired.object.delivery == Delivery::Enabled);
        let basis = self.memory.snapshots.values().map(|snapshot| snapshot.began).min().unwrap_or(self.now) - LAG;
        let decision = Decision { cap: self.spec.budget.amount.micros(), basis, sent: self.now };
        let mut fates = faults.fates.iter().copied();
        for (account, key, action) in &todo {
            if dies() {
                self.restart();
                return plan;
            }
            let fate = fates.next().unwrap_or(Fate::Done);
            let permit = action.id().and_then(|id| permits.0.remove(&(account.clone(), id.clone())));
            let acknowledged = self.send(account, key, action, decision, fate);
            self.settle_permit(permit, fate);
            if let (Some(id), Some(record)) = (acknowledged, records.get_mut(key)) {
                record.acknowledge(action, &id);
            } else if let (Fate::Refused, Some(record)) = (fate, records.get_mut(key)) {
                record.refuse(action);
            }
        }
        if dies() {
            self.restart();
            return plan;
        }
        self.status.records = records;
        plan
    }

    fn settle_permit(&mut self, permit: Option<Permit>, fate: Fate) {
        match (permit, fate) {
            (None, _) => {}
            (Some(permit), Fate::Refused) => self.memory.authority.release(permit),
            (Some(permit), _) => self.memory.authority.settle(permit, self.now + TIMEOUT + LAG),
        }
    }

    fn send(
        &mut self,
        account: &str,
        key: &LineKey,
        action: &Action,
        decision: Decision,
        fate: Fate,
    ) -> Option<ExternalId> {
        let until = self.now + TIMEOUT + LAG;
        if let Action::Create(new) = action {
            self.memory.attempts.insert(key.clone(), (new.replacement, self.now));
        }
        let unsettled = self.memory.unsettled.entry(account.to_owned()).or_default();
        if let Some(id) = action.id() {
            unsettled.insert(id.clone(), until);
        }
        match fate {
            Fate::Done => {
                let stopping = self.memory.stopping.entry(account.to_owned()).or_default();
                match action {
                    Action::Pause { id } => _ = stopping.insert(id.clone()),
                    Action::Enable { id, .. } => _ = stopping.remove(id),
                    _ => {}
                }
                let id = self.platform.apply(account, action, decision, self.now);
                self.memory.unsettled.entry(account.to_owned()).or_default().insert(id.clone(), until);
                Some(id)
            }
            Fate::NoEffect => None,
            Fate::Effect(seconds) => {
                let at = self.now + SignedDuration::from_secs(i64::from(seconds)).min(TIMEOUT);
                self.platform.apply_later(account, action, decision, at);
                None
            }
            Fate::Refused => {
                if let (Action::SetBudget { from, to, .. }, Some(id)) = (action, action.id())
                    && to < from
                {
                    self.memory.refused_decreases.entry(account.to_owned()).or_default().insert(id.clone());
                }
                None
            }
        }
    }

    /// Passes without faults until nothing is left to do; panics when that never comes.
    pub(crate) fn settle(&mut self) -> Plan {
        let mut quiet = 0;
        for _ in 0..60 {
            self.advance(200);
            let plan = self.pass(&Faults::default());
            quiet = if plan.is_empty() && plan.wake_at().is_none() { quiet + 1 } else { 0 };
            if quiet == 2 {
                return plan;
            }
        }
        panic!("it never comes to rest: {:?}", self.platform.ledger.iter().rev().take(12).collect::<Vec<_>>());
    }
}
