//! A Campaign, its account on the simulated platform, and the connector between them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adops_core::campaign::line::{self, LineKey};
use adops_core::campaign::observed::{LineRecord, ObservedLine, Snapshot};
use adops_core::campaign::plan::{self, AccountView, Action, Inputs, NewLine, Plan};
use adops_core::campaign::settings::Field;
use adops_core::campaign::spec::CampaignSpec;
use adops_core::catalog::media::{MediaBook, MediaState};
use adops_core::platform::{Account, Platform};
use adops_core::secret::Secret;
use adops_platforms::allow::AllowList;
use adops_platforms::port::{AdPlatform, ConnectError, Connection, Outcome, Scope};
use adops_platforms::quota::Quotas;
use adops_platforms::tiktok::{Rules, TikTok};
use adsim::tiktok::view::TikTokCampaignView;
use adsim::{AdSim, AdvertiserView, Config, TikTokAction, TikTokConfig, TikTokEdit};
use jiff::{SignedDuration, Timestamp};

pub use crate::common::{Counter, SimClock};
pub use crate::fixtures::*;

pub const ADVERTISER: &str = "7000000000000000001";
pub const TOKEN: &str = "adsim-tiktok-token";
pub const PIXEL: &str = "7100000000000000001";
pub const IDENTITY: &str = "7200000000000000001";

/// The paths below the version, in the order in which they were asked for.
pub fn paths(counter: &Counter) -> Vec<String> {
    let short = |path: &String| path.split("/v1.3/").nth(1).unwrap_or(path).trim_end_matches('/').to_owned();
    counter.paths().iter().map(short).collect()
}

pub struct World {
    pub sim: AdSim,
    pub tiktok: Arc<TikTok>,
    pub counter: Arc<Counter>,
    pub spec: CampaignSpec,
    pub media: MediaBook,
    pub records: BTreeMap<LineKey, LineRecord>,
    pub conversion_action: Option<String>,
    pub identity: BTreeMap<String, String>,
    pub manager: Option<String>,
    pub refused: BTreeSet<String>,
    pub spec_changed: bool,
}

pub fn secrets() -> BTreeMap<String, Secret> {
    BTreeMap::from([("access_token".to_owned(), Secret::new(TOKEN))])
}

pub fn identity() -> BTreeMap<String, String> {
    [("pixelId", PIXEL), ("identityId", IDENTITY)].map(|(key, id)| (key.to_owned(), id.to_owned())).into()
}

pub fn connection(sim: &AdSim, counter: &Arc<Counter>) -> Connection {
    // A process has one provider; the tests that come later find it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Connection {
        platform: Platform::named("TikTok"),
        account_id: ADVERTISER.to_owned(),
        manager_id: None,
        endpoint: Some(sim.tiktok_url()),
        api_version: None,
        identity: identity(),
        credentials: secrets(),
        installation: "prod".parse().unwrap(),
        allow: AllowList::new(&["http://127.0.0.1".to_owned()]).unwrap(),
        clock: Arc::new(SimClock(sim.clone())),
        quotas: Quotas::new(sim.now(), None),
        interceptor: Some(counter.clone()),
        gate: None,
        request_timeout: std::time::Duration::from_secs(2),
        hold: None,
        rehearsal: false,
    }
}

pub fn try_connect(sim: &AdSim, credentials: BTreeMap<String, Secret>) -> Result<TikTok, ConnectError> {
    TikTok::new(Connection { credentials, ..connection(sim, &Arc::default()) })
}

impl World {
    /// The files of all ads are in the library and processed.
    pub async fn start() -> World {
        World::with(config()).await
    }

    pub async fn configured(change: impl FnOnce(&mut TikTokConfig)) -> World {
        let mut config = config();
        change(&mut config.tiktok);
        World::with(config).await
    }

    pub async fn with(config: Config) -> World {
        let world = World::without_media(config).await;
        for url in [TALL_VIDEO, WIDE_VIDEO, TALL_IMAGE] {
            let outcome = world.tiktok.upload(&upload(url)).await;
            assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
        }
        world.tick(120);
        world
    }

    pub async fn without_media(config: Config) -> World {
        let sim = AdSim::start(config).await.unwrap();
        let counter = Arc::new(Counter::default());
        let tiktok = Arc::new(TikTok::new(connection(&sim, &counter)).unwrap());
        let known = |url: &str| ((ACCOUNT.to_owned(), url.to_owned()), MediaState::Known(file(url).0));
        World {
            sim,
            tiktok,
            counter,
            spec: spec(),
            media: [TALL_VIDEO, WIDE_VIDEO, TALL_IMAGE].map(known).into(),
            records: BTreeMap::new(),
            conversion_action: Some("ON_WEB_REGISTER".to_owned()),
            identity: identity(),
            manager: None,
            refused: BTreeSet::new(),
            spec_changed: true,
        }
    }

