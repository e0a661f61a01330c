//! Plans Campaigns from manifests and what the cluster says of them. Pure.
//!
//! It is the operator's plan ([`adops_core::campaign::plan`]) after the operator's policies
//! ([`adops_core::campaign::restrict`]), on what the status tells instead of on a listing of the platform.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adops_api::campaign::Line;
use adops_api::validate::{self, Located, Origin, Problem, Resource};
use adops_api::{AdAccount, Campaign, CampaignStatus};
use adops_core::budget::authority::{AccountRef, SpendAuthority};
use adops_core::campaign::line::{self, Desired, LineKey, LineProblem, Spending};
use adops_core::campaign::plan::{AccountView, Inputs, Plan, Withheld, plan};
use adops_core::campaign::restrict::{restrict, totals};
use adops_core::campaign::settings::Settings;
use adops_core::campaign::spec::CampaignSpec;
use adops_core::marker::Installation;
use adops_core::money::{Currency, Money};
use adops_core::platform::{Account, PlatformRules};
use adops_core::rates::Rates;
use adops_core::reason::Reason;
use jiff::{SignedDuration, Timestamp};

use crate::accounts::{self, Accounts, Known, Sources};
use crate::live::Seen;
use crate::load::{Key, Manifest, Manifests};
use crate::observed::{Observed, Reading};
use crate::{adopt, flight, media, report, show};

/// How long after it was begun a create whose outcome is not known is waited for: more than any connector asks.
const SETTLE_AFTER: SignedDuration = SignedDuration::from_mins(2);

/// What the cluster has.
#[derive(Debug, Default)]
pub struct World {
    /// The Campaigns of the manifests, those that exist.
    pub campaigns: BTreeMap<Key, Campaign>,
    /// AdAccounts.
    pub accounts: BTreeMap<Key, AdAccount>,
    /// AdAccounts that could not be had, and why.
    pub unreadable: BTreeMap<Key, String>,
    /// What is behind the URLs of images and videos.
    pub files: media::Files,
    /// Objects that are to be adopted, as the platforms show them.
    pub seen: Seen,
}

/// The AdAccounts that are needed to plan all of these.
pub fn needed_accounts(manifests: &Manifests, campaigns: &BTreeMap<Key, Campaign>) -> BTreeSet<Key> {
    let of = |(key, manifest): (&Key, &Manifest<Campaign>)| {
        let names = accounts::names(&manifest.object, campaigns.get(key));
        names.iter().map(|name| Key::account(key, name)).collect::<Vec<_>>()
    };
    manifests.campaigns.iter().flat_map(of).chain(manifests.accounts.keys().cloned()).collect()
}

/// All that an API server or the operator would refuse in manifests, beyond what [`crate::load`] has found.
pub fn refused(manifests: &Manifests, world: &World) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (key, manifest) in &manifests.campaigns {
        if let Err(invalid) = CampaignSpec::try_from(&manifest.object) {
            let resource = format!("Campaign {key}");
            problems.extend(invalid.problems.into_iter().map(|problem| Problem {
                origin: manifest.origin.clone(),
                resource: resource.clone(),
                field: problem.field,
                message: problem.message,
                hint: None,
            }));
        }
        if let Some(live) = world.campaigns.get(key) {
            let campaign = |campaign: &Campaign| Resource::Campaign(Box::new(campaign.clone()));
            problems.extend(changed(campaign(&manifest.object), &manifest.origin, &campaign(live)));
        }
    }
    for (key, manifest) in &manifests.accounts {
        if let Err(invalid) = adops_api::convert::ceiling(&manifest.object.spec.ceiling) {
            problems.extend(invalid.problems.into_iter().map(|problem| Problem {
                origin: manifest.origin.clone(),
                resource: format!("AdAccount {key}"),
                field: problem.field,
                message: problem.message,
                hint: None,
            }));
        }
        if let Some(live) = world.accounts.get(key) {
            let account = |account: &AdAccount| Resource::AdAccount(Box::new(account.clone()));
            problems.extend(changed(account(&manifest.object), &manifest.origin, &account(live)));
        }
    }
    problems
}

fn changed(new: Resource, origin: &Origin, old: &Resource) -> Vec<Problem> {
    validate::check_update(&Located { resource: new, origin: origin.clone() }, old)
}

/// Plans all Campaigns of the manifests.
///
/// # Errors
///
/// All that is wrong with the manifests.
pub fn plan_all(manifests: &Manifests, world: &World, now: Timestamp) -> Result<report::Report, Vec<Problem>> {
    Ok(show::report(&plan_each(manifests, world, now)?, &world.accounts))
}

