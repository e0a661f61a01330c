//! What our writes did to the money: an audit of the simulator's ledger against the caps that were in force (S3).
//!
//! # What is asserted
//! After every single request of ours, for every Campaign and every account: **if the request raised what any object of
//! it may spend a day, the sum over all its enabled objects is at or below the cap.** An atomic request is one instant;
//! a request that is not atomic was split by its changes, each of which the simulator notes in order.
//!
//! # Which cap
//! The one that the operator could know. Business time stands still while an edit of a spec is on its way to the
//! operator, and moves on only when the operator has it. So at an instant `t` the cap is the one set last before `t`, or
//! any that was set at `t` itself: the largest of these. From the next instant on only the new one counts. Where a cap was
//! lowered below what runs, our writes may leave the sum above it for a while, but none of them may raise anything.
//!
//! # Hand edits
//! Nobody can hold a sum that somebody else raises at the same time: what a hand has raised counts when it *could* be
//! known, [`KNOWN_AFTER`] later (a poll, with its jitter and some failed attempts), or from the end of an outage of the
//! account plus that. A hand that lowers counts at once. So the sums are those of the platform as it could be known:
//! with every write of ours at once, and with upward hand edits late. What our own write sets on an object counts at
//! once, whatever a hand has done to the same field before. A request that leaves an object with less than it could in
//! truth spend, the hand's raise included, has not raised it.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::line::CampaignId;
use adops_core::marker::{CampaignHash, Token};
use adsim::{AdSim, LedgerEntry};
use jiff::{SignedDuration, Timestamp};

use crate::tree::{Reader, Said, Top, by_us, instants};

/// By when a change by hand could be known.
pub const KNOWN_AFTER: SignedDuration = SignedDuration::from_mins(12);

/// Whose cap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// A Campaign's budget.
    Campaign(CampaignHash),
    /// An account's ceiling, by the platform's id of the account.
    Account(String),
}

/// Caps over time, and what the ledger says of them.
#[derive(Debug, Clone, Default)]
pub struct SpendAudit {
    caps: BTreeMap<Whose, Vec<(Timestamp, i64)>>,
    outages: Vec<(String, Timestamp, Timestamp)>,
}

/// What an audit has looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Looked {
    /// Requests of ours that raised something.
    pub raises: usize,
    /// Requests of ours that lowered something.
    pub cuts: usize,
    /// How often a sum stood above its cap after a request of ours that raised nothing of it.
    pub above: usize,
}

impl SpendAudit {
    /// A Campaign's budget from now on.
    pub fn budget(&mut self, namespace: &str, name: &str, now: Timestamp, micros: i64) {
        self.cap(Whose::Campaign(CampaignId::new(namespace, name).hash()), now, micros);
    }

    /// An account's ceiling from now on.
    pub fn ceiling(&mut self, customer: &str, now: Timestamp, micros: i64) {
        self.cap(Whose::Account(customer.to_owned()), now, micros);
    }

    fn cap(&mut self, whose: Whose, now: Timestamp, micros: i64) {
        self.caps.entry(whose).or_default().push((now, micros));
    }

    /// An account could not be read for a while.
    pub fn outage(&mut self, customer: &str, from: Timestamp, to: Timestamp) {
        self.outages.push((customer.to_owned(), from, to));
    }

    /// The cap in force at an instant: see above.
    fn in_force(&self, whose: &Whose, at: Timestamp) -> Option<i64> {
        let caps = self.caps.get(whose)?;
        let before = caps.iter().rev().find(|(since, _)| *since < at).map(|(_, cap)| *cap);
        caps.iter().filter(|(since, _)| *since == at).map(|(_, cap)| *cap).chain(before).max()
    }

    /// When a hand edit at `at` on an account could be known.
    fn known_at(&self, customer: &str, at: Timestamp) -> Timestamp {
        let mut known = at + KNOWN_AFTER;
        for (_, from, to) in self.outages.iter().filter(|(account, ..)| account == customer) {
            if *from <= known && at <= *to {
                known = known.max(*to + KNOWN_AFTER);
            }
        }
        known
    }

    /// What is broken, in words.
    pub fn broken(&self, sim: &AdSim) -> (Vec<String>, Looked) {
        self.broken_in(&sim.ledger())
    }

