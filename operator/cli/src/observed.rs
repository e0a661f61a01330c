//! From a Campaign's status to what the plan calls observed.
//!
//! A status holds of each line its id, whether it runs, its budget, and a hash of all other settings that were read
//! back. Which settings these are is found out by rendering: if the hash is that of what the stored spec (or the one
//! that is planned) asks for, the platform holds that. If it is of neither, an older spec's settings are still there,
//! and the plan says that it does not know which ones change rather than to guess.

use std::collections::{BTreeMap, BTreeSet};

use adops_api::CampaignStatus;
use adops_api::campaign::{Line, LineState};
use adops_api::convert::record;
use adops_core::campaign::line::LineKey;
use adops_core::campaign::observed::{Delivery, Existence, LineRecord, MarkerEvidence, ObservedLine, Snapshot};
use adops_core::campaign::settings::{Field, Settings, Value};
use adops_core::campaign::spec::CampaignSpec;
use adops_core::marker::{Installation, Token};
use adops_core::money::{Currency, Money};
use jiff::Timestamp;

/// What a status tells.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// What the operator remembers.
    pub records: BTreeMap<LineKey, LineRecord>,
    /// The objects, by the account as the Campaign names it.
    pub snapshots: BTreeMap<String, Snapshot>,
    /// Lines with an object of which not all is known. Where it is not, what is planned stands in for it.
    pub unknown: BTreeSet<LineKey>,
}

/// What is needed to read a status.
pub struct Reading<'a> {
    /// The status.
    pub status: &'a CampaignStatus,
    /// The spec that is planned.
    pub spec: &'a CampaignSpec,
    /// What tokens are made of here; nobody sees them.
    pub installation: &'a Installation,
    /// What the spec that is stored asks for, by line: its settings as far as it manages them.
    pub stored: &'a BTreeMap<LineKey, Settings>,
    /// What the spec that is planned asks for.
    pub planned: &'a BTreeMap<LineKey, Settings>,
    /// The daily budgets that are planned.
    pub budgets: &'a BTreeMap<LineKey, Money>,
    /// The accounts that are known: their currency, and when they were read.
    pub accounts: &'a BTreeMap<String, (Currency, Timestamp)>,
}

impl Reading<'_> {
    /// Reads it.
    pub fn read(&self) -> Observed {
        let mut observed = Observed::default();
        for (account, (_, began)) in self.accounts {
            observed.snapshots.insert(account.clone(), Snapshot { began: *began, ..Snapshot::default() });
        }
        for line in &self.status.lines {
            let Ok(key) = line.key.parse::<LineKey>() else { continue };
            let record = record(line);
            if let Some(object) = self.object(&key, line, &record, &mut observed.unknown)
                && let Some(snapshot) = observed.snapshots.get_mut(&key.account)
            {
                snapshot.lines.insert(object.id.clone(), object);
            }
            observed.records.insert(key, record);
        }
        observed
    }

    fn object(
        &self,
        key: &LineKey,
        line: &Line,
        record: &LineRecord,
        unknown: &mut BTreeSet<LineKey>,
    ) -> Option<ObservedLine> {
        let (currency, seen) = *self.accounts.get(&key.account)?;
        let id = line.id.clone()?;
        let token = Token::new(self.installation, &self.spec.id, key, record.replacement);
        let settings = self.settings(key, line.hash.as_deref()).unwrap_or_else(|| {
            unknown.insert(key.clone());
            // Nothing is said of differences that are not known: see `unknown`.
            self.planned.get(key).cloned().unwrap_or_default()
        });
        let confirmed =
            record.confirmed_budget.and_then(|micros| Money::from_micros(micros.unsigned_abs(), currency).ok());
        let budget = confirmed.or_else(|| {
            // The operator is about to change it.
            unknown.insert(key.clone());
            self.budgets.get(key).copied()
        });
        Some(ObservedLine {
            id,
            seen,
            existence: if line.state == LineState::Removed { Existence::Removed } else { Existence::Live },
            marker: MarkerEvidence {
                label: true,
                token: Some(token.clone()),
                inner_token: Some(token.clone()),
                foreign_label: None,
            },
            delivery: match line.state {
                LineState::Live => Delivery::Enabled,
                LineState::Stopped => Delivery::PausedByOthers,
                _ => Delivery::PausedByUs,
            },
            budget: budget.unwrap_or(Money::zero(currency)),
            settings: marked(settings, &token),
            missing: BTreeSet::new(),
            serving: BTreeSet::new(),
            delivered: true,
            spend: BTreeMap::new(),
        })
    }

    fn settings(&self, key: &LineKey, hash: Option<&str>) -> Option<Settings> {
        let hash = hash?;
        let candidates = [self.stored.get(key), self.planned.get(key)];
        candidates.into_iter().flatten().find(|settings| settings.hash() == hash).cloned()
    }
}

/// Settings as a platform holds them: the name carries the token.
fn marked(mut settings: Settings, token: &Token) -> Settings {
    if let Some(Value::Text(name)) = settings.get(Field::Name) {
        let name = format!("{name} {token}");
        settings.set(Field::Name, Value::Text(name));
    }
    settings
}
