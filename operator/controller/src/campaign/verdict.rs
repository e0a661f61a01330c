//! What all lines together come to: the column's word, and the conditions.

use std::collections::BTreeMap;

use adops_api::campaign::LineState;
use adops_api::condition::{ConditionType, Conditions, Status, find};
use adops_core::campaign::plan::Plan;
use adops_core::campaign::spec::State;
use adops_core::reason::Reason;
use jiff::Timestamp;

use super::gather::Gathered;
use super::line_report::{LineReport, users_own};
use crate::account::report::GRACE;
/// What the whole Campaign comes to.
pub struct Verdict {
    /// The one word for the column.
    pub word: Option<Reason>,
    /// The platforms hold what is asked.
    pub ready: bool,
    stalled: Option<(Reason, String)>,
    drifted: Vec<String>,
    delivering: Option<Reason>,
    message: String,
    transient: bool,
}

impl Verdict {
    /// Of all lines.
    pub fn of(gathered: &Gathered, plan: &Plan, lines: &[LineReport]) -> Self {
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

/// The conditions that a status shows.
pub fn conditions(
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
