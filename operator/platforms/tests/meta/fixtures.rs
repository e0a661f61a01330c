//! A Campaign's spec.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::line::CampaignId;
use adops_core::campaign::spec::{
    AccountOverrides, Ad, AgeRange, Audience, Budget, BudgetPeriod, CampaignSpec, Copy, Declarations, Flight, Gender,
    GoogleOptions, MetaOptions, Objective, Policies, Split, State, TikTokOptions,
};
use adops_core::market::Market;
use adops_core::money::Money;
use jiff::civil::date;

use crate::support::ACCOUNT;

pub fn spec() -> CampaignSpec {
    let copy = |headline: &str, text: &str| Copy {
        headlines: vec![headline.to_owned(), "More".to_owned()],
        descriptions: vec![text.to_owned(), "Free.".to_owned()],
        paths: vec!["watch".to_owned()],
    };
    CampaignSpec {
        id: CampaignId::new("growth", "spring"),
        objective: Objective::Signups,
        flight: Flight { start: date(2027, 3, 10), end: date(2027, 5, 31), time_zone: None },
        accounts: vec![ACCOUNT.to_owned()],
        markets: ["US", "DE", "CA-ON"].map(market).to_vec(),
        except: Vec::new(),
        overrides: Vec::new(),
        budget: Budget {
            amount: Money::parse("600", "USD".parse().unwrap()).unwrap(),
            period: BudgetPeriod::Daily,
            redistribute: false,
        },
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
                ("en".parse().unwrap(), copy("Spring is here", "All episodes today.")),
                ("de".parse().unwrap(), copy("Der Frühling ist da", "Alle Folgen ab heute.")),
            ]),
            media: vec!["https://cdn.example.com/spring.png".to_owned()],
        }],
        google: GoogleOptions::default(),
        meta: MetaOptions { beneficiary: Some("Example Ltd".to_owned()), ..MetaOptions::default() },
        tiktok: TikTokOptions::default(),
        account_overrides: AccountOverrides::default(),
        rates: adops_core::rates::Rates::none("USD".parse().unwrap()),
        policies: Policies::default(),
        adopt: Vec::new(),
        state: State::Active,
        suspend: false,
    }
}

pub fn market(code: &str) -> Market {
    Market::of(code.parse().unwrap())
}

/// As many markets as asked for, each a group of one country.
pub fn markets(count: usize) -> Vec<Market> {
    let countries = ["US", "GB", "DE", "AT", "CA", "AU", "NZ", "IE"];
    (0..count)
        .map(|index| Market {
            key: format!("m{index:04}"),
            places: BTreeSet::from([countries[index % countries.len()].parse().unwrap()]),
        })
        .collect()
}
