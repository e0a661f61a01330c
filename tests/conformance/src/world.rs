//! A Campaign, its account on the simulated platform, and the connector between them.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use adops_core::campaign::line::{self, LineKey};
use adops_core::campaign::observed::{LineRecord, ObservedLine, Snapshot};
use adops_core::campaign::plan::{self, AccountView, Action, Inputs, NewLine, Plan};
use adops_core::campaign::spec::CampaignSpec;
use adops_core::catalog::media::MediaBook;
use adops_core::market::Place;
use adops_core::money::{Currency, Money};
use adops_core::platform::{Account, PlatformRules};
use adops_platforms::allow::AllowList;
use adops_platforms::clock::BusinessClock;
use adops_platforms::error::PlatformError;
use adops_platforms::port::{AdPlatform, Connection, Outcome, REQUEST_TIMEOUT, Scope};
use adops_platforms::quota::Quotas;
use adops_platforms::registry;
use adops_platforms::transport::{Call, Interceptor};
use adsim::{AdSim, ClockConfig, Config};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::spec::{self, ACCOUNT};
use crate::subject::{Object, Shape, Subject};

/// Whose markers are ours.
pub const INSTALLATION: &str = "prod";
/// How many rounds of plan and apply a Campaign may take.
const ROUNDS: usize = 12;

/// More requests than it takes to create and enable two lines, on any platform.
pub const POINTS: u64 = 24;

struct SimClock(AdSim);

impl BusinessClock for SimClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// Counts requests.
#[derive(Default)]
pub struct Counter {
    reads: AtomicUsize,
    writes: AtomicUsize,
}

impl Counter {
    /// Forgets them.
    pub fn reset(&self) {
        self.reads.store(0, Ordering::SeqCst);
        self.writes.store(0, Ordering::SeqCst);
    }

