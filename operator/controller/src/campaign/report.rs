//! Report: a Campaign's status, computed from what was observed and applied, and written only when it
//! says something else than before.

use std::collections::{BTreeMap, BTreeSet};

use adops_api::CampaignStatus;
use adops_api::campaign::{AccountFlight, AppliedRate, Line, LineState, Retired, Withheld as WithheldStatus};
use adops_api::condition::{ConditionType, Conditions, Status, cut};
use adops_api::convert::write_record;
use adops_core::campaign::line::{self, LineKey};
use adops_core::campaign::observed::{Delivery, LineRecord};
use adops_core::campaign::plan::{Plan, Withheld};
use adops_core::campaign::spec::State;
use adops_core::money::{Currency, Money};
use adops_core::reason::Reason;
use jiff::{SignedDuration, Timestamp, ToSpan};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::gather::{Gathered, Known};
use super::line_report::{LineReport, line_report};
use super::verdict::{Verdict, conditions};

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

/// Lines of the spec, then those that only records still name.
fn status_lines(gathered: &Gathered, lines: &[LineReport], records: &BTreeMap<LineKey, LineRecord>) -> Vec<Line> {
    let currency = |key: &LineKey| gathered.accounts.get(&key.account).map(|known| known.account.currency);
    let mut all: BTreeMap<LineKey, Line> = BTreeMap::new();
    for report in lines {
        let mut line = Line::pending(report.key.to_string());
        if let Some(record) = records.get(&report.key) {
            write_record(record, currency(&report.key), &mut line);
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
            write_record(record, currency(key), &mut line);
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
