//! Report: a Campaign's status, computed from what was observed and applied, and written only when it
//! says something else than before.

use std::collections::{BTreeMap, BTreeSet};

use adops_api::CampaignStatus;
use adops_api::campaign::{AccountFlight, AppliedRate, Line, LineState, Retired, Withheld as WithheldStatus};
use adops_api::condition::{ConditionType, Conditions, Status, cut, find};
use adops_core::campaign::line::{self, LineKey};
use adops_core::campaign::observed::{Delivery, LineRecord};
use adops_core::campaign::plan::{LinePlan, Plan, Withheld};
use adops_core::campaign::spec::{Adoptee, State};
use adops_core::money::{Currency, Money};
use adops_core::reason::Reason;
use jiff::{SignedDuration, Timestamp, ToSpan};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::gather::{Gathered, Known};
use super::records;
use crate::account::queue::needs_human;
use crate::account::report::GRACE;

/// How many withheld changes and retired ids a status lists.
const LISTED: usize = 20;
/// Messages of withheld changes.
const WITHHELD_MESSAGE: usize = 240;
/// The descriptions of changes.
const CHANGE: usize = 120;

/// Computes the status after a pass.
pub fn status(gathered: &Gathered, plan: &Plan, records: &BTreeMap<LineKey, LineRecord>) -> CampaignStatus {
    let lines: Vec<LineReport> = plan.lines.iter().map(|line| line_report(gathered, line, records)).collect();
    let mut status = gathered.status.clone();
    status.observed_generation = gathered.generation;
    status.lines = status_lines(gathered, &lines, records);
    let total = lines.len();
    status.lines_ready = Some(format!("{}/{total}", lines.iter().filter(|line| line.ready).count()));
    let delivering = lines.iter().filter(|line| line.delivering).count();
    status.lines_delivering = Some(format!("{delivering}/{total}"));
    status.budget_per_day = budget_per_day(gathered);
    let (spend, pace) = measure(gathered);
    status.spend_7d = spend;
    status.pace = pace;
    status.flight = flights(gathered);
    status.exchange_rates = exchange_rates(gathered);
    status.retired = retired(plan);
    let withheld: Vec<(String, &Withheld)> = withheld(plan);
    status.withheld_count = i32::try_from(withheld.len()).unwrap_or(i32::MAX);
    status.withheld = withheld
        .iter()
        .take(LISTED)
        .map(|(line, withheld)| WithheldStatus {
            line: line.clone(),
            change: cut(&withheld.change.action.to_string(), CHANGE),
            reason: Some(withheld.reason),
            message: Some(cut(&withheld.message, WITHHELD_MESSAGE)),
        })
        .collect();
    let verdict = Verdict::of(gathered, plan, &lines);
    status.reason = verdict.word;
    status.conditions = conditions(gathered, &verdict, delivering, total);
    status.backoff = None;
    let spending = lines.iter().any(|line| line.state == LineState::Live);
    status.state = Some(state_word(gathered, spending).to_owned());
    status
}

fn state_word(gathered: &Gathered, spending: bool) -> &'static str {
    match (gathered.deleting, gathered.spec.suspend, gathered.spec.state) {
        (true, ..) => "Deleting",
        (_, true, _) if spending => "Suspended (spending)",
        (_, true, _) => "Suspended",
        (_, _, State::Active) => "Active",
        (_, _, State::Paused) => "Paused",
    }
}

/// What is told of one line.
struct LineReport {
    key: LineKey,
    state: LineState,
    reason: Option<Reason>,
    message: String,
    /// The platform holds what is asked, the user's own choices included.
    ready: bool,
    /// It serves.
    delivering: bool,
    /// A user must act.
    stalled: bool,
    /// What the platform says of serving.
    serving: BTreeSet<Reason>,
}

