//! Faults on demand: which requests they strike, how often, and what they do.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::platform::PlatformName;

/// A fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// Which requests it strikes.
    #[serde(default)]
    pub when: Match,
    /// What it does.
    pub effect: Effect,
    /// How often it strikes; none is always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// How many matching requests it lets pass first.
    #[serde(default)]
    pub skip: u64,
    /// Chance that it strikes a matching request; drawn from the simulator's seed.
    #[serde(default = "always")]
    pub probability: f64,
}

fn always() -> f64 {
    1.0
}

impl Fault {
    /// A fault that strikes each request once `when` holds.
    pub fn new(when: Match, effect: Effect) -> Fault {
        Fault { when, effect, times: None, skip: 0, probability: 1.0 }
    }

    /// Strikes this many times.
    #[must_use]
    pub fn times(self, times: u64) -> Fault {
        Fault { times: Some(times), ..self }
    }

    /// Lets this many matching requests pass first.
    #[must_use]
    pub fn after(self, skip: u64) -> Fault {
        Fault { skip, ..self }
    }

    /// Strikes with this chance.
    #[must_use]
    pub fn with_probability(self, probability: f64) -> Fault {
        Fault { probability, ..self }
    }
}

/// Which requests a fault strikes. All that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Match {
    /// Platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<PlatformName>,
    /// HTTP method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// A part of the path, such as `googleAds:mutate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// An operation in the request: `campaign.create`, `campaignBudget.update`, or `campaign` for any verb.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// A part of the body; of the operation for `Effect::Reject`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
}

impl Match {
    /// Requests whose path has a part.
    pub fn path(part: &str) -> Match {
        Match { path: Some(part.into()), ..Match::default() }
    }

    /// Requests to a platform.
    pub fn platform(platform: PlatformName) -> Match {
        Match { platform: Some(platform), ..Match::default() }
    }

    /// Google's mutate requests.
    pub fn mutates() -> Match {
        Match::path(":mutate")
    }

    /// Google's search requests.
    pub fn searches() -> Match {
        Match::path("googleAds:search")
    }

    /// Only with this HTTP method.
    #[must_use]
    pub fn method(self, method: &str) -> Match {
        Match { method: Some(method.into()), ..self }
    }

    /// Only of this account.
    #[must_use]
    pub fn account(self, account: &str) -> Match {
        Match { account: Some(account.into()), ..self }
    }

    /// Only with such an operation.
    #[must_use]
    pub fn operation(self, operation: &str) -> Match {
        Match { operation: Some(operation.into()), ..self }
    }

    /// Only with this text in it.
    #[must_use]
    pub fn contains(self, text: &str) -> Match {
        Match { contains: Some(text.into()), ..self }
    }
}

/// What a fault does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Effect {
    /// Answers with a status and a body of its own; nothing takes effect.
    Status {
        /// HTTP status.
        status: u16,
        /// Body; an empty one if none is given.
        #[serde(default)]
        body: Value,
    },
    /// Answers with an error of the platform's own; nothing takes effect.
    Error {
        /// Google: the field of `ErrorCode`, such as `internalError`. Meta: the code, such as `80004`.
        category: String,
        /// Google: the enum value, such as `TRANSIENT_ERROR`. Meta: the subcode, such as `2446079`; empty for none.
        code: String,
    },
    /// Refuses the operations that match, not the whole request; with names as for `Error`.
    Reject {
        /// Kind of error.
        category: String,
        /// The error.
        code: String,
    },
    /// Reads see the account as it was this long ago.
    Stale {
        /// How long.
        seconds: i64,
    },
    /// Answers late, in real time.
    Latency {
        /// How late.
        millis: u64,
    },
    /// Closes the connection; nothing takes effect.
    CutBefore,
    /// Closes the connection after the request has taken effect.
    CutAfter,
    /// Never answers; nothing takes effect.
    HangBefore,
    /// Never answers; the request takes effect.
    HangAfter,
}

impl Effect {
    /// Google's `InternalError.TRANSIENT_ERROR`.
    pub fn transient_error() -> Effect {
        Effect::Error { category: "internalError".into(), code: "TRANSIENT_ERROR".into() }
    }

    /// Google's `DatabaseError.CONCURRENT_MODIFICATION`.
    pub fn concurrent_modification() -> Effect {
        Effect::Error { category: "databaseError".into(), code: "CONCURRENT_MODIFICATION".into() }
    }
}

/// Handle of an added fault.
pub type FaultId = u64;

/// What a fault matches on.
pub(crate) struct Facts<'a> {
    pub(crate) platform: PlatformName,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) account: &'a str,
    pub(crate) operations: &'a dyn Fn() -> Vec<String>,
    pub(crate) text: &'a str,
}

/// The faults in force.
#[derive(Debug)]
pub struct Faults(Mutex<State>);

#[derive(Debug)]
struct State {
    last: FaultId,
    faults: Vec<(FaultId, Fault)>,
    random: u64,
}