    fn broken_in(&self, ledger: &[LedgerEntry]) -> (Vec<String>, Looked) {
        let (mut replay, mut broken, mut looked) = (Replay::default(), Vec::new(), Looked::default());
        for request in instants(ledger) {
            let first = &request[0];
            replay.promote(first.at);
            let (before, truth) = (replay.spends(), replay.truth());
            for entry in request {
                replay.take(entry, self.known_at(&entry.account, entry.at));
            }
            if !by_us(first) {
                continue;
            }
            let after = replay.spends();
            let raised: BTreeSet<&Whose> = after
                .iter()
                .filter(|(top, (_, micros))| {
                    let known = before.get(*top).map_or(0, |(_, before)| *before);
                    *micros > known.max(truth.get(*top).copied().unwrap_or(0))
                })
                .flat_map(|(_, (whose, _))| whose)
                .collect();
            let cut = before.iter().any(|(top, (_, micros))| after.get(top).map_or(0, |(_, after)| *after) < *micros);
            looked.raises += usize::from(!raised.is_empty());
            looked.cuts += usize::from(cut);
            for whose in self.caps.keys() {
                let sum: i64 = after.values().filter(|(of, _)| of.contains(whose)).map(|(_, micros)| *micros).sum();
                let Some(cap) = self.in_force(whose, first.at).filter(|cap| sum > *cap) else { continue };
                looked.above += 1;
                if raised.contains(whose) {
                    broken.push(format!(
                        "#{} at {}: {whose:?}: a write of ours raised something, and {sum} micros a day are live, of \
                         {cap}",
                        first.sequence, first.at
                    ));
                }
            }
        }
        (broken, looked)
    }

    /// Sums that are above their caps now, hand edits and all.
    pub fn above_now(&self, sim: &AdSim, now: Timestamp) -> Vec<String> {
        let mut replay = Replay::default();
        for entry in sim.ledger() {
            replay.take(&entry, entry.at);
        }
        replay.promote(Timestamp::MAX);
        let live = replay.spends();
        let sum = |whose: &Whose| live.values().filter(|(of, _)| of.contains(whose)).map(|(_, micros)| *micros).sum();
        let over = self.caps.keys().filter_map(|whose| {
            let (sum, cap): (i64, i64) = (sum(whose), self.in_force(whose, now)?);
            (sum > cap).then(|| format!("{whose:?}: {sum} micros a day are live, of {cap}"))
        });
        over.collect()
    }
}

/// A value as it could be known.
#[derive(Debug, Clone, Default)]
struct Field {
    known: i64,
    /// What a hand has raised it to, and when that could be known.
    raised: Option<(Timestamp, i64)>,
}

impl Field {
    fn set(&mut self, value: i64, by_hand: bool, known_at: Timestamp) {
        if by_hand && value > self.known {
            self.raised = Some((known_at, value));
        } else {
            *self = Self { known: value, raised: None };
        }
    }

    /// What it is, known or not.
    fn truth(&self) -> i64 {
        self.raised.map_or(self.known, |(_, value)| value)
    }

    fn promote(&mut self, now: Timestamp) {
        if let Some((_, value)) = self.raised.filter(|(at, _)| *at <= now) {
            *self = Self { known: value, raised: None };
        }
    }
}

#[derive(Debug, Default)]
struct Object {
    campaign: Option<CampaignHash>,
    /// 1 while it is enabled.
    enabled: Field,
    budget: Field,
}

/// The accounts as the ledger tells them.
#[derive(Debug, Default)]
struct Replay {
    reader: Reader,
    objects: BTreeMap<Top, Object>,
}

impl Replay {
    fn take(&mut self, entry: &LedgerEntry, known_at: Timestamp) {
        let by_hand = !by_us(entry);
        for (top, said) in self.reader.read(entry) {
            if said == Said::Removed {
                self.objects.remove(&top);
                continue;
            }
            if said == Said::Created {
                self.objects.insert(top.clone(), Object::default());
            }
            let Some(object) = self.objects.get_mut(&top) else { continue };
            match said {
                // Renamed by hand it stays whose it was.
                Said::Named(name) => {
                    object.campaign = Token::find(&name).map(|token| token.campaign).or(object.campaign);
                }
                Said::Enabled(enabled) => object.enabled.set(i64::from(enabled), by_hand, known_at),
                Said::Budget(micros) => object.budget.set(micros, by_hand, known_at),
                _ => {}
            }
        }
    }

