//! What is kept right between two readings of an account.

use adops_core::campaign::observed::{Existence, MarkerEvidence};
use adops_core::campaign::settings::{AdSettings, Settings, Value};
use adops_core::money::Money;
use adops_core::platform::ObjectCount;
use jiff::tz::TimeZone;

use super::*;
use crate::runtime::metrics::Metrics;

fn money() -> Money {
    Money::parse("1.00", "EUR".parse().unwrap()).unwrap()
}

fn facts(ads: u32) -> AccountFacts {
    AccountFacts {
        currency: money().currency(),
        time_zone: TimeZone::UTC,
        name: "a".to_owned(),
        enabled: true,
        status: "ENABLED".to_owned(),
        budget_unit: 10_000,
        minimum_daily_budget: None,
        objects: None,
        ads: Some(ObjectCount { live: ads, limit: 10 }),
        credentials_expire: None,
    }
}

/// A line with two ads.
fn line(id: &str, delivery: Delivery) -> ObservedLine {
    let ad = |url: &str| AdSettings {
        url: url.to_owned(),
        headlines: Vec::new(),
        descriptions: Vec::new(),
        paths: Vec::new(),
        call_to_action: String::new(),
        media: BTreeSet::new(),
    };
    let mut settings = Settings::default();
    settings.set(Field::Ads, Value::Ads(BTreeSet::from([ad("https://a.example"), ad("https://b.example")])));
    ObservedLine {
        id: id.to_owned(),
        seen: Timestamp::UNIX_EPOCH,
        existence: Existence::Live,
        marker: MarkerEvidence::default(),
        delivery,
        budget: money(),
        settings,
        missing: BTreeSet::new(),
        serving: BTreeSet::new(),
        delivered: false,
        spend: BTreeMap::new(),
    }
}

/// How many ads count after an action, of an account on which four did.
fn ads_after(action: &Action) -> u32 {
    let state = AccountState::new(Key::new("growth", "a"), Queue::new(Metrics::default()), Timestamp::UNIX_EPOCH);
    let mut known = state.known();
    known.facts = Some(facts(4));
    for line in [line("runs", Delivery::Enabled), line("rests", Delivery::PausedByUs)] {
        known.lines.insert(line.id.clone(), line);
    }
    known.count(action);
    known.facts.as_ref().unwrap().ads.unwrap().live
}

#[test]
fn a_lines_ads_count_while_it_is_enabled_and_no_line_counts_twice() {
    let enable = |id: &str| Action::Enable { id: id.to_owned(), budget: money() };
    let pause = |id: &str| Action::Pause { id: id.to_owned() };
    assert_eq!((ads_after(&enable("rests")), ads_after(&pause("runs"))), (6, 2));
    assert_eq!((ads_after(&enable("runs")), ads_after(&pause("rests"))), (4, 4), "it is so already");
    assert_eq!(ads_after(&enable("unknown")), 4);
}

#[test]
fn a_first_look_is_waited_for_until_it_is_had_or_something_is_in_its_way() {
    let state = AccountState::new(Key::new("growth", "a"), Queue::new(Metrics::default()), Timestamp::UNIX_EPOCH);
    let mut known = state.known();
    assert_eq!(known.first_look_until(), Some(Timestamp::UNIX_EPOCH + FIRST_LOOK));
    known.block = Some(Block {
        reason: Reason::PlatformUnavailable,
        message: String::new(),
        until: Timestamp::UNIX_EPOCH,
        failures: 1,
        since: Timestamp::UNIX_EPOCH,
    });
    assert_eq!(known.first_look_until(), None);
    known.block = None;
    known.listed = Some(Timestamp::UNIX_EPOCH);
    assert_eq!(known.first_look_until(), None);
}
