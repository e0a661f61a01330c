//! A made-up platform in memory: it keeps every state of every object, so that a listing can be as
//! old as a read-after-write lag allows, and it watches what our writes do to the money.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::installation;
use crate::campaign::observed::{Delivery, Existence, ExternalId, MarkerEvidence, ObservedLine, Snapshot};
use crate::campaign::plan::{Action, NewLine};
use crate::campaign::settings::{Field, Settings, Value};
use crate::marker::Token;
use crate::money::Money;

/// What an object holds.
// Each is a thing of its own that can be set on the platform.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Held {
    pub(crate) removed: bool,
    pub(crate) label: bool,
    pub(crate) foreign_label: Option<String>,
    pub(crate) paused_label: bool,
    pub(crate) name: String,
    pub(crate) inner: Option<Token>,
    pub(crate) enabled: bool,
    pub(crate) budget: Money,
    /// All but the name.
    pub(crate) settings: Settings,
    pub(crate) delivered: bool,
    /// Parts that are not there.
    pub(crate) missing: BTreeSet<String>,
}

impl Held {
    /// What somebody else made.
    pub(crate) fn foreign(name: &str, budget: Money) -> Self {
        Self {
            removed: false,
            label: false,
            foreign_label: None,
            paused_label: false,
            name: name.to_owned(),
            inner: None,
            enabled: true,
            budget,
            settings: Settings::default(),
            delivered: true,
            missing: BTreeSet::new(),
        }
    }

    fn new(new: &NewLine) -> Self {
        let name = match new.settings.get(Field::Name) {
            Some(Value::Text(name)) => name.clone(),
            _ => new.token.clone(),
        };
        Self {
            removed: false,
            label: true,
            foreign_label: None,
            paused_label: true,
            name,
            inner: Token::find(&new.token),
            enabled: false,
            budget: new.budget,
            settings: new.settings.clone().without(&BTreeSet::from([Field::Name])),
            delivered: false,
            missing: BTreeSet::new(),
        }
    }

    /// Somebody removes the part that all but the name is set on.
    pub(crate) fn lose_part(&mut self) {
        self.missing = BTreeSet::from(["group".to_owned()]);
        self.settings = Settings::default();
        self.budget = Money::zero(self.budget.currency());
        self.enabled = false;
        self.paused_label = true;
    }

    pub(crate) fn evidence(&self) -> MarkerEvidence {
        MarkerEvidence {
            label: self.label,
            token: Token::find(&self.name),
            inner_token: self.inner.clone(),
            foreign_label: self.foreign_label.clone(),
        }
    }

    fn observe(&self, id: &str, seen: Timestamp) -> ObservedLine {
        let mut settings = self.settings.clone();
        settings.set(Field::Name, Value::Text(self.name.clone()));
        let delivery = match (self.enabled && !self.removed, self.paused_label) {
            (true, _) => Delivery::Enabled,
            (false, true) => Delivery::PausedByUs,
            (false, false) => Delivery::PausedByOthers,
        };
        ObservedLine {
            id: id.to_owned(),
            seen,
            existence: if self.removed { Existence::Removed } else { Existence::Live },
            marker: self.evidence(),
            delivery,
            budget: self.budget,
            settings,
            missing: self.missing.clone(),
            serving: BTreeSet::new(),
            delivered: self.delivered,
            spend: BTreeMap::new(),
        }
    }
}

/// What a write of ours was decided on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decision {
    /// The Campaign's budget, in micros.
    pub(crate) cap: i64,
    /// The oldest state that was looked at.
    pub(crate) basis: Timestamp,
    /// When it was sent.
    pub(crate) sent: Timestamp,
}

