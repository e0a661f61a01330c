//! A Campaign, its account on the simulated platform, and the connector between them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adops_core::campaign::line::{self, CampaignId, LineKey};
use adops_core::campaign::observed::{LineRecord, ObservedLine, Snapshot};
use adops_core::campaign::plan::{self, AccountView, Action, Inputs, NewLine, Plan};
use adops_core::campaign::settings::Field;
use adops_core::campaign::spec::{
    AccountOverrides, Ad, AgeRange, Audience, Bidding, Budget, BudgetPeriod, CampaignSpec, Copy, Decimal, Declarations,
    Flight, Gender, GoogleOptions, MetaOptions, Objective, Policies, Split, State, TikTokOptions,
};
use adops_core::market::Market;
use adops_core::money::Money;
use adops_core::platform::{Account, Platform};
use adops_core::rates::Rates;
use adops_core::secret::Secret;
use adops_platforms::allow::AllowList;
use adops_platforms::google_ads::{GoogleAds, Rules};
use adops_platforms::port::{AdPlatform, ConnectError, Connection, Outcome, REQUEST_TIMEOUT, Scope};
use adops_platforms::quota::Quotas;
use adsim::config::AccountConfig;
use adsim::{AdSim, ClockConfig, Config, Edit, EditAction};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

pub use crate::common::{Counter, SimClock};

pub const CID: &str = "1234567890";
pub const ACCOUNT: &str = "google-global";

/// Noon in New York on 1 March 2027; an account in euros.
pub fn config() -> Config {
    let mut config = Config {
        clock: ClockConfig::Stepped { start: "2027-03-01T17:00:00Z".parse().unwrap() },
        keep_requests: 200,
        ..Config::default()
    };
    config.google.accounts = vec![
        AccountConfig {
            customer_id: "1112223333".into(),
            descriptive_name: "Manager".into(),
            manager: true,
            ..AccountConfig::default()
        },
        AccountConfig { managers: vec!["1112223333".into()], currency_code: "EUR".into(), ..AccountConfig::default() },
    ];
    config
}

pub fn spec() -> CampaignSpec {
    let copy = |headlines: [&str; 3], descriptions: [&str; 2]| Copy {
        headlines: headlines.map(str::to_owned).to_vec(),
        descriptions: descriptions.map(str::to_owned).to_vec(),
        paths: vec!["watch".to_owned()],
    };
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    CampaignSpec {
        id: CampaignId::new("growth", "spring"),
        objective: Objective::Signups,
        flight: Flight { start: date(2027, 3, 10), end: date(2027, 5, 31), time_zone: None },
        accounts: vec![ACCOUNT.to_owned()],
        markets: ["US", "DE", "US-CA"].map(market).to_vec(),
        except: Vec::new(),
        overrides: Vec::new(),
        budget: Budget {
            amount: Money::parse("6000", "EUR".parse().unwrap()).unwrap(),
            period: BudgetPeriod::Daily,
            redistribute: false,
        },
        rates: Rates::none("EUR".parse().unwrap()),
        split: Split::default(),
        locales: BTreeMap::new(),
        fallback_locale: None,
        audience: Audience {
            ages: Some(AgeRange { from: 18, to: Some(54) }),
            genders: BTreeSet::from([Gender::Female]),
        },
        declarations: Declarations { eu_political_ads: false, special_ad_categories: BTreeSet::new() },
        ads: vec![Ad {
            name: "trailer".to_owned(),
            url: "https://example.com/{market}/spring".to_owned(),
            copy: BTreeMap::from([
                (
                    "en".parse().unwrap(),
                    copy(["Spring is here", "Watch now", "New season"], ["All episodes today.", "Start for free."]),
                ),
                (
                    "de".parse().unwrap(),
                    copy(
                        ["Der Frühling ist da", "Jetzt ansehen", "Neue Staffel"],
                        ["Alle Folgen ab heute.", "Kostenlos starten."],
                    ),
                ),
            ]),
            media: Vec::new(),
        }],
        meta: MetaOptions::default(),
        tiktok: TikTokOptions::default(),
        google: GoogleOptions {
            keywords: BTreeMap::from([
                ("en".parse().unwrap(), words(&["Spring  Series", "\"watch spring\"", "[spring]", "spring series"])),
                ("de".parse().unwrap(), words(&["frühling serie"])),
            ]),
            negative_keywords: BTreeMap::from([("en".parse().unwrap(), words(&["free", "[spring break]"]))]),
            bidding: Bidding::MaximizeClicks { max_cpc: Some(Decimal("1.5".to_owned())) },
            ..GoogleOptions::default()
        },
        account_overrides: AccountOverrides::default(),
        policies: Policies::default(),
        adopt: Vec::new(),
        state: State::Active,
        suspend: false,
    }
}

pub fn market(code: &str) -> Market {
    Market::of(code.parse().unwrap())
}

/// As many markets as asked for: countries that speak English or German, each several times as a group.
pub fn markets(count: usize) -> Vec<Market> {
    let countries = ["US", "GB", "DE", "AT", "CA", "AU", "NZ", "IE"];
    (0..count)
        .map(|index| Market {
            key: format!("m{index:04}"),
            places: BTreeSet::from([countries[index % countries.len()].parse().unwrap()]),
        })
        .collect()
}

pub struct World {
    pub sim: AdSim,
    pub google: Arc<GoogleAds>,
    pub counter: Arc<Counter>,
    pub spec: CampaignSpec,
    pub records: BTreeMap<LineKey, LineRecord>,
}

