//! Each rule of the authority by an example.

use std::collections::BTreeSet;

use super::{AccountRef, Cap, Claim, Members, ObjectRef, Permit, Reading, Refusal, Scope, SpendAuthority};
use crate::marker::CampaignHash;
use crate::money::Money;
use crate::rates::{Rate, Rates};
use crate::testing::{at, eur};
use jiff::{SignedDuration, Timestamp};

fn account(name: &str) -> AccountRef {
    AccountRef::new("growth", name)
}

fn owner(name: &str) -> CampaignHash {
    CampaignHash::of(name)
}

fn second(number: i64) -> Timestamp {
    at("2027-03-01T00:00:00Z") + SignedDuration::from_secs(number)
}

fn reading(id: &str, of: &str, spends: &str, seen: i64) -> Reading {
    Reading { id: id.to_owned(), owners: BTreeSet::from([owner(of)]), spends: eur(spends), seen: second(seen) }
}

fn ceiling(name: &str, limit: &str) -> Cap {
    let account = account(name);
    Cap {
        scope: Scope::Account,
        members: Members::Account(account.clone()),
        limit: eur(limit),
        rates: Rates::none(eur("0").currency()),
        accounts: BTreeSet::from([account]),
        reserved: eur("0"),
        unknown: None,
    }
}

/// What several Campaigns may spend on `a` and `b`: of one its budget, of more a policy's cap.
fn budget(of: &[&str], limit: &str) -> Cap {
    Cap {
        scope: Scope::Campaign,
        members: Members::Campaigns(of.iter().map(|name| owner(name)).collect()),
        accounts: BTreeSet::from([account("a"), account("b")]),
        ..ceiling("a", limit)
    }
}

fn claim(on: &str, id: &str, of: &str, to: &str) -> Claim {
    Claim { object: ObjectRef { account: account(on), id: id.to_owned() }, owner: owner(of), to: eur(to) }
}

/// The accounts `a`, with 60.00 of spring on `1`, and `b`, with 30.00 of summer on `2`.
fn two_accounts() -> SpendAuthority {
    let mut authority = SpendAuthority::default();
    authority.take_listing(&account("a"), eur("0").currency(), (second(0), true), [reading("1", "spring", "60", 0)]);
    authority.take_listing(&account("b"), eur("0").currency(), (second(0), true), [reading("2", "summer", "30", 0)]);
    authority
}

/// A permit that is never given back: it stays.
fn granted(result: Result<Permit, Refusal>) {
    let _permit = result.unwrap();
}

