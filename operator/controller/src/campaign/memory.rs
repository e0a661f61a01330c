//! What is known of a Campaign beyond its status. It is lost with the process, and nothing depends on
//! it but how often something is tried.

use std::collections::{BTreeMap, HashMap};

use adops_core::campaign::line::LineKey;
use adops_core::campaign::plan::{Action, RetiredPlan};
use adops_core::reason::Reason;
use jiff::Timestamp;

/// What is remembered of a Campaign.
#[derive(Debug, Default)]
pub struct CampaignMemory {
    /// The generation that the rest is about.
    pub generation: i64,
    /// Since when that generation is known.
    pub since: Option<Timestamp>,
    /// Changes that the platform has refused, or that had no room below a limit: they are not sent again before the
    /// spec changes or the time has come.
    pub rejections: HashMap<(LineKey, String), Rejection>,
    /// Creates of this process whose outcome is not known: replacement number and when they began.
    pub attempts: BTreeMap<LineKey, (u32, Timestamp)>,
    /// When what a platform's quota holds back is to be asked for again.
    pub held_until: Option<Timestamp>,
    /// What would be done, of an operator that only observes.
    pub planned: Vec<String>,
    /// When a deletion could first not go on.
    pub told: Option<Reason>,
}

/// A change that the platform has refused, or that must wait.
#[derive(Debug, Clone)]
pub struct Rejection {
    /// The one word.
    pub reason: Reason,
    /// In words.
    pub message: String,
    /// When it may be tried again.
    pub retry: Timestamp,
    /// How often it was refused.
    pub failures: u32,
}

impl CampaignMemory {
    /// Forgets what was about another spec.
    pub fn begin(&mut self, generation: i64, now: Timestamp) -> bool {
        let changed = self.generation != generation;
        if changed {
            self.generation = generation;
            self.since = Some(now);
            self.rejections.clear();
        }
        changed
    }

    /// Why a change is not sent for now, if it is one that was refused or must wait.
    pub fn held(&self, key: &LineKey, action: &Action, now: Timestamp) -> Option<&Rejection> {
        self.rejections.get(&(key.clone(), fingerprint(action))).filter(|rejection| rejection.retry > now)
    }
}

/// By what refusals of an object without a line are kept.
pub fn retired_key(retired: &RetiredPlan) -> LineKey {
    LineKey::new(retired.account.clone(), retired.object.id.clone())
}

/// What makes two changes the same one.
pub fn fingerprint(action: &Action) -> String {
    match action {
        Action::Create(new) => format!("create {} {} {}", new.token, new.budget, new.settings.hash()),
        other => format!("{} {:?} {other}", other.word(), other.id()),
    }
}
