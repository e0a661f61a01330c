//! Gather: everything that a plan depends on, at one instant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adops_api::{CONFIRM_REMOVES_ANNOTATION, Campaign, CampaignStatus};
use adops_core::budget::pacing::{self, Spent};
use adops_core::campaign::line::{self, Desired, LineKey, Spending};
use adops_core::campaign::observed::{ExternalId, LineRecord, Snapshot};
use adops_core::campaign::plan::{AccountView, Inputs};
use adops_core::campaign::settings::Field;
use adops_core::campaign::spec::{Adoptee, BudgetPeriod, CampaignSpec};
use adops_core::catalog::media::MediaBook;
use adops_core::money::Money;
use adops_core::platform::{Account, PlatformRules};
use adops_core::reason::Reason;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;

use super::adoption;
use super::memory::CampaignMemory;
use super::reconcile::account_key;
use crate::account::grant;
use crate::account::spend;
use crate::account::state::{AccountState, Block};
use crate::media::Want;
use crate::runtime::watch::{Key, Stored};
use crate::shared::Shared;

/// The annotation in which a person says which object of a line is the right one: `line=id, line=id`.
pub const RESOLVE_ANNOTATION: &str = "adops.dev/resolve";

/// Figures of a day that has just ended may still grow for so long.
const REPORTING_LAG: SignedDuration = SignedDuration::from_hours(3);

/// What was gathered.
pub struct Gathered {
    /// The spec.
    pub spec: Arc<CampaignSpec>,
    /// Its generation.
    pub generation: i64,
    /// Whether the last report was about another spec.
    pub spec_changed: bool,
    /// Since when this process knows the spec.
    pub spec_since: Timestamp,
    /// Whether the Campaign goes.
    pub deleting: bool,
    /// The status as it is stored.
    pub status: CampaignStatus,
    /// What is remembered of each line.
    pub records: BTreeMap<LineKey, LineRecord>,
    /// Accounts that can be planned on, by the Campaign's name for them.
    pub accounts: BTreeMap<String, Known>,
    /// Accounts that cannot, and why.
    pub problems: BTreeMap<String, (Reason, String)>,
    /// Until when a new process may take to look at all accounts for the first time, if it has not yet.
    pub first_look_until: Option<Timestamp>,
    /// The spec spread over the accounts.
    pub desired: Desired,
    /// Whether a person has confirmed that more may be removed than the hourly allowance.
    pub removes_confirmed: bool,
    /// What a person has said.
    pub resolutions: BTreeMap<LineKey, ExternalId>,
    /// Now.
    pub now: Timestamp,
}

/// What is known of one account.
pub struct Known {
    /// Its state, for the way to it.
    pub state: Arc<AccountState>,
    /// Its facts.
    pub account: Account,
    /// Its rules.
    pub rules: Arc<dyn PlatformRules>,
    /// What concerns this Campaign.
    pub snapshot: Snapshot,
    /// Why nothing can be sent now.
    pub block: Option<Block>,
    /// Spend of this Campaign's objects by day.
    pub spend: BTreeMap<ExternalId, BTreeMap<Date, i64>>,
    /// How long after an attempt a listing must begin to settle it.
    pub settle_after: SignedDuration,
    unsettled: BTreeMap<ExternalId, Timestamp>,
    floor: Timestamp,
    level: Option<Money>,
    stopping: BTreeSet<ExternalId>,
    refused_decreases: BTreeSet<ExternalId>,
    contested: BTreeSet<(ExternalId, Field)>,
    /// S12: whether the Campaign's namespace may use it.
    pub granted: bool,
}

impl Known {
    /// Whether what was seen to run on the account passes its ceiling.
    pub fn is_over_ceiling(&self) -> bool {
        self.level.is_some()
    }

    /// Objects of this Campaign of which an observation may miss a write of ours, and until when.
    pub fn unsettled_until(&self) -> impl Iterator<Item = (&ExternalId, &Timestamp)> {
        self.unsettled.iter()
    }
}

