//! What is told of one line.

use std::collections::{BTreeMap, BTreeSet};

use adops_api::campaign::LineState;
use adops_core::campaign::line::{self, LineKey};
use adops_core::campaign::observed::{Delivery, LineRecord};
use adops_core::campaign::plan::LinePlan;
use adops_core::campaign::spec::{Adoptee, State};
use adops_core::reason::Reason;

use super::gather::Gathered;
use crate::account::queue::needs_human;

/// What is told of one line.
pub struct LineReport {
    /// Which line.
    pub key: LineKey,
    /// Where it stands.
    pub state: LineState,
    /// The one word; none if nothing is to be said.
    pub reason: Option<Reason>,
    /// More of that.
    pub message: String,
    /// The platform holds what is asked, the user's own choices included.
    pub ready: bool,
    /// It serves.
    pub delivering: bool,
    /// A user must act.
    pub stalled: bool,
    /// What the platform says of serving.
    pub serving: BTreeSet<Reason>,
}

/// Judges a line after a pass.
pub fn line_report(gathered: &Gathered, line: &LinePlan, records: &BTreeMap<LineKey, LineRecord>) -> LineReport {
    let record = records.get(&line.key);
    let object = line.own();
    let enabled = object.is_some_and(|object| object.delivery == Delivery::Enabled);
    let serving = object.map(|object| object.serving.clone()).unwrap_or_default();
    let account = gathered.problems.get(&line.key.account);
    let withheld = line.withheld.iter().map(|withheld| (withheld.reason, withheld.message.clone())).min();
    // For how long is said once, not for each line.
    let withheld = withheld.map(|(reason, message)| match reason {
        Reason::QuotaLimited => (reason, String::new()),
        _ => (reason, message),
    });
    let waiting = line.wait.is_some() || !line.changes.is_empty();
    let over = line.problem.as_ref().is_some_and(|problem| problem.reason == Reason::FlightOver);
    let problem = line.problem.as_ref().filter(|_| !over).map(|problem| (problem.reason, problem.message.clone()));

    let choice = withheld.as_ref().is_none_or(|(reason, _)| users_own(*reason));
    let unfinished = problem.is_some() || account.is_some() || (object.is_none() && !over && !gathered.spec.suspend);
    let ready = !waiting && choice && !unfinished;
    let delivering = enabled && serving.iter().all(|reason| serves(*reason));
    let block = gathered.accounts.get(&line.key.account).and_then(|known| known.block.as_ref());
    let blocked = block.filter(|_| !ready);
    let blocked =
        blocked.map(|block| (block.reason, format!("{}; the next attempt is at {}", block.message, block.until)));
    let lost = not_to_be_found(gathered, line);
    let trouble = account.cloned().or(problem).or(blocked).or(lost).or(withheld).or_else(|| revoked(gathered, line));
    let (reason, message) = match trouble {
        Some((reason, message)) => (Some(reason), message),
        None if over => (Some(Reason::FlightOver), String::new()),
        None if stopped_with_account(gathered, line) => (Some(Reason::StoppedByAccount), String::new()),
        None if line.stopped_by_hand => (Some(Reason::StoppedOnPlatform), String::new()),
        None if waiting && object.is_none() => (Some(Reason::Creating), String::new()),
        None if waiting => (Some(Reason::Updating), String::new()),
        None => (serving.iter().min().copied(), String::new()),
    };
    let stalled = reason.is_some_and(|reason| !users_own(reason) && asks_for_a_user(reason)) && !ready;
    LineReport {
        key: line.key.clone(),
        state: line_state(line, record, object.is_some()),
        reason,
        message,
        ready,
        delivering,
        stalled,
        serving,
    }
}

/// S14: whether a line that should run does not, because its account is stopped.
fn stopped_with_account(gathered: &Gathered, line: &LinePlan) -> bool {
    let stop = gathered.accounts.get(&line.key.account).is_some_and(|known| known.account.stop);
    stop && line::state_of(&gathered.spec, &line.key) == State::Active
}

/// S12: a line that runs on an account which has taken its grant back.
fn revoked(gathered: &Gathered, line: &LinePlan) -> Option<(Reason, String)> {
    let known = gathered.accounts.get(&line.key.account).filter(|known| !known.granted)?;
    let message =
        format!("{} grants this namespace no more: what runs may shrink or stop, not grow", known.account.name);
    Some((Reason::AccountNotGranted, message))
}

/// An object that `adopt` names and that a listing, which began after the spec was known, does not have.
fn not_to_be_found(gathered: &Gathered, line: &LinePlan) -> Option<(Reason, String)> {
    line.wait.as_ref().filter(|wait| wait.reason == Reason::NotObserved && line.bound.is_none())?;
    let known = gathered.accounts.get(&line.key.account)?;
    let wish =
        gathered.spec.adopt.iter().find(|wish| wish.account == line.key.account && wish.market == line.key.market)?;
    // What a name has led to is the plan's to say.
    let Adoptee::Id(id) = &wish.object else { return None };
    let looked = known.snapshot.began > gathered.spec_since && !known.snapshot.lines.contains_key(id);
    looked.then(|| {
        let message = format!("the account {} has no object {id}, which `adopt` names", line.key.account);
        (Reason::InvalidSpec, message)
    })
}

/// `Live` exactly if the record says that it may be enabled; see [`records`](super::records).
fn line_state(line: &LinePlan, record: Option<&LineRecord>, bound: bool) -> LineState {
    let Some(record) = record else {
        return if line.problem.is_some() { LineState::Blocked } else { LineState::Pending };
    };
    if record.confirmed_enabled {
        LineState::Live
    } else if record.attempt.is_some() {
        LineState::Creating
    } else if line.problem.is_some() {
        LineState::Blocked
    } else if record.id.is_none() {
        LineState::Pending
    } else if !bound && line.wanted.is_some() && line.wait.is_none() {
        LineState::Removed
    } else if line.stopped_by_hand {
        LineState::Stopped
    } else if line.wanted.as_ref().is_some_and(|wanted| wanted.enabled) {
        LineState::Staged
    } else {
        LineState::Paused
    }
}

/// Choices of users, that a wait must not hang on.
pub fn users_own(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::Suspended
            | Reason::SuspendedSpending
            | Reason::StoppedOnPlatform
            | Reason::StoppedByAccount
            | Reason::Drifted
            | Reason::DriftContested
            | Reason::FlightOver
            | Reason::FlightNotStarted
            | Reason::Paused
    )
}

/// What the platform says without meaning that it does not serve.
fn serves(reason: Reason) -> bool {
    matches!(reason, Reason::LimitedByBudget | Reason::Learning)
}

fn asks_for_a_user(reason: Reason) -> bool {
    needs_human(reason)
        || matches!(
            reason,
            Reason::AccountNotFound
                | Reason::AccountNotGranted
                | Reason::Malformed
                | Reason::InvalidSpec
                | Reason::CurrencyMismatch
                | Reason::CreateOutcomeUnknown
                | Reason::ForeignMarker
                | Reason::ClaimedByAnotherCampaign
                | Reason::MarkerLost
                | Reason::PlatformRejected
                | Reason::UnknownMarket
                | Reason::CopyMissing
                | Reason::TextTooLong
                | Reason::MediaUnreachable
                | Reason::MediaNotAccepted
                | Reason::UrlParametersForeign
                | Reason::BudgetBelowMinimum
                | Reason::ObjectLimit
                | Reason::ReplaceNotAllowed
                | Reason::BudgetStepTooLarge
                | Reason::CeilingReached
                | Reason::RemovedOnPlatform
        )
}
