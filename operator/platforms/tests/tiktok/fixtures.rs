//! A Campaign and its files, and the configuration of the simulated platform.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adops_core::campaign::line::CampaignId;
use adops_core::campaign::settings::ContentHash;
use adops_core::campaign::spec::{
    AccountOverrides, Ad, AgeRange, Audience, Budget, BudgetPeriod, CampaignSpec, Copy, Declarations, Flight, Gender,
    GoogleOptions, MetaOptions, Objective, Policies, Split, State, TikTokOptions,
};
use adops_core::catalog::media::{MediaFacts, MediaKind};
use adops_core::market::Market;
use adops_core::money::Money;
use adops_platforms::port::Upload;
use adsim::tiktok::config::MediaFile;
use adsim::{ClockConfig, Config, TikTokConfig};
use jiff::civil::date;

pub const ACCOUNT: &str = "tiktok-global";
pub const TALL_VIDEO: &str = "https://cdn.example.com/spring-9x16.mp4";
pub const WIDE_VIDEO: &str = "https://cdn.example.com/spring-16x9.mp4";
pub const TALL_IMAGE: &str = "https://cdn.example.com/spring-9x16.jpg";

/// Noon in New York on 1 March 2027; an account in US dollars.
pub fn config() -> Config {
    let tiktok = TikTokConfig {
        ad_write_seconds: 0.0,
        media: vec![
            MediaFile { content: "wide".into(), width: 1920, height: 1080, ..MediaFile::default() },
            MediaFile { content: "cover".into(), seconds: 0.0, ..MediaFile::default() },
            MediaFile { content: "broken".into(), broken: true, ..MediaFile::default() },
        ],
        ..TikTokConfig::default()
    };
    Config {
        clock: ClockConfig::Stepped { start: "2027-03-01T16:58:00Z".parse().unwrap() },
        keep_requests: 1_000,
        tiktok,
        ..Config::default()
    }
}

/// A file and its content.
pub fn file(url: &str) -> (MediaFacts, Vec<u8>) {
    let (digit, kind, format, (width, height), content) = match url {
        TALL_VIDEO => ('1', MediaKind::Video, "mp4", (1080, 1920), "tall"),
        WIDE_VIDEO => ('2', MediaKind::Video, "mp4", (1920, 1080), "wide"),
        TALL_IMAGE => ('3', MediaKind::Image, "jpg", (1080, 1920), "cover"),
        "broken" => ('4', MediaKind::Video, "mp4", (1080, 1920), "broken"),
        other => panic!("{other}"),
    };
    let facts = MediaFacts {
        hash: ContentHash(digit.to_string().repeat(64)),
        md5: String::new(),
        kind,
        format: format.to_owned(),
        width,
        height,
        duration_ms: (kind == MediaKind::Video).then_some(15_000),
        size: 4_000_000,
    };
    (facts, content.as_bytes().to_vec())
}

pub fn hash(url: &str) -> ContentHash {
    file(url).0.hash
}

pub fn upload(url: &str) -> Upload {
    let (facts, content) = file(url);
    Upload { facts, url: url.to_owned(), content: Arc::new(content) }
}

pub fn spec() -> CampaignSpec {
    let copy = |headlines: [&str; 2], descriptions: [&str; 2]| Copy {
        headlines: headlines.map(str::to_owned).to_vec(),
        descriptions: descriptions.map(str::to_owned).to_vec(),
        paths: Vec::new(),
    };
    CampaignSpec {
        id: CampaignId::new("growth", "spring"),
        objective: Objective::Signups,
        flight: Flight { start: date(2027, 3, 10), end: date(2027, 5, 31), time_zone: None },
        accounts: vec![ACCOUNT.to_owned()],
        markets: ["US", "DE", "US-CA"].map(market).to_vec(),
        except: Vec::new(),
        overrides: Vec::new(),
        budget: Budget { amount: usd("6000"), period: BudgetPeriod::Daily, redistribute: false },
        split: Split::default(),
        locales: BTreeMap::new(),
        fallback_locale: None,
        audience: Audience {
            ages: Some(AgeRange { from: 18, to: Some(54) }),
            genders: BTreeSet::from([Gender::Female]),
        },
        declarations: Declarations { eu_political_ads: false, special_ad_categories: BTreeSet::new() },
        ads: vec![ad("trailer", &[TALL_VIDEO], &copy)],
        meta: MetaOptions::default(),
        tiktok: TikTokOptions::default(),
        google: GoogleOptions::default(),
        account_overrides: AccountOverrides::default(),
        rates: adops_core::rates::Rates::none("USD".parse().unwrap()),
        policies: Policies::default(),
        adopt: Vec::new(),
        state: State::Active,
        suspend: false,
    }
}

fn ad(name: &str, media: &[&str], copy: &dyn Fn([&str; 2], [&str; 2]) -> Copy) -> Ad {
    Ad {
        name: name.to_owned(),
        url: "https://example.com/{market}/spring".to_owned(),
        copy: BTreeMap::from([
            ("en".parse().unwrap(), copy(["Spring is here", "Watch now"], ["All episodes today.", "Start for free."])),
            (
                "de".parse().unwrap(),
                copy(["Der Frühling ist da", "Jetzt ansehen"], ["Alle Folgen ab heute.", "Kostenlos starten."]),
            ),
        ]),
        media: media.iter().map(|url| (*url).to_owned()).collect(),
    }
}

/// Another ad, with other media and another page.
pub fn second_ad(spec: &CampaignSpec, media: &[&str]) -> Ad {
    Ad {
        name: "teaser".to_owned(),
        url: "https://example.com/{market}/teaser".to_owned(),
        media: media.iter().map(|url| (*url).to_owned()).collect(),
        ..spec.ads[0].clone()
    }
}

pub fn usd(amount: &str) -> Money {
    Money::parse(amount, "USD".parse().unwrap()).unwrap()
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