impl Gathered {
    /// Hands the plan's inputs to `use_them`.
    pub fn with_inputs<T>(&self, shared: &Shared, use_them: impl FnOnce(&Inputs<'_>) -> T) -> T {
        let accounts: BTreeMap<String, AccountView<'_>> = self
            .accounts
            .iter()
            .map(|(name, known)| {
                let view = AccountView {
                    account: &known.account,
                    rules: known.rules.clone(),
                    snapshot: &known.snapshot,
                    settle_after: known.settle_after,
                    unsettled: &known.unsettled,
                    floor: known.floor,
                    level: known.level,
                    stopping: &known.stopping,
                    refused_decreases: &known.refused_decreases,
                    contested: &known.contested,
                    granted: known.granted,
                };
                (name.clone(), view)
            })
            .collect();
        use_them(&Inputs {
            installation: &shared.options.installation,
            spec: &self.spec,
            generation: self.generation,
            spec_changed: self.spec_changed,
            deleting: self.deleting,
            desired: &self.desired,
            records: &self.records,
            accounts: &accounts,
            resolutions: &self.resolutions,
            now: self.now,
        })
    }
}

/// Gathers for one Campaign.
pub fn gather(
    shared: &Shared,
    key: &Key,
    campaign: &Campaign,
    spec: Arc<CampaignSpec>,
    memory: &std::sync::Mutex<CampaignMemory>,
) -> Gathered {
    let now = shared.clock.now();
    let status = campaign.status.clone().unwrap_or_default();
    let generation = campaign.metadata.generation.unwrap_or(0);
    let mut records = adops_api::convert::records(&status);
    // An attempt in the future (stored times are rounded up by a second at most) is one of a process before this one,
    // whose clock was ahead.
    let future = now + SignedDuration::from_secs(1);
    for record in records.values_mut() {
        record.attempt = record.attempt.map(|at| if at > future { shared.started() } else { at });
    }
    let spec_since = {
        let memory = memory.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (line, (replacement, at)) in &memory.attempts {
            let record = records.entry(line.clone()).or_default();
            // An id that is known settles the attempt; after the loss of a status the attempt is all there is.
            if record.id.is_none() && record.attempt.is_none() && record.replacement <= *replacement {
                record.replacement = *replacement;
                record.attempt = Some(*at);
            }
        }
        memory.since.unwrap_or(now)
    };
    let (spec, refused) = adoption::admit(shared, key, spec, &records);
    let mut gathered = Gathered {
        spec_since,
        spec_changed: status.observed_generation != generation,
        generation,
        deleting: campaign.metadata.deletion_timestamp.is_some(),
        records,
        accounts: BTreeMap::new(),
        problems: BTreeMap::new(),
        first_look_until: None,
        desired: Desired::default(),
        removes_confirmed: campaign.annotations().get(CONFIRM_REMOVES_ANNOTATION) == campaign.metadata.uid.as_ref(),
        resolutions: resolutions(campaign),
        spec,
        status,
        now,
    };
    for (name, account) in account_names(shared, key, &gathered) {
        match known(shared, key, &name, &account, &gathered) {
            Ok(known) => {
                gathered.accounts.insert(name, known);
            }
            Err(problem) => {
                // Of an account that is not there, or not granted, no state is made: anybody can make names up.
                if problem.0 == Reason::AccountNotReady {
                    let until = shared.account_state(&account).known().first_look_until().filter(|until| *until > now);
                    gathered.first_look_until = gathered.first_look_until.max(until);
                }
                gathered.problems.insert(name, problem);
            }
        }
    }
    let of_spec: BTreeMap<String, Account> = gathered
        .accounts
        .iter()
        .filter(|(name, _)| gathered.spec.accounts.contains(name))
        .map(|(name, known)| (name.clone(), known.account.clone()))
        .collect();
    let rules = |account: &Account| gathered.accounts.get(&account.name).map(|known| known.rules.clone());
    let media = media(shared, key, &gathered);
    gathered.desired = line::spread(&gathered.spec, &of_spec, &rules, &spending(&gathered), &media, now);
    adoption::stop(refused, &mut gathered.desired);
    gathered
}

/// What is known of the files that the spec's ads name, on the accounts whose ads are made of them. That they are wanted
/// is noted by it: the Campaign is woken when more is known.
fn media(shared: &Shared, key: &Key, gathered: &Gathered) -> MediaBook {
    let (mut places, mut wants, mut unsaid) = (Vec::new(), Vec::new(), BTreeSet::new());
    for name in gathered.spec.accounts.iter().filter(|_| !gathered.deleting) {
        let account = account_key(key, name);
        let Some(known) = gathered.accounts.get(name) else {
            unsaid.insert(account);
            continue;
        };
        if !known.rules.uses_media() {
            continue;
        }
        let may_write = known.granted && !known.account.stop && !gathered.spec.suspend;
        for url in line::media_urls(&gathered.spec, name) {
            places.push((name.clone(), url.clone()));
            wants.push(Want { account: account.clone(), url, rules: known.rules.as_ref(), may_write });
        }
    }
    places.into_iter().zip(shared.media.states(key, &wants, &unsaid)).collect()
}

/// The accounts of the spec, of records, and those that hold objects of this Campaign.
fn account_names(shared: &Shared, key: &Key, gathered: &Gathered) -> BTreeMap<String, Key> {
    let named = gathered.spec.accounts.iter().cloned();
    let remembered = gathered.records.keys().map(|line| line.account.clone());
    let mut names: BTreeMap<String, Key> =
        named.chain(remembered).map(|name| (name.clone(), account_key(key, &name))).collect();
    let hash = gathered.spec.id.hash();
    for account in shared.accounts.valid() {
        let account = Key::of(&account.metadata);
        if names.values().any(|known| *known == account) {
            continue;
        }
        if shared.account_state(&account).known().by_campaign.contains_key(&hash) {
            let name = if account.namespace == key.namespace { account.name.clone() } else { account.to_string() };
            names.insert(name, account);
        }
    }
    names
}

fn known(
    shared: &Shared,
    key: &Key,
    name: &str,
    account_key: &Key,
    gathered: &Gathered,
) -> Result<Known, (Reason, String)> {
    let stored = shared.accounts.get(account_key);
    // Of another namespace not even this much is told.
    if !matches!(stored, Some(Stored::Valid(_)))
        && let Err(refusal) = grant::check_stored(shared, &key.namespace, account_key)
    {
        return Err((Reason::AccountNotGranted, refusal.to_string()));
    }
    let object = match stored {
        Some(Stored::Valid(object)) => object,
        Some(Stored::Malformed { error, .. }) => {
            return Err((Reason::Malformed, format!("the AdAccount {account_key} cannot be read: {error}")));
        }
        None => {
            return Err((Reason::AccountNotFound, format!("the AdAccount {account_key} does not exist")));
        }
    };
    let granted = grant::check(shared, &key.namespace, account_key, &object);
    let state = shared.account_state(account_key);
    let mut held: BTreeSet<ExternalId> = gathered
        .records
        .iter()
        .filter(|(line, _)| line.account == name)
        .flat_map(|(_, record)| record.id.iter().chain(&record.replaces).cloned())
        .collect();
    let mut names = BTreeSet::new();
    for wish in gathered.spec.adopt.iter().filter(|adopt| adopt.account == name) {
        match &wish.object {
            Adoptee::Id(id) => _ = held.insert(id.clone()),
            Adoptee::Name(name) => _ = names.insert(name.clone()),
        }
    }
    let recognized = shared.media.recognized(account_key);
    let known = state.known();
    // An account that nobody grants us any more stays visible as long as objects of ours are there.
    let mut snapshot = known.of_campaign(gathered.spec.id.hash(), &held, &names);
    snapshot.rename_media(&recognized);
    if let Err(refusal) = &granted
        && snapshot.lines.is_empty()
    {
        return Err((Reason::AccountNotGranted, refusal.to_string()));
    }
    let not_ready = || match &known.block {
        Some(block) => (block.reason, format!("{name}: {}", block.message)),
        None => (Reason::AccountNotReady, format!("the AdAccount {account_key} was not observed yet")),
    };
    let (Some(facts), Some(connected), Some(_)) = (&known.facts, &known.connection, known.listed) else {
        if object.status.as_ref().and_then(|s| s.reason) == Some(Reason::AccountClaimed) {
            return Err((
                Reason::AccountClaimed,
                format!("{name}: another AdAccount, which is older, holds this platform account"),
            ));
        }
        return Err(not_ready());
    };
    let ceiling = adops_api::convert::ceiling(&object.spec.ceiling)
        .map_err(|error| (Reason::InvalidSpec, format!("the ceiling of the AdAccount {account_key}: {error}")))?;
    if ceiling.currency() != facts.currency {
        return Err((
            Reason::CurrencyMismatch,
            format!("the ceiling of {account_key} is in {}, the account in {}", ceiling.currency(), facts.currency),
        ));
    }
    let account = Account {
        name: name.to_owned(),
        platform: object.spec.platform.into(),
        currency: facts.currency,
        time_zone: facts.time_zone.clone(),
        budget_unit: facts.budget_unit,
        minimum_daily_budget: facts.minimum_daily_budget,
        ceiling: Some(ceiling),
        brakes: adops_api::convert::brakes(object.spec.brakes.as_ref()),
        stop: object.spec.stop || shared.options.stop,
        conversion_action: object.spec.conversion_action.clone(),
        url_parameters: object.spec.url_parameters.clone(),
        name_template: Some(object.spec.name_template.clone()),
        identity: adops_api::convert::identity(&object.spec),
        objects: facts.objects,
        ads: facts.ads,
    };
    let of_own = |id: &ExternalId| snapshot.lines.contains_key(id);
    let platform = &connected.platform;
    Ok(Known {
        account,
        rules: platform.rules(),
        block: known.block.clone(),
        spend: known.spend.iter().filter(|(id, _)| of_own(id)).map(|(id, days)| (id.clone(), days.clone())).collect(),
        settle_after: platform.request_timeout() + platform.read_after_write_lag(),
        unsettled: known
            .unsettled_now()
            .filter(|(id, _)| of_own(id) || held.contains(*id))
            .map(|(i, t)| (i.clone(), *t))
            .collect(),
        floor: known.floor,
        level: spend::level(shared, account_key, ceiling),
        stopping: known.stopping.iter().filter(|id| of_own(id)).cloned().collect(),
        refused_decreases: known.refused_decreases.iter().filter(|id| of_own(id)).cloned().collect(),
        contested: known.contested.iter().filter(|(id, _)| of_own(id)).cloned().collect(),
        granted: granted.is_ok(),
        snapshot,
        state: state.clone(),
    })
}

fn resolutions(campaign: &Campaign) -> BTreeMap<LineKey, ExternalId> {
    let text = campaign.metadata.annotations.as_ref().and_then(|all| all.get(RESOLVE_ANNOTATION));
    text.into_iter()
        .flat_map(|text| text.split(','))
        .filter_map(|part| part.trim().split_once('='))
        .filter_map(|(line, id)| Some((line.trim().parse().ok()?, id.trim().to_owned())))
        .collect()
}

/// What was spent on days that are over, and what of the last one may not be reported yet.
///
/// The estimate rests on what that day was meant to spend, computed from the days before it: on today's
/// budgets it would feed back into them, and each write would ask for the next one.
fn spending(gathered: &Gathered) -> Spending {
    let mut spending = Spending::new();
    if gathered.spec.budget.period != BudgetPeriod::Flight {
        return spending;
    }
    let (total, rates) = (gathered.spec.budget.amount, &gathered.spec.rates);
    let flight = &gathered.spec.flight;
    let money = |micros: i64| {
        Money::from_micros(micros.max(0).unsigned_abs(), total.currency()).unwrap_or(Money::zero(total.currency()))
    };
    let (mut before, mut last, mut early_day) = (0_i64, 0_i64, None);
    for (name, known) in gathered.accounts.iter().filter(|(_, known)| rates.know(known.account.currency)) {
        // What was spent counts by the rates of today, rounded up.
        let counted = |micros: i64| {
            let micros = rates.count_micros(micros.into(), known.account.currency).unwrap_or(0);
            i64::try_from(micros).unwrap_or(i64::MAX)
        };
        let now = gathered.now.to_zoned(known.account.time_zone.clone());
        let today = now.date();
        let yesterday = today.yesterday().unwrap_or(today);
        let began = now.start_of_day().map_or(gathered.now, |day| day.timestamp());
        if gathered.now.duration_since(began) < REPORTING_LAG && yesterday >= flight.start {
            early_day = early_day.max(Some(yesterday));
        }
        for (id, days) in &known.spend {
            let over = days.iter().filter(|(day, _)| **day >= flight.start && **day < today);
            let reported: i64 = over.clone().map(|(_, micros)| *micros).sum();
            let of_last = days.get(&yesterday).copied().filter(|_| yesterday >= flight.start).unwrap_or(0);
            before = before.saturating_add(counted(reported - of_last));
            last = last.saturating_add(counted(of_last));
            let reported = counted(reported);
            // Objects of replaced lines count, too; each has a key of its own here.
            let spent = Spent { reported: money(reported), unreported: Money::zero(total.currency()) };
            spending.insert(LineKey::new(name.clone(), format!("object {id}")), spent);
        }
    }
    if let Some(day) = early_day.filter(|_| !spending.is_empty()) {
        let rest = money(total.micros() - before);
        let meant = pacing::daily(rest, flight.start, flight.end, day);
        let spent = Spent { reported: Money::zero(total.currency()), unreported: money(meant.micros() - last) };
        spending.insert(LineKey::new(String::new(), "the day before".to_owned()), spent);
    }
    spending
}