/// The plans that a report is made of.
///
/// # Errors
///
/// All that is wrong with the manifests.
pub fn plan_each(manifests: &Manifests, world: &World, now: Timestamp) -> Result<Vec<Planned>, Vec<Problem>> {
    let problems = refused(manifests, world);
    if !problems.is_empty() {
        return Err(problems);
    }
    let sources = Sources { live: &world.accounts, unreadable: &world.unreadable, files: &manifests.accounts };
    let mut planned = Vec::new();
    for (key, manifest) in &manifests.campaigns {
        // It was converted before: see `refused`.
        let Ok(spec) = CampaignSpec::try_from(&manifest.object) else { continue };
        let live = world.campaigns.get(key);
        let names = accounts::names(&manifest.object, live);
        let accounts = Accounts { files: world.files.clone(), ..Accounts::gather(key, &names, &sources) };
        planned.push(plan_one(Subject { key, manifest, spec: Arc::new(spec), live, accounts, seen: &world.seen }, now));
    }
    Ok(planned)
}

/// A Campaign and what is known of it.
struct Subject<'a> {
    key: &'a Key,
    manifest: &'a Manifest<Campaign>,
    spec: Arc<CampaignSpec>,
    live: Option<&'a Campaign>,
    accounts: Accounts,
    seen: &'a Seen,
}

/// The plan of one Campaign.
pub struct Planned {
    /// Which.
    pub key: Key,
    /// The file and line that it was read from.
    pub file: Option<String>,
    /// Whether the cluster has it.
    pub exists: bool,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Whether the operator has not yet reported on this spec.
    pub spec_changed: bool,
    /// When the platforms were read: the earliest of all accounts.
    pub observed_at: Option<Timestamp>,
    /// What is to be done, after policy.
    pub plan: Plan,
    /// By which amounts of several currencies are summed up.
    pub rates: Rates,
    /// Accounts that nothing can be planned on.
    pub unknown_accounts: BTreeMap<String, (Reason, String)>,
    /// Lines of which the settings on the platform are not known.
    pub unknown_settings: BTreeSet<LineKey>,
    /// The line of an object, by account and id.
    pub keys: BTreeMap<(String, String), LineKey>,
    /// What else a reader should know.
    pub notes: Vec<String>,
}

fn plan_one(subject: Subject<'_>, now: Timestamp) -> Planned {
    let Subject { key, manifest, spec, live, accounts, seen } = subject;
    let status = live.and_then(|live| live.status.clone()).unwrap_or_default();
    let observed_at = accounts.known.values().filter_map(|known| known.observed_at).min();
    // A simulated clock may be ahead of ours, and nothing was observed later than now.
    let now = accounts.known.values().filter_map(|known| known.observed_at).fold(now, Ord::max);
    let generation = live.and_then(|live| live.metadata.generation).unwrap_or(1);
    let edited = live.is_some_and(|live| live.spec != manifest.object.spec);
    let stored_spec = live.and_then(|live| CampaignSpec::try_from(live).ok()).map(Arc::new);

    let mut notes = accounts.notes.clone();
    let mut desired = spread(&spec, &accounts, false, &Spending::new(), now);
    if let Some(flight) = flight::estimate(&spec, stored_spec.as_deref(), &status, &desired, &|spec, spending| {
        spread(spec, &accounts, false, spending, now)
    }) {
        desired = flight.desired;
        notes.push(flight.note);
    }

    let stored = stored_spec
        .as_ref()
        .map(|spec| rendered(spec, &spread(spec, &accounts, true, &Spending::new(), now), &accounts, true));
    let views = accounts.known.iter();
    let currencies =
        views.map(|(name, known)| (name.clone(), (known.account.currency, known.observed_at.unwrap_or(now)))).collect();
    let installation = placeholder();
    let mut observed = Reading {
        status: &status,
        spec: &spec,
        installation: &installation,
        stored: &stored.unwrap_or_default(),
        planned: &rendered(&spec, &desired, &accounts, false),
        budgets: &desired.budgets,
        accounts: &currencies,
    }
    .read();

    let spec_changed = edited || status.observed_generation != generation;
    let situation = Situation {
        installation: &installation,
        spec: &spec,
        generation: if edited { generation.saturating_add(1) } else { generation },
        spec_changed,
        deleting: live.is_some_and(|live| live.metadata.deletion_timestamp.is_some()),
        desired: &desired,
        now,
    };
    let adopting = adopt::see(key, &spec, seen, &mut observed);
    notes.extend(adopt::unread(&spec, &observed));
    let mut plan = situation.plan(&accounts, &observed);
    if !adopting.is_empty() {
        let later = situation.plan(&accounts, &adopt::marked(&observed, &adopting, &situation));
        adopt::append(&mut plan, later, &adopting);
    }
    if !edited {
        told_by_operator(&mut plan, &status, spec_changed);
    }
    identity_problems(&mut plan, &status, live);
    let keys = status.lines.iter().filter_map(|line| {
        let key: LineKey = line.key.parse().ok()?;
        Some(((key.account.clone(), line.id.clone()?), key))
    });
    Planned {
        key: key.clone(),
        file: (!manifest.origin.file.is_empty()).then(|| format!("{}:{}", manifest.origin.file, manifest.origin.line)),
        exists: live.is_some(),
        deleting: situation.deleting,
        spec_changed: spec_changed || live.is_none(),
        observed_at,
        plan,
        rates: spec.rates.clone(),
        unknown_accounts: accounts.unknown,
        // Nothing is compared any more of what is over.
        unknown_settings: observed.unknown.into_iter().filter(|key| !over(&desired, key)).collect(),
        keys: keys.collect(),
        notes,
    }
}

