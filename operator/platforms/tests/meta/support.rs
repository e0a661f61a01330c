//! A Campaign, its ad account on the simulated platform, and the connector between them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adops_core::budget::brakes::Brakes;
use adops_core::campaign::line::{self, Desired, LineKey};
use adops_core::campaign::observed::{LineRecord, ObservedLine, Snapshot};
use adops_core::campaign::plan::{self, AccountView, Action, Inputs, NewLine, Plan};
use adops_core::campaign::settings::{ContentHash, Field};
use adops_core::campaign::spec::CampaignSpec;
use adops_core::catalog::media::{MediaBook, MediaFacts, MediaKind, MediaState};
use adops_core::platform::Account;
use adops_core::secret::Secret;
use adops_platforms::allow::AllowList;
use adops_platforms::holder::Hold;
use adops_platforms::meta::{Meta, PLATFORM};
use adops_platforms::port::{AdPlatform, Connection, Outcome, REQUEST_TIMEOUT, Scope, Upload};
use adops_platforms::quota::Quotas;
use adsim::meta::view::{MetaAdSetView, MetaCampaignView};
use adsim::{AdSim, ClockConfig, Config, MetaAccountView, MetaEdit, MetaEditAction};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

pub use crate::common::{Counter, SimClock};
pub use crate::fixtures::{market, markets, spec};

pub const ACT: &str = "2345678901";
pub const ACCOUNT: &str = "meta-global";
pub const PAGE: &str = "900000000000001";
pub const PIXEL: &str = "600000000000001";
pub const TOKEN: &str = "adsim-meta-token";

/// A PNG of one pixel, as far as its head goes.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\x38\0\0\x04\x38\x08\x02";

/// Noon in New York on 1 March 2027; an account in dollars.
pub fn config() -> Config {
    let mut config = Config {
        clock: ClockConfig::Stepped { start: "2027-03-01T17:00:00Z".parse().unwrap() },
        keep_requests: 400,
        ..Config::default()
    };
    // Tests of many lines are not about this limit.
    config.meta.quota.mutations_per_second = None;
    config.meta.accounts[0].default_dsa_beneficiary = None;
    config
}

/// The facts of a file; its content is told by one letter.
pub fn file(letter: char, kind: MediaKind) -> MediaFacts {
    let video = kind == MediaKind::Video;
    MediaFacts {
        hash: ContentHash(letter.to_string().repeat(64)),
        md5: String::new(),
        kind,
        format: if video { "mp4" } else { "png" }.to_owned(),
        width: 1080,
        height: 1080,
        duration_ms: video.then_some(15_000),
        size: 1000,
    }
}

pub fn upload(facts: &MediaFacts) -> Upload {
    let mut content = match facts.kind {
        MediaKind::Image => PNG.to_vec(),
        MediaKind::Video => b"a video".to_vec(),
    };
    content.extend_from_slice(facts.hash.0.as_bytes());
    Upload { facts: facts.clone(), url: "https://cdn.example.com/a".to_owned(), content: Arc::new(content) }
}

pub struct World {
    pub sim: AdSim,
    pub meta: Arc<Meta>,
    pub counter: Arc<Counter>,
    pub spec: CampaignSpec,
    pub records: BTreeMap<LineKey, LineRecord>,
    pub media: MediaBook,
    pub identity: BTreeMap<String, String>,
    pub conversion_action: Option<String>,
}

pub fn secrets() -> BTreeMap<String, Secret> {
    [("access_token", TOKEN), ("app_id", "700000000000001"), ("app_secret", "adsim-app-secret")]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), Secret::new(value)))
        .collect()
}