/// The platform: all accounts of it.
#[derive(Default)]
pub(crate) struct Model {
    objects: BTreeMap<(String, ExternalId), Vec<(Timestamp, Held)>>,
    late: Vec<(Timestamp, String, Action, Decision)>,
    next_id: u64,
    /// The Campaign's budgets in micros, each with the instant from which on it counts.
    pub(crate) caps: Vec<(Timestamp, i64)>,
    /// When somebody else last changed something.
    pub(crate) last_hand: Option<Timestamp>,
    /// Rules that a write of ours has broken.
    pub(crate) broken: Vec<String>,
    /// All writes of ours that had an effect.
    pub(crate) ledger: Vec<(Timestamp, String)>,
}

impl Model {
    pub(crate) fn put(&mut self, account: &str, id: &str, held: Held, at: Timestamp) {
        self.objects.insert((account.to_owned(), id.to_owned()), vec![(at, held)]);
    }

    /// What every object holds now.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &ExternalId, &Held)> {
        self.objects.iter().filter_map(|((account, id), states)| Some((account.as_str(), id, &states.last()?.1)))
    }

    pub(crate) fn get(&self, account: &str, id: &str) -> &Held {
        &self.objects[&(account.to_owned(), id.to_owned())].last().unwrap().1
    }

    /// All objects of ours that are not removed.
    pub(crate) fn live(&self) -> impl Iterator<Item = (&str, &ExternalId, &Held)> {
        self.all().filter(|(_, _, held)| !held.removed && is_ours(held))
    }

    /// A listing that began at `began` and shows what was so `lag` ago.
    pub(crate) fn list(
        &self,
        account: &str,
        began: Timestamp,
        lag: SignedDuration,
        held: &BTreeSet<ExternalId>,
    ) -> Snapshot {
        let mut snapshot = Snapshot { began, ..Snapshot::default() };
        for ((_, id), states) in self.objects.iter().filter(|((on, _), _)| on == account) {
            let Some((_, state)) = states.iter().rev().find(|(since, _)| *since <= began - lag) else { continue };
            let marked = !state.removed && is_marked(state);
            if marked || held.contains(id) {
                snapshot.lines.insert(id.clone(), state.observe(id, began));
            }
        }
        snapshot
    }

    /// The live objects that were called so at a time.
    pub(crate) fn called(&self, account: &str, name: &str, at: Timestamp) -> BTreeSet<ExternalId> {
        let on_account = self.objects.iter().filter(|((on, _), _)| on == account);
        let was = on_account.filter_map(|((_, id), states)| {
            let (_, state) = states.iter().rev().find(|(since, _)| *since <= at)?;
            (!state.removed && state.name == name).then(|| id.clone())
        });
        was.collect()
    }

    /// Lets the writes happen that were under way.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        let mut due: Vec<_> = std::mem::take(&mut self.late);
        self.late = due.iter().filter(|(at, ..)| *at > now).cloned().collect();
        due.retain(|(at, ..)| *at <= now);
        due.sort_by_key(|(at, ..)| *at);
        for (at, account, action, decision) in due {
            self.apply(&account, &action, decision, at);
        }
    }

    pub(crate) fn apply_later(&mut self, account: &str, action: &Action, decision: Decision, at: Timestamp) {
        self.late.push((at, account.to_owned(), action.clone(), decision));
    }

    /// A write of ours takes effect.
    pub(crate) fn apply(&mut self, account: &str, action: &Action, decision: Decision, at: Timestamp) -> ExternalId {
        let before = self.enabled_sum();
        if let Action::Create(new) = action {
            self.next_id += 1;
            let id = (1000 + self.next_id).to_string();
            self.ledger.push((at, format!("{account} {id} {action}")));
            let mut held = Held::new(new);
            // Every other create comes to a stop after the topmost object.
            if is_chained(account) && self.next_id % 2 == 1 {
                held.lose_part();
            }
            self.put(account, &id, held, at);
            return id;
        }
        let id = action.id().unwrap().clone();
        let held = self.get(account, &id).clone();
        if held.removed {
            return id;
        }
        if !is_ours(&held) && !matches!(action, Action::Mark { .. }) {
            self.broken.push(format!("S2: {action} of {id}, which is not ours"));
        }
        self.ledger.push((at, format!("{account} {id} {action}")));
        self.change(account, &id, at, |held| match action {
            Action::Mark { name, paused, .. } => {
                held.label = true;
                held.name.clone_from(name);
                held.paused_label |= *paused;
            }
            Action::Pause { .. } => {
                // Paused by others already: it stays theirs.
                held.paused_label |= held.enabled;
                held.enabled = false;
            }
            Action::Enable { .. } => {
                held.enabled = true;
                held.paused_label = false;
                held.delivered = true;
            }
            Action::SetBudget { to, .. } => held.budget = *to,
            Action::Set { field: Field::Name, to: Value::Text(name), .. } => held.name.clone_from(name),
            Action::Set { field, to, .. } => held.settings.set(*field, to.clone()),
            Action::Remove { .. } => held.removed = true,
            Action::Complete { line, .. } if !held.missing.is_empty() => {
                let whole = Held::new(line);
                (held.settings, held.budget) = (whole.settings, whole.budget);
                held.missing = BTreeSet::new();
                (held.enabled, held.paused_label) = (false, true);
            }
            Action::Create(_) | Action::Complete { .. } => {}
        });
        let recent_hand = self.last_hand.is_some_and(|hand| hand >= decision.basis);
        let after = self.enabled_sum();
        // What was sent below one budget may take its effect below another that is larger.
        let since = self.caps.iter().filter(|(from, _)| *from >= decision.sent).map(|(_, cap)| *cap);
        let cap = since.fold(decision.cap, i64::max);
        if after > before && after > cap && !recent_hand {
            self.broken.push(format!("S3: {action} of {id} makes {after} of {cap} at {at}"));
        }
        if matches!(action, Action::Enable { .. }) && !recent_hand && self.twins(account, &id) > 1 {
            self.broken.push(format!("S1: {action} of {id}: another object of the line is enabled at {at}"));
        }
        id
    }

    /// Somebody else changes an object.
    pub(crate) fn by_hand(&mut self, account: &str, id: &str, at: Timestamp, edit: impl FnOnce(&mut Held)) {
        self.last_hand = Some(at);
        self.change(account, id, at, edit);
    }

    fn change(&mut self, account: &str, id: &str, at: Timestamp, edit: impl FnOnce(&mut Held)) {
        let states = self.objects.get_mut(&(account.to_owned(), id.to_owned())).unwrap();
        let mut held = states.last().unwrap().1.clone();
        edit(&mut held);
        states.push((at, held));
    }

    /// Micros a day of all enabled objects of ours.
    pub(crate) fn enabled_sum(&self) -> i64 {
        self.live().filter(|(_, _, held)| held.enabled).map(|(_, _, held)| held.budget.micros()).sum()
    }

    /// Enabled objects of the line that an object belongs to.
    fn twins(&self, account: &str, id: &str) -> usize {
        let line = line_token(self.get(account, id));
        let twin = |on: &str, held: &Held| {
            on == account && held.enabled && line_token(held).map(|t| t.line) == line.clone().map(|t| t.line)
        };
        self.live().filter(|(on, _, held)| twin(on, held)).count()
    }
}

/// Whether the platform of this account creates an object in several steps.
pub(crate) fn is_chained(account: &str) -> bool {
    account == "b"
}

/// The token that says which line it is: the inner one was not edited in these tests.
pub(crate) fn line_token(held: &Held) -> Option<Token> {
    held.inner.clone().or_else(|| Token::find(&held.name))
}

fn is_marked(held: &Held) -> bool {
    let evidence = held.evidence();
    held.label || evidence.tokens().any(|token| token.installation == installation())
}

/// Of this Campaign, by its marker.
pub(crate) fn is_ours(held: &Held) -> bool {
    let campaign = super::spec(&[]).id.hash();
    let evidence = held.evidence();
    evidence.foreign(&installation()).is_none()
        && (evidence.tokens().any(|token| token.campaign == campaign) || held.label && evidence.best_token().is_none())
}