impl Faults {
    /// No faults; chance follows the seed.
    pub fn new(seed: u64) -> Faults {
        Faults(Mutex::new(State { last: 0, faults: Vec::new(), random: seed }))
    }

    /// Adds a fault.
    pub fn add(&self, fault: Fault) -> FaultId {
        let mut state = self.lock();
        state.last += 1;
        let id = state.last;
        state.faults.push((id, fault));
        id
    }

    /// Takes a fault away. `false` if it is not in force (any more).
    pub fn remove(&self, id: FaultId) -> bool {
        let mut state = self.lock();
        let before = state.faults.len();
        state.faults.retain(|(i, _)| *i != id);
        state.faults.len() < before
    }

    /// Takes all faults away.
    pub fn clear(&self) {
        self.lock().faults.clear();
    }

    /// The faults in force.
    pub fn list(&self) -> Vec<(FaultId, Fault)> {
        self.lock().faults.clone()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().faults.is_empty()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The effects that strike a request, other than rejected operations.
    pub(crate) fn strike(&self, facts: &Facts<'_>) -> Vec<Effect> {
        self.draw(facts, |effect| !matches!(effect, Effect::Reject { .. }))
    }

    /// Whether any fault rejects operations.
    pub(crate) fn rejects(&self) -> bool {
        self.lock().faults.iter().any(|(_, f)| matches!(f.effect, Effect::Reject { .. }))
    }

    /// The rejection that strikes an operation.
    pub(crate) fn reject(&self, facts: &Facts<'_>) -> Option<Effect> {
        self.draw(facts, |effect| matches!(effect, Effect::Reject { .. })).into_iter().next()
    }

    fn draw(&self, facts: &Facts<'_>, wanted: impl Fn(&Effect) -> bool) -> Vec<Effect> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let mut effects = Vec::new();
        for (_, fault) in &mut state.faults {
            if !wanted(&fault.effect) || !fault.when.holds(facts) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if fault.probability < 1.0 && next_unit(&mut state.random) >= fault.probability {
                continue;
            }
            if let Some(times) = &mut fault.times {
                *times = times.saturating_sub(1);
            }
            effects.push(fault.effect.clone());
        }
        state.faults.retain(|(_, fault)| fault.times != Some(0));
        effects
    }
}

impl Match {
    fn holds(&self, facts: &Facts<'_>) -> bool {
        let is = |wanted: &Option<String>, test: &dyn Fn(&str) -> bool| wanted.as_deref().is_none_or(test);
        self.platform.is_none_or(|platform| platform == facts.platform)
            && is(&self.method, &|m| m.eq_ignore_ascii_case(facts.method))
            && is(&self.path, &|p| facts.path.contains(p))
            && is(&self.account, &|a| a == facts.account)
            && is(&self.contains, &|text| facts.text.contains(text))
            && is(&self.operation, &|wanted| {
                (facts.operations)().iter().any(|op| op == wanted || op.split('.').next() == Some(wanted))
            })
    }
}

/// The next number in 0..1 (`SplitMix64`).
fn next_unit(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
    let unit = ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0;
    unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts<'a>(path: &'a str, operations: &'a dyn Fn() -> Vec<String>) -> Facts<'a> {
        Facts {
            platform: PlatformName::Google,
            method: "POST",
            path,
            account: "1",
            operations,
            text: "{\"name\":\"x\"}",
        }
    }

    #[test]
    fn a_fault_strikes_after_some_requests_and_as_often_as_told() {
        let faults = Faults::new(1);
        faults.add(Fault::new(Match::mutates(), Effect::CutAfter).after(1).times(2));
        let none = || Vec::new();
        let struck: Vec<bool> =
            (0..5).map(|_| !faults.strike(&facts("/v26/customers/1/googleAds:mutate", &none)).is_empty()).collect();
        assert_eq!(struck, [false, true, true, false, false]);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn all_that_a_match_names_must_hold() {
        let operations = || vec!["campaign.create".to_owned()];
        let f = facts("/v26/customers/1/googleAds:mutate", &operations);
        for (when, holds) in [
            (Match::default(), true),
            (Match::mutates().account("1").operation("campaign.create").contains("\"x\""), true),
            (Match::mutates().operation("campaign"), true),
            (Match::mutates().operation("campaign.update"), false),
            (Match::mutates().account("2"), false),
            (Match::searches(), false),
        ] {
            assert_eq!(when.holds(&f), holds, "{when:?}");
        }
    }

    #[test]
    fn chance_follows_the_seed() {
        let run = |seed| {
            let faults = Faults::new(seed);
            faults.add(Fault::new(Match::default(), Effect::CutBefore).with_probability(0.5));
            let none = || Vec::new();
            (0..64).map(|_| !faults.strike(&facts("/", &none)).is_empty()).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        assert!(run(1).contains(&true) && run(1).contains(&false));
    }
}