    /// A connector that remembers nothing, as after a restart.
    pub fn restart(&mut self) {
        let (identity, manager_id) = (self.identity.clone(), self.manager.clone());
        let connection = Connection { identity, manager_id, ..connection(&self.sim, &self.counter) };
        self.tiktok = Arc::new(TikTok::new(connection).unwrap());
    }

    pub async fn account(&self) -> Account {
        let facts = self.tiktok.account().await.unwrap();
        Account {
            name: ACCOUNT.to_owned(),
            platform: Platform::named("TikTok"),
            currency: facts.currency,
            time_zone: facts.time_zone,
            budget_unit: facts.budget_unit,
            minimum_daily_budget: facts.minimum_daily_budget,
            ceiling: None,
            brakes: adops_core::budget::brakes::Brakes::default(),
            stop: false,
            conversion_action: self.conversion_action.clone(),
            url_parameters: Some("utm_source={platform}&utm_campaign={campaign}&utm_content={market}".to_owned()),
            name_template: None,
            identity: self.identity.clone(),
            objects: facts.objects,
            ads: facts.ads,
        }
    }

    pub async fn observe(&self) -> Snapshot {
        let held = self.records.values().filter_map(|record| record.id.clone()).collect();
        self.tiktok.observe(&Scope::All { held }).await.unwrap()
    }

    /// The lines that the Campaign wants.
    pub async fn desired(&self) -> line::Desired {
        let accounts = BTreeMap::from([(ACCOUNT.to_owned(), self.account().await)]);
        let spec = Arc::new(self.spec.clone());
        line::spread(&spec, &accounts, &|_| Some(Arc::new(Rules)), &BTreeMap::new(), &self.media, self.sim.now())
    }

    /// The plan of the Campaign against what is seen.
    pub async fn plan(&self) -> Plan {
        self.plan_of(&self.observe().await).await
    }

    pub async fn plan_of(&self, snapshot: &Snapshot) -> Plan {
        let account = self.account().await;
        let desired = self.desired().await;
        let unsettled = BTreeMap::new();
        let (stopping, contested) = (BTreeSet::new(), BTreeSet::new());
        let views = BTreeMap::from([(
            ACCOUNT.to_owned(),
            AccountView {
                account: &account,
                rules: Arc::new(Rules),
                snapshot,
                settle_after: SignedDuration::from_secs(40),
                unsettled: &unsettled,
                floor: Timestamp::UNIX_EPOCH,
                level: None,
                stopping: &stopping,
                refused_decreases: &self.refused,
                contested: &contested,
                granted: true,
            },
        )]);
        plan::plan(&Inputs {
            installation: &"prod".parse().unwrap(),
            spec: &self.spec,
            generation: 1,
            spec_changed: self.spec_changed,
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
        let (mut new, mut changes) = (Vec::new(), Vec::new());
        for change in plan.changes() {
            match &change.action {
                Action::Create(line) => new.push(NewLine::clone(line)),
                other => changes.push(other.clone()),
            }
        }
        let mut outcomes = Vec::new();
        if !new.is_empty() {
            outcomes = self.tiktok.create(&new).await;
            for (line, outcome) in new.iter().zip(&outcomes) {
                if let Outcome::Applied { id } = outcome {
                    let record =
                        LineRecord { id: Some(id.clone()), replacement: line.replacement, ..LineRecord::default() };
                    self.records.insert(line.key.clone(), record);
                }
            }
        }
        if !changes.is_empty() {
            outcomes.extend(self.tiktok.change(&changes).await);
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

    /// What is asked for in the first plan, as new lines.
    pub async fn new_lines(&self) -> Vec<NewLine> {
        new_lines(&self.plan().await)
    }

    /// What core sees of a market's line.
    pub async fn line(&self, market: &str) -> ObservedLine {
        let id = self.id(market);
        self.observe().await.lines[&id].clone()
    }

    pub fn id(&self, market: &str) -> String {
        self.records[&LineKey::new(ACCOUNT, market)].id.clone().unwrap()
    }

    pub fn view(&self) -> AdvertiserView {
        self.sim.tiktok_account(ADVERTISER).unwrap()
    }

    /// What the platform itself has of a market's line.
    pub fn campaign(&self, market: &str) -> TikTokCampaignView {
        self.campaign_of(&self.id(market))
    }

    pub fn campaign_of(&self, id: &str) -> TikTokCampaignView {
        self.view().campaigns.into_iter().find(|campaign| campaign.id == id).unwrap()
    }

    pub fn edit(&self, action: TikTokAction) {
        self.sim.edit_tiktok(&TikTokEdit::by_hand(ADVERTISER, action)).unwrap();
    }

    pub fn tick(&self, seconds: i64) {
        self.sim.set_now(self.sim.now() + SignedDuration::from_secs(seconds));
    }

    pub async fn change(&self, action: Action) -> Outcome {
        self.tiktok.change(&[action]).await.remove(0)
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