fn over(desired: &Desired, key: &LineKey) -> bool {
    desired.lines.get(key).is_some_and(|line| line.over)
}

/// The operator's installation id is a matter of its own. Tokens made of this one are compared with each other only,
/// and never shown.
pub(crate) fn placeholder() -> Installation {
    #[allow(clippy::expect_used)] // A constant.
    "plan".parse().expect("a valid installation id")
}

/// What a plan depends on, but for what was observed.
pub(crate) struct Situation<'a> {
    pub(crate) installation: &'a Installation,
    pub(crate) spec: &'a CampaignSpec,
    generation: i64,
    spec_changed: bool,
    deleting: bool,
    desired: &'a Desired,
    now: Timestamp,
}

impl Situation<'_> {
    fn plan(&self, accounts: &Accounts, observed: &Observed) -> Plan {
        let unsettled = BTreeMap::new();
        let mut authority = SpendAuthority::default();
        let (refused, contested, resolutions) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
        let stopping = BTreeSet::new();
        let mut views: BTreeMap<String, AccountView<'_>> = BTreeMap::new();
        // What else runs below an account's ceiling is not known here: that is told beside the plan.
        let unlimited = |known: &Known| Account { ceiling: None, ..known.account.clone() };
        let unlimited: BTreeMap<&String, Account> =
            accounts.known.iter().map(|(name, known)| (name, unlimited(known))).collect();
        for (name, known) in &accounts.known {
            let Some(snapshot) = observed.snapshots.get(name) else { continue };
            let (currency, zone) = (known.account.currency, &known.account.time_zone);
            let readings = snapshot.lines.values().map(|line| line.reading(self.installation, zone, self.now));
            let book = AccountRef::of(&self.spec.id, name);
            authority.take_listing(&book, currency, (snapshot.began, true), readings);
            let view = AccountView {
                account: &unlimited[name],
                rules: known.rules.clone(),
                snapshot,
                settle_after: SETTLE_AFTER,
                unsettled: &unsettled,
                floor: Timestamp::MIN,
                level: None,
                stopping: &stopping,
                refused_decreases: &refused,
                contested: &contested,
                granted: known.granted,
            };
            views.insert(name.clone(), view);
        }
        let inputs = Inputs {
            installation: self.installation,
            spec: self.spec,
            generation: self.generation,
            spec_changed: self.spec_changed,
            deleting: self.deleting,
            desired: self.desired,
            records: &observed.records,
            accounts: &views,
            resolutions: &resolutions,
            now: self.now,
        };
        // Nothing is sent: what would be granted is of no further use.
        restrict(&inputs, plan(&inputs), &mut authority).0
    }
}

/// Spreads a spec over the accounts that are known; `stored`: as the cluster has them.
fn spread(spec: &Arc<CampaignSpec>, accounts: &Accounts, stored: bool, spending: &Spending, now: Timestamp) -> Desired {
    let of_spec: BTreeMap<String, Account> = accounts
        .known
        .iter()
        .filter(|(name, _)| spec.accounts.contains(name))
        .map(|(name, known)| (name.clone(), account(known, stored).clone()))
        .collect();
    let rules = |account: &Account| -> Option<Arc<dyn PlatformRules>> {
        accounts.known.get(&account.name).map(|known| known.rules.clone())
    };
    line::spread(spec, &of_spec, &rules, spending, &media::book(spec, accounts), now)
}

