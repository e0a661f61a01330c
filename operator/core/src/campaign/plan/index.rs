//! Whose is which object: one pass over the snapshots, so that planning a line searches nothing.

use std::collections::BTreeMap;

use super::{AccountView, Inputs, is_live};
use crate::campaign::line::{self, LineKey, LineProblem};
use crate::campaign::observed::{ExternalId, ObservedLine};
use crate::marker::{CampaignHash, LineHash, Token};
use crate::reason::Reason;

/// A live object that the marker, or else a record, gives to a line.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) object: &'a ObservedLine,
    pub(super) replacement: u32,
}

/// The live objects of one line.
#[derive(Default)]
struct Claims<'a> {
    /// Of this line and of nobody else, by id.
    clear: Vec<Candidate<'a>>,
    /// With a token of this line and a marker of somebody else.
    disputed: Vec<Candidate<'a>>,
}

/// All live objects of a Campaign by their line.
pub(super) struct Index<'a> {
    keys: BTreeMap<LineHash, LineKey>,
    /// By account, then by line.
    claims: BTreeMap<&'a str, BTreeMap<LineHash, Claims<'a>>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(inputs: &'a Inputs<'a>) -> Self {
        let keys = line::keys(inputs.spec).into_iter().map(|key| (key.hash(), key)).collect();
        let mut index = Self { keys, claims: BTreeMap::new() };
        let campaign = inputs.spec.id.hash();
        let held: BTreeMap<(&str, &str), &LineKey> = inputs
            .records
            .iter()
            .filter_map(|(key, record)| Some(((key.account.as_str(), record.id.as_deref()?), key)))
            .collect();
        for (account, view) in inputs.accounts {
            for object in view.snapshot.lines.values().filter(|object| is_live(object)) {
                index.add(
                    inputs,
                    campaign,
                    account,
                    object,
                    held.get(&(account.as_str(), object.id.as_str())).copied(),
                );
            }
        }
        for claims in index.claims.values_mut().flat_map(BTreeMap::values_mut) {
            claims.clear.sort_by(|a, b| id_order(&a.object.id, &b.object.id));
        }
        index
    }

    fn add(
        &mut self,
        inputs: &'a Inputs<'a>,
        campaign: CampaignHash,
        account: &'a str,
        object: &'a ObservedLine,
        holder: Option<&'a LineKey>,
    ) {
        let tokens: Vec<&Token> = own_tokens(inputs, campaign, object).collect();
        if owner_problem(inputs, campaign, object).is_some() {
            for token in tokens {
                let disputed = Candidate { object, replacement: token.replacement };
                self.claims.entry(account).or_default().entry(token.line).or_default().disputed.push(disputed);
            }
            return;
        }
        let record = holder.and_then(|key| inputs.records.get(key));
        let holder_line = holder.map(LineKey::hash);
        // The number that a record knows is that of the object it holds, unless the next one is under way.
        let held_replacement =
            record.map_or(0, |record| record.replacement.saturating_sub(u32::from(record.attempt.is_some())));
        let of = |line: LineHash| {
            tokens.iter().find(|token| token.line == line).map_or(held_replacement, |token| token.replacement)
        };
        let line = match (tokens.as_slice(), holder_line) {
            ([], Some(line)) if object.marker.label => line,
            ([], _) => return,
            (tokens, Some(line)) if tokens.iter().any(|token| token.line == line) => line,
            // Only the name speaks for another line than the record: it was edited.
            ([_], Some(line)) if object.marker.inner_token.is_none() => line,
            // The inner token is the one that people seldom edit.
            ([.., inner], _) => inner.line,
        };
        let candidate = Candidate { object, replacement: of(line) };
        self.claims.entry(account).or_default().entry(line).or_default().clear.push(candidate);
    }

    /// The live objects of a line by id, ours beyond doubt.
    pub(super) fn candidates(&self, key: &LineKey) -> &[Candidate<'a>] {
        self.claims(key).map_or(&[], |claims| &claims.clear)
    }

    /// Live objects with a token of the line and a marker of somebody else.
    pub(super) fn disputed(&self, key: &LineKey) -> &[Candidate<'a>] {
        self.claims(key).map_or(&[], |claims| &claims.disputed)
    }

    fn claims(&self, key: &LineKey) -> Option<&Claims<'a>> {
        self.claims.get(key.account.as_str())?.get(&key.hash())
    }

    /// All live objects of the Campaign: the account, the line if the spec has it, and the object.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'a str, Option<&LineKey>, Candidate<'a>)> {
        let lines = self.claims.iter().flat_map(|(account, lines)| lines.iter().map(move |line| (*account, line)));
        lines.flat_map(|(account, (line, claims))| {
            // A token says nothing of the account; that of the same market elsewhere has another hash.
            let key = self.keys.get(line).filter(|key| key.account == account);
            claims.clear.iter().map(move |candidate| (account, key, *candidate))
        })
    }

    /// The line of the spec that an object is a candidate of.
    pub(super) fn line_of(&self, account: &str, id: &ExternalId) -> Option<&LineKey> {
        self.all().find(|(at, _, candidate)| *at == account && candidate.object.id == *id).and_then(|(_, key, _)| key)
    }
}

/// Numeric order of ids, which are numbers without leading zeros.
pub(super) fn id_order(a: &str, b: &str) -> std::cmp::Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// The tokens of this Campaign on an object: that in the name, then the inner one.
fn own_tokens<'a>(
    inputs: &'a Inputs<'a>,
    campaign: CampaignHash,
    object: &'a ObservedLine,
) -> impl Iterator<Item = &'a Token> {
    object.marker.tokens().filter(move |token| token.installation == *inputs.installation && token.campaign == campaign)
}

/// Whether something on the object says that it is ours.
pub(super) fn has_evidence(inputs: &Inputs<'_>, object: &ObservedLine) -> bool {
    object.marker.label || own_tokens(inputs, inputs.spec.id.hash(), object).next().is_some()
}

/// The marker of somebody else on an object, as a problem.
pub(super) fn owner_problem(inputs: &Inputs<'_>, campaign: CampaignHash, object: &ObservedLine) -> Option<LineProblem> {
    if let Some(foreign) = object.marker.foreign(inputs.installation) {
        return Some(LineProblem::new(
            Reason::ForeignMarker,
            format!("the object {} carries the marker of another installation: {foreign}", object.id),
        ));
    }
    let token = object.marker.tokens().find(|token| token.campaign != campaign)?;
    Some(LineProblem::new(
        Reason::ClaimedByAnotherCampaign,
        format!("the object {} belongs to another Campaign of this installation ({token})", object.id),
    ))
}

/// Until when an observation of an object may miss a write of ours.
pub(crate) fn unsettled_until(view: &AccountView<'_>, id: &ExternalId) -> jiff::Timestamp {
    view.unsettled.get(id).copied().unwrap_or(view.floor).max(view.floor)
}