fn line_report(gathered: &Gathered, line: &LinePlan, records: &BTreeMap<LineKey, LineRecord>) -> LineReport {
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

/// `Live` exactly if the record says that it may be enabled; see [`records`].
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
fn users_own(reason: Reason) -> bool {
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

/// Lines of the spec, then those that only records still name.
fn status_lines(gathered: &Gathered, lines: &[LineReport], records: &BTreeMap<LineKey, LineRecord>) -> Vec<Line> {
    let currency = |key: &LineKey| gathered.accounts.get(&key.account).map(|known| known.account.currency);
    let mut all: BTreeMap<LineKey, Line> = BTreeMap::new();
    for report in lines {
        let mut line = Line::pending(report.key.to_string());
        if let Some(record) = records.get(&report.key) {
            records::write(record, currency(&report.key), &mut line);
        }
        line.state = report.state;
        if let Some(reason) = report.reason {
            line = line.because(reason, &report.message);
        }
        all.insert(report.key.clone(), line);
    }
    for (key, record) in records {
        if !all.contains_key(key) {
            let mut line = Line::pending(key.to_string());
            records::write(record, currency(key), &mut line);
            line.state = if record.confirmed_enabled { LineState::Live } else { LineState::Paused };
            all.insert(key.clone(), line);
        }
    }
    all.into_values().take(1000).collect()
}

/// The rates in use: those to currencies of accounts. One that was in use before keeps its time.
fn exchange_rates(gathered: &Gathered) -> Vec<AppliedRate> {
    let of_accounts: BTreeSet<Currency> = gathered
        .accounts
        .values()
        .filter(|known| of_spec(gathered, known))
        .map(|known| known.account.currency)
        .collect();
    // An account that cannot be looked at now is no other one.
    let unsaid = gathered.spec.accounts.iter().any(|name| !gathered.accounts.contains_key(name));
    let before = &gathered.status.exchange_rates;
    let was_in_use = |to: &str| before.iter().any(|applied| applied.to == to);
    let applied = gathered.spec.rates.iter().map(|(to, rate)| (to, to.to_string(), rate));
    applied
        .filter(|(to, word, _)| of_accounts.contains(to) || (unsaid && was_in_use(word)))
        .map(|(_, to, rate)| {
            let (rate, date) = (rate.price.to_string(), rate.date.to_string());
            let same = |applied: &&AppliedRate| applied.to == to && applied.rate == rate && applied.date == date;
            let since = before.iter().find(same).map_or(Time(gathered.now), |applied| applied.since.clone());
            AppliedRate { to, rate, date, since }
        })
        .collect()
}

fn of_spec(gathered: &Gathered, known: &Known) -> bool {
    gathered.spec.accounts.contains(&known.account.name)
}

fn budget_per_day(gathered: &Gathered) -> Option<String> {
    let rates = &gathered.spec.rates;
    let currency = rates.base();
    let sum = gathered
        .accounts
        .values()
        .flat_map(|known| known.snapshot.lines.values())
        .filter(|object| {
            object.existence == adops_core::campaign::observed::Existence::Live
                && object.delivery == Delivery::Enabled
                && belongs(gathered, object)
        })
        .filter_map(|object| rates.count(object.budget))
        .map(Money::micros)
        .fold(0_i64, i64::saturating_add);
    let sum = Money::from_micros(sum.unsigned_abs(), currency).ok()?;
    Some(sum.floor_to(currency.minor_unit_micros()).to_string())
}

fn belongs(gathered: &Gathered, object: &adops_core::campaign::observed::ObservedLine) -> bool {
    object.marker.tokens().any(|token| token.campaign == gathered.spec.id.hash())
}

/// Spend of the last seven account days, and how it compares to the budget of the finished ones.
fn measure(gathered: &Gathered) -> (Option<String>, Option<String>) {
    let rates = &gathered.spec.rates;
    let currency = rates.base();
    let (mut spent, mut settled, mut planned) = (0_i64, 0_i64, 0_i64);
    for known in gathered.accounts.values().filter(|known| rates.know(known.account.currency)) {
        let counted = |micros: i64| {
            let micros = rates.count_micros(micros.into(), known.account.currency).unwrap_or(0);
            i64::try_from(micros).unwrap_or(i64::MAX)
        };
        let today = gathered.now.to_zoned(known.account.time_zone.clone()).date();
        let first = today.checked_sub(6.days()).unwrap_or(today);
        for (id, days) in &known.spend {
            let lately = days.iter().filter(|(day, _)| **day >= first && **day <= today).map(|(_, m)| *m).sum();
            spent = spent.saturating_add(counted(lately));
            let Some(object) = known.snapshot.lines.get(id) else { continue };
            // Days on which it ran from beginning to end: from the second with spend to yesterday.
            let Some(began) = days.keys().next().copied() else { continue };
            let full: Vec<i64> = days
                .iter()
                .filter(|(day, _)| **day > began && **day >= first && **day < today)
                .map(|(_, micros)| *micros)
                .collect();
            settled = settled.saturating_add(counted(full.iter().sum()));
            let meant = object.budget.micros().saturating_mul(i64::try_from(full.len()).unwrap_or(0));
            planned = planned.saturating_add(counted(meant));
        }
    }
    let money = |micros: i64| Money::from_micros(micros.max(0).unsigned_abs(), currency).ok();
    // Shown to the cent: finer figures would only make writes.
    let spend = money(spent).map(|money| money.floor_to(currency.minor_unit_micros()).to_string());
    let pace = (planned > 0).then(|| format!("{}%", settled.saturating_mul(100) / planned));
    (spend, pace)
}

fn flights(gathered: &Gathered) -> Vec<AccountFlight> {
    gathered
        .spec
        .accounts
        .iter()
        .filter_map(|name| {
            let account = &gathered.accounts.get(name)?.account;
            let (start, end) = line::flight_in(&gathered.spec, &account.time_zone);
            let zone = gathered.spec.flight.time_zone.as_ref().unwrap_or(&account.time_zone);
            let instant =
                |at: jiff::civil::DateTime| at.to_zoned(account.time_zone.clone()).ok().map(|z| z.timestamp());
            Some(AccountFlight {
                account: name.clone(),
                time_zone: zone.iana_name().unwrap_or("UTC").to_owned(),
                start: Time(instant(start)?),
                end: Time(instant(end)? + SignedDuration::from_secs(1)),
            })
        })
        .collect()
}

fn retired(plan: &Plan) -> Option<Retired> {
    let ids: Vec<String> = plan.retired.iter().map(|retired| retired.object.id.clone()).collect();
    (!ids.is_empty()).then(|| Retired {
        count: i32::try_from(ids.len()).unwrap_or(i32::MAX),
        ids: ids.into_iter().take(LISTED).collect(),
    })
}

fn withheld(plan: &Plan) -> Vec<(String, &Withheld)> {
    let of_lines = plan.lines.iter().flat_map(|line| line.withheld.iter().map(|w| (line.key.to_string(), w)));
    let of_retired = plan
        .retired
        .iter()
        .flat_map(|retired| retired.withheld.iter().map(|w| (format!("{}/{}", retired.account, retired.object.id), w)));
    of_lines.chain(of_retired).collect()
}

/// What the whole Campaign comes to.
struct Verdict {
    /// The one word for the column.
    word: Option<Reason>,
    ready: bool,
    stalled: Option<(Reason, String)>,
    drifted: Vec<String>,
    delivering: Option<Reason>,
    message: String,
    transient: bool,
}

impl Verdict {
    fn of(gathered: &Gathered, plan: &Plan, lines: &[LineReport]) -> Self {
        let unready: Vec<&LineReport> = lines.iter().filter(|line| !line.ready).collect();
        let retiring = plan.retired.iter().any(|retired| !retired.changes.is_empty());
        let ready = unready.is_empty() && !retiring && !gathered.deleting;
        let stalled: Vec<&LineReport> = lines.iter().filter(|line| line.stalled).collect();
        let stalled_reason = stalled.iter().filter_map(|line| line.reason).min();
        let spending = lines.iter().any(|line| line.state == LineState::Live);
        let suspended =
            gathered.spec.suspend.then_some(if spending { Reason::SuspendedSpending } else { Reason::Suspended });
        let drifted: Vec<String> = plan
            .lines
            .iter()
            .filter(|line| !line.drift.is_empty())
            .map(|line| {
                let fields: Vec<&str> = line.drift.iter().map(|field| field.as_str()).collect();
                format!("{} ({})", line.key, fields.join(", "))
            })
            .collect();
        let word = lines
            .iter()
            .flat_map(|line| line.reason.iter().chain(&line.serving))
            .copied()
            .chain(suspended)
            .chain(gathered.deleting.then_some(Reason::Deleting))
            .chain((gathered.spec.state == State::Paused).then_some(Reason::Paused))
            .min();
        let message = match unready.len() {
            0 if retiring => "objects that are not needed any more are being stopped".to_owned(),
            0 => format!("the platforms hold what generation {} asks", gathered.generation),
            count => format!("{count} of {} lines are not ready: {}", lines.len(), named(&unready)),
        };
        let message = match quota_limited(plan) {
            limited if limited.is_empty() => message,
            limited => format!("{}; {message}", limited.join("; ")),
        };
        let transient = unready.iter().filter_map(|line| line.reason).all(|reason| {
            matches!(
                reason,
                Reason::PlatformUnavailable
                    | Reason::RateLimited
                    | Reason::AccountNotReady
                    | Reason::NotObserved
                    | Reason::Updating
                    // After a start files are looked at anew.
                    | Reason::MediaNotReady
            )
        }) && !retiring
            && !unready.is_empty();
        let delivering = if lines.iter().any(|line| line.delivering) && lines.iter().all(|line| line.delivering) {
            None
        } else {
            Some(word.unwrap_or(Reason::NoImpressions))
        };
        Self {
            word: word.filter(|word| !matches!(word, Reason::Delivering | Reason::Ready)),
            ready,
            stalled: stalled_reason.map(|reason| (reason, named(&stalled))),
            drifted,
            delivering,
            message,
            transient,
        }
    }
}

/// What waits for the platforms' quotas and for how long, by account.
fn quota_limited(plan: &Plan) -> Vec<String> {
    let of_lines = plan.lines.iter().map(|line| (&line.key.account, &line.withheld));
    let retired = plan.retired.iter().map(|retired| (&retired.account, &retired.withheld));
    let mut messages: BTreeMap<&String, &String> = BTreeMap::new();
    for (account, withheld) in of_lines.chain(retired) {
        let limited = withheld.iter().find(|withheld| withheld.reason == Reason::QuotaLimited);
        if let Some(limited) = limited {
            messages.insert(account, &limited.message);
        }
    }
    messages.into_iter().map(|(account, message)| format!("{account}: {message}")).collect()
}

/// Lines by name with what is wrong; five, then how many more.
fn named(lines: &[&LineReport]) -> String {
    let mut text: Vec<String> = lines
        .iter()
        .take(5)
        .map(|line| match (line.reason, line.message.is_empty()) {
            (Some(reason), true) => format!("{}: {reason}", line.key),
            (_, false) => format!("{}: {}", line.key, line.message),
            (None, true) => line.key.to_string(),
        })
        .collect();
    if lines.len() > 5 {
        text.push(format!("and {} more", lines.len() - 5));
    }
    text.join("; ")
}

fn conditions(
    gathered: &Gathered,
    verdict: &Verdict,
    delivering: usize,
    total: usize,
) -> Vec<k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition> {
    let before = &gathered.status.conditions;
    let now = Timestamp::now();
    let mut conditions = Conditions::new(before, gathered.generation, now);
    let reason = match verdict.word {
        // How it serves is told by `Delivering`.
        Some(word) if verdict.ready && !users_own(word) => Reason::Ready,
        Some(word) => word,
        None if verdict.ready => Reason::Ready,
        None => Reason::Updating,
    };
    let was_ready = find(before, ConditionType::Ready).is_some_and(|ready| ready.status == "True");
    let failing_since = find(before, ConditionType::Reconciling).map_or(now, |c| c.last_transition_time.0);
    let grace = verdict.transient && was_ready && !gathered.spec_changed && now.duration_since(failing_since) < GRACE;
    if verdict.ready || !grace {
        let word = if verdict.ready { Status::True } else { Status::False };
        conditions.set(ConditionType::Ready, word, reason, &verdict.message);
    }
    match verdict.delivering {
        None => conditions.set(ConditionType::Delivering, Status::True, Reason::Delivering, "all lines serve"),
        Some(reason) => {
            let word = if delivering > 0 { Status::True } else { Status::False };
            conditions.set(ConditionType::Delivering, word, reason, &format!("{delivering} of {total} lines serve"))
        }
    };
    conditions.clear(ConditionType::Stalled).clear(ConditionType::Reconciling).clear(ConditionType::Drifted);
    if let Some((reason, message)) = &verdict.stalled {
        conditions.set(ConditionType::Stalled, Status::True, *reason, message);
    } else if !verdict.ready {
        conditions.set(ConditionType::Reconciling, Status::True, reason, &verdict.message);
    }
    if !verdict.drifted.is_empty() {
        conditions.set(ConditionType::Drifted, Status::True, Reason::Drifted, &verdict.drifted.join("; "));
    }
    conditions.into_ours()
}

/// A status for a Campaign that cannot be worked on at all.
pub fn stalled(before: &CampaignStatus, generation: i64, reason: Reason, message: &str) -> CampaignStatus {
    let mut status = before.clone();
    status.observed_generation = generation;
    let mut conditions = Conditions::new(&before.conditions, generation, Timestamp::now());
    conditions.set(ConditionType::Ready, Status::False, reason, message);
    conditions.clear(ConditionType::Reconciling).set(ConditionType::Stalled, Status::True, reason, message);
    status.conditions = conditions.into_ours();
    status.reason = Some(reason);
    // The lines and what is remembered of them stay: they say what runs.
    status
}