    /// Requests that read.
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// Requests that write.
    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Interceptor for Counter {
    async fn before(&self, call: &Call<'_>) {
        let counter = if call.write { &self.writes } else { &self.reads };
        counter.fetch_add(1, Ordering::SeqCst);
    }

    async fn after(&self, _call: &Call<'_>, _status: Option<u16>) {}
}

/// What a test works in.
pub struct World<S> {
    /// The simulator.
    pub sim: AdSim,
    /// The connector.
    pub platform: Arc<dyn AdPlatform>,
    /// Its requests.
    pub counter: Arc<Counter>,
    /// The Campaign.
    pub spec: CampaignSpec,
    /// What the operator would remember of its lines.
    pub records: BTreeMap<LineKey, LineRecord>,
    media: MediaBook,
    subject: PhantomData<S>,
}

/// Noon in New York on 1 March 2027.
pub fn start_time() -> Timestamp {
    "2027-03-01T17:00:00Z".parse().unwrap()
}

impl<S: Subject> World<S> {
    /// Three lines, in euros and New York's time.
    pub async fn new() -> Self {
        Self::of(3).await
    }

    /// So many lines.
    pub async fn of(lines: usize) -> Self {
        Self::shaped(lines, &Shape::default(), start_time()).await
    }

    /// An account of a currency and a zone, at an instant.
    pub async fn shaped(lines: usize, shape: &Shape, start: Timestamp) -> Self {
        let mut config = Config { clock: ClockConfig::Stepped { start }, ..Config::default() };
        S::configure(&mut config, shape);
        let sim = AdSim::start(config).await.unwrap();
        let counter = Arc::new(Counter::default());
        let platform = connect::<S>(&sim, &counter);
        let mut spec = spec::spec(lines, shape.currency);
        S::adapt(&mut spec);
        let media = S::library(platform.as_ref(), &sim, ACCOUNT).await;
        Self { sim, platform, counter, spec, records: BTreeMap::new(), media, subject: PhantomData }
    }

    /// A connector that remembers nothing, as after a restart.
    pub fn restart(&mut self) {
        self.platform = connect::<S>(&self.sim, &self.counter);
    }

    /// What the connector is made of.
    pub fn connection(&self) -> Connection {
        connection::<S>(&self.sim, &self.counter)
    }

    /// A connector to a platform that serves none but later versions of its API.
    pub async fn outlived() -> Arc<dyn AdPlatform> {
        let mut config = Config { clock: ClockConfig::Stepped { start: start_time() }, ..Config::default() };
        S::configure(&mut config, &Shape::default());
        S::serve_later_versions(&mut config);
        connect::<S>(&AdSim::start(config).await.unwrap(), &Arc::default())
    }

    /// The platform's rules.
    pub fn rules() -> Arc<dyn PlatformRules> {
        registry::rules(S::PLATFORM).unwrap()
    }

    /// The account as plans need it.
    pub async fn account(&self) -> Account {
        let facts = self.platform.account().await.unwrap();
        let access = S::access(&self.sim);
        Account {
            name: ACCOUNT.to_owned(),
            platform: S::PLATFORM,
            currency: facts.currency,
            time_zone: facts.time_zone,
            budget_unit: facts.budget_unit,
            minimum_daily_budget: facts.minimum_daily_budget,
            ceiling: None,
            brakes: adops_core::budget::brakes::Brakes::default(),
            stop: false,
            conversion_action: access.conversion_action,
            url_parameters: None,
            name_template: None,
            identity: access.identity,
            objects: facts.objects,
            ads: facts.ads,
        }
    }

    /// What is seen of ours.
    pub async fn observe(&self) -> Result<Snapshot, PlatformError> {
        let held = self.records.values().filter_map(|record| record.id.clone()).collect();
        self.platform.observe(&Scope::All { held }).await
    }

    /// The plan of the Campaign against what is seen.
    pub async fn plan(&self) -> Plan {
        self.plan_of(&self.observe().await.unwrap()).await
    }

    /// The plan of the Campaign against a snapshot.
    pub async fn plan_of(&self, snapshot: &Snapshot) -> Plan {
        let account = self.account().await;
        let accounts = BTreeMap::from([(ACCOUNT.to_owned(), account)]);
        let (spec, now) = (Arc::new(self.spec.clone()), self.sim.now());
        let rules = Self::rules();
        let by_account = |_: &Account| Some(rules.clone());
        let desired = line::spread(&spec, &accounts, &by_account, &BTreeMap::new(), &self.media, now);
        let (unsettled, nothing) = (BTreeMap::new(), BTreeSet::new());
        let (refused, contested) = (BTreeSet::new(), BTreeSet::new());
        let views = BTreeMap::from([(
            ACCOUNT.to_owned(),
            AccountView {
                account: &accounts[ACCOUNT],
                rules: rules.clone(),
                snapshot,
                settle_after: SignedDuration::from_secs(35),
                unsettled: &unsettled,
                floor: Timestamp::UNIX_EPOCH,
                level: None,
                stopping: &nothing,
                refused_decreases: &refused,
                contested: &contested,
                granted: true,
            },
        )]);
        plan::plan(&Inputs {
            installation: &INSTALLATION.parse().unwrap(),
            spec: &spec,
            generation: 1,
            spec_changed: true,
            deleting: false,
            desired: &desired,
            records: &self.records,
            accounts: &views,
            resolutions: &BTreeMap::new(),
            now,
        })
    }

    /// Carries a plan out and answers with the outcomes: of creates, then of changes.
    pub async fn apply(&mut self, plan: &Plan) -> Vec<Outcome> {
        let (new, changes) = split(plan);
        let mut outcomes = Vec::new();
        if !new.is_empty() {
            self.resolve(&new).await;
            outcomes = self.platform.create(&new).await;
            for (line, outcome) in new.iter().zip(&outcomes) {
                if let Outcome::Applied { id } = outcome {
                    let record = LineRecord { id: Some(id.clone()), ..LineRecord::default() };
                    self.records.insert(line.key.clone(), record);
                }
            }
        }
        if !changes.is_empty() {
            outcomes.extend(self.platform.change(&changes).await);
        }
        outcomes
    }

    /// Places are looked up before lines are made.
    pub async fn resolve(&self, new: &[NewLine]) {
        let places = self.spec.markets.iter().flat_map(|market| market.places.clone()).collect::<BTreeSet<Place>>();
        if !new.is_empty() {
            let _ = self.platform.resolve(&places).await;
        }
    }

    /// Plans and applies until nothing is left; no item may fail.
    pub async fn settle(&mut self) {
        for _ in 0..ROUNDS {
            let plan = self.plan().await;
            if plan.is_empty() {
                return;
            }
            for outcome in self.apply(&plan).await {
                assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
            }
        }
        panic!("not settled: {:#?}", self.plan().await.changes().collect::<Vec<_>>());
    }

    /// Plans and applies until nothing is left, whatever fails on the way; time passes as it does between tries.
    pub async fn settle_through(&mut self) {
        let mut latest = Vec::new();
        for _ in 0..ROUNDS * 2 {
            if let Ok(seen) = self.observe().await {
                let plan = self.plan_of(&seen).await;
                if plan.is_empty() {
                    return;
                }
                latest = self.apply(&plan).await;
            }
            self.tick(61);
        }
        panic!("not settled: {latest:?}: {:#?}", self.plan().await.changes().collect::<Vec<_>>());
    }

    /// The creates of the plan as it is.
    pub async fn new_lines(&self) -> Vec<NewLine> {
        split(&self.plan().await).0
    }

    /// What core sees of the line of a market.
    pub async fn line(&self, market: &str) -> ObservedLine {
        let id = self.id(market);
        self.observe().await.unwrap().lines[&id].clone()
    }

    /// The id of a market's line.
    pub fn id(&self, market: &str) -> String {
        self.records[&LineKey::new(ACCOUNT, market)].id.clone().unwrap()
    }

    /// What the platform itself has of a market's line.
    pub fn object(&self, market: &str) -> Object {
        let id = self.id(market);
        self.objects().into_iter().find(|object| object.id == id).unwrap()
    }

    /// All that the platform has.
    pub fn objects(&self) -> Vec<Object> {
        S::objects(&self.sim)
    }

    /// Time passes.
    pub fn tick(&self, seconds: i64) {
        self.sim.set_now(self.sim.now() + SignedDuration::from_secs(seconds));
    }

    /// The sum of all lines' budgets, in micros.
    pub fn total(&self) -> i64 {
        self.spec.budget.amount.micros()
    }
}

/// The creates of a plan, and the rest.
pub fn split(plan: &Plan) -> (Vec<NewLine>, Vec<Action>) {
    let (mut new, mut changes) = (Vec::new(), Vec::new());
    for change in plan.changes() {
        match &change.action {
            Action::Create(line) => new.push(NewLine::clone(line)),
            other => changes.push(other.clone()),
        }
    }
    (new, changes)
}

/// How many outcomes say that it was done.
pub fn applied(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Applied { .. })).count()
}

fn connect<S: Subject>(sim: &AdSim, counter: &Arc<Counter>) -> Arc<dyn AdPlatform> {
    registry::connect(connection::<S>(sim, counter)).unwrap_or_else(|error| panic!("{error}"))
}

fn connection<S: Subject>(sim: &AdSim, counter: &Arc<Counter>) -> Connection {
    // A process has one provider; the tests that come later find it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let access = S::access(sim);
    Connection {
        platform: S::PLATFORM,
        account_id: S::ACCOUNT.to_owned(),
        manager_id: access.manager_id,
        endpoint: Some(access.endpoint),
        api_version: None,
        identity: access.identity,
        credentials: access.credentials,
        installation: INSTALLATION.parse().unwrap(),
        allow: AllowList::new(&["http://127.0.0.1".to_owned()]).unwrap(),
        clock: Arc::new(SimClock(sim.clone())),
        quotas: Quotas::new(sim.now(), None),
        interceptor: Some(counter.clone()),
        gate: None,
        request_timeout: REQUEST_TIMEOUT,
        hold: None,
        rehearsal: false,
    }
}

/// An amount.
pub fn money(micros: i64, currency: Currency) -> Money {
    Money::from_micros(micros.unsigned_abs(), currency).unwrap()
}