    fn promote(&mut self, now: Timestamp) {
        for object in self.objects.values_mut() {
            object.enabled.promote(now);
            object.budget.promote(now);
        }
    }

    /// What each object may in truth spend a day.
    fn truth(&self) -> BTreeMap<Top, i64> {
        let truth = |object: &Object| object.enabled.truth() * object.budget.truth();
        self.objects.iter().map(|(top, object)| (top.clone(), truth(object))).collect()
    }

    /// What each object of ours may spend a day, and whose caps it counts for.
    fn spends(&self) -> BTreeMap<Top, (BTreeSet<Whose>, i64)> {
        let spends = self.objects.iter().filter_map(|(top, object)| {
            let whose = BTreeSet::from([Whose::Campaign(object.campaign?), Whose::Account(top.account.clone())]);
            Some((top.clone(), (whose, object.enabled.known * object.budget.known)))
        });
        spends.collect()
    }
}

#[cfg(test)]
mod tests {
    use adops_core::campaign::line::LineKey;
    use adsim::{Actor, Change};
    use serde_json::{Value, json};

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    /// A change of a TikTok campaign that is named for `growth/spring`.
    fn change(seconds: i64, by_hand: bool, id: &str, change: Change, after: &Value) -> LedgerEntry {
        let actor = if by_hand { Actor::Hand } else { Actor::Api("1".to_owned()) };
        LedgerEntry {
            sequence: 0,
            at: at(seconds),
            platform: "tiktok".to_owned(),
            actor,
            account: "7".to_owned(),
            change,
            kind: "campaign".to_owned(),
            resource_name: format!("campaign/{id}"),
            before: BTreeMap::new(),
            after: serde_json::from_value(after.clone()).unwrap(),
            request_id: String::new(),
            live_daily_budget_micros: 0,
        }
    }

    fn runs(id: &str, budget: f64) -> LedgerEntry {
        let line = LineKey::new("tiktok-global", id);
        let token = Token::new(&"test".parse().unwrap(), &CampaignId::new("growth", "spring"), &line, 0);
        let after = json!({"budget": budget, "operation_status": "ENABLE", "campaign_name": format!("a {token}")});
        change(0, false, id, Change::Create, &after)
    }

    fn sets(seconds: i64, by_hand: bool, id: &str, budget: f64) -> LedgerEntry {
        change(seconds, by_hand, id, Change::Update, &json!({"budget": budget}))
    }

    /// How often a cap of 100 a day of the account was broken, and how often its sum was above it.
    fn judge(ledger: &[LedgerEntry]) -> (usize, usize) {
        let mut audit = SpendAudit::default();
        audit.ceiling("7", at(0), 100_000_000);
        let (broken, looked) = audit.broken_in(ledger);
        (broken.len(), looked.above)
    }

    #[test]
    fn a_raise_above_the_cap_breaks_it_and_one_below_does_not() {
        assert_eq!(judge(&[runs("1", 50.0), runs("2", 50.0)]), (0, 0));
        assert_eq!(judge(&[runs("1", 50.0), runs("2", 50.01)]), (1, 1));
        assert_eq!(judge(&[runs("1", 50.0), runs("2", 50.0), sets(5, false, "1", 51.0)]), (1, 1));
    }

    #[test]
    fn what_a_hand_has_raised_counts_when_it_could_be_known() {
        let late = KNOWN_AFTER.as_secs() + 1;
        let ledger = |seconds| {
            let second = LedgerEntry { at: at(seconds), ..runs("2", 50.0) };
            [runs("1", 50.0), sets(1, true, "1", 90.0), second]
        };
        assert_eq!(judge(&ledger(2)), (0, 0));
        assert_eq!(judge(&ledger(late + 1)), (1, 1));
    }

    #[test]
    fn what_lowers_a_hands_raise_is_no_raise_and_what_goes_above_it_is_one() {
        let before = [runs("1", 10.0), runs("2", 50.0), sets(1, true, "1", 90.0)];
        let then = |budget| [&before[..], &[sets(2, false, "1", budget)]].concat();
        assert_eq!(judge(&then(60.0)), (0, 1), "above the cap, and lower than it was");
        assert_eq!(judge(&then(95.0)), (1, 1));
    }
}