fn account(known: &Known, stored: bool) -> &Account {
    if stored { &known.stored } else { &known.account }
}

/// What the platform would hold for each line, as far as the spec manages it.
fn rendered(spec: &CampaignSpec, desired: &Desired, accounts: &Accounts, stored: bool) -> BTreeMap<LineKey, Settings> {
    let render = |(key, line): (&LineKey, &line::DesiredLine)| {
        let known = accounts.known.get(&key.account)?;
        let settings = known.rules.render(line, account(known, stored)).ok()?;
        Some((key.clone(), settings.without(&spec.policies.ignore_fields)))
    };
    desired.lines.iter().filter_map(render).collect()
}

/// What only the operator can know: whose an object is. Until a person acts, the line is left as it is.
fn identity_problems(plan: &mut Plan, status: &CampaignStatus, live: Option<&Campaign>) {
    let resolved = live.and_then(|live| live.metadata.annotations.as_ref()?.get(crate::resolve::ANNOTATION));
    for (line, told, reason) in with_reason(plan, status) {
        let is_identity = matches!(
            reason,
            Reason::ForeignMarker
                | Reason::ClaimedByAnotherCampaign
                | Reason::MarkerLost
                | Reason::CreateOutcomeUnknown
        );
        let chosen =
            resolved.is_some_and(|text| text.split(',').any(|part| part.trim().starts_with(&format!("{}=", told.key))));
        if is_identity && !(reason == Reason::CreateOutcomeUnknown && chosen) {
            line.problem = Some(LineProblem::new(reason, told.message.clone().unwrap_or_default()));
            line.changes.clear();
        }
    }
}

/// What the operator has tried already for this very spec: the platform refused it, or a limit that several Campaigns
/// share leaves no room.
fn told_by_operator(plan: &mut Plan, status: &CampaignStatus, spec_changed: bool) {
    if spec_changed {
        return;
    }
    for (line, told, reason) in with_reason(plan, status) {
        let kept_back = matches!(
            reason,
            Reason::PlatformRejected | Reason::UnknownMarket | Reason::CeilingReached | Reason::DriftContested
        );
        if kept_back && line.problem.is_none() {
            let message = told.message.clone().unwrap_or_default();
            for change in std::mem::take(&mut line.changes) {
                line.withheld.push(Withheld { change, reason, message: message.clone() });
            }
        }
    }
}

fn with_reason<'a>(
    plan: &'a mut Plan,
    status: &'a CampaignStatus,
) -> impl Iterator<Item = (&'a mut adops_core::campaign::plan::LinePlan, &'a Line, Reason)> {
    let told: BTreeMap<&str, &Line> = status.lines.iter().map(|line| (line.key.as_str(), line)).collect();
    plan.lines.iter_mut().filter_map(move |line| {
        let told = *told.get(line.key.to_string().as_str())?;
        Some((line, told, told.reason?))
    })
}

/// What follows from a plan in the end: changes that only wait for a decrease elsewhere in the Campaign are made, too.
pub fn eventual(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for line in &mut plan.lines {
        let (later, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut line.withheld).into_iter().partition(is_later);
        line.withheld = kept;
        line.changes.extend(later.into_iter().map(|withheld| withheld.change));
    }
    plan
}

/// Whether a change is not refused but comes after others.
pub fn is_later(withheld: &Withheld) -> bool {
    withheld.reason == Reason::BudgetReached
}

/// Money a day before and after, of the part of a plan that is on one account (or of all), in the currency of
/// `rates`, or without them in that of the account.
pub fn money(plan: &Plan, account: Option<&str>, rates: Option<&Rates>) -> Option<(Money, Money)> {
    let mut plan = plan.clone();
    if let Some(account) = account {
        plan.lines.retain(|line| line.key.account == account);
        plan.retired.retain(|retired| retired.account == account);
    }
    totals(&plan, rates)
}

/// The ceiling of an account in a currency.
pub fn ceiling(account: &AdAccount, currency: Currency) -> Option<Money> {
    adops_api::convert::ceiling(&account.spec.ceiling).ok().filter(|ceiling| ceiling.currency() == currency)
}