pub fn secrets(sim: &AdSim) -> BTreeMap<String, Secret> {
    [
        ("client_id", "adsim-client".to_owned()),
        ("client_secret", "adsim-secret".to_owned()),
        ("refresh_token", "adsim-refresh".to_owned()),
        ("token_uri", sim.token_url()),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), Secret::new(value)))
    .collect()
}

pub fn connect(sim: &AdSim, counter: &Arc<Counter>, credentials: BTreeMap<String, Secret>) -> GoogleAds {
    try_connect(sim, counter, credentials).unwrap()
}

pub fn try_connect(
    sim: &AdSim,
    counter: &Arc<Counter>,
    credentials: BTreeMap<String, Secret>,
) -> Result<GoogleAds, ConnectError> {
    GoogleAds::new(connection(sim, counter, credentials))
}

/// What a connector of the simulated account is made of.
pub fn connection(sim: &AdSim, counter: &Arc<Counter>, credentials: BTreeMap<String, Secret>) -> Connection {
    // A process has one provider; the tests that come later find it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Connection {
        platform: Platform::named("Google"),
        account_id: "123-456-7890".to_owned(),
        manager_id: Some("111-222-3333".to_owned()),
        endpoint: Some(sim.google_url()),
        api_version: None,
        identity: BTreeMap::new(),
        credentials,
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

impl World {
    pub async fn start() -> World {
        World::with(config()).await
    }

    pub async fn with(config: Config) -> World {
        let sim = AdSim::start(config).await.unwrap();
        let counter = Arc::new(Counter::default());
        let google = Arc::new(connect(&sim, &counter, secrets(&sim)));
        World { sim, google, counter, spec: spec(), records: BTreeMap::new() }
    }

    /// A connector that remembers nothing, as after a restart.
    pub fn restart(&mut self) {
        self.google = Arc::new(connect(&self.sim, &self.counter, secrets(&self.sim)));
    }

    pub async fn account(&self) -> Account {
        let facts = self.google.account().await.unwrap();
        Account {
            name: ACCOUNT.to_owned(),
            platform: Platform::named("Google"),
            currency: facts.currency,
            time_zone: facts.time_zone,
            budget_unit: facts.budget_unit,
            minimum_daily_budget: facts.minimum_daily_budget,
            ceiling: None,
            brakes: adops_core::budget::brakes::Brakes::default(),
            stop: false,
            conversion_action: Some("signup".to_owned()),
            url_parameters: Some("utm_source={platform}&utm_campaign={campaign}&utm_content={market}".to_owned()),
            name_template: None,
            identity: BTreeMap::new(),
            objects: facts.objects,
            ads: facts.ads,
        }
    }

    pub async fn observe(&self) -> Snapshot {
        let held = self.records.values().filter_map(|record| record.id.clone()).collect();
        self.google.observe(&Scope::All { held }).await.unwrap()
    }

    /// The plan of the Campaign against what is seen.
    pub async fn plan(&self) -> Plan {
        self.plan_of(&self.observe().await).await
    }

    pub async fn plan_of(&self, snapshot: &Snapshot) -> Plan {
        let account = self.account().await;
        let accounts = BTreeMap::from([(ACCOUNT.to_owned(), account)]);
        let spec = Arc::new(self.spec.clone());
        let now = self.sim.now();
        let desired =
            line::spread(&spec, &accounts, &|_| Some(Arc::new(Rules)), &BTreeMap::new(), &BTreeMap::new(), now);
        let unsettled = BTreeMap::new();
        let (stopping, refused, contested) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let views = BTreeMap::from([(
            ACCOUNT.to_owned(),
            AccountView {
                account: &accounts[ACCOUNT],
                rules: Arc::new(Rules),
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
        let (mut new, mut changes) = (Vec::new(), Vec::new());
        for change in plan.changes() {
            match &change.action {
                Action::Create(line) => new.push(NewLine::clone(line)),
                other => changes.push(other.clone()),
            }
        }
        let mut outcomes = Vec::new();
        if !new.is_empty() {
            outcomes = self.google.create(&new).await;
            for (line, outcome) in new.iter().zip(&outcomes) {
                if let Outcome::Applied { id } = outcome {
                    let record = LineRecord { id: Some(id.clone()), ..LineRecord::default() };
                    self.records.insert(line.key.clone(), record);
                }
            }
        }
        if !changes.is_empty() {
            outcomes.extend(self.google.change(&changes).await);
        }
        outcomes
    }

    /// Plans and applies until nothing is left, which must take few rounds and no failure.
    pub async fn settle(&mut self) {
        for _ in 0..4 {
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

    /// What core sees of a market's line.
    pub async fn line(&self, market: &str) -> ObservedLine {
        let id = self.id(market);
        self.observe().await.lines[&id].clone()
    }

    pub fn id(&self, market: &str) -> String {
        self.records[&LineKey::new(ACCOUNT, market)].id.clone().unwrap()
    }

    /// What the platform itself has of a market's line.
    pub fn campaign(&self, market: &str) -> adsim::google::view::CampaignView {
        let id: i64 = self.id(market).parse().unwrap();
        self.sim.google_account(CID).campaigns.into_iter().find(|campaign| campaign.id == id).unwrap()
    }

    pub fn edit(&self, action: EditAction) {
        self.sim.edit(&Edit::by_hand(CID, action)).unwrap();
    }

    /// Operations by hand, in the platform's own words.
    pub fn edit_raw(&self, operations: serde_json::Value) {
        self.edit(EditAction::Mutate { operations });
    }

    pub fn tick(&self, seconds: i64) {
        self.sim.set_now(self.sim.now() + SignedDuration::from_secs(seconds));
    }
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