fn reached(result: Result<Permit, Refusal>) -> String {
    match result {
        Err(Refusal::Reached { would_be, limit, .. }) => format!("{} of {}", would_be.decimal(), limit.decimal()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_grows_before_a_listing_that_shows_what_an_earlier_process_did() {
    let mut authority = SpendAuthority::default();
    let refused = Err(Refusal::NotListed(account("a")));
    assert_eq!(authority.grant(claim("a", "1", "spring", "1"), &[ceiling("a", "100")]), refused);
    authority.take_listing(&account("a"), eur("0").currency(), (second(0), false), [reading("1", "spring", "60", 0)]);
    assert_eq!(authority.grant(claim("a", "1", "spring", "61"), &[ceiling("a", "100")]), refused);
    // One account of a Campaign is enough to hold it up.
    authority.take_listing(&account("a"), eur("0").currency(), (second(9), true), [reading("1", "spring", "60", 9)]);
    let refused = Err(Refusal::NotListed(account("b")));
    assert_eq!(authority.grant(claim("a", "1", "spring", "61"), &[budget(&["spring"], "100")]), refused);
    granted(authority.grant(claim("a", "1", "spring", "61"), &[ceiling("a", "100")]));
}

#[test]
fn two_campaigns_that_grow_at_once_stay_below_the_ceiling_together() {
    let mut authority = two_accounts();
    let caps = [ceiling("a", "100")];
    granted(authority.grant(claim("a", "3", "summer", "40"), &caps));
    assert_eq!(reached(authority.grant(claim("a", "1", "spring", "60.01"), &caps)), "100.01 of 100.00");
}

#[test]
fn a_campaign_on_two_accounts_stays_below_its_budget() {
    let mut authority = two_accounts();
    let caps = [budget(&["spring"], "100")];
    granted(authority.grant(claim("b", "4", "spring", "40"), &caps));
    assert_eq!(reached(authority.grant(claim("a", "1", "spring", "61"), &caps)), "101.00 of 100.00");
}

#[test]
fn a_claim_goes_through_all_caps_or_through_none() {
    let mut authority = two_accounts();
    let caps = [budget(&["spring"], "100"), ceiling("a", "65")];
    assert_eq!(reached(authority.grant(claim("a", "1", "spring", "70"), &caps)), "70.00 of 65.00");
    // Nothing of it was kept below the first one.
    granted(authority.grant(claim("b", "4", "spring", "40"), &caps[..1]));
}

#[test]
fn a_third_kind_of_cap_needs_no_other_books() {
    let mut authority = two_accounts();
    let policy = budget(&["spring", "summer"], "100");
    let caps = [budget(&["spring"], "90"), ceiling("a", "90"), policy];
    assert_eq!(reached(authority.grant(claim("a", "1", "spring", "71"), &caps)), "101.00 of 100.00");
    granted(authority.grant(claim("a", "1", "spring", "70"), &caps));
}

#[test]
fn a_decrease_makes_room_only_when_it_is_seen() {
    let mut authority = two_accounts();
    let caps = [ceiling("a", "100")];
    granted(authority.grant(claim("a", "3", "summer", "40"), &caps));
    // 1 is lowered to 10: nothing is claimed for that, and nothing is free before it is seen.
    assert_eq!(reached(authority.grant(claim("a", "5", "spring", "50"), &caps)), "150.00 of 100.00");
    authority.take_readings(&account("a"), [reading("1", "spring", "10", 8)]);
    granted(authority.grant(claim("a", "5", "spring", "50"), &caps));
}

#[test]
fn what_surely_failed_is_free_again_and_what_nobody_knows_is_not() {
    let mut authority = two_accounts();
    let caps = [ceiling("a", "100")];
    let permit = authority.grant(claim("a", "3", "summer", "40"), &caps).unwrap();
    authority.release(permit);
    let permit = authority.grant(claim("a", "3", "summer", "40"), &caps).unwrap();
    authority.settle(permit, second(35));
    // A reading that may be too old to show it.
    authority.take_readings(&account("a"), [reading("3", "summer", "0", 35)]);
    authority.take_listing(&account("a"), eur("0").currency(), (second(35), true), [reading("1", "spring", "60", 35)]);
    assert_eq!(reached(authority.grant(claim("a", "5", "spring", "1"), &caps)), "101.00 of 100.00");
    authority.take_listing(&account("a"), eur("0").currency(), (second(36), true), [reading("1", "spring", "60", 36)]);
    granted(authority.grant(claim("a", "5", "spring", "40"), &caps));
}

#[test]
fn an_earlier_unknown_increase_outlives_a_later_refused_one() {
    let mut authority = two_accounts();
    let caps = [ceiling("a", "100")];
    let unknown = authority.grant(claim("a", "1", "spring", "100"), &caps).unwrap();
    authority.settle(unknown, second(35));
    let refused = authority.grant(claim("a", "1", "spring", "80"), &caps).unwrap();
    authority.release(refused);
    assert_eq!(reached(authority.grant(claim("a", "3", "summer", "1"), &caps)), "101.00 of 100.00");
}

#[test]
fn an_account_out_of_reach_counts_with_what_was_last_seen_or_is_remembered() {
    let mut authority = two_accounts();
    let cap = budget(&["spring", "summer"], "100");
    authority.take_listing(
        &account("a"),
        eur("0").currency(),
        (second(900), true),
        [reading("1", "spring", "60", 900)],
    );
    assert_eq!(
        reached(authority.grant(claim("a", "1", "spring", "71"), std::slice::from_ref(&cap))),
        "101.00 of 100.00"
    );
    authority.forget(&account("b"));
    let remembered = Cap { reserved: eur("30"), accounts: BTreeSet::from([account("a")]), ..cap.clone() };
    assert_eq!(reached(authority.grant(claim("a", "1", "spring", "71"), &[remembered])), "101.00 of 100.00");
    let unknown = Cap { unknown: Some("who knows".to_owned()), accounts: BTreeSet::new(), ..cap };
    let refused = authority.grant(claim("a", "1", "spring", "61"), &[unknown]);
    assert_eq!(refused, Err(Refusal::Unknown("who knows".to_owned())));
}

#[test]
fn above_a_cap_nothing_is_granted_not_even_what_counts_already() {
    let mut authority = two_accounts();
    let caps = [ceiling("a", "50")];
    // 1 may have been paused meanwhile: then this would raise it.
    assert_eq!(reached(authority.grant(claim("a", "1", "spring", "30"), &caps)), "60.00 of 50.00");
}

#[test]
fn currencies_are_refused_and_never_added() {
    let usd = |text| Money::parse(text, "USD".parse().unwrap()).unwrap();
    let mut authority = two_accounts();
    let in_dollars = Claim { to: usd("61"), ..claim("a", "1", "spring", "0") };
    assert!(matches!(authority.grant(in_dollars, &[ceiling("a", "100")]), Err(Refusal::Currency(..))));
    let cap = Cap { limit: usd("100"), reserved: usd("0"), ..ceiling("a", "0") };
    assert!(matches!(authority.grant(claim("a", "1", "spring", "61"), &[cap]), Err(Refusal::Currency(..))));
    let cap = Cap { reserved: usd("0"), ..ceiling("a", "100") };
    assert!(matches!(authority.grant(claim("a", "1", "spring", "61"), &[cap]), Err(Refusal::Currency(..))));
}

#[test]
fn with_a_rate_what_is_of_another_currency_counts_rounded_up() {
    let usd = |text| Money::parse(text, "USD".parse().unwrap()).unwrap();
    let rate = |price: &str| Rate { price: price.parse().unwrap(), date: jiff::civil::date(2027, 2, 20) };
    let mut authority = two_accounts();
    let spends = Reading { spends: usd("30"), ..reading("2", "spring", "0", 0) };
    authority.take_listing(&account("b"), usd("0").currency(), (second(0), true), [spends]);
    // 60.00 EUR, and 30.00 USD, which are 27.598896 EUR and more.
    let cap = |limit, price| Cap {
        rates: Rates::new(eur("0").currency(), [(usd("0").currency(), rate(price))]),
        ..budget(&["spring"], limit)
    };
    let to = |to| Claim { to: usd(to), ..claim("b", "2", "spring", "0") };
    assert_eq!(reached(authority.grant(to("31"), &[cap("88.518859", "1.0870")])), "88.51886 of 88.518859");
    granted(authority.grant(to("31"), &[cap("88.518860", "1.0870")]));
    // Another rate counts at once, in every sum.
    assert!(authority.is_passed(&cap("88.518860", "1.0869")) && !authority.is_passed(&cap("88.518860", "1.0871")));
    assert_eq!(reached(authority.grant(claim("a", "1", "spring", "61"), &[cap("89", "1.0500")])), "90.52381 of 89.00");
    let without = authority.grant(to("31"), &[budget(&["spring"], "1000")]);
    assert_eq!(without, Err(Refusal::Currency(usd("0").currency(), eur("0").currency())));
}

#[test]
fn sums_beyond_all_numbers_leave_no_room() {
    let most = || Money::from_micros(i64::MAX.unsigned_abs(), eur("0").currency()).unwrap();
    let mut authority = two_accounts();
    let cap = Cap { limit: most(), reserved: most(), ..ceiling("a", "0") };
    let claim = Claim { to: most(), ..claim("a", "1", "spring", "0") };
    assert!(matches!(authority.grant(claim, &[cap]), Err(Refusal::Reached { .. })));
}

/// What 10, 20, 60 and 90 come to below a ceiling.
fn leveled(limit: &str, seen: [&str; 4]) -> Option<String> {
    let mut authority = SpendAuthority::default();
    let readings = seen.iter().enumerate().map(|(id, spends)| reading(&id.to_string(), "spring", spends, 0));
    authority.take_listing(&account("a"), eur("0").currency(), (second(0), true), readings);
    authority.level(&account("a"), eur(limit), |_| true).map(Money::decimal)
}

#[test]
fn below_a_lowered_ceiling_the_largest_give_first_in_whatever_order() {
    assert_eq!(leveled("180", ["10", "20", "60", "90"]), None);
    assert_eq!(leveled("150", ["10", "20", "60", "90"]).as_deref(), Some("60.00"));
    assert_eq!(leveled("100", ["10", "20", "60", "90"]).as_deref(), Some("35.00"));
    // Half-way, whoever came first, the level is the same.
    assert_eq!(leveled("100", ["10", "20", "35", "90"]).as_deref(), Some("35.00"));
    assert_eq!(leveled("100", ["10", "20", "60", "35"]).as_deref(), Some("35.00"));
    assert_eq!(leveled("100", ["10", "20", "35", "35"]), None);
    assert_eq!(leveled("8", ["10", "20", "60", "90"]).as_deref(), Some("2.00"));
}

#[test]
fn what_nobody_can_cut_keeps_what_it_has() {
    let mut authority = SpendAuthority::default();
    let readings = [reading("1", "gone", "70", 0), reading("2", "spring", "40", 0), reading("3", "spring", "20", 0)];
    authority.take_listing(&account("a"), eur("0").currency(), (second(0), true), readings);
    let level = |limit| authority.level(&account("a"), eur(limit), |owners| owners.contains(&owner("spring")));
    assert_eq!(level("100"), Some(eur("15")));
    assert_eq!(level("50"), Some(eur("0")));
}