pub fn connection(sim: &AdSim, counter: &Arc<Counter>) -> Connection {
    // A process has one provider; the tests that come later find it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Connection {
        platform: PLATFORM,
        account_id: format!("act_{ACT}"),
        manager_id: None,
        endpoint: Some(sim.meta_url()),
        api_version: None,
        identity: BTreeMap::from([("pageId".to_owned(), PAGE.to_owned())]),
        credentials: secrets(),
        installation: "prod".parse().unwrap(),
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

/// All that carries our marker.
pub fn everything() -> Scope {
    Scope::All { held: BTreeSet::new() }
}

pub fn held(sim: &AdSim, hold: Hold) -> Meta {
    Meta::new(Connection { hold: Some(hold), ..connection(sim, &Arc::default()) }).unwrap()
}

impl World {
    pub async fn start() -> World {
        World::with(config()).await
    }

    pub async fn with(config: Config) -> World {
        let sim = AdSim::start(config).await.unwrap();
        let counter = Arc::new(Counter::default());
        let meta = Arc::new(Meta::new(connection(&sim, &counter)).unwrap());
        let identity =
            BTreeMap::from([("pageId".to_owned(), PAGE.to_owned()), ("pixelId".to_owned(), PIXEL.to_owned())]);
        let mut world = World {
            sim,
            meta,
            counter,
            spec: spec(),
            records: BTreeMap::new(),
            media: MediaBook::new(),
            identity,
            conversion_action: None,
        };
        world.provide("https://cdn.example.com/spring.png", &file('a', MediaKind::Image)).await;
        world
    }

    /// Puts a file into the library and under a URL.
    pub async fn provide(&mut self, url: &str, facts: &MediaFacts) {
        let outcome = self.meta.upload(&upload(facts)).await;
        assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
        self.media.insert((ACCOUNT.to_owned(), url.to_owned()), MediaState::Known(facts.clone()));
    }

    /// A connector that remembers nothing, as after a restart.
    pub fn restart(&mut self) {
        self.meta = Arc::new(Meta::new(connection(&self.sim, &self.counter)).unwrap());
    }

    pub async fn account(&self) -> Account {
        let facts = self.meta.account().await.unwrap();
        Account {
            name: ACCOUNT.to_owned(),
            platform: PLATFORM,
            currency: facts.currency,
            time_zone: facts.time_zone,
            budget_unit: facts.budget_unit,
            minimum_daily_budget: facts.minimum_daily_budget,
            ceiling: None,
            brakes: Brakes::default(),
            stop: false,
            conversion_action: self.conversion_action.clone(),
            url_parameters: Some("utm_source={platform}&utm_campaign={campaign}&utm_content={ad}".to_owned()),
            name_template: None,
            identity: self.identity.clone(),
            objects: facts.objects,
            ads: facts.ads,
        }
    }

    pub async fn observe(&self) -> Snapshot {
        let held = self.records.values().filter_map(|record| record.id.clone()).collect();
        self.meta.observe(&Scope::All { held }).await.unwrap()
    }

    pub async fn desired(&self) -> (Account, Desired) {
        let account = self.account().await;
        let accounts = BTreeMap::from([(ACCOUNT.to_owned(), account.clone())]);
        let spec = Arc::new(self.spec.clone());
        let rules = |_: &Account| Some(self.meta.rules());
        let desired = line::spread(&spec, &accounts, &rules, &BTreeMap::new(), &self.media, self.sim.now());
        (account, desired)
    }

    /// The plan of the Campaign against what is seen.
    pub async fn plan(&self) -> Plan {
        self.plan_of(&self.observe().await).await
    }

    pub async fn plan_of(&self, snapshot: &Snapshot) -> Plan {
        let (account, desired) = self.desired().await;
        let unsettled = BTreeMap::new();
        let (stopping, refused, contested) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let views = BTreeMap::from([(
            ACCOUNT.to_owned(),
            AccountView {
                account: &account,
                rules: self.meta.rules(),
                snapshot,
                settle_after: SignedDuration::from_secs(35),
                unsettled: &unsettled,
                floor: Timestamp::UNIX_EPOCH,
                level: None,
                stopping: &stopping,
                refused_decreases: &refused,
                contested: &contested,
                granted: true,
            },
        )]);
        plan::plan(&Inputs {
            installation: &"prod".parse().unwrap(),
            spec: &Arc::new(self.spec.clone()),
            generation: 1,
            spec_changed: true,
            deleting: false,
            desired: &desired,
            records: &self.records,
            accounts: &views,
            resolutions: &BTreeMap::new(),
            now: self.sim.now(),
        })
    }

    /// Carries a plan out and answers with the outcomes: of creates, then of changes.
    pub async fn apply(&mut self, plan: &Plan) -> Vec<Outcome> {
        let new = new_lines(plan);
        let changes = changes(plan);
        let mut outcomes = Vec::new();
        if !new.is_empty() {
            outcomes = self.meta.create(&new).await;
            for (line, outcome) in new.iter().zip(&outcomes) {
                if let Outcome::Applied { id } = outcome {
                    let id = Some(id.clone());
                    let record = LineRecord { id, replacement: line.replacement, ..LineRecord::default() };
                    self.records.insert(line.key.clone(), record);
                }
            }
        }
        if !changes.is_empty() {
            outcomes.extend(self.meta.change(&changes).await);
        }
        outcomes
    }

    /// Plans and applies until nothing is left, which must take few rounds and no failure.
    pub async fn settle(&mut self) {
        for _ in 0..5 {
            let plan = self.plan().await;
            assert!(problems(&plan).is_empty(), "{:?}", problems(&plan));
            if plan.is_empty() {
                return;
            }
            for outcome in self.apply(&plan).await {
                assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
            }
        }
        panic!("not settled: {:#?}", self.plan().await.changes().collect::<Vec<_>>());
    }

    /// As [`World::settle`], with lines that change their objects on the way.
    pub async fn settle_any(&mut self) {
        for _ in 0..8 {
            let plan = self.plan().await;
            for outcome in self.apply(&plan).await {
                assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
            }
        }
        assert!(self.plan().await.is_empty(), "{:?}", words(&self.plan().await));
    }

    /// What core sees of a market's line.
    pub async fn line(&self, market: &str) -> ObservedLine {
        let id = self.id(market);
        self.observe().await.lines[&id].clone()
    }

    pub fn id(&self, market: &str) -> String {
        self.records[&LineKey::new(ACCOUNT, market)].id.clone().unwrap()
    }

    pub fn view(&self) -> MetaAccountView {
        self.sim.meta_account(ACT)
    }

    /// What the platform itself has of a market's line.
    pub fn campaign(&self, market: &str) -> MetaCampaignView {
        let id: i64 = self.id(market).parse().unwrap();
        self.view().campaigns.into_iter().find(|campaign| campaign.object.id == id).unwrap()
    }

    /// The ad set of a market's line.
    pub fn set(&self, market: &str) -> MetaAdSetView {
        self.campaign(market).ad_sets.into_iter().find(|set| set.object.is_present()).unwrap()
    }

    pub fn edit(&self, action: MetaEditAction) {
        self.sim.edit_meta(&MetaEdit::by_hand(ACT, action)).unwrap();
    }

    /// An update by hand, in the platform's own words.
    pub fn update(&self, object: i64, params: Value) {
        self.edit(MetaEditAction::Update { object: object.to_string(), params });
    }

    pub fn tick(&self, seconds: i64) {
        self.sim.set_now(self.sim.now() + SignedDuration::from_secs(seconds));
    }
}

pub fn new_lines(plan: &Plan) -> Vec<NewLine> {
    plan.changes()
        .filter_map(|change| match &change.action {
            Action::Create(line) => Some(NewLine::clone(line)),
            _ => None,
        })
        .collect()
}

pub fn changes(plan: &Plan) -> Vec<Action> {
    plan.changes().map(|change| change.action.clone()).filter(|action| !matches!(action, Action::Create(_))).collect()
}

pub fn applied(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Applied { .. })).count()
}

/// The fields that a plan sets.
pub fn fields(plan: &Plan) -> BTreeSet<Field> {
    plan.changes()
        .filter_map(|change| match &change.action {
            Action::Set { field, .. } => Some(*field),
            _ => None,
        })
        .collect()
}

/// What stops lines.
pub fn problems(plan: &Plan) -> Vec<String> {
    plan.lines.iter().filter_map(|line| Some(line.problem.as_ref()?.message.clone())).collect()
}

/// The words of a plan's changes.
pub fn words(plan: &Plan) -> Vec<&'static str> {
    plan.changes().map(|change| change.action.word()).collect()
}
