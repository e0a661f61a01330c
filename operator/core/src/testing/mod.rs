//! What tests share: a Campaign, the rules of a made-up platform, a model of that platform in memory,
//! and a driver that does what the controller does.

mod driver;
mod model;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;

pub(crate) use self::driver::{Fate, Faults, World};
pub(crate) use self::model::Held;
use crate::campaign::line::{CampaignId, DesiredLine, LineKey, LineProblem};
use crate::campaign::observed::ObservedLine;
use crate::campaign::plan::{Action, Change, Plan};
use crate::campaign::settings::{AdSettings, Field, Settings, Value};
use crate::campaign::spec::{
    AccountOverrides, Ad, Audience, Bidding, Budget, BudgetPeriod, CampaignSpec, Copy, Decimal, Declarations, Flight,
    GoogleOptions, MetaOptions, Objective, Policies, Split, State, TikTokOptions,
};
use crate::marker::Installation;
use crate::market::Market;
use crate::money::{Currency, Money};
use crate::platform::{Account, Manner, Platform, PlatformRules};
use crate::rates::Rates;
use crate::reason::Reason;

pub(crate) fn installation() -> Installation {
    "prod".parse().unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn eur(text: &str) -> Money {
    Money::parse(text, "EUR".parse().unwrap()).unwrap()
}

pub(crate) fn key(account: &str, market: &str) -> LineKey {
    LineKey::new(account, market)
}

pub(crate) fn market(code: &str) -> Market {
    Market::of(code.parse().unwrap())
}

pub(crate) fn account(name: &str) -> Account {
    Account {
        name: name.to_owned(),
        platform: Platform::named("Made-up"),
        currency: "EUR".parse().unwrap(),
        time_zone: TimeZone::UTC,
        budget_unit: 10_000,
        minimum_daily_budget: None,
        ceiling: None,
        brakes: crate::budget::brakes::Brakes::default(),
        stop: false,
        conversion_action: None,
        url_parameters: None,
        name_template: None,
        identity: BTreeMap::new(),
        objects: None,
        ads: None,
    }
}

/// A Campaign of 100.00 EUR a day on the account `a`, in the given markets, with copy in English and
/// German.
pub(crate) fn spec(markets: &[&str]) -> CampaignSpec {
    let copy = |headline: &str| Copy { headlines: vec![headline.to_owned()], ..Copy::default() };
    CampaignSpec {
        id: CampaignId::new("growth", "spring"),
        objective: Objective::Signups,
        flight: Flight { start: date(2027, 3, 1), end: date(2027, 5, 31), time_zone: None },
        accounts: vec!["a".to_owned()],
        markets: markets.iter().map(|code| market(code)).collect(),
        except: Vec::new(),
        overrides: Vec::new(),
        budget: Budget { amount: eur("100"), period: BudgetPeriod::Daily, redistribute: false },
        rates: Rates::none(eur("1").currency()),
        split: Split::default(),
        locales: BTreeMap::new(),
        fallback_locale: None,
        audience: Audience::default(),
        declarations: Declarations { eu_political_ads: false, special_ad_categories: BTreeSet::new() },
        ads: vec![Ad {
            name: "trailer".to_owned(),
            url: "https://example.com/{market}/spring?l={locale}".to_owned(),
            copy: BTreeMap::from([
                ("en".parse().unwrap(), copy("Spring is here")),
                ("de".parse().unwrap(), copy("Frühling")),
            ]),
            media: Vec::new(),
        }],
        google: GoogleOptions::default(),
        meta: MetaOptions::default(),
        tiktok: TikTokOptions::default(),
        account_overrides: AccountOverrides::default(),
        policies: Policies::default(),
        adopt: Vec::new(),
        state: State::Active,
        suspend: false,
    }
}

/// Another bid strategy, which the made-up platform cannot change on an object.
pub(crate) fn another_bidding() -> Bidding {
    Bidding::ManualCpc { max_cpc: Decimal("1".to_owned()) }
}

/// The rules of the made-up platform: bidding is immutable, headlines have 30 characters.
pub(crate) struct Rules {
    pub(crate) minimum: Option<Money>,
}

impl PlatformRules for Rules {
    fn platform(&self) -> Platform {
        Platform::named("Made-up")
    }

    fn minimum_daily_budget(&self, _currency: Currency) -> Option<Money> {
        self.minimum
    }

    fn render(&self, line: &DesiredLine, _account: &Account) -> Result<Settings, Vec<LineProblem>> {
        let mut settings = Settings::default();
        let mut ads = BTreeSet::new();
        for ad in &line.ads {
            if let Some(long) = ad.copy.headlines.iter().find(|headline| headline.chars().count() > 30) {
                let message = format!("the headline `{long}` is too long");
                return Err(vec![LineProblem::new(Reason::TextTooLong, message)]);
            }
            ads.insert(AdSettings {
                url: ad.url.clone(),
                headlines: ad.copy.headlines.clone(),
                descriptions: Vec::new(),
                paths: Vec::new(),
                call_to_action: String::new(),
                media: BTreeSet::new(),
            });
        }
        settings.set(Field::Name, Value::Text(format!("{} {}", line.campaign.name, line.market.key)));
        settings.set(Field::End, Value::Instant(line.end));
        settings.set(Field::Places, Value::Places(line.market.places.clone()));
        settings.set(Field::Languages, Value::Set(line.languages.clone()));
        settings.set(Field::Ages, Value::Text(format!("{:?}", line.audience.ages)));
        settings.set(Field::Bidding, Value::Text(format!("{:?}", line.spec.google.bidding)));
        settings.set(Field::Ads, Value::Ads(ads));
        Ok(settings)
    }

    fn manner(
        &self,
        field: Field,
        _from: Option<&Value>,
        _to: &Value,
        _line: &ObservedLine,
        _now: Timestamp,
    ) -> Manner {
        match field {
            Field::Bidding => Manner::Replace,
            Field::Ads => Manner::Swap,
            _ => Manner::InPlace,
        }
    }
}

pub(crate) fn rules(minimum: Option<&str>) -> Arc<dyn PlatformRules> {
    Arc::new(Rules { minimum: minimum.map(eur) })
}

/// A Campaign that is on the platform as its spec asks, one object a market, ids from 1001.
pub(crate) fn settled(spec: CampaignSpec) -> World {
    let mut world = World::new(spec, at("2027-03-10T08:00:00Z"));
    world.settle();
    world
}

/// The changes of a plan in words: `US: pause Drift`, `retired 1001: remove Retired`.
pub(crate) fn changes(plan: &Plan) -> Vec<String> {
    let of = |place: &str, changes: &[Change]| -> Vec<String> {
        let words = |change: &Change| match &change.action {
            Action::Set { field, .. } => format!("{place}: set {field} {:?}", change.cause),
            action => format!("{place}: {} {:?}", action.word(), change.cause),
        };
        changes.iter().map(words).collect()
    };
    let lines = plan.lines.iter().flat_map(|line| of(&line.key.market, &line.changes));
    let retired = plan.retired.iter().flat_map(|it| of(&format!("retired {}", it.object.id), &it.changes));
    lines.chain(retired).collect()
}

/// What was withheld and why: `US: enable StoppedOnPlatform`.
pub(crate) fn withheld(plan: &Plan) -> Vec<String> {
    let lines = plan.lines.iter().flat_map(|line| line.withheld.iter().map(move |held| (&line.key.market, held)));
    lines.map(|(market, held)| format!("{market}: {} {}", held.change.action.word(), held.reason)).collect()
}

/// How many cases a property is tried with: `PROPTEST_CASES`, else this many.
pub(crate) fn cases(default: u32) -> proptest::test_runner::Config {
    let given = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    proptest::test_runner::Config {
        cases: given.unwrap_or(default),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..proptest::test_runner::Config::default()
    }
}
