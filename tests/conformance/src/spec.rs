//! The suite's Campaign: what all platforms can say.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::line::CampaignId;
use adops_core::campaign::spec::{
    AccountOverrides, Ad, Audience, Bidding, Budget, BudgetPeriod, CampaignSpec, Copy, Declarations, Flight,
    GoogleOptions, MetaOptions, Objective, Policies, Split, State, TikTokOptions,
};
use adops_core::market::Market;
use adops_core::money::{Currency, Money};
use adops_core::rates::Rates;
use jiff::civil::date;

/// The account, as the Campaign names it.
pub const ACCOUNT: &str = "account";

/// A budget a line, in the currency's own units: well above each platform's minimum.
pub fn per_line(currency: &str) -> i64 {
    match currency {
        "JPY" | "HUF" | "TWD" => 30_000,
        "KRW" | "VND" | "IDR" | "CLP" | "COP" => 2_000_000,
        _ => 200,
    }
}

/// A Campaign of so many lines; the budget is such that each line has [`per_line`].
pub fn spec(lines: usize, currency: &str) -> CampaignSpec {
    let total = per_line(currency) * i64::try_from(lines).unwrap();
    let currency: Currency = currency.parse().unwrap();
    CampaignSpec {
        id: CampaignId::new("growth", "spring"),
        objective: Objective::Traffic,
        flight: Flight { start: date(2027, 3, 10), end: date(2027, 5, 31), time_zone: None },
        accounts: vec![ACCOUNT.to_owned()],
        markets: markets(lines),
        except: Vec::new(),
        overrides: Vec::new(),
        budget: Budget {
            amount: Money::parse(&total.to_string(), currency).unwrap(),
            period: BudgetPeriod::Daily,
            redistribute: false,
        },
        split: Split::default(),
        locales: BTreeMap::new(),
        fallback_locale: Some("en".parse().unwrap()),
        audience: Audience { ages: None, genders: BTreeSet::new() },
        declarations: Declarations { eu_political_ads: false, special_ad_categories: BTreeSet::new() },
        ads: vec![ad("Spring is here")],
        meta: MetaOptions::default(),
        tiktok: TikTokOptions::default(),
        google: GoogleOptions {
            keywords: BTreeMap::from([("en".parse().unwrap(), vec!["spring series".to_owned()])]),
            bidding: Bidding::MaximizeClicks { max_cpc: None },
            ..GoogleOptions::default()
        },
        account_overrides: AccountOverrides::default(),
        rates: Rates::none(currency),
        policies: Policies::default(),
        adopt: Vec::new(),
        state: State::Active,
        suspend: false,
    }
}

/// An ad; its text is what is told of both kinds, for not every platform shows both.
pub fn ad(text: &str) -> Ad {
    let copy = Copy {
        headlines: [text, "Watch now", "New season"].map(str::to_owned).to_vec(),
        descriptions: [&format!("{text}."), "Start for free."].map(str::to_owned).to_vec(),
        paths: Vec::new(),
    };
    Ad {
        name: "trailer".to_owned(),
        url: "https://example.com/spring".to_owned(),
        copy: BTreeMap::from([("en".parse().unwrap(), copy)]),
        media: Vec::new(),
    }
}

/// Countries that every platform has; the first as themselves, further ones as groups of one.
fn markets(count: usize) -> Vec<Market> {
    let countries = ["US", "GB", "CA", "AU", "DE", "FR"];
    let market = |index: usize| {
        let country = countries[index % countries.len()];
        let place = country.parse().unwrap();
        if index < countries.len() {
            Market::of(place)
        } else {
            Market { key: format!("m{index:04}"), places: BTreeSet::from([place]) }
        }
    };
    (0..count).map(market).collect()
}
